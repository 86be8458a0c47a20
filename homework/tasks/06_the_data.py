"""The checks of exercise 06: from random sums to one-hot vectors, and back to text."""

from collections.abc import Callable, Iterable
from itertools import product
from math import ceil, log10
from typing import Any, NamedTuple

import numpy as np

from homework.checks import Listed, Mistake, Tasks, compare, explaining, mistake, require
from homework.describing import call_text, shown

tasks = Tasks()

SYMBOLS = "0123456789+ "


def array(value: Any) -> np.ndarray:
    """Return an array, without axes if the rows have different lengths."""
    try:
        return np.asarray(value)
    except ValueError:
        return np.zeros(())


def shuffled(symbols: Iterable[str], rng: np.random.Generator) -> list[str]:
    return [str(symbol) for symbol in rng.permutation(list(symbols))]


def longest_question(n: int, top: int) -> int:
    return len("+".join([f"{top}"] * n))


def longest_answer(n: int, top: int) -> int:
    return len(f"{sum([top] * n)}")


# Random sums -----------------------------------------------------------------------------------

SUMS = {
    "no list": mistake(
        "`terms` should be a *list* of n_numbers whole numbers.", raises="TypeError"
    ),
    **{
        f"{side} of another shape": mistake(
            f"Print the {side} and count: how many rows are there, how many numbers in each?"
        )
        for side in ("terms", "sums")
    },
    "not whole": mistake("`randint` draws whole numbers."),
    "with a decimal point": mistake("Terms are whole numbers: 3, not 3.0."),
    "from 0": mistake("The smallest term is 1, so the draw begins at 1."),
    "above the largest": mistake(
        "`largest` is the largest term. Does your function include the upper end, or not?"
    ),
    "drawn once": mistake("It was drawn once and repeated. Draw again for each term."),
    "drawn before the loop": mistake(
        "Draw inside of the loop, anew for each example; and no `seed` there."
    ),
    "never twice": mistake(
        "Your draw never repeats a number within an example, but 5+5 is a sum like any other."
    ),
    "largest left out": mistake(
        "`largest` can be drawn, too. Does your function include the upper end?"
    ),
    "unequal chances": mistake("All numbers from 1 to `largest` should be equally likely."),
}


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
    mistakes=SUMS,
)
def check_random_sum_pairs(work: Any, rng: np.random.Generator) -> None:
    for n_examples, n_numbers, largest in [(2, 3, 10), (500, 2, 3), (500, 4, 12), (1, 1, 1)]:
        where = f"random_sum_pairs({n_examples}, {n_numbers}, {largest})"
        with explaining(SUMS["no list"]):
            pair = work.random_sum_pairs(n_examples, n_numbers, largest)
        require(
            isinstance(pair, tuple | list) and len(pair) == 2,
            "it should return terms and sums",
            "Leave the line `return X, y` as it is.",
            got=shown(pair),
            example=where,
        )
        terms = require_numbers(pair[0], (n_examples, n_numbers), "terms", where)
        totals = require_numbers(pair[1], (n_examples,), "sums", where)
        require_whole_numbers(pair[0], terms, where)
        require_range(terms, largest, where)
        require(
            (totals == [sum(row) for row in terms.tolist()]).all(),
            "the sums aren't those of the terms",
            "Leave the lines below yours as they are.",
            got=shown(pair),
            example=where,
        )
        if n_examples > 100:
            require_new_draws(terms, where)
            require_equal_chances(terms, largest, where)


def require_numbers(value: Any, shape: tuple[int, ...], side: str, where: str) -> np.ndarray:
    """Require numbers in this shape, and return them as an array."""
    found = array(value)
    require(
        found.shape == shape and found.dtype.kind in "biuf",
        f"the {side} should have the shape {shape}",
        SUMS[f"{side} of another shape"],
        got=shown(value),
        example=where,
    )
    return found


def require_whole_numbers(given: Any, terms: np.ndarray, where: str) -> None:
    """Require terms without a decimal point, also as they were given."""
    whole = (terms == np.rint(terms)).all()
    what = "there are terms that are not whole numbers"
    require(whole, what, SUMS["not whole"], got=shown(terms), example=where)
    what = "the terms are numbers with a decimal point"
    decimal = SUMS["with a decimal point"]
    require(terms.dtype.kind != "f", what, decimal, got=shown(given), example=where)


