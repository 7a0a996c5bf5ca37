"""What a step's own code logs is there after kill -9, from any thread and process, and never makes a notebook fail."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import threading
from array import array
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import trimtab
from trimtab.app.tracking import LoggedValueError
from trimtab.base.digest import digest_bytes
from trimtab.drivers.run_log import RUN_LOG, RunLogError
from trimtab.drivers.run_log.reading import LONGEST_LINE, read_log
from trimtab.records.series import pack_series, read_series

FileSizeLimit = Callable[[int], AbstractContextManager[None]]


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The log of a step that is running in this process."""
    path = tmp_path / "run.log"
    monkeypatch.setenv(RUN_LOG, str(path))
    return path


def run_script(code: str, log: Path | None, *arguments: str) -> subprocess.CompletedProcess[str]:
    surroundings = {**os.environ, RUN_LOG: str(log)} if log else {k: v for k, v in os.environ.items() if k != RUN_LOG}
    return subprocess.run([sys.executable, "-c", code, *arguments], env=surroundings, capture_output=True, text=True)


def test_the_last_value_is_the_metric_and_all_of_them_are_its_curve(log: Path) -> None:
    trimtab.log_param("depth", 6)
    for step in range(3):
        trimtab.log_metric("loss", 1 / (step + 1), step=step * 10)
    trimtab.log_metric("auc", 0.81)
    logged = read_log(log)
    assert logged.parameters == {"depth": 6}
    assert logged.metrics == {"loss": 1 / 3, "auc": 0.81}
    assert logged.series["loss"].steps == array("q", [0, 10, 20])
    assert logged.series["loss"].values == array("d", [1.0, 0.5, 1 / 3])
    times = logged.series["loss"].times
    assert sorted(times) == list(times)
    assert datetime.fromtimestamp(times[0] / 1e6, UTC).year > 2020
    assert logged.notes == ()


def test_nothing_was_logged_where_there_is_no_file(tmp_path: Path) -> None:
    logged = read_log(tmp_path / "none.log")
    assert (logged.parameters, logged.metrics, logged.series, logged.notes) == ({}, {}, {}, ())


class Tensor:
    """What libraries of tensors hand out: one number behind ``item``."""

    def item(self) -> float:
        return 0.25


