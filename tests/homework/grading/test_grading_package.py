"""The modules of grading import each other in one direction only, which its table shows."""

import ast
import re
from pathlib import Path

from homework import grading

FOLDER = Path(grading.__file__).parent
TABLE = re.findall(r"^``(\w+)``", grading.__doc__, re.MULTILINE)


def imported(path):
    """Return the modules of grading that a module imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "homework.grading":
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith(grading.__name__):
            found.add(node.module.removeprefix(f"{grading.__name__}."))
    return found


def test_the_table_lists_all_modules():
    assert sorted(TABLE) == sorted(path.stem for path in FOLDER.glob("[a-z]*.py"))


def test_each_module_imports_only_what_is_above_it():
    for place, name in enumerate(TABLE):
        assert imported(FOLDER / f"{name}.py") <= set(TABLE[:place]), name


def test_what_learners_use_knows_nothing_of_grading():
    for path in FOLDER.parent.glob("*.py"):
        assert path.name == "__main__.py" or not imported(path), path.name
