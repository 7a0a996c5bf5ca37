"""Which files and folders of those that Python opens are a step's inputs."""

from __future__ import annotations

import os
import sqlite3
import sys
from pathlib import Path

import pytest

from tests.integration.observation.conftest import Project

# The steps below leave files to the garbage collector, as people do.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")

READS = {
    "open": "open('data/a.csv').close()",
    "a path": "from pathlib import Path; Path('data/a.csv').read_text()",
    "bytes for a path": "open(b'data/a.csv').close()",
    "a roundabout path": "open('data/../data/./a.csv').close()",
    "os.open": "import os; os.close(os.open('data/a.csv', os.O_RDONLY))",
    "a thread": """
        import threading
        thread = threading.Thread(target=lambda: open('data/a.csv').close())
        thread.start()
        thread.join()
    """,
    "a pool of threads": """
        from concurrent.futures import ThreadPoolExecutor
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda name: open(name).close(), ['data/a.csv']))
    """,
    "asyncio": """
        import asyncio
        async def read():
            await asyncio.to_thread(lambda: open('data/a.csv').close())
        asyncio.run(read())
    """,
    "the csv module": "import csv; list(csv.reader(open('data/a.csv')))",
    "memory mapping": "import mmap; f = open('data/a.csv', 'rb'); mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ)",
    "a copy": "import shutil, tempfile; shutil.copy('data/a.csv', tempfile.mkdtemp())",
    "a hard link": "import os; os.link('data/a.csv', 'data/link'); open('data/link').close(); os.unlink('data/link')",
    "its own link": "import os; os.symlink('a.csv', 'data/l'); open('data/l').close(); os.unlink('data/l')",
    "pandas": "import pandas; pandas.read_csv('data/a.csv')",
    "numpy": "import numpy; numpy.loadtxt('data/a.csv', delimiter=',', skiprows=1)",
    "numpy.fromfile": "import numpy; numpy.fromfile('data/a.csv', dtype='u1')",
    "numpy.memmap": "import numpy; numpy.memmap('data/a.csv', dtype='u1', mode='r')",
    "another folder": "import os; os.chdir('data'); open('a.csv').close(); os.chdir('..')",
    "reading and writing": "open('data/a.csv', 'r+').close()",
}


@pytest.mark.parametrize("body", READS.values(), ids=READS.keys())
def test_a_file_that_is_read_is_an_input(project: Project, body: str) -> None:
    seen = project.seen(body)
    assert project.inside(seen.files) == {"data/a.csv"}
    assert seen.blind == ()
    assert project.inside(project.seen_by_python(body).files) == {"data/a.csv"}


def test_a_file_far_from_the_project_is_an_input_too(project: Project, tmp_path: Path) -> None:
    far = tmp_path / "elsewhere" / "rows.csv"
    far.parent.mkdir()
    far.write_text("1")
    assert project.seen(f"open({str(far)!r}).close()").files == {far}


def test_what_was_read_before_the_watch_or_in_the_one_before_does_not_count(project: Project) -> None:
    step = project.step("open('data/a.csv').close()")
    step()
    assert project.inside(project.seen("open('data/b.csv').close()").files) == {"data/b.csv"}
    step()
    assert project.seen("pass").files == set()


def test_what_a_step_wrote_itself_is_no_input_when_it_reads_it_back(project: Project) -> None:
    seen = project.seen("""
        open('made.txt', 'w').close(); open('made.txt').close()
        open('data/b.csv', 'w').close(); open('data/b.csv').close()
    """)
    assert (seen.files, project.inside(seen.written)) == (frozenset(), {"made.txt", "data/b.csv"})


def test_a_file_that_is_read_and_then_written_is_both(project: Project) -> None:
    seen = project.seen("text = open('data/b.csv').read(); open('data/b.csv', 'w').write(text)")
    assert project.inside(seen.files) == project.inside(seen.written) == {"data/b.csv"}


def test_a_file_that_is_appended_to_is_no_input(project: Project) -> None:
    seen = project.seen("with open('log.txt', 'a') as file: file.write('x')")
    assert (project.inside(seen.files), project.inside(seen.written)) == (set(), {"log.txt"})


def test_a_file_that_is_written_elsewhere_and_moved_into_place_is_the_steps_own(project: Project) -> None:
    seen = project.seen("""
        import os
        with open('out.tmp', 'w') as file: file.write('x')
        os.replace('out.tmp', 'out.txt')
        open('out.txt').close()
    """)
    assert seen.files == frozenset()
    assert "out.txt" in project.inside(seen.written)


