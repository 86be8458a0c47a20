"""The checks of exercise 10."""

import math
from fractions import Fraction
from itertools import combinations_with_replacement

import numpy as np

from homework.checks import Failed, Tasks, compare, require

tasks = Tasks()


tasks.predict(
    "10.1",
    "how many problems are there?",
    ["200", "2,000", "20,000", "50,000"],
    minutes=3,
    hints=["In how many orders can you write five different terms? Divide roughly by that."],
)


class Floats:
    """A function of the learner's whose answer, a list or an array, is read as a list of floats."""

    def __init__(self, function):
        self.name, self.function = function.name, function

    def __call__(self, *given):
        answer = self.function(*given)
        require(
            isinstance(answer, list | tuple) or np.ndim(answer) == 1,
            "it doesn't return a list",
            "The function returned nothing: is there a `return`?"
            if answer is None
            else "One share is wanted for each number of terms.",
        )
        return [float(share) if isinstance(share, int | float) else share for share in answer]


@tasks.check(
    "10.2",
    "Drawn evenly from all questions",
    points=2,
    minutes=5,
    hints=[
        "How many questions of two terms are there, if each term can have 10 values? Of three?",
        "A share is a number of questions divided by the number of all questions together.",
    ],
)
def check_shares(work, rng):
    def from_counts(count, normalised=True):
        def oracle(numbers, n_values):
            counts = [count(n, n_values) for n in numbers]
            return [float(Fraction(c, sum(counts) if normalised else 1)) for c in counts]

        return oracle

    some = sorted(rng.choice(range(1, 8), 3, replace=False).tolist())
    compare(
        Floats(work.shares),
        from_counts(lambda n, v: math.prod([v] * n)),
        [([2], 10), ([1, 2], 2), ([2, 3, 4, 5], 10), (some, int(rng.integers(3, 50)))],
        mistakes=[
            (
                "With each further term there are n_values *times* as many questions: numbers of "
                "choices multiply.",
                from_counts(lambda n, v: n * v),
            ),
            (
                "Base and exponent are the other way round: try one term with 10 values.",
                from_counts(lambda n, v: math.prod([n] * v)),
            ),
            (
                "Shares add up to 1: divide by the number of *all* questions.",
                from_counts(lambda n, v: math.prod([v] * n), normalised=False),
            ),
            (
                "3+10+7 and 10+3+7 are different questions here; the draw is from questions.",
                from_counts(lambda n, v: math.comb(v + n - 1, n)),
            ),
            (
                "Those are percentages; shares add up to 1, not to 100.",
                lambda numbers, v: [100 * v**n / sum(v**k for k in numbers) for n in numbers],
            ),
            (
                "`numbers` is a list, and a power of a list means nothing: take one number of "
                "terms after the other.",
                "TypeError",
            ),
            (
                "So it would be if each number of terms came equally often. Here every *question* "
                "does.",
                from_counts(lambda n, v: 1),
            ),
        ],
        hint="Do it by hand for one and two terms with the values 0 and 1: six questions.",
        tolerance=1e-9,
    )


def plus(terms):
    return "+".join(map(str, terms))


