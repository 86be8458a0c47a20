"""The checks of exercise 08: what survives being saved, and what to do when a file is broken."""

import hashlib
import json
import operator
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from homework.checks import Failed, Part, Tasks, compare, explaining, mistake, require

tasks = Tasks()


@contextmanager
def folder() -> Iterator[Path]:
    """Make a folder for the learner's files; in messages its place is written as `…`."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as path:
        try:
            yield Path(path)
        except Failed as failure:
            for name in ("what", "example", "got"):
                text = getattr(failure, name)
                for place in (repr(path)[1:-1], path):
                    text = text.replace(place, "…")
                setattr(failure, name, text)
            raise


# Before and after ------------------------------------------------------------------------------

Answer = tuple[int, ...]


def answers(probabilities: np.ndarray) -> list[Answer]:
    """Return the answers as the numbers of their characters, by plain loops."""
    return [
        tuple(max(range(len(v)), key=list(v).__getitem__) for v in answer)
        for answer in probabilities
    ]


def characters(old: Answer, new: Answer) -> int:
    """Count the characters that changed."""
    return sum(map(operator.ne, old, new))


def count(how: Callable[[Answer, Answer], int]) -> Callable[[np.ndarray, np.ndarray], int]:
    """Return what adds up `how` over the answers before and after."""
    return lambda before, after: sum(map(how, answers(before), answers(after)))


changed = count(operator.ne)


def largest_difference(before: np.ndarray, after: np.ndarray) -> float:
    return max(abs(x - y) for x, y in zip(before.ravel(), after.ravel(), strict=True))


DIFFERENCE = {
    "sign kept": mistake(
        "Differences can be negative: look at their sizes.",
        lambda before, after: (after - before).max(),
        lambda before, after: (before - after).max(),
    ),
    "average": mistake(
        "That is the average; a single large difference would drown in it.",
        lambda before, after: np.abs(before - after).mean(),
    ),
    "largest first": mistake(
        "First the difference of each pair of numbers, then the largest of all.",
        lambda before, after: abs(after.max() - before.max()),
    ),
}
CHANGED = {
    "characters counted": mistake(
        "That counts characters. An answer with two new ones is one answer.", count(characters)
    ),
    "probabilities compared": mistake(
        "Probabilities may move without changing the answer: compare the characters.",
        lambda before, after: sum(
            not np.array_equal(old, new) for old, new in zip(before, after, strict=True)
        ),
    ),
    "all characters": mistake(
        "An answer has changed if *any* of its characters has, not only if all have.",
        count(lambda old, new: characters(old, new) == len(old)),
    ),
    "share": mistake(
        "A count is asked for, not a share.",
        lambda before, after: changed(before, after) / len(before),
        lambda before, after: count(characters)(before, after) / before[:, :, 0].size,
    ),
    "same ones counted": mistake("Those are the answers that stayed the same.", count(operator.eq)),
    "all questions at once": mistake(
        "Is `any` taken over all questions at once? It has to be asked for each question.",
        lambda before, after: int(answers(before) != answers(after)),
    ),
}


@tasks.check(
    "08.1",
    "Before and after",
    points=2,
    minutes=5,
    hints=[
        "`after - before` can be negative, and a difference of −0.5 is larger than one of 0.1.",
        "`argmax` over the last axis gives the characters of the answers, shape (n, length).",
        "Compare the two arrays of characters: is *any* in the row different? Count these rows.",
    ],
    mistakes=DIFFERENCE | CHANGED,
)
def check_compared(work: Any, rng: np.random.Generator) -> None:
    two = np.array([[[0.7, 0.3], [0.6, 0.4]], [[0.1, 0.9], [0.8, 0.2]]])
    reworded = np.array([[[0.2, 0.8], [0.4, 0.6]], [[0.1, 0.9], [0.3, 0.7]]])
    many, slight = draw_pair(rng, changes=40, size=0.9), draw_pair(rng, changes=60, size=1e-3)
    examples = [(two, reworded), many, slight, (two, two)]
    names = "the largest difference", "the number of answers that changed"
    largest, number = Part(work.compared, 0, names), Part(work.compared, 1, names)
    hint = "Which two numbers that belong together are farthest apart?"
    compare(largest, largest_difference, examples, DIFFERENCE, hint, 1e-7, names[0])
    hint = "Write down both answers to each question, and compare."
    compare(number, changed, examples, CHANGED, hint, what=names[1])


def draw_pair(rng: np.random.Generator, changes: int, size: float) -> tuple[np.ndarray, np.ndarray]:
    """Draw numbers for 20 answers of 3 characters, before and after some were lowered."""
    before = rng.random((20, 3, 12))
    after = before.copy()
    for _ in range(changes):
        place = tuple(int(rng.integers(n)) for n in before.shape)
        after[place] = max(0.0, after[place] - size)
    return before, after


# What JSON keeps -------------------------------------------------------------------------------


def kept(value: Any) -> bool:
    """The oracle: go through the value, piece by piece."""
    if isinstance(value, list):
        return all(map(kept, value))
    if isinstance(value, dict):
        return all(isinstance(k, str) for k in value) and all(map(kept, value.values()))
    return value is None or type(value) in (bool, int, float, str)


REFUSED = {
    "error not caught": mistake(
        "`json.dumps` raises this error for what it can't write. That is an answer, too: catch it.",
        raises="TypeError",
    ),
    "refused but kept": mistake(
        "JSON can't write this value at all, so it doesn't survive.", lambda value: True
    ),
    "no answer if refused": mistake(
        "Each case should return True or False: also the one in which JSON refuses.",
        lambda value: None,
    ),
}
WRITTEN = {
    "not read back": mistake(
        "It can be written, but what comes back isn't what you had: compare the *values*, read "
        "back and original. (Texts of JSON can be equal where values aren't.)",
        lambda value: True,
    ),
    "nothing survives": mistake(
        "Nothing survives, not even None: compare what was *read back* with the value. The text "
        "isn't the value, nor is another object the same one (`is`).",
        lambda value: False,
    ),
    "only the outermost": mistake(
        "Looking at the outermost value isn't enough: what is inside may change, too.",
        lambda value: not isinstance(value, tuple),
    ),
    "no answer": mistake("Each case should return True or False.", lambda value: None),
}


@tasks.check(
    "08.2",
    "What JSON keeps",
    points=3,
    minutes=6,
    hints=[
        "`json.dumps(value)` makes the text, `json.loads(text)` reads it.",
        "Compare what was read with the value, not with the text.",
        "Where JSON can't write the value, `json.dumps` raises a `TypeError`. Catch it with `try` "
        "and `except`: such a value doesn't survive.",
    ],
    mistakes=REFUSED | WRITTEN,
)
def check_survives(work: Any, rng: np.random.Generator) -> None:
    numbers = rng.integers(0, 100, 3)
    refused = [{1, 2}, numbers[0], {"weights": numbers / 7}, b"bytes", [1 + 2j], {(1, 2): 3}]
    hint = REFUSED["refused but kept"].hint
    compare(work.survives, lambda value: False, [(v,) for v in refused], REFUSED, hint)
    some = [int(n) for n in numbers]
    inside = {"a": [some, {"b": 0.5, "c": None}]}
    written: list[Any] = [None, 1, "", [], {}, some, inside, "Σ √ 20", True]
    written += [(), tuple(some), {3: "three"}, {"sizes": tuple(some)}, [{"a": {some[0]: 1}}]]
    hint = "Do the round trip by hand with this value, and look at what comes back."
    compare(work.survives, kept, [(value,) for value in written], WRITTEN, hint)


# Predict ---------------------------------------------------------------------------------------

tasks.predict(
    "08.3",
    "one bit",
    ["both", "neither", "adder.weights.h5", "adder.keras"],
    minutes=3,
    hints=["One of the two formats is a zip archive. What else does a zip archive note?"],
)


# Whole, cut short or changed -------------------------------------------------------------------


def by_size(shorter: str, longer: str, equal: str) -> Callable[[str, dict[str, Any]], str]:
    """Return what gives a verdict by the size of the file alone."""

    def verdict(path: str, note: dict[str, Any]) -> str:
        more = os.path.getsize(path) - note["bytes"]
        return shorter if more < 0 else longer if more > 0 else equal

    return verdict


def checksum(data: bytes) -> str:
    return hashlib.new("sha256", data).hexdigest()


def by_checksum(path: str, note: dict[str, Any]) -> str:
    return "whole" if checksum(Path(path).read_bytes()) == note["sha256"] else "changed"


def any_other_size_cut_short(path: str, note: dict[str, Any]) -> str:
    same = os.path.getsize(path) == note["bytes"]
    return by_checksum(path, note) if same else "cut short"


VERDICT = {
    "read as text": mistake(
        'A model file is no text: open it for reading *bytes* (`"rb"`).',
        raises="UnicodeDecodeError",
    ),
    "checksum of no bytes": mistake(
        "A checksum is computed from bytes. A path or a text is something else.", raises="TypeError"
    ),
    "size alone": mistake(
        "A file can have the right size and other bytes in it: compare the checksum.",
        by_size("cut short", "changed", "whole"),
        by_size("cut short", "cut short", "whole"),
        by_size("cut short", "whole", "whole"),
    ),
    "checksum alone": mistake(
        "A file that is too short has another checksum, too: look at the size first.", by_checksum
    ),
    "longer is cut short": mistake(
        "A file that is *longer* than noted wasn't cut short.", any_other_size_cut_short
    ),
    "never whole": mistake(
        "Even a whole file is called changed: is the checksum of the same kind as the note's, a "
        "text from `hexdigest()`, and is it of the bytes?",
        by_size("cut short", "changed", "changed"),
    ),
}


class Version(NamedTuple):
    """What stands in a file now, what stood there when it was noted, and the right verdict."""

    now: bytes
    noted: bytes
    verdict: str
    ending: str = ".bin"


@tasks.check(
    "08.4",
    "Whole, cut short or changed",
    points=3,
    minutes=8,
    hints=[
        'Read the file as bytes: `Path(path).read_bytes()`, or `open(path, "rb")`.',
        "First the size, then the checksum: what is cut short has another checksum, too.",
        "A file that is *longer* than noted wasn't cut short. Which of the two tests notices it?",
    ],
    mistakes=VERDICT,
)
def check_verdict(work: Any, rng: np.random.Generator) -> None:
    with folder() as files:
        examples, right = [], {}
        for version in draw_versions(rng):  # a name must not tell the verdict
            path = files / f"{rng.integers(10**9)}{version.ending}"
            path.write_bytes(version.now)
            note = {"bytes": len(version.noted), "sha256": checksum(version.noted)}
            examples.append((str(path), note))
            right[str(path)] = version.verdict
        hint = (
            "Print size and checksum of the file and compare both with the note; and compare what "
            "you return with the words in the task."
        )
        compare(work.verdict, lambda path, note: right[path], examples, VERDICT, hint)


def draw_versions(rng: np.random.Generator) -> list[Version]:
    """Return small files first, and among them every reason for each verdict."""
    data = b"\x89HDF\r\n\x1a\n" + rng.bytes(int(rng.integers(50, 5000)))
    one_bit = bytearray(data)
    one_bit[int(rng.integers(len(data)))] ^= 1 << int(rng.integers(8))
    another = rng.bytes(len(data))
    lines = b"1\r\n2\r\n"
    return [
        Version(b"\xff", b"\xff", "whole"),
        Version(b"", b"", "whole"),
        Version(b"", data, "cut short"),
        Version(data[: len(data) // 2], data, "cut short"),
        Version(data[:-1], data, "cut short"),
        Version(bytes(one_bit), data, "changed"),
        Version(another, data, "changed"),
        Version(data + b"\0", data, "changed"),
        Version(data + data, data, "changed"),
        Version(data, data, "whole"),
        Version(lines, lines, "whole", ".txt"),
    ]


# Write beside and move -------------------------------------------------------------------------

WRITING = {
    "names swapped": mistake(
        "`os.replace` gets the file that is there first, then the name it shall have. And write "
        "under the name that you move, even if there are no pieces.",
        raises="FileNotFoundError",
        says="->",
    ),
    "old file needed": mistake(
        "There need not be an old file. If there is one, leave it where it is: moving the new one "
        "over it is one step.",
        raises="FileNotFoundError",
    ),
    "not moved": mistake(
        "Writing beside is one half; then the new file has to be moved to `path`."
    ),
    "appended": mistake(
        'The new pieces stand behind the old content: open the temporary file with "w".'
    ),
    "nothing changed": mistake("Nothing has changed: is the new file moved to `path`?"),
    "other content": mistake("All pieces, in their order, with nothing between them."),
    "written over": mistake(
        "Opening the old file for writing empties it at once, also if you have joined all pieces "
        "before; copying over it does, too. Write to a new name, and move."
    ),
    "left over": mistake("Move the temporary file, don't copy it."),
    "error caught": mistake(
        "Let the error through: who catches it makes the caller believe that all went well."
    ),
    "old file removed": mistake(
        "Don't remove the old file: moving the new one over it is one step."
    ),
    "went on": mistake("Hand each piece to `file.write` as it is, and let the error end the work."),
    "moved all the same": mistake(
        "It is moved into place although the writing has failed: is the move in a `finally`, or "
        "behind an `except`?"
    ),
    "no name beside": mistake("Write under another name first, and move only what is complete."),
    "rest in the way": mistake(
        'What was left of the temporary file is in the way: begin it anew each time ("w").'
    ),
}


@dataclass
class Attempt:
    """One call of the learner's function, and what it has left in the folder.

    Attributes:
        before: what the old file held; None if there was none.
        pieces: to write.
        path: under which they should stand.
        error: the name of the exception that came, or an empty text.
        held: what the file at `path` holds afterwards; None if there is none.
        old: what the old file itself holds, whatever name it has; None if there was none.
    """

    before: str | None
    pieces: list[Any]
    path: Path
    error: str = ""
    held: str | None = None
    old: str | None = None

    @property
    def harmless(self) -> bool:
        return self.held == self.before == self.old

    @property
    def example(self) -> str:
        there = f"the old file holds {self.before!r}" if self.before else "there is no file yet"
        if len(self.pieces) > 10:
            return f"write_whole(path, pieces), {len(self.pieces):,} pieces, then None"
        return f"write_whole(path, {self.pieces!r}), {there}"

    @property
    def where(self) -> dict[str, str]:
        return {"example": self.example, "got": holds(self.held)}


def content(path: Path) -> str | None:
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else None


def holds(text: str | None) -> str:
    return "no file of that name" if text is None else f"the file holds {text[:60]!r}"


@tasks.check(
    "08.5",
    "Write beside and move",
    points=4,
    minutes=10,
    withheld=["storage.replacing"],
    hints=[
        "Choose another name in the same folder, such as the path with `.new` at its end, and "
        "write all pieces there.",
        "Only behind the `with` block, when the temporary file is complete and closed, it is moved "
        "over the old one. An error in the block never gets there.",
        "`os.replace(source, target)` moves a file, over another if there is one.",
    ],
    mistakes=WRITING,
)
def check_write_whole(work: Any, rng: np.random.Generator) -> None:
    old, new = f"old {rng.integers(1000)}", [f"new {n}, " for n in rng.integers(0, 1000, 4)]
    cases: list[tuple[str | None, list[Any]]] = [
        (None, ["new"]),
        (old, ["new"]),
        (old, []),
        (old, [*new, "Σ\n", "√"]),
        (old, ["new, ", None, "not reached"]),
        (None, ["new, ", None]),
        (old, [*(new * 5000), None]),
        (old, [None]),
    ]
    for before, pieces in cases:
        with folder() as files:
            attempt = Attempt(before, pieces, files / "notes.txt")
            carry_out(work, attempt)
            if None in pieces:
                require_interruption_survived(attempt)
                require_next_attempt(work, attempt)
            else:
                require_written(attempt)


def carry_out(work: Any, attempt: Attempt) -> None:
    """Let the learner's function write, and note what comes of it."""
    path, link = attempt.path, attempt.path.with_name("old.txt")
    if attempt.before is not None:
        path.write_text(attempt.before, encoding="utf-8")
        with suppress(OSError):  # a second name for the same file
            os.link(path, link)
    linked = link.is_file()
    try:
        with explaining(WRITING["names swapped"], WRITING["old file needed"]):
            work.write_whole(str(path), attempt.pieces)
    except Failed as failure:
        interrupted = None in attempt.pieces
        if not interrupted or failure.error in ("", "NotImplementedError", "TimeLimit"):
            raise
        attempt.error = failure.error
    attempt.held = content(path)
    attempt.old = content(link) if linked else attempt.before


