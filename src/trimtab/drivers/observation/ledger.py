"""What one watch has seen so far, event by event.

The order of events decides: a file that the step writes first and reads afterwards is its own, one that it reads first
is an input. What the kernel tells arrives late, so before anything is taken to be the step's own, the kernel's events
until then are read.
"""

from __future__ import annotations

import os
import stat
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Final

from trimtab.drivers.observation.attribution import OwnActs, has_children
from trimtab.drivers.observation.frames import Callers, Whose, file_of
from trimtab.drivers.observation.kernel import Act, Event
from trimtab.drivers.observation.observed import Observed, Sighting
from trimtab.drivers.observation.path_rules import PathRules, Rule, absolute, look, mode_of, source_of

_CODE: Final = (".py", ".pyc", ".pyi", ".so", ".pyd", ".dylib")
IMPORTERS: Final = frozenset({"importlib._bootstrap_external", "zipimport"})
_FOR_PYTHON: Final = frozenset({"importlib.metadata", "linecache", "pkgutil"})
"""Modules of Python that look for packages, and for the lines of a traceback."""

_FOR_LINKS: Final = frozenset(
    {"genericpath", "os", "pathlib", "pathlib._abc", "pathlib._local", "pathlib._os", "posixpath"}
)
"""Modules of Python that follow links for whom they are called by; links in ``/`` itself are the machine's."""

_PYTHONS: Final = ("forks", "starts python")
_SIGHTINGS: Final = 100
"""Of one kind, after which no more are kept: they are for people."""

_now: Final = time.time_ns  # the real one, also in another world

_CLOCK_STEP: Final = 20_000_000
"""Nanoseconds by which the times of files may lag behind the clock."""

_DATABASES: Final = (".db", ".sqlite", ".sqlite3")
_LOG: Final = "-wal"
_SHARED: Final = "-shm"
"""Beside a database: what was written last, and the memory that those who read it share, which is no data."""

KINDS: Final = ("surroundings", "clock", "chance", "network", "processes")


class Variables:
    """Environment variables that the project's code asked for, each with its value at the first asking."""

    def __init__(self) -> None:
        self.asked: dict[str, str | None] = {}
        self._own: set[str] = set()

    def knows(self, name: str) -> bool:
        """Whether asking for it once more tells nothing new."""
        return name in self.asked or name in self._own

    def ask(self, name: str, value: str | None) -> None:
        """The project's code asks; what the step set itself is none of its inputs."""
        if name not in self._own:
            self.asked.setdefault(name, value)

    def set(self, name: str) -> None:
        """The step sets or removes it."""
        self._own.add(name)


