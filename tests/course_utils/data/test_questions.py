"""Questions and answers as text: against Python's own strings and integers."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_utils.data import questions
from course_utils.data.addition import ALPHABET


def text(row):
    return "".join(ALPHABET[place] for place in row)


@given(st.integers(1, 9), st.integers(1, 4), st.booleans(), st.data())
def test_texts_are_laid_out_and_read_back(digits, n_terms, backwards, data):
    term = st.integers(0, 10**digits - 1)
    terms = data.draw(st.lists(st.lists(term, min_size=1, max_size=n_terms), min_size=1))
    form = questions.sum_format(digits, n_terms)
    form = questions.Format(form.n_in, form.n_out, backwards=backwards)
    texts, sums = questions.sum_texts(terms)
    assert [eval(question) for question in texts] == [int(a) for a in sums] == list(map(sum, terms))
    x, y = form.encode(texts, sums)
    assert x.dtype == y.dtype == np.uint8
    for places, width, wanted in [(x, form.n_in, texts), (y, form.n_out, sums)]:
        assert form.decode(places) == wanted
        turned = [one[::-1] if backwards else one for one in wanted]
        assert [text(row) for row in places] == [one.ljust(width) for one in turned]


def test_the_longest_sum_just_fits():
    for digits, n_terms in [(1, 2), (3, 2), (2, 5), (1, 12)]:
        form = questions.sum_format(digits, n_terms)
        (question,), (answer,) = questions.sum_texts([[10**digits - 1] * n_terms])
        assert (form.n_in, form.n_out) == (len(question), len(answer))


@pytest.mark.parametrize(
    ("texts", "answers", "message"),
    [
        (["1000+1"], ["1001"], "each question must have at most 5 characters, but '1000+1' has 6"),
        (["1+1"], ["2", "1000"], "each answer must have at most 3 characters, but '1000' has 4"),
        (["1-1"], ["0"], "has '-' at place 1"),
    ],
)
def test_texts_that_do_not_fit_are_refused(texts, answers, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        questions.sum_format(2).encode(texts, answers)


def test_all_lengths_come_equally_often():
    numbers = questions.draw_numbers((50_000, 2), 5, np.random.default_rng(0))
    counts = np.bincount([len(str(n)) for n in numbers.ravel()])[1:]
    # what is drawn with length k may be shorter: one in ten, one in a hundred, …
    expected = np.array([sum(0.9 * 0.1 ** (k - n) for k in range(n, 6)) / 5 for n in range(1, 6)])
    expected[0] += sum(0.1**k for k in range(1, 6)) / 5  # 0 itself
    assert counts / counts.sum() == pytest.approx(expected, abs=0.01)


@given(*[st.integers(0, 10**9 - 1)] * 4)
def test_a_key_stands_for_a_pair_in_either_order_and_for_no_other(a, b, c, d):
    keys = questions.pair_keys(np.array([[a, b], [b, a], [c, d]]))
    assert keys[0] == keys[1]
    assert (keys[0] == keys[2]) == ({a, b} == {c, d})


@pytest.mark.parametrize(("digits", "unordered"), [(2, 5_050), (3, 500_500)])
def test_what_is_held_out_is_never_drawn_in_either_order(digits, unordered):
    held_out = questions.hold_out(digits, 0.2, seed=0)
    assert len(set(held_out)) == round(0.2 * (unordered - 55))
    rng = np.random.default_rng(1)
    pairs = questions.draw_pairs(500_000, digits, rng, held_out)
    hidden = {(key // 10**9, key % 10**9) for key in held_out.tolist()}
    assert not hidden & ({(a, b) for a, b in pairs.tolist()} | {(b, a) for a, b in pairs.tolist()})
    small = {tuple(pair) for pair in pairs[pairs.max(axis=1) < 10].tolist()}
    assert len(small) == 100  # the addition table is always shown
    if digits == 2:
        assert len(set(questions.pair_keys(pairs))) == unordered - len(held_out)


def test_all_pairs_are_all():
    pairs = questions.all_pairs(2)
    assert len({tuple(pair) for pair in pairs.tolist()}) == 10_000 == len(pairs)
    assert pairs.min() == 0 and pairs.max() == 99
    with pytest.raises(ValueError, match="100,000,000: draw some"):
        questions.all_pairs(4)