def require_written(attempt: Attempt) -> None:
    """Require the new content at `path`, and that it was moved there."""
    present = ", ".join(sorted(os.listdir(attempt.path.parent))) or "an empty folder"
    what = "there is no file at `path` afterwards"
    moved = attempt.held is not None
    require(moved, what, WRITING["not moved"], example=attempt.example, got=present)
    what = "the file doesn't hold the pieces"
    complete = attempt.held == "".join(attempt.pieces)
    require(complete, what, WRITING[wrong_content(attempt)], **attempt.where)
    require_not_written_over(attempt, example=attempt.example)
    left = sorted(set(os.listdir(attempt.path.parent)) - {"notes.txt", "old.txt"})
    what = f"a file is left over in the folder: {', '.join(left)}"
    require(not left, what, WRITING["left over"], example=attempt.example)


def wrong_content(attempt: Attempt) -> str:
    """Return the name of the mistake that leads to such a file."""
    before, held = attempt.before, attempt.held
    if before == held:
        return "nothing changed"
    return "appended" if before and held and held.startswith(before) else "other content"


def require_not_written_over(attempt: Attempt, **more: str) -> None:
    unharmed = attempt.old == attempt.before
    require(unharmed, "the old file itself was written over", WRITING["written over"], **more)


def require_interruption_survived(attempt: Attempt) -> None:
    """Require that all is as it was, and that the error came through."""
    if attempt.harmless:
        what = "the interruption came, but the caller doesn't learn of it"
        require(attempt.error, what, WRITING["error caught"], **attempt.where)
        return
    what = "after the interruption the old file is gone"
    require(attempt.held is not None, what, WRITING["old file removed"], **attempt.where)
    require_not_written_over(attempt, **attempt.where)
    held = attempt.held or ""
    ended = not held.endswith("not reached") and "None" not in held
    what = "the work went on after the piece that is no text"
    require(ended, what, WRITING["went on"], **attempt.where)
    what = "after the interruption there is a half file at `path`"
    name = "moved all the same" if attempt.before else "no name beside"
    require(attempt.harmless, what, WRITING[name], **attempt.where)


