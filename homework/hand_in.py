"""Handing in: one zip that holds the notebook and says what it is.

`from_notebook` serves the last cell of an exercise, `from_command` the command line. Both save
first, run the checks, write the zip and say what is in it, what is missing and how many points to
expect. A check that fails never prevents handing in, and nothing is sent anywhere.

The manifest is for convenience only: whoever marks the notebook runs the checks again.
"""

import contextlib
import hashlib
import io
import json
import os
import re
import sys
import time
import unicodedata
import uuid
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from course_utils import __version__
from course_utils.lesson.files import write_whole
from homework import checks
from homework.checks import Task, Tasks

LARGEST_NOTEBOOK = 20_000_000  # bytes; a larger one isn't marked
NO_WORDS, NO_CODE = "YOUR ANSWER HERE", "raise NotImplementedError()"  # what a stub says
SAVING_SECONDS = 6
CELL_SECONDS, ALL_SECONDS = 120, 600  # in a fresh kernel

# Presses the keys for saving, then clicks the button, for as long as this output is there: a page
# that is just saving does nothing. Only for ten minutes: the notebook is saved with this in it, and
# opening it again later should do nothing.
SAVE = """<script data-saving="%(token)s">
{
  const script = document.currentScript;
  const mac = navigator.platform.startsWith("Mac");
  const keys = {key: "s", code: "KeyS", keyCode: 83, ctrlKey: !mac, metaKey: mac, bubbles: true};
  const press = () => document.body.dispatchEvent(new KeyboardEvent("keydown", keys));
  const page = script?.closest(".jp-NotebookPanel") ?? document;
  const click = () => page.querySelector('[data-command="docmanager:save"]')?.click();
  [press, press, click, click].forEach((save, seconds) => setTimeout(() => {
    const now = Math.abs(Date.now() - %(now)d) < 600000;
    if (now && script?.isConnected !== false) save();
  }, 1000 * seconds));
}
</script>"""


Row = tuple[str, str]


class CannotHandIn(ValueError):
    """Why nothing can be handed in, and what to do, in one sentence."""


@dataclass(frozen=True)
class Learner:
    """Who hands in.

    Attributes:
        name: as the teacher knows it; empty if it isn't known.
        id: drawn at random once, so that one learner's hand-ins belong together.
    """

    name: str
    id: str


@dataclass(frozen=True)
class Report:
    """What came of handing in, to be shown.

    Attributes:
        state: ``"passed"``, ``"note"`` if there is something to look at, ``"failed"``.
        title: one line.
        rows: pairs of a label and a text.
        footer: what to do next.
        path: of the zip; None if there is none.
    """

    state: str
    title: str
    rows: tuple[Row, ...] = ()
    footer: str = ""
    path: Path | None = None

    def __str__(self) -> str:
        rows = (f"  {label}: {text}" for label, text in self.rows)
        return "\n".join(filter(None, [self.title, *rows, self.footer]))


def from_notebook(
    exercise: str,
    tasks: Tasks,
    run_checks: Callable[[], Mapping[str, bool]],
    path: str | Path | None = None,
    name: str | None = None,
) -> Report:
    """Hand in the notebook that is running.

    Args:
        exercise: its name, such as ``"04_the_carry_generator"``.
        tasks: by id, as `checks.load` returns them.
        run_checks: runs all checks and returns, by id, whether they passed.
        path: of the notebook, if it can't be found.
        name: of the learner; by default the one given last time, or one is asked for.

    Returns:
        A `Report`; whatever goes wrong is in it, too.
    """
    try:
        notebook, notes = _save(_running_notebook(exercise, path), search=path is None)
        data = _read(notebook)
        learner = _learner(notebook.parent, name, ask=True)
        passed, more = _outcomes(tasks, run_checks)
        return _packed(exercise, tasks, notebook, data, learner, passed, [*notes, *more])
    except CannotHandIn as refusal:
        return Report("failed", str(refusal))


def from_command(path: str | Path, name: str | None = None) -> int:
    """Hand in a notebook that isn't running: its cells run once, in a fresh kernel.

    Args:
        path: of the notebook.
        name: of the learner; may be left out if it was given before.

    Returns:
        The exit status: 0, or 2 after one sentence that says what can't be handed in.
    """
    try:
        notebook = Path(path)
        data = _read(notebook)
        exercise = _begun(data) or notebook.stem
        if not (checks.FOLDER / f"{exercise}.py").is_file():
            raise CannotHandIn(
                f"{notebook.name} should be an exercise of this course, but no cell says "
                'begin("…") with the name of one: copy that cell from exercises/.'
            )
        learner = _learner(notebook.parent, name, ask=False)
        tasks = checks.load(checks.FOLDER / f"{exercise}.py")
        passed, notes = _outcomes(tasks, lambda: _run_in_fresh_kernel(data, notebook.parent))
        print(_packed(exercise, tasks, notebook, data, learner, passed, notes))
    except CannotHandIn as refusal:
        print(refusal, file=sys.stderr)
        return 2
    return 0


