"""What a worker checks before it opens anything of a release.

The checks are `trimtab.release.verify`'s; this reads the files for them. They come in an order: the release is the one
that was asked for, a trusted key signed it, its files are those that were signed, and the packages that it was made
with are those that are installed. Only then may its code be imported and its model be opened.
"""

from __future__ import annotations

import sys
from importlib import metadata
from pathlib import Path

from trimtab.base.digest import digest_bytes, short
from trimtab.base.errors import IntegrityError
from trimtab.disk.faults import explained
from trimtab.disk.tree import digest_tree
from trimtab.release.manifest import MANIFEST_FILE, SIGNATURE_FILE, Manifest
from trimtab.release.signature import trusted_from
from trimtab.release.verify import check_environment, check_release


def checked_manifest(folder: Path, trusted: Path) -> Manifest:
    """The manifest of a release that may be opened by this process.

    Args:
        folder: the release's folder, named by its digest.
        trusted: the folder with the public keys (``NAME.pub``) of those whose releases are opened here.

    Raises:
        IntegrityError: it is another release than its folder says, or a file is missing, changed or foreign.
        SignatureError: it is not signed, or not by a trusted key.
        EnvironmentMismatchError: other packages or another Python are installed here.
    """
    files = digest_tree(folder)
    if MANIFEST_FILE not in files:
        raise IntegrityError(
            f"there is no {MANIFEST_FILE} here", fix="This is not a release, or half of one.", at=str(folder)
        )
    with explained("read the release", folder):
        content = (folder / MANIFEST_FILE).read_bytes()
        signature = (folder / SIGNATURE_FILE).read_bytes() if SIGNATURE_FILE in files else None
        keys = {path.name: path.read_bytes() for path in sorted(trusted.glob("*.pub"))}
    found = short(digest_bytes(content), length=64)
    if found != folder.name:
        raise IntegrityError(
            f"the folder is named {folder.name}, and the release in it is {found}",
            fix="It was changed or put in another's place; copy the release again.",
            at=str(folder),
        )
    manifest = check_release(files, content, signature, trusted_from(keys))
    check_environment(manifest, _installed(manifest), f"{sys.version_info.major}.{sys.version_info.minor}")
    return manifest


def _installed(manifest: Manifest) -> dict[str, str]:
    """The versions of the release's packages that are installed here; absent if one is not."""
    found: dict[str, str] = {}
    for name in manifest.packages:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
