"""Plain data over a pipe: JSON with a length before it, and nothing that could run.

Both ends use this module; the end outside of the sandbox trusts nothing that comes in. Values are
numbers, texts, arrays (type, shape, bytes) and containers of them; a function goes as a number,
by which the other end may ask for it to be called.
"""

import base64
import json
import math
import os
import re
import socket
import struct
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

LONGEST = 16_000_000  # bytes of one message
DEEPEST = 60  # levels of one value
HASHED = 10_000  # parts of a set or a dictionary: with equal hashes, more would take hours
DIGITS = 10_000  # of a whole number, in base 16
QUESTION = 1_000_000  # bytes of what is asked of a function of ours
MOST_FILES = 20  # in a folder that goes to the other end and back
LARGEST_FILE = 1_000_000  # bytes of one of them
FAILURE = ("what", "hint", "expected", "got", "error")  # of a `checks.Failed`
SAID = 2_000  # characters of each of these, and of a cell's error
TEXT = 20_000  # characters that are kept of what a cell prints
PICTURE = 700_000  # characters of a picture in base64
DESCRIPTION = 1_000  # characters of what is said of a picture
OUTPUTS = 50  # of one cell
DTYPE = re.compile(r"[<>|=][biufcU]\d{1,5}")
CONTAINERS = {kind.__name__: kind for kind in (list, tuple, set)}

Files = list[tuple[list[str], bytes]]  # the names that a file has, and its bytes
StandIn = Callable[..., Any]  # called with a function's number and name, returns what stands for it


class Garbled(Exception):
    """What came over the pipe is no message: too long, cut off, or of another form."""


# Values ----------------------------------------------------------------------------------------


def encode(value: Any, functions: list[Callable[..., Any]] | None = None) -> Any:
    """Return a value as data that JSON can hold.

    Args:
        value: plain data, a NumPy random generator, or a function.
        functions: a list to which functions are appended; without it they are refused.

    Raises:
        TypeError: if it is something else.
    """
    kind = type(value)
    if value is None or kind in (bool, str, float):
        return value
    if kind is int:
        return value if abs(value) < 2**63 else {"int": hex(value)}
    if kind is complex:
        return {"complex": [value.real, value.imag]}
    if kind is bytes:
        return {"bytes": base64.b64encode(value).decode()}
    if kind in CONTAINERS.values():
        return {kind.__name__: [encode(item, functions) for item in value]}
    if kind is dict:
        pairs = value.items()
        return {"dict": [[encode(k, functions), encode(v, functions)] for k, v in pairs]}
    if isinstance(value, np.ndarray | np.generic) and value.dtype.kind in "biufcU":
        data = base64.b64encode(np.ascontiguousarray(value).tobytes()).decode()
        name = "array" if isinstance(value, np.ndarray) else "scalar"
        return {name: [value.dtype.str, list(value.shape), data]}
    if isinstance(value, np.random.Generator):
        return {"generator": value.bit_generator.state}
    if callable(value) and functions is not None:
        functions.append(value)
        return {"function": [len(functions) - 1, repr(value)[:100]]}
    raise TypeError(f"plain data is expected here, not {kind.__name__}")


def decode(item: Any, function: StandIn | None = None, depth: int = 0) -> Any:
    """Return the value that `encode` has made into data.

    Args:
        item: what JSON held; anything.
        function: called with a function's number and name, returns what stands for it; without it
            functions and random generators are refused.
        depth: how many levels are above.

    Raises:
        Garbled: if `encode` doesn't make such data.
    """
    if item is None or type(item) in (bool, int, float, str):
        return item
    if not (isinstance(item, dict) and len(item) == 1) or depth > DEEPEST:
        raise Garbled("a value of an unknown form")
    ((kind, data),) = item.items()
    try:
        if kind in CONTAINERS or kind == "dict":
            return _container(kind, data, lambda part: decode(part, function, depth + 1))
        if kind in ("function", "generator") and function is not None:
            return function(*data) if kind == "function" else _generator(data)
        if kind in PARTLESS:
            return PARTLESS[kind](data)
    except (TypeError, ValueError, OverflowError) as error:
        raise Garbled(f"a value that is no {kind}: {str(error)[:100]}") from None
    raise Garbled("a value of an unknown kind")


def _container(kind: str, data: Any, inner: Callable[[Any], Any]) -> Any:
    if kind in ("set", "dict") and len(data) > HASHED:
        raise ValueError("too many")
    if kind == "dict":
        return {inner(key): inner(value) for key, value in data}
    if type(data) is not list:
        raise ValueError("parts")
    return CONTAINERS[kind]([inner(part) for part in data])


