"""A contract and its reference are kept together: a kill between their two files leaves neither with another's."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from trimtab.app import data_contract_files
from trimtab.app.data_contract_files import (
    ContractThereError,
    Proposed,
    keep_contract,
    read_contract,
    reference_of,
    with_reference,
)
from trimtab.app.data_contracts import propose
from trimtab.base.errors import InputError
from trimtab.data.infer import Roles, infer_contract
from trimtab.data.profile import Profile
from trimtab.disk.atomic import write_bytes
from trimtab.drivers.profile_files import read_profile


class Killed(BaseException):
    """The process ended here."""


def proposal(rows: int) -> Proposed:
    return propose(pl.DataFrame({"x": [place / 3 for place in range(rows)], "y": ["a", "b"] * (rows // 2)}), Roles())


def kept_is_one_whole(path: Path) -> bool:
    """Whether the contract says what its own reference suggests."""
    contract = read_contract(path)
    reference = reference_of(contract, path)
    assert reference is not None
    profile = read_profile(reference)
    assert isinstance(profile, Profile)
    return contract == with_reference(infer_contract(profile).contract, contract.reference)


def keep_and_die(monkeypatch: pytest.MonkeyPatch, made: Proposed, path: Path, *, after: int) -> bool:
    """Keep a contract and be killed after some writes; whether it came to that."""
    left = [after]

    def write(to: Path, content: bytes) -> None:
        if not left[0]:
            raise Killed
        left[0] -= 1
        write_bytes(to, content)

    with monkeypatch.context() as patch:
        patch.setattr(data_contract_files, "write_named", write)
        try:
            keep_contract(made, path, replace=True)
        except Killed:
            return True
    return False


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_kill_between_any_two_writes_leaves_a_contract_with_its_own_reference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, path = proposal(60), tmp_path / "x.toml"
    deaths = 0
    for after in range(10):
        keep_contract(before, path, replace=True)
        died = keep_and_die(monkeypatch, proposal(90), path, after=after)
        assert kept_is_one_whole(path)
        if not died:
            break
        deaths += 1
        again = proposal(90) if after % 2 else proposal(120)  # the same rows once more, or other ones
        for later in range(3):
            keep_and_die(monkeypatch, again, path, after=later)
            assert kept_is_one_whole(path)
        keep_contract(again, path, replace=True)
        assert kept_is_one_whole(path)
        assert read_contract(path).reference == "x.profile"
        assert names(tmp_path) == ["x.profile", "x.toml"]
    assert deaths == 4


def test_a_first_contract_that_a_kill_kept_from_being_written_is_written_by_the_same_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.toml"
    assert keep_and_die(monkeypatch, proposal(60), path, after=1)
    assert names(tmp_path) == ["x.profile"]
    keep_contract(proposal(60), path, replace=False)
    assert kept_is_one_whole(path)


def test_a_profile_of_other_rows_is_not_replaced_without_being_told_to(tmp_path: Path) -> None:
    keep_contract(proposal(60), tmp_path / "x.toml", replace=False)
    (tmp_path / "x.toml").unlink()
    before = (tmp_path / "x.profile").read_bytes()
    with pytest.raises(ContractThereError, match=r"x.profile is there already, the profile of other rows"):
        keep_contract(proposal(90), tmp_path / "x.toml", replace=False)
    assert (tmp_path / "x.profile").read_bytes() == before
    keep_contract(proposal(90), tmp_path / "x.toml", replace=True)
    assert kept_is_one_whole(tmp_path / "x.toml")


def test_a_contract_has_not_the_name_of_its_reference(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"is the name that the contract's reference is to have"):
        keep_contract(proposal(60), tmp_path / "x.profile", replace=True)
    assert names(tmp_path) == []
