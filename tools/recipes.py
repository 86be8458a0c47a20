"""What the shipped networks are trained with, and what they are tried on (see checkpoints.py)."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from course_utils.data import captions, operations, terms
from course_utils.data.questions import (
    all_pairs,
    draw_numbers,
    draw_pairs,
    hold_out,
    pair_keys,
    sum_format,
    sum_texts,
)

HARD = 5_000  # questions with the least margins, for the revision
SEEDS = (0, 1, 2)
MORE_SEEDS = (0, 1, 2, 3, 4)  # of networks of which a lesson says something for every start


@dataclass(frozen=True)
class Recipe:
    """How one network is made and tried.

    Attributes:
        settings: all that decides what comes out, as JSON can write it; it is noted in the record,
            and when it changes the network is trained again.
        build: returns the network, untrained.
        train: a function of a seed that returns the trained network.
        evaluate: a function of a network that returns what came out on the stated questions:
            ``tried`` and ``wrong``, and more where it helps.
        seeds: those that it is made from.
    """

    settings: dict
    build: Callable
    train: Callable
    evaluate: Callable
    seeds: tuple = SEEDS


def untrained(form):
    """Return the text model of lesson 09 for questions and answers of a form."""
    from course_utils.networks.seq2seq import text_model

    return text_model(form)


def revised(model, form, draw, shown, steps, seed, times=1):
    """Train a network a little more, a part of it on those of the shown questions it finds hard."""
    from course_utils.networks import seq2seq

    for time in range(times):
        weak = np.argsort(seq2seq.margins(model, form, *shown))[:HARD]
        hard = tuple([side[row] for row in weak] for side in shown)
        seq2seq.revise(model, form, draw, hard, steps, [seed, 2 + time])
    return model


def counted(right):
    """Return how many questions were tried and how many answers are wrong.

    Args:
        right: a boolean for each question.
    """
    return {"tried": len(right), "wrong": int((~right).sum())}


def tried_and_held_out(digits):
    """Return the pairs that a network of lesson 09 is tried on, and the keys of those held out."""
    if digits <= 3:
        return all_pairs(digits), hold_out(digits, 0.2, 0)
    tried = np.random.default_rng(0).integers(10 ** (digits - 1), 10**digits, (100_000, 2))
    return tried, np.unique(pair_keys(tried))


def two_numbers(digits, steps, revision):
    """Lesson 09: two numbers of up to so many digits, some pairs held out.

    Up to three digits a fifth is held out, and every pair is tried; above, what is held out is
    tried: pairs of full length. A revision at the end shows what the network finds hard among the
    pairs that it may see.
    """
    form = sum_format(digits)
    tried, held_out = tried_and_held_out(digits)
    hidden = np.isin(pair_keys(tried), held_out)

    def draw(n, rng):
        return sum_texts(draw_pairs(n, digits, rng, held_out))

    def train(seed):
        from course_utils.networks import seq2seq

        model, _ = seq2seq.train_fresh(seq2seq.text_model, form, draw, steps, seed)
        shown = sum_texts(tried[~hidden])
        if digits > 3:  # too many to ask all
            shown = draw(400_000, np.random.default_rng([seed, 1]))
        return revised(model, form, draw, shown, revision, seed)

    def evaluate(model):
        from course_utils.networks.seq2seq import right_answers

        right = right_answers(model, form, *sum_texts(tried))
        away = {"held_out": int(hidden.sum()), "wrong_held_out": int((~right[hidden]).sum())}
        return counted(right) | away

    settings = {"digits": digits, "units": 128, "steps": steps, "batchsize": 256}
    settings |= {"held_out": 0.2 if digits <= 3 else len(held_out)}
    settings |= {"revision": revision, "hard": HARD}
    return Recipe(settings, partial(untrained, form), train, evaluate)


def nine_digits(attention, steps):
    """Lesson 13: two numbers of up to nine digits, all lengths equally often, and chains."""
    digits = 9
    form = sum_format(digits)

    def build(form=form):
        from course_utils.networks.attention import attention_model
        from course_utils.networks.seq2seq import text_model

        return (attention_model if attention else text_model)(form)

    def train(seed):
        from course_utils.networks.seq2seq import train_fresh

        return train_fresh(build, form, draw, steps, seed)[0]

    def draw(n, rng):
        from course_utils.networks.attention import draw_with_chains

        return sum_texts(draw_with_chains(n, digits, rng))

    def evaluate(model):
        from course_utils.networks.seq2seq import right_answers

        result = {}
        for name, pairs in trials(digits).items():
            right = right_answers(model, form, *sum_texts(pairs))
            result |= {f"tried{name}": len(right), f"wrong{name}": int((~right).sum())}
        return result

    settings = {"digits": digits, "steps": steps, "batchsize": 256, "attention": attention}
    settings["chains"] = "every eighth pair, begun in any column or none"
    settings |= {"units": 64 if attention else 128}
    # What is shown beside a headline, and is not one itself, is made once.
    return Recipe(settings, build, train, evaluate, seeds=MORE_SEEDS if attention else (0,))


def trials(digits, n=100_000):
    """Return the pairs that a network is tried on, by what is added to the name of a count.

    All of full length (no such pair was ever drawn in training, by chance); all lengths; chains
    in which a carry runs through every column, of all lengths and of the longest; sums that are
    nines only, where every column waits for a carry in vain; and numbers that are nines only, with
    any other. Each pair of the last four kinds is there once.
    """
    from course_utils.networks.attention import carry_chains

    rng = np.random.default_rng(1_000)
    top, some = 10**digits, n // 10
    first = rng.integers(1, top, some)
    first += first % 10 == 0  # so that the carry begins with the units
    below, nines = draw_numbers(some, digits, rng), 10 ** rng.integers(1, digits + 1, (2, some)) - 1
    below %= nines[0] + 1
    return {
        "": rng.integers(top // 10, top, (n, 2)),
        "_lengths": draw_pairs(n, digits, rng),
        "_chains": np.unique(carry_chains(some, digits, rng), axis=0),
        "_longest": np.unique(np.stack([first, top - first], axis=1), axis=0),
        "_in_vain": np.unique(np.stack([below, nines[0] - below], axis=1), axis=0),
        "_nines": np.unique(np.stack([nines[1], draw_numbers(some, digits, rng)], axis=1), axis=0),
    }


def listed_sums():
    """Return all questions of two terms and of three, as numbers, by how many terms they have."""
    return {"two": all_pairs(2), "three": np.indices((100,) * 3).reshape(3, -1).T}


def draw_open(n, rng):
    """Draw questions of two to five terms that aren't held out; return their texts and answers."""
    return terms.draw_levels(n, terms.LEVELS, rng)


