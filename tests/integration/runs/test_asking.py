"""Runs are listed, found by name, shown and set side by side as a person asks for them."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result

from tests.integration.runs.recorded import CODE, Recorded, recorded
from trimtab.app.compare_runs import compare_runs
from trimtab.app.home import Home
from trimtab.app.runs import KILLED, Asked, as_it_is, find_run, list_runs, newest_release, run_of_release
from trimtab.base.digest import digest_bytes
from trimtab.base.errors import InputError, NotFoundError
from trimtab.base.verdict import Verdict
from trimtab.cli.main import cli, main
from trimtab.records.ports import Records
from trimtab.records.run import Run, RunState
from trimtab.records.where_reader import WhereError


@pytest.fixture
def project(tmp_path: Path) -> Recorded:
    return recorded(tmp_path)


@pytest.fixture
def three(project: Recorded) -> Recorded:
    """Three runs: the second failed its gates, the third has another depth."""
    project.put(1)
    project.put(2, verdict=Verdict.FAIL, outputs={})
    project.put(3, parameters={"depth": 8, "rate": 0.1})
    return project


def command(project: Recorded, *words: str) -> Result:
    return CliRunner().invoke(cli, [*words, "--project", str(project.folder)], catch_exceptions=False)


def document(project: Recorded, *words: str) -> Any:
    done = command(project, *words, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def ids(project: Recorded, **asked: Any) -> list[str]:
    return [row.run_id[-1] for row in list_runs(project.home, Asked(**asked)).rows]


# ── lists ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_project_without_runs_has_an_empty_list(project: Recorded) -> None:
    assert ids(project) == []
    assert command(project, "runs").output.splitlines()[0].split()[:2] == ["run", "kind"]
    assert document(project, "runs") == {"schema": "trimtab.runs/1", "runs": [], "total": 0}


def test_the_newest_run_is_first_unless_they_are_sorted(three: Recorded) -> None:
    assert ids(three) == ["3", "2", "1"]
    assert ids(three, sort="metrics.auc") == ["1", "2", "3"]
    assert ids(three, sort="-params.rate") == ["3", "2", "1"]
    assert ids(three, sort="params.depth,-metrics.auc") == ["2", "1", "3"]


def test_runs_are_found_by_conditions(three: Recorded) -> None:
    assert ids(three, where="metrics.auc > .81 and params.depth = 6") == ["2"]
    assert ids(three, where="verdict = pass", limit=1) == ["3"]
    assert ids(three, where="env.packages.numpy >= 2.1 and user = ada and code.commit = 11") == ["1"]


def test_a_list_shows_what_was_asked_about(three: Recorded) -> None:
    shown = command(three, "runs", "--where", "metrics.auc > 0", "--sort", "-params.depth").output
    assert shown.splitlines()[0].split()[-2:] == ["params.depth", "metrics.auc"]
    assert "0.83" in shown
    only = command(three, "runs", "--columns", "params.rate,seconds").output.splitlines()
    assert only[0].split() == ["run", "params.rate", "seconds"]
    assert only[2].split() == ["run-20260303-aa03", "0.1", "2", "s"]


def test_a_machine_gets_the_whole_records_and_how_many_there_are(three: Recorded) -> None:
    found = document(three, "runs", "--limit", "1")
    assert found["total"] == 3
    assert found["runs"][0]["schema"] == "trimtab.run/2"
    assert found["runs"][0]["metrics"] == {"auc": 0.8 + 3 / 100}
    assert len(document(three, "runs")["runs"]) == 3


def test_a_name_that_no_run_has_is_said_with_the_nearest(three: Recorded) -> None:
    found = list_runs(three.home, Asked(where="metrics.aucc > 0", sort="params.dept"))
    assert found.rows == []
    assert set(found.notes) == {
        "no run has metrics.aucc; near it: metrics.auc",
        "no run has params.dept; near it: params.depth, params.rate",
    }
    assert list_runs(three.home, Asked(where="metrics.auc > 5")).notes == ()


def test_a_number_in_quotes_is_said_where_nothing_was_found(three: Recorded) -> None:
    three.put(4, parameters={"kind": "10"})
    assert list_runs(three.home, Asked(where="params.depth = '6'")).notes == (
        "params.depth is a number: write it without quotes",
    )
    assert list_runs(three.home, Asked(where="params.kind = 10")).notes == (
        "params.kind is a text: write it in quotes",
    )


def test_a_run_whose_process_was_killed_is_failed_wherever_it_is_seen(three: Recorded) -> None:
    three.put(4, state=RunState.RUNNING, finished_at=None)
    with three.home.lease("run-run-20260305-aa05", "a test"):
        three.put(5, state=RunState.RUNNING, finished_at=None)
        assert ids(three, where="state = running") == ["5"]
        assert ids(three, where="state = failed") == ["4"]
        assert ids(three, sort="state") == ["4", "3", "2", "1", "5"]
        shown = {run["run_id"][-1]: run["state"] for run in document(three, "runs")["runs"]}
        assert (shown["4"], shown["5"]) == ("failed", "running")
    assert find_run(three.home, "latest~1").problem == KILLED
    assert ids(three, where="state = failed") == ["5", "4"]


def test_a_mistake_in_a_condition_ends_with_2_and_points_at_it(
    three: Recorded, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["runs", "--where", "metics.auc > 1", "--project", str(three.folder)])
    said = capsys.readouterr().err
    assert said.startswith(
        "--where, column 1: runs have no field 'metics.auc' [TT1375]\n  metics.auc > 1\n  ^^^^^^^^^^\n"
    )
    with pytest.raises(WhereError, match="runs have no field 'nothing'"):
        list_runs(three.home, Asked(columns="nothing"))


def test_options_before_a_command_of_runs_are_refused(three: Recorded) -> None:
    done = CliRunner().invoke(cli, ["runs", "--project", str(three.folder), "show", "latest"])
    assert done.exit_code == 2
    assert "Options stand behind the command" in done.output


def test_a_condition_cannot_reach_the_database(three: Recorded) -> None:
    for text in (
        "params.`x'); DROP TABLE run; --` = 1",
        'user = "\'; DROP TABLE run; --"',
        "user like '%'' OR 1=1 --'",
    ):
        assert ids(three, where=text) == []
    assert len(ids(three)) == 3


# ── one run ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_run_is_named_by_its_id_its_beginning_or_how_new_it_is(three: Recorded) -> None:
    for name in ("run-20260302-aa02", "run-20260302", "latest~1"):
        assert find_run(three.home, name).run_id == "run-20260302-aa02"
    assert find_run(three.home, "latest").run_id == "run-20260303-aa03"


def test_a_whole_id_that_others_begin_with_is_that_run(three: Recorded) -> None:
    three.put(4, run_id="run")
    assert find_run(three.home, "run").run_id == "run"


def test_a_name_of_none_or_of_several_is_refused(three: Recorded) -> None:
    with pytest.raises(InputError, match="several runs begin with 'run-': run-20260303-aa03, run-20260302-aa02, run-"):
        find_run(three.home, "run-")
    with pytest.raises(NotFoundError, match="no run has an id that begins with 'x'"):
        find_run(three.home, "x")
    with pytest.raises(NotFoundError, match="no run has an id that begins with ''"):
        find_run(three.home, "")
    with pytest.raises(NotFoundError, match="there is no run latest~3: 3 are recorded"):
        find_run(three.home, "latest~3")


def test_everything_that_is_recorded_of_a_run_is_shown(project: Recorded) -> None:
    project.put(1, series=project.curves(loss=0.1), metrics={"auc": 0.81, "loss": 0.1}, problem="it broke\nhere")
    shown = command(project, "runs", "show", "latest").output
    for text in (
        "run-20260301-aa01: finished, PASS", "took 2 s", "240 MB at its peak", "on tower in /home/ada", "it broke",
        "`trimtab run`", "1" * 40 + " on main", "5,174 (5,174 from the source)", "data/payments.parquet", "Xeon",
        "numpy 2.1.0, polars 1.30.0", "depth  6", "it never ran", "auc is at least 0.8", digest_bytes(b"r1"),
    ):  # fmt: skip
        assert text in shown
    assert re.search(r"█▇*[▆▅▄▃▂▁]+ *1,000 values", shown)
    told = document(project, "runs", "show", "latest")
    assert (told["run"], told["record"]["metrics"]["auc"]) == ("run-20260301-aa01", 0.81)
    assert told["curves"]["loss"]["logged"] == 1_000


def test_logged_values_that_are_gone_are_said_and_the_rest_is_shown(project: Recorded) -> None:
    project.put(1, series=digest_bytes(b"gone"))
    done = command(project, "runs", "show", "latest")
    assert done.exit_code == 0
    assert "the logged values of run-20260301-aa01 cannot be read: nothing is kept under" in done.stderr


class EndsMeanwhile:
    """The records of a project in which a run ends, and gives its lease back, right after somebody has read it."""

    def __init__(self, records: Records, ended: Run) -> None:
        self._records = records
        self._ended = ended

    def __getattr__(self, name: str) -> Any:
        def ask(*arguments: Any, **named: Any) -> Any:
            answer = getattr(self._records, name)(*arguments, **named)
            self._records.put_run(self._ended)
            return answer

        return ask


def test_a_run_that_ends_while_it_is_asked_for_is_not_told_as_killed(three: Recorded) -> None:
    running = three.put(4, state=RunState.RUNNING)
    ended = msgspec.structs.replace(running, state=RunState.FINISHED)

    def home() -> Home:
        three.home.records.put_run(running)
        meanwhile: Any = EndsMeanwhile(three.home.records, ended)
        return replace(three.home, records=meanwhile)

    assert find_run(home(), running.run_id) == ended
    assert as_it_is(three.home, running) == ended  # that it was read when it still ran matters no more
    (row,) = list_runs(home(), Asked(where=f"run = {running.run_id}", columns="state")).rows
    assert row.values == ("finished",)
    three.home.records.put_run(running)
    assert find_run(three.home, running.run_id).problem == KILLED


def test_the_run_of_a_release_and_the_newest_release_are_looked_up(three: Recorded) -> None:
    found = run_of_release(three.home.records, digest_bytes(b"r1"))
    assert found is not None
    assert found.run_id == "run-20260301-aa01"
    assert run_of_release(three.home.records, digest_bytes(b"none")) is None
    assert newest_release(three.home.records) == digest_bytes(b"r3")
    three.put(4, verdict=Verdict.FAIL)
    three.put(5, outputs={})
    assert newest_release(three.home.records) == digest_bytes(b"r3")


def test_a_project_without_a_release_has_no_newest(project: Recorded) -> None:
    assert newest_release(project.home.records) is None


# ── side by side ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def two(project: Recorded) -> Recorded:
    """Two runs with another source, another parameter, and curves."""
    changed = project.source(CODE.replace("= 6", "= 8"), helper="def clip(x):\n    return x\n")
    first = project.put(1, series=project.curves(loss=0.1))
    assert first.code is not None
    project.put(
        2, code=type(first.code)(source=changed), parameters={"depth": 8, "note": "<script>alert(1)</script>"},
        series=project.curves(loss=0.2, other=0.5),
    )  # fmt: skip
    return project


def test_what_differs_is_shown_and_what_is_equal_is_counted(two: Recorded) -> None:
    shown = command(two, "runs", "compare", "latest~1", "latest").output
    assert re.search(r"depth +6 +8 +\(\+2\)", shown)
    assert "file pipeline.py" in shown
    assert "numpy" not in shown
    assert re.search(r"the same in all: .*\d+ of environment", shown)
    assert "def train" not in shown
    assert re.search(r"A  █.*▁ +0\.1\d* after step 999", shown)


def test_the_changed_lines_of_the_source_are_shown_if_asked_for(two: Recorded) -> None:
    shown = command(two, "runs", "compare", "latest~1", "latest", "--diff").output
    assert "-def train(features, label, *, depth: int = 6):\n+def train(features, label, *, depth: int = 8):" in shown
    assert "+++ b/helper.py" in shown


def test_a_comparison_is_one_document_for_a_machine(two: Recorded) -> None:
    told = document(two, "runs", "compare", "latest~1", "latest")
    assert told["schema"] == "trimtab.runs-compare/1"
    assert told["differs"] is True
    assert {"name": "depth", "kind": "number", "values": [6, 8]} in told["sections"]["parameters"]["different"]
    assert [curve and curve["logged"] for curve in told["curves"]["other"]] == [None, 1_000]
    assert [each["path"] for each in told["diffs"]] == ["helper.py", "pipeline.py"]


def test_the_page_needs_nothing_from_elsewhere_and_shows_no_text_as_markup(two: Recorded, tmp_path: Path) -> None:
    done = command(two, "runs", "compare", "latest~1", "latest", "--html", str(tmp_path / "page.html"))
    assert f"wrote {tmp_path / 'page.html'}" in done.stderr
    page = (tmp_path / "page.html").read_text()
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert not re.search(r"(?:src|href)=\"(?!#)", page)
    assert not re.search(r"url\(|@import|https?://", page)
    assert "prefers-color-scheme: dark" in page
    assert page.count('role="img"') == 2
    assert "nan" not in page.lower().replace("finance", "")


def test_code_and_curves_that_are_not_kept_are_said(project: Recorded) -> None:
    first = project.put(1)
    assert first.code is not None
    project.put(2, code=type(first.code)(source=digest_bytes(b"gone")), series=digest_bytes(b"gone"))
    shown = command(project, "runs", "compare", "latest~1", "latest").output
    assert "the source of run-20260302-aa02 is not kept here, so files are not compared" in shown
    assert "the logged values of run-20260302-aa02 cannot be read" in shown


def test_a_binary_file_and_a_blob_that_is_gone_have_a_word_instead_of_lines(project: Recorded) -> None:
    put = project.home.blobs.put
    first = project.put(1)
    assert first.code is not None
    image = project.source(CODE, binary="x")
    other = project.source(CODE, binary="y", more="z")
    lost = project.home.blobs.path(digest_bytes(b"z"))  # type: ignore[attr-defined]
    lost.unlink()
    put(b"")
    project.put(2, code=type(first.code)(source=image))
    project.put(3, code=type(first.code)(source=other))
    diffs = {each.path: each for each in compare_runs(project.home, ["latest~1", "latest"]).diffs}
    assert diffs["more.py"].note == "its content is not kept here"
    assert diffs["binary.py"].lines[-2:] == ("-x", "+y")


@pytest.mark.parametrize(
    ("names", "problem"),
    [
        (["latest"], "1 runs cannot be compared"),
        (["latest", "latest"], "a run is named twice"),
        (["latest", "run-20260303"], "a run is named twice"),
        (["latest", "nothing"], "no run has an id"),
    ],
)
def test_what_cannot_be_compared_is_refused(three: Recorded, names: list[str], problem: str) -> None:
    with (
        pytest.raises(InputError, match=problem)
        if "no run" not in problem
        else pytest.raises(NotFoundError, match=problem)
    ):
        compare_runs(three.home, names)


def test_runs_without_curves_or_with_one_that_is_all_nan_are_drawn_without_a_crash(
    project: Recorded, tmp_path: Path
) -> None:
    project.put(1)
    project.put(2, series=project.curves(loss=float("nan")))
    project.put(3, series=project.curves(loss=0.5, huge=1e308, tiny=-1e308))
    page = tmp_path / "page.html"
    shown = command(project, "runs", "compare", "latest", "latest~1", "latest~2", "--html", str(page)).output
    assert "loss" in shown
    assert page.read_text().count("<figure") == 3
