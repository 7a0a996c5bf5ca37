"""Serialisers that a project registers for types of its own, or for a library's that we do not know.

A serialiser's files are its value's content, so it must write the same bytes for the same value. Whether it does is
tried once in each process: the first value is saved twice and the two are compared. One that writes a time or the
order of a set is refused there, instead of making every later run look changed.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from trimtab.base.digest import Digest
from trimtab.base.errors import InputError
from trimtab.disk.faults import explained
from trimtab.disk.tree import digest_tree
from trimtab.drivers.step_values.parts import Held
from trimtab.drivers.step_values.problems import RefusedError, UnstableSerialiserError, a

if TYPE_CHECKING:
    from trimtab.drivers.step_values.tree import Decoder, Encoder


Takes: TypeAlias = type | Callable[[Any], bool]


class Serialiser(Protocol):
    """Writes values of one type into a folder and reads them again: an object with these two attributes and methods."""

    @property
    def name(self) -> str:
        """Written into what is kept; a later serialiser of that name must be able to read it."""
        ...

    @property
    def type(self) -> Takes:
        """The class whose instances it takes, or a function that says of a value whether it does."""
        ...

    def save(self, value: Any, folder: Path) -> None:
        """Write ``value`` into the empty ``folder``: plain files, the same bytes for the same value."""
        ...

    def load(self, folder: Path) -> Any:
        """The value again. The folder is gone afterwards, so nothing may be left unread in it."""
        ...


class Serialisers:
    """The serialisers of a project, the first that takes a value first.

    Raises:
        InputError: two have one name.
    """

    def __init__(self, serialisers: Sequence[Serialiser] = ()) -> None:
        self._by_name = {each.name: each for each in serialisers}
        self._tried: set[str] = set()
        if len(self._by_name) != len(serialisers):
            raise InputError("two serialisers have the same name", fix="Give each a name of its own.")

    def for_value(self, value: Any) -> Serialiser | None:
        """The serialiser of a value, or None."""
        for each in self._by_name.values():
            kind = each.type
            if isinstance(value, kind) if isinstance(kind, type) else kind(value):
                return each
        return None

    def node(self, serialiser: Serialiser, value: Any, encoder: Encoder) -> Any:
        """The node of a value whose files become parts beside the tree."""
        files, folder = self._saved(serialiser, value, encoder)
        if serialiser.name not in self._tried:
            again, _ = self._saved(serialiser, value, encoder)
            if files != again:
                raise UnstableSerialiserError(
                    f"the serialiser {serialiser.name} wrote {a(type(value))} in two ways: {_difference(files, again)}",
                    fix="Make save() write the same bytes for the same value: no times, no ids, sets in order.",
                )
            self._tried.add(serialiser.name)
        numbers = [[path, encoder.parts.add(folder / path, "saved")] for path in files]
        return {"registered": [serialiser.name, numbers]}

    def value(self, payload: Any, decoder: Decoder) -> Any:
        """The value of a node, loaded from a copy: what is kept stays as it is, whatever ``load`` does."""
        name, numbers = payload
        serialiser = self._by_name.get(name)
        if serialiser is None:
            raise InputError(
                f"this value was kept by the serialiser {name}, which is not registered",
                fix="Register it again, or run the step again.",
            )
        folder = decoder.opened.folder()
        try:
            for path, number in numbers:
                _lay_out(decoder.opened.held(f"{number}.saved"), folder / path)
            return serialiser.load(folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _saved(self, serialiser: Serialiser, value: Any, encoder: Encoder) -> tuple[dict[str, Digest], Path]:
        folder = encoder.parts.folder()
        serialiser.save(value, folder)
        files = digest_tree(folder)
        if not files:
            raise RefusedError(
                f"{a(type(value))} of which the serialiser {serialiser.name} wrote nothing",
                fix="Let save() write its files into the folder that it is given.",
            )
        return files, folder


def _lay_out(held: Held, path: Path) -> None:
    with explained(f"copy {path.name}", path):
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(held, bytes):
            path.write_bytes(held)
        else:
            shutil.copyfile(held, path)


def _difference(one: dict[str, Digest], other: dict[str, Digest]) -> str:
    paths = sorted(path for path in one.keys() | other.keys() if one.get(path) != other.get(path))
    return ", ".join(paths[:3]) + (" …" if len(paths) > 3 else "")
