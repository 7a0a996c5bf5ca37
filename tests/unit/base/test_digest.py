"""Digests name content, and only content."""

import pytest

from trimtab.base.digest import canonical_json, digest_bytes, digest_json, digest_parts, parse_digest, short
from trimtab.base.errors import IntegrityError


def test_equal_values_have_equal_digests_whatever_their_order() -> None:
    assert digest_json({"a": 1, "b": [1, 2]}) == digest_json({"b": [1, 2], "a": 1})


def test_parts_do_not_collide_by_joining() -> None:
    assert digest_parts([b"ab", b"c"]) != digest_parts([b"a", b"bc"])


def test_not_a_number_has_no_canonical_form() -> None:
    with pytest.raises(ValueError, match="Out of range float values"):
        canonical_json(float("nan"))


def test_a_malformed_digest_is_refused() -> None:
    with pytest.raises(IntegrityError, match="is not a digest"):
        parse_digest("sha256:abc")
    digest = digest_bytes(b"")
    assert parse_digest(digest) == digest
    assert short(digest) == "e3b0c44298fc"
