"""The checks of exercise 09: more and longer terms, units first, and what no error proves."""

import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from homework.checks import Failed, Tasks, compare, explaining, mistake, require
from homework.describing import call_text, shown

tasks = Tasks()

NOTHING = mistake("The function returned nothing: is there a `return`?")


# Predict ---------------------------------------------------------------------------------------

tasks.predict(
    "09.1",
    "how short is a random number?",
    ["4 %", "20 %", "50 %", "81 %", "90 %"],
    minutes=3,
    hints=["How many of the 100,000 numbers have five digits? And both of two numbers?"],
)


# All lengths equally often ---------------------------------------------------------------------

DRAW = {
    "no length to draw": mistake(
        "`rng.integers(1, 1)` has nothing to draw from. With `digits` = 1, every length is 1: is "
        "the upper end included?",
        raises="ValueError",
        says="low >= high",
    ),
    "nothing returned": NOTHING,
    "no rows of two": mistake("n rows of two numbers are wanted, each drawn on its own."),
    "not whole": mistake("`rng.integers` draws whole numbers, here from 0."),
    "too long": mistake(
        "The largest number of two digits is 99, not 100. Which is the largest that you can draw, "
        "and which the largest length?"
    ),
    "a digit left out": mistake(
        "With one digit, all of 0, 1, …, 9 are equally likely. Where does your draw end?"
    ),
    "from all numbers": mistake(
        "Drawn evenly from all numbers, nine of ten have the full length. Draw a length first, "
        "for each number its own."
    ),
    "longest left out": mistake(
        "The length `digits` should come up as often as the others: is the upper end included? And "
        "is a length drawn for *each* number?"
    ),
    "length exact": mistake(
        "A number that is drawn with length 3 may be any below 1,000, also 7: begin at 0."
    ),
    "lengths from 0": mistake("The shortest length is 1. Do you draw lengths of 0, too?"),
    "other shares": mistake(
        "Are all lengths from 1 to `digits` equally likely, and then all numbers from 0 to "
        "10^length − 1?"
    ),
    "one length for both": mistake(
        "Each *number* has a length of its own, not each pair: 7 + 25013 should come up, too."
    ),
    "not all with rng": mistake("Draw everything with the `rng` that is given."),
    "rng made inside": mistake(
        "Draw everything with the `rng` that is given, and make none inside."
    ),
}


@tasks.check(
    "09.2",
    "All lengths equally often",
    points=3,
    minutes=6,
    withheld=["questions.draw_numbers", "questions.draw_pairs"],
    hints=[
        "First an array of lengths, one for each of the 2 n numbers.",
        "`rng.integers(low, high, shape)` never draws `high` itself.",
        "`high` may be an array: then each number is drawn below a bound of its own.",
    ],
    mistakes=DRAW,
)
def check_draw(work: Any, rng: np.random.Generator) -> None:
    seed = int(rng.integers(1_000_000))
    for n, digits in [(1, 1), (3, 2), (4, 9)]:
        drawn(work, n, digits, seed)
    require_all_digits(work, seed)
    require_even_lengths(work, seed)
    require_drawn_with_rng(work, seed)


def draw_text(n: int, digits: int, seed: int) -> str:
    return f"draw({n}, {digits}, np.random.default_rng({seed}))"


def drawn(work: Any, n: int, digits: int, seed: int) -> np.ndarray:
    """Return the pairs that the learner draws; require n pairs of numbers of so many digits."""
    where = draw_text(n, digits, seed)
    try:
        with explaining(DRAW["no length to draw"]):
            pairs = work.draw(n, digits, np.random.default_rng(seed))
    except Failed as failure:
        failure.example = where
        raise
    found = as_array(pairs)
    fits = found.shape == (n, 2) and found.dtype.kind in "iuf"
    what = f"it should return numbers of shape ({n}, 2)"
    why = DRAW["nothing returned" if pairs is None else "no rows of two"]
    require(fits, what, why, example=where, got=shown(pairs))
    whole = (found == np.rint(found)).all() and found.min() >= 0
    what = "there are numbers that are negative or not whole"
    require(whole, what, DRAW["not whole"], example=where, got=shown(found))
    what = f"there is a number with more than {digits} digits: {int(found.max())}"
    require(found.max() < 10**digits, what, DRAW["too long"], example=where)
    return found


