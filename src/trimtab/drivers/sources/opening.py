"""Any table that a person names, opened: files, a glob, a URL, an object in memory, a project's own table.

Every file is looked at before the first row is read, so that what cannot be read is said at once. What reads CSV files,
and what reads objects in memory, is imported where there is one.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trimtab.data.scan import Scan
from trimtab.drivers.sources.columnar import Part, arrow_part, parquet_part
from trimtab.drivers.sources.file_scan import FilesScan, name_of, notes_of, on_disk
from trimtab.drivers.sources.files import TEXTS, Format, SourceFile, named_files, source_files
from trimtab.drivers.sources.problems import refuse_patterns
from trimtab.drivers.sources.reading import widened

if TYPE_CHECKING:
    from trimtab.spec.project import Source


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
        return open_files(named_files(root or Path.cwd(), str(what)), str(what))
    from trimtab.drivers.sources.memory import open_memory

    return open_memory(what)


def open_source(root: Path, source: Source) -> Scan:
    """A project's own table as it is stored: in the order of its files, with their types.

    Raises:
        SourceError: there is no such table, it is none, or it cannot be read without guessing.
        DriverError: a disk or a server did not answer.
    """
    return open_files(source_files(root, source), source.path)


def open_files(files: Sequence[SourceFile], pattern: str) -> FilesScan:
    """The table of these files, at least one, which were asked for by a pattern; raises as `open_table` does."""
    parts = [_part(file) for file in files]
    for file, part in zip(files, parts, strict=True):
        refuse_patterns(part.schema, file.name)
    if any(file.format in TEXTS for file in files):
        from trimtab.drivers.sources.text_files import open_texts

        return open_texts(files, parts, pattern)
    return FilesScan(
        name=name_of(files, pattern),
        files=on_disk(files),
        schema=widened([(file, part.schema) for file, part in zip(files, parts, strict=True)]),
        parts=tuple(parts),
        notes=notes_of(parts),
    )


def _part(file: SourceFile) -> Part:
    match file.format:
        case Format.PARQUET:
            return parquet_part(file)
        case Format.ARROW:
            return arrow_part(file)
        case Format.CSV | Format.TSV:
            from trimtab.drivers.sources.delimited import delimited_part

            return delimited_part(file)
