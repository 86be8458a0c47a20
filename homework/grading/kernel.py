"""What runs in the sandbox: the learner's cells and functions, on request.

Started as ``python -m homework.grading.kernel FD``, with the number of an open socket. Once the
first cell has run nothing here can be relied on any more: the learner's code lives in the same
process. So nothing is judged here, and nothing is here that would help to answer.
"""

import contextlib
import ctypes
import io
import os
import resource
import signal
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn

from homework import exercise
from homework.checks import Failed
from homework.grading import wire
from homework.limits import TimeIsUp, time_limit


def limit(memory: int, processes: int, file_size: int) -> None:
    """Set the limits of this process and all that it starts; they can't be raised again."""
    for name, value in [
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_NPROC, processes),
        (resource.RLIMIT_FSIZE, file_size),
        (resource.RLIMIT_NOFILE, 256),
        (resource.RLIMIT_CORE, 1),  # 0 would still start a program that collects them
    ]:
        hard = resource.getrlimit(name)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(name, (value, value))


# Cells -----------------------------------------------------------------------------------------


class Outputs(io.TextIOBase):
    """What a cell prints and shows, up to a limit."""

    def __init__(self) -> None:
        self.items: list[dict[str, str]] = []
        self.left = wire.TEXT

    def write(self, text: Any) -> int:
        kept = str(text)[: self.left]
        self.left -= len(kept)
        if kept and self.items and "text" in self.items[-1]:
            self.items[-1]["text"] += kept
        elif kept and len(self.items) < wire.OUTPUTS:
            self.items.append({"text": kept})
        return len(text)

    def show(self, data: Mapping[str, Any], metadata: Mapping[str, Any] | None = None) -> None:
        """Keep what a rich output says in pictures or plain text."""
        picture = data.get("image/png", "")
        fits = isinstance(picture, str) and 0 < len(picture) <= wire.PICTURE
        if fits and len(self.items) < wire.OUTPUTS:
            alt = str((metadata or {}).get("image/png", {}).get("alt", ""))
            self.items.append({"png": picture, "alt": alt[: wire.DESCRIPTION]})
        elif "text/plain" in data:
            self.write(f"{data['text/plain']}\n")


def make_shell() -> Any:
    """Return IPython's shell, as in a notebook, which shows nothing by itself."""
    from IPython.core.displaypub import DisplayPublisher
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    class Publisher(DisplayPublisher):
        def publish(self, data: Any, metadata: Any = None, *args: Any, **kwargs: Any) -> None:
            self.shell.shown.show(data, metadata)

    class Shell(InteractiveShell):
        shown = Outputs()

        def showtraceback(self, *args: Any, **kwargs: Any) -> None:
            pass

        showsyntaxerror = showtraceback

        def ask_exit(self) -> None:
            sys.exit()

    config = Config({"HistoryManager": {"enabled": False}})
    return Shell.instance(display_pub_class=Publisher, colors="NoColor", config=config)


def run_cell(shell: Any, source: str, seconds: float) -> dict[str, Any]:
    """Run a cell; return its outputs and its error, as data."""
    shell.shown = outputs = Outputs()
    error = ""
    with contextlib.redirect_stdout(outputs), contextlib.redirect_stderr(outputs):
        try:
            with time_limit(seconds):
                result = shell.run_cell(source, store_history=False, silent=False)
            raised = result.error_before_exec or result.error_in_exec
            if raised is not None:
                error = f"{type(raised).__name__}: {_message(raised)}"
        except TimeIsUp:
            error = f"TimeLimit: the cell was stopped after {seconds:.0f} seconds"
    return {"outputs": outputs.items, "error": error[: wire.SAID]}


