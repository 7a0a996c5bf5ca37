"""The functions of a pipeline's module as its text tells them, without importing it.

Importing a project costs what its libraries cost, a second or more; a plan of what would run needs none of them. Where
the text alone does not say which functions there are (they are made by a call, wrapped by a decorator, imported under
a star), the answer is None and the module is imported.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from msgspec.structs import replace

from trimtab.pipeline.draft import FEATURES, TRAIN
from trimtab.pipeline.signature import REQUIRED, UNREAD, Function, describe_source

_STEP = frozenset({"step", "trimtab.step"})
_BINDING = frozenset({"globals", "exec", "setattr", "vars", "locals"})
"""Functions that bind names which no text shows."""


def describe_project(files: Mapping[str, str], module: str, *, alone: bool = False) -> tuple[Function, ...] | None:
    """What `trimtab.pipeline.signature.describe_module` would say of the loaded module; None where only that can tell.

    Args:
        files: path (relative, with ``/``) → text of the project's Python files.
        alone: the project has no model, so that every public function of the module is a step.
    """
    path = file_of(files, module)
    if path is None:
        return None
    try:
        tree = ast.parse(files[path])
        own = describe_source(files[path], file=path)
        imported = [*_imported(files, module, path, tree)]
    except (SyntaxError, ValueError, LookupError):
        return None
    found = (*own, *imported)
    return found if _certain(tree, own, found, alone=alone) else None


def file_of(files: Mapping[str, str], module: str) -> str | None:
    """The path of a module among the project's files; None if it has none."""
    stem = module.replace(".", "/")
    return next((path for path in (f"{stem}.py", f"{stem}/__init__.py") if path in files), None)


def _certain(tree: ast.Module, own: Iterable[Function], found: Iterable[Function], *, alone: bool) -> bool:
    """Whether nothing else in the module could be a step, or change what a step asks for."""
    asked = {each.name for function in found for each in function.parameters if each.default is REQUIRED}
    wanted = {FEATURES, TRAIN} | asked
    functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            if any(ast.unparse(_called(each)) not in _STEP for each in node.decorator_list):
                return False
        elif isinstance(node, ast.If) and ast.unparse(node.test) in ("__name__ == '__main__'", "TYPE_CHECKING"):
            continue
        elif _hidden(node) & wanted or _makes_step(node, functions, alone=alone):
            return False
    return not any(each.default is UNREAD for function in own for each in function.parameters)


def _makes_step(node: ast.stmt, functions: set[str], *, alone: bool) -> bool:
    """Whether a statement other than a definition may bind a step: a public name, to what came of the module's own
    ``functions``; what other modules make is a step only if it is marked.

    A name in capitals is a constant. In a project with a model a step that nobody asks for must be marked.
    """
    if isinstance(node, ast.ClassDef | ast.Import | ast.ImportFrom):
        return False
    names = {name for name in _hidden(node) if not name.startswith("_") and not name.isupper()}
    inside = list(ast.walk(node))
    called = {ast.unparse(each.func) for each in inside if isinstance(each, ast.Call)}
    if called & _BINDING:
        return True
    if not names or called & _STEP:
        return bool(names)
    if not alone:
        return False
    made = any(isinstance(each, ast.Lambda | ast.FunctionDef | ast.Delete) for each in inside)
    return made or any(isinstance(each, ast.Name) and each.id in functions for each in inside)


def _called(decorator: ast.expr) -> ast.expr:
    return decorator.func if isinstance(decorator, ast.Call) else decorator


def _hidden(node: ast.stmt) -> set[str]:
    """Names that a statement other than a plain definition binds, at any depth of it."""
    if isinstance(node, ast.ClassDef | ast.Import | ast.ImportFrom):
        return set()
    inner = (each for each in ast.walk(node))
    names = {each.id for each in inner if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)}
    return names | {each.name for each in ast.walk(node) if isinstance(each, ast.FunctionDef)}


def _imported(files: Mapping[str, str], module: str, path: str, tree: ast.Module) -> Iterable[Function]:
    """Functions of the project's other modules that `step` marks; raises `LookupError` where that cannot be told."""
    for node in tree.body:
        if not isinstance(node, ast.ImportFrom):
            continue
        home = _home(node, module, path)
        source = file_of(files, home)
        if source is None:
            continue
        described = {each.name: each for each in describe_source(files[source], file=source)}
        body = ast.parse(files[source]).body
        bound = {each.name for each in body if isinstance(each, ast.FunctionDef | ast.ClassDef)}
        for alias in node.names:
            known = described.get(alias.name)
            if alias.name == "*":
                raise LookupError(home)
            if known is not None and known.mark is not None:
                yield replace(known, name=alias.asname or alias.name)
            elif known is None and alias.name not in bound and file_of(files, f"{home}.{alias.name}") is None:
                _refuse_unknown(body, alias.name)


def _refuse_unknown(body: Iterable[ast.stmt], name: str) -> None:
    """Nothing for a plain value; `LookupError` for what may be a function from elsewhere."""
    for node in body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Constant):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(isinstance(each, ast.Name) and each.id == name for each in targets):
                return
    raise LookupError(name)


def _home(node: ast.ImportFrom, module: str, path: str) -> str:
    """The dotted name of the module that is imported from."""
    if not node.level:
        return node.module or ""
    package = module.split(".") if PurePosixPath(path).name == "__init__.py" else module.split(".")[:-1]
    parts = package[: len(package) - node.level + 1]
    return ".".join([*parts, *([node.module] if node.module else [])])
