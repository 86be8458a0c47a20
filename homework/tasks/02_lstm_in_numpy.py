"""The checks of exercise 02: gradients by hand, backward through a step and through time."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from course_utils.networks.numpy_lstm import LSTM, Output, cross_entropy, loss_and_gradients
from homework.checks import Failed, Tasks, compare, mistake, require
from homework.describing import call_text, difference, shown

tasks = Tasks()

TINY = 1e-20  # a step into the imaginary: slopes without rounding

Array = np.ndarray
Function = Callable[..., Any]


def logistic(z: Any) -> Any:
    return np.reciprocal(1 + np.exp(-z))


def slope(function: Function, *values: Any, of: int) -> Any:
    """Return the derivative of an entrywise function with respect to one of its arguments."""
    moved = [v + 1j * TINY if k == of else v for k, v in enumerate(values)]
    return np.imag(function(*moved)) / TINY


# A gradient without algebra --------------------------------------------------------------------

WIDTH = 1e-4


class Loss:
    """A loss with its exact gradient, and a text for messages."""

    def __init__(self, text: str, value: Function, gradient: Function) -> None:
        self.text, self.value, self.gradient = text, value, gradient

    def __call__(self, w: Array) -> float:
        return float(self.value(w))

    def __repr__(self) -> str:
        return self.text


SQUARES = Loss("sum of w²", lambda w: np.sum(w**2), lambda w: 2 * w)
CUBES = Loss("sum of w³", lambda w: np.sum(w**3), lambda w: 3 * w**2)
WAVES = Loss(
    "(sum of sin w)²",
    lambda w: np.sum(np.sin(w)) ** 2,
    lambda w: 2 * np.cos(w) * np.sum(np.sin(w)),
)


def network_loss(rng: np.random.Generator) -> Loss:
    """Return the cross-entropy of a small network as a loss of its recurrent kernel."""
    lstm, output = LSTM(2, 2, rng), Output(2, rng)
    x, y = rng.standard_normal((2, 4, 2)), rng.integers(0, 2, (2, 4))

    def value(w: Array) -> float:
        lstm.weights[1] = np.array(np.broadcast_to(w, (2, 8)))
        return loss_and_gradients([lstm, output], x, y, cross_entropy)

    def gradient(w: Array) -> Array:
        value(w)
        return lstm.gradients[1]

    return Loss("a network's loss", value, gradient)


def exact(loss: Loss, w: Array) -> Array:
    """The oracle: the algebra."""
    return loss.gradient(w)


def by_entries(quotient: Function) -> Function:
    """Return a numeric gradient with `quotient(loss, w, place)` at each place."""

    def gradient(loss: Loss, w: Array) -> Array:
        found = [quotient(loss, w, place) for place in np.ndindex(w.shape)]
        return np.reshape(found, w.shape)

    return gradient


def moved(w: Array, place: tuple[int, ...], distance: float) -> Array:
    one = np.zeros(w.shape)
    one[place] = distance
    return w + one


def to_both_sides(factor: float) -> Function:
    """Return `factor` times the difference of the losses on both sides, divided by the width."""
    return by_entries(
        lambda loss, w, k: (loss(moved(w, k, WIDTH)) - loss(moved(w, k, -WIDTH))) / WIDTH * factor
    )


def to_one_side(factor: float, side: int) -> Function:
    """Return `factor` times the difference quotient between w and one side, 1 or -1."""
    return by_entries(
        lambda loss, w, k: (loss(moved(w, k, side * WIDTH)) - loss(w)) / WIDTH * side * factor
    )


slopes = to_both_sides(0.5)


def never_back(loss: Loss, w: Array) -> Array:
    w, found = np.array(w), []
    for place in np.ndindex(w.shape):
        w[place] += WIDTH
        above = loss(w)
        w[place] -= 2 * WIDTH
        found.append((above - loss(w)) / (2 * WIDTH))
    return np.reshape(found, w.shape)


def only_first(loss: Loss, w: Array) -> Array:
    found = np.zeros(w.shape)
    found.flat[0] = slopes(loss, w).flat[0]
    return found


GRADIENT = {
    "not halved": mistake(
        "The entry moves by `width` to *both* sides, so it moves by twice that in all.",
        to_both_sides(1),
    ),
    "wrong sign": mistake("Do the signs of the two sides fit together?", to_both_sides(-0.5)),
    "one side": mistake(
        "Only one side is moved: the other loss is taken at w itself, and the error falls with the "
        "width, not with its square.",
        to_one_side(1, 1),
        to_one_side(1, -1),
    ),
    "half of it": mistake(
        "About half of it. The second change undoes the first (or `moved = w` made no copy).",
        to_one_side(0.5, 1),
        to_one_side(0.5, -1),
    ),
    "never negative": mistake("A slope can be negative.", lambda loss, w: np.abs(slopes(loss, w))),
    "not put back": mistake(
        "An entry that has been moved isn't put back before the next one moves.", never_back
    ),
    "all at once": mistake(
        "All entries move at once. Move one at a time.",
        lambda loss, w: np.full(w.shape, (loss(w + WIDTH) - loss(w - WIDTH)) / (2 * WIDTH)),
    ),
    "entry alone": mistake(
        "`loss` needs the whole array, with one entry moved.",
        by_entries(lambda loss, w, k: (loss(w[k] + WIDTH) - loss(w[k] - WIDTH)) / (2 * WIDTH)),
    ),
    "one number": mistake(
        "Only one number comes back: is there a `return` inside the loop?",
        lambda loss, w: slopes(loss, w).flat[0],
    ),
    "first entry only": mistake(
        "Only the first entry is set: is there a `return` inside the loop?", only_first
    ),
    "array replaced": mistake(
        "You replaced the whole array: set `gradient[index]`.",
        lambda loss, w: slopes(loss, w).flat[-1],
    ),
    "whole array set": mistake(
        "You set the whole array in each round: set `gradient[index]`.",
        lambda loss, w: np.full(w.shape, slopes(loss, w).flat[-1]),
    ),
    "nearly 0": mistake(
        "It is 0, or nearly: is `gradient[index]` set? And mind the brackets: a / 2 * b multiplies "
        "by b.",
        to_both_sides(WIDTH**2 / 2),
    ),
    "width unused": mistake(
        "The third argument isn't used: `width` may be another than 1e-4.",
        lambda loss, w, width=WIDTH: exact(loss, w),
    ),
}


@tasks.check(
    "02.1",
    "A gradient without algebra",
    points=3,
    minutes=8,
    hints=[
        "The formula stands in section 4. In each round of the loop only the entry at `index` "
        "moves, once to either side.",
        "`w.copy()` gives an array of its own; `moved = w` only gives the same array another name.",
        "`moved[index] = w[index] + width` works for any number of axes.",
    ],
    mistakes=GRADIENT,
)
def check_numeric_gradient(work: Any, rng: np.random.Generator) -> None:
    shapes = [(1,), (2,), (2, 3), (3, 1, 2)]
    examples = [
        (SQUARES, np.round(rng.uniform(1, 2, 1), 1)),
        (SQUARES, np.round(rng.uniform(-2, -1, 1), 1)),
        *((WAVES, rng.uniform(-1, 1, shape)) for shape in shapes),
        (WAVES, np.zeros(2)),
        (network_loss(rng), rng.standard_normal((2, 8))),
    ]
    hint = "Take w = [1.5] and the loss w²: what are the two losses, and how do they differ?"
    compare(work.numeric_gradient, exact, examples, GRADIENT, hint, tolerance=1e-6)
    require_other_widths(work.numeric_gradient, rng)


def require_other_widths(numeric_gradient: Any, rng: np.random.Generator) -> None:
    """Compare with a cubic's central differences: they are off by the square of the width."""
    compare(
        numeric_gradient,
        lambda loss, w, width: exact(loss, w) + width**2,
        [
            (CUBES, np.round(rng.uniform(-1, 1, shape), 1), round(float(rng.uniform(0.2, 1)), 1))
            for shape in [(1,), (2, 2)]
        ],
        {"width unused": GRADIENT["width unused"]},
        hint="The third argument is the width. Use `width` wherever the distance stands: it isn't "
        "always 1e-4.",
        what="with another width",
        tolerance=1e-6,
    )


