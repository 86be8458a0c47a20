"""Handing in: what is on the disk is packed, and the learner is told what is in it."""

import hashlib
import json
import os
import re
import subprocess
import sys
import threading
import types
import zipfile
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from homework import checks, hand_in
from homework.grading import reading
from tools import exercises, notebooks

STEM = "04_the_carry_generator"
RELEASED = (exercises.EXERCISES / f"{STEM}.ipynb").read_bytes()
TASKS = checks.load(checks.FOLDER / f"{STEM}.py")
PASSED = {id: True for id, task in TASKS.items() if task.judge}


def filled_in(**changed):
    """Return the exercise with right answers, or other sources by id of the cell."""
    cells = notebooks.read(exercises.SOLUTIONS / f"{STEM}.ipynb").cells
    solution = {cell.id: cell for cell in cells}
    notebook = json.loads(RELEASED)
    for cell in notebook["cells"]:
        id = cell["metadata"].get("nbgrader", {}).get("grade_id", cell["id"])
        if exercises.role(solution.get(cell["id"], cell_of("")))[0] in ("task", "words"):
            cell["source"] = solution[cell["id"]].source
        cell["source"] = changed.get(id.replace("-", "_"), cell["source"])
    return notebook


def cell_of(source):
    return nbformat.v4.new_code_cell(source)


@pytest.fixture
def work(tmp_path, monkeypatch):
    """Make a folder `work` with the exercise, and work in it."""
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / f"{STEM}.ipynb").write_bytes(RELEASED)
    monkeypatch.chdir(folder)
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    return folder


def handed(name="Anna Berg", passed=PASSED, **more):
    """Hand in from a notebook without a page."""
    return hand_in.from_notebook(STEM, TASKS, lambda: passed, name=name, **more)


def members(report):
    with zipfile.ZipFile(report.path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def texts(report, label):
    return [text for found, text in report.rows if found == label]


# The zip -----------------------------------------------------------------------------------------


def test_what_is_in_the_zip(work):
    report = handed(passed=PASSED | {"04.2": False})
    packed = members(report)
    manifest = json.loads(packed.pop("manifest.json"))
    assert packed == {f"{STEM}.ipynb": RELEASED}
    assert report.path.parent == work / "handed-in"
    assert re.fullmatch(rf"{STEM}--anna-berg--\d{{8}}-\d{{6}}Z\.zip", report.path.name)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", manifest.pop("handed_in"))
    assert re.fullmatch("[0-9a-f]{32}", manifest.pop("learner"))
    assert manifest == {
        "format": 1,
        "exercise": STEM,
        "lesson": "04",
        "course_version": hand_in.__version__,
        "who": "Anna Berg",
        "sha256": hashlib.sha256(RELEASED).hexdigest(),
        "checks": PASSED | {"04.2": False},
    }
    assert not list(work.glob(".*.new")) and len(list(report.path.parent.iterdir())) == 1


def test_a_teacher_can_read_it(work):
    report = handed("Jörg 李 O'Neill")
    [found] = reading.find(report.path.parent, {"04": STEM})
    assert (found.who, found.exercise, found.notes) == ("Jörg 李 O'Neill", STEM, ())
    assert found.data == RELEASED and found.problem == ""


def test_no_zip_is_replaced_and_the_same_gives_the_same(work, monkeypatch):
    class Clock(hand_in.datetime):
        @classmethod
        def now(cls, zone):
            return cls(2026, 3, 1, 12, tzinfo=zone)

    monkeypatch.setattr(hand_in, "datetime", Clock)
    first, second, third = handed(), handed(), handed()
    ends = [report.path.name.split("120000Z")[1] for report in (first, second, third)]
    assert ends == [".zip", "-2.zip", "-3.zip"]
    assert first.path.read_bytes() == second.path.read_bytes()


def test_a_zip_that_cannot_be_written_is_said_and_leaves_nothing(work, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    handed()
    monkeypatch.setattr(os, "replace", full)
    report = handed()
    assert (report.state, report.path) == ("failed", None)
    assert "No space left on device" in report.title and "make room" in report.title
    assert len(list((work / "handed-in").iterdir())) == 1


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("Jörg Müller", "jorg-muller"),
        ("../../etc/passwd", "etc-passwd"),
        ("=1+1", "1-1"),
        ("x" * 300, "x" * 60),
        ("李雷", "[0-9a-f]{8}"),
    ],
)
def test_names_of_files(work, name, part):
    assert re.fullmatch(rf"{STEM}--{part}--\d+-\d+Z.zip", handed(name).path.name)


