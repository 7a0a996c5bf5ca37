"""The page on records names every stored schema with every field."""

from __future__ import annotations

import importlib
import pkgutil
import re
from pathlib import Path

import msgspec

import trimtab
from tests.integration.house.tree import source

PAGE = source(Path("docs/records.md"))
SCHEMA = re.compile(r"trimtab\.[a-z-]+/\d+")


def stored() -> dict[str, set[str]]:
    """Every schema that a record carries, with its fields; what only reads some of them is left out."""
    for module in pkgutil.walk_packages(trimtab.__path__, "trimtab."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    found: dict[str, set[str]] = {}
    waiting = list(msgspec.Struct.__subclasses__())
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        tag = str(kind.__struct_config__.tag)
        own = kind.__module__.startswith("trimtab.") and not kind.__module__.startswith("trimtab.testing")
        if own and SCHEMA.fullmatch(tag):
            found.setdefault(tag, set()).update(kind.__struct_fields__)
    return found


def told(schema: str) -> str:
    """The part of the page that is about a schema: its section, or its row of a table."""
    if f"### `{schema}`" in PAGE:
        return PAGE.split(f"### `{schema}`", 1)[1].split("\n#", 1)[0]
    return "\n".join(line for line in PAGE.splitlines() if line.startswith(f"| `{schema}` |"))


def test_every_stored_schema_is_on_the_page_with_every_field() -> None:
    missing = {}
    for schema, fields in stored().items():
        words = set(re.findall(r"`(?:draft\.)?(\w+)`", told(schema)))
        whole = {"draft"} if "`draft." in told(schema) else set()
        missing[schema] = fields - words - whole
    assert {schema: fields for schema, fields in missing.items() if fields} == {}


def test_the_page_names_no_schema_that_is_not_stored() -> None:
    others = {"trimtab.contract/3"}  # TOML, read by the contract's own parser
    assert set(SCHEMA.findall(PAGE)) == set(stored()) | others
