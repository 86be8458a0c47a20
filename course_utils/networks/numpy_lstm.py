"""An LSTM in NumPy: forward, backward through time, SGD, gradient check (lesson 02).

Weights have the shapes and the gate order of Keras: input gate i, forget gate f, candidate g and
output gate o side by side in one array. So `get_weights` and `set_weights` of Keras layers fit.
"""

from collections.abc import Callable, Sequence

import numpy as np

WIDTH = 1e-3  # by how much the gradient check moves a weight, and by twice that
# The loss is rounded to 16 digits, so differences are only good to about 1e-12: gradients smaller
# than this are compared on the scale of this.
LEAST = 1e-5

Seed = int | np.random.Generator | None  # None is random
State = tuple[np.ndarray, np.ndarray]  # (h, c)
# From the logits and the right bits to the loss and its gradient.
Loss = Callable[[np.ndarray, np.ndarray], tuple[float, np.ndarray]]


def sigmoid(z: np.ndarray) -> np.ndarray:
    """Return 1 / (1 + e⁻ᶻ), written as a tanh because that cannot overflow."""
    return 0.5 + 0.5 * np.tanh(0.5 * z)


def _expect_shape(name: str, found: tuple | list, expected: tuple | list, advice: str) -> None:
    if found != expected:
        raise ValueError(f"{name} must have shape {expected}, but has {found}: {advice}")


class _Layer:
    """What both layers share: `weights` and, after `backward`, their `gradients`, in order."""

    def __init__(self, shapes: list[tuple[int, ...]], seed: Seed, dtype: str) -> None:
        if min(map(min, shapes)) < 1 or np.dtype(dtype) not in (np.float32, np.float64):
            raise ValueError(
                "sizes must be at least 1 and dtype float32 or float64, but the weights would have "
                f"shapes {shapes} and dtype {dtype}: correct the layer's arguments."
            )
        rng = np.random.default_rng(seed)
        self.weights = [rng.standard_normal(shape).astype(dtype) for shape in shapes]
        self.weights[-1][...] = 0  # the bias

    def set_weights(self, weights: Sequence[np.ndarray]) -> None:
        """Copy a list of arrays, such as a Keras layer's `get_weights` returns.

        Raises:
            ValueError: if their shapes are not those of this layer's weights.
        """
        found, expected = ([np.shape(w) for w in side] for side in (weights, self.weights))
        _expect_shape("weights", found, expected, "take them from a layer of the same sizes.")
        self.weights = [np.array(w, self.weights[0].dtype) for w in weights]

    def _input(self, x: np.ndarray) -> np.ndarray:
        x, kernel = np.asarray(x), self.weights[0]
        if x.ndim != 3 or 0 in x.shape or x.shape[2] != len(kernel) or x.dtype.kind not in "biuf":
            raise ValueError(
                f"the input must be real numbers of shape (batch, seqlen, {len(kernel)}), but is "
                f"{x.dtype} of shape {x.shape}: one row per sequence, even if there is only one."
            )
        return x.astype(kernel.dtype, copy=False)


