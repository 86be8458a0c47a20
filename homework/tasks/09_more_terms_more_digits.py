"""The checks of exercise 09."""

import math
import re

import numpy as np

from homework.checks import Failed, Tasks, call_text, compare, require, shown

tasks = Tasks()


tasks.predict(
    "09.1",
    "how short is a random number?",
    ["4 %", "20 %", "50 %", "81 %", "90 %"],
    minutes=3,
    hints=["How many of the 100,000 numbers have five digits? And both of two numbers?"],
)


@tasks.check(
    "09.2",
    "All lengths equally often",
    points=3,
    minutes=6,
    withheld=["questions.draw_numbers", "questions.draw_pairs"],
    hints=[
        "First an array of lengths, one for each of the 2 n numbers.",
        "`rng.integers(low, high, shape)` never draws `high` itself.",
        "`high` may be an array: then each number is drawn below a bound of its own.",
    ],
)
def check_draw(work, rng):
    def drawn(n, digits, seed):
        where = {"example": f"draw({n}, {digits}, np.random.default_rng({seed}))"}
        try:
            pairs = work.draw(n, digits, np.random.default_rng(seed))
        except Failed as failure:
            failure.example = where["example"]
            if failure.error == "ValueError" and "low >= high" in failure.what:
                failure.hint = (
                    "`rng.integers(1, 1)` has nothing to draw from. With `digits` = 1, every "
                    "length is 1: is the upper end included?"
                )
            raise
        try:
            found = np.asarray(pairs)
        except ValueError:
            found = np.zeros(())
        require(
            found.shape == (n, 2) and found.dtype.kind in "iuf",
            f"it should return numbers of shape ({n}, 2)",
            "The function returned nothing: is there a `return`?"
            if pairs is None
            else "n rows of two numbers are wanted, each drawn on its own.",
            got=shown(pairs),
            **where,
        )
        require(
            (found == np.rint(found)).all() and found.min() >= 0,
            "there are numbers that are negative or not whole",
            "`rng.integers` draws whole numbers, here from 0.",
            got=shown(found),
            **where,
        )
        require(
            found.max() < 10**digits,
            f"there is a number with more than {digits} digits: {int(found.max())}",
            "The largest number of two digits is 99, not 100. Which is the largest that you can "
            "draw, and which the largest length?",
            **where,
        )
        return found, where

    seed = int(rng.integers(1_000_000))
    for n, digits in [(1, 1), (3, 2), (4, 9)]:
        drawn(n, digits, seed)
    for digit in (0, 9):
        found, where = drawn(2_000, 1, seed)
        require(
            (found == digit).any(),
            f"{digit} never came up, in {found.size:,} numbers of one digit",
            "With one digit, all of 0, 1, …, 9 are equally likely. Where does your draw end?",
            **where,
        )
    found, where = drawn(12_000, 3, seed)
    sizes = 1 + (found >= 10).astype(int) + (found >= 100)
    shares = np.array([(sizes == size).mean() for size in (1, 2, 3)])

    def near(*wanted):
        return np.abs(shares - wanted).max() < 0.02

    text = {"got": f"shares of 1, 2 and 3 digits: {', '.join(f'{s:.2f}' for s in shares)}"}
    few = "some lengths come up too rarely"
    require(
        not near(0.01, 0.09, 0.9),
        few,
        "Drawn evenly from all numbers, nine of ten have the full length. Draw a length first, "
        "for each number its own.",
        **text,
        **where,
    )
    require(
        shares[2] > 0,
        "the longest numbers never came up",
        "The length `digits` should come up as often as the others: is the upper end included? And "
        "is a length drawn for *each* number?",
        **text,
        **where,
    )
    require(
        not near(1 / 3, 1 / 3, 1 / 3),
        "each length has exactly a third of the numbers",
        "A number that is drawn with length 3 may be any below 1,000, also 7: begin at 0.",
        **text,
        **where,
    )
    require(
        not near(0.5275, 0.2475, 0.225),
        "numbers of one digit come up too often",
        "The shortest length is 1. Do you draw lengths of 0, too?",
        **text,
        **where,
    )
    require(
        near(0.37, 0.33, 0.3),
        few,
        "Are all lengths from 1 to `digits` equally likely, and then all numbers from 0 to "
        "10^length − 1?",
        **text,
        **where,
    )
    both = ((sizes == 1).all(axis=1)).mean()
    require(
        abs(both - 0.37**2) < 0.02,
        "the two numbers of a pair nearly always have the same length",
        "Each *number* has a length of its own, not each pair: 7 + 25013 should come up, too.",
        **where,
    )
    require(
        np.array_equal(drawn(50, 3, seed)[0], drawn(50, 3, seed)[0]),
        "the same `rng` gives different pairs",
        "Draw everything with the `rng` that is given.",
        **where,
    )
    require(
        not np.array_equal(drawn(50, 3, seed)[0], drawn(50, 3, seed + 1)[0]),
        "another `rng` gives the same pairs",
        "Draw everything with the `rng` that is given, and make none inside.",
        **where,
    )


