"""Sweeps: what runs, what runs again, and what a failure leaves."""

import dataclasses
import json
import shutil
from itertools import chain, repeat

import pytest
import tiny

from tools import kernels, notebooks, sweeps

PARAMETERS = 'budget = "class"\nvariant = "left"\nseed = 0'
# It leaves a line for each run in ran.txt, and fails as long as there is a file named as its seed.
RUN = """
from pathlib import Path

with open(HERE / "ran.txt", "a") as file:
    file.write(f"{variant} {seed} {budget}\\n")
assert not (HERE / str(seed)).exists(), "this one fails"
record(exact=10.0 * seed, curve=[0.0, 0.5])
"""


@pytest.fixture
def sweep(tmp_path, monkeypatch):
    """A lesson 12, and a function that sweeps it: status, and the lines of the runs made."""
    monkeypatch.setattr(
        sweeps,
        "SWEEPS",
        {"12": sweeps.Sweep("12_tiny", {"variant": ["both reversed"], "seed": [0, 1]}, "smoke")},
    )
    for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
        monkeypatch.setenv(name, "1")  # what the tool sets is undone after the test
    write_lesson(tmp_path)

    def call():
        ran = tmp_path / "ran.txt"
        ran.write_text("")
        status = sweeps.main(["12"], tmp_path, tmp_path / "build", tmp_path / "tables")
        return status, sorted(ran.read_text().splitlines())

    return call


def write_lesson(folder, source=RUN, *more, parameters=PARAMETERS):
    here = f"from pathlib import Path\n\nHERE = Path({str(folder)!r})"
    return tiny.save(
        folder / "12_tiny.ipynb",
        tiny.text("# A lesson"),
        tiny.parameters(parameters),
        tiny.code(f"{tiny.IMPORTS}\n{here}", "sweep"),
        tiny.code("1 / 0  # not part of the sweep"),
        tiny.code(source, "sweep", "nbval-ignore-output"),
        *more,
    )


def table(tmp_path):
    return json.loads((tmp_path / "tables" / "12_tiny.json").read_text(encoding="utf-8"))


FIRST, SECOND = "both reversed 0 smoke", "both reversed 1 smoke"


def test_a_sweep_runs_its_cells_with_all_settings_and_writes_the_table(sweep, tmp_path, capsys):
    assert sweep() == (0, [FIRST, SECOND])
    found = table(tmp_path)
    for run in found["runs"]:
        assert run.pop("seconds") >= 0
        assert {"keras", "numpy", "python", "tensorflow"} == set(run.pop("versions"))
    common = {"budget": "smoke", "variant": "both reversed", "curve": [0.0, 0.5]}
    common["kernels"] = "this processor's own"
    assert found["runs"] == [
        {"seed": 0, "exact": 0.0} | common,
        {"seed": 1, "exact": 10.0} | common,
    ]
    assert found["settings"] == {"budget": "smoke", "variant": ["both reversed"], "seed": [0, 1]}
    assert "variant=both-reversed,seed=1: ok" in capsys.readouterr().out


def test_only_what_is_missing_or_has_changed_is_run_again(sweep, tmp_path):
    sweep()
    build = tmp_path / "build" / "12"
    whole = table(tmp_path)
    (note,) = build.glob("*seed=1.json")
    note.unlink()  # as if the sweep had been interrupted in this run,
    (tmp_path / "tables" / "12_tiny.json").unlink()  # and had not come to its table
    write_lesson(tmp_path, RUN, tiny.text("More prose."), tiny.code("more = 'code elsewhere'"))
    assert sweep() == (0, [SECOND])
    assert [{**run, "seconds": 0} for run in table(tmp_path)["runs"]] == [
        {**run, "seconds": 0} for run in whole["runs"]
    ]
    assert sweep() == (0, [])
    write_lesson(tmp_path, RUN.replace("10.0", "20.0"))  # a changed run is another one
    assert sweep() == (0, [FIRST, SECOND])
    assert [run["exact"] for run in table(tmp_path)["runs"]] == [0.0, 20.0]


# Kernels are chosen when NumPy is loaded, so nothing may load it before.
WITH_CORE = f"""import os
import sys

core, early = os.environ.get("OPENBLAS_CORETYPE", "its own"), "numpy" in sys.modules
{PARAMETERS}"""


