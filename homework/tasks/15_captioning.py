"""The checks of exercise 15."""

import math

import numpy as np

from course_utils.data.captions import COLOURS, SHAPES
from homework.checks import Tasks, compare, require

tasks = Tasks()


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
)
def check_given(work, rng):
    def oracle(words, start):
        return np.array([[start, *row[:-1]] for row in words.tolist()])

    some = [rng.integers(3, 20, shape) for shape in [(1, 4), (2, 6), (5, 11)]]
    compare(
        work.given,
        oracle,
        [(some[0], 0), (some[1], 2), (some[2], int(rng.integers(0, 3)))],
        mistakes=[
            (
                "The *last* word of the sentence stands in front: nobody has written it yet.",
                lambda words, start: np.roll(words, 1, axis=1),
            ),
            (
                "Without an axis, `np.roll` moves words from one sentence into the next.",
                lambda words, start: np.roll(words, 1),
            ),
            (
                "The decoder is given what it has to write next. It would only have to copy.",
                lambda words, start: words,
            ),
            (
                "It is shifted the other way: the decoder sees the words to come.",
                lambda words, start: np.roll(words, -1, axis=1),
            ),
            (
                "It is shifted the other way: the decoder sees the words to come.",
                lambda words, start: np.concatenate(
                    [words[:, 1:], np.full((len(words), 1), start)], axis=1
                ),
            ),
            (
                "There is a step too many: after the last word nothing has to be written.",
                lambda words, start: np.insert(words, 0, start, axis=1),
            ),
            (
                "The first word got lost: `start` comes in front of it, not in its place.",
                lambda words, start: np.concatenate(
                    [np.full((len(words), 1), start), words[:, 1:]], axis=1
                ),
            ),
            (
                "The sentences moved down by one row: the steps are the *second* axis.",
                lambda words, start: np.roll(words, 1, axis=0),
            ),
        ],
        hint="Compare with the expected output, word by word.",
    )


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
)
def check_diamonds(work, rng):
    def painted(test):
        def paint(x, y, radius, side):
            return np.array(
                [
                    [[bool(test(j + 0.5 - a, i + 0.5 - b, r)) for j in range(side)]
                     for i in range(side)]
                    for a, b, r in zip(x, y, radius, strict=True)
                ]
            )  # fmt: skip

        return paint

    def drawn(n, side):  # sums are away from the rim, so that rounding decides nothing
        while True:
            x, y = rng.integers(3, 4 * side - 3, (2, n)) / 4 + 0.05
            radius = rng.integers(4, 2 * side, n) / 4
            if abs(x - y).min() > 0.6:
                return x, y, radius, side

    right = painted(lambda a, b, r: abs(a) + abs(b) <= r)
    compare(
        work.diamonds,
        right,
        [
            (np.array([3.5]), np.array([2.5]), np.array([2.0]), 6),
            drawn(1, 7),
            drawn(3, 9),
            drawn(6, 12),
        ],
        mistakes=[
            (
                "Lines and columns are exchanged: the *second* axis runs down, with y.",
                lambda x, y, radius, side: right(y, x, radius, side),
            ),
            (
                "That is a circle: the two distances are added, not their squares.",
                painted(lambda a, b, r: a * a + b * b <= r * r),
            ),
            (
                "That is a square: the two distances are added; neither alone decides.",
                painted(lambda a, b, r: max(abs(a), abs(b)) <= r),
            ),
            (
                "Only half of the distances count: a distance has no sign, so take `abs` of each.",
                painted(lambda a, b, r: a + b <= r),
            ),
            (
                "Take `abs` of each distance *before* you add them.",
                painted(lambda a, b, r: abs(a + b) <= r),
            ),
            (
                "*At most* the radius: pixels exactly on the rim belong to it.",
                painted(lambda a, b, r: abs(a) + abs(b) < r),
            ),
            (
                "The centre of a pixel is half a pixel away from its corner: use `middle`.",
                painted(lambda a, b, r: abs(a - 0.5) + abs(b - 0.5) <= r),
            ),
        ],
        hint="Print one diamond as in the expected output, and compare.",
    )  # fmt: skip


