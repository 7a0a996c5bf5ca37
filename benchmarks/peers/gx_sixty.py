"""Great Expectations: sixty expectations on a table in memory, through pandas as its own guide has it."""

from __future__ import annotations

import os
import sys
from typing import Any

os.environ["GX_ANALYTICS_ENABLED"] = "false"

import great_expectations as gx
import pandas as pd
from sixty import SIXTY


def main() -> None:
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = gx.data_context.types.base.ProgressBarsConfig(globally=False)
    suite = gx.ExpectationSuite(name="sixty")
    for name, rules in SIXTY.items():
        suite.add_expectation(gx.expectations.ExpectColumnValuesToNotBeNull(column=name, mostly=rules.present))
        suite.add_expectation(limit(name))
    table = pd.read_parquet(sys.argv[1])
    batch = (
        context.data_sources.add_pandas("pandas")
        .add_dataframe_asset("table")
        .add_batch_definition_whole_dataframe("all")
    )
    found = batch.get_batch(batch_parameters={"dataframe": table}).validate(suite, result_format="SUMMARY")
    broken = [result.expectation_config.type for result in found.results if not result.success]
    print(f"{gx.__version__}: {len(found.results)} expectations, {len(broken)} broken {broken}")


def limit(name: str) -> Any:
    """The second expectation of a column."""
    rules = SIXTY[name]
    if rules.limits is None:
        return gx.expectations.ExpectColumnValuesToBeInSet(column=name, value_set=list(rules.allowed))
    low, high = rules.limits
    if rules.kind == "text":
        return gx.expectations.ExpectColumnValueLengthsToBeBetween(column=name, min_value=low, max_value=high)
    if name == "value_date":
        low, high = (pd.Timestamp(end).date() for end in (low, high))
    elif rules.kind == "time":
        low, high = (pd.Timestamp(end).to_pydatetime() for end in (low, high))
    return gx.expectations.ExpectColumnValuesToBeBetween(column=name, min_value=low, max_value=high)


if __name__ == "__main__":
    main()
