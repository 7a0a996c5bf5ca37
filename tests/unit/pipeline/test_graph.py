"""How functions become a pipeline, and what is said of those that cannot."""

from __future__ import annotations

import pytest

from trimtab.base.errors import ProblemsError, TrimtabError
from trimtab.pipeline.graph import Graph, Scalar, build_graph, parameters, serving_steps
from trimtab.pipeline.problems import (
    CycleError,
    LabelLeakError,
    MissingFunctionError,
    RowKindError,
    SignatureProblemError,
    UnknownInputError,
    UnknownParameterError,
)
from trimtab.pipeline.signature import describe_source


def graph_of(source: str, **params: Scalar) -> Graph:
    return build_graph(describe_source(source, file="pipeline.py"), params=params, seed=7, module_at="pipeline.py")


def problems_of(source: str, **params: Scalar) -> tuple[TrimtabError, ...]:
    try:
        graph_of(source, **params)
    except ProblemsError as error:
        return error.problems
    raise AssertionError("no problem was found")


TWO = "def features(rows): ...\ndef train(features, label, *, depth=6): ...\n"
FOUR = """\
import polars as pl

def clean(payments: pl.DataFrame, *, cap=100.0): ...

def calendar(payments: pl.DataFrame): ...

def weights(payments, label, *, half_life=30): ...

def features(clean, calendar): ...

def train(features, label, weights, *, depth=6, seed): ...

def report(anything, at, all): ...
"""


def test_two_functions_are_a_pipeline() -> None:
    graph = graph_of(TWO)
    assert [(step.function, step.inputs, step.params) for step in graph.steps] == [
        ("features", ("rows",), {}),
        ("train", ("features", "label"), {"depth": 6}),
    ]
    assert graph.rows_as == "polars"


def test_a_parameter_named_like_a_function_is_its_result() -> None:
    graph = graph_of(FOUR)
    assert [step.function for step in graph.steps] == ["clean", "calendar", "features", "weights", "train"]
    assert graph.steps[2].inputs == ("clean", "calendar")
    assert graph.steps[4].inputs == ("features", "label", "weights")
    assert graph.steps[4].params == {"depth": 6, "seed": 7}


def test_serving_needs_only_what_leads_to_the_features() -> None:
    graph = graph_of(FOUR)
    assert [step.function for step in serving_steps(graph)] == ["clean", "calendar", "features"]


def test_hyper_parameters_are_set_over_their_defaults_and_recorded_together() -> None:
    graph = graph_of(FOUR, cap=50, depth=3)
    assert parameters(graph) == {"cap": 50, "half_life": 30, "depth": 3, "seed": 7}
    assert serving_steps(graph)[0].params == {"cap": 50}


@pytest.mark.parametrize(
    ("annotation", "kind"),
    [
        ("pl.DataFrame", "polars"), ("polars.DataFrame", "polars"), ("'pl.DataFrame'", "polars"),
        ("pd.DataFrame", "pandas"), ("np.ndarray", "numpy"), ("npt.NDArray[np.float64]", "numpy"),
        ("object", "polars"), ("Any", "polars"),
    ],
)  # fmt: skip
def test_the_annotation_of_the_first_parameter_says_how_the_rows_come(annotation: str, kind: str) -> None:
    assert graph_of(f"def features(rows: {annotation}): ...\ndef train(features, label): ...").rows_as == kind


def test_the_decorator_says_how_the_rows_come_where_the_annotation_does_not() -> None:
    source = "import trimtab\n@trimtab.step(rows='pandas')\ndef features(rows): ...\ndef train(features, label): ..."
    assert graph_of(source).rows_as == "pandas"


