"""Values in words: how an answer differs from the right one, what was expected, what came.

Nothing here gives a right answer away.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

SHORT = 300  # characters of an example that are shown


def difference(
    got: Any, wanted: Any, tolerance: float = 0.0, parts: Sequence[str] = ()
) -> str | None:
    """Say in words how an answer differs from the right one; None if it doesn't.

    Args:
        got: the answer.
        wanted: the right one.
        tolerance: how far numbers may be off, absolutely and relatively.
        parts: names of the parts of the right one.
    """
    if isinstance(wanted, tuple | list):
        return _difference_of_parts(got, wanted, tolerance, parts)
    if isinstance(wanted, str) or wanted is None or isinstance(wanted, dict):
        if type(got) is not type(wanted):
            return f"it should be {kind(wanted)}"
        if isinstance(got, str) and isinstance(wanted, str) and len(got) != len(wanted):
            return f"it has {_number(len(got), 'character')}, not {len(wanted)}"
        return None if got == wanted else "the value is wrong"
    return _difference_of_numbers(got, wanted, tolerance)


def _difference_of_parts(
    got: Any, wanted: Sequence[Any], tolerance: float, names: Sequence[str]
) -> str | None:
    if not isinstance(got, tuple | list):
        return f"it should be a {type(wanted).__name__} of {_number(len(wanted), 'part')}"
    if len(got) != len(wanted):
        return f"it has {_number(len(got), 'part')}, not {len(wanted)}"
    for number, (one, other) in enumerate(zip(got, wanted, strict=True)):
        if problem := difference(one, other, tolerance):
            return f"{_named(number, names, problem)} {problem}"
    return None


def _named(number: int, names: Sequence[str], problem: str) -> str:
    if not names:
        return f"part {number}:"
    return f"{names[number]}{',' if problem.startswith('part ') else ':'}"


def _difference_of_numbers(got: Any, wanted: Any, tolerance: float) -> str | None:
    if type(got) is type(wanted) is int and not tolerance:  # may be too large for an array
        return None if got == wanted else "the value is wrong"
    try:
        got, wanted = np.asarray(got), np.asarray(wanted)
    except ValueError:
        return "the rows have different lengths"
    if got.dtype.kind not in "biufc":
        return f"it should be {kind(wanted)}"
    if got.shape != wanted.shape:
        return (
            f"the shape is {got.shape}, not {wanted.shape}"
            if wanted.shape
            else "it is not one number"
        )
    if got.dtype.kind in "fc" and np.isnan(got).any() and not np.isnan(wanted).any():
        return "there are NaNs (not a number) in it"
    close = np.isclose(got, wanted, rtol=tolerance, atol=tolerance, equal_nan=True)
    if close.all():
        return None
    if got.size == 1:
        return "the value is wrong"
    wrong = np.sum(~close)
    return f"{wrong:,} of {close.size:,} values {'is' if wrong == 1 else 'are'} wrong"


def shape_hint(got: Any, wanted: Any) -> str:
    """Return a hint for the usual reasons of a wrong shape, or an empty text."""
    if got is None and wanted is not None:
        return "The function returned nothing: is there a `return`?"
    if isinstance(wanted, tuple | list) and isinstance(got, tuple | list):
        pairs = zip(got, wanted, strict=False)
        return next(filter(None, (shape_hint(*pair) for pair in pairs)), "")
    if isinstance(wanted, tuple | list | str | dict) or not isinstance(got, np.ndarray):
        return ""
    wanted = np.asarray(wanted)
    if got.shape == wanted.shape:
        return ""
    if got.shape == wanted.shape[::-1]:
        return "The axes are in the wrong order: compare with the shape in the task."
    if got.size > 1 and got.squeeze().shape == wanted.squeeze().shape:
        return "There is an axis of length 1 too many or too few."
    if got.ndim == wanted.ndim and np.not_equal(got.shape, wanted.shape).sum() == 1:
        return "The axes are right, but one has another length: is a loop or a slice one off?"
    return "Compare the number of axes and their lengths with the task's."


def kind(value: Any) -> str:
    """Describe a right answer without giving it away."""
    if value is None:
        return "nothing (None)"
    if isinstance(value, str):
        return f"a text of {_number(len(value), 'character')}"
    if isinstance(value, dict):
        return f"a dictionary with the keys {', '.join(map(repr, value))}"
    if isinstance(value, tuple | list):
        parts = [kind(part) for part in value[:3]]
        more = "; …" if len(value) > 3 else ""
        count = _number(len(value), "part")
        return f"a {type(value).__name__} of {count} ({'; '.join(parts)}{more})"
    array = np.asarray(value)
    if array.dtype.kind == "b":
        numbers, number = "True and False", "True or False"
    elif array.size > 1 and array.dtype.kind in "iu" and np.isin(array, (0, 1)).all():
        numbers, number = "0s and 1s", "a number"
    elif array.dtype.kind in "iu":
        numbers, number = "whole numbers", "a whole number"
    else:
        numbers, number = "numbers", "a number"
    return f"an array of shape {array.shape} of {numbers}" if array.shape else number


def _number(n: int, noun: str) -> str:
    return f"{n} {noun}{'s' * (n != 1)}"


def shown(value: Any) -> str:
    """Return a value as text on few lines, cut if long."""
    if isinstance(value, np.ndarray):
        with np.printoptions(precision=4, suppress=True, threshold=60, edgeitems=3):
            text = f"{np.array2string(value, separator=', ')}, shape {value.shape}"
        if value.dtype.kind == "O":
            text = f"an array of objects, shape {value.shape}"
    else:
        text = repr(value)
    return text if len(text) <= SHORT else text[: SHORT - 1] + "…"


def call_text(function: Any, arguments: Iterable[Any]) -> str:
    """Return a call as a learner would write it."""
    name = getattr(function, "name", getattr(function, "__name__", "it"))
    inside = ", ".join(
        repr(a.tolist()) if isinstance(a, np.ndarray) else repr(a) for a in arguments
    )
    text = f"{name}({inside})"
    if len(text) > SHORT:
        inside = ", ".join(
            f"array of shape {a.shape}" if isinstance(a, np.ndarray) else shown(a)
            for a in arguments
        )
        text = f"{name}({inside})"
    return text if len(text) <= SHORT else text[: SHORT - 1] + "…"


def sum_text(terms: Iterable[Any]) -> str:
    """Return terms as a sum is written: ``3+10+7``."""
    return "+".join(map(str, terms))
