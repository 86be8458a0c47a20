"""Hand-ins in a folder, found and read without extracting or executing anything.

Whatever a file is called and contains, it gives a `HandIn`: with its notebook, or with one sentence
that says why there is none. Names, times and numbers inside a hand-in are its author's claims; what
the LMS wrote into the name of a folder or file comes before them.
"""

import hashlib
import io
import json
import os
import re
import stat
import unicodedata
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePath, PurePosixPath
from typing import Any

from homework.hand_in import LARGEST_NOTEBOOK

ARCHIVE, NOTEBOOK, MANIFEST = 100_000_000, LARGEST_NOTEBOOK, 100_000  # bytes, at most
MEMBERS = 1000  # of an archive, at most
CELLS = 5_000  # of a notebook, at most
PLAIN = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}  # others may need any amount of memory

# Moodle: NAME_ID_assignsubmission_file as folder, with more behind it as file. A group may lack ID.
MOODLE = re.compile(r"(.+?)(?:_(\d+))?_assignsubmission_[a-z]+(?:_(.*))?", re.DOTALL)
# Canvas: NAME[_LATE]_ID_FILE_original, all of NAME run together. Answers in a text field: _text.
CANVAS = re.compile(
    r"([^\s.,;()-]+?)(?:_late)?_([1-9]\d*)_(?:[1-9]\d*_(.+)|(?:text|link)\.html)", re.I
)
SYSTEM = {"__MACOSX", "Thumbs.db", "desktop.ini"}
NOTHING = "nothing was handed in"

# What tells the lesson and the task in a cell.
GRADED = re.compile(r"(task|check|words)-(\d+)-(\d+)")
CHECKED = re.compile(r"\bcheck\(\s*[\"'](\d\d)\.(\d+)[\"']")
HEADED = re.compile(r"^## (\d\d)\.(\d+)\b", re.MULTILINE)


class Unreadable(ValueError):
    """Why a hand-in can't be graded, in one sentence without its end."""


@dataclass(frozen=True)
class HandIn:
    """One file that was handed in, or what is there instead.

    Attributes:
        source: path in the folder.
        data: the notebook; None if there is a problem.
        digest: sha256 of the file; of its path where there is no file.
        who: for people; any characters but control characters, up to 200.
        learner: the same for the same learner: ``"moodle:12345"``, ``"id:…"``, ``"name:…"``.
        lms_id: the learner's number there, or empty.
        lms: ``"moodle"``, ``"canvas"`` or empty.
        handed_in: ISO, UTC, to the second; empty if unknown.
        exercise: such as ``"04_the_carry_generator"``; empty if it can't be told.
        notes: short sentences for the teacher.
        problem: why there is no notebook, in one sentence without its end; empty if there is one.
    """

    source: str
    data: bytes | None
    digest: str
    who: str
    learner: str
    lms_id: str
    lms: str
    handed_in: str
    exercise: str
    notes: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True)
class Sender:
    """What the LMS has written into the names of a file and its folders; else texts are empty.

    Attributes:
        file: the name that the file had before.
        who: the learner's name.
        lms: ``"moodle"`` or ``"canvas"``.
        lms_id: the learner's number there; a group may have none.
    """

    file: str
    who: str = ""
    lms: str = ""
    lms_id: str = ""


@dataclass(frozen=True)
class Claims:
    """What a manifest says, as far as it can be; else texts are empty."""

    who: str = ""
    id: str = ""
    time: str = ""
    exercise: str = ""


