"""Without a replay: the real clock, `serve` and `up`, and who may use an endpoint at the same time."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from tests.e2e.loop_project import FIRST, LoopProject, Up, serving
from trimtab.base.instants import SECOND

Eventually = Callable[..., None]

UP = ("up", "--port", "0")


@pytest.fixture
def quick(project: LoopProject) -> LoopProject:
    """The project with windows of two seconds."""
    project.edit({'window = "1d"': 'window = "2s"', 'memory = "14d"': 'memory = "1m"'})
    return project


def test_the_real_clocks_windows_are_decided_on(quick: LoopProject, tmp_path: Path, eventually: Eventually) -> None:
    with serving(quick, tmp_path / "up.log", *UP) as up:
        # when rows of now are asked about
        assert predict(up, datetime.now(UTC))["status"] == 200
        eventually(lambda: len(decisions(quick)) >= 2, within=30, what="two windows are decided on")

        # and a row of years ago, which is not in any window to come
        assert predict(up, FIRST)["status"] == 200
        seen = len(decisions(quick))
        eventually(lambda: len(decisions(quick)) >= seen + 2, within=30, what="two more windows are decided on")

    # then each was made at the end of a window, every window once, and says why nothing was done
    moments = [draft["at"] for draft in decisions(quick)]
    assert moments == list(range(moments[0], moments[-1] + 1, 2 * SECOND))
    assert moments[0] % (2 * SECOND) == 0
    assert {draft["kind"] for draft in decisions(quick)} == {"nothing"}
    assert all(draft["reason"] for draft in decisions(quick))
    assert quick.ask("journal", "verify")["holds"] is True


def test_a_first_row_of_years_ago_does_not_keep_the_loop_busy_with_years_of_windows(
    quick: LoopProject, tmp_path: Path, eventually: Eventually
) -> None:
    with serving(quick, tmp_path / "up.log", *UP) as up:
        assert predict(up, FIRST)["status"] == 200
        eventually(lambda: len(decisions(quick)) >= 2, within=30, what="two windows are decided on")


def test_serve_answers_and_turns_no_loop(project: LoopProject, tmp_path: Path) -> None:
    with serving(project, tmp_path / "serve.log", "serve", "--port", "0") as up:
        answer = predict(up, datetime.now(UTC))
        status = project.ask("status")

        assert answer["status"] == 200
        assert 0 <= answer["outputs"]["score"] <= 1
        assert (status["controller"], up.children("controller")) == ("not running", [])
    assert up.process.returncode == 0


def test_an_endpoint_is_served_once_and_the_second_is_told_by_whom(project: LoopProject, tmp_path: Path) -> None:
    with serving(project, tmp_path / "serve.log", "serve", "--port", "0") as up:
        second = project.command("up", "--port", "0")

        assert second.code == 4
        assert f"trimtab up (process {up.process.pid}) is working on" in second.err
        assert predict(up, datetime.now(UTC))["status"] == 200


def test_an_endpoint_lives_in_real_time_or_in_a_replay_not_in_both(project: LoopProject, tmp_path: Path) -> None:
    with serving(project, tmp_path / "up.log", *UP):
        pass

    refused = project.command("up", "--replay", "--port", "0")

    assert refused.code == 2
    assert "lives in the time of real traffic, so a replay would mix two clocks" in refused.err


def test_a_port_in_use_is_named_and_nothing_is_left_running(project: LoopProject) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        refused = project.command("serve", "--port", str(port))

    assert refused.code == 4
    assert str(port) in refused.err
    assert "in use" in refused.err
    assert project.ask("status")["address"] == ""


def predict(up: Up, at: datetime) -> dict[str, Any]:
    """The answer to one row of the market at a moment, with its HTTP status."""
    row = up.project.rows(days=1).drop("price_up").row(0, named=True)
    body = json.dumps({**row, "timestamp": at.replace(tzinfo=UTC).isoformat()}).encode()
    request = Request(
        f"{up.url}/v1/endpoints/electricity/predict", data=body, headers={"Content-Type": "application/json"}
    )
    with urlopen(request, timeout=30) as answer:
        return {"status": answer.status, **json.loads(answer.read())}


def decisions(project: LoopProject) -> list[dict[str, Any]]:
    """What the controller decided."""
    return [draft for draft in project.journal() if draft["actor"]["kind"] == "controller"]
