"""The checks of exercise 15: a decoder's inputs, drawings, sentences, and how BLEU counts."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.data.captions import COLOURS, SHAPES
from homework.checks import Tasks, compare, mistake, require

tasks = Tasks()

# What the decoder is given ---------------------------------------------------------------------


def one_behind(words: np.ndarray, start: int) -> np.ndarray:
    """The oracle: each sentence as a list, with the start in front."""
    return np.array([[start, *row[:-1]] for row in words.tolist()])


def starts(words: np.ndarray, start: int) -> np.ndarray:
    return np.full((len(words), 1), start)


GIVEN = {
    "last word in front": mistake(
        "The *last* word of the sentence stands in front: nobody has written it yet.",
        lambda words, start: np.roll(words, 1, axis=1),
    ),
    "rolled without axis": mistake(
        "Without an axis, `np.roll` moves words from one sentence into the next.",
        lambda words, start: np.roll(words, 1),
    ),
    "not shifted": mistake(
        "The decoder is given what it has to write next. It would only have to copy.",
        lambda words, start: words,
    ),
    "shifted the other way": mistake(
        "It is shifted the other way: the decoder sees the words to come.",
        lambda words, start: np.roll(words, -1, axis=1),
        lambda words, start: np.hstack([words[:, 1:], starts(words, start)]),
    ),
    "a step too many": mistake(
        "There is a step too many: after the last word nothing has to be written.",
        lambda words, start: np.insert(words, 0, start, axis=1),
    ),
    "first word lost": mistake(
        "The first word got lost: `start` comes in front of it, not in its place.",
        lambda words, start: np.hstack([starts(words, start), words[:, 1:]]),
    ),
    "moved down": mistake(
        "The sentences moved down by one row: the steps are the *second* axis.",
        lambda words, start: np.roll(words, 1, axis=0),
    ),
}


@tasks.check(
    "15.1",
    "What the decoder is given",
    points=2,
    minutes=4,
    withheld=["captions.shifted"],
    hints=[
        "Write one sentence, and below it what was written before each word.",
        "All words but the last, and one in front of them.",
    ],
    mistakes=GIVEN,
)
def check_given(work: Any, rng: np.random.Generator) -> None:
    one, two, five = (rng.integers(3, 20, shape) for shape in [(1, 4), (2, 6), (5, 11)])
    examples = [(one, 0), (two, 2), (five, int(rng.integers(0, 3)))]
    hint = "Compare with the expected output, word by word."
    compare(work.given, one_behind, examples, GIVEN, hint)


# A new shape -----------------------------------------------------------------------------------

Paint = Callable[[np.ndarray, np.ndarray, np.ndarray, int], np.ndarray]


def painting(covers: Callable[[float, float, float], bool]) -> Paint:
    """Return a function that asks for each pixel whether a shape covers it.

    Args:
        covers: of the distances across and down, with their signs, and of the radius.
    """

    def shape(x: float, y: float, radius: float, side: int) -> list[list[bool]]:
        middle = [k + 0.5 for k in range(side)]
        return [[bool(covers(j - x, i - y, radius)) for j in middle] for i in middle]

    def paint(x: np.ndarray, y: np.ndarray, radius: np.ndarray, side: int) -> np.ndarray:
        return np.array([shape(*each, side) for each in zip(x, y, radius, strict=True)])

    return paint


painted = painting(lambda across, down, radius: abs(across) + abs(down) <= radius)

DIAMONDS = {
    "axes exchanged": mistake(
        "Lines and columns are exchanged: the *second* axis runs down, with y.",
        lambda x, y, radius, side: painted(y, x, radius, side),
    ),
    "circle": mistake(
        "That is a circle: the two distances are added, not their squares.",
        painting(lambda across, down, radius: across**2 + down**2 <= radius**2),
    ),
    "square": mistake(
        "That is a square: the two distances are added; neither alone decides.",
        painting(lambda across, down, radius: max(abs(across), abs(down)) <= radius),
    ),
    "no abs": mistake(
        "Only half of the distances count: a distance has no sign, so take `abs` of each.",
        painting(lambda across, down, radius: across + down <= radius),
    ),
    "abs of the sum": mistake(
        "Take `abs` of each distance *before* you add them.",
        painting(lambda across, down, radius: abs(across + down) <= radius),
    ),
    "without the rim": mistake(
        "*At most* the radius: pixels exactly on the rim belong to it.",
        painting(lambda across, down, radius: abs(across) + abs(down) < radius),
    ),
    "corners": mistake(
        "The centre of a pixel is half a pixel away from its corner: use `middle`.",
        painting(lambda across, down, radius: abs(across - 0.5) + abs(down - 0.5) <= radius),
    ),
}


@tasks.check(
    "15.2",
    "A new shape",
    points=3,
    minutes=8,
    hints=[
        "First only one diamond: the distance across has the shape (side), the distance down too. "
        "Their sums for all lines and columns are a table (side, side).",
        "An axis of length 1 is stretched as needed: `middle[:, None]` runs down, `middle` across.",
        "For n diamonds give x, y and the radius two more axes each: `x[:, None, None]`.",
    ],
    mistakes=DIAMONDS,
)
def check_diamonds(work: Any, rng: np.random.Generator) -> None:
    def drawn(n: int, side: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
        while True:
            # Radii are quarters, no sum of distances is one: rounding decides nothing.
            x, y = rng.integers(3, 4 * side - 3, (2, n)) / 4 + [[0.05], [0.1]]
            radius = rng.integers(4, 2 * side, n) / 4
            if abs(x - y).min() > 0.6:
                return x, y, radius, side

    with_a_rim = np.array([3.5]), np.array([2.5]), np.array([2.0]), 6
    examples = [with_a_rim, drawn(1, 7), drawn(3, 9), drawn(6, 12)]
    hint = "Print one diamond as in the expected output, and compare."
    compare(work.diamonds, painted, examples, DIAMONDS, hint)


# Is it new? ------------------------------------------------------------------------------------

Pair = tuple[str, ...]  # of a colour and a shape


def named(sentence: str) -> list[Pair]:
    """Return colour and shape of each object of a sentence."""
    objects = sentence.replace(" left of ", " above ").split(" above ")
    return [tuple(one.split()[2:4]) for one in objects]


def names_one_of(sentence: str, held_out: set[Pair]) -> bool:
    """The oracle: take the sentence apart at its relation."""
    return bool(set(named(sentence)) & held_out)


IS_NEW = {
    "different objects": mistake(
        "Colour and shape belong to *different* objects there: they must stand side by side.",
        lambda sentence, held_out: any(set(pair) <= set(sentence.split()) for pair in held_out),
    ),
    "first object only": mistake(
        "Only the first object was looked at.",
        lambda sentence, held_out: named(sentence)[0] in held_out,
    ),
    "last object only": mistake(
        "Only the last object was looked at.",
        lambda sentence, held_out: named(sentence)[-1] in held_out,
    ),
    "a part is enough": mistake(
        "A part alone is not new: colour *and* shape have to fit.",
        lambda sentence, held_out: any(set(pair) & set(sentence.split()) for pair in held_out),
    ),
    "counted from the front": mistake(
        "There may be only one object, and the relation has one word or two: don't count from the "
        "front.",
        raises="IndexError",
    ),
    "opposite": mistake(
        "It answers the opposite question.",
        lambda sentence, held_out: not names_one_of(sentence, held_out),
    ),
    "all objects": mistake(
        "One new object is enough; not all have to be new.",
        lambda sentence, held_out: set(named(sentence)) <= held_out,
    ),
}


@tasks.check(
    "15.3",
    "Is it new?",
    points=3,
    minutes=6,
    hints=[
        "Where does the shape stand, if you know where the colour stands?",
        "Look at all pairs of *neighbouring* words: `zip(words, words[1:])`.",
    ],
    mistakes=IS_NEW,
)
def check_is_new(work: Any, rng: np.random.Generator) -> None:
    def sentence(pairs: list[Pair]) -> str:
        objects = [f"a {rng.choice(['small', 'large'])} {c} {s}" for c, s in pairs]
        return str(rng.choice([" above ", " left of "])).join(objects)

    def drawn(n: int) -> list[Pair]:
        return [(str(rng.choice(list(COLOURS))), str(rng.choice(SHAPES))) for _ in range(n)]

    circle, ring = ("red", "circle"), ("blue", "ring")
    across: set[Pair] = {("red", "ring")}
    last, parts = {ring, ("pink", "cross")}, {("white", "circle"), ("blue", "square")}
    examples = [("a small red circle", {circle}), ("a small red circle", across)]
    for held_out in (across, last, {circle}, parts, set()):
        examples.append((sentence([circle, ring]), held_out))
    for _ in range(40):
        n_objects, n_held_out = rng.integers(1, [3, 9]).tolist()
        examples.append((sentence(drawn(n_objects)), set(drawn(n_held_out))))
    hint = "Take the sentence of the example apart by hand: which objects does it name?"
    compare(work.is_new, names_one_of, examples, IS_NEW, hint)


# Predict ---------------------------------------------------------------------------------------

tasks.predict(
    "15.4",
    "where a wrong word hurts",
    ["at an end", "in the middle", "the place makes no difference"],
    minutes=4,
    hints=["How many runs of four words does the first word belong to? And the fifth?"],
)


# Greedy writing --------------------------------------------------------------------------------


def walk(p: np.ndarray, start: int, end: int, longest: int, reads: bool = True) -> list[int]:
    """Return the start and the likeliest words after it, the end included."""
    likeliest = [row.index(max(row)) for row in p.tolist()]
    path = [start]
    for _ in range(longest):
        path.append(likeliest[path[-1] if reads else start])
        if path[-1] == end:
            break
    return path


def sentence_on(path: list[int], end: int) -> list[int]:
    return [word for word in path[1:] if word != end]


def walked(p: np.ndarray, start: int, end: int, longest: int) -> list[int]:
    """The oracle: walk from word to word, and leave out where it begins and ends."""
    return sentence_on(walk(p, start, end, longest), end)


GREEDY = {
    "end kept": mistake(
        "`end` says that the sentence is over; it is not a word of it.",
        lambda *given: walk(*given)[1:],
    ),
    "start kept": mistake(
        "`start` was given, not written.",
        lambda p, start, end, longest: [start, *walked(p, start, end, longest)],
    ),
    "not read again": mistake(
        "Each word is chosen after `start`: what was written has to be read again.",
        lambda p, start, end, longest: sentence_on(walk(p, start, end, longest, reads=False), end),
    ),
    "columns": mistake(
        "Row k, not column k, holds what comes after word k.",
        lambda p, *more: walked(p.T, *more),
    ),
    "probability as word": mistake(
        "What is looked for is the *place* of the largest probability.", raises="IndexError"
    ),
    "too long": mistake(
        "There may be `longest` words, and no more.",
        lambda p, start, end, longest: walked(p, start, end, longest + 1),
    ),
    "too short": mistake(
        "A word is missing: `longest` words are allowed.",
        lambda p, start, end, longest: walked(p, start, end, longest - 1),
    ),
    "no list": mistake(
        "Begin with an empty list, append the number of each word, and return the list."
    ),
}


@tasks.check(
    "15.5",
    "Greedy writing",
    points=3,
    minutes=8,
    hints=[
        "`np.argmax(p[last])` is the likeliest word after `last`.",
        "What was written becomes the new `last`.",
        "Look for `end` before you append the word.",
    ],
    mistakes=GREEDY,
)
def check_greedy(work: Any, rng: np.random.Generator) -> None:
    def table(n: int) -> np.ndarray:
        """Return a table with a known path through all n words, from start (0) to end (1)."""
        order = [0, *(2 + rng.permutation(n - 2)), 1]
        p = rng.random((n, n)) * 0.7
        p[order[:-1], order[1:]] = 1
        p[1, 2] = 1
        return (p / p.sum(axis=1, keepdims=True)).round(3)

    circle = np.array([[0, 0.1, 0.9, 0], [1, 0, 0, 0], [0, 0.3, 0, 0.7], [0.1, 0.1, 0.8, 0]])
    examples = [(table(4), 0, 1, 9), (table(3), 0, 1, 9), (circle, 0, 1, 5)]
    examples += [(table(9), 0, 1, longest) for longest in (20, 7, 8, 1, 3)]
    hint = "Follow the table by hand, from `start`, with a finger on the likeliest word."
    compare(Numbers(work.greedy), walked, examples, GREEDY, hint)


class Numbers:
    """The learner's function, whose answer may be any sequence of whole numbers."""

    def __init__(self, function: Any) -> None:
        self.name, self.function = function.name, function

    def __call__(self, *args: Any) -> list:
        got = self.function(*args)
        a_row = isinstance(got, list | tuple | np.ndarray) and np.ndim(got) == 1
        require(a_row, "it doesn't return a list of numbers", GREEDY["no list"])
        return list(got)


