"""The checks of exercise 05."""

from collections import Counter
from math import prod

import numpy as np

from homework.checks import Failed, Tasks, call_text, compare, require, shown

tasks = Tasks()


def added(a, carries):
    """The oracle: Python's own integers, of any size, as rows of bits."""
    seqlen, totals = a.shape[1], []
    for row, carry_in in zip(a.tolist(), carries, strict=True):
        totals.append(sum((x + y) << t for t, (x, y) in enumerate(row)) + int(carry_in))
    return np.array([[total >> t & 1 for t in range(seqlen)] for total in totals])


def asked(call, known):
    """Call; if that raises an error whose message contains a known part, give the hint for it."""
    try:
        return call()
    except Failed as failure:
        for part, text in known:
            if failure.error and part in failure.what:
                failure.hint = text
                break
        raise


NO_SEQUENCE = (
    "There should be an answer at each step. By default an LSTM returns only what it says at the "
    "last one."
)
NOT_CALLED = (
    "The first pair of brackets makes a layer, the second feeds it: `layers.Dense(…)(x)`. Is one "
    "missing?"
)
RAISED = [
    ("cannot be used as input to a TensorFlow", "At this point there are no numbers yet, only a "
     "shape. Use one of Keras's own operations or layers, not TensorFlow's."),
    ("must be KerasTensors", NOT_CALLED),
    ("Only input tensors", NOT_CALLED),
    ("list index", f"The squeeze finds no third axis. {NO_SEQUENCE}"),
    ("squeeze", "Only an axis of length 1 can be dropped: which one is it, and after which layer "
     "does it have that length? Axes are counted from 0, or backwards from -1."),
    ("ndim=", f"A layer gets fewer axes than it needs. {NO_SEQUENCE}"),
]  # fmt: skip


def check_output_shape(shape, batch, seqlen, units, where):
    if shape == (batch, seqlen):
        return
    text = {
        (batch,): NO_SEQUENCE,
        (batch, 1): NO_SEQUENCE,
        (batch, units): NO_SEQUENCE,
        (batch, seqlen, units): "The numbers of the LSTM come out as they are: a layer has to make "
        "one probability of them at each step.",
        (batch, seqlen, 1): "The last axis, of length 1, is still there: that is what the squeeze "
        "is for.",
    }.get(shape, "Compare with the table of section 1.")
    if 1 in (batch, seqlen) and len(shape) == 1:
        text = (
            "The squeeze drops every axis of length 1, also the batch's or the rows': name the "
            "one that it should drop."
        )
    raise Failed(f"the output's shape is {shape}, not {(batch, seqlen)}", text, **where)


def check_layers(found, where):
    classes = [layer["class"] for layer in found]
    require(
        "Lambda" not in classes,
        "it can't be loaded again once it is saved",
        "A `Lambda` layer would need program code in the file. Use what Keras knows by name.",
        **where,
    )
    own = [layer["class"] for layer in found if not layer["known"]]
    require(
        not own,
        f"the layer {', '.join(own)} can't be loaded again once it is saved",
        "A class of your own has to be registered under a name. Or use what Keras knows anyway.",
        **where,
    )
    if {"Sequential", "Functional"} & set(classes):  # layers in a model of their own: not shown
        return
    memories = [layer for layer in found if layer["class"] in ("LSTM", "RNN")]
    require(
        len(memories) == 1,
        f"it has {len(memories)} LSTM layers",
        "One layer has a memory, and the carry has to live there.",
        **where,
    )
    require(
        memories[0].get("activation", "linear") == "linear",
        f"the LSTM's activation is {memories[0].get('activation')}",
        "If you say nothing, Keras takes tanh for the LSTM's activation; here there should be "
        "none.",
        **where,
    )


