"""Running notebooks: what is refused, and what is said of failures."""

import json
import os
import re
import sys

import pytest
import tiny

from tools import notebooks, running


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
    with pytest.raises(notebooks.CannotRun, match=f"no parameter {missing}"):
        running.execute(path, tmp_path / "out.ipynb", parameters)


def test_a_failing_lesson_is_named_and_does_not_stop_the_others(tmp_path):
    shown_on_purpose = tiny.code("1 / 0", "raises-exception")
    paths = [
        tiny.lesson(tmp_path / "01_fails.ipynb", tiny.code("# why\nfloor = 1 / 0")),
        tiny.lesson(tmp_path / "02_runs {well}.ipynb", shown_on_purpose),
        tiny.save(tmp_path / "03_empty.ipynb"),
    ]
    target = tmp_path / "build"
    outcomes = running.run_lessons(paths, target, {"budget": "smoke"}, jobs=2)

    assert [outcome.ok for outcome in outcomes] == [False, True, False]
    assert "01_fails: code cell 3 (# why): ZeroDivisionError" in outcomes[0].error
    assert outcomes[1].recorded == {"budget": "smoke", "loss": 0.5}
    assert outcomes[1].result == "budget = smoke, loss = 0.5"
    assert outcomes[1].cells == 4
    assert "parameters" in outcomes[2].error

    table = running.table(outcomes)
    assert re.search(r"02_runs \{well\} +\d+\.\d +4  budget = smoke, loss = 0.5\n", table)
    assert table.count("FAILED") == 2 and "ZeroDivisionError: division by zero" in table

    running.save_results(outcomes, target / "results.json")
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
    outcome = running.run_lesson(path, tmp_path / "build" / path.name, {})
    assert outcome.error is None
    assert os.path.samefile(outcome.recorded["folder"], tmp_path)
    assert os.path.samefile(outcome.recorded["python"], sys.executable)
