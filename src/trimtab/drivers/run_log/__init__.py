"""The log into which a running step's own code writes metrics and parameters.

A file of lines of JSON, opened for appending, one ``write`` for each line: the system puts each behind the one before,
whichever thread or process it comes from, and what was written is there after kill -9 of the writer. Anything can
write one: ``echo '{"metric": "auc", "value": 0.81}' >> "$TRIMTAB_RUN_LOG"``. A line begins with a line break as well as
ends with one, so that what a killed process left half-written costs nobody else's line.

A power cut is another matter. The file is brought to the disk by the first call a second or more after the last time:
lost is at most what was logged in that second and nothing after it, or what the system had not written by itself (it
does within about 30 s). Rejected: an fsync for each line, a thousand times slower; a thread that syncs, which forks
badly; SQLite, which takes turns.

The writing end imports the standard library alone: every step of a project loads it. The reading end is another module
for that reason.
"""

from trimtab.drivers.run_log.writing import RUN_LOG, RUN_SECRETS, RunLog, RunLogError

__all__ = ["RUN_LOG", "RUN_SECRETS", "RunLog", "RunLogError"]
