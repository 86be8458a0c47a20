"""The proof that every exercise works: stubs fail, solutions pass, typical mistakes get their hint.

A solution is run cell by cell in a dictionary of variables, without a kernel: the cells tagged
`setup` and the tasks. Then one task is replaced by its stub, by nothing, or by a wrong answer.
"""

import ast
import re
from functools import cache

import numpy as np
import pytest

from homework import checks
from homework.exercise import Work, judge
from tools import exercises, notebooks

PATHS = notebooks.find(exercises.SOLUTIONS)
# Lines that anyone may write anywhere.
TRIVIAL = re.compile(r"return \w+|\w+ = \w+|for [\w, ]+ in .*:|while True:|else:|.{0,12}")


@cache
def parts(path):
    """Return the tasks, and (role, task, source) of the cells that matter."""
    solution = notebooks.read(path)
    tasks = checks.load(checks.FOLDER / f"{path.stem}.py")
    cells = []
    for cell in solution.cells:
        what, id = exercises.role(cell)
        if {"setup", "parameters"} & set(notebooks.tags(cell)):
            cells.append(("setup", None, cell.source))
        elif what in ("task", "wrong"):
            cells.append((what, id, cell.source))
    return tasks, cells


def namespace(path, replaced=None, source=""):
    """Return the variables after all setup cells and tasks; of one task `source` was run."""
    variables = {"__name__": "__main__"}
    for what, id, original in parts(path)[1]:
        if what == "wrong":
            continue
        try:
            exec(source if id is not None and id == replaced else original, variables)
        except NotImplementedError:  # a stub outside of a function
            assert id == replaced
    return variables


def name_of(wrong):
    """Return the name of the mistake that a wrong answer makes, from its first line."""
    return re.match(r"# mistake: (.+)", wrong)[1]


def outcome(path, variables, id, seed=0):
    return judge(parts(path)[0][id], Work(variables), np.random.default_rng(seed))


def judged(path):
    return [id for id, task in parts(path)[0].items() if task.judge]


ALL = [pytest.param(path, id, id=id) for path in PATHS for id in judged(path)]
WRONG = [
    pytest.param(path, id, source, id=f"{id}-{number}")
    for path in PATHS
    for number, (what, id, source) in enumerate(parts(path)[1])
    if what == "wrong"
]
each_exercise = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem[:2])


@each_exercise
def test_solutions_pass_with_any_numbers(path):
    variables = namespace(path)
    for seed in range(3):
        for id in judged(path):
            failure = outcome(path, variables, id, seed)
            assert failure is None, f"{id}: {failure.lines()}"


@pytest.mark.parametrize(("path", "id"), ALL)
def test_a_stub_fails_its_own_check_and_no_other(path, id):
    (source,) = [s for what, task, s in parts(path)[1] if (what, task) == ("task", id)]
    assert exercises.stub(source) != source, "there is no region to fill in"
    variables = namespace(path, id, exercises.stub(source))
    failed = [other for other in judged(path) if outcome(path, variables, other) is not None]
    assert failed == [id]


@each_exercise
def test_no_check_passes_when_its_subject_is_missing(path):
    for id in judged(path):
        assert outcome(path, {}, id) is not None, id


@pytest.mark.parametrize(("path", "id", "source"), WRONG)
def test_a_typical_wrong_answer_gets_its_own_hint(path, id, source):
    expected = parts(path)[0][id].mistakes[name_of(source)]
    variables = namespace(path, id, source)
    for seed in range(2):
        failure = outcome(path, variables, id, seed)
        assert failure is not None, "a wrong answer passes"
        assert failure.hint == expected.hint, failure.lines()


@each_exercise
def test_each_task_has_two_wrong_answers_with_different_hints(path):
    for id in judged(path):
        names = [name_of(s) for what, task, s in parts(path)[1] if (what, task) == ("wrong", id)]
        assert len(set(names)) >= 2, id


@each_exercise
def test_no_exercise_contains_a_line_of_the_solution(path):
    exercise = (exercises.EXERCISES / path.name).read_text("utf-8")
    sources = [cell.source for cell in notebooks.read(exercises.EXERCISES / path.name).cells]
    given = {line.strip() for source in sources for line in source.splitlines()}
    for what, id, source in parts(path)[1]:
        if what != "task":
            continue
        for region in exercises.REGION.finditer(source):
            for line in region[0].splitlines()[1:-1]:
                line = line.strip()
                if not TRIVIAL.fullmatch(line) and not line.startswith("#"):
                    assert line not in given, f"{id}: {line}"
    assert "BEGIN SOLUTION" not in exercise
    assert '"wrong-' not in exercise


