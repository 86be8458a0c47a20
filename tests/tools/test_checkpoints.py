"""Shipped networks are what their records say; making them can be interrupted."""

import json
import re
import shutil
from functools import partial

import pytest

from course_utils.lesson.backend import keras
from course_utils.networks import shipped, storage
from tools import checkpoints, kernels, recipes
from tools.recipes import RECIPES

NAMES = sorted(path.name.split(".")[0] for path in shipped.FOLDER.glob("*.weights.h5"))


@pytest.fixture
def make(monkeypatch, tmp_path):
    """Make a tiny network in this process, with so many steps."""

    def made(seeds, steps=50):
        recipe = partial(recipes.two_numbers, 2, steps, 50)
        monkeypatch.setitem(RECIPES, "tiny", recipe)
        trained = []

        def run(words, **_):
            trained.append(int(words[5]))
            checkpoints.main(words[3:], tmp_path, tmp_path)

        monkeypatch.setattr(checkpoints.subprocess, "run", run)
        words = ["--only", "tiny", "--jobs", "1", "--seeds", *map(str, seeds)]
        assert checkpoints.main(words, tmp_path / "build", tmp_path / "out") == 0
        return trained

    return made


def test_only_what_is_missing_is_made_and_the_first_seed_is_shipped(make, tmp_path):
    assert make([1]) == [1]
    assert make([1, 0]) == [0]
    record = json.loads((tmp_path / "out" / "tiny.json").read_text())
    assert [run["seed"] for run in record["runs"]] == [1, 0]
    assert record["settings"]["steps"] == 50 and record["parameters"] > 0
    model = RECIPES["tiny"]().build()
    storage.load_weights(model, tmp_path / "out" / "tiny.weights.h5")
    run = record["runs"][0]
    again = RECIPES["tiny"]().evaluate(model)
    assert again == {key: run[key] for key in again}
    assert again["tried"] == 10_000
    assert make([1], steps=100) == [1]  # another recipe


def test_what_is_shipped_is_not_made_again_unless_its_network_is_missing(make, tmp_path):
    make([1, 0])
    record, weights = (tmp_path / "out" / f"tiny.{kind}" for kind in ("json", "weights.h5"))
    before = record.read_bytes(), weights.read_bytes()
    shutil.rmtree(tmp_path / "build")
    assert make([1, 0]) == []
    assert (record.read_bytes(), weights.read_bytes()) == before
    shutil.rmtree(tmp_path / "build")
    (tmp_path / "build").mkdir()
    (tmp_path / "build" / "tiny-0.weights.h5").write_text("left by another recipe")
    assert make([0, 1]) == [0]  # of seed 0 only the result was shipped
    shutil.rmtree(tmp_path / "build")
    assert make([0], steps=100) == [0]  # another recipe


OWN = {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}
ELSEWHERE = OWN | {
    "OPENBLAS_CORETYPE": "Haswell",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}


def test_seeds_3_and_4_are_trained_as_on_another_processor(monkeypatch, tmp_path):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")  # neither goes into any training
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "1")
    monkeypatch.setenv("SOMETHING_ELSE", "kept")
    chosen = {}

    def run(words, env, **_):
        assert env["SOMETHING_ELSE"] == "kept"
        chosen[int(words[5])] = {name: env[name] for name in ELSEWHERE if name in env}

    monkeypatch.setattr(checkpoints.subprocess, "run", run)
    checkpoints.train_missing("13_attention", recipes.MORE_SEEDS, tmp_path, jobs=1)
    assert chosen == {0: OWN, 1: OWN, 2: OWN, 3: ELSEWHERE, 4: ELSEWHERE}


def test_each_run_says_which_kernels_computed_it_and_older_ones_say_nothing(monkeypatch, tmp_path):
    def layer():
        return keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])

    recipe = recipes.Recipe({}, layer, lambda seed: layer(), lambda model: {"tried": 0})
    monkeypatch.setitem(RECIPES, "tiny", lambda: recipe)
    build, out = tmp_path / "build", tmp_path / "out"
    for seed in (0, 3):
        checkpoints.train("tiny", seed, build)
    checkpoints.ship("tiny", (0, 3), build, out)
    record = json.loads((out / "tiny.json").read_text())
    names = [run.pop("kernels") for run in record["runs"]]
    assert names == ["this processor's own", "Haswell, without oneDNN, 1 thread"]
    (out / "tiny.json").write_text(json.dumps(record))
    shutil.rmtree(build)
    checkpoints.unpack("tiny", build, out)
    checkpoints.ship("tiny", (0, 3), build, out)
    assert json.loads((out / "tiny.json").read_text()) == record


def test_a_network_that_is_too_large_is_not_shipped(make, monkeypatch, tmp_path):
    monkeypatch.setattr(checkpoints, "LARGEST", 1_000)
    with pytest.raises(ValueError, match="at most 1,000 bytes, but has .* use fewer units"):
        make([0])
    assert not (tmp_path / "out" / "tiny.weights.h5").exists()


def test_a_name_that_is_not_shipped_is_refused_with_those_that_are():
    with pytest.raises(ValueError, match=re.escape(f"{NAMES[0]}.weights.h5")):
        shipped.weights_path("nothing")


def test_every_shipped_network_has_its_recipe_its_record_and_a_decent_size():
    assert set(RECIPES) - {"tiny"} == set(NAMES)
    sizes = [shipped.weights_path(name).stat().st_size for name in NAMES]
    assert max(sizes) <= checkpoints.LARGEST and sum(sizes) <= 10_000_000
    for name in NAMES:
        assert shipped.record_of(name)["settings"] == RECIPES[name]().settings


@pytest.mark.parametrize("name", NAMES)
def test_a_record_has_a_run_from_each_seed_and_those_from_3_and_4_were_made_elsewhere(name):
    runs = shipped.record_of(name)["runs"]
    seeds = tuple(run["seed"] for run in runs)
    assert seeds == RECIPES[name]().seeds
    assert len(set(seeds)) >= 3 or name == "13_without"  # no headline
    for run in runs:
        other = kernels.named(kernels.other())
        assert (run.get("kernels") == other) is (run["seed"] >= checkpoints.ELSEWHERE)


def test_what_is_said_of_every_start_holds_for_starts_on_two_kinds_of_processors():
    more = {name for name in NAMES if {*recipes.MORE_SEEDS} <= {*RECIPES[name]().seeds}}
    assert more == {"13_attention", "15_captions"}


def flat(result, path=()):
    """Return the counts of a result by where they stand in it."""
    items = result.items() if isinstance(result, dict) else enumerate(result)
    found = {}
    for key, value in items:
        if isinstance(value, dict | list):
            found |= flat(value, (*path, key))
        else:
            found[*path, key] = value
    return found


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_network_still_does_what_its_record_says(name):
    recipe, run = RECIPES[name](), shipped.record_of(name)["runs"][0]
    model = recipe.build()
    storage.load_weights(model, shipped.weights_path(name))
    found = flat(recipe.evaluate(model))
    noted = {key: count for key, count in flat(run).items() if key in found}
    assert noted.keys() == found.keys() and found["tried",] > 0
    for key, count in found.items():
        # probabilities that nearly tie may fall otherwise on another computer
        slack = 1 + found["tried",] // 100_000 if "wrong" in str(key) else 0
        assert abs(count - noted[key]) <= slack, key
