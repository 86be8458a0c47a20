"""The checks of exercise 13: how attention weighs places, and what its maps show and don't."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from homework.checks import Part, Tasks, compare, mistake

tasks = Tasks()


# From scores to what is read -------------------------------------------------------------------

ATTENDED = "what is read", "the weights"


def shares(row: list[float], kept: np.ndarray) -> list[float]:
    """The oracle: softmax of one row, among the places that are kept."""
    top = max(s for s, k in zip(row, kept, strict=True) if k)
    powers = [math.exp(s - top) if k else 0.0 for s, k in zip(row, kept, strict=True)]
    return [power / math.fsum(powers) for power in powers]


def weights_of(scores: np.ndarray, values: np.ndarray, kept: np.ndarray) -> np.ndarray:
    return np.array([shares(row, kept) for row in scores.tolist()])


def read_of(scores: np.ndarray, values: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """The oracle: weighted sums, one number after the other."""
    rows, columns = weights_of(scores, values, kept).tolist(), values.T.tolist()
    return np.array(
        [
            [math.fsum(w * x for w, x in zip(row, column, strict=True)) for column in columns]
            for row in rows
        ]
    )


def with_padding(scores: np.ndarray, values: np.ndarray, kept: np.ndarray) -> np.ndarray:
    return weights_of(scores, values, np.ones_like(kept))


def padding_as_zero(scores: np.ndarray, values: np.ndarray, kept: np.ndarray) -> np.ndarray:
    return with_padding(np.where(kept, scores, 0), values, kept)


def over_columns(scores: np.ndarray, values: np.ndarray, kept: np.ndarray) -> np.ndarray:
    powers = np.exp(scores - scores.max(axis=0)) * kept
    with np.errstate(invalid="ignore"):
        return powers / powers.sum(axis=0)


def over_everything(scores: np.ndarray, values: np.ndarray, kept: np.ndarray) -> np.ndarray:
    one_row = scores.reshape(1, -1)
    return weights_of(one_row, values, np.tile(kept, len(scores))).reshape(scores.shape)


def padding_only(scores: np.ndarray, values: np.ndarray, kept: np.ndarray) -> np.ndarray:
    return np.full(scores.shape, np.nan) if kept.all() else weights_of(scores, values, ~kept)


def without_exponential(scores: np.ndarray, values: np.ndarray, kept: np.ndarray) -> np.ndarray:
    return scores * kept / (scores * kept).sum(axis=1)[:, None]


WEIGHTS = {
    "padding weighted": mistake(
        "The padding still gets weight: where do you use `kept`?", with_padding
    ),
    "padding out too late": mistake(
        "Each row has to sum to 1 *after* the padding is out: take it out before the softmax.",
        lambda s, v, k: with_padding(s, v, k) * k,
    ),
    "padding as 0": mistake(
        "A score of 0 is a score like others, it isn't small. Which number becomes 0 in exp?",
        padding_as_zero,
    ),
    "over columns": mistake(
        "The weights of a *row*, over the places, have to sum to 1: look at the axis.",
        over_columns,
    ),
    "over everything": mistake(
        "All weights together sum to 1 here. It is each *row* that has to.", over_everything
    ),
    "padding only": mistake(
        "`kept` is True where a place is really there: yours is the other way round.",
        padding_only,
    ),
    "padding cut out": mistake(
        "The weights lack the padding's columns. They stay, with zeros in them.",
        lambda s, v, k: weights_of(s, v, k)[:, k],
    ),
    "no exponential": mistake(
        "Where is the exponential? A score divided by the sum of scores can even be negative.",
        without_exponential,
    ),
    "swapped": mistake(
        "What is read comes first, then the weights.", lambda s, v, k: weights_of(s, v, k) @ v
    ),
    "shapes that don't fit": mistake(
        "What was subtracted or divided by should have the shape (T, 1): see `keepdims`. And what "
        "is read is a matrix product, `@`.",
        raises="ValueError",
    ),
    "too large": mistake(
        "Scores can be as large as 1,000, and e^1000 is too large for a computer: what can you "
        "take away from all scores of a row without changing its softmax?"
    ),
}

READ = {
    "plain mean": mistake(
        "That is the plain mean. Each value counts with its weight.",
        lambda s, v, k: np.tile(v.mean(axis=0), (len(s), 1)),
    ),
    "largest weight": mistake(
        "That is the value with the largest weight. All count, each with its weight.",
        lambda s, v, k: v[weights_of(s, v, k).argmax(axis=1)],
    ),
    "divided again": mistake(
        "Weights already sum to 1: don't divide by the number of places again.",
        lambda s, v, k: weights_of(s, v, k) @ v / len(v),
    ),
}


@tasks.check(
    "13.1",
    "From scores to what is read",
    points=4,
    minutes=8,
    hints=[
        "A place gets the weight 0 if its score is -∞ *before* the softmax.",
        "e^1000 is too large for a computer. Softmax stays the same if you take something away "
        "from all scores of a row, such as the largest.",
        "`keepdims=True` keeps the shape (T, 1), which NumPy can divide (T, n) by. The weighted "
        "mean of all rows is one matrix product.",
    ],
    mistakes=WEIGHTS | READ,
)
def check_attend(work: Any, rng: np.random.Generator) -> None:
    read, weights = (Part(work.attend, number, ATTENDED) for number in (0, 1))
    by_hand = (
        np.array([[0.0, 0, 5]]),
        np.array([[10.0], [20], [99]]),
        np.array([True, True, False]),
    )
    examples = [by_hand, drawn_scores(rng, 2, 4, 3), drawn_scores(rng, 3, 5, 2, size=2, padding=2)]
    hint = (
        "Do it by hand for the scores 0, 0, 5, of which the last is padding: the weights are a "
        "half, a half and nothing."
    )
    compare(weights, weights_of, examples, WEIGHTS, hint, tolerance=1e-6, what=ATTENDED[1])
    scores, *others = drawn_scores(rng, 4, 6, 3, size=3, padding=1)
    large = scores + [[990], [-990], [990], [0]], *others  # within a row they are near each other
    hint = WEIGHTS["too large"].hint
    compare(weights, weights_of, [large], hint=hint, tolerance=1e-6, what="large scores")
    hint = "Which product of (T, n) and (n, m) has the shape (T, m)?"
    compare(read, read_of, [*examples, large], READ, hint, tolerance=1e-6, what=ATTENDED[0])


def drawn_scores(
    rng: np.random.Generator, steps: int, n: int, m: int, size: float = 1, padding: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return scores (steps, n), values (n, m), and which places are kept."""
    kept = np.arange(n) < n - padding
    return size * rng.normal(size=(steps, n)), rng.normal(size=(n, m)), rng.permutation(kept)


