"""Which of many files are as they were: the one loop whose cost is a run's cost when nothing has changed.

Ten thousand files and their ten thousand copies are looked at in some 70 ms, of which the system takes 60. So it is
written out: calls of small functions would take as long again.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from stat import S_IFMT, S_IFREG

from trimtab.base.digest import Digest
from trimtab.drivers.file_index.stored import SIZE_OF_IDENTITY, Known, identity_of


def unchanged(entries: dict[str, bytes], paths: Sequence[str], kept_in: str | None) -> list[Known | None]:
    """What each file holds if it is what it was by its entry, and so is its copy in the store ``kept_in``; else None.

    Nothing is raised: a file that is gone, is none, or cannot be looked at has None, as one that has changed.
    """
    look, entry_of, end = os.stat, entries.get, SIZE_OF_IDENTITY  # this many times, a name found at once counts
    answers: list[Known | None] = []
    for path in paths:
        answers.append(None)
        entry = entry_of(path)
        if entry is None:
            continue
        try:
            found = look(path)
            if S_IFMT(found.st_mode) != S_IFREG or not entry.startswith(identity_of(found)):
                continue
            digits = entry[end:].hex()
            if kept_in is not None:
                copy = f"{kept_in}/sha256/{digits[:2]}/{digits[2:]}"
                entry_of_copy = entry_of(copy)
                if entry_of_copy is None or entry_of_copy != identity_of(look(copy)) + entry[end:]:
                    continue
        except OSError:
            continue
        answers[-1] = Known(Digest("sha256:" + digits), found.st_size)
    return answers
