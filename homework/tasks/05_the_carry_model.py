"""The checks of exercise 05: a model that adds step by step, its state, and the machine inside."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any

import numpy as np

from homework.checks import Part, Tasks, compare, explaining, mistake, require
from homework.describing import call_text, shown

tasks = Tasks()


def added(a: np.ndarray, carries: Sequence[int] | np.ndarray) -> np.ndarray:
    """The oracle: Python's own integers, of any size, as rows of bits."""
    seqlen, totals = a.shape[1], []
    for row, carry_in in zip(a.tolist(), carries, strict=True):
        totals.append(sum((x + y) << t for t, (x, y) in enumerate(row)) + int(carry_in))
    return np.array([[total >> t & 1 for t in range(seqlen)] for total in totals])


# Build the model -------------------------------------------------------------------------------

LAST_STEP_ONLY = (
    "There should be an answer at each step. By default an LSTM returns only what it says at the "
    "last one."
)
NOT_FED = (
    "The first pair of brackets makes a layer, the second feeds it: `layers.Dense(…)(x)`. Is one "
    "missing?"
)

MODEL = {
    "TensorFlow's operation": mistake(
        "At this point there are no numbers yet, only a shape. Use one of Keras's own operations "
        "or layers, not TensorFlow's.",
        says="cannot be used as input to a TensorFlow",
    ),
    "model made of a layer": mistake(NOT_FED, says="must be KerasTensors"),
    "layer fed with a layer": mistake(NOT_FED, says="Only input tensors"),
    "no third axis": mistake(
        f"The squeeze finds no third axis. {LAST_STEP_ONLY}", says="list index"
    ),
    "wrong axis squeezed": mistake(
        "Only an axis of length 1 can be dropped: which one is it, and after which layer does it "
        "have that length? Axes are counted from 0, or backwards from -1.",
        says="squeeze",
    ),
    "too few axes": mistake(
        f"A layer gets fewer axes than it needs. {LAST_STEP_ONLY}", says="ndim="
    ),
    "last step only": mistake(LAST_STEP_ONLY),
    "no probability": mistake(
        "The numbers of the LSTM come out as they are: a layer has to make one probability of "
        "them at each step."
    ),
    "not squeezed": mistake(
        "The last axis, of length 1, is still there: that is what the squeeze is for."
    ),
    "every axis squeezed": mistake(
        "The squeeze drops every axis of length 1, also the batch's or the rows': name the one "
        "that it should drop."
    ),
    "other shape": mistake("Compare with the table of section 1."),
    "lambda layer": mistake(
        "A `Lambda` layer would need program code in the file. Use what Keras knows by name."
    ),
    "unknown layer": mistake(
        "A class of your own has to be registered under a name. Or use what Keras knows anyway."
    ),
    "not one memory": mistake("One layer has a memory, and the carry has to live there."),
    "activation left": mistake(
        "If you say nothing, Keras takes tanh for the LSTM's activation; here there should be none."
    ),
    "softmax": mistake(
        "A softmax over a single number is always 1. Which activation is for one probability?"
    ),
    "other activation": mistake(
        "A fresh model that reads only zeros should answer ½. Which activation squeezes any "
        "number into 0 to 1?"
    ),
    "other size": mistake(
        "Does the LSTM have `units` units, whatever number that is? And is there one layer too "
        "many, or one of another size?"
    ),
}


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
    mistakes=MODEL,
)
def check_build(work: Any, rng: np.random.Generator) -> None:
    for units, batch, seqlen in [(3, 2, 5), (int(rng.integers(5, 8)), 1, 4), (4, 3, 1)]:
        where = f"build_model({units}), fed with {batch} rows of {seqlen} pairs"
        inputs = [np.zeros((batch, seqlen, 2)), rng.integers(0, 2, (batch, seqlen, 2))]
        with explaining(*MODEL.values()):
            report = work.build_model.model(units, inputs=inputs)
        silent, output = map(np.asarray, report["outputs"])
        require_shape(output.shape, batch, seqlen, units, where)
        require_loadable(report["layers"], where)
        require_memory(report["layers"], where)
        require_probabilities(silent, output, where)
        require_size(report["parameters"], units, where)


