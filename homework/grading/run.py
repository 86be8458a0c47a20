"""The whole class: on all cores or many machines, and again after a crash.

Each hand-in becomes one file in results/, written whole or not at all, under a key made of the
hand-in, the exercise, its checks and the grader. What has its file is not done again, so a run
that was interrupted, by whatever, goes on when it is started again.
"""

import atexit
import contextlib
import hashlib
import ipaddress
import json
import os
import re
import shutil
import signal
import sys
import tempfile
import time
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from tqdm import tqdm

from course_utils import __version__
from course_utils.lesson.files import write_whole
from homework import checks
from homework.grading import judging, manual, marks, pages, reading, sandbox, texts, withheld

EXERCISES = checks.FOLDER.parent
WAITING = 2  # hand-ins on their way to each worker
UNSANDBOXED = (
    "Without a sandbox: the notebooks run with all your rights, on your files and your network. "
    "Only for your own work."
)


class Refused(Exception):
    """Nothing can be graded like this; the message says what to do."""


# One hand-in, where it is graded ---------------------------------------------------------------


@dataclass(frozen=True)
class Release:
    """An exercise as it was given out: its cells, its tasks, and a fingerprint of all that counts.

    Attributes:
        cells: of the notebook, as in the file.
        tasks: as `checks.load` returns them.
        fingerprint: sha256 of exercise, checks and grader.
    """

    cells: list
    tasks: dict
    fingerprint: str


@cache
def release(exercise):
    """Return the `Release` of an exercise, such as ``"04_the_carry_generator"``."""
    notebook, file = EXERCISES / f"{exercise}.ipynb", checks.FOLDER / f"{exercise}.py"
    code = sorted(withheld.PACKAGE.rglob("*.py"))
    digest = hashlib.sha256()
    for path in (notebook, file, *code):
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    return Release(cells, checks.load(file), digest.hexdigest())


@cache
def _folder():
    """Return this process's folder for copies of the course; sweep those of killed processes."""
    sandbox.sweep()
    path = Path(tempfile.mkdtemp(prefix=f"{sandbox.PREFIX}{os.getpid()}-"))
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path


@cache
def course(names):
    """Return a folder with the course without some functions, for sandboxes of this process."""
    target = Path(tempfile.mkdtemp(dir=_folder())) / "copy"
    withheld.copy_without(names, target)
    return target


@cache
def _bubblewrap():
    sandbox.require_bubblewrap()


def grade_one(exercise, fingerprint, data, isolated=True):
    """Grade one hand-in; this is what a worker does.

    Args:
        exercise: the stem of its file.
        fingerprint: of the `Release` that the main process has.
        data: the notebook handed in, bytes of JSON.
        isolated: use the sandbox.

    Returns:
        JSON with ``tasks``, ``cells``, ``notes``, ``seconds``.

    Raises:
        Refused: if this worker has another version of the course.
        RuntimeError: if it has no sandbox.
    """
    if release(exercise).fingerprint != fingerprint:
        raise Refused(
            "a worker has another version of the course than the computer that asks it to grade: "
            "give both the same."
        )
    try:
        if isolated:
            _bubblewrap()
    except sandbox.Missing as error:
        raise RuntimeError(str(error)) from None
    start = time.monotonic()
    cells = reading.parse(data)["cells"]
    given = release(exercise)
    result = judging.grade(cells, given.cells, given.tasks, course, isolated)
    return json.dumps(result | {"seconds": round(time.monotonic() - start, 2)})


# All hand-ins ----------------------------------------------------------------------------------


