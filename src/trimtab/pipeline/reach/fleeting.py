"""Values that are others in every process, how long something took and the number of a process, and where they go.

Such a value changes a step's result only if it gets into what the step returns: ``print(perf_counter() - began)`` does
not, ``return model, perf_counter() - began`` does. So it is followed through the names of a function, through what a
function of the project returns, and through constants of a module. Not followed: attributes of objects, what a branch
decides by it, and what a function does to what it was given.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from trimtab.pipeline.reach.kinds import GROWING, last_name
from trimtab.pipeline.reach.names import roots_of
from trimtab.pipeline.reach.values import Hint

_SEEDS: Final = frozenset({"random_state", "seed"})
_FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef)


class Flow:
    """Where fleeting values go in one top-level statement.

    Args:
        hot: by the identity of their nodes, the expressions that give such a value, and where it comes from.
        methods: the names of methods that give one.
    """

    def __init__(self, node: ast.AST, hot: Mapping[int, Hint], methods: Mapping[str, Hint]) -> None:
        self._node = node
        self._hot = hot
        self._methods = methods

    def returned(self) -> Hint | None:
        """What of it the function returns, or seeds a generator with."""
        if not isinstance(self._node, _FUNCTIONS):
            return None
        around = (self._in(each, {}) for each in self._node.decorator_list)
        return self._leaves(self._node) or next(filter(None, around), None)

    def bound(self) -> Hint | None:
        """What of it the statement binds a name to."""
        return None if isinstance(self._node, (*_FUNCTIONS, ast.ClassDef)) else self._in(self._node, {})

    def by_method(self) -> Iterator[tuple[str, Hint]]:
        """The methods of a class that return one."""
        for each in self._node.body if isinstance(self._node, ast.ClassDef) else ():
            if isinstance(each, _FUNCTIONS) and each.name not in ("__hash__", "__eq__"):
                found = self._leaves(each)
                if found is not None:
                    yield each.name, found

    def _leaves(self, function: ast.FunctionDef | ast.AsyncFunctionDef) -> Hint | None:
        names = self._names(function)
        for node in _inner(function):
            given: Iterable[ast.expr | None] = ()
            if isinstance(node, ast.Return | ast.Yield | ast.YieldFrom):
                given = [node.value]
            elif isinstance(node, ast.Call):
                given = [word.value for word in node.keywords if word.arg in _SEEDS]
                given += node.args if "seed" in last_name(node.func).lower() else []
            for each in given:
                found = self._in(each, names) if each is not None else None
                if found is not None:
                    return found
        return None

    def _names(self, function: ast.FunctionDef | ast.AsyncFunctionDef) -> dict[str, Hint]:
        """The names of a function that such a value gets into."""
        names: dict[str, Hint] = {}
        grown = True
        while grown:
            before = len(names)
            for node in _inner(function):
                for target, value in _bindings(node):
                    found = self._in(value, names)
                    for root, _, _ in roots_of(target) if found is not None else ():
                        if root not in ("cls", "self"):
                            names.setdefault(root, found)  # type: ignore[arg-type]
            grown = len(names) > before
        return names

    def _in(self, node: ast.AST, names: Mapping[str, Hint]) -> Hint | None:
        """The first such value in an expression, other than what it does later."""
        waiting = [node]
        while waiting:
            each = waiting.pop()
            found = self._hot.get(id(each))
            if found is None and isinstance(each, ast.Name):
                found = names.get(each.id)
            if found is None and isinstance(each, ast.Attribute):
                found = self._methods.get(each.attr)
            if found is not None:
                return found
            if isinstance(each, ast.Subscript):
                waiting.append(each.value)  # by what it was looked up is not what was found
            elif not isinstance(each, ast.Lambda):
                waiting += ast.iter_child_nodes(each)
        return None


def _inner(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[ast.AST]:
    for statement in function.body:
        yield from ast.walk(statement)


def _bindings(node: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    """What a node binds or puts something into, each with what."""
    if isinstance(node, ast.Assign):
        yield from ((target, node.value) for each in node.targets for target in _flat(each))
    elif isinstance(node, ast.AnnAssign | ast.AugAssign | ast.NamedExpr) and node.value is not None:
        yield node.target, node.value
    elif isinstance(node, ast.For | ast.AsyncFor | ast.comprehension):
        yield from ((target, node.iter) for target in _flat(node.target))
    elif isinstance(node, ast.withitem) and node.optional_vars is not None:
        yield from ((target, node.context_expr) for target in _flat(node.optional_vars))
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in GROWING:
        yield from ((node.func.value, each) for each in (*node.args, *(word.value for word in node.keywords)))


def _flat(target: ast.expr) -> Iterator[ast.expr]:
    if isinstance(target, ast.Tuple | ast.List):
        for each in target.elts:
            yield from _flat(each)
    else:
        yield target
