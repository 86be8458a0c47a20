"""The checks of exercise 00: how notebooks and budgets work, and the columns of binary numbers."""

from collections.abc import Callable
from math import ceil, log2
from typing import Any

import numpy as np

from homework.checks import Failed, Tasks, compare, mistake, require

tasks = Tasks()


# Predict ---------------------------------------------------------------------------------------

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


# A size for each budget ------------------------------------------------------------------------


def sizes(smoke: int, class_: int, full: int) -> Callable[[str], int]:
    """Return a choice of sizes, given as powers of ten."""
    exponents = {"smoke": smoke, "class": class_, "full": full}
    return lambda budget: 10 ** exponents[budget]


BUDGETS = {
    "turned round": mistake(
        "`smoke` is the budget with the least to do, `full` the one with the most.",
        sizes(7, 5, 3),
    ),
    "always the same": mistake(
        "The same comes out at each budget: give `choose` the name `budget`, without quotes; in "
        "quotes it is always the same text.",
        sizes(5, 5, 5),
        sizes(3, 3, 3),
    ),
    "wrong arguments": mistake(
        "`choose` wants the budget and all three sizes. The middle one is called `class_`, because "
        "`class` alone is a word of Python.",
        raises="TypeError",
    ),
    "no budget": mistake(
        "`choose` got something else than a budget: its first argument.", raises="ValueError"
    ),
    "other error": mistake("That doesn't say which budgets there are. `choose` does."),
    "not refused": mistake(
        "Whoever mistypes it would wait for a result and get another one. `choose` knows the three "
        "names and refuses all others."
    ),
}


@tasks.check(
    "00.2",
    "A size for each budget",
    points=2,
    minutes=4,
    hints=[
        "Section 4 of the lesson calls `choose`: with the budget, and with one size for each.",
        "The sizes are given by name: `smoke=…`, `class_=…` with an underscore, `full=…`.",
    ],
    mistakes=BUDGETS,
)
def check_budget(work: Any, rng: np.random.Generator) -> None:
    budgets = [("smoke",), ("class",), ("full",)]
    hint = "Compare the three sizes with those in the task, zero by zero."
    compare(work.bits_to_check, sizes(3, 5, 7), budgets, BUDGETS, hint)
    for misspelt in ("clas", "Full", "smoke "):
        require_refusal(work.bits_to_check, misspelt)


def require_refusal(bits_to_check: Any, misspelt: str) -> None:
    """Require that a misspelt budget ends in a ValueError."""
    where = {"example": f"bits_to_check({misspelt!r})", "expected": "a ValueError"}
    try:
        got = bits_to_check(misspelt)
    except Failed as failure:
        if failure.error in ("", "TimeLimit"):
            raise
        what = f"a misspelt budget ends in another error: {failure.error}"
        require(failure.error == "ValueError", what, BUDGETS["other error"], **where)
    else:
        what = "a misspelt budget is not refused"
        require(False, what, BUDGETS["not refused"], got=repr(got), **where)


# The columns of a number -----------------------------------------------------------------------


def digits(number: int, columns: int) -> list[int]:
    """The oracle: Python's own way to write a number, turned round."""
    return [int(digit) for digit in f"{number:b}"[::-1].ljust(columns, "0")]


