"""Sums written as text: steps 1-6 of the addition pipeline, vectorised (lesson 06).

The functions have the names and arguments of the plain versions that lesson 06 writes out, and
give the same results; they take and return NumPy arrays and do all samples at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations_with_replacement
from typing import Any

import numpy as np

ALPHABET = "0123456789+ "
MOST_PROBLEMS = 5_000_000  # more are not enumerated: they would fill a laptop's memory

Seed = int | np.random.Generator | None  # None is random
Strings = np.ndarray | Sequence[str]  # of one length each


@dataclass(frozen=True)
class Problem:
    """A family of addition problems (step 7): so many terms, each from 1 to the largest.

    Attributes:
        n_numbers: terms in a sum.
        largest: the largest value of a term; the smallest is 1.
        alphabet: the symbols of questions and answers, each once.
    """

    n_numbers: int = 3
    largest: int = 10
    alphabet: str = ALPHABET

    def __post_init__(self) -> None:
        _check_size("n_numbers", self.n_numbers)
        _check_size("largest", self.largest)
        _code_table(self.alphabet)

    @property
    def n_chars(self) -> int:
        """Symbols in the alphabet, the width of a one-hot vector."""
        return len(self.alphabet)

    @property
    def n_in_seq_length(self) -> int:
        """Characters of the longest question, such as 8 for ``10+10+10``."""
        return question_length(self.n_numbers, self.largest)

    @property
    def n_out_seq_length(self) -> int:
        """Characters of the longest answer, such as 2 for ``30``."""
        return answer_length(self.n_numbers, self.largest)

    @property
    def n_problems(self) -> int:
        """The number of different questions."""
        return self.largest**self.n_numbers

    @cached_property
    def all_problems(self) -> np.ndarray:
        """Every question once, shape (n_problems, n_numbers), int64, in counting order.

        Raises:
            ValueError: if there are more than `MOST_PROBLEMS`.
        """
        if self.n_problems > MOST_PROBLEMS:
            raise ValueError(
                f"at most {MOST_PROBLEMS:,} problems can be listed, but {self.n_numbers} terms up "
                f"to {self.largest} make {self.n_problems:,}: draw some with random_sum_pairs."
            )
        grid = np.indices((self.largest,) * self.n_numbers).reshape(self.n_numbers, -1)
        grid = np.ascontiguousarray(grid.T) + 1
        grid.flags.writeable = False  # one array serves every caller
        return grid

    def encode(self, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return questions and answers one-hot encoded: steps 2-4 for given terms.

        Args:
            X: terms, shape (n, n_numbers).

        Returns:
            ``(X, y)`` as `generate_data` returns them.
        """
        X = np.asarray(X)
        strings = to_string(X, X.sum(axis=1), self.n_numbers, self.largest)
        return one_hot_encode(*integer_encode(*strings, self.alphabet), self.n_chars)

    def split(self, held_out: float, seed: Seed = None) -> tuple[np.ndarray, np.ndarray]:
        """Split all problems into two sets that share none, whatever the order of the terms.

        Problems with the same terms in another order (a + b and b + a) go to the same side.

        Args:
            held_out: the share of *unordered* problems to hold out, between 0 and 1.
            seed: an integer or a `numpy.random.Generator`.

        Returns:
            ``(seen, unseen)``: terms, shapes (n, n_numbers) and (m, n_numbers), int64.

        Raises:
            ValueError: if the share is not between 0 and 1, or leaves one side empty.
        """
        terms = range(1, self.largest + 1)
        unordered = np.array(list(combinations_with_replacement(terms, self.n_numbers)))
        count = round(held_out * len(unordered)) if 0 < held_out < 1 else 0
        if not 0 < count < len(unordered):
            raise ValueError(
                f"held_out must leave something on both sides of {len(unordered)} unordered "
                f"problems, but it is {held_out!r}: choose a share between 0 and 1, such as 0.2."
            )
        chosen = np.random.default_rng(seed).choice(unordered, size=count, replace=False)
        # a problem's key: its sorted terms, read as the digits of one number
        weights = (self.largest + 1) ** np.arange(self.n_numbers)
        unseen = np.isin(np.sort(self.all_problems, axis=1) @ weights, chosen @ weights)
        return self.all_problems[~unseen], self.all_problems[unseen]


