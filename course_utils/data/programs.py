"""Small Python programs that print one number: drawn, written, run, encoded (lesson 14).

A program is a list of statements. These three

    a=7
    for x in range(3):a+=5
    print((a-1) if 3<5 else 2)

are ``("=", "a", 7)``, ``("for", 3, "a", "+", 5)`` and
``("print", ("if", ("<", 3, 5), ("-", "a", 1), 2))``. An expression is a number, the name of a
variable, or a tuple of an operation and its parts.

Length and nesting are those of Zaremba & Sutskever, "Learning to Execute" (2014).
"""

import random
from collections.abc import Iterable, Sequence
from operator import add, gt, lt, mul, sub
from typing import Any
from zlib import crc32

import numpy as np

from course_utils.data.addition import integer_encode

ANSWERS = " 0123456789-"  # what an answer is written in; a space ends it
ALPHABET = ANSWERS + "+*<>=():\nabcdefghPF?!"
NAMES = "abcdefgh"  # of variables, in the order of their use
SHORTHAND = {"for x in range(": "F", "):": ":", "print(": "P", " if ": "?", " else ": "!"}
OPERATIONS = ("+", "-", "*", "if", "=", "for")
MEANING = {"+": add, "-": sub, "*": mul, "<": lt, ">": gt}

Statement = tuple  # these two: see the top of this file
Expression = int | str | tuple


# One program -----------------------------------------------------------------------------------


def draw_program(length: int, nesting: int, dice: random.Random) -> list[Statement]:
    """Draw a program that begins with a number and works on it `nesting` times.

    One factor of each product and the turns of a loop are at most 4 · length; all other numbers
    have at most `length` digits. So one pass with a small memory can follow.

    Args:
        length: digits of the numbers, at least 1.
        nesting: how many operations are combined, from 1 to 8.
        dice: a `random.Random`.

    Returns:
        A list of statements.

    Raises:
        ValueError: if there are no such programs.
    """
    if length < 1 or not 1 <= nesting <= len(NAMES):
        raise ValueError(
            f"length must be at least 1 and nesting from 1 to {len(NAMES)}, but they are {length} "
            f"and {nesting}."
        )

    def number(largest: int = 10**length - 1) -> int:
        return 1 + int(dice.random() * largest)

    def either(one: Any, other: Any) -> tuple[Any, Any]:  # in this order or the other
        return (one, other) if dice.random() < 0.5 else (other, one)

    lines: list[Statement] = []
    expression: Expression = number()
    fresh = iter(NAMES)
    for _ in range(nesting):
        operation = OPERATIONS[int(dice.random() * len(OPERATIONS))]
        if operation in ("+", "-"):
            expression = (operation, *either(expression, number()))
        elif operation == "*":
            expression = ("*", *either(expression, number(4 * length)))
        elif operation == "if":
            test = (either("<", ">")[0], number(), number())
            expression = ("if", test, *either(expression, number()))
        else:
            if operation == "=" or not isinstance(expression, str):
                lines.append(("=", name := next(fresh), expression))
                expression = name
            if operation == "for":
                sign = either("+", "-")[0]
                lines.append(("for", number(4 * length), expression, sign, number()))
    return [*lines, ("print", expression)]


def write(program: Iterable[Statement]) -> str:
    """Return a program as Python text, one line for each statement."""
    return "\n".join(_line(*statement) for statement in program)


def _line(kind: str, *parts: Any) -> str:
    if kind == "for":
        times, name, sign, number = parts
        return f"for x in range({times}):{name}{sign}={number}"
    return f"{parts[0]}={_bare(parts[1])}" if kind == "=" else f"print({_bare(parts[0])})"


def _text(expression: Expression) -> str:
    if not isinstance(expression, tuple):
        return str(expression)
    if expression[0] == "if":
        _, test, yes, no = expression
        return f"({_text(yes)} if {_bare(test)} else {_text(no)})"
    operation, left, right = expression
    return f"({_text(left)}{operation}{_text(right)})"


def _bare(expression: Expression) -> str:
    """Return the text of an expression without the brackets around the whole."""
    text = _text(expression)
    return text[1:-1] if isinstance(expression, tuple) else text


def value(expression: Expression, variables: dict[str, int]) -> int:
    """Return what an expression is worth, given a dictionary from names to values."""
    if isinstance(expression, str):
        return variables[expression]
    if not isinstance(expression, tuple):
        return expression
    if expression[0] == "if":
        _, test, yes, no = expression
        return value(yes if value(test, variables) else no, variables)
    operation, left, right = expression
    return MEANING[operation](value(left, variables), value(right, variables))