def test_temporary_files_and_folders_are_no_inputs(project: Project) -> None:
    seen = project.seen("""
        import tempfile, os, pathlib
        with tempfile.TemporaryDirectory() as folder:
            made = pathlib.Path(folder, 'deep', 'x'); made.parent.mkdir(); made.write_text('1'); made.read_text()
            list(made.parent.iterdir())
        with tempfile.NamedTemporaryFile() as file:
            open(file.name).close()
        with tempfile.TemporaryFile() as file:
            file.write(b'1')
        with tempfile.TemporaryDirectory(dir='data') as folder:
            pathlib.Path(folder, 'y').write_text('1'); pathlib.Path(folder, 'y').read_text(); os.listdir(folder)
    """)
    assert (project.inside(seen.files), project.inside(seen.listed), project.inside(seen.absent)) == (
        set(),
        set(),
        set(),
    )


LISTINGS = {
    "os.listdir": "import os; os.listdir('data')",
    "os.scandir": "import os; list(os.scandir('data'))",
    "by its number": "import os; number = os.open('data', os.O_RDONLY); os.listdir(number); os.close(number)",
    "os.walk": "import os; list(os.walk('data'))",
    "os.fwalk": "import os; list(os.fwalk('data'))",
    "glob": "import glob; glob.glob('data/*.csv')",
    "a path's glob": "import pathlib; list(pathlib.Path('data').glob('*.csv'))",
    "a path's iterdir": "import pathlib; list(pathlib.Path('data').iterdir())",
}


@pytest.mark.parametrize("body", LISTINGS.values(), ids=LISTINGS.keys())
def test_a_folder_that_is_listed_is_an_input_by_its_names(project: Project, body: str) -> None:
    seen = project.seen(body)
    assert project.inside(seen.listed) == {"data"}
    assert (seen.files, project.inside(seen.absent)) == (frozenset(), set())
    assert project.inside(project.seen_by_python(body).listed) == {"data"}


def test_a_folder_that_is_opened_to_be_synchronised_is_not_listed(project: Project) -> None:
    seen = project.seen("import os; number = os.open('data', os.O_RDONLY); os.fsync(number); os.close(number)")
    assert seen.listed == frozenset()


LOOKS = {
    "exists": "from pathlib import Path; Path('data/c.csv').exists()",
    "is_file": "from pathlib import Path; Path('data/c.csv').is_file()",
    "os.path.exists": "import os; os.path.exists('data/c.csv')",
    "os.path.lexists": "import os; os.path.lexists('data/c.csv')",
    "os.access": "import os; os.access('data/c.csv', os.R_OK)",
    "imported by name": "isfile('data/c.csv'); stat_it()",
    "glob without a star": "import glob; glob.glob('data/c.csv')",
    "an error": "import contextlib\nwith contextlib.suppress(FileNotFoundError): open('data/c.csv')",
}


@pytest.mark.parametrize("body", LOOKS.values(), ids=LOOKS.keys())
def test_what_was_looked_for_and_not_there_is_told(project: Project, body: str) -> None:
    head = """
        from os import stat
        from os.path import isfile
        def stat_it():
            try: stat('data/c.csv')
            except FileNotFoundError: pass
    """
    seen = project.seen(body, head)
    assert (project.inside(seen.absent), seen.files) == ({"data/c.csv"}, frozenset())


def test_a_file_that_is_made_because_it_was_not_there_is_told_as_both(project: Project) -> None:
    seen = project.seen("""
        from pathlib import Path
        cache = Path('cache.txt')
        if not cache.exists(): cache.write_text('x')
        cache.read_text()
    """)
    assert project.inside(seen.absent & seen.written) == {"cache.txt"}
    assert seen.files == frozenset()


def test_a_folder_that_the_step_makes_is_not_missed(project: Project) -> None:
    seen = project.seen("import os; os.makedirs('out/plots', exist_ok=True); open('out/plots/a.png', 'w').close()")
    assert seen.absent == frozenset()


def test_an_input_that_is_gone_at_the_end_is_absent(project: Project) -> None:
    seen = project.seen("import os; open('data/a.csv').close(); os.remove('data/a.csv')")
    assert (seen.files, project.inside(seen.absent)) == (frozenset(), {"data/a.csv"})


