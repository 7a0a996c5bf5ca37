# ruff: noqa: ARG001 - the functions for nodes share one form
"""What one statement mentions: the module's names that it uses, with the attributes taken of them, and how.

One walk over the syntax tree gathers names with the scope that they stand in; `trimtab.pipeline.reach.scopes` tells
afterwards which of them are the module's. The walk keeps a stack of its own, since a chain of a thousand calls is a
thousand levels deep.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from typing import Any, Final

from trimtab.pipeline.reach.facts import (
    BY_NAME,
    LOOKUPS,
    QUERYING,
    TELLING,
    Call,
    Facts,
    LocalChange,
    Lookup,
    Query,
    Ref,
    Use,
    chain_of,
    named,
    ref_of,
)
from trimtab.pipeline.reach.normal import is_no_op
from trimtab.pipeline.reach.scopes import Imported, Scope, ScopeKind, mangled

_PLAIN: Final = frozenset({
    "arg", "attr", "ctx", "id", "kind", "kwd_attrs", "level", "module", "name", "names", "op", "ops", "rest",
    "type_comment",
})  # fmt: skip
_FIELDS: Final[dict[type, tuple[str, ...]]] = {}


def facts_of(node: ast.AST, *, bound: Callable[[str], bool], imports: ImportReader) -> Facts:
    """The facts of a top-level statement, or of a part of one.

    Args:
        bound: whether the module itself binds a name, so that a built-in function of that name is not meant.
        imports: what an import statement in this module binds.
    """
    return _Walk(bound, imports).run(node)


ImportReader = Callable[[ast.Import | ast.ImportFrom], Iterable[tuple[str, Imported, Imported]]]
"""For each alias: the name that it binds, what it binds it to, and the module or name that it loads."""


class _Walk:
    def __init__(self, bound: Callable[[str], bool], imports: ImportReader) -> None:
        self.bound_by_module = bound
        self.read_import = imports
        self.facts = Facts()
        self.top = Scope(ScopeKind.MODULE, None)
        self.stack: list[tuple[Any, Scope, Use]] = []
        self.found: list[tuple[str, tuple[str, ...], ast.expr, Use, Scope, ast.Call | ast.Subscript | None]] = []
        self.changed: list[tuple[str, tuple[str, ...], ast.expr, Use, Scope, int, str]] = []
        self.calls: list[Call] = []
        self.looked: list[tuple[str, ast.expr, ast.Call | None, Scope, ast.expr | None]] = []
        self.called: set[int] = set()
        self.scopes: list[Scope] = []

    def run(self, node: ast.AST) -> Facts:
        stack = self.stack
        stack.append((node, self.top, Use.READ))
        while stack:
            each, scope, use = stack.pop()
            kind = each.__class__
            visit = _VISITS.get(kind)
            if visit is not None:
                visit(self, each, scope, use)
                continue
            for field in _FIELDS[kind] if kind in _FIELDS else _fields(kind):
                child = getattr(each, field, None)
                if child.__class__ is list:
                    stack.extend((item, scope, use) for item in child if item is not None)
                elif isinstance(child, ast.AST):
                    stack.append((child, scope, use))
        self._settle()
        return self.facts

    def push(self, nodes: Iterable[ast.AST | None], scope: Scope, use: Use = Use.READ) -> None:
        self.stack.extend((node, scope, use) for node in nodes if node is not None)

    def inner(self, kind: ScopeKind, outer: Scope, *, later: bool) -> Scope:
        scope = Scope(kind, outer, later=later or outer.later, private=outer.private)
        self.scopes.append(scope)
        return scope

    # ── what was found, once all bindings are known ──────────────────────────────────────────────────────────────────

    def _settle(self) -> None:
        facts = self.facts
        for root, path, node, use, scope, around in self.found:
            ref = ref_of(root, path, node, use, scope, around)
            if ref is not None:
                facts.refs.append(ref)
        for root, path, node, use, scope, steps, method in self.changed:
            home = scope.holder(root)
            if home is not None and root not in home.imports:
                facts.local_changes.append(LocalChange(root, home, steps + len(path), method))
                continue
            ref = ref_of(root, path, node, use, scope, None)
            if ref is not None:
                (facts.refs if use is Use.WRITE else facts.deep).append(ref._replace(steps=steps, method=method))
        for name, node, call, scope, subject in self.looked:
            if scope.holder(name) is None:
                about = named(subject, scope) if subject is not None else None
                own = _own(subject, scope)
                facts.lookups.append(Lookup(name, node, call, scope.later, id(node) in self.called, own, about))
        facts.calls = self.calls
        for name in self.top.bound:
            facts.bound[name] = self.top.imports.get(name)
        for scope in self.scopes:
            for name in scope.bound & scope.declared:
                facts.writes.add(name)


def module_in(node: ast.expr) -> Imported | None:
    """The module that ``import_module("x")`` gives, as it is written."""
    if not isinstance(node, ast.Call) or not node.args:
        return None
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    said = node.args[0].value if isinstance(node.args[0], ast.Constant) else None
    if not isinstance(said, str) or not said or said.startswith("."):
        return None
    if name == "import_module":
        return Imported(said)
    if name == "__import__" and len(node.args) == 1 and not node.keywords:
        return Imported(said.partition(".")[0])
    return None


def roots_of(node: ast.expr, private: str = "") -> Iterable[tuple[str, tuple[str, ...], int]]:
    """The names that an expression leads away from: name, the attributes next to it, further steps behind these."""
    steps, path = 0, list[str]()
    while True:
        if isinstance(node, ast.Attribute):
            path.append(mangled(node.attr, private))
            node = node.value
        elif isinstance(node, ast.Subscript | ast.Call | ast.Await | ast.Starred):
            steps, path = steps + len(path) + 1, []
            node = node.func if isinstance(node, ast.Call) else node.value
        elif isinstance(node, ast.NamedExpr):
            node = node.value
        elif isinstance(node, ast.IfExp | ast.BoolOp):
            several = node.values if isinstance(node, ast.BoolOp) else [node.body, node.orelse]
            for each in several:
                for root, inner, more in roots_of(each, private):
                    yield root, inner, more + steps + len(path) + 1
            return
        elif isinstance(node, ast.Name):
            yield mangled(node.id, private), tuple(reversed(path)), steps
            return
        else:
            return


def _own(node: ast.expr | None, scope: Scope) -> str:
    """The class whose method takes ``node`` as its own object; empty if it is anything else."""
    if not isinstance(node, ast.Name):
        return ""
    home = scope.holder(node.id)
    return home.private if home is not None and home.method == node.id else ""


def _fields(kind: type[ast.AST]) -> tuple[str, ...]:
    """The fields of a class of nodes that may hold nodes."""
    found = tuple(field for field in kind._fields if field not in _PLAIN)
    _FIELDS[kind] = found
    return found


# ── one function for each class of nodes that means something to names ───────────────────────────────────────────────


def _name(walk: _Walk, node: ast.Name, scope: Scope, use: Use) -> None:
    name = mangled(node.id, scope.private)
    if node.ctx.__class__ is ast.Load:
        if name in LOOKUPS and not walk.bound_by_module(name):
            walk.looked.append((name, node, None, scope, None))
        walk.found.append((name, (), node, use, scope, None))
    else:
        scope.bind(name)


def _attribute(walk: _Walk, node: ast.Attribute, scope: Scope, use: Use) -> None:
    if node.attr in TELLING:
        walk.facts.attributes.append((node, None))
    if node.ctx.__class__ is not ast.Load:
        _stored(walk, node, scope)
    chain = chain_of(node, scope.private)
    if chain is None:
        _inner(walk, node, node, scope, use, None)
    elif node.ctx.__class__ is ast.Load:
        walk.found.append((*chain, node, use, scope, None))


def _inner(
    walk: _Walk, head: ast.expr, node: ast.expr, scope: Scope, use: Use, around: ast.Call | ast.Subscript | None
) -> None:
    """What attributes are taken of, where that is not a name."""
    path: list[str] = []
    while isinstance(node, ast.Attribute):
        path.append(mangled(node.attr, scope.private))
        node = node.value
    module = module_in(node)
    if module is not None and path:
        walk.facts.consumed.add(id(node))
        later = scope.later
        walk.facts.refs.append(Ref("", tuple(reversed(path)), head, use, later, (module,), around))
    walk.stack.append((node, scope, use))


def _subscript(walk: _Walk, node: ast.Subscript, scope: Scope, use: Use) -> None:
    walk.push([node.slice] if use is not Use.ANNOTATION else _types_in(walk, node, scope), scope, use)
    if node.ctx.__class__ is not ast.Load:
        _stored(walk, node, scope)
        if chain_of(node.value, scope.private) is not None:
            return
    chain = chain_of(node.value, scope.private)
    if chain is not None:
        if isinstance(node.value, ast.Attribute) and node.value.attr in TELLING:
            walk.facts.attributes.append((node.value, None))
        walk.found.append((*chain, node.value, use, scope, node))
    else:
        walk.stack.append((node.value, scope, use))


def _types_in(walk: _Walk, node: ast.Subscript, scope: Scope) -> list[ast.expr]:
    """Where texts in an annotation are types: not in ``Literal``, and in ``Annotated`` the first only."""
    name = node.value.attr if isinstance(node.value, ast.Attribute) else getattr(node.value, "id", "")
    if name == "Literal":
        walk.push([node.slice], scope)
        return []
    if name == "Annotated" and isinstance(node.slice, ast.Tuple):
        walk.push(node.slice.elts[1:], scope)
        return node.slice.elts[:1]
    return [node.slice]


def _stored(walk: _Walk, node: ast.Attribute | ast.Subscript, scope: Scope) -> None:
    for root, path, steps in roots_of(node, scope.private):
        walk.changed.append((root, path, node, Use.WRITE, scope, steps, ""))


def _call(walk: _Walk, node: ast.Call, scope: Scope, use: Use) -> None:
    walk.facts.runs = walk.facts.runs or not scope.later
    walk.calls.append(Call(node, scope, use is Use.DISCARDED))
    head = node.func
    arguments: list[ast.expr] = list(node.args)
    if head.__class__ is ast.Name and head.id in LOOKUPS and not walk.bound_by_module(head.id):
        arguments = _look_up(walk, node, scope, use)
    chain = chain_of(head, scope.private)
    walk.called.add(id(head))
    if isinstance(head, ast.Subscript):
        walk.called.add(id(head.value))
    if chain is not None:
        if isinstance(head, ast.Attribute) and head.attr in TELLING:
            walk.facts.attributes.append((head, node))
        walk.found.append((*chain, head, use, scope, node))
    elif isinstance(head, ast.Attribute):
        _inner(walk, head, head, scope, use, node)
        if head.attr in TELLING:
            walk.facts.attributes.append((head, node))
    else:
        walk.stack.append((head, scope, use))
    _method(walk, head, scope, use)
    method = head.attr if isinstance(head, ast.Attribute) else getattr(head, "id", "")
    if method in QUERYING and (method != "eval" or isinstance(head, ast.Attribute) or walk.bound_by_module("eval")):
        walk.facts.queries.append(Query(method, node, scope))
    walk.push(arguments, scope, use)
    walk.push((word.value for word in node.keywords), scope, use)


def _method(walk: _Walk, head: ast.expr, scope: Scope, use: Use) -> None:
    """A method may change what it is called of."""
    if isinstance(head, ast.Attribute | ast.Subscript):
        method = head.attr if isinstance(head, ast.Attribute) else "__call__"
        for root, path, steps in roots_of(head.value, scope.private):
            walk.changed.append((root, path, head, use, scope, steps + 1, method))


def _look_up(walk: _Walk, node: ast.Call, scope: Scope, use: Use) -> list[ast.expr]:
    """Notes ``getattr`` and its like; with the attribute as a literal it is an attribute. What is left to walk."""
    assert isinstance(node.func, ast.Name)
    name = node.func.id
    first = node.args[0] if node.args else None
    if name in BY_NAME and len(node.args) > 1 and isinstance(node.args[1], ast.Constant):
        said = node.args[1].value
        taken = ast.Attribute(value=node.args[0], attr=said, ctx=ast.Load()) if isinstance(said, str) else node.args[0]
        ast.copy_location(taken, node)
        if name in ("setattr", "delattr") and isinstance(taken, ast.Attribute):
            taken.ctx = ast.Store()
        return [taken, *node.args[2:]]
    walk.looked.append((name, node, node, scope, first))
    return list(node.args[1:]) if first is not None and chain_of(first, scope.private) else list(node.args)


def _expression(walk: _Walk, node: ast.Expr, scope: Scope, use: Use) -> None:
    if not is_no_op(node):
        walk.stack.append((node.value, scope, Use.DISCARDED))


def _assign(walk: _Walk, node: ast.Assign, scope: Scope, use: Use) -> None:
    unused = all(isinstance(each, ast.Name) and each.id.strip("_") == "" for each in node.targets)
    walk.stack.append((node.value, scope, Use.DISCARDED if unused else Use.READ))
    for target in node.targets:
        if isinstance(target, ast.Name):
            name = mangled(target.id, scope.private)
            scope.bind(name, node.value)
            module = module_in(node.value)
            if module is not None:
                walk.facts.consumed.add(id(node.value))
                scope.imports.setdefault(name, []).append(module)
        else:
            walk.stack.append((target, scope, Use.READ))


def _annotated(walk: _Walk, node: ast.AnnAssign, scope: Scope, use: Use) -> None:
    if scope.kind is not ScopeKind.FUNCTION:
        walk.stack.append((node.annotation, scope, Use.ANNOTATION))
    if isinstance(node.target, ast.Name):
        scope.bind(mangled(node.target.id, scope.private), node.value)
    else:
        walk.stack.append((node.target, scope, Use.READ))
    walk.push([node.value], scope)


def _augmented(walk: _Walk, node: ast.AugAssign, scope: Scope, use: Use) -> None:
    walk.push([node.value, node.target], scope)
    if isinstance(node.target, ast.Name):
        walk.found.append((mangled(node.target.id, scope.private), (), node.target, Use.READ, scope, None))
    elif (chain := chain_of(_holder_of(node.target), scope.private)) is not None:
        walk.found.append((*chain, node.target, Use.READ, scope, None))


def _holder_of(node: ast.expr) -> ast.expr:
    return node.value if isinstance(node, ast.Subscript) else node


def _constant(walk: _Walk, node: ast.Constant, scope: Scope, use: Use) -> None:
    if node.value.__class__ is not str:
        return
    if use is not Use.ANNOTATION:
        walk.facts.texts.append(node)
        return
    try:
        written = ast.parse(node.value, mode="eval").body
    except (SyntaxError, ValueError):
        return
    for each in ast.walk(written):
        if "lineno" in each._attributes:
            ast.copy_location(each, node)
    walk.stack.append((written, scope, Use.ANNOTATION))


def _function(walk: _Walk, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, scope: Scope, use: Use) -> None:
    named = not isinstance(node, ast.Lambda)
    outer = scope
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        scope.bind(mangled(node.name, scope.private))
        walk.push(map(_called, node.decorator_list), scope, Use.DECORATES)
        walk.facts.runs = walk.facts.runs or (bool(node.decorator_list) and not scope.later)
        outer = _type_scope(walk, node, scope)
        walk.push([node.returns], outer, Use.ANNOTATION)
    arguments = node.args
    walk.push([*arguments.defaults, *arguments.kw_defaults], scope)
    inner = walk.inner(ScopeKind.FUNCTION, outer, later=True)
    listed = [*arguments.posonlyargs, *arguments.args, arguments.vararg, *arguments.kwonlyargs, arguments.kwarg]
    for each in listed:
        if each is not None:
            inner.bind(mangled(each.arg, scope.private))
            walk.push([each.annotation], outer, Use.ANNOTATION)
    positional = [*arguments.posonlyargs, *arguments.args]
    if named and scope.kind is ScopeKind.CLASS and positional:
        inner.method = positional[0].arg
    walk.push([node.body] if isinstance(node, ast.Lambda) else node.body, inner)


def _called(decorator: ast.expr) -> ast.expr:
    """A decorator as the call that it is."""
    if isinstance(decorator, ast.Call):
        return decorator
    return ast.copy_location(ast.Call(func=decorator, args=[], keywords=[]), decorator)


def _class(walk: _Walk, node: ast.ClassDef, scope: Scope, use: Use) -> None:
    scope.bind(mangled(node.name, scope.private))
    walk.push(map(_called, node.decorator_list), scope, Use.DECORATES)
    outer = _type_scope(walk, node, scope)
    walk.push([*node.bases, *(word.value for word in node.keywords)], outer)
    walk.facts.runs = walk.facts.runs or (bool(node.decorator_list or node.bases or node.keywords) and not scope.later)
    inner = walk.inner(ScopeKind.CLASS, outer, later=False)
    inner.private = node.name.lstrip("_")
    inner.bind("__module__")
    inner.bind("__qualname__")
    inner.sure.update({"__module__": -1, "__qualname__": -1})
    for step, each in enumerate(node.body):
        walk.stack.append((each, inner.view(step), Use.READ))
        for name in _surely_bound(each):
            inner.sure.setdefault(mangled(name, inner.private), step)


def _surely_bound(node: ast.stmt) -> Iterable[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    if isinstance(node, ast.AnnAssign) and node.value is None:
        return []
    return [each.id for each in targets if isinstance(each, ast.Name)]


def _type_scope(walk: _Walk, node: ast.stmt, scope: Scope) -> Scope:
    """The scope of ``def f[T]``'s own names, where there are any."""
    listed = getattr(node, "type_params", None)
    if not listed:
        return scope
    inner = walk.inner(ScopeKind.FUNCTION, scope, later=False)
    for each in listed:
        inner.bind(mangled(each.name, scope.private))
        walk.push([getattr(each, "bound", None), getattr(each, "default_value", None)], inner, Use.ANNOTATION)
    return inner


