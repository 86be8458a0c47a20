"""The checks of exercise 12: digits in fixed places, steps that are skipped, and waits."""

from collections.abc import Callable
from typing import Any

import numpy as np

from homework.checks import Tasks, compare, mistake
from homework.describing import sum_text

tasks = Tasks()


def numbers(rng: np.random.Generator, n: int, digits: int) -> list[int]:
    """Draw numbers, all lengths equally often."""
    return [int(rng.integers(0, 10 ** int(rng.integers(1, digits + 1)))) for _ in range(n)]


# Columns that never move -----------------------------------------------------------------------


def filled(question: str, digits: int, form: str = "0{}d") -> str:
    """Write each number of a question in a format that says how it is filled up."""
    return sum_text(format(int(term), form.format(digits)) for term in question.split("+"))


COLUMNS = {
    "not turned": mistake("The zeros are right. The text isn't turned round yet.", filled),
    "turned first": mistake(
        "The zeros are on the wrong side, as if 7 were 70. Turning round and filling up: which of "
        "the two must come first?",
        lambda question, digits: sum_text(term.zfill(digits) for term in question[::-1].split("+")),
    ),
    "each number turned": mistake(
        "Each number is turned, but the *whole* text should be: the last number comes first.",
        lambda question, digits: sum_text(
            term[::-1] for term in filled(question, digits).split("+")
        ),
    ),
    "whole text filled": mistake(
        "Only the text as a whole was filled up. *Each* number needs its zeros.",
        lambda question, digits: question.zfill(len(filled(question, digits)))[::-1],
    ),
    "no zeros": mistake(
        "The text is turned round, but no zeros were added.",
        lambda question, digits: question[::-1],
    ),
    "spaces": mistake(
        "Here it was filled up with spaces; a place that is missing should hold a 0.",
        lambda question, digits: filled(question, digits, "{}d")[::-1],
    ),
}


@tasks.check(
    "12.1",
    "Columns that never move",
    points=3,
    minutes=7,
    hints=[
        "Take the question apart at the plus signs, mend each number, and put it together again.",
        '`"38".zfill(3)` is `"038"`.',
        "First fill up, then turn round: the other way the zeros land on the wrong side.",
    ],
    mistakes=COLUMNS,
)
def check_units_first(work: Any, rng: np.random.Generator) -> None:
    examples = [("7+38", 2), ("5+6", 1), ("7+38", 3), ("475+38", 3), ("100+0+9", 3), ("12", 4)]
    examples += [(sum_text(numbers(rng, terms, 4)), 4) for terms in (2, 2, 3)]
    hint = "Do it by hand for 7+38 with three digits, and compare character by character."
    compare(work.units_first, lambda *example: filled(*example)[::-1], examples, COLUMNS, hint)


# Read what it wrote ----------------------------------------------------------------------------


def by_place(text: str, backwards: bool) -> int:
    """The oracle: adds up what each digit is worth."""
    digits = [int(character) for character in text if character != " "]
    places = range(len(digits)) if backwards else range(len(digits) - 1, -1, -1)
    return sum(digit * 10**place for digit, place in zip(digits, places, strict=True))


def turned_if(backwards: bool, text: str) -> str:
    return text[::-1] if backwards else text


READING = {
    "never turned": mistake("`backwards` is not looked at.", lambda text, backwards: int(text)),
    "always turned": mistake(
        "It is always turned round. Look at `backwards`.",
        lambda text, backwards: int(text[::-1]),
    ),
    "turned when it should not": mistake(
        "`backwards` means: turn it round. Here it is turned exactly when it should not.",
        lambda text, backwards: int(turned_if(not backwards, text)),
    ),
    "number turned": mistake(
        "A zero can be the units: written backwards it comes first, and it must not get lost.",
        lambda text, backwards: int(turned_if(backwards, f"{int(text)}")),
    ),
    "zeros stripped": mistake(
        "A zero can be the units, or padding. Don't strip zeros: `int` copes with those in front.",
        lambda text, backwards: int(turned_if(backwards, text.strip(" 0")) or 0),
        lambda text, backwards: int(turned_if(backwards, text.strip(" 0"))),
    ),
    "spaces read as zeros": mistake(
        "A space isn't a zero: behind the units it would make the number ten times as large.",
        lambda text, backwards: int(turned_if(backwards, text.replace(" ", "0"))),
    ),
}