def test_a_file_that_appears_while_the_step_waits_for_it_is_an_input(project: Project) -> None:
    seen = project.seen("""
        import os, subprocess
        assert not os.path.exists('late.csv')
        subprocess.run(['cp', 'data/a.csv', 'late.csv'], check=True)
        open('late.csv').close()
    """)
    assert "late.csv" in project.inside(seen.absent)
    assert "data/a.csv" in project.inside(seen.files)


NO_INPUTS = {
    "the standard library": "import json, wave, tomllib; open(json.__file__).close()",
    "a package's file": "import numpy; open(numpy.__file__).close()",
    "the kernel's tables": "open('/proc/self/status').close()",
    "a device": "open('/dev/null').close(); open('/dev/null', 'w').close()",
    "time zones": "import zoneinfo; zoneinfo.ZoneInfo.no_cache('Europe/Paris')",
    "what is ignored": "open('.trimtab/kept').close()",
    "the ignored through a link": "import os; os.symlink('.trimtab', 'l'); open('l/kept').close(); os.unlink('l')",
    "a terminal": "open('/dev/tty').close() if False else None",
    "lines of a traceback": "import traceback\ntry: 1/0\nexcept ZeroDivisionError: traceback.format_exc()",
    "a warning": """
        import warnings
        with warnings.catch_warnings(record=True):
            warnings.simplefilter('always')
            warnings.warn('x')
    """,
    "a number": "import os; r, w = os.pipe(); open(r).close(); open(w, 'w').close()",
    "memory": "import sqlite3; sqlite3.connect(':memory:'); sqlite3.connect('file:x?mode=memory', uri=True)",
    "shared memory": """
        from multiprocessing import shared_memory
        block = shared_memory.SharedMemory(create=True, size=16); block.close(); block.unlink()
    """,
}


@pytest.mark.parametrize("body", NO_INPUTS.values(), ids=NO_INPUTS.keys())
def test_what_is_no_data_is_no_input(project: Project, body: str) -> None:
    seen = project.seen(body)
    assert (project.inside(seen.files), project.inside(seen.absent), seen.blind) == (set(), set(), ())