@tasks.check(
    "09.3",
    "Units first",
    points=3,
    minutes=6,
    withheld=["questions.Format.encode", "questions.sum_texts"],
    hints=[
        "First write the question the usual way round: texts of the terms, with pluses between.",
        "`text[::-1]` is a text backwards.",
        "`text.ljust(8)` adds spaces on the right, up to 8 characters. Before or after turning?",
    ],
)
def check_write_backwards(work, rng):
    def units_first(number):
        text = str(number % 10)
        while number > 9:
            number //= 10
            text += str(number % 10)
        return text

    def usual(number):
        return f"{number}"

    def written(one=units_first, total=units_first, last_first=True, fill=None):
        def write(terms, *widths):
            order = reversed(terms) if last_first else terms
            texts = ["+".join(one(term) for term in order), total(sum(terms))]
            add = fill or (lambda text, width: text + " " * (width - len(text)))
            return tuple(add(text, width) for text, width in zip(texts, widths, strict=True))

        return write

    def as_number(number):
        return str(int(units_first(number)))

    examples = [
        ([7, 5], 3, 2),
        ([3], 1, 1),
        ([37, 5], 5, 3),
        ([0, 0], 5, 3),
        ([120, 60, 20], 11, 4),
    ]
    for n, digits in [(2, 1), (2, 3), (3, 2), (6, 5), (12, 9)]:
        terms = [int(rng.integers(0, 10 ** rng.integers(1, digits + 1))) for _ in range(n)]
        examples.append((terms, n * digits + n - 1, len(str(n * (10**digits - 1)))))

    def two_texts(*example):
        answer = work.write_backwards(*example)
        fine = isinstance(answer, tuple | list) and [type(part) for part in answer] == [str, str]
        require(
            fine,
            "it doesn't return two texts",
            "The function returned nothing: is there a `return`?"
            if answer is None
            else "Return the question and the answer, both as texts: `str(12)` is the text of 12.",
            example=f"write_backwards({', '.join(map(repr, example))})",
            got=shown(answer),
        )
        return answer

    two_texts.name = "write_backwards"

    def spaces_first(text, width):
        return " " * (width - len(text)) + text

    try:
        compare(
            two_texts,
            written(),
            examples,
            mistakes=[
                (
                    "Nothing is written backwards yet: the units come first.",
                    written(usual, usual, last_first=False),
                ),
                (
                    "Turn the *whole* question: the last term comes first, too.",
                    written(last_first=False),
                ),
                (
                    "The terms come in the right order, but the digits of each aren't turned.",
                    written(usual),
                ),
                (
                    "The answer has to be written backwards, like the question.",
                    written(total=usual),
                ),
                (
                    "The question has to be written backwards, like the answer.",
                    written(usual, last_first=False),
                ),
                (
                    "The spaces belong on the right: turn the text first, then fill it up.",
                    written(fill=spaces_first),
                ),
                (
                    "Nothing is written backwards yet: the units come first.",
                    written(usual, usual, last_first=False, fill=spaces_first),
                ),
                (
                    "The answer has to be written backwards, like the question.",
                    lambda terms, *widths: (
                        written()(terms, *widths)[0],
                        spaces_first(str(sum(terms)), widths[1]),
                    ),
                ),
                (
                    "No spaces around the plus signs.",
                    lambda terms, *widths: (
                        " + ".join(map(units_first, reversed(terms))).ljust(widths[0]),
                        written()(terms, *widths)[1],
                    ),
                ),
                (
                    "There can be any number of terms, also one, or six.",
                    "ValueError",
                ),
                (
                    "Zeros are lost: 30 backwards is 03, and that is a text, not the number 3.",
                    written(as_number, as_number),
                ),
                (
                    "Zeros are lost: 30 backwards is 03, and that is a text, not the number 3.",
                    written(total=as_number),
                ),
                (
                    "The texts aren't filled up: all questions have one length, answers too.",
                    written(fill=lambda text, width: text),
                ),
                (
                    "Fill up with spaces, not with zeros.",
                    written(fill=lambda text, width: text + "0" * (width - len(text))),
                ),
                ("`join` wants texts: turn each number into one with `str`.", "TypeError"),
            ],
            hint="Write the example on paper the usual way round, then turn the paper: which "
            "character comes first?",
        )
    except Failed as failure:  # in words instead of parts
        for part, name in (("part 0:", "question:"), ("part 1:", "answer:")):
            failure.what = failure.what.replace(part, name)
        raise


