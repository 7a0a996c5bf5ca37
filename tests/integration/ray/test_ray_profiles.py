"""Many files on a cluster of two nodes give the profile of one machine, also when a node dies on the way.

Ray weighs 202 MB and is in no lock, so these are skipped by name where it is not installed. To run them::

    pip install 'ray>=2.40' && pytest tests/integration/ray

Everything listens on 127.0.0.1 only. About two minutes on two processors.
"""

from __future__ import annotations

import importlib.util
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import polars as pl
import pytest

from tests.conftest import Eventually
from trimtab.app.data import profile
from trimtab.app.data_lake import FilesReader, profile_on_ray
from trimtab.app.data_opening import Reading
from trimtab.base.errors import InputError
from trimtab.data.column_profile import NumberColumn
from trimtab.data.moments import Moments
from trimtab.data.profile import Profile
from trimtab.data.profiler import Depth
from trimtab.drivers.ray_profiles import Patience, RayError, profile_files
from trimtab.drivers.sources.file_scan import FilesScan
from trimtab.drivers.sources.opening import open_table
from trimtab.drivers.sources.problems import SourceError

pytestmark = [
    pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="ray is not installed: pip install 'ray>=2.40'"),
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.xdist_group("ray"),
]

ROWS = 20_000
FILES = 12


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with files of one table; keys repeat from one file to the next, and types differ between files."""
    folder = tmp_path_factory.mktemp("lake")
    chance = np.random.default_rng(0)
    for place in range(FILES):
        count = chance.poisson(4, ROWS)
        table = pl.DataFrame(
            {
                "amount": chance.lognormal(3, 1, ROWS),
                "count": count if place != 5 else count + 0.5,
                "country": chance.choice(["DE", "FR", "IT"], ROWS, p=[0.7, 0.2, 0.1]),
                "gone": pl.Series([None] * ROWS, dtype=pl.Null if place < 3 else pl.Int32),
                "id": [f"row {row}" for row in range(place * (ROWS - 3), place * (ROWS - 3) + ROWS)],
                "when": pl.Series(np.arange(ROWS) + (place - 2 * (place == 7)) * ROWS).cast(pl.Datetime("ms")),
            }
        ).with_columns(pl.when(pl.col("count") == 0).then(None).otherwise(pl.col("amount")).alias("amount"))
        table.write_parquet(folder / f"part-{place:02}.parquet")
    return folder


@pytest.fixture(scope="module", autouse=True)
def on_loopback() -> Iterator[None]:
    """Nothing of Ray listens to the network or sends anything; it looks when it is first imported."""
    with pytest.MonkeyPatch.context() as patch:
        # Without this Ray takes 127.0.0.1 for the machine's other address, and connects to where nothing listens.
        patch.setenv("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.delenv("RAY_ADDRESS", raising=False)
        yield


def started(head_processors: int = 1) -> Any:
    """A cluster of two nodes on this machine, the second with one processor."""
    from ray.cluster_utils import Cluster

    head = {"num_cpus": head_processors, "node_ip_address": "127.0.0.1", "include_dashboard": False}
    made = Cluster(initialize_head=True, head_node_args=head)
    made.add_node(num_cpus=1, node_ip_address="127.0.0.1")
    return made


def family(*nodes: Any) -> set[int]:
    """The processes of nodes, with all that they started."""
    found = {one.process.pid for node in nodes for several in node.all_processes.values() for one in several}
    parents = {}
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            parents[int(process.name)] = int((process / "stat").read_text().rpartition(")")[2].split()[1])
    size = 0
    while len(found) > size:
        size = len(found)
        found |= {child for child, parent in parents.items() if parent in found}
    return found


def die(processes: set[int]) -> None:
    """As when a machine is gone: nothing of it can say a word."""
    for process in processes:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)


def ended(cluster: Any) -> None:
    """The end of a cluster; what serves a node would else outlive it by some seconds."""
    left = family(*cluster.list_all_nodes())
    cluster.shutdown()
    die(left)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Two nodes with one processor each, for tests that leave them as they were."""
    made = started()
    yield made
    ended(made)


