"""The checks of exercise 07: the encoder-decoder that adds, marks for its answers, honest tests."""

import math
import operator
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import product
from statistics import fmean
from typing import Any, NamedTuple

import numpy as np

from homework.checks import Part, Tasks, compare, explaining, mistake, require
from homework.describing import sum_text

tasks = Tasks()


def questions(n_numbers: int, largest: int) -> np.ndarray:
    """Return every question once, shape (largest ** n_numbers, n_numbers)."""
    return np.array(list(product(range(1, largest + 1), repeat=n_numbers)))


# The sizes of a problem ------------------------------------------------------------------------


def question_length(n: int, largest: int) -> int:
    return len("+".join([str(largest)] * n))


def answer_length(n: int, largest: int) -> int:
    return len(str(sum([largest] * n)))


def number_of_questions(n: int, largest: int) -> int:
    return len(questions(n, largest))


QUESTION_LENGTH = {
    "no plus signs": mistake(
        "The plus signs are characters, too.", lambda n, largest: len(str(largest) * n)
    ),
    "n plus signs": mistake(
        "Between n terms there are not n plus signs: count them in 3+10+7.",
        lambda n, largest: len((str(largest) + "+") * n),
    ),
    "one digit each": mistake("A term can have more than one digit.", lambda n, largest: 2 * n - 1),
}
ANSWER_LENGTH = {
    "by logarithm": mistake(
        "The logarithm asks for a digit too many or too few when the largest sum lies next to a "
        "power of ten: count the digits of that sum.",
        lambda n, largest: math.ceil(math.log10(n * (largest + 1))),
        lambda n, largest: math.ceil(math.log10(n * largest)),
    ),
    "length of a term": mistake(
        "That is the length of one term; a sum can be longer.", lambda n, largest: len(str(largest))
    ),
}
NUMBER_OF_QUESTIONS = {
    "base and exponent swapped": mistake(
        "Base and exponent are the other way round: try one term up to 10.",
        lambda n, largest: n**largest,
    ),
    "added up": mistake("The choices multiply; they don't add up.", lambda n, largest: n * largest),
    "order ignored": mistake(
        "3+10+7 and 10+3+7 are different questions here.",
        lambda n, largest: math.comb(largest + n - 1, n),
    ),
    "from 0": mistake("Terms begin at 1: there is no 0.", lambda n, largest: (largest + 1) ** n),
}


@tasks.check(
    "07.1",
    "The sizes of a problem",
    points=2,
    minutes=5,
    withheld=["addition.question_length", "addition.answer_length"],
    hints=[
        "Write down the longest question for three terms up to 10, and count.",
        "All terms are as large as they can be. `len(str(number))` counts the digits of a number.",
        "For the number of questions: `largest` choices for the first term, as many for each of "
        "the others.",
    ],
    mistakes=QUESTION_LENGTH | ANSWER_LENGTH | NUMBER_OF_QUESTIONS,
)
def check_sizes(work: Any, rng: np.random.Generator) -> None:
    examples = [(1, 10), (2, 10), (3, 10), (3, 33), (4, 9), (2, 50)]
    examples.append((int(rng.integers(2, 4)), int(rng.integers(11, 30))))
    names = "characters of a question", "characters of an answer", "number of questions"
    question, answer, number = (Part(work.sizes, k, names) for k in range(3))
    hint = "Write down the longest question, and count its characters."
    compare(question, question_length, examples, QUESTION_LENGTH, hint, what=names[0])
    hint = "What is the largest sum, and how many digits has it?"
    compare(answer, answer_length, examples, ANSWER_LENGTH, hint, what=names[1])
    hint = "How many questions are there with one term? With two?"
    compare(number, number_of_questions, examples, NUMBER_OF_QUESTIONS, hint, what=names[2])


# Build the encoder-decoder ---------------------------------------------------------------------

