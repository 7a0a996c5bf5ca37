"""Real estimators go through a release: same bytes, same answers, singly and together, and nothing that runs code."""

from __future__ import annotations

import io
import json
import os
import pickle
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skops.io
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
    VotingClassifier,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, ShuffleSplit
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier

from trimtab.base.digest import digest_bytes
from trimtab.base.errors import IntegrityError
from trimtab.drivers.model_files import UnsupportedModelError, save_model
from trimtab.release.manifest import ROWS, Model, ServingStep
from trimtab.release.rows import KINDS, feature_names, matrix, rows_as, run_steps, take_columns
from trimtab.release.scoring import Scorer
from trimtab.serve.worker_models import RefusedModelError, open_model
from trimtab.spec.project import Task

COUNT = 240
RNG = np.random.default_rng(7)
COLUMNS = {
    "amount": np.where(RNG.random(COUNT) < 0.05, np.nan, RNG.normal(size=COUNT)),
    "hour": RNG.integers(0, 24, COUNT),
    "country": np.array([["NL", "DE", "FR", None][place] for place in RNG.integers(0, 4, COUNT)], dtype=object),
    "at": (np.arange(COUNT) * 1_800_000_000).astype("datetime64[us]"),
    "known": RNG.random(COUNT) > 0.5,
}
SIGNAL = (
    np.nan_to_num(COLUMNS["amount"]) + 0.05 * COLUMNS["hour"] + 0.5 * COLUMNS["known"] + RNG.normal(size=COUNT) * 0.3
)
LABELS = {
    Task.BINARY: np.median(SIGNAL) < SIGNAL,
    Task.CLASSES: np.array(["high", "low", "mid"])[np.digitize(SIGNAL, np.quantile(SIGNAL, [1 / 3, 2 / 3]))],
    Task.REGRESSION: SIGNAL,
}
NUMBERS = ["amount", "hour", "known"]
STEPS = (ServingStep(function="features", inputs=(ROWS,)),)


def named(rows: Any) -> Any:
    return rows[["amount", "hour", "known", "country"]]


def numbers(rows: Any) -> Any:
    if isinstance(rows, np.ndarray):
        return np.column_stack([rows[name].astype(float) for name in NUMBERS])
    return rows[NUMBERS]


def encoded(last: Any) -> Any:
    plain = make_pipeline(SimpleImputer(), StandardScaler())
    words = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    return make_pipeline(ColumnTransformer([("n", plain, NUMBERS), ("c", words, ["country"])]), last)


def filled(last: Any) -> Any:
    return make_pipeline(SimpleImputer(), StandardScaler(), last)


def fit(estimator: Any, kind: str, task: Task, function: Callable[[Any], Any], folder: Path) -> tuple[Any, Any, Scorer]:
    """The estimator, the features it was fitted on, and the scorer of what was written and opened again."""
    features = run_steps({"features": function}, STEPS, rows_as(kind, COLUMNS))
    estimator.fit(features, LABELS[task])
    model = save_model(estimator, folder, task=task, features=feature_names(features))
    digest = digest_bytes((folder / model.file).read_bytes())
    opened = open_model(folder, model, digest=digest)
    scorer = Scorer(functions={"features": function}, steps=STEPS, rows_as=kind, model=model, estimator=opened)
    return estimator, features, scorer


def expected(estimator: Any, features: Any, task: Task) -> Any:
    if task is Task.REGRESSION:
        return estimator.predict(features)
    probabilities = estimator.predict_proba(features)
    return probabilities[:, 1] if task is Task.BINARY else probabilities