def run(program: Iterable[Statement]) -> int | None:
    """Return the number that a program prints. This is the oracle of lesson 14."""
    variables: dict[str, int] = {}
    for kind, *parts in program:
        if kind == "=":
            variables[parts[0]] = value(parts[1], variables)
        elif kind == "for":
            times, name, sign, number = parts
            for _ in range(times):
                variables[name] = value((sign, name, number), variables)
        else:
            return value(parts[0], variables)
    return None  # it prints nothing


# Many programs ---------------------------------------------------------------------------------


def is_held_out(text: str) -> bool:
    """Return whether a program belongs to the fifth that training never shows.

    The side hangs only on which characters there are, not on their order, so that 3+5 and 5+3 are
    always on the same side.
    """
    return crc32("".join(sorted(text)).encode()) % 5 == 0


def curriculum(name: str, target: tuple[int, int], n: int, rng: np.random.Generator) -> np.ndarray:
    """Choose how hard each program of a training is.

    Args:
        name: ``"baseline"``: all as hard as the target. ``"naive"``: from easy to hard; each
            level, length first, gets an equal share. ``"mixed"``: any level, at random.
            ``"combined"``: each program by a coin as in naive or as in mixed.
        target: length and nesting of the hardest.
        n: how many programs.
        rng: a `numpy.random.Generator`.

    Returns:
        Length and nesting of each program in the order of training, shape (n, 2).

    Raises:
        ValueError: if there is no such curriculum.
    """
    length, nesting = target
    levels = np.array([(i, k) for k in range(1, nesting + 1) for i in range(1, length + 1)])
    naive, mixed = np.arange(n) * len(levels) // n, rng.integers(len(levels), size=n)
    chosen = {
        "baseline": np.full(n, len(levels) - 1),
        "naive": naive,
        "mixed": mixed,
        "combined": np.where(rng.random(n) < 0.5, naive, mixed),
    }
    if name not in chosen:
        raise ValueError(f"name must be one of {', '.join(map(repr, chosen))}, but it is {name!r}.")
    return levels[chosen[name]]


def draw_programs(
    levels: np.ndarray, rng: np.random.Generator, held_out: bool = False
) -> tuple[list[str], list[str]]:
    """Draw one program for each level.

    Args:
        levels: length and nesting of each, shape (n, 2).
        rng: a `numpy.random.Generator`.
        held_out: whether they are for testing; otherwise, for training.

    Returns:
        ``(texts, answers)``: the programs and what they print, lists of n texts.
    """
    dice = random.Random(int(rng.integers(2**62)))
    texts, answers = [], []
    for length, nesting in np.asarray(levels).tolist():
        text = None
        while text is None or is_held_out(text) != held_out:
            program = draw_program(length, nesting, dice)
            text = write(program)
        texts.append(text)
        answers.append(str(run(program)))
    return texts, answers


def widths(length: int, nesting: int) -> tuple[int, int]:
    """Return the most symbols that a program of this level and its answer, with its end, can have.

    Symbols are those of `encode`.
    """
    loop, choice = 6 + len(str(4 * length)) + length, 5 + 3 * length  # the widest operations
    number, name, brackets = length, -100, -100  # symbols so far if the expression is one of these
    for _ in range(nesting):
        named = max(number + 4, name, brackets + 2)  # with an assignment, where one is needed
        brackets = max(number, name, brackets) + choice
        number, name = -100, named + loop
    largest = (10**length - 1) * (1 + 4 * length) * (4 * length) ** (nesting - 1)
    return 2 + max(name, brackets - 2), len(f"-{largest} ")


def encode(
    texts: Sequence[str], answers: Sequence[str], n_in: int, n_out: int
) -> tuple[np.ndarray, np.ndarray]:
    """Replace the symbols of programs and answers by their places in `ALPHABET`.

    Each word of Python is one symbol, as in `SHORTHAND`. Programs are filled up with spaces on the
    left, answers on the right.

    Args:
        texts, answers: n texts each.
        n_in, n_out: symbols of each, see `widths`.

    Returns:
        ``(x, y)``: places, shapes (n, n_in) and (n, n_out), uint8.

    Raises:
        ValueError: if a text is too long or has a symbol that is not in the alphabet.
    """
    for word, symbol in SHORTHAND.items():
        texts = [text.replace(word, symbol) for text in texts]
    if max(map(len, texts)) > n_in or max(map(len, answers)) >= n_out:
        raise ValueError(
            f"programs must have at most {n_in} symbols and answers {n_out - 1}, but the longest "
            f"have {max(map(len, texts))} and {max(map(len, answers))}: ask widths() for room."
        )
    filled = [t.rjust(n_in) for t in texts], [a.ljust(n_out) for a in answers]
    return integer_encode(*filled, ALPHABET)
