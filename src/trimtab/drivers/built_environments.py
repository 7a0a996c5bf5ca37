"""Environments built again: an interpreter of the same minor version, and exactly the packages that are named.

An environment is a folder named by what it was made from. It is believed only if the file that is written last is in
it, names the same, the interpreter still answers as it did, and the packages in it have the names and versions that
they were left with: one whose making was killed is thrown away and made again, and so is one whose Python was replaced
under it, or into which somebody has installed something since.

Only the wheels that are given are installed, by hash, with no index to fall back on and no requirement followed. pip
installs them, as everywhere; a Python without pip is served by another's, or by uv.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from trimtab.base.digest import Digest, short
from trimtab.base.errors import DriverError
from trimtab.base.instants import MINUTE, Span
from trimtab.disk.atomic import write_bytes
from trimtab.disk.lock import Lease
from trimtab.disk.temporary import temporary_folder
from trimtab.release.requirements import normalised

_MARKER: Final = "trimtab-environment.json"
_WAIT: Final = Span(30 * MINUTE)
_PATIENCE: Final = 3_600
"""Seconds that an installer may take: a gigabyte of wheels, on a slow disk, behind a scanner for viruses."""

_ANSWERS_WITHIN: Final = 60
"""Seconds for a program that only says what it is, or where something is."""

_ASK: Final = (
    "import json,os,platform,sys;v=platform.python_version();print(json.dumps({'executable':sys.executable,"
    "'variables':{'extra':'','implementation_name':sys.implementation.name,"
    "'implementation_version':v,'os_name':os.name,'platform_machine':platform.machine(),"
    "'platform_python_implementation':platform.python_implementation(),'platform_release':platform.release(),"
    "'platform_system':platform.system(),'platform_version':platform.version(),'python_full_version':v,"
    "'python_version':'.'.join(v.split('.')[:2]),'sys_platform':sys.platform}}))"
)


class NoPythonError(DriverError):
    """There is no interpreter here of the minor version that an environment was recorded with."""

    code = "TT1367"


class EnvironmentBuildError(DriverError):
    """An installer or an interpreter failed while an environment was built; nothing of it is left that is believed."""

    code = "TT1369"


class Python(msgspec.Struct, frozen=True, kw_only=True):
    """An interpreter: where it is, and what it is in the words of PEP 508."""

    executable: str
    variables: dict[str, str]

    @property
    def version(self) -> str:
        """``3.11.7``."""
        return self.variables["python_full_version"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Install:
    """A wheel to be installed: package, version, file, and its SHA-256."""

    name: str
    version: str
    wheel: Path
    sha256: str


class _Marker(msgspec.Struct, frozen=True, kw_only=True, tag_field="schema", tag="trimtab.built-environment/1"):
    """What is in an environment's last file: what it was made from, its Python, and the packages that are installed,
    each with its version as its own metadata have it."""

    key: Digest
    python: str
    packages: dict[str, str]


def find_python(version: str) -> Python:
    """An interpreter of the same minor version, of the very version if there is one.

    Looked for are this process's, ``python3.X`` on the PATH, and those that uv knows.

    Args:
        version: ``3.11.7``, or ``3.11`` where the rest does not matter.

    Raises:
        NoPythonError: there is none.
    """
    minor = ".".join(version.split(".")[:2])
    found: list[Python] = []
    for candidate in _candidates(minor):
        python = ask(candidate)
        if python is not None and python.variables["python_version"] == minor:
            if python.version == version or minor == version:
                return python
            found.append(python)
    if not found:
        raise NoPythonError(
            f"there is no Python {minor} here", fix=f"Install it (`uv python install {minor}`), or put it on the PATH."
        )
    return found[0]


def ask(executable: Path | str) -> Python | None:
    """What an interpreter says of itself; None if it does not run."""
    try:
        done = subprocess.run(
            [str(executable), "-I", "-c", _ASK], capture_output=True, check=False, timeout=_ANSWERS_WITHIN
        )
        return msgspec.json.decode(done.stdout, type=Python) if done.returncode == 0 else None
    except (OSError, subprocess.SubprocessError, msgspec.DecodeError):
        return None


class BuiltEnvironments:
    """The environments below a folder.

    Args:
        folder: made when the first is built. It is a cache: it may be deleted while nothing runs in it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def find(self, key: Digest) -> Path | None:
        """The interpreter of the environment that was made from ``key``; None if there is none that is whole."""
        place = self._place(key)
        try:
            marker = msgspec.json.decode((place / _MARKER).read_bytes(), type=_Marker)
        except (OSError, msgspec.DecodeError):
            return None
        python = place / "bin" / "python"
        said = ask(python)
        if marker.key != key or said is None or said.version != marker.python:
            return None
        if _installed(place) != sorted(marker.packages.items()):
            return None
        return python

    def build(self, key: Digest, python: Python, installs: Sequence[Install]) -> Path:
        """The interpreter of a new environment with exactly these packages, or of the one that is there for ``key``.

        Two that build the same at once build it once.

        Raises:
            EnvironmentBuildError: the interpreter or the installer failed, or took too long.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        place = self._place(key)
        with Lease(self.folder / f"{place.name}.lock", f"building {place.name}", wait=_WAIT):
            known = self.find(key)
            if known is not None:
                return known
            shutil.rmtree(place, ignore_errors=True)
            try:
                _make(python, place)
                _install(place / "bin" / "python", installs)
                packages = _as_asked(place, installs)
            except BaseException:
                shutil.rmtree(place, ignore_errors=True)
                raise
            marker = _Marker(key=key, python=python.version, packages=packages)
            write_bytes(place / _MARKER, msgspec.json.encode(marker))
        return place / "bin" / "python"

    def _place(self, key: Digest) -> Path:
        return self.folder.absolute() / short(key, length=16)


def _candidates(minor: str) -> Iterator[str]:
    yield getattr(sys, "_base_executable", sys.executable)
    yield sys.executable
    for folder in os.get_exec_path():
        path = Path(folder, f"python{minor}")
        if path.is_file() and os.access(path, os.X_OK):
            yield str(path)
    uv = shutil.which("uv")
    if uv is not None:
        found = _said([uv, "python", "find", "--no-project", minor], dict(os.environ))
        if found:
            yield found


def _make(python: Python, place: Path) -> None:
    """An empty virtual environment, without an installer in it."""
    done = _run([python.executable, "-m", "venv", "--without-pip", str(place)])
    uv = shutil.which("uv")
    if done.returncode and uv is not None:  # a Python of which the distribution left venv out
        shutil.rmtree(place, ignore_errors=True)
        done = _run([uv, "venv", "--quiet", "--no-project", "--python", python.executable, str(place)])
    if done.returncode:
        raise EnvironmentBuildError(
            f"no virtual environment can be made with {python.executable}: {_end(done)}",
            fix="Install that Python's venv module (on Debian and Ubuntu: python3-venv), or uv.",
        )


def _install(python: Path, installs: Sequence[Install]) -> None:
    if not installs:
        return
    with temporary_folder("requirements") as folder:
        for each in installs:
            (folder / each.wheel.name).symlink_to(each.wheel.absolute())
        lines = folder / "requirements.txt"
        lines.write_text(
            "".join(f"{each.name}=={each.version} --hash=sha256:{each.sha256}\n" for each in installs), encoding="utf-8"
        )
        problems = []
        for command in _installers(python, folder, lines):
            done = _run(command)
            if done.returncode == 0:
                return
            problems.append(_end(done))
    raise EnvironmentBuildError(
        f"the packages cannot be installed: {problems[0] if problems else 'there is neither pip nor uv here'}",
        fix="Install pip (`python -m ensurepip`) or uv, and see that the machine is the one that the wheels are for.",
    )


def _installers(python: Path, folder: Path, lines: Path) -> Iterator[list[str]]:
    """The commands that can install, the first that works first."""
    given = ["--no-deps", "--require-hashes", "--no-index", "--find-links", str(folder), "-r", str(lines)]
    quiet = ["--disable-pip-version-check", "--no-input", "--no-cache-dir"]
    for runner in dict.fromkeys((sys.executable, getattr(sys, "_base_executable", sys.executable))):
        if _said([runner, "-m", "pip", "--version"], _deaf()):
            only = ["--only-binary", ":all:", "--no-compile", "--quiet", "--no-warn-script-location"]
            yield [runner, "-m", "pip", "--python", str(python), *quiet, "install", *only, *given]
    uv = shutil.which("uv")
    if uv is not None:
        only = ["--no-config", "--offline", "--no-build", "--quiet", "--no-cache", "--link-mode", "copy"]
        yield [uv, "pip", "install", "--python", str(python), *only, *given]


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run an installer deaf to its settings: nothing but what is given may be installed, and from nowhere else.

    Raises:
        EnvironmentBuildError: it took longer than anybody should wait.
    """
    try:
        return _finished(command, _PATIENCE, _deaf())
    except OSError as error:
        return subprocess.CompletedProcess(command, 127, "", str(error))
    except subprocess.TimeoutExpired as error:
        raise EnvironmentBuildError(
            f"`{' '.join(command[:4])} …` did not end within {_PATIENCE / 60:.0f} minutes, and was stopped",
            fix="See whether the disk is slow or full, then run the command again: it begins from the start.",
        ) from error


