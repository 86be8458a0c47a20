"""The checks of exercise 06."""

from math import ceil, log10

import numpy as np

from homework.checks import Failed, Tasks, compare, require, shown

tasks = Tasks()

SYMBOLS = "0123456789+ "


class Listed:
    """A function whose arrays of texts, if it returns any, become lists."""

    def __init__(self, function):
        self.function, self.name = function, function.name

    def __call__(self, *arguments):
        return listed(self.function(*arguments))


def listed(value):
    if isinstance(value, tuple | list):
        return type(value)(map(listed, value))
    return value.tolist() if isinstance(value, np.ndarray) and value.dtype.kind == "U" else value


def array(value):
    """Return an array, without axes if the rows have different lengths."""
    try:
        return np.asarray(value)
    except ValueError:
        return np.zeros(())


def numbers(value, shape, what, where):
    """Return an array of this shape, or say what it is instead."""
    found = array(value)
    require(
        found.shape == shape and found.dtype.kind in "biuf",
        f"the {what} should have the shape {shape}",
        f"Print the {what} and count: how many rows are there, how many numbers in each?",
        got=shown(value),
        **where,
    )
    return found


@tasks.check(
    "06.1",
    "Step 1: random sums",
    points=2,
    minutes=5,
    withheld=["addition.random_sum_pairs"],
    hints=[
        "`randint(1, 6)` throws a die. You need a list of such numbers, a new throw for each.",
        "A list with one entry for each k of a range: `[… for k in range(n)]`.",
    ],
)
def check_random_sum_pairs(work, rng):
    for n_examples, n_numbers, largest in [(2, 3, 10), (500, 2, 3), (500, 4, 12), (1, 1, 1)]:
        where = {"example": f"random_sum_pairs({n_examples}, {n_numbers}, {largest})"}
        try:
            pair = work.random_sum_pairs(n_examples, n_numbers, largest)
        except Failed as failure:
            if failure.error == "TypeError":
                failure.hint = "`terms` should be a *list* of n_numbers whole numbers."
            raise
        require(
            isinstance(pair, tuple | list) and len(pair) == 2,
            "it should return terms and sums",
            "Leave the line `return X, y` as it is.",
            got=shown(pair),
            **where,
        )
        terms = numbers(pair[0], (n_examples, n_numbers), "terms", where)
        totals = numbers(pair[1], (n_examples,), "sums", where)
        require(
            (terms == np.rint(terms)).all(),
            "there are terms that are not whole numbers",
            "`randint` draws whole numbers.",
            got=shown(terms),
            **where,
        )
        require(
            terms.dtype.kind != "f",
            "the terms are numbers with a decimal point",
            "Terms are whole numbers: 3, not 3.0.",
            got=shown(pair[0]),
            **where,
        )
        require(
            terms.min() >= 1,
            f"there are terms below 1: {terms.min()}",
            "The smallest term is 1, so the draw begins at 1.",
            **where,
        )
        require(
            terms.max() <= largest,
            f"there are terms above {largest}: {terms.max()}",
            "`largest` is the largest term. Does your function include the upper end, or not?",
            **where,
        )
        require(
            (totals == np.array([sum(row) for row in terms.tolist()])).all(),
            "the sums aren't those of the terms",
            "Leave the lines below yours as they are.",
            got=shown(pair),
            **where,
        )
        if n_examples < 100:
            continue
        require(
            (terms != terms[:, :1]).any(),
            "all terms of an example are the same number",
            "It was drawn once and repeated. Draw again for each term.",
            got=shown(terms[:5].tolist()),
            **where,
        )
        require(
            (terms != terms[0]).any(),
            "all examples have the same terms",
            "Draw inside of the loop, anew for each example; and no `seed` there.",
            got=shown(terms[:5].tolist()),
            **where,
        )
        require(
            (terms[:, 0] == terms[:, 1]).any(),
            "no example has the same number twice",
            "Your draw never repeats a number within an example, but 5+5 is a sum like any other.",
            **where,
        )
        missing = sorted(set(range(1, largest + 1)) - set(terms.ravel().tolist()))
        require(
            largest not in missing,
            f"{largest} never came up, in {n_examples} examples",
            "`largest` can be drawn, too. Does your function include the upper end?",
            **where,
        )
        shares = [float((terms == value).mean()) * largest for value in range(1, largest + 1)]
        require(
            not missing and 0.5 < min(shares) and max(shares) < 1.5,
            "some terms come up far too rarely or too often",
            "All numbers from 1 to `largest` should be equally likely.",
            **where,
        )