# BLEU of one sentence --------------------------------------------------------------------------

Runs = list[tuple[str, ...]]


def found_once_each(mine: Runs, there: Runs) -> int:
    """Return how many runs are found, if each that is found is crossed out."""
    left = list(there)
    for run in mine:
        if run in left:
            left.remove(run)
    return len(there) - len(left)


def share_found(mine: Runs, there: Runs) -> float:
    return found_once_each(mine, there) / len(mine)


def share_not_clipped(mine: Runs, there: Runs) -> float:
    return sum(run in there for run in mine) / len(mine)


def share_of_different(mine: Runs, there: Runs) -> float:
    return len(set(mine) & set(there)) / len(set(mine))


def share_of_reference(mine: Runs, there: Runs) -> float:
    return found_once_each(mine, there) / len(there)


def geometric_mean(shares: list[float]) -> float:
    return math.prod(shares) ** (1 / len(shares))


def penalty_if_short(c: int, r: int) -> float:
    return math.exp(min(0, 1 - r / c))


def scoring(
    share: Callable[[Runs, Runs], float] = share_found,
    mean: Callable[[list[float]], float] = geometric_mean,
    penalty: Callable[[int, int], float] = penalty_if_short,
    length: Callable[[str], int] = lambda text: len(text.split()),
    most: int = 4,
) -> Callable[[str, str], float]:
    """Return a function that computes BLEU from lists of runs, perhaps with a mistake."""

    def runs(text: str, n: int) -> Runs:
        words = text.split()
        return list(zip(*(words[k:] for k in range(n)), strict=False))

    def score(written: str, reference: str) -> float:
        shares = [share(runs(written, n), runs(reference, n)) for n in range(1, most + 1)]
        return 100 * penalty(length(written), length(reference)) * mean(shares)

    return score