# Train the output layer ------------------------------------------------------------------------


def cross(logits: Array, y: Array) -> Array:
    return np.logaddexp(0, (1 - 2 * y) * logits)  # −ln of the right answer's probability


def squared(logits: Array, y: Array) -> Array:
    return 0.5 * (logistic(logits) - y) ** 2


def trained(
    loss: Function = cross,
    count: Callable[[Array], int] = len,
    rate: Callable[[float], float] = lambda rate: rate,
    old: int = 1,
    kernel: Callable[[Array, float], float] = lambda y, rate: 1,
    bias: Callable[[Array, float], float] = lambda y, rate: 1,
    late: int = 0,
) -> Function:
    """Return one step of SGD, by differences of the loss; options make mistakes.

    Args:
        loss: of each bit.
        count: what the summed loss is divided by.
        rate: the learning rate that is used.
        old: how much of the old weights stays.
        kernel, bias: factors of the two gradients.
        late: 1 if the bias's gradient is taken after the kernel has moved.
    """

    def train(h: Array, y: Array, w: Array, b: float, learning_rate: float) -> tuple[Any, Any]:
        def total(w: Array, b: float) -> float:
            return loss(h @ w + b, y).sum() / count(y)

        def gradient(w: Array, dw: Any, db: float) -> float:
            return (total(w + dw, b + db) - total(w - dw, b - db)) / 2e-4

        dw = np.array([gradient(w, 1e-4 * unit, 0) for unit in np.eye(len(w))])
        step = rate(learning_rate)
        w_new = old * w - step * kernel(y, learning_rate) * dw
        db = gradient(w + late * (w_new - w), 0, 1e-4)
        return w_new, old * b - step * bias(y, learning_rate) * db

    return train


