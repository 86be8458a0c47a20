"""Checks survive whatever a learner writes, and say what is wrong with it."""

import builtins
import io
import os
import time
from contextlib import redirect_stdout

import nbformat
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from nbclient import NotebookClient

from homework import checks, describing
from homework.checks import Failed, Task, compare, mistake, require
from homework.describing import difference, kind, shown
from homework.exercise import BUILTINS, Exercise, Work, judge, plain_data
from tools import exercises, notebooks, running


def doubled(work, rng):
    examples = [(0,), (1,), (int(rng.integers(2, 100)),)]
    mistakes = {
        "squared": mistake("Twice, not squared.", lambda x: x * x),
        "out of range": mistake("Out of range.", raises="IndexError"),
    }
    compare(work.double, lambda x: x + x, examples, mistakes, hint="Think of 1 + 1.")


TASK = Task("99.1", "Double", 2, 1, ("One.", "Two."), doubled)


def outcome(source, seconds=0.3, task=TASK):
    """Run a learner's source, then judge it."""
    namespace = {"np": np}
    exec(source, namespace)
    return judge(task, Work(namespace, seconds), np.random.default_rng(0))


def test_a_right_answer_passes():
    assert outcome("def double(x): return 2 * x") is None


@pytest.mark.parametrize(
    ("source", "what", "hint"),
    [
        ("", "there is no `double` yet", "Run the cell"),
        ("def double(x):\n  raise NotImplementedError()", "not done yet", ""),
        ("def double(x): return x * x", "the value is wrong", "Twice, not squared."),
        ("def double(x): return x + 3", "the value is wrong", "Think of 1 + 1."),
        ("def double(x): return [][0]", "IndexError", "Out of range."),
        ("def double(x): 2 * x", "kind", "is there a `return`?"),
        ("def double(x): return float('nan')", "NaN", ""),
        ("def double(x): return '2'", "number", ""),
        ("def double(x): return [x, x]", "not one number", ""),
        ("def double(x): return [[1], [1, 2]]", "different lengths", ""),
        ("def double(x): return double", "it returned a function", "brackets"),
        ("def double(x): yield x", "it returned a generator", "yield"),
        ("def double(x): return (i for i in [x])", "it returned a generator", "square ones"),
        ("def double(x): return object()", "it returned an object", "Numbers, texts"),
        ("double = 7", "`double` is an int, not a function", "the function's name"),
        ("def double(): return 1", "TypeError", "Call the function yourself"),
        ("def double(x): return y", "NameError: name 'y'", "run the cells above"),
        ("sum = 3\ndef double(x): return sum([x, x])", "TypeError", "`del sum`"),
        ("def double(x): return double(x)", "RecursionError", "without an end"),
        ("def double(x): exit()", "SystemExit", "use `return`"),
        ("def double(x): return 1 / 0", "ZeroDivisionError", "divisor"),
        ("def double(x):\n  a = [1]\n  a[0] = a\n  return a", "too deep", ""),
        ("def double(x): return np.zeros(10**8)", "array of float64", "not more"),
        ("def double(x): return np.array([x, 'a'], object)", "array of object", ""),
        ("class E(Exception):\n  def __str__(s): return 1/0\ndef double(x): raise E('x')", "E", ""),
    ],
)
def test_what_is_wrong_is_said(source, what, hint):
    failure = outcome(source)
    assert failure is not None
    assert what in failure.what or what == "kind"
    assert hint in failure.hint


@pytest.mark.parametrize(
    "body",
    [
        "while True: pass",
        "while True:\n    try: x\n    except: pass",
        "while True: print('x' * 1000)",
        "import time\n  time.sleep(30)",
    ],
)
def test_endless_answers_are_stopped(body):
    start = time.perf_counter()
    failure = outcome(f"def double(x):\n  {body}")
    assert failure.error == "TimeLimit" and "didn't end in time" in failure.what
    assert time.perf_counter() - start < 5
    time.sleep(0.1)  # an interrupt that came late would end the tests here


