"""The files that say what the course needs agree with each other."""

import re
import subprocess
import sys
import tomllib

from tools.lessons import ROOT


def requirement_lines():
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith(("#", "-e"))]


def name(requirement):
    return re.match(r"[\w-]+", requirement)[0].lower().replace("_", "-")


def test_every_requirement_has_a_range_and_says_what_needs_it():
    for line in requirement_lines():
        assert re.match(r"[\w-]+>=[\d.]+(,<[\d.]+)? +# \S", line), line


def test_constraints_are_exact_and_cover_the_requirements():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", pin) for pin in pins)
    assert {name(line) for line in requirement_lines()} <= {name(pin) for pin in pins}


def test_what_the_package_needs_is_required():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert set(project["dependencies"]) <= {name(line) for line in requirement_lines()}


def test_importing_the_package_does_not_load_tensorflow():
    code = (
        "import sys; from course_utils import "
        "addition, budget, caption_data, captions, carry, checks, exercise, grammar, numpy_lstm, "
        "operations, plotting, programs, questions, results, setup_check, shipped, terms; "
        "assert not {'keras', 'tensorflow'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
