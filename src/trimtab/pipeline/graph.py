"""The graph of the project's functions: who gets what from whom, and what is known to be wrong before anything runs.

A parameter named like another function is that function's result, as with a pytest fixture. The first parameter of
a step that is named like none is the table's rows without the label; ``label`` is the label; ``seed`` is the
project's seed; any other parameter has a default and is a hyper-parameter. Only what ``features`` and ``train``
reach, and what the `step` decorator marks, is a step, so a module may hold any other functions. A pipeline alone has
no rows and no label: its steps are the marked functions and what they reach, or all public ones if none is marked.

Rejected: registering steps with decorators alone, since a plain function is easier to test, move and debug; and
passing inputs by keyword, since a release calls its functions by position with what it recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

import msgspec
from msgspec.structs import replace

from trimtab.base.errors import ProblemsError, TrimtabError
from trimtab.pipeline.commands import function_of
from trimtab.pipeline.draft import FEATURES, GATHERED, LABEL, ROWS, SEED, TRAIN, Draft, draft_of
from trimtab.pipeline.problems import (
    CycleError,
    LabelLeakError,
    MissingFunctionError,
    SignatureProblemError,
    UnknownParameterError,
)
from trimtab.pipeline.row_kind import rows_kind
from trimtab.pipeline.signature import UNREAD, Function
from trimtab.pipeline.step import PLAIN, RowKind, StepMark
from trimtab.spec.problems import did_you_mean
from trimtab.spec.project import CommandStep

Scalar = str | int | float | bool | None


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """A function, or a command, with what it is given.

    ``inputs`` are positional: names of earlier steps, `ROWS` or `LABEL`. ``params`` are handed over by keyword.
    ``mark`` is what the `step` decorator said; ``command`` is None for functions.
    """

    function: str
    inputs: tuple[str, ...]
    params: dict[str, Scalar]
    at: str
    mark: StepMark = PLAIN
    command: CommandStep | None = None


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """What a pipeline is made for: a model that is gated and released, or its steps alone; and its commands."""

    model: bool = True
    commands: tuple[CommandStep, ...] = ()


_MODEL: Final = Shape()


class Graph(msgspec.Struct, frozen=True, kw_only=True):
    """The steps in an order in which each follows what it needs, ``features`` before ``train``, which is the last.

    ``rows_as`` is the type in which the rows are handed over.
    """

    steps: tuple[Step, ...]
    rows_as: RowKind


def build_graph(
    functions: Iterable[Function],
    *,
    params: Mapping[str, Scalar] | None = None,
    seed: int = 0,
    module_at: str = "",
    params_at: Callable[[str], str] = lambda _: "trimtab.toml",
    shape: Shape = _MODEL,
) -> Graph:
    """The graph of a module's functions with the project's hyper-parameters filled in.

    Args:
        params: values over the functions' defaults, by the parameter's name.
        seed: what a parameter called ``seed`` gets.
        module_at: how errors name the module, for what is missing in it.
        params_at: where a hyper-parameter was set, for errors about it.
        shape: what the pipeline is made for, and the steps that are commands.

    Raises:
        ProblemsError: every mistake, each at its function's line.
    """
    table = {function.name: function for function in functions}
    problems = _name_clashes(table, shape.commands)
    table |= {each.name: function_of(each, shape.commands) for each in shape.commands}
    commands = {each.name: each for each in shape.commands}
    problems += _missing_in(table, shape, module_at)
    order, cycles = _order(table, _starts(table, shape))
    problems += cycles
    drafts = {name: draft_of(table[name], table, model=shape.model) for name in order}
    for draft in drafts.values():
        problems += draft.problems
    problems += _misuse_of_label(drafts, table)
    problems += _commands_in_serving(drafts, commands)
    rows_as, mixed = rows_kind([table[draft.name] for draft in drafts.values() if ROWS in draft.inputs])
    problems += mixed
    values, wrong = _parameters(drafts.values(), params or {}, params_at)
    problems += wrong
    if problems:
        raise ProblemsError(tuple(problems), fix="docs/pipeline.md says how functions become a pipeline.", at=module_at)
    marks = {name: table[name].mark or PLAIN for name in order}
    steps = (_filled(drafts[name], values, seed) for name in order)
    return Graph(
        steps=tuple(replace(step, mark=marks[step.function], command=commands.get(step.function)) for step in steps),
        rows_as=rows_as,
    )


def serving_steps(graph: Graph) -> tuple[Step, ...]:
    """The steps from rows to features, in order, ``features`` last: what a release calls for every request."""
    needed = _closure(FEATURES, {step.function: step.inputs for step in graph.steps})
    return tuple(step for step in graph.steps if step.function in needed)


def parameters(graph: Graph) -> dict[str, Scalar]:
    """Every hyper-parameter of the graph with its value; one name is one value, in whichever functions it occurs."""
    return {name: value for step in graph.steps for name, value in step.params.items()}


# ── the order of the steps ───────────────────────────────────────────────────────────────────────────────────────────


def _inputs_of(function: Function, table: Mapping[str, Function]) -> list[str]:
    return [each.name for each in function.parameters if each.name in table and each.kind not in GATHERED]


def _starts(table: Mapping[str, Function], shape: Shape) -> tuple[str, ...]:
    """The steps that are wanted for themselves; what they need comes with them."""
    commands = tuple(command.name for command in shape.commands)
    marked = tuple(name for name, function in table.items() if function.mark is not None)
    if shape.model:
        return (FEATURES, TRAIN, *marked, *commands)
    return (*(marked or tuple(table)), *commands)


def _order(table: Mapping[str, Function], starts: Iterable[str]) -> tuple[list[str], list[TrimtabError]]:
    """What ``starts`` reach, each after what it needs; cycles are named and then cut."""
    order: list[str] = []
    problems: list[TrimtabError] = []

    def visit(name: str, path: tuple[str, ...]) -> None:
        if name in path:
            ring = [*path[path.index(name) :], name]
            problems.append(
                CycleError(
                    f"steps need each other: {' → '.join(ring)}",
                    fix="Each arrow is a parameter named like a function; rename one, or compute it in one function.",
                    at=table[name].at,
                )
            )
        elif name not in order:
            for needed in _inputs_of(table[name], table):
                visit(needed, (*path, name))
            if name not in order:
                order.append(name)

    for start in starts:
        if start in table:
            visit(start, ())
    return order, problems


def _closure(start: str, inputs: Mapping[str, Sequence[str]]) -> set[str]:
    found: set[str] = set()
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name not in found and name in inputs:
            found.add(name)
            waiting.extend(inputs[name])
    return found


# ── what is missing, and what leaks ──────────────────────────────────────────────────────────────────────────────────


def _name_clashes(table: Mapping[str, Function], commands: Iterable[CommandStep]) -> list[TrimtabError]:
    return [
        SignatureProblemError(
            f"{each.name} is a command in trimtab.toml and a function of the module: which is meant?",
            fix="Rename one of the two.",
            at=table[each.name].at,
        )
        for each in commands
        if each.name in table
    ]


def _missing_in(table: Mapping[str, Function], shape: Shape, module_at: str) -> list[TrimtabError]:
    if shape.model:
        return [_missing(name, table, module_at) for name in (FEATURES, TRAIN) if name not in table]
    if not table:
        fix = 'Write a function, or a [steps.NAME] table with run = "…" in trimtab.toml.'
        return [MissingFunctionError("the pipeline has no step", fix=fix, at=module_at)]
    return []


def _missing(name: str, table: Mapping[str, Function], module_at: str) -> TrimtabError:
    forms = {
        FEATURES: "def features(rows): …, which returns one row of features for each row",
        TRAIN: "def train(features, label): …, which returns a fitted estimator",
    }
    near = did_you_mean(name, table).partition("?")[0] + "? " if table else ""
    meant = near if near.startswith("Did") else ""
    return MissingFunctionError(
        f"the module has no function {name}()", fix=f"{meant}Write {forms[name]}.", at=module_at
    )


def _misuse_of_label(drafts: Mapping[str, Draft], table: Mapping[str, Function]) -> list[TrimtabError]:
    """``label`` in any step that leads to ``features``."""
    reached = _closure(FEATURES, {name: draft.inputs for name, draft in drafts.items()})
    found: list[TrimtabError] = []
    for name in drafts:
        if name in reached and LABEL in drafts[name].inputs:
            how = "features() asks for the label" if name == FEATURES else f"features() gets the label through {name}()"
            fix = "A request's label does not exist yet; only train() and what leads to it alone may use it."
            found.append(LabelLeakError(how, fix=fix, at=table[name].at))
    return found


def _commands_in_serving(drafts: Mapping[str, Draft], commands: Mapping[str, CommandStep]) -> list[TrimtabError]:
    """A command on the way to ``features``: it ran once, and a request cannot run it."""
    reached = _closure(FEATURES, {name: draft.inputs for name, draft in drafts.items()})
    return [
        SignatureProblemError(
            f"features() needs the command {name}, which runs in training and not for a request",
            fix="Read what it wrote in train(), or turn it into a function of the rows.",
            at=drafts[FEATURES].at,
        )
        for name in commands
        if name in reached
    ]


# ── hyper-parameters ─────────────────────────────────────────────────────────────────────────────────────────────────


def _parameters(
    drafts: Iterable[Draft], given: Mapping[str, Scalar], params_at: Callable[[str], str]
) -> tuple[dict[str, object], list[TrimtabError]]:
    """The value of each hyper-parameter, and what is wrong with those that were set."""
    defaults: dict[str, object] = {}
    problems: list[TrimtabError] = []
    for draft in drafts:
        for name, default in draft.params.items():
            if name == SEED:
                continue
            known = defaults.setdefault(name, default)
            if UNREAD not in (known, default) and (type(known), known) != (type(default), default):
                problem = f"{draft.name}()'s parameter {name} has the default {default!r}, elsewhere it is {known!r}"
                fix = "One name is one hyper-parameter: give it one default, or two names."
                problems.append(SignatureProblemError(problem, fix=fix, at=draft.at))
    for name, value in given.items():
        if name == SEED:
            problem, fix = "the seed is not a hyper-parameter", "Set [pipeline] seed instead."
        elif name not in defaults:
            problem = f"no step has a hyper-parameter {name}"
            fix = did_you_mean(name, defaults) if defaults else "The functions have no parameter with a default."
        elif not _fits(value, defaults[name]):
            problem = f"the hyper-parameter {name} is {value!r}, and its default {defaults[name]!r} is of another type"
            fix = "Write a value of the default's type."
        else:
            continue
        problems.append(UnknownParameterError(problem, fix=fix, at=params_at(name)))
    return {**defaults, **given}, problems


def _fits(value: Scalar, default: object) -> bool:
    if default is None or default is UNREAD:
        return True
    if isinstance(default, bool) or isinstance(value, bool):
        return type(value) is type(default)
    if isinstance(default, float):
        return isinstance(value, int | float)
    return type(value) is type(default)


def _filled(draft: Draft, values: Mapping[str, object], seed: int) -> Step:
    params = {name: seed if name == SEED else values[name] for name in draft.params}
    known = {name: value for name, value in params.items() if value is None or isinstance(value, str | int | float)}
    return Step(function=draft.name, inputs=tuple(draft.inputs), params=known, at=draft.at)