def question_length(n_numbers: int, largest: int) -> int:
    """Return the characters of the longest question: all terms with all digits, and the pluses."""
    return n_numbers * len(str(largest)) + n_numbers - 1


def answer_length(n_numbers: int, largest: int) -> int:
    """Return the digits of the largest sum.

    The original addition notebook has ceil(log10(n_numbers · (largest + 1))), which asks for a
    digit too many when the sums just miss a power of ten: three terms up to 33 make at most 99,
    two digits, not three.
    """
    return len(str(n_numbers * largest))


def random_sum_pairs(
    n_examples: int, n_numbers: int, largest: int, seed: Seed = None
) -> tuple[np.ndarray, np.ndarray]:
    """Step 1: draw random terms and add them up.

    Args:
        n_examples: how many sums.
        n_numbers: terms in each.
        largest: the largest value of a term; the smallest is 1.
        seed: an integer or a `numpy.random.Generator`; None is random.

    Returns:
        ``(X, y)``: terms, shape (n_examples, n_numbers), and sums, shape (n_examples,), int64.

    Raises:
        ValueError: if a size is not an integer of at least 1.
    """
    for name, size in [("n_examples", n_examples), ("n_numbers", n_numbers), ("largest", largest)]:
        _check_size(name, size)
    # terms of one kind lie beside each other in memory, which makes adding them up fast
    terms = np.random.default_rng(seed).integers(1, largest + 1, size=(n_numbers, n_examples))
    return terms.T, terms.sum(axis=0)


def to_string(
    X: np.ndarray, y: np.ndarray, n_numbers: int, largest: int
) -> tuple[np.ndarray, np.ndarray]:
    """Step 2: write questions and answers as text of one length, padded with spaces on the left.

    Args:
        X: terms from 0 to `largest`, shape (n, n_numbers).
        y: their sums, shape (n,).
        n_numbers, largest: as in `random_sum_pairs`; they fix the lengths.

    Returns:
        ``(X, y)``: arrays of strings, shape (n,), such as ``" 3+10+7"`` and ``"20"``.

    Raises:
        ValueError: if the shapes do not fit or a number does not fit the length.
    """
    _check_size("n_numbers", n_numbers)
    _check_size("largest", largest)
    X, y = np.asarray(X), np.asarray(y)
    if X.ndim != 2 or X.shape[1] != n_numbers or y.shape != X.shape[:1]:
        raise ValueError(
            f"X and y must have shapes (n, {n_numbers}) and (n,), but have {X.shape} and "
            f"{y.shape}: pass what random_sum_pairs returned for the same n_numbers."
        )
    _check_terms("X", X, largest)
    _check_terms("y", y, n_numbers * largest)
    questions = _right_aligned(X, question_length(n_numbers, largest), len(str(largest)))
    n_out = answer_length(n_numbers, largest)
    return questions, _right_aligned(y[:, None], n_out, n_out)


def _right_aligned(terms: np.ndarray, length: int, digits: int) -> np.ndarray:
    """Write rows of terms, joined by '+', against the right edge of `length` characters.

    Works from right to left, one digit of all rows at a time. A leading zero is written as a
    space, which the plus sign to its left then overwrites if it stands in the wrong place.
    """
    n = len(terms)
    page = np.full((length, n), ord(" "), dtype=np.uint32)  # character codes, one row a column
    rows = np.arange(n)
    right = np.full(n, length - 1)  # where the next character goes, per sample
    for k in range(terms.shape[1] - 1, -1, -1):
        rest: np.ndarray = terms[:, k].astype(np.int32 if digits < 10 else np.int64)
        width = np.ones(n, dtype=np.int64)
        for digit in range(digits):
            tens = rest // 10
            code = (rest - 10 * tens + ord("0")).astype(np.uint32)
            if digit:
                shown = rest > 0
                code = np.where(shown, code, ord(" "))
                width += shown
            page[right - digit, rows] = code
            rest = tens
        right = right - width
        if k:
            page[right, rows] = ord("+")
            right -= 1
    return np.ascontiguousarray(page.T).view(f"<U{length}")[:, 0]


