"""TensorFlow Data Validation: the statistics of a Parquet file, as its guide has it; of two where two are named."""

from __future__ import annotations

import sys
from datetime import date

import pandas as pd
import tensorflow_data_validation as tfdv


def main() -> None:
    found = [tfdv.generate_statistics_from_dataframe(read(path)) for path in sys.argv[1:]]
    rows, columns = found[0].datasets[0].num_examples, len(found[0].datasets[0].features)
    print(f"{tfdv.__version__}: {rows} rows × {columns} columns, {len(found)} file(s)")


def read(path: str) -> pd.DataFrame:
    """A table; dates become times, since it refuses dates."""
    table = pd.read_parquet(path)
    dates = [name for name in table if type(table[name].iloc[0]) is date]
    return table.assign(**{name: pd.to_datetime(table[name]) for name in dates})


if __name__ == "__main__":
    main()
