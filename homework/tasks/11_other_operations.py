"""The checks of exercise 11: four operations, and what a network may know of their answers."""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from homework.checks import Failed, Tasks, compare, mistake, require
from homework.describing import call_text, shown

tasks = Tasks()


# Four operations and a refusal -----------------------------------------------------------------

Answer = Callable[[int, str, int], Any]


def told(a: int, sign: str, b: int) -> str:
    """The oracle: fractions, of any size."""
    if sign == "/":
        whole = math.floor(Fraction(a, b))
        return f"{whole}r{a - b * whole}"
    return str({"+": Fraction(a) + b, "-": Fraction(a) - b, "*": Fraction(a) * b}[sign])


def divided(division: Callable[[int, int], str]) -> Answer:
    """Return a function that divides in its own way, and does all else right."""
    return lambda a, sign, b: division(a, b) if sign == "/" else told(a, sign, b)


def all_but_division_as_numbers(a: int, sign: str, b: int) -> str | int:
    return told(a, sign, b) if sign == "/" else int(told(a, sign, b))


def refusing_any_zero(a: int, sign: str, b: int) -> str:
    if b == 0:
        raise ValueError
    return told(a, sign, b)


ANSWER = {
    "single slash": mistake(
        "A single `/` makes a decimal number; whole numbers are divided with `//`.",
        divided(lambda a, b: f"{a / b}"),
        divided(lambda a, b: f"{a / b}r{a % b}"),
    ),
    "through a decimal": mistake(
        "`int(a / b)` goes through a decimal number, which holds 16 digits; `//` doesn't.",
        divided(lambda a, b: f"{int(a / b)}r{a % b}"),
    ),
    "numbers": mistake(
        "A text is asked for: `str(…)` makes one of a number.", all_but_division_as_numbers
    ),
    "spaces around r": mistake(
        "There are no spaces around the r.",
        divided(lambda a, b: told(a, "/", b).replace("r", " r ")),
    ),
    "any zero refused": mistake(
        "Only a *division* by zero has no answer: 7 + 0 has one.", refusing_any_zero
    ),
    "no remainder": mistake(
        "What is left over is missing: 95 / 7 is 13, and 4 remain.",
        divided(lambda a, b: f"{a // b}"),
    ),
    "swapped": mistake(
        "Quotient and remainder are the other way round.",
        divided(lambda a, b: f"{a % b}r{a // b}"),
    ),
    "minus lost": mistake(
        "The sign of a negative difference is lost.",
        lambda a, sign, b: told(a, sign, b).lstrip("-"),
    ),
    "divided by zero": mistake("Refuse *before* you divide, with a `ValueError` of your own."),
    "other error": mistake("The kind of error that is asked for is a `ValueError`."),
    "zero answered": mistake(
        "There is none, not even a text that says so: `raise`, don't `return`."
    ),
}


@tasks.check(
    "11.1",
    "Four operations and a refusal",
    points=3,
    minutes=8,
    withheld=["operations.answer", "operations.operation_texts"],
    hints=[
        "Treat the division first, and in it the divisor 0.",
        "Python has `//` for the quotient and `%` for the remainder; `divmod` gives both.",
        'To refuse is `raise ValueError("…")`, not `return`. An f-string makes the text of two '
        "numbers with an r between.",
    ],
    mistakes=ANSWER,
)
def check_answer(work: Any, rng: np.random.Generator) -> None:
    hint = "Say the division with apples: how many does each get, and how many are left over?"
    compare(work.answer, told, questions(rng), ANSWER, hint)
    for a in (7, 0, int(rng.integers(1, 100))):
        require_refusal(work, a)


def questions(rng: np.random.Generator) -> list[tuple[int, str, int]]:
    some = [(int(a), int(b)) for a, b in rng.integers(1, 100, (5, 2))]
    easy = [(3, 2), (0, 0), (2, 13), *some]
    divisions = [(6, 3), (7, 3), (3, 7), (95, 7), (0, 5), (98, 99), *some, (10**20 + 7, 7)]
    return [
        *[(a, sign, b) for sign in "+-*" for a, b in easy],
        *[(a, "/", b) for a, b in divisions],
    ]


