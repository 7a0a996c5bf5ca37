"""One module of the project as units: its top-level statements, what each binds, uses and changes.

A unit is the smallest thing that counts: a function, a class, an assignment. Which names of a unit are the module's is
asked of `symtable`, Python's own resolution of scopes, so that a local variable called like a constant is not it.
"""

from __future__ import annotations

import ast
import symtable
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from trimtab.base.digest import Digest, digest_bytes
from trimtab.pipeline.code.values import Unit, UnitKind, UnreadableCodeError

Chain = tuple[str, ...]
"""A name and the attributes that are taken of it: ``("helpers", "limits", "LOW")``."""

_LARGEST_LITERAL = 1024
_HARMLESS = frozenset({
    "abs", "all", "any", "bool", "bytes", "callable", "dict", "divmod", "enumerate", "filter", "float", "format",
    "frozenset", "getattr", "hasattr", "hash", "id", "int", "isinstance", "issubclass", "len", "list", "map", "max",
    "min", "open", "ord", "pow", "print", "range", "repr", "reversed", "round", "set", "sorted", "str", "sum", "super",
    "tuple", "type", "zip",
})  # fmt: skip
"""Built-in functions that change none of what they are given."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import binds a name to: a module (``attribute`` empty), an attribute of one, or all (``*``)."""

    module: str
    attribute: str = ""


@dataclass(slots=True, eq=False)
class Statement:
    """A top-level statement.

    ``binds`` are the names that it makes; ``uses`` the chains that start at a name of the module; ``bare`` those used
    as values by themselves; ``stores`` what it stores into or deletes from; ``touches`` what it calls a method of or
    hands to a call, and so may change.
    """

    node: ast.stmt
    module: str
    path: str
    binds: frozenset[str] = frozenset()
    imports: dict[str, Imported] = field(default_factory=dict)
    inner_imports: tuple[Imported, ...] = ()
    uses: frozenset[Chain] = frozenset()
    bare: frozenset[str] = frozenset()
    stores: frozenset[Chain] = frozenset()
    touches: frozenset[Chain] = frozenset()

    @property
    def at(self) -> str:
        decorators = getattr(self.node, "decorator_list", [])
        return f"{self.path}:{min([self.node.lineno, *(each.lineno for each in decorators)])}"


