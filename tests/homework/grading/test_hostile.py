"""Whatever is handed in gets the mark that it deserves, and harms nobody."""

import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import asdict
from pathlib import Path

import psutil
import pytest

from homework.grading import judging
from homework.grading.results import Text
from tools.hand_ins import TRICKS, WRONG, cell, code, filled_in, released, tasks, with_cell

ROOT = Path(__file__).resolve().parents[3]
FULL = {"04.1": 3, "04.2": 4, "04.3": 1, "04.4": 4, "04.5": 3, "04.6": None}
NOTHING = dict.fromkeys(FULL, 0)


@pytest.fixture
def grade(course, monkeypatch):
    """Grade a notebook of lesson 04, with shorter limits."""
    monkeypatch.setattr(judging, "CELL", 4)
    monkeypatch.setattr(judging, "TASK", 3)
    monkeypatch.setattr(judging, "GRACE", 1)

    def grade(notebook):
        notebook = json.loads(json.dumps(notebook))
        return judging.grade(notebook["cells"], released()["cells"], tasks(), course)

    return grade


def points(result):
    return {task.id: task.points for task in result.tasks}


def row(result, id):
    return next(task for task in result.tasks if task.id == id)


def printed(result):
    outputs = [output for cell in result.cells for output in cell.outputs]
    return "".join(output.text for output in outputs if isinstance(output, Text))


# Ordinary hand-ins -----------------------------------------------------------------------------


def test_right_answers_earn_everything(grade):
    result = grade(filled_in())
    assert points(result) == FULL
    assert result.notes == ()
    assert row(result, "04.6").status == "waiting" and row(result, "04.6").answer


def test_each_task_is_judged_alone(grade):
    result = grade(filled_in(t4_2=WRONG["t4_2"], t4_5="stub"))
    assert points(result) == FULL | {"04.2": 0, "04.5": 0}
    assert row(result, "04.2").status == "failed" and row(result, "04.2").hint
    assert "not done yet" in row(result, "04.5").what


def test_wrong_answers_earn_nothing(grade):
    result = grade(filled_in(**WRONG))
    assert points(result) == NOTHING
    assert row(result, "04.6").status == "missing"


def test_what_was_given_out_earns_nothing(grade):
    assert points(grade(released())) == NOTHING


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("def full_adder(a, b, carry_in)\n    return a", "no `full_adder`"),
        ("import no_such_module", "no `full_adder`"),
        ("def full_adder(a, b, carry_in):\n    raise SystemExit", "SystemExit"),
        ("def full_adder(a, b, carry_in):\n    exit()", "SystemExit|NameError"),
        ("def full_adder(a, b, carry_in):\n    return input('?'), 0", "EOFError"),
        ("def full_adder(a, b, carry_in):\n    import os; os._exit(0)", "whole notebook ended"),
        ("import os; os._exit(0)", "whole notebook ended"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "no `full_adder`|ended"),
        ("import ctypes; ctypes.string_at(0)", "whole notebook ended"),
        ("raise SystemExit", "no `full_adder`"),
        ("full_adder = 3", "not a function"),
    ],
)
def test_an_error_costs_its_own_task_only(grade, source, what):
    result = grade(filled_in(t4_1=source))
    assert points(result) == FULL | {"04.1": 0}
    assert re.search(what, row(result, "04.1").what)


# Without an end --------------------------------------------------------------------------------

ENDLESS = "def full_adder(a, b, carry_in):\n    while True:\n        pass"
SWALLOWS = """def full_adder(a, b, carry_in):
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass
"""
IGNORES = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
IGNORES += "signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 32))\nwhile True:\n    pass"
SILENT = "def full_adder(a, b, carry_in):\n    import time; time.sleep(1e6)"


@pytest.mark.parametrize("source", [ENDLESS, SWALLOWS, IGNORES, SILENT, "while True: pass"])
def test_endless_loops_are_stopped_and_named(grade, source):
    result = grade(filled_in(t4_1=source))
    assert points(result) == FULL | {"04.1": 0}
    told = row(result, "04.1")
    assert told.status == "time limit" or "stopped after 4 seconds" in str(result.notes)


