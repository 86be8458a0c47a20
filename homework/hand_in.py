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
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from course_utils import __version__
from course_utils.lesson.files import write_whole
from homework import checks

LARGEST = 20_000_000  # bytes of a notebook that is marked
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


class Refused(ValueError):
    """Why nothing can be handed in, and what to do, in one sentence."""


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
    rows: tuple = ()
    footer: str = ""
    path: Path | None = None

    def __str__(self):
        rows = (f"  {label}: {text}" for label, text in self.rows)
        return "\n".join(filter(None, [self.title, *rows, self.footer]))


def from_notebook(exercise, tasks, run_checks, path=None, name=None):
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
        return _hand_in(exercise, tasks, notebook, data, learner, run_checks, notes)
    except Refused as refusal:
        return Report("failed", str(refusal))


def from_command(path, name=None):
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
            raise Refused(
                f"{notebook.name} should be an exercise of this course, but no cell says "
                'begin("…") with the name of one: copy that cell from exercises/.'
            )
        learner = _learner(notebook.parent, name, ask=False)
        tasks = checks.load(checks.FOLDER / f"{exercise}.py")
        run = lambda: _run(data, notebook.parent)  # noqa: E731
        print(_hand_in(exercise, tasks, notebook, data, learner, run, []))
    except Refused as refusal:
        print(refusal, file=sys.stderr)
        return 2
    return 0


# The notebook -----------------------------------------------------------------------------------


def _running_notebook(exercise, path):
    if path is not None:
        return Path(path)
    named = _shell().user_ns.get("__vsc_ipynb_file__") if _shell() else None  # in VS Code
    session = os.environ.get("JPY_SESSION_NAME")  # Jupyter's server says it when a kernel starts
    file = f"{exercise}.ipynb"
    for candidate in map(Path, filter(None, [named, session, f"work/{file}", file])):
        if candidate.is_file() and candidate.resolve().parent.name == "work":
            return candidate.resolve()
    raise Refused('Open your own copy in work/ to hand in, or say where it is: hand_in(path="…").')


def _shell():
    return sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None


def _save(notebook, search):
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


def _holds(path, token):
    with contextlib.suppress(OSError, ValueError):  # it may be half written
        data = path.read_bytes()
        return token.encode() in data and bool(json.loads(data))
    return False


def _read(path):
    reason = "is none"
    with contextlib.suppress(ValueError, KeyError, TypeError, RecursionError):
        try:
            data = path.read_bytes()
            if all(isinstance(cell["source"], str | list) for cell in _cells(data)):
                return data
        except OSError as error:
            reason = f"can't be read ({error.strerror})"
    raise Refused(f"{path} should be a notebook, but {reason}: give the path of your own copy.")


def _cells(data):
    return json.loads(data.decode("utf-8-sig"))["cells"]


def _source(cell):
    return "".join(map(str, cell["source"]))


def _begun(data):
    code = "\n".join(map(_source, _cells(data)))
    call = re.search(r"\bbegin\(\s*[\"'](\w+)[\"']", code)
    return call[1] if call else ""


def _run(data, folder):
    """Run a copy of a notebook in a fresh kernel, then its checks; return their outcomes."""
    import nbformat
    from nbclient import NotebookClient
    from tqdm import tqdm

    copy = nbformat.reads(data.decode("utf-8-sig"), as_version=4)
    for cell in copy.cells:
        if "parameters" in cell.metadata.get("tags", []):
            cell.source = 'budget = "smoke"'
        cell.source = re.sub(r"^(\s*)hand_in\(.*", r"\1pass", cell.source, flags=re.MULTILINE)
    code = "import json\nprint(json.dumps(check.__self__.run_checks()))"
    copy.cells.append(nbformat.v4.new_code_cell(code))
    os.environ.setdefault("JUPYTER_PREFER_ENV_PATH", "1")  # the kernel of this Python
    client = NotebookClient(
        copy,
        kernel_name="python3",
        timeout=CELL_SECONDS,
        interrupt_on_timeout=True,
        allow_errors=True,
        resources={"metadata": {"path": str(folder)}},
        extra_arguments=["--IPKernelApp.log_level=CRITICAL"],
    )
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


# What is handed in ------------------------------------------------------------------------------


