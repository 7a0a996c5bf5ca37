"""One search: from a name to all statements that it depends on."""

from __future__ import annotations

import re
from collections.abc import Iterator

from trimtab.base.digest import digest_bytes
from trimtab.pipeline.reach.closure import Closure
from trimtab.pipeline.reach.edges import EdgeReader, Edges, Whole, is_library
from trimtab.pipeline.reach.effects import Effects
from trimtab.pipeline.reach.fleeting import Flow
from trimtab.pipeline.reach.modules import Module
from trimtab.pipeline.reach.order import order_units
from trimtab.pipeline.reach.resolve import EVERYTHING, Slot
from trimtab.pipeline.reach.scopes import Imported
from trimtab.pipeline.reach.units import Statement
from trimtab.pipeline.reach.values import Hint, HintKind, Reach, Unfollowed, Unit, UnitKind


class Reaching:
    """The state of the search: what was reached, and what is still to be looked at."""

    def __init__(self, closure: Closure, edges: EdgeReader, effects: Effects) -> None:
        self.closure = closure
        self.edges = edges
        self.effects = effects
        self.modules = edges.modules
        self.units: dict[Statement, Module] = {}
        self.slots: dict[Slot, bool] = {}
        self.wholes: dict[str, Whole] = {}
        self.unfollowed: dict[Unfollowed, None] = {}
        self.hints: dict[Hint, None] = {}
        self.externals: set[str] = set()
        self.texts: set[str] = set()
        self._several: set[Slot] = set()
        self._passed: dict[Statement, Module] = {}
        self._aside: set[str] = set()
        self._waiting: list[Statement] = []
        self._docstrings = False
        self._raw = False
        self._everything = False
        self._any_library = False

    # ── what is met ──────────────────────────────────────────────────────────────────────────────────────────────────

    def slot(self, slot: Slot, *, strong: bool = True) -> None:
        """A name is reached; unless it is only written into, what changes it is reached too."""
        known = self.slots.get(slot)
        if known or (known is False and not strong):
            return
        self.slots[slot] = strong
        module = self.modules.get(slot.module)
        for statement in module.bindings.get(slot.name, ()) if module is not None else ():
            if statement.target is None and module is not None:
                self.unit(module, statement)
        if strong:
            for home, statement in self.closure.changing(slot):
                self._effect(home, statement)

    def unit(self, module: Module, statement: Statement) -> None:
        if statement not in self.units:
            self.units[statement] = module
            self._waiting.append(statement)

    def passed(self, module: Module, statement: Statement) -> None:
        """An import on the way: its conditions count, and what it takes from a library counts itself."""
        if statement in self._passed:
            return
        self._passed[statement] = module
        self._conditions(module, statement)
        if self.edges.of(module, statement).outside:
            self.unit(module, statement)

    def whole(self, name: str, kind: Whole) -> None:
        """All of a module is reached, and with ``deep`` the modules that it imports."""
        known = self.wholes.get(name)
        joined = known.joined(kind) if known else kind
        self.wholes[name] = joined
        module = self.modules.get(name)
        if known == joined or module is None or not (module.readable or not self._everything):
            return
        for statement in module.statements:
            if statement.target is None:
                self.unit(module, statement)
            else:
                self.passed(module, statement)
            for bound in statement.binds:
                self._bound(module.targets(statement, bound), deep=joined.deep)
                if statement.target is None:
                    self.slot(Slot(module.name, bound))

    def _bound(self, targets: list[Imported], *, deep: bool) -> None:
        for target in targets:
            if target.attribute == "*":
                for home in self.modules.homes(target.module)[0]:
                    self.whole(home, Whole(deep=False))
                continue
            found = self.edges.resolver.imported(target)
            for slot, _ in found.slots:
                self.slot(slot)
            for passed in found.passed:
                self.passed(*passed)
            for home in found.modules if deep else ():
                self.whole(home, Whole(ordered=True))

    def _effect(self, module: Module, statement: Statement) -> None:
        """A statement that changes something; it only does so if its module is imported."""
        self.unit(module, statement)
        for home, way in self.closure.ways(module.name):
            self.unit(home, way)

    def _conditions(self, module: Module, statement: Statement) -> None:
        for condition, _ in statement.conditions:
            self.unit(module, condition)

    # ── the search ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _search(self) -> None:
        for home, statement in (*self.closure.changed.get(EVERYTHING, ()), *self.closure.stopping):
            self._effect(home, statement)
        while self._waiting:
            while self._waiting:
                statement = self._waiting.pop()
                module = self.units[statement]
                self._conditions(module, statement)
                self._take(self.edges.of(module, statement))
            for module in {id(each): each for each in self.units.values()}.values():
                self._import_aside(module)

    def _take(self, edges: Edges) -> None:
        for slot, strong in edges.slots.items():
            self.slot(slot, strong=strong)
        for module, statement in edges.passed:
            self.passed(module, statement)
        for name in edges.outside:
            self.slot(Slot("", name))
            if is_library(name):
                self.externals.add(name)
        self._several |= edges.several
        self.unfollowed |= edges.unfollowed
        self.hints |= edges.hints
        self.texts |= edges.texts
        self._docstrings = self._docstrings or edges.docstrings
        self._raw = self._raw or edges.raw
        for name, kind in edges.wholes.items():
            self.whole(name, kind)
        if edges.everything and not self._everything:
            self._everything = True
            for name in self.modules.by_name:
                self.whole(name, Whole(ordered=True, deep=False))

    def _import_aside(self, module: Module) -> None:
        """Imports whose name is never used are there for what they do, to everything in the module."""
        if module.name in self._aside:
            return
        self._aside.add(module.name)
        for statement in module.statements:
            if statement.target is None or not statement.executed:
                continue
            if statement.target.module == "__future__":
                self.unit(module, statement)
            elif statement.binds != ("*",) and not self._is_used(module, statement.binds[0]):
                edges = self.edges.of(module, statement)
                self.externals.update(filter(is_library, edges.outside))
                for name in edges.loads:
                    for home in self.modules.chain(name):
                        if home.readable:
                            self._import_aside(home)

    def _is_used(self, module: Module, name: str) -> bool:
        own = {each for each in module.bindings.get(name, ()) if each.target is not None}
        for statement in module.mentions(re.compile(rf"\b{re.escape(name)}\b")):
            other = statement not in own and statement.target is None
            if other and any(ref.root == name and not ref.imported for ref in module.facts(statement).refs):
                return True
        return False

    # ── the outcome ──────────────────────────────────────────────────────────────────────────────────────────────────

    def reach(self, start: Slot | None) -> Reach:
        """Search to the end; ``start`` is the name whose unit comes first."""
        self._search()
        self._handed_clocks()
        self._fleeting(start)
        units = [*self._statements(), *self._modules(), *self._texts_of_modules()]
        several = dict.fromkeys(self._several, True)
        met = {**self._passed, **self.units}
        units += order_units(met, {**self.slots, **several}, self.closure, self.effects)
        units.sort(key=lambda unit: (unit.module, unit.name, unit.kind))
        units.sort(key=lambda unit: not self._is_first(unit, start))
        return Reach(
            units=tuple(units),
            externals=frozenset(self.externals),
            unfollowed=tuple(sorted(self.unfollowed, key=lambda each: (each.at, each.what))),
            hints=tuple(sorted(self.hints, key=lambda each: (each.at, each.kind, each.what))),
            literals=frozenset(self.texts),
            needed=self.closure.needed,
        )

    def _handed_clocks(self) -> None:
        """A clock that is handed on as an object, and a call of its method where nobody can say of what."""
        edges = [self.edges.of(module, statement) for statement, module in self.units.items()]
        handed = frozenset[str]().union(*(each.handed for each in edges))
        told = {hint.at for hint in self.hints if hint.kind is HintKind.CLOCK}
        for method in sorted(handed):
            for hint in (hint for each in edges for hint in each.asked.get(method, ())):
                if hint.at not in told:
                    self.hints[hint] = None

    def _fleeting(self, start: Slot | None) -> None:
        """What the function returns that is another value in every process; see `trimtab.pipeline.reach.fleeting`."""
        every = {statement: self.edges.of(module, statement) for statement, module in self.units.items()}
        if start is None or not any(edges.fleeting for edges in every.values()):
            return
        given: dict[Slot, Hint] = {}
        methods: dict[str, Hint] = {}
        grown = True
        while grown:
            before = len(given) + len(methods)
            for statement, module in self.units.items():
                hot = every[statement].fleeting | self._of_slots(module, statement, given)
                flow = Flow(statement.node, hot, methods)
                methods.update(flow.by_method())
                found = flow.returned() or flow.bound()
                given.update({Slot(module.name, name): found for name in statement.binds} if found is not None else {})
            grown = len(given) + len(methods) > before
        first = start if start in self.slots else next(iter(self.slots), start)
        if first in given:
            self.hints[given[first]] = None

    def _of_slots(self, module: Module, statement: Statement, given: dict[Slot, Hint]) -> dict[int, Hint]:
        """The uses of names in a statement that lead to what gives such a value."""
        return {
            id(ref.node): given[slot]
            for ref in (module.facts(statement).refs if given else ())
            for slot, _ in self.edges.resolver.ref(module, ref).slots
            if slot in given
        }

    def _is_first(self, unit: Unit, start: Slot | None) -> bool:
        if start is None:
            return unit.kind is UnitKind.MODULE and unit.module == self.closure.root.name
        own = start in self.slots
        first = start if own else next(iter(self.slots), start)
        return unit.module == first.module and unit.name == first.name and unit.kind is not UnitKind.MODULE

    def _statements(self) -> Iterator[Unit]:
        """The units, each with a name of its own: what is bound twice is told apart by its number."""
        taken: dict[tuple[UnitKind, str, str], int] = {}
        for statement in sorted(
            self.units, key=lambda each: (self.closure.moment(each), self.units[each].name, each.place)
        ):
            module = self.units[statement]
            key = (statement.kind, module.name, statement.title())
            taken[key] = taken.get(key, 0) + 1
            yield Unit(
                kind=statement.kind,
                name=key[2] if taken[key] == 1 else f"{key[2]} ({taken[key]})",
                module=module.name,
                digest=statement.digest(docstrings=self._docstrings),
                at=module.at(statement),
            )

    def _modules(self) -> Iterator[Unit]:
        names = set(self.wholes) | ({each.name for each in self.units.values()} if self._raw else set())
        for name in names:
            module = self.modules.get(name)
            if module is not None:
                ordered = name in self.wholes and self.wholes[name].ordered
                digest = module.digest(ordered=ordered, docstrings=self._docstrings, raw=self._raw)
                yield Unit(kind=UnitKind.MODULE, name=name, module=name, digest=digest, at=f"{module.path}:1")

    def _texts_of_modules(self) -> Iterator[Unit]:
        """The docstrings of modules, where docstrings are read."""
        for module in {id(each): each for each in self.units.values()}.values() if self._docstrings else ():
            if module.docstring:
                digest = digest_bytes(module.docstring.encode("utf-8", "surrogatepass"))
                yield Unit(kind=UnitKind.STATEMENT, name="__doc__", module=module.name, digest=digest,
                           at=f"{module.path}:1")  # fmt: skip
