"""Runs on a terminal: a list, all facts of one, and several side by side with their curves as one line each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from textwrap import wrap
from typing import Final

from trimtab.base.instants import SECOND
from trimtab.generate import runs_figures as written
from trimtab.generate.data_figures import cut, one_line, width_of
from trimtab.generate.runs_curves import bounds, curve, drawn, resampled
from trimtab.generate.runs_report import TITLES, FileDiff, SideBySide
from trimtab.records.comparison import Section
from trimtab.records.environment import Environment
from trimtab.records.run import Data, Run, Scalar, StepRun
from trimtab.records.run_fields import Field, Kind
from trimtab.records.series import Series
from trimtab.records.where import RunRow

SPARK: Final = 32
MOST_NAMES: Final = 12
_CELL: Final = 28
_WIDTH: Final = 112


def listing(columns: Sequence[Field], rows: Sequence[RunRow]) -> str:
    """A line for each run below the headings. Made column by column: 100,000 lines take half a second."""
    shown = [["run", *(row.run_id for row in rows)]]
    rights = [False]
    for place, column in enumerate(columns):
        values = [row.values[place] for row in rows]
        heading = column.key if column.name else column.key.replace("_", " ")
        shown.append([heading, *_cells(column, values)])
        rights.append(any(isinstance(value, int | float) for value in values) and column.kind is not Kind.TIME)
    padded = [_padded(cells, right=right) for cells, right in zip(shown, rights, strict=True)]
    return "\n".join(map(str.rstrip, map("  ".join, zip(*padded, strict=True))))


def _padded(cells: list[str], *, right: bool) -> list[str]:
    """The cells of a column in its width, with a line below the heading."""
    plain = all(map(str.isascii, cells))
    width = max(map(len if plain else width_of, cells))
    cells.insert(1, "-" * width)
    if plain:
        return [cell.rjust(width) for cell in cells] if right else [cell.ljust(width) for cell in cells]
    blanks = [" " * (width - width_of(cell)) for cell in cells]
    return [blank + cell if right else cell + blank for cell, blank in zip(cells, blanks, strict=True)]


def _cells(column: Field, values: Sequence[Scalar]) -> list[str]:
    """A column's values as text; equal ones are written once, since 100,000 runs have few states and kinds."""
    form = written.form(column)
    if column.kind not in (Kind.CHOICE, Kind.TEXT, Kind.VERSION):
        return [written.NONE if value is None else form(value) for value in values]
    known: dict[Scalar, str] = {value: written.NONE if value is None else form(value) for value in set(values)}
    return [known[value] for value in values]


# ── one run ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def facts(run: Run, series: dict[str, Series]) -> str:
    """All facts of a run, a section for each side of it; what it does not have is left out."""
    sections: list[tuple[str, list[tuple[str, str]]]] = [
        ("code", _code(run)),
        ("data", [*(_data(run.data) if run.data is not None else []), *_files(run)]),
        ("environment", _environment(run.environment) if run.environment is not None else []),
        ("parameters", _sorted({"seed": run.seed, **run.parameters})),
        ("steps", [line for step in run.steps for line in _step(step)]),
        ("metrics", _metrics(run, series)),
        ("verdict", _verdict(run)),
        ("outputs", [(one_line(name), digest) for name, digest in sorted(run.outputs.items())]),
    ]
    lines = [*_head(run)]
    for title, rows in sections:
        if rows:
            lines += ["", title, *_aligned(rows)]
    return "\n".join(line.rstrip() for line in lines)


