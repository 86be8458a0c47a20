"""Finding notebooks, and the parameters that they have."""

import pytest
import tiny

from tools import notebooks


def test_find_takes_numbers_and_names(tmp_path):
    five = tiny.lesson(tmp_path / "05_model.ipynb")
    tiny.lesson(tmp_path / "06_data.ipynb")
    assert len(notebooks.find(tmp_path)) == 2
    for name in ("05", "5", "05_model", "05_model.ipynb"):
        assert notebooks.find(tmp_path, name) == [five]
    with pytest.raises(notebooks.CannotRun, match="no lesson '7'.*05_model, 06_data"):
        notebooks.find(tmp_path, "7")
