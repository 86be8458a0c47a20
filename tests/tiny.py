"""Small notebooks for the tests of tools and checks."""

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

IMPORTS = (
    "from course_utils.lesson.budget import choose\nfrom course_utils.lesson.results import record"
)
RECORD = "record(budget=budget, loss=choose(budget, 0.5, 0.05, 0.005))"


def text(source):
    """A cell of prose."""
    return new_markdown_cell(source)


def code(source, *tags, count=None, outputs=()):
    """A code cell with tags, an execution count and outputs."""
    metadata = {"tags": list(tags)} if tags else {}
    outputs = [nbformat.from_dict(output) for output in outputs]
    return new_code_cell(source, metadata=metadata, execution_count=count, outputs=outputs)


def parameters(source='budget = "class"', count=None):
    """The cell with which every lesson begins."""
    return code(source, "parameters", count=count)


def save(path, *cells, **metadata):
    """Write a notebook; return its path."""
    nbformat.write(new_notebook(cells=list(cells), metadata=metadata), path)
    return path


def lesson(path, *more):
    """Write a lesson that runs: parameters, imports, what is given, and what it records."""
    cells = [text("# A lesson\n\nThe loss is 0<!--=loss:.2f-->."), parameters(), code(IMPORTS)]
    return save(path, *cells, *more, code(RECORD))