# The notebook -----------------------------------------------------------------------------------


def _running_notebook(exercise: str, path: str | Path | None) -> Path:
    """Return where the notebook is that is running, or the path that was given.

    Raises:
        CannotHandIn: if it is nowhere in a folder called work.
    """
    if path is not None:
        return Path(path)
    named = _shell().user_ns.get("__vsc_ipynb_file__") if _shell() else None  # in VS Code
    session = os.environ.get("JPY_SESSION_NAME")  # Jupyter's server says it when a kernel starts
    file = f"{exercise}.ipynb"
    for candidate in map(Path, filter(None, [named, session, f"work/{file}", file])):
        if candidate.is_file() and candidate.resolve().parent.name == "work":
            return candidate.resolve()
    raise CannotHandIn(
        'Open your own copy in work/ to hand in, or say where it is: hand_in(path="…").'
    )


def _shell() -> Any:
    """Return IPython's shell; None if there is none."""
    return sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None


def _save(notebook: Path, search: bool) -> tuple[Path, list[Row]]:
    """Have the page save the running notebook.

    What the page is told carries a number drawn for this call. The file that holds the number was
    saved after the call, and is this notebook, even if it got another name in the meantime.

    Args:
        notebook: where it should be.
        search: whether it may be another one in the same folder.

    Returns:
        Where it is, and rows for the report: none if it was saved.
    """
    if not notebook.is_file() or not hasattr(_shell(), "kernel"):
        return notebook, []
    from IPython.display import display

    token, saved = uuid.uuid4().hex, None
    script = SAVE % {"token": token, "now": time.time() * 1000}
    data = {"text/plain": "Saving the notebook …", "text/html": script}
    shown = display(data, raw=True, display_id=True)
    end = time.monotonic() + SAVING_SECONDS
    while saved is None and time.monotonic() < end:
        time.sleep(0.2)
        paths = [notebook, *sorted(notebook.parent.glob("*.ipynb"))] if search else [notebook]
        saved = next((path for path in paths if _holds(path, token)), None)
    if saved is not None:
        shown.update({"text/plain": f"{saved.name} was saved."}, raw=True)
        return saved, []
    shown.update({"text/plain": f"{notebook.name} could not be saved from here."}, raw=True)
    at = time.strftime("%H:%M on %d %B", time.localtime(notebook.stat().st_mtime))
    text = "if you have changed something since, save (Ctrl+S) and run this cell again"
    return notebook, [("Not saved now", f"{notebook.name} was last saved at {at}; {text}")]


def _holds(path: Path, token: str) -> bool:
    """Say whether a file is a whole notebook with this token in it."""
    with contextlib.suppress(OSError, ValueError):  # it may be half written
        data = path.read_bytes()
        return token.encode() in data and bool(json.loads(data))
    return False


def _read(path: Path) -> bytes:
    """Return the bytes of a notebook.

    Raises:
        CannotHandIn: if it can't be read, or is none.
    """
    reason = "is none"
    with contextlib.suppress(ValueError, KeyError, TypeError, RecursionError):
        try:
            data = path.read_bytes()
            if all(isinstance(cell["source"], str | list) for cell in _cells(data)):
                return data
        except OSError as error:
            reason = f"can't be read ({error.strerror})"
    raise CannotHandIn(
        f"{path} should be a notebook, but {reason}: give the path of your own copy."
    )


def _cells(data: bytes) -> list[dict[str, Any]]:
    return json.loads(data.decode("utf-8-sig"))["cells"]


def _source(cell: Mapping[str, Any]) -> str:
    return "".join(map(str, cell["source"]))


def _begun(data: bytes) -> str:
    """Return the exercise that a notebook begins; an empty text if it begins none."""
    code = "\n".join(map(_source, _cells(data)))
    call = re.search(r"\bbegin\(\s*[\"'](\w+)[\"']", code)
    return call[1] if call else ""


