"""``trimtab check``: every mistake of a project at once, each with its file and line, before anything is run.

Each station's own judge is asked (the parser, the graph, the reader of tables, the contract), and goes on with what
the ones before could make out: a misspelt gate does not hide a missing column.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from trimtab.app.own_contract import ContractDisagreesError, contract_disagreements
from trimtab.base.errors import InputError, ProblemsError, TrimtabError
from trimtab.base.instants import DAY, format_span
from trimtab.data.contract import parse_contract
from trimtab.data.kinds import Rule, Severity
from trimtab.data.schema import Contract
from trimtab.data.wording import condition_said
from trimtab.drivers.clocks import RealClock
from trimtab.drivers.environment import Libraries, environment_level, imported_modules
from trimtab.drivers.project_file import examine_project
from trimtab.drivers.source_snapshot import look_at_source
from trimtab.drivers.sources import SourceColumnError, read_source
from trimtab.drivers.user_code import ModuleProblemError, load_functions, loaded_files, module_file
from trimtab.pipeline.graph import Shape, build_graph
from trimtab.pipeline.signature import Function, describe_source
from trimtab.spec.agree import metrics_not_for
from trimtab.spec.locate import KeyPath, locate
from trimtab.spec.parse import Examined
from trimtab.spec.problems import ConflictError
from trimtab.spec.project import Project, Task

if TYPE_CHECKING:
    import polars as pl

    from trimtab.data.violation import Violation


_KEYS = {Rule.TYPE: "type", Rule.IMPOSSIBLE: "type", Rule.NULL: "type"}
"""The key of a rule in a contract's file, where it is not called like the rule."""


class NotKeptError(InputError):
    """A module that the pipeline uses is not part of the project's source, so no run could be repeated."""

    code = "TT1362"


def check_project(folder: Path) -> tuple[TrimtabError, ...]:
    """What is wrong with the project in ``folder``; empty if a run could start.

    The pipeline's module is imported and the table is read; nothing is written.

    Raises:
        InputError: there is no ``trimtab.toml``.
    """
    examined = examine_project(folder)
    project = examined.project
    if project is None:
        return examined.problems
    found = list(examined.problems)
    found += _pipeline_problems(folder, project, examined)
    found += _source_problems(folder, project)
    found += _lock_problems(folder, project, examined)
    if project.data is None:
        return tuple(found)
    contract, problems = _contract(folder, project)
    found += problems
    table, problems = _table(folder, project, examined)
    found += problems
    if contract is not None:
        found += contract_disagreements(project, contract)
    found += _task_problems(project, examined, contract, table)
    if table is not None:
        found += _span_problems(project, examined, table)
        found += _violations(folder, project, contract, table)
    return tuple(found)


# ── the project's own code ───────────────────────────────────────────────────────────────────────────────────────────


def _pipeline_problems(folder: Path, project: Project, examined: Examined) -> list[TrimtabError]:
    name = project.pipeline.module
    file = module_file(folder, name)
    found: list[TrimtabError] = []
    try:
        functions = load_functions(folder, name).described
    except ModuleProblemError as error:
        error.at = examined.place("pipeline", "module")
        return [error]
    except TrimtabError as error:
        found.append(error)
        functions = _functions_in_source(folder, file)
    if functions or not found:
        found += _collected(
            lambda: build_graph(
                functions,
                params=project.pipeline.params,
                seed=project.pipeline.seed,
                module_at=str(file),
                shape=Shape(model=project.data is not None, commands=project.steps),
                params_at=lambda key: examined.place("pipeline", "params", key),
            )
        )
    return found


def _functions_in_source(folder: Path, file: Path | None) -> tuple[Function, ...]:
    """What the module would define if it could be imported; nothing where not even its syntax is right."""
    if file is None:
        return ()
    try:
        return describe_source((folder / file).read_text(encoding="utf-8"), file=str(file))
    except (SyntaxError, UnicodeDecodeError):
        return ()


def _source_problems(folder: Path, project: Project) -> list[TrimtabError]:
    """What would stop a snapshot, and modules that are loaded now and would not be in it."""
    try:
        files, problems = look_at_source(
            folder, data=project.data.path if project.data is not None else "", made=project.makes
        )
    except TrimtabError as error:
        return [error]
    fix = "Take it out of .gitignore: a run is repeated from its source alone."
    missing = (
        NotKeptError(f"the pipeline imports {name}, which is not part of the project's source", fix=fix, at=name)
        for name in loaded_files(folder)
        if name not in files
    )
    return [*problems, *missing]


