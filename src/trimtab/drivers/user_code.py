"""The project's own code: imported from its folder, called, and its errors shown as the user's own.

An error there is the user's to repair, so the text begins with their file, their line and their source line, and
leaves our frames out. Standard input and output are not touched: ``breakpoint()`` in a step opens the debugger.
Rejected: importing by path under a made-up name, since the project's modules import each other by their real ones.
"""

from __future__ import annotations

import bdb
import difflib
import importlib
import linecache
import os
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Final, NoReturn

from trimtab.base.errors import InputError, TrimtabError, UserCodeError
from trimtab.pipeline.signature import Function, describe_module
from trimtab.spec.parse import PROJECT_FILE

_DISTRIBUTIONS: Final = {
    "PIL": "pillow", "bs4": "beautifulsoup4", "cv2": "opencv-python", "dateutil": "python-dateutil",
    "skimage": "scikit-image", "sklearn": "scikit-learn", "yaml": "PyYAML",
}  # fmt: skip
"""Packages whose distribution is called differently, among those that pipelines import."""

_NOT_THE_USERS: Final = frozenset({"site-packages", "dist-packages", ".venv", "venv", ".trimtab"})
_LINES_OF_A_MESSAGE: Final = 12
_CALLERS: Final = 6


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


def load_functions(folder: Path, name: str) -> LoadedFunctions:
    """The functions of the project's module ``name``; raises as `load_module` does.

    A later call for another folder takes its modules over: run what was loaded first before, since an import inside
    one of its functions would then find the other project's files.
    """
    module = load_module(folder, name)
    described = describe_module(module, file=_relative(Path(str(module.__file__)), folder.resolve()))
    return LoadedFunctions(
        callables={function.name: getattr(module, function.name) for function in described}, described=described
    )


def loaded_files(folder: Path) -> tuple[str, ...]:
    """The project's own files that are loaded as modules, relative to ``folder``: what a snapshot must contain."""
    root = folder.resolve()
    resolve = _resolver()
    files = (getattr(module, "__file__", None) for module in list(sys.modules.values()))
    resolved = (resolve(file) for file in files if file)
    return tuple(sorted({str(file.relative_to(root)) for file in resolved if _is_users(file, root)}))


def own_modules(folder: Path, names: Iterable[str]) -> dict[str, ModuleType]:
    """Those of the loaded modules with these names whose file is the project's own."""
    root, resolve = folder.resolve(), _resolver()
    loaded = {name: sys.modules[name] for name in names if name in sys.modules}
    files = {name: getattr(module, "__file__", None) for name, module in loaded.items()}
    return {name: loaded[name] for name, file in files.items() if file and _is_users(resolve(file), root)}


def module_file(folder: Path, name: str) -> Path | None:
    """The file of a module of the project, relative to its folder; None if it has none."""
    stem = Path(*name.split("."))
    for candidate in (stem.with_suffix(".py"), stem / "__init__.py"):
        if (folder / candidate).is_file():
            return candidate
    return None


@contextmanager
def user_errors(folder: Path, *, doing: str) -> Iterator[None]:
    """Turns what the project's code raises inside the block into a `UserCodeError`.

    Our own errors pass through as they are, and so does the keyboard's interrupt; leaving the debugger is one.
    """
    root = folder.resolve()
    try:
        with _no_sudden_end():
            yield
    except TrimtabError:
        raise
    except bdb.BdbQuit as error:
        raise KeyboardInterrupt from error
    except (KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:  # noqa: BLE001 - the edge to code that is not ours: anything may come
        _raise_as_users(error, root, doing)


@contextmanager
def _no_sudden_end() -> Iterator[None]:
    """Makes a usual exit of `os._exit`, with which code would end this process before its run is recorded. Processes
    that were forked from it end as they like, and at the end of the block at the latest."""
    process, end = os.getpid(), os._exit

    def exit_(status: int) -> NoReturn:
        if os.getpid() != process:
            end(status)
        raise SystemExit(status)

    os._exit = exit_
    try:
        yield
    finally:
        if os.getpid() != process:  # a child that was forked in the block is not this run, and must not go on as it
            end(1 if sys.exc_info()[0] is not None else 0)
        os._exit = end


def _raise_as_users(error: BaseException, folder: Path, doing: str) -> NoReturn:
    if isinstance(error, SyntaxError):
        raise _syntax_problem(error, folder) from error
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith("<") and _is_users(Path(frame.filename).resolve(), folder)
    ]
    at = _place(frames[-1], folder) if frames else ""
    if isinstance(error, ModuleNotFoundError) and error.name:
        raise _missing_package(error.name, at, folder) from error
    first, *more = _message(error)
    raise UserCodeError(first, fix="\n  ".join(_trail(frames, more, error, folder, doing)), at=at) from error


def _message(error: BaseException) -> list[str]:
    """The exception's class and text, its notes included, in lines; the first is the sentence."""
    if isinstance(error, SystemExit):
        return [f"the project's code called exit({'' if error.code is None else repr(error.code)})"]
    lines = "".join(traceback.format_exception_only(error)).rstrip().splitlines()
    if len(lines) > _LINES_OF_A_MESSAGE:
        lines[_LINES_OF_A_MESSAGE:] = [f"… and {len(lines) - _LINES_OF_A_MESSAGE} more lines"]
    return lines