def by_last_step(h: Array, y: Array, *others: Any) -> tuple[Any, Any]:
    return trained()(h[:, -1:], y[:, -1:], *others)


def w_by_last_step(*example: Any) -> tuple[Any, Any]:
    return by_last_step(*example)[0], trained()(*example)[1]


OUTPUT = {
    "uphill": mistake("It walks uphill: the loss grows.", trained(rate=lambda rate: -rate)),
    "squared error": mistake(
        "The factor p(1 − p) belongs to the squared error. Which loss is asked for?",
        trained(loss=squared),
    ),
    "mean over steps": mistake(
        "The loss is averaged over the rows only: over the steps it is summed.",
        trained(count=lambda y: y.size),
    ),
    "not averaged": mistake(
        "The loss is averaged over the rows, so divide.", trained(count=lambda y: 1)
    ),
    "divided by steps": mistake(
        "That divides by the number of steps. The loss is averaged over the rows.",
        trained(count=lambda y: y.shape[1]),
    ),
    "no learning rate": mistake("Where is the learning rate?", trained(rate=lambda rate: 1)),
    "not moved": mistake("The weights come back as they were.", trained(rate=lambda rate: 0)),
    "no sigmoid": mistake(
        "The logit isn't the probability yet: it still has to go through the sigmoid.",
        trained(loss=lambda logits, y: (logits - y) ** 2 / 2),
    ),
    "new w used": mistake(
        "Both gradients belong to the *old* weights: compute them before you move any.",
        trained(late=1),
    ),
    "b not moved": mistake(
        "b stays as it was, but it has a gradient, too.", trained(bias=lambda y, rate: 0)
    ),
    "w not moved": mistake(
        "w stays as it was, but it has a gradient, too.", trained(kernel=lambda y, rate: 0)
    ),
    "b without rate": mistake(
        "b moves by learning rate times gradient, too.", trained(bias=lambda y, rate: 1 / rate)
    ),
    "w without rate": mistake(
        "w moves by learning rate times gradient, too.", trained(kernel=lambda y, rate: 1 / rate)
    ),
    "b not averaged": mistake(
        "The row average belongs to b as well.", trained(bias=lambda y, rate: len(y))
    ),
    "w not averaged": mistake(
        "The row average belongs to w as well.", trained(kernel=lambda y, rate: len(y))
    ),
    "last step only": mistake(
        "Every step counts, not only the last.", by_last_step, w_by_last_step
    ),
    "gradients returned": mistake(
        "These are gradients, not weights: SGD still has to move the weights.",
        trained(rate=lambda rate: -1, old=0),
    ),
    "wrong shape": mistake(
        "The gradient of w must be summed over rows *and* steps, that of b to one number. "
        "Try it with h of shape (2, 3, 2).",
        raises="ValueError",
    ),
}


@tasks.check(
    "02.2",
    "Train the output layer",
    points=4,
    minutes=10,
    withheld=["numpy_lstm.Output.backward", "numpy_lstm.cross_entropy"],
    hints=[
        "First the gradient with respect to the logits, shape (batch, seqlen): section 2 has it in "
        "a table. And the rows are averaged.",
        "`w` was used at every step of every row, so its gradient is a sum of `h` times that "
        "gradient over both axes. `b` was used there too, with factor 1.",
        "SGD moves each weight *against* its gradient, by learning rate times gradient.",
    ],
    mistakes=OUTPUT,
)
def check_train_output(work: Any, rng: np.random.Generator) -> None:
    def train_output(*example: Any) -> Any:
        got = work.train_output(*example)
        require_shapes(got, example[2:4], call_text(work.train_output, example))
        return got

    shapes = [(2, 3, 1), (1, 1, 1), (2, 3, 2), (5, 4, 3)]
    examples = [drawn_layer(rng, *shape) for shape in shapes]
    certain = drawn_layer(rng, 3, 8, 4, size=10)  # right or wrong, but certain
    hint = (
        "Return w and b. The gradient for w has the shape of w, that for b is one number; both are "
        "sums over rows and steps. Compare each with differences of the loss."
    )
    compare(
        train_output,
        trained(),
        [*examples, certain],
        OUTPUT,
        hint,
        tolerance=1e-6,
        parts=("w", "b"),
    )


