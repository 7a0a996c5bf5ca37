"""The project's source at one moment, kept by content, so that any run can be laid out and executed again.

Where there is Git, its list of files is taken (tracked, and new ones that are not ignored), and the commit, the branch
and what differs from the commit are recorded beside; elsewhere the folder is walked, by the same rules. Data does not
belong to the source and has a digest of its own, so large files are left out, and said to be. A file that looks like a
credential stops the snapshot: what is kept by content is kept for good.
"""

from trimtab.drivers.source_snapshot.problems import CredentialInSourceError, SourceTooLargeError
from trimtab.drivers.source_snapshot.taking import Snapshot, extract, look_at_source, take_snapshot
from trimtab.drivers.source_snapshot.telling import told_left_out

__all__ = [
    "CredentialInSourceError",
    "Snapshot",
    "SourceTooLargeError",
    "extract",
    "look_at_source",
    "take_snapshot",
    "told_left_out",
]
