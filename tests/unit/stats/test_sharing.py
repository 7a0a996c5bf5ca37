"""How a chance of error is shared out among statements."""

from __future__ import annotations

import math

import numpy as np
import pytest

from trimtab.stats.arrays import Floats
from trimtab.stats.sharing import shared_out
from trimtab.stats.special import normal_cdf, normal_quantile

ERROR = 0.05


def shares(margins: list[float], copies: list[float] | None = None, error: float = ERROR) -> Floats:
    often = np.array(copies if copies is not None else [1.0] * len(margins))
    return shared_out(error, parts=often / often.sum(), margins=np.array(margins), copies=often)


@pytest.mark.parametrize(
    "margins", [[4.0], [4.0] * 30, [0.01, 0.5, 1.0], [3.0, 5.0, 8.0, 20.0], [1e9, math.inf, 4.0], [9.0] * 3_000]
)
@pytest.mark.parametrize("error", [1e-4, 0.05, 0.4])
def test_the_shares_add_up_to_the_error_and_no_more(margins: list[float], error: float) -> None:
    found = shares(margins, error=error)
    assert 0.95 * error < found.sum() <= error * (1 + 1e-9)
    assert (found >= error / 2 / len(margins) * (1 - 1e-9)).all()


def test_statements_alike_have_the_same_share() -> None:
    assert shares([5.0] * 20) == pytest.approx(np.full(20, ERROR / 20), rel=1e-3)


def test_what_is_decided_anyway_or_never_leaves_its_share_to_what_hangs_in_the_balance() -> None:
    hopeless, hard, easy = shares([0.3, 4.0, 15.0] * 10)[:3]
    assert hard > 1.9 * ERROR / 30
    assert hopeless == pytest.approx(ERROR / 60, rel=0.05)
    assert easy == pytest.approx(ERROR / 60, rel=0.05)


def test_the_second_half_has_the_greatest_power_at_one_margin() -> None:
    margins = np.array([2.5, 3.0, 4.0, 6.0])
    second = shares(margins.tolist()) - ERROR / 8

    def power(own: Floats) -> float:
        return sum(normal_cdf(m - normal_quantile(1 - e)) for m, e in zip(margins.tolist(), own.tolist(), strict=True))

    best = power(second)
    for one in range(4):
        for other in range(4):
            if one != other:
                moved = second.copy()
                moved[one] += 0.3 * moved[other]
                moved[other] *= 0.7
                assert power(moved) < best


def test_a_statement_picked_from_many_has_the_share_of_one_of_them() -> None:
    found = shares([4.0, 4.0], [1.0, 9.0])
    assert found[0] == pytest.approx(found[1])
    assert found[0] + 9.0 * found[1] == pytest.approx(ERROR, rel=0.01)


def test_an_unknown_margin_has_only_what_all_have() -> None:
    assert shares([math.nan, 4.0]) == pytest.approx(np.array([ERROR / 4, 3 * ERROR / 4]), rel=0.01)
    assert shares([math.nan, 0.0]) == pytest.approx(np.full(2, ERROR / 2))
