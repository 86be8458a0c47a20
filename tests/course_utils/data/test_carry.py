"""Binary addition against Python integers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_utils.data import carry

lengths = st.integers(1, 300)


@given(st.data(), lengths)
def test_add_agrees_with_python_integers(data, seqlen):
    x, y = (data.draw(st.integers(0, 2**seqlen - 1)) for _ in range(2))
    carry_in = data.draw(st.integers(0, 1))
    a = np.stack([carry.to_bits(x, seqlen), carry.to_bits(y, seqlen)], axis=-1)[None]
    res, carry_out = carry.add(a, carry_in)
    assert carry.to_int(res[0]) + (int(carry_out[0]) << seqlen) == x + y + carry_in


@given(lengths, st.integers(1, 5), st.integers(0, 10**6))
def test_generator_is_one_endless_addition_per_row(seqlen, batchsize, seed):
    batches = carry.generator(batchsize, seqlen, seed=seed)
    a, res = zip(*(next(batches) for _ in range(4)), strict=True)
    a, res = np.concatenate(a, axis=1), np.concatenate(res, axis=1)
    for row in range(batchsize):
        x, y = carry.to_int(a[row, :, 0]), carry.to_int(a[row, :, 1])
        assert carry.to_int(res[row]) == (x + y) % 2 ** (4 * seqlen)


def test_generator_shapes_seed_and_restart():
    a, res = next(carry.generator(3, 5, seed=1))
    assert a.shape == (3, 5, 2) and res.shape == (3, 5)
    again, _ = next(carry.generator(3, 5, seed=1))
    other, _ = next(carry.generator(3, 5, seed=2))
    assert (a == again).all() and (a != other).any()
    restarted = carry.generator(50, 5, seed=1, restart=True)
    for _ in range(3):
        a, res = next(restarted)
        assert (res == carry.add(a)[0]).all()


@pytest.mark.parametrize("chance", [0.0, 0.3, 1.0])
def test_propagate_is_the_share_of_pairs_that_differ(chance):
    a, _ = next(carry.generator(100, 200, seed=0, propagate=chance))
    assert abs((a[..., 0] != a[..., 1]).mean() - chance) < 0.02


def test_lean_says_which_number_has_the_ones_of_a_chain():
    a, _ = next(carry.generator(3, 2000, seed=0, propagate=1, lean=[0, 0.5, 1]))
    assert np.allclose(a[:, :, 0].mean(axis=1), [0, 0.5, 1], atol=0.03)
    assert np.allclose(a[:, :, 1].mean(axis=1), [1, 0.5, 0], atol=0.03)


@given(st.data(), lengths)
def test_carries_in_follow_the_full_adder(data, seqlen):
    seed, carry_in = data.draw(st.integers(0, 10**6)), data.draw(st.integers(0, 1))
    a, _ = next(carry.generator(1, seqlen, seed=seed))
    carries, c = carry.carries_in(a, carry_in)[0], carry_in
    for t in range(seqlen):
        assert carries[t] == c
        c = (a[0, t, 0] + a[0, t, 1] + c) // 2


@given(st.integers(2, 400))
def test_longest_chain_carries_through_every_bit(seqlen):
    a = carry.longest_chain(seqlen)
    assert carry.to_int(a[0, :, 0]) == 2**seqlen - 1 and carry.to_int(a[0, :, 1]) == 1
    assert carry.carries_in(a)[0].tolist() == [0] + [1] * (seqlen - 1)
    assert carry.add(a)[0].sum() == 0


def test_floors_have_the_derived_values():
    assert carry.mse_floor(10) == pytest.approx(0.049951171875, abs=0)
    assert carry.cross_entropy_floor(10) == pytest.approx(0.138494, abs=1e-6)
    assert carry.mse_floor(1) == 0.25


@pytest.mark.parametrize("seqlen", [1, 2, 5])
def test_mse_floor_equals_brute_force(seqlen):
    """Enumerate all inputs; the best guess is the mean over the two possible carries."""
    codes = np.arange(4**seqlen)[:, None] >> np.arange(2 * seqlen) & 1
    a = codes.reshape(-1, seqlen, 2)
    with_0, with_1 = carry.add(a, 0)[0], carry.add(a, 1)[0]
    guess = (with_0 + with_1) / 2
    error = ((guess - with_0) ** 2 + (guess - with_1) ** 2) / 2
    assert error.mean() == pytest.approx(carry.mse_floor(seqlen), abs=1e-15)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: carry.generator(1, 0), "seqlen must be an integer of at least 1, but it is 0"),
        (lambda: carry.generator(0, 5), "batchsize must"),
        (lambda: carry.generator(2.5, 5), "batchsize must"),
        (lambda: carry.generator(1, 5, propagate=1.5), "propagate must be one probability"),
        (lambda: carry.generator(1, 5, propagate=np.nan), "propagate must be one probability"),
        (lambda: carry.generator(2, 5, lean=[0, 0.5, 1]), "lean must be one probability or 2"),
        (lambda: carry.add(np.zeros((3, 4))), "shape \\(batch, seqlen, 2\\)"),
        (lambda: carry.add(np.full((1, 3, 2), 2)), "a must hold bits"),
        (lambda: carry.add(np.full((1, 3, 2), np.nan)), "a must hold bits"),
        (lambda: carry.add(np.zeros((1, 3, 2)), 2), "carry must hold bits"),
        (lambda: carry.add(np.zeros((2, 3, 2)), [0, 1, 0]), "incoming carry for each row"),
        (lambda: carry.to_bits(8, 3), "number must lie between 0 and 2\\*\\*3 - 1"),
        (lambda: carry.to_bits(-1, 3), "number must"),
        (lambda: carry.mse_floor(0), "seqlen must"),
        (lambda: carry.cross_entropy_floor(2.5), "seqlen must"),
    ],
)
def test_bad_arguments_are_explained(call, says):
    with pytest.raises(ValueError, match=says):
        call()
