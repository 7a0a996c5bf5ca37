"""The code of a project, and what a function of it depends on.

Two rules. What a reached statement names is reached, through imports, aliases and packages, at any depth. And what
changes something behind a reached name is reached as well: a later assignment, a registration, a function that writes
it. Both are repeated until nothing is added. Where the text does not say which code is meant, the module counts as a
whole, and the place is told.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from trimtab.pipeline.reach.closure import Closure
from trimtab.pipeline.reach.edges import EdgeReader, Whole
from trimtab.pipeline.reach.effects import Effects
from trimtab.pipeline.reach.modules import Module, Modules
from trimtab.pipeline.reach.reaching import Reaching
from trimtab.pipeline.reach.resolve import Resolver, Slot
from trimtab.pipeline.reach.scopes import Imported
from trimtab.pipeline.reach.values import Reach, Unfollowed


class Program:
    """The Python files of a project.

    Args:
        files: path (relative, with ``/``) → text. A file that is not Python is refused when it is reached.
    """

    def __init__(self, files: Mapping[str, str], *, script: str = "") -> None:
        self._files = files
        self._modules = Modules(files, script=script)
        self._resolver = Resolver(self._modules)
        self._edges = EdgeReader(self._resolver)
        self._effects = Effects(self._edges)
        self._closures: dict[str, Closure] = {}
        self._known: dict[tuple[str, str], Reach] = {}

    def reach(self, module: str, name: str) -> Reach:
        """What the function (or any other thing) ``name`` of a module depends on.

        A module that is not the project's is a library. A name that the module's text does not have counts as the
        whole module.

        Raises:
            UnreadableCodeError: a file that is reached is not Python.
        """
        if (module, name) not in self._known:
            with _uncollected():
                self._known[module, name] = self._reach(module, name)
        return self._known[module, name]

    def reach_file(self, path: str) -> Reach:
        """What a script depends on when it is run: all of it, its main block included."""
        if path not in self._files:
            return Reach(units=(), externals=frozenset(), unfollowed=(), hints=(), literals=frozenset())
        program = Program(self._files, script=path)
        with _uncollected():
            return program._whole(path)

    def _closure(self, module: Module) -> Closure:
        if module.name not in self._closures:
            self._closures[module.name] = Closure(module, self._effects)
        return self._closures[module.name]

    def _reach(self, module: str, name: str) -> Reach:
        home = self._modules.get(module)
        if home is None:
            library = self._resolver.imported(Imported(module, name)).outside
            externals = frozenset(full.partition(".")[0] for full in library)
            return Reach(units=(), externals=externals, unfollowed=(), hints=(), literals=frozenset())
        reaching = Reaching(self._closure(home), self._edges, self._effects)
        top = name.partition(".")[0]
        found = self._resolver.attribute(module, top)
        for slot, _ in found.slots:
            reaching.slot(slot)
        for passed in found.passed:
            reaching.passed(*passed)
        for whole in found.modules:
            reaching.whole(whole, Whole(ordered=True))
        if not reaching.units:
            counted = f"all of {home.path}"
            reaching.unfollowed[Unfollowed(what=f"the making of {name}", at=f"{home.path}:1", counted=counted)] = None
            reaching.whole(home.name, Whole(ordered=True))
        return reaching.reach(Slot(module, top))

    def _whole(self, path: str) -> Reach:
        home = next(each for each in self._modules.by_name.values() if each.path == path)
        reaching = Reaching(self._closure(home), self._edges, self._effects)
        reaching.whole(home.name, Whole(ordered=True, deep=False))
        return reaching.reach(None)


@contextmanager
def _uncollected() -> Iterator[None]:
    """No search for garbage meanwhile: syntax trees are many small objects, and all of them are still wanted."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()