@tasks.check(
    "09.4",
    "Keep the held-out pairs out",
    points=4,
    minutes=8,
    hints=[
        "What do 3 + 10 and 10 + 3 have in common? The larger number, and the smaller one.",
        "Make one number of the two, so that both could be read off again: the larger one in "
        "front, the smaller one behind it, with room for 9 digits.",
        "`np.isin(keys, others)` says which of `keys` are among `others`.",
    ],
)
def check_may_train(work, rng):
    def judged(key, inside=True):
        def may_train(pairs, held_out):
            out = {key(*row) for row in held_out.tolist()}
            return np.array([(key(*row) in out) != inside for row in pairs.tolist()], bool)

        return may_train

    def digits_only(how):
        return lambda pairs, held_out: ~how(np.isin(pairs, held_out), axis=1)

    def alike(factor):
        return [2 * factor + 5, 3], [2 * factor + 4, factor + 3]  # one key, if it has this factor

    examples = [
        (np.array([[3, 10], [10, 3], [4, 9], [3, 3]]), np.array([[10, 3]])),
        (np.array([[2, 6], [3, 4], [1, 12], [0, 7], [0, 9]]), np.array([[4, 3], [0, 0]])),
        (np.array([[3, 7], [8, 1], [3, 1], [9, 9]]), np.array([[3, 8], [7, 1]])),
        (rng.integers(0, 10, (40, 2)), rng.integers(0, 10, (15, 2))),
        (np.array([[11, 12], [21, 11], [0, 1]]), np.array([[1, 112], [211, 1]])),
    ]
    for power in range(1, 9):
        one, other = alike(10**power)
        examples.append((np.array([other, one[::-1], other[::-1]]), np.array([one])))
    held_out = rng.integers(0, 10**9, (300, 2))
    drawn = np.concatenate([rng.integers(0, 10**9, (300, 2)), held_out[:50], held_out[50:99, ::-1]])
    examples += [(rng.permutation(drawn), held_out), (drawn[:3], held_out[:0])]

    largest = 10**9 - 1
    examples.append((np.array([[largest, 6], [5, largest]]), np.array([[largest, 5]])))

    def one_each(pairs, held_out):
        answer = work.may_train(pairs, held_out)
        if answer is not None:
            require(
                np.ndim(answer) == 1 and len(answer) == len(pairs),
                "it doesn't return one answer for each pair",
                f"There are {len(pairs)} pairs, so {len(pairs)} times True or False. What is a "
                "key, or a comparison, taken over: a row, a column, the whole array?",
                example=call_text(work.may_train, (pairs, held_out)),
                got=shown(answer),
            )
        return answer

    one_each.name = "may_train"

    def one_order_is_new(pairs, held_out):
        out = set(map(tuple, held_out.tolist()))
        return np.array([not {(a, b), (b, a)} <= out for a, b in pairs.tolist()])

    single = "`np.isin` looks at single numbers here; a *pair* is held out, not its numbers."
    room = (
        "Two different pairs get the same key: the smaller number needs room for 9 digits, or it "
        "runs into the larger one."
    )
    compare(
        one_each,
        judged(lambda a, b: frozenset((a, b))),
        examples,
        mistakes=[
            (
                "3 + 10 and 10 + 3 are the same problem: look for both orders.",
                judged(lambda *row: row),
            ),
            (
                "It is the other way round: True stands for a pair that may be used.",
                judged(lambda a, b: frozenset((a, b)), inside=False),
            ),
            (
                "Different pairs can have the same sum: 3 + 10 and 4 + 9.",
                judged(lambda a, b: a + b),
            ),
            (
                "Different pairs can have the same product: 2 · 6 and 3 · 4.",
                judged(lambda a, b: a * b),
            ),
            (
                "Different pairs can have the same difference.",
                judged(lambda a, b: abs(a - b)),
            ),
            (
                "Look again at how the two orders are joined: *neither* of them may be held out.",
                one_order_is_new,
            ),
            (
                "`in` on an array compares single numbers, place by place, not whole pairs. Lists, "
                "or sets of tuples, compare whole pairs.",
                lambda pairs, held_out: np.array([not (held_out == p).any() for p in pairs]),
            ),
            (
                "Keys with digits after the point are rounded to about 16 digits; two numbers of 9 "
                "digits need 18. Whole numbers of NumPy have room for them.",
                judged(lambda a, b: max(a, b) + min(a, b) / 10**9),
            ),
            (single, digits_only(np.any)),
            (single, digits_only(np.all)),
            *(
                (room, judged(lambda a, b, power=power: max(a, b) * 10**power + min(a, b)))
                for power in range(9)
            ),
            *(
                (room, judged(lambda a, b, power=power: min(a, b) * 10**power + max(a, b)))
                for power in range(9)
            ),
            (room, judged(lambda a, b: f"{min(a, b)}{max(a, b)}")),
            (room, judged(lambda a, b: f"{max(a, b)}{min(a, b)}")),
        ],
        hint="Take the first pair of the example: is it held out, in either order? Then look at "
        "its key. Is it the same for both orders, and different for all other pairs?",
    )


