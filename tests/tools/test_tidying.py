"""What the tool leaves in committed files."""

import pytest
import tiny

from tools import fingerprints, notebooks, tidying


def test_update_refreshes_outputs_and_prose(tmp_path):
    bar = tiny.code(
        "import time\n\nfor i in range(3):\n    print(f'step {i}', end='\\r', flush=True)\n"
        "    time.sleep(0.2)\nprint('step 3')"
    )
    path = tiny.lesson(tmp_path / "01_ok.ipynb", bar)
    assert not fingerprints.is_fresh(notebooks.read(path))
    assert tidying.update(path, build=tmp_path / "build").error is None

    notebook = notebooks.read(path)
    assert fingerprints.is_fresh(notebook)
    assert "The loss is 0.05<!--=loss:.2f-->." in notebook.cells[0].source
    assert [cell.execution_count for cell in notebook.cells[1:]] == [1, 2, 3, 4]
    assert [output.text for output in notebook.cells[3].outputs] == ["step 3\n"]
    assert set(notebook.metadata) == {"kernelspec", "language_info", "learning_to_carry"}
    assert all(set(cell.metadata) <= {"tags"} for cell in notebook.cells)

    first = path.read_bytes()
    assert tidying.update(path, build=tmp_path / "build").error is None
    assert path.read_bytes() == first and first.endswith(b"}\n")


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        (tiny.code("1 / 0"), "code cell 3"),
        (tiny.text("It is 1<!--=lost:d-->."), "'lost'"),
    ],
    ids=["fails", "quotes what isn't recorded"],
)
def test_update_keeps_the_old_file_if_something_is_wrong(tmp_path, cell, says):
    path = tiny.lesson(tmp_path / "01_bad.ipynb", cell)
    before = path.read_bytes()
    assert says in tidying.update(path, build=tmp_path / "build").error
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.glob("*01*")] == ["01_bad.ipynb"]


def test_refresh_prose_runs_nothing(tmp_path):
    path = tiny.lesson(tmp_path / "01_ok.ipynb")
    tidying.update(path, build=tmp_path / "build")
    notebook = notebooks.read(path)
    notebook.cells[0].source = "Now 0<!--=loss:.3f-->"
    notebooks.write(notebook, path)
    tidying.refresh_prose(path)
    assert notebooks.read(path).cells[0].source == "Now 0.050<!--=loss:.3f-->"
