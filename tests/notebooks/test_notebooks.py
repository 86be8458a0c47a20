"""Every committed notebook satisfies every rule of `notebook_rules.py`."""

import notebook_rules
import pytest

from tools import notebooks

LESSONS = notebooks.find(notebooks.NOTEBOOKS)
SOLUTIONS = notebooks.find(notebooks.SOLUTIONS)
EXERCISES = notebooks.find(notebooks.ROOT / "exercises")
PAGES = [
    path
    for path in sorted(notebooks.ROOT.rglob("*.md"))
    if not {".venv", "build", "work"} & set(path.relative_to(notebooks.ROOT).parts)
]


@pytest.mark.parametrize("check", notebook_rules.CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_notebook(path, check):
    problems = check(path)
    assert not problems, f"{path.name}: " + "\n".join(problems)


@pytest.mark.parametrize("check", notebook_rules.CHECKS_OF_SOLUTIONS, ids=lambda c: c.__name__)
@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)
def test_solution(path, check):
    problems = check(path)
    assert not problems, f"{path.name}: " + "\n".join(problems)


@pytest.mark.parametrize(
    "check",
    [
        notebook_rules.parameters_cell,
        notebook_rules.pictures_in_prose,
        notebook_rules.links_resolve,
        notebook_rules.no_machine_paths,
        notebook_rules.small_file,
    ],
    ids=lambda check: check.__name__,
)
@pytest.mark.parametrize("path", EXERCISES, ids=lambda path: path.stem)
def test_exercise(path, check):
    problems = check(path)
    assert not problems, f"{path.name}: " + "\n".join(problems)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_links_of_pages(path):
    problems = notebook_rules.links_resolve(path)
    assert not problems, f"{path.name}: " + "\n".join(problems)
