"""The checks of exercise 10: how many questions there are, which are drawn, and how to report."""

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import partial
from itertools import combinations_with_replacement
from typing import Any

import numpy as np

from homework.checks import Failed, Mistake, Tasks, compare, explaining, mistake, require
from homework.describing import shown, sum_text

tasks = Tasks()

Terms = list[int]
NO_RETURN = mistake("The function returned nothing: is there a `return`?")


# Predict ---------------------------------------------------------------------------------------

tasks.predict(
    "10.1",
    "how many problems are there?",
    ["200", "2,000", "20,000", "50,000"],
    minutes=3,
    hints=["In how many orders can you write five different terms? Divide roughly by that."],
)


# Drawn evenly from all questions ---------------------------------------------------------------


def exact_shares(
    numbers: Sequence[int],
    n_values: int,
    count: Callable[[int, int], int] = lambda n, v: math.prod([v] * n),
    divide: bool = True,
) -> list[float]:
    """The oracle: in fractions, from how many questions of n terms with v values there are."""
    counts = [count(n, n_values) for n in numbers]
    return [float(Fraction(c, sum(counts) if divide else 1)) for c in counts]


SHARES = {
    "choices added": mistake(
        "With each further term there are n_values *times* as many questions: numbers of choices "
        "multiply.",
        partial(exact_shares, count=lambda n, v: n * v),
    ),
    "base and exponent swapped": mistake(
        "Base and exponent are the other way round: try one term with 10 values.",
        partial(exact_shares, count=lambda n, v: math.prod([n] * v)),
    ),
    "not divided": mistake(
        "Shares add up to 1: divide by the number of *all* questions.",
        partial(exact_shares, divide=False),
    ),
    "problems counted": mistake(
        "3+10+7 and 10+3+7 are different questions here; the draw is from questions.",
        partial(exact_shares, count=lambda n, v: math.comb(v + n - 1, n)),
    ),
    "percentages": mistake(
        "Those are percentages; shares add up to 1, not to 100.",
        lambda numbers, n_values: [100 * share for share in exact_shares(numbers, n_values)],
    ),
    "power of a list": mistake(
        "`numbers` is a list, and a power of a list means nothing: take one number of terms after "
        "the other.",
        raises="TypeError",
    ),
    "numbers equally often": mistake(
        "So it would be if each number of terms came equally often. Here every *question* does.",
        partial(exact_shares, count=lambda n, v: 1),
    ),
    "no list": mistake("One share is wanted for each number of terms."),
    "nothing returned": NO_RETURN,
}


@tasks.check(
    "10.2",
    "Drawn evenly from all questions",
    points=2,
    minutes=5,
    hints=[
        "How many questions of two terms are there, if each term can have 10 values? Of three?",
        "A share is a number of questions divided by the number of all questions together.",
    ],
    mistakes=SHARES,
)
def check_shares(work: Any, rng: np.random.Generator) -> None:
    def shares(numbers: list[int], n_values: int) -> list[Any]:
        return as_floats(work.shares(numbers, n_values))

    some = sorted(rng.choice(range(1, 8), 3, replace=False).tolist())
    examples = [([2], 10), ([1, 2], 2), ([2, 3, 4, 5], 10), (some, int(rng.integers(3, 50)))]
    hint = "Do it by hand for one and two terms with the values 0 and 1: six questions."
    compare(shares, exact_shares, examples, SHARES, hint, tolerance=1e-9)


def as_floats(answer: Any) -> list[Any]:
    """Return a list or an array as a list of floats; whole numbers may be too large for NumPy."""
    why = SHARES["nothing returned" if answer is None else "no list"]
    listed = isinstance(answer, list | tuple) or np.ndim(answer) == 1
    require(listed, "it doesn't return a list", why)
    return [float(share) if isinstance(share, int | float) else share for share in answer]


# A key without order ---------------------------------------------------------------------------

