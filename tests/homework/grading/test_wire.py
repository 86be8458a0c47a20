"""Plain data goes over the pipe and comes back the same; anything else is refused."""

import json
import socket
import struct
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from homework.grading import wire

leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
    | st.complex_numbers(allow_nan=False)
    | hnp.arrays(
        st.one_of(hnp.integer_dtypes(), hnp.floating_dtypes(sizes=(32, 64)), hnp.boolean_dtypes()),
        hnp.array_shapes(min_dims=0, min_side=0),
        elements={"allow_nan": False},
    )
)
keys = st.integers() | st.text() | st.tuples(st.integers(), st.text())
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner) | st.lists(inner).map(tuple) | st.dictionaries(keys, inner),
    max_leaves=20,
)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(
        ["list", "tuple", "set", "dict", "array", "scalar", "int", "complex", "bytes", "function",
         "generator", "other"]) | st.text(), inner),
    max_leaves=20,
)  # fmt: skip


def same(one, other):
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and one.shape == other.shape and (one == other).all()
    if isinstance(one, list | tuple):
        return type(one) is type(other) and all(map(same, one, other)) and len(one) == len(other)
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[k], other[k]) for k in one)
    return type(one) is type(other) and one == other


@given(values)
def test_values_come_back_the_same(value):
    sent = json.loads(json.dumps(wire.encode(value)))
    assert same(wire.decode(sent), value)


@given(anything)
def test_whatever_comes_is_a_value_or_garbled(item):
    try:
        wire.decode(item)
    except wire.Garbled:
        pass


@pytest.mark.parametrize("value", [{1, 2}, 2**5000, -(2**70), np.int64(3), np.array(["ä", "b"])])
def test_less_common_values_come_back_too(value):
    got = wire.decode(json.loads(json.dumps(wire.encode(value))))
    assert np.array_equal(got, value) if isinstance(value, np.ndarray) else got == value
    assert type(got) is type(value)


def test_a_random_generator_goes_in_but_not_out():
    rng = np.random.default_rng(5)
    sent = json.loads(json.dumps(wire.encode(rng)))
    assert wire.decode(sent, lambda *data: None).integers(1000) == rng.integers(1000)
    with pytest.raises(wire.Garbled):
        wire.decode(sent)


def test_functions_are_numbers_for_the_other_end():
    functions = []
    sent = wire.encode([abs, 3, len], functions)
    assert functions == [abs, len]
    assert wire.decode(sent, lambda number, name: (number, name))[2][0] == 1
    with pytest.raises(TypeError):
        wire.encode([abs])
    with pytest.raises(wire.Garbled):
        wire.decode(sent)


@pytest.mark.parametrize(
    "item",
    [
        {"array": ["O", [1], ""]},
        {"array": ["<f8", [-1], ""]},
        {"array": ["<f8", [10**9, 10**9], ""]},
        {"array": ["<f8", [2], "AAAAAAAAAAA="]},
        {"array": ["<f8,<f8", [1], "AAAAAAAAAAAAAAAAAAAAAA=="]},
        {"array": [["a", "<f8"], [1], ""]},
        {"set": [{"list": []}]},
        {"dict": [[{"list": []}, 1]]},
        {"dict": [[1]]},
        {"int": 5},
        {"list": [], "tuple": []},
        [1, 2],
    ],
)
def test_what_encode_never_makes_is_garbled(item):
    with pytest.raises(wire.Garbled):
        wire.decode(item)


def test_depth_is_limited():
    item = 1
    for _ in range(200):
        item = {"list": [item]}
    with pytest.raises(wire.Garbled):
        wire.decode(item)


@pytest.fixture
def pipe():
    one, other = socket.socketpair()
    with one, other:
        yield one, other


def test_messages_arrive_whole(pipe):
    one, other = pipe
    message = {"text": "ä" * 1_000_000}
    sender = threading.Thread(target=one.sendall, args=(wire.pack(message),))
    sender.start()
    assert wire.receive(other, seconds=10) == message
    sender.join()


@pytest.mark.parametrize("text", [b"[]", b"nothing", b'{"a": ', b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_message_is_garbled(pipe, text):
    one, other = pipe
    one.sendall(struct.pack(">Q", len(text)) + text)
    with pytest.raises(wire.Garbled):
        wire.receive(other, seconds=5)


def test_too_long_messages_are_neither_sent_nor_read(pipe):
    one, other = pipe
    with pytest.raises(wire.Garbled):
        wire.pack({"text": "x" * (wire.LONGEST + 1)})
    one.sendall(struct.pack(">Q", wire.LONGEST + 1))
    with pytest.raises(wire.Garbled):
        wire.receive(other, seconds=5)


def test_waiting_and_hanging_up_have_their_errors(pipe):
    one, other = pipe
    with pytest.raises(TimeoutError):
        wire.receive(other, seconds=0.05)
    one.sendall(b"\0\0\0")
    with pytest.raises(TimeoutError):
        wire.receive(other, seconds=0.05)
    one.close()
    with pytest.raises(EOFError):
        wire.receive(other, seconds=5)


def test_files_go_and_come_back_with_their_links(tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    one.mkdir(), other.mkdir()
    (one / "a.txt").write_bytes(b"1")
    (one / "b.txt").hardlink_to(one / "a.txt")
    (one / "c.bin").write_bytes(b"\xff")
    (other / "old.txt").write_bytes(b"goes")
    wire.write_files(other, wire.decode(wire.encode(wire.read_files(one))))
    assert sorted(p.name for p in other.iterdir()) == ["a.txt", "b.txt", "c.bin"]
    assert (other / "a.txt").samefile(other / "b.txt")
    assert (other / "c.bin").read_bytes() == b"\xff"


@pytest.mark.parametrize(
    "files",
    [
        [(["../up"], b"")],
        [(["/etc/x"], b"")],
        [([".hidden"], b"")],
        [(["a", "a"], b"")],
        [([], b"")],
        [(["a"], "text")],
        [(["a\0"], b"")],
        [(["a\n"], b"")],
        [([f"f{k}" for k in range(30)], b"")],
        None,
        [1],
        [(3, b"")],
    ],
)
def test_files_with_odd_names_are_garbled_and_none_is_touched(tmp_path, files):
    (tmp_path / "kept").write_text("1")
    with pytest.raises(wire.Garbled):
        wire.write_files(tmp_path, files)
    assert [p.name for p in tmp_path.iterdir()] == ["kept"]