def drawn_layer(
    rng: np.random.Generator, batch: int, seqlen: int, units: int, size: float = 1.0
) -> tuple[Any, ...]:
    """Draw h, y, weights of this size, b, and a learning rate."""
    h, y = rng.uniform(-1, 1, (batch, seqlen, units)), rng.integers(0, 2, (batch, seqlen))
    b, rate = np.round(rng.uniform([-1, 0.1], [1, 0.5]), 2).tolist()
    return np.round(h, 1), y, np.round(size * rng.normal(size=units), 1), b, rate


def require_shapes(got: Any, before: Sequence[Any], call: str) -> None:
    """Require that arrays which come back for w and b have their shapes."""
    if not (isinstance(got, tuple | list) and len(got) == len(before)):
        return
    for name, part, old in zip("wb", got, before, strict=True):
        if isinstance(part, np.ndarray) and part.shape != np.shape(old):
            be = f"not {np.shape(old)}" if np.shape(old) else "but it should be a number"
            what = f"the new {name} has the shape {part.shape}, {be}"
            raise Failed(what, OUTPUT["wrong shape"].hint, call, got=shown(part))


# Predict ---------------------------------------------------------------------------------------

tasks.predict(
    "02.3",
    "what if all weights start at 0?",
    ["all four", "only g", "only i, f and o", "none"],
    minutes=4,
    hints=[
        "What are i, f, g, o, c and h if every z is 0?",
        "In the table of section 3, each gate's gradient has a second factor. Which are 0 now?",
    ],
)


# The way back through another cell -------------------------------------------------------------


def logit(p: Any) -> Any:
    return np.log(p / (1 - p))


# By what each gate is squashed, and how to find again what it was before.
SQUASHED: dict[str, tuple[Function, Function]] = {
    "f": (logistic, logit),
    "g": (np.tanh, np.arctanh),
    "o": (logistic, logit),
}


class Step(NamedTuple):
    """What `step_back_coupled` is called with."""

    dh: Array
    dc: Array
    f: Array
    g: Array
    o: Array
    c_before: Array
    c: Array

    def gate(self, name: str) -> Array:
        return getattr(self, name)

    def before_squashing(self, name: str) -> Array:
        return SQUASHED[name][1](self.gate(name))

    @property
    def whole(self) -> Array:
        """The whole gradient of c, with what comes through h."""
        return slope(lambda c: self.dh * self.o * np.tanh(c) + self.dc * c, self.c, of=0)


def back(
    by_z: bool = True,
    same_room: bool = False,
    order: Sequence[int] = (0, 1, 2),
    seen: Function = lambda new, c: np.tanh(new),
    c_on: int = 1,
    share: Function = lambda before, f: before,
) -> Function:
    """Return the way back by derivatives; options make mistakes.

    Args:
        by_z: derivatives are by z; else by the gates themselves.
        same_room: the room for g doesn't move when f does.
        order: of the blocks.
        seen: what h shows of a moved c, and of c as it is.
        c_on: 0 if the step after is forgotten.
        share: what is handed on instead of the gradient for c_before.
    """

    def way(*example: Any) -> tuple[Any, Any]:
        s = Step(*example)

        def value(f: Any, g: Any, o: Any, c_before: Any) -> Any:
            if by_z:
                f, g, o = logistic(f), np.tanh(g), logistic(o)
            new = f * c_before + (1 - s.f if same_room else 1 - f) * g
            return s.dh * o * seen(new, s.c) + c_on * s.dc * new

        gates = map(s.before_squashing if by_z else s.gate, SQUASHED)
        values = *gates, s.c_before
        moves = [slope(value, *values, of=k) for k in (*order, 3)]
        return np.hstack(moves[:3]), share(moves[3], s.f)

    return way


right = back()
without_slopes = back(by_z=False)


def in_blocks(which: Sequence[Any], wrong: Function) -> Function:
    """Return the way back in which some blocks, f, g or o, are those of a wrong way."""

    def way(*example: Any) -> tuple[Any, Any]:
        blocks, before = right(*example)
        taken = np.repeat(np.array(which, bool), Step(*example).f.shape[1])
        return np.where(taken, wrong(*example)[0], blocks), before

    return way