def require_refusal(work: Any, a: int) -> None:
    """Require that a divided by zero raises a ValueError."""
    where = call_text(work.answer, (a, "/", 0))
    try:
        got = work.answer(a, "/", 0)
    except Failed as failure:
        what = f"a division by zero raised {failure.error}, not ValueError"
        divided_first = failure.error == "ZeroDivisionError"
        why = ANSWER["divided by zero" if divided_first else "other error"]
        require(failure.error == "ValueError", what, why, example=where)
        return
    what = "a division by zero got an answer"
    require(False, what, ANSWER["zero answered"], example=where, got=shown(got))


# Predict ---------------------------------------------------------------------------------------

tasks.predict(
    "11.2",
    "how many divisions are easy?",
    ["10 %", "25 %", "50 %", "75 %"],
    minutes=3,
    hints=["In how many is a smaller than b? And in how many does b go into a twice or more?"],
)


# Leaks -----------------------------------------------------------------------------------------

Known = Callable[[int, int, list[list[int]]], bool]
Leaks = Callable[[np.ndarray, np.ndarray], Any]


def count_of(known: Known) -> Leaks:
    """Return a function that counts the tested pairs that are known from the shown rows."""

    def leaks(shown_pairs: np.ndarray, tested_pairs: np.ndarray) -> int:
        return sum(known(a, b, shown_pairs.tolist()) for a, b in tested_pairs.tolist())

    return leaks


def in_either_order(a: int, b: int, rows: list[list[int]]) -> bool:
    return [a, b] in rows or [b, a] in rows


def with_any_number(shown_pairs: np.ndarray, tested_pairs: np.ndarray) -> int:
    return sum(
        bool((pair == shown_pairs).any() or (pair[::-1] == shown_pairs).any())
        for pair in tested_pairs
    )


def listed(shown_pairs: np.ndarray, tested_pairs: np.ndarray) -> list[list[int]]:
    rows = shown_pairs.tolist()
    return [[a, b] for a, b in tested_pairs.tolist() if in_either_order(a, b, rows)]


def as_often_as_shown(shown_pairs: np.ndarray, tested_pairs: np.ndarray) -> int:
    rows = [sorted(row) for row in shown_pairs.tolist()]
    return sum(rows.count(sorted(pair)) for pair in tested_pairs.tolist())


def different_ones(shown_pairs: np.ndarray, tested_pairs: np.ndarray) -> int:
    known, tested = (set(map(frozenset, p.tolist())) for p in (shown_pairs, tested_pairs))
    return len(known & tested)


LEAKS = {
    "same order only": mistake(
        "The other order counts, too: 58 · 27 tells what 27 · 58 is.",
        count_of(lambda a, b, rows: [a, b] in rows),
    ),
    "other order only": mistake(
        "The pair in the *same* order is also a leak.",
        count_of(lambda a, b, rows: [b, a] in rows),
    ),
    "same sum": mistake(
        "Two different pairs can have the same sum: compare the numbers themselves.",
        count_of(lambda a, b, rows: a + b in map(sum, rows)),
    ),
    "same product": mistake(
        "Two different pairs can have the same product: compare the numbers themselves.",
        count_of(lambda a, b, rows: a * b in map(math.prod, rows)),
    ),
    "in an array": mistake(
        "`in` with an array asks whether *any number* agrees: use lists or tuples.",
        with_any_number,
    ),
    "listed": mistake("Return *how many* there are, not which.", listed),
    "not together": mistake(
        "Both numbers were shown, but not necessarily together.",
        count_of(lambda a, b, rows: {a, b} <= set(sum(rows, []))),
    ),
    "inverted": mistake(
        "Count the leaks; these are the pairs that are *none*.",
        count_of(lambda a, b, rows: not in_either_order(a, b, rows)),
    ),
    "as often as shown": mistake(
        "A tested pair counts once, however often it was shown.", as_often_as_shown
    ),
    "tested twice": mistake("If a pair is tested twice, that is two leaks.", different_ones),
}


