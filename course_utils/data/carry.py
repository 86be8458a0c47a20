"""Binary addition, digit by digit, with its carry (lesson 04).

Everywhere in this module numbers are rows of bits with the *least significant bit first*, so
that time runs the way the carry does: left to right.
"""

import math
from collections.abc import Iterator

import numpy as np


def add(a: np.ndarray, carry: int | np.ndarray = 0) -> tuple[np.ndarray, np.ndarray]:
    """Add two rows of bits and report the carry that is left over.

    The carry out of a position is 1 for the pair (1, 1), 0 for (0, 0), and otherwise what came in.
    So it equals the bit of the *last pair that agreed*; finding that position for all steps at
    once needs no loop over time.

    Args:
        a: bits, shape (batch, seqlen, 2), least significant first.
        carry: the carry that comes in, one number or shape (batch,).

    Returns:
        ``(res, carry)``: the bits of the sum, shape (batch, seqlen), and the carry out, shape
        (batch,), both int64.

    Raises:
        ValueError: if `a` has another shape, or if anything but 0 and 1 is in `a` or `carry`.
    """
    a, carry = _bits(a, "a"), _bits(carry, "carry")
    if a.ndim != 3 or a.shape[2] != 2 or a.shape[1] == 0:
        raise ValueError(
            f"a must have shape (batch, seqlen, 2) with seqlen at least 1, but has {a.shape}: "
            "put the two numbers side by side with np.stack([x, y], axis=-1)."
        )
    batch, seqlen, _ = a.shape
    if carry.shape not in ((), (batch,)):
        raise ValueError(
            f"carry must be one bit or have shape ({batch},), but has {carry.shape}: "
            "give one incoming carry for each row of a."
        )
    agree = a[:, :, 0] == a[:, :, 1]
    last = np.maximum.accumulate(np.where(agree, np.arange(seqlen), -1), axis=1)  # (batch, seqlen)
    carries = np.empty((batch, seqlen + 1), dtype=np.int64)
    carries[:, 0] = carry
    found = np.take_along_axis(a[:, :, 0], np.maximum(last, 0), axis=1)
    carries[:, 1:] = np.where(last >= 0, found, carries[:, :1])
    return a[:, :, 0] ^ a[:, :, 1] ^ carries[:, :-1], carries[:, -1]


def carries_in(a: np.ndarray, carry: int | np.ndarray = 0) -> np.ndarray:
    """Return the carry that comes *into* each position, shape (batch, seqlen), int64.

    Args:
        a: bits, shape (batch, seqlen, 2), least significant first.
        carry: the carry into the first position, one number or shape (batch,).
    """
    res, _ = add(a, carry)
    a = np.asarray(a, dtype=np.int64)
    return res ^ a[:, :, 0] ^ a[:, :, 1]


