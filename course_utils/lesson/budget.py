"""How much a lesson may compute.

Every lesson begins with a cell ``budget = "class"``, which papermill can replace.
"""

from typing import Any

BUDGETS = ("smoke", "class", "full")


def choose(budget: str, smoke: Any, class_: Any, full: Any) -> Any:
    """Return the one of three settings that belongs to `budget`.

    Args:
        budget: ``"smoke"`` (does it run?), ``"class"`` (minutes on a laptop) or ``"full"``
            (the best result that the lesson reports).
        smoke, class_, full: the setting for each budget, of any type.

    Returns:
        `smoke`, `class_` or `full`, unchanged.

    Raises:
        ValueError: if `budget` is none of the three names.
    """
    if budget not in BUDGETS:
        raise ValueError(
            f"budget must be one of {', '.join(map(repr, BUDGETS))}, but it is {budget!r}: "
            "correct the parameters cell at the top of the lesson."
        )
    return {"smoke": smoke, "class": class_, "full": full}[budget]
