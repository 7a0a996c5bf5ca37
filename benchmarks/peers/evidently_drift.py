"""Evidently: the drift preset, reference against current."""

from __future__ import annotations

import sys
from typing import Any

import pandas as pd
from evidently import DataDefinition, Dataset, Report, __version__
from evidently.presets import DataDriftPreset


def main() -> None:
    tables = [pd.read_parquet(path) for path in sys.argv[1:3]]
    texts = [name for name in tables[0] if not pd.api.types.is_numeric_dtype(tables[0][name])]
    truths = [name for name in tables[0] if pd.api.types.is_bool_dtype(tables[0][name])]
    categories = sorted({*texts, *truths})
    definition = DataDefinition(
        numerical_columns=[name for name in tables[0] if name not in categories], categorical_columns=categories
    )
    reference, current = (Dataset.from_pandas(table, data_definition=definition) for table in tables)
    found: Any = Report([DataDriftPreset()]).run(current, reference).dict()
    print(f"{__version__}: {len(tables[0].columns)} columns, drifted: {found['metrics'][0]['value']}")


if __name__ == "__main__":
    main()
