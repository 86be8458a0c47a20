"""What runs in the sandbox: the learner's cells and functions, on request.

Started as ``python -m homework.grading.inside FD``, with the number of an open socket. Once the
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
from pathlib import Path

from homework import exercise
from homework.checks import Failed
from homework.grading import wire

TEXT = 20_000  # characters that are kept of what a cell prints
PICTURE = 700_000  # characters of a picture in base64
OUTPUTS = 50  # of one cell


def limit(memory, processes, file_size):
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

    def __init__(self):
        self.items, self.left = [], TEXT

    def write(self, text):
        kept = str(text)[: self.left]
        self.left -= len(kept)
        if kept and self.items and "text" in self.items[-1]:
            self.items[-1]["text"] += kept
        elif kept and len(self.items) < OUTPUTS:
            self.items.append({"text": kept})
        return len(text)

    def show(self, data, metadata=None):
        """Keep what a rich output says in pictures or plain text."""
        picture = data.get("image/png", "")
        if isinstance(picture, str) and 0 < len(picture) <= PICTURE and len(self.items) < OUTPUTS:
            alt = str((metadata or {}).get("image/png", {}).get("alt", ""))[:1_000]
            self.items.append({"png": picture, "alt": alt})
        elif "text/plain" in data:
            self.write(f"{data['text/plain']}\n")


def make_shell():
    """Return IPython's shell, as in a notebook, which shows nothing by itself."""
    from IPython.core.displaypub import DisplayPublisher
    from IPython.core.history import HistoryManager
    from IPython.core.interactiveshell import InteractiveShell

    class Publisher(DisplayPublisher):
        def publish(self, data, metadata=None, **kwargs):
            self.shell.shown.show(data, metadata)

    HistoryManager.enabled = False
    shell = InteractiveShell.instance(display_pub_class=Publisher, colors="NoColor")
    shell.showtraceback = shell.showsyntaxerror = lambda *args, **kwargs: None
    shell.ask_exit = sys.exit
    shell.shown = Outputs()
    return shell


def run_cell(shell, source, seconds):
    """Run a cell; return its outputs and its error, as data."""
    shell.shown = outputs = Outputs()
    error = ""
    with contextlib.redirect_stdout(outputs), contextlib.redirect_stderr(outputs):
        try:
            with exercise._limit(seconds):
                result = shell.run_cell(source, store_history=False, silent=False)
            raised = result.error_before_exec or result.error_in_exec
            if raised is not None:
                error = f"{type(raised).__name__}: {_message(raised)}"
        except exercise._TimeIsUp:
            error = f"TimeLimit: the cell was stopped after {seconds:.0f} seconds"
    return {"outputs": outputs.items, "error": error[:2_000]}


def _message(error):
    try:
        return str(error)
    except Exception:
        return "(its message can't be shown)"


# Questions -------------------------------------------------------------------------------------


class Elsewhere:
    """A function of the check's, which runs outside: calls go there, and answers come back."""

    def __init__(self, pipe, number, name):
        self._pipe, self._number, self._name = pipe, number, name

    def __deepcopy__(self, memo):
        return self

    def __repr__(self):
        return self._name

    def __call__(self, *args):
        message = wire.pack(
            {"function": self._number, "args": wire.encode([exercise.plain(a) for a in args])}
        )
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


def ask(shell, pipe, message):
    """Call a function of the learner's, or read a variable; return the answer as data."""
    work = exercise.Work(shell.user_ns, message["seconds"])
    args, kwargs, inputs = wire.decode(
        message["arguments"], lambda number, name: Elsewhere(pipe, number, name)
    )
    function = getattr(work, message["name"])
    try:
        with _files(message.get("files")) as files:
            value = {
                "value": lambda: work.value(message["name"]),
                "call": lambda: function(*args, **kwargs),
                "first": lambda: function.first(*args, **kwargs),
                "model": lambda: function.model(*args, inputs=inputs, **kwargs),
            }[message["how"]]()
            return {"value": wire.encode(value)} | files()
    except Failed as failure:
        told = {name: str(getattr(failure, name))[:2_000] for name in wire.FAILURE}
        return {"failed": told} | files()


@contextlib.contextmanager
def _files(given):
    """Put files where the outside has them; afterwards, tell what has become of them.

    Args:
        given: None, or the folder and a list of pairs: the names of one file, its bytes.
    """
    if given is None:
        yield dict
        return
    folder = Path(given["folder"])
    folder.mkdir(parents=True, exist_ok=True)
    wire.write_files(folder, wire.decode(given["files"]))
    yield lambda: {"files": wire.encode(wire.read_files(folder))}


# The process -----------------------------------------------------------------------------------


def nothing(*args, **kwargs):
    """Take the place of `exercise.hand_in` and of what `exercise.begin` returns."""


def behind_a_guard(descriptor):
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


def main(descriptor):
    """Do what comes over the pipe, until it is closed."""
    if os.getpid() == 1:
        behind_a_guard(descriptor)
    pipe = socket.socket(fileno=descriptor)
    start = wire.receive(pipe)
    limit(**start["limits"])
    os.chdir(tempfile.mkdtemp())
    exercise.begin, exercise.hand_in = lambda name: (nothing,) * 4, nothing
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
