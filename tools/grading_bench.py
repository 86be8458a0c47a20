"""Measure what grading promises: time, memory, use of two cores, and nothing lost when killed.

`python -m tools.grading_bench`; also a part of `make bench`. Each measurement grades a made-up
class with the command that a teacher uses.
"""

import csv
import json
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil

from tools.hand_ins import CARRY, TRICKS, WRONG, filled_in, released, tasks, with_cell

NUMPY = ["00_start_here", "01_from_rnn_to_lstm", "02_lstm_in_numpy", CARRY, "06_the_data"]
NUMPY += ["11_other_operations", "13_attention"]
TENSORFLOW = ["05_the_carry_model", "07_the_model", "10_variable_terms"]
ENDLESS = "def full_adder(a, b, carry_in):\n    while True:\n        pass"
KILLS = 20


def full(stem):
    """Return the points that the checks of an exercise give."""
    return sum(task.points for task in tasks(stem).values() if task.judge)


def a_class(n, stems, seed=0):
    """Make a class up: of ten hand-ins six are right, two untouched, one tries a trick, one loops.

    Returns:
        Triples of exercise, notebook and the points that it deserves.
    """
    rng, made = random.Random(seed), []
    for k in range(n):
        stem = stems[k % len(stems)]
        if k % 10 in (3, 7):
            made.append((stem, released(stem), 0))
        elif k % 10 == 5 and CARRY in stems:
            trick = rng.choice(list(TRICKS.values()))
            made.append((CARRY, with_cell(trick, **WRONG), 0))
        elif k % 40 == 9 and CARRY in stems:
            made.append((CARRY, filled_in(t4_1=ENDLESS), full(CARRY) - tasks()["04.1"].points))
        else:
            made.append((stem, filled_in(stem), full(stem)))
    return made


def write(hand_ins, folder):
    """Write a class as a bulk download; return the points deserved by learner's number."""
    deserved = {}
    for k, (stem, notebook, points) in enumerate(hand_ins, 1_000):
        place = folder / f"Learner {k}_{k}_assignsubmission_file_"
        place.mkdir(parents=True)
        (place / f"{stem}.ipynb").write_text(json.dumps(notebook), "utf-8")
        deserved[str(k)] = points
    return deserved


