"""Is this the release that was packed, and is this the place that it was packed for?

Pure: a driver or the worker reads the files, this judges what they read. Everything is checked before anything is
opened, in the order in which each check can be believed: the signature makes the manifest trustworthy, the manifest's
digests make the files so, and only then is a name in it used as a path.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from trimtab.base.digest import Digest, digest_bytes
from trimtab.base.errors import EnvironmentMismatchError, IntegrityError
from trimtab.records.versioned import decode, encode
from trimtab.release.manifest import MANIFEST_FILE, SIGNATURE_FILE, Manifest, Signature
from trimtab.release.signature import SignatureError, TrustedKeys, verify

_SHOWN = 5
_NAME = re.compile(r"[^\\\x00-\x1f]+")


def check_release(
    files: Mapping[str, Digest], manifest: bytes, signature: bytes | None, trusted: TrustedKeys
) -> Manifest:
    """The manifest of a release that is signed by a trusted key and complete.

    Args:
        files: path → digest of every file in the release's folder, manifest and signature too.
        manifest: the content of its manifest.
        signature: the content of its signature; None if it has none.

    Raises:
        SignatureError: it is not signed, the signature does not hold, or the signer is not trusted.
        IntegrityError: a file is missing, changed, or not in the manifest; or the manifest names a path outside.
        UnknownVersionError: another Trimtab wrote it.
    """
    if signature is None:
        raise SignatureError(
            f"the release has no {SIGNATURE_FILE}",
            fix="Only signed releases are opened; copy it again from where it was packed.",
        )
    signed = decode(Signature, signature, at=SIGNATURE_FILE)
    if encode(signed) != signature:
        raise SignatureError(
            f"{SIGNATURE_FILE} is not in its canonical form", fix="It was edited; copy the release again."
        )
    verify(manifest, signed, trusted)
    found = read_manifest(manifest)
    verify_files(found, files)
    return found


def read_manifest(content: bytes) -> Manifest:
    """The manifest from its bytes; raises `IntegrityError` if they are not its canonical form or name a bad path."""
    manifest = decode(Manifest, content, at=MANIFEST_FILE)
    if encode(manifest) != content:
        raise IntegrityError(
            "the manifest is not in its canonical form, so its digest does not name it",
            fix="It was written or edited by something else; pack the release again.",
            at=MANIFEST_FILE,
        )
    for path in (*manifest.files, manifest.model.file):
        if not is_inside(path):
            raise IntegrityError(
                f"the manifest names {path!r}, which is not a path inside the release",
                fix="Do not open this release; find out who made it.",
                at=MANIFEST_FILE,
            )
    if manifest.model.file not in manifest.files:
        raise IntegrityError(
            f"the manifest names the model {manifest.model.file!r} and no digest for it",
            fix="Pack the release again.",
            at=MANIFEST_FILE,
        )
    return manifest


def is_inside(path: str) -> bool:
    """Whether a path names something below the folder it is taken from, on any system, and not the manifest itself."""
    parts = path.split("/")
    return (
        _NAME.fullmatch(path) is not None
        and not any(part in {"", ".", ".."} for part in parts)
        and ":" not in parts[0]
        and path not in {MANIFEST_FILE, SIGNATURE_FILE}
    )


def verify_files(manifest: Manifest, found: Mapping[str, Digest]) -> None:
    """Nothing, if the files are exactly those of the manifest; else `IntegrityError` with the first few differences."""
    problems = [*_file_problems(manifest, found)]
    if problems:
        shown = "; ".join(problems[:_SHOWN])
        more = f"; and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
        raise IntegrityError(
            f"the release is not what was packed: {shown}{more}", fix="Copy it again from where it was packed."
        )


def _file_problems(manifest: Manifest, found: Mapping[str, Digest]) -> Iterable[str]:
    for path, digest in sorted(manifest.files.items()):
        if path not in found:
            yield f"{path} is missing"
        elif found[path] != digest:
            yield f"{path} has the digest {found[path]} where the manifest says {digest}"
    for path in sorted(set(found) - set(manifest.files) - {MANIFEST_FILE, SIGNATURE_FILE}):
        yield f"{path} is not in the manifest"


def release_digest(manifest: Manifest) -> Digest:
    """The release's identity: the digest of the manifest's canonical JSON."""
    return digest_bytes(encode(manifest))


def environment_difference(manifest: Manifest, installed: Mapping[str, str | None], python: str) -> tuple[str, ...]:
    """What differs between the release's environment and this one, a sentence each; empty if nothing does.

    Args:
        installed: distribution → version, None or absent where it is not installed; names as the manifest has them.
        python: this interpreter's minor version, e.g. ``3.11``.
    """
    differences = []
    if python != manifest.python:
        differences.append(f"Python {python} here, {manifest.python} in the release")
    for name, version in sorted(manifest.packages.items()):
        here = installed.get(name)
        if here is None:
            differences.append(f"{name} is not installed here, {version} in the release")
        elif here != version:
            differences.append(f"{name} {here} here, {version} in the release")
    return tuple(differences)


def check_environment(manifest: Manifest, installed: Mapping[str, str | None], python: str) -> None:
    """Nothing, if the environment is the release's; else `EnvironmentMismatchError` with every difference."""
    differences = environment_difference(manifest, installed, python)
    if differences:
        pins = " ".join(f"{name}=={version}" for name, version in sorted(manifest.packages.items()))
        raise EnvironmentMismatchError(
            f"this environment is not the one the release was made in: {'; '.join(differences)}",
            fix=f"Under Python {manifest.python}: pip install {pins}; or train a release here.",
        )
