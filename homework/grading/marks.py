"""From the results of a class to marks: which hand-in counts, marks by hand, files for an LMS.

What comes from learners is cleaned before it is written: a name such as ``=1+1`` must not become a
formula in a spreadsheet, and no colour code reaches the terminal. Files that people open in a
spreadsheet begin with a byte order mark, without which Excel spoils every umlaut; those for Moodle
and Canvas don't. A task is written as "04.1 One column", since Excel takes "04.1" for a date.
"""

import csv
import io
import re
import unicodedata
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

from course_utils.lesson.files import write_whole
from homework.grading.manual import MANUAL
from homework.grading.texts import cell, number, one_line, when

MARKS = "who,learner,exercise,task,points,out of,status,note,handed in,hand-in,file".split(",")
TO_MARK = [*MANUAL, "out of", "who", "exercise", "answer"]
# As Moodle's importer of offline grading worksheets finds them in an English Moodle.
MOODLE = ["Identifier", "Full name", "Grade", "Maximum grade"]
MOODLE += ["Last modified (grade)", "Feedback comments"]
CANVAS = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
FOR_AN_LMS = re.compile(r"(moodle|canvas)-\d\d_\w+\.csv")


@dataclass(frozen=True)
class Mark:
    """One hand-in as it is marked.

    Attributes:
        result: as the grader wrote it.
        who: the learner's name, cleaned, and told apart from others of the same name.
        status: ``"marked"``, ``"waiting"`` (for a person to read an answer), ``"not counted"``,
            ``"unreadable"`` or ``"failed"`` (the grader did).
        notes: short sentences.
        tasks: those of the result with the marks by hand put in; each has a ``"comment"``, too.
    """

    result: dict
    who: str
    status: str
    notes: tuple
    tasks: tuple

    @property
    def counts(self):
        return self.status in ("marked", "waiting")

    @property
    def points(self):
        return number(sum(task["points"] or 0 for task in self.tasks))

    @property
    def out_of(self):
        return number(sum(task["out_of"] for task in self.tasks))

    @property
    def waiting(self):
        return number(sum(task["out_of"] for task in self.tasks if task["points"] is None))


# Which hand-in counts ----------------------------------------------------------------------------


def mark_all(results, by_hand=None):
    """Return a `Mark` for every hand-in, by exercise and name.

    Of several hand-ins by one learner for one exercise the last that can be read counts. Without
    an LMS, one takes the place of another only under the same name: an id is easily copied.

    Args:
        results: dictionaries, as the grader writes them.
        by_hand: what `read_manual` returned; it comes before what the grader found.
    """
    groups, people = defaultdict(list), defaultdict(set)
    for result in sorted(results, key=lambda r: (r["handed_in"], r["source"])):
        groups[_learner(result), result["exercise"]].append(result)
        people["name", _folded(result["who"])].add(_learner(result))
        people["id", result["learner"]].add(_learner(result))
    marks = [
        _mark(result, place, group, people, by_hand or {})
        for group in groups.values()
        for place, result in enumerate(group)
    ]
    return sorted(marks, key=lambda mark: (mark.result["exercise"], mark.who.casefold()))


def _mark(result, place, group, people, by_hand):
    who, notes = one_line(result["who"]) or "(no name)", [*map(one_line, result["notes"])]
    status, tasks = result["status"], _with_marks_by_hand(result, by_hand)
    if len(people["name", _folded(result["who"])]) > 1:
        who = f"{who} ({_identity(result)})"
        notes.append("another learner has the same name")
    if len(people["id", result["learner"]]) > 1:
        notes.append("the same id came with another name, too")
    readable = [n for n, other in enumerate(group) if other["status"] != "unreadable"]
    if status == "graded":
        status = "waiting" if any(task["points"] is None for task in tasks) else "marked"
    if place in readable and place < readable[-1]:
        later = when(group[readable[-1]]["handed_in"])
        status = "not counted"
        notes.append(f"not counted: a later one, of {later}, was handed in")
    elif place in readable and place < len(group) - 1:
        later = when(group[-1]["handed_in"])
        notes.append(f"a later one, of {later}, can't be read, so this one counts")
    return Mark(result, who, status, tuple(notes), tasks)


def _learner(result):
    return result["learner"], "" if result["lms"] else _folded(result["who"])


def _folded(name):
    return unicodedata.normalize("NFKC", one_line(name)).casefold()


def _identity(result):
    kind, _, value = one_line(result["learner"]).partition(":")
    return {"name": "no id", "id": f"id {value[:8]}"}.get(kind, f"{kind.title()} {value}")


def _with_marks_by_hand(result, by_hand):
    tasks = []
    for task in result["tasks"]:
        points, comment = by_hand.get((result["name"], task["id"]), (None, ""))
        found = {} if points is None else {"points": points, "status": "by hand"}
        tasks.append({**task, "comment": comment, **found})
    return tuple(tasks)


# Files -------------------------------------------------------------------------------------------


