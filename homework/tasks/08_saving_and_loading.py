"""The checks of exercise 08."""

import contextlib
import hashlib
import json
import os
import tempfile
from pathlib import Path

import numpy as np

from homework.checks import Failed, Part, Tasks, compare, require

tasks = Tasks()


@contextlib.contextmanager
def folder():
    """Make a folder for the learner's files; in messages its place is written as `…`."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as path:
        try:
            yield path
        except Failed as failure:
            for name in ("what", "example", "got"):
                text = getattr(failure, name)
                for place in (repr(path)[1:-1], path):
                    text = text.replace(place, "…")
                setattr(failure, name, text)
            raise


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
)
def check_compared(work, rng):
    def pair(n, length, symbols, changes, size):
        before = rng.random((n, length, symbols))
        after = before.copy()
        for _ in range(changes):
            k, t, s = (int(rng.integers(m)) for m in before.shape)
            after[k, t, s] = max(0.0, after[k, t, s] - size)
        return before, after

    def texts(x):
        return [tuple(max(range(len(v)), key=list(v).__getitem__) for v in row) for row in x]

    def count(how):
        return lambda before, after: sum(map(how, texts(before), texts(after)))

    def characters(old, new):
        return sum(a != b for a, b in zip(old, new, strict=True))

    two = np.array([[[0.7, 0.3], [0.6, 0.4]], [[0.1, 0.9], [0.8, 0.2]]])
    reworded = np.array([[[0.2, 0.8], [0.4, 0.6]], [[0.1, 0.9], [0.3, 0.7]]])
    examples = [
        (two, reworded),
        pair(20, 3, 12, 40, 0.9),
        pair(20, 3, 12, 60, 1e-3),
        (two, two),
    ]
    names = ["the largest difference", "the number of answers that changed"]
    compare(
        Part(work.compared, 0, names),
        lambda a, b: max(abs(x - y) for x, y in zip(a.ravel(), b.ravel(), strict=True)),
        examples,
        what=names[0],
        mistakes=[
            (
                "Differences can be negative: look at their sizes.",
                lambda before, after: (after - before).max(),
            ),
            (
                "Differences can be negative: look at their sizes.",
                lambda before, after: (before - after).max(),
            ),
            (
                "That is the average; a single large difference would drown in it.",
                lambda before, after: np.abs(before - after).mean(),
            ),
            (
                "First the difference of each pair of numbers, then the largest of all.",
                lambda before, after: abs(after.max() - before.max()),
            ),
        ],
        hint="Which two numbers that belong together are farthest apart?",
        tolerance=1e-7,
    )
    compare(
        Part(work.compared, 1, names),
        count(lambda old, new: old != new),
        examples,
        what=names[1],
        mistakes=[
            (
                "That counts characters. An answer with two new ones is one answer.",
                count(characters),
            ),
            (
                "Probabilities may move without changing the answer: compare the characters.",
                lambda before, after: sum(
                    not np.array_equal(a, b) for a, b in zip(before, after, strict=True)
                ),
            ),
            (
                "An answer has changed if *any* of its characters has, not only if all have.",
                count(lambda old, new: characters(old, new) == len(old)),
            ),
            (
                "A count is asked for, not a share.",
                lambda a, b: sum(x != y for x, y in zip(texts(a), texts(b), strict=True)) / len(a),
            ),
            (
                "A count is asked for, not a share.",
                lambda a, b: sum(map(characters, texts(a), texts(b))) / a[:, :, 0].size,
            ),
            (
                "Those are the answers that stayed the same.",
                count(lambda old, new: old == new),
            ),
            (
                "Is `any` taken over all questions at once? It has to be asked for each question.",
                lambda before, after: int(texts(before) != texts(after)),
            ),
        ],
        hint="Write down both answers to each question, and compare.",
    )


def kept(value):
    """The oracle: go through the value, piece by piece."""
    if isinstance(value, list):
        return all(map(kept, value))
    if isinstance(value, dict):
        return all(isinstance(k, str) for k in value) and all(map(kept, value.values()))
    return value is None or type(value) in (bool, int, float, str)


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
)
def check_survives(work, rng):
    numbers = rng.integers(0, 100, 3)
    refused = [{1, 2}, numbers[0], {"weights": numbers / 7}, b"bytes", [1 + 2j], {(1, 2): 3}]
    compare(
        work.survives,
        lambda value: False,
        [(value,) for value in refused],
        mistakes=[
            (
                "`json.dumps` raises this error for what it can't write. That is an answer, too: "
                "catch it.",
                "TypeError",
            ),
            (
                "JSON can't write this value at all, so it doesn't survive.",
                lambda value: True,
            ),
            (
                "Each case should return True or False: also the one in which JSON refuses.",
                lambda value: None,
            ),
        ],
        hint="JSON can't write this value at all, so it doesn't survive.",
    )
    some = [int(n) for n in numbers]
    examples = [None, 1, "", [], {}, some, {"a": [some, {"b": 0.5, "c": None}]}, "Σ √ 20", True]
    examples += [(), tuple(some), {3: "three"}, {"sizes": tuple(some)}, [{"a": {some[0]: 1}}]]
    compare(
        work.survives,
        kept,
        [(value,) for value in examples],
        mistakes=[
            (
                "It can be written, but what comes back isn't what you had: compare the *values*, "
                "read back and original. (Texts of JSON can be equal where values aren't.)",
                lambda value: True,
            ),
            (
                "Nothing survives, not even None: compare what was *read back* with the value. The "
                "text isn't the value, nor is another object the same one (`is`).",
                lambda value: False,
            ),
            (
                "Looking at the outermost value isn't enough: what is inside may change, too.",
                lambda value: not isinstance(value, tuple),
            ),
            (
                "Each case should return True or False.",
                lambda value: None,
            ),
        ],
        hint="Do the round trip by hand with this value, and look at what comes back.",
    )


tasks.predict(
    "08.3",
    "one bit",
    ["both", "neither", "adder.weights.h5", "adder.keras"],
    minutes=3,
    hints=["One of the two formats is a zip archive. What else does a zip archive note?"],
)


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
)
def check_verdict(work, rng):
    with folder() as files:
        examples, right = [], {}

        def example(name, now, original, answer):
            ending = os.path.splitext(name)[1]  # the rest of the name would tell the answer
            path = os.path.join(files, f"{rng.integers(10**9)}{ending}")
            Path(path).write_bytes(now)
            checksum = hashlib.new("sha256", original).hexdigest()
            examples.append((path, {"bytes": len(original), "sha256": checksum}))
            right[path] = answer

        data = b"\x89HDF\r\n\x1a\n" + rng.bytes(int(rng.integers(50, 5000)))
        place = int(rng.integers(len(data)))
        flipped = bytearray(data)
        flipped[place] ^= 1 << int(rng.integers(8))
        example("small.bin", b"\xff", b"\xff", "whole")
        example("nothing.bin", b"", b"", "whole")
        example("emptied.bin", b"", data, "cut short")
        example("half.bin", data[: len(data) // 2], data, "cut short")
        example("last_byte.bin", data[:-1], data, "cut short")
        example("one_bit.bin", bytes(flipped), data, "changed")
        example("another.bin", rng.bytes(len(data)), data, "changed")
        example("longer.bin", data + b"\0", data, "changed")
        example("much_longer.bin", data + data, data, "changed")
        example("weights.bin", data, data, "whole")
        example("lines.txt", b"1\r\n2\r\n", b"1\r\n2\r\n", "whole")

        def by_size(shorter, longer, equal):
            def answer(path, note):
                size = os.path.getsize(path)
                return (
                    shorter if size < note["bytes"] else longer if size > note["bytes"] else equal
                )

            return answer

        def instead(old, new):
            return lambda path, note: right[path].replace(old, new)

        def any_other_size(path, note):
            same = os.path.getsize(path) == note["bytes"]
            return right[path] if same else "cut short"

        compare(
            work.verdict,
            lambda path, note: right[path],
            examples,
            mistakes=[
                (
                    'A model file is no text: open it for reading *bytes* (`"rb"`).',
                    "UnicodeDecodeError",
                ),
                (
                    "A checksum is computed from bytes. A path or a text is something else.",
                    "TypeError",
                ),
                (
                    "A file can have the right size and other bytes in it: compare the checksum.",
                    by_size("cut short", "changed", "whole"),
                ),
                (
                    "A file can have the right size and other bytes in it: compare the checksum.",
                    by_size("cut short", "cut short", "whole"),
                ),
                (
                    "A file can have the right size and other bytes in it: compare the checksum.",
                    by_size("cut short", "whole", "whole"),
                ),
                (
                    "A file that is too short has another checksum, too: look at the size first.",
                    instead("cut short", "changed"),
                ),
                (
                    "A file that is *longer* than noted wasn't cut short.",
                    any_other_size,
                ),
                (
                    "Even a whole file is called changed: is the checksum of the same kind as the "
                    "note's, a text from `hexdigest()`, and is it of the bytes?",
                    instead("whole", "changed"),
                ),
            ],
            hint="Print size and checksum of the file and compare both with the note; and compare "
            "what you return with the words in the task.",
        )


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
)
def check_write_whole(work, rng):
    old, new = f"old {rng.integers(1000)}", [f"new {n}, " for n in rng.integers(0, 1000, 4)]
    cases = [
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
        interrupted = None in pieces
        with folder() as files:
            path, link = Path(files) / "notes.txt", Path(files) / "old.txt"
            where = {
                "example": f"write_whole(path, {pieces!r}), "
                + (f"the old file holds {before!r}" if before else "there is no file yet")
            }
            if len(pieces) > 10:
                where["example"] = f"write_whole(path, pieces), {len(pieces):,} pieces, then None"
            linked = False
            if before is not None:
                path.write_text(before, encoding="utf-8")
                with contextlib.suppress(OSError):  # a second name for the same file
                    os.link(path, link)
                    linked = True
            try:
                work.write_whole(str(path), pieces)
                error = ""
            except Failed as failure:
                error = failure.error
                if error == "FileNotFoundError":
                    failure.hint = (
                        "`os.replace` gets the file that is there first, then the name it shall "
                        "have. And write under the name that you move, even if there are no pieces."
                        if "->" in failure.what
                        else "There need not be an old file. If there is one, leave it where it "
                        "is: moving the new one over it is one step."
                    )
                if not interrupted or not error or error in ("NotImplementedError", "TimeLimit"):
                    raise
            held = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else None
            there = link.read_text(encoding="utf-8", errors="replace") if linked else before
            got = "no file of that name" if held is None else f"the file holds {held[:60]!r}"
            if interrupted:
                _judge_interruption(held, there, before, error, {"got": got} | where)
                _judge_second_try(work, path, where)
                continue
            require(
                held is not None,
                "there is no file at `path` afterwards",
                "Writing beside is one half; then the new file has to be moved to `path`.",
                got=", ".join(sorted(os.listdir(files))) or "an empty folder",
                **where,
            )
            require(
                held == "".join(pieces),
                "the file doesn't hold the pieces",
                'The new pieces stand behind the old content: open the temporary file with "w".'
                if before and held.startswith(before)
                else "Nothing has changed: is the new file moved to `path`?"
                if held == before
                else "All pieces, in their order, with nothing between them.",
                got=got,
                **where,
            )
            _require_moved(there == before, where)
            left = sorted(set(os.listdir(files)) - {"notes.txt", "old.txt"})
            require(
                not left,
                f"a file is left over in the folder: {', '.join(left)}",
                "Move the temporary file, don't copy it.",
                **where,
            )


def _require_moved(unharmed, where):
    require(
        unharmed,
        "the old file itself was written over",
        "Opening the old file for writing empties it at once, also if you have joined all pieces "
        "before; copying over it does, too. Write to a new name, and move.",
        **where,
    )


def _judge_interruption(held, there, before, error, where):
    if held == before and there == before:
        require(
            error,
            "the interruption came, but the caller doesn't learn of it",
            "Let the error through: who catches it makes the caller believe that all went well.",
            **where,
        )
        return
    require(
        held is not None,
        "after the interruption the old file is gone",
        "Don't remove the old file: moving the new one over it is one step.",
        **where,
    )
    _require_moved(there == before, where)
    require(
        not held.endswith("not reached") and "None" not in held,
        "the work went on after the piece that is no text",
        "Hand each piece to `file.write` as it is, and let the error end the work.",
        **where,
    )
    raise Failed(
        "after the interruption there is a half file at `path`",
        "It is moved into place although the writing has failed: is the move in a `finally`, or "
        "behind an `except`?"
        if before
        else "Write under another name first, and move only what is complete.",
        **where,
    )


def _judge_second_try(work, path, where):
    what = "after an interruption the next attempt goes wrong"
    hint = 'What was left of the temporary file is in the way: begin it anew each time ("w").'
    where = {"example": where["example"] + '; then write_whole(path, ["again"])'}
    try:
        work.write_whole(str(path), ["again"])
    except Failed as failure:
        raise Failed(what, hint, got=failure.what, **where) from None
    held = path.read_text(encoding="utf-8", errors="replace")
    require(held == "again", what, hint, got=f"the file holds {held[:60]!r}", **where)


def refusals(rng, alphabet):
    """Return texts that have to be refused, each with what is wrong and a hint."""
    order = list(alphabet)
    i, k = rng.choice(len(order), 2, replace=False)
    order[i], order[k] = order[k], order[i]
    other = "the symbols are others, but it was accepted", "Compare the alphabets symbol by symbol."
    size = {"n_numbers": 3, "largest": int(rng.integers(2, 100))}
    alphabets = [
        (
            "".join(order),
            "the same symbols stand in another order, but it was accepted",
            "A set, a sorted text or a length forgets the order, and the model's outputs are "
            "numbered in that order.",
        ),
        (alphabet.replace("+", "-"), *other),
        (alphabet[:-1], *other),
        (alphabet + "-", *other),
        (list(alphabet)[::-1], *other),
        (None, *other),
    ]
    found = [(json.dumps(size | {"alphabet": a}), what, hint) for a, what, hint in alphabets]
    for value in (size, {}, [alphabet], alphabet, 3, None):
        found.append(
            (
                json.dumps(value),
                "there is no dictionary with an alphabet, but that was accepted",
                "Look first at what came out of the JSON: a dictionary, and with this key?",
            )
        )
    for text in ('{"n_numbers": 3, "alphabet": "0123', ""):
        found.append(
            (
                text,
                "the text is no whole JSON, but it was accepted",
                "`json.loads` raises a ValueError of its own there. Is it caught?",
            )
        )
    return found


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
)
def check_definition(work, rng):
    ours = "0123456789+ "
    mixed = "".join(rng.permutation(list(ours)))
    for alphabet in (ours, mixed):
        wanted = {"n_numbers": 2, "largest": int(rng.integers(2, 100)), "alphabet": alphabet}
        text = json.dumps(wanted)
        example = f"definition({text!r}, {alphabet!r})"
        try:
            got = work.definition(text, alphabet)
        except Failed as failure:
            if failure.error == "ValueError":
                failure.hint = (
                    "This one is right: the alphabet in the text is the one that your program "
                    "uses. Compare with the argument, which need not be that of the lesson."
                )
            raise
        require(
            got == wanted,
            "a definition that fits isn't returned",
            "The function returned nothing: is there a `return`?"
            if got is None
            else "Return the dictionary that stands in the text, as it is.",
            example=example,
            got=repr(got)[:200],
        )
    for alphabet in (ours, mixed):
        for text, what, hint in refusals(rng, alphabet):
            example = f"definition({text!r}, {alphabet!r})"
            try:
                got = work.definition(text, alphabet)
            except Failed as failure:
                if failure.error in ("ValueError", "JSONDecodeError"):
                    continue
                if failure.what.startswith("it returned"):
                    failure.hint = "An error is *raised*, not returned."
                elif failure.error in ("KeyError", "TypeError", "AttributeError", "IndexError"):
                    failure.hint = (
                        "Such a text should be refused with a ValueError. Ask for the dictionary "
                        "and for the key before you use them."
                    )
                elif failure.error in ("AssertionError", "Exception", "RuntimeError"):
                    failure.hint = "Refused it is, but the error should be a ValueError."
                raise
            if not isinstance(got, dict):
                hint = (
                    "Refusing means to *raise* the ValueError. Who returns something lets the "
                    "program go on, and prints are overlooked."
                )
            raise Failed(what, hint, example=example, got=f"it returned {got!r}"[:200])


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
