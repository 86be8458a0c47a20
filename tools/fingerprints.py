"""Fingerprints: are the committed outputs those of the code as it is now?"""

import ast
import contextlib
import hashlib
import io
import json
import tokenize
from pathlib import Path

from IPython.core.inputtransformer2 import TransformerManager
from nbformat import NotebookNode

from tools.notebooks import ROOT, code_cells

PACKAGE = ROOT / "course_utils"
METADATA_KEY = "learning_to_carry"


def fingerprint(notebook: NotebookNode, package: Path = PACKAGE) -> str:
    """Return a checksum of all code on which the outputs of a notebook depend.

    That is: its code cells, the modules of `package` which they import, those which these import,
    and the shipped files of `package` that a cell names. Comments and docstrings of modules don't
    count. An ``__init__`` doesn't either: it holds no behaviour, and a new version number shouldn't
    make every lesson run again.
    """
    cells = [cell.source for cell in code_cells(notebook)]
    wanted = {path for source in cells for path in _imported(_plain_python(source), package)}
    modules: dict[str, str] = {}
    while wanted:
        path = wanted.pop()
        source = path.read_text("utf-8")
        modules[path.relative_to(package).as_posix()] = _without_comments(source)
        script = path.with_suffix(".js")  # what a module hands to the browser belongs to it
        if script.exists():
            modules[script.relative_to(package).as_posix()] = script.read_text("utf-8")
        known = {package / name for name in modules}
        wanted |= _imported(source, package) - known
    shipped = {  # networks and tables that a cell names
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(package.rglob("checkpoints/*"))
        if any(f'"{path.name.split(".")[0]}"' in cell for cell in cells)
    }
    everything = json.dumps([cells, sorted(modules.items()), *filter(None, [shipped])])
    return hashlib.sha256(everything.encode()).hexdigest()


def _plain_python(source: str) -> str:
    return TransformerManager().transform_cell(source)  # lines with % or ! become calls


def _imported(source: str, package: Path) -> set[Path]:
    """Return the modules of the package that a source imports."""
    names = set()
    with contextlib.suppress(SyntaxError):  # a cell may show one on purpose
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    found = set()
    for name in names:
        first, *rest = name.split(".")
        path = package.joinpath(*rest).with_suffix(".py")
        if first == package.name and rest and path.exists():
            found.add(path)
    return found


def _without_comments(source: str) -> str:
    # On the text, not with ast.unparse: what that writes differs between versions of Python.
    lines = source.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            if ast.get_docstring(node) is not None:
                docstring = node.body[0]
                for row in range(docstring.lineno - 1, docstring.end_lineno):
                    lines[row] = ""
    return "\n".join(line.rstrip() for line in lines if line.strip())


def is_fresh(notebook: NotebookNode, package: Path = PACKAGE) -> bool:
    """Return whether the outputs of a notebook were made by the code as it is now."""
    known = notebook.metadata.get(METADATA_KEY, {}).get("fingerprint")
    return known == fingerprint(notebook, package)
