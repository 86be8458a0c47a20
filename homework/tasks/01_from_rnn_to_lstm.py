"""The checks of exercise 01: an LSTM's parameters, one step, and gates that remember."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Any

import numpy as np

from course_utils.networks.numpy_lstm import LSTM, sigmoid
from homework.checks import Failed, Mistake, Tasks, compare, mistake, require

tasks = Tasks()

# Count the parameters --------------------------------------------------------------------------

Layer = Sequence[tuple[int, ...]]  # the shapes of its arrays


def counting(change: Callable[[list[Layer], Layer], list[Layer]]) -> Callable[..., int]:
    """Return a function that adds up the sizes of all arrays.

    Args:
        change: of the four gates and the Dense layer; which layers are counted.
    """

    def count(inputs: int, units: int, outputs: int) -> int:
        gates: list[Layer] = [((inputs, units), (units, units), (units,)) for _ in "ifgo"]
        dense = (units, outputs), (outputs,)
        return sum(math.prod(shape) for layer in change(gates, dense) for shape in layer)

    return count


def with_dense_of_inputs(gates: list[Layer], dense: Layer) -> list[Layer]:
    inputs, _ = gates[0][0]
    (outputs,) = dense[1]
    return [*gates, ((inputs, outputs), (outputs,))]


PARAMETERS = {
    "no Dense layer": mistake(
        "The Dense layer isn't counted.", counting(lambda gates, dense: gates)
    ),
    "one gate": mistake(
        "That is one gate. How many layers of this size are in an LSTM?",
        counting(lambda gates, dense: [gates[0], dense]),
    ),
    "three gates": mistake(
        "Three gates are counted, but there is a fourth layer to be learned.",
        counting(lambda gates, dense: [*gates[1:], dense]),
    ),
    "last output not read": mistake(
        "The weights for the last output are missing: each gate reads it, too.",
        counting(lambda gates, dense: [*((kernel, bias) for kernel, _, bias in gates), dense]),
    ),
    "gates without bias": mistake(
        "Each gate has a bias, one number for each unit.",
        counting(lambda gates, dense: [*(gate[:2] for gate in gates), dense]),
    ),
    "Dense without bias": mistake(
        "The Dense layer has a bias, too: one number for each output.",
        counting(lambda gates, dense: [*gates, dense[:1]]),
    ),
    "no bias at all": mistake(
        "All biases are missing.",
        counting(lambda gates, dense: [layer[:-1] for layer in [*gates, dense]]),
    ),
    "one number as bias": mistake(
        "A bias isn't one number for a whole gate, but one for each unit.",
        counting(lambda gates, dense: [*((*gate[:2], (1,)) for gate in gates), dense]),
    ),
    "Dense reads inputs": mistake(
        "The Dense layer reads the LSTM's output, not the input of the network.",
        counting(with_dense_of_inputs),
    ),
}


@tasks.check(
    "01.1",
    "Count the parameters",
    points=2,
    minutes=4,
    hints=[
        "Count one gate first: it reads the input *and* the last output, and gives one number for "
        "each unit.",
        "A layer that reads m numbers and gives n has m · n weights and n biases.",
        "Four such layers make the LSTM. The Dense layer is one more: what does it read?",
    ],
    mistakes=PARAMETERS,
)
def check_count_parameters(work: Any, rng: np.random.Generator) -> None:
    sizes = rng.integers(2, 100, (3, 3)).tolist()
    examples = [(1, 1, 1), (2, 3, 1), (12, 75, 6), *map(tuple, sizes)]
    oracle = counting(lambda gates, dense: [*gates, dense])
    hint = "For (1, 1, 1) you can count on your fingers: draw one gate and its weights first."
    compare(work.count_parameters, oracle, examples, PARAMETERS, hint)


# One step --------------------------------------------------------------------------------------

Function = Callable[..., Any]


def layer_step(x: np.ndarray, h: np.ndarray, c: np.ndarray, *weights: np.ndarray) -> tuple:
    """The oracle: the lesson's layer, for one step."""
    layer = LSTM(x.shape[1], h.shape[1])
    layer.set_weights(weights)
    layer.forward(x[:, None], (h, c))
    return layer.state


