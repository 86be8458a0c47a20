"""What every committed notebook must satisfy: one function per rule.

Each takes a path, returns a list of problems in words, and is itself tested in
`test_notebook_rules.py`.
"""

import ast
import re
import tempfile
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

from course_utils.lesson.results import quote, recorded
from tools import fingerprints, notebooks, tidying

LARGEST_FILE = 2_000_000  # bytes
LONGEST_CELL = 30  # lines
SHORTEST_ALT = 15  # characters: "a plot" describes nothing

PICTURE = re.compile(r"!\[([^\]]*)\]\(\s*<?([^)\s>]+)")
LINK = re.compile(r"(?<!!)\[(?:[^\[\]]|!\[[^\]]*\]\([^)]*\))*\]\(\s*<?([^)\s>]+)")
HEADING = re.compile(r"^ {0,3}#{1,6}\s+(.+?)\s*#*$", re.MULTILINE)


# The cells -----------------------------------------------------------------------------------


def parameters_cell(path):
    """The first code cell, and no other, is tagged `parameters` and sets budget = "class"."""
    cells = notebooks.code_cells(notebooks.read(path))
    tagged = [n for n, cell in enumerate(cells, 1) if "parameters" in notebooks.tags(cell)]
    if tagged != [1]:
        return [f"the first code cell must be tagged `parameters`, but {tagged or 'none'} is"]
    for statement in ast.parse(cells[0].source).body:
        if ast.unparse(statement) == "budget = 'class'":
            return []
    return ['the parameters cell must say budget = "class"']


def executed_once(path):
    """All cells ran once, from top to bottom."""
    counts = [cell.execution_count for cell in notebooks.code_cells(notebooks.read(path))]
    if counts != list(range(1, len(counts) + 1)):
        return [f"cells must have run once, from top to bottom, but they ran as {counts}"]
    return []


def no_errors(path):
    """No cell failed or wrote to stderr, except an error in a cell tagged `raises-exception`."""
    problems = []
    for number, cell in enumerate(notebooks.code_cells(notebooks.read(path)), 1):
        errors = [o for o in cell.outputs if o.output_type == "error"]
        if errors and "raises-exception" not in notebooks.tags(cell):
            problems.append(f"code cell {number} failed: {errors[0].ename}: {errors[0].evalue}")
        if "raises-exception" in notebooks.tags(cell) and not errors:
            problems.append(f"code cell {number} is tagged raises-exception, but nothing failed")
        for output in cell.outputs:
            if output.output_type == "stream" and output.name == "stderr":
                problems.append(f"code cell {number} wrote to stderr: {output.text[:80]!r}")
    return problems


def short_cells(path):
    """A code cell fits on a screen; the checks of a solution, which nobody has to read, may not."""
    problems = []
    for number, cell in enumerate(notebooks.code_cells(notebooks.read(path)), 1):
        if "checks" in notebooks.tags(cell):
            continue
        lines = len(cell.source.splitlines())
        if not cell.source.strip():
            problems.append(f"code cell {number} is empty")
        if lines > LONGEST_CELL:
            problems.append(f"code cell {number} has {lines} lines, more than {LONGEST_CELL}")
    return problems


# Results and outputs -------------------------------------------------------------------------


def records_budget(path):
    """The committed outputs were made at budget class, and say so."""
    budget = recorded(notebooks.read(path)).get("budget")
    if budget != "class":
        return [f'the lesson must record(budget=budget) as "class", but it recorded {budget!r}']
    return []


def fresh(path, package=fingerprints.PACKAGE):
    """The outputs were made by the code as it is now."""
    if not fingerprints.is_fresh(notebooks.read(path), package):
        number = path.stem.split("_")[0]
        return [f"the code has changed since the outputs were made: make notebooks LESSON={number}"]
    return []


def prose_agrees(path):
    """Numbers quoted in the prose equal those that the lesson recorded."""
    notebook = notebooks.read(path)
    values = recorded(notebook)
    problems = []
    for source in _markdown(path):
        try:
            expected = quote(source, values)
        except (ValueError, TypeError) as error:  # an unknown value; a format that doesn't fit
            problems.append(str(error))
            continue
        wrong = [
            f"the prose says {old!r}, the lesson recorded {new!r}"
            for old, new in zip(source.splitlines(), expected.splitlines(), strict=True)
            if old != new
        ]
        # Behind a number every mark is found by `quote`; any other is misspelt and would rot.
        marks = re.findall(r"<!--\s*=.*?-->", source)
        good = re.findall(r"\d[\d,.]*<!--=\w+:[^>]*?-->", source)
        if len(marks) != len(good):
            wrong.append(f"a mark must look like 0.050<!--=loss:.3f-->; here are {marks}")
        problems += wrong
    return problems


def clean_metadata(path):
    """Only what the course needs is in the metadata: the rest differs between computers."""
    notebook = notebooks.read(path)
    problems = []
    extra = set(notebook.metadata) - {"kernelspec", "language_info", fingerprints.METADATA_KEY}
    if extra:
        problems.append(f"the notebook has other metadata than it needs: {sorted(extra)}")
    for number, cell in enumerate(notebook.cells, 1):
        if set(cell.metadata) - {"tags", "nbgrader"}:
            problems.append(f"cell {number} has metadata {sorted(cell.metadata)}, not only tags")
        if "injected-parameters" in notebooks.tags(cell):
            problems.append(f"cell {number} was injected by papermill")
    if notebook.metadata.get("kernelspec") != tidying.KERNELSPEC:
        problems.append(f"the kernel must be {tidying.KERNELSPEC}")
    return problems