def find(folder: str | Path, exercises: Mapping[str, str]) -> list[HandIn]:
    """Read all hand-ins in a folder: zips, notebooks, folders of learners, an LMS's download.

    Args:
        folder: whose files and folders are to be read.
        exercises: names such as ``"04_the_carry_generator"`` by lesson (``"04"``).

    Returns:
        A list of `HandIn`, ordered by source.

    Raises:
        FileNotFoundError: if there is no such folder.
        ValueError: if it isn't a folder, or nothing is in it.
    """
    folder = Path(folder)
    if not folder.exists():
        raise FileNotFoundError(
            f"{folder} should be the folder with the hand-ins, but isn't there: correct its name."
        )
    if not folder.is_dir():
        raise ValueError(
            f"{folder} should be the folder with the hand-ins, but is a file: if it is the LMS's "
            "download, unpack it and give the folder that comes out."
        )
    paths = sorted(_paths(folder))
    by_chance = _numbers_by_chance(path.relative_to(folder) for path in paths)
    found = [_read_hand_in(folder, path, exercises, by_chance) for path in paths]
    present = {hand_in.learner for hand_in in found if hand_in.problem != NOTHING}
    found = [h for h in found if h.problem != NOTHING or (h.lms and h.learner not in present)]
    if not found:
        raise ValueError(
            f"{folder} should hold zips or notebooks that learners handed in, but has none: give "
            "the folder in which they are."
        )
    return found


# Files and folders ------------------------------------------------------------------------------


def _paths(folder: Path) -> Iterator[Path]:
    """Yield all files, but of unpacked hand-ins and of folders with nothing in them the folder."""
    waiting = [folder]
    while waiting:
        here = waiting.pop()
        try:
            with os.scandir(here) as entries:
                seen = [Path(entry) for entry in entries if not _hidden(entry.name)]
        except OSError:
            yield here
            continue
        folders = [path for path in seen if os.path.isdir(path) and not path.is_symlink()]
        unpacked = _unpacked(here)
        waiting += folders
        yield from set(seen) - {*folders, *unpacked}
        if unpacked or not seen:
            yield here


def _hidden(name: str) -> bool:
    return name.startswith((".", "~$")) or name in SYSTEM


def _unpacked(folder: Path) -> list[Path]:
    """Return manifest and notebook of a folder that is an unpacked hand-in; else nothing."""
    found = [folder / "manifest.json", *folder.glob("[!.]*.ipynb")]
    return found if len(found) == 2 and all(map(os.path.isfile, found)) else []


def _content(path: Path) -> tuple[bytes, tuple[bytes, bytes] | None]:
    """Return the bytes that count as the file, and notebook and manifest if it is unpacked."""
    if not os.path.isdir(path) or path.is_symlink():
        return _bytes(path), None
    if not os.access(path, os.R_OK | os.X_OK):
        raise Unreadable("it is a folder that can't be read")
    if not (parts := _unpacked(path)):
        raise Unreadable(NOTHING)
    manifest, data = map(_bytes, parts)
    return manifest + data, (data, manifest[:MANIFEST])


def _bytes(path: Path) -> bytes:
    try:
        status = path.lstat()
        if stat.S_ISLNK(status.st_mode):
            raise Unreadable("it is a link, and links are not followed")
        if not stat.S_ISREG(status.st_mode):  # a pipe would have to be waited for
            raise Unreadable("it is neither a file nor a folder")
        if status.st_size > ARCHIVE:
            raise Unreadable(f"it is larger than {ARCHIVE / 1_000_000:g} MB")
        with open(path, "rb") as file:
            return file.read(status.st_size)
    except OSError as error:
        raise Unreadable(f"it can't be read ({error.strerror})") from None


def _opened(name: str, content: bytes, notes: list[str]) -> tuple[bytes, bytes]:
    """Return the notebook and the manifest in the content of a file."""
    if not re.search(r"\.(zip|ipynb)\b", name, re.IGNORECASE):  # also .ipynb.txt, as browsers save
        raise Unreadable("it is neither a notebook nor a zip")
    if content and (content.startswith(b"PK") or name.lower().endswith(".zip")):
        return _unzip(content, notes)
    return content, b""


# Zips -------------------------------------------------------------------------------------------


