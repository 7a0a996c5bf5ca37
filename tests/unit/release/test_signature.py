"""A signature holds for exactly the signed bytes and a key that is trusted here."""

from __future__ import annotations

import pytest

from trimtab.base.errors import InputError
from trimtab.release.manifest import Signature
from trimtab.release.signature import (
    SignatureError,
    format_public_key,
    key_id,
    parse_public_key,
    public_key_of,
    sign,
    trusted_from,
    verify,
)

# RFC 8032, section 7.1, tests 2 and 3
SECRET = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
PUBLIC = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
SIGNED = (
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
)
OTHER = bytes.fromhex("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7")


def test_the_signature_is_that_of_the_standard() -> None:
    assert public_key_of(SECRET) == PUBLIC
    assert sign(b"\x72", SECRET) == Signature(key_id=key_id(PUBLIC), value=SIGNED)


def test_a_trusted_key_over_the_same_bytes_holds() -> None:
    verify(b"\x72", Signature(key_id=key_id(PUBLIC), value=SIGNED), {key_id(PUBLIC): PUBLIC})


def test_changed_bytes_do_not_hold() -> None:
    with pytest.raises(SignatureError, match="does not hold: the manifest is not the one it signed"):
        verify(b"\x73", sign(b"\x72", SECRET), {key_id(PUBLIC): PUBLIC})


@pytest.mark.parametrize("value", [SIGNED[:-2] + "ff", SIGNED[:-2], "", "not hexadecimal", "00" * 64])
def test_a_changed_or_malformed_signature_does_not_hold(value: str) -> None:
    with pytest.raises(SignatureError, match="does not hold"):
        verify(b"\x72", Signature(key_id=key_id(PUBLIC), value=value), {key_id(PUBLIC): PUBLIC})


def test_an_unknown_key_is_named_with_how_to_trust_it() -> None:
    with pytest.raises(
        SignatureError, match=r"the key 39f713d0a644 that signed.*trusted: none\).*\n.*NAME\.pub.*trusted/"
    ):
        verify(b"\x72", Signature(key_id=key_id(PUBLIC), value=SIGNED), {})


def test_another_trusted_key_does_not_help_under_the_signers_name() -> None:
    other = public_key_of(OTHER)
    with pytest.raises(SignatureError, match="does not hold"):
        verify(b"\x72", sign(b"\x72", SECRET), {key_id(PUBLIC): other})
    with pytest.raises(SignatureError, match="is not trusted here"):
        verify(b"\x72", sign(b"\x72", SECRET), {key_id(other): other})


def test_public_keys_go_through_pem_and_are_known_by_their_digest() -> None:
    pem = format_public_key(PUBLIC)
    assert pem.startswith(b"-----BEGIN PUBLIC KEY-----")
    assert parse_public_key(pem) == PUBLIC
    assert trusted_from({"us.pub": pem, "them.pub": format_public_key(public_key_of(OTHER))}) == {
        key_id(PUBLIC): PUBLIC,
        key_id(public_key_of(OTHER)): public_key_of(OTHER),
    }


# a P-256 key: well-formed PEM, another algorithm
ELLIPTIC = b"""-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEaxfR8uEsQkf4vOblY6RA8ncDfYEt
6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9Q==
-----END PUBLIC KEY-----
"""


@pytest.mark.parametrize("content", [b"", b"ssh-ed25519 AAAA", PUBLIC, ELLIPTIC])
def test_a_file_that_is_no_key_is_refused_and_not_skipped(content: bytes) -> None:
    with pytest.raises(InputError, match=r"them\.pub: this is not an Ed25519 public key"):
        trusted_from({"them.pub": content})
