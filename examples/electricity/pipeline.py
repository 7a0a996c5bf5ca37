"""Will the electricity price rise against its mean of the last 24 hours? Two functions, as in any project.

Only the row's own columns and the calendar are used. The label compares the price with its own recent history, so a
model that is given that history learns the formula of the label and not the market.
"""

from __future__ import annotations

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier


def features(rows: np.ndarray) -> np.ndarray:
    """One row of seven figures for each half-hour: the market's five, the time of day and the day of the week."""
    day = rows["timestamp"].astype("datetime64[D]")
    weekday = (day.view("int64") + 3) % 7  # 1970-01-01 was a Thursday; Monday is 0
    columns = ["period", "nsw_price", "nsw_demand", "vic_price", "vic_demand", "transfer"]
    return np.column_stack([*(rows[name] for name in columns), weekday.astype("float64")])


def train(
    features: np.ndarray,
    label: np.ndarray,
    *,
    trees: int = 100,
    leaves: int = 15,
    learning_rate: float = 0.06,
    seed: int = 0,
) -> HistGradientBoostingClassifier:
    """Gradient-boosted trees: small ones, since a few weeks of half-hours are not many rows."""
    model = HistGradientBoostingClassifier(
        max_iter=trees,
        max_leaf_nodes=leaves,
        learning_rate=learning_rate,
        min_samples_leaf=40,
        l2_regularization=5.0,
        early_stopping=False,
        random_state=seed,
    )
    return model.fit(features, label)
