"""MLflow at the same work as Trimtab's runs, on a SQLite store: logging one by one, and searching many runs.

``mlflow_runs.py log FOLDER`` prints the seconds that 1,000 parameters and 1,000 metrics took. ``mlflow_runs.py fill
FOLDER RUNS`` makes an experiment of so many runs. ``mlflow_runs.py search FOLDER FILTER ORDER LIMIT`` prints how many a
search found and the seconds that it took; the whole process is timed by whoever starts it.
"""

from __future__ import annotations

import os
import random
import sys
import time
from pathlib import Path

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
os.environ["DO_NOT_TRACK"] = "true"

import mlflow
from mlflow.entities import Metric, Param
from mlflow.tracking import MlflowClient

EXPERIMENT = "runs"


def main() -> None:
    what, folder, *rest = sys.argv[1:]
    mlflow.set_tracking_uri(f"sqlite:///{Path(folder).absolute()}/mlflow.db")
    if what == "log":
        log(folder)
    elif what == "fill":
        fill(folder, int(rest[0]))
    else:
        search(*rest)


def log(folder: str) -> None:
    """A run with 1,000 parameters and 1,000 metrics, each logged by a call of its own."""
    mlflow.create_experiment(EXPERIMENT, artifact_location=folder)
    mlflow.set_experiment(EXPERIMENT)
    with mlflow.start_run():
        began = time.perf_counter()
        for number in range(1_000):
            mlflow.log_param(f"p{number}", number * 0.5)
        for number in range(1_000):
            mlflow.log_metric(f"m{number % 10}", number * 0.25, step=number)
        print(time.perf_counter() - began)


def fill(folder: str, runs: int) -> None:
    """So many runs of 16 parameters and 8 metrics, as `benchmarks/runs.py` makes them."""
    client, chance = MlflowClient(), random.Random(0)
    experiment = client.create_experiment(EXPERIMENT, artifact_location=folder)
    for _ in range(runs):
        run = client.create_run(experiment)
        params = {f"p{number}": chance.random() for number in range(15)} | {"max_depth": chance.randrange(3, 12)}
        metrics = {f"m{number}": chance.random() for number in range(7)} | {"auc": chance.random()}
        client.log_batch(
            run.info.run_id,
            params=[Param(name, str(value)) for name, value in params.items()],
            metrics=[Metric(name, value, 0, 0) for name, value in metrics.items()],
        )
        client.set_terminated(run.info.run_id)


def search(condition: str, order: str, limit: str) -> None:
    client = MlflowClient()
    experiment = client.get_experiment_by_name(EXPERIMENT)
    assert experiment is not None
    began, found, token = time.perf_counter(), 0, None
    while True:
        page = client.search_runs(
            [experiment.experiment_id],
            condition,
            max_results=min(int(limit), 5_000),
            order_by=[order],
            page_token=token,
        )
        found, token = found + len(page), page.token
        if not token or found >= int(limit):
            break
    print(found, time.perf_counter() - began)


if __name__ == "__main__":
    main()
