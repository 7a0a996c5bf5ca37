"""Tensors become rows, or a sentence."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from trimtab.serve.tensors import Inference, TensorError, rows_of


def inference(*tensors: dict[str, Any]) -> Inference:
    return msgspec.convert({"inputs": list(tensors)}, Inference)


def tensor(name: str, data: list[Any], shape: list[int] | None = None, **more: Any) -> dict[str, Any]:
    return {"name": name, "shape": shape or [len(data)], "datatype": "FP64", "data": data, **more}


def test_each_tensor_is_a_column() -> None:
    found = rows_of(inference(tensor("a", [1.0, None]), tensor("b", [["x"], ["y"]], [2, 1])))

    assert found == [{"a": 1.0, "b": "x"}, {"a": None, "b": "y"}]


@pytest.mark.parametrize(
    ("tensors", "said"),
    [
        ([], "there are no tensors"),
        ([tensor("a", [1.0]), tensor("a", [1.0])], "is given twice"),
        ([tensor("a", [1.0]), tensor("b", [1.0, 2.0])], "differ in length"),
        ([tensor("a", [1.0, 2.0], [1, 2])], "one tensor per column"),
        ([tensor("a", [1.0], [2])], "says 2 values and holds 1"),
        ([tensor("a", [], [1], parameters={"binary_data_size": 8})], "is binary"),
    ],
)
def test_tensors_that_are_no_table_are_told_why(tensors: list[dict[str, Any]], said: str) -> None:
    with pytest.raises(TensorError, match=said):
        rows_of(inference(*tensors))
