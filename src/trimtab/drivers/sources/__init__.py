"""The project's own table: Parquet, CSV or Arrow files by a path or a glob, or one file by URL.

Everything that would turn a mistake in a file into a wrong model in silence is refused here, with the file, the line or
the column: CSV readers fill short lines with nulls and rename columns that are there twice, and a glob that matches one
file too many makes every row of it count double. What the values mean is the contract's to judge.

The names are resolved on first use: which files there are is asked by every run, and reading them needs Polars.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trimtab.drivers.sources.opening import open_source as open_source
    from trimtab.drivers.sources.opening import open_table as open_table
    from trimtab.drivers.sources.problems import SourceColumnError as SourceColumnError
    from trimtab.drivers.sources.problems import SourceError as SourceError
    from trimtab.drivers.sources.queries import open_query as open_query
    from trimtab.drivers.sources.table import read_source as read_source
    from trimtab.drivers.sources.table import read_typed as read_typed
    from trimtab.drivers.sources.table import source_problems as source_problems
    from trimtab.drivers.sources.table import source_schema as source_schema

_HOMES = {
    "SourceColumnError": "problems",
    "SourceError": "problems",
    "open_query": "queries",
    "open_source": "opening",
    "open_table": "opening",
    "read_source": "table",
    "read_typed": "table",
    "source_problems": "table",
    "source_schema": "table",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