NETWORK = {
    "sequence repeated": mistake(
        "`RepeatVector` wants one vector for the whole question, but a sequence came: look at "
        "`return_sequences` of the first LSTM.",
        raises="ValueError",
        says="ndim=2, found ndim=3",
    ),
    "vector decoded": mistake(
        "The second LSTM wants a sequence, but one vector came: what makes a sequence of a vector?",
        raises="ValueError",
        says="ndim=3, found ndim=2",
    ),
    "no sequence at the end": mistake(
        "What the last layer gets is no sequence: look at `return_sequences` of the second LSTM.",
        raises="ValueError",
        says="TimeDistributed",
    ),
    "shapes don't fit": mistake("Write down the shape after each layer.", raises="ValueError"),
    "other input": mistake(
        "The model was fed an array of shape (2, n_in, n_chars). Is that what its input says, and "
        "are all sizes those of the arguments?",
        raises="InvalidArgumentError",
    ),
    "other last axis": mistake(
        "The last axis is for the probabilities of the characters: `n_chars` units."
    ),
    "one character": mistake(
        "The second LSTM gives only its last step: look at `return_sequences`."
    ),
    "as long as the question": mistake(
        "What has to be repeated is one vector for the whole question, once for each character of "
        "the *answer*."
    ),
    "other length": mistake("How often is the vector repeated?"),
    "no probabilities": mistake(
        "Each character is a choice among classes. Which activation makes probabilities of it?"
    ),
    "not two LSTMs": mistake("One reads, one writes."),
    "units swapped": mistake("The units of encoder and decoder are the other way round."),
    "other units": mistake("Are the units those of the arguments, and is there a layer too many?"),
}


@tasks.check(
    "07.2",
    "Build the encoder-decoder",
    points=4,
    minutes=10,
    withheld=["models.addition_model"],
    hints=[
        "Four layers after the input: one reads, one repeats what was read, one writes, one "
        "chooses characters.",
        "The encoder gives one vector, shape (batch, encoder). `RepeatVector` makes a sequence of "
        "it, and the decoder has to give a sequence as well: which argument of an LSTM does that?",
        "The last layer is a `Dense` with the activation for a choice among classes, in a "
        "`TimeDistributed`.",
    ],
    mistakes=NETWORK,
)
def check_build(work: Any, rng: np.random.Generator) -> None:
    names = "n_in", "n_out", "n_chars", "encoder", "decoder"
    sizes = dict(zip(names, map(int, rng.choice(range(2, 10), 5, False)), strict=True))
    where = f"build({', '.join(f'{name}={size}' for name, size in sizes.items())})"
    asked = np.eye(sizes["n_chars"])[rng.integers(0, sizes["n_chars"], (2, sizes["n_in"]))]
    with explaining(*NETWORK.values()):
        model = work.build.model(**sizes, inputs=[asked])
    got = model["outputs"][0]
    require_answers_for_two(got, sizes, where)
    possible = np.allclose(got.sum(axis=-1), 1, atol=1e-4) and (got >= 0).all()
    what = "what comes out are no probabilities: they don't add up to 1 for each character"
    require(possible, what, NETWORK["no probabilities"], example=where)
    require_layers(model, sizes, where)


def require_answers_for_two(got: Any, sizes: dict[str, int], where: str) -> None:
    """Require the shape of the answers to two questions."""
    more = {"example": where, "got": f"shape {np.shape(got)} for 2 questions"}
    n_in, n_out, n_chars = sizes["n_in"], sizes["n_out"], sizes["n_chars"]
    ends = isinstance(got, np.ndarray) and got.shape[:1] == (2,) and got.shape[-1] == n_chars
    require(ends, "the outputs have the wrong shape", NETWORK["other last axis"], **more)
    what = "there is one character in each answer, not a sequence of them"
    require(got.ndim == 3, what, NETWORK["one character"], **more)
    what = "the answers are as long as the questions"
    require(got.shape[1] != n_in, what, NETWORK["as long as the question"], **more)
    what = "the answers have the wrong length"
    require(got.shape[1] == n_out, what, NETWORK["other length"], **more)