class LSTM(_Layer):
    """A layer with a memory: (batch, seqlen, features) → (batch, seqlen, units).

    Args:
        features: numbers that come in at each step, d.
        units: numbers that go out at each step, h.
        seed: an integer or a `numpy.random.Generator`. Kernels start as standard normal numbers
            (as in the original NumPy notebook), biases as 0.
        dtype: ``"float64"`` or ``"float32"``.

    Attributes:
        weights, gradients: kernel (d, 4h), recurrent kernel (h, 4h), bias (4h,).
        state: ``(h, c)`` after the last `forward`, shape (batch, units) each.

    Source: Hochreiter and Schmidhuber 1997, with the forget gate of Gers and others 2000.
    """

    names = ("kernel", "recurrent", "bias")

    def __init__(
        self, features: int, units: int, seed: Seed = None, dtype: str = "float64"
    ) -> None:
        super().__init__([(features, 4 * units), (units, 4 * units), (4 * units,)], seed, dtype)
        # σ(z) = ½ + ½·tanh(½·z), and tanh(z) = 0 + 1·tanh(1·z): one tanh serves all four gates
        self._scale = np.repeat(np.array([0.5, 0.5, 1, 0.5], dtype), units)
        self._shift = 1 - self._scale
        self._h = np.empty((1, 0, units))  # no step yet

    def forward(self, x: np.ndarray, state: State | None = None) -> np.ndarray:
        """Run over all steps, and keep what `backward` needs.

        Args:
            x: inputs, shape (batch, seqlen, features), any seqlen of at least 1.
            state: ``(h, c)`` to start from, such as `state` of an earlier run; zeros if None.

        Returns:
            The hidden states, shape (batch, seqlen, units).

        Raises:
            ValueError: if a shape does not fit, or the input is no real numbers.
        """
        kernel, recurrent, bias = (w * self._scale for w in self.weights)
        x = self._input(x).swapaxes(0, 1)  # time first: what belongs to a step lies together
        (steps, batch, features), units = x.shape, len(recurrent)
        h, c = np.zeros((2, steps + 1, batch, units), x.dtype)  # at t: before step t
        if state is not None:
            found, expected = [np.shape(part) for part in state], [(batch, units)] * 2
            _expect_shape("state, (h, c),", found, expected, "give as many rows as the input has.")
            h[0], c[0] = state
        self._x = x.reshape(-1, features)
        a = (self._x @ kernel + bias).reshape(steps, batch, -1)  # all steps in one product
        i, f, g, o = _gates(a)
        tanh_c = np.empty_like(c[1:])
        for t in range(steps):
            a[t] += h[t] @ recurrent
            np.tanh(a[t], out=a[t])
            a[t] *= self._scale
            a[t] += self._shift
            np.multiply(f[t], c[t], out=c[t + 1])
            c[t + 1] += i[t] * g[t]
            np.tanh(c[t + 1], out=tanh_c[t])
            np.multiply(o[t], tanh_c[t], out=h[t + 1])
        self._a, self._h, self._c, self._tanh_c = a, h, c, tanh_c
        self.state = h[-1].copy(), c[-1].copy()
        return h[1:].swapaxes(0, 1)

    def backward(self, dh: np.ndarray) -> np.ndarray:
        """Send gradients back through time, and leave those of the weights in `gradients`.

        Args:
            dh: of the loss with respect to what `forward` returned, same shape.

        Returns:
            With respect to `x`, shape (batch, seqlen, features).

        Raises:
            ValueError: if `dh` does not belong to the last `forward`.
        """
        kernel, recurrent, _ = self.weights
        expected = self._h[1:].swapaxes(0, 1).shape
        _expect_shape("dh", np.shape(dh), expected, "run forward first, on the same rows.")
        dh = np.swapaxes(dh, 0, 1)
        i, f, g, o = _gates(self._a)
        # What needs nothing from later steps is done for all steps at once. First the slopes with
        # respect to z: a·(1 − a) for the gates and 1 − g² for the candidate, in one formula.
        dz = self._scale**2 - (self._a - self._shift) ** 2
        blocks = _gates(dz)
        for block, partner in zip(blocks, (g, self._c[:-1], i, self._tanh_c), strict=True):
            block *= partner
        h_to_c = o * (1 - self._tanh_c**2)
        dh_next, dc = np.zeros((2, *dh.shape[1:]), dz.dtype)
        for t in reversed(range(len(dh))):
            dh_t = dh[t] + dh_next
            dc += dh_t * h_to_c[t]
            blocks[:3, t] *= dc  # i, f, g
            blocks[3, t] *= dh_t  # o
            dc *= f[t]
            dh_next = dz[t] @ recurrent.T
        dz, h = dz.reshape(len(self._x), -1), self._h[:-1].reshape(len(self._x), -1)
        self.gradients = [self._x.T @ dz, h.T @ dz, dz.sum(axis=0)]
        return (dz @ kernel.T).reshape(*dh.shape[:2], -1).swapaxes(0, 1)


def _gates(a: np.ndarray) -> np.ndarray:
    """View (seqlen, batch, 4·units) as i, f, g, o: (4, seqlen, batch, units)."""
    return a.reshape(*a.shape[:2], 4, -1).transpose(2, 0, 1, 3)


