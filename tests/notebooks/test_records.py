"""From how many of twenty other starts a lesson's training succeeds, by the shipped records."""

import numpy as np
import pytest

from course_utils.networks.shipped import record_of


def gathered(table, name):
    """Return what the runs of a table recorded under a name, one after the other."""
    return [value for run in record_of(table)["runs"] for value in run[name]]


@pytest.mark.parametrize("table", ["05_starts", "07_starts", "09_starts"])
def test_half_of_twenty_other_starts_were_trained_as_on_another_processor(table):
    kernels = [run["kernels"] for run in record_of(table)["runs"]]
    assert len(kernels) == 4 and sum("Haswell" in name for name in kernels) == 2


def test_05_at_least_19_of_20_other_starts_make_no_error():
    errors = np.add(gathered("05_starts", "errors_random"), gathered("05_starts", "errors_chain"))
    assert len(errors) == 20 and (errors == 0).sum() >= 19


def test_07_at_least_19_of_20_other_starts_get_every_problem_right():
    right = gathered("07_starts", "fast_right")
    assert len(right) == 20 and right.count(1_000) >= 19


def test_09_at_least_19_of_20_other_starts_get_every_sum_of_four_terms_right():
    right = gathered("09_starts", "four_right")
    assert len(right) == 20 and right.count(10_000) >= 19
