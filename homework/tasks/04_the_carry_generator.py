"""The checks of exercise 04: binary addition column by column, and the floor under the loss."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from homework.checks import Tasks, compare, mistake, require

tasks = Tasks()


def sums(a: np.ndarray, carries: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The oracle: Python's own integers, of any size."""
    batch, seqlen, _ = a.shape
    powers = [1 << t for t in range(seqlen)]
    totals = [
        sum(p * int(x) for row in a[k].T for p, x in zip(powers, row, strict=True)) + int(carry)
        for k, carry in enumerate(carries)
    ]
    bits = [[total >> t & 1 for t in range(seqlen)] for total in totals]
    return np.array(bits), np.array([total >> seqlen for total in totals])


# One column ------------------------------------------------------------------------------------

COLUMN = {
    "carry ignored": mistake(
        "The carry that comes in is never looked at: it is a third summand.",
        lambda a, b, c: (a ^ b, a & b),
    ),
    "carry stops": mistake(
        "A carry that comes in can also go on: think of 1 + 0 with a carry.",
        lambda a, b, c: (a ^ b ^ c, a & b),
    ),
    "swapped": mistake(
        "Bit and carry are the other way round.",
        lambda a, b, c: (int(a + b + c > 1), a ^ b ^ c),
    ),
}


@tasks.check(
    "04.1",
    "One column",
    points=3,
    minutes=5,
    withheld=["carry.add"],
    hints=[
        "How many ones are there in the column, the carry included? 0, 1, 2 or 3.",
        "What stays in the column is the remainder of that number when divided by 2.",
        "The carry is how often 2 goes into it: Python's `//`.",
    ],
    mistakes=COLUMN,
)
def check_full_adder(work: Any, rng: np.random.Generator) -> None:
    compare(
        work.full_adder,
        lambda a, b, c: (a ^ b ^ c, int(a + b + c > 1)),
        [(int(a), int(b), int(c)) for a, b, c in np.ndindex(2, 2, 2)],
        COLUMN,
        hint="Make a table of all eight cases on paper, and compare.",
    )


# Rows of bits ----------------------------------------------------------------------------------


