"""Which steps must run, and why the others need not.

A plan is a value with two readers: ``trimtab run --explain`` prints it, and a run carries it out. It is made step by
step in the graph's order, because a step's key needs what its inputs came to: while one of them has yet to run, the
steps behind it wait, and an input that comes out as it was before stops the wave there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final

import msgspec

from trimtab.base.digest import Digest
from trimtab.pipeline.parts import Part, PartKind, difference, key_of
from trimtab.records.kept import Result

NOT_KEPT: Final = "its result is no longer kept"


class Fate(StrEnum):
    """A step runs, an earlier result of it is kept, or it waits for what its inputs come to."""

    RUNS = "runs"
    KEPT = "kept"
    WAITS = "waits"


class Unstable(msgspec.Struct, frozen=True, kw_only=True):
    """Why a step's result is not kept for the next run: what it does that no key can hold, and where."""

    what: str
    at: str = ""

    def __str__(self) -> str:
        return f"{self.what} ({self.at})" if self.at else self.what


class StepFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a step before its inputs are.

    ``parts`` are all but the inputs. ``unstable`` is why it runs every time; ``notes`` what is to be said of it.
    ``code`` are the files of a command's code, which counts by what it says: opening them is no reading of data.
    ``named`` are texts in its code that may be files which it reads. ``reached`` are the files that its code was
    followed into, where it could not be followed everywhere; None where it could.
    """

    step: str
    inputs: tuple[str, ...]
    parts: tuple[Part, ...]
    unstable: tuple[Unstable, ...] = ()
    notes: tuple[str, ...] = ()
    code: frozenset[str] = frozenset()
    named: frozenset[str] = frozenset()
    reached: frozenset[str] | None = None


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a plan: its fate, why, its key and parts where its inputs are known, and the result that is kept."""

    step: str
    fate: Fate
    because: str
    key: Digest | None = None
    parts: tuple[Part, ...] = ()
    result: Result | None = None
    notes: tuple[str, ...] = ()


def with_inputs(facts: StepFacts, inputs: Mapping[str, Digest]) -> tuple[Part, ...]:
    """All parts of a step: what is known of it, and what its inputs came to."""
    given = (Part(kind=PartKind.INPUT, name=name, value=inputs[name]) for name in facts.inputs)
    return (*facts.parts, *given)


def wait(facts: StepFacts, running: Sequence[str]) -> Planned:
    """The plan of a step some of whose inputs have yet to run."""
    return Planned(
        step=facts.step,
        fate=Fate.WAITS,
        because=f"runs if {_listed(running)} come{'s' if len(running) == 1 else ''} to something else",
        notes=facts.notes,
    )


def decide(
    facts: StepFacts,
    inputs: Mapping[str, Digest],
    found: Sequence[tuple[Result, str]],
    before: Sequence[Part] | None,
) -> Planned:
    """The plan of a step whose inputs are known.

    Args:
        inputs: input → digest of its value.
        found: the results that are kept under the step's key, each with what speaks against it (a file that it read
            has changed, its value is damaged); empty where nothing does. The first without is taken.
        before: the parts with which the step last ran; None if it never did.
    """
    parts = with_inputs(facts, inputs)
    key = key_of(parts)

    def planned(fate: Fate, because: str, result: Result | None = None) -> Planned:
        return Planned(
            step=facts.step, fate=fate, because=because, key=key, parts=parts, result=result, notes=facts.notes
        )

    if facts.unstable:
        more = f", and {len(facts.unstable) - 1} more" if len(facts.unstable) > 1 else ""
        return planned(Fate.RUNS, f"every time: {facts.unstable[0]}{more}")
    for result, against in found:
        if not against:
            return planned(Fate.KEPT, f"nothing it follows from has changed since {result.made_by}", result)
    if found:
        return planned(Fate.RUNS, found[0][1])
    if before is None:
        return planned(Fate.RUNS, "never ran before")
    return planned(Fate.RUNS, difference(parts, before) or NOT_KEPT)


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
