"""Rows written to a file while a table passes: whole at the end, or not at all.

Batches are kept as parts beside the file and joined when the last one is there, so that memory does not grow with the
rows and a kill leaves no file that looks finished.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import polars as pl

from trimtab.base.errors import InputError
from trimtab.disk.atomic import publish, workspace
from trimtab.disk.faults import explained, system_error_in
from trimtab.disk.named import place_of

ENDINGS: Final = (".parquet", ".csv")
_NOT_IN_CSV: Final = (pl.Binary, pl.Duration)


class RowFile:
    """A file of rows in the making.

    The format is that of the name's ending. Without a single row the file has its columns alone.
    """

    def __init__(self, path: Path, folder: Path, schema: pl.Schema) -> None:
        self.path = path
        self._schema = schema
        self._discarded = False
        self.rows = 0
        self._folder = folder
        self._parts: list[Path] = []

    def add(self, rows: pl.DataFrame) -> None:
        """Write the next rows; all have the columns of the first."""
        self._schema = rows.schema
        if not rows.height:
            return
        part = self._folder / f"{len(self._parts):06}.parquet"
        with _written(self.path):
            rows.write_parquet(part)
        self._parts.append(part)
        self.rows += rows.height

    def discard(self) -> None:
        """Let no file be made of what was added, nor one of before be left: the rows are not to be used."""
        self._discarded = True
        self.rows = 0

    def finish(self) -> None:
        """Put the file in its place."""
        if self._discarded:
            place_of(self.path).unlink(missing_ok=True)
            return
        whole = self._folder / f"whole{self.path.suffix}"
        with _written(self.path):
            none = pl.LazyFrame(schema=self._schema)
            rows = pl.scan_parquet(self._parts, glob=False) if self._parts else none
            if self.path.suffix.lower() == ".csv":
                rows.sink_csv(whole)
            else:
                rows.sink_parquet(whole)
        publish(whole, place_of(self.path))


@contextmanager
def _written(path: Path) -> Iterator[None]:
    """What the disk refused, of which Polars makes errors of its own."""
    with explained(f"write {path.name}", path):
        try:
            yield
        except pl.exceptions.PolarsError as error:
            refused = system_error_in(error)
            if refused is None:
                raise
            raise refused from error


@contextmanager
def row_file(path: Path, schema: pl.Schema) -> Iterator[RowFile]:
    """A file to `add` rows of these columns to; it is there when the block ends, and if that ends in an error nothing
    has changed.

    Raises:
        InputError: the name ends in neither ``.parquet`` nor ``.csv``, the rows hold what no CSV file can,
            or what is there is no file.
        DriverError: the disk refused.
    """
    if path.suffix.lower() not in ENDINGS:
        problem = f"the name {path.name!r} does not say how rows are to be written"
        raise InputError(problem, fix=f"Let it end in {' or '.join(ENDINGS)}.")
    if path.suffix.lower() == ".csv":
        unfit = [name for name, dtype in schema.items() if dtype.is_nested() or dtype in _NOT_IN_CSV]
        if unfit:
            problem = f"{path.name} cannot hold column {unfit[0]!r}, which is stored as {schema[unfit[0]]}"
            raise InputError(problem, fix="Let the name end in .parquet.")
    with workspace(place_of(path)) as folder:
        made = RowFile(path, folder, schema)
        yield made
        made.finish()
