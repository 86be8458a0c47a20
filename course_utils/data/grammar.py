"""A small grammar whose text is exactly as hard to predict as one can compute (lesson 03).

A probabilistic grammar has *rules*: each says what a symbol may be replaced by, and with which
probability. A sentence begins as the symbol "sentence" and is done when only characters are left.
The verb agrees with its noun however far away that is: "the cats that the dog sees sleep."
"""

import math
import random
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

END = ".\n"  # of every sentence, and nowhere else: no sentence is the beginning of another


Right = tuple[str, ...]  # the right-hand side of a rule: what replaces a symbol
Rule = tuple[float, Right]  # with its probability


def _words(words: str) -> list[Rule]:
    each = words.split()
    return [(1 / len(each), (word,)) for word in each]


def _rules() -> dict[str, list[Rule]]:
    """Return for each symbol its rules: pairs of a probability and what replaces the symbol."""
    rules: dict[str, list[Rule]] = {
        "sentence": [(0.5, ("noun phrase 1", " ", "verb phrase 1", END)),
                     (0.5, ("noun phrase 2", " ", "verb phrase 2", END))],
        "object": [(0.5, ("noun phrase 1",)), (0.5, ("noun phrase 2",))],
        "determiner 1": _words("the a"),
        "determiner 2": _words("the two"),
        "adjective": _words("tall small red wise"),
        "noun": _words("cat dog bird girl king nurse"),
        "verb": _words("sleep sing run jump"),
        "verb with object": _words("see hear like find"),
    }  # fmt: skip
    # Symbols end in 1 (singular: "a dog sees") or 2 (plural: "two dogs see").
    for n, noun_end, verb_end in [(1, (), ("s",)), (2, ("s",), ())]:
        noun = (f"determiner {n}", " ", f"described {n}")
        rules |= {
            f"noun phrase {n}": [(0.65, noun), (0.35, (*noun, " that ", f"relative {n}"))],
            f"described {n}": [(0.7, ("noun", *noun_end)),
                               (0.3, ("adjective", " ", "noun", *noun_end))],
            f"relative {n}": [(0.5, (f"verb phrase {n}",)),
                              (0.25, ("noun phrase 1", " ", "verb with object", "s")),
                              (0.25, ("noun phrase 2", " ", "verb with object"))],
            f"verb phrase {n}": [(0.5, ("verb", *verb_end)),
                                 (0.5, ("verb with object", *verb_end, " ", "object"))],
        }  # fmt: skip
    return rules


RULES = _rules()


def corpus(n_chars: int, seed: int) -> str:
    """Write independent sentences, one after the other.

    Args:
        n_chars: stop after the sentence that reaches this many characters.
        seed: an integer; the same seed gives the same text.

    Returns:
        The text, of at least `n_chars` characters.

    Raises:
        ValueError: if `n_chars` is below 1.
    """
    if n_chars < 1:
        raise ValueError(f"n_chars must be at least 1, but it is {n_chars}.")
    rng = random.Random(seed)
    choices = {
        symbol: ([right[::-1] for _, right in rules], [chance for chance, _ in rules])
        for symbol, rules in RULES.items()
    }
    pieces, length = [], 0
    while length < n_chars:
        todo = ["sentence"]  # read from the end
        while todo:
            symbol = todo.pop()
            if symbol in choices:
                todo += rng.choices(*choices[symbol])[0]
            else:
                pieces.append(symbol)
                length += len(symbol)
    return "".join(pieces)


def probability(sentence: str) -> float:
    """Return the probability that the grammar writes this sentence next; 0 if it never does.

    Args:
        sentence: text, its end (a full stop and a new line) included.
    """
    total = 0.0
    todo: list[tuple[int, Right, float]] = [(0, ("sentence",), 1.0)]
    while todo:
        place, symbols, chance = todo.pop()
        if not symbols:
            total += chance * (place == len(sentence))
            continue
        first, rest = symbols[0], symbols[1:]
        if first in RULES:
            todo += [(place, right + rest, chance * p) for p, right in RULES[first]]
        elif sentence.startswith(first, place):
            todo.append((place + len(first), rest, chance))
    return total