def as_array(value: Any) -> np.ndarray:
    """Return a value as an array, without any axis if its rows have different lengths."""
    try:
        return np.asarray(value)
    except ValueError:
        return np.zeros(())


def require_all_digits(work: Any, seed: int) -> None:
    found = drawn(work, 2_000, 1, seed)
    for digit in (0, 9):
        what = f"{digit} never came up, in {found.size:,} numbers of one digit"
        where = draw_text(2_000, 1, seed)
        require((found == digit).any(), what, DRAW["a digit left out"], example=where)


def require_even_lengths(work: Any, seed: int) -> None:
    found, where = drawn(work, 12_000, 3, seed), draw_text(12_000, 3, seed)
    sizes = 1 + (found >= 10).astype(int) + (found >= 100)
    require_shares(np.array([(sizes == size).mean() for size in (1, 2, 3)]), where)
    both_short = (sizes == 1).all(axis=1).mean()
    what = "the two numbers of a pair nearly always have the same length"
    require(abs(both_short - 0.37**2) < 0.02, what, DRAW["one length for both"], example=where)


def require_shares(shares: np.ndarray, where: str) -> None:
    """Require the shares of numbers of 1, 2 and 3 digits to which even lengths lead."""

    def near(*others: float) -> bool:
        return np.abs(shares - others).max() < 0.02

    got = f"shares of 1, 2 and 3 digits: {', '.join(f'{share:.2f}' for share in shares)}"
    more = {"example": where, "got": got}
    few = "some lengths come up too rarely"
    require(not near(0.01, 0.09, 0.9), few, DRAW["from all numbers"], **more)
    none = "the longest numbers never came up"
    require(shares[2] > 0, none, DRAW["longest left out"], **more)
    thirds = "each length has exactly a third of the numbers"
    require(not near(1 / 3, 1 / 3, 1 / 3), thirds, DRAW["length exact"], **more)
    many = "numbers of one digit come up too often"
    require(not near(0.5275, 0.2475, 0.225), many, DRAW["lengths from 0"], **more)
    require(near(0.37, 0.33, 0.3), few, DRAW["other shares"], **more)


def require_drawn_with_rng(work: Any, seed: int) -> None:
    where = draw_text(50, 3, seed)
    first, again, other = (drawn(work, 50, 3, each) for each in (seed, seed, seed + 1))
    what = "the same `rng` gives different pairs"
    require(np.array_equal(first, again), what, DRAW["not all with rng"], example=where)
    what = "another `rng` gives the same pairs"
    require(not np.array_equal(first, other), what, DRAW["rng made inside"], example=where)


# Units first -----------------------------------------------------------------------------------

Write = Callable[..., tuple[str, ...]]


def units_first(number: int) -> str:
    text = str(number % 10)
    while number > 9:
        number //= 10
        text += str(number % 10)
    return text


def units_first_as_number(number: int) -> str:
    return str(int(units_first(number)))


def spaces_behind(text: str, width: int) -> str:
    return text + " " * (width - len(text))


def spaces_in_front(text: str, width: int) -> str:
    return " " * (width - len(text)) + text


def zeros_behind(text: str, width: int) -> str:
    return text + "0" * (width - len(text))


def written(
    term: Callable[[int], str] = units_first,
    total: Callable[[int], str] = units_first,
    last_first: bool = True,
    fill: Callable[[str, int], str] = spaces_behind,
    plus: str = "+",
) -> Write:
    """Return the oracle, or with other arguments a way to go wrong."""

    def write(terms: list[int], *widths: int) -> tuple[str, ...]:
        order = reversed(terms) if last_first else terms
        texts = [plus.join(map(term, order)), total(sum(terms))]
        return tuple(fill(text, width) for text, width in zip(texts, widths, strict=True))

    return write


def answer_turned_when_filled(terms: list[int], *widths: int) -> tuple[str, ...]:
    question, _ = written()(terms, *widths)
    return question, spaces_in_front(str(sum(terms)), widths[1])


