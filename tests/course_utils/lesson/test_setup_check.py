"""The set-up check: it sees what is wrong, says what to do, and never breaks down."""

import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

import course_utils
from course_utils.lesson import setup_check
from course_utils.lesson.setup_check import Result

ROOT = Path(__file__).resolve().parents[3]


def test_this_computer_is_ready(capsys):
    assert setup_check.report(), capsys.readouterr().out
    printed = capsys.readouterr().out
    assert "[OK]   Python 3." in printed
    assert "[OK]   tensorflow 2." in printed
    assert "trained one step" in printed
    assert "FAIL" not in printed and "→" not in printed
    assert str(ROOT) not in printed and str(Path.home()) not in printed


def test_report_puts_the_mend_below_what_failed(capsys):
    def good():
        return Result(True, "good", "nothing")

    def bad():
        return [Result(False, "bad", "do this"), Result(None, "by the way", "or that")]

    assert not setup_check.report([good, bad])
    assert capsys.readouterr().out.splitlines() == [
        "[OK]   good",
        "[FAIL] bad",
        "       → do this",
        "[note] by the way",
        "       → or that",
        "",
        "1 to mend: do what stands behind each arrow, restart the kernel, run again.",
    ]


def test_a_remark_alone_fails_nothing(capsys):
    assert setup_check.report([lambda: Result(None, "by the way")])
    assert capsys.readouterr().out.splitlines() == ["[note] by the way", "", "Everything is ready."]


@pytest.mark.parametrize("error", [ImportError("no tensorflow"), OSError(), KeyError("x")])
def test_a_check_that_breaks_down_fails_and_the_others_still_run(error, capsys):
    def trains():
        raise error

    assert not setup_check.report([trains, lambda: Result(True, "the next")])
    printed = capsys.readouterr().out
    assert f"[FAIL] trains: {type(error).__name__}: " in printed
    assert "make lab" in printed and "[OK]   the next" in printed


@pytest.mark.parametrize(
    ("version", "ok"),
    [("3.10.14", False), ("3.11.0", True), ("3.13.9", True), ("3.14.0", False)],
)
def test_python_version(version, ok):
    result = setup_check.python_version(version)
    assert result.ok is ok and version in result.what and "install Python" in result.mend


def test_python_range_is_that_of_the_project():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert setup_check.PYTHON == project["requires-python"]


def test_packages(tmp_path):
    installed = {"good": "2.1", "old": "1.9", "new": "3.0", "early": "2.5rc1"}

    def version_of(name):
        if name not in installed:
            raise metadata.PackageNotFoundError(name)
        return installed[name]

    (tmp_path / "requirements.txt").write_text(
        "# what the course needs\n-e .\n\ngood>=2,<3  # 05: a reason\nold>=2,<3\nnew>=2,<3\n"
        "absent>=1\nearly>=2\nelsewhere>=1; python_version < '3'\n",
        encoding="utf-8",
    )
    results = setup_check.packages(tmp_path / "requirements.txt", version_of)
    assert [(result.what.split()[0], result.ok) for result in results] == [
        ("good", True),
        ("old", False),
        ("new", False),
        ("absent", False),
        ("early", True),
    ]
    assert results[3].what == "absent is not installed"
    assert all("requirements.txt" in result.mend for result in results)


def test_every_requirement_of_the_course_is_looked_at():
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    wanted = [line for line in lines if line and not line.startswith(("#", "-"))]
    assert len(setup_check.packages()) == len(wanted) > 10


def test_without_requirements_there_is_a_remark(tmp_path):
    (result,) = setup_check.packages(tmp_path / "requirements.txt")
    assert result.ok is None


@pytest.mark.parametrize(
    ("prefix", "others", "ok"),
    [
        (".venv", [Result(True, "")], True),
        ("conda", [Result(True, "")], None),
        ("conda", [Result(True, ""), Result(False, "")], False),
    ],
)
def test_environment(prefix, others, ok, tmp_path):
    result = setup_check.environment(tmp_path / prefix, tmp_path, others)
    assert result.ok is ok
    assert str(tmp_path) not in result.what
    assert ("make lab" in result.mend) == (ok is False)


@pytest.mark.parametrize(("version", "ok"), [(course_utils.__version__, True), ("0.0.1", False)])
def test_notebooks_of_another_version(version, ok, tmp_path):
    (tmp_path / "course_utils").mkdir()
    init = tmp_path / "course_utils" / "__init__.py"
    init.write_text(f'"""Doc."""\n__version__ = "{version}"\n', encoding="utf-8")
    (tmp_path / "work").mkdir()
    result = setup_check.same_version(tmp_path / "work")
    assert result.ok is ok and version in result.what


def test_notebooks_that_lie_apart_get_a_remark(tmp_path):
    assert setup_check.same_version(tmp_path).ok is None


def test_training_that_goes_nowhere_fails(monkeypatch):
    from course_utils.lesson.backend import keras

    monkeypatch.setattr(keras.Sequential, "train_on_batch", lambda *args: float("nan"))
    result = setup_check.trains()
    assert result.ok is False and "nan" in result.mend


def test_folder_writable(tmp_path):
    assert setup_check.folder_writable(tmp_path).ok is True
    assert not list(tmp_path.iterdir())
    missing = setup_check.folder_writable(tmp_path / "missing")  # root may write anywhere else
    assert missing.ok is False and "can't" in missing.what and "move" in missing.mend


@pytest.mark.parametrize("check", [setup_check.memory, setup_check.disk])
def test_memory_and_disk(check):
    assert check(0.4).ok is False and "0.4 GB" in check(0.4).what
    assert check(2.5).ok is True
    assert check().ok is not None


def test_memory_without_psutil_gets_a_remark(monkeypatch):
    monkeypatch.setitem(sys.modules, "psutil", None)  # importing it raises ImportError
    assert setup_check.memory().ok is None


def test_importing_it_is_quick_and_loads_no_tensorflow():
    code = "import sys, course_utils.lesson.setup_check; sys.exit('tensorflow' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