@tasks.check(
    "11.3",
    "Leaks",
    points=3,
    minutes=8,
    hints=[
        "What is the same for (27, 58) and (58, 27), and for no other pair?",
        "The larger and the smaller number of a pair, in that order, for example; or a "
        "`frozenset` of the two.",
        "Put these of all shown pairs into a `set`, and count the tested ones that are in it.",
    ],
    mistakes=LEAKS,
)
def check_leaks(work: Any, rng: np.random.Generator) -> None:
    examples = [
        (np.array([[1, 2]]), np.array([[2, 1], [1, 2], [2, 2], [1, 1], [0, 3]])),
        (np.array([[5, 5]]), np.array([[5, 5]])),
        (np.array([[1, 9], [4, 6]]), np.array([[9, 1], [5, 5], [6, 4], [4, 6]])),
    ]
    for n_shown, n_tested in [(3, 6), (20, 30), (30, 60)]:
        examples.append((rng.integers(0, 9, (n_shown, 2)), rng.integers(0, 9, (n_tested, 2))))
    hint = "Try it on three shown and three tested pairs, on paper."
    compare(work.leaks, count_of(in_either_order), examples, LEAKS, hint)


# What the units settle -------------------------------------------------------------------------

Settled = Callable[[np.ndarray, np.ndarray], int]


def last_digit(number: int) -> int:
    return int(str(number)[-1])


def last_digits(a: int, b: int) -> tuple[int, ...]:
    return last_digit(a), last_digit(b)


def sorted_last_digits(a: int, b: int) -> tuple[int, ...]:
    return tuple(sorted(last_digits(a, b)))


def groups_settled(
    last: Callable[[int], int] = last_digit,
    group: Callable[[int, int], tuple[int, ...]] = last_digits,
    counts: Callable[[int], bool] = lambda n: n == 1,
) -> Settled:
    """Return a function that counts groups of pairs by how many different answers they have.

    Args:
        last: what is taken of an answer.
        group: the group of a pair.
        counts: whether a group with so many different answers counts.
    """

    def settled(pairs: np.ndarray, answers: np.ndarray) -> int:
        rows = zip(pairs.tolist(), answers.tolist(), strict=True)
        different = {(group(a, b), last(answer)) for (a, b), answer in rows}
        return sum(map(counts, Counter(each for each, _ in different).values()))

    return settled


def several_answers(n: int) -> bool:
    return n > 1


SETTLED = {
    "negative remainder": mistake(
        "The last digit of a negative number: in Python −13 % 10 is 7, not 3.",
        groups_settled(last=lambda answer: answer % 10),
    ),
    "whole answers": mistake(
        "Compare the *last digits* of the answers, not whole answers.",
        groups_settled(last=lambda answer: answer),
    ),
    "order ignored": mistake(
        "The pair (3, 5) isn't (5, 3): keep the order.", groups_settled(group=sorted_last_digits)
    ),
    "whole numbers": mistake(
        "Group by the last digits of a and b, not by the numbers themselves.",
        groups_settled(group=lambda a, b: (a, b)),
    ),
    "missing ones counted": mistake(
        "Pairs of last digits that don't occur don't count.",
        lambda pairs, answers: 100 - groups_settled(counts=several_answers)(pairs, answers),
    ),
    "inverted": mistake(
        "Count the pairs that *do* settle it.", groups_settled(counts=several_answers)
    ),
    "any answer": mistake(
        "A pair settles the digit only if *all* its answers agree.",
        groups_settled(counts=lambda n: True),
    ),
}


@tasks.check(
    "11.4",
    "What the units settle",
    points=4,
    minutes=10,
    hints=[
        "For each pair of last digits, collect the last digits of its answers. In what can you "
        "collect them so that equal ones appear once?",
        "A dictionary from (last digit of a, last digit of b) to a set of last digits.",
        "In Python, −13 % 10 is 7. Take the absolute value first. Then count the sets that have "
        "one element.",
    ],
    mistakes=SETTLED,
)
def check_settled(work: Any, rng: np.random.Generator) -> None:
    hint = "Write down the questions that end in 3 and 5 and their answers, and compare."
    compare(work.settled, groups_settled(), pairs_and_answers(rng), SETTLED, hint)


def pairs_and_answers(rng: np.random.Generator) -> list[tuple[np.ndarray, np.ndarray]]:
    examples = [
        (np.array([[12, 3], [2, 3], [13, 5], [3, 5]]), np.array([15, 5, 8, -2])),
        (np.array([[1, 2], [2, 1], [21, 2]]), np.array([-1, 1, 19])),
        (np.array([[13, 0], [3, 10]]), np.array([13, -7])),
        (np.array([[3, 10], [13, 20]]), np.array([-7, -7])),
    ]
    whole = np.indices((30, 30)).reshape(2, -1).T
    for pairs in (whole, whole[rng.random(len(whole)) < 0.3], rng.integers(0, 1_000, (300, 2))):
        a, b = pairs.T
        examples += [(pairs, answers) for answers in (a - b, a * b, a % (b + 1), a * a - b)]
    return examples


