"""A check that takes too long is stopped, whatever else its process does at the same time."""

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from homework.grading import judging

ROOT = Path(__file__).resolve().parents[3]


def test_only_the_thread_that_is_overdue_is_stopped():
    ends = {}

    def compute(name, seconds):
        end = time.monotonic() + 1
        try:
            with judging._at_most(seconds):
                while time.monotonic() < end:
                    pass
            ends[name] = "finished"
        except judging.Overdue:
            ends[name] = "stopped"

    jobs = {"short": 0.2, "long": 30, "other": 0.3}
    threads = [threading.Thread(target=compute, args=job) for job in jobs.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ends == {"short": "stopped", "long": "finished", "other": "stopped"}
    assert judging.LAST_RESORT._due == {}


STUCK = """
import threading, time
from homework.grading import judging
judging.STUCK = 1
begun = threading.Event()
def stuck():
    with judging._at_most(1):
        begun.set()
        quick.join()
        sum(range(10**12))  # lets no other line of Python run
def end_at_once():
    begun.wait()
    with judging._at_most(60):
        pass
quick = threading.Thread(target=end_at_once)
quick.start()
stuck()
"""


def test_a_check_that_nothing_can_stop_ends_the_process_though_another_has_ended_well():
    run = subprocess.run([sys.executable, "-c", STUCK], cwd=ROOT, timeout=60, capture_output=True)
    assert run.returncode == 1 and run.stderr == b""


def test_without_a_check_that_takes_too_long_nothing_happens():
    with judging._at_most(60):
        pass
    with pytest.raises(ZeroDivisionError), judging._at_most(60):
        raise ZeroDivisionError
    assert judging.LAST_RESORT._due == {}
