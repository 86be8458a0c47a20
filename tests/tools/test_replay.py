"""The replay compares what a reader sees: six significant digits, and counts exactly."""

import subprocess
import sys

import nbformat
import pytest
import tiny

from tools import notebooks, replay, tidying
from tools.notebooks import ROOT
from tools.tidying import KERNELSPEC


def shows(value):
    data = {"text/plain": f"unigram = {value:.12g}", "application/x": {"unigram": [value]}}
    return [nbformat.from_dict({"output_type": "display_data", "data": data, "metadata": {}})]


@pytest.mark.parametrize(
    ("now", "same"),
    [
        (2.8280077562124997, True),  # another kernel of the same library
        (2.8280078562125, True),  # the 8th digit
        (2.8284077562125, False),  # the 5th
        (2.8290077562125, False),  # the 4th
    ],
)
def test_a_difference_counts_from_the_sixth_digit_on(now, same):
    committed = shows(2.8280077562125)
    assert (replay.as_committed(shows(now), committed) == committed) is same


@pytest.mark.parametrize(
    ("now", "before", "same"),
    [
        ("1000001 of 1000002", "1000000 of 1000002", False),  # counts are exact
        ("loss 1.0000001e-05", "loss 1.0000002e-05", True),
        ("loss 1.0001e-05", "loss 1.0002e-05", False),
        ("a 0.5 b", "a 0.5 c", False),
        ("0.5 0.5", "0.5", False),
        ("0.12", "0.13", False),
    ],
)
def test_numbers_in_texts_are_compared_one_by_one(now, before, same):
    assert (replay.as_committed(now, before) == before) is same


def test_what_is_no_number_stays_as_it_is():
    for now, before in [([1, 2], [1]), ({"a": 1}, {}), (True, 1.0), (1, 2), (None, "")]:
        assert replay.as_committed(now, before) is now or replay.as_committed(now, before) == now


@pytest.mark.parametrize(("shown", "status"), [("2.82800775", 0), ("2.8290", 1)])
def test_nbval_compares_so(tmp_path, shown, status):
    output = {"output_type": "stream", "name": "stdout", "text": f"{shown}\n"}
    cell = tiny.code("print(2.82800776)", count=1, outputs=[output])
    path = tiny.save(tmp_path / "lesson.ipynb", cell, kernelspec=KERNELSPEC)
    words = [sys.executable, "-m", "pytest", "-p", "tools.replay", "--nbval", "--nbval-current-env"]
    run = subprocess.run([*words, path], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == status, run.stdout


def test_copies_run_with_other_parameters_and_keep_outputs(tmp_path):
    path = tiny.lesson(tmp_path / "01_ok.ipynb")
    tidying.update(path, build=tmp_path / "build")
    target = tmp_path / "copies"
    target.mkdir()
    tiny.save(target / "00_old.ipynb")
    replay.write_copies([path], target, {"budget": "smoke"})
    assert [copy.name for copy in target.iterdir()] == ["01_ok.ipynb"]
    cells = notebooks.read(target / "01_ok.ipynb").cells
    assert 'budget = "smoke"' in cells[2].source
    assert str(tmp_path) in cells[2].source.replace("\\\\", "\\")
    assert cells[-1].outputs == notebooks.read(path).cells[-1].outputs
