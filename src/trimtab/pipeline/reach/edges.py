"""What one statement depends on: the names, modules and libraries that its text leads to, and what it hides.

Dispatch by names that only exist while the code runs is given up here: the module around it counts as a whole, or all
modules where any of them may be meant, and the place is told.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable
from typing import Final, NamedTuple

from trimtab.pipeline.reach.facts import BY_NAME, Facts, Lookup, Query, Ref, Use, named, ref_of
from trimtab.pipeline.reach.hints import (
    ASKING,
    HANDED_CLOCKS,
    builtin_hint,
    fleeting_hint,
    hint_of,
    method_hint,
    shown,
    zone_hint,
)
from trimtab.pipeline.reach.kinds import GROWING, is_container
from trimtab.pipeline.reach.modules import Module, Modules
from trimtab.pipeline.reach.queries import (
    asks_callers,
    may_name_anything,
    names_in,
    names_marked,
    quoted_in,
    written,
)
from trimtab.pipeline.reach.resolve import ALL_NAMES, Found, Resolver, Slot
from trimtab.pipeline.reach.scopes import Imported, Scope
from trimtab.pipeline.reach.units import Statement
from trimtab.pipeline.reach.values import Hint, HintKind, Unfollowed, UnitKind

_LONGEST_TEXT: Final = 1024
_PLACE: Final = re.compile(r"[A-Za-z_]\w*(?:[.:][A-Za-z_]\w*)+")
_ANY_MODULE: Final = re.compile(
    r"importlib\.(util|machinery|metadata\.entry_points|_bootstrap\w*)(\.|$)|runpy\.\w+$|imp\.\w+$|zipimport\.\w+$"
    r"|pkgutil\.(iter_modules|walk_packages|get_loader|find_loader|resolve_name)$|pkg_resources\.iter_entry_points$"
    r"|pydoc\.locate$|stevedore\."
)
_ANY_OBJECT: Final = re.compile(
    r"(pickle|_pickle|cPickle|dill|cloudpickle|joblib|torch)\.(load|loads|Unpickler)$|shelve\.open$|marshal\.loads?$"
    r"|pandas\.read_pickle$|jsonpickle\.\w+$"
)
_OWN_MODULE: Final = re.compile(
    r"inspect\.(stack|currentframe|trace|getmodule|getouterframes)$|sys\._getframe\w*$|gc\.get_\w+$|builtins\.(eval|exec)$"
)
_READS_TEXT: Final = re.compile(r"inspect\.(getsource\w*|getcomments|findsource)$|linecache\.\w+$|dill\.source\.")
_READS_DOCSTRINGS: Final = re.compile(r"inspect\.(getdoc|cleandoc)$|pydoc\.|doctest\.")
_DOCSTRING_LIBRARIES: Final = frozenset({
    "docopt", "dspy", "fire", "instructor", "langchain", "langchain_core", "magentic", "marvin", "pydantic",
    "pydantic_ai", "smolagents",
})  # fmt: skip
"""Libraries that act by the docstrings of the code that uses them."""


class Whole(NamedTuple):
    """A module that counts as a whole; ``ordered``: its names' order too; ``deep``: the modules it imports too."""

    ordered: bool = False
    deep: bool = True

    def joined(self, other: Whole) -> Whole:
        return Whole(self.ordered or other.ordered, self.deep or other.deep)


class Edges:
    """What a statement leads to; a slot is True if what changes it counts, False where it is only written into.

    ``fleeting``: expressions that give another value in every process, by the identity of their nodes. ``handed``:
    methods of clocks that are handed on as objects; ``asked``: where a method of such a name is called.
    """

    __slots__ = (
        "any_library", "asked", "docstrings", "everything", "fleeting", "handed", "hints", "loads", "outside", "passed",
        "raw", "several", "slots", "texts", "unfollowed", "wholes",
    )  # fmt: skip

    def __init__(self) -> None:
        self.slots: dict[Slot, bool] = {}
        self.wholes: dict[str, Whole] = {}
        self.outside: set[str] = set()
        self.passed: dict[tuple[Module, Statement], None] = {}
        self.loads: set[str] = set()
        self.several: set[Slot] = set()
        self.texts: set[str] = set()
        self.hints: dict[Hint, None] = {}
        self.fleeting: dict[int, Hint] = {}
        self.handed: set[str] = set()
        self.asked: dict[str, list[Hint]] = {}
        self.unfollowed: dict[Unfollowed, None] = {}
        self.everything = False
        self.any_library = False
        self.docstrings = False
        self.raw = False

    def whole(self, home: str, kind: Whole) -> None:
        self.wholes[home] = self.wholes.get(home, Whole(deep=False)).joined(kind)

    def slot(self, slot: Slot, *, strong: bool = True) -> None:
        self.slots[slot] = self.slots.get(slot, False) or strong


