"""The checks of exercise 14: programs to run, a curriculum, a teacher's help, and its price."""

import operator
from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np

from homework.checks import Tasks, compare, mistake

tasks = Tasks()

# What an expression is worth -------------------------------------------------------------------

SIGNS = {"+": operator.add, "-": operator.sub, "*": operator.mul}
SMALL = [
    4,
    "a",
    ("+", 2, 3),
    ("-", 3, 8),
    ("*", 4, 6),
    ("neg", "a"),
    ("if", ("<", 1, 2), 30, 40),
    ("if", ("<", 2, 1), 30, 40),
    ("if", ("<", 2, 2), 5, 6),
    ("-", ("-", "a", 1), ("-", 2, "b")),
    ("neg", ("neg", 3)),
    ("if", ("<", 1, 2), 7, "nowhere"),
]


def grown(rng: np.random.Generator, depth: int, names: str) -> Any:
    """Return a random expression of at most this depth."""
    if depth == 0 or rng.random() < 0.1:
        return names[rng.integers(len(names))] if rng.random() < 0.4 else int(rng.integers(10))
    parts = [grown(rng, depth - 1, names) for _ in range(4)]
    kind = rng.integers(5)
    if kind < 3:
        return (list(SIGNS)[kind], *parts[:2])
    return ("neg", parts[0]) if kind == 3 else ("if", ("<", *parts[:2]), *parts[2:])


def python_text(tree: Any) -> str:
    """Return an expression as Python would have it written."""
    if not isinstance(tree, tuple):
        return f"{tree}"
    head, *rest = tree
    if head == "if":
        small, large = map(python_text, rest[0][1:])
        yes, no = map(python_text, rest[1:])
        return f"(({yes}) if ({small}) < ({large}) else ({no}))"
    texts = [f"({python_text(part)})" for part in rest]
    return f"(-{texts[0]})" if head == "neg" else f"({head.join(texts)})"


def as_python(tree: Any, variables: Mapping[str, int]) -> int:
    """The oracle: Python's own expressions."""
    return eval(python_text(tree), {}, dict(variables))


def interpreter(
    negate: Callable[[Any], Any] = operator.neg,
    less: Callable[[Any, Any], bool] = operator.lt,
    order: int = 1,
    branches: int = 1,
    eager: bool = False,
) -> Callable[[Any, Mapping[str, int]], Any]:
    """Return a function that works expressions out, with a mistake in one of these places."""

    def worth(tree: Any, variables: Mapping[str, int]) -> Any:
        if not isinstance(tree, tuple):
            return variables[tree] if isinstance(tree, str) else tree
        head, *parts = tree
        if head == "if":
            return worth(chosen(parts, variables), variables)
        values = [worth(part, variables) for part in parts]
        return negate(*values) if head == "neg" else SIGNS[head](*values[::order])

    def chosen(parts: Sequence[Any], variables: Mapping[str, int]) -> Any:
        (_, *sides), *both = parts
        small, large = (worth(side, variables) for side in sides)
        if eager:
            both = [worth(branch, variables) for branch in both]
        yes, no = both[::branches]
        return yes if less(small, large) else no

    return worth


WORTH = {
    "difference turned round": mistake(
        "The two parts of a difference are the other way round.", interpreter(order=-1)
    ),
    "branches swapped": mistake(
        "The two branches of a choice are the other way round.", interpreter(branches=-1)
    ),
    "neg ignored": mistake("`neg` turns the sign round.", interpreter(negate=operator.pos)),
    "equal taken for less": mistake(
        "What if both sides of the comparison are equal?", interpreter(less=operator.le)
    ),
    "both branches": mistake(
        "Only the chosen branch is looked at: the other may hold what doesn't exist.",
        interpreter(eager=True),
    ),
    "endless": mistake(
        "The function calls itself without end: call it on the *parts*, and let numbers and names "
        "be returned at once.",
        raises="RecursionError",
    ),
    "parts not worked out": mistake(
        "The parts are expressions, too: find out what they are worth before you compute with "
        "them.",
        raises="TypeError",
    ),
    "no such name": mistake(
        'A number is taken for a name, or the comparison `("<", x, y)` for an expression.',
        raises="KeyError",
    ),
}


