"""Run a part of one lesson with many settings, and gather what it recorded in a table.

    python -m tools.sweeps 12 [--jobs 2]

What to run stands in SWEEPS below. A run executes, with papermill, the lesson's cells tagged
`parameters` and `sweep`, and no others. Its note goes to build/sweeps/; what is noted there or in
the shipped table already, for the same code and settings, is not run again, so an interrupted sweep
goes on where it stopped. When no run is missing, the table goes to the shipped checkpoints.
"""

import argparse
import json
import os
import re
import sys
from dataclasses import dataclass, field
from itertools import product

import nbformat

from course_utils.networks.shipped import FOLDER
from tools import kernels, lessons, running
from tools.fingerprints import fingerprint
from tools.notebooks import (
    BUILD,
    NOTEBOOKS,
    CannotRun,
    code_cells,
    find,
    read,
    require_parameters,
    tags,
    write,
)


@dataclass(frozen=True)
class Sweep:
    """What is run of a lesson.

    Attributes:
        table: the name under which `course_utils.networks.shipped.record_of` finds the table.
        parameters: a list of values for each name; every combination is run.
        budget: for all runs.
        elsewhere: values, by name of a parameter, with which the run is made as on another
            processor (`tools.kernels.other`).
    """

    table: str
    parameters: dict
    budget: str = "full"
    elsewhere: dict = field(default_factory=dict)

    @property
    def runs(self):
        """The settings of each run."""
        return [
            dict(zip(self.parameters, values, strict=True))
            for values in product(*self.parameters.values())
        ]

    def kernels(self, chosen):
        """Return the arithmetic kernels for a run with these settings, for `tools.kernels`."""
        away = any(chosen[name] in values for name, values in self.elsewhere.items())
        return kernels.other() if away else {}


def starts(table, budget="class"):
    """Return the sweep of a lesson that trains from five seeds: twenty others, half elsewhere."""
    first = {"first_seed": [100, 105, 110, 115]}
    return Sweep(table, first, budget, elsewhere={"first_seed": [105, 115]})


ORDERS = [
    "left",
    "right",
    "zeros",
    "masked",
    "reversed question",
    "reversed answer",
    "both reversed",
    "Keras's example",
    "lesson 09",
    "zeros, both reversed",
]
CURRICULA = ["baseline", "naive", "mixed", "combined"]
SWEEPS = {
    "12": Sweep("12_orders", {"seed": [0, 1, 2], "variant": ORDERS}),
    "14": Sweep(
        "14_curricula",
        {"seed": [0, 1, 2, 3, 4], "variant": [*CURRICULA, "copying"]},
        elsewhere={"seed": [3, 4]},
    ),
    # Other starts of what these lessons train before the reader's eyes.
    "05": starts("05_starts"),
    "07": starts("07_starts"),
    "09": starts("09_starts", "full"),
}


def swept_part(notebook):
    """Return a notebook with only those cells that a sweep runs.

    Raises:
        CannotRun: if there are none.
    """
    cells = [c for c in code_cells(notebook) if {"parameters", "sweep"} & {*tags(c)}]
    if not any("sweep" in tags(cell) for cell in cells):
        raise CannotRun("A sweep runs the cells tagged `sweep`, but the lesson has none.")
    part = nbformat.v4.new_notebook(cells=cells, metadata=notebook.metadata)
    for cell in cells:
        cell.outputs = []
    return part


def with_kernels(part, chosen):
    """Return a part of a lesson that begins by choosing arithmetic kernels."""
    cells = [nbformat.v4.new_code_cell(f"import os\n\nos.environ.update({chosen!r})"), *part.cells]
    return nbformat.v4.new_notebook(cells=cells, metadata=part.metadata)


def name_of(settings):
    """Return a file name for a run, such as ``variant=both-reversed,seed=0``."""
    name = ",".join(f"{k}={v}" for k, v in settings.items())
    return re.sub(r"[^\w=,.]+", "-", name)


def unpack(sweep, mark, build, folder):
    """Note the runs of the shipped table that are of the code with this fingerprint."""
    path = folder / f"{sweep.table}.json"
    record = json.loads(path.read_text("utf-8")) if path.exists() else {}
    if record.get("fingerprint") != mark:
        return
    names = ["budget", *sweep.parameters]
    for run in record["runs"]:
        settings = {name: run.pop(name) for name in names}
        if known(settings, mark, build) is None:
            seconds, versions = run.pop("seconds"), run.pop("versions")
            note_run(settings, mark, seconds, versions, run, build)


