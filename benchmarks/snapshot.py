"""What it costs to take the files that a run reads into its record: ``python benchmarks/snapshot.py``.

10,000 files of 1 GB together, in 100 folders: taken for the first time, again with nothing changed, and with one file
changed. Whole processes of a small script, beside ``dvc add`` in a fresh repository and what the disk needs at least:
``cp -r`` of the same tree, and SHA-256 of its bytes. Seconds of real time and CPU seconds, the least and the median of
the turns, all tools in turns of the same minutes. Each turn has a state folder of its own, so that nothing of the one
before helps, and none is removed before the end: ext4 takes seconds to give new files the places of removed ones.

Also the source: 30 files of 150 kB in a repository, snapshot again with nothing changed.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "peers"))

from install import VENVS, is_installed, python_of  # noqa: E402

FOLDERS: Final = 100
STEPS: Final = ("first", "unchanged", "one changed")
GOALS: Final = {"first": 2.0, "unchanged": 0.2, "one changed": 0.3}
"""Seconds, of a whole process."""

SNAPSHOT: Final = """
import os, sys
from pathlib import Path
from trimtab.drivers.data_files import snapshot_files
from trimtab.drivers.file_index import FileIndex
root, state = Path(sys.argv[1]), Path(sys.argv[2])
index = FileIndex(state / "files")
paths = [os.path.join(folder, name) for folder, _, names in os.walk(root / "data") for name in names]
files = snapshot_files(paths, root, index, state / "blobs" if sys.argv[3] == "copy" else None)
index.save()
assert len(files) == int(sys.argv[4]), len(files)
"""

HASH: Final = """
import hashlib, os, sys
for folder, _, names in os.walk(sys.argv[1]):
    for name in names:
        with open(os.path.join(folder, name), "rb") as file:
            hashlib.file_digest(file, "sha256")
"""

SOURCE: Final = """
import statistics, sys, time
from pathlib import Path
from trimtab.drivers.local_blobs import LocalBlobs
from trimtab.drivers.source_snapshot import take_snapshot
root, before, turns = Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None, []
for _ in range(21):
    began = time.perf_counter()
    kept = take_snapshot(root, LocalBlobs(root / ".trimtab/blobs"), before=before)
    turns.append(time.perf_counter() - began)
