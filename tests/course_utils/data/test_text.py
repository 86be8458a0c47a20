"""Reading, preparing and writing text, on the smallest models."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils.data import text
from course_utils.lesson.backend import keras, tf

LETTERS = "ab.\n"
N = len(LETTERS)
layers = keras.layers


def small_model(last=None):
    """Return an untrained model whose weights are so large that all it read matters.

    `last`: the weights and biases of the last layer, if they are not to be random.
    """
    model = keras.Sequential(
        [
            keras.Input((None,)),
            layers.Embedding(N, 3),
            layers.LSTM(5, return_sequences=True),
            layers.LSTM(4, return_sequences=True),
            layers.Dense(N, activation="softmax"),
        ]
    )
    rng = np.random.default_rng(3)
    model.set_weights([1.5 * rng.standard_normal(v.shape) for v in model.weights])
    if last is not None:
        model.layers[-1].set_weights(last)
    return model


def reader(model):
    """Return a function that reads a whole text from the state zero: (n,) → (n, N)."""
    read = tf.function(model, input_signature=[tf.TensorSpec([1, None], tf.int64)])
    return lambda ids: read(np.array(ids)[None]).numpy()[0]


# The vocabulary ------------------------------------------------------------------------------


@given(st.text(min_size=1))
def test_a_vocabulary_numbers_the_characters_in_order_and_back(written):
    vocabulary = text.Vocabulary(written)
    ids = vocabulary.encode(written)
    assert vocabulary.chars == "".join(sorted(set(written)))
    assert len(vocabulary) == len(set(written))
    assert ids.dtype == np.int64 and ids.shape == (len(written),)
    assert vocabulary.decode(ids) == written
    assert [vocabulary.chars[k] for k in ids] == list(written)


def test_no_text_is_no_numbers():
    ids = text.Vocabulary("abc").encode("")
    assert ids.shape == (0,) and ids.dtype == np.int64
    assert text.Vocabulary("abc").decode(ids) == ""


# Windows and streams -------------------------------------------------------------------------


@given(st.integers(1, 40), st.integers(1, 60))
def test_windows_are_all_pieces_with_the_character_after_each(length, extra):
    ids = np.random.default_rng(0).integers(0, 9, length + extra)
    x, y = text.windows(ids, length)
    assert x.shape == (extra, length) and y.shape == (extra,)
    for k in range(extra):
        assert np.array_equal(x[k], ids[k : k + length]) and y[k] == ids[k + length]


@given(st.integers(1, 5), st.integers(1, 6), st.integers(1, 9), st.integers(1, 40))
def test_the_rows_of_a_stream_read_on_from_batch_to_batch(batchsize, length, steps, extra):
    ids = np.arange(batchsize * length + extra)  # each character is its own place
    x, y = text.streams(ids, batchsize, length, steps)
    assert x.shape == y.shape == (steps * batchsize, length)
    assert np.array_equal(y, (x + 1) % len(ids))
    rows = x.reshape(steps, batchsize, length).swapaxes(0, 1).reshape(batchsize, -1)
    assert np.array_equal(
        np.diff(rows, axis=1) % len(ids), np.ones((batchsize, steps * length - 1))
    )
    assert rows[:, 0].tolist() == [row * len(ids) // batchsize for row in range(batchsize)]


def test_a_stream_that_just_fits_reads_every_character_once():
    x, _ = text.streams(np.arange(3 * 4 * 5), batchsize=3, length=4, steps=5)
    assert sorted(x.ravel().tolist()) == list(range(60))


# Cross-entropy -------------------------------------------------------------------------------


def test_cross_entropy_of_known_probabilities():
    """A model that always says the same: the surprise is that of the counts."""
    p = np.array([0.5, 0.25, 0.125, 0.125])
    model = small_model([np.zeros((4, N)), np.log(p)])
    ids = np.random.default_rng(0).integers(0, N, 1_000)
    for length, warm_up in [(1_000, 0), (1_000, 50), (100, 9), (7, 3)]:
        pieces = (999 - warm_up) // min(length, 999 - warm_up)
        counted = pieces * min(length, 999 - warm_up)
        expected = -np.log(p[ids[1 + warm_up : 1 + warm_up + counted]]).mean()
        measured = text.cross_entropy(model, ids, length=length, warm_up=warm_up)
        assert measured == pytest.approx(expected, rel=1e-5)


def test_cross_entropy_carries_the_state_along_each_piece():
    model = small_model()
    read = reader(model)
    ids = np.random.default_rng(1).integers(0, N, 64)
    surprise = []
    for start in (0, 20, 40):  # 3 pieces of 20, after 3 that do not count
        for end in range(start + 3, start + 23):
            p = read(ids[start : end + 1])[-1]
            surprise.append(-math.log(p[ids[end + 1]]))
    measured = text.cross_entropy(model, ids, length=20, warm_up=3)
    assert measured == pytest.approx(np.mean(surprise), rel=1e-5)


# Sampling ------------------------------------------------------------------------------------


@pytest.mark.parametrize("temperature", [0.3, 1, 2.5])
def test_samples_have_the_shares_that_the_temperature_gives(temperature):
    p = np.array([0.1, 0.0, 0.2, 0.7])
    drawn = text.sample(np.tile(p, (40_000, 1)), temperature, np.random.default_rng(0))
    heated = p ** (1 / temperature)
    expected = heated / heated.sum()
    shares = np.bincount(drawn, minlength=4) / len(drawn)
    assert np.abs(shares - expected).max() < 0.01
    assert shares[1] == 0  # what is impossible stays so


@given(
    st.lists(st.floats(1e-6, 1), min_size=1, max_size=30),
    st.sampled_from([1e-3, 0.1, 1.0, 10.0, 1e3]),
    st.integers(0, 10**6),
)
def test_a_sample_is_that_of_numpy(weights, temperature, seed):
    p = np.array(weights) / sum(weights)
    logs = np.log(p) / temperature
    heated = np.exp(logs - logs.max())
    rng, same_rng = np.random.default_rng(seed), np.random.default_rng(seed)
    for _ in range(5):
        (drawn,) = text.sample(p[None], temperature, rng)
        assert drawn == same_rng.choice(len(p), p=heated / heated.sum())


def test_temperature_0_takes_the_likeliest_and_uses_as_many_random_numbers():
    p = np.array([[0.1, 0.9], [0.8, 0.2]])
    rng, same_rng = np.random.default_rng(0), np.random.default_rng(0)
    assert text.sample(p, 0, rng).tolist() == [1, 0]
    same_rng.random(2)
    assert rng.random() == same_rng.random()


def test_the_largest_random_number_still_gives_a_character():
    class Almost1:
        def random(self, shape):
            return np.full(shape, np.nextafter(1, 0))

    p = np.full((1, 7), 1 / 7, dtype=np.float32)
    assert text.sample(p, 1.0, Almost1()).tolist() == [6]


# Writing -------------------------------------------------------------------------------------


def slowly(model, vocabulary, seed_text, n_chars, temperature, seed):
    """Read the whole text so far for each new character."""
    ids, rng = list(vocabulary.encode(seed_text)), np.random.default_rng(seed)
    read = reader(model)
    for _ in range(n_chars):
        ids.append(text.sample(read(ids)[-1:], temperature, rng)[0])
    return vocabulary.decode(ids[len(seed_text) :])


@pytest.mark.parametrize("temperature", [0, 0.7, 1.5])
def test_carrying_the_state_writes_what_reading_everything_writes(temperature):
    model, vocabulary = small_model(), text.Vocabulary(LETTERS)
    (quickly,) = text.generate(model, vocabulary, "ab.a", 40, temperature, seed=5)
    assert quickly == slowly(model, vocabulary, "ab.a", 40, temperature, seed=5)


def test_the_stepper_gives_the_probabilities_of_the_whole_model():
    model = small_model()
    ids = np.random.default_rng(2).integers(0, N, (3, 12))
    whole = model.predict(ids, verbose=0)  # (3, 12, N)
    assert np.abs(np.diff(whole, axis=1)).max() > 0.05  # what was read matters
    step = text.stepper(model)
    states = [(np.zeros((3, n), np.float32), np.zeros((3, n), np.float32)) for n in (5, 4)]
    for t in range(12):
        probabilities, states = step(ids[:, t], states)
        assert np.allclose(probabilities, whole[:, t], atol=1e-6)


def test_texts_side_by_side_are_independent_and_come_again_with_the_seed():
    model, vocabulary = small_model(), text.Vocabulary(LETTERS)
    texts = text.generate(model, vocabulary, "a", 30, seed=0, rows=6)
    assert len(texts) == 6 and {len(t) for t in texts} == {30}
    assert len(set(texts)) == 6
    assert texts == text.generate(model, vocabulary, "a", 30, seed=0, rows=6)
    assert texts != text.generate(model, vocabulary, "a", 30, seed=1, rows=6)


# Reading -------------------------------------------------------------------------------------


def test_read_text_gives_the_text(tmp_path):
    path = tmp_path / "novel.txt"
    written = "Ä schöne line — naïve.\n" * 1_000
    path.write_bytes(written.replace("\n", "\r\n").encode("utf-8-sig"))  # as Windows saves it
    assert text.read_text(path) == text.read_text(str(path)) == written
    path.write_text("x" * text.SHORTEST_TEXT, encoding="utf-8")
    assert len(text.read_text(path)) == text.SHORTEST_TEXT


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "novel.txt must be a text file, but there is no file of this name"),
        (b"", "novel.txt must have at least 10,000 characters, but has 0"),
        (b" \n" * 10_000, "at least 10,000 characters, but has 0"),
        (b"x" * 9_999, "at least 10,000 characters, but has 9,999"),
        (bytes(range(256)) * 100, "novel.txt must be text in UTF-8, but it is not"),
        ("Prädikat".encode("latin-1") * 9_000, "must be text in UTF-8, but it is not"),
        (b"text with \0" * 9_000, "must be text in UTF-8, but it is not"),  # valid UTF-8, no text
        ("text".encode("utf-16") * 9_000, "must be text in UTF-8, but it is not"),
    ],
)
def test_a_file_that_is_no_text_is_explained(tmp_path, content, says):
    path = tmp_path / "novel.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ValueError, match=says) as error:
        text.read_text(path)
    assert str(tmp_path) not in str(error.value)  # no path of the computer in the notebook


def test_a_folder_is_no_text_file(tmp_path):
    with pytest.raises(ValueError, match="must be a text file"):
        text.read_text(tmp_path)


def test_the_docstrings_of_numpy_are_english_enough_and_always_the_same():
    written = text.numpy_docstrings()
    assert len(written) > 500_000
    assert written == text.numpy_docstrings()
    assert written.count(" the ") > 5_000
    assert "\nExamples\n----" not in written
    assert "\0" not in written and written.endswith("\n")
    pieces = written.strip().split("\n\n\n")
    assert len(pieces) > 500 and len(set(pieces)) > 0.99 * len(pieces)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: text.Vocabulary("abc").encode("abd"), "must be in the vocabulary, but 'd' is not"),
        (lambda: text.windows(np.arange(5), 5), "at least 6 characters, but has 5"),
        (lambda: text.streams(np.arange(12), 3, 4, 2), "at least 13 characters, but has 12"),
        (lambda: text.cross_entropy(None, np.arange(201)), "at least 202 characters, but has 201"),
        (lambda: text.sample(np.ones((1, 1)), -1, None), "temperature must be a number from 0 up"),
        (lambda: text.sample(np.ones((1, 1)), np.nan, None), "temperature must be a number"),
        (lambda: text.sample(np.ones((1, 1)), np.inf, None), "temperature must be a number"),
        (lambda: text.generate(None, None, "", 5), "seed_text must have at least one character"),
        (
            lambda: text.generate(small_model(), text.Vocabulary(LETTERS), "a?", 5),
            "but '\\?' is not",
        ),
    ],
)
def test_bad_arguments_are_explained(call, says):
    with pytest.raises(ValueError, match=says):
        call()


@settings(max_examples=20)
@given(st.integers(0, 10**6))
def test_the_shortest_text_that_is_accepted_is_long_enough_to_train_and_test_on(seed):
    """Lesson 03 trains on nine tenths with batches of 32 · 32 and tests on the rest."""
    cut = text.SHORTEST_TEXT - text.SHORTEST_TEXT // 10
    ids = np.random.default_rng(seed).integers(0, N, text.SHORTEST_TEXT)
    x, _ = text.streams(ids[:cut], 32, 32, 50)
    assert x.shape == (1_600, 32)
    assert len(ids[cut:]) > 202