def require_range(terms: np.ndarray, largest: int, where: str) -> None:
    """Require terms from 1 to the largest."""
    what = f"there are terms below 1: {terms.min()}"
    require(terms.min() >= 1, what, SUMS["from 0"], example=where)
    what = f"there are terms above {largest}: {terms.max()}"
    require(terms.max() <= largest, what, SUMS["above the largest"], example=where)


def require_new_draws(terms: np.ndarray, where: str) -> None:
    """Require that each term of each example is drawn anew."""
    few = shown(terms[:5].tolist())
    what = "all terms of an example are the same number"
    require((terms != terms[:, :1]).any(), what, SUMS["drawn once"], got=few, example=where)
    what = "all examples have the same terms"
    require((terms != terms[0]).any(), what, SUMS["drawn before the loop"], got=few, example=where)
    what = "no example has the same number twice"
    require((terms[:, 0] == terms[:, 1]).any(), what, SUMS["never twice"], example=where)


def require_equal_chances(terms: np.ndarray, largest: int, where: str) -> None:
    """Require that all numbers come up, each about equally often."""
    what = f"{largest} never came up, in {len(terms)} examples"
    require((terms == largest).any(), what, SUMS["largest left out"], example=where)
    shares = [(terms == value).mean() * largest for value in range(1, largest + 1)]
    fair = 0.5 < min(shares) and max(shares) < 1.5
    what = "some terms come up far too rarely or too often"
    require(fair, what, SUMS["unequal chances"], example=where)


# Predict ---------------------------------------------------------------------------------------

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


# Text of one length ----------------------------------------------------------------------------

Length = Callable[[list[str], int, int], int]  # from the texts, number of terms and largest term


def written(
    question_length: Length = lambda texts, n, top: longest_question(n, top),
    answer_length: Length = lambda texts, n, top: longest_answer(n, top),
    fill: str = " ",
    side: Callable[[str, int, str], str] = str.rjust,
    plus: str = "+",
    term: str = "{}",
) -> Callable[..., tuple[list[str], list[str]]]:
    """Return a function that writes questions and answers, by default in the right way.

    Args:
        question_length, answer_length: to which texts are filled up.
        fill: with what.
        side: on which side.
        plus: what stands between terms.
        term: the format of a term, from its number and the digits of the largest.
    """

    def filled(texts: list[str], length: int) -> list[str]:
        return [side(text, length, fill) for text in texts]

    def to_string(X: list, y: list, n: int, top: int) -> tuple[list[str], list[str]]:
        digits = len(f"{top}")
        questions = [plus.join(term.format(number, digits) for number in row) for row in X]
        answers = [f"{total}" for total in y]
        return (
            filled(questions, question_length(questions, n, top)),
            filled(answers, answer_length(answers, n, top)),
        )

    return to_string


def longest_there(texts: list[str], n: int, top: int) -> int:
    return max(map(len, texts))


def without_pluses(texts: list[str], n: int, top: int) -> int:
    return longest_question(n, top) - (n - 1)


def with_logarithm(texts: list[str], n: int, top: int) -> int:
    return n * ceil(log10(top)) + n - 1


def logarithm(texts: list[str], n: int, top: int) -> int:
    return ceil(log10(n * top))


def logarithm_often_seen(texts: list[str], n: int, top: int) -> int:
    return ceil(log10(n * (top + 1)))


def not_filled(texts: list[str], n: int, top: int) -> int:
    return 0


