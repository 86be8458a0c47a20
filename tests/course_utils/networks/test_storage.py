"""Saving and loading: nothing is lost, nothing is executed, every refusal says why."""

import io
import json
import os
import pickle
import subprocess
import sys
import warnings
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest

from course_utils.data.addition import Problem
from course_utils.lesson.backend import keras
from course_utils.networks import models, storage

PROBLEM = Problem(2, 3)
QUESTIONS, ANSWERS = PROBLEM.encode(PROBLEM.all_problems)
BITS = np.random.default_rng(0).integers(0, 2, size=(4, 6, 2)).astype(np.float32)
ROOT = Path(__file__).resolve().parents[3]


def adder(problem=PROBLEM):
    return models.addition_model(problem, unroll=False)


@pytest.fixture(scope="module")
def trained():
    """An addition model that has trained, so that its optimizer has a state. Never change it."""
    model = adder()
    model.compile(keras.optimizers.Adam(0.01), "categorical_crossentropy", metrics=["accuracy"])
    model.fit(QUESTIONS, ANSWERS, epochs=2, verbose=0)
    return model


@pytest.fixture(scope="module")
def saved(trained, tmp_path_factory):
    """A folder with `trained` in every format. Never change it."""
    folder = tmp_path_factory.mktemp("saved")
    storage.save_architecture(trained, folder / "adder.json")
    storage.save_weights(trained, folder / "adder.weights.h5")
    storage.save_model(trained, folder / "adder.keras")
    return folder


def predict(model, x=QUESTIONS):
    return keras.ops.convert_to_numpy(model(x))  # `model.predict` would first compile a function


def refusal(function, *args):
    """Call a function that must refuse a file; return its message."""
    with pytest.raises((ValueError, FileNotFoundError)) as caught:
        function(*args)
    message = str(caught.value)
    path = Path(args[-1])
    assert path.name in message
    assert str(path.parent) not in message, "the message shows a path of this computer"
    assert "\n" not in message and len(message) < 450, message
    assert "must" in message and "but" in message and ":" in message, message
    return message


def load_weights_into_fresh(path):
    storage.load_weights(adder(), path)


LOADERS = {
    ".json": storage.load_architecture,
    ".weights.h5": load_weights_into_fresh,
    ".keras": storage.load_model,
}
each_ending = pytest.mark.parametrize("ending", LOADERS)


# Round trips ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["addition", "carry", "stateful carry"])
def test_architecture_and_weights_give_the_same_model(kind, tmp_path, trained):
    model, x = {
        "addition": (trained, QUESTIONS),
        "carry": (models.carry_model(), BITS),
        "stateful carry": (models.carry_model(6, batchsize=4, stateful=True), BITS),
    }[kind]
    storage.save_architecture(model, tmp_path / "m.json")
    storage.save_weights(model, tmp_path / "m.weights.h5")
    loaded = storage.load_architecture(tmp_path / "m.json")
    assert not np.array_equal(predict(loaded, x), predict(model, x)), "weights are in the JSON"
    storage.load_weights(loaded, tmp_path / "m.weights.h5")
    for each in (model, loaded):
        for layer in each.layers:
            if getattr(layer, "stateful", False):
                layer.reset_state()
    np.testing.assert_array_equal(predict(loaded, x), predict(model, x))
    assert loaded.to_json() == model.to_json()


def test_one_file_gives_the_same_model_ready_to_train_on(trained, saved):
    loaded = storage.load_model(saved / "adder.keras")
    np.testing.assert_array_equal(predict(loaded), predict(trained))
    assert int(loaded.optimizer.iterations.numpy()) == 2
    for ours, theirs in zip(loaded.optimizer.variables, trained.optimizer.variables, strict=True):
        np.testing.assert_array_equal(ours.numpy(), theirs.numpy())


def test_carry_model_in_one_file(tmp_path):
    model = models.carry_model()
    storage.save_model(model, tmp_path / "carry.keras")
    loaded = storage.load_model(tmp_path / "carry.keras")
    np.testing.assert_array_equal(predict(loaded, BITS), predict(model, BITS))
    assert isinstance(loaded.layers[-1], models.Squeeze)


