"""What is read by code that is not Python's: libraries in C, C++ and Rust, and child processes."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tests.integration.observation.conftest import Project
from trimtab.drivers.observation import Observer

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only Linux's kernel tells what is opened")

HEAD = """
    import polars as pl
    import pyarrow as pa
    import pyarrow.csv, pyarrow.dataset, pyarrow.feather, pyarrow.parquet
    from pathlib import Path
    from polars import read_csv, scan_parquet
    from pyarrow.parquet import read_table
"""

READS = {
    "polars csv": ("pl.read_csv(FOLDER / 'a.csv')", {"a.csv"}),
    "polars by name": ("read_csv(str(FOLDER / 'a.csv'))", {"a.csv"}),
    "polars by keyword": ("pl.read_csv(source=FOLDER / 'a.csv')", {"a.csv"}),
    "polars lazily": ("pl.scan_csv(FOLDER / 'a.csv').collect()", {"a.csv"}),
    "polars parquet": ("pl.read_parquet(FOLDER / 'a.parquet')", {"a.parquet"}),
    "polars scan": ("scan_parquet(FOLDER / 'a.parquet').collect()", {"a.parquet"}),
    "polars schema": ("pl.read_parquet_schema(FOLDER / 'a.parquet')", {"a.parquet"}),
    "polars list": ("pl.read_parquet([FOLDER / 'a.parquet', FOLDER / 'b.parquet'])", {"a.parquet", "b.parquet"}),
    "polars ipc": ("pl.read_ipc(FOLDER / 'a.arrow')", {"a.arrow"}),
    "polars ndjson": ("pl.read_ndjson(FOLDER / 'a.ndjson')", {"a.ndjson"}),
    "polars avro": ("pl.read_avro(FOLDER / 'a.avro')", {"a.avro"}),
    "pyarrow table": ("read_table(FOLDER / 'a.parquet')", {"a.parquet"}),
    "pyarrow file": ("pa.parquet.ParquetFile(FOLDER / 'a.parquet').close()", {"a.parquet"}),
    "pyarrow csv": ("pa.csv.read_csv(FOLDER / 'a.csv')", {"a.csv"}),
    "pyarrow map": ("pa.memory_map(str(FOLDER / 'a.arrow')).close()", {"a.arrow"}),
    "pandas through pyarrow": (
        "import pandas; pandas.read_parquet(FOLDER / 'a.parquet', engine='pyarrow')", {"a.parquet"},
    ),
    "pandas csv through pyarrow": ("import pandas; pandas.read_csv(FOLDER / 'a.csv', engine='pyarrow')", {"a.csv"}),
}  # fmt: skip

LISTS = {
    "polars pattern": "pl.scan_parquet(str(FOLDER / '*.parquet')).collect()",
    "polars folder": "pl.scan_parquet(FOLDER / 'only').collect()",
    "pyarrow dataset": "pa.dataset.dataset(str(FOLDER / 'only')).to_table()",
}


@pytest.fixture(params=["inside", "outside"])
def tables(request: pytest.FixtureRequest, project: Project, tmp_path: Path) -> Path:
    """A folder with tables, in the project or elsewhere."""
    folder = project.folder / "tables" if request.param == "inside" else tmp_path.resolve() / "far"
    (folder / "only").mkdir(parents=True)
    for name in ("a", "b"):
        table = pl.DataFrame({"x": [1, 2], "y": [0.5, 1.5]})
        table.write_csv(folder / f"{name}.csv")
        table.write_parquet(folder / f"{name}.parquet")
        table.write_parquet(folder / "only" / f"{name}.parquet")
        table.write_ipc(folder / f"{name}.arrow")
        table.write_ndjson(folder / f"{name}.ndjson")
        table.write_avro(folder / f"{name}.avro")
    return folder


@pytest.mark.parametrize(("body", "expected"), READS.values(), ids=READS.keys())
def test_a_table_that_native_code_reads_is_an_input(
    project: Project, tables: Path, body: str, expected: set[str]
) -> None:
    for watched in (project.seen, project.seen_by_python):
        seen = watched(f"FOLDER = Path({str(tables)!r})\n{body}", HEAD)
        assert ({path.name for path in seen.files}, seen.blind) == (expected, ())


@pytest.mark.parametrize("body", LISTS.values(), ids=LISTS.keys())
def test_a_pattern_lists_its_folder_and_reads_what_matches(project: Project, tables: Path, body: str) -> None:
    seen = project.seen(f"FOLDER = Path({str(tables)!r})\n{body}", HEAD)
    folder = tables if "*" in body else tables / "only"
    assert {path.parent for path in seen.files} == {folder}
    assert {path.name for path in seen.files} == {"a.parquet", "b.parquet"}
    assert folder in seen.listed


@LINUX
@pytest.mark.parametrize(
    "body",
    [
        "import subprocess; subprocess.run(['cat', 'data/a.csv'], capture_output=True)",
        "import os; os.system('cat data/a.csv > /dev/null')",
        """
        import ctypes
        libc = ctypes.CDLL(None)
        number = libc.open(b'data/a.csv', 0)
        assert number >= 0
        libc.close(number)
        """,
        """
        import polars as pl
        with pl.SQLContext() as context:
            context.execute("select * from read_csv('data/a.csv')").collect()
        """,
    ],
    ids=["a child process", "a shell", "C", "SQL"],
)
def test_the_kernel_tells_what_no_other_net_sees(project: Project, body: str) -> None:
    assert project.inside(project.seen(body).files) == {"data/a.csv"}
    assert project.seen_by_python(body).files == frozenset()


@LINUX
def test_a_program_that_lists_a_folder_makes_its_names_an_input(project: Project) -> None:
    seen = project.seen("import subprocess; subprocess.run(['ls', 'data'], capture_output=True)")
    assert project.inside(seen.listed) == {"data"}


@LINUX
def test_what_a_child_process_writes_first_is_no_input(project: Project) -> None:
    seen = project.seen("""
        import subprocess
        subprocess.run('cp data/a.csv made.csv && cat made.csv && mkdir new && echo 1 > new/x && cat new/x', shell=True,
                       capture_output=True)
        open('made.csv').close()
    """)
    assert project.inside(seen.files) == {"data/a.csv"}
    assert "made.csv" in project.inside(seen.written)


@LINUX
def test_a_file_that_native_code_makes_is_the_steps_own(project: Project) -> None:
    seen = project.seen("""
        import ctypes
        libc = ctypes.CDLL(None)
        libc.close(libc.creat(b'data/new.bin', 0o600))
        libc.close(libc.open(b'data/new.bin', 0))
        open('data/new.bin').close()
    """)
    assert (seen.files, project.inside(seen.written)) == (frozenset(), {"data/new.bin"})


@LINUX
def test_a_file_that_a_child_read_and_the_step_writes_afterwards_stays_an_input(project: Project) -> None:
    seen = project.seen("""
        import subprocess
        subprocess.run(['cat', 'data/a.csv'], capture_output=True)
        open('data/a.csv', 'w').close()
    """)
    assert project.inside(seen.files) == {"data/a.csv"}


@LINUX
def test_a_file_that_the_step_wrote_and_a_child_reads_is_the_steps_own(project: Project) -> None:
    seen = project.seen("""
        import subprocess
        open('data/a.csv', 'w').close()
        subprocess.run(['cat', 'data/a.csv'], capture_output=True)
    """)
    assert seen.files == frozenset()


@LINUX
def test_a_folder_that_came_after_the_first_watch_is_watched_too(project: Project) -> None:
    project.seen("pass")
    (project.folder / "late" / "deep").mkdir(parents=True)
    (project.folder / "late" / "deep" / "rows.csv").write_text("1")
    seen = project.seen("import subprocess; subprocess.run(['cat', 'late/deep/rows.csv'], capture_output=True)")
    assert project.inside(seen.files) == {"late/deep/rows.csv"}


@LINUX
def test_folders_and_files_behind_links_are_watched_by_the_links_name(project: Project, tmp_path: Path) -> None:
    far = tmp_path / "far"
    far.mkdir()
    (far / "rows.csv").write_text("1")
    (tmp_path / "one.csv").write_text("1")
    (project.folder / "linked").symlink_to(far)
    (project.folder / "again").symlink_to(project.folder)
    (project.folder / "data" / "one.csv").symlink_to(tmp_path / "one.csv")
    body = "import subprocess; subprocess.run(['cat', 'linked/rows.csv', 'data/one.csv'], capture_output=True)"
    assert project.inside(project.seen(body).files) == {"linked/rows.csv", "data/one.csv"}


@LINUX
def test_environments_caches_and_git_are_not_watched(project: Project) -> None:
    for name in (".git", "__pycache__", "env"):
        (project.folder / name).mkdir()
        (project.folder / name / "x").write_text("1")
    (project.folder / "env" / "pyvenv.cfg").write_text("")
    body = "import subprocess; subprocess.run(['cat', '.git/x', '__pycache__/x', 'env/x', '.trimtab/kept'])"
    assert project.seen(body.replace("'])", "'], capture_output=True)")).files == frozenset()


@LINUX
def test_the_source_of_a_program_that_a_step_starts_is_an_input(project: Project) -> None:
    (project.folder / "prepare.py").write_text("print(open('data/a.csv').read())\n")
    body = "import subprocess, sys; subprocess.run([sys.executable, 'prepare.py'], capture_output=True, check=True)"
    assert project.inside(project.seen(body).files) == {"prepare.py", "data/a.csv"}


@LINUX
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of forking where threads are, from 3.12 on
@pytest.mark.parametrize("start", ["fork", "spawn", "joblib"])
def test_a_pool_of_processes_makes_an_input_of_data_and_not_of_the_code_that_it_imports(
    project: Project, monkeypatch: pytest.MonkeyPatch, start: str
) -> None:
    monkeypatch.syspath_prepend(str(project.folder))
    pool = f"""
        import multiprocessing
        with multiprocessing.get_context({start!r}).Pool(1) as pool: pool.map(read, ['data/a.csv'])
    """
    if start == "joblib":
        pool = """
            import joblib
            from joblib.externals.loky import get_reusable_executor
            joblib.Parallel(n_jobs=2)(joblib.delayed(read)(name) for name in 2 * ['data/a.csv'])
            get_reusable_executor().shutdown(wait=True)
        """
    seen = project.seen(pool, "def read(name):\n    with open(name) as file: return file.read()")
    assert project.inside(seen.files) == {"data/a.csv"}
    assert (project.inside(seen.listed), seen.blind) == (set(), ())
    assert {each.what for each in seen.processes} <= {"forks", "starts python", f"starts {Path(sys.executable).name}"}


@LINUX
def test_when_the_kernels_queue_is_full_everything_counts_as_read(project: Project) -> None:
    body = """
        import ctypes
        libc = ctypes.CDLL(None)
        for _ in range(9_000):
            for name in (b'data/a.csv', b'data/b.csv'):
                libc.close(libc.open(name, 0))
    """
    limit = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    (project.folder / "data" / "c.csv").write_text("1")
    seen = project.seen(body.replace("9_000", str(limit)))
    assert {"data/a.csv", "data/b.csv", "data/c.csv"} <= project.inside(seen.files)
    assert "more was opened than the kernel could tell" in seen.blind[0]


@LINUX
def test_where_the_kernel_gives_no_more_watches_the_step_is_told_to_be_half_seen(project: Project) -> None:
    libc = ctypes.CDLL(None)
    taken = []
    while (number := libc.inotify_init1(os.O_CLOEXEC)) >= 0:
        taken.append(number)
    try:
        seen = project.seen("open('data/a.csv').close()")
    finally:
        for number in taken:
            os.close(number)
    assert project.inside(seen.files) == {"data/a.csv"}
    assert seen.blind == (
        "files that native code and child processes open are not seen: the limit of inotify instances is reached",
    )


def test_what_native_code_writes_over_is_no_input(project: Project) -> None:
    for name in ("a.parquet", "b.csv", "c.arrow", "d.parquet"):
        (project.folder / name).write_text("from an earlier run")
    body = """
        table = pl.DataFrame({'x': [1]})
        table.write_parquet('a.parquet')
        table.write_csv('b.csv')
        table.lazy().sink_ipc('c.arrow')
        pa.parquet.write_table(table.to_arrow(), 'd.parquet')
        pl.read_parquet('a.parquet')
    """
    seen = project.seen(body, HEAD)
    assert seen.files == frozenset()
    assert project.inside(seen.written) == {"a.parquet", "b.csv", "c.arrow", "d.parquet"}


def test_a_library_that_a_step_loads_itself_is_watched_at_once(project: Project, tmp_path: Path) -> None:
    (tmp_path / "far.csv").write_text("x\n1\n")
    script = project.folder / "script.py"
    script.write_text("def step():\n    import polars\n    return polars.read_csv(FAR)\n")
    code = f"""
