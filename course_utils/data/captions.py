"""Pictures of coloured shapes, drawn in NumPy, and the sentences that describe them (lesson 15).

A picture shows one object or two. Of two, the upper one or the left one is named first, so every
picture has exactly one right sentence, such as "a small red circle above a large blue square".
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

SIDE = 32  # pixels
COLOURS = {  # red, green, blue from 0 to 255
    "red": (220, 50, 40),
    "green": (40, 170, 70),
    "blue": (50, 90, 220),
    "yellow": (230, 210, 50),
    "pink": (230, 120, 190),
    "white": (225, 225, 225),
}
SHAPES = ("circle", "square", "triangle", "cross", "ring")
SIZES = {"small": (3.5, 4.5), "large": (6.0, 7.0)}  # pixels from the centre to the rim

START, END, BLANK = "<start>", "<end>", "<blank>"
WORDS = (START, END, BLANK, "a", *SIZES, *COLOURS, *SHAPES, "above", "left", "of")
NUMBER = {word: number for number, word in enumerate(WORDS)}
LONGEST = 11  # words of the longest sentence, with <end>

# All pairs of a colour and a shape, as numbers: shape (30, 2). Each colour lacks one shape in
# training: red circles, green squares, blue triangles, yellow crosses, pink rings, white circles.
KINDS = np.indices((len(COLOURS), len(SHAPES))).reshape(2, -1).T
_held_out = KINDS[:, 0] % len(SHAPES) == KINDS[:, 1]
SEEN, HELD_OUT = KINDS[~_held_out], KINDS[_held_out]

# What the networks are tried on, for `draw_scenes`.
TEST_SETS: dict[str, dict[str, Any]] = {
    "seen": {},
    "single": {"first": HELD_OUT, "two": 0},
    "first": {"first": HELD_OUT, "two": 1},
    "second": {"second": HELD_OUT, "two": 1},
    "both": {"first": HELD_OUT, "second": HELD_OUT, "two": 1},
}


@dataclass(frozen=True)
class Scenes:
    """What n pictures show: one row for each picture, one column for each of two objects.

    Attributes:
        large: whether the object is large, shape (n, 2).
        colour, shape: numbers of its colour and of its shape, shape (n, 2).
        above: whether the first stands above the second; else it stands left of it, shape (n,).
        two: whether there is a second object, shape (n,).
        x, y, radius: centre and size in pixels, from the upper left corner, shape (n, 2).
    """

    large: np.ndarray
    colour: np.ndarray
    shape: np.ndarray
    above: np.ndarray
    two: np.ndarray
    x: np.ndarray
    y: np.ndarray
    radius: np.ndarray

    def __len__(self) -> int:
        return len(self.two)


def draw_scenes(
    n: int,
    rng: np.random.Generator,
    first: np.ndarray = SEEN,
    second: np.ndarray = SEEN,
    two: float = 0.75,
) -> Scenes:
    """Choose at random what pictures show.

    Of two objects the distance along one axis is at least twice that along the other, so there is
    no doubt whether one is above or left of the other; and they never touch.

    Args:
        n: how many.
        rng: a `numpy.random.Generator`.
        first, second: the kinds that the objects may have: rows of colour and shape, as in
            `KINDS`; each is equally likely.
        two: the probability that there is a second object.

    Returns:
        `Scenes`.
    """
    kinds = [np.asarray(of)[rng.integers(0, len(of), n)] for of in (first, second)]
    colour, shape = np.array(kinds).transpose(2, 1, 0)  # (n, 2) each
    large, has_second = rng.random((n, 2)) < 0.5, rng.random(n) < two
    low, high = np.array(list(SIZES.values())).T[:, large.astype(int)]
    radius = rng.uniform(low, high)
    # Along the main axis: what is left of the side is shared out before, between and behind.
    free = SIDE - 1 - 2 * radius.sum(axis=1)
    before, until = np.sort(rng.random((n, 2)), axis=1).T * free
    main = np.stack([radius[:, 0] + before, SIDE - radius[:, 1] - free + until], axis=1)
    # Across it: the first anywhere, the second at most half of their distance away.
    reach = (main[:, 1] - main[:, 0]) / 2
    across = rng.uniform(radius, SIDE - radius)
    low = np.maximum(radius[:, 1], across[:, 0] - reach)
    high = np.minimum(SIDE - radius[:, 1], across[:, 0] + reach)
    across[:, 1] = rng.uniform(low, high)
    # A single object may be anywhere.
    main[~has_second, 0] = rng.uniform(radius, SIDE - radius)[~has_second, 0]
    above = rng.random(n) < 0.5
    x, y = np.where(above[:, None], [across, main], [main, across])
    return Scenes(large, colour, shape, above, has_second, x, y, radius)


def draw_pictures(scenes: Scenes, rng: np.random.Generator) -> np.ndarray:
    """Draw scenes, all at once, on dark grounds; no two objects have quite the same colour.

    Args:
        scenes: n `Scenes`.
        rng: a `numpy.random.Generator`, for colours and grounds.

    Returns:
        Pictures, shape (n, 32, 32, 3), uint8.
    """
    n = len(scenes)
    pictures = np.empty((n, SIDE, SIDE, 3), np.uint8)
    pictures[:] = rng.integers(0, 40, (n, 1, 1, 1))
    paints = np.array(list(COLOURS.values()))[scenes.colour] * rng.uniform(0.7, 1, (n, 2, 1))
    paints += rng.uniform(-15, 15, (n, 2, 3))
    for k in (1, 0):
        for shape in range(len(SHAPES)):
            rows = np.flatnonzero((scenes.shape[:, k] == shape) & (scenes.two | (k == 0)))
            inside = _inside(shape, scenes.x[rows, k], scenes.y[rows, k], scenes.radius[rows, k])
            row, line, column = np.nonzero(inside)
            pictures[rows[row], line, column] = paints[rows[row], k]
    return pictures


def _inside(shape: int, x: np.ndarray, y: np.ndarray, radius: np.ndarray) -> np.ndarray:
    """Return which pixels a shape covers, (n, 32, 32); u and v run from −1 to 1 across it."""
    pixels = np.arange(SIDE, dtype=np.float32) + 0.5
    u = ((pixels - x[:, None]) / radius[:, None])[:, None, :]  # (n, 1, 32)
    v = ((pixels - y[:, None]) / radius[:, None])[:, :, None]  # (n, 32, 1), downwards
    match SHAPES[shape]:
        case "circle":
            return u**2 + v**2 <= 1
        case "square":
            return (abs(u) <= 0.85) & (abs(v) <= 0.85)
        case "triangle":
            return (abs(u) <= (v + 1) / 1.8) & (v <= 0.8)
        case "cross":
            return (abs(u) <= 0.33) & (abs(v) <= 1) | (abs(v) <= 0.33) & (abs(u) <= 1)
        case _:  # a ring
            squared = u**2 + v**2
            return (squared <= 1) & (squared >= 0.3)


def encode(scenes: Scenes) -> np.ndarray:
    """Return the sentences that describe scenes, as numbers of words.

    Args:
        scenes: n `Scenes`.

    Returns:
        Places in `WORDS`, shape (n, 11), uint8; <end> fills a row up.
    """
    words = np.full((len(scenes), LONGEST), NUMBER[END], np.uint8)
    objects = np.stack(
        [
            np.full_like(scenes.colour, NUMBER["a"]),
            NUMBER["small"] + scenes.large,
            NUMBER["red"] + scenes.colour,
            NUMBER["circle"] + scenes.shape,
        ],
        axis=2,
    )  # (n, 2, 4)
    words[:, :4] = objects[:, 0]
    above, left = scenes.two & scenes.above, scenes.two & ~scenes.above
    words[above, 4], words[above, 5:9] = NUMBER["above"], objects[above, 1]
    words[left, 4], words[left, 5], words[left, 6:10] = (
        NUMBER["left"],
        NUMBER["of"],
        objects[left, 1],
    )
    return words


def sentences(words: np.ndarray) -> list[str]:
    """Return the texts that belong to numbers of words, shape (n, any); each stops at <end>."""
    texts = np.array(WORDS)[np.asarray(words)].tolist()
    return [" ".join(row[: row.index(END)] if END in row else row) for row in texts]


def shifted(words: np.ndarray) -> np.ndarray:
    """Return what a writer has before it at each step: <start>, then each word but the last.

    Args:
        words: shape (n, 11).
    """
    return np.insert(words[:, :-1], 0, NUMBER[START], axis=1)


def draw_samples(n: int, rng: np.random.Generator, **kinds: Any) -> tuple[np.ndarray, np.ndarray]:
    """Draw pictures with their sentences.

    Args:
        n: how many.
        rng: a `numpy.random.Generator`.
        **kinds: see `draw_scenes`.

    Returns:
        ``(pictures, words)``, shapes (n, 32, 32, 3) and (n, 11), uint8.
    """
    scenes = draw_scenes(n, rng, **kinds)
    return draw_pictures(scenes, rng), encode(scenes)
