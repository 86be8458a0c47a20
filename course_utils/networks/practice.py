"""Training that comes back to what the network got wrong at the last look (lesson 11)."""

import numpy as np

from course_utils.lesson.backend import keras
from course_utils.networks.training import STEPS_PER_CALL, ProgressLine, batches

LOOK_EVERY = 500  # steps: a look at 40,000 questions takes a tenth of the time
DECAY = 0.1  # each step shrinks all weights by this share of the learning rate
TIMES = 8  # drawn as often as a question that the network got right


def practise(build, form, questions, answers, steps, seed, batchsize=256, rate=0.008, label=None):
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
