"""Pipelines as their users meet them: commands, limits, retries, several at once, and processes that are killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.e2e.pipeline_project import ALL, PipelineProject, make_project

COMMANDS = """
[project]
name = "scripts"

[pipeline]

[steps.prepare]
run = "python prepare.py"
reads = ["data/in.txt"]
writes = ["out/prepared.txt"]

[steps.count]
run = "python count.py"
reads = ["out/prepared.txt"]
writes = ["out/count.txt"]
"""
SCRIPTS = {
    "prepare.py": (
        "from pathlib import Path\nimport upper\nPath('out').mkdir(exist_ok=True)\n"
        "Path('out/prepared.txt').write_text(upper.up(Path('data/in.txt').read_text()))\nprint('said by the script')\n"
    ),
    "upper.py": "def up(text):\n    return text.upper()\n",
    "count.py": "text = open('out/prepared.txt').read()\nopen('out/count.txt', 'w').write(str(len(text)))\n",
    "pipeline.py": (
        "from pathlib import Path\n\n\ndef doubled(count: Path, *, times: int = 2) -> int:\n"
        "    return int(count.read_text()) * times\n"
    ),
    "data/in.txt": "hello",
    "trimtab.toml": COMMANDS,
}


def scripts(folder: Path) -> PipelineProject:
    project = folder / "scripts"
    (project / "data").mkdir(parents=True)
    for name, text in SCRIPTS.items():
        (project / name).write_text(text.lstrip())
    return PipelineProject(project, folder / "library")


def written(folder: Path, source: str) -> PipelineProject:
    project = folder / "written"
    project.mkdir()
    (project / "trimtab.toml").write_text('[project]\nname = "written"\n\n[pipeline]\n')
    (project / "pipeline.py").write_text(source)
    return PipelineProject(project, folder / "library")


def test_scripts_join_as_commands_and_run_when_what_they_read_changes(tmp_path: Path) -> None:
    project = scripts(tmp_path)
    assert project.ran() == {"prepare", "count", "doubled"}
    assert project.ran() == set()
    project.edit("upper.py", "text.upper()", "text.title()")  # what the script imports is its code
    assert project.ran() == {"prepare", "count"}  # as many letters as before
    (project.folder / "data/in.txt").write_text("hello there")
    assert project.ran() == {"prepare", "count", "doubled"}


def test_what_a_command_wrote_is_put_back_when_it_is_gone_and_made_again_when_it_was_changed(tmp_path: Path) -> None:
    project = scripts(tmp_path)
    project.run()
    out = project.folder / "out/count.txt"
    out.unlink()
    assert project.ran() == set()
    assert out.read_text() == "5"
    out.write_text("6")
    assert project.ran() == {"count"}
    assert out.read_text() == "5"


def test_a_command_that_fails_or_does_not_write_ends_the_run_with_its_name(tmp_path: Path) -> None:
    project = scripts(tmp_path)
    (project.folder / "count.py").write_text("raise SystemExit(3)\n")
    failed = project.command("run")
    assert failed.returncode == 5
    assert "the command of the step count ended with code 3: python count.py [TT1393]" in failed.stderr
    (project.folder / "count.py").write_text("pass\n")
    assert "did not write out/count.txt" in project.command("run").stderr


def test_a_step_is_tried_again_as_often_as_it_says(tmp_path: Path) -> None:
    tries = tmp_path / "tries"
    source = (
        "import pathlib\nfrom trimtab import step\n\n\n@step(retries=2)\ndef flaky() -> int:\n"
        f"    place = pathlib.Path({str(tries)!r})\n"
        "    place.write_text(place.read_text() + 'x' if place.exists() else 'x')\n"
        "    if len(place.read_text()) < 3:\n        raise OSError('not yet')\n    return 1\n"
    )
    (step,) = written(tmp_path, source).run()["steps"]
    assert step["attempts"] == 3
    assert tries.read_text() == "xxx"


def test_slow_steps_that_are_ready_together_run_side_by_side(tmp_path: Path) -> None:
    slow = "    until = time.monotonic() + 2.5\n    while time.monotonic() < until:\n        time.sleep(.05)\n"
    source = "import time\nOUT = 1\n" + "".join(
        f"\n\ndef {name}() -> list:\n    began = time.monotonic()\n{slow}    return [OUT, began, time.monotonic()]\n"
        for name in ("left", "right")
    )
    project = written(tmp_path, source)
    project.run()
    project.edit("pipeline.py", "OUT = 1", "OUT = 2")
    record = project.run()
    assert {step["state"] for step in record["steps"]} == {"ran"}
    assert record["seconds"] < 9
    first, second = (step["seconds"] for step in record["steps"])
    assert record["seconds"] < first + second + 2


def test_a_breakpoint_works_with_debug(tmp_path: Path) -> None:
    project = written(tmp_path, "def one() -> int:\n    value = 41\n    breakpoint()\n    return value + 1\n")
    done = subprocess.run(
        [sys.executable, "-m", "trimtab", "run", "--debug"], cwd=project.folder, input="p value\nc\n",
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "(Pdb) 41" in done.stdout


def test_a_value_that_cannot_be_kept_is_refused_with_its_step(tmp_path: Path) -> None:
    done = written(tmp_path, "def handle():\n    return open(__file__)\n").command("run")
    assert done.returncode == 2
    assert "handle" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_mistake_in_the_graph_names_its_line(tmp_path: Path) -> None:
    done = written(tmp_path, "def one():\n    return 1\n\n\ndef two(oen):\n    return oen\n").command("run")
    assert done.returncode == 2
    assert "pipeline.py:5: two()'s parameter oen is no step and has no default [TT1302]" in done.stderr
    assert "one" in done.stderr


def test_a_step_that_changes_its_input_reaches_nobody_else(tmp_path: Path) -> None:
    source = (
        "def first() -> list:\n    return [1, 2]\n\n\ndef spoil(first: list) -> int:\n    first.append(3)\n"
        "    return len(first)\n\n\ndef count(first: list, spoil: int) -> int:\n    return len(first)\n"
    )
    project = written(tmp_path, source)
    outputs = project.run()["outputs"]
    assert outputs["count"] != outputs["spoil"]
    assert project.run("--fresh")["outputs"] == outputs


def test_two_runs_at_once_share_the_cache(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: project.run(), range(2))
    assert first["outputs"] == second["outputs"]
    assert first["run_id"] != second["run_id"]
    assert project.ran() == set()


def test_a_run_that_is_killed_leaves_a_cache_that_is_right(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    wanted = project.run()["outputs"]
    environment = {**os.environ, "PYTHONPATH": str(project.library), "REGION": "north"}
    for turn in range(8):
        subprocess.run(["rm", "-rf", str(project.folder / ".trimtab/cache")], check=True)
        process = subprocess.Popen(
            [sys.executable, "-m", "trimtab", "run"], cwd=project.folder, env=environment, stderr=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        deadline = time.monotonic() + 0.25 + turn * 0.12
        while process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.005)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        record = project.run()
        assert record["outputs"] == wanted
    record = project.run()
    states = {run["state"] for run in json.loads(project.command("runs", "--json").stdout)["runs"]}
    assert "running" not in states
    assert len(record["steps"]) == len(ALL)
    assert not list((project.folder / ".trimtab").rglob("*.part*"))


def test_a_step_that_changes_what_it_read_is_not_kept(tmp_path: Path) -> None:
    source = (
        "from pathlib import Path\n\n\ndef counted() -> int:\n    place = Path('counter.txt')\n"
        "    value = int(place.read_text()) + 1\n    place.write_text(str(value))\n    return value\n"
    )
    project = written(tmp_path, source)
    (project.folder / "counter.txt").write_text("1")
    assert project.ran() == {"counted"}
    assert project.ran() == {"counted"}
    plan = project.command("run", "--explain").stdout
    assert "runs  counted" in plan


def test_a_file_that_a_step_makes_for_itself_counts_once_it_is_another(tmp_path: Path) -> None:
    source = (
        "from pathlib import Path\n\n\ndef made() -> str:\n    place = Path('made.txt')\n"
        "    if not place.exists():\n        place.write_text('fresh')\n    return place.read_text()\n"
    )
    project = written(tmp_path, source)
    assert project.ran() == {"made"}
    assert project.ran() == set()
    (project.folder / "made.txt").write_text("by hand")
    assert project.ran() == {"made"}