import sys
from pathlib import Path
from trimtab.drivers.observation import Observer
import script
assert "polars" not in sys.modules
script.FAR = {str(tmp_path / "far.csv")!r}
with Observer(Path(".")).watch() as watch:
    script.step()
import polars
assert not hasattr(polars.read_csv, "__wrapped__") or "observation" not in polars.read_csv.__code__.co_filename
print(*watch.observed.files)
"""
    environment = {**os.environ, "PYTHONPATH": f"{project.folder}:{os.pathsep.join(sys.path)}"}
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    assert (told.stdout.strip(), told.stderr) == (str(tmp_path / "far.csv"), "")


def test_a_table_on_another_host_is_a_matter_of_the_network(project: Project) -> None:
    body = """
        import contextlib
        with contextlib.suppress(Exception):
            pl.read_parquet('http://127.0.0.1:9/x.parquet', retries=0)
        with contextlib.suppress(Exception):
            pl.read_database_uri('select 1', 'postgresql://127.0.0.1:9/x')
    """
    seen = project.seen(body, HEAD)
    assert [each.what for each in seen.network][:1] == ["reads http://…"]
    assert "connects to a database through polars" in [each.what for each in seen.network]
    assert seen.absent == frozenset()


@pytest.mark.lightgbm
def test_a_file_that_lightgbm_reads_itself_is_an_input(project: Project, tmp_path: Path) -> None:
    rows = np.random.default_rng(1).random((50, 3))
    np.savetxt(tmp_path / "rows.tsv", rows, delimiter="\t")
    body = f"""
        lightgbm.Dataset({str(tmp_path / "rows.tsv")!r}, params={{'verbose': -1}}).construct()
    """
    assert tmp_path / "rows.tsv" in project.seen(body, "import lightgbm").files


def test_a_file_of_h5py_is_an_input(project: Project, tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py", reason="h5py is no dependency of the tests")
    with h5py.File(tmp_path / "rows.h5", "w") as file:
        file["x"] = [1, 2]
    body = f"h5py.File({str(tmp_path / 'rows.h5')!r}, 'r').close()"
    assert project.seen(body, "import h5py").files == {tmp_path / "rows.h5"}


@pytest.mark.parametrize("call", ["read_parquet(f'{PLACE}/a.parquet')", "from_parquet(f'{PLACE}/a.parquet')"])
def test_a_file_of_duckdb_is_an_input(project: Project, tmp_path: Path, call: str) -> None:
    pytest.importorskip("duckdb", reason="DuckDB is no dependency of the tests")
    pl.DataFrame({"x": [1]}).write_parquet(tmp_path / "a.parquet")
    seen = project.seen(f"PLACE = {str(tmp_path)!r}\nduckdb.{call}.fetchall()", "import duckdb")
    assert seen.files == {tmp_path / "a.parquet"}


TABLES = ["sql('from rates')", "query('from rates')", "connect().sql('from rates')", "connect().execute('from rates')"]


@pytest.mark.parametrize("call", TABLES)
def test_a_table_of_the_step_is_found_by_duckdb_while_it_is_watched(project: Project, call: str) -> None:
    pytest.importorskip("duckdb", reason="DuckDB is no dependency of the tests")
    pytest.importorskip("pyarrow")
    body = f"import polars\nrates = polars.DataFrame({{'x': [1]}})\nreturn duckdb.{call}.fetchall()"
    step = project.step(body, "import duckdb")
    with project.observer.watch():
        assert step() == [(1,)]


LOOKS_AT_ITS_CALLER = """
import sys