@tasks.check(
    "12.2",
    "Read what it wrote",
    points=3,
    minutes=6,
    hints=[
        "Turn the text the right way round first, if it has to be turned.",
        "`int` takes spaces at the ends and zeros in front: `int(' 042 ')` is 42.",
    ],
    mistakes=READING,
)
def check_read_number(work: Any, rng: np.random.Generator) -> None:
    examples = [("7", False), ("12", False), ("12", True), (" 340", False), ("043 ", True)]
    examples += [("0000", True), ("0012", False), ("0240", True), ("1000", True), ("0   ", True)]
    for number in numbers(rng, 6, 4):
        for backwards in (False, True):
            text = turned_if(backwards, f"{number}")
            with_zeros = turned_if(backwards, f"{number:05d}")
            examples += [(t, backwards) for t in (text.rjust(5), text.ljust(5), with_zeros)]
    hint = "Write down for each character what it is worth: units, tens, hundreds."
    compare(work.read_number, by_place, examples, READING, hint)


# Predict ---------------------------------------------------------------------------------------

tasks.predict(
    "12.3",
    "the wrong symbol is skipped",
    ["3+12", "1+23", "13+2", "none"],
    minutes=5,
    hints=[
        "Which symbol stands at place 0 of that alphabet?",
        "Strike it out of all the questions, and write down what is left of each.",
    ],
)


# Skip what is masked ---------------------------------------------------------------------------


