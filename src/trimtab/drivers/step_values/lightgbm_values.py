"""LightGBM's models as its own text and what the Python object knows beside it, and back.

The trees are in the text, to the last bit; which of them is the best, the parameters, the classes and the label
encoder are attributes of the Python objects, and plain values or scikit-learn's. A Booster's own hooks for copying say
which attributes those are, without the data that it was trained on. All trees are kept, not only those up to the best
one: a value is passed as what it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import lightgbm

from trimtab.drivers.step_values.nodes import Node
from trimtab.drivers.step_values.problems import RefusedError, a

if TYPE_CHECKING:
    from trimtab.drivers.step_values.tree import Decoder, Encoder

_HANDLE: Final = "_handle"
_MODELS: Final = ("LGBMClassifier", "LGBMRegressor", "LGBMRanker")


def node(value: Any, encoder: Encoder) -> Node:
    """The node of a Booster or of one of the three models in scikit-learn's manner."""
    kind = type(value)
    if kind is lightgbm.Booster:
        state = value.__getstate__()
        text = state.pop(_HANDLE, None)
        if not isinstance(text, str):
            raise RefusedError("a Booster without a model", fix="Return it trained.")
        number = encoder.parts.add(text.encode(), "lightgbm")
        return {"lightgbm.Booster": [number, _attributes(state, encoder)]}
    if kind.__name__ in _MODELS and getattr(lightgbm, kind.__name__) is kind:
        return {f"lightgbm.{kind.__name__}": _attributes(vars(value), encoder)}
    raise RefusedError(a(kind), fix="Return a Booster, an LGBMClassifier, an LGBMRegressor or an LGBMRanker.")


def value(tag: str, payload: Any, decoder: Decoder) -> Any:
    """The model again; a Booster without its training data, as after LightGBM's own copy."""
    name = tag.removeprefix("lightgbm.")
    made = getattr(lightgbm, name).__new__(getattr(lightgbm, name))
    if name == "Booster":
        number, attributes = payload
        text = decoder.opened.content(f"{number}.lightgbm").decode()
        made.__setstate__(decoder.value(attributes) | {_HANDLE: text})
    else:
        vars(made).update(decoder.value(payload))
    return made


def _attributes(state: dict[str, Any], encoder: Encoder) -> Node:
    nodes = []
    encoder.enter("model")
    for name, part in state.items():
        try:
            nodes.append(encoder.node(part))
        except RefusedError as refused:
            raise refused.within(f".{name}") from None
    encoder.leave()
    return {"dict": [list(state), nodes]}
