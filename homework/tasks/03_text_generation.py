"""The checks of exercise 03."""

import math
from collections import Counter
from itertools import pairwise

import numpy as np

from homework.checks import Tasks, compare, require, shown

tasks = Tasks()


def random_text(rng, letters, n):
    """Return n of the letters, the first n in an order that is not the sorted one."""
    return "".join(letters[-1 - k] if k < 2 else str(rng.choice(list(letters))) for k in range(n))


def cut(text, length, ahead=1, step=1, spare=0, longer=0, number=None):
    """Return windows and, for each of their characters, what stands `ahead` places further on."""
    alphabet = "".join(sorted(set(text)))
    ids = [(number or alphabet.find)(char) for char in text]
    starts = range(0, len(ids) - length - spare, step)
    x = [[ids[(k + t) % len(ids)] for t in range(length + longer)] for k in starts]
    y = [[ids[(k + t + ahead) % len(ids)] for t in range(length)] for k in starts]
    return np.array(x), np.array(y)


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
)
def check_prepare(work, rng):
    def prepare(text, length):
        got = work.prepare(text, length)
        where = {"example": f"prepare({text!r}, {length})", "got": shown(got)}
        require(
            isinstance(got, tuple | list) and len(got) == 3,
            "it doesn't return three things",
            "Return the tokens, the windows and the targets: `return tokens, x, y`.",
            **where,
        )
        where["got"] = shown(got[0])
        require(
            isinstance(got[0], list | tuple | str | np.ndarray),
            "the tokens are not a list",
            "A set or a dictionary has no places that could be numbers: make a list.",
            **where,
        )
        tokens = [str(token) for token in got[0]]
        require(
            set(tokens) == set(text),
            "the tokens are not the characters of the text",
            "A token is a character that occurs in the text, in this one and no other.",
            **where,
        )
        require(
            len(set(tokens)) == len(tokens),
            "a token is there twice",
            "However often a character occurs in the text, it is one token.",
            **where,
        )
        require(
            tokens == sorted(tokens),
            "the order of the tokens is wrong",
            "The tokens are not in sorted order.",
            **where,
        )
        return tuple(got[1:])

    def only_the_last(text, length):
        x, y = cut(text, length)
        return x, y[:, -1]

    def no_target_for_the_last(text, length):
        return cut(text, length, spare=-1)[0], cut(text, length)[1]

    too_many = "There is a window too many: after the last one no character comes."
    compare(
        prepare,
        cut,
        [
            ("ba", 1),
            ("cab", 2),
            ("ba" * 4, 3),
            (random_text(rng, " .abcdé", 9), 4),
            (random_text(rng, "\n abcdefghijk", 60), int(rng.integers(5, 12))),
            (random_text(rng, "\n .abcdefghijklmnoprstuw", 500), 32),
        ],
        mistakes=[
            (
                "The targets are the windows themselves: the text has to be shifted by one.",
                lambda text, length: cut(text, length, ahead=0),
            ),
            (
                "The targets are shifted the wrong way: what comes *next* is to be predicted.",
                lambda text, length: cut(text, length, ahead=-1),
            ),
            (
                "Windows and targets are the other way round.",
                lambda text, length: cut(text, length)[::-1],
            ),
            (
                "One window is missing at the end: the last character of the text is a target too.",
                lambda text, length: cut(text, length, spare=1),
            ),
            (too_many, no_target_for_the_last),
            (too_many, lambda text, length: cut(text, length, spare=-1)),
            (
                "One target for each window is not enough: there is one at every step.",
                only_the_last,
            ),
            (
                "The windows lie side by side: the next one begins one character later.",
                lambda text, length: cut(text, length, step=length),
            ),
            (
                "The windows are one character too long: what comes after belongs to the targets.",
                lambda text, length: cut(text, length, longer=1),
            ),
            (
                "The numbers are not the places among the tokens.",
                lambda text, length: cut(text, length, number=ord),
            ),
            (
                "The axes are in the wrong order: a window is a row.",
                lambda text, length: tuple(part.T for part in cut(text, length)),
            ),
        ],
        hint="Take a text of four letters and length 2: two windows have a character after them. "
        "Write them down by hand, and their targets.",
        what="x and y",
    )