def test_all_together_has_a_limit(grade, monkeypatch):
    monkeypatch.setattr(judging, "TOTAL", 5)
    result = grade(filled_in(**dict.fromkeys(["t4_1", "t4_2", "t4_4", "t4_5"], "while True: pass")))
    assert points(result) == FULL | {"04.1": 0, "04.2": 0, "04.3": 0, "04.4": 0, "04.5": 0}
    assert "longer than 5 seconds in all" in str(result.notes)


# Another notebook than was given out -----------------------------------------------------------


def edited(change, **answers):
    notebook = filled_in(**answers)
    change(notebook, notebook["cells"])
    return notebook


def each_check(change):
    def all_of_them(notebook, cells):
        for c in list(cells):
            if c["metadata"].get("nbgrader", {}).get("grade_id", "").startswith("check"):
                change(notebook, cells, c)

    return all_of_them


def remove(notebook, cells, c):
    cells.remove(c)


def double(notebook, cells, c):
    cells.insert(cells.index(c), dict(c, id=f"{c['id']}-2"))


def empty(notebook, cells, c):
    c["source"] = "print('✓ passed, 3 points')"


def to_text(notebook, cells, c):
    c["cell_type"] = "markdown"


def enrich(notebook, cells, c):
    c["metadata"]["nbgrader"]["points"] = 100


@pytest.mark.parametrize(
    ("change", "note"),
    [
        (remove, "check 04.1: the cell was removed"),
        (double, "check 04.1: the cell is there 2 times"),
        (empty, "check 04.1: the cell was changed"),
        (to_text, "check 04.1: the cell was turned from code into markdown"),
        (enrich, "check 04.1: its points were changed"),
    ],
)
def test_changed_checks_change_nothing(grade, change, note):
    result = grade(edited(each_check(change)))
    assert points(result) == FULL
    assert note in str(result.notes)
    assert points(grade(edited(each_check(change), **WRONG))) == NOTHING


def shuffle(notebook, cells):
    cells.reverse()


def rename_kernel(notebook, cells):
    notebook["metadata"] = {"kernelspec": {"name": "julia", "language": "julia"}}


def forget_metadata(notebook, cells):
    for number, c in enumerate(cells):
        c["metadata"], c["id"] = {}, f"other-{number}"


def drop_texts(notebook, cells):
    graded = [c for c in cells if c["cell_type"] == "code" or c["metadata"].get("nbgrader")]
    notebook["cells"] = graded


@pytest.mark.parametrize(
    ("change", "note"),
    [
        (shuffle, "another order"),
        (rename_kernel, ""),
        (drop_texts, "text cells"),
    ],
)
def test_other_changes_cost_nothing(grade, change, note):
    result = grade(edited(change))
    assert points(result) == FULL
    assert note in str(result.notes)


def test_answers_are_found_where_an_editor_has_dropped_all_metadata(grade):
    earned = points(grade(edited(forget_metadata)))
    assert earned | {"04.3": 1, "04.6": None} == FULL


def test_a_missing_or_retyped_answer_is_named(grade):
    def change(notebook, cells):
        cells.remove(cell(notebook, "task-04-1"))
        cell(notebook, "task-04-5")["cell_type"] = "markdown"

    result = grade(edited(change))
    assert points(result) == FULL | {"04.1": 0, "04.5": 0}
    assert "task 04.1: the cell was removed" in result.notes
    assert "task 04.5: the cell was turned from code into markdown" in result.notes
    assert row(result, "04.5").what == "there is no code cell with an answer"


@pytest.mark.parametrize(
    "cells",
    [
        [],
        [{}],
        [{"cell_type": "code"}],
        [{"cell_type": 3, "source": {"a": 1}, "metadata": [], "id": []}],
        [{"cell_type": "code", "source": [1, None, "x = 1"], "metadata": {"nbgrader": 7}}],
    ],
)
def test_odd_cells_earn_nothing(course, cells):
    result = judging.grade(cells, released()["cells"], tasks(), course)
    assert points(result) == NOTHING


# Tricks ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("trick", TRICKS)
def test_tricks_earn_nothing(grade, trick):
    answers = WRONG
    if "taken from" in trick:  # the answers would come from the first cell, so none may hide them
        answers = dict.fromkeys(WRONG, "pass") | {"t4_6": "YOUR ANSWER HERE"}
    result = grade(with_cell(TRICKS[trick], **answers))
    assert points(result) == NOTHING, printed(result)
    assert "found" not in printed(result)
    assert not Path("/tmp/evil-was-here").exists()