@tasks.check(
    "10.3",
    "A key without order",
    points=4,
    minutes=8,
    withheld=["terms.term_keys"],
    hints=[
        "What do 3+10+7 and 10+3+7 have in common? Bring the terms into an order first.",
        "Two digits are put into one number like this: `10 * first + second`. With larger "
        '"digits" take a larger base. How large must it be for terms up to 99?',
        "A term 0 must leave a trace. Add 1 to each term first; then the base has to be larger "
        "by 1, too.",
    ],
)
def check_key(work, rng):
    def one_key(terms):
        number = work.key(list(terms))
        require(
            not isinstance(number, bool) and isinstance(number, int),
            "the key is no whole number",
            "The function returned nothing: is there a `return`?"
            if number is None
            else "A division or a float on the way? Floats lose the last digits of large numbers."
            if isinstance(number, float)
            else "A list or a text is no whole number: put the terms into one number, as its "
            "digits.",
            example=f"key({list(terms)})",
            got=repr(number)[:80],
        )
        return number

    for terms in ([1, 2], [3, 10, 7], rng.integers(0, 100, 4).tolist() + [0, 99][:1]):
        for other in (terms[::-1], rng.permutation(terms).tolist()):
            require(
                one_key(terms) == one_key(other),
                f"{plus(terms)} and {plus(other)} have different keys",
                "They are the same problem in another order. Which list do both of them give when "
                "the order no longer counts?",
                example=f"key({terms}) and key({other})",
            )
    found = {}
    small = [list(t) for n in (1, 2, 3) for t in combinations_with_replacement(range(4), n)]
    edge = [[t, 99 - t] for t in range(50)] + [[t, 99] for t in range(3)] + [[1, 0], [0, 1, 98]]
    edge += [[9, 11], [1, 91, 1], [0] * 4, [0] * 5, [99] * 5, [99] * 4, [98, 99, 99, 99, 99]]
    some = [rng.integers(0, 100, n).tolist() for n in rng.integers(1, 6, 300)]
    for terms in small + edge + some:
        number, problem = one_key(terms), sorted(terms)
        first = found.setdefault(number, problem)
        if first == problem:
            continue
        bare = [[t for t in p if t] for p in (first, problem)]
        if bare[0] == bare[1]:
            text = "A term 0 leaves no trace in the key: 5 and 5+0 are different questions."
        elif sum(first) == sum(problem):
            text = "They have the same sum, but they are different problems."
        else:
            text = (
                "Read as digits of one number, the terms run into each other: is the base large "
                "enough?"
            )
        require(
            False,
            f"{plus(first)} and {plus(problem)} have the same key",
            text,
            example=f"key({first}) and key({problem})",
            got=str(number),
        )


@tasks.check(
    "10.4",
    "Audit a split",
    points=3,
    minutes=6,
    hints=[
        "First the last digit of each sum, shape (n,). The remainder after division by 10 is it.",
        "A -1 is no term: replace it by 0 before you add up, with `np.where` or `np.maximum`.",
        "The mean of booleans is the share of True. Take it over the questions with that digit.",
    ],
)
def check_audit(work, rng):
    def made(n, rule):
        counts = rng.integers(1, 6, n).tolist()
        rows = [[int(t) for t in rng.integers(0, 100, count)] for count in counts]
        rows += [[digit] for digit in range(10)] + [[digit, 90] for digit in range(10)]
        out = np.array([rule(row) for row in rows])
        return np.array([row + [-1] * (5 - len(row)) for row in rows]), out

    def plain(share, add=sum):
        def oracle(terms, out):
            rows = [[t for t in row if t >= 0] for row in terms.tolist()]
            if add is not sum:
                rows = terms.tolist()
            of, hidden = [0] * 10, [0] * 10
            for row, is_out in zip(rows, out.tolist(), strict=True):
                of[add(row) % 10] += 1
                hidden[add(row) % 10] += is_out
            return np.array(
                [share(h, k, len(rows), sum(hidden)) for h, k in zip(hidden, of, strict=True)]
            )

        return oracle

    compare(
        work.audit,
        plain(lambda h, k, n, all_out: h / k),
        [
            made(0, lambda row: row[0] < 3),
            made(30, lambda row: sum(row) % 3 == 0),
            made(400, lambda row: rng.random() < 0.2),
        ],
        mistakes=[
            (
                "-1 stands for *no* term, but here it is added up like one.",
                plain(lambda h, k, n, all_out: h / max(k, 1), add=lambda row: sum(row)),
            ),
            (
                "You divided by the number of all questions: the share is one of the questions "
                "with that last digit.",
                plain(lambda h, k, n, all_out: h / n),
            ),
            (
                "You divided by the number of all that are held out: the share is one of the "
                "questions with that last digit.",
                plain(lambda h, k, n, all_out: h / max(all_out, 1)),
            ),
            ("Those are numbers of questions, not shares.", plain(lambda h, k, n, all_out: h)),
            (
                "One sum is wanted for each question, that is for each *row*: add up along axis 1.",
                "IndexError",
            ),
            (
                "That is the share which is *not* held out.",
                plain(lambda h, k, n, all_out: 1 - h / k),
            ),
        ],
        hint="Do it by hand for two or three questions: which last digits have their sums?",
        tolerance=1e-9,
    )


