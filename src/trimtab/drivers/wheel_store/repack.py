"""A wheel made again from installed files, for what no index has: a private build, or no network.

Only what the installer's list of files names goes in, and only if it still has the hash that is listed there. What an
installer made goes out: bytecode, its notes, and the starters of console scripts, which the next installer makes anew
from ``entry_points.txt``. The same files give the same bytes: entries are sorted and have one date.
"""

from __future__ import annotations

import hashlib
import re
import stat
import zipfile
from collections.abc import Iterator
from configparser import ConfigParser
from configparser import Error as ConfigError
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from trimtab.base.errors import InputError
from trimtab.drivers.wheel_store.store import urlsafe
from trimtab.release.installed_files import Row, record_rows, wheel_place
from trimtab.release.wheel_name import file_name

_DATE: Final = (1980, 1, 1, 0, 0, 0)
_LEVEL: Final = 1  # three times as fast as the usual 6, for a tenth more of a file that never leaves this store
_SHEBANG: Final = re.compile(rb"#!.*python[\d.]*(?P<window>w?)[^\n]*\n")


class NotLockableError(InputError):
    """A package that is used cannot be locked: there is no wheel of it, and none can be made from what is installed."""

    code = "TT1364"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """A file of the wheel to be: its path there, its content, and whether it can be executed."""

    path: str
    content: bytes
    executable: bool

    @property
    def row(self) -> str:
        path = f'"{self.path}"' if "," in self.path else self.path
        return f"{path},sha256={urlsafe(hashlib.sha256(self.content).digest())},{len(self.content)}"


def repack(info: Path, name: str, version: str, into: Path) -> Path:
    """The wheel of an installed distribution, as a new file in ``into``.

    Args:
        info: its ``….dist-info`` folder.
        name, version: as its metadata have them; the name normalised.

    Raises:
        NotLockableError: it has no list of its files, or a file is not as listed.
    """
    rows = _rows(info, name)
    scripts = _console_scripts(info)
    entries = sorted(_entries(info, name, rows, scripts), key=lambda entry: entry.path)
    record = f"{info.name}/RECORD"
    listed = "\n".join([*(entry.row for entry in entries), f"{record},,"]) + "\n"
    # the build number tells it from the index's own wheel of that version, which may have been compiled otherwise
    build = f"0_{hashlib.sha256(listed.encode()).hexdigest()[:8]}"
    wheel = into / file_name(name, version, _tags(info, name), build=build)
    entries.append(_Entry(path=record, content=listed.encode(), executable=False))
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry in entries:
            member = zipfile.ZipInfo(entry.path, _DATE)
            member.compress_type = zipfile.ZIP_DEFLATED
            member.external_attr = (stat.S_IFREG | (0o755 if entry.executable else 0o644)) << 16
            archive.writestr(member, entry.content, compresslevel=_LEVEL)
    return wheel


def _rows(info: Path, name: str) -> list[Row]:
    try:
        return record_rows((info / "RECORD").read_text(encoding="utf-8"))
    except OSError as error:
        raise NotLockableError(
            f"{name} was installed without a list of its files, so no wheel can be made of it",
            fix=f"Install it again with pip: pip install --force-reinstall --no-deps {name}",
            at=str(info),
        ) from error


def _entries(info: Path, name: str, rows: list[Row], scripts: frozenset[str]) -> Iterator[_Entry]:
    site, data = info.parent, info.name.replace(".dist-info", ".data")
    for row in rows:
        place = wheel_place(row.path, name)
        if place is None or (place.scheme == "scripts" and _is_starter(place.path, scripts)):
            continue
        path = site / row.path
        content = _verified(path, row, name)
        if place.scheme == "scripts":
            content = _SHEBANG.sub(rb"#!python\g<window>" + b"\n", content, count=1)
        yield _Entry(
            path=place.path if place.scheme == "root" else f"{data}/{place.scheme}/{place.path}",
            content=content,
            executable=place.scheme == "scripts" or bool(path.stat().st_mode & stat.S_IXUSR),
        )


def _verified(path: Path, row: Row, name: str) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _unlike(name, row.path, error.strerror or "it cannot be read") from error
    algorithm, _, wanted = row.hash.partition("=")
    if algorithm not in hashlib.algorithms_guaranteed:
        raise _unlike(name, row.path, "its list of files has no hash of it")
    if urlsafe(hashlib.new(algorithm, content).digest()) != wanted.rstrip("="):
        raise _unlike(name, row.path, "it was changed since it was installed")
    return content


def _unlike(name: str, path: str, why: str) -> NotLockableError:
    return NotLockableError(
        f"no wheel can be made of {name}: {path}: {why}",
        fix=f"Install it again: pip install --force-reinstall --no-deps {name}",
    )


def _console_scripts(info: Path) -> frozenset[str]:
    parser = ConfigParser(delimiters=("=",), interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    try:
        parser.read_string((info / "entry_points.txt").read_text(encoding="utf-8"))
    except (OSError, ConfigError):
        return frozenset()
    groups = [group for group in ("console_scripts", "gui_scripts") if parser.has_section(group)]
    return frozenset(name.strip() for group in groups for name in parser.options(group))


def _is_starter(script: str, scripts: frozenset[str]) -> bool:
    """Whether a script is one that an installer made; pip makes its own with its version behind them too."""
    return script in scripts or re.sub(r"[\d.]+$", "", script) in scripts


def _tags(info: Path, name: str) -> tuple[str, ...]:
    try:
        lines = (info / "WHEEL").read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise NotLockableError(
            f"{name} was not installed from a wheel, so none can be made of it",
            fix=f"Install it again with pip: pip install --force-reinstall --no-deps {name}",
            at=str(info),
        ) from error
    tags = tuple(line.partition(":")[2].strip() for line in lines if line.startswith("Tag:"))
    if not tags or any(tag.count("-") != 2 for tag in tags):
        raise NotLockableError(f"the WHEEL of {name} names no tags", fix=f"Install {name} again.", at=str(info))
    return tags
