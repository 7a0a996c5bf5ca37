"""The same run once more, before and after its release is in service."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any


def run(project: Path) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "trimtab", "run", "--json"], cwd=project, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def put_into_service(project: Path) -> None:
    up = subprocess.Popen(
        [sys.executable, "-m", "trimtab", "up", "--port", "0"], cwd=project, stdout=subprocess.PIPE, text=True
    )
    assert up.stdout is not None
    assert any(line.startswith("ready:") for line in up.stdout)
    up.send_signal(signal.SIGINT)
    up.communicate(timeout=60)


def test_a_run_in_which_nothing_changed_has_the_verdict_and_the_release_that_there_are(tmp_path: Path) -> None:
    new = [sys.executable, "-m", "trimtab", "new", "shop"]
    subprocess.run(new, cwd=tmp_path, check=True, capture_output=True)
    project = tmp_path / "shop"
    first = run(project)
    second = run(project)
    put_into_service(project)
    (project / "README.md").write_text("another text\n")  # of the source, and of no step
    third = run(project)
    for later in (second, third):
        assert {step["state"] for step in later["record"]["steps"]} == {"kept"}
        assert later["release"] == first["release"]
        assert later["record"]["evidence"] == first["record"]["evidence"]
        assert later["record"]["metrics"] == first["record"]["metrics"]


def test_a_run_that_was_compared_with_a_champion_is_executed_again_beside_it(tmp_path: Path) -> None:
    new = [sys.executable, "-m", "trimtab", "new", "shop"]
    subprocess.run(new, cwd=tmp_path, check=True, capture_output=True)
    project = tmp_path / "shop"
    run(project)
    put_into_service(project)
    settings = project / "trimtab.toml"
    settings.write_text(settings.read_text().replace("learning_rate = 0.05", "learning_rate = 0.06"))
    later = run(project)["record"]
    assert later["champion"] is not None
    command = [sys.executable, "-m", "trimtab", "reproduce", later["run_id"], "--json"]
    for _ in range(2):  # opening the champion leaves nothing in its folder, which would make another release of it
        done = subprocess.run(command, cwd=project, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["sameness"] == "identical"
    settings.write_text(settings.read_text().replace("learning_rate = 0.06", "learning_rate = 0.07"))
    run(project)