TEXT = {
    **{
        f"{name} not imported": mistake(
            "`ceil` and `log10` come from `math`, which this notebook doesn't import; "
            "`len(str(…))` needs neither.",
            says=f"name '{name}'",
        )
        for name in ("ceil", "log10", "math")
    },
    "length of a number": mistake(
        "A number has no `len`: turn it into text first, `str(…)`.", says="has no len"
    ),
    "numbers joined": mistake(
        "`join` wants texts: turn each number into one with `str`.", says="expected str"
    ),
    "number added to text": mistake(
        "A text and a number don't add: turn each number into a text, `str(…)`.",
        says="concatenate str",
    ),
    "formula often seen": mistake(
        "The answers have a character too many for some parameters. How many digits has the "
        "largest *sum*? The formula that is often seen adds 1 to `largest` first.",
        written(answer_length=logarithm_often_seen),
    ),
    "filled on the right": mistake(
        "Fill up on the left: the last digits belong at the right edge.", written(side=str.ljust)
    ),
    "longest of the batch": mistake(
        "The lengths depend on what is possible, not on what is in this batch: the next batch "
        "must fit beside it.",
        written(longest_there, longest_there),
        written(longest_there),
    ),
    "pluses not counted": mistake(
        "The pluses between the terms are characters, too: they count for the length.",
        written(without_pluses),
    ),
    "a plus too many": mistake(
        "One plus too many is counted: they stand *between* terms.",
        written(lambda texts, n, top: longest_question(n, top) + 1),
    ),
    "logarithm of 10": mistake(
        "How many digits has 10? log10(10) is exactly 1.",
        written(with_logarithm),
        written(with_logarithm, logarithm),
        written(with_logarithm, logarithm_often_seen),
        written(answer_length=logarithm),
    ),
    "answers as long as a term": mistake(
        "The answers can be longer than a term: count the digits of the largest sum.",
        written(answer_length=lambda texts, n, top: len(f"{top}")),
    ),
    "answers of another length": mistake(
        "Count the digits of the largest *sum*.",
        written(answer_length=lambda texts, n, top: longest_question(n, top)),
        written(answer_length=without_pluses),
        written(answer_length=lambda texts, n, top: len(f"{top}") + 1),
    ),
    "each term filled": mistake(
        "Fill up the whole question, not each term.",
        written(term="{:>{}}"),
        written(term="{:<{}}"),
    ),
    "questions not filled": mistake(
        "The questions aren't filled up: all must have one length.", written(not_filled)
    ),
    "answers not filled": mistake(
        "The answers aren't filled up: all must have one length.", written(answer_length=not_filled)
    ),
    "nothing filled": mistake(
        "Nothing is filled up yet: all questions must have one length, answers too.",
        written(not_filled, not_filled),
    ),
    "zeros": mistake(
        "Fill up with spaces, not with zeros.",
        written(fill="0"),
        written(fill="0", term="{:0>{}}"),
        written(term="{:0>{}}"),
    ),
    "spaces around pluses": mistake("No spaces around the plus signs.", written(plus=" + ")),
}


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
    mistakes=TEXT,
)
def check_to_string(work: Any, rng: np.random.Generator) -> None:
    examples = [([[3, 4]], [7], 2, 9)]
    for n, top in [(2, 10), (1, 10), (3, 33), (2, 49), (3, 100), (5, 2), (4, 250), (6, 12345)]:
        shortest, longest = [1] * n, [top] * n
        rows = [*rng.integers(1, top + 1, (4, n)).tolist(), shortest, longest]
        examples += [([shortest], [n], n, top), (rows, [sum(row) for row in rows], n, top)]
    hint = (
        "Two lists of texts are expected. Print the length of each text and compare it with what "
        "is possible at most; and look at which side the spaces stand."
    )
    parts = "questions", "answers"
    compare(Listed(work.to_string), written(), examples, TEXT, hint, parts=parts)


# From text to one-hot vectors ------------------------------------------------------------------


def places(texts: list[str], symbols: list[str]) -> np.ndarray:
    return np.array([[symbols.index(char) for char in text] for text in texts])


def one_hot(codes: np.ndarray, size: int) -> np.ndarray:
    return (codes[..., None] == np.arange(size)).astype(int)


def encoded(texts: list[str], symbols: list[str]) -> np.ndarray:
    """The oracle: compares each place with all places."""
    return one_hot(places(texts, symbols), len(symbols))


def counted_from_1(texts: list[str], symbols: list[str], more: int = 0) -> np.ndarray:
    codes, size = places(texts, symbols) + 1, len(symbols) + more
    if codes.max() >= size:
        raise IndexError
    return one_hot(codes, size)