BACKWARDS = {
    "no two texts": mistake(
        "Return the question and the answer, both as texts: `str(12)` is the text of 12."
    ),
    "nothing returned": NOTHING,
    "nothing turned": mistake(
        "Nothing is written backwards yet: the units come first.",
        written(str, str, last_first=False),
        written(str, str, last_first=False, fill=spaces_in_front),
    ),
    "only terms turned": mistake(
        "Turn the *whole* question: the last term comes first, too.", written(last_first=False)
    ),
    "only order turned": mistake(
        "The terms come in the right order, but the digits of each aren't turned.", written(str)
    ),
    "answer not turned": mistake(
        "The answer has to be written backwards, like the question.",
        written(total=str),
        answer_turned_when_filled,
    ),
    "question not turned": mistake(
        "The question has to be written backwards, like the answer.",
        written(str, last_first=False),
    ),
    "filled before turned": mistake(
        "The spaces belong on the right: turn the text first, then fill it up.",
        written(fill=spaces_in_front),
    ),
    "spaces around plus": mistake("No spaces around the plus signs.", written(plus=" + ")),
    "fixed number of terms": mistake(
        "There can be any number of terms, also one, or six.", raises="ValueError"
    ),
    "zeros lost": mistake(
        "Zeros are lost: 30 backwards is 03, and that is a text, not the number 3.",
        written(units_first_as_number, units_first_as_number),
        written(total=units_first_as_number),
    ),
    "not filled": mistake(
        "The texts aren't filled up: all questions have one length, answers too.",
        written(fill=lambda text, width: text),
    ),
    "filled with zeros": mistake(
        "Fill up with spaces, not with zeros.", written(fill=zeros_behind)
    ),
    "numbers joined": mistake(
        "`join` wants texts: turn each number into one with `str`.", raises="TypeError"
    ),
}


@tasks.check(
    "09.3",
    "Units first",
    points=3,
    minutes=6,
    withheld=["questions.Format.encode", "questions.sum_texts"],
    hints=[
        "First write the question the usual way round: texts of the terms, with pluses between.",
        "`text[::-1]` is a text backwards.",
        "`text.ljust(8)` adds spaces on the right, up to 8 characters. Before or after turning?",
    ],
    mistakes=BACKWARDS,
)
def check_write_backwards(work: Any, rng: np.random.Generator) -> None:
    def write_backwards(*example: Any) -> Any:
        texts = work.write_backwards(*example)
        require_two_texts(texts, call_text(work.write_backwards, example))
        return texts

    hint = (
        "Write the example on paper the usual way round, then turn the paper: which character "
        "comes first?"
    )
    parts = ("question", "answer")
    compare(write_backwards, written(), sums_to_write(rng), BACKWARDS, hint, parts=parts)


def sums_to_write(rng: np.random.Generator) -> list[tuple[list[int], int, int]]:
    """Return terms, and the lengths of question and answer to fill up to."""
    examples = [
        ([7, 5], 3, 2),
        ([3], 1, 1),
        ([37, 5], 5, 3),
        ([0, 0], 5, 3),
        ([120, 60, 20], 11, 4),
    ]
    for n, digits in [(2, 1), (2, 3), (3, 2), (6, 5), (12, 9)]:
        terms = [int(rng.integers(0, 10 ** rng.integers(1, digits + 1))) for _ in range(n)]
        examples.append((terms, n * digits + n - 1, len(str(n * (10**digits - 1)))))
    return examples


def require_two_texts(answer: Any, where: str) -> None:
    fine = isinstance(answer, tuple | list) and [type(part) for part in answer] == [str, str]
    why = BACKWARDS["nothing returned" if answer is None else "no two texts"]
    require(fine, "it doesn't return two texts", why, example=where, got=shown(answer))


# Keep the held-out pairs out -------------------------------------------------------------------

Key = Callable[[int, int], Any]
MayTrain = Callable[[np.ndarray, np.ndarray], np.ndarray]


def by_key(key: Key, if_held_out: bool = False) -> MayTrain:
    """Return a function that lets the pairs train whose key no held-out pair has."""

    def may_train(pairs: np.ndarray, held_out: np.ndarray) -> np.ndarray:
        out = {key(*row) for row in held_out.tolist()}
        return np.array([(key(*row) in out) == if_held_out for row in pairs.tolist()], bool)

    return may_train


