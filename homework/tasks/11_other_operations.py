"""The checks of exercise 11."""

import math
from collections import Counter
from fractions import Fraction

import numpy as np

from homework.checks import Failed, Tasks, call_text, compare, require, shown

tasks = Tasks()


def told(a, sign, b):
    """The oracle: fractions, of any size."""
    if sign in "/":
        whole = math.floor(Fraction(a, b))
        return f"{whole}r{a - b * whole}"
    return str({"+": Fraction(a) + b, "-": Fraction(a) - b, "*": Fraction(a) * b}[sign])


@tasks.check(
    "11.1",
    "Four operations and a refusal",
    points=3,
    minutes=8,
    withheld=["operations.answer", "operations.operation_texts"],
    hints=[
        "Treat the division first, and in it the divisor 0.",
        "Python has `//` for the quotient and `%` for the remainder; `divmod` gives both.",
        'To refuse is `raise ValueError("…")`, not `return`. An f-string makes the text of two '
        "numbers with an r between.",
    ],
)
def check_answer(work, rng):
    def only_division(change):
        return lambda a, sign, b: change(a, b) if sign == "/" else told(a, sign, b)

    def refuses_all(a, sign, b):
        if b == 0:
            raise ValueError
        return told(a, sign, b)

    def number(a, sign, b):
        return told(a, sign, b) if sign == "/" else int(told(a, sign, b))

    some = [tuple(map(int, rng.integers(1, 100, 2))) for _ in range(5)]
    questions = [
        *[(a, sign, b) for sign in "+-*" for a, b in [(3, 2), (0, 0), (2, 13), *some]],
        *[(a, "/", b) for a, b in [(6, 3), (7, 3), (3, 7), (95, 7), (0, 5), (98, 99), *some]],
        (10**20 + 7, "/", 7),
    ]
    compare(
        work.answer,
        told,
        questions,
        mistakes=[
            (
                "A single `/` makes a decimal number; whole numbers are divided with `//`.",
                only_division(lambda a, b: f"{a / b}"),
            ),
            (
                "A single `/` makes a decimal number; whole numbers are divided with `//`.",
                only_division(lambda a, b: f"{a / b}r{a % b}"),
            ),
            ("`int(a / b)` goes through a decimal number, which holds 16 digits; `//` doesn't.",
             only_division(lambda a, b: f"{int(a / b)}r{a % b}")),
            ("A text is asked for: `str(…)` makes one of a number.", number),
            ("There are no spaces around the r.",
             only_division(lambda a, b: told(a, "/", b).replace("r", " r "))),
            ("Only a *division* by zero has no answer: 7 + 0 has one.", refuses_all),
            ("What is left over is missing: 95 / 7 is 13, and 4 remain.",
             only_division(lambda a, b: f"{a // b}")),
            ("Quotient and remainder are the other way round.",
             only_division(lambda a, b: f"{a % b}r{a // b}")),
            ("The sign of a negative difference is lost.",
             lambda a, sign, b: told(a, sign, b).lstrip("-")),
        ],
        hint="Say the division with apples: how many does each get, and how many are left over?",
    )  # fmt: skip
    for a in (7, 0, int(rng.integers(1, 100))):
        where = {"example": call_text(work.answer, (a, "/", 0))}
        try:
            got = work.answer(a, "/", 0)
        except Failed as failure:
            if failure.error == "ValueError":
                continue
            hint = "Refuse *before* you divide, with a `ValueError` of your own."
            if failure.error != "ZeroDivisionError":
                hint = "The kind of error that is asked for is a `ValueError`."
            raise Failed(
                f"a division by zero raised {failure.error}, not ValueError", hint, **where
            ) from None
        raise Failed(
            "a division by zero got an answer",
            "There is none, not even a text that says so: `raise`, don't `return`.",
            got=shown(got),
            **where,
        )


