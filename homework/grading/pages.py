"""The pages that grading writes: feedback for a learner, an overview of the class for the teacher.

They are made from the files in ``templates``. Whatever comes from a learner is shown as text: the
`ENVIRONMENT` cleans and escapes what is put into a page, so no template has to think of it. Of
pictures only PNG is shown, from the page itself. The policy at the head of each page forbids the
browser to run or fetch anything, should something slip through.
"""

import base64
import io
import math
import re
import statistics
import textwrap
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from course_utils.lesson import plotting
from homework.grading.marks import Mark, MarkedTask
from homework.grading.results import CellResult, Output, Picture, Text
from homework.grading.texts import harmless, one_line, when

PIXELS = 25_000_000  # of a picture: a small file can unfold to one that fills the memory
MOST = 5  # mistakes that are told of a task
LATE = "The time limit was hit."
SUCCESS = [
    ("all points", plotting.BLUE, "white"),
    ("some points", plotting.SKY, "black"),
    ("no points", plotting.ORANGE, "black"),
    ("to be read", "#dddddd", "black"),
]


class State(NamedTuple):
    """How the status of a task is shown: by sign and words, never by colour alone."""

    sign: str
    words: str
    colour: str  # as the style of the page names it


STATES = {
    "passed": State("✓", "passed", "passed"),
    "failed": State("✗", "not passed", "failed"),
    "time limit": State("✗", "stopped at the time limit", "failed"),
    "crashed": State("✗", "stopped: it crashed or used too much", "failed"),
    "missing": State("✗", "no answer found", "failed"),
    "waiting": State("○", "a person reads it", "note"),
    "by hand": State("✎", "marked by hand", "note"),
}


# What templates may use --------------------------------------------------------------------------


def code(text: str) -> Markup:
    """Return a text of the course's as HTML; what stands between backticks is code."""
    escaped = str(escape(harmless(text)))
    return Markup(re.sub(r"`([^`\n]+)`", r"<code>\1</code>", escaped))


def exercise_title(exercise: str) -> str:
    """Return ``"04 The carry generator"`` for ``"04_the_carry_generator"``."""
    number, _, name = exercise.partition("_")
    name = name.replace("_", " ").capitalize()
    for term in ("LSTM", "RNN", "NumPy"):
        name = re.sub(rf"\b{term}\b", term, name, flags=re.IGNORECASE)
    return f"{number} {name}".strip() or "unknown exercise"


def told(task: MarkedTask) -> list[tuple[str, str]]:
    """Return what there is to say of a task as pairs of a label and a text; none if it passed."""
    pairs = [
        ("Time limit", LATE if task.status == "time limit" else ""),
        ("What", code(task.what)),
        ("Expected", code(task.expected)),
        ("Hint", code(task.hint)),
        ("Your answer", task.answer),
        ("Comment", task.comment),
    ]
    return [(label, text) for label, text in pairs if text]


def _cleaned(value: Any) -> Any:
    """Return what is put into a page: a text is harmless, unless it is made by a template."""
    return harmless(value) if isinstance(value, str) and not isinstance(value, Markup) else value


ENVIRONMENT = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    finalize=_cleaned,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
ENVIRONMENT.filters |= {
    "code": code,
    "exercise": exercise_title,
    "one_line": one_line,
    "state": STATES.__getitem__,
    "told": told,
    "when": when,
}
ENVIRONMENT.tests |= {
    "file_name": lambda name: re.fullmatch(r"[a-z0-9-]+", name) is not None,
    "printed": lambda output: isinstance(output, Text),
}


# Feedback for a learner --------------------------------------------------------------------------


def feedback(mark: Mark) -> str:
    """Return the page for one hand-in: points, what to mend, and what the notebook printed.

    Args:
        mark: of `marks.mark_all`.
    """
    result, exercise = mark.result, exercise_title(mark.result.exercise)
    return ENVIRONMENT.get_template("feedback.html").render(
        title=f"Feedback: {exercise}, {mark.who}",
        exercise=exercise,
        mark=mark,
        result=result,
        file=result.source.replace("\\", "/").rpartition("/")[2],
        total=_total(mark),
        cells=_cells_to_show(result.cells),
    )


