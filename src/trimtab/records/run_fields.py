"""What can be asked of a run: its fields by name, how each is compared, and its value in a record.

A store keeps these values beside the record, so that 100,000 runs are searched without opening one; the record stays
the truth, and what a store answers must be what `value_of` gives. Fixed fields are there for every run; the open
sections (``metrics.…``, ``params.…``, ``outputs.…``, ``files.…``, ``env.packages.…``) have a name for each thing that a
run happens to have.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import StrEnum
from functools import lru_cache
from math import isfinite
from typing import Final

import msgspec

from trimtab.base.digest import Digest
from trimtab.base.errors import InputError
from trimtab.records.environment import Environment
from trimtab.records.run import Run, Scalar
from trimtab.records.versioned import encode


class UnrecordableRunError(InputError):
    """A run has a figure that is no number, and its record would lose it without a word."""

    code = "TT1377"


class Kind(StrEnum):
    """How the values of a field are compared.

    NAMED values (ids, digests, commits) are equal to any beginning of theirs, as everywhere on the command line.
    VERSIONs are compared by their numbers: 2.9 is before 2.10, 2.1 is 2.1.0. A CHOICE is one of a few words.
    """

    NUMBER = "number"
    TEXT = "text"
    TIME = "time"
    NAMED = "named"
    VERSION = "version"
    CHOICE = "choice"
    ANY = "any"


class Field(msgspec.Struct, frozen=True):
    """A field of a run: ``Field("state")``, ``Field("code.commit")``, ``Field("metrics", "auc")``."""

    section: str
    name: str = ""

    @property
    def key(self) -> str:
        """The name under which a store keeps it, e.g. ``metrics.auc``."""
        return f"{self.section}.{self.name}" if self.name else self.section

    @property
    def kind(self) -> Kind:
        return OPEN[self.section] if self.name else FIXED[self.section].kind


class Fixed(msgspec.Struct, frozen=True):
    """A field that every run has a place for; ``of`` gives None where the run has nothing there."""

    kind: Kind
    of: Callable[[Run], Scalar]
    choices: tuple[str, ...] = ()


ENVIRONMENT: Final = "env."
"""What the names of all fields of a run's environment begin with."""

OPEN: Final[dict[str, Kind]] = {
    "metrics": Kind.NUMBER,
    "params": Kind.ANY,
    "outputs": Kind.NAMED,
    "files": Kind.NAMED,
    "env.packages": Kind.VERSION,
}

FIXED: Final[dict[str, Fixed]] = {
    "run": Fixed(Kind.NAMED, lambda run: run.run_id),
    "kind": Fixed(Kind.CHOICE, lambda run: run.kind, ("run", "retrain", "reproduce")),
    "state": Fixed(Kind.CHOICE, lambda run: run.state.value, ("running", "finished", "failed")),
    "verdict": Fixed(Kind.CHOICE, lambda run: run.verdict.value if run.verdict else None, ("PASS", "FAIL", "UNSURE")),
    "started": Fixed(Kind.TIME, lambda run: run.started_at),
    "finished": Fixed(Kind.TIME, lambda run: run.finished_at),
    "as_of": Fixed(Kind.TIME, lambda run: run.as_of),
    "seconds": Fixed(Kind.NUMBER, lambda run: run.seconds if run.finished_at is not None else None),
    "peak_bytes": Fixed(Kind.NUMBER, lambda run: run.peak_bytes or None),
    "user": Fixed(Kind.TEXT, lambda run: run.place.user if run.place else run.actor.name),
    "host": Fixed(Kind.TEXT, lambda run: run.place.host if run.place else None),
    "folder": Fixed(Kind.TEXT, lambda run: run.place.folder if run.place else None),
    "command": Fixed(Kind.TEXT, lambda run: " ".join(run.place.command) if run.place and run.place.command else None),
    "seed": Fixed(Kind.NUMBER, lambda run: run.seed),
    "problem": Fixed(Kind.TEXT, lambda run: run.problem or None),
    "parent": Fixed(Kind.NAMED, lambda run: run.parent),
    "champion": Fixed(Kind.NAMED, lambda run: run.champion),
    "release": Fixed(Kind.NAMED, lambda run: run.outputs.get("release")),
    "code.source": Fixed(Kind.NAMED, lambda run: run.code.source if run.code else None),
    "code.commit": Fixed(Kind.NAMED, lambda run: run.code.commit if run.code else None),
    "code.branch": Fixed(Kind.TEXT, lambda run: run.code.branch if run.code else None),
    "code.uncommitted": Fixed(Kind.NAMED, lambda run: run.code.uncommitted if run.code else None),
    "data.table": Fixed(Kind.NAMED, lambda run: run.data.table if run.data else None),
    "data.rows": Fixed(Kind.NUMBER, lambda run: run.data.rows if run.data else None),
    "data.judged_rows": Fixed(Kind.NUMBER, lambda run: run.data.judged_rows if run.data else None),
    "env.python": Fixed(Kind.VERSION, lambda run: _environment(run, "python")),
    "env.implementation": Fixed(Kind.TEXT, lambda run: _environment(run, "implementation")),
    "env.platform": Fixed(Kind.TEXT, lambda run: _environment(run, "platform")),
    "env.libc": Fixed(Kind.TEXT, lambda run: _environment(run, "libc") or None),
    "env.machine": Fixed(Kind.TEXT, lambda run: _environment(run, "machine")),
    "env.processor": Fixed(Kind.TEXT, lambda run: _environment(run, "processor")),
    "env.threads": Fixed(Kind.NUMBER, lambda run: _environment(run, "threads")),
    "env.locale": Fixed(Kind.TEXT, lambda run: _environment(run, "locale") or None),
    "env.level": Fixed(
        Kind.CHOICE, lambda run: run.environment.level.value if run.environment else None, ("locked", "observed")
    ),
    "env.lock": Fixed(
        Kind.NAMED, lambda run: run.environment.lock.content if run.environment and run.environment.lock else None
    ),
}

