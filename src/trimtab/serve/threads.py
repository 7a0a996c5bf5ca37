"""How many threads a process uses that trains or scores."""

from __future__ import annotations

from typing import Final

THREADS: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS")
"""One thread each: a pool that is woken for one row costs more than the row, and the workers share the processors."""
