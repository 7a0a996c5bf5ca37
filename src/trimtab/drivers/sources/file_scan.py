"""Files of one table behind `trimtab.data.scan.Scan`."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from trimtab.drivers.sources.columnar import Part
from trimtab.drivers.sources.files import SourceFile


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesScan:
    """The files of one table behind `trimtab.data.scan.Scan`, one after the other.

    ``files`` are those on this machine's disk.
    """

    name: str
    files: tuple[Path, ...]
    schema: pl.Schema
    parts: tuple[Part, ...]
    notes: tuple[str, ...]

    @property
    def rows(self) -> int | None:
        counts = [part.rows for part in self.parts]
        return None if None in counts else sum(count for count in counts if count is not None)

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pl.DataFrame]:
        chosen = self.schema.names() if columns is None else list(columns)
        for part in self.parts:  # nothing here has a name for a batch, which would keep it while the next one is read
            batches = part.batches(chosen)
            yield from batches if part.schema == self.schema else map(self._as_all, batches)

    def pieces(self) -> Iterator[Iterator[pl.DataFrame]]:
        for part in self.parts:
            for pieces in part.pieces(self.schema.names()):
                yield pieces if part.schema == self.schema else map(self._as_all, pieces)

    def _as_all(self, batch: pl.DataFrame) -> pl.DataFrame:
        types = {name: self.schema[name] for name, dtype in batch.schema.items() if dtype != self.schema[name]}
        return batch.cast(types) if types else batch  # type: ignore[arg-type]


def name_of(files: Sequence[SourceFile], pattern: str) -> str:
    """What a table of these files is called: by how they were asked for, or the only one's name."""
    return pattern if len(files) > 1 else files[0].name


def on_disk(files: Sequence[SourceFile]) -> tuple[Path, ...]:
    """Those that are on this machine's disk."""
    return tuple(file.content for file in files if isinstance(file.content, Path))


def notes_of(parts: Sequence[Part]) -> tuple[str, ...]:
    """What was noticed of the files, each by its name where there are several, and of their folders."""
    several = len(parts) > 1
    told = [f"{part.file.name}: {note}" if several else note for part in parts for note in part.notes]
    columns = {name for part in parts for name in part.schema}
    return (*told, *of_folders([part.file for part in parts], columns))


def of_folders(files: Sequence[SourceFile], columns: Collection[str]) -> tuple[str, ...]:
    """What is to be told of folders called ``month=2026-01`` or so, which Hive and Spark read as a column."""
    named: dict[str, str] = {}
    for folder in dict.fromkeys(file.parent for file in on_disk(files)):
        for key, equals, value in (name.partition("=") for name in folder.parts):
            if key and equals and key not in columns:
                named.setdefault(key, value)
    return tuple(
        f"{key}: stands in the names of folders ({key}={value}) and in no file, so it is not read as a column"
        for key, value in named.items()
    )
