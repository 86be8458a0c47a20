"""Sums of a variable number of terms: drawing them, and holding some out (lesson 10)."""

from collections.abc import Sequence

import numpy as np

from course_utils.data.questions import Draw, Texts, sum_texts

# How many terms of how many digits, from easy to hard.
LEVELS = np.array([(2, 1), (3, 1), (4, 1), (5, 1), (2, 2), (3, 2), (4, 2), (5, 2)])
ALL_OPEN = 0.25  # the share of training after which all levels are open
SHARE = 0.2  # of all unordered questions is held out
MULTIPLIER, PRIME = 618_034, 1_000_003  # of the hash, see `held_out`


def draw_terms(
    counts: Sequence[int] | np.ndarray,
    digits: int | np.ndarray,
    rng: np.random.Generator,
    hidden: bool = False,
    by_column: bool = False,
) -> np.ndarray:
    """Draw questions.

    Args:
        counts: how many terms each question has, shape (n,).
        digits: the largest number of digits of its terms, 1 or 2, one number or shape (n,).
        rng: a `numpy.random.Generator`.
        hidden: draw questions that are held out, and none but those; False: none of those.
        by_column: draw every second question so that all sums of its units come equally often,
            and all sums of its tens; False: draw all terms evenly.

    Returns:
        Terms, shape (n, largest count), int64; -1 stands where a question has no more terms.

    Raises:
        ValueError: if there are no such questions.
    """
    counts = np.asarray(counts, dtype=int)
    below = np.broadcast_to(10 ** np.asarray(digits), counts.shape)
    if hidden and ((counts < 3) & (below < 100)).any():
        raise ValueError(
            "questions that are held out must have at least 3 terms, or terms of two digits, but "
            "2 terms of one digit were asked for: the addition table is never held out."
        )
    terms = np.full((len(counts), counts.max(initial=0)), -1)
    there = np.arange(terms.shape[1]) < counts[:, None]
    second = np.arange(len(counts)) % 2 == 1
    again = np.ones(len(counts), dtype=bool)
    while again.any():
        new = rng.integers(0, below[again, None], terms[again].shape)
        if by_column:
            new = np.where(
                second[again, None], _by_column(new.shape, rng) % below[again, None], new
            )
        terms[again] = np.where(there[again], new, -1)
        again = held_out(terms) != hidden
    return terms


def _by_column(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Draw numbers up to 99, row by row, so that all sums of a column come equally often.

    A digit is the number of heads in nine tosses of a coin, so the sum of k digits is that of 9 k
    tosses. The coin is another one in each row and column: if all chances of heads are equally
    likely, then so are all numbers of heads.
    """
    chances = rng.random((shape[0], 1, 2))
    return rng.binomial(9, chances, (*shape, 2)) @ [1, 10]


def draw_levels(n: int, levels: np.ndarray, rng: np.random.Generator) -> Texts:
    """Draw n questions by column, each of the hardest of three levels drawn from `levels`.

    Args:
        n: how many questions.
        levels: rows of a number of terms and a number of digits, from easy to hard.
        rng: a `numpy.random.Generator`.

    Returns:
        n questions and n answers.
    """
    counts, digits = levels[rng.integers(0, len(levels), (3, n)).max(axis=0)].T
    return term_texts(draw_terms(counts, digits, rng, by_column=True))


def draw_growing(calls: int, levels: np.ndarray = LEVELS) -> Draw:
    """Return a function that draws questions for training: at first easy ones, then harder ones.

    One level after the other is opened; see `draw_levels`.

    Args:
        calls: how often the function will be called.
        levels: rows of a number of terms and a number of digits, from easy to hard.

    Returns:
        A function of a number n and a `numpy.random.Generator` that returns n questions and n
        answers, as `seq2seq.train_fresh` wants it.
    """
    done = iter(np.arange(calls) / calls)

    def draw(n: int, rng: np.random.Generator) -> Texts:
        n_open = 1 + int((len(levels) - 1) * next(done) / ALL_OPEN)
        return draw_levels(n, levels[:n_open], rng)

    return draw


def term_texts(terms: np.ndarray) -> Texts:
    """Write the questions of `draw_terms` and their answers as texts, see `sum_texts`."""
    return sum_texts([[term for term in row if term >= 0] for row in terms.tolist()])


def term_keys(terms: np.ndarray) -> np.ndarray:
    """Return one number for each question, the same for all orders of its terms.

    Args:
        terms: as `draw_terms` returns them, at most five columns.

    Returns:
        Shape (n,), int64: the terms in order, each plus one, as the digits of a number to base 101.
    """
    return (np.sort(terms, axis=1)[:, ::-1] + 1) @ 101 ** np.arange(terms.shape[1])


def held_out(terms: np.ndarray) -> np.ndarray:
    """Return for each question whether it is held out: its key decides, and no list is needed.

    Two terms of one digit are never held out. They are the addition table.

    Args:
        terms: as `draw_terms` returns them.

    Returns:
        Booleans, shape (n,).
    """
    chosen = term_keys(terms) * MULTIPLIER % PRIME < SHARE * PRIME
    basic = ((terms >= 0).sum(axis=1) <= 2) & (terms < 10).all(axis=1)
    return chosen & ~basic