_RELEASE: Final = re.compile(r"v?(\d+(?:\.\d+)*)(.*)", re.DOTALL)
_BEFORE: Final = re.compile(r"[._-]?(a|b|c|rc|alpha|beta|pre|preview)[._-]?\d*", re.DOTALL)
_LARGEST: Final = 1 << 63


def value_of(run: Run, field: Field) -> Scalar:
    """What the run has in the field; None if nothing."""
    if not field.name:
        return comparable(FIXED[field.section].of(run))
    named: dict[str, Callable[[], Scalar]] = {
        "metrics": lambda: run.metrics.get(field.name),
        "params": lambda: run.parameters.get(field.name),
        "outputs": lambda: run.outputs.get(field.name),
        "files": lambda: files_of(run).get(field.name),
        "env.packages": lambda: run.environment.packages.get(field.name) if run.environment else None,
    }
    return comparable(named[field.section]())


def encode_run(run: Run) -> bytes:
    """The run's canonical JSON.

    Raises:
        UnrecordableRunError: a metric or a parameter is NaN or infinite: JSON would make nothing of it in silence.
    """
    for what, named in (("metric", run.metrics), ("parameter", run.parameters)):
        for name, value in named.items():
            if isinstance(value, float) and not isfinite(value):
                raise UnrecordableRunError(
                    f"the {what} {name!r} of {run.run_id} is {value}, which no record can hold",
                    fix="Leave it out of the record; the series of logged values can hold it.",
                )
    return encode(run)


def own_facts(run: Run) -> dict[str, Scalar]:
    """Key → value of what differs from run to run in the open sections: metrics, parameters, outputs."""
    facts: dict[str, Scalar] = {f"metrics.{name}": value for name, value in run.metrics.items()}
    facts |= {f"params.{name}": value for name, value in run.parameters.items()}
    facts |= {f"outputs.{name}": value for name, value in run.outputs.items()}
    return {key: comparable(value) for key, value in facts.items() if value is not None}


def environment_facts(run: Run) -> dict[str, Scalar]:
    """Key → value of the run's environment, which it shares with most others."""
    facts = {key: value_of(run, Field(key)) for key in FIXED if key.startswith(ENVIRONMENT)}
    if run.environment is not None:
        facts |= {f"env.packages.{name}": version for name, version in run.environment.packages.items()}
    return {key: value for key, value in facts.items() if value is not None}


def files_of(run: Run) -> dict[str, Digest]:
    """The files that a run read, by path: those of its table, and those that its steps read."""
    sources = run.data.sources if run.data is not None else {}
    return {**sources, **{path: read.content for path, read in run.files.items()}}


def file_facts(run: Run) -> dict[str, Scalar]:
    """Key → digest of the files that a run read, which it shares with all that read the same."""
    return {f"files.{path}": digest for path, digest in files_of(run).items()}


def comparable(value: Scalar) -> Scalar:
    """The value as every store can compare it: a whole number beyond 64 bits is its nearest float."""
    if isinstance(value, int) and not isinstance(value, bool) and not -_LARGEST <= value < _LARGEST:
        return float(value)
    return value


@lru_cache(maxsize=4096)
def version_key(version: str) -> str:
    """A text that sorts as the version does: by its numbers, drafts before the release, what follows it behind."""
    found = _RELEASE.fullmatch(version.strip().lower())
    if found is None:
        return f" {version}"
    numbers = [number.lstrip("0") for number in found[1].split(".")]
    while len(numbers) > 1 and not numbers[-1]:
        numbers.pop()
    rest = found[2]
    if rest.startswith((".dev", "dev")):
        place = "!"
    elif _BEFORE.match(rest):
        place = '"'
    else:
        place = "$" if rest else "#"
    parts = [_in_order(part) if part.isdecimal() else part for part in re.findall(r"[a-z]+|[0-9]+", rest)]
    return "".join(map(_in_order, numbers)) + place + "".join(parts)


def _in_order(number: str) -> str:
    """Digits that sort as their number does: a longer one behind a shorter one."""
    digits = number.lstrip("0")
    return chr(ord("A") + min(len(digits), 60)) + digits


def _environment(run: Run, name: str) -> Scalar:
    environment: Environment | None = run.environment
    found: Scalar = getattr(environment, name) if environment is not None else None
    return found
