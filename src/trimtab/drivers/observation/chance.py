"""The clock and chance, as far as they can be seen without changing what they are.

The clock is seen where the project's own code asks the module ``time`` (``date.today`` asks there too). Of chance two
things are told: that something was drawn from the system, and that a global generator, ``random``'s or NumPy's, was
drawn from by anybody, a library included, without the step having seeded it. The latter is a comparison of its state
before and after, so no function of theirs has to be replaced but those that seed.
Rejected: ``datetime.now``. Its class is C's and cannot be changed cleanly, and a subclass in its place is not the class
that Polars, msgspec and pickle know.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from types import FrameType, ModuleType
from typing import Any, ClassVar, Final

from trimtab.drivers.observation.frames import Whose
from trimtab.drivers.observation.hook import guarded, watching
from trimtab.drivers.observation.ledger import Watch
from trimtab.drivers.observation.replaced import Replaced, StandIn, noting

_NOW: Final = {"time": 1, "time_ns": 1, "localtime": 1, "gmtime": 1, "ctime": 1, "asctime": 1, "strftime": 2}
"""Clocks of ``time``, with the number of arguments that makes them ask for a given moment and no clock."""

_DIRECTLY: Final[frozenset[str]] = frozenset()
_DRAWING: Final = frozenset({"os", "random", "secrets", "uuid"})

_GENERATORS: Final = {"random": "random's", "numpy.random": "numpy.random's"}
_SEEDING: Final = {"random": ("seed", "setstate"), "numpy.random": ("seed", "set_state")}

MODULES: Final = frozenset({*_GENERATORS, "uuid"})


_Unless = Callable[[tuple[Any, ...], dict[str, Any]], bool]


def _never(_arguments: tuple[Any, ...], _named: dict[str, Any]) -> bool:
    return False


def _is_seeded(arguments: tuple[Any, ...], named: dict[str, Any]) -> bool:
    return any(value is not None for value in (*arguments, *named.values()))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Teller:
    """What a call means: a sighting, if the project asks, directly or via modules of Python, or, with None, whoever."""

    kind: str
    what: str
    via: frozenset[str] | None
    unless: _Unless = _never


_SYSTEM: Final = _Teller(kind="chance", what="the system's generator", via=_DRAWING)
_UNSEEDED: Final = _Teller(kind="chance", what="numpy.random.default_rng without a seed", via=None, unless=_is_seeded)


class Chance:
    """The states of the global generators when the watches began, and which were seeded since."""

    def __init__(self) -> None:
        self._states: dict[str, object] = {}

    def begin(self, module: str, replaced: Replaced) -> None:
        """Looks after a loaded module of `MODULES`."""
        loaded = sys.modules[module]
        if module in _GENERATORS:
            self._states[module] = _state(module, loaded)
            for name in _SEEDING[module]:
                replaced.replace(loaded, name, lambda original: noting(original, module, self._seeded(module)))
        if module == "random":
            _tell(replaced, loaded, "_urandom", _SYSTEM)
        elif module == "numpy.random":
            _tell(replaced, loaded, "default_rng", _UNSEEDED)
        elif module == "uuid":
            _tell(replaced, loaded, "uuid1", _Teller(kind="chance", what="uuid.uuid1", via=_DIRECTLY))

    def reset(self) -> None:
        """Nothing is looked after any more."""
        self._states.clear()

    def drawn(self) -> tuple[str, ...]:
        """What to say of each generator that was drawn from and not seeded."""
        told = []
        for module, before in self._states.items():
            loaded = sys.modules.get(module)
            if loaded is not None and before is not None and _state(module, loaded) != before:
                told.append(f"{_GENERATORS[module]} global generator, which the step did not seed")
        return tuple(told)

    def _seeded(self, module: str) -> Callable[[tuple[Any, ...], dict[str, Any]], None]:
        def before(arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
            if _is_seeded(arguments, named):
                self._states[module] = None

        return before


class _Clock(StandIn):
    """A clock of ``time``, which is asked in loops: each place of the code is judged once per watch."""

    sites: ClassVar[set[tuple[int, int, int]]] = set()

    def __init__(self, original: Callable[..., Any], enough: int) -> None:
        super().__init__(original, "time")
        self._enough = enough

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        frame = sys._getframe(1)
        site = (id(self), id(frame.f_code), frame.f_lasti)
        if site not in self.sites and watching() and not self._has_moment(arguments):
            guarded(lambda watch: self._look(watch, frame))
            self.sites.add(site)
        return self.__wrapped__(*arguments, **named)

    def _has_moment(self, arguments: tuple[Any, ...]) -> bool:
        return len(arguments) >= self._enough and arguments[self._enough - 1] is not None

    def _look(self, watch: Watch, frame: FrameType) -> None:
        if watch.callers.whose(frame) is Whose.PROJECT:
            watch.sighted("clock", f"time.{self.__name__}", frame)


def forget_places() -> None:
    """Another watch begins, to which every place that asks for the time is new."""
    _Clock.sites.clear()


def replace_clocks(replaced: Replaced) -> None:
    """Puts what tells in the place of the clocks of ``time`` and of ``os.urandom``."""
    for name, enough in _NOW.items():
        replaced.replace(time, name, partial(_Clock, enough=enough))
    _tell(replaced, os, "urandom", _SYSTEM)


def _tell(replaced: Replaced, module: ModuleType, name: str, teller: _Teller) -> None:
    def look(watch: Watch, frame: FrameType) -> None:
        asks = not watch.callers.imports(frame) if teller.via is None else watch.callers.asks(frame, teller.via)
        if asks and not _is_numpys(frame):
            watch.sighted(teller.kind, teller.what, frame)

    def before(arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
        if not teller.unless(arguments, named):
            frame = sys._getframe(2)
            guarded(lambda watch: look(watch, frame))

    replaced.replace(module, name, lambda original: noting(original, module.__name__, before))


def _is_numpys(frame: FrameType) -> bool:
    """Whether NumPy makes a generator, which draws 128 bits even if it is then seeded; its own frames do not show."""
    is_draw = frame.f_code.co_name == "getrandbits" and frame.f_globals.get("__name__") == "random"
    return is_draw and frame.f_locals.get("k") == 128


def _state(module: str, loaded: ModuleType) -> object:
    """The state of a module's global generator, as something that can be compared."""
    if module == "random":
        return loaded.getstate()
    state = loaded.get_state(legacy=False)
    inner = state["state"]
    if "key" not in inner:  # somebody put another bit generator in the Mersenne twister's place
        return repr(state)
    return inner["key"].tobytes(), inner["pos"], state["has_gauss"]