def generator(
    batchsize: int,
    seqlen: int,
    seed: int | np.random.Generator | None = None,
    restart: bool = False,
    propagate: float | np.ndarray = 0.5,
    lean: float | np.ndarray = 0.5,
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield endless batches of binary additions (`generator` of the original notebooks).

    Each row is one endless addition: a batch goes on with the carry that the batch before left
    in that row; the first carry is 0.

    Args:
        batchsize: rows in a batch.
        seqlen: bits in a row.
        seed: an integer, or a `numpy.random.Generator` that is drawn from; None is random.
        restart: start every batch with carry 0 instead.
        propagate: the probability that the two bits of a pair differ and so hand the carry on,
            one number or one for each row.
        lean: the probability that, in a pair that differs, the first number has the 1, one number
            or one for each row. With both at 0.5 all bits are independent and fair.

    Yields:
        ``(a, res)``: bits to add, shape (batchsize, seqlen, 2), and the bits of their sum, shape
        (batchsize, seqlen), least significant first, int64.

    Raises:
        ValueError: at the call, if a size is below 1 or a probability outside 0 to 1.
    """
    for name, size in [("batchsize", batchsize), ("seqlen", seqlen)]:
        if not isinstance(size, (int, np.integer)) or size < 1:
            raise ValueError(f"{name} must be an integer of at least 1, but it is {size!r}.")
    propagate = _chances(propagate, "propagate", batchsize)
    lean = _chances(lean, "lean", batchsize)

    def batches(
        rng: np.random.Generator = np.random.default_rng(seed),  # noqa: B008 - one per call
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        carry = np.zeros(batchsize, dtype=np.int64)
        while True:
            differ = rng.random((batchsize, seqlen)) < propagate
            ones = rng.random((batchsize, seqlen)) < np.where(differ, lean, 0.5)
            a = np.stack([ones, ones ^ differ], axis=-1).astype(np.int64)
            res, carry = add(a, 0 if restart else carry)
            yield a, res

    return batches()


def longest_chain(seqlen: int) -> np.ndarray:
    """Return the worst case, 111…1 + 100…0 (that is, 2ⁿ − 1 plus 1), shape (1, seqlen, 2).

    The first pair makes a carry, and every later pair hands it on to the end.
    """
    a = np.zeros((1, seqlen, 2), dtype=np.int64)
    a[:, :, 0] = 1
    a[:, 0, 1] = 1
    return a


def to_bits(number: int, seqlen: int) -> np.ndarray:
    """Return a non-negative integer as `seqlen` bits, least significant first, int64.

    Raises:
        ValueError: if the number is negative or has more than `seqlen` bits.
    """
    number = int(number)
    if number < 0 or number.bit_length() > seqlen:
        raise ValueError(
            f"number must lie between 0 and 2**{seqlen} - 1, but it is {number}: "
            "give it more bits (seqlen) or choose a smaller one."
        )
    octets = np.frombuffer(number.to_bytes((seqlen + 7) // 8, "little"), dtype=np.uint8)
    return np.unpackbits(octets, bitorder="little")[:seqlen].astype(np.int64)


def to_int(bits: np.ndarray) -> int:
    """Return bits, shape (seqlen,), least significant first, as a Python integer of any size."""
    return int.from_bytes(np.packbits(_bits(bits, "bits"), bitorder="little").tobytes(), "little")


def mse_floor(seqlen: int) -> float:
    """Return the least mean squared error of a network that is not told the incoming carry.

    The carry into the first position is a fair coin. At step t (from 0) it still matters if all
    t pairs before were propagating, which has probability 2⁻ᵗ; then the answer ½ costs ¼ and
    nothing costs less. The mean over the row is (1/T)·Σ ¼·2⁻ᵗ, derived in lesson 04.

    Args:
        seqlen: bits in a row, T.
    """
    return 0.25 * _mean_unknown(seqlen)


def cross_entropy_floor(seqlen: int) -> float:
    """Return the least mean binary cross-entropy, in nats, in the same situation.

    An unknown fair bit costs ln 2, so the floor is (ln 2 / T)·Σ 2⁻ᵗ.

    Args:
        seqlen: bits in a row, T.
    """
    return math.log(2) * _mean_unknown(seqlen)


def _mean_unknown(seqlen: int) -> float:
    """Return the share of answers that hang on the hidden carry: (1/T)·Σ 2⁻ᵗ = (2 − 2¹⁻ᵀ)/T."""
    if not isinstance(seqlen, (int, np.integer)) or seqlen < 1:
        raise ValueError(f"seqlen must be an integer of at least 1, but it is {seqlen!r}.")
    return (2 - 2.0 ** (1 - int(seqlen))) / int(seqlen)


def _chances(values: float | np.ndarray, name: str, batchsize: int) -> np.ndarray:
    """Return probabilities for each row, shape (batchsize, 1)."""
    chances = np.asarray(values, dtype=float)
    if chances.shape not in ((), (batchsize,)) or not ((chances >= 0) & (chances <= 1)).all():
        raise ValueError(
            f"{name} must be one probability or {batchsize}, all between 0 and 1, but it is "
            f"{values!r}."
        )
    return np.broadcast_to(chances.reshape(-1, 1), (batchsize, 1))


def _bits(values: int | np.ndarray, name: str) -> np.ndarray:
    values = np.asarray(values)
    if values.size == 0 or not np.isin(values, (0, 1)).all():
        raise ValueError(
            f"{name} must hold bits, 0 or 1 only, but holds {np.unique(values)[:5].tolist()}: "
            "turn numbers into bits with to_bits, and probabilities into bits with np.rint."
        )
    return values.astype(np.int64)
