"""Where a run ran: interpreter, machine, and the exact distributions that the project's code loads.

The closure starts at what the project's source imports and follows the requirements that installed distributions
declare, so that a transitive package cannot drift unseen. Optional accelerators belong to it when they are installed:
a pandas that finds numexpr computes with it. Trimtab's own packages are not in it unless the project uses them too, so
that updating Trimtab makes no release unservable.

Rejected: everything that is installed (a linter's update would refuse the model), everything in `sys.modules` (the
same run would have other packages under a debugger, and none where a kept result saved the work), and every optional
dependency (through their extras for developers, libraries lead to pytest).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from trimtab.base.errors import InputError
from trimtab.drivers.environment.level import LockFile, environment_level, find_locks, interpreter_of
from trimtab.drivers.environment.libraries import Libraries, site_packages
from trimtab.drivers.environment.machine import (
    implementation,
    libc,
    marker_variables,
    processor,
    python_version,
    texts_read_as,
    thread_limits,
    threads,
)
from trimtab.records.environment import Environment, Level, Lock, Package

__all__ = [
    "Libraries",
    "LockFile",
    "environment_level",
    "find_locks",
    "imported_modules",
    "installed_packages",
    "interpreter_of",
    "marker_variables",
    "observe_packages",
    "site_packages",
]


def observe_packages(
    used: Mapping[str, Package], *, level: Level = Level.OBSERVED, lock: Lock | None = None
) -> Environment:
    """This machine and interpreter, with a closure that is known already.

    Args:
        used: from `Libraries.behind`.
        level, lock: from `environment_level`.
    """
    system = os.uname()
    name, instructions = processor()
    return Environment(
        python=python_version(),
        implementation=implementation(),
        platform=f"{system.sysname} {system.release}",
        libc=libc(),
        machine=system.machine,
        processor=name,
        instructions=instructions,
        threads=threads(),
        thread_limits=thread_limits(),
        hash_seed=os.environ.get("PYTHONHASHSEED", ""),
        locale=texts_read_as(),
        packages={name: package.version for name, package in used.items() if package.version},
        installed=dict(used),
        level=level,
        lock=lock,
    )


def imported_modules(sources: Mapping[str, str]) -> frozenset[str]:
    """The top-level modules that Python sources import anywhere in them, the standard library's left out.

    Args:
        sources: path (relative, with ``/``) → text. The sources' own modules are left out too.

    Raises:
        InputError: a source is not Python.
    """
    import ast

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


def installed_packages() -> dict[str, str]:
    """Every distribution of this environment, by normalised name."""
    return Libraries(None).installed()
