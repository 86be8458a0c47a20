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
from pathlib import Path

import psutil

from homework.grading import calls, wire
from homework.grading.withheld import PACKAGE

MEMORY = 4_000_000_000  # bytes of addresses for one process; importing TensorFlow takes 3 GB
RESIDENT = 3_000_000_000  # bytes of memory for all processes together
PROCESSES = 64  # at a time; threads of a process don't count
BUSY = 6  # threads that compute, for more than two seconds
THREADS = 512  # of all processes, where the system counts them
FILE = 128_000_000  # bytes of one file
FILES = 20_000  # in /tmp and in /dev/shm
TMP, SHM = 256_000_000, 64_000_000  # bytes in /tmp and /dev/shm
START = 60  # seconds until the sandbox has to be ready
HOME = PACKAGE.parent
PREFIX = "learning-to-carry-grading-"  # of temporary folders, which a later run sweeps
LOOK = 0.1  # seconds between two looks at processes and memory
INSTALL = "Debian, Ubuntu: sudo apt install bubblewrap; Fedora: sudo dnf install bubblewrap"


class Ended(BaseException):
    """The sandbox is gone. Nothing that catches an ordinary error may catch this.

    Args:
        why: ``"time"``, ``"memory"``, ``"processes"``, ``"ended"`` or ``"garbled"``.
    """

    def __init__(self, why, detail=""):
        super().__init__(f"{why}: {detail}")
        self.why, self.detail = why, detail


class Missing(Exception):
    """There is no working sandbox on this machine; the message says what to do."""


def require_bubblewrap():
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


def bubblewrap():
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
        if (Path(name) / "course_utils").is_dir():
            command += ["--tmpfs", f"{name}/course_utils"]
    return [*command, "--chdir", "/tmp"]


# What bubblewrap makes to mount things in would hold any number of bytes; and where root grades,
# /proc/sys would let the sandbox set up the whole computer.
READ_ONLY = ["--remount-ro", "/", "--remount-ro", "/dev", "--remount-ro", "/proc"]


def packages():
    """Return the folders with the packages that this Python imports."""
    return [name for name in site.getsitepackages() if os.path.isdir(name)]


def font_cache():
    """Return matplotlib's list of fonts, which takes seconds to make."""
    import matplotlib
    from matplotlib import font_manager

    made = font_manager.FontManager.__version__
    return Path(matplotlib.get_cachedir()) / f"fontlist-v{made}.json"