def _learner(folder, name, ask):
    """Return name and id of the learner, and remember them beside the notebook."""
    record, known = folder / ".learner.json", {}
    with contextlib.suppress(OSError, ValueError, TypeError):
        known = dict(json.loads(record.read_bytes()))
    name, id = _tidy(name) or _tidy(known.get("name")), known.get("id")
    if not name and ask:
        with contextlib.suppress(EOFError, OSError, RuntimeError):  # nobody to ask
            name = _tidy(input("Your name, as your teacher knows it: "))
    elif not name:
        raise Refused('Your name should be in the hand-in, but isn\'t known: add --name "…".')
    if not (isinstance(id, str) and re.fullmatch("[0-9a-f]{32}", id)):
        id = uuid.uuid4().hex
    learner = {"name": name, "id": id}
    if learner != known:
        _write(record, json.dumps(learner, ensure_ascii=False).encode())
    return learner


def _tidy(name):
    text = "".join(c if c.isprintable() else " " for c in name) if isinstance(name, str) else ""
    return unicodedata.normalize("NFC", " ".join(text.split()))[:200].strip()


def _hand_in(exercise, tasks, notebook, data, learner, run_checks, notes):
    """Run the checks, write the zip, and report."""
    passed, notes = {}, list(notes)
    try:
        found = run_checks()
        passed = {id: found[id] is True for id in tasks if id in found}
    except Exception as error:
        why = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        notes.append(("Checks", f"they couldn't be run ({why}); you can hand in all the same"))
    now = datetime.now(UTC).replace(microsecond=0)
    manifest = {
        "format": 1,
        "exercise": exercise,
        "lesson": exercise[:2],
        "course_version": __version__,
        "who": learner["name"],
        "learner": learner["id"],
        "handed_in": now.isoformat(),
        "sha256": hashlib.sha256(data).hexdigest(),
        "checks": passed,
    }
    text = json.dumps(manifest, indent=1, ensure_ascii=False).encode()
    members = {f"{exercise}.ipynb": data, "manifest.json": text}
    letters = unicodedata.normalize("NFKD", learner["name"]).encode("ascii", "ignore").decode()
    safe = "-".join(re.findall("[a-z0-9]+", letters.lower()))[:60] or learner["id"][:8]
    stem = f"{exercise}--{safe}--{now:%Y%m%d-%H%M%S}Z"
    target = _pack(notebook.parent / "handed-in", stem, members)
    if not learner["name"]:
        notes.append(("Name", 'there is none in it: run hand_in(name="…") to add yours'))
    if len(data) > LARGEST:
        notes.append(("Too large", "to be marked: clear the outputs, save, and hand in again"))
    contents = ", ".join(f"{name} ({len(content) / 1000:,.1f} kB)"
                         for name, content in members.items())  # fmt: skip
    return Report(
        "note" if notes else "passed",
        f"Ready to hand in: {exercise}",
        (*notes, ("In it", contents), *_expected(data, tasks, passed), ("File", _short(target))),
        "Nothing has been sent. Send this file the way your teacher asks for.",
        target,
    )


def _expected(data, tasks, passed):
    """Return rows about what is missing in a notebook, and about the points to expect."""
    sources, rows, points, words = {}, [], 0, 0
    for cell in _cells(data):
        nbgrader = cell.get("metadata", {}).get("nbgrader") or {}
        sources[nbgrader.get("grade_id")] = _source(cell)
    for id, task in tasks.items():
        source = sources.get(f"{'task' if task.judge else 'words'}-{id.replace('.', '-')}")
        what = ""
        if source is None:
            what = "the cell for your answer is gone; copy it from exercises/"
        elif source.strip() in ("", "YOUR ANSWER HERE"):
            what = "not answered"
        elif task.judge is None:
            words += task.points
        elif passed.get(id):
            points += task.points
        elif "raise NotImplementedError()" in source:
            what = "not begun"
        else:
            what = "its check doesn't pass yet" if id in passed else "not checked"
        rows += [("Missing", f"{id} {task.title}: {what}")] if what else []
    of = sum(task.points for task in tasks.values() if task.judge)
    more = f"; {words} more for answers in words, which a person reads" if words else ""
    return [*rows, ("Points", f"{points} of {of} points by checks{more}")]


def _pack(folder, stem, members):
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


def _write(path, data):
    try:
        write_whole(path, data)
    except OSError as error:
        raise Refused(
            f"{path.name} should be written to {_short(path.parent)}, but that failed "
            f"({error.strerror}): make room there, or make the folder writable."
        ) from error


def _short(path):
    with contextlib.suppress(ValueError):  # on another drive
        return os.path.relpath(path)
    return str(path)