def _unzip(content: bytes, notes: list[str]) -> tuple[bytes, bytes]:
    """Return the notebook and the manifest in a zip; nothing is written to disk."""
    if content.count(b"PK\x01\x02") > MEMBERS:  # before memory is spent on them
        raise Unreadable(f"it is a zip of more than {MEMBERS} files")
    manifest = b""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            files = _files(archive)
            notebooks = [m for m in files if m.filename.lower().endswith(".ipynb")]
            if len(notebooks) != 1:
                raise Unreadable(f"it contains {len(notebooks)} notebooks: a hand-in has one")
            place = PurePosixPath(notebooks[0].filename).with_name("manifest.json")
            manifests = [m for m in files if m.filename == str(place)][:1]
            with archive.open(notebooks[0]) as file:
                data = file.read(NOTEBOOK + 1)  # its size in the header may be a lie
            for member in manifests:
                with archive.open(member) as file:
                    manifest = file.read(MANIFEST)
    except Unreadable:
        raise
    except Exception:  # there is no end to what may be wrong in a zip
        raise Unreadable("it is no zip archive, or not a whole one") from None
    if others := len(files) - 1 - len(manifests):
        notes.append(f"other files in the zip, left alone: {others}")
    return data, manifest


def _files(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """Return the files in a zip, without those of the system; refuse a zip with odd ones."""
    members = archive.infolist()
    for member in members:
        _refuse_odd(member)
    return [
        member
        for member in members
        if not member.is_dir() and not any(map(_hidden, member.filename.split("/")))
    ]


def _refuse_odd(member: zipfile.ZipInfo) -> None:
    for name in (member.orig_filename, member.filename):
        inside = not (name.startswith("/") or ".." in name.split("/"))
        if not inside or "\\" in name or "\0" in name or re.match("[A-Za-z]:", name):
            raise Unreadable(f"it contains a file that leads elsewhere ({_tidy(name)[:80]})")
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise Unreadable(f"it contains a link or a device ({_tidy(member.filename)[:80]})")
    if member.flag_bits & 1:
        raise Unreadable("it is encrypted")
    if member.compress_type not in PLAIN:
        raise Unreadable("it is packed in an unusual way")


# Notebooks --------------------------------------------------------------------------------------


def parse(data: bytes) -> dict[str, Any]:
    """Return the notebook in the bytes of a file as a dictionary.

    Its ``cells`` are a list of dictionaries; nothing else about it is certain.

    Raises:
        Unreadable: if there is none, in one sentence.
    """
    if len(data) > NOTEBOOK:
        raise Unreadable(f"the notebook is larger than {NOTEBOOK / 1_000_000:g} MB")
    if not data.strip():
        raise Unreadable("it is empty")
    notebook = _json(data)
    if not isinstance(notebook, dict):
        raise Unreadable("it is JSON, but no notebook")
    cells = notebook.get("cells")
    if not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells):
        old = "worksheets" in notebook
        raise Unreadable("its format is too old" if old else "it is JSON, but no notebook")
    if len(cells) > CELLS:
        raise Unreadable(f"it has more than {CELLS:,} cells")
    if notebook.get("nbformat") != 4:
        raise Unreadable("it is a notebook of another format than 4")
    return notebook


def _json(data: bytes) -> Any:
    try:
        text = data.decode("utf-8-sig")
        return json.loads(text, parse_constant=int)  # int("NaN") is refused
    except UnicodeDecodeError:
        raise Unreadable("it is not text in UTF-8") from None
    except RecursionError:
        raise Unreadable("it is nested too deeply") from None
    except ValueError:
        if re.search("^<<<<<<<", text, re.MULTILINE):
            raise Unreadable("it is two versions with the marks of a merge (<<<<<<<)") from None
        raise Unreadable("it is no notebook, or not a whole one") from None


def source_of(cell: Mapping[str, Any]) -> str:
    """Return a cell's text; in the file it may be one text, a list of lines, or anything."""
    source = cell.get("source", "")
    lines = source if isinstance(source, list) else [source]
    return "".join(line for line in lines if isinstance(line, str))


