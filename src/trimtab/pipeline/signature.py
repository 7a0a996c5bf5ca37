"""What a function of the project asks for, as values: taken from the function itself, or from its source.

The graph is built from these alone. A module that cannot be imported (a package is missing, a line above raises)
can so still be checked, from its text.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Callable, Iterable, Mapping
from types import FunctionType, ModuleType
from typing import Any, Final

import msgspec

from trimtab.pipeline.step import ROW_KINDS, RowKind, StepMark, mark_of

_USUAL_NAMES: Final = {"pl": "polars", "pd": "pandas", "np": "numpy", "npt": "numpy"}
"""What an import that only the type checker sees is usually called."""


class _NoValue:
    """There is no value: no default, or one that the source alone does not tell."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text


REQUIRED: Final = _NoValue("<no default>")
UNREAD: Final = _NoValue("<computed>")


class Parameter(msgspec.Struct, frozen=True, kw_only=True):
    """A parameter: ``kind`` is the standard library's; ``annotation`` a dotted name with aliases resolved, or empty."""

    name: str
    kind: inspect._ParameterKind
    default: object = REQUIRED
    annotation: str = ""


class Function(msgspec.Struct, frozen=True, kw_only=True):
    """A function of the project: where it stands and what it asks for; ``mark`` is what `step` said of it."""

    name: str
    parameters: tuple[Parameter, ...]
    file: str
    line: int
    mark: StepMark | None = None

    @property
    def at(self) -> str:
        """``file:line``."""
        return f"{self.file}:{self.line}"


def describe_module(module: ModuleType, *, file: str) -> tuple[Function, ...]:
    """The functions of a module that may be steps: those defined in it, and imported ones that `step` marks.

    Names with a leading underscore are the module's own business, and names in capitals are constants. ``file`` is how
    errors name the module's file.
    """
    found = []
    for name, value in vars(module).items():
        if name.startswith("_") or name.isupper() or not callable(value):
            continue
        function = inspect.unwrap(value)
        if not isinstance(function, FunctionType):
            continue
        own = function.__module__ == module.__name__
        if own or mark_of(value) is not None:
            found.append(describe_function(value, name=name, file=file if own else function.__code__.co_filename))
    return tuple(found)


def describe_function(function: Callable[..., object], *, name: str, file: str) -> Function:
    """What one function asks for."""
    inner = inspect.unwrap(function)
    line = inner.__code__.co_firstlineno if isinstance(inner, FunctionType) else 1
    names: Mapping[str, object] = getattr(inner, "__globals__", {})
    parameters = tuple(
        Parameter(
            name=parameter.name,
            kind=parameter.kind,
            default=REQUIRED if parameter.default is parameter.empty else parameter.default,
            annotation=_annotation_name(parameter.annotation, names),
        )
        for parameter in _signature(function).parameters.values()
    )
    return Function(name=name, parameters=parameters, file=file, line=line, mark=mark_of(function))


def _signature(function: Callable[..., object]) -> inspect.Signature:
    """The signature with annotations as they are; from Python 3.14 on, reading them may evaluate names that exist for
    a type checker only, so they are asked for in a form that does not."""
    if sys.version_info >= (3, 14):
        from annotationlib import Format

        return inspect.signature(function, annotation_format=Format.FORWARDREF)
    return inspect.signature(function)


def _annotation_name(annotation: Any, names: Mapping[str, object]) -> str:
    """``polars.DataFrame`` for the class itself and for the text ``pl.DataFrame``; empty where there is none."""
    if annotation is inspect.Parameter.empty or annotation is Any:
        return ""
    text = annotation if isinstance(annotation, str) else getattr(annotation, "__forward_arg__", None)
    if isinstance(text, str):
        return _resolve(text, names)
    origin = getattr(annotation, "__origin__", annotation)
    if isinstance(origin, type):
        return f"{origin.__module__}.{origin.__qualname__}"
    return str(annotation)


def _resolve(text: str, names: Mapping[str, object]) -> str:
    dotted = text.strip().strip("'\"").partition("[")[0]
    head, dot, rest = dotted.partition(".")
    known = names.get(head)
    if isinstance(known, ModuleType):
        return f"{known.__name__}{dot}{rest}"
    if not dot and (isinstance(known, type) or hasattr(known, "__origin__")):
        return _annotation_name(known, {})
    return f"{_USUAL_NAMES.get(head, head)}{dot}{rest}"