def require_next_attempt(work: Any, attempt: Attempt) -> None:
    """Require that what an interruption has left doesn't disturb the next call."""
    what, why = "after an interruption the next attempt goes wrong", WRITING["rest in the way"]
    example = attempt.example + '; then write_whole(path, ["again"])'
    try:
        work.write_whole(str(attempt.path), ["again"])
    except Failed as failure:
        raise Failed(what, why.hint, example=example, got=failure.what) from None
    held = content(attempt.path)
    require(held == "again", what, why, example=example, got=holds(held))


# Refuse another alphabet -----------------------------------------------------------------------

ALPHABET = "0123456789+ "  # the lesson's

DEFINITION = {
    "right one refused": mistake(
        "This one is right: the alphabet in the text is the one that your program uses. Compare "
        "with the argument, which need not be that of the lesson.",
        raises="ValueError",
    ),
    "no return": mistake("The function returned nothing: is there a `return`?"),
    "something else returned": mistake("Return the dictionary that stands in the text, as it is."),
    "order forgotten": mistake(
        "A set, a sorted text or a length forgets the order, and the model's outputs are numbered "
        "in that order."
    ),
    "other symbols": mistake("Compare the alphabets symbol by symbol."),
    "no dictionary": mistake(
        "Look first at what came out of the JSON: a dictionary, and with this key?"
    ),
    "error caught": mistake("`json.loads` raises a ValueError of its own there. Is it caught?"),
    "error returned": mistake(
        "An error is *raised*, not returned.", raises="TypeError", says="it returned"
    ),
    "not looked at first": mistake(
        "Such a text should be refused with a ValueError. Ask for the dictionary and for the key "
        "before you use them.",
        raises=("KeyError", "TypeError", "AttributeError", "IndexError"),
    ),
    "other error": mistake(
        "Refused it is, but the error should be a ValueError.",
        raises=("AssertionError", "Exception", "RuntimeError"),
    ),
    "not raised": mistake(
        "Refusing means to *raise* the ValueError. Who returns something lets the program go on, "
        "and prints are overlooked."
    ),
}


