"""What the shipped networks are trained with, and what they are tried on (see checkpoints.py)."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from course_utils.questions import (
    all_pairs,
    draw_numbers,
    draw_pairs,
    hold_out,
    pair_keys,
    sum_format,
    sum_texts,
)

HARD = 5_000  # questions with the least margins, for the revision


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
    """

    settings: dict
    build: Callable
    train: Callable
    evaluate: Callable


def two_numbers(digits, steps, revision):
    """Lesson 09: two numbers of up to so many digits, a fifth of the pairs held out.

    A revision at the end shows what the network finds hard among the pairs that it may see.
    """
    form, held_out, every = sum_format(digits), hold_out(digits, 0.2, 0), all_pairs(digits)
    hidden = np.isin(pair_keys(every), held_out)

    def draw(n, rng):
        return sum_texts(draw_pairs(n, digits, rng, held_out))

    def build():
        from course_utils.seq2seq import text_model

        return text_model(form)

    def train(seed):
        from course_utils import seq2seq

        model, _ = seq2seq.train_fresh(seq2seq.text_model, form, draw, steps, seed)
        shown = sum_texts(every[~hidden])
        weak = np.argsort(seq2seq.margins(model, form, *shown))[:HARD]
        hard = tuple([side[row] for row in weak] for side in shown)
        seq2seq.revise(model, form, draw, hard, revision, [seed, 2])
        return model

    def evaluate(model):
        from course_utils.seq2seq import right_answers

        right = right_answers(model, form, *sum_texts(every))
        return {
            "tried": len(right),
            "wrong": int((~right).sum()),
            "held_out": int(hidden.sum()),
            "wrong_held_out": int((~right[hidden]).sum()),
        }

    settings = {
        "digits": digits,
        "units": 128,
        "steps": steps,
        "batchsize": 256,
        "held_out": 0.2,
        "revision": revision,
        "hard": HARD,
    }
    return Recipe(settings, build, train, evaluate)


def nine_digits(attention, steps):
    """Lesson 13: two numbers of up to nine digits, all lengths equally often, and chains."""
    digits = 9
    form = sum_format(digits)

    def build(form=form):
        from course_utils.attention import attention_model
        from course_utils.seq2seq import text_model

        return (attention_model if attention else text_model)(form)

    def train(seed):
        from course_utils.seq2seq import train_fresh

        return train_fresh(build, form, draw, steps, seed)[0]

    def draw(n, rng):
        from course_utils.attention import draw_with_chains

        return sum_texts(draw_with_chains(n, digits, rng))

    def evaluate(model):
        from course_utils.seq2seq import right_answers

        result = {}
        for name, pairs in trials(digits).items():
            right = right_answers(model, form, *sum_texts(pairs))
            result |= {f"tried{name}": len(right), f"wrong{name}": int((~right).sum())}
        return result

    settings = {"digits": digits, "steps": steps, "batchsize": 256, "attention": attention}
    settings["chains"] = "every eighth pair, begun in any column or none"
    return Recipe(settings | {"units": 64 if attention else 128}, build, train, evaluate)


def trials(digits, n=100_000):
    """Return the pairs that a network is tried on, by what is added to the name of a count.

    All of full length (no such pair was ever drawn in training, by chance); all lengths; chains
    in which a carry runs through every column, of all lengths and of the longest; sums that are
    nines only, where every column waits for a carry in vain; and numbers that are nines only, with
    any other. Each pair of the last four kinds is there once.
    """
    from course_utils.attention import carry_chains

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


RECIPES = {
    "09_three_digits": partial(two_numbers, 3, 24_000, 1_000),
    "13_attention": partial(nine_digits, True, 8_000),
    "13_without": partial(nine_digits, False, 2_900),  # as long as the one above; one seed
}
