"""The runner: what it refuses, what it says of failures, and what it leaves in committed files."""

import json
import os
import re
import sys

import pytest
import tiny

from tools import lessons


@pytest.fixture
def package(tmp_path):
    """A package like course_utils: `carry` imports `floor`; nothing imports `other`."""
    folder = tmp_path / "course_utils"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "carry.py").write_text('"""Carry."""\n\nfrom . import floor\n\nONE = 1  # one\n')
    (folder / "floor.py").write_text('def floor():\n    """Return it."""\n    return 0\n')
    (folder / "other.py").write_text("")
    return folder


# Asking for something that isn't there


def test_find_takes_numbers_and_names(tmp_path):
    five = tiny.lesson(tmp_path / "05_model.ipynb")
    tiny.lesson(tmp_path / "06_data.ipynb")
    assert len(lessons.find(tmp_path)) == 2
    for name in ("05", "5", "05_model", "05_model.ipynb"):
        assert lessons.find(tmp_path, name) == [five]
    with pytest.raises(lessons.Refused, match="no lesson '7'.*05_model, 06_data"):
        lessons.find(tmp_path, "7")


@pytest.mark.parametrize("words", [["--budget", "smok"], ["--lesson", "99"]])
def test_unknown_budget_or_lesson_ends_with_status_2(words, capsys):
    assert lessons.main(["run", *words]) == 2
    assert words[1] in capsys.readouterr().err


@pytest.mark.parametrize(
    ("cell", "parameters", "missing"),
    [
        (tiny.parameters(), {"budgte": "smoke"}, "budgte"),
        (tiny.parameters("seed: int = 1"), {"budget": "smoke"}, "budget"),
        (tiny.code('budget = "class"'), {"budget": "smoke"}, "budget"),
    ],
    ids=["unknown name", "no budget", "untagged"],
)
def test_unknown_parameters_are_refused(tmp_path, cell, parameters, missing):
    path = tiny.save(tmp_path / "01.ipynb", cell)
    with pytest.raises(lessons.Refused, match=f"no parameter {missing}"):
        lessons.execute(path, tmp_path / "out.ipynb", parameters)


# Running


def test_a_failing_lesson_is_named_and_does_not_stop_the_others(tmp_path):
    shown_on_purpose = tiny.code("1 / 0", "raises-exception")
    paths = [
        tiny.lesson(tmp_path / "01_fails.ipynb", tiny.code("# why\nfloor = 1 / 0")),
        tiny.lesson(tmp_path / "02_runs {well}.ipynb", shown_on_purpose),
        tiny.save(tmp_path / "03_empty.ipynb"),
    ]
    target = tmp_path / "build"
    outcomes = lessons.run_lessons(paths, target, {"budget": "smoke"}, jobs=2)

    assert [outcome.ok for outcome in outcomes] == [False, True, False]
    assert "01_fails: code cell 3 (# why): ZeroDivisionError" in outcomes[0].error
    assert outcomes[1].recorded == {"budget": "smoke", "loss": 0.5}
    assert outcomes[1].result == "budget = smoke, loss = 0.5"
    assert outcomes[1].cells == 4
    assert "parameters" in outcomes[2].error

    table = lessons.table(outcomes)
    assert re.search(r"02_runs \{well\} +\d+\.\d +4  budget = smoke, loss = 0.5\n", table)
    assert table.count("FAILED") == 2 and "ZeroDivisionError: division by zero" in table

    lessons.save_results(outcomes, target / "results.json")
    saved = json.loads((target / "results.json").read_text(encoding="utf-8"))
    assert saved["02_runs {well}"]["ok"] and not saved["01_fails"]["ok"]


def test_lessons_run_in_their_folder_with_this_python(tmp_path, monkeypatch):
    home = tmp_path / "home"  # of a user who has another kernel of that name
    kernel = home / "kernels" / "python3"
    kernel.mkdir(parents=True)
    (kernel / "kernel.json").write_text('{"argv": ["false"], "display_name": "other"}')
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(home))
    source = "import os, sys\n\nrecord(folder=os.getcwd(), python=sys.executable)"
    path = tiny.lesson(tmp_path / "01_where.ipynb", tiny.code(source))
    outcome = lessons.run_lesson(path, tmp_path / "build" / path.name, {})
    assert outcome.error is None
    assert os.path.samefile(outcome.recorded["folder"], tmp_path)
    assert os.path.samefile(outcome.recorded["python"], sys.executable)


# Which lessons are out of date


