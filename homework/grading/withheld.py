"""The course as the sandbox sees it: without what the tasks ask for.

A copy of ``course_utils`` is made in which the functions that a check lists as `withheld` raise an
error when they are called, and which has nothing of the grading but what runs inside.
"""

import ast
import compileall
import shutil
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
INSIDE = ("__init__.py", "wire.py", "inside.py")


def groups(tasks):
    """Return which tasks can be checked in one go: pairs of what is withheld and the tasks' ids.

    A task's own withheld functions are never there while it is checked; another one's are, if the
    task may use them.

    Args:
        tasks: by id, as `checks.load` returns them.
    """
    everything = {name for task in tasks.values() for name in task.withheld}
    found = {}
    for task in tasks.values():
        if task.judge is not None:
            found.setdefault(frozenset(everything - set(task.uses)), []).append(task.id)
    return sorted(found.items(), key=lambda group: -len(group[1]))


def copy_without(names, target):
    """Write the course, without some functions, for a sandbox.

    Args:
        names: such as ``"carry.add"`` or ``"numpy_lstm.LSTM.backward"``.
        target: a folder that doesn't exist yet; ``course_utils`` is made in it.

    Raises:
        ValueError: if there is no such function.
    """
    package = target / "course_utils"
    (package / "grading").mkdir(parents=True)
    left = set(names)
    for path in sorted(PACKAGE.glob("*.py")):
        mine = {name for name in left if name.split(".")[0] == path.stem}
        left -= mine
        source = path.read_text("utf-8")
        (package / path.name).write_text(without(source, mine), "utf-8")
    if left:
        raise ValueError(f"no module of course_utils has {', '.join(sorted(left))}.")
    for path in PACKAGE.glob("*.js"):
        shutil.copyfile(path, package / path.name)
    for name in INSIDE:
        shutil.copyfile(PACKAGE / "grading" / name, package / "grading" / name)
    (package / "checkpoints").mkdir()  # the sandbox puts those of the course here
    compileall.compile_dir(target, quiet=1)


def without(source, names):
    """Return a module's source in which the named functions raise an error when called.

    Raises:
        ValueError: if one isn't in it.
    """
    if not names:
        return source
    lines, found = source.splitlines(keepends=True), set()
    for name in sorted(names):
        node = ast.parse(source)
        for part in name.split(".")[1:]:
            inner = [n for n in node.body if getattr(n, "name", None) == part]
            if not inner:
                raise ValueError(f"there is no {name} in course_utils to withhold.")
            node = inner[0]
        if isinstance(node, ast.ClassDef):
            raise ValueError(f"{name} is a class: name those of its functions to withhold.")
        found.add((node.lineno - 1, node.end_lineno, name, node.col_offset))
    for first, last, name, indent in sorted(found, reverse=True):
        head = f"def {name.split('.')[-1]}(*args, **kwargs):"
        text = f"`{name}` is what a task asks you to write, so it isn't there while you are graded"
        lines[first:last] = [f"{' ' * indent}{head} raise RuntimeError({text!r})\n"]
    return "".join(lines)