def logistic(z: np.ndarray) -> np.ndarray:
    return np.reciprocal(1 + np.exp(-z))


def stepping(
    order: Sequence[str] = "ifgo",
    gate: Function = logistic,
    candidate: Function = np.tanh,
    read: Function = lambda h, c: h,
    kept: Function = lambda f, h, c: f * c,
    stored: Function = lambda c: c,
    output: Function = lambda o, c, old: o * np.tanh(c),
    recurrent_counts: int = 1,
    bias_counts: int = 1,
) -> Callable[..., tuple[np.ndarray, np.ndarray]]:
    """Return a function that makes one step, with a mistake in one of these places."""

    def step(
        x: np.ndarray, h: np.ndarray, c: np.ndarray, kernel: Any, recurrent: Any, bias: Any
    ) -> tuple[np.ndarray, np.ndarray]:
        weights = np.vstack([kernel, recurrent * recurrent_counts])
        z = np.hstack([x, read(h, c)]) @ weights + bias * bias_counts
        blocks = dict(zip(order, z.reshape(len(x), 4, -1).swapaxes(0, 1), strict=True))
        i, f, o = (gate(blocks[name]) for name in "ifo")
        new = stored(kept(f, h, c) + i * candidate(blocks["g"]))
        return output(o, new, c), new

    return step


STEP = {
    "gates in another order": mistake(
        "The gates are taken in another order than they are stored in. Look at section 2 for "
        "Keras's order.",
        *(stepping(order) for order in permutations("ifgo") if order != tuple("ifgo")),
    ),
    "sigmoid and tanh swapped": mistake(
        "Sigmoid and tanh are swapped: which of the four must lie between 0 and 1?",
        stepping(gate=np.tanh, candidate=logistic),
    ),
    "candidate as gate": mistake(
        "The candidate isn't a gate: it may be negative.", stepping(candidate=logistic)
    ),
    "gates with tanh": mistake(
        "A gate lies between 0 and 1, so tanh is not for gates.", stepping(gate=np.tanh)
    ),
    "tanh on the path": mistake(
        "A tanh stands on the straight path: only what shows is squashed.",
        stepping(stored=np.tanh, output=lambda o, c, old: o * c),
        stepping(stored=np.tanh),
    ),
    "not squashed": mistake(
        "The cell state goes through one more function before it shows.",
        stepping(output=lambda o, c, old: o * c),
    ),
    "old state shown": mistake(
        "The output shows the *new* cell state, not the old one.",
        stepping(output=lambda o, c, old: o * np.tanh(old)),
    ),
    "h kept": mistake(
        "What the forget gate keeps is the cell state c, not the output h.",
        stepping(kept=lambda f, h, c: f * h),
    ),
    "nothing kept": mistake(
        "The old cell state is lost: what does f do?", stepping(kept=lambda f, h, c: 0 * c)
    ),
    "h and c swapped": mistake(
        "h and c come back the other way round.", lambda *given: stepping()(*given)[::-1]
    ),
    "h not read": mistake("The gates don't read the last output h.", stepping(recurrent_counts=0)),
    "no bias": mistake("The bias is missing.", stepping(bias_counts=0)),
    "c read": mistake(
        "The gates read the last *output* h; they don't see the cell state.",
        stepping(read=lambda h, c: c),
    ),
    "f forgets": mistake(
        "f is the share that stays: 1 keeps all, 0 forgets all.",
        stepping(kept=lambda f, h, c: (1 - f) * c),
    ),
    "no sigmoid, no tanh": mistake(
        "The four blocks still have to go through sigmoid or tanh.",
        stepping(gate=lambda z: z, candidate=lambda z: z),
    ),
    "shapes": mistake(
        "Print the shapes on the way. Rows stay rows, so x stands on the left of its kernel; and "
        "the four blocks lie side by side, along the last axis.",
        raises="ValueError",
    ),
}