def joined(front: Key, power: int, behind: Key) -> Key:
    """Return a key of two numbers, of which the one behind has room for so many digits."""
    return lambda a, b: front(a, b) * 10**power + behind(a, b)


def by_numbers(all_or_any: Callable[..., np.ndarray]) -> MayTrain:
    return lambda pairs, held_out: ~all_or_any(np.isin(pairs, held_out), axis=1)


def one_order_is_new(pairs: np.ndarray, held_out: np.ndarray) -> np.ndarray:
    out = set(map(tuple, held_out.tolist()))
    return np.array([not {(a, b), (b, a)} <= out for a, b in pairs.tolist()])


MAY_TRAIN = {
    "one order": mistake(
        "3 + 10 and 10 + 3 are the same problem: look for both orders.",
        by_key(lambda a, b: (a, b)),
    ),
    "inverted": mistake(
        "It is the other way round: True stands for a pair that may be used.",
        by_key(lambda a, b: frozenset((a, b)), if_held_out=True),
    ),
    "same sum": mistake(
        "Different pairs can have the same sum: 3 + 10 and 4 + 9.", by_key(lambda a, b: a + b)
    ),
    "same product": mistake(
        "Different pairs can have the same product: 2 · 6 and 3 · 4.", by_key(lambda a, b: a * b)
    ),
    "same difference": mistake(
        "Different pairs can have the same difference.", by_key(lambda a, b: abs(a - b))
    ),
    "orders joined wrongly": mistake(
        "Look again at how the two orders are joined: *neither* of them may be held out.",
        one_order_is_new,
    ),
    "in an array": mistake(
        "`in` on an array compares single numbers, place by place, not whole pairs. Lists, or sets "
        "of tuples, compare whole pairs.",
        lambda pairs, held_out: np.array([not (held_out == pair).any() for pair in pairs]),
    ),
    "keys rounded": mistake(
        "Keys with digits after the point are rounded to about 16 digits; two numbers of 9 digits "
        "need 18. Whole numbers of NumPy have room for them.",
        by_key(lambda a, b: max(a, b) + min(a, b) / 10**9),
    ),
    "single numbers": mistake(
        "`np.isin` looks at single numbers here; a *pair* is held out, not its numbers.",
        by_numbers(np.any),
        by_numbers(np.all),
    ),
    "too little room": mistake(
        "Two different pairs get the same key: the smaller number needs room for 9 digits, or it "
        "runs into the larger one.",
        *(by_key(joined(max, power, min)) for power in range(9)),
        *(by_key(joined(min, power, max)) for power in range(9)),
        by_key(lambda a, b: f"{min(a, b)}{max(a, b)}"),
        by_key(lambda a, b: f"{max(a, b)}{min(a, b)}"),
    ),
}


@tasks.check(
    "09.4",
    "Keep the held-out pairs out",
    points=4,
    minutes=8,
    hints=[
        "What do 3 + 10 and 10 + 3 have in common? The larger number, and the smaller one.",
        "Make one number of the two, so that both could be read off again: the larger one in "
        "front, the smaller one behind it, with room for 9 digits.",
        "`np.isin(keys, others)` says which of `keys` are among `others`.",
    ],
    mistakes=MAY_TRAIN,
)
def check_may_train(work: Any, rng: np.random.Generator) -> None:
    def may_train(pairs: np.ndarray, held_out: np.ndarray) -> Any:
        answer = work.may_train(pairs, held_out)
        if answer is not None:
            where = call_text(work.may_train, (pairs, held_out))
            require_one_each(answer, len(pairs), where)
        return answer

    examples = [*small_pairs(rng), *pairs_of_one_key(), *large_pairs(rng)]
    hint = (
        "Take the first pair of the example: is it held out, in either order? Then look at its "
        "key. Is it the same for both orders, and different for all other pairs?"
    )
    compare(may_train, by_key(lambda a, b: frozenset((a, b))), examples, MAY_TRAIN, hint)


