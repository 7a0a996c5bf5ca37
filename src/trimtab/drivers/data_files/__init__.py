"""The files that a run read, by content, so that it can be executed again: kept as copies, or known by digest alone.

A kept file lies among the project's blobs, as any other content does, and is copied only where its content is new. What
is unchanged costs one look at the file and one at its copy. A copy is not forced to the disk: after a power cut one can
be missing or short, which the next snapshot sees and puts right, and `missing` names.

A file outside the project is named by its absolute path, since that is where the project's code looks for it. It can be
kept, but not laid out elsewhere: another run would still read the one at that path.
"""

from trimtab.drivers.data_files.keeping import snapshot_files
from trimtab.drivers.data_files.laying_out import DataChangedError, lay_out, missing

__all__ = ["DataChangedError", "lay_out", "missing", "snapshot_files"]