def _head(run: Run) -> Iterator[str]:
    verdict = f", {run.verdict.value}" if run.verdict is not None else ""
    yield f"{run.run_id}: {run.state.value}{verdict}"
    parts = [run.kind, f"started {written.moment(run.started_at)}Z"]
    if abs(run.as_of - run.started_at) >= SECOND:
        parts.append(f"as of {written.moment(run.as_of)}Z")
    if run.seconds:
        parts.append(f"took {written.duration(run.seconds)}")
    if run.peak_bytes:
        parts.append(f"{written.size(run.peak_bytes)} at its peak")
    yield "  " + ", ".join(parts)
    yield f"  by {run.actor.kind} {one_line(run.actor.name)} ({one_line(run.actor.authenticated)})"
    if run.place is not None:
        yield f"  on {one_line(run.place.host)} in {one_line(run.place.folder)}"
        if run.place.command:
            yield f"  by `{one_line(' '.join(run.place.command))}`"
    if run.parent:
        yield f"  repeats {run.parent}" if run.kind == "reproduce" else f"  from the source of {run.parent}"
    if run.problem:
        yield ""
        yield from (f"  {one_line(line, 500)}" for line in run.problem.splitlines())


def _code(run: Run) -> list[tuple[str, str]]:
    code = run.code
    if code is None:
        return []
    rows = []
    if code.commit is not None:
        branch = f" on {one_line(code.branch)}" if code.branch else ""
        changes = f", and uncommitted changes {written.digest(code.uncommitted)}" if code.uncommitted else ""
        rows.append(("commit", f"{code.commit}{branch}{changes}"))
    return [*rows, ("source", code.source)]


def _data(data: Data) -> list[tuple[str, str]]:
    origin = ", ".join(f"{count:,} from the {name}" for name, count in data.origin.items())
    left = f", {data.left_out:,} left out" if data.left_out else ""
    return [
        ("table", data.table),
        ("rows", f"{data.rows:,} ({origin}{left}), {data.judged_rows:,} of them to judge by"),
        ("events", f"{written.moment(data.first_event)} to {written.moment(data.last_event)}"),
    ]


def _files(run: Run) -> list[tuple[str, str]]:
    return [
        (
            one_line(path),
            f"{written.digest(file.content)}, {written.size(file.size)}" + ("" if file.kept else ", not kept"),
        )
        for path, file in sorted(run.files.items())
    ]


def _environment(environment: Environment) -> list[tuple[str, str]]:
    machine = f"{environment.machine}, {environment.processor}, {environment.threads} threads"
    rows = [
        ("python", f"{environment.implementation} {environment.python}"),
        ("system", ", ".join(part for part in (environment.platform, environment.libc) if part)),
        ("machine", one_line(machine)),
    ]
    if environment.instructions:
        rows.append(("instructions", " ".join(environment.instructions)))
    for name, value in sorted(environment.thread_limits.items()):
        rows.append((name, one_line(value)))
    if environment.hash_seed:
        rows.append(("hash seed", environment.hash_seed))
    if environment.locale:
        rows.append(("locale", one_line(environment.locale)))
    lock = environment.lock
    said = f"{environment.level.value}, by {lock.path} ({written.digest(lock.content)})" if lock else environment.level
    packages = ", ".join(f"{name} {version}" for name, version in sorted(environment.packages.items()))
    return [*rows, ("level", str(said)), ("packages", packages)]


def _step(step: StepRun) -> Iterator[tuple[str, str]]:
    took = f" in {written.duration(step.seconds)}" if step.seconds else ""
    tried = f", tried {step.attempts} times" if step.attempts > 1 else ""
    made = f" → {written.digest(step.output)}" if step.output else ""
    yield one_line(step.step), f"{step.state.value}{took}{tried}{made}: {one_line(step.because)}"
    for path, digest in sorted(step.reads.items()):
        yield "", f"read {one_line(path)} {written.digest(digest)}"
    for name, value in sorted(step.variables.items()):
        yield "", f"variable {one_line(name)} " + ("was not set" if value is None else f"= {written.plain(value)}")
    for note in step.notes:
        yield "", one_line(note)


def _metrics(run: Run, series: dict[str, Series]) -> list[tuple[str, str]]:
    curves, rows = set(drawn([series])), []
    for name in sorted({*run.metrics, *series}):
        logged = series.get(name)
        last = run.metrics.get(name, logged.values[-1] if logged else None)
        text = written.plain(last)
        if logged is not None and name in curves:
            shown = curve(logged)
            text = f"{text:<14}{written.spark(resampled(logged, SPARK), *bounds([shown]))}  {len(logged):,} values"
        rows.append((one_line(name), text))
    return rows


