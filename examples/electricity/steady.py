"""A stream in which nothing changes: rows of the past, drawn again over the later calendar.

Each half-hour of the later calendar gets the figures and the label of a row of the history with the same half-hour
of the day. A loop that retrains on this stream is chasing noise.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl


def write_steady_stream(history: Path, stream: Path, seed: int = 0) -> None:
    """Replace ``stream`` by rows drawn from ``history``, keeping the stream's own times."""
    past, later = pl.read_parquet(history), pl.read_parquet(stream)
    chance = np.random.default_rng(seed)
    half_hour = past["timestamp"].dt.hour().to_numpy().astype(int) * 2 + past["timestamp"].dt.minute().to_numpy() // 30
    wanted = later["timestamp"].dt.hour().to_numpy().astype(int) * 2 + later["timestamp"].dt.minute().to_numpy() // 30
    places = np.empty(len(later), dtype=np.int64)
    for period in range(48):
        of_period = np.flatnonzero(half_hour == period)
        asked = np.flatnonzero(wanted == period)
        places[asked] = chance.choice(of_period, size=len(asked))
    drawn = past[places].with_columns(later["timestamp"])
    drawn.write_parquet(stream)
