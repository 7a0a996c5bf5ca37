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
from types import FrameType, ModuleType
from typing import Any, Final

from trimtab.drivers.observation.hook import guarded
from trimtab.drivers.observation.ledger import Watch
from trimtab.drivers.observation.replaced import Replaced, noting

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


def replace_clocks(replaced: Replaced) -> None:
    """Puts what tells in the place of the clocks of ``time`` and of ``os.urandom``."""
    for name, enough in _NOW.items():
        clock = _Teller(kind="clock", what=f"time.{name}", via=_DIRECTLY, unless=_has_moment(enough))
        _tell(replaced, time, name, clock)
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


def _has_moment(enough: int) -> _Unless:
    return lambda arguments, _: len(arguments) >= enough and arguments[enough - 1] is not None


def _state(module: str, loaded: ModuleType) -> object:
    """The state of a module's global generator, as something that can be compared."""
    if module == "random":
        return loaded.getstate()
    state = loaded.get_state(legacy=False)
    inner = state["state"]
    if "key" not in inner:  # somebody put another bit generator in the Mersenne twister's place
        return repr(state)
    return inner["key"].tobytes(), inner["pos"], state["has_gauss"]
