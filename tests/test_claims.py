"""What the lessons claim, trained and measured anew at budget class (slow: `make test-full`).

Each lesson is executed once; the tests look at what it recorded.
"""

from functools import cache

import numpy as np
import pytest

from course_utils import carry
from tools import lessons

pytestmark = pytest.mark.slow


@cache
def recorded(lesson, budget="class"):
    """Run a lesson and return what it recorded."""
    (path,) = lessons.find(lessons.NOTEBOOKS, lesson)
    target = lessons.BUILD / f"test-{budget}" / path.name
    outcome = lessons.run_lesson(path, target, {"budget": budget})
    assert outcome.error is None, outcome.error
    return outcome.recorded


def test_04_best_player_sits_on_the_floor():
    assert recorded("04")["best_player"] == pytest.approx(carry.mse_floor(10), rel=0.02)


def test_05_the_loss_lands_on_the_floor_and_stays():
    assert recorded("05")["plateau"] == pytest.approx(carry.mse_floor(10), rel=0.02)


def test_05_each_repair_brings_the_loss_to_almost_nothing():
    assert all(recorded("05")[f"repair_{k}"] < 0.002 for k in (1, 2, 3))


def test_05_the_extracted_machine_is_the_full_adder():
    found = recorded("05")
    assert (found["kinds_of_state"], found["correct_cases"], found["exceptions"]) == (2, 8, 0)


@pytest.mark.parametrize("budget", ["class", "full"])
def test_05_four_of_five_seeds_make_no_error_in_a_million_bits_and_along_the_chain(budget):
    found = recorded("05", budget)
    assert found["chain_bits"] == {"class": 100_000, "full": 1_000_000}[budget]
    assert found["n_seeds"] == len(found["errors_random"]) == len(found["errors_chain"]) == 5
    errors = np.add(found["errors_random"], found["errors_chain"])
    assert found["perfect"] == (errors == 0).sum() >= 4


def test_06_the_vectorised_pipeline_is_far_ahead():
    assert recorded("06")["n_samples"] == 75_000
    assert recorded("06")["different"] == recorded("06")["n_problems"] == 1_000


def test_07_the_seeds_recipe_is_good_but_not_perfect():
    found = recorded("07")
    assert found["parameters"] == 52_212
    assert found["per_character"] > 95
    assert 900 < found["exact"] <= 1_000


def test_07_balanced_samples_get_every_problem_right():
    assert recorded("07")["fast_right"] == [1_000] * 5


def test_07_at_least_99_percent_of_the_held_out_problems():
    assert len(recorded("07")["held_out_percent"]) == 3
    assert min(recorded("07")["held_out_percent"]) >= 99


def test_07_the_linear_model_is_exact_and_the_rounded_network_is_not():
    assert recorded("07")["linear"] == 1_000 > recorded("07")["rounded"]


def test_08_reloading_in_a_fresh_process_changes_nothing():
    assert recorded("08")["difference_apart"] == recorded("08")["difference_whole"] == 0