def test_all_calls_of_a_check_share_the_time():
    slow = "import time\ndef double(x):\n  time.sleep(0.2)\n  return 2 * x"
    assert outcome(slow, 0.5).error == "TimeLimit"
    assert outcome(slow, 5) is None


def test_arguments_are_copies_and_results_too():
    kept = {}

    def spoil(a):
        a[0] = 7
        kept["a"] = a
        return a

    mine = np.zeros(2)
    got = Work({"spoil": spoil}).spoil(mine)
    kept["a"][1] = 9
    assert mine.tolist() == [0, 0] and got.tolist() == [7, 0]


def test_always_equal_objects_and_subclasses_do_not_pass():
    source = """
class Equal(int):
    def __eq__(self, other): return True
    __ne__ = __lt__ = lambda self, other: False
    __hash__ = None
def double(x): return Equal(0)
"""
    assert "it returned an Equal" in outcome(source).what
    source = source.replace("Equal(int)", "Equal(np.ndarray)").replace(
        "Equal(0)", "np.zeros(()).view(Equal)"
    )
    assert outcome(source) is not None


def test_changed_builtins_harm_neither_the_check_nor_the_notebook():
    try:
        source = "import builtins\nbuiltins.len = lambda x: 0\ndef double(x): return 2 * x"
        assert outcome(source) is None
        assert builtins.len([1]) == 0  # the notebook is left as the learner wanted it
    finally:
        builtins.len = BUILTINS["len"]


INSIDE = "from course_utils.data import carry\ndef double(x):\n    carry.add(x)\n"


@pytest.mark.parametrize(
    ("source", "line"),
    [("def double(x):\n    y = x\n    return y[0]\n", "return y[0]"), (INSIDE, "carry.add(x)")],
    ids=["in the cell", "inside of the course"],
)
def test_the_line_of_an_error_is_shown_from_a_notebook_cell(tmp_path, source, line):
    path = tmp_path / "cell.py"
    path.write_text(source)
    namespace = {}
    exec(compile(source, str(path), "exec"), namespace)
    failure = judge(TASK, Work(namespace), np.random.default_rng(0))
    assert failure.got == f"in line 3 of the cell: {line}"


def test_an_answer_that_the_check_cannot_digest_is_a_failure():
    def odd(work, rng):
        return work.double(1)["key"]

    task = Task("99.2", "Odd", 1, 1, (), odd)
    assert "couldn't make sense" in outcome("def double(x): return 2", task=task).what


def test_a_generator_gives_its_first_items():
    def count(start):
        while True:
            yield start
            start += 1

    assert Work({"count": count}).count.first(3, 5) == [5, 6, 7]


def test_a_model_reports_what_it_is_and_does():
    from course_utils.lesson.backend import keras

    def build(units):
        lstm = keras.layers.LSTM(units, return_sequences=True)
        return keras.Sequential([keras.Input((None, 2)), lstm, keras.layers.Dense(1)])

    x = np.ones((1, 4, 2), np.float32)
    report = Work({"build": build}).build.model(3, inputs=[x])
    assert report["parameters"] == 76
    assert [layer["class"] for layer in report["layers"]] == ["LSTM", "Dense"]
    assert report["layers"][0]["units"] == 3 and report["layers"][0]["return_sequences"] is True
    assert report["outputs"][0].shape == (1, 4, 1)
    nested = keras.Sequential([keras.Input((None, 2)), build(3)])
    classes = [layer["class"] for layer in Work({"n": lambda: nested}).n.model()["layers"]]
    assert classes == ["LSTM", "Dense"]
    assert Work({"n": lambda: keras.ops.sum(x)}).n() == 8.0
    with pytest.raises(Failed, match="not a Keras model"):
        Work({"build": lambda: None}).build.model()


# Judging


