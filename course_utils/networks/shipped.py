"""The trained networks that come with the course, and how they were made (lessons 09-15)."""

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "checkpoints"


def weights_path(name: str) -> Path:
    """Return the file with the weights of a shipped network, for `storage.load_weights`.

    Args:
        name: such as ``"09_three_digits"``.

    Raises:
        ValueError: if the course ships nothing of this name.
    """
    return _shipped(f"{name}.weights.h5")


def record_of(name: str) -> dict[str, Any]:
    """Return what was noted when a network or a table was made.

    Args:
        name: such as ``"09_three_digits"``.

    Returns:
        A dictionary; of a network it has ``settings``, ``parameters`` and ``runs``, a list with
        seed, seconds, versions and result of each. The first run's network is shipped.

    Raises:
        ValueError: if the course ships nothing of this name.
    """
    return json.loads(_shipped(f"{name}.json").read_text(encoding="utf-8"))


def _shipped(filename: str) -> Path:
    path = FOLDER / filename
    if not path.is_file():
        there = ", ".join(sorted(p.name for p in FOLDER.glob(f"*{path.suffix}"))) or "none"
        raise ValueError(
            f"{filename} must be one of the files that come with the course ({there}), but is "
            "not: check the name, or make it with `make checkpoints`."
        )
    return path