def require_layers(model: dict[str, Any], sizes: dict[str, int], where: str) -> None:
    """Require two LSTMs, and the number of parameters that the right layers have."""
    lstms = sum(layer["class"] == "LSTM" for layer in model["layers"])
    what = f"the number of LSTM layers is {lstms}"
    require(lstms == 2, what, NETWORK["not two LSTMs"], example=where)
    n_chars, encoder, decoder = sizes["n_chars"], sizes["encoder"], sizes["decoder"]
    got = model["parameters"]
    swapped = got == parameters(n_chars, encoder=decoder, decoder=encoder)
    require(
        got == parameters(n_chars, encoder, decoder),
        "the number of parameters is wrong",
        NETWORK["units swapped" if swapped else "other units"],
        example=where,
        got=f"{got:,}",
    )


def parameters(n_chars: int, encoder: int, decoder: int) -> int:
    """Count the numbers that the network learns, layer by layer."""

    def lstm(units: int, inputs: int) -> int:
        return 4 * (units * (units + inputs) + units)

    return lstm(encoder, n_chars) + lstm(decoder, encoder) + n_chars * (decoder + 1)


# Mark the answers ------------------------------------------------------------------------------

ALPHABET = "0123456789+ "  # the lesson's


def answers(predicted: np.ndarray, expected: np.ndarray, alphabet: str) -> list[tuple[str, str]]:
    """The oracle: plain loops over characters give what was answered and what was expected."""

    def text(vectors: np.ndarray) -> str:
        return "".join(alphabet[max(range(len(v)), key=lambda k: v[k])] for v in vectors.tolist())

    return [(text(p), text(e)) for p, e in zip(predicted, expected, strict=True)]


def line(got: str, wanted: str, right: bool) -> str:
    return f"☑ {got}" if right else f"☒ {got} (when expecting {wanted})"


def lines(right: Callable[[str, str], bool]) -> Callable[..., list[str]]:
    """Return what writes the lines, for what counts as a right answer."""
    return lambda *args: [line(got, wanted, right(got, wanted)) for got, wanted in answers(*args)]


def share(right: Callable[[str, str], bool]) -> Callable[..., float]:
    """Return what computes the share of right answers, for what counts as one."""
    return lambda *args: fmean(right(got, wanted) for got, wanted in answers(*args))


def any_right(got: str, wanted: str) -> bool:
    return any(map(operator.eq, got, wanted))


def per_character(*args: Any) -> float:
    pairs = [zip(got, wanted, strict=True) for got, wanted in answers(*args)]
    return fmean(a == b for pair in pairs for a, b in pair)


exact = share(operator.eq)

LINES = {
    "one is enough": mistake(
        "An answer with one right character is not right yet: *all* of them have to be.",
        lines(any_right),
    ),
    "marks swapped": mistake("☑ stands for right, ☒ for wrong.", lines(operator.ne)),
    "texts swapped": mistake(
        "What the network answered comes first, what was expected in the brackets.",
        lambda *args: [line(wanted, got, got == wanted) for got, wanted in answers(*args)],
    ),
    "spaces lost": mistake(
        "The lines should keep the spaces of the answers, and look exactly as in the task.",
        lambda *args: [
            line(got.strip(), wanted.strip(), got == wanted) for got, wanted in answers(*args)
        ],
    ),
    "own alphabet": mistake(
        "Decode with the alphabet that is given: its order isn't always the same.",
        lambda predicted, expected, _: lines(operator.eq)(predicted, expected, ALPHABET),
    ),
}
PER_CHARACTER = {
    "whole answers counted": mistake(
        "That is the share of whole answers. Here count single characters.", exact
    ),
    "percent": mistake("A share lies between 0 and 1.", lambda *args: 100 * per_character(*args)),
    "probabilities compared": mistake(
        "A probability is never exactly 0 or 1: first find the largest of each character.",
        lambda predicted, expected, _: (predicted == expected).mean(),
    ),
}
EXACT = {
    "characters counted": mistake(
        "That counts right characters. For the exact match, an answer counts only if all of its "
        "characters are right.",
        per_character,
    ),
    "one is enough": LINES["one is enough"].made_by(share(any_right)),
    "power of a share": mistake(
        "Errors don't fall independently: look at the answers one by one instead.",
        lambda predicted, *more: per_character(predicted, *more) ** predicted.shape[1],
    ),
    "a count": mistake(
        "A share is asked for, not a count: divide by the number of answers.",
        lambda *args: exact(*args) * len(args[0]),
    ),
    "all at once": mistake(
        "Is `all` taken over all answers at once? It has to be asked for each answer.",
        lambda *args: float(exact(*args) == 1),
    ),
}


