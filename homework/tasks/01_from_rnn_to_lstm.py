"""The checks of exercise 01."""

from itertools import permutations

import numpy as np

from course_utils.networks.numpy_lstm import LSTM
from homework.checks import Failed, Tasks, compare, require

tasks = Tasks()


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
)
def check_count(work, rng):
    def shapes(inputs, units, outputs):
        gates = [((inputs, units), (units, units), (units,)) for _ in "ifgo"]
        return [*gates, ((units, outputs), (outputs,))]

    def total(layers):
        return sum(int(np.prod(shape)) for layer in layers for shape in layer)

    sizes = rng.integers(2, 100, (3, 3)).tolist()
    compare(
        work.count_parameters,
        lambda *n: total(shapes(*n)),
        [(1, 1, 1), (2, 3, 1), (12, 75, 6), *map(tuple, sizes)],
        mistakes=[
            ("The Dense layer isn't counted.", lambda *n: total(shapes(*n)[:4])),
            (
                "That is one gate. How many layers of this size are in an LSTM?",
                lambda *n: total(shapes(*n)[3:]),
            ),
            (
                "Three gates are counted, but there is a fourth layer to be learned.",
                lambda *n: total(shapes(*n)[1:]),
            ),
            (
                "The weights for the last output are missing: each gate reads it, too.",
                lambda *n: total([(layer[0], layer[-1]) for layer in shapes(*n)]),
            ),
            (
                "Each gate has a bias, one number for each unit.",
                lambda *n: total([g[:2] for g in shapes(*n)[:4]] + shapes(*n)[4:]),
            ),
            (
                "The Dense layer has a bias, too: one number for each output.",
                lambda *n: total([*shapes(*n)[:4], shapes(*n)[4][:1]]),
            ),
            (
                "All biases are missing.",
                lambda *n: total([layer[:-1] for layer in shapes(*n)]),
            ),
            (
                "A bias isn't one number for a whole gate, but one for each unit.",
                lambda *n: total([(*g[:2], (1,)) for g in shapes(*n)[:4]] + shapes(*n)[4:]),
            ),
            (
                "The Dense layer reads the LSTM's output, not the input of the network.",
                lambda *n: total([*shapes(*n)[:4], (n[::2], (n[2],))]),
            ),
        ],
        hint="For (1, 1, 1) you can count on your fingers: draw one gate and its weights first.",
    )


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
)
def check_step(work, rng):
    def right(x, h, c, *weights):
        layer = LSTM(x.shape[1], h.shape[1])
        layer.set_weights(weights)
        layer.forward(x[:, None], (h, c))
        return layer.state

    def logistic(z):
        return np.reciprocal(1 + np.exp(-z))

    def wrong(
        order="ifgo",
        gate=logistic,
        new=np.tanh,
        stored=lambda c: c,
        out=lambda o, c, old: o * np.tanh(c),
        kept=lambda f, h, c: f * c,
        switch=1,
        parts=(1, 1, 1),
        reads=lambda h, c: h,
    ):
        def step(x, h, c, *weights):
            kernel, recurrent, bias = (w * on for w, on in zip(weights, parts, strict=True))
            z = np.hstack([x, reads(h, c)]) @ np.vstack([kernel, recurrent]) + bias
            v = dict(zip(order, z.reshape(len(x), 4, -1).swapaxes(0, 1), strict=True))
            added = gate(v["i"]) * new(v["g"])
            c_new = stored(kept(gate(v["f"]), h, c) + added)
            return (out(gate(v["o"]), c_new, c), c_new)[::switch]

        return step

    def example(batch, d, units, state=1.0):
        shapes = [(batch, d), (batch, units), (batch, units)]
        x, h, c = (rng.uniform(-1, 1, shape) for shape in shapes)
        weights = [rng.normal(size=shape) for shape in [(d, 4 * units), (units, 4 * units)]]
        arrays = x, state * h, 3 * state * c, *weights, rng.normal(size=4 * units)
        return tuple(np.round(array, 1) + 0.0 for array in arrays)

    compare(
        work.lstm_step,
        right,
        [example(1, 1, 1, state=0), example(1, 1, 1), example(1, 2, 3), example(5, 3, 4)],
        mistakes=[
            *(
                (
                    "The gates are taken in another order than they are stored in. Look at section "
                    "2 for Keras's order.",
                    wrong(order="".join(order)),
                )
                for order in permutations("ifgo")
                if "".join(order) != "ifgo"
            ),
            (
                "Sigmoid and tanh are swapped: which of the four must lie between 0 and 1?",
                wrong(gate=np.tanh, new=logistic),
            ),
            ("The candidate isn't a gate: it may be negative.", wrong(new=logistic)),
            ("A gate lies between 0 and 1, so tanh is not for gates.", wrong(gate=np.tanh)),
            (
                "A tanh stands on the straight path: only what shows is squashed.",
                wrong(stored=np.tanh, out=lambda o, c, old: o * c),
            ),
            (
                "A tanh stands on the straight path: only what shows is squashed.",
                wrong(stored=np.tanh),
            ),
            (
                "The cell state goes through one more function before it shows.",
                wrong(out=lambda o, c, old: o * c),
            ),
            (
                "The output shows the *new* cell state, not the old one.",
                wrong(out=lambda o, c, old: o * np.tanh(old)),
            ),
            (
                "What the forget gate keeps is the cell state c, not the output h.",
                wrong(kept=lambda f, h, c: f * h),
            ),
            ("The old cell state is lost: what does f do?", wrong(kept=lambda f, h, c: 0 * c)),
            ("h and c come back the other way round.", wrong(switch=-1)),
            ("The gates don't read the last output h.", wrong(parts=(1, 0, 1))),
            ("The bias is missing.", wrong(parts=(1, 1, 0))),
            (
                "The gates read the last *output* h; they don't see the cell state.",
                wrong(reads=lambda h, c: c),
            ),
            (
                "f is the share that stays: 1 keeps all, 0 forgets all.",
                wrong(kept=lambda f, h, c: (1 - f) * c),
            ),
            (
                "The four blocks still have to go through sigmoid or tanh.",
                wrong(gate=lambda z: z, new=lambda z: z),
            ),
            (
                "Print the shapes on the way. Rows stay rows, so x stands on the left of its "
                "kernel; and the four blocks lie side by side, along the last axis.",
                "ValueError",
            ),
        ],
        hint="Both h and c come back. Print i, f, g and o for the example, and follow section 3 "
        "with a pencil.",
        tolerance=1e-5,
    )


