"""What lies damaged in the state's folder is made again where it can be, and named where it cannot."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest


def trimtab(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "trimtab", *words], cwd=folder, capture_output=True, text=True)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    assert trimtab(tmp_path, "new", "fraud").returncode == 0
    done = trimtab(tmp_path / "fraud", "run", "--json")
    assert done.returncode == 0, done.stderr
    return tmp_path / "fraud"


def damage(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0x55
    path.chmod(0o600)
    path.write_bytes(content)


@pytest.mark.parametrize("remembered", ["gathered/*", "judged/*", "reach.index", "files.index", "libraries.index"])
def test_what_is_remembered_and_damaged_is_made_again(project: Path, remembered: str) -> None:
    first = json.loads(trimtab(project, "run", "--json").stdout)["record"]
    files = list((project / ".trimtab/cache").glob(remembered))
    assert files
    for path in files:
        damage(path)
    for words in (["run", "--explain"], ["run", "--json"]):
        done = trimtab(project, *words)
        assert done.returncode == 0, done.stderr
    record = json.loads(trimtab(project, "run", "--json").stdout)["record"]
    assert record["outputs"] == first["outputs"]
    assert record["data"] == first["data"]


def test_a_damaged_table_is_named_by_reproduce_and_mended_by_the_next_run(project: Path) -> None:
    (table,) = (project / ".trimtab/tables").glob("*.parquet")
    damage(table)
    done = trimtab(project, "reproduce", "latest")
    assert done.returncode == 4
    assert "is not what was kept" in done.stderr
    assert trimtab(project, "run").returncode == 0
    assert json.loads(trimtab(project, "reproduce", "latest", "--json").stdout)["sameness"] == "identical"


def test_another_order_of_hashes_number_of_threads_or_locale_is_another_run(tmp_path: Path) -> None:
    folder = tmp_path / "p"
    folder.mkdir()
    (folder / "trimtab.toml").write_text('[project]\nname = "p"\n\n[pipeline]\n')
    (folder / "pipeline.py").write_text("def order():\n    return list({'a', 'b', 'c', 'dd', 'e'})\n")
    command = [sys.executable, "-m", "trimtab", "run"]

    def run(**variables: str) -> str:
        done = subprocess.run(
            command, cwd=folder, env={"PATH": "/usr/bin:/bin", **variables}, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert "1 of 1 steps ran" in run()
    assert "0 of 1 steps ran" in run()
    assert "1 of 1 steps ran" in run(PYTHONHASHSEED="7")
    assert "1 of 1 steps ran" in run(OMP_NUM_THREADS="2")
    assert "0 of 1 steps ran" in run(LANG="tr_TR.UTF-8")  # a run has a locale of its own, unless LC_ALL says another
    assert "1 of 1 steps ran" in run(LC_ALL="C")
    assert "identical" in trimtab(folder, "reproduce", "latest").stdout
