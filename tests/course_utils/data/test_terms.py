"""Sums of a variable number of terms: what is drawn, and that held-out sums never are."""

from itertools import combinations_with_replacement, permutations
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_utils.data.questions import all_pairs, sum_format
from course_utils.data.terms import (
    ALL_OPEN,
    draw_growing,
    draw_terms,
    held_out,
    term_keys,
    term_texts,
)

counts = st.lists(st.integers(2, 5), min_size=1, max_size=40)
seeds = st.integers(0, 10**6)
questions = st.lists(st.integers(0, 99), min_size=2, max_size=5)


def row_of(terms, width=5):
    return np.array([terms + [-1] * (width - len(terms))])


@given(st.lists(st.tuples(st.integers(2, 5), st.sampled_from([1, 2])), max_size=40), seeds)
def test_as_many_terms_as_asked_for_and_no_larger_ones(asked, seed):
    counts, digits = np.array(asked, dtype=int).reshape(-1, 2).T
    terms = draw_terms(counts, digits, np.random.default_rng(seed))
    assert terms.shape == (len(asked), counts.max(initial=0))
    for found, (count, size) in zip(terms.tolist(), asked, strict=True):
        assert all(0 <= term < 10**size for term in found[:count])
        assert found[count:] == [-1] * (len(found) - count)


@given(counts, seeds)
def test_texts_are_read_back_and_fit_the_format(counts, seed):
    terms = draw_terms(counts, 2, np.random.default_rng(seed))
    asked, answers = term_texts(terms)
    for text, answer, count in zip(asked, answers, counts, strict=True):
        numbers = [int(part) for part in text.split("+")]
        assert (len(numbers), sum(numbers)) == (count, int(answer))
    form = sum_format(2, 5)
    assert form.decode(form.encode(asked, answers)[0]) == asked


@given(questions, st.randoms())
def test_the_order_of_the_terms_does_not_matter_nor_the_width_of_the_array(terms, random):
    mixed = random.sample(terms, len(terms))
    assert term_keys(row_of(terms)) == term_keys(row_of(mixed)) == term_keys(np.array([mixed]))
    assert held_out(row_of(terms)) == held_out(row_of(mixed)) == held_out(np.array([mixed]))


def test_other_terms_have_another_key():
    triples = np.indices((100,) * 3).reshape(3, -1).T
    rows = np.concatenate([np.pad(all_pairs(2), ((0, 0), (0, 1)), constant_values=-1), triples])
    assert len(np.unique(term_keys(rows))) == comb(101, 2) + comb(102, 3)  # unordered, repeats too


@pytest.mark.parametrize(("digits", "fewest"), [(1, 3), (2, 2)])
def test_training_and_test_share_no_question_in_any_order(digits, fewest):
    many = np.random.default_rng(0).integers(fewest, 6, 30_000)
    seen = draw_terms(many, digits, np.random.default_rng(1))
    unseen = draw_terms(many, digits, np.random.default_rng(2), hidden=True)
    assert not held_out(seen).any() and held_out(unseen).all()
    in_order = [{tuple(terms) for terms in np.sort(side).tolist()} for side in (seen, unseen)]
    assert not in_order[0] & in_order[1]


def test_every_drawable_question_of_two_terms_is_drawn_or_held_out():
    pairs = all_pairs(2)
    drawn = draw_terms([2] * 200_000, 2, np.random.default_rng(0))
    in_order = {tuple(sorted(terms)) for terms in drawn.tolist()}
    left = {tuple(sorted(terms)) for terms in pairs[~held_out(pairs)].tolist()}
    assert in_order <= left and len(left - in_order) < 20  # 99 + 99 comes once in 10,000


def test_the_share_is_a_fifth_whatever_the_number_of_terms_and_the_last_digit_of_the_sum():
    for count in (2, 3, 4, 5):
        terms = np.random.default_rng(count).integers(0, 100, (200_000, count))
        hidden, last = held_out(terms), terms.sum(axis=1) % 10
        shares = [hidden.mean()] + [hidden[last == digit].mean() for digit in range(10)]
        assert np.abs(np.array(shares) - 0.2).max() < 0.02


def test_the_addition_table_is_never_held_out():
    table = all_pairs(1)
    assert not held_out(table).any()
    assert held_out(all_pairs(2)).any()
    three = [row_of(list(t), 3)[0] for t in combinations_with_replacement(range(10), 3)]
    assert held_out(np.array(three)).any()


def test_all_orders_of_a_held_out_question_are_held_out():
    (terms,) = draw_terms([5], 2, np.random.default_rng(3), hidden=True)
    assert held_out(np.array(list(permutations(terms.tolist())))).all()


def test_all_terms_come_equally_often():
    found = np.bincount(draw_terms([5] * 40_000, 2, np.random.default_rng(4)).ravel())
    assert len(found) == 100 and np.abs(found / 2_000 - 1).max() < 0.12


def test_every_second_question_has_each_column_sum_equally_often():
    terms = draw_terms([5] * 90_000, 2, np.random.default_rng(6), by_column=True)
    assert not held_out(terms).any()
    for column in (terms % 10, terms // 10):
        assert np.abs(np.bincount(column[1::2].ravel()) / 22_500 - 1).max() < 0.06
        found = np.bincount(column[1::2].sum(axis=1))
        assert len(found) == 46 and np.abs(found / 978 - 1).max() < 0.2
        assert np.bincount(column[::2].sum(axis=1), minlength=46)[:5].sum() < 100
    assert draw_terms([5] * 100, 1, np.random.default_rng(7), by_column=True).max() == 9


def test_training_begins_with_easy_questions_and_ends_with_all():
    calls, n, rng = 40, 500, np.random.default_rng(5)
    draw = draw_growing(calls)
    hardest = []
    for _ in range(calls):
        rows = [list(map(int, question.split("+"))) for question in draw(n, rng)[0]]
        levels = [4 * (max(row) > 9) + len(row) - 2 for row in rows]
        hardest.append(max(levels))
    assert hardest[0] == 0 and hardest == sorted(hardest)
    assert hardest.index(7) == round(ALL_OPEN * calls)
    shares = np.bincount(levels) / n
    assert shares[7] > 0.3 and (shares > 0).all()  # at the end the hardest come most often


def test_two_terms_of_one_digit_are_in_no_test():
    for digits in (1, [2, 1]):
        with pytest.raises(ValueError, match="terms of two digits, but 2 terms of one digit were"):
            draw_terms([3, 2], digits, np.random.default_rng(0), hidden=True)