def open_questions(n, rng):
    """Return n drawn questions, and all of two and three terms, as far as they aren't held out."""
    shown = draw_open(n, rng)
    for rows in listed_sums().values():
        for side, more in zip(shown, sum_texts(rows[~terms.held_out(rows)]), strict=True):
            side += more
    return shown


def evaluate_terms(model, form):
    """Return what comes out on held-out questions of each length, and on all that are listed."""
    from course_utils.networks.seq2seq import right_answers

    counts = np.repeat([2, 3, 4, 5], 25_000)
    drawn = terms.draw_terms(counts, 2, np.random.default_rng(1_000), hidden=True)
    right = right_answers(model, form, *terms.term_texts(drawn))
    result = counted(right)
    result["wrong_by_terms"] = [int((~right[counts == n]).sum()) for n in (2, 3, 4, 5)]
    for name, rows in listed_sums().items():
        right = right_answers(model, form, *sum_texts(rows))
        found = counted(right) | {"wrong_held_out": int((~right[terms.held_out(rows)]).sum())}
        if name == "three":
            found["wrong_to_20"] = int((~right[(rows <= 20).all(axis=1)]).sum())
        result[name] = found
    return result


def variable_terms(steps, revision):
    """Lesson 10: two to five terms of one or two digits; a share of all questions is held out.

    Three revisions at the end show what the network finds hard among the questions that it may see:
    all of two and three terms, and some of the others.
    """
    form, times = sum_format(digits=2, terms=5), 3

    def train(seed):
        from course_utils.networks import seq2seq

        growing = terms.draw_growing(steps // 50)
        model, _ = seq2seq.train_fresh(seq2seq.text_model, form, growing, steps, seed)
        shown = open_questions(300_000, np.random.default_rng([seed, 1]))
        return revised(model, form, draw_open, shown, revision, seed, times)

    settings = {"digits": 2, "terms": [2, 3, 4, 5], "units": 128, "steps": steps, "batchsize": 256}
    settings |= {"held_out": terms.SHARE, "all_open": terms.ALL_OPEN, "by_column": 0.5}
    settings |= {"revision": revision, "times": times, "hard": HARD}
    evaluate = partial(evaluate_terms, form=form)
    return Recipe(settings, partial(untrained, form), train, evaluate)


def four_operations(signs, hidden, steps):
    """Lesson 11: one network for some operations on numbers from 0 to 99.

    Args:
        signs: the operations.
        hidden: those whose held-out fifth of the pairs training doesn't show.
        steps: of the training.
    """
    form, held_out = operations.operation_format(2, signs), hold_out(2, 0.2, 0)

    def train(seed):
        from course_utils.networks import practice

        shown = operations.listed(signs, hidden, held_out)
        return practice.practise(untrained, form, *shown, steps, seed)[0]

    def evaluate(model):
        from course_utils.networks.seq2seq import right_answers

        parts = {}
        for sign in signs:
            pairs = operations.all_problems(2, sign)
            wrong = ~right_answers(model, form, *operations.operation_texts(pairs, sign))
            away = np.isin(pair_keys(pairs), held_out)
            parts[sign] = {"tried": len(pairs), "wrong": int(wrong.sum())}
            parts[sign] |= {"held_out": int(away.sum()), "wrong_held_out": int(wrong[away].sum())}
        return {key: sum(p[key] for p in parts.values()) for key in ("tried", "wrong")} | parts

    settings = {"signs": signs, "hidden": hidden, "held_out": 0.2, "units": 128}
    settings |= {"short": operations.SHORT, "steps": steps, "batchsize": 256}
    settings |= {"rate": 0.008, "decay": 0.1}  # of course_utils.networks.practice
    return Recipe(settings, partial(untrained, form), train, evaluate)


def describing(steps, blanks):
    """Lesson 15: pictures of one or two objects; one shape of each colour is held out.

    Starts differ much in the new combinations, so there are two more of them.
    """
    n = 5_000  # pictures of each test set

    def build():
        from course_utils.networks.captioning import captioner

        return captioner()

    def train(seed):
        from course_utils.lesson.backend import keras
        from course_utils.networks.captioning import captioner, train_captioner

        keras.utils.set_random_seed(seed)
        model = captioner()
        train_captioner(model, captions.draw_samples, steps, seed, blanks)
        return model

    def count_wrong(model, name):
        from course_utils.networks.captioning import describe

        rng = np.random.default_rng(1_000 + list(captions.TEST_SETS).index(name))
        pictures, words = captions.draw_samples(n, rng, **captions.TEST_SETS[name])
        return int((describe(model, pictures) != words).any(axis=1).sum())

    def evaluate(model):
        wrong = {name: count_wrong(model, name) for name in captions.TEST_SETS}
        return {"tried": n, "wrong": wrong.pop("seen"), "wrong_held_out": wrong}

    settings = {"steps": steps, "batchsize": 128, "rate": 0.002, "blanks": blanks}
    return Recipe(settings, build, train, evaluate, (*MORE_SEEDS, 1_003, 2_003))


RECIPES = {
    "09_three_digits": partial(two_numbers, 3, 24_000, 1_000),
    "09_five_digits": partial(two_numbers, 5, 16_000, 1_000),
    "10_variable_terms": partial(variable_terms, 12_000, 1_000),
    "11_mixed": partial(four_operations, "+-*/", "+-", 18_000),
    "11_honest": partial(four_operations, "*/", "*/", 8_000),
    "13_attention": partial(nine_digits, True, 8_000),
    "13_without": partial(nine_digits, False, 2_900),  # as long as the one above
    "15_captions": partial(describing, 6_000, 0.5),
}
