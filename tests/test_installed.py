"""The course works where only its packages are installed, without this folder, as in Colab."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
from functools import cache
from importlib.metadata import packages_distributions, requires
from pathlib import Path

import pytest
from IPython.core.inputtransformer2 import TransformerManager

from homework.grading.reading import role
from homework.grading.rebuild import BUDGET
from tools import hand_ins, notebooks
from tools.notebooks import ROOT

PACKAGES = ["course_utils", "homework"]
BUILT_FROM = [*PACKAGES, "pyproject.toml", "README.md", "LICENSE", "LICENSE-TEXT"]
PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "--quiet"]


# What is installed works -------------------------------------------------------------------------


@pytest.fixture(scope="session")
def wheel(tmp_path_factory):
    """The wheel of the course, built from a copy: building writes into the folder it builds."""
    source = tmp_path_factory.mktemp("source")
    for name in BUILT_FROM:
        if (ROOT / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, source / name, ignore=ignored)
        else:
            shutil.copyfile(ROOT / name, source / name)
    words = ["wheel", "--no-deps", "--no-build-isolation", "--no-index"]
    built = tmp_path_factory.mktemp("wheel")
    subprocess.run([*PIP, *words, "--wheel-dir", built, source], check=True)
    (path,) = built.glob("*.whl")
    return path


@pytest.fixture(scope="session")
def installed(wheel, tmp_path_factory):
    """A Python that has the course from the wheel, and everything else from this environment."""
    home = tmp_path_factory.mktemp("installed")
    venv.create(home, symlinks=os.name != "nt")
    python = home / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    words = ["--python", python, "install", "--no-deps", "--no-index", "--no-compile"]
    subprocess.run([*PIP, *words, wheel], check=True)
    where = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = subprocess.check_output([python, "-c", where], text=True).strip()
    # Python reads no .pth file of a folder that a .pth file has added. So the one by which this
    # environment finds the folder of the course stays unread.
    Path(packages, "others.pth").write_text(sysconfig.get_path("purelib") + "\n", "utf-8")
    return python


@pytest.fixture
def python(installed, tmp_path):
    """Run a source with the installed course, in a new folder; return what it printed."""

    def run(source, given=""):
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
        environment |= {"IPYTHONDIR": str(tmp_path / "ipython"), "MPLBACKEND": "agg"}
        here = tmp_path / "here"
        here.mkdir(exist_ok=True)
        ran = subprocess.run(
            [installed, "-X", "utf8", "-c", source],
            cwd=here,
            env=environment,
            input=given,
            capture_output=True,
            encoding="utf-8",
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout

    return run


BEGIN = """
import sys
from pathlib import Path

from homework.exercise import begin

begin("04_the_carry_generator")
import course_utils, homework

assert not [name for name in sys.modules if name.startswith("__editable__")]
print(Path(course_utils.__file__).resolve())
print(Path(homework.__file__).resolve())
"""


def test_an_exercise_begins_without_the_folder_of_the_course(python, installed):
    home = installed.parents[1].resolve()
    found = [Path(line) for line in python(BEGIN).splitlines()]
    assert [path.parent.name for path in found] == PACKAGES
    assert all(path.is_relative_to(home) and not path.is_relative_to(ROOT) for path in found)


def test_all_that_is_needed_is_in_the_wheel(python, installed):
    """Each file of the packages is installed, with what belongs to it."""
    site = Path(python(BEGIN).splitlines()[0]).parents[1]
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*"):
            inside = path.relative_to(ROOT)
            hidden = "__pycache__" in inside.parts or path.name.startswith(".")
            if path.is_file() and not hidden:
                assert (site / inside).is_file(), inside


RUN_CELLS = """
import json, sys

from IPython.core.interactiveshell import InteractiveShell

shell = InteractiveShell.instance()
for source in json.load(sys.stdin):
    shell.run_cell(source).raise_error()
