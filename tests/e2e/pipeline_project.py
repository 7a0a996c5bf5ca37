"""A pipeline of a project that is not ours: made in a folder, run from outside, read by what it prints."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

TOML = '[project]\nname = "rates"\n\n[pipeline]\n'

PIPELINE = """
import json
import os
from pathlib import Path

import polars as pl
import tinylib

from helpers import scale
from shapes import Box

LIMIT = 100


def _clip(x):
    return min(x, LIMIT)


def read() -> pl.DataFrame:
    return pl.read_csv("data/rates.csv")


def total(read: pl.DataFrame) -> int:
    return _clip(int(read["rate"].sum()))


def scaled(total: int, *, factor: int = 2) -> int:
    return scale(total) * factor


def boxed(total: int) -> int:
    return Box(total).area()


def region() -> str:
    return os.environ["REGION"]


def outside(total: int) -> int:
    return tinylib.double(total)


def summary(scaled: int, boxed: int, region: str, outside: int) -> dict:
    return {"scaled": scaled, "boxed": boxed, "region": region, "outside": outside}
"""

HELPERS = """
from deep import offset


def scale(x):
    return offset(x) * 3


def unrelated(x):
    return x
"""
DEEP = "BASE = 1\n\n\ndef offset(x):\n    return x + BASE\n"
SHAPES = """
class Shape:
    sides = 4

    def area(self):
        return self.size * self.sides


class Box(Shape):
    def __init__(self, size):
        self.size = size
"""

ALL = ("read", "total", "scaled", "boxed", "region", "outside", "summary")


@dataclass(frozen=True, slots=True)
class PipelineProject:
    """A project in a folder; ``library`` is a folder on its import path with an installed distribution of its own."""

    folder: Path
    library: Path
    environment: dict[str, str] = field(default_factory=dict)

    def command(self, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        here = {name: value for name, value in os.environ.items() if not name.startswith("TRIMTAB_")}
        inherited = {**here, "PYTHONPATH": str(self.library), "REGION": "north", **self.environment, **variables}
        return subprocess.run(
            [sys.executable, "-m", "trimtab", *words], cwd=self.folder, env=inherited, capture_output=True, text=True
        )

    def run(self, *words: str, **variables: str) -> dict[str, Any]:
        """The record of a run that ended well."""
        done = self.command("run", "--json", *words, **variables)
        assert done.returncode == 0, done.stderr + done.stdout
        record: dict[str, Any] = json.loads(done.stdout)["record"]
        return record

    def ran(self, *words: str, **variables: str) -> set[str]:
        """The steps that ran, in the next run."""
        return {step["step"] for step in self.run(*words, **variables)["steps"] if step["state"] == "ran"}

    def edit(self, name: str, old: str, new: str) -> None:
        path = self.folder / name
        text = path.read_text()
        assert old in text, f"{old!r} is not in {name}"
        path.write_text(text.replace(old, new, 1))


def make_project(folder: Path) -> PipelineProject:
    project, library = folder / "rates", folder / "library"
    (project / "data").mkdir(parents=True)
    for name, text in {
        "trimtab.toml": TOML, "pipeline.py": PIPELINE, "helpers.py": HELPERS, "deep.py": DEEP, "shapes.py": SHAPES,
        "data/rates.csv": "rate\n1\n2\n3\n",
    }.items():  # fmt: skip
        (project / name).write_text(text.lstrip())
    install(library, "tinylib", "1.0", "import tinydep\n\n\ndef double(x):\n    return 2 * x\n", requires="tinydep")
    install(library, "tinydep", "1.0", "")
    return PipelineProject(project, library)


def install(library: Path, name: str, version: str, code: str, *, requires: str = "") -> None:
    """A distribution as an installer leaves it."""
    for old in library.glob(f"{name}-*.dist-info"):
        for file in old.iterdir():
            file.unlink()
        old.rmdir()
    for compiled in (library / "__pycache__").glob(f"{name}.*.pyc"):  # of the same size and second, Python would use it
        compiled.unlink()
    about = library / f"{name}-{version}.dist-info"
    about.mkdir(parents=True)
    (library / f"{name}.py").write_text(code)
    needs = f"Requires-Dist: {requires}\n" if requires else ""
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}")
    (about / "RECORD").write_text(f"{name}.py,,\n{name}-{version}.dist-info/METADATA,,\n")
    (about / "top_level.txt").write_text(f"{name}\n")