class Output(_Layer):
    """One logit per step, as ``Dense(1)`` makes it: (batch, seqlen, units) → (batch, seqlen).

    Args:
        units, seed, dtype: as for `LSTM`. Weights are a kernel (units, 1) and a bias (1,).
    """

    names = ("output kernel", "output bias")

    def __init__(self, units: int, seed: Seed = None, dtype: str = "float64") -> None:
        super().__init__([(units, 1), (1,)], seed, dtype)

    def forward(self, h: np.ndarray) -> np.ndarray:
        """Return logits; the `sigmoid` of a logit is the probability of a 1."""
        self._h = self._input(h)
        return (self._h @ self.weights[0] + self.weights[1])[..., 0]

    def backward(self, dlogits: np.ndarray) -> np.ndarray:
        """Return the gradient with respect to `h`; leave those of the weights in `gradients`."""
        column = dlogits.reshape(-1, 1)
        self.gradients = [self._h.reshape(len(column), -1).T @ column, column.sum(axis=0)]
        return dlogits[..., None] * self.weights[0][:, 0]


Layers = Sequence[LSTM | Output]  # from the input to the logits


def cross_entropy(logits: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    """Sum the cross-entropy over the steps, and average it over the batch.

    Args:
        logits: shape (batch, seqlen).
        y: the bits that should come out, same shape.

    Returns:
        ``(loss, dlogits)``: the loss in nats, and its gradient with respect to the logits.
    """
    # −ln σ(logit) where y is 1 and −ln(1 − σ(logit)) where it is 0, without overflow
    loss = np.logaddexp(0, logits) - y * logits
    return loss.sum() / len(y), (sigmoid(logits) - y) / len(y)


def squared_error(logits: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    """Do the same with half the squared error of the probability, as the original notebook."""
    p = sigmoid(logits)
    return ((p - y) ** 2).sum() / 2 / len(y), (p - y) * p * (1 - p) / len(y)


def loss_and_gradients(layers: Layers, x: np.ndarray, y: np.ndarray, loss: Loss) -> float:
    """Run layers forward and backward; each keeps its own gradients.

    Args:
        layers: from the input to the logits.
        x, y: inputs, shape (batch, seqlen, features), and the bits that should come out, shape
            (batch, seqlen).
        loss: `cross_entropy` or `squared_error`.

    Returns:
        The loss.

    Raises:
        ValueError: if a shape does not fit.
    """
    value, slope = _forward(layers, x, y, loss)
    for layer in reversed(layers):
        slope = layer.backward(slope)
    return value


def _forward(layers: Layers, x: np.ndarray, y: np.ndarray, loss: Loss) -> tuple[float, np.ndarray]:
    for layer in layers:
        x = layer.forward(x)
    # NumPy would broadcast (batch, seqlen, 1) without a word
    _expect_shape("y", np.shape(y), x.shape, "give one bit for each step of each row.")
    return loss(x, np.asarray(y, x.dtype))


def sgd(layers: Layers, learning_rate: float) -> None:
    """Move each weight against its gradient, in place."""
    for layer in layers:
        for weight, gradient in zip(layer.weights, layer.gradients, strict=True):
            weight -= learning_rate * gradient


def check_gradients(
    layers: Layers, x: np.ndarray, y: np.ndarray, loss: Loss
) -> list[tuple[str, tuple[int, ...], float, float, float]]:
    """Compare the gradient of every single weight with differences of the loss.

    Central differences of two widths are combined so that the largest part of their error cancels
    (Richardson). Needs float64.

    Args:
        layers, x, y, loss: as for `loss_and_gradients`.

    Returns:
        For each weight ``(name, index, exact, approximate, difference)``; the difference is
        relative, |exact − approximate| / max(|exact| + |approximate|, `LEAST`).
    """

    def slope(weight: np.ndarray, index: tuple[int, ...], width: float) -> float:
        middle, ends = weight[index], []
        for moved in (middle + width, middle - width):
            weight[index] = moved
            ends.append(_forward(layers, x, y, loss)[0])
        weight[index] = middle
        return (ends[0] - ends[1]) / (2 * width)

    loss_and_gradients(layers, x, y, loss)
    found = [g.copy() for layer in layers for g in layer.gradients]
    named = [(n, w) for layer in layers for n, w in zip(layer.names, layer.weights, strict=True)]
    rows = []
    for (name, weight), gradient in zip(named, found, strict=True):
        for index, exact in np.ndenumerate(gradient):
            near, far = (slope(weight, index, width) for width in (WIDTH, 2 * WIDTH))
            approximate = (4 * near - far) / 3
            size = max(abs(exact) + abs(approximate), LEAST)
            rows.append((name, index, exact, approximate, abs(exact - approximate) / size))
    return rows