def _whole_number(data: Any) -> int:
    if len(data) > DIGITS:
        raise ValueError("too many")
    return int(data, 16)


def _array(dtype: str, shape: list[int], data: str) -> np.ndarray:
    if not DTYPE.fullmatch(dtype) or len(shape) > 32:
        raise ValueError("type or shape")
    if not all(type(n) is int and 0 <= n <= LONGEST for n in shape):
        raise ValueError("shape")
    if 0 in shape and math.prod(n or 1 for n in shape) > QUESTION:  # as lists it would be large
        raise ValueError("shape")
    # A copy, since what comes from a buffer is read-only.
    return np.frombuffer(base64.b64decode(data, validate=True), dtype).reshape(shape).copy()


def _generator(state: Any) -> np.random.Generator:
    generator = np.random.default_rng()
    generator.bit_generator.state = state
    return generator


PARTLESS: dict[str, Callable[[Any], Any]] = {
    "int": _whole_number,
    "complex": lambda data: complex(*data),
    "bytes": lambda data: base64.b64decode(data, validate=True),
    "array": lambda data: _array(*data),
    "scalar": lambda data: _array(*data)[()],
}


# Messages --------------------------------------------------------------------------------------


def pack(message: dict[str, Any]) -> bytes:
    """Return a message as bytes.

    Raises:
        Garbled: if it would be longer than the other end reads.
    """
    text = json.dumps(message).encode()
    if len(text) > LONGEST:
        raise Garbled(f"a message of {len(text):,} bytes; at most {LONGEST:,} are read")
    return struct.pack(">Q", len(text)) + text


def receive(pipe: socket.socket, seconds: float | None = None) -> dict[str, Any]:
    """Read one message.

    Args:
        pipe: a connected socket.
        seconds: how long to wait for all of it; None is for ever.

    Returns:
        A dictionary.

    Raises:
        Garbled: if what comes is no message.
        TimeoutError: if it doesn't come in time.
        EOFError: if the other end is closed.
    """
    end = None if seconds is None else time.monotonic() + seconds
    (length,) = struct.unpack(">Q", _exactly(pipe, 8, end))
    if length > LONGEST:
        raise Garbled(f"a message of {length:,} bytes was announced")
    try:
        message = json.loads(_exactly(pipe, length, end))
    except (ValueError, RecursionError) as error:
        raise Garbled(f"not JSON: {str(error)[:100]}") from None
    if not isinstance(message, dict):
        raise Garbled("a message that is no dictionary")
    if "function" in message and length > QUESTION:
        raise Garbled("a question that is too long")
    return message


def _exactly(pipe: socket.socket, length: int, end: float | None) -> bytes:
    """Read so many bytes; see `receive`. The end is a moment of `time.monotonic`."""
    parts = []
    while length:
        if end is not None:
            left = end - time.monotonic()
            if left <= 0:
                raise TimeoutError
            pipe.settimeout(left)
        try:
            part = pipe.recv(min(length, 1 << 20))
        except ConnectionError:
            part = b""
        if not part:
            raise EOFError("the other end is closed")
        parts.append(part)
        length -= len(part)
    return b"".join(parts)


# Files -----------------------------------------------------------------------------------------


def read_files(folder: Path) -> Files:
    """Return the files of a folder as pairs: the names that one file has, and its bytes."""
    found: dict[int, tuple[list[str], bytes]] = {}
    for path in sorted(folder.iterdir()):
        if path.is_symlink() or not path.is_file():
            continue
        key = path.stat().st_ino
        if key not in found:
            with path.open("rb") as file:
                found[key] = ([], file.read(LARGEST_FILE))
        found[key][0].append(path.name)
    return list(found.values())


def write_files(folder: Path, files: Files) -> None:
    """Make a folder hold these files and no others: pairs of names and bytes, as from `read_files`.

    Raises:
        Garbled: if they aren't such pairs, or if a name would leave the folder.
    """
    try:
        names = [name for group, _ in files for name in group]
        fits = all(re.fullmatch(r"[\w-][\w.-]{0,99}", name, re.ASCII) for name in names)
        fits = fits and all(group and type(data) is bytes for group, data in files)
    except (TypeError, ValueError):
        fits = False
    if not fits or len(names) > MOST_FILES or len(set(names)) < len(names):
        raise Garbled("files that can't be written")
    for path in folder.iterdir():
        path.unlink()
    for group, data in files:
        (folder / group[0]).write_bytes(data)
        for name in group[1:]:
            os.link(folder / group[0], folder / name)