def role(cell: Mapping[str, Any]) -> tuple[str, str]:
    """Return ``(what, task)`` of a cell, such as ``("check", "04.1")``, or two empty texts."""
    metadata = cell.get("metadata")
    metadata = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    id = metadata.get("grade_id") if isinstance(metadata, dict) else None
    match = GRADED.fullmatch(id) if isinstance(id, str) else None
    return (match[1], f"{match[2]}.{match[3]}") if match else ("", "")


def _exercise(
    cells: Sequence[Mapping[str, Any]], exercises: Mapping[str, str], name: str, claim: str
) -> str:
    """Return the exercise to which most of the tasks in the cells belong.

    Args:
        cells: of the notebook.
        exercises: names by lesson.
        name: of the file; decides where the cells don't.
        claim: what the manifest says; the same, after the name.

    Raises:
        Unreadable: if it can't be told.
    """
    tasks = set()
    for cell in cells:
        signs = CHECKED if cell.get("cell_type") == "code" else HEADED
        tasks |= {f"{lesson}.{number}" for lesson, number in signs.findall(source_of(cell))}
        tasks.add(role(cell)[1])
    lessons = (task.partition(".")[0] for task in tasks)
    votes = Counter(lesson for lesson in lessons if lesson in exercises)
    most = [lesson for lesson in exercises if votes[lesson] == max(votes.values(), default=0)]
    if votes and len(most) == 1:
        return exercises[most[0]]
    for text in (name, claim):
        for lesson in most:
            if exercises[lesson] in text or re.match(rf"{lesson}(?!\d)", text):
                return exercises[lesson]
    raise Unreadable("it can't be told which exercise it is: no cell has the number of a task")


# Who and when -----------------------------------------------------------------------------------


def _sender(place: PurePath) -> Sender:
    """Return what the path of a file in the folder says of who sent it."""
    match = CANVAS.fullmatch(place.name) if len(place.parts) == 1 else None
    if match:
        return Sender(match[3] or place.name, _tidy(match[1]), "canvas", match[2])
    for part in place.parts:
        if part.count("_assignsubmission_") == 1 and (match := MOODLE.fullmatch(part)):
            own = match[3] if part == place.name and match[3] else place.name
            return Sender(own, _tidy(match[1]), "moodle", match[2] or "")
    return Sender(place.name)


def _numbers_by_chance(places: Iterable[PurePath]) -> set[str]:
    """Return numbers that only look like Canvas's, since they come with several names."""
    names = defaultdict(set)
    for place in places:
        sender = _sender(place)
        if sender.lms == "canvas":
            names[sender.lms_id].add(sender.who)
    return {id for id, found in names.items() if len(found) > 1}


def _tidy(text: str) -> str:
    """Return a text without control characters and what turns the direction of writing."""
    text = unicodedata.normalize("NFC", " ".join(text[:2_000].split()))
    odd = (c for c in text if unicodedata.category(c) in ("Cc", "Cs", "Cf"))
    table = {ord(c): None for c in odd if c not in "\u200c\u200d"}  # which some scripts need
    return text.translate(table)[:200].strip()


def _same(name: str, other: str) -> bool:
    """Return whether names have the same letters: Canvas makes bergann of Ann Berg."""
    one, two = (sorted(c for c in text.casefold() if c.isalnum()) for text in (name, other))
    return one == two


def _moment(text: str) -> str:
    """Return an ISO time in UTC; an empty text if it is none, or lies in the future."""
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo and moment < datetime.now(UTC) + timedelta(days=1):
            return moment.astimezone(UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError):
        pass
    return ""


def _changed(path: Path) -> str:
    """Return when a file was changed, as `_moment` does."""
    try:
        return datetime.fromtimestamp(path.lstat().st_mtime, UTC).isoformat(timespec="seconds")
    except (OSError, ValueError, OverflowError):
        return ""