def in_some_blocks(wrong: Function) -> list[Function]:
    return [in_blocks(which, wrong) for which in np.ndindex(2, 2, 2) if any(which)]


def in_block(name: str, value: Callable[[Step], Any]) -> Function:
    """Return the way back with another value before the slope of the squashing, in one block."""

    def wrong(*example: Any) -> tuple[Any, None]:
        s = Step(*example)
        block = value(s) * slope(SQUASHED[name][0], s.before_squashing(name), of=0)
        return np.tile(block, 3), None

    return in_blocks([name == other for other in SQUASHED], wrong)


def squashed_twice(*example: Any) -> tuple[Any, Any]:
    s = Step(*example)
    blocks, before = without_slopes(*s)
    slopes = [slope(squash, s.gate(name), of=0) for name, (squash, _) in SQUASHED.items()]
    return blocks * np.hstack(slopes), before


def into_c(value: Callable[[Step, Any], Any]) -> Function:
    """Return the way back in which the gradient of c is that of another value."""

    def way(*example: Any) -> tuple[Any, Any]:
        s = Step(*example)
        whole = slope(lambda c: value(s, c), s.c, of=0)
        blocks, before = right(*s._replace(dh=0 * s.dh, dc=whole))
        only_o, _ = right(*s)
        return np.where(np.repeat([False, False, True], s.f.shape[1]), only_o, blocks), before

    return way


def handed_on_early(*example: Any) -> tuple[Any, Any]:
    s = Step(*example)
    return right(*s)[0], right(*s._replace(dh=0 * s.dh))[1]


STEP_BACK = {
    "f used once": mistake(
        "f is used twice: once it keeps the old c, and once it makes room for g.",
        back(same_room=True),
    ),
    "nothing from h": mistake(
        "What arrives at h goes on into c, through o and tanh: it must be added to `dc`.",
        back(seen=lambda new, c: np.tanh(c)),
    ),
    "slope of h lost": mistake(
        "On its way from h into c a gradient passes a tanh, which has a slope.",
        back(seen=lambda new, c: np.tanh(c) + new - c),
    ),
    "dc not added": mistake("`dc` from the step after must be added, too.", back(c_on=0)),
    "no slopes": mistake("The slopes of the sigmoids and of tanh are missing.", without_slopes),
    "slope missing": mistake(
        "The slope of a sigmoid or of tanh is missing.", *in_some_blocks(without_slopes)
    ),
    "squashed twice": mistake(
        "f, g and o are squashed values already: their slopes need no sigmoid or tanh.",
        *in_some_blocks(squashed_twice),
    ),
    "added too late": mistake(
        "`dc` is used before the part that comes from h has been added to it.",
        in_blocks((True, True, True), back(seen=lambda new, c: np.tanh(c))),
    ),
    "divided by f": mistake(
        "The memory's gradient is handed on through f: `dc_before` is a product.",
        back(share=lambda before, f: before / f),
    ),
    "other order": mistake(
        "The blocks of dz are in another order: f, g, o.",
        *(back(order=k) for k in [(0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)]),
    ),
    "signs of f": mistake(
        "Look at the signs: does a larger f mean more of the old c, or more of g?",
        in_block("f", lambda s: s.whole * (s.g - s.c_before)),
        in_block("f", lambda s: s.whole * (s.g + s.c_before)),
    ),
    "old c missing": mistake(
        "One of f's two uses is missing: the old c.", in_block("f", lambda s: -s.whole * s.g)
    ),
    "factor of g": mistake(
        "Block g: what is g multiplied by in c_t?", in_block("g", lambda s: s.whole * s.f)
    ),
    "o not by dh": mistake(
        "o stands in h_t, so its gradient comes from dh.",
        in_block("o", lambda s: s.whole * np.tanh(s.c)),
        in_block("o", lambda s: s.dc * np.tanh(s.c)),
    ),
    "o times c": mistake("o is multiplied by tanh c.", in_block("o", lambda s: s.dh * s.c)),
    "handed on early": mistake(
        "Hand back the *whole* gradient of c_t, with what came through h.", handed_on_early
    ),
    "factor of old c": mistake(
        "dc_before: what is c_before multiplied by?",
        back(share=lambda before, f: before / f * (1 - f)),
    ),
    "factor o missing": mistake(
        "On its way from h to c a gradient passes the factor o.",
        into_c(lambda s, c: s.dh * np.tanh(c) + s.dc * c),
    ),
    "slope by c": mistake(
        "The slope needs tanh c, not c.",
        into_c(lambda s, c: s.dh * s.o * (c - c**3 / 3) + s.dc * c),
    ),
    "hat for power": mistake(
        "If there is a `^` in that line: a power is written `**`.", raises="TypeError"
    ),
    "four blocks": mistake(
        "There are three blocks, f, g, o: the input gate has no weights of its own."
    ),
}


