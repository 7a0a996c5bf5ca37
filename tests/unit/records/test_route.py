"""A route table shares out exactly the whole, and the same unit always gets the same variant."""

import pytest

from trimtab.base.errors import InputError
from trimtab.base.instants import Instant
from trimtab.records.prediction import Role
from trimtab.records.route import RouteTable, Variant, pick


def table(*variants: Variant, salt: str = "s") -> RouteTable:
    return RouteTable(endpoint="main", version=1, effective_at=Instant(0), variants=variants, salt=salt, cause="test")


def variant(name: str, weight: int, role: Role = Role.CHAMPION) -> Variant:
    return Variant(name=name, release=f"sha256:{name}", role=role, weight=weight)


def test_shares_that_are_not_the_whole_are_refused() -> None:
    with pytest.raises(InputError, match="exactly 100 %"):
        table(variant("a", 9_999))


def test_a_shadow_is_never_heard() -> None:
    with pytest.raises(InputError, match="gives a shadow a share"):
        table(variant("a", 9_000), variant("b", 1_000, Role.SHADOW))


def test_a_release_cannot_run_against_itself() -> None:
    with pytest.raises(InputError, match="names one release twice"):
        table(variant("a", 10_000), variant("a", 0, Role.SHADOW))


def test_shares_are_kept_on_many_keys() -> None:
    both = table(variant("a", 7_500), variant("b", 2_500, Role.CHALLENGER))
    picked = [pick(both, f"key-{i}").name for i in range(20_000)]
    assert 0.24 < picked.count("b") / len(picked) < 0.26
    assert picked == [pick(both, f"key-{i}").name for i in range(20_000)]


def test_another_rollout_picks_other_keys() -> None:
    shares = (variant("a", 5_000), variant("b", 5_000, Role.CHALLENGER))
    one, other = table(*shares, salt="1"), table(*shares, salt="2")
    same = sum(pick(one, f"{i}").name == pick(other, f"{i}").name for i in range(10_000))
    assert 4_700 < same < 5_300


def test_only_who_has_a_share_is_picked() -> None:
    shadowed = table(variant("a", 10_000), variant("b", 0, Role.SHADOW))
    assert {pick(shadowed, f"{i}").name for i in range(1_000)} == {"a"}
    assert shadowed.champion.name == "a"
    assert [v.name for v in shadowed.shadows] == ["b"]
