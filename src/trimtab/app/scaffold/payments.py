"""Card payments for the sample project: simulated, seeded, and said to be so.

Real payments with fraud labels cannot be shipped. Payments here are independent of each other; two kinds of fraud
stand out in several columns at once (a stolen card far from home, a leaked password used online at night) and a tenth
of the fraud looks like any payment, so that a model can learn much and not all.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

FIRST_DAY: Final = datetime(2026, 1, 5, tzinfo=UTC)
CATEGORIES: Final = ("grocery", "fuel", "restaurant", "fashion", "electronics", "travel", "gaming", "cash")
CHANNELS: Final = ("chip", "contactless", "online", "atm")

_SHARES: Final = (0.24, 0.10, 0.20, 0.13, 0.10, 0.06, 0.09, 0.08)
_PRICE: Final = np.array([0.8, 1.1, 0.7, 1.5, 2.4, 3.0, 0.5, 1.6])
_ONLINE: Final = np.array([0.10, 0.02, 0.15, 0.45, 0.45, 0.70, 0.97, 0.0])
_WEEKDAYS: Final = (1.0, 0.95, 0.95, 1.0, 1.15, 1.25, 0.85)
_FRAUD: Final = 0.04
_A_DAY: Final = 84

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Codes = NDArray[np.int64]


def simulate(*, days: int, seed: int) -> pl.DataFrame:
    """Payments in the order of time: about 84 a day, 4 % of them fraud; the same for the same seed.

    Columns: ``tx_id`` (text, unique), ``ts`` (UTC), ``amount`` (euros), ``channel``, ``category``, ``distance_km``
    (from home; 0 online), ``new_device`` (online only), ``customer_age_days``, ``is_fraud`` (the label).
    """
    rng = np.random.default_rng(seed)
    day = np.repeat(np.arange(days), [rng.poisson(_A_DAY * _WEEKDAYS[each % 7]) for each in range(days)])
    count = len(day)
    stolen, leaked = _frauds(rng, count)
    hidden = rng.random(count) < _FRAUD / 10
    category = rng.choice(len(CATEGORIES), count, p=_SHARES)
    category = np.where(stolen, rng.choice([3, 4, 4, 7], count), category)
    category = np.where(leaked, rng.choice([3, 4, 5, 6], count), category)
    online = (rng.random(count) < _ONLINE[category]) & ~stolen | leaked
    amount = rng.gamma(4.0, 9.0, count) * _PRICE[category] * rng.lognormal(-0.12, 0.55, count)
    amount *= np.where(stolen, rng.uniform(2.0, 6.0, count), np.where(leaked, rng.uniform(1.5, 4.0, count), 1.0))
    distance = np.where(online, 0.0, rng.exponential(4.0, count) + np.where(stolen, rng.exponential(25.0, count), 0.0))
    new_device = online & (rng.random(count) < np.where(leaked, 0.7, 0.06))
    table = pl.DataFrame(
        {
            "ts": pl.Series(_moments(day, _seconds(rng, leaked))).cast(pl.Datetime("us", "UTC")),
            "amount": np.round(amount + 0.5, 2),
            "channel": _names(CHANNELS, _channels(rng, category, online)),
            "category": _names(CATEGORIES, category),
            "distance_km": np.round(distance, 1),
            "new_device": new_device,
            "customer_age_days": rng.integers(0, 3_000, count),
            "is_fraud": stolen | leaked | hidden,
        }
    ).sort("ts", maintain_order=True)
    numbers = pl.Series("tx_id", [f"tx-{number:06}" for number in range(1, count + 1)])
    return table.insert_column(0, numbers)


def _frauds(rng: np.random.Generator, count: int) -> tuple[Flags, Flags]:
    """Which payments are made with a stolen card, and which with leaked credentials."""
    draw = rng.random(count)
    return draw < 0.45 * _FRAUD, (draw >= 0.45 * _FRAUD) & (draw < 0.9 * _FRAUD)


def _seconds(rng: np.random.Generator, leaked: Flags) -> Codes:
    """The second of the day: people pay around noon and after work, stolen passwords work at night."""
    count = len(leaked)
    hour = np.where(rng.random(count) < 0.55, rng.normal(17.5, 2.6, count), rng.normal(11.5, 2.8, count))
    hour = np.where(leaked & (rng.random(count) < 0.6), rng.uniform(0.0, 6.0, count), hour)
    seconds: Codes = np.clip(hour * 3_600, 0, 86_399).astype(np.int64)
    return seconds


def _moments(day: Codes, second: Codes) -> list[datetime]:
    return [FIRST_DAY + timedelta(days=int(d), seconds=int(s)) for d, s in zip(day, second, strict=True)]


def _channels(rng: np.random.Generator, category: Codes, online: Flags) -> Codes:
    present: Codes = np.where(rng.random(len(category)) < 0.62, CHANNELS.index("contactless"), CHANNELS.index("chip"))
    present[category == CATEGORIES.index("cash")] = CHANNELS.index("atm")
    present[online] = CHANNELS.index("online")
    return present


def _names(names: tuple[str, ...], codes: NDArray[Any]) -> list[str]:
    return [names[code] for code in codes]
