"""What was seen of a step, as a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """Something that a step did: ``what`` in a few words, ``at`` the project's nearest ``file.py:12`` or empty."""

    what: str
    at: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What a step read and did while it was watched. All paths are absolute, links in them not followed.

    Attributes:
        files: files that were opened for reading, by the step or by a library or process on its behalf, and that are
            still there. Those that the step itself wrote first are none.
        listed: folders whose names were listed.
        absent: paths that were looked for and were not there, and inputs that were gone at the end.
        written: files that were opened for writing. A path in ``absent`` as well was made because it was not there; one
            in ``files`` as well is an input that the step changes.
        written_here: those of them that this process's own Python wrote.
        variables: environment variables that the project's own code asked for → value; None where there was none.
        surroundings: places that read all environment variables.
        clock, chance, network, processes: what was seen of each, in order, each place once.
        blind: sentences on what could not be watched this time; empty if everything could be.
    """

    files: frozenset[Path] = frozenset()
    listed: frozenset[Path] = frozenset()
    absent: frozenset[Path] = frozenset()
    written: frozenset[Path] = frozenset()
    written_here: frozenset[Path] = frozenset()
    variables: Mapping[str, str | None] = field(default_factory=dict)
    surroundings: tuple[Sighting, ...] = ()
    clock: tuple[Sighting, ...] = ()
    chance: tuple[Sighting, ...] = ()
    network: tuple[Sighting, ...] = ()
    processes: tuple[Sighting, ...] = ()
    blind: tuple[str, ...] = ()
