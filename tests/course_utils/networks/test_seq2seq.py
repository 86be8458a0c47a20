"""Training and judging networks that answer texts with texts."""

import numpy as np
import pytest

from course_utils.data import questions
from course_utils.networks import seq2seq

FORM = questions.sum_format(1)
EVERY = questions.sum_texts(questions.all_pairs(1))


def draw(n, rng):
    return questions.sum_texts(questions.draw_pairs(n, 1, rng))


def small(form):
    return seq2seq.text_model(form, units=8)


@pytest.fixture(scope="module")
def trained():
    return seq2seq.train_fresh(small, FORM, draw, 50, seed=3, batchsize=16)


def test_the_network_has_the_shapes_of_the_format(trained):
    model, losses = trained
    x, _ = FORM.encode(*EVERY)
    written = model(x)
    assert written.shape == (100, FORM.n_out, 12)
    assert np.allclose(np.sum(written, axis=-1), 1, atol=1e-5)
    assert losses.shape == (1,) and losses[0] < 2.5


def test_a_seed_fixes_weights_and_samples(trained):
    model, _ = trained
    again, _ = seq2seq.train_fresh(small, FORM, draw, 50, seed=3, batchsize=16)
    other, _ = seq2seq.train_fresh(small, FORM, draw, 50, seed=4, batchsize=16)
    assert all(map(np.array_equal, model.get_weights(), again.get_weights()))
    assert not np.array_equal(model.get_weights()[0], other.get_weights()[0])


def test_samples_can_be_drawn_again():
    x, y = seq2seq.draw_encoded(FORM, draw, 100, seed=3, batchsize=16)
    rng = np.random.default_rng(3)
    parts = [draw(50 * 16, rng) for _ in range(2)]
    assert FORM.decode(x) == [question for texts, _ in parts for question in texts]
    assert FORM.decode(y) == [answer for _, answers in parts for answer in answers]


class Fixed:
    """A network that always writes the same."""

    def __init__(self, answers):
        self.written = np.eye(12)[FORM.encode([""] * len(answers), answers)[1]]

    def predict(self, x, **_):
        return self.written[: len(x)].copy()


def test_an_answer_is_right_only_as_a_whole():
    model = Fixed(["10", "1", "", "0", "17"])
    right = seq2seq.right_answers(model, FORM, ["5+5"] * 5, ["10", "10", "0", "0", "18"])
    assert right.tolist() == [True, False, False, True, False]
    assert seq2seq.right_answers(model, FORM, [], []).shape == (0,)


def test_many_answers_are_judged_in_parts(monkeypatch):
    model = Fixed(["1"])
    model.predict = lambda x, **_: np.repeat(model.written, len(x), axis=0)
    n = 120_000
    right = seq2seq.right_answers(model, FORM, ["1+0"] * n, ["1"] * (n - 1) + ["2"])
    assert right[:-1].all() and not right[-1] and right.shape == (n,)
