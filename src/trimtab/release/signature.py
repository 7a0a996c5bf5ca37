"""Ed25519 signatures (RFC 8032) over a release's manifest.

The public key is not in the release: whoever swaps the model could swap it too. A release names its key by digest,
and the reader looks that up among the keys that it trusts. Keys are kept in the standard PEM forms, so that other
tools read them: ``openssl pkey -pubin -in NAME.pub -text``.

Rejected: signing each file (one signature over digests covers them all), and a certificate chain (there is no
authority here; a team trusts a handful of keys by name).
"""

from __future__ import annotations

from collections.abc import Mapping

from trimtab.base.digest import Digest, digest_bytes, short
from trimtab.base.errors import InputError, IntegrityError
from trimtab.release.manifest import Signature

TrustedKeys = Mapping[Digest, bytes]
"""Key id → the 32 raw bytes of the public key."""


class SignatureError(IntegrityError):
    """The release is not signed, its signature does not hold, or its signer is not trusted here."""

    code = "TT1605"


def key_id(public_key: bytes) -> Digest:
    """The name of a public key: the digest of its 32 raw bytes."""
    return digest_bytes(public_key)


def public_key_of(private_key: bytes) -> bytes:
    """The 32 raw bytes of the public key that belongs to the 32 raw bytes of a private one."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(private_key).public_key().public_bytes_raw()


def sign(content: bytes, private_key: bytes) -> Signature:
    """The signature over some bytes; the same key and bytes always give the same one."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    value = Ed25519PrivateKey.from_private_bytes(private_key).sign(content)
    return Signature(key_id=key_id(public_key_of(private_key)), value=value.hex())


def verify(content: bytes, signature: Signature, trusted: TrustedKeys) -> None:
    """Nothing, if a trusted key signed exactly these bytes.

    Raises:
        SignatureError: the key is unknown, or the signature does not hold.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    public = trusted.get(signature.key_id)
    if public is None:
        known = ", ".join(sorted(short(name) for name in trusted)) or "none"
        raise SignatureError(
            f"the key {short(signature.key_id)} that signed the release is not trusted here (trusted: {known})",
            fix="If you know the signer, get their NAME.pub by a way you trust and put it into the folder trusted/ of "
            "Trimtab's configuration (TRIMTAB_HOME).",
        )
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(bytes.fromhex(signature.value), content)
    except (InvalidSignature, ValueError) as error:
        raise SignatureError(
            f"the signature by the key {short(signature.key_id)} does not hold: the manifest is not the one it signed",
            fix="The release was changed after packing; get it again from where it was packed.",
        ) from error


def format_public_key(public_key: bytes) -> bytes:
    """A public key as PEM, as ``trusted/NAME.pub`` holds it."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    key = Ed25519PublicKey.from_public_bytes(public_key)
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def parse_public_key(content: bytes, *, at: str = "") -> bytes:
    """The 32 raw bytes of a public key from its PEM; raises `InputError` for anything but an Ed25519 public key."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(content)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise _not_a_key(at) from error
    if not isinstance(key, Ed25519PublicKey):
        raise _not_a_key(at)
    return key.public_bytes_raw()


def trusted_from(files: Mapping[str, bytes]) -> dict[Digest, bytes]:
    """The trusted keys from the contents of ``trusted/*.pub``, by file name.

    A file that is no key is refused and not skipped: it was put there so that something would be trusted.
    """
    keys = (parse_public_key(content, at=name) for name, content in sorted(files.items()))
    return {key_id(key): key for key in keys}


def _not_a_key(at: str) -> InputError:
    return InputError(
        "this is not an Ed25519 public key in PEM form",
        fix="Copy the signer's NAME.pub again (it begins with -----BEGIN PUBLIC KEY-----), or remove the file.",
        at=at,
    )
