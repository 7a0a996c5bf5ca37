"""What is fixed before a step runs, so that it can be run again: seeds, hash order, threads; and what stays secret."""

from __future__ import annotations

import os
import random
import resource
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from trimtab.base.digest import digest_bytes
from trimtab.spec.project import Project
from trimtab.spec.secret import holds_password, names_secret

HASH_SEED: Final = "PYTHONHASHSEED"
THREADS: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
RUN_LOG: Final = "TRIMTAB_RUN_LOG"
_NUMPY_SEEDS: Final = 2**32


def seed_all(seed: int) -> None:
    """Set the global generators that code may draw from without saying so: Python's, and NumPy's where it is loaded."""
    random.seed(seed)
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed(seed % _NUMPY_SEEDS)


def child_environment(seed: int) -> dict[str, str]:
    """The variables of a process that runs a step, over this process's own: hash order and threads as in the run."""
    fixed = {HASH_SEED: os.environ.get(HASH_SEED, "0"), "TRIMTAB_SEED": str(seed)}
    return fixed | {name: os.environ.get(name, "1") for name in THREADS}


@contextmanager
def variables(values: Mapping[str, str]) -> Iterator[None]:
    """Environment variables that hold inside the block."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def peak_bytes() -> int:
    """This process's peak memory so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def secret_value(project: Project, name: str, value: str) -> str:
    """A value as it may be recorded: its digest if it is declared a secret or looks like one."""
    if name in project.pipeline.secret or (names_secret(name) and value) or holds_password(value):
        return digest_bytes(value.encode())
    return value


def safe_words(project: Project, words: Iterable[str]) -> tuple[str, ...]:
    """A command line as it may be recorded."""
    made = []
    for word in words:
        name, equals, value = word.partition("=")
        made.append(f"{name}={secret_value(project, name, value)}" if equals else secret_value(project, "", word))
    return tuple(made)