KEY = {
    "order matters": mistake(
        "They are the same problem in another order. Which list do both of them give when the "
        "order no longer counts?"
    ),
    "zero lost": mistake("A term 0 leaves no trace in the key: 5 and 5+0 are different questions."),
    "same sum": mistake("They have the same sum, but they are different problems."),
    "base too small": mistake(
        "Read as digits of one number, the terms run into each other: is the base large enough?"
    ),
    "a float": mistake(
        "A division or a float on the way? Floats lose the last digits of large numbers."
    ),
    "a list or a text": mistake(
        "A list or a text is no whole number: put the terms into one number, as its digits."
    ),
    "nothing returned": NO_RETURN,
}
SMALL = [list(t) for n in (1, 2, 3) for t in combinations_with_replacement(range(4), n)]
SUM_99 = [[t, 99 - t] for t in range(50)]
EDGES = [[0, 99], [1, 99], [2, 99], [1, 0], [0, 1, 98], [9, 11], [1, 91, 1]]
LONG = [[0] * 4, [0] * 5, [99] * 5, [99] * 4, [98, 99, 99, 99, 99]]


@tasks.check(
    "10.3",
    "A key without order",
    points=4,
    minutes=8,
    withheld=["terms.term_keys"],
    hints=[
        "What do 3+10+7 and 10+3+7 have in common? Bring the terms into an order first.",
        "Two digits are put into one number like this: `10 * first + second`. With larger "
        '"digits" take a larger base. How large must it be for terms up to 99?',
        "A term 0 must leave a trace. Add 1 to each term first; then the base has to be larger "
        "by 1, too.",
    ],
    mistakes=KEY,
)
def check_key(work: Any, rng: np.random.Generator) -> None:
    for terms in ([1, 2], [3, 10, 7], [*rng.integers(0, 100, 4).tolist(), 0]):
        for other in (terms[::-1], rng.permutation(terms).tolist()):
            require_same_key(work, terms, other)
    some = [rng.integers(0, 100, n).tolist() for n in rng.integers(1, 6, 300)]
    require_different_keys(work, SMALL + SUM_99 + EDGES + LONG + some)


def key_of(work: Any, terms: Terms) -> int:
    """Return the learner's key, a whole number."""
    number = work.key(list(terms))
    why = {type(None): "nothing returned", float: "a float"}.get(type(number), "a list or a text")
    whole = isinstance(number, int) and not isinstance(number, bool)
    where = {"example": f"key({terms})", "got": shown(number)}
    require(whole, "the key is no whole number", KEY[why], **where)
    return number


def require_same_key(work: Any, terms: Terms, other: Terms) -> None:
    require(
        key_of(work, terms) == key_of(work, other),
        f"{sum_text(terms)} and {sum_text(other)} have different keys",
        KEY["order matters"],
        example=f"key({terms}) and key({other})",
    )


def require_different_keys(work: Any, questions: list[Terms]) -> None:
    """Require that among these questions only those with the same terms share a key."""
    found: dict[int, Terms] = {}
    for terms in questions:
        number, problem = key_of(work, terms), sorted(terms)
        first = found.setdefault(number, problem)
        require(
            first == problem,
            f"{sum_text(first)} and {sum_text(problem)} have the same key",
            why_the_same_key(first, problem),
            example=f"key({first}) and key({problem})",
            got=shown(number),
        )


def why_the_same_key(first: Terms, other: Terms) -> Mistake:
    if [t for t in first if t] == [t for t in other if t]:
        return KEY["zero lost"]
    return KEY["same sum" if sum(first) == sum(other) else "base too small"]


# Audit a split ---------------------------------------------------------------------------------


def shares_held_out(
    terms: np.ndarray,
    out: np.ndarray,
    share: Callable[[np.ndarray, np.ndarray], np.ndarray] = lambda hidden, asked: hidden / asked,
    no_term: int = 0,
) -> np.ndarray:
    """The oracle: question by question, from two tables of ten numbers."""
    hidden, asked = np.zeros(10, int), np.zeros(10, int)
    for row, is_out in zip(terms.tolist(), out.tolist(), strict=True):
        digit = sum(no_term if t < 0 else t for t in row) % 10
        asked[digit] += 1
        hidden[digit] += is_out
    return share(hidden, asked)


