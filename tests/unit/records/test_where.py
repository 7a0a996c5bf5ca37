"""The language of conditions: what it says, what it refuses, and where it points."""

from __future__ import annotations

from contextlib import suppress
from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimtab.base.instants import DAY, Instant, parse_instant
from trimtab.records.journal import Actor
from trimtab.records.run import Run, RunState, Scalar
from trimtab.records.run_fields import Field
from trimtab.records.where import AllOf, AnyOf, Compare, Not, Op, RunQuery, Where, format_where, holds, search
from trimtab.records.where_reader import MOST, WhereError, read_field, read_order, read_where
from trimtab.testing.conformance.run_queries import random_where

NOW = parse_instant("2026-03-10T12:00:00Z")


def read(text: str) -> Where:
    return read_where(text, now=NOW)


def a_run(**changed: object) -> Run:
    moment = parse_instant("2026-03-01T14:30:00Z")
    plain = Run(
        run_id="run-1", project="p", kind="run", state=RunState.FINISHED, started_at=moment, as_of=moment,
        actor=Actor(kind="person", name="ada", authenticated="operating system user"),
    )  # fmt: skip
    return msgspec.structs.replace(plain, **changed)


def is_true(text: str, **changed: object) -> bool:
    return holds(read(text), a_run(**changed))


def compare(field: Field, op: Op, *values: Scalar) -> Compare:
    return Compare(field=field, op=op, values=values)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("metrics.auc > .8", "metrics.auc > 0.8"),
        ("metric.auc==.8", "metrics.auc = 0.8"),
        ("metrics.`val auc` <> -1e3", "metrics.`val auc` != -1000.0"),
        ('metrics."val auc" < 3', "metrics.`val auc` < 3"),
        ("`metrics.val auc` < 3", "metrics.`val auc` < 3"),
        ("metrics.val/loss < 1_000", "metrics.val/loss < 1000"),
        ("params.max_depth = 6", "params.max_depth = 6"),
        ("parameters.model = lgbm", 'params.model = "lgbm"'),
        ("params.flag = TRUE", "params.flag = true"),
        ("params.x is not null", "params.x != null"),
        ("params.model NOT IN (a, 'b c', true, 3)", 'params.model not in ("a", "b c", true, 3)'),
        ("state=finished", 'state = "finished"'),
        ("verdict = pass", 'verdict = "PASS"'),
        ("env.packages.numpy >= 2.10", 'env.packages.numpy >= "2.10"'),
        ("code.commit = 12E4567", 'code.commit = "12e4567"'),
        ("data.table = AB12", 'data.table = "sha256:ab12"'),
        ("started > 7d ago", "started > 2026-03-03T12:00:00Z"),
        ("started <= '2026-03-01T10:00:00+02:00'", "started <= 2026-03-01T08:00:00Z"),
        ("user like 'a%' and not host ~ gpu", 'user like "a%" and not host ~ "gpu"'),
        ("user = 'o''brien'", 'user = "o\'brien"'),
        ("seconds > 1 or seconds < 2 and seed = 3", "seconds > 1 or seconds < 2 and seed = 3"),
        ("(seconds > 1 or seconds < 2) and seed = 3", "(seconds > 1 or seconds < 2) and seed = 3"),
        ("not (seed = 1 and seed = 2)", "not (seed = 1 and seed = 2)"),
    ],
)
def test_a_condition_is_read_as_it_is_meant(text: str, same: str) -> None:
    assert format_where(read(text)) == same
    assert read(same) == read(text)


def test_and_binds_closer_than_or() -> None:
    a, b, c = (compare(Field("seed"), Op.EQUAL, value) for value in (1, 2, 3))
    assert read("seed = 1 or seed = 2 and seed = 3") == AnyOf(parts=(a, AllOf(parts=(b, c))))
    assert read("not seed = 1 and seed = 2") == AllOf(parts=(Not(part=a), b))


def test_a_day_is_all_of_its_moments() -> None:
    assert is_true("started = 2026-03-01")
    assert not is_true("started != 2026-03-01")
    assert not is_true("started = 2026-03-02")
    assert is_true("started >= 2026-03-01 and started < 2026-03-02")
    assert not is_true("finished != 2026-03-01")
    assert is_true("finished != 2026-03-01", finished_at=Instant(NOW + DAY))


