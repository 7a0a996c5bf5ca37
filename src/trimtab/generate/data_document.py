"""A report as the document ``trimtab.data-report/1`` for a machine: readable figures, no packed bytes, never NaN."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, Final

from trimtab.base.instants import format_instant
from trimtab.base.verdict import Verdict
from trimtab.data.column_profile import TimeColumn
from trimtab.data.describe import longest_gap, strongest_correlations
from trimtab.data.differences import Differences, Effect
from trimtab.data.kinds import ColumnType
from trimtab.data.profile import Profile
from trimtab.generate.data_findings import Finding, findings, sentence
from trimtab.generate.data_report import DataReport
from trimtab.generate.data_summary import SHARES, Summary, summaries

SCHEMA: Final = "trimtab.data-report/1"
_FREQUENT: Final = 10
_CORRELATIONS: Final = 20


def to_document(report: DataReport) -> dict[str, Any]:
    """The whole report, every finding and every column, as values that JSON has."""
    return {
        "schema": SCHEMA,
        "source": report.source,
        "reference": report.reference or None,
        "verdict": report.verdict.value,
        "judged": report.is_judged,
        "summary": sentence(report),
        "rows": report.rows,
        "findings": [_finding(found) for found in findings(report)],
        "check": _check(report),
        "drift": _drift(report.differences) if report.differences is not None else None,
        "hidden": sorted(report.hidden),
        "profile": _profile(report.profile, report.hidden) if report.profile is not None else None,
        "notes": list(report.notes),
    }


def _finding(found: Finding) -> dict[str, Any]:
    told: dict[str, Any] = {
        "column": found.columns[0] if found.columns else None,
        "columns": list(found.columns),
        "severity": found.severity.value if found.severity is not None else None,
    }
    if found.violation is not None:
        violation = found.violation
        told |= {
            "rule": found.name,
            "count": violation.count,
            "share": _finite(violation.share),
            "examples": [{"row": one.row, "value": _finite(one.value)} for one in violation.examples],
            "worst": [_finite(value) for value in violation.worst],
            "because": violation.because or None,
        }
    if found.effect is not None:
        told |= {"statistic": found.name, **_effect(found.effect)}
    return {**told, "words": found.words}


def _effect(effect: Effect) -> dict[str, Any]:
    size = effect.size
    return {
        "verdict": effect.verdict.value,
        "size": _finite(size.estimate),
        "low": _finite(size.low),
        "high": _finite(size.high),
        "tolerance": _finite(effect.tolerance),
        "n": size.n,
        "needs": effect.needs or None,
    }


def _check(report: DataReport) -> dict[str, Any] | None:
    check = report.check
    if check is None:
        return None
    return {
        "verdict": check.verdict.value,
        "rows": check.rows,
        "rules": check.rules,
        "violations": len(check.violations),
        "quarantined": check.quarantined,
    }


def _drift(differences: Differences) -> dict[str, Any]:
    effects = [effect for column in differences.columns for effect in column.effects]
    effects += [pair.effect for pair in differences.pairs]
    tolerances: dict[str, set[float]] = {}
    for effect in effects:
        if effect.tolerance > 0.0:
            tolerances.setdefault(effect.statistic.value, set()).add(effect.tolerance)
    return {
        "verdict": differences.verdict.value,
        "reference_rows": differences.reference_rows,
        "rows": differences.rows,
        "level": differences.level,
        "seasons": differences.seasons or None,
        "tolerances": {name: sorted(used) for name, used in sorted(tolerances.items())},
        "columns": {
            column.column: {
                "verdict": column.verdict.value,
                "effects": {
                    effect.statistic.value: {**_effect(effect), "words": effect.words} for effect in column.effects
                },
            }
            for column in differences.columns
        },
        "pairs_compared": differences.pairs_compared,
        "pairs": [
            {
                "columns": list(pair.columns),
                "statistic": pair.effect.statistic.value,
                **_effect(pair.effect),
                "words": pair.effect.words,
            }
            for pair in differences.pairs
        ],
        "drifted": [column.column for column in differences.columns if column.verdict is Verdict.FAIL],
    }


def _profile(profile: Profile, hidden: Iterable[str]) -> dict[str, Any]:
    order, repeats = profile.order, profile.repeats
    return {
        "rows": profile.rows,
        "columns": {
            name: _column(summary) | _gap(profile, name)
            for name, summary in summaries(profile, hidden, _FREQUENT).items()
        },
        "correlations": [
            {"columns": list(pair.columns), "correlation": pair.value, "rows": pair.rows}
            for pair in strongest_correlations(profile, _CORRELATIONS)
        ],
        "order": None
        if order is None
        else {
            "column": order.column,
            "backwards": order.backwards,
            "first": _instant(order.first),
            "last": _instant(order.last),
        },
        "repeats": None if repeats is None else {"columns": list(repeats.columns), "rows": repeats.rows},
    }


def _column(summary: Summary) -> dict[str, Any]:
    def value(of: float | str | None) -> Any:
        return _instant(of) if summary.is_time and not isinstance(of, str) else _finite(of)

    told: dict[str, Any] = {"type": summary.type, "rows": summary.rows, "nulls": summary.nulls}
    if summary.distinct is not None:
        told |= {"distinct": summary.distinct[0], "distinct_exact": summary.distinct[1]}
    if summary.hidden:
        told["sensitive"] = True
    if summary.quantiles:
        told |= {"minimum": value(summary.minimum), "maximum": value(summary.maximum)}
        told["quantiles"] = {f"{share:g}": value(of) for share, of in zip(SHARES, summary.quantiles, strict=True)}
    if summary.type in (ColumnType.INTEGER, ColumnType.FLOAT):
        told["not_finite"] = summary.not_finite
        told |= {"nans": summary.nans, "infinite": summary.not_finite - summary.nans}
    if summary.mean is not None:
        told |= {"mean": _finite(summary.mean), "sd": _finite(summary.deviation)}
    if summary.lengths is not None:
        told["lengths"] = {"minimum": summary.lengths.minimum, "maximum": summary.lengths.maximum}
    told["frequent"] = [
        {"value": value(found.value), "count": found.count, "exact": found.exact} for found in summary.frequent
    ]
    return told


def _gap(profile: Profile, name: str) -> dict[str, Any]:
    column = profile.columns[name]
    gap = longest_gap(column) if isinstance(column, TimeColumn) else None
    if gap is None:
        return {}
    told = {"after": _instant(gap.after), "before": _instant(gap.before), "exact": gap.exact}
    return {"longest_gap": {**told, "microseconds": gap.length, "usual_microseconds": gap.usual}}


def _instant(value: float | None) -> str | int | None:
    if value is None or not math.isfinite(value):
        return None
    try:
        return format_instant(round(value))
    except (OverflowError, ValueError):
        return round(value)


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