def _trail(
    frames: list[traceback.FrameSummary], more: list[str], error: BaseException, folder: Path, doing: str
) -> list[str]:
    """The user's own source line, the rest of the message, who called it, and where in a library it ended."""
    if not frames:
        return [*more, f"It was raised outside the project's files, {doing}; --debug shows the whole traceback."]
    inner, *callers = reversed(frames)
    lines = [f"    {_source(inner)}", *more, *_cause(error)]
    lines += [f"called from {_place(frame, folder)}: {_source(frame)}" for frame in callers[:_CALLERS]]
    if len(callers) > _CALLERS:
        lines.append(f"… and {len(callers) - _CALLERS} more calls")
    last = traceback.extract_tb(error.__traceback__)[-1]
    if last.filename != inner.filename:
        lines.append(f"raised in {'/'.join(Path(last.filename).parts[-2:])}:{last.lineno}, {last.name}()")
    return [*lines, f"This is the project's own code, {doing}: put breakpoint() before that line and run again."]


def _cause(error: BaseException) -> Iterator[str]:
    """What an error was raised from, or while which other one was handled."""
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None and not isinstance(before, StopIteration):
        yield f"because of {_message(before)[0]}"


def _place(frame: traceback.FrameSummary, folder: Path) -> str:
    return f"{_relative(Path(frame.filename), folder)}:{frame.lineno}"


def _source(frame: traceback.FrameSummary) -> str:
    return (
        frame.line or linecache.getline(frame.filename, frame.lineno or 0)
    ).strip() or "(its source is not to be had)"


def _syntax_problem(error: SyntaxError, folder: Path) -> UserCodeError:
    file = _relative(Path(error.filename), folder) if error.filename else ""
    line = (error.text or "").rstrip("\n")
    indent = len(line) - len(line.lstrip())
    pointer = " " * max((error.offset or 1) - 1 - indent, 0) + "^"
    fix = f"    {line.strip()}\n      {pointer}" if line.strip() else "Correct the file at that line."
    return UserCodeError(f"{type(error).__name__}: {error.msg}", fix=fix, at=f"{file}:{error.lineno or 1}")


def _missing_package(name: str, at: str, folder: Path) -> UserCodeError:
    top = name.partition(".")[0]
    if module_file(folder, top) is not None:
        return UserCodeError(f"the project has no module {name}", fix="Correct the import, or write the module.", at=at)
    near = difflib.get_close_matches(top, _own_modules(folder), n=1)
    own = f" Or did you mean the project's own {near[0]}?" if near else ""
    wanted = _DISTRIBUTIONS.get(top, top)
    return UserCodeError(
        f"the package {top} is not installed here",
        fix=f"Run `pip install {wanted}` and add {wanted} to the project's requirements.{own}",
        at=at,
    )


def _check_exists(root: Path, name: str) -> None:
    if module_file(root, name) is not None:
        return
    known = _own_modules(root)
    near = difflib.get_close_matches(name, known, n=1)
    listed = f"Did you mean {near[0]}?" if near else f"Modules there: {', '.join(known) or 'none'}."
    path = name.replace(".", "/")
    raise ModuleProblemError(
        f"the project has no module {name}: there is no {path}.py",
        fix=f"{listed} Write it, or correct [pipeline] module.",
        at=PROJECT_FILE,
    )


def _own_modules(folder: Path) -> list[str]:
    files = sorted(folder.glob("*.py")) + sorted(folder.glob("*/*.py"))
    inside = [file.relative_to(folder).with_suffix("") for file in files]
    return [".".join(path.parts) for path in inside if path.name != "__init__" and path.parts[0] not in _NOT_THE_USERS]


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
    resolve, roots = _resolver(), [Path(folder).resolve() for folder in folders]
    for name, module in list(sys.modules.items()):
        places = [module.__file__] if getattr(module, "__file__", None) else [*getattr(module, "__path__", ())]
        if any(_is_users(resolve(str(place)), folder) for place in places for folder in roots):
            del sys.modules[name]


def _resolver() -> Callable[[str], Path]:
    """`Path.resolve` for many files, which looks at each folder once: thousands of modules lie in a few hundred."""
    folders: dict[str, Path] = {}

    def resolve(text: str) -> Path:
        path = Path(text)
        folder = str(path.parent)
        if folder not in folders:
            folders[folder] = path.parent.resolve()
        found = folders[folder] / path.name
        return found.resolve() if found.is_symlink() else found

    return resolve


def _is_users(file: Path, folder: Path) -> bool:
    """Whether a file is the project's own: in its folder, and not in an environment that lies there too. Resolved."""
    return file.is_relative_to(folder) and _NOT_THE_USERS.isdisjoint(file.relative_to(folder).parts)


def _relative(file: Path, folder: Path) -> str:
    resolved = file.resolve()
    return str(resolved.relative_to(folder)) if resolved.is_relative_to(folder) else str(file)
