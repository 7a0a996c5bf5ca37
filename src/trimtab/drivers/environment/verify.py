# Paths are texts here: a run looks at a thousand of them, and a Path costs ten times as much.
# ruff: noqa: PTH120
"""Whether installed files are still those that the installer wrote: somebody may have edited them in place.

Every file is read, so this is asked where it matters (freezing, reproducing) and not of each run.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from trimtab.base.errors import IntegrityError
from trimtab.drivers.environment.distributions import SUFFIXES, Found
from trimtab.drivers.environment.libraries import Libraries
from trimtab.release.installed_files import Row, record_rows

_SHOWN: Final = 5


class EditedPackageError(IntegrityError):
    """Installed files of a package are not those that its installer listed: somebody changed them in place."""

    code = "TT1365"


def verify_installed(names: Iterable[str], libraries: Libraries) -> dict[str, tuple[str, ...]]:
    """Distribution → its files that are changed, gone or added since it was installed; only those that have any.

    Added are files of code in a package's own folders that no installed package lists. Editable installs and installs
    without a list of files have nothing to be compared with, and are passed over.

    Args:
        names: normalised names; those that are not installed are passed over.
    """
    listed = _listed_by_all(libraries)
    found = {}
    for name in sorted(set(names)):
        distribution = libraries.distribution(name)
        if distribution is None or distribution.sources:
            continue
        rows = _rows(distribution)
        site = os.path.dirname(distribution.folder)
        wrong = [row.path for row in rows if not _as_listed(site, row)]
        wrong += _added(site, distribution, listed)
        if wrong:
            found[name] = tuple(sorted(wrong))
    return found


def refuse_edited(edited: Mapping[str, tuple[str, ...]]) -> None:
    """Nothing, if `verify_installed` found nothing; else raises `EditedPackageError` with every package."""
    if not edited:
        return
    told = []
    for name, files in edited.items():
        more = f" and {len(files) - _SHOWN} more" if len(files) > _SHOWN else ""
        told.append(f"{name}: {', '.join(files[:_SHOWN])}{more}")
    raise EditedPackageError(
        f"installed files were changed since they were installed: {'; '.join(told)}",
        fix=f"Install again what was changed: pip install --force-reinstall --no-deps {' '.join(edited)}",
    )


def _rows(distribution: Found) -> list[Row]:
    try:
        text = Path(distribution.folder, "RECORD").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return record_rows(text)


def _as_listed(site: str, row: Row) -> bool:
    if not row.hash or row.path.endswith(".pyc"):
        return True
    algorithm, _, wanted = row.hash.partition("=")
    try:
        state = hashlib.new(algorithm, Path(site, row.path).read_bytes())
    except (OSError, ValueError):
        return False
    return base64.urlsafe_b64encode(state.digest()).decode().rstrip("=") == wanted.rstrip("=")


def _listed_by_all(libraries: Libraries) -> frozenset[str]:
    listed = set()
    for name in libraries.installed():
        distribution = libraries.distribution(name)
        if distribution is not None:
            site = os.path.dirname(distribution.folder)
            listed |= {f"{site}/{row.path}" for row in _rows(distribution)}
    return frozenset(listed)


def _added(site: str, distribution: Found, listed: frozenset[str]) -> list[str]:
    found = []
    for module in distribution.modules:
        for folder, below, names in os.walk(f"{site}/{module}"):
            below[:] = [name for name in below if name != "__pycache__"]
            found += [
                os.path.relpath(f"{folder}/{name}", site)
                for name in names
                if name.endswith(SUFFIXES) and f"{folder}/{name}" not in listed
            ]
    return found
