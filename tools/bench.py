"""Measure what the course claims about speed; print a table and write build/bench.json.

Give the computer a quiet hour: `python -m tools.bench`, or `make bench`.
"""

import json
import subprocess
import sys
import time

import numpy as np

from course_utils.data import addition, carry
from tools import notebooks, running

# The targets for wall time speak of these, however many lessons there are.
FIRST_LESSONS = ("00", "04", "05", "06", "07", "08")
SECONDS_EACH = {"smoke": 30, "class": 180}
SECONDS_ALL = {"smoke": 180, "class": 720}


def row(name, value, unit, at_most=None, at_least=None):
    """Return one line of the table: what was measured, and whether the target is met.

    Args:
        name: what was measured.
        value: the number.
        unit: its unit, such as ``"s"`` or ``"times"``.
        at_most: the target, if less is better.
        at_least: the target, if more is better.

    Returns:
        A dictionary with the keys name, value, unit, target (in words) and ok. Without a target
        the row is for information, and ok.
    """
    target, ok = "", True
    if at_most is not None:
        target, ok = f"<= {at_most}", value <= at_most
    elif at_least is not None:
        target, ok = f">= {at_least}", value >= at_least
    return {"name": name, "value": round(value, 3), "unit": unit, "target": target, "ok": bool(ok)}


def lesson_rows():
    """Run every lesson at smoke and at class, one at a time; return the rows of wall times."""
    rows = []
    for budget in ("smoke", "class"):
        target = notebooks.BUILD / "bench" / budget
        outcomes = running.run_lessons(
            notebooks.find(notebooks.NOTEBOOKS), target, {"budget": budget}, jobs=1
        )
        for outcome in outcomes:
            measured = row(
                f"{outcome.lesson} at {budget}", outcome.seconds, "s", at_most=SECONDS_EACH[budget]
            )
            measured["ok"] &= outcome.ok  # a lesson that failed was not fast
            rows.append(measured)
            if not outcome.ok:
                print(outcome.error, file=sys.stderr)
            if outcome.ok and budget == "class" and outcome.lesson.startswith("03"):
                ratio = outcome.recorded["speed_up"]
                rows.append(row("writing with the state carried along", ratio, "times", None, 10))
            if outcome.ok and budget == "class" and outcome.lesson.startswith("06"):
                ratio = outcome.recorded["speed_up"]
                rows.append(
                    row("generate_data against the plain one", ratio, "times", at_least=100)
                )
        first = [o.seconds for o in outcomes if o.lesson.startswith(FIRST_LESSONS)]
        name = f"lessons {', '.join(FIRST_LESSONS)} at {budget}"
        rows.append(row(name, sum(first), "s", at_most=SECONDS_ALL[budget]))
    return rows


def seconds(function, repeat=1):
    """Return the least wall time of some calls."""
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return min(times)


def data_rows():
    """Compare the pipeline with writing its output arrays once, which nothing can undercut."""
    kept = []  # results stay alive, so that every call has to fill fresh memory
    ours = seconds(lambda: kept.append(addition.generate_data(75_000, 3, 10, addition.ALPHABET)), 9)
    shapes = [side.shape for side in kept[0]]
    write = seconds(lambda: kept.append([np.full(shape, 1, np.float32) for shape in shapes]), 9)
    return [row("generate_data against writing its arrays", ours / write, "times", at_most=3)]


def training_rows():
    """Train both models of the course our way and the plain way, compilation included."""
    from course_utils.lesson.backend import keras
    from course_utils.networks import models, training

    def plainly(model, x, y, batchsize, loss):
        model.compile("adam", loss)
        model.fit(x, y, batch_size=batchsize, verbose=0)

    def our_way(model, x, y, batchsize, loss, xla):
        training.prepare(model, len(x) // batchsize, 0.006, loss, xla=xla)
        training.train(model, x, y, batchsize)

    rows = []
    # the sizes of the first run of lesson 05 and of the epoch of lesson 07
    a, res = next(carry.generator(10_000 * 100, 10, seed=0, restart=True))
    X, y = addition.generate_data(2_300 * 32, 3, 10, addition.ALPHABET, seed=0)
    problem = addition.Problem()
    for name, plain, ours, xla, data in [
        ("carry model", models.carry_model(), models.carry_model(10), True, (a, res, 100, "mse")),
        (
            "addition model",
            models.addition_model(problem, unroll=False),
            models.addition_model(problem),
            False,
            (X, y, 32, "categorical_crossentropy"),
        ),
    ]:
        keras.utils.set_random_seed(0)
        slow = seconds(lambda plain=plain, data=data: plainly(plain, *data))
        fast = seconds(lambda ours=ours, data=data, xla=xla: our_way(ours, *data, xla))
        rows.append(row(f"training the {name} against fit", slow / fast, "times", at_least=2))
    try:
        loop = seconds(lambda: torch_loop(X, y, 32))
        rows.append(row("… against a plain PyTorch loop", loop / fast, "times", at_least=1))
    except ImportError:
        print("PyTorch is not installed: its row is left out", file=sys.stderr)
    return rows


def torch_loop(X, y, batchsize):
    """Train the addition model in PyTorch, as its tutorials do."""
    import torch
    from torch import nn

    class Adder(nn.Module):
        def __init__(self):
            super().__init__()
            self.encoder = nn.LSTM(12, 75, batch_first=True)
            self.decoder = nn.LSTM(75, 50, batch_first=True)
            self.characters = nn.Linear(50, 12)

        def forward(self, question):
            _, (last, _) = self.encoder(question)
            outputs, _ = self.decoder(last[0][:, None].expand(-1, 2, -1))
            return self.characters(outputs)

    model, loss = Adder(), nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), 0.006)
    questions, answers = torch.from_numpy(X), torch.from_numpy(y.argmax(axis=-1))
    for start in range(0, len(X), batchsize):
        optimizer.zero_grad()
        logits = model(questions[start : start + batchsize])
        loss(logits.flatten(0, 1), answers[start : start + batchsize].flatten()).backward()
        optimizer.step()


