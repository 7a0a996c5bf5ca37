"""Which type each column of a CSV file has, by all of its values.

Readers guess from the first rows, and then a value that comes late ends the reading after minutes. So a first pass
counts, for each column, how many values are numbers; one that is none makes the column text, and that is told.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

_TRUTHS = ("true", "false", "True", "False", "TRUE", "FALSE")


def decide(texts: pl.LazyFrame, names: Sequence[str]) -> tuple[pl.Schema, tuple[str, ...]]:
    """The columns' types, and what has to be told of them.

    Args:
        texts: the file, with each column as text.
        names: the columns, in their order.
    """
    counts = (
        texts.select(
            expression
            for place, name in enumerate(names)
            for expression in (
                pl.col(name).count().alias(f"{place}n"),
                pl.col(name).cast(pl.Int64, strict=False).count().alias(f"{place}i"),
                pl.col(name).cast(pl.Float64, strict=False).count().alias(f"{place}f"),
                pl.col(name).is_in(_TRUTHS).sum().alias(f"{place}b"),
            )
        )
        .collect(engine="streaming")
        .row(0, named=True)
    )
    schema: dict[str, pl.DataType] = {}
    for place, name in enumerate(names):
        whole = counts[f"{place}n"]
        kinds = (("i", pl.Int64()), ("f", pl.Float64()), ("b", pl.Boolean()))
        schema[name] = next((kind for key, kind in kinds if whole and counts[f"{place}{key}"] == whole), pl.String())
    return pl.Schema(schema), ()
