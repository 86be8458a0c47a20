"""The network that describes a picture in words, its training, and how it writes (lesson 15)."""

from collections.abc import Callable, Iterator
from functools import lru_cache

import numpy as np

from course_utils.data import captions
from course_utils.data.captions import BLANK, LONGEST, NUMBER, SIDE, START, WORDS
from course_utils.lesson.backend import keras, tf
from course_utils.networks.training import STEPS_PER_CALL, ProgressLine, prepare

layers = keras.layers

# Draws n pictures and their words.
Draw = Callable[[int, np.random.Generator], tuple[np.ndarray, np.ndarray]]


def captioner(attention: bool = True, two_eyes: bool = True, units: int = 128) -> keras.Model:
    """Build the encoder of pictures and the decoder that writes sentences.

    Args:
        attention: let the decoder look at the cells of the picture again before each word;
            without, it has only one vector of the whole picture.
        two_eyes: with attention: one eye for forms, which is colour-blind, and one for colours,
            which sees no forms; else one eye sees all.
        units: of the LSTM; the vector has as many without attention, else a quarter.

    Returns:
        A Keras model of two inputs, pictures of shape (batch, 32, 32, 3) from 0 to 255 and the
        words before each step, shape (batch, 11). It returns the probabilities of each word at
        each step, shape (batch, 11, words); not compiled.
    """
    two_eyes = two_eyes and attention
    picture = keras.Input((SIDE, SIDE, 3), name="picture")
    before = keras.Input((LONGEST,), name="before")
    scaled = layers.Rescaling(1 / 128, offset=-1)(picture)
    # 32 · 32 pixels become 4 · 4 cells of 64 numbers.
    x = keras.ops.max(scaled, axis=-1, keepdims=True) if two_eyes else scaled
    for filters, width in [(16, 5), (32, 3), (64, 3)]:
        x = layers.Conv2D(filters, width, strides=2, padding="same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))
    forms = layers.Reshape((-1, 64), name="forms")(x)
    # Flat, not averaged: where something is must not get lost.
    size = units // 4 if attention else units
    vector = layers.Dense(size, activation="relu", name="vector")(layers.Flatten()(forms))
    # The writer: at each step the word before, and the vector.
    words = layers.Embedding(len(WORDS), 16, name="words")(before)
    x = layers.Concatenate()([words, layers.RepeatVector(LONGEST)(vector)])
    x = layers.LSTM(units, return_sequences=True, unroll=True, name="decoder")(x)
    if attention:
        parts = [forms]
        if two_eyes:  # the second sees the mean colour of each cell, and nothing else
            colours = layers.Reshape((-1, 3))(layers.AveragePooling2D(SIDE // 4)(scaled))
            parts.append(layers.Dense(64, activation="relu")(layers.BatchNormalization()(colours)))
        cells = layers.Concatenate(axis=1, name="cells")(parts)  # (batch, 16 or 32, 64)
        # The same layer for all cells, with a bias for each: so a key says what and where.
        keys = layers.EinsumDense("bnc,ck->bnk", (cells.shape[1], 64), bias_axes="nk", name="keys")
        query = layers.Dense(64, name="query")(x)
        looked, _ = layers.Attention(name="look")(
            [query, cells, keys(cells)], return_attention_scores=True
        )
        x = layers.Concatenate()([x, looked])
    x = layers.Dense(len(WORDS), activation="softmax", name="next_word")(x)
    return keras.Model([picture, before], x, name="captioner")


def train_captioner(
    model: keras.Model,
    draw: Draw,
    steps: int,
    seed: int,
    blanks: float = 0.0,
    batchsize: int = 128,
    rate: float = 0.002,
    label: str = "training",
) -> np.ndarray:
    """Train a captioner with teacher forcing, on samples that are drawn for it, each shown once.

    Args:
        model: from `captioner`.
        draw: a function of a number n and a generator that returns n pictures and their words,
            such as `captions.draw_samples`.
        steps: training steps, a multiple of 50.
        seed: an integer; it fixes the samples.
        blanks: the probability that a word before is replaced by <blank>.
        batchsize: samples in a step.
        rate: the learning rate of the first step; it falls to zero along a cosine.
        label: for the progress line.

    Returns:
        The mean loss over each 50 steps, shape (steps / 50,).
    """

    def batches(
        rng: np.random.Generator = np.random.default_rng(seed),  # noqa: B008 - one per call
    ) -> Iterator[tuple[tuple[np.ndarray, np.ndarray], np.ndarray]]:
        while True:
            pictures, words = draw(batchsize, rng)
            before = captions.shifted(words)
            before[:, 1:][rng.random((batchsize, LONGEST - 1)) < blanks] = NUMBER[BLANK]
            yield (pictures, before), words

    spec = [tf.TensorSpec((batchsize, *shape), tf.uint8) for shape in [(SIDE, SIDE, 3), (LONGEST,)]]
    prepare(model, steps, rate, "sparse_categorical_crossentropy")
    history = model.fit(
        tf.data.Dataset.from_generator(batches, output_signature=(tuple(spec), spec[1])),
        epochs=steps // STEPS_PER_CALL,
        steps_per_epoch=STEPS_PER_CALL,
        callbacks=[ProgressLine(label)],
        shuffle=False,
        verbose=0,
    )
    return np.array(history.history["loss"])


def describe(model: keras.Model, pictures: np.ndarray) -> np.ndarray:
    """Write a sentence about each picture: at each step the likeliest word (greedy).

    Args:
        model: a trained `captioner`.
        pictures: shape (n, 32, 32, 3), from 0 to 255.

    Returns:
        Numbers of words, shape (n, 11), uint8.
    """
    write = _writer(model)
    parts = [pictures[k : k + 250].astype(np.float32) for k in range(0, len(pictures), 250)]
    return np.concatenate([write(part).numpy() for part in parts]).astype(np.uint8)


@lru_cache(maxsize=4)  # compiled once for each model
def _writer(model: keras.Model) -> Callable[[np.ndarray], tf.Tensor]:
    """Return a function that writes step by step, with the state carried along as in lesson 03."""
    part = {layer.name: layer for layer in model.layers}
    seen = [part[name].output for name in ("vector", "cells", "keys") if name in part]
    look_at = keras.Model(model.inputs[0], seen)

    @tf.function(input_signature=[tf.TensorSpec((None, SIDE, SIDE, 3))])
    def write(pictures: tf.Tensor) -> tf.Tensor:
        vector, *cells_and_keys = tf.nest.flatten(look_at(pictures))
        word = tf.fill([tf.shape(vector)[0]], NUMBER[START])
        state, written = part["decoder"].cell.get_initial_state(tf.shape(vector)[0]), []
        for _ in range(LONGEST):
            x = tf.concat([part["words"](word), vector], axis=1)
            x, state = part["decoder"].cell(x, state)
            if "look" in part:
                looked = part["look"]([part["query"](x)[:, None], *cells_and_keys])
                x = tf.concat([x, looked[:, 0]], axis=1)
            word = tf.argmax(part["next_word"](x), axis=1, output_type=tf.int32)
            written.append(word)
        return tf.stack(written, axis=1)

    return write.get_concrete_function()