tasks.predict(
    "11.2",
    "how many divisions are easy?",
    ["10 %", "25 %", "50 %", "75 %"],
    minutes=3,
    hints=["In how many is a smaller than b? And in how many does b go into a twice or more?"],
)


@tasks.check(
    "11.3",
    "Leaks",
    points=3,
    minutes=8,
    hints=[
        "What is the same for (27, 58) and (58, 27), and for no other pair?",
        "The larger and the smaller number of a pair, in that order, for example; or a "
        "`frozenset` of the two.",
        "Put these of all shown pairs into a `set`, and count the tested ones that are in it.",
    ],
)
def check_leaks(work, rng):
    def count(known):
        def leaks(shown_pairs, tested_pairs):
            return sum(known(a, b, shown_pairs.tolist()) for a, b in tested_pairs.tolist())

        return leaks

    def right(a, b, rows):
        return [a, b] in rows or [b, a] in rows

    examples = [(np.array([[1, 2]]), np.array([[2, 1], [1, 2], [2, 2], [1, 1], [0, 3]]))]
    examples.append((np.array([[5, 5]]), np.array([[5, 5]])))
    examples.append((np.array([[1, 9], [4, 6]]), np.array([[9, 1], [5, 5], [6, 4], [4, 6]])))
    examples += [(rng.integers(0, 9, (n, 2)), rng.integers(0, 9, (m, 2)))
                 for n, m in [(3, 6), (20, 30), (30, 60)]]  # fmt: skip
    compare(
        work.leaks,
        count(right),
        examples,
        mistakes=[
            ("The other order counts, too: 58 · 27 tells what 27 · 58 is.",
             count(lambda a, b, rows: [a, b] in rows)),
            ("The pair in the *same* order is also a leak.",
             count(lambda a, b, rows: [b, a] in rows)),
            ("Two different pairs can have the same sum: compare the numbers themselves.",
             count(lambda a, b, rows: a + b in map(sum, rows))),
            ("Two different pairs can have the same product: compare the numbers themselves.",
             count(lambda a, b, rows: a * b in [p * q for p, q in rows])),
            ("`in` with an array asks whether *any number* agrees: use lists or tuples.",
             lambda s, t: sum(bool((p == s).any() or (p[::-1] == s).any()) for p in t)),
            ("Return *how many* there are, not which.",
             lambda s, t: [p for p in t.tolist() if right(*p, s.tolist())]),
            ("Both numbers were shown, but not necessarily together.",
             count(lambda a, b, rows: all(any(n in row for row in rows) for n in (a, b)))),
            ("Count the leaks; these are the pairs that are *none*.",
             count(lambda a, b, rows: not right(a, b, rows))),
            ("A tested pair counts once, however often it was shown.",
             lambda s, t: sum(sorted(p) == sorted(q) for p in t.tolist() for q in s.tolist())),
            ("If a pair is tested twice, that is two leaks.",
             lambda s, t: len({frozenset(p) for p in t.tolist()}
                              & {frozenset(p) for p in s.tolist()})),
        ],
        hint="Try it on three shown and three tested pairs, on paper.",
    )  # fmt: skip