@tasks.check(
    "08.6",
    "Refuse another alphabet",
    points=3,
    minutes=8,
    hints=[
        "`json.loads(text)` raises a kind of `ValueError` by itself if the text is no JSON.",
        "Before you look for the key, make sure that there is a dictionary, and that it has the "
        "key.",
        "Two texts are equal if they have the same characters in the same order. If they aren't: "
        '`raise ValueError("…")`.',
    ],
    mistakes=DEFINITION,
)
def check_definition(work: Any, rng: np.random.Generator) -> None:
    alphabets = ALPHABET, "".join(rng.permutation(list(ALPHABET)))
    for alphabet in alphabets:
        require_accepted(work, alphabet, largest=int(rng.integers(2, 100)))
    for alphabet in alphabets:
        for name, texts in refusals(alphabet, rng).items():
            for text in texts:
                require_refused(work, text, alphabet, name)


def refusals(alphabet: str, rng: np.random.Generator) -> dict[str, list[str]]:
    """Return texts that have to be refused, by the mistake that accepts them."""
    swapped = two_swapped(alphabet, rng)
    size = {"n_numbers": 3, "largest": int(rng.integers(2, 100))}

    def with_alphabets(*others: Any) -> list[str]:
        return [json.dumps(size | {"alphabet": other}) for other in others]

    minus, reverse = alphabet.replace("+", "-"), list(alphabet)[::-1]
    return {
        "order forgotten": with_alphabets(swapped),
        "other symbols": with_alphabets(minus, alphabet[:-1], alphabet + "-", reverse, None),
        "no dictionary": [json.dumps(value) for value in (size, {}, [alphabet], alphabet, 3, None)],
        "error caught": ['{"n_numbers": 3, "alphabet": "0123', ""],
    }


