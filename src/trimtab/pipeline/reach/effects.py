"""What executing a top-level statement changes beside what it binds.

A registry is filled by decorators, a table by assignments to its items, a library's settings by a call: none of this
stands where the thing is defined, and all of it decides what a function sees. For each statement that an import
executes this module says which names lead to something that it may have changed, by three rules:

* What is stored into, deleted from, or called a method of is changed, and so is what it may be another name for.
* What the functions that may be called change, is changed; all functions that a statement leads to may be called.
* A call whose result nobody takes is made for its effect: on its arguments, or on the library that it belongs to.

Where a call's result is taken, a library is believed to change nothing, unless the function's name says so (`set…`,
`register…`). Without this, every constant that a library computes would count for all users of that library.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from typing import Final

from trimtab.pipeline.reach.edges import EdgeReader
from trimtab.pipeline.reach.facts import Facts, LocalChange, Ref, Use
from trimtab.pipeline.reach.kinds import CHANGING, READING, is_container, is_unchangeable, last_name, makes_new
from trimtab.pipeline.reach.modules import Module
from trimtab.pipeline.reach.resolve import ALL_NAMES, EVERYTHING, Found, Resolver, Slot
from trimtab.pipeline.reach.scopes import ScopeKind
from trimtab.pipeline.reach.units import Statement
from trimtab.pipeline.reach.values import UnitKind

_VERBS: Final = re.compile(
    r"_?(set|seed|register|configure|config$|use$|use_|enable|disable|install|uninstall|patch|monkey|init$|init_"
    r"|initiali[sz]e|load_dotenv|basic_?config|filterwarnings|simplefilter|add_|append|insert|update|push|pop|remove"
    r"|shuffle|heap|fill|put|apply$|hook|implements|overload_method|subscribe|listens_for)",
    re.IGNORECASE,
)
"""Names of functions that are called for what they do."""

_EVERYWHERE: Final = re.compile(r"patch|install|hook|dotenv|monkey|inject|apply$|^pandas$", re.IGNORECASE)
"""Names of functions that change other libraries than their own."""

_SURROUNDINGS: Final = frozenset({
    "builtins", "ctypes", "faulthandler", "importlib", "locale", "multiprocessing", "os", "signal", "site", "sys",
    "threading", "warnings",
})  # fmt: skip
_ALSO: Final = {"seaborn": ("matplotlib",), "tqdm": ("pandas",), "matplotlib": ("seaborn",)}

Unit = tuple[Module, Statement]


class Effects:
    """Reads the effects of statements, each once."""

    def __init__(self, edges: EdgeReader) -> None:
        self.edges = edges
        self.resolver: Resolver = edges.resolver
        self.modules = edges.modules
        self._changes: dict[Statement, frozenset[Slot]] = {}
        self._later: dict[Statement, frozenset[Slot]] = {}
        self._aliases: dict[tuple[Slot, bool], frozenset[Slot]] = {}
        self._imports: dict[str, frozenset[Slot]] = {}
        self._led_to: dict[Statement, tuple[Unit, ...]] = {}
        self._open: set[str] = set()

    def of(self, module: Module, statement: Statement) -> frozenset[Slot]:
        """The names behind which a statement changes something when it is executed."""
        if statement not in self._changes:
            self._changes[statement] = frozenset()  # what is asked for again meanwhile is a circle
            self._changes[statement] = self._of(module, statement)
        return self._changes[statement]

    def of_import(self, name: str) -> frozenset[Slot]:
        """The names behind which importing a module changes something."""
        if name in self._imports:
            return self._imports[name]
        if name in self._open:
            return frozenset()
        self._open.add(name)
        changed: set[Slot] = set()
        for module in self.modules.chain(name):
            for statement in module.statements if module.readable else ():
                changed |= self.of(module, statement)
                for home in self.edges.of(module, statement).loads if statement.target is not None else ():
                    changed |= self.of_import(home)
        self._open.discard(name)
        self._imports[name] = frozenset(changed)
        return self._imports[name]

    # ── one statement ────────────────────────────────────────────────────────────────────────────────────────────────

    def _of(self, module: Module, statement: Statement) -> frozenset[Slot]:
        if not statement.executed or statement.target is not None or _is_inert(statement.node):
            return frozenset()
        facts = module.facts(statement)
        changed = self._direct(module, facts, now=True)
        if facts.runs:
            changed |= self._calls(module, statement, facts)
        if isinstance(statement.node, ast.ClassDef):
            changed |= self._class_hooks(module, statement)
        changed |= self._looked_up(module, facts, now=True)
        own = {Slot(module.name, name) for name in statement.binds}
        return frozenset(changed - own)

    def _calls(self, module: Module, statement: Statement, facts: Facts) -> set[Slot]:
        """What the project's functions that a statement may call change, and what they do with what they are given."""
        changed: set[Slot] = set()
        called = self.called(module, statement)
        runs_itself = any(_calls_given(home.facts(each)) for home, each in called)
        given = any(self._changes_given(home, each) for home, each in called)
        for home, each in (*called, *([(module, statement)] if runs_itself else [])):
            changed |= self._when_called(home, each)
            if self.edges.of(home, each).any_library:
                changed.add(EVERYTHING)
        if self._imports_anything(module, statement):
            changed.add(EVERYTHING)
        for call in facts.calls:
            if call.later:
                continue
            head = call.head()
            found = self.resolver.ref(module, head) if head is not None else None
            outside = found is not None and bool(found.outside)
            named = (
                call.node.func.attr if isinstance(call.node.func, ast.Attribute) else getattr(call.node.func, "id", "")
            )
            project = found is not None and bool(found.slots) and head is not None
            if (given and project) or (call.discarded and (outside or head is None)) or (
                outside and _VERBS.match(named)
            ) or named in ("next", "delattr", "setattr"):  # fmt: skip
                changed |= self._arguments(module, call.arguments())
        return changed

    def _imports_anything(self, module: Module, statement: Statement) -> bool:
        function = statement.kind is UnitKind.FUNCTION
        return not function and self.edges.of(module, statement).any_library

    def _arguments(self, module: Module, arguments: Iterable[Ref]) -> set[Slot]:
        changed: set[Slot] = set()
        for ref in arguments:
            for slot, _ in self.resolver.ref(module, ref).slots:
                changed |= self._behind(slot)
        return changed

    def _direct(self, module: Module, facts: Facts, *, now: bool) -> set[Slot]:
        """What the text itself changes; ``now`` leaves out what runs when something is called."""
        changed: set[Slot] = set()
        for ref in facts.refs:
            if now and ref.later:
                continue
            if ref.use is Use.WRITE:
                changed |= self._written(self.resolver.ref(module, ref), ref)
            elif isinstance(ref.around, ast.Call):
                for full in self.resolver.ref(module, ref).outside:
                    changed |= _of_library(full, ref.use)
        for ref in facts.deep:
            if not (now and ref.later):
                changed |= self._method(self.resolver.ref(module, ref), ref)
        return changed

    def _written(self, found: Found, ref: Ref) -> set[Slot]:
        changed: set[Slot] = set()
        for slot, rest in found.slots:
            depth = len(rest) + ref.steps
            changed |= {slot} if depth == 0 else self._behind(slot, depth=depth, own=True)
        for home in found.modules:
            changed.add(Slot(home, ALL_NAMES))
        for full in found.outside:
            top = full.partition(".")[0]
            changed |= {Slot("", top)} | ({EVERYTHING} if top in _SURROUNDINGS else set())
        return changed

    def _method(self, found: Found, ref: Ref) -> set[Slot]:
        """What calling a method of something changes: itself, unless the method only reads."""
        changed: set[Slot] = set()
        for slot, rest in found.slots:
            home = self.modules.get(slot.module)
            if home is None or ref.method in READING or is_unchangeable(home, slot.name):
                continue
            container = is_container(home, slot.name) and len(rest) + ref.steps == 1
            if container and ref.method not in CHANGING:
                continue
            changed |= self._behind(slot, depth=len(rest) + ref.steps, own=container)
        if ref.steps > 1:
            for full in found.outside:
                changed |= _of_library(f"{full}.{ref.method}", ref.use)
        return changed

    def _looked_up(self, module: Module, facts: Facts, *, now: bool) -> set[Slot]:
        """What may be set by a name that is only known while it runs."""
        changed: set[Slot] = set()
        for lookup in facts.lookups:
            if now and lookup.later:
                continue
            if lookup.name in ("setattr", "delattr") and lookup.subject is not None:
                found = self.resolver.ref(module, lookup.subject)
                changed |= {Slot(home, ALL_NAMES) for home in found.modules}
                changed |= {other for slot, _ in found.slots for other in self._behind(slot)}
                changed |= {Slot("", full.partition(".")[0]) for full in found.outside}
            elif lookup.name in ("exec", "eval", "globals", "setattr", "delattr") or (
                lookup.name in ("vars", "locals") and not lookup.later
            ):
                changed.add(Slot(module.name, ALL_NAMES))
        return changed

    def _behind(self, slot: Slot, *, depth: int = 1, own: bool = False) -> frozenset[Slot]:
        """A name and what else leads to the same object, or, with more depth, to what a function of the name gives."""
        home = self.modules.get(slot.module)
        if home is None or is_unchangeable(home, slot.name):
            return frozenset({slot}) if home is None else frozenset()
        if own and depth == 1 and is_container(home, slot.name):
            return frozenset({slot})
        key = (slot, depth > 1)
        if key not in self._aliases:
            self._aliases[key] = frozenset({slot})
            self._aliases[key] = frozenset(self._leads_to(slot, given=depth > 1))
        return self._aliases[key]

    def _leads_to(self, start: Slot, *, given: bool) -> set[Slot]:
        """The names of changeable objects that went into what a name is bound to."""
        found, seen, waiting = {start}, {start}, [start]
        while waiting:
            slot = waiting.pop()
            home = self.modules.get(slot.module)
            for statement in home.bindings.get(slot.name, ()) if home else ():
                assert home is not None
                itself = slot == start and statement.kind is UnitKind.FUNCTION and not given
                if statement.target is not None or itself:
                    continue
                direct = self._values(home, statement) if slot == start else set()
                for other in self.edges.of(home, statement).slots:
                    if other in seen:
                        continue
                    seen.add(other)
                    waiting.append(other)
                    if other in direct or self._is_changeable(other):
                        found.add(other)
        return found

    def _values(self, home: Module, statement: Statement) -> set[Slot]:
        """The names that a statement uses as values, and does not only call."""
        return {
            slot
            for ref in home.facts(statement).refs
            if not ref.later and not isinstance(ref.around, ast.Call)
            for slot, _ in self.resolver.ref(home, ref).slots
        }

    def _is_changeable(self, slot: Slot) -> bool:
        home = self.modules.get(slot.module)
        statements = home.bindings.get(slot.name, ()) if home else ()
        if home is None or is_unchangeable(home, slot.name):
            return False
        return any(
            each.kind in (UnitKind.CONSTANT, UnitKind.STATEMENT)
            or (isinstance(each.node, ast.ClassDef) and _has_state(each.node))
            for each in statements
            if each.target is None
        )

    # ── what is called ───────────────────────────────────────────────────────────────────────────────────────────────

    def called(self, module: Module, statement: Statement) -> tuple[Unit, ...]:
        """The functions and classes of the project that executing a statement may lead to."""
        if statement not in self._led_to:
            self._led_to[statement] = tuple(self._called(module, statement, module.facts(statement)))
        return self._led_to[statement]

    def _called(self, module: Module, statement: Statement, facts: Facts) -> Iterator[Unit]:
        seen: set[Statement] = {statement}
        slots = [
            slot
            for ref in facts.refs
            if not ref.later and ref.use not in (Use.ANNOTATION, Use.WRITE)
            for slot, _ in self.resolver.ref(module, ref).slots
        ]
        waiting: list[Unit] = [*self._bound_by(slots), *self._in_wholes(self.edges.of(module, statement).wholes)]
        while waiting:
            home, each = waiting.pop()
            if each in seen:
                continue
            seen.add(each)
            edges = self.edges.of(home, each)
            waiting += self._bound_by(edges.slots)
            waiting += self._in_wholes(edges.wholes)
            yield home, each

    def _bound_by(self, slots: Iterable[Slot]) -> list[Unit]:
        found: list[Unit] = []
        for slot in slots:
            home = self.modules.get(slot.module)
            if home is not None:
                found += [(home, each) for each in home.bindings.get(slot.name, ()) if each.target is None]
        return found

    def _in_wholes(self, names: Iterable[str]) -> list[Unit]:
        homes = [home for home in map(self.modules.get, names) if home is not None and home.readable]
        return [(home, each) for home in homes for each in home.statements if each.target is None]

    def _when_called(self, module: Module, statement: Statement) -> frozenset[Slot]:
        """What the functions in a statement change when they are called."""
        if statement not in self._later:
            self._later[statement] = frozenset()
            if statement.kind not in (UnitKind.FUNCTION, UnitKind.CLASS):
                return self._later[statement]
            facts = module.facts(statement)
            changed = self._direct(module, facts, now=False)
            changed |= {Slot(module.name, name) for name in facts.writes}
            for home in self.edges.of(module, statement).loads:
                changed |= self.of_import(home)
            changed |= self._looked_up(module, facts, now=False)
            if self._changes_given(module, statement):
                for slot in self.edges.of(module, statement).slots:
                    if self._is_changeable(slot) and not self._is_type(slot):
                        changed |= self._behind(slot)
            self._later[statement] = frozenset(changed)
        return self._later[statement]

    def _is_type(self, slot: Slot) -> bool:
        home = self.modules.get(slot.module)
        statements = home.bindings.get(slot.name, ()) if home else ()
        return all(each.kind is UnitKind.CLASS for each in statements)

    def _changes_given(self, module: Module, statement: Statement) -> bool:
        """Whether a function may change something that it did not make itself and that has no global name in it."""
        return any(_reaches_out(each) for each in module.facts(statement).local_changes)

    def _class_hooks(self, module: Module, statement: Statement) -> set[Slot]:
        """What defining a subclass changes, where a base or metaclass of the project has a say in it."""
        bases = [*self._ancestors(module, statement)]
        hooks = [(home, each) for home, each in bases if _has_hook(each.node)]
        if not hooks:
            return set()
        changed: set[Slot] = set()
        for home, each in hooks:
            changed |= self._when_called(home, each)
        for home, each in bases:
            changed.update(Slot(home.name, name) for name in each.binds)
        return changed

    def _ancestors(self, module: Module, statement: Statement) -> Iterator[Unit]:
        """The project's classes that a class is made from, metaclasses too, and objects that bases are taken of."""
        seen: set[Statement] = set()
        waiting: list[Unit] = [(module, statement)]
        while waiting:
            home, each = waiting.pop()
            if not isinstance(each.node, ast.ClassDef):
                continue
            facts = home.facts_of_part(_bases_of(each))
            slots = [slot for ref in facts.refs for slot, _ in self.resolver.ref(home, ref).slots]
            for found in self._bound_by(slots):
                if found[1] not in seen:
                    seen.add(found[1])
                    waiting.append(found)
                    yield found


