"""An exercise in the notebook: check an answer, ask for a hint, see the points.

The learner's work is whatever stands in the notebook's variables. It may be unfinished, wrong,
endless or odd; a check calls it with a time limit, takes back plain data only, and always answers
with *passed* or with what is wrong.
"""

import builtins
import contextlib
import copy
import html
import inspect
import io
import itertools
import linecache
import os
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import course_utils
import homework
from homework import checks
from homework import hand_in as handing_in
from homework.checks import Failed, Task, Tasks
from homework.describing import call_text
from homework.limits import TimeIsUp, time_limit

SECONDS = 10  # for all that one check asks of the learner's work
LARGEST = 64_000_000  # bytes of an array, characters of a text, items of a list
DEEPEST = 20  # levels of lists in lists
BUILTINS = dict(vars(builtins))


# The learner's work ----------------------------------------------------------------------------


class Work:
    """What a learner has written, to be called and no more.

    ``work.name(…)`` calls the learner's function `name` with copies of the arguments and returns
    plain data: numbers, texts, arrays, and lists, tuples and dictionaries of them.

    Args:
        namespace: the variables of the notebook.
        seconds: time for all calls together.
    """

    def __init__(self, namespace: Mapping[str, Any], seconds: float = SECONDS) -> None:
        self._namespace = namespace
        self._left = seconds

    def __getattr__(self, name: str) -> "Function":
        return Function(self, name)

    def value(self, name: str) -> Any:
        """Return the value of the learner's variable `name` as plain data."""
        return self._ask(lambda: plain_data(self._named(name)), name)

    def _named(self, name: str) -> Any:
        if name not in self._namespace:
            raise Failed(
                f"there is no `{name}` yet",
                f"Run the cell that defines it; if you have, compare the name with `{name}`.",
                error="NameError",
            )
        return self._namespace[name]

    def _ask(self, call: Callable[[], Any], text: str) -> Any:
        """Run `call` with the time that is left; turn whatever goes wrong into `Failed`."""
        start = time.perf_counter()
        try:
            with _quiet(), time_limit(self._left):
                return call()
        except Failed:
            raise
        except TimeIsUp:
            raise Failed(
                "it didn't end in time, so it was stopped",
                "Is there a loop whose condition never becomes false? Print something inside to "
                "see what it does.",
                example=text,
                error="TimeLimit",
            ) from None
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # also SystemExit: a check has to survive it
            raise _failure_of(error, text, self._namespace) from None
        finally:
            self._left -= time.perf_counter() - start