@tasks.check(
    "14.1",
    "What an expression is worth",
    points=4,
    minutes=10,
    withheld=["programs.value", "programs.run", "programs.write"],
    hints=[
        "Three cases: a number, a name, a tuple. `isinstance(expression, str)` tells a name.",
        "To know what a tuple is worth, find out what its parts are worth: the function calls "
        "itself on them.",
        "In a choice first find out the worth of the two sides of the comparison. Only then call "
        "the function on one of the two branches.",
    ],
    mistakes=WORTH,
)
def check_worth(work: Any, rng: np.random.Generator) -> None:
    numbers = {"a": int(rng.integers(2, 30)), "b": -int(rng.integers(2, 30)), "c": 0}
    large = [grown(rng, depth, "abc") for depth in (2, 2, 3, 3, 4, 5, 6) for _ in range(4)]
    examples = [(tree, numbers) for tree in SMALL + large]
    hint = "Take the example apart on paper: what are its parts worth?"
    compare(work.worth, as_python, examples, WORTH, hint)


# From easy to hard -----------------------------------------------------------------------------

OTHER = {"length": "nesting", "nesting": "length"}


def levels(target: tuple[int, int], first: str, start: int = 1) -> list[tuple[int, ...]]:
    """Return all levels from easy to hard, by sorting them."""
    pairs = product(*(range(start, side + start) for side in target))
    return sorted(pairs, key=lambda pair: pair[::-1] if first == "length" else pair)