@tasks.check(
    "09.5",
    "How far does a carry run?",
    points=4,
    minutes=9,
    hints=[
        "`n % 10` is the last digit of n, and `n // 10` is n without it.",
        "Walk from the units on, and keep the length of the chain that is alive now, 0 if none is.",
        "Three cases in each column: 10 or more, exactly 9 while a chain is alive, all else. And "
        "remember the longest so far.",
    ],
)
def check_chain_length(work, rng):
    def columns(a, b, width=None):
        width = width or max(len(str(a)), len(str(b)))
        a, b = str(a).rjust(width, "0")[-width:], str(b).rjust(width, "0")[-width:]
        made = [int(one) + int(other) for one, other in zip(a[::-1], b[::-1], strict=True)]
        return "".join("G" if m > 9 else "P" if m == 9 else "." for m in made)

    def chains(pattern, pick=max, change=0, width=lambda a, b: None, turned=False):
        def chain_length(a, b):
            text = columns(a, b, width(a, b))
            found = re.findall(pattern, text[::-1] if turned else text)
            return pick([len(run) + change for run in found] or [0])

        return chain_length

    def carries(a, b):
        return [int(c > "0") for c in _carries(a, b)]

    def _carries(a, b):  # by the definition: what the lower digits make beyond their place
        places = [10**k for k in range(1, max(len(str(a)), len(str(b))) + 1)]
        return "".join(str(int(a % p + b % p >= p)) for p in places)

    def run_of_carries(a, b):
        return max(len(run) for run in _carries(a, b).split("0"))

    def over_ten(a, b):
        longest = length = 0
        for one, other in zip(f"{a:040}"[::-1], f"{b:040}"[::-1], strict=True):
            made = int(one) + int(other)
            length = (length + 1 if length else 0) if made == 9 else int(made > 10)
            longest = max(longest, length)
        return longest

    def of_length(n):
        return int(rng.integers(1, 10)) * 10 ** (n - 1) + sum(
            int(rng.integers(0, 10)) * 10**k for k in range(n - 1)
        )

    examples = [(0, 0), (2, 3), (5, 5), (4, 5), (99, 1), (555, 555), (1, 9999), (459, 541)]
    examples += [(90_919, 10_082), (1_909_195, 105), (99_594, 405), (45_454, 54_545), (81, 39)]
    for size in (2, 3, 5, 5, 9, 30):
        a = of_length(size)
        start = 10 ** int(rng.integers(0, size))
        examples += [(a, of_length(size)), (a, 10**size - a), (a, 10**size - 1 - a + start)]
        examples.append((of_length(size), of_length(max(1, size // 2))))
    compare(
        work.chain_length,
        chains("GP*"),
        examples,
        mistakes=[
            (
                "Digits that make exactly 10 start a carry, too.",
                over_ten,
            ),
            (
                "A carry runs on through columns whose digits make exactly 9.",
                chains("G+"),
            ),
            (
                "A carry runs on through columns whose digits make exactly 9.",
                chains("G"),
            ),
            (
                "Digits that make 8 or less *end* a chain: what is alive after such a column?",
                lambda a, b: max(
                    [1 + part.count("P") for part in columns(a, b).split("G")[1:]], default=0
                ),
            ),
            (
                "Is every step of the loop one column further on? `n // 10` drops the last digit "
                "of n; `n / 10` makes a fraction.",
                "TimeLimit",
            ),
            (
                "This counts columns with a carry in a row. Where the digits alone make 10 or "
                "more, a new chain starts.",
                run_of_carries,
            ),
            (
                "This counts all carries. How far does a *single* one run?",
                lambda a, b: sum(carries(a, b)),
            ),
            (
                "This counts the columns where a carry starts. How far does a *single* one run?",
                lambda a, b: columns(a, b).count("G"),
            ),
            ("The first column of a chain counts, too.", chains("GP*", change=-1)),
            (
                "Without a carry that comes in, digits that make 9 hand on nothing.",
                chains("[GP]P*"),
            ),
            (
                "Without a carry that comes in, digits that make 9 hand on nothing.",
                chains("P+|G"),
            ),
            (
                "Without a carry that comes in, digits that make 9 hand on nothing.",
                chains("P*G?P*"),
            ),
            (
                "A chain that starts with a new carry begins again at length 1, and a 9 without a "
                "carry before it hands on nothing.",
                chains("[GP]+"),
            ),
            (
                "The *longest* chain is wanted, not the last one.",
                chains("GP*", pick=lambda lengths: lengths[-1]),
            ),
            (
                "The *longest* chain is wanted, not the first one.",
                chains("GP*", pick=lambda lengths: lengths[0]),
            ),
            (
                "The *longest* chain is wanted, not all chains together.",
                chains("GP*", pick=sum),
            ),
            (
                "You return the chain that is alive at the end. Remember the longest so far.",
                lambda a, b: len(re.search("(GP*)?$", columns(a, b))[0]),
            ),
            (
                "A carry can run on after the shorter number has ended: its digits there are 0.",
                chains("GP*", width=lambda a, b: min(len(str(a)), len(str(b)))),
            ),
            (
                "Begin with the units, on the right: carries run to the left.",
                chains("GP*", turned=True),
            ),
        ],
        hint="Write the example on paper, one number under the other, and under each column what "
        "its two digits make. Where does a chain start, and where does it end?",
    )


@tasks.check(
    "09.6",
    "How large could the error rate be?",
    points=3,
    minutes=8,
    hints=[
        "Try the middle of the interval. What does it mean if the probability there is above 0.05?",
        "If it is above 0.05, so few errors are still plausible: the rate you look for is larger.",
        "A larger rate lies in the upper half, so `low` moves up to the middle; else `high` moves "
        "down.",
    ],
)
def check_upper_bound(work, rng):
    def plausible(wrong, n, rate):
        """The same sum term by term, each from the one before, in logarithms."""
        if rate >= 1:
            return float(wrong >= n)
        log_term, total = n * math.log1p(-rate), 0.0
        for k in range(wrong + 1):
            total += math.exp(log_term)
            if k < n:
                log_term += math.log((n - k) / (k + 1)) + math.log(rate) - math.log1p(-rate)
        return total

    def bound(level=0.05):
        def rate(wrong, n):
            if wrong >= n:
                return 1.0
            if wrong == 0:
                return -math.expm1(math.log(level) / n)
            least, most = -50.0, 0.0  # the logarithm of the rate
            while most - least > 1e-13:
                half = least + (most - least) / 2
                fits = plausible(wrong, n, math.exp(half)) > level
                least, most = (half, most) if fits else (least, half)
            return math.exp(most)

        return rate

    def exactly(wrong, n):
        step, found = 0.5, 0.0
        while step > 1e-12:
            rate = found + step
            share = math.comb(n, wrong) * rate**wrong * (1 - rate) ** (n - wrong)
            found, step = (rate if share > 0.05 else found), step / 2
        return found

    thumb = (
        "3/n is the rule of thumb for many tries and no error. Here the exact bound is wanted, for "
        "any numbers: use `at_most`."
    )
    n = int(rng.integers(20, 100_000))
    wrong = int(rng.integers(1, 8))
    compare(
        work.upper_bound,
        bound(),
        [(0, 1), (0, 2), (0, 10), (1, 2), (1, 1), (2, 50), (0, 1_000_000), (0, n), (wrong, n)],
        mistakes=[
            (thumb, lambda wrong, n: 3 / n),
            (thumb, lambda wrong, n: min(1.0, 3 / n)),
            (thumb, lambda wrong, n: (3 + wrong) / n),
            (thumb, lambda wrong, n: min(1.0, (3 + wrong) / n)),
            (
                "That is the rate for *exactly* so many errors. Fewer would fit as well: use "
                "`at_most`.",
                exactly,
            ),
            (
                "Does the loop end? Two floating-point numbers need not meet: halve the interval a "
                "fixed number of times.",
                "TimeLimit",
            ),
            (
                "That is right for no error at all. With errors, use `at_most`.",
                lambda wrong, n: 1 - 0.05 ** (1 / n),
            ),
            (
                "That is the share that was counted. The true rate can be larger: how much?",
                lambda wrong, n: wrong / n,
            ),
            (
                "You arrived at an end of the interval. Where the probability is still above 0.05, "
                "the rate you look for is *larger*.",
                lambda wrong, n: float(plausible(wrong, n, 0.5) < 0.05),
            ),
            (
                "You arrived at an end of the interval. Does `high` move when the probability is "
                "below 0.05, and does the loop run at all?",
                lambda wrong, n: 1.0,
            ),
            (
                "That is the rate for a probability of 0.025. Only one side is asked for here, so "
                "it has the whole 0.05.",
                bound(0.025),
            ),
            ("That is the rate for a probability of one half, not of 0.05.", bound(0.5)),
            ("That is the rate for a probability of 0.95, not of 0.05.", bound(0.95)),
            (
                "That is the rate for *no* errors: hand `wrong` on to `at_most`.",
                lambda wrong, n: bound()(0, n),
            ),
        ],
        hint="Put your answer into `at_most(wrong, n, …)`: is the result 0.05? If it is only "
        "nearly so, halve the interval more often.",
        tolerance=3e-9,
    )


tasks.words(
    "09.7",
    'What does "0 of 100,000" prove?',
    points=2,
    minutes=5,
    hints=[
        "What does the rule of three give for 100,000? And that share of 8.1 billion?",
        "How many of the 100,000 pairs above had a chain of length 5? Any number of one digit?",
    ],
)
