"""From results to marks: which hand-in counts, marks by hand, files nobody's name can abuse."""

import csv
import io
import os
import unicodedata

import pytest
import wcwidth
from hypothesis import given
from hypothesis import strategies as st

from course_utils.lesson import files
from homework.grading import manual, marks, results

HOSTILE = st.text(
    st.one_of(
        st.characters(exclude_categories=()),
        st.sampled_from("=+-@＝＠;,\"' \t\r\n\ufeff\x1b[<\ud800"),
    ),
    max_size=12,
)


def task(id="04.1", points=3, out_of=3, status="", **more):
    status = status or ("waiting" if points is None else "passed" if points else "failed")
    row = {"id": id, "title": "One column", "out_of": out_of, "points": points, "status": status}
    return row | {"what": "", "expected": "", "hint": "", "answer": ""} | more


def row_of(**more):
    """Return what is in the file of a result."""
    result = {
        "name": "anna-04",
        "key": "k",
        "who": "Anna Berg",
        "learner": "moodle:12345",
        "lms": "moodle",
        "lms_id": "12345",
        "source": "Anna Berg_12345_assignsubmission_file_/04.zip",
        "digest": "0" * 64,
        "handed_in": "2024-05-01T10:00:00Z",
        "exercise": "04_the_carry_generator",
        "course_version": "1.0",
        "status": "graded",
        "notes": [],
        "tasks": [task(), task("04.6", None, 2, answer="It can't know.")],
        "cells": [],
        "seconds": 1.5,
    }
    return result | more


def hand_in(who="Anna Berg", learner="moodle:12345", name="anna-04", day=1, **more):
    lms, _, id = learner.partition(":")
    lms = lms if lms in ("moodle", "canvas") else ""
    about = {"name": name, "who": who, "learner": learner, "lms": lms}
    about |= {"lms_id": id if lms else "", "handed_in": f"2024-05-{day:02}T10:00:00Z"}
    about |= {"source": f"{who}_{id}_assignsubmission_file_/04.zip"}
    return results.from_data(row_of(**about | more))


def unreadable(**more):
    return hand_in(status="unreadable", tasks=[], notes=["it is no zip"], **more)


def statuses(results):
    return {mark.result.name: mark.status for mark in marks.mark_all(results)}


def table(path):
    return list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"), newline="")))


# Which hand-in counts ----------------------------------------------------------------------------


def test_the_last_of_several_counts_and_all_are_listed():
    results = [hand_in(name=f"a{day}", day=day) for day in (2, 3, 1)]
    assert statuses(results) == {"a1": "not counted", "a2": "not counted", "a3": "waiting"}
    (first, *_) = [mark for mark in marks.mark_all(results) if mark.result.name == "a1"]
    assert first.notes == ("not counted: a later one, of 2024-05-03 10:00 UTC, was handed in",)


def test_at_the_same_moment_the_path_decides():
    results = [hand_in(name="b", source="b.zip"), hand_in(name="a", source="a.zip")]
    assert statuses(results) == {"a": "not counted", "b": "waiting"}


def test_an_unreadable_one_never_replaces_a_readable_one():
    found = marks.mark_all([hand_in(name="good"), unreadable(name="bad", day=2)])
    by_name = {mark.result.name: mark for mark in found}
    assert by_name["good"].status == "waiting" and by_name["bad"].status == "unreadable"
    assert "2024-05-02 10:00 UTC, can't be read, so this one counts" in by_name["good"].notes[0]
    assert by_name["bad"].notes == ("it is no zip",)


def test_where_the_grader_failed_nothing_older_takes_its_place():
    results = [hand_in(name="old"), hand_in(name="new", day=2, status="failed", tasks=[])]
    assert statuses(results) == {"old": "not counted", "new": "failed"}


def test_exercises_are_counted_apart():
    other = hand_in(name="b", day=2, exercise="05_the_carry_model")
    assert statuses([hand_in(name="a"), other]) == {"a": "waiting", "b": "waiting"}


def test_two_learners_with_one_name_are_told_apart():
    results = [
        hand_in("Jürgen  Groß", "moodle:1", "a"),
        hand_in("Ju\u0308rgen Gross", "id:1a2b3c4d-5e", "b"),
        hand_in("Jürgen Groß", "name:Jürgen Groß", "c"),
    ]
    found = marks.mark_all(results)
    assert [mark.status for mark in found] == ["waiting"] * 3
    shown = {mark.result.name: mark.who for mark in found}
    assert shown["a"] == "Jürgen Groß (Moodle 1)" and shown["c"] == "Jürgen Groß (no id)"
    assert shown["b"].endswith("(id 1a2b3c4d)")
    assert all("another learner has the same name" in mark.notes for mark in found)


