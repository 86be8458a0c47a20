"""The checks of exercise 13."""

import math

import numpy as np

from homework.checks import Part, Tasks, compare

tasks = Tasks()


def shares(row, kept):
    """The oracle: softmax of one row, among the places that are kept."""
    top = max(s for s, k in zip(row, kept, strict=True) if k)
    found = [math.exp(s - top) if k else 0.0 for s, k in zip(row, kept, strict=True)]
    return [f / math.fsum(found) for f in found]


def attended(scores, kept):
    return np.array([shares(row, kept) for row in scores.tolist()])


def columns_instead(scores, kept):
    powers = np.exp(scores - scores.max(axis=0)) * kept
    with np.errstate(invalid="ignore"):
        return powers / powers.sum(axis=0)


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
)
def check_attend(work, rng):
    def example(steps, n, m, size, drop):
        kept = np.arange(n) < n - drop
        return size * rng.normal(size=(steps, n)), rng.normal(size=(n, m)), rng.permutation(kept)

    examples = [
        (np.array([[0.0, 0, 5]]), np.array([[10.0], [20], [99]]), np.array([True, True, False])),
        example(2, 4, 3, 1, 0),
        example(3, 5, 2, 2, 2),
        example(4, 6, 3, 1, 1),
    ]
    examples[3][0][:, :] *= 3  # the spread in a row stays small, but rows are far apart
    examples[3][0][:, :] += np.array([[990], [-990], [990], [0]])
    everything = np.ones_like
    far = "Scores can be as large as 1,000, and e^1000 is too large for a computer: what can you "
    far += "take away from all scores of a row without changing its softmax?"
    names = ["what is read", "the weights"]

    def late(scores, kept):
        return attended(scores, everything(kept)) * kept

    def as_zero(scores, kept):
        return attended(np.where(kept, scores, 0), everything(kept))

    kinds = [
        ("The padding still gets weight: where do you use `kept`?",
         lambda s, k: attended(s, everything(k))),
        ("Each row has to sum to 1 *after* the padding is out: take it out before the softmax.",
         late),
        ("A score of 0 is a score like others, it isn't small. Which number becomes 0 in exp?",
         as_zero),
        ("The weights of a *row*, over the places, have to sum to 1: look at the axis.",
         columns_instead),
        ("All weights together sum to 1 here. It is each *row* that has to.",
         lambda s, k: attended(s.reshape(1, -1), np.tile(k, len(s))).reshape(s.shape)),
        ("`kept` is True where a place is really there: yours is the other way round.",
         lambda s, k: np.full(s.shape, np.nan) if k.all() else attended(s, ~k)),
        ("The weights lack the padding's columns. They stay, with zeros in them.",
         lambda s, k: attended(s, k)[:, k]),
        ("Where is the exponential? A score divided by the sum of scores can even be negative.",
         lambda s, k: s * k / (s * k).sum(axis=1)[:, None]),
    ]  # fmt: skip
    axes = "What was subtracted or divided by should have the shape (T, 1): see `keepdims`. And "
    axes += "what is read is a matrix product, `@`."
    compare(
        Part(work.attend, 1, names),
        lambda s, v, k: attended(s, k),
        examples[:3],
        what=names[1],
        mistakes=[
            *((text, lambda s, v, k, f=f: f(s, k)) for text, f in kinds),
            ("What is read comes first, then the weights.", lambda s, v, k: attended(s, k) @ v),
            (axes, "ValueError"),
        ],
        hint="Do it by hand for the scores 0, 0, 5, of which the last is padding: the weights are "
        "a half, a half and nothing.",
        tolerance=1e-6,
    )
    compare(
        Part(work.attend, 1, names),
        lambda s, v, k: attended(s, k),
        examples[3:],
        what="large scores",
        hint=far,
        tolerance=1e-6,
    )
    compare(
        Part(work.attend, 0, names),
        lambda s, v, k: np.array(
            [[math.fsum(a * b for a, b in zip(w, column, strict=True)) for column in v.T.tolist()]
             for w in attended(s, k).tolist()]
        ),
        examples,
        what=names[0],
        mistakes=[
            ("That is the plain mean. Each value counts with its weight.",
             lambda s, v, k: np.tile(v.mean(axis=0), (len(s), 1))),
            ("That is the value with the largest weight. All count, each with its weight.",
             lambda s, v, k: v[attended(s, k).argmax(axis=1)]),
            ("Weights already sum to 1: don't divide by the number of places again.",
             lambda s, v, k: attended(s, k) @ v / len(v)),
        ],
        hint="Which product of (T, n) and (n, m) has the shape (T, m)?",
        tolerance=1e-6,
    )  # fmt: skip


