"""Training that comes back to what the network is wrong or unsure about (lessons 07, 09, 11)."""

from collections.abc import Callable, Sequence

import numpy as np

from course_utils.data.addition import Problem, draw_balanced
from course_utils.data.questions import Format
from course_utils.lesson.backend import keras
from course_utils.networks.training import STEPS_PER_CALL, ProgressLine, batches, train

LOOK_EVERY = 500  # steps: a look at 40,000 questions takes a tenth of the time
DECAY = 0.1  # each step shrinks all weights by this share of the learning rate
TIMES = 8  # drawn as often as a question that the network got right
UNSURE = 20  # problems to which a revision comes back


def revise_sums(
    model: keras.Model, problem: Problem, steps: int, seed: int, batchsize: int
) -> np.ndarray:
    """Train a network a little more, an eighth of it on the problems of which it is least sure.

    The other samples are balanced ones, as before: a larger part would pull the network towards the
    few, away from all others.

    Args:
        model: a trained network, prepared for these steps (`training.prepare`); it is changed.
        problem: all of whose problems may be shown.
        steps: training steps, a multiple of 50.
        seed: of the training that came before; it fixes what is drawn.
        batchsize: samples in a step.

    Returns:
        Shape (n_problems,): for each problem whether the whole answer is right afterwards.
    """
    everything = problem.all_problems
    rng, n = np.random.default_rng([seed, 1]), steps * batchsize
    unsure = np.argsort(sum_margins(model, problem))[:UNSURE]
    drawn = draw_balanced(everything, n - n // 8, rng)
    again = everything[rng.choice(unsure, n // 8)]
    train(
        model,
        *problem.encode(rng.permutation(np.concatenate([drawn, again]))),
        batchsize,
        "revision",
    )
    return sum_margins(model, problem) > 0


def sum_margins(model: keras.Model, problem: Problem) -> np.ndarray:
    """Return for each problem how clearly the network's whole answer is right.

    Args:
        model: from one-hot vectors to probabilities, such as `models.addition_model`.
        problem: all of whose problems are asked.

    Returns:
        Shape (n_problems,), from -1 to 1: the probability of the right character less that of the
        likeliest other one, where this is least; above 0 the answer is right.
    """
    x, y = problem.encode(problem.all_problems)
    chances = model.predict(x, batch_size=2_000, verbose=0)
    right, other = (chances * y).sum(axis=-1), np.where(y > 0, -1, chances).max(axis=-1)
    return (right - other).min(axis=-1)


def practise(
    build: Callable[[Format], keras.Model],
    form: Format,
    questions: Sequence[str],
    answers: Sequence[str],
    steps: int,
    seed: int,
    batchsize: int = 256,
    rate: float = 0.008,
    label: str | None = None,
) -> tuple[keras.Model, list[int]]:
    """Build a network and train it on listed questions, those it gets wrong more often.

    Weight decay (AdamW, Loshchilov & Hutter 2019) makes the network prefer small weights: those of
    a rule to those of many single cases.

    All questions are drawn equally often at first. Every 500 steps the network is tried on all of
    them; until the next look, those it got wrong are drawn eight times as often as the others.

    Args:
        build: a function of `form` that returns the network, such as `seq2seq.text_model`.
        form: a `course_utils.data.questions.Format`.
        questions, answers: all that may be shown, n texts each.
        steps: training steps, a multiple of 50.
        seed: an integer; it fixes the weights at the start and what is drawn.
        batchsize: samples in a step.
        rate: the learning rate of the first step; it falls to zero along a cosine.
        label: for the progress lines; None: show none.

    Returns:
        ``(model, looks)``: the network, and how many of the questions it got wrong at each look.
    """
    keras.utils.set_random_seed(seed)
    model, rng = build(form), np.random.default_rng(seed)
    falling = keras.optimizers.schedules.CosineDecay(rate, steps)
    optimizer = keras.optimizers.AdamW(falling, weight_decay=DECAY, clipnorm=1.0)
    loss = "sparse_categorical_crossentropy"
    model.compile(optimizer, loss, steps_per_execution=STEPS_PER_CALL)
    x, y = form.encode(questions, answers)
    weights, looks = np.ones(len(x)), []
    for start in range(0, steps, LOOK_EVERY):
        n = min(LOOK_EVERY, steps - start)
        rows = rng.choice(len(x), n * batchsize, p=weights / weights.sum())
        model.fit(
            batches(x[rows], y[rows], batchsize),
            epochs=n // STEPS_PER_CALL,
            steps_per_epoch=STEPS_PER_CALL,
            callbacks=[ProgressLine(f"{label}, to step {start + n:,}")] if label else [],
            shuffle=False,
            verbose=0,
        )
        written = model.predict(x, batch_size=2_500, verbose=0).argmax(axis=-1)
        wrong = (written != y).any(axis=1)
        weights = np.where(wrong, TIMES, 1)
        looks.append(int(wrong.sum()))
    return model, looks