print(kept.digest, *(f"{1e3 * seconds:.1f}" for seconds in (turns[0], min(turns), statistics.median(turns))))
"""


@dataclass(slots=True)
class Costs:
    """Seconds of real time and of CPU, of each turn."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def text(self) -> str:
        if not self.wall:
            return f"{'—':>8}{'—':>9}{'—':>8}"
        return f"{min(self.wall):8.2f}{statistics.median(self.wall):9.2f}{min(self.cpu):8.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--bytes", type=int, default=1_000_000_000, help="of all files together")
    parser.add_argument("--turns", type=int, default=3, help="of each tool")
    parser.add_argument("--folder", type=Path, help="on the disk to measure; by default the system's temporary one")
    parser.add_argument("--venvs", type=Path, default=VENVS, help="where the peers are")
    asked = parser.parse_args()
    print(f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}")
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        root = Path(folder)
        print(f"making {asked.files:,} files of {asked.bytes:,} bytes together", flush=True)
        make_tree(root / "project" / "data", asked.files, asked.bytes // asked.files)
        met = measure(root, asked.files, asked.turns, asked.venvs)
        met &= measure_source(root / "source")
    sys.exit(0 if met else 1)


def measure(root: Path, files: int, turns: int, venvs: Path) -> bool:
    """Print what each tool took; false if a goal was missed."""
    costs: dict[tuple[str, str], Costs] = {}
    for turn in range(turns):
        for who, steps in tools(root, files, venvs, f"turn-{turn}"):
            for step, run in steps:
                with one_changed(root) if step == "one changed" else unchanged():
                    wall, cpu = run()
                cost = costs.setdefault((who, step), Costs())
                cost.wall.append(wall)
                cost.cpu.append(cpu)
    print(f"\n{'':44}{'least s':>8}{'median s':>9}{'CPU-s':>8}")
    met = True
    for (who, step), cost in costs.items():
        goal = GOALS[step] if who.startswith("Trimtab") else None
        met &= goal is None or min(cost.wall) <= goal
        verdict = "" if goal is None else f"  goal {goal}: {'met' if min(cost.wall) <= goal else 'MISSED'}"
        print(f"{f'{who}, {step}' if step else who:44}{cost.text()}{verdict}")
    return met


Step = tuple[str, Callable[[], tuple[float, float]]]


def tools(root: Path, files: int, venvs: Path, turn: str) -> Iterator[tuple[str, list[Step]]]:
    """Each tool with its steps, in a state of its own."""
    project = root / "project"
    data = project / "data"
    yield "floor: SHA-256 of the bytes, one thread", [("", partial(process, [sys.executable, "-c", HASH, data]))]
    yield "floor: cp -r", [("", partial(process, ["cp", "-r", data, root / f"{turn}-cp"]))]
    for mode in ("reference", "copy"):
        state = root / f"{turn}-{mode}"
        command: list[str | Path] = [sys.executable, "-c", SNAPSHOT, project, state, mode, str(files)]
        yield f'Trimtab, keep = "{mode}"', [(step, partial(process, command)) for step in STEPS]
    if not is_installed("dvc", venvs):
        print("SKIPPED: DVC is not installed (python benchmarks/peers/install.py dvc)")
        return
    dvc = [str(python_of("dvc", venvs)), "-m", "dvc"]
    surroundings = os.environ | {
        "DVC_NO_ANALYTICS": "1",
        "DVC_SITE_CACHE_DIR": str(root / f"{turn}-dvc-site"),
        "DVC_GLOBAL_CONFIG_DIR": str(root / f"{turn}-dvc-config"),
    }
    begin_repository(project, dvc, surroundings)
    add: list[str | Path] = [*dvc, "add", "--quiet", "data"]
    yield "DVC", [(step, partial(process, add, project, surroundings)) for step in STEPS]
    (project / ".dvc").rename(root / f"{turn}-dvc")


def begin_repository(project: Path, dvc: list[str], surroundings: dict[str, str]) -> None:
    """A fresh repository of Git and DVC around the data."""
    for name in (".git", ".dvc"):
        shutil.rmtree(project / name, ignore_errors=True)
    for name in ("data.dvc", ".gitignore", ".dvcignore"):
        (project / name).unlink(missing_ok=True)
    subprocess.run(["git", "init", "--quiet", project], check=True)
    subprocess.run([*dvc, "init", "--quiet"], cwd=project, env=surroundings, check=True)


def process(
    command: list[str | Path], folder: Path | None = None, surroundings: dict[str, str] | None = None
) -> tuple[float, float]:
    """Seconds of real time and of CPU of a whole process."""
    began = time.perf_counter()
    child = subprocess.Popen(list(map(str, command)), cwd=folder, env=surroundings)
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.perf_counter() - began
    if status:
        sys.exit(f"{command[0]} failed")
    return wall, usage.ru_utime + usage.ru_stime


@contextmanager
def one_changed(root: Path) -> Iterator[None]:
    """One file in the middle has other bytes inside."""
    file = root / "project" / "data" / f"{FOLDERS // 2:03d}" / "0000.bin"
    content = file.read_bytes()
    file.write_bytes(os.urandom(len(content)))
    yield
    file.write_bytes(content)


@contextmanager
def unchanged() -> Iterator[None]:
    """Nothing is."""
    yield


def make_tree(folder: Path, files: int, size: int) -> None:
    """Files of random bytes, on the disk; and a second, so that they are not new any more."""
    for number in range(FOLDERS):
        (folder / f"{number:03d}").mkdir(parents=True)
        for file in range(files // FOLDERS):
            (folder / f"{number:03d}" / f"{file:04d}.bin").write_bytes(os.urandom(size))
    os.sync()
    time.sleep(1.0)


def measure_source(root: Path) -> bool:
    """Print what the snapshot of a project of 30 files takes; false if the goal is missed."""
    root.mkdir()
    sources = sorted((HERE.parent / "src" / "trimtab").rglob("*.py"))
    for number, file in enumerate(sources[:: len(sources) // 29][:29]):
        shutil.copy(file, root / f"module_{number}.py")
    (root / "trimtab.toml").write_text("[project]\n")
    (root / ".gitignore").write_text(".trimtab/\n")
    identity = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
    for arguments in (["init", "--quiet"], ["add", "--all"], [*identity, "commit", "--quiet", "--message", "x"]):
        subprocess.run(["git", *arguments], cwd=root, check=True)
    command: list[str | Path] = [sys.executable, "-c", SOURCE, root]
    kept = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[0]
    done = subprocess.run([*command, kept], check=True, capture_output=True, text=True)
    first, least, median = map(float, done.stdout.split()[1:])
    ok = first <= 15.0
    print(f"\nsource of 30 files, unchanged: {first} ms in a new process, then {least} ms least, {median} ms median")
    print(f"  goal 15 ms: {'met' if ok else 'MISSED'}")
    return ok


if __name__ == "__main__":
    main()
