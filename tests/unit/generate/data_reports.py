"""Reports to render: an ordinary one, one of hostile names and values, and one of very many columns."""

from __future__ import annotations

import msgspec
import numpy as np
import polars as pl

from trimtab.base.verdict import Interval, Verdict
from trimtab.data.differences import ColumnDifference, Differences, Effect, Statistic
from trimtab.data.drift import compare
from trimtab.data.kinds import ColumnType, Rule, Severity
from trimtab.data.profile import Profile
from trimtab.data.profiler import Depth, profile_frame
from trimtab.data.schema import Column, Contract, Range
from trimtab.data.violation import CheckReport, Example, Violation
from trimtab.generate.data_report import DataReport

HOSTILE = (
    "<script>alert(1)</script>",
    "x" * 10_000,
    "اسم العمود",
    "🙂 emoji",
    "new\nline\u202e",
    "`tick` | pipe @team #12",
    " ",
    '"><img src=x onerror=alert(1)>',
    "&amp;",
    "a\x00\x1b[31mred",
)
"""Names of columns, and values too."""


def table(seed: int, rows: int = 4_000, *, shift: float = 0.0) -> pl.DataFrame:
    random = np.random.default_rng(seed)
    start = np.datetime64("2026-03-01T00:00:00", "us")
    at = start + np.arange(rows) * np.timedelta64(60, "s")
    at[rows // 2 :] += np.timedelta64(2, "D")
    age = random.normal(44.0, 12.0, rows) + 12.0 * shift
    return pl.DataFrame(
        {
            "at": at,
            "age": age,
            "double": 2.0 * age + random.normal(size=rows),
            "product": np.array(["car", "card", "mortgage"])[random.integers(0, 3, rows)],
            "iban": [f"DE{number}" for number in random.integers(10**6, 10**7, rows).tolist()],
            "still": random.normal(5.0, shift, rows),
            "salary": random.normal(50_000.0, 9_000.0, rows),
        }
    )


def profile(frame: pl.DataFrame) -> Profile:
    return profile_frame(frame, Depth(time="at" if "at" in frame.columns else None, sensitive=frozenset({"iban"})))


def check() -> CheckReport:
    outside = Violation(
        column="age", rule=Rule.RANGE, severity=Severity.REFUSE, count=12, share=0.003,
        problem="12 values are above 90",
        examples=tuple(Example(row=row, value=91 + row) for row in range(3)), worst=(99, 97), because="nobody is",
    )  # fmt: skip
    unknown = Violation(
        column="product", rule=Rule.VALUES, severity=Severity.QUARANTINE, count=2, share=0.0005,
        problem="2 rows hold unknown values", examples=(Example(row=7, value="boat"),),
    )  # fmt: skip
    late = Violation(
        column="", rule=Rule.FRESH, severity=Severity.NOTE, count=0, share=0.0, problem="the newest row is 3 d old"
    )
    return CheckReport(rows=4_000, rules=9, violations=(outside, unknown, late), quarantined=2)


def contract() -> Contract:
    limits = Range(minimum=18, maximum=90, outside=Severity.REFUSE, because="nobody is")
    return Contract(
        columns=(
            Column(name="age", type=ColumnType.FLOAT, range=limits),
            Column(name="iban", type=ColumnType.TEXT, sensitive=True),
            Column(name="salary", type=ColumnType.FLOAT, sensitive=True),
        )
    )


def ordinary() -> DataReport:
    """Everything there is, with drift of ``age``."""
    then, now = profile(table(0)), profile(table(1, shift=0.5))
    return DataReport(
        source="loans.parquet", reference="march.parquet", profile=now, reference_profile=then, check=check(),
        differences=compare(then, now), contract=contract(), notes=("a byte order mark was dropped",),
    )  # fmt: skip


def hostile() -> DataReport:
    """Names, values, reasons and notes that mean harm."""
    random = np.random.default_rng(0)
    values = np.array(HOSTILE, dtype=object)

    def frame(last: int, up: float) -> pl.DataFrame:
        return pl.DataFrame(
            {
                name: random.normal(up, 1.0, 400) if place % 2 else values[random.integers(0, last, 400)].tolist()
                for place, name in enumerate(HOSTILE)
            }
        )

    then, now = profile_frame(frame(10, 0.0)), profile_frame(frame(3, 2.0))
    found = tuple(
        Violation(
            column=name, rule=Rule.VALUES, severity=Severity.REFUSE, count=3, share=0.0075,
            problem=f"{name} is <b>bad</b>", because="<i>x</i> \u202e",
            examples=tuple(Example(row=row, value=value) for row, value in enumerate(HOSTILE)),
        )
        for name in HOSTILE
    )  # fmt: skip
    return DataReport(
        source="<h1>t</h1>\n", reference="\u202eevil", profile=now, reference_profile=then,
        differences=compare(then, now), check=CheckReport(rows=400, rules=12, violations=found),
        notes=("<b>n</b>\x00 @team", "]]>"),
    )  # fmt: skip


def effect(verdict: Verdict, size: float = 0.3, statistic: Statistic = Statistic.LOCATION) -> Effect:
    band = Interval(estimate=size, low=size - 0.1, high=size + 0.1, level=0.95, n=100)
    needs = "about 40 more rows" if verdict is Verdict.UNSURE else ""
    return Effect(statistic=statistic, size=band, tolerance=0.1, verdict=verdict, words="the mean moved", needs=needs)


def wide(columns: int = 5_000, *, long: int = 0, verdict: Verdict = Verdict.FAIL) -> DataReport:
    """Very many columns, each of which drifted and breaks a rule."""
    (one,) = profile_frame(pl.DataFrame({"x": np.random.default_rng(0).normal(size=300)})).columns.values()
    names = [f"sensor_{place:05d}" + "<" * long for place in range(columns)]
    own = Profile(rows=300, columns=dict.fromkeys(names, one))
    judged = tuple(ColumnDifference(column=name, effects=(effect(verdict),)) for name in names)
    examples = tuple(Example(row=row, value="<&>" * 500) for row in range(10))
    broken = tuple(
        Violation(
            column=name, rule=Rule.RANGE, severity=Severity.REFUSE, count=1, share=1 / 300, problem="<" * 500,
            examples=examples, because="&" * 500,
        )
        for name in names
    )  # fmt: skip
    return DataReport(
        source="wide.parquet", reference="before.parquet", profile=own, reference_profile=own,
        check=CheckReport(rows=300, rules=columns, violations=broken),
        differences=Differences(reference_rows=300, rows=300, level=0.95, columns=judged),
    )  # fmt: skip


def drifted(severity: Severity) -> DataReport:
    """The ordinary report, of whose rules none but that on the drift of ``age`` is broken."""
    report = ordinary()
    assert report.check is not None
    broken = Violation(column="age", rule=Rule.DRIFT, severity=severity, count=4_000, share=1.0, problem="drifted")
    return msgspec.structs.replace(report, check=msgspec.structs.replace(report.check, violations=(broken,)))