class Sandbox:
    """A process in a sandbox, and the pipe to it.

    Args:
        course: the folder made by `withheld.copy_without`.
        isolated: False starts the process without bubblewrap.

    Raises:
        Ended: if it doesn't start.
    """

    def __init__(self, course, isolated=True):
        self._ended, self._number, self._has_own_files = "", 0, False
        self._pipe, other = socket.socketpair()
        rules = None
        self._home = (
            None if isolated else tempfile.TemporaryDirectory(prefix=f"{PREFIX}{os.getpid()}-")
        )
        home = "/tmp" if isolated else self._home.name
        environment = {
            "PATH": "/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "HOME": home,
            "TMPDIR": home,
            "PYTHONPATH": os.pathsep.join(["/course" if isolated else str(course), *packages()]),
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
        command = [os.path.realpath(sys.executable), "-S", "-m", "homework.grading.inside"]
        command.append(str(other.fileno()))
        if isolated:
            into = [*bubblewrap(), "--ro-bind", str(course), "/course"]
            trained = "course_utils/networks/checkpoints"
            into += ["--ro-bind", str(PACKAGE / "checkpoints"), f"/course/{trained}"]
            into += ["--dir", "/tmp/fonts"]
            if (fonts := font_cache()).is_file():
                into += ["--ro-bind", str(fonts), f"/tmp/fonts/{fonts.name}"]
            into += READ_ONLY
            if filter := calls.refusing():
                rules = tempfile.TemporaryFile()
                rules.write(filter)
                rules.seek(0)
                into += ["--seccomp", str(rules.fileno())]
            for name, value in environment.items():
                into += ["--setenv", name, value]
            command, environment = [*into, "--", *command], {"PATH": os.environ.get("PATH", "")}
        try:
            self._process = subprocess.Popen(
                command,
                pass_fds=[file.fileno() for file in (other, rules) if file is not None],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=environment,
                cwd="/",
                start_new_session=True,
            )
        finally:
            other.close()
            if rules is not None:
                rules.close()
        threading.Thread(target=self._watch, daemon=True).start()
        limits = {"memory": MEMORY, "processes": THREADS, "file_size": FILE}
        try:
            self._pipe.sendall(wire.pack({"limits": limits}))
            self._receive(START)
            self._let_it_go_first()
            self._has_own_files = isolated  # and the folders that it sees are its own
        except OSError:
            self.close()
            raise Ended("ended", "the sandbox didn't start") from None

    def ask(self, message, seconds, answer=None):
        """Ask for something and wait for it.

        Args:
            message: for `inside.main`.
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
            self._pipe.sendall(wire.pack({"id": self._number} | message))
            while True:
                reply = self._receive(end - time.monotonic())
                if "function" not in reply or answer is None:
                    break
                self._pipe.settimeout(max(end - time.monotonic(), 0.01))
                self._pipe.sendall(wire.pack(answer(reply)))
        except TimeoutError:
            raise self._over("time") from None
        except OSError:
            raise self._over("ended") from None
        except wire.Garbled as error:
            raise self._over("garbled", str(error)) from None
        if reply.get("id") != self._number:
            raise self._over("garbled", "the answer to another question")
        return reply

    def _receive(self, seconds):
        try:
            return wire.receive(self._pipe, max(seconds, 0.01))
        except EOFError:
            raise self._over("ended") from None
        except TimeoutError:
            raise self._over("time") from None

    def _over(self, why, detail=""):
        why = self._ended or why
        self.close()
        return Ended(why, detail)

    def _let_it_go_first(self):
        """Where the computer runs out of memory, let the system end the sandbox, not us."""
        with contextlib.suppress(psutil.Error, OSError):
            for process in psutil.Process(self._process.pid).children(recursive=True):
                Path(f"/proc/{process.pid}/oom_score_adj").write_text("1000")

    def _watch(self):
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
                elif self._has_own_files and max(map(_files, processes), default=0) > FILES:
                    self._ended = "memory"  # each takes some, also an empty one
                if self._ended:
                    self._kill()
                    return
                time.sleep(LOOK)

    def _kill(self):
        # In a namespace of their own all processes end with the first, which ends with bwrap.
        with contextlib.suppress(psutil.Error, OSError):
            for process in psutil.Process(self._process.pid).children(recursive=True):
                with contextlib.suppress(psutil.Error):
                    process.kill()
        self._process.kill()

    def close(self):
        """End all that runs in the sandbox."""
        self._kill()
        self._process.wait()
        self._pipe.close()
        if self._home is not None:
            self._home.cleanup()


def _computing(process):
    """Return how many threads of a process want to compute."""
    found = 0
    with contextlib.suppress(OSError):
        for thread in Path(f"/proc/{process.pid}/task").iterdir():
            with contextlib.suppress(OSError):
                found += (thread / "stat").read_bytes().rpartition(b")")[2][1:2] == b"R"
    return found


def _files(process):
    """Return how many files the folders of the sandbox hold that this process sees."""
    found = 0
    for name in ("tmp", "dev/shm"):
        with contextlib.suppress(OSError):
            folder = os.statvfs(f"/proc/{process.pid}/root/{name}")
            found += folder.f_files - folder.f_ffree
    return found


def _resident(process):
    with contextlib.suppress(psutil.Error):
        return process.memory_info().rss
    return 0


def sweep():
    """Remove the temporary folders of processes that were killed."""
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        pid = path.name.removeprefix(PREFIX).split("-")[0]
        if pid.isdigit() and not psutil.pid_exists(int(pid)):
            shutil.rmtree(path, ignore_errors=True)
