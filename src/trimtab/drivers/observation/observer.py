"""Watching steps: everything that sees something, put together.

An audit hook sees what Python opens, lists, starts and connects to. Names of native readers, of the clock and of
lookups are replaced meanwhile. Below both, on Linux, the kernel tells what was opened below the project by any code.
"""

from __future__ import annotations

import _posixsubprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType, ModuleType
from typing import ClassVar, Final

from trimtab.drivers.observation import chance, readers
from trimtab.drivers.observation.chance import Chance, forget_places, replace_clocks
from trimtab.drivers.observation.frames import Callers, file_of
from trimtab.drivers.observation.hook import begin, finish, guarded, listen_between, program_of, watching
from trimtab.drivers.observation.kernel import Act, Event, Kernel
from trimtab.drivers.observation.ledger import Watch
from trimtab.drivers.observation.lookups import replace_lookups
from trimtab.drivers.observation.path_rules import PathRules, absolute, as_text, look, source_of
from trimtab.drivers.observation.readers import replace_readers
from trimtab.drivers.observation.replaced import AfterImport, Replaced, noting
from trimtab.drivers.observation.variables import leave_variables, watch_variables

_MATTER: Final = frozenset({*readers.MODULES, *chance.MODULES})
_TOO_MANY: Final = "more was opened than the kernel could tell: all files of the project's folders count as read"


class Observer:
    """Watches steps of one project; one per process is enough, for the folders are walked once.

    Args:
        project: the project's folder.
        ignore: what never counts: Trimtab's state folder and its temporary files.
    """

    def __init__(self, project: Path, *, ignore: Iterable[Path] = ()) -> None:
        self._rules = PathRules(project.resolve(), ignore)
        self._callers = Callers(self._rules)
        self._kernel: Kernel | None = None
        self._on: tuple[Watch, ...] = ()
        self._own_modules: dict[str, ModuleType] = {}
        self._judged: set[str] = set()
        self._elsewhere: dict[str, str] = {}
        self._between: set[str] = set()
        listen_between(self._opened_between)

    @contextmanager
    def watch(self, *, lists: bool = False) -> Iterator[Watch]:
        """Sees what is done inside the block, by this thread and those that have no watch of their own.

        Where the code of a process that is started ``lists`` folders itself, that it lists those of its modules counts.

        ``observed`` of what is given is complete after the block, also when the block raised. Blocks may be nested,
        and there may be one in each of several threads.
        """
        if self._kernel is None:
            self._kernel = Kernel(self._rules)
        self._catch_up()  # what came before does not count
        if self._kernel.own is not None and not self._on:
            self._kernel.own.reset()
        watch = Watch(self._rules, self._callers, self._catch_up, self._kernel.own, self._code_elsewhere, lists=lists)
        self._on = (*self._on, watch)
        forget_places()
        with _Replacements.lock:
            if begin(watch):
                _Replacements.put_in_place()
        _Replacements.replaced.replace_by_name(self._modules())
        try:
            yield watch
        finally:
            _Replacements.tell_chance(watch)
            for sentence in self._kernel.blind:
                watch.could_not_see(sentence)
            watch.end()
            self._on = tuple(each for each in self._on if each is not watch)
            with _Replacements.lock:
                if finish(watch):
                    _Replacements.put_back()

    def _catch_up(self) -> None:
        """Hands the kernel's events to the watches that are on."""
        if self._kernel is None:
            return
        for event in self._kernel.drain():
            if event.act is Act.LOST:
                self._lost()
            for watch in self._on:
                watch.told_by_kernel(event)

    def _lost(self) -> None:
        for watch in self._on:
            watch.could_not_see(_TOO_MANY)
            for path in self._kernel.files() if self._kernel is not None else ():
                watch.told_by_kernel(Event(path, Act.OPENED))

    def _modules(self) -> list[ModuleType]:
        """The project's modules that are loaded; each name is judged once."""
        for name, module in list(sys.modules.items()):  # in the order of their imports
            if name not in self._judged:
                self._judged.add(name)
                self._judge(name, module)
        for name in self._own_modules.keys() - sys.modules.keys():
            del self._own_modules[name]
            self._judged.discard(name)
            self._elsewhere.pop(name, None)
        return list(self._own_modules.values())

    def _judge(self, name: str, module: ModuleType) -> None:
        """Whose a loaded module is. What was loaded before any of the project's is not there on its account."""
        file = file_of(module)
        path = absolute(file) if file is not None else ""
        own = bool(path) and self._rules.is_code(path)
        if own:
            self._own_modules[name] = module
            self._between |= {absolute(inner) for inner in _modules_in(module) if self._is_elsewhere(inner)}
        if path and self._own_modules and self._rules.is_code_elsewhere(path):
            self._elsewhere[name] = path

    def _is_elsewhere(self, file: str) -> bool:
        return self._rules.is_code_elsewhere(absolute(file))

    def _opened_between(self, given: object, frame: FrameType) -> None:
        """Code is read to be imported while no watch is on: with the project's modules, before the first step."""
        text = as_text(given)
        source = source_of(absolute(text)) if text is not None else ""
        if source and self._rules.is_code_elsewhere(source) and self._is_projects_import(frame):
            self._between.add(source)

    def _is_projects_import(self, frame: FrameType | None) -> bool:
        while frame is not None:
            name = frame.f_code.co_filename
            if not name.startswith("<") and self._rules.is_code(absolute(name)):
                return True
            frame = frame.f_back
        return False

    def _code_elsewhere(self) -> set[str]:
        """Files that were imported and are neither the project's nor a package's; they count for every step."""
        self._modules()
        found = {_existing(path) for path in (*self._elsewhere.values(), *self._between)}
        return {path for path in found if path}


