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
from pathlib import Path

import numpy as np

from homework import exercise
from homework.checks import Failed, call_text
from homework.grading import rebuild, wire, withheld
from homework.grading.sandbox import Ended, Sandbox
from homework.grading.texts import plain

CELL = 30  # seconds for one cell
DEMONSTRATION = 10  # seconds for a given cell that shows what an answer does
TASK = exercise.SECONDS  # for all calls of one check, as in the notebook
TOTAL = 240  # seconds for one hand-in
GRACE = 3  # seconds more, before the whole sandbox is ended
JUDGE = 20  # seconds for one check in all, with what it computes itself

SHOWN = 5_000_000  # characters of outputs that are kept of a hand-in
NOWHERE = open(os.devnull, "w")

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


class Overdue(BaseException):
    """A check took too long outside, over odd data that came back."""


# The learner's work, from outside --------------------------------------------------------------


class RemoteWork:
    """What `exercise.Work` is in a notebook: the learner's work, to be called and no more.

    Args:
        sandbox: in which the cells have run.
        seconds: time for all calls together.
    """

    def __init__(self, sandbox, seconds):
        self._sandbox, self._left = sandbox, seconds

    def __getattr__(self, name):
        return RemoteFunction(self, name)

    def value(self, name):
        """Return the value of the learner's variable `name` as plain data."""
        return self._ask(name, "value", name)

    def _ask(self, name, how, text, args=(), kwargs=None, inputs=()):
        functions, kwargs = [], kwargs or {}
        message = {"do": "ask", "name": name, "how": how, "seconds": max(self._left, 0.1)}
        message["arguments"] = wire.encode([list(args), kwargs, list(inputs)], functions)
        folder = _folder_of(args)
        if folder:
            files = wire.encode(wire.read_files(folder))
            message["files"] = {"folder": str(folder), "files": files}
        start = time.monotonic()
        reply = self._sandbox.ask(
            message, message["seconds"] + GRACE, lambda question: _answer(functions, question)
        )
        self._left -= time.monotonic() - start
        try:
            if folder:
                wire.write_files(folder, wire.decode(reply.get("files")))
            if "failed" not in reply:
                return wire.decode(reply.get("value"))
            told = reply["failed"]
            told = {k: str(told.get(k, ""))[:2_000] for k in wire.FAILURE}
        except (wire.Garbled, AttributeError):
            raise Ended("garbled") from None
        raise Failed(example=text, **told)


class RemoteFunction:
    """A function of the learner's; see `RemoteWork` and `exercise.Function`."""

    def __init__(self, work, name):
        self._work, self.name = work, name

    def __call__(self, *args, **kwargs):
        return self._ask("call", args, kwargs)

    def first(self, n, *args, **kwargs):
        """Return the first n items of the generator that the function returns, as a list."""
        return self._ask("first", (n, *args), kwargs)

    def model(self, *args, inputs=(), **kwargs):
        """Return what the Keras model that the function returns is and does, as plain data."""
        return self._ask("model", args, kwargs, inputs)

    def _ask(self, how, args, kwargs, inputs=()):
        text = call_text(self, [*args, *kwargs.values()])
        return self._work._ask(self.name, how, text, args, kwargs, inputs)


def _folder_of(args):
    """Return the temporary folder that a check has made for files, if an argument lies in one."""
    base = Path(tempfile.gettempdir())
    for arg in args:
        if isinstance(arg, str) and arg.startswith(str(base)):
            folder = Path(arg).parent
            if folder.parent == base and folder.is_dir():
                return folder
    return None


def _answer(functions, question):
    """Call a function of a check for the learner's code: with plain data, and nothing else."""
    number = question.get("function")
    if type(number) is not int or not 0 <= number < len(functions):
        raise wire.Garbled("a function that there isn't")
    args = wire.decode(question.get("args"))
    if not isinstance(args, list):
        raise wire.Garbled("arguments that are no list")
    try:
        return {"value": wire.encode(exercise.plain(functions[number](*args)))}
    except Failed as failure:
        return {"raised": ["TypeError", failure.what]}
    except Exception as error:
        return {"raised": [type(error).__name__, str(error)[:1_000]]}


# One hand-in -----------------------------------------------------------------------------------


def grade(cells, released, tasks, course, isolated=True):
    """Run what was handed in, and check it.

    Args:
        cells: of the notebook handed in, as in the file.
        released: of the exercise.
        tasks: by id, as `checks.load` returns them.
        course: called with names to withhold, returns a folder made by `withheld.copy_without`.
        isolated: False does without bubblewrap.

    Returns:
        A dictionary of plain data: ``tasks``, ``cells``, ``notes``.
    """
    plan = rebuild.rebuild(released, cells)
    outcomes, first, end = {}, None, time.monotonic() + TOTAL
    for names, ids in withheld.groups(tasks):
        steps = plan.steps_for(ids, to_the_end=first is None)
        run = Run(steps, tasks, course(names), isolated, end)
        run.finish()
        outcomes |= {id: run.outcomes[id] for id in ids}
        first = first or run
    return {
        "tasks": [_row(task, plan, outcomes) for task in tasks.values()],
        "cells": [first.shown[k] for k in sorted(first.shown)],
        "notes": list(dict.fromkeys(plan.notes + first.notes)),
    }


