"""Saving and loading without losing or executing anything (lesson 08).

Files are written beside their place and moved there when complete, so an interrupted save leaves
the old file as it was. Files are read as data only: JSON, HDF5 arrays, and zip archives of the
two. Nothing is ever unpickled, and a file that carries code, or names anything but Keras's layers
and registered ones, is refused before Keras sees it.
"""

import io
import json
import os
import tempfile
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import h5py

from course_utils.data.addition import Problem
from course_utils.lesson.backend import keras
from course_utils.networks import models  # noqa: F401 - registers the course's layers with Keras

# What a .keras file consists of.
KERAS_MEMBERS = ["config.json", "metadata.json", "model.weights.h5"]

# Where a configuration may take its classes from, besides `register_keras_serializable`.
MODULES = {"keras", "keras.src.models.functional"} | {
    f"keras.{name}"
    for name in (
        "constraints",
        "dtype_policies",
        "initializers",
        "layers",
        "losses",
        "metrics",
        "optimizers",
        "optimizers.schedules",
        "regularizers",
    )
}
# Classes that hold Python code, run foreign programs or read further files when they are built.
NEVER = {
    *("Lambda", "__lambda__", "__typespec__", "function"),
    *("FlaxLayer", "JaxLayer", "TFSMLayer", "TorchModuleWrapper"),
    *("IntegerLookup", "StringLookup", "TextVectorization"),
}

Shapes = dict[str, tuple[int, ...]]  # of the arrays in an HDF5 file, by name


# Saving --------------------------------------------------------------------------------------


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Give a temporary path in the same folder, and move it to `path` if all went well.

    Args:
        path: the file to write or replace; its folder is made if needed.

    Yields:
        A path with the same file name, to be written to.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".saving-") as folder:
        temporary = Path(folder) / path.name
        yield temporary
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())  # on the disk, not only on its way there
        os.replace(temporary, path)  # at once or not at all


def save_architecture(model: keras.Model, path: str | Path) -> None:
    """Write a model's layers and how they connect as JSON, without weights.

    Args:
        model: a Keras model.
        path: where, ending in ``.json``.

    Raises:
        ValueError: if the name has another ending, or if the model contains what
            `load_architecture` would refuse, such as a `Lambda` layer.
    """
    path = _target(path, ".json")
    config = _saveable_config(model)
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(config, indent=1), encoding="utf-8")


def save_weights(model: keras.Model, path: str | Path) -> None:
    """Write a model's weights as HDF5, without its architecture.

    Of a compiled model Keras adds the state of the optimizer.

    Args:
        model: a Keras model.
        path: where, ending in ``.weights.h5``.

    Raises:
        ValueError: if the name has another ending.
    """
    with replacing(_target(path, ".weights.h5")) as temporary:
        model.save_weights(temporary)


def save_model(model: keras.Model, path: str | Path) -> None:
    """Write architecture, weights and the state of training in one file.

    Args:
        model: a Keras model.
        path: where, ending in ``.keras``.

    Raises:
        ValueError: if the name has another ending, or if the model contains what `load_model`
            would refuse, such as a `Lambda` layer.
    """
    path = _target(path, ".keras")
    _saveable_config(model)
    with replacing(path) as temporary:
        model.save(temporary)


def save_problem(problem: Problem, path: str | Path) -> None:
    """Write a problem definition as JSON: without its alphabet a model's outputs mean nothing.

    Args:
        problem: a `Problem`.
        path: where, ending in ``.json``.

    Raises:
        ValueError: if the name has another ending.
    """
    with replacing(_target(path, ".json")) as temporary:
        text = json.dumps(asdict(problem), indent=1, default=int)  # NumPy's integers, too
        temporary.write_text(text, encoding="utf-8")


class Checkpoint(keras.callbacks.Callback):
    """Save the whole model after every epoch; an interruption costs one epoch at most.

    Unlike `keras.callbacks.ModelCheckpoint` it never leaves a half-written file at `path`.

    Args:
        path: where, ending in ``.keras``.

    Raises:
        ValueError: if the name has another ending.
    """

    def __init__(self, path: str | Path) -> None:
        super().__init__()
        self.path = _target(path, ".keras")

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        save_model(self.model, self.path)


# Loading -------------------------------------------------------------------------------------


