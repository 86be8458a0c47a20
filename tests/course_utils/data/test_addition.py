"""The vectorised pipeline against a plain one, and what it refuses."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_utils.data import addition
from course_utils.data.addition import ALPHABET, Problem


def plain_pipeline(X, n_numbers, largest, alphabet):
    """Encode one sum at a time, in the plainest way; lengths from the longest possible text."""
    n_in = len("+".join([str(largest)] * n_numbers))
    n_out = len(str(n_numbers * largest))
    questions = ["+".join(str(n) for n in terms).rjust(n_in) for terms in X]
    answers = [str(sum(terms)).rjust(n_out) for terms in X]
    codes = [[[alphabet.index(c) for c in text] for text in side] for side in (questions, answers)]
    one_hot = [
        [[[float(i == code) for i in range(len(alphabet))] for code in row] for row in side]
        for side in codes
    ]
    return (questions, answers), codes, one_hot


problems = st.tuples(
    st.integers(1, 5), st.sampled_from([1, 5, 9, 10, 33, 99, 100, 999, 10**6, 10**9 - 1, 10**12])
)


@given(problems, st.integers(0, 10**6))
def test_every_step_equals_the_plain_pipeline(problem, seed):
    n_numbers, largest = problem
    X, y = addition.random_sum_pairs(7, n_numbers, largest, seed)
    assert X.min() >= 1 and X.max() <= largest and (y == X.sum(axis=1)).all()
    strings, codes, one_hot = plain_pipeline(X.tolist(), n_numbers, largest, ALPHABET)
    written = addition.to_string(X, y, n_numbers, largest)
    assert [side.tolist() for side in written] == list(strings)
    encoded = addition.integer_encode(*written, ALPHABET)
    assert [side.tolist() for side in encoded] == codes
    vectors = addition.one_hot_encode(*encoded, len(ALPHABET))
    assert [side.tolist() for side in vectors] == one_hot
    together = addition.generate_data(7, n_numbers, largest, ALPHABET, seed)
    assert all(np.array_equal(a, b) for a, b in zip(together, vectors, strict=True))
    assert [addition.invert(v, ALPHABET).tolist() for v in vectors] == list(strings)
    assert addition.invert(vectors[0][0], ALPHABET) == strings[0][0]


@pytest.mark.parametrize("n_samples", [1, 99, 100, 101, 1000])
def test_copying_encoded_problems_equals_encoding_each(n_samples):
    X, y = addition.random_sum_pairs(n_samples, 2, 10, seed=4)
    encoded = addition.one_hot_encode(
        *addition.integer_encode(*addition.to_string(X, y, 2, 10), ALPHABET), 12
    )
    together = addition.generate_data(n_samples, 2, 10, ALPHABET, seed=4)
    assert all(np.array_equal(a, b) for a, b in zip(together, encoded, strict=True))
    assert [side.dtype for side in together] == [np.float32, np.float32]


def test_zero_and_shorter_terms_are_written_in_full():
    questions, answers = addition.to_string(
        np.array([[0, 10], [10, 0], [0, 0]]), [10, 10, 0], 2, 10
    )
    assert questions.tolist() == [" 0+10", " 10+0", "  0+0"]
    assert answers.tolist() == ["10", "10", " 0"]


def test_another_alphabet_order_is_obeyed():
    mixed = " +9876543210"
    X, y = addition.generate_data(20, 2, 99, mixed, seed=3)
    assert set("".join(addition.invert(X, mixed))) <= set(mixed)
    assert (
        addition.invert(X, mixed).tolist()
        == addition.invert(
            addition.generate_data(20, 2, 99, ALPHABET, seed=3)[0], ALPHABET
        ).tolist()
    )


def test_answer_length_is_that_of_the_largest_sum():
    assert addition.answer_length(3, 33) == 2  # the old formula says 3
    assert addition.answer_length(3, 34) == 3
    assert addition.answer_length(3, 10) == 2


def test_problem_lists_everything_once():
    problem = Problem()
    assert (problem.n_chars, problem.n_in_seq_length, problem.n_out_seq_length) == (12, 8, 2)
    assert problem.all_problems.shape == (1000, 3) == (problem.n_problems, 3)
    assert len(np.unique(problem.all_problems, axis=0)) == 1000
    assert problem.all_problems.min() == 1 and problem.all_problems.max() == 10
    X, y = problem.encode(problem.all_problems)
    assert X.shape == (1000, 8, 12) and y.shape == (1000, 2, 12)
    assert addition.invert(y[-1], ALPHABET) == "30"


@given(st.integers(1, 3), st.integers(2, 12), st.floats(0.05, 0.95), st.integers(0, 10**6))
def test_split_is_disjoint_also_after_commuting(n_numbers, largest, held_out, seed):
    problem = Problem(n_numbers, largest)
    try:
        seen, unseen = problem.split(held_out, seed)
    except ValueError:
        return  # so few problems that one side would be empty
    both = np.concatenate([seen, unseen])
    assert len(np.unique(both, axis=0)) == len(both) == problem.n_problems
    sides = [{tuple(sorted(terms)) for terms in side.tolist()} for side in (seen, unseen)]
    assert not sides[0] & sides[1]
    assert len(sides[1]) == round(held_out * (len(sides[0]) + len(sides[1])))


def test_exact_match_wants_every_character():
    _, y = Problem().encode([[1, 2, 3], [10, 10, 10]])
    wrong = y.copy()
    wrong[1, 0] = np.roll(wrong[1, 0], 1)
    assert addition.exact_match(y, y).tolist() == [True, True]
    assert addition.exact_match(wrong, y).tolist() == [True, False]


def test_draw_balanced_favours_rare_sums():
    every = Problem().all_problems
    drawn = addition.draw_balanced(every, 100_000, seed=0)
    share = np.bincount(drawn.sum(axis=1), minlength=31)[3:] / 100_000
    expected = np.sqrt(np.bincount(every.sum(axis=1), minlength=31)[3:])
    assert np.allclose(share, expected / expected.sum(), atol=0.005)


NOT_A_NUMBER = np.full((1, 2, 12), np.nan)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: addition.random_sum_pairs(0, 3, 10), "n_examples must"),
        (lambda: addition.random_sum_pairs(1, 0, 10), "n_numbers must"),
        (lambda: addition.random_sum_pairs(1, 3, 0), "largest must be .* it is 0"),
        (lambda: addition.generate_data(1, 3, 0, ALPHABET), "largest must"),
        (lambda: addition.generate_data(1, 3, 10, "0123456789 "), r"has '\+' at place"),
        (lambda: addition.generate_data(1, 3, 10, "00123456789+ "), "alphabet must"),
        (lambda: addition.to_string([[1, 2]], [3], 3, 10), r"shapes \(n, 3\)"),
        (lambda: addition.to_string([[1, 20]], [21], 2, 10), "X must hold integers from 0 to 10"),
        (lambda: addition.to_string([[1, -2]], [1], 2, 10), "X must hold"),
        (lambda: addition.to_string([[1.5, 2]], [3], 2, 10), "X must hold"),
        (lambda: addition.integer_encode(["1x2"], ["3"], ALPHABET), "has 'x' at place 1"),
        (lambda: addition.integer_encode(["1+2", "1"], ["3", "1"], ALPHABET), "a shorter string"),
        (lambda: addition.integer_encode(["1+é"], ["3"], ALPHABET), "has 'é'"),
        (lambda: addition.one_hot_encode([[12]], [[0]], 12), "from 0 to 11, but hold 12"),
        (lambda: addition.one_hot_encode([[-1]], [[0]], 12), "but hold -1"),
        (lambda: addition.invert(np.zeros((2, 11)), ALPHABET), "last axis is the alphabet"),
        (lambda: addition.invert(NOT_A_NUMBER, ALPHABET), "seq must be numbers, but holds NaN"),
        (
            lambda: addition.exact_match(NOT_A_NUMBER, NOT_A_NUMBER),
            "predicted must be numbers, but holds NaN",
        ),
        (
            lambda: addition.exact_match(np.zeros((1, 2, 12)), np.zeros((1, 3, 12))),
            "must share one shape",
        ),
        (lambda: Problem(3, 0), "largest must"),
        (lambda: Problem(3, 10, "aa"), "alphabet must"),
        (lambda: Problem(9, 99).all_problems, "at most 5,000,000 problems"),
        (lambda: Problem().split(0), "held_out must"),
        (lambda: Problem().split(1.0), "held_out must"),
        (lambda: Problem().split(0.001), "held_out must"),
    ],
)
def test_bad_arguments_are_explained(call, says):
    with pytest.raises(ValueError, match=says):
        call()
