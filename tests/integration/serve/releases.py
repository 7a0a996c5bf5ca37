"""Real, tiny releases: trained, packed and signed with the functions that the product uses."""

from __future__ import annotations

import platform
import shutil
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from trimtab.base.digest import Digest, digest_bytes
from trimtab.data.contract import format_contract
from trimtab.data.infer import infer
from trimtab.data.kinds import Severity
from trimtab.data.schema import Contract, Range
from trimtab.data.table import to_columns
from trimtab.drivers.bundles import Bundles
from trimtab.drivers.environment import Libraries
from trimtab.drivers.model_files import save_model
from trimtab.records.prediction import Output
from trimtab.records.versioned import encode
from trimtab.release.golden import Golden, golden_rows, pick_golden
from trimtab.release.manifest import CONTRACT_FILE, GOLDEN_FILE, ROWS, SOURCE_FOLDER, Manifest, ServingStep
from trimtab.release.rows import matrix, take_columns
from trimtab.release.scoring import answers, raw_scores
from trimtab.spec.project import Task

PRIVATE = bytes(range(32))

SOURCE = '''
"""A project's functions, some of them with a temper."""
import os
import time

import numpy as np

PAUSE = 0.0


def features(rows):
    print("a user's print goes to the log")
    if (rows["amount"] == 666.0).any():
        raise ValueError("the devil's amount")
    if (rows["amount"] == 99.0).any():
        os.kill(os.getpid(), 9)
    if rows["ts"].max() > np.datetime64("2026-01-15"):  # requests are, golden rows are not
        time.sleep(PAUSE)
    return np.column_stack([rows["amount"], rows["age"]])
'''


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How a release is made; ``packages`` replaces versions in the manifest, ``scale`` makes another model."""

    source: str = SOURCE
    scale: float = 1.0
    packages: tuple[tuple[str, str], ...] = ()
    python: str = ""
    key: bytes = PRIVATE
    age_maximum: float | None = None
    keyed: bool = True
    golden_shift: float = 0.0
    rows_as: str = "numpy"

    def slow(self, seconds: float) -> Recipe:
        """The same, but each batch takes that long."""
        return replace(self, source=self.source.replace("PAUSE = 0.0", f"PAUSE = {seconds}"))


def table(rows: int = 200) -> pl.DataFrame:
    """Payments: the larger and the younger, the likelier a fraud."""
    chance = np.random.default_rng(0)
    amount, age = chance.uniform(0, 50, rows).round(2), chance.integers(18, 90, rows)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    return pl.DataFrame(
        {
            "ts": [start + timedelta(minutes=minute) for minute in range(rows)],
            "tx": [f"tx-{place}" for place in range(rows)],
            "amount": amount,
            "age": age,
            "fraud": amount - age / 4 + chance.normal(0, 5, rows) > 10,
        },
        schema_overrides={"ts": pl.Datetime("us", "UTC")},
    )


def contract_of(recipe: Recipe, rows: pl.DataFrame) -> Contract:
    """The inferred contract, with the recipe's own limits."""
    found = infer(rows, time="ts", key="tx" if recipe.keyed else None, label="fraud")
    if recipe.age_maximum is None:
        return found
    limit = Range(minimum=0, maximum=int(recipe.age_maximum), outside=Severity.REFUSE, because="nobody is older")
    columns = tuple(replace(column, range=limit) if column.name == "age" else column for column in found.columns)
    return replace(found, columns=columns)


def make_release(state: Path, workshop: Path, recipe: Recipe | None = None) -> Digest:
    """Pack a release into a state folder; returns its digest."""
    from sklearn.linear_model import LogisticRegression

    recipe = recipe or Recipe()
    rows = table()
    contract = contract_of(recipe, rows)
    columns = to_columns(rows, contract)
    features = np.column_stack([columns["amount"], columns["age"]])
    estimator = LogisticRegression().fit(features * [recipe.scale, 1.0], rows["fraud"].to_numpy())
    contents = workshop / "contents"
    shutil.rmtree(contents, ignore_errors=True)
    (contents / SOURCE_FOLDER).mkdir(parents=True)
    (contents / SOURCE_FOLDER / "pipeline.py").write_text(recipe.source)
    model = save_model(estimator, contents, task=Task.BINARY, features=("f0", "f1"))
    places = pick_golden(columns, most=10)
    if recipe.age_maximum is not None:  # a release's golden rows meet its contract
        places = places[columns["age"][places] <= recipe.age_maximum]
    golden = take_columns(columns, places)
    outputs: list[Output] = answers(model, raw_scores(model, estimator, matrix(features[places])) + recipe.golden_shift)
    proofs = Golden(rows=golden_rows(golden, contract.features), outputs=tuple(outputs))
    (contents / CONTRACT_FILE).write_text(format_contract(contract))
    (contents / GOLDEN_FILE).write_bytes(encode(proofs))
    used = Libraries(None).behind(["sklearn", "numpy", "skops"])
    draft = Manifest(
        project="card-fraud", source=digest_bytes(f"{recipe.scale}".encode()), data=digest_bytes(b"rows"),
        module="pipeline", rows_as=recipe.rows_as, steps=(ServingStep(function="features", inputs=(ROWS,)),),
        python=recipe.python or _python(), model=model, files={}, expected={}, trained_rows=len(rows),
        packages={**{name: each.version for name, each in used.items()}, **dict(recipe.packages)},
    )  # fmt: skip
    return Bundles(state / "releases").pack(draft, contents, recipe.key)


def row(**changes: Any) -> dict[str, Any]:
    """A row that the contract accepts."""
    return {"ts": "2026-02-01T00:00:00Z", "tx": "tx-1", "amount": 12.5, "age": 40, **changes}


def _python() -> str:
    return ".".join(platform.python_version_tuple()[:2])
