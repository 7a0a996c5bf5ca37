"""Keeping the state folder small: what a run does behind its steps, and what may never cost it anything.

The cache is kept below its limit; what steps of past runs logged, and the locks of past runs, go after a while. What
steps logged stands in the record of a run that ended; a run that was killed has it here alone, so it stays a month.

Nothing is raised, whatever the disk says: it is told, and the run goes on.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from trimtab.base.errors import DriverError
from trimtab.base.instants import DAY, HOUR, SECOND, Span
from trimtab.disk.lock import Lease
from trimtab.drivers.step_values.trim import Trimmed, trim

EVERY: Final = HOUR
"""The least time between two times of tidying: looking takes a walk through the cache."""

LOGS_STAY: Final = Span(30 * DAY)
LOCKS_STAY: Final = DAY

_RUN: Final = "run-"


def tidy(state: Path, cache_limit: int, say: Callable[[str], None]) -> None:
    """Tidy a state folder up, if that was not done within the hour, and say what matters of it.

    Args:
        cache_limit: bytes; above it the results that were not used for longest are removed.
    """
    marker = state / "cache" / "trimmed"
    if _age(marker) < EVERY / SECOND:
        return
    done = trim(state / "cache", cache_limit)
    for said in (*_trimmed(done, cache_limit), *done.problems, *_of_past_runs(state)):
        say(said)
    with suppress(OSError):
        marker.touch()


def _trimmed(done: Trimmed, limit: int) -> Iterator[str]:
    if done.results:
        gone = "1 result was" if done.results == 1 else f"{done.results:,} results were"
        yield (
            f"the cache passed its limit of {limit / (1 << 30):.1f} GiB: {gone} removed, of those that were not used "
            f"for longest ({done.freed / (1 << 30):.1f} GiB)"
        )


def _of_past_runs(state: Path) -> Iterator[str]:
    """Remove the logs and the locks of runs that are over; what could not be removed."""
    for folder in _old(state / "logs", LOGS_STAY):
        if folder.is_dir():
            yield from _remove_if_over(state, folder.name, folder)
    for lock in _old(state / "locks", LOCKS_STAY):
        if lock.name.startswith(_RUN) and lock.suffix == ".lock":
            yield from _remove_if_over(state, lock.stem.removeprefix(_RUN))


def _remove_if_over(state: Path, run_id: str, folder: Path | None = None) -> Iterator[str]:
    """Remove a folder and the lock of a run that nobody works on."""
    lease = Lease(state / "locks" / f"{_RUN}{run_id}.lock", "tidying up")
    try:
        if lease.try_acquire():
            try:
                if folder is not None:
                    shutil.rmtree(folder)
            finally:
                lease.end()
    except FileNotFoundError:
        return
    except (OSError, DriverError) as error:
        why = error.problem if isinstance(error, DriverError) else f"{error.filename}: {error.strerror}"
        yield f"what is left of the run {run_id} cannot be removed: {why}"


def _old(folder: Path, stay: Span) -> list[Path]:
    """What lies in a folder and was not changed for so long."""
    try:
        return [path for path in sorted(folder.iterdir()) if _age(path) > stay / SECOND]
    except OSError:
        return []


def _age(path: Path) -> float:
    """Seconds since it was changed; without end for what is not there or cannot be looked at."""
    try:
        return time.time() - path.stat().st_mtime
    except OSError:
        return float("inf")