def with_own_symbols(
    collect: Callable[[list[str]], list[str]], own_size: bool, error: type[Exception]
) -> Callable[[list[str], list[str]], np.ndarray]:
    """Return a function that encodes with symbols which it collects from the texts.

    Args:
        collect: them.
        own_size: whether the vectors have one entry for each of these, and not of the alphabet.
        error: raised for a character that isn't among them.
    """

    def encode(texts: list[str], symbols: list[str]) -> np.ndarray:
        kept = collect(texts)
        if not set("".join(texts)) <= set(kept):
            raise error
        return one_hot(places(texts, kept), len(kept if own_size else symbols))

    return encode


COLLECTED: list[Callable[[list[str]], list[str]]] = [
    lambda texts: sorted(set(texts)),
    lambda texts: list(set(texts)),
    lambda texts: sorted(set("".join(texts))),
    lambda texts: list(set("".join(texts))),
    lambda texts: list(dict.fromkeys("".join(texts))),
]
OWN_SYMBOLS = [
    with_own_symbols(*how) for how in product(COLLECTED, (True, False), (KeyError, ValueError))
]

ENCODE = {
    "no axis for characters": mistake("The axis for the characters is missing: (n, length, k)."),
    "places only": mistake("These are the places (step 3). Step 4 makes a vector of each.", places),
    "own symbols": mistake(
        "Use the `alphabet` that is given, not the symbols that happen to occur.",
        *OWN_SYMBOLS,
    ),
    "places from 1": mistake(
        "Places count from 0.",
        counted_from_1,
        lambda texts, symbols: counted_from_1(texts, symbols, more=1),
        lambda texts, symbols: one_hot(places(texts, symbols) + 1, len(symbols)),
        lambda texts, symbols: one_hot(places(texts, symbols) - 1, len(symbols)),
        lambda texts, symbols: np.roll(encoded(texts, symbols), -1, axis=2),
    ),
    "place instead of 1": mistake(
        "Put in a 1, at the place; not the place itself.",
        lambda texts, symbols: encoded(texts, symbols) * np.arange(len(symbols)),
    ),
    "an entry too few": mistake(
        "The vectors have one entry too few: every symbol of the alphabet has a place, even one "
        "that never comes up on this side.",
        lambda texts, symbols: encoded(texts, symbols)[..., :-1],
    ),
    "as long as needed": mistake(
        "The vectors should have the length of the alphabet, whichever symbols come up.",
        lambda texts, symbols: one_hot(places(texts, symbols), places(texts, symbols).max() + 1),
    ),
    "outside of the vector": mistake(
        "A place lies outside of its vector. Places count in the alphabet that is given, and the "
        "vector has one entry for each of its symbols.",
        raises="IndexError",
    ),
    "another alphabet": mistake(
        "The places are those of the alphabet that is *given*; it can have any order, and fewer "
        "symbols.",
        lambda texts, symbols: encoded(texts, sorted(symbols)),
        lambda texts, symbols: encoded(texts, list(SYMBOLS)),
        lambda texts, symbols: one_hot(places(texts, symbols), len(SYMBOLS)),
        lambda texts, symbols: one_hot(places(texts, list(SYMBOLS)), len(symbols)),
    ),
    "axes swapped": mistake(
        "Time and symbols are the other way round: one *row* for each character.",
        lambda texts, symbols: encoded(texts, symbols).transpose(0, 2, 1),
    ),
    "first text only": mistake(
        "Only the first text is encoded; there are n of them.",
        lambda texts, symbols: encoded(texts[:1], symbols),
        lambda texts, symbols: encoded(texts, symbols)[0],
    ),
    "one list for all characters": mistake(
        "All characters of a text have got the same vector. `[[0] * k] * length` is *one* list of "
        "zeros, named several times.",
        lambda texts, symbols: np.repeat(
            encoded(texts, symbols).max(axis=1, keepdims=True), len(texts[0]), axis=1
        ),
    ),
    "1 everywhere": mistake(
        "Each vector has a 1 at every place: say at which of the k it stands.",
        lambda texts, symbols: np.ones_like(encoded(texts, symbols)),
    ),
    "dictionary the wrong way": mistake(
        "The dictionary should lead from a symbol to its place, not the other way round.",
        raises="KeyError",
    ),
    "plus read as a number": mistake(
        "`int` can't read a plus or a space, and `index` finds only what is there. Where does each "
        "character stand in the alphabet that is given?",
        raises="ValueError",
    ),
}


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
    mistakes=ENCODE,
)
def check_encode(work: Any, rng: np.random.Generator) -> None:
    examples = [(["+", "1"], ["1", "+", " "]), (["10"], list("01+ ")), ([" 1", "+0"], list(" +10"))]
    alphabets = list(SYMBOLS), shuffled(SYMBOLS, rng), shuffled(SYMBOLS, rng)
    for symbols, n, length in zip(alphabets, (2, 5, 30), (8, 3, 11), strict=True):
        examples.append((["".join(rng.choice(symbols, length)) for _ in range(n)], symbols))
    hint = (
        "Look at one character: at which place of the alphabet does it stand, and where is the 1 "
        "in its vector?"
    )
    compare(with_axis_for_characters(work.encode), encoded, examples, ENCODE, hint)


