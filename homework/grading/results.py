"""What came of a hand-in, and the only place that writes and reads the files in results/."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, replace
from types import UnionType
from typing import Any, TypeVar, get_type_hints

T = TypeVar("T")


@dataclass(frozen=True)
class Text:
    """What a cell has printed."""

    text: str


@dataclass(frozen=True)
class Picture:
    """A picture that a cell has shown.

    Attributes:
        png: its bytes in base64, as they came: nobody has looked at them.
        alt: its description.
    """

    png: str
    alt: str


Output = Text | Picture


@dataclass(frozen=True)
class CellResult:
    """What a cell has shown.

    Attributes:
        task: at which it stands; empty before the first.
        outputs: in their order.
        error: name and message of what it raised, or empty.
    """

    task: str
    outputs: tuple[Output, ...] = ()
    error: str = ""


@dataclass(frozen=True)
class TaskResult:
    """What came of a task.

    Attributes:
        id: such as ``"04.1"``.
        title: as in the exercise.
        out_of: points that there are.
        points: points that it got; None until a person has read the answer.
        status: ``"passed"``, ``"failed"``, ``"time limit"``, ``"crashed"``, ``"missing"`` or
            ``"waiting"``; with a mark by hand ``"by hand"``.
        what: is wrong.
        expected: in kind.
        hint: at what usually causes that.
        answer: in words.
    """

    id: str
    title: str
    out_of: int | float
    points: int | float | None
    status: str
    what: str = ""
    expected: str = ""
    hint: str = ""
    answer: str = ""


@dataclass(frozen=True)
class Described:
    """A hand-in as it is known before anything of it has run.

    Attributes:
        name: of its files.
        key: for what a result is valid; see `run.key_of`.
        who: the learner's name, for people.
        learner: the same for the same learner.
        lms: ``"moodle"``, ``"canvas"`` or empty.
        lms_id: the learner's number there, or empty.
        source: its path in the folder of hand-ins.
        digest: sha256 of the file.
        handed_in: ISO, UTC; empty if unknown.
        exercise: such as ``"04_the_carry_generator"``; empty if it can't be told.
        course_version: with which it is graded.
    """

    name: str
    key: str
    who: str
    learner: str
    lms: str
    lms_id: str
    source: str
    digest: str
    handed_in: str
    exercise: str
    course_version: str


@dataclass(frozen=True)
class Outcome:
    """What grading has made of a hand-in.

    Attributes:
        status: ``"graded"``, ``"unreadable"`` or ``"failed"`` (the grader did).
        notes: short sentences for the teacher.
        tasks: in the order of the exercise.
        cells: those that have something to show.
        seconds: that it took.
    """

    status: str
    notes: tuple[str, ...] = ()
    tasks: tuple[TaskResult, ...] = ()
    cells: tuple[CellResult, ...] = ()
    seconds: int | float = 0.0


@dataclass(frozen=True)
class Result(Outcome, Described):
    """All that is known of a hand-in: which it is, and what came of it."""

    def after(self, outcome: Outcome) -> "Result":
        """Return the same hand-in with what has come of it by now; what was noted stays."""
        values = {field.name: getattr(outcome, field.name) for field in fields(Outcome)}
        return replace(self, **values | {"notes": (*self.notes, *outcome.notes)})


# The file ----------------------------------------------------------------------------------------


def to_json(result: Result) -> str:
    """Return a result as the text of its file."""
    return json.dumps(asdict(result), indent=1)


def from_json(text: str) -> Result:
    """Return the result in the text of a file.

    Raises:
        ValueError: if it isn't a whole one.
    """
    try:
        return from_data(json.loads(text))
    except (KeyError, TypeError) as error:
        raise ValueError(f"it is no result, or not a whole one: {error}") from None


def from_data(data: Any) -> Result:
    """Return a result from what JSON holds of it; fields that it doesn't know are left alone.

    Raises:
        KeyError, TypeError: if something is missing, or is of another kind.
    """
    return _made(
        Result,
        data,
        notes=_each(data["notes"], _text),
        tasks=_each(data["tasks"], lambda task: _made(TaskResult, task)),
        cells=_each(data["cells"], _cell),
    )


def _cell(data: Any) -> CellResult:
    return _made(CellResult, data, outputs=_each(data["outputs"], _output))


def _output(data: Any) -> Output:
    return _made(Text, data) if "text" in data else _made(Picture, data)


def _text(data: Any) -> str:
    if not isinstance(data, str):
        raise TypeError(f"{data!r} should be a text")
    return data


def _each(data: Any, made: Callable[[Any], T]) -> tuple[T, ...]:
    if not isinstance(data, list | tuple):
        raise TypeError(f"{data!r} should be a list")
    return tuple(map(made, data))


def _made(kind: Callable[..., T], data: Any, **parts: Any) -> T:
    """Return a dataclass with the values of a dictionary, but for the parts that are made already.

    Raises:
        KeyError, TypeError: if a value is missing, or is of another kind than its field.
    """
    values = dict(parts)
    for name, hint in get_type_hints(kind).items():
        if name not in parts:
            values[name] = data[name]
            if isinstance(hint, type | UnionType) and not isinstance(values[name], hint):
                raise TypeError(f"{name} is {values[name]!r}")
    return kind(**values)
