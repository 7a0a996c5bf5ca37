"""Fields of runs: versions in their order, values that every store can hold, figures that no record can."""

from __future__ import annotations

import itertools

import msgspec
import pytest

from trimtab.base.digest import digest_bytes
from trimtab.base.instants import Instant
from trimtab.records.environment import Environment
from trimtab.records.journal import Actor
from trimtab.records.run import FileRead, Run, RunState
from trimtab.records.run_fields import (
    FIXED,
    OPEN,
    Field,
    Kind,
    UnrecordableRunError,
    encode_run,
    environment_facts,
    file_facts,
    own_facts,
    value_of,
    version_key,
)

RUN = Run(
    run_id="run-1", project="p", kind="run", state=RunState.FINISHED, started_at=Instant(1), as_of=Instant(1),
    actor=Actor(kind="person", name="ada", authenticated="operating system user"),
)  # fmt: skip
ORDERED = [
    "0.9",
    "1.0.dev1",
    "1.0a1",
    "1.0b2",
    "1.0rc1",
    "1.0rc2",
    "1.0rc10",
    "1.0",
    "1.0.post1",
    "1.0.1",
    "1.2",
    "1.10",
]


def test_versions_are_in_the_order_of_their_numbers_and_drafts_before_the_release() -> None:
    keys = [version_key(version) for version in ORDERED]
    assert keys == sorted(keys)
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize(("one", "other"), [("2.1", "2.1.0"), ("v2.1", "2.1"), ("2.01", "2.1"), ("1.0RC1", "1.0rc1")])
def test_one_version_may_be_written_in_two_ways(one: str, other: str) -> None:
    assert version_key(one) == version_key(other)


def test_what_is_no_version_comes_before_all_that_are() -> None:
    assert version_key("unknown") < version_key("0")
    assert version_key("") < version_key("0.0.1")


def test_every_field_of_a_bare_run_can_be_asked_for() -> None:
    for name, fixed in FIXED.items():
        value = value_of(RUN, Field(name))
        assert value is None or isinstance(value, str | int | float)
        assert bool(fixed.choices) == (fixed.kind is Kind.CHOICE)
        assert value is None or not fixed.choices or value in fixed.choices
    for section in OPEN:
        assert value_of(RUN, Field(section, "x")) is None


def test_facts_are_the_values_of_the_open_sections() -> None:
    run = msgspec.structs.replace(
        RUN,
        metrics={"auc": 0.8},
        parameters={"depth": 6, "none": None, "huge": 2**64 - 1},
        outputs={"model": digest_bytes(b"m")},
        files={"a.csv": FileRead(content=digest_bytes(b"f"), size=1, kept=True)},
        environment=Environment(
            python="3.11.7", implementation="CPython", platform="Linux", machine="x86_64", processor="c", threads=2,
            packages={"numpy": "2.1"},
        ),
    )  # fmt: skip
    facts = own_facts(run) | environment_facts(run) | file_facts(run)
    fields = [Field("metrics", "auc"), Field("params", "depth"), Field("params", "huge"), Field("outputs", "model")]
    fields += [Field("files", "a.csv"), Field("env.packages", "numpy"), Field("env.python"), Field("env.threads")]
    for field in fields:
        assert facts[field.key] == value_of(run, field)
    assert "params.none" not in facts
    assert facts["params.huge"] == 2.0**64


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_a_figure_that_is_no_number_is_refused_and_not_lost(value: float) -> None:
    with pytest.raises(UnrecordableRunError, match="the metric 'loss' of run-1 is (nan|inf|-inf), which no record"):
        encode_run(msgspec.structs.replace(RUN, metrics={"loss": value}))
    with pytest.raises(UnrecordableRunError, match="the parameter 'rate' of run-1"):
        encode_run(msgspec.structs.replace(RUN, parameters={"rate": value}))


def test_no_two_fields_have_one_key() -> None:
    keys = [Field(name).key for name in FIXED] + [Field(section, "x").key for section in OPEN]
    assert all(one != other for one, other in itertools.combinations(keys, 2))