@tasks.check(
    "01.2",
    "One step",
    points=4,
    minutes=12,
    withheld=["numpy_lstm.LSTM.forward"],
    hints=[
        "First one line for all gates: input times kernel, last output times recurrent kernel, and "
        "the bias. Which shape comes out?",
        "`np.split(z, 4, axis=-1)` cuts the columns into four blocks, in the order of the weights.",
        "Three blocks go through the sigmoid, one through tanh. Then the two lines of section 2: "
        "one for the new c, and one for the new h, which reads the *new* c.",
    ],
    mistakes=STEP,
)
def check_lstm_step(work: Any, rng: np.random.Generator) -> None:
    def drawn(batch: int, d: int, units: int, state: float = 1.0) -> tuple[np.ndarray, ...]:
        shapes = [(batch, d), (batch, units), (batch, units)]
        x, h, c = (rng.uniform(-1, 1, shape) for shape in shapes)
        weights = [rng.normal(size=shape) for shape in [(d, 4 * units), (units, 4 * units)]]
        arrays = x, state * h, 3 * state * c, *weights, rng.normal(size=4 * units)
        return tuple(np.round(array, 1) + 0.0 for array in arrays)

    examples = [drawn(1, 1, 1, state=0), drawn(1, 1, 1), drawn(1, 2, 3), drawn(5, 3, 4)]
    hint = (
        "Both h and c come back. Print i, f, g and o for the example, and follow section 3 with a "
        "pencil."
    )
    compare(work.lstm_step, layer_step, examples, STEP, hint, tolerance=1e-5)


# Predict ---------------------------------------------------------------------------------------

tasks.predict(
    "01.3",
    "how long does the keeper hold its carry?",
    ["about 10", "about 100", "about 1,000", "never"],
    minutes=3,
    hints=["σ(5) = 0.993 is the share that stays at each step. And at ten steps?"],
)


# A bias for a memory ---------------------------------------------------------------------------


def searching(left: Callable[[float, int], float]) -> Callable[[int, float], float]:
    """Return a function that searches the bias by halving an interval.

    Args:
        left: the share that is left with a bias after some steps.
    """

    def search(steps: int, share: float) -> float:
        low, high = -60.0, 60.0
        for _ in range(200):
            middle = (low + high) / 2
            low, high = (middle, high) if left(middle, steps) < share else (low, middle)
        return low

    return search


def left_after(bias: float, steps: int) -> float:
    return np.exp(-steps * np.log1p(np.exp(-bias)))


searched = searching(left_after)

BIAS = {
    "gate returned": mistake(
        "That is the gate, a number between 0 and 1. The bias stands inside the sigmoid.",
        lambda steps, share: float(np.exp(np.log(share) / steps)),
    ),
    "sign": mistake(
        "The sign is wrong: a larger bias opens the gate.", lambda *given: -searched(*given)
    ),
    "odds returned": mistake(
        "These are the odds, f/(1 − f). They equal eᵇ, and b is asked for.",
        lambda *given: float(np.exp(searched(*given))),
    ),
    "ln D": mistake(
        "That is the rule ln D. It leaves a bit more than 1/e, but here `share` is asked for.",
        lambda steps, share: float(np.log(steps)),
    ),
    "leaks added up": mistake(
        "What leaks doesn't just add up: the gate *multiplies* at each step.",
        searching(lambda bias, steps: 1 - steps * (1 - left_after(bias, 1))),
    ),
    "one step only": mistake(
        "`share` is what is left after *all* steps: what must one step leave?",
        searching(lambda bias, steps: left_after(bias, 1)),
    ),
    "share divided": mistake(
        "The gate for one step isn't `share` divided by the steps: steps multiply.",
        searching(lambda bias, steps: left_after(bias, 1) * steps),
    ),
}


