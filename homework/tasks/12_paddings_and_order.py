"""The checks of exercise 12."""

import numpy as np

from homework.checks import Tasks, compare

tasks = Tasks()


def numbers(rng, n, digits):
    """Draw numbers, all lengths equally often."""
    return [int(rng.integers(0, 10 ** int(rng.integers(1, digits + 1)))) for _ in range(n)]


@tasks.check(
    "12.1",
    "Columns that never move",
    points=3,
    minutes=7,
    hints=[
        "Take the question apart at the plus signs, mend each number, and put it together again.",
        '`"38".zfill(3)` is `"038"`.',
        "First fill up, then turn round: the other way the zeros land on the wrong side.",
    ],
)
def check_units_first(work, rng):
    def written(question, digits):
        values = map(int, question.split("+"))
        return "+".join(f"{value:0{digits}d}" for value in values)

    def turned(question, digits):
        return written(question, digits)[::-1]

    examples = [("7+38", 2), ("5+6", 1), ("7+38", 3), ("475+38", 3), ("100+0+9", 3), ("12", 4)]
    for terms in (2, 2, 3):
        examples.append(("+".join(map(str, numbers(rng, terms, 4))), 4))
    compare(
        work.units_first,
        turned,
        examples,
        mistakes=[
            ("The zeros are right. The text isn't turned round yet.", written),
            (
                "The zeros are on the wrong side, as if 7 were 70. Turning round and filling up: "
                "which of the two must come first?",
                lambda q, digits: "+".join(t.zfill(digits) for t in q[::-1].split("+")),
            ),
            (
                "Each number is turned, but the *whole* text should be: the last number comes "
                "first.",
                lambda q, digits: "+".join(f"{int(t):0{digits}d}"[::-1] for t in q.split("+")),
            ),
            (
                "Only the text as a whole was filled up. *Each* number needs its zeros.",
                lambda q, digits: q.zfill(len(written(q, digits)))[::-1],
            ),
            ("The text is turned round, but no zeros were added.", lambda q, digits: q[::-1]),
            (
                "Here it was filled up with spaces; a place that is missing should hold a 0.",
                lambda q, d: "+".join(f"{int(t):{d}d}" for t in q.split("+"))[::-1],
            ),
        ],
        hint="Do it by hand for 7+38 with three digits, and compare character by character.",
    )


@tasks.check(
    "12.2",
    "Read what it wrote",
    points=3,
    minutes=6,
    hints=[
        "Turn the text the right way round first, if it has to be turned.",
        "`int` takes spaces at the ends and zeros in front: `int(' 042 ')` is 42.",
    ],
)
def check_read_number(work, rng):
    def by_place(text, backwards):
        digits = [int(c) for c in text if c != " "]
        places = range(len(digits)) if backwards else range(len(digits) - 1, -1, -1)
        return sum(digit * 10**place for digit, place in zip(digits, places, strict=True))

    examples = [("7", False), ("12", False), ("12", True), (" 340", False), ("043 ", True)]
    examples += [("0000", True), ("0012", False), ("0240", True), ("1000", True), ("0   ", True)]
    for number in numbers(rng, 6, 4):
        for backwards in (False, True):
            text = f"{number}"[:: -1 if backwards else 1]
            examples += [(text.rjust(5), backwards), (text.ljust(5), backwards)]
            examples.append((f"{number:05d}"[:: -1 if backwards else 1], backwards))
    compare(
        work.read_number,
        by_place,
        examples,
        mistakes=[
            ("`backwards` is not looked at.", lambda text, backwards: int(text)),
            ("It is always turned round. Look at `backwards`.", lambda t, b: int(t[::-1])),
            (
                "`backwards` means: turn it round. Here it is turned exactly when it should not.",
                lambda t, b: int(t if b else t[::-1]),
            ),
            (
                "A zero can be the units: written backwards it comes first, and it must not get "
                "lost.",
                lambda t, b: int(f"{int(t)}"[::-1]) if b else int(t),
            ),
            (
                "A zero can be the units, or padding. Don't strip zeros: `int` copes with those in "
                "front.",
                lambda t, b: int(t.strip(" 0")[:: -1 if b else 1] or 0),
            ),
            (
                "A zero can be the units, or padding. Don't strip zeros: `int` copes with those in "
                "front.",
                lambda t, b: int(t.strip(" 0")[:: -1 if b else 1]),
            ),
            (
                "A space isn't a zero: behind the units it would make the number ten times as "
                "large.",
                lambda t, b: int(t.replace(" ", "0")[:: -1 if b else 1]),
            ),
        ],
        hint="Write down for each character what it is worth: units, tens, hundreds.",
    )


tasks.predict(
    "12.3",
    "the wrong symbol is skipped",
    ["3+12", "1+23", "13+2", "none"],
    minutes=5,
    hints=[
        "Which symbol stands at place 0 of that alphabet?",
        "Strike it out of all the questions, and write down what is left of each.",
    ],
)