def test_fingerprint_follows_code_and_imports_only(tmp_path, package):
    notebook = lessons.read(
        tiny.save(
            tmp_path / "1.ipynb", tiny.code("from course_utils import carry\n%time carry.ONE")
        )
    )
    before = lessons.fingerprint(notebook, package)

    def after(file, text):
        path = package / file
        old = path.read_text()
        path.write_text(text if text.startswith("all:") else old + text)
        changed = lessons.fingerprint(notebook, package)
        path.write_text(old)
        return changed

    assert after("carry.py", "TWO = 2\n") != before
    assert after("floor.py", "TWO = 2\n") != before
    assert after("other.py", "TWO = 2\n") == before
    assert after("__init__.py", "__version__ = '2'\n") == before
    assert after("floor.py", "\n\n# a comment\n") == before
    (package / "floor.py").write_text('def floor():\n    """Say it\n    better."""\n    return 0\n')
    assert lessons.fingerprint(notebook, package) == before
    notebook.cells.append(tiny.text("more prose"))
    assert lessons.fingerprint(notebook, package) == before
    (package / "floor.js").write_text("let floor = 0;")
    assert lessons.fingerprint(notebook, package) != before
    (package / "floor.js").unlink()
    (package / "checkpoints").mkdir()
    shipped = package / "checkpoints" / "09_net.weights.h5"
    shipped.write_bytes(b"1")
    assert lessons.fingerprint(notebook, package) == before  # no cell names it
    notebook.cells.append(tiny.code('open("09_net")'))
    with_one = lessons.fingerprint(notebook, package)
    shipped.write_bytes(b"2")
    assert lessons.fingerprint(notebook, package) not in (before, with_one)
    notebook.cells.pop()
    notebook.cells.append(tiny.code("more = 1"))
    assert lessons.fingerprint(notebook, package) != before


@pytest.mark.parametrize(
    "source",
    [
        "import course_utils.data.carry",
        "import course_utils.data.carry as c",
        "from course_utils.data.carry import ONE",
        "def late():\n    from course_utils import carry",
    ],
)
def test_fingerprint_sees_every_way_to_import(tmp_path, package, source):
    notebook = lessons.read(tiny.save(tmp_path / "1.ipynb", tiny.code(source)))
    before = lessons.fingerprint(notebook, package)
    (package / "floor.py").write_text("changed = True\n")
    assert lessons.fingerprint(notebook, package) != before


# Committed files


def test_update_refreshes_outputs_and_prose(tmp_path):
    bar = tiny.code(
        "import time\n\nfor i in range(3):\n    print(f'step {i}', end='\\r', flush=True)\n"
        "    time.sleep(0.2)\nprint('step 3')"
    )
    path = tiny.lesson(tmp_path / "01_ok.ipynb", bar)
    assert not lessons.is_fresh(lessons.read(path))
    assert lessons.update(path, build=tmp_path / "build").error is None

    notebook = lessons.read(path)
    assert lessons.is_fresh(notebook)
    assert "The loss is 0.05<!--=loss:.2f-->." in notebook.cells[0].source
    assert [cell.execution_count for cell in notebook.cells[1:]] == [1, 2, 3, 4]
    assert [output.text for output in notebook.cells[3].outputs] == ["step 3\n"]
    assert set(notebook.metadata) == {"kernelspec", "language_info", "learning_to_carry"}
    assert all(set(cell.metadata) <= {"tags"} for cell in notebook.cells)

    first = path.read_bytes()
    assert lessons.update(path, build=tmp_path / "build").error is None
    assert path.read_bytes() == first and first.endswith(b"}\n")


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        (tiny.code("1 / 0"), "code cell 3"),
        (tiny.text("It is 1<!--=lost:d-->."), "'lost'"),
    ],
    ids=["fails", "quotes what isn't recorded"],
)
def test_update_keeps_the_old_file_if_something_is_wrong(tmp_path, cell, says):
    path = tiny.lesson(tmp_path / "01_bad.ipynb", cell)
    before = path.read_bytes()
    assert says in lessons.update(path, build=tmp_path / "build").error
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.glob("*01*")] == ["01_bad.ipynb"]


def test_refresh_prose_runs_nothing(tmp_path):
    path = tiny.lesson(tmp_path / "01_ok.ipynb")
    lessons.update(path, build=tmp_path / "build")
    notebook = lessons.read(path)
    notebook.cells[0].source = "Now 0<!--=loss:.3f-->"
    lessons.write(notebook, path)
    lessons.refresh_prose(path)
    assert lessons.read(path).cells[0].source == "Now 0.050<!--=loss:.3f-->"


def test_copies_run_with_other_parameters_and_keep_outputs(tmp_path):
    path = tiny.lesson(tmp_path / "01_ok.ipynb")
    lessons.update(path, build=tmp_path / "build")
    target = tmp_path / "copies"
    target.mkdir()
    tiny.save(target / "00_old.ipynb")
    lessons.write_copies([path], target, {"budget": "smoke"})
    assert [copy.name for copy in target.iterdir()] == ["01_ok.ipynb"]
    cells = lessons.read(target / "01_ok.ipynb").cells
    assert 'budget = "smoke"' in cells[2].source
    assert str(tmp_path) in cells[2].source.replace("\\\\", "\\")
    assert cells[-1].outputs == lessons.read(path).cells[-1].outputs
