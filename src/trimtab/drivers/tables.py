"""Tables that runs saw, kept as Parquet under the digest of their content."""

from __future__ import annotations

from contextlib import suppress
from io import BytesIO
from pathlib import Path

import polars as pl

from trimtab.base.digest import Digest, short
from trimtab.base.errors import IntegrityError, NotFoundError
from trimtab.data.table import digest_table
from trimtab.disk.atomic import write_bytes
from trimtab.disk.faults import explained


def keep_table(folder: Path, digest: Digest, table: pl.DataFrame) -> None:
    """Keep a table under its digest (of schema and values, not of Parquet bytes); keeping it again mends it."""
    path = _path(folder, digest)
    if path.is_file():
        with suppress(IntegrityError):  # a damaged one is written anew
            open_table_of(folder, digest)
            return
    with explained("make the folder for tables", folder):
        folder.mkdir(parents=True, exist_ok=True)
    content = BytesIO()
    table.write_parquet(content, compression="zstd")
    write_bytes(path, content.getvalue())


def open_table_of(folder: Path, digest: Digest) -> pl.DataFrame:
    """The table that is kept under a digest.

    Raises:
        NotFoundError: it is not there.
        IntegrityError: what is there is not what was kept.
    """
    path = _path(folder, digest)
    if not path.is_file():
        fix = "It was made on another machine, or removed; restore the state's folder from a copy."
        raise NotFoundError(f"the table {short(digest)} is not kept here", fix=fix, at=str(path))
    try:
        table = pl.read_parquet(path, glob=False)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise _damaged(digest, path) from error
    if digest_table(table) != digest:
        raise _damaged(digest, path)
    return table


def _damaged(digest: Digest, path: Path) -> IntegrityError:
    return IntegrityError(
        f"the table {short(digest)} is not what was kept",
        fix="Remove the file and gather the rows again, or restore it from a copy.",
        at=str(path),
    )


def _path(folder: Path, digest: Digest) -> Path:
    return folder / f"{short(digest, length=64)}.parquet"