@tasks.check(
    "10.5",
    "Draw around what is held out",
    points=4,
    minutes=10,
    withheld=["terms.draw_terms"],
    hints=[
        "`rng.integers(0, 100, count)` draws the terms of one question; `.tolist()` makes a list.",
        "If it is held out, draw the terms again, with the same number of terms, and look again.",
        "A `while` looks again until the question is allowed; an `if` looks only once.",
    ],
)
def check_draw(work, rng):
    seed = int(rng.integers(1_000_000))

    def drawn(counts, is_out, rule, seed=seed):
        text = plus(counts[:4]).replace("+", ", ") + (", …" if len(counts) > 4 else "")
        where = {"example": f"draw([{text}], is_out, …), held out: {rule}"}
        try:
            rows = work.draw(list(counts), is_out, np.random.default_rng(seed))
        except Failed as failure:
            failure.example = where["example"]
            if failure.error == "TimeLimit":
                failure.hint = (
                    "The loop never ends: do the terms that you look at in its condition change "
                    "when you draw again?"
                )
            raise
        if isinstance(rows, list | tuple):
            rows = [row.tolist() if isinstance(row, np.ndarray) else row for row in rows]
        require(
            isinstance(rows, list | tuple) and all(isinstance(row, list | tuple) for row in rows),
            "it doesn't return a list of lists",
            "Each question is a list of terms; `.tolist()` makes one of an array.",
            **where,
        )
        missing = len(counts) - len(rows)
        require(
            missing == 0,
            f"{len(rows)} questions came for {len(counts)} numbers of terms",
            "What is held out must be drawn again, not left out."
            if missing > 0
            else "One question is wanted for each number in `counts`.",
            **where,
        )
        for row, count in zip(rows, counts, strict=True):
            require(
                len(row) == count,
                f"a question has {len(row)} terms, not {count}",
                "When a question is drawn again, it keeps its number of terms.",
                got=plus(row),
                **where,
            )
            whole = all(isinstance(t, int) and 0 <= t < 100 for t in row)
            require(
                whole, "a term is no whole number from 0 to 99", "`rng.integers(0, 100, …)` draws "
                "from 0 to 99.", got=plus(row), **where,
            )  # fmt: skip
            require(
                not is_out(row),
                f"{plus(row)} came up, but it is held out",
                "After drawing again, look again: the new question may be held out, too. And is "
                "it the new one that you keep?",
                **where,
            )
        return rows, where

    drawn([1], lambda row: False, "nothing")
    drawn([2, 5, 3], lambda row: sum(row) % 2 == 1, "odd sums")
    drawn([1] * 60, lambda row: row[0] >= 5, "all but 0 to 4")
    drawn([2, 3, 4, 5] * 20, lambda row: sum(row) % 5 != 0, "sums that 5 doesn't divide")
    rows, where = drawn([1] * 4_000, lambda row: False, "nothing")
    found = set(np.array(rows).ravel().tolist())
    require(
        {0, 99} <= found and len(found) == 100,
        "some terms from 0 to 99 never come up",
        "`rng.integers(low, high)` never draws `high` itself.",
        **where,
    )
    rows, where = drawn([1] * 4_000, lambda row: row[0] < 80, "0 to 79")
    shares = np.bincount(np.array(rows).ravel() - 80, minlength=20) / len(rows)
    require(
        shares.max() < 0.08 and shares.min() > 0.025,
        "some allowed terms come up much more often than others",
        "All that is allowed should stay equally likely: don't change a held-out question until "
        "it fits, draw a new one.",
        got=f"shares of 80, 81, …: {', '.join(f'{s:.2f}' for s in shares)}",
        **where,
    )
    same, where = drawn([3] * 9, lambda row: False, "nothing")
    again, _ = drawn([3] * 9, lambda row: False, "nothing")
    other, _ = drawn([3] * 9, lambda row: False, "nothing", seed + 1)
    require(
        same == again and same != other,
        "the questions don't follow from `rng`",
        "Draw everything with the `rng` that is given, and make none inside.",
        **where,
    )