def two_swapped(alphabet: str, rng: np.random.Generator) -> str:
    """Return an alphabet in which two symbols have changed places."""
    order = list(alphabet)
    i, k = rng.choice(len(order), 2, replace=False)
    order[i], order[k] = order[k], order[i]
    return "".join(order)


def require_accepted(work: Any, alphabet: str, largest: int) -> None:
    """Require the dictionary of a definition that fits."""
    wanted = {"n_numbers": 2, "largest": largest, "alphabet": alphabet}
    text = json.dumps(wanted)
    with explaining(DEFINITION["right one refused"]):
        got = work.definition(text, alphabet)
    require(
        got == wanted,
        "a definition that fits isn't returned",
        DEFINITION["no return" if got is None else "something else returned"],
        example=f"definition({text!r}, {alphabet!r})",
        got=repr(got)[:200],
    )


ACCEPTED = {  # by the mistake that leads to it
    "order forgotten": "the same symbols stand in another order, but it was accepted",
    "other symbols": "the symbols are others, but it was accepted",
    "no dictionary": "there is no dictionary with an alphabet, but that was accepted",
    "error caught": "the text is no whole JSON, but it was accepted",
}


def require_refused(work: Any, text: str, alphabet: str, name: str) -> None:
    """Require a ValueError; if a dictionary comes, `name` is the mistake that leads to it."""
    errors = [DEFINITION[key] for key in ("error returned", "not looked at first", "other error")]
    try:
        with explaining(*errors):
            got = work.definition(text, alphabet)
    except Failed as failure:
        if failure.error in ("ValueError", "JSONDecodeError"):
            return
        raise
    raise Failed(
        ACCEPTED[name],
        DEFINITION[name if isinstance(got, dict) else "not raised"].hint,
        example=f"definition({text!r}, {alphabet!r})",
        got=f"it returned {got!r}"[:200],
    )


# In words --------------------------------------------------------------------------------------

tasks.words(
    "08.7",
    "A checksum is not enough",
    points=2,
    minutes=5,
    hints=[
        "To know that a file is broken, and to have a whole one: which of the two do you need?",
        "Who could write both the file and the note?",
    ],
)
