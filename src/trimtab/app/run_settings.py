"""What is fixed around a step, so that it can be run again: hash order, threads, variables; and what stays secret."""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from trimtab.app.fixed import HASH_SEED, LOCALE, to_fix
from trimtab.records.secret_words import Scalar, hide
from trimtab.serve.threads import THREADS
from trimtab.spec.project import Project

FIXED: Final = (HASH_SEED, LOCALE, *THREADS)
"""Variables that are set for every run, unless the user has set them: results may follow from them."""


_TELLING: Final = 4
"""Characters of a secret from which on it is looked for in a text: shorter ones stand in many words."""


def child_environment() -> dict[str, str]:
    """The variables of a process that runs steps, over this process's own: hash order, locale and threads."""
    fixed = {**dict.fromkeys(THREADS, "1"), **to_fix()}
    return {name: os.environ.get(name, fixed.get(name, "")) for name in FIXED if name in os.environ or name in fixed}


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
    """This process's peak memory so far; what the process that began it had is not in it, as it is in Linux' own figure
    of a process that was begun by a large one."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
        return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM:"))
    except (OSError, StopIteration):
        pass
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def without_secrets(project: Project, text: str) -> str:
    """A text with the values of secret parameters and variables in it made unreadable: an error may quote one."""
    named = {**os.environ, **project.pipeline.params}
    secrets = {str(value) for name, value in named.items() if hidden(project, name, value) != value}
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= _TELLING:
            text = text.replace(secret, "***")
    return text


def hidden(project: Project, name: str, value: Scalar) -> Scalar:
    """A parameter's or a variable's value as it may be recorded and shown: its digest if it is declared a secret or
    looks like one."""
    return hide("password" if name in project.pipeline.secret else name, value)