# The learner -------------------------------------------------------------------------------------


def test_the_name_is_asked_for_once(work, monkeypatch):
    asked = []
    monkeypatch.setattr("builtins.input", lambda text: asked.append(text) or " Anna \n Berg ")
    one, two = (json.loads(members(handed(None))["manifest.json"]) for _ in range(2))
    assert one["who"] == two["who"] == "Anna Berg" and one["learner"] == two["learner"]
    assert len(asked) == 1
    third = json.loads(members(handed("Bert"))["manifest.json"])
    assert third["who"] == "Bert" and third["learner"] == one["learner"]
    assert json.loads((work / ".learner.json").read_text("utf-8"))["name"] == "Bert"


@pytest.mark.parametrize("content", ["", "{", "[]", "7", '{"name": 7, "id": "x"}', "\udcff"])
def test_a_broken_note_of_the_name_is_replaced(work, content):
    (work / ".learner.json").write_text(content, "utf-8", "surrogateescape")
    learner = json.loads(members(handed())["manifest.json"])["learner"]
    assert re.fullmatch("[0-9a-f]{32}", learner)
    assert json.loads((work / ".learner.json").read_text("utf-8")) == {
        "name": "Anna Berg",
        "id": learner,
    }


@pytest.mark.parametrize("error", [EOFError, RuntimeError, OSError])
def test_without_anybody_to_ask_there_is_no_name(work, monkeypatch, error):
    def nobody(_):
        raise error

    monkeypatch.setattr("builtins.input", nobody)
    report = handed(None)
    assert report.state == "note" and 'hand_in(name="…")' in texts(report, "Name")[0]
    assert json.loads(members(report)["manifest.json"])["who"] == ""


# What is missing ---------------------------------------------------------------------------------


def test_everything_there(work):
    (work / f"{STEM}.ipynb").write_text(json.dumps(filled_in()), "utf-8")
    report = handed()
    assert report.state == "passed" and not texts(report, "Missing")
    assert texts(report, "Points") == [
        "15 of 15 points by checks; 2 more for answers in words, which a person reads"
    ]
    assert texts(report, "File") == [f"handed-in/{report.path.name}"]
    sizes = r"04_the_carry_generator\.ipynb \([\d.]+ kB\), manifest\.json \(0\.\d kB\)"
    assert re.fullmatch(sizes, texts(report, "In it")[0])
    assert "Nothing has been sent" in report.footer and report.footer in str(report)


def test_each_kind_of_missing(work):
    notebook = filled_in(task_04_2="# YOUR CODE HERE\nraise NotImplementedError()", words_04_6=" ")
    notebook["cells"] = [
        cell
        for cell in notebook["cells"]
        if cell["metadata"].get("nbgrader", {}).get("grade_id") != "task-04-3"
    ]
    (work / f"{STEM}.ipynb").write_text(json.dumps(notebook), "utf-8")
    report = handed(passed={"04.1": True, "04.2": False, "04.4": False})
    said = [text.split(": ")[-1] for text in texts(report, "Missing")]
    assert said == [
        "not begun",
        "the cell for your answer is gone; copy it from exercises/",
        "its check doesn't pass yet",
        "not checked",
        "not answered",
    ]
    assert texts(report, "Points") == ["3 of 15 points by checks"]


def test_checks_that_break_prevent_nothing(work):
    def broken():
        raise MemoryError("all\nof it")

    report = hand_in.from_notebook(STEM, TASKS, broken, name="Anna")
    assert report.state == "note" and "MemoryError: all of it" in texts(report, "Checks")[0]
    assert json.loads(members(report)["manifest.json"])["checks"] == {}


def test_too_large_to_be_marked(work, monkeypatch):
    assert hand_in.LARGEST_NOTEBOOK == reading.NOTEBOOK
    monkeypatch.setattr(hand_in, "LARGEST_NOTEBOOK", 1_000)
    report = handed()
    assert report.path and "clear the outputs" in texts(report, "Too large")[0]


# Which notebook ----------------------------------------------------------------------------------


def test_outside_of_work_it_only_says_where_to_hand_in(tmp_path, monkeypatch):
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    (tmp_path / "solutions").mkdir()
    monkeypatch.chdir(tmp_path / "solutions")
    empty = handed()
    Path(f"{STEM}.ipynb").write_bytes(RELEASED)
    found = handed(passed=None)
    assert empty == found and found.state == "failed" and "your own copy in work/" in found.title
    assert [p.name for p in tmp_path.rglob("*")] == ["solutions", f"{STEM}.ipynb"]
    assert str(tmp_path) not in str(found)