def _bases_of(statement: Statement) -> Statement:
    """The bases and keywords of a class, as a statement of their own."""
    node = statement.node
    assert isinstance(node, ast.ClassDef)
    parts: list[ast.expr] = []
    for base in (*node.bases, *(word.value for word in node.keywords)):
        if isinstance(base, ast.Call):
            parts += [base.func, *(base.args if "metaclass" in last_name(base.func) else [])]
        else:
            parts.append(base.value if isinstance(base, ast.Subscript) else base)
    whole = ast.copy_location(ast.Expr(ast.copy_location(ast.Tuple(elts=parts, ctx=ast.Load()), node)), node)
    return Statement(whole, kind=UnitKind.STATEMENT)


def _has_hook(node: ast.AST) -> bool:
    """Whether a class decides what happens when a class is made from it; anything but a class may."""
    if not isinstance(node, ast.ClassDef):
        return isinstance(node, ast.Assign | ast.AnnAssign)
    names = {each.name for each in node.body if isinstance(each, ast.FunctionDef)}
    meta = any(last_name(base).lower().endswith(("type", "meta")) for base in node.bases)
    return "__init_subclass__" in names or (meta and bool(names))


def _has_state(node: ast.ClassDef) -> bool:
    """Whether a class has attributes of its own that can be changed in place."""
    values = [each.value for each in node.body if isinstance(each, ast.Assign | ast.AnnAssign)]
    return any(value is not None and not isinstance(value, ast.Constant | ast.Tuple) for value in values)