@tasks.check(
    "02.4",
    "The way back through another cell",
    points=4,
    minutes=15,
    hints=[
        "Begin at the end: how much of `dh` goes through o and tanh into c, and is added to `dc`?",
        "f is used twice: as a factor of the old c, and, with a minus, as a factor of g. Where a "
        "number is used twice, gradients are added.",
        "Then each block times the slope of its squashing, written with the squashed value. And "
        "`np.concatenate([…], axis=-1)` lays the blocks side by side.",
    ],
    mistakes=STEP_BACK,
)
def check_step_back_coupled(work: Any, rng: np.random.Generator) -> None:
    answers: list[tuple[Step, Any]] = []

    def step_back_coupled(*example: Any) -> Any:
        got = work.step_back_coupled(*example)
        require_three_blocks(got, Step(*example), call_text(work.step_back_coupled, example))
        answers.append((Step(*example), got))
        return got

    examples = [
        drawn_step(rng, 1, 1, dh=1, dc=0, c_before=0),
        drawn_step(rng, 1, 1, dh=0, dc=1),
        drawn_step(rng, 1, 1),
        drawn_step(rng, 1, 3),
        drawn_step(rng, 4, 2),
    ]
    hint = (
        "Two arrays come back; in dz the blocks lie side by side, (batch, 3h). Which number is "
        "wrong? Compare it with a central difference of Σ dh · h + Σ dc · c."
    )
    parts = ("dz", "dc_before")
    with blocks_named(answers):
        compare(step_back_coupled, right, examples, STEP_BACK, hint, tolerance=1e-7, parts=parts)


def drawn_step(rng: np.random.Generator, batch: int, units: int, **fixed: int) -> Step:
    """Draw what a step back is called with, but for some arrays of a fixed number."""
    z = np.round(rng.uniform(-2, 2, (5, batch, units)), 1)
    f, g, o = np.round([logistic(z[0]), np.tanh(z[1]), logistic(z[2])], 2)
    c_before = np.round(rng.uniform(-2, 2, (batch, units)), 1)
    step = Step(z[3], z[4], f, g, o, c_before, c_before)
    step = step._replace(**{name: value + 0 * z[0] for name, value in fixed.items()})
    return step._replace(c=f * step.c_before + (1 - f) * g)


def require_three_blocks(got: Any, step: Step, call: str) -> None:
    """Refuse an answer with a block for an input gate."""
    batch, units = step.f.shape
    two = isinstance(got, tuple | list) and len(got) == 2
    four = two and getattr(got[0], "shape", ()) == (batch, 4 * units)
    require(not four, "dz has four blocks", STEP_BACK["four blocks"], example=call, got=shown(got))


@contextmanager
def blocks_named(answers: list[tuple[Step, Any]]) -> Iterator[None]:
    """Say which blocks of dz are wrong, instead of how many values."""
    try:
        yield
    except Failed as failure:
        if failure.what.startswith("dz: ") and "value" in failure.what:
            names = next(filter(None, (wrong_blocks(*answer) for answer in answers)))
            several = len(names) > 1
            blocks = f"block{'s' * several} {' and '.join(names)}"
            failure.what = f"dz: {blocks} {'are' if several else 'is'} wrong"
        raise


def wrong_blocks(step: Step, got: Any) -> list[str]:
    """Return the names of the wrong blocks of an answer."""
    pairs = zip(np.split(np.asarray(got[0]), 3, 1), np.split(right(*step)[0], 3, 1), strict=True)
    return [name for name, pair in zip("fgo", pairs, strict=True) if difference(*pair, 1e-7)]


# Back through time -----------------------------------------------------------------------------


def cell(z: Any, c_before: Any) -> tuple[Any, Any]:
    """Return h and c after one step of an LSTM."""
    i, f, g, o = np.moveaxis(z.reshape(len(z), 4, -1), 1, 0)
    c = logistic(f) * c_before + logistic(i) * np.tanh(g)
    return logistic(o) * np.tanh(c), c


