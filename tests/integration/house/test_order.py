"""The one-way order: page, folder and contract say the same, and each of the three nets holds what it should.

A net that is torn looks like a net that nothing fell into; so each is tried with something that must not get through.
"""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.house.test_tree import CORE
from tests.integration.house.tree import ROOT, source

LINT_IMPORTS = Path(sys.executable).with_name("lint-imports")
RUFF = Path(sys.executable).with_name("ruff")
# What may be absent has no row in the page until it is there.
DESIGNED_BUT_ABSENT = {"web", "agent", "deploy"}


def contracts() -> configparser.ConfigParser:
    """The import contracts as import-linter reads them."""
    parser = configparser.ConfigParser()
    parser.read_string(source(Path(".importlinter")))
    return parser


def order() -> list[str]:
    """The packages that exist, from the doors down, as the contract orders them."""
    layers = contracts()["importlinter:contract:order"]["layers"]
    named = re.findall(r"\(?(\w+)\)?", layers)
    return [name for name in named if name not in DESIGNED_BUT_ABSENT]


def test_the_architecture_page_lists_the_packages_in_the_order_of_the_import_contract() -> None:
    page = source(Path("docs/architecture.md"))
    assert re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE) == order()


def test_every_package_is_in_the_contract_and_every_name_of_the_contract_is_a_package() -> None:
    folder = ROOT / "src" / "trimtab"
    there = {path.name.removesuffix(".py") for path in folder.iterdir() if not path.name.startswith("__")}
    assert there - {"py.typed"} == set(order())


def test_the_contract_and_the_tests_mean_the_same_packages_by_the_core() -> None:
    named = contracts()["importlinter:contract:pure-core"]["source_modules"].split()
    assert {name.removeprefix("trimtab.") for name in named} == CORE


BREAKS = {
    "stats/torn.py": ("import trimtab.gates", "The loop is read downwards"),
    "data/torn.py": ("import trimtab.data.torn_too", "No cycles, at any depth"),
    "data/torn_too.py": ("import trimtab.data.torn", "No cycles, at any depth"),
    "gates/torn.py": ("import threading", "The core decides; it does no I/O"),
    "serve/torn.py": ("import trimtab.monitor", "The serving process carries no control plane"),
    "drivers/torn.py": ("import trimtab.drivers.torn_too", "Drivers do not know each other"),
    "drivers/torn_too.py": ("import sklearn", "One driver, one SDK"),
    "unlisted/__init__.py": ("", "exhaustive"),
}


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    """import-linter on a copy of the packages: their names and the contracts, without the code."""
    return subprocess.run(
        [LINT_IMPORTS, "--no-logo", "--no-cache"],
        cwd=folder,
        env={"PYTHONPATH": str(folder), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def empty_house(tmp_path: Path) -> Path:
    """The packages, empty, and the contracts."""
    for name in order():
        (tmp_path / "trimtab" / name).mkdir(parents=True)
        (tmp_path / "trimtab" / name / "__init__.py").touch()
    (tmp_path / "trimtab" / "__init__.py").touch()
    text = source(Path(".importlinter"))
    (tmp_path / ".importlinter").write_text(re.sub(r"(?ms)^ignore_imports =\n(^    .*\n)+", "", text))
    return tmp_path


def test_the_contracts_hold_for_packages_without_code(empty_house: Path) -> None:
    done = lint_imports(empty_house)
    assert (done.returncode, "0 broken" in done.stdout) == (0, True), done.stdout + done.stderr


def test_every_contract_catches_what_it_forbids(empty_house: Path) -> None:
    for place, (line, _) in BREAKS.items():
        path = empty_house / "trimtab" / place
        path.parent.mkdir(exist_ok=True)
        path.write_text(line + "\n")
    unlisted = lint_imports(empty_house)
    assert "unlisted" in unlisted.stdout
    shutil.rmtree(empty_house / "trimtab" / "unlisted")
    done = lint_imports(empty_house)
    broken = set(re.findall(r"^(.+) BROKEN", done.stdout, re.MULTILINE))
    expected = {name for _, name in BREAKS.values()} - {"exhaustive"}
    assert {name for name in expected if not any(name in one for one in broken)} == set(), done.stdout


NAMES = """\
import random
import time
import uuid
from datetime import datetime
from pathlib import Path

import numpy as np
import polars as pl

opened = open("x")
started = time.time()
now = datetime.now()
drawn = random.random(), np.random.rand(1), uuid.uuid4()
here = Path.cwd()
table = pl.read_parquet("x")
array = np.load("x")
print(opened)
"""


def ruff(place: str) -> list[str]:
    """The rules that ruff finds broken in NAMES if it stood at this place."""
    command = [str(RUFF), "check", "--no-cache", "--output-format=concise", "--stdin-filename", place, "-"]
    done = subprocess.run(command, cwd=ROOT, input=NAMES, capture_output=True, text=True, check=False)
    return re.findall(r": ([A-Z]+\d+) ", done.stdout)


@pytest.mark.parametrize("package", sorted(CORE))
def test_ruff_refuses_clock_chance_and_files_in_every_package_of_the_core(package: str) -> None:
    found = ruff(f"src/trimtab/{package}/torn.py")
    assert found.count("TID251") == 7
    assert {"PTH123", "NPY002", "DTZ005", "T201"} <= set(found)


@pytest.mark.parametrize("package", ["app", "cli", "disk", "drivers", "serve", "testing"])
def test_ruff_lets_the_shell_act_but_not_with_naive_times(package: str) -> None:
    found = ruff(f"src/trimtab/{package}/torn.py")
    assert ("TID251" in found, "DTZ005" in found) == (False, True)