def test_a_run_made_elsewhere_begins_with_other_kernels_and_its_row_names_them(
    sweep, monkeypatch, tmp_path
):
    here = sweeps.SWEEPS["12"]
    elsewhere = dataclasses.replace(here, elsewhere={"seed": [1]})
    monkeypatch.setitem(sweeps.SWEEPS, "12", elsewhere)
    run = RUN.replace("record(", "record(core=core, early=early, ")
    write_lesson(tmp_path, run, parameters=WITH_CORE)
    assert sweep() == (0, [FIRST, SECOND])
    found = [[run[key] for key in ("seed", "core", "kernels")] for run in table(tmp_path)["runs"]]
    assert found == [
        [0, "its own", "this processor's own"],
        [1, "Haswell", "Haswell, without oneDNN, 1 thread"],
    ]
    assert not any(run["early"] for run in table(tmp_path)["runs"])
    (executed,) = (tmp_path / "build" / "12").glob("*seed=1.ipynb")
    first = notebooks.code_cells(notebooks.read(executed))[0]
    assert first.source == f"import os\n\nos.environ.update({kernels.other()!r})"
    shutil.rmtree(tmp_path / "build")  # what is in the table is known, its kernels too
    assert sweep() == (0, [])
    assert [run["kernels"] for run in table(tmp_path)["runs"]] == [name for *_, name in found]


def test_half_of_the_other_starts_of_a_lesson_are_elsewhere():
    starts = sweeps.starts("05_starts")
    away = {run["first_seed"]: bool(starts.kernels(run)) for run in starts.runs}
    assert away == {100: False, 105: True, 110: False, 115: True}
    assert not any(map(sweeps.SWEEPS["12"].kernels, sweeps.SWEEPS["12"].runs))


def test_runs_of_the_shipped_table_are_not_made_again_if_the_code_is_the_same(sweep, tmp_path):
    sweep()
    path = tmp_path / "tables" / "12_tiny.json"
    path.write_text(path.read_text("utf-8").replace('"python": "3', '"python": "2'), "utf-8")
    shutil.rmtree(tmp_path / "build")
    assert sweep() == (0, [])
    assert [run["versions"]["python"][0] for run in table(tmp_path)["runs"]] == ["2", "2"]
    assert [run["exact"] for run in table(tmp_path)["runs"]] == [0.0, 10.0]
    shutil.rmtree(tmp_path / "build")
    write_lesson(tmp_path, RUN.replace("10.0", "20.0"))
    assert sweep() == (0, [FIRST, SECOND])


def test_a_failing_run_is_reported_and_loses_neither_the_others_nor_the_table(
    sweep, tmp_path, capsys
):
    old = tmp_path / "tables" / "12_tiny.json"
    old.parent.mkdir()
    old.write_text('{"fingerprint": "other"}')
    (tmp_path / "1").touch()
    assert sweep() == (1, [FIRST, SECOND])
    told = capsys.readouterr()
    assert "seed=1: code cell 4" in told.out and "AssertionError: this one fails" in told.out
    assert "stays as it was" in told.err
    assert old.read_text() == '{"fingerprint": "other"}'
    (tmp_path / "1").unlink()
    assert sweep() == (0, [SECOND])


@pytest.mark.parametrize(("same", "ran"), [(1, []), (3, [FIRST, SECOND])], ids=["before", "during"])
def test_a_run_counts_only_if_the_code_stays_the_same(sweep, monkeypatch, capsys, same, ran):
    marks = chain(["first"] * same, repeat("second"))
    monkeypatch.setattr(sweeps, "fingerprint", lambda part: next(marks))
    assert sweep() == (1, ran)
    assert capsys.readouterr().out.count("code has changed") == 2
    monkeypatch.setattr(sweeps, "fingerprint", lambda part: "first")
    assert sweep() == (0, [FIRST, SECOND])


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda folder: write_lesson(folder, parameters='budget = "class"'), "seed, variant"),
        (lambda folder: tiny.lesson(folder / "12_tiny.ipynb"), "tagged `sweep`"),
        (lambda folder: (folder / "12_tiny.ipynb").unlink(), "no lesson '12'"),
    ],
    ids=["no such parameters", "no cells", "no lesson"],
)
def test_what_cannot_be_swept_is_refused(sweep, tmp_path, capsys, change, says):
    change(tmp_path)
    assert sweep() == (2, [])
    assert says in capsys.readouterr().err
    assert not (tmp_path / "tables").exists()


def test_each_sweep_fits_its_lesson():
    for number, sweep in sweeps.SWEEPS.items():
        (path,) = notebooks.find(notebooks.NOTEBOOKS, number)
        part = sweeps.swept_part(notebooks.read(path))
        notebooks.require_parameters(part, ["budget", *sweep.parameters])
        assert len({sweeps.name_of(run) for run in sweep.runs}) == len(sweep.runs)
