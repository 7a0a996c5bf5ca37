"""A secret that a run is given is in no record and no message, and a run is executed again with it or not at all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.e2e.pipeline_project import TOML, PipelineProject

SECRET = "tok-Secret-77"
SOURCE = """
import hashlib


def call(*, api_key: str = '', size: int = 1) -> str:
    return hashlib.md5(api_key.encode()).hexdigest() * size
"""


@pytest.fixture
def project(tmp_path: Path) -> PipelineProject:
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "trimtab.toml").write_text(f'{TOML}secret = ["pin"]\n')
    (tmp_path / "project" / "pipeline.py").write_text(SOURCE)
    return PipelineProject(tmp_path / "project", tmp_path / "library")


def test_a_secret_parameter_is_in_no_record_and_no_message(project: PipelineProject) -> None:
    project.run("--set", f"api_key={SECRET}")
    said = [
        project.command("run", "--explain", "--set", "api_key=another-Secret-9"),
        project.command("run", "--set", "api_key=another-Secret-9"),
        project.command("runs", "show", "latest", "--json"),
        project.command("runs", "compare", "latest", "latest~1"),
    ]
    assert "parameter api_key changed" in said[0].stdout
    texts = [done.stdout + done.stderr for done in said]
    files = [path.read_bytes() for path in (project.folder / ".trimtab").rglob("*") if path.is_file()]
    for secret in (SECRET, "another-Secret-9"):
        assert not any(secret in text for text in texts)
        assert not any(secret.encode() in content for content in files)


def test_a_run_that_was_given_a_secret_is_executed_again_with_the_same_one_only(project: PipelineProject) -> None:
    run = project.run("--set", f"api_key={SECRET}", "--set", "size=2")["run_id"]
    without = project.command("reproduce", run)
    assert without.returncode == 2
    assert f"{run} was given api_key, of which its record has the digest alone [TT1398]" in without.stderr
    assert "--set api_key=VALUE" in without.stderr
    assert project.command("reproduce", run, "--set", "api_key=wrong-Secret-11").returncode == 2
    again = project.command("reproduce", run, "--json", "--set", f"api_key={SECRET}")
    assert json.loads(again.stdout)["sameness"] == "identical"
    assert (
        json.loads(project.command("run", "--twice", "--json", "--set", f"api_key={SECRET}").stdout)["sameness"]
        == "identical"
    )


def test_a_secret_that_is_the_sources_own_default_needs_no_giving(project: PipelineProject) -> None:
    project.edit("pipeline.py", "api_key: str = ''", "api_key: str = 'test-key'")
    run = project.run()["run_id"]
    assert json.loads(project.command("reproduce", run, "--json").stdout)["sameness"] == "identical"


def test_a_declared_secret_is_hidden_on_the_command_line_and_when_a_step_logs_it(project: PipelineProject) -> None:
    source = "import trimtab\n\n\ndef step(*, pin: str = ''):\n    trimtab.log_param('pin', pin)\n    return 1\n"
    (project.folder / "pipeline.py").write_text(source)
    record = project.run("--set=pin=4711-Pin")
    assert record["place"]["command"][-1].startswith("--set=pin=sha256:")
    files = [path.read_bytes() for path in (project.folder / ".trimtab").rglob("*") if path.is_file()]
    assert not any(b"4711-Pin" in content for content in files)


@pytest.mark.parametrize("mark", ["", "@trimtab.step(time_limit='1m')\n"], ids=["here", "apart"])
def test_an_error_that_quotes_a_secret_is_kept_and_shown_without_it(project: PipelineProject, mark: str) -> None:
    source = f"import trimtab\n\n\n{mark}def step(*, pin: str = ''):\n    raise ValueError(f'no account has {{pin}}')\n"
    (project.folder / "pipeline.py").write_text(source)
    done = project.command("run", "--set=pin=4711-Pin")
    assert done.returncode == 5
    assert "no account has ***" in done.stderr
    files = [path.read_bytes() for path in (project.folder / ".trimtab").rglob("*") if path.is_file()]
    assert not any(b"4711-Pin" in content for content in files)
    assert "4711-Pin" not in done.stderr + done.stdout


def test_a_secret_variable_is_taken_from_here_whatever_its_name_and_a_digest_is_its_own(
    project: PipelineProject,
) -> None:
    source = "import os\n\n\ndef step():\n    return [len(os.environ['PYTHON_TOKEN']), os.environ['DATA']]\n"
    (project.folder / "pipeline.py").write_text(source)
    given = {"PYTHON_TOKEN": SECRET, "DATA": f"sha256:{'0' * 64}"}
    run = project.run(**given)["run_id"]
    assert "PYTHON_TOKEN is a secret" in project.command("reproduce", run).stderr
    again = project.command("reproduce", run, "--json", **given)
    assert json.loads(again.stdout)["sameness"] == "identical", again.stderr


@pytest.mark.parametrize(
    "reading", ["dict(os.environ)", "{**os.environ}", "os.environ.copy()", "list(os.environ.items())"]
)
def test_a_step_that_reads_all_variables_runs_every_time_and_says_so(project: PipelineProject, reading: str) -> None:
    (project.folder / "pipeline.py").write_text(
        f"import os\n\n\ndef step():\n    return dict({reading}).get('REGION')\n"
    )
    project.run()
    record = project.run(REGION="south")
    assert record["outputs"] == project.run("--fresh", REGION="south")["outputs"]
    assert record["steps"][0]["state"] == "ran"
    assert any("reads all environment variables" in note for note in record["steps"][0]["notes"])