def bigram(ids, fresh, characters):
    """The oracle: counts in dictionaries."""
    ids = [int(k) for k in ids]
    pairs, firsts = Counter(pairwise(ids)), Counter(ids[:-1])
    surprises = [
        math.log(firsts[a] + characters) - math.log(pairs[a, b] + 1)
        for a, b in pairwise(int(k) for k in fresh)
    ]
    return math.fsum(surprises) / len(surprises)


def by_rows(counts):
    return (counts.T / counts.sum(1)).T


def another_bigram(share=by_rows, start=1, most=np.inf, change=lambda surprises: surprises.mean()):
    def answer(ids, fresh, characters):
        counts = np.zeros((characters, characters))
        for a, b in pairwise(ids):
            counts[a, b] = min(counts[a, b] + 1, most)
        with np.errstate(all="ignore"):
            p = share(counts + start)
            return float(change(np.array([-np.log(p[a, b]) for a, b in pairwise(fresh)])))

    return answer


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
)
def check_bigram(work, rng):
    def text(n, characters):  # of unequal characters, as in language
        return rng.choice(characters, n, p=rng.dirichlet(np.ones(characters)))

    def one_before(n, characters):  # a text with a memory of one character
        return np.cumsum(text(n, characters)) % characters

    compare(
        work.bigram_surprise,
        bigram,
        [
            (np.array([0, 1, 1]), np.array([0, 0]), 2),
            (np.array([1, 0, 1, 0, 1]), np.array([0, 1, 1]), 2),
            (np.array([2, 0, 2, 0, 0]), np.array([1, 0, 2, 2]), 3),  # 1 was never seen
            (one_before(40, 4), one_before(20, 4), 4),
            (one_before(600, 24), one_before(300, 24), 24),
        ],
        mistakes=[
            (
                "A nat belongs to the natural logarithm: this one has another base.",
                another_bigram(change=lambda surprises: surprises.mean() / math.log(2)),
            ),
            (
                "A nat belongs to the natural logarithm: this one has another base.",
                another_bigram(change=lambda surprises: surprises.mean() / math.log(10)),
            ),
            (
                "Surprise is never negative: it is *minus* the logarithm.",
                another_bigram(change=lambda surprises: -surprises.mean()),
            ),
            (
                "That is the sum of all surprises: nats *per character* are asked for.",
                another_bigram(change=np.sum),
            ),
            (
                "These are the chances of a *pair*. Given the character before, each row has the "
                "sum 1.",
                another_bigram(lambda counts: counts / counts.sum()),
            ),
            (
                "Now each *column* has the sum 1, so it says what came before, not what follows.",
                another_bigram(lambda counts: counts / counts.sum(0)),
            ),
            (
                "The character before makes no difference here: that is the unigram.",
                another_bigram(lambda counts: counts * 0 + counts.sum(0) / counts.sum()),
            ),
            (
                "A row divided by the sum of *another* row: keep the sums as a column.",
                another_bigram(lambda counts: counts / counts.sum(1)),
            ),
            (
                "Counts are no chances yet: each row has to be divided by its sum.",
                another_bigram(lambda counts: counts),
            ),
            (
                "The table is turned round: the row belongs to the character before.",
                another_bigram(lambda counts: by_rows(counts.T)),
            ),
            (
                "First the logarithm, then the mean. It isn't the same the other way round.",
                another_bigram(change=lambda surprises: -np.log(np.exp(-surprises).mean())),
            ),
            (
                "The first character of `fresh` doesn't count: divide by the number of pairs.",
                another_bigram(change=lambda surprises: surprises.sum() / (len(surprises) + 1)),
            ),
            (
                "Each pair was counted at most once, however often it comes.",
                another_bigram(most=1),
            ),
            (
                "A pair that never came is taken to be impossible: every count starts at 1.",
                another_bigram(start=0),
            ),
            (
                "The pairs are counted in the text that is measured. Count in `ids`.",
                lambda ids, fresh, characters: bigram(fresh, fresh, characters),
            ),
            (
                "It is measured on the text in which the pairs are counted. Measure on `fresh`.",
                lambda ids, fresh, characters: bigram(ids, ids, characters),
            ),
        ],
        hint="Do it by hand for two characters: write down the table after counting, then its rows "
        "divided by their sums.",
        tolerance=1e-6,
    )


