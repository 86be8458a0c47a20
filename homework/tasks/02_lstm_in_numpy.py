"""The checks of exercise 02."""

import numpy as np

from course_utils.networks.numpy_lstm import LSTM, Output, cross_entropy, loss_and_gradients
from homework.checks import Failed, Tasks, call_text, compare, difference, shown

tasks = Tasks()

TINY = 1e-20  # a step into the imaginary: slopes without rounding


def logistic(z):
    return np.reciprocal(1 + np.exp(-z))


def slope(function, *values, of):
    """Return the derivative of an entrywise function with respect to one of its arguments."""
    moved = [v + 1j * TINY if k == of else v for k, v in enumerate(values)]
    return np.imag(function(*moved)) / TINY


class Loss:
    """A loss with its exact gradient, and a text for messages."""

    def __init__(self, text, value, gradient):
        self.text, self.value, self.gradient = text, value, gradient

    def __call__(self, w):
        return float(self.value(w))

    def __repr__(self):
        return self.text


def network_loss(rng):
    """Return the cross-entropy of a small network as a loss of its recurrent kernel."""
    lstm, output = LSTM(2, 2, rng), Output(2, rng)
    x, y = rng.standard_normal((2, 4, 2)), rng.integers(0, 2, (2, 4))

    def value(w):
        lstm.weights[1] = np.array(np.broadcast_to(w, (2, 8)))
        return loss_and_gradients([lstm, output], x, y, cross_entropy)

    def gradient(w):
        value(w)
        return lstm.gradients[1]

    return Loss("a network's loss", value, gradient)


def by_steps(difference):
    """Return a numeric gradient that moves single entries by `difference`, a function."""

    def gradient(loss, w):
        return np.array([difference(loss, w, place) for place in np.ndindex(w.shape)]).reshape(
            w.shape
        )

    return gradient


