"""Models pass from step to step as what they are, and answer to the last bit as they did."""

from __future__ import annotations

import importlib
import io
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import BaseEstimator
from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    VotingClassifier,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, LabelEncoder, OneHotEncoder, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from trimtab.base.digest import Digest
from trimtab.drivers.step_values import StepValues, UnkeepableValueError

COUNT = 300
CHANCE = np.random.default_rng(3)
ROWS = CHANCE.normal(size=(COUNT, 4))
FRAME = pd.DataFrame(ROWS, columns=list("abcd")).assign(country=CHANCE.choice(["NL", "DE", "FR"], COUNT))
LABEL = np.where(ROWS[:, 0] + CHANCE.normal(size=COUNT) > 0, "yes", "no")
TARGET = ROWS @ [1, 2, 3, 4] + CHANCE.normal(size=COUNT)

ESTIMATORS: dict[str, Callable[[], Any]] = {
    "logistic": lambda: LogisticRegression().fit(ROWS, LABEL),
    "ridge": lambda: Ridge().fit(ROWS, TARGET),
    "tree": lambda: DecisionTreeClassifier(random_state=0).fit(ROWS, LABEL),
    "forest": lambda: RandomForestClassifier(20, random_state=0).fit(ROWS, LABEL),
    "extra trees": lambda: ExtraTreesRegressor(20, random_state=0).fit(ROWS, TARGET),
    "boosting": lambda: GradientBoostingClassifier(n_estimators=20, random_state=0).fit(ROWS, LABEL),
    "hist boosting": lambda: HistGradientBoostingClassifier(max_iter=20, random_state=0).fit(ROWS, LABEL),
    "neighbours": lambda: KNeighborsClassifier().fit(ROWS, LABEL),
    "support vectors": lambda: SVC(random_state=0).fit(ROWS, LABEL),
    "network": lambda: MLPClassifier((8,), max_iter=30, random_state=0).fit(ROWS, LABEL),
    "means": lambda: KMeans(3, n_init=1, random_state=0).fit(ROWS),
    "voting": lambda: VotingClassifier(
        [("line", LogisticRegression()), ("tree", DecisionTreeClassifier(max_depth=3, random_state=0))]
    ).fit(ROWS, LABEL),
    "calibrated": lambda: CalibratedClassifierCV(DecisionTreeClassifier(random_state=0), cv=3).fit(ROWS, LABEL),
    "search": lambda: GridSearchCV(LogisticRegression(), {"C": [0.1, 1.0]}, cv=3, scoring="accuracy").fit(ROWS, LABEL),
    "pipeline": lambda: make_pipeline(SimpleImputer(), StandardScaler(), PCA(2), LogisticRegression()).fit(ROWS, LABEL),
}
TRANSFORMERS: dict[str, Callable[[], Any]] = {
    "columns": lambda: ColumnTransformer(
        [("number", StandardScaler(), ["a", "b"]), ("text", OneHotEncoder(), ["country"])]
    ).fit(FRAME),
    "scaler": lambda: StandardScaler().set_output(transform="pandas").fit(FRAME[["a", "b", "c", "d"]]),
    "one hot": lambda: OneHotEncoder(handle_unknown="ignore").fit(FRAME[["country"]]),
}  # fmt: skip


@pytest.fixture
def values(tmp_path: Path) -> StepValues:
    return StepValues(tmp_path)


def answers(model: Any) -> list[Any]:
    """All that a model says of the rows, as bytes."""
    methods = ("predict", "predict_proba", "decision_function", "transform", "score_samples")
    return [np.asarray(getattr(model, name)(ROWS)).tobytes() for name in methods if hasattr(model, name)]


@pytest.fixture(autouse=True)
def quiet() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a small network does not converge, and need not
        yield


@pytest.mark.parametrize("name", ESTIMATORS)
def test_an_estimator_answers_to_the_last_bit_as_before(values: StepValues, name: str) -> None:
    model = ESTIMATORS[name]()
    kept = values.keep(model, step="train")
    opened = values.open(kept)
    assert type(opened) is type(model)
    assert answers(opened) == answers(model)
    assert repr(opened) == repr(model)
    assert kept.format == f"sklearn.{type(model).__name__}"


@pytest.mark.parametrize("name", ESTIMATORS)
def test_a_model_has_one_digest_fitted_again_or_opened(values: StepValues, name: str) -> None:
    first = values.keep(ESTIMATORS[name](), step="train")
    litter = [CHANCE.random(size) for size in range(1, 4_000, 7)]  # another state of the memory
    del litter
    again = values.keep(ESTIMATORS[name](), step="train")
    assert again.digest == first.digest
    assert values.keep(values.open(first), step="again").digest == first.digest


def test_models_that_differ_in_one_coefficient_have_two_digests(values: StepValues) -> None:
    model = LogisticRegression().fit(ROWS, LABEL)
    before = values.keep(model, step="train")
    model.coef_[0, 0] = np.nextafter(model.coef_[0, 0], 9)
    assert values.keep(model, step="train").digest != before.digest


@pytest.mark.parametrize("name", TRANSFORMERS)
def test_a_transformer_makes_the_same_table_as_before(values: StepValues, name: str) -> None:
    model = TRANSFORMERS[name]()
    given = FRAME[list(model.feature_names_in_)]
    made, again = model.transform(given), values.open(values.keep(model, step="fit")).transform(given)
    if isinstance(made, pd.DataFrame):
        pd.testing.assert_frame_equal(again, made)
    else:
        dense = [each.toarray() if hasattr(each, "toarray") else each for each in (made, again)]
        assert np.array_equal(*dense)


