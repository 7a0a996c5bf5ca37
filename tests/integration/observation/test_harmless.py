"""A watch is not noticed: not by the step's results, not by what it raises, not by what comes after, hardly by time."""

from __future__ import annotations

import copy
import os
import pickle
import random
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow.parquet
import pytest

from tests.integration.observation.conftest import Project
from trimtab.drivers.observation import Observer, Watch
from trimtab.drivers.observation.kernel import Kernel

REPLACED: dict[str, Callable[[], object]] = {
    "os.stat": lambda: os.stat,
    "os.access": lambda: os.access,
    "os.urandom": lambda: os.urandom,
    "time.time": lambda: time.time,
    "random.seed": lambda: random.seed,
    "numpy.random.default_rng": lambda: np.random.default_rng,
    "polars.read_csv": lambda: pl.read_csv,
    "polars.DataFrame.write_csv": lambda: pl.DataFrame.write_csv,
    "pyarrow.parquet.ParquetFile": lambda: pyarrow.parquet.ParquetFile.__init__,
    "the class of os.environ": lambda: type(os.environ),
    "the finders": lambda: tuple(map(id, sys.meta_path)),
}


@pytest.mark.parametrize("name", REPLACED)
def test_what_a_watch_replaces_is_put_back(project: Project, name: str) -> None:
    before = REPLACED[name]()
    with project.observer.watch():
        assert REPLACED[name]() != before
    assert REPLACED[name]() == before


def test_a_name_that_somebody_else_replaced_meanwhile_stays_theirs(project: Project) -> None:
    original = pl.read_csv
    try:
        with project.observer.watch():
            vars(pl)["read_csv"] = mine = object()
        assert vars(pl)["read_csv"] is mine
    finally:
        vars(pl)["read_csv"] = original


def test_names_in_the_projects_modules_are_put_back_too(project: Project) -> None:
    module = project.module("from time import time\nfrom polars import read_csv\n")
    with project.observer.watch():
        assert module.time is time.time
        assert module.read_csv is pl.read_csv
    assert (module.time, module.read_csv) == (time.time, pl.read_csv)
    assert isinstance(module.time, type(time.monotonic))


def test_what_a_module_took_hold_of_during_a_watch_works_on(project: Project) -> None:
    source = "from time import time\nfrom os import stat, environ\nclass Clock:\n    now = time\n"
    with project.observer.watch():
        module = project.module(source)
        assert module.Clock().now() == pytest.approx(time.time(), abs=60)
    assert module.Clock().now() == pytest.approx(time.time(), abs=60)
    assert module.stat(".").st_mode == Path.cwd().stat().st_mode
    assert module.environ is os.environ
    assert pickle.loads(pickle.dumps(module.time)) is time.time
    assert copy.deepcopy(module.time)() == pytest.approx(time.time(), abs=60)


def test_functions_pickle_by_name_while_they_are_watched(project: Project) -> None:
    with project.observer.watch():
        kept = {name: pickle.dumps(each) for name, each in {"c": time.time, "p": pl.read_csv, "s": os.stat}.items()}
    assert [pickle.loads(each) for each in kept.values()] == [time.time, pl.read_csv, os.stat]