class EdgeReader:
    """Reads the edges of statements, each once."""

    def __init__(self, resolver: Resolver) -> None:
        self.resolver = resolver
        self.modules = resolver.modules
        self._known: dict[Statement, Edges] = {}

    def of(self, module: Module, statement: Statement) -> Edges:
        if statement not in self._known:
            edges = self._known[statement] = Edges()
            if statement.target is not None:
                self._import(statement, edges)
            else:
                _Reading(self, module, statement, edges).read()
        return self._known[statement]

    def _import(self, statement: Statement, edges: Edges) -> None:
        """An import by itself; what it binds is followed where it is used."""
        if statement.loaded is not None:
            load(self.modules, statement.loaded, edges)


class _Reading:
    def __init__(self, reader: EdgeReader, module: Module, statement: Statement, edges: Edges) -> None:
        self.resolver = reader.resolver
        self.modules = reader.modules
        self.module = module
        self.statement = statement
        self.edges = edges
        self.facts: Facts = module.facts(statement)

    def read(self) -> None:
        for ref in self.facts.refs:
            self._ref(ref, self.resolver.ref(self.module, ref))
        for lookup in self.facts.lookups:
            self._lookup(lookup)
        for attribute, call in self.facts.attributes:
            self._attribute(attribute, call)
        for loaded, _ in self.facts.imports:
            load(self.modules, loaded, self.edges)
        for node in self.facts.texts:
            self._text(node)
        for query in self.facts.queries:
            self._query(query)
        for each in self.facts.calls:
            self._call(each.node)
        if any(name in _DOCSTRING_LIBRARIES for name in self.edges.outside):
            self.edges.docstrings = True

    def _at(self, node: ast.AST) -> str:
        return self.module.at(self.statement, getattr(node, "lineno", None))

    def _give_up(self, node: ast.AST, counted: str) -> None:
        self.edges.unfollowed[Unfollowed(what=shown(node), at=self._at(node), counted=counted)] = None

    # ── names ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _ref(self, ref: Ref, found: Found) -> None:
        edges = self.edges
        for slot, rest in found.slots:
            edges.slot(slot, strong=not self._only_written(ref, slot, rest))
        for passed in found.passed:
            edges.passed[passed] = None
        edges.several.update(found.several)
        for home in found.modules:
            self._module(ref, home)
        for full in found.outside:
            edges.outside.add(full.partition(".")[0])
            if ref.use is not Use.ANNOTATION:
                self._outside(ref, full)
        for name in found.missing:
            counted = "nothing of it: no Python file of the project has this name"
            edges.unfollowed[Unfollowed(what=f"import {name}", at=self._at(ref.node), counted=counted)] = None
        if ref.root == "__doc__" and not found.slots:
            edges.docstrings = True
        if not (found.slots or found.modules or found.outside or ref.path):
            self._builtin(ref)

    def _builtin(self, ref: Ref) -> None:
        if ref.root == "hash" and self._in_hash(ref.node):
            return
        self.edges.hints.update(dict.fromkeys(builtin_hint(ref.root, ref.node, ref.around, self._at(ref.node))))
        if ref.root == "id" and isinstance(ref.around, ast.Call):
            self._fleeting("builtins.id", ref)

    def _fleeting(self, full: str, ref: Ref) -> None:
        hint = fleeting_hint(full, ref.around or ref.node, self._at(ref.node))
        if hint is not None and isinstance(ref.around, ast.Call):
            self.edges.fleeting[id(ref.around)] = hint

    def _in_hash(self, node: ast.expr) -> bool:
        """Whether a class says with it which of its objects are equal: that changes no result."""
        own = [
            each
            for each in ast.walk(self.statement.node)
            if isinstance(each, ast.FunctionDef) and each.name in ("__hash__", "__eq__")
        ]
        return any(inner is node for each in own for inner in ast.walk(each))

    def _call(self, call: ast.Call) -> None:
        """What a method does whatever it is called of."""
        at = self._at(call)
        zone = zone_hint(call, at)
        if zone is not None:
            self.edges.hints[zone] = None
        if isinstance(call.func, ast.Attribute) and call.func.attr in ASKING:
            hint = Hint(kind=HintKind.CLOCK, what=shown(call), at=at)
            self.edges.asked.setdefault(call.func.attr, []).append(hint)

    def _only_written(self, ref: Ref, slot: Slot, rest: tuple[str, ...]) -> bool:
        """Whether what the name is bound to is stored into, or added to, and not looked at."""
        if ref.use is Use.WRITE:
            return len(rest) + ref.steps == 0 or (not rest and ref.steps == 1 and self._container(slot))
        grows = ref.use is Use.DISCARDED and isinstance(ref.around, ast.Call) and len(rest) == 1 and rest[0] in GROWING
        return grows and self._container(slot)

    def _container(self, slot: Slot) -> bool:
        module = self.modules.get(slot.module)
        return module is not None and is_container(module, slot.name)

    def _module(self, ref: Ref, home: str) -> None:
        """A module of the project as a value: whoever gets it may take anything of it."""
        module = self.modules.get(home)
        self._give_up(ref.around or ref.node, f"all of {module.path if module else home.replace('.', '/')}")
        self.edges.whole(home, Whole(ordered=True))

    # ── what is outside the project and leads back into it ───────────────────────────────────────────────────────────

    def _outside(self, ref: Ref, full: str) -> None:
        edges, call = self.edges, ref.around if isinstance(ref.around, ast.Call) else None
        at = self._at(ref.node)
        if ref.use is not Use.WRITE:
            edges.hints.update(dict.fromkeys(hint_of(full, ref.node, ref.around, at)))
            self._fleeting(full, ref)
        if full in HANDED_CLOCKS and ref.around is None:
            edges.handed |= HANDED_CLOCKS[full]
        if full in ("importlib.import_module", "importlib.__import__", "builtins.__import__"):
            self._import_by_name(ref.node, call)
        elif full.startswith("sys.modules"):
            self._loaded_modules(ref)
        elif _ANY_MODULE.match(full):
            self._any_module(call or ref.node)
        elif _ANY_OBJECT.match(full) or (full == "numpy.load" and call is not None and _allows_pickle(call)):
            edges.everything = True
            self._give_up(call or ref.node, "every module of the project, since what is opened may be of any class")
        elif _OWN_MODULE.match(full):
            self._own_module(call or ref.node)
        elif full in ("operator.attrgetter", "operator.methodcaller"):
            if call is None or not all(isinstance(each, ast.Constant) for each in call.args[:1]):
                self._own_module(call or ref.node)
        elif _READS_TEXT.match(full):
            edges.raw = True
            self._give_up(call or ref.node, "the very text of the modules that it reaches")
        elif _READS_DOCSTRINGS.match(full):
            edges.docstrings = True

    def _import_by_name(self, node: ast.expr, call: ast.Call | None) -> None:
        if call is not None and id(call) in self.facts.consumed:
            self._said_module(call.args[0].value, whole=False)  # type: ignore[attr-defined]
            return
        said = call.args[0].value if call and call.args and isinstance(call.args[0], ast.Constant) else None
        if isinstance(said, str) and said.strip("."):
            package = self._package(call) if said.startswith(".") else ""
            if package is None:
                self._any_module(call or node)
                return
            level = len(said) - len(said.lstrip("."))
            around = package.split(".")[: len(package.split(".")) - level + 1] if level else []
            self._said_module(".".join([*filter(None, around), said.lstrip(".")]), whole=True)
            return
        self._any_module(call or node)

    def _any_module(self, node: ast.AST) -> None:
        self.edges.everything = self.edges.any_library = True
        self._give_up(node, "every module of the project")

    def _package(self, call: ast.Call | None) -> str | None:
        """The package that a relative name is looked for in; None if the text does not say."""
        given = call.args[1] if call is not None and len(call.args) > 1 else None
        given = given or next((word.value for word in call.keywords if word.arg == "package"), None) if call else None
        if isinstance(given, ast.Constant) and isinstance(given.value, str):
            return given.value
        if isinstance(given, ast.Name) and given.id in ("__package__", "__name__"):
            own = self.module.is_package or given.id == "__name__"
            return self.module.name if own else self.module.name.rpartition(".")[0]
        return None

    def _said_module(self, name: str, *, whole: bool) -> None:
        homes, library = self.modules.homes(name)
        for home in homes:
            self.edges.loads.add(home)
            if whole:
                self.edges.whole(home, Whole(ordered=True))
        if library:
            self.edges.outside.add(name.partition(".")[0])

    def _loaded_modules(self, ref: Ref) -> None:
        around = ref.around
        key = around.slice if isinstance(around, ast.Subscript) else None
        if isinstance(key, ast.Name) and key.id == "__name__":
            self._own_module(around or ref.node)
        elif isinstance(key, ast.Constant) and isinstance(key.value, str):
            self._said_module(key.value, whole=True)
        else:
            self.edges.everything = True
            self._give_up(around or ref.node, "every module of the project")

    # ── look-ups by computed names ───────────────────────────────────────────────────────────────────────────────────

    def _own_module(self, node: ast.AST, *, ordered: bool = True, deep: bool = True) -> None:
        self._give_up(node, f"all of {self.module.path}")
        self.edges.whole(self.module.name, Whole(ordered, deep))

    def _lookup(self, lookup: Lookup) -> None:
        name, shown_node = lookup.name, lookup.call or lookup.node
        if name in BY_NAME:
            self._by_name(lookup)
        elif name == "__import__":
            self._import_by_name(lookup.node, lookup.call)
        elif name in ("vars", "dir") and lookup.call is not None and lookup.call.args:
            found = self._subject(lookup)
            for home in found.modules if found else ():
                self._give_up(shown_node, f"all of {self._path(home)}")
                self.edges.whole(home, Whole(ordered=True, deep=not lookup.called))
        elif name in ("locals", "dir"):
            if not lookup.later:
                self._own_module(shown_node)
        elif name != "hasattr":
            self._own_module(shown_node, deep=name not in ("globals", "vars") or not lookup.called)

    def _path(self, home: str) -> str:
        module = self.modules.get(home)
        return module.path if module else home.replace(".", "/")

    def _subject(self, lookup: Lookup) -> Found | None:
        """What is looked into, if it has a name of the module; it is used like any other name."""
        if lookup.subject is None:
            return None
        found = self.resolver.ref(self.module, lookup.subject)
        for slot, _ in found.slots:
            self.edges.slot(slot)
        for passed in found.passed:
            self.edges.passed[passed] = None
        self.edges.outside.update(full.partition(".")[0] for full in found.outside)
        return found

    def _by_name(self, lookup: Lookup) -> None:
        node, deep = lookup.call or lookup.node, not lookup.called
        found = self._subject(lookup)
        if lookup.call is None:
            if lookup.name != "hasattr":
                self._own_module(node, ordered=False)
            return
        if found is not None and found.modules:
            for home in found.modules:
                self._give_up(node, f"all of {self._path(home)}")
                self.edges.whole(home, Whole(ordered=False, deep=deep))
            return
        if lookup.name == "hasattr" or (found is not None and not found.slots):
            return  # a library's, or a built-in type's: their versions count anyway
        classes = (
            [slot.name for slot, _ in found.slots if self._is_of_kind(slot, UnitKind.CLASS)]
            if found is not None
            else []
        )
        if lookup.own or (found is not None and len(classes) == len(found.slots)):
            self._give_up(node, f"all of class {', '.join(classes) or lookup.own}")
        else:
            self._own_module(node, ordered=False, deep=deep)

    def _is_of_kind(self, slot: Slot, kind: UnitKind) -> bool:
        module = self.modules.get(slot.module)
        statements = module.bindings.get(slot.name, []) if module else []
        return bool(statements) and all(each.kind is kind for each in statements)

    def _attribute(self, node: ast.Attribute, call: ast.Call | None) -> None:
        if node.attr in ("read_text", "read_bytes"):
            self.edges.hints[method_hint(node, self._at(node))] = None
        elif node.attr in ("__doc__", "__code__"):
            self.edges.docstrings = True
        elif node.attr == "__subclasses__":
            self.edges.everything = True
            self._give_up(call or node, "every module of the project")
        else:
            self._own_module(node)
            for slot in list(self.edges.slots) if node.attr == "__globals__" else ():
                if self.modules.get(slot.module) is not None:
                    self.edges.whole(slot.module, Whole(ordered=True))

    # ── texts ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _text(self, node: ast.Constant) -> None:
        text = node.value
        if not isinstance(text, str) or len(text) > _LONGEST_TEXT:
            return
        self.edges.texts.add(text)
        if text == "__doc__":
            self.edges.docstrings = True
        self._names(names_marked(text), node, None)
        if _PLACE.fullmatch(text) and self.modules.has(re.split(r"[.:]", text)[0]):
            self._place(re.split(r"[.:]", text))

    def _query(self, query: Query) -> None:
        """A text that is evaluated with the names of this module; see `trimtab.pipeline.reach.queries`."""
        if self._is_own_function(query):
            return
        duckdb = self.modules.mention("duckdb")
        text = written(query, self.module, self.resolver, duckdb=duckdb)
        for each in text.texts:
            self._names(names_in(each), query.node, query.scope)
            self.edges.texts.update(quoted_in(each))
        if text.computed and may_name_anything(query, duckdb=duckdb):
            self._own_module(query.node, ordered=False)
        if asks_callers(query.node) and query.method in ("eval", "query"):
            self.edges.everything = True
            self._give_up(query.node, "every module of the project")

    def _is_own_function(self, query: Query) -> bool:
        """Whether a function of the project is called, which does what its own code says."""
        ref = named(query.node.func, query.scope)
        found = self.resolver.ref(self.module, ref) if ref is not None else None
        if found is None or found.outside or not found.slots:
            return ref is None and isinstance(query.node.func, ast.Name)
        return all(not rest and self._is_of_kind(slot, UnitKind.FUNCTION) for slot, rest in found.slots)

    def _names(self, names: Iterable[tuple[str, ...]], node: ast.expr, scope: Scope | None) -> None:
        """Names in a text that are the module's, or that the function has imported."""
        for root, *path in names:
            ref = Ref(root, tuple(path), node, Use.READ, True)
            local = ref_of(root, tuple(path), node, Use.READ, scope, None) if scope is not None else None
            if local is not None and local.imported:
                self._ref(local, self.resolver.ref(self.module, local))
            if self.module.binds(root) or self.module.binds(ALL_NAMES):
                self._ref(ref, self.resolver.ref(self.module, ref))

    def _place(self, parts: list[str]) -> None:
        """A text that names a thing of the project, as configurations do: ``"helpers.clip"``."""
        for count in range(len(parts), 0, -1):
            module = self.modules.get(".".join(parts[:count]))
            if module is None:
                continue
            if count == len(parts):
                self.edges.whole(module.name, Whole(ordered=True))
            elif module.readable and parts[count] in module.bindings:
                self.edges.slot(Slot(module.name, parts[count]))
                found = self.resolver.attribute(module.name, parts[count])
                for slot, _ in found.slots:
                    self.edges.slot(slot)
            return


def load(modules: Modules, loaded: Imported, edges: Edges) -> None:
    """Notes which modules an import executes, and which library it opens."""
    homes, library = modules.homes(loaded.module)
    edges.loads.update(homes)
    for home in homes:
        if loaded.attribute and modules.has(f"{home}.{loaded.attribute}"):
            edges.loads.add(f"{home}.{loaded.attribute}")
    if library:
        edges.outside.add(loaded.module.partition(".")[0])


def _allows_pickle(call: ast.Call) -> bool:
    return any(word.arg == "allow_pickle" for word in call.keywords)


def is_library(top: str) -> bool:
    """Whether a top-level name outside the project is not the standard library's."""
    return top not in sys.stdlib_module_names and bool(top)