@pytest.mark.parametrize("trick", [name for name in TRICKS if "patched" in name])
def test_what_is_patched_inside_stays_inside(grade, trick):
    grade(with_cell(TRICKS[trick], **WRONG))
    assert points(grade(filled_in())) == FULL


def test_patched_numpy_inside_costs_no_right_answer(grade):
    assert points(grade(with_cell(TRICKS["numpy.testing is patched"]))) == FULL


# Looking around --------------------------------------------------------------------------------


def test_nothing_of_the_computer_can_be_read(grade, monkeypatch, tmp_path):
    monkeypatch.setenv("SECRET_OF_THE_TEACHER", "swordfish")
    (tmp_path / "other-hand-in.txt").write_text("swordfish")
    places = [str(ROOT), str(ROOT / "solutions"), str(ROOT / "exercises"), str(ROOT / "tests")]
    places += [str(Path.home()), str(tmp_path), "/etc/passwd", "/etc/shadow", "/proc/1/environ"]
    places += [f"/proc/{os.getpid()}/environ", f"/proc/{os.getppid()}/cmdline", "/sys", "/var"]
    source = f"""
import os
print("environment:", dict(os.environ))
for place in {places!r}:
    try:
        print("read:", place, os.listdir(place) if os.path.isdir(place) else open(place).read())
    except OSError as error:
        print("no:", place)
for folder, folders, files in os.walk("/tmp"):
    if "site-packages" not in folder:  # where the course itself lies in /tmp
        print("tmp:", files)
"""
    told = printed(grade(with_cell(source)))
    assert "swordfish" not in told and "SECRET" not in told
    assert "root:" not in told
    for place in ("solutions", "exercises", "tests"):
        assert f"no: {ROOT / place}" in told
    assert not re.search(r"read: \S*solutions|\.ipynb|\.py\b", told)


def test_nothing_can_be_written_outside(grade, tmp_path):
    places = [str(ROOT / "hacked"), str(Path.home() / "hacked"), str(tmp_path / "hacked")]
    places += ["/hacked", "/usr/hacked", "/etc/hacked", "/course/hacked", "/dev/hacked"]
    places += ["/course/course_utils/data/carry.py", "/var/tmp/hacked", "/sys/hacked"]
    source = f"""
import os, re
for place in {places!r}:
    try:
        os.makedirs(os.path.dirname(place), exist_ok=True)
        with open(place, "w") as file:
            file.write("hacked")
        print("written:", place)
    except OSError:
        pass
for folder, folders, files in os.walk("/"):  # as root, without this, /proc/sys could be written
    for name in files:
        path = os.path.join(folder, name)
        elsewhere = re.search("^/(dev|tmp)", folder) or os.path.islink(path) and "exe" != name
        if os.access(path, os.W_OK) and not elsewhere:
            print("could be written:", path)
"""
    result = grade(with_cell(source))
    written = set(re.findall("written: (.*)", printed(result)))
    assert all(place.startswith(f"{tempfile.gettempdir()}/") for place in written)  # of its own
    assert points(result) == FULL
    assert not any(Path(place).exists() for place in places if place.endswith("hacked"))


def test_there_is_no_network(grade):
    source = """
import socket, urllib.request
for address in [("127.0.0.1", PORT), ("10.0.0.1", 80), ("8.8.8.8", 53)]:
    try:
        socket.create_connection(address, timeout=1)
        print("connected")
    except OSError:
        pass
try:
    socket.create_server(("0.0.0.0", 8899))
    print(urllib.request.urlopen("https://example.org", timeout=1).read())
except OSError as error:
    print("no network")
print(open("/proc/net/dev").read())
"""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        source = source.replace("PORT", str(server.getsockname()[1]))
        told = printed(grade(with_cell(source)))
    assert "connected" not in told and "no network" in told
    assert "eth" not in told


