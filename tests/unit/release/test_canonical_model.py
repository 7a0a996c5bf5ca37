"""One model, one sequence of bytes: addresses, times and the order of sets leave no trace."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

from trimtab.release.canonical_model import SCHEMA, canonical_skops


def skops_file(addresses: list[int], members: list[str], words: list[str], *, year: int = 2026) -> bytes:
    """A skops file as one process would write it: its addresses, its order of a set, its clock."""
    one, two, text, whole = addresses
    shared = {"__loader__": "NdArrayNode", "__id__": one, "type": "numpy", "file": members[0]}
    schema: dict[str, Any] = {
        "__loader__": "DictNode",
        "__id__": whole,
        "content": {
            "file": {"__loader__": "JsonNode", "__id__": text, "content": '"a user\'s own key"'},
            "first": shared,
            "again": dict(shared),
            "bytes": {"__loader__": "BytesNode", "__id__": two, "file": members[1]},
            "words": {
                "__loader__": "SetNode",
                "__id__": whole + 1,
                "content": [
                    {"__loader__": "JsonNode", "__id__": hash(word) % 1000, "content": json.dumps(word)}
                    for word in words
                ],
            },
        },
        "protocol": 2,
    }
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        contents = [(members[0], b"array"), (members[1], b"bytes"), (SCHEMA, json.dumps(schema, indent=2).encode())]
        for name, content in contents:
            archive.writestr(zipfile.ZipInfo(name, date_time=(year, 1, 1, 0, 0, 0)), content)
    return made.getvalue()


HERE = skops_file([11, 22, 33, 44], ["11.npy", "3f0c.bin"], ["x", "y", "z"])


def test_another_process_writes_the_same_bytes() -> None:
    there = skops_file([97, 5, 61, 3], ["97.npy", "a11e.bin"], ["z", "x", "y"], year=1999)
    assert there != HERE
    assert canonical_skops(there) == canonical_skops(HERE)


def test_another_model_has_other_bytes() -> None:
    assert canonical_skops(skops_file([11, 22, 33, 44], ["11.npy", "3f0c.bin"], ["x", "y"])) != canonical_skops(HERE)


def test_canonical_bytes_are_their_own_canonical_form() -> None:
    once = canonical_skops(HERE)
    assert canonical_skops(once) == once


def test_shared_objects_stay_shared_and_members_keep_their_content() -> None:
    with zipfile.ZipFile(io.BytesIO(canonical_skops(HERE))) as archive:
        schema = json.loads(archive.read(SCHEMA))
        content = schema["content"]
        assert content["first"]["__id__"] == content["again"]["__id__"]
        assert "__id__" not in content["bytes"]
        assert "__id__" not in content["file"]
        assert archive.read(content["first"]["file"]) == b"array"
        assert archive.read(content["bytes"]["file"]) == b"bytes"
        assert [json.loads(word["content"]) for word in content["words"]["content"]] == ["x", "y", "z"]
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