scored = scoring()

BLEU = {
    "not clipped": mistake(
        "A run may be claimed only as often as the reference has it: clip the counts.",
        scoring(share=share_not_clipped),
    ),
    "no penalty": mistake(
        "Where is the penalty for a sentence that is too short?",
        scoring(penalty=lambda c, r: 1.0),
    ),
    "long ones rewarded": mistake(
        "The penalty is for short sentences only; a longer one is not rewarded.",
        scoring(penalty=lambda c, r: math.exp(1 - r / c)),
    ),
    "lengths swapped": mistake(
        "The penalty looks at the wrong sentence: $c$ is the length of the *written* one.",
        scoring(penalty=lambda c, r: penalty_if_short(r, c)),
    ),
    "characters counted": mistake(
        "$c$ and $r$ count words; the length of a text counts its characters.",
        scoring(length=len),
    ),
    "different runs counted": mistake(
        "A run that occurs twice counts twice: add up the counts.",
        scoring(share=share_of_different),
    ),
    "averaged": mistake(
        "The shares are multiplied and the fourth root is taken; they are not averaged.",
        scoring(mean=lambda shares: sum(shares) / 4),
    ),
    "no root": mistake("The fourth root of the product is missing.", scoring(mean=math.prod)),
    "share of the reference": mistake(
        "Divide by the number of runs in the *written* sentence, not in the reference.",
        scoring(share=share_of_reference),
    ),
    "only three": mistake("There are runs of four words, too.", scoring(most=3)),
    "no percent": mistake("BLEU is asked for in percent.", lambda *given: scored(*given) / 100),
    "logarithm of 0": mistake(
        "A product can be 0, and a logarithm of 0 cannot be taken: then BLEU is 0.",
        raises="ValueError",
    ),
}