def each_pair(score):
    """Return the score of every query with every key, one after the other."""
    return lambda queries, keys, v: np.array(
        [[score(q, k, v.tolist()) for k in keys.tolist()] for q in queries.tolist()]
    )


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
)
def check_additive(work, rng):
    def sums(inner):
        return each_pair(
            lambda q, k, v: math.fsum(inner(a, b, c) for a, b, c in zip(q, k, v, strict=True))
        )

    examples = [
        (np.array([[0.0, 1]]), np.array([[0.0, 0], [1, 0], [0, -1]]), np.array([1.0, 2])),
        *((rng.normal(size=(steps, d)), rng.normal(size=(n, d)), rng.normal(size=d))
          for steps, n, d in [(1, 1, 1), (2, 5, 3), (4, 3, 6)]),
    ]  # fmt: skip
    compare(
        work.additive_scores,
        sums(lambda a, b, c: c * math.tanh(a + b)),
        examples,
        mistakes=[
            ("`v` belongs outside of the tanh, it weighs what comes out of it.",
             sums(lambda a, b, c: math.tanh(c * (a + b)))),
            ("`v` belongs outside of the tanh, it weighs what comes out of it.",
             each_pair(lambda q, k, v: math.tanh(
                 math.fsum(c * (a + b) for a, b, c in zip(q, k, v, strict=True))))),
            ("Where is the tanh? Without it, the query makes no difference between the places.",
             sums(lambda a, b, c: c * (a + b))),
            ("Where is `v`? Each of the d numbers counts with its own weight.",
             sums(lambda a, b, c: math.tanh(a + b))),
            ("Query and key are *added* here; multiplied, it would be a kind of dot product.",
             sums(lambda a, b, c: c * math.tanh(a * b))),
            ("That is the dot product, the other way to score.", lambda q, k, v: q @ k.T),
            ("There is a number for each j still: sum over the last axis.",
             lambda q, k, v: np.array([[np.tanh(a + b) * v for b in k] for a in q])),
            ("A mean divides by d; a sum is asked for.",
             lambda q, k, v: sums(lambda a, b, c: c * math.tanh(a + b))(q, k, v) / len(v)),
            ("Every query has to meet *every* key, not only the one of the same number: which "
             "axes do you need?", lambda q, k, v: (np.tanh(q + k) * v).sum(axis=-1)),
        ],
        hint="Do it by hand for one query and one key of two numbers.",
        tolerance=1e-6,
    )  # fmt: skip


tasks.predict(
    "13.3",
    "large vectors",
    ["about 1/19", "about 0.25", "about 0.5", "above 0.9"],
    minutes=4,
    hints=["The spread of the scores is the square root of d. What does softmax make of ±32?"],
)


def aligned(first, second, n_in, n_out, swapped=False, backwards=True, skip=1, beyond="+",
            highest=False):  # fmt: skip
    """The oracle: search the text for the place of each digit; mistakes by request."""
    text = f"{first}+{second}"
    text = text[::-1] if backwards else text
    sign = text.index("+")
    left, right = list(range(sign)), list(range(sign + skip, len(text) + skip - 1))
    drawn = np.zeros([2, n_out, n_in])
    for head, places in enumerate([right, left] if swapped else [left, right]):
        places = places[::-1] if highest else places
        for step in range(n_out):
            places_and_rest = [*places, *[sign] * n_out]
            if beyond == "on":
                places_and_rest = range(places[0], places[0] + n_out)
            if beyond == "nothing":
                places_and_rest = [*places, *[None] * n_out]
            if beyond == "last":
                places_and_rest = [*places, *[places[-1]] * n_out]
            if places_and_rest[step] is not None:
                drawn[head, step, places_and_rest[step]] = 1
    return drawn


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
)
def check_ideal_map(work, rng):
    examples = [(3, 4, 3, 2), (37, 85, 5, 3), (375, 86, 7, 4), (7, 512, 7, 4)]
    for digits in (5, 9):
        a, b = (int(rng.integers(1, 10 ** int(rng.integers(1, digits + 1)))) for _ in range(2))
        examples.append((a, b, 2 * digits + 1, digits + 1))
    compare(
        work.ideal_map,
        aligned,
        examples,
        mistakes=[
            ("The heads are the other way round: head 0 reads the second number.",
             lambda *args: aligned(*args, swapped=True)),
            ("Is the question written backwards? The units of the *second* number come first.",
             lambda *args: aligned(*args, backwards=False)),
            ("Is the question written backwards? The units of the *second* number come first.",
             lambda *args: aligned(*args, backwards=False, swapped=True)),
            ("Each head begins at the highest digit; the units come first in the answer.",
             lambda *args: aligned(*args, highest=True)),
            ("The first number begins one place too early: count the plus sign, too.",
             lambda *args: aligned(*args, skip=0)),
            ("Where a number has ended, its head runs on to the next places. It should stay at "
             "the plus sign.", lambda *args: aligned(*args, beyond="on")),
            ("Where a number has ended, its head runs on, here out of the question. It should "
             "stay at the plus sign.", "IndexError"),
            ("Where a number has ended, its head looks nowhere. Each row has to sum to 1.",
             lambda *args: aligned(*args, beyond="nothing")),
            ("Where a number has ended, its head stays at the last digit, which would be added "
             "again.", lambda *args: aligned(*args, beyond="last")),
        ],
        hint="Draw it for 37+85 on paper: the columns are 5, 8, +, 7, 3.",
    )  # fmt: skip