def test_a_library_may_read_a_users_hidden_files_and_only_the_project_makes_inputs_of_them(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    secret = home / ".cloud" / "credentials"
    secret.parent.mkdir(parents=True)
    secret.write_text("[default]\n")
    monkeypatch.setenv("HOME", str(home))
    library = tmp_path / "lib" / "site-packages" / "reads_credentials.py"
    library.parent.mkdir(parents=True)
    library.write_text(f"def read(): return open({str(secret)!r}).close()\n")
    monkeypatch.syspath_prepend(str(library.parent))
    project.observer.__init__(project.folder)  # type: ignore[misc]  # anew, with that home
    assert project.seen("import reads_credentials; reads_credentials.read()").files == frozenset()
    assert project.seen(f"open({str(secret)!r}).close()").files == {secret}


def test_modules_of_the_project_that_a_step_loads_are_no_data(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project.folder / "chosen_at_run_time.py").write_text("VALUE = 1\n")
    monkeypatch.syspath_prepend(str(project.folder))
    seen = project.seen("import importlib; importlib.import_module('chosen_' + 'at_run_time')")
    sys.modules.pop("chosen_at_run_time")
    assert seen.files == frozenset()


def test_looking_for_modules_and_packages_lists_no_folder(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(project.folder))
    (project.folder / "package").mkdir()
    (project.folder / "package" / "__init__.py").write_text("")
    seen = project.seen("""
        import importlib, importlib.metadata, pkgutil
        importlib.invalidate_caches()
        importlib.import_module("package")
        importlib.metadata.version("numpy")
        try: importlib.metadata.version("no such distribution")
        except importlib.metadata.PackageNotFoundError: pass
        list(pkgutil.iter_modules())
        try: importlib.import_module("package.nothing")
        except ImportError: pass
    """)
    sys.modules.pop("package")
    assert (seen.listed, seen.files, project.inside(seen.absent)) == (frozenset(), frozenset(), set())


def test_source_that_is_read_as_text_is_data(project: Project) -> None:
    (project.folder / "template.py").write_text("x = 1\n")
    assert project.inside(project.seen("exec(open('template.py').read())").files) == {"template.py"}


def test_a_link_is_told_as_the_path_that_was_opened(project: Project, tmp_path: Path) -> None:
    target = tmp_path / "versions" / "1"
    target.mkdir(parents=True)
    (target / "rows.csv").write_text("1")
    (project.folder / "current").symlink_to(target)
    seen = project.seen("open('current/rows.csv').close()")
    assert project.inside(seen.files) == {"current/rows.csv"}


def test_a_database_is_an_input_with_what_its_log_still_holds(project: Project) -> None:
    path = project.folder / "rows.db"
    with sqlite3.connect(path) as base:
        base.execute("pragma journal_mode = wal")
        base.execute("create table t (x)")
        base.commit()
        seen = project.seen(
            "import sqlite3; c = sqlite3.connect('rows.db'); c.execute('select * from t').fetchall(); c.close()"
        )
    base.close()
    assert {path, path.with_name("rows.db-wal")} <= seen.files


LOGS = {
    "by its name": "sqlite3.connect('rows.base')",
    "for reading alone": "sqlite3.connect('file:rows.base?mode=ro', uri=True)",
}


@pytest.mark.parametrize("connect", LOGS.values(), ids=LOGS)
def test_a_database_that_has_no_log_is_another_one_once_it_has(project: Project, connect: str) -> None:
    path, log = project.folder / "rows.base", project.folder / "rows.base-wal"
    base = sqlite3.connect(path)
    base.execute("pragma journal_mode = wal")
    base.execute("create table t (x)")
    base.commit()
    base.close()
    body = f"import sqlite3\nc = {connect}\nc.execute('select * from t').fetchall()\nc.close()"
    seen = project.seen(body)
    assert (path in seen.files, log in seen.absent) == (True, True)
    with sqlite3.connect(path) as base:
        base.execute("insert into t values (1)")
        base.commit()
        again = project.seen(body)
    base.close()
    assert {path, log} <= again.files
    assert project.inside(again.files) == {"rows.base", "rows.base-wal"}


def test_the_log_of_a_database_that_the_step_leaves_open_is_its_own(project: Project) -> None:
    base = sqlite3.connect(project.folder / "rows.db")
    base.execute("pragma journal_mode = wal")
    base.execute("create table t (x)")
    base.close()
    step = project.step("c = sqlite3.connect('rows.db'); c.execute('select * from t').fetchall(); return c",
                        "import sqlite3")  # fmt: skip
    with project.observer.watch() as watch:
        base = step()
    base.close()
    assert "rows.db-wal" in project.inside(watch.observed.absent & watch.observed.written)


FOLLOWED = {
    "os.readlink": "import os; os.readlink('current')",
    "a path's readlink": "from pathlib import Path; Path('current').readlink()",
    "resolve": "from pathlib import Path; Path('current').resolve()",
    "resolve of what is behind it": "from pathlib import Path; Path('current/b.csv').resolve()",
    "os.path.realpath": "import os.path; os.path.realpath('current')",
}


@pytest.mark.parametrize("body", FOLLOWED.values(), ids=FOLLOWED)
def test_asking_where_a_link_leads_is_told(project: Project, body: str) -> None:
    (project.folder / "current").symlink_to("data")
    seen = project.seen(body)
    assert [each.what for each in seen.surroundings] == ["reads where the link current leads"]
    assert seen.surroundings[0].at.endswith(".py:4")


def test_paths_without_links_and_the_links_of_the_step_are_not_told(project: Project) -> None:
    (project.folder / "current").symlink_to("data")
    seen = project.seen("""
        import os, sys
        from pathlib import Path
        Path(__file__).resolve(); Path('data/a.csv').resolve(); Path('nothing').resolve()
        os.path.realpath(sys.executable)
        os.symlink('data', 'own'); Path('own').resolve(); os.unlink('own')
        open('current/a.csv').close(); os.path.exists('current')
    """)
    assert seen.surroundings == ()


def test_a_path_that_no_system_has_does_no_harm(project: Project) -> None:
    seen = project.seen("""
        import os
        try: open('a\\0b')
        except ValueError: pass
        os.path.exists('a\\0b'); os.path.exists('x' * 5000)
        try: open('x' * 5000)
        except OSError: pass
    """)
    assert seen.blind == ()
    assert seen.files == frozenset()


def test_what_may_not_be_read_is_still_an_input(project: Project) -> None:
    if os.geteuid() == 0:
        pytest.skip("the superuser may read everything")
    (project.folder / "data" / "a.csv").chmod(0)
    seen = project.seen("try: open('data/a.csv')\nexcept PermissionError: pass")
    assert project.inside(seen.files) == {"data/a.csv"}
