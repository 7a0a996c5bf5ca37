"""Random runs and random queries on them, from a seed, for the suite that holds stores against plain Python.

Few names and few values, so that conditions are often just met: the edges are what stores differ in.
"""

from __future__ import annotations

from random import Random
from typing import Final

import msgspec

from trimtab.base.digest import Digest, digest_bytes
from trimtab.base.instants import Instant
from trimtab.base.verdict import Verdict
from trimtab.records.environment import Environment, Level
from trimtab.records.journal import Actor
from trimtab.records.run import Code, Data, FileRead, Place, Run, RunState, Scalar
from trimtab.records.run_fields import FIXED, OPEN, Field, Kind
from trimtab.records.where import AllOf, AnyOf, Compare, Not, Op, Order, RunQuery, Where

DIGESTS: Final = tuple(digest_bytes(bytes((number,))) for number in range(6))
TEXTS: Final = (
    "",
    "a",
    "A",
    "ab",
    "a%",
    "a_b",
    "ß",
    "SS",
    "z\u0000z",
    "\U0001f600",
    "10",
    "9",
    "'; DROP TABLE run; --",
)
NUMBERS: Final = (
    0, -1, 1, 6, 0.5, 6.0, 0.1 + 0.2, 0.3, -0.0, 1e300, 2**53, float(2**53), 2**53 + 1, 2**63 - 1, -(2**63), 2**64 - 1,
)  # fmt: skip
VERSIONS: Final = ("2.1", "2.1.0", "2.1rc1", "2.1.dev3", "2.1.post1", "2.9", "2.10", "2.1+cu121", "unknown", "")
NAMES: Final = ("auc", "val auc", "é.`\"' %", "depth")
_SCALARS: Final[tuple[Scalar, ...]] = (*NUMBERS, *TEXTS, True, False, None)


def random_run(chance: Random, number: int) -> Run:
    """A run with some of everything; two of them often share a value."""
    started = Instant(chance.randrange(6))
    finished = Instant(started + chance.randrange(3)) if chance.random() < 0.7 else None
    return Run(
        run_id=f"{chance.choice(('run', 'Run', 'r'))}-{number}",
        project="card-fraud",
        kind=chance.choice(("run", "retrain", "reproduce")),
        state=chance.choice(tuple(RunState)),
        actor=Actor(kind="person", name=chance.choice(TEXTS), authenticated="operating system user"),
        started_at=started,
        as_of=started,
        place=_place(chance) if chance.random() < 0.6 else None,
        code=_code(chance) if chance.random() < 0.6 else None,
        environment=_environment(chance) if chance.random() < 0.6 else None,
        data=_data(chance) if chance.random() < 0.6 else None,
        files={
            name: FileRead(content=chance.choice(DIGESTS), size=1, kept=True) for name in NAMES if chance.random() < 0.4
        },
        parameters={name: chance.choice(_SCALARS) for name in NAMES if chance.random() < 0.6},
        seed=chance.randrange(3),
        metrics={name: float(chance.choice(NUMBERS)) for name in NAMES if chance.random() < 0.6},
        verdict=chance.choice((None, *Verdict)),
        outputs={name: chance.choice(DIGESTS) for name in (*NAMES, "release") if chance.random() < 0.4},
        champion=chance.choice((None, *DIGESTS)),
        parent=chance.choice((None, "run-1", "r")),
        finished_at=finished,
        seconds=chance.choice((0.0, 0.5, 1.5)),
        peak_bytes=chance.randrange(3),
        problem=chance.choice(TEXTS),
    )


