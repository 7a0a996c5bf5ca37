"""Which modules are imported with one, in which order, and what their statements change for each other."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from typing import Final

from trimtab.pipeline.reach.effects import Effects, Unit
from trimtab.pipeline.reach.facts import Use
from trimtab.pipeline.reach.kinds import CHANGING, is_container
from trimtab.pipeline.reach.modules import Module
from trimtab.pipeline.reach.resolve import ALL_NAMES, Slot
from trimtab.pipeline.reach.units import Statement, is_plain
from trimtab.pipeline.reach.values import UnitKind

_INNER_IMPORT: Final = re.compile(
    r"^[ \t]+(?:from|import)\b|[:;][ \t]*(?:from|import)\b|import_module|__import__|runpy|pkgutil|importlib\.util",
    re.MULTILINE,
)
_OPERATOR: Final = r"\s*(?:[-+*/%&|^@]|//|\*\*|<<|>>)?=(?!=)"


class Closure:
    """The modules that are imported with ``root``, those imported inside functions last.

    Attributes:
        moments: statement → its number in the order of execution, over all modules.
        changed: name → the statements that change something behind it when they are executed.
        stopping: the statements that may stop the import: what they raise or assert decides whether anything runs.
        needed: the libraries that the import surely asks for, by their first names.
    """

    def __init__(self, root: Module, effects: Effects) -> None:
        self.root = root
        self.effects = effects
        self.modules: dict[str, Module] = {}
        self.moments: dict[Statement, int] = {}
        self.changed: dict[Slot, list[Unit]] = {}
        self._ways: dict[str, list[tuple[Module, Statement, bool]]] = {}
        self._sure: set[str] = set()
        self._writers: dict[Slot, tuple[Unit, ...]] = {}
        self._execute(root.name)
        self._add_inner()
        for module in self.modules.values():
            for statement in module.statements:
                for slot in effects.of(module, statement):
                    self.changed.setdefault(slot, []).append((module, statement))
        self._find_sure()
        self.stopping = [
            (module, statement)
            for module in self.modules.values()
            for statement in module.statements
            if statement.executed and isinstance(statement.node, ast.Raise | ast.Assert)
        ]
        self.needed = frozenset(self._needed())

    def _needed(self) -> Iterator[str]:
        for name in self._sure & self.modules.keys():
            for statement in self.modules[name].statements:
                loaded = statement.loaded
                if loaded is not None and statement.executed and not statement.conditions:
                    top = loaded.module.partition(".")[0]
                    if top and not self.effects.modules.homes(top)[0]:
                        yield top

    def moment(self, statement: Statement) -> int:
        return self.moments.get(statement, len(self.moments))

    # ── which modules, in which order ────────────────────────────────────────────────────────────────────────────────

    def _execute(self, name: str, *, must: bool = True) -> None:
        """Go through a module's statements as an import does: what it imports comes before the rest of it."""
        for module in self.effects.modules.chain(name):
            if module.name in self.modules or (not must and not module.readable):
                continue
            self.modules[module.name] = module
            for statement in module.statements:
                if statement.executed:
                    self._import(module, statement)
                self.moments[statement] = len(self.moments)

    def _import(self, module: Module, statement: Statement) -> None:
        if statement.target is None and is_plain(statement.node):
            return
        inner = statement.target is None
        for name in sorted(self.effects.edges.of(module, statement).loads):
            self._note(name, module, statement, sure=not inner and not statement.conditions)
            self._execute(name, must=not inner and not statement.conditions)

    def _note(self, name: str, module: Module, statement: Statement, *, sure: bool) -> None:
        for each in self.effects.modules.chain(name):
            if each.name != module.name:
                self._ways.setdefault(each.name, []).append((module, statement, sure))

    def _add_inner(self) -> None:
        """The modules that functions import, and those that may be imported by a computed name."""
        waiting = list(self.modules.values())
        while waiting:
            module = waiting.pop(0)
            before = len(self.modules)
            for statement in dict.fromkeys(module.mentions(_INNER_IMPORT)):
                if statement.target is not None:
                    continue
                edges = self.effects.edges.of(module, statement)
                for name in sorted(self.effects.modules.by_name if edges.any_library else edges.loads):
                    self._note(name, module, statement, sure=edges.any_library)
                    self._execute(name, must=False)
            waiting += list(self.modules.values())[before:]

    def _find_sure(self) -> None:
        """Which modules are imported whatever the conditions are."""
        self._sure = {each.name for each in self.effects.modules.chain(self.root.name)}
        grown = True
        while grown:
            more = {
                name
                for name, ways in self._ways.items()
                if name not in self._sure and any(sure and home.name in self._sure for home, _, sure in ways)
            }
            grown = bool(more)
            self._sure |= more

    def ways(self, name: str) -> Iterator[Unit]:
        """The conditions and functions that decide whether a module is imported; none where it surely is."""
        seen: set[str] = set()
        waiting = [name]
        while waiting:
            each = waiting.pop()
            if each in seen or each in self._sure:
                continue
            seen.add(each)
            for home, statement, _ in self._ways.get(each, ()):
                waiting.append(home.name)
                if statement.target is None:
                    yield home, statement
                else:
                    yield from ((home, condition) for condition, _ in statement.conditions)

    # ── who changes what ─────────────────────────────────────────────────────────────────────────────────────────────

    def changing(self, slot: Slot) -> Iterable[Unit]:
        """The statements that change what a name leads to: when they are executed, or their functions are called."""
        yield from self.changed.get(slot, ())
        if slot.module:
            yield from self.changed.get(Slot(slot.module, ALL_NAMES), ())
            if slot not in self._writers:
                self._writers[slot] = tuple(self._find_writers(slot))
            yield from self._writers[slot]

    def _find_writers(self, slot: Slot) -> Iterator[Unit]:
        home = self.effects.modules.get(slot.module)
        if home is None:
            return
        for statement in home.writers.get(slot.name, ()):
            yield home, statement
        binders = home.bindings.get(slot.name, ())
        function = bool(binders) and all(each.kind is UnitKind.FUNCTION for each in binders)
        container = is_container(home, slot.name)
        for module in self.modules.values():
            if slot.name not in module.text:
                continue
            names = {slot.name, *_called_here(module, slot.name)}
            pattern = _writing(names, function=function, container=container)
            for statement in dict.fromkeys(module.mentions(pattern)):
                if statement.target is None and self._writes(module, statement, slot, container):
                    yield module, statement

    def _writes(self, module: Module, statement: Statement, slot: Slot, container: bool) -> bool:
        """Whether a function in a statement surely changes what a name leads to."""
        facts = module.facts(statement)
        resolver = self.effects.resolver
        for ref in facts.refs:
            if ref.use is Use.WRITE and ref.later and any(slot == each for each, _ in resolver.ref(module, ref).slots):
                return True
        return container and any(
            ref.later and ref.method in CHANGING and any(slot == each for each, _ in resolver.ref(module, ref).slots)
            for ref in facts.deep
        )


def _called_here(module: Module, name: str) -> Iterator[str]:
    """Other names that a module imports a thing under."""
    if " as " not in module.text:
        return
    for statement in module.statements:
        if statement.target is not None and statement.target.attribute == name:
            yield from statement.binds


def _writing(names: Iterable[str], *, function: bool, container: bool) -> re.Pattern[str]:
    """What a change in place looks like in a text; it is looked at closer where it is found."""
    either = "|".join(sorted(map(re.escape, names)))
    ways = [rf"(?:\s*\.\s*\w+)+{_OPERATOR}", r"(?:\s*\.\s*\w+)*\s*\[" if not function else r"\s*\.\s*\w+\s*\[",
            rf"{_OPERATOR}"]  # fmt: skip
    if container:
        ways.append(rf"\s*\.\s*(?:{'|'.join(sorted(CHANGING))})\b")
    return re.compile(rf"\b(?:{either})(?:{'|'.join(ways)})|\bdel\b[^\n]*\b(?:{either})\b|setattr[^\n]*(?:{either})\b")
