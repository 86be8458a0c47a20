"""The checks of exercise 03: windows of a text, what a character costs, and writing on."""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from homework.checks import Tasks, compare, mistake, require
from homework.describing import shown

tasks = Tasks()


# From text to windows --------------------------------------------------------------------------


def cut(
    text: str,
    length: int,
    ahead: int = 1,
    step: int = 1,
    spare: int = 0,
    longer: int = 0,
    number: Callable[[str], int] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """The oracle: windows and, for each of their characters, what stands `ahead` places further."""
    alphabet = "".join(sorted(set(text)))
    ids = [(number or alphabet.find)(char) for char in text]
    starts = range(0, len(ids) - length - spare, step)
    x = [[ids[(k + t) % len(ids)] for t in range(length + longer)] for k in starts]
    y = [[ids[(k + t + ahead) % len(ids)] for t in range(length)] for k in starts]
    return np.array(x), np.array(y)


def last_target_only(text: str, length: int) -> tuple[np.ndarray, np.ndarray]:
    x, y = cut(text, length)
    return x, y[:, -1]


def last_window_without_targets(text: str, length: int) -> tuple[np.ndarray, np.ndarray]:
    return cut(text, length, spare=-1)[0], cut(text, length)[1]


WINDOWS = {
    "tokens not in a list": mistake(
        "A set or a dictionary has no places that could be numbers: make a list."
    ),
    "other tokens": mistake(
        "A token is a character that occurs in the text, in this one and no other."
    ),
    "token twice": mistake("However often a character occurs in the text, it is one token."),
    "tokens not sorted": mistake("The tokens are not in sorted order."),
    "not shifted": mistake(
        "The targets are the windows themselves: the text has to be shifted by one.",
        partial(cut, ahead=0),
    ),
    "shifted the wrong way": mistake(
        "The targets are shifted the wrong way: what comes *next* is to be predicted.",
        partial(cut, ahead=-1),
    ),
    "swapped": mistake(
        "Windows and targets are the other way round.",
        lambda text, length: cut(text, length)[::-1],
    ),
    "window missing": mistake(
        "One window is missing at the end: the last character of the text is a target too.",
        partial(cut, spare=1),
    ),
    "window too many": mistake(
        "There is a window too many: after the last one no character comes.",
        last_window_without_targets,
        partial(cut, spare=-1),
    ),
    "one target per window": mistake(
        "One target for each window is not enough: there is one at every step.", last_target_only
    ),
    "side by side": mistake(
        "The windows lie side by side: the next one begins one character later.",
        lambda text, length: cut(text, length, step=length),
    ),
    "windows too long": mistake(
        "The windows are one character too long: what comes after belongs to the targets.",
        partial(cut, longer=1),
    ),
    "other numbers": mistake(
        "The numbers are not the places among the tokens.", partial(cut, number=ord)
    ),
    "axes swapped": mistake(
        "The axes are in the wrong order: a window is a row.",
        lambda text, length: tuple(part.T for part in cut(text, length)),
    ),
}


@tasks.check(
    "03.1",
    "From text to windows",
    points=3,
    minutes=8,
    withheld=["text.windows", "text.Vocabulary.encode", "text.Vocabulary.__init__"],
    hints=[
        "Three steps: the tokens, the text as one array of numbers, the slices of that array.",
        "A dictionary from character to number does the encoding. The last window that counts ends "
        "one character before the end of the text.",
        "The targets of a window are a slice of the same length that begins one place later.",
    ],
    mistakes=WINDOWS,
)
def check_prepare(work: Any, rng: np.random.Generator) -> None:
    def prepare(text: str, length: int) -> tuple[Any, Any]:
        example = f"prepare({text!r}, {length})"
        tokens, x, y = three_things(work.prepare(text, length), example)
        require_tokens(tokens, text, example)
        return x, y

    examples = [
        ("ba", 1),
        ("cab", 2),
        ("ba" * 4, 3),
        (random_text(rng, " .abcdé", 9), 4),
        (random_text(rng, "\n abcdefghijk", 60), int(rng.integers(5, 12))),
        (random_text(rng, "\n .abcdefghijklmnoprstuw", 500), 32),
    ]
    hint = (
        "Take a text of four letters and length 2: two windows have a character after them. "
        "Write them down by hand, and their targets."
    )
    compare(prepare, cut, examples, WINDOWS, hint, parts=("x", "y"))


def random_text(rng: np.random.Generator, letters: str, n: int) -> str:
    """Return n of the letters; the first two do not come in sorted order."""
    return letters[-1] + letters[-2] + "".join(rng.choice(list(letters), n - 2))


def three_things(got: Any, example: str) -> Sequence[Any]:
    """Return the tokens, the windows and the targets, or say that there are not three things."""
    require(
        isinstance(got, tuple | list) and len(got) == 3,
        "it doesn't return three things",
        "Return the tokens, the windows and the targets: `return tokens, x, y`.",
        example=example,
        got=shown(got),
    )
    return got


def require_tokens(tokens: Any, text: str, example: str) -> None:
    """Require the characters of the text, each of them once, in a sorted list."""
    where = {"example": example, "got": shown(tokens)}
    listed = isinstance(tokens, list | tuple | str | np.ndarray)
    require(listed, "the tokens are not a list", WINDOWS["tokens not in a list"], **where)
    tokens = [str(token) for token in tokens]
    what = "the tokens are not the characters of the text"
    require(set(tokens) == set(text), what, WINDOWS["other tokens"], **where)
    once = len(set(tokens)) == len(tokens)
    require(once, "a token is there twice", WINDOWS["token twice"], **where)
    ordered = tokens == sorted(tokens)
    require(ordered, "the order of the tokens is wrong", WINDOWS["tokens not sorted"], **where)


# What one character is worth -------------------------------------------------------------------


def bigram(ids: Sequence[int], fresh: Sequence[int], characters: int) -> float:
    """The oracle: counts in dictionaries."""
    ids = [int(k) for k in ids]
    pairs, firsts = Counter(pairwise(ids)), Counter(ids[:-1])
    surprises = [
        math.log(firsts[a] + characters) - math.log(pairs[a, b] + 1)
        for a, b in pairwise(int(k) for k in fresh)
    ]
    return math.fsum(surprises) / len(surprises)


def by_rows(counts: np.ndarray) -> np.ndarray:
    return (counts.T / counts.sum(1)).T


def by_table(
    ids: np.ndarray,
    fresh: np.ndarray,
    characters: int,
    share: Callable[[np.ndarray], np.ndarray] = by_rows,
    start: int = 1,
    most: float = math.inf,
    result: Callable[[np.ndarray], Any] = np.mean,
) -> float:
    """Do the same with a table of counts, or make one of the mistakes."""
    counts = np.zeros((characters, characters))
    for a, b in pairwise(ids):
        counts[a, b] = min(counts[a, b] + 1, most)
    with np.errstate(all="ignore"):
        p = share(counts + start)
        return float(result(np.array([-np.log(p[a, b]) for a, b in pairwise(fresh)])))


BIGRAM = {
    "other base": mistake(
        "A nat belongs to the natural logarithm: this one has another base.",
        partial(by_table, result=lambda surprises: surprises.mean() / math.log(2)),
        partial(by_table, result=lambda surprises: surprises.mean() / math.log(10)),
    ),
    "minus forgotten": mistake(
        "Surprise is never negative: it is *minus* the logarithm.",
        partial(by_table, result=lambda surprises: -surprises.mean()),
    ),
    "no mean": mistake(
        "That is the sum of all surprises: nats *per character* are asked for.",
        partial(by_table, result=np.sum),
    ),
    "chances of pairs": mistake(
        "These are the chances of a *pair*. Given the character before, each row has the sum 1.",
        partial(by_table, share=lambda counts: counts / counts.sum()),
    ),
    "columns scaled": mistake(
        "Now each *column* has the sum 1, so it says what came before, not what follows.",
        partial(by_table, share=lambda counts: counts / counts.sum(0)),
    ),
    "unigram": mistake(
        "The character before makes no difference here: that is the unigram.",
        partial(by_table, share=lambda counts: counts * 0 + counts.sum(0) / counts.sum()),
    ),
    "sum of another row": mistake(
        "A row divided by the sum of *another* row: keep the sums as a column.",
        partial(by_table, share=lambda counts: counts / counts.sum(1)),
    ),
    "not divided": mistake(
        "Counts are no chances yet: each row has to be divided by its sum.",
        partial(by_table, share=lambda counts: counts),
    ),
    "table turned": mistake(
        "The table is turned round: the row belongs to the character before.",
        partial(by_table, share=lambda counts: by_rows(counts.T)),
    ),
    "mean before logarithm": mistake(
        "First the logarithm, then the mean. It isn't the same the other way round.",
        partial(by_table, result=lambda surprises: -np.log(np.exp(-surprises).mean())),
    ),
    "first character counted": mistake(
        "The first character of `fresh` doesn't count: divide by the number of pairs.",
        partial(by_table, result=lambda surprises: surprises.sum() / (len(surprises) + 1)),
    ),
    "pairs counted once": mistake(
        "Each pair was counted at most once, however often it comes.", partial(by_table, most=1)
    ),
    "counts from 0": mistake(
        "A pair that never came is taken to be impossible: every count starts at 1.",
        partial(by_table, start=0),
    ),
    "counted in fresh": mistake(
        "The pairs are counted in the text that is measured. Count in `ids`.",
        lambda ids, fresh, characters: bigram(fresh, fresh, characters),
    ),
    "measured on ids": mistake(
        "It is measured on the text in which the pairs are counted. Measure on `fresh`.",
        lambda ids, fresh, characters: bigram(ids, ids, characters),
    ),
}


@tasks.check(
    "03.2",
    "What one character is worth",
    points=4,
    minutes=10,
    hints=[
        "Three steps: count the pairs `ids[k]`, `ids[k + 1]` in the table, divide each row by its "
        "sum, take −ln of what stands in the table for the pairs of `fresh`.",
        "`np.add.at` counts pairs that come several times, and a loop does so too; "
        "`pairs[a, b] += 1` with whole arrays a and b counts each pair only once.",
        "The sum of a row, kept as a column so that the division fits: `axis=1, keepdims=True`. "
        "The surprise is `-np.log(…)`, and all you need then is the mean.",
    ],
    mistakes=BIGRAM,
)
def check_bigram(work: Any, rng: np.random.Generator) -> None:
    examples = [
        (np.array([0, 1, 1]), np.array([0, 0]), 2),
        (np.array([1, 0, 1, 0, 1]), np.array([0, 1, 1]), 2),
        (np.array([2, 0, 2, 0, 0]), np.array([1, 0, 2, 2]), 3),  # 1 was never seen
        (remembering(rng, 40, 4), remembering(rng, 20, 4), 4),
        (remembering(rng, 600, 24), remembering(rng, 300, 24), 24),
    ]
    hint = (
        "Do it by hand for two characters: write down the table after counting, then its rows "
        "divided by their sums."
    )
    compare(work.bigram_surprise, bigram, examples, BIGRAM, hint, tolerance=1e-6)


def remembering(rng: np.random.Generator, n: int, characters: int) -> np.ndarray:
    """Return a text with a memory of one character, the characters unequal as in language."""
    steps = rng.choice(characters, n, p=rng.dirichlet(np.ones(characters)))
    return np.cumsum(steps) % characters


# Entropy rate of a small grammar ---------------------------------------------------------------


def in_closed_form(
    chances: np.ndarray,
    n_chars: np.ndarray,
    again: np.ndarray,
    log: Callable[[float], float] = math.log,
    sign: int = -1,
    equal: bool = False,
    read: Callable[[int], int] = int,
) -> tuple[float, float]:
    """The oracle: a rule is used 1 / (1 − how often S comes again) times on average."""
    shares = [1 / len(chances)] * len(chances) if equal else chances.tolist()
    more = sum(p * read(k) for p, k in zip(shares, again, strict=True))
    uses = math.inf if more == 1 else 1 / (1 - more)
    surprise = math.fsum(sign * p * log(c) for p, c in zip(shares, chances, strict=True))
    own = math.fsum(p * n for p, n in zip(shares, n_chars, strict=True))
    return float(uses * surprise), float(uses * own)


COSTS = {
    "inside left out": mistake(
        "The sentences inside are left out: a rule also costs what its symbols cost.",
        partial(in_closed_form, read=lambda k: 0),
    ),
    "two counted as one": mistake(
        "A rule that holds S twice costs two of it.",
        partial(in_closed_form, read=lambda k: min(k, 1)),
    ),
    "other base": BIGRAM["other base"].made_by(partial(in_closed_form, log=math.log2)),
    "minus forgotten": BIGRAM["minus forgotten"].made_by(partial(in_closed_form, sign=1)),
    "rules equally often": mistake(
        "The rules don't come equally often: weight each with its chance.",
        partial(in_closed_form, equal=True),
    ),
    "swapped": mistake(
        "Surprise and characters are the other way round.",
        lambda *example: in_closed_form(*example)[::-1],
    ),
    "calls itself": mistake(
        "A function that calls itself for every S has no end here: go on from a guess, "
        "a fixed number of times.",
        raises="RecursionError",
    ),
}


@tasks.check(
    "03.3",
    "Entropy rate of a small grammar",
    points=3,
    minutes=10,
    withheld=["grammar.expected_length", "grammar.entropy_rate"],
    hints=[
        "There is one equation for the surprise and one for the characters, as in section 1 of "
        "the lesson. Each has its unknown on both sides.",
        "What rule r costs: its own −ln p (or its own characters), plus `again[r]` times what a "
        "whole S costs. Weight that with p and add it up over the rules.",
        "Start with 0 and put the right sides in again and again, a few hundred times. Or solve "
        "the equation for its unknown on paper.",
    ],
    mistakes=COSTS,
)
def check_costs(work: Any, rng: np.random.Generator) -> None:
    def sentence_costs(*grammar: np.ndarray) -> Any:
        got = work.sentence_costs(*grammar)
        return tuple(got) if isinstance(got, np.ndarray) and got.shape == (2,) else got

    examples = [
        (np.array([1.0]), np.array([4]), np.array([0])),
        (np.array([0.25, 0.75]), np.array([2, 3]), np.array([0, 0])),
        (np.array([0.75, 0.25]), np.array([2, 3]), np.array([0, 1])),
        (np.array([0.5, 0.25, 0.25]), np.array([1, 4, 5]), np.array([0, 2, 0])),
        any_grammar(rng, 3),
        any_grammar(rng, 6),
    ]
    hint = (
        "Try it without any S on the right first: what do the rules cost on average, each with its "
        "chance? And if you put the right sides in again and again: often enough for the numbers "
        "to settle?"
    )
    parts = ("surprise", "characters")
    compare(sentence_costs, in_closed_form, examples, COSTS, hint, tolerance=1e-6, parts=parts)


def any_grammar(rng: np.random.Generator, rules: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return chances, characters and how often S comes again, such that a sentence has an end."""
    chances = rng.dirichlet(np.full(rules, 3.0))
    again = rng.integers(0, 4, rules)
    again[np.argmax(again)] = 2  # at least once, and more than one at a time
    while chances @ again > 0.7:
        again[rng.choice(np.flatnonzero(again))] -= 1
    return chances, rng.integers(1, 20, rules), again


# Predict ---------------------------------------------------------------------------------------

tasks.predict(
    "03.4",
    "how far must one look back?",
    ["2", "4", "8", "16"],
    minutes=3,
    hints=[
        "How far from its noun can a verb stand? And how often do you have to be right for a "
        "sentence of 35 characters to be correct?"
    ],
)


# Temperature -----------------------------------------------------------------------------------


def heated(
    p: np.ndarray,
    tau: float,
    power: Callable[[float], float] = lambda tau: 1 / tau,
    scale: Callable[[list[float], list[list[float]]], float] = lambda row, rows: math.fsum(row),
) -> np.ndarray:
    """The oracle: element by element."""
    rows = [[float(x) ** power(tau) for x in row] for row in p]
    return np.array([[x / scale(row, rows) for x in row] for row in rows])


def scaled_by_columns(p: np.ndarray, tau: float) -> np.ndarray:
    powers = p ** (1 / tau)
    with np.errstate(all="ignore"):
        return powers / powers.sum(0)


def scaled_by_another_row(p: np.ndarray, tau: float) -> np.ndarray:
    powers = p ** (1 / tau)
    return powers / powers.sum(1)


def softmax(p: np.ndarray, tau: float) -> np.ndarray:
    return np.exp(p / tau) / np.exp(p / tau).sum(1)[:, None]


HEAT = {
    "not scaled": mistake(
        "The rows no longer have the sum 1: the powers have to be scaled.",
        partial(heated, scale=lambda row, rows: 1),
    ),
    "hot is cold": mistake(
        "Hot and cold are the other way round: the lower the temperature, the larger the power.",
        partial(heated, power=lambda tau: tau),
    ),
    "hot is cold, not scaled": mistake(
        "The power is the wrong way round (lower means larger), and the rows aren't scaled.",
        partial(heated, power=lambda tau: tau, scale=lambda row, rows: 1),
    ),
    "sum of all": mistake(
        "The sum is that of the whole array: *each row* gets the sum 1.",
        partial(heated, scale=lambda row, rows: sum(map(sum, rows))),
    ),
    "largest is 1": mistake(
        "Now the largest of each row is 1: it is the *sum* that has to be.",
        partial(heated, scale=lambda row, rows: max(row)),
    ),
    "columns scaled": mistake(
        "Now the columns have the sum 1: that is the wrong axis.", scaled_by_columns
    ),
    "sum of another row": BIGRAM["sum of another row"].made_by(scaled_by_another_row),
    "softmax": mistake(
        "That is the softmax of p/temperature. It would be right for the *logarithms* of the "
        "probabilities.",
        softmax,
    ),
    "nothing changes": mistake(
        "Nothing changes with the temperature: is it a power? Mind the brackets, "
        "`p ** 1 / temperature` only divides, and scaling undoes that.",
        lambda p, tau: p,
    ),
    "only divided": mistake(
        "To divide by the temperature is no power. Mind the brackets, too: "
        "`p ** 1 / temperature` only divides.",
        lambda p, tau: p / tau,
    ),
}


@tasks.check(
    "03.5",
    "Temperature",
    points=3,
    minutes=6,
    hints=[
        "NumPy raises a whole array to a power: `p ** …`. Mind the brackets.",
        "After that the sum of a row is no longer 1: divide by it.",
        "For the sum of each row, kept as a column: `axis=1, keepdims=True`.",
    ],
    mistakes=HEAT,
)
def check_heat(work: Any, rng: np.random.Generator) -> None:
    def any_rows(batch: int, characters: int) -> np.ndarray:
        return rng.dirichlet(np.ones(characters), batch)

    square = [
        (np.array([[0.25, 0.75]]), 0.5),
        (np.array([[0.25, 0.75]]), 2.0),
        (np.array([[0.5, 0.5], [0.125, 0.875]]), 4.0),
        (any_rows(3, 3), float(rng.uniform(0.2, 0.8))),
    ]
    others = [
        (np.array([[0.0, 0.25, 0.75], [0.0, 0.0, 1.0]]), 0.5),
        (any_rows(20, 24), float(rng.uniform(1.5, 10))),
        (any_rows(2, 5), 1),
    ]
    by_hand = "By hand: 0.25 and 0.75 at temperature ½ are squared, then scaled."
    for examples in (square, others):  # with square arrays a wrong axis raises nothing
        compare(work.heat, heated, examples, HEAT, by_hand, tolerance=1e-6)


# Carry the state along -------------------------------------------------------------------------


def by_chance(p: Sequence[float] | np.ndarray, u: float) -> int:
    reached = 0.0
    for k, share in enumerate(p[:-1]):
        reached += share
        if u < reached:
            return k
    return len(p) - 1


def written_slowly(
    seed_ids: np.ndarray,
    random_numbers: np.ndarray,
    after: np.ndarray,
    chances: np.ndarray,
    read: Callable[[list[int], list[int]], list[int]] = lambda seed, written: seed + written,
    pick: Callable[[np.ndarray, float], int] = by_chance,
) -> np.ndarray:
    """The oracle: for each character, read everything again from the state 0."""
    written: list[int] = []
    for u in random_numbers:
        now = 0
        for k in read(seed_ids.tolist(), written):
            now = after[now][k]
        written.append(pick(chances[now], u))
    return np.array(written)


def written_in_one_go(
    seed_ids: np.ndarray, random_numbers: np.ndarray, after: np.ndarray, chances: np.ndarray
) -> np.ndarray:
    """The oracle for long texts."""
    next_state, likely, now, written = after.tolist(), chances.tolist(), 0, []
    for k in seed_ids:
        now = next_state[now][k]
    for u in random_numbers.tolist():
        written.append(by_chance(likely[now], u))
        now = next_state[now][written[-1]]
    return np.array(written)


WRITING = {
    "state not carried": mistake(
        "The state is not carried on: each step begins in the same state. `step` returns a new "
        "one.",
        partial(written_slowly, read=lambda seed, written: (seed + written)[-1:]),
    ),
    "state stays": mistake(
        "While you write, the state stays what it was after the seed text: carry it on.",
        partial(written_slowly, read=lambda seed, written: seed + written[-1:]),
    ),
    "state anew": mistake(
        "After the seed text the state begins anew, so all that was read is forgotten.",
        partial(written_slowly, read=lambda seed, written: written or seed),
    ),
    "last of the seed only": mistake(
        "Of the seed text only the last character counts: carry the state while you read.",
        partial(written_slowly, read=lambda seed, written: seed[-1:] + written),
    ),
    "seed not read": mistake(
        "The seed text is not read, or the state after it is not kept.",
        partial(written_slowly, read=lambda seed, written: written),
    ),
    "read twice": mistake(
        "The last character of the seed text is read twice.",
        partial(written_slowly, read=lambda seed, written: seed + seed[-1:] + written),
    ),
    "never read again": mistake(
        "All characters are drawn from the same probabilities. The network has to read what it "
        "wrote, and what it answers is the next p.",
        partial(written_slowly, read=lambda seed, written: seed),
    ),
    "not drawn": mistake(
        "The likeliest character is taken each time: draw it.",
        partial(written_slowly, pick=lambda p, u: int(np.argmax(p))),
    ),
    "seed returned": mistake(
        "The seed text stands in front of the answer: return only what was written.",
        lambda seed, *more: np.append(seed, written_slowly(seed, *more)),
    ),
}
LONG_TEXT = {
    "all read again": mistake(
        "Short texts are right, a long one takes for ever: the text so far must not be read again "
        "for each character. One step is enough.",
        raises="TimeLimit",
    )
}


@tasks.check(
    "03.6",
    "Carry the state along",
    points=4,
    minutes=12,
    hints=[
        "Two loops. The first reads the seed text and draws nothing; the second draws.",
        "`step` returns two things, the probabilities and the new state. Keep both: they belong to "
        "the next turn of the loop.",
        "In the second loop: draw from the probabilities you have, append, and let `step` read the "
        "character just drawn.",
    ],
    mistakes=WRITING | LONG_TEXT,
)
def check_write(work: Any, rng: np.random.Generator) -> None:
    short = [
        to_write(rng, 2, 2, 1, 1),
        to_write(rng, 2, 2, 1, 4),
        to_write(rng, 3, 2, 3, 5),
        to_write(rng, 7, 4, 5, 20),
        to_write(rng, 50, 8, 12, 40),
        to_write(rng, 50, 24, 1, 200),
    ]
    hint = (
        "Follow one character: it is drawn once, appended once and read once, and the state goes "
        "from each step to the next."
    )
    compare(work.write, written_slowly, short, WRITING, hint)
    hint = "Short texts are right, but not this long one."
    compare(work.write, written_in_one_go, [to_write(rng, 20, 5, 3, 20_000)], LONG_TEXT, hint)


def to_write(
    rng: np.random.Generator, states: int, characters: int, n: int, m: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return a seed text (n,), random numbers (m,) and the tables of a network."""
    seed_ids = rng.integers(0, characters, n)
    random_numbers = (rng.integers(0, 1000, m) + 0.5) / 1000  # short, and never on a border
    return seed_ids, random_numbers, *tables(rng, states, characters)


def tables(rng: np.random.Generator, states: int, characters: int) -> tuple[np.ndarray, np.ndarray]:
    """Return any network of this kind; it never forgets by chance in which state it was."""
    after = np.array([rng.permutation(states) for _ in range(characters)]).T
    likely = rng.dirichlet(np.full(characters, 0.7), states)
    return after, np.array([rng.multinomial(20, p) / 20 for p in likely])


# In words --------------------------------------------------------------------------------------

tasks.words(
    "03.7",
    "Why not simply look back further?",
    points=3,
    minutes=6,
    hints=[
        "How often does a given piece of 32 characters come in the text?",
        "What would have to be kept of a long sentence to get the verb right? How much is that?",
    ],
)