@tasks.check(
    "01.4",
    "A bias for a memory",
    points=3,
    minutes=8,
    hints=[
        "Each step multiplies by the gate, so what is left after two steps, and after `steps`?",
        "Which number, multiplied by itself `steps` times, gives `share`? That is the gate.",
        "Now solve f = 1/(1 + e⁻ᵇ) for b. It helps to look at f/(1 − f).",
    ],
    mistakes=BIAS,
)
def check_forget_bias(work: Any, rng: np.random.Generator) -> None:
    examples = [(1, 0.5), (1, 0.8), (2, 0.25), (10, 0.5)]
    examples += [(int(rng.integers(20, 2_000)), float(rng.uniform(0.05, 0.95))) for _ in range(4)]
    hint = "Put your bias back in: σ(bias) to the power of `steps` should give `share`."
    compare(work.forget_bias, searched, examples, BIAS, hint, tolerance=1e-6)


# A unit that keeps what is marked --------------------------------------------------------------

MARKED = {
    "not three arrays": mistake("Return kernel, recurrent kernel and bias, in this order."),
    "shapes": mistake(
        "One column for each of i, f, g, o. The kernel has a row for each input, the recurrent "
        "kernel a row for each unit, the bias no rows."
    ),
    "not finite": mistake("12 is large enough for a gate to be decided: σ(12) = 0.999994."),
    "other order": mistake(
        "The same numbers would do if the gates were stored in another order: compare your "
        "columns with i, f, g, o."
    ),
    "inputs swapped": mistake(
        "The inputs are the other way round: `x` is `[value, mark]`, so the kernel's first row is "
        "for the value."
    ),
    "not shown": mistake(
        "Input and output gate must be open there, and the candidate has the value's sign."
    ),
    "others get in": mistake("Values without a mark get in: which gate should be shut to them?"),
    "not kept": mistake(
        "Without a mark the memory should stay: which gate keeps it, and is it open?"
    ),
    "not replaced": mistake(
        "The old value is still in the cell when the new one is added: which gate lets go?"
    ),
    "leaks": mistake(
        "A gate that is nearly open, or nearly shut, leaks a little at each step: compare σ(4)²⁰⁰ "
        "with σ(10)²⁰⁰."
    ),
    "wrong somewhere": mistake("Plot the row as above. At which step does it go wrong first?"),
}


@tasks.check(
    "01.5",
    "A unit that keeps what is marked",
    points=5,
    minutes=13,
    hints=[
        "Begin with the biases: how does each gate stand when the mark is 0? Large numbers make "
        "gates decided.",
        "The mark has to turn the input gate from shut to open, so its weight must be larger than "
        "the bias that shuts it. For the forget gate it is the other way round.",
        "The candidate reads the value only. No gate needs to read the last output.",
    ],
    mistakes=MARKED,
)
def check_keep_marked(work: Any, rng: np.random.Generator) -> None:
    unit, trials = Unit(arrays(work.keep_marked())), drawn_trials(rng)
    for trial in trials:
        if (row := unit.failing(trial.rows)) is not None:
            hint = cause(unit, trial, trials).hint
            raise Failed(trial.what, hint, example=row_text(row), got=unit.at_worst(row))


def arrays(weights: Any) -> list[np.ndarray]:
    """Return the learner's weights, required to be arrays of numbers of the right shapes."""
    three = isinstance(weights, tuple | list) and len(weights) == 3
    require(three, "it doesn't return three arrays", MARKED["not three arrays"])
    weights = [np.asarray(w) for w in weights]
    shapes = [w.shape for w in weights]
    right = shapes == [(2, 4), (1, 4), (4,)] and all(w.dtype.kind in "biuf" for w in weights)
    require(right, f"the shapes are {', '.join(map(str, shapes))}", MARKED["shapes"])
    finite = all(np.isfinite(w).all() for w in weights)
    require(finite, "a weight is infinite or nan", MARKED["not finite"])
    return weights


