"""The checks of exercise 14."""

from itertools import product

import numpy as np

from homework.checks import Tasks, compare

tasks = Tasks()

SIGNS = ("+", "-", "*")


def grown(rng, depth, names):
    """Return a random expression of at most this depth."""
    if depth == 0 or rng.random() < 0.1:
        return names[rng.integers(len(names))] if rng.random() < 0.4 else int(rng.integers(10))
    parts = [grown(rng, depth - 1, names) for _ in range(4)]
    kind = rng.integers(5)
    if kind < 3:
        return (SIGNS[kind], *parts[:2])
    return ("neg", parts[0]) if kind == 3 else ("if", ("<", *parts[:2]), *parts[2:])


def python_text(tree):
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


def slips(**slip):
    """Return an interpreter that makes a mistake."""

    def interpret(tree, variables):
        if not isinstance(tree, tuple):
            return variables[tree] if isinstance(tree, str) else tree
        head, *rest = tree
        if head == "if":
            sides = [interpret(part, variables) for part in rest[0][1:]]
            branches = rest[1:] if "branches" not in slip else rest[:0:-1]
            if "both" in slip:
                branches = [interpret(part, variables) for part in branches]
            less = sides[0] <= sides[1] if "equal" in slip else sides[0] < sides[1]
            return interpret(branches[0] if less else branches[1], variables)
        values = [interpret(part, variables) for part in rest]
        if head == "neg":
            return values[0] if "neg" in slip else -values[0]
        if "order" in slip:
            values = values[::-1]
        return {"+": sum(values), "-": values[0] - values[-1], "*": values[0] * values[-1]}[head]

    return interpret


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
)
def check_worth(work, rng):
    numbers = {"a": int(rng.integers(2, 30)), "b": -int(rng.integers(2, 30)), "c": 0}
    unknown = ("if", ("<", 1, 2), 7, "nowhere")
    small = [4, "a", ("+", 2, 3), ("-", 3, 8), ("*", 4, 6), ("neg", "a")]
    small += [("if", ("<", 1, 2), 30, 40), ("if", ("<", 2, 1), 30, 40), ("if", ("<", 2, 2), 5, 6)]
    small += [("-", ("-", "a", 1), ("-", 2, "b")), ("neg", ("neg", 3)), unknown]
    large = [grown(rng, depth, "abc") for depth in (2, 2, 3, 3, 4, 5, 6) for _ in range(4)]
    compare(
        work.worth,
        lambda tree, variables: eval(python_text(tree), {}, dict(variables)),
        [(tree, numbers) for tree in small + large],
        mistakes=[
            ("The two parts of a difference are the other way round.", slips(order=True)),
            ("The two branches of a choice are the other way round.", slips(branches=True)),
            ("`neg` turns the sign round.", slips(neg=True)),
            ("What if both sides of the comparison are equal?", slips(equal=True)),
            (
                "Only the chosen branch is looked at: the other may hold what doesn't exist.",
                slips(both=True),
            ),
            (
                "The function calls itself without end: call it on the *parts*, and let numbers "
                "and names be returned at once.",
                "RecursionError",
            ),
            (
                "The parts are expressions, too: find out what they are worth before you compute "
                "with them.",
                "TypeError",
            ),
            (
                'A number is taken for a name, or the comparison `("<", x, y)` for an expression.',
                "KeyError",
            ),
        ],
        hint="Take the example apart on paper: what are its parts worth?",
    )


def listed(target, n, first="length", start=1, over_and_over=False):
    """Return the levels by sorting all of them, then picking one for each program."""
    sides = [range(start, side + start) for side in target]
    pairs = sorted(product(*sides), key=lambda pair: pair[::-1] if first == "length" else pair)
    places = [k % len(pairs) if over_and_over else k * len(pairs) // n for k in range(n)]
    return np.array([pairs[place] for place in places])


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
)
def check_naive(work, rng):
    sizes = [(1, 1), (2, 1), (1, 2), (2, 2), (3, 2), (2, 4)]
    examples = []
    for target in sizes:
        for order in ("length", "nesting"):
            examples.append((target, target[0] * target[1] * int(rng.integers(1, 4)), order))
    compare(
        work.naive,
        listed,
        examples,
        mistakes=[
            (
                "The wrong one grows first: which loop is the inner one?",
                lambda target, n, first: listed(
                    target, n, "nesting" if first == "length" else "length"
                ),
            ),
            (
                "`first` changes nothing.",
                lambda target, n, first: listed(target, n),
            ),
            (
                "`first` changes nothing.",
                lambda target, n, first: listed(target, n, "nesting"),
            ),
            (
                "From easy to hard *once*; here the levels come over and over.",
                lambda target, n, first: listed(target, n, first, over_and_over=True),
            ),
            (
                "Lengths and nestings begin at 1 and go up to the target, which belongs to them.",
                lambda target, n, first: listed(target, n, first, start=0),
            ),
            (
                "All programs are as hard as the target: that is the baseline.",
                lambda target, n, first: np.array([target] * n),
            ),
            (
                "In each row the length stands first and then the nesting.",
                lambda target, n, first: listed(target, n, first)[:, ::-1],
            ),
        ],
        hint="Write down the levels for the target (2, 2) in both orders.",
    )


