"""The progress line, the fast trainer and the models, on the smallest cases."""

import numpy as np
import pytest

from course_utils.data import carry
from course_utils.data.addition import Problem
from course_utils.lesson.backend import keras
from course_utils.networks import models, training


def rows(n, seed=0):
    return next(carry.generator(n, 5, seed=seed))


def test_train_returns_the_mean_loss_of_each_call():
    a, res = rows(4 * 100)
    model = models.carry_model(5)
    training.prepare(model, 100, 0.0, "mse")  # with learning rate 0 the weights stay
    before = ((np.asarray(model(a)) - res) ** 2).reshape(2, -1).mean(axis=1)
    assert np.allclose(training.train(model, a, res, 4), before, rtol=1e-5)


def test_training_twice_from_the_same_start_gives_the_same():
    a, res = rows(4 * 100)
    model = models.carry_model(5)
    start = model.get_weights()
    training.prepare(model, 100, 0.01, "mse")
    first = training.train(model, a, res, 4)
    model.set_weights(start)
    assert np.array_equal(first, training.train(model, a, res, 4))
    assert first[1] < first[0]


@pytest.mark.parametrize("n", [0, 399, 4 * 75])
def test_train_wants_whole_calls(n):
    a, res = rows(500)
    model = models.carry_model(5)
    training.prepare(model, 100, 0.01, "mse")
    with pytest.raises(ValueError, match="same whole number of 50 batches of 4"):
        training.train(model, a[:n], res[:n], 4)


def test_prepare_wants_whole_calls():
    with pytest.raises(ValueError, match="multiple of 50, but it is 70"):
        training.prepare(models.carry_model(5), 70, 0.01, "mse")


def test_divergence_is_explained():
    a, res = rows(4 * 50)
    model = models.carry_model(5)
    training.prepare(model, 50, 0.01, "mse")
    with pytest.raises(ValueError, match="training has diverged"):
        training.train(model, np.where(a == 1, np.inf, 0), res, 4)


def test_progress_line_is_one_line_that_is_rewritten(monkeypatch):
    lines = []

    class Handle:
        def update(self, line):
            lines.append(repr(line))

    monkeypatch.setattr(training, "_display", lambda line: Handle())
    a, res = rows(4 * 100)
    model = models.carry_model(5)
    training.prepare(model, 100, 0.01, "mse")
    training.train(model, a, res, 4, label="adding")
    assert lines[-1].startswith("adding  ████████████████████ 100%  loss 0.")
    assert not any("\n" in line for line in lines)


def test_shaking_by_nothing_changes_nothing_and_shaking_does():
    keras.utils.set_random_seed(0)  # some models answer ½ to everything
    a, _ = rows(7)
    plain, shaken = models.carry_model(), models.carry_model(shaken=True)
    shaken.set_weights(plain.get_weights())
    still = np.concatenate([a, np.zeros((7, 5, 4))], axis=2)
    moved = np.concatenate([a, np.full((7, 5, 4), 0.5)], axis=2)
    assert np.allclose(plain(a), shaken(still), atol=1e-6)
    assert not np.allclose(plain(a), shaken(moved), atol=1e-4)


def test_stateful_model_goes_on_where_it_stopped():
    a, _ = rows(3)
    plain, stateful = models.carry_model(), models.carry_model(batchsize=3, stateful=True)
    stateful.set_weights(plain.get_weights())
    pieces = [np.asarray(stateful(a[:, :2])), np.asarray(stateful(a[:, 2:]))]
    assert np.allclose(np.concatenate(pieces, axis=1), plain(a), atol=1e-6)
    with pytest.raises(ValueError, match="must know its batch size"):
        models.carry_model(stateful=True)


def test_addition_model_has_the_seeds_size_unrolled_or_not():
    looped, unrolled = models.addition_model(unroll=False), models.addition_model()
    assert looped.count_params() == unrolled.count_params() == 52_212
    unrolled.set_weights(looped.get_weights())
    X, _ = Problem().encode([[3, 10, 7], [1, 1, 1]])
    assert np.allclose(looped(X), unrolled(X), atol=1e-6)
    assert looped(X).shape == (2, 2, 12)
    assert isinstance(looped, keras.Sequential)