@pytest.fixture
def no_processor() -> Iterator[Any]:
    """A head without a processor, and one node that works."""
    made = started(head_processors=0)
    yield made
    ended(made)


@pytest.fixture(autouse=True)
def not_connected() -> Iterator[None]:
    """No test leaves a connection to the next."""
    yield
    import ray

    ray.shutdown()


def paths(lake: Path) -> list[str]:
    return sorted(map(str, lake.glob("*.parquet")))


def opened(path: str) -> FilesScan:
    scan = open_table(path)
    assert isinstance(scan, FilesScan)
    return scan


def here_when_told(folder: Path) -> Callable[[str], FilesScan]:
    """Opens a file once ``folder/go`` is there, after it has written which node it runs on. Pickled by its value."""

    def open_file(path: str) -> FilesScan:
        import ray as on_node

        node = on_node.get_runtime_context().get_node_id()
        (folder / f"{node} {os.getpid()} {Path(path).stem}").touch()
        while not (folder / "go").exists():
            time.sleep(0.02)
        scan = open_table(path)
        assert isinstance(scan, FilesScan)
        return scan

    return open_file


def assert_same(found: Profile, wanted: Profile) -> None:
    """Equal to the last bit, but for the moments, which agree to 1e-12 of the spread."""
    assert found.columns.keys() == wanted.columns.keys()
    for name, column in wanted.columns.items():
        other = found.columns[name]
        if isinstance(column, NumberColumn) and isinstance(other, NumberColumn):
            assert_close(other.moments, column.moments)
            other = msgspec.structs.replace(other, moments=column.moments)
        assert other == column, name
    assert found.pairs is not None
    assert wanted.pairs is not None
    (counts, means, products), (own_counts, own_means, own_products) = wanted.pairs.matrices, found.pairs.matrices
    spread = np.sqrt(np.diag(products))
    assert (counts == own_counts).all()
    np.testing.assert_allclose(own_means, means, rtol=1e-12)
    assert (np.abs(own_products - products) <= 1e-12 * np.outer(spread, spread)).all()
    assert msgspec.structs.replace(found, columns={}, pairs=None) == msgspec.structs.replace(
        wanted, columns={}, pairs=None
    )


def assert_close(found: Moments, wanted: Moments) -> None:
    assert found.count == wanted.count
    if not wanted.count:
        return
    for power, name in enumerate(("mean", "m2", "m3", "m4"), 1):
        scale = (
            max(wanted.count, 1) * wanted.deviation**power if power > 1 else wanted.deviation + abs(wanted.mean or 0)
        )
        assert getattr(found, name) == pytest.approx(getattr(wanted, name), rel=1e-12, abs=1e-12 * scale), name


def nodes_of(folder: Path, stem: str) -> set[str]:
    """The nodes on which a file was opened."""
    return {marker.name.split()[0] for marker in folder.iterdir() if marker.name.endswith(f" {stem}")}


def killed_while_at_work(node: Any, folder: Path, *, then_go: bool) -> tuple[threading.Thread, list[str]]:
    """Kills a node without warning once a task runs on it; the list then has the files that it was at."""
    caught: list[str] = []

    def kill() -> None:
        end = time.monotonic() + 60
        while not (markers := list(folder.glob(f"{node.node_id} *"))) and time.monotonic() < end:
            time.sleep(0.02)
        alive = [marker for marker in markers if Path(f"/proc/{marker.name.split()[1]}").exists()]
        die(family(node))
        caught.extend(marker.name.split()[2] for marker in alive)
        if then_go:
            (folder / "go").touch()

    thread = threading.Thread(target=kill, daemon=True)
    thread.start()
    return thread, caught