def _total(mark: Mark) -> str:
    """Say in a sentence how many points there are, and if they count."""
    if mark.status == "unreadable":
        return "✗ This hand-in could not be read, so it has no points; the notes below say why."
    if mark.status == "failed":
        return "✗ Grading this hand-in failed; that is not the learner's fault."
    points = f"{mark.points} of {mark.out_of} points"
    if mark.status == "not counted":
        return f"○ Not counted, as a later one was handed in; this one has {points}."
    more = f" so far; answers for {mark.waiting} more are still to be read"
    return f"{points}{more if mark.status == 'waiting' else ''}."


def _cells_to_show(cells: Iterable[CellResult]) -> list[CellResult]:
    """Return cells with their outputs as they are shown, but for those with nothing to show."""
    shown = [replace(cell, outputs=tuple(map(_as_shown, cell.outputs))) for cell in cells]
    shown = [replace(c, outputs=tuple(o for o in c.outputs if o != Text(""))) for c in shown]
    return [cell for cell in shown if cell.outputs or cell.error]


def _as_shown(output: Output) -> Output:
    """Return an output as the page shows it; of a picture that can't be shown, `png` is empty."""
    if isinstance(output, Text):
        return Text(harmless(output.text).rstrip())
    return Picture(_png(output.png), one_line(output.alt) or "a picture without a description")


def _png(text: str) -> str:
    """Return the base64 of a PNG picture of sensible size as one line; else nothing."""
    try:
        data = base64.b64decode("".join(text.split()), validate=True)
    except ValueError:
        return ""
    if not data.startswith(b"\x89PNG\r\n\x1a\n") or data[12:16] != b"IHDR":
        return ""
    width, height = (int.from_bytes(data[k : k + 4], "big") for k in (16, 20))
    return base64.b64encode(data).decode() if width * height <= PIXELS else ""


# The class ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Mistakes:
    """What went wrong at a task.

    Attributes:
        task: its id and title.
        learners: who handed it in.
        most_common: pairs of what is wrong and how many it concerns.
    """

    task: str
    learners: int
    most_common: list[tuple[str, int]]


@dataclass(frozen=True)
class Overview:
    """What the class has made of an exercise.

    Attributes:
        title: of the exercise.
        told: points in a sentence.
        distribution: how many have how many points, as a picture.
        success: per task, as a picture.
        mistakes: of the tasks at which something went wrong.
    """

    title: str
    told: str
    distribution: Picture
    success: Picture
    mistakes: list[Mistakes]


ByTask = Mapping[str, Sequence[MarkedTask]]  # the key: id and title


def class_page(marks: Sequence[Mark]) -> str:
    """Return the overview: points, success and mistakes per exercise, and what needs a look.

    Args:
        marks: what `marks.mark_all` returned.
    """
    exercises = defaultdict(list)
    for mark in marks:
        if mark.counts:
            exercises[mark.result.exercise].append(mark)
    return ENVIRONMENT.get_template("class.html").render(
        title="The class",
        marks=marks,
        counted=sum(map(len, exercises.values())),
        exercises=[_overview(stem, exercises[stem]) for stem in sorted(exercises)],
        attention=[(mark, remarks) for mark in marks if (remarks := _remarks(mark))],
    )


def _remarks(mark: Mark) -> list[str]:
    """Return why a teacher should look at a hand-in; nothing if there is no reason."""
    if mark.status == "not counted":
        return []
    said = [mark.status] if mark.status in ("unreadable", "failed") else []
    stopped = [task for task in mark.tasks if task.status in ("time limit", "crashed")]
    said += [f"{task.id} {STATES[task.status].words}" for task in stopped]
    return [*said, *mark.notes]


def _overview(exercise: str, marks: Sequence[Mark]) -> Overview:
    points, out_of = [mark.points for mark in marks], max(mark.out_of for mark in marks)
    tasks = defaultdict(list)
    for mark in marks:
        for task in mark.tasks:
            tasks[f"{task.id} {one_line(task.title)}"].append(task)
    return Overview(
        exercise_title(exercise),
        _points_told(points, out_of, sum(mark.status == "waiting" for mark in marks)),
        _distribution(points, out_of),
        _success(tasks),
        _mistakes(tasks),
    )


