"""Plain classes of the project itself as nodes, and back: dataclasses, named tuples, members of an Enum.

They are safe to open because nothing is called: an object is made without its ``__init__``, and its fields are set to
values that were opened by these same rules. The class is taken by its module and name from the project's own files,
which the step that receives the value runs anyway; no other module is imported for it. They are right to keep because
the class belongs to the code of the step that made the object: another field is another key.

Refused: classes with state beside their fields, of a function, of ``__main__``, and of other packages, whose authors
never said that their fields are all there is.
"""

from __future__ import annotations

import dataclasses
import enum
import importlib
import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from trimtab.base.errors import InputError
from trimtab.drivers.step_values import plain
from trimtab.drivers.step_values.nodes import Node
from trimtab.drivers.step_values.problems import RefusedError, a

if TYPE_CHECKING:
    from trimtab.drivers.step_values.tree import Decoder, Encoder

_FIX: Final = "Return a dict or a tuple of its parts, or register a serialiser for it (docs/values.md)."


def node(value: Any, encoder: Encoder) -> Node | None:
    """The node of an object of the project's own plain class; None if it is none."""
    kind = type(value)
    project = encoder.known.project
    if project is None or not is_projects(kind.__module__, project):
        return None
    if isinstance(value, enum.Enum):
        return {"enum": [*_named(kind), value.name]} if value.name in kind.__members__ else None
    if isinstance(value, tuple) and hasattr(kind, "_fields"):
        return {"namedtuple": [*_named(kind), list(kind._fields), _items(value, kind._fields, encoder)]}
    if dataclasses.is_dataclass(value):
        names = [field.name for field in dataclasses.fields(value)]
        _check_state(value, names)
        parts = [getattr(value, name) for name in names]
        return {"dataclass": [*_named(kind), names, _items(parts, names, encoder)]}
    return None


def value(tag: str, payload: Any, decoder: Decoder) -> Any:
    """The object of a node; raises `InputError` if its class is not what it was."""
    module, name, *rest = payload
    kind = _class(module, name, decoder.known.project)
    if tag == "enum":
        if not issubclass(kind, enum.Enum) or rest[0] not in kind.__members__:
            raise _changed(module, name)
        return kind.__members__[rest[0]]
    names, nodes = rest
    parts = plain.opened_items(nodes, decoder)
    if tag == "namedtuple":
        if not issubclass(kind, tuple) or list(getattr(kind, "_fields", ())) != names:
            raise _changed(module, name)
        return tuple.__new__(kind, parts)
    if not dataclasses.is_dataclass(kind) or [field.name for field in dataclasses.fields(kind)] != names:
        raise _changed(module, name)
    made = object.__new__(kind)
    for field, part in zip(names, parts, strict=True):
        object.__setattr__(made, field, part)  # a frozen class refuses the usual way
    return made


def is_projects(module: str, project: Path) -> bool:
    """Whether a loaded module is one of the project's own files."""
    return module != "__main__" and _is_below(getattr(sys.modules.get(module), "__file__", None), project)


def _items(parts: Any, names: Any, encoder: Encoder) -> list[Node]:
    encoder.enter("object")
    nodes = []
    for name, part in zip(names, parts, strict=True):
        try:
            nodes.append(encoder.node(part))
        except RefusedError as refused:
            raise refused.within(f".{name}") from None
    encoder.leave()
    return nodes


def _check_state(value: Any, names: list[str]) -> None:
    unset = [name for name in names if not hasattr(value, name)]
    state = set(getattr(value, "__dict__", ()))
    for base in type(value).__mro__:
        slots = base.__dict__.get("__slots__", ())
        state.update([slots] if isinstance(slots, str) else slots)
    beside = sorted(state - set(names) - {"__dict__", "__weakref__"})
    odd = isinstance(value, dict | list | set | str | int | float | BaseException)
    if unset or beside or odd:
        what = f"no {unset[0]}" if unset else f"{beside[0]} beside its fields" if beside else "more than its fields"
        raise RefusedError(f"{a(type(value))} that has {what}", fix=_FIX)


def _named(kind: type) -> tuple[str, str]:
    module, name = kind.__module__, kind.__qualname__
    if _found(module, name) is not kind:
        raise RefusedError(f"{a(kind)} that is not at the top of its module", fix=_FIX)
    return module, name


def _found(module: str, name: str) -> Any:
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return found


def _class(module: str, name: str, project: Path | None) -> type:
    if project is None:
        raise _changed(module, name)
    if module not in sys.modules:
        if not _leads_to(module, project):
            raise _changed(module, name)
        importlib.import_module(module)
    found = _found(module, name)
    if not isinstance(found, type) or not is_projects(module, project):
        raise _changed(module, name)
    return found


def _leads_to(module: str, project: Path) -> bool:
    """Whether importing a module runs the project's own code: that of the first package on the way that has any.

    A package without an ``__init__.py`` has none, and may lie in several places, of which only some are the project's.
    """
    names = module.split(".")
    for depth in range(1, len(names) + 1):
        found = importlib.util.find_spec(".".join(names[:depth]))  # imports those before it, which have no code
        if found is None or found.origin is not None:
            return found is not None and found.has_location and _is_below(found.origin, project)
    return False


def _changed(module: str, name: str) -> InputError:
    return InputError(
        f"a kept value is a {name} of the module {module}, and the project has no such class, or one with other fields",
        fix="Run the step again.",
    )


def _is_below(file: str | None, project: Path) -> bool:
    if not file:
        return False
    path, root = Path(file).resolve(), project.resolve()
    inside = path.relative_to(root).parts if path.is_relative_to(root) else ()
    return bool(inside) and not {"site-packages", "dist-packages"}.intersection(inside)