def _verdict(run: Run) -> list[tuple[str, str]]:
    return [(item.check, f"{item.verdict.value}: {item.reason}") for item in run.evidence]


def _sorted(values: dict[str, Scalar]) -> list[tuple[str, str]]:
    return [(one_line(name), written.plain(value)) for name, value in sorted(values.items())]


def _aligned(rows: Sequence[tuple[str, str]]) -> Iterator[str]:
    width = min(max(width_of(name) for name, _ in rows), 40)
    for name, text in rows:
        first, *rest = wrap(text, _WIDTH - width, break_long_words=False, break_on_hyphens=False) or [""]
        yield f"  {name}{' ' * max(width - width_of(name), 0)}  {first if rest else text}"
        yield from (f"  {' ' * width}  {line}" for line in rest)


# ── several ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def side_by_side(side: SideBySide, *, diff: bool) -> str:
    """What differs between runs, section by section; equal things are counted in one line at the end."""
    lines = [f"{letter}  {_run(run)}" for letter, run in zip(letters(len(side.runs)), side.runs, strict=True)]
    for section in side.comparison.sections:
        shown = [*_section(section, len(side.runs)), *(_curves(side) if section.name == "metrics" else ())]
        if shown:
            lines += ["", f"{TITLES[section.name]}", *shown]
    if diff:
        for each in side.diffs:
            lines += ["", *_diff(each)]
    lines += ["", _same(side.comparison.sections)]
    lines += [f"note: {note}" for note in side.notes]
    return "\n".join(line.rstrip() for line in lines)


def letters(count: int) -> str:
    """What stands for the runs: A, B, C …"""
    return "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[:count]


def _run(run: Run) -> str:
    verdict = f", {run.verdict.value}" if run.verdict is not None else ""
    return f"{run.run_id}  {run.kind}, {run.state.value}{verdict}, {written.moment(run.started_at)}"


def _section(section: Section, runs: int) -> Iterator[str]:
    rows = []
    for line in section.different:
        cells = written.several(line.kind, line.values)
        if runs == 2:
            change = written.delta(line.kind, line.values[0], line.values[1])
            cells.append(f"({change})" if change else "")
        rows.append(
            [one_line(line.name, 60), *(cut(cell, _CELL if runs > 2 else written.LONGEST_CELL) for cell in cells)]
        )
    if rows:
        heads = ["", *letters(runs), *([""] if runs == 2 else [])]
        yield from _table([heads, *rows])
    for note in section.notes:
        yield f"  note: {note}"


def _curves(side: SideBySide) -> Iterator[str]:
    for name in side.metrics:
        shown = [curve(each[name]) if name in each else None for each in side.curves]
        low, high = bounds(shown)
        yield f"  {one_line(name, 60)}  from {written.figure(low)} to {written.figure(high)}"
        for letter, each in zip(letters(len(side.runs)), side.curves, strict=True):
            series = each.get(name)
            if series is not None:
                ended = written.figure(series.values[-1])
                line = written.spark(resampled(series, SPARK), low, high)
                yield f"    {letter}  {line:<{SPARK}}  {ended} after step {series.steps[-1]:,}"


def _diff(each: FileDiff) -> Iterator[str]:
    if each.note:
        yield f"{one_line(each.path)}: {each.note}"
    yield from (one_line(line.replace("\t", "    "), 500) for line in each.lines)


def _same(sections: Iterable[Section]) -> str:
    counts = [f"{section.same:,} of {TITLES[section.name].lower()}" for section in sections if section.same]
    return f"the same in all: {', '.join(counts)}" if counts else "nothing is the same in all"


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(width_of(row[place]) for row in rows) for place in range(len(rows[0]))]
    for row in rows:
        yield "  " + "  ".join(cell + " " * (width - width_of(cell)) for cell, width in zip(row, widths, strict=True))
