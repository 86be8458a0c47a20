"""Make the exercises from their solutions, and give learners their own copies.

    python -m tools.exercises make     # solutions/ → exercises/
    python -m tools.exercises work     # exercises/ → work/, never over a file that is there

A solution is the source of the texts, a module of `homework.tasks` that of the checks, and of each
task's title, minutes and points. Tags say what becomes of a cell (N.k is a task, as ``04-1``):

    task-N-k    code with `### BEGIN SOLUTION` … `### END SOLUTION`: these lines are replaced
    words-N-k   an answer in words, in Markdown: replaced as a whole
    check-N-k   calls ``check("N.k")``
    parameters  sets the budget, as in a lesson
    setup       code that tasks need; without this tag a code cell is a demonstration
    expected    its output is shown in the exercise as what is expected
    wrong-N-k   a raw cell with a typical wrong answer: left out
    solution    any other cell that only the solution has

The markers and the metadata, which are derived from the tags, are those of nbgrader.
"""

import argparse
import hashlib
import json
import re
import shutil
import sys

import nbformat

from homework import checks
from tools import notebooks, tidying

ROOT = notebooks.ROOT
SOLUTIONS, EXERCISES, WORK = notebooks.SOLUTIONS, ROOT / "exercises", ROOT / "work"
REGION = re.compile(r"^( *)### BEGIN SOLUTION\n.*?^ *### END SOLUTION", re.MULTILINE | re.DOTALL)
STUB = "# YOUR CODE HERE\nraise NotImplementedError()"
WORDS = "YOUR ANSWER HERE"
TASK_TAG = re.compile(r"(task|check|words|wrong)-(\d+)-(\d+)")


def role(cell):
    """Return what a cell is and for which task, such as ``("check", "04.1")``; else two Nones."""
    for tag in notebooks.tags(cell):
        if match := TASK_TAG.fullmatch(tag):
            return match[1], f"{match[2]}.{match[3]}"
    return None, None


def stub(source):
    """Return the source of a task as the learner gets it."""

    def indented(match):
        return "\n".join(match[1] + line for line in STUB.splitlines())

    return REGION.sub(indented, source)


def headings_written(source: str, tasks: checks.Tasks) -> str:
    """Return prose in which titles, minutes and points are those of the tasks.

    Written anew are the heading of each task, ``## 04.1 · …``, and in the first lines of an
    exercise how many tasks and points there are: "6 tasks, 17 points".
    """

    def heading(match: re.Match[str]) -> str:
        task = tasks[match[1]]
        minutes, points = _counted(task.minutes, "minute"), _counted(task.points, "point")
        return f"## {task.id} · {task.title}  ({minutes}, {points})"

    total = f"{len(tasks)} tasks, {sum(task.points for task in tasks.values())} points"
    source = re.sub(r"\b\d+ tasks, \d+ points\b", total, source)
    return re.sub(r"^## (\d\d\.\d+)\b.*$", heading, source, flags=re.MULTILINE)


def _counted(n: int, noun: str) -> str:
    return f"{n} {noun}{'s' * (n != 1)}"


def nbgrader_metadata(cell, tasks):
    """Return what nbgrader wants to know of a cell, or None."""
    what, id = role(cell)
    if what in (None, "wrong"):
        return None
    return {
        "grade": what != "task",
        "grade_id": f"{what}-{id.replace('.', '-')}",
        "locked": what == "check",
        "schema_version": 3,
        "solution": what != "check",
        "task": False,
    } | ({} if what == "task" else {"points": tasks[id].points})


def bring_up_to_date(solution, tasks):
    """Write what the tasks say into a solution: headings, and what nbgrader wants to know.

    Returns:
        Whether anything has changed.
    """
    old = nbformat.writes(solution)
    for cell in solution.cells:
        cell.metadata.pop("nbgrader", None)
        if metadata := nbgrader_metadata(cell, tasks):
            cell.metadata["nbgrader"] = metadata
        if cell.cell_type == "markdown":
            cell.source = headings_written(cell.source, tasks)
    return nbformat.writes(solution) != old