def with_axis_for_characters(function: Any) -> Callable[[list[str], list[str]], Any]:
    """Return a function of the learner's; also single characters must have an axis."""

    def encode(texts: list[str], symbols: list[str]) -> Any:
        got, (n, length, k) = function(texts, symbols), encoded(texts, symbols).shape
        require(
            length > 1 or array(got).shape != (n, k),
            f"the shape is {(n, k)}, not {(n, length, k)}",
            ENCODE["no axis for characters"],
            example=call_text(function, (texts, symbols)),
            expected=f"an array of shape {(n, length, k)} of 0s and 1s",
            got=shown(got),
        )
        return got

    return encode


# Mend a pipeline -------------------------------------------------------------------------------


class Parameters(NamedTuple):
    """What samples are made of: n_numbers terms up to the largest, in these symbols."""

    n: int
    n_numbers: int
    largest: int
    symbols: list[str]

    def __str__(self) -> str:
        symbols = repr("".join(self.symbols))
        return f"generate_data({self.n}, {self.n_numbers}, {self.largest}, {symbols})"

    def shapes(self) -> dict[str, tuple[int, int, int]]:
        """Return the shapes of both sides."""
        question = longest_question(self.n_numbers, self.largest)
        answer = longest_answer(self.n_numbers, self.largest)
        k = len(self.symbols)
        return {"questions": (self.n, question, k), "answers": (self.n, answer, k)}


PIPELINE = {
    "size of another alphabet": mistake(
        "The last axis has as many places as the alphabet has symbols. *This* one."
    ),
    "length of what was drawn": mistake(
        "The length follows from what *can* be drawn, not from what was drawn."
    ),
    "steps that don't fit": mistake(
        "Print the shape after each step. Is each called with what the one before gave?"
    ),
    "not one-hot": mistake("Step 4 is the last: each vector has a single 1."),
    "other sums": mistake("Are all steps there, in their order, with the alphabet that is given?"),
    "one seed": mistake(
        "A training would see them again and again. What makes the draw always start at the same "
        "place?"
    ),
    "few seeds": mistake(
        "With a few seeds the draw can start at a few places only. What is a seed for?"
    ),
}


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
    mistakes=PIPELINE,
)
def check_generate_data(work: Any, rng: np.random.Generator) -> None:
    plain, more = list(SYMBOLS), [*SYMBOLS, "-", "*"]
    for parameters in [
        Parameters(1, 1, 1, plain),
        Parameters(5, 3, 10, plain),
        Parameters(5, 3, 10, more),
        *[Parameters(1, 2, 1000, plain)] * 3,
        Parameters(5, 3, 1000, plain),
    ]:
        require_samples(work, parameters)
    many = Parameters(300, 4, 12, shuffled(more, rng))
    questions = require_samples(work, many)
    require_new_samples(work, Parameters(5, 3, 1000, plain), calls=50)
    drawn = {int(term) for question in questions for term in question.split("+")}
    complete = drawn == set(range(1, many.largest + 1))
    what = f"in {many.n} samples the terms were only {shown(sorted(drawn))}"
    hint = f"All terms from 1 to `largest`, here {many.largest}, should come up."
    require(complete, what, hint, example=str(many))


