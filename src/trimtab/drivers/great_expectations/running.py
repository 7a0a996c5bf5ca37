"""A team's suite run by Great Expectations itself, and what it found as a report like our own check's.

Nothing of it stays: the context is one in memory, no analytics event is sent, no folder is made, and no progress bar
is drawn. Tables go over as pandas data frames, since that engine knows every expectation.
"""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

import polars as pl

from trimtab.base.errors import InputError
from trimtab.data.kinds import Rule, Scalar, Severity
from trimtab.data.tally import HIDDEN, shown_value
from trimtab.data.violation import EXAMPLES_MAX, CheckReport, Example, Violation
from trimtab.data.wording import counted, show
from trimtab.drivers.great_expectations.expectations import known
from trimtab.drivers.great_expectations.suite import SEVERITIES, SuiteError, parse_suite

_QUIET: Final = {"GX_ANALYTICS_ENABLED": "false", "TQDM_DISABLE": "1"}
_SILENT: Final = frozenset({"batch_id", "mostly", "catch_exceptions", "result_format"})


class NoGreatExpectationsError(InputError):
    """Great Expectations is asked to check a table, and is not installed."""

    code = "TT1222"


def run_suite(table: pl.DataFrame, suite_text: str, *, hidden: Collection[str] = ()) -> CheckReport:
    """What Great Expectations says of a table.

    An expectation that names a column of ``hidden`` is told without any value of the table.

    Each expectation that is not met is one violation: its severity as in `read_suite`, its count the rows that Great
    Expectations counts as unexpected (all rows, for what is about the table or could not be asked).

    Raises:
        NoGreatExpectationsError: it is not installed.
        SuiteError: the text is no suite, or one that this Great Expectations refuses.
    """
    parse_suite(suite_text)
    results = _validated(_spread(table), suite_text)
    found = [_violation(result, table.height, hidden) for result in results if not result["success"]]
    found.sort(key=lambda violation: (violation.severity is not Severity.REFUSE, -violation.count))
    return CheckReport(rows=table.height, rules=len(results), violations=tuple(found))


def _spread(table: pl.DataFrame) -> pl.DataFrame:
    """The table with its times in nanoseconds, the only unit whose limits Great Expectations reads from a suite."""
    moments = [name for name, dtype in table.schema.items() if dtype in (pl.Date, pl.Datetime)]
    zones = {name: getattr(table.schema[name], "time_zone", None) for name in moments}
    return table.with_columns(pl.col(name).cast(pl.Datetime("ns", zones[name])) for name in moments)


def _validated(table: pl.DataFrame, suite_text: str) -> list[dict[str, Any]]:
    with _quiet():
        try:
            import great_expectations as gx
        except ModuleNotFoundError as error:
            fix = "Install it: pip install 'trimtab[great-expectations]'."
            raise NoGreatExpectationsError("Great Expectations is not installed", fix=fix) from error
        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = {"globally": False}  # type: ignore[assignment]  # it makes the object itself
        suite = _suite(gx, suite_text)
        source = context.data_sources.add_pandas("trimtab")
        batch = source.add_dataframe_asset("table").add_batch_definition_whole_dataframe("whole")
        checked = batch.get_batch({"dataframe": table.to_pandas()}).validate(suite, result_format="SUMMARY")
        results: list[dict[str, Any]] = checked.to_json_dict()["results"]
    return results


def _suite(gx: Any, text: str) -> Any:
    import json

    document = json.loads(text)
    try:
        return gx.ExpectationSuite(name=document.get("name") or "suite", expectations=document["expectations"])
    except Exception as error:  # whatever it raises about an argument, of several libraries' kinds
        fix = "Open the suite with the Great Expectations that is installed here, correct it and save it again."
        raise SuiteError(f"Great Expectations refuses the suite: {error}", fix=fix) from error


