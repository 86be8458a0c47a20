"""The checks, outside of the sandbox, calling what is inside.

A check is the same as in the learner's notebook. What it calls is `RemoteWork`, which asks the
sandbox and takes plain data back. Inputs are drawn anew at every grading, and what comes back is
compared here: a forged answer is worth what a wrong answer is worth.
"""

import contextlib
import ctypes
import faulthandler
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from homework import exercise
from homework.checks import Failed, Task, Tasks
from homework.describing import call_text
from homework.grading import rebuild, wire, withheld
from homework.grading.rebuild import Cell, Plan, Step
from homework.grading.results import CellResult, Outcome, Output, Picture, TaskResult, Text
from homework.grading.sandbox import Ended, Sandbox
from homework.grading.texts import harmless

CELL = 30  # seconds for one cell
DEMONSTRATION = 10  # seconds for a given cell that shows what an answer does
TASK = exercise.SECONDS  # for all calls of one check, as in the notebook
TOTAL = 240  # seconds for one hand-in
GRACE = 3  # seconds more, before the whole sandbox is ended
JUDGE = 20  # seconds more for what one check computes itself
STUCK = 30  # seconds more until the process ends, if a check can't be stopped otherwise

SHOWN = 5_000_000  # characters of outputs that are kept of a hand-in
ANSWER = 20_000  # characters that are kept of an answer in words
NOWHERE = open(os.devnull, "w")

Outcomes = dict[str, Failed | None]  # of checks, by task

WHY = {
    "time": ("it didn't end in time, so it was stopped", "TimeLimit"),
    "memory": ("it took too much memory, so it was stopped", "MemoryLimit"),
    "processes": ("it started too many processes, so it was stopped", "ProcessLimit"),
    "ended": ("the whole notebook ended while it ran", "Crash"),
    "garbled": ("what came back was no answer", "Crash"),
}
WHY_HINT = {
    "time": "Is there a loop whose condition never becomes false? Print something inside to see "
    "what it does.",
    "memory": "An array or a list is far larger than needed: look at the shapes.",
    "processes": "An answer needs no processes of its own.",
    "ended": "`exit`, `os._exit` and the like end the whole notebook; use `return`.",
    "garbled": "Return the value, in the form that the task asks for.",
}


STATUS = {  # by the name of the error; any other is "failed"
    "TimeLimit": "time limit",
    "MemoryLimit": "crashed",
    "ProcessLimit": "crashed",
    "Crash": "crashed",
}


class Overdue(BaseException):
    """A check took too long outside, over odd data that came back."""


# The learner's work, from outside --------------------------------------------------------------


class RemoteWork:
    """What `exercise.Work` is in a notebook: the learner's work, to be called and no more.

    Args:
        sandbox: in which the cells have run.
        seconds: time for all calls together.
    """

    def __init__(self, sandbox: Sandbox, seconds: float) -> None:
        self._sandbox, self._left = sandbox, seconds

    def __getattr__(self, name: str) -> "RemoteFunction":
        return RemoteFunction(self, name)

    def value(self, name: str) -> Any:
        """Return the value of the learner's variable `name` as plain data."""
        return self._ask(name, "value", name)

    def _ask(
        self,
        name: str,
        how: str,
        text: str,
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
        inputs: Sequence[Any] = (),
    ) -> Any:
        """Ask the sandbox, and return what comes back as plain data.

        Args:
            name: of a function or a variable of the learner's.
            how: what to do with it; see `kernel.ask`.
            text: the call as a learner would write it.
            args, kwargs: for the function.
            inputs: for the model that it returns.

        Raises:
            Failed: if that goes wrong, whatever the reason.
            Ended: if there is no sandbox any more.
        """
        functions: list[Callable[..., Any]] = []
        arguments = wire.encode([list(args), dict(kwargs or {}), list(inputs)], functions)
        seconds = max(self._left, 0.1)
        message = {"do": "ask", "name": name, "how": how, "seconds": seconds}
        message["arguments"] = arguments
        folder = _folder_of(args)
        if folder:
            files = wire.encode(wire.read_files(folder))
            message["files"] = {"folder": str(folder), "files": files}
        start = time.monotonic()
        reply = self._sandbox.ask(
            message, seconds + GRACE, lambda question: _answer(functions, question)
        )
        self._left -= time.monotonic() - start
        return _reply(reply, text, folder)


