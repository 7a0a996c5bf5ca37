"""Names of other modules that are replaced while a watch is on, and put back afterwards.

Polars, the clock and others raise no audit event, so what is called by their names must be ours meanwhile. A function
is replaced in its module, and in the project's modules that imported it by name. What stands in for it passes every
call on, also later: code that took hold of it during a watch keeps it.
"""

from __future__ import annotations

import copy
import functools
import sys
from collections.abc import Callable, Iterable, Sequence
from importlib.machinery import ModuleSpec
from types import MethodType, ModuleType
from typing import Any, Final

Before = Callable[[tuple[Any, ...], dict[str, Any]], None]
"""Called with a call's arguments before it is passed on; must not raise."""

_MISSING: Final = object()


class StandIn:
    """Passes calls on to what it stands for, and pickles as that.

    An object, and no function: as a class attribute a function would become a method, and a builtin does not.
    """

    def __init__(self, original: Callable[..., Any], module: str) -> None:
        self.__wrapped__ = original
        self.__name__ = getattr(original, "__name__", type(original).__name__)
        self.__qualname__ = self.__name__
        self.__module__ = module
        self.__doc__ = original.__doc__

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        return self.__wrapped__(*arguments, **named)

    def __repr__(self) -> str:
        return repr(self.__wrapped__)

    def __reduce__(self) -> str | tuple[Any, ...]:
        original = self.__wrapped__
        home = sys.modules.get(str(getattr(original, "__module__", None) or ""))
        if getattr(home, self.__name__, None) is not original and getattr(home, self.__name__, None) is self:
            return str(self.__name__)
        return copy.copy, (original,)


class Noting(StandIn):
    """A stand-in that says so before it passes a call on."""

    def __init__(self, original: Callable[..., Any], module: str, before: Before) -> None:
        super().__init__(original, module)
        self._before = before

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        self._before(arguments, named)
        return self.__wrapped__(*arguments, **named)


class NotingFunction(Noting):
    """The same for what is a function, and becomes a method where it is a class's attribute."""

    def __get__(self, owner: object, kind: type | None = None) -> Any:
        return self if owner is None else MethodType(self, owner)


def noting(original: Callable[..., Any], module: str, before: Before) -> Noting:
    """What stands in for a callable of a module and calls ``before`` first."""
    kind = NotingFunction if hasattr(type(original), "__get__") else Noting
    return (Noting if isinstance(original, MethodType) else kind)(original, module, before)


def noting_method(original: Callable[..., Any], before: Before) -> Callable[..., Any]:
    """What stands in for a method in its class and calls ``before`` first."""

    @functools.wraps(original)
    def stand_in(*arguments: Any, **named: Any) -> Any:
        before(arguments, named)
        return original(*arguments, **named)

    return stand_in


class Replaced:
    """What is replaced at present."""

    def __init__(self) -> None:
        self._places: list[tuple[Any, str, Any, Any]] = []
        self._by_original: dict[int, Any] = {}
        self._made: dict[tuple[int, str], tuple[Any, Any]] = {}

    def replace(self, owner: Any, name: str, make: Callable[[Any], Any]) -> None:
        """Puts ``make(original)`` in the place of an attribute of a module or class; nothing if it has none.

        It is made once, and used again as long as the original is the same.
        """
        original = vars(owner).get(name, _MISSING)
        if original is _MISSING or not callable(original):
            return
        known, stand_in = self._made.get((id(owner), name), (_MISSING, None))
        if known is not original:
            stand_in = make(original)
            self._made[id(owner), name] = (original, stand_in)
        try:
            setattr(owner, name, stand_in)
        except (AttributeError, TypeError):
            return  # a class of C that cannot be changed
        self._places.append((owner, name, original, stand_in))
        if isinstance(owner, ModuleType):
            self._by_original[id(original)] = stand_in

    def replace_by_name(self, modules: Iterable[ModuleType]) -> None:
        """Does the same in modules that imported such functions by name."""
        for module in modules:
            for name, value in list(vars(module).items()):
                stand_in = self._by_original.get(id(value))
                if stand_in is not None:
                    self._places.append((module, name, value, stand_in))
                    setattr(module, name, stand_in)

    def restore(self) -> None:
        """Puts everything back that is still as it was put there."""
        while self._places:
            owner, name, original, stand_in = self._places.pop()
            if vars(owner).get(name) is stand_in:
                setattr(owner, name, original)
        self._by_original.clear()


class AfterImport:
    """First of the import system's finders while a watch is on: says when a module that matters was loaded."""

    def __init__(self, names: frozenset[str], loaded: Callable[[str], None]) -> None:
        self._names = names
        self._loaded = loaded
        self._busy: set[str] = set()

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The spec as the other finders have it, with a loader that tells; None for what does not matter."""
        if fullname not in self._names or fullname in self._busy:
            return None
        self._busy.add(fullname)
        try:
            spec = next((spec for finder in sys.meta_path if (spec := _found(finder, fullname, path, target))), None)
        finally:
            self._busy.discard(fullname)
        if spec is not None and spec.loader is not None:
            self._tell(spec.loader, fullname)
        return spec

    def _tell(self, loader: Any, name: str) -> None:
        execute = loader.exec_module

        def exec_module(module: ModuleType) -> None:
            vars(loader).pop("exec_module", None)
            execute(module)
            self._loaded(name)

        try:
            loader.exec_module = exec_module  # of this one loader, which stays what it is
        except AttributeError:
            return  # it takes no attributes; what the module reads is then seen by the audit hook and the kernel alone


def _found(finder: Any, name: str, path: Sequence[str] | None, target: ModuleType | None) -> ModuleSpec | None:
    find = getattr(finder, "find_spec", None)
    return find(name, path, target) if find is not None else None
