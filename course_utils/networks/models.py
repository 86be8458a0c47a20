"""The networks of the course (lessons 05 and 07)."""

from course_utils.data.addition import Problem
from course_utils.lesson.backend import keras, tf

layers = keras.layers


@keras.saving.register_keras_serializable(package="course_utils")
class Squeeze(keras.layers.Layer):
    """Drop the last axis, of length 1: (batch, seqlen, 1) → (batch, seqlen).

    A registered layer keeps its name when a model is saved, so it can be loaded again.
    """

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        return keras.ops.squeeze(inputs, axis=-1)


@keras.saving.register_keras_serializable(package="course_utils")
class NoisyLSTMCell(keras.layers.LSTMCell):
    """An LSTM cell whose memory can be shaken from outside at every step.

    The last `units` features of its input are no input but noise: each multiplies one cell state
    by 1 + noise. A memory that only stays where it was put is lost that way; one that is drawn
    back to a resting point survives.
    """

    def build(self, input_shape: tuple[int, ...]) -> None:
        super().build((*input_shape[:-1], input_shape[-1] - self.units))

    def call(self, inputs: tf.Tensor, states: list[tf.Tensor], training: bool = False) -> tuple:
        x, shake = inputs[:, : -self.units], inputs[:, -self.units :]
        output, (hidden, cell) = super().call(x, states, training=training)
        return output, [hidden, cell * (1 + shake)]


def carry_model(
    seqlen: int | None = None,
    features: int = 2,
    batchsize: int | None = None,
    stateful: bool = False,
    shaken: bool = False,
    relu_bias: float = 0.0,
) -> keras.Model:
    """Build the binary adder of the original notebooks: which bit comes out at each step?

    Args:
        seqlen: steps, or None for any number; a fixed number trains faster.
        features: inputs per step: two bits, or three where the carry is fed in.
        batchsize: rows; needed when `stateful`.
        stateful: keep the LSTM's state from one batch to the next.
        shaken: give the model four more inputs per step that shake its four cell states, see
            `NoisyLSTMCell`. The weights are the same, in the same order.
        relu_bias: what the biases of the two ReLU layers start with. Started at 0, some runs lose
            so many units that they cannot tell the pairs apart; 0.3 prevents that.

    Returns:
        A Keras model from (batch, seqlen, features) to probabilities (batch, seqlen),
        not compiled.

    Raises:
        ValueError: if `stateful` without a batch size.
    """
    if stateful and batchsize is None:
        raise ValueError(
            "a stateful model must know its batch size, but batchsize is None: "
            "each row keeps a state of its own, so say how many rows there are."
        )
    lstm = {"activation": None, "name": "lstm"}
    relu = {"activation": "relu", "bias_initializer": keras.initializers.Constant(relu_bias)}
    inputs = keras.Input((seqlen, features + 4 * shaken), batch_size=batchsize, name="bits")
    x = inputs[:, :, :features] if shaken else inputs
    x = layers.Conv1D(8, 1, name="conv_1", **relu)(x)
    x = layers.Conv1D(4, 1, name="conv_2", **relu)(x)
    if shaken:
        x = layers.Concatenate(name="features_and_shake")([x, inputs[:, :, features:]])
        x = layers.RNN(NoisyLSTMCell(4, **lstm), return_sequences=True, stateful=stateful)(x)
    else:
        x = layers.LSTM(4, return_sequences=True, stateful=stateful, **lstm)(x)
    x = layers.Dense(1, activation="sigmoid", name="sum_bit")(x)
    return keras.Model(inputs, Squeeze(name="squeeze")(x), name="carry_model")


def addition_model(
    problem: Problem = Problem(),  # noqa: B008 - a Problem is immutable
    unroll: bool = True,
) -> keras.Sequential:
    """Build the encoder-decoder LSTM(75) → RepeatVector → LSTM(50) → Dense.

    It is that of the original addition notebook (step 8).

    Args:
        problem: fixes the lengths and the alphabet.
        unroll: write the time steps out one after the other instead of looping; for short
            sequences that is faster and changes no result.

    Returns:
        A Keras model from (batch, n_in_seq_length, n_chars) to probabilities
        (batch, n_out_seq_length, n_chars), not compiled.
    """
    return keras.Sequential(
        [
            keras.Input((problem.n_in_seq_length, problem.n_chars), name="question"),
            layers.LSTM(75, unroll=unroll, name="encoder"),
            layers.RepeatVector(problem.n_out_seq_length, name="repeat"),
            layers.LSTM(50, return_sequences=True, unroll=unroll, name="decoder"),
            layers.TimeDistributed(
                layers.Dense(problem.n_chars, activation="softmax"), name="characters"
            ),
        ],
        name="addition_model",
    )