tasks.predict(
    "06.2",
    "which sums come up how often?",
    ["flat", "a triangle", "a bell", "two peaks"],
    minutes=4,
    hints=[
        "In how many ways can two terms make 2? Make 3? Make 11? Make 20?",
        "Each sum has one way more than the sum before, up to the middle.",
    ],
)


@tasks.check(
    "06.3",
    "Step 2: text of one length",
    points=3,
    minutes=8,
    withheld=[
        "addition.to_string",
        "addition.question_length",
        "addition.answer_length",
        "addition.Problem.encode",
    ],
    hints=[
        "Write down the longest question of three terms up to 250. How many digits, how many "
        "pluses? And what is the largest answer?",
        '`"+".join(…)` puts pluses between texts, `text.rjust(8)` fills a text up to 8 characters.',
        "`len(str(largest))` is the number of digits of one long term; the largest sum is "
        "`n_numbers * largest`.",
    ],
)
def check_to_string(work, rng):
    def written(
        question_width=None, answer_width=None, fill=" ", side=str.rjust, join="+", term="{}"
    ):
        def to_string(X, y, n, top):
            digits = len(f"{top}")
            questions = [join.join(term.format(k, digits) for k in row) for row in X]
            answers = list(map(str, y))
            wide = question_width(X, n, top) if question_width else n * digits + n - 1
            wide_answer = answer_width(y, n, top) if answer_width else len(f"{n * top}")
            return (
                [side(text, wide, fill) for text in questions],
                [side(text, wide_answer, fill) for text in answers],
            )

        return to_string

    def longest_there(X, n, top):
        return max(len("+".join(map(str, row))) for row in X)

    def no_plus_one(X, n, top):
        return n * ceil(log10(top)) + n - 1

    def often_seen(y, n, top):
        return ceil(log10(n * (top + 1)))

    def logarithm(y, n, top):
        return ceil(log10(n * top))

    not_the_sum = [
        lambda y, n, top: n * len(f"{top}") + n - 1,
        lambda y, n, top: n * len(f"{top}"),
        lambda y, n, top: len(f"{top}") + 1,
    ]

    examples = [([[3, 4]], [7], 2, 9)]
    for n, top in [(2, 10), (1, 10), (3, 33), (2, 49), (3, 100), (5, 2), (4, 250), (6, 12345)]:
        rows = rng.integers(1, top + 1, (4, n)).tolist()
        rows += [[1] * n, [top] * n]
        examples += [([rows[-2]], [n], n, top), (rows, list(map(sum, rows)), n, top)]
    batch = (
        "The lengths depend on what is possible, not on what is in this batch: the next batch "
        "must fit beside it."
    )
    formula = (
        "The answers have a character too many for some parameters. How many digits has the "
        "largest *sum*? The formula that is often seen adds 1 to `largest` first."
    )
    exact = "How many digits has 10? log10(10) is exactly 1."
    from_math = (
        "`ceil` and `log10` come from `math`, which this notebook doesn't import; `len(str(…))` "
        "needs neither."
    )
    by_message = {
        "name 'ceil'": from_math,
        "name 'log10'": from_math,
        "name 'math'": from_math,
        "has no len": "A number has no `len`: turn it into text first, `str(…)`.",
        "expected str": "`join` wants texts: turn each number into one with `str`.",
        "concatenate str": "A text and a number don't add: turn each number into a text, `str(…)`.",
    }
    try:
        compare(
            Listed(work.to_string),
            written(),
            examples,
            mistakes=[
                (formula, written(answer_width=often_seen)),
                (
                    "Fill up on the left: the last digits belong at the right edge.",
                    written(side=str.ljust),
                ),
                (batch, written(longest_there, lambda y, n, top: max(len(f"{k}") for k in y))),
                (batch, written(longest_there)),
                (
                    "The pluses between the terms are characters, too: they count for the length.",
                    written(lambda X, n, top: n * len(f"{top}")),
                ),
                (
                    "One plus too many is counted: they stand *between* terms.",
                    written(lambda X, n, top: n * len(f"{top}") + n),
                ),
                (exact, written(no_plus_one)),
                (exact, written(no_plus_one, logarithm)),
                (exact, written(no_plus_one, often_seen)),
                (exact, written(None, logarithm)),
                (
                    "The answers can be longer than a term: count the digits of the largest sum.",
                    written(answer_width=lambda y, n, top: len(f"{top}")),
                ),
                *[
                    ("Count the digits of the largest *sum*.", written(answer_width=width))
                    for width in not_the_sum
                ],
                ("Fill up the whole question, not each term.", written(term="{:>{}}")),
                ("Fill up the whole question, not each term.", written(term="{:<{}}")),
                (
                    "The questions aren't filled up: all must have one length.",
                    written(lambda X, n, top: 0),
                ),
                (
                    "The answers aren't filled up: all must have one length.",
                    written(answer_width=lambda y, n, top: 0),
                ),
                (
                    "Nothing is filled up yet: all questions must have one length, answers too.",
                    written(lambda X, n, top: 0, lambda y, n, top: 0),
                ),
                ("Fill up with spaces, not with zeros.", written(fill="0")),
                ("Fill up with spaces, not with zeros.", written(fill="0", term="{:0>{}}")),
                ("Fill up with spaces, not with zeros.", written(term="{:0>{}}")),
                ("No spaces around the plus signs.", written(join=" + ")),
            ],
            hint="Two lists of texts are expected. Print the length of each text and compare it "
            "with what is possible at most; and look at which side the spaces stand.",
        )
    except Failed as failure:  # in words instead of parts
        for part, name in (("part 0: part", "question"), ("part 1: part", "answer")):
            failure.what = failure.what.replace(part, name)
        for words_in_it, hint in by_message.items():
            if failure.error and words_in_it in failure.what:
                failure.hint = hint
        raise