def random_query(chance: Random, runs: tuple[Run, ...]) -> RunQuery:
    """A query that some of the runs may fulfil."""
    running = [run.run_id for run in runs if run.state is RunState.RUNNING]
    return RunQuery(
        where=random_where(chance, depth=3) if chance.random() < 0.9 else None,
        order=tuple(
            Order(field=random_field(chance), descending=chance.random() < 0.5) for _ in range(chance.randrange(3))
        ),
        limit=chance.choice((None, 0, 1, 5, 1_000)),
        columns=tuple(random_field(chance) for _ in range(chance.randrange(4))),
        dead=frozenset(chance.sample(running, k=len(running) // 2)) if chance.random() < 0.3 else frozenset(),
    )


def random_where(chance: Random, *, depth: int) -> Where:
    """A condition of at most ``depth`` levels."""
    kind = chance.randrange(5) if depth else 0
    if kind <= 1:
        return random_comparison(chance)
    if kind == 2:
        return Not(part=random_where(chance, depth=depth - 1))
    parts = tuple(random_where(chance, depth=depth - 1) for _ in range(chance.choice((2, 2, 3))))
    return AllOf(parts=parts) if kind == 3 else AnyOf(parts=parts)


def random_field(chance: Random) -> Field:
    """Any field, the open sections as often as the fixed ones."""
    if chance.random() < 0.5:
        return Field(chance.choice(tuple(OPEN)), chance.choice(NAMES))
    return Field(chance.choice(tuple(FIXED)))


def random_comparison(chance: Random) -> Compare:
    """A comparison that the language can say."""
    field = random_field(chance)
    operators = [Op.EQUAL, Op.OTHER, Op.IN, Op.NOT_IN]
    if field.kind in (Kind.TEXT, Kind.VERSION, Kind.ANY):
        operators += [Op.LIKE, Op.NOT_LIKE, Op.HAS]
    if field.kind not in (Kind.NAMED, Kind.CHOICE):
        operators += [Op.LESS, Op.AT_MOST, Op.MORE, Op.AT_LEAST]
    op = chance.choice(operators)
    if op in (Op.EQUAL, Op.OTHER) and chance.random() < 0.2:
        return Compare(field=field, op=op, values=(None,))
    if op in (Op.LIKE, Op.NOT_LIKE, Op.HAS):
        return Compare(field=field, op=op, values=(chance.choice((*TEXTS, "%", "_", "%a%", "2._")),))
    count = chance.choice((1, 2, 3)) if op in (Op.IN, Op.NOT_IN) else 1
    return Compare(field=field, op=op, values=tuple(_value(chance, field) for _ in range(count)))


def _value(chance: Random, field: Field) -> Scalar:
    match field.kind:
        case Kind.NUMBER:
            number = chance.choice(NUMBERS)
            return float(number) if number > 2**63 - 1 else number
        case Kind.TIME:
            return chance.randrange(8)
        case Kind.CHOICE:
            return chance.choice(FIXED[field.section].choices)
        case Kind.VERSION:
            return chance.choice((*VERSIONS, *TEXTS))
        case Kind.NAMED if field.section in ("run", "parent"):
            return chance.choice(("run", "run-1", "r", "Run-"))
        case Kind.NAMED if field.section == "code.commit":
            return chance.choice(("3", "3f2a", "3f2b"))
        case Kind.NAMED:
            return chance.choice(DIGESTS)[: chance.choice((8, 10, 71))]
        case Kind.TEXT:
            return chance.choice(TEXTS)
        case Kind.ANY:
            value = chance.choice([each for each in _SCALARS if each is not None])
            return float(value) if isinstance(value, int) and value >= 2**63 else value


def _place(chance: Random) -> Place:
    command = tuple(chance.sample(TEXTS, k=chance.randrange(3)))
    return Place(host=chance.choice(TEXTS), user=chance.choice(TEXTS), folder=chance.choice(TEXTS), command=command)


def _code(chance: Random) -> Code:
    return Code(
        source=chance.choice(DIGESTS),
        commit=chance.choice((None, "3f2a", "3f2b")),
        branch=chance.choice((None, *TEXTS)),
        uncommitted=chance.choice((None, *DIGESTS)),
    )


def _data(chance: Random) -> Data:
    return Data(
        table=Digest(chance.choice(DIGESTS)), rows=chance.choice((0, 1, 6)), judged_rows=0, origin={}, left_out=0,
        first_event=Instant(0), last_event=Instant(0),
    )  # fmt: skip


def _environment(chance: Random) -> Environment:
    environment = Environment(
        python=chance.choice(("3.11.7", "3.9.2", "3.12.0rc1")), implementation="CPython", platform=chance.choice(TEXTS),
        machine="x86_64", processor=chance.choice(TEXTS), threads=chance.randrange(3),
        packages={name: chance.choice(VERSIONS) for name in NAMES if chance.random() < 0.6},
    )  # fmt: skip
    return msgspec.structs.replace(environment, level=chance.choice(tuple(Level)), locale=chance.choice(("", "C")))