def require_samples(work: Any, parameters: Parameters) -> list[str]:
    """Require right samples, and return their questions as texts."""
    pair = work.generate_data(*parameters)
    require(
        isinstance(pair, tuple | list) and len(pair) == 2,
        "it should return questions and answers",
        "Two arrays are expected; leave the line `return X, y` as it is.",
        got=shown(pair),
        example=str(parameters),
    )
    sides = zip(parameters.shapes(), pair, strict=True)
    questions, answers = [read_back(side, array(value), parameters) for side, value in sides]
    for question, answer in zip(questions, answers, strict=True):
        terms = [term.strip() for term in question.split("+")]
        right = len(terms) == parameters.n_numbers and all(term.isdigit() for term in terms)
        right = right and answer.strip() == str(sum(map(int, terms)))
        what = f"read back with the alphabet, it says {question!r} = {answer!r}"
        require(right, what, PIPELINE["other sums"], example=str(parameters))
    return questions


def read_back(side: str, vectors: np.ndarray, parameters: Parameters) -> list[str]:
    """Require one-hot vectors of the right shape, and return them as texts."""
    wanted, where = parameters.shapes()[side], str(parameters)
    what = f"the {side} have the shape {vectors.shape}, not {wanted}"
    require(vectors.shape == wanted, what, why(vectors.shape, wanted), example=where)
    binary = vectors.dtype.kind in "biuf" and np.isin(vectors, (0, 1)).all()
    single = binary and (vectors.sum(axis=2) == 1).all()
    require(single, f"the {side} aren't one-hot vectors", PIPELINE["not one-hot"], example=where)
    return ["".join(parameters.symbols[k] for k in text) for text in vectors.argmax(axis=2)]


def why(shape: tuple[int, ...], wanted: tuple[int, ...]) -> Mistake:
    """Return the mistake that leads to a wrong shape."""
    if len(shape) == 3 and shape[2] != wanted[2]:
        return PIPELINE["size of another alphabet"]
    if len(shape) == 3 and shape[1] != wanted[1]:
        return PIPELINE["length of what was drawn"]
    return PIPELINE["steps that don't fit"]


def require_new_samples(work: Any, parameters: Parameters, calls: int) -> None:
    """Require other questions in each call."""
    drawn = [array(work.generate_data(*parameters)[0]) for _ in range(calls)]
    different = len({questions.astype(float).tobytes() for questions in drawn})
    where = f"{parameters}, {calls} times"
    what = "each call gives the same samples"
    require(different > 1, what, PIPELINE["one seed"], example=where)
    what = f"{calls} calls give only {different} different sets of samples"
    require(different == calls, what, PIPELINE["few seeds"], example=where)


# Back to text ----------------------------------------------------------------------------------


def most_probable(vector: list[float]) -> int:
    return vector.index(max(vector))


def read(
    pick: Callable[[list[float]], int] = most_probable,
    symbols_of: Callable[[list[str]], list[str]] = list,
    join: Callable[[Iterable[str]], Any] = "".join,
) -> Callable[[np.ndarray, list[str]], list]:
    """Return a function that reads probabilities as texts, by default in the right way.

    Args:
        pick: a place from the probabilities of a character.
        symbols_of: what stands at the places, from the alphabet.
        join: the symbols of a text.
    """

    def invert_all(seqs: np.ndarray, symbols: list[str]) -> list:
        kept = symbols_of(symbols)
        return [join(kept[pick(vector)] for vector in seq.tolist()) for seq in seqs]

    return invert_all


def with_those_before(seqs: np.ndarray, symbols: list[str]) -> list[str]:
    texts = read()(seqs, symbols)
    return ["".join(texts[: k + 1]) for k in range(len(texts))]


def along_time(seqs: np.ndarray, symbols: list[str]) -> list[str]:
    return ["".join(symbols[k] for k in column) for column in seqs.argmax(axis=1)]


def glued(with_what: str) -> Callable[[np.ndarray, list[str]], str]:
    return lambda seqs, symbols: with_what.join(read()(seqs, symbols))


NO_AXIS = "Without `axis=-1`, `argmax` gives one place for all."

