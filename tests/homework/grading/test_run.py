"""A whole class is graded once, whatever is handed in and whatever is killed on the way."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import psutil
import pytest
from distributed import Security

from homework import __main__ as command
from homework.grading import reading, run, sandbox
from tools.hand_ins import CARRY, WRONG, filled_in, released, with_cell

pytestmark = pytest.mark.usefixtures("needs_sandbox")
ROOT = Path(__file__).resolve().parents[3]
START = "00_start_here"


def write(folder, name, notebook, stem=CARRY):
    """Write a hand-in as Moodle's bulk download has it; names may be anything."""
    folder = folder / f"{name}_assignsubmission_file_"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{stem}.ipynb").write_text(json.dumps(notebook), "utf-8")


def a_few(folder, n=6):
    """Write n small hand-ins of exercise 00, every third of them wrong."""
    for k in range(n):
        wrong = {"t0_3": "def bits_of(number, columns):\n    return []"} if k % 3 == 2 else {}
        write(folder, f"Learner {k}_{100 + k}", filled_in(START, **wrong), START)


def grade(folder, out, *more):
    return command.main(["grade", str(folder), "--out", str(out), *more])


def marks_of(out):
    with open(out / "marks.csv", encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def totals(out):
    return {row["who"]: row for row in marks_of(out) if row["task"] == "total"}


def results(out):
    return [json.loads(path.read_text("utf-8")) for path in (out / "results").glob("*.json")]


# A class ---------------------------------------------------------------------------------------


def test_a_mixed_class_gets_its_marks(tmp_path, capsys):
    folder, out = tmp_path / "handed in", tmp_path / "marks"
    script = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    hostile = with_cell(f"print({script!r})\ndisplay({{'text/html': {script!r}}}, raw=True)")
    write(folder, "Anna Berg_1", filled_in())
    write(folder, "Ümit Öz “Ü”_2", filled_in(t4_2=WRONG["t4_2"]))
    write(folder, "=1+1_3", filled_in(**WRONG))
    write(folder, "Bo'b\"by_4", hostile)
    write(folder, f"{'Long ' * 40}_5", released())
    write(folder, "Anna Berg_6", filled_in(t4_5="stub"))  # another one of that name
    zipped = folder / "Zoë_7_assignsubmission_file_"
    zipped.mkdir()
    with zipfile.ZipFile(zipped / "mine.zip", "w") as file:
        file.writestr("renamed.ipynb", json.dumps(filled_in()))
        file.writestr("manifest.json", json.dumps({"format": 1, "who": "Zoé", "learner": "0" * 32}))
    for number, (name, data) in enumerate(
        {
            "cut.ipynb": json.dumps(filled_in())[:3_000].encode(),
            "empty.ipynb": b"",
            "latin.ipynb": "{'ä': 1}".encode("latin-1"),
            "conflict.ipynb": b"<<<<<<< HEAD\n{}\n=======\n{}\n>>>>>>> main\n",
            "none.zip": b"PK\x05\x06" + bytes(18),
            "no.zip": b"no zip at all",
        }.items()
    ):
        broken = folder / f"Broken {number}_{20 + number}_assignsubmission_file_"
        broken.mkdir()
        (broken / name).write_bytes(data)

    assert grade(folder, out, "--workers", "2") == 1  # some can't be read
    said = capsys.readouterr().out
    rows = totals(out)
    assert len(rows) == 13
    assert len(results(out)) == 13
    points = {name: rows[name]["points"] for name in rows}
    assert points.pop("'=1+1") == "0"
    assert points.pop("Zoë") == "15" and points.pop("Ümit Öz “Ü”") == "11"
    assert points.pop("Bo'b\"by") == "15"
    annas = sorted(value for name, value in points.items() if name.startswith("Anna Berg"))
    assert annas == ["12", "15"]
    broken = [row for row in rows.values() if row["who"].startswith("Broken")]
    assert len(broken) == 6
    assert all(row["status"] == "unreadable" and row["note"] for row in broken)
    assert "unreadable" in said and "Anna Berg" in said
    text = (out / "marks.csv").read_text("utf-8-sig")
    assert not [cell for row in csv.reader(text.splitlines()) for cell in row if cell[:1] in "=@"
                and cell]  # fmt: skip
    for page in [*(out / "feedback").glob("*.html"), out / "class.html"]:
        content = page.read_text("utf-8")
        assert "<script" not in content and "<img src=x" not in content
        assert str(ROOT) not in content
    assert len(list((out / "feedback").glob("*.html"))) == 13

    # Once more: nothing is graded again. Then one is changed: only that one is.
    before = {path: path.stat().st_mtime_ns for path in (out / "results").iterdir()}
    assert "inside it says Zoé" in rows["Zoë"]["note"]
    assert grade(folder, out) == 1
    assert before == {path: path.stat().st_mtime_ns for path in (out / "results").iterdir()}
    write(folder, "=1+1_3", filled_in())
    (out / "manual.csv").write_text(
        "hand-in;task;points;comment\n"
        + "".join(f"{r['name']};04.6;1,5;well said\n" for r in results(out) if "2" == r["lms_id"])
    )
    manual = (out / "manual.csv").read_bytes()
    assert grade(folder, out) == 1
    assert totals(out)["'=1+1"]["points"] == "15"
    assert totals(out)["Ümit Öz “Ü”"]["points"] == "12.5"
    assert (out / "manual.csv").read_bytes() == manual
    kept = [path for path in before if path.exists()]
    assert all(path.stat().st_mtime_ns == before[path] for path in kept)
    assert len(kept) == 12 and len(results(out)) == 13
    assert len(list((out / "results" / "replaced").iterdir())) == 1


def test_half_results_and_leftovers_of_killed_runs_are_swept(tmp_path, monkeypatch):
    folder, out = tmp_path / "in", tmp_path / "out"
    a_few(folder, 2)
    assert grade(folder, out) == 0
    first, second = sorted((out / "results").glob("*.json"))
    first.write_text(first.read_text()[:100])
    failed = json.loads(second.read_text()) | {"status": "failed", "tasks": []}
    second.write_text(json.dumps(failed))
    (out / "results" / "x.json.part").write_text("half")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    left = tmp_path / f"{sandbox.PREFIX}999999999-abc"
    left.mkdir()
    assert grade(folder, out) == 0
    assert {r["status"] for r in results(out)} == {"graded"}
    assert [sum(t["points"] or 0 for t in r["tasks"]) for r in results(out)] == [9, 9]
    assert not (out / "results" / "x.json.part").exists()
    assert not left.exists()


def test_a_failure_of_the_grader_is_a_line_and_is_done_again(tmp_path, monkeypatch):
    class Broken:
        def result(self):
            raise RuntimeError("no <space> left")

    outcome = run._outcome(Broken())
    assert outcome.status == "failed" and "no <space> left" in outcome.notes[0]


def test_a_worker_that_dies_takes_no_other_hand_in_with_it(tmp_path, monkeypatch):
    """As a hand-in would that brings a worker to its end: its grading ends the process."""
    folder, out = tmp_path / "in", tmp_path / "out"
    a_few(folder, 4)
    victim = json.dumps(filled_in(START)) + " " * 10  # told apart by its length
    (folder / "Learner 1_101_assignsubmission_file_" / f"{START}.ipynb").write_text(victim)
    monkeypatch.setattr(run, "grade_one", Dies(len(victim)))
    assert grade(folder, out, "--workers", "1") == 1
    status = {r["who"]: r["status"] for r in results(out)}
    assert status.pop("Learner 1") == "failed"
    assert set(status.values()) == {"graded"} and len(status) == 3


class Dies:
    """`run.grade_one`, but for one length of data, at which the process ends."""

    def __init__(self, length):
        self.length = length

    def __call__(self, exercise, fingerprint, data, isolated=True):
        if len(data) == self.length:
            os._exit(1)
        from homework.grading.run import grade_one

        return grade_one(exercise, fingerprint, data, isolated)


def test_two_runs_do_not_write_to_one_folder(tmp_path, capsys):
    a_few(tmp_path / "in", 1)
    (tmp_path / "out").mkdir()
    with run._sole_writer(tmp_path / "out"):
        assert grade(tmp_path / "in", tmp_path / "out") == 2
    assert "another run is writing" in capsys.readouterr().err


def test_grading_needs_the_exercises(tmp_path, monkeypatch, capsys):
    a_few(tmp_path / "in", 1)
    monkeypatch.setattr(run, "EXERCISES", tmp_path)
    assert grade(tmp_path / "in", tmp_path / "out") == 2
    assert "grading needs the whole course" in capsys.readouterr().err


def test_marks_do_not_go_where_the_hand_ins_are(tmp_path, capsys):
    a_few(tmp_path, 1)
    assert grade(tmp_path, tmp_path / "marks") == 2
    assert "folder of their own" in capsys.readouterr().err
    assert not (tmp_path / "marks").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["grade", "no-such-folder", "--out", "x"], "no-such-folder"),
        (["grade", ".", "--out", "x", "--workers", "0"], "--workers"),
        (["hand-in", "no-such.ipynb", "--name", "Anna"], "no-such.ipynb"),
    ],
)
def test_wrong_words_get_one_sentence(tmp_path, monkeypatch, capsys, words, said):
    monkeypatch.chdir(tmp_path)
    assert command.main(words) == 2
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1


