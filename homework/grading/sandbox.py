"""A process without network, files or privileges, under limits: where the learner's code runs.

Linux's namespaces do the work, and bubblewrap (``bwrap``) sets them up: the process sees the
system read-only, a small /tmp and /dev/shm of its own, no other process, no network and none of
the environment. It has no capabilities and can't get any. Besides, a thread outside looks at how
many processes there are and how much memory they have, and ends them all at once.
"""

import contextlib
import os
import shutil
import site
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import psutil

from homework.grading import seccomp, wire
from homework.grading.withheld import HOME, TRAINED

MEMORY = 4_000_000_000  # bytes of addresses for one process; importing TensorFlow takes 3 GB
RESIDENT = 3_000_000_000  # bytes of memory for all processes together
PROCESSES = 64  # at a time; threads of a process don't count
BUSY = 6  # threads that compute, for more than two seconds
THREADS = 512  # of all processes, where the system counts them
LARGEST_FILE = 128_000_000  # bytes
MOST_FILES = 20_000  # in /tmp and in /dev/shm
TMP, SHM = 256_000_000, 64_000_000  # bytes in /tmp and /dev/shm
START = 60  # seconds until the sandbox has to be ready
PREFIX = "learning-to-carry-grading-"  # of temporary folders, which a later run sweeps
LOOK = 0.1  # seconds between two looks at processes and memory
INSTALL = "Debian, Ubuntu: sudo apt install bubblewrap; Fedora: sudo dnf install bubblewrap"


class Ended(BaseException):
    """The sandbox is gone. Nothing that catches an ordinary error may catch this.

    Args:
        why: ``"time"``, ``"memory"``, ``"processes"``, ``"ended"`` or ``"garbled"``.
    """

    def __init__(self, why: str, detail: str = "") -> None:
        super().__init__(f"{why}: {detail}")
        self.why, self.detail = why, detail


class Missing(Exception):
    """There is no working sandbox on this machine; the message says what to do."""


def require_bubblewrap() -> None:
    """Make sure that bubblewrap is there and works.

    Raises:
        Missing: if not.
    """
    path = shutil.which("bwrap")
    if path is None:
        raise Missing(
            "grading needs bubblewrap, which keeps the learners' code away from your files, but "
            f"there is no `bwrap` here: install it ({INSTALL}; elsewhere, use a Linux machine), or "
            "add --no-sandbox if all the hand-ins are your own work."
        )
    command = [*bubblewrap(), *READ_ONLY, "--", os.path.realpath(sys.executable), "-c", ""]
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode:
        said = (run.stderr.strip().splitlines() or ["nothing"])[-1][:300]
        raise Missing(
            "grading needs bubblewrap 0.8 or newer and the right to make user namespaces, but a "
            f"first try failed; bwrap said: {said}"
        )


def bubblewrap() -> list[str]:
    """Return the command that starts a program in a sandbox, up to the program."""
    command = ["bwrap", "--unshare-user", "--unshare-ipc", "--unshare-pid", "--unshare-net"]
    command += ["--unshare-uts", "--unshare-cgroup-try", "--disable-userns", "--cap-drop", "ALL"]
    command += ["--uid", "65534", "--gid", "65534", "--hostname", "sandbox"]
    # As the first process: so no program from outside can be reached through /proc/1/exe.
    command += ["--die-with-parent", "--new-session", "--clearenv", "--as-pid-1"]
    for name in ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64"):
        if os.path.islink(name):
            command += ["--symlink", os.readlink(name), name]
        elif os.path.isdir(name):
            command += ["--ro-bind", name, name]
    for name in ("/etc/ld.so.cache", "/etc/localtime"):
        command += ["--ro-bind-try", name, name]
    command += ["--proc", "/proc", "--dev", "/dev"]
    command += ["--size", str(SHM), "--tmpfs", "/dev/shm", "--size", str(TMP), "--tmpfs", "/tmp"]
    if tempfile.gettempdir() != "/tmp":  # where the checks' own files are expected
        command += ["--size", str(TMP), "--tmpfs", tempfile.gettempdir()]
    # After /tmp: what is needed may lie in there.
    command += ["--ro-bind", sys.base_prefix, sys.base_prefix]
    if any(HOME.is_relative_to(name) for name in ("/usr", sys.base_prefix)):
        command += ["--tmpfs", str(HOME)]  # the course itself, with its solutions
    for name in packages():
        command += ["--ro-bind", name, name]
    for name in packages():  # the course, if it is installed there: the sandbox gets its own copy
        for package in (Path(name) / "course_utils", Path(name) / "homework"):
            if package.is_dir():
                command += ["--tmpfs", str(package)]
    return [*command, "--chdir", "/tmp"]


