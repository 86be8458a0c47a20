"""The checks of exercise 07."""

import math
from collections import Counter
from itertools import product

import numpy as np

from homework.checks import Failed, Part, Tasks, compare, require

tasks = Tasks()


def questions(n_numbers, largest):
    """Return every question once, shape (largest ** n_numbers, n_numbers)."""
    return np.array(list(product(range(1, largest + 1), repeat=n_numbers)))


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
)
def check_sizes(work, rng):
    names = ["characters of a question", "characters of an answer", "number of questions"]
    examples = [(1, 10), (2, 10), (3, 10), (3, 33), (4, 9), (2, 50)]
    examples.append((int(rng.integers(2, 4)), int(rng.integers(11, 30))))
    compare(
        Part(work.sizes, 0, names),
        lambda n, largest: len("+".join([str(largest)] * n)),
        examples,
        what=names[0],
        mistakes=[
            (
                "The plus signs are characters, too.",
                lambda n, largest: len(str(largest) * n),
            ),
            (
                "Between n terms there are not n plus signs: count them in 3+10+7.",
                lambda n, largest: len((str(largest) + "+") * n),
            ),
            (
                "A term can have more than one digit.",
                lambda n, largest: 2 * n - 1,
            ),
        ],
        hint="Write down the longest question, and count its characters.",
    )
    compare(
        Part(work.sizes, 1, names),
        lambda n, largest: len(f"{sum([largest] * n)}"),
        examples,
        what=names[1],
        mistakes=[
            (
                "The logarithm asks for a digit too many or too few when the largest sum lies next "
                "to a power of ten: count the digits of that sum.",
                lambda n, largest: math.ceil(math.log10(n * (largest + 1))),
            ),
            (
                "The logarithm asks for a digit too many or too few when the largest sum lies next "
                "to a power of ten: count the digits of that sum.",
                lambda n, largest: math.ceil(math.log10(n * largest)),
            ),
            (
                "That is the length of one term; a sum can be longer.",
                lambda n, largest: len(str(largest)),
            ),
        ],
        hint="What is the largest sum, and how many digits has it?",
    )
    compare(
        Part(work.sizes, 2, names),
        lambda n, largest: len(questions(n, largest)),
        examples,
        what=names[2],
        mistakes=[
            (
                "Base and exponent are the other way round: try one term up to 10.",
                lambda n, largest: n**largest,
            ),
            (
                "The choices multiply; they don't add up.",
                lambda n, largest: n * largest,
            ),
            (
                "3+10+7 and 10+3+7 are different questions here.",
                lambda n, largest: math.comb(largest + n - 1, n),
            ),
            ("Terms begin at 1: there is no 0.", lambda n, largest: (largest + 1) ** n),
        ],
        hint="How many questions are there with one term? With two?",
    )


def lstm(units, inputs):
    return 4 * (units * (units + inputs) + units)