def test_a_mistake_that_raises_the_same_exception_fits():
    def check(work, rng):
        mistakes = {
            "other": mistake("Not the other.", lambda x: {}[x]),
            "too far": mistake("One too far.", lambda x: [1][x + 1]),
        }
        compare(work.f, lambda x: x, [(0,)], mistakes)

    task = Task("99.4", "Error", 1, 1, (), check)
    assert outcome("def f(x): return [][0]", task=task).hint == "One too far."
    assert outcome("def f(x): return {}['a']", task=task).hint == "Not the other."


def test_an_exception_may_come_at_a_later_example():
    def check(work, rng):
        mistakes = {
            "short": mistake("Too short.", raises="IndexError"),
            "never": mistake("Never.", raises="KeyError"),
        }
        compare(work.f, lambda x: x, [(0,), (1,)], mistakes, hint="Hm.")

    task = Task("99.4", "Error", 1, 1, (), check)
    assert outcome("def f(x): return [0][x]", task=task).hint == "Too short."
    assert outcome("def f(x): return 0", task=task).hint == "Hm."


@example(-(2**63) - 1)  # no array of integers holds it
@given(st.recursive(st.integers() | st.floats(allow_nan=False) | st.text(max_size=3), st.lists))
def test_plain_data_is_unchanged_and_equal_to_itself(value):
    assert plain_data(value) == value
    if not isinstance(value, list):
        assert difference(plain_data(value), value) is None


@given(st.integers(0, 3), st.integers(1, 4))
def test_one_wrong_value_is_found(place, n):
    wanted = np.arange(n * 4.0).reshape(n, 4)
    got = wanted.copy()
    got[-1, place] += 1
    assert difference(wanted.tolist(), wanted) is None
    assert difference(got, wanted) == f"1 of {4 * n} values is wrong"


@pytest.mark.parametrize(
    ("got", "wanted", "problem"),
    [
        ((1,), (1, 2), "it has 1 part, not 2"),
        ([1, 3], [1, 2], "part 1: the value is wrong"),
        ("ab", "ac", "the value is wrong"),
        (1, "ac", "it should be a text of 2 characters"),
        ({"a": 1}, {"a": 2}, "the value is wrong"),
        (np.zeros((2, 3)), np.zeros((3, 2)), "the shape is (2, 3), not (3, 2)"),
        (True, 1, None),
        (1.0001, 1.0, "the value is wrong"),
    ],
)
def test_differences_in_words(got, wanted, problem):
    assert difference(got, wanted) == problem


def test_tolerance():
    assert difference(1.0001, 1.0, tolerance=1e-3) is None


@pytest.mark.parametrize("wanted", [5, "secret", [17, 4], np.array([[3.5, 9.25]]), {"k": 99}])
def test_kind_never_gives_values_away(wanted):
    text = kind(wanted)
    for secret in ("secret", "17", "3.5", "9.25", "99"):
        assert secret not in text


def test_long_values_are_cut():
    assert len(shown("x" * 10_000)) <= describing.SHORT
    assert len(shown(np.zeros((50, 50)))) <= describing.SHORT


def test_shape_hints_name_the_usual_cause():
    def transposed(work, rng):
        compare(work.f, lambda: np.zeros((2, 3)), [()])

    task = Task("99.3", "Shape", 1, 1, (), transposed)
    for source, hint in [
        ("np.zeros((3, 2))", "wrong order"),
        ("np.zeros((2, 3, 1))", "axis of length 1"),
        ("np.zeros((2, 4))", "one off"),
        ("np.zeros(6)", "number of axes"),
        ("np.zeros((4, 5))", "their lengths"),
    ]:
        assert hint in outcome(f"def f(): return {source}", task=task).hint
    assert "wrong order" in describing.shape_hint((1, np.zeros((3, 2))), (1, np.zeros((2, 3))))


def test_require_and_its_details():
    with pytest.raises(Failed) as raised:
        require(False, "too small", "Look again.", example="f(1)")
    assert raised.value.lines() == [
        ("What", "too small"),
        ("Example", "f(1)"),
        ("Hint", "Look again."),
    ]


def test_missing_checks_say_what_to_do(tmp_path):
    with pytest.raises(FileNotFoundError, match="get the whole course again"):
        checks.load(tmp_path / "04_x.py")


