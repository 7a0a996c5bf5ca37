"""The rules of a contract's file: written as a person would, and every mistake in them named."""

from __future__ import annotations

import pytest

from trimtab.base.errors import ProblemsError
from trimtab.base.instants import DAY, HOUR
from trimtab.data.contract import format_contract, parse_contract
from trimtab.data.kinds import ColumnType, Direction, DriftLimits, Of, Severity
from trimtab.data.schema import (
    Column,
    Condition,
    Contract,
    Freshness,
    Length,
    Nulls,
    Order,
    Pattern,
    Range,
    RowCount,
    Unique,
    Values,
)

LOANS = Contract(
    time="booked",
    reference="loans.profile.json",
    unexpected=Severity.NOTE,
    rows=RowCount(minimum=1_000, maximum=None, outside=Severity.REFUSE, because="a day has never had fewer"),
    fresh=Freshness(within=2 * DAY + HOUR),
    unique=(Unique(columns=("id",)), Unique(columns=("iban", "booked"), outside=Severity.NOTE, because="one a second")),
    quarantine=0.005,
    drift=DriftLimits(location=0.2, shape=None, share=0.05, outside=Severity.REFUSE),
    columns=(
        Column(name="booked", type=ColumnType.TIME, range=Range(minimum=1_772_323_200_000_000, maximum=None)),
        Column(name="id", type=ColumnType.INTEGER, order=Order(strictly=True, outside=Severity.REFUSE)),
        Column(
            name="iban",
            type=ColumnType.TEXT,
            pattern=Pattern(matches=r"^[A-Z]{2}\d{2} ?\w+$", outside=Severity.QUARANTINE),
            length=Length(minimum=15, maximum=34),
            outside=Severity.QUARANTINE,
            sensitive=True,
        ),
        Column(
            name="rate",
            type=ColumnType.FLOAT,
            nullable=True,
            nulls=Nulls(share=0.02, outside=Severity.REFUSE),
            range=Range(minimum=0.0, maximum=0.3, share=0.001, of=Of.VALUES),
            drift=DriftLimits(location=None, scale=0.5, shape=None, share=0.05),
            order=Order(direction=Direction.DECREASING),
        ),
        Column(name="kind", type=ColumnType.TEXT, values=Values(allowed=("new", "old"), share=1 / 3)),
    ),
    conditions=(
        Condition(then="rate > 0"),
        Condition(
            name="old ones are cheap",
            when='kind == "old"',
            then="rate < 0.1",
            share=0.01,
            outside=Severity.REFUSE,
            because="the board's rule",
        ),
    ),
)
WRITTEN = r"""schema = "trimtab.contract/3"
time = "booked"
reference = "loans.profile.json"

[table]
rows = { min = 1000, outside = "refuse", because = "a day has never had fewer" }
fresh = { within = "2d 1h" }
unexpected = "note"
quarantine = "0.5%"
unique = [
  { columns = ["id"] },
  { columns = ["iban", "booked"], outside = "note", because = "one a second" },
]
drift = { location = 0.2, shape = "any", share = "5%", outside = "refuse" }

[columns.booked]
type = "time"
range = { min = "2026-03-01T00:00:00Z" }

[columns.id]
type = "integer"
order = { direction = "increasing", strictly = true, outside = "refuse" }

[columns.iban]
type = "text"
pattern = { matches = '^[A-Z]{2}\d{2} ?\w+$', outside = "quarantine" }
length = { min = 15, max = 34 }
outside = "quarantine"
sensitive = true

[columns.rate]
type = "float"
nullable = true
nulls = { share = "2%", outside = "refuse" }
range = { min = 0.0, max = 0.3, share = "0.1%", of = "values" }
order = { direction = "decreasing" }
drift = { location = "any", scale = 0.5, outside = "note" }

[columns.kind]
type = "text"
values = { allowed = ["new", "old"], share = 0.3333333333333333 }

[[conditions]]
then = "rate > 0"

[[conditions]]
name = "old ones are cheap"
when = 'kind == "old"'
then = "rate < 0.1"
share = "1%"
outside = "refuse"
because = "the board's rule"
"""


def problems_of(text: str) -> list[str]:
    with pytest.raises(ProblemsError, match="TT1201") as caught:
        parse_contract(text, at="c.toml")
    return [f"{problem.at}: {problem.problem} / {problem.fix}" for problem in caught.value.problems]


def test_every_rule_is_written_for_people_and_nothing_that_goes_without_saying() -> None:
    text = format_contract(LOANS)
    assert text[text.index("schema = ") :] == WRITTEN
    assert parse_contract(WRITTEN) == LOANS


def test_shares_are_percents_or_fractions() -> None:
    for written in ("0.5%", " .5 %", "0.50%"):
        assert parse_contract(WRITTEN.replace('"0.5%"', f'"{written}"')).quarantine == 0.005
    assert parse_contract(WRITTEN.replace('"0.5%"', "0.005")).quarantine == 0.005
    assert parse_contract(WRITTEN.replace('"0.5%"', "0")).quarantine == 0.0


