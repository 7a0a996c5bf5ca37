"""The table of docs/pipeline.md, row by row: what a change makes run, and what it leaves alone."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.e2e.pipeline_project import ALL, PipelineProject, install, make_project
from trimtab.drivers.step_values import Results
from trimtab.drivers.step_values.results import read_result
from trimtab.records.kept import KeptFile, Result


@pytest.fixture(scope="module")
def ran_once(tmp_path_factory: pytest.TempPathFactory) -> PipelineProject:
    project = make_project(tmp_path_factory.mktemp("cache"))
    assert project.ran() == set(ALL)
    return project


@pytest.fixture
def project(ran_once: PipelineProject, tmp_path: Path) -> PipelineProject:
    """A copy of the project that has run once, its cache with it."""
    root = tmp_path / "copy"
    shutil.copytree(ran_once.folder.parent, root, symlinks=True)
    return PipelineProject(root / "rates", root / "library")


def test_a_second_run_runs_nothing(project: PipelineProject) -> None:
    assert project.ran() == set()


def test_a_touched_file_runs_nothing(project: PipelineProject) -> None:
    for name in ("pipeline.py", "data/rates.csv"):
        os.utime(project.folder / name)
    assert project.ran() == set()


def test_comments_docstrings_and_format_run_nothing(project: PipelineProject) -> None:
    project.edit("pipeline.py", "def total(read", "# a comment\n\n\ndef total(  read")
    project.edit(
        "helpers.py", "    return offset(x) * 3", '    """What it does."""\n    return (offset(x)\n        * 3)'
    )
    project.edit("shapes.py", "    sides = 4", '    """A shape."""\n\n    sides = 4')
    assert project.ran() == set()


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        pytest.param("pipeline.py", 'read["rate"].sum()', 'read["rate"].sum() + 10', ALL[1:], id="body"),
        pytest.param("pipeline.py", "factor: int = 2", "factor: int = 5", ("scaled", "summary"), id="default argument"),
        pytest.param("helpers.py", "offset(x) * 3", "offset(x) * 4", ("scaled", "summary"), id="helper"),
        pytest.param("deep.py", "x + BASE", "x + BASE + 1", ("scaled", "summary"), id="helper of a helper"),
        pytest.param("deep.py", "BASE = 1", "BASE = 2", ("scaled", "summary"), id="constant of another module"),
        pytest.param("pipeline.py", "LIMIT = 100", "LIMIT = 5", ALL[1:], id="constant"),
        pytest.param("shapes.py", "self.size = size", "self.size = size + 1", ("boxed", "summary"), id="class"),
        pytest.param("shapes.py", "sides = 4", "sides = 5", ("boxed", "summary"), id="base class"),
        pytest.param("helpers.py", "    return x\n", "    return x + 1\n", (), id="function that nobody uses"),
    ],
)
def test_changed_code_runs_what_it_affects(
    project: PipelineProject, file: str, old: str, new: str, expected: tuple[str, ...]
) -> None:
    project.edit(file, old, new)
    ran = project.ran()
    assert ran == set(expected) - ({"region"} if "region" in expected else set())
    assert project.ran() == set()


def test_a_change_that_comes_to_the_same_stops_there(project: PipelineProject) -> None:
    project.edit("pipeline.py", "LIMIT = 100", "LIMIT = 99")
    assert project.ran() == {"total"}


def test_changed_data_runs_its_reader_whatever_its_size_and_times_say(project: PipelineProject) -> None:
    path, other = project.folder / "data/rates.csv", project.folder / "other.csv"
    times = path.stat()
    other.write_text("rate\n3\n2\n1\n")
    os.utime(other, ns=(times.st_atime_ns, times.st_mtime_ns))
    shutil.copy2(other, path)
    other.unlink()
    assert path.stat().st_size == times.st_size
    assert path.stat().st_mtime_ns == times.st_mtime_ns
    assert project.ran() == {"read", "total"}  # the sum is what it was, so it stops there
    path.write_text("rate\n3\n2\n7\n")
    assert project.ran() == {"read", "total", "scaled", "boxed", "outside", "summary"}


def test_a_parameter_runs_its_users(project: PipelineProject) -> None:
    assert project.ran("--set", "factor=7") == {"scaled", "summary"}
    assert project.ran() == set()  # the old value's result is still kept


def test_a_librarys_version_runs_the_steps_that_import_it(project: PipelineProject) -> None:
    install(project.library, "tinylib", "1.1", "def double(x):\n    return 3 * x\n", requires="tinydep")
    assert project.ran() == {"outside", "summary"}


def test_an_indirect_librarys_version_runs_them_too(project: PipelineProject) -> None:
    install(project.library, "tinydep", "2.0", "")
    assert project.ran() == {"outside"}


def test_a_variable_runs_the_step_that_reads_it(project: PipelineProject) -> None:
    assert project.ran(REGION="south") == {"region", "summary"}
    assert project.ran(OTHER="south") == set()


def test_dispatch_that_cannot_be_followed_runs_too_much_and_says_so(project: PipelineProject) -> None:
    project.edit("pipeline.py", "return Box(total).area()", 'return getattr(Box(total), "ar" + "ea")()')
    project.run()
    project.edit("pipeline.py", 'return os.environ["REGION"]', 'return os.environ["REGION"].upper()')
    plan = project.command("run", "--explain").stdout
    assert "runs  boxed" in plan
    assert "getattr(Box(total), 'ar' + 'ea') cannot be followed (pipeline.py:" in plan
    assert "all of pipeline.py counts" in plan


def test_a_step_that_reads_the_clock_runs_every_time_and_says_so(project: PipelineProject) -> None:
    project.edit("pipeline.py", "import json\n", "import json\nimport time\n")
    project.edit("pipeline.py", "    return Box(total).area()", "    return Box(total).area() + int(time.time() * 0)")
    assert "boxed" in project.ran()
    assert project.ran() == {"boxed"}
    assert "every time: it reads the clock, time.time() (pipeline.py:" in project.command("run", "--explain").stdout


def test_a_plan_names_what_changed_and_where(project: PipelineProject) -> None:
    project.edit("helpers.py", "offset(x) * 3", "offset(x) * 4")
    plan = project.command("run", "--explain").stdout
    assert "runs  scaled: helper helpers.scale changed, helpers.py:4" in plan
    assert "waits summary: runs if scaled comes to something else" in plan
    assert "kept  total" in plan


def test_a_damaged_result_is_computed_again_and_said(project: PipelineProject) -> None:
    total = next(step["output"] for step in project.run()["steps"] if step["step"] == "total")
    damaged = 0
    for path in (project.folder / ".trimtab/cache/values").rglob("*"):
        if path.is_file():
            path.chmod(0o600)
            path.write_bytes(b"x" + path.read_bytes()[1:])
            damaged += 1
    assert damaged
    done = project.command("run")
    assert "total ran, its kept result was damaged or removed" in done.stderr
    assert next(step["output"] for step in project.run()["steps"] if step["step"] == "total") == total


def test_damage_that_no_look_at_a_file_shows_stops_one_run_and_not_the_next(project: PipelineProject) -> None:
    before = {step["step"]: step["output"] for step in project.run()["steps"]}
    cache = project.folder / ".trimtab/cache"
    (path,) = (path for path in (cache / "results").glob("??/*") if read_result_of(path).step == "total")
    result = read_result_of(path)
    for file in result.kept.files:
        digits = file.content.removeprefix("sha256:")
        value = cache / "values" / digits[:2] / digits[2:]
        value.chmod(0o600)
        value.write_bytes(b"\0" * file.size)  # as a power cut leaves it: the name and the size, and no content
    Results(cache).put(
        replace(result, kept=replace(result.kept, files=tuple(map(as_it_lies(cache), result.kept.files))))
    )
    project.edit("helpers.py", "offset(x) * 3", "3 * offset(x)")

    done = project.command("run")
    assert (done.returncode, "TT1354" in done.stderr) == (4, True), done.stderr
    assert "its part value is not what it was, and was removed" in done.stderr
    assert "Run again: the step is computed anew." in done.stderr

    again = project.run()
    assert {step["step"] for step in again["steps"] if step["state"] == "ran"} == {"total", "scaled"}
    assert {step["step"]: step["output"] for step in again["steps"]} == before


def read_result_of(path: Path) -> Result:
    found = read_result(path)
    assert found is not None
    return found


def as_it_lies(cache: Path) -> Callable[[KeptFile], KeptFile]:
    """What is noted of a kept file, with its times and inode as they are now."""

    def noted(file: KeptFile) -> KeptFile:
        digits = file.content.removeprefix("sha256:")
        about = (cache / "values" / digits[:2] / digits[2:]).stat()
        return replace(file, modified=about.st_mtime_ns, changed=about.st_ctime_ns, inode=about.st_ino)

    return noted


def test_a_cache_that_cannot_be_trimmed_is_told_and_costs_no_run(project: PipelineProject) -> None:
    cache = project.folder / ".trimtab/cache"
    odd = cache / "values/ab/cdef"
    odd.mkdir(parents=True)  # a folder where a file should be
    os.utime(odd, (0, 0))
    (cache / "trimmed").unlink()
    done = project.command("run", "--fresh")
    assert done.returncode == 0, done.stderr
    assert "the cache cannot be trimmed: cache/values/ab/cdef: " in done.stderr
    assert project.ran() == set()


def test_without_its_cache_a_project_runs_as_the_first_time(project: PipelineProject) -> None:
    shutil.rmtree(project.folder / ".trimtab/cache")
    assert project.ran() == set(ALL)


def test_fresh_runs_everything_and_comes_to_the_same(project: PipelineProject) -> None:
    before, after = project.run(), project.run("--fresh")
    assert {step["state"] for step in after["steps"]} == {"ran"}
    assert before["outputs"] == after["outputs"]
