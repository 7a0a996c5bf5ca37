"""May this release be started? Asked by the supervisor, before any of its code or its model is touched."""

from __future__ import annotations

from pathlib import Path

from trimtab.base.digest import digest_bytes, short
from trimtab.base.errors import IntegrityError
from trimtab.disk.tree import digest_tree
from trimtab.release.manifest import MANIFEST_FILE, SIGNATURE_FILE
from trimtab.release.signature import TrustedKeys
from trimtab.release.verify import check_release


def verify(release: str, folder: Path, trusted: TrustedKeys) -> None:
    """Nothing, if ``folder`` holds exactly the release of that digest, signed by a trusted key.

    Raises:
        SignatureError: it is not signed, the signature does not hold, or the signer is not trusted.
        IntegrityError: it is not there, another release is, or a file was changed.
    """
    try:
        manifest = (folder / MANIFEST_FILE).read_bytes()
    except OSError as error:
        raise IntegrityError(
            f"release {short(release)} is not here", fix="Pack it again, or restore its folder.", at=str(folder)
        ) from error
    if digest_bytes(manifest) != release:
        raise IntegrityError(
            f"the manifest in the folder of release {short(release)} is another one's",
            fix="Restore the folder from a copy, or pack the release again.",
            at=str(folder),
        )
    signature = folder / SIGNATURE_FILE
    content = signature.read_bytes() if signature.exists() else None
    check_release(digest_tree(folder), manifest, content, trusted)
