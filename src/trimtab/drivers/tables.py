"""Tables that runs saw, kept as Parquet under the digest of their content."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import polars as pl

from trimtab.base.digest import Digest, short
from trimtab.disk.atomic import write_bytes
from trimtab.disk.faults import explained


def keep_table(folder: Path, digest: Digest, table: pl.DataFrame) -> None:
    """Keep a table under its digest (of schema and values, not of Parquet bytes); keeping it again changes nothing."""
    path = _path(folder, digest)
    if path.is_file():
        return
    with explained("make the folder for tables", folder):
        folder.mkdir(parents=True, exist_ok=True)
    content = BytesIO()
    table.write_parquet(content, compression="zstd")
    write_bytes(path, content.getvalue())


def _path(folder: Path, digest: Digest) -> Path:
    return folder / f"{short(digest, length=64)}.parquet"
