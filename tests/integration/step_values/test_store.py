"""Values on a real disk: kept once, opened fresh, and never wrong, whatever happens to the files."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import polars as pl
import pytest

from tests.conftest import Eventually
from trimtab.base.errors import DriverError, NotFoundError
from trimtab.disk.atomic import PARTIAL
from trimtab.disk.tree import digest_file
from trimtab.drivers.step_values import DamagedValueError, StepValues, UnkeepableValueError
from trimtab.records.kept import Kept

FileSizeLimit = Callable[[int], AbstractContextManager[None]]

FRAME = pl.DataFrame({"a": [1, None], "b": ["x", "y"]})
LARGE = np.arange(3_000_000, dtype=np.float64)  # 24 MB: beyond what is built in memory
VALUES: dict[str, Any] = {
    "a number": 7,
    "a table": FRAME,
    "a large array": LARGE,
    "a large table": pl.DataFrame({"a": LARGE, "b": np.random.default_rng(1).random(len(LARGE))}),
    "several": {"table": FRAME, "arrays": (np.ones(2_000), np.zeros((3, 3))), "text": "é"},
}


@pytest.fixture
def values(tmp_path: Path) -> StepValues:
    """A store in a folder that is not there yet."""
    return StepValues(tmp_path / ".trimtab" / "cache")


def files(values: StepValues) -> list[Path]:
    return sorted(path for path in (values.folder / "values").glob("[0-9a-f][0-9a-f]/[0-9a-f]*") if not path.suffix)


def place(values: StepValues, kept: Kept, name: str) -> Path:
    digits = next(file.content for file in kept.files if file.name == name).removeprefix("sha256:")
    return values.folder / "values" / digits[:2] / digits[2:]


def damage(path: Path) -> None:
    """Change one byte in place, its size and its mtime as they were, as a bad copy does."""
    about = path.stat()
    path.chmod(0o600)
    with path.open("r+b") as file:
        file.seek(about.st_size // 2)
        byte = file.read(1)[0]
        file.seek(about.st_size // 2)
        file.write(bytes([byte ^ 1]))
    while path.stat().st_ctime_ns == about.st_ctime_ns:  # the clock of the file system ticks
        os.utime(path, ns=(about.st_atime_ns, about.st_mtime_ns))
    os.utime(path, ns=(about.st_atime_ns, about.st_mtime_ns))


def equal(one: Any, other: Any) -> bool:
    if isinstance(one, pl.DataFrame):
        return one.equals(other)
    if isinstance(one, np.ndarray):
        return bool(np.array_equal(one, other))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(equal(one[key], other[key]) for key in one)
    if isinstance(one, tuple):
        return all(map(equal, one, other))
    return bool(one == other)


@pytest.mark.parametrize("name", VALUES)
def test_a_kept_value_is_intact_and_opened_as_it_was(values: StepValues, name: str) -> None:
    kept = values.keep(VALUES[name], step="features")
    assert values.intact(kept)
    assert equal(values.open(kept), VALUES[name])
    assert equal(StepValues(values.folder).open(kept), VALUES[name])


@pytest.mark.parametrize("name", VALUES)
def test_keeping_an_equal_value_again_writes_nothing_new(values: StepValues, name: str) -> None:
    first = values.keep(VALUES[name], step="features")
    there = {path: path.stat().st_ino for path in files(values)}
    second = values.keep(VALUES[name], step="other")
    assert second.digest == first.digest
    assert {path: path.stat().st_ino for path in files(values)} == there
    assert first.files == second.files
    assert values.intact(first)


def test_files_are_named_by_their_content_and_closed_to_others(values: StepValues) -> None:
    kept = values.keep(VALUES["several"], step="features")
    assert [file.name for file in kept.files] == ["value", "arrays", "1.parquet"]
    assert {place(values, kept, file.name) for file in kept.files} == set(files(values))
    assert {path.stat().st_mode & 0o777 for path in files(values)} == {0o400}
    assert equal(pl.read_parquet(place(values, kept, "1.parquet")), FRAME)
    assert kept.format == "dict"
    assert kept.size == sum(path.stat().st_size for path in files(values))


def test_nothing_is_left_beside_what_was_kept(values: StepValues) -> None:
    for value in VALUES.values():
        values.open(values.keep(value, step="features"))
    assert list(values.folder.rglob(f".*{PARTIAL}")) == []


def test_a_changed_opened_value_changes_no_other(values: StepValues) -> None:
    kept = values.keep({"rows": [1, 2], "array": LARGE, "table": FRAME}, step="features")
    opened = values.open(kept)
    opened["rows"].append(3)
    opened["array"][:] = 0
    opened["table"][0, "a"] = 9
    again = values.open(kept)
    assert again["rows"] == [1, 2]
    assert np.array_equal(again["array"], LARGE)
    assert again["table"].equals(FRAME)
    assert values.intact(kept)


@pytest.mark.parametrize("name", VALUES)
def test_a_damaged_file_is_found_and_put_right_by_keeping_again(values: StepValues, name: str) -> None:
    kept = values.keep(VALUES[name], step="features")
    for file in kept.files:
        damage(place(values, kept, file.name))
        assert not values.intact(kept)
        with pytest.raises(DamagedValueError, match=f"its part {file.name} is not what it was"):
            values.open(kept)
        again = values.keep(VALUES[name], step="features")
        assert values.intact(again)
        assert values.intact(kept)
        assert equal(values.open(kept), VALUES[name])


def unseen(values: StepValues, kept: Kept) -> Kept:
    """As if every file had the size, times and inode that were noted: damage that no look at them shows."""
    files = []
    for file in kept.files:
        about = place(values, kept, file.name).stat()
        times = {"modified": about.st_mtime_ns, "changed": about.st_ctime_ns, "inode": about.st_ino}
        files.append(msgspec.structs.replace(file, size=about.st_size, **times))
    return msgspec.structs.replace(kept, files=tuple(files))


@pytest.mark.parametrize("name", VALUES)
def test_damage_that_times_do_not_show_is_removed_when_it_is_opened(values: StepValues, name: str) -> None:
    kept = values.keep(VALUES[name], step="features")
    for file in kept.files:
        path = place(values, kept, file.name)
        damage(path)
        known = unseen(values, kept)
        assert values.intact(known)
        with pytest.raises(
            DamagedValueError, match=f"its part {file.name} is not what it was, and was removed"
        ) as said:
            values.open(known)
        assert said.value.fix == "Run again: the step is computed anew."
        assert not path.exists()
        assert not values.intact(known)
        values.keep(VALUES[name], step="features")
    assert equal(values.open(kept), VALUES[name])


def test_arrays_whose_damage_makes_no_value_at_all_are_said_to_be_damaged(values: StepValues) -> None:
    codes = np.zeros(20_000, np.int8)
    frame = pd.DataFrame({"a": pd.Categorical.from_codes(codes, categories=["x", "y"]), "b": LARGE[:20_000]})
    kept = values.keep({"frame": frame, "more": LARGE}, step="features")
    path = place(values, kept, "arrays")
    path.chmod(0o600)
    with path.open("r+b") as file:
        file.write(b"\x7f" * 200_000)
    with pytest.raises(DamagedValueError, match="its part arrays is not what it was"):
        values.open(unseen(values, kept))


def test_what_the_disk_cannot_read_is_damaged(values: StepValues, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = values.keep("x", step="features")

    def read_bytes(path: Path) -> bytes:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "read_bytes", read_bytes)
        with pytest.raises(DamagedValueError, match="its part value is not what it was, and was removed"):
            values.open(kept)
    assert not values.intact(kept)


def test_damage_that_cannot_be_removed_is_said_so(values: StepValues, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = values.keep("x", step="features")
    damage(place(values, kept, "value"))

    def unlink(path: Path, missing_ok: bool = False) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "unlink", unlink)
    with pytest.raises(DamagedValueError, match="it cannot be removed") as said:
        values.open(kept)
    assert said.value.fix == "Remove that file. Run again: the step is computed anew."
    assert said.value.at == str(place(values, kept, "value"))


@pytest.mark.parametrize("size", [0, 5])
def test_a_torn_file_is_damaged(values: StepValues, size: int) -> None:
    kept = values.keep(VALUES["several"], step="features")
    for file in kept.files:
        path = place(values, kept, file.name)
        whole = path.read_bytes()
        path.chmod(0o600)
        path.write_bytes(whole[:size])
        assert not values.intact(kept)
        with pytest.raises(DamagedValueError, match="is not what it was"):
            values.open(kept)
        path.write_bytes(whole)
    assert values.intact(kept)


def test_a_file_that_is_gone_is_named(values: StepValues) -> None:
    kept = values.keep(VALUES["several"], step="features")
    for file in kept.files:
        path = place(values, kept, file.name)
        whole = path.read_bytes()
        path.unlink()
        assert not values.intact(kept)
        with pytest.raises(NotFoundError, match=f"a kept value is gone: there is no file for its part {file.name}"):
            values.open(kept)
        path.write_bytes(whole)


def test_a_copied_cache_is_intact_by_content(values: StepValues, tmp_path: Path) -> None:
    kept = values.keep(VALUES["several"], step="features")
    shutil.copytree(values.folder, tmp_path / "copy")
    copied = StepValues(tmp_path / "copy")
    assert copied.intact(kept)
    assert equal(copied.open(kept), VALUES["several"])


def test_the_folder_may_be_deleted_at_any_time(values: StepValues) -> None:
    kept = values.keep(VALUES["several"], step="features")
    shutil.rmtree(values.folder)
    assert not values.intact(kept)
    again = values.keep(VALUES["several"], step="features")
    assert again.digest == kept.digest
    assert values.intact(again)


def test_a_full_disk_is_a_sentence_and_leaves_nothing(values: StepValues, file_size_limit: FileSizeLimit) -> None:
    for name in ("a large array", "a large table"):
        with file_size_limit(100_000), pytest.raises(DriverError, match="cannot write .*: the file would pass"):
            values.keep(VALUES[name], step="features")
    with file_size_limit(10), pytest.raises(DriverError, match="cannot write .*: the file would pass"):
        values.keep(FRAME, step="features")
    assert [path for path in files(values) if path.stat().st_size > 10] == []
    assert values.intact(values.keep(FRAME, step="features"))


def test_what_cannot_be_kept_is_named_with_its_step_and_leaves_nothing(values: StepValues) -> None:
    with pytest.raises(
        UnkeepableValueError, match=r"step `train` returns a value whose \['a'\]\[1\] is an object"
    ) as said:
        values.keep({"a": [LARGE, object()]}, step="train")
    assert "register a serialiser" in said.value.fix
    assert files(values) == []


KEEPER = """
import sys
from pathlib import Path
import numpy as np
import polars as pl
from trimtab.drivers.step_values import StepValues
values = StepValues(Path(sys.argv[1]))
print("ready", flush=True)
for turn in range(int(sys.argv[2])):
    large = np.arange(1_000_000, dtype=float) + turn % 3
    values.keep({"array": large, "table": pl.DataFrame({"a": large[:1000], "turn": turn % 3})}, step="features")
