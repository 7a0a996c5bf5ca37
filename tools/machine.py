"""What this machine lacks for a set-up, each with the command that brings it on this kind of machine.

Asked before anything is made: pip's own words for a missing ensurepip, or the loader's for a library that a wheel
links, come minutes later and do not say what to do. Compiles on old Pythons, so that they can say that they are old.
"""

from __future__ import annotations

import ctypes
import os
import platform
import shutil
import sys
import sysconfig
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

OLDEST, NEWEST = (3, 11), (3, 14)


class Lack(NamedTuple):
    """One thing that is missing, and the command or the step that brings it."""

    problem: str
    fix: str


# What to type, by what is missing and by the machine's installer.
COMMANDS = {
    "python": {
        "apt-get": "apt-get install python3 python3-venv",
        "dnf": "dnf install python3.13",
        "zypper": "zypper install python313",
        "pacman": "pacman -S python",
        "brew": "brew install python@3.13",
    },
    "venv": {
        "apt-get": "apt-get install python{version}-venv",
        "dnf": "dnf install python{version}",
        "zypper": "zypper install python3-pip",
        "pacman": "pacman -S python",
        "brew": "brew reinstall python@{version}",
    },
    "openmp": {
        "apt-get": "apt-get install libgomp1",
        "dnf": "dnf install libgomp",
        "zypper": "zypper install libgomp1",
        "pacman": "pacman -S gcc-libs",
        "brew": "brew install libomp",
    },
}
UNKNOWN_MACHINE = {
    "python": "install Python 3.13 with your system's package manager",
    "venv": "install Python's venv and ensurepip modules with your system's package manager",
    "openmp": "install the OpenMP library (libgomp) with your system's package manager",
}
INSTALLERS = {
    "debian": "apt-get",
    "ubuntu": "apt-get",
    "fedora": "dnf",
    "rhel": "dnf",
    "centos": "dnf",
    "amzn": "dnf",
    "suse": "zypper",
    "opensuse": "zypper",
    "arch": "pacman",
}


def installer(system: str, os_release: str) -> str | None:
    """What installs packages here, from ``sys.platform`` and the text of /etc/os-release; None if unknown."""
    if system == "darwin":
        return "brew"
    named = dict(line.split("=", 1) for line in os_release.splitlines() if "=" in line)
    families = " ".join(named.get(key, "").strip("\"'") for key in ("ID", "ID_LIKE")).lower().split()
    return next((INSTALLERS[family] for family in families if family in INSTALLERS), None)


def command_for(what: str, installed_by: str | None, version: str, *, as_root: bool) -> str:
    """The command that brings ``what`` (python, venv, openmp), or a sentence where we do not know the machine."""
    if installed_by is None:
        return UNKNOWN_MACHINE[what]
    command = COMMANDS[what][installed_by].format(version=version)
    return command if as_root or installed_by == "brew" else "sudo " + command


def bring(what: str) -> str:
    """``command_for`` on the machine and for the Python that this runs on."""
    release = Path("/etc/os-release")
    text = release.read_text(errors="replace") if release.is_file() else ""
    version = "{}.{}".format(*sys.version_info[:2])
    return command_for(what, installer(sys.platform, text), version, as_root=os.geteuid() == 0)


def lacks_of_python(version: tuple[int, int, int], absent: list[str]) -> list[Lack]:
    """What is wrong with a Python of this version that cannot import these modules, each with its remedy."""
    here = "Python {}.{}.{} ({})".format(*version, sys.executable)
    elsewhere = "name another Python: make ... PYTHON=/path/to/python3"
    if version[:2] < OLDEST:
        return [Lack(f"this is {here}; Trimtab needs 3.11 or newer.", f"{bring('python')}   or {elsewhere}")]
    if version[:2] > NEWEST:
        return [Lack(f"this is {here}; there are no locked wheels for it, only for 3.11 to 3.14.", elsewhere)]
    reasons = {
        "ensurepip": ("cannot make a virtual environment: its ensurepip is missing.", "venv"),
        "venv": ("cannot make a virtual environment: its venv is missing.", "venv"),
        "ssl": ("was built without ssl, and pip cannot download without it.", "python"),
        "sqlite3": ("was built without sqlite3, and runs are recorded in an SQLite file.", "python"),
    }
    return [Lack(f"{here} {reasons[name][0]}", f"{bring(reasons[name][1])}   or {elsewhere}") for name in absent]


def lacks_of_platform(system: str, processor: str, libc: str) -> list[Lack]:
    """Whether the locked distributions have wheels for this kind of machine; a compiler is never asked for."""
    if system == "darwin" and processor == "x86_64":
        problem = "there are no locked wheels for macOS on Intel processors: cryptography's are for Apple silicon."
        return [Lack(problem, "use a Mac with Apple silicon, or Linux (in a virtual machine or a container)")]
    if "musl" in libc:
        problem = "there are no locked wheels for Linux with musl (Alpine): scikit-learn's and LightGBM's need glibc."
        return [Lack(problem, "use a Linux with glibc: Debian, Ubuntu, Fedora, ...")]
    return []


def lacks(folder: Path, needed: int) -> list[Lack]:
    """Everything that keeps a set-up from succeeding here: the Python, the kind of machine, the folder and its room."""
    libc = str(sysconfig.get_config_var("HOST_GNU_TYPE"))
    found = lacks_of_python(sys.version_info[:3], missing_modules())
    return found + lacks_of_platform(sys.platform, platform.machine(), libc) + lacks_of_place(folder, needed)


def missing_modules() -> list[str]:
    """Modules of the standard library that this Python came without."""
    absent = [name for name in ("ensurepip", "venv") if find_spec(name) is None]
    for name in ("ssl", "sqlite3"):
        try:
            __import__(name)
        except ImportError:
            absent.append(name)
    return absent


def lacks_of_place(folder: Path, needed: int) -> list[Lack]:
    """Whether a folder can be written to and has room for ``needed`` megabytes."""
    try:
        with tempfile.TemporaryFile(dir=str(folder)):
            free = shutil.disk_usage(str(folder)).free // 1_000_000
    except OSError as error:
        fix = "clone it to a folder of your own and run the same command there"
        return [Lack(f"this clone cannot be written to ({error.strerror}): {folder}", fix)]
    if free < needed:
        return [Lack(f"{free} MB are free at {folder}; the environment needs {needed} MB.", "make room, try again")]
    return []


def missing_openmp() -> Lack | None:
    """The OpenMP library that LightGBM's wheel links, where this machine lacks it. Nothing else needs it."""
    folders = ("/opt/homebrew/opt/libomp/lib", "/usr/local/opt/libomp/lib", "/opt/local/lib/libomp")
    names = [f"{folder}/libomp.dylib" for folder in folders] if sys.platform == "darwin" else ["libgomp.so.1"]
    for name in names:
        try:
            ctypes.CDLL(name)
        except OSError:
            continue
        return None
    library = names[0].rpartition("/")[2]
    return Lack(f"LightGBM cannot be loaded: {library} is missing. Tests that need it are skipped.", bring("openmp"))
