"""The state of the project's modules between two steps: put back behind each, as the imports left it.

What a step leaves in a module (an entry in a table, a counter, a generator that was drawn from, a file that was read
once and remembered) reaches the next step past its inputs. The next step would then come to one thing where the first
one ran, and to another where its result was kept, or where it ran in a process of its own. So no step sees it: names
are bound again as they were, and plain containers, random generators, caches and the fields of the project's own
objects are what they were; so are the import path, the environment variables, the working folder, the umask, signal
handlers and alarms. What hands something on is a step's return value alone.

Rejected: importing the modules anew for each step (code that registers something with a library raises the second
time, a table that is loaded at import is loaded again and again, and classes stop being equal to themselves).

Not put back: what lies in libraries, in objects of other classes (a table that is changed in place), in iterators
other than `itertools.count`, and anything behind the first hundred thousand values of a module.
"""

from __future__ import annotations

import itertools
import os
import signal
import sys
import threading
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import lru_cache, partial
from pathlib import Path
from random import Random, SystemRandom
from types import CellType, FunctionType, ModuleType, SimpleNamespace
from typing import Any, Final

_MOST: Final = 100_000
"""Values that are looked at in one module."""

_MOST_BYTES: Final = 16 << 20
"""Of one array; a larger one is left as it is."""

_ATOMS: Final = (str, bytes, int, float, complex, bool, type(None), ModuleType)
_DATA: Final = (str, bytes, int, float, complex, bool, type(None), list, dict, set, tuple, frozenset, deque)
_MAPPINGS: Final = (dict, defaultdict, OrderedDict, Counter)
_SEQUENCES: Final = (list, set, bytearray, deque)
_CACHE: Final = type(lru_cache(lambda: None))

PutBack = Callable[[], bool]
"""Puts one thing back; says whether it was another than before, and somebody may want to know it."""


class ModuleState:
    """The state of modules as they are now; `put_back` makes it theirs again.

    Args:
        own: gives those of the loaded modules with these names that are the project's own.
    """

    def __init__(self, own: Callable[[Iterable[str]], Mapping[str, ModuleType]]) -> None:
        self._own = own
        self._loaded = set(sys.modules)
        modules = own(self._loaded)
        self._put_back: list[tuple[str, PutBack]] = []
        for name, module in modules.items():
            self._put_back += _Look(frozenset(modules), name).module(module)
        self._put_back.append(("sys.path", partial(_bind, vars(sys), "path", sys.path)))
        self._put_back.append(("sys.path", partial(_refill, list, sys.path, list(sys.path))))
        self._put_back.append(("os.environ", partial(_set_variables, dict(os.environ))))
        self._put_back.append(("the working folder", partial(_change_to, Path.cwd())))
        self._put_back.append(("the umask", partial(_set_umask, _umask())))
        if threading.current_thread() is threading.main_thread():
            alarmed = signal.getitimer(signal.ITIMER_REAL)[0] > 0
            self._put_back.append(("signals", partial(_set_signals, _handlers(), alarmed=alarmed)))

    def put_back(self) -> tuple[str, ...]:
        """Make the modules what they were, and forget those that were loaded since, which are then imported anew.

        Returns:
            What had been changed, as ``module.name``, sorted; generators that were drawn from and caches not.
        """
        for name in self._own(sys.modules.keys() - self._loaded):
            _forget(name)
        self._loaded |= sys.modules.keys()
        return tuple(sorted({label for label, put_back in self._put_back if put_back()}))


def _forget(name: str) -> None:
    module = sys.modules.pop(name)
    package, _, own = name.rpartition(".")
    if package in sys.modules and vars(sys.modules[package]).get(own) is module:
        delattr(sys.modules[package], own)


