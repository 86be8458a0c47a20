"""Photographs with captions, read from a folder as Flickr30k and COCO lay it out (lesson 15).

Flickr30k and Flickr8k: a table beside a folder of pictures, with a row for each caption,

    results_20130124.token   1000.jpg#0 <tab> Two dogs run .
    results.csv              1000.jpg| 0| Two dogs run .     below a line of headings
    captions.txt             1000.jpg,"Two dogs, running ."  below a line of headings

COCO: annotations/captions_<part>.json, with the pictures in <part>/ or images/. Nothing is
downloaded; whoever has such a folder can read it.
"""

import csv
import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps

TABLES = ("results_20130124.token", "results.csv", "captions.txt")
FOLDERS = ("flickr30k_images", "flickr30k-images", "images", "Images")
UNKNOWN, END = "<unknown>", "<end>"

Row = tuple[str, str]  # the name of a picture and a caption


def read_flickr(folder: str | Path) -> dict[Path, list[str]]:
    """Read a folder laid out as Flickr30k or Flickr8k.

    Args:
        folder: it holds one of `TABLES`, and one of `FOLDERS` with the pictures.

    Returns:
        A dictionary from the path of each picture to its captions, a list of texts. Several
        captions of a picture stay together, so that no split can tear them apart.

    Raises:
        ValueError: with the line, if something is missing, empty or not as it should be.
    """
    table = _first("table of captions", Path(folder), TABLES)
    pictures = _first("folder of pictures", table.parent, FOLDERS)
    lines = _text(table).split("\n")  # not splitlines: it also cuts at rare signs within a text
    if table.suffix == ".token":
        split, expected, first = _split_token, "name.jpg#0, a tab and a caption", 1
    else:
        sign = "|" if lines and "|" in lines[0] else ","
        columns = lines[0].count(sign) if lines else 0
        split, first = (lambda line: _split_columns(line, sign, columns)), 2
        expected = f"{columns + 1} columns with {sign!r} between them"
    pairs = []
    for number, line in enumerate(lines[first - 1 :], first):
        if not line.strip():
            continue
        row = split(line)
        if row is None:
            raise ValueError(
                f"line {number} of {table.name} must have {expected}, but is {line[:60]!r}: "
                "mend that line."
            )
        pairs.append((*row, f"line {number} of {table.name}"))
    return _together(pairs, [pictures], table.name)


def _split_token(line: str) -> Row | None:
    name, tab, caption = line.partition("\t")
    name, mark, number = name.rpartition("#")
    return (name, caption) if tab and mark and number.isdigit() else None


def _split_columns(line: str, sign: str, columns: int) -> Row | None:
    # Between bars a quotation mark is a mark like any other; between commas it quotes.
    row = line.split(sign, columns) if sign == "|" else next(csv.reader([line]))
    return (row[0], row[-1]) if columns and len(row) == columns + 1 else None


def read_coco(folder: str | Path, part: str) -> dict[Path, list[str]]:
    """Read a part of a folder laid out as COCO.

    Args:
        folder: it holds ``annotations/captions_<part>.json``, and the pictures in ``<part>``,
            ``images/<part>`` or ``images``.
        part: such as ``"val2017"``.

    Returns:
        As `read_flickr`. Pictures without a caption are left out.

    Raises:
        ValueError: if something is missing, empty or not as it should be.
    """
    folder = Path(folder)
    file = _first("file of captions", folder, [f"annotations/captions_{part}.json"])
    pictures = [folder / part, folder / "images" / part, folder / "images"]
    try:
        data = json.loads(_text(file))
        names = {image["id"]: image["file_name"] for image in data["images"]}
        notes = [(names.get(n["image_id"]), n["caption"]) for n in data["annotations"]]
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise ValueError(
            f"{file.name} must be JSON with images (id, file_name) and annotations (image_id, "
            f"caption), but it is not ({type(error).__name__}: {error}): get the file again."
        ) from None
    pairs = [(*note, f"annotation {k} of {file.name}") for k, note in enumerate(notes)]
    for name, _, where in pairs:
        if name is None:
            raise ValueError(
                f"{where} must be about one of the images, but its image_id is none of their "
                "ids: get the file again."
            )
    return _together(pairs, pictures, file.name)


