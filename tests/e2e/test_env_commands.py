"""``trimtab env``: what a project runs in is shown, frozen without a network, and runs again from the wheels alone."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.integration.environment.small import make_project, new_environment, sha256, without_network
from tests.integration.house.tree import ROOT
from trimtab.app.env_build import build_environment, with_trimtab

PROJECT = '[project]\nname = "small"\n\n[pipeline]\nmodule = "pipeline"\n'
PIPELINE = """
import json
import msgspec
import not_there_at_all


def features(rows):
    return rows


def train(features, label):
    return msgspec.json.encode(label)
"""


@dataclass(frozen=True, slots=True)
class Done:
    code: int
    out: str
    err: str


def trimtab(folder: Path, *words: str, python: str = sys.executable, offline: bool = False) -> Done:
    before = without_network() if offline else []
    done = subprocess.run([*before, python, "-m", "trimtab", *words], cwd=folder, capture_output=True, text=True)
    return Done(done.returncode, done.stdout, done.stderr)


def project(folder: Path) -> Path:
    folder.mkdir()
    (folder / "trimtab.toml").write_text(PROJECT)
    (folder / "pipeline.py").write_text(PIPELINE)
    return folder


@pytest.fixture(scope="module")
def frozen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose environment was frozen without a network. Read it, do not change it."""
    folder = project(tmp_path_factory.mktemp("frozen") / "small")
    done = trimtab(folder, "env", "freeze", "--offline", "--json", offline=True)
    assert done.code == 0, done.err
    (folder / "told.json").write_text(done.out)
    return folder


def test_without_a_lock_the_environment_is_observed(tmp_path: Path) -> None:
    folder = project(tmp_path / "small")
    shown = trimtab(folder, "env", "show")
    assert shown.code == 0, shown.err
    assert "level         observed\n" in shown.out
    assert "not installed not_there_at_all\n" in shown.out
    assert "\nmsgspec " in shown.out
    told = json.loads(trimtab(folder, "env", "show", "--json").out)
    assert told["schema"] == "trimtab.environment/1"
    assert list(told["environment"]["packages"]) == ["msgspec"]


def test_freezing_names_each_wheel_and_where_it_is_from(frozen: Path) -> None:
    told = json.loads((frozen / "told.json").read_text())
    origins = {package["name"]: package["origin"] for package in told["packages"]}
    assert {"msgspec", "polars", "click", "trimtab"} <= set(origins)
    assert origins["msgspec"] == "installed files"
    assert told["absent"] == ["not_there_at_all"]
    assert all(Path(package["wheel"]).parent == frozen / ".trimtab" / "wheels" for package in told["packages"])


def test_what_was_frozen_is_locked(frozen: Path) -> None:
    shown = trimtab(frozen, "env", "show")
    assert shown.code == 0, shown.err
    assert "level         locked\n" in shown.out
    assert "lock          pylock.toml\n" in shown.out


def test_a_lock_that_differs_is_shown_with_its_differences(frozen: Path, tmp_path: Path) -> None:
    folder = project(tmp_path / "small")
    lines = (frozen / "pylock.toml").read_text().splitlines()
    place = lines.index('name = "msgspec"')
    lines[place + 1] = 'version = "0.0.1"'
    (folder / "pylock.toml").write_text("\n".join(lines))
    shown = trimtab(folder, "env", "show")
    assert shown.code == 4
    assert "msgspec" in shown.out
    assert ", 0.0.1 in the lock [TT1005]" in shown.err


def test_the_frozen_environment_is_built_again_and_is_locked_in_itself(frozen: Path, tmp_path: Path) -> None:
    lock = (frozen / "pylock.toml").read_bytes()
    host = with_trimtab(lock, "pylock.toml")
    assert host.packages == {}  # the lock holds Trimtab
    wheels = frozen / ".trimtab" / "wheels"
    python = build_environment(lock, "pylock.toml", wheels, tmp_path / "built", offline=True, host=host)
    shown = trimtab(frozen, "env", "show", "--json", python=str(python), offline=True)
    assert shown.code == 0, shown.err
    there, here = json.loads(shown.out), json.loads(trimtab(frozen, "env", "show", "--json").out)
    assert there["environment"] == here["environment"]
    assert there["environment"]["level"] == "locked"


