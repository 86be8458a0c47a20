"""The files that say what the course needs agree with each other."""

import ast
import re
import subprocess
import sys
import tomllib

import pytest

from tools.notebooks import ROOT


def requirement_lines():
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith(("#", "-e"))]


def name(requirement):
    return re.match(r"[\w-]+", requirement)[0].lower().replace("_", "-")


def test_every_requirement_has_a_range_and_says_what_needs_it():
    for line in requirement_lines():
        assert re.match(r"[\w-]+>=[\d.]+(,<[\d.]+)? +# \S", line), line


def test_constraints_are_exact_and_cover_the_requirements():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", pin) for pin in pins)
    assert {name(line) for line in requirement_lines()} <= {name(pin) for pin in pins}


def test_what_the_package_needs_is_required():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert set(project["dependencies"]) <= {name(line) for line in requirement_lines()}


def test_extras_are_required_and_each_says_something():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    required = {name(line) for line in requirement_lines()}
    for extra in project["optional-dependencies"].values():
        assert set(extra) <= required


# Modules that need a model load TensorFlow; these don't, and so neither does the package.
WITHOUT_TENSORFLOW = """
import sys, time
start = time.perf_counter()
import course_utils
from course_utils.data import addition, caption_data, captions, carry, grammar, operations
from course_utils.data import programs, questions, terms
from course_utils.lesson import budget, cell_explorer, files, plotting, results, setup_check
from course_utils.networks import numpy_lstm, shipped
assert not [name for name in sys.modules if name.startswith("homework")]
from homework import checks, exercise
for path in checks.FOLDER.glob("[0-9]*.py"):
    checks.load(path)
assert not {"keras", "tensorflow"} & set(sys.modules)
"""


def test_importing_loads_tensorflow_only_where_a_model_is_needed():
    subprocess.run([sys.executable, "-c", WITHOUT_TENSORFLOW], check=True)


# The house ---------------------------------------------------------------------------------------


def test_imports_run_one_way():
    code = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports())"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout


PACKAGES = ["course_utils", "homework", "tools"]
LONGEST = 40  # lines of a function, its docstring not counted


def functions(path):
    """Yield name and number of lines of each function in a file."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef):
            lines = node.end_lineno - node.lineno + 1
            if ast.get_docstring(node) is not None:
                lines -= node.body[0].end_lineno - node.body[0].lineno + 1
            yield node.name, lines


def modules():
    return [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_function_fits_on_a_screen(path):
    assert not [(name, lines) for name, lines in functions(path) if lines > LONGEST]


def rooms():
    folders = {path.parent for path in modules()}
    return sorted(folder for folder in folders if (folder / "__init__.py").exists())


@pytest.mark.parametrize("room", rooms(), ids=lambda room: room.relative_to(ROOT).as_posix())
def test_the_table_of_a_room_lists_what_is_in_it(room):
    """The docstring of an ``__init__`` names every module and room beside it, and nothing else."""
    docstring = ast.get_docstring(ast.parse((room / "__init__.py").read_text("utf-8")))
    listed = set(re.findall(r"^``(\w+)``", docstring, re.MULTILINE))
    modules = {path.stem for path in room.glob("[a-z]*.py")}
    inside = {path.parent.name for path in room.glob("*/__init__.py")}
    if room.name != "tasks":  # one module an exercise, named as its notebook
        assert listed == modules | inside
