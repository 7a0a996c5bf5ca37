"""The project as a value: what ``trimtab.toml`` says, with the reason for each default.

Parsing is another module's work (`trimtab.spec.parse`); everything above sees only these values. Spans are
microseconds, shares and levels are 0–1. Structs, since every command makes these classes: dataclasses took 7 ms more.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import PurePosixPath

import msgspec

from trimtab.base.errors import InputError
from trimtab.base.instants import DAY, HOUR, MILLISECOND, Span


class Task(StrEnum):
    """What is predicted: one of two classes, one of many, or a number."""

    BINARY = "binary"
    CLASSES = "classes"
    REGRESSION = "regression"


class Promote(StrEnum):
    """Who lets a challenger that passed its gates into service: a person (the default), or the loop itself."""

    ASK = "ask"
    AUTO = "auto"


class Durability(StrEnum):
    """What a logged answer survives: the death of the process, or also a power cut (slower)."""

    PROCESS = "process"
    FSYNC = "fsync"


class Keep(StrEnum):
    """What is kept of the files that a run reads: their bytes, or digests alone (they must then stay there)."""

    COPY = "copy"
    REFERENCE = "reference"


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """Where the rows are.

    ``label_delay`` is how long after its event a row of this table had its label: it stands in for the arrival
    times that a plain table does not carry. ``zone`` names the zone of naive times; without it they are refused. With
    ``sql``, the path names a database and the rows are the query's.
    """

    path: str
    time: str
    label: str
    key: str | None = None
    label_delay: Span = Span(0)
    zone: str | None = None
    contract: PurePosixPath = PurePosixPath("contract.toml")
    sql: str = ""


class Pipeline(msgspec.Struct, frozen=True, kw_only=True):
    """The module with the project's functions, and values for their hyper-parameters.

    ``lock`` names a lock whose pins must agree with what is installed; a difference refuses. ``secret`` names
    parameters and variables that are recorded as digests only. ``serialisers`` name objects (``module:NAME``) that
    keep what a step returns and Trimtab has no format for. ``keep`` is for the files that steps read.
    """

    module: str = "pipeline"
    seed: int = 0
    lock: PurePosixPath | None = None
    params: dict[str, str | int | float | bool] = {}
    secret: tuple[str, ...] = ()
    serialisers: tuple[str, ...] = ()
    keep: Keep = Keep.COPY


class CommandStep(msgspec.Struct, frozen=True, kw_only=True):
    """A step that is a command: an existing script joins without being rewritten.

    ``run`` is split into words as a shell would, and no shell reads it. ``reads`` are paths and globs, relative to the
    project; ``writes`` are the paths that it must have written when it ends with 0, and that are kept. ``env`` are the
    variables whose values it depends on. ``retries`` is how often it is tried again after a failure; ``time_limit``
    ends it.
    """

    name: str
    run: str
    reads: tuple[str, ...] = ()
    writes: tuple[PurePosixPath, ...] = ()
    env: tuple[str, ...] = ()
    retries: int = 0
    time_limit: Span | None = None

    def makes(self, name: str) -> bool:
        """Whether a path relative to the project is one that it writes, or lies below one."""
        return any(name == str(path) or name.startswith(f"{path}/") for path in self.writes)


class Reproduce(msgspec.Struct, frozen=True, kw_only=True):
    """When a run that is executed again counts as equal: each figure within ``tolerance`` of it, relative to it.

    0 by default: the same code on the same data and processor gives the same bits, unless something is wrong.
    """

    tolerance: float = 0.0


class MetricGate(msgspec.Struct, frozen=True, kw_only=True):
    """A limit on one metric.

    ``floor`` is the worst acceptable value (``min`` for a score, ``max`` for an error). ``tolerance`` is by how
    much a challenger may be worse than the champion on the same rows: 0.02 for "not worse by 0.02", a negative
    number for "better by …"; None where the champion is not compared.
    """

    metric: str
    floor: float | None = None
    tolerance: float | None = None


class Judging(msgspec.Struct, frozen=True, kw_only=True):
    """The newest rows, kept from training: a share of all rows (0–1) or a span; exactly one is set."""

    share: float | None = 0.2
    span: Span | None = None


class Gates(msgspec.Struct, frozen=True, kw_only=True):
    """What a candidate must pass.

    ``level`` is the confidence of each bound. ``block`` is the length of the time blocks that the bootstrap draws:
    neighbouring rows are alike, so rows are drawn by the day and not one by one. ``latency_p99`` is per row, in the
    worker, scored singly.
    """

    metrics: tuple[MetricGate, ...] = ()
    judging: Judging = Judging()
    level: float = 0.9
    block: Span = DAY
    latency_p99: Span = Span(250 * MILLISECOND)


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """A step of a rollout: the challenger's share of the answers (0 for a shadow) and the least time it lasts."""

    share: float
    least: Span

    @property
    def shadow(self) -> bool:
        """Whether the challenger answers unheard in this step."""
        return self.share == 0.0


