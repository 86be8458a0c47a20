"""The whole class: on all cores or many machines, and again after a crash.

Each hand-in becomes one file in results/, written whole or not at all, under a key made of the
hand-in, the exercise, its checks and the grader. What has its file is not done again, so a run
that was interrupted, by whatever, goes on when it is started again.
"""

import contextlib
import hashlib
import itertools
import re
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tqdm import tqdm

from course_utils import __version__
from course_utils.lesson.files import write_whole
from homework.grading import manual, marks, pages, reading, sandbox
from homework.grading.cluster import local, remote, require_safe
from homework.grading.reading import HandIn
from homework.grading.results import Outcome, Result, from_json, to_json
from homework.grading.texts import harmless
from homework.grading.worker import EXERCISES, CannotGrade, grade_one, release

if TYPE_CHECKING:
    from distributed import Client, Future

WAITING = 2  # hand-ins on their way to each thread of a worker
UNSANDBOXED = (
    "Without a sandbox: the notebooks run with all your rights, on your files and your network. "
    "Only for your own work."
)


class Job(NamedTuple):
    """A hand-in to grade: what is known of it, and its notebook."""

    about: Result
    data: bytes


# All hand-ins ----------------------------------------------------------------------------------


def file_name(hand_in: HandIn) -> str:
    """Return the name of a hand-in's files: readable, safe, and its own."""
    text = unicodedata.normalize("NFKD", hand_in.who).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:40].strip("-") or "someone"
    own = "\0".join([hand_in.learner, hand_in.source, hand_in.digest])
    digest = hashlib.sha256(own.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{slug}-{hand_in.exercise[:2] or 'xx'}-{digest[:16]}"


def key_of(hand_in: HandIn, isolated: bool) -> str:
    """Return what a result is valid for: this hand-in, graded by this grader."""
    fingerprint = release(hand_in.exercise).fingerprint if hand_in.exercise else __version__
    parts = [hand_in.digest, fingerprint, str(isolated)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def described(hand_in: HandIn, isolated: bool) -> Result:
    """Return what is known of a hand-in before it is graded."""
    return Result(
        name=file_name(hand_in),
        key=key_of(hand_in, isolated),
        who=hand_in.who,
        learner=hand_in.learner,
        lms=hand_in.lms,
        lms_id=hand_in.lms_id,
        source=hand_in.source,
        digest=hand_in.digest,
        handed_in=hand_in.handed_in,
        exercise=hand_in.exercise,
        course_version=__version__,
        status="unreadable",
        notes=(*hand_in.notes, hand_in.problem) if hand_in.problem else hand_in.notes,
    )


def known(path: Path, key: str) -> Result | None:
    """Return the result in a file if it is whole and has the key, else None."""
    try:
        result = from_json(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return result if result.key == key and result.status != "failed" else None


def grade_all(
    hand_ins: Sequence[HandIn],
    folder: Path,
    client: Callable[[], AbstractContextManager["Client"]],
    isolated: bool,
) -> list[Result]:
    """Grade what has no result yet; write each result as it comes.

    Args:
        hand_ins: as `reading.find` returns them.
        folder: of the results.
        client: called without arguments, gives a context with a dask client; only if needed.
        isolated: use the sandbox.

    Returns:
        The results of all hand-ins, in their order.
    """
    folder.mkdir(parents=True, exist_ok=True)
    names = [file_name(hand_in) for hand_in in hand_ins]
    _set_aside_all_but(set(names), folder)
    done, jobs = _done_and_to_do(hand_ins, folder, isolated)
    if jobs:
        shown = {"total": len(hand_ins), "initial": len(done), "unit": "hand-in", "desc": "Grading"}
        with client() as connected, tqdm(**shown, file=sys.stderr) as bar:
            for result in _graded(connected, jobs, isolated):
                done[result.name] = _write(folder, result)
                bar.update()
    return [done[name] for name in names]


def _set_aside_all_but(names: set[str], folder: Path) -> None:
    """Move the results of files that are there no more into a folder of their own."""
    for path in [*folder.glob("*.json")]:
        if path.stem not in names:
            (folder / "replaced").mkdir(exist_ok=True)
            path.replace(folder / "replaced" / path.name)


def _done_and_to_do(
    hand_ins: Iterable[HandIn], folder: Path, isolated: bool
) -> tuple[dict[str, Result], list[Job]]:
    """Return the results that are there, by name, and what is to be graded.

    What can't be read has its result at once.
    """
    done, jobs = {}, []
    for hand_in in hand_ins:
        about = described(hand_in, isolated)
        result = known(folder / f"{about.name}.json", about.key)
        if result is not None:
            now = replace(result, who=about.who, handed_in=about.handed_in)
            done[about.name] = now if now == result else _write(folder, now)
        elif hand_in.data is None:
            done[about.name] = _write(folder, about)
        else:
            jobs.append(Job(about, hand_in.data))
    return done, jobs


def _write(folder: Path, result: Result) -> Result:
    write_whole(folder / f"{result.name}.json", to_json(result))
    return result


def _graded(client: "Client", jobs: Sequence[Job], isolated: bool) -> Iterator[Result]:
    """Yield the results of all jobs as they come.

    A worker that dies takes along what waits there. So what has failed is done again, each job
    alone: then it fails by itself only.
    """
    again = []
    for job, outcome in _stream(client, jobs, isolated):
        if outcome.status == "failed":
            again.append(job)
        else:
            yield job.about.after(outcome)
    for job in again:
        for _, outcome in _stream(client, [job], isolated):
            yield job.about.after(outcome)


def _stream(client: "Client", jobs: Iterable[Job], isolated: bool) -> Iterator[tuple[Job, Outcome]]:
    """Yield pairs of a job and its outcome, as they come; only a few jobs are on their way."""
    from distributed import as_completed

    waiting, sent = iter(jobs), {}

    def submit(n: int) -> "list[Future]":
        """Send the next n jobs, or as many as there are."""
        futures = []
        for job in itertools.islice(waiting, n):
            exercise = job.about.exercise
            arguments = (exercise, release(exercise).fingerprint, job.data, isolated)
            futures.append(client.submit(grade_one, *arguments, pure=False))
            sent[futures[-1].key] = job
        return futures

    running = as_completed(submit(WAITING * max(1, sum(client.nthreads().values()))))
    for future in running:
        yield sent.pop(future.key), _outcome(future)
        future.release()
        running.update(submit(1))


def _outcome(future: "Future") -> Outcome:
    try:
        return future.result()
    except CannotGrade:
        raise
    except Exception as error:  # one bad hand-in never stops the others
        what = f"the grader failed, {type(error).__name__}: {error}"[:500]
        return Outcome("failed", notes=(f"{harmless(what)}; run it again",))


# The command -----------------------------------------------------------------------------------


def grade_class(
    hand_ins: Path,
    out: Path,
    workers: int,
    scheduler: str | None = None,
    certificates: Path | None = None,
    isolated: bool = True,
) -> int:
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
        CannotGrade, sandbox.Missing, OSError, ValueError: if nothing can be done; with one
            sentence.
    """
    if scheduler is not None:
        require_safe(scheduler, certificates)
    elif isolated:
        sandbox.require_bubblewrap()
    if not isolated:
        print(UNSANDBOXED, file=sys.stderr)
    _require_apart(hand_ins, out)
    found = reading.find(hand_ins, _exercises())
    out.mkdir(mode=0o700, parents=True, exist_ok=True)  # marks are not for everyone
    with _sole_writer(out):
        for path in out.rglob("*.part"):  # half a file, of a killed run
            path.unlink()

        def client() -> AbstractContextManager["Client"]:
            return remote(scheduler, certificates) if scheduler else local(workers)

        return report(grade_all(found, out / "results", client, isolated), out)


def _require_apart(hand_ins: Path, out: Path) -> None:
    """Make sure that marks are not written where hand-ins are read.

    Raises:
        CannotGrade: if they would be.
    """
    if out.resolve().is_relative_to(hand_ins.resolve()):
        raise CannotGrade(
            f"the marks should have a folder of their own, but {out} is inside of {hand_ins}, "
            "where they would be read as hand-ins: give another one with --out."
        )


def _exercises() -> dict[str, str]:
    """Return the names of the exercises by lesson.

    Raises:
        CannotGrade: if there are none.
    """
    stems = {path.stem[:2]: path.stem for path in sorted(EXERCISES.glob("[0-9][0-9]_*.ipynb"))}
    if not stems:
        raise CannotGrade(
            f"there are no exercises in {EXERCISES}: grading needs the whole course (git clone), "
            "not only its package."
        )
    return stems


@contextlib.contextmanager
def _sole_writer(out: Path) -> Iterator[None]:
    """Make sure that no other run writes to the same folder.

    Raises:
        CannotGrade: if one does.
    """
    import fcntl  # which Windows has not

    with open(out / ".lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            why = f"another run is writing to {out}: wait for it, or stop it."
            raise CannotGrade(why) from None
        yield


def report(results: Sequence[Result], out: Path) -> int:
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
    _write_feedback(marked, out / "feedback")
    write_whole(out / "class.html", pages.class_page(marked))
    print(marks.closing_table(marked))
    for problem in problems:
        print(problem)
    broken = [mark for mark in marked if mark.status in ("unreadable", "failed")]
    print(f"All of it is in {out}; begin with {out / 'class.html'}.")
    return 1 if problems or broken else 0


def _write_feedback(marked: Iterable[marks.Mark], folder: Path) -> None:
    """Write a page for each hand-in; remove those of files that are there no more."""
    folder.mkdir(exist_ok=True)
    texts = {f"{mark.result.name}.html": pages.feedback(mark) for mark in marked}
    for path in folder.glob("*.html"):
        if path.name not in texts:
            path.unlink()
    for name, text in texts.items():
        write_whole(folder / name, text)