class Pairs:
    """A function of the learner's whose answer, a dictionary, is read as a list of its pairs."""

    def __init__(self, function):
        self.name, self.function = function.name, function

    def __call__(self, *given):
        answer = self.function(*given)
        require(
            isinstance(answer, dict),
            "it doesn't return a dictionary",
            "The function returned nothing: is there a `return`?"
            if answer is None
            else "A dictionary `{2: 0.5, 3: 1.0}` says: half of those of two terms, all of three.",
        )
        asked = sorted({question.count("+") + 1 for question in given[0]})
        require(
            not set(answer) > set(asked),
            "there are numbers of terms in it that don't occur",
            "Only numbers of terms that occur are wanted: without questions there is no share.",
            got=f"{sorted(answer)} for questions of {asked} terms",
        )
        return sorted(answer.items())


@tasks.check(
    "10.6",
    "Report by number of terms",
    points=3,
    minutes=6,
    hints=[
        "How many plus signs has a question of three terms?",
        "Collect for each number of terms how many there are and how many of them are right.",
        '`text.count("+")` counts plus signs. A dictionary can hold a list for each number.',
    ],
)
def check_report(work, rng):
    def asked(n, least=1):
        rows = [rng.integers(0, 30, k).tolist() for k in rng.integers(least, 6, n)]
        wanted = [f"{sum(row)}" for row in rows]
        wrong = [f"{sum(row) + (1 if sum(row) % 10 < 9 else -1)}" for row in rows]
        chosen = rng.random(n) < 0.4
        got = [w if bad else ok for ok, w, bad in zip(wanted, wrong, chosen, strict=True)]
        return [plus(row) for row in rows], got, wanted

    def by(number, share=lambda ok, k, n: ok / k, right=lambda got, want: float(got == want)):
        def oracle(questions, written, expected):
            keys = [number(question) for question in questions]
            marks = [right(*pair) for pair in zip(written, expected, strict=True)]
            points = {key: 0.0 for key in sorted(set(keys))}
            for mark, key in zip(marks, keys, strict=True):
                points[key] += mark
            return [(k, share(p, keys.count(k), len(keys))) for k, p in points.items()]

        return oracle

    def terms(question):
        return len(question.split("+"))

    def characters(got, want):
        return sum(a == b for a, b in zip(got, want, strict=False)) / len(want)

    compare(
        Pairs(work.report),
        by(terms),
        [
            (["1+2"], ["3"], ["3"]),
            (["7", "1+2", "3+4"], ["7", "4", "7"], ["7", "3", "7"]),
            asked(8, least=2),
            asked(100),
        ],
        mistakes=[
            (
                "Count for 3+4: one plus sign, but how many terms?",
                by(lambda question: terms(question) - 1),
            ),
            (
                "A question is as long as its characters, not as its terms: 10+10 has two terms.",
                by(len),
            ),
            (
                "Half an answer is a wrong one: count whole answers, not characters.",
                by(terms, right=characters),
            ),
            (
                "You divided by the number of all questions: divide by those with that number of "
                "terms.",
                by(terms, share=lambda ok, k, n: ok / n),
            ),
            (
                "Those are numbers of right answers, not shares.",
                by(terms, share=lambda ok, k, n: ok),
            ),
            (
                "Those are percentages; a share is a number from 0 to 1.",
                by(terms, share=lambda ok, k, n: 100 * ok / k),
            ),
            (
                "All questions are counted for one number of terms: look at each question's own.",
                lambda asked, got, want: [
                    (
                        terms(asked[0]),
                        sum(g == w for g, w in zip(got, want, strict=True)) / len(got),
                    )
                ],
            ),
            (
                "That is the share of *wrong* answers.",
                by(terms, share=lambda ok, k, n: 1 - ok / k),
            ),
        ],
        hint="Do it by hand for the questions 1+2, 3+4 and 7.",
        tolerance=1e-9,
    )


tasks.words(
    "10.7",
    '"It adds whatever you type"',
    points=2,
    minutes=7,
    hints=[
        "Your function from 10.2 says how many of the 100,000 test questions had two terms.",
        "What did the lesson's network do with six terms, and with one space more?",
    ],
)