class Function:
    """A function of the learner's; see `Work`."""

    def __init__(self, work: Work, name: str) -> None:
        self._work, self.name = work, name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._ask(lambda function: plain_data(function(*args, **kwargs)), args, kwargs)

    def first(self, n: int, *args: Any, **kwargs: Any) -> list[Any]:
        """Return the first n items of the generator that the function returns, as a list."""
        return self._ask(
            lambda function: [
                plain_data(x) for x in itertools.islice(function(*args, **kwargs), n)
            ],
            args,
            kwargs,
        )

    def model(self, *args: Any, inputs: Sequence[Any] = (), **kwargs: Any) -> dict[str, Any]:
        """Return what the Keras model that the function returns is and does, as plain data.

        Args:
            *args, **kwargs: of the function.
            inputs: arrays to feed it.

        Returns:
            A dictionary: ``parameters``, ``layers`` (a list of dictionaries: class, name, and of
            units, activation, return_sequences, stateful, n what the layer has; and whether Keras
            knows it, so that it can be loaded again), ``outputs`` (one array for each of `inputs`).
        """
        return self._ask(
            lambda function: _model_report(function(*args, **kwargs), inputs), args, kwargs
        )

    def _ask(
        self, use: Callable[[Any], Any], args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> Any:
        work = self._work
        text = call_text(self, [*args, *kwargs.values()])

        def call() -> Any:
            function = work._named(self.name)
            if not callable(function):
                raise Failed(
                    f"`{self.name}` is {with_article(type(function).__name__)}, not a function",
                    "Has a variable got the function's name? Run the cell that defines it again.",
                    error="TypeError",
                )
            return use(_with_copies(function))

        return work._ask(call, text)


def _with_copies(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *args, **kwargs: function(*copy.deepcopy(args), **copy.deepcopy(kwargs))


def plain_data(value: Any, depth: int = 0) -> Any:
    """Return a value as plain data that shares nothing with the original.

    Raises:
        Failed: if it is something else, or too large.
    """
    kind = type(value)
    if value is None or kind in (bool, int, float, str):
        if kind is str and len(value) > LARGEST:
            raise Failed(f"it is a text of {len(value):,} characters", "Is a loop adding to it?")
        return value
    if kind.__module__.startswith(("tensorflow", "keras")) and hasattr(value, "numpy"):
        value = value.numpy()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        if value.nbytes > LARGEST or value.dtype.kind not in "biufcU":
            raise Failed(
                f"it is an array of {value.dtype}, shape {value.shape}",
                "Numbers are expected here, and not more of them than asked for.",
            )
        return np.array(value)
    if kind in (list, tuple, dict, set):
        if depth > DEEPEST or len(value) > LARGEST // 100:
            raise Failed(
                f"it is a {kind.__name__} that is too deep or too long", "Is a loop adding to it?"
            )
        if kind is dict:
            return {plain_data(k, depth + 1): plain_data(v, depth + 1) for k, v in value.items()}
        return kind(plain_data(item, depth + 1) for item in value)
    name = with_article(kind.__name__)
    hint = f"Numbers, texts, arrays or lists of them are expected here, not {name}."
    if inspect.isgenerator(value):
        hint = "It contains `yield`, so it returns a generator; here a `return` is expected."
        if value.gi_code.co_name == "<genexpr>":
            hint = "Round brackets around a comprehension make a generator; square ones, a list."
    elif callable(value):
        hint = "A function came back. Are the brackets of a call missing?"
    raise Failed(f"it returned {name}", hint, error="TypeError")


def _model_report(model: Any, inputs: Sequence[Any]) -> dict[str, Any]:
    if not (hasattr(model, "layers") and hasattr(model, "count_params")):
        raise Failed(
            f"it returned {with_article(type(model).__name__)}, not a Keras model",
            "Is there a `return model`?",
            error="TypeError",
        )
    layers, waiting = [], list(model.layers)
    while waiting:
        layer = waiting.pop(0)
        if hasattr(layer, "layers"):  # a model inside the model
            waiting = [*layer.layers, *waiting]
            continue
        config = layer.get_config()
        names = ("units", "activation", "return_sequences", "stateful", "n", "filters", "unroll")
        found = {name: config[name] for name in names if isinstance(config.get(name), int | str)}
        found["known"] = _is_known(type(layer))
        layers.append({"class": type(layer).__name__, "name": layer.name} | found)
    outputs = [plain_data(model(np.array(x), training=False)) for x in inputs]
    return {"parameters": int(model.count_params()), "layers": layers, "outputs": outputs}


def _is_known(kind: type) -> bool:
    if kind.__module__.startswith("keras."):
        return True
    from keras import saving

    return saving.get_registered_object(saving.get_registered_name(kind)) is kind


# What may go wrong -----------------------------------------------------------------------------


class _Nowhere(io.TextIOBase):
    """Where the learner's prints go during a check: they may be endless."""

    def write(self, text: str) -> int:
        return len(text)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    nowhere = _Nowhere()
    with contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere):
        yield


@contextlib.contextmanager
def _builtins_restored() -> Iterator[None]:
    """Undo assignments such as ``builtins.len = …`` for the time of a check."""
    changed = {k: v for k, v in vars(builtins).items() if BUILTINS.get(k, v) is not v}
    for name in changed:
        setattr(builtins, name, BUILTINS[name])
    try:
        yield
    finally:
        for name, value in changed.items():
            setattr(builtins, name, value)


def _failure_of(error: BaseException, text: str, namespace: Mapping[str, Any]) -> Failed:
    """Return the failure for an exception that the learner's code raised."""
    name = type(error).__name__
    hint = {
        "NotImplementedError": "",
        "NameError": "A name isn't known. Is it spelt as where it was defined, and has that cell "
        "been run? After a restart, run the cells above from the top.",
        "UnboundLocalError": "A variable is used before it has a value inside the function.",
        "IndexError": "A position outside the array or list: is a loop one step too long?",
        "KeyError": "The dictionary has no such key.",
        "AttributeError": "The value is of another kind than you think; print its type.",
        "ZeroDivisionError": "Which input makes the divisor 0?",
        "RecursionError": "The function calls itself without an end.",
        "MemoryError": "An array is far larger than needed: look at the shapes.",
        "SystemExit": "`exit()` ends the whole notebook; use `return`.",
    }.get(name, "Call the function yourself with this example, and read the whole error message.")
    if name == "NotImplementedError":
        what = "not done yet: the line `raise NotImplementedError()` is still there"
    else:
        try:
            message = str(error).splitlines()[0][:200] if any(error.args) else ""
        except Exception:
            message = "(its message can't be shown)"
        what = f"it raised {name}: {message}" if message else f"it raised {name}"
    shadowed = [k for k, v in BUILTINS.items() if callable(v) and not callable(namespace.get(k, v))]
    if shadowed and "not callable" in what:
        hint = (
            f"You gave the name `{shadowed[0]}`, which Python needs, to a variable of yours. "
            f"Rename it, and run `del {shadowed[0]}`."
        )
    return Failed(what, hint, example=text, got=_line_of(error), error=name)


def _line_of(error: BaseException) -> str:
    """Return the line of the notebook in which an exception arose, or an empty text."""
    places = (homework.__file__, course_utils.__file__, os.__file__)
    libraries = (*(str(Path(place).parent) for place in places), sys.prefix)
    found = ""
    for frame in traceback.extract_tb(error.__traceback__):
        line = linecache.getline(frame.filename, frame.lineno or 0).strip()
        if line and not frame.filename.startswith(libraries):
            found = f"in line {frame.lineno} of the cell: {line[:100]}"
    return found


def with_article(name: str) -> str:
    """Return a name behind "a" or "an"."""
    return f"an {name}" if name[:1].lower() in "aeiou" else f"a {name}"


class Stop(Exception):
    """Ends a cell with one sentence instead of a traceback."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


# In the notebook -------------------------------------------------------------------------------


def judge(task: Task, work: Any, rng: np.random.Generator) -> Failed | None:
    """Return None if the work passes the check of a task, else the `Failed`.

    Raises:
        ValueError: if the task has no check.
    """
    if task.judge is None:
        raise ValueError(f"task {task.id} has no check: a person reads the answer.")
    try:
        with _builtins_restored(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the oracle's, too: none concerns the learner
            task.judge(work, rng)
    except Failed as failure:
        return failure
    except Exception as error:  # odd data that the check's author didn't think of
        return Failed(
            "the check couldn't make sense of the answer",
            "Is it of the kind that the task asks for? If you think so, please report this.",
            got=f"{type(error).__name__}: {error}"[:200],
        )
    return None


def begin(name: str) -> tuple[Callable[..., None], ...]:
    """Begin an exercise: load its checks.

    Args:
        name: of the notebook, such as ``"04_the_carry_generator"``.

    Returns:
        The functions ``check``, ``hint``, ``committed``, ``progress`` and ``hand_in``.
    """
    exercise = Exercise(checks.load(checks.FOLDER / f"{name}.py"), name=name)
    return exercise.check, exercise.hint, exercise.committed, exercise.progress, exercise.hand_in


class Exercise:
    """The state of one exercise in one notebook.

    Args:
        tasks: by id, as `checks.load` returns them.
        namespace: the notebook's variables; by default those of the running notebook.
        name: of the notebook, such as ``"04_the_carry_generator"``.
    """

    def __init__(
        self, tasks: Tasks, namespace: Mapping[str, Any] | None = None, name: str = ""
    ) -> None:
        self.tasks, self.name = tasks, name
        self._namespace = namespace
        self._passed: dict[str, bool] = {}
        self._hints = dict.fromkeys(tasks, 0)

    def check(self, id: str) -> None:
        """Check a task and show the outcome."""
        task = self._task(id)
        if task.judge is None:
            _show("note", f"{id} {task.title}", [("Note", "A person reads this answer.")])
            return
        failure = self._judge(task)
        if failure is None:
            # A prediction earns its point whether it is right or not: don't say that it is right.
            outcome = "noted" if task.title.startswith("Predict") else "passed"
            title = f"{id} {task.title}: {outcome}, {_points(task.points)}"
            _show("passed", title, [], self._score())
            return
        _show("failed", f"{id} {task.title}: not yet", failure.lines())
        if os.environ.get("NBGRADER_EXECUTION"):  # there, an exception is what counts
            raise AssertionError(failure.what)

    def hint(self, id: str) -> None:
        """Show the next hint of a task."""
        task = self._task(id)
        given = self._hints[id]
        if given == len(task.hints):
            _show("note", f"{id}: those were all the hints", list(self._numbered(task)))
            return
        self._hints[id] = given + 1
        _show("note", f"{id}: hint {given + 1} of {len(task.hints)}", [("Hint", task.hints[given])])

    def _numbered(self, task: Task) -> Iterator[tuple[str, str]]:
        return ((f"Hint {k}", text) for k, text in enumerate(task.hints, 1))

    def committed(self, id: str) -> None:
        """Stop, in one sentence, unless the prediction of a task has been made."""
        if judge(self._task(id), Work(self._variables()), np.random.default_rng()) is not None:
            raise Stop(f"Predict first: answer {id} above, then run this cell again.")

    def progress(self) -> None:
        """Show all tasks with their points."""
        rows = []
        for id, task in self.tasks.items():
            state = {True: "✓ passed", False: "✗ not yet", None: "– not checked"}[
                self._passed.get(id)
            ]
            if task.judge is None:
                state = "○ a person reads it"
            rows.append((state, f"{id} {task.title} ({_points(task.points)}, {task.minutes} min)"))
        _show("note", self._score(), rows)

    def hand_in(self, path: str | None = None, name: str | None = None) -> None:
        """Pack the notebook into one file to hand in, and show what is in it.

        Args:
            path: of the notebook, if it can't be found.
            name: yours; by default the one that you gave last time.
        """
        report = handing_in.from_notebook(self.name, self.tasks, self.run_checks, path, name)
        _show(report.state, report.title, report.rows, report.footer)

    def run_checks(self) -> dict[str, bool]:
        """Check all tasks without showing anything; return which have passed, by id."""
        return {id: self._judge(task) is None for id, task in self.tasks.items() if task.judge}

    def _judge(self, task: Task) -> Failed | None:
        failure = judge(task, Work(self._variables()), np.random.default_rng())
        self._passed[task.id] = failure is None
        return failure

    def _score(self) -> str:
        judged = [task for task in self.tasks.values() if task.judge]
        passed = [task for task in judged if self._passed.get(task.id)]
        text = (
            f"{len(passed)} of {len(judged)} tasks, {sum(t.points for t in passed)} of "
            f"{_points(sum(t.points for t in judged))}"
        )
        read = sum(task.points for task in self.tasks.values() if not task.judge)
        return f"{text}; {_points(read)} more for answers in words" if read else text

    def _task(self, id: str) -> Task:
        if id not in self.tasks:
            raise ValueError(
                f"there is no task {id!r} in this exercise: choose one of {', '.join(self.tasks)}."
            )
        return self.tasks[id]

    def _variables(self) -> Mapping[str, Any]:
        if self._namespace is not None:
            return self._namespace
        from IPython import get_ipython

        shell = get_ipython()
        return shell.user_ns if shell is not None else vars(sys.modules["__main__"])


def _points(n: float) -> str:
    return f"{n} point" if n == 1 else f"{n} points"


def _show(state: str, title: str, lines: Sequence[tuple[str, str]], footer: str = "") -> None:
    """Show an outcome as text and, where that can be shown, in colour."""
    from IPython.display import display

    sign, colour, paper = {
        "passed": ("✓", "#00694d", "#e8f6f1"),
        "failed": ("✗", "#a13a00", "#fdf1e8"),
        "note": ("○", "#00507d", "#eaf3f9"),
    }[state]
    text = "\n".join([f"{sign} {title}", *(f"  {label}: {line}" for label, line in lines)])
    rows = "".join(
        f'<div style="margin-top: 4px"><b>{html.escape(label)}:</b> '
        f'<span style="white-space: pre-wrap">{html.escape(line)}</span></div>'
        for label, line in lines
    )
    end = f'<div style="margin-top: 4px">{html.escape(footer)}</div>' if footer else ""
    markup = (
        f'<div role="status" style="border-left: 6px solid {colour}; background: {paper}; '
        f'color: black; padding: 6px 12px; max-width: 760px"><b style="color: {colour}">'
        f"{sign} {html.escape(title)}</b>{rows}{end}</div>"
    )
    text = f"{text}\n  {footer}" if footer else text
    display({"text/plain": text, "text/html": markup}, raw=True)
