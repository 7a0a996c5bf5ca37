"""A contract's file: what people read, and what they are told when they get it wrong."""

from __future__ import annotations

import pytest

from trimtab.base.errors import ProblemsError, UnknownVersionError
from trimtab.data.contract import format_contract, parse_contract
from trimtab.data.kinds import ColumnType, Severity
from trimtab.data.problems import ContractSyntaxError
from trimtab.data.schema import Column, Contract, Range, Values
from trimtab.spec.project import Task

PAYMENTS = Contract(
    time="ts",
    key="tx id",
    label="is_fraud",
    task=Task.BINARY,
    zone="UTC",
    columns=(
        Column(name="ts", type=ColumnType.TIME),
        Column(name="tx id", type=ColumnType.TEXT),
        Column(
            name="amount",
            type=ColumnType.FLOAT,
            nullable=True,
            range=Range(minimum=0.01, maximum=1e22, because="seen 0.01 to 1e22 in 9,062 rows"),
            because="null in 3 rows of 9,062",
        ),
        Column(name="items", type=ColumnType.INTEGER, range=Range(minimum=0, maximum=None, outside=Severity.REFUSE)),
        Column(name="country", type=ColumnType.TEXT, values=Values(allowed=("DE", 'a "b"\\\n\x7f\u202e', "日本"))),
        Column(name="is_fraud", type=ColumnType.INTEGER, values=Values(allowed=(0, 1), outside=Severity.REFUSE)),
    ),
)

WRITTEN = """\
schema = "trimtab.contract/3"
time = "ts"
key = "tx id"
label = "is_fraud"
task = "binary"
zone = "UTC"

[columns.ts]
type = "time"

[columns."tx id"]
type = "text"

[columns.amount]
type = "float"
nullable = true
range = { min = 0.01, max = 1e+22, because = "seen 0.01 to 1e22 in 9,062 rows" }
because = "null in 3 rows of 9,062"

[columns.items]
type = "integer"
range = { min = 0, outside = "refuse" }

[columns.country]
type = "text"
values = { allowed = ["DE", "a \\"b\\"\\\\\\n\\U0000007f\\U0000202e", "日本"] }

[columns.is_fraud]   # the label: in training tables only
type = "integer"
values = { allowed = [0, 1], outside = "refuse" }
"""


def problems_of(text: str) -> list[str]:
    with pytest.raises(ProblemsError, match="TT1201") as caught:
        parse_contract(text, at="contract.toml")
    return [f"{problem.at}: {problem.problem} / {problem.fix}" for problem in caught.value.problems]


def test_a_contract_is_written_for_people() -> None:
    text = format_contract(PAYMENTS)
    assert text.endswith(WRITTEN)
    assert text.startswith("# What rows must be")


def test_what_was_written_reads_back_the_same() -> None:
    assert parse_contract(format_contract(PAYMENTS)) == PAYMENTS
    assert format_contract(parse_contract(format_contract(PAYMENTS))) == format_contract(PAYMENTS)


def test_a_file_with_windows_line_ends_is_read() -> None:
    assert parse_contract(WRITTEN.replace("\n", "\r\n")) == PAYMENTS


def test_an_edited_limit_is_believed() -> None:
    edited = WRITTEN.replace("max = 1e+22", 'max = 10, outside = "refuse"')
    limits = parse_contract(edited).column("amount").range
    assert limits is not None
    assert (limits.maximum, limits.outside) == (10.0, Severity.REFUSE)
    assert isinstance(limits.maximum, float)


