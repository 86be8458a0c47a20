"""Run the lessons, and keep their committed outputs fresh.

    python tools/lessons.py run [--budget smoke|class|full] [--lesson 05] [--jobs 2]
    python tools/lessons.py notebooks [--lesson 05] [--force]     # and solutions
    python tools/lessons.py copy

`run` executes lessons into ``build/run-BUDGET/`` and leaves ``notebooks/`` alone.
`notebooks` executes lessons in place: those whose code, or whose modules of ``course_utils``,
have changed since their outputs were made. `copy` writes the smoke copies of the committed
lessons that nbval replays.
"""

import argparse
import ast
import contextlib
import hashlib
import io
import json
import os
import re
import sys
import textwrap
import time
import tokenize
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from platform import python_version

import nbformat
import psutil
from IPython.core.inputtransformer2 import TransformerManager
from papermill.engines import papermill_engines
from papermill.iorw import load_notebook_node
from papermill.parameterize import parameterize_notebook

from course_utils.lesson.budget import BUDGETS
from course_utils.lesson.results import MIME, quote, recorded

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = ROOT / "notebooks"
SOLUTIONS = ROOT / "solutions"
PACKAGE = ROOT / "course_utils"
BUILD = ROOT / "build"

METADATA_KEY = "learning_to_carry"
KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
# Without versions: they differ between computers and would change the file at every run.
LANGUAGE = {
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "name": "python",
    "pygments_lexer": "ipython3",
}


class Refused(ValueError):
    """What was asked for can't be run; the message says why in one sentence."""


class Failed(RuntimeError):
    """A cell of a lesson failed; the message says which and how."""


@dataclass
class Outcome:
    """How the run of one lesson ended.

    Attributes:
        lesson: file name without ending.
        seconds: wall time, the start of the kernel included.
        cells: number of code cells that ran.
        recorded: what the lesson recorded, by name.
        result: its last recorded values in one line.
        error: lesson, cell and error in words, or None if all went well.
    """

    lesson: str
    seconds: float
    cells: int = 0
    recorded: dict = field(default_factory=dict)
    result: str = ""
    error: str | None = None

    @property
    def ok(self):
        """Whether the lesson ran through."""
        return self.error is None


# Finding and reading lessons -----------------------------------------------------------------


def find(folder, lesson=None):
    """List the lessons of a folder.

    Args:
        folder: where the notebooks are.
        lesson: a number (``"05"`` or ``"5"``) or a file name, if only one is wanted.

    Returns:
        Paths in the order of the course.

    Raises:
        Refused: if there is no such lesson.
    """
    paths = sorted(Path(folder).glob("[0-9]*.ipynb"))
    if lesson is None:
        return paths
    wanted = Path(lesson).stem
    chosen = [p for p in paths if wanted.zfill(2) == p.stem.split("_")[0] or wanted == p.stem]
    if not chosen:
        known = ", ".join(path.stem for path in paths) or "none"
        raise Refused(f"There is no lesson {lesson!r}; the lessons are: {known}.")
    return chosen


def read(path):
    """Return the notebook in a file as nbformat reads it."""
    return nbformat.read(path, as_version=4)


def tags(cell):
    """Return the tags of a cell."""
    return cell.metadata.get("tags", [])


def code_cells(notebook):
    """Return the code cells that the author wrote, in order."""
    return [
        cell
        for cell in notebook.cells
        if cell.cell_type == "code" and "injected-parameters" not in tags(cell)
    ]


def parameter_names(notebook):
    """Return the names that the cell tagged ``parameters`` sets; none if there is no such cell."""
    names = set()
    for cell in code_cells(notebook):
        if "parameters" in tags(cell):
            for statement in ast.parse(cell.source).body:
                targets = getattr(statement, "targets", [getattr(statement, "target", None)])
                names |= {target.id for target in targets if isinstance(target, ast.Name)}
    return names


def require_parameters(notebook, names):
    """Refuse a lesson whose parameters cell doesn't set all of some names.

    papermill only warns, and would then run the lesson with its own values.

    Raises:
        Refused: naming what is missing.
    """
    missing = sorted(set(names) - parameter_names(notebook))
    if missing:
        raise Refused(
            f"There is no parameter {', '.join(missing)}: the lesson needs a code cell tagged "
            "`parameters` that sets it."
        )