def test_nothing_stays_behind_and_no_signal_gets_out(grade):
    mark = f"123456{os.getpid()}"
    source = f"""
import os, signal, subprocess, sys
subprocess.Popen(["sleep", "{mark}"], start_new_session=True)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        os.execvp("sleep", ["sleep", "{mark}"])
    os._exit(0)
for pid in (1, os.getppid(), {os.getpid()}, {os.getppid()}):
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGKILL):
        if pid != os.getpid():
            try:
                os.kill(pid, number)
            except OSError:
                pass
"""
    result = grade(with_cell(source))
    assert points(result) == FULL
    time.sleep(0.2)
    assert not [p for p in psutil.process_iter(["cmdline"]) if mark in (p.info["cmdline"] or [])]


def test_calls_that_no_answer_needs_are_refused(grade):
    source = """
import ctypes, os, socket
libc = ctypes.CDLL(None, use_errno=True)
print("memory file:", libc.memfd_create(b"x", 0))
print("shared memory:", libc.shmget(0, 4096, 0o1600))
print("keys:", libc.syscall({"x86_64": 250, "aarch64": 219}[os.uname().machine], 11, -3, 0, 0, 0))
for family in (socket.AF_VSOCK, socket.AF_NETLINK, socket.AF_PACKET):
    try:
        print("socket:", socket.socket(family, socket.SOCK_DGRAM))
    except OSError:
        print("socket: -1")
socket.socket(socket.AF_UNIX), socket.socket(socket.AF_INET6)
"""
    told = printed(grade(with_cell(source)))
    assert re.findall(r"^(?:memory file|shared memory|keys|socket): (.*)", told, re.M) == 6 * ["-1"]


def test_the_sandbox_dies_with_its_grader_even_if_it_would_rather_not(course):
    source = """
import ctypes, os, signal
ctypes.CDLL(None).prctl(1, 0)
try:
    os.kill(1, signal.SIGKILL), ctypes.CDLL(None).ptrace(16, 1, 0, 0)
except OSError:
    pass
print("pid", os.getpid())
"""
    words = f"""
from pathlib import Path
from homework.grading.sandbox import Sandbox
made = Sandbox(Path({str(course(frozenset()))!r}))
print(made.ask({{"do": "cell", "source": {source!r}, "seconds": 5}}, 9)["outputs"], flush=True)
print(made._process.pid, flush=True)
input()
"""
    command = [sys.executable, "-c", words]
    grader = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert "pid 2" in grader.stdout.readline()
    inside = psutil.Process(int(grader.stdout.readline())).children(recursive=True)
    assert len(inside) >= 2
    grader.kill()
    grader.wait()
    gone, alive = psutil.wait_procs(inside, timeout=5)
    assert not alive


def test_no_privileges_can_be_had(grade):
    source = """
import ctypes, os, subprocess
libc = ctypes.CDLL(None, use_errno=True)
print("unshare:", libc.unshare(0x10000000))
print("mount:", libc.mount(b"none", b"/tmp", b"tmpfs", 0, None))
print("chroot:", libc.chroot(b"/tmp"))
try:
    os.setuid(0)
    print("setuid: 0")
except OSError:
    print("setuid: -1")
print([line for line in open("/proc/self/status") if line.startswith("CapEff")])
"""
    told = printed(grade(with_cell(source)))
    for name in ("unshare", "mount", "chroot", "setuid"):
        assert f"{name}: -1" in told
    assert "CapEff:\\t0000000000000000" in told


# Too much of everything ------------------------------------------------------------------------

TOO_MUCH = {
    "memory at once": "x = bytearray(10**12)",
    "memory bit by bit": "x = []\nwhile True:\n    x.append(b'x' * 50_000_000)",
    "memory in many processes": """
import os
for _ in range(20):
    if os.fork() == 0:
        x = bytearray(400_000_000)
        for k in range(0, len(x), 4096):
            x[k] = 1
        import time; time.sleep(100)
""",
    "processes": "import os\nwhile True:\n    os.fork()",
    "threads": """
import threading, time
while True:
    threading.Thread(target=time.sleep, args=(100,)).start()
""",
    "processes that compute": """
import os
for _ in range(40):
    if os.fork() == 0:
        os.setsid()
        while True:
            pass
""",
    "empty files": """
for k in range(10_000_000):
    open(f"/tmp/{k}", "w").close()
""",
    "pictures": """
import base64, os
for k in range(40):
    png = base64.b64encode(os.urandom(500_000)).decode()
    display({"image/png": png}, raw=True)
""",
    "/dev/shm": "open('/dev/shm/x', 'wb').write(b'x' * 500_000_000)",
    "/tmp": """
for k in range(100):
    with open(f"/tmp/{k}", "wb") as file:
        file.write(b"x" * 100_000_000)
""",
    "one file": "open('/tmp/x', 'wb').write(b'x' * 200_000_000)",
    "output": "for _ in range(100):\n    print('x' * 1_000_000)",
    "raw output": "import os\nfor _ in range(100):\n    os.write(1, b'x' * 1_000_000)",
    "displays": "for k in range(100_000):\n    display({'text/plain': 'x'}, raw=True)",
}


