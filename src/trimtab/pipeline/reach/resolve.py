"""Where a name leads: through imports, aliases, packages and re-exports, to what binds it in the end."""

from __future__ import annotations

import ast
import builtins
from typing import Final, NamedTuple

from trimtab.pipeline.reach.facts import Ref
from trimtab.pipeline.reach.modules import Module, Modules
from trimtab.pipeline.reach.scopes import Imported
from trimtab.pipeline.reach.units import Statement
from trimtab.pipeline.reach.values import UnitKind

_BUILTINS: Final = frozenset(dir(builtins))
_OF_MODULES: Final = frozenset({
    "__name__", "__file__", "__doc__", "__path__", "__package__", "__spec__", "__loader__", "__builtins__",
    "__annotations__", "__debug__", "__cached__",
})  # fmt: skip
ALL_NAMES: Final = "*"


class Slot(NamedTuple):
    """A name of a module; with ``module`` empty, a library or a module of the standard library as a whole."""

    module: str
    name: str


EVERYTHING: Final = Slot("", ALL_NAMES)
"""What statements change that change the surroundings of all code."""

Path = tuple[str, ...]


class Found:
    """Where a name leads.

    Attributes:
        slots: names of modules, each with the attributes that are taken of what it is bound to.
        modules: modules of the project that are meant themselves.
        outside: dotted names outside of the project.
        passed: the imports and conditions on the way.
        missing: modules that would be the project's and have no file.
        several: names that more than one statement binds, one of them an import.
    """

    __slots__ = ("missing", "modules", "outside", "passed", "several", "slots")

    def __init__(self) -> None:
        self.slots: list[tuple[Slot, Path]] = []
        self.modules: list[str] = []
        self.outside: list[str] = []
        self.passed: list[tuple[Module, Statement]] = []
        self.missing: list[str] = []
        self.several: list[Slot] = []


