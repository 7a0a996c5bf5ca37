"""scikit-learn's estimators as skops files, and back: no pickle, and no type that nobody reviewed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trimtab.drivers.step_values.nodes import Node
from trimtab.drivers.step_values.problems import RefusedError, a
from trimtab.release.skops_file import UnopenableError, open_skops, write_skops

if TYPE_CHECKING:
    from trimtab.drivers.step_values.tree import Decoder, Encoder


def node(value: Any, encoder: Encoder) -> Node:
    """The node of an estimator, a pipeline, a transformer or another object of scikit-learn."""
    try:
        content = write_skops(value)
    except UnopenableError as refused:
        raise RefusedError(f"{a(type(value))} that {refused.problem}", fix=refused.fix) from refused
    return {"sklearn": encoder.parts.add(content, "skops")}


def value(tag: str, payload: Any, decoder: Decoder) -> Any:
    """The object again, fitted as it was."""
    del tag  # there is one
    return open_skops(decoder.opened.content(f"{payload}.skops"))