def _said(command: list[str], surroundings: dict[str, str]) -> str:
    """What a program answers on a line; empty if it fails, does not run, or does not answer."""
    try:
        done = _finished(command, _ANSWERS_WITHIN, surroundings)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _finished(command: list[str], patience: float, surroundings: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        timeout=patience,
        env=surroundings,
        stdin=subprocess.DEVNULL,
    )


def _deaf() -> dict[str, str]:
    """The environment without an installer's settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_", "PYTHON"))}
    return kept | {"PIP_CONFIG_FILE": os.devnull, "PIP_ROOT_USER_ACTION": "ignore"}


def _as_asked(place: Path, installs: Sequence[Install]) -> dict[str, str]:
    """The installed packages, which are those that were asked for.

    Raises:
        EnvironmentBuildError: they are others, whatever the installer said.
    """
    found = _installed(place)
    if sorted(normalised(each.name) for each in installs) != [name for name, _ in found]:
        there = ", ".join(f"{name} {version}" for name, version in found) or "nothing"
        raise EnvironmentBuildError(
            f"the installer left other packages than it was given: {there}",
            fix="See to pip (`python -m pip --version`) or uv, whichever is here, and run the command again.",
        )
    return dict(found)


def _installed(place: Path) -> list[tuple[str, str]]:
    """What is installed, by normalised name; a package that is there twice is in it twice."""
    found = []
    for folder in place.glob("lib/python3*/site-packages"):
        for about in (*folder.glob("*.dist-info"), *folder.glob("*.egg-info")):
            headers = _headers(about / ("METADATA" if about.suffix == ".dist-info" else "PKG-INFO"))
            found.append((normalised(headers.get("name", about.stem)), headers.get("version", "")))
    return sorted(found)


def _headers(path: Path) -> dict[str, str]:
    """The first of each header of a package's metadata; none if they cannot be read."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    headers: dict[str, str] = {}
    for line in text.partition("\n\n")[0].splitlines():
        name, colon, value = line.partition(":")
        if colon:
            headers.setdefault(name.strip().lower(), value.strip())
    return headers


def _end(done: subprocess.CompletedProcess[str]) -> str:
    lines = [line.strip() for line in (done.stderr or done.stdout).splitlines() if line.strip()]
    return " / ".join(lines[-3:]) or f"exit code {done.returncode}"
