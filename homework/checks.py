"""What the tasks of an exercise ask for, and how an answer is judged.

The checks of an exercise are a module of `homework.tasks`. A check is a function of the learner's
work, which it can only *call*, and of a random generator. It draws its own inputs, compares with an
oracle, and raises `Failed` with what is wrong and a hint at the cause, never with the answer:

    tasks = Tasks()

    ROWS = {"carry lost": mistake("No carry goes from one step to the next.", without_carry)}

    @tasks.check("04.2", "Rows of bits", points=4, minutes=10, hints=["…", "…"], mistakes=ROWS)
    def check_add_rows(work, rng):
        rows = [(rng.integers(0, 2, (1, seqlen, 2)),) for seqlen in (1, 2, 8)]
        compare(work.add_rows, oracle, rows, ROWS)

The same check judges in a notebook and wherever else there is something to call.
"""

import importlib.util
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from homework.describing import call_text, difference, kind, shape_hint, shown

FOLDER = Path(__file__).parent / "tasks"


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

    def __init__(
        self,
        what: str,
        hint: str = "",
        example: str = "",
        expected: str = "",
        got: str = "",
        error: str = "",
    ) -> None:
        super().__init__(what)
        self.what, self.hint, self.example = what, hint, example
        self.expected, self.got, self.error = expected, got, error

    def lines(self) -> list[tuple[str, str]]:
        """Return the message as pairs of a label and a text."""
        labelled = [
            ("What", self.what),
            ("Example", self.example),
            ("Expected", self.expected),
            ("Got", self.got),
            ("Hint", self.hint),
        ]
        return [(label, text) for label, text in labelled if text]


# Mistakes --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Mistake:
    """A mistake that learners make, and what to tell them. Make one with `mistake`.

    Attributes:
        hint: at the cause, without the answer.
        makes: functions, of the arguments of the learner's, that make it.
        raises: names of the exceptions to which it leads; none: any exception.
        says: words in what is said of that exception; empty: any.
    """

    hint: str
    makes: tuple[Callable[..., Any], ...] = ()
    raises: tuple[str, ...] = ()
    says: str = ""

    def made_by(self, *functions: Callable[..., Any]) -> "Mistake":
        """Return the same mistake, made by these functions: for those that a check has to build."""
        return replace(self, makes=functions)

    def explains(self, failure: Failed) -> bool:
        """Return whether an exception that the learner's code raised is a sign of it."""
        if not failure.error or not (self.raises or self.says):
            return False
        expected = not self.raises or failure.error in self.raises
        return expected and self.says in failure.what

    def fits(self, example: Sequence[Any], got: Any, error: Failed | None, off: float) -> bool:
        """Return whether it leads to what came for an example, or may do so at another one."""
        if self.raises or self.says:  # an exception need not come at the first example
            return error is None or self.explains(error)
        return any(_makes(function, example, got, error, off) for function in self.makes)


Mistakes = Mapping[str, Mistake]


def mistake(
    hint: str, *makes: Callable[..., Any], raises: str | tuple[str, ...] = (), says: str = ""
) -> Mistake:
    """Return a `Mistake`; with its hint alone, if the check itself looks for it.

    Several functions are different ways to make the same mistake. What some make and others raise
    are two mistakes.

    Raises:
        ValueError: if it has both functions and a sign in an exception.
    """
    if makes and (raises or says):
        raise ValueError("a mistake is told by what it makes or by what it raises: write two.")
    return Mistake(hint, makes, (raises,) if isinstance(raises, str) else raises, says)


def _makes(
    function: Callable[..., Any], example: Sequence[Any], got: Any, error: Failed | None, off: float
) -> bool:
    try:
        made = function(*example)
    except Exception as raised:
        return error is not None and error.error == type(raised).__name__
    return error is None and difference(got, made, off) is None


@contextmanager
def explaining(*mistakes: Mistake) -> Iterator[None]:
    """Give an exception of the learner's code the hint of the first mistake that explains it."""
    try:
        yield
    except Failed as failure:
        for each in mistakes:
            if each.explains(failure):
                failure.hint = each.hint
                break
        raise


# Tasks -----------------------------------------------------------------------------------------

Judge = Callable[[Any, np.random.Generator], None]


@dataclass(frozen=True)
class Task:
    """One task: `judge` is None where a person reads the answer.

    Attributes:
        id: lesson and number, such as ``"04.1"``.
        title: as in the exercise's heading.
        points: for a passed check.
        minutes: how long a learner needs.
        hints: up to three, of growing strength.
        judge: the check, of the learner's work and a random generator.
        withheld: functions of course_utils that answer it, such as ``"carry.add"``: while a
            hand-in is graded they are not there, for no task,
        uses: but for those which are listed here.
        mistakes: that the check knows, by name.
    """

    id: str
    title: str
    points: int
    minutes: int
    hints: tuple[str, ...] = ()
    judge: Judge | None = None
    withheld: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    mistakes: Mistakes = field(default_factory=dict)


