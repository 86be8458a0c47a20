"""What learners might hand in, for tests and measurements: filled in well, badly or with intent."""

import copy
import json
from functools import cache

from homework import checks
from homework.grading import rebuild
from tools import exercises, notebooks

CARRY = "04_the_carry_generator"
# Wrong everywhere, so that whatever is earned is earned by a trick.
WRONG = {
    "t4_1": "def full_adder(a, b, carry_in):\n    return 0, 0",
    "t4_2": "def add_rows(a, carries):\n    return a[:, :, 0], carries",
    "t4_3": "prediction = None",
    "t4_4": "def endless_additions(batchsize, seqlen, seed):\n    yield None",
    "t4_5": "def floor(seqlen):\n    return 0.0",
    "t4_6": "YOUR ANSWER HERE",
}

# Cells with which someone might try to earn points without an answer.
TRICKS = {
    "numpy.testing is patched": """
import numpy as np
np.testing.assert_allclose = np.testing.assert_array_equal = lambda *a, **k: None
np.array_equal = np.allclose = lambda *a, **k: True
np.isclose = lambda a, b, **k: np.ones(np.shape(a), bool)
""",
    "builtins are patched": """
import builtins
builtins.isinstance = lambda *a: True
builtins.all = lambda *a: True
builtins.len = lambda *a: 2
builtins.print = lambda *a, **k: None
""",
    "the checks are patched": """
from homework import checks, describing, exercise
checks.compare = checks.require = checks.Tasks.predict = lambda *a, **k: None
checks.difference = describing.difference = lambda *a, **k: None
exercise.judge = lambda *a, **k: None
exercise.plain_data = lambda value, depth=0: value
exercise.Work.__getattr__ = lambda self, name: (lambda *a, **k: True)
def check(id):
    print("✓ passed")
""",
    "the printing of results is patched": """
from IPython.display import display, HTML
display(HTML("<b>✓ 04.1 passed, 100 points</b>"))
print('{"tasks": [{"id": "04.1", "points": 100, "status": "passed"}]}')
score = points = passed = 100
""",
    "an input transformer rewrites cells": """
get_ipython().input_transformers_cleanup.append(lambda lines: ["x = 1\\n"])
""",
    "a hook changes what is run": """
import ast
class Skip(ast.NodeTransformer):
    def visit_Raise(self, node):
        return ast.Pass()
get_ipython().ast_transformers.append(Skip())
""",
    "objects that are equal to everything": """
import numpy as np
class Any(float):
    def __eq__(self, other): return True
    def __hash__(self): return 1
class Anything(np.ndarray):
    def __array_function__(self, *a): return True
    def __array_ufunc__(self, *a, **k): return True
    def __eq__(self, other): return True
def replace():
    import builtins
    g = get_ipython().user_ns
    g["full_adder"] = lambda *a: (Any(), Any())
    g["add_rows"] = lambda *a: (np.zeros(3).view(Anything),) * 2
    g["floor"] = lambda *a: Any()
    g["prediction"] = Any()
get_ipython().events.register("post_run_cell", lambda *a: replace())
""",
    "objects that run code when unpickled": """
class Evil:
    def __reduce__(self):
        import os
        return os.system, ("touch /tmp/evil-was-here",)
get_ipython().events.register(
    "post_run_cell", lambda *a: get_ipython().user_ns.update(full_adder=lambda *a: Evil())
)
""",
    "replies are forged": """
import json, os, socket, struct, threading
def flood():
    for fd in range(3, 30):
        try:
            pipe = socket.socket(fileno=os.dup(fd))
            for id in range(1, 60):
                for reply in ({"id": id, "value": None}, {"id": id, "passed": True, "points": 9},
                              {"id": id, "value": {"tuple": [1, 1]}, "failed": None}):
                    text = json.dumps(reply).encode()
                    pipe.sendall(struct.pack(">Q", len(text)) + text)
        except OSError:
            pass
flood()
""",
    "the end of the pipe is closed": """
import os
os.closerange(3, 100)
""",
    "what is asked for is taken from the course": """
from course_utils.data import carry
for name in dir(carry):
    globals().setdefault(name, getattr(carry, name))
add_rows, endless_additions = carry.add, carry.generator
""",
    "the solution is looked for": """
import glob, sys
for folder in ("/", "/course", "/work", "/home", "/root", *sys.path):
    for path in glob.glob(folder + "/**/04_the_carry*", recursive=True)[:5]:
        print("found", path)
        exec(open(path).read())
""",
}


def released(stem=CARRY):
    """Return the exercise as it is given out: a notebook as in the file."""
    return json.loads((exercises.EXERCISES / f"{stem}.ipynb").read_text("utf-8"))


def tasks(stem=CARRY):
    """Return the tasks of an exercise, by id."""
    return checks.load(checks.FOLDER / f"{stem}.py")


@cache
def _answers(stem):
    cells = notebooks.read(exercises.SOLUTIONS / f"{stem}.ipynb").cells
    roles = {cell.id: exercises.role(cell) for cell in cells}
    return {c.id: c.source for c in cells if roles[c.id][0] in ("task", "words")}


def filled_in(stem=CARRY, **answers):
    """Return an exercise with right answers.

    Args:
        stem: which exercise.
        **answers: other sources for tasks, such as ``t4_1="…"``; ``stub`` for what was given.
    """
    notebook = copy.deepcopy(released(stem))
    for cell in notebook["cells"]:
        what, id = rebuild.role(cell)
        if what not in ("task", "words"):
            continue
        mine = answers.pop(f"t{int(id[:2])}_{id[3:]}", None)
        if mine != "stub":
            cell["source"] = _answers(stem)[cell["id"]] if mine is None else mine
    assert not answers
    return notebook


def cell(notebook, grade_id):
    """Return the cell with this grade id, such as ``check-04-1``."""
    (found,) = [
        c
        for c in notebook["cells"]
        if c["metadata"].get("nbgrader", {}).get("grade_id") == grade_id
    ]
    return found


def code(source, id="mine"):
    """Return a code cell of the learner's own."""
    made = {"cell_type": "code", "id": id, "metadata": {}, "source": source, "outputs": []}
    return made | {"execution_count": None}


def with_cell(source, notebook=None, at=2, **answers):
    """Return a notebook with one more code cell, near its beginning unless said otherwise."""
    notebook = filled_in(**answers) if notebook is None else notebook
    notebook["cells"].insert(at, code(source))
    return notebook
