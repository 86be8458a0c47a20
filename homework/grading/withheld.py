"""The course as the sandbox sees it: without what the tasks ask for.

A copy of the course is made in which the functions that a check lists as `withheld` raise an error
when they are called. Of the homework it has what runs inside, and no more: above all, no checks.
"""

import ast
import compileall
import shutil
from collections.abc import Iterable
from pathlib import Path

from homework.checks import Tasks

HOME = Path(__file__).resolve().parents[2]  # of the course
COURSE, HOMEWORK = HOME / "course_utils", HOME / "homework"
TRAINED = Path("course_utils/networks/checkpoints")  # in HOME, and in the copy
INSIDE = (  # of homework
    "__init__.py",
    "checks.py",
    "describing.py",
    "exercise.py",
    "hand_in.py",
    "limits.py",
    "grading/__init__.py",
    "grading/kernel.py",
    "grading/wire.py",
)


def groups(tasks: Tasks) -> list[tuple[frozenset[str], list[str]]]:
    """Return which tasks can be checked in one go: pairs of what is withheld and the tasks' ids.

    A task's own withheld functions are never there while it is checked; another one's are, if the
    task may use them.

    Args:
        tasks: by id, as `checks.load` returns them.
    """
    everything = {name for task in tasks.values() for name in task.withheld}
    found: dict[frozenset[str], list[str]] = {}
    for task in tasks.values():
        if task.judge is not None:
            found.setdefault(frozenset(everything - set(task.uses)), []).append(task.id)
    return sorted(found.items(), key=lambda group: -len(group[1]))


def modules() -> dict[str, Path]:
    """Return the modules of course_utils by name: in all its rooms, no two share one."""
    return {path.stem: path for path in COURSE.rglob("*.py") if path.name != "__init__.py"}


def copy_without(names: Iterable[str], target: Path) -> None:
    """Write the course, without some functions, for a sandbox.

    Args:
        names: such as ``"carry.add"`` or ``"numpy_lstm.LSTM.backward"``: of modules of
            course_utils, in whichever room.
        target: a folder that doesn't exist yet; ``course_utils`` and ``homework`` are made in it.

    Raises:
        ValueError: if there is no such function.
    """
    names, known = set(names), modules()
    if unknown := {name for name in names if name.split(".")[0] not in known}:
        raise ValueError(f"no module of course_utils has {', '.join(sorted(unknown))}.")
    given = [path for kind in ("*.py", "*.js") for path in COURSE.rglob(kind)]
    for path in [*given, *(HOMEWORK / name for name in INSIDE)]:
        shutil.copyfile(path, _place_for(path, target))
    for module in {name.split(".")[0] for name in names}:
        mine = {name for name in names if name.split(".")[0] == module}
        source = without(known[module].read_text("utf-8"), mine)
        _place_for(known[module], target).write_text(source, "utf-8")
    (target / TRAINED).mkdir()  # the sandbox puts those of the course here
    compileall.compile_dir(target, quiet=1)


def _place_for(path: Path, target: Path) -> Path:
    """Return where the copy of a file goes; make the folder for it."""
    place = target / path.relative_to(HOME)
    place.parent.mkdir(parents=True, exist_ok=True)
    return place


def without(source: str, names: Iterable[str]) -> str:
    """Return a module's source in which the named functions raise an error when called.

    Raises:
        ValueError: if one isn't in it.
    """
    lines = source.splitlines(keepends=True)
    found = {name: _definition(ast.parse(source), name) for name in names}
    for name, node in sorted(found.items(), key=lambda item: item[1].lineno, reverse=True):
        head = f"def {name.split('.')[-1]}(*args, **kwargs):"
        text = f"`{name}` is what a task asks you to write, so it isn't there while you are graded"
        line = f"{' ' * node.col_offset}{head} raise RuntimeError({text!r})\n"
        lines[node.lineno - 1 : node.end_lineno] = [line]
    return "".join(lines)


def _definition(module: ast.Module, name: str) -> ast.stmt:
    """Return where a function is defined.

    Args:
        module: that should have it.
        name: such as ``"numpy_lstm.LSTM.backward"``.

    Raises:
        ValueError: if it isn't there, or is a class.
    """
    node: ast.Module | ast.stmt = module
    for part in name.split(".")[1:]:
        inner = [n for n in getattr(node, "body", []) if getattr(n, "name", None) == part]
        if not inner:
            raise ValueError(f"there is no {name} in course_utils to withhold.")
        node = inner[0]
    if isinstance(node, ast.Module | ast.ClassDef):
        raise ValueError(f"{name} is no function: name those of a class one by one to withhold.")
    return node