def _points_told(points: Sequence[float], out_of: float, waiting: int) -> str:
    """Say how many points an exercise has brought.

    Args:
        points: of all hand-ins that count.
        out_of: points that there are.
        waiting: in how many a person has still to read an answer.
    """
    said = f"One counted: {points[0]} of {out_of} points."
    if len(points) > 1:
        mean, median = statistics.mean(points), statistics.median(points)
        said = f"{len(points)} counted: {min(points)} to {max(points)} of {out_of} points, "
        said += f"{mean:.1f} on average, the median {median:g}."
    return f"{said} Answers still to be read: in {waiting}." if waiting else said


def _picture(fig: Figure, alt: str) -> Picture:
    png = io.BytesIO()
    fig.savefig(png, format="png", metadata={"Software": None})
    return Picture(base64.b64encode(png.getvalue()).decode(), alt)


def _distribution(points: Sequence[float], out_of: float) -> Picture:
    """Return a picture of how many learners have how many points."""
    step = math.ceil((out_of + 1) / 25)
    bins = range(int(out_of) // step + 1)
    found = Counter(int(p) // step for p in points)
    counts = [found[k] for k in bins]
    labels = [f"{k * step}–{k * step + step - 1}" if step > 1 else f"{k}" for k in bins]
    fig = Figure(figsize=plotting.WIDE)
    ax = fig.subplots()
    ax.bar(list(bins), counts, color=plotting.BLUE)
    ax.set_xticks(list(bins), labels, fontsize=9, rotation=90 * (step > 1))
    ax.yaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set(xlabel=f"points, out of {out_of}", ylabel="learners")
    said = ", ".join(f"{label} points: {n}" for label, n in zip(labels, counts, strict=True) if n)
    return _picture(fig, f"How many learners have how many points. {said}.")


def _success(tasks: ByTask) -> Picture:
    """Return a picture of how many learners have all, some or no points, per task."""
    fig = Figure(figsize=(plotting.WIDE[0], 1.1 + 0.42 * len(tasks)))
    ax = fig.subplots()
    found = [Counter(map(_success_of, rows)) for rows in tasks.values()]
    left = [0] * len(tasks)
    for kind, colour, ink in SUCCESS:
        widths = [counts[kind] for counts in found]
        bars = ax.barh(range(len(left)), widths, left=left, color=colour, label=kind)
        ax.bar_label(bars, [str(n or "") for n in widths], label_type="center", color=ink)
        left = [a + b for a, b in zip(left, widths, strict=True)]
    names = [textwrap.fill(name, 32, max_lines=2, placeholder="…") for name in tasks]
    ax.set_yticks(range(len(names)), names, parse_math=False)
    ax.invert_yaxis()
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set(xlabel="learners")
    fig.legend(loc="outside upper center", ncols=len(SUCCESS))
    said = [", ".join(f"{n} {kind}" for kind, n in sorted(counts.items())) for counts in found]
    rows = "; ".join(f"{name}: {text}" for name, text in zip(tasks, said, strict=True))
    return _picture(fig, f"Success per task. {rows}.")


def _success_of(task: MarkedTask) -> str:
    """Return which of `SUCCESS` a task is."""
    if not task.points:
        return "no points" if task.points == 0 else "to be read"
    return "all points" if task.points >= task.out_of else "some points"


def _mistakes(tasks: ByTask) -> list[Mistakes]:
    """Return the most common mistakes per task: by hint, or by what is wrong if there is none."""
    mistakes = []
    for name, rows in tasks.items():
        wrong = [task for task in rows if STATES[task.status].sign == "✗"]
        found = Counter(task.hint or task.what for task in wrong)
        most = sorted(found.items(), key=lambda item: (-item[1], item[0]))[:MOST]
        mistakes += [Mistakes(name, len(rows), most)] if most else []
    return mistakes
