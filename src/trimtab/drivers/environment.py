"""Where a run ran: interpreter, machine, and the exact distributions that the project's code loads.

The closure starts at what the project's source imports and follows the requirements that installed distributions
declare, so that a transitive package cannot drift unseen. Optional accelerators belong to it when they are loaded: a
pandas that finds numexpr computes with it. Trimtab's own packages are not in it unless the project uses them too, so
that updating Trimtab makes no release unservable.

Rejected: everything that is installed (a linter's update would refuse the model), everything in `sys.modules` (the
same run would have other packages under a debugger), and every optional dependency that is loaded (through their
extras for developers, libraries lead to pytest).
"""

from __future__ import annotations

import ast
import os
import platform
import subprocess
import sys
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Final

from trimtab.base.errors import EnvironmentMismatchError, InputError
from trimtab.records.environment import Environment
from trimtab.release.requirements import holds, lock_difference, normalised, parse_requirement

_ACCELERATORS: Final = frozenset({
    "bottleneck", "daal4py", "fastparquet", "intel-extension-for-scikit-learn", "numba", "numexpr", "pyarrow",
    "scikit-learn-intelex",
})  # fmt: skip
"""Optional packages that others compute with where they find them, so that their presence can move a result."""


def observe(imports: Iterable[str]) -> Environment:
    """This machine and interpreter, with the closure of the distributions behind ``imports``.

    Args:
        imports: top-level modules that the project uses, from `imported_modules`; those of the standard library, of
            the project itself and those that are not installed are passed over.
    """
    return Environment(
        python=platform.python_version(),
        implementation=platform.python_implementation(),
        platform=f"{platform.system()} {platform.release()}",
        machine=platform.machine(),
        processor=_processor(),
        threads=_threads(),
        packages=packages_behind(imports),
    )


def imported_modules(sources: Mapping[str, str]) -> frozenset[str]:
    """The top-level modules that Python sources import anywhere in them, the standard library's left out.

    Args:
        sources: path (relative, with ``/``) → text. The sources' own modules are left out too.

    Raises:
        InputError: a source is not Python.
    """
    own = {path.removesuffix(".py").split("/")[0] for path in sources}
    found: set[str] = set()
    for path, text in sources.items():
        try:
            tree = ast.parse(text)
        except SyntaxError as error:
            raise InputError(
                f"this is not Python: {error.msg}", fix="Correct it.", at=f"{path}:{error.lineno}"
            ) from error
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                found.update(alias.name.split(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.split(".")[0])
    return frozenset(found - own - sys.stdlib_module_names - {"trimtab"})


def packages_behind(imports: Iterable[str]) -> dict[str, str]:
    """Distribution → version: those that provide the modules, and all that those require."""
    providers = metadata.packages_distributions()
    roots = [normalised(name) for module in imports for name in providers.get(module, ())]
    loaded = {normalised(name) for module in _loaded() for name in providers.get(module, ())} & _ACCELERATORS
    closure: dict[str, str] = {}
    seen: set[tuple[str, str]] = set()
    waiting = [(name, "") for name in roots]
    while waiting:
        name, extra = waiting.pop()
        if (name, extra) in seen or name == "trimtab":
            continue
        seen.add((name, extra))
        try:
            found = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue  # a requirement for another platform, or an optional one that is not there
        closure[name] = found.version
        waiting += _required(found, extra, loaded)
    return dict(sorted(closure.items()))


def installed_packages() -> dict[str, str]:
    """Every distribution of this environment, by normalised name."""
    return {normalised(found.name): found.version for found in metadata.distributions()}


def marker_variables() -> dict[str, str]:
    """This environment in the words of PEP 508."""
    return {
        "extra": "",
        "implementation_name": sys.implementation.name,
        "implementation_version": platform.python_version(),
        "os_name": os.name,
        "platform_machine": platform.machine(),
        "platform_python_implementation": platform.python_implementation(),
        "platform_release": platform.release(),
        "platform_system": platform.system(),
        "platform_version": platform.version(),
        "python_full_version": platform.python_version(),
        "python_version": ".".join(platform.python_version_tuple()[:2]),
        "sys_platform": sys.platform,
    }


def check_lock(path: Path, used: Mapping[str, str]) -> None:
    """Nothing, if what is installed agrees with a requirements lock.

    Args:
        used: the packages of the `Environment`, each of which the lock must pin.

    Raises:
        EnvironmentMismatchError: it differs; the text has every difference.
        InputError: there is no such file, or it is not a lock.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(
            f"the lock cannot be read: {error.strerror}", fix="Correct [pipeline] lock in trimtab.toml.", at=str(path)
        ) from error
    differences = lock_difference(text, installed_packages(), marker_variables(), used=used, at=path.name)
    if differences:
        raise EnvironmentMismatchError(
            f"the environment differs from {path.name}: {'; '.join(differences)}",
            fix=f"Install the lock (pip install -r {path.name}), or lock again if the difference is meant.",
            at=str(path),
        )


def _required(found: metadata.Distribution, extra: str, loaded: set[str]) -> list[tuple[str, str]]:
    """What a distribution requires here: (name, extra of it) pairs."""
    variables = marker_variables()
    wanted = []
    for line in found.requires or ():
        needed = parse_requirement(line)
        asked = any(holds(needed.marker, variables | {"extra": name}) for name in ("", extra))
        if asked or needed.name in loaded:
            wanted += [(needed.name, name) for name in ("", *needed.extras)]
    return wanted


def _loaded() -> set[str]:
    return {name.partition(".")[0] for name in tuple(sys.modules)}


def _threads() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _processor() -> str:
    """The processor's name; what the system calls it, or at least its kind."""
    try:
        if sys.platform == "darwin":
            command = ["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"]
            return subprocess.run(command, capture_output=True, text=True, check=True, timeout=5).stdout.strip()
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.lower().startswith(("model name", "cpu model")):
                return line.partition(":")[2].strip()
    except (OSError, subprocess.SubprocessError):
        pass
    return platform.processor() or platform.machine()