AUDIT = {
    "-1 added": mistake(
        "-1 stands for *no* term, but here it is added up like one.",
        partial(
            shares_held_out,
            share=lambda hidden, asked: hidden / np.maximum(asked, 1),
            no_term=-1,
        ),
    ),
    "divided by all questions": mistake(
        "You divided by the number of all questions: the share is one of the questions with that "
        "last digit.",
        partial(shares_held_out, share=lambda hidden, asked: hidden / asked.sum()),
    ),
    "divided by all held out": mistake(
        "You divided by the number of all that are held out: the share is one of the questions "
        "with that last digit.",
        partial(shares_held_out, share=lambda hidden, asked: hidden / hidden.sum()),
    ),
    "numbers of questions": mistake(
        "Those are numbers of questions, not shares.",
        partial(shares_held_out, share=lambda hidden, asked: hidden),
    ),
    "wrong axis": mistake(
        "One sum is wanted for each question, that is for each *row*: add up along axis 1.",
        raises="IndexError",
    ),
    "shares not held out": mistake(
        "That is the share which is *not* held out.",
        partial(shares_held_out, share=lambda hidden, asked: 1 - hidden / asked),
    ),
}


@tasks.check(
    "10.4",
    "Audit a split",
    points=3,
    minutes=6,
    hints=[
        "First the last digit of each sum, shape (n,). The remainder after division by 10 is it.",
        "A -1 is no term: replace it by 0 before you add up, with `np.where` or `np.maximum`.",
        "The mean of booleans is the share of True. Take it over the questions with that digit.",
    ],
    mistakes=AUDIT,
)
def check_audit(work: Any, rng: np.random.Generator) -> None:
    examples = [
        split(rng, 0, lambda row: row[0] < 3),
        split(rng, 30, lambda row: sum(row) % 3 == 0),
        split(rng, 400, lambda row: rng.random() < 0.2),
    ]
    hint = "Do it by hand for two or three questions: which last digits have their sums?"
    compare(work.audit, shares_held_out, examples, AUDIT, hint, tolerance=1e-9)


def split(
    rng: np.random.Generator, n: int, rule: Callable[[Terms], bool]
) -> tuple[np.ndarray, np.ndarray]:
    """Return n questions and two for each last digit, padded, and which the rule holds out."""
    rows = [rng.integers(0, 100, count).tolist() for count in rng.integers(1, 6, n)]
    rows += [[digit] for digit in range(10)] + [[digit, 90] for digit in range(10)]
    padded = [row + [-1] * (5 - len(row)) for row in rows]
    return np.array(padded), np.array([rule(row) for row in rows])


# Draw around what is held out ------------------------------------------------------------------

DRAW = {
    "endless": mistake(
        "The loop never ends: do the terms that you look at in its condition change when you draw "
        "again?",
        raises="TimeLimit",
    ),
    "no lists": mistake("Each question is a list of terms; `.tolist()` makes one of an array."),
    "left out": mistake("What is held out must be drawn again, not left out."),
    "too many": mistake("One question is wanted for each number in `counts`."),
    "other number of terms": mistake(
        "When a question is drawn again, it keeps its number of terms."
    ),
    "other terms": mistake("`rng.integers(0, 100, …)` draws from 0 to 99."),
    "not looked again": mistake(
        "After drawing again, look again: the new question may be held out, too. And is it the "
        "new one that you keep?"
    ),
    "upper end missing": mistake("`rng.integers(low, high)` never draws `high` itself."),
    "changed until it fits": mistake(
        "All that is allowed should stay equally likely: don't change a held-out question until "
        "it fits, draw a new one."
    ),
    "another generator": mistake(
        "Draw everything with the `rng` that is given, and make none inside."
    ),
}


def never(terms: Terms) -> bool:
    return False


@tasks.check(
    "10.5",
    "Draw around what is held out",
    points=4,
    minutes=10,
    withheld=["terms.draw_terms"],
    hints=[
        "`rng.integers(0, 100, count)` draws the terms of one question; `.tolist()` makes a list.",
        "If it is held out, draw the terms again, with the same number of terms, and look again.",
        "A `while` looks again until the question is allowed; an `if` looks only once.",
    ],
    mistakes=DRAW,
)
def check_draw(work: Any, rng: np.random.Generator) -> None:
    seed = int(rng.integers(1_000_000))

    def drawn(
        counts: list[int], is_out: Callable[[Terms], bool], rule: str, seed: int = seed
    ) -> tuple[list[Terms], str]:
        listed = ", ".join(map(str, counts[:4])) + (", …" if len(counts) > 4 else "")
        example = f"draw([{listed}], is_out, …), held out: {rule}"
        questions = lists_drawn(work, counts, is_out, seed, example)
        require_allowed(questions, counts, is_out, example)
        return questions, example

    drawn([1], never, "nothing")
    drawn([2, 5, 3], lambda terms: sum(terms) % 2 == 1, "odd sums")
    drawn([1] * 60, lambda terms: terms[0] >= 5, "all but 0 to 4")
    drawn([2, 3, 4, 5] * 20, lambda terms: sum(terms) % 5 != 0, "sums that 5 doesn't divide")
    require_all_terms(*drawn([1] * 4_000, never, "nothing"))
    require_even(*drawn([1] * 4_000, lambda terms: terms[0] < 80, "0 to 79"))
    same, example = drawn([3] * 9, never, "nothing")
    again, _ = drawn([3] * 9, never, "nothing")
    other, _ = drawn([3] * 9, never, "nothing", seed + 1)
    what = "the questions don't follow from `rng`"
    follow = same == again and same != other
    require(follow, what, DRAW["another generator"], example=example)