# Additive scores -------------------------------------------------------------------------------

Score = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


def each_pair(score: Callable[..., float]) -> Score:
    """Return a function that scores every query with every key, one after the other."""
    return lambda queries, keys, v: np.array(
        [[score(q, k, v.tolist()) for k in keys.tolist()] for q in queries.tolist()]
    )


def sums(term: Callable[[float, float, float], float]) -> Score:
    """Return a function whose scores are sums of a term of query, key and v."""
    return each_pair(lambda q, k, v: math.fsum(map(term, q, k, v)))


additive = sums(lambda q, k, v: v * math.tanh(q + k))  # the oracle


ADDITIVE = {
    "v inside": mistake(
        "`v` belongs outside of the tanh, it weighs what comes out of it.",
        sums(lambda q, k, v: math.tanh(v * (q + k))),
        each_pair(
            lambda q, k, v: math.tanh(
                math.fsum(c * (a + b) for a, b, c in zip(q, k, v, strict=True))
            )
        ),
    ),
    "no tanh": mistake(
        "Where is the tanh? Without it, the query makes no difference between the places.",
        sums(lambda q, k, v: v * (q + k)),
    ),
    "no v": mistake(
        "Where is `v`? Each of the d numbers counts with its own weight.",
        sums(lambda q, k, v: math.tanh(q + k)),
    ),
    "multiplied": mistake(
        "Query and key are *added* here; multiplied, it would be a kind of dot product.",
        sums(lambda q, k, v: v * math.tanh(q * k)),
    ),
    "dot product": mistake(
        "That is the dot product, the other way to score.",
        lambda queries, keys, v: queries @ keys.T,
    ),
    "no sum": mistake(
        "There is a number for each j still: sum over the last axis.",
        lambda queries, keys, v: np.array([[np.tanh(q + k) * v for k in keys] for q in queries]),
    ),
    "mean": mistake(
        "A mean divides by d; a sum is asked for.",
        lambda queries, keys, v: additive(queries, keys, v) / len(v),
    ),
    "same numbers only": mistake(
        "Every query has to meet *every* key, not only the one of the same number: which axes do "
        "you need?",
        lambda queries, keys, v: (np.tanh(queries + keys) * v).sum(axis=-1),
    ),
}


