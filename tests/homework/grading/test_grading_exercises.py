"""Every exercise can be graded: solutions earn all points, what was given out none."""

import os
import re
from pathlib import Path

import pytest

from homework import checks
from homework.grading import judging, reading, rebuild, sandbox, withheld, worker
from tools import exercises, notebooks
from tools.hand_ins import CARRY, code, filled_in, released, tasks, with_cell

STEMS = [path.stem for path in notebooks.find(exercises.SOLUTIONS)]
WITHHELD = [
    (task.id, name)
    for stem in STEMS
    for task in checks.load(checks.FOLDER / f"{stem}.py").values()
    for name in task.withheld
]


def grade(notebook, stem, course):
    return judging.grade(notebook["cells"], released(stem)["cells"], tasks(stem), course)


def points(result):
    return {task.id: task.points for task in result.tasks}


@pytest.mark.parametrize("stem", STEMS)
def test_a_solution_earns_all_points(course, stem):
    result = grade(filled_in(stem), stem, course)
    expected = {t.id: t.points if t.judge else None for t in tasks(stem).values()}
    assert points(result) == expected, result.tasks
    assert result.notes == ()
    # A demonstration may fail where it calls what is withheld, and for no other reason.
    for cell in result.cells:
        assert not cell.error or "is what a task asks you to write" in cell.error


@pytest.mark.parametrize("stem", STEMS)
def test_what_is_given_out_earns_nothing(course, stem):
    assert set(points(grade(released(stem), stem, course)).values()) == {0}


@pytest.mark.parametrize(
    ("stem", "answers"),
    [
        (CARRY, {"t4_2": "from course_utils.data.carry import add as add_rows"}),
        (CARRY, {"t4_4": "from course_utils.data.carry import generator as endless_additions"}),
        (CARRY, {"t4_5": "from course_utils.data.carry import mse_floor as floor"}),
        ("06_the_data", {"t6_1": "from course_utils.data.addition import random_sum_pairs"}),
        ("06_the_data", {"t6_5": "from course_utils.data.addition import generate_data"}),
        (
            "09_more_terms_more_digits",
            {"t9_2": "from course_utils.data.questions import draw_pairs"},
        ),
        ("11_other_operations", {"t11_1": "from course_utils.data.operations import answer"}),
        (
            "14_learning_to_execute",
            {"t14_1": "from course_utils.data.programs import value as worth"},
        ),
    ],
)
def test_what_a_task_asks_for_cannot_be_taken_from_the_course(course, stem, answers):
    (name,) = answers
    id = re.sub(r"t(\d+)_(\d+)", lambda m: f"{int(m[1]):02}.{m[2]}", name)
    result = grade(filled_in(stem, **answers), stem, course)
    told = next(task for task in result.tasks if task.id == id)
    assert told.points == 0
    assert stem != CARRY or "is what a task asks you to write" in told.what


def test_a_model_with_code_in_it_is_loaded_in_the_sandbox_only(course):
    stem, mark = "05_the_carry_model", Path(f"/tmp/was-here-{os.getpid()}")
    evil = f"""
import os
run = lambda x: (open({str(mark)!r}, "w").close(), x[:, :, 0])[1]
def build_model(units):
    bits = keras.Input((None, 2))
    keras.Model(bits, layers.Lambda(run, output_shape=(None,))(bits)).save("evil.keras")
    model = keras.models.load_model("evil.keras", safe_mode=False)
    model(np.zeros((1, 3, 2)))
    return model
build_model(4)
print("the code ran:", os.path.exists({str(mark)!r}))
"""
    result = grade(filled_in(stem, t5_1=evil), stem, course)
    assert points(result)["05.1"] == 0 and points(result)["05.3"] > 0
    assert "the code ran: True" in str(result.cells)
    assert not mark.exists()


# The notebook that runs ------------------------------------------------------------------------


def plan(cells, stem=CARRY):
    return rebuild.rebuild(released(stem)["cells"], cells)


def test_the_steps_are_those_of_the_release():
    made, given = plan(filled_in()["cells"]), plan(released()["cells"])
    assert [(s.kind, s.task) for s in made.steps] == [(s.kind, s.task) for s in given.steps]
    assert [s.task for s in made.steps if s.kind == "check"] == [
        task.id for task in tasks().values() if task.judge
    ]
    assert made.notes == given.notes == []
    assert 'budget = "smoke"' in made.steps[0].source


