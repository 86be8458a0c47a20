"""Text, character by character: reading, preparing and writing it (lesson 03)."""

import inspect
import re
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from course_utils.lesson.backend import keras, tf

States = list[tuple[tf.Tensor, tf.Tensor]]  # (h, c) of each LSTM layer
Step = Callable[[tf.Tensor, States], tuple[tf.Tensor, States]]  # see `stepper`


class Vocabulary:
    """The different characters of a text, each with a number: its place in sorted order.

    Args:
        text: every character that occurs in it belongs to the vocabulary.

    Attributes:
        chars: the characters, a sorted string; the number of `chars[k]` is k.
    """

    def __init__(self, text: str) -> None:
        self.chars = "".join(sorted(set(text)))
        self._number = {char: k for k, char in enumerate(self.chars)}

    def __len__(self) -> int:
        return len(self.chars)

    def encode(self, text: str) -> np.ndarray:
        """Return the numbers of a text's characters, shape (len(text),), int64.

        Raises:
            ValueError: if a character is not in the vocabulary.
        """
        try:
            return np.array([self._number[char] for char in text], dtype=np.int64)
        except KeyError as error:
            raise ValueError(
                f"every character must be in the vocabulary, but {error.args[0]!r} is not: "
                "change the text, or build the vocabulary from a text that has it."
            ) from None

    def decode(self, ids: Iterable[int]) -> str:
        """Return the text that belongs to numbers, shape (n,)."""
        return "".join(self.chars[k] for k in ids)


def windows(ids: np.ndarray, length: int) -> tuple[np.ndarray, np.ndarray]:
    """Cut every window of a fixed length out of a text; the target is the character after it.

    Args:
        ids: characters as numbers, shape (n,).
        length: characters in a window, below n.

    Returns:
        ``(x, y)``: windows, shape (n − length, length), and targets, shape (n − length,).

    Raises:
        ValueError: if the text is too short for a window and its target.
    """
    _long_enough(len(ids), length + 1)
    return np.lib.stride_tricks.sliding_window_view(ids, length)[:-1], ids[length:]


def streams(
    ids: np.ndarray, batchsize: int, length: int, steps: int
) -> tuple[np.ndarray, np.ndarray]:
    """Lay a text out for a model that keeps its state: each row of a batch goes on in the next.

    The rows read on from `batchsize` places spread over the text; after its end they go on at its
    beginning.

    Args:
        ids: characters as numbers, shape (n,).
        batchsize: rows in a batch.
        length: characters in a row.
        steps: number of batches.

    Returns:
        ``(x, y)``: batch after batch, shape (steps · batchsize, length) each; y is the character
        that follows at each step.

    Raises:
        ValueError: if the text is shorter than a batch.
    """
    _long_enough(len(ids), batchsize * length + 1)
    start = np.arange(batchsize) * len(ids) // batchsize
    place = np.arange(steps)[:, None, None] * length + start[:, None] + np.arange(length)
    place = place.reshape(-1, length)  # (steps · batchsize, length)
    return np.take(ids, place, mode="wrap"), np.take(ids, place + 1, mode="wrap")


