"""The replay: committed notebooks run again at smoke, and nbval compares what they show.

Processors and versions of libraries differ in the last digits of a sum. So outputs are compared as
a reader sees them, to six significant digits, in the data of ``record(…)`` as in printed text.
Loaded by pytest, with ``-p tools.replay`` or by the tests' ``conftest.py``, this module tells nbval
so.
"""

import math
import re
from pathlib import Path
from typing import Any

import pytest
from nbval.plugin import IPyNbCell
from papermill.iorw import load_notebook_node
from papermill.parameterize import parameterize_notebook

from tools.notebooks import tags, write

SAME = 1e-6  # relative: less than half a unit of the sixth digit
# A number with a decimal point or an exponent; whole numbers are counts, and exact.
DECIMAL = re.compile(r"\d+\.\d*(?:e[-+]?\d+)?|\d+e[-+]?\d+")


def write_copies(paths: list[Path], target: Path, parameters: dict[str, Any]) -> None:
    """Write copies of committed notebooks, outputs included, that run with other parameters.

    Args:
        paths: the notebooks.
        target: folder for the copies; other notebooks in it are removed.
        parameters: values to inject, by name.
    """
    target.mkdir(parents=True, exist_ok=True)
    for old in target.glob("*.ipynb"):
        old.unlink()
    for path in paths:
        notebook = parameterize_notebook(
            load_notebook_node(str(path)), parameters, kernel_name="python3", language="python"
        )
        injected = next(c for c in notebook.cells if "injected-parameters" in tags(c))
        # The copy must find the files that the lesson finds.
        injected.source += f"import os\n\nos.chdir({str(path.parent)!r})\n"
        write(notebook, target / path.name)


def as_committed(got: Any, committed: Any) -> Any:
    """Return outputs in which all numbers that a reader can't tell apart are the committed ones.

    Args:
        got: what a cell shows now: texts, numbers, and lists and dictionaries of them.
        committed: what it showed when it was committed.
    """
    if isinstance(got, dict) and isinstance(committed, dict):
        return type(got)({k: as_committed(v, committed.get(k)) for k, v in got.items()})
    if isinstance(got, list) and isinstance(committed, list) and len(got) == len(committed):
        return [as_committed(*pair) for pair in zip(got, committed, strict=True)]
    if isinstance(got, float) and isinstance(committed, float | int):
        return committed if _same(got, committed) else got
    if isinstance(got, str) and isinstance(committed, str):
        return committed if _same_text(got, committed) else got
    return got


def _same(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=SAME)


def _same_text(one: str, other: str) -> bool:
    if DECIMAL.split(one) != DECIMAL.split(other):
        return False
    numbers = zip(DECIMAL.findall(one), DECIMAL.findall(other), strict=True)
    return all(_same(float(a), float(b)) for a, b in numbers)


def pytest_configure(config: pytest.Config) -> None:
    """Have nbval compare numbers as a reader does."""
    exactly = IPyNbCell.compare_outputs

    def compare(cell: IPyNbCell, got: list, committed: list, skip: Any = None) -> bool:
        return exactly(cell, as_committed(got, committed), committed, skip)

    IPyNbCell.compare_outputs = compare