# Place by place --------------------------------------------------------------------------------

Places = Callable[[Sequence[str], Sequence[str]], np.ndarray]
Digits = list[tuple[str, str]]  # of a product and of what was said, at one place; "" for none


def share_of(
    right: Callable[[str, str], bool],
    total: Callable[[Digits], int],
    align: Callable[[str], str] = lambda text: text[::-1],
) -> Places:
    """Return a function that divides the number of right digits at each place by a total.

    Args:
        right: whether the digit that was said is right, given that of the product.
        total: what to divide by, at one place.
        align: puts a text's digits in order, ones first.
    """

    def shares(products: Sequence[str], said: Sequence[str]) -> np.ndarray:
        result = []
        for place in range(4):
            rows = zip(map(align, products), map(align, said), strict=True)
            digits = [(p[place : place + 1], s[place : place + 1]) for p, s in rows]
            n = total(digits)
            result.append(sum(right(p, s) for p, s in digits) / n if n else math.nan)
        return np.array(result)

    return shares


def same(product: str, said: str) -> bool:
    return product == said != ""


def same_or_none(product: str, said: str) -> bool:
    return product == said


def products_there(digits: Digits) -> int:
    return sum(p != "" for p, _ in digits)


by_place = share_of(same, products_there)

TOO_SHORT = "What the network said may be too short: then this digit is wrong, and counts."
PLACES = {
    "from the left": mistake(
        "Count places from the right: the ones are the *last* character.",
        share_of(same, products_there, align=lambda text: text),
    ),
    "ones last": mistake(
        "The ones come first in the result: yours are the other way round.",
        lambda products, said: by_place(products, said)[::-1],
    ),
    "divided by all": mistake(
        "Divide by the number of products that have this place, not by all.", share_of(same, len)
    ),
    "none is right": mistake(
        "A place that neither of the two has isn't right, it isn't there.",
        share_of(same_or_none, len),
    ),
    "too long counted": mistake(
        "A product without this place doesn't count, even if the network wrote a digit there.",
        share_of(same, lambda digits: sum(p != "" or s != "" for p, s in digits)),
    ),
    "too short left out": mistake(
        TOO_SHORT, share_of(same, lambda digits: sum(p != "" and s != "" for p, s in digits))
    ),
    "too short for an index": mistake(TOO_SHORT, raises="IndexError"),
    "percentages": mistake(
        "A share lies between 0 and 1; these are percentages.",
        lambda products, said: 100 * by_place(products, said),
    ),
    "filled with zeros": mistake(
        "Filled up with zeros, a place that isn't there seems right: leave it out.",
        share_of(same_or_none, len, align=lambda text: text[::-1].ljust(9, "0")),
    ),
    "not divided": mistake(
        "Divide by the number of products: these are counts, not shares.",
        share_of(same, lambda digits: 1),
    ),
}


@tasks.check(
    "11.5",
    "Place by place",
    points=4,
    minutes=10,
    hints=[
        "The ones are the last character of a text, at −1; the tens are at −2, if there are two.",
        "A product counts for a place only if it is long enough. If what was said isn't long "
        "enough there, that is an error.",
        "Turning all texts round first, `text[::-1]`, makes place k character k.",
    ],
    mistakes=PLACES,
)
def check_right_by_place(work: Any, rng: np.random.Generator) -> None:
    hint = "Write product and answer below each other, flush right, and look column by column."
    examples = products_and_said(rng)
    compare(work.right_by_place, by_place, examples, PLACES, hint, tolerance=1e-9)


def products_and_said(rng: np.random.Generator) -> list[tuple[list[str], list[str]]]:
    examples = [(["1234", "7"], ["1234", "7"]), (["1050", "42", "7"], ["1150", "32", "77"])]
    for n in (3, 10, 200):
        powers = [10 ** int(k) for k in (3, *rng.integers(1, 4, n))]
        products = [str(power + int(rng.integers(0, 9 * power))) for power in powers]
        examples.append((products, [spoilt(text, rng) for text in products]))
    return examples


