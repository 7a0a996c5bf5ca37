"""What a step was seen to read, by content, so that the next plan can tell whether any of it has changed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from trimtab.base.digest import Digest, digest_json
from trimtab.base.errors import TrimtabError
from trimtab.drivers.file_index import FileIndex

if TYPE_CHECKING:
    from trimtab.drivers.observation import Observed

ABSENT: Final = Digest("absent")
"""In place of a digest: the step looked for it, and it was not there."""

FOLDER: Final = Digest("folder")
"""In place of a digest: a folder is there, of which the step did not read the names."""

LISTED: Final = "names in "
"""Before the path of a folder whose names a step listed: a new file there is a change."""

LEFT: Final = "what it made of "
"""Before the path of a file that was not there, and that the step made: another content, or none, is a change."""

WROTE: Final = "what it wrote to "
"""Before the path of another file that it wrote: gone is a change, and what others write there is none."""


_SEEDED: Final = "global generator"
"""In what an observer says of Python's and NumPy's own generators."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a step was seen to do beyond what it declares, by name: paths are relative to the project where inside."""

    files: frozenset[str] = frozenset()
    listed: frozenset[str] = frozenset()
    absent: frozenset[str] = frozenset()
    left: frozenset[str] = frozenset()
    wrote: frozenset[str] = frozenset()
    variables: Mapping[str, Digest] = field(default_factory=dict)
    unstable: tuple[str, ...] = ()


def seen_by(
    observed: Observed, folder: Path, declared: frozenset[str], named: frozenset[str], *, lists: bool = False
) -> Seen:
    """What a watch saw, without what the step declares and what it wrote itself.

    Files that are ``named`` in its code count as read, also if no watch told of it, unless it wrote them.

    Folders with Python files that count as code are listed by the import of them, which is no reading of data unless
    the code ``lists`` folders itself. Global generators are no chance here: each step finds them seeded.
    """
    written = frozenset(name_of(path, folder) for path in observed.written)
    read = frozenset(name_of(path, folder) for path in observed.files)
    absent = frozenset(name_of(path, folder) for path in observed.absent)
    files = (read | _existing(named, folder)) - written - declared
    sightings = (
        *(("reads the clock", each) for each in observed.clock),
        *(("draws by chance", each) for each in observed.chance if _SEEDED not in each.what),
        *(("uses the network", each) for each in observed.network),
        *(("starts a process", each) for each in observed.processes),
        *(("depends on the environment", each) for each in observed.surroundings),
    )
    return Seen(
        files=files,
        listed=frozenset(name_of(path, folder) for path in observed.listed)
        - (frozenset() if lists else _folders_of_code(files | declared)),
        absent=absent - written - files,
        left=absent & written,
        wrote=frozenset(name for name in written - absent - read if not name.startswith("/")),
        variables={name: variable_digest(name) for name in observed.variables},
        unstable=(
            *(f"it {what}, {each.what}" + (f" ({each.at})" if each.at else "") for what, each in sightings),
            *(f"it changes {name}, which it has read" for name in sorted(read & written - absent)),
            *(f"not all that it reads could be seen: {each}" for each in observed.blind),
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Since:
    """When a step ``began``, in nanoseconds, and where it ``writes`` by its own declaration."""

    began: int
    writes: tuple[PurePosixPath, ...] = ()


def changed_meanwhile(
    seen: Seen, reads: Mapping[str, Digest], observed: Observed, folder: Path, since: Since
) -> tuple[str, ...]:
    """What a step read and others changed while it ran: of which state it is, only the step could tell."""
    began, writes = since.began, since.writes
    files = [
        name
        for name, digest in reads.items()
        if name in seen.files and is_file(name, digest)
        if (found := look_at(folder / name)) and found.st_ctime_ns > began
    ]
    own = {name_of(path.parent, folder) for path in observed.written}
    own |= {parent.as_posix() for path in writes for parent in path.parents}
    folders = [
        name
        for name in seen.listed - own
        if (found := look_at(folder / name)) and max(found.st_mtime_ns, found.st_ctime_ns) > began
    ]
    made = [name for name in seen.absent if os.path.lexists(folder / name)]
    return tuple(sorted([*files, *folders, *made]))


def look_at(path: Path) -> os.stat_result | None:
    """What is there, links followed; None if there is nothing."""
    try:
        return path.stat()
    except OSError:
        return None


def _existing(named: frozenset[str], folder: Path) -> frozenset[str]:
    """The files among texts that may be names of some; Python files count as code already."""
    found = set()
    for name in named:
        try:
            path = folder / name
            if not name.endswith(".py") and path.is_file():
                found.add(name_of(path.resolve(), folder))
        except (OSError, ValueError):  # longer than a name may be, with a zero in it, or not ours to look at
            continue
    return frozenset(found)


def _folders_of_code(files: frozenset[str]) -> frozenset[str]:
    return frozenset(str(PurePosixPath(name).parent) for name in files if name.endswith(".py"))


def place_digests(seen: Seen, index: FileIndex, folder: Path) -> dict[str, Digest]:
    """Each place that was read with its digest; a folder's is of the names in it."""
    listed, left = (f"{LISTED}{path}" for path in seen.listed), (f"{LEFT}{path}" for path in seen.left)
    wrote = (f"{WROTE}{path}" for path in seen.wrote)
    names = [*seen.files, *listed, *left, *wrote, *seen.absent]
    return {name: digest_now(name, index, folder) for name in sorted(names)}


def digest_now(name: str, index: FileIndex, folder: Path) -> Digest:
    """The digest of a place as it is now; `ABSENT` if there is nothing."""
    if name.startswith(LISTED):
        try:
            return digest_json(sorted(path.name for path in (folder / name.removeprefix(LISTED)).iterdir()))
        except OSError:
            return ABSENT
    place = folder / name.removeprefix(LEFT).removeprefix(WROTE)
    try:
        return index.digest(place)
    except (TrimtabError, OSError):
        return FOLDER if place.is_dir() else ABSENT


def is_unchanged(name: str, digest: Digest, index: FileIndex, folder: Path) -> bool:
    """Whether a place is as a step found it."""
    now = digest_now(name, index, folder)
    if name.startswith(WROTE):
        return (now == ABSENT) == (digest == ABSENT)
    return now == digest


def variable_digest(name: str) -> Digest:
    """The digest of an environment variable's value, set or not."""
    return digest_json([name, os.environ.get(name)])


def name_of(path: Path, folder: Path) -> str:
    """A path as records name it: relative to the project if it is inside, absolute if not."""
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else str(path)


def is_file(name: str, digest: str) -> bool:
    """Whether a place that was read is a file with content, rather than a listing, an absence, or not ours to read."""
    return not name.startswith((LISTED, LEFT, WROTE)) and digest.startswith("sha256:")