def _calls_given(facts: Facts) -> bool:
    """Whether a function calls a parameter itself, as a decorator does that runs what it decorates."""
    for call in facts.calls:
        name, scope = call.node.func, call.scope
        own = isinstance(name, ast.Name) and scope.kind is ScopeKind.FUNCTION and name.id in scope.bound
        if own and isinstance(name, ast.Name) and None in scope.bindings.get(name.id, []):
            return True
    return False


def _reaches_out(change: LocalChange) -> bool:
    if change.method in READING or (change.home.method == change.name and change.depth == 1):
        return False
    values = change.home.bindings.get(change.name, [None])
    return change.depth > 1 or not all(makes_new(value) for value in values)


def _of_library(full: str, use: Use) -> set[Slot]:
    """What calling something outside of the project changes."""
    top, last = full.partition(".")[0], full.rpartition(".")[2]
    if use is not Use.DISCARDED and not _VERBS.match(last):
        return set()
    changed = {Slot("", top), *(Slot("", other) for other in _ALSO.get(top, ()))}
    if top in _SURROUNDINGS or _EVERYWHERE.search(last):
        changed.add(EVERYTHING)
    return changed


def _is_inert(node: ast.stmt | ast.expr) -> bool:
    """Whether executing a statement does nothing but bind names, to be seen at once."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        defaults = (*node.args.defaults, *node.args.kw_defaults)
        return not node.decorator_list and all(each is None or _is_quiet(each) for each in defaults)
    if isinstance(node, ast.Assign):
        return all(isinstance(each, ast.Name) for each in node.targets) and _is_quiet(node.value)
    if isinstance(node, ast.AnnAssign):
        return isinstance(node.target, ast.Name) and (node.value is None or _is_quiet(node.value))
    if isinstance(node, ast.ClassDef):
        plain = not node.decorator_list and not node.bases and not node.keywords
        return plain and all(_is_inert(each) or isinstance(each, ast.Pass) for each in node.body)
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _is_quiet(node: ast.expr) -> bool:
    if isinstance(node, ast.Constant | ast.Name | ast.Lambda):
        return True
    return not any(isinstance(each, ast.Call | ast.NamedExpr | ast.Await) for each in ast.walk(node))