def from_the_top(a: np.ndarray, carries: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    res, out = sums(a[:, ::-1], carries)
    return res[:, ::-1], out


def with_one_carry(a: np.ndarray, carries: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    now, res = int(carries[0]), []
    for t in range(a.shape[1]):
        total = a[:, t].sum(1) + now
        res.append(total % 2)
        now = int(total[-1] // 2)
    return np.array(res).T, np.full(len(a), now)


ROWS = {
    "start ignored": mistake(
        "The carry that comes in at the start is not used.", lambda a, c: sums(a, 0 * c)
    ),
    "from the top": mistake(
        "The first step is the least significant bit, so begin there.", from_the_top
    ),
    "carry lost": mistake(
        "No carry goes from one step to the next.", lambda a, c: (a.sum(2) % 2, c)
    ),
    "old carry returned": mistake(
        "The carry to return goes out of the *last* column; it isn't the one that came in.",
        lambda a, c: (sums(a, c)[0], c),
    ),
    "one carry for all": mistake(
        "Each row has a carry of its own: keep an array of them.", with_one_carry
    ),
}


@tasks.check(
    "04.2",
    "Rows of bits",
    points=4,
    minutes=10,
    withheld=["carry.add", "carry.carries_in", "carry.to_int"],
    hints=[
        "Walk along the second axis, one step t at a time. At each step, all rows at once.",
        "`a[:, t, 0]` and `a[:, t, 1]` are the bits of all rows at step t, each of shape (batch).",
        "Keep the carry in an array of shape (batch) and replace it at each step.",
    ],
    mistakes=ROWS,
)
def check_add_rows(work: Any, rng: np.random.Generator) -> None:
    def rows(*shape: int) -> tuple[np.ndarray, np.ndarray]:
        return rng.integers(0, 2, (*shape, 2)), rng.integers(0, 2, shape[0])

    end_to_end = np.ones((1, 4, 2), int), np.ones(1, int)
    longer_than_64_bits = rows(3, 70)
    examples = [rows(1, 1), rows(1, 2), rows(2, 3), end_to_end, longer_than_64_bits, rows(50, 10)]
    hint = "Compare with task 04.1 on a row of two steps."
    compare(work.add_rows, sums, examples, ROWS, hint)


# Predict ---------------------------------------------------------------------------------------

tasks.predict(
    "04.3",
    "how long is a carry in doubt?",
    ["1/2", "1/8", "1/10", "1/1000"],
    minutes=3,
    hints=["Which pairs of bits tell you the carry, whatever came in?"],
)


# Your own generator ----------------------------------------------------------------------------

GENERATOR = {
    "ends": mistake("The generator should never end: is the `yield` inside `while True`?"),
    "no pair": mistake(
        "Yield a pair: the bits, shape (batch, seqlen, 2), and the bits of the sum, shape "
        "(batch, seqlen)."
    ),
    "other numbers": mistake(
        "The upper end of `rng.integers(0, 2)` isn't drawn: it gives 0 and 1."
    ),
    "unfair": mistake("0 and 1 should come about equally often."),
    "seeded inside": mistake(
        "Make the random generator before the loop, not inside: inside, it starts from its seed "
        "each time."
    ),
    "carry restarted": mistake(
        "Each batch starts again without a carry: keep the carries that are left over."
    ),
    "wrong sums": mistake("Add each batch with the carries that the batch before left over."),
}


@tasks.check(
    "04.4",
    "Your own generator",
    points=4,
    minutes=12,
    withheld=["carry.generator"],
    uses=["carry.add"],
    hints=[
        "Before the loop: a random generator and an array of carries, all 0. In an endless loop: "
        "draw bits, add them, keep the carries, yield.",
        "`add_rows` or `carry.add(a, carries)` gives both results: the bits of the sum to yield, "
        "and the carries to keep.",
        "`rng.integers(0, 2, (batchsize, seqlen, 2))` draws a batch.",
    ],
    mistakes=GENERATOR,
)
def check_generator(work: Any, rng: np.random.Generator) -> None:
    for batchsize, seqlen, n in [(1, 1, 2), (1, 2, 8), (3, 5, 20)]:
        seed = int(rng.integers(1_000_000))
        batches = work.endless_additions.first(n, batchsize, seqlen, seed)
        where = f"endless_additions({batchsize}, {seqlen}, seed={seed}), {n} batches"
        require_batches(batches, n, batchsize, seqlen, where)
        require_fair_bits(batches, where)
        require_one_addition(batches, where)


def require_batches(batches: list, n: int, batchsize: int, seqlen: int, where: str) -> None:
    """Require n pairs of bits and sums, of the right shapes."""
    ended = f"it ended after {len(batches)} batches"
    require(len(batches) == n, ended, GENERATOR["ends"], example=where)
    shapes = [(batchsize, seqlen, 2), (batchsize, seqlen)]
    for batch in batches:
        require(
            isinstance(batch, tuple | list) and list(map(np.shape, batch)) == shapes,
            "a batch doesn't consist of bits and sums of the right shapes",
            GENERATOR["no pair"],
            example=where,
        )


def require_fair_bits(batches: list, where: str) -> None:
    """Require bits, drawn evenly and anew for each batch."""
    bits = np.array([part for part, _ in batches])
    binary = np.isin(bits, (0, 1)).all()
    what = "there are other numbers than 0 and 1 among the bits"
    require(binary, what, GENERATOR["other numbers"], example=where)
    fair = bits.size < 200 or 0.3 < bits.mean() < 0.7
    require(fair, "the bits are not drawn fairly", GENERATOR["unfair"], example=where)
    new = len(batches) == 2 or (bits != bits[0]).any()
    require(new, "all batches are the same", GENERATOR["seeded inside"], example=where)


def require_one_addition(batches: list, where: str) -> None:
    """Require that the batches, put one behind the other, are one addition."""
    parts = [np.array(part) for part, _ in batches]
    res = np.concatenate([np.array(part) for _, part in batches], axis=1)
    none = np.zeros(len(res))
    restarted = np.concatenate([sums(part, none)[0] for part in parts], axis=1)
    wanted, _ = sums(np.concatenate(parts, axis=1), none)
    why = GENERATOR["carry restarted" if np.array_equal(res, restarted) else "wrong sums"]
    what = "the batches, put one behind the other, aren't one addition"
    require(np.array_equal(res, wanted), what, why, example=where)


# The floor under the loss ----------------------------------------------------------------------


def exactly(cost: Fraction, start: int, divide: bool) -> Callable[[int], float]:
    """Return the floor for a cost per step in doubt, steps counted from `start`, perhaps a mean."""

    def floor(seqlen: int) -> float:
        total = sum(Fraction(1, 2 ** (t + start)) for t in range(seqlen)) * cost
        return float(total / seqlen if divide else total)

    return floor


FLOOR = {
    "not a mean": mistake(
        "The *mean* squared error is over all steps: divide by their number.",
        exactly(Fraction(1, 4), 0, False),
    ),
    "counted from 1": mistake(
        "Count the steps from 0: at the very first the carry is always in doubt.",
        exactly(Fraction(1, 4), 1, True),
    ),
    "not squared": mistake(
        "The squared error of answering ½ is (½)², not ½.", exactly(Fraction(1, 2), 0, True)
    ),
}


@tasks.check(
    "04.5",
    "The floor under the loss",
    points=3,
    minutes=10,
    withheld=["carry.mse_floor", "carry.cross_entropy_floor"],
    hints=[
        "Where the carry is in doubt, the sum bit is a fair coin. What does it cost to answer ½?",
        "At step t (counting from 0) the carry is in doubt with probability 2⁻ᵗ.",
        "Add up ¼ · 2⁻ᵗ for t = 0 … T − 1. And what does *mean* squared error divide by?",
    ],
    mistakes=FLOOR,
)
def check_floor(work: Any, rng: np.random.Generator) -> None:
    examples = [(1,), (2,), (10,), (int(rng.integers(20, 60)),)]
    hint = "Try it for T = 1 first: one step, and the carry is a fair coin."
    compare(work.floor, exactly(Fraction(1, 4), 0, True), examples, FLOOR, hint, tolerance=1e-9)


# In words --------------------------------------------------------------------------------------

tasks.words(
    "04.6",
    "Why can't more training help?",
    points=2,
    minutes=5,
    hints=["What would the network have to know, and is it anywhere in what it is shown?"],
)
