"""A module's text as units: its top-level statements, the smallest things that count.

What stands under ``if`` is a unit of its own, with the conditions it stands under; so is each name of an import. Other
compound statements (``try``, ``for``, ``with``, ``match``) are one unit, since what they do hangs together.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterable, Iterator
from typing import Final

from trimtab.base.digest import Digest, digest_bytes, digest_parts
from trimtab.pipeline.reach.normal import is_no_op, normal_digest
from trimtab.pipeline.reach.scopes import Imported
from trimtab.pipeline.reach.values import UnitKind

_LONGEST_NAME: Final = 60


class Statement:
    """A unit: a top-level statement, one name of an import, or the condition of an ``if``.

    Attributes:
        place: its number in the module, in the order of execution.
        conditions: the ``if``s around it, outermost first, with the branch it is in.
        executed: False where only a type checker goes.
        target: what an import binds its name to; ``loaded`` is the module or name that it loads.
    """

    __slots__ = ("_digests", "binds", "conditions", "executed", "kind", "loaded", "name", "node", "place", "target")

    def __init__(
        self, node: ast.stmt | ast.expr, *, kind: UnitKind, name: str = "", binds: tuple[str, ...] = (),
        conditions: tuple[tuple[Statement, bool], ...] = (), executed: bool = True,
    ) -> None:  # fmt: skip
        self.node = node
        self.kind = kind
        self.name = name
        self.binds = binds
        self.conditions = conditions
        self.executed = executed
        self.place = 0
        self.target: Imported | None = None
        self.loaded: Imported | None = None
        self._digests: dict[bool, Digest] = {}

    @property
    def line(self) -> int:
        decorators: list[ast.expr] = getattr(self.node, "decorator_list", [])
        return min([self.node.lineno, *(each.lineno for each in decorators)])

    def title(self) -> str:
        """The name by which it is told."""
        return self.name or _fragment(self.node, self.binds)

    def digest(self, *, docstrings: bool = False) -> Digest:
        """The digest of the normalised source, conditions included."""
        if docstrings not in self._digests:
            self._digests[docstrings] = self._digest(docstrings)
        return self._digests[docstrings]

    def _digest(self, docstrings: bool) -> Digest:
        own = digest_bytes(self.name.encode()) if self.target else normal_digest(self.node, docstrings=docstrings)
        if not self.conditions:
            return own
        around = (f"{condition.digest()} {branch}" for condition, branch in self.conditions)
        return digest_parts(each.encode() for each in (own, *around))


def parsed(text: str) -> ast.Module:
    """The syntax tree of a module; raises `SyntaxError`, `ValueError` or `RecursionError`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "\d" and the like are the user's to see when the code runs
        return ast.parse(text.removeprefix("\ufeff"))


def split(tree: ast.Module, *, home: str, is_package: bool, script: bool) -> list[Statement]:
    """The units of a module, in order.

    Args:
        home: the module's dotted name.
        script: the module is executed as a program, so its main block counts.
    """
    found = list(_split(tree.body, (), True, _Home(home, is_package, script)))
    for place, each in enumerate(found):
        each.place = place
    return found


class _Home:
    def __init__(self, name: str, is_package: bool, script: bool) -> None:
        self.name = name
        self.is_package = is_package
        self.script = script


def _split(
    body: Iterable[ast.stmt], conditions: tuple[tuple[Statement, bool], ...], executed: bool, home: _Home
) -> Iterator[Statement]:
    for node in body:
        if isinstance(node, ast.If):
            yield from _split_if(node, conditions, executed, home)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield from _split_import(node, conditions, executed, home)
        elif not is_no_op(node):
            kind, name, binds = _kind(node)
            yield Statement(node, kind=kind, name=name, binds=binds, conditions=conditions, executed=executed)


def _split_if(
    node: ast.If, conditions: tuple[tuple[Statement, bool], ...], executed: bool, home: _Home
) -> Iterator[Statement]:
    if not home.script and _is_main(node.test):
        yield from _split(node.orelse, conditions, executed, home)
        return
    checked = isinstance(node.test, ast.Name | ast.Attribute) and ast.unparse(node.test).endswith("TYPE_CHECKING")
    test = Statement(node.test, kind=UnitKind.STATEMENT, conditions=conditions, executed=executed)
    yield test
    yield from _split(node.body, (*conditions, (test, True)), executed and not checked, home)
    yield from _split(node.orelse, (*conditions, (test, False)), executed, home)