# Running -------------------------------------------------------------------------------------


def versions():
    """Return what results may depend on, by name."""
    packages = {name: version(name) for name in ("tensorflow", "keras", "numpy")}
    return packages | {"python": python_version()}


def use_this_python():
    """Make kernels started from here use this Python, whatever else the user has installed.

    Jupyter takes the first ``python3`` kernel that it finds, so this environment goes first. The
    user's IPython start-up files are left out, since they could change what a lesson prints.
    """
    os.environ["JUPYTER_PATH"] = str(Path(sys.prefix) / "share" / "jupyter")
    os.environ["IPYTHONDIR"] = str(BUILD / "ipython")


def execute(path, target, parameters):
    """Execute a notebook with papermill, in the folder where it lies.

    Args:
        path: the notebook.
        target: where the executed notebook goes; written even if a cell fails.
        parameters: values to inject, by name.

    Returns:
        The executed notebook.

    Raises:
        Refused: if the notebook doesn't have these parameters.
        Failed: if a cell fails that isn't tagged ``raises-exception``.
    """
    require_parameters(read(path), parameters)
    notebook = load_notebook_node(str(path))
    if parameters:
        notebook = parameterize_notebook(
            notebook, parameters, kernel_name="python3", language="python"
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    # papermill's engine and not its `execute_notebook`, which takes errors that a lesson shows on
    # purpose for failures, braces in a path for parameters, and moves this whole process to `cwd`.
    papermill_engines.execute_notebook_with_engine(
        None,
        notebook,
        kernel_name="python3",
        output_path=str(target),
        # `disable=None`: no bar where the output is not a terminal.
        progress_bar={
            "desc": f"{path.stem:32}",
            "bar_format": "{desc} {bar:24} {n_fmt:>3}/{total_fmt} cells {elapsed}",
            "disable": None,
        },
        resources={"metadata": {"path": str(path.parent)}},
        # Remarks about the kernel's own set-up would tear the progress bar.
        extra_arguments=["--IPKernelApp.log_level=CRITICAL"],
    )
    for number, cell in enumerate(code_cells(notebook), 1):
        if cell.metadata.papermill["exception"]:
            error = next(o for o in cell.outputs if o.output_type == "error")
            first_line = cell.source.strip().split("\n")[0]
            raise Failed(f"code cell {number} ({first_line}): {error.ename}: {error.evalue}")
    return notebook


def run_lesson(path, target, parameters):
    """Run one lesson; an error ends up in the outcome, not as an exception.

    Args:
        path: the notebook.
        target: where the executed notebook goes.
        parameters: values to inject, by name.

    Returns:
        An `Outcome`.
    """
    start = time.perf_counter()
    outcome = Outcome(path.stem, 0.0)
    try:
        notebook = execute(path, target, parameters)
        outcome.cells = len(code_cells(notebook))
        outcome.recorded = recorded(notebook)
        outcome.result = result_line(notebook)
    except (Refused, Failed) as error:
        outcome.error = f"{path.stem}: {error}"
    except Exception as error:  # a dead kernel, a broken file: the other lessons still run
        outcome.error = f"{path.stem}: {type(error).__name__}: {error}"
    outcome.seconds = time.perf_counter() - start
    return outcome


def result_line(notebook, width=70):
    """Return what a notebook recorded last, in one line of at most `width` characters."""
    line = ""
    for cell in code_cells(notebook):
        for output in cell.outputs:
            if MIME in output.get("data", {}):
                line = output.data["text/plain"].replace("\n", ", ")
    return textwrap.shorten(line, width, placeholder=" …")


def side_by_side(run_one, paths, jobs):
    """Call a function that runs a lesson for several of them, `jobs` at the same time.

    Args:
        run_one: takes a path and returns an `Outcome`.
        paths: the notebooks.
        jobs: how many run at the same time.

    Returns:
        A list of `Outcome`, in the order of `paths`.
    """

    def run_and_tell(path):
        outcome = run_one(path)
        if not sys.stderr.isatty():
            state = "ok" if outcome.ok else "FAILED"
            print(f"{outcome.lesson}: {state}, {outcome.seconds:.1f} s", flush=True)
        return outcome

    # Threads, even for one job: in the main thread nbclient would answer Ctrl-C itself,
    # by stopping one kernel and going on with the next lesson.
    with ThreadPoolExecutor(jobs) as pool:
        try:
            return list(pool.map(run_and_tell, paths))
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            for kernel in psutil.Process().children(recursive=True):
                with contextlib.suppress(psutil.NoSuchProcess):
                    kernel.kill()
            raise


def run_lessons(paths, target, parameters, jobs=1):
    """Run lessons; one that fails doesn't stop the others.

    Args:
        paths: the notebooks.
        target: folder for the executed notebooks.
        parameters: values to inject, by name.
        jobs: how many run at the same time.

    Returns:
        A list of `Outcome`, in the order of `paths`.
    """
    return side_by_side(lambda path: run_lesson(path, target / path.name, parameters), paths, jobs)


def table(outcomes):
    """Return outcomes as a table in text, failures in full below it."""
    lines = [f"{'lesson':32} {'seconds':>7} {'cells':>5}  result"]
    for o in outcomes:
        result = o.result if o.ok else "FAILED"
        lines.append(f"{o.lesson:32} {o.seconds:7.1f} {o.cells:5}  {result}".rstrip())
    lines.append(f"{'all':32} {sum(o.seconds for o in outcomes):7.1f}")
    lines += ["\n" + o.error for o in outcomes if not o.ok]
    return "\n".join(lines)


def save_results(outcomes, path):
    """Write outcomes as JSON: what `Outcome` holds, and ``ok``, by lesson."""
    found = {o.lesson: {**asdict(o), "ok": o.ok} for o in outcomes}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


# Committed outputs ---------------------------------------------------------------------------


def fingerprint(notebook, package=PACKAGE):
    """Return a checksum of all code on which the outputs of a notebook depend.

    That is: its code cells, the modules of `package` which they import, those which these import,
    and the shipped files of `package` that a cell names. Comments and docstrings of modules don't
    count. The package's ``__init__`` doesn't either: it holds no behaviour, and a new version
    number shouldn't make every lesson run again.
    """
    cells = [cell.source for cell in code_cells(notebook)]
    wanted = {name for source in cells for name in _imported(_plain_python(source), package)}
    modules = {}
    while wanted - modules.keys():
        name = min(wanted - modules.keys())
        source = (package / f"{name}.py").read_text(encoding="utf-8")
        modules[name] = _without_comments(source)
        wanted |= _imported(source, package)
        script = package / f"{name}.js"  # what a module hands to the browser belongs to it
        if script.exists():
            modules[script.name] = script.read_text(encoding="utf-8")
    shipped = {  # networks and tables that a cell names
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted((package / "checkpoints").glob("*"))
        if any(f'"{path.name.split(".")[0]}"' in cell for cell in cells)
    }
    everything = json.dumps([cells, sorted(modules.items()), *filter(None, [shipped])])
    return hashlib.sha256(everything.encode()).hexdigest()


def _plain_python(source):
    return TransformerManager().transform_cell(source)  # lines with % or ! become calls


def _imported(source, package):
    names = set()
    with contextlib.suppress(SyntaxError):  # a cell may show one on purpose
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                base = ".".join(filter(None, [package.name if node.level else "", node.module]))
                names |= {base} | {f"{base}.{alias.name}" for alias in node.names}
    inside = {name.split(".")[1] for name in names if name.startswith(f"{package.name}.")}
    return {name for name in inside if (package / f"{name}.py").exists()}


def _without_comments(source):
    # On the text, not with ast.unparse: what that writes differs between versions of Python.
    lines = source.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            if ast.get_docstring(node) is not None:
                docstring = node.body[0]
                for row in range(docstring.lineno - 1, docstring.end_lineno):
                    lines[row] = ""
    return "\n".join(line.rstrip() for line in lines if line.strip())


def is_fresh(notebook, package=PACKAGE):
    """Return whether the outputs of a notebook were made by the code as it is now."""
    known = notebook.metadata.get(METADATA_KEY, {}).get("fingerprint")
    return known == fingerprint(notebook, package)


def tidy(notebook, package=PACKAGE):
    """Prepare an executed notebook for being committed, in place.

    What differs from run to run without saying anything goes (times, versions, papermill's notes),
    neighbouring pieces of printed text are joined, and the numbers in the prose are written anew.

    Raises:
        ValueError: if the prose quotes a value that the lesson doesn't record.
    """
    values = recorded(notebook)
    notebook.cells = [cell for cell in notebook.cells if "injected-parameters" not in tags(cell)]
    for cell in notebook.cells:
        kept = {name: cell.metadata[name] for name in ("tags", "nbgrader") if name in cell.metadata}
        cell.metadata = nbformat.from_dict(kept)
        if cell.cell_type == "code":
            cell.outputs = _joined(cell.outputs)
        elif cell.cell_type == "markdown":
            cell.source = quote(cell.source, values)
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": KERNELSPEC,
            "language_info": LANGUAGE,
            METADATA_KEY: {"fingerprint": fingerprint(notebook, package)},
        }
    )