def test_a_comparison_with_what_a_run_does_not_have_is_false() -> None:
    for text in ("params.depth = 6", "params.depth != 6", "params.depth > 0", "params.depth not in (6)"):
        assert not is_true(text)
        assert not is_true(text, parameters={"depth": None})
    assert is_true("not params.depth = 6")
    assert is_true("params.depth = null")
    assert is_true("params.depth != 6", parameters={"depth": 7})


def test_a_number_is_no_text_and_true_is_no_number() -> None:
    depth = {"depth": 6}
    assert is_true("params.depth = 6.0", parameters=depth)
    assert not is_true("params.depth = '6'", parameters=depth)
    assert is_true("params.depth != '6'", parameters=depth)
    assert not is_true("params.depth > '5'", parameters=depth)
    assert not is_true("params.flag = 1", parameters={"flag": True})
    assert is_true("params.flag = true", parameters={"flag": True})
    assert not is_true("params.flag > 0", parameters={"flag": True})


def test_ids_and_digests_are_named_by_their_beginning() -> None:
    release = "sha256:" + "ab12" * 16
    assert is_true("run = run-")
    assert is_true("release = ab12ab", outputs={"release": release})
    assert is_true("outputs.release in (ffff, 'sha256:AB12')", outputs={"release": release})
    assert not is_true("release = b12a", outputs={"release": release})


def test_a_pattern_is_of_the_whole_text_and_a_part_is_anywhere_in_any_case() -> None:
    assert is_true("user like 'a_a'")
    assert not is_true("user like 'A%'")
    assert not is_true("user like 'd'")
    assert is_true("user ~ 'D'")
    assert is_true("problem like '50\n%'", problem="50\n%off")
    assert not is_true("params.depth ~ 6", parameters={"depth": 6})


@pytest.mark.parametrize(
    ("text", "column", "problem", "fix"),
    [
        ("", 1, "the condition is empty", "For example"),
        ("metics.auc > 1", 1, "runs have no field 'metics.auc'", "Did you mean metrics.auc?"),
        ("stat = failed", 1, "runs have no field 'stat'", "Did you mean state?"),
        ("metrics > 1", 1, "metrics is a group of fields", "metrics.NAME"),
        ("not (state=finishd or seed = 1)", 12, "no run has the state 'finishd'", "Did you mean finished?"),
        ("metrics.auc > high", 15, "metrics.auc is a number, and this is not", "For example"),
        ("metrics.auc > '0.8'", 15, "metrics.auc is a number", "For example"),
        ("seconds >", 10, "a value is missing at the end", "quotes"),
        ("seconds", 8, "behind seconds an operator is expected", "Operators"),
        ("seconds => 1", 10, "a value is missing before '>'", "quotes"),
        ("seed = 1 seed = 2", 10, "'seed' is not expected here", '"and" or "or"'),
        ("(seed = 1", 10, "a closing parenthesis is missing", '")"'),
        ("seed = 1)", 9, "')' is not expected here", "and"),
        ("user = 'ada", 8, "this quote is not closed", "'"),
        ("started > yesterday", 11, "'yesterday' is not a time", "7d ago"),
        ("release > ab", 9, "release cannot be compared by '>'", "Use ="),
        ("state like 'f%'", 7, "state cannot be compared by 'like'", "running, finished, failed"),
        ("seconds ~ 1", 9, "seconds cannot be compared by '~'", "no text"),
        ("seed in 1", 9, "a list in parentheses is expected", "seed in (1, 2)"),
        ("seed in ()", 10, "a value is missing before ')'", "quotes"),
        ("seed > null", 8, "null is not compared by '>'", "= null"),
        ("seed not 1", 10, '"not" behind a field', "like"),
        ("and seed = 1", 1, "a field is missing before 'and'", "metrics.auc"),
        ("seed = 1e999", 8, "this number is too large", "No run"),
        ("release = ''", 11, "release is compared with nothing", "beginning"),
        ("seed ! 1", 6, "'!' means nothing here", "quotes"),
    ],
)
def test_a_mistake_is_named_with_its_column_and_a_way_out(text: str, column: int, problem: str, fix: str) -> None:
    with pytest.raises(WhereError, match="TT1375") as caught:
        read(text)
    assert caught.value.problem.startswith(problem)
    assert caught.value.at == f"--where, column {column}"
    shown, caret, way = caught.value.fix.split("\n")
    assert shown == text
    assert caret.strip(" ^") == ""
    assert caret.index("^") - 2 == column - 1
    assert fix in way


