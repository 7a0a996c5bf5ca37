"""Setting up a clone, on machines that lack things and with a set-up that is killed: always one sentence, never half.

The clone is a small one: the same tools, a lock of one distribution made here, and an index that is a folder.
"""

from __future__ import annotations

import hashlib
import os
import resource
import shutil
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.conftest import Eventually
from tests.integration.house.tree import ROOT
from tools import bootstrap, machine

DEBIAN = 'PRETTY_NAME="Debian GNU/Linux 12"\nID=debian\n'
SYSTEMS = {
    ("linux", DEBIAN): "apt-get",
    ("linux", 'ID=linuxmint\nID_LIKE="ubuntu debian"\n'): "apt-get",
    ("linux", 'ID="rocky"\nID_LIKE="rhel centos fedora"\n'): "dnf",
    ("linux", 'ID="opensuse-leap"\nID_LIKE="suse opensuse"\n'): "zypper",
    ("linux", "ID=arch\n"): "pacman",
    ("linux", "ID=plan9\n"): None,
    ("linux", ""): None,
    ("darwin", ""): "brew",
}


@pytest.mark.parametrize(("system", "expected"), SYSTEMS.items())
def test_the_installer_is_known_from_the_machines_own_words(system: tuple[str, str], expected: str | None) -> None:
    assert machine.installer(*system) == expected


@pytest.mark.parametrize("what", sorted(machine.COMMANDS))
def test_every_installer_has_a_command_for_everything_that_can_be_missing(what: str) -> None:
    installers = {"brew", *machine.INSTALLERS.values()}
    assert set(machine.COMMANDS[what]) == installers
    for one in installers:
        assert one in machine.command_for(what, one, "3.12", as_root=True)
    assert "install" in machine.command_for(what, None, "3.12", as_root=True)


def test_a_person_who_is_not_root_is_told_sudo_except_for_brew() -> None:
    asked = [machine.command_for("venv", one, "3.12", as_root=False) for one in ("apt-get", "brew")]
    assert asked == ["sudo apt-get install python3.12-venv", "brew reinstall python@3.12"]


def test_everything_that_a_python_lacks_is_named_at_once() -> None:
    lacks = machine.lacks_of_python((3, 12, 1), ["ensurepip", "sqlite3"])
    assert [("ensurepip" in lack.problem, "sqlite3" in lack.problem) for lack in lacks] == [
        (True, False),
        (False, True),
    ]
    assert all("PYTHON=" in lack.fix for lack in lacks)


@pytest.mark.parametrize(("version", "words"), [((3, 10, 4), "3.11 or newer"), ((3, 15, 0), "no locked wheels")])
def test_a_python_that_is_too_old_or_too_new_is_refused(version: tuple[int, int, int], words: str) -> None:
    (lack,) = machine.lacks_of_python(version, ["ensurepip"])
    assert words in lack.problem


def test_a_machine_without_wheels_is_refused_before_anything_is_made() -> None:
    assert "Intel" in machine.lacks_of_platform("darwin", "x86_64", "")[0].problem
    assert "musl" in machine.lacks_of_platform("linux", "x86_64", "x86_64-alpine-linux-musl")[0].problem
    assert machine.lacks_of_platform("darwin", "arm64", "") == []
    assert machine.lacks_of_platform("linux", "aarch64", "aarch64-unknown-linux-gnu") == []


def test_a_full_disk_is_refused_with_the_room_that_is_needed(tmp_path: Path) -> None:
    (lack,) = machine.lacks_of_place(tmp_path, 10**9)
    assert "the environment needs 1000000000 MB" in lack.problem


def test_a_folder_that_cannot_be_written_to_is_refused_with_what_to_do(tmp_path: Path) -> None:
    (lack,) = machine.lacks_of_place(tmp_path / "absent", 1)
    assert ("cannot be written to" in lack.problem, "folder of your own" in lack.fix) == (True, True)


PIP_SAYS = {
    "ERROR: Could not find a version (from versions: none)": "no wheel",
    "WARNING: Retrying ... NewConnectionError\nERROR: Could not find a version": "could not reach",
    "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.": "not the one that was locked",
    "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device": "disk is full",
    "ERROR: something that nobody foresaw": "Mend what pip names",
}


