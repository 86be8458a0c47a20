"""Attention: the layer against NumPy and Keras, the network, its maps, and the carry chains."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils.data.questions import draw_pairs, sum_format, sum_texts
from course_utils.lesson.backend import keras
from course_utils.networks.attention import (
    LookBack,
    attention_maps,
    attention_model,
    carry_chains,
    draw_with_chains,
)
from course_utils.networks.seq2seq import right_answers, train_fresh
from course_utils.networks.storage import load_model, load_weights, save_model, save_weights

FORM = sum_format(2)


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(0)
    return attention_model(FORM, units=8)


def look_back(rng, batch=3, n_in=7, n_out=4, heads=2, size=5):
    """Return a layer with random weights, and inputs for it."""
    layer = LookBack(n_out, heads, size)
    inputs = [rng.normal(size=(batch, n_in, d)).astype("float32") for d in (6, 3)]
    layer(inputs)
    layer.set_weights([rng.normal(size=w.shape) for w in layer.get_weights()])
    return layer, inputs


def test_the_layer_is_the_formula_for_each_head_step_and_sample():
    layer, (source, values) = look_back(np.random.default_rng(0))
    queries, to_keys = layer.get_weights()
    read, weights = (np.asarray(out) for out in layer([source, values]))
    assert read.shape == (3, 4, 6) and weights.shape == (3, 2, 4, 7)
    for sample, head, step in np.ndindex(3, 2, 4):
        keys = source[sample] @ to_keys[:, 5 * head : 5 * head + 5]
        powers = np.exp(keys @ queries[head, step] / np.sqrt(5))
        expected = powers / powers.sum()
        np.testing.assert_allclose(weights[sample, head, step], expected, atol=1e-6)
        mean = sum(w * v for w, v in zip(expected, values[sample], strict=True))
        np.testing.assert_allclose(read[sample, step, 3 * head : 3 * head + 3], mean, atol=1e-6)


def test_the_layer_is_that_of_keras_with_the_scale_in_the_queries():
    layer, (source, values) = look_back(np.random.default_rng(1), heads=1)
    queries, to_keys = layer.get_weights()
    asked = np.broadcast_to(queries / np.sqrt(5), (3, 4, 5))
    theirs = keras.layers.Attention()(
        [asked, values, source @ to_keys], return_attention_scores=True
    )
    ours = layer([source, values])
    np.testing.assert_allclose(ours[0], theirs[0], atol=1e-6)
    np.testing.assert_allclose(ours[1][:, 0], theirs[1], atol=1e-6)


def test_weights_are_shares_and_depend_on_the_question(model):
    x, _ = FORM.encode(["12+34", "1+2", "99+9"], ["46", "3", "108"])
    maps = attention_maps(model, x)
    assert maps.shape == (3, 2, 3, 5)
    assert (maps >= 0).all()
    np.testing.assert_allclose(maps.sum(axis=-1), 1, atol=1e-6)
    assert np.abs(maps[0] - maps[1]).max() > 1e-4


def test_the_decoder_gets_nothing_but_what_the_heads_read(model):
    x, _ = FORM.encode(["12+34"], ["46"])
    vectors = model.get_layer("symbols").get_weights()[0]
    read = np.einsum("bhtn,bnv->bthv", attention_maps(model, x), vectors[x]).reshape(1, 3, 32)
    decoded = model.get_layer("characters")(model.get_layer("decoder")(read))
    np.testing.assert_allclose(decoded, model(x), atol=1e-6)


def test_the_network_learns_where_the_digits_are_and_to_add():
    def draw(n, rng):
        return sum_texts(draw_pairs(n, 1, rng))

    def build(form):
        return attention_model(form, units=24)

    form = sum_format(1)
    model, losses = train_fresh(build, form, draw, 400, 0, rate=0.01)
    assert losses[-1] < 0.2 * losses[0]
    asked = sum_texts(draw_pairs(200, 1, np.random.default_rng(1)))
    assert right_answers(model, form, *asked).mean() > 0.9
    x, _ = form.encode(["3+4"], ["7"])
    units = attention_maps(model, x)[0, :, 0]  # (heads, places): the first step reads both digits
    assert sorted(units.argmax(axis=-1)) == [0, 2]


def test_it_is_saved_and_loaded_with_all_weights(model, tmp_path):
    x, _ = FORM.encode(["12+34"], ["46"])
    save_weights(model, tmp_path / "a.weights.h5")
    other = attention_model(FORM, units=8)
    load_weights(other, tmp_path / "a.weights.h5")
    np.testing.assert_array_equal(other(x), model(x))
    save_model(model, tmp_path / "a.keras")
    np.testing.assert_array_equal(load_model(tmp_path / "a.keras")(x), model(x))


def carries(a, b, columns):
    """Add as by hand; return the carry out of each column."""
    out, carry = [], 0
    for k in range(columns):
        carry = (a // 10**k % 10 + b // 10**k % 10 + carry) // 10
        out.append(carry)
    return out


@settings(max_examples=30)
@given(digits=st.integers(1, 9), seed=st.integers(0, 2**32 - 1), from_units=st.booleans())
def test_the_carry_of_a_chain_begins_once_and_never_ends(digits, seed, from_units):
    rng = np.random.default_rng(seed)
    for a, b in carry_chains(20, digits, rng, from_units).tolist():
        assert min(a, b) >= 0 and max(a, b) < 10**digits
        found = carries(a, b, len(str(a + b)) - 1)
        assert found == sorted(found)  # 0 up to some column, then 1
        if set(str(a + b)) == {"9"}:
            assert not from_units
        elif from_units:
            assert min(found) == 1 and set(str(a + b)[1:]) == {"0"}


def test_chains_have_all_lengths_starts_and_both_orders():
    pairs = carry_chains(20_000, 9, np.random.default_rng(0))
    lengths = np.bincount(np.log10(pairs.sum(axis=1)).round().astype(int), minlength=10)
    assert lengths[0] == 0 and (np.abs(lengths[1:] / 20_000 - 1 / 9) < 0.02).all()
    assert abs((pairs[:, 0] < pairs[:, 1]).mean() - 0.5) < 0.1
    nearly_nines = pairs.max(axis=1) >= 999_999_900
    assert nearly_nines.sum() > 100
    anywhere = carry_chains(20_000, 9, np.random.default_rng(0), from_units=False)
    long = anywhere[anywhere.sum(axis=1) >= 10**9 - 1].tolist()
    starts = np.bincount([carries(a, b, 9).count(0) for a, b in long], minlength=10)
    assert (np.abs(starts / len(long) - 1 / 10) < 0.03).all()


def test_every_eighth_pair_is_a_chain_and_the_others_are_as_ever():
    pairs = draw_with_chains(8_000, 5, np.random.default_rng(0))
    assert pairs.shape == (8_000, 2)
    for a, b in pairs[::8].tolist():
        assert set(str(a + b)) == {"9"} or carries(a, b, len(str(a + b)) - 1)[-1] == 1
    plain = draw_pairs(8_000, 5, np.random.default_rng(0))
    same = (pairs == plain).all(axis=1)
    assert same[np.arange(8_000) % 8 > 0].all() and same[::8].mean() < 0.1