@tasks.check(
    "15.3",
    "Is it new?",
    points=3,
    minutes=6,
    hints=[
        "Where does the shape stand, if you know where the colour stands?",
        "Look at all pairs of *neighbouring* words: `zip(words, words[1:])`.",
    ],
)
def check_is_new(work, rng):
    def drawn(objects):
        said = [f"a {rng.choice(['small', 'large'])} {c} {s}" for c, s in objects]
        return str(rng.choice([" above ", " left of "])).join(said)

    def kinds(n):
        return [(str(rng.choice(list(COLOURS))), str(rng.choice(SHAPES))) for _ in range(n)]

    def oracle(sentence, held_out):
        named = sentence.replace(" left of ", " above ").split(" above ")
        return bool({tuple(one.split()[2:4]) for one in named} & held_out)

    (c1, s1), (c2, s2) = ("red", "circle"), ("blue", "ring")
    examples = [
        ("a small red circle", {("red", "circle")}),
        ("a small red circle", {("red", "ring")}),
        (drawn([(c1, s1), (c2, s2)]), {(c1, s2)}),
        (drawn([(c1, s1), (c2, s2)]), {(c2, s2), ("pink", "cross")}),
        (drawn([(c1, s1), (c2, s2)]), {(c1, s1)}),
        (drawn([(c1, s1), (c2, s2)]), {("white", s1), (c2, "square")}),
        (drawn([(c1, s1), (c2, s2)]), set()),
    ]
    for _ in range(40):
        examples.append(
            (drawn(kinds(int(rng.integers(1, 3)))), set(kinds(int(rng.integers(1, 9)))))
        )
    compare(
        work.is_new,
        oracle,
        examples,
        mistakes=[
            (
                "Colour and shape belong to *different* objects there: they must stand side by "
                "side.",
                lambda sentence, held_out: any(
                    {c, s} <= set(sentence.split()) for c, s in held_out
                ),
            ),
            (
                "Only the first object was looked at.",
                lambda sentence, held_out: tuple(sentence.split()[2:4]) in held_out,
            ),
            (
                "Only the last object was looked at.",
                lambda sentence, held_out: tuple(sentence.split()[-2:]) in held_out,
            ),
            (
                "A part alone is not new: colour *and* shape have to fit.",
                lambda sentence, held_out: any(
                    c in sentence.split() or s in sentence.split() for c, s in held_out
                ),
            ),
            (
                "There may be only one object, and the relation has one word or two: don't count "
                "from the front.",
                "IndexError",
            ),
            (
                "It answers the opposite question.",
                lambda sentence, held_out: not oracle(sentence, held_out),
            ),
            (
                "One new object is enough; not all have to be new.",
                lambda sentence, held_out: all(
                    tuple(one.split()[2:4]) in held_out
                    for one in sentence.replace(" left of ", " above ").split(" above ")
                ),
            ),
        ],
        hint="Take the sentence of the example apart by hand: which objects does it name?",
    )


tasks.predict(
    "15.4",
    "where a wrong word hurts",
    ["at an end", "in the middle", "the place makes no difference"],
    minutes=4,
    hints=["How many runs of four words does the first word belong to? And the fifth?"],
)


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
)
def check_greedy(work, rng):
    def along(
        p, start, end, longest, with_end=False, with_start=False, feed=True, more=0, down=False
    ):
        likeliest = [row.index(max(row)) for row in (p.T if down else p).tolist()]
        path = [start]
        for _ in range(longest + more):
            path.append(likeliest[path[-1] if feed else start])
            if path[-1] == end:
                break
        done = path[-1] == end and len(path) > 1
        kept = path if not done or with_end else path[:-1]
        return kept if with_start else kept[1:]

    def table(n):
        """A random order of n words from start (0) to end (1), and so a known path."""
        order = [0, *(2 + rng.permutation(n - 2)), 1]
        p = rng.random((n, n)) * 0.7
        for here, there in zip(order[:-1], order[1:], strict=True):
            p[here, there] = 1
        p[1, 2] = 1
        return (p / p.sum(axis=1, keepdims=True)).round(3)

    def mistake(**options):
        return lambda *args: along(*args, **options)

    circle = np.array([[0, 0.1, 0.9, 0], [1, 0, 0, 0], [0, 0.3, 0, 0.7], [0.1, 0.1, 0.8, 0]])
    examples = [(table(4), 0, 1, 9), (table(3), 0, 1, 9), (circle, 0, 1, 5)]
    examples += [(table(9), 0, 1, n) for n in (20, 7, 8, 1, 3)]
    compare(
        AsList(work.greedy),
        along,
        examples,
        mistakes=[
            ("`end` says that the sentence is over; it is not a word of it.",
             mistake(with_end=True)),
            ("`start` was given, not written.", mistake(with_start=True)),
            ("Each word is chosen after `start`: what was written has to be read again.",
             mistake(feed=False)),
            ("Row k, not column k, holds what comes after word k.", mistake(down=True)),
            ("What is looked for is the *place* of the largest probability.", "IndexError"),
            ("There may be `longest` words, and no more.", mistake(more=1)),
            ("A word is missing: `longest` words are allowed.", mistake(more=-1)),
        ],
        hint="Follow the table by hand, from `start`, with a finger on the likeliest word.",
    )  # fmt: skip


