"""Run v2: one recorded execution: code, data, environment, parameters, steps, outputs, verdict."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from trimtab.base.digest import Digest, digest_json, short
from trimtab.base.instants import Instant
from trimtab.base.verdict import Evidence, Verdict
from trimtab.records.environment import Environment
from trimtab.records.journal import Actor

Scalar = str | int | float | bool | None


class RunState(StrEnum):
    """A run is recorded when it starts; a crash leaves it running, and the next look finds its lease free."""

    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"


class StepState(StrEnum):
    """What became of a step: it was executed, an earlier result was kept, or it failed."""

    RAN = "ran"
    KEPT = "kept"
    FAILED = "failed"


class Code(msgspec.Struct, frozen=True, kw_only=True):
    """The project's code: ``source`` names the content-addressed snapshot; the commit, the branch and the uncommitted
    changes (digest of ``git diff HEAD``) are None outside Git."""

    source: Digest
    commit: str | None = None
    branch: str | None = None
    uncommitted: Digest | None = None


class Data(msgspec.Struct, frozen=True, kw_only=True):
    """The rows a run saw, as of its time.

    ``table`` is the digest by schema and values. ``origin`` counts the rows by where they came from (``source``,
    ``log``); ``left_out`` counts rows of the log that do not fit the contract. The newest ``judged_rows`` were kept
    from training and used by the gates. ``sources`` are the files of the project's table, by path; where the rows came
    from a server there are none.
    """

    table: Digest
    rows: int
    judged_rows: int
    origin: dict[str, int]
    left_out: int
    first_event: Instant
    last_event: Instant
    sources: dict[str, Digest] = {}


class FileRead(msgspec.Struct, frozen=True, kw_only=True):
    """A file that a run read, by content.

    ``kept`` says whether its bytes are among the project's blobs (``keep = "copy"``) or only its digest is
    (``keep = "reference"``: the file must still be there, unchanged, for the run to be executed again).
    """

    content: Digest
    size: int
    kept: bool


class StepRun(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one step.

    Attributes:
        because: why it ran or was kept, a sentence.
        key: names code, inputs, parameters, libraries, variables and Python: what its result follows from.
        inputs: input → digest of the value that it was given.
        output: digest of its result; None if it failed.
        made_by: the run that computed the result; this run's own id where it ran.
        reads: path → digest of the files that it read, declared or observed. Relative to the project where inside.
        variables: environment variables that it declares or was seen to read → value, or its digest if it is a secret;
            None where it was not set.
        notes: what could not be followed or will not repeat: dispatch, clock, chance, network.
        attempts: how often it was tried.
        seconds: wall time of the last attempt; 0 for a kept one.
        peak_bytes: the process's peak memory when the step ended; 0 for a kept one.
    """

    step: str
    state: StepState
    because: str
    key: Digest
    inputs: dict[str, Digest] = {}
    output: Digest | None = None
    made_by: str = ""
    reads: dict[str, Digest] = {}
    variables: dict[str, str | None] = {}
    notes: tuple[str, ...] = ()
    attempts: int = 1
    seconds: float = 0.0
    peak_bytes: int = 0


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a run was started: the machine's name, the operating system's user, the folder, and the command line.

    Words of the command line that look like secrets are replaced by their digests.
    """

    host: str
    user: str
    folder: str
    command: tuple[str, ...] = ()


class Run(msgspec.Struct, frozen=True, kw_only=True, tag_field="schema", tag="trimtab.run/2"):
    """One execution of a project's pipeline.

    Attributes:
        run_id: derived from the action's key for a retraining, so that doing it twice is doing it once.
        kind: ``run`` (a person, the working tree), ``retrain`` (the loop, the champion's source snapshot) or
            ``reproduce`` (a recorded run, executed again).
        as_of: nothing that arrived at or after this moment was seen.
        files: path → what was read from it, by any step; paths inside the project are relative to it.
        parameters: hyper-parameters as they were used, and what the project's code logged as such.
        metrics: figures on the judged rows, and the last value of each figure that the project's code logged.
        series: the blob with every logged value, step and time; None if nothing was logged.
        outputs: name → digest of what it made: ``model``, ``release``, and each step's output by the step's name.
        champion: the release that the candidate was compared with.
        parent: for a retraining, the champion's run whose source it used; for a reproduction, the run it repeats.
        seconds: wall time from start to end.
        peak_bytes: the process's peak memory.
        problem: for a failed run, the error as the user saw it.
    """

    run_id: str
    project: str
    kind: str
    state: RunState
    actor: Actor
    started_at: Instant
    as_of: Instant
    place: Place | None = None
    code: Code | None = None
    environment: Environment | None = None
    data: Data | None = None
    files: dict[str, FileRead] = {}
    parameters: dict[str, Scalar] = {}
    seed: int = 0
    steps: tuple[StepRun, ...] = ()
    metrics: dict[str, float] = {}
    series: Digest | None = None
    verdict: Verdict | None = None
    evidence: tuple[Evidence, ...] = ()
    outputs: dict[str, Digest] = {}
    champion: Digest | None = None
    parent: str | None = None
    finished_at: Instant | None = None
    seconds: float = 0.0
    peak_bytes: int = 0
    problem: str = ""


def retraining_id(endpoint: str, key: str) -> str:
    """The id of the run that a training's action leads to: the same key is the same run, so doing it twice is once."""
    return f"retrain-{short(digest_json([endpoint, key]))}"