def test_models_lie_within_other_values(values: StepValues) -> None:
    model = LabelEncoder().fit(LABEL)
    opened = values.open(values.keep({"encoder": model, "folds": [KFold(3)], "unfitted": Ridge(alpha=2.0)}, step="fit"))
    assert list(opened["encoder"].inverse_transform([0, 1])) == ["no", "yes"]
    assert opened["folds"][0].n_splits == 3
    assert opened["unfitted"].alpha == 2.0


class Doubling(BaseEstimator):  # type: ignore[misc]
    def predict(self, rows: Any) -> Any:
        return rows * 2


@pytest.mark.parametrize(
    "model", [Doubling(), make_pipeline(FunctionTransformer(Doubling().predict))], ids=["own", "inner"]
)
def test_an_estimator_of_ones_own_is_refused_in_words(values: StepValues, model: Any) -> None:
    with pytest.raises(UnkeepableValueError, match="which cannot be kept") as refused:
        values.keep(model, step="train")
    assert "step `train` returns a" in str(refused.value)
    assert refused.value.fix


def test_a_function_of_scikit_learn_is_no_model(values: StepValues) -> None:
    with pytest.raises(UnkeepableValueError, match="returns a function"):
        values.keep(roc_auc_score, step="train")


lightgbm = pytest.mark.lightgbm


def boosters() -> dict[str, Any]:
    lgb: Any = importlib.import_module("lightgbm")

    data = lgb.Dataset(ROWS, TARGET, params={"verbose": -1})
    quiet = {"verbose": -1, "num_threads": 1, "seed": 1}
    some = {"n_estimators": 15, "verbose": -1, "random_state": 0, "n_jobs": 1}
    stopped = lgb.LGBMRegressor(**{**some, "n_estimators": 60})
    callbacks = [lgb.early_stopping(2, verbose=False)]
    return {
        "booster": lgb.train({"objective": "regression", **quiet}, data, 10),
        "classifier": lgb.LGBMClassifier(**some).fit(ROWS, LABEL),
        "weighted": lgb.LGBMClassifier(**some, class_weight={"no": 1, "yes": 3}).fit(ROWS, LABEL),
        "regressor": lgb.LGBMRegressor(**some).fit(FRAME[list("abcd")], TARGET),
        "categories": lgb.LGBMClassifier(**some).fit(FRAME.assign(country=FRAME["country"].astype("category")), LABEL),
        "stopped": stopped.fit(ROWS, TARGET, eval_set=[(ROWS[:99], -TARGET[:99])], callbacks=callbacks),
        "ranker": lgb.LGBMRanker(**some).fit(ROWS, np.arange(COUNT) % 3, group=[100] * 3),
        "unfitted": lgb.LGBMRegressor(num_leaves=7),
    }


@lightgbm
@pytest.mark.parametrize(
    "name", ["booster", "classifier", "weighted", "regressor", "categories", "stopped", "ranker", "unfitted"]
)
def test_a_lightgbm_model_is_opened_as_what_it_was(values: StepValues, name: str) -> None:
    model = boosters()[name]
    kept = values.keep(model, step="train")
    opened = values.open(kept)
    assert type(opened) is type(model)
    assert values.keep(opened, step="again").digest == kept.digest
    assert values.keep(boosters()[name], step="train").digest == kept.digest
    if name == "unfitted":
        assert opened.get_params() == model.get_params()
        return
    rows = FRAME.assign(country=FRAME["country"].astype("category")) if name == "categories" else ROWS
    rows = FRAME[list("abcd")] if name == "regressor" else rows
    assert np.array_equal(opened.predict(rows), model.predict(rows))
    if hasattr(model, "predict_proba"):
        assert np.array_equal(opened.predict_proba(rows), model.predict_proba(rows))
        assert opened.classes_.tolist() == model.classes_.tolist()
    assert opened.feature_importances_.tolist() == model.feature_importances_.tolist() if name != "booster" else True
    if name == "stopped":
        assert (opened.best_iteration_, opened.best_score_) == (model.best_iteration_, model.best_score_)
        assert opened.booster_.num_trees() == model.booster_.num_trees()


@lightgbm
def test_a_lightgbm_objective_of_ones_own_is_refused_with_its_place(values: StepValues) -> None:
    lgb: Any = importlib.import_module("lightgbm")

    model = lgb.LGBMRegressor(objective=lambda truth, score: (score - truth, np.ones_like(score)), verbose=-1)
    with pytest.raises(UnkeepableValueError, match=r"a value whose \..*objective is a function"):
        values.keep(model, step="train")


@lightgbm
def test_lightgbm_inside_a_pipeline_is_refused_with_a_way_out(values: StepValues) -> None:
    lgb: Any = importlib.import_module("lightgbm")

    model = make_pipeline(StandardScaler(), lgb.LGBMClassifier(n_estimators=2, verbose=-1)).fit(ROWS, LABEL)
    with pytest.raises(UnkeepableValueError, match="opening that could run code") as refused:
        values.keep(model, step="train")
    assert "LightGBM model by itself" in refused.value.fix


def test_a_kept_model_is_a_skops_file_without_times(values: StepValues) -> None:
    kept = values.keep(LogisticRegression().fit(ROWS, LABEL), step="train")
    digits = Digest(kept.files[1].content).removeprefix("sha256:")
    with zipfile.ZipFile(io.BytesIO((values.folder / "values" / digits[:2] / digits[2:]).read_bytes())) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert "schema.json" in archive.namelist()


def test_a_fitted_transformer_and_its_tables_pass_together(values: StepValues) -> None:
    made = {"scaler": StandardScaler().fit(ROWS), "train": pl.DataFrame(ROWS), "label": LABEL}
    opened = values.open(values.keep(made, step="features"))
    assert np.array_equal(opened["scaler"].mean_, made["scaler"].mean_)
    assert opened["train"].equals(made["train"])
    assert opened["label"].tolist() == LABEL.tolist()