def cross_entropy(
    model: keras.Model, ids: np.ndarray, length: int = 1_000, warm_up: int = 200
) -> float:
    """Measure how well a model predicts a text if it keeps its state all along.

    The text is read in pieces side by side, each from the state zero. Before its piece a row reads
    `warm_up` more characters that do not count, so that the start costs nothing.

    Args:
        model: from character numbers, shape (batch, steps), to the probabilities of the next
            character at every step, shape (batch, steps, characters); not stateful.
        ids: characters as numbers, shape (n,).
        length: characters that count in each piece; fewer if the text is shorter. What is left
            over at the end of the text does not count.
        warm_up: characters read before each piece.

    Returns:
        The mean of −ln(probability of the right character), nats.

    Raises:
        ValueError: if no character would count.
    """
    _long_enough(len(ids), warm_up + 2)
    countable = len(ids) - 1 - warm_up
    length = min(length, countable)
    start = np.arange(countable // length)[:, None] * length
    place = start + np.arange(warm_up + length)  # (rows, warm_up + length)
    surprise = keras.losses.sparse_categorical_crossentropy(
        ids[place + 1], model.predict(ids[place], batch_size=100, verbose=0)
    )
    return float(np.mean(surprise[:, warm_up:]))


def _long_enough(length: int, at_least: int) -> None:
    if length < at_least:
        raise ValueError(
            f"the text must have at least {at_least:,} characters, but has {length:,}: "
            "take a longer text, or shorter windows."
        )


def sample(probabilities: np.ndarray, temperature: float, rng: np.random.Generator) -> np.ndarray:
    """Draw one character for each row.

    Args:
        probabilities: shape (batch, characters), rows sum to 1.
        temperature: each probability is raised to the power 1/temperature and the row is scaled
            to 1 again: below 1 favours the likely, above 1 the unlikely; 0 takes the likeliest.
        rng: a `numpy.random.Generator`; one random number is drawn for each row.

    Returns:
        The numbers of the characters drawn, shape (batch,), int64.

    Raises:
        ValueError: if the temperature is negative or no number.
    """
    if not 0 <= temperature < np.inf:
        raise ValueError(f"temperature must be a number from 0 up, but it is {temperature}.")
    uniform = rng.random((len(probabilities), 1))
    if temperature == 0:
        return np.argmax(probabilities, axis=1)
    with np.errstate(divide="ignore"):  # the logarithm of 0 is −∞, and its power 0 again
        logs = np.log(np.asarray(probabilities, dtype=np.float64))
    powers = np.exp((logs - logs.max(axis=1, keepdims=True)) / temperature)
    shares = np.cumsum(powers, axis=1)
    return (uniform * shares[:, -1:] >= shares[:, :-1]).sum(axis=1)


def stepper(model: keras.Sequential) -> Step:
    """Take a text model's layers apart so that they read one character at a time.

    Args:
        model: a `keras.Sequential` of an Embedding, LSTM layers, and a Dense with softmax.

    Returns:
        A function of the last characters, shape (batch,), and the states of the LSTM layers, a
        list of pairs (h, c), each of shape (batch, hidden). It returns the probabilities of the
        next character, shape (batch, characters), and the new states.
    """
    embedding, *lstms, dense = model.layers

    @tf.function
    def step(ids: tf.Tensor, states: States) -> tuple[tf.Tensor, States]:
        x, after = embedding(ids), []
        for lstm, state in zip(lstms, states, strict=True):
            x, state = lstm.cell(x, state)
            after.append(state)
        return dense(x), after

    return step


def generate(
    model: keras.Sequential,
    vocabulary: Vocabulary,
    seed_text: str,
    n_chars: int,
    temperature: float = 1.0,
    seed: int | None = None,
    rows: int = 1,
) -> list[str]:
    """Continue a text, character by character, carrying the state along.

    Args:
        model: see `stepper`.
        vocabulary: the one that the model was trained with.
        seed_text: what the model reads first.
        n_chars: how many characters it writes.
        temperature: see `sample`.
        seed: an integer; the same seed gives the same text. None is random.
        rows: how many texts are written, side by side.

    Returns:
        A list of `rows` texts of `n_chars` characters each, without the seed text.

    Raises:
        ValueError: if the seed text is empty or has a character that the vocabulary lacks.
    """
    if not seed_text:
        raise ValueError(
            "seed_text must have at least one character, but it is empty: "
            "the model has to read something before it can go on."
        )
    step, rng = stepper(model), np.random.default_rng(seed)
    lstms = model.layers[1:-1]
    states = [(tf.zeros((rows, lstm.units)), tf.zeros((rows, lstm.units))) for lstm in lstms]
    for k in vocabulary.encode(seed_text):
        probabilities, states = step(tf.fill([rows], k), states)
    written = np.empty((rows, n_chars), dtype=np.int64)
    for t in range(n_chars):
        written[:, t] = sample(probabilities.numpy(), temperature, rng)
        probabilities, states = step(tf.constant(written[:, t]), states)
    return [vocabulary.decode(row) for row in written]


SHORTEST_TEXT = 10_000  # characters: less teaches a model little and leaves nothing to test on


def read_text(path: str | Path) -> str:
    """Read a text file.

    Args:
        path: a file in UTF-8.

    Returns:
        Its text, of at least `SHORTEST_TEXT` characters.

    Raises:
        ValueError: if there is no such file, if it is no UTF-8 text, empty or too short.
    """
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"{path.name} must be a text file, but there is no file of this name "
                         "there: check the folder and the spelling.")  # fmt: skip
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise ValueError(f"{path.name} must be text in UTF-8, but it is not: "
                         "save it as plain text with that encoding.")  # fmt: skip
    if len(text.strip()) < SHORTEST_TEXT:
        raise ValueError(
            f"{path.name} must have at least {SHORTEST_TEXT:,} characters, but has "
            f"{len(text.strip()):,}: choose a longer text, or join several."
        )
    return text


def numpy_docstrings() -> str:
    """Return what the installed NumPy says about itself: about a million characters of English.

    Every function and class of its public modules, each docstring once, without its examples, in
    an order that is shuffled but always the same.
    """
    modules = [np, np.linalg, np.fft, np.random, np.ma, np.polynomial, np.char, np.testing]
    things = [getattr(module, name) for module in modules for name in sorted(dir(module))]
    things += [
        getattr(thing, name)
        for thing in things
        if inspect.isclass(thing)
        for name in sorted(vars(thing))
        if not name.startswith("_")
    ]
    found: dict[str, None] = {}  # a dictionary keeps the order and drops what comes twice
    for thing in things:
        text = inspect.getdoc(thing) or ""
        text = re.split(r"^Examples\n-+", text, flags=re.MULTILINE)[0].strip()
        if len(text) > 200:  # else it is only a name, or a pointer to another docstring
            found[text] = None
    texts = np.random.default_rng(0).permutation(np.array(list(found), dtype=object))
    return "\n\n\n".join(texts) + "\n"