@tasks.check(
    "12.4",
    "Skip what is masked",
    points=4,
    minutes=10,
    hints=[
        "Walk along the second axis. At each step compute the new states of all rows, then decide "
        "row by row which of the two, new or old, goes on.",
        "`np.where(condition, a, b)` takes from `a` where the condition holds, and from `b` "
        "elsewhere.",
        "The condition at step t is `mask[:, t]`.",
    ],
)
def check_last_states(work, rng):
    def alone(values, start=0.0):  # one row, only what counts
        for value in values:
            start = start / 2 + float(value) + 1
        return start

    def oracle(x, mask):
        return np.array([alone(row[keep]) for row, keep in zip(x, mask, strict=True)])

    def walk(x, mask, join):
        now = np.zeros(len(x))
        for values, counts in zip(x.T, mask.T, strict=True):
            now = join(now, values, counts)
        return now

    examples = []
    for batch, seqlen in [(1, 1), (1, 2), (1, 4), (2, 4), (5, 7)]:
        x, mask = rng.normal(size=(batch, seqlen)).round(1), rng.random((batch, seqlen)) < 0.6
        mask[0, -1] = seqlen == 1  # each row but the first example ends with a skipped step
        mask[0, 0] = True
        examples.append((x, mask))
    examples.append((np.ones((2, 3)), np.zeros((2, 3), bool)))  # nothing counts
    compare(
        work.last_states,
        oracle,
        examples,
        mistakes=[
            (
                "The mask is not used: every step counts.",
                lambda x, mask: walk(x, mask, lambda s, v, m: s / 2 + v + 1),
            ),
            (
                "Where it should skip, the state is set to 0. It should stay as it was.",
                lambda x, mask: walk(x, mask, lambda s, v, m: (s / 2 + v + 1) * m),
            ),
            (
                "An input of 0 is still a step: it changes the state. Skip the step itself.",
                lambda x, mask: walk(x, mask, lambda s, v, m: s / 2 + v * m + 1),
            ),
            (
                "The steps are along the *second* axis: not all of them were made.",
                lambda x, mask: oracle(x[:, : len(x)], mask[:, : len(x)]),
            ),
            (
                "It skips where the mask is True. True means that the step counts.",
                lambda x, mask: oracle(x, ~mask),
            ),
            (
                "Each row has a mask of its own: don't use that of the first row for all.",
                lambda x, mask: oracle(x, np.repeat(mask[:1], len(x), axis=0)),
            ),
            (
                "`if` wants one True or False, but the mask has one for each row: choose row by "
                "row.",
                "ValueError",
            ),
        ],
        hint="Try one row by hand, step by step, with a False in the middle.",
        tolerance=1e-9,
    )


@tasks.check(
    "12.5",
    "How long must a digit wait?",
    points=4,
    minutes=10,
    hints=[
        "Write 47+38=085 with the step under each character, from 0 on. At which step is the 8 of "
        "38 read, at which is the 5 written?",
        "Make a list of what is read and a list of what is written, as (number, column) and "
        "column; turn the lists round if asked; then look up places.",
        "The answer has one column more than the numbers. And a question turned round begins with "
        "the second number.",
    ],
)
def check_waits(work, rng):
    def formula(length_of_answer, turned_order=True, offset=0):
        def found(digits, q, a):
            k = np.arange(digits)
            total = 2 * digits + 1
            if q:
                early, late = k, digits + 1 + k
                first, second = (late, early) if turned_order else (early, late)
            else:
                first, second = digits - 1 - k, 2 * digits - k
            place = k if a else digits + length_of_answer - 1 - k
            return np.stack([total + place - first, total + place - second]) + offset

        return found

    right = formula(1)
    examples = [(1, False, False), (1, False, True), (1, True, False), (1, True, True)]
    for digits in (2, 3, int(rng.integers(4, 9))):
        examples += [(digits, q, a) for q in (False, True) for a in (False, True)]
    compare(
        work.waits,
        right,
        examples,
        mistakes=[
            (
                "The answer has one column more than the numbers, here too when that digit is 0.",
                formula(0),
            ),
            (
                "A question written backwards begins with the *second* number.",
                formula(1, turned_order=False),
            ),
            (
                "The waits are one off everywhere: from step 6 to step 7 is a wait of 1.",
                formula(1, offset=-1),
            ),
            (
                "The waits are one off everywhere: from step 6 to step 7 is a wait of 1.",
                formula(1, offset=1),
            ),
            (
                "Each row should begin with the units, and end with the highest digit.",
                lambda *example: right(*example)[:, ::-1],
            ),
            (
                "Which of the two is written backwards? They are taken one for the other.",
                lambda digits, q, a: right(digits, a, q),
            ),
            ("It is written after it is read, so waits are positive.", lambda *e: -right(*e)),
            ("The rows are the other way round.", lambda *example: right(*example)[::-1]),
        ],
        hint="Do it by hand for 47+38 and 085, with the step written under each character.",
    )


tasks.words(
    "12.6",
    "Another task, another layout",
    points=2,
    minutes=7,
    hints=[
        "Where does the carry come from in this multiplication, and where does it go to?",
        "How many runs, what is the same in all of them, and which questions do you test on?",
    ],
)
