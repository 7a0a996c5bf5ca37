"""Digests of files, each worked out again only when its file is no longer what it was."""

from trimtab.drivers.file_index.index import FileIndex

__all__ = ["FileIndex"]
