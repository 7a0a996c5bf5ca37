"""A table that is read as another one: what `trimtab.data.scan.Scan` asks for beside its schema and its batches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from trimtab.data.scan import Scan


@dataclass(frozen=True, slots=True, kw_only=True)
class Reread:
    """The table behind it, by its name, with its rows, its files and what its reader noticed."""

    scan: Scan

    @property
    def name(self) -> str:
        return self.scan.name

    @property
    def rows(self) -> int | None:
        return self.scan.rows

    @property
    def notes(self) -> tuple[str, ...]:
        return tuple(getattr(self.scan, "notes", ()))

    @property
    def files(self) -> tuple[Any, ...]:
        return tuple(getattr(self.scan, "files", ()))