class Unit:
    """An LSTM of one unit, with weights such as the learner's. A row is steps of value and mark."""

    def __init__(self, weights: list[np.ndarray]) -> None:
        self.weights, self.layer = weights, LSTM(2, units=1)
        self.layer.set_weights(weights)

    def outputs(self, row: np.ndarray) -> np.ndarray:
        return self.layer.forward(row[None])[0, :, 0]

    def sides(self, row: np.ndarray) -> np.ndarray:
        """Return how far each output is on the side of the last marked value; inf before it."""
        steps = np.arange(len(row))
        last = np.maximum.accumulate(np.where(row[:, 1] > 0, steps, -1))
        return np.where(last < 0, np.inf, self.outputs(row) * row[last, 0])

    def failing(self, rows: Iterable[np.ndarray]) -> np.ndarray | None:
        """Return the first row on which an output is not what it should be, if there is one."""
        return next((row for row in rows if self.sides(row).min() <= 0.5), None)

    def at_worst(self, row: np.ndarray) -> str:
        """Describe the step at which the output is furthest off."""
        h, worst = self.outputs(row), int(self.sides(row).argmin())
        kernel, recurrent, bias = self.weights
        z = row[worst] @ kernel + (h[worst - 1] if worst else 0) * recurrent[0] + bias
        i, f, g, o = np.where([1, 1, 0, 1], sigmoid(z), np.tanh(z))
        gates = f"i = {i:.3f}, f = {f:.3f}, g = {g:.3f}, o = {o:.3f}"
        return f"h = {h[worst]:.3f} at step {worst}, where {gates}"


@dataclass(frozen=True)
class Trial:
    """Rows on which a unit has to do its job.

    Attributes:
        what: is wrong if it doesn't.
        name: of the mistake that usually causes that.
        rows: with a mark somewhere.
    """

    what: str
    name: str
    rows: list[np.ndarray]


def row_of(values: Any, marks: Any) -> np.ndarray:
    return np.stack([values, marks], axis=1).astype(float)


def held(value: int, steps: int, others: int) -> np.ndarray:
    """Return a row with one mark, and then a number of steps without."""
    return row_of([value] + steps * [others], [1] + steps * [0])


def drawn_trials(rng: np.random.Generator) -> list[Trial]:
    """Return the trials from easy to hard."""

    def random(seqlen: int) -> np.ndarray:
        marks = rng.random(seqlen) < 0.1
        marks[rng.integers(min(10, seqlen))] = True
        return row_of(rng.choice([-1, 1], seqlen), marks)

    at_once = [row_of([value], [1]) for value in (1, -1)]
    five = [held(value, 5, -value) for value in (1, -1)]
    twice = [row_of([one, two], [1, 1]) for one in (1, -1) for two in (-one, one)]
    long = [held(value, 200, others) for value in (1, -1) for others in (value, -value)]
    anything = [random(seqlen) for seqlen in (10, 100, 400)]
    return [
        Trial("a marked value doesn't show at its own step", "not shown", at_once),
        Trial("the marked value is lost within five steps", "not kept", five),
        Trial("a second mark doesn't replace the value", "not replaced", twice),
        Trial("the marked value fades away within 200 steps", "leaks", long),
        Trial("on a random row it shows a wrong value", "wrong somewhere", anything),
    ]


def cause(unit: Unit, failed: Trial, trials: list[Trial]) -> Mistake:
    """Return why a unit failed a trial."""

    def would_do(weights: list[np.ndarray]) -> bool:
        other = Unit(weights)
        return all(other.failing(trial.rows) is None for trial in trials)

    kernel, *more = unit.weights
    for order in permutations(range(4)):
        if would_do([w[..., list(order)] for w in unit.weights]):
            return MARKED["other order"]
    if would_do([kernel[::-1], *more]):
        return MARKED["inputs swapped"]
    kept_alone = unit.failing(held(value, 5, 0) for value in (1, -1)) is None
    if failed.name == "not kept" and kept_alone:
        return MARKED["others get in"]
    return MARKED[failed.name]


def row_text(row: np.ndarray) -> str:
    values, marks = row[:9].astype(int).T.tolist()
    text = f"values {values}, marks {marks}"
    return text if len(row) <= 9 else f"{text} and so on, {len(row)} steps"


# In words --------------------------------------------------------------------------------------

tasks.words(
    "01.6",
    "Is an open forget gate enough?",
    points=2,
    minutes=5,
    hints=["What does a step write into the cell if σ(b_i) = ½, even if it shouldn't?"],
)
