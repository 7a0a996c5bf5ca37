"""What lay where a command writes, set aside while it runs: moved away and, if it fails or is killed, moved back.

A list of the places is written before anything is moved, and each place is set aside under its number in the list, so
that whoever comes after a kill knows where a thing belongs, whatever the project says by then. A thing is under its
number as a whole or not at all; while it is there it is what counts, and moving it back may be begun again. A link
stays where it is: it says where its owner wants the products to be.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import msgspec

from trimtab.disk.atomic import write_bytes
from trimtab.disk.faults import explained

_PLACES: Final = "places"
_GITS_OWN: Final = (".gitkeep", ".gitignore")
"""Files that stay in a folder of products, since Git keeps the folder by them."""


class Aside:
    """The places that one command writes to, and the folder in which what lay there waits.

    Nobody else may use the folder meanwhile: hold a lease.

    Args:
        folder: the command's own.
        root: the project's folder.
        places: relative to it, none below another.
    """

    def __init__(self, folder: Path, root: Path, places: Sequence[str]) -> None:
        self.folder = folder
        self._root = root
        self._places = tuple(places)

    def take(self) -> None:
        """Move away what lies in the places; a folder is made again, empty, since a script may count on it.

        Raises:
            DriverError: the disk refused; `put_back` undoes what was moved.
        """
        with explained("set aside what a command wrote before", self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            write_bytes(self.folder / _PLACES, msgspec.json.encode(self._places))
            for number, name in enumerate(self._places):
                place = self._root / name
                if place.is_symlink() or not place.exists():
                    continue
                aside = self.folder / str(number)
                _move(place, aside)
                if aside.is_dir():
                    place.mkdir()
                    shutil.copystat(aside, place)
                    for own in _GITS_OWN:
                        if (aside / own).is_file():
                            shutil.copy2(aside / own, place / own)

    def put_back(self) -> None:
        """Move back what is aside, in place of what lies there now; nothing where nothing is aside.

        Raises:
            DriverError: the disk refused; what is still aside stays there for the next time.
        """
        with explained("put back what a command wrote before", self.folder):
            for number, name in reversed(list(enumerate(self._taken()))):
                aside, place = self.folder / str(number), self._root / name
                if aside.exists():
                    _remove(place)
                    place.parent.mkdir(parents=True, exist_ok=True)
                    _move(aside, place)
            self.forget()

    def hand_over(self, names: Iterable[str], target: Path) -> None:
        """Move files that are aside, by their names in the project, to where their owner finds them.

        Raises:
            DriverError: the disk refused; what is still aside stays there.
        """
        with explained("move what a command replaced", target):
            for name in names:
                found = self._place_of(name)
                if os.path.lexists(found):
                    (target / name).parent.mkdir(parents=True, exist_ok=True)
                    _move(found, target / name)

    def forget(self) -> None:
        """What is aside is not wanted any more; raises `DriverError`."""
        with explained("remove what a command wrote before", self.folder):
            if self.folder.is_dir():
                _remove(self.folder)

    def _taken(self) -> tuple[str, ...]:
        """The places of what is aside, as whoever set it aside wrote them down."""
        try:
            return msgspec.json.decode((self.folder / _PLACES).read_bytes(), type=tuple[str, ...])
        except FileNotFoundError:
            return ()

    def _place_of(self, name: str) -> Path:
        number = next(n for n, place in enumerate(self._places) if f"{name}/".startswith(f"{place}/"))
        return self.folder / str(number) / name[len(self._places[number]) :].lstrip("/")


def _move(source: Path, target: Path) -> None:
    """Move a file or folder to where nothing is; on another disk it is copied there under another name first."""
    try:
        source.rename(target)
        return
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
    partial = target.with_name(f".{target.name}.partial")
    _remove(partial)
    if source.is_dir():
        shutil.copytree(source, partial, symlinks=True)
    else:
        shutil.copy2(source, partial, follow_symlinks=False)
    partial.rename(target)
    gone = source.with_name(f".{source.name}.partial")
    source.rename(gone)
    _remove(gone)


def _remove(path: Path) -> None:
    if path.is_symlink() or not path.is_dir():
        path.unlink(missing_ok=True)
        return
    for folder, _, _ in os.walk(path):  # a script may have made its folders read-only
        Path(folder).chmod(0o700)
    shutil.rmtree(path)
