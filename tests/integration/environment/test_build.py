"""A locked environment is built again from the wheel store, without a network, whole or not at all."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.conftest import Eventually
from tests.integration.environment.small import MINOR, SmallEnvironment, make_wheel, sha256, without_network
from trimtab.app.env_build import Host, LockedOutError, MissingWheelsError, build_environment, with_trimtab
from trimtab.base.digest import digest_bytes
from trimtab.base.errors import EnvironmentMismatchError
from trimtab.drivers import built_environments
from trimtab.drivers.built_environments import (
    BuiltEnvironments,
    EnvironmentBuildError,
    Install,
    NoPythonError,
    find_python,
)
from trimtab.drivers.environment import Libraries, site_packages
from trimtab.drivers.wheel_store import WheelStore, index
from trimtab.release.locks.value import LockFileError

MAKE = """
import sys
from pathlib import Path
from trimtab.app.env_build import build_environment
lock, wheels, target = map(Path, sys.argv[1:])
print(build_environment(lock.read_bytes(), "requirements", wheels, target, offline=True))
"""


class Kept:
    """A store with wheels of `upper` and `lower`, and the lock of both."""

    def __init__(self, folder: Path) -> None:
        self.wheels = folder / "wheels"
        self.target = folder / "built"
        self.lock_file = folder / "requirements.txt"
        lines = []
        for name, version, requires in (("upper", "1.0", ["lower>=1", "not-locked"]), ("lower", "2.0", [])):
            wheel = make_wheel(folder / "made", name, version, requires=requires)
            WheelStore(self.wheels).put(wheel)
            lines.append(f"{name}=={version} --hash=sha256:{sha256(wheel)}\n")
        self.lock_file.write_text("".join(lines))

    @property
    def lock(self) -> bytes:
        return self.lock_file.read_bytes()

    def build(self, *, offline: bool = True, host: Host | None = None) -> SmallEnvironment:
        python = build_environment(
            self.lock, "requirements", self.wheels, self.target, offline=offline, host=host or Host()
        )
        return SmallEnvironment(python.parent.parent)

    def command(self) -> list[str]:
        return [sys.executable, "-c", MAKE, str(self.lock_file), str(self.wheels), str(self.target)]


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path)


def test_exactly_the_locked_packages_are_in_it(kept: Kept) -> None:
    built = kept.build()
    assert built.run("import upper, lower, sys; print(upper.VERSION, lower.VERSION, sys.prefix)") == (
        f"1.0 2.0 {built.folder}"
    )
    libraries = Libraries(None, path=[str(path) for path in site_packages(built.python)])
    assert libraries.installed() == {"upper": "1.0", "lower": "2.0"}


def test_it_is_built_without_a_network(kept: Kept) -> None:
    settings = {**os.environ, "PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_CONSTRAINT": "/nowhere"}
    done = subprocess.run([*without_network(), *kept.command()], capture_output=True, text=True, env=settings)
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).is_file()


def test_the_second_time_it_is_there(kept: Kept) -> None:
    first = kept.build()
    (first.site / "note.txt").write_text("still here")
    assert kept.build() == first
    assert (first.site / "note.txt").exists()


def test_another_lock_is_another_environment(kept: Kept, tmp_path: Path) -> None:
    first = kept.build()
    kept.lock_file.write_text(kept.lock_file.read_text().splitlines()[1] + "\n")
    second = kept.build()
    assert first != second
    assert [info.name for info in second.site.glob("*.dist-info")] == ["lower-2.0.dist-info"]


def test_what_is_missing_is_named_before_anything_is_made(kept: Kept) -> None:
    for wheel in kept.wheels.glob("*.whl"):
        wheel.unlink()
    with pytest.raises(MissingWheelsError, match=r"2 wheels are missing: lower 2\.0, upper 1\.0 .*--offline"):
        kept.build()
    assert not kept.target.exists()


def test_a_damaged_wheel_is_missing(kept: Kept) -> None:
    wheel = next(kept.wheels.glob("lower*.whl"))
    wheel.write_bytes(wheel.read_bytes()[:-3])
    with pytest.raises(MissingWheelsError, match=r"1 wheels are missing: lower 2\.0"):
        kept.build()


def test_with_a_network_what_is_missing_is_fetched_and_kept(
    kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    next(kept.wheels.glob("lower*.whl")).unlink()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "made"))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    assert kept.build(offline=False).run("import lower; print(lower.VERSION)") == "2.0"
    assert len(list(kept.wheels.glob("lower*.whl"))) == 1


def test_another_file_under_the_locked_version_is_not_taken(
    kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    next(kept.wheels.glob("lower*.whl")).unlink()
    make_wheel(tmp_path / "index", "lower", "2.0", files={"lower.py": "VERSION = 'evil'\n"})
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    with pytest.raises(MissingWheelsError, match=r"lower 2\.0 \(the index has no wheel for this machine with that"):
        kept.build(offline=False)


def test_one_that_was_killed_in_the_making_is_made_again(kept: Kept, eventually: Eventually) -> None:
    running = subprocess.Popen(kept.command(), stdout=subprocess.DEVNULL, start_new_session=True)
    eventually(lambda: list(kept.target.glob("*/pyvenv.cfg")), what="the environment is begun")
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    assert not list(kept.target.glob("*/trimtab-environment.json"))
    assert kept.build().run("import upper, lower; print(lower.VERSION)") == "2.0"


def test_two_that_build_the_same_at_once_build_one(kept: Kept) -> None:
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda _: subprocess.run(kept.command(), capture_output=True, text=True), range(2)))
    assert [each.returncode for each in done] == [0, 0], done
    assert done[0].stdout == done[1].stdout


@pytest.mark.parametrize("damage", ["marker", "python", "package"])
def test_one_that_is_no_longer_what_was_built_is_made_again(kept: Kept, damage: str) -> None:
    built = kept.build()
    match damage:
        case "marker":
            (built.folder / "trimtab-environment.json").write_text("{}")
        case "python":
            built.python.unlink()
        case _:
            (built.site / "lower-2.0.dist-info").rename(built.site / "gone")
    again = kept.build()
    assert again == built
    assert again.run("import lower; print(lower.VERSION)") == "2.0"
    assert (built.site / "lower-2.0.dist-info").is_dir()


@pytest.mark.parametrize("change", ["another version", "another package", "the same twice", "one more"])
def test_one_with_other_packages_than_were_installed_is_made_again(kept: Kept, change: str) -> None:
    built = kept.build()
    info = built.site / "lower-2.0.dist-info"
    match change:
        case "another version":  # as pip leaves an upgrade: as many packages as before
            about = info / "METADATA"
            about.write_text(about.read_text().replace("Version: 2.0", "Version: 3.0"))
            info.rename(built.site / "lower-3.0.dist-info")
        case "another package":
            about = info / "METADATA"
            about.write_text(about.read_text().replace("Name: lower", "Name: other"))
            info.rename(built.site / "other-2.0.dist-info")
        case "the same twice":
            shutil.copytree(info, built.site / "lower-1.9.dist-info")
        case _:
            (built.site / "develops.egg-info").mkdir()
    again = kept.build()
    assert again.run("import lower; print(lower.VERSION)") == "2.0"
    assert sorted(each.name for each in again.site.glob("*-info")) == ["lower-2.0.dist-info", "upper-1.0.dist-info"]


def test_a_spelling_of_a_name_is_no_other_package(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path, "Some.Thing_more", "1.0.0+local", files={"thing.py": ""})
    environments = BuiltEnvironments(tmp_path / "built")
    key = digest_bytes(b"key")
    install = Install(name="some-thing-more", version="1.0.0+local", wheel=wheel, sha256=sha256(wheel))
    python = environments.build(key, find_python(MINOR), [install])
    assert environments.find(key) == python


def test_an_installer_that_does_not_end_is_stopped_and_leaves_nothing(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(built_environments, "_PATIENCE", 0.001)
    with pytest.raises(
        EnvironmentBuildError, match=r"-m venv .* did not end within 0 minutes, and was stopped"
    ) as said:
        kept.build()
    assert "run the command again" in said.value.fix
    assert not list(kept.target.glob("*/"))


def test_a_uv_that_does_not_answer_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "uv").write_text("#!/bin/sh\nexec sleep 600\n")
    (tmp_path / "uv").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr(built_environments, "_ANSWERS_WITHIN", 0.1)
    with pytest.raises(NoPythonError, match=r"there is no Python 3\.99 here"):
        find_python("3.99.1")


def test_an_index_that_does_not_answer_is_not_waited_for(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    next(kept.wheels.glob("lower*.whl")).unlink()
    monkeypatch.setattr(index, "_PATIENCE", 0.001)
    with pytest.raises(MissingWheelsError, match=r"lower 2\.0 \(the index does not answer\)"):
        kept.build(offline=False)


def test_a_python_that_is_not_here_is_named(kept: Kept) -> None:
    with pytest.raises(NoPythonError, match=r"there is no Python 3\.99 here(.|\n)*uv python install 3\.99"):
        kept.build(host=Host(python="3.99.1"))


def test_the_python_of_this_process_is_found_by_its_minor_version() -> None:
    found = find_python(f"{sys.version_info.major}.{sys.version_info.minor}.999")
    assert found.variables["python_version"] == f"{sys.version_info.major}.{sys.version_info.minor}"


@pytest.mark.parametrize(
    ("lock", "kind", "error", "said"),
    [
        (b"lower==2.0\n", "requirements", LockFileError, "has no hashes"),
        (b"", "requirements", LockFileError, "has no hashes"),
        (b"\xff", "pylock.toml", LockFileError, "not TOML"),
        (b"", "poetry.lock", LockFileError, "no kind of lock"),
        (
            b'lock-version = "1.0"\nrequires-python = "==2.7.*"\npackages = []\n',
            "pylock.toml", EnvironmentMismatchError, "the lock is for Python ==2",
        ),
        (
            b'lock-version = "1.0"\n[[packages]]\nname = "mine"\ndirectory = { path = "." }\n',
            "pylock.toml", MissingWheelsError, r"mine comes from the folder \.",
        ),
    ],
)  # fmt: skip
def test_a_lock_that_cannot_be_built_is_refused(
    kept: Kept, lock: bytes, kind: str, error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        build_environment(lock, kind, kept.wheels, kept.target, offline=True)
    assert not list(kept.target.glob("*"))


def test_an_installer_that_fails_leaves_nothing_that_is_believed(kept: Kept) -> None:
    wheel = next(kept.wheels.glob("lower*.whl"))
    wrong = make_wheel(kept.wheels, "lower", "3.0", files={"../../../../../etc/evil.py": ""})
    kept.lock_file.write_text(f"lower==3.0 --hash=sha256:{sha256(wrong)}\n")
    wheel.unlink()
    with pytest.raises(EnvironmentBuildError, match="the packages cannot be installed"):
        kept.build()
    assert not list(kept.target.glob("*/"))


# ── Trimtab beside the lock ──────────────────────────────────────────────────────────────────────────────────────────


def pins(**versions: str) -> bytes:
    return "".join(f"{name}=={version} --hash=sha256:{'0' * 64}\n" for name, version in versions.items()).encode()


def test_what_trimtab_needs_and_the_lock_has_not_is_put_beside() -> None:
    installed = Libraries(None).installed()
    host = with_trimtab(pins(numpy=installed["numpy"], unused="1"), "requirements")
    assert {"trimtab", "polars", "msgspec", "click"} <= set(host.packages)
    assert "numpy" not in host.packages
    assert {name: package.version for name, package in host.packages.items()}["polars"] == installed["polars"]


def test_a_lock_that_holds_trimtab_is_taken_as_it_is() -> None:
    assert with_trimtab(pins(trimtab="0.0.1"), "requirements", python="").packages == {}


def test_a_locked_version_that_trimtab_cannot_run_with_is_refused_and_not_changed() -> None:
    with pytest.raises(LockedOutError, match=r"trimtab needs msgspec >=[\d.]+, and 0\.1 is locked"):
        with_trimtab(pins(msgspec="0.1"), "requirements")