def _row(task, plan, outcomes):
    row = {"id": task.id, "title": task.title, "out_of": task.points, "points": 0}
    row |= {"status": "missing", "what": "", "expected": "", "hint": "", "answer": ""}
    if task.judge is None:
        if answer := plan.answers.get(task.id, ""):
            row |= {"status": "waiting", "points": None, "answer": plain(answer)[:20_000]}
        else:
            row["what"] = "there is no answer yet"
        return row
    failure = outcomes.get(task.id)
    if task.id in outcomes and failure is None:
        return row | {"status": "passed", "points": task.points}
    if task.id in plan.missing:
        return row | {"what": "there is no code cell with an answer"}
    status = {"TimeLimit": "time limit", "MemoryLimit": "crashed", "ProcessLimit": "crashed"}
    status["Crash"] = "crashed"
    return row | {
        "status": status.get(failure.error, "failed"),
        "what": plain(failure.what)[:500],
        "expected": plain(failure.expected)[:500],
        "hint": plain(failure.hint)[:1_000],
    }


class Run:
    """Runs the steps of a plan, again from the start where the sandbox had to be ended.

    The second time, what ended it is left out.
    """

    def __init__(self, steps, tasks, course, isolated, end):
        self.steps, self.tasks, self.course, self.isolated = steps, tasks, course, isolated
        self.outcomes, self.shown, self.notes = {}, {}, []
        self._left_out, self._end = set(), end

    def finish(self):
        """Do all steps; every task has an outcome then: None, or the `Failed`."""
        while not self._through():
            pass

    def _through(self):
        """Run from the start; return whether nothing is left to do."""
        sandbox, number, self._room = None, -1, SHOWN
        try:
            sandbox = Sandbox(self.course, self.isolated)
            for number, step in enumerate(self.steps):
                if number in self._left_out:
                    continue
                if self._time_is_over():
                    return True
                if step.kind == "cell":
                    self._cell(sandbox, number, step)
                elif step.task not in self.outcomes:
                    self._check(sandbox, step.task)
            return True
        except Ended as ended:
            if number < 0:  # it never started
                raise RuntimeError(f"the sandbox didn't start ({ended}).") from None
            self._over(number, ended)
            return not any(
                step.kind == "check" and step.task not in self.outcomes for step in self.steps
            )
        finally:
            if sandbox is not None:
                sandbox.close()

    def _time_is_over(self):
        if time.monotonic() < self._end:
            return False
        self.notes.append(f"the notebook took longer than {TOTAL} seconds in all")
        for step in self.steps:
            if step.kind == "check" and step.task not in self.outcomes:
                what = "the notebook as a whole took too long, so this wasn't reached"
                self.outcomes[step.task] = Failed(what, WHY_HINT["time"], error="TimeLimit")
        return True

    def _cell(self, sandbox, number, step):
        answered = any(earlier.task for earlier in self.steps[:number])
        seconds = min(CELL, DEMONSTRATION) if answered and not step.learner else CELL
        message = {"do": "cell", "source": step.source, "seconds": seconds}
        reply = sandbox.ask(message, seconds + GRACE)
        error = plain(reply.get("error", ""))[:500]
        outputs = [item for item in map(_output, _list(reply.get("outputs"))) if item]
        size = sum(len(item.get("text", "")) + len(item.get("png", "")) for item in outputs)
        if size > self._room:
            outputs = [{"text": "(left out: the notebook shows too much)"}]
        self._room -= min(size, self._room)
        if step.learner or outputs:
            before = [earlier.task for earlier in self.steps[:number] if earlier.task]
            task = step.task or (before or [""])[-1]
            self.shown[number] = {"task": task, "outputs": outputs, "error": error}
        if error.startswith("TimeLimit") and step.learner:
            where = f"the answer to {step.task}" if step.task else "a cell of the learner's"
            self.notes.append(f"{where}: stopped after {seconds} seconds")

    def _check(self, sandbox, id):
        try:
            with _at_most(JUDGE + TASK):
                rng = np.random.default_rng()
                failure = exercise.judge(self.tasks[id], RemoteWork(sandbox, TASK), rng)
        except Overdue:
            what = "what came back took too long to check"
            failure = Failed(what, "Is it far larger than asked for?", error="TimeLimit")
        self.outcomes[id] = failure

    def _over(self, number, ended):
        """Note what ended the sandbox; next time it is left out."""
        self._left_out.add(number)
        step = self.steps[number]
        what, error = WHY[ended.why]
        if step.kind == "check":
            self.outcomes.setdefault(step.task, Failed(what, WHY_HINT[ended.why], error=error))
            return
        where = f"the answer to {step.task}" if step.task else "a cell"
        self.notes.append(f"{where}: {what}")
        self.shown[number] = {"task": step.task, "outputs": [], "error": f"{error}: {what}"}
        if step.task:
            self.outcomes[step.task] = Failed(what, WHY_HINT[ended.why], error=error)


def _list(value):
    return value[:50] if isinstance(value, list) else []


def _output(item):
    """Return an output of a cell if it is of the form that `inside` makes, else None."""
    if not isinstance(item, dict):
        return None
    if isinstance(item.get("text"), str):
        return {"text": plain(item["text"])[:20_000]}
    if isinstance(item.get("png"), str) and len(item["png"]) <= 700_000:
        return {"png": item["png"], "alt": plain(item.get("alt", ""))[:1_000]}
    return None


@contextlib.contextmanager
def _at_most(seconds):
    """Raise `Overdue` in this thread after some seconds, wherever Python is then.

    Inside of one call of a C function it can't be raised: then, later, the whole process ends.
    """
    me, done = threading.get_ident(), threading.Event()

    def watch():
        if not done.wait(seconds):
            error = ctypes.py_object(Overdue)
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(me), error)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    faulthandler.dump_traceback_later(seconds + 30, exit=True, file=NOWHERE)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()
        done.set()
        watcher.join()