def test_weights_load_into_a_model_that_is_compiled_otherwise(saved, trained):
    model = adder()
    model.compile("sgd", "mse")
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        storage.load_weights(model, saved / "adder.weights.h5")
    np.testing.assert_array_equal(predict(model), predict(trained))


def test_a_compiled_model_that_never_trained_loads_without_a_warning(tmp_path):
    model = adder()
    model.compile("adam", "mse")
    storage.save_model(model, tmp_path / "new.keras")
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        storage.load_model(tmp_path / "new.keras")


@pytest.mark.parametrize(
    "problem", [Problem(), Problem(2, 99, "+ 9876543210"), Problem(np.int64(2), np.int64(5))]
)
def test_problem_round_trip(problem, tmp_path):
    storage.save_problem(problem, tmp_path / "problem.json")
    assert storage.load_problem(tmp_path / "problem.json") == problem


def test_a_registered_layer_of_ones_own_round_trips(tmp_path):
    @keras.saving.register_keras_serializable(package="test_storage")
    class Double(keras.layers.Layer):
        def call(self, inputs):
            return 2 * inputs

    model = keras.Sequential([keras.Input((1,)), Double()])
    storage.save_model(model, tmp_path / "double.keras")
    assert predict(storage.load_model(tmp_path / "double.keras"), np.ones((1, 1))) == 2


def test_keras_ops_round_trip(tmp_path):
    x = keras.Input((3, 1))
    storage.save_model(keras.Model(x, keras.ops.squeeze(x, axis=-1)), tmp_path / "ops.keras")
    assert storage.load_model(tmp_path / "ops.keras").output_shape == (None, 3)


IN_ANOTHER_PROCESS = """
import os, sys
import numpy as np
from course_utils.networks import storage
adder = storage.load_architecture("adder.json")
storage.load_weights(adder, "adder.weights.h5")
whole = storage.load_model("adder.keras")
questions = np.load("questions.npy")
np.save("json_and_h5.npy", adder(questions))
np.save("keras.npy", whole(questions))
# die while saving, as when the power fails
whole.get_layer("decoder").save_own_variables = lambda store: os._exit(9)
storage.save_model(whole, "adder.keras")
"""