def row_by_row(x: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The oracle: takes out what counts of each row, and walks along the rest."""
    states = np.zeros(len(x))
    for row, (values, counts) in enumerate(zip(x, mask, strict=True)):
        for value in values[counts]:
            states[row] = states[row] / 2 + value + 1
    return states


def walk(
    join: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray],
) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """Return a function that makes all steps; `join` says how from state, input and mask."""

    def last_states(x: np.ndarray, mask: np.ndarray) -> np.ndarray:
        state = np.zeros(len(x))
        for values, counts in zip(x.T, mask.T, strict=True):
            state = join(state, values, counts)
        return state

    return last_states


MASKED = {
    "mask ignored": mistake(
        "The mask is not used: every step counts.",
        walk(lambda state, values, counts: state / 2 + values + 1),
    ),
    "state set to 0": mistake(
        "Where it should skip, the state is set to 0. It should stay as it was.",
        walk(lambda state, values, counts: (state / 2 + values + 1) * counts),
    ),
    "input set to 0": mistake(
        "An input of 0 is still a step: it changes the state. Skip the step itself.",
        walk(lambda state, values, counts: state / 2 + values * counts + 1),
    ),
    "steps along the batch": mistake(
        "The steps are along the *second* axis: not all of them were made.",
        lambda x, mask: row_by_row(x[:, : len(x)], mask[:, : len(x)]),
    ),
    "mask reversed": mistake(
        "It skips where the mask is True. True means that the step counts.",
        lambda x, mask: row_by_row(x, ~mask),
    ),
    "one mask for all": mistake(
        "Each row has a mask of its own: don't use that of the first row for all.",
        lambda x, mask: row_by_row(x, np.repeat(mask[:1], len(x), axis=0)),
    ),
    "if for all rows": mistake(
        "`if` wants one True or False, but the mask has one for each row: choose row by row.",
        raises="ValueError",
    ),
}


@tasks.check(
    "12.4",
    "Skip what is masked",
    points=4,
    minutes=10,
    hints=[
        "Walk along the second axis. At each step compute the new states of all rows, then decide "
        "row by row which of the two, new or old, goes on.",
        "`np.where(condition, a, b)` takes from `a` where the condition holds, and from `b` "
        "elsewhere.",
        "The condition at step t is `mask[:, t]`.",
    ],
    mistakes=MASKED,
)
def check_last_states(work: Any, rng: np.random.Generator) -> None:
    examples = []
    for batch, seqlen in [(1, 1), (1, 2), (1, 4), (2, 4), (5, 7)]:
        x, mask = rng.normal(size=(batch, seqlen)).round(1), rng.random((batch, seqlen)) < 0.6
        mask[0, -1] = False  # the first row ends with a skipped step,
        mask[0, 0] = True  # unless it is the only one
        examples.append((x, mask))
    nothing_counts = np.zeros((2, 3), bool)
    examples.append((np.ones((2, 3)), nothing_counts))
    hint = "Try one row by hand, step by step, with a False in the middle."
    compare(work.last_states, row_by_row, examples, MASKED, hint, tolerance=1e-9)


# How long must a digit wait? -------------------------------------------------------------------


def waits(
    columns_more: int = 1, turned_order: bool = True, off: int = 0
) -> Callable[[int, bool, bool], np.ndarray]:
    """Return a formula for the waits, by default the right one: the oracle.

    Args:
        columns_more: how many columns the answer has more than a number.
        turned_order: whether a question written backwards begins with the second number.
        off: how far each wait is off.
    """

    def formula(digits: int, question_backwards: bool, answer_backwards: bool) -> np.ndarray:
        units_first = np.arange(digits)
        first, second = digits - 1 - units_first, 2 * digits - units_first
        if question_backwards:
            first, second = units_first, digits + 1 + units_first
            if turned_order:
                first, second = second, first
        last = digits + columns_more - 1
        step = units_first if answer_backwards else last - units_first
        return 2 * digits + 1 + step - np.stack([first, second]) + off

    return formula


WAITS = {
    "no column more": mistake(
        "The answer has one column more than the numbers, here too when that digit is 0.",
        waits(columns_more=0),
    ),
    "order of the numbers": mistake(
        "A question written backwards begins with the *second* number.",
        waits(turned_order=False),
    ),
    "one off": mistake(
        "The waits are one off everywhere: from step 6 to step 7 is a wait of 1.",
        waits(off=-1),
        waits(off=1),
    ),
    "highest digit first": mistake(
        "Each row should begin with the units, and end with the highest digit.",
        lambda *example: waits()(*example)[:, ::-1],
    ),
    "question and answer swapped": mistake(
        "Which of the two is written backwards? They are taken one for the other.",
        lambda digits, question_backwards, answer_backwards: waits()(
            digits, answer_backwards, question_backwards
        ),
    ),
    "negative": mistake(
        "It is written after it is read, so waits are positive.",
        lambda *example: -waits()(*example),
    ),
    "rows swapped": mistake(
        "The rows are the other way round.", lambda *example: waits()(*example)[::-1]
    ),
}


@tasks.check(
    "12.5",
    "How long must a digit wait?",
    points=4,
    minutes=10,
    hints=[
        "Write 47+38=085 with the step under each character, from 0 on. At which step is the 8 of "
        "38 read, at which is the 5 written?",
        "Make a list of what is read and a list of what is written, as (number, column) and "
        "column; turn the lists round if asked; then look up places.",
        "The answer has one column more than the numbers. And a question turned round begins with "
        "the second number.",
    ],
    mistakes=WAITS,
)
def check_waits(work: Any, rng: np.random.Generator) -> None:
    examples = [
        (digits, question_backwards, answer_backwards)
        for digits in (1, 2, 3, int(rng.integers(4, 9)))
        for question_backwards in (False, True)
        for answer_backwards in (False, True)
    ]
    hint = "Do it by hand for 47+38 and 085, with the step written under each character."
    compare(work.waits, waits(), examples, WAITS, hint)


# In words --------------------------------------------------------------------------------------

tasks.words(
    "12.6",
    "Another task, another layout",
    points=2,
    minutes=7,
    hints=[
        "Where does the carry come from in this multiplication, and where does it go to?",
        "How many runs, what is the same in all of them, and which questions do you test on?",
    ],
)
