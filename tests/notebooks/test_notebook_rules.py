"""Each rule for notebooks accepts a good notebook and finds what is wrong with a bad one."""

import notebook_rules as rules
import pytest
import tiny

from course_utils.lesson.results import MIME
from tools import notebooks, tidying


def printed(text, name="stdout"):
    return {"output_type": "stream", "name": name, "text": text}


def failed():
    return {"output_type": "error", "ename": "ValueError", "evalue": "no", "traceback": []}


def shown(data, metadata=None):
    return {"output_type": "display_data", "data": data, "metadata": metadata or {}}


def values(**recorded):
    return shown({"text/plain": "", MIME: recorded})


def picture(alt):
    return shown({"image/png": "iVBORw0KGgo="}, {"image/png": {"alt": alt}})


ALT = "a line that falls to the dashed floor"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "cell.svg").write_text("<svg/>")
    (tmp_path / "page.md").write_text('# One & two\n\n## `code` here\n\n<a id="own"></a>\n')
    return tmp_path


@pytest.fixture
def good(folder):
    """A small notebook in which nothing is wrong."""
    path = tiny.save(
        folder / "01_good.ipynb",
        tiny.text("# Good one\n\nIt is 0.05<!--=loss:.2f-->, see [two](page.md#one--two)."),
        tiny.text(f"![{ALT}](cell.svg) and [here](#Good-one), `[no](link)`"),
        tiny.parameters(count=1),
        tiny.code("a", count=2, outputs=[values(budget="class", loss=0.0512), picture(ALT)]),
        tiny.code("b", "raises-exception", count=3, outputs=[failed(), printed("text")]),
    )
    notebook = notebooks.read(path)
    tidying.tidy(notebook)
    notebooks.write(notebook, path)
    return path


@pytest.mark.parametrize("check", rules.CHECKS, ids=lambda check: check.__name__)
def test_a_good_notebook_has_no_problems(check, good):
    assert check(good) == []


def only_problem(check, path):
    problems = check(path)
    assert len(problems) == 1, problems
    return problems[0]


@pytest.mark.parametrize(
    "cells",
    [
        [tiny.code('budget = "class"')],
        [tiny.code("import os"), tiny.parameters()],
        [tiny.parameters(), tiny.parameters()],
        [tiny.parameters('budget = "smoke"')],
        [tiny.parameters("seed = 1")],
    ],
    ids=["untagged", "second", "twice", "other budget", "no budget"],
)
def test_parameters_cell(folder, cells):
    assert "parameters" in only_problem(
        rules.parameters_cell, tiny.save(folder / "1.ipynb", *cells)
    )


@pytest.mark.parametrize("counts", [[1, 3], [2, 1], [1, None], [2, 3]])
def test_executed_once(folder, counts):
    cells = [tiny.code("a", count=count) for count in counts]
    assert str(counts) in only_problem(rules.executed_once, tiny.save(folder / "1.ipynb", *cells))


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        (tiny.code("a", outputs=[failed()]), "ValueError: no"),
        (tiny.code("a", "raises-exception"), "nothing failed"),
        (tiny.code("a", outputs=[printed("careful", "stderr")]), "stderr"),
    ],
)
def test_no_errors(folder, cell, says):
    assert says in only_problem(rules.no_errors, tiny.save(folder / "1.ipynb", cell))


def test_short_cells(folder):
    path = tiny.save(folder / "1.ipynb", tiny.code("a\n" * 31), tiny.code(" "))
    assert len(rules.short_cells(path)) == 2


@pytest.mark.parametrize("recorded", [{"loss": 1}, {"budget": "smoke"}])
def test_records_budget(folder, recorded):
    path = tiny.save(folder / "1.ipynb", tiny.code("a", outputs=[values(**recorded)]))
    assert "record(budget=budget)" in only_problem(rules.records_budget, path)


def test_fresh(good):
    notebook = notebooks.read(good)
    notebook.cells[-1].source = "changed"
    notebooks.write(notebook, good)
    assert "make notebooks LESSON=01" in only_problem(rules.fresh, good)


