"""Running notebooks with papermill: one or many, and what came of it."""

import contextlib
import json
import os
import sys
import textwrap
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from platform import python_version

import psutil
from papermill.engines import papermill_engines
from papermill.iorw import load_notebook_node
from papermill.parameterize import parameterize_notebook

from course_utils.lesson.results import MIME, recorded
from tools.notebooks import BUILD, CannotRun, code_cells, read, require_parameters


class CellFailed(RuntimeError):
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
        CannotRun: if the notebook doesn't have these parameters.
        CellFailed: if a cell fails that isn't tagged ``raises-exception``.
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
            raise CellFailed(f"code cell {number} ({first_line}): {error.ename}: {error.evalue}")
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
    except (CannotRun, CellFailed) as error:
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
