"""Run the lessons, and keep their committed outputs fresh.

    python -m tools.lessons run [--budget smoke|class|full] [--lesson 05] [--jobs 2]
    python -m tools.lessons notebooks [--lesson 05] [--force]     # and solutions
    python -m tools.lessons copy

`run` executes lessons into ``build/run-BUDGET/`` and leaves ``notebooks/`` alone.
`notebooks` executes lessons in place: those whose code, or whose modules of ``course_utils``,
have changed since their outputs were made. `copy` writes the smoke copies of the committed
lessons that nbval replays.
"""

import argparse
import sys

from course_utils.lesson.budget import BUDGETS
from tools.fingerprints import is_fresh
from tools.notebooks import BUILD, NOTEBOOKS, SOLUTIONS, CannotRun, find, read
from tools.replay import write_copies
from tools.running import run_lessons, save_results, side_by_side, table, use_this_python
from tools.tidying import refresh_prose, update


def _run(arguments):
    if arguments.budget not in BUDGETS:
        raise CannotRun(f"There is no budget {arguments.budget!r}; choose {', '.join(BUDGETS)}.")
    target = BUILD / f"run-{arguments.budget}"
    # Side by side only where nobody reads the times.
    jobs = arguments.jobs or (2 if arguments.budget == "smoke" else 1)
    paths = find(NOTEBOOKS, arguments.lesson)
    outcomes = run_lessons(paths, target, {"budget": arguments.budget}, jobs)
    save_results(outcomes, target / "results.json")
    return outcomes


def _notebooks(arguments):
    changed = []
    solutions = {path.stem: path for path in find(SOLUTIONS)}
    paths = find(NOTEBOOKS, arguments.lesson)
    for path in [*paths, *(solutions[p.stem] for p in paths if p.stem in solutions)]:
        if arguments.force or arguments.lesson or not is_fresh(read(path)):
            changed.append(path)
        else:
            refresh_prose(path)
    if not changed:
        print("The outputs of all lessons and solutions are up to date.")
    return side_by_side(update, changed, jobs=1)


def _copy(arguments):
    write_copies(find(NOTEBOOKS), BUILD / "nbval", {"budget": "smoke"})
    return []


def status_of(command):
    """Run a command that returns outcomes, show their table, and return an exit status.

    Returns:
        0: all went well; 1: a run failed; 2: refused; 130: interrupted.
    """
    use_this_python()
    try:
        outcomes = command()
    except CannotRun as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nStopped; what is done is kept.", file=sys.stderr)
        return 130
    if outcomes:
        print("\n" + table(outcomes))
    return 0 if all(o.ok for o in outcomes) else 1


def main(words=None):
    """Run a command of this tool; return its exit status (2: it was refused)."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    commands = parser.add_subparsers(required=True)
    run = commands.add_parser("run", help="execute lessons into build/")
    run.add_argument("--budget", default="class", help=", ".join(BUDGETS))
    run.add_argument("--lesson", help="number of one lesson, such as 05")
    run.add_argument("--jobs", type=int, help="lessons that run side by side")
    run.set_defaults(command=_run)
    notebooks = commands.add_parser("notebooks", help="execute changed lessons in place")
    notebooks.add_argument("--lesson", help="number of one lesson, which then always runs")
    notebooks.add_argument("--force", action="store_true", help="all lessons, changed or not")
    notebooks.set_defaults(command=_notebooks)
    copy = commands.add_parser("copy", help="write the copies that nbval replays")
    copy.set_defaults(command=_copy)
    arguments = parser.parse_args(words)
    return status_of(lambda: arguments.command(arguments))


if __name__ == "__main__":
    sys.exit(main())