def test_a_fresh_process_predicts_the_same_and_its_death_spoils_no_file(tmp_path, trained, saved):
    for file in saved.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    np.save(tmp_path / "questions.npy", QUESTIONS)
    process = subprocess.run(
        [sys.executable, "-c", IN_ANOTHER_PROCESS],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert process.returncode == 9, process.stderr
    for name in ("json_and_h5.npy", "keras.npy"):
        np.testing.assert_array_equal(np.load(tmp_path / name), predict(trained))
    assert (tmp_path / "adder.keras").read_bytes() == (saved / "adder.keras").read_bytes()


# Saving --------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
@pytest.mark.parametrize("ending", [".weights.h5", ".keras"])
def test_an_interrupted_save_leaves_the_old_file_and_nothing_else(
    ending, error, trained, saved, tmp_path, monkeypatch
):
    def interrupt(store):
        raise error("in the middle")

    path = tmp_path / f"m{ending}"
    path.write_bytes(b"the old file")
    monkeypatch.setattr(trained.get_layer("decoder"), "save_own_variables", interrupt)
    save = storage.save_model if ending == ".keras" else storage.save_weights
    with pytest.raises(error):
        save(trained, path)
    assert path.read_bytes() == b"the old file"
    assert list(tmp_path.iterdir()) == [path]


def test_a_finished_save_replaces_the_old_file_and_leaves_nothing_else(trained, tmp_path):
    path = tmp_path / "new folder" / "m.keras"
    path.parent.mkdir()
    path.write_bytes(b"the old file")
    storage.save_model(trained, path)
    storage.load_model(path)
    assert list(path.parent.iterdir()) == [path]


def test_checkpoint_saves_after_every_epoch(tmp_path):
    model = adder()
    model.compile("adam", "mse", run_eagerly=True)  # three steps are not worth compiling
    path = tmp_path / "last.keras"
    epochs = []

    class Look(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if path.exists():
                weights = io.BytesIO(members_of(path)["model.weights.h5"])
                with h5py.File(weights, "r") as file:
                    epochs.append(int(file["optimizer/vars/0"][()]))  # steps so far

    model.fit(
        *(QUESTIONS, ANSWERS), epochs=3, verbose=0, callbacks=[storage.Checkpoint(path), Look()]
    )
    assert epochs == [1, 2]
    np.testing.assert_array_equal(predict(storage.load_model(path)), predict(model))


@pytest.mark.parametrize(
    ("save", "name"),
    [
        (storage.save_architecture, "m.txt"),
        (storage.save_weights, "weights.h5"),  # the original name
        (storage.save_weights, ".weights.h5"),
        (storage.save_model, "m.h5"),
        (storage.save_problem, "problem.yaml"),
    ],
)
def test_other_endings_are_refused(save, name, trained, tmp_path):
    message = refusal(save, PROBLEM if save is storage.save_problem else trained, tmp_path / name)
    assert "must end in" in message
    assert not list(tmp_path.iterdir())


def test_keras_itself_refuses_the_seeds_ending(trained, tmp_path):
    with pytest.raises(ValueError, match="must end in `.weights.h5`"):
        trained.save_weights(tmp_path / "weights.h5")


def test_checkpoint_refuses_another_ending_before_training(tmp_path):
    refusal(storage.Checkpoint, tmp_path / "m.h5")


@each_ending
def test_a_folder_is_no_file(ending, trained, tmp_path):
    path = tmp_path / f"m{ending}"
    path.mkdir()
    save = {
        ".json": storage.save_architecture,
        ".weights.h5": storage.save_weights,
        ".keras": storage.save_model,
    }[ending]
    assert "folder" in refusal(save, trained, path)
    assert "there is none" in refusal(LOADERS[ending], path)


@pytest.mark.parametrize("save", [storage.save_model, storage.save_architecture])
def test_what_could_not_be_loaded_is_not_saved(save, tmp_path):
    model = keras.Sequential([keras.Input((3, 1)), keras.layers.Lambda(lambda x: x[..., 0])])
    name = "m.keras" if save is storage.save_model else "m.json"
    with pytest.raises(ValueError, match="contains a 'Lambda'.*registered"):
        save(model, tmp_path / name)
    assert not list(tmp_path.iterdir())


# Refusing what is missing, damaged or foreign ------------------------------------------------


@each_ending
def test_a_missing_file_names_those_that_are_there(ending, tmp_path):
    (tmp_path / f"other{ending}").touch()
    message = refusal(LOADERS[ending], tmp_path / f"m{ending}")
    assert f"other{ending}" in message


@each_ending
def test_another_ending_is_refused(ending, tmp_path):
    (tmp_path / "m.bin").touch()
    with pytest.raises(ValueError, match="must end in .*'m.bin'"):
        LOADERS[ending](tmp_path / "m.bin")


@each_ending
@pytest.mark.parametrize("share", [0, 0.01, 0.3, 0.6, 0.9, 0.999])
def test_a_truncated_file_is_refused(ending, share, saved, tmp_path):
    whole = (saved / f"adder{ending}").read_bytes()
    path = tmp_path / f"cut{ending}"
    path.write_bytes(whole[: int(share * len(whole))])
    assert "not a whole one" in refusal(LOADERS[ending], path)


def png():
    return b"\x89PNG\r\n\x1a\n" + bytes(1000)


def zip_of(**members):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "."), content)
    return file.getvalue()


@each_ending
@pytest.mark.parametrize(
    "content",
    [png(), b"notes\n", pickle.dumps([1.0]), zip_of(letter__txt="Dear"), b"[]", b"{}", b"3"],
    ids=["picture", "text", "pickle", "zip", "list", "object", "number"],
)
def test_a_foreign_file_is_refused(ending, content, tmp_path):
    path = tmp_path / f"foreign{ending}"
    path.write_bytes(content)
    refusal(LOADERS[ending], path)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "3", "null", '{"n_numbers": 3}', "[" * 100_000, '{"n_numbers": 0, "largest": 1, '
     '"alphabet": "0123456789+ "}', '{"n_numbers": 1, "largest": 1, "alphabet": "00"}',
     '{"n_numbers": 1, "largest": 1, "alphabet": "01", "more": 1}'],
    ids=range(9),
)  # fmt: skip
def test_a_bad_problem_is_refused(text, tmp_path):
    (tmp_path / "problem.json").write_text(text, encoding="utf-8")
    refusal(storage.load_problem, tmp_path / "problem.json")


