"""What lay where a command writes, set aside while it runs: moved away and, if it fails or is killed, moved back.

Each place has its number below one folder of the command's own, so that whoever comes after a kill knows where a thing
belongs. A thing is under its number as a whole or not at all; while it is there it is what counts, and moving it back
may be begun again. A link stays where it is: it says where its owner wants the products to be.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from trimtab.disk.faults import explained

_GITS_OWN: Final = (".gitkeep", ".gitignore")
"""Files that stay in a folder of products, since Git keeps the folder by them."""


class Aside:
    """The places that one command writes to, and the folder in which what lay there waits.

    Nobody else may use the folder meanwhile: hold a lease.
    """

    def __init__(self, folder: Path, places: Sequence[Path]) -> None:
        self.folder = folder
        self._places = places

    def take(self) -> None:
        """Move away what lies in the places; a folder is made again, empty, since a script may count on it.

        Raises:
            DriverError: the disk refused; `put_back` undoes what was moved.
        """
        with explained("set aside what a command wrote before", self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            for number, place in enumerate(self._places):
                if place.is_symlink() or not place.exists():
                    continue
                aside = self.folder / str(number)
                _move(place, aside)
                if aside.is_dir():
                    place.mkdir()
                    shutil.copystat(aside, place)
                    for name in _GITS_OWN:
                        if (aside / name).is_file():
                            shutil.copy2(aside / name, place / name)

    def put_back(self) -> None:
        """Move back what is aside, in place of what lies there now; nothing where nothing is aside.

        Raises:
            DriverError: the disk refused; what is still aside stays there for the next time.
        """
        with explained("put back what a command wrote before", self.folder):
            for number, place in reversed(list(enumerate(self._places))):
                aside = self.folder / str(number)
                if aside.exists():
                    _remove(place)
                    place.parent.mkdir(parents=True, exist_ok=True)
                    _move(aside, place)
            self.forget()

    def forget(self) -> None:
        """What is aside is not wanted any more; raises `DriverError`."""
        with explained("remove what a command wrote before", self.folder):
            if self.folder.is_dir():
                _remove(self.folder)


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
        shutil.copy2(source, partial)
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