def require_shape(shape: tuple[int, ...], batch: int, seqlen: int, units: int, where: str) -> None:
    """Require one number for each row and step."""
    name = {
        (batch,): "last step only",
        (batch, 1): "last step only",
        (batch, units): "last step only",
        (batch, seqlen, units): "no probability",
        (batch, seqlen, 1): "not squeezed",
    }.get(shape, "other shape")
    if 1 in (batch, seqlen) and len(shape) == 1:
        name = "every axis squeezed"
    wanted = batch, seqlen
    what = f"the output's shape is {shape}, not {wanted}"
    require(shape == wanted, what, MODEL[name], example=where)


def require_loadable(layers: list[dict], where: str) -> None:
    """Require layers that Keras knows, so that a saved model can be loaded again."""
    lambdas = any(layer["class"] == "Lambda" for layer in layers)
    what = "it can't be loaded again once it is saved"
    require(not lambdas, what, MODEL["lambda layer"], example=where)
    own = [layer["class"] for layer in layers if not layer["known"]]
    what = f"the layer {', '.join(own)} can't be loaded again once it is saved"
    require(not own, what, MODEL["unknown layer"], example=where)


def require_memory(layers: list[dict], where: str) -> None:
    """Require one LSTM, without an activation."""
    memories = [layer for layer in layers if layer["class"] in ("LSTM", "RNN")]
    what = f"it has {len(memories)} LSTM layers"
    require(len(memories) == 1, what, MODEL["not one memory"], example=where)
    activation = memories[0].get("activation", "linear")
    what = f"the LSTM's activation is {activation}"
    require(activation == "linear", what, MODEL["activation left"], example=where)


def require_probabilities(silent: np.ndarray, output: np.ndarray, where: str) -> None:
    """Require ½ for rows of zeros, and probabilities for others."""
    ones = np.allclose(silent, 1)
    require(not ones, "every probability is 1", MODEL["softmax"], example=where)
    require(
        np.allclose(silent, 0.5) and (0 < output).all() and (output < 1).all(),
        "the outputs are no probabilities",
        MODEL["other activation"],
        example=where,
        got=f"{silent.ravel()[0]:.4g} for pairs (0, 0)",
    )


def require_size(parameters: int, units: int, where: str) -> None:
    """Require as many parameters as the weights of all layers have numbers."""
    shapes = [(2, 8), (8,), (8, 4), (4,), (units, 1), (1,)]
    shapes += 4 * [(4, units), (units, units), (units,)]
    wanted = sum(map(prod, shapes))
    what = f"it has {parameters} parameters, not {wanted}"
    require(parameters == wanted, what, MODEL["other size"], example=where)


# Feed the carry in -----------------------------------------------------------------------------

Told = Callable[[np.ndarray, np.ndarray], Any]
Feed = Callable[[np.ndarray, np.ndarray], np.ndarray]


def at_every_step(told: Told) -> Feed:
    """Return a function that puts what is told beside the bits."""

    def fed(a: np.ndarray, res: np.ndarray) -> np.ndarray:
        third = np.zeros(a.shape[:2])
        third[:] = told(a, res)
        return np.dstack([a, third])

    return fed


def at_first(told: Told) -> Feed:
    """Return a function that tells each row one number, at its first step only."""
    return at_every_step(lambda a, res: np.eye(a.shape[1])[0] * told(a, res)[:, None])


def carry_into(a: np.ndarray, res: np.ndarray) -> np.ndarray:
    """Try both carries: which of them leads to these sums?"""
    ones = np.ones(len(a), int)
    return (added(a, ones) == res).all(axis=1).astype(int)