def integer_encode(
    X: Strings, y: Strings, alphabet: Sequence[str]
) -> tuple[np.ndarray, np.ndarray]:
    """Step 3: replace each character by its place in the alphabet.

    Args:
        X, y: strings of one length each, shape (n,).
        alphabet: the symbols in order, each once.

    Returns:
        ``(X, y)``: places, shapes (n, length of a question) and (n, length of an answer), uint8.

    Raises:
        ValueError: if a character is not in the alphabet or the strings differ in length.
    """
    table = _code_table(alphabet)
    return _codes(X, table, alphabet), _codes(y, table, alphabet)


def _codes(strings: Strings, table: np.ndarray, alphabet: Sequence[str]) -> np.ndarray:
    strings = np.asarray(strings, dtype=np.str_)
    if strings.ndim != 1 or strings.dtype.itemsize == 0:
        raise ValueError(f"strings must have shape (n,) and not be empty, but are {strings!r}.")
    points = np.ascontiguousarray(strings).view(np.uint32).reshape(len(strings), -1)
    codes = table[np.minimum(points, len(table) - 1)]
    if (unknown := codes == _UNKNOWN).any():
        row, column = np.argwhere(unknown)[0]
        text = str(strings[row])
        found = "a shorter string" if column >= len(text) else f"{text[column]!r}"
        raise ValueError(
            f"every string must be {points.shape[1]} characters of {''.join(alphabet)!r}, but row "
            f"{row}, {text!r}, has {found} at place {column}: add the symbol to the alphabet, or "
            "pad with to_string."
        )
    return codes


_UNKNOWN = 255


def _code_table(alphabet: Sequence[str]) -> np.ndarray:
    """Return an array from code point to place in the alphabet; its last entry is unknown."""
    symbols = list(alphabet)
    if not symbols or len(set(symbols)) != len(symbols) or any(len(s) != 1 for s in symbols):
        raise ValueError(
            f"alphabet must hold single characters, each once, but it is {alphabet!r}: "
            "start from course_utils.data.addition.ALPHABET."
        )
    table = np.full(max(map(ord, symbols)) + 2, _UNKNOWN, dtype=np.uint8)
    table[[ord(s) for s in symbols]] = np.arange(len(symbols))
    return table


def one_hot_encode(X: np.ndarray, y: np.ndarray, max_int: int) -> tuple[np.ndarray, np.ndarray]:
    """Step 4: turn each integer into a vector of zeros with a single one.

    Args:
        X, y: integers from 0 to max_int - 1, shapes (n, length in) and (n, length out).
        max_int: the length of a vector, the size of the alphabet.

    Returns:
        ``(X, y)``: shapes (n, length in, max_int) and (n, length out, max_int), float32, which is
        what Keras computes with.

    Raises:
        ValueError: if an integer is out of range.
    """
    _check_size("max_int", max_int)
    return _one_hot(np.asarray(X), max_int), _one_hot(np.asarray(y), max_int)


def _one_hot(codes: np.ndarray, max_int: int) -> np.ndarray:
    if codes.size and not (np.issubdtype(codes.dtype, np.integer) and 0 <= codes.min()):
        raise ValueError(f"codes must be integers from 0 to {max_int - 1}, but hold {codes.min()}.")
    if codes.size and codes.max() >= max_int:
        raise ValueError(
            f"codes must be integers from 0 to {max_int - 1}, but hold {codes.max()}: "
            "max_int is the size of the alphabet, len(alphabet)."
        )
    return np.take(np.eye(max_int, dtype=np.float32), codes, axis=0)


def generate_data(
    n_samples: int, n_numbers: int, largest: int, alphabet: Sequence[str], seed: Seed = None
) -> tuple[np.ndarray, np.ndarray]:
    """Step 5: steps 1-4 in one call.

    Where there are fewer different problems than samples, each is encoded once and copied.

    Args:
        n_samples, n_numbers, largest: as in `random_sum_pairs`.
        alphabet: the symbols, digits, ``+`` and space among them.
        seed: an integer or a `numpy.random.Generator`; None is random.

    Returns:
        ``(X, y)``: one-hot questions, shape (n_samples, n_in_seq_length, n_chars), and answers,
        shape (n_samples, n_out_seq_length, n_chars), float32.

    Raises:
        ValueError: as the steps do.
    """
    X, _ = random_sum_pairs(n_samples, n_numbers, largest, seed)
    problem = Problem(n_numbers, largest, "".join(alphabet))
    if problem.n_problems > n_samples:
        return problem.encode(X)
    once_X, once_y = problem.encode(problem.all_problems)
    place = np.ravel_multi_index(tuple(X.T - 1), (largest,) * n_numbers)  # in counting order
    return np.take(once_X, place, axis=0), np.take(once_y, place, axis=0)