MISFITS = {  # what Keras says, and what it is about
    "ndim=2, found ndim=3": "`RepeatVector` wants one vector for the whole question, but a "
    "sequence came: look at `return_sequences` of the first LSTM.",
    "ndim=3, found ndim=2": "The second LSTM wants a sequence, but one vector came: what makes a "
    "sequence of a vector?",
    "TimeDistributed": "What the last layer gets is no sequence: look at `return_sequences` of the "
    "second LSTM.",
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
)
def check_build(work, rng):
    n_in, n_out, n_chars, encoder, decoder = (int(n) for n in rng.choice(range(2, 10), 5, False))
    arguments = dict(n_in=n_in, n_out=n_out, n_chars=n_chars, encoder=encoder, decoder=decoder)
    example = ", ".join(f"{name}={value}" for name, value in arguments.items())
    where = {"example": f"build({example})"}
    try:
        asked = np.eye(n_chars)[rng.integers(0, n_chars, (2, n_in))]
        model = work.build.model(**arguments, inputs=[asked])
    except Failed as failure:
        if failure.error == "ValueError":
            hints = [text for words, text in MISFITS.items() if words in failure.what]
            failure.hint = hints[0] if hints else "Write down the shape after each layer."
        if failure.error == "InvalidArgumentError":
            failure.hint = (
                "The model was fed an array of shape (2, n_in, n_chars). Is that what its "
                "input says, and are all sizes those of the arguments?"
            )
        raise
    found = Counter(layer["class"] for layer in model["layers"])
    got = model["outputs"][0]
    require(
        isinstance(got, np.ndarray) and got.shape[:1] == (2,) and got.shape[-1] == n_chars,
        "the outputs have the wrong shape",
        "The last axis is for the probabilities of the characters: `n_chars` units.",
        got=f"shape {np.shape(got)} for 2 questions",
        **where,
    )
    require(
        got.ndim == 3,
        "there is one character in each answer, not a sequence of them",
        "The second LSTM gives only its last step: look at `return_sequences`.",
        got=f"shape {got.shape} for 2 questions",
        **where,
    )
    require(
        got.shape[1] != n_in,
        "the answers are as long as the questions",
        "What has to be repeated is one vector for the whole question, once for each character "
        "of the *answer*.",
        got=f"shape {got.shape} for 2 questions",
        **where,
    )
    require(
        got.shape[1] == n_out,
        "the answers have the wrong length",
        "How often is the vector repeated?",
        got=f"shape {got.shape} for 2 questions",
        **where,
    )
    require(
        np.allclose(got.sum(axis=-1), 1, atol=1e-4) and (got >= 0).all(),
        "what comes out are no probabilities: they don't add up to 1 for each character",
        "Each character is a choice among classes. Which activation makes probabilities of it?",
        **where,
    )
    require(
        found["LSTM"] == 2,
        f"the number of LSTM layers is {found['LSTM']}",
        "One reads, one writes.",
        **where,
    )
    right = lstm(encoder, n_chars) + lstm(decoder, encoder) + n_chars * (decoder + 1)
    swapped = lstm(decoder, n_chars) + lstm(encoder, decoder) + n_chars * (encoder + 1)
    require(
        model["parameters"] == right,
        "the number of parameters is wrong",
        "The units of encoder and decoder are the other way round."
        if model["parameters"] == swapped
        else "Are the units those of the arguments, and is there a layer too many?",
        got=f"{model['parameters']:,}",
        **where,
    )


def answers(predicted, expected, alphabet):
    """The oracle: plain loops over characters."""

    def text(vectors):
        return "".join(alphabet[max(range(len(v)), key=lambda k: v[k])] for v in vectors.tolist())

    return [(text(p), text(e)) for p, e in zip(predicted, expected, strict=True)]


