"""Names for predictions and labels that sort by the time of their making.

The form is UUID version 7 (RFC 9562, section 5.7): 48 bits of Unix milliseconds, 12 bits of the fraction of the
millisecond, 62 random bits. Within one process they never go back or repeat, even if the system's clock does.
"""

from __future__ import annotations

import os
import time

_RANDOM_POOL = 512 * 8
"""Bytes drawn at a time: one system call serves 512 ids."""


class TimeOrderedIds:
    """Makes ids; each is greater, as text, than the one before."""

    def __init__(self) -> None:
        self._last = 0
        self._pool = b""
        self._place = 0

    def next(self) -> str:
        """A new id, e.g. ``01936b1e-6c5f-7a31-9f0e-5d2c8a4b7e10``."""
        now = time.time_ns()
        millis, rest = divmod(now, 1_000_000)
        stamp = (millis << 12) | (rest * 4096 // 1_000_000)
        if stamp <= self._last:
            stamp = self._last + 1
        self._last = stamp
        if self._place >= len(self._pool):
            self._pool, self._place = os.urandom(_RANDOM_POOL), 0
        chance = int.from_bytes(self._pool[self._place : self._place + 8]) & 0x3FFF_FFFF_FFFF_FFFF
        self._place += 8
        text = f"{(stamp >> 12) << 16 | 0x7000 | (stamp & 0xFFF):016x}{0x8000_0000_0000_0000 | chance:016x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