def test_two_nodes_give_the_profile_of_one_machine(cluster: Any, lake: Path, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    (tmp_path / "go").touch()
    found = profile_files(
        paths(lake),
        FilesReader(here_when_told(tmp_path)),
        Depth(time="when"),
        address=cluster.address,
        done=lambda *counts: told.append(counts),
    )
    assert_same(found.profile, profile(str(lake / "*.parquet"), Reading(time="when")).profile)
    # One file has other numbers than the rest, and three a column without a type: those that were read too narrowly
    # are read again.
    assert told[FILES - 1] == (FILES, FILES)
    assert told[-1][0] == told[-1][1] > FILES
    assert len({marker.name.split()[0] for marker in tmp_path.glob("* part-*")}) == 2


def test_a_node_that_dies_while_it_works_loses_nothing(lake: Path, tmp_path: Path, no_processor: Any) -> None:
    cluster = no_processor
    (doomed,) = cluster.worker_nodes
    cluster.add_node(num_cpus=1, node_ip_address="127.0.0.1")
    killer, caught = killed_while_at_work(doomed, tmp_path, then_go=True)
    found = profile_files(paths(lake), FilesReader(here_when_told(tmp_path)), Depth(), address=cluster.address)
    killer.join()
    assert caught, "no task ran on the node when it was killed"
    for stem in caught:
        assert len(nodes_of(tmp_path, stem)) == 2, f"{stem} was not begun again elsewhere"
    assert_same(found.profile, profile(str(lake / "*.parquet")).profile)


def test_a_cluster_without_a_processor_left_is_an_error_and_no_endless_wait(
    lake: Path, tmp_path: Path, no_processor: Any
) -> None:
    (doomed,) = no_processor.worker_nodes
    killer, caught = killed_while_at_work(doomed, tmp_path, then_go=False)
    with pytest.raises(RayError, match="has no node with a processor left"):
        profile_files(
            paths(lake),
            FilesReader(here_when_told(tmp_path)),
            Depth(),
            address=no_processor.address,
            patience=Patience(no_node_s=3),
        )
    killer.join()
    assert caught


_WAITS = """
import sys, time
from pathlib import Path
from trimtab.app.data_lake import FilesReader
from trimtab.data.profiler import Depth
from trimtab.drivers.ray_profiles import Patience, RayError, profile_files
folder, address, *files = sys.argv[1:]
def open_file(path):
    import time
    from pathlib import Path
    (Path(folder) / Path(path).stem).touch()
    time.sleep(600)
try:
    profile_files(files, FilesReader(open_file), Depth(), address=address, patience=Patience(silence_s=3))
except RayError as error:
    print(error)
    sys.exit(error.exit_code)
"""


def test_a_head_that_dies_is_an_error_and_no_endless_wait(
    lake: Path, tmp_path: Path, eventually: Eventually, no_processor: Any
) -> None:
    # In a process of its own: Ray ends the process of a driver whose cluster is gone, and would end the tests'.
    command = [sys.executable, "-c", _WAITS, str(tmp_path), no_processor.address, *paths(lake)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as driver:
        eventually(lambda: list(tmp_path.iterdir()), within=60, what="a task runs")
        die(family(no_processor.head_node))
        said, _ = driver.communicate(timeout=45)
    assert "no longer answers [TT1374]" in said
    assert driver.returncode == RayError.exit_code


def test_an_address_where_nobody_is_is_said_at_once(lake: Path) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))  # taken, and nobody listens
        address = f"127.0.0.1:{bound.getsockname()[1]}"
        start = time.monotonic()
        with pytest.raises(RayError, match=f"there is no Ray cluster at {address}"):
            profile_files(paths(lake), FilesReader(opened), Depth(), address=address)
    assert time.monotonic() - start < 10


def test_an_address_of_the_ray_client_is_refused(lake: Path) -> None:
    with pytest.raises(RayError, match="an address of the Ray Client"):
        profile_files(paths(lake), FilesReader(opened), Depth(), address="ray://127.0.0.1:10001")


