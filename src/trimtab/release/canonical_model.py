"""One sequence of bytes for one scikit-learn model.

A skops file is a zip whose ``schema.json`` names objects by their memory address and arrays by the same, and carries
the time of writing: the same model never has the same bytes twice. Here addresses become places in the tree, members
get the place's name and no time, sets are ordered, and nothing is compressed (a compressor's output changes with its
version). The gaps between the fields of a structured array, as the nodes of a tree are, hold whatever was in memory
before; they become zeros. What skops reads from it is unchanged.

An address is kept, as a number, only where two places share one mutable object, which loading must share again;
whether two equal constants happen to be one object is the interpreter's mood and not the model's.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

SCHEMA: Final = "schema.json"
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip can hold
_CONSTANT: Final = frozenset({"JsonNode", "TypeNode", "FunctionNode", "TupleNode", "DTypeNode"})
"""Loaders of what cannot be changed, so that it makes no difference whether it is shared."""


_ARRAY: Final = b"\x93NUMPY"
_HEAD: Final = 64  # where NumPy's header names the type; that of records is a list


@dataclass(slots=True)
class _Names:
    """New names for addresses and members, given in the order in which the tree is walked."""

    shared: set[int]
    ids: dict[int, int] = field(default_factory=dict)
    members: dict[str, str] = field(default_factory=dict)

    def number(self, address: int) -> int:
        return self.ids.setdefault(address, len(self.ids) + 1)

    def member(self, old: str) -> str:
        suffix = old.rpartition(".")[2]
        return self.members.setdefault(old, f"{len(self.members):06d}.{suffix}")


def canonical_skops(content: bytes) -> bytes:
    """The canonical bytes of a skops file: the same for the same model, whenever and wherever it was written."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        schema = json.loads(archive.read(SCHEMA))
        seen: Counter[int] = Counter()
        _count(schema, seen)
        names = _Names(shared={address for address, times in seen.items() if times > 1})
        renamed = json.dumps(_rename(schema, names), separators=(",", ":"), ensure_ascii=False).encode()
        members = {new: _without_gaps(archive.read(old)) for old, new in names.members.items()}
    return _zip({SCHEMA: renamed} | members)


def _is_node(value: Any) -> bool:
    # a user's dictionary may hold any key, but its values are nodes and never bare text
    return isinstance(value, dict) and isinstance(value.get("__loader__"), str)


def _count(value: Any, seen: Counter[int]) -> None:
    if isinstance(value, dict):
        if _is_node(value) and value["__loader__"] not in _CONSTANT and "__id__" in value:
            seen[value["__id__"]] += 1
        for part in value.values():
            _count(part, seen)
    elif isinstance(value, list):
        for part in value:
            _count(part, seen)


def _rename(value: Any, names: _Names) -> Any:
    if isinstance(value, list):
        return [_rename(part, names) for part in value]
    if not isinstance(value, dict):
        return value
    if not _is_node(value):
        return {key: _rename(part, names) for key, part in value.items()}
    if value["__loader__"] == "SetNode":
        # the order of a set follows the hash seed of the process
        value = value | {"content": sorted(value["content"], key=_unnamed)}
    renamed: dict[str, Any] = {}
    for key, part in value.items():
        if key == "__id__":
            if part in names.shared and value["__loader__"] not in _CONSTANT:
                renamed[key] = names.number(part)
        elif key == "file" and isinstance(part, str):
            renamed[key] = names.member(part)
        else:
            renamed[key] = _rename(part, names)
    return renamed


def _unnamed(value: Any) -> str:
    """A text to order a set's members by that holds no address."""

    def bare(part: Any) -> Any:
        if isinstance(part, list):
            return [bare(each) for each in part]
        if isinstance(part, dict):
            return {key: bare(each) for key, each in part.items() if key not in {"__id__", "file"}}
        return part

    return json.dumps(bare(value), sort_keys=True)


def _without_gaps(member: bytes) -> bytes:
    """An array's file with zeros between the fields of its records; any other member as it is."""
    if not member.startswith(_ARRAY) or b"'descr': [" not in member[:_HEAD]:
        return member
    import numpy as np

    array = np.lib.format.read_array(io.BytesIO(member), allow_pickle=False)
    clean = np.zeros(array.shape, array.dtype)
    for name in array.dtype.names or ():
        clean[name] = array[name]
    made = io.BytesIO()
    np.lib.format.write_array(made, clean, allow_pickle=False)
    return made.getvalue()


def _zip(members: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(members):
            entry = zipfile.ZipInfo(name, date_time=_EPOCH)
            entry.create_system = 3  # Unix, whatever the system it is written on
            entry.external_attr = 0o600 << 16
            archive.writestr(entry, members[name])
    return made.getvalue()