def test_a_path_that_is_given_comes_first(work):
    (work.parent / "mine.ipynb").write_text(json.dumps(filled_in()), "utf-8")
    report = handed(path="../mine.ipynb")
    assert report.path.parent == Path("../handed-in") and not texts(report, "Missing")


def test_a_byte_order_mark_does_no_harm(work):
    (work / f"{STEM}.ipynb").write_bytes(b"\xef\xbb\xbf" + RELEASED)
    assert handed().path


def test_where_the_notebook_is_looked_for(work, monkeypatch):
    (work.parent / "elsewhere").mkdir()
    monkeypatch.chdir(work.parent / "elsewhere")
    monkeypatch.setenv("JPY_SESSION_NAME", str(work / f"{STEM}.ipynb"))
    assert handed().path.parent == work / "handed-in"
    monkeypatch.setenv("JPY_SESSION_NAME", str(work / "renamed.ipynb"))
    assert handed().state == "failed"
    shell = types.SimpleNamespace(user_ns={"__vsc_ipynb_file__": str(work / f"{STEM}.ipynb")})
    monkeypatch.setattr(hand_in, "_shell", lambda: shell)
    assert handed().path.parent == work / "handed-in"
    monkeypatch.setattr(hand_in, "_shell", lambda: None)
    monkeypatch.chdir(work.parent)  # as in JupyterLab's console
    assert handed().path.parent == work / "handed-in"


@pytest.mark.parametrize(
    ("content", "text"),
    [(None, "No such file"), (b"", "is none"), (b"{}", "is none"), (b"[[1]]", "is none")],
)
def test_what_is_no_notebook(work, content, text, capsys):
    if content is not None:
        Path("x.ipynb").write_bytes(content)
    report = handed(path="x.ipynb")
    assert report.state == "failed" and "should be a notebook" in report.title
    assert text in report.title and not (work / "handed-in").exists()
    assert hand_in.from_command("x.ipynb", "Anna") == 2
    assert capsys.readouterr().err == report.title + "\n"


# Saving ------------------------------------------------------------------------------------------


class Page:
    """Stands for the page: shows, and perhaps saves."""

    def __init__(self, save=lambda text: None):
        self.save, self.updates = save, []

    def display(self, data, raw, display_id):
        threading.Timer(0.3, self.save, [data["text/html"]]).start()
        return self

    def update(self, data, raw):
        self.updates.append(data["text/plain"])


@pytest.fixture
def page(monkeypatch):
    page = Page()
    monkeypatch.setattr(hand_in, "_shell", lambda: types.SimpleNamespace(kernel=1, user_ns={}))
    monkeypatch.setattr(hand_in, "SAVING_SECONDS", 1)
    monkeypatch.setattr("IPython.display.display", page.display)
    return page


def saver(path, notebook, cut=None):
    def save(text):
        cell = {"cell_type": "code", "source": "hand_in()", "outputs": [text], "metadata": {}}
        full = json.dumps({**notebook, "cells": [*notebook["cells"], cell]})
        path.write_text(full[:cut], "utf-8")

    return save


def test_the_page_saves_first(work, page):
    page.save = saver(work / f"{STEM}.ipynb", filled_in())
    report = handed()
    assert report.state == "passed" and not texts(report, "Missing")
    assert page.updates == [f"{STEM}.ipynb was saved."]
    assert b"data-saving" in members(report)[f"{STEM}.ipynb"]


def test_a_notebook_with_another_name_is_found_by_what_it_saved(work, page):
    page.save = saver(work / "mine.ipynb", filled_in())
    report = handed()
    assert report.state == "passed" and not texts(report, "Missing")
    assert list(members(report)) == [f"{STEM}.ipynb", "manifest.json"]


def test_a_path_that_is_given_is_not_changed_by_what_was_saved(work, page):
    page.save = saver(work / "mine.ipynb", filled_in())
    report = handed(path=f"{STEM}.ipynb")
    assert texts(report, "Not saved now") and texts(report, "Missing")


@pytest.mark.parametrize("cut", [None, -5])
def test_what_was_not_saved_now_is_said(work, page, cut):
    os.utime(work / f"{STEM}.ipynb", (0, 0))
    if cut:  # it is still being written
        page.save = saver(work / "half.ipynb", filled_in(), cut)
    report = handed()
    assert report.state == "note" and report.path
    [text] = texts(report, "Not saved now")
    assert "last saved at" in text and "save (Ctrl+S) and run this cell again" in text
    assert members(report)[f"{STEM}.ipynb"] == RELEASED