def test_a_file_that_is_none_is_named_and_a_connection_stays(
    cluster: Any, lake: Path, tmp_path: Path, eventually: Eventually
) -> None:
    import ray

    ray.init(address=cluster.address, log_to_driver=False)
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(b"PAR1 and then nothing")
    wait = here_when_told(tmp_path)

    def open_file(path: str) -> FilesScan:
        from trimtab.drivers.sources.opening import open_table as open_there

        return open_there(path) if "broken" in path else wait(path)  # type: ignore[return-value]

    with pytest.raises(SourceError, match=r"broken\.parquet is not a Parquet file, or a damaged one") as caught:
        profile_files([*paths(lake)[:1], str(broken), *paths(lake)[1:]], FilesReader(open_file), Depth())
    assert caught.value.fix
    assert ray.is_initialized()
    (tmp_path / "go").touch()
    eventually(lambda: ray.available_resources().get("CPU") == 2, within=30, what="what was begun has ended")
    assert len(list(tmp_path.glob("* part-*"))) <= 3, "no more than two tasks for each processor were given to Ray"
    assert profile_files(paths(lake)[:2], FilesReader(wait), Depth()).profile.rows == 2 * ROWS
    assert ray.is_initialized()


def test_a_mistake_in_the_code_is_told_with_the_file_and_not_tried_again(
    cluster: Any, lake: Path, tmp_path: Path
) -> None:
    def open_file(path: str) -> FilesScan:
        (tmp_path / f"{time.time_ns()}").touch()
        raise ZeroDivisionError("by nought")

    with pytest.raises(RayError, match=r"part-00\.parquet could not be profiled: ZeroDivisionError: by nought"):
        profile_files(paths(lake)[:1], FilesReader(open_file), Depth(), address=cluster.address)
    assert len(list(tmp_path.iterdir())) == 1


def test_files_of_different_columns_are_named(cluster: Any, lake: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.parquet"
    pl.DataFrame({"amount": [1.0]}).write_parquet(other)
    with pytest.raises(SourceError, match=r"other\.parquet and .*part-00\.parquet differ in count, country"):
        profile_files([*paths(lake)[:2], str(other)], FilesReader(opened), Depth(), address=cluster.address)


def test_a_column_that_is_not_there_is_named(cluster: Any, lake: Path) -> None:
    with pytest.raises(InputError, match=r"part-\d\d\.parquet has no column 'whne'"):
        profile_on_ray(str(lake / "*.parquet"), Reading(time="whne"), address=cluster.address)
    with pytest.raises(InputError, match="has no column 'ids'"):
        profile_on_ray(str(lake / "*.parquet"), Reading(key=("ids",)), address=cluster.address)


def test_texts_whose_types_differ_between_files_are_read_as_on_one_machine(cluster: Any, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("n,empty,late,word\n" + "1,,,x\n2,,,y\n" * 500)
    (tmp_path / "b.csv").write_text("n,empty,late,word\n" + "1.5,,3,x\n2,,4,z\n" * 500)
    (tmp_path / "c.csv").write_text("word,n,empty,late\n" + "x,7,,\n" * 500)
    pattern = str(tmp_path / "*.csv")
    found, wanted = profile_on_ray(pattern, address=cluster.address), profile(pattern)
    assert_same(found.profile, wanted.profile)
    assert found.name == wanted.name
    assert len(found.notes) == len(wanted.notes)


@pytest.mark.parametrize("where", ["cluster", "local"])
def test_the_command_gives_the_profile_of_one_machine(cluster: Any, lake: Path, where: str, tmp_path: Path) -> None:
    address = ["--address", cluster.address] if where == "cluster" else []
    (tmp_path / "lake").symlink_to(lake)
    options = ["--key", "id", "--time", "when", "--sensitive", "country", "--output", "found.json"]
    command = ["data", "profile", "lake/*.parquet", *options, "--engine", "ray", *address]
    done = subprocess.run(
        [sys.executable, "-m", "trimtab", *command], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert (done.returncode, done.stderr) == (0, "stored the profile in found.json\n")
    assert f"{3 * (FILES - 1)} rows repeat the key (id)" in done.stdout
    from trimtab.drivers.profile_files import read_profile

    reading = Reading(key=("id",), time="when", sensitive=("country",))
    found = read_profile(tmp_path / "found.json")
    assert isinstance(found, Profile)
    assert_same(found, profile(str(lake / "*.parquet"), reading).profile)