def numpy_lstm_rows():
    """Compare a training step of lesson 02's LSTM with Keras's quickest and with its products."""
    from course_utils.networks import numpy_lstm

    rows = []
    x, y = next(carry.generator(64, 10, seed=0, restart=True))
    x, y = x.astype("float32"), y.astype("float32")
    for units in (16, 32, 64, 128):
        layers = [
            numpy_lstm.LSTM(2, units, 0, "float32"),
            numpy_lstm.Output(units, 1, "float32"),
        ]

        def ours(layers=layers):
            numpy_lstm.loss_and_gradients(layers, x, y, numpy_lstm.cross_entropy)
            numpy_lstm.sgd(layers, 0.1)

        theirs = [keras_step(units, x, y, *way) for way in np.ndindex(2, 2)]
        steps = [ours, lstm_products(layers, *y.shape), *theirs]
        times = np.array([[seconds(step, 20) for step in steps] for _ in range(10)]).min(axis=0)
        times = times.tolist()
        name = f"NumPy LSTM step, {units} units, against"
        rows.append(row(f"{name} Keras's quickest", times[0] / min(times[2:]), "times", 1.5))
        rows.append(row(f"{name} its matrix products", times[0] / times[1], "times"))
    return rows


def keras_step(units, x, y, unroll, xla):
    """Return a compiled training step of the same model in Keras, already called once."""
    from course_utils.lesson.backend import keras, tf

    tf.get_logger().setLevel("ERROR")  # it would warn of so many functions of one name
    lstm = keras.layers.LSTM(units, return_sequences=True, unroll=bool(unroll))
    model = keras.Sequential([keras.Input(x.shape[1:]), lstm, keras.layers.Dense(1)])
    x, y = tf.constant(x), tf.constant(y)

    @tf.function(jit_compile=bool(xla))
    def step():
        with tf.GradientTape() as tape:
            losses = tf.nn.sigmoid_cross_entropy_with_logits(y, model(x)[..., 0])
            loss = tf.reduce_sum(losses) / len(x)
        gradients = tape.gradient(loss, model.trainable_variables)
        for variable, gradient in zip(model.trainable_variables, gradients, strict=True):
            variable.assign_sub(0.1 * gradient)
        return loss

    step()
    return lambda: step().numpy()  # waits until it is done


def lstm_products(layers, batch, steps):
    """Return a function that computes only the matrix products of that step."""
    (kernel, recurrent, _), (output, _) = (layer.weights for layer in layers)
    rng = np.random.default_rng(0)
    x, h, dz = (rng.random((steps, batch, n), "float32") for n in (len(kernel), *recurrent.shape))
    flat_x, flat_h, flat_dz = (side.reshape(-1, side.shape[2]) for side in (x, h, dz))
    column = flat_h @ output
    once = [(flat_x, kernel), (flat_h, output), (flat_h.T, column), (flat_x.T, flat_dz)]
    once += [(flat_h.T, flat_dz), (flat_dz, kernel.T)]
    each = [(h[t], recurrent) for t in range(steps)] + [(dz[t], recurrent.T) for t in range(steps)]
    jobs = [(a, b, a @ b) for a, b in once + each]

    def run():
        for a, b, out in jobs:
            np.dot(a, b, out=out)

    return run


