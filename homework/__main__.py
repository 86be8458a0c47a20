"""Commands of the course: ``python -m homework hand-in`` and ``… grade``."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from homework import hand_in

GRADE = """
HANDINS is a folder with what the learners sent: zips from hand_in(), bare notebooks, a folder for
each learner, or the unpacked bulk download of Moodle or Canvas. Nothing in it is changed.

MARKS gets
  marks.csv            points per learner and task; moodle-….csv and canvas-….csv to upload
  feedback/NAME.html   a page for each learner
  class.html           the class at a glance
  to-mark.csv          the answers in words, for you to read: save it as manual.csv, fill in points
                       and comments, and run the same command again; manual.csv is never written
  results/NAME.json    all that is known of a hand-in; with it, a rerun grades only what is new

Exit status: 0 if all is graded; 1 if something wants your attention, which is said; 2 if nothing
could be done. How to run a course with it: TEACHING.md.
"""


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    about = (__doc__ or "").split("\n")[0]
    made = argparse.ArgumentParser(prog="python -m homework", description=about)
    commands = made.add_subparsers(dest="command", required=True)
    one = commands.add_parser("hand-in", help="pack a notebook of yours into one file to hand in")
    one.add_argument("notebook", type=Path, help="such as work/05_the_carry_model.ipynb")
    one.add_argument("--name", help="yours; by default the one that you gave last time")
    many = commands.add_parser(
        "grade",
        help="mark what a class has handed in",
        description="Mark what a class has handed in: each notebook runs in a sandbox.",
        epilog=GRADE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    many.add_argument("handins", type=Path, metavar="HANDINS", help="the folder to read")
    many.add_argument("--out", type=Path, required=True, metavar="MARKS", help="the one to write")
    many.add_argument(
        "--workers",
        type=int,
        default=os.cpu_count(),
        help="hand-ins at a time; by default one for each core of this machine (%(default)s)",
    )
    many.add_argument("--scheduler", metavar="tls://…", help="let a running dask cluster do it")
    many.add_argument(
        "--certificates", type=Path, help="for tls://, a folder: ca.pem, cert.pem, key.pem"
    )
    many.add_argument(
        "--no-sandbox",
        action="store_true",
        help="only for hand-ins that are all your own: their code runs with all your rights",
    )
    return made


def main(words: Sequence[str] | None = None) -> int:
    """Run a command; return its exit status.

    Args:
        words: of the command line; by default those that this program was called with.
    """
    chosen = parser().parse_args(words)
    if chosen.command == "hand-in":
        return hand_in.from_command(chosen.notebook, chosen.name)
    return _grade(chosen)


def _grade(chosen: argparse.Namespace) -> int:
    """Grade a class as the command line says; return the exit status."""
    if os.name == "nt":
        print("Grading runs on Linux: on Windows, use WSL 2; see TEACHING.md.", file=sys.stderr)
        return 2
    from homework.grading import run, sandbox

    if chosen.workers < 1:
        print(f"--workers should be 1 or more, but it is {chosen.workers}.", file=sys.stderr)
        return 2
    try:
        return run.grade_class(
            chosen.handins,
            chosen.out,
            chosen.workers,
            chosen.scheduler,
            chosen.certificates,
            isolated=not chosen.no_sandbox,
        )
    except (run.CannotGrade, sandbox.Missing, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Interrupted: what was graded is kept; the same command goes on.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
