"""The notebook that runs: the released exercise with the learner's answers in it.

Only answers and extra code cells are taken from what was handed in. Whatever else was removed,
changed, doubled or turned into another kind of cell is as it was released, and is noted.
"""

import re
from collections import Counter
from dataclasses import dataclass, field

from homework.grading.reading import source_of

STUB_ANSWER = "YOUR ANSWER HERE"
GRADED = re.compile(r"(task|check|words)-(\d+)-(\d+)")
DEFINITION = re.compile(r"\s*def \w+\(")
BUDGET = 'budget = "smoke"  # grading needs no trained networks'


@dataclass(frozen=True)
class Step:
    """One thing to do with a notebook: run a cell, or check a task where its check stands."""

    kind: str  # "cell" or "check"
    task: str = ""  # for which task; "" for none
    source: str = ""
    learner: bool = False  # written by the learner


@dataclass
class Plan:
    """What to run, the answers in words, and what is to be noted."""

    steps: list = field(default_factory=list)
    answers: dict = field(default_factory=dict)  # text by task; "" if there is none
    missing: set = field(default_factory=set)  # tasks whose answer isn't there, or is no code
    notes: list = field(default_factory=list)

    def steps_for(self, ids, to_the_end):
        """Return the steps with the checks of some tasks only, perhaps only as far as needed."""
        steps = [step for step in self.steps if step.kind == "cell" or step.task in ids]
        last = max((n for n, step in enumerate(steps) if step.kind == "check"), default=-1)
        return steps if to_the_end else steps[: last + 1]


def role(cell):
    """Return ``(what, task)`` of a cell, such as ``("check", "04.1")``, or two empty texts."""
    metadata = cell.get("metadata")
    metadata = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    id = metadata.get("grade_id") if isinstance(metadata, dict) else None
    match = GRADED.fullmatch(id) if isinstance(id, str) else None
    return (match[1], f"{match[2]}.{match[3]}") if match else ("", "")


def rebuild(released, handed_in):
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
    for number, cell in enumerate([None, *released], -1):
        if cell is not None:
            mine = found.get(number, [])
            what, id = role(cell)
            _take(plan, cell, what, id, mine)
            if what in ("check", "task", "words"):
                plan.notes += _differences(cell, f"{what} {id}", mine)
            elif cell["cell_type"] == "code":
                plan.notes += _differences(cell, _called(cell), mine)
            else:
                texts_changed += [source_of(c) for c in mine] != [source_of(cell)]
        plan.steps += [Step("cell", "", source_of(c), True) for c in extra.get(number, [])]
    if texts_changed:
        plan.notes.append(f"text cells that were changed, removed or doubled: {texts_changed}")
    return plan


def _match(released, handed_in):
    """Return the handed-in cells of each released one, the extra ones behind each, the order."""
    graded = {role(cell): n for n, cell in enumerate(released) if role(cell)[0]}
    ids = {cell["id"]: n for n, cell in enumerate(released)}
    sources = {source_of(cell): n for n, cell in enumerate(released)}
    heads = {}
    for n, cell in enumerate(released):
        head = source_of(cell).split("\n")[0]
        if role(cell)[0] == "task" and DEFINITION.match(head):
            heads[head] = n
    found, extra, order, last = {}, {}, [], -1
    for cell in handed_in:
        source = source_of(cell)
        number = graded.get(role(cell))
        if number is None and not role(cell)[0]:
            id = cell.get("id")
            number = ids.get(id) if isinstance(id, str) else None
            if number is None or number in found:  # a copy of a cell has a new place
                number = sources.get(source, number)
            if number is None:
                number = heads.get(source.split("\n")[0])
        if number is not None:
            found.setdefault(number, []).append(cell)
            order += [number] if len(found[number]) == 1 else []
            last = number
        elif cell.get("cell_type") == "code" and source.strip():
            extra.setdefault(last, []).append(cell)
    return found, extra, order


def _take(plan, cell, what, id, mine):
    """Add to the plan what a released cell, with what the learner made of it, asks to be done."""
    if what == "check":
        plan.steps.append(Step("check", id))
    elif what == "words":
        text = "\n\n".join(source_of(c) for c in mine).strip()
        plan.answers[id] = "" if text == STUB_ANSWER else text
    elif what == "task":
        code = [source_of(c) for c in mine if c.get("cell_type") == "code"]
        if not code:
            plan.missing.add(id)
        plan.steps += [Step("cell", id, source, True) for source in code]
    elif cell["cell_type"] == "code":
        tags = cell.get("metadata", {}).get("tags", [])
        plan.steps.append(Step("cell", "", BUDGET if "parameters" in tags else source_of(cell)))


def _differences(cell, name, mine):
    """Say what a released cell has become."""
    if not mine:
        return [f"{name}: the cell was removed"]
    notes = []
    if len(mine) > 1:
        notes.append(f"{name}: the cell is there {len(mine)} times")
    kinds = Counter(str(c.get("cell_type"))[:20] for c in mine) - Counter(
        [cell["cell_type"]] * len(mine)
    )
    if kinds:
        was, now = cell["cell_type"], ", ".join(kinds)
        notes.append(f"{name}: the cell was turned from {was} into {now}")
    tags = cell.get("metadata", {}).get("tags", [])
    is_answer = role(cell)[0] in ("task", "words")
    if not is_answer and "parameters" not in tags and source_of(mine[0]) != source_of(cell):
        notes.append(f"{name}: the cell was changed; the released one was used")
    points = [c["metadata"]["nbgrader"].get("points") for c in mine if role(c)[0]]
    if any(p != cell["metadata"]["nbgrader"].get("points") for p in points):
        notes.append(f"{name}: its points were changed in the file, to no effect")
    return notes


def _called(cell):
    return f"the given cell “{source_of(cell).strip().splitlines()[0][:50]}”"