def test_a_time_may_be_written_as_toml_has_times() -> None:
    assert parse_contract(WRITTEN.replace('"2026-03-01T00:00:00Z"', "2026-03-01T01:00:00+01:00")) == LOANS


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"0.5%"', "1", "c.toml:9: quarantine is 1 / Write a share of the rows such as"),
        ('"0.5%"', '"101%"', "c.toml:9: quarantine is '101%'"),
        ('"0.5%"', '"half"', "c.toml:9: quarantine is 'half'"),
        ('unexpected = "note"', 'unexpected = "quarantine"', 'c.toml:8: unexpected = "quarantine" has no meaning here'),
        ("min = 1000", "min = -1", "c.toml:6: min is -1 / Write a whole number from 0 on."),
        ("min = 1000", "min = 1000, max = 10", "c.toml:6: the table's rows is empty: min 1000 is above max 10"),
        ('"2d 1h"', '"soon"', "c.toml:7: within is 'soon'; it must be a length of time"),
        ('within = "2d 1h"', 'outside = "note"', "c.toml:7: within is null; it must be a length of time in quotes"),
        ('["id"] }', '["idd"] }', "c.toml:11: unique names the column 'idd', which is not among the columns / did you"),
        ('["iban", "booked"]', "[]", "c.toml:12: an entry of unique does not name its columns"),
        ('["iban", "booked"]', '["iban", "iban"]', "c.toml:12: an entry of unique names a column twice"),
        ("location = 0.2", "location = -1", "c.toml:14: location is -1 / Write a number from 0 on"),
        ('shape = "any"', "shape = 2", "c.toml:14: shape is 2 / Write a number from 0 to 1"),
        ("location = 0.2", "locaton = 0.2", "c.toml:14: the table's drift says 'locaton'"),
        ('time = "booked"\n', "", "fresh asks for the newest row's time, and the contract does not say"),
        ("2026-03-01T00:00:00Z", "yesterday", "c.toml:18: min of the time column 'booked': 'yesterday' is not a time"),
        ("2026-03-01T00:00:00Z", "2026-03-01T00:00:00", "has no zone"),
        ('"increasing", strictly', '"up", strictly', "c.toml:22: direction is 'up'"),
        ("strictly = true", "strictly = 1", "c.toml:22: strictly of the order of column 'id' is 1"),
        (r"'^[A-Z]{2}\d{2} ?\w+$'", "'['", "c.toml:26: the pattern of column 'iban' is no regular expression"),
        (r"matches = '^[A-Z]{2}\d{2} ?\w+$'", 'share = "1%"', "does not say what it matches"),
        ('outside = "quarantine" }', 'outside = "quarantine", share = "1%" }', "c.toml:26: a rule that tolerates a"),
        ('outside = "quarantine"\ns', 'outside = "note"\ns', 'c.toml:28: outside = "note" has no meaning here'),
        ("min = 15, max = 34", "min = 35, max = 34", "c.toml:27: the length of column 'iban' is empty"),
        ("nullable = true\n", "", "column 'rate' allows a share of nulls, and no null"),
        ('share = "2%", ', "", "the nulls of column 'rate' do not say which share"),
        ('of = "values"', 'of = "gaps"', "c.toml:35: of is 'gaps' / Write \"rows\" or"),
        ('share = "0.1%", of', "of", 'c.toml:35: of = "values" says what a share counts, and there is none'),
        ('share = "2%", ', 'share = "2%", of = "rows", ', "c.toml:34: the nulls of column 'rate' says 'of'"),
        ("sensitive = true", 'sensitive = "yes"', "c.toml:29: sensitive of column 'iban' is 'yes'"),
        (
            'then = "rate > 0"',
            'then = "rte > 0"',
            "c.toml:44: 'rte > 0', at character 1: there is no column 'rte' / did",
        ),
        ('then = "rate > 0"', "", "c.toml:43: a condition does not say what must hold"),
        ("""'kind == "old"'""", '"kind > 3"', "c.toml:48: 'kind > 3', at character 8: the column 'kind' (text) cannot"),
        ('name = "old ones', 'nme = "old ones', "c.toml:47: a condition says 'nme'"),
        ("loans.profile.json", "../loans.json", "c.toml:3: the reference '../loans.json' is not beside the contract"),
        ("[table]", "[tabel]", "c.toml:5: the contract says 'tabel'"),
    ],
)
def test_a_mistake_in_a_rule_is_placed_at_its_line(old: str, new: str, said: str) -> None:
    assert old in WRITTEN
    found = problems_of(WRITTEN.replace(old, new, 1))
    assert any(said in problem for problem in found), found


def test_lists_and_tables_of_another_kind_are_mistakes_and_no_errors() -> None:
    text = 'schema = "trimtab.contract/3"\ntable = 3\nconditions = "x > 0"\n[columns.x]\ntype = "integer"\n'
    assert [problem.partition(" / ")[0] for problem in problems_of(text)] == [
        "c.toml:2: [table] is 3",
        "c.toml:3: conditions is 'x > 0'",
    ]
    text = 'schema = "trimtab.contract/3"\nconditions = [1]\n[table]\nrows = 3\nfresh = 1\nunique = 1\ndrift = 2\n'
    assert len(problems_of(text + '[columns.x]\ntype = "text"\npattern = "a"\nnulls = 3\ndrift = []\n')) == 8


def test_a_contract_needs_neither_time_nor_label_nor_key() -> None:
    contract = parse_contract('schema = "trimtab.contract/3"\n[columns.x]\ntype = "integer"\n')
    assert contract == Contract(columns=(Column(name="x", type=ColumnType.INTEGER),))


@pytest.mark.parametrize(
    ("ignored", "problem"),
    [('["iban"]', "ignored names the column 'iban', which has rules"), ('"photo"', "ignored is 'photo'")],
)
def test_columns_that_are_ignored_are_others_than_those_with_rules(ignored: str, problem: str) -> None:
    text = f'schema = "trimtab.contract/3"\n[table]\nignored = {ignored}\n[columns.iban]\ntype = "text"\n'
    with pytest.raises(ProblemsError, match=problem):
        parse_contract(text, at="c.toml")