# The sandbox must be there ---------------------------------------------------------------------


def test_without_bubblewrap_grading_refuses_and_says_how_to_install_it(
    tmp_path, monkeypatch, capsys
):
    a_few(tmp_path / "in", 1)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert grade(tmp_path / "in", tmp_path / "out") == 2
    assert "apt install bubblewrap" in capsys.readouterr().err
    assert not (tmp_path / "out" / "results").exists()


def test_a_bubblewrap_that_does_not_work_is_refused(tmp_path, monkeypatch, capsys):
    fake = tmp_path / "bwrap"
    fake.write_text("#!/bin/sh\necho 'bwrap: No permissions to create a new namespace' >&2\nexit 1")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(sandbox.Missing, match="No permissions to create"):
        sandbox.require_bubblewrap()


def test_without_a_sandbox_on_request_and_with_a_warning(tmp_path, monkeypatch, capsys):
    a_few(tmp_path / "in", 1)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert grade(tmp_path / "in", tmp_path / "out", "--no-sandbox") == 0
    assert "Without a sandbox" in capsys.readouterr().err
    assert totals(tmp_path / "out")["Learner 0"]["points"] == "9"


def test_a_file_that_was_only_copied_is_not_graded_again(tmp_path):
    a_few(tmp_path / "in", 1)
    assert grade(tmp_path / "in", tmp_path / "out") == 0
    (before,) = results(tmp_path / "out")
    (file,) = (tmp_path / "in").rglob("*.ipynb")
    os.utime(file, (1_700_000_000, 1_700_000_000))
    assert grade(tmp_path / "in", tmp_path / "out") == 0
    (after,) = results(tmp_path / "out")
    assert after.pop("handed_in") == "2023-11-14T22:13:20+00:00" != before.pop("handed_in")
    assert after == before  # with the seconds that it took


