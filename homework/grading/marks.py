"""From the results of a class to marks: which hand-in counts, marks by hand, files for an LMS.

What comes from learners is cleaned before it is written: a name such as ``=1+1`` must not become a
formula in a spreadsheet, and no colour code reaches the terminal. Files that people open in a
spreadsheet begin with a byte order mark, without which Excel spoils every umlaut; those for Moodle
and Canvas don't. A task is written as "04.1 One column", since Excel takes "04.1" for a date.
"""

import csv
import html
import io
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import wcwidth

from course_utils.lesson.files import write_whole
from homework.grading.manual import MANUAL, ByHand
from homework.grading.results import Result, TaskResult
from homework.grading.texts import cell, number, one_line, when

MARKS = "who,learner,exercise,task,points,out of,status,note,handed in,hand-in,file".split(",")
TO_MARK = [*MANUAL, "out of", "who", "exercise", "answer"]
# As Moodle's importer of offline grading worksheets finds them in an English Moodle.
MOODLE = ["Identifier", "Full name", "Grade", "Maximum grade"]
MOODLE += ["Last modified (grade)", "Feedback comments"]
CANVAS = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
FOR_AN_LMS = re.compile(r"(moodle|canvas)-\d\d_\w+\.csv")
WIDEST = 30  # columns of the terminal, for one of the table

Rows = list[list[Any]]


@dataclass(frozen=True, kw_only=True)
class MarkedTask(TaskResult):
    """What came of a task, with the marks by hand put in, and with the teacher's comment."""

    comment: str


@dataclass(frozen=True)
class Mark:
    """One hand-in as it is marked.

    Attributes:
        result: as the grader wrote it.
        who: the learner's name, cleaned, and told apart from others of the same name.
        status: ``"marked"``, ``"waiting"`` (for a person to read an answer), ``"not counted"``,
            ``"unreadable"`` or ``"failed"`` (the grader did).
        notes: short sentences.
        tasks: those of the result with the marks by hand put in.
    """

    result: Result
    who: str
    status: str
    notes: tuple[str, ...]
    tasks: tuple[MarkedTask, ...]

    @property
    def counts(self) -> bool:
        return self.status in ("marked", "waiting")

    @property
    def points(self) -> float:
        return number(sum(task.points or 0 for task in self.tasks))

    @property
    def out_of(self) -> float:
        return number(sum(task.out_of for task in self.tasks))

    @property
    def waiting(self) -> float:
        return number(sum(task.out_of for task in self.tasks if task.points is None))


# Which hand-in counts ----------------------------------------------------------------------------


def mark_all(results: Iterable[Result], by_hand: ByHand | None = None) -> list[Mark]:
    """Return a `Mark` for every hand-in, by exercise and name.

    Of several hand-ins by one learner for one exercise the last that can be read counts. Without
    an LMS, one takes the place of another only under the same name: an id is easily copied.

    Args:
        results: of all hand-ins.
        by_hand: what `read_manual` returned; it comes before what the grader found.
    """
    groups, people = defaultdict(list), _People()
    for result in sorted(results, key=lambda result: (result.handed_in, result.source)):
        groups[_learner(result), result.exercise].append(result)
        people.add(result)
    marks = [
        _mark(result, group, people, by_hand or {}) for group in groups.values() for result in group
    ]
    return sorted(marks, key=lambda mark: (mark.result.exercise, mark.who.casefold()))


class _People:
    """Which learners share a name or an id."""

    def __init__(self) -> None:
        self._by_name: dict[str, set[tuple[str, str]]] = defaultdict(set)
        self._by_id: dict[str, set[tuple[str, str]]] = defaultdict(set)

    def add(self, result: Result) -> None:
        self._by_name[_folded(result.who)].add(_learner(result))
        self._by_id[result.learner].add(_learner(result))

    def share_name(self, result: Result) -> bool:
        return len(self._by_name[_folded(result.who)]) > 1

    def share_id(self, result: Result) -> bool:
        return len(self._by_id[result.learner]) > 1