@pytest.mark.parametrize(("said", "meant"), PIP_SAYS.items())
def test_what_pip_says_is_followed_by_what_to_do(said: str, meant: str) -> None:
    assert meant in bootstrap.advice(said.splitlines())


BACKEND = """
import os, zipfile

def build_editable(folder, config_settings=None, metadata_directory=None):
    about = "trimtab-0.0.1.dist-info"
    with zipfile.ZipFile(os.path.join(folder, "trimtab-0.0.1-py3-none-any.whl"), "w") as wheel:
        wheel.writestr("trimtab.pth", os.path.join(os.getcwd(), "src"))
        wheel.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\\nName: trimtab\\nVersion: 0.0.1\\n")
        wheel.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(f"{about}/RECORD", "")
    return "trimtab-0.0.1-py3-none-any.whl"
"""
PROJECT = """
[project]
name = "trimtab"
version = "0.0.1"
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
"""


class Clone:
    """A small clone with the real set-up, a lock of one distribution and a folder in place of the package index."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.venv = folder / ".venv"
        self.index = folder / "index"
        for part in ("tools", "requirements", "src", "index"):
            (folder / part).mkdir(parents=True)
        for name in ("bootstrap.py", "bootstrap.sh", "machine.py"):
            shutil.copy(ROOT / "tools" / name, folder / "tools" / name)
        (folder / "backend.py").write_text(BACKEND)
        (folder / "pyproject.toml").write_text(PROJECT)
        self.lock("1.0")

    def lock(self, version: str) -> None:
        """Puts one version of the one distribution into the index and both locks."""
        wheel = self.index / f"ballast-{version}-py3-none-any.whl"
        about = f"ballast-{version}.dist-info"
        with zipfile.ZipFile(wheel, "w") as archive:
            archive.writestr("ballast.py", f"version = {version!r}\n")
            archive.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: ballast\nVersion: {version}\n")
            archive.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            archive.writestr(f"{about}/RECORD", "")
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        for kind in ("demo", "dev"):
            (self.folder / "requirements" / f"{kind}.txt").write_text(f"ballast=={version} --hash=sha256:{digest}\n")

    def start(self, kind: str = "demo", **variables: str) -> subprocess.Popen[str]:
        """Starts the set-up as make does, in a process group of its own; its words come from stderr."""
        surroundings = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.index), "PIP_CONFIG_FILE": os.devnull}
        surroundings |= {"PATH": os.environ["PATH"], "PYTHON": sys.executable, **variables}
        command = ["sh", str(self.folder / "tools" / "bootstrap.sh"), kind]
        return subprocess.Popen(command, env=surroundings, stderr=subprocess.PIPE, text=True, start_new_session=True)

    def set_up(self, kind: str = "demo", **variables: str) -> tuple[int, str]:
        """The exit code and the words of a set-up that is let finish."""
        with self.start(kind, **variables) as process:
            _, told = process.communicate()
        return process.returncode, told

    def works(self) -> str:
        """The version of the distribution that ``.venv`` has."""
        command = [str(self.venv / "bin" / "python"), "-I", "-c", "import ballast; print(ballast.version)"]
        return subprocess.run(command, capture_output=True, check=True, text=True).stdout.strip()


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    """A clone that nothing has been set up in."""
    return Clone(tmp_path / "clone")


def test_the_first_time_installs_and_the_second_says_and_does_nothing(clone: Clone) -> None:
    code, told = clone.set_up()
    assert (code, "[1/3]" in told, clone.works()) == (0, True, "1.0"), told
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert clone.set_up(PYTHON="") == (0, "")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 0.2
    # A lock that changed is followed; the dev lock contains the demo's, so the demo has nothing to do after it.
    clone.lock("1.1")
    assert clone.set_up("dev", PYTHON="")[0] == 0
    assert clone.works() == "1.1"
    assert clone.set_up("demo", PYTHON="") == (0, "")


def test_a_set_up_that_was_killed_is_made_again_from_nothing(clone: Clone, eventually: Eventually) -> None:
    with clone.start() as killed:
        eventually((clone.venv / bootstrap.UNFINISHED.name).exists, what="the set-up has begun")
        os.killpg(killed.pid, signal.SIGKILL)
    (clone.venv / "half").touch()
    code, told = clone.set_up()
    assert (code, "half-made" in told, (clone.venv / "half").exists()) == (0, True, False), told
    assert clone.works() == "1.0"
    assert not (clone.folder / ".venv-discarded").exists()


def test_two_set_ups_at_once_take_turns_and_the_second_finds_it_done(clone: Clone) -> None:
    with clone.start() as first, clone.start() as second:
        told = [process.communicate()[1] for process in (first, second)]
    assert (first.returncode, second.returncode) == (0, 0), told
    assert sum("[1/3]" in one for one in told) == 1, told
    assert clone.works() == "1.0"


def test_an_update_that_fails_leaves_the_environment_that_worked(clone: Clone) -> None:
    clone.set_up()
    good = (clone.folder / "requirements" / "demo.txt").read_text()
    clone.lock("1.1")
    code, told = clone.set_up(PIP_FIND_LINKS=str(clone.folder / "src"))
    assert (code, "no wheel of the locked version" in told, clone.works()) == (4, True, "1.0"), told
    with zipfile.ZipFile(clone.index / "ballast-1.1-py3-none-any.whl", "a") as archive:
        archive.writestr("added.py", "")
    code, told = clone.set_up()
    assert (code, "not the one that was locked" in told, clone.works()) == (4, True, "1.0"), told
    (clone.folder / "requirements" / "demo.txt").write_text(good)
    assert clone.set_up(PYTHON="") == (0, "")


def test_an_environment_of_somebody_else_is_never_deleted(clone: Clone) -> None:
    clone.venv.mkdir()
    (clone.venv / "mine").write_text("a thesis")
    code, told = clone.set_up()
    assert (code, "did not make" in told) == (4, True), told
    assert (clone.venv / "mine").read_text() == "a thesis"


def shim(folder: Path, name: str, script: str) -> None:
    """A program of this name, as a version manager or an unlucky machine has it."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def test_pythons_that_do_not_run_are_passed_over(clone: Clone, tmp_path: Path) -> None:
    shim(tmp_path / "bin", "python3.14", "echo 'pyenv: python3.14: command not found' >&2; exit 127")
    shim(tmp_path / "bin", "python3.13", "exit 1")
    shim(tmp_path / "bin", "python3.12", f'exec {sys.executable} "$@"')
    command = ["sh", str(clone.folder / "tools" / "bootstrap.sh"), "python"]
    path = f"{tmp_path / 'bin'}:/usr/bin:/bin"
    done = subprocess.run(command, env={"PATH": path}, capture_output=True, check=True, text=True)
    assert done.stdout.strip() == str(tmp_path / "bin" / "python3.12")