def in_closed_form(log=math.log, sign=-1, equal=False, read=lambda again: again):
    """The oracle: a rule is used 1 / (1 − how often S comes again) times on average."""

    def costs(chances, n_chars, again):
        shares = [1 / len(chances)] * len(chances) if equal else chances
        uses = sum(p * read(k) for p, k in zip(shares, again, strict=True))
        uses = math.inf if uses == 1 else 1 / (1 - uses)
        surprise = math.fsum(sign * p * log(c) for p, c in zip(shares, chances, strict=True))
        own = math.fsum(p * n for p, n in zip(shares, n_chars, strict=True))
        return float(uses * surprise), float(uses * own)

    return costs


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
)
def check_costs(work, rng):
    def sentence_costs(*example):
        got = work.sentence_costs(*example)
        return tuple(got) if isinstance(got, np.ndarray) and got.shape == (2,) else got

    def any_grammar(rules):
        chances = rng.dirichlet(np.full(rules, 3.0))
        again = rng.integers(0, 4, rules)
        again[np.argmax(again)] = 2  # at least once, and more than one at a time
        while chances @ again > 0.7:  # else a sentence may have no end
            again[rng.choice(np.flatnonzero(again))] -= 1
        return chances, rng.integers(1, 20, rules), again

    compare(
        sentence_costs,
        in_closed_form(),
        [
            (np.array([1.0]), np.array([4]), np.array([0])),
            (np.array([0.25, 0.75]), np.array([2, 3]), np.array([0, 0])),
            (np.array([0.75, 0.25]), np.array([2, 3]), np.array([0, 1])),
            (np.array([0.5, 0.25, 0.25]), np.array([1, 4, 5]), np.array([0, 2, 0])),
            any_grammar(3),
            any_grammar(6),
        ],
        mistakes=[
            (
                "The sentences inside are left out: a rule also costs what its symbols cost.",
                in_closed_form(read=lambda again: 0),
            ),
            (
                "A rule that holds S twice costs two of it.",
                in_closed_form(read=lambda again: min(again, 1)),
            ),
            (
                "A nat belongs to the natural logarithm: this one has another base.",
                in_closed_form(log=math.log2),
            ),
            ("Surprise is never negative: it is *minus* the logarithm.", in_closed_form(sign=1)),
            (
                "The rules don't come equally often: weight each with its chance.",
                in_closed_form(equal=True),
            ),
            (
                "Surprise and characters are the other way round.",
                lambda *example: in_closed_form()(*example)[::-1],
            ),
            (
                "A function that calls itself for every S has no end here: go on from a guess, "
                "a fixed number of times.",
                "RecursionError",
            ),
        ],
        hint="Try it without any S on the right first: what do the rules cost on average, each "
        "with its chance? And if you put the right sides in again and again: often enough for the "
        "numbers to settle?",
        tolerance=1e-6,
    )


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


def heated(power=lambda tau: 1 / tau, scale=lambda row, rows: math.fsum(row)):
    """Return a function that does what `heat` should, element by element."""

    def heat(p, tau):
        rows = [[float(x) ** power(tau) for x in row] for row in p]
        return np.array([[x / scale(row, rows) for x in row] for row in rows])

    return heat


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
)
def check_heat(work, rng):
    def any_rows(batch, characters):
        return rng.dirichlet(np.ones(characters), batch)

    def by_columns(p, tau):
        powers = p ** (1 / tau)
        with np.errstate(all="ignore"):
            return powers / powers.sum(0)

    def softmax(p, tau):
        return np.exp(p / tau) / np.exp(p / tau).sum(1)[:, None]

    def other_rows(p, tau):
        powers = p ** (1 / tau)
        return powers / powers.sum(1)

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
    mistakes = [
        (
            "The rows no longer have the sum 1: the powers have to be scaled.",
            heated(scale=lambda row, rows: 1),
        ),
        (
            "Hot and cold are the other way round: the lower the temperature, the larger the "
            "power.",
            heated(power=lambda tau: tau),
        ),
        (
            "The power is the wrong way round (lower means larger), and the rows aren't scaled.",
            heated(power=lambda tau: tau, scale=lambda row, rows: 1),
        ),
        (
            "The sum is that of the whole array: *each row* gets the sum 1.",
            heated(scale=lambda row, rows: sum(map(sum, rows))),
        ),
        (
            "Now the largest of each row is 1: it is the *sum* that has to be.",
            heated(scale=lambda row, rows: max(row)),
        ),
        ("Now the columns have the sum 1: that is the wrong axis.", by_columns),
        ("A row divided by the sum of *another* row: keep the sums as a column.", other_rows),
        (
            "That is the softmax of p/temperature. It would be right for the *logarithms* of the "
            "probabilities.",
            softmax,
        ),
        (
            "Nothing changes with the temperature: is it a power? Mind the brackets, "
            "`p ** 1 / temperature` only divides, and scaling undoes that.",
            lambda p, tau: p,
        ),
        (
            "To divide by the temperature is no power. Mind the brackets, too: "
            "`p ** 1 / temperature` only divides.",
            lambda p, tau: p / tau,
        ),
    ]
    by_hand = "By hand: 0.25 and 0.75 at temperature ½ are squared, then scaled."
    for examples in (square, others):  # with square arrays a wrong axis raises nothing
        compare(work.heat, heated(), examples, mistakes, by_hand, tolerance=1e-6)