def line(got, wanted, right):
    return f"☑ {got}" if right else f"☒ {got} (when expecting {wanted})"


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
)
def check_mark(work, rng):
    def example(alphabet, n, length, share):
        wanted = rng.integers(0, len(alphabet), (n, length))
        got = np.where(rng.random((n, length)) < share, wanted, rng.integers(0, len(alphabet)))
        got[0, 0] = (wanted[0, 0] + 1) % len(alphabet)
        predicted = rng.random((n, length, len(alphabet)))
        predicted += (predicted.max() + 0.1) * np.eye(len(alphabet))[got]
        predicted /= predicted.sum(axis=-1, keepdims=True)
        return predicted, np.eye(len(alphabet))[wanted], alphabet

    def lines(right):
        return lambda *args: [line(p, e, right(p, e)) for p, e in answers(*args)]

    def share(numbers):
        return lambda *args: sum(map(float, found := numbers(answers(*args)))) / len(found)

    shuffled = "".join(rng.permutation(list("0123456789+ ")))
    one_wrong = example("0123456789+ ", 1, 2, 1.0)
    examples = [one_wrong, example("0123456789+ ", 3, 2, 0.8), example(shuffled, 40, 3, 0.7)]
    names = ["the lines", "the share of right characters", "the exact match"]
    compare(
        Part(work.mark, 0, names),
        lines(lambda p, e: p == e),
        examples,
        what=names[0],
        mistakes=[
            (
                "An answer with one right character is not right yet: *all* of them have to be.",
                lines(lambda p, e: any(a == b for a, b in zip(p, e, strict=True))),
            ),
            ("☑ stands for right, ☒ for wrong.", lines(lambda p, e: p != e)),
            (
                "What the network answered comes first, what was expected in the brackets.",
                lambda *args: [line(e, p, p == e) for p, e in answers(*args)],
            ),
            (
                "The lines should keep the spaces of the answers, and look exactly as in the task.",
                lambda *args: [line(p.strip(), e.strip(), p == e) for p, e in answers(*args)],
            ),
            (
                "Decode with the alphabet that is given: its order isn't always the same.",
                lambda p, e, _: [
                    line(*pair, pair[0] == pair[1]) for pair in answers(p, e, "0123456789+ ")
                ],
            ),
        ],
        hint="Compare your lines with those in the task, sign by sign: mark, space, text.",
    )
    characters = share(lambda pairs: [a == b for p, e in pairs for a, b in zip(p, e, strict=True)])
    whole = share(lambda pairs: [p == e for p, e in pairs])
    compare(
        Part(work.mark, 1, names),
        characters,
        examples,
        what=names[1],
        mistakes=[
            ("That is the share of whole answers. Here count single characters.", whole),
            ("A share lies between 0 and 1.", lambda *args: 100 * characters(*args)),
            (
                "A probability is never exactly 0 or 1: first find the largest of each character.",
                lambda p, e, _: (p == e).mean(),
            ),
        ],
        hint="Which share of all n · length characters is right?",
        tolerance=1e-6,
    )
    compare(
        Part(work.mark, 2, names),
        whole,
        examples,
        what=names[2],
        mistakes=[
            (
                "That counts right characters. For the exact match, an answer counts only if all "
                "of its characters are right.",
                characters,
            ),
            (
                "An answer with one right character is not right yet: *all* of them have to be.",
                share(
                    lambda pairs: [any(a == b for a, b in zip(p, e, strict=True)) for p, e in pairs]
                ),
            ),
            (
                "Errors don't fall independently: look at the answers one by one instead.",
                lambda p, e, alphabet: characters(p, e, alphabet) ** p.shape[1],
            ),
            (
                "A share is asked for, not a count: divide by the number of answers.",
                lambda *args: whole(*args) * len(args[0]),
            ),
            (
                "Is `all` taken over all answers at once? It has to be asked for each answer.",
                lambda *args: float(whole(*args) == 1),
            ),
        ],
        hint="Which share of the n answers has no wrong character?",
        tolerance=1e-6,
    )


tasks.predict(
    "07.4",
    "play with the parameters",
    ["the same", "a third more", "twice as many", "ten times as many"],
    minutes=5,
    hints=["Which numbers stand in the formula for the parameters of an LSTM, and which don't?"],
)


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
)
def check_probabilities(work, rng):
    def drawn(weight, normalised=True, key=sum):
        def p(problems):
            keys = [key(row) for row in problems.tolist()]
            counts = Counter(keys)
            weights = np.array([weight(counts[k]) for k in keys], float)
            return weights / (math.fsum(weights) if normalised else 1)

        return p

    some = questions(3, 10)
    compare(
        work.probabilities,
        drawn(lambda n: n**-0.5),
        [
            (np.array([[1, 1], [1, 2], [2, 1]]),),
            (rng.permutation(questions(2, 3)),),
            (rng.permutation(questions(2, 10)),),
            (some[rng.random(len(some)) < 0.8],),
        ],
        mistakes=[
            (
                "Probabilities have to add up to 1; these are only in proportion.",
                drawn(lambda n: n**-0.5, normalised=False),
            ),
            ("Where is the square root?", drawn(lambda n: 1 / n)),
            ("Where is the square root?", drawn(lambda n: 1 / n, normalised=False)),
            (
                "Rare sums should come up *more* often: the weight falls with the number.",
                drawn(lambda n: n**0.5),
            ),
            (
                "Rare sums should come up *more* often: the weight falls with the number.",
                drawn(lambda n: n),
            ),
            (
                "All have the same weight: count the questions with the same *sum*, not the same "
                "questions.",
                drawn(lambda n: 1),
            ),
            (
                "Count the questions with the same *sum*, not those with the same terms.",
                drawn(lambda n: n**-0.5, key=lambda row: tuple(sorted(row))),
            ),
            (
                "The weights are divided by another sum than that of the n weights themselves.",
                lambda problems: (
                    drawn(lambda n: n**-0.5, normalised=False)(problems)
                    / sum(n**-0.5 for n in Counter(map(sum, problems.tolist())).values())
                ),
            ),
            (
                "Not the sum itself is common or rare: count how many questions have it.",
                lambda problems: problems.sum(axis=1) ** -0.5,
            ),
            (
                "Not the sum itself is common or rare: count how many questions have it.",
                lambda problems: (w := problems.sum(axis=1) ** -0.5) / w.sum(),
            ),
        ],
        hint="Do it by hand for the three questions 1+1, 1+2 and 2+1.",
        tolerance=1e-7,
    )