def _claims(manifest: bytes, data: bytes, notes: list[str]) -> Claims:
    """Return what a manifest says; add to the notes what can't be right.

    Args:
        manifest: its bytes; none if there is no manifest.
        data: the notebook that it is about.
        notes: to add to.
    """
    try:
        found = _json(manifest) if manifest else {}
    except Unreadable:
        found = None
    if not isinstance(found, dict):
        notes.append("its manifest can't be read")
        found = {}
    keys = ("who", "learner", "handed_in", "exercise", "sha256")
    values = map(found.get, keys)
    who, id, time, exercise, digest = (v if isinstance(v, str) else "" for v in values)
    if "handed_in" in found and not _moment(time):
        notes.append("the time in its manifest can't be right: the file's is used")
    if "sha256" in found and digest != hashlib.sha256(data).hexdigest():
        notes.append("the notebook was changed after it was packed")
    id = id if re.fullmatch("[0-9a-f]{32}", id) else ""
    return Claims(_tidy(who), id, _moment(time), exercise)


def _named(name: str, exercises: Mapping[str, str]) -> str:
    """Return what the name of a file says besides the exercise."""
    name = re.sub(r"\.(zip|ipynb)\b.*", "", name, flags=re.IGNORECASE)
    for exercise in exercises.values():
        name = name.replace(exercise, "")
    name = re.sub(r"\d{8}-\d{6}Z(-\d+)?|-Copy\d+|\(\d+\)", "", name)
    return _tidy(name).strip(" -_.")


# Together ---------------------------------------------------------------------------------------


def _read_hand_in(
    folder: Path, path: Path, exercises: Mapping[str, str], by_chance: set[str]
) -> HandIn:
    """Read what was handed in at a path, and tell whose it is and of which exercise.

    Args:
        folder: of all hand-ins.
        path: in it.
        exercises: names by lesson.
        by_chance: numbers that only look like Canvas's.
    """
    place = path.relative_to(folder)
    sender = _sender(place)
    if sender.lms == "canvas" and sender.lms_id in by_chance:
        sender = Sender(path.name)
    source = os.fsencode(place.as_posix()).decode("utf-8", "backslashreplace")
    digest = hashlib.sha256(source.encode()).hexdigest()
    data: bytes | None = None
    claims, exercise, problem = Claims(), "", ""
    notes: list[str] = []
    try:
        content, pair = _content(path)
        digest = hashlib.sha256(content).hexdigest()
        data, manifest = pair or _opened(path.name, content, notes)
        claims = _claims(manifest, data, notes)
        exercise = _exercise(parse(data)["cells"], exercises, sender.file, claims.exercise)
        if claims.exercise and claims.exercise != exercise:
            notes.append("its manifest says that it is another exercise")
    except Unreadable as reason:
        data, problem = None, str(reason)
    unknown = f"unknown {digest[:8]}"
    who, learner = _learner(place, sender, claims, _named(sender.file, exercises) or unknown)
    if claims.who and not _same(who, claims.who):
        notes.append(f"handed in by {who}; inside it says {claims.who}")
    time = "" if problem == NOTHING else claims.time or _changed(path)
    about = (who, learner, sender.lms_id, sender.lms, time, exercise, tuple(notes), problem)
    return HandIn(source, data, digest, *about)


def _learner(place: PurePath, sender: Sender, claims: Claims, otherwise: str) -> tuple[str, str]:
    """Return a learner's name, and what is the same for the same learner.

    Args:
        place: path in the folder.
        sender: what the LMS says; it comes first.
        claims: what the manifest says.
        otherwise: the name, if nothing else tells it.
    """
    above = _tidy(place.parts[0]) if len(place.parts) > 1 else ""
    if sender.lms:
        return sender.who, f"{sender.lms}:{sender.lms_id or sender.who}"
    if claims.id:
        # What lies in another folder is another's, whatever it says: a zip is easily copied.
        learner = f"id:{claims.id} in {above}" if above else f"id:{claims.id}"
        return claims.who or above or otherwise, learner
    who = above or otherwise
    return who, f"name:{who}"
