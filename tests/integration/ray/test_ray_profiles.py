"""Many files on a cluster of two nodes give the profile of one machine, also when a node dies on the way."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from trimtab.base.errors import InputError
from trimtab.data.moments import Moments
from trimtab.data.profile import NumberColumn, Profile
from trimtab.data.profiler import Depth, Profiler
from trimtab.drivers.ray_profiles import profile_files
from trimtab.drivers.sources import open_table

pytestmark = [
    pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="ray is not installed: pip install ray"),
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.xdist_group("ray"),
]

ROWS = 20_000
FILES = 12


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Files of one table."""
    folder = tmp_path_factory.mktemp("lake")
    chance = np.random.default_rng(0)
    paths = []
    for place in range(FILES):
        table = pl.DataFrame(
            {
                "amount": chance.lognormal(3, 1, ROWS),
                "count": chance.poisson(4, ROWS),
                "country": chance.choice(["DE", "FR", "IT"], ROWS, p=[0.7, 0.2, 0.1]),
                "id": [f"row {place} {row}" for row in range(ROWS)],
            }
        ).with_columns(pl.when(pl.col("count") == 0).then(None).otherwise(pl.col("amount")).alias("amount"))
        path = folder / f"part-{place:02}.parquet"
        table.write_parquet(path)
        paths.append(str(path))
    return paths


@pytest.fixture
def cluster() -> Iterator[Any]:
    """Two nodes on this machine, one processor each."""
    from ray.cluster_utils import Cluster

    made = Cluster(
        initialize_head=True,
        head_node_args={"num_cpus": 1, "node_ip_address": "127.0.0.1", "include_dashboard": False},
    )
    made.add_node(num_cpus=1, node_ip_address="127.0.0.1")
    yield made
    import ray

    ray.shutdown()
    made.shutdown()


def alone(paths: list[str]) -> Profile:
    """The same table's profile, made here in one pass."""
    scans = [open_table(path) for path in paths]
    profiler = Profiler(scans[0].schema, Depth())
    for scan in scans:
        for batch in scan.batches():
            profiler.add(batch)
    return profiler.profile()


def assert_same(found: Profile, wanted: Profile) -> None:
    """Equal to the last bit, but for the moments, which agree to 1e-12."""
    import msgspec

    assert found.rows == wanted.rows
    assert found.sample == wanted.sample
    for name, column in wanted.columns.items():
        other = found.columns[name]
        if isinstance(column, NumberColumn) and isinstance(other, NumberColumn):
            mine, theirs = other.moments, column.moments
            assert (mine.mean, mine.m2, mine.m4) == pytest.approx((theirs.mean, theirs.m2, theirs.m4), rel=1e-12)
            assert msgspec.structs.replace(other, moments=Moments()) == msgspec.structs.replace(
                column, moments=Moments()
            )
        else:
            assert other == column, name


def test_two_nodes_give_the_profile_of_one_machine(cluster: Any, lake: list[str]) -> None:
    told: list[tuple[int, int]] = []
    found = profile_files(lake, open_table, Depth(), address=cluster.address, done=lambda *counts: told.append(counts))
    assert_same(found, alone(lake))
    assert told[-1] == (FILES, FILES)


def test_a_node_that_dies_on_the_way_loses_nothing(cluster: Any, lake: list[str]) -> None:
    doomed = cluster.add_node(num_cpus=1, node_ip_address="127.0.0.1")
    killed: list[int] = []

    def after_some(files: int, of: int) -> None:
        del of
        if files >= 3 and not killed:
            killed.append(files)
            cluster.remove_node(doomed, allow_graceful=False)

    found = profile_files(lake, open_table, Depth(), address=cluster.address, done=after_some)
    assert killed
    assert_same(found, alone(lake))


def test_a_file_that_is_none_is_named(cluster: Any, lake: list[str], tmp_path: Path) -> None:
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(b"PAR1 and then nothing")
    with pytest.raises(InputError, match=r"broken\.parquet"):
        profile_files([*lake[:2], str(broken)], open_table, Depth(), address=cluster.address)
