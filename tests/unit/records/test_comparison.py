"""Runs side by side: what differs is a line, what is the same is a number."""

from __future__ import annotations

import msgspec

from trimtab.base.digest import digest_bytes
from trimtab.base.instants import Instant
from trimtab.base.verdict import Verdict
from trimtab.records.comparison import Line, changed_files, compare
from trimtab.records.environment import Environment, Package
from trimtab.records.journal import Actor
from trimtab.records.run import Code, FileRead, Run, RunState, StepRun, StepState
from trimtab.records.source import SourceFile, SourceTree

ENVIRONMENT = Environment(
    python="3.11.7", implementation="CPython", platform="Linux", machine="x86_64", processor="c", threads=2,
    instructions=("avx2",), thread_limits={"OMP_NUM_THREADS": "1"}, packages={"numpy": "2.1", "polars": "1.30"},
    installed={"numpy": Package(version="2.1", record=digest_bytes(b"n")), "six": Package(version="1.0")},
)  # fmt: skip
STEP = StepRun(step="train", state=StepState.RAN, because="first", key=digest_bytes(b"k"), output=digest_bytes(b"o"))
RUN = Run(
    run_id="a", project="p", kind="run", state=RunState.FINISHED, started_at=Instant(1), as_of=Instant(1),
    actor=Actor(kind="person", name="ada", authenticated="operating system user"),
    code=Code(source=digest_bytes(b"s"), commit="c" * 40, branch="main"), environment=ENVIRONMENT,
    parameters={"depth": 6, "flag": True}, metrics={"auc": 0.8}, verdict=Verdict.PASS,
    files={"a.csv": FileRead(content=digest_bytes(b"f"), size=1, kept=True)},
    steps=(STEP,),
    outputs={"train": digest_bytes(b"o"), "model": digest_bytes(b"m")},
)  # fmt: skip


def other(**changed: object) -> Run:
    return msgspec.structs.replace(RUN, run_id="b", **changed)


def tree(**files: bytes) -> SourceTree:
    return SourceTree(
        files={f"{name}.py": SourceFile(content=digest_bytes(content)) for name, content in files.items()}
    )


def lines(one: Run, two: Run, section: str) -> dict[str, Line]:
    found = compare([one, two], [None, None]).section(section)
    return {line.name: line for line in found.different}


def test_equal_runs_differ_in_nothing_but_when_they_ran() -> None:
    compared = compare([RUN, other(started_at=Instant(5))], [None, None])
    assert not compared.differs
    assert [line.name for line in compared.section("circumstances").different] == ["started"]
    assert compared.section("environment").same == 13
    assert compared.section("parameters").same == 3
    assert compared.section("steps").same == 3


def test_each_difference_is_a_line_with_the_value_of_each_run() -> None:
    found = lines(RUN, other(parameters={"depth": 8, "rate": 0.1, "flag": True}), "parameters")
    assert found["depth"].values == (6, 8)
    assert found["rate"].values == (None, 0.1)
    assert "flag" not in found
    assert (found["depth"].kind, found["rate"].kind) == ("number", "number")


def test_true_is_not_one() -> None:
    assert lines(RUN, other(parameters={"depth": 6, "flag": 1}), "parameters")["flag"].values == (True, 1)


def test_a_package_changed_in_place_is_told_from_one_of_another_version() -> None:
    edited = msgspec.structs.replace(
        ENVIRONMENT,
        packages={"numpy": "2.1", "polars": "1.31"},
        installed={"numpy": Package(version="2.1", record=digest_bytes(b"edited")), "six": Package(version="1.0")},
        instructions=("avx2", "avx512f"),
        thread_limits={},
    )
    found = lines(RUN, other(environment=edited), "environment")
    assert found["package polars"].values == ("1.30", "1.31")
    assert found["files of numpy"].kind == "digest"
    assert found["instructions avx512f"].values == (None, True)
    assert found["limit OMP_NUM_THREADS"].values == ("1", None)
    assert "package numpy" not in found


def test_changed_files_of_the_source_are_named_if_every_tree_is_known() -> None:
    one, two = tree(pipeline=b"1", same=b"s"), tree(pipeline=b"2", same=b"s", helper=b"h")
    assert changed_files([one, two]) == ("helper.py", "pipeline.py")
    section = compare([RUN, other()], [one, two]).section("code")
    assert [line.name for line in section.different] == ["file pipeline.py", "file helper.py"]
    assert section.notes == ()


def test_a_source_that_is_not_kept_is_said_and_not_taken_for_empty() -> None:
    section = compare([RUN, other()], [tree(pipeline=b"1"), None]).section("code")
    assert section.different == ()
    assert section.notes == ("the source of b is not kept here, so files are not compared",)
    assert changed_files([tree(pipeline=b"1"), None]) == ()


def test_a_step_is_compared_by_what_it_was_given_and_what_it_made() -> None:
    step = msgspec.structs.replace(
        RUN.steps[0], inputs={"features": digest_bytes(b"i")}, reads={"a.csv": digest_bytes(b"x")}
    )
    found = lines(RUN, other(steps=(step,)), "steps")
    assert set(found) == {"train: input features", "train: read a.csv"}


def test_a_step_whose_result_was_kept_is_the_same_step() -> None:
    kept = msgspec.structs.replace(STEP, state=StepState.KEPT, made_by="a", seconds=0.0, attempts=2)
    compared = compare([RUN, other(steps=(kept,))], [None, None])
    assert not compared.differs
    (line,) = compared.section("circumstances").different
    assert (line.name, line.values) == ("step train", ("ran", "kept, tried 2 times"))
    failed = msgspec.structs.replace(STEP, state=StepState.FAILED, output=None)
    assert lines(RUN, other(steps=(failed,)), "steps")["train"].values == ("done", "failed")


def test_a_run_that_has_nothing_is_beside_one_that_has_all() -> None:
    bare = Run(
        run_id="bare", project="p", kind="run", state=RunState.RUNNING, started_at=Instant(1), as_of=Instant(1),
        actor=RUN.actor,
    )  # fmt: skip
    compared = compare([bare, RUN, RUN], [None, None, None])
    assert all(line.values[0] is None for line in compared.section("environment").different)
    assert compared.section("results").different[0].values == ("running", "finished", "finished")
    assert [line.name for line in compared.section("results").different] == ["state", "verdict", "model"]
