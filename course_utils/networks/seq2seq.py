"""Networks that answer a text with a text, and how the last lessons train them (09-13)."""

from collections.abc import Callable, Sequence

import numpy as np

from course_utils.data.questions import Draw, Format, Texts
from course_utils.lesson.backend import keras
from course_utils.networks.training import STEPS_PER_CALL, prepare, train

layers = keras.layers


def text_model(form: Format, units: int = 128) -> keras.Sequential:
    """Build an encoder-decoder that learns its own vectors for the symbols.

    Embedding(16) → LSTM → RepeatVector → LSTM → Dense, the net of lesson 07 with more units.

    Args:
        form: a `course_utils.data.questions.Format`; it fixes lengths and symbols.
        units: of either LSTM.

    Returns:
        A Keras model from places in the alphabet, shape (batch, n_in), to probabilities, shape
        (batch, n_out, symbols); not compiled.
    """
    return keras.Sequential(
        [
            keras.Input((form.n_in,), name="question"),
            layers.Embedding(len(form.alphabet), 16, name="symbols"),
            layers.LSTM(units, unroll=True, name="encoder"),
            layers.RepeatVector(form.n_out, name="repeat"),
            layers.LSTM(units, return_sequences=True, unroll=True, name="decoder"),
            layers.Dense(len(form.alphabet), activation="softmax", name="characters"),
        ],
        name="text_model",
    )


def train_fresh(
    build: Callable[[Format], keras.Model],
    form: Format,
    draw: Draw,
    steps: int,
    seed: int,
    batchsize: int = 256,
    rate: float = 0.004,
    label: str = "training",
) -> tuple[keras.Model, np.ndarray]:
    """Build a network and train it on samples that are drawn for it, each shown once.

    Args:
        build: a function of `form` that returns the network, such as `text_model`.
        form: a `course_utils.data.questions.Format`.
        draw: a function of a number n and a generator that returns n questions and n answers.
        steps: training steps, a multiple of 50.
        seed: an integer; it fixes the weights at the start and the samples.
        batchsize: samples in a step.
        rate: the learning rate of the first step; it falls to zero along a cosine.
        label: for the progress line.

    Returns:
        ``(model, losses)``; losses are means over each 50 steps.
    """
    keras.utils.set_random_seed(seed)
    model = build(form)
    prepare(model, steps, rate, "sparse_categorical_crossentropy")
    x, y = draw_encoded(form, draw, steps, seed, batchsize)
    return model, train(model, x, y, batchsize, label)


def draw_encoded(
    form: Format, draw: Draw, steps: int, seed: int, batchsize: int = 256
) -> tuple[np.ndarray, np.ndarray]:
    """Return the samples of `train_fresh`, encoded, in the order in which they are shown.

    Returns:
        ``(x, y)``: places, shapes (steps · batchsize, n_in) and (steps · batchsize, n_out), uint8.
    """
    rng = np.random.default_rng(seed)
    n = STEPS_PER_CALL * batchsize  # in parts: texts take many times the room of places
    parts = [form.encode(*draw(n, rng)) for _ in range(steps // STEPS_PER_CALL)]
    x, y = (np.concatenate(side) for side in zip(*parts, strict=True))
    return x, y


def revise(
    model: keras.Model,
    form: Format,
    draw: Draw,
    hard: tuple[Sequence[str], Sequence[str]],
    steps: int,
    seed: int,
    batchsize: int = 256,
    rate: float = 0.0005,
) -> None:
    """Train a network a little more, an eighth of it on questions that it finds hard.

    A larger part would pull the network towards these, away from all others.

    Args:
        model: a trained network; it is changed.
        form, draw, steps, seed, batchsize, rate: as for `train_fresh`.
        hard: ``(questions, answers)``, n texts each, such as those with small `margins`; they
            must be questions that may be shown.
    """

    def mixed(n: int, rng: np.random.Generator) -> Texts:
        questions, answers = draw(n - n // 8, rng)
        rows = rng.integers(len(hard[0]), size=n // 8)
        questions += [hard[0][row] for row in rows]
        answers += [hard[1][row] for row in rows]
        order = rng.permutation(n)
        return [questions[k] for k in order], [answers[k] for k in order]

    prepare(model, steps, rate, "sparse_categorical_crossentropy")
    train(model, *draw_encoded(form, mixed, steps, seed, batchsize), batchsize, "revising")


def margins(
    model: keras.Model, form: Format, questions: Sequence[str], answers: Sequence[str]
) -> np.ndarray:
    """Return for each question how clearly the network's whole answer is right.

    Args:
        model: from places, shape (batch, n_in), to probabilities (batch, n_out, symbols).
        form: a `course_utils.data.questions.Format`.
        questions, answers: n texts each.

    Returns:
        Shape (n,), from -1 to 1: the probability of the right character less that of the likeliest
        other one, where this is least; above 0 the answer is right.
    """
    found = [np.zeros(0, dtype=np.float32)]
    for start in range(0, len(questions), 50_000):
        part = slice(start, start + 50_000)
        x, y = form.encode(questions[part], answers[part])
        chances = model.predict(x, batch_size=2_500, verbose=0)
        y = y[..., None].astype(np.int64)
        right = np.take_along_axis(chances, y, axis=2)[..., 0]
        np.put_along_axis(chances, y, -1, axis=2)
        found.append((right - chances.max(axis=2)).min(axis=1))
    return np.concatenate(found)


def right_answers(
    model: keras.Model, form: Format, questions: Sequence[str], answers: Sequence[str]
) -> np.ndarray:
    """Return for each question whether the network's *whole* answer is right.

    Args:
        model, form, questions, answers: as for `margins`.

    Returns:
        Booleans, shape (n,); their mean is the exact-match accuracy.
    """
    return margins(model, form, questions, answers) > 0