class RemoteFunction:
    """A function of the learner's; see `RemoteWork` and `exercise.Function`."""

    def __init__(self, work: RemoteWork, name: str) -> None:
        self._work, self.name = work, name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._ask("call", args, kwargs)

    def first(self, n: int, *args: Any, **kwargs: Any) -> list[Any]:
        """Return the first n items of the generator that the function returns, as a list."""
        return self._ask("first", (n, *args), kwargs)

    def model(self, *args: Any, inputs: Sequence[Any] = (), **kwargs: Any) -> dict[str, Any]:
        """Return what the Keras model that the function returns is and does, as plain data."""
        return self._ask("model", args, kwargs, inputs)

    def _ask(
        self, how: str, args: Sequence[Any], kwargs: Mapping[str, Any], inputs: Sequence[Any] = ()
    ) -> Any:
        text = call_text(self, [*args, *kwargs.values()])
        return self._work._ask(self.name, how, text, args, kwargs, inputs)


def _folder_of(args: Sequence[Any]) -> Path | None:
    """Return the temporary folder that a check has made for files, if an argument lies in one."""
    base = Path(tempfile.gettempdir())
    for arg in args:
        if isinstance(arg, str) and arg.startswith(str(base)):
            folder = Path(arg).parent
            if folder.parent == base and folder.is_dir():
                return folder
    return None


def _reply(reply: Mapping[str, Any], text: str, folder: Path | None) -> Any:
    """Return the value in a reply of the sandbox, which is not trusted.

    Args:
        reply: that came.
        text: the call, for a message.
        folder: for the files that come with it, if any.

    Raises:
        Failed: if it tells that the call went wrong.
        Ended: if it is no reply.
    """
    try:
        if folder:
            wire.write_files(folder, wire.decode(reply.get("files")))
        if "failed" not in reply:
            return wire.decode(reply.get("value"))
        told = {name: str(reply["failed"].get(name, ""))[: wire.SAID] for name in wire.FAILURE}
    except (wire.Garbled, AttributeError):
        raise Ended("garbled") from None
    raise Failed(example=text, **told)


def _answer(functions: Sequence[Callable[..., Any]], question: Mapping[str, Any]) -> dict[str, Any]:
    """Call a function of a check for the learner's code: with plain data, and nothing else."""
    number = question.get("function")
    if type(number) is not int or not 0 <= number < len(functions):
        raise wire.Garbled("a function that there isn't")
    args = wire.decode(question.get("args"))
    if not isinstance(args, list):
        raise wire.Garbled("arguments that are no list")
    try:
        return {"value": wire.encode(exercise.plain_data(functions[number](*args)))}
    except Failed as failure:
        return {"raised": ["TypeError", failure.what]}
    except Exception as error:
        return {"raised": [type(error).__name__, str(error)[:1_000]]}


# One hand-in -----------------------------------------------------------------------------------


def grade(
    cells: Sequence[Cell],
    released: Sequence[Cell],
    tasks: Tasks,
    course: Callable[[frozenset[str]], Path],
    isolated: bool = True,
) -> Outcome:
    """Run what was handed in, and check it.

    Args:
        cells: of the notebook handed in, as in the file.
        released: of the exercise.
        tasks: by id, as `checks.load` returns them.
        course: called with names to withhold, returns a folder made by `withheld.copy_without`.
        isolated: False does without bubblewrap.
    """
    plan = rebuild.rebuild(released, cells)
    outcomes: Outcomes = {}
    first, end = None, time.monotonic() + TOTAL
    for names, ids in withheld.groups(tasks):
        steps = plan.steps_for(ids, to_the_end=first is None)
        attempts = Attempts(steps, tasks, course(names), isolated, end)
        attempts.finish()
        outcomes |= {id: attempts.outcomes[id] for id in ids}
        first = first or attempts
    shown, notes = (first.shown, first.notes) if first else ({}, [])
    return Outcome(
        "graded",
        notes=tuple(dict.fromkeys(plan.notes + notes)),
        tasks=tuple(_task_result(task, plan, outcomes) for task in tasks.values()),
        cells=tuple(shown[number] for number in sorted(shown)),
    )