@tasks.check(
    "05.1",
    "Build the model",
    points=4,
    minutes=10,
    hints=[
        "Three layers are missing. Write each as in the two lines above: `x = …(x)`.",
        "The LSTM needs two settings besides its units: no activation, and that it returns its "
        "output at every step, not only at the last one.",
        "`Dense` with one unit makes one number per step; which activation keeps it between 0 and "
        "1? Then drop the last axis with `keras.ops.squeeze`, or with a `Reshape` layer.",
    ],
)
def check_build(work, rng):
    for units, rows in [(3, (2, 5)), (int(rng.integers(5, 8)), (1, 4)), (4, (3, 1))]:
        where = {"example": f"build_model({units}), fed with {rows[0]} rows of {rows[1]} pairs"}
        inputs = [np.zeros((*rows, 2)), rng.integers(0, 2, (*rows, 2))]
        report = asked(lambda n=units, x=inputs: work.build_model.model(n, inputs=x), RAISED)
        silent, output = map(np.asarray, report["outputs"])
        check_output_shape(output.shape, *rows, units, where)
        check_layers(report["layers"], where)
        require(
            not np.allclose(silent, 1),
            "every probability is 1",
            "A softmax over a single number is always 1. Which activation is for one probability?",
            **where,
        )
        require(
            np.allclose(silent, 0.5) and (0 < output).all() and (output < 1).all(),
            "the outputs are no probabilities",
            "A fresh model that reads only zeros should answer ½. Which activation squeezes any "
            "number into 0 to 1?",
            got=f"{silent.ravel()[0]:.4g} for pairs (0, 0)",
            **where,
        )
        shapes = [(2, 8), (8,), (8, 4), (4,), (units, 1), (1,)]
        shapes += 4 * [(4, units), (units, units), (units,)]
        wanted = sum(map(prod, shapes))
        require(
            report["parameters"] == wanted,
            f"it has {report['parameters']} parameters, not {wanted}",
            "Does the LSTM have `units` units, whatever number that is? And is there one layer "
            "too many, or one of another size?",
            **where,
        )


def with_third(told):
    def fed(a, res):
        third = np.zeros(a.shape[:2])
        third[:] = told(a, res)
        return np.dstack([a, third])

    return fed


def at_first(column):
    return with_third(lambda a, res: np.eye(a.shape[1])[0] * column(a, res)[:, None])


def carry_into(a, res):
    """Try both carries: which of them leads to these sums?"""
    ones = np.ones(len(a), int)
    return (added(a, ones) == res).all(axis=1).astype(int)


@tasks.check(
    "05.2",
    "Feed the carry in",
    points=3,
    minutes=6,
    hints=[
        "Only one column of `told` changes: all rows, the first step, the only input.",
        "The first bit of the sum depends on three things: two bits and the carry that came in. "
        "You know the bit of the sum and the two bits.",
        "The bit of the sum is 1 if one or three of them are 1. So when does it differ from "
        "what the two bits alone would give? `^` is the operation for that.",
    ],
)
def check_feed(work, rng):
    def example(batch, seqlen):
        a, carries = rng.integers(0, 2, (batch, seqlen, 2)), rng.integers(0, 2, batch)
        return a, added(a, carries)

    everything = np.array([[pair] for pair in np.ndindex(2, 2)] * 2)
    cases = everything, added(everything, [0, 0, 0, 0, 1, 1, 1, 1])
    fed = work.feed_carry(*cases)
    require(
        not isinstance(fed, np.ndarray) or np.isin(fed, (0, 1)).all(),
        "there are other numbers than 0 and 1 in it",
        "Bits are not subtracted like numbers here: 1 + 1 makes the bit 0, so 0 - 1 - 1 would be "
        "no carry. Think of what is odd and what is even.",
        example="feed_carry on all eight cases of one step",
        got=shown(fed),
    )
    compare(
        work.feed_carry,
        at_first(carry_into),
        [cases, example(3, 2), example(4, 5), example(20, 70)],
        mistakes=[
            ("No carry is told to anyone: the third input is always 0.", with_third(lambda *_: 0)),
            (
                "That is the carry that goes *out* of the first step. Which one does the network "
                "not know?",
                at_first(lambda a, res: a[:, 0].sum(1) + carry_into(a, res) > 1),
            ),
            (
                "The two bits alone don't tell what came in. The bit of the sum does, with them.",
                at_first(lambda a, res: a[:, 0].sum(1) % 2),
            ),
            (
                "A carry can only go out where both bits are 1, but this is about the one that "
                "comes *in*.",
                at_first(lambda a, res: a[:, 0].prod(1)),
            ),
            ("That is the bit of the sum, not the carry.", at_first(lambda a, res: res[:, 0])),
            (
                "The carry is told at every step. After the first one the network has to "
                "remember it by itself.",
                with_third(lambda a, res: (a.sum(2) + res) % 2),
            ),
            (
                "The carry stands at every step, but it comes into the first one only.",
                with_third(lambda a, res: carry_into(a, res)[:, None]),
            ),
            (
                "That is the carry into the *last* step. Which one does the network not know?",
                at_first(lambda a, res: (a[:, -1].sum(1) + res[:, -1]) % 2),
            ),
            (
                "The third input comes after the two bits, as in the last line that was given.",
                lambda a, res: np.roll(at_first(carry_into)(a, res), 1, axis=2),
            ),
        ],
        hint="Make a table of the eight cases of one step: two bits, the carry that comes in, and "
        "the bit of the sum. And only the first step of each row gets a number.",
    )


