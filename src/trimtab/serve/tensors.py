"""The Open Inference Protocol v2's requests as rows, and a contract as its model metadata.

A column is a tensor of its own, of shape [n] or [n, 1]; ``data`` may be nested as the protocol allows. What the types
in the message say is compared with nothing: the contract checks each value, as in the plain route. The binary data
extension is refused, with a sentence.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from trimtab.base.digest import short
from trimtab.data.kinds import ColumnType
from trimtab.serve.served import Served

_DATATYPES: Final = {
    ColumnType.INTEGER: "INT64", ColumnType.FLOAT: "FP64", ColumnType.BOOLEAN: "BOOL", ColumnType.TEXT: "BYTES",
    ColumnType.TIME: "BYTES",
}  # fmt: skip


class Tensor(msgspec.Struct, frozen=True, kw_only=True):
    """One column of the request."""

    name: str
    shape: list[int]
    datatype: str
    data: list[Any]
    parameters: dict[str, Any] = {}


class Inference(msgspec.Struct, frozen=True, kw_only=True):
    """The body of ``POST /v2/models/<endpoint>/infer``."""

    inputs: list[Tensor]
    id: str | None = None
    parameters: dict[str, Any] = {}
    outputs: list[Any] = []


class TensorError(Exception):
    """The tensors are not columns of one table; the text says why."""


def rows_of(inference: Inference) -> list[dict[str, object]]:
    """The request's rows; raises `TensorError`."""
    columns: dict[str, list[Any]] = {}
    for tensor in inference.inputs:
        if "binary_data_size" in tensor.parameters:
            raise TensorError(f"tensor {tensor.name!r} is binary, which this server does not read: send it as JSON")
        if not (len(tensor.shape) == 1 or (len(tensor.shape) == 2 and tensor.shape[1] == 1)):
            raise TensorError(
                f"tensor {tensor.name!r} has the shape {tensor.shape}: send one tensor per column, of shape [n]"
            )
        if tensor.name in columns:
            raise TensorError(f"tensor {tensor.name!r} is given twice")
        values = [value[0] if isinstance(value, list) and len(value) == 1 else value for value in tensor.data]
        if len(values) != tensor.shape[0]:
            raise TensorError(f"tensor {tensor.name!r} says {tensor.shape[0]} values and holds {len(values)}")
        columns[tensor.name] = values
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) != 1:
        raise TensorError(f"the tensors differ in length: {lengths}" if lengths else "there are no tensors")
    names = tuple(columns)
    return [dict(zip(names, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def metadata(endpoint: str, served: Served) -> dict[str, Any]:
    """``GET /v2/models/<endpoint>``."""
    contract = served.rules.contract
    return {
        "name": endpoint,
        "versions": [short(served.release)],
        "platform": f"trimtab_{served.manifest.model.format}",
        "inputs": [{"name": c.name, "datatype": _DATATYPES[c.type], "shape": [-1]} for c in contract.features],
        "outputs": _outputs(served),
    }


def _outputs(served: Served) -> list[dict[str, Any]]:
    model = served.manifest.model
    if len(model.classes) > 2:
        names = [("label", [-1]), ("probabilities", [-1, len(model.classes)])]
    else:
        names = [("score" if model.classes else "value", [-1])]
    return [{"name": name, "datatype": "BYTES" if name == "label" else "FP64", "shape": shape} for name, shape in names]