def _together(
    pairs: Iterable[tuple[Any, Any, str]], folders: Sequence[Path], source: str
) -> dict[Path, list[str]]:
    """Check names and captions, each pair with its place in the source; gather by picture."""
    found: dict[Path, list[str]] = {}
    paths: dict[str, Path | None] = {}
    for name, caption, where in pairs:
        name = str(name).strip()
        if name not in paths:
            if Path(name).name != name or "\\" in name:
                raise ValueError(
                    f"{where} must name a file of the folder, but says {name!r}: use plain names."
                )
            paths[name] = next((f / name for f in folders if (f / name).is_file()), None)
        path = paths[name]
        if path is None:
            raise ValueError(
                f"{where} is about the picture {name}, but there is no such file in "
                f"{' or '.join(f'{f.name}/' for f in folders)}: add it, or remove its captions."
            )
        if not isinstance(caption, str) or not words_of(caption):
            raise ValueError(
                f"{where} must have a caption for {name}, but there is no word in {caption!r}: "
                "write one, or remove the row."
            )
        found.setdefault(path, []).append(caption.strip())
    if not found:
        raise ValueError(f"{source} must hold captions, but holds none: get the file again.")
    return found


def _first(what: str, folder: Path, names: Sequence[str]) -> Path:
    """Return the first of several paths that exists."""
    for name in names:
        if (folder / name).exists():
            return folder / name
    raise ValueError(
        f"{folder.name}/ must hold a {what} ({' or '.join(names)}), but does not: check the path."
    )


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{path.name} must be text in UTF-8, but byte {error.start:,} is not: save it with "
            "that encoding."
        ) from None


def read_pictures(paths: Sequence[str | Path], side: int) -> np.ndarray:
    """Read pictures, cut each to its central square, and bring all to one size.

    Args:
        paths: n files in any format that Pillow reads.
        side: pixels of the squares.

    Returns:
        Shape (n, side, side, 3), red, green and blue, uint8.

    Raises:
        ValueError: if a file is not a whole picture.
    """
    pictures = np.empty((len(paths), side, side, 3), np.uint8)
    for picture, path in zip(pictures, paths, strict=True):
        try:
            with Image.open(path) as image:
                upright = ImageOps.exif_transpose(image).convert("RGB")
                picture[:] = np.asarray(ImageOps.fit(upright, (side, side)))
        except (OSError, SyntaxError, Image.DecompressionBombError) as error:
            raise ValueError(
                f"{Path(path).name} must be a whole picture, but Pillow cannot read it "
                f"({type(error).__name__}): get the file again, or remove its captions."
            ) from None
    return pictures


def words_of(caption: str) -> list[str]:
    """Return the words of a caption, in small letters and without punctuation marks."""
    return re.findall(r"[^\W_]+(?:'[^\W_]+)*", caption.lower())


def vocabulary(captions: Iterable[str], at_least: int = 1) -> list[str]:
    """List the words of captions, the most frequent first.

    Args:
        captions: texts, of the *training* pictures only.
        at_least: how often a word must come.

    Returns:
        A list that begins with <unknown> and <end>.
    """
    counts = Counter(word for caption in captions for word in words_of(caption))
    by_count = sorted(counts, key=lambda word: (-counts[word], word))
    kept = [word for word in by_count if counts[word] >= at_least]
    return [UNKNOWN, END, *kept]


def encode_captions(captions: Sequence[str], words: Sequence[str], longest: int) -> np.ndarray:
    """Return captions as numbers of words.

    Args:
        captions: n texts.
        words: from `vocabulary`.
        longest: words in a row; a longer caption is cut.

    Returns:
        Shape (n, longest), int64; <end> fills a row up.
    """
    number = {word: k for k, word in enumerate(words)}
    encoded = np.full((len(captions), longest), number[END])
    for row, caption in zip(encoded, captions, strict=True):
        ids = [number.get(word, number[UNKNOWN]) for word in words_of(caption)[:longest]]
        row[: len(ids)] = ids
    return encoded