def unrolled(x: Array, weights: Sequence[Array]) -> tuple[list, list, list]:
    """Return h and c before each step and after the last, and z at each step."""
    kernel, recurrent, bias = weights
    h, c, z = [np.zeros((len(x), len(recurrent)))], [np.zeros((len(x), len(recurrent)))], []
    for t in range(x.shape[1]):
        z.append(x[:, t] @ kernel + h[t] @ recurrent + bias)
        for found, new in zip((h, c), cell(z[t], c[t]), strict=True):
            found.append(new)
    return h, c, z


def back_through_cell(dh: Any, dc: Any, z: Array, c_before: Array) -> tuple[Array, Array]:
    """Return the gradients for z and c_before, by derivatives."""

    def value(z: Any, c_before: Any) -> Any:
        h, c = cell(z, c_before)
        return dh * h + dc * c

    moves = np.repeat(1j * TINY * np.eye(4), c_before.shape[1], axis=1)  # one gate at a time
    dz = np.hstack([np.imag(value(z + move, c_before)) / TINY for move in moves])
    return dz, slope(value, z, c_before, of=1)


def backward(
    steps: Callable[[int], Iterable[int]] = lambda n: range(n)[::-1],
    by_h: int = 1,
    by_c: int = 1,
    which: Function = lambda h, c, t: h[t],
    add: Sequence[int] = (1, 1, 1),
    pile: int = 0,
    above: Function = lambda dh, t: dh[:, t],
    swap: bool = False,
    share: Callable[[Array], float] = lambda dh: 1,
) -> Function:
    """Return the way back through time by derivatives; options make mistakes.

    Args:
        steps: of n, in the order in which they are visited.
        by_h, by_c: 0 if nothing is handed on by h, by c.
        which: what the recurrent kernel was multiplied by.
        add: 0 for each weight whose gradient is only that of the step visited last.
        pile: 1 if what is handed on by c piles up.
        above: what arrives from the output layer.
        swap: what is handed on by h and by c is mixed up.
        share: a factor of each step's gradients.
    """

    def way(dh: Array, x: Array, *weights: Array) -> list[Array]:
        h, c, z = unrolled(x, weights)
        sums = [0 * w for w in weights]
        to_h: Any = 0
        to_c: Any = 0
        for t in steps(x.shape[1]):
            dz, dc = back_through_cell(above(dh, t) + by_h * to_h, by_c * to_c, z[t], c[t])
            to_h, to_c = dz @ weights[1].T, pile * to_c + dc
            to_h, to_c = (to_c, to_h) if swap else (to_h, to_c)
            parts = x[:, t].T @ dz, which(h, c, t).T @ dz, dz.sum(0)
            found = zip(add, sums, parts, strict=True)
            sums = [a * old + new * share(dh) for a, old, new in found]
        return sums

    return way


def mean_of_rows(dh: Array, x: Array, *weights: Array) -> tuple[Array, ...]:
    *kernels, bias = backward()(dh, x, *weights)
    return *kernels, bias / len(x)


def bias_in_one(dh: Array, x: Array, *weights: Array) -> tuple[Array, ...]:
    *kernels, bias = backward()(dh, x, *weights)
    return *kernels, 0 * bias + bias.sum()


DH_AXES = "Axis 0 is the row, axis 1 is the step: `dh[:, t]`."