class Watch:
    """One step under watch; ``observed`` is what was seen, complete once the watch has ended.

    Its methods are called by whatever sees it, with the frame that acts, and take paths as they were given.
    """

    def __init__(
        self,
        rules: PathRules,
        callers: Callers,
        catch_up: Callable[[], None],
        own_acts: OwnActs | None,
        code_elsewhere: Callable[[], set[str]],
        *,
        lists: bool,
    ) -> None:
        self.callers: Final = callers
        self._rules = rules
        self._catch_up = catch_up
        self._own_acts = own_acts
        self._code_elsewhere = code_elsewhere
        self._children_list = lists
        self._files: set[str] = set()
        self._kernel_only: set[str] = set()
        self._listed: set[str] = set()
        self._absent: set[str] = set()
        self._written: set[str] = set()
        self._written_here: set[str] = set()
        self._own: set[str] = set()
        self._own_folders: tuple[str, ...] = ()
        self._of_others: set[str] = set()
        self._explained: set[str] = set()
        self._settled: set[str] = set()
        self.variables: Final = Variables()
        self._sightings: dict[str, dict[Sighting, None]] = {kind: {} for kind in KINDS}
        self._since = _now() - _CLOCK_STEP
        self._blind: dict[str, None] = {}
        self._result: Observed | None = None

    @property
    def observed(self) -> Observed:
        """What was seen until now, or until the watch ended."""
        return self._result or self._summed_up()

    def end(self) -> None:
        """Nothing that comes later counts."""
        self._result = self._summed_up()

    def opened(self, given: str, frame: FrameType, *, reading: bool, writing: bool) -> None:
        """A file is about to be opened."""
        if not writing and given in self._settled:
            return
        path = absolute(given)
        if not writing and frame.f_globals.get("__name__") in IMPORTERS and self._imports(path):
            return
        rule = self._rules.rule(path)
        if rule is Rule.NEVER:
            self._settle(given)
        elif self._may(rule, frame):
            self._opens(path, given, frame, reads=reading, writes=writing)

    def _settle(self, given: str) -> None:
        """Nothing is asked of a path again; a relative one may mean another file in another folder."""
        if given.startswith("/"):
            self._settled.add(given)

    def _opens(self, path: str, given: str, frame: FrameType, *, reads: bool, writes: bool) -> None:
        there = look(path)
        mode = 0 if there is None else there.st_mode
        if stat.S_ISLNK(mode):
            if self._rules.rule(path, is_link=True) is Rule.NEVER:
                return
            mode = mode_of(path) or 0
        if (not writes and self._is_for_python(path, frame)) or stat.S_ISDIR(mode):
            self._explain(path)
        elif writes:
            self._write(path, reads=reads and mode != 0)
        elif mode == 0:
            if _names_a_place(given, frame):
                self._miss(path)
        elif stat.S_ISREG(mode) and there is not None:
            if there.st_ctime_ns > self._since or path in self._own:
                self._catch_up()  # who made it?
            self._settle(given)
            self._read(path)

    def _imports(self, path: str) -> bool:
        """Whether a file is code from elsewhere; it is then read, although it is read to import it."""
        source = source_of(path)
        elsewhere = self._rules.is_code_elsewhere(source)
        if elsewhere:
            self._files.add(source)
            self._explain(source)
        return elsewhere

    def is_database(self, given: str) -> None:
        """A file that was opened for reading is one of SQLite's."""
        path = absolute(given)
        if path in self._files:
            self._beside_database(path)

    def follows(self, given: str, frame: FrameType) -> None:
        """It was asked where a link leads, which makes what it leads to part of the result."""
        path = absolute(given)
        if self._rules.rule(path) is Rule.NEVER or self._is_own(path) or self.callers.asks(frame, _FOR_LINKS) is None:
            return
        if path.count("/") > 1 or frame.f_code.co_name == "readlink" or self.callers.whose(frame) is Whose.PROJECT:
            name = path.removeprefix(f"{self._rules.project}/")
            self.sighted("surroundings", f"reads where the link {name} leads", frame)

    def lists(self, given: str, frame: FrameType) -> None:
        """The names of a folder are about to be read."""
        path = absolute(given)
        if path in self._listed or not self._may(self._rules.rule(path), frame):
            return
        if frame.f_globals.get("__name__") in IMPORTERS or self.callers.passes(frame, _FOR_PYTHON):
            self._explain(path)
            return
        self._explain(path)
        if mode_of(path) is None:
            self._miss(path)
        elif not self._is_own(path):
            self._listed.add(path)

    def looked_for(self, given: str, frame: FrameType) -> None:
        """Something was looked for that is not there."""
        path = absolute(given)
        if path in self._absent or not self._may(self._rules.rule(path), frame):
            return
        if self.callers.passes(frame, _FOR_PYTHON):
            return
        if self._rules.inside(path) or self.callers.nearest(frame) is Whose.PROJECT:
            self._miss(path)

    def moved(self, source: str, target: str, *, as_link: bool = False) -> None:
        """A name is about to be given to what another name has (a move, or with ``as_link`` a hard link)."""
        old, new = absolute(source), absolute(target)
        self._catch_up()
        mode = mode_of(old)
        if mode is not None and stat.S_ISDIR(mode):
            self._own_folders += (f"{new}/",) if self._is_own(old) else ()
            return
        if mode is not None and self._rules.rule(old) is Rule.COUNTS and (as_link or not self._is_own(old)):
            self._read(old)
        self._write(new, reads=False)

    def made(self, given: str) -> None:
        """A folder or a link is about to be made; what is there already stays what it is."""
        path = absolute(given)
        if look(path) is None:
            self._own_folders += (f"{path}/",)
            self._own.add(path)

    def sighted(self, kind: str, what: str, frame: FrameType | None) -> None:
        """One of `KINDS` was seen."""
        seen = self._sightings[kind]
        if len(seen) < _SIGHTINGS:
            seen.setdefault(Sighting(what=what, at=self.callers.place(frame)))

    def told_by_kernel(self, event: Event) -> None:
        """The kernel saw something done to a file or folder of the project, by whomever."""
        path, act = event
        if act in (Act.MADE, Act.MADE_FOLDER):
            if self._is_ours(OwnActs.made, path, unknown=False):
                self._own_folders += (f"{path}/",) if act is Act.MADE_FOLDER else ()
                self._own |= {path} - self._files
            elif not self._is_ours(OwnActs.made, path, unknown=True):
                self._of_others.add(path)
        elif act is Act.WRITTEN:
            self._written |= {path} - self._of_others
        elif act in (Act.OPENED, Act.LISTED) and not path.endswith(_SHARED):
            seen = self._files if act is Act.OPENED else self._listed
            if path not in seen and not any(self._is_explained(form) for form in (path, self._rules.real(path))):
                seen.add(path)
                self._kernel_only.add(path)

    def could_not_see(self, sentence: str) -> None:
        """Something could not be watched; the user's code goes on."""
        self._blind.setdefault(sentence)

    def _may(self, rule: Rule, frame: FrameType) -> bool:
        """Whether what counts by such a rule counts for whom it is done."""
        if rule is Rule.NEVER:
            return False
        asker = self.callers.nearest(frame)
        return asker is Whose.PROJECT or (rule is Rule.COUNTS and asker is not Whose.TRIMTAB)

    def _explain(self, path: str) -> None:
        """What the kernel will tell of this path is known already."""
        self._explained.update((path, self._rules.real(path)))

    def _is_own(self, path: str) -> bool:
        return path in self._own or (bool(self._own_folders) and path.startswith(self._own_folders))

    def _is_explained(self, path: str) -> bool:
        return path in self._explained or self._is_own(path)

    def _is_for_python(self, path: str, frame: FrameType) -> bool:
        """Whether Python reads this as code: to import it, or to show its lines."""
        if frame.f_globals.get("__name__") in IMPORTERS:
            return path.endswith(_CODE)
        return self.callers.passes(frame, _FOR_PYTHON)

    def _read(self, path: str) -> None:
        if path in self._own:  # the step's own link leads to what may be another's file
            path = os.path.realpath(path)
        if not self._is_own(path):
            self._files.add(path)
            self._kernel_only.discard(path)
            real = self._rules.real(path)
            if real != path:
                self._explained.add(real)
            if path.endswith(_DATABASES):
                self._beside_database(path)

    def _beside_database(self, path: str) -> None:
        """What SQLite has not yet moved from its log into the file is part of what is read, or that there is no log."""
        log = f"{path}{_LOG}"
        if mode_of(log) is None:
            self._miss(log)
        elif log not in self._absent:
            self._files.add(log)

    def _write(self, path: str, *, reads: bool) -> None:
        self._catch_up()
        if reads:
            self._read(path)
        self._written_here.add(path)
        if path not in self._files:
            self._own.update((path, self._rules.real(path)))
        if self._rules.rule(path) is Rule.COUNTS:
            self._written.add(path)

    def _miss(self, path: str) -> None:
        if not self._is_own(path):
            self._absent.add(path)

    def _code_of_children(self) -> set[str]:
        """What child processes open and list to import what is loaded here: code, of which the kernel alone told.

        A folder that code lies in may also have been listed as data, by a program that is not Python.
        """
        if not self._kernel_only:
            return set()
        files = [file for module in list(sys.modules.values()) if (file := file_of(module))]
        code = {absolute(file) for file in files if self._rules.is_code(file)}
        if not self._children_list and all(each.what.startswith(_PYTHONS) for each in self._sightings["processes"]):
            code |= {os.path.dirname(file) for file in code}  # noqa: PTH120 - as text
            code |= {absolute(entry or ".") for entry in sys.path}
        return code & self._kernel_only

    def _is_ours(self, question: Callable[[OwnActs, str], bool | None], path: str, *, unknown: bool) -> bool:
        """Whether the step did what the kernel tells: this process itself, or a child of it."""
        if self._sightings["processes"]:
            return True
        answer = None if self._own_acts is None else question(self._own_acts, path)
        return (unknown if answer is None else answer) or has_children()

    def _of_other_processes(self) -> set[str]:
        """What others opened while the step ran; a link's file has another name, so it stays with the step."""
        unsure = {path for path in self._kernel_only if not _is_link(path)}
        return {path for path in unsure if not self._is_ours(OwnActs.opened, path, unknown=True)}

    def _summed_up(self) -> Observed:
        self._catch_up()
        others = self._code_of_children() | self._of_other_processes()
        read = (self._files | self._code_elsewhere()) - others
        logs = {path for path in self._absent if path.endswith(_LOG) and look(path) is not None}  # its own, still open
        gone = {path for path in read if look(path) is None}
        folders = {path.rstrip("/") for path in self._own_folders}
        listed = {path for path in self._listed - others if mode_of(path) is not None}
        return Observed(
            files=_paths(read - gone),
            listed=_paths(listed),
            absent=_paths((self._absent | gone) - folders),
            written=_paths(self._written | logs),
            written_here=_paths(self._written_here),
            variables=dict(sorted(self.variables.asked.items())),
            blind=tuple(self._blind),
            **{kind: tuple(seen) for kind, seen in self._sightings.items()},
        )


def _names_a_place(given: str, frame: FrameType) -> bool:
    """Whether a path that leads nowhere was meant from here.

    Python opens ``<string>`` to show a line of code that had no file, and ``shutil`` and ``os.fwalk`` open relative to
    a folder that the event does not name.
    """
    if given[:1] == "/":
        return True
    return not given.startswith("<") and not frame.f_code.co_filename.endswith(("/shutil.py", "os>"))


def _is_link(path: str) -> bool:
    """Whether the last name of a path is a link."""
    there = look(path)
    return there is not None and stat.S_ISLNK(there.st_mode)


def _paths(texts: set[str]) -> frozenset[Path]:
    return frozenset(map(Path, texts))