class Tasks(dict[str, Task]):
    """The tasks of an exercise by id, in the order of the notebook; see `Task` for what they have.

    A module of `homework.tasks` makes one, called ``tasks``, and adds to it.
    """

    def check(
        self,
        id: str,
        title: str,
        *,
        points: int,
        minutes: int,
        hints: Sequence[str] = (),
        withheld: Sequence[str] = (),
        uses: Sequence[str] = (),
        mistakes: Mistakes | None = None,
    ) -> Callable[[Judge], Judge]:
        """Make the decorated function ``(work, rng)`` the check of a task."""

        def add(judge: Judge) -> Judge:
            lists = tuple(hints), judge, tuple(withheld), tuple(uses)
            self[id] = Task(id, title, points, minutes, *lists, mistakes or {})
            return judge

        return add

    def predict(
        self, id: str, title: str, options: Sequence[str], *, minutes: int, hints: Sequence[str]
    ) -> None:
        """Add a guess that the learner commits to, worth a point whichever option it is."""
        listed = f"{', '.join(map(repr, options))}. A wrong guess costs nothing."
        mistakes = {
            "no text": mistake(f"Write one of these, in quotes as they stand here: {listed}"),
            "not offered": mistake(f"Copy one of these, letter by letter: {listed}"),
        }

        def judge(work: Any, rng: np.random.Generator) -> None:
            value = work.value("prediction")
            what = "`prediction` is none of the offered answers"
            require(isinstance(value, str), what, mistakes["no text"], got=shown(value))
            require(value in options, what, mistakes["not offered"], got=shown(value))

        title = f"Predict: {title}"
        self[id] = Task(id, title, 1, minutes, tuple(hints), judge, mistakes=mistakes)

    def words(
        self, id: str, title: str, *, points: int, minutes: int, hints: Sequence[str]
    ) -> None:
        """Add a task that is answered in words, for a person to read."""
        self[id] = Task(id, title, points, minutes, tuple(hints))


def load(path: str | Path) -> Tasks:
    """Return the tasks of a module of checks; each call runs the module anew.

    Args:
        path: of the file, such as ``FOLDER / "04_the_carry_generator.py"``.

    Raises:
        FileNotFoundError: if there is no such file.
    """
    path = Path(path)
    spec = importlib.util.spec_from_file_location(f"homework.tasks.{path.stem}", path)
    if not path.is_file() or spec is None or spec.loader is None:
        raise FileNotFoundError(
            f"the checks of this exercise should be in {path.name}, but that file is missing "
            "from homework/tasks: get the whole course again."
        )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.tasks


# For the author of a check ---------------------------------------------------------------------


def require(condition: Any, what: str, hint: str | Mistake, **more: str) -> None:
    """Raise `Failed` unless the condition holds.

    Args:
        condition: what should hold.
        what: which property failed, in a few words.
        hint: what usually causes that.
        **more: `example`, `expected` and `got` of `Failed`.
    """
    if not condition:
        raise Failed(what, hint.hint if isinstance(hint, Mistake) else hint, **more)


class Part:
    """One part of what a function of the learner's returns, for `compare` to judge alone.

    Args:
        function: of the learner's.
        number: which part.
        names: of all parts, in order, for the message.
    """

    def __init__(self, function: Any, number: int, names: Sequence[str]) -> None:
        self.name, self.function, self.number, self.names = function.name, function, number, names

    def __call__(self, *args: Any) -> Any:
        got = self.function(*args)
        require(
            isinstance(got, tuple | list) and len(got) == len(self.names),
            f"it doesn't return {len(self.names)} things",
            f"Return, in this order: {', '.join(self.names)}.",
        )
        return as_lists(got[self.number])


class Listed:
    """A function of the learner's whose arrays of texts, if it returns any, become lists."""

    def __init__(self, function: Any) -> None:
        self.function, self.name = function, function.name

    def __call__(self, *args: Any) -> Any:
        return as_lists(self.function(*args))


def as_lists(value: Any) -> Any:
    """Return a value with lists instead of arrays of texts, also within tuples and lists."""
    if isinstance(value, tuple | list):
        return type(value)(map(as_lists, value))
    return value.tolist() if isinstance(value, np.ndarray) and value.dtype.kind == "U" else value


def compare(
    function: Any,
    oracle: Callable[..., Any],
    examples: Iterable[Sequence[Any]],
    mistakes: Mistakes | None = None,
    hint: str = "",
    tolerance: float = 0.0,
    what: str = "",
    parts: Sequence[str] = (),
) -> None:
    """Compare a function of the learner's with an oracle, on examples from small to large.

    Args:
        function: called with each example.
        oracle: the same for the right answers.
        examples: tuples of arguments; the first that fails is shown. After an exception no more are
            tried: it would come again, and an endless loop should not be waited for twice.
        mistakes: that are known. The hint of the first one that fits *all* answers is given.
        hint: given if no mistake fits.
        tolerance: how far numbers may be off, absolutely and relatively.
        what: which property this is about.
        parts: names of the parts of an answer, for the message.

    Raises:
        Failed: at the first difference.
    """
    first, fitting = None, list((mistakes or {}).values())
    for example in examples:
        got, error = _answer(function, example)
        fitting = [each for each in fitting if each.fits(example, got, error, tolerance)]
        if error is not None:
            first = first or error
            break
        wanted = oracle(*example)
        if first is None and (problem := difference(got, wanted, tolerance, parts)):
            first = Failed(
                f"{what}: {problem}" if what else problem,
                shape_hint(got, wanted) or hint,
                example=call_text(function, example),
                expected=kind(wanted),
                got=shown(got),
            )
    if first is not None:
        fitting = [each for each in fitting if each.makes or each.explains(first)]
        if fitting:
            first.hint = fitting[0].hint
        raise first


def _answer(function: Any, example: Sequence[Any]) -> tuple[Any, Failed | None]:
    """Return what the learner's function returns, or the exception that it raised."""
    try:
        return function(*example), None
    except Failed as failure:
        if not failure.error:
            raise
        return None, failure
