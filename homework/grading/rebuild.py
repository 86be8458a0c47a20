"""The notebook that runs: the released exercise with the learner's answers in it.

Only answers and extra code cells are taken from what was handed in. Whatever else was removed,
changed, doubled or turned into another kind of cell is as it was released, and is noted.
"""

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from homework.grading.reading import role, source_of
from homework.hand_in import NO_WORDS

Cell = Mapping[str, Any]
DEFINITION = re.compile(r"\s*def \w+\(")
BUDGET = 'budget = "smoke"  # grading needs no trained networks'


@dataclass(frozen=True)
class Step:
    """One thing to do with a notebook: run a cell, or check a task where its check stands.

    Attributes:
        kind: which of the two.
        task: for which; empty for none.
        source: of the cell.
        learner: whether the learner has written it.
    """

    kind: Literal["cell", "check"]
    task: str = ""
    source: str = ""
    learner: bool = False


@dataclass
class Plan:
    """What is to be done with a notebook.

    Attributes:
        steps: in their order.
        answers: those in words, by task; empty if there is none.
        missing: tasks whose answer isn't there, or is no code.
        notes: short sentences for the teacher.
    """

    steps: list[Step] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    missing: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)

    def steps_for(self, ids: Collection[str], to_the_end: bool) -> list[Step]:
        """Return the steps with the checks of some tasks only, perhaps only as far as needed."""
        steps = [step for step in self.steps if step.kind == "cell" or step.task in ids]
        last = max((n for n, step in enumerate(steps) if step.kind == "check"), default=-1)
        return steps if to_the_end else steps[: last + 1]


def rebuild(released: Sequence[Cell], handed_in: Sequence[Cell]) -> Plan:
    """Put the learner's answers into the released exercise.

    Args:
        released: the cells of the exercise, dictionaries as in the file.
        handed_in: those that came back: dictionaries with any content.

    Returns:
        A `Plan`.
    """
    found, extra, order = _match(released, handed_in)
    plan = Plan()
    if order != sorted(order):
        plan.notes.append("the cells are in another order; the released order was used")
    texts_changed = 0
    plan.steps += _extra_steps(extra.get(-1, []))
    for number, cell in enumerate(released):
        mine = found.get(number, [])
        _take(plan, cell, mine)
        if role(cell)[0] or cell["cell_type"] == "code":
            plan.notes += _differences(cell, mine)
        else:
            texts_changed += [source_of(c) for c in mine] != [source_of(cell)]
        plan.steps += _extra_steps(extra.get(number, []))
    if texts_changed:
        plan.notes.append(f"text cells that were changed, removed or doubled: {texts_changed}")
    return plan


def _extra_steps(cells: Sequence[Cell]) -> list[Step]:
    return [Step("cell", "", source_of(cell), True) for cell in cells]


def _match(
    released: Sequence[Cell], handed_in: Sequence[Cell]
) -> tuple[dict[int, list[Cell]], dict[int, list[Cell]], list[int]]:
    """Return the handed-in cells of each released one, the extra ones behind each, the order.

    Released cells are told by their number; -1 stands for the place before the first.
    """
    signs = _Signs(released)
    found: dict[int, list[Cell]] = {}
    extra: dict[int, list[Cell]] = {}
    order, last = [], -1
    for cell in handed_in:
        number = signs.number_of(cell, found)
        if number is not None:
            found.setdefault(number, []).append(cell)
            order += [number] if len(found[number]) == 1 else []
            last = number
        elif cell.get("cell_type") == "code" and source_of(cell).strip():
            extra.setdefault(last, []).append(cell)
    return found, extra, order


class _Signs:
    """By what released cells are known again: task, id, source, or a function's first line."""

    def __init__(self, released: Sequence[Cell]) -> None:
        self.tasks = {role(cell): n for n, cell in enumerate(released) if role(cell)[0]}
        self.ids = {cell["id"]: n for n, cell in enumerate(released)}
        self.sources = {source_of(cell): n for n, cell in enumerate(released)}
        self.heads = {
            head: n
            for n, cell in enumerate(released)
            if DEFINITION.match(head := _head(cell)) and role(cell)[0] == "task"
        }

    def number_of(self, cell: Cell, found: Collection[int]) -> int | None:
        """Return the number of the released cell that a cell is; None if it is none of them.

        Args:
            cell: that was handed in.
            found: released cells that have been met before.
        """
        number = self.tasks.get(role(cell))
        if number is not None or role(cell)[0]:
            return number
        id = cell.get("id")
        number = self.ids.get(id) if isinstance(id, str) else None
        if number is None or number in found:  # a copy of a cell has a new place
            number = self.sources.get(source_of(cell), number)
        return self.heads.get(_head(cell)) if number is None else number


def _head(cell: Cell) -> str:
    return source_of(cell).split("\n")[0]


def _take(plan: Plan, cell: Cell, mine: Sequence[Cell]) -> None:
    """Add to the plan what a released cell, with what the learner made of it, asks to be done."""
    what, id = role(cell)
    if what == "check":
        plan.steps.append(Step("check", id))
    elif what == "words":
        text = "\n\n".join(source_of(c) for c in mine).strip()
        plan.answers[id] = "" if text == NO_WORDS else text
    elif what == "task":
        code = [source_of(c) for c in mine if c.get("cell_type") == "code"]
        if not code:
            plan.missing.add(id)
        plan.steps += [Step("cell", id, source, True) for source in code]
    elif cell["cell_type"] == "code":
        plan.steps.append(Step("cell", "", BUDGET if _sets_budget(cell) else source_of(cell)))


def _sets_budget(cell: Cell) -> bool:
    return "parameters" in cell.get("metadata", {}).get("tags", [])


def _differences(cell: Cell, mine: Sequence[Cell]) -> list[str]:
    """Say what a released cell has become."""
    what, id = role(cell)
    name = f"{what} {id}" if what else f"the given cell “{_first_line(cell)}”"
    if not mine:
        return [f"{name}: the cell was removed"]
    notes = []
    if len(mine) > 1:
        notes.append(f"{name}: the cell is there {len(mine)} times")
    was = cell["cell_type"]
    kinds = Counter(str(c.get("cell_type"))[:20] for c in mine) - Counter([was] * len(mine))
    if kinds:
        notes.append(f"{name}: the cell was turned from {was} into {', '.join(kinds)}")
    is_answer = what in ("task", "words")
    if not is_answer and not _sets_budget(cell) and source_of(mine[0]) != source_of(cell):
        notes.append(f"{name}: the cell was changed; the released one was used")
    points = [c["metadata"]["nbgrader"].get("points") for c in mine if role(c)[0]]
    if any(p != cell["metadata"]["nbgrader"].get("points") for p in points):
        notes.append(f"{name}: its points were changed in the file, to no effect")
    return notes


def _first_line(cell: Cell) -> str:
    return source_of(cell).strip().splitlines()[0][:50]