@contextmanager
def _quiet() -> Iterator[None]:
    """No event to its makers, no bar, no warning of the libraries below it; all as before afterwards."""
    before = {name: os.environ.get(name) for name in _QUIET}
    os.environ.update(_QUIET)
    logger = logging.getLogger("great_expectations")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings(action="ignore"):
            yield
    finally:
        logger.setLevel(level)
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _violation(result: Mapping[str, Any], rows: int, hidden: Collection[str]) -> Violation:
    asked, told = result["expectation_config"], result.get("result") or {}
    kind, kwargs = asked["type"], asked["kwargs"]
    entry = known(kind)
    count = told.get("unexpected_count")
    unseen = _names_any(kwargs, hidden)
    raised = _raised(result.get("exception_info") or {})
    if unseen and told.get("observed_value") is not None:
        told = {**told, "observed_value": HIDDEN}
    if unseen and raised:
        raised = "an error whose words may hold values"
    return Violation(
        column=str(kwargs.get("column") or ""),
        rule=Rule.CONDITION if entry is None else entry.rule,
        severity=SEVERITIES[asked.get("severity") or "critical"],
        count=rows if count is None else int(count),
        share=1.0 if count is None or not rows else int(count) / rows,
        problem=_problem(kind, kwargs, told, raised, rows),
        examples=_examples(told, hidden=unseen),
        because=_because(asked),
    )


def _problem(kind: str, kwargs: Mapping[str, Any], told: Mapping[str, Any], raised: str, rows: int) -> str:
    said = ", ".join(f"{key} = {_shown(value)}" for key, value in kwargs.items() if key not in {*_SILENT, "column"})
    called = f"{kind}({said})"
    if raised:
        return f"{called} could not be asked: {raised}"
    count = told.get("unexpected_count")
    if count is None:
        observed = told.get("observed_value")
        shown = HIDDEN if observed is HIDDEN else _shown(observed)
        return f"{called} is not met" + ("" if observed is None else f"; it is {shown}")
    tolerated = f", and mostly = {kwargs['mostly']}" if kwargs.get("mostly", 1) != 1 else ""
    return f"{counted(int(count), 'value')} of {rows:,} against {called}{tolerated}"


def _shown(value: object) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(map(_shown, value[:5])) + (", …]" if len(value) > 5 else "]")
    return show(value)


def _raised(info: Mapping[str, Any]) -> str:
    """What kept an expectation from being asked; by metric or directly, as the version has it."""
    for part in (info, *(value for value in info.values() if isinstance(value, Mapping))):
        if part.get("raised_exception"):
            return str(part.get("exception_message") or "an error without words").strip().splitlines()[0][:200]
    return ""


def _names_any(kwargs: Mapping[str, Any], names: Collection[str]) -> bool:
    """Whether an expectation is about one of these columns: alone, in a pair, a list, or the rows that it picks."""
    said = [entry for value in kwargs.values() for entry in (value if isinstance(value, list) else [value])]
    picked = str(kwargs.get("row_condition") or "")
    return any(name in said or (name and name in picked) for name in names)


def _examples(told: Mapping[str, Any], *, hidden: bool) -> tuple[Example, ...]:
    values: Sequence[Any] = told.get("partial_unexpected_list") or ()
    rows: Sequence[Any] = told.get("partial_unexpected_index_list") or ()
    found: dict[object, Example] = {}
    for row, value in zip(rows, values, strict=False):
        if isinstance(row, int):
            shown = HIDDEN if hidden and value is not None else _example(value)
            known = row if shown is None or hidden else (type(shown), shown)
            found.setdefault(known, Example(row=row, value=shown))
    return tuple(found.values())[:EXAMPLES_MAX]


def _example(value: object) -> Scalar | None:
    """A value as Great Expectations lists it: several columns' values stand in a list."""
    return ", ".join(map(show, value)) if isinstance(value, list | tuple) else shown_value(value)


def _because(asked: Mapping[str, Any]) -> str:
    ours = (asked.get("meta") or {}).get("trimtab") or {}
    notes = asked.get("notes") or ""
    return str(ours.get("because") or (" ".join(notes) if isinstance(notes, list) else notes))