def _type_alias(walk: _Walk, node: Any, scope: Scope, use: Use) -> None:
    scope.bind(mangled(node.name.id, scope.private))
    walk.push([node.value], _type_scope(walk, node, scope), Use.ANNOTATION)


def _comprehension(
    walk: _Walk, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp, scope: Scope, use: Use
) -> None:
    inner = walk.inner(ScopeKind.FUNCTION, scope, later=False)
    inner.through = True
    for place, each in enumerate(node.generators):
        walk.push([each.iter], scope if place == 0 else inner)
        walk.push([each.target, *each.ifs], inner)
    parts = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
    walk.push(parts, inner)


def _walrus(walk: _Walk, node: ast.NamedExpr, scope: Scope, use: Use) -> None:
    walk.stack.append((node.value, scope, use))
    home = scope
    while home.through and home.outer is not None:
        home = home.outer
    home.bind(mangled(node.target.id, scope.private), node.value)


def _global(walk: _Walk, node: ast.Global, scope: Scope, use: Use) -> None:
    if scope.kind is not ScopeKind.MODULE:
        scope.declared.update(mangled(name, scope.private) for name in node.names)


def _nonlocal(walk: _Walk, node: ast.Nonlocal, scope: Scope, use: Use) -> None:
    """What a nested function binds belongs to a function around it, and is never the module's."""


