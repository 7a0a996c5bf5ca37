"""CSV and TSV files in batches, with types that hold for all of their rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from trimtab.drivers.sources.batching import batch_rows, cut
from trimtab.drivers.sources.csv_types import decide
from trimtab.drivers.sources.delimited import header, refuse_repeated, separator
from trimtab.drivers.sources.files import SourceFile
from trimtab.drivers.sources.reading import read_errors


@dataclass(frozen=True, slots=True, kw_only=True)
class DelimitedPart:
    """A CSV or TSV file."""

    file: SourceFile
    schema: pl.Schema
    rows: None = None
    notes: tuple[str, ...] = ()

    def batches(self, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        rows = batch_rows(len(columns))
        with read_errors(self.file):
            lazy = _lazy(self.file, self.schema).select(columns)
            for batch in lazy.collect_batches(chunk_size=rows, maintain_order=True, lazy=True):
                yield from cut(batch, rows)


def delimited_part(file: SourceFile) -> DelimitedPart:
    """The file, after a pass over all of it; raises `SourceError`."""
    with read_errors(file):
        names = header(file)
        refuse_repeated(names, file.name)
        schema, notes = decide(_lazy(file, None), names)
    return DelimitedPart(file=file, schema=schema, notes=notes)


def _lazy(file: SourceFile, schema: pl.Schema | None) -> pl.LazyFrame:
    return pl.scan_csv(file.readable, separator=separator(file), glob=False, schema=schema, infer_schema=False)
