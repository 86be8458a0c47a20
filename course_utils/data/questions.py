"""Questions and answers as text for networks that read and write symbols (lessons 09-13)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from course_utils.data.addition import ALPHABET, integer_encode

Texts = tuple[list[str], list[str]]  # n questions and n answers
Draw = Callable[[int, np.random.Generator], Texts]  # draws that many


@dataclass(frozen=True)
class Format:
    """How questions and answers are laid out for a network.

    Attributes:
        n_in, n_out: characters of the longest question and of the longest answer.
        alphabet: the symbols of both, each once, the space among them.
        backwards: write every text from right to left, so that the units of a sum come first.
    """

    n_in: int
    n_out: int
    alphabet: str = ALPHABET
    backwards: bool = True

    def encode(
        self, questions: Sequence[str], answers: Sequence[str]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Fill texts up with spaces and replace each character by its place in the alphabet.

        Args:
            questions, answers: n texts each.

        Returns:
            ``(x, y)``: places, shapes (n, n_in) and (n, n_out), uint8.

        Raises:
            ValueError: if a text is too long or has a character that the alphabet lacks.
        """
        return integer_encode(
            self._filled("question", questions, self.n_in),
            self._filled("answer", answers, self.n_out),
            self.alphabet,
        )

    def _filled(self, kind: str, texts: Sequence[str], width: int) -> np.ndarray:
        if (longest := max(map(len, texts), default=0)) > width:
            example = next(text for text in texts if len(text) == longest)
            raise ValueError(
                f"each {kind} must have at most {width} characters, but {example!r} has "
                f"{longest}: choose a longer format or a smaller problem."
            )
        return np.array([text[:: -1 if self.backwards else 1].ljust(width) for text in texts])

    def decode(self, places: np.ndarray) -> list[str]:
        """Return the texts that belong to places in the alphabet, shape (n, any), without spaces.

        They are turned the right way round. Spaces at either end are dropped.
        """
        letters = np.array(list(self.alphabet))[np.asarray(places)]
        step = -1 if self.backwards else 1
        return ["".join(row[::step]).strip() for row in letters]


def sum_format(digits: int, terms: int = 2) -> Format:
    """Return the `Format` of sums of numbers with at most so many digits."""
    return Format(terms * (digits + 1) - 1, len(str(terms * (10**digits - 1))))


def sum_texts(terms: np.ndarray | Sequence[Sequence[int]]) -> Texts:
    """Write sums as questions and answers.

    Args:
        terms: n rows of numbers; the rows may differ in length.

    Returns:
        ``(questions, answers)``: lists of n texts, such as ``"37+5"`` and ``"42"``.
    """
    rows = terms.tolist() if isinstance(terms, np.ndarray) else terms
    return ["+".join(map(str, row)) for row in rows], [str(sum(row)) for row in rows]


def draw_numbers(shape: int | tuple[int, ...], digits: int, rng: np.random.Generator) -> np.ndarray:
    """Draw numbers from 0 on so that all lengths come equally often.

    Drawn evenly by value, nine of ten would have the full length.

    Args:
        shape: of the result.
        digits: the largest number of digits, at most 18.
        rng: a `numpy.random.Generator`.

    Returns:
        Numbers below 10^digits, int64.
    """
    return rng.integers(0, 10 ** rng.integers(1, digits + 1, shape))


def draw_pairs(
    n: int, digits: int, rng: np.random.Generator, held_out: np.ndarray | None = None
) -> np.ndarray:
    """Draw pairs of numbers, all lengths equally often, except some.

    Args:
        n: how many pairs.
        digits: the largest number of digits, at most 9.
        rng: a `numpy.random.Generator`.
        held_out: keys of pairs that must not be drawn, see `hold_out`; None: all may be.

    Returns:
        Pairs, shape (n, 2), int64.
    """
    pairs = draw_numbers((n, 2), digits, rng)
    if held_out is not None:
        while (again := np.isin(pair_keys(pairs), held_out)).any():
            pairs[again] = draw_numbers((again.sum(), 2), digits, rng)
    return pairs


def pair_keys(pairs: np.ndarray) -> np.ndarray:
    """Return one number for each pair, the same for (a, b) and (b, a).

    Args:
        pairs: numbers below 10^9, shape (n, 2).

    Returns:
        Shape (n,), int64.
    """
    return pairs.max(axis=1) * 10**9 + pairs.min(axis=1)


def all_pairs(digits: int) -> np.ndarray:
    """Return every ordered pair once, shape (100^digits, 2); three digits make a million.

    Raises:
        ValueError: if there would be more than a million.
    """
    if digits > 3:
        raise ValueError(
            f"at most a million pairs can be listed, but {digits} digits make {100**digits:,}: "
            "draw some with draw_pairs."
        )
    return np.indices((10**digits, 10**digits)).reshape(2, -1).T


def hold_out(digits: int, share: float, seed: int) -> np.ndarray:
    """Choose unordered pairs that training must not show.

    The 55 pairs of two one-digit numbers are never chosen. They are the addition table: who has
    not been shown 0 + 1 cannot work it out from other sums.

    Args:
        digits: the largest number of digits, 2 or 3.
        share: of all unordered pairs that have a longer number, between 0 and 1.
        seed: an integer.

    Returns:
        Their keys, as `pair_keys` gives them, sorted.
    """
    keys = np.unique(pair_keys(all_pairs(digits)))
    keys = keys[keys >= 10**10]  # the larger number is at least 10
    chosen = np.random.default_rng(seed).choice(keys, round(share * len(keys)), replace=False)
    return np.sort(chosen)
