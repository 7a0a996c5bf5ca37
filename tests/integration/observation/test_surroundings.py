"""Environment variables, the clock, chance, the network and processes: what is told of each, and of whom."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.integration.observation.conftest import Project


@pytest.fixture(autouse=True)
def variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RATE", "0.5")
    monkeypatch.delenv("NOT_SET", raising=False)


ASKS = {
    "subscript": "import os; os.environ['RATE']",
    "get": "import os; os.environ.get('RATE')",
    "getenv": "import os; os.getenv('RATE', '1')",
    "in": "import os; 'RATE' in os.environ",
    "bytes": "import os; os.environb[b'RATE']; os.getenvb(b'RATE')",
    "by name": "environ['RATE']; getenv('RATE')",
    "in a text": "import os.path; os.path.expandvars('$RATE')",
    "in a thread": "import threading; t = threading.Thread(target=lambda: getenv('RATE')); t.start(); t.join()",
}


@pytest.mark.parametrize("body", ASKS.values(), ids=ASKS.keys())
def test_a_variable_that_the_project_asks_for_is_told_with_its_value(project: Project, body: str) -> None:
    seen = project.seen(body, "from os import environ, getenv")
    assert (dict(seen.variables), seen.surroundings) == ({"RATE": "0.5"}, ())


def test_a_variable_that_is_not_set_is_told_as_such(project: Project) -> None:
    seen = project.seen("import os; os.environ.get('NOT_SET', 'default'); os.environ.setdefault('NOT_SET', '1')")
    os.environ.pop("NOT_SET")
    assert dict(seen.variables) == {"NOT_SET": None}


def test_a_variable_that_the_step_set_itself_is_none_of_its_inputs(project: Project) -> None:
    seen = project.seen("import os; os.environ['RATE'] = '2'; assert os.getenv('RATE') == '2'")
    assert dict(seen.variables) == {}
    assert os.environ["RATE"] == "2"


def test_the_value_is_the_one_at_the_first_asking(project: Project) -> None:
    seen = project.seen("import os; os.environ['RATE']; os.environ['RATE'] = '2'; os.environ['RATE']")
    assert dict(seen.variables) == {"RATE": "0.5"}


WHOLE = {
    "copy": "import os; assert os.environ.copy()['RATE']",
    "dict": "import os; assert dict(os.environ)['RATE']",
    "unpacked": "import os; assert {**os.environ, 'A': '1'}['RATE']",
    "merged": "import os; assert (os.environ | {'A': '1'})['RATE']",
    "items": "import os; assert ('RATE', '0.5') in list(os.environ.items())",
    "values": "import os; assert '0.5' in list(os.environ.values())",
    "names": "import os; assert 'RATE' in list(os.environ)",
}


@pytest.mark.parametrize("body", WHOLE.values(), ids=WHOLE.keys())
def test_reading_all_variables_is_told_by_its_place_and_not_by_its_values(project: Project, body: str) -> None:
    seen = project.seen(body)
    assert [each.what for each in seen.surroundings] == ["reads all environment variables"]
    assert seen.surroundings[0].at.endswith(".py:4")
    assert dict(seen.variables) == {}


def test_what_libraries_and_python_itself_ask_for_is_not_told(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = tmp_path / "lib" / "site-packages"
    library.mkdir(parents=True)
    (library / "asks_for_rate.py").write_text("import os\ndef ask(): return os.environ['RATE']\n")
    monkeypatch.syspath_prepend(str(library))
    seen = project.seen("""
        import subprocess, tempfile, asks_for_rate
        asks_for_rate.ask()
        subprocess.run(['true'])
        tempfile.tempdir = None
        tempfile.gettempdir()
    """)
    assert (dict(seen.variables), seen.surroundings) == ({}, ())


def test_handing_all_variables_to_a_process_is_told_as_a_process(project: Project) -> None:
    seen = project.seen("import os, subprocess; subprocess.run(['true'], env=os.environ)")
    assert [each.what for each in seen.processes] == ["starts true"]
    assert (dict(seen.variables), seen.surroundings) == ({}, ())


CLOCKS = {
    "time.time": "import time; time.time()",
    "time.time by name": "time()",
    "time.time_ns": "import time; time.time_ns()",
    "time.localtime": "import time; time.localtime()",
    "time.strftime": "import time; time.strftime('%Y')",
    "time.gmtime": "import time; time.gmtime(None)",
    "date.today": "import datetime; datetime.date.today()",
}


@pytest.mark.parametrize("body", CLOCKS.values(), ids=CLOCKS.keys())
def test_the_projects_look_at_the_clock_is_told_with_its_line(project: Project, body: str) -> None:
    seen = project.seen(body, "from time import time")
    assert len(seen.clock) == 1
    assert seen.clock[0].at.endswith(".py:4")


def test_a_given_moment_a_measured_time_and_a_librarys_look_are_not_the_clock(project: Project) -> None:
    seen = project.seen("""
        import time, logging, queue, threading
        time.localtime(0); time.gmtime(1.5); time.strftime('%Y', time.gmtime(0)); time.ctime(0)
        time.perf_counter(); time.monotonic(); time.process_time()
        logging.getLogger('quiet').warning('x')
        threading.Event().wait(0.001)
    """)
    assert seen.clock == ()


GENERATORS = {
    "random": ("import random; random.random()", "random's global generator, which the step did not seed"),
    "shuffle": ("import random; random.shuffle([1, 2, 3])", "random's global generator, which the step did not seed"),
    "numpy": ("import numpy; numpy.random.rand()", "numpy.random's global generator, which the step did not seed"),
    "a library": (
        "train_test_split(list(range(9)))",
        "numpy.random's global generator, which the step did not seed",
    ),
    "default_rng": ("import numpy; numpy.random.default_rng()", "numpy.random.default_rng without a seed"),
    "uuid": ("import uuid; uuid.uuid4()", "the system's generator"),
    "uuid1": ("import uuid; uuid.uuid1()", "uuid.uuid1"),
    "secrets": ("import secrets; secrets.token_hex()", "the system's generator"),
    "urandom": ("import os; os.urandom(4)", "the system's generator"),
    "urandom by name": ("urandom(4)", "the system's generator"),
    "seeded by nothing": (
        "import random; random.seed(); random.random()", "random's global generator, which the step did not seed",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("body", "expected"), GENERATORS.values(), ids=GENERATORS.keys())
def test_chance_is_told_by_where_it_comes_from(project: Project, body: str, expected: str) -> None:
    head = """
        from os import urandom
        import numpy.random, random, uuid
        from sklearn.model_selection import train_test_split
    """
    seen = project.seen(body, head)
    assert [each.what for each in seen.chance] == [expected]


def test_chance_with_a_seed_and_names_of_temporary_files_are_none(project: Project) -> None:
    seen = project.seen(
        """
        import tempfile, random, numpy, uuid
        random.seed(1); random.random()
        numpy.random.seed(1); numpy.random.rand()
        numpy.random.default_rng(1).random(); numpy.random.default_rng(seed=2)
        numpy.random.RandomState(3).rand(); random.Random(4).random()
        uuid.uuid5(uuid.NAMESPACE_DNS, 'x')
        tempfile.mkdtemp()
        """,
        "import numpy.random, random, uuid",
    )
    assert seen.chance == ()


def test_a_draw_before_the_watch_is_not_the_steps(project: Project) -> None:
    step = project.step("pass", "import random; random.random()")
    with project.observer.watch() as watch:
        step()
    assert watch.observed.chance == ()


PROCESSES = {
    "subprocess": ("import subprocess; subprocess.run(['true', '--token=secret'])", "starts true"),
    "a shell": ("import os; os.system('true --token=secret')", "starts a shell: true …"),
    "posix_spawn": (
        "import os; os.waitpid(os.posix_spawn('/bin/true', ['true'], os.environ), 0)", "starts true",
    ),
    "fork": ("import os\npid = os.fork()\nif not pid: os._exit(0)\nos.waitpid(pid, 0)", "forks"),
    "multiprocessing": (
        "import multiprocessing as m; p = m.get_context('spawn').Process(target=print); p.start(); p.join()",
        "starts python",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("body", "expected"), PROCESSES.values(), ids=PROCESSES.keys())
def test_a_process_is_told_by_its_program_and_without_its_arguments(project: Project, body: str, expected: str) -> None:
    seen = project.seen(body)
    assert expected in [each.what.rstrip("0123456789.") for each in seen.processes]
    assert "secret" not in str(seen.processes)
    assert all(each.at for each in seen.processes)


def test_a_connection_is_told_by_its_address(project: Project) -> None:
    seen = project.seen("""
        import contextlib, socket
        with contextlib.suppress(OSError): socket.create_connection(('127.0.0.1', 9), timeout=1)
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as s: s.connect('/nowhere/s.PGSQL')
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s: s.sendto(b'', ('127.0.0.1', 9))
    """)
    assert [each.what for each in seen.network] == [
        "looks up 127.0.0.1",
        "connects to 127.0.0.1:9",
        "connects to /nowhere/s.PGSQL",
        "connects to 127.0.0.1:9",
    ]
    assert [each.at.rpartition(":")[2] for each in seen.network] == ["5", "5", "6", "7"]


def test_the_same_thing_at_the_same_place_is_told_once(project: Project) -> None:
    seen = project.seen("import time\nfor _ in range(1000): time.time()\nfor i in range(300): exec(f'')")
    assert len(seen.clock) == 1