def _run_in_fresh_kernel(data: bytes, folder: Path) -> dict[str, bool]:
    """Run a copy of a notebook in a fresh kernel, then its checks; return their outcomes.

    Raises:
        RuntimeError: if there are no checks in it.
        TimeoutError: if it takes too long.
    """
    from nbclient import NotebookClient
    from tqdm import tqdm

    copy = _copy_to_run(data)
    client = NotebookClient(
        copy,
        kernel_name="python3",
        timeout=CELL_SECONDS,
        interrupt_on_timeout=True,
        allow_errors=True,
        resources={"metadata": {"path": str(folder)}},
        extra_arguments=["--IPKernelApp.log_level=CRITICAL"],
    )
    os.environ.setdefault("JUPYTER_PREFER_ENV_PATH", "1")  # the kernel of this Python
    end = time.monotonic() + ALL_SECONDS
    with client.setup_kernel():
        for number, cell in enumerate(tqdm(copy.cells, "running the notebook", unit=" cells")):
            if time.monotonic() > end:
                raise TimeoutError(f"the notebook was still running after {ALL_SECONDS} s")
            client.execute_cell(cell, number)
    said = "".join(output.get("text", "") for output in copy.cells[-1].outputs)
    if not said:
        raise RuntimeError("the cell with begin(…) didn't run through")
    return json.loads(said.splitlines()[-1])


def _copy_to_run(data: bytes) -> Any:
    """Return a copy of a notebook that is quick, hands nothing in, and tells how its checks end."""
    import nbformat

    copy = nbformat.reads(data.decode("utf-8-sig"), as_version=4)
    for cell in copy.cells:
        if "parameters" in cell.metadata.get("tags", []):
            cell.source = 'budget = "smoke"'
        cell.source = re.sub(r"^(\s*)hand_in\(.*", r"\1pass", cell.source, flags=re.MULTILINE)
    code = "import json\nprint(json.dumps(check.__self__.run_checks()))"
    copy.cells.append(nbformat.v4.new_code_cell(code))
    return copy


# What is handed in ------------------------------------------------------------------------------


def _learner(folder: Path, name: str | None, ask: bool) -> Learner:
    """Return who hands in, and remember it beside the notebook.

    Args:
        folder: of the notebook.
        name: that was given; None for the one that is remembered.
        ask: for the name, if it isn't known.

    Raises:
        CannotHandIn: if the name isn't known and nobody may be asked.
    """
    record = folder / ".learner.json"
    known: dict[str, Any] = {}
    with contextlib.suppress(OSError, ValueError, TypeError):
        known = dict(json.loads(record.read_bytes()))
    name, id = _tidy(name) or _tidy(known.get("name")), known.get("id")
    if not name and ask:
        with contextlib.suppress(EOFError, OSError, RuntimeError):  # nobody to ask
            name = _tidy(input("Your name, as your teacher knows it: "))
    elif not name:
        raise CannotHandIn('Your name should be in the hand-in, but isn\'t known: add --name "…".')
    if not (isinstance(id, str) and re.fullmatch("[0-9a-f]{32}", id)):
        id = uuid.uuid4().hex
    learner = Learner(name, id)
    if vars(learner) != known:
        _write(record, json.dumps(vars(learner), ensure_ascii=False).encode())
    return learner


def _tidy(name: object) -> str:
    text = "".join(c if c.isprintable() else " " for c in name) if isinstance(name, str) else ""
    return unicodedata.normalize("NFC", " ".join(text.split()))[:200].strip()


def _outcomes(
    tasks: Tasks, run_checks: Callable[[], Mapping[str, bool]]
) -> tuple[dict[str, bool], list[Row]]:
    """Return which tasks pass, by id, and rows for the report: none if the checks could be run."""
    try:
        found = run_checks()
        return {id: found[id] is True for id in tasks if id in found}, []
    except Exception as error:
        why = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        return {}, [("Checks", f"they couldn't be run ({why}); you can hand in all the same")]


