"""whylogs: one profile of a table."""

from __future__ import annotations

import os
import sys

os.environ["WHYLOGS_NO_ANALYTICS"] = "True"

import pandas as pd
import whylogs as why


def main() -> None:
    view = why.log(pd.read_parquet(sys.argv[1])).view()
    print(f"{why.__version__ if hasattr(why, '__version__') else ''}: {len(view.get_columns())} columns profiled")


if __name__ == "__main__":
    main()