def sql(query): return sys._getframe(1).f_locals[query]
query = from_query = execute = sql

class DuckDBPyConnection:
    def sql(self, query): return sys._getframe(1).f_locals[query]
    query = from_query = execute = sql

def connect(database=":memory:"): return DuckDBPyConnection()
"""


@pytest.mark.parametrize("method", ["sql", "query", "execute", "from_query"])
def test_what_looks_at_the_names_of_its_caller_finds_the_steps(
    project: Project, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", project.module(LOOKS_AT_ITS_CALLER, "duckdb_stand_in"))
    step = project.step(
        f"rates = 1\nreturn duckdb.{method}('rates') + duckdb.connect().{method}('rates')", "import duckdb"
    )
    with project.observer.watch():
        assert step() == 2


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_file_of_xgboost_is_an_input(project: Project, tmp_path: Path) -> None:
    pytest.importorskip("xgboost", reason="XGBoost is no dependency of the tests")
    rows, model = tmp_path / "rows.txt", tmp_path / "model.json"
    rows.write_text("1 0:0.5 1:0.25\n0 0:0.1 1:0.75\n")
    body = f"""
        import warnings
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            booster = xgboost.train({{}}, xgboost.DMatrix({str(rows)!r} + '?format=libsvm'), 1)
        booster.save_model({str(model)!r})
        xgboost.Booster(model_file={str(model)!r})
    """
    seen = project.seen(body, "import xgboost")
    assert (set(seen.files), set(seen.written)) == ({rows}, {model})


def test_two_projects_are_watched_apart(project: Project, tmp_path: Path) -> None:
    other = Observer(tmp_path / "other")
    (tmp_path / "other").mkdir()
    with other.watch() as watch, project.observer.watch() as own:
        subprocess.run(["cat", "data/a.csv"], capture_output=True, cwd=project.folder)
    assert watch.observed.files == frozenset()
    assert own.observed.files == ({project.folder / "data" / "a.csv"} if sys.platform == "linux" else set())