def test_a_copied_id_takes_nobodys_place():
    results = [hand_in("Anna", "id:1", "a"), hand_in("Mallory", "id:1", "m", day=2)]
    found = marks.mark_all(results)
    assert [mark.status for mark in found] == ["waiting", "waiting"]
    assert all("the same id came with another name, too" in mark.notes for mark in found)


def test_a_name_that_looks_like_an_id_is_only_a_name():
    (first, second) = marks.mark_all(
        [hand_in("moodle:2", "moodle:1", "a"), hand_in("B", "moodle:2")]
    )
    assert not first.notes and not second.notes


# CSV ---------------------------------------------------------------------------------------------


def is_formula(text):
    """Judge a cell as a suspicious spreadsheet would."""
    unseen = {"Cc", "Cf", "Zs", "Zl", "Zp"}
    seen = [char for char in text if unicodedata.category(char) not in unseen and char != '"']
    return bool(seen) and unicodedata.normalize("NFKC", seen[0]) in "=+-@"


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        " =1",
        "\t@SUM(A1)",
        "\x00-1",
        "\ufeff+1",
        "＝1",
        "a;=1",
        'a; "@x',
        "\u200b=1",
        "\r=1",
    ],
)
def test_no_formula_is_written(text):
    assert is_formula(text) or ";" in text
    written = marks.csv_text([["x", text]])
    for separator in ",;":
        (row,) = csv.reader(io.StringIO(written, newline=""), delimiter=separator)
        assert not any(map(is_formula, row))


@given(st.lists(st.lists(HOSTILE, min_size=2, max_size=4), max_size=3))
def test_csv_is_safe_whatever_is_in_it(rows):
    written = marks.csv_text(rows)
    written.encode("utf-8")
    assert written.count("\n") == len(rows)  # one line each
    for separator in ",;":  # Excel expects semicolons in much of Europe
        for row in csv.reader(io.StringIO(written, newline=""), delimiter=separator):
            assert not any(map(is_formula, row))
    for cell in (cell for row in csv.reader(io.StringIO(written, newline="")) for cell in row):
        assert not any(unicodedata.category(char) in ("Cc", "Cs") for char in cell)


def test_half_a_character_is_replaced():
    assert marks.csv_text([["\ud83d!"]]) == "\ufffd!\r\n"


def test_numbers_stay_numbers():
    assert marks.csv_text([[3, 1.5, 2.0, "-1"]]) == "3,1.5,2,'-1\r\n"


def test_every_hand_in_has_one_line_with_its_total(tmp_path):
    results = [
        hand_in(name="a"),
        hand_in(name="b", day=2),
        unreadable(who="C", name="c", learner="id:1", exercise=""),
        hand_in("D", "id:2", "d", status="failed", tasks=[], notes=["no memory"]),
    ]
    marks.write_marks(tmp_path, marks.mark_all(results))
    assert (tmp_path / "marks.csv").read_bytes().startswith(b"\xef\xbb\xbfwho,")
    rows = table(tmp_path / "marks.csv")
    totals = {row["hand-in"]: row for row in rows if row["task"] == "total"}
    assert len(rows) == len(results) + 2 and set(totals) == set("abcd")
    assert (totals["b"]["points"], totals["b"]["out of"]) == ("3", "5")
    assert totals["b"]["note"] == "so far: 2 more to be read"
    assert [totals[name]["points"] for name in "acd"] == ["", "", ""]
    assert totals["c"]["note"].startswith("it is no zip")


# Moodle and Canvas -------------------------------------------------------------------------------


def test_moodle_gets_what_its_importer_looks_for(tmp_path):
    good = hand_in(tasks=[task(), task("04.2", 0, 4, what="the shape is <b>", title="Rows")])
    found = marks.mark_all([good, hand_in("Waiting", "moodle:7"), hand_in("None", "id:1")])
    marks.write_marks(tmp_path, found)
    (row,) = table(tmp_path / "moodle-04_the_carry_generator.csv")
    assert row == {
        "Identifier": "Participant 12345",
        "Full name": "Anna Berg",
        "Grade": "3",
        "Maximum grade": "7",
        "Last modified (grade)": "",
        "Feedback comments": "04.1: 3 of 3; 04.2: 0 of 4 (the shape is &lt;b&gt;)",
    }
    assert not list(tmp_path.glob("canvas*"))