def lists_drawn(
    work: Any, counts: list[int], is_out: Callable[[Terms], bool], seed: int, example: str
) -> list[Terms]:
    """Return what the learner drew as a list of lists."""
    try:
        with explaining(DRAW["endless"]):
            rows = work.draw(list(counts), is_out, np.random.default_rng(seed))
    except Failed as failure:
        failure.example = example
        raise
    if isinstance(rows, list | tuple):
        rows = [row.tolist() if isinstance(row, np.ndarray) else row for row in rows]
    listed = isinstance(rows, list) and all(isinstance(row, list | tuple) for row in rows)
    require(listed, "it doesn't return a list of lists", DRAW["no lists"], example=example)
    return rows


def require_allowed(
    questions: list[Terms], counts: list[int], is_out: Callable[[Terms], bool], example: str
) -> None:
    """Require a question for each count, with terms from 0 to 99, none of them held out."""
    what = f"{len(questions)} questions came for {len(counts)} numbers of terms"
    why = DRAW["left out" if len(questions) < len(counts) else "too many"]
    require(len(questions) == len(counts), what, why, example=example)
    for terms, count in zip(questions, counts, strict=True):
        text = sum_text(terms)
        where = {"got": text, "example": example}
        what = f"a question has {len(terms)} terms, not {count}"
        require(len(terms) == count, what, DRAW["other number of terms"], **where)
        whole = all(isinstance(t, int) and 0 <= t < 100 for t in terms)
        require(whole, "a term is no whole number from 0 to 99", DRAW["other terms"], **where)
        what = f"{text} came up, but it is held out"
        require(not is_out(terms), what, DRAW["not looked again"], example=example)


def require_all_terms(questions: list[Terms], example: str) -> None:
    found = {term for terms in questions for term in terms}
    what = "some terms from 0 to 99 never come up"
    require(found == set(range(100)), what, DRAW["upper end missing"], example=example)


def require_even(questions: list[Terms], example: str) -> None:
    """Require questions of one term, from 80 to 99, all about equally often."""
    shares = np.bincount(np.array(questions).ravel() - 80, minlength=20) / len(questions)
    require(
        shares.max() < 0.08 and shares.min() > 0.025,
        "some allowed terms come up much more often than others",
        DRAW["changed until it fits"],
        example=example,
        got=f"shares of 80, 81, …: {', '.join(f'{s:.2f}' for s in shares)}",
    )


# Report by number of terms ---------------------------------------------------------------------


def n_terms(question: str) -> int:
    return len(question.split("+"))


def right_characters(got: str, want: str) -> float:
    return sum(a == b for a, b in zip(got, want, strict=False)) / len(want)


def report_by(
    questions: list[str],
    written: list[str],
    expected: list[str],
    number: Callable[[str], int] = n_terms,
    mark: Callable[[str, str], float] = lambda got, want: float(got == want),
    share: Callable[[float, int, int], float] = lambda right, asked, in_all: right / asked,
) -> list[tuple[int, float]]:
    """The oracle: pairs of a number and the share of right answers, from small to large numbers."""
    keys = [number(question) for question in questions]
    right = {key: 0.0 for key in sorted(set(keys))}
    for key, got, want in zip(keys, written, expected, strict=True):
        right[key] += mark(got, want)
    return [(key, share(points, keys.count(key), len(keys))) for key, points in right.items()]


def all_in_one(
    questions: list[str], written: list[str], expected: list[str]
) -> list[tuple[int, float]]:
    right = sum(got == want for got, want in zip(written, expected, strict=True))
    return [(n_terms(questions[0]), right / len(questions))]


