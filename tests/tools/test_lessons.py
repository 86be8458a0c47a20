"""The commands that run lessons."""

import pytest

from tools import lessons


@pytest.mark.parametrize("words", [["--budget", "smok"], ["--lesson", "99"]])
def test_unknown_budget_or_lesson_ends_with_status_2(words, capsys):
    assert lessons.main(["run", *words]) == 2
    assert words[1] in capsys.readouterr().err