def plus(row):
    return "+".join(map(str, row))


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
)
def check_split(work, rng):
    seed = int(rng.integers(1_000_000))
    cases = []
    for n_numbers, largest, held_out in [(2, 3, 0.3), (2, 10, 0.2), (3, 6, 0.4)]:
        problems = rng.permutation(questions(n_numbers, largest))
        example = (
            f"split(problems, {held_out}, seed={seed}), problems: all {len(problems)} questions "
            f"of {n_numbers} terms up to {largest}"
        )
        try:
            sides = _unordered(work.split(problems, held_out, seed), problems, example)
        except Failed as failure:
            if "larger sample" in failure.what:
                failure.hint = "How many unordered problems are there? The share is one of *them*."
            raise
        cases.append((problems, held_out, example, sides))
    for _, held_out, example, (seen, unseen) in cases:
        total, count = len(seen) + len(unseen), len(unseen)
        require(
            abs(count - held_out * total) <= 1.01,
            f"{count} of {total} unordered problems are held out",
            "The sides are the other way round."
            if abs(total - count - held_out * total) <= 1.01
            else "The share is one of the *unordered* problems, and each of them is drawn once at "
            "most (`replace=False`).",
            example=example,
            expected=f"the share {held_out} of {total}",
        )
    problems, held_out, example, sides = cases[1]
    seeds = range(seed, seed + 4)
    drawn = [_unordered(work.split(problems, held_out, s), problems, example) for s in seeds]
    require(
        drawn[0] == sides,
        "the same seed gives two different splits",
        "Draw with `rng`, which was made from the seed.",
        example=example,
    )
    require(
        any(other != sides for other in drawn),
        "other seeds give the same split",
        "The held-out problems should be drawn at random, with `rng`: the first or last ones are "
        "no fair sample.",
        example=example,
    )


def _unordered(answer, problems, example):
    """Look at one split; return the unordered problems on both sides."""
    width = problems.shape[1]
    require(
        isinstance(answer, tuple | list)
        and len(answer) == 2
        and all(np.ndim(side) == 2 and np.shape(side)[1] == width for side in answer),
        "it doesn't return two arrays of questions",
        f"Return `seen, unseen`: both rows of `problems`, shape (…, {width}), and neither empty.",
        example=example,
    )
    sides = [[tuple(row) for row in np.asarray(side).tolist()] for side in answer]
    found, wanted = Counter(sides[0] + sides[1]), Counter(map(tuple, problems.tolist()))
    all_sorted = all(list(row) == sorted(row) for row in found)
    missing, extra = wanted - found, found - wanted
    require(
        not missing or not all_sorted,
        f"questions are missing: there is no {plus(max(missing, default=()))} on either side",
        "All orders of the terms belong into the answer, as they stand in `problems`; sorted rows "
        "only serve to see which questions are the same problem.",
        example=example,
    )
    require(
        not extra,
        f"there are questions too many, such as {plus(min(extra, default=()))}",
        "Each question that stands in `problems` belongs to one side, once: let `seen` be what is "
        "not in `unseen`.",
        example=example,
    )
    require(
        not missing,
        f"questions are missing, such as {plus(min(missing, default=()))}",
        "Each question belongs to one of the two sides.",
        example=example,
    )
    seen, unseen = ({tuple(sorted(row)) for row in side} for side in sides)
    both = min(seen & unseen, default=())
    require(
        not both,
        f"{plus(both)} is on one side, and the same terms in another order are on the other",
        "All orders of the same terms are one problem: draw among unordered problems, and let the "
        "questions follow.",
        example=example,
    )
    return seen, unseen


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
