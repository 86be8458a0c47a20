"""Budgets, recorded results and figures."""

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest

from course_utils.lesson import budget, plotting, results


def test_choose_picks_the_setting_of_the_budget():
    assert [budget.choose(name, 1, 2, 3) for name in budget.BUDGETS] == [1, 2, 3]
    with pytest.raises(ValueError, match="'smoke', 'class', 'full', but it is 'clas'"):
        budget.choose("clas", 1, 2, 3)


@pytest.fixture
def shown(monkeypatch):
    """Collect what is displayed: pairs of data and metadata."""
    collected = []

    def display(data, metadata=None, raw=False):
        collected.append((data, metadata))

    monkeypatch.setattr("IPython.display.display", display)
    monkeypatch.setattr(plotting, "display", display)
    return collected


def test_what_is_recorded_can_be_read_and_quoted(shown):
    results.record(loss=np.float32(0.25), errors=[1, 2])
    results.record(loss=0.5)
    notebook = nbformat.v4.new_notebook()
    outputs = [nbformat.v4.new_output("display_data", data=data) for data, _ in shown]
    notebook.cells = [nbformat.v4.new_code_cell("…", outputs=outputs)]
    found = results.recorded(notebook)
    assert found == {"loss": 0.5, "errors": [1, 2]}
    assert shown[0][0]["text/plain"] == "loss = 0.25\nerrors = [1, 2]"
    text = results.quote("It is **9.9<!--=loss:.3f-->**, not 7.", found)
    assert text == "It is **0.500<!--=loss:.3f-->**, not 7."
    assert results.quote(text, found) == text
    with pytest.raises(ValueError, match="quotes 'gain', but the lesson recorded only: errors"):
        results.quote("1<!--=gain:d-->", found)


@pytest.mark.parametrize("value", [np.nan, np.inf, [1.0, np.nan]])
def test_missing_results_are_not_recorded(shown, value):
    with pytest.raises(ValueError, match="must be a finite number, but loss"):
        results.record(loss=value)
    assert not shown


def test_a_figure_is_shown_with_its_alt_text_and_closed(shown):
    alt = "A falling loss that lands on a dashed line."
    plotting.learning_curve({"loss": [0.3, 0.1]}, 50, 0.05, "floor", "loss", alt)
    ((data, metadata),) = shown
    assert metadata["image/png"]["alt"] == data["text/plain"] == alt
    assert not plt.get_fignums()


def test_a_figure_without_alt_text_is_refused(shown):
    fig, _ = plotting.figure()
    with pytest.raises(ValueError, match="alt must say in a sentence"):
        plotting.show(fig, "plot")
    plt.close(fig)
    assert not shown