def file_name(hand_in):
    """Return the name of a hand-in's files: readable, safe, and its own."""
    text = unicodedata.normalize("NFKD", hand_in.who).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:40].strip("-") or "someone"
    own = "\0".join([hand_in.learner, hand_in.source, hand_in.digest])
    digest = hashlib.sha256(own.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{slug}-{hand_in.exercise[:2] or 'xx'}-{digest[:16]}"


def key_of(hand_in, isolated):
    """Return what a result is valid for: this hand-in, graded by this grader."""
    fingerprint = release(hand_in.exercise).fingerprint if hand_in.exercise else __version__
    parts = [hand_in.digest, fingerprint, str(isolated)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def described(hand_in, isolated):
    """Return the part of a result that is known before grading."""
    return {
        "name": file_name(hand_in),
        "key": key_of(hand_in, isolated),
        "who": hand_in.who,
        "learner": hand_in.learner,
        "lms": hand_in.lms,
        "lms_id": hand_in.lms_id,
        "source": hand_in.source,
        "digest": hand_in.digest,
        "handed_in": hand_in.handed_in,
        "exercise": hand_in.exercise,
        "course_version": __version__,
        "status": "unreadable",
        "notes": [*hand_in.notes, *([hand_in.problem] if hand_in.problem else [])],
        "tasks": [],
        "cells": [],
        "seconds": 0.0,
    }


def known(path, key):
    """Return the result in a file if it is whole and has the key, else None."""
    try:
        result = json.loads(path.read_text("utf-8"))
        return result if result["key"] == key and result["status"] != "failed" else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def grade_all(hand_ins, results, client, isolated):
    """Grade what has no result yet; write each result as it comes.

    Args:
        hand_ins: as `reading.find` returns them.
        results: the folder of the results.
        client: called without arguments, gives a context with a dask client; only if needed.
        isolated: use the sandbox.

    Returns:
        The results of all hand-ins, in their order.
    """
    results.mkdir(parents=True, exist_ok=True)
    names = {f"{file_name(hand_in)}.json" for hand_in in hand_ins}
    for path in [*results.glob("*.json")]:  # of files that are there no more
        if path.name not in names:
            (results / "replaced").mkdir(exist_ok=True)
            path.replace(results / "replaced" / path.name)
    done, left = {}, []
    for hand_in in hand_ins:
        about = described(hand_in, isolated)
        path = results / f"{about['name']}.json"
        if (result := known(path, about["key"])) is not None:
            now = result | {name: about[name] for name in ("who", "handed_in")}
            done[about["name"]] = now if now == result else _write(path, now)
        elif hand_in.problem:
            done[about["name"]] = _write(path, about)
        else:
            left.append((about, hand_in.data))
    if left:
        with (
            client() as connected,
            tqdm(
                total=len(hand_ins),
                initial=len(done),
                unit="hand-in",
                desc="Grading",
                file=sys.stderr,
            ) as bar,
        ):
            again = []

            def keep(about, outcome):
                outcome["notes"] = about["notes"] + outcome["notes"]
                done[about["name"]] = _write(results / f"{about['name']}.json", about | outcome)
                bar.update()

            for about, outcome in _stream(connected, left, isolated):
                if outcome["status"] == "failed":
                    again += [job for job in left if job[0]["name"] == about["name"]]
                else:
                    keep(about, outcome)
            # A worker that dies takes along what waits there: alone, each fails by itself only.
            for job in again:
                for about, outcome in _stream(connected, [job], isolated):
                    keep(about, outcome)
    return [done[file_name(hand_in)] for hand_in in hand_ins]


def _write(path, result):
    write_whole(path, json.dumps(result, indent=1))
    return result


def _stream(client, jobs, isolated):
    """Yield pairs of a job's description and its outcome, as they come."""
    from distributed import as_completed

    jobs, about = iter(jobs), {}

    def submit():
        for described, data in jobs:
            fingerprint = release(described["exercise"]).fingerprint
            arguments = (described["exercise"], fingerprint, data, isolated)
            future = client.submit(grade_one, *arguments, pure=False)
            about[future.key] = described
            return future

    waiting = WAITING * max(1, len(client.nthreads()))
    first = [future for future in (submit() for _ in range(waiting)) if future is not None]
    running = as_completed(first)
    for future in running:
        yield about.pop(future.key), _outcome(future)
        future.release()
        if (more := submit()) is not None:
            running.add(more)


def _outcome(future):
    try:
        return json.loads(future.result()) | {"status": "graded"}
    except Refused:
        raise
    except Exception as error:  # one bad hand-in never stops the others
        what = f"the grader failed, {type(error).__name__}: {error}"[:500]
        return {"status": "failed", "notes": [f"{texts.plain(what)}; run it again"]}


# Where it is graded ----------------------------------------------------------------------------


@contextlib.contextmanager
def local(workers):
    """Give a dask client with workers on this machine, which nobody else can talk to."""
    import dask
    from distributed import Client, LocalCluster, Security

    with dask.config.set({"distributed.scheduler.allowed-failures": 1}):
        security = Security.temporary()
        # Ctrl+C is for this process, which then ends the others.
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        cluster = LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            protocol="tls://",
            security=security,
            dashboard_address="127.0.0.1:0",
            memory_limit="2GB",
            silence_logs=50,
        )
        signal.signal(signal.SIGINT, before)
        with cluster, Client(cluster, security=security) as client:
            yield client


@contextlib.contextmanager
def remote(address, certificates):
    """Give a dask client of a scheduler that is running.

    Args:
        address: such as ``"tls://10.0.0.5:8786"``.
        certificates: a folder with ca.pem, cert.pem and key.pem, or None.

    Raises:
        Refused: if the way there is not encrypted, or nobody answers.
    """
    from distributed import Client, Security

    security = None
    if certificates is not None:
        security = Security(
            tls_ca_file=str(certificates / "ca.pem"),
            tls_client_cert=str(certificates / "cert.pem"),
            tls_client_key=str(certificates / "key.pem"),
            require_encryption=True,
        )
    try:
        client = Client(address, security=security, timeout=10)
    except (OSError, ValueError) as error:
        said = str(error).splitlines()[0][:200]
        raise Refused(f"no scheduler answers at {address}: is it running there? ({said})") from None
    with client:
        yield client


def require_safe(address, certificates):
    """Make sure that what goes to a scheduler can't be read or forged on the way.

    Raises:
        Refused: if it could be.
    """
    try:
        parts = urlsplit(address)
        host, scheme, port = parts.hostname or "", parts.scheme, parts.port
    except ValueError:
        host, scheme, port = "", "", None
    if scheme not in ("tls", "tcp") or not host or port is None:
        raise Refused(f"--scheduler should be like tls://host:8786, but it is {address!r}.")
    loopback = host == "localhost"
    with contextlib.suppress(ValueError):
        loopback = loopback or ipaddress.ip_address(host).is_loopback
    if scheme == "tcp" and not loopback:
        raise Refused(
            f"{address} is on a network, where others could read the hand-ins or send orders of "
            "their own: use tls:// with --certificates FOLDER."
        )
    if scheme == "tls":
        names = ("ca.pem", "cert.pem", "key.pem")
        missing = [n for n in names if certificates is None or not (certificates / n).is_file()]
        if missing:
            where = certificates or "a folder named by --certificates"
            raise Refused(f"tls:// needs {', '.join(missing)} in {where}.")


# The command -----------------------------------------------------------------------------------


def grade_class(hand_ins, out, workers, scheduler=None, certificates=None, isolated=True):
    """Grade a folder of hand-ins and write marks, feedback and an overview.

    Args:
        hand_ins: the folder.
        out: the folder to write to.
        workers: processes on this machine; ignored with a scheduler.
        scheduler: the address of a dask scheduler, or None.
        certificates: for it; see `remote`.
        isolated: False grades without a sandbox.

    Returns:
        The exit status: 0 if all is graded, 1 if something wants the teacher's attention.

    Raises:
        Refused, sandbox.Missing, OSError, ValueError: if nothing can be done; with one sentence.
    """
    if scheduler is not None:
        require_safe(scheduler, certificates)
    elif isolated:
        sandbox.require_bubblewrap()
    if not isolated:
        print(UNSANDBOXED, file=sys.stderr)
    if out.resolve().is_relative_to(hand_ins.resolve()):
        raise Refused(
            f"the marks should have a folder of their own, but {out} is inside of {hand_ins}, "
            "where they would be read as hand-ins: give another one with --out."
        )
    stems = {path.stem[:2]: path.stem for path in sorted(EXERCISES.glob("[0-9][0-9]_*.ipynb"))}
    if not stems:
        raise Refused(
            f"there are no exercises in {EXERCISES}: grading needs the whole course (git clone), "
            "not only its package."
        )
    found = reading.find(hand_ins, stems)
    out.mkdir(mode=0o700, parents=True, exist_ok=True)  # marks are not for everyone
    with _alone(out):
        for path in out.rglob("*.part"):  # half a file, of a killed run
            path.unlink()

        def client():
            return remote(scheduler, certificates) if scheduler else local(workers)

        results = grade_all(found, out / "results", client, isolated)
        return report(results, out)


@contextlib.contextmanager
def _alone(out):
    """Make sure that no other run writes to the same folder."""
    import fcntl  # which Windows has not

    with open(out / ".lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Refused(f"another run is writing to {out}: wait for it, or stop it.") from None
        yield


def report(results, out):
    """Write marks and pages, and print the closing table.

    Args:
        results: of all hand-ins.
        out: the folder to write to.

    Returns:
        The exit status, as `grade_class` does.
    """
    by_hand, problems = manual.read_manual(out / "manual.csv", results)
    marked = marks.mark_all(results, by_hand)
    marks.write_marks(out, marked)
    feedback = out / "feedback"
    feedback.mkdir(exist_ok=True)
    names = {f"{mark.result['name']}.html" for mark in marked}
    for path in feedback.glob("*.html"):  # of files that are there no more
        if path.name not in names:
            path.unlink()
    for mark in marked:
        write_whole(feedback / f"{mark.result['name']}.html", pages.feedback(mark))
    write_whole(out / "class.html", pages.class_page(marked))
    print(marks.closing_table(marked))
    for problem in problems:
        print(problem)
    broken = [mark for mark in marked if mark.status in ("unreadable", "failed")]
    print(f"All of it is in {out}; begin with {out / 'class.html'}.")
    return 1 if problems or broken else 0