# What bubblewrap makes to mount things in would hold any number of bytes; and where root grades,
# /proc/sys would let the sandbox set up the whole computer.
READ_ONLY = ["--remount-ro", "/", "--remount-ro", "/dev", "--remount-ro", "/proc"]


def packages() -> list[str]:
    """Return the folders with the packages that this Python imports."""
    return [name for name in site.getsitepackages() if os.path.isdir(name)]


def font_cache() -> Path:
    """Return matplotlib's list of fonts, which takes seconds to make."""
    import matplotlib
    from matplotlib import font_manager

    made = font_manager.FontManager.__version__
    return Path(matplotlib.get_cachedir()) / f"fontlist-v{made}.json"


def environment(home: str, course: str) -> dict[str, str]:
    """Return the variables of the process: none of ours, and no more threads than it may have.

    Args:
        home: a folder of its own.
        course: where it finds its copy of the course.
    """
    return {
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "HOME": home,
        "TMPDIR": home,
        "PYTHONPATH": os.pathsep.join([course, *packages()]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "MPLCONFIGDIR": f"{home}/fonts",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "TF_NUM_INTRAOP_THREADS": "2",
        "TF_NUM_INTEROP_THREADS": "2",
        "CUDA_VISIBLE_DEVICES": "-1",
    }


def isolation(course: Path, variables: Mapping[str, str], rules: int | None) -> list[str]:
    """Return the command that starts a program in a sandbox with the course, up to the program.

    Args:
        course: the folder made by `withheld.copy_without`; inside it is /course.
        variables: of the environment there.
        rules: the descriptor of a file with the filter for calls of the system, or None.
    """
    command = [*bubblewrap(), "--ro-bind", str(course), "/course"]
    command += ["--ro-bind", str(HOME / TRAINED), f"/course/{TRAINED}", "--dir", "/tmp/fonts"]
    if (fonts := font_cache()).is_file():
        command += ["--ro-bind", str(fonts), f"/tmp/fonts/{fonts.name}"]
    command += READ_ONLY
    if rules is not None:
        command += ["--seccomp", str(rules)]
    for name, value in variables.items():
        command += ["--setenv", name, value]
    return [*command, "--"]


@contextlib.contextmanager
def seccomp_rules() -> Iterator[int | None]:
    """Give the descriptor of a file with the filter for calls of the system; None without one."""
    if not (rules := seccomp.refusing()):
        yield None
        return
    with tempfile.TemporaryFile() as file:
        file.write(rules)
        file.seek(0)
        yield file.fileno()


def start_process(course: Path, pipe: int, home: str | None) -> subprocess.Popen[bytes]:
    """Start what runs inside.

    Args:
        course: the folder made by `withheld.copy_without`.
        pipe: the descriptor of its end.
        home: None for a process in a sandbox; else its folder, outside of any.
    """
    program = [os.path.realpath(sys.executable), "-S", "-m", "homework.grading.kernel", str(pipe)]
    with contextlib.ExitStack() as stack:
        command, files = program, [pipe]
        variables = environment(home or "/tmp", str(course) if home else "/course")
        if home is None:
            rules = stack.enter_context(seccomp_rules())
            files += [] if rules is None else [rules]
            command = [*isolation(course, variables, rules), *program]
            variables = {"PATH": os.environ.get("PATH", "")}
        return subprocess.Popen(
            command,
            pass_fds=files,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=variables,
            cwd="/",
            start_new_session=True,
        )


class Sandbox:
    """A process in a sandbox, and the pipe to it.

    Args:
        course: the folder made by `withheld.copy_without`.
        isolated: False starts the process without bubblewrap.

    Raises:
        Ended: if it doesn't start.
    """

    def __init__(self, course: Path, isolated: bool = True) -> None:
        self._ended, self._number, self._has_own_files = "", 0, False
        self._home: tempfile.TemporaryDirectory[str] | None = None
        if not isolated:
            self._home = tempfile.TemporaryDirectory(prefix=f"{PREFIX}{os.getpid()}-")
        self._pipe, inner = socket.socketpair()
        with inner:
            home = self._home.name if self._home else None
            self._process = start_process(course, inner.fileno(), home)
        threading.Thread(target=self._watch, daemon=True).start()
        limits = {"memory": MEMORY, "processes": THREADS, "file_size": LARGEST_FILE}
        try:
            self._pipe.sendall(wire.pack({"limits": limits}))
            self._receive(START)
            self._let_it_go_first()
            self._has_own_files = isolated  # and the folders that it sees are its own
        except OSError:
            self.close()
            raise Ended("ended", "the sandbox didn't start") from None

    def ask(
        self,
        message: Mapping[str, Any],
        seconds: float,
        answer: Callable[[Mapping[str, Any]], dict[str, Any]] | None = None,
    ) -> dict[str, Any]:
        """Ask for something and wait for it.

        Args:
            message: for `kernel.main`.
            seconds: after which the whole sandbox is ended.
            answer: called with the number and the arguments of a function of ours that the code
                inside calls; returns an answer for the pipe.

        Returns:
            The reply: untrusted data.

        Raises:
            Ended: if there is no sandbox any more, whatever the reason.
        """
        end = time.monotonic() + seconds
        self._number += 1
        try:
            self._pipe.settimeout(seconds)
            self._pipe.sendall(wire.pack({"id": self._number, **message}))
            while True:
                reply = self._receive(end - time.monotonic())
                if "function" not in reply or answer is None:
                    break
                self._pipe.settimeout(max(end - time.monotonic(), 0.01))
                self._pipe.sendall(wire.pack(answer(reply)))
        except TimeoutError:
            raise self._end("time") from None
        except OSError:
            raise self._end("ended") from None
        except wire.Garbled as error:
            raise self._end("garbled", str(error)) from None
        if reply.get("id") != self._number:
            raise self._end("garbled", "the answer to another question")
        return reply

    def _receive(self, seconds: float) -> dict[str, Any]:
        try:
            return wire.receive(self._pipe, max(seconds, 0.01))
        except EOFError:
            raise self._end("ended") from None
        except TimeoutError:
            raise self._end("time") from None

    def _end(self, why: str, detail: str = "") -> Ended:
        """Close the sandbox; return what to raise: why, unless our watch has ended it before."""
        why = self._ended or why
        self.close()
        return Ended(why, detail)

    def _let_it_go_first(self) -> None:
        """Where the computer runs out of memory, let the system end the sandbox, not us."""
        with contextlib.suppress(psutil.Error, OSError):
            for process in psutil.Process(self._process.pid).children(recursive=True):
                Path(f"/proc/{process.pid}/oom_score_adj").write_text("1000")

    def _watch(self) -> None:
        """End the sandbox if it has too many processes or too much memory."""
        with contextlib.suppress(psutil.Error):
            outer, busy = psutil.Process(self._process.pid), 0
            while self._process.poll() is None:
                processes = outer.children(recursive=True)
                busy = busy + 1 if sum(map(_computing, processes)) > BUSY else 0
                if len(processes) > PROCESSES or busy * LOOK > 2:
                    self._ended = "processes"
                elif sum(map(_resident, processes)) > RESIDENT:
                    self._ended = "memory"
                elif self._has_own_files and max(map(_files, processes), default=0) > MOST_FILES:
                    self._ended = "memory"  # each takes some, also an empty one
                if self._ended:
                    self._kill()
                    return
                time.sleep(LOOK)

    def _kill(self) -> None:
        # In a namespace of their own all processes end with the first, which ends with bwrap.
        with contextlib.suppress(psutil.Error, OSError):
            for process in psutil.Process(self._process.pid).children(recursive=True):
                with contextlib.suppress(psutil.Error):
                    process.kill()
        self._process.kill()

    def close(self) -> None:
        """End all that runs in the sandbox."""
        self._kill()
        self._process.wait()
        self._pipe.close()
        if self._home is not None:
            self._home.cleanup()


def _computing(process: psutil.Process) -> int:
    """Return how many threads of a process want to compute."""
    found = 0
    with contextlib.suppress(OSError):
        for thread in Path(f"/proc/{process.pid}/task").iterdir():
            with contextlib.suppress(OSError):
                found += (thread / "stat").read_bytes().rpartition(b")")[2][1:2] == b"R"
    return found


def _files(process: psutil.Process) -> int:
    """Return how many files the folders of the sandbox hold that this process sees."""
    found = 0
    for name in ("tmp", "dev/shm"):
        with contextlib.suppress(OSError):
            folder = os.statvfs(f"/proc/{process.pid}/root/{name}")
            found += folder.f_files - folder.f_ffree
    return found


def _resident(process: psutil.Process) -> int:
    """Return how many bytes of memory a process has."""
    with contextlib.suppress(psutil.Error):
        return process.memory_info().rss
    return 0


def sweep() -> None:
    """Remove the temporary folders of processes that were killed."""
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        pid = path.name.removeprefix(PREFIX).split("-")[0]
        if pid.isdigit() and not psutil.pid_exists(int(pid)):
            shutil.rmtree(path, ignore_errors=True)