def at(w, place, distance):
    one = np.zeros(w.shape)
    one[place] = distance
    return w + one


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
)
def check_numeric_gradient(work, rng):
    width = 1e-4
    squares = Loss("sum of w²", lambda w: np.sum(w**2), lambda w: 2 * w)
    waves = Loss(
        "(sum of sin w)²",
        lambda w: np.sum(np.sin(w)) ** 2,
        lambda w: 2 * np.cos(w) * np.sum(np.sin(w)),
    )

    def never_back(loss, w):
        w, found = np.array(w), []
        for place in np.ndindex(w.shape):
            w[place] += width
            above = loss(w)
            w[place] -= 2 * width
            found.append((above - loss(w)) / (2 * width))
        return np.reshape(found, w.shape)

    def to_one_side(part, side=1):
        return by_steps(
            lambda loss, w, k: (loss(at(w, k, side * width)) - loss(w)) / width * side * part
        )

    def both(factor):
        return by_steps(
            lambda loss, w, k: (loss(at(w, k, width)) - loss(at(w, k, -width))) / width * factor
        )

    def one_entry(loss, w, k):
        return (loss(w[k] + width) - loss(w[k] - width)) / (2 * width)

    def all_at_once(loss, w):
        return np.full(w.shape, (loss(w + width) - loss(w - width)) / (2 * width))

    def slopes(loss, w):
        return both(0.5)(loss, w)

    def only_first(loss, w):
        found = np.zeros(w.shape)
        found.flat[0] = slopes(loss, w).flat[0]
        return found

    shapes = [(1,), (2,), (2, 3), (3, 1, 2)]
    compare(
        work.numeric_gradient,
        lambda loss, w: loss.gradient(w),
        [
            (squares, np.round(rng.uniform(1, 2, 1), 1)),
            (squares, np.round(rng.uniform(-2, -1, 1), 1)),
            *((waves, rng.uniform(-1, 1, shape)) for shape in shapes),
            (waves, np.zeros(2)),
            (network_loss(rng), rng.standard_normal((2, 8))),
        ],
        mistakes=[
            (
                "The entry moves by `width` to *both* sides, so it moves by twice that in all.",
                both(1),
            ),
            ("Do the signs of the two sides fit together?", both(-0.5)),
            *(
                (
                    "Only one side is moved: the other loss is taken at w itself, and the error "
                    "falls with the width, not with its square.",
                    to_one_side(1, side),
                )
                for side in (1, -1)
            ),
            *(
                (
                    "About half of it. The second change undoes the first (or `moved = w` made no "
                    "copy).",
                    to_one_side(0.5, side),
                )
                for side in (1, -1)
            ),
            ("A slope can be negative.", lambda loss, w: abs(slopes(loss, w))),
            (
                "An entry that has been moved isn't put back before the next one moves.",
                never_back,
            ),
            ("All entries move at once. Move one at a time.", all_at_once),
            ("`loss` needs the whole array, with one entry moved.", by_steps(one_entry)),
            (
                "Only one number comes back: is there a `return` inside the loop?",
                lambda loss, w: slopes(loss, w).flat[0],
            ),
            ("Only the first entry is set: is there a `return` inside the loop?", only_first),
            (
                "You replaced the whole array: set `gradient[index]`.",
                lambda loss, w: slopes(loss, w).flat[-1],
            ),
            (
                "You set the whole array in each round: set `gradient[index]`.",
                lambda loss, w: np.full(w.shape, slopes(loss, w).flat[-1]),
            ),
            (
                "It is 0, or nearly: is `gradient[index]` set? And mind the brackets: a / 2 * b "
                "multiplies by b.",
                both(width**2 / 2),
            ),
        ],
        hint="Take w = [1.5] and the loss w²: what are the two losses, and how do they differ?",
        tolerance=1e-6,
    )
    # Of a cubic, central differences are off by exactly the square of the width.
    cubes = Loss("sum of w³", lambda w: np.sum(w**3), lambda w: 3 * w**2)
    compare(
        work.numeric_gradient,
        lambda loss, w, wide: loss.gradient(w) + wide**2,
        [
            (cubes, np.round(rng.uniform(-1, 1, shape), 1), round(float(rng.uniform(0.2, 1)), 1))
            for shape in [(1,), (2, 2)]
        ],
        mistakes=[
            (
                "The third argument isn't used: `width` may be another than 1e-4.",
                lambda loss, w, wide: loss.gradient(w),
            ),
        ],
        hint="The third argument is the width. Use `width` wherever the distance stands: it isn't "
        "always 1e-4.",
        what="with another width",
        tolerance=1e-6,
    )


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
)
def check_train_output(work, rng):
    def cross(logits, y):
        return np.logaddexp(0, (1 - 2 * y) * logits)  # −ln of the right answer's probability

    def squared(logits, y):
        return 0.5 * (logistic(logits) - y) ** 2

    def one(y, r):
        return 1

    def trained(
        loss=cross, count=lambda y: len(y), rate=lambda r: r, old=1, kernel=one, bias=one, late=0
    ):
        def train(h, y, w, b, learning_rate):
            def total(w, b):
                return loss(h @ w + b, y).sum() / count(y)

            def difference(dw, db):
                near, far = total(w + dw, b + db), total(w - dw, b - db)
                return (near - far) / 2e-4

            gradient = np.array([difference(1e-4 * e, 0) for e in np.eye(len(w))])
            step = rate(learning_rate)
            w_new = old * w - step * kernel(y, learning_rate) * gradient
            w = w + late * (w_new - w)
            return w_new, old * b - step * bias(y, learning_rate) * difference(0 * w, 1e-4)

        return train

    def example(batch, seqlen, units, size=1.0):
        h, y = rng.uniform(-1, 1, (batch, seqlen, units)), rng.integers(0, 2, (batch, seqlen))
        b, rate = np.round(rng.uniform([-1, 0.1], [1, 0.5]), 2).tolist()
        return np.round(h, 1), y, np.round(size * rng.normal(size=units), 1), b, rate

    def last_step(h, y, *others):
        return trained()(h[:, -1:], y[:, -1:], *others)

    def last_step_of_w(*example):
        return last_step(*example)[0], trained()(*example)[1]

    def answer(h, y, w, b, learning_rate):
        """Call the learner's function; say first if a shape is wrong."""
        arguments = h, y, w, b, learning_rate
        advice = (
            "The gradient of w must be summed over rows *and* steps, that of b to one number. "
            "Try it with h of shape (2, 3, 2)."
        )
        try:
            got = work.train_output(*arguments)
        except Failed as failure:
            if failure.error == "ValueError":
                failure.hint = advice
            raise
        if isinstance(got, tuple | list) and len(got) == 2:
            for name, part, old in zip("wb", got, (w, b), strict=True):
                if isinstance(part, np.ndarray) and part.shape != (shape := np.shape(old)):
                    be = f"not {shape}" if shape else "but it should be a number"
                    what, text = f"the new {name} has the shape {part.shape}, {be}", shown(part)
                    raise Failed(what, advice, call_text(work.train_output, arguments), got=text)
        return got

    answer.name = "train_output"
    compare(
        answer,
        trained(),
        [example(2, 3, 1), example(1, 1, 1), example(2, 3, 2), example(5, 4, 3)]
        + [example(3, 8, 4, size=10)],  # certain, right or wrong
        mistakes=[
            ("It walks uphill: the loss grows.", trained(rate=lambda r: -r)),
            (
                "The factor p(1 − p) belongs to the squared error. Which loss is asked for?",
                trained(loss=squared),
            ),
            (
                "The loss is averaged over the rows only: over the steps it is summed.",
                trained(count=lambda y: y.size),
            ),
            ("The loss is averaged over the rows, so divide.", trained(count=lambda y: 1)),
            (
                "That divides by the number of steps. The loss is averaged over the rows.",
                trained(count=lambda y: y.shape[1]),
            ),
            ("Where is the learning rate?", trained(rate=lambda r: 1)),
            ("The weights come back as they were.", trained(rate=lambda r: 0)),
            (
                "The logit isn't the probability yet: it still has to go through the sigmoid.",
                trained(loss=lambda logits, y: (logits - y) ** 2 / 2),
            ),
            (
                "Both gradients belong to the *old* weights: compute them before you move any.",
                trained(late=1),
            ),
            ("b stays as it was, but it has a gradient, too.", trained(bias=lambda y, r: 0)),
            ("w stays as it was, but it has a gradient, too.", trained(kernel=lambda y, r: 0)),
            (
                "b moves by learning rate times gradient, too.",
                trained(bias=lambda y, r: 1 / r),
            ),
            (
                "w moves by learning rate times gradient, too.",
                trained(kernel=lambda y, r: 1 / r),
            ),
            ("The row average belongs to b as well.", trained(bias=lambda y, r: len(y))),
            ("The row average belongs to w as well.", trained(kernel=lambda y, r: len(y))),
            ("Every step counts, not only the last.", last_step),
            ("Every step counts, not only the last.", last_step_of_w),
            (
                "These are gradients, not weights: SGD still has to move the weights.",
                trained(rate=lambda r: -1, old=0),
            ),
        ],
        hint="Return w and b. The gradient for w has the shape of w, that for b is one number; "
        "both are sums over rows and steps. Compare each with differences of the loss.",
        tolerance=1e-6,
    )


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
)
def check_step_back_coupled(work, rng):
    def back(inside=(), order=(0, 1, 2), h_to_c="tanh", c_on=1, share=None):
        """Return the way back by derivatives; the options make mistakes."""

        def way(dh, dc, f, g, o, c_before, c):
            room = 1 - f

            def value(f, g, o, old):
                if "z" in inside:  # derivatives by z; without this, by the gates themselves
                    f, g, o = logistic(f), np.tanh(g), logistic(o)
                new = f * old + (room if "room" in inside else 1 - f) * g
                seen = {"tanh": np.tanh(new), "line": np.tanh(c) + new - c, "": np.tanh(c)}[h_to_c]
                return dh * o * seen + c_on * dc * new

            at = (f, g, o, c_before)
            if "z" in inside:
                at = (np.log(f / (1 - f)), np.arctanh(g), np.log(o / (1 - o)), c_before)
            blocks = [slope(value, *at, of=k) for k in order]
            old = slope(value, *at, of=3)
            return np.hstack(blocks), old if share is None else share(old, f)

        return way

    def squashed_twice(*which):
        def way(dh, dc, f, g, o, *rest):
            blocks, old = back()(dh, dc, f, g, o, *rest)
            fine, _ = back({"z"})(dh, dc, f, g, o, *rest)
            slopes = slope(logistic, f, of=0), slope(np.tanh, g, of=0), slope(logistic, o, of=0)
            return np.where(np.repeat(which, f.shape[1]), blocks * np.hstack(slopes), fine), old

        return way

    def too_late(*example):
        return back({"z"}, h_to_c="")(*example)[0], back({"z"})(*example)[1]

    right = back({"z"})

    def into_c(value):
        """Return the way back if the gradient of c is that of another value."""

        def way(dh, dc, f, g, o, old, c):
            whole = slope(lambda c: value(dh, dc, o, c), c, of=0)
            blocks, before = right(0 * dh, whole, f, g, o, old, c)
            return blocks + right(dh, 0 * dc, f, g, o, old, c)[0] * of_block(2, f), before

        return way

    def of_block(number, f):
        return np.repeat(np.arange(3) == number, f.shape[1])

    def block(number, value):
        """Return the way back if in one block another value stands before the squashing's slope."""

        def way(dh, dc, f, g, o, old, c):
            blocks, before = right(dh, dc, f, g, o, old, c)
            whole = slope(lambda c: dh * o * np.tanh(c) + dc * c, c, of=0)
            at, squash = [
                (np.log(f / (1 - f)), logistic),
                (np.arctanh(g), np.tanh),
                (np.log(o / (1 - o)), logistic),
            ][number]
            wrong = value(dh, dc, whole, f, g, old, c) * slope(squash, at, of=0)
            return np.where(of_block(number, f), np.tile(wrong, 3), blocks), before

        return way

    def slopeless(*which):
        def way(dh, dc, f, *others):
            bare, (blocks, before) = back()(dh, dc, f, *others)[0], right(dh, dc, f, *others)
            return np.where(np.repeat(which, f.shape[1]), bare, blocks), before

        return way

    def early(dh, dc, *others):
        return right(dh, dc, *others)[0], right(0 * dh, dc, *others)[1]

    def named(*arguments):
        """Call the learner's function; say which block of dz is wrong."""
        got, f = work.step_back_coupled(*arguments), arguments[2]
        calls.append((arguments, got))
        if isinstance(got, tuple | list) and len(got) == 2:
            if getattr(got[0], "shape", ()) == (len(f), 4 * f.shape[1]):
                raise Failed(
                    "part 0 has four blocks",
                    "There are three blocks, f, g, o: the input gate has no weights of its own.",
                    call_text(work.step_back_coupled, arguments),
                    got=shown(got),
                )
        return got

    def wrong_blocks():
        """Return the names of the wrong blocks, at the first example whose answer is wrong."""
        for arguments, got in calls:
            wanted = right(*arguments)
            if difference(got, wanted, 1e-7) is not None:
                if difference(got[:1], wanted[:1], 1e-7) is None:
                    return ""
                pairs = zip(
                    np.split(np.asarray(got[0]), 3, 1), np.split(wanted[0], 3, 1), strict=True
                )
                return [n for n, p in zip("fgo", pairs, strict=True) if difference(*p, 1e-7)]
        return ""

    def example(batch, units, **fixed):
        z = np.round(rng.uniform(-2, 2, (5, batch, units)), 1)
        f, g, o = np.round([logistic(z[0]), np.tanh(z[1]), logistic(z[2])], 2)
        arrays = {"dh": z[3], "dc": z[4], "old": np.round(rng.uniform(-2, 2, (batch, units)), 1)}
        arrays |= {name: value + 0 * z[0] for name, value in fixed.items()}
        new = f * arrays["old"] + (1 - f) * g
        return arrays["dh"], arrays["dc"], f, g, o, arrays["old"], new

    named.name, calls = "step_back_coupled", []
    mistakes = [
        (
            "f is used twice: once it keeps the old c, and once it makes room for g.",
            back({"z", "room"}),
        ),
        (
            "What arrives at h goes on into c, through o and tanh: it must be added to `dc`.",
            back({"z"}, h_to_c=""),
        ),
        (
            "On its way from h into c a gradient passes a tanh, which has a slope.",
            back({"z"}, h_to_c="line"),
        ),
        ("`dc` from the step after must be added, too.", back({"z"}, c_on=0)),
        ("The slopes of the sigmoids and of tanh are missing.", back()),
        *(
            ("The slope of a sigmoid or of tanh is missing.", slopeless(*which))
            for which in np.ndindex(2, 2, 2)
            if any(which)
        ),
        *(
            (
                "f, g and o are squashed values already: their slopes need no sigmoid or tanh.",
                squashed_twice(*which),
            )
            for which in np.ndindex(2, 2, 2)
            if any(which)
        ),
        ("`dc` is used before the part that comes from h has been added to it.", too_late),
        (
            "The memory's gradient is handed on through f: `dc_before` is a product.",
            back({"z"}, share=lambda old, f: old / f),
        ),
        *(
            ("The blocks of dz are in another order: f, g, o.", back({"z"}, order=order))
            for order in [(0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)]
        ),
        *(
            (
                "Look at the signs: does a larger f mean more of the old c, or more of g?",
                block(0, wrong),
            )
            for wrong in (
                lambda dh, dc, whole, f, g, old, c: whole * (g - old),
                lambda dh, dc, whole, f, g, old, c: whole * (g + old),
            )
        ),
        (
            "One of f's two uses is missing: the old c.",
            block(0, lambda dh, dc, whole, f, g, old, c: -whole * g),
        ),
        (
            "Block g: what is g multiplied by in c_t?",
            block(1, lambda dh, dc, whole, f, g, old, c: whole * f),
        ),
        *(
            (
                "o stands in h_t, so its gradient comes from dh.",
                block(2, wrong),
            )
            for wrong in (
                lambda dh, dc, whole, f, g, old, c: whole * np.tanh(c),
                lambda dh, dc, whole, f, g, old, c: dc * np.tanh(c),
            )
        ),
        (
            "o is multiplied by tanh c.",
            block(2, lambda dh, dc, whole, f, g, old, c: dh * c),
        ),
        (
            "Hand back the *whole* gradient of c_t, with what came through h.",
            early,
        ),
        (
            "dc_before: what is c_before multiplied by?",
            back({"z"}, share=lambda old, f: old / f * (1 - f)),
        ),
        (
            "On its way from h to c a gradient passes the factor o.",
            into_c(lambda dh, dc, o, c: dh * np.tanh(c) + dc * c),
        ),
        (
            "The slope needs tanh c, not c.",
            into_c(lambda dh, dc, o, c: dh * o * (c - c**3 / 3) + dc * c),
        ),
        ("If there is a `^` in that line: a power is written `**`.", "TypeError"),
    ]
    try:
        compare(
            named,
            right,
            [
                example(1, 1, dh=1, dc=0, old=0),
                example(1, 1, dh=0, dc=1),
                example(1, 1),
                example(1, 3),
                example(4, 2),
            ],
            mistakes,
            "Two arrays come back; in dz the blocks lie side by side, (batch, 3h). Which number is "
            "wrong? Compare it with a central difference of Σ dh · h + Σ dc · c.",
            tolerance=1e-7,
        )
    except Failed as failure:
        if failure.what.startswith("part 0: ") and "value" in failure.what:
            names = wrong_blocks()
            failure.what = f"part 0, block {' and '.join(names)} is wrong"
            if len(names) > 1:
                failure.what = f"part 0, blocks {' and '.join(names)} are wrong"
        raise