def _modules_in(module: ModuleType) -> Iterator[str]:
    """The files of modules that a module has by name, whether the import system knows them or not."""
    for value in list(vars(module).values()):
        file = file_of(value) if isinstance(value, ModuleType) else None
        if file is not None:
            yield file


def _existing(path: str) -> str:
    """The file, or the archive that it is in."""
    while path and look(path) is None:
        path = path.rpartition("/")[0]
    return path


class _Replacements:
    """What is replaced in this process while any watch is on."""

    lock: Final = threading.RLock()
    replaced: ClassVar[Replaced] = Replaced()
    chance: ClassVar[Chance] = Chance()
    finder: ClassVar[AfterImport | None] = None

    @classmethod
    def put_in_place(cls) -> None:
        cls.chance.reset()
        replace_lookups(cls.replaced)
        replace_clocks(cls.replaced)
        _replace_starts(cls.replaced)
        for name in _MATTER & sys.modules.keys():
            cls.loaded(name)
        watch_variables()
        cls.finder = AfterImport(_MATTER, cls.loaded)
        sys.meta_path.insert(0, cls.finder)

    @classmethod
    def loaded(cls, name: str) -> None:
        """A module that matters is there; called for those that a step loads, too."""
        with cls.lock:
            if not watching():
                return
            if name in readers.MODULES:
                replace_readers(name, cls.replaced)
            if name in chance.MODULES:
                cls.chance.begin(name, cls.replaced)

    @classmethod
    def tell_chance(cls, watch: Watch) -> None:
        for what in cls.chance.drawn():
            watch.sighted("chance", what, None)

    @classmethod
    def put_back(cls) -> None:
        if cls.finder in sys.meta_path:
            sys.meta_path.remove(cls.finder)
        leave_variables()
        cls.replaced.restore()


def _replace_starts(replaced: Replaced) -> None:
    """Multiprocessing and joblib start processes by a function that raises no audit event."""

    def before(arguments: tuple[object, ...], _named: dict[str, object]) -> None:
        frame = sys._getframe(2)
        command = arguments[0] if arguments else ()
        first = next(iter(command), "") if isinstance(command, list | tuple) else ""
        what = f"starts {program_of(as_text(first) or '')}"
        guarded(lambda watch: watch.sighted("processes", what, frame))

    replaced.replace(_posixsubprocess, "fork_exec", lambda original: noting(original, "_posixsubprocess", before))
