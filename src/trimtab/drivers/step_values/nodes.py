"""What a node is, and what turns values into nodes and back; see `trimtab.drivers.step_values.plain`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from trimtab.drivers.step_values.tree import Decoder, Encoder

Node: TypeAlias = Any
Encode: TypeAlias = "Callable[[Any, Encoder], Node]"
Decode: TypeAlias = "Callable[[Any, Decoder], Any]"