@each_exercise
def test_tasks_are_as_the_headings_say(path):
    tasks, _ = parts(path)
    text = "\n".join(c.source for c in notebooks.read(path).cells if c.cell_type == "markdown")
    for id, task in tasks.items():
        minutes = f"{task.minutes} minute" + "s" * (task.minutes != 1)
        points = f"{task.points} point" + "s" * (task.points != 1)
        assert f"## {id} · {task.title}  ({minutes}, {points})" in text
        assert 1 <= len(task.hints) <= 3
    assert 3 <= len(tasks) <= 7
    assert f"{len(tasks)} tasks, {sum(t.points for t in tasks.values())} points" in text
    for needed in ("Predict", "On your own"):
        assert needed in text
    assert any(task.judge is None for task in tasks.values()), "no explanation in words"
    assert "committed(" in "".join(c.source for c in notebooks.code_cells(notebooks.read(path)))


@each_exercise
def test_committed_solutions_show_what_the_tasks_are_called_and_worth(path):
    tasks, _ = parts(path)
    for cell in notebooks.read(path).cells:
        what, id = exercises.role(cell)
        if what == "check":
            shown = cell.outputs[0].data["text/plain"]
            points = f"{tasks[id].points} point" + "s" * (tasks[id].points != 1)
            assert shown.startswith(f"✓ {id} {tasks[id].title}: ") and points in shown


@each_exercise
def test_checks_of_a_task_are_where_nbgrader_looks_for_them(path):
    tasks, _ = parts(path)
    cells = notebooks.read(exercises.EXERCISES / path.name).cells
    found = {c.metadata.nbgrader.grade_id: c for c in cells if "nbgrader" in c.metadata}
    for id, task in tasks.items():
        key = id.replace(".", "-")
        if task.judge is None:
            assert found[f"words-{key}"].metadata.nbgrader.points == task.points
            continue
        assert found[f"task-{key}"].metadata.nbgrader.solution
        assert found[f"check-{key}"].metadata.nbgrader.points == task.points
        assert ast.unparse(ast.parse(found[f"check-{key}"].source)) == f"check({id!r})"


def test_headings_are_written_from_the_tasks():
    tasks = checks.load(checks.FOLDER / "04_the_carry_generator.py")
    source = "*45 minutes · 1 tasks, 2 points*\n\n## 04.3 · Old  (9 minutes, 9 points)\n\nText."
    assert exercises.headings_written(source, tasks) == (
        "*45 minutes · 6 tasks, 17 points*\n\n"
        "## 04.3 · Predict: how long is a carry in doubt?  (3 minutes, 1 point)\n\nText."
    )


def test_committed_exercises_are_what_their_solutions_give(tmp_path):
    exercises.make(target := exercises.SOLUTIONS, tmp_path)
    made = {p.relative_to(tmp_path): p.read_bytes() for p in tmp_path.glob("*")}
    committed = {
        p.relative_to(exercises.EXERCISES): p.read_bytes()
        for p in exercises.EXERCISES.glob("*.ipynb")
    }
    assert made == committed, f"run `make exercises`: {target.name} and exercises differ"


def test_making_twice_gives_the_same_bytes(tmp_path):
    exercises.make(exercises.SOLUTIONS, tmp_path)
    assert exercises.make(exercises.SOLUTIONS, tmp_path) == []


def test_copies_never_replace_a_learners_file(tmp_path):
    given, work = tmp_path / "exercises", tmp_path / "work"
    given.mkdir()
    (given / "01_x.ipynb").write_text("one")
    assert exercises.give(given, work) == ["new: 01_x.ipynb"]
    (work / "01_x.ipynb").write_text("mine")
    assert exercises.give(given, work) == []
    (given / "01_x.ipynb").write_text("two")
    (said,) = exercises.give(given, work)
    assert said.startswith("changed: 01_x.ipynb") and "01_x.new.ipynb" in said
    assert (work / "01_x.ipynb").read_text() == "mine"
    assert (work / "01_x.new.ipynb").read_text() == "two"
    assert exercises.give(given, work) == []
    (work / "01_x.new.ipynb").write_text("mine, too")
    (given / "01_x.ipynb").write_text("three")
    exercises.give(given, work)
    assert (work / "01_x.new.ipynb").read_text() == "mine, too"
    assert (work / "01_x.new-2.ipynb").read_text() == "three"
    (work / "01_x.ipynb").unlink()  # to begin anew
    assert exercises.give(given, work) == ["new: 01_x.ipynb"]