def require_one_each(answer: Any, n: int, where: str) -> None:
    require(
        np.ndim(answer) == 1 and len(answer) == n,
        "it doesn't return one answer for each pair",
        f"There are {n} pairs, so {n} times True or False. What is a key, or a comparison, taken "
        "over: a row, a column, the whole array?",
        example=where,
        got=shown(answer),
    )


def small_pairs(rng: np.random.Generator) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return pairs, and pairs held out, that have sums, products, differences, digits in common."""
    return [
        (np.array([[3, 10], [10, 3], [4, 9], [3, 3]]), np.array([[10, 3]])),
        (np.array([[2, 6], [3, 4], [1, 12], [0, 7], [0, 9]]), np.array([[4, 3], [0, 0]])),
        (np.array([[3, 7], [8, 1], [3, 1], [9, 9]]), np.array([[3, 8], [7, 1]])),
        (rng.integers(0, 10, (40, 2)), rng.integers(0, 10, (15, 2))),
        (np.array([[11, 12], [21, 11], [0, 1]]), np.array([[1, 112], [211, 1]])),
    ]


def pairs_of_one_key() -> list[tuple[np.ndarray, np.ndarray]]:
    """Return pairs whose keys agree if the number behind has room for 1, 2, …, 8 digits."""
    examples = []
    for room in (10**power for power in range(1, 9)):
        one, other = [2 * room + 5, 3], [2 * room + 4, room + 3]
        examples.append((np.array([other, one[::-1], other[::-1]]), np.array([one])))
    return examples


def large_pairs(rng: np.random.Generator) -> list[tuple[np.ndarray, np.ndarray]]:
    held_out = rng.integers(0, 10**9, (300, 2))
    drawn = np.concatenate([rng.integers(0, 10**9, (300, 2)), held_out[:50], held_out[50:99, ::-1]])
    largest = 10**9 - 1
    return [
        (rng.permutation(drawn), held_out),
        (drawn[:3], held_out[:0]),
        (np.array([[largest, 6], [5, largest]]), np.array([[largest, 5]])),
    ]


# How far does a carry run? ---------------------------------------------------------------------

Sum = Callable[[int, int], int]


def columns(a: int, b: int, width: Callable[[int, int], int] = max, least: int = 10) -> str:
    """Return what the digits make, units first: G for a new carry, P for exactly 9, else a dot."""
    size = width(len(str(a)), len(str(b)))
    digits = (str(n).rjust(size, "0")[-size:][::-1] for n in (a, b))
    made = [int(one) + int(other) for one, other in zip(*digits, strict=True)]
    return "".join("G" if m >= least else "P" if m == 9 else "." for m in made)


def chains(
    pattern: str,
    pick: Callable[[list[int]], int] = max,
    read: Callable[[int, int], str] = columns,
) -> Sum:
    """Return a function that picks one of the lengths of all chains that look like the pattern."""
    return lambda a, b: pick([len(run) for run in re.findall(pattern, read(a, b))] or [0])


def carries(a: int, b: int) -> str:
    """Return 1 for each carry, units first: what the lower digits make beyond their place."""
    places = [10**k for k in range(1, max(len(str(a)), len(str(b))) + 1)]
    return "".join(str(int(a % place + b % place >= place)) for place in places)


def through_less_than_9(a: int, b: int) -> int:
    parts = columns(a, b).split("G")[1:]
    return max([1 + part.count("P") for part in parts], default=0)


CHAIN = {
    "ten left out": mistake(
        "Digits that make exactly 10 start a carry, too.",
        chains("GP*", read=lambda a, b: columns(a, b, least=11)),
    ),
    "nine ends it": mistake(
        "A carry runs on through columns whose digits make exactly 9.", chains("G+"), chains("G")
    ),
    "never ended": mistake(
        "Digits that make 8 or less *end* a chain: what is alive after such a column?",
        through_less_than_9,
    ),
    "endless loop": mistake(
        "Is every step of the loop one column further on? `n // 10` drops the last digit of n; "
        "`n / 10` makes a fraction.",
        raises="TimeLimit",
    ),
    "carries in a row": mistake(
        "This counts columns with a carry in a row. Where the digits alone make 10 or more, a new "
        "chain starts.",
        chains("1+", read=carries),
    ),
    "all carries": mistake(
        "This counts all carries. How far does a *single* one run?",
        lambda a, b: carries(a, b).count("1"),
    ),
    "starts counted": mistake(
        "This counts the columns where a carry starts. How far does a *single* one run?",
        lambda a, b: columns(a, b).count("G"),
    ),
    "one too short": mistake("The first column of a chain counts, too.", chains("(?<=G)P*")),
    "nine starts it": mistake(
        "Without a carry that comes in, digits that make 9 hand on nothing.",
        chains("[GP]P*"),
        chains("P+|G"),
        chains("P*G?P*"),
    ),
    "never begun again": mistake(
        "A chain that starts with a new carry begins again at length 1, and a 9 without a carry "
        "before it hands on nothing.",
        chains("[GP]+"),
    ),
    "last chain": mistake(
        "The *longest* chain is wanted, not the last one.",
        chains("GP*", pick=lambda lengths: lengths[-1]),
    ),
    "first chain": mistake(
        "The *longest* chain is wanted, not the first one.",
        chains("GP*", pick=lambda lengths: lengths[0]),
    ),
    "chains added up": mistake(
        "The *longest* chain is wanted, not all chains together.", chains("GP*", pick=sum)
    ),
    "alive at the end": mistake(
        "You return the chain that is alive at the end. Remember the longest so far.",
        chains("GP*$"),
    ),
    "shorter number": mistake(
        "A carry can run on after the shorter number has ended: its digits there are 0.",
        chains("GP*", read=lambda a, b: columns(a, b, width=min)),
    ),
    "from the left": mistake(
        "Begin with the units, on the right: carries run to the left.",
        chains("GP*", read=lambda a, b: columns(a, b)[::-1]),
    ),
}


@tasks.check(
    "09.5",
    "How far does a carry run?",
    points=4,
    minutes=9,
    hints=[
        "`n % 10` is the last digit of n, and `n // 10` is n without it.",
        "Walk from the units on, and keep the length of the chain that is alive now, 0 if none is.",
        "Three cases in each column: 10 or more, exactly 9 while a chain is alive, all else. And "
        "remember the longest so far.",
    ],
    mistakes=CHAIN,
)
def check_chain_length(work: Any, rng: np.random.Generator) -> None:
    hint = (
        "Write the example on paper, one number under the other, and under each column what its "
        "two digits make. Where does a chain start, and where does it end?"
    )
    compare(work.chain_length, chains("GP*"), numbers_to_add(rng), CHAIN, hint)


def numbers_to_add(rng: np.random.Generator) -> list[tuple[int, int]]:
    def of_length(n: int) -> int:
        first = int(rng.integers(1, 10)) * 10 ** (n - 1)
        return first + sum(int(rng.integers(0, 10)) * 10**k for k in range(n - 1))

    examples = [(0, 0), (2, 3), (5, 5), (4, 5), (99, 1), (555, 555), (1, 9999), (459, 541)]
    examples += [(90_919, 10_082), (1_909_195, 105), (99_594, 405), (45_454, 54_545), (81, 39)]
    for size in (2, 3, 5, 5, 9, 30):
        a = of_length(size)
        start = 10 ** int(rng.integers(0, size))
        examples += [(a, of_length(size)), (a, 10**size - a), (a, 10**size - 1 - a + start)]
        examples.append((of_length(size), of_length(max(1, size // 2))))
    return examples


# How large could the error rate be? ------------------------------------------------------------

Rate = Callable[[int, int], float]


def at_most(wrong: int, n: int, rate: float) -> float:
    """Return what the exercise's `at_most` does: each term from the one before, in logarithms."""
    if rate >= 1:
        return float(wrong >= n)
    log_term, total = n * math.log1p(-rate), 0.0
    for k in range(wrong + 1):
        total += math.exp(log_term)
        if k < n:
            log_term += math.log((n - k) / (k + 1)) + math.log(rate) - math.log1p(-rate)
    return total


