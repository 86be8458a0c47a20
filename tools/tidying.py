"""Committed outputs: made anew in place, without what differs from run to run."""

import re

import nbformat

from course_utils.lesson.results import quote, recorded
from tools.fingerprints import METADATA_KEY, PACKAGE, fingerprint
from tools.notebooks import BUILD, CannotRun, read, tags, write
from tools.running import run_lesson

KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
# Without versions: they differ between computers and would change the file at every run.
LANGUAGE = {
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "name": "python",
    "pygments_lexer": "ipython3",
}


def tidy(notebook, package=PACKAGE):
    """Prepare an executed notebook for being committed, in place.

    What differs from run to run without saying anything goes (times, versions, papermill's notes),
    neighbouring pieces of printed text are joined, and the numbers in the prose are written anew.

    Raises:
        ValueError: if the prose quotes a value that the lesson doesn't record.
    """
    values = recorded(notebook)
    notebook.cells = [cell for cell in notebook.cells if "injected-parameters" not in tags(cell)]
    for cell in notebook.cells:
        kept = {name: cell.metadata[name] for name in ("tags", "nbgrader") if name in cell.metadata}
        cell.metadata = nbformat.from_dict(kept)
        if cell.cell_type == "code":
            cell.outputs = _joined(cell.outputs)
        elif cell.cell_type == "markdown":
            cell.source = quote(cell.source, values)
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": KERNELSPEC,
            "language_info": LANGUAGE,
            METADATA_KEY: {"fingerprint": fingerprint(notebook, package)},
        }
    )


def _joined(outputs):
    joined = []
    for output in outputs:
        last = joined[-1] if joined else None
        if (
            last is not None
            and output.output_type == last.output_type == "stream"
            and output.name == last.name
        ):
            last.text += output.text
        else:
            joined.append(output)
    for output in joined:
        if output.output_type == "stream":
            # A line that was overwritten (a progress bar) is kept as it was last seen.
            output.text = re.sub(r"^.*\r(?!\n)", "", output.text, flags=re.MULTILINE)
    return joined


def update(path, build=BUILD, package=PACKAGE):
    """Execute a committed lesson in place, with the budget that it names itself.

    The file is replaced only if the lesson ran through and its prose could be brought up to date.

    Returns:
        An `Outcome`.
    """
    executed = build / "notebooks" / path.name
    outcome = run_lesson(path, executed, {})
    if outcome.ok:
        notebook = read(executed)
        try:
            tidy(notebook, package)
            write(notebook, path)
        except ValueError as error:
            outcome.error = f"{path.stem}: {error}"
    return outcome


def refresh_prose(path):
    """Write the quoted numbers of a lesson anew from its committed outputs, without running it.

    Raises:
        CannotRun: if the prose quotes a value that the lesson doesn't record.
    """
    notebook = read(path)
    try:
        fresh = [
            quote(cell.source, recorded(notebook)) if cell.cell_type == "markdown" else cell.source
            for cell in notebook.cells
        ]
    except ValueError as error:
        raise CannotRun(f"{path.stem}: {error}") from None
    if fresh != [cell.source for cell in notebook.cells]:
        for cell, source in zip(notebook.cells, fresh, strict=True):
            cell.source = source
        write(notebook, path)
