"""Any table that a person names, opened: files, a glob, a URL, an object in memory, a project's own table.

Every file is looked at before the first row is read, so that what cannot be read is said at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from trimtab.data.scan import Scan
from trimtab.data.schema import ColumnType
from trimtab.data.spelled import AS_STORED, Spelling
from trimtab.drivers.sources.columnar import Part, arrow_part, parquet_part
from trimtab.drivers.sources.delimited import DelimitedPart, delimited_part, without_nulls
from trimtab.drivers.sources.files import Format, SourceFile, named_files, source_files
from trimtab.drivers.sources.memory import open_memory
from trimtab.drivers.sources.reading import widened
from trimtab.spec.project import Source

TEXT = ColumnType.TEXT


def open_table(what: Any, *, root: Path | None = None) -> Scan:
    """A table to read, batch by batch and as often as needed.

    Args:
        what: a path or a glob of files that end in ``.parquet``, ``.csv``, ``.tsv``, ``.csv.gz`` or ``.arrow`` (or
            another of `files.ENDINGS`), an http or https URL of one, or an object in memory: a DataFrame or LazyFrame
            of Polars, a DataFrame of pandas, anything with ``__arrow_c_stream__``.
        root: the folder that relative paths start from; the working directory where none is given.

    Raises:
        SourceError: there is no such table, it is none, or it cannot be read without guessing.
        DriverError: a disk or a server did not answer.
    """
    if isinstance(what, str | Path):
        return _open_files(named_files(root or Path.cwd(), str(what)), str(what))
    return open_memory(what)


def open_source(root: Path, source: Source) -> Scan:
    """A project's own table as it is stored: in the order of its files, with their types.

    Raises:
        SourceError: there is no such table, it is none, or it cannot be read without guessing.
        DriverError: a disk or a server did not answer.
    """
    return _open_files(source_files(root, source), source.path, zeros=False)


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
    spelling: Spelling = AS_STORED

    def typed(self, kinds: Mapping[str, ColumnType]) -> FilesScan:
        """The table with the columns' types of a contract, where its files are texts and store none themselves.

        A column of texts is one, whatever its values look like, and one that does not hold values of its type alone is
        read as text, for the values to be looked at one by one.
        """
        parts = [part for part in self.parts if isinstance(part, DelimitedPart)]
        if len(parts) < len(self.parts):
            return self
        named = {name: kind for name, kind in kinds.items() if name in self.schema}
        empty = {name for name in named if all(part.schema[name] == pl.Null for part in parts)}
        texts = {n: self.schema[n] for n, kind in named.items() if kind is TEXT and self.schema[n] != pl.String}
        spelt = frozenset(name for name, kind in named.items() if kind is not TEXT and name not in empty
                          and _is_spelt(kind, self.schema[name]))  # fmt: skip
        changed = {name: pl.String() for name in (*texts, *spelt)}
        typed = tuple(
            replace(
                part,
                schema=pl.Schema({**part.schema, **changed}),
                told={name: note for name, note in part.told.items() if name not in changed},
            )
            for part in parts
        )
        comma = any(part.header.decimal_comma for part in parts)
        return replace(
            self,
            parts=typed,
            schema=pl.Schema({**self.schema, **changed}),
            notes=_notes(typed),
            spelling=Spelling(columns=spelt, texts=texts, decimal_comma=comma),
        )

    @property
    def rows(self) -> int | None:
        counts = [part.rows for part in self.parts]
        return None if None in counts else sum(count for count in counts if count is not None)

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pl.DataFrame]:
        chosen = self.schema.names() if columns is None else list(columns)
        for part in self.parts:  # nothing here has a name for a batch, which would keep it while the next one is read
            batches = part.batches(chosen)
            yield from batches if part.schema == self.schema else map(self._as_all, batches)

    def _as_all(self, batch: pl.DataFrame) -> pl.DataFrame:
        types = {name: self.schema[name] for name, dtype in batch.schema.items() if dtype != self.schema[name]}
        return batch.cast(types) if types else batch  # type: ignore[arg-type]


def _open_files(files: Sequence[SourceFile], pattern: str, *, zeros: bool = True) -> FilesScan:
    parts = _with_zeros([_part(file, zeros=zeros) for file in files])
    several = len(files) > 1
    schema = widened([(file, part.schema) for file, part in zip(files, parts, strict=True)])
    if all(isinstance(part, DelimitedPart) for part in parts):
        schema = without_nulls(schema)
    return FilesScan(
        name=pattern if several else files[0].name,
        files=tuple(file.content for file in files if isinstance(file.content, Path)),
        schema=schema,
        parts=parts,
        notes=_notes(parts),
    )


def _notes(parts: Sequence[Part]) -> tuple[str, ...]:
    several = len(parts) > 1
    return tuple(f"{part.file.name}: {note}" if several else note for part in parts for note in part.notes)


def _with_zeros(parts: Sequence[Part]) -> tuple[Part, ...]:
    """The files of a table, in each of which those columns are text whose numbers begin with a zero in one."""
    padded = frozenset[str]().union(*(part.padded for part in parts if isinstance(part, DelimitedPart)))
    if not padded:
        return tuple(parts)
    return tuple(
        replace(part, schema=pl.Schema({n: pl.String() if n in padded else kind for n, kind in part.schema.items()}))
        if isinstance(part, DelimitedPart)
        else part
        for part in parts
    )


def _is_spelt(kind: ColumnType, dtype: pl.DataType) -> bool:
    """Whether a column of this type is to be read value by value: values of others are among them."""
    return dtype == pl.String or (kind is ColumnType.INTEGER and dtype == pl.Float64)


def _part(file: SourceFile, *, zeros: bool) -> Part:
    match file.format:
        case Format.PARQUET:
            return parquet_part(file)
        case Format.ARROW:
            return arrow_part(file)
        case Format.CSV | Format.TSV:
            return delimited_part(file, zeros=zeros)
