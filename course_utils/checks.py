"""What the tasks of an exercise ask for, and how an answer is judged.

A check is a function of the learner's work, which it can only *call*, and of a random generator.
It draws its own inputs, compares with an oracle, and raises `Failed` with what is wrong and a hint
at the cause, never with the answer:

    @task("04.1", "Add a row of bits", points=3, minutes=8, hints=["…", "…"])
    def check(work, rng):
        rows = [(rng.integers(0, 2, (1, seqlen, 2)),) for seqlen in (1, 2, 8)]
        compare(work.add_rows, oracle, rows, mistakes=[("The carry is lost …", without_carry)])

The same check judges in a notebook and wherever else there is something to call.
"""

import runpy
from dataclasses import dataclass
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).resolve().parents[1] / "exercises" / "checks"
SHORT = 300  # characters of an example that are shown
TASKS = {}


class Failed(Exception):
    """An answer is not right.

    Args:
        what: which property failed, in a few words.
        hint: what usually causes that.
        example: the smallest input that shows it, as text.
        expected: what was expected there, in kind.
        got: what came instead, as text.
        error: the name of the exception that the answer raised, if it raised one.
    """

    def __init__(self, what, hint="", example="", expected="", got="", error=""):
        super().__init__(what)
        self.what, self.hint, self.example = what, hint, example
        self.expected, self.got, self.error = expected, got, error

    def lines(self):
        """Return the message as pairs of a label and a text."""
        labelled = [
            ("What", self.what),
            ("Example", self.example),
            ("Expected", self.expected),
            ("Got", self.got),
            ("Hint", self.hint),
        ]
        return [(label, text) for label, text in labelled if text]


@dataclass(frozen=True)
class Task:
    """One task: `judge` is None where a person reads the answer."""

    id: str
    title: str
    points: int
    minutes: int
    hints: tuple = ()
    judge: object = None
    withheld: tuple = ()
    uses: tuple = ()


def task(id, title, points, minutes, hints=(), withheld=(), uses=()):
    """Register the decorated function ``(work, rng)`` as the check of a task.

    Args:
        id: lesson and number, such as ``"04.1"``.
        title: as in the exercise's heading.
        points: for a passed check.
        minutes: how long a learner needs.
        hints: up to three, of growing strength.
        withheld: functions of course_utils that answer it, such as ``"carry.add"``: while a
            hand-in is graded they are not there, for no task,
        uses: but for those which are listed here.
    """

    def register(judge):
        lists = map(tuple, (withheld, uses))
        TASKS[id] = Task(id, title, points, minutes, tuple(hints), judge, *lists)
        return judge

    return register


def words(id, title, points, minutes, hints=()):
    """Register a task that is answered in words, for a person to read; see `task`."""
    TASKS[id] = Task(id, title, points, minutes, tuple(hints))


def load(path):
    """Return the tasks of a file of checks, by id in the order of the file.

    Raises:
        FileNotFoundError: if there is no such file.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(
            f"the checks of this exercise should be in {Path(path).name}, but that file is missing "
            "from exercises/checks: get the whole course again, or run `make exercises`."
        )
    TASKS.clear()
    runpy.run_path(str(path))
    return dict(TASKS)


# For the author of a check ---------------------------------------------------------------------


def require(condition, what, hint, **more):
    """Raise `Failed` unless the condition holds."""
    if not condition:
        raise Failed(what, hint, **more)


def choice(work, name, options):
    """Check that a variable holds one of the offered answers, whichever.

    For questions whose answer is a guess that the learner commits to.
    """
    value = work.value(name)
    require(
        value in options,
        f"`{name}` is none of the offered answers",
        f"Write one of them, in quotes where they stand here: {', '.join(map(repr, options))}. "
        "A wrong guess costs nothing.",
        got=shown(value),
    )


class Part:
    """One part of what a function of the learner's returns, for `compare` to judge alone.

    Args:
        function: of the learner's.
        number: which part.
        names: of all parts, in order, for the message.
    """

    def __init__(self, function, number, names):
        self.name, self.function, self.number, self.names = function.name, function, number, names

    def __call__(self, *args):
        got = self.function(*args)
        require(
            isinstance(got, tuple | list) and len(got) == len(self.names),
            f"it doesn't return {len(self.names)} things",
            f"Return, in this order: {', '.join(self.names)}.",
        )
        part = got[self.number]
        texts = isinstance(part, np.ndarray) and part.dtype.kind == "U"
        return part.tolist() if texts else part


def compare(function, oracle, examples, mistakes=(), hint="", tolerance=0.0, what=""):
    """Compare a function of the learner's with an oracle, on examples from small to large.

    Args:
        function: called with each example.
        oracle: the same for the right answers.
        examples: tuples of arguments; the first that fails is shown.
        mistakes: pairs of a hint and a function that makes the mistake which the hint is about,
            or the name of an exception to which it leads. The hint is given if *all* answers are
            as that mistake makes them. (After an exception no more examples are tried.)
        hint: given if no mistake fits.
        tolerance: how far numbers may be off, absolutely and relatively.
        what: which property this is about.

    Raises:
        Failed: at the first difference.
    """
    first, fitting = None, list(mistakes)
    for example in examples:
        try:
            got, error = function(*example), None
        except Failed as failure:
            if not failure.error:
                raise
            got, error = None, failure
        fitting = [
            (text, wrong) for text, wrong in fitting if _fits(wrong, example, got, error, tolerance)
        ]
        if first is None:
            if error is not None:
                first = error
            elif problem := difference(got, wanted := oracle(*example), tolerance):
                first = Failed(
                    f"{what}: {problem}" if what else problem,
                    shape_hint(got, wanted) or hint,
                    example=call_text(function, example),
                    expected=kind(wanted),
                    got=shown(got),
                )
        if error is not None:
            break  # it would fail again; and an endless loop should not be tried twice
    if first is not None:
        fitting = [(t, w) for t, w in fitting if not isinstance(w, str) or first.error == w]
        if fitting:
            first.hint = fitting[0][0]
        raise first


def _fits(wrong, example, got, error, tolerance):
    if isinstance(wrong, str):  # an exception need not come at the first example
        return error is None or error.error == wrong
    try:
        made = wrong(*example)
    except Exception as raised:
        return error is not None and error.error == type(raised).__name__
    return error is None and difference(got, made, tolerance) is None


def difference(got, wanted, tolerance=0.0):
    """Say in words how an answer differs from the right one; None if it doesn't."""
    if isinstance(wanted, tuple | list):
        if not isinstance(got, tuple | list):
            return f"it should be a {type(wanted).__name__} of {_number(len(wanted), 'part')}"
        if len(got) != len(wanted):
            return f"it has {_number(len(got), 'part')}, not {len(wanted)}"
        for number, (one, other) in enumerate(zip(got, wanted, strict=True)):
            if problem := difference(one, other, tolerance):
                return f"part {number}: {problem}"
        return None
    if isinstance(wanted, str) or wanted is None or isinstance(wanted, dict):
        if type(got) is not type(wanted):
            return f"it should be {kind(wanted)}"
        if isinstance(wanted, str) and len(got) != len(wanted):
            return f"it has {_number(len(got), 'character')}, not {len(wanted)}"
        return None if got == wanted else "the value is wrong"
    try:
        got, wanted = np.asarray(got), np.asarray(wanted)
    except ValueError:
        return "the rows have different lengths"
    if got.dtype.kind not in "biufc":
        return f"it should be {kind(wanted)}"
    if got.shape != wanted.shape:
        return (
            f"the shape is {got.shape}, not {wanted.shape}"
            if wanted.shape
            else "it is not one number"
        )
    if got.dtype.kind in "fc" and np.isnan(got).any() and not np.isnan(wanted).any():
        return "there are NaNs (not a number) in it"
    close = np.isclose(got, wanted, rtol=tolerance, atol=tolerance, equal_nan=True)
    if close.all():
        return None
    if got.size == 1:
        return "the value is wrong"
    wrong = np.sum(~close)
    return f"{wrong:,} of {close.size:,} values {'is' if wrong == 1 else 'are'} wrong"


