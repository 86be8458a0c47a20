"""Marks by hand: what a teacher has written into manual.csv with whatever spreadsheet."""

import csv
import io
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from homework.grading.results import Result, TaskResult
from homework.grading.texts import number, unguarded

MANUAL = ["hand-in", "task", "points", "comment"]

ByHand = dict[tuple[str, str], tuple[float | None, str]]


def read_manual(path: str | Path, results: Iterable[Result]) -> tuple[ByHand, list[str]]:
    """Read the teacher's ``manual.csv``, as Excel, LibreOffice or an editor saves it.

    Its columns are ``hand-in``, ``task``, ``points`` and ``comment``, in any order; others are
    ignored, so that a copy of ``to-mark.csv`` will do. It is never written.

    Args:
        path: of the file; there may be none.
        results: of all hand-ins.

    Returns:
        ``(by_hand, problems)``: points (or None) and comment by name of the hand-in and id of the
        task, and one sentence for each line that can't be used.
    """
    path = Path(path)
    tasks = {result.name: {task.id: task for task in result.tasks} for result in results}
    try:
        lines = _lines(path) if path.exists() else []
    except (OSError, ValueError, csv.Error) as error:
        return {}, [f"{path.name} can't be used, so no marks by hand count: {error}."]
    by_hand: ByHand = {}
    problems = []
    for line in lines:
        if line.whole and not line.points and not line.comment:
            continue  # not yet filled in
        key, problem = (line.hand_in, line.task), _problem(line, tasks)
        if not problem:
            if key in by_hand:
                problem = f"{line.hand_in} has task {line.task} twice: this line counts."
            by_hand[key] = (number(_value(line.points)) if line.points else None, line.comment)
        if problem:
            problems.append(f"{path.name}, line {line.number}: {problem}")
    return by_hand, problems


class Line(NamedTuple):
    """A line of the file: its number, what the columns of `MANUAL` hold, and if that is all."""

    number: int
    hand_in: str
    task: str
    points: str
    comment: str
    whole: bool


def _problem(line: Line, tasks: Mapping[str, Mapping[str, TaskResult]]) -> str:
    """Say why a line can't be used; nothing if it can.

    Args:
        line: of the file.
        tasks: that there are: by name of the hand-in and id.
    """
    known = tasks.get(line.hand_in, {})
    if not line.whole:
        return "too many cells: put “1,5” and commas into quotes."
    if line.hand_in not in tasks:
        return f"there is no hand-in “{line.hand_in}”: copy it from to-mark.csv."
    if line.task not in known:
        there = f"it has {', '.join(known) or 'none, as it could not be graded'}"
        return f"{line.hand_in} has no task “{line.task}”: {there}."
    out_of = known[line.task].out_of
    if line.points and not _within(line.points, out_of):
        wanted = f"points must be a number from 0 to {out_of}"
        return f"{wanted}, but are “{line.points}”: correct them."
    return ""


def _lines(path: Path) -> list[Line]:
    """Return the lines of the file.

    Raises:
        OSError, ValueError, csv.Error: if it can't be read, or lacks a column.
    """
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", "replace")  # "CSV" of Excel in western Europe
    header = text.partition("\n")[0]
    separator = max(",;\t", key=header.count)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=separator)
    reader.fieldnames = [name.strip().lower() for name in reader.fieldnames or []]
    if missing := [column for column in MANUAL if column not in reader.fieldnames]:
        raise ValueError(f"its first line must name the columns, but lacks {', '.join(missing)}")
    lines = []
    for row in reader:
        name, task, points, comment = (unguarded(row[column] or "") for column in MANUAL)
        task = task.split(" ")[0]
        lines.append(Line(reader.line_num, name, task, points, comment, whole=None not in row))
    return lines


def _value(points: str) -> float:
    return float(points.replace(",", "."))


def _within(points: str, out_of: float) -> bool:
    plain = re.fullmatch(r"[0-9]{1,6}([.,][0-9]{1,6})?", points)
    return plain is not None and _value(points) <= out_of
