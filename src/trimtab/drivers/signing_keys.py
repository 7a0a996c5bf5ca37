"""The keys of this user: the private one that signs what they pack, and the public ones that they trust.

Both live in Trimtab's configuration folder, never in a project and never in a release. The private key is made on
first use, readable by its owner only; one that others can read is refused, since whatever it signed proves nothing.
Its public half is put among the trusted keys, under its own name, so that a replaced key leaves the releases of the
old one openable until somebody removes it.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

from trimtab.base.digest import Digest, short
from trimtab.base.errors import IntegrityError
from trimtab.base.instants import SECOND, Span
from trimtab.disk.atomic import write_bytes
from trimtab.disk.faults import explained
from trimtab.disk.lock import Lease
from trimtab.release.signature import format_public_key, key_id, public_key_of, trusted_from

_PRIVATE: Final = Path("keys", "signing.key")
_TRUSTED: Final = "trusted"
_PATIENCE: Final = Span(10 * SECOND)


class UnsafeKeyError(IntegrityError):
    """The private key can be read or changed by others, or is not a key."""

    code = "TT1609"


def config_folder() -> Path:
    """The folder of this user's keys and token: ``$TRIMTAB_HOME``, else ``trimtab`` in the user's configuration."""
    own = os.environ.get("TRIMTAB_HOME")
    if own:
        return Path(own)
    shared = os.environ.get("XDG_CONFIG_HOME")
    return (Path(shared) if shared else Path.home() / ".config") / "trimtab"


def trusted_folder(home: Path | None = None) -> Path:
    """The folder whose ``NAME.pub`` files are trusted."""
    return (home or config_folder()) / _TRUSTED


def signing_key(home: Path | None = None) -> bytes:
    """The 32 raw bytes of this user's private key; it is made on first use, by one process if several ask at once.

    Raises:
        UnsafeKeyError: others than its owner may read it, or the file holds no Ed25519 key.
        DriverError: the folder cannot be written to.
    """
    folder = home or config_folder()
    path = folder / _PRIVATE
    if not path.exists():
        with explained("make the folder for the signing key", path.parent):
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with Lease(path.with_suffix(".lock"), "making the signing key", wait=_PATIENCE):
            if not path.exists():
                write_bytes(path, _new_key(), mode=0o600)
    private = _read_key(path)
    public = public_key_of(private)
    own = folder / _TRUSTED / f"local-{short(key_id(public))}.pub"
    if not own.exists():
        with explained("make the folder for trusted keys", own.parent):
            own.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_bytes(own, format_public_key(public), mode=0o644)
    return private


def trusted_keys(home: Path | None = None) -> dict[Digest, bytes]:
    """Key id → raw public key of everyone whose releases are opened here; none if there is no such folder.

    Raises:
        InputError: a file there is not a public key.
    """
    folder = trusted_folder(home)
    with explained("read the trusted keys", folder):
        return trusted_from({path.name: path.read_bytes() for path in sorted(folder.glob("*.pub"))})


def _new_key() -> bytes:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    return Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _read_key(path: Path) -> bytes:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    with explained("read the signing key", path):
        if path.parent.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise UnsafeKeyError(
                "others may put another signing key in this one's place",
                fix=f"Take their right away: chmod 700 {path.parent}",
                at=str(path.parent),
            )
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            found = os.fstat(descriptor)
            if found.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise UnsafeKeyError(
                    f"the signing key has the mode {stat.S_IMODE(found.st_mode):04o}, so others may have copied it",
                    fix=f"Remove it and its .pub, and let Trimtab make another; or, if you are sure: chmod 600 {path}",
                    at=str(path),
                )
            content = file.read()
    try:
        key = load_pem_private_key(content, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise _not_a_key(path) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise _not_a_key(path)
    return key.private_bytes_raw()


def _not_a_key(path: Path) -> UnsafeKeyError:
    return UnsafeKeyError(
        "this is not an Ed25519 private key in PEM form",
        fix="Restore it, or move it away to get a new one.",
        at=str(path),
    )