def small_file(path):
    """The file is not larger than what GitHub and a slow line can show."""
    size = path.stat().st_size
    return [f"the file has {size:,} bytes, more than {LARGEST_FILE:,}"] * (size > LARGEST_FILE)


def no_machine_paths(path, root=notebooks.ROOT):
    """Nothing in cells or outputs tells on which computer the lesson ran."""
    places = {str(root), str(Path.home()), tempfile.gettempdir(), "/home/", "/Users/", "/root/"}
    places |= {"/tmp/", "/var/folders/", "\\Users\\", "\\Temp\\", "site-packages", "~/"}
    text = "\n".join(_strings(notebooks.read(path).cells))
    return [f"a path of this computer is in the file: {p}" for p in sorted(places) if p in text]


def _strings(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if not key.startswith("image/png"):  # base64 may hold any letters
                yield from _strings(item)


# Pictures and links --------------------------------------------------------------------------


def plots_have_alt_text(path):
    """Every picture in an output is described in words."""
    problems = []
    for number, cell in enumerate(notebooks.code_cells(notebooks.read(path)), 1):
        for output in cell.outputs:
            for kind in set(output.get("data", {})) & {"image/png", "image/svg+xml", "image/jpeg"}:
                alt = output.metadata.get(kind, {}).get("alt", "")
                if len(alt) < SHORTEST_ALT:
                    problems.append(f"code cell {number} shows a picture with alt text {alt!r}")
            html = _tags(output.get("data", {}).get("text/html", ""))
            for tag, attributes in html:
                alt = attributes.get("alt") or attributes.get("aria-label") or ""
                if tag in ("img", "svg") and len(alt) < SHORTEST_ALT:
                    problems.append(f"code cell {number} shows an <{tag}> with alt text {alt!r}")
    return problems


def pictures_in_prose(path):
    """Pictures in the prose are local files that exist, and are described in words."""
    problems = []
    cells = notebooks.read(path).cells if path.suffix == ".ipynb" else []
    attached = {f"attachment:{name}" for cell in cells for name in cell.get("attachments", {})}
    for source in _markdown(path):
        found = [(alt, target) for alt, target in PICTURE.findall(source)]
        found += [
            (attributes.get("alt") or "", attributes.get("src") or "")
            for tag, attributes in _tags(source)
            if tag == "img"
        ]
        for alt, target in found:
            if len(alt) < SHORTEST_ALT:
                problems.append(f"the picture {target} has alt text {alt!r}")
            if target not in attached and not (path.parent / unquote(target)).is_file():
                problems.append(f"the picture {target} is not a file of the course")
    return problems


def links_resolve(path):
    """Links within the course lead to files and headings that exist; also for .md files."""
    problems = []
    for source in _markdown(path):
        targets = LINK.findall(source)
        targets += [a["href"] for tag, a in _tags(source) if tag == "a" and a.get("href")]
        for target in targets:
            if re.match(r"[a-z]+:", target):  # https:, mailto:
                continue
            file, _, anchor = unquote(target).partition("#")
            other = (path.parent / file).resolve() if file else path
            if not other.exists():
                problems.append(f"the link {target} leads to no file")
            elif anchor and anchor not in _anchors(other):
                problems.append(f"the link {target} leads to no heading of {other.name}")
    return problems


def _anchors(path):
    """Return the anchors of a file as JupyterLab (notebooks) or GitHub (.md) makes them."""
    anchors = set()
    for source in _markdown(path):
        for heading in HEADING.findall(source):
            text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading)
            text = re.sub(r"[*`]", "", text)
            if path.suffix == ".ipynb":
                anchors.add(text.replace(" ", "-"))
            else:
                anchors.add(re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-"))
        for _, attributes in _tags(source):
            anchors |= {attributes.get("id"), attributes.get("name")}
    return anchors


def _markdown(path):
    """Return the pieces of prose of a notebook or .md file, without code in them."""
    if path.suffix == ".ipynb":
        cells = notebooks.read(path).cells
        pieces = [cell.source for cell in cells if cell.cell_type == "markdown"]
    else:
        pieces = [path.read_text(encoding="utf-8")]
    pieces = [re.sub(r"^(```|~~~).*?^\1", "", p, flags=re.MULTILINE | re.DOTALL) for p in pieces]
    # A heading keeps its `code`, for its anchor; elsewhere code is no link.
    return [
        "\n".join(
            line if HEADING.match(line) else re.sub(r"`[^`\n]+`", "", line)
            for line in piece.split("\n")
        )
        for piece in pieces
    ]


class _TagReader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def _tags(html):
    reader = _TagReader()
    reader.feed(html)
    return reader.found


CHECKS = [
    parameters_cell,
    executed_once,
    no_errors,
    short_cells,
    records_budget,
    fresh,
    prose_agrees,
    clean_metadata,
    small_file,
    no_machine_paths,
    plots_have_alt_text,
    pictures_in_prose,
    links_resolve,
]
# A solution has nothing to record.
CHECKS_OF_SOLUTIONS = [c for c in CHECKS if c is not records_budget]
