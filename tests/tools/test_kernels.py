"""Arithmetic kernels: which there are, what the environment says of them, and that it counts."""

import os
import platform
import subprocess
import sys

import pytest

from tools import kernels

X86 = platform.machine().lower() in ("x86_64", "amd64")
MINE = {
    "OPENBLAS_CORETYPE": "Nehalem",
    "TF_ENABLE_ONEDNN_OPTS": "1",
    "OMP_NUM_THREADS": "7",
    "OPENBLAS_NUM_THREADS": "7",
    "TF_NUM_INTRAOP_THREADS": "7",
    "TF_NUM_INTEROP_THREADS": "7",
}


@pytest.mark.parametrize("machine", ["arm64", "aarch64", "riscv64"])
def test_there_is_nothing_to_choose_on_other_families_of_processors(monkeypatch, machine):
    monkeypatch.setattr(platform, "machine", lambda: machine)
    assert kernels.every() == []


@pytest.mark.parametrize("machine", ["x86_64", "AMD64"])
def test_a_processor_runs_its_own_kernels_and_those_of_older_ones(monkeypatch, machine):
    monkeypatch.setattr(platform, "machine", lambda: machine)
    monkeypatch.setattr(kernels, "FEATURES", {"SSE3": True, "AVX2": True, "AVX512_SKX": False})
    assert [kernels.named(chosen) for chosen in kernels.every()] == [
        "Prescott, without oneDNN, 1 thread",
        "Prescott, without oneDNN, 2 threads",
        "Prescott, with oneDNN, 1 thread",
        "Prescott, with oneDNN, 2 threads",
        "Haswell, without oneDNN, 1 thread",
        "Haswell, without oneDNN, 2 threads",
        "Haswell, with oneDNN, 1 thread",
        "Haswell, with oneDNN, 2 threads",
    ]
    assert kernels.other() in kernels.every()


@pytest.mark.skipif(not X86, reason="NumPy knows the features of this family of processors only")
def test_numpy_knows_what_the_kernels_need_by_these_names():
    assert set(kernels.NEEDS.values()) <= set(kernels.FEATURES)


def test_the_environment_has_the_chosen_kernels_and_no_other_settings_of_their_kind(monkeypatch):
    for name, value in MINE.items():
        monkeypatch.setenv(name, value)
    before = dict(os.environ)
    others = {name: value for name, value in before.items() if name not in MINE}
    assert kernels.environment({}) == others
    assert kernels.environment(kernels.other()) == others | kernels.other()
    assert kernels.environment({"OPENBLAS_CORETYPE": "Haswell"}) == others | {
        "OPENBLAS_CORETYPE": "Haswell"
    }
    assert dict(os.environ) == before
    assert set(kernels.other()) == set(MINE)
    assert kernels.named({}) == "this processor's own"


# Prints OpenBLAS's name for the kernels it uses; nothing if NumPy has no OpenBLAS that tells.
CORE = """
import ctypes

import numpy

with open("/proc/self/maps") as maps:
    paths = {line.split()[-1] for line in maps if "openblas" in line}
for path in paths:
    for name in ("scipy_openblas_get_corename64_", "openblas_get_corename"):
        if tell := getattr(ctypes.CDLL(path), name, None):
            tell.restype = ctypes.c_char_p
            print(tell().decode())
"""


# Old processors share their kernels; OpenBLAS then tells the name of the first of them.
TOLD = {"Katmai": "Prescott"}


@pytest.mark.skipif(sys.platform != "linux", reason="Linux tells which libraries are loaded")
@pytest.mark.parametrize("core", kernels.NEEDS)
def test_the_chosen_kernels_are_those_that_compute(core):
    if not X86 or not kernels.FEATURES.get(kernels.NEEDS[core]):
        pytest.skip(f"this processor can't run the kernels of {core}")
    chosen = kernels.environment(kernels.settings(core, False, 1))
    words = [sys.executable, "-c", CORE]
    run = subprocess.run(words, env=chosen, capture_output=True, text=True, check=True)
    if not run.stdout:
        pytest.skip("NumPy has no OpenBLAS of its own here")
    assert [TOLD.get(name, name) for name in run.stdout.split()] == [core]