class ModuleCode:
    """A parsed module; raises `UnreadableCodeError` when its text is not Python.

    A ``script`` runs its main block too.
    """

    def __init__(self, name: str, path: str, text: str, *, script: bool = False) -> None:
        self.name = name
        self.path = path
        self.is_package = path.endswith("__init__.py")
        try:
            self._tree = ast.parse(text, filename=path)
        except (SyntaxError, ValueError) as error:
            raise UnreadableCodeError(
                f"this is not Python: {getattr(error, 'msg', error)}",
                fix="Correct it.",
                at=f"{path}:{getattr(error, 'lineno', 1)}",
            ) from error
        self._digests: dict[int, Digest] = {}
        self._documented = "__doc__" in text
        self._script = script

    @cached_property
    def statements(self) -> tuple[Statement, ...]:
        """The statements that an import of the module executes, in order."""
        body = (node for node in self._tree.body if not _is_text(node))
        return tuple(self._statement(node) for node in body if self._script or not _is_main_block(node))

    @cached_property
    def bindings(self) -> dict[str, list[Statement]]:
        """Name → the statements that bind it; several where it is defined in several ways."""
        found: dict[str, list[Statement]] = {}
        for statement in self.statements:
            for name in statement.binds:
                found.setdefault(name, []).append(statement)
        return found

    @cached_property
    def imports(self) -> dict[str, list[Imported]]:
        found: dict[str, list[Imported]] = {}
        for statement in self.statements:
            for name, imported in statement.imports.items():
                found.setdefault(name, []).append(imported)
        return found

    @cached_property
    def stars(self) -> tuple[str, ...]:
        """Modules from which all names are imported."""
        return tuple(each.module for each in self.imports.get("*", ()))

    def unit(self, statement: Statement) -> Unit:
        node = statement.node
        kind, name = UnitKind.STATEMENT, ", ".join(sorted(statement.binds)) or _short(node)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            kind, name = UnitKind.FUNCTION, node.name
        elif isinstance(node, ast.ClassDef):
            kind, name = UnitKind.CLASS, node.name
        elif isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign) and statement.binds:
            kind = UnitKind.CONSTANT
        return Unit(kind=kind, name=name, module=self.name, digest=self._digest(node), at=statement.at)

    @cached_property
    def whole(self) -> Unit:
        """The module as one unit."""
        parts = "\n".join(_normal(each.node, documented=self._documented) for each in self.statements)
        return Unit(
            kind=UnitKind.MODULE, name=self.path, module=self.name, digest=digest_bytes(parts.encode()),
            at=f"{self.path}:1",
        )  # fmt: skip

    def _digest(self, node: ast.stmt) -> Digest:
        if id(node) not in self._digests:
            self._digests[id(node)] = digest_bytes(_normal(node, documented=self._documented).encode())
        return self._digests[id(node)]

    def _statement(self, node: ast.stmt) -> Statement:
        statement = Statement(node, self.name, self.path)
        statement.imports = dict(self._imported(node, top=True))
        inner = [each for _, each in self._imported(node, top=False)]
        statement.inner_imports = (*inner, *_imported_by_name(node))
        globals_, made = _names(node)
        statement.binds = frozenset(made) | frozenset(statement.imports)
        chains = {chain for chain in _chains(node) if chain[0] in globals_}
        statement.uses = frozenset(chains | {(name,) for name in globals_})
        statement.bare = frozenset(_bare(node) & globals_)
        known = globals_ | statement.binds
        statement.stores = frozenset(chain for chain in _stored(node) if chain[0] in known)
        statement.touches = frozenset(chain for chain in _touched(node) if chain[0] in known)
        return statement

    def _imported(self, node: ast.stmt, *, top: bool) -> Iterator[tuple[str, Imported]]:
        """Imports that the statement makes: of the module's own scope, or of the functions in it."""
        inside = _outside_functions(node) if top else _inside_functions(node)
        for each in inside:
            if isinstance(each, ast.Import):
                for alias in each.names:
                    bound = alias.asname or alias.name.partition(".")[0]
                    yield bound, Imported(alias.name if alias.asname else alias.name.partition(".")[0])
                    if not alias.asname and "." in alias.name:
                        yield f"import {alias.name}", Imported(alias.name)
            elif isinstance(each, ast.ImportFrom):
                home = self._home(each)
                for alias in each.names:
                    yield alias.asname or alias.name, Imported(home, alias.name)

    def _home(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        package = self.name.split(".") if self.is_package else self.name.split(".")[:-1]
        parts = package[: len(package) - node.level + 1]
        return ".".join([*parts, *([node.module] if node.module else [])])


def _imported_by_name(node: ast.stmt) -> Iterator[Imported]:
    """``importlib.import_module("a.b")``, where the name is written out."""
    for each in ast.walk(node):
        if isinstance(each, ast.Call) and ast.unparse(each.func).endswith("import_module") and each.args:
            name = each.args[0]
            if isinstance(name, ast.Constant) and isinstance(name.value, str):
                yield Imported(name.value)


def literals(node: ast.stmt) -> Iterator[str]:
    """The texts that stand in a statement."""
    for each in ast.walk(node):
        if isinstance(each, ast.Constant) and isinstance(each.value, str) and len(each.value) <= _LARGEST_LITERAL:
            yield each.value


def chain_of(node: ast.expr) -> Chain | None:
    """``a.b.c`` as a chain; None for what does not start at a name."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return (node.id, *reversed(parts)) if isinstance(node, ast.Name) else None


def _names(node: ast.stmt) -> tuple[set[str], set[str]]:
    """The names of the module that a statement looks up anywhere in it, and those that it binds."""
    used: set[str] = set()
    made: set[str] = set()
    top = symtable.symtable(ast.unparse(ast.Module(body=[node], type_ignores=[])), "<unit>", "exec")
    waiting = [top]
    while waiting:
        table = waiting.pop()
        waiting += table.get_children()
        for symbol in table.get_symbols():
            name = symbol.get_name()
            if table is top:
                if symbol.is_referenced():
                    used.add(name)
                if symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace():
                    made.add(name)
            elif symbol.is_global():
                if symbol.is_referenced():
                    used.add(name)
                if symbol.is_declared_global() and symbol.is_assigned():
                    made.add(name)
            elif table.get_type() == "class" and symbol.is_referenced():
                used.add(name)  # a class's body falls back to the module's name
    return used, made


def _chains(node: ast.stmt) -> Iterator[Chain]:
    for each in ast.walk(node):
        if isinstance(each, ast.Attribute):
            found = chain_of(each)
            if found is not None:
                yield found
        elif isinstance(each, ast.Call) and isinstance(each.func, ast.Name) and each.func.id == "getattr":
            base = chain_of(each.args[0]) if each.args else None
            if base and len(each.args) > 1 and isinstance(each.args[1], ast.Constant):
                yield (*base, str(each.args[1].value))


def _bare(node: ast.stmt) -> set[str]:
    """Names that are used as values, and not only to take an attribute of."""
    based = {
        id(each.value)
        for each in ast.walk(node)
        if isinstance(each, ast.Attribute) and isinstance(each.value, ast.Name)
    }
    for each in ast.walk(node):  # getattr(module, "name") is an attribute too
        if (
            isinstance(each, ast.Call) and isinstance(each.func, ast.Name) and each.func.id == "getattr"
            and len(each.args) > 1 and isinstance(each.args[1], ast.Constant)
        ):  # fmt: skip
            based.add(id(each.args[0]))
    return {
        each.id
        for each in ast.walk(node)
        if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load) and id(each) not in based
    }


def _stored(node: ast.stmt) -> Iterator[Chain]:
    """What is stored into, added to or deleted from in place."""
    for each in ast.walk(node):
        if isinstance(each, ast.Subscript | ast.Attribute) and isinstance(each.ctx, ast.Store | ast.Del):
            found = chain_of(_base(each.value))
            if found:
                yield (*found, each.attr) if isinstance(each, ast.Attribute) else found
        elif isinstance(each, ast.AugAssign):
            found = chain_of(_base(each.target))
            if found:
                yield found
        elif isinstance(each, ast.Global):
            yield from ((name,) for name in each.names)


def _touched(node: ast.stmt) -> Iterator[Chain]:
    """What a method is called of, and what is handed to a call."""
    for each in ast.walk(node):
        if not isinstance(each, ast.Call) or (isinstance(each.func, ast.Name) and each.func.id in _HARMLESS):
            continue
        given = [*each.args, *(word.value for word in each.keywords)]
        if isinstance(each.func, ast.Attribute):
            given.append(each.func.value)
        for argument in given:
            found = chain_of(_base(argument.value if isinstance(argument, ast.Starred) else argument))
            if found:
                yield found


def _base(node: ast.expr) -> ast.expr:
    """``table`` of ``table["a"][0]``."""
    while isinstance(node, ast.Subscript):
        node = node.value
    return node


def _normal(node: ast.stmt, *, documented: bool) -> str:
    """A statement's text without what does not change what it does: format, comments, docstrings."""
    if documented:
        return ast.dump(node)
    taken: list[tuple[ast.AST, ast.stmt]] = []
    for each in ast.walk(node):
        body = getattr(each, "body", None)
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and body and _is_text(body[0]):
            taken.append((each, body.pop(0)))
    try:
        return ast.dump(node)
    finally:
        for each, text in taken:
            each.body.insert(0, text)  # type: ignore[attr-defined]


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _is_main_block(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and not node.orelse and ast.unparse(node.test) == "__name__ == '__main__'"


_Scopes = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def _outside_functions(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, _Scopes):
        return
    yield node
    for each in ast.iter_child_nodes(node):
        yield from _outside_functions(each)


def _inside_functions(node: ast.AST) -> Iterator[ast.AST]:
    for each in ast.walk(node):
        if isinstance(each, _Scopes):
            yield from (inner for inner in ast.walk(each) if inner is not each)


def _short(node: ast.stmt) -> str:
    text = ast.unparse(node).partition("\n")[0]
    return text if len(text) <= 40 else f"{text[:39]}…"


def unique(items: Iterable[Unit]) -> list[Unit]:
    """Each unit once, in order."""
    return list(dict.fromkeys(items))
