"""The project's own serialisers: objects that ``trimtab.toml`` names, for values that Trimtab has no format for."""

from __future__ import annotations

from pathlib import Path

from trimtab.base.errors import InputError
from trimtab.drivers.step_values import Serialiser
from trimtab.drivers.user_code import load_module
from trimtab.spec.parse import PROJECT_FILE
from trimtab.spec.project import Project


class SerialiserProblemError(InputError):
    """A serialiser that ``trimtab.toml`` names is not there, or is none."""

    code = "TT1394"


def load_serialisers(folder: Path, project: Project) -> tuple[Serialiser, ...]:
    """The objects, imported from the project; none are imported where none are named.

    To be called when its functions are loaded, so that a serialiser takes the classes that they make objects of.

    Raises:
        SerialiserProblemError: the module has no such object, or it lacks a part of the protocol.
    """
    found = []
    for place in project.pipeline.serialisers:
        module, _, name = place.partition(":")
        value = getattr(load_module(folder, module), name, None)
        lacking = [part for part in ("type", "name", "save", "load") if not hasattr(value, part)]
        if value is None or lacking:
            what = f"lacks {', '.join(lacking)}" if value is not None else "is not there"
            raise SerialiserProblemError(
                f"the serialiser {place} {what}",
                fix="docs/values.md says what one is: an object with type, name, save(value, folder), load(folder).",
                at=PROJECT_FILE,
            )
        found.append(value)
    return tuple(found)
