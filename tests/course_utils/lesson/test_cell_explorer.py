"""The cell of lesson 01: what it draws, and that the browser computes what Python computes."""

import json
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from course_utils.lesson.cell_explorer import STAGES, cell_svg, explorer

IMAGES = Path(__file__).parents[3] / "notebooks" / "images"
VALUES = {"a": 1, "b": 0, "h_prev": -0.25, "c_prev": 0.5, "f": 0.75, "kept": 0.375}


@pytest.mark.parametrize("stage", STAGES)
def test_pictures_in_the_lesson_are_this_drawing(stage):
    """Else they differ from the cell with numbers: python -m course_utils.lesson.cell_explorer."""
    assert (IMAGES / f"01_cell_{stage}.svg").read_text(encoding="utf-8") == cell_svg(stage)


def test_each_stage_adds_to_the_one_before():
    parts = [re.findall(r'<g data-stage="\d">.*?</g>', cell_svg(s), re.DOTALL) for s in STAGES]
    for before, after in zip(parts, parts[1:], strict=False):
        assert after[: len(before)] == before
        assert len(after) == len(before) + 1


def test_values_stand_in_picture_and_alt_text():
    root = ET.fromstring(cell_svg(2, VALUES))
    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    for expected in ("a = 1", "b = 0", "hₜ₋₁ = -0.25", "f = 0.75", "f·cₜ₋₁ = 0.38"):
        assert expected in texts
    assert "f 0.75" in root.attrib["aria-label"]
    assert "forget gate" in root.attrib["aria-label"]


def test_no_negative_zero():
    assert "-0.00" not in cell_svg(2, VALUES | {"h_prev": -0.001})


def test_unknown_stage():
    with pytest.raises(ValueError, match="stage must be one of 1, 2, 3, 4, but it is 5"):
        cell_svg(5)


def lstm(bits, weights, held=None):
    """One unit, from the equations, independent of the lesson's code and the browser's."""
    kernel, recurrent_kernel, bias = weights
    h = c = 0.0
    trace = []
    for (a, b), fixed in zip(bits, held or [{}] * len(bits), strict=True):
        z = a * kernel[0] + b * kernel[1] + h * recurrent_kernel[0] + bias
        i, f, o = (1 / (1 + np.exp(-z[k])) for k in (0, 1, 3))
        v = {"i": i, "f": f, "g": np.tanh(z[2]), "o": o} | fixed
        before = {"a": int(a), "b": int(b), "h_prev": h, "c_prev": c}
        kept, added = v["f"] * c, v["i"] * v["g"]
        c = kept + added
        h = v["o"] * np.tanh(c)
        after = {"kept": kept, "added": added, "c": c, "tanh_c": np.tanh(c), "h": h}
        numbers = {name: float(value) for name, value in (v | after).items()}
        trace.append(before | numbers)
    return trace


def case(seed, seqlen=6):
    rng = np.random.default_rng(seed)
    weights = [rng.normal(0, 3, shape) for shape in ((2, 4), (1, 4), (4,))]
    return rng.integers(0, 2, (seqlen, 2)), weights


def test_explorer_degrades_to_a_picture_and_a_table():
    bits, weights = case(0)
    trace = lstm(bits, weights)
    html = explorer(bits, weights, trace).data
    still = html.split("<script>")[0]
    assert cell_svg(4, trace[0]) in still
    assert still.count("<tr>") == 1 + len(bits)
    assert f"<td>{trace[3]['c']:z.2f}</td>" in still
    assert "http" not in html.replace("http://www.w3.org/2000/svg", "")  # no network


@pytest.mark.parametrize("wrong", [{"weights": "two units"}, {"trace": []}, {"bits": []}])
def test_explorer_refuses_what_does_not_belong_together(wrong):
    bits, weights = case(0)
    given = {"bits": bits, "weights": weights, "trace": lstm(bits, weights)} | wrong
    if wrong == {"weights": "two units"}:
        given["weights"] = [np.zeros((2, 8)), np.zeros((2, 8)), np.zeros(8)]
    with pytest.raises(ValueError, match="weights must have the shapes"):
        explorer(**given)


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
@pytest.mark.parametrize("seed", range(3))
def test_browser_computes_the_same(seed):
    bits, weights = case(seed)
    held = [{}, {"f": 0}, {"i": 1, "o": 0}, {}, {}, {"o": 1}]
    html = explorer(bits, weights, lstm(bits, weights)).data
    model = json.loads(re.search("data-model='(.*?)'", html)[1])
    path = str(files("course_utils.lesson").joinpath("cell_explorer.js"))
    given = json.dumps([model, bits.tolist(), held])
    code = f"console.log(JSON.stringify(require({json.dumps(path)}).run(...{given})))"
    steps = json.loads(subprocess.check_output(["node", "-e", code]))
    for got, expected in zip(steps, lstm(bits, weights, held), strict=True):
        for name, value in expected.items():
            assert got[name] == pytest.approx(value, abs=1e-12), name
