"""Training that comes back to what was wrong."""

import inspect

import numpy as np
import pytest

from course_utils.data import operations
from course_utils.data.questions import hold_out
from course_utils.lesson.backend import keras
from course_utils.networks import practice
from course_utils.networks.seq2seq import right_answers
from tools.recipes import RECIPES

FORM = operations.operation_format(1, "+")
layers = keras.layers


def tiny(form):
    """No LSTM: it compiles in no time."""
    symbols = len(form.alphabet)
    return keras.Sequential(
        [
            keras.Input((form.n_in,)),
            layers.Embedding(symbols, 8),
            layers.Flatten(),
            layers.Dense(64, "relu"),
            layers.Dense(form.n_out * symbols),
            layers.Reshape((form.n_out, symbols)),
            layers.Softmax(),
        ]
    )


@pytest.fixture
def drawn(monkeypatch):
    """Look every 50 steps, and keep what is drawn between the looks."""
    kept = []

    def batches(x, y, batchsize):
        kept.append((x, y))
        return real(x, y, batchsize)

    real = practice.batches
    monkeypatch.setattr(practice, "batches", batches)
    monkeypatch.setattr(practice, "LOOK_EVERY", 50)
    return kept


def sums():
    return operations.operation_texts(operations.all_problems(1, "+"), "+")


def test_what_was_wrong_is_drawn_eight_times_as_often(drawn):
    model, looks = practice.practise(tiny, FORM, *sums(), 200, 0, rate=0.02)
    assert len(drawn) == len(looks) == 4 and 10 < looks[2] < 90
    assert looks[3] == (~right_answers(model, FORM, *sums())).sum()
    times = []
    for x, _ in drawn:
        _, counts = np.unique(x, axis=0, return_counts=True)
        assert len(counts) == 100
        times.append(np.sort(counts))
    assert times[0].max() < 1.8 * times[0].min()
    right = 100 - looks[2]
    assert times[3][right:].mean() == pytest.approx(8 * times[3][:right].mean(), rel=0.1)
    assert times[3][right] > 3 * times[3][right - 1]


def test_only_what_was_given_is_drawn_and_the_last_part_may_be_short(drawn, monkeypatch):
    monkeypatch.setattr(practice, "LOOK_EVERY", 100)
    form = operations.operation_format(2, "-")
    given = operations.listed("-", "-", hold_out(2, 0.2, 0))
    practice.practise(tiny, form, *given, 150, 0, batchsize=32)
    assert [len(x) for x, _ in drawn] == [3_200, 1_600]
    possible = set(zip(*given, strict=True))
    for x, y in drawn:
        assert set(zip(form.decode(x), form.decode(y), strict=True)) <= possible


def test_a_seed_fixes_everything(drawn):
    weights = []
    for seed in (1, 1, 2):
        model, looks = practice.practise(tiny, FORM, *sums(), 50, seed, batchsize=16)
        weights.append(model.get_weights()[0])
    assert (weights[0] == weights[1]).all() and (weights[0] != weights[2]).any()
    assert (drawn[0][0] == drawn[1][0]).all() and (drawn[0][0] != drawn[2][0]).any()


def test_the_recipes_note_how_practice_trains():
    rate = inspect.signature(practice.practise).parameters["rate"].default
    for name in ("11_mixed", "11_honest"):
        settings = RECIPES[name]().settings
        assert (settings["rate"], settings["decay"]) == (rate, practice.DECAY)
