"""Make the exercises from their solutions, and give learners their own copies.

    python -m tools.exercises make     # solutions/ → exercises/, exercises/checks/
    python -m tools.exercises work     # exercises/ → work/, never over a file that is there

A solution is the only source. Tags say what becomes of its cells (N.k is a task, as ``04-1``):

    task-N-k    code with `### BEGIN SOLUTION` … `### END SOLUTION`: these lines are replaced
    words-N-k   an answer in words, in Markdown: replaced as a whole
    check-N-k   calls ``check("N.k")``
    parameters  sets the budget, as in a lesson
    setup       code that tasks need; without this tag a code cell is a demonstration
    checks      the checks of all tasks: written to exercises/checks, not into the exercise
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

from course_utils import checks
from tools import lessons

ROOT = lessons.ROOT
SOLUTIONS, EXERCISES, WORK = lessons.SOLUTIONS, ROOT / "exercises", ROOT / "work"
REGION = re.compile(r"^( *)### BEGIN SOLUTION\n.*?^ *### END SOLUTION", re.MULTILINE | re.DOTALL)
STUB = "# YOUR CODE HERE\nraise NotImplementedError()"
WORDS = "YOUR ANSWER HERE"
LEFT_OUT = {"checks", "solution"}
TASK_TAG = re.compile(r"(task|check|words|wrong)-(\d+)-(\d+)")


def role(cell):
    """Return what a cell is and for which task, such as ``("check", "04.1")``; else two Nones."""
    for tag in lessons.tags(cell):
        if match := TASK_TAG.fullmatch(tag):
            return match[1], f"{match[2]}.{match[3]}"
    return None, None


def stub(source):
    """Return the source of a task as the learner gets it."""

    def indented(match):
        return "\n".join(match[1] + line for line in STUB.splitlines())

    return REGION.sub(indented, source)


def checks_source(solution):
    """Return the source of the checks that stand in a solution, as one module."""
    found = [cell.source for cell in solution.cells if "checks" in lessons.tags(cell)]
    return '"""Written by `make exercises` from the solution; change it there."""\n\n' + (
        "\n\n\n".join(found) + "\n"
    )


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


def exercise(solution, tasks):
    """Return the exercise of a solution.

    Args:
        solution: a notebook.
        tasks: as `checks.load` returns them.
    """
    cells = []
    for cell in solution.cells:
        what, _ = role(cell)
        if what == "wrong" or LEFT_OUT & set(lessons.tags(cell)):
            continue
        source = {"task": stub(cell.source), "words": WORDS}.get(what, cell.source)
        make = (
            nbformat.v4.new_code_cell if cell.cell_type == "code" else nbformat.v4.new_markdown_cell
        )
        metadata = nbgrader_metadata(cell, tasks)
        metadata = {"nbgrader": metadata} if metadata else {}
        if "parameters" in lessons.tags(cell):
            metadata["tags"] = ["parameters"]
        cells.append(make(source, id=cell.id, metadata=metadata))
        if "expected" in lessons.tags(cell):
            cells.append(expected(cell))
    metadata = {"kernelspec": lessons.KERNELSPEC, "language_info": lessons.LANGUAGE}
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
    """Write all exercises and their checks; remove those that have no solution any more.

    Returns:
        The files written whose content changed.
    """
    written = {}
    for path in lessons.find(solutions):
        solution = lessons.read(path)
        written[exercises / "checks" / f"{path.stem}.py"] = checks_source(solution)
    before = {path: path.read_text("utf-8") if path.exists() else None for path in written}
    for path, source in written.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source, "utf-8", newline="\n")
    for path in lessons.find(solutions):
        solution = lessons.read(path)
        tasks = checks.load(exercises / "checks" / f"{path.stem}.py")
        old = nbformat.writes(solution)
        for cell in solution.cells:
            cell.metadata.pop("nbgrader", None)
            if metadata := nbgrader_metadata(cell, tasks):
                cell.metadata["nbgrader"] = metadata
        if nbformat.writes(solution) != old:
            lessons.write(solution, path)
        target = exercises / path.name
        before[target] = target.read_text("utf-8") if target.exists() else None
        lessons.write(exercise(solution, tasks), target)
    for path in [*exercises.glob("*.ipynb"), *(exercises / "checks").glob("*.py")]:
        if path not in before:
            path.unlink()
            before[path] = ""
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
    for path in lessons.find(exercises):
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
