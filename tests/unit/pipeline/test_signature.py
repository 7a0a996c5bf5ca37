"""What is read of a function: from itself, and the same from its source."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest
from msgspec.structs import replace

from trimtab.pipeline.row_kind import rows_kind
from trimtab.pipeline.signature import REQUIRED, UNREAD, Function, describe_module, describe_source
from trimtab.pipeline.step import mark_of, step

SOURCE = """\
from __future__ import annotations
import functools
from typing import TYPE_CHECKING
import numpy as np
import numpy.typing as npt
from numpy.typing import NDArray
import polars as pl
from polars import DataFrame, col
from trimtab import step
if TYPE_CHECKING:
    import pandas as pd

DEPTH = 6

def plain(rows: pl.DataFrame, *, cap: float = 1.5): ...
def imported(rows: DataFrame): ...
def array(rows: npt.NDArray[np.float64], /, other, *rest, named="x", **more): ...
def alias(rows: NDArray[np.float64]): ...
def unseen(rows: pd.DataFrame): ...
def silent(rows): ...

@step(rows="pandas")
def marked(
    rows,
): ...

def _private(x): ...
class Thing: ...
thing = Thing()
"""


def module_of(source: str) -> ModuleType:
    module = ModuleType("pipeline")
    exec(compile(source, "pipeline.py", "exec", dont_inherit=True), vars(module))
    return module


@pytest.mark.parametrize("future", [True, False])
def test_a_module_and_its_source_say_the_same(future: bool) -> None:
    source = SOURCE if future else SOURCE.partition("\n")[2].replace("rows: pd.DataFrame", "rows: 'pd.DataFrame'")
    from_module = describe_module(module_of(source), file="pipeline.py")
    from_source = describe_source(source, file="pipeline.py")
    assert [without_annotations(each) for each in from_module] == [without_annotations(each) for each in from_source]
    for one, other in zip(from_module, from_source, strict=True):
        assert rows_kind([one]) == rows_kind([other])
    kinds = {each.name: rows_kind([each])[0] for each in from_source}
    assert kinds == {
        "plain": "polars", "imported": "polars", "array": "numpy", "alias": "numpy", "unseen": "pandas",
        "silent": "polars", "marked": "pandas",
    }  # fmt: skip


def without_annotations(function: Function) -> Function:
    """One has the name that was imported, the other the class's own; what both mean is compared apart."""
    return replace(function, parameters=tuple(replace(each, annotation="") for each in function.parameters))


def test_the_place_of_a_function_is_that_of_its_first_line() -> None:
    lines = {function.name: function.line for function in describe_source(SOURCE, file="pipeline.py")}
    assert lines["plain"] == 15
    assert lines["marked"] == 22


def test_a_default_that_the_source_computes_is_known_to_be_there() -> None:
    (function,) = describe_source("def f(a, b=DEPTH, c=-1): ...", file="p.py")
    assert [each.default for each in function.parameters] == [REQUIRED, UNREAD, -1]


def test_a_marked_function_is_a_step_wherever_it_comes_from_and_others_are_not() -> None:
    module = module_of("from math import sqrt\nfrom polars import col\ndef own(rows): ...")

    @step
    def borrowed(rows: Any) -> Any:
        return rows

    vars(module)["borrowed"] = borrowed
    assert [function.name for function in describe_module(module, file="pipeline.py")] == ["own", "borrowed"]


def test_the_decorator_leaves_the_function_as_it_is() -> None:
    def features(rows: list[int]) -> int:
        return len(rows)

    assert step(features) is features
    assert step(rows="numpy")(features)([1, 2]) == 2
    mark = mark_of(features)
    assert mark is not None
    assert mark.rows == "numpy"


def test_a_wrapped_function_is_described_as_the_one_inside() -> None:
    module = module_of(
        "import functools\ndef timed(function):\n    @functools.wraps(function)\n    def inner(*args, **more): ...\n"
        "    return inner\n\n@timed\ndef features(payments, *, cap=3): ...\n"
    )
    features = describe_module(module, file="p.py")[1]
    assert [parameter.name for parameter in features.parameters] == ["payments", "cap"]
    assert features.line == 7