def test_results_without_a_sandbox_are_not_taken_for_others(tmp_path):
    a_few(tmp_path / "in", 1)
    stems = {"00": START}
    (hand_in,) = reading.find(tmp_path / "in", stems)
    assert run.key_of(hand_in, True) != run.key_of(hand_in, False)


# Other machines --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("tcp://10.0.0.5:8786", "is on a network"),
        ("tcp://example.org:8786", "is on a network"),
        ("tcp://127.0.0.1.example.org:8786", "is on a network"),
        ("tls://10.0.0.5:8786", "ca.pem, cert.pem, key.pem"),
        ("tls://127.0.0.1:8786", "ca.pem, cert.pem, key.pem"),
        ("ucx://10.0.0.5:8786", "tls://host:8786"),
        ("10.0.0.5", "tls://host:8786"),
        ("tls://host:port", "tls://host:8786"),
        ("", "tls://host:8786"),
    ],
)
def test_addresses_that_are_not_safe_are_refused(tmp_path, capsys, address, said):
    a_few(tmp_path / "in", 1)
    assert grade(tmp_path / "in", tmp_path / "out", "--scheduler", address) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "tcp://[::1]:1", "tcp://localhost:1"])
def test_loopback_needs_no_certificates(address):
    run.require_safe(address, None)


def certificates(folder):
    folder.mkdir()
    made = Security.temporary()
    (folder / "ca.pem").write_text(made.tls_ca_file)
    (folder / "cert.pem").write_text(made.tls_client_cert)
    (folder / "key.pem").write_text(made.tls_client_key)
    return folder