def note_run(settings, mark, seconds, versions, recorded, build):
    """Write the note of a run."""
    from course_utils.networks.storage import replacing

    note = {"settings": settings, "fingerprint": mark, "seconds": seconds, "versions": versions}
    build.mkdir(parents=True, exist_ok=True)
    with replacing(build / f"{name_of(settings)}.json") as new:
        new.write_text(json.dumps(note | {"recorded": recorded}), "utf-8")


def known(settings, mark, build):
    """Return what is noted of a run of the code with this fingerprint, or None."""
    note = build / f"{name_of(settings)}.json"
    run = json.loads(note.read_text("utf-8")) if note.exists() else {}
    return run if (run.get("settings"), run.get("fingerprint")) == (settings, mark) else None


def run(part, settings, mark, build, chosen):
    """Run the swept part of a lesson; note what it recorded if it ran through.

    If the code is no longer what the fingerprint belongs to, that is an error, too.

    Args:
        part: a notebook, see `swept_part`.
        settings: values to inject, by name.
        mark: the fingerprint of the part.
        build: folder for the note and the executed notebook.
        chosen: the arithmetic kernels.

    Returns:
        A `running.Outcome`; its ``lesson`` is the name of the run.
    """
    source = build / "running" / f"{name_of(settings)}.ipynb"  # where it stays if it fails
    source.parent.mkdir(parents=True, exist_ok=True)
    write(with_kernels(part, chosen), source)
    outcome = running.Outcome(source.stem, 0.0)
    if fingerprint(part) == mark:
        outcome = running.run_lesson(source, source, settings)
    if fingerprint(part) != mark:
        outcome.error = f"{source.stem}: the code has changed since the sweep began."
    if outcome.ok:
        os.replace(source, build / source.name)
        seconds = round(outcome.seconds)
        recorded = outcome.recorded | {"kernels": kernels.named(chosen)}
        note_run(settings, mark, seconds, running.versions(), recorded, build)
    return outcome


def run_missing(sweep, part, mark, build, jobs):
    """Run what is missing, `jobs` at the same time, each in a process of its own with one thread.

    Returns:
        A list of `running.Outcome`.
    """
    os.environ.update(TF_NUM_INTRAOP_THREADS="1", TF_NUM_INTEROP_THREADS="1")
    settings = [{"budget": sweep.budget, **chosen} for chosen in sweep.runs]
    missing = [chosen for chosen in settings if known(chosen, mark, build) is None]
    print(f"{len(settings)} runs, {len(settings) - len(missing)} of them done before", flush=True)

    def run_one(settings):
        return run(part, settings, mark, build, sweep.kernels(settings))

    return running.side_by_side(run_one, missing, jobs)


def gather(sweep, mark, build, folder):
    """Write the table of all runs, which must be noted, to the folder; return its path."""
    from course_utils.networks.storage import replacing

    notes = [known({"budget": sweep.budget, **chosen}, mark, build) for chosen in sweep.runs]
    record = {
        "settings": {"budget": sweep.budget, **sweep.parameters},
        "fingerprint": mark,
        "runs": [
            n["settings"] | {"seconds": n["seconds"], "versions": n["versions"]} | n["recorded"]
            for n in notes
        ],
    }
    # Indented but for the runs, which take a line each.
    runs = ",\n".join(f"  {json.dumps(each)}" for each in record.pop("runs"))
    text = json.dumps(record, indent=1).removesuffix("\n}")
    with replacing(folder / f"{sweep.table}.json") as new:
        new.write_text(f'{text},\n "runs": [\n{runs}\n ]\n}}\n', "utf-8")
    return folder / f"{sweep.table}.json"


def main(words=None, notebooks=NOTEBOOKS, build=BUILD / "sweeps", folder=FOLDER):
    """Run this tool; return its exit status (1: a run failed, 2: refused)."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("lesson", choices=SWEEPS, help="number of the lesson")
    parser.add_argument("--jobs", type=int, default=2, help="runs at a time")
    arguments = parser.parse_args(words)
    sweep, build = SWEEPS[arguments.lesson], build / arguments.lesson

    def command():
        (path,) = find(notebooks, arguments.lesson)
        part = swept_part(read(path))
        require_parameters(part, ["budget", *sweep.parameters])
        mark = fingerprint(part)
        unpack(sweep, mark, build, folder)
        outcomes = run_missing(sweep, part, mark, build, arguments.jobs)
        if all(outcome.ok for outcome in outcomes):
            print(f"The table is in {os.path.relpath(gather(sweep, mark, build, folder))}.")
        else:
            print("\nNot all runs are there, so the table stays as it was.", file=sys.stderr)
        return outcomes

    return lessons.status_of(command)


if __name__ == "__main__":
    sys.exit(main())
