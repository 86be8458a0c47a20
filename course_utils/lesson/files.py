"""Writing a file whole or not at all."""

import os
from pathlib import Path


def write_whole(path: str | Path, content: str | bytes) -> None:
    """Write a file beside its place and move it there when complete.

    Args:
        path: the file to write or replace; its folder is made if needed.
        content: bytes, or a text, which becomes UTF-8.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.{os.getpid()}.part")
    data = content if isinstance(content, bytes) else content.encode("utf-8", "replace")
    try:
        with open(beside, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())  # on the disk, not only on its way there
        os.replace(beside, path)  # at once or not at all
    finally:
        beside.unlink(missing_ok=True)