def _import(walk: _Walk, node: ast.Import | ast.ImportFrom, scope: Scope, use: Use) -> None:
    for name, target, loaded in walk.read_import(node):
        walk.facts.imports.append((loaded, scope.later))
        if name == "*":
            walk.top.imports.setdefault("*", []).append(target)
            walk.top.bound.add("*")
            continue
        bound = mangled(name, scope.private)
        scope.bind(bound)
        scope.imports.setdefault(bound, []).append(target)


def _handler(walk: _Walk, node: ast.ExceptHandler, scope: Scope, use: Use) -> None:
    if node.name:
        scope.bind(mangled(node.name, scope.private))
    walk.push([node.type, *node.body], scope)


def _match_name(walk: _Walk, node: ast.MatchAs | ast.MatchStar, scope: Scope, use: Use) -> None:
    if node.name:
        scope.bind(mangled(node.name, scope.private))
    walk.push([getattr(node, "pattern", None)], scope)


def _match_mapping(walk: _Walk, node: ast.MatchMapping, scope: Scope, use: Use) -> None:
    if node.rest:
        scope.bind(mangled(node.rest, scope.private))
    walk.push([*node.keys, *node.patterns], scope)


_VISITS: Final[dict[type, Callable[..., None]]] = {
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.Subscript: _subscript,
    ast.Call: _call,
    ast.Expr: _expression,
    ast.Assign: _assign,
    ast.AnnAssign: _annotated,
    ast.AugAssign: _augmented,
    ast.Constant: _constant,
    ast.FunctionDef: _function,
    ast.AsyncFunctionDef: _function,
    ast.Lambda: _function,
    ast.ClassDef: _class,
    ast.ListComp: _comprehension,
    ast.SetComp: _comprehension,
    ast.DictComp: _comprehension,
    ast.GeneratorExp: _comprehension,
    ast.NamedExpr: _walrus,
    ast.Global: _global,
    ast.Nonlocal: _nonlocal,
    ast.Import: _import,
    ast.ImportFrom: _import,
    ast.ExceptHandler: _handler,
    ast.MatchAs: _match_name,
    ast.MatchStar: _match_name,
    ast.MatchMapping: _match_mapping,
}
if hasattr(ast, "TypeAlias"):
    _VISITS[ast.TypeAlias] = _type_alias
