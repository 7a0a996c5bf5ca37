"""The machine and the interpreter of this process: what numeric results depend on beside the packages.

Read from the kernel's own files, without `platform`: some of its answers search the interpreter's binary, which costs
more than all of this.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

THREAD_LIMITS: Final = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS", "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS", "RAYON_NUM_THREADS",
)  # fmt: skip
"""The variables by which libraries are told how many threads to use."""

_VECTORS: Final = ("sse", "ssse", "avx", "amx", "fma", "f16c", "bmi", "neon")
_SYSCTL: Final = ("/usr/sbin/sysctl", "machdep.cpu", "hw.optional")
_FIRST_PROCESSOR: Final = 16_384  # bytes of /proc/cpuinfo: with a hundred processors, all of it takes milliseconds
_LEVELS: Final = {"alpha": "a", "beta": "b", "candidate": "rc"}
_IMPLEMENTATIONS: Final = {"cpython": "CPython", "pypy": "PyPy"}


def python_version() -> str:
    """``3.11.7``, ``3.14.0rc2``."""
    major, minor, micro, level, serial = sys.version_info
    return f"{major}.{minor}.{micro}" + (f"{_LEVELS[level]}{serial}" if level in _LEVELS else "")


def implementation() -> str:
    """``CPython``."""
    return _IMPLEMENTATIONS.get(sys.implementation.name, sys.implementation.name)


def marker_variables() -> dict[str, str]:
    """This environment in the words of PEP 508."""
    system = os.uname()
    return {
        "extra": "",
        "implementation_name": sys.implementation.name,
        "implementation_version": python_version(),
        "os_name": os.name,
        "platform_machine": system.machine,
        "platform_python_implementation": implementation(),
        "platform_release": system.release,
        "platform_system": system.sysname,
        "platform_version": system.version,
        "python_full_version": python_version(),
        "python_version": f"{sys.version_info.major}.{sys.version_info.minor}",
        "sys_platform": sys.platform,
    }


def libc() -> str:
    """``glibc 2.36``, ``musl``, or nothing where the system's own version says it (macOS)."""
    try:
        named = os.confstr("CS_GNU_LIBC_VERSION")
    except (ValueError, OSError):
        named = None
    if named:
        return named
    return "musl" if Path(f"/lib/ld-musl-{os.uname().machine}.so.1").exists() else ""


def threads() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def thread_limits() -> dict[str, str]:
    """Those variables that are set."""
    return {name: os.environ[name] for name in THREAD_LIMITS if name in os.environ}


def texts_read_as() -> str:
    """The locale's character type and collation: ``C.UTF-8, C``."""
    import locale

    return f"{locale.setlocale(locale.LC_CTYPE)}, {locale.setlocale(locale.LC_COLLATE)}"


def processor() -> tuple[str, tuple[str, ...]]:
    """The processor's name, or at least its kind, and its instruction sets."""
    try:
        if sys.platform == "darwin":
            name, sets = read_sysctl(_sysctl())
        else:
            with Path("/proc/cpuinfo").open("rb") as file:
                name, sets = read_cpuinfo(file.read(_FIRST_PROCESSOR).decode("utf-8", "replace"))
    except OSError:
        name, sets = "", ()
    return name or os.uname().machine, sets


def _sysctl() -> str:
    import subprocess

    try:
        return subprocess.run(_SYSCTL, capture_output=True, text=True, check=False, timeout=5).stdout
    except subprocess.SubprocessError:
        return ""


def read_cpuinfo(text: str) -> tuple[str, tuple[str, ...]]:
    """Name and vector instruction sets of the first processor of ``/proc/cpuinfo``."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        key, colon, value = line.partition(":")
        if colon:
            found.setdefault(key.strip().lower(), value.strip())
    name = found.get("model name") or found.get("cpu model") or ""
    if not name and "cpu part" in found:  # Arm names its processors by numbers alone
        name = f"implementer {found.get('cpu implementer', '?')} part {found['cpu part']}"
    if "features" in found:
        return name, tuple(sorted(set(found["features"].split())))
    return name, tuple(sorted({flag for flag in found.get("flags", "").split() if flag.startswith(_VECTORS)}))


def read_sysctl(text: str) -> tuple[str, tuple[str, ...]]:
    """Name and vector instruction sets of ``sysctl machdep.cpu hw.optional``."""
    name, sets = "", set()
    for line in text.splitlines():
        key, _, value = line.partition(":")
        value = value.strip()
        if key == "machdep.cpu.brand_string":
            name = value
        elif key.startswith("machdep.cpu.") and key.endswith("features"):
            flags = {flag.lower().replace(".", "_") for flag in value.split()}
            sets |= {flag for flag in flags if flag.startswith(_VECTORS)}
        elif key.startswith("hw.optional.arm.FEAT_") and value == "1":
            sets.add(key.removeprefix("hw.optional.arm.FEAT_").lower())
        elif key.startswith("hw.optional.") and value == "1":
            flag = key.removeprefix("hw.optional.").removeprefix("arm.").lower()
            if flag.startswith((*_VECTORS, "advsimd")):
                sets.add(flag)
    return name, tuple(sorted(sets))