@tasks.check(
    "06.4",
    "Steps 3 and 4: from text to one-hot vectors",
    points=3,
    minutes=8,
    withheld=[
        "addition.integer_encode",
        "addition.one_hot_encode",
        "addition._codes",
        "addition._one_hot",
    ],
    hints=[
        "Step 3 first: a dictionary from symbol to place, made with `enumerate(alphabet)`.",
        "Start with an array of zeros of the final shape; then put in a 1 for each character.",
        "Two loops, over the texts and over the characters of a text, both with `enumerate`: they "
        "give you the first two places of the 1.",
    ],
)
def check_encode(work, rng):
    def places(texts, symbols):
        return np.array([[symbols.index(char) for char in text] for text in texts])

    def one_hot(codes, size):
        return (codes[..., None] == np.arange(size)).astype(int)

    def oracle(texts, symbols):
        return one_hot(places(texts, symbols), len(symbols))

    def moved(texts, symbols, size=0):
        codes, size = places(texts, symbols) + 1, len(symbols) + size
        if codes.max() >= size:
            raise IndexError
        return one_hot(codes, size)

    def own(collect, own_size, error):
        def encode(texts, symbols):
            kept = collect(texts)
            if not set("".join(texts)) <= set(kept):
                raise error
            return one_hot(places(texts, kept), len(kept if own_size else symbols))

        return encode

    collected = [
        lambda texts: sorted(set(texts)),
        lambda texts: list(set(texts)),
        lambda texts: sorted(set("".join(texts))),
        lambda texts: list(set("".join(texts))),
        lambda texts: list(dict.fromkeys("".join(texts))),
    ]
    owned = [
        (
            "Use the `alphabet` that is given, not the symbols that happen to occur.",
            own(collect, own_size, error),
        )
        for collect in collected
        for own_size in (True, False)
        for error in (KeyError, ValueError)
    ]
    from_0 = "Places count from 0."
    given = (
        "The places are those of the alphabet that is *given*; it can have any order, and fewer "
        "symbols."
    )

    only_first = "Only the first text is encoded; there are n of them."

    def drawn(symbols, n, length):
        return ["".join(rng.choice(symbols, length)) for _ in range(n)]

    def shuffled(symbols):
        return [str(symbol) for symbol in rng.permutation(list(symbols))]

    examples = [(["+", "1"], ["1", "+", " "]), (["10"], list("01+ ")), ([" 1", "+0"], list(" +10"))]
    for symbols, n, length in [
        (SYMBOLS, 2, 8),
        (shuffled(SYMBOLS), 5, 3),
        (shuffled(SYMBOLS), 30, 11),
    ]:
        examples.append((drawn(list(symbols), n, length), list(symbols)))
    try:
        compare(
            work.encode,
            oracle,
            examples,
            mistakes=[
                (
                    "These are the places (step 3). Step 4 makes a vector of each.",
                    places,
                ),
                *owned,
                (from_0, moved),
                (from_0, lambda texts, symbols: moved(texts, symbols, 1)),
                (from_0, lambda texts, symbols: one_hot(places(texts, symbols) + 1, len(symbols))),
                (from_0, lambda texts, symbols: one_hot(places(texts, symbols) - 1, len(symbols))),
                (from_0, lambda texts, symbols: np.roll(oracle(texts, symbols), -1, axis=2)),
                (
                    "Put in a 1, at the place; not the place itself.",
                    lambda texts, symbols: oracle(texts, symbols) * np.arange(len(symbols)),
                ),
                (
                    "The vectors have one entry too few: every symbol of the alphabet has a place, "
                    "even one that never comes up on this side.",
                    lambda texts, symbols: oracle(texts, symbols)[..., :-1],
                ),
                (
                    "The vectors should have the length of the alphabet, whichever "
                    "symbols come up.",
                    lambda texts, symbols: one_hot(
                        places(texts, symbols), places(texts, symbols).max() + 1
                    ),
                ),
                (
                    "A place lies outside of its vector. Places count in the alphabet that is "
                    "given, "
                    "and the vector has one entry for each of its symbols.",
                    "IndexError",
                ),
                (given, lambda texts, symbols: oracle(texts, sorted(symbols))),
                (given, lambda texts, symbols: one_hot(places(texts, list(SYMBOLS)), 12)),
                (given, lambda texts, symbols: one_hot(places(texts, symbols), 12)),
                (given, lambda texts, symbols: one_hot(places(texts, list(SYMBOLS)), len(symbols))),
                (
                    "Time and symbols are the other way round: one *row* for each character.",
                    lambda texts, symbols: oracle(texts, symbols).transpose(0, 2, 1),
                ),
                (only_first, lambda texts, symbols: oracle(texts[:1], symbols)),
                (only_first, lambda texts, symbols: oracle(texts, symbols)[0]),
                (
                    "All characters of a text have got the same vector. `[[0] * k] * length` is "
                    "*one* "
                    "list of zeros, named several times.",
                    lambda texts, symbols: np.repeat(
                        oracle(texts, symbols).max(axis=1, keepdims=True), len(texts[0]), axis=1
                    ),
                ),
                (
                    "Each vector has a 1 at every place: say at which of the k it stands.",
                    lambda texts, symbols: np.ones_like(oracle(texts, symbols)),
                ),
                (
                    "The dictionary should lead from a symbol to its place, not the other "
                    "way round.",
                    "KeyError",
                ),
                (
                    "`int` can't read a plus or a space, and `index` finds only what is there. "
                    "Where "
                    "does each character stand in the alphabet that is given?",
                    "ValueError",
                ),
            ],
            hint="Look at one character: at which place of the alphabet does it stand, and where "
            "is "
            "the 1 in its vector?",
        )
    except Failed as failure:
        if failure.what == "the shape is (2, 3), not (2, 1, 3)":
            failure.hint = "The axis for the characters is missing: (n, length, k)."
        raise