def test_canvas_gets_a_gradebook(tmp_path):
    results = [
        hand_in("Anna Berg", "canvas:7", "a", tasks=[task()]),
        hand_in("   Points Possible", "canvas:8", "b", tasks=[task(points=0)]),
        hand_in("Waiting", "canvas:9", "c"),
    ]
    marks.write_marks(tmp_path, marks.mark_all(results))
    text = (tmp_path / "canvas-04_the_carry_generator.csv").read_text("utf-8")
    assert text.splitlines() == [
        "Student,ID,SIS User ID,SIS Login ID,Section,04_the_carry_generator",
        "Points Possible,,,,,3",
        "Anna Berg,7,,,,3",
        "Points possible,8,,,,0",
    ]


def test_an_old_file_for_an_lms_goes_and_the_teachers_own_stay(tmp_path):
    own = tmp_path / "moodle-names.csv"
    own.write_text("mine")
    marks.write_marks(tmp_path, marks.mark_all([hand_in(tasks=[task()])]))
    assert len(list(tmp_path.glob("moodle-*"))) == 2
    marks.write_marks(tmp_path, marks.mark_all([hand_in()]))
    assert list(tmp_path.glob("moodle-*")) == [own]


# Marks by hand -----------------------------------------------------------------------------------


def read(tmp_path, content, results=None):
    path = tmp_path / "manual.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    found = manual.read_manual(path, results or [hand_in()])
    assert path.read_bytes() == (content if isinstance(content, bytes) else content.encode())
    return found


HEAD = "hand-in,task,points,comment\n"


@pytest.mark.parametrize(
    "content",
    [
        HEAD + 'anna-04,04.6,"1,5",schön\n',
        "\ufeffhand-in;Task ;points;comment\r\nanna-04;04.6 Why?;1,5;schön\r\n",
        "comment\ttask\tpoints\thand-in\nschön\t04.6\t1.5\tanna-04\n",
        "hand-in;task;points;comment\nanna-04;04.6;1.5;schön\n".encode("cp1252"),
    ],
)
def test_marks_by_hand_are_read_as_spreadsheets_save_them(tmp_path, content):
    assert read(tmp_path, content) == ({("anna-04", "04.6"): (1.5, "schön")}, [])


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("anna-05,04.6,1,", "there is no hand-in “anna-05”"),
        ("anna-04,04.9,1,", "anna-04 has no task “04.9”: it has 04.1, 04.6."),
        ("bad,04.1,1,", "bad has no task “04.1”: it has none"),
        ("anna-04,04.6,good,", "points must be a number from 0 to 2, but are “good”"),
        ("anna-04,04.6,-1,", "from 0 to 2, but are “-1”"),
        ("anna-04,04.6,2.5,", "from 0 to 2, but are “2.5”"),
        ("anna-04,04.6,nan,", "from 0 to 2"),
        ("anna-04,04.6,1_0,", "from 0 to 2"),
        ("anna-04,04.6,1,5,schön", "too many cells"),
    ],
)
def test_a_line_that_cannot_be_used_is_told_and_the_others_count(tmp_path, line, problem):
    content = f"{HEAD}{line}\n\nanna-04,04.1,2,fine\n"
    by_hand, problems = read(tmp_path, content, [hand_in(), unreadable(name="bad")])
    assert by_hand == {("anna-04", "04.1"): (2, "fine")}
    (said,) = problems
    assert said.startswith("manual.csv, line 2: ") and problem in said


def test_a_task_that_is_there_twice_is_told(tmp_path):
    by_hand, problems = read(tmp_path, HEAD + "anna-04,04.6,1,\nanna-04,04.6,2,\n")
    assert by_hand == {("anna-04", "04.6"): (2, "")}
    assert problems == ["manual.csv, line 3: anna-04 has task 04.6 twice: this line counts."]


@pytest.mark.parametrize("content", ["", "who,points\n", b"\xff\xfeh\x00a\x00", "x" * 200_000])
def test_a_file_of_something_else_is_told(tmp_path, content):
    by_hand, problems = read(tmp_path, content)
    assert not by_hand and len(problems) == 1 and "no marks by hand count" in problems[0]


def test_no_file_is_no_problem(tmp_path):
    assert manual.read_manual(tmp_path / "manual.csv", [hand_in()]) == ({}, [])