CASES: dict[str, tuple[Callable[[], Any], Task, Callable[[Any], Any]]] = {
    "logistic pipeline by column name": (lambda: encoded(LogisticRegression()), Task.BINARY, named),
    "boosting": (lambda: HistGradientBoostingClassifier(max_iter=15, random_state=0), Task.BINARY, numbers),
    "boosting, three classes": (
        lambda: HistGradientBoostingClassifier(max_iter=8, random_state=0),
        Task.CLASSES,
        numbers,
    ),
    "boosting, numbers": (lambda: HistGradientBoostingRegressor(max_iter=15, random_state=0), Task.REGRESSION, numbers),
    "forest": (lambda: filled(RandomForestClassifier(12, random_state=0, n_jobs=2)), Task.BINARY, numbers),
    "forest, numbers": (lambda: filled(RandomForestRegressor(8, random_state=0)), Task.REGRESSION, numbers),
    "linear regression": (lambda: encoded(LinearRegression()), Task.REGRESSION, named),
    "old boosting": (lambda: filled(GradientBoostingClassifier(n_estimators=5, random_state=0)), Task.CLASSES, numbers),
    "neighbours": (lambda: filled(KNeighborsClassifier(5)), Task.BINARY, numbers),
    "calibrated": (lambda: filled(CalibratedClassifierCV(LinearSVC())), Task.BINARY, numbers),
    "vote": (
        lambda: filled(
            VotingClassifier([("a", GaussianNB()), ("b", DecisionTreeClassifier(max_depth=3))], voting="soft")
        ),
        Task.CLASSES,
        numbers,
    ),
    "search": (
        lambda: GridSearchCV(
            filled(LogisticRegression()), {"logisticregression__C": [0.1, 1]}, scoring="roc_auc", cv=3
        ),
        Task.BINARY,
        numbers,
    ),
    "search by the estimator's own score": (
        lambda: make_pipeline(
            SimpleImputer(),
            GridSearchCV(
                DecisionTreeClassifier(random_state=0), {"max_depth": [2, 3]}, cv=ShuffleSplit(2, random_state=0)
            ),
        ),
        Task.BINARY,
        numbers,
    ),
    "search by error": (
        lambda: GridSearchCV(filled(Ridge()), {"ridge__alpha": [0.1, 1]}, scoring="neg_mean_absolute_error", cv=3),
        Task.REGRESSION,
        numbers,
    ),
    "numpy function": (
        lambda: make_pipeline(SimpleImputer(), FunctionTransformer(np.abs), LogisticRegression()),
        Task.BINARY,
        numbers,
    ),
}


# a structured array has no columns by name for a ColumnTransformer
@pytest.mark.parametrize(
    ("case", "kind"), [(case, kind) for case in CASES for kind in KINDS if kind != "numpy" or CASES[case][2] is numbers]
)
def test_scikit_learn_answers_after_opening_as_it_did_before(case: str, kind: str, tmp_path: Path) -> None:
    make, task, function = CASES[case]
    estimator, features, scorer = fit(make(), kind, task, function, tmp_path)
    together = scorer.scores(COLUMNS)
    np.testing.assert_allclose(together, expected(estimator, features, task), rtol=0, atol=1e-12)
    for place in range(0, COUNT, 40):
        alone = scorer.scores(take_columns(COLUMNS, [place]))
        np.testing.assert_allclose(alone[0], together[place], rtol=0, atol=1e-12)


def test_a_search_that_was_fitted_twice_has_one_file_and_keeps_its_times_for_whoever_fitted_it(tmp_path: Path) -> None:
    make, task, function = CASES["search by the estimator's own score"]
    one, _, _ = fit(make(), "polars", task, function, tmp_path / "one")
    fit(make(), "polars", task, function, tmp_path / "two")
    files = [next((tmp_path / name).rglob("*.skops")).read_bytes() for name in ("one", "two")]
    assert files[0] == files[1]
    search = one[-1]
    assert search.refit_time_ > 0
    assert (search.cv_results_["mean_fit_time"] > 0).all()


def test_classes_keep_their_values_and_the_positive_one_is_last(tmp_path: Path) -> None:
    _, _, scorer = fit(filled(LogisticRegression()), "polars", Task.BINARY, numbers, tmp_path / "b")
    assert scorer.model.classes == (False, True)
    assert isinstance(scorer.model.classes[0], bool)
    _, features, scorer = fit(filled(LogisticRegression()), "polars", Task.CLASSES, numbers, tmp_path / "c")
    assert scorer.model.classes == ("high", "low", "mid")
    answer = scorer.score(take_columns(COLUMNS, [int(SIGNAL.argmax())]))[0]
    assert answer["label"] == "mid"  # digitize's third bin
    assert scorer.model.features == feature_names(features) == ("amount", "hour", "known")


def test_opened_models_use_one_thread_however_they_were_fitted(tmp_path: Path) -> None:
    _, _, scorer = fit(
        filled(RandomForestClassifier(5, random_state=0, n_jobs=-1)), "polars", Task.BINARY, numbers, tmp_path
    )
    assert scorer.estimator[-1].n_jobs == 1


