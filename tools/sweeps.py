"""Run a part of one lesson with many settings, and gather what it recorded in a table.

    python -m tools.sweeps 12 [--jobs 2]

What to run stands in SWEEPS below. A run executes, with papermill, the lesson's cells tagged
`parameters` and `sweep`, and no others. Its note goes to build/sweeps/; what is noted there
already, for the same code and settings, is not run again, so an interrupted sweep goes on where it
stopped. When no run is missing, the table goes to course_utils/checkpoints/.
"""

import argparse
import json
import os
import re
import sys
from dataclasses import dataclass
from importlib.metadata import version
from itertools import product
from platform import python_version

import nbformat

from course_utils.shipped import FOLDER
from tools import lessons


@dataclass(frozen=True)
class Sweep:
    """What is run of a lesson.

    Attributes:
        table: the name under which `course_utils.shipped.record_of` finds the table.
        parameters: a list of values for each name; every combination is run.
        budget: for all runs.
    """

    table: str
    parameters: dict
    budget: str = "full"

    @property
    def runs(self):
        """The settings of each run."""
        return [
            dict(zip(self.parameters, values, strict=True))
            for values in product(*self.parameters.values())
        ]


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
SWEEPS = {
    "12": Sweep("12_orders", {"seed": [0, 1, 2], "variant": ORDERS}),
}


def swept_part(notebook):
    """Return a notebook with only those cells that a sweep runs.

    Raises:
        lessons.Refused: if there are none.
    """
    cells = [
        c for c in lessons.code_cells(notebook) if {"parameters", "sweep"} & {*lessons.tags(c)}
    ]
    if not any("sweep" in lessons.tags(cell) for cell in cells):
        raise lessons.Refused("A sweep runs the cells tagged `sweep`, but the lesson has none.")
    part = nbformat.v4.new_notebook(cells=cells, metadata=notebook.metadata)
    for cell in cells:
        cell.outputs = []
    return part


def name_of(settings):
    """Return a file name for a run, such as ``variant=both-reversed,seed=0``."""
    name = ",".join(f"{k}={v}" for k, v in settings.items())
    return re.sub(r"[^\w=,.]+", "-", name)


def known(settings, mark, build):
    """Return what is noted of a run of the code with this fingerprint, or None."""
    note = build / f"{name_of(settings)}.json"
    run = json.loads(note.read_text("utf-8")) if note.exists() else {}
    return run if (run.get("settings"), run.get("fingerprint")) == (settings, mark) else None


def run(part, settings, mark, build):
    """Run the swept part of a lesson; note what it recorded if it ran through.

    If the code is no longer what the fingerprint belongs to, that is an error, too.

    Args:
        part: a notebook, see `swept_part`.
        settings: values to inject, by name.
        mark: the fingerprint of the part.
        build: folder for the note and the executed notebook.

    Returns:
        A `lessons.Outcome`; its ``lesson`` is the name of the run.
    """
    from course_utils.storage import replacing

    source = build / "running" / f"{name_of(settings)}.ipynb"  # where it stays if it fails
    source.parent.mkdir(parents=True, exist_ok=True)
    lessons.write(part, source)
    outcome = lessons.Outcome(source.stem, 0.0)
    if lessons.fingerprint(part) == mark:
        outcome = lessons.run_lesson(source, source, settings)
    if lessons.fingerprint(part) != mark:
        outcome.error = f"{source.stem}: the code has changed since the sweep began."
    if outcome.ok:
        note = {"settings": settings, "fingerprint": mark, "seconds": round(outcome.seconds)}
        note["recorded"] = outcome.recorded
        os.replace(source, build / source.name)
        with replacing(build / f"{source.stem}.json") as new:
            new.write_text(json.dumps(note), "utf-8")
    return outcome


def run_missing(sweep, part, mark, build, jobs):
    """Run what is missing, `jobs` at the same time, each in a process of its own with one thread.

    Returns:
        A list of `lessons.Outcome`.
    """
    os.environ.update(TF_NUM_INTRAOP_THREADS="1", TF_NUM_INTEROP_THREADS="1")
    settings = [{"budget": sweep.budget, **chosen} for chosen in sweep.runs]
    missing = [chosen for chosen in settings if known(chosen, mark, build) is None]
    print(f"{len(settings)} runs, {len(settings) - len(missing)} of them done before", flush=True)
    return lessons.side_by_side(lambda chosen: run(part, chosen, mark, build), missing, jobs)


def gather(sweep, mark, build, folder):
    """Write the table of all runs, which must be noted, to the folder; return its path."""
    from course_utils.storage import replacing

    notes = [known({"budget": sweep.budget, **chosen}, mark, build) for chosen in sweep.runs]
    versions = {p: version(p) for p in ("tensorflow", "keras", "numpy")}
    record = {
        "settings": {"budget": sweep.budget, **sweep.parameters},
        "fingerprint": mark,
        "versions": versions | {"python": python_version()},
        "runs": [n["settings"] | {"seconds": n["seconds"]} | n["recorded"] for n in notes],
    }
    # Indented but for the runs, which take a line each.
    runs = ",\n".join(f"  {json.dumps(each)}" for each in record.pop("runs"))
    text = json.dumps(record, indent=1).removesuffix("\n}")
    with replacing(folder / f"{sweep.table}.json") as new:
        new.write_text(f'{text},\n "runs": [\n{runs}\n ]\n}}\n', "utf-8")
    return folder / f"{sweep.table}.json"


def main(words=None, notebooks=lessons.NOTEBOOKS, build=lessons.BUILD / "sweeps", folder=FOLDER):
    """Run this tool; return its exit status (1: a run failed, 2: refused)."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("lesson", choices=SWEEPS, help="number of the lesson")
    parser.add_argument("--jobs", type=int, default=2, help="runs at a time")
    arguments = parser.parse_args(words)
    sweep, build = SWEEPS[arguments.lesson], build / arguments.lesson
    lessons.use_this_python()
    try:
        (path,) = lessons.find(notebooks, arguments.lesson)
        part = swept_part(lessons.read(path))
        lessons.require_parameters(part, ["budget", *sweep.parameters])
        mark = lessons.fingerprint(part)
        outcomes = run_missing(sweep, part, mark, build, arguments.jobs)
    except lessons.Refused as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nStopped; what is done is kept.", file=sys.stderr)
        return 130
    if outcomes:
        print("\n" + lessons.table(outcomes))
    if not all(outcome.ok for outcome in outcomes):
        print("\nNot all runs are there, so the table stays as it was.", file=sys.stderr)
        return 1
    print(f"The table is in {os.path.relpath(gather(sweep, mark, build, folder))}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
