"""The grammar of lesson 03: what it writes, what it accepts, and its exact entropies."""

import math
import subprocess
import sys
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils.data import grammar


def derivations(least=0.0, longest=math.inf):
    """Return (chance, text) of each way to write a sentence, down to a chance, up to a length."""
    found, todo = [], [(1.0, "", ("sentence",))]
    while todo:
        chance, text, symbols = todo.pop()
        while symbols and symbols[0] not in grammar.RULES:
            text, symbols = text + symbols[0], symbols[1:]
        at_least = len(text) + sum(1 if s in grammar.RULES else len(s) for s in symbols)
        if chance < least or at_least > longest:
            continue
        if not symbols:
            found.append((chance, text))
        else:
            rules = grammar.RULES[symbols[0]]
            todo += [(chance * p, text, right + symbols[1:]) for p, right in rules]
    return found


@pytest.fixture(scope="module")
def written():
    """Return the likeliest sentences, with the chance of the one way to write each."""
    return derivations(least=1e-6)


@pytest.fixture(scope="module")
def sample():
    text = grammar.corpus(1_000_000, seed=0)
    return text, [s + grammar.END for s in text.split(grammar.END)[:-1]]


def test_the_chances_of_each_symbol_sum_to_1():
    for symbol, rules in grammar.RULES.items():
        assert sum(chance for chance, _ in rules) == pytest.approx(1, abs=1e-12), symbol


def test_every_piece_is_a_symbol_or_text_without_an_empty_side():
    pieces = [p for rules in grammar.RULES.values() for _, right in rules for p in right]
    assert set(grammar.RULES) - {"sentence"} <= set(pieces)
    assert all(right and all(right) for rules in grammar.RULES.values() for _, right in rules)


# Enumerated ----------------------------------------------------------------------------------


def test_no_sentence_can_be_written_in_two_ways(written):
    assert len(written) > 5_000
    assert any(text.count(" that ") == 1 for _, text in written)
    assert len({text for _, text in written}) == len(written)


def test_a_sentence_ends_where_it_says_so_and_nowhere_else(written):
    for _, text in written:
        assert text.index(grammar.END) == len(text) - len(grammar.END)
        assert "." not in text[:-2] and "\n" not in text[:-2]


def test_what_the_grammar_writes_is_accepted_with_its_chance(written):
    for chance, text in written[::10]:
        assert grammar.probability(text) == pytest.approx(chance, rel=1e-12)
        assert grammar.accepts(text)


def test_chances_add_up_to_1_over_all_sentences_with_the_entropy_that_was_computed():
    """For a grammar small enough to list all sentences: all methods against the definition."""
    rules = {
        "sentence": [(0.25, ("name", " ", "verb", grammar.END)), (0.75, ("name", grammar.END))],
        "name": [(0.5, ("ann",)), (0.5, ("bo",))],
        "verb": [(0.2, ("runs",)), (0.8, ("sees ", "name"))],
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grammar, "RULES", rules)
        everything = derivations()
        assert sum(chance for chance, _ in everything) == pytest.approx(1)
        length = sum(chance * len(text) for chance, text in everything)
        entropy = -sum(chance * math.log(chance) for chance, _ in everything)
        assert grammar.expected_length() == pytest.approx(length)
        assert grammar.entropy_rate() == pytest.approx(entropy / length)
        single, pairs = Counter(), Counter()
        for chance, text in everything:
            for a in text:
                single[a] += chance / length
            for a, b in pairwise(text):
                pairs[a, b] += chance / length
            for other_chance, other in everything:  # what the next sentence begins with
                pairs[text[-1], other[0]] += chance * other_chance / length
        entropy_1 = -sum(p * math.log(p) for p in single.values())
        entropy_2 = -sum(p * math.log(p) for p in pairs.values())
        assert grammar.unigram_entropy() == pytest.approx(entropy_1)
        assert grammar.bigram_entropy() == pytest.approx(entropy_2 - entropy_1)


# Sampled -------------------------------------------------------------------------------------


def test_the_entropy_rate_is_the_mean_surprise_of_a_sample(sample):
    _, sentences = sample
    some = sentences[:6_000]
    surprise = np.array([-math.log(grammar.probability(s)) for s in some])
    length = np.array([len(s) for s in some])
    rate, mean = grammar.entropy_rate(), length.mean()
    error = np.std(surprise - rate * length) / mean / math.sqrt(len(some))  # standard error
    assert error < 0.003
    assert abs(surprise.mean() / mean - rate) < 4 * error


