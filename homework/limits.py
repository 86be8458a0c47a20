"""Stopping the learner's code when its time is up."""

import _thread
import contextlib
import signal
import threading
import time
from collections.abc import Iterator


class TimeIsUp(BaseException):
    """The time of `time_limit` is over. Nothing that catches an ordinary error may catch this."""


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Interrupt the main thread when the time is up, again and again until it gives in.

    What computes inside one call of a C function can't be interrupted before it returns. In any
    other thread there is no limit.

    Raises:
        TimeIsUp: if it was interrupted, whatever the code inside made of that.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    over, fired, lock = threading.Event(), threading.Event(), threading.Lock()

    def watch() -> None:
        wait = max(seconds, 0.01)
        while not over.wait(wait):
            with lock:
                if over.is_set():
                    return
                fired.set()
                _interrupt_main_thread()
            wait = 0.02

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    except BaseException:
        if fired.is_set():  # whatever the learner's code made of the interrupt
            raise TimeIsUp from None
        raise
    finally:
        with contextlib.suppress(KeyboardInterrupt):
            with lock:
                over.set()
            if fired.is_set():
                time.sleep(0.05)  # an interrupt that is still on its way arrives here
        signal.signal(signal.SIGINT, before or signal.default_int_handler)
    if fired.is_set():
        raise TimeIsUp


def _interrupt_main_thread() -> None:
    if hasattr(signal, "pthread_kill"):  # a real signal also ends a sleep
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
    else:
        _thread.interrupt_main()
