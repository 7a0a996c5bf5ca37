"""A data command's arrays are made of the memory of those before them."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

_FAULTS = """
import resource, sys
from trimtab.cli.memory import keep_freed_memory
if sys.argv[1] == "kept":
    keep_freed_memory()
import numpy as np
def turn():
    held = [np.ones(131_072) for _ in range(8)]
turn()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    turn()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(how: str, **variables: str) -> int:
    settings = {name: value for name, value in os.environ.items() if not name.startswith(("MALLOC_", "GLIBC_"))}
    done = subprocess.run(
        [sys.executable, "-c", _FAULTS, how], capture_output=True, text=True, check=True, env=settings | variables
    )
    return int(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library keeps memory by rules of its own")
def test_freed_arrays_are_used_again_unless_the_environment_says_otherwise() -> None:
    assert faults("kept") < 1_000 < faults("given back")
    assert faults("kept", MALLOC_TRIM_THRESHOLD_="131072") > 1_000
