"""A recorded run, executed again from what was kept of it: with its working tree and cache gone, and when it is not
the same."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.pipeline_project import PipelineProject, install, make_project


@pytest.fixture
def project(tmp_path: Path) -> PipelineProject:
    return make_project(tmp_path)


def reproduced(project: PipelineProject, run: str, **variables: str) -> dict[str, Any]:
    done = project.command("reproduce", run, "--json", **variables)
    assert done.stdout, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == (1 if found["sameness"] == "different" else 0)
    return found


def test_a_run_is_identical_with_its_working_tree_and_cache_gone_from_another_folder(
    project: PipelineProject, tmp_path: Path
) -> None:
    run = project.run("--set", "factor=9")["run_id"]
    kept = tmp_path / "elsewhere" / ".trimtab"
    shutil.move(project.folder / ".trimtab", kept)
    shutil.rmtree(project.folder)
    shutil.rmtree(kept / "cache")
    moved = PipelineProject(kept.parent, project.library)
    found = reproduced(moved, run, REGION="another, and the recorded one is used")
    assert found["sameness"] == "identical"
    assert found["outputs"] == 7
    assert found["environment"] == "same"  # observed, and never called identical
    assert found["again"]["parameters"]["factor"] == 9


def test_a_run_of_kept_results_reproduces_from_scratch(project: PipelineProject) -> None:
    project.run()
    second = project.run()
    assert {step["state"] for step in second["steps"]} == {"kept"}
    found = reproduced(project, second["run_id"])
    assert found["sameness"] == "identical"
    assert {step["state"] for step in found["again"]["steps"]} == {"ran"}


def test_variables_are_as_they_were_also_those_that_were_not_set_or_are_read_by_a_made_up_name(
    project: PipelineProject,
) -> None:
    names = "[os.environ.get('NOT_SET', 'default'), os.environ.get('_'.join(['MADE', 'UP']))]"
    project.edit("pipeline.py", 'return os.environ["REGION"]', f'return str({names}) + os.environ["REGION"]')
    run = project.run(MADE_UP="first")
    variables = next(step["variables"] for step in run["steps"] if step["step"] == "region")
    assert {name: variables[name] for name in ("NOT_SET", "MADE_UP", "REGION")} == {
        "NOT_SET": None, "MADE_UP": "first", "REGION": "north",
    }  # fmt: skip
    found = reproduced(project, run["run_id"], MADE_UP="second", NOT_SET="set now")
    assert found["sameness"] == "identical"
    kept = project.run(MADE_UP="first")
    assert {step["state"] for step in kept["steps"]} == {"kept"}
    assert reproduced(project, kept["run_id"], MADE_UP="second", NOT_SET="")["sameness"] == "identical"


def test_a_changed_working_tree_does_not_matter(project: PipelineProject) -> None:
    run = project.run()["run_id"]
    project.edit("pipeline.py", "LIMIT = 100", "LIMIT = 1")
    (project.folder / "data/rates.csv").write_text("rate\n9\n")
    assert reproduced(project, run)["sameness"] == "identical"


def test_a_step_that_reads_the_clock_is_found(project: PipelineProject) -> None:
    project.edit("pipeline.py", "import json\n", "import json\nimport time\n")
    project.edit("pipeline.py", "    return Box(total).area()", "    return Box(total).area() + time.time_ns()")
    found = reproduced(project, project.run()["run_id"])
    assert found["sameness"] == "different"
    assert found["first"] == "boxed"
    assert any("reads the clock" in each for each in found["because"])
    assert {each["what"] for each in found["differences"]} == {"output boxed", "output summary"}


def test_data_by_reference_that_changed_or_is_gone_is_named_before_anything_runs(project: PipelineProject) -> None:
    project.edit("trimtab.toml", "[pipeline]\n", '[pipeline]\nkeep = "reference"\n')
    (project.folder / ".gitignore").write_text("data/\n")  # or it would be part of the source
    run = project.run()["run_id"]
    assert reproduced(project, run)["sameness"] == "identical"
    data = project.folder / "data/rates.csv"
    data.write_text("rate\n9\n")
    changed = project.command("reproduce", run)
    assert changed.returncode == 2
    assert "data/rates.csv" in changed.stderr
    assert "[TT1395]" in changed.stderr
    assert "running" not in changed.stderr
    data.unlink()
    assert "data/rates.csv" in project.command("reproduce", run).stderr


def test_a_library_that_was_changed_since_is_told(project: PipelineProject) -> None:
    run = project.run()["run_id"]
    install(
        project.library, "tinylib", "1.1", "import tinydep\n\n\ndef double(x):\n    return 3 * x\n", requires="tinydep"
    )
    found = reproduced(project, run)
    assert found["sameness"] == "different"
    assert found["first"] == "outside"
    assert "package tinylib was 1.0 and is 1.1" in found["because"]
    assert found["environment"] == "other"


def test_a_failed_run_and_one_that_is_not_there_are_refused(project: PipelineProject) -> None:
    project.edit("pipeline.py", "return _clip(", "return 1 / 0 * _clip(")
    assert project.command("run").returncode == 5
    failed = project.command("reproduce", "latest")
    assert failed.returncode == 2
    assert "failed, so there is nothing to compare with" in failed.stderr
    assert project.command("reproduce", "run-2001").returncode == 2


def test_a_damaged_source_is_named(project: PipelineProject) -> None:
    run = project.run()
    source = run["code"]["source"].removeprefix("sha256:")
    (project.folder / ".trimtab/blobs/sha256" / source[:2] / source[2:]).unlink()
    done = project.command("reproduce", run["run_id"])
    assert done.returncode == 2
    assert "its source" in done.stderr


def test_an_installed_package_that_was_edited_in_place_is_named(project: PipelineProject) -> None:
    code = "def double(x):\n    return 2 * x\n"
    install(project.library, "tinylib", "1.0", code)
    about = next(project.library.glob("tinylib-*.dist-info"))
    digest = base64.urlsafe_b64encode(hashlib.sha256(code.encode()).digest()).rstrip(b"=").decode()
    (about / "RECORD").write_text(f"tinylib.py,sha256={digest},{len(code)}\n")
    run = project.run()["run_id"]
    assert reproduced(project, run)["sameness"] == "identical"
    (project.library / "tinylib.py").write_text(code.replace("2", "3"))
    done = project.command("reproduce", run)
    assert done.returncode == 4
    assert "installed files were changed since they were installed: tinylib: tinylib.py [TT1365]" in done.stderr
