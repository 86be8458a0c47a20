"""Every lesson runs through at budget smoke, and obeys the budget it is given."""

import pytest

from tools import notebooks, running

LESSONS = notebooks.find(notebooks.NOTEBOOKS)
# A lesson takes at most 30 s by itself (`make bench` measures that); here others run beside it.
SECONDS = 90

SOLUTIONS = notebooks.find(notebooks.SOLUTIONS)

each_lesson = pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)


@each_lesson
def test_runs_at_smoke(path):
    target = notebooks.BUILD / "test-smoke" / path.name
    outcome = running.run_lesson(path, target, {"budget": "smoke"})
    assert outcome.error is None, outcome.error
    assert outcome.recorded["budget"] == "smoke"
    assert outcome.seconds < SECONDS


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)
def test_a_solution_runs_at_smoke(path):
    target = notebooks.BUILD / "test-solutions" / path.name
    outcome = running.run_lesson(path, target, {"budget": "smoke"})
    assert outcome.error is None, outcome.error
    assert outcome.seconds < SECONDS


@pytest.mark.parametrize("path", [*LESSONS, *SOLUTIONS], ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_refuses_an_unknown_budget(path, tmp_path):
    notebook = notebooks.read(path)
    choosing = [n for n, cell in enumerate(notebook.cells) if "choose(" in cell.source]
    assert choosing, "no cell of the lesson calls choose(budget, …)"
    # Up to the cell that should refuse; what comes after may train for long.
    notebook.cells = notebook.cells[: choosing[0] + 1]
    notebooks.write(notebook, tmp_path / path.name)
    outcome = running.run_lesson(tmp_path / path.name, tmp_path / "out.ipynb", {"budget": "smok"})
    assert outcome.error and "budget must be one of" in outcome.error