@tasks.check(
    "13.2",
    "Additive scores",
    points=3,
    minutes=7,
    hints=[
        "Every query meets every key: the sums need three axes, (T, n, d).",
        "`queries[:, None, :]` has the shape (T, 1, d). NumPy stretches axes of length 1.",
        "The sum over j with the weights v_j is a matrix product with `v` over the last axis.",
    ],
    mistakes=ADDITIVE,
)
def check_additive(work: Any, rng: np.random.Generator) -> None:
    def drawn(steps: int, n: int, d: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return rng.normal(size=(steps, d)), rng.normal(size=(n, d)), rng.normal(size=d)

    by_hand = np.array([[0.0, 1]]), np.array([[0.0, 0], [1, 0], [0, -1]]), np.array([1.0, 2])
    examples = [by_hand, drawn(1, 1, 1), drawn(2, 5, 3), drawn(4, 3, 6)]
    hint = "Do it by hand for one query and one key of two numbers."
    compare(work.additive_scores, additive, examples, ADDITIVE, hint, tolerance=1e-6)


# Predict ---------------------------------------------------------------------------------------

tasks.predict(
    "13.3",
    "large vectors",
    ["about 1/19", "about 0.25", "about 0.5", "above 0.9"],
    minutes=4,
    hints=["The spread of the scores is the square root of d. What does softmax make of ±32?"],
)


# A map by hand ---------------------------------------------------------------------------------

Places = Sequence[int]
Heads = Callable[[Places, Places], tuple[Places, Places]]
Beyond = Callable[[Places, int, int], Places]


def in_order(left: Places, right: Places) -> tuple[Places, Places]:
    return left, right


def in_other_order(left: Places, right: Places) -> tuple[Places, Places]:
    return right, left


def stay_at_plus(places: Places, plus: int, n: int) -> Places:
    return n * [plus]


def walking_heads(
    heads: Heads = in_order, beyond: Beyond = stay_at_plus, backwards: bool = True
) -> Callable[[int, int, int, int], np.ndarray]:
    """Return a function that writes the question down and draws where the two heads walk in it.

    Args:
        heads: turns the places left and right of the plus sign into those of either head.
        beyond: from a number's places, the plus sign's and n: n places for the steps after its end.
        backwards: whether the question is written from its end.
    """

    def drawn(first: int, second: int, n_in: int, n_out: int) -> np.ndarray:
        text = f"{first}+{second}"
        text = text[::-1] if backwards else text
        plus = text.index("+")
        weights = np.zeros((2, n_out, n_in))
        for head, places in enumerate(heads(range(plus), range(plus + 1, len(text)))):
            walk = [*places, *beyond(places, plus, n_out)]
            for step, place in enumerate(walk[:n_out]):
                weights[head, step, place] = 1
        return weights

    return drawn


ideal_map = walking_heads()  # the oracle


MAP = {
    "heads swapped": mistake(
        "The heads are the other way round: head 0 reads the second number.",
        walking_heads(in_other_order),
    ),
    "not backwards": mistake(
        "Is the question written backwards? The units of the *second* number come first.",
        walking_heads(backwards=False),
        walking_heads(in_other_order, backwards=False),
    ),
    "highest digit first": mistake(
        "Each head begins at the highest digit; the units come first in the answer.",
        walking_heads(lambda left, right: (left[::-1], right[::-1])),
    ),
    "plus sign not counted": mistake(
        "The first number begins one place too early: count the plus sign, too.",
        walking_heads(lambda left, right: (left, [place - 1 for place in right])),
    ),
    "runs on": mistake(
        "Where a number has ended, its head runs on to the next places. It should stay at the "
        "plus sign.",
        walking_heads(beyond=lambda places, plus, n: range(places[-1] + 1, places[-1] + 1 + n)),
    ),
    "runs out": mistake(
        "Where a number has ended, its head runs on, here out of the question. It should stay at "
        "the plus sign.",
        raises="IndexError",
    ),
    "looks nowhere": mistake(
        "Where a number has ended, its head looks nowhere. Each row has to sum to 1.",
        walking_heads(beyond=lambda places, plus, n: []),
    ),
    "stays at the last digit": mistake(
        "Where a number has ended, its head stays at the last digit, which would be added again.",
        walking_heads(beyond=lambda places, plus, n: n * [places[-1]]),
    ),
}


@tasks.check(
    "13.4",
    "A map by hand",
    points=4,
    minutes=9,
    hints=[
        "Write down `68+573` and number its places from 0. Where do the digits of either number "
        "begin, where is the plus sign?",
        "Backwards, the second number begins at place 0 and the plus sign stands right behind it; "
        "the first number begins one place further.",
        "At step t a head looks at (begin + t), as long as t is less than the number's length.",
    ],
    mistakes=MAP,
)
def check_ideal_map(work: Any, rng: np.random.Generator) -> None:
    def drawn(digits: int) -> tuple[int, int, int, int]:
        a, b = (int(rng.integers(1, 10 ** int(rng.integers(1, digits + 1)))) for _ in range(2))
        return a, b, 2 * digits + 1, digits + 1

    examples = [(3, 4, 3, 2), (37, 85, 5, 3), (375, 86, 7, 4), (7, 512, 7, 4), drawn(5), drawn(9)]
    hint = "Draw it for 37+85 on paper: the columns are 5, 8, +, 7, 3."
    compare(work.ideal_map, ideal_map, examples, MAP, hint)


# At how many places does it look? --------------------------------------------------------------


def for_each_row(number: Callable[[list[float]], float]) -> Callable[[np.ndarray], np.ndarray]:
    return lambda weights: np.apply_along_axis(lambda row: number(row.tolist()), -1, weights)


def entropy(row: list[float], log: Callable[[float], float] = math.log) -> float:
    return -math.fsum(w * log(w) for w in row if w > 0)


PLACES = {
    "entropy": mistake(
        "That is the entropy itself: what is asked for is e to the power of it.",
        for_each_row(entropy),
    ),
    "no minus": mistake(
        "The sign: logarithms of weights below 1 are negative, the entropy isn't.",
        for_each_row(lambda row: math.exp(-entropy(row))),
    ),
    "two bases": mistake(
        "Logarithm and power have different bases: ln belongs to e.",
        for_each_row(lambda row: math.exp(entropy(row, math.log2))),
        for_each_row(lambda row: 2 ** entropy(row)),
    ),
    "logarithm of 0": mistake(
        "A weight of 0 gives NaN in your sum, 0 · -∞. It should add nothing.",
        for_each_row(lambda row: math.exp(entropy(row)) if min(row) > 0 else math.nan),
    ),
    "one number for all": mistake(
        "Each row has its own number: sum over the last axis only.",
        lambda weights: np.array(math.exp(entropy(weights.ravel().tolist()))),
    ),
    "any weight counts": mistake(
        "The number of places with any weight says little: softmax gives weight to all.",
        for_each_row(lambda row: float(sum(w > 0 for w in row))),
    ),
}


@tasks.check(
    "13.5",
    "At how many places does it look?",
    points=3,
    minutes=6,
    hints=[
        "The logarithm of 0 is -∞, and 0 · -∞ is NaN. Let a harmless number stand in for the 0 "
        "inside of the logarithm.",
        "`np.where(condition, a, b)` takes a where the condition holds, b elsewhere.",
        "Sum over the last axis only, `axis=-1`; then the exponential.",
    ],
    mistakes=PLACES,
)
def check_places(work: Any, rng: np.random.Generator) -> None:
    def rows(*shape: int, zeros: float = 0.0) -> np.ndarray:
        drawn = rng.random(shape) * (rng.random(shape) >= zeros)
        drawn[..., 0] += 0.1
        return drawn / drawn.sum(axis=-1, keepdims=True)

    halves, one = np.array([[0.5, 0.5]]), np.array([[1.0, 0.0, 0.0]])
    weights = [halves, rows(3, 4), rows(2, 5, 6), one, rows(2, 3, 4, zeros=0.5)]
    examples = [(each,) for each in weights]
    oracle = for_each_row(lambda row: math.exp(entropy(row)))
    hint = "By hand: two weights of 0.5 have the entropy ln 2, and e to that power is 2."
    compare(work.places_looked_at, oracle, examples, PLACES, hint, tolerance=1e-6)


# Intervene -------------------------------------------------------------------------------------

Order = Callable[[int, int, int], Sequence[int]]  # which step is read at each, from T, i and j
Reader = Callable[[np.ndarray, np.ndarray, int, int], np.ndarray]


def reader(order: Order, heads_first: bool = True) -> Reader:
    """Return a function that adds up what each head reads, place by place."""

    def read_exchanged(maps: np.ndarray, values: np.ndarray, i: int, j: int) -> np.ndarray:
        n, heads, steps, places = maps.shape
        m = values.shape[-1]
        read = np.zeros((n, steps, heads * m))
        for b, h, t, k in np.ndindex(n, heads, steps, m):
            row = maps[b, h, order(steps, i, j)[t]]
            total = math.fsum(row[p] * values[b, p, k] for p in range(places))
            read[b, t, h * m + k if heads_first else k * heads + h] = total
        return read

    return read_exchanged


def exchanged(n: int, i: int, j: int) -> list[int]:
    order = list(range(n))
    order[i], order[j] = j, i
    return order


read_as_is = reader(lambda n, i, j: range(n))
read_after_exchange = reader(exchanged)  # the oracle


def heads_added(maps: np.ndarray, values: np.ndarray, i: int, j: int) -> np.ndarray:
    read = read_after_exchange(maps, values, i, j)
    return read.reshape(*read.shape[:2], maps.shape[1], -1).sum(axis=2)


def columns_exchanged(maps: np.ndarray, values: np.ndarray, i: int, j: int) -> np.ndarray:
    return read_as_is(maps[..., exchanged(maps.shape[3], i, j)], values, i, j)


def heads_before_steps(maps: np.ndarray, values: np.ndarray, i: int, j: int) -> np.ndarray:
    read = np.einsum("bhtn,bnm->bhtm", maps[:, :, exchanged(maps.shape[2], i, j)], values)
    return read.reshape(len(maps), maps.shape[2], -1)


EXCHANGE = {
    "overwritten": mistake(
        "Both steps now show the same row: the first was overwritten before it was copied.",
        reader(lambda n, i, j: [j if t == i else t for t in range(n)]),
        reader(lambda n, i, j: [i if t == j else t for t in range(n)]),
    ),
    "heads added": mistake(
        "What the heads have read is added up; it should stand side by side.", heads_added
    ),
    "no such step": mistake(
        "The steps are the *third* axis of the maps; which axis did you exchange?",
        raises="IndexError",
    ),
    "nothing exchanged": mistake("The rows aren't exchanged: nothing has changed.", read_as_is),
    "numbers before heads": mistake(
        "First all that head 0 has read, then head 1: the axes are in another order before you "
        "reshape.",
        reader(exchanged, heads_first=False),
    ),
    "columns exchanged": mistake(
        "The *places* (columns) are exchanged, not the steps (rows).", columns_exchanged
    ),
    "heads before steps": mistake(
        "Steps and heads are mixed up: bring the heads behind the steps before you reshape.",
        heads_before_steps,
    ),
}


@tasks.check(
    "13.6",
    "Intervene",
    points=3,
    minutes=7,
    hints=[
        "Copy the maps first. `a[i], a[j] = a[j], a[i]` on slices of one array overwrites the "
        "first before it is copied to the second; a list of both steps doesn't.",
        "`np.einsum` with the letters of the shapes: which letter is summed over?",
        "Let the einsum give (n, T, heads, m); then `reshape` puts the heads side by side.",
    ],
    mistakes=EXCHANGE,
)
def check_read_exchanged(work: Any, rng: np.random.Generator) -> None:
    i, j = (int(k) for k in rng.choice(5, 2, replace=False))
    examples = [
        (*maps_and_values(rng, 1, 1, 2, 2, 1), 0, 1),
        (*maps_and_values(rng, 1, 2, 3, 4, 2), 0, 2),
        (*maps_and_values(rng, 2, 3, 5, 4, 3), i, j),
        (*maps_and_values(rng, 2, 2, 4, 6, 5), 1, 1),
    ]
    hint = "Try one question, one head, two steps, two places, and values of one number."
    compare(work.read_exchanged, read_after_exchange, examples, EXCHANGE, hint, tolerance=1e-6)


def maps_and_values(
    rng: np.random.Generator, n: int, heads: int, steps: int, places: int, m: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return maps (n, heads, steps, places) and values (n, places, m)."""
    maps = rng.random((n, heads, steps, places))
    return maps / maps.sum(axis=-1, keepdims=True), rng.normal(size=(n, places, m))


# In words --------------------------------------------------------------------------------------

tasks.words(
    "13.7",
    '"The map explains it"',
    points=2,
    minutes=5,
    hints=[
        "What does the state of an LSTM at one place know about the words before?",
        "You can change what stands in the sentence, or where the decoder looks.",
    ],
)