@tasks.check(
    "11.4",
    "What the units settle",
    points=4,
    minutes=10,
    hints=[
        "For each pair of last digits, collect the last digits of its answers. In what can you "
        "collect them so that equal ones appear once?",
        "A dictionary from (last digit of a, last digit of b) to a set of last digits.",
        "In Python, −13 % 10 is 7. Take the absolute value first. Then count the sets that have "
        "one element.",
    ],
)
def check_settled(work, rng):
    def count(last, key=lambda a, b: (str(a)[-1], str(b)[-1]), enough=lambda n: n == 1):
        def settled(pairs, answers):
            rows = zip(pairs.tolist(), answers.tolist(), strict=True)
            different = {(key(a, b), last(n)) for (a, b), n in rows}
            return sum(map(enough, Counter(group for group, _ in different).values()))

        return settled

    def last(n):
        return int(str(n)[-1])

    examples = [(np.array([[12, 3], [2, 3], [13, 5], [3, 5]]), np.array([15, 5, 8, -2]))]
    examples.append((np.array([[1, 2], [2, 1], [21, 2]]), np.array([-1, 1, 19])))
    examples.append((np.array([[13, 0], [3, 10]]), np.array([13, -7])))
    examples.append((np.array([[3, 10], [13, 20]]), np.array([-7, -7])))
    whole = np.indices((30, 30)).reshape(2, -1).T
    for pairs in (whole, whole[rng.random(len(whole)) < 0.3], rng.integers(0, 1_000, (300, 2))):
        a, b = pairs.T
        examples += [(pairs, n) for n in (a - b, a * b, a % (b + 1), a * a - b)]
    compare(
        work.settled,
        count(last),
        examples,
        mistakes=[
            ("The last digit of a negative number: in Python −13 % 10 is 7, not 3.",
             count(lambda n: n % 10)),
            ("Compare the *last digits* of the answers, not whole answers.", count(lambda n: n)),
            ("The pair (3, 5) isn't (5, 3): keep the order.",
             count(last, lambda a, b: tuple(sorted((str(a)[-1], str(b)[-1]))))),
            ("Group by the last digits of a and b, not by the numbers themselves.",
             count(last, lambda a, b: (a, b))),
            ("Pairs of last digits that don't occur don't count.",
             lambda p, n: 100 - count(last, enough=lambda k: k > 1)(p, n)),
            ("Count the pairs that *do* settle it.", count(last, enough=lambda n: n > 1)),
            ("A pair settles the digit only if *all* its answers agree.",
             count(last, enough=lambda n: True)),
        ],
        hint="Write down the questions that end in 3 and 5 and their answers, and compare.",
    )  # fmt: skip


@tasks.check(
    "11.5",
    "Place by place",
    points=4,
    minutes=10,
    hints=[
        "The ones are the last character of a text, at −1; the tens are at −2, if there are two.",
        "A product counts for a place only if it is long enough. If what was said isn't long "
        "enough there, that is an error.",
        "Turning all texts round first, `text[::-1]`, makes place k character k.",
    ],
)
def check_right_by_place(work, rng):
    def shares(count, total, align=lambda text: text[::-1]):
        def by_place(products, said):
            result = []
            for k in range(4):
                rows = zip(map(align, products), map(align, said), strict=True)
                pairs = [(p[k : k + 1], s[k : k + 1]) for p, s in rows]
                n = total(pairs)
                result.append(sum(count(p, s) for p, s in pairs) / n if n else math.nan)
            return np.array(result)

        return by_place

    def there(pairs):
        return sum(p != "" for p, _ in pairs)

    def same(p, s):
        return p == s != ""

    def spoilt(text):
        change = rng.integers(0, 8)
        if change == 0:
            return text[1:] or "0"
        if change == 1:
            return "3" + text
        if change == 2:
            return text[:-1] + "5"
        place = rng.integers(0, len(text))
        digit = str(rng.integers(0, 10)) if change < 5 else text[place]
        return text[:place] + digit + text[place + 1 :]

    examples = [(["1234", "7"], ["1234", "7"]), (["1050", "42", "7"], ["1150", "32", "77"])]
    for n in (3, 10, 200):
        products = [str(10 ** int(k) + int(rng.integers(0, 9 * 10**k)))
                    for k in [3, *rng.integers(1, 4, n)]]  # fmt: skip
        examples.append((products, [spoilt(text) for text in products]))
    compare(
        work.right_by_place,
        shares(same, there),
        examples,
        mistakes=[
            ("Count places from the right: the ones are the *last* character.",
             shares(same, there, lambda text: text)),
            ("The ones come first in the result: yours are the other way round.",
             lambda p, s: shares(same, there)(p, s)[::-1]),
            ("Divide by the number of products that have this place, not by all.",
             shares(same, len)),
            ("A place that neither of the two has isn't right, it isn't there.",
             shares(lambda p, s: p == s, len)),
            ("A product without this place doesn't count, even if the network wrote a digit there.",
             shares(same, lambda pairs: sum(p != "" or s != "" for p, s in pairs))),
            ("What the network said may be too short: then this digit is wrong, and counts.",
             shares(same, lambda pairs: sum(p != "" and s != "" for p, s in pairs))),
            ("What the network said may be too short: then this digit is wrong, and counts.",
             "IndexError"),
            ("A share lies between 0 and 1; these are percentages.",
             lambda p, s: 100 * shares(same, there)(p, s)),
            ("Filled up with zeros, a place that isn't there seems right: leave it out.",
             shares(lambda p, s: p == s, len, lambda text: text[::-1].ljust(9, "0"))),
            ("Divide by the number of products: these are counts, not shares.",
             shares(same, lambda pairs: 1)),
        ],
        hint="Write product and answer below each other, flush right, and look column by column.",
        tolerance=1e-9,
    )  # fmt: skip