def _joined(outputs):
    joined = []
    for output in outputs:
        last = joined[-1] if joined else None
        if (
            last is not None
            and output.output_type == last.output_type == "stream"
            and output.name == last.name
        ):
            last.text += output.text
        else:
            joined.append(output)
    for output in joined:
        if output.output_type == "stream":
            # A line that was overwritten (a progress bar) is kept as it was last seen.
            output.text = re.sub(r"^.*\r(?!\n)", "", output.text, flags=re.MULTILINE)
    return joined


def write(notebook, path):
    """Write a notebook so that the old file stays whole until the new one is."""
    new = path.with_name(f".{path.name}.new")
    try:
        with new.open("w", encoding="utf-8", newline="\n") as file:
            nbformat.write(notebook, file)
        os.replace(new, path)
    finally:
        new.unlink(missing_ok=True)


def update(path, build=BUILD, package=PACKAGE):
    """Execute a committed lesson in place, with the budget that it names itself.

    The file is replaced only if the lesson ran through and its prose could be brought up to date.

    Returns:
        An `Outcome`.
    """
    executed = build / "notebooks" / path.name
    outcome = run_lesson(path, executed, {})
    if outcome.ok:
        notebook = read(executed)
        try:
            tidy(notebook, package)
            write(notebook, path)
        except ValueError as error:
            outcome.error = f"{path.stem}: {error}"
    return outcome