def test_the_expected_length_is_the_mean_length_of_a_sample(sample):
    _, sentences = sample
    length = np.array([len(s) for s in sentences])
    error = length.std() / math.sqrt(len(length))
    assert abs(length.mean() - grammar.expected_length()) < 4 * error


def test_unigram_and_bigram_entropy_are_those_of_a_sample(sample):
    text, _ = sample

    def entropy(things):
        p = np.array(list(Counter(things).values())) / len(things)
        return -(p * np.log(p)).sum()

    single = entropy(text)
    assert single == pytest.approx(grammar.unigram_entropy(), rel=2e-3)
    assert entropy(list(pairwise(text))) - single == pytest.approx(
        grammar.bigram_entropy(), rel=2e-3
    )
    assert grammar.entropy_rate() < grammar.bigram_entropy() < grammar.unigram_entropy()


# Written -------------------------------------------------------------------------------------


@settings(max_examples=30)
@given(st.integers(1, 3_000), st.integers(0, 10**6))
def test_a_corpus_is_whole_sentences_of_at_least_so_many_characters(n_chars, seed):
    text = grammar.corpus(n_chars, seed)
    sentences = [s + grammar.END for s in text.split(grammar.END)[:-1]]
    assert "".join(sentences) == text and all(map(grammar.accepts, sentences))
    assert len(text) - len(sentences[-1]) < n_chars <= len(text)
    assert text == grammar.corpus(n_chars, seed) == grammar.corpus(len(text), seed)
    assert grammar.corpus(n_chars + 100, seed).startswith(text)


def test_other_seeds_write_other_sentences():
    assert grammar.corpus(1_000, seed=1) != grammar.corpus(1_000, seed=2)


@pytest.mark.parametrize("n_chars", [0, -1])
def test_a_corpus_needs_a_length(n_chars):
    with pytest.raises(ValueError, match=f"n_chars must be at least 1, but it is {n_chars}"):
        grammar.corpus(n_chars, seed=0)


# Judged --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sentence", "right"),
    [
        ("the cats that the dog sees sleep.\n", True),
        ("the cats that the dog sees sleeps.\n", False),  # agrees with the wrong noun
        ("the cat that the dogs see sleeps.\n", True),
        ("the cat that two dogs that hear a king see sleeps.\n", True),
        ("the cat that two dogs that hear a king sees sleeps.\n", False),
        ("a tall nurse finds two red birds.\n", True),
        ("a cats sleep.\n", False),
        ("two cat sleep.\n", False),
        ("the small small cat sleeps.\n", False),
        ("the cat sleeps the dog.\n", False),  # no object
        ("the cat sees.\n", False),  # an object is missing
        ("the cat that sees sleeps.\n", False),
        ("the cat  sleeps.\n", False),
        ("The cat sleeps.\n", False),
        ("the cat sleeps.", False),  # not its whole end
        ("the cat sleeps", False),
        ("the cat sleeps.\n\n", False),
        ("the cat sleeps.\nthe cat sleeps.\n", False),  # two
        (" the cat sleeps.\n", False),
        ("", False),
        ("\n", False),
        ("sentence", False),  # a symbol is no text
    ],
)
def test_accepts(sentence, right):
    assert grammar.accepts(sentence) is right


def test_of_short_texts_those_are_accepted_that_the_grammar_can_write():
    """Short sentences can be listed, all of them; texts that nearly are one must be on the list."""
    everything = {text for _, text in derivations(longest=22)}
    rng = np.random.default_rng(0)
    letters = sorted(set("".join(everything)))
    checked = {True: 0, False: 0}
    for text in sorted(everything):
        for _ in range(10):
            place, other = rng.integers(len(text)), rng.choice(letters)
            for changed in (
                text[:place] + other + text[place + 1 :],
                text[:place] + text[place + 1 :],
            ):
                assert grammar.accepts(changed) is (changed in everything), changed
                checked[changed in everything] += 1
    assert checked[True] > 300 and checked[False] > 5_000


def test_importing_the_grammar_does_not_load_tensorflow():
    code = "import sys, course_utils.data.grammar; "
    code += "assert not {'keras', 'tensorflow'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
