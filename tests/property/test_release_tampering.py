"""No change of a signed manifest, of its signature or of a file goes unseen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimtab.base.digest import digest_bytes
from trimtab.base.errors import TrimtabError
from trimtab.records.versioned import encode
from trimtab.release.manifest import MANIFEST_FILE, ROWS, SIGNATURE_FILE, Manifest, Model, ServingStep
from trimtab.release.signature import key_id, public_key_of, sign
from trimtab.release.verify import check_release, is_inside
from trimtab.spec.project import Task

SECRET = bytes(range(32))
TRUSTED = {key_id(public_key_of(SECRET)): public_key_of(SECRET)}
FILES = {f"model/{name}": digest_bytes(name.encode()) for name in ("a", "b", "c")}
MANIFEST = encode(
    Manifest(
        project="p",
        source=digest_bytes(b"source"),
        data=digest_bytes(b"rows"),
        module="pipeline",
        rows_as="numpy",
        steps=(ServingStep(function="features", inputs=(ROWS,)),),
        python="3.12",
        packages={"numpy": "2.4.6"},
        model=Model(format="skops", file="model/a", task=Task.BINARY, classes=(False, True), features=("f0",)),
        files=FILES,
        expected={},
        trained_rows=1,
    )
)
SIGNATURE = encode(sign(MANIFEST, SECRET))


def flipped(content: bytes, place: int, bit: int) -> bytes:
    place %= len(content)
    return content[:place] + bytes([content[place] ^ (1 << bit)]) + content[place + 1 :]


@given(st.integers(min_value=0), st.integers(0, 7))
def test_a_flipped_bit_of_the_manifest_is_seen(place: int, bit: int) -> None:
    with pytest.raises(TrimtabError, match="does not hold"):
        check_release(FILES, flipped(MANIFEST, place, bit), SIGNATURE, TRUSTED)


@given(st.integers(min_value=0), st.integers(0, 7))
def test_a_flipped_bit_of_the_signature_never_passes_for_another_release(place: int, bit: int) -> None:
    changed = flipped(SIGNATURE, place, bit)
    try:
        check_release(FILES, MANIFEST, changed, TRUSTED)
    except TrimtabError:
        return
    # hexadecimal has two cases of a digit: the same signature, written otherwise
    assert changed.lower() == SIGNATURE


@given(
    st.sets(st.sampled_from(sorted(FILES))),
    st.sets(st.text(min_size=1, max_size=5)),
    st.sets(st.sampled_from(sorted(FILES))),
)
def test_only_the_very_files_of_the_manifest_pass(missing: set[str], foreign: set[str], changed: set[str]) -> None:
    found = {
        name: digest_bytes(b"x") if name in changed else digest for name, digest in FILES.items() if name not in missing
    }
    found |= {name: digest_bytes(b"") for name in foreign - {MANIFEST_FILE, SIGNATURE_FILE}}
    if found == FILES:
        check_release(found, MANIFEST, SIGNATURE, TRUSTED)
        return
    with pytest.raises(TrimtabError, match="the release is not what was packed"):
        check_release(found, MANIFEST, SIGNATURE, TRUSTED)


PARTS = st.sampled_from(["..", ".", "", "a", "b.py", "\\", "c:", "..."])


@given(st.lists(PARTS, min_size=1, max_size=6).map("/".join))
def test_a_path_that_is_inside_stays_inside(path: str) -> None:
    depth = 0
    for part in path.split("/"):
        depth += {"..": -1, ".": 0, "": 0}.get(part, 1)
        if depth < 0:
            assert not is_inside(path)
    if path.startswith("/") or "\\" in path:
        assert not is_inside(path)