@tasks.check(
    "07.3",
    "Mark the answers",
    points=4,
    minutes=10,
    hints=[
        "The largest probability names the character: `argmax` over the last axis, for both "
        "arrays. Compare: that gives True and False of shape (n, length).",
        "An answer is right if *all* its characters are: `all` over the axis of the characters.",
        "`invert(predicted, alphabet)` gives n texts. The mean of True and False is a share.",
    ],
    mistakes=LINES | PER_CHARACTER | EXACT,
)
def check_mark(work: Any, rng: np.random.Generator) -> None:
    shuffled = "".join(rng.permutation(list(ALPHABET)))
    examples = [
        draw_answers(rng, ALPHABET, (1, 2), right=1.0),
        draw_answers(rng, ALPHABET, (3, 2), right=0.8),
        draw_answers(rng, shuffled, (40, 3), right=0.7),
    ]
    names = "the lines", "the share of right characters", "the exact match"
    written, characters, whole = (Part(work.mark, k, names) for k in range(3))
    hint = "Compare your lines with those in the task, sign by sign: mark, space, text."
    compare(written, lines(operator.eq), examples, LINES, hint, what=names[0])
    hint = "Which share of all n · length characters is right?"
    compare(characters, per_character, examples, PER_CHARACTER, hint, 1e-6, names[1])
    hint = "Which share of the n answers has no wrong character?"
    compare(whole, exact, examples, EXACT, hint, 1e-6, names[2])


def draw_answers(
    rng: np.random.Generator, alphabet: str, shape: tuple[int, int], right: float
) -> tuple[np.ndarray, np.ndarray, str]:
    """Draw answers, (n, length), of which the first character is wrong and a share is right."""
    size = len(alphabet)
    wanted = rng.integers(0, size, shape)
    got = np.where(rng.random(shape) < right, wanted, rng.integers(0, size))
    got[0, 0] = (wanted[0, 0] + 1) % size
    predicted = rng.random((*shape, size))
    predicted += (predicted.max() + 0.1) * np.eye(size)[got]
    predicted /= predicted.sum(axis=-1, keepdims=True)
    return predicted, np.eye(size)[wanted], alphabet


# Predict ---------------------------------------------------------------------------------------

tasks.predict(
    "07.4",
    "play with the parameters",
    ["the same", "a third more", "twice as many", "ten times as many"],
    minutes=5,
    hints=["Which numbers stand in the formula for the parameters of an LSTM, and which don't?"],
)


# Balanced weights ------------------------------------------------------------------------------


def weights(
    weight: Callable[[int], float], alike: Callable[[Any], Any] = sum
) -> Callable[[np.ndarray], np.ndarray]:
    """Return what weighs questions by the number of those for which `alike` is the same."""

    def weighed(problems: np.ndarray) -> np.ndarray:
        keys = [alike(row) for row in problems.tolist()]
        counts = Counter(keys)
        return np.array([weight(counts[key]) for key in keys], float)

    return weighed


def drawn(
    weight: Callable[[int], float], alike: Callable[[Any], Any] = sum
) -> Callable[[np.ndarray], np.ndarray]:
    """Return what gives probabilities in proportion to these weights."""
    weighed = weights(weight, alike)
    return lambda problems: (w := weighed(problems)) / math.fsum(w)


def balanced(n: int) -> float:
    return n**-0.5


def divided_by_sums(problems: np.ndarray) -> np.ndarray:
    """Divide the weights by what those of the different sums add up to."""
    different = Counter(map(sum, problems.tolist()))
    return weights(balanced)(problems) / sum(map(balanced, different.values()))


