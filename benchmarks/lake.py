"""What Ray costs and gains on one machine: ``python benchmarks/lake.py lake``, where ``lake`` is a folder.

The same files of 30 columns are profiled by one process, and by a local Ray cluster of as many workers as there are
processors. A third way has the cluster started before, as a team's is. Wall time is that of the whole command.
Processor time is that of every process that the command started, Ray's own servers too, looked up in /proc while they
live; of a cluster that was there before, that of its processes while the command ran is added.

The files are made on the first run. Needs Linux, ``pip install 'ray>=2.40' pyarrow`` and a machine without other work.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

FILES: Final = 16
LOOPBACK: Final = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0", "RAY_USAGE_STATS_ENABLED": "0"}
_MARK: Final = "TRIMTAB_BENCHMARK"
_TICKS: Final = os.sysconf("SC_CLK_TCK")


def made(folder: Path, rows: int) -> str:
    """A glob of the files, which are there afterwards."""
    tables = str(Path(__file__).with_name("tables.py"))
    folder.mkdir(parents=True, exist_ok=True)
    for place in range(FILES):
        path = folder / f"part-{place:02}.parquet"
        if not path.exists():
            command = [sys.executable, tables, "bank", "--rows", str(rows), "--seed", str(place), "--output", str(path)]
            subprocess.run(command, check=True)
    return str(folder / "*.parquet")


def processor_s(mark: str) -> dict[int, float]:
    """Seconds of processor of each living process that carries the mark."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if f"{_MARK}={mark}".encode() in (process / "environ").read_bytes().split(b"\0"):
                told = (process / "stat").read_text().rpartition(")")[2].split()
                found[int(process.name)] = (int(told[11]) + int(told[12])) / _TICKS
    return found


def measured(command: Sequence[str], mark: str) -> tuple[float, float]:
    """Wall and processor seconds of a command, and of what carries the mark while it runs."""
    before = processor_s(mark)
    seen = dict(before)
    start = time.monotonic()
    child = subprocess.Popen(command, env={**os.environ, **LOOPBACK, _MARK: mark}, stdout=subprocess.DEVNULL)
    while child.poll() is None:
        seen.update(processor_s(mark))
        time.sleep(0.1)
    wall = time.monotonic() - start
    if child.returncode:
        sys.exit(f"{' '.join(command)} ended with {child.returncode}")
    seen.update(processor_s(mark))
    return wall, sum(seen.values()) - sum(before.values())


@contextmanager
def cluster(mark: str) -> Iterator[str]:
    """The address of a cluster of one node, started and idle."""
    os.environ.update({**LOOPBACK, _MARK: mark})
    from ray.cluster_utils import Cluster

    head = {"num_cpus": os.cpu_count(), "node_ip_address": "127.0.0.1", "include_dashboard": False}
    node = Cluster(initialize_head=True, head_node_args=head)
    time.sleep(10)  # its first processes are started and at rest
    try:
        yield node.address
    finally:
        node.shutdown()
        os.environ.pop(_MARK)


def told(name: str, runs: Sequence[tuple[float, float]]) -> None:
    """One line: the medians, and the extremes of the wall time."""
    walls, processors = (sorted(values) for values in zip(*runs, strict=True))
    middle = len(runs) // 2
    wall = f"{walls[middle]:5.1f} s ({walls[0]:.1f} to {walls[-1]:.1f})"
    print(f"{name:20} wall {wall}  processor {processors[middle]:5.1f} s", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, default=500_000, help="of each of the files")
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()
    files = made(asked.folder, asked.rows)
    base = [sys.executable, "-m", "trimtab", "data", "profile", files]
    print(f"{FILES} files of {asked.rows:,} rows and 30 columns, {os.cpu_count()} processors")
    for name, options in (("one process", []), ("Ray, started for it", ["--engine", "ray"])):
        told(name, [measured([*base, *options], uuid.uuid4().hex) for _ in range(asked.repeats)])
    mark = uuid.uuid4().hex
    with cluster(mark) as address:
        command = [*base, "--engine", "ray", "--address", address]
        told("Ray, there before", [measured(command, mark) for _ in range(asked.repeats)])


if __name__ == "__main__":
    main()
