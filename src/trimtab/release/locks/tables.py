"""Taking values out of a TOML document with the sentence that says which one is not as it must be."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any

from trimtab.release.locks.value import STRONG, LockFileError

Table = Mapping[str, Any]


def parse_toml(content: bytes, *, at: str) -> dict[str, Any]:
    """The document; raises `LockFileError` if it is not TOML."""
    try:
        return tomllib.loads(content.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise LockFileError(f"the lock is not TOML: {error}", fix="Lock again.", at=at) from error


def text(table: Table, key: str, *, at: str, needed: bool = False) -> str:
    """A text; empty where it is not there and need not be."""
    value = table.get(key)
    if value is None and not needed:
        return ""
    if not isinstance(value, str) or (needed and not value):
        raise wrong(key, "a text", at)
    return value


def texts(table: Table, key: str, *, at: str) -> tuple[str, ...]:
    """A list of texts; empty where it is not there."""
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise wrong(key, "a list of texts", at)
    return tuple(value)


def tables(table: Table, key: str, *, at: str) -> tuple[dict[str, Any], ...]:
    """A list of tables; empty where it is not there."""
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise wrong(key, "a list of tables", at)
    return tuple(value)


def subtable(table: Table, key: str, *, at: str) -> dict[str, Any]:
    """A table; empty where it is not there."""
    value = table.get(key, {})
    if not isinstance(value, dict):
        raise wrong(key, "a table", at)
    return value


def strong_hashes(table: Mapping[str, object]) -> tuple[str, ...]:
    """``sha256:…`` of a table algorithm → hexadecimal digits; weak algorithms are left out."""
    return tuple(
        f"{name.lower()}:{value.lower()}"
        for name, value in sorted(table.items())
        if name.lower() in STRONG and isinstance(value, str) and value
    )


def wrong(key: str, kind: str, at: str) -> LockFileError:
    """The error for a value of another kind."""
    return LockFileError(f"{key} must be {kind}", fix="Lock again.", at=at)