def test_no_source_of_a_given_cell_is_the_learners():
    cells = filled_in()["cells"]
    for cell in cells:
        if cell["cell_type"] == "code" and rebuild.role(cell)[0] != "task":
            cell["source"] = "MINE = 1"
    steps = plan(cells).steps
    assert not [s for s in steps if "MINE" in s.source]


def test_a_copied_answer_runs_too_and_a_copied_given_cell_does_not():
    notebook = filled_in()
    cells = notebook["cells"]
    answer = next(c for c in cells if rebuild.role(c) == ("task", "04.1"))
    cells.insert(cells.index(answer) + 1, dict(answer, id="copy", source="full_adder = 3"))
    made = plan(cells)
    mine = [s.source for s in made.steps if s.task == "04.1" and s.kind == "cell"]
    assert mine[-1] == "full_adder = 3" and len(mine) == 2
    assert "task 04.1: the cell is there 2 times" in made.notes


def test_extra_cells_stay_behind_the_cell_that_they_follow():
    cells = filled_in()["cells"]
    made = plan([code("first = 1", "a"), *cells, code("last = 1", "b")])
    sources = [s.source for s in made.steps]
    assert sources[0] == "first = 1" and sources[-1] == "last = 1"


def test_texts_are_read_as_lists_of_lines_are():
    cells = filled_in()["cells"]
    for cell in cells:
        cell["source"] = reading.source_of(cell)
    assert plan(cells) == plan(filled_in()["cells"])


def test_a_result_is_valid_for_all_code_of_the_course_but_the_checks_of_other_exercises():
    code = {str(path.relative_to(withheld.HOME)) for path in worker._code()}
    assert {"course_utils/data/carry.py", "homework/checks.py", "homework/limits.py"} <= code
    assert {"homework/grading/judging.py", "homework/tasks/__init__.py"} <= code
    assert not [name for name in code if name.startswith("homework/tasks/0")]
    assert worker.release(CARRY).fingerprint != worker.release("00_start_here").fingerprint


# What is withheld ------------------------------------------------------------------------------


@pytest.mark.parametrize(("id", "name"), WITHHELD)
def test_what_is_withheld_exists_and_raises(id, name):
    module, *path = name.split(".")
    source = withheld.modules()[module].read_text("utf-8")
    made = withheld.without(source, {name})
    compile(made, name, "exec")
    assert f"`{name}` is what a task asks you to write" in made
    assert len(made) < len(source) + 200
    with pytest.raises(ValueError, match="to withhold"):
        withheld.without(source, {f"{module}.no_such_function"})


def test_a_withheld_method_leaves_the_rest_of_its_class():
    source = "class A:\n    def f(self):\n        return 1\n\n    def g(self):\n        return 2\n"
    made = {}
    exec(withheld.without(source, {"m.A.f"}), made)
    assert made["A"]().g() == 2
    with pytest.raises(RuntimeError, match="m.A.f"):
        made["A"]().f()


def test_no_two_modules_of_the_course_share_a_name():
    paths = [p for p in withheld.COURSE.rglob("*.py") if p.name != "__init__.py"]
    assert len(withheld.modules()) == len(paths)


def test_nothing_of_the_grading_and_no_check_is_in_the_copy(tmp_path):
    withheld.copy_without([], tmp_path / "copy")
    copy = tmp_path / "copy"
    there = {str(path.relative_to(copy / "homework")) for path in copy.glob("homework/**/*.py")}
    assert there == set(withheld.INSIDE) and not any("tasks" in name for name in there)
    rooms = {str(path.relative_to(copy)) for path in copy.glob("course_utils/**/*.py")}
    assert rooms == {str(p.relative_to(withheld.HOME)) for p in withheld.COURSE.rglob("*.py")}
    assert {path.name for path in copy.iterdir()} == {"course_utils", "homework"}
    with pytest.raises(ValueError, match="no_such_module"):
        withheld.copy_without(["no_such_module.f"], tmp_path / "other")


def test_tasks_are_checked_together_where_they_may_be():
    together = withheld.groups(tasks())
    assert sorted(id for _, ids in together for id in ids) == [
        task.id for task in tasks().values() if task.judge
    ]
    for names, ids in together:
        for id in ids:
            assert set(tasks()[id].withheld) <= names
            assert not set(tasks()[id].uses) & names


def test_without_a_sandbox_other_peoples_files_do_not_count(course, monkeypatch):
    monkeypatch.setattr(sandbox, "MOST_FILES", -1)
    notebook = with_cell("import time\ntime.sleep(1)")
    result = judging.grade(notebook["cells"], released()["cells"], tasks(), course, isolated=False)
    assert points(result) == {t.id: t.points if t.judge else None for t in tasks().values()}
