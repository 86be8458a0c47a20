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
import struct
import time

import numpy as np

LONGEST = 16_000_000  # bytes of one message
DEEPEST = 60  # levels of one value
HASHED = 10_000  # parts of a set or a dictionary: with equal hashes, more would take hours
DIGITS = 10_000  # of a whole number, in base 16
QUESTION = 1_000_000  # bytes of what is asked of a function of ours
FILES = 20  # in a folder that goes to the other end and back
FILE = 1_000_000  # bytes of one
FAILURE = ("what", "hint", "expected", "got", "error")  # of a `checks.Failed`
DTYPE = re.compile(r"[<>|=][biufcU]\d{1,5}")


class Garbled(Exception):
    """What came over the pipe is no message: too long, cut off, or of another form."""


# Values ----------------------------------------------------------------------------------------


def encode(value, functions=None):
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
    if kind in (list, tuple, set):
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


def decode(item, function=None, depth=0):
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
        if kind in ("set", "dict") and len(data) > HASHED or kind == "int" and len(data) > DIGITS:
            raise ValueError("too many")
        if kind in ("list", "tuple", "set") and type(data) is list:
            parts = [decode(part, function, depth + 1) for part in data]
            return {"list": list, "tuple": tuple, "set": set}[kind](parts)
        if kind == "dict":
            return {decode(k, function, depth + 1): decode(v, function, depth + 1) for k, v in data}
        if kind in ("array", "scalar"):
            array = _array(*data)
            return array if kind == "array" else array[()]
        if kind == "int":
            return int(data, 16)
        if kind == "complex":
            return complex(*data)
        if kind == "bytes":
            return base64.b64decode(data, validate=True)
        if kind == "function" and function is not None:
            return function(*data)
        if kind == "generator" and function is not None:
            generator = np.random.default_rng()
            generator.bit_generator.state = data
            return generator
    except (TypeError, ValueError, OverflowError) as error:
        raise Garbled(f"a value that is no {kind}: {str(error)[:100]}") from None
    raise Garbled("a value of an unknown kind")


def _array(dtype, shape, data):
    if not DTYPE.fullmatch(dtype) or len(shape) > 32:
        raise ValueError("type or shape")
    if not all(type(n) is int and 0 <= n <= LONGEST for n in shape):
        raise ValueError("shape")
    if 0 in shape and math.prod(n or 1 for n in shape) > QUESTION:  # as lists it would be large
        raise ValueError("shape")
    # A copy, since what comes from a buffer is read-only.
    return np.frombuffer(base64.b64decode(data, validate=True), dtype).reshape(shape).copy()


# Messages --------------------------------------------------------------------------------------


def pack(message):
    """Return a message as bytes.

    Raises:
        Garbled: if it would be longer than the other end reads.
    """
    text = json.dumps(message).encode()
    if len(text) > LONGEST:
        raise Garbled(f"a message of {len(text):,} bytes; at most {LONGEST:,} are read")
    return struct.pack(">Q", len(text)) + text


def receive(pipe, seconds=None):
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


def _exactly(pipe, length, end):
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


def read_files(folder):
    """Return the files of a folder as pairs: the names that one file has, and its bytes."""
    found = {}
    for path in sorted(folder.iterdir()):
        if path.is_symlink() or not path.is_file():
            continue
        key = path.stat().st_ino
        if key not in found:
            with path.open("rb") as file:
                found[key] = ([], file.read(FILE))
        found[key][0].append(path.name)
    return list(found.values())


def write_files(folder, files):
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
    if not fits or len(names) > FILES or len(set(names)) < len(names):
        raise Garbled("files that can't be written")
    for path in folder.iterdir():
        path.unlink()
    for group, data in files:
        (folder / group[0]).write_bytes(data)
        for name in group[1:]:
            os.link(folder / group[0], folder / name)