# ── from source ──────────────────────────────────────────────────────────────────────────────────────────────────────


def describe_source(text: str, *, file: str) -> tuple[Function, ...]:
    """The functions that a module's source defines at its top level; raises `SyntaxError`.

    Defaults that are not literals are `UNREAD`.
    """
    tree = ast.parse(text, filename=file)
    aliases = dict(_aliases(tree.body))
    return tuple(
        _described(node, aliases, file)
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_") and not node.name.isupper()
    )


def _described(node: ast.FunctionDef, aliases: Mapping[str, str], file: str) -> Function:
    arguments = node.args
    kinds = inspect.Parameter
    listed: list[tuple[ast.arg, inspect._ParameterKind, ast.expr | None]] = []
    positional = [*arguments.posonlyargs, *arguments.args]
    defaults = [None] * (len(positional) - len(arguments.defaults)) + list(arguments.defaults)
    for place, (each, default) in enumerate(zip(positional, defaults, strict=True)):
        only = place < len(arguments.posonlyargs)
        listed.append((each, kinds.POSITIONAL_ONLY if only else kinds.POSITIONAL_OR_KEYWORD, default))
    if arguments.vararg:
        listed.append((arguments.vararg, kinds.VAR_POSITIONAL, None))
    for each, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        listed.append((each, kinds.KEYWORD_ONLY, default))
    if arguments.kwarg:
        listed.append((arguments.kwarg, kinds.VAR_KEYWORD, None))
    parameters = tuple(
        Parameter(
            name=each.arg,
            kind=kind,
            default=REQUIRED if default is None else _literal(default),
            annotation=_written_annotation(each.annotation, aliases),
        )
        for each, kind, default in listed
    )
    line = min([node.lineno, *(each.lineno for each in node.decorator_list)])
    return Function(
        name=node.name, parameters=parameters, file=file, line=line, mark=_written_mark(node.decorator_list)
    )


def _aliases(body: Iterable[ast.stmt]) -> Iterable[tuple[str, str]]:
    for node in body:
        if isinstance(node, ast.Import):
            yield from ((each.asname or each.name.partition(".")[0], each.name) for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ((each.asname or each.name, f"{node.module}.{each.name}") for each in node.names)
        elif isinstance(node, ast.If | ast.Try):
            yield from _aliases(node.body)


def _written_annotation(node: ast.expr | None, aliases: Mapping[str, str]) -> str:
    if node is None:
        return ""
    written = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ast.unparse(node)
    dotted = written.partition("[")[0]
    head, dot, rest = dotted.partition(".")
    return f"{aliases.get(head, _USUAL_NAMES.get(head, head))}{dot}{rest}"


def _literal(node: ast.expr) -> object:
    try:
        value: object = ast.literal_eval(node)
    except ValueError:
        return UNREAD
    return value


def _written_mark(decorators: Iterable[ast.expr]) -> StepMark | None:
    for node in decorators:
        call = node if isinstance(node, ast.Call) else None
        name = ast.unparse(call.func if call else node)
        if name not in ("step", "trimtab.step"):
            continue
        said = {each.arg: _literal(each.value) for each in call.keywords if each.arg} if call else {}
        return _mark_of_words(said)
    return None


def _mark_of_words(said: Mapping[str, object]) -> StepMark:
    """What the decorator's literal arguments say; what is none is for whoever loads the module."""
    rows: RowKind | None = next((kind for kind in ROW_KINDS if kind == said.get("rows")), None)
    env, retries, limit, cache = (said.get(each) for each in ("env", "retries", "time_limit", "cache"))
    names = (env,) if isinstance(env, str) else env if isinstance(env, list | tuple | set) else ()
    return StepMark(
        rows=rows,
        env=tuple(name for name in names if isinstance(name, str)),
        retries=retries if isinstance(retries, int) else 0,
        time_limit=limit if isinstance(limit, str) else None,
        cache=cache if isinstance(cache, bool) else None,
    )
