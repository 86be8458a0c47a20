"""Written by `make exercises` from the solution; change it there."""

from fractions import Fraction

import numpy as np

from course_utils.checks import Failed, choice, compare, require, task, words


def sums(a, carries):
    """The oracle: Python's own integers, of any size."""
    batch, seqlen, _ = a.shape
    powers = [1 << t for t in range(seqlen)]
    totals = [
        sum(p * int(x) for row in a[k].T for p, x in zip(powers, row, strict=True)) + int(carry)
        for k, carry in enumerate(carries)
    ]
    bits = [[total >> t & 1 for t in range(seqlen)] for total in totals]
    return np.array(bits), np.array([total >> seqlen for total in totals])


def rows(rng, shapes):
    return [(rng.integers(0, 2, (*shape, 2)), rng.integers(0, 2, shape[0])) for shape in shapes]


@task(
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
)
def check_full_adder(work, rng):
    columns = [(int(a), int(b), int(c)) for a, b, c in np.ndindex(2, 2, 2)]
    compare(
        work.full_adder,
        lambda a, b, c: (a ^ b ^ c, int(a + b + c > 1)),
        columns,
        mistakes=[
            (
                "The carry that comes in is never looked at: it is a third summand.",
                lambda a, b, c: (a ^ b, a & b),
            ),
            (
                "A carry that comes in can also go on: think of 1 + 0 with a carry.",
                lambda a, b, c: (a ^ b ^ c, a & b),
            ),
            (
                "Bit and carry are the other way round.",
                lambda a, b, c: (int(a + b + c > 1), a ^ b ^ c),
            ),
        ],
        hint="Make a table of all eight cases on paper, and compare.",
    )


@task(
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
)
def check_add_rows(work, rng):
    def backwards(a, carries):
        res, out = sums(a[:, ::-1], carries)
        return res[:, ::-1], out

    def one_carry(a, carries):
        now, res = int(carries[0]), []
        for t in range(a.shape[1]):
            total = a[:, t].sum(1) + now
            res.append(total % 2)
            now = int(total[-1] // 2)
        return np.array(res).T, np.full(len(a), now)

    compare(
        work.add_rows,
        sums,
        [
            *rows(rng, [(1, 1), (1, 2), (2, 3)]),
            (np.ones((1, 4, 2), int), np.ones(1, int)),  # a carry from end to end
            *rows(rng, [(3, 70), (50, 10)]),  # longer than 64 bits
        ],
        mistakes=[
            ("The carry that comes in at the start is not used.", lambda a, c: sums(a, 0 * c)),
            ("The first step is the least significant bit, so begin there.", backwards),
            ("No carry goes from one step to the next.", lambda a, c: (a.sum(2) % 2, c)),
            (
                "The carry to return goes out of the *last* column; it isn't the one that came in.",
                lambda a, c: (sums(a, c)[0], c),
            ),
            ("Each row has a carry of its own: keep an array of them.", one_carry),
        ],
        hint="Compare with task 04.1 on a row of two steps.",
    )


@task(
    "04.3",
    "Predict: how long is a carry in doubt?",
    points=1,
    minutes=3,
    hints=["Which pairs of bits tell you the carry, whatever came in?"],
)
def check_prediction(work, rng):
    choice(work, "prediction", ["1/2", "1/8", "1/10", "1/1000"])


@task(
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
)
def check_generator(work, rng):
    for batchsize, seqlen, n in [(1, 1, 2), (1, 2, 8), (3, 5, 20)]:
        seed = int(rng.integers(1_000_000))
        batches = work.endless_additions.first(n, batchsize, seqlen, seed)
        where = {"example": f"endless_additions({batchsize}, {seqlen}, seed={seed}), {n} batches"}
        require(
            len(batches) == n,
            f"it ended after {len(batches)} batches",
            "The generator should never end: is the `yield` inside `while True`?",
            **where,
        )
        for batch in batches:
            require(
                isinstance(batch, tuple | list)
                and list(map(np.shape, batch)) == [(batchsize, seqlen, 2), (batchsize, seqlen)],
                "a batch doesn't consist of bits and sums of the right shapes",
                "Yield a pair: the bits, shape (batch, seqlen, 2), and the bits of the sum, shape "
                "(batch, seqlen).",
                **where,
            )
        a = np.concatenate([np.array(part) for part, _ in batches], axis=1)
        res = np.concatenate([np.array(part) for _, part in batches], axis=1)
        require(
            np.isin(a, (0, 1)).all(),
            "there are other numbers than 0 and 1 among the bits",
            "The upper end of `rng.integers(0, 2)` isn't drawn: it gives 0 and 1.",
            **where,
        )
        require(
            batchsize * seqlen * n < 100 or 0.3 < a.mean() < 0.7,
            "the bits are not drawn fairly",
            "0 and 1 should come about equally often.",
            **where,
        )
        if n > 2:
            require(
                any(not np.array_equal(batches[0][0], bits) for bits, _ in batches),
                "all batches are the same",
                "Make the random generator before the loop, not inside: inside, it starts from its "
                "seed each time.",
                **where,
            )
        wanted, _ = sums(a, np.zeros(batchsize))
        restarted = [sums(np.array(bits), np.zeros(batchsize))[0] for bits, _ in batches]
        if not np.array_equal(res, wanted):
            right = np.array_equal(res, np.concatenate(restarted, axis=1))
            raise Failed(
                "the batches, put one behind the other, aren't one addition",
                "Each batch starts again without a carry: keep the carries that are left over."
                if right
                else "Add each batch with the carries that the batch before left over.",
                **where,
            )


@task(
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
)
def check_floor(work, rng):
    def exactly(cost, start, divide):
        def floor(seqlen):
            total = sum(Fraction(1, 2 ** (t + start)) for t in range(seqlen)) * cost
            return float(total / seqlen if divide else total)

        return floor

    quarter = Fraction(1, 4)
    compare(
        work.floor,
        exactly(quarter, 0, True),
        [(1,), (2,), (10,), (int(rng.integers(20, 60)),)],
        mistakes=[
            (
                "The *mean* squared error is over all steps: divide by their number.",
                exactly(quarter, 0, False),
            ),
            (
                "Count the steps from 0: at the very first the carry is always in doubt.",
                exactly(quarter, 1, True),
            ),
            (
                "The squared error of answering ½ is (½)², not ½.",
                exactly(Fraction(1, 2), 0, True),
            ),
        ],
        hint="Try it for T = 1 first: one step, and the carry is a fair coin.",
        tolerance=1e-9,
    )


words(
    "04.6",
    "Why can't more training help?",
    points=2,
    minutes=5,
    hints=["What would the network have to know, and is it anywhere in what it is shown?"],
)