@tasks.check(
    "06.5",
    "Step 5: mend a pipeline",
    points=3,
    minutes=7,
    withheld=["addition.generate_data", "addition.Problem.encode"],
    uses=[
        "addition.random_sum_pairs",
        "addition.to_string",
        "addition.question_length",
        "addition.answer_length",
        "addition.integer_encode",
        "addition.one_hot_encode",
        "addition._codes",
        "addition._one_hot",
    ],
    hints=[
        "Call the faulty function twice, then with one sample and `largest=1000`, then with an "
        "alphabet of 14 symbols. What should come out, what does?",
        "Look for three arguments that should not be what they are: one for each step but the "
        "third.",
        "A seed that never changes; the largest term that *happened* to be drawn; a 12 that is "
        "true for one alphabet only.",
    ],
)
def check_generate_data(work, rng):
    plain, more = list(SYMBOLS), [*SYMBOLS, "-", "*"]
    shuffled = [str(symbol) for symbol in rng.permutation(more)]
    for n, n_numbers, largest, symbols in [
        (1, 1, 1, plain),
        (5, 3, 10, plain),
        (5, 3, 10, more),
        *[(1, 2, 1000, plain)] * 3,
        (5, 3, 1000, plain),
        (300, 4, 12, shuffled),
    ]:
        where = {"example": f"generate_data({n}, {n_numbers}, {largest}, {''.join(symbols)!r})"}
        pair = work.generate_data(n, n_numbers, largest, symbols)
        require(
            isinstance(pair, tuple | list) and len(pair) == 2,
            "it should return questions and answers",
            "Two arrays are expected; leave the line `return X, y` as it is.",
            got=shown(pair),
            **where,
        )
        texts = []
        lengths = n_numbers * len(f"{largest}") + n_numbers - 1, len(f"{n_numbers * largest}")
        for side, value, length in zip(("questions", "answers"), pair, lengths, strict=True):
            vectors = array(value)
            wanted, shape = (n, length, len(symbols)), vectors.shape
            hint = "Print the shape after each step. Is each called with what the one before gave?"
            if len(shape) == 3 and shape[2] != wanted[2]:
                hint = "The last axis has as many places as the alphabet has symbols. *This* one."
            elif len(shape) == 3 and shape[1] != length:
                hint = "The length follows from what *can* be drawn, not from what was drawn."
            require(
                shape == wanted,
                f"the {side} have the shape {shape}, not {wanted}",
                hint,
                **where,
            )
            require(
                vectors.dtype.kind in "biuf"
                and np.isin(vectors, (0, 1)).all()
                and (vectors.sum(axis=2) == 1).all(),
                f"the {side} aren't one-hot vectors",
                "Step 4 is the last: each vector has a single 1.",
                **where,
            )
            spots = np.argwhere(vectors)[:, 2].reshape(n, length)
            texts.append(["".join(symbols[k] for k in row) for row in spots])
        for question, answer in zip(*texts, strict=True):
            summands = question.split("+")
            right = len(summands) == n_numbers and all(s.strip().isdigit() for s in summands)
            require(
                right and answer.strip() == str(sum(map(int, summands))),
                f"read back with the alphabet, it says {question!r} = {answer!r}",
                "Are all steps there, in their order, with the alphabet that is given?",
                **where,
            )
    calls = 50
    sets = {
        array(work.generate_data(5, 3, 1000, plain)[0]).astype(float).tobytes()
        for _ in range(calls)
    }
    called = {"example": f"generate_data(5, 3, 1000, {SYMBOLS!r}), {calls} times"}
    require(
        len(sets) > 1,
        "each call gives the same samples",
        "A training would see them again and again. What makes the draw always start at the same "
        "place?",
        **called,
    )
    require(
        len(sets) == calls,
        f"{calls} calls give only {len(sets)} different sets of samples",
        "With a few seeds the draw can start at a few places only. What is a seed for?",
        **called,
    )
    drawn = {int(part) for question in texts[0] for part in question.split("+")}
    require(
        drawn == set(range(1, largest + 1)),
        f"in {n} samples the terms were only {shown(sorted(drawn))}",
        f"All terms from 1 to `largest`, here {largest}, should come up.",
        **where,
    )