def invert(seq: np.ndarray, alphabet: Sequence[str]) -> str | np.ndarray:
    """Step 6: read a sequence of vectors as text; the largest entry of each names the symbol.

    Args:
        seq: one-hot vectors or probabilities, shape (length, n_chars) for one text or
            (n, length, n_chars) for many.
        alphabet: the symbols in the order in which they were encoded.

    Returns:
        A string, or an array of n strings.

    Raises:
        ValueError: if the vectors are not as long as the alphabet, or hold NaN.
    """
    seq = _vectors("seq", seq)
    if seq.ndim not in (2, 3) or seq.shape[-1] != len(alphabet):
        raise ValueError(
            f"seq must have shape (length, {len(alphabet)}) or (n, length, {len(alphabet)}), but "
            f"has {seq.shape}: the last axis is the alphabet."
        )
    symbols = np.array(list(alphabet))[seq.argmax(axis=-1)]
    if seq.ndim == 2:
        return "".join(symbols)
    return np.ascontiguousarray(symbols).view(f"<U{seq.shape[1]}")[:, 0]


def exact_match(predicted: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Return for each answer whether *all* of its characters are right.

    Args:
        predicted: probabilities, shape (n, length, n_chars).
        target: one-hot answers of the same shape.

    Returns:
        Booleans, shape (n,); their mean is the exact-match accuracy.

    Raises:
        ValueError: if the shapes differ or NaN is among the predictions.
    """
    predicted, target = _vectors("predicted", predicted), _vectors("target", target)
    if predicted.shape != target.shape or predicted.ndim != 3:
        raise ValueError(
            "predicted and target must share one shape (n, length, n_chars), but have "
            f"{predicted.shape} and {target.shape}: compare answers to the same questions."
        )
    return (predicted.argmax(axis=-1) == target.argmax(axis=-1)).all(axis=1)


def draw_balanced(problems: np.ndarray, n_samples: int, seed: Seed = None) -> np.ndarray:
    """Draw problems so that rare sums come up more often than by chance (lesson 07).

    Each problem has the weight 1/√(number of listed problems with its sum).

    Args:
        problems: terms, shape (n, n_numbers).
        n_samples: how many to draw, with repetition.
        seed: an integer or a `numpy.random.Generator`.

    Returns:
        Rows of `problems`, shape (n_samples, n_numbers).
    """
    problems = np.asarray(problems)
    sums = problems.sum(axis=1)
    weight = 1 / np.sqrt(np.bincount(sums)[sums])
    chosen = np.random.default_rng(seed).choice(
        len(problems), size=n_samples, p=weight / weight.sum()
    )
    return problems[chosen]


def _check_size(name: str, size: Any) -> None:
    if not isinstance(size, (int, np.integer)) or isinstance(size, bool) or size < 1:
        raise ValueError(f"{name} must be an integer of at least 1, but it is {size!r}.")


def _check_terms(name: str, terms: np.ndarray, largest: int) -> None:
    if terms.size and not (
        np.issubdtype(terms.dtype, np.integer) and terms.min() >= 0 and terms.max() <= largest
    ):
        raise ValueError(
            f"{name} must hold integers from 0 to {largest}, but holds values from {terms.min()} "
            f"to {terms.max()} ({terms.dtype}): give the largest that the numbers were drawn with."
        )


def _vectors(name: str, values: np.ndarray) -> np.ndarray:
    values = np.asarray(values)
    if np.isnan(values).any():
        raise ValueError(
            f"{name} must be numbers, but holds NaN: training has diverged; lower the learning "
            "rate, or clip the gradients."
        )
    return values
