"""Texts that learners wrote, harmless wherever they are shown: terminal, spreadsheet, page."""

import re
import unicodedata

ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-_])")
LINE_ENDS = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
# Other control characters, and those that turn the direction of the text around them.
REMOVED = re.compile(
    r"[\x00-\x08\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]"
)
NEXT_LINE = " ¶ "


def harmless(text: object) -> str:
    """Return a text without control characters, colour codes and what else acts when shown."""
    text = REMOVED.sub("", LINE_ENDS.sub("\n", ESCAPES.sub("", str(text))))
    return re.sub(r"[\ud800-\udfff]", "\ufffd", text)


def one_line(text: object) -> str:
    """Return a text as `harmless` does, with ¶ between its lines."""
    lines = [" ".join(line.split()) for line in harmless(text).split("\n")]
    return NEXT_LINE.join(filter(None, lines))


def cell(value: float | str | None) -> float | str:
    """Return what to write into a CSV file for a number or a text; no text becomes a formula.

    What comes after a semicolon is guarded, too: in much of Europe, Excel divides there.
    """
    if isinstance(value, int | float):
        return number(value)
    parts = one_line(value or "").split(";")
    return ";".join(f"'{part}" if _acts(part) else part for part in parts)


def _acts(text: str) -> bool:
    """Say whether a text may be a formula: the first that is seen of it is =, +, - or @.

    Signs of other widths count, too: some spreadsheets take them.
    """
    hidden = ("Cf", "Zs")  # of formats and spaces
    seen = (char for char in text if char != '"' and unicodedata.category(char) not in hidden)
    return unicodedata.normalize("NFKC", next(seen, "")) in ("=", "+", "-", "@")


def number(points: float) -> float:
    """Return points as a whole number where they are one."""
    return int(points) if points == int(points) else round(points, 4)


def when(moment: str) -> str:
    """Return an ISO time as people write it."""
    return f"{one_line(moment)[:16].replace('T', ' ')} UTC" if moment else "an unknown time"


def unguarded(text: str) -> str:
    """Return the text that `cell` has written into a CSV file."""
    parts = harmless(text).strip().split(";")
    parts = [part[1:] if part[:1] == "'" and _acts(part[1:]) else part for part in parts]
    return ";".join(parts).replace(NEXT_LINE, "\n")
