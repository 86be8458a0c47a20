"""The checks of exercise 00."""

from math import ceil, log2

import numpy as np

from homework.checks import Failed, Tasks, compare, require

tasks = Tasks()


def digits(number):
    """The ones and zeros of a number as text, the least significant first."""
    return f"{number:b}"[::-1]


tasks.predict(
    "00.1",
    "a cell that was changed, but not run",
    ["3", "5", "12", "13"],
    minutes=3,
    hints=[
        "The notebook remembers what the cells did when they *ran*, not what they say now.",
        "Write down the value of `count` after each run: A, B, C, B, C.",
    ],
)


@tasks.check(
    "00.2",
    "A size for each budget",
    points=2,
    minutes=4,
    hints=[
        "Section 4 of the lesson calls `choose`: with the budget, and with one size for each.",
        "The sizes are given by name: `smoke=…`, `class_=…` with an underscore, `full=…`.",
    ],
)
def check_budget(work, rng):
    compare(
        work.bits_to_check,
        lambda budget: 10 ** {"smoke": 3, "class": 5, "full": 7}[budget],
        [("smoke",), ("class",), ("full",)],
        mistakes=[
            (
                "`smoke` is the budget with the least to do, `full` the one with the most.",
                lambda budget: 10 ** {"smoke": 7, "class": 5, "full": 3}[budget],
            ),
            (
                "The same comes out at each budget: give `choose` the name `budget`, without "
                "quotes; in quotes it is always the same text.",
                lambda budget: 10**5,
            ),
            (
                "The same comes out at each budget: give `choose` the name `budget`, without "
                "quotes; in quotes it is always the same text.",
                lambda budget: 10**3,
            ),
            (
                "`choose` wants the budget and all three sizes. The middle one is called `class_`, "
                "because `class` alone is a word of Python.",
                "TypeError",
            ),
            ("`choose` got something else than a budget: its first argument.", "ValueError"),
        ],
        hint="Compare the three sizes with those in the task, zero by zero.",
    )
    for misspelt in ("clas", "Full", "smoke "):
        where = {"example": f"bits_to_check({misspelt!r})", "expected": "a ValueError"}
        try:
            got = work.bits_to_check(misspelt)
        except Failed as failure:
            if failure.error in ("", "TimeLimit"):
                raise
            require(
                failure.error == "ValueError",
                f"a misspelt budget ends in another error: {failure.error}",
                "That doesn't say which budgets there are. `choose` does.",
                **where,
            )
        else:
            raise Failed(
                "a misspelt budget is not refused",
                "Whoever mistypes it would wait for a result and get another one. `choose` knows "
                "the three names and refuses all others.",
                got=repr(got),
                **where,
            )