def _mark(result: Result, group: Sequence[Result], people: _People, by_hand: ByHand) -> Mark:
    """Return how a hand-in is marked.

    Args:
        result: of it.
        group: of all hand-ins by this learner for this exercise, in order of time.
        people: who has handed in.
        by_hand: points and comments.
    """
    who, notes = one_line(result.who) or "(no name)", [*map(one_line, result.notes)]
    tasks = _with_marks_by_hand(result, by_hand)
    if people.share_name(result):
        who = f"{who} ({_identity(result)})"
        notes.append("another learner has the same name")
    if people.share_id(result):
        notes.append("the same id came with another name, too")
    status = result.status
    if status == "graded":
        status = "waiting" if any(task.points is None for task in tasks) else "marked"
    if result.status != "unreadable":
        last = [other for other in group if other.status != "unreadable"][-1]
        if last is not result:
            status = "not counted"
            later = when(last.handed_in)
            notes.append(f"not counted: a later one, of {later}, was handed in")
        elif group[-1] is not result:
            later = when(group[-1].handed_in)
            notes.append(f"a later one, of {later}, can't be read, so this one counts")
    return Mark(result, who, status, tuple(notes), tasks)


def _learner(result: Result) -> tuple[str, str]:
    return result.learner, "" if result.lms else _folded(result.who)


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", one_line(name)).casefold()


def _identity(result: Result) -> str:
    kind, _, value = one_line(result.learner).partition(":")
    return {"name": "no id", "id": f"id {value[:8]}"}.get(kind, f"{kind.title()} {value}")


def _with_marks_by_hand(result: Result, by_hand: ByHand) -> tuple[MarkedTask, ...]:
    tasks = []
    for task in result.tasks:
        points, comment = by_hand.get((result.name, task.id), (None, ""))
        found = {} if points is None else {"points": points, "status": "by hand"}
        tasks.append(MarkedTask(**vars(task) | found, comment=comment))
    return tuple(tasks)


# Files -------------------------------------------------------------------------------------------


def csv_text(rows: Iterable[Iterable[Any]]) -> str:
    """Return rows of numbers and texts as CSV; see `cell`."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([cell(value) for value in row] for row in rows)
    return text.getvalue()


def write_marks(folder: str | Path, marks: Sequence[Mark]) -> None:
    """Write ``marks.csv``, ``to-mark.csv`` and the files to upload into Moodle and Canvas.

    The latter hold the learners whose id there is known, one file for each exercise, and only
    hand-ins that are completely marked: Canvas takes an empty cell for "delete the mark". Learners
    without such an id are in ``marks.csv`` alone. Files for an LMS of which no learner is left are
    removed, lest an old mark be uploaded.

    Args:
        folder: MARKS.
        marks: what `mark_all` returned.
    """
    folder = Path(folder)
    write_whole(folder / "marks.csv", csv_text(marks_rows(marks)).encode("utf-8-sig"))
    write_whole(folder / "to-mark.csv", csv_text(to_mark_rows(marks)).encode("utf-8-sig"))
    files = _files_for_an_lms(marks)
    for name, rows in files.items():
        write_whole(folder / name, csv_text(rows))
    for path in folder.iterdir():
        if FOR_AN_LMS.fullmatch(path.name) and path.name not in files:
            path.unlink()


def _files_for_an_lms(marks: Iterable[Mark]) -> dict[str, Rows]:
    """Return the lines of the files to upload, by the file's name."""
    layouts = {"moodle": moodle_rows, "canvas": canvas_rows}
    groups = defaultdict(list)
    for mark in marks:
        id = mark.result.lms_id
        if mark.status == "marked" and id.isascii() and id.isdecimal():
            stem = re.sub(r"\W", "-", mark.result.exercise, flags=re.ASCII)
            groups[mark.result.lms, stem].append(mark)
    return {f"{lms}-{stem}.csv": layouts[lms](found) for (lms, stem), found in groups.items()}


