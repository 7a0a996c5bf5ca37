"""The project that ``trimtab new`` writes: whole, right, and never half there."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import polars as pl
import pytest

from trimtab.app.new import ProjectExistsError, ProjectNameError, create_project
from trimtab.app.scaffold.payments import simulate
from trimtab.base.errors import DriverError, InputError
from trimtab.drivers.project_file import read_project
from trimtab.pipeline.draft import FEATURES, TRAIN


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return create_project("card-fraud", tmp_path_factory.mktemp("new"))


def run(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    surroundings = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    return subprocess.run(
        [sys.executable, *arguments], cwd=project, env=surroundings, capture_output=True, text=True, timeout=120
    )


def test_a_new_project_has_everything_and_nothing_half_made(project: Path) -> None:
    files = sorted(path.relative_to(project).as_posix() for path in project.rglob("*") if path.is_file())
    assert files == [
        ".gitignore", "README.md", "client.py", "data/later.parquet", "data/payments.parquet", "pipeline.py",
        "pytest.ini", "requirements.txt", "tests/test_pipeline.py", "trimtab.toml",
    ]  # fmt: skip
    assert [path.name for path in project.parent.iterdir()] == ["card-fraud"]
    for path in project.rglob("*"):
        if path.suffix != ".parquet" and path.is_file():
            assert "@NAME@" not in path.read_text(encoding="utf-8")
    assert ".trimtab/" in (project / ".gitignore").read_text()


def test_its_configuration_has_the_name_and_no_mistake(project: Path) -> None:
    read = read_project(project)
    assert read.name == "card-fraud"
    assert {gate.metric for gate in read.gates.metrics} == {"roc_auc", "average_precision"}
    assert read.retrain.promote.value == "ask"


def test_its_own_tests_pass(project: Path) -> None:
    done = run(project, "-m", "pytest", "-q", "-p", "no:cacheprovider")
    assert done.returncode == 0, done.stdout
    assert "3 passed" in done.stdout


def test_its_code_is_clean_by_the_linters_own_defaults(project: Path) -> None:
    assert run(project, "-m", "ruff", "check", "--isolated", "--no-cache", ".").stdout.strip() == "All checks passed!"
    formatted = run(project, "-m", "ruff", "format", "--isolated", "--no-cache", "--line-length=120", "--check", ".")
    assert formatted.returncode == 0, formatted.stdout


def test_its_readme_names_every_file_and_only_functions_that_are_there(project: Path) -> None:
    text = (project / "README.md").read_text()
    for name in re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE):
        assert (project / name).exists()
    source = (project / "pipeline.py").read_text()
    assert f"def {FEATURES}(" in source
    assert f"def {TRAIN}(" in source


def test_its_client_says_in_a_sentence_that_nobody_serves(project: Path) -> None:
    done = run(project, "client.py", "--url", "http://127.0.0.1:9")
    assert done.returncode == 1
    assert done.stderr.startswith("nobody answers at http://127.0.0.1:9/")


def test_the_sample_data_are_the_same_each_time_and_hold_what_the_readme_says(project: Path) -> None:
    payments = pl.read_parquet(project / "data" / "payments.parquet")
    later = pl.read_parquet(project / "data" / "later.parquet")
    assert pl.concat([payments, later]).equals(simulate(days=74, seed=2026))
    assert 4_500 < payments.height < 5_500
    assert payments["ts"].is_sorted()
    assert payments["ts"].dt.date().n_unique() == 60
    assert later["ts"].dt.date().n_unique() == 14
    assert payments["tx_id"].is_unique().all()
    assert not payments.null_count().sum_horizontal().item()
    share = payments["is_fraud"].mean()
    assert isinstance(share, float)
    assert 0.03 < share < 0.05


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("card fraud", "card-fraud"),
        ("1st", "st"),
        ("Überweisung", "berweisung"),
        ("", ""),
        ("../up", "up"),
        ("-x", "x"),
    ],
)
def test_a_name_that_cannot_be_one_gets_a_sentence_and_a_proposal(tmp_path: Path, name: str, meant: str) -> None:
    with pytest.raises(ProjectNameError, match="cannot be a project's name") as caught:
        create_project(name, tmp_path)
    assert (f'For example "{meant}"' in caught.value.fix) is bool(meant)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kind", ["folder", "file", "dangling link"])
def test_nothing_is_overwritten(tmp_path: Path, kind: str) -> None:
    place = tmp_path / "demo"
    if kind == "folder":
        place.mkdir()
    elif kind == "file":
        place.write_text("mine")
    else:
        place.symlink_to(tmp_path / "nowhere")
    with pytest.raises(ProjectExistsError, match="is there already"):
        create_project("demo", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["demo"]


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no folder"):
        create_project("demo", tmp_path / "missing")


def test_a_disk_that_refuses_leaves_nothing(
    tmp_path: Path, file_size_limit: Callable[[int], AbstractContextManager[None]]
) -> None:
    with pytest.raises(DriverError, match="cannot write the project demo"), file_size_limit(1_000):
        create_project("demo", tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_kill_leaves_no_half_project_and_the_next_try_clears_it_away(tmp_path: Path) -> None:
    (tmp_path / ".other.partial").mkdir()
    program = (
        "import sys; from pathlib import Path; import trimtab.app.scaffold.payments as payments\n"
        "def stop(**_): print('half', flush=True); sys.stdin.read()\n"
        "payments.simulate = stop\n"
        "from trimtab.app.new import create_project; create_project('demo', Path(sys.argv[1]))\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"half\n"
        assert not (tmp_path / "demo").exists()
        process.send_signal(signal.SIGKILL)
    finally:
        process.kill()
        process.communicate()
    assert not (tmp_path / "demo").exists()
    create_project("demo", tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".other.partial", "demo"]
