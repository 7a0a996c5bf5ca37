"""What the project's code raises, shown as the user's own.

An error there is the user's to repair, so the text begins with their file, their line and their source line, and
leaves our frames out. Standard input and output are not touched: ``breakpoint()`` in a step opens the debugger.
"""

from __future__ import annotations

import bdb
import difflib
import linecache
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NoReturn

from trimtab.base.errors import TrimtabError, UserCodeError
from trimtab.drivers.user_code.places import is_users, module_file, modules_in, relative

_DISTRIBUTIONS: Final = {
    "PIL": "pillow", "bs4": "beautifulsoup4", "cv2": "opencv-python", "dateutil": "python-dateutil",
    "skimage": "scikit-image", "sklearn": "scikit-learn", "yaml": "PyYAML",
}  # fmt: skip
"""Packages whose distribution is called differently, among those that pipelines import."""

_LINES_OF_A_MESSAGE: Final = 12
_CALLERS: Final = 6


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
        if not frame.filename.startswith("<") and is_users(Path(frame.filename).resolve(), folder)
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
    return f"{relative(Path(frame.filename), folder)}:{frame.lineno}"


def _source(frame: traceback.FrameSummary) -> str:
    return (
        frame.line or linecache.getline(frame.filename, frame.lineno or 0)
    ).strip() or "(its source is not to be had)"


def _syntax_problem(error: SyntaxError, folder: Path) -> UserCodeError:
    file = relative(Path(error.filename), folder) if error.filename else ""
    line = (error.text or "").rstrip("\n")
    indent = len(line) - len(line.lstrip())
    pointer = " " * max((error.offset or 1) - 1 - indent, 0) + "^"
    fix = f"    {line.strip()}\n      {pointer}" if line.strip() else "Correct the file at that line."
    return UserCodeError(f"{type(error).__name__}: {error.msg}", fix=fix, at=f"{file}:{error.lineno or 1}")


def _missing_package(name: str, at: str, folder: Path) -> UserCodeError:
    top = name.partition(".")[0]
    if module_file(folder, top) is not None:
        return UserCodeError(f"the project has no module {name}", fix="Correct the import, or write the module.", at=at)
    near = difflib.get_close_matches(top, modules_in(folder), n=1)
    own = f" Or did you mean the project's own {near[0]}?" if near else ""
    wanted = _DISTRIBUTIONS.get(top, top)
    return UserCodeError(
        f"the package {top} is not installed here",
        fix=f"Run `pip install {wanted}` and add {wanted} to the project's requirements.{own}",
        at=at,
    )