# In the notebook


@pytest.fixture
def shown_outputs(monkeypatch):
    found = []
    monkeypatch.setattr("IPython.display.display", lambda data, raw: found.append(data))
    return found


def words_task():
    return Task("99.2", "Say why", 3, 1, ("Hm.",))


def test_check_hint_and_progress(shown_outputs):
    namespace = {}
    exercise = Exercise({"99.1": TASK, "99.2": words_task()}, namespace)
    exercise.check("99.1")
    assert "✗ 99.1 Double: not yet" in shown_outputs[-1]["text/plain"]
    namespace["double"] = lambda x: 2 * x
    exercise.check("99.1")
    text = shown_outputs[-1]["text/plain"]
    assert "✓ 99.1 Double: passed, 2 points" in text
    assert "1 of 1 tasks, 2 of 2 points; 3 points more for answers in words" in text
    for expected in ("hint 1 of 2", "hint 2 of 2", "those were all the hints"):
        exercise.hint("99.1")
        assert expected in shown_outputs[-1]["text/plain"]
    exercise.check("99.2")
    assert "A person reads" in shown_outputs[-1]["text/plain"]
    exercise.progress()
    assert "✓ passed: 99.1 Double (2 points, 1 min)" in shown_outputs[-1]["text/plain"]
    with pytest.raises(ValueError, match="choose one of 99.1, 99.2"):
        exercise.check("99.9")


def test_a_prediction_is_noted_and_not_called_right(shown_outputs):
    task = Task("99.5", "Predict: what?", 1, 1, (), lambda work, rng: None)
    Exercise({"99.5": task}, {}).check("99.5")
    assert "✓ 99.5 Predict: what?: noted, 1 point" in shown_outputs[-1]["text/plain"]
    assert "passed" not in shown_outputs[-1]["text/plain"]


def test_outputs_of_the_learner_are_escaped(shown_outputs):
    exercise = Exercise({"99.1": TASK}, {"double": lambda x: "<script>alert(1)</script>"})
    exercise.check("99.1")
    assert "<script>" not in shown_outputs[-1]["text/html"]
    assert 'role="status"' in shown_outputs[-1]["text/html"]


def test_nbgrader_sees_a_failed_check(shown_outputs, monkeypatch):
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    with pytest.raises(AssertionError, match="there is no `double` yet"):
        Exercise({"99.1": TASK}, {}).check("99.1")


def test_in_a_real_notebook_an_endless_loop_ends_and_the_rest_runs(tmp_path):
    """From the generated exercise: the stub, an endless loop, then the right answer."""
    path = exercises.EXERCISES / "04_the_carry_generator.ipynb"
    parameters, setup = (cell.source for cell in notebooks.code_cells(notebooks.read(path))[:2])
    cells = [
        f"{parameters}\n{setup}",
        "import homework.exercise as e\ne.Work.__init__.__defaults__ = (0.5,)",
        "committed('04.3')",
        "check('04.1')",
        "def full_adder(a, b, c):\n    while True:\n        print('again')",
        "check('04.1')",
        "def full_adder(a, b, c):\n    return (a + b + c) % 2, (a + b + c) // 2",
        "check('04.1')",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    running.use_this_python()
    resources = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(notebook, allow_errors=True, timeout=60, resources=resources).execute()
    outputs = [cell.outputs for cell in notebook.cells]
    (stopped,) = outputs[2]
    assert stopped.traceback == ["Predict first: answer 04.3 above, then run this cell again."]
    texts = [outputs[k][-1].data["text/plain"] for k in (3, 5, 7)]
    assert "there is no `full_adder` yet" in texts[0]
    assert "didn't end in time" in texts[1]
    assert "passed, 3 points" in texts[2]


def test_prints_during_a_check_are_not_shown():
    seen = io.StringIO()
    with redirect_stdout(seen):
        assert outcome("def double(x):\n  print('noise')\n  return 2 * x") is None
    assert seen.getvalue() == "" and not os.environ.get("NBGRADER_EXECUTION")