@tasks.check(
    "15.6",
    "BLEU of one sentence",
    points=4,
    minutes=9,
    hints=[
        "For each n from 1 to 4: the counts of the runs in both sentences, and of each run the "
        "smaller of the two counts.",
        "For two Counters, `&` takes the smaller count of each entry, and `.total()` adds up.",
        "The brevity penalty is 1 if the written sentence is at least as long as the reference.",
    ],
    mistakes=BLEU,
)
def check_bleu(work: Any, rng: np.random.Generator) -> None:
    def changed(n_words: int, n_changes: int) -> tuple[str, str]:
        reference = [str(word) for word in rng.choice(list("abcdefgh"), n_words)]
        written = list(reference)
        for place in rng.choice(n_words, n_changes, replace=False):
            written[place] = str(rng.choice(list("abcxyz")))
        return " ".join(written), " ".join(reference)

    full = "a small red circle above a large blue square"
    examples = [
        (full, full),
        (full.replace("square", "circle"), full),
        ("a small red circle", full),
        (full, "a small red circle above a ring"),
        ("red green blue white", "white blue green red"),
        ("a a a a a small red ring", "a small red ring"),
    ]
    examples += [changed(int(rng.integers(6, 16)), int(rng.integers(1, 3))) for _ in range(12)]
    long, reference = changed(14, 1)
    examples.append((" ".join(long.split()[:9]), reference))
    hint = "Write down the four shares for the first example that fails, and compare."
    compare(work.bleu, scored, examples, BLEU, hint, tolerance=1e-6)


# In words --------------------------------------------------------------------------------------

tasks.words(
    "15.7",
    '"It describes photographs it has never seen"',
    points=2,
    minutes=5,
    hints=[
        "A row is a photograph *and* a caption. Which of the two is new in the test?",
        "What BLEU does a writer get that always writes the same frequent sentence?",
    ],
)
