"""What all tests share: where hypothesis keeps its notes, and how `-n 2` spreads them."""

import os
import sys
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# Read by hypothesis when it first needs a folder; tests leave nothing outside build/.
os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = str(ROOT / "build" / "hypothesis")

import pytest  # noqa: E402
from hypothesis import settings  # noqa: E402
from xdist.scheduler import LoadScopeScheduling  # noqa: E402

from tools import running  # noqa: E402
from tools.replay import pytest_configure  # noqa: E402, F401 - how outputs are compared

# No deadline: two cores may be busy with lessons at the same time.
settings.register_profile("course", deadline=None)
settings.load_profile("course")

running.use_this_python()


class TogetherByNotebook(LoadScopeScheduling):
    """Spread tests one by one, but keep the cells of a notebook together: they share a kernel."""

    def _split_scope(self, nodeid):
        file = nodeid.split("::")[0]
        return file if file.endswith(".ipynb") else nodeid


def pytest_xdist_make_scheduler(config, log):
    return TogetherByNotebook(config, log)


@pytest.fixture(scope="session")
def needs_sandbox():
    """Skip a test where there is no bubblewrap; on a Linux machine for tests, fail."""
    if sys.platform != "linux":
        pytest.skip("grading runs on Linux")
    from homework.grading import sandbox

    try:
        sandbox.require_bubblewrap()
    except sandbox.Missing as error:
        if os.environ.get("CI"):
            pytest.fail(str(error))
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def course(tmp_path_factory, needs_sandbox):
    """Return what gives a folder with the course without some functions, for sandboxes."""
    from homework.grading import withheld

    @cache
    def course(names):
        target = tmp_path_factory.mktemp("course") / "copy"
        withheld.copy_without(names, target)
        return target

    return course
