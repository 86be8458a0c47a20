"""Keras on TensorFlow, loaded without TensorFlow's start-up messages.

``from course_utils.lesson.backend import keras`` is ``import keras``, except that the log lines
which TensorFlow's C++ code prints while it loads do not end up in the notebook. Errors still show.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # after loading: errors only


@contextmanager
def _quiet_stderr() -> Iterator[None]:
    """Send file descriptor 2 to nowhere: C++ code does not write through Python's sys.stderr."""
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(nowhere)
        os.close(kept)


with _quiet_stderr():
    import keras
    import tensorflow as tf

__all__ = ["keras", "tf"]
