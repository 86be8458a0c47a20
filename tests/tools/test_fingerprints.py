"""Fingerprints: which changes make outputs stale."""

import pytest
import tiny

from tools import fingerprints, notebooks


@pytest.fixture
def package(tmp_path):
    """A package like course_utils: `carry` imports `floor`; nothing imports `other`."""
    folder = tmp_path / "course_utils"
    (folder / "data").mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    (folder / "data" / "carry.py").write_text(
        '"""Carry."""\n\nfrom course_utils.data import floor\n\nONE = 1  # one\n'
    )
    (folder / "data" / "floor.py").write_text('def floor():\n    """Return it."""\n    return 0\n')
    (folder / "data" / "other.py").write_text("")
    return folder


def test_fingerprint_follows_code_and_imports_only(tmp_path, package):
    notebook = notebooks.read(
        tiny.save(
            tmp_path / "1.ipynb", tiny.code("from course_utils.data import carry\n%time carry.ONE")
        )
    )
    before = fingerprints.fingerprint(notebook, package)

    def after(file, text):
        path = package / file
        old = path.read_text()
        path.write_text(text if text.startswith("all:") else old + text)
        changed = fingerprints.fingerprint(notebook, package)
        path.write_text(old)
        return changed

    assert after("data/carry.py", "TWO = 2\n") != before
    assert after("data/floor.py", "TWO = 2\n") != before
    assert after("data/other.py", "TWO = 2\n") == before
    assert after("__init__.py", "__version__ = '2'\n") == before
    assert after("data/floor.py", "\n\n# a comment\n") == before
    (package / "data" / "floor.py").write_text(
        'def floor():\n    """Say it\n    better."""\n    return 0\n'
    )
    assert fingerprints.fingerprint(notebook, package) == before
    notebook.cells.append(tiny.text("more prose"))
    assert fingerprints.fingerprint(notebook, package) == before
    (package / "data" / "floor.js").write_text("let floor = 0;")
    assert fingerprints.fingerprint(notebook, package) != before
    (package / "data" / "floor.js").unlink()
    (package / "checkpoints").mkdir()
    shipped = package / "checkpoints" / "09_net.weights.h5"
    shipped.write_bytes(b"1")
    assert fingerprints.fingerprint(notebook, package) == before  # no cell names it
    notebook.cells.append(tiny.code('open("09_net")'))
    with_one = fingerprints.fingerprint(notebook, package)
    shipped.write_bytes(b"2")
    assert fingerprints.fingerprint(notebook, package) not in (before, with_one)
    notebook.cells.pop()
    notebook.cells.append(tiny.code("more = 1"))
    assert fingerprints.fingerprint(notebook, package) != before


@pytest.mark.parametrize(
    "source",
    [
        "import course_utils.data.carry",
        "import course_utils.data.carry as c",
        "from course_utils.data.carry import ONE",
        "def late():\n    from course_utils.data import carry",
    ],
)
def test_fingerprint_sees_every_way_to_import(tmp_path, package, source):
    notebook = notebooks.read(tiny.save(tmp_path / "1.ipynb", tiny.code(source)))
    before = fingerprints.fingerprint(notebook, package)
    (package / "data" / "floor.py").write_text("changed = True\n")
    assert fingerprints.fingerprint(notebook, package) != before