def test_a_python_without_venv_says_what_brings_it(clone: Clone, tmp_path: Path) -> None:
    (tmp_path / "torn.py").write_text(
        "import importlib.util, runpy, sys\n"
        "real = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name, *rest: None if name == 'ensurepip' else real(name, *rest)\n"
        "sys.path.insert(0, '.')\nsys.argv[:] = ['bootstrap', 'demo']\n"
        "runpy.run_module('tools.bootstrap', run_name='__main__')\n"
    )
    script = f'case "$*" in *ensurepip*) exit 1;; *tools.bootstrap*) exec {sys.executable} {tmp_path}/torn.py;; esac\n'
    shim(tmp_path / "bin", "python3", script + f'exec {sys.executable} "$@"')
    code, told = clone.set_up(PYTHON=str(tmp_path / "bin" / "python3"))
    assert (code, "ensurepip is missing" in told, clone.venv.exists()) == (4, True, False), told


def test_no_python_at_all_is_said_in_a_sentence(clone: Clone, tmp_path: Path) -> None:
    for tool in ("sh", "dirname", "cat"):
        found = shutil.which(tool)
        assert found is not None
        (tmp_path / "bin").mkdir(exist_ok=True)
        (tmp_path / "bin" / tool).symlink_to(found)
    code, told = clone.set_up(PATH=str(tmp_path / "bin"), PYTHON="")
    assert (code, "apt-get install python3 python3-venv" in told) == (4, True), told