def _is_main(test: ast.expr) -> bool:
    """Whether a condition never holds in a module that is imported."""
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
        return any(_is_main(each) for each in test.values)
    if not isinstance(test, ast.Compare) or len(test.ops) != 1 or not isinstance(test.ops[0], ast.Eq):
        return False
    sides = (test.left, test.comparators[0])
    named = any(isinstance(side, ast.Name) and side.id == "__name__" for side in sides)
    return named and any(isinstance(side, ast.Constant) and side.value == "__main__" for side in sides)


def _split_import(
    node: ast.Import | ast.ImportFrom, conditions: tuple[tuple[Statement, bool], ...], executed: bool, home: _Home
) -> Iterator[Statement]:
    for name, target, loaded in imported_by(node, home=home.name, is_package=home.is_package):
        each = Statement(node, kind=UnitKind.STATEMENT, binds=(name,), conditions=conditions, executed=executed)
        each.target, each.loaded = target, loaded
        source = f"from {target.module} import {target.attribute}" if target.attribute else f"import {loaded.module}"
        each.name = source if name in (target.attribute, loaded.module.partition(".")[0]) else f"{source} as {name}"
        yield each


def imported_by(
    node: ast.Import | ast.ImportFrom, *, home: str, is_package: bool
) -> Iterator[tuple[str, Imported, Imported]]:
    """For each alias of an import: the name that it binds, what to, and what it loads."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            top = alias.name.partition(".")[0]
            loaded = Imported(alias.name)
            yield (alias.asname, loaded, loaded) if alias.asname else (top, Imported(top), loaded)
        return
    module = node.module or ""
    if node.level:
        package = home.split(".") if is_package else home.split(".")[:-1]
        around = package[: len(package) - node.level + 1]
        module = ".".join([*around, *([module] if module else [])])
    for alias in node.names:
        target = Imported(module, alias.name)
        yield (alias.asname or alias.name, target, target)


def _kind(node: ast.stmt) -> tuple[UnitKind, str, tuple[str, ...]]:
    """A statement's kind, its name, and the names that it binds, as far as they are to be seen at once."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return UnitKind.FUNCTION, node.name, (node.name,)
    if isinstance(node, ast.ClassDef):
        return UnitKind.CLASS, node.name, (node.name,)
    targets: list[ast.expr] = []
    if isinstance(node, ast.Assign):
        targets = [inner for each in node.targets for inner in _flat(each)]
    elif isinstance(node, ast.AnnAssign):
        targets = [node.target]
    elif node.__class__.__name__ == "TypeAlias":
        targets = [node.name]  # type: ignore[attr-defined]
    names = tuple(each.id for each in targets if isinstance(each, ast.Name))
    if names and len(names) == len(targets):
        return UnitKind.CONSTANT, ", ".join(names), names
    return UnitKind.STATEMENT, "", names


def _flat(target: ast.expr) -> Iterator[ast.expr]:
    if isinstance(target, ast.Tuple | ast.List):
        for each in target.elts:
            yield from _flat(each)
    elif isinstance(target, ast.Starred):
        yield from _flat(target.value)
    else:
        yield target


def is_plain(node: ast.stmt | ast.expr) -> bool:
    """Whether `Statement.binds` has all that a statement binds, if nothing in the module is bound by ``:=``."""
    simple = (
        ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Assign, ast.AnnAssign, ast.Expr, ast.Import,
        ast.ImportFrom,
    )  # fmt: skip
    return isinstance(node, (simple, ast.expr)) or node.__class__.__name__ == "TypeAlias"


def _fragment(node: ast.stmt | ast.expr, binds: tuple[str, ...]) -> str:
    """The beginning of a statement's text, in one way of writing it."""
    if isinstance(node, ast.expr):
        text = f"if {ast.unparse(node)}"
    elif is_plain(node) or not hasattr(node, "body"):
        text = ast.unparse(node).partition("\n")[0]
    else:
        text = f"{ast.unparse(node).partition(chr(10))[0]} … {', '.join(sorted(binds))}".rstrip(" …")
    return text if len(text) <= _LONGEST_NAME else f"{text[: _LONGEST_NAME - 1]}…"