class AsList:
    """The learner's function, whose answer may be any sequence of whole numbers."""

    def __init__(self, function):
        self.name, self.function = function.name, function

    def __call__(self, *args):
        got = self.function(*args)
        require(
            isinstance(got, list | tuple | np.ndarray) and np.ndim(got) == 1,
            "it doesn't return a list of numbers",
            "Begin with an empty list, append the number of each word, and return the list.",
        )
        return list(got)


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
)
def check_bleu(work, rng):
    def score(
        written, reference, clipped=True, penalty="right", mean="geometric", most=4, once=False
    ):
        letters = len(written), len(reference)
        written, reference = written.split(), reference.split()
        shares = []
        for n in range(1, most + 1):
            there = [reference[k : k + n] for k in range(len(reference) - n + 1)]
            mine = [written[k : k + n] for k in range(len(written) - n + 1)]
            if once:
                mine, there = ([list(run) for run in set(map(tuple, of))] for of in (mine, there))
            right, left = 0, list(there)
            for run in mine:
                if run in (left if clipped else there):
                    right += 1
                    if clipped:
                        left.remove(run)
            shares.append(right / (len(there) if mean == "recall" else len(mine)))
        c, r = len(written), len(reference)
        brevity = {
            "right": math.exp(min(0, 1 - r / c)),
            "none": 1.0,
            "always": math.exp(1 - r / c),
            "other": math.exp(min(0, 1 - c / r)),
            "letters": math.exp(min(0, 1 - letters[1] / letters[0])),
        }
        if mean == "arithmetic":
            middle = sum(shares) / 4
        elif mean == "product":
            middle = math.prod(shares)
        else:
            middle = math.prod(shares) ** (1 / most)
        return 100 * brevity[penalty] * middle

    def changed(n_words, n_changes):
        reference = [str(w) for w in rng.choice(list("abcdefgh"), n_words)]
        written = list(reference)
        for place in rng.choice(n_words, n_changes, replace=False):
            written[place] = str(rng.choice(list("abcxyz")))
        return " ".join(written), " ".join(reference)

    def mistake(**options):
        return lambda written, reference: score(written, reference, **options)

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
    short, long = changed(14, 1)
    examples.append((" ".join(short.split()[:9]), long))
    compare(
        work.bleu,
        score,
        examples,
        mistakes=[
            ("A run may be claimed only as often as the reference has it: clip the counts.",
             mistake(clipped=False)),
            ("Where is the penalty for a sentence that is too short?", mistake(penalty="none")),
            ("The penalty is for short sentences only; a longer one is not rewarded.",
             mistake(penalty="always")),
            ("The penalty looks at the wrong sentence: $c$ is the length of the *written* one.",
             mistake(penalty="other")),
            ("$c$ and $r$ count words; the length of a text counts its characters.",
             mistake(penalty="letters")),
            ("A run that occurs twice counts twice: add up the counts.", mistake(once=True)),
            ("The shares are multiplied and the fourth root is taken; they are not averaged.",
             mistake(mean="arithmetic")),
            ("The fourth root of the product is missing.", mistake(mean="product")),
            ("Divide by the number of runs in the *written* sentence, not in the reference.",
             mistake(mean="recall")),
            ("There are runs of four words, too.", mistake(most=3)),
            ("BLEU is asked for in percent.", lambda *args: score(*args) / 100),
            ("A product can be 0, and a logarithm of 0 cannot be taken: then BLEU is 0.",
             "ValueError"),
        ],
        hint="Write down the four shares for the first example that fails, and compare.",
        tolerance=1e-6,
    )  # fmt: skip


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