def _task_result(task: Task, plan: Plan, outcomes: Outcomes) -> TaskResult:
    """Return what came of a task.

    Args:
        task: with or without a check.
        plan: which has the answers in words.
        outcomes: of the checks.
    """

    def result(status: str, points: int | None = 0, **more: str) -> TaskResult:
        return TaskResult(task.id, task.title, task.points, points, status, **more)

    if task.judge is None:
        if answer := plan.answers.get(task.id, ""):
            return result("waiting", None, answer=harmless(answer)[:ANSWER])
        return result("missing", what="there is no answer yet")
    failure = outcomes[task.id]
    if failure is None:
        return result("passed", task.points)
    if task.id in plan.missing:
        return result("missing", what="there is no code cell with an answer")
    return result(
        STATUS.get(failure.error, "failed"),
        what=harmless(failure.what)[:500],
        expected=harmless(failure.expected)[:500],
        hint=harmless(failure.hint)[:1_000],
    )


class Attempts:
    """Does the steps of a plan, again from the start where the sandbox had to be ended.

    The second time, what ended it is left out.

    Args:
        steps: to do.
        tasks: by id; those whose checks are among the steps are judged.
        course: the folder made by `withheld.copy_without`.
        isolated: False does without bubblewrap.
        end: the moment, of `time.monotonic`, at which no step begins any more.

    Attributes:
        outcomes: of the checks.
        shown: what a cell has shown, by the number of its step.
        notes: short sentences for the teacher.
    """

    def __init__(
        self, steps: Sequence[Step], tasks: Tasks, course: Path, isolated: bool, end: float
    ) -> None:
        self.steps, self.tasks, self.course, self.isolated = steps, tasks, course, isolated
        self.outcomes: Outcomes = {}
        self.shown: dict[int, CellResult] = {}
        self.notes: list[str] = []
        self._left_out: set[int] = set()
        self._end, self._room = end, SHOWN

    def finish(self) -> None:
        """Do all steps; every task has an outcome then: None, or the `Failed`."""
        while not self._attempt():
            pass

    def _attempt(self) -> bool:
        """Begin at the start, in a new sandbox; return whether nothing is left to do.

        Raises:
            RuntimeError: if the sandbox doesn't start.
        """
        self._room, number = SHOWN, 0
        try:
            sandbox = Sandbox(self.course, self.isolated)
        except Ended as ended:
            raise RuntimeError(f"the sandbox didn't start ({ended}).") from None
        try:
            for number, step in enumerate(self.steps):
                if number in self._left_out:
                    continue
                if self._time_is_over():
                    return True
                if step.kind == "cell":
                    self._run_cell(sandbox, number, step)
                elif step.task not in self.outcomes:
                    self._check(sandbox, step.task)
            return True
        except Ended as ended:
            self._leave_out(number, ended)
            return not self._unchecked()
        finally:
            sandbox.close()

    def _unchecked(self) -> list[str]:
        """Return the tasks whose check is still to come."""
        checks = [step.task for step in self.steps if step.kind == "check"]
        return [task for task in checks if task not in self.outcomes]

    def _time_is_over(self) -> bool:
        """Say whether the time for all is over; if so, the checks that are left have failed."""
        if time.monotonic() < self._end:
            return False
        self.notes.append(f"the notebook took longer than {TOTAL} seconds in all")
        for task in self._unchecked():
            what = "the notebook as a whole took too long, so this wasn't reached"
            self.outcomes[task] = Failed(what, WHY_HINT["time"], error="TimeLimit")
        return True

    def _run_cell(self, sandbox: Sandbox, number: int, step: Step) -> None:
        """Run a cell, and keep what it shows.

        Args:
            sandbox: in which it runs.
            number: of the step.
            step: that has the cell.
        """
        before = [earlier.task for earlier in self.steps[:number] if earlier.task]
        seconds = min(CELL, DEMONSTRATION) if before and not step.learner else CELL
        message = {"do": "cell", "source": step.source, "seconds": seconds}
        reply = sandbox.ask(message, seconds + GRACE)
        error = harmless(reply.get("error", ""))[:500]
        outputs = self._as_far_as_there_is_room(_outputs(reply.get("outputs")))
        if step.learner or outputs:
            task = step.task or (before or [""])[-1]
            self.shown[number] = CellResult(task, outputs, error)
        if error.startswith("TimeLimit") and step.learner:
            where = f"the answer to {step.task}" if step.task else "a cell of the learner's"
            self.notes.append(f"{where}: stopped after {seconds} seconds")

    def _as_far_as_there_is_room(self, outputs: tuple[Output, ...]) -> tuple[Output, ...]:
        """Return outputs, or a text in their place if the notebook has shown too much by now."""
        size = sum(len(out.text if isinstance(out, Text) else out.png) for out in outputs)
        if size > self._room:
            outputs = (Text("(left out: the notebook shows too much)"),)
        self._room -= min(size, self._room)
        return outputs

    def _check(self, sandbox: Sandbox, id: str) -> None:
        """Check a task, and keep the outcome."""
        try:
            with _at_most(JUDGE + TASK):
                rng = np.random.default_rng()
                failure = exercise.judge(self.tasks[id], RemoteWork(sandbox, TASK), rng)
        except Overdue:
            what = "what came back took too long to check"
            failure = Failed(what, "Is it far larger than asked for?", error="TimeLimit")
        self.outcomes[id] = failure

    def _leave_out(self, number: int, ended: Ended) -> None:
        """Note that a step has ended the sandbox; it isn't done again."""
        self._left_out.add(number)
        step = self.steps[number]
        what, error = WHY[ended.why]
        failure = Failed(what, WHY_HINT[ended.why], error=error)
        if step.kind == "check":
            self.outcomes.setdefault(step.task, failure)
            return
        where = f"the answer to {step.task}" if step.task else "a cell"
        self.notes.append(f"{where}: {what}")
        self.shown[number] = CellResult(step.task, error=f"{error}: {what}")
        if step.task:
            self.outcomes[step.task] = failure


