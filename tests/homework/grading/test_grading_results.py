"""A result is kept whole: what is written is what is read, and half a file is none."""

import json
from dataclasses import asdict, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_marks import row_of, task

from homework.grading import results, run
from homework.grading.results import CellResult, Outcome, Picture, TaskResult, Text

PNG = {"png": "iVBORw0KGgo=", "alt": "the loss"}
CELLS = [{"task": "04.1", "outputs": [{"text": "loss 1"}, PNG], "error": "NameError: x"}]


def test_a_file_is_read_and_written_with_the_keys_that_it_always_had():
    text = json.dumps(row_of(cells=CELLS, notes=["a note"]), indent=1)
    result = results.from_json(text)
    assert results.to_json(result) == text
    assert result.tasks[1] == TaskResult(
        "04.6", "One column", 2, None, "waiting", answer="It can't know."
    )
    assert result.cells[0].outputs == (Text("loss 1"), Picture(**PNG))


texts = st.text()
tasks = st.builds(TaskResult, texts, texts, st.integers(), st.none() | st.integers(), texts)
outputs = st.builds(Text, texts) | st.builds(Picture, texts, texts)
cells = st.builds(CellResult, texts, st.lists(outputs, max_size=3).map(tuple), texts)


@given(texts, st.lists(tasks, max_size=3), st.lists(cells, max_size=3))
def test_whatever_a_result_holds_comes_back_the_same(who, tasks, cells):
    result = results.from_data(row_of())
    result = replace(result, who=who, tasks=tuple(tasks), cells=tuple(cells))
    assert results.from_json(results.to_json(result)) == result


def test_a_field_of_another_version_does_no_harm():
    assert results.from_data(row_of() | {"new": 1}) == results.from_data(row_of())


@pytest.mark.parametrize(
    "spoilt",
    [
        *({"key": key, "left out": True} for key in row_of()),
        {"who": 3},
        {"seconds": "1"},
        {"notes": "text"},
        {"notes": [1]},
        {"tasks": None},
        {"tasks": [{}]},
        {"tasks": [task(points="3", status="passed")]},
        {"tasks": [[]]},
        {"cells": [{"task": "", "outputs": [{"png": "x"}], "error": ""}]},
        {"cells": [{"task": "", "outputs": [3], "error": ""}]},
        {"cells": {}},
    ],
    ids=str,
)
def test_what_is_not_whole_is_no_result(tmp_path, spoilt):
    data = row_of()
    if "left out" in spoilt:
        del data[spoilt["key"]]
    else:
        data |= spoilt
    with pytest.raises(ValueError, match="not a whole one"):
        results.from_json(json.dumps(data))
    (tmp_path / "a.json").write_text(json.dumps(data))
    assert run.known(tmp_path / "a.json", "k") is None


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "3", json.dumps(row_of())[:-9]])
def test_half_a_file_is_no_result(tmp_path, text):
    with pytest.raises(ValueError):
        results.from_json(text)
    (tmp_path / "a.json").write_text(text)
    assert run.known(tmp_path / "a.json", "k") is None


def test_a_result_is_known_by_its_key_unless_the_grader_failed(tmp_path):
    path, result = tmp_path / "a.json", results.from_data(row_of())
    assert run.known(path, "k") is None  # there is no file
    path.write_text(results.to_json(result))
    assert run.known(path, "k") == result
    assert run.known(path, "another") is None
    path.write_text(results.to_json(replace(result, status="failed")))
    assert run.known(path, "k") is None


def test_what_was_noted_before_grading_stays():
    before = replace(results.from_data(row_of(notes=["before"])), tasks=())
    outcome = Outcome("failed", notes=("after",), seconds=2.0)
    after = before.after(outcome)
    assert after.notes == ("before", "after")
    assert asdict(after) == asdict(before) | asdict(outcome) | {"notes": after.notes}