BALANCE = {
    "not divided": mistake(
        "Probabilities have to add up to 1; these are only in proportion.", weights(balanced)
    ),
    "no root": mistake(
        "Where is the square root?", drawn(lambda n: 1 / n), weights(lambda n: 1 / n)
    ),
    "common sums preferred": mistake(
        "Rare sums should come up *more* often: the weight falls with the number.",
        drawn(lambda n: n**0.5),
        drawn(lambda n: n),
    ),
    "all alike": mistake(
        "All have the same weight: count the questions with the same *sum*, not the same "
        "questions.",
        drawn(lambda n: 1),
    ),
    "same terms counted": mistake(
        "Count the questions with the same *sum*, not those with the same terms.",
        drawn(balanced, alike=lambda row: tuple(sorted(row))),
    ),
    "divided by another sum": mistake(
        "The weights are divided by another sum than that of the n weights themselves.",
        divided_by_sums,
    ),
    "root of the sum": mistake(
        "Not the sum itself is common or rare: count how many questions have it.",
        lambda problems: problems.sum(axis=1) ** -0.5,
        lambda problems: (w := problems.sum(axis=1) ** -0.5) / w.sum(),
    ),
}


@tasks.check(
    "07.5",
    "Balanced weights",
    points=3,
    minutes=7,
    hints=[
        "First the sums, shape (n). Then, for each question, how many questions have its sum.",
        "`np.bincount(sums)` counts how often each sum occurs; index it with `sums`.",
        "Probabilities add up to 1: divide the weights by what they add up to.",
    ],
    mistakes=BALANCE,
)
def check_probabilities(work: Any, rng: np.random.Generator) -> None:
    three_terms = questions(3, 10)
    examples = [
        (np.array([[1, 1], [1, 2], [2, 1]]),),
        (rng.permutation(questions(2, 3)),),
        (rng.permutation(questions(2, 10)),),
        (three_terms[rng.random(len(three_terms)) < 0.8],),
    ]
    hint = "Do it by hand for the three questions 1+1, 1+2 and 2+1."
    compare(work.probabilities, drawn(balanced), examples, BALANCE, hint, tolerance=1e-7)


# An honest split -------------------------------------------------------------------------------

Row = tuple[int, ...]

SPLIT = {
    "more than there are": mistake(
        "How many unordered problems are there? The share is one of *them*.", says="larger sample"
    ),
    "sides swapped": mistake("The sides are the other way round."),
    "another share": mistake(
        "The share is one of the *unordered* problems, and each of them is drawn once at most "
        "(`replace=False`)."
    ),
    "not from the seed": mistake("Draw with `rng`, which was made from the seed."),
    "not at random": mistake(
        "The held-out problems should be drawn at random, with `rng`: the first or last ones are "
        "no fair sample."
    ),
    "sorted rows": mistake(
        "All orders of the terms belong into the answer, as they stand in `problems`; sorted rows "
        "only serve to see which questions are the same problem."
    ),
    "too many": mistake(
        "Each question that stands in `problems` belongs to one side, once: let `seen` be what is "
        "not in `unseen`."
    ),
    "missing": mistake("Each question belongs to one of the two sides."),
    "orders apart": mistake(
        "All orders of the same terms are one problem: draw among unordered problems, and let the "
        "questions follow."
    ),
}


class Case(NamedTuple):
    """What the learner is asked to split."""

    problems: np.ndarray
    held_out: float
    seed: int

    def __str__(self) -> str:
        n, n_numbers = self.problems.shape
        return (
            f"split(problems, {self.held_out}, seed={self.seed}), problems: all {n} questions "
            f"of {n_numbers} terms up to {self.problems.max()}"
        )