# LightGBM ------------------------------------------------------------------------------------------------------------

QUIET: dict[str, Any] = {"verbosity": -1, "num_threads": 1, "deterministic": True, "seed": 0, "min_child_samples": 5}


@pytest.mark.lightgbm
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("task", list(Task))
def test_lightgbm_answers_after_opening_as_it_did_before(task: Task, kind: str, tmp_path: Path) -> None:
    import lightgbm

    make = lightgbm.LGBMRegressor if task is Task.REGRESSION else lightgbm.LGBMClassifier
    estimator, features, scorer = fit(make(n_estimators=20, **QUIET), kind, task, numbers, tmp_path)
    wanted = expected(estimator, features, task)
    np.testing.assert_allclose(scorer.scores(COLUMNS), wanted, rtol=0, atol=1e-12)
    assert scorer.model.format == "lightgbm"
    if task is Task.CLASSES:
        assert scorer.model.classes == ("high", "low", "mid")
        assert scorer.score(take_columns(COLUMNS, [3]))[0]["label"] == estimator.predict(features)[3]


@pytest.mark.lightgbm
def test_lightgbm_keeps_the_trees_up_to_the_best_one(tmp_path: Path) -> None:
    import lightgbm

    features = matrix(numbers(rows_as("polars", COLUMNS)))
    data = lightgbm.Dataset(features, LABELS[Task.BINARY])
    booster = lightgbm.train({"objective": "binary"} | QUIET, data, 20)
    booster.best_iteration = 7  # as early stopping sets it
    last = booster.predict(features, num_iteration=booster.num_trees())
    model = save_model(booster, tmp_path, task=Task.BINARY, features=("f0", "f1", "f2"), labels=[False, True])
    opened = open_model(tmp_path, model)
    assert model.classes == (False, True)
    assert opened.num_trees() == 7
    np.testing.assert_array_equal(opened.predict(features), booster.predict(features))
    assert np.abs(opened.predict(features) - last).max() > 1e-6


@pytest.mark.lightgbm
def test_lightgbm_with_pandas_categories_maps_them_for_one_row_too(tmp_path: Path) -> None:
    import lightgbm

    def categories(rows: Any) -> Any:
        return rows[["amount", "hour"]].assign(country=rows["country"].astype("category"))

    estimator, features, scorer = fit(
        lightgbm.LGBMClassifier(n_estimators=10, **QUIET), "pandas", Task.BINARY, categories, tmp_path
    )
    wanted = estimator.predict_proba(features)[:, 1]
    np.testing.assert_allclose(scorer.scores(COLUMNS), wanted, atol=1e-12)
    alone = [scorer.scores(take_columns(COLUMNS, [place]))[0] for place in range(30)]
    np.testing.assert_allclose(alone, wanted[:30], atol=1e-12)


@pytest.mark.lightgbm
def test_lightgbm_that_does_not_fit_the_task_is_refused(tmp_path: Path) -> None:
    import lightgbm

    features = matrix(numbers(rows_as("polars", COLUMNS)))

    def refuse(estimator: Any, task: Task, sentence: str, labels: Any = ()) -> None:
        with pytest.raises(UnsupportedModelError, match=sentence):
            save_model(estimator, tmp_path, task=task, features=("f0", "f1", "f2"), labels=labels)

    number = lightgbm.LGBMRegressor(n_estimators=2, **QUIET).fit(features, SIGNAL)
    two = lightgbm.LGBMClassifier(n_estimators=2, **QUIET).fit(features, LABELS[Task.BINARY])
    own = lightgbm.LGBMClassifier(n_estimators=2, objective=lambda y, p: (p - y, np.ones_like(p)), **QUIET)
    refuse(number, Task.BINARY, "the task is binary, and the LightGBM model's objective is regression")
    refuse(two, Task.REGRESSION, "the task is regression, and the LightGBM model's objective is binary")
    refuse(own.fit(features, LABELS[Task.BINARY]), Task.BINARY, "objective is not one of its own")
    refuse(two.booster_, Task.BINARY, "knows its classes as 0 to 1, and the labels are 'no', 'yes'", ["no", "yes"])
    refuse(lightgbm.LGBMClassifier(), Task.BINARY, "which is not fitted")
    refuse(lightgbm.LGBMRanker(n_estimators=2, **QUIET), Task.REGRESSION, "LGBMRanker, which cannot be packed")


