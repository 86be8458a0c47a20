"""Notebooks: where they are, what is in them, and writing one whole or not at all."""

import ast
import os
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = ROOT / "notebooks"
SOLUTIONS = ROOT / "solutions"
BUILD = ROOT / "build"


class CannotRun(ValueError):
    """What was asked for can't be run; the message says why in one sentence."""


def find(folder, lesson=None):
    """List the lessons of a folder.

    Args:
        folder: where the notebooks are.
        lesson: a number (``"05"`` or ``"5"``) or a file name, if only one is wanted.

    Returns:
        Paths in the order of the course.

    Raises:
        CannotRun: if there is no such lesson.
    """
    paths = sorted(Path(folder).glob("[0-9]*.ipynb"))
    if lesson is None:
        return paths
    wanted = Path(lesson).stem
    chosen = [p for p in paths if wanted.zfill(2) == p.stem.split("_")[0] or wanted == p.stem]
    if not chosen:
        known = ", ".join(path.stem for path in paths) or "none"
        raise CannotRun(f"There is no lesson {lesson!r}; the lessons are: {known}.")
    return chosen


def read(path):
    """Return the notebook in a file as nbformat reads it."""
    return nbformat.read(path, as_version=4)


def tags(cell):
    """Return the tags of a cell."""
    return cell.metadata.get("tags", [])


def code_cells(notebook):
    """Return the code cells that the author wrote, in order."""
    return [
        cell
        for cell in notebook.cells
        if cell.cell_type == "code" and "injected-parameters" not in tags(cell)
    ]


def parameter_names(notebook):
    """Return the names that the cell tagged ``parameters`` sets; none if there is no such cell."""
    names = set()
    for cell in code_cells(notebook):
        if "parameters" in tags(cell):
            for statement in ast.parse(cell.source).body:
                targets = getattr(statement, "targets", [getattr(statement, "target", None)])
                names |= {target.id for target in targets if isinstance(target, ast.Name)}
    return names


def require_parameters(notebook, names):
    """Refuse a lesson whose parameters cell doesn't set all of some names.

    papermill only warns, and would then run the lesson with its own values.

    Raises:
        CannotRun: naming what is missing.
    """
    missing = sorted(set(names) - parameter_names(notebook))
    if missing:
        raise CannotRun(
            f"There is no parameter {', '.join(missing)}: the lesson needs a code cell tagged "
            "`parameters` that sets it."
        )


def write(notebook, path):
    """Write a notebook so that the old file stays whole until the new one is."""
    new = path.with_name(f".{path.name}.new")
    try:
        with new.open("w", encoding="utf-8", newline="\n") as file:
            nbformat.write(notebook, file)
        os.replace(new, path)
    finally:
        new.unlink(missing_ok=True)
