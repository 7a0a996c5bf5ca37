"""A progress bar for whoever waits at a terminal: after two seconds, on stderr, gone when the work is done."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Final, Self

PATIENCE_S: Final = 2.0
_EVERY_S: Final = 0.1
_WIDTH: Final = 30


class Progress:
    """Shows how many rows were read; says nothing where stderr is no terminal, or the work is quick."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._start = self._last = time.monotonic()
        self._shown = False

    def __enter__(self) -> Self:
        return self

    def __call__(self, rows: int, total: int | None) -> None:
        now = time.monotonic()
        if not sys.stderr.isatty() or now - self._start < PATIENCE_S or now - self._last < _EVERY_S:
            return
        self._last, self._shown = now, True
        if total:
            done = min(rows / total, 1.0)
            bar = "█" * round(done * _WIDTH) + "░" * (_WIDTH - round(done * _WIDTH))
            told = f"{bar} {done:4.0%} of {total:,} rows"
        else:
            told = f"{rows:,} rows"
        sys.stderr.write(f"\r\x1b[K{self._what}: {told}")
        sys.stderr.flush()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