def bound(level: float = 0.05) -> Rate:
    """Return the oracle, or the same for another probability than 0.05."""

    def rate(wrong: int, n: int) -> float:
        if wrong >= n:
            return 1.0
        if wrong == 0:
            return -math.expm1(math.log(level) / n)
        least, most = -50.0, 0.0  # the logarithm of the rate
        while most - least > 1e-13:
            half = least + (most - least) / 2
            fits = at_most(wrong, n, math.exp(half)) > level
            least, most = (half, most) if fits else (least, half)
        return math.exp(most)

    return rate


def bound_of_exactly(wrong: int, n: int) -> float:
    step, found = 0.5, 0.0
    while step > 1e-12:
        rate = found + step
        share = math.comb(n, wrong) * rate**wrong * (1 - rate) ** (n - wrong)
        found, step = (rate if share > 0.05 else found), step / 2
    return found


BOUND = {
    "rule of thumb": mistake(
        "3/n is the rule of thumb for many tries and no error. Here the exact bound is wanted, for "
        "any numbers: use `at_most`.",
        lambda wrong, n: 3 / n,
        lambda wrong, n: min(1.0, 3 / n),
        lambda wrong, n: (3 + wrong) / n,
        lambda wrong, n: min(1.0, (3 + wrong) / n),
    ),
    "exactly so many": mistake(
        "That is the rate for *exactly* so many errors. Fewer would fit as well: use `at_most`.",
        bound_of_exactly,
    ),
    "endless loop": mistake(
        "Does the loop end? Two floating-point numbers need not meet: halve the interval a fixed "
        "number of times.",
        raises="TimeLimit",
    ),
    "formula for no error": mistake(
        "That is right for no error at all. With errors, use `at_most`.",
        lambda wrong, n: 1 - 0.05 ** (1 / n),
    ),
    "share of errors": mistake(
        "That is the share that was counted. The true rate can be larger: how much?",
        lambda wrong, n: wrong / n,
    ),
    "wrong half": mistake(
        "You arrived at an end of the interval. Where the probability is still above 0.05, the "
        "rate you look for is *larger*.",
        lambda wrong, n: float(at_most(wrong, n, 0.5) < 0.05),
    ),
    "high never moves": mistake(
        "You arrived at an end of the interval. Does `high` move when the probability is below "
        "0.05, and does the loop run at all?",
        lambda wrong, n: 1.0,
    ),
    "probability 0.025": mistake(
        "That is the rate for a probability of 0.025. Only one side is asked for here, so it has "
        "the whole 0.05.",
        bound(0.025),
    ),
    "probability one half": mistake(
        "That is the rate for a probability of one half, not of 0.05.", bound(0.5)
    ),
    "probability 0.95": mistake(
        "That is the rate for a probability of 0.95, not of 0.05.", bound(0.95)
    ),
    "errors ignored": mistake(
        "That is the rate for *no* errors: hand `wrong` on to `at_most`.",
        lambda wrong, n: bound()(0, n),
    ),
}