"""


def keeper(folder: Path, turns: int) -> subprocess.Popen[str]:
    child = subprocess.Popen([sys.executable, "-c", KEEPER, str(folder), str(turns)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    return child


def right(values: StepValues) -> bool:
    """Whether every file has the content that its name says."""
    return all(digest_file(path) == f"sha256:{path.parent.name}{path.name}" for path in files(values))


def test_two_processes_keep_the_same_values_at_once(values: StepValues) -> None:
    with keeper(values.folder, 12) as one, keeper(values.folder, 12) as other:
        pass
    assert (one.returncode, other.returncode) == (0, 0)
    assert right(values)
    assert len(files(values)) == 7  # three arrays, three tables, and one tree that says where they are


def test_a_kill_leaves_only_right_files(values: StepValues, eventually: Eventually) -> None:
    for _ in range(4):
        with keeper(values.folder, 1_000_000) as child:
            try:
                eventually(lambda: files(values), what="something is being kept")
                assert right(values)
            finally:
                child.send_signal(signal.SIGKILL)
        assert right(values)
    assert values.intact(values.keep(FRAME, step="features"))


ELSEWHERE = """
import sys, json
from pathlib import Path
from tests.integration.step_values.samples import samples
from trimtab.drivers.step_values import StepValues
values = StepValues(Path(sys.argv[1]))
print(json.dumps({name: values.keep(value, step="s").digest for name, value in samples().items()}))
"""


def test_equal_values_have_equal_digests_in_every_process(values: StepValues) -> None:
    said = set()
    for seed in ("0", "1", "4711"):
        surroundings = {**os.environ, "PYTHONHASHSEED": seed, "MALLOC_PERTURB_": seed[:2]}
        command = [sys.executable, "-c", ELSEWHERE, str(values.folder)]
        done = subprocess.run(command, env=surroundings, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        said.add(done.stdout)
    assert len(said) == 1


WEIGHS = """
import sys, resource
from pathlib import Path
import numpy as np
import {library}
from trimtab.drivers.step_values import StepValues
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
columns = {{f"c{{place}}": np.random.default_rng(place).random(2_500_000) for place in range(20)}}
frame = {library}.DataFrame(columns{copy})
del columns
values, before = StepValues(Path(sys.argv[1])), peak()
kept = values.keep(frame, step="features")
keeping = peak()
del frame
values.open(kept)
print(before, keeping, peak())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in other units")
@pytest.mark.parametrize(("library", "copy"), [("polars", ""), ("pandas", ", copy=False")])
def test_a_large_table_is_kept_and_opened_within_twice_its_memory(tmp_path: Path, library: str, copy: str) -> None:
    script = WEIGHS.format(library=library, copy=copy)
    command = [sys.executable, "-c", script, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    before, keeping, opening = map(int, done.stdout.split())
    size = 20 * 2_500_000 * 8
    assert keeping - before < size
    assert opening - before < 1.5 * size


WITHOUT_PYARROW = """
import sys
sys.modules["pyarrow"] = None  # as if it were not installed
from pathlib import Path
import pandas as pd
from trimtab.drivers.step_values import StepValues
columns = {"a": pd.array([1, None], dtype="Int8"), "b": ["x", None], "c": pd.to_datetime(["2026", None], utc=True)}
frame = pd.DataFrame(columns, index=pd.CategoricalIndex(["u", "v"]))
values = StepValues(Path(sys.argv[1]))
pd.testing.assert_frame_equal(values.open(values.keep(frame, step="s")), frame)
"""


def test_pandas_tables_need_no_pyarrow(tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error", "-c", WITHOUT_PYARROW, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_importing_and_recognising_load_no_library() -> None:
    script = (
        "import sys; from pathlib import Path; from trimtab.drivers.step_values import StepValues\n"
        "values = StepValues(Path(sys.argv[1]))\n"
        "values.open(values.keep({'a': [1, 2.5, 'x', Path('y')]}, step='s'))\n"
        "try: values.keep(object(), step='s')\n"
        "except Exception: pass\n"
        "heavy = {'numpy', 'polars', 'pandas', 'sklearn', 'lightgbm', 'scipy', 'pyarrow'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    folder = str(Path("/nonexistent"))
    done = subprocess.run(
        [sys.executable, "-c", script.replace("sys.argv[1]", "__import__('tempfile').mkdtemp()"), folder],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"