def test_a_long_condition_is_shown_around_its_mistake() -> None:
    text = " and ".join(["seed = 1"] * 60) + " and sed = 1 and " + " and ".join(["seed = 1"] * 60)
    with pytest.raises(WhereError, match="runs have no field 'sed'") as caught:
        read(text)
    shown, caret, _ = caught.value.fix.split("\n")
    assert len(shown) < 130
    assert shown[caret.index("^") - 2 :].startswith("sed = 1")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("(" * 5_000, "nested too deep"),
        ("not " * 3_000 + "seed = 1", "nested too deep"),
        ("x" * 30_000, "30,000 characters"),
        (" or ".join(["seed = 1"] * (MOST + 1)), "compares with too many values"),
        ("seed = " + "9" * 400, "too large"),
    ],
)
def test_what_would_take_too_much_is_refused(text: str, problem: str) -> None:
    with pytest.raises(WhereError, match=problem):
        read(text)


@given(st.randoms(use_true_random=False))
def test_every_condition_reads_back_as_it_was(chance: Random) -> None:
    where = random_where(chance, depth=3)
    assert read(format_where(where)) == where


@given(st.text(alphabet=st.sampled_from(list("ametrics.uc<>=!~()'\"`,% 0189-eandornotilk_\n\tß")), max_size=60))
def test_any_text_is_a_condition_or_a_named_mistake(text: str) -> None:
    with suppress(WhereError):
        where = read(text)
        assert read(format_where(where)) == where


def test_fields_and_orders_are_read_alike() -> None:
    assert read_field("metric.auc") == Field("metrics", "auc")
    assert read_field("started_at") == Field("started")
    assert read_field("env.package.numpy") == Field("env.packages", "numpy")
    first, second, third = read_order("-metrics.auc, +started,`metrics.a,b`")
    assert (first.field, first.descending) == (Field("metrics", "auc"), True)
    assert (second.field, second.descending) == (Field("started"), False)
    assert third.field == Field("metrics", "a,b")
    assert read_order("") == ()
    with pytest.raises(WhereError, match="runs have no field 'metrics'|metrics is a group"):
        read_order("-metrics")


def test_runs_without_a_field_come_last_in_both_directions() -> None:
    runs = [
        a_run(run_id="none"),
        a_run(run_id="text", parameters={"x": "a"}),
        a_run(run_id="two", parameters={"x": 2}),
        a_run(run_id="one", parameters={"x": 1.0}),
        a_run(run_id="true", parameters={"x": True}),
    ]
    up = [row.run_id for row in search(RunQuery(order=read_order("params.x")), runs)]
    down = [row.run_id for row in search(RunQuery(order=read_order("-params.x")), runs)]
    assert up == ["one", "two", "text", "true", "none"]
    assert down == ["true", "text", "two", "one", "none"]


def test_what_is_equal_stays_in_the_order_of_starts() -> None:
    runs = [a_run(run_id=name, seed=seed) for name, seed in (("c", 1), ("b", 2), ("a", 1))]
    assert [row.run_id for row in search(RunQuery(order=read_order("-seed")), runs)] == ["b", "c", "a"]
    assert [row.run_id for row in search(RunQuery(order=read_order("seed")), runs)] == ["c", "a", "b"]


def test_a_run_whose_process_is_gone_is_found_as_failed() -> None:
    running = a_run(state=RunState.RUNNING)
    query = RunQuery(where=read("state = failed"), columns=(Field("state"),), dead=frozenset({"run-1"}))
    assert search(query, [running])[0].values == ("failed",)
    assert search(RunQuery(where=read("state = failed")), [running]) == []