@pytest.mark.parametrize(
    "other",
    [
        models.carry_model,
        lambda: adder(Problem(2, 3, "0123456789+ x")),  # other shapes
        lambda: keras.Sequential([keras.Input((3, 12)), keras.layers.LSTM(75)]),  # fewer layers
    ],
    ids=["another", "shapes", "fewer"],
)
def test_weights_of_another_architecture_change_nothing(other, saved):
    model = other()
    before = model.get_weights()
    message = refusal(storage.load_weights, model, saved / "adder.weights.h5")
    assert "another architecture" in message
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_an_error_half_way_through_the_weights_changes_nothing(saved, monkeypatch):
    model = adder()
    before = model.get_weights()

    def half_way(path):
        model.set_weights([np.zeros_like(array) for array in before])
        raise OSError("the disk is gone")

    monkeypatch.setattr(model, "load_weights", half_way)
    refusal(storage.load_weights, model, saved / "adder.weights.h5")
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


# Refusing what would do harm -----------------------------------------------------------------


def hdf5_tricks(secret):
    """HDF5 files that try to reach beyond themselves, or to exhaust the memory."""

    def virtual(file):
        layout = h5py.VirtualLayout((1,), dtype="f4")
        layout[0] = h5py.VirtualSource(secret, "x", shape=(1,))[0]
        file.create_virtual_dataset("layers", layout)

    def cycle(file):
        group = file.create_group("layers")
        group["again"] = group

    return {
        "external link": lambda file: file.__setitem__("layers", h5py.ExternalLink(secret, "/x")),
        "soft link": lambda file: file.__setitem__("layers", h5py.SoftLink("/elsewhere")),
        "external data": lambda file: file.create_dataset(
            "layers", (1,), "f4", external=[(secret, 0, 4)]
        ),
        "virtual": virtual,
        "huge": lambda file: file.create_dataset("layers", (10**6, 10**6), "f4", chunks=(99, 99)),
        "type": lambda file: file.__setitem__("layers", np.dtype("f4")),
        "cycle": cycle,
    }


@pytest.fixture
def asked(monkeypatch):
    """The list of files that Keras was asked to load; it loads none."""
    files = []
    monkeypatch.setattr(keras.saving, "load_model", lambda path, **kwargs: files.append(path))
    monkeypatch.setattr(keras.models, "model_from_json", files.append)
    return files


@pytest.mark.parametrize("trick", hdf5_tricks("x"))
def test_hdf5_tricks_are_refused(trick, saved, asked, tmp_path):
    with h5py.File(tmp_path / "secret.h5", "w") as file:
        file["x"] = np.zeros(1, "f4")
    path = tmp_path / "tricky.weights.h5"
    with h5py.File(path, "w") as file:
        hdf5_tricks(str(tmp_path / "secret.h5"))[trick](file)
    message = refusal(load_weights_into_fresh, path)
    assert "another architecture" not in message, "found too late"

    with zipfile.ZipFile(saved / "adder.keras") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members["model.weights.h5"] = path.read_bytes()
    refusal(storage.load_model, archive_in(tmp_path, members))
    assert not asked


