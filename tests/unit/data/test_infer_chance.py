"""A limit on a share leaves room for chance, and no more than it takes."""

from __future__ import annotations

import numpy as np
import pytest

from trimtab.data.infer_chance import most_later, rounded_up
from trimtab.data.infer_texts import unseen_share


@pytest.mark.parametrize("share", [0.001, 0.02, 0.3])
@pytest.mark.parametrize("rows", [1_000, 50_000])
def test_later_rows_of_the_same_kind_hardly_ever_have_more(share: float, rows: int) -> None:
    draws = np.random.default_rng(3)
    seen = draws.binomial(rows, share, 2_000)
    limits = {count: most_later(int(count), rows, rows / 10) for count in set(seen.tolist()) if count}
    for later in (rows // 10, rows, 10 * rows):
        counts = draws.binomial(later, share, len(seen)) / later
        broken = [now > limits[count] for now, count in zip(counts, seen.tolist(), strict=True) if count]
        assert sum(broken) <= 3


def test_the_limit_is_no_looser_than_it_must_be() -> None:
    assert most_later(20_000, 1_000_000, 100_000) == pytest.approx(0.022)
    assert most_later(20_000, 1_000_000, 10_000_000) <= 0.021
    assert most_later(1, 1_000_000, 1_000_000) < 3e-5


def test_shares_are_rounded_up_to_a_per_cent_of_two_digits() -> None:
    shares = (0.0, 1.0, 0.02, 0.0201, 0.99999, 0.00031)
    assert [rounded_up(share) for share in shares] == pytest.approx([0.0, 1.0, 0.02, 0.021, 1.0, 0.00031])


def test_what_was_not_seen_is_judged_by_what_was_seen_once_or_twice() -> None:
    assert unseen_share(np.array([500, 3, 497]), 1_000) == 0.0
    once = unseen_share(np.array([500, 499, 1]), 1_000)
    twice = unseen_share(np.array([500, 498, 2]), 1_000)
    assert 0.0 < once <= twice < 0.03
    assert unseen_share(np.array([50_000, 49_999, 1]), 100_000) < 3e-4
