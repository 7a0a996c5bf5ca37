"""What one statement mentions, as values: names and what is done to them, lookups, calls."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from enum import IntEnum
from typing import Final, NamedTuple

from trimtab.pipeline.reach.scopes import Imported, Scope, mangled


class Use(IntEnum):
    """How a name is used.

    DISCARDED is the call whose result nobody takes, so it is there for its effect; DECORATES what stands after ``@``.
    """

    READ = 0
    DISCARDED = 1
    ANNOTATION = 2
    DECORATES = 3
    WRITE = 4


class Ref(NamedTuple):
    """A use of a name that is the module's, or that an import inside a function binds.

    Attributes:
        path: the attributes taken of it, as far as they follow each other.
        imported: where a function's own import leads; empty for a name of the module.
        around: the call or the subscript that the expression is the head of.
        steps: for WRITE and deep calls, how many attributes, items and calls lie behind ``path``.
        method: the last attribute of a call behind ``steps``.
    """

    root: str
    path: tuple[str, ...]
    node: ast.expr
    use: Use
    later: bool
    imported: tuple[Imported, ...] = ()
    around: ast.Call | ast.Subscript | None = None
    steps: int = 0
    method: str = ""


class LocalChange(NamedTuple):
    """A change in place of something that a local name leads to."""

    name: str
    home: Scope
    depth: int
    method: str


class Lookup(NamedTuple):
    """A call, or another use, of a built-in function that finds things by what is only known while it runs."""

    name: str
    node: ast.expr
    call: ast.Call | None
    later: bool
    called: bool
    own: str
    subject: Ref | None


class Call(NamedTuple):
    """A call, with the scope that it stands in; ``discarded`` says that nobody takes its result."""

    node: ast.Call
    scope: Scope
    discarded: bool

    @property
    def later(self) -> bool:
        return self.scope.later

    def head(self) -> Ref | None:
        """What is called, if it has a name of the module."""
        return named(self.node.func, self.scope)

    def arguments(self) -> Iterable[Ref]:
        """What is handed over that has a name of the module."""
        for each in (*self.node.args, *(word.value for word in self.node.keywords)):
            found = named(each.value if isinstance(each, ast.Starred) else each, self.scope)
            if found is not None:
                yield found


class Query(NamedTuple):
    """A call of a method that evaluates a text with the names of its caller."""

    method: str
    node: ast.Call
    scope: Scope


class Facts:
    """All that the text of a statement says of names."""

    __slots__ = (
        "attributes", "bound", "calls", "consumed", "deep", "imports", "local_changes", "lookups", "queries", "refs",
        "runs", "texts", "writes",
    )  # fmt: skip

    def __init__(self) -> None:
        self.refs: list[Ref] = []
        self.deep: list[Ref] = []
        self.calls: list[Call] = []
        self.lookups: list[Lookup] = []
        self.queries: list[Query] = []
        self.attributes: list[tuple[ast.Attribute, ast.Call | None]] = []
        self.local_changes: list[LocalChange] = []
        self.bound: dict[str, list[Imported] | None] = {}
        self.writes: set[str] = set()
        self.imports: list[tuple[Imported, bool]] = []
        self.texts: list[ast.Constant] = []
        self.consumed: set[int] = set()  # import_module("x") of which an attribute is taken, or that is given a name
        self.runs = False  # executing the statement calls something


LOOKUPS: Final = frozenset({
    "getattr", "setattr", "delattr", "hasattr", "globals", "locals", "vars", "dir", "eval", "exec", "compile",
    "__import__",
})  # fmt: skip
QUERYING: Final = frozenset({
    "eval", "evaluate", "execute", "execute_global", "executemany", "from_query", "query", "sql",
})  # fmt: skip
"""Methods and functions that may evaluate a text with the names of their caller."""

BY_NAME: Final = frozenset({"getattr", "setattr", "delattr", "hasattr"})
TELLING: Final = frozenset({
    "__globals__", "__subclasses__", "__doc__", "__code__", "f_globals", "f_locals", "f_back", "read_text",
    "read_bytes",
})  # fmt: skip
"""Attributes that mean the same whatever they are taken of."""


def ref_of(
    root: str, path: tuple[str, ...], node: ast.expr, use: Use, scope: Scope, around: ast.Call | ast.Subscript | None
) -> Ref | None:
    """The use of a name, unless the name is a local one that no import binds."""
    home = scope.holder(root)
    if home is None:
        return Ref(root, path, node, use, scope.later, (), around)
    imported = home.imports.get(root)
    return Ref(root, path, node, use, scope.later, tuple(imported), around) if imported else None


def named(node: ast.expr, scope: Scope) -> Ref | None:
    chain = chain_of(node, scope.private)
    return ref_of(*chain, node, Use.READ, scope, None) if chain else None


def chain_of(node: ast.expr, private: str = "") -> tuple[str, tuple[str, ...]] | None:
    """``a.b.c`` as a name and its attributes; None for what does not start at a name."""
    path: list[str] = []
    while node.__class__ is ast.Attribute:
        path.append(mangled(node.attr, private))
        node = node.value
    if node.__class__ is not ast.Name:
        return None
    return mangled(node.id, private), tuple(reversed(path))
