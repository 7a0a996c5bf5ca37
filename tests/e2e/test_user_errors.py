"""What goes wrong in a project is said in its own terms, with its exit code, and leaves nothing half-made."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from tests.e2e.loop_project import Done, LoopProject

RUN = ("run", "--set", "trees=5")

FEATURES = '    day = rows["timestamp"]'
FIT = "    return model.fit(features, label)"


def releases(project: LoopProject) -> list[str]:
    return sorted(path.name for path in (project.state / "releases").iterdir())


def test_an_exception_in_a_users_function_is_shown_as_the_users_own(project: LoopProject) -> None:
    # given a function that raises
    project.edit({FEATURES: f'    raise ValueError("no such market")\n{FEATURES}'}, "pipeline.py")
    line = (project.folder / "pipeline.py").read_text().splitlines().index('    raise ValueError("no such market")')
    before = releases(project)

    # when it is run
    done = project.command(*RUN)

    # then their file, their line and their words are told, the run is recorded as failed, and nothing is half-made
    assert done.code == 5
    assert f"pipeline.py:{line + 1}: ValueError: no such market" in done.err
    assert_no_traceback(done)
    failed = project.runs()[-1]
    assert (failed["state"], failed["outputs"]) == ("failed", {})
    assert "no such market" in failed["problem"]
    assert (releases(project), project.half_made()) == (before, [])


def test_a_breakpoint_in_a_users_function_opens_the_debugger(project: LoopProject) -> None:
    project.edit({FIT: f"    breakpoint()\n{FIT}"}, "pipeline.py")

    done = project.command(*RUN, stdin="p trees + 1000\nc\n")

    assert done.code == 0, done.err
    assert "pipeline.py" in done.out
    assert "(Pdb) 1005" in done.out


def test_leaving_the_debugger_is_an_interrupt_and_the_run_is_recorded_as_failed(project: LoopProject) -> None:
    project.edit({FIT: f"    breakpoint()\n{FIT}"}, "pipeline.py")

    done = project.command(*RUN, stdin="q\n")

    assert done.code == 130
    assert_no_traceback(done)
    assert project.runs()[-1]["state"] == "failed"


def test_a_feature_that_looks_at_other_rows_is_refused_by_its_name(project: LoopProject) -> None:
    project.edit(
        {"*(rows[name] for name in columns)": "*(rows[name] - rows[name].mean() for name in columns)"}, "pipeline.py"
    )
    before = releases(project)

    done = project.command(*RUN)

    assert done.code == 1
    assert "feature `f0` depends on the other rows of the table" in done.err
    assert (releases(project), project.half_made()) == (before, [])


def test_rows_that_break_the_contract_are_refused_before_anything_is_trained(project: LoopProject) -> None:
    path = project.folder / "data" / "history.parquet"
    missing = pl.when(pl.int_range(pl.len()) < 3).then(None).otherwise(pl.col("nsw_price"))
    pl.read_parquet(path).with_columns(missing.alias("nsw_price")).write_parquet(path)

    done, checked = project.command(*RUN), project.command("check", "--json")

    assert done.code == 2
    assert "nsw_price: 3 values of 4,800 are null, which the contract does not allow" in done.err
    assert checked.code == 2
    assert [problem["at"].partition(":")[0] for problem in checked.document["problems"]] == ["contract.toml"]


def test_a_lock_that_differs_from_the_environment_refuses_the_run(project: LoopProject) -> None:
    (project.folder / "requirements.lock").write_text("numpy==1.0.0\n")
    project.edit({'module = "pipeline"': 'module = "pipeline"\nlock = "requirements.lock"'})

    done = project.command(*RUN)

    assert done.code == 4
    assert "1.0.0 in the lock" in done.err
    assert "pip install -r requirements.lock" in done.err


def test_a_release_that_was_tampered_with_is_refused_before_the_first_request(project: LoopProject) -> None:
    (release,) = releases(project)
    (model,) = (project.state / "releases" / release / "model").iterdir()
    model.chmod(0o600)
    model.write_bytes(model.read_bytes() + b"x")

    done = project.command("up", "--port", "0")

    assert done.code not in (0, 5)
    assert model.name in done.err
    assert "ready" not in done.out
    assert_no_traceback(done)
    assert project.ask("status")["champion"] == ""


@pytest.mark.parametrize(("least", "code", "verdict"), [(0.0, 0, "PASS"), (0.0001, 3, "UNSURE"), (1.0, 1, "FAIL")])
def test_the_exit_code_of_a_run_is_its_verdict(project: LoopProject, least: float, code: int, verdict: str) -> None:
    # given a gate far below, at, or far above what the model reaches
    (first,) = project.runs()
    limit = {0: 0.6, 3: first["metrics"]["roc_auc"], 1: 0.9999}[code]
    project.edit({"min = 0.6,": f"min = {limit},"})

    done = project.command("run", "--json")

    assert done.code == code, done.err
    assert (done.document["schema"], done.document["record"]["verdict"]) == ("trimtab.run-result/1", verdict)
    assert (done.document["release"] is not None) == (verdict == "PASS")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("retrain", "--key", "k", "--as-of", "yesterday"), "yesterday"),
        (("run", "--set", "trees"), "--set trees has no value"),
        (("run", "--set", "treees=5"), "no step has a hyper-parameter treees"),
        (("promote", "ffff"), "no release begins with ffff"),
        (("report",), "has no release yet"),
    ],
)
def test_wrong_input_is_one_sentence_and_exit_code_2(project: LoopProject, words: tuple[str, ...], said: str) -> None:
    done = project.command(*words)

    assert done.code == 2
    assert said in done.err
    assert_no_traceback(done)


def test_a_folder_without_a_project_is_said_to_be_one(project: LoopProject, tmp_path: Path) -> None:
    done = project.command("status", "--project", str(tmp_path))

    assert done.code == 2
    assert "trimtab.toml" in done.err


def assert_no_traceback(done: Done) -> None:
    assert "Traceback (most recent call last)" not in done.err + done.out
