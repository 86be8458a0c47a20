"""Attention: a network that looks back at the question at every step of its answer (lesson 13)."""

from typing import Any

import numpy as np

from course_utils.data.questions import Format, draw_numbers, draw_pairs
from course_utils.lesson.backend import keras, tf

layers, ops = keras.layers, keras.ops


@keras.saving.register_keras_serializable(package="course_utils")
class LookBack(keras.layers.Layer):
    """Dot-product attention whose queries are learned, one for each head and step of the answer.

    It is called with the keys' source, shape (batch, n_in, any), and the values, shape (batch,
    n_in, v). It returns what was read, shape (batch, n_out, heads · v), and the attention weights,
    shape (batch, heads, n_out, n_in).

    Because no query waits for the decoder, all steps are computed at once (Luong et al. 2015 ask
    with the decoder's state; Vaswani et al. 2017 scale by the root of the size, and add heads).

    Args:
        n_out: steps of the answer.
        heads: how many places can be read at each step.
        size: numbers in a query and in a key.
    """

    def __init__(self, n_out: int, heads: int, size: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.n_out, self.heads, self.size = n_out, heads, size

    def build(self, input_shape: Any) -> None:
        source, _ = input_shape
        spread = keras.initializers.RandomNormal(stddev=1.0)
        fan_in = keras.initializers.VarianceScaling(1.0, "fan_in")
        self.queries = self.add_weight((self.heads, self.n_out, self.size), spread, name="queries")
        self.to_keys = self.add_weight((source[-1], self.heads * self.size), fan_in, name="to_keys")

    def call(self, inputs: list[tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
        source, values = inputs
        keys = ops.matmul(source, self.to_keys)  # (batch, n_in, heads · size)
        keys = ops.reshape(keys, (-1, source.shape[1], self.heads, self.size))
        scores = ops.einsum("htd,bnhd->bhtn", self.queries, keys) / self.size**0.5
        weights = ops.softmax(scores, axis=-1)
        read = ops.einsum("bhtn,bnv->bthv", weights, values)
        return ops.reshape(read, (-1, self.n_out, self.heads * values.shape[-1])), weights

    def get_config(self) -> dict[str, Any]:
        own = {"n_out": self.n_out, "heads": self.heads, "size": self.size}
        return super().get_config() | own


def attention_model(form: Format, units: int = 64) -> keras.Model:
    """Build an encoder-decoder whose decoder sees nothing but what two heads read for it.

    The encoder's states say *where* each symbol stands (keys); what is read there is the vector
    of the symbol itself (values).

    Args, Returns:
        As for `course_utils.networks.seq2seq.text_model`.
    """
    question = keras.Input((form.n_in,), name="question")
    symbols = layers.Embedding(len(form.alphabet), 16, name="symbols")(question)
    states = layers.LSTM(units, return_sequences=True, unroll=True, name="encoder")(symbols)
    read, _ = LookBack(form.n_out, heads=2, size=16, name="look_back")([states, symbols])
    added = layers.LSTM(units, return_sequences=True, unroll=True, name="decoder")(read)
    answer = layers.Dense(len(form.alphabet), activation="softmax", name="characters")(added)
    return keras.Model(question, answer, name="attention_model")


def attention_maps(model: keras.Model, x: np.ndarray) -> np.ndarray:
    """Return where a network of `attention_model` looks.

    Args:
        model: the network.
        x: questions as places in the alphabet, shape (n, n_in).

    Returns:
        Attention weights, shape (n, heads, n_out, n_in); they sum to 1 over the last axis.
    """
    _, weights = model.get_layer("look_back").output
    return ops.convert_to_numpy(keras.Model(model.input, weights)(np.asarray(x)))


def carry_chains(
    n: int, digits: int, rng: np.random.Generator, from_units: bool = True
) -> np.ndarray:
    """Draw pairs in which a carry begins in one column and runs through all that follow.

    Such as 999999999 + 1, 99963 + 37 or 5 + 5. All lengths come equally often. The smaller number
    has any length, too; where it is short, the other one is mostly nines.

    Args:
        n: how many pairs.
        digits: the largest number of digits, at most 9.
        rng: a `numpy.random.Generator`.
        from_units: begin with the units, so that the sum is a power of ten; False: in any column
            or in none, where every column adds up to 9 and waits for a carry in vain.

    Returns:
        Pairs of numbers, in either order, shape (n, 2), int64.
    """
    length = rng.integers(1, digits + 1, n)
    begin = 0 if from_units else rng.integers(0, length + 1)
    start = np.where(begin < length, 10**begin, 0)
    first = draw_numbers(n, digits, rng) % (10**length - start)
    first -= start * (first // 10**begin % 10 == 9)  # else the carry would begin further up
    # Without the start, the digits of every column would add up to 9.
    return rng.permuted(np.stack([first + start, 10**length - 1 - first], axis=1), axis=1)


def draw_with_chains(n: int, digits: int, rng: np.random.Generator) -> np.ndarray:
    """Draw pairs as `draw_pairs` does, except that every eighth has a chain of carries.

    In random pairs a chain through nine columns comes up about once in a hundred million.

    Args:
        n, digits, rng: see `carry_chains`.

    Returns:
        Pairs of numbers, shape (n, 2), int64.
    """
    pairs = draw_pairs(n, digits, rng)
    pairs[::8] = carry_chains(len(pairs[::8]), digits, rng, from_units=False)
    return pairs