class _Look:
    """One look through a module: finds what can be changed, and notes how to put it back."""

    def __init__(self, own: frozenset[str], name: str) -> None:
        self._own = own
        self._name = name
        self._left = _MOST
        self._met: dict[int, Any] = {}  # holds what it knows by its address
        self._found: list[tuple[str, PutBack]] = []

    def module(self, module: ModuleType) -> list[tuple[str, PutBack]]:
        for name, value in list(vars(module).items()):
            if not name.startswith("__"):
                self._names(vars(module), name)
                self._value(value, f"{self._name}.{name}")
        before = frozenset(vars(module))
        self._note(self._name, partial(_without_new, vars(module), before))
        return self._found

    def _note(self, label: str, put_back: PutBack) -> None:
        self._found.append((label, put_back))

    def _names(self, names: dict[str, Any], name: str) -> None:
        value = names[name]
        if type(value) is itertools.count:
            self._note(f"{self._name}.{name}", partial(_count_again, names, name, repr(value)))
        else:
            self._note(f"{self._name}.{name}", partial(_bind, names, name, value))

    def _value(self, value: Any, label: str) -> None:
        """A value is judged by its type, and never asked: objects of users and libraries answer as they like."""
        kind = type(value)
        if issubclass(kind, _ATOMS) or id(value) in self._met or self._left <= 0:
            return
        self._met[id(value)] = value
        self._left -= 1
        if kind in _MAPPINGS:
            self._mapping(value, label)
        elif kind in _SEQUENCES:
            self._sequence(value, label)
        elif kind in (tuple, frozenset):
            self._left -= len(value)
            self._values(value, label)
        elif kind is FunctionType:
            self._function(value, label)
        elif issubclass(kind, type):
            self._class(value, label)
        elif kind is _CACHE:
            self._note(label, partial(_clear, value.cache_clear))
            self._value(value.__wrapped__, label)
        elif not self._generator(value, label) and (kind.__module__ in self._own or kind is SimpleNamespace):
            self._object(value, label)

    def _object(self, value: Any, label: str) -> None:
        """The fields of an object of the project's own, and what it holds if its class is also a container's."""
        if issubclass(type(value), dict):
            self._mapping(value, label)
        elif issubclass(type(value), _SEQUENCES):
            self._sequence(value, label)
        with suppress(AttributeError):  # it has slots
            self._mapping(object.__getattribute__(value, "__dict__"), label)

    def _values(self, values: Iterable[Any], label: str) -> None:
        for value in list(values):
            self._value(value, label)

    def _sequence(self, values: Any, label: str) -> None:
        plain = next(each for each in _SEQUENCES if issubclass(type(values), each))
        self._left -= plain.__len__(values)
        if self._left > 0:
            before = plain(plain.__iter__(values))
            self._note(label, partial(_refill, plain, values, before))
            self._values(before if plain is not bytearray else (), label)

    def _mapping(self, mapping: dict[Any, Any], label: str) -> None:
        self._left -= dict.__len__(mapping)
        if self._left > 0:
            items = list(_plain(mapping).items(mapping))
            self._note(label, partial(_refill_mapping, mapping, items))
            self._values([value for _, value in items], label)

    def _function(self, function: FunctionType, label: str) -> None:
        if function.__module__ not in self._own:
            return
        self._mapping(function.__dict__, label)
        self._value(function.__defaults__, label)
        self._value(function.__kwdefaults__, label)
        for cell in function.__closure__ or ():
            self._cell(cell, label)

    def _cell(self, cell: CellType, label: str) -> None:
        try:
            value = cell.cell_contents
        except ValueError:  # nothing is in it yet
            return
        self._note(label, partial(_fill_cell, cell, value))
        self._value(value, label)

    def _class(self, kind: type, label: str) -> None:
        if kind.__module__ not in self._own:
            return
        attributes = {name: value for name, value in vars(kind).items() if not name.startswith("__")}
        self._note(label, partial(_set_attributes, kind, attributes))
        for value in attributes.values():
            self._value(value.__func__ if isinstance(value, classmethod | staticmethod) else value, label)

    def _generator(self, value: Any, label: str) -> bool:
        """Whether it is a generator of random numbers or an array, which are put back without a word."""
        numpy, kind = sys.modules.get("numpy"), type(value)
        if issubclass(kind, Random) and not issubclass(kind, SystemRandom):
            self._note(label, partial(_set_state, partial(Random.setstate, value), Random.getstate(value)))
        elif numpy is None:
            return False
        elif issubclass(kind, numpy.random.Generator):
            self._note(label, partial(_set_bits, value.bit_generator, value.bit_generator.state))
        elif issubclass(kind, numpy.random.RandomState):
            self._note(label, partial(_set_state, value.set_state, value.get_state(legacy=False)))
        elif issubclass(kind, numpy.ndarray) and value.flags.writeable and value.nbytes <= _MOST_BYTES:
            self._note(label, partial(_copy_into, value, value.copy()))
        else:
            return False
        return True