def test_the_environment_is_whole_while_it_is_watched(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    with project.observer.watch():
        os.environ["TT_SET_INSIDE"] = "1"
        child = subprocess.run(
            [sys.executable, "-c", "import os; print(os.environ['TT_SET_INSIDE'])"], capture_output=True, text=True
        )
        assert child.stdout == "1\n"
        assert isinstance(os.environ, os._Environ)
        assert os.environ.copy()["TT_SET_INSIDE"] == os.environb[b"TT_SET_INSIDE"].decode() == "1"
        assert len(os.environ) == len(dict(os.environ)) == len(list(os.environ.items()))
        assert "TT_SET_INSIDE" in repr(os.environ)
    assert os.environ.pop("TT_SET_INSIDE") == "1"
    assert "TT_SET_INSIDE" not in os.environ


def test_what_a_step_raises_passes_through_and_all_is_put_back(project: Project) -> None:
    before = os.stat, type(os.environ)
    step = project.step("open('data/a.csv').close(); raise LookupError('mine')")
    watches: list[Watch] = []

    def run() -> None:
        with project.observer.watch() as watch:
            watches.append(watch)
            step()

    with pytest.raises(LookupError, match="^mine$"):
        run()
    assert project.inside(watches[0].observed.files) == {"data/a.csv"}
    assert (os.stat, type(os.environ)) == before


def test_errors_of_watched_calls_are_the_originals(project: Project) -> None:
    with project.observer.watch():
        with pytest.raises(FileNotFoundError, match="nowhere") as caught:
            os.stat("nowhere")  # noqa: PTH116
        assert caught.value.filename == "nowhere"
        with pytest.raises(KeyError, match="TT_NOWHERE"):
            os.environ["TT_NOWHERE"]
        with pytest.raises(TypeError, match="argument"):
            os.stat()  # type: ignore[call-arg]
        with pytest.raises(TypeError, match="str"):
            os.environ[1]  # type: ignore[index]


def test_shutil_and_pathlib_work_on_folders_as_ever(project: Project) -> None:
    with project.observer.watch():
        shutil.copytree("data", "copy")
        assert sorted(path.name for path in Path("copy").rglob("*")) == ["a.csv", "b.csv"]
        assert os.stat in os.supports_dir_fd
        shutil.rmtree("copy")
        assert not Path("copy").exists()


class _Broken:
    """A path that raises when it is asked for its text."""

    def __fspath__(self) -> str:
        raise RuntimeError("a path of one's own")


def test_a_watcher_that_fails_tells_it_and_the_step_goes_on(project: Project) -> None:
    with project.observer.watch() as watch:
        sys.audit("os.mkdir", _Broken(), 0, -1)  # as a library may raise events of its own
        sys.audit("open")
        assert Path("data/a.csv").read_text()
    assert [sentence.split(":")[1].strip() for sentence in watch.observed.blind] == ["RuntimeError", "ValueError"]


def test_a_watch_inside_another_is_seen_by_both(project: Project) -> None:
    with project.observer.watch() as outer:
        Path("data/a.csv").read_text()
        with project.observer.watch() as inner:
            Path("data/b.csv").read_text()
    assert project.inside(outer.observed.files) == {"data/a.csv", "data/b.csv"}
    assert project.inside(inner.observed.files) == {"data/b.csv"}


@pytest.mark.parametrize("kernel", [True, False], ids=["with the kernel", "without it"])
def test_steps_in_two_threads_are_told_apart_as_far_as_python_knows(
    project: Project, monkeypatch: pytest.MonkeyPatch, kernel: bool
) -> None:
    if not kernel:
        monkeypatch.setattr(Kernel, "drain", lambda _: [])
    together, done = threading.Barrier(2), {}

    def run(name: str) -> None:
        step = project.step(f"open('data/{name}.csv').close()")
        with project.observer.watch() as watch:
            together.wait(10)
            step()
            together.wait(10)
        done[name] = watch.observed

    threads = [threading.Thread(target=run, args=(name,)) for name in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for name, other in (("a", "b"), ("b", "a")):
        seen, others = project.inside(done[name].files), {f"data/{other}.csv"} if kernel else set[str]()
        assert {f"data/{name}.csv"} <= seen <= {f"data/{name}.csv"} | others
    assert type(os.environ).__name__ == "_Environ"


def test_a_forked_child_takes_no_events_from_its_parent(project: Project) -> None:
    step = project.step("""
        import os
        pid = os.fork()
        if not pid:
            try:
                open('data/a.csv').close()
                os.stat('data/b.csv')
            finally:
                os._exit(0)
        os.waitpid(pid, 0)
    """)
    with project.observer.watch() as watch:
        step()
    assert project.inside(watch.observed.files) == ({"data/a.csv"} if sys.platform == "linux" else set())


def test_no_file_stays_open_behind_an_observer(project: Project) -> None:
    if sys.platform != "linux":
        pytest.skip("the system does not list open files")
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(20):
        observer = Observer(project.folder)
        with observer.watch():
            pass
        del observer
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = "import sys, trimtab.drivers.observation; print(*sorted({n.partition('.')[0] for n in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.split()
    assert {"numpy", "polars", "pyarrow", "pandas", "click", "ctypes", "subprocess"} & set(loaded) == set()