@pytest.mark.lightgbm
def test_lightgbm_inside_a_pipeline_is_refused_with_a_way_out(tmp_path: Path) -> None:
    import lightgbm

    inside = make_pipeline(SimpleImputer(), lightgbm.LGBMClassifier(n_estimators=2, **QUIET))
    features = matrix(numbers(rows_as("polars", COLUMNS)))
    inside.fit(features, LABELS[Task.BINARY])
    with pytest.raises(UnsupportedModelError, match=r"contains .*lightgbm\..*\n.*Return the LightGBM model by itself"):
        save_model(inside, tmp_path, task=Task.BINARY, features=tuple(NUMBERS))


# The same bytes ------------------------------------------------------------------------------------------------------

WRITER = """
import sys
from pathlib import Path
import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
import pandas as pd
from trimtab.drivers.model_files import save_model
from trimtab.spec.project import Task

rng = np.random.default_rng(0)
frame = pd.DataFrame({"a": rng.normal(size=200), "c": rng.choice(["x", "y"], 200)})
label = frame["a"].to_numpy() > 0
columns = ColumnTransformer([("n", StandardScaler(), ["a"]), ("c", OneHotEncoder(), ["c"])])
for name, last in {
    "linear": LogisticRegression(), "forest": RandomForestClassifier(5, random_state=0),
    "boosting": HistGradientBoostingClassifier(max_iter=5, random_state=0),
}.items():
    model = make_pipeline(columns, last).fit(frame, label)
    save_model(model, Path(sys.argv[1], name), task=Task.BINARY, features=("a", "c"))
"""


def test_the_same_model_has_the_same_bytes_in_another_process(tmp_path: Path) -> None:
    for process in ("one", "two"):
        environment = os.environ | {"PYTHONHASHSEED": str(len(process) + ord(process[0]))}
        subprocess.run([sys.executable, "-c", WRITER, str(tmp_path / process)], check=True, env=environment)
    for name in ("linear", "forest", "boosting"):
        file = Path(name, "model", "estimator.skops")
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


# Refusals ------------------------------------------------------------------------------------------------------------


class Homemade(LogisticRegression):  # type: ignore[misc]  # scikit-learn has no types
    """A class of the user's project inside scikit-learn's."""


def homemade_function(values: Any) -> Any:
    return values


def fitted(estimator: Any, task: Task = Task.BINARY) -> Any:
    return estimator.fit(matrix(numbers(rows_as("polars", COLUMNS))), LABELS[task])


@pytest.mark.parametrize(
    ("make", "task", "sentence"),
    [
        (lambda: None, Task.BINARY, r"train\(\) returned nothing, which cannot be packed.*\n.*scikit-learn"),
        (lambda: {"model": 1}, Task.BINARY, r"train\(\) returned builtins\.dict"),
        (lambda: LogisticRegression, Task.BINARY, "returned the class LogisticRegression"),
        (LogisticRegression, Task.BINARY, "which is not fitted"),
        (lambda: fitted(filled(LinearSVC())), Task.BINARY, "gives no probabilities.*\n.*CalibratedClassifierCV"),
        (lambda: fitted(filled(SVC())), Task.CLASSES, "gives no probabilities"),
        (lambda: fitted(filled(LogisticRegression())), Task.REGRESSION, "does not predict a number"),
        (lambda: fitted(filled(LogisticRegression()), Task.CLASSES), Task.BINARY, "hold 3: 'high', 'low', 'mid'"),
        (lambda: fitted(filled(Homemade())), Task.BINARY, r"contains .*Homemade, and opening that could run code"),
        (
            lambda: fitted(
                make_pipeline(SimpleImputer(), FunctionTransformer(homemade_function), LogisticRegression())
            ),
            Task.BINARY,
            "contains .*homemade_function, and opening that could run code",
        ),
        (
            lambda: fitted(make_pipeline(SimpleImputer(), FunctionTransformer(lambda values: values), GaussianNB())),
            Task.BINARY,
            "could run code|cannot be written in a format that runs no code",
        ),
    ],
)
def test_what_cannot_be_packed_is_refused_with_what_to_do(make: Any, task: Task, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(UnsupportedModelError, match=sentence):
        save_model(make(), tmp_path, task=task, features=("amount", "hour", "known"))
    assert not list(tmp_path.rglob("*.*"))


def test_one_class_in_the_training_rows_is_refused(tmp_path: Path) -> None:
    only = DecisionTreeClassifier().fit(np.zeros((5, 1)), [True] * 5)
    with pytest.raises(
        UnsupportedModelError, match="a binary task needs two classes, and the training rows hold 1: True"
    ):
        save_model(only, tmp_path, task=Task.BINARY, features=("f0",))


def test_a_model_fitted_on_other_columns_than_features_returns_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedModelError, match=r"fitted its model on 3 columns, but features\(\) returns 5"):
        save_model(fitted(filled(GaussianNB())), tmp_path, task=Task.BINARY, features=tuple("abcde"))


