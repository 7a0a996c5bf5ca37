"""What a contract or a person calls sensitive is in no report and no stored profile, by whatever way it comes there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

import trimtab
from trimtab.app.data import drift, profile, profile_by_season
from trimtab.app.data_check import Setting, check
from trimtab.app.data_contract_files import keep_contract
from trimtab.app.data_contracts import propose
from trimtab.app.data_opening import Reading
from trimtab.app.data_report import full_report, of_check, of_drift, of_profile
from trimtab.base.errors import InputError
from trimtab.base.verdict import Verdict
from trimtab.data.drift import compare
from trimtab.data.hidden import NotHiddenError, hidden_profile
from trimtab.data.infer import Roles
from trimtab.data.profile import hidden_in
from trimtab.data.profiler import Depth, profile_frame
from trimtab.data.schema import Contract, Values
from trimtab.data.seasons import Season
from trimtab.drivers.profile_files import read_profile, write_profile
from trimtab.generate.data_document import to_document
from trimtab.generate.data_junit import junit
from trimtab.generate.data_markdown import markdown
from trimtab.generate.data_page import page
from trimtab.generate.data_report import DataReport
from trimtab.generate.data_terminal import Look, terminal
from trimtab.records.versioned import encode

NAMES = frozenset({"name", "salary", "born"})
HIDING = Depth(sensitive=NAMES)


def table(first: str, rows: int = 4_000) -> pl.DataFrame:
    born = pl.datetime_range(
        pl.datetime(1970, 1, 1), pl.datetime(2000, 1, 1), interval="1h", eager=True, time_zone="UTC"
    )
    return pl.DataFrame(
        {
            "name": [first if place % 3 else "bob-secret" for place in range(rows)],
            "salary": [1_234_567 + 13 * place for place in range(rows)],
            "born": born[:rows],
            "amount": [float(place % 97) for place in range(rows)],
        }
    )


def contract() -> Contract:
    found = propose(table("alice-secret"), Roles()).contract
    return replace(
        found, columns=tuple(replace(each, sensitive=each.name in NAMES, values=None) for each in found.columns)
    )


def everything_shown(report: DataReport) -> str:
    shown = terminal(report, Look(width=200, colour=False, all_columns=True))
    return "".join((shown, page(report), markdown(report), junit(report), str(to_document(report))))


def test_a_profile_that_is_hidden_later_is_the_one_that_was_hidden_at_once() -> None:
    plain = profile_frame(table("alice-secret"))
    hidden = profile_frame(table("alice-secret"), Depth(sensitive=NAMES))
    later = hidden_profile(plain, NAMES)
    assert later.columns == hidden.columns
    assert later.sample is None
    assert hidden_profile(hidden, NAMES) == hidden
    assert b"secret" not in encode(later)


def test_texts_that_a_profile_holds_only_in_part_are_refused_instead_of_shown() -> None:
    many = profile_frame(pl.DataFrame({"name": [f"person {place}" for place in range(5_000)]}))
    long = profile_frame(pl.DataFrame({"name": ["x" * 100, "y" * 100]}))
    for plain in (many, long):
        with pytest.raises(NotHiddenError, match="column 'name' in the open") as found:
            hidden_profile(plain, {"name"})
        assert "--sensitive name" in found.value.fix


@pytest.mark.parametrize("stored", [False, True])
def test_a_reference_is_hidden_as_the_contract_says_so_that_it_is_neither_shown_nor_drifts(
    tmp_path: Path, stored: bool
) -> None:
    rules = contract()
    reference: object = table("alice-secret")
    if stored:
        reference = tmp_path / "open.profile"
        write_profile(reference, profile(table("alice-secret")).profile)
    same = check(table("alice-secret"), rules, Setting(reference=reference))
    assert same.differences is not None
    assert same.differences.verdict is not Verdict.FAIL
    other = check(table("carol-secret"), rules, Setting(reference=reference))
    assert other.differences is not None
    assert other.differences.verdict is Verdict.FAIL
    for report in (
        of_check(other, rules),
        full_report(table("carol-secret"), rules, reference, Reading()),
    ):
        assert "secret" not in everything_shown(report)


def test_a_comparison_hides_what_one_side_shows(tmp_path: Path) -> None:
    write_profile(tmp_path / "open.profile", profile(table("alice-secret")).profile)
    found = drift(tmp_path / "open.profile", table("carol-secret"), reading=Reading(hidden=NAMES))
    assert b"secret" not in encode(found.reference.profile) + encode(found.current.profile)
    assert "secret" not in str(found.differences)


@pytest.mark.parametrize("hidden_side", ["reference", "current"])
@pytest.mark.parametrize("stored", [False, True])
def test_a_column_that_one_profile_hides_is_hidden_in_the_table_beside_it(
    tmp_path: Path, hidden_side: str, stored: bool
) -> None:
    kept: object = profile(table("alice-secret"), Reading(hidden=NAMES)).profile
    if stored:
        write_profile(tmp_path / "kept.profile", kept)  # type: ignore[arg-type]  # a profile
        kept = str(tmp_path / "kept.profile")
    sides = (kept, table("alice-secret")) if hidden_side == "reference" else (table("alice-secret"), kept)
    found = drift(*sides)
    assert found.differences.verdict is not Verdict.FAIL
    assert hidden_in(found.reference.profile) == hidden_in(found.current.profile) == NAMES
    assert "secret" not in everything_shown(of_drift(found))


def test_a_comparison_in_python_shows_no_value_of_a_column_that_is_called_sensitive() -> None:
    sides = table("alice-secret"), table("carol-secret")
    assert "secret" in str(trimtab.drift(*sides))
    found = trimtab.drift(*sides, sensitive=sorted(NAMES))
    assert "secret" not in str(found)
    assert found.verdict is Verdict.FAIL
    with pytest.raises(InputError, match="neither table has a column 'nmae'"):
        trimtab.drift(*sides, sensitive=["nmae"])


def test_a_check_hides_what_the_command_calls_sensitive_though_the_contract_does_not() -> None:
    open_rules = replace(contract(), columns=tuple(replace(each, sensitive=False) for each in contract().columns))
    strict = replace(
        open_rules,
        columns=tuple(
            replace(each, values=Values(allowed=("x",))) if each.name == "name" else each for each in open_rules.columns
        ),
    )
    shown = everything_shown(of_check(check(table("alice-secret"), strict), strict))
    assert "alice-secret" in shown
    found = check(table("alice-secret"), strict, Setting(sensitive=("name",)))
    assert "secret" not in everything_shown(of_check(found, strict))
    with pytest.raises(InputError, match="no column 'nmae'"):
        check(table("alice-secret"), strict, Setting(sensitive=("nmae",)))


def test_profiles_are_compared_without_what_either_hides() -> None:
    found = compare(profile_frame(table("alice-secret"), HIDING), profile_frame(table("carol-secret")))
    assert next(column for column in found.columns if column.column == "name").verdict is Verdict.FAIL
    assert "secret" not in str(found)


def test_a_report_says_of_a_stored_profile_which_columns_it_hides(tmp_path: Path) -> None:
    write_profile(tmp_path / "kept.profile", profile(table("alice-secret"), Reading(hidden=NAMES)).profile)
    report = of_profile(profile(tmp_path / "kept.profile"))
    assert report.hidden == NAMES
    shown = terminal(report, Look(width=200, colour=False, all_columns=True))
    assert "4,000 rows, 4 columns, 3 of them hidden" in shown
    assert next(line for line in shown.splitlines() if line.startswith("salary")).count("hidden") == 2
    assert to_document(report)["hidden"] == sorted(NAMES)
    assert to_document(report)["profile"]["columns"]["salary"]["sensitive"] is True
    assert "sensitive" in page(report)


def test_a_contract_of_a_profile_that_hides_columns_calls_them_sensitive(tmp_path: Path) -> None:
    write_profile(tmp_path / "kept.profile", profile(table("alice-secret"), Reading(hidden=NAMES)).profile)
    proposed = propose(tmp_path / "kept.profile", Roles())
    assert {column.name for column in proposed.contract.columns if column.sensitive} == NAMES
    assert "hidden" not in proposed.text


def test_profiles_by_season_hide_what_is_sensitive(tmp_path: Path) -> None:
    reading = Reading(time="born", sensitive=("name",))
    _, made = profile_by_season(table("alice-secret"), Season.WEEKDAY, reading)
    assert b"secret" not in encode(made)
    _, plain = profile_by_season(table("alice-secret"), Season.WEEKDAY, Reading(time="born"))
    write_profile(tmp_path / "open.profile", plain)
    _, read = profile_by_season(tmp_path / "open.profile", Season.WEEKDAY, reading)
    assert b"secret" not in encode(read)


def test_the_reference_of_a_contract_from_a_stored_profile_is_hidden(tmp_path: Path) -> None:
    write_profile(tmp_path / "open.profile", profile(table("alice-secret")).profile)
    proposed = propose(tmp_path / "open.profile", Roles(sensitive=("name",)))
    keep_contract(proposed, tmp_path / "kept.toml", replace=False)
    kept = read_profile(tmp_path / "kept.profile")
    assert b"secret" not in encode(kept)
    with pytest.raises(InputError, match="has no column 'nmae'"):
        propose(tmp_path / "open.profile", Roles(sensitive=("nmae",)))


def test_what_the_reader_of_a_csv_file_notices_shows_no_value(tmp_path: Path) -> None:
    rows = [f"{1_000 + row},0{row}" for row in range(50)]
    (tmp_path / "rows.csv").write_text("\n".join(["salary,code", *rows, "secret,7"]) + "\n", encoding="utf-8")
    found = profile(tmp_path / "rows.csv", Reading(sensitive=("salary", "code")))
    assert [note.partition(":")[0] for note in found.notes] == ["salary", "code"]
    assert not any("secret" in note or "00" in note for note in found.notes)