def _outputs(items: Any) -> tuple[Output, ...]:
    """Return the outputs in a reply of the sandbox that are of the form that `kernel` makes."""
    found = map(_output, items[: wire.OUTPUTS] if isinstance(items, list) else [])
    return tuple(output for output in found if output is not None)


def _output(item: Any) -> Output | None:
    if not isinstance(item, dict):
        return None
    text, png = item.get("text"), item.get("png")
    if isinstance(text, str):
        return Text(harmless(text)[: wire.TEXT])
    if isinstance(png, str) and len(png) <= wire.PICTURE:
        return Picture(png, harmless(item.get("alt", ""))[: wire.DESCRIPTION])
    return None


# A limit for what runs here ----------------------------------------------------------------------


@contextlib.contextmanager
def _at_most(seconds: float) -> Iterator[None]:
    """Raise `Overdue` in this thread after some seconds, wherever Python is then.

    Inside of one call of a C function it can't be raised: then, later, the whole process ends.
    """
    me, done = threading.get_ident(), threading.Event()

    def watch() -> None:
        if not done.wait(seconds):
            error = ctypes.py_object(Overdue)
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(me), error)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    LAST_RESORT.begin(me, seconds + STUCK)
    try:
        try:
            yield
        finally:
            done.set()
            watcher.join()  # after which no `Overdue` is on its way any more
    finally:
        LAST_RESORT.end(me)


class _LastResort:
    """Ends the process when a thread is overdue, even if that lets no other line of Python run.

    A process has one such clock, so it is set to the thread that is due first.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._due: dict[int, float] = {}

    def begin(self, thread: int, seconds: float) -> None:
        """End the process after some seconds, unless `end` is called for this thread before."""
        with self._lock:
            self._due[thread] = time.monotonic() + seconds
            self._set()

    def end(self, thread: int) -> None:
        """Wait for this thread no longer."""
        with self._lock:
            del self._due[thread]
            self._set()

    def _set(self) -> None:
        faulthandler.cancel_dump_traceback_later()
        if self._due:
            left = max(min(self._due.values()) - time.monotonic(), 0.01)
            faulthandler.dump_traceback_later(left, exit=True, file=NOWHERE)


LAST_RESORT = _LastResort()