def before_the_bits(a: np.ndarray, res: np.ndarray) -> np.ndarray:
    return np.roll(at_first(carry_into)(a, res), 1, axis=2)


FEED = {
    "subtracted": mistake(
        "Bits are not subtracted like numbers here: 1 + 1 makes the bit 0, so 0 - 1 - 1 would be "
        "no carry. Think of what is odd and what is even."
    ),
    "nothing told": mistake(
        "No carry is told to anyone: the third input is always 0.", at_every_step(lambda *_: 0)
    ),
    "carry out": mistake(
        "That is the carry that goes *out* of the first step. Which one does the network not know?",
        at_first(lambda a, res: a[:, 0].sum(1) + carry_into(a, res) > 1),
    ),
    "bits alone": mistake(
        "The two bits alone don't tell what came in. The bit of the sum does, with them.",
        at_first(lambda a, res: a[:, 0].sum(1) % 2),
    ),
    "both bits are 1": mistake(
        "A carry can only go out where both bits are 1, but this is about the one that comes *in*.",
        at_first(lambda a, res: a[:, 0].prod(1)),
    ),
    "bit of the sum": mistake(
        "That is the bit of the sum, not the carry.", at_first(lambda a, res: res[:, 0])
    ),
    "told at every step": mistake(
        "The carry is told at every step. After the first one the network has to remember it by "
        "itself.",
        at_every_step(lambda a, res: (a.sum(2) + res) % 2),
    ),
    "first carry at every step": mistake(
        "The carry stands at every step, but it comes into the first one only.",
        at_every_step(lambda a, res: carry_into(a, res)[:, None]),
    ),
    "into the last step": mistake(
        "That is the carry into the *last* step. Which one does the network not know?",
        at_first(lambda a, res: (a[:, -1].sum(1) + res[:, -1]) % 2),
    ),
    "before the bits": mistake(
        "The third input comes after the two bits, as in the last line that was given.",
        before_the_bits,
    ),
}


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
    mistakes=FEED,
)
def check_feed(work: Any, rng: np.random.Generator) -> None:
    def rows(batch: int, seqlen: int) -> tuple[np.ndarray, np.ndarray]:
        a, carries = rng.integers(0, 2, (batch, seqlen, 2)), rng.integers(0, 2, batch)
        return a, added(a, carries)

    one_step: np.ndarray = np.array(2 * list(np.ndindex(2, 2)))[:, None]
    cases = one_step, added(one_step, [0, 0, 0, 0, 1, 1, 1, 1])
    require_bits_fed(work.feed_carry(*cases))
    examples = [cases, rows(3, 2), rows(4, 5), rows(20, 70)]
    hint = (
        "Make a table of the eight cases of one step: two bits, the carry that comes in, and the "
        "bit of the sum. And only the first step of each row gets a number."
    )
    compare(work.feed_carry, at_first(carry_into), examples, FEED, hint)


def require_bits_fed(fed: Any) -> None:
    require(
        not isinstance(fed, np.ndarray) or np.isin(fed, (0, 1)).all(),
        "there are other numbers than 0 and 1 in it",
        FEED["subtracted"],
        example="feed_carry on all eight cases of one step",
        got=shown(fed),
    )


# One long addition in pieces -------------------------------------------------------------------


def started_anew(a: np.ndarray, length: int) -> np.ndarray:
    """The oracle: no carry comes into the three rows, however they are cut into pieces."""
    return added(a, [0, 0, 0])


def forgetting(first: int) -> Callable[[np.ndarray, int], np.ndarray]:
    """Return a function that adds each piece alone; a carry may come into the first one."""

    def add_in_pieces(a: np.ndarray, length: int) -> np.ndarray:
        starts = range(0, a.shape[1], length)
        pieces = [
            added(a[:, start : start + length], 3 * [0 if start else first]) for start in starts
        ]
        return np.concatenate(pieces, axis=1)

    return add_in_pieces


