"""Which scope a name belongs to, by Python's own rules.

Names are bound anywhere in a scope for the whole of it, so all bindings are gathered first and loads are resolved
afterwards. A test compares the outcome with `symtable` over the standard library. Rejected: `symtable` itself, which
parses the text once more and cannot say which of several equal names a syntax tree's node is.
"""

from __future__ import annotations

import ast
from enum import IntEnum
from typing import NamedTuple


class Imported(NamedTuple):
    """What an import binds a name to: a module, or an attribute of one; ``*`` stands for all its public names."""

    module: str
    attribute: str = ""


class ScopeKind(IntEnum):
    MODULE = 0
    CLASS = 1
    FUNCTION = 2


class Scope:
    """The names of a function, class, lambda, comprehension, or of the module.

    ``later`` says that its code does not run when the statement is executed, but when something is called.
    ``step`` orders the views of a class's scope: each of its statements sees what those before it surely bound.
    """

    __slots__ = (
        "bindings", "bound", "declared", "imports", "kind", "later", "method", "outer", "private", "step", "sure",
        "through",
    )  # fmt: skip

    def __init__(self, kind: ScopeKind, outer: Scope | None, *, later: bool = False, private: str = "") -> None:
        self.kind = kind
        self.outer = outer
        self.later = later
        self.private = private
        self.through = False  # a comprehension: what `:=` binds in it belongs to the scope around
        self.method = ""  # the first parameter of a method: the object itself
        self.bound: set[str] = set()
        self.declared: set[str] = set()  # global
        self.imports: dict[str, list[Imported]] = {}
        self.bindings: dict[str, list[ast.expr | None]] = {}  # a function's locals: what is assigned, None if unknown
        self.sure: dict[str, int] = {}  # a class's names, by the statement that binds them
        self.step = 0

    def view(self, step: int) -> Scope:
        """A class's scope as its statement number ``step`` sees it."""
        seen = Scope(self.kind, self.outer, later=self.later, private=self.private)
        seen.bound, seen.declared, seen.imports = self.bound, self.declared, self.imports
        seen.bindings, seen.sure, seen.step = self.bindings, self.sure, step
        return seen

    def bind(self, name: str, value: ast.expr | None = None) -> None:
        self.bound.add(name)
        self.bindings.setdefault(name, []).append(value)

    def holder(self, name: str) -> Scope | None:
        """The function or class whose local the name is; None for a global of the module or a builtin."""
        scope: Scope | None = self
        own = True
        while scope is not None and scope.kind is not ScopeKind.MODULE:
            if scope.kind is ScopeKind.FUNCTION or own:
                if name in scope.declared:
                    return None
                if name in scope.bound:
                    return scope if scope._surely_has(name) else None
            own = False
            scope = scope.outer
        return None

    def _surely_has(self, name: str) -> bool:
        """A class's statement looks for the name outside of the class as long as nothing above has bound it."""
        return self.kind is ScopeKind.FUNCTION or self.sure.get(name, self.step) < self.step


def mangled(name: str, private: str) -> str:
    """The name as the compiler writes it inside of a class: ``__x`` in ``Reader`` is ``_Reader__x``."""
    if private and name.startswith("__") and not name.endswith("__") and "." not in name:
        return f"_{private}{name}"
    return name