def start(folder, out, workers):
    """Start grading, as a process."""
    words = ["-m", "homework", "grade", str(folder), "--out", str(out)]
    words += ["--workers", str(workers)]
    return subprocess.Popen(
        [sys.executable, *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def earned(out):
    """Return the points that the checks gave, by learner's number, one entry per hand-in."""
    found = []
    for path in (out / "results").glob("*.json"):
        result = json.loads(path.read_text("utf-8"))
        points = sum(task["points"] or 0 for task in result["tasks"])
        found.append((result["lms_id"], points, result["seconds"], result["exercise"]))
    return found


def total_lines(out):
    """Return the number of hand-ins in marks.csv."""
    with open(out / "marks.csv", encoding="utf-8-sig", newline="") as file:
        return sum(row["task"] == "total" for row in csv.DictReader(file))


def graders(process):
    """Return the processes that grade: the command and its workers, without the sandboxes."""
    found = [process]
    for child in process.children(recursive=True):
        names = [child.name(), *(parent.name() for parent in child.parents())]
        if "bwrap" not in names:
            found.append(child)
    return found


def peak_memory(process):
    """Watch a process until it ends; return the most bytes that one of the graders held."""
    most, watched = 0, psutil.Process(process.pid)
    while process.poll() is None:
        try:
            most = max(most, *(p.memory_info().rss for p in graders(watched)))
        except psutil.Error:
            pass
        time.sleep(0.5)
    return most


def timed(hand_ins, workers):
    """Grade a class; return (seconds, peak bytes, earned, deserved)."""
    with tempfile.TemporaryDirectory() as scratch:
        folder, out = Path(scratch) / "in", Path(scratch) / "out"
        deserved = write(hand_ins, folder)
        begun = time.perf_counter()
        process, peak = start(folder, out, workers), []
        watcher = threading.Thread(target=lambda: peak.append(peak_memory(process)))
        watcher.start()
        process.wait()
        seconds = time.perf_counter() - begun
        watcher.join()
        return seconds, peak[0], earned(out), deserved


def class_rows(row, n=200):
    """Grade a mixed class: seconds per hand-in, memory, and points that nobody deserved."""
    stems = [*NUMPY, *NUMPY, *NUMPY[:4], *TENSORFLOW]
    seconds, peak, found, deserved = timed(a_class(n, stems), 2)
    print(f"{n} mixed hand-ins: {seconds:.0f} s with 2 workers", file=sys.stderr)
    over = sum(max(points - deserved[id], 0) for id, points, _, _ in found)
    under = sum(max(deserved[id] - points, 0) for id, points, _, _ in found)
    rows = [row(f"grading {n} mixed hand-ins, 2 workers", seconds, "s")]
    endless = {str(1_000 + k) for k in range(n) if k % 40 == 9}
    for name, stems, target in (("NumPy", NUMPY, 2), ("TensorFlow", TENSORFLOW, 10)):
        ends = [s for id, _, s, stem in found if stem in stems and id not in endless]
        rows.append(row(f"… a hand-in with {name}, mean", statistics.mean(ends), "s", target))
        rows.append(row(f"… a hand-in with {name}, median", statistics.median(ends), "s", target))
    stopped = [s for id, _, s, _ in found if id in endless]
    rows.append(
        row(f"… one of {len(stopped)} with an endless loop, mean", statistics.mean(stopped), "s")
    )
    rows.append(row("… all of them, time by the clock for one", seconds / n, "s"))
    rows.append(row("… most memory of a grading process", peak / 1e6, "MB"))
    rows.append(row("… graded", len(found), "hand-ins", at_least=n))
    rows.append(row("… undeserved points", over, "points", at_most=0))
    rows.append(row("… deserved points that were not given", under, "points", at_most=0))
    return rows


def speed_up_rows(row, n=30):
    """Grade the same class with one worker and with two."""
    hand_ins = [(stem, filled_in(stem), 0) for stem in (NUMPY * n)[:n]]
    one, two = (timed(hand_ins, workers)[0] for workers in (1, 2))
    return [row(f"grading {n} hand-ins: 2 workers against 1", one / two, "times")]


def kill_rows(row, kills=KILLS, n=8):
    """Kill a worker or the command itself at random moments, and run it again."""
    rng, lost, doubled, wrong, sent = random.Random(0), 0, 0, 0, {"command": 0, "worker": 0}
    for _ in range(kills):
        with tempfile.TemporaryDirectory() as scratch:
            folder, out = Path(scratch) / "in", Path(scratch) / "out"
            deserved = write([("00_start_here", filled_in("00_start_here"), 9)] * n, folder)
            process = start(folder, out, 2)
            time.sleep(rng.uniform(2, 8))
            try:
                everyone = graders(psutil.Process(process.pid))
                workers = [p for p in everyone[1:] if "spawn_main" in " ".join(p.cmdline())]
                victim = rng.choice([everyone[0], *workers])
                victim.send_signal(signal.SIGKILL)
                sent["command" if victim.pid == process.pid else "worker"] += 1
            except psutil.Error:
                pass  # it was done already
            process.wait()
            start(folder, out, 2).wait()
            found = earned(out)
            lost += n - len({id for id, *_ in found})
            doubled += len(found) - len({id for id, *_ in found})
            lost += n - total_lines(out)
            wrong += sum(points != deserved[id] for id, points, *_ in found)
    told = f"{sent['command']} of the command, {sent['worker']} of workers"
    name = f"kill -9, {sum(sent.values())} times ({told})"
    return [
        row(f"{name}: lost", lost, "hand-ins", at_most=0),
        row("… doubled", doubled, "hand-ins", at_most=0),
        row("… marked otherwise", wrong, "hand-ins", at_most=0),
    ]


def rows(row):
    """Return all rows for the table of `tools/bench.py`, made with its `row`."""
    return [*kill_rows(row), *speed_up_rows(row), *class_rows(row)]


def main():
    """Measure grading alone; return 1 if a target is missed."""
    sys.path.insert(0, str(Path(__file__).parent))
    import bench

    return bench.show(rows(bench.row), "bench-grading.json")


if __name__ == "__main__":
    sys.exit(main())