PIECES = {
    "other rows": mistake(
        "`adder` takes exactly 3 rows. Is each piece of the shape (3, …, 2)? The steps are on the "
        "second axis.",
        says="LSTM",
    ),
    "nothing appended": mistake(
        "`pieces` is still empty at the end: `pieces.append(…)` puts something into it.",
        says="at least one array",
    ),
    "pieces replaced": mistake(
        "`pieces` should be a list, with an array of shape (3, …) for each piece: append to it, "
        "don't replace it.",
        says="out of bounds for array of dim",
    ),
    "model reset": mistake(
        "It is a layer that is reset, not the model: see the task's text.", says="reset_state"
    ),
    "more bits than steps": mistake(
        "Does each piece consist of its own steps only? Where does it begin, where does it end, "
        "and where does the next begin?"
    ),
    "not rounded": mistake("The model answers with probabilities. Above ½ means 1."),
    "cut off": mistake(
        "`.astype(int)` cuts off what is behind the point, so that 0.9999 becomes 0. Round first."
    ),
    "never reset": mistake(
        "The first piece begins with the carries that the call *before* left over: start anew "
        "once in each call.",
        lambda a, length: added(a, [1, 1, 1]),
    ),
    "reset at each piece": mistake(
        "Each piece begins without a carry: when should the state be reset, and when should it be "
        "kept?",
        forgetting(first=0),
    ),
    "rest left out": mistake(
        "The last piece is missing if it is shorter than the others.",
        lambda a, length: started_anew(a[:, : a.shape[1] // length * length], length),
    ),
    "last piece only": mistake(
        "Only the last piece is there. Which lines belong inside the loop?",
        lambda a, length: started_anew(a, length)[:, (a.shape[1] - 1) // length * length :],
    ),
    "kept and lost": mistake(
        "Both: the state is kept between two calls, and lost between two pieces.",
        forgetting(first=1),
    ),
}


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
    mistakes=PIECES,
)
def check_pieces(work: Any, rng: np.random.Generator) -> None:
    def rows(seqlen: int) -> np.ndarray:
        a = rng.integers(0, 2, (3, seqlen, 2))
        a[:, 0], a[:, -1] = [0, 1], [1, 1]  # a carry is left over in each row
        return a

    def add_in_pieces(a: np.ndarray, length: int) -> Any:
        got = work.add_in_pieces(a, length)
        if isinstance(got, np.ndarray):
            require_bits_of(a, got, call_text(work.add_in_pieces, (a, length)))
        return got

    with explaining(*PIECES.values()):
        add_in_pieces(rows(3), 3)  # leaves a carry behind, if that is possible
    examples = [(rows(2), 2), (rows(4), 1), (rows(5), 2), (rows(12), 5)]
    hint = (
        "Print `start` and the shape of each piece for 5 steps and a length of 2. Is each step "
        "fed exactly once, in its order, and each row in its place?"
    )
    compare(add_in_pieces, started_anew, examples, PIECES, hint)


def require_bits_of(a: np.ndarray, got: np.ndarray, where: str) -> None:
    """Require bits, not all of them 0, and not more than there are steps."""
    few = got.size <= a.shape[0] * a.shape[1]
    more = f"there are more bits than steps: the shape is {got.shape}"
    require(few, more, PIECES["more bits than steps"], example=where, got=shown(got))
    bits = np.isin(got, (0, 1)).all()
    what = "the answers are no bits"
    require(bits, what, PIECES["not rounded"], example=where, got=shown(got))
    some = got.shape != a.shape[:2] or got.any()
    require(some, "all bits are 0", PIECES["cut off"], example=where, got=shown(got))


# Rows and margins ------------------------------------------------------------------------------

SCORES = "share of right rows", "least margin"


def on_right_side(logits: np.ndarray, res: np.ndarray) -> np.ndarray:
    return logits * (2 * res - 1)


def rows_right(logits: np.ndarray, res: np.ndarray, limit: float = 0.0) -> float:
    wrong = ((logits > limit) != res.astype(bool)).sum(axis=1)
    return float(np.mean(wrong == 0))


def least_margin(logits: np.ndarray, res: np.ndarray) -> float:
    return on_right_side(logits, res).min()


SHARE = {
    "not two numbers": mistake(
        "Return the share of right rows and the least margin, in this order, each as one number "
        "for the whole batch."
    ),
    "right bits": mistake(
        "That is the share of right *bits*. One wrong bit makes the whole sum wrong.",
        lambda logits, res: np.mean(on_right_side(logits, res) > 0),
    ),
    "one bit is enough": mistake(
        "A row counts here as soon as one bit is right. It needs all of them.",
        lambda logits, res: (on_right_side(logits, res) > 0).any(axis=1).mean(),
    ),
    "limit of a probability": mistake(
        "½ is the limit for a probability. These are logits: which logit belongs to ½?",
        lambda logits, res: rows_right(logits, res, limit=0.5),
    ),
    "number of rows": mistake(
        "That is the number of right rows; their *share* is asked for.",
        lambda logits, res: rows_right(logits, res) * len(res),
    ),
    "percent": mistake(
        "Return the share as a number from 0 to 1, not in percent.",
        lambda logits, res: 100 * rows_right(logits, res),
    ),
    "swapped": mistake("The two numbers are the other way round.", least_margin),
    "wrong rows": mistake(
        "That is the share of wrong rows.", lambda logits, res: 1 - rows_right(logits, res)
    ),
    "along columns": mistake(
        "The mean and `all` go along the wrong axis: a row is one number, along axis 1.",
        lambda logits, res: rows_right(logits.T, res.T),
    ),
    "logits as bits": mistake(
        "A logit hardly ever equals a bit: turn the logits into bits first.", lambda *_: 0.0
    ),
}

MARGIN = {
    "without its side": mistake(
        "The distance from 0 alone doesn't say on which side a logit is: where it is wrong, the "
        "margin is negative.",
        lambda logits, res: np.abs(logits).min(),
        lambda logits, res: np.abs(least_margin(logits, res)),
    ),
    "sign not turned": mistake(
        "For a bit that should be 0, a logit far *below* 0 is good: its sign has to turn.",
        lambda logits, res: logits.min(),
    ),
    "largest": mistake(
        "That is the largest margin. The weakest bit decides, so the least is asked for.",
        lambda logits, res: on_right_side(logits, res).max(),
    ),
    "mean": mistake(
        "That is the mean of the margins. The weakest bit decides, so the least is asked for.",
        lambda logits, res: on_right_side(logits, res).mean(),
    ),
    "probability": mistake(
        "That is a probability. The margin is about the logits themselves.",
        lambda logits, res: 1 / (1 + np.exp(-least_margin(logits, res))),
    ),
    "other sign": mistake(
        "The sign is the other way round: a bit on the right side has a positive margin.",
        lambda logits, res: (-on_right_side(logits, res)).min(),
    ),
}


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
    mistakes=SHARE | MARGIN,
)
def check_score(work: Any, rng: np.random.Generator) -> None:
    shapes_and_wrong = [((3, 2), 1), ((2, 1), 0), ((8, 4), 2), ((50, 10), 20)]
    examples = [logits_and_bits(rng, shape, wrong) for shape, wrong in shapes_and_wrong]
    require_two_numbers(work.score, *examples[0])
    share, margin = (Part(work.score, number, SCORES) for number in (0, 1))
    hint = (
        "Work the first example out on paper: which bits does the network predict, and in which "
        "rows are all of them right?"
    )
    compare(share, rows_right, examples, SHARE, hint, tolerance=1e-6, what=SCORES[0])
    hint = "Work the first example out on paper: one margin for each bit, then the least."
    compare(margin, least_margin, examples, MARGIN, hint, tolerance=1e-6, what=SCORES[1])


def logits_and_bits(
    rng: np.random.Generator, shape: tuple[int, int], wrong: int
) -> tuple[np.ndarray, np.ndarray]:
    """In the first `wrong` rows one bit is wrong; all others are right, some by little."""
    res = rng.integers(0, 2, shape)
    margins = rng.uniform(0.6, 9, shape)
    res[-1, 0], margins[-1, 0] = 1, 0.3
    margins[range(wrong), rng.integers(0, shape[1], wrong)] = -rng.uniform(0.6, 5, wrong)
    return np.round(margins * np.where(res, 1, -1), 1), res


def require_two_numbers(score: Any, logits: np.ndarray, res: np.ndarray) -> None:
    both = score(logits, res)
    require(
        isinstance(both, tuple | list) and len(both) == 2 and all(np.ndim(x) == 0 for x in both),
        "it should return two numbers",
        SHARE["not two numbers"],
        example=call_text(score, (logits, res)),
        got=shown(both),
    )


# The machine inside ----------------------------------------------------------------------------

Case = tuple[int, int]  # a state and a pair
Select = Callable[[list[int]], int]


def most_common(values: list[int]) -> int:
    return Counter(values).most_common(1)[0][0]


def table_of(found: Mapping[Case, list[int]], n: int, select: Select) -> np.ndarray:
    """Return a table (n, 4) that has, for each case, one of the values that were found there."""
    table = np.zeros((n, 4), int)
    for case, values in found.items():
        table[case] = select(values)
    return table


def extracted(shift: int = 1, select: Select = most_common) -> Callable[..., Any]:
    """Return a function that goes through all steps one by one; the next state is `shift` later."""

    def machine(
        state: np.ndarray, pair: np.ndarray, answer: np.ndarray, n: int
    ) -> tuple[np.ndarray, np.ndarray]:
        written: defaultdict[Case, list[int]] = defaultdict(list)
        next_states: defaultdict[Case, list[int]] = defaultdict(list)
        for k, t in np.ndindex(*state.shape):
            case = int(state[k, t]), int(pair[k, t])
            written[case].append(int(answer[k, t]))
            if 0 <= t + shift < state.shape[1]:
                next_states[case].append(int(state[k, t + shift]))
        return table_of(written, n, select), table_of(next_states, n, select)

    return machine


OTHER_SHAPES = (
    "Arrays that are compared step by step must have the same shape, but `state[:, 1:]` is a "
    "column shorter. Which column of the others has no next state?"
)
NOTHING_LEFT = (
    "For a case that does occur, nothing is left to count. Which column of `here` has no next "
    "state, the first or the last?"
)

MACHINE = {
    "mask of another shape": mistake(OTHER_SHAPES, says="boolean index did not match"),
    "arrays of other shapes": mistake(OTHER_SHAPES, says="could not be broadcast"),
    "beyond the row": mistake(
        "The last step of a row has no next state: where does your loop end?", says="out of bounds"
    ),
    "mean of nothing": mistake(NOTHING_LEFT, says="NaN"),
    "count of nothing": mistake(NOTHING_LEFT, says="empty"),
    "`and` of arrays": mistake(
        "`and` doesn't work on arrays: put each comparison in brackets, and `&` between them.",
        says="truth value",
    ),
    "all values": mistake(
        "In each place of a table there is room for one number, but these are all that occur. "
        "Which one occurs most often?",
        says="with a sequence",
    ),
    "how often": mistake("How often something occurs isn't *what* occurs."),
    "same step": mistake(
        "That is the state in which the pair is read. The *next* one stands one step to the right.",
        extracted(shift=0),
    ),
    "step before": mistake(
        "That is the state one step *before*: time runs to the right.", extracted(shift=-1)
    ),
    "newest": mistake(
        "One exception is enough to change the table: count, and take what happens most often.",
        extracted(select=lambda values: values[-1]),
    ),
    "largest": mistake(
        "One exception is enough to change the table, because the largest value wins. Take the "
        "most frequent one.",
        extracted(select=max),
    ),
    "swapped": mistake(
        "The two tables are the other way round.", lambda *args: extracted()(*args)[::-1]
    ),
    "mean cut off": mistake(
        "A mean such as 0.9 is cut off to 0 in a table of whole numbers: round it, or count.",
        extracted(select=min),
    ),
    "full adder": mistake(
        "This isn't always the full adder: count what stands in the arrays.",
        lambda *_: ([[0, 1, 1, 0], [1, 0, 0, 1]], [[0, 0, 0, 1], [0, 1, 1, 1]]),
    ),
}


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
    mistakes=MACHINE,
)
def check_machine(work: Any, rng: np.random.Generator) -> None:
    def machine(*arguments: Any) -> Any:
        got = work.machine(*arguments)
        if isinstance(got, tuple | list) and len(got) and isinstance(got[0], np.ndarray):
            require_no_counts(got[0], arguments[-1], call_text(work.machine, arguments))
        return got

    examples = [
        run_of_a_machine(rng, n=2, copies=1, length=2),
        with_odd_answers(*run_of_a_machine(rng, n=2, copies=8, length=3)),
        with_odd_answers(*run_of_a_machine(rng, n=3, copies=8, length=4)),
    ]
    hint = (
        "Take one case, such as state 0 and pair 0. Mark on paper where it occurs, what was "
        "answered there, and what stands one step to the right. The last step of a row has no "
        "next state; the next row doesn't continue it."
    )
    compare(machine, extracted(), examples, MACHINE, hint)


