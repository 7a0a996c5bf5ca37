"""Apache DataSketches: KLL of every number, HLL of every column, frequent items of every text, batch by batch."""

from __future__ import annotations

import sys
from importlib.metadata import version
from typing import Any

import datasketches as ds
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

_TIMES = pa.types.is_temporal


def main() -> None:
    numbers: dict[str, Any] = {}
    different: dict[str, Any] = {}
    frequent: dict[str, Any] = {}
    file = pq.ParquetFile(sys.argv[1])
    for batch in file.iter_batches(batch_size=131_072):
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            values = column.drop_null()
            counter = different.setdefault(name, ds.hll_sketch(12))
            if pa.types.is_string(values.type) or pa.types.is_boolean(values.type):
                items = frequent.setdefault(name, ds.frequent_strings_sketch(10))
                # Counted in Arrow first, which is many times as fast as one call for each row.
                for item in pc.value_counts(values.cast(pa.string())).to_pylist():
                    items.update(item["values"], item["counts"])
                    counter.update(item["values"])
                continue
            seen = (
                values.cast(pa.int32() if pa.types.is_date32(values.type) else pa.int64())
                if _TIMES(values.type)
                else values
            )
            array = seen.to_numpy(zero_copy_only=False).astype(np.float64)
            numbers.setdefault(name, ds.kll_doubles_sketch(200)).update(array)
            update_all(counter, array)
    print(f"{version('datasketches')}: {len(numbers)} KLL, {len(different)} HLL, {len(frequent)} frequent items")


def update_all(counter: Any, array: Any) -> None:
    """Feed the counter of different values, one at a time where it takes no array (5.2 takes none)."""
    try:
        counter.update(array)
    except TypeError:
        for value in np.unique(array).tolist():
            counter.update(value)


if __name__ == "__main__":
    main()