class Serve(msgspec.Struct, frozen=True, kw_only=True):
    """The endpoint and how a release comes into it.

    A step is judged on at least ``min_requests`` answers of the challenger; until then it is UNSURE and waits.
    ``max_failures`` is the share of failed or refused answers that is still acceptable; ``max_score_shift`` how far
    the challenger's scores may be from its own on the rows that it was judged on (Kolmogorov–Smirnov distance, 0–1).
    """

    endpoint: str = "main"
    host: str = "127.0.0.1"
    port: int = 8420
    rollout: tuple[Step, ...] = (
        Step(share=0.0, least=HOUR),
        Step(share=0.05, least=HOUR),
        Step(share=0.25, least=HOUR),
        Step(share=1.0, least=Span(0)),
    )
    min_requests: int = 50
    max_failures: float = 0.05
    max_score_shift: float = 0.5
    durability: Durability = Durability.PROCESS


class Watch(msgspec.Struct, frozen=True, kw_only=True):
    """What is watched in production.

    ``window`` is the slice that is summarised once; ``memory`` the rolling span that drift is judged on.
    ``metric`` is the realised quality that decay is judged on (the first gate's by default) and ``decay`` how much
    below its expectation it may lie. ``drift`` is the Kolmogorov–Smirnov distance, or the change of a category's
    share, that is still tolerable. ``false_alarms`` is the chance of a false decay alarm within a year of windows.
    """

    window: Span = DAY
    memory: Span = Span(14 * DAY)
    metric: str = ""
    decay: float = 0.05
    drift: float = 0.15
    false_alarms: float = 0.05


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    """At most ``trainings`` automatic trainings within any ``per``."""

    trainings: int
    per: Span


class Retrain(msgspec.Struct, frozen=True, kw_only=True):
    """When the loop trains by itself.

    ``on_decay`` and ``on_drift`` follow the watched signals; ``every`` is a plain schedule. ``span`` limits the
    training rows to the newest (None: all). ``lag`` is what a training takes in a replay, whatever the processor's
    speed; ``route_lag`` what a change of the route takes there.
    """

    on_decay: bool = True
    on_drift: bool = False
    every: Span | None = None
    span: Span | None = None
    min_labels: int = 300
    cooldown: Span = Span(7 * DAY)
    budget: Budget = Budget(trainings=6, per=Span(90 * DAY))
    promote: Promote = Promote.ASK
    lag: Span = DAY
    route_lag: Span = HOUR


class Project(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that ``trimtab.toml`` says.

    ``data`` is None for a project that is a pipeline alone: nothing of it is gated, released or served. ``task`` is
    None where it is to be inferred from the label.
    """

    name: str
    data: Source | None = None
    task: Task | None = None
    steps: tuple[CommandStep, ...] = ()
    reproduce: Reproduce = Reproduce()
    pipeline: Pipeline = Pipeline()
    gates: Gates = Gates()
    serve: Serve = Serve()
    watch: Watch = Watch()
    retrain: Retrain = Retrain()

    def makes(self, name: str) -> bool:
        """Whether a path relative to the project is what a command of it writes: it can be made again."""
        return any(step.makes(name) for step in self.steps)

    @property
    def source(self) -> Source:
        """Where the rows are; raises `InputError` for a project without ``[data]``."""
        if self.data is None:
            raise InputError(
                f"the project {self.name!r} has no [data] table, so there is nothing to check, release or serve",
                fix="Add [data] to trimtab.toml, or use `trimtab run`, `runs` and `reproduce` alone.",
            )
        return self.data
