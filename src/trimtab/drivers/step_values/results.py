"""Which results there are under a key: one small file for each key and each state of what the step was seen to read.

Several results have one key where a step read files that the key does not know of. Each is a file of its own, so that
two runs never write into one and no lock is needed. A file is its digest and the record's JSON; one that a power cut
tore, or somebody changed, counts as not there and is removed. So is one whose step logged something that is gone: what
a kept step logged belongs to the run that uses it.
"""

from __future__ import annotations

import os
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final

import msgspec

from trimtab.base.digest import Digest, digest_bytes, digest_json, parse_digest
from trimtab.disk.atomic import write_bytes
from trimtab.disk.faults import explained
from trimtab.drivers.step_values.store import VALUES, path_of, with_folder
from trimtab.records.kept import Result

RESULTS: Final = "results"
MOST: Final = 16
"""Results under one key; the least recently used go first."""

_SEEN: Final = 16
_DIGEST: Final = 71


class Results:
    """The results below ``folder``, the cache; for several processes at once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / RESULTS
        self._values = folder / VALUES

    def find(self, key: Digest) -> tuple[Result, ...]:
        """The results under a key, the newest first; whether what each one read is still so is not looked at.

        Those that are found count as used now, which `trim` goes by.
        """
        folder, stem = self._place(key)
        found = []
        for path in _paths(folder, stem):
            result = read_result(path)
            if result is None or result.key != key or not self._has_log(result):
                with suppress(OSError):
                    path.unlink()
                continue
            with suppress(OSError):  # the cache may be readable only
                os.utime(path)
            found.append(result)
        return tuple(sorted(found, key=lambda result: result.made_at, reverse=True))

    def put(self, result: Result) -> None:
        """Add a result; one of the same key that read the same is replaced.

        Raises:
            DriverError: the disk refused.
        """
        folder, stem = self._place(result.key)
        seen = digest_json([result.reads, result.variables]).removeprefix("sha256:")[:_SEEN]
        body = msgspec.json.encode(result, order="sorted")
        content = digest_bytes(body).encode() + b"\n" + body
        with_folder(folder, partial(write_bytes, folder / f"{stem}-{seen}", content, mode=0o600, sync=False))
        there = _paths(folder, stem)
        if len(there) > MOST:
            for path in sorted(there, key=_used)[: len(there) - MOST]:
                path.unlink(missing_ok=True)

    def _place(self, key: Digest) -> tuple[Path, str]:
        digits = parse_digest(key).removeprefix("sha256:")
        return self._folder / digits[:2], digits[2:]

    def _has_log(self, result: Result) -> bool:
        logged = result.logged.files if result.logged is not None else ()
        return all(path_of(self._values, file.content).is_file() for file in logged)


def read_result(path: Path) -> Result | None:
    """The result in a file; None if it is not whole, or of another version."""
    try:
        content = path.read_bytes()
        head, body = content[:_DIGEST], content[_DIGEST + 1 :]
        return msgspec.json.decode(body, type=Result) if digest_bytes(body).encode() == head else None
    except (OSError, msgspec.DecodeError):
        return None


def _paths(folder: Path, stem: str) -> list[Path]:
    with explained("look for kept results", folder):
        try:
            names = os.listdir(folder)  # noqa: PTH208 - a tenth of the cost of making a path of each
        except FileNotFoundError:
            return []
    return [folder / name for name in names if name.startswith(stem)]


def _used(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