COLUMNS = {
    "other end first": mistake(
        "The other end first: column 0 is the least significant bit.",
        lambda number, columns: digits(number, columns)[::-1],
    ),
    "stops early": mistake(
        "The list stops at the highest 1. The zeros above it are columns, too.",
        lambda number, columns: digits(number, 1),
    ),
    "what stands above": mistake(
        "Column t still holds all that stands above it: keep its own bit only.",
        lambda number, columns: [number // 2**t for t in range(columns)],
    ),
    "lowest lost": mistake(
        "It begins with column 1: the lowest column, column 0, is lost.",
        lambda number, columns: digits(number // 2, columns),
        lambda number, columns: digits(number, columns)[1:],
    ),
    "one too many": mistake(
        "The list is one too long: `range(columns)` ends before `columns` by itself.",
        lambda number, columns: digits(number, columns + 1),
    ),
    "highest lost": mistake(
        "The highest column is missing: `range(columns)` ends before `columns` by itself.",
        lambda number, columns: digits(number, columns)[: columns - 1],
    ),
    "only the first": mistake(
        "It ends after the first column: does the `return` stand inside of the loop?",
        lambda number, columns: digits(number, columns)[:1],
    ),
    "always column 0": mistake(
        "Every entry is column 0: move column t there first.",
        lambda number, columns: [number % 2] * columns,
    ),
    "worth kept": mistake(
        "The bits keep their worth, 2 to the power t. A bit is 0 or 1.",
        lambda number, columns: [bit << t for t, bit in enumerate(digits(number, columns))],
    ),
}


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
    mistakes=COLUMNS,
)
def check_bits(work: Any, rng: np.random.Generator) -> None:
    def bits_of(number: int, columns: int) -> Any:
        bits = work.bits_of(number, columns)
        return bits.tolist() if isinstance(bits, np.ndarray) else bits  # an array will do, too

    examples = [(1, 1), (0, 2), (1, 3), (6, 3), (6, 5)]
    for columns in (8, 20, 40):  # the highest is always 0
        examples.append((int(rng.integers(2 ** (columns - 2), 2 ** (columns - 1))), columns))
    hint = "The list has one number for each column, 0 or 1. Try 6 = 0·1 + 1·2 + 1·4."
    compare(bits_of, digits, examples, COLUMNS, hint)


# Columns that receive a carry ------------------------------------------------------------------


def received(a: int, b: int) -> int:
    """The oracle: where the sum isn't the bits' exclusive or, a carry came in."""
    return (a ^ b ^ (a + b)).bit_count()


def received_below(a: int, b: int, columns: int) -> int:
    """Return how many of the lowest columns receive a carry."""
    return ((a ^ b ^ (a + b)) & (2**columns - 1)).bit_count()


def with_fixed_columns(columns: int) -> Callable[[int, int], int]:
    return lambda a, b: received_below(a, b, columns)


CARRIES = {
    "columns of the larger": mistake(
        "The carry out of the highest column is missed: the sum can need a column more than the "
        "larger number.",
        lambda a, b: received_below(a, b, max(a, b).bit_length()),
    ),
    "columns of the first": mistake(
        "The carry out of the highest column is missed: the sum can need a column more than either "
        "number.",
        lambda a, b: received_below(a, b, a.bit_length()),
    ),
    "fixed columns": mistake(
        "So many columns are enough for small numbers only. How many does the sum need?",
        *map(with_fixed_columns, [*range(2, 70), 100, 128, 256]),
    ),
    "ones in the sum": mistake(
        "These are the ones in the *sum*. `add_by_rule` returns two lists; which is first?",
        lambda a, b: (a + b).bit_count(),
    ),
    "two ones": mistake(
        "Columns with two ones start a carry; but it may run on through others.",
        lambda a, b: (a & b).bit_count(),
    ),
    "rounded": mistake(
        "Logarithms are rounded, so for large numbers a column gets lost. Whole numbers have a "
        "method that counts their bits exactly.",
        lambda a, b: received_below(a, b, ceil(log2(a + b + 1))),
    ),
    "wrong arguments": mistake(
        "`add_by_rule` needs all three, a, b and columns, and returns two lists.",
        raises="TypeError",
    ),
    "all columns": mistake(
        "That is how many columns there are. In how many of them is a carry?",
        lambda a, b: (a + b).bit_length(),
    ),
    "far too many": mistake(
        "There are far too many columns: a number below 2 to the power 300 has 300 of them, not as "
        "many as its value.",
        raises="TimeLimit",
    ),
    "logarithm of 0": mistake(
        "0 has no logarithm. Is there another way to count the columns?", raises="ValueError"
    ),
}


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
    mistakes=CARRIES,
)
def check_carries(work: Any, rng: np.random.Generator) -> None:
    def drawn(bits: int) -> int:
        return int.from_bytes(rng.bytes(40), "big") >> 320 - bits

    examples = [(3, 3), (1, 1), (2, 1), (0, 0), (11, 6), (15, 1)]
    for bits in (8, 20, 70, 300):
        examples += [(drawn(bits), drawn(bits)), (2**bits - 1, 1)]
    hint = (
        "Print the two lists that `add_by_rule` returns, and count by eye: 3 + 3 has two carries. "
        "And are there enough columns?"
    )
    compare(work.count_carries, received, examples, CARRIES, hint)


# In words --------------------------------------------------------------------------------------

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