def spoilt(text: str, rng: np.random.Generator) -> str:
    """Return a product as a network may say it: too short, too long, or with another digit."""
    change = rng.integers(0, 8)
    if change == 0:
        return text[1:] or "0"
    if change == 1:
        return "3" + text
    if change == 2:
        return text[:-1] + "5"
    place = rng.integers(0, len(text))
    digit = str(rng.integers(0, 10)) if change < 5 else text[place]
    return text[:place] + digit + text[place + 1 :]


# Practise what you can't do yet ----------------------------------------------------------------

N_DRAWN = 60_000

PRACTICE = {
    "no numbers": mistake("Return the numbers of the questions, shape (n,)."),
    "no question": mistake("The first question is number 0, the last one m − 1."),
    "uneven if all alike": mistake("If all are wrong, or all right, all have the same weight."),
    "right ones left out": mistake(
        "What isn't practised is forgotten: draw the right ones, too, only less often."
    ),
    "eight times together": mistake(
        "Eight times as often is meant for *each* question, not for all of them together."
    ),
    "eight times more": mistake(
        "Eight times as often, not eight times more in addition: weights 8 and 1."
    ),
    "inverted": mistake("The *wrong* ones should come more often, and the right ones do."),
    "other weights": mistake(
        "Give weight 8 to what was wrong, 1 to the others, and divide by the sum."
    ),
}


@tasks.check(
    "11.6",
    "Practise what you can't do yet",
    points=3,
    minutes=7,
    hints=[
        "Give each question a weight, 8 or 1. Then make probabilities of the weights.",
        "Probabilities are weights divided by their sum.",
        "`rng.choice(m, n, p=probabilities)` draws n numbers below m.",
    ],
    mistakes=PRACTICE,
)
def check_draw_practice(work: Any, rng: np.random.Generator) -> None:
    for share, m in [(0.5, 4), (0.25, 8), (0.1, 30), (0.0, 5), (1.0, 5)]:
        wrong = np.zeros(m, bool)
        wrong[rng.permutation(m)[: round(share * m)]] = True
        where = f"{int(wrong.sum())} of {m} questions wrong, {N_DRAWN:,} draws"
        generator = np.random.default_rng(rng.integers(10**6))
        rows = np.asarray(work.draw_practice(wrong, N_DRAWN, generator))
        require_question_numbers(rows, m, where)
        counts = np.bincount(rows, minlength=m)
        if wrong.all() or not wrong.any():
            require_evenly_drawn(counts, where)
        else:
            require_eight_times(counts[wrong], counts[~wrong], where)


def require_question_numbers(rows: np.ndarray, m: int, where: str) -> None:
    fits = rows.shape == (N_DRAWN,) and rows.dtype.kind in "iu"
    what = "it doesn't return n whole numbers"
    require(fits, what, PRACTICE["no numbers"], example=where, got=shown(rows))
    exist = rows.min() >= 0 and rows.max() < m
    what = "there are numbers that belong to no question"
    require(exist, what, PRACTICE["no question"], example=where, got=shown(np.unique(rows)))


def require_evenly_drawn(counts: np.ndarray, where: str) -> None:
    even = counts.min() > 0.9 * N_DRAWN / len(counts)
    what = "the questions aren't drawn equally often"
    require(even, what, PRACTICE["uneven if all alike"], example=where, got=shown(counts))


def require_eight_times(wrong: np.ndarray, right: np.ndarray, where: str) -> None:
    """Require that each wrong one was drawn about eight times as often as each right one."""
    what = "a question that it got right is never drawn"
    require(right.min() > 0, what, PRACTICE["right ones left out"], example=where)
    ratio = wrong.mean() / right.mean()
    if abs(wrong.sum() / right.sum() - 8) < 0.8:
        why = PRACTICE["eight times together"]
    elif abs(ratio - 9) < 0.5:
        why = PRACTICE["eight times more"]
    elif abs(ratio * 8 - 1) < 0.2:
        why = PRACTICE["inverted"]
    else:
        why = PRACTICE["other weights"]
    what = "the wrong ones aren't drawn eight times as often as the right ones"
    got = f"each wrong one {ratio:.2f} times as often"
    require(abs(ratio - 8) < 0.5, what, why, example=where, got=got)


# In words --------------------------------------------------------------------------------------

tasks.words(
    "11.7",
    "Does it multiply?",
    points=2,
    minutes=4,
    hints=["How can a network have a product right without multiplying? Name two ways."],
)
