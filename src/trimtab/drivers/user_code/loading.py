"""The project's modules, imported from its folder under their real names.

Rejected: importing by path under a made-up name, since the project's modules import each other by their real ones.
"""

from __future__ import annotations

import difflib
import importlib
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from trimtab.base.errors import InputError
from trimtab.drivers.user_code.errors import user_errors
from trimtab.drivers.user_code.from_source import import_from_source
from trimtab.drivers.user_code.places import is_users, module_file, modules_in, relative, resolver
from trimtab.pipeline.signature import Function, describe_module
from trimtab.spec.parse import PROJECT_FILE


class ModuleProblemError(InputError):
    """The module that ``trimtab.toml`` names is not in the project, or hides behind another of its name."""

    code = "TT1309"


def load_module(folder: Path, name: str) -> ModuleType:
    """The project's module ``name``, imported from ``folder`` with its imports resolved there first.

    The folder stays first on the import path, so that imports inside functions work too. Modules of another
    project's folder that would be found instead are forgotten.

    Raises:
        ModuleProblemError: there is no such module in the folder.
        UserCodeError: importing it raised, or one of its packages is not installed.
    """
    root = folder.resolve()
    _check_exists(root, name)
    _forget_other_projects(root)
    if sys.path[:1] != [str(root)]:
        sys.path.insert(0, str(root))
    importlib.invalidate_caches()
    with user_errors(root, doing=f"importing {name}"):
        module = importlib.import_module(name)
    _check_home(module, root, name)
    return module


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedFunctions:
    """A module's functions that may be steps, to call and as values to build a graph from."""

    callables: Mapping[str, Callable[..., Any]]
    described: tuple[Function, ...]


def load_functions(folder: Path, name: str, contents: Mapping[str, bytes] | None = None) -> LoadedFunctions:
    """The functions of the project's module ``name``; raises as `load_module` does.

    What is in ``contents`` (path → source) is imported as it is there, whatever became of the file meanwhile.
    A later call for another folder takes its modules over: run what was loaded first before, since an import inside
    one of its functions would then find the other project's files.
    """
    root = folder.resolve()
    import_from_source(root, contents or {})
    module = load_module(root, name)
    described = describe_module(module, file=relative(Path(str(module.__file__)), root))
    return LoadedFunctions(
        callables={function.name: getattr(module, function.name) for function in described}, described=described
    )


def loaded_files(folder: Path) -> tuple[str, ...]:
    """The project's own files that are loaded as modules, relative to ``folder``: what a snapshot must contain."""
    root = folder.resolve()
    resolve = resolver()
    files = (getattr(module, "__file__", None) for module in list(sys.modules.values()))
    resolved = (resolve(file) for file in files if file)
    return tuple(sorted({str(file.relative_to(root)) for file in resolved if is_users(file, root)}))


def own_modules(folder: Path, names: Iterable[str]) -> dict[str, ModuleType]:
    """Those of the loaded modules with these names whose file is the project's own."""
    root, resolve = folder.resolve(), resolver()
    loaded = {name: sys.modules[name] for name in names if name in sys.modules}
    files = {name: getattr(module, "__file__", None) for name, module in loaded.items()}
    return {name: loaded[name] for name, file in files.items() if file and is_users(resolve(file), root)}


def _check_exists(root: Path, name: str) -> None:
    if module_file(root, name) is not None:
        return
    known = modules_in(root)
    near = difflib.get_close_matches(name, known, n=1)
    listed = f"Did you mean {near[0]}?" if near else f"Modules there: {', '.join(known) or 'none'}."
    path = name.replace(".", "/")
    raise ModuleProblemError(
        f"the project has no module {name}: there is no {path}.py",
        fix=f"{listed} Write it, or correct [pipeline] module.",
        at=PROJECT_FILE,
    )


def _check_home(module: ModuleType, root: Path, name: str) -> None:
    """A module that was loaded before from elsewhere (the standard library has a ``pipes``, a ``queue``) wins over
    the project's file; running that one instead would be silent."""
    file = getattr(module, "__file__", None)
    if file is None or not Path(file).resolve().is_relative_to(root):
        raise ModuleProblemError(
            f"the name {name} belongs to another module that is loaded already ({file or 'built in'})",
            fix="Rename the project's module, and set [pipeline] module to its new name.",
            at=PROJECT_FILE,
        )


def _forget_other_projects(root: Path) -> None:
    """Takes modules of other project folders (a snapshot that was trained from before) out of the import system."""
    folders = {entry for entry in sys.path if entry != str(root) and (Path(entry) / PROJECT_FILE).is_file()}
    if not folders:
        return
    sys.path[:] = [entry for entry in sys.path if entry not in folders]
    resolve, roots = resolver(), [Path(folder).resolve() for folder in folders]
    for name, module in list(sys.modules.items()):
        places = [module.__file__] if getattr(module, "__file__", None) else [*getattr(module, "__path__", ())]
        if any(is_users(resolve(str(place)), folder) for place in places for folder in roots):
            del sys.modules[name]
