"""Marks by hand: what a teacher has written into manual.csv with whatever spreadsheet."""

import csv
import io
import re
from pathlib import Path

from homework.grading.texts import number, unguarded

MANUAL = ["hand-in", "task", "points", "comment"]


def read_manual(path, results):
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
    path, by_hand, problems = Path(path), {}, []
    tasks = {result["name"]: {task["id"]: task for task in result["tasks"]} for result in results}
    try:
        rows = _rows(path) if path.exists() else []
    except (OSError, ValueError, csv.Error) as error:
        return {}, [f"{path.name} can't be used, so no marks by hand count: {error}."]
    for line, row in rows:
        name, task, points, comment = (unguarded(row[column] or "") for column in MANUAL)
        task, place = task.split(" ")[0], f"{path.name}, line {line}"
        known = tasks.get(name, {})
        if None in row:
            problems.append(f"{place}: too many cells: put “1,5” and commas into quotes.")
        elif not points and not comment:
            continue  # not yet filled in
        elif name not in tasks:
            problems.append(f"{place}: there is no hand-in “{name}”: copy it from to-mark.csv.")
        elif task not in known:
            there = f"it has {', '.join(known) or 'none, as it could not be graded'}"
            problems.append(f"{place}: {name} has no task “{task}”: {there}.")
        elif points and not _within(points, known[task]["out_of"]):
            wanted = f"points must be a number from 0 to {known[task]['out_of']}"
            problems.append(f"{place}: {wanted}, but are “{points}”: correct them.")
        else:
            if (name, task) in by_hand:
                problems.append(f"{place}: {name} has task {task} twice: this line counts.")
            by_hand[name, task] = (number(_value(points)) if points else None, comment)
    return by_hand, problems


def _rows(path):
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
    return [(reader.line_num, row) for row in reader]


def _value(points):
    return float(points.replace(",", "."))


def _within(points, out_of):
    return re.fullmatch(r"[0-9]{1,6}([.,][0-9]{1,6})?", points) and _value(points) <= out_of