def pieces_of(a, length):
    return [a[:, start : start + length] for start in range(0, a.shape[1], length)]


FED = [
    ("LSTM", "`adder` takes exactly 3 rows. Is each piece of the shape (3, …, 2)? The steps are on "
     "the second axis."),
    ("at least one array", "`pieces` is still empty at the end: `pieces.append(…)` puts something "
     "into it."),
    ("out of bounds for array of dim", "`pieces` should be a list, with an array of shape (3, …) "
     "for each piece: append to it, don't replace it."),
    ("reset_state", "It is a layer that is reset, not the model: see the task's text."),
]  # fmt: skip


def forgetful(a, length):
    """Add each piece as if nothing came before."""
    return np.concatenate([added(piece, [0] * 3) for piece in pieces_of(a, length)], axis=1)


@tasks.check(
    "05.3",
    "One long addition in pieces",
    points=4,
    minutes=10,
    hints=[
        "Two things happen: once per call the state is reset; once per piece the model is called.",
        "`range(0, a.shape[1], length)` gives the first step of each piece. A slice that reaches "
        "beyond the end of an array simply ends there.",
        "The model answers with probabilities. `np.rint` rounds them, and `.astype(int)` makes "
        "whole numbers of them.",
    ],
)
def check_pieces(work, rng):
    def rows(seqlen):  # what is left over at the end is a carry in each row
        a = rng.integers(0, 2, (3, seqlen, 2))
        a[:, 0], a[:, -1] = [0, 1], [1, 1]
        return a

    def add_in_pieces(a, length):
        got = asked(lambda: work.add_in_pieces(a, length), FED)
        if not isinstance(got, np.ndarray):
            return got
        where = {"example": f"add_in_pieces({a.tolist()}, {length})", "got": shown(got)}
        require(
            got.size <= a.shape[0] * a.shape[1],
            f"there are more bits than steps: the shape is {got.shape}",
            "Does each piece consist of its own steps only? Where does it begin, where does it "
            "end, and where does the next begin?",
            **where,
        )
        require(
            np.isin(got, (0, 1)).all(),
            "the answers are no bits",
            "The model answers with probabilities. Above ½ means 1.",
            **where,
        )
        require(
            got.shape != a.shape[:2] or got.any(),
            "all bits are 0",
            "`.astype(int)` cuts off what is behind the point, so that 0.9999 becomes 0. Round "
            "first.",
            **where,
        )
        return got

    add_in_pieces(rows(3), 3)  # leaves a carry behind, if that is possible
    compare(
        add_in_pieces,
        lambda a, length: added(a, [0] * 3),
        [(rows(2), 2), (rows(4), 1), (rows(5), 2), (rows(12), 5)],
        mistakes=[
            (
                "The first piece begins with the carries that the call *before* left over: start "
                "anew once in each call.",
                lambda a, length: added(a, [1] * 3),
            ),
            (
                "Each piece begins without a carry: when should the state be reset, and when "
                "should it be kept?",
                forgetful,
            ),
            (
                "The last piece is missing if it is shorter than the others.",
                lambda a, length: added(a[:, : a.shape[1] // length * length], [0] * 3),
            ),
            (
                "Only the last piece is there. Which lines belong inside the loop?",
                lambda a, length: added(a, [0] * 3)[:, (a.shape[1] - 1) // length * length :],
            ),
            (
                "Both: the state is kept between two calls, and lost between two pieces.",
                lambda a, length: np.concatenate(
                    [added(a[:, :length], [1] * 3), forgetful(a[:, length:], length)], axis=1
                ),
            ),
        ],
        hint="Print `start` and the shape of each piece for 5 steps and a length of 2. Is each "
        "step fed exactly once, in its order, and each row in its place?",
    )


def on_right_side(logits, res):
    return logits * (2 * res - 1)


def rows_right(logits, res, limit=0.0):
    wrong = ((logits > limit) != res.astype(bool)).sum(axis=1)
    return np.mean(wrong == 0)


@tasks.check(
    "05.4",
    "Rows and margins",
    points=3,
    minutes=8,
    hints=[
        "Make the predicted bits first: one comparison. Where do they agree with `res`?",
        "A row is right if *all* of its bits are: `.all(axis=1)` looks along each row. The mean "
        "of True and False is a share.",
        "Where the right bit is 1, the margin is the logit; where it is 0, it is minus the logit. "
        "`np.where` chooses between two arrays.",
    ],
)
def check_score(work, rng):
    def example(batch, seqlen, wrong):
        """In the first `wrong` rows one bit is wrong; all others are right, some by little."""
        res = rng.integers(0, 2, (batch, seqlen))
        margins = rng.uniform(0.6, 9, res.shape)
        res[-1, 0], margins[-1, 0] = 1, 0.3
        margins[range(wrong), rng.integers(0, seqlen, wrong)] = -rng.uniform(0.6, 5, wrong)
        return np.round(margins * np.where(res, 1, -1), 1), res

    examples = [example(3, 2, 1), example(2, 1, 0), example(8, 4, 2), example(50, 10, 20)]
    for logits, res in examples[:1]:
        both = work.score(logits, res)
        require(
            isinstance(both, tuple | list)
            and len(both) == 2
            and all(np.ndim(x) == 0 for x in both),
            "it should return two numbers",
            "Return the share of right rows and the least margin, in this order, each as one "
            "number for the whole batch.",
            example=f"score({logits.tolist()}, {res.tolist()})",
            got=shown(both),
        )
    calls = {}

    def part(number):
        def score(logits, res):
            key = logits.tobytes()
            if key not in calls:
                calls[key] = work.score(logits, res)
            return calls[key][number]

        return score

    compare(
        part(0),
        rows_right,
        examples,
        mistakes=[
            (
                "That is the share of right *bits*. One wrong bit makes the whole sum wrong.",
                lambda logits, res: np.mean(on_right_side(logits, res) > 0),
            ),
            (
                "A row counts here as soon as one bit is right. It needs all of them.",
                lambda logits, res: (on_right_side(logits, res) > 0).any(axis=1).mean(),
            ),
            (
                "½ is the limit for a probability. These are logits: which logit belongs to ½?",
                lambda logits, res: rows_right(logits, res, limit=0.5),
            ),
            (
                "That is the number of right rows; their *share* is asked for.",
                lambda logits, res: rows_right(logits, res) * len(res),
            ),
            (
                "Return the share as a number from 0 to 1, not in percent.",
                lambda logits, res: 100 * rows_right(logits, res),
            ),
            (
                "The two numbers are the other way round.",
                lambda logits, res: on_right_side(logits, res).min(),
            ),
            ("That is the share of wrong rows.", lambda logits, res: 1 - rows_right(logits, res)),
            (
                "The mean and `all` go along the wrong axis: a row is one number, along axis 1.",
                lambda logits, res: rows_right(logits.T, res.T),
            ),
            (
                "A logit hardly ever equals a bit: turn the logits into bits first.",
                lambda logits, res: 0.0,
            ),
        ],
        hint="Work the first example out on paper: which bits does the network predict, and in "
        "which rows are all of them right?",
        tolerance=1e-6,
        what="share of right rows",
    )
    compare(
        part(1),
        lambda logits, res: on_right_side(logits, res).min(),
        examples,
        mistakes=[
            (
                "The distance from 0 alone doesn't say on which side a logit is: where it is "
                "wrong, the margin is negative.",
                lambda logits, res: np.abs(logits).min(),
            ),
            (
                "For a bit that should be 0, a logit far *below* 0 is good: its sign has to turn.",
                lambda logits, res: logits.min(),
            ),
            (
                "That is the largest margin. The weakest bit decides, so the least is asked for.",
                lambda logits, res: on_right_side(logits, res).max(),
            ),
            (
                "That is the mean of the margins. The weakest bit decides, so the least is asked "
                "for.",
                lambda logits, res: on_right_side(logits, res).mean(),
            ),
            (
                "The distance from 0 alone doesn't say on which side a logit is: where it is "
                "wrong, the margin is negative.",
                lambda logits, res: np.abs(on_right_side(logits, res).min()),
            ),
            (
                "That is a probability. The margin is about the logits themselves.",
                lambda logits, res: (1 / (1 + np.exp(-on_right_side(logits, res)))).min(),
            ),
            (
                "The sign is the other way round: a bit on the right side has a positive margin.",
                lambda logits, res: (-on_right_side(logits, res)).min(),
            ),
        ],
        hint="Work the first example out on paper: one margin for each bit, then the least.",
        tolerance=1e-6,
        what="least margin",
    )


def most_common(steps, n):
    """Return the tables of a list of (state, pair, written or next) by counting one by one."""
    counts = Counter(steps)
    table = np.zeros((n, 4), int)
    for s, p in {step[:2] for step in counts}:
        seen = {step[2]: times for step, times in counts.items() if step[:2] == (s, p)}
        table[s, p] = max(seen, key=seen.get)
    return table


def extracted(shift=1, select=most_common):
    def tables(state, pair, answer, n):
        spots = list(np.ndindex(*state.shape))
        written = [(state[k, t], pair[k, t], answer[k, t]) for k, t in spots]
        spots = [(k, t) for k, t in spots if 0 <= t + shift < state.shape[1]]
        changed = [(state[k, t], pair[k, t], state[k, t + shift]) for k, t in spots]
        return select(written, n), select(changed, n)

    return tables


def newest(steps, n):
    table = np.zeros((n, 4), int)
    for s, p, value in steps:
        table[s, p] = value
    return table


def ever(steps, n):
    table = np.zeros((n, 4), int)
    for s, p, value in steps:
        table[s, p] = max(table[s, p], value)
    return table


def always(steps, n):
    table = np.full((n, 4), n)
    for s, p, value in steps:
        table[s, p] = min(table[s, p], value)
    return table


SHAPES = (
    "Arrays that are compared step by step must have the same shape, but `state[:, 1:]` is a "
    "column shorter. Which column of the others has no next state?"
)
NOTHING = (
    "For a case that does occur, nothing is left to count. Which column of `here` has no next "
    "state, the first or the last?"
)
COUNTED = [
    ("boolean index did not match", SHAPES),
    ("could not be broadcast", SHAPES),
    ("out of bounds", "The last step of a row has no next state: where does your loop end?"),
    ("NaN", NOTHING),
    ("empty", NOTHING),
    ("truth value", "`and` doesn't work on arrays: put each comparison in brackets, and `&` "
     "between them."),
    ("with a sequence", "In each place of a table there is room for one number, but these are all "
     "that occur. Which one occurs most often?"),
]  # fmt: skip


def run_through(rng, n, copies, length, odd):
    """Run a random machine from each state and pair, several times; make some answers odd."""
    writes, follows = rng.integers(0, 2, (n, 4)), rng.integers(0, n, (n, 4))
    writes[0, :2] = [0, 1]  # not all the same
    follows[:, 0] = (np.arange(n) + 1) % n  # each state is left
    batch = copies * n * 4
    state, pair = np.zeros((batch, length), int), rng.integers(0, 4, (batch, length))
    state[:, 0], pair[:, 0] = np.arange(batch) // 4 % n, np.arange(batch) % 4
    for t in range(1, length):
        state[:, t] = follows[state[:, t - 1], pair[:, t - 1]]
    answer, code = writes[state, pair], 4 * state + pair
    for case in range(4 * n if odd else 0):
        rows, columns = np.nonzero(code == case)
        inner = np.flatnonzero(columns < length - 1)
        for spot in {0, len(rows) - 1, inner[-1]}:  # the first and the last time
            answer[rows[spot], columns[spot]] ^= 1
    return state, pair, answer, n


@tasks.check(
    "05.5",
    "The machine inside",
    points=4,
    minutes=12,
    hints=[
        "`here = (state == s) & (pair == p)` marks the steps of one case. `answer[here]` are its "
        "answers.",
        "The state that follows stands one step to the right: `state[:, 1:]`. It has a column "
        "less, so `here` must lose one too. Which one?",
        "What occurs most often? `np.bincount` counts each number of an array, and `argmax` finds "
        "the position of the largest count.",
    ],
)
def check_machine(work, rng):
    def machine(*arguments):
        got = asked(lambda: work.machine(*arguments), COUNTED)
        if isinstance(got, tuple | list) and len(got) and isinstance(got[0], np.ndarray):
            require(
                got[0].dtype.kind not in "iuf" or (got[0] < arguments[-1]).all(),
                "it writes other numbers than 0 and 1",
                "How often something occurs isn't *what* occurs.",
                example=call_text(work.machine, arguments),
                got=shown(got[0]),
            )
        return got

    compare(
        machine,
        extracted(),
        [
            run_through(rng, 2, 1, 2, odd=False),
            run_through(rng, 2, 8, 3, odd=True),
            run_through(rng, 3, 8, 4, odd=True),
        ],
        mistakes=[
            (
                "That is the state in which the pair is read. The *next* one stands one step to "
                "the right.",
                extracted(0),
            ),
            ("That is the state one step *before*: time runs to the right.", extracted(-1)),
            (
                "One exception is enough to change the table: count, and take what happens most "
                "often.",
                extracted(select=newest),
            ),
            (
                "One exception is enough to change the table, because the largest value wins. "
                "Take the most frequent one.",
                extracted(select=ever),
            ),
            (
                "The two tables are the other way round.",
                lambda *args: extracted()(*args)[::-1],
            ),
            (
                "A mean such as 0.9 is cut off to 0 in a table of whole numbers: round it, or "
                "count.",
                extracted(select=always),
            ),
            (
                "This isn't always the full adder: count what stands in the arrays.",
                lambda *_: ([[0, 1, 1, 0], [1, 0, 0, 1]], [[0, 0, 0, 1], [0, 1, 1, 1]]),
            ),
        ],
        hint="Take one case, such as state 0 and pair 0. Mark on paper where it occurs, what was "
        "answered there, and what stands one step to the right. The last step of a row has no next "
        "state; the next row doesn't continue it.",
    )


tasks.predict(
    "05.6",
    "how long does a carry last?",
    ["about 2", "about 35", "about 1000", "for ever"],
    minutes=4,
    hints=["How often can you multiply by 0.98 before you are below ½? Think of percents."],
)


tasks.words(
    "05.7",
    "Is it the full adder?",
    points=2,
    minutes=5,
    hints=[
        "How probable is it that 35 pairs in a row differ?",
        "Where does the memory end after a very long chain if it began with a carry, and where if "
        "it began without?",
    ],
)