def load_architecture(path: str | Path) -> keras.Model:
    """Build the model that `save_architecture` described, with fresh random weights.

    Args:
        path: the file, ending in ``.json``.

    Returns:
        A Keras model; compiled, if the one that was saved was.

    Raises:
        FileNotFoundError: if the file is not there.
        ValueError: if it is not the JSON of a Keras model made of known layers.
    """
    path = _existing(path, ".json")
    with _explained(path, "the architecture of a Keras model as JSON"):
        text = path.read_text(encoding="utf-8")
        _refuse_code(_model_config(text))
        return keras.models.model_from_json(text)


def load_weights(model: keras.Model, path: str | Path) -> None:
    """Put saved weights into a model of the same architecture; after an error they are unchanged.

    Args:
        model: a Keras model.
        path: the file, ending in ``.weights.h5``. The optimizer's state in it is taken over only
            if the model has already been trained with the same kind of optimizer.

    Raises:
        FileNotFoundError: if the file is not there.
        ValueError: if it is not a weights file, or one for another architecture.
    """
    path = _existing(path, ".weights.h5")
    before = model.get_weights()
    try:
        with _explained(path, f"the weights of {model.name!r}"):
            _refuse_other_shapes(model, _arrays(path, path.stat().st_size))
            model.load_weights(path)
    except BaseException:
        model.set_weights(before)
        raise


def load_model(path: str | Path) -> keras.Model:
    """Return the model in a ``.keras`` file, compiled as it was saved.

    Args:
        path: the file, ending in ``.keras``.

    Raises:
        FileNotFoundError: if the file is not there.
        ValueError: if it is damaged, no Keras model, or would execute code of its own.
    """
    path = _existing(path, ".keras")
    with _explained(path, "a complete Keras model"):
        with zipfile.ZipFile(path) as archive:
            found = sorted(archive.namelist())
            if found != KERAS_MEMBERS:
                raise _RefusedError(f"it is a zip archive of {', '.join(found[:3]) or 'nothing'}")
            if sum(member.file_size for member in archive.infolist()) > path.stat().st_size:
                raise _RefusedError("it would unpack to more than its own size")
            _refuse_code(_model_config(archive.read("config.json")))
            weights = archive.read("model.weights.h5")
            _arrays(io.BytesIO(weights), len(weights))
        return keras.saving.load_model(path, safe_mode=True)


def load_problem(path: str | Path) -> Problem:
    """Return the `Problem` in a JSON file.

    Args:
        path: the file, ending in ``.json``.

    Raises:
        FileNotFoundError: if the file is not there.
        ValueError: if it does not define a problem.
    """
    path = _existing(path, ".json")
    with _explained(path, "a problem definition as JSON"):
        found = json.loads(path.read_text(encoding="utf-8"))
        wanted = {"n_numbers", "largest", "alphabet"}
        if not isinstance(found, dict) or set(found) != wanted:
            raise _RefusedError(f"it does not consist of {', '.join(sorted(wanted))}")
        return Problem(**found)


# Paths ---------------------------------------------------------------------------------------


def _ending(path: str | Path, ending: str) -> Path:
    path = Path(path)
    if not path.name.endswith(ending) or path.name == ending:
        raise ValueError(f"the file must end in {ending}, but it is {path.name!r}: rename it.")
    return path


def _target(path: str | Path, ending: str) -> Path:
    path = _ending(path, ending)
    if path.is_dir():
        raise ValueError(f"{path.name} must be a file, but is a folder: choose another name.")
    return path


def _existing(path: str | Path, ending: str) -> Path:
    path = _ending(path, ending)
    if not path.is_file():
        there = ", ".join(sorted(p.name for p in path.parent.glob(f"*{ending}") if p.is_file()))
        raise FileNotFoundError(
            f"{path.name} must be a file, but there is none of that name (files in its folder that "
            f"end in {ending}: {there or 'none'}): run the cell that saves it, or correct the name."
        )
    return path


# Refusing ------------------------------------------------------------------------------------


class _RefusedError(ValueError):
    """Says what is wrong with a file and, as `mend`, what to do."""

    def __init__(
        self, reason: str, mend: str = "save it again, or get a fresh copy from someone you trust"
    ) -> None:
        super().__init__(reason)
        self.mend = mend


@contextmanager
def _explained(path: Path, expected: str) -> Iterator[None]:
    """Turn whatever goes wrong while reading into one sentence about the file."""
    try:
        with warnings.catch_warnings():
            # of an optimizer that has not trained yet there is nothing to take over
            warnings.filterwarnings("ignore", "Skipping variable loading for optimizer")
            yield
    except Exception as error:
        refused = _diagnosis(error, path)
        message = f"{path.name} must hold {expected}, but {refused}: {refused.mend}."
        raise ValueError(message) from error