def accepts(sentence: str) -> bool:
    """Return whether the grammar can write this sentence, its end included."""
    return probability(sentence) > 0


def _solve(
    of_rule: Callable[[float, Right], Any],
    follow: Callable[[Right], Sequence[str]] = lambda right: right,
) -> dict[str, np.ndarray]:
    """Solve E(symbol) = Σ over its rules of chance · (of_rule + Σ of E over what is followed).

    Args:
        of_rule: a function of a rule's chance and right-hand side: a number or an array.
        follow: which part of the right-hand side counts: all of it, or the first or last piece.

    Returns:
        A dictionary from symbol to E.
    """
    place = {symbol: k for k, symbol in enumerate(RULES)}
    system, parts = np.eye(len(RULES)), []
    for symbol, rules in RULES.items():
        parts.append(sum(chance * np.asarray(of_rule(chance, right)) for chance, right in rules))
        for chance, right in rules:
            for piece in follow(right):
                if piece in RULES:
                    system[place[symbol], place[piece]] -= chance
    own = np.array(parts, dtype=float)
    solved = np.linalg.solve(system, own.reshape(len(own), -1)).reshape(own.shape)
    return dict(zip(RULES, solved, strict=True))


def expected_length() -> float:
    """Return how many characters a sentence has on average, its end included."""
    return float(_solve(lambda _, right: sum(len(s) for s in right if s not in RULES))["sentence"])


def entropy_rate() -> float:
    """Return the least cross-entropy of any predictor of this text, in nats per character.

    Sentences are independent, each tells where it ends and has been written in one way only. So
    the rate is the entropy of a sentence, Σ over the rules used of −ln(chance) on average, divided
    by its average length. Both follow from linear equations, one per symbol.
    """
    entropy = _solve(lambda chance, _: -math.log(chance))["sentence"]
    return float(entropy) / expected_length()


def unigram_entropy() -> float:
    """Return the entropy of a character if none before it is known, in nats; exact."""
    counts = _pair_counts().sum(axis=1)
    return _entropy(counts / counts.sum())


def bigram_entropy() -> float:
    """Return the entropy of a character if only the one before it is known, in nats; exact."""
    pairs = _pair_counts()
    pairs /= pairs.sum()
    return _entropy(pairs) - _entropy(pairs.sum(axis=1))


def _entropy(p: np.ndarray) -> float:
    return float(-(p[p > 0] * np.log(p[p > 0])).sum())


def _pair_counts() -> np.ndarray:
    """Return how often, on average per sentence, a character is followed by another one."""
    pieces = {p for rules in RULES.values() for _, right in rules for p in right} - set(RULES)
    chars = sorted(set("".join(pieces)))
    eye = dict(zip(chars, np.eye(len(chars)), strict=True))

    # The distribution of the first (0) or last (−1) character of each piece.
    def edge(which: int) -> dict[str, np.ndarray]:
        known = {piece: eye[piece[which]] for piece in pieces}
        nothing = np.zeros(len(chars))
        return known | _solve(
            lambda _, right: known.get(right[which], nothing), lambda right: [right[which]]
        )

    first, last = edge(0), edge(-1)

    def pairs(_: float, right: Right) -> np.ndarray:
        words = [piece for piece in right if piece in pieces]
        inside = [np.outer(eye[a], eye[b]) for word in words for a, b in pairwise(word)]
        between = [np.outer(last[a], first[b]) for a, b in pairwise(right)]
        return sum((*inside, *between), np.zeros((len(chars), len(chars))))

    return _solve(pairs)["sentence"] + np.outer(last["sentence"], first["sentence"])