def _message(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:
        return "(its message can't be shown)"


# Questions -------------------------------------------------------------------------------------


class Elsewhere:
    """A function of the check's, which runs outside: calls go there, and answers come back."""

    def __init__(self, pipe: socket.socket, number: int, name: str) -> None:
        self._pipe, self._number, self._name = pipe, number, name

    def __deepcopy__(self, memo: Any) -> "Elsewhere":
        return self

    def __repr__(self) -> str:
        return self._name

    def __call__(self, *args: Any) -> Any:
        plain = [exercise.plain_data(arg) for arg in args]
        message = wire.pack({"function": self._number, "args": wire.encode(plain)})
        # Not to be interrupted half way: the next message would be taken for this one's answer.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            self._pipe.sendall(message)
            answer = wire.receive(self._pipe)
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        if "raised" in answer:
            name, text = answer["raised"]
            raise {"TypeError": TypeError, "IndexError": IndexError}.get(name, ValueError)(text)
        return wire.decode(answer["value"])


def ask(shell: Any, pipe: socket.socket, message: Mapping[str, Any]) -> dict[str, Any]:
    """Call a function of the learner's, or read a variable; return the answer as data."""
    work = exercise.Work(shell.user_ns, message["seconds"])
    args, kwargs, inputs = wire.decode(
        message["arguments"], lambda number, name: Elsewhere(pipe, number, name)
    )
    function = getattr(work, message["name"])
    try:
        with _files_as_outside(message.get("files")) as files:
            ways: dict[str, Callable[[], Any]] = {
                "value": lambda: work.value(message["name"]),
                "call": lambda: function(*args, **kwargs),
                "first": lambda: function.first(*args, **kwargs),
                "model": lambda: function.model(*args, inputs=inputs, **kwargs),
            }
            value = ways[message["how"]]()
            return {"value": wire.encode(value)} | files()
    except Failed as failure:
        told = {name: str(getattr(failure, name))[: wire.SAID] for name in wire.FAILURE}
        return {"failed": told} | files()


@contextlib.contextmanager
def _files_as_outside(given: Mapping[str, Any] | None) -> Iterator[Callable[[], dict[str, Any]]]:
    """Put files where the outside has them, and give what tells what has become of them.

    Args:
        given: None, or the folder and the files, encoded.
    """
    if given is None:
        yield dict
        return
    folder = Path(given["folder"])
    folder.mkdir(parents=True, exist_ok=True)
    wire.write_files(folder, wire.decode(given["files"]))
    yield lambda: {"files": wire.encode(wire.read_files(folder))}


# The process -----------------------------------------------------------------------------------


def begin(name: str) -> tuple[Callable[..., None], ...]:
    """Take the place of `exercise.begin`: there are no checks here, so its functions do nothing."""

    def nothing(*args: Any, **kwargs: Any) -> None:
        pass

    return (nothing,) * 5


def behind_a_guard(descriptor: int) -> None:
    """Go on in a child of the sandbox's first process, which only waits.

    Only the first process can be told to die with the grader, and it could take that back.
    """
    prctl, dumpable = ctypes.CDLL(None).prctl, 4
    prctl(dumpable, 0, 0, 0, 0)  # no process inside can look into it or change it
    child = os.fork()
    if child == 0:
        prctl(dumpable, 1, 0, 0, 0)
        return
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # which doesn't reach a first process
    os.close(descriptor)
    while os.wait()[0] != child:
        pass
    os._exit(0)


def main(descriptor: int) -> NoReturn:
    """Do what comes over the pipe, until it is closed."""
    if os.getpid() == 1:
        behind_a_guard(descriptor)
    pipe = socket.socket(fileno=descriptor)
    start = wire.receive(pipe)
    limit(**start["limits"])
    os.chdir(tempfile.mkdtemp())
    exercise.begin = begin
    shell = make_shell()
    pipe.sendall(wire.pack({"ready": True}))
    while True:
        message = wire.receive(pipe)
        if message["do"] == "cell":
            answer = run_cell(shell, message["source"], message["seconds"])
        else:
            answer = ask(shell, pipe, message)
        try:
            packed = wire.pack({"id": message["id"]} | answer)
        except wire.Garbled as error:
            told = {"what": "it returned more than a check can take", "got": str(error)}
            packed = wire.pack({"id": message["id"], "failed": told | {"error": "TooLarge"}})
        pipe.sendall(packed)


if __name__ == "__main__":
    with contextlib.suppress(EOFError):
        main(int(sys.argv[1]))
