"""Processor, instruction sets and settings are read as the system tells them."""

from __future__ import annotations

import sys

import pytest

from trimtab.drivers.environment import observe_packages
from trimtab.drivers.environment.machine import processor, read_cpuinfo, read_sysctl

INTEL = """\
processor\t: 0
model name\t: Intel(R) Xeon(R) Platinum
flags\t\t: fpu sse2 ssse3 fma sse4_2 smep avx avx2 avx512f amx_tile

processor\t: 1
model name\t: Another
flags\t\t: sse2
"""
ARM = "processor\t: 0\nFeatures\t: fp asimd sve\nCPU implementer\t: 0x41\nCPU part\t: 0xd40\n"
MAC_INTEL = """\
machdep.cpu.brand_string: Intel(R) Core(TM) i7
machdep.cpu.features: FPU SSE4.2 AVX1.0 FMA
machdep.cpu.leaf7_features: SMEP BMI1 AVX2
hw.optional.floatingpoint: 1
hw.optional.avx2_0: 1
hw.optional.avx512f: 0
"""
MAC_ARM = """\
machdep.cpu.brand_string: Apple M2
hw.optional.arm.FEAT_BF16: 1
hw.optional.arm.FEAT_SME: 0
hw.optional.neon: 1
"""


@pytest.mark.parametrize(
    ("text", "name", "sets"),
    [
        (INTEL, "Intel(R) Xeon(R) Platinum", ("amx_tile", "avx", "avx2", "avx512f", "fma", "sse2", "sse4_2", "ssse3")),
        (ARM, "implementer 0x41 part 0xd40", ("asimd", "fp", "sve")),
        ("", "", ()),
    ],
)
def test_linux_tells_the_first_processor(text: str, name: str, sets: tuple[str, ...]) -> None:
    assert read_cpuinfo(text) == (name, sets)


@pytest.mark.parametrize(
    ("text", "name", "sets"),
    [
        (MAC_INTEL, "Intel(R) Core(TM) i7", ("avx1_0", "avx2", "avx2_0", "bmi1", "fma", "sse4_2")),
        (MAC_ARM, "Apple M2", ("bf16", "neon")),
        ("", "", ()),
    ],
)
def test_macos_tells_names_and_what_is_optional(text: str, name: str, sets: tuple[str, ...]) -> None:
    assert read_sysctl(text) == (name, sets)


def test_this_machine_has_a_processor_with_a_name() -> None:
    name, sets = processor()
    assert name
    assert list(sets) == sorted(set(sets))


def test_settings_that_results_depend_on_are_in_the_record(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.setenv("PYTHONHASHSEED", "17")
    found = observe_packages({})
    assert found.thread_limits["OMP_NUM_THREADS"] == "3"
    assert "MKL_NUM_THREADS" not in found.thread_limits
    assert found.hash_seed == "17"
    assert found.locale
    assert found.python.startswith(f"{sys.version_info.major}.{sys.version_info.minor}.")
    if sys.platform == "linux":
        assert found.libc.startswith(("glibc ", "musl"))
