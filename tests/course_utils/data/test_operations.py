"""Questions with four operations against Python's own arithmetic."""

import re
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils.data import operations
from course_utils.data.questions import hold_out, pair_keys

numbers = st.integers(0, 99) | st.integers(0, 10**9)
signs = st.sampled_from(operations.SIGNS)


@given(numbers, st.sampled_from("+-*"), numbers)
def test_answers_are_what_python_makes_of_the_question(a, sign, b):
    assert operations.answer(a, sign, b) == str(eval(f"{a}{sign}{b}"))


@given(numbers, st.integers(1, 10**6))
def test_a_division_gives_quotient_and_remainder(a, b):
    quotient, remainder = map(int, operations.answer(a, "/", b).split("r"))
    assert a == quotient * b + remainder and 0 <= remainder < b


@given(st.integers(1, 12), signs, st.data())
def test_the_format_has_room_for_every_question_and_none_to_spare(digits, sign, data):
    form, top = operations.operation_format(digits, sign), 10**digits - 1
    some = st.integers(0, top) | st.integers(0, digits).map(lambda n: 10**n - 1)
    pair = (data.draw(some), max(1, data.draw(some)))
    form.encode(*operations.operation_texts([pair], sign))
    longest = {"+": (top, top), "-": (0, top), "*": (top, top), "/": (top, 1)}[sign]
    _, (answer,) = operations.operation_texts([longest], sign)
    assert len(answer) == form.n_out


def test_texts_survive_the_way_to_places_and_back():
    form = operations.operation_format(2)
    assert (form.n_in, form.n_out) == (5, 4)
    for sign in operations.SIGNS:
        questions, answers = operations.operation_texts(operations.all_problems(2, sign), sign)
        x, y = form.encode(questions, answers)
        assert form.decode(x) == questions and form.decode(y) == answers


def test_every_problem_once_and_no_division_by_zero():
    for sign, n in zip(operations.SIGNS, (10_000, 10_000, 10_000, 9_900), strict=True):
        pairs = operations.all_problems(2, sign)
        assert len(set(map(tuple, pairs.tolist()))) == len(pairs) == n
        assert sign != "/" or pairs[:, 1].min() == 1


@settings(max_examples=20)
@given(signs, st.integers(0, 1_000))
def test_neither_order_of_a_held_out_pair_is_shown(sign, seed):
    held_out = hold_out(2, 0.2, seed)
    every, shown = operations.all_problems(2, sign), operations.all_problems(2, sign, held_out)
    hidden = every[np.isin(pair_keys(every), held_out)]
    assert len(shown) + len(hidden) == len(every)
    keys = set(map(frozenset, shown.tolist()))
    assert not keys & set(map(frozenset, hidden.tolist()))
    assert {frozenset((a, b)) for a in range(10) for b in range(1, 10)} <= keys


def test_listed_leaves_out_only_what_is_hidden():
    held_out = hold_out(2, 0.2, 0)
    questions, answers = operations.listed("-*/", "-/", held_out)
    assert len(questions) == len(answers)
    found = {sign: [] for sign in "-*/"}
    for question, answer in set(zip(questions, answers, strict=True)):
        a, sign, b = re.fullmatch(r"(\d+)(\D)(\d+)", question).groups()
        assert answer == operations.answer(int(a), sign, int(b))
        found[sign].append((int(a), int(b)))
    keys = {sign: pair_keys(np.array(pairs)) for sign, pairs in found.items()}
    assert len(keys["*"]) == 10_000
    for sign, zeros in [("-", 0), ("/", 1)]:
        hidden = np.isin(pair_keys(operations.all_problems(2, sign)), held_out).sum()
        assert not np.isin(keys[sign], held_out).any()
        assert len(keys[sign]) == 10_000 - 100 * zeros - hidden


def test_listed_repeats_short_questions_of_hidden_operations():
    times = Counter(operations.listed("+*", "+", hold_out(2, 0.2, 0))[0])
    for question, n in times.items():
        short = re.fullmatch(r"\d\+\d+|\d+\+\d", question)
        assert n == (4 if short else 1), question
    assert len(times) > 17_000


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: operations.answer(7, "/", 0), "must be at least 1, but the question is 7/0"),
        (lambda: operations.operation_texts(np.array([[3, 1], [0, 0]]), "/"), "question is 0/0"),
        (lambda: operations.answer(1, "^", 2), "sign must be one of \\+ - \\* /, but it is '\\^'"),
        (lambda: operations.answer(1, "+-", 2), "sign must be"),
        (lambda: operations.answer(1, "", 2), "sign must be"),
        (lambda: operations.all_problems(4, "+"), "at most a million"),
    ],
)
def test_bad_arguments_are_explained(call, says):
    with pytest.raises(ValueError, match=says):
        call()