@pytest.mark.parametrize(
    ("source", "kind", "line", "words"),
    [
        (
            "def feature(rows): ...\ndef train(features, label): ...",
            MissingFunctionError, None, 'Did you mean "feature"',
        ),
        ("def features(rows): ...", MissingFunctionError, None, "no function train()"),
        (
            "def features(rows, other): ...\ndef train(features): ...",
            UnknownInputError, 1, "parameter other is no step",
        ),
        ("def features(rows): ...\n\ndef train(X, y): ...", UnknownInputError, 3, "parameter X is no step"),
        ("def features(rows): ...\ndef train(label): ...", SignatureProblemError, 2, "does not take features"),
        ("def features(rows, label): ...\ndef train(features): ...", LabelLeakError, 1, "asks for the label"),
        (
            "def means(rows, label): ...\ndef features(rows, means): ...\ndef train(features): ...",
            LabelLeakError, 1, "through means()",
        ),
        (
            "def a(b): ...\ndef b(a): ...\ndef features(a): ...\ndef train(features): ...",
            CycleError, 1, "a → b → a",
        ),
        ("def features(train): ...\ndef train(features): ...", CycleError, 1, "features → train → features"),
        ("def features(rows, *others): ...\ndef train(features): ...", SignatureProblemError, 1, "gathers"),
        ("def features(rows): ...\ndef train(features, **params): ...", SignatureProblemError, 2, "gathers"),
        (
            "def features(r): ...\ndef train(features, *, label): ...",
            SignatureProblemError, 2, "behind hyper-parameters",
        ),
        (
            "def features(rows): ...\ndef train(seed, features, label): ...",
            SignatureProblemError, 2, "behind hyper-parameters",
        ),
        (
            "def clip(rows): ...\ndef features(rows): ...\ndef train(features, *, clip=3): ...",
            SignatureProblemError, 3, "which is meant",
        ),
        ("def features(r, k=(1, 2)): ...\ndef train(features): ...", SignatureProblemError, 1, "cannot be recorded"),
        (
            "def features(r, k=1, /): ...\ndef train(features): ...",
            SignatureProblemError, 1, "only be given by position",
        ),
        (
            "def features(rows, k=1): ...\ndef train(features, k=2): ...",
            SignatureProblemError, 2, "has the default 2, elsewhere it is 1",
        ),
        ("def features(rows: list): ...\ndef train(features): ...", RowKindError, 1, "wants its rows as list"),
        ("def features(rows: pl.LazyFrame): ...\ndef train(features): ...", RowKindError, 1, "call .lazy() on it"),
        (
            "def a(r: pd.DataFrame): ...\ndef features(r: pl.DataFrame, a): ...\ndef train(features): ...",
            RowKindError, 2, "in different types",
        ),
    ],
)  # fmt: skip
def test_each_mistake_is_named_at_its_function(
    source: str, kind: type[TrimtabError], line: int | None, words: str
) -> None:
    found = [problem for problem in problems_of(source) if type(problem) is kind]
    assert words in f"{found[0].problem} {found[0].fix}"
    assert found[0].at == (f"pipeline.py:{line}" if line else "pipeline.py")


def test_all_mistakes_come_at_once() -> None:
    found = problems_of("def features(rows, label, *rest): ...\ndef train(x, **more): ...", deep=3)
    assert {type(problem) for problem in found} == {
        LabelLeakError, SignatureProblemError, UnknownInputError, UnknownParameterError,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"dpth": 3}, 'Did you mean "depth"'),
        ({"depth": "deep"}, "its default 6 is of another type"),
        ({"depth": 3.5}, "its default 6 is of another type"),
        ({"depth": True}, "its default 6 is of another type"),
        ({"seed": 3}, "Set [pipeline] seed"),
    ],
)
def test_a_hyper_parameter_that_no_function_has_is_refused_where_it_is_set(
    params: dict[str, Scalar], words: str
) -> None:
    with pytest.raises(ProblemsError, match="hyper-parameter") as caught:
        build_graph(
            describe_source(TWO, file="pipeline.py"), params=params, params_at=lambda name: f"trimtab.toml:{len(name)}"
        )
    (problem,) = caught.value.problems
    assert words in f"{problem.problem} {problem.fix}"
    assert problem.at == f"trimtab.toml:{len(next(iter(params)))}"


def test_a_whole_number_is_good_for_a_fraction() -> None:
    source = "def features(rows): ...\ndef train(features, *, rate=0.1, limit=None): ..."
    assert parameters(graph_of(source, rate=1, limit="none")) == {"rate": 1, "limit": "none"}


def test_functions_that_nothing_reaches_are_not_looked_at() -> None:
    assert len(graph_of(TWO + "def plot(table, *args, label=1): ...").steps) == 2