tasks.predict(
    "14.3",
    "help from the teacher",
    ["lower", "the same", "higher"],
    minutes=4,
    hints=["Up to the first mistake, what does the network read in the one case and in the other?"],
)


def by_appending(left=True, shift=0, end=1, all_counted=False):
    """Return a function that makes the arrays from lists, perhaps with a mistake."""

    def make(questions, answers, n_in, n_out):
        rows, targets, counted = [], [], []
        for question, answer in zip(questions, answers, strict=True):
            space = [0] * (n_in - len(question))
            filled = list(answer) + [0] * (n_out - len(answer))
            behind = (filled + [0] * n_out)[shift : shift + n_out - 1]
            rows.append((space + list(question) if left else list(question) + space) + behind)
            targets.append(filled)
            counted.append([all_counted or j < len(answer) + end for j in range(n_out)])
        return np.array(rows), np.array(targets), np.array(counted)

    return make


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
)
def check_teacher(work, rng):
    def drawn(n, n_in, n_out):
        lengths = rng.integers(1, n_in + 1, n), rng.integers(1, n_out, n)
        return tuple([rng.integers(1, 12, size).tolist() for size in side] for side in lengths)

    sizes = [(1, 3, 3), (1, 6, 4), (3, 5, 3), (6, 8, 6)]
    examples = [([[7]], [[2]], 2, 2), ([[7, 8, 9]], [[2, 3]], 3, 3)]
    examples += [(*drawn(*size), *size[1:]) for size in sizes]
    compare(
        work.teacher,
        by_appending(),
        examples,
        mistakes=[
            (
                "The questions are filled up on the wrong side: their last symbol stands right "
                "before the answer.",
                by_appending(left=False),
            ),
            (
                "The rows hold the answer one step too early, so that each step can see the "
                "character that it has to write.",
                by_appending(shift=1),
            ),
            (
                "The space that ends an answer counts as well: the network has to know when to "
                "stop.",
                by_appending(end=0),
            ),
            (
                "What stands behind the end of an answer doesn't count.",
                by_appending(all_counted=True),
            ),
        ],
        hint="Do the first example by hand, place by place.",
    )


def pretended(rng, n, n_out):
    """Return what a network that exists only as a table writes: helped, alone, expected."""
    expected, helped, alone = (np.zeros((n, n_out), int) for _ in range(3))
    for k in range(n):
        length = int(rng.integers(1, n_out))
        expected[k, :length] = rng.integers(1, 12, length)
        lost, skill = False, rng.random()
        for j in range(n_out):
            guess, help = (int(place) for place in rng.integers(0, 12, 2))
            if j <= length:
                knows = rng.random() < skill
                helped[k, j] = expected[k, j] if knows else guess
                alone[k, j] = help if lost else helped[k, j]
                lost = lost or alone[k, j] != expected[k, j]
            else:
                helped[k, j], alone[k, j] = guess, help
    return helped, alone, expected


