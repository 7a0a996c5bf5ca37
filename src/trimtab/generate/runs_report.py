"""What a comparison of runs shows, as one value: the terminal, the page and the JSON document are made from it."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from trimtab.generate.runs_curves import curve, drawn
from trimtab.records.comparison import Comparison
from trimtab.records.run import Run
from trimtab.records.series import Series

TITLES: Final = {
    "code": "Code",
    "data": "Data",
    "environment": "Environment",
    "parameters": "Parameters",
    "steps": "Steps",
    "metrics": "Metrics",
    "results": "Results",
    "circumstances": "When and where",
}
"""Section of a comparison → its heading."""


class FileDiff(msgspec.Struct, frozen=True, kw_only=True):
    """How a file of the source differs between two runs: the lines of a unified diff, or why there are none."""

    path: str
    lines: tuple[str, ...] = ()
    note: str = ""


class SideBySide(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a comparison shows.

    Attributes:
        curves: each run's logged series by metric; empty where a run has none, or they are not kept here.
        diffs: how each changed file differs, of two runs.
        notes: what could not be read.
    """

    runs: tuple[Run, ...]
    comparison: Comparison
    curves: tuple[dict[str, Series], ...]
    diffs: tuple[FileDiff, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metrics that have a curve in some run."""
        return tuple(drawn(self.curves))


def to_document(side: SideBySide) -> dict[str, Any]:
    """The comparison as values that JSON has; curves are thinned as they are in the picture, and NaN is null."""
    return {
        "runs": [run.run_id for run in side.runs],
        "differs": side.comparison.differs,
        "sections": {
            section.name: {
                "different": [
                    {"name": line.name, "kind": line.kind, "values": list(line.values)} for line in section.different
                ],
                "same": section.same,
                "notes": list(section.notes),
            }
            for section in side.comparison.sections
        },
        "curves": {name: [_curve(each.get(name)) for each in side.curves] for name in side.metrics},
        "diffs": [{"path": each.path, "lines": list(each.lines), "note": each.note} for each in side.diffs],
        "notes": list(side.notes),
    }


def curves_document(series: dict[str, Series]) -> dict[str, Any]:
    """One run's curves by metric, thinned as they are in a picture; NaN is null."""
    return {name: _curve(one) for name, one in sorted(series.items())}


def _curve(series: Series | None) -> dict[str, Any] | None:
    if series is None:
        return None
    shown = curve(series)
    return {"logged": len(series), "steps": list(shown.steps), "values": list(shown.values)}