@pytest.mark.parametrize("what", TOO_MUCH)
def test_too_much_of_something_harms_nobody(grade, what):
    result = grade(with_cell(TOO_MUCH[what]))
    hindered = ("threads", "memory in many processes", "processes that compute")
    if what in hindered:  # one's own answers
        assert set(points(result)) == set(FULL)
    else:
        assert points(result) == FULL
    assert len(json.dumps(asdict(result))) < 6_000_000


RETURNS = {
    "70 MB": "import numpy as np\n    return np.zeros(70_000_000, np.int8), 0",
    "30 MB": "import numpy as np\n    return np.zeros(30_000_000, np.int8), 0",
    "deep": "x = []\n    for _ in range(100_000):\n        x = [x]\n    return x, 0",
    "endless": "x = []\n    x.append(x)\n    return x, 0",
    "huge number": "return 10 ** 5_000, 0",
    "many parts": "return list(range(3_000_000)), 0",
    "colliding hashes": "return {k * (2**61 - 1) for k in range(1, 20_000)}, 0",
    "an empty array as a long list": "import numpy as np\n    return np.zeros((9_000_000, 0)), 0",
    "very large number": "return 16 ** 1_000_000, 0",
    "NaN": "return float('nan'), float('inf')",
    "half a character": "return '\\ud800', 0",
    "a generator": "return (x for x in range(3))",
    "a class": "return int, str",
    "an error with much to say": "raise ValueError('x' * 100_000_000)",
    "an error that can't be shown": (
        "class E(Exception):\n        def __str__(self): raise self\n    raise E()"
    ),
    "hidden type": "class T(tuple):\n        def __len__(self): return 2\n    return T()",
}


@pytest.mark.parametrize("what", RETURNS)
def test_odd_values_fail_their_task_only(grade, what):
    result = grade(filled_in(t4_1=f"def full_adder(a, b, carry_in):\n    {RETURNS[what]}"))
    assert points(result) == FULL | {"04.1": 0}
    assert row(result, "04.1").what
    json.dumps(asdict(result)).encode("utf-8")


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\xff" * 20,
        b"\x00" * 7 + b"\x05hello",
        b"\x00" * 7 + b"\x02[]",
        (10**15).to_bytes(8, "big"),
        (200_000).to_bytes(8, "big") + b"[" * 200_000,
        (60).to_bytes(8, "big") + b'{"id": 1, "value": {"array": ["<f8", [1000000000], ""]}}    ',
    ],
)
def test_what_is_no_message_ends_the_sandbox_and_nothing_else(grade, message):
    source = "import os\nfor fd in range(3, 20):\n    try:\n        os.write(fd, MESSAGE)\n"
    source += "    except OSError:\n        pass\nos._exit(0)"
    result = grade(with_cell(source.replace("MESSAGE", repr(message))))
    assert points(result) == FULL


def test_many_at_a_time_keep_apart(grade):
    results = {}

    def one(name, notebook):
        results[name] = points(grade(notebook))

    jobs = {"right": filled_in(), "wrong": filled_in(**WRONG), "loop": filled_in(t4_1=ENDLESS)}
    threads = [threading.Thread(target=one, args=job) for job in jobs.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {"right": FULL, "wrong": NOTHING, "loop": FULL | {"04.1": 0}}


def test_extra_cells_run_where_they_stand(grade):
    notebook = filled_in(t4_5="def floor(seqlen):\n    return mine(seqlen)")
    place = notebook["cells"].index(cell(notebook, "task-04-5"))
    notebook["cells"].insert(
        place, code("def mine(n):\n    return sum(0.25 * 2.0**-t for t in range(n)) / n")
    )
    assert points(grade(notebook)) == FULL