def for_each_row(number):
    return lambda weights: np.apply_along_axis(lambda row: number(row.tolist()), -1, weights)


def entropy(row, log=math.log):
    return -math.fsum(w * log(w) for w in row if w > 0)


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
)
def check_places(work, rng):
    def rows(*shape, zeros=0.0):
        made = rng.random(shape) * (rng.random(shape) >= zeros)
        made[..., 0] += 0.1
        return made / made.sum(axis=-1, keepdims=True)

    compare(
        work.places_looked_at,
        for_each_row(lambda row: math.exp(entropy(row))),
        [
            (np.array([[0.5, 0.5]]),),
            (rows(3, 4),),
            (rows(2, 5, 6),),
            (np.array([[1.0, 0.0, 0.0]]),),
            (rows(2, 3, 4, zeros=0.5),),
        ],
        mistakes=[
            ("That is the entropy itself: what is asked for is e to the power of it.",
             for_each_row(entropy)),
            ("The sign: logarithms of weights below 1 are negative, the entropy isn't.",
             for_each_row(lambda row: math.exp(-entropy(row)))),
            ("Logarithm and power have different bases: ln belongs to e.",
             for_each_row(lambda row: math.exp(entropy(row, math.log2)))),
            ("Logarithm and power have different bases: ln belongs to e.",
             for_each_row(lambda row: 2 ** entropy(row))),
            ("A weight of 0 gives NaN in your sum, 0 · -∞. It should add nothing.",
             for_each_row(lambda row: math.exp(entropy(row)) if min(row) > 0 else math.nan)),
            ("Each row has its own number: sum over the last axis only.",
             lambda w: np.array(math.exp(entropy(w.ravel().tolist())))),
            ("The number of places with any weight says little: softmax gives weight to all.",
             for_each_row(lambda row: float(sum(w > 0 for w in row)))),
        ],
        hint="By hand: two weights of 0.5 have the entropy ln 2, and e to that power is 2.",
        tolerance=1e-6,
    )  # fmt: skip


def reader(order, heads_first=True):
    """The oracle: what each head reads, place by place; `order` of the steps (T, i, j)."""

    def made(maps, values, i, j):
        n, heads, steps, places = maps.shape
        m = values.shape[-1]
        out = np.zeros((n, steps, heads * m))
        for b, h, t, k in np.ndindex(n, heads, steps, m):
            row = maps[b, h, order(steps, i, j)[t]]
            total = math.fsum(row[p] * values[b, p, k] for p in range(places))
            out[b, t, h * m + k if heads_first else k * heads + h] = total
        return out

    return made


def swapped(steps, i, j):
    order = list(range(steps))
    order[i], order[j] = j, i
    return order


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
)
def check_read_exchanged(work, rng):
    def example(n, heads, steps, places, m, i, j):
        maps = rng.random((n, heads, steps, places))
        return maps / maps.sum(axis=-1, keepdims=True), rng.normal(size=(n, places, m)), i, j

    i, j = (int(k) for k in rng.choice(5, 2, replace=False))
    examples = [
        example(1, 1, 2, 2, 1, 0, 1),
        example(1, 2, 3, 4, 2, 0, 2),
        example(2, 3, 5, 4, 3, i, j),
        example(2, 2, 4, 6, 5, 1, 1),
    ]
    compare(
        work.read_exchanged,
        reader(swapped),
        examples,
        mistakes=[
            ("Both steps now show the same row: the first was overwritten before it was copied.",
             reader(lambda n, i, j: [j if t == i else t for t in range(n)])),
            ("Both steps now show the same row: the first was overwritten before it was copied.",
             reader(lambda n, i, j: [i if t == j else t for t in range(n)])),
            ("What the heads have read is added up; it should stand side by side.",
             lambda *args: (out := reader(swapped)(*args)).reshape(
                 *out.shape[:2], args[0].shape[1], -1).sum(axis=2)),
            ("The steps are the *third* axis of the maps; which axis did you exchange?",
             "IndexError"),
            ("The rows aren't exchanged: nothing has changed.",
             reader(lambda n, i, j: range(n))),
            ("First all that head 0 has read, then head 1: the axes are in another order before "
             "you reshape.", reader(swapped, heads_first=False)),
            ("The *places* (columns) are exchanged, not the steps (rows).",
             lambda maps, values, i, j: reader(lambda n, i, j: range(n))(
                 maps[..., swapped(maps.shape[3], i, j)], values, i, j)),
            ("Steps and heads are mixed up: bring the heads behind the steps before you reshape.",
             lambda maps, values, i, j: np.einsum(
                 "bhtn,bnm->bhtm", maps[:, :, swapped(maps.shape[2], i, j)], values
             ).reshape(len(maps), maps.shape[2], -1)),
        ],
        hint="Try one question, one head, two steps, two places, and values of one number.",
        tolerance=1e-6,
    )  # fmt: skip


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