def shape_hint(got, wanted):
    """Return a hint for the usual reasons of a wrong shape, or an empty text."""
    if got is None and wanted is not None:
        return "The function returned nothing: is there a `return`?"
    if isinstance(wanted, tuple | list) and isinstance(got, tuple | list):
        pairs = zip(got, wanted, strict=False)
        return next(filter(None, (shape_hint(*pair) for pair in pairs)), "")
    if isinstance(wanted, tuple | list | str | dict) or not isinstance(got, np.ndarray):
        return ""
    wanted = np.asarray(wanted)
    if got.shape == wanted.shape:
        return ""
    if got.shape == wanted.shape[::-1]:
        return "The axes are in the wrong order: compare with the shape in the task."
    if got.size > 1 and got.squeeze().shape == wanted.squeeze().shape:
        return "There is an axis of length 1 too many or too few."
    if got.ndim == wanted.ndim and np.not_equal(got.shape, wanted.shape).sum() == 1:
        return "The axes are right, but one has another length: is a loop or a slice one off?"
    return "Compare the number of axes and their lengths with the task's."


def kind(value):
    """Describe a right answer without giving it away."""
    if value is None:
        return "nothing (None)"
    if isinstance(value, str):
        return f"a text of {_number(len(value), 'character')}"
    if isinstance(value, dict):
        return f"a dictionary with the keys {', '.join(map(repr, value))}"
    if isinstance(value, tuple | list):
        parts = [kind(part) for part in value[:3]]
        more = "; …" if len(value) > 3 else ""
        count = _number(len(value), "part")
        return f"a {type(value).__name__} of {count} ({'; '.join(parts)}{more})"
    array = np.asarray(value)
    if array.dtype.kind == "b":
        numbers, number = "True and False", "True or False"
    elif array.size > 1 and array.dtype.kind in "iu" and np.isin(array, (0, 1)).all():
        numbers, number = "0s and 1s", "a number"
    elif array.dtype.kind in "iu":
        numbers, number = "whole numbers", "a whole number"
    else:
        numbers, number = "numbers", "a number"
    return f"an array of shape {array.shape} of {numbers}" if array.shape else number


def _number(n, noun):
    return f"{n} {noun}{'s' * (n != 1)}"


def shown(value):
    """Return a value as text on few lines, cut if long."""
    if isinstance(value, np.ndarray):
        with np.printoptions(precision=4, suppress=True, threshold=60, edgeitems=3):
            text = f"{np.array2string(value, separator=', ')}, shape {value.shape}"
        if value.dtype.kind == "O":
            text = f"an array of objects, shape {value.shape}"
    else:
        text = repr(value)
    return text if len(text) <= SHORT else text[: SHORT - 1] + "…"


def call_text(function, arguments):
    """Return a call as a learner would write it."""
    name = getattr(function, "name", getattr(function, "__name__", "it"))
    inside = ", ".join(
        repr(a.tolist()) if isinstance(a, np.ndarray) else repr(a) for a in arguments
    )
    text = f"{name}({inside})"
    if len(text) > SHORT:
        inside = ", ".join(
            f"array of shape {a.shape}" if isinstance(a, np.ndarray) else shown(a)
            for a in arguments
        )
        text = f"{name}({inside})"
    return text if len(text) <= SHORT else text[: SHORT - 1] + "…"