@pytest.mark.parametrize(
    ("prose", "says"),
    [
        ("0.06<!--=loss:.2f-->", "0.05"),
        ("0.05<!--=lost:.2f-->", "'lost'"),
        ("0.05<!--=loss-->", "must look like"),
        ("0.05 <!--=loss:.2f-->", "must look like"),
        ("0.05<!-- =loss:.2f-->", "must look like"),
        ("0.05<!--=loss:d-->", "format"),
    ],
)
def test_prose_agrees(folder, prose, says):
    cell = tiny.code("a", outputs=[values(loss=0.0512)])
    path = tiny.save(folder / "1.ipynb", tiny.text(prose), cell)
    assert says in only_problem(rules.prose_agrees, path)


def test_clean_metadata(folder):
    path = tiny.save(
        folder / "1.ipynb",
        tiny.code("a", "injected-parameters"),
        widgets={},
        kernelspec={"name": "r", "display_name": "R"},
    )
    notebook = notebooks.read(path)
    notebook.cells[0].metadata["execution"] = {}
    notebooks.write(notebook, path)
    assert len(rules.clean_metadata(path)) == 4


def test_small_file(folder):
    path = tiny.save(folder / "1.ipynb", tiny.code("a", outputs=[printed("x" * 2_000_000)]))
    assert "bytes" in only_problem(rules.small_file, path)


@pytest.mark.parametrize(
    "cell",
    [
        tiny.text("see /home/ada/course"),
        tiny.code("open('C:\\\\Users\\\\ada')".replace("\\\\", "\\")),
        tiny.code("a", outputs=[printed("File ~/course/x.py")]),
        tiny.code("a", outputs=[{**failed(), "traceback": ["lib/site-packages/keras"]}]),
        tiny.code("a", outputs=[shown({"text/html": str(notebooks.ROOT)})]),
    ],
    ids=["prose", "code", "printed", "traceback", "html"],
)
def test_no_machine_paths(folder, cell):
    assert rules.no_machine_paths(tiny.save(folder / "1.ipynb", cell))


@pytest.mark.parametrize(
    "output",
    [
        picture(""),
        picture("a plot"),
        shown({"image/png": "iVBORw0KGgo="}),
        shown({"image/svg+xml": "<svg/>"}),
        shown({"text/html": '<img src="data:image/png;base64,x">'}),
        shown({"text/html": "<p><svg></svg></p>"}),
    ],
)
def test_plots_have_alt_text(folder, output):
    path = tiny.save(folder / "1.ipynb", tiny.code("a", outputs=[output]))
    assert "alt text" in only_problem(rules.plots_have_alt_text, path)


@pytest.mark.parametrize(
    ("prose", "says"),
    [
        ("![](cell.svg)", "alt text"),
        ('<img src="cell.svg">', "alt text"),
        (f"![{ALT}](lost.svg)", "not a file"),
        (f"![{ALT}](https://example.org/cell.svg)", "not a file"),
        (f"![{ALT}](attachment:cell.svg)", "not a file"),
    ],
)
def test_pictures_in_prose(folder, prose, says):
    path = tiny.save(folder / "1.ipynb", tiny.text(prose))
    assert says in only_problem(rules.pictures_in_prose, path)


@pytest.mark.parametrize(
    "prose",
    [
        "# A\n\n[x](#a)",
        "[x](lost.ipynb)",
        "[x](page.md#three)",
        '<a href="lost.md">x</a>',
        "[![x](cell.svg)](lost.md)",
    ],
)
def test_links_resolve_finds(folder, prose):
    assert "leads to no" in only_problem(
        rules.links_resolve, tiny.save(folder / "1.ipynb", tiny.text(prose))
    )


@pytest.mark.parametrize(
    "prose",
    [
        "# A *b* [c](page.md)\n\n[x](#A-b-c)",
        "[x](page.md#one--two) [x](page.md#code-here) [x](page.md#own)",
        "[x](https://example.org/#y) [x](mailto:a@example.org)",
        "```\n[x](lost.md)\n```",
    ],
)
def test_links_resolve_accepts(folder, prose):
    assert rules.links_resolve(tiny.save(folder / "1.ipynb", tiny.text(prose))) == []