tasks.predict(
    "01.3",
    "how long does the keeper hold its carry?",
    ["about 10", "about 100", "about 1,000", "never"],
    minutes=3,
    hints=["σ(5) = 0.993 is the share that stays at each step. And at ten steps?"],
)


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
)
def check_forget_bias(work, rng):
    def searched(left):
        def search(steps, share):
            low, high = -60.0, 60.0
            for _ in range(200):  # halve the interval
                middle = (low + high) / 2
                low, high = (middle, high) if left(middle, steps) < share else (low, middle)
            return low

        return search

    def after(bias, steps):
        return np.exp(-steps * np.log1p(np.exp(-bias)))

    right = searched(after)
    examples = [(1, 0.5), (1, 0.8), (2, 0.25), (10, 0.5)]
    examples += [(int(rng.integers(20, 2_000)), float(rng.uniform(0.05, 0.95))) for _ in range(4)]
    compare(
        work.forget_bias,
        right,
        examples,
        mistakes=[
            (
                "That is the gate, a number between 0 and 1. The bias stands inside the sigmoid.",
                lambda steps, share: float(np.exp(np.log(share) / steps)),
            ),
            ("The sign is wrong: a larger bias opens the gate.", lambda *a: -right(*a)),
            (
                "These are the odds, f/(1 − f). They equal eᵇ, and b is asked for.",
                lambda *a: float(np.exp(right(*a))),
            ),
            (
                "That is the rule ln D. It leaves a bit more than 1/e, but here `share` is asked "
                "for.",
                lambda steps, share: float(np.log(steps)),
            ),
            (
                "What leaks doesn't just add up: the gate *multiplies* at each step.",
                searched(lambda bias, steps: 1 - steps * (1 - after(bias, 1))),
            ),
            (
                "`share` is what is left after *all* steps: what must one step leave?",
                searched(lambda bias, steps: after(bias, 1)),
            ),
            (
                "The gate for one step isn't `share` divided by the steps: steps multiply.",
                searched(lambda bias, steps: after(bias, 1) * steps),
            ),
        ],
        hint="Put your bias back in: σ(bias) to the power of `steps` should give `share`.",
        tolerance=1e-6,
    )


def last_marked(x, weights):
    """Return how far h is on the side of the last marked value, from the first mark on."""
    layer = LSTM(2, units=1)
    layer.set_weights(weights)
    h = layer.forward(x[None])[0, :, 0]
    marked = np.flatnonzero(x[:, 1])
    before = marked[np.searchsorted(marked, np.arange(marked[0], len(x)), side="right") - 1]
    return h[marked[0] :] * x[before, 0], h


