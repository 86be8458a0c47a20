"""The picture of an LSTM cell: still, with numbers, or to play with (lesson 01).

One drawing serves all three. Cell state green, gates orange, hidden state blue; time runs left
to right. The pictures in ``notebooks/images/01_cell_*.svg`` are this drawing too: after a change
write them again with ``python -m course_utils.lesson.cell_explorer``.
"""

import json
import re
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from course_utils.lesson.plotting import BLUE, GREEN, ORANGE

if TYPE_CHECKING:
    from IPython.display import HTML

Values = dict[str, float]  # the numbers in the drawing, by name; bits are int
GREY = "#555555"
STAGES = {
    1: "The cell state runs straight through the cell, from left to right.",
    2: "The forget gate multiplies the old cell state; it reads the input and the last output.",
    3: "The input gate multiplies the candidate; the product is added to the cell state.",
    4: "The output gate multiplies the tanh of the new cell state; the product is the output.",
}


def cell_svg(stage: int = 4, values: Values | None = None) -> str:
    """Draw an LSTM cell that grows gate by gate.

    Args:
        stage: 1 cell state, 2 with the forget gate, 3 with input gate and candidate, 4 complete.
        values: numbers to write into the drawing, by name: a, b (the input), h_prev, c_prev, f,
            kept (f · c_prev), i, g, added (i · g), c, o, tanh_c, h. None shows symbols only.

    Returns:
        A whole SVG document as text, 760 by 400 units.

    Raises:
        ValueError: if there is no such stage.
    """
    if stage not in STAGES:
        raise ValueError(
            f"stage must be one of {', '.join(map(str, STAGES))}, but it is {stage!r}: "
            "1 shows the cell state alone, 4 the whole cell."
        )
    values = values or {}
    alt = " ".join(STAGES[k] for k in range(1, stage + 1))
    if values:
        alt += " Values: " + ", ".join(f"{k} {_number(v)}" for k, v in values.items()) + "."
    groups = [_cell_line, _forget, _write, _output][:stage]
    tips = "".join(
        f'<marker id="tip-{colour[1:]}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="6" '
        f'markerHeight="6" orient="auto"><path d="M0 0 L10 5 L0 10 z" fill="{colour}"/></marker>'
        for colour in (BLUE, GREEN, ORANGE, GREY)
    )
    body = "\n".join(f'<g data-stage="{k}">{draw(values)}</g>' for k, draw in enumerate(groups, 1))
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 400" width="760" role="img" '
        f'aria-label="{alt}" font-family="DejaVu Sans, Verdana, sans-serif" font-size="16">\n'
        f'<defs>{tips}</defs><rect width="760" height="400" fill="white"/>\n'
        '<rect x="112" y="36" width="540" height="300" rx="16" fill="#f4f4f4" stroke="#cccccc"/>\n'
        f"{body}\n</svg>\n"
    )


def _number(value: float) -> str:
    return f"{value:z.2f}" if isinstance(value, float) else str(value)  # z: never -0.00


def _text(
    x: int,
    y: int,
    symbol: str,
    colour: str,
    name: str | None = None,
    values: Values | None = None,
    **attributes: Any,
) -> str:
    """Write a symbol; with its value behind it where that is known."""
    shown = f"{symbol} = {_number(values[name])}" if values and name in values else symbol
    more = "".join(f' {key.replace("_", "-")}="{value}"' for key, value in attributes.items())
    slot = f' data-value="{name}" data-symbol="{symbol}"' if name else ""
    return f'<text x="{x}" y="{y}" fill="{colour}"{slot}{more}>{shown}</text>'


def _line(path: str, colour: str, tip: bool = True, width: float = 2.5) -> str:
    marker = f' marker-end="url(#tip-{colour[1:]})"' if tip else ""
    return f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="{width}"{marker}/>'


def _join(x: int, y: int, sign: str, colour: str) -> str:
    return (
        f'<circle cx="{x}" cy="{y}" r="15" fill="white" stroke="{colour}" stroke-width="2.5"/>'
        f'<text x="{x}" y="{y + 6}" text-anchor="middle" font-size="20" fill="{colour}">'
        f"{sign}</text>"
    )


def _box(
    x: int,
    y: int,
    title: str,
    symbol: str,
    name: str,
    values: Values,
    colour: str = ORANGE,
    size: int = 16,
) -> str:
    return (
        f'<rect x="{x - 46}" y="{y - 28}" width="92" height="56" rx="8" fill="white" '
        f'stroke="{colour}" stroke-width="2.5"/>'
        + _text(x, y - 8, title, GREY, font_size=13, text_anchor="middle")
        + _text(x, y + 16, symbol, colour, name, values, font_size=size, text_anchor="middle")
    )


def _cell_line(values: Values) -> str:
    return (
        _line("M18 90 H742", GREEN, width=4)
        + _text(6, 70, "cₜ₋₁", GREEN, "c_prev", values)
        + _text(754, 70, "cₜ", GREEN, "c", values, text_anchor="end")
    )


