"""What a profile may keep of a sensitive column's numbers and times: where they lie, and no single one.

A number is known to within a sixteenth of itself or less, a time to within 51 days, and the ends are those of such
buckets. Hashes are left out, since the hash of a number can be turned back into it. Mean and spread are kept as they
are, because drift is judged by them: of a single row they would tell the value, of many they tell none. Texts are
named by their hashes where they are counted (`trimtab.data.texts`).
"""

from __future__ import annotations

import math
import sys
from typing import Final

import msgspec
import numpy as np

from trimtab.data.profile import NumberColumn, TimeColumn
from trimtab.data.schema import ColumnType
from trimtab.data.sketch import coarser, codes_of, lower_end, upper_end

NUMBER_BITS: Final = 48
"""Low bits that the buckets of sensitive numbers leave out: sixteen buckets from one power of two to the next."""
TIME_BITS: Final = 42
"""The same for sensitive times: buckets of 2⁴² microseconds."""


def hidden_numbers(column: NumberColumn) -> NumberColumn:
    """The column without any single number; the same for any parts of its rows."""
    minimum, maximum = column.minimum, column.maximum
    if minimum is not None and maximum is not None:
        minimum, maximum = _outer_ends((minimum, maximum), whole=column.type is ColumnType.INTEGER)
    sketch = coarser(column.sketch, NUMBER_BITS)
    return msgspec.structs.replace(
        column, minimum=minimum, maximum=maximum, sketch=sketch, counted=False, distinct=None
    )


def hidden_times(column: TimeColumn) -> TimeColumn:
    """The column without any single time; the same for any parts of its rows."""
    minimum, maximum = column.minimum, column.maximum
    if minimum is not None and maximum is not None:
        minimum, maximum = minimum >> TIME_BITS << TIME_BITS, (maximum >> TIME_BITS) + 1 << TIME_BITS
        # What is beyond 64 bits cannot be stored, and no time is.
        minimum, maximum = max(minimum, -(2**63)), min(maximum, 2**63 - 1)
    sketch = coarser(column.sketch, TIME_BITS)
    return msgspec.structs.replace(
        column, minimum=minimum, maximum=maximum, sketch=sketch, counted=False, distinct=None
    )


def _outer_ends(ends: tuple[int | float, int | float], *, whole: bool) -> tuple[int | float, int | float]:
    """The outer ends of the coarse buckets of both, which no number is beyond."""
    first, last = (codes_of(np.array(ends, dtype=np.float64)) >> NUMBER_BITS).tolist()
    low = max(lower_end(first, NUMBER_BITS), -sys.float_info.max)
    high = min(upper_end(last, NUMBER_BITS), sys.float_info.max)
    if not whole or not -(2.0**63) <= low <= high < 2.0**64:
        return low, high
    return math.floor(low), math.ceil(high)