@tasks.check(
    "11.6",
    "Practise what you can't do yet",
    points=3,
    minutes=7,
    hints=[
        "Give each question a weight, 8 or 1. Then make probabilities of the weights.",
        "Probabilities are weights divided by their sum.",
        "`rng.choice(m, n, p=probabilities)` draws n numbers below m.",
    ],
)
def check_draw_practice(work, rng):
    n = 60_000
    for share, m in [(0.5, 4), (0.25, 8), (0.1, 30), (0.0, 5), (1.0, 5)]:
        wrong = np.zeros(m, bool)
        wrong[rng.permutation(m)[: round(share * m)]] = True
        example = {"example": f"{int(wrong.sum())} of {m} questions wrong, {n:,} draws"}
        rows = np.asarray(work.draw_practice(wrong, n, np.random.default_rng(rng.integers(10**6))))
        require(
            rows.shape == (n,) and rows.dtype.kind in "iu",
            "it doesn't return n whole numbers",
            "Return the numbers of the questions, shape (n,).",
            got=shown(rows),
            **example,
        )
        require(
            rows.min() >= 0 and rows.max() < m,
            "there are numbers that belong to no question",
            "The first question is number 0, the last one m − 1.",
            got=shown(np.unique(rows)),
            **example,
        )
        counts = np.bincount(rows, minlength=m)
        if wrong.all() or not wrong.any():
            require(
                counts.min() > 0.9 * n / m,
                "the questions aren't drawn equally often",
                "If all are wrong, or all right, all have the same weight.",
                got=shown(counts),
                **example,
            )
            continue
        require(
            counts[~wrong].min() > 0,
            "a question that it got right is never drawn",
            "What isn't practised is forgotten: draw the right ones, too, only less often.",
            **example,
        )
        ratio = counts[wrong].mean() / counts[~wrong].mean()
        together = counts[wrong].sum() / counts[~wrong].sum()
        hint = "Give weight 8 to what was wrong, 1 to the others, and divide by the sum."
        if abs(together - 8) < 0.8:
            hint = (
                "Eight times as often is meant for *each* question, not for all of them together."
            )
        elif abs(ratio - 9) < 0.5:
            hint = "Eight times as often, not eight times more in addition: weights 8 and 1."
        elif abs(ratio * 8 - 1) < 0.2:
            hint = "The *wrong* ones should come more often, and the right ones do."
        require(
            abs(ratio - 8) < 0.5,
            "the wrong ones aren't drawn eight times as often as the right ones",
            hint,
            got=f"each wrong one {ratio:.2f} times as often",
            **example,
        )


tasks.words(
    "11.7",
    "Does it multiply?",
    points=2,
    minutes=4,
    hints=["How can a network have a product right without multiplying? Name two ways."],
)
