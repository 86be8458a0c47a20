"""Training on one progress line, fast on two cores (lessons 05 and 07).

The models of the course are so small that starting a training step costs more than computing it.
`train` therefore hands TensorFlow 50 steps at a time and, on request, lets XLA fuse each step.
"""

import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from course_utils.lesson.backend import keras, tf

STEPS_PER_CALL = 50

Logs = dict[str, float]  # the loss, and metrics if there are any, by name


class ProgressLine(keras.callbacks.Callback):
    """Show training as one line that is rewritten in place, also in a saved notebook.

    Outside a notebook it shows nothing. (tqdm's callback for Keras takes the 50 steps of a call for
    one, and its line goes to stderr, where the outputs of a lesson have nothing.)

    Args:
        label: what is being trained, at the start of the line.
    """

    def __init__(self, label: str = "training") -> None:
        super().__init__()
        self.label = label
        self.seconds = 0.0
        self._line: Any = None

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._start, self._shown, self._steps = time.perf_counter(), 0.0, 0
        self._line = _display("")

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._steps = batch + 1
        self._logs = logs or {}
        self._show(self._epoch + self._steps / (self.params["steps"] or self._steps))

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._epoch = epoch

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self._logs = logs or {}

    def on_train_end(self, logs: Logs | None = None) -> None:
        self._show(self.params["epochs"], last=True)

    def _show(self, done: float, last: bool = False) -> None:
        self.seconds = time.perf_counter() - self._start
        if self._line is None or (self.seconds - self._shown < 0.25 and not last):
            return
        self._shown = self.seconds
        share = done / self.params["epochs"]
        bar = "█" * round(20 * share) + "░" * (20 - round(20 * share))
        numbers = "".join(f"  {name} {value:.4g}" for name, value in self._logs.items())
        self._line.update(_text(f"{self.label}  {bar} {share:4.0%}{numbers}  {self.seconds:.1f} s"))


def _text(line: str) -> Any:
    from IPython.display import DisplayObject

    class Line(DisplayObject):
        def __repr__(self) -> str:
            return self.data

    return Line(data=line)


def _display(line: str) -> Any:
    """Return a display handle in a notebook, None elsewhere."""
    from IPython import get_ipython
    from IPython.display import display

    shell = get_ipython()
    if shell is None or not hasattr(shell, "kernel"):
        return None
    return display(_text(line), display_id=True)


def prepare(
    model: keras.Model, steps: int, learning_rate: float, loss: str | keras.Loss, xla: bool = False
) -> None:
    """Compile a model for `train`.

    Adam with each gradient clipped to norm 1; the learning rate falls to zero along a half cosine.

    Args:
        model: a Keras model.
        steps: training steps, a multiple of `STEPS_PER_CALL`.
        learning_rate: of the first step.
        loss: a Keras loss or its name.
        xla: let XLA compile the step; that costs seconds once and pays for very small models.

    Raises:
        ValueError: if the steps do not fill whole calls.
    """
    if steps < 1 or steps % STEPS_PER_CALL:
        raise ValueError(
            f"steps must be a multiple of {STEPS_PER_CALL}, but it is {steps}: that many run in "
            "one call of TensorFlow."
        )
    falling = keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    optimizer = keras.optimizers.Adam(falling, clipnorm=1.0)
    model.compile(optimizer, loss, steps_per_execution=STEPS_PER_CALL, jit_compile=xla)


def train(
    model: keras.Model,
    x: np.ndarray,
    y: np.ndarray,
    batchsize: int,
    label: str = "training",
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> np.ndarray:
    """Train a prepared model once over samples that are already in the order of training.

    Each call begins with a fresh optimiser, so a model that was given new weights trains anew
    without being compiled again.

    Args:
        model: a Keras model after `prepare`.
        x, y: inputs and targets, shapes (n, …), n = steps · batchsize.
        batchsize: samples in a step.
        label: for the progress line.
        callbacks: further Keras callbacks; an epoch to them is a call of 50 steps.

    Returns:
        The mean loss over each 50 steps, shape (steps / 50,).

    Raises:
        ValueError: if the samples don't fill whole calls, or training ends in NaN.
    """
    steps, rest = divmod(len(x), batchsize)
    if rest or steps == 0 or steps % STEPS_PER_CALL or len(x) != len(y):
        raise ValueError(
            f"x and y must hold the same whole number of {STEPS_PER_CALL} batches of {batchsize}, "
            f"but hold {len(x):,} and {len(y):,} samples: draw a multiple of "
            f"{STEPS_PER_CALL * batchsize:,}."
        )
    for variable in model.optimizer.variables:
        variable.assign(keras.ops.zeros_like(variable))
    history = model.fit(
        batches(x, y, batchsize),
        epochs=steps // STEPS_PER_CALL,
        steps_per_epoch=STEPS_PER_CALL,
        callbacks=[ProgressLine(label), *callbacks],
        shuffle=False,
        verbose=0,
    )
    losses = np.array(history.history["loss"])
    if not np.isfinite(losses).all():
        raise ValueError(
            f"the loss must stay finite, but became {losses[-1]}: training has diverged; "
            "lower the learning rate or choose another seed."
        )
    return losses


def batches(x: np.ndarray, y: np.ndarray, batchsize: int) -> tf.data.Dataset:
    """Cut samples into batches, in order and over and over, as TensorFlow reads them fastest.

    Args:
        x, y: arrays, shapes (n, …), n a multiple of `batchsize`.
        batchsize: samples in a batch.

    Returns:
        A `tf.data.Dataset` of pairs, shapes (batchsize, …), float32.
    """

    def cut(array: np.ndarray) -> np.ndarray:
        array = np.asarray(array, dtype=np.float32)
        return array.reshape(-1, batchsize, *array.shape[1:])

    return tf.data.Dataset.from_tensor_slices((cut(x), cut(y))).repeat()