def _packed(
    exercise: str,
    tasks: Tasks,
    notebook: Path,
    data: bytes,
    learner: Learner,
    passed: Mapping[str, bool],
    notes: Sequence[Row],
) -> Report:
    """Write the zip, and report what is in it.

    Args:
        exercise: its name.
        tasks: of the exercise.
        notebook: beside whose folder the zip goes.
        data: its bytes, as they are handed in.
        learner: who hands in.
        passed: whether a task's check passes, by id.
        notes: rows with which the report begins.
    """
    now = datetime.now(UTC).replace(microsecond=0)
    manifest = _manifest(exercise, data, learner, passed, now)
    members = {f"{exercise}.ipynb": data, "manifest.json": manifest}
    stem = f"{exercise}--{_in_ascii(learner)}--{now:%Y%m%d-%H%M%S}Z"
    target = _write_zip(notebook.parent / "handed-in", stem, members)
    notes = list(notes)
    if not learner.name:
        notes.append(("Name", 'there is none in it: run hand_in(name="…") to add yours'))
    if len(data) > LARGEST_NOTEBOOK:
        notes.append(("Too large", "to be marked: clear the outputs, save, and hand in again"))
    sizes = {name: len(content) / 1000 for name, content in members.items()}
    contents = ", ".join(f"{name} ({size:,.1f} kB)" for name, size in sizes.items())
    return Report(
        "note" if notes else "passed",
        f"Ready to hand in: {exercise}",
        (*notes, ("In it", contents), *_expected(data, tasks, passed), ("File", _short(target))),
        "Nothing has been sent. Send this file the way your teacher asks for.",
        target,
    )


def _manifest(
    exercise: str, data: bytes, learner: Learner, passed: Mapping[str, bool], now: datetime
) -> bytes:
    """Return the text beside the notebook in the zip, which says what it is."""
    manifest = {
        "format": 1,
        "exercise": exercise,
        "lesson": exercise[:2],
        "course_version": __version__,
        "who": learner.name,
        "learner": learner.id,
        "handed_in": now.isoformat(),
        "sha256": hashlib.sha256(data).hexdigest(),
        "checks": passed,
    }
    return json.dumps(manifest, indent=1, ensure_ascii=False).encode()


def _in_ascii(learner: Learner) -> str:
    """Return the learner's name, or else some of the id, for the name of a file."""
    letters = unicodedata.normalize("NFKD", learner.name).encode("ascii", "ignore").decode()
    return "-".join(re.findall("[a-z0-9]+", letters.lower()))[:60] or learner.id[:8]


def _expected(data: bytes, tasks: Tasks, passed: Mapping[str, bool]) -> list[Row]:
    """Return rows about what is missing in a notebook, and about the points to expect."""
    sources: dict[str | None, str] = {}
    for cell in _cells(data):
        nbgrader = cell.get("metadata", {}).get("nbgrader") or {}
        sources[nbgrader.get("grade_id")] = _source(cell)
    rows, points, words = [], 0, 0
    for id, task in tasks.items():
        source = sources.get(f"{'task' if task.judge else 'words'}-{id.replace('.', '-')}")
        if what := _missing(task, source, passed.get(id)):
            rows.append(("Missing", f"{id} {task.title}: {what}"))
        elif task.judge is None:
            words += task.points
        else:
            points += task.points
    of = sum(task.points for task in tasks.values() if task.judge)
    more = f"; {words} more for answers in words, which a person reads" if words else ""
    return [*rows, ("Points", f"{points} of {of} points by checks{more}")]


def _missing(task: Task, source: str | None, passed: bool | None) -> str:
    """Say what an answer lacks; nothing if it is there and its check, if any, passes.

    Args:
        task: that is answered.
        source: of the cell for the answer; None if there is no such cell.
        passed: whether its check passes; None if that isn't known.
    """
    if source is None:
        return "the cell for your answer is gone; copy it from exercises/"
    if source.strip() in ("", NO_WORDS):
        return "not answered"
    if task.judge is None or passed:
        return ""
    if NO_CODE in source:
        return "not begun"
    return "not checked" if passed is None else "its check doesn't pass yet"


def _write_zip(folder: Path, stem: str, members: Mapping[str, bytes]) -> Path:
    """Write a zip under a name that is free; the same members give the same bytes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in members.items():
            member = zipfile.ZipInfo(name)  # of 1980
            member.create_system, member.external_attr = 3, 0o644 << 16
            archive.writestr(member, content, zipfile.ZIP_DEFLATED)
    target, number = folder / f"{stem}.zip", 1
    while target.exists():
        number += 1
        target = folder / f"{stem}-{number}.zip"
    _write(target, packed.getvalue())
    return target


def _write(path: Path, data: bytes) -> None:
    """Write a file whole.

    Raises:
        CannotHandIn: if it can't be written.
    """
    try:
        write_whole(path, data)
    except OSError as error:
        raise CannotHandIn(
            f"{path.name} should be written to {_short(path.parent)}, but that failed "
            f"({error.strerror}): make room there, or make the folder writable."
        ) from error


def _short(path: Path) -> str:
    with contextlib.suppress(ValueError):  # on another drive
        return os.path.relpath(path)
    return str(path)
