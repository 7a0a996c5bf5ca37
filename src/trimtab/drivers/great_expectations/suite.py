"""A suite as values: the JSON document parsed, each expectation with its severity, tolerance and columns."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from trimtab.base.errors import InputError
from trimtab.data.exchange import share_beyond
from trimtab.data.kinds import Of, Severity
from trimtab.data.wording import show

META: Final = "trimtab"
"""The key in an expectation's ``meta`` under which a contract's own words stand."""
SEVERITIES: Final[Mapping[str, Severity]] = {
    "critical": Severity.REFUSE,
    "warning": Severity.QUARANTINE,
    "info": Severity.NOTE,
}


class SuiteError(InputError):
    """What was given as a suite of Great Expectations is none that can be read."""

    code = "TT1221"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """One expectation of a suite.

    Attributes:
        type: ``expect_column_values_to_be_between``.
        kwargs: its arguments, as the document has them.
        outside: what its ``severity`` means in a contract.
        share: the share of the values that are there which may break it: 1 - ``mostly``.
        because: its notes, or the reason that Trimtab wrote.
        ours: what Trimtab wrote into ``meta``.
        when: its row condition as a contract's ``when``; set by the reader.
    """

    type: str
    kwargs: Mapping[str, Any]
    outside: Severity = Severity.REFUSE
    share: float = 0.0
    because: str = ""
    ours: Mapping[str, Any] = field(default_factory=dict)
    when: str = ""

    @property
    def column(self) -> str:
        """The column that it is about; empty where there is none, or several."""
        return str(self.kwargs.get("column") or "")

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns that it names as its subject, each once."""
        kwargs = self.kwargs
        named = [kwargs.get("column"), kwargs.get("column_A"), kwargs.get("column_B")]
        for key in ("column_list", "column_set"):
            named += kwargs.get(key) or []
        return tuple(dict.fromkeys(str(name) for name in named if name))

    @property
    def rule(self) -> dict[str, Any]:
        """What a rule over rows takes over: its tolerance, what happens beyond it, and why."""
        return {"share": self.share, "of": self.of, "outside": self.outside, "because": self.because}

    @property
    def of(self) -> Of:
        """What its share counts: the values that are there, unless Trimtab wrote that it is all rows."""
        return Of.VALUES if self.share and self.ours.get("of") != Of.ROWS else Of.ROWS

    @property
    def table_outside(self) -> Severity:
        """What it means for a rule that has no rows to set aside."""
        return Severity.NOTE if self.outside is Severity.QUARANTINE else self.outside


def parse_suite(text: str) -> tuple[Expectation, ...]:
    """The expectations of a suite's JSON.

    Raises:
        SuiteError: it is not JSON, or not a suite of Great Expectations 1.
    """
    fix = "Give the suite's JSON file, as Great Expectations 1 keeps it under gx/expectations."
    try:
        document = json.loads(text)
    except ValueError as error:
        raise SuiteError(f"the suite is not JSON: {error}", fix=fix) from error
    listed = document.get("expectations") if isinstance(document, dict) else None
    if not isinstance(listed, list):
        raise SuiteError("the document has no list of expectations", fix=fix)
    return tuple(_expectations(listed))


def _expectations(listed: list[Any]) -> Iterator[Expectation]:
    for place, entry in enumerate(listed, 1):
        kind = entry.get("type") if isinstance(entry, dict) else None
        if isinstance(entry, dict) and kind is None and "expectation_type" in entry:
            fix = "Open it with Great Expectations 1 and save it again; the names of its fields have changed."
            raise SuiteError("this suite was written by a Great Expectations before version 1", fix=fix)
        if not isinstance(kind, str) or not isinstance(entry.get("kwargs", {}), dict):
            fix = 'Each expectation is an object with "type" and "kwargs".'
            raise SuiteError(f"expectation {place} of the suite has no type or no kwargs", fix=fix)
        yield _expectation(kind, entry, place)


def _expectation(kind: str, entry: Mapping[str, Any], place: int) -> Expectation:
    meta = entry.get("meta") or {}
    found = meta.get(META)
    ours: dict[str, Any] = found if isinstance(found, dict) else {}
    kwargs = {key: value for key, value in entry.get("kwargs", {}).items() if value is not None}
    severity = entry.get("severity") or "critical"
    if severity not in SEVERITIES:
        problem = f"expectation {place} ({kind}) has the severity {show(severity)}"
        raise SuiteError(problem, fix=f"Write one of {', '.join(SEVERITIES)}.")
    mostly = kwargs.get("mostly", 1.0)
    if isinstance(mostly, bool) or (isinstance(mostly, int | float) and not 0 <= mostly <= 1):
        problem = f"expectation {place} ({kind}) has mostly = {show(mostly)}"
        raise SuiteError(problem, fix="Write a number from 0 to 1.")
    return Expectation(
        type=kind,
        kwargs=kwargs,
        outside=SEVERITIES[severity],
        share=share_beyond(mostly) if isinstance(mostly, int | float) else 0.0,
        because=str(ours.get("because") or _notes(entry, meta)),
        ours=ours,
    )


def _notes(entry: Mapping[str, Any], meta: Mapping[str, Any]) -> str:
    """An expectation's notes as one text: they stand beside it since version 1, and in ``meta`` before."""
    notes = entry.get("notes") or meta.get("notes") or ""
    if isinstance(notes, dict):
        notes = notes.get("content") or ""
    return " ".join(map(str, notes)) if isinstance(notes, list) else str(notes)


def at_run_time(expectation: Expectation) -> str:
    """The argument that is given when a suite is run, where there is one."""
    for key, value in expectation.kwargs.items():
        if isinstance(value, dict) and ("$PARAMETER" in value or "window" in value):
            return key
    return "windows" if expectation.kwargs.get("windows") else ""