def archive_in(folder, members, compression=zipfile.ZIP_STORED):
    path = folder / "hostile.keras"
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def members_of(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_zip_bomb_is_refused(saved, tmp_path):
    members = members_of(saved / "adder.keras") | {"metadata.json": bytes(10**7)}
    path = archive_in(tmp_path, members, zipfile.ZIP_DEFLATED)
    assert "unpack" in refusal(storage.load_model, path)


def test_further_members_are_refused(saved, tmp_path):
    members = members_of(saved / "adder.keras") | {"assets/evil.py": b"1"}
    refusal(storage.load_model, archive_in(tmp_path, members))


def lambda_that_writes(marker):
    """A .keras file whose Lambda layer would write a file when it is built."""
    code = f"lambda x: (open({str(marker)!r}, 'w').close(), x)[1]"
    layer = keras.layers.Lambda(eval(code), output_shape=(1,))
    return keras.Sequential([keras.Input((1,)), layer])


def test_the_lambda_of_the_next_test_would_really_do_harm(tmp_path):
    marker = tmp_path / "marker"
    lambda_that_writes(marker).save(tmp_path / "hostile.keras")
    marker.unlink(missing_ok=True)
    keras.saving.load_model(tmp_path / "hostile.keras", safe_mode=False)(np.ones((1, 1)))
    assert marker.exists()


@pytest.mark.parametrize("safe", [True, False], ids=["safe mode", "safe mode switched off"])
def test_a_lambda_is_refused_and_not_executed(safe, tmp_path):
    marker = tmp_path / "marker"
    model = lambda_that_writes(marker)
    model.save(tmp_path / "hostile.keras")
    (tmp_path / "hostile.json").write_text(model.to_json(), encoding="utf-8")
    marker.unlink(missing_ok=True)
    try:
        if not safe:
            keras.config.enable_unsafe_deserialization()
        assert "Lambda" in refusal(storage.load_model, tmp_path / "hostile.keras")
        assert "Lambda" in refusal(storage.load_architecture, tmp_path / "hostile.json")
    finally:
        keras.src.backend.common.global_state.set_global_attribute("safe_mode_saving", None)
    assert not marker.exists()


def hostile_configs(marker):
    """Entries of a configuration that name something to run or to read."""
    command = f"touch {marker}"
    return {
        "os.system": {"module": "os", "class_name": "system", "config": {"command": command}},
        "subprocess": {"module": "subprocess", "class_name": "Popen", "config": {"args": command}},
        "own module": {"module": "harmful", "class_name": "Layer", "config": {}},
        "builtin": {"module": "builtins", "class_name": "eval", "config": {}},
        "function": {
            "module": "os",
            "class_name": "function",
            "config": "system",
            "registered_name": "system",
        },
        "download": {
            "module": "keras.utils",
            "class_name": "get_file",
            "config": {"origin": f"file://{marker}"},
        },
        "safety off": {
            "module": "keras.config",
            "class_name": "enable_unsafe_deserialization",
            "config": {},
        },
        "inside of keras": {
            "module": "keras.src.utils.python_utils",
            "class_name": "func_load",
            "config": {},
        },
        "foreign graph": {
            "module": "keras.layers",
            "class_name": "TFSMLayer",
            "config": {"filepath": str(marker)},
        },
        "reads a file": {
            "module": "keras.layers",
            "class_name": "StringLookup",
            "config": {"vocabulary": str(marker)},
        },
        "no module": {"module": None, "class_name": "Harmful", "config": {}},
        "lambda": {"class_name": "__lambda__", "config": {"value": ["", None, None]}},
        "strange names": {"module": ["os"], "class_name": ["system"], "config": {}},
    }


@pytest.mark.parametrize("place", ["model", "layer", "activation", "optimizer"])
@pytest.mark.parametrize("kind", hostile_configs(""))
def test_a_hostile_configuration_is_refused_and_not_executed(
    kind, place, saved, asked, tmp_path, monkeypatch
):
    marker = tmp_path / "marker"
    (tmp_path / "harmful.py").write_text(f"open({str(marker)!r}, 'w')", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)  # so that importing it would succeed
    hostile = hostile_configs(marker)[kind]
    members = members_of(saved / "adder.keras")
    config = json.loads(members["config.json"])
    if place == "model":
        config = hostile
    elif place == "layer":
        config["config"]["layers"].append(hostile)
    elif place == "activation":
        config["config"]["layers"][1]["config"]["activation"] = hostile
    else:
        config["compile_config"]["optimizer"] = hostile
    members["config.json"] = json.dumps(config)
    (tmp_path / "hostile.json").write_text(json.dumps(config), encoding="utf-8")

    refusal(storage.load_model, archive_in(tmp_path, members))
    refusal(storage.load_architecture, tmp_path / "hostile.json")
    assert not asked, "Keras was asked to read a hostile file"
    assert not marker.exists()
    assert "harmful" not in sys.modules


def test_the_package_never_unpickles():
    for path in (ROOT / "course_utils").glob("*.py"):
        source = path.read_text(encoding="utf-8")
        for word in ("import pickle", "allow_pickle=True", "safe_mode=False", "joblib", "marshal"):
            assert word not in source, f"{path.name}: {word}"
