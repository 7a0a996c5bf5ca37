"""Results by their keys: quick, merged, and whole or not there; and a cache that stays below its limit."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec
import pytest

from trimtab.app.command_steps import CommandRunner
from trimtab.base.digest import Digest, digest_bytes
from trimtab.base.errors import DriverError
from trimtab.base.instants import HOUR, SECOND, Instant
from trimtab.drivers.file_index import FileIndex
from trimtab.drivers.local_blobs import LocalBlobs
from trimtab.drivers.step_values import Results, StepValues
from trimtab.drivers.step_values.trim import FORGOTTEN, Trimmed, trim
from trimtab.records.kept import Kept, Result
from trimtab.spec.project import CommandStep

KEPT = Kept(format="int", digest=digest_bytes(b"v"), files=())
KEY = digest_bytes(b"key")
OTHER = digest_bytes(b"other key")


def result(key: Digest = KEY, *, at: int = 1, **more: Any) -> Result:
    return Result(key=key, step="s", kept=KEPT, made_by=f"run-{at}", made_at=Instant(at), seconds=0.1, **more)


def age(path: Path, seconds: float) -> None:
    """Make a file look as if it was last used so long ago."""
    moment = time.time() - seconds
    os.utime(path, (moment, moment))


def result_files(folder: Path) -> list[Path]:
    return sorted(path for path in (folder / "results").rglob("*") if path.is_file())


def test_a_result_is_found_under_its_key_and_no_other(tmp_path: Path) -> None:
    results = Results(tmp_path)
    assert results.find(KEY) == ()
    results.put(result())
    assert results.find(KEY) == (result(),)
    assert Results(tmp_path).find(KEY) == (result(),)
    assert results.find(OTHER) == ()
    assert len(result_files(tmp_path)) == 1


def test_one_key_has_a_result_for_each_state_of_what_was_read_the_newest_first(tmp_path: Path) -> None:
    results = Results(tmp_path)
    states = [{"a.csv": digest_bytes(bytes([place]))} for place in range(3)]
    for at, state in enumerate(states):
        results.put(result(at=at, reads=state))
    results.put(result(at=9, variables={"HOME": digest_bytes(b"h")}))
    assert [found.made_at for found in results.find(KEY)] == [9, 2, 1, 0]
    results.put(result(at=10, reads=states[0]))
    assert [found.made_at for found in results.find(KEY)] == [10, 9, 2, 1]


def test_at_most_sixteen_results_of_a_key_stay_the_least_recently_used_go(tmp_path: Path) -> None:
    results = Results(tmp_path)
    for at in range(20):
        results.put(result(at=at, reads={"a": digest_bytes(bytes([at]))}))
        for place, path in enumerate(result_files(tmp_path)):
            age(path, 1_000 - 10 * at + place)
    assert len(results.find(KEY)) == 16
    assert results.find(KEY)[0].made_at == 19


@pytest.mark.parametrize("content", [b"", b"\0" * 200, b"sha256:0\n{}"], ids=["empty", "zeros", "other"])
def test_a_torn_result_is_not_there_and_is_removed(tmp_path: Path, content: bytes) -> None:
    results = Results(tmp_path)
    results.put(result())
    (path,) = result_files(tmp_path)
    path.chmod(0o600)
    path.write_bytes(content)
    assert results.find(KEY) == ()
    assert not path.exists()
    results.put(result())
    assert results.find(KEY) == (result(),)


def test_one_changed_byte_of_a_result_is_found(tmp_path: Path) -> None:
    results = Results(tmp_path)
    results.put(result())
    (path,) = result_files(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"run-1", b"run-2"))
    assert results.find(KEY) == ()
    path.write_bytes(whole)
    moved = path.with_name(OTHER.removeprefix("sha256:")[2:] + path.name[62:])
    moved = tmp_path / "results" / OTHER.removeprefix("sha256:")[:2] / moved.name
    moved.parent.mkdir(exist_ok=True)
    shutil.copy(path, moved)
    assert results.find(OTHER) == ()


def test_a_result_of_another_version_is_not_there(tmp_path: Path) -> None:
    class Later(msgspec.Struct, tag_field="schema", tag="trimtab.result/2"):
        key: str

    results = Results(tmp_path)
    results.put(result())
    (path,) = result_files(tmp_path)
    body = msgspec.json.encode(Later(key=KEY))
    path.write_bytes(digest_bytes(body).encode() + b"\n" + body)
    assert results.find(KEY) == ()


def test_a_result_whose_log_is_gone_is_not_there(tmp_path: Path) -> None:
    values, results = StepValues(tmp_path), Results(tmp_path)
    logged = values.keep(b'{"metric": "auc", "value": 0.8}', step="s")
    results.put(result(logged=logged))
    assert results.find(KEY) == (result(logged=logged),)
    for path in (tmp_path / "values").glob("??/*"):
        path.unlink()
    assert results.find(KEY) == ()
    assert result_files(tmp_path) == []


def test_deleting_the_cache_between_any_two_calls_is_harmless(tmp_path: Path) -> None:
    results = Results(tmp_path / "cache")
    for _ in range(2):
        results.put(result())
        assert results.find(KEY) == (result(),)
        shutil.rmtree(tmp_path / "cache")
        assert results.find(KEY) == ()


PUTTER = """
import sys
from pathlib import Path
from tests.integration.step_values.test_results import result
from trimtab.base.digest import digest_bytes
from trimtab.drivers.step_values import Results
results = Results(Path(sys.argv[1]))
for turn in range(200):
    results.put(result(at=turn, reads={sys.argv[2]: digest_bytes(b"x")}))
    assert any(sys.argv[2] in found.reads for found in results.find(result().key))
