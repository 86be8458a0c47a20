"""Arithmetic kernels: the ways in which processors compute the same sums, with other last digits.

NumPy's OpenBLAS and TensorFlow's oneDNN choose theirs by the processor. The environment can make
them choose those of an older one, so that one machine shows what others will compute.
"""

import itertools
import os
import platform

from numpy._core._multiarray_umath import __cpu_features__ as FEATURES

# OpenBLAS's names for processors, and what a processor needs to run their kernels.
NEEDS = {"Prescott": "SSE3", "Haswell": "AVX2", "SkylakeX": "AVX512_SKX"}
THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
)
Settings = dict[str, str]


def settings(core: str, onednn: bool, threads: int) -> Settings:
    """Return the environment variables that choose kernels.

    Args:
        core: one of OpenBLAS's names for processors.
        onednn: whether TensorFlow may use oneDNN.
        threads: how many compute one sum.
    """
    chosen = {"OPENBLAS_CORETYPE": core, "TF_ENABLE_ONEDNN_OPTS": str(int(onednn))}
    return chosen | dict.fromkeys(THREADS, str(threads))


def every() -> list[Settings]:
    """Return all settings that this processor can run; none if it isn't of x86's family."""
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return []
    cores = [core for core, feature in NEEDS.items() if FEATURES.get(feature)]
    return [settings(*chosen) for chosen in itertools.product(cores, (False, True), (1, 2))]


def other() -> Settings:
    """Return settings that differ most from what this processor does by itself, on one thread.

    OpenBLAS's kernels for a processor of ten years ago, no oneDNN, one thread.
    """
    return settings("Haswell", False, 1)


def named(chosen: Settings) -> str:
    """Return settings in a few words."""
    if not chosen:
        return "this processor's own"
    onednn = "with" if chosen["TF_ENABLE_ONEDNN_OPTS"] == "1" else "without"
    threads = int(chosen["OMP_NUM_THREADS"])
    count = f"{threads} thread{'s' * (threads > 1)}"
    return f"{chosen['OPENBLAS_CORETYPE']}, {onednn} oneDNN, {count}"


def environment(chosen: Settings) -> Settings:
    """Return this process's environment with these settings, and with no others of their kind."""
    kinds = {*THREADS, "OPENBLAS_CORETYPE", "TF_ENABLE_ONEDNN_OPTS"}
    return {k: v for k, v in os.environ.items() if k not in kinds} | chosen