def _diagnosis(error: Exception, path: Path) -> _RefusedError:
    if isinstance(error, _RefusedError):
        return error
    if isinstance(error, PermissionError):
        return _RefusedError("you may not read it", "change its permissions")
    if isinstance(error, zipfile.BadZipFile):
        return _RefusedError("it is no zip archive, or not a whole one")
    if isinstance(error, (UnicodeDecodeError, json.JSONDecodeError)):
        return _RefusedError("it is no JSON, or not a whole one")
    if isinstance(error, OSError):
        return _RefusedError("it is no HDF5 file, or not a whole one")
    text = " ".join(str(error).replace(str(path), path.name).split())
    text = text if len(text) <= 150 else text[:150] + "…"
    return _RefusedError(f"reading it failed ({type(error).__name__}: {text})")


def _saveable_config(model: keras.Model) -> dict[str, Any]:
    """Return a model's configuration, or refuse a model that could not be loaded again."""
    config = json.loads(model.to_json())
    try:
        _refuse_code(config)
    except _RefusedError as error:
        raise ValueError(
            f"{model.name!r} must consist of what loads again, but {error}: {error.mend}."
        ) from None
    return config


def _model_config(text: str | bytes) -> dict[str, Any]:
    config = json.loads(text)
    if not isinstance(config, dict) or not {"class_name", "config"} <= set(config):
        raise _RefusedError("it is the JSON of something else")
    return config


def _refuse_code(config: Any) -> None:
    """Refuse a configuration that names anything but Keras's layers and registered ones."""
    if isinstance(config, list):
        for item in config:
            _refuse_code(item)
    elif isinstance(config, dict):
        if "class_name" in config:
            _refuse_class(config["class_name"], config.get("module"), config.get("registered_name"))
        for item in config.values():
            _refuse_code(item)


def _refuse_class(name: str, module: str | None, registered: str | None) -> None:
    if name in NEVER:
        raise _RefusedError(
            f"it contains a {name!r}, which may carry or run code of its own",
            "use layers that Keras knows or registered ones, and give losses by name like 'mse'",
        )
    plain_data = module is None and name.startswith("__")  # such as __keras_tensor__
    known = registered and keras.saving.get_registered_object(registered) is not None
    inside = module in MODULES or f"{module}".startswith("keras.src.ops.")
    if not (plain_data or known or inside):
        raise _RefusedError(
            f"it asks for {module}.{name}, which is neither part of Keras nor registered here",
            "leave the file alone, or, if the class is yours, first run the cell that registers it",
        )


def _arrays(file: Path | io.BytesIO, size: int) -> Shapes:
    """Return the shapes of all arrays in an HDF5 file, by name.

    Files that point elsewhere, or announce arrays larger than the file itself, are refused.
    """
    shapes: Shapes = {}

    def walk(group: h5py.Group, place: str) -> None:
        for name in group:
            item_place = f"{place}{name}"
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                raise _RefusedError(f"{item_place} in it points to another place")
            item = group[name]
            if isinstance(item, h5py.Group):
                walk(item, f"{item_place}/")
            elif not isinstance(item, h5py.Dataset) or item.external or item.is_virtual:
                raise _RefusedError(f"{item_place} in it is no array, or one stored elsewhere")
            elif item.nbytes > size:
                raise _RefusedError(f"{item_place} in it would be larger than the file")
            else:
                shapes[item_place] = item.shape

    with h5py.File(file, "r") as weights:
        walk(weights, "")
    return shapes


def _refuse_other_shapes(model: keras.Model, found: Shapes) -> None:
    """Refuse weights that don't fit; Keras itself would ignore those that are left over."""
    with tempfile.TemporaryDirectory() as folder:
        own = Path(folder) / "own.weights.h5"
        model.save_weights(own)
        expected = _arrays(own, own.stat().st_size)
    for name in sorted(set(expected) | set(found)):
        ours, theirs = expected.get(name, "no array"), found.get(name, "no array")
        if ours != theirs and not name.startswith("optimizer/"):
            raise _RefusedError(
                f"it holds those of another architecture ({name}: {ours} expected, {theirs} found)",
                "build the model from which they were saved",
            )