READ = {
    **{
        f"a {kind} as place": mistake(
            "`max` gives the probability itself. You need its *place*.",
            raises="TypeError",
            says=f"slices, not {kind}",
        )
        for kind in ("numpy.float", "float")
    },
    "loop over one place": mistake(
        NO_AXIS, raises="TypeError", says="numpy.int64' object is not iterable"
    ),
    "many places at a time": mistake(
        "`alphabet` is a list: it takes one place at a time, not an array of them.",
        raises="TypeError",
        says="only integer scalar arrays",
    ),
    "above a half": mistake(
        "A probability is hardly ever 1, or above ½: look for the largest of the k.",
        read(lambda vector: most_probable([p > 0.5 for p in vector])),
    ),
    "exactly 1": mistake(
        "A probability is hardly ever exactly 1: look for the largest of the k.",
        raises="ValueError",
    ),
    "places only": mistake(
        "These are the places. The alphabet says which symbols stand there.",
        read(symbols_of=lambda symbols: [f"{k}" for k in range(len(symbols))]),
        lambda seqs, symbols: seqs.argmax(axis=2),
    ),
    "not joined": mistake("The symbols of a text are still single: join them.", read(join=list)),
    "place in the whole text": mistake(
        "`argmax` of a whole text counts through all its numbers: go through the texts first, then "
        "the characters.",
        lambda seqs, symbols: "".join(symbols[seq.argmax()] for seq in seqs),
        lambda seqs, symbols: [symbols[seq.argmax()] for seq in seqs],
        lambda seqs, symbols: [symbols[seq.argmax()] * len(seq) for seq in seqs],
    ),
    "one place for all": mistake(
        NO_AXIS,
        lambda seqs, symbols: symbols[seqs.argmax()],
        lambda seqs, symbols: [symbols[seqs.argmax()]],
        lambda seqs, symbols: seqs.argmax(),
    ),
    "first text only": mistake(
        "Only the first text came back: `return` stands inside the loop.",
        lambda seqs, symbols: read()(seqs, symbols)[0],
        lambda seqs, symbols: read()(seqs, symbols)[:1],
    ),
    "last text only": mistake(
        "Only the last text came out: does it join the list inside of the outer loop?",
        lambda seqs, symbols: read()(seqs, symbols)[-1:],
    ),
    "texts before in front": mistake(
        "Each text still has those before it in front: begin each with an empty one.",
        with_those_before,
    ),
    "spaces between symbols": mistake(
        "Nothing goes between the symbols: join them with an empty text.", read(join=" ".join)
    ),
    "one text": mistake(
        "Return a list of texts, not one text.", *map(glued, ("", " ", ", ", "\n"))
    ),
    "along time": mistake(
        "The largest is looked for along time. Each *character* has k probabilities, on the last "
        "axis.",
        along_time,
    ),
    "spaces lost": mistake(
        "The spaces belong to the text: keep them.",
        lambda seqs, symbols: [text.strip() for text in read()(seqs, symbols)],
    ),
    "another alphabet": mistake(
        "The symbols are those of the alphabet that is *given*; it can have any order.",
        read(symbols_of=lambda symbols: list(SYMBOLS)),
    ),
    "least probable": mistake(
        "The *least* probable symbols came out.", read(lambda vector: vector.index(min(vector)))
    ),
}


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
    mistakes=READ,
)
def check_invert(work: Any, rng: np.random.Generator) -> None:
    def unsure(symbols: list[str], n: int, length: int) -> tuple[np.ndarray, list[str]]:
        codes = rng.integers(0, len(symbols), (n, length))
        chances = rng.uniform(0.6, 1, (n, length, len(symbols)))
        np.put_along_axis(chances, codes[..., None], 1.3, axis=2)
        return np.round(chances / chances.sum(axis=2, keepdims=True), 2), symbols

    few, all_symbols = shuffled("01+ ", rng), shuffled(SYMBOLS, rng)
    spaces_in_front = np.zeros((2, 3, 12)) + np.eye(12)[[11, 11, 7]]
    examples = [
        *(unsure(few, 1, 2), unsure(few, 2, 3), unsure(all_symbols, 3, 8)),
        (spaces_in_front, list(SYMBOLS)),
        unsure(all_symbols, 50, 5),
    ]
    hint = (
        "Take one character: which of its k probabilities is the largest, and which symbol of the "
        "alphabet stands at that place?"
    )
    compare(Listed(work.invert_all), read(), examples, READ, hint)


# In words --------------------------------------------------------------------------------------

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
