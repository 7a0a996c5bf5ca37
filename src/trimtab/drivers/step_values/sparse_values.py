"""SciPy's sparse matrices and arrays as their NumPy arrays, and back: the four forms that are made of arrays alone.

The form is kept as it is, order of the entries included: computing with it may depend on it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import scipy.sparse as sparse

from trimtab.drivers.step_values.nodes import Node
from trimtab.drivers.step_values.problems import RefusedError, a

if TYPE_CHECKING:
    from trimtab.drivers.step_values.tree import Decoder, Encoder

_ROWS: Final = ("data", "indices", "indptr")
_PARTS: Final = {"csr": _ROWS, "csc": _ROWS, "bsr": _ROWS}


def node(value: Any, encoder: Encoder) -> Node:
    """The node of a sparse matrix or array."""
    kind = type(value)
    name = kind.__name__
    form = name.partition("_")[0]
    if getattr(sparse, name, None) is not kind or form not in (*_PARTS, "coo"):
        fix = "Return value.tocsr()." if sparse.issparse(value) else "Return the arrays that it is made of."
        raise RefusedError(a(kind), fix=fix)
    parts = [value.data, *value.coords] if form == "coo" else [getattr(value, part) for part in _PARTS[form]]
    return {f"scipy.{name}": [list(value.shape), [encoder.node(part) for part in parts]]}


def value(tag: str, payload: Any, decoder: Decoder) -> Any:
    """The sparse matrix or array of a node."""
    shape = tuple(payload[0])
    data, *places = (decoder.value(part) for part in payload[1])
    made = getattr(sparse, tag.removeprefix("scipy."))
    if made.__name__.startswith("coo"):
        return made((data, tuple(places)), shape=shape)
    return made((data, *places), shape=shape)
