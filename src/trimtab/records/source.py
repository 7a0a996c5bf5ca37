"""Source v1: the project's files at one moment, each by its digest; the digest of this record names them all."""

from __future__ import annotations

import msgspec

from trimtab.base.digest import Digest


class SourceFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file's content by its digest, and whether it may be executed."""

    content: Digest
    executable: bool = False


class SourceTree(msgspec.Struct, frozen=True, kw_only=True, tag_field="schema", tag="trimtab.source/1"):
    """Path relative to the project, with forward slashes → file. Times and owners stay out: they are not source."""

    files: dict[str, SourceFile]