def by_counting(end=1, exact_everywhere=False, mean_of_rows=False, everything=False, of_all=0):
    """Return a function that counts character by character, perhaps with a mistake."""

    def count(helped, alone, expected):
        lengths = [
            next(j for j, place in enumerate(row) if place == 0) for row in expected.tolist()
        ]
        width = expected.shape[1]
        stops = [width if everything else length + end for length in lengths]
        result = []
        for written in (helped, alone):
            marks = [
                [int(written[k, j] == expected[k, j]) for j in range(stop)]
                for k, stop in enumerate(stops)
            ]
            shares = [sum(row) / len(row) for row in marks]
            flat = [mark for row in marks for mark in row]
            places = expected.size if of_all else len(flat)
            result.append(sum(shares) / len(shares) if mean_of_rows else sum(flat) / places)
        if exact_everywhere:
            whole = [
                written.tolist() == right.tolist()
                for written, right in zip(alone, expected, strict=True)
            ]
        else:
            whole = [min(row) for row in marks]
        return (*result, sum(whole) / len(whole))

    return count


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
)
def check_three(work, rng):
    right = np.array([[3, 0, 0], [4, 5, 0]])
    long = np.array([[3, 0, 7], [4, 5, 0]])
    half = np.array([[3, 0, 0], [4, 6, 0]])
    examples = [(right, right, right), (half, half, right), (long, long, right)]
    sizes = [(2, 3), (4, 4), (30, 5), (200, 6)]
    compare(
        work.three_accuracies,
        by_counting(),
        examples + [pretended(rng, *size) for size in sizes],
        tolerance=1e-9,
        mistakes=[
            (
                "What stands behind the end of an answer doesn't count.",
                by_counting(everything=True),
            ),
            (
                "The 0 that ends an answer counts as well.",
                by_counting(end=0),
            ),
            (
                "An answer that is right up to its end is right, whatever stands behind it.",
                by_counting(exact_everywhere=True),
            ),
            (
                "The share is one of the places that *count*, not of all places.",
                by_counting(of_all=True),
            ),
            (
                "Each *character* has the same weight, not each answer: take one mean over all "
                "that count.",
                by_counting(mean_of_rows=True),
            ),
            (
                "The shares with and without help are the other way round.",
                lambda helped, alone, expected: by_counting()(alone, helped, expected),
            ),
            (
                "Shares lie between 0 and 1; these are in percent.",
                lambda *given: tuple(100 * share for share in by_counting()(*given)),
            ),
        ],
        hint="Do the example of the task by hand: which places count?",
    )


class Pretended:
    """Something that behaves as a network that reads and writes, but can be worked out by hand.

    Its state is a number below `size`; each place that it reads moves it, and the most probable
    character is the state.
    """

    def __init__(self, n_in, n_out, size, factor):
        self.n_in, self.n_out, self.size, self.factor = n_in, n_out, size, factor

    def __repr__(self):
        return f"network({self.n_in} in, {self.n_out} out)"

    def __call__(self, rows):
        rows = np.asarray(rows)
        width = self.n_in + self.n_out - 1
        if rows.ndim != 2 or rows.shape[1] != width or rows.dtype.kind not in "iuf":
            raise ValueError(
                f"the network reads rows of shape (n, {width}), but was given {rows.shape}"
            )
        state = rows[:, : self.n_in - 1].sum(axis=1)
        result = []
        for place in range(self.n_in - 1, width):
            state = (self.factor * state + rows[:, place] + 1) % self.size
            result.append(0.3 * np.eye(self.size)[state.astype(int)] + 0.7 / self.size)
        return np.stack(result, axis=1)


def one_by_one(network, x, n_out, late=0, at_once=False, last=False):
    """Work out with Python's numbers what the network writes, perhaps with a mistake."""
    answers = []
    for question in x.tolist():
        if at_once or last or late:
            so_far = [0] * n_out
            for k in range(n_out):
                row = np.array([question + so_far[: n_out - 1]])
                chosen = network(row)[0].argmax(axis=-1).tolist()
                if at_once:
                    so_far = chosen
                    break
                so_far[k] = chosen[-1] if last else chosen[max(k - late, 0)]
            answers.append(so_far)
            continue
        state, so_far = sum(question[:-1]), []
        read = question[-1]
        for _ in range(n_out):
            state = (network.factor * state + read + 1) % network.size
            read = state
            so_far.append(state)
        answers.append(so_far)
    return np.array(answers)


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
)
def check_write_alone(work, rng):
    examples = []
    for n, n_in, n_out in [(1, 1, 1), (1, 2, 2), (1, 3, 3), (3, 2, 4), (20, 4, 6)]:
        network = Pretended(n_in, n_out, 11, int(rng.integers(2, 6)))
        examples.append((network, rng.integers(0, 11, (n, n_in)), n_out))
    compare(
        work.write_alone,
        one_by_one,
        examples,
        mistakes=[
            (
                "All characters were chosen in one go. But each step has to read what the network "
                "wrote *before*: ask it anew at each step.",
                lambda network, x, n_out: one_by_one(network, x, n_out, at_once=True),
            ),
            (
                "At step k the probabilities of step k count, not those of the last step.",
                lambda network, x, n_out: one_by_one(network, x, n_out, last=True),
            ),
            (
                "The choice comes a step late: at step k the probabilities of step k count.",
                lambda network, x, n_out: one_by_one(network, x, n_out, late=1),
            ),
            (
                "The network reads rows of n_in + n_out - 1 places: the question, and what was "
                "written without its last place, which nothing comes after.",
                "ValueError",
            ),
        ],
        hint="Follow one question by hand: what is read and what is written at each step?",
    )


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
