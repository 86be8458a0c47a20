"""Is this computer ready for the course? Each answer comes with what to do (lesson 00).

Every check is a function that returns one or more `Result`; what it looks at can be passed in, so
that the tests can show it a computer that is not ready.
"""

import math
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

import course_utils

COURSE = Path(course_utils.__file__).resolve().parents[1]
PYTHON = ">=3.11,<3.14"
MEMORY = 2.0  # GB: TensorFlow, a lesson and JupyterLab
DISK = 1.0  # GB
REINSTALL = "in the folder of the course run: make lab (or: pip install -r requirements.txt)"


class Result(NamedTuple):
    """What a check found.

    Attributes:
        ok: True, False, or None for a remark that asks for nothing.
        what: what was found, in a few words.
        mend: what to do if it is not ok.
    """

    ok: bool | None
    what: str
    mend: str = ""


Check = Callable[[], Result | list[Result]]


def report(checks: Iterable[Check] | None = None) -> bool:
    """Run all checks and print a line for each, with the mend below those that failed.

    Args:
        checks: functions that return a `Result` or a list of them; all of this module if None.

    Returns:
        Whether nothing failed. A check that breaks down counts as failed.
    """
    failed = 0
    for check in CHECKS if checks is None else checks:
        for ok, what, mend in _results(check):
            mark = {True: "[OK]", False: "[FAIL]", None: "[note]"}[ok]
            print(f"{mark:6} {what}")
            if not ok and mend:
                print(f"       → {mend}")
            failed += ok is False
    print()
    if failed:
        print(f"{failed} to mend: do what stands behind each arrow, restart the kernel, run again.")
    else:
        print("Everything is ready.")
    return not failed


def _results(check: Check) -> list[Result]:
    try:
        found = check()
    except Exception as error:  # a broken installation can fail in any way
        name = check.__name__.replace("_", " ")
        reason = " ".join(str(error).split())[:200]
        return [Result(False, f"{name}: {type(error).__name__}: {reason}", REINSTALL)]
    return [found] if isinstance(found, Result) else found


def python_version(version: str | None = None) -> Result:
    """Check that the course is tested with this Python.

    Args:
        version: as text, such as ``"3.11.7"``; the running one if None.
    """
    from packaging.specifiers import SpecifierSet

    version = version or ".".join(map(str, sys.version_info[:3]))
    return Result(
        SpecifierSet(PYTHON).contains(version),
        f"Python {version} ({PYTHON})",
        "install Python 3.11, 3.12 or 3.13, delete the folder .venv, and run: make lab",
    )


def packages(
    requirements: str | Path | None = None, version_of: Callable[[str], str] = metadata.version
) -> list[Result]:
    """Check that each package that the course requires is there, in a version that fits.

    Args:
        requirements: the file that lists them; that of the course if None.
        version_of: gives the installed version of a package by its name.

    Returns:
        A list with a `Result` for each package.
    """
    from packaging.requirements import Requirement

    requirements = Path(requirements or COURSE / "requirements.txt")
    if not requirements.is_file():
        return [Result(None, "requirements.txt is not beside the package: versions not checked")]
    results = []
    for line in requirements.read_text(encoding="utf-8").splitlines():
        line = re.sub(r"(^|\s)#.*", "", line).strip()
        if not line or line.startswith("-"):  # such as `-e .`, the course itself
            continue
        wanted = Requirement(line)
        if wanted.marker and not wanted.marker.evaluate():  # for other systems
            continue
        try:
            version = version_of(wanted.name)
        except metadata.PackageNotFoundError:
            results.append(Result(False, f"{wanted.name} is not installed", REINSTALL))
            continue
        fits = wanted.specifier.contains(version, prereleases=True)
        results.append(Result(fits, f"{wanted.name} {version} ({wanted.specifier})", REINSTALL))
    return results


def environment(
    prefix: str | Path | None = None,
    course: str | Path = COURSE,
    others: list[Result] | None = None,
) -> Result:
    """Check that the kernel runs in the environment that belongs to the course.

    Args:
        prefix: where the running Python is installed; ``sys.prefix`` if None.
        course: the folder of the course.
        others: results of `packages`, which decide whether another environment will do.
    """
    if Path(prefix or sys.prefix).resolve() == (Path(course) / ".venv").resolve():
        return Result(True, "the kernel runs in the course's own environment, .venv")
    others = packages() if others is None else others
    if any(result.ok is False for result in others):
        return Result(
            False,
            "the kernel runs in another environment than the course's .venv",
            "close JupyterLab and open it with: make lab",
        )
    return Result(None, "the kernel does not run in .venv, but this environment has all it needs")


def same_version(start: str | Path | None = None) -> Result:
    """Check that the notebooks and the installed package are from the same version of the course.

    Args:
        start: a folder inside the course; the current one if None.
    """
    start = Path(start or Path.cwd()).resolve()
    for folder in (start, *start.parents):
        init = folder / "course_utils" / "__init__.py"
        if init.is_file():
            here = re.findall(r'__version__ = "(.+?)"', init.read_text(encoding="utf-8"))[0]
            return Result(
                here == course_utils.__version__,
                f"notebooks of version {here}, package of version {course_utils.__version__}",
                REINSTALL,
            )
    return Result(None, f"package of version {course_utils.__version__}; the notebooks lie apart")


def trains() -> Result:
    """Check that Keras and TensorFlow really train: one tiny step."""
    import numpy as np

    from course_utils.lesson.backend import keras, tf

    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, kernel_initializer="zeros")])
    model.compile("sgd", "mse")
    loss = float(model.train_on_batch(np.ones((1, 1)), np.ones((1, 1))))
    moved = float(np.asarray(model.get_weights()[0]).item())
    return Result(
        math.isfinite(loss) and moved > 0,
        f"Keras {keras.__version__} on TensorFlow {tf.__version__} trained one step",
        f"the loss was {loss}, the weight moved to {moved}: {REINSTALL}",
    )


def folder_writable(folder: str | Path | None = None) -> Result:
    """Check that files can be saved.

    Args:
        folder: where; the current one if None.
    """
    try:
        with tempfile.TemporaryFile(dir=folder or Path.cwd()):
            ok = True
    except OSError:
        ok = False
    return Result(
        ok,
        "this folder can be written to" if ok else "this folder can't be written to",
        "move the whole course to a folder of your own, such as your documents",
    )


def memory(free: float | None = None) -> Result:
    """Check that enough memory is free.

    Args:
        free: GB; measured if None.
    """
    if free is None:
        try:
            import psutil
        except ImportError:
            return Result(None, "how much memory is free can't be told here")
        free = psutil.virtual_memory().available / 1e9
    return Result(
        free >= MEMORY,
        f"{free:.1f} GB of memory free (at least {MEMORY:.0f})",
        "close other programs, and kernels you no longer use (menu Kernel → Shut Down All Kernels)",
    )


def disk(free: float | None = None) -> Result:
    """Check that enough space is left on the disk.

    Args:
        free: GB; measured where the notebooks are if None.
    """
    if free is None:
        free = shutil.disk_usage(Path.cwd()).free / 1e9
    return Result(
        free >= DISK,
        f"{free:.1f} GB of disk free (at least {DISK:.0f})",
        "delete what you no longer need, or move the course to a larger disk",
    )


CHECKS: tuple[Check, ...] = (
    python_version,
    packages,
    environment,
    same_version,
    trains,
    folder_writable,
    memory,
    disk,
)