def what_fails(weights, rng):
    """Return the arguments of `Failed`, or None if the unit does its job."""

    def row(values, marks):
        return np.stack([values, marks], axis=1).astype(float)

    def held(value, steps, others):
        return row([value] + steps * [others], [1] + steps * [0])

    def marked_often(seqlen):
        marks = rng.random(seqlen) < 0.1
        marks[rng.integers(min(10, seqlen))] = True
        return row(rng.choice([-1, 1], seqlen), marks)

    def failing(rows):
        return next((x for x in rows if last_marked(x, weights)[0].min() <= 0.5), None)

    def held_with_zeros():
        return failing(held(value, 5, 0) for value in (1, -1)) is None

    stages = [
        (
            [row([value], [1]) for value in (1, -1)],
            "a marked value doesn't show at its own step",
            "Input and output gate must be open there, and the candidate has the value's sign.",
        ),
        (
            [held(value, 5, -value) for value in (1, -1)],
            "the marked value is lost within five steps",
            "Values without a mark get in: which gate should be shut to them?"
            if held_with_zeros()
            else "Without a mark the memory should stay: which gate keeps it, and is it open?",
        ),
        (
            [row([one, two], [1, 1]) for one in (1, -1) for two in (-one, one)],
            "a second mark doesn't replace the value",
            "The old value is still in the cell when the new one is added: which gate lets go?",
        ),
        (
            [held(value, 200, others) for value in (1, -1) for others in (value, -value)],
            "the marked value fades away within 200 steps",
            "A gate that is nearly open, or nearly shut, leaks a little at each step: compare "
            "σ(4)²⁰⁰ with σ(10)²⁰⁰.",
        ),
        (
            [marked_often(seqlen) for seqlen in (10, 100, 400)],
            "on a random row it shows a wrong value",
            "Plot the row as above. At which step does it go wrong first?",
        ),
    ]
    for rows, what, advice in stages:
        if (x := failing(rows)) is not None:
            side, h = last_marked(x, weights)
            worst = len(h) - len(side) + int(side.argmin())
            example = (
                f"values {x[:9, 0].astype(int).tolist()}, marks {x[:9, 1].astype(int).tolist()}"
            )
            if len(x) > 9:
                example += f" and so on, {len(x)} steps"
            z = x[worst] @ weights[0] + (h[worst - 1] if worst else 0) * weights[1][0] + weights[2]
            i, f, g, o = np.where([1, 1, 0, 1], (1 + np.tanh(z / 2)) / 2, np.tanh(z))
            got = f"h = {h[worst]:.3f} at step {worst}, where i = {i:.3f}, f = {f:.3f}, "
            return what, advice, example, "", got + f"g = {g:.3f}, o = {o:.3f}"
    return None


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
)
def check_keep_marked(work, rng):
    weights = work.keep_marked()
    require(
        isinstance(weights, tuple | list) and len(weights) == 3,
        "it doesn't return three arrays",
        "Return kernel, recurrent kernel and bias, in this order.",
    )
    arrays = [np.asarray(w) for w in weights]
    found = [w.shape for w in arrays]
    require(
        found == [(2, 4), (1, 4), (4,)] and all(w.dtype.kind in "biuf" for w in arrays),
        f"the shapes are {', '.join(map(str, found))}",
        "One column for each of i, f, g, o. The kernel has a row for each input, the recurrent "
        "kernel a row for each unit, the bias no rows.",
    )
    require(
        all(np.isfinite(w).all() for w in arrays),
        "a weight is infinite or nan",
        "12 is large enough for a gate to be decided: σ(12) = 0.999994.",
    )
    failed = what_fails(arrays, rng)
    if failed is None:
        return
    for order in permutations(range(4)):
        if what_fails([w[..., list(order)] for w in arrays], rng) is None:
            raise Failed(
                failed[0],
                "The same numbers would do if the gates were stored in another order: compare your "
                "columns with i, f, g, o.",
                *failed[2:],
            )
    if what_fails([arrays[0][::-1], *arrays[1:]], rng) is None:
        raise Failed(
            failed[0],
            "The inputs are the other way round: `x` is `[value, mark]`, so the kernel's first row "
            "is for the value.",
            *failed[2:],
        )
    raise Failed(*failed)


tasks.words(
    "01.6",
    "Is an open forget gate enough?",
    points=2,
    minutes=5,
    hints=["What does a step write into the cell if σ(b_i) = ½, even if it shouldn't?"],
)
