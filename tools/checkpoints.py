"""Train the networks that the lessons load, and note how.

    python -m tools.checkpoints [--only 09_three_digits] [--seeds 0 1 2] [--jobs 2]

What to train stands in tools/recipes.py. Each network is trained from several seeds, into
build/checkpoints/; what is there or shipped already and was made by the same recipe is not made
again, so an interrupted run goes on where it stopped. The network of the first seed, not of the
best, goes to course_utils/networks/checkpoints/, with a record of all.

From seed 3 on networks are trained as on another processor, which computes the same
sums with other last digits (see tools/kernels.py): what a lesson says of every start is tried on
two kinds of processors.
"""

import argparse
import json
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from course_utils.networks.shipped import FOLDER
from tools import kernels
from tools.notebooks import BUILD, ROOT
from tools.recipes import RECIPES
from tools.running import versions

LARGEST = 2_000_000  # bytes of one file
ELSEWHERE = 3  # the first seed from which networks are trained as on another processor
ONE_THREAD = {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}


def kernels_of(seed):
    """Return the arithmetic kernels with which networks are trained from a seed."""
    return kernels.other() if seed >= ELSEWHERE else {}


def unpack(name, build, folder):
    """Put the shipped runs of the present recipe to the others, unless these are there."""
    from course_utils.networks import storage

    path = folder / f"{name}.json"
    record = json.loads(path.read_text("utf-8")) if path.exists() else {"runs": []}
    for place, run in enumerate(record.pop("runs")):
        if known(name, run["seed"], build) or record["settings"] != RECIPES[name]().settings:
            continue
        build.mkdir(parents=True, exist_ok=True)
        weights = build / f"{name}-{run['seed']}.weights.h5"
        weights.unlink(missing_ok=True)  # an older recipe's
        if place == 0:
            with storage.replacing(weights) as new:
                shutil.copyfile(folder / f"{name}.weights.h5", new)
        with storage.replacing(build / f"{name}-{run['seed']}.json") as new:
            new.write_text(json.dumps(record | run), "utf-8")


def known(name, seed, build):
    """Return what is noted of a run by the present recipe, or None."""
    note = build / f"{name}-{seed}.json"
    run = json.loads(note.read_text("utf-8")) if note.exists() else {}
    return run if run.get("settings") == RECIPES[name]().settings else None


def train(name, seed, build):
    """Train one network from one seed; write its weights and then a note of the run."""
    from course_utils.networks import storage

    recipe = RECIPES[name]()
    start = time.process_time()  # of one core, whatever else the machine is doing
    trained = recipe.train(seed)
    seconds = round(time.process_time() - start)
    model = recipe.build()  # without the optimiser's state
    model.set_weights(trained.get_weights())
    build.mkdir(parents=True, exist_ok=True)
    storage.save_weights(model, build / f"{name}-{seed}.weights.h5")
    run = {"settings": recipe.settings, "parameters": model.count_params(), "seed": seed}
    run |= {"seconds": seconds, "versions": versions(), "kernels": kernels.named(kernels_of(seed))}
    run |= recipe.evaluate(model)
    with storage.replacing(build / f"{name}-{seed}.json") as new:
        new.write_text(json.dumps(run), "utf-8")


def train_missing(name, seeds, build, jobs):
    """Train what is missing, each network in a process of its own with one thread."""

    def in_process(seed):
        print(f"{name}, seed {seed}: training", flush=True)
        words = [sys.executable, "-m", "tools.checkpoints", "--train", name, str(seed), str(build)]
        environment = kernels.environment(kernels_of(seed)) | ONE_THREAD
        subprocess.run(words, cwd=ROOT, env=environment, check=True)

    missing = [seed for seed in seeds if known(name, seed, build) is None]
    if seeds[0] not in missing and not (build / f"{name}-{seeds[0]}.weights.h5").exists():
        missing.insert(0, seeds[0])  # its network is to be shipped
    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(in_process, missing))


def ship(name, seeds, build, folder):
    """Copy the network of the first seed to the folder, with a record of all runs."""
    from course_utils.networks import storage

    runs = [known(name, seed, build) for seed in seeds]
    first = build / f"{name}-{seeds[0]}.weights.h5"
    if (size := first.stat().st_size) > LARGEST:
        raise ValueError(
            f"{first.name} must have at most {LARGEST:,} bytes, but has {size:,}: use fewer units."
        )
    folder.mkdir(exist_ok=True)
    with storage.replacing(folder / f"{name}.weights.h5") as new:
        shutil.copyfile(first, new)
    common = ("settings", "parameters")
    record = {key: runs[0][key] for key in common}
    record["runs"] = [{k: v for k, v in run.items() if k not in common} for run in runs]
    with storage.replacing(folder / f"{name}.json") as new:
        new.write_text(json.dumps(record, indent=1) + "\n", "utf-8")


def main(words=None, build=BUILD / "checkpoints", folder=FOLDER):
    """Run this tool; return its exit status."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", nargs="+", choices=RECIPES, help="these networks")
    parser.add_argument("--seeds", type=int, nargs="+", help="instead of those of the recipe")
    parser.add_argument("--jobs", type=int, default=2, help="processes at a time")
    parser.add_argument("--train", nargs=3, help=argparse.SUPPRESS)  # one run, in this process
    arguments = parser.parse_args(words)
    if arguments.train:
        name, seed, folder = arguments.train
        train(name, int(seed), type(build)(folder))
        return 0
    for name in arguments.only or RECIPES:
        seeds = arguments.seeds or RECIPES[name]().seeds
        unpack(name, build, folder)
        train_missing(name, seeds, build, arguments.jobs)
        ship(name, seeds, build, folder)
        for run in json.loads((folder / f"{name}.json").read_text("utf-8"))["runs"]:
            print(f"{name}: {run}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