def by_chance(p, u):
    reached = 0.0
    for k, share in enumerate(p[:-1]):
        reached += share
        if u < reached:
            return k
    return len(p) - 1


def the_slow_way(read=lambda seed, written: seed + written, pick=by_chance):
    """The oracle: for each character, read everything again from the state 0."""

    def write(seed_ids, random_numbers, after, chances):
        written = []
        for u in random_numbers:
            now = 0
            for k in read(seed_ids.tolist(), written):
                now = after[now][k]
            written.append(pick(chances[now], u))
        return np.array(written)

    return write


def in_one_go(seed_ids, random_numbers, after, chances):
    """The same for long texts."""
    after, chances, now, written = after.tolist(), chances.tolist(), 0, []
    for k in seed_ids:
        now = after[now][k]
    for u in random_numbers.tolist():
        written.append(by_chance(chances[now], u))
        now = after[now][written[-1]]
    return np.array(written)


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
)
def check_write(work, rng):
    def tables(states, characters):
        """Any network of this kind; it never forgets by chance in which state it was."""
        after = np.array([rng.permutation(states) for _ in range(characters)]).T
        likely = rng.dirichlet(np.full(characters, 0.7), states)
        return after, np.array([rng.multinomial(20, p) / 20 for p in likely])

    def example(states, characters, n, m):
        seed_ids = rng.integers(0, characters, n)
        random_numbers = (rng.integers(0, 1000, m) + 0.5) / 1000  # short, and never on a border
        return seed_ids, random_numbers, *tables(states, characters)

    compare(
        work.write,
        the_slow_way(),
        [
            example(2, 2, 1, 1),
            example(2, 2, 1, 4),
            example(3, 2, 3, 5),
            example(7, 4, 5, 20),
            example(50, 8, 12, 40),
            example(50, 24, 1, 200),
        ],
        mistakes=[
            (
                "The state is not carried on: each step begins in the same state. `step` returns "
                "a new one.",
                the_slow_way(lambda seed, written: (seed + written)[-1:]),
            ),
            (
                "While you write, the state stays what it was after the seed text: carry it on.",
                the_slow_way(lambda seed, written: seed + written[-1:]),
            ),
            (
                "After the seed text the state begins anew, so all that was read is forgotten.",
                the_slow_way(lambda seed, written: written or seed),
            ),
            (
                "Of the seed text only the last character counts: carry the state while you read.",
                the_slow_way(lambda seed, written: seed[-1:] + written),
            ),
            (
                "The seed text is not read, or the state after it is not kept.",
                the_slow_way(lambda seed, written: written),
            ),
            (
                "The last character of the seed text is read twice.",
                the_slow_way(lambda seed, written: seed + seed[-1:] + written),
            ),
            (
                "All characters are drawn from the same probabilities. The network has to read "
                "what it wrote, and what it answers is the next p.",
                the_slow_way(lambda seed, written: seed),
            ),
            (
                "The likeliest character is taken each time: draw it.",
                the_slow_way(pick=lambda p, u: int(np.argmax(p))),
            ),
            (
                "The seed text stands in front of the answer: return only what was written.",
                lambda seed, *more: np.append(seed, the_slow_way()(seed, *more)),
            ),
        ],
        hint="Follow one character: it is drawn once, appended once and read once, and the state "
        "goes from each step to the next.",
    )
    compare(
        work.write,
        in_one_go,
        [example(20, 5, 3, 20_000)],
        mistakes=[
            (
                "Short texts are right, a long one takes for ever: the text so far must not be "
                "read again for each character. One step is enough.",
                "TimeLimit",
            )
        ],
        hint="Short texts are right, but not this long one.",
    )


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