@tasks.check(
    "09.6",
    "How large could the error rate be?",
    points=3,
    minutes=8,
    hints=[
        "Try the middle of the interval. What does it mean if the probability there is above 0.05?",
        "If it is above 0.05, so few errors are still plausible: the rate you look for is larger.",
        "A larger rate lies in the upper half, so `low` moves up to the middle; else `high` moves "
        "down.",
    ],
    mistakes=BOUND,
)
def check_upper_bound(work: Any, rng: np.random.Generator) -> None:
    n, wrong = int(rng.integers(20, 100_000)), int(rng.integers(1, 8))
    examples = [
        (0, 1),
        (0, 2),
        (0, 10),
        (1, 2),
        (1, 1),
        (2, 50),
        (0, 1_000_000),
        (0, n),
        (wrong, n),
    ]
    hint = (
        "Put your answer into `at_most(wrong, n, …)`: is the result 0.05? If it is only nearly so, "
        "halve the interval more often."
    )
    compare(work.upper_bound, bound(), examples, BOUND, hint, tolerance=3e-9)


# In words --------------------------------------------------------------------------------------

tasks.words(
    "09.7",
    'What does "0 of 100,000" prove?',
    points=2,
    minutes=5,
    hints=[
        "What does the rule of three give for 100,000? And that share of 8.1 billion?",
        "How many of the 100,000 pairs above had a chain of length 5? Any number of one digit?",
    ],
)