@pytest.fixture
def cluster(tmp_path):
    """Start a scheduler and two workers as processes of their own, over TLS on loopback."""
    folder, file = certificates(tmp_path / "certificates"), tmp_path / "scheduler.json"
    tls = ["--tls-ca-file", folder / "ca.pem", "--tls-cert", folder / "cert.pem"]
    tls += ["--tls-key", folder / "key.pem"]
    scheduler = ["scheduler", "--host", "127.0.0.1", "--port", "0", "--protocol", "tls"]
    scheduler += ["--no-dashboard", "--scheduler-file", file]
    worker = ["worker", "--scheduler-file", file, "--nworkers", "1", "--nthreads", "1"]
    worker += ["--no-dashboard", "--no-nanny", "--host", "127.0.0.1", "--protocol", "tls"]
    worker += ["--local-directory", tmp_path]
    started = []

    def start(words):
        log = open(tmp_path / f"log-{len(started)}", "w")
        command = [sys.executable, "-m", "distributed.cli.dask_" + words[0], *words[1:], *tls]
        started.append(subprocess.Popen(list(map(str, command)), cwd=ROOT, stdout=log, stderr=log))
        return started[-1]

    try:
        start(scheduler)
        end = time.monotonic() + 60
        while not (file.exists() and file.stat().st_size):
            assert time.monotonic() < end, (tmp_path / "log-0").read_text()
            time.sleep(0.1)
        address = json.loads(file.read_text())["address"]
        yield address, folder, [start(worker), start(worker)]
    finally:
        for process in started:
            process.kill()
            process.wait()


def test_a_cluster_over_tls_survives_the_loss_of_a_worker(tmp_path, cluster, monkeypatch):
    address, folder, workers = cluster
    a_few(tmp_path / "in", 8)
    assert address.startswith("tls://")
    written = []

    def kill_one(folder, result):
        written.append(result.name)
        if len(written) == 2:
            workers[0].kill()
        return write_result(folder, result)

    write_result = run._write
    monkeypatch.setattr(run, "_write", kill_one)
    more = ["--scheduler", address, "--certificates", str(folder)]
    assert grade(tmp_path / "in", tmp_path / "out", *more) == 0
    assert len(written) == len(set(written)) == 8
    points = sorted(int(row["points"]) for row in totals(tmp_path / "out").values())
    assert points == [6, 6, 9, 9, 9, 9, 9, 9]
    assert workers[1].poll() is None


def test_strangers_are_not_let_in(tmp_path, cluster, capsys):
    address, _, _ = cluster
    a_few(tmp_path / "in", 1)
    other = certificates(tmp_path / "other certificates")
    more = ["--scheduler", address, "--certificates", str(other)]
    assert grade(tmp_path / "in", tmp_path / "out", *more) == 2
    assert "no scheduler answers" in capsys.readouterr().err


def test_a_worker_with_another_version_of_the_course_is_refused(tmp_path):
    a_few(tmp_path / "in", 1)
    (hand_in,) = reading.find(tmp_path / "in", {"00": START})
    with pytest.raises(run.CannotGrade, match="another version"):
        run.grade_one(START, "other", hand_in.data)


# Killed on the way -----------------------------------------------------------------------------


def test_a_run_that_is_killed_goes_on_where_it_was(tmp_path):
    a_few(tmp_path / "in", 6)
    out, mark = tmp_path / "out", str(tmp_path)
    words = [sys.executable, "-m", "homework", "grade", str(tmp_path / "in"), "--out", str(out)]
    for needed in (1, 3):
        process = subprocess.Popen(words, cwd=ROOT, stderr=subprocess.DEVNULL)
        end = time.monotonic() + 120
        while len(list(out.glob("results/*.json"))) < needed:
            assert process.poll() is None and time.monotonic() < end
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
        process.wait()
    kept = {path: path.stat().st_mtime_ns for path in (out / "results").glob("*.json")}
    assert len(kept) >= 3
    assert subprocess.run(words, cwd=ROOT).returncode == 0
    assert len(results(out)) == 6
    assert all(path.stat().st_mtime_ns == kept[path] for path in kept)
    assert sorted(int(row["points"]) for row in totals(out).values()) == [6, 6, 9, 9, 9, 9]
    end = time.monotonic() + 20
    while [p for p in psutil.process_iter(["cmdline"]) if mark in str(p.info["cmdline"])]:
        assert time.monotonic() < end, "a process was left behind"
        time.sleep(0.2)


def test_an_interruption_keeps_what_is_done(tmp_path):
    a_few(tmp_path / "in", 6)
    out = tmp_path / "out"
    words = [sys.executable, "-m", "homework", "grade", str(tmp_path / "in"), "--out", str(out)]
    process = subprocess.Popen(
        words, cwd=ROOT, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    end = time.monotonic() + 120
    while not list(out.glob("results/*.json")):
        assert process.poll() is None and time.monotonic() < end
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)  # as Ctrl+C does
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 130
    assert "what was graded is kept" in said
    assert "Traceback" not in said
