"""What a project's loop did, asked afterwards: which runs there were, what differs, and where an answer came from."""

from __future__ import annotations

from typing import Any

from tests.e2e.conftest import Replay
from tests.e2e.loop_project import LoopProject


def kinds(branch: dict[str, Any]) -> list[str]:
    """The kinds of all things of a tree, in the order of reading."""
    return [branch["node"]["kind"], *(kind for each in branch.get("branches", []) for kind in kinds(each))]


def things(branch: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    """All things of a kind in a tree."""
    mine = [branch["node"]] if branch["node"]["kind"] == kind else []
    return mine + [thing for each in branch.get("branches", []) for thing in things(each, kind)]


def test_the_loops_runs_are_found_by_what_they_are(baseline: Replay) -> None:
    project = baseline.project
    retrainings = project.ask("runs", "--where", "kind = retrain and state = finished")
    assert [run["run_id"] for run in retrainings["runs"]] == [
        run["run_id"] for run in reversed(project.runs("retrain"))
    ]
    assert retrainings["total"] == len(project.runs()) - 1
    first = project.runs()[0]
    assert project.ask("runs", "--where", f"release = {first['outputs']['release'][7:15]}")["runs"] == [first]
    best = project.ask("runs", "--where", "metrics.roc_auc > 0", "--sort", "-metrics.roc_auc", "--limit", "1")["runs"]
    assert best[0]["metrics"]["roc_auc"] == max(run["metrics"]["roc_auc"] for run in project.runs())


def test_a_retraining_differs_from_the_first_run_in_its_data_and_not_in_its_code(baseline: Replay) -> None:
    project = baseline.project
    first, *later = project.runs()
    told = project.ask("runs", "compare", first["run_id"], later[-1]["run_id"])
    assert told["differs"] is True
    assert told["sections"]["parameters"]["different"] == []
    assert not [line for line in told["sections"]["code"]["different"] if line["name"].startswith("file ")]
    assert "table" in {line["name"] for line in told["sections"]["data"]["different"]}


def test_the_champion_is_traced_to_its_data_and_to_its_answers(baseline: Replay) -> None:
    # given the release that healed the endpoint
    project = baseline.project
    champion = project.ask("status")["champion"]

    # when it is asked where it came from and what came of it
    found = project.ask("lineage", champion[7:19])

    # then its run, that run's data, and the decision to train are behind it, and the promotion and answers before it
    assert found["what"] == {"kind": "release", "id": champion}
    run = project.ask("runs", "--where", f"release = {champion}")["runs"][0]
    assert things(found["came_from"], "run")[0]["id"] == run["run_id"]
    assert run["data"]["table"] in {table["id"] for table in things(found["came_from"], "table")}
    assert any("train" in decision["words"] for decision in things(found["came_from"], "decision"))
    assert any(decision["words"].startswith("promote") for decision in things(found["led_to"], "decision"))
    assert things(found["led_to"], "endpoint")[0]["id"] == "electricity"
    answered = [each for each in things(found["led_to"], "predictions") if each["id"].endswith(champion)]
    count = sum(answer.release == champion for answer in all_answers(project))
    assert answered[0]["words"].startswith(f"{count:,} rows answered at electricity")


def test_an_answer_is_traced_to_the_first_data_and_to_its_label(baseline: Replay) -> None:
    project = baseline.project
    answer = project.answers()[0]
    found = project.ask("lineage", answer.prediction_id)
    assert found["what"]["kind"] == "prediction"
    assert kinds(found["came_from"])[:3] == ["prediction", "release", "run"]
    assert things(found["came_from"], "release")[0]["id"] == answer.release
    assert things(found["came_from"], "table")
    assert [label["kind"] for label in things(found["led_to"], "label")] == ["label"]


def test_the_first_table_led_to_every_release_through_the_runs_that_followed(baseline: Replay) -> None:
    project = baseline.project
    table = project.runs()[0]["data"]["table"]
    found = project.ask("lineage", table)
    assert found["came_from"] == {"node": {"kind": "table", "id": table}}
    assert things(found["led_to"], "run")[0]["id"] == project.runs()[0]["run_id"]
    assert things(found["led_to"], "release")
    assert things(found["led_to"], "predictions")


def test_a_decision_to_train_led_to_its_run(baseline: Replay) -> None:
    project = baseline.project
    training = next(draft for draft in project.journal() if draft["kind"] == "train" and draft["phase"] == "intent")
    found = project.ask("lineage", str(training["sequence"]))
    assert found["what"]["kind"] == "decision"
    assert things(found["led_to"], "run")[0]["id"] in {run["run_id"] for run in project.runs("retrain")}
    assert things(found["came_from"], "release")


def all_answers(project: LoopProject) -> list[Any]:
    """Every answer in the log, those of shadows included."""
    from trimtab.drivers.prediction_log import LogReader
    from trimtab.records.prediction import Prediction

    return [record for record in LogReader(project.endpoint / "log").records() if isinstance(record, Prediction)]