REPORT = {
    "plus signs counted": mistake(
        "Count for 3+4: one plus sign, but how many terms?",
        partial(report_by, number=lambda question: n_terms(question) - 1),
    ),
    "characters counted": mistake(
        "A question is as long as its characters, not as its terms: 10+10 has two terms.",
        partial(report_by, number=len),
    ),
    "half an answer": mistake(
        "Half an answer is a wrong one: count whole answers, not characters.",
        partial(report_by, mark=right_characters),
    ),
    "divided by all questions": mistake(
        "You divided by the number of all questions: divide by those with that number of terms.",
        partial(report_by, share=lambda right, asked, in_all: right / in_all),
    ),
    "numbers of answers": mistake(
        "Those are numbers of right answers, not shares.",
        partial(report_by, share=lambda right, asked, in_all: right),
    ),
    "percentages": mistake(
        "Those are percentages; a share is a number from 0 to 1.",
        partial(report_by, share=lambda right, asked, in_all: 100 * right / asked),
    ),
    "all in one": mistake(
        "All questions are counted for one number of terms: look at each question's own.",
        all_in_one,
    ),
    "wrong answers": mistake(
        "That is the share of *wrong* answers.",
        partial(report_by, share=lambda right, asked, in_all: 1 - right / asked),
    ),
    "no dictionary": mistake(
        "A dictionary `{2: 0.5, 3: 1.0}` says: half of those of two terms, all of three."
    ),
    "numbers that don't occur": mistake(
        "Only numbers of terms that occur are wanted: without questions there is no share."
    ),
    "nothing returned": NO_RETURN,
}


@tasks.check(
    "10.6",
    "Report by number of terms",
    points=3,
    minutes=6,
    hints=[
        "How many plus signs has a question of three terms?",
        "Collect for each number of terms how many there are and how many of them are right.",
        '`text.count("+")` counts plus signs. A dictionary can hold a list for each number.',
    ],
    mistakes=REPORT,
)
def check_report(work: Any, rng: np.random.Generator) -> None:
    def report(questions: list[str], written: list[str], expected: list[str]) -> list[Any]:
        answer = work.report(questions, written, expected)
        return as_pairs(answer, sorted({n_terms(question) for question in questions}))

    examples = [
        (["1+2"], ["3"], ["3"]),
        (["7", "1+2", "3+4"], ["7", "4", "7"], ["7", "3", "7"]),
        answered(rng, 8, fewest=2),
        answered(rng, 100, fewest=1),
    ]
    hint = "Do it by hand for the questions 1+2, 3+4 and 7."
    compare(report, report_by, examples, REPORT, hint, tolerance=1e-9)


def as_pairs(answer: Any, numbers: list[int]) -> list[Any]:
    """Return a dictionary as a list of its pairs; these numbers of terms occur."""
    why = REPORT["nothing returned" if answer is None else "no dictionary"]
    require(isinstance(answer, dict), "it doesn't return a dictionary", why)
    require(
        not set(answer) > set(numbers),
        "there are numbers of terms in it that don't occur",
        REPORT["numbers that don't occur"],
        got=f"{sorted(answer)} for questions of {numbers} terms",
    )
    return sorted(answer.items())


def answered(
    rng: np.random.Generator, n: int, fewest: int
) -> tuple[list[str], list[str], list[str]]:
    """Return n questions of up to five terms, answers to them, some wrong, and the right ones."""
    rows = [rng.integers(0, 30, count).tolist() for count in rng.integers(fewest, 6, n)]
    totals = [sum(row) for row in rows]
    wrong = [total + 1 if total % 10 < 9 else total - 1 for total in totals]  # one other character
    is_wrong = rng.random(n) < 0.4
    got = [bad if failed else ok for ok, bad, failed in zip(totals, wrong, is_wrong, strict=True)]
    return [sum_text(row) for row in rows], list(map(str, got)), list(map(str, totals))


# In words --------------------------------------------------------------------------------------

tasks.words(
    "10.7",
    '"It adds whatever you type"',
    points=2,
    minutes=7,
    hints=[
        "Your function from 10.2 says how many of the 100,000 test questions had two terms.",
        "What did the lesson's network do with six terms, and with one space more?",
    ],
)