def require_no_counts(writes: np.ndarray, n: int, where: str) -> None:
    """Require that no number in the table is as large as only a count can be."""
    small = writes.dtype.kind not in "iuf" or (writes < n).all()
    what = "it writes other numbers than 0 and 1"
    require(small, what, MACHINE["how often"], example=where, got=shown(writes))


Run = tuple[np.ndarray, np.ndarray, np.ndarray, int]  # the states, pairs and answers; n


def run_of_a_machine(rng: np.random.Generator, n: int, copies: int, length: int) -> Run:
    """Run a random machine of n states from each state and pair, several times."""
    writes, follows = rng.integers(0, 2, (n, 4)), rng.integers(0, n, (n, 4))
    writes[0, :2] = [0, 1]  # not all the same
    follows[:, 0] = (np.arange(n) + 1) % n  # each state is left
    batch = copies * n * 4
    state, pair = np.zeros((batch, length), int), rng.integers(0, 4, (batch, length))
    state[:, 0], pair[:, 0] = np.arange(batch) // 4 % n, np.arange(batch) % 4
    for t in range(1, length):
        state[:, t] = follows[state[:, t - 1], pair[:, t - 1]]
    return state, pair, writes[state, pair], n


def with_odd_answers(state: np.ndarray, pair: np.ndarray, answer: np.ndarray, n: int) -> Run:
    """Turn a few answers of each case, among them its first and its last ones."""
    code, answer = 4 * state + pair, answer.copy()
    for case in range(4 * n):
        rows, columns = np.nonzero(code == case)
        last_inner = np.flatnonzero(columns < state.shape[1] - 1)[-1]
        for spot in {0, len(rows) - 1, last_inner}:
            answer[rows[spot], columns[spot]] ^= 1
    return state, pair, answer, n


# Predict ---------------------------------------------------------------------------------------

tasks.predict(
    "05.6",
    "how long does a carry last?",
    ["about 2", "about 35", "about 1000", "for ever"],
    minutes=4,
    hints=["How often can you multiply by 0.98 before you are below ½? Think of percents."],
)


# In words --------------------------------------------------------------------------------------

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