def shared_out(target: tuple[int, int], n: int, first: str, start: int = 1) -> np.ndarray:
    """The oracle: pick the level of each program from the sorted ones."""
    pairs = levels(target, first, start)
    return np.array([pairs[k * len(pairs) // n] for k in range(n)])


CURRICULUM = {
    "other first": mistake(
        "The wrong one grows first: which loop is the inner one?",
        lambda target, n, first: shared_out(target, n, OTHER[first]),
    ),
    "first ignored": mistake(
        "`first` changes nothing.",
        lambda target, n, first: shared_out(target, n, "length"),
        lambda target, n, first: shared_out(target, n, "nesting"),
    ),
    "over and over": mistake(
        "From easy to hard *once*; here the levels come over and over.",
        lambda target, n, first: np.resize(levels(target, first), (n, 2)),
    ),
    "from 0": mistake(
        "Lengths and nestings begin at 1 and go up to the target, which belongs to them.",
        lambda target, n, first: shared_out(target, n, first, start=0),
    ),
    "target only": mistake(
        "All programs are as hard as the target: that is the baseline.",
        lambda target, n, first: np.array([target] * n),
    ),
    "nesting in front": mistake(
        "In each row the length stands first and then the nesting.",
        lambda target, n, first: shared_out(target, n, first)[:, ::-1],
    ),
}


@tasks.check(
    "14.2",
    "From easy to hard",
    points=3,
    minutes=7,
    withheld=["programs.curriculum"],
    hints=[
        "First list the levels, in the right order. Two loops, one inside the other: which is the "
        "inner one?",
        "What grows first runs through all its values while the other stands still: it belongs "
        "into the inner loop.",
        "`np.repeat(levels, times, axis=0)` repeats each row; how many times?",
    ],
    mistakes=CURRICULUM,
)
def check_naive(work: Any, rng: np.random.Generator) -> None:
    targets = [(1, 1), (2, 1), (1, 2), (2, 2), (3, 2), (2, 4)]
    examples = [
        (target, target[0] * target[1] * int(rng.integers(1, 4)), first)
        for target in targets
        for first in ("length", "nesting")
    ]
    hint = "Write down the levels for the target (2, 2) in both orders."
    compare(work.naive, shared_out, examples, CURRICULUM, hint)


# Predict ---------------------------------------------------------------------------------------

tasks.predict(
    "14.3",
    "help from the teacher",
    ["lower", "the same", "higher"],
    minutes=4,
    hints=["Up to the first mistake, what does the network read in the one case and in the other?"],
)


# Rows for a teacher ----------------------------------------------------------------------------

Texts = list[list[int]]


def appending(
    left: bool = True, early: int = 0, end: int = 1, all_counted: bool = False
) -> Callable[[Texts, Texts, int, int], tuple[np.ndarray, ...]]:
    """Return a function that makes the arrays from lists, perhaps with a mistake."""

    def arrays(questions: Texts, answers: Texts, n_in: int, n_out: int) -> tuple[np.ndarray, ...]:
        rows, targets, counted = [], [], []
        for question, answer in zip(questions, answers, strict=True):
            space = [0] * (n_in - len(question))
            filled = answer + [0] * (n_out - len(answer))
            asked = space + question if left else question + space
            rows.append(asked + (filled + [0])[early : early + n_out - 1])
            targets.append(filled)
            counted.append([all_counted or j < len(answer) + end for j in range(n_out)])
        return np.array(rows), np.array(targets), np.array(counted)

    return arrays


TEACHER = {
    "filled on the right": mistake(
        "The questions are filled up on the wrong side: their last symbol stands right before the "
        "answer.",
        appending(left=False),
    ),
    "a step early": mistake(
        "The rows hold the answer one step too early, so that each step can see the character "
        "that it has to write.",
        appending(early=1),
    ),
    "end not counted": mistake(
        "The space that ends an answer counts as well: the network has to know when to stop.",
        appending(end=0),
    ),
    "all counted": mistake(
        "What stands behind the end of an answer doesn't count.", appending(all_counted=True)
    ),
}


@tasks.check(
    "14.4",
    "Rows for a teacher",
    points=4,
    minutes=10,
    withheld=["programs.encode"],
    hints=[
        "The arrays are full of zeros already. Put each question and each answer into its place "
        "with a slice.",
        "A question of length L begins at `n_in - L`. The answer begins right behind it, at "
        "`n_in`, in `rows`, and at 0 in `targets`.",
        "Counted is the answer and one more: the space that ends it.",
    ],
    mistakes=TEACHER,
)
def check_teacher(work: Any, rng: np.random.Generator) -> None:
    def drawn(n: int, n_in: int, n_out: int) -> tuple[Texts, Texts, int, int]:
        lengths = rng.integers(1, n_in + 1, n), rng.integers(1, n_out, n)
        questions, answers = (
            [rng.integers(1, 12, size).tolist() for size in side] for side in lengths
        )
        return questions, answers, n_in, n_out

    examples = [([[7]], [[2]], 2, 2), ([[7, 8, 9]], [[2, 3]], 3, 3)]
    examples += [drawn(*sizes) for sizes in [(1, 3, 3), (1, 6, 4), (3, 5, 3), (6, 8, 6)]]
    hint = "Do the first example by hand, place by place."
    compare(work.teacher, appending(), examples, TEACHER, hint)


# Three accuracies ------------------------------------------------------------------------------

Marks = Sequence[Sequence[bool]]


def characters_right(marks: Marks, size: int) -> float:
    """Return which share of the characters that count is right."""
    return sum(map(sum, marks)) / sum(map(len, marks))


def answers_averaged(marks: Marks, size: int) -> float:
    return sum(sum(row) / len(row) for row in marks) / len(marks)


def of_all_places(marks: Marks, size: int) -> float:
    return sum(map(sum, marks)) / size


def through_the_end(answer: list[int]) -> int:
    """Return how many places of an answer count: up to its first 0."""
    return answer.index(0) + 1


def counting(
    stop: Callable[[list[int]], int] = through_the_end,
    stop_of_whole: Callable[[list[int]], int] | None = None,
    share: Callable[[Marks, int], float] = characters_right,
) -> Callable[[np.ndarray, np.ndarray, np.ndarray], tuple[float, ...]]:
    """Return a function that counts character by character, perhaps with a mistake.

    Args:
        stop: how many places of an expected answer count.
        stop_of_whole: the same for the exact match, if others count there.
        share: of the marks, right or wrong, of what counts, and of the number of all places.
    """

    def marks(written: np.ndarray, expected: np.ndarray, stop: Callable) -> Marks:
        pairs = zip(written.tolist(), expected.tolist(), strict=True)
        return [[mine[j] == right[j] for j in range(stop(right))] for mine, right in pairs]

    def shares(helped: np.ndarray, alone: np.ndarray, expected: np.ndarray) -> tuple[float, ...]:
        characters = [share(marks(one, expected, stop), expected.size) for one in (helped, alone)]
        whole = [all(row) for row in marks(alone, expected, stop_of_whole or stop)]
        return (*characters, sum(whole) / len(whole))

    return shares


three_shares = counting()

ACCURACIES = {
    "all counted": TEACHER["all counted"].made_by(counting(stop=len)),
    "end not counted": mistake(
        "The 0 that ends an answer counts as well.", counting(lambda answer: answer.index(0))
    ),
    "exact everywhere": mistake(
        "An answer that is right up to its end is right, whatever stands behind it.",
        counting(stop_of_whole=len),
    ),
    "share of all places": mistake(
        "The share is one of the places that *count*, not of all places.",
        counting(share=of_all_places),
    ),
    "mean over answers": mistake(
        "Each *character* has the same weight, not each answer: take one mean over all that count.",
        counting(share=answers_averaged),
    ),
    "help swapped": mistake(
        "The shares with and without help are the other way round.",
        lambda helped, alone, expected: three_shares(alone, helped, expected),
    ),
    "percent": mistake(
        "Shares lie between 0 and 1; these are in percent.",
        lambda *given: tuple(100 * share for share in three_shares(*given)),
    ),
}


@tasks.check(
    "14.5",
    "Three accuracies",
    points=4,
    minutes=8,
    hints=[
        "First make an array of booleans that says which places count, shape (n, n_out).",
        "`np.cumsum(expected == 0, axis=1)` says at each place how many 0s have come up to there. "
        "For which of its values does a place count?",
        "A place of a whole answer is in order if it is right *or* doesn't count.",
    ],
    mistakes=ACCURACIES,
)
def check_three_accuracies(work: Any, rng: np.random.Generator) -> None:
    right = np.array([[3, 0, 0], [4, 5, 0]])
    goes_on = np.array([[3, 0, 7], [4, 5, 0]])
    one_wrong = np.array([[3, 0, 0], [4, 6, 0]])
    examples: list[tuple[np.ndarray, ...]]
    examples = [(written, written, right) for written in (right, one_wrong, goes_on)]
    examples += [pretended(rng, *sizes) for sizes in [(2, 3), (4, 4), (30, 5), (200, 6)]]
    hint = "Do the example of the task by hand: which places count?"
    compare(work.three_accuracies, three_shares, examples, ACCURACIES, hint, tolerance=1e-9)


def pretended(rng: np.random.Generator, n: int, n_out: int) -> tuple[np.ndarray, ...]:
    """Return what a network that exists only as a table writes: helped, alone, expected."""
    expected, helped, alone = (np.zeros((n, n_out), int) for _ in range(3))
    for k in range(n):
        length = int(rng.integers(1, n_out))
        expected[k, :length] = rng.integers(1, 12, length)
        lost, skill = False, rng.random()
        for j in range(n_out):
            guess, other = (int(place) for place in rng.integers(0, 12, 2))
            if j <= length:
                knows = rng.random() < skill
                helped[k, j] = expected[k, j] if knows else guess
                alone[k, j] = other if lost else helped[k, j]
                lost = lost or alone[k, j] != expected[k, j]
            else:
                helped[k, j], alone[k, j] = guess, other
    return helped, alone, expected


# Write on your own -----------------------------------------------------------------------------


class Pretended:
    """Something that behaves as a network that reads and writes, but can be worked out by hand.

    Its state is a number below `size`; each place that it reads moves it, and the most probable
    character is the state.
    """

    def __init__(self, n_in: int, n_out: int, size: int, factor: int) -> None:
        self.n_in, self.n_out, self.size, self.factor = n_in, n_out, size, factor

    def __repr__(self) -> str:
        return f"network({self.n_in} in, {self.n_out} out)"

    def __call__(self, rows: Any) -> np.ndarray:
        rows = np.asarray(rows)
        width = self.n_in + self.n_out - 1
        if rows.ndim != 2 or rows.shape[1] != width or rows.dtype.kind not in "iuf":
            raise ValueError(
                f"the network reads rows of shape (n, {width}), but was given {rows.shape}"
            )
        state = rows[:, : self.n_in - 1].sum(axis=1)
        result = []
        for place in range(self.n_in - 1, width):
            state = self.moved(state, rows[:, place])
            result.append(0.3 * np.eye(self.size)[state.astype(int)] + 0.7 / self.size)
        return np.stack(result, axis=1)

    def moved(self, state: Any, read: Any) -> Any:
        """Return the state after a place is read, from the state before."""
        return (self.factor * state + read + 1) % self.size


def one_by_one(network: Pretended, x: np.ndarray, n_out: int) -> np.ndarray:
    """The oracle: work out with Python's numbers what the network writes; never ask it."""
    answers = []
    for *before, read in x.tolist():
        state, answer = sum(before), []
        for _ in range(n_out):
            state = read = network.moved(state, read)
            answer.append(state)
        answers.append(answer)
    return np.array(answers)


def in_one_go(network: Pretended, x: np.ndarray, n_out: int) -> np.ndarray:
    nothing = np.zeros((len(x), n_out - 1), int)
    return network(np.hstack([x, nothing])).argmax(axis=-1)


def taking(step: Callable[[int], int]) -> Callable[[Pretended, np.ndarray, int], np.ndarray]:
    """Return a function that asks anew at each step, but takes what another step says."""

    def write(network: Pretended, x: np.ndarray, n_out: int) -> np.ndarray:
        answers = []
        for question in x.tolist():
            answer = [0] * n_out
            for k in range(n_out):
                (chosen,) = network([question + answer[: n_out - 1]]).argmax(axis=-1)
                answer[k] = int(chosen[step(k)])
            answers.append(answer)
        return np.array(answers)

    return write


ALONE = {
    "in one go": mistake(
        "All characters were chosen in one go. But each step has to read what the network wrote "
        "*before*: ask it anew at each step.",
        in_one_go,
    ),
    "last step": mistake(
        "At step k the probabilities of step k count, not those of the last step.",
        taking(lambda k: -1),
    ),
    "a step late": mistake(
        "The choice comes a step late: at step k the probabilities of step k count.",
        taking(lambda k: max(k - 1, 0)),
    ),
    "wrong width": mistake(
        "The network reads rows of n_in + n_out - 1 places: the question, and what was written "
        "without its last place, which nothing comes after.",
        raises="ValueError",
    ),
}


@tasks.check(
    "14.6",
    "Write on your own",
    points=4,
    minutes=10,
    hints=[
        "A loop over the n_out steps. At each step ask the network anew, with what is written so "
        "far.",
        "The rows are `x` and then `written` without its last place, next to each other: "
        "`np.concatenate(…, axis=1)`.",
        "The network gives probabilities for all steps. At step k only those of step k matter; "
        "`argmax(axis=-1)` takes the most probable character.",
    ],
    mistakes=ALONE,
)
def check_write_alone(work: Any, rng: np.random.Generator) -> None:
    examples = []
    for n, n_in, n_out in [(1, 1, 1), (1, 2, 2), (1, 3, 3), (3, 2, 4), (20, 4, 6)]:
        network = Pretended(n_in, n_out, 11, int(rng.integers(2, 6)))
        examples.append((network, rng.integers(0, 11, (n, n_in)), n_out))
    hint = "Follow one question by hand: what is read and what is written at each step?"
    compare(work.write_alone, one_by_one, examples, ALONE, hint)


# In words --------------------------------------------------------------------------------------

tasks.words(
    "14.7",
    '"It executes programs"',
    points=2,
    minutes=6,
    hints=[
        "Which characters are counted? Who tells the network the character before?",
        "Where do the test programs come from? Could one of them have been shown?",
    ],
)
