"""The array types that the statistics speak of, so that each signature says what it takes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.generic]
"""Any array of scalars: truth as booleans, integers or numbers."""

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.intp]
"""Integers that count or point: block numbers, ranks."""

Under = Callable[[Numbers, Floats], Floats]
"""From the block number of each row, shape (rows,), and the weight of each block in each resample, shape (resamples,
blocks), to a metric's value in each resample, shape (resamples,)."""
