"""The same work on many files, in a few threads: hashing, reading and writing all let go of the interpreter's lock.

Not a pool of the standard library: importing one costs more than hashing a hundred small files, and one task object
for each of ten thousand files costs as much as hashing them.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

T = TypeVar("T")
R = TypeVar("R")

MOST_THREADS: Final = 8
"""More do not read faster from one disk."""


def side_by_side(work: Callable[[T], R], items: Sequence[T], *, threads: int | None = None) -> list[R]:
    """What ``work`` gives for each item, in order; the first exception ends all and is raised.

    Args:
        threads: at most so many, this one included; by default one for each processor that this process may use.
    """
    if threads is None:
        threads = min(_processors(), MOST_THREADS)
    if threads < 2 or len(items) < 2:
        return [work(item) for item in items]
    waiting = deque(range(len(items)))
    done: dict[int, R] = {}
    failed: list[BaseException] = []

    def take() -> None:
        while not failed:
            try:
                number = waiting.popleft()
            except IndexError:
                return
            try:
                done[number] = work(items[number])
            except BaseException as error:  # noqa: BLE001  whatever it is, the thread that asked raises it
                failed.append(error)

    helpers = [threading.Thread(target=take, daemon=True) for _ in range(min(threads, len(items)) - 1)]
    for helper in helpers:
        helper.start()
    take()
    for helper in helpers:
        helper.join()
    if failed:
        raise failed[0]
    return [done[number] for number in range(len(items))]


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
