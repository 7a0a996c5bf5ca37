"""Releases on disk: one folder each, named by the manifest's digest, there whole or not at all.

A release is immutable: packing what is there already changes nothing, and nothing here writes into one. It is built
beside its place, brought to the disk and renamed, so that a kill at any moment leaves a partial folder at most, which
the next packing removes.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec

from trimtab.base.digest import Digest, digest_bytes, parse_digest, short
from trimtab.base.errors import InputError, IntegrityError, NotFoundError
from trimtab.disk.atomic import clean_partial, write_dir
from trimtab.disk.faults import explained
from trimtab.disk.tree import digest_tree
from trimtab.records.versioned import encode
from trimtab.release.manifest import MANIFEST_FILE, SIGNATURE_FILE, Manifest
from trimtab.release.signature import TrustedKeys, sign
from trimtab.release.verify import check_release, read_manifest, release_digest


class Bundles:
    """The releases below one folder (``.trimtab/releases``)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, release: str) -> Path:
        """Where the release of that digest is, or would be."""
        return self._folder / short(parse_digest(release), length=64)

    def has(self, release: str) -> bool:
        """Whether the release is here."""
        return self.path(release).is_dir()

    def all(self) -> tuple[Digest, ...]:
        """The digests of all releases here, sorted."""
        if not self._folder.is_dir():
            return ()
        names = (entry.name for entry in self._folder.iterdir() if entry.is_dir() and not entry.name.startswith("."))
        return tuple(sorted(parse_digest(f"sha256:{name}") for name in names))

    def pack(self, draft: Manifest, contents: Path, private_key: bytes) -> Digest:
        """Make a release of everything in ``contents`` and sign it.

        Doing it twice is doing it once: the same contents and draft have the same digest.

        Args:
            draft: the manifest; its ``files`` are filled in here.
            contents: the folder with the model, the source, the contract, the golden rows and the profile. It is
                copied, and stays the caller's.
            private_key: 32 raw bytes.

        Raises:
            InputError: ``contents`` holds a manifest, or compiled code: that differs each time and hides its source.
            IntegrityError: ``contents`` holds a link, or lacks the model's file.
            DriverError: the disk refused; nothing is left behind.
        """
        found = digest_tree(contents)
        for name in found:
            if name in {MANIFEST_FILE, SIGNATURE_FILE} or "__pycache__" in name.split("/"):
                raise InputError(
                    f"{name} does not belong into a release", fix="Pack a fresh folder.", at=str(contents / name)
                )
        manifest = msgspec.structs.replace(draft, files=found)
        content = encode(read_manifest(encode(manifest)))
        release = release_digest(manifest)
        with explained("make the folder for releases", self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
        self.clean()
        if self.has(release):
            return release
        with write_dir(self.path(release), keep_existing=True) as building, explained("pack the release", building):
            for name in found:
                target = building / name
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(contents / name, target, follow_symlinks=False)
            if digest_tree(building) != found:
                raise IntegrityError(
                    "the release's files changed while they were packed", fix="Try again.", at=str(contents)
                )
            (building / MANIFEST_FILE).write_bytes(content)
            (building / SIGNATURE_FILE).write_bytes(encode(sign(content, private_key)))
        return release

    def manifest(self, release: str) -> Manifest:
        """The manifest of a release, held against the release's own digest.

        Raises:
            NotFoundError: there is no such release.
            IntegrityError: its manifest is not the one that the digest names.
        """
        content = self._read(release, MANIFEST_FILE)
        found = digest_bytes(content)
        if found != release:
            raise IntegrityError(
                f"{MANIFEST_FILE} of the release {short(release)} has the digest {found}, and its name says {release}",
                fix="The release was changed after packing; copy it again from where it was packed.",
                at=str(self.path(release)),
            )
        return read_manifest(content)

    def read(self, release: str, name: str) -> bytes:
        """One file of a release (the contract, the profile …), held against the manifest.

        Raises:
            NotFoundError: there is no such release, or no such file in it.
            IntegrityError: the file or the manifest was changed.
        """
        wanted = self.manifest(release).files.get(name)
        if wanted is None:
            raise NotFoundError(f"the release {short(release)} has no {name}", fix="Its manifest lists what it has.")
        content = self._read(release, name)
        if digest_bytes(content) != wanted:
            raise IntegrityError(
                f"{name} of the release {short(release)} has the digest {digest_bytes(content)}, and the manifest says "
                f"{wanted}",
                fix="The file was changed after packing; copy the release again.",
                at=str(self.path(release) / name),
            )
        return content

    def verify(self, release: str, trusted: TrustedKeys) -> Manifest:
        """The manifest of a release that is complete, unchanged and signed by a trusted key.

        Raises:
            NotFoundError: there is no such release.
            SignatureError: it is not signed, or not by a trusted key.
            IntegrityError: a file is missing, changed or not in the manifest.
        """
        self.manifest(release)
        return verify_release(self.path(release), trusted)

    def clean(self) -> tuple[Path, ...]:
        """Remove what a killed packing left half-made; returns what was removed."""
        return clean_partial(self._folder)

    def _read(self, release: str, name: str) -> bytes:
        path = self.path(release) / name
        if not path.parent.is_dir() and not self.has(release):
            raise NotFoundError(f"there is no release {short(release)} here", fix="`trimtab runs` lists what was made.")
        with explained(f"read {name}", path):
            return path.read_bytes()


def verify_release(folder: Path, trusted: TrustedKeys) -> Manifest:
    """The manifest of the release in ``folder``, wherever it came from; raises as `Bundles.verify` does."""
    files = digest_tree(folder)
    if MANIFEST_FILE not in files:
        raise IntegrityError(
            f"there is no {MANIFEST_FILE} here", fix="This is not a release, or half of one.", at=str(folder)
        )
    with explained("read the release", folder):
        manifest = (folder / MANIFEST_FILE).read_bytes()
        signature = (folder / SIGNATURE_FILE).read_bytes() if SIGNATURE_FILE in files else None
    return check_release(files, manifest, signature, trusted)
