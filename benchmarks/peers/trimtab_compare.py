"""What comparing two stored profiles costs once they are in memory: the least CPU seconds of some repetitions."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # as the command has it: threads that wait count as CPU time

from trimtab.app import data
from trimtab.data.drift import compare


def main() -> None:
    reference, current = (data.profile(Path(path)).profile for path in sys.argv[1:3])
    costs = []
    for _ in range(5):
        began = time.process_time()
        differences = compare(reference, current)
        costs.append(time.process_time() - began)
    print(json.dumps({"seconds": min(costs), "columns": len(differences.columns), "verdict": differences.verdict}))


if __name__ == "__main__":
    main()