def marks_rows(marks: Iterable[Mark]) -> Rows:
    """Return the lines of ``marks.csv``: for each hand-in one with "total", and one per task."""
    rows: Rows = [MARKS]
    for mark in marks:
        result = mark.result
        start = [mark.who, result.learner, result.exercise]
        end = [when(result.handed_in), result.name, result.source]
        if mark.counts:
            for task in mark.tasks:
                note = ". ".join(filter(None, [task.what, task.comment]))
                points = [task.points, task.out_of, task.status, note]
                rows.append([*start, f"{task.id} {task.title}", *points, *end])
        notes = [f"so far: {mark.waiting} more to be read"] if mark.status == "waiting" else []
        total = [mark.points, mark.out_of] if mark.counts else ["", ""]
        note = "; ".join([*notes, *mark.notes])
        rows.append([*start, "total", *total, mark.status, note, *end])
    return rows


def to_mark_rows(marks: Iterable[Mark]) -> Rows:
    """Return the lines of ``to-mark.csv``: every answer for a person to read.

    What ``manual.csv`` says is filled in, also about other tasks, so that a copy of this file can
    take its place.
    """
    rows: Rows = [TO_MARK]
    for mark in marks:
        for task, found in zip(mark.tasks, mark.result.tasks, strict=True):
            by_hand = task.status == "by hand"
            if (found.points is None and mark.counts) or by_hand or task.comment:
                points = task.points if by_hand else ""
                key = [mark.result.name, f"{task.id} {task.title}"]
                about = [task.out_of, mark.who, mark.result.exercise, task.answer]
                rows.append([*key, points, task.comment, *about])
    return rows


def moodle_rows(marks: Iterable[Mark]) -> Rows:
    """Return marks of one exercise as an offline grading worksheet of Moodle's assignment.

    Moodle finds the columns by their names in the teacher's language, so set it to English for the
    upload. It skips points above the assignment's maximum, and, unless told otherwise there, marks
    that it has already. Comments are shown as HTML, so they are escaped.
    """
    rows: Rows = [MOODLE]
    for mark in marks:
        who = [f"Participant {mark.result.lms_id}", mark.result.who]
        rows.append([*who, mark.points, mark.out_of, "", _summary(mark)])
    return rows


def _summary(mark: Mark) -> str:
    """Return what came of each task as HTML in one line."""
    parts = []
    for task in mark.tasks:
        said = ". ".join(filter(None, [one_line(task.what)[:200], task.comment]))
        points = f"{task.id}: {task.points} of {task.out_of}"
        parts.append(f"{points} ({said})" if said else points)
    return html.escape("; ".join(parts), quote=False)


def canvas_rows(marks: Sequence[Mark]) -> Rows:
    """Return marks of one exercise as Canvas's gradebook imports them.

    Canvas adds the points to the assignment that is called like the exercise, or offers to make
    one. A line whose name says "Points Possible" isn't a learner's there, so no name may.
    """
    title = marks[0].result.exercise
    most = max(mark.out_of for mark in marks)
    rows: Rows = [[*CANVAS, title], ["Points Possible", "", "", "", "", most]]
    for mark in marks:
        name = mark.result.who.replace("Points Possible", "Points possible")
        rows.append([name, mark.result.lms_id, "", "", "", mark.points])
    return rows


# In the terminal ---------------------------------------------------------------------------------


def closing_table(marks: Sequence[Mark]) -> str:
    """Return a line for every hand-in, and one with totals, for the terminal."""
    rows = [("who", "exercise", "points", "status")]
    for mark in marks:
        points = f"{mark.points} of {mark.out_of}" if mark.counts else ""
        rows.append((mark.who, one_line(mark.result.exercise), points, mark.status))
    widths = [min(WIDEST, max(map(wcwidth.width, column))) for column in zip(*rows, strict=True)]
    lines = ["  ".join(map(_padded, row, widths)).rstrip() for row in rows]
    found = Counter(mark.status for mark in marks)
    totals = ", ".join(f"{n} {status}" for status, n in sorted(found.items()))
    counted = f"{len(marks)} hand-in{'s' * (len(marks) != 1)}"
    return "\n".join([*lines, "", f"{counted}: {totals}" if totals else counted])


def _padded(text: str, width: int) -> str:
    """Return a text that takes so many columns of a terminal, cut with “…” if it is wider."""
    text = text[: 4 * width]  # of a letter with a hundred accents
    if wcwidth.width(text) > width:
        text = f"{wcwidth.clip(text, 0, width - 1)}…"
    return wcwidth.ljust(text, width)