class Resolver:
    """Looks names up; every answer is remembered."""

    def __init__(self, modules: Modules) -> None:
        self.modules = modules
        self._known: dict[tuple[str, str, Path], Found] = {}
        self._imported: dict[tuple[Imported, Path], Found] = {}
        self._exports: dict[str, frozenset[str] | None] = {}

    def ref(self, module: Module, ref: Ref) -> Found:
        """Where a use of a name in a module leads."""
        if not ref.imported:
            return self.name(module, ref.root, ref.path)
        if len(ref.imported) == 1:
            return self.imported(ref.imported[0], ref.path)
        found = Found()
        for target in ref.imported:
            self._target(target, ref.path, found, set())
        return found

    def name(self, module: Module, root: str, path: Path = ()) -> Found:
        """Where a global name of a module leads, with the attributes that are taken of it."""
        key = (module.name, root, path)
        if key not in self._known:
            found = self._known[key] = Found()
            self._name(module, root, path, found, set())
        return self._known[key]

    def imported(self, target: Imported, path: Path = ()) -> Found:
        """Where what an import binds leads."""
        key = (target, path)
        if key not in self._imported:
            found = self._imported[key] = Found()
            self._target(target, path, found, set())
        return self._imported[key]

    def attribute(self, home: str, name: str) -> Found:
        """Where an attribute of a module of the project leads."""
        found = Found()
        self._attribute(home, name, (), found, set())
        return found

    # ── the steps ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _name(self, module: Module, root: str, path: Path, found: Found, seen: set[object]) -> bool:
        if (module.name, root, path) in seen:
            return True
        seen.add((module.name, root, path))
        statements = module.bindings.get(root, ())
        valued = root in module.writers
        if len(statements) > 1 and any(each.target is not None for each in statements):
            found.several.append(Slot(module.name, root))
        for statement in statements:
            targets = module.targets(statement, root)
            if targets and not _concerns(statement, path, statements):
                continue
            valued = valued or statement.target is None
            if statement.target is not None:
                found.passed.append((module, statement))
            for target in targets:
                self._target(target, path, found, seen)
        if valued:
            found.slots.append((Slot(module.name, root), path))
        starred = self._stars(module, root, path, found, seen)
        if statements or valued or starred:
            return True
        if root not in _BUILTINS and root not in _OF_MODULES:
            found.slots.append((Slot(module.name, root), path))
        return False

    def _stars(self, module: Module, root: str, path: Path, found: Found, seen: set[object]) -> bool:
        """Follow ``from x import *``, as far as the name is not surely bound behind it."""
        anything = False
        own = module.bindings.get(root)
        for statement in module.bindings.get(ALL_NAMES, ()):
            if own and own[0].place > statement.place:
                continue
            for target in module.targets(statement, ALL_NAMES):
                homes, library = self.modules.homes(target.module)
                for home in homes:
                    if self.exports(home, root):
                        self._attribute(home, root, path, found, seen)
                        found.passed.append((module, statement))
                        anything = True
                if library:
                    found.outside.append(".".join((target.module, root, *path)))
                    found.passed.append((module, statement))
        return anything

    def exports(self, home: str, name: str) -> bool:
        """Whether ``from home import *`` binds a name."""
        module = self.modules.get(home)
        if module is None:
            return False
        if home not in self._exports:
            self._exports[home] = _listed(module)
        listed = self._exports[home]
        if listed is not None:
            return name in listed
        if name.startswith("_") and "__all__" not in module.bindings:
            return False
        if name in module.bindings or name in module.writers:
            return True
        inner = [each for star in module.bindings.get(ALL_NAMES, ()) for each in module.targets(star, ALL_NAMES)]
        return any(self.exports(other, name) for each in inner for other in self.modules.homes(each.module)[0]
                   if other != home)  # fmt: skip

    def _target(self, target: Imported, path: Path, found: Found, seen: set[object]) -> None:
        homes, library = self.modules.homes(target.module)
        for home in homes:
            if target.attribute:
                self._attribute(home, target.attribute, path, found, seen)
                if self._lacks(home, target.attribute):
                    found.missing.append(f"{home}.{target.attribute}")
            else:
                self._module(home, path, found, seen)
        if library:
            attribute = (target.attribute,) if target.attribute else ()
            found.outside.append(".".join((target.module, *attribute, *path)))
        elif not homes:
            found.missing.append(target.module)

    def _lacks(self, home: str, name: str) -> bool:
        """Whether no file of the project has what is imported from a module: a compiled extension, for one."""
        module = self.modules.get(home)
        if name == ALL_NAMES or self.modules.has(f"{home}.{name}") or module is None:
            return False
        known = {name, "__getattr__", ALL_NAMES, "__all__"} & module.bindings.keys()
        return not known and name not in module.writers and name not in _OF_MODULES

    def _module(self, home: str, path: Path, found: Found, seen: set[object]) -> None:
        if path:
            self._attribute(home, path[0], path[1:], found, seen)
        else:
            found.modules.append(home)

    def _attribute(self, home: str, name: str, rest: Path, found: Found, seen: set[object]) -> None:
        module = self.modules.get(home)
        below = f"{home}.{name}"
        bound = module is not None and (name in module.bindings or name in module.writers)
        if self.modules.has(below) and not (module is not None and bound and self._own(module, name, below)):
            self._module(below, rest, found, seen)
            if not bound:
                return
        if module is None:
            if not self.modules.has(below):
                found.missing.append(below)
            return
        if self._name(module, name, rest, found, seen) or name in _OF_MODULES:
            return
        if name.startswith("__") or name in _BUILTINS:
            found.modules.append(home)  # ``__dict__`` and the like, and what a library may look for
        if "__getattr__" in module.bindings:
            self._name(module, "__getattr__", (), found, seen)

    def _own(self, module: Module, name: str, below: str) -> bool:
        """Whether a package binds the name of a module below it to what that module has, and to nothing else."""
        statements = module.bindings.get(name, ())
        return bool(statements) and all(
            each.target is not None and each.target.attribute != "" and each.target.module == below
            for each in statements
        )


def _concerns(statement: Statement, path: Path, among: object) -> bool:
    """Whether ``import a.b`` has to do with ``a.c``: it binds ``a`` too, but for another module's sake."""
    if statement.loaded is None or statement.target is None or statement.target.attribute:
        return True
    below = statement.loaded.module.split(".")[len(statement.target.module.split(".")) :]
    same = min(len(below), len(path))
    if tuple(below[:same]) == path[:same]:
        return True
    others = [each for each in among if each.loaded is not None] if isinstance(among, list) else []
    return not any(
        each is not statement and _fits(each, path) for each in others
    )  # fmt: skip


def _fits(statement: Statement, path: Path) -> bool:
    if statement.loaded is None or statement.target is None:
        return False
    below = statement.loaded.module.split(".")[len(statement.target.module.split(".")) :]
    return tuple(below) == path[: len(below)]


def _listed(module: Module) -> frozenset[str] | None:
    """What ``__all__`` lists; None where there is none, or where it is not one plain list."""
    statements = module.bindings.get("__all__", ())
    if len(statements) != 1 or "__all__." in module.text or statements[0].kind is not UnitKind.CONSTANT:
        return None
    value = getattr(statements[0].node, "value", None)
    if not isinstance(value, ast.List | ast.Tuple) or statements[0].conditions:
        return None
    names = [each.value for each in value.elts if isinstance(each, ast.Constant) and isinstance(each.value, str)]
    return frozenset(names) if len(names) == len(value.elts) else None
