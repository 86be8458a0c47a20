"""Every figure of the course: one palette, two sizes, alt text always.

Colours are those of Okabe and Ito, told apart by people with any kind of colour vision; lines
also differ in their dashes.
"""

from base64 import b64encode
from io import BytesIO
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from cycler import cycler
from IPython.display import display
from matplotlib.figure import Figure

BLUE, ORANGE, GREEN, PINK, SKY, BLACK = (
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#CC79A7",
    "#56B4E9",
    "#000000",
)
WIDE = (7.5, 3.4)  # inches
TALL = (7.5, 5.4)

STYLE: dict[Any, Any] = {
    "axes.prop_cycle": cycler(color=[BLUE, ORANGE, GREEN, PINK, SKY])
    + cycler(linestyle=["-", (0, (6, 1)), "-.", (0, (3, 1, 1, 1, 1, 1)), (0, (1, 1))]),
    "axes.spines.top": False,
    "axes.spines.right": False,
    "figure.constrained_layout.use": True,
    "figure.dpi": 110,
    "font.size": 11,
    "legend.frameon": False,
    "lines.linewidth": 1.8,
}
plt.rcParams.update(STYLE)


def figure(
    rows: int = 1, cols: int = 1, size: tuple[float, float] = WIDE, **kwargs: Any
) -> tuple[Figure, Any]:
    """Open a figure in the course's style.

    Args:
        rows, cols: the grid of axes.
        size: `WIDE` or `TALL`, inches.
        **kwargs: passed on to `matplotlib.pyplot.subplots`.

    Returns:
        ``(fig, axes)`` as `matplotlib.pyplot.subplots` does.
    """
    return plt.subplots(rows, cols, figsize=size, **kwargs)


def show(fig: Figure, alt: str) -> None:
    """Show a figure with a text for those who cannot see it, and close it.

    Args:
        fig: a matplotlib figure.
        alt: one or two sentences that say what there is to see.

    Raises:
        ValueError: if the text is missing.
    """
    if len(alt.strip()) < 20:
        raise ValueError(
            f"alt must say in a sentence what the figure shows, but it is {alt!r}: "
            "a reader who cannot see the figure has nothing else."
        )
    png = BytesIO()
    fig.savefig(png, format="png", metadata={"Software": None})
    plt.close(fig)
    picture = b64encode(png.getvalue()).decode()
    display(
        {"image/png": picture, "text/plain": alt},
        metadata={"image/png": {"alt": alt}},
        raw=True,
    )


def learning_curve(
    curves: dict[str, np.ndarray],
    steps_per_point: int,
    limit: float | None,
    limit_name: str,
    ylabel: str,
    alt: str,
    log: bool = False,
) -> None:
    """Draw losses against training steps, with the limit that is known beforehand (dashed).

    Args:
        curves: losses by label, each of shape (points,).
        steps_per_point: training steps between two points.
        limit: the least possible loss, or None where there is none but 0.
        limit_name: how to label it.
        ylabel: what the losses are.
        alt: see `show`.
        log: use a logarithmic loss axis.
    """
    fig, ax = figure()
    for label, losses in curves.items():
        ax.plot(steps_per_point * (1 + np.arange(len(losses))), losses, label=label)
    if limit is not None:
        ax.axhline(limit, color=BLACK, linestyle="--", linewidth=1.2, label=limit_name)
    if log:
        ax.set_yscale("log")
    else:
        ax.set_ylim(bottom=0)
    ax.set_xlabel("training steps (batches)")
    ax.set_ylabel(ylabel)
    ax.legend()
    show(fig, alt)