def csv_text(rows):
    """Return rows of numbers and texts as CSV; see `cell`."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([cell(value) for value in row] for row in rows)
    return text.getvalue()


def write_marks(folder, marks):
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
    files = defaultdict(list)
    for mark in marks:
        lms, id = mark.result["lms"], mark.result["lms_id"]
        if mark.status == "marked" and id.isascii() and id.isdecimal():
            files[lms, re.sub(r"\W", "-", mark.result["exercise"], flags=re.ASCII)].append(mark)
    layouts = {"moodle": moodle_rows, "canvas": canvas_rows}
    files = {f"{lms}-{stem}.csv": layouts[lms](found) for (lms, stem), found in files.items()}
    for name, rows in files.items():
        write_whole(folder / name, csv_text(rows))
    for path in folder.iterdir():
        if FOR_AN_LMS.fullmatch(path.name) and path.name not in files:
            path.unlink()


def marks_rows(marks):
    """Return the lines of ``marks.csv``: for each hand-in one with "total", and one per task."""
    rows = [MARKS]
    for mark in marks:
        result = mark.result
        start = [mark.who, result["learner"], result["exercise"]]
        end = [when(result["handed_in"]), result["name"], result["source"]]
        if mark.counts:
            for task in mark.tasks:
                note = ". ".join(filter(None, [task["what"], task["comment"]]))
                points = [task["points"], task["out_of"], task["status"], note]
                rows.append([*start, f"{task['id']} {task['title']}", *points, *end])
        notes = [f"so far: {mark.waiting} more to be read"] if mark.status == "waiting" else []
        points = [mark.points, mark.out_of] if mark.counts else ["", ""]
        note = "; ".join([*notes, *mark.notes])
        rows.append([*start, "total", *points, mark.status, note, *end])
    return rows


def to_mark_rows(marks):
    """Return the lines of ``to-mark.csv``: every answer for a person to read.

    What ``manual.csv`` says is filled in, also about other tasks, so that a copy of this file can
    take its place.
    """
    rows = [TO_MARK]
    for mark in marks:
        for task, found in zip(mark.tasks, mark.result["tasks"], strict=True):
            by_hand = task["status"] == "by hand"
            if (found["points"] is None and mark.counts) or by_hand or task["comment"]:
                points = task["points"] if by_hand else ""
                key = [mark.result["name"], f"{task['id']} {task['title']}"]
                about = [task["out_of"], mark.who, mark.result["exercise"], task["answer"]]
                rows.append([*key, points, task["comment"], *about])
    return rows


def moodle_rows(marks):
    """Return marks of one exercise as an offline grading worksheet of Moodle's assignment.

    Moodle finds the columns by their names in the teacher's language, so set it to English for the
    upload. It skips points above the assignment's maximum, and, unless told otherwise there, marks
    that it has already. Comments are shown as HTML, so they are escaped.
    """
    rows = [MOODLE]
    for mark in marks:
        who = [f"Participant {mark.result['lms_id']}", mark.result["who"]]
        rows.append([*who, mark.points, mark.out_of, "", _summary(mark)])
    return rows


def _summary(mark):
    parts = []
    for task in mark.tasks:
        said = ". ".join(filter(None, [one_line(task["what"])[:200], task["comment"]]))
        points = f"{task['id']}: {task['points']} of {task['out_of']}"
        parts.append(f"{points} ({said})" if said else points)
    return "; ".join(parts).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def canvas_rows(marks):
    """Return marks of one exercise as Canvas's gradebook imports them.

    Canvas adds the points to the assignment that is called like the exercise, or offers to make
    one. A line whose name says "Points Possible" isn't a learner's there, so no name may.
    """
    title = marks[0].result["exercise"]
    rows = [[*CANVAS, title], ["Points Possible", "", "", "", "", max(m.out_of for m in marks)]]
    for mark in marks:
        name = mark.result["who"].replace("Points Possible", "Points possible")
        rows.append([name, mark.result["lms_id"], "", "", "", mark.points])
    return rows


# In the terminal ---------------------------------------------------------------------------------


def closing_table(marks):
    """Return a line for every hand-in, and one with totals, for the terminal."""
    rows = [("who", "exercise", "points", "status")]
    for mark in marks:
        points = f"{mark.points} of {mark.out_of}" if mark.counts else ""
        rows.append((mark.who, one_line(mark.result["exercise"]), points, mark.status))
    widths = [min(30, max(map(_width, column))) for column in zip(*rows, strict=True)]
    lines = ["  ".join(map(_padded, row, widths)).rstrip() for row in rows]
    found = Counter(mark.status for mark in marks)
    totals = ", ".join(f"{n} {status}" for status, n in sorted(found.items()))
    counted = f"{len(marks)} hand-in{'s' * (len(marks) != 1)}"
    return "\n".join([*lines, "", f"{counted}: {totals}" if totals else counted])


def _width(text):
    """Return how many columns of a terminal a text takes."""
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    return len(text) + wide - sum(unicodedata.category(char) in ("Mn", "Me", "Cf") for char in text)


def _padded(text, width):
    text = text[: 4 * width]  # of a letter with a hundred accents
    if _width(text) > width:
        while _width(text) > width - 1:
            text = text[:-1]
        text += "…"
    return text + " " * (width - _width(text))
