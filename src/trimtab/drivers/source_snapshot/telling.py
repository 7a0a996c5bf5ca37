"""What a snapshot has not, for people: a run that is executed again has no such file unless somebody brings it."""

from __future__ import annotations

from typing import Final

from trimtab.drivers.source_snapshot.taking import DIFFERENCE, OF_COMMANDS, PROJECT_DATA, Snapshot

SHOWN: Final = 5
"""Files told one by one; a folder of a thousand images is one fact."""


def told_left_out(snapshot: Snapshot) -> tuple[str, ...]:
    """A line for each file that is not kept with the source, and why; those beyond the first few are counted.

    The project's own data and what its commands write are not among them: the one is kept as rows, the other is made
    again.
    """
    told = {name: why for name, why in sorted(snapshot.left_out.items()) if why not in (PROJECT_DATA, OF_COMMANDS)}
    patch = told.pop(DIFFERENCE, "")
    lines = [f"{name} is not kept with the source: {why}" for name, why in list(told.items())[:SHOWN]]
    if len(told) > SHOWN:
        more = len(told) - SHOWN
        lines.append(f"{more:,} more {'file is' if more == 1 else 'files are'} not kept with the source")
    if patch:
        lines.append(f"the difference from the commit is not kept: {patch}")
    return tuple(lines)
