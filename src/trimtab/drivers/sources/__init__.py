"""The project's own table: Parquet, CSV or Arrow files by a path or a glob, or one file by URL.

Everything that would turn a mistake in a file into a wrong model in silence is refused here, with the file, the line or
the column: CSV readers fill short lines with nulls and rename columns that are there twice, and a glob that matches one
file too many makes every row of it count double. What the values mean is the contract's to judge.
"""

from trimtab.drivers.sources.opening import open_source, open_table
from trimtab.drivers.sources.problems import SourceColumnError, SourceError
from trimtab.drivers.sources.queries import open_query
from trimtab.drivers.sources.table import read_source, source_problems, source_schema

__all__ = [
    "SourceColumnError",
    "SourceError",
    "open_query",
    "open_source",
    "open_table",
    "read_source",
    "source_problems",
    "source_schema",
]