# Attacks -------------------------------------------------------------------------------------------------------------

SKOPS = Model(format="skops", file="m.skops", task=Task.BINARY, classes=(0, 1), features=("f0",))


def test_a_pickle_is_never_opened(tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> Any:
            return (os.mkdir, (str(tmp_path / "exploded"),))

    (tmp_path / "m.skops").write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(IntegrityError, match="the model cannot be opened"):
        open_model(tmp_path, SKOPS)
    other = Model(format="pickle", file="m.skops", task=Task.BINARY, classes=(0, 1), features=("f0",))
    with pytest.raises(RefusedModelError, match="has the format 'pickle', which this Trimtab does not open"):
        open_model(tmp_path, other)
    assert not (tmp_path / "exploded").exists()


def test_a_skops_file_that_names_another_type_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    content = io.BytesIO(skops.io.dumps(fitted(filled(GaussianNB()))))
    with zipfile.ZipFile(content) as archive:
        schema = json.loads(archive.read("schema.json"))
        members = {name: archive.read(name) for name in archive.namelist() if name != "schema.json"}
    schema["content"]["content"]["verbose"] = {
        "__class__": "mkdir",
        "__module__": "os",
        "__loader__": "ConstructorFromReduceNode",
        "content": {
            "__class__": "tuple",
            "__module__": "builtins",
            "__loader__": "TupleNode",
            "content": [
                {
                    "__class__": "str",
                    "__module__": "builtins",
                    "__loader__": "JsonNode",
                    "content": json.dumps(str(tmp_path / "exploded")),
                    "is_json": True,
                }
            ],
        },
    }
    with zipfile.ZipFile(tmp_path / "m.skops", "w") as archive:
        archive.writestr("schema.json", json.dumps(schema))
        for name, member in members.items():
            archive.writestr(name, member)
    with pytest.raises(RefusedModelError, match=r"the model names os\.mkdir, and opening that could run code"):
        open_model(tmp_path, SKOPS)
    assert not (tmp_path / "exploded").exists()


def test_other_bytes_than_packed_are_not_opened(tmp_path: Path) -> None:
    model = save_model(fitted(filled(GaussianNB())), tmp_path, task=Task.BINARY, features=tuple(NUMBERS))
    packed = digest_bytes((tmp_path / model.file).read_bytes())
    other = save_model(fitted(filled(LogisticRegression())), tmp_path, task=Task.BINARY, features=tuple(NUMBERS))
    found = digest_bytes((tmp_path / other.file).read_bytes())
    with pytest.raises(IntegrityError, match=f"has the digest {found}, and the manifest says {packed}"):
        open_model(tmp_path, model, digest=packed)


@pytest.mark.parametrize("keep", [0, 10, 500, -20])
def test_a_model_that_was_cut_short_is_damaged_and_not_a_crash(keep: int, tmp_path: Path) -> None:
    model = save_model(fitted(filled(GaussianNB())), tmp_path, task=Task.BINARY, features=tuple(NUMBERS))
    path = tmp_path / model.file
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(IntegrityError, match="the model cannot be opened"):
        open_model(tmp_path, model)


def test_a_missing_model_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(IntegrityError, match="the release's model cannot be read: No such file"):
        open_model(tmp_path, SKOPS)


@pytest.mark.lightgbm
def test_a_text_that_is_no_lightgbm_model_is_damaged(tmp_path: Path) -> None:
    (tmp_path / "m.txt").write_bytes(b"tree\nnot really\n")
    with pytest.raises(IntegrityError, match="the model cannot be opened"):
        open_model(tmp_path, Model(format="lightgbm", file="m.txt", task=Task.BINARY, classes=(0, 1), features=("f0",)))
