"""One hand-in, graded by a process that may be one of many, on this machine or another."""

import atexit
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from homework import checks
from homework.checks import Tasks
from homework.grading import judging, reading, sandbox, withheld
from homework.grading.rebuild import Cell
from homework.grading.results import Outcome

EXERCISES = withheld.HOME / "exercises"


class CannotGrade(Exception):
    """It can't be graded like this; the message says what to do."""


@dataclass(frozen=True)
class Release:
    """An exercise as it was given out: its cells, its tasks, and a fingerprint of all that counts.

    Attributes:
        cells: of the notebook, as in the file.
        tasks: as `checks.load` returns them.
        fingerprint: sha256 of exercise, checks and grader.
    """

    cells: Sequence[Cell]
    tasks: Tasks
    fingerprint: str


@cache
def release(exercise: str) -> Release:
    """Return the `Release` of an exercise, such as ``"04_the_carry_generator"``."""
    notebook, file = EXERCISES / f"{exercise}.ipynb", checks.FOLDER / f"{exercise}.py"
    digest = hashlib.sha256()
    for path in (notebook, file, *_code()):
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    return Release(cells, checks.load(file), digest.hexdigest())


def _code() -> list[Path]:
    """Return all modules of the course, but for the checks of single exercises."""
    modules = [*withheld.COURSE.rglob("*.py"), *withheld.HOMEWORK.rglob("*.py")]
    return sorted(set(modules) - set(checks.FOLDER.glob("[0-9][0-9]_*.py")))


@cache
def _folder() -> Path:
    """Return this process's folder for copies of the course; sweep those of killed processes."""
    sandbox.sweep()
    path = Path(tempfile.mkdtemp(prefix=f"{sandbox.PREFIX}{os.getpid()}-"))
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path


@cache
def course(names: frozenset[str]) -> Path:
    """Return a folder with the course without some functions, for sandboxes of this process."""
    target = Path(tempfile.mkdtemp(dir=_folder())) / "copy"
    withheld.copy_without(names, target)
    return target


@cache
def _bubblewrap() -> None:
    """Make sure once that bubblewrap works; see `sandbox.require_bubblewrap`."""
    sandbox.require_bubblewrap()


def grade_one(exercise: str, fingerprint: str, data: bytes, isolated: bool = True) -> Outcome:
    """Grade one hand-in; this is what a worker does.

    Args:
        exercise: the stem of its file.
        fingerprint: of the `Release` that the main process has.
        data: the notebook handed in, bytes of JSON.
        isolated: use the sandbox.

    Raises:
        CannotGrade: if this worker has another version of the course.
        RuntimeError: if it has no sandbox.
    """
    given = release(exercise)
    if given.fingerprint != fingerprint:
        raise CannotGrade(
            "a worker has another version of the course than the computer that asks it to grade: "
            "give both the same."
        )
    try:
        if isolated:
            _bubblewrap()
    except sandbox.Missing as error:
        raise RuntimeError(str(error)) from None
    start = time.monotonic()
    cells = reading.parse(data)["cells"]
    outcome = judging.grade(cells, given.cells, given.tasks, course, isolated)
    return replace(outcome, seconds=round(time.monotonic() - start, 2))