def _forget(values: Values) -> str:
    return (
        _line("M18 300 H520", BLUE, tip=False)
        + _text(6, 284, "hₜ₋₁", BLUE, "h_prev", values)
        + _line("M132 392 V304", BLUE)
        + _text(104, 384, "xₜ", BLUE)
        + _text(146, 384, "a", BLUE, "a", values)
        + _text(202, 384, "b", BLUE, "b", values)
        + _line("M185 300 V242", BLUE)
        + _box(185, 212, "forget gate", "f", "f", values)
        + _line("M185 184 V108", ORANGE)
        + _join(185, 90, "×", GREEN)
        + _text(208, 70, "f·cₜ₋₁", GREEN, "kept", values)
    )


def _write(values: Values) -> str:
    return (
        _line("M300 300 V242", BLUE)
        + _line("M404 300 V242", BLUE)
        + _box(300, 212, "input gate", "i", "i", values)
        + _box(404, 212, "candidate", "g", "g", values)
        + _line("M300 184 V150 H386", ORANGE)
        + _line("M404 184 V168", ORANGE)
        + _join(404, 150, "×", ORANGE)
        + _line("M404 135 V108", ORANGE)
        + _text(424, 132, "i·g", ORANGE, "added", values)
        + _join(404, 90, "+", GREEN)
    )


def _output(values: Values) -> str:
    return (
        _line("M520 300 V242", BLUE)
        + _box(520, 212, "output gate", "o", "o", values)
        + _line("M600 90 V118", GREEN)
        + _box(600, 150, "squashing", "tanh", "tanh_c", values, GREEN, size=14)
        + _line("M600 178 V195", GREEN)
        + _line("M566 212 H582", ORANGE)
        + _join(600, 212, "×", BLUE)
        + _line("M600 227 V300 H742", BLUE)
        + _text(754, 284, "hₜ", BLUE, "h", values, text_anchor="end")
    )


def show_cell(stage: int, values: Values) -> None:
    """Show an LSTM cell with the numbers of one step, as a picture with alt text.

    Args:
        stage, values: see `cell_svg`.
    """
    from IPython.display import display

    svg = cell_svg(stage, values)
    alt = re.findall('aria-label="(.*?)"', svg)[0]
    display(
        {"image/svg+xml": svg, "text/plain": alt},
        metadata={"image/svg+xml": {"alt": alt}},
        raw=True,
    )


def explorer(bits: np.ndarray, weights: Sequence[np.ndarray], trace: Sequence[Values]) -> "HTML":
    """Return an LSTM cell of one unit to play with: step through it, change a bit, hold a gate.

    The unit is meant to remember the carry of an addition, so the carry stands beside what it
    remembers: a 1 if its output is above tanh(1) / 2.

    It computes in the browser, so it needs no kernel and no network. Where scripts don't run, it
    is a picture of the first step and a table of all.

    Args:
        bits: the inputs, shape (seqlen, 2), 0 or 1.
        weights: kernel (2, 4), recurrent_kernel (1, 4) and bias (4,), gates in the order i, f, g,
            o, as from `LSTM(1).get_weights()`.
        trace: the values of each step as `cell_svg` takes them, seqlen dictionaries.

    Returns:
        An `IPython.display.HTML`.

    Raises:
        ValueError: if the shapes don't belong together.
    """
    from IPython.display import HTML

    kernel, recurrent_kernel, bias = weights
    shapes = [tuple(w.shape) for w in weights]
    if shapes != [(2, 4), (1, 4), (4,)] or len(bits) != len(trace) or len(bits) == 0:
        raise ValueError(
            "weights must have the shapes (2, 4), (1, 4), (4,) of a layer with one unit and two "
            f"inputs, and trace one entry per pair of bits, but the shapes are {shapes} and there "
            f"are {len(trace)} entries for {len(bits)} pairs."
        )
    data = {
        "bits": [[int(bit) for bit in pair] for pair in bits],
        "kernel": kernel.tolist(),
        "recurrent": recurrent_kernel[0].tolist(),
        "bias": bias.tolist(),
    }
    names = ("a", "b", "f", "i", "g", "c", "o", "h")
    head = "".join(f'<th scope="col">{name}</th>' for name in ("step", *names))
    rows = "".join(
        f'<tr><th scope="row">{t}</th>'
        + "".join(f"<td>{_number(values[name])}</td>" for name in names)
        + "</tr>"
        for t, values in enumerate(trace)
    )
    static = f'<table class="still"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'
    script = files("course_utils.lesson").joinpath("cell_explorer.js").read_text(encoding="utf-8")
    return HTML(
        f"<div class=\"cell-explorer\" data-model='{json.dumps(data)}'>\n{cell_svg(4, trace[0])}"
        f"{static}\n</div>\n<script>\n{script}</script>"
    )


if __name__ == "__main__":
    images = Path(__file__).parents[2] / "notebooks" / "images"
    for number in STAGES:
        (images / f"01_cell_{number}.svg").write_text(cell_svg(number), encoding="utf-8")
