"""NannyML: univariate drift with its defaults, reference against current in ten chunks."""

from __future__ import annotations

import os
import sys

os.environ["NML_DISABLE_USAGE_LOGGING"] = "1"  # else it tells its makers of every run, and waits where there is no net

import nannyml as nml
import pandas as pd


def main() -> None:
    reference, current = (pd.read_parquet(path) for path in sys.argv[1:3])
    names = list(reference.columns)
    calculator = nml.UnivariateDriftCalculator(column_names=names, chunk_number=10).fit(reference)
    found = calculator.calculate(current).filter(period="analysis").to_df()
    alerts = found.xs("alert", axis=1, level=-1)
    print(
        f"{nml.__version__}: {len(names)} columns, {int(alerts.to_numpy().sum())} alerts in {alerts.size} column-chunks"
    )


if __name__ == "__main__":
    main()
