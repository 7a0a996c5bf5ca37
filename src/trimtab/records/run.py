"""Run v1: one recorded execution: code, data, environment, parameters, outputs, verdict."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from trimtab.base.digest import Digest, digest_json, short
from trimtab.base.instants import Instant
from trimtab.base.verdict import Evidence, Verdict
from trimtab.records.journal import Actor


class RunState(StrEnum):
    """A run is recorded when it starts; a crash leaves it running, and the next look finds its lease free."""

    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"


class Code(msgspec.Struct, frozen=True, kw_only=True):
    """The project's code: ``source`` names the content-addressed snapshot; the commit and the uncommitted changes
    (digest of ``git diff HEAD``) are None outside Git."""

    source: Digest
    commit: str | None = None
    uncommitted: Digest | None = None


class Data(msgspec.Struct, frozen=True, kw_only=True):
    """The rows a run saw, as of its time.

    ``table`` is the digest by schema and values. ``origin`` counts the rows by where they came from (``source``,
    ``log``); ``left_out`` counts rows of the log that do not fit the contract. The newest ``judged_rows`` were kept
    from training and used by the gates.
    """

    table: Digest
    rows: int
    judged_rows: int
    origin: dict[str, int]
    left_out: int
    first_event: Instant
    last_event: Instant


class Environment(msgspec.Struct, frozen=True, kw_only=True):
    """Where it ran: interpreter, platform, processor, and the exact distributions that the user's code loads."""

    python: str
    implementation: str
    platform: str
    machine: str
    processor: str
    threads: int
    packages: dict[str, str]


class Run(msgspec.Struct, frozen=True, kw_only=True, tag_field="schema", tag="trimtab.run/1"):
    """One execution of a project's pipeline.

    Attributes:
        run_id: derived from the action's key for a retraining, so that doing it twice is doing it once.
        kind: ``run`` (a person, the working tree) or ``retrain`` (the loop, the champion's source snapshot).
        as_of: nothing that arrived at or after this moment was seen.
        parent: the champion's run whose source and lock a retraining used.
        metrics: figures on the judged rows.
        outputs: name → digest of what it made: ``model``, ``release``.
        problem: for a failed run, the error as the user saw it.
    """

    run_id: str
    project: str
    kind: str
    state: RunState
    actor: Actor
    started_at: Instant
    as_of: Instant
    code: Code | None = None
    environment: Environment | None = None
    data: Data | None = None
    parameters: dict[str, str | int | float | bool | None] = {}
    seed: int = 0
    metrics: dict[str, float] = {}
    verdict: Verdict | None = None
    evidence: tuple[Evidence, ...] = ()
    outputs: dict[str, Digest] = {}
    parent: str | None = None
    finished_at: Instant | None = None
    problem: str = ""


def retraining_id(endpoint: str, key: str) -> str:
    """The id of the run that a training's action leads to: the same key is the same run, so doing it twice is once."""
    return f"retrain-{short(digest_json([endpoint, key]))}"
