"""Measure what the course claims about speed; print a table and write build/bench.json.

Give the computer a quiet quarter of an hour: `python tools/bench.py`, or `make bench`.
"""

import json
import sys

import lessons

# The targets for wall time speak of these, however many lessons there are.
FIRST_LESSONS = ("00", "04", "05", "06", "07", "08")
SECONDS_EACH = {"smoke": 30, "class": 180}
SECONDS_ALL = {"smoke": 180, "class": 720}


def row(name, value, unit, at_most=None, at_least=None):
    """Return one line of the table: what was measured, and whether the target is met.

    Args:
        name: what was measured.
        value: the number.
        unit: its unit, such as ``"s"`` or ``"times"``.
        at_most: the target, if less is better.
        at_least: the target, if more is better.

    Returns:
        A dictionary with the keys name, value, unit, target (in words) and ok. Without a target
        the row is for information, and ok.
    """
    target, ok = "", True
    if at_most is not None:
        target, ok = f"<= {at_most}", value <= at_most
    elif at_least is not None:
        target, ok = f">= {at_least}", value >= at_least
    return {"name": name, "value": round(value, 3), "unit": unit, "target": target, "ok": bool(ok)}


def lesson_rows():
    """Run every lesson at smoke and at class, one at a time; return the rows of wall times."""
    rows = []
    for budget in ("smoke", "class"):
        target = lessons.BUILD / "bench" / budget
        outcomes = lessons.run_lessons(
            lessons.find(lessons.NOTEBOOKS), target, {"budget": budget}, jobs=1
        )
        for outcome in outcomes:
            measured = row(
                f"{outcome.lesson} at {budget}", outcome.seconds, "s", at_most=SECONDS_EACH[budget]
            )
            measured["ok"] &= outcome.ok  # a lesson that failed was not fast
            rows.append(measured)
            if not outcome.ok:
                print(outcome.error, file=sys.stderr)
        first = [o.seconds for o in outcomes if o.lesson.startswith(FIRST_LESSONS)]
        name = f"lessons {', '.join(FIRST_LESSONS)} at {budget}"
        rows.append(row(name, sum(first), "s", at_most=SECONDS_ALL[budget]))
    return rows


def main():
    """Measure everything; return 1 if a target is missed."""
    lessons.use_this_python()
    rows = lesson_rows()
    print(f"\n{'':60} {'value':>10} {'unit':8} {'target':10} ok")
    for r in rows:
        mark = "yes" if r["ok"] else "NO"
        print(f"{r['name']:60} {r['value']:>10,.4g} {r['unit']:8} {r['target']:10} {mark}")
    path = lessons.BUILD / "bench.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    return 0 if all(r["ok"] for r in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