def exercise(solution, tasks):
    """Return the exercise of a solution.

    Args:
        solution: a notebook.
        tasks: as `checks.load` returns them.
    """
    cells = []
    for cell in solution.cells:
        what, _ = role(cell)
        if what == "wrong" or "solution" in notebooks.tags(cell):
            continue
        source = {"task": stub(cell.source), "words": WORDS}.get(what, cell.source)
        make = (
            nbformat.v4.new_code_cell if cell.cell_type == "code" else nbformat.v4.new_markdown_cell
        )
        metadata = nbgrader_metadata(cell, tasks)
        metadata = {"nbgrader": metadata} if metadata else {}
        if "parameters" in notebooks.tags(cell):
            metadata["tags"] = ["parameters"]
        cells.append(make(source, id=cell.id, metadata=metadata))
        if "expected" in notebooks.tags(cell):
            cells.append(expected(cell))
    metadata = {"kernelspec": tidying.KERNELSPEC, "language_info": tidying.LANGUAGE}
    return nbformat.v4.new_notebook(cells=cells, metadata=metadata)


def expected(cell):
    """Return a Markdown cell that shows the outputs of a solution's cell."""
    parts, pictures = ["*Expected:*"], {}
    for output in cell.outputs:
        data = output.get("data", {})
        if output.output_type == "stream":
            parts.append(f"```text\n{output.text.rstrip()}\n```")
        elif "image/png" in data:
            name = f"expected-{len(pictures) + 1}.png"
            pictures[name] = {"image/png": data["image/png"]}
            alt = output.metadata.get("image/png", {}).get("alt", "the expected picture")
            parts.append(f"![{alt}](attachment:{name})")
        elif "text/plain" in data:
            parts.append(f"```text\n{data['text/plain'].rstrip()}\n```")
    made = nbformat.v4.new_markdown_cell("\n\n".join(parts), id=f"{cell.id}-expected")
    if pictures:
        made["attachments"] = pictures
    return made


def make(solutions=SOLUTIONS, exercises=EXERCISES):
    """Write all exercises, and what their tasks are called into the solutions.

    Exercises that have no solution any more are removed.

    Returns:
        The files written whose content changed.
    """
    before = {path: path.read_text("utf-8") for path in notebooks.find(exercises)}
    for path in notebooks.find(solutions):
        solution = notebooks.read(path)
        tasks = checks.load(checks.FOLDER / f"{path.stem}.py")
        if bring_up_to_date(solution, tasks):
            notebooks.write(solution, path)
        target = exercises / path.name
        before.setdefault(target, None)
        notebooks.write(exercise(solution, tasks), target)
    for path in before:
        if not (solutions / path.name).exists():
            path.unlink()
    return [p for p, text in before.items() if not p.exists() or p.read_text("utf-8") != text]


def give(exercises=EXERCISES, work=WORK):
    """Copy exercises to the learner's folder; never over a file that is there.

    Where an exercise has changed since it was given, the new one is put beside the learner's.

    Returns:
        Lines that say what happened.
    """
    work.mkdir(exist_ok=True)
    record = work / ".given.json"
    given = json.loads(record.read_text("utf-8")) if record.exists() else {}
    said = []
    for path in notebooks.find(exercises):
        mine, text = work / path.name, path.read_bytes()
        digest = hashlib.sha256(text).hexdigest()
        if not mine.exists():
            shutil.copyfile(path, mine)
            said.append(f"new: {mine.name}")
        elif given.get(path.name) != digest and mine.read_bytes() != text:
            beside, number = mine.with_suffix(".new.ipynb"), 1
            while beside.exists() and beside.read_bytes() != text:
                number += 1
                beside = mine.with_suffix(f".new-{number}.ipynb")
            shutil.copyfile(path, beside)
            said.append(
                f"changed: {path.name}; yours is untouched, the new one is beside it: {beside.name}"
            )
        given[path.name] = digest
    new = record.with_suffix(".new")
    new.write_text(json.dumps(given, indent=1), "utf-8")
    new.replace(record)
    return said


def main(words=None):
    """Run a command of this tool; return its exit status."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("command", choices=["make", "work"])
    command = parser.parse_args(words).command
    try:
        if command == "make":
            said = [f"written: {path.relative_to(ROOT)}" for path in make()]
            print("\n".join(said) or "All exercises are up to date.")
        else:
            said = give()
            print("\n".join(said) or "Your exercises are in work/; none has changed.")
    except (OSError, ValueError, SyntaxError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