# In a kernel -------------------------------------------------------------------------------------


def test_in_a_kernel_without_a_page(work):
    """The code for the page and for asking runs where neither is there."""
    source = f"""
import sys
sys.path.insert(0, {str(exercises.ROOT)!r})
from homework import checks, hand_in
hand_in.SAVING_SECONDS = 0.5
tasks = checks.load({str(checks.FOLDER / f"{STEM}.py")!r})
print(hand_in.from_notebook({STEM!r}, tasks, lambda: {{}}))
"""
    notebook = nbformat.v4.new_notebook(cells=[cell_of(source)])
    NotebookClient(notebook, resources={"metadata": {"path": str(work)}}).execute()
    shown, said = notebook.cells[0].outputs
    assert "could not be saved" in shown.data["text/plain"] and "script" not in str(shown)
    assert "Not saved now" in said.text and "  Name: there is none in it" in said.text
    assert len(list((work / "handed-in").glob("*.zip"))) == 1


def test_the_command_runs_the_notebook(work, capsys):
    file = work / "renamed.ipynb"
    notebook = filled_in(task_04_2="def add_rows(a, carries):\n    return a, carries")
    notebook["cells"].append({**cell_of("hand_in()\nopen('ran', 'w').write(budget)")})
    file.write_text(json.dumps(notebook), "utf-8")
    before = file.read_bytes()
    assert hand_in.from_command(file, "Anna Berg") == 0
    assert "11 of 15 points by checks; 2 more" in capsys.readouterr().out
    [packed] = (work / "handed-in").iterdir()  # the cell with hand_in() made no second
    manifest = json.loads(zipfile.ZipFile(packed).read("manifest.json"))
    assert manifest["checks"] == PASSED | {"04.2": False} and file.read_bytes() == before
    assert Path("ran").read_text() == "smoke"


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("import os; os._exit(1)", "DeadKernelError"),
        ("def check(*_): pass", "didn't run through"),
    ],
)
def test_a_notebook_that_does_not_run_can_be_handed_in(work, capsys, source, text):
    notebook = filled_in()
    notebook["cells"].append(cell_of(source))
    (work / f"{STEM}.ipynb").write_text(json.dumps(notebook), "utf-8")
    assert hand_in.from_command(work / f"{STEM}.ipynb", "Anna") == 0
    said = capsys.readouterr().out
    assert text in said and "you can hand in all the same" in said
    assert len(list((work / "handed-in").iterdir())) == 1


def test_the_copy_that_runs_hands_nothing_in_and_is_whole_otherwise():
    begun = 'check, hint, committed, progress, hand_in = begin("04_the_carry_generator")'
    cells = [begun, 'progress()\nhand_in(name="Anna")', "if done:\n    hand_in()", "x = hand_in"]
    notebook = nbformat.v4.new_notebook(cells=[cell_of(source) for source in cells])
    copy = hand_in._copy_to_run(nbformat.writes(notebook).encode())
    sources = [cell.source for cell in copy.cells]
    assert sources[:-1] == [begun, "progress()\npass", "if done:\n    pass", "x = hand_in"]
    assert "run_checks" in sources[-1]


def test_an_endless_cell_is_stopped(work, capsys, monkeypatch):
    monkeypatch.setattr(hand_in, "CELL_SECONDS", 5)
    notebook = filled_in(task_04_1="while True: pass")
    (work / f"{STEM}.ipynb").write_text(json.dumps(notebook), "utf-8")
    assert hand_in.from_command(f"{STEM}.ipynb", "Anna") == 0
    assert "12 of 15 points" in capsys.readouterr().out  # the other cells have run
    monkeypatch.setattr(hand_in, "ALL_SECONDS", 0)
    assert hand_in.from_command(f"{STEM}.ipynb", "Anna") == 0
    assert "still running after 0 s" in capsys.readouterr().out


def test_the_command_needs_a_name_and_an_exercise(work, capsys):
    assert hand_in.from_command(f"{STEM}.ipynb") == 2
    assert "add --name" in capsys.readouterr().err
    Path("other.ipynb").write_text(json.dumps({"cells": []}))
    assert hand_in.from_command("other.ipynb", "Anna") == 2
    assert "should be an exercise of this course" in capsys.readouterr().err
    assert [p.name for p in work.iterdir() if p.name not in ("other.ipynb", f"{STEM}.ipynb")] == []


def test_importing_it_is_quick():
    heavy = "{'tensorflow', 'keras', 'dask', 'IPython', 'nbclient', 'nbformat'}"
    code = f"import sys, homework.hand_in; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
