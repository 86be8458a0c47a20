"""What a lesson measured, kept as data inside its notebook.

A lesson calls `record(loss=0.05)`. The output shows the line ``loss = 0.05`` to the reader and
carries the value for programs: the run table, the tests, and the numbers in the lesson's prose.
A number in prose is followed by a comment that names its value and format,

    the loss is 0.050<!--=loss:.3f-->

so that running the lesson can rewrite it and a test can compare it.
"""

import re
from typing import Any

import numpy as np

MIME = "application/vnd.learning-to-carry.results+json"
QUOTED = re.compile(r"(?P<number>[-−]?\d[\d,.]*)(?P<mark><!--=(?P<name>\w+):(?P<format>[^>]*?)-->)")


def record(**values: Any) -> None:
    """Show results and store them in the notebook.

    Args:
        **values: numbers, strings or lists of them, by name; arrays become lists.

    Raises:
        ValueError: if a value is missing (NaN) or infinite.
    """
    from IPython.display import display

    plain = {name: np.asarray(value).tolist() for name, value in values.items()}
    for name, value in plain.items():
        array = np.asarray(value)
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise ValueError(
                f"a result must be a finite number, but {name} is {value}: "
                "run the lesson from the top and look where it first goes wrong."
            )
    text = "\n".join(f"{name} = {_short(value)}" for name, value in plain.items())
    display({"text/plain": text, MIME: plain}, raw=True)


def _short(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(_short(item) for item in value) + "]"
    return f"{value:.6g}" if isinstance(value, float) else f"{value}"


def recorded(notebook: dict[str, Any]) -> dict[str, Any]:
    """Return all that an executed notebook recorded.

    Args:
        notebook: a notebook as nbformat reads it.

    Returns:
        A dictionary from name to value; of a name recorded twice, the last value.
    """
    found: dict[str, Any] = {}
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            found |= output.get("data", {}).get(MIME, {})
    return found


def quote(text: str, values: dict[str, Any]) -> str:
    """Rewrite every marked number in a piece of prose from the recorded values.

    Args:
        text: Markdown with marks such as ``0.05<!--=loss:.2f-->``.
        values: what `recorded` returned.

    Returns:
        The text with each marked number written anew.

    Raises:
        ValueError: if a mark names a value that was not recorded.
    """

    def fresh(match: re.Match[str]) -> str:
        name = match["name"]
        if name not in values:
            known = ", ".join(sorted(values)) or "none"
            raise ValueError(
                f"the prose quotes {name!r}, but the lesson recorded only: {known}. "
                "Add it to a record(...) call or correct the mark."
            )
        return format(values[name], match["format"]) + match["mark"]

    return QUOTED.sub(fresh, text)