def test_all_mistakes_come_together_with_their_lines() -> None:
    wrong = (
        WRITTEN.replace('time = "ts"', 'time = "tss"')
        .replace('task = "binary"', 'task = "binery"')
        .replace('zone = "UTC"', 'zone = "Mars/Base"')
        .replace('type = "float"', 'type = "flaot"')
        .replace("min = 0,", "min = 0.5,")
        .replace('日本"] }', '日本"], outsid = "note" }')
        .replace("[0, 1]", "[0, 0]")
    )
    found = problems_of(wrong)
    assert [line.split(":")[1] for line in found] == ["2", "5", "6", "15", "22", "26", "30"]
    assert "did you mean 'ts'?" in found[0]
    assert 'Did you mean "binary"?' in found[1]
    assert "'Mars/Base' is not a time zone" in found[2]
    assert "'flaot'" in found[3]
    assert 'Did you mean "float"?' in found[3]
    assert "0.5" in found[4]
    assert 'Did you mean "outside"?' in found[5]
    assert "twice" in found[6]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('schema = "trimtab.contract/3"\n', "", "does not say its schema"),
        ('label = "is_fraud"', 'labels = "is_fraud"', 'Did you mean "label"?'),
        ('label = "is_fraud"', 'label = "ts"', "the label 'ts' is also the time"),
        ('key = "tx id"', "key = 3", "key is 3, not the name of a column"),
        ('key = "tx id"', 'key = "amount"', "the key column 'amount' is of type float"),
        ('type = "time"', 'type = "text"', "the time column 'ts' is of type text"),
        ('type = "time"', 'type = "time"\nnullable = true', "the time column 'ts' is nullable"),
        ('type = "time"\n', "", "column 'ts' does not say its type"),
        ("nullable = true", 'nullable = "yes"', "nullable of column 'amount' is 'yes'"),
        ("min = 0.01", "min = nan", "min of column 'amount' is NaN"),
        ("min = 0.01", "min = true", "min of column 'amount' is true"),
        ("min = 0.01", "min = 1e30", "the range of column 'amount' is empty"),
        ("min = 0,", "min = 9223372036854775808,", "min of the integer column 'items' is 9223372036854775808"),
        ("min = 0, ", "", "the range of column 'items' has neither min nor max"),
        ('range = { min = 0, outside = "refuse" }', "range = [0, 1]", "the range of column 'items' is a list"),
        ('["DE", ', '[1, "DE", ', "holds 1, which is not of type text"),
        ("[0, 1]", "[]", "the list of values of column 'is_fraud' is missing or empty"),
        ('outside = "refuse"', 'outside = "warn"', "outside is 'warn'"),
        ('because = "null', 'becuse = "null', "column 'amount' says 'becuse'"),
        ('because = "null in 3 rows of 9,062"', "because = 3", "because is 3, not text"),
        ('type = "time"\n', 'type = "time"\nrange = { min = 0 }\n', "min of the time column 'ts': it is '0'"),
        ('type = "time"\n', 'type = "time"\n[x]\n', "the contract says 'x'"),
        ('type = "time"\n', 'type = "time"\nlength = { min = 0 }\n', "has no meaning for type time"),
        ('type = "time"\n', 'type = "time"\nvalues = { allowed = [1] }\n', "has no meaning for type time"),
        ('[columns."tx id"]', '[columns.""]', "a column has an empty name"),
    ],
)
def test_a_mistake_is_named(old: str, new: str, said: str) -> None:
    assert old in WRITTEN
    assert any(said in problem for problem in problems_of(WRITTEN.replace(old, new)))


def test_a_contract_without_columns_is_refused() -> None:
    assert "has no columns" in problems_of('schema = "trimtab.contract/3"\ntime = "a"\nlabel = "b"\n')[0]
    assert any(
        "column 'a' is not a table" in said for said in problems_of('schema = "trimtab.contract/3"\n[columns]\na = 1\n')
    )


def test_what_is_not_toml_is_named_with_its_line() -> None:
    with pytest.raises(ContractSyntaxError, match=r"contract\.toml:2: this is not TOML: Invalid value \[TT1202\]"):
        parse_contract('time = "ts"\nlabel = \n', at="contract.toml")


def test_another_version_is_refused() -> None:
    with pytest.raises(UnknownVersionError, match=r"says schema 'trimtab\.contract/1'"):
        parse_contract(WRITTEN.replace("contract/3", "contract/1"))


def test_the_features_are_all_columns_but_the_label_in_order() -> None:
    assert [column.name for column in PAYMENTS.features] == ["ts", "tx id", "amount", "items", "country"]
    with pytest.raises(KeyError, match="colour"):
        PAYMENTS.column("colour")


def test_a_column_without_a_name_is_told_once_and_not_as_the_time() -> None:
    assert problems_of('schema = "trimtab.contract/3"\n[columns.""]\ntype = "integer"\n') == [
        "contract.toml:2: a column has an empty name / Name the column in the table, and here."
    ]