@tasks.check(
    "00.3",
    "The columns of a number",
    points=3,
    minutes=4,
    withheld=["carry.to_bits"],
    hints=[
        "Column t stands for 2 to the power t. The function `add_by_rule` of the lesson looks at "
        "one such column of `a` and of `b`.",
        "`number >> t` drops the lowest t columns. What was column t is then column 0.",
        "`… & 1` keeps column 0 only. Do that for each t in `range(columns)`, in a list.",
    ],
)
def check_bits(work, rng):
    def oracle(number, columns):
        return [int(digit) for digit in digits(number).ljust(columns, "0")]

    def bits_of(number, columns):  # lists and arrays alike
        bits = work.bits_of(number, columns)
        return bits.tolist() if isinstance(bits, np.ndarray) else bits

    examples = [(1, 1), (0, 2), (1, 3), (6, 3), (6, 5)]
    for columns in (8, 20, 40):
        examples.append((int(rng.integers(2 ** (columns - 2), 2 ** (columns - 1))), columns))
    compare(
        bits_of,
        oracle,
        examples,
        mistakes=[
            (
                "The other end first: column 0 is the least significant bit.",
                lambda number, columns: oracle(number, columns)[::-1],
            ),
            (
                "The list stops at the highest 1. The zeros above it are columns, too.",
                lambda number, columns: oracle(number, 1),
            ),
            (
                "Column t still holds all that stands above it: keep its own bit only.",
                lambda number, columns: [number // 2**t for t in range(columns)],
            ),
            (
                "It begins with column 1: the lowest column, column 0, is lost.",
                lambda number, columns: oracle(number // 2, columns),
            ),
            (
                "It begins with column 1: the lowest column, column 0, is lost.",
                lambda number, columns: oracle(number, columns)[1:],
            ),
            (
                "The list is one too long: `range(columns)` ends before `columns` by itself.",
                lambda number, columns: oracle(number, columns + 1),
            ),
            (
                "The highest column is missing: `range(columns)` ends before `columns` by itself.",
                lambda number, columns: oracle(number, columns)[: columns - 1],
            ),
            (
                "It ends after the first column: does the `return` stand inside of the loop?",
                lambda number, columns: oracle(number, columns)[:1],
            ),
            (
                "Every entry is column 0: move column t there first.",
                lambda number, columns: [number % 2] * columns,
            ),
            (
                "The bits keep their worth, 2 to the power t. A bit is 0 or 1.",
                lambda number, columns: np.array(oracle(number, columns)) * 2 ** np.arange(columns),
            ),
        ],
        hint="The list has one number for each column, 0 or 1. Try 6 = 0·1 + 1·2 + 1·4.",
    )


@tasks.check(
    "00.4",
    "Columns that receive a carry",
    points=3,
    minutes=6,
    hints=[
        "`add_by_rule` returns two lists. The first has a 1 for each column that a carry comes "
        "into.",
        "How many columns? The sum can need one more than the larger number. Too many do no harm: "
        "they only hold zeros.",
        "`(a + b).bit_length()` says how many columns the sum needs; `sum` counts ones in a list.",
    ],
)
def check_carries(work, rng):
    def received(a, b):
        return bin(a ^ b ^ (a + b)).count("1")

    def up_to(columns):
        return lambda a, b: bin((a ^ b ^ (a + b)) & (2**columns - 1)).count("1")

    examples = [(3, 3), (1, 1), (2, 1), (0, 0), (11, 6), (15, 1)]
    for bits in (8, 20, 70, 300):
        examples.append(tuple(int.from_bytes(rng.bytes(40), "big") >> 320 - bits for _ in "ab"))
        examples.append((2**bits - 1, 1))
    fixed = "So many columns are enough for small numbers only. How many does the sum need?"
    try:
        compare(
            work.count_carries,
            received,
            examples,
            mistakes=[
                (
                    "The carry out of the highest column is missed: the sum can need a column more "
                    "than the larger number.",
                    lambda a, b: up_to(max(a, b).bit_length())(a, b),
                ),
                (
                    "The carry out of the highest column is missed: the sum can need a column more "
                    "than either number.",
                    lambda a, b: up_to(a.bit_length())(a, b),
                ),
                *((fixed, up_to(columns)) for columns in [*range(2, 70), 100, 128, 256]),
                (
                    "These are the ones in the *sum*. `add_by_rule` returns two lists; which is "
                    "first?",
                    lambda a, b: bin(a + b).count("1"),
                ),
                (
                    "Columns with two ones start a carry; but it may run on through others.",
                    lambda a, b: bin(a & b).count("1"),
                ),
                (
                    "Logarithms are rounded, so for large numbers a column gets lost. Whole "
                    "numbers have a method that counts their bits exactly.",
                    lambda a, b: up_to(ceil(log2(a + b + 1)))(a, b),
                ),
                (
                    "`add_by_rule` needs all three, a, b and columns, and returns two lists.",
                    "TypeError",
                ),
                (
                    "That is how many columns there are. In how many of them is a carry?",
                    lambda a, b: (a + b).bit_length(),
                ),
            ],
            hint="Print the two lists that `add_by_rule` returns, and count by eye: 3 + 3 has two "
            "carries. And are there enough columns?",
        )
    except Failed as failure:
        more = {
            "TimeLimit": "There are far too many columns: a number below 2 to the power 300 has "
            "300 of them, not as many as its value.",
            "ValueError": "0 has no logarithm. Is there another way to count the columns?",
        }
        failure.hint = more.get(failure.error, failure.hint)
        raise


tasks.words(
    "00.5",
    "Two requests for help",
    points=2,
    minutes=3,
    hints=[
        "Think of task 00.1: what does a notebook remember, and what is left after a restart?",
        "Section 5 of the lesson says which folder is whose.",
    ],
)