"""
STEM = "05_the_carry_model"


def test_an_exercise_with_right_answers_passes_and_is_handed_in(python, tmp_path):
    notebook = hand_ins.filled_in(STEM)
    mine = tmp_path / "here" / "work" / f"{STEM}.ipynb"
    mine.parent.mkdir(parents=True)
    mine.write_text(json.dumps(notebook), "utf-8")
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    sources = [
        BUDGET if "parameters" in cell["metadata"].get("tags", []) else "".join(cell["source"])
        for cell in code
    ]
    said = python(RUN_CELLS, json.dumps(sources))
    checked = [id for what, id in map(role, code) if what == "check"]
    assert len(checked) > 1
    assert re.findall(rf"^✓ ({STEM[:2]}\.\d+) .*: (?:passed|noted)", said, re.M) == checked, said
    assert "✗" not in said, said
    assert len(list(mine.parent.rglob("*.zip"))) == 1, said


# What is imported is required --------------------------------------------------------------------

# What comes with a requirement, and isn't one itself, though the course imports it.
COMES_WITH = {
    "cycler": "matplotlib",
    "dask": "distributed",
    "h5py": "tensorflow",
    "keras": "tensorflow",
    "markupsafe": "jinja2",
    "packaging": "matplotlib",
    "traitlets": "ipython",
}


distributions = cache(packages_distributions)


def normal(requirement):
    return re.match(r"[\w.-]+", requirement)[0].lower().replace("_", "-")


def provided(*extras):
    """Return the distributions that come with the course and some of its extras."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    named = {*map(normal, project["dependencies"])}
    for extra in extras:
        named |= {*map(normal, project["optional-dependencies"][extra])}
    return named | {name for name, by in COMES_WITH.items() if by in named}


def can_do_without(node):
    """Return whether a statement copes with an import that fails."""
    caught = [handler.type for handler in getattr(node, "handlers", [])]
    return any(isinstance(name, ast.Name) and name.id == "ImportError" for name in caught)


def imported(node, inside=True):
    """Yield the packages that a piece of code imports, perhaps without those inside functions."""
    if isinstance(node, ast.Import):
        yield from (alias.name.split(".")[0] for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and not node.level:
        yield node.module.split(".")[0]
    elif can_do_without(node) or (isinstance(node, ast.FunctionDef) and not inside):
        return
    for child in ast.iter_child_nodes(node):
        yield from imported(child, inside)


def needed_by(sources, inside=True):
    """Return the distributions whose packages some sources import."""
    names = {name for source in sources for name in imported(ast.parse(source), inside)}
    known = distributions()
    others = names - {*sys.stdlib_module_names, *PACKAGES}
    return {normal(dist) for name in others for dist in known.get(name, [f"{name}-is-unknown"])}


def modules(grading):
    """Yield the sources of the packages: those for grading, or all others."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if ("grading" in path.parts) is grading:
                yield path.read_text("utf-8")


def cells():
    """Yield the sources of the code cells of lessons and exercises, as Python."""
    as_python = TransformerManager().transform_cell
    for folder in ("notebooks", "exercises"):
        for path in notebooks.find(ROOT / folder):
            yield from (as_python(c.source) for c in notebooks.code_cells(notebooks.read(path)))


def test_what_importing_the_packages_needs_is_a_dependency():
    needed = needed_by(modules(grading=False), inside=False)
    assert {"numpy", "matplotlib"} <= needed
    assert needed <= provided()


def test_what_lessons_and_exercises_import_is_a_dependency_or_one_for_lessons():
    needed = needed_by([*modules(grading=False), *cells()])
    assert {"keras", "scipy", "sacrebleu"} <= needed
    assert needed <= provided("lessons")


def test_what_grading_imports_is_a_dependency_or_one_for_grading():
    needed = needed_by(modules(grading=True))
    assert {"distributed", "jinja2"} <= needed
    assert needed <= provided("grading")


@pytest.mark.parametrize(("name", "by"), COMES_WITH.items())
def test_what_is_said_to_come_with_a_requirement_does(name, by):
    assert name in {normal(line) for line in requires(by) if "extra ==" not in line}


def test_imports_are_found_wherever_they_stand():
    source = """
import os, numpy.linalg as la
from scipy import stats
from . import mine
try:
    import psutil
except ImportError:
    pass
def f():
    import h5py
class A:
    def g(self):
        if True:
            from PIL import Image
"""
    assert needed_by([source]) == {"numpy", "scipy", "h5py", "pillow"}
    assert needed_by([source], inside=False) == {"numpy", "scipy"}
    assert needed_by(["import nowhere_to_be_found"]) == {"nowhere-to-be-found-is-unknown"}