THROUGH_TIME = {
    "nothing handed on": mistake(
        "With one step it is right, with more it isn't: is anything handed to the step before?",
        backward(by_h=0, by_c=0),
    ),
    "no hidden path": mistake(
        "The hidden path is missing: what comes back through R is added to `dh[:, t]`.",
        backward(by_h=0),
    ),
    "no cell path": mistake("The cell path is missing: hand `dc` on, too.", backward(by_c=0)),
    "first to last": mistake(
        "Back-propagation begins at the *last* step: what a step hands on goes to the step before "
        "it.",
        backward(steps=range),
    ),
    "one step's gradient": mistake(
        "A gradient is that of one step only. The weights were used at every step, so they add up.",
        *(backward(add=add) for add in np.ndindex(2, 2, 2) if not all(add)),
    ),
    "new h": mistake(
        "The recurrent kernel was multiplied by the *last* output, not by the one that the step "
        "made.",
        backward(which=lambda h, c, t: h[t + 1]),
    ),
    "last step left out": mistake(
        "The last step is left out: count the loop's steps.",
        backward(steps=lambda n: range(n - 1)[::-1]),
    ),
    "first step left out": mistake(
        "The first step, t = 0, is left out.", backward(steps=lambda n: range(1, n)[::-1])
    ),
    "only the last step": mistake(
        "Only the last step has got its share. Does the loop end too early, at a `return`?",
        backward(steps=lambda n: [n - 1]),
    ),
    "dh unused": mistake(
        "What arrives from the output layer, `dh[:, t]`, isn't used.",
        backward(above=lambda dh, t: 0 * dh[:, t]),
    ),
    "dh of the last step": mistake(
        "dh arrives at *every* step.",
        backward(above=lambda dh, t: dh[:, -1]),
        backward(above=lambda dh, t: dh[:, t] * (t == dh.shape[1] - 1)),
    ),
    "h too old": mistake(
        "`kept[t][1]` already *is* h_{t−1}.",
        backward(which=lambda h, c, t: h[(t - 1) % (len(h) - 1)]),
        backward(which=lambda h, c, t: h[max(t - 1, 0)]),
    ),
    "c for h": mistake("That is c; h stands at place 1.", backward(which=lambda h, c, t: c[t])),
    "dh and dc swapped": mistake(
        "`step_back` returns dz, dh, dc, in this order.", backward(swap=True)
    ),
    "divided by rows": mistake(
        "The rows add up: no division here.", backward(share=lambda dh: 1 / len(dh))
    ),
    "divided by steps": mistake(
        "No division by the steps.", backward(share=lambda dh: 1 / dh.shape[1])
    ),
    "divided by both": mistake(
        "Neither rows nor steps are averaged here: no division.",
        backward(share=lambda dh: 1 / len(dh) / dh.shape[1]),
    ),
    "dc piles up": mistake(
        "`step_back` has multiplied by f and added what is to be added: the `dc` that it returns "
        "replaces the one before.",
        backward(pile=1),
    ),
    "mean of rows": mistake(
        "The rows of the batch add up in the bias's gradient, too.", mean_of_rows
    ),
    "bias in one": mistake(
        "The bias has a number for each unit of each gate: sum over the rows only.", bias_in_one
    ),
    "steps first": mistake(DH_AXES, backward(above=lambda dh, t: dh[t])),
    "outside of a list": mistake(
        "`kept` has one entry per step, and `gradients` is already filled with zeros.",
        raises="IndexError",
        says="list",
    ),
    "outside of dh": mistake(DH_AXES, raises="IndexError"),
    "shapes": mistake(
        "Print the shapes. A gradient has the shape of its weight: the rows of the batch have to "
        "go, by a matrix product or a sum.",
        raises="ValueError",
    ),
}


@tasks.check(
    "02.5",
    "Back through time",
    points=4,
    minutes=13,
    withheld=["numpy_lstm.LSTM.backward"],
    hints=[
        "From the last step to the first. At the last step nothing comes from later: begin with "
        "zeros of shape (batch, h) for what is handed on.",
        "At each step, what arrives at h has two sources: the output layer, `dh[:, t]`, and the "
        "step after. `step_back` gives dz, and what to hand to the step before.",
        "The three formulas for δK, δR and δb in section 3 are sums over the steps: `+=`. A "
        "transposed array is `x_t.T`.",
    ],
    mistakes=THROUGH_TIME,
)
def check_weight_gradients(work: Any, rng: np.random.Generator) -> None:
    shapes = [(2, 1, 1, 1), (2, 2, 1, 1), (3, 3, 2, 2), (4, 6, 2, 3)]
    compare(
        work.weight_gradients,
        by_course,
        [drawn_sequence(rng, *shape) for shape in shapes],
        THROUGH_TIME,
        hint="Try sequences of one step, then of two: which of the three gradients is wrong first?",
        tolerance=1e-6,
        parts=("kernel", "recurrent kernel", "bias"),
    )


def drawn_sequence(
    rng: np.random.Generator, batch: int, seqlen: int, features: int, units: int
) -> tuple[Array, ...]:
    """Draw dh, x and the three weights."""
    shapes: list[tuple[int, ...]] = [(batch, seqlen, units), (batch, seqlen, features)]
    shapes += [(features, 4 * units), (units, 4 * units), (4 * units,)]
    return tuple(rng.standard_normal(shape) for shape in shapes)


def by_course(dh: Array, x: Array, *weights: Array) -> list[Array]:
    """The oracle: the LSTM of the course, which does most of it for all steps at once."""
    layer = LSTM(x.shape[2], dh.shape[2])
    layer.set_weights(weights)
    layer.forward(x)
    layer.backward(dh)
    return layer.gradients


# In words --------------------------------------------------------------------------------------

tasks.words(
    "02.6",
    "Find the bug",
    points=2,
    minutes=8,
    hints=[
        "Two roads lead to the step before: δc and δh. Which of them does gate o listen to?",
        "The gradient of gate f has a factor c from the step before. What is it at the first step?",
    ],
)