def test_marks_by_hand_come_before_the_graders():
    by_hand = {("anna-04", "04.1"): (1, "a slip"), ("anna-04", "04.6"): (1.5, "")}
    (mark,) = marks.mark_all([hand_in()], by_hand)
    assert (mark.points, mark.out_of, mark.status) == (2.5, 5, "marked")
    assert [task.status for task in mark.tasks] == ["by hand", "by hand"]
    assert mark.tasks[0].comment == "a slip"


def test_a_comment_alone_leaves_the_answer_waiting():
    (mark,) = marks.mark_all([hand_in()], {("anna-04", "04.6"): (None, "see me")})
    assert mark.status == "waiting" and mark.waiting == 2
    assert mark.tasks[1].comment == "see me"


def test_a_copy_of_to_mark_is_a_manual_that_says_the_same(tmp_path):
    formula = task("04.6", None, 2, answer='=HYPERLINK("x")\n;-1')
    results = [hand_in(name="a"), hand_in(name="b", day=2)]
    results.append(hand_in("B", "moodle:2", "c", tasks=[task(), formula]))
    results.append(hand_in("B", "moodle:2", "d", source="0"))  # doesn't count, nothing by hand
    content = HEAD + 'b,04.6,"1,5","- good;\n=so"\nb,04.1,2,\na,04.6,1,old\n'
    by_hand, _ = read(tmp_path, content, results)
    assert by_hand["b", "04.6"] == (1.5, "- good;\n=so")
    marks.write_marks(tmp_path, marks.mark_all(results, by_hand))
    assert (tmp_path / "manual.csv").read_text() == content
    rows = {(row["hand-in"], row["task"]): row for row in table(tmp_path / "to-mark.csv")}
    assert set(rows) >= {("b", "04.1 One column"), ("a", "04.6 One column")}
    assert not {name for name, _ in rows} & {"d"}
    assert rows["c", "04.6 One column"]["points"] == ""
    assert rows["c", "04.6 One column"]["answer"] == "'=HYPERLINK(\"x\") ¶ ;'-1"
    again = read(tmp_path, (tmp_path / "to-mark.csv").read_bytes(), results)
    assert again == (by_hand, [])


# Files and the terminal --------------------------------------------------------------------------


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "new" / "marks.csv"
    files.write_whole(path, "é\r\n")
    assert path.read_bytes() == "é\r\n".encode()

    def full(descriptor):
        raise OSError("no space left")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="no space"):
        files.write_whole(path, b"other")
    monkeypatch.undo()
    os.link(path, tmp_path / "old")
    files.write_whole(path, b"new")
    assert path.read_bytes() == b"new"
    path = tmp_path / "old"  # what was there has not been written to
    assert path.read_bytes() == "é\r\n".encode()
    assert os.listdir(tmp_path / "new") == ["marks.csv"]


def test_the_closing_table_is_aligned():
    results = [
        hand_in("李小龙" * 8, "id:1", "a"),
        hand_in("e" + "\u0301" * 190, "id:2", "b"),
        hand_in("\x1b[31mred\x1b[0m\n\x07\u202eAnna", "id:3", "c"),
        unreadable(who="", learner="id:4", name="d"),
    ]
    head, *lines, empty, totals = marks.closing_table(marks.mark_all(results)).split("\n")
    assert max(map(len, lines)) < 200
    assert len(lines) == 4 and empty == "" and totals == "4 hand-ins: 1 unreadable, 3 waiting"
    assert not any(unicodedata.category(char) in ("Cc", "Cf") for char in "".join(lines))
    place = wcwidth.width(head[: head.index("exercise")])
    assert {wcwidth.width(line[: line.index("04_the")]) for line in lines} == {place}
    assert place <= 32
    assert any("red ¶ Anna " in line for line in lines)


def test_an_empty_class_has_a_table_too(tmp_path):
    assert marks.closing_table([]).endswith("0 hand-ins")
    marks.write_marks(tmp_path, [])
    assert table(tmp_path / "marks.csv") == []


@given(HOSTILE, HOSTILE, HOSTILE)
def test_whatever_a_learner_writes_there_is_a_line(who, note, answer):
    tasks = [task("04.6", None, 2, answer=answer, what=note)]
    results = [hand_in(who, "id:" + note, "a", notes=[note], tasks=tasks, source=answer)]
    found = marks.mark_all(results)
    lines = marks.closing_table(found).split("\n")
    assert len(lines) == 4
    for rows in (marks.marks_rows(found), marks.to_mark_rows(found), marks.canvas_rows(found)):
        marks.csv_text(rows).encode("utf-8")
