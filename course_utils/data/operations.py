"""Questions with +, -, * and / as text, and their answers (lesson 11)."""

from collections.abc import Sequence

import numpy as np

from course_utils.data.questions import Format, Texts, all_pairs, pair_keys

SIGNS = "+-*/"
ALPHABET = "0123456789+-*/r "
SHORT = 4  # how often a question with a number of one digit is listed, see `listed`


def operation_format(digits: int, signs: Sequence[str] = SIGNS) -> Format:
    """Return the `Format` of questions about two numbers with at most so many digits.

    Args:
        digits: the largest number of digits of either number.
        signs: the operations that are asked for; they decide how long an answer can get.
    """
    top = 10**digits - 1
    # Of a division, 99r0: a larger divisor shortens the quotient by what the remainder can grow.
    longest = {"+": len(f"{2 * top}"), "-": digits + 1, "*": len(f"{top * top}"), "/": digits + 2}
    return Format(2 * digits + 1, max(longest[sign] for sign in signs), ALPHABET)


def answer(a: int, sign: str, b: int) -> str:
    """Work out one question.

    Args:
        a, b: whole numbers from 0 on.
        sign: one of ``+ - * /``.

    Returns:
        A text such as ``"-5"``; of a division quotient and remainder, ``"13r4"`` for 95 / 7.

    Raises:
        ValueError: if the sign is none of the four, or for a division by zero.
    """
    if sign not in SIGNS or len(sign) != 1:
        raise ValueError(f"sign must be one of {' '.join(SIGNS)}, but it is {sign!r}.")
    if sign == "/":
        if b == 0:
            raise ValueError(
                f"the second number of a division must be at least 1, but the question is {a}/{b}: "
                "no number times zero gives the first one back, so there is no answer to learn."
            )
        return f"{a // b}r{a % b}"
    return str({"+": a + b, "-": a - b, "*": a * b}[sign])


def operation_texts(pairs: np.ndarray, sign: str) -> Texts:
    """Write pairs of numbers as questions and answers.

    Args:
        pairs: whole numbers from 0 on, shape (n, 2).
        sign: one of ``+ - * /``.

    Returns:
        ``(questions, answers)``: lists of n texts, such as ``"95/7"`` and ``"13r4"``.

    Raises:
        ValueError: as `answer` does.
    """
    rows = np.asarray(pairs).tolist()
    return [f"{a}{sign}{b}" for a, b in rows], [answer(a, sign, b) for a, b in rows]


def all_problems(digits: int, sign: str, held_out: np.ndarray | None = None) -> np.ndarray:
    """Return every pair that an operation can be asked about, except some.

    Args:
        digits: the largest number of digits, at most 3.
        sign: one of ``+ - * /``; divisions by zero are not among the pairs.
        held_out: keys of pairs to leave out, in both orders, see `questions.hold_out`.

    Returns:
        Shape (n, 2).
    """
    pairs = all_pairs(digits)
    if sign == "/":
        pairs = pairs[pairs[:, 1] > 0]
    return pairs if held_out is None else pairs[~np.isin(pair_keys(pairs), held_out)]


def listed(signs: Sequence[str], hidden: Sequence[str], held_out: np.ndarray) -> Texts:
    """Return all questions about numbers from 0 to 99 that training may show.

    Of the hidden operations, those with a number of one digit are listed four times: less than a
    fifth of all questions have one, too few to learn the rule from.

    Args:
        signs: the operations, such as ``"+-*/"``.
        hidden: those of them for which the held-out pairs are left out.
        held_out: keys of pairs, see `questions.hold_out`.

    Returns:
        ``(questions, answers)``: lists of texts.
    """
    questions: list[str] = []
    answers: list[str] = []
    for sign in signs:
        pairs = all_problems(2, sign, held_out if sign in hidden else None)
        if sign in hidden:
            pairs = np.repeat(pairs, np.where(pairs.min(axis=1) < 10, SHORT, 1), axis=0)
        for texts, more in zip((questions, answers), operation_texts(pairs, sign), strict=True):
            texts += more
    return questions, answers