@tasks.check(
    "07.6",
    "An honest split",
    points=4,
    minutes=8,
    withheld=["addition.Problem.split"],
    hints=[
        "Sort the terms within each row: then 3+10 and 10+3 look the same. `np.unique(…, axis=0)` "
        "lists the different ones.",
        "Draw among *those*, without repetition. The questions follow: a question is held out if "
        "its sorted terms were drawn.",
        "A set of tuples answers quickly whether a row was drawn: `tuple(row) in chosen`.",
    ],
    mistakes=SPLIT,
)
def check_split(work: Any, rng: np.random.Generator) -> None:
    seed = int(rng.integers(1_000_000))
    cases = [
        Case(rng.permutation(questions(n_numbers, largest)), held_out, seed)
        for n_numbers, largest, held_out in [(2, 3, 0.3), (2, 10, 0.2), (3, 6, 0.4)]
    ]
    splits = [unordered_sides(work, case) for case in cases]
    for case, (seen, unseen) in zip(cases, splits, strict=True):
        require_share(len(unseen), len(seen) + len(unseen), case)
    require_drawn_by_seed(work, cases[1], splits[1])


def unordered_sides(work: Any, case: Case) -> tuple[set[Row], set[Row]]:
    """Ask for a split, and return the unordered problems on both sides."""
    with explaining(SPLIT["more than there are"]):
        answer = work.split(case.problems, case.held_out, case.seed)
    require_two_arrays(answer, case)
    seen, unseen = ([tuple(row) for row in np.asarray(side).tolist()] for side in answer)
    require_each_once(seen + unseen, case)
    sides = {tuple(sorted(row)) for row in seen}, {tuple(sorted(row)) for row in unseen}
    both = sides[0] & sides[1]
    first = sum_text(min(both, default=()))
    what = f"{first} is on one side, and the same terms in another order are on the other"
    require(not both, what, SPLIT["orders apart"], example=str(case))
    return sides


def require_two_arrays(answer: Any, case: Case) -> None:
    width = case.problems.shape[1]
    require(
        isinstance(answer, tuple | list)
        and len(answer) == 2
        and all(np.ndim(side) == 2 and np.shape(side)[1] == width for side in answer),
        "it doesn't return two arrays of questions",
        f"Return `seen, unseen`: both rows of `problems`, shape (…, {width}), and neither empty.",
        example=str(case),
    )


def require_each_once(rows: Sequence[Row], case: Case) -> None:
    """Require that each question stands on one side, once."""
    found, wanted = Counter(rows), Counter(map(tuple, case.problems.tolist()))
    missing, extra = wanted - found, found - wanted
    all_sorted = all(list(row) == sorted(row) for row in found)
    unsorted = sum_text(max(missing, default=()))
    what = f"questions are missing: there is no {unsorted} on either side"
    require(not (missing and all_sorted), what, SPLIT["sorted rows"], example=str(case))
    what = f"there are questions too many, such as {sum_text(min(extra, default=()))}"
    require(not extra, what, SPLIT["too many"], example=str(case))
    what = f"questions are missing, such as {sum_text(min(missing, default=()))}"
    require(not missing, what, SPLIT["missing"], example=str(case))


def require_share(count: int, total: int, case: Case) -> None:
    """Require the share of held-out problems, give or take one."""
    share = case.held_out * total
    swapped = abs(total - count - share) <= 1.01
    require(
        abs(count - share) <= 1.01,
        f"{count} of {total} unordered problems are held out",
        SPLIT["sides swapped" if swapped else "another share"],
        example=str(case),
        expected=f"the share {case.held_out} of {total}",
    )


def require_drawn_by_seed(work: Any, case: Case, sides: tuple[set[Row], set[Row]]) -> None:
    """Require the same split again for the same seed, and another one for some other seed."""
    splits = [unordered_sides(work, case._replace(seed=case.seed + k)) for k in range(4)]
    what = "the same seed gives two different splits"
    require(splits[0] == sides, what, SPLIT["not from the seed"], example=str(case))
    other = any(split != sides for split in splits)
    what = "other seeds give the same split"
    require(other, what, SPLIT["not at random"], example=str(case))


# In words --------------------------------------------------------------------------------------

tasks.words(
    "07.7",
    '"It can add"',
    points=2,
    minutes=5,
    hints=[
        "How many different questions are there? How many of them were in the 75,000?",
        "Which function of three numbers is the sum? Which tool finds such functions directly?",
    ],
)