def test_trimtab_runs_beside_a_lock_that_does_not_hold_it(frozen: Path, tmp_path: Path) -> None:
    shutil.copytree(frozen / ".trimtab" / "wheels", tmp_path / "wheels", copy_function=os.link)
    wheel = next((tmp_path / "wheels").glob("msgspec-*.whl"))
    version = wheel.name.split("-")[1]
    lock = f"msgspec=={version} --hash=sha256:{sha256(wheel)}\n".encode()
    host = with_trimtab(lock, "requirements")
    assert "msgspec" not in host.packages
    python = build_environment(lock, "requirements", tmp_path / "wheels", tmp_path / "built", offline=True, host=host)
    folder = project(tmp_path / "small")
    (folder / "requirements.txt").write_bytes(lock)
    shown = trimtab(folder, "env", "show", python=str(python), offline=True)
    assert "level         locked\nlock          requirements.txt\n" in shown.out, shown.err


def test_an_editable_install_is_frozen_by_its_source_and_a_later_edit_refuses(frozen: Path, tmp_path: Path) -> None:
    made = new_environment(tmp_path / "environment")
    mine = make_project(tmp_path / "mine", "mine", "0.1", "A = 1\n")
    made.install_editable(mine)
    # what Trimtab itself runs on comes from the environment of this test, and its wheels are in a store already
    ours = [path for path in sys.path if path.endswith("site-packages")]
    (made.site / "ours.pth").write_text("\n".join([*ours, str(ROOT / "src")]))
    shutil.copytree(frozen / ".trimtab" / "wheels", tmp_path / "wheels", copy_function=os.link)
    folder, python = project(tmp_path / "small"), str(made.python)
    (folder / "pipeline.py").write_text("import mine\n")
    done = trimtab(folder, "env", "freeze", "--offline", "--wheels", str(tmp_path / "wheels"), python=python)
    assert done.code == 0, done.err
    assert re.search(r"^mine +0\.1 +source", done.out, re.MULTILINE)
    assert re.search(r"^polars +\S+ +store", done.out, re.MULTILINE)
    shown = trimtab(folder, "env", "show", python=python)
    assert "level         locked\n" in shown.out, shown.err
    (mine / "src" / "mine" / "__init__.py").write_text("A = 2\n")
    edited = trimtab(folder, "env", "show", python=python)
    assert edited.code == 4
    assert "mine 0.1 is installed, but its source is not what was locked" in edited.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--lock", "uv.lock"], "uv.lock is no name for this kind of lock"),
        (["--lock", "requirements.txt"], "no name for this kind of lock"),
    ],
)
def test_a_lock_of_another_kind_is_not_written(tmp_path: Path, words: list[str], said: str) -> None:
    folder = project(tmp_path / "small")
    done = trimtab(folder, "env", "freeze", "--offline", *words)
    assert done.code == 2
    assert said in done.err
    assert sorted(path.name for path in folder.iterdir()) == ["pipeline.py", "trimtab.toml"]


def test_a_folder_on_the_import_path_is_refused_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "extra").mkdir()
    (tmp_path / "extra" / "helper_of_mine.py").write_text("")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "extra"))
    folder = project(tmp_path / "small")
    (folder / "pipeline.py").write_text("import helper_of_mine\n")
    done = trimtab(folder, "env", "freeze", "--offline")
    assert done.code == 2
    assert "these are folders on the import path and no packages: helper_of_mine [TT1364]" in done.err
    assert not (folder / "pylock.toml").exists()