def refresh_prose(path):
    """Write the quoted numbers of a lesson anew from its committed outputs, without running it.

    Raises:
        Refused: if the prose quotes a value that the lesson doesn't record.
    """
    notebook = read(path)
    try:
        fresh = [
            quote(cell.source, recorded(notebook)) if cell.cell_type == "markdown" else cell.source
            for cell in notebook.cells
        ]
    except ValueError as error:
        raise Refused(f"{path.stem}: {error}") from None
    if fresh != [cell.source for cell in notebook.cells]:
        for cell, source in zip(notebook.cells, fresh, strict=True):
            cell.source = source
        write(notebook, path)


def write_copies(paths, target, parameters):
    """Write copies of committed notebooks, outputs included, that run with other parameters.

    Args:
        paths: the notebooks.
        target: folder for the copies; other notebooks in it are removed.
        parameters: values to inject, by name.
    """
    target.mkdir(parents=True, exist_ok=True)
    for old in target.glob("*.ipynb"):
        old.unlink()
    for path in paths:
        notebook = parameterize_notebook(
            load_notebook_node(str(path)), parameters, kernel_name="python3", language="python"
        )
        injected = next(c for c in notebook.cells if "injected-parameters" in tags(c))
        # The copy must find the files that the lesson finds.
        injected.source += f"import os\n\nos.chdir({str(path.parent)!r})\n"
        write(notebook, target / path.name)


# Commands ------------------------------------------------------------------------------------


def _run(arguments):
    if arguments.budget not in BUDGETS:
        raise Refused(f"There is no budget {arguments.budget!r}; choose {', '.join(BUDGETS)}.")
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
    except Refused as error:
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