def _lock_problems(folder: Path, project: Project, examined: Examined) -> list[TrimtabError]:
    lock = project.pipeline.lock
    if lock is not None and not (folder / lock).is_file():
        at = examined.place("pipeline", "lock")
        return [InputError(f"the lock {lock} is not there", fix="Write it, or take [pipeline] lock away.", at=at)]
    libraries = Libraries(None)
    try:
        used = libraries.behind(imported_modules(_python_files(folder)))
    except InputError:  # a file that is no Python has been named already
        return []
    return _collected(lambda: environment_level(folder, used, libraries=libraries, named=lock))


def _python_files(folder: Path) -> dict[str, str]:
    files, _ = look_at_source(folder)
    return {name: (folder / name).read_text(encoding="utf-8") for name in sorted(files) if name.endswith(".py")}


# ── the rows and their contract ──────────────────────────────────────────────────────────────────────────────────────


def _contract(folder: Path, project: Project) -> tuple[Contract | None, list[TrimtabError]]:
    """The contract, if there is one already and it can be read."""
    name = str(project.source.contract)
    path = folder / name
    if not path.is_file():
        return None, []
    read: list[Contract] = []
    problems = _collected(lambda: read.append(parse_contract(path.read_text(encoding="utf-8"), at=name)))
    return (read[0] if read else None), problems


def _table(folder: Path, project: Project, examined: Examined) -> tuple[pl.DataFrame | None, list[TrimtabError]]:
    """The rows; an error about a column is placed at the setting that names it."""
    source = project.source
    if not (source.path and source.time and source.label):
        return None, []  # what is missing was said already
    if any(problem.at == examined.place("data", "source") for problem in examined.problems):
        return None, []
    read: list[pl.DataFrame] = []
    problems = _collected(lambda: read.append(read_source(folder, source)))
    for problem in problems:
        if isinstance(problem, SourceColumnError):
            problem.at = examined.place("data", problem.setting)
        elif isinstance(problem, InputError) and not problem.at:
            problem.at = examined.place("data", "source")
    return (read[0] if read else None), problems


def _task_problems(
    project: Project, examined: Examined, contract: Contract | None, table: pl.DataFrame | None
) -> list[TrimtabError]:
    """Metrics that are not defined for the task, where the project leaves it to the label to say which that is."""
    if project.task is not None:
        return []
    task: Task | None = contract.task if contract is not None else None
    if task is None and table is not None:
        from trimtab.data.infer import infer_task

        inferred: list[Task] = []
        problems = _collected(lambda: inferred.append(infer_task(table[project.source.label])))
        if problems:
            problems[0].at = examined.place("data", "label")
            return problems
        task = inferred[0]
    if task is None:
        return []
    return [
        ConflictError(text, fix=fix, at=examined.place(*path)) for path, text, fix in metrics_not_for(project, task)
    ]


def _span_problems(project: Project, examined: Examined, table: pl.DataFrame) -> Iterator[TrimtabError]:
    """A judging span that the whole table does not reach beyond."""
    judging = project.gates.judging.span
    moments = table[project.source.time].to_physical()
    covered = int(moments[-1]) - int(moments[0])
    if judging is not None and judging >= covered:
        days = format_span(covered - covered % DAY) if covered >= DAY else format_span(covered)
        yield ConflictError(
            f"[gates] judge_on ({format_span(judging)}) leaves nothing of the table's {days} to train on",
            fix="Judge on a shorter span, or on a share of the rows.",
            at=examined.place("gates", "judge_on"),
        )


def _violations(
    folder: Path, project: Project, contract: Contract | None, table: pl.DataFrame
) -> Iterator[TrimtabError]:
    """The contract's hard rules that the table breaks, each at the rule's column in the contract's file."""
    if contract is None:
        return
    from trimtab.data.check import check_table

    name = str(project.source.contract)
    lines = locate((folder / name).read_text(encoding="utf-8"))
    for violation in check_table(table, contract, now=RealClock().now()):
        if violation.severity is not Severity.REFUSE:
            continue
        line = _line(lines, violation, contract)
        yield ContractDisagreesError(
            f"the rows break the contract: {violation}",
            fix="Correct the table, or the contract if the world has changed.",
            at=f"{name}:{line}" if line else name,
        )


def _line(lines: Mapping[KeyPath, int], violation: Violation, contract: Contract) -> int | None:
    """The line of the broken rule in the contract's file, else of its column."""
    key = _KEYS.get(violation.rule, violation.rule.value)
    paths: list[KeyPath] = [("columns", violation.column, key), ("table", key), ("columns", violation.column)]
    paths += [
        ("conditions", place)
        for place, rule in enumerate(contract.conditions)
        if condition_said(rule.name, rule.when, rule.then) in violation.problem
    ]
    return next((lines[path] for path in paths if path in lines), None)


def _collected(look: Callable[[], object]) -> list[TrimtabError]:
    """The problems that a judge raises, one by one."""
    try:
        look()
    except ProblemsError as error:
        return list(error.problems)
    except TrimtabError as error:
        return [error]
    return []