@pytest.mark.parametrize(
    "value",
    [
        0.25,
        np.float64(0.25),
        np.float32(0.25),
        np.array(0.25),
        np.array([0.25]),
        Fraction(1, 4),
        Decimal("0.25"),
        Tensor(),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_number_of_any_library_is_a_metric(log: Path, value: Any) -> None:
    trimtab.log_metric("x", value, step=np.int64(3))
    assert read_log(log).metrics == {"x": 0.25}
    assert read_log(log).series["x"].steps[0] == 3


def test_whole_numbers_and_truth_are_metrics(log: Path) -> None:
    for name, value in (("count", 3), ("large", 2**70), ("converged", True), ("flag", np.bool_(True))):
        trimtab.log_metric(name, value)
    assert read_log(log).metrics == {"count": 3.0, "large": 2.0**70, "converged": 1.0, "flag": 1.0}


def test_nan_and_infinity_are_part_of_the_curve_and_said_where_they_are_last(log: Path) -> None:
    for value in (0.5, math.nan, math.inf, -math.inf):
        trimtab.log_metric("loss", value)
    trimtab.log_metric("rate", math.nan)
    trimtab.log_metric("rate", 0.1)
    logged = read_log(log)
    assert logged.metrics == {"rate": 0.1}
    first, second, third, fourth = logged.series["loss"].values
    assert (first, math.isnan(second), third, fourth) == (0.5, True, math.inf, -math.inf)
    assert logged.notes == ("the metric 'loss' ended as -inf, which a metric of a record cannot be; its series has it",)


@pytest.mark.parametrize(
    ("value", "recorded"),
    [
        ("lgbm", "lgbm"),
        ("", ""),
        (6, 6),
        (0.1, 0.1),
        (True, True),
        (None, None),
        (np.int32(6), 6),
        (np.float64(0.1), 0.1),
        (np.bool_(False), False),
        (np.str_("a"), "a"),
        ([64, 32], "[64, 32]"),
        ((1, "ß"), '[1, "ß"]'),
        ({"a": np.float64(0.5)}, '{"a": 0.5}'),
        (Path("data/a.csv"), "data/a.csv"),
        (date(2026, 3, 1), "2026-03-01"),
        (2**64, str(2**64)),
        (math.inf, "inf"),
    ],
    ids=repr,
)
def test_a_parameter_is_recorded_as_what_it_is(log: Path, value: Any, recorded: Any) -> None:
    trimtab.log_param("x", value)
    (found,) = read_log(log).parameters.values()
    assert found == recorded
    assert type(found) is type(recorded)


@pytest.mark.parametrize("name", ["val auc", "val/loss", "größe", "精度", "📉", 'a"b', "a\\b", "x" * 250, "{}"])
def test_a_name_may_be_any_text_on_one_line(log: Path, name: str) -> None:
    trimtab.log_metric(name, 0.5)
    trimtab.log_param(name, "x")
    logged = read_log(log)
    assert logged.metrics == {name: 0.5}
    assert logged.parameters == {name: "x"}


@pytest.mark.parametrize(
    ("call", "problem"),
    [
        (lambda: trimtab.log_metric("auc", "0.8"), "the metric 'auc' is no number: str '0.8'"),
        (lambda: trimtab.log_metric("auc", None), "is no number: NoneType None"),
        (lambda: trimtab.log_metric("auc", [0.8]), "is no number: list"),
        (lambda: trimtab.log_metric("auc", np.array([1.0, 2.0])), "is no number: ndarray"),
        (lambda: trimtab.log_metric("auc", 1j), "is no number: complex"),
        (lambda: trimtab.log_metric("auc", 10**400), "is no number: int"),
        (lambda: trimtab.log_metric("auc", 0.8, step=0.5), "the step float 0.5 of the metric 'auc'"),  # type: ignore[arg-type]
        (lambda: trimtab.log_metric("auc", 0.8, step=2**64), "no whole number of 64 bits"),
        (lambda: trimtab.log_metric("", 0.8), "'' is no name"),
        (lambda: trimtab.log_metric("a\nb", 0.8), "is no name"),
        (lambda: trimtab.log_metric("x" * 251, 0.8), "is no name"),
        (lambda: trimtab.log_metric(0.8, "auc"), "is no number"),  # type: ignore[arg-type]
        (lambda: trimtab.log_param(3, "x"), "the name 3 is no text"),  # type: ignore[arg-type]
        (lambda: trimtab.log_param("x", object()), "the parameter 'x' cannot be recorded: object"),
        (lambda: trimtab.log_param("x", {1: object()}), "cannot be recorded: dict"),
        (lambda: trimtab.log_param("x", b"bytes"), "cannot be recorded: bytes"),
        (lambda: trimtab.log_param("x", "\ud800"), "cannot be recorded: str"),
        (lambda: trimtab.log_param("x", "a" * 16_001), "has 16,001 characters"),
        (lambda: trimtab.log_param("x", 10**5000), "the parameter 'x' cannot be recorded: int"),
    ],
)
@pytest.mark.parametrize("recorded", [True, False])
def test_what_cannot_be_logged_is_refused_in_a_run_and_outside_of_one(
    log: Path, monkeypatch: pytest.MonkeyPatch, call: Callable[[], None], problem: str, recorded: bool
) -> None:
    if not recorded:
        monkeypatch.delenv(RUN_LOG)
    with pytest.raises(LoggedValueError, match="TT1378") as caught:
        call()
    assert problem in caught.value.problem
    assert not log.exists() or log.read_bytes() == b""


def test_secrets_are_digests_before_they_reach_the_disk(log: Path) -> None:
    trimtab.log_param("api_key", "abc-123-xyz")
    trimtab.log_param("url", "postgresql://ada:abc-123-xyz@host/db")
    assert b"abc-123-xyz" not in log.read_bytes()
    assert read_log(log).parameters["api_key"] == digest_bytes(b"abc-123-xyz")


def test_a_parameter_that_changes_says_so(log: Path) -> None:
    trimtab.log_param("rate", 0.1)
    trimtab.log_param("rate", 0.1)
    assert read_log(log).notes == ()
    trimtab.log_param("rate", 0.2)
    assert read_log(log).parameters == {"rate": 0.2}
    assert read_log(log).notes == ("the parameter 'rate' was logged with several values; the last counts",)


# ── where no run is recorded ─────────────────────────────────────────────────────────────────────────────────────────


def test_a_notebook_goes_on_and_is_told_once_that_nothing_is_kept() -> None:
    done = run_script(
        "import trimtab\nfor i in range(3):\n    trimtab.log_metric('a', i)\n    trimtab.log_param('b', i)", None
    )
    assert done.returncode == 0
    assert done.stdout == ""
    assert done.stderr == (
        "trimtab: no run is recorded here, so log_metric and log_param keep nothing (this is said once)\n"
    )


def test_logging_loads_nothing_heavy(tmp_path: Path) -> None:
    code = "import trimtab, sys; trimtab.log_metric('a', 1); trimtab.log_param('b', 2)\n"
    code += "print([name for name in ('msgspec', 'numpy', 'polars', 'click', 'sqlite3') if name in sys.modules])"
    assert run_script(code, tmp_path / "run.log").stdout == "[]\n"


# ── at once, and after a kill ────────────────────────────────────────────────────────────────────────────────────────

WRITER = """
import sys, threading, trimtab

def write(name):
    for step in range(200):
        trimtab.log_metric(name, step, step=step)

threads = [threading.Thread(target=write, args=(f"{sys.argv[1]}-{number}",)) for number in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""


def test_nothing_is_lost_or_mixed_between_threads_and_processes(tmp_path: Path) -> None:
    log = tmp_path / "run.log"
    surroundings = {**os.environ, RUN_LOG: str(log)}
    children = [subprocess.Popen([sys.executable, "-c", WRITER, name], env=surroundings) for name in "abcd"]
    assert [child.wait() for child in children] == [0] * 4
    logged = read_log(log)
    assert len(logged.series) == 16
    assert all(list(series.steps) == list(range(200)) for series in logged.series.values())
    assert logged.notes == ()


FORKING = """
import os, threading, trimtab
trimtab.log_metric("before", 1)
go = True
def hold():
    while go:
        trimtab.log_metric("thread", 1)
thread = threading.Thread(target=hold); thread.start()
for number in range(20):
    child = os.fork()
    if not child:
        trimtab.log_metric("child", number)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
go = False; thread.join()
"""


def test_a_child_that_was_forked_while_another_thread_wrote_can_write(tmp_path: Path) -> None:
    log = tmp_path / "run.log"
    done = run_script(FORKING, log)
    assert done.returncode == 0, done.stderr
    assert list(read_log(log).series["child"].values) == list(range(20))


ENDLESS = """
import trimtab
number = 0
while True:
    trimtab.log_metric("step", number, step=number)
    trimtab.log_param(f"p{number}", "x" * 200)
    print(number, flush=True)
    number += 1
"""


def test_what_was_logged_before_kill_minus_nine_is_there(tmp_path: Path) -> None:
    log = tmp_path / "run.log"
    told = -1
    for _ in range(4):
        surroundings = {**os.environ, RUN_LOG: str(log)}
        with subprocess.Popen(
            [sys.executable, "-c", ENDLESS], env=surroundings, stdout=subprocess.PIPE, text=True
        ) as child:
            assert child.stdout is not None
            lines = [child.stdout.readline() for _ in range(300)]
            child.kill()
            told = max(told, int(lines[-1]))
        logged = read_log(log)
        assert set(range(told + 1)) <= set(logged.series["step"].steps)
        assert {f"p{number}" for number in range(told + 1)} <= set(logged.parameters)


def test_half_a_line_costs_nobody_elses(log: Path) -> None:
    trimtab.log_metric("auc", 0.8)
    whole = log.read_bytes()
    for cut in range(1, len(whole)):
        log.write_bytes(whole + whole[:cut])
        with log.open("ab") as file:
            file.write(b'\n{"metric":"after","value":1}\n')
        logged = read_log(log)
        assert logged.metrics["after"] == 1.0
        assert logged.metrics["auc"] == 0.8
        assert len(logged.notes) <= 1
    log.write_bytes(whole + whole[: len(whole) // 2])
    assert read_log(log).notes == (
        "1 line of the log could not be read: a process was killed while it wrote, or is no logger",
    )


@pytest.mark.parametrize(
    "line",
    [
        b"not json", b"[]", b"{}", b'{"metric": "a"}', b'{"metric": "", "value": 1}', b'{"metric": "a", "value": "x"}',
        b'{"metric": "a", "value": null}', b'{"metric": "a", "parameter": "b", "value": 1}', b'{"value": 1}',
        b"\xff\xfe", b'{"metric": "a", "value": 1, "step": 1.5}', b"{",
        b'{"metric": "a", "value": 1, "step": 99999999999999999999}',
        b'{"metric": "a", "value": 1, "at": -1}', b'"' + b"x" * (LONGEST_LINE + 100) + b'"',
        b'{"metric": "a", "value": 1%s}' % (b"0" * 400), b'{"metric": "a", "value": -1%s}' % (b"0" * 400),
        b'{"metric": "a", "value": 1%s}' % (b"0" * 5_000), b'{"metric": "a", "value": 1e400}',
        b'{"parameter": "a", "value": 1%s}' % (b"0" * 5_000), b'{"parameter": "a", "value": NaN}',
        b'{"metric": "a", "value": 1, "step": 1%s}' % (b"0" * 400), b'{"metric": "a", "value": 1, "at": 1e30}',
        b'{"metric": NaN, "value": 1}', b'{"metric": "\\ud800", "value": 1}', b'{"parameter": "a", "value": "\\ud800"}',
        b'{"x":' * 100_000,
    ],
    ids=lambda line: line[:40],
)  # fmt: skip
def test_a_line_that_is_no_record_is_counted_and_the_others_are_read(tmp_path: Path, line: bytes) -> None:
    log = tmp_path / "run.log"
    log.write_bytes(b'{"metric": "before", "value": 1}\n' + line + b'\n{"metric": "after", "value": 2}\n')
    logged = read_log(log)
    assert logged.metrics == {"before": 1.0, "after": 2.0}
    assert logged.notes[0].startswith("1 line of the log could not be read")


SCALARS = st.one_of(
    st.integers(), st.integers().map(lambda number: number * 10**400), st.floats(), st.text(max_size=5), st.booleans(),
    st.none(), st.sampled_from(["NaN", "Infinity", "-inf", 2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 2**70, 10**4_299]),
    st.lists(st.integers(), max_size=2),
)  # fmt: skip
RECORDS = st.dictionaries(st.sampled_from(["metric", "parameter", "value", "step", "at", "more"]), SCALARS)
ANY_TEXT = st.characters(exclude_categories=())  # half surrogate pairs, too
LINES = st.one_of(
    RECORDS.map(json.dumps).map(str.encode),
    st.fixed_dictionaries(
        {"metric": st.text(ANY_TEXT, min_size=1, max_size=2), "value": SCALARS},
        optional={"step": SCALARS, "at": SCALARS},
    ).map(lambda record: json.dumps(record).encode()),
    st.fixed_dictionaries({"parameter": st.text(ANY_TEXT, min_size=1, max_size=2), "value": SCALARS}).map(
        lambda record: json.dumps(record).encode()
    ),
    st.binary(max_size=40),
)


@given(st.lists(LINES, max_size=8))
@settings(deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_a_log_holds_it_is_read_and_can_be_recorded(tmp_path: Path, lines: list[bytes]) -> None:
    log = tmp_path / "run.log"
    log.write_bytes(
        b'{"metric": "before all", "value": 1}\n' + b"\n".join(lines) + b'\n{"metric": "last", "value": 2}\n'
    )
    logged = read_log(log)
    assert (logged.metrics["before all"], logged.metrics["last"]) == (1.0, 2.0)
    assert all(map(math.isfinite, logged.metrics.values()))
    again = read_series(pack_series(logged.series))
    assert {name: one.values.tobytes() for name, one in again.items()} == {
        name: one.values.tobytes() for name, one in logged.series.items()
    }
    assert msgspec.json.decode(msgspec.json.encode(logged.parameters)) == logged.parameters


def test_a_whole_number_beyond_64_bits_is_the_text_that_log_param_writes(tmp_path: Path) -> None:
    log = tmp_path / "run.log"
    log.write_bytes(b'{"parameter": "large", "value": %d}\n{"parameter": "small", "value": %d}\n' % (2**70, -(2**63)))
    assert read_log(log).parameters == {"large": str(2**70), "small": -(2**63)}


def test_a_script_of_another_language_can_log(tmp_path: Path) -> None:
    log = tmp_path / "run.log"
    line = """echo '{"metric": "auc", "value": 0.81}' >> "$TRIMTAB_RUN_LOG" """
    subprocess.run(["sh", "-c", line], env={**os.environ, RUN_LOG: str(log)}, check=True)
    assert read_log(log).metrics == {"auc": 0.81}


def test_logs_of_several_steps_are_read_as_one(tmp_path: Path) -> None:
    first, second = tmp_path / "1.log", tmp_path / "2.log"
    first.write_bytes(b'{"metric": "loss", "value": 1}\n')
    second.write_bytes(b'{"metric": "loss", "value": 0.5}\n{"parameter": "depth", "value": 6}\n')
    logged = read_log(first, tmp_path / "none.log", second)
    assert list(logged.series["loss"].steps) == [0, 1]
    assert (logged.metrics, logged.parameters) == ({"loss": 0.5}, {"depth": 6})


# ── which log, and disks that say no ─────────────────────────────────────────────────────────────────────────────────


def test_each_step_has_its_own_log_in_one_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_before = len(list(Path("/dev/fd").iterdir()))
    for name in ("a", "b", "a", *(str(number) for number in range(20))):
        monkeypatch.setenv(RUN_LOG, str(tmp_path / name))
        trimtab.log_metric(name, 1)
    assert set(read_log(tmp_path / "a").series) == {"a"}
    assert len(read_log(tmp_path / "a").series["a"]) == 2
    assert set(read_log(tmp_path / "b").series) == {"b"}
    assert len(list(Path("/dev/fd").iterdir())) <= open_before + 1


def test_many_threads_may_write_while_the_log_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stop, failed = threading.Event(), list[BaseException]()
    monkeypatch.setenv(RUN_LOG, str(tmp_path / "0"))

    def write() -> None:
        try:
            while not stop.is_set():
                trimtab.log_metric("x", 1)
        except (OSError, trimtab.TrimtabError) as error:
            failed.append(error)

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(60):
        monkeypatch.setenv(RUN_LOG, str(tmp_path / str(number)))
        trimtab.log_metric("mine", number)
    stop.set()
    for thread in threads:
        thread.join()
    assert failed == []
    for number in range(60):
        logged = read_log(tmp_path / str(number))
        assert logged.metrics["mine"] == number
        assert logged.notes == ()


def test_a_log_whose_folder_is_gone_is_named_and_not_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(RUN_LOG, str(tmp_path / "gone" / "run.log"))
    with pytest.raises(RunLogError, match="the run's log cannot be written: No such file or directory") as caught:
        trimtab.log_metric("auc", 0.8)
    assert "unset it" in caught.value.fix


def test_a_full_disk_is_named_and_what_was_there_stays(log: Path, file_size_limit: FileSizeLimit) -> None:
    trimtab.log_metric("auc", 0.8)
    with file_size_limit(log.stat().st_size + 20), pytest.raises(RunLogError, match="cannot be written"):
        trimtab.log_metric("lost", 0.8)
    trimtab.log_metric("after", 0.9)
    logged = read_log(log)
    assert logged.metrics == {"auc": 0.8, "after": 0.9}


def test_the_log_is_for_its_owner_only(log: Path) -> None:
    trimtab.log_metric("auc", 0.8)
    assert log.stat().st_mode & 0o777 == 0o600