def backward(
    again=False,
    by_h=1,
    by_c=1,
    which=None,
    add=(1, 1, 1),
    pile=0,
    steps=slice(None),
    above=lambda dh, t: dh[:, t],
    swap=False,
    share=lambda dh: 1,
):
    """Return the way back through time step by step, by derivatives; options make mistakes."""

    def state(z, old):
        blocks = z.reshape(len(z), 4, -1)
        memory = logistic(blocks[:, 1]) * old + logistic(blocks[:, 0]) * np.tanh(blocks[:, 2])
        return logistic(blocks[:, 3]) * np.tanh(memory), memory

    def way(dh, x, *weights):
        seqlen, units = dh.shape[1:]
        h, c, z = [np.zeros((len(x), units))], [np.zeros((len(x), units))], []
        for t in range(seqlen):
            z.append(x[:, t] @ weights[0] + h[t] @ weights[1] + weights[2])
            for found, new in zip((h, c), state(z[t], c[t]), strict=True):
                found.append(new)
        sums, to_h, to_c = [0 * w for w in weights], 0, 0
        for t in range(seqlen) if again else range(seqlen)[::-1][steps]:
            arrives = above(dh, t) + by_h * to_h

            def value(z, old, arrives=arrives, memory=by_c * to_c):
                h_new, c_new = state(z, old)
                return arrives * h_new + memory * c_new

            moves = np.repeat(1j * TINY * np.eye(4), units, axis=1)
            back = np.hstack([np.imag(value(z[t] + move, c[t])) / TINY for move in moves])
            to_h, to_c = back @ weights[1].T, pile * to_c + slope(value, z[t], c[t], of=1)
            if swap:
                to_h, to_c = to_c, to_h
            state_used = h[t] if which is None else which(h, c, t)
            parts = [p * share(dh) for p in (x[:, t].T @ back, state_used.T @ back, back.sum(0))]
            sums = [a * old + new for a, old, new in zip(add, sums, parts, strict=True)]
        return sums

    return way


