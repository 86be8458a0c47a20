"""The NumPy LSTM against differences of its loss, against Keras, and on the task of lesson 02."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils.data import carry
from course_utils.networks import numpy_lstm
from course_utils.networks.numpy_lstm import LSTM, Output, cross_entropy, squared_error

sizes = st.integers(1, 5)
lengths = st.integers(1, 12)
seeds = st.integers(0, 10**6)
losses = st.sampled_from([cross_entropy, squared_error])


def network(features, units, seed, dtype="float64"):
    """Return both layers, all weights random: no gate is forgotten because its bias is 0."""
    rng = np.random.default_rng(seed)
    layers = [LSTM(features, units, rng, dtype), Output(units, rng, dtype)]
    for layer in layers:
        layer.weights[-1][...] = rng.standard_normal(layer.weights[-1].shape)
    return layers


def samples(batch, seqlen, features, seed):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((batch, seqlen, features)), rng.integers(0, 2, (batch, seqlen))


@settings(max_examples=25)
@given(sizes, lengths, sizes, sizes, seeds, losses)
def test_every_gradient_agrees_with_differences(batch, seqlen, features, units, seed, loss):
    layers = network(features, units, seed)
    rows = numpy_lstm.check_gradients(layers, *samples(batch, seqlen, features, seed), loss)
    assert len(rows) == 4 * units * (features + units + 1) + units + 1
    assert max(difference for *_, difference in rows) < 1e-6


def test_check_gradients_notices_a_wrong_gradient_and_changes_no_weight():
    layers, (x, y) = network(2, 3, 0), samples(2, 4, 2, 0)
    before = [w.copy() for layer in layers for w in layer.weights]
    backward = layers[0].backward

    def wrong(dh):
        dx = backward(dh)
        layers[0].gradients[1][2, 5] *= 1.001
        return dx

    layers[0].backward = wrong
    rows = numpy_lstm.check_gradients(layers, x, y, cross_entropy)
    assert [row[:2] for row in rows if row[4] > 1e-6] == [("recurrent", (2, 5))]
    after = [w for layer in layers for w in layer.weights]
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))


@given(sizes, lengths, sizes, sizes, seeds)
def test_the_gradient_of_the_input_agrees_with_differences(batch, seqlen, features, units, seed):
    lstm, _ = network(features, units, seed)
    x, _ = samples(batch, seqlen, features, seed)
    along, weigh = np.random.default_rng(seed + 1).standard_normal((2, batch, seqlen, 1))
    lstm.forward(x)
    dx = lstm.backward(weigh * np.ones(units))
    ends = [(weigh * lstm.forward(x + width * along)).sum() for width in (1e-5, -1e-5)]
    assert (dx * along).sum() == pytest.approx((ends[0] - ends[1]) / 2e-5, rel=1e-6, abs=1e-8)


def keras_twin(seqlen, features, units, dtype):
    from course_utils.lesson.backend import keras

    inputs = keras.Input((seqlen, features), dtype=dtype)
    lstm = keras.layers.LSTM(units, return_sequences=True, dtype=dtype)
    output = keras.layers.Dense(1, dtype=dtype)
    return keras.Model(inputs, output(lstm(inputs))), [lstm, output]


def keras_gradients(model, x, y):
    """Return logits and gradients of the cross-entropy, summed over steps, mean over rows."""
    from course_utils.lesson.backend import tf

    with tf.GradientTape() as tape:
        logits = model(x)[..., 0]
        loss = tf.nn.sigmoid_cross_entropy_with_logits(tf.cast(y, logits.dtype), logits)
        loss = tf.reduce_sum(loss) / len(y)
    return logits.numpy(), [g.numpy() for g in tape.gradient(loss, model.trainable_variables)]


@settings(max_examples=12)
@given(sizes, lengths, sizes, sizes, seeds, st.sampled_from(["float32", "float64"]), st.booleans())
def test_parity_with_keras(batch, seqlen, features, units, seed, dtype, from_keras):
    layers = network(features, units, seed, dtype)
    x, y = samples(batch, seqlen, features, seed)
    model, twins = keras_twin(seqlen, features, units, dtype)
    for ours, theirs in zip(layers, twins, strict=True):
        if from_keras:
            ours.set_weights(theirs.get_weights())
        else:
            theirs.set_weights(ours.weights)
    numpy_lstm.loss_and_gradients(layers, x, y, cross_entropy)
    logits, gradients = keras_gradients(model, x.astype(dtype), y)
    assert np.abs(layers[1].forward(layers[0].forward(x)) - logits).max() < 1e-5
    for ours, theirs in zip((g for n in layers for g in n.gradients), gradients, strict=True):
        assert ours.dtype == theirs.dtype == dtype and ours.shape == theirs.shape
        assert np.abs(ours - theirs).max() < 1e-5


@given(sizes, st.integers(2, 12), sizes, seeds, st.data())
def test_a_sequence_may_be_cut_in_two(batch, seqlen, units, seed, data):
    cut = data.draw(st.integers(1, seqlen - 1))
    lstm, _ = network(2, units, seed)
    x, _ = samples(batch, seqlen, 2, seed)
    whole = lstm.forward(x)
    first = lstm.forward(x[:, :cut])
    state = lstm.state
    second = lstm.forward(x[:, cut:], state)
    assert np.allclose(np.concatenate([first, second], axis=1), whole, atol=1e-14)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@np.errstate(over="raise", invalid="raise")
def test_nothing_overflows(dtype):
    assert numpy_lstm.sigmoid(np.array([-1e30, 0, 1e30], dtype)).tolist() == [0, 0.5, 1]
    value, slope = cross_entropy(np.array([[-1e30, 1e30]], dtype), np.array([[0, 1]]))
    assert value == 0 and slope.tolist() == [[0, 0]]
    layers, (x, y) = network(2, 3, 0, dtype), samples(2, 50, 2, 0)
    assert np.isfinite(numpy_lstm.loss_and_gradients(layers, 1e6 * x, y, cross_entropy))
    assert all(np.isfinite(g).all() for layer in layers for g in layer.gradients)


def test_sgd_moves_against_the_gradient_in_place():
    layers, (x, y) = network(2, 3, 0), samples(2, 4, 2, 0)
    kernel = layers[0].weights[0]
    before = kernel.copy()
    value = numpy_lstm.loss_and_gradients(layers, x, y, cross_entropy)
    numpy_lstm.sgd(layers, 0.01)
    assert layers[0].weights[0] is kernel
    assert np.allclose(kernel, before - 0.01 * layers[0].gradients[0], atol=1e-15)
    assert numpy_lstm.loss_and_gradients(layers, x, y, cross_entropy) < value


def test_it_learns_to_add_all_pairs_below_128():
    """The experiment of lesson 02, in batches, which is quicker."""
    layers, rng = network(2, 16, 0, "float32"), np.random.default_rng(0)
    bits = np.array([carry.to_bits(n, 8) for n in range(255)])
    pairs = np.indices((128, 128)).reshape(2, -1)
    for _ in range(1500):
        a, b = rng.integers(0, 128, (2, 32))
        x, y = np.stack([bits[a], bits[b]], axis=-1), bits[a + b]
        numpy_lstm.loss_and_gradients(layers, x, y, cross_entropy)
        numpy_lstm.sgd(layers, 0.3)
    logits = layers[1].forward(layers[0].forward(np.stack(bits[pairs], axis=-1)))
    assert ((logits > 0) == bits[pairs.sum(axis=0)]).all()


def test_fresh_weights_belong_to_their_seed():
    first, again, other = (LSTM(2, 300, seed) for seed in (1, 1, 2))
    assert np.array_equal(first.weights[1], again.weights[1])
    assert not np.array_equal(first.weights[1], other.weights[1])
    kernel, recurrent, bias = first.weights
    assert abs(recurrent.mean()) < 0.01 and abs(recurrent.std() - 1) < 0.01 and not bias.any()


def test_set_weights_copies():
    ours, theirs = LSTM(2, 3, 0), LSTM(2, 3, 1)
    ours.set_weights(theirs.weights)
    assert np.array_equal(ours.weights[0], theirs.weights[0])
    ours.weights[0][...] = 7
    assert not (theirs.weights[0] == 7).any()


def test_the_module_needs_no_tensorflow():
    code = "import sys, course_utils.networks.numpy_lstm; sys.exit('tensorflow' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def one_step(y):
    numpy_lstm.loss_and_gradients(network(2, 3, 0), np.zeros((4, 5, 2)), y, squared_error)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: LSTM(0, 3), "sizes must be at least 1"),
        (lambda: LSTM(2, 3, dtype="float16"), "dtype float32 or float64, but .* dtype float16"),
        (lambda: LSTM(2, 3, dtype=int), "dtype float32 or float64"),
        (lambda: LSTM(2, 3).forward(np.zeros((5, 2))), r"shape \(batch, seqlen, 2\)"),
        (lambda: LSTM(2, 3).forward(np.zeros((1, 5, 3))), r"is float64 of shape \(1, 5, 3\)"),
        (lambda: LSTM(2, 3).forward(np.zeros((1, 0, 2))), r"shape \(batch, seqlen, 2\)"),
        (lambda: LSTM(2, 3).forward(np.zeros((1, 5, 2), complex)), "must be real numbers"),
        (lambda: LSTM(2, 3).forward(np.full((1, 5, 2), "a")), "must be real numbers"),
        (
            lambda: LSTM(2, 3).forward(np.zeros((4, 5, 2)), (np.zeros((1, 3)), np.zeros((4, 3)))),
            r"have shape \[\(4, 3\), \(4, 3\)\], but has \[\(1, 3\), \(4, 3\)\]",
        ),
        (lambda: LSTM(2, 3).backward(np.zeros((4, 5, 3))), "run forward first"),
        (lambda: LSTM(2, 3).set_weights(LSTM(2, 4).weights), r"must have shape \[\(2, 12\)"),
        (lambda: Output(3).set_weights([np.zeros((3, 1))]), r"must have shape \[\(3, 1\), "),
        (lambda: Output(3).forward(np.zeros((1, 5, 2))), r"shape \(batch, seqlen, 3\)"),
        (
            lambda: one_step(y=np.zeros((4, 5, 1))),
            r"y must have shape \(4, 5\), but has \(4, 5, 1\)",
        ),
        (lambda: one_step(y=np.zeros((4, 1))), "y must have shape"),
    ],
)
def test_bad_arguments_are_explained(call, says):
    with pytest.raises(ValueError, match=says):
        call()
