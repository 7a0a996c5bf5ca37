"""``trimtab new``: a small, complete project, whole or not at all."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from trimtab.base.errors import InputError
from trimtab.disk.atomic import clean_partial, write_dir
from trimtab.disk.faults import explained

_TEMPLATES: Final = Path(__file__).parent / "scaffold" / "files"
_SUFFIX: Final = ".template"
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,62}")
_DAYS: Final = 60
_LATER_DAYS: Final = 14
_SEED: Final = 2026


class ProjectNameError(InputError):
    """A name that cannot be that of a project, its folder and its endpoint's records."""

    code = "TT1351"


class ProjectExistsError(InputError):
    """Something of that name is there already; nothing is overwritten."""

    code = "TT1352"


def create_project(name: str, into: Path) -> Path:
    """The new folder ``into/name`` with a project that runs as it is: configuration, code, sample data and a test.

    It appears complete, when everything is in it; a kill before leaves nothing of that name.

    Raises:
        ProjectNameError: the name is not a letter followed by letters, digits, ``-`` and ``_``.
        ProjectExistsError: there is a file or folder of that name.
        InputError: ``into`` is no folder.
        DriverError: the disk refuses.
    """
    _check_name(name)
    if not into.is_dir():
        raise InputError(f"there is no folder {into}", fix="Make it first, or leave --into away for this folder.")
    final = into / name
    if final.exists() or final.is_symlink():
        raise ProjectExistsError(f"{final} is there already", fix="Choose another name; nothing in it was changed.")
    clean_partial(into, of=name)
    with write_dir(final) as folder, explained(f"write the project {name}", final):
        _fill(folder, name)
    return final


def _check_name(name: str) -> None:
    if _NAME.fullmatch(name):
        return
    near = re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-_").lstrip("0123456789-_")[:63].lower()
    meant = f' For example "{near}".' if _NAME.fullmatch(near) else ""
    where = " To make it elsewhere, name the folder with --into." if "/" in name else ""
    raise ProjectNameError(
        f"{name!r} cannot be a project's name",
        fix=f"A name is a letter, then letters, digits, - or _, at most 63 in all.{meant}{where}",
    )


def _fill(folder: Path, name: str) -> None:
    from trimtab.app.scaffold.payments import FIRST_DAY, simulate

    for template in sorted(_TEMPLATES.rglob(f"*{_SUFFIX}")):
        inside = template.relative_to(_TEMPLATES)
        bare = inside.name.removesuffix(_SUFFIX)
        target = folder / inside.parent / (f".{bare}" if bare == "gitignore" else bare)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(template.read_text(encoding="utf-8").replace("@NAME@", name), encoding="utf-8")
    payments = simulate(days=_DAYS + _LATER_DAYS, seed=_SEED)
    first_later = (payments["ts"] - FIRST_DAY).dt.total_days() >= _DAYS
    (folder / "data").mkdir()
    payments.filter(~first_later).write_parquet(folder / "data" / "payments.parquet")
    payments.filter(first_later).write_parquet(folder / "data" / "later.parquet")