@tasks.check(
    "06.6",
    "Step 6: back to text, many at once",
    points=2,
    minutes=6,
    withheld=["addition.invert"],
    hints=[
        "The lesson's `invert` reads one text. Here the same has to happen for each of n.",
        "`np.argmax(vector)` is the place of the largest of k numbers. Which symbol stands there?",
        '`"".join(…)` puts the symbols of one text together. Around that goes a list over all n.',
    ],
)
def check_invert(work, rng):
    def unsure(symbols, n, length):
        codes = rng.integers(0, len(symbols), (n, length))
        chances = rng.uniform(0.6, 1, (n, length, len(symbols)))
        np.put_along_axis(chances, codes[..., None], 1.3, axis=2)
        return np.round(chances / chances.sum(axis=2, keepdims=True), 2), symbols

    def read(pick, symbols_of=lambda symbols: symbols, join="".join):
        def invert(seqs, symbols):
            kept = symbols_of(symbols)
            return [join(kept[pick(vector)] for vector in seq.tolist()) for seq in seqs]

        return invert

    def most(vector):
        return vector.index(max(vector))

    four = [str(symbol) for symbol in rng.permutation(list("01+ "))]
    shuffled = [str(symbol) for symbol in rng.permutation(list(SYMBOLS))]
    examples = [unsure(four, 1, 2), unsure(four, 2, 3), unsure(shuffled, 3, 8)]
    spaces = np.zeros((2, 3, 12)) + np.eye(12)[[11, 11, 7]]
    examples += [(spaces, list(SYMBOLS)), unsure(shuffled, 50, 5)]
    flat = (
        "`argmax` of a whole text counts through all its numbers: go through the texts first, "
        "then the characters."
    )
    no_axis = "Without `axis=-1`, `argmax` gives one place for all."
    too_early = "Only the first text came back: `return` stands inside the loop."
    by_message = {
        "slices, not numpy.float": "`max` gives the probability itself. You need its *place*.",
        "slices, not float": "`max` gives the probability itself. You need its *place*.",
        "numpy.int64' object is not iterable": no_axis,
        "only integer scalar arrays": "`alphabet` is a list: it takes one place at a time, not an "
        "array of them.",
    }
    try:
        compare(
            Listed(work.invert_all),
            read(most),
            examples,
            mistakes=[
                (
                    "A probability is hardly ever 1, or above ½: look for the largest of the k.",
                    read(lambda vector: most([p > 0.5 for p in vector])),
                ),
                (
                    "A probability is hardly ever exactly 1: look for the largest of the k.",
                    "ValueError",
                ),
                (
                    "These are the places. The alphabet says which symbols stand there.",
                    read(most, lambda symbols: [str(k) for k in range(len(symbols))]),
                ),
                (
                    "These are the places. The alphabet says which symbols stand there.",
                    lambda seqs, symbols: seqs.argmax(axis=2),
                ),
                (
                    "The symbols of a text are still single: join them.",
                    read(most, join=list),
                ),
                (flat, lambda seqs, symbols: "".join(symbols[seq.argmax()] for seq in seqs)),
                (flat, lambda seqs, symbols: [symbols[seq.argmax()] for seq in seqs]),
                (flat, lambda seqs, symbols: [symbols[s.argmax()] * len(s) for s in seqs]),
                (no_axis, lambda seqs, symbols: symbols[seqs.argmax()]),
                (no_axis, lambda seqs, symbols: [symbols[seqs.argmax()]]),
                (no_axis, lambda seqs, symbols: seqs.argmax()),
                (too_early, lambda seqs, symbols: read(most)(seqs, symbols)[0]),
                (too_early, lambda seqs, symbols: read(most)(seqs, symbols)[:1]),
                (
                    "Only the last text came out: does it join the list inside of the outer loop?",
                    lambda seqs, symbols: read(most)(seqs, symbols)[-1:],
                ),
                (
                    "Each text still has those before it in front: begin each with an empty one.",
                    lambda seqs, symbols: [
                        "".join(read(most)(seqs[: k + 1], symbols)) for k in range(len(seqs))
                    ],
                ),
                (
                    "Nothing goes between the symbols: join them with an empty text.",
                    read(most, join=" ".join),
                ),
                *[
                    (
                        "Return a list of texts, not one text.",
                        lambda seqs, symbols, glue=glue: glue.join(read(most)(seqs, symbols)),
                    )
                    for glue in ("", " ", ", ", "\n")
                ],
                (
                    "The largest is looked for along time. Each *character* has k probabilities, "
                    "on "
                    "the last axis.",
                    lambda seqs, symbols: [
                        "".join(symbols[k] for k in column) for column in seqs.argmax(axis=1)
                    ],
                ),
                (
                    "The spaces belong to the text: keep them.",
                    lambda seqs, symbols: [text.strip() for text in read(most)(seqs, symbols)],
                ),
                (
                    "The symbols are those of the alphabet that is *given*; it can have any order.",
                    read(most, lambda symbols: list(SYMBOLS)),
                ),
                (
                    "The *least* probable symbols came out.",
                    read(lambda vector: vector.index(min(vector))),
                ),
            ],
            hint="Take one character: which of its k probabilities is the largest, and which "
            "symbol "
            "of the alphabet stands at that place?",
        )
    except Failed as failure:
        for words_in_it, hint in by_message.items():
            if failure.error == "TypeError" and words_in_it in failure.what:
                failure.hint = hint
        raise


tasks.words(
    "06.7",
    "One vector for the whole question",
    points=2,
    minutes=7,
    hints=[
        "Section 1 of the lesson gives the shapes, batch first.",
        "Count: how many numbers describe a question after the encoder, for 8 characters, for 200?",
    ],
)
