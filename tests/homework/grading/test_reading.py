"""Hand-ins are found and read, whatever they are; none is lost, and none is believed."""

import hashlib
import io
import json
import os
import re
import stat
import struct
import tracemalloc
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from homework.grading import reading
from homework.grading.reading import Unreadable, find, parse

EXERCISES = Path(__file__).resolve().parents[3] / "exercises"
STEMS = {path.stem[:2]: path.stem for path in EXERCISES.glob("*.ipynb")}
STEM = STEMS["04"]
RELEASED = (EXERCISES / f"{STEM}.ipynb").read_bytes()
ID = "0123456789abcdef" * 2


def manifest(**changed):
    made = {"format": 1, "exercise": STEM, "lesson": "04", "who": "Anna Berg", "learner": ID}
    made |= {"handed_in": "2026-03-01T12:00:00+00:00", "checks": {"04.1": True}}
    return json.dumps(made | {"sha256": hashlib.sha256(RELEASED).hexdigest()} | changed).encode()


def zipped(*members, **more):
    """Return a zip of (name, content) pairs; more by name with `_` for a dot."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (*members, *((k.replace("_", "."), v) for k, v in more.items())):
            archive.writestr(name, content)
    return packed.getvalue()


GOOD = zipped((f"{STEM}.ipynb", RELEASED), ("manifest.json", manifest()))


def put(folder, files):
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def one(folder, name, content=GOOD):
    """Return the only hand-in of a folder with this one file."""
    [hand_in] = find(put(folder, {name: content}), STEMS)
    return hand_in


def notebook(*sources, **more):
    cells = [{"cell_type": "code", "source": source, "metadata": {}} for source in sources]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, **more}).encode()


# What is found -----------------------------------------------------------------------------------


def test_a_zip_as_it_is_handed_in(tmp_path):
    name = f"{STEM}--anna-berg--20260301-120000Z.zip"
    hand_in = one(tmp_path, name)
    assert hand_in.data == RELEASED and hand_in.problem == "" and hand_in.notes == ()
    assert (hand_in.who, hand_in.learner, hand_in.lms) == ("Anna Berg", f"id:{ID}", "")
    assert hand_in.handed_in == "2026-03-01T12:00:00+00:00"
    assert hand_in.exercise == STEM and hand_in.source == name
    assert hand_in.digest == hashlib.sha256(GOOD).hexdigest()


def test_a_bare_notebook_takes_name_and_time_from_its_file(tmp_path):
    put(tmp_path, {f"{STEM} Jörg Ö.ipynb": RELEASED})
    os.utime(tmp_path / f"{STEM} Jörg Ö.ipynb", (1_772_366_400, 1_772_366_400))
    [hand_in] = find(tmp_path, STEMS)
    assert (hand_in.who, hand_in.learner) == ("Jörg Ö", "name:Jörg Ö")
    assert hand_in.handed_in == "2026-03-01T12:00:00+00:00" and hand_in.data == RELEASED


@pytest.mark.parametrize(
    "name", [f"{STEM}.ipynb", f"{STEM} (1).ipynb", f"{STEM}-Copy1.ipynb", f"{STEM}.ipynb.json"]
)
def test_a_file_that_says_no_name(tmp_path, name):
    hand_in = one(tmp_path, name, RELEASED)
    assert re.fullmatch("unknown [0-9a-f]{8}", hand_in.who) and hand_in.exercise == STEM


@pytest.mark.parametrize(
    ("name", "who", "learner", "lms"),
    [
        ("Anna Berg_12345_assignsubmission_file_/04.zip", "Anna Berg", "moodle:12345", "moodle"),
        ("Anna Berg_12345_assignsubmission_file/a/b.zip", "Anna Berg", "moodle:12345", "moodle"),
        ("Anna Berg_12345_assignsubmission_file_04.zip", "Anna Berg", "moodle:12345", "moodle"),
        ("week 1/Anna Berg_7_assignsubmission_file_/4.zip", "Anna Berg", "moodle:7", "moodle"),
        (
            "Default_assignsubmission_file_/4.zip",
            "Default",
            "moodle:Default",
            "moodle",
        ),
        ("berganna_6789_1011_04.zip", "berganna", "canvas:6789", "canvas"),
        ("berganna_LATE_6789_1011_04.zip", "berganna", "canvas:6789", "canvas"),
        ("berganna_late_6789_1011_04-1.zip", "berganna", "canvas:6789", "canvas"),
        ("李雷_6789_1011_04.zip", "李雷", "canvas:6789", "canvas"),
        ("Anna Berg/04.zip", "Anna Berg", f"id:{ID} in Anna Berg", ""),
        ("anna_04_05.zip", "Anna Berg", f"id:{ID}", ""),
        ("Anna/b_6789_1011_04.zip", "Anna Berg", f"id:{ID} in Anna", ""),  # Canvas makes no folders
        # Whose own name looks like a folder's: no place of another's can be had with it.
        (
            "Eve_999_assignsubmission_file__777_assignsubmission_file_/4.zip",
            "Anna Berg",
            f"id:{ID} in Eve_999_assignsubmission_file__777_assignsubmission_file_",
            "",
        ),
        ("berg_12_34_Eve_999_assignsubmission_file_04.zip", "berg", "canvas:12", "canvas"),
    ],
)
def test_names_of_an_lms_come_before_the_manifest(tmp_path, name, who, learner, lms):
    hand_in = one(tmp_path, name)
    assert (hand_in.who, hand_in.learner) == (who, learner)
    assert hand_in.lms == lms
    assert hand_in.lms_id == (re.sub(r"\D", "", learner) if lms else "")
    other = who not in ("Anna Berg", "berganna")
    assert hand_in.notes == ((f"handed in by {who}; inside it says Anna Berg",) if other else ())


def test_a_number_that_came_with_two_names_is_not_canvas_s(tmp_path):
    put(tmp_path, {"anna_2026_11_x.ipynb": RELEASED, "bert_2026_11_x.ipynb": RELEASED})
    found = find(tmp_path, STEMS)
    assert [h.lms for h in found] == ["", ""] and len({h.learner for h in found}) == 2


def test_a_folder_of_a_learner(tmp_path):
    hand_in = one(tmp_path, "Anna Berg/Untitled.ipynb", RELEASED)
    assert (hand_in.who, hand_in.learner) == ("Anna Berg", "name:Anna Berg")


def test_nothing_is_lost_and_the_order_is_stable(tmp_path):
    name = "Anna_1_assignsubmission_file_"
    put(
        tmp_path,
        {
            f"{name}/04.zip": GOOD,
            f"{name}/more/answer.pdf": b"%PDF",
            f"{name}/notes.txt": b"Dear teacher",
            "b.ipynb": RELEASED,
            "a.zip": b"no zip",
            "berg_12_text.html": b"<p>",
            ".DS_Store": b"x",
            "Thumbs.db": b"x",
            "__MACOSX/._b.ipynb": b"x",
            "b/.ipynb_checkpoints/b-checkpoint.ipynb": RELEASED,
        },
    )
    (tmp_path / name / "empty").mkdir()
    (tmp_path / "Bert_2_assignsubmission_file_").mkdir()
    put(tmp_path, {"Carl_3_assignsubmission_file_/.DS_Store": b"x"})
    (tmp_path / "empty").mkdir()
    found = find(tmp_path, STEMS)
    assert [(h.source, h.learner, h.problem) for h in found] == [
        (f"{name}/04.zip", "moodle:1", ""),
        (f"{name}/more/answer.pdf", "moodle:1", "it is neither a notebook nor a zip"),
        (f"{name}/notes.txt", "moodle:1", "it is neither a notebook nor a zip"),
        ("Bert_2_assignsubmission_file_", "moodle:2", "nothing was handed in"),
        ("Carl_3_assignsubmission_file_", "moodle:3", "nothing was handed in"),
        ("a.zip", "name:a", "it is no zip archive, or not a whole one"),
        ("b.ipynb", "name:b", ""),
        ("berg_12_text.html", "canvas:12", "it is neither a notebook nor a zip"),
    ]
    assert found == find(tmp_path, STEMS)
    assert [h.source for h in found if not h.handed_in] == [h.source for h in found[3:5]]
    assert all(h.data is None for h in found if h.problem) and all(h.digest for h in found)


def test_an_unpacked_hand_in(tmp_path):
    folder = f"x/{STEM}--anna"
    put(tmp_path, {f"{folder}/{STEM}.ipynb": RELEASED, f"{folder}/manifest.json": manifest()})
    put(tmp_path, {f"{folder}/notes.txt": b"x"})
    hand_in, notes = find(tmp_path, STEMS)
    assert (hand_in.source, hand_in.who, hand_in.data) == (folder, "Anna Berg", RELEASED)
    assert notes.problem and hand_in.handed_in.startswith("2026-03-01")
    [direct] = find(tmp_path / folder / "..", STEMS)[:1]
    assert direct.learner == f"id:{ID}"
    put(tmp_path, {f"{folder}/second.ipynb": RELEASED})  # then each is on its own
    assert [bool(h.problem) for h in find(tmp_path, STEMS)] == [False, True, True, False]


def test_a_long_manifest_in_an_unpacked_hand_in_is_not_read(tmp_path):
    put(tmp_path, {f"{STEM}.ipynb": RELEASED, "manifest.json": b" " * 200_000 + manifest()})
    [hand_in] = find(tmp_path, STEMS)
    assert hand_in.data == RELEASED and hand_in.notes == ("its manifest can't be read",)


def test_a_folder_that_is_itself_a_hand_in(tmp_path):
    put(tmp_path, {f"{STEM}.ipynb": RELEASED, "manifest.json": manifest()})
    [hand_in] = find(tmp_path, STEMS)
    assert (hand_in.source, hand_in.learner) == (".", f"id:{ID}")


def test_links_pipes_and_odd_names_are_lines(tmp_path):
    secret = put(tmp_path / "elsewhere", {"secret.ipynb": RELEASED}) / "secret.ipynb"
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "file.ipynb").symlink_to(secret)
    (folder / "folder").symlink_to(secret.parent)
    (folder / "loop").symlink_to(folder / "loop")
    os.mkfifo(folder / "pipe.ipynb")
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff.ipynb")).write_bytes(RELEASED)
    (folder / "<b>\n=1+1.ipynb").write_bytes(RELEASED)
    found = {h.source: h for h in find(folder, STEMS)}
    for name in ("file.ipynb", "folder", "loop"):
        assert found[name].problem == "it is a link, and links are not followed"
    assert found["pipe.ipynb"].problem == "it is neither a file nor a folder"
    assert found["\\xff.ipynb"].data == RELEASED
    assert found["<b>\n=1+1.ipynb"].who == "<b> =1+1"


def test_an_unpacked_hand_in_with_a_linked_notebook_is_not_followed(tmp_path):
    secret = put(tmp_path / "elsewhere", {"secret.ipynb": RELEASED}) / "secret.ipynb"
    folder = put(tmp_path / "in", {"a/manifest.json": manifest()})
    (folder / "a" / "04.ipynb").symlink_to(secret)
    assert all(h.problem and h.data is None for h in find(folder, STEMS))


def test_deep_folders(tmp_path):
    folder = tmp_path / "/".join(["d"] * 400)
    folder.mkdir(parents=True)
    assert one(tmp_path, f"{folder.relative_to(tmp_path)}/04.zip").who == "Anna Berg"


@pytest.mark.parametrize(
    ("name", "error", "text"),
    [
        ("none", FileNotFoundError, "isn't there"),
        ("all.zip", ValueError, "unpack it"),
        ("empty", ValueError, "has none"),
    ],
)
def test_what_is_no_folder_of_hand_ins_gets_one_sentence(tmp_path, name, error, text):
    (tmp_path / "empty" / "inside").mkdir(parents=True)
    put(tmp_path, {"all.zip": GOOD, "empty/.DS_Store": b""})
    with pytest.raises(error, match=text):
        find(tmp_path / name, STEMS)


# Zips --------------------------------------------------------------------------------------------


def test_a_zip_that_was_packed_again(tmp_path):
    packed = zipped(
        ("04/mine.ipynb", RELEASED),
        ("04/manifest.json", manifest()),
        ("04/picture.png", b"x"),
        ("04/.ipynb_checkpoints/mine-checkpoint.ipynb", RELEASED),
        ("__MACOSX/04/._mine.ipynb", b"x"),
    )
    hand_in = one(tmp_path, "a.zip", packed)
    assert hand_in.data == RELEASED and hand_in.who == "Anna Berg"
    assert hand_in.notes == ("other files in the zip, left alone: 1",)


def info(name, **set):
    member = zipfile.ZipInfo(name)
    member.compress_type = zipfile.ZIP_DEFLATED
    for key, value in set.items():
        setattr(member, key, value)
    return member


def flagged(content, flags):
    """Set the flags of the first member in its both headers."""
    content = bytearray(content)
    for signature, at in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        struct.pack_into("<H", content, content.index(signature) + at, flags)
    return bytes(content)


NB = (f"{STEM}.ipynb", RELEASED)
LINK = info("link", external_attr=(stat.S_IFLNK | 0o777) << 16)
DEVICE = info("tty", external_attr=(stat.S_IFCHR | 0o666) << 16)


@pytest.mark.parametrize(
    ("packed", "problem"),
    [
        (b"", "it is empty"),
        (GOOD[:-30], "not a whole one"),
        (GOOD[:200], "not a whole one"),
        (b"Rar!\x1a\x07", "no zip archive"),
        (RELEASED, "no zip archive"),
        (GOOD.replace(RELEASED[:1], b"x", 1), "not a whole one"),
        (zipped(), "it contains 0 notebooks"),
        (zipped(readme_txt=b"x"), "it contains 0 notebooks"),
        (zipped(NB, ("b.ipynb", RELEASED)), "it contains 2 notebooks"),
        (zipped(NB, (LINK, "/etc/passwd")), "a link or a device (link)"),
        (zipped(NB, (DEVICE, "")), "a link or a device (tty)"),
        (zipped(NB, ("../../x", b"")), "leads elsewhere (../../x)"),
        (zipped(NB, ("a/../../x", b"")), "leads elsewhere"),
        (zipped(("/etc/x.ipynb", RELEASED)), "leads elsewhere"),
        (zipped(NB, ("C:/x", b"")), "leads elsewhere"),
        (zipped(NB, ("a\\b", b"")), "leads elsewhere"),
        (zipped(NB, ("a\tb", b"")).replace(b"a\tb", b"a\0b"), "leads elsewhere (ab)"),
        (flagged(zipped(NB), 1), "encrypted"),
        (zipped((info("a.ipynb", compress_type=zipfile.ZIP_LZMA), RELEASED)), "unusual way"),
        (zipped(*((f"{n}.txt", b"") for n in range(1001))), "more than 1000"),
        (zipped(("a.ipynb", b" " * 20_000_001)), "larger than 20 MB"),
        (zipped(("a.ipynb", b"")), "it is empty"),
        (zipped(("a.ipynb", b"{")), "no notebook, or not a whole one"),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else "",
)
def test_what_may_be_wrong_with_a_zip(tmp_path, packed, problem):
    hand_in = one(tmp_path, "anna.zip", packed)
    assert problem in hand_in.problem and hand_in.data is None
    assert hand_in.who == "anna" and "\n" not in hand_in.problem and len(hand_in.problem) < 200


def test_a_changed_byte_is_noticed(tmp_path):
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w") as archive:
        archive.writestr(*NB)
    packed = stored.getvalue().replace(b"YOUR ANSWER HERE", b"MY ANSWER IS HERE"[:16])
    assert "not a whole one" in one(tmp_path, "a.zip", packed).problem


@pytest.mark.parametrize("claimed", [10, 2**31])
def test_a_bomb_costs_no_more_than_the_limit(tmp_path, claimed):
    content = bytearray(zipped(("a.ipynb", b" " * 200_000_000)))
    struct.pack_into("<I", content, content.index(b"PK\1\2") + 24, claimed)
    tracemalloc.start()
    hand_in = one(tmp_path, "a.zip", bytes(content))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert hand_in.problem and peak < 70_000_000


def test_a_file_that_is_too_large(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "ARCHIVE", 1_000)
    hand_in = one(tmp_path, "a.zip")
    assert "larger than 0.001 MB" in hand_in.problem and hand_in.digest


# Notebooks ---------------------------------------------------------------------------------------

CONFLICT = RELEASED.replace(b' "cells"', b'<<<<<<< HEAD\n "cells"', 1)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "it is empty"),
        (b"\n", "it is empty"),
        (RELEASED[:1000], "not a whole one"),
        (b"\xff" + RELEASED, "not text in UTF-8"),
        (RELEASED.decode().encode("utf-16"), "not text in UTF-8"),
        (CONFLICT, "<<<<<<<"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a":' * 100_000, "nested too deeply"),
        (b"9" * 10_000, "no notebook"),
        (notebook().replace(b"4", b"NaN"), "no notebook"),
        (b"[]", "it is JSON, but no notebook"),
        (b'{"cells": {}}', "it is JSON, but no notebook"),
        (b'{"cells": [1], "nbformat": 4}', "it is JSON, but no notebook"),
        (b'{"worksheets": [], "nbformat": 3}', "too old"),
        (b'{"cells": []}', "another format"),
        (b'{"cells": [], "nbformat": "4"}', "another format"),
        (notebook("1 + 1"), "it can't be told which exercise"),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else "",
)
def test_what_may_be_wrong_with_a_notebook(tmp_path, content, problem):
    hand_in = one(tmp_path, "anna.ipynb", content)
    assert problem in hand_in.problem and hand_in.data is None and hand_in.exercise == ""


def test_a_byte_order_mark_does_no_harm(tmp_path):
    assert one(tmp_path, "anna.ipynb", b"\xef\xbb\xbf" + RELEASED).exercise == STEM


def test_what_looks_like_a_merge_inside_an_answer_is_the_learner_s(tmp_path):
    content = RELEASED.replace(b"YOUR ANSWER HERE", b"\\n<<<<<<< HEAD")
    assert content != RELEASED and one(tmp_path, "anna.ipynb", content).problem == ""


@pytest.mark.parametrize("lesson", STEMS)
def test_each_exercise_is_known_by_its_tasks(tmp_path, lesson):
    content = (EXERCISES / f"{STEMS[lesson]}.ipynb").read_bytes()
    if b"nbgrader" in content:
        assert one(tmp_path, "99 renamed.ipynb", content).exercise == STEMS[lesson]


@pytest.mark.parametrize(
    ("name", "sources", "exercise"),
    [
        ("x", ['check("04.1")', "check('04.2')", 'check("05.1")'], "04"),
        ("x", ['check("04.1")'] + ['check("05.1")'] * 9 + ['check("04.2")'], "04"),
        (STEMS["05"], ['check("04.1")'], "04"),
        (STEMS["05"], ['check("04.1")', 'check("05.1")'], "05"),
        (STEMS["06"], ['check("04.1")', 'check("05.1")'], ""),
        ("05", ["1"], "05"),
        ("051", ["1"], ""),
        (f"anna {STEMS['05']}", ["1"], "05"),
        ("x", ['check("99.1")'], ""),
        ("x", ["# checkpoint(04.1)"], ""),
    ],
)
def test_the_exercise_is_told_by_most_tasks_then_by_the_file_s_name(
    tmp_path, name, sources, exercise
):
    hand_in = one(tmp_path, f"{name}.ipynb", notebook(*sources))
    assert hand_in.exercise == STEMS.get(exercise, "")


def test_the_manifest_s_exercise_comes_last(tmp_path):
    packed = zipped(("x.ipynb", notebook("1")), ("manifest.json", manifest()))
    assert one(tmp_path, "a.zip", packed).exercise == STEM
    packed = zipped(("x.ipynb", notebook('check("05.1")')), ("manifest.json", manifest()))
    hand_in = one(tmp_path, "a.zip", packed)
    assert hand_in.exercise == STEMS["05"]
    assert "its manifest says that it is another exercise" in hand_in.notes


def test_with_one_exercise_others_are_not_taken_for_it(tmp_path):
    put(tmp_path, {"x.ipynb": notebook("1")})
    assert find(tmp_path, {"04": STEM})[0].exercise == ""


# Manifests ---------------------------------------------------------------------------------------


def with_manifest(folder, content):
    return one(folder, "carl.zip", zipped((f"{STEM}.ipynb", RELEASED), ("manifest.json", content)))


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b"\xff", b"[" * 99_999, b'{"who": NaN}', b" " * 200_000 + b"{}"],
)
def test_an_unreadable_manifest_prevents_nothing(tmp_path, content):
    hand_in = with_manifest(tmp_path, content)
    assert hand_in.data == RELEASED and hand_in.learner == "name:carl"
    assert hand_in.notes == (("its manifest can't be read",) if content else ())


@pytest.mark.parametrize("value", [None, 1, True, [], {"a": 1}, 1e300, ["x"]])
@pytest.mark.parametrize("key", ["who", "learner", "handed_in", "exercise", "sha256", "checks"])
def test_any_json_in_a_manifest(tmp_path, key, value):
    hand_in = with_manifest(tmp_path, manifest(**{key: value}))
    assert hand_in.data == RELEASED and hand_in.problem == "" and hand_in.who


@pytest.mark.parametrize("id", ["", "x", ID.upper(), ID + "0", ID[:-1] + "\n", "../" + ID])
def test_an_id_that_is_none_is_ignored(tmp_path, id):
    hand_in = with_manifest(tmp_path, manifest(learner=id))
    assert hand_in.learner == "name:carl"
    assert hand_in.notes == ("handed in by carl; inside it says Anna Berg",)


def test_two_learners_with_one_name(tmp_path):
    put(tmp_path, {"1.zip": GOOD})
    other = zipped((f"{STEM}.ipynb", RELEASED), ("manifest.json", manifest(learner="f" * 32)))
    put(tmp_path, {"2.zip": other})
    assert [h.learner for h in find(tmp_path, STEMS)] == [f"id:{ID}", f"id:{'f' * 32}"]


@pytest.mark.parametrize(
    ("who", "shown"),
    [
        ("=1+1", "=1+1"),
        ("A" * 300, "A" * 200),
        ("Jo\u0308rg", "Jörg"),
        ("a\n\tb\0\x1b[31m", "a b[31m"),
        ("\u202eanna", "anna"),
        ("\ud800anna", "anna"),
        ("علی\u200cرضا", "علی\u200cرضا"),
        ('O\'Neill "Ann" <b>', 'O\'Neill "Ann" <b>'),
        ("", "x"),
        (" \n ", "x"),
    ],
)
def test_names(tmp_path, who, shown):
    packed = zipped((f"{STEM}.ipynb", RELEASED), ("manifest.json", manifest(who=who)))
    hand_in = one(tmp_path, "x/y.zip", packed)
    assert hand_in.who == shown and hand_in.learner == f"id:{ID} in x"
    hand_in.who.encode()


@pytest.mark.parametrize(
    ("time", "shown"),
    [
        ("2026-03-01T13:00:00.5+01:00", "2026-03-01T12:00:00+00:00"),
        ("2026-03-01T12:00:00Z", "2026-03-01T12:00:00+00:00"),
        ("2026-03-01T12:00:00", ""),
        ("9999-12-31T23:59:59+00:00", ""),
        ("9999-12-31T23:59:59-10:00", ""),
        ("0001-01-01T00:00:00+14:00", ""),
        ("yesterday", ""),
        (f"{datetime.now(UTC).year + 1}-12-31T00:00:00+00:00", ""),
    ],
)
def test_times(tmp_path, time, shown):
    hand_in = with_manifest(tmp_path, manifest(handed_in=time))
    changed = datetime.fromtimestamp((tmp_path / "carl.zip").stat().st_mtime, UTC)
    assert hand_in.handed_in == (shown or changed.isoformat(timespec="seconds"))
    assert bool(hand_in.notes) == (not shown)


def test_a_notebook_that_was_changed_after_packing_is_noted(tmp_path):
    hand_in = with_manifest(tmp_path, manifest(sha256="0" * 64))
    assert hand_in.notes == ("the notebook was changed after it was packed",)


def test_two_manifests(tmp_path):
    more = manifest(who="Someone else")
    with pytest.warns(UserWarning, match="Duplicate"):
        packed = zipped(NB, ("manifest.json", manifest()), ("manifest.json", more))
    hand_in = one(tmp_path, "a.zip", packed)
    assert hand_in.who == "Anna Berg"  # the first
    assert hand_in.notes == ("other files in the zip, left alone: 1",)


# Anything ----------------------------------------------------------------------------------------


def fits(hand_in):
    assert (hand_in.data is None) == bool(hand_in.problem)
    assert bool(hand_in.exercise) != bool(hand_in.problem)
    assert hand_in.who and hand_in.learner and len(hand_in.who) <= 200
    json.dumps(hand_in.__dict__ | {"data": None}, ensure_ascii=False).encode()
    if hand_in.data is not None:
        assert isinstance(parse(hand_in.data)["cells"], list)


@settings(max_examples=150)
@given(content=st.binary(max_size=300), zip=st.booleans())
def test_any_bytes(tmp_path_factory, content, zip):
    folder = tmp_path_factory.mktemp("any")
    fits(one(folder, "a.zip" if zip else "a.ipynb", b"PK\3\4" * zip + content))


@settings(max_examples=200)
@given(
    changes=st.lists(
        st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=6
    ),
    near_the_end=st.booleans(),
    cut=st.integers(0, 40),
)
def test_any_damage_to_a_zip(tmp_path_factory, changes, near_the_end, cut):
    content = bytearray(GOOD)
    span = 300 if near_the_end else len(content)
    for place, byte in changes:
        content[len(content) - span + int(place * span)] = byte
    fits(one(tmp_path_factory.mktemp("damaged"), "a.zip", bytes(content[: len(content) - cut])))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["cells", "source", "metadata", "nbgrader", "grade_id", "cell_type"])
            | st.sampled_from(["nbformat", "who", "learner", "handed_in", "exercise", "sha256"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@settings(max_examples=150)
@given(cells=st.lists(JSON, max_size=4), claims=JSON)
def test_any_json(tmp_path_factory, cells, claims):
    content = json.dumps({"cells": cells, "nbformat": 4}).encode()
    packed = zipped((f"{STEM}.ipynb", content), ("manifest.json", json.dumps(claims).encode()))
    fits(one(tmp_path_factory.mktemp("json"), "a.zip", packed))


@given(content=st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_parse_raises_nothing_else(content):
    try:
        parse(content)
    except Unreadable as reason:
        assert str(reason)
