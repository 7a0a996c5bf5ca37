"""The project's modules together, and what a function of them reaches.

Two rules. Whatever a reached statement names is reached: functions, classes, constants, through imports, aliases and
packages, at any depth. And a statement that may change what was bound elsewhere (it fills a registry, sets a module's
attribute, calls something for its effect) counts for whoever reaches what it may change. Where neither can be told,
the whole module counts, and it is said: what is never stale is sometimes run for nothing.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from trimtab.pipeline.code.hints import dispatch_in, hints_in
from trimtab.pipeline.code.module import Chain, Imported, ModuleCode, Statement, literals
from trimtab.pipeline.code.values import Reach, Unfollowed, Unit

_EXPRESSIONS = (ast.Expr,)


@dataclass(slots=True)
class _Found:
    """What was reached so far."""

    statements: dict[Statement, None] = field(default_factory=dict)
    whole: dict[str, None] = field(default_factory=dict)
    externals: set[str] = field(default_factory=set)
    bound: set[tuple[str, str]] = field(default_factory=set)
    waiting: list[Statement] = field(default_factory=list)
    unfollowed: list[Unfollowed] = field(default_factory=list)
    loaded: set[str] = field(default_factory=set)


class Program:
    """The Python files of a project.

    Args:
        files: path (relative, with ``/``) → text. A file that is not Python is refused when it is reached.
    """

    def __init__(self, files: Mapping[str, str]) -> None:
        self._files = {_dotted(path): (path, text) for path, text in files.items()}
        self._paths = {path: _dotted(path) for path in files}
        self._modules: dict[str, ModuleCode] = {}
        self._effects: dict[str, list[tuple[Statement, frozenset[tuple[str, str]]]]] = {}
        self._reached: dict[tuple[str, str], Reach] = {}

    def reach(self, module: str, name: str) -> Reach:
        """What the function (or any other thing) ``name`` of a module reaches.

        Raises:
            UnreadableCodeError: a file that is reached is not Python.
        """
        if (module, name) not in self._reached:
            found = _Found()
            self._bind(found, module, name)
            self._reached[module, name] = self._close(found, module)
        return self._reached[module, name]

    def reach_file(self, path: str) -> Reach:
        """What a script reaches: all of it, its main block included."""
        found = _Found()
        module = self._paths.get(path)
        if module is None:
            return self._told(found)
        own = Program(dict(self._files.values()))
        own._modules[module] = ModuleCode(module, path, self._files[module][1], script=True)
        own._take_whole(found, module)
        return own._close(found, module)

    # ── names ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _module(self, name: str) -> ModuleCode | None:
        if name not in self._modules and name in self._files:
            path, text = self._files[name]
            self._modules[name] = ModuleCode(name, path, text)
        return self._modules.get(name)

    def _bind(self, found: _Found, module: str, name: str) -> bool:
        """Reach what a name of a module is bound by; False if the module has no such name."""
        if (module, name) in found.bound:
            return True
        code = self._module(module)
        if code is None:
            return False
        statements = code.bindings.get(name, [])
        if not statements:
            return any(self._bind_of(found, home, (name,)) for home in code.stars)
        found.bound.add((module, name))
        for statement in statements:
            imported = statement.imports.get(name)
            if imported is None:
                self._add(found, statement)
            else:
                self._load(found, module)
        return True

    def _resolve(self, found: _Found, module: str, chain: Chain) -> None:
        """Reach what a chain of attributes, as it stands in a module, leads to."""
        code = self._module(module)
        if code is None:
            return
        imports = code.imports.get(chain[0], [])
        if not imports or not self._bind(found, module, chain[0]):
            if not self._bind(found, module, chain[0]):
                for home in code.stars:
                    self._bind_of(found, home, chain)
            return
        for imported in imports:
            self._follow(found, imported, chain[1:])

    def _follow(self, found: _Found, imported: Imported, rest: Chain) -> None:
        chain = (imported.attribute, *rest) if imported.attribute and imported.attribute != "*" else rest
        self._bind_of(found, imported.module, chain)

    def _bind_of(self, found: _Found, home: str, chain: Chain) -> bool:
        """Reach ``home.chain``: a name of a module, or one of a module below it; whether it is the project's."""
        while chain and f"{home}.{chain[0]}" in self._files and not self._has(home, chain[0]):
            self._load(found, home)
            home, chain = f"{home}.{chain[0]}", chain[1:]
        if home not in self._files:
            if home and not self._is_package(home):
                self._external(found, home)
            return False
        self._load(found, home)
        if not chain:  # a module used as a value is met in `_bare_module`
            return True
        code = self._module(home)
        if code is not None and chain[0] in code.imports and chain[0] not in ("*",):
            found.bound.add((home, chain[0]))
            for imported in code.imports[chain[0]]:
                self._follow(found, imported, chain[1:])
            for statement in code.bindings.get(chain[0], []):
                if chain[0] not in statement.imports:
                    self._add(found, statement)
            return True
        return self._bind(found, home, chain[0])

    def _has(self, module: str, name: str) -> bool:
        code = self._module(module)
        return code is not None and name in code.bindings

    def _is_package(self, home: str) -> bool:
        """Whether the project has modules below a name without a file of its own."""
        return any(name.startswith(f"{home}.") for name in self._files)

    def _external(self, found: _Found, home: str) -> None:
        top = home.partition(".")[0]
        if top not in sys.stdlib_module_names and top not in ("trimtab", "__future__"):
            found.externals.add(top)

    # ── reaching ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _add(self, found: _Found, statement: Statement) -> None:
        if statement not in found.statements:
            found.statements[statement] = None
            found.waiting.append(statement)
            found.bound.update((statement.module, name) for name in statement.binds)
            self._load(found, statement.module)

    def _load(self, found: _Found, module: str) -> None:
        """Note that a module is imported, with the packages around it: its effects take place."""
        found.loaded.update(self._with_packages(module))

    def _take_whole(self, found: _Found, module: str) -> None:
        code = self._module(module)
        if code is None or module in found.whole:
            return
        found.whole[module] = None
        self._load(found, module)
        for statement in code.statements:
            self._add(found, statement)
            for imported in statement.imports.values():
                if imported.attribute:
                    self._follow(found, imported, ())
                else:
                    self._bind_import(found, imported)

    def _bind_import(self, found: _Found, imported: Imported) -> None:
        if imported.module in self._files:
            self._load(found, imported.module)
        else:
            self._external(found, imported.module)

    def _close(self, found: _Found, module: str) -> Reach:
        """Reach all that is to be reached, effects included, until nothing is added any more."""
        self._side_imports(found, module)
        while True:
            while found.waiting:
                self._expand(found, found.waiting.pop())
            added = [
                statement
                for home in self._imported_by(found.loaded)
                for statement, changes in self._effects_of(home)
                if statement not in found.statements and changes & found.bound
            ]
            if not added:
                return self._told(found)
            for statement in added:
                self._add(found, statement)

    def _expand(self, found: _Found, statement: Statement) -> None:
        module = statement.module
        for chain in statement.uses:
            self._resolve(found, module, chain)
        code = self._module(module)
        for name in statement.bare:
            for imported in code.imports.get(name, []) if code is not None else []:
                self._bare_module(found, statement, name, imported)
        for imported in statement.inner_imports:
            if imported.attribute == "*":
                self._take_whole(found, imported.module)
            else:
                self._follow_inner(found, imported)
        for lost in dispatch_in(statement):
            self._give_up(found, statement, lost.what, lost.at, everything=lost.everything)

    def _follow_inner(self, found: _Found, imported: Imported) -> None:
        """An import inside a function: what is taken of the module there is not told apart, so all of it counts."""
        if imported.attribute:
            self._follow(found, imported, ())
        elif imported.module in self._files:
            self._take_whole(found, imported.module)
        else:
            self._external(found, imported.module)

    def _bare_module(self, found: _Found, statement: Statement, name: str, imported: Imported) -> None:
        """A module of the project used as a value: anything of it may be called."""
        home = f"{imported.module}.{imported.attribute}" if imported.attribute else imported.module
        if home in self._files:
            counted = f"all of {self._files[home][0]}"
            found.unfollowed.append(Unfollowed(what=f"the module {name} as a value", at=statement.at, counted=counted))
            self._take_whole(found, home)

    def _give_up(self, found: _Found, statement: Statement, what: str, at: str, *, everything: bool) -> None:
        homes = list(self._files) if everything else [statement.module]
        counted = "every module of the project" if everything else f"all of {statement.path}"
        found.unfollowed.append(Unfollowed(what=what, at=at, counted=counted))
        for home in homes:
            self._take_whole(found, home)

    # ── effects ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _imported_by(self, modules: Iterable[str]) -> list[str]:
        """The modules that are imported when these are, at any depth."""
        found: dict[str, None] = {}
        waiting = sorted(modules)
        while waiting:
            name = waiting.pop()
            code = self._module(name) if name not in found else None
            if code is None:
                continue
            found[name] = None
            for imports in code.imports.values():
                for imported in imports:
                    for home in (imported.module, f"{imported.module}.{imported.attribute}"):
                        parts = home.split(".")
                        waiting += [
                            each for n in range(1, len(parts) + 1) if (each := ".".join(parts[:n])) in self._files
                        ]
        return list(found)

    def _with_packages(self, home: str) -> list[str]:
        """The project's modules that are imported on the way to a name: each package, then the module."""
        parts = home.split(".")
        return [each for n in range(1, len(parts) + 1) if (each := ".".join(parts[:n])) in self._files]

    def _effects_of(self, module: str) -> list[tuple[Statement, frozenset[tuple[str, str]]]]:
        """The statements of a module that may change what other statements bound, with what that is."""
        if module not in self._effects:
            code = self._module(module)
            self._effects[module] = []
            found = []
            for statement in code.statements if code is not None else ():
                changes = self._changes(statement)
                if changes:
                    found.append((statement, changes))
            self._effects[module] = found
        return self._effects[module]

    def _changes(self, statement: Statement) -> frozenset[tuple[str, str]]:
        """The names that executing a statement may change: what it stores into, and what the code that it runs does."""
        node = statement.node
        own = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if isinstance(node, ast.Import | ast.ImportFrom) or (own and not getattr(node, "decorator_list", ())):
            return frozenset()
        changed = set() if own else self._changed_by(statement, called=isinstance(node, _EXPRESSIONS))
        for each in self._run_by(statement):
            changed |= self._changed_by(each, called=False)
        return frozenset(changed - {(statement.module, name) for name in statement.binds})

    def _run_by(self, statement: Statement) -> Iterator[Statement]:
        """The functions of the project that executing a statement may call: what its calls, decorators, bases reach."""
        node = statement.node
        if isinstance(node, ast.ClassDef):
            starts: list[ast.expr] = [*node.bases, *node.decorator_list, *(word.value for word in node.keywords)]
            starts += [call for call in ast.walk(node) if isinstance(call, ast.Call)]
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            starts = list(node.decorator_list)
        else:
            starts = [call for call in ast.walk(node) if isinstance(call, ast.Call)]
        if not starts:
            return
        found = _Found()
        used = {each.id for start in starts for each in ast.walk(start) if isinstance(each, ast.Name)}
        for chain in statement.uses:
            if chain[0] in used:
                self._resolve(found, statement.module, chain)
        while found.waiting:
            each = found.waiting.pop()
            for chain in each.uses:
                self._resolve(found, each.module, chain)
        yield from (each for each in found.statements if isinstance(each.node, ast.FunctionDef | ast.ClassDef))

    def _changed_by(self, statement: Statement, *, called: bool) -> set[tuple[str, str]]:
        changed: set[tuple[str, str]] = set()
        for chain in statement.stores:
            changed |= self._places(statement.module, chain, everything=True)
        for chain in statement.touches:
            changed |= self._places(statement.module, chain, everything=called)
        return changed

    def _places(self, module: str, chain: Chain, *, everything: bool) -> set[tuple[str, str]]:
        """Where a chain leads, as (module, name): only to what can be changed in place, unless ``everything``."""
        found = _Found()
        self._resolve(found, module, chain)
        if everything:
            return found.bound
        return {
            (each.module, name)
            for each in found.statements
            if isinstance(each.node, ast.Assign | ast.AnnAssign | ast.With | ast.For | ast.If | ast.Try)
            and not isinstance(getattr(each.node, "value", None), ast.Constant)
            for name in each.binds
        }

    def _side_imports(self, found: _Found, module: str) -> None:
        """Imports whose name the module never uses are there for what they do, to everything in it."""
        code = self._module(module)
        if code is None:
            return
        used = {chain[0] for statement in code.statements for chain in statement.uses}
        for name, imports in code.imports.items():
            if name.partition(" ")[2].partition(".")[0] in used or name in used or name == "*":
                continue
            for imported in imports:
                if imported.module in self._files:
                    self._load(found, imported.module)
                elif not self._is_package(imported.module):
                    self._external(found, imported.module)

    # ── telling ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _told(self, found: _Found) -> Reach:
        units: list[Unit] = []
        for statement in found.statements:
            code = self._module(statement.module)
            if code is not None and not isinstance(statement.node, ast.Import | ast.ImportFrom):
                units.append(code.unit(statement))
        whole = [code.whole for name in found.whole if (code := self._module(name)) is not None]
        rest = sorted({*units[1:], *whole}, key=lambda unit: (unit.module, unit.name, unit.at, unit.digest))
        hints = [
            hint
            for statement in found.statements
            if (code := self._module(statement.module)) is not None
            for hint in hints_in(statement, code)
        ]
        texts = {text for statement in found.statements for text in literals(statement.node)}
        return Reach(
            units=(*units[:1], *(unit for unit in rest if unit not in units[:1])),
            externals=frozenset(found.externals),
            unfollowed=tuple(dict.fromkeys(found.unfollowed)),
            hints=tuple(dict.fromkeys(hints)),
            literals=frozenset(texts),
        )


def _dotted(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