# ── putting back ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _without_new(names: dict[str, Any], before: frozenset[str]) -> bool:
    new = [name for name in names.keys() - before if not name.startswith("__")]
    for name in new:
        del names[name]
    return bool(new)


def _bind(names: dict[str, Any], name: str, value: Any) -> bool:
    changed = names.get(name, names) is not value
    names[name] = value
    return changed


def _count_again(names: dict[str, Any], name: str, shown: str) -> bool:
    changed = repr(names.get(name)) != shown
    if changed:
        inside = shown.removeprefix("count(").removesuffix(")").split(", ")
        names[name] = itertools.count(*map(_number, inside))
    return changed


def _number(text: str) -> int | float:
    return int(text) if text.lstrip("-").isdigit() else float(text)


def _refill(plain: Any, now: Any, before: Any) -> bool:
    """By the methods of the ``plain`` type, whatever a class makes of them."""
    held = plain(plain.__iter__(now))
    if len(held) == len(before) and (held == before if plain in (set, bytearray) else all(map(_is, held, before))):
        return False
    plain.clear(now)
    plain.update(now, before) if plain is set else plain.extend(now, before)
    return True


def _refill_mapping(now: dict[Any, Any], before: list[tuple[Any, Any]]) -> bool:
    plain = _plain(now)
    if dict.__len__(now) == len(before) and all(map(_same_item, plain.items(now), before)):
        return False
    plain.clear(now)
    for name, value in before:
        plain.__setitem__(now, name, value)
    return True


def _plain(mapping: dict[Any, Any]) -> type[dict[Any, Any]]:
    """The type whose own methods read and fill it: an ordered one has its order beside."""
    return OrderedDict if isinstance(mapping, OrderedDict) else dict


def _is(one: Any, other: Any) -> bool:
    return one is other


def _same_item(one: tuple[Any, Any], other: tuple[Any, Any]) -> bool:
    return one[0] is other[0] and one[1] is other[1]


def _fill_cell(cell: CellType, value: Any) -> bool:
    cell.cell_contents = value
    return False


def _set_attributes(kind: type, before: dict[str, Any]) -> bool:
    """Data alone: a library that works on classes (a mapper of tables, a validator) adds other things when it likes."""
    now = {name: value for name, value in vars(kind).items() if not name.startswith("__") and isinstance(value, _DATA)}
    new = now.keys() - before.keys()
    for name in new:
        delattr(kind, name)
    changed = [name for name, value in now.items() if name in before and before[name] is not value]
    for name in changed:
        setattr(kind, name, before[name])
    return bool(changed or new)


def _clear(cache_clear: Callable[[], None]) -> bool:
    cache_clear()
    return False


def _set_state(set_state: Callable[[Any], object], state: Any) -> bool:
    set_state(state)
    return False


def _set_bits(generator: Any, state: Any) -> bool:
    generator.state = state
    return False


def _set_variables(before: dict[str, str]) -> bool:
    now = dict(os.environ)
    for name in now.keys() - before.keys():
        del os.environ[name]
    for name, value in before.items():
        if now.get(name) != value:
            os.environ[name] = value
    return now != before


def _change_to(folder: Path) -> bool:
    try:
        changed = Path.cwd() != folder
    except FileNotFoundError:  # the step removed the folder that it was in
        changed = True
    if changed:
        os.chdir(folder)
    return changed


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _set_umask(before: int) -> bool:
    return os.umask(before) != before


def _handlers() -> dict[int, Any]:
    known = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM, signal.SIGCHLD, signal.SIGPIPE)
    return {number: signal.getsignal(number) for number in known}


def _set_signals(before: dict[int, Any], *, alarmed: bool) -> bool:
    """Handlers as they were, and no alarm of a step that would reach a later one."""
    changed = not alarmed and bool(signal.setitimer(signal.ITIMER_REAL, 0)[0])
    for number, handler in before.items():
        if handler is not None and signal.getsignal(number) != handler:
            signal.signal(number, handler)
            changed = True
    return changed


def _copy_into(now: Any, before: Any) -> bool:
    changed = now.tobytes() != before.tobytes() if now.dtype != object else not all(map(_is, now.flat, before.flat))
    if changed:
        now.flags.writeable = True
        now[...] = before
    return bool(changed)
