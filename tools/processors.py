"""Replay all lessons as other processors would compute them: `make test-processors`.

Each run of the replay (see `tools.replay`) has other arithmetic kernels (see `tools.kernels`). What
fails is shown in full; the last lines say how each run ended.
"""

import subprocess
import sys
import time

from tools import kernels
from tools.notebooks import BUILD, NOTEBOOKS, ROOT, find
from tools.replay import write_copies

REPLAY = [sys.executable, "-m", "pytest", "-p", "tools.replay", "-q", "--no-header", "--tb=short"]
REPLAY += ["-n", "2", "--dist", "loadfile", "--nbval", "--nbval-current-env"]


def replay(chosen: kernels.Settings) -> tuple[bool, float]:
    """Replay the copies with some kernels; return whether all was as committed, and the seconds."""
    print(f"\n{kernels.named(chosen)}", flush=True)
    start = time.perf_counter()
    copies = str(BUILD / "nbval")
    run = subprocess.run([*REPLAY, copies], cwd=ROOT, env=kernels.environment(chosen), check=False)
    return run.returncode == 0, time.perf_counter() - start


def main() -> int:
    """Replay with all kernels that this processor can run; return 1 if one run differs."""
    write_copies(find(NOTEBOOKS), BUILD / "nbval", {"budget": "smoke"})
    if not (matrix := kernels.every()):
        print("Other kernels can be chosen on x86 processors only, so nothing was replayed.")
        return 0
    results = [(kernels.named(chosen), *replay(chosen)) for chosen in matrix]
    print(f"\n{'kernels':40} seconds")
    for name, same, seconds in results:
        print(f"{name:40} {seconds:7.0f}  {'as committed' if same else 'DIFFERS'}")
    return int(not all(same for _, same, _ in results))


if __name__ == "__main__":
    sys.exit(main())