def mean_of_rows(dh, x, *weights):
    *kernels, bias = backward()(dh, x, *weights)
    return *kernels, bias / len(x)


def all_of_bias(dh, x, *weights):
    *kernels, bias = backward()(dh, x, *weights)
    return *kernels, 0 * bias + bias.sum()


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
)
def check_weight_gradients(work, rng):
    def right(dh, x, *weights):
        layer = LSTM(x.shape[2], dh.shape[2])
        layer.set_weights(weights)
        layer.forward(x)
        layer.backward(dh)
        return layer.gradients

    def example(batch, seqlen, d, units):
        shapes = [(batch, seqlen, units), (batch, seqlen, d)]
        shapes += [(d, 4 * units), (units, 4 * units), (4 * units,)]
        return tuple(rng.standard_normal(shape) for shape in shapes)

    def answer(*arguments):
        try:
            return work.weight_gradients(*arguments)
        except Failed as failure:
            if failure.error == "IndexError" and "list" in failure.what:
                failure.error += " in a list"
            raise

    answer.name = "weight_gradients"
    compare(
        answer,
        right,
        [example(*n) for n in [(2, 1, 1, 1), (2, 2, 1, 1), (3, 3, 2, 2), (4, 6, 2, 3)]],
        mistakes=[
            (
                "With one step it is right, with more it isn't: is anything handed to the step "
                "before?",
                backward(by_h=0, by_c=0),
            ),
            (
                "The hidden path is missing: what comes back through R is added to `dh[:, t]`.",
                backward(by_h=0),
            ),
            ("The cell path is missing: hand `dc` on, too.", backward(by_c=0)),
            (
                "Back-propagation begins at the *last* step: what a step hands on goes to the step "
                "before it.",
                backward(again=True),
            ),
            *(
                (
                    "A gradient is that of one step only. The weights were used at every step, so "
                    "they add up.",
                    backward(add=add),
                )
                for add in np.ndindex(2, 2, 2)
                if not all(add)
            ),
            (
                "The recurrent kernel was multiplied by the *last* output, not by the one that the "
                "step made.",
                backward(which=lambda h, c, t: h[t + 1]),
            ),
            ("The last step is left out: count the loop's steps.", backward(steps=slice(1, None))),
            ("The first step, t = 0, is left out.", backward(steps=slice(None, -1))),
            (
                "Only the last step has got its share. Does the loop end too early, at a `return`?",
                backward(steps=slice(0, 1)),
            ),
            (
                "What arrives from the output layer, `dh[:, t]`, isn't used.",
                backward(above=lambda dh, t: 0 * dh[:, t]),
            ),
            *(
                ("dh arrives at *every* step.", backward(above=above))
                for above in (
                    lambda dh, t: dh[:, -1],
                    lambda dh, t: dh[:, t] * (t == dh.shape[1] - 1),
                )
            ),
            *(
                ("`kept[t][1]` already *is* h_{t−1}.", backward(which=which))
                for which in (
                    lambda h, c, t: h[(t - 1) % (len(h) - 1)],
                    lambda h, c, t: h[max(t - 1, 0)],
                )
            ),
            ("That is c; h stands at place 1.", backward(which=lambda h, c, t: c[t])),
            ("`step_back` returns dz, dh, dc, in this order.", backward(swap=True)),
            ("The rows add up: no division here.", backward(share=lambda dh: 1 / len(dh))),
            ("No division by the steps.", backward(share=lambda dh: 1 / dh.shape[1])),
            (
                "Neither rows nor steps are averaged here: no division.",
                backward(share=lambda dh: 1 / len(dh) / dh.shape[1]),
            ),
            (
                "`step_back` has multiplied by f and added what is to be added: the `dc` that it "
                "returns replaces the one before.",
                backward(pile=1),
            ),
            ("The rows of the batch add up in the bias's gradient, too.", mean_of_rows),
            (
                "The bias has a number for each unit of each gate: sum over the rows only.",
                all_of_bias,
            ),
            (
                "Axis 0 is the row, axis 1 is the step: `dh[:, t]`.",
                backward(above=lambda dh, t: dh[t]),
            ),
            (
                "`kept` has one entry per step, and `gradients` is already filled with zeros.",
                "IndexError in a list",
            ),
            ("Axis 0 is the row, axis 1 is the step: `dh[:, t]`.", "IndexError"),
            (
                "Print the shapes. A gradient has the shape of its weight: the rows of the batch "
                "have to go, by a matrix product or a sum.",
                "ValueError",
            ),
        ],
        hint="Try sequences of one step, then of two: which of the three gradients is wrong first?",
        tolerance=1e-6,
    )


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