"""


def test_two_processes_put_results_of_one_key_at_once(tmp_path: Path) -> None:
    children = [subprocess.Popen([sys.executable, "-c", PUTTER, str(tmp_path), name]) for name in ("a", "b", "c")]
    assert [child.wait() for child in children] == [0, 0, 0]
    assert {next(iter(found.reads)) for found in Results(tmp_path).find(KEY)} == {"a", "b", "c"}
    assert {found.made_at for found in Results(tmp_path).find(KEY)} == {199}


def kept_results(folder: Path, count: int) -> list[Result]:
    """Results of one kilobyte and more each, the first one the longest unused."""
    values, results, made = StepValues(folder), Results(folder), []
    for place in range(count):
        kept = values.keep("shared" * 200 if place % 2 else f"{place}" * 1_500, step="s")
        made.append(msgspec.structs.replace(result(digest_bytes(bytes([place])), at=place), kept=kept))
        results.put(made[-1])
        digits = made[-1].key.removeprefix("sha256:")
        for path in (folder / "results" / digits[:2]).iterdir():
            age(path, 100_000 - place)
    for path in (folder / "values").rglob("*"):
        age(path, 100_000)
    return made


def there(folder: Path, made: list[Result]) -> list[bool]:
    values = StepValues(folder)
    found = [(folder / "results" / each.key.removeprefix("sha256:")[:2]).is_dir() for each in made]
    assert all(found)
    return [bool(Results(folder).find(each.key)) and values.open(each.kept) is not None for each in made]


def test_a_cache_within_its_limit_is_left_alone(tmp_path: Path) -> None:
    made = kept_results(tmp_path, 4)
    done = trim(tmp_path, 1_000_000)
    assert done == Trimmed(results=0, freed=0, problems=())
    assert there(tmp_path, made) == [True] * 4


def test_the_least_recently_used_go_and_what_others_need_stays(tmp_path: Path) -> None:
    made = kept_results(tmp_path, 6)
    Results(tmp_path).find(made[0].key)  # used now
    total = weight(tmp_path)
    done = trim(tmp_path, total - 3_000)
    assert weight(tmp_path) == total - done.freed <= total - 3_000
    found = there_or_gone(tmp_path, made)
    assert found[0]
    assert not found[1]
    assert found[5]
    assert found == [True] + [False] * done.results + [True] * (5 - done.results)
    assert trim(tmp_path, total - 3_000).results == 0


def weight(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def there_or_gone(folder: Path, made: list[Result]) -> list[bool]:
    """Which results are found; each that is can be opened."""
    found = []
    for each in made:
        here = Results(folder).find(each.key)
        found.append(bool(here))
        if here:
            StepValues(folder).open(each.kept)
    return found


def test_nothing_that_was_used_within_the_hour_goes(tmp_path: Path) -> None:
    values, results = StepValues(tmp_path), Results(tmp_path)
    made = msgspec.structs.replace(result(), kept=values.keep("x" * 5_000, step="s"))
    results.put(made)
    loose = values.keep("y" * 5_000, step="not put yet")
    assert trim(tmp_path, 0) == Trimmed(results=0, freed=0, problems=())
    assert values.intact(loose)
    assert values.open(results.find(KEY)[0].kept) == "x" * 5_000


def test_a_value_that_no_result_has_goes_after_a_day_or_when_room_is_needed(tmp_path: Path) -> None:
    values = StepValues(tmp_path)
    for age_in_hours, limit, stays in (
        (23, 1_000_000, True),
        (25, 1_000_000, False),
        (2, 0, False),
        (2, 1_000_000, True),
    ):
        kept = values.keep(f"loose {age_in_hours} {limit}" * 100, step="s")
        for path in (tmp_path / "values").rglob("*"):
            age(path, age_in_hours * HOUR / SECOND)
        trim(tmp_path, limit)
        assert values.intact(kept) == stays


def test_keeping_a_value_again_counts_as_using_it(tmp_path: Path) -> None:
    values = StepValues(tmp_path)
    values.keep("x" * 5_000, step="s")
    for path in (tmp_path / "values").rglob("*"):
        age(path, 100_000)
    again = values.keep("x" * 5_000, step="t")
    trim(tmp_path, 0)
    assert values.intact(again)


def test_what_a_killed_process_left_half_made_is_removed(tmp_path: Path) -> None:
    values = StepValues(tmp_path)
    kept = values.keep("x", step="s")
    inner = next(path for path in (tmp_path / "values").iterdir())
    (inner / ".cdef.0123456789ab.partial").write_bytes(b"half")
    (tmp_path / "values" / ".making.0123456789ab.partial").mkdir()
    (tmp_path / "values" / ".making.0123456789ab.partial" / "arrays").write_bytes(b"half")
    trim(tmp_path, 1_000_000)
    assert list(tmp_path.rglob("*.partial")) == []
    assert values.intact(kept)


def test_trimming_no_cache_at_all_does_nothing(tmp_path: Path) -> None:
    done = trim(tmp_path / "nowhere", 0)
    assert done == Trimmed(results=0, freed=0, problems=())


def written_by_command(folder: Path, name: str) -> list[Path]:
    """Where the cache in ``folder`` has what a command wrote, whose result is kept there too; both long unused."""
    project, cache = folder / "project", folder / "cache"
    project.mkdir(exist_ok=True)
    values = StepValues(cache)
    runner = CommandRunner(project, values, FileIndex(cache / "files.index"), LocalBlobs(cache / "files"))
    step = CommandStep(name=name, run=f"sh -c 'echo {name} > {name}.txt'", writes=(PurePosixPath(f"{name}.txt"),))
    runner.run(step)
    kept = values.keep(runner.keep(step), step=name)
    Results(cache).put(msgspec.structs.replace(result(digest_bytes(name.encode())), kept=kept))
    for path in cache.rglob("*"):
        age(path, 100_000)
    return [path for path in (cache / "files").rglob("*") if path.is_file()]


def test_what_a_command_wrote_stays_while_its_result_does_and_goes_with_it(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    (written,) = written_by_command(tmp_path, "first")
    total = weight(cache)
    assert trim(cache, total).results == 0
    assert written.read_text() == "first\n"
    assert trim(cache, total - 1) == Trimmed(results=1, freed=total, problems=())
    assert not written.exists()


def test_a_file_of_a_command_that_no_result_has_goes_after_a_day(tmp_path: Path) -> None:
    blobs = LocalBlobs(tmp_path / "files")
    old, new = blobs.put(b"old"), blobs.put(b"new")
    age(blobs.path(old), 100_000)
    trim(tmp_path, 1_000_000)
    assert (blobs.has(old), blobs.has(new)) == (False, True)


@pytest.mark.parametrize("name", ["gathered", "judged"])
def test_what_was_gathered_or_judged_goes_when_nobody_has_read_it_for_long(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    old, new = tmp_path / name / "old.json", tmp_path / name / "new.json"
    for path, seconds in ((old, FORGOTTEN / SECOND + 60), (new, FORGOTTEN / SECOND - 60)):
        path.write_text("{}")
        age(path, seconds)
    trim(tmp_path, 1_000_000)
    assert (old.exists(), new.exists()) == (False, True)


def test_what_cannot_be_removed_is_told_and_the_rest_is_trimmed(tmp_path: Path) -> None:
    kept_results(tmp_path, 6)
    (tmp_path / "values/ab/cdef").mkdir(parents=True)  # a folder where a file should be
    (tmp_path / "results/ab/cdef").mkdir(parents=True)
    for path in (tmp_path / "values/ab/cdef", tmp_path / "results/ab/cdef"):
        age(path, 1_000_000)
    done = trim(tmp_path, 0)
    assert done.results == 6
    (problem,) = done.problems
    assert problem.startswith(f"the cache cannot be trimmed: {tmp_path.name}/values/ab/cdef: ")
    assert problem.endswith("(and 1 more)")
    assert not any(path.is_file() for path in (tmp_path / "results").rglob("*"))


def test_a_cache_that_cannot_be_looked_through_is_told(tmp_path: Path) -> None:
    (tmp_path / "results").write_text("a file where a folder should be")
    assert trim(tmp_path, 0).problems == (f"the cache cannot be trimmed: {tmp_path.name}/results: Not a directory",)


def test_a_mark_of_use_without_its_file_goes(tmp_path: Path) -> None:
    values = StepValues(tmp_path)
    for _ in range(2):
        values.keep("x", step="s")
    (path,) = (path for path in (tmp_path / "values").glob("??/*") if not path.suffix)
    trim(tmp_path, 1_000_000)
    assert path.with_name(path.name + ".used").exists()
    path.unlink()
    trim(tmp_path, 1_000_000)
    assert list((tmp_path / "values").glob("??/*")) == []


TRIMMER = """
import sys
from pathlib import Path
from trimtab.drivers.step_values.trim import trim
for _ in range(30):
    done = trim(Path(sys.argv[1]), 0)
    assert done.problems == (), done.problems
"""


def test_several_that_trim_while_others_delete_the_cache_do_not_fail(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    children = [subprocess.Popen([sys.executable, "-c", TRIMMER, str(cache)]) for _ in range(2)]
    while any(child.poll() is None for child in children):
        with suppress(DriverError, FileNotFoundError):  # what is kept is taken away in the act
            kept_results(cache, 6)
        shutil.rmtree(cache, ignore_errors=True)
    assert [child.returncode for child in children] == [0, 0]
