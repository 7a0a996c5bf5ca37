"""What a wheel's file name says: the package, its version, and where it can be installed.

The name is all that a lock has of a wheel that is not here. Whether it fits is answered leniently: the installer has
the last word, and a wheel that is wrongly thought not to fit would refuse a sound lock.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from trimtab.release.requirements import normalised

_NAME: Final = re.compile(
    r"(?P<name>[^-]+)-(?P<version>[^-]+)(?:-(?P<build>\d[^-]*))?-(?P<python>[^-]+)-(?P<abi>[^-]+)-(?P<platform>[^-]+)\.whl"
)
_KINDS: Final = {"linux": ("linux", "manylinux", "musllinux"), "darwin": ("macosx",), "win32": ("win",)}
_MACHINES: Final = {"arm64": ("arm64", "aarch64", "universal2"), "aarch64": ("aarch64", "arm64"), "amd64": ("amd64",)}


@dataclass(frozen=True, slots=True, kw_only=True)
class WheelName:
    """A wheel's name: ``name`` normalised; each of ``pythons``, ``abis`` and ``platforms`` one or more."""

    name: str
    version: str
    build: str
    pythons: tuple[str, ...]
    abis: tuple[str, ...]
    platforms: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpreter:
    """What a wheel has to fit: ``cpython``, 3, 11, ``linux``, ``x86_64`` (as ``sys`` and ``os.uname`` say them)."""

    implementation: str
    major: int
    minor: int
    system: str
    machine: str

    @property
    def short(self) -> str:
        """``3.11``."""
        return f"{self.major}.{self.minor}"


def parse_wheel_name(file: str) -> WheelName | None:
    """The parts of a wheel's file name; None if it is not one."""
    found = _NAME.fullmatch(file)
    if found is None:
        return None
    return WheelName(
        name=normalised(found["name"]),
        version=found["version"],
        build=found["build"] or "",
        pythons=tuple(found["python"].split(".")),
        abis=tuple(found["abi"].split(".")),
        platforms=tuple(found["platform"].split(".")),
    )


def fits(wheel: WheelName, interpreter: Interpreter) -> bool:
    """Whether a wheel may be for an interpreter; True is not a promise, False is."""
    return (
        any(_python_fits(python, abi, interpreter) for python in wheel.pythons for abi in wheel.abis)
        and any(_platform_fits(platform, interpreter) for platform in wheel.platforms)
    )  # fmt: skip


def file_name(name: str, version: str, tags: tuple[str, ...], *, build: str = "") -> str:
    """The file name of a wheel with these tags (``cp311-cp311-linux_x86_64`` …), several told as one set of each."""
    parts = [tag.split("-", 2) for tag in tags]
    joined = (".".join(dict.fromkeys(part[place] for part in parts)) for place in range(3))
    spelt = re.sub(r"[-_.]+", "_", name).lower()
    return "-".join([spelt, version.replace("-", "_"), *([build] if build else []), *joined]) + ".whl"


def _python_fits(python: str, abi: str, interpreter: Interpreter) -> bool:
    found = re.fullmatch(r"(py|cp|pp)(\d)(\d*)", python)
    if found is None:
        return True
    kind, major, minor = found[1], int(found[2]), int(found[3] or 0)
    if major != interpreter.major or (kind == "cp") > (interpreter.implementation == "cpython"):
        return False
    if kind == "py" or abi.startswith("abi") or (kind == "cp" and abi == "none"):
        return minor <= interpreter.minor
    return minor == interpreter.minor


def _platform_fits(platform: str, interpreter: Interpreter) -> bool:
    if platform == "any":
        return True
    kinds = _KINDS.get(interpreter.system)
    if kinds is not None and not platform.startswith(kinds):
        return False
    machine = interpreter.machine.lower()
    endings = _MACHINES.get(machine, (machine,))
    if interpreter.system == "darwin":
        endings = (*endings, "universal2", "intel", "universal")
    return platform.endswith(endings)