def addition_rnn(pairs, form, until):
    """Train on pairs with the settings of Keras's example addition_rnn until some time."""
    from course_utils.data.questions import sum_texts
    from course_utils.lesson.backend import keras

    layers, symbols = keras.layers, np.eye(len(form.alphabet), dtype="float32")
    model = keras.Sequential(
        [
            keras.Input((form.n_in, len(symbols))),
            layers.LSTM(128),
            layers.RepeatVector(form.n_out),
            layers.LSTM(128, return_sequences=True),
            layers.Dense(len(symbols), activation="softmax"),
        ]
    )
    model.compile(loss="categorical_crossentropy", optimizer="adam")
    stop = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: setattr(
            model, "stop_training", time.perf_counter() > until
        )
    )
    x, y = (symbols[side] for side in reversed_questions(form, *sum_texts(pairs)))
    model.fit(x, y, batch_size=32, epochs=10_000, callbacks=[stop], verbose=0)
    return model


def reversed_questions(form, questions, answers):
    """Encode as that example does: the question padded and turned round, the answer as it is."""
    from course_utils.data.questions import Format

    plain = Format(form.n_in, form.n_out, backwards=False)
    x, y = plain.encode(questions, answers)
    return x[:, ::-1], y


def against_addition_rnn_rows(allowed=120.0):
    """Compare our network for three digits with Keras's example, after the same wall time.

    Both draw numbers of all lengths equally often and are tried on the same held-out pairs.
    """
    from course_utils.data import questions
    from course_utils.lesson.backend import keras, tf
    from course_utils.networks import seq2seq

    tf.get_logger().setLevel("ERROR")  # it would warn of so many functions of one name
    form, held_out = questions.sum_format(3), questions.hold_out(3, 0.2, 0)
    keys = np.random.default_rng(1).choice(held_out, 20_000, replace=False)
    unseen = questions.sum_texts(np.stack([keys // 10**9, keys % 10**9], axis=1))

    def draw(n, rng):
        return questions.sum_texts(questions.draw_pairs(n, 3, rng, held_out))

    def ours(steps, seed):
        return seq2seq.train_fresh(seq2seq.text_model, form, draw, steps, seed)[0]

    short, long = (seconds(lambda steps=steps: ours(steps, 0)) for steps in (50, 250))
    steps = int((allowed - short) / (long - short) * 4) * 50 + 50
    rows = []
    for seed in range(3):
        start = time.perf_counter()
        model = ours(steps, seed)
        taken = time.perf_counter() - start
        right = seq2seq.right_answers(model, form, *unseen).mean()
        keras.utils.set_random_seed(seed)
        rng, start = np.random.default_rng(seed), time.perf_counter()
        drawn = questions.draw_pairs(200_000, 3, rng, held_out)
        _, first = np.unique(questions.pair_keys(drawn), return_index=True)
        theirs = addition_rnn(drawn[np.sort(first)[:50_000]], form, start + taken)
        x, y = reversed_questions(form, *unseen)
        written = theirs.predict(np.eye(len(form.alphabet))[x], batch_size=2_500, verbose=0)
        their_right = (written.argmax(axis=-1) == y).all(axis=1).mean()
        name = f"3 digits, {taken:.0f} s, seed {seed}: exact match"
        rows.append(row(f"{name} of addition_rnn's settings", 100 * their_right, "%"))
        tenth = round(90 + 10 * their_right, 3)  # a tenth of their wrong answers
        rows.append(row(f"{name} of ours", 100 * right, "%", at_least=tenth))
    return rows


def import_row():
    """Time a fresh process that imports the package, less one that imports nothing."""
    command = [sys.executable, "-c"]
    nothing = seconds(lambda: subprocess.run([*command, "pass"], check=True), 3)
    package = "from course_utils.data import addition, carry; "
    package += "from course_utils.lesson import budget, results"
    ours = seconds(lambda: subprocess.run([*command, package], check=True), 3)
    return row("importing the package", ours - nothing, "s", at_most=0.5)


def grading_rows():
    """Measure grading in a process of its own: its memory is one of the figures."""
    path = notebooks.BUILD / "bench-grading.json"
    subprocess.run([sys.executable, "-m", "tools.grading_bench"], check=False)
    return json.loads(path.read_text("utf-8"))


def show(rows, name="bench.json"):
    """Print a table of rows and write them into build/; return 1 if a target is missed."""
    print(f"\n{'':60} {'value':>10} {'unit':8} {'target':10} ok")
    for r in rows:
        mark = "yes" if r["ok"] else "NO"
        print(f"{r['name']:60} {r['value']:>10,.4g} {r['unit']:8} {r['target']:10} {mark}")
    path = notebooks.BUILD / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    return 0 if all(r["ok"] for r in rows) else 1


def main():
    """Measure everything; return 1 if a target is missed."""
    running.use_this_python()
    rows = [import_row(), *data_rows(), *numpy_lstm_rows(), *training_rows(), *grading_rows()]
    rows += [*against_addition_rnn_rows(), *lesson_rows()]
    return show(rows)


if __name__ == "__main__":
    sys.exit(main())
