"""The one audit hook of this process, and which watches are on.

A hook cannot be taken away, so there is one, and while no watch is on it does nothing but look at an empty tuple.
What a thread does counts for the watches that were begun in it; what a thread without any does (one that a step
started, or a library's) counts for all. A failure in here is told by the watch and never reaches the user's code.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any, Final
from weakref import WeakMethod

from trimtab.drivers.observation.ledger import IMPORTERS, Watch
from trimtab.drivers.observation.path_rules import as_text

_Handler = Callable[[Watch, tuple[Any, ...], FrameType], None]

_Between = Callable[[object, FrameType], None]

_PIPES_OF_PYTHON: Final = "/pymp-"
"""Part of the address of sockets between a process and its multiprocessing children."""


class _Watches:
    """The watches that are on: all of them, and by the thread that began them."""

    installed = False
    on: tuple[Watch, ...] = ()
    by_thread: Final[dict[int, tuple[Watch, ...]]] = {}
    between: tuple[WeakMethod[_Between], ...] = ()
    lock: Final = threading.Lock()


def watching() -> tuple[Watch, ...]:
    """The watches that count what this thread does now; empty if none is on."""
    if not _Watches.on:
        return ()
    return _Watches.by_thread.get(threading.get_ident()) or _Watches.on


def listen_between(act: _Between) -> None:
    """Calls a method for each file that is opened while no watch is on, as long as its object lives."""
    with _Watches.lock:
        _install()
        alive = tuple(each for each in _Watches.between if each() is not None)
        _Watches.between = (*alive, WeakMethod(act))


def begin(watch: Watch) -> bool:
    """Switches a watch on, in this thread; True if it is the only one of the process."""
    with _Watches.lock:
        _install()
        here = threading.get_ident()
        _Watches.by_thread[here] = (*_Watches.by_thread.get(here, ()), watch)
        _Watches.on = (*_Watches.on, watch)
        return len(_Watches.on) == 1


def finish(watch: Watch) -> bool:
    """Switches a watch off; True if none is left."""
    with _Watches.lock:
        for thread, watches in list(_Watches.by_thread.items()):
            left = tuple(each for each in watches if each is not watch)
            if left:
                _Watches.by_thread[thread] = left
            else:
                del _Watches.by_thread[thread]
        _Watches.on = tuple(each for each in _Watches.on if each is not watch)
        return not _Watches.on


def _install() -> None:
    if not _Watches.installed:
        sys.addaudithook(_hook)
        _Watches.installed = True


def _forget_all() -> None:
    """A forked child is another process: what it sees, nobody would hear of."""
    _Watches.on = ()
    _Watches.by_thread.clear()


os.register_at_fork(after_in_child=_forget_all)


def guarded(act: Callable[[Watch], None]) -> None:
    """Does something for each watch that counts here; a failure is told by the watch."""
    for watch in watching():
        try:
            act(watch)
        except Exception as error:  # noqa: BLE001 - the edge to code that is not ours: it must not notice us
            watch.could_not_see(f"a watcher failed: {type(error).__name__}: {error}")


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if not _Watches.on:
        if event == "open" and _Watches.between:
            _between(arguments, sys._getframe(1))
        return
    handler = _HANDLERS.get(event)
    if handler is not None:
        frame = sys._getframe(1)
        guarded(lambda watch: handler(watch, arguments, frame))


def _between(arguments: tuple[Any, ...], frame: FrameType) -> None:
    if frame.f_globals.get("__name__") in IMPORTERS:
        for each in _Watches.between:
            act = each()
            if act is not None:
                act(arguments[0], frame)


def _on_open(watch: Watch, arguments: tuple[Any, ...], frame: FrameType) -> None:
    given, mode, flags = arguments
    text = as_text(given)
    if text is None:
        return
    if flags == 0 and isinstance(mode, str):  # C's fopen, and open_code, tell their mode alone
        writing, reading = any(letter in mode for letter in "wax+"), "r" in mode or "+" in mode
    else:
        kind = flags & os.O_ACCMODE
        writing, reading = kind != os.O_RDONLY, kind != os.O_WRONLY and not flags & os.O_TRUNC
    watch.opened(text, frame, reading=reading, writing=writing)


def _on_list(watch: Watch, arguments: tuple[Any, ...], frame: FrameType) -> None:
    given = arguments[0] if arguments else None
    if isinstance(given, int):
        given = _folder_of(given)
        if given is None:
            return
    text = "." if given is None else as_text(given)
    if text is not None:
        watch.lists(text, frame)


def _folder_of(number: int) -> str | None:
    """The folder behind an open file's number, where the system tells."""
    try:
        return os.readlink(f"/proc/self/fd/{number}")  # noqa: PTH115 - as text
    except OSError:
        return None


def _on_sqlite(watch: Watch, arguments: tuple[Any, ...], frame: FrameType) -> None:
    text = as_text(arguments[0])
    if text is None or text == ":memory:":
        return
    if text.startswith("file:"):
        from urllib.parse import unquote

        text, _, options = text[5:].partition("?")
        text = unquote(text if not text.startswith("//") else text[2:])
        if "mode=memory" in options or text in ("", ":memory:"):
            return
    watch.opened(text, frame, reading=True, writing=False)
    watch.is_database(text)


def _on_library(watch: Watch, arguments: tuple[Any, ...], frame: FrameType) -> None:
    text = as_text(arguments[0])
    if text is not None and "/" in text:
        watch.opened(text, frame, reading=True, writing=False)


def _on_move(watch: Watch, arguments: tuple[Any, ...], _frame: FrameType) -> None:
    source, target = as_text(arguments[0]), as_text(arguments[1])
    if source and target and set(arguments[2:]) <= {-1}:
        watch.moved(source, target)


def _on_hard_link(watch: Watch, arguments: tuple[Any, ...], _frame: FrameType) -> None:
    source, target = as_text(arguments[0]), as_text(arguments[1])
    if source and target and set(arguments[2:]) <= {-1}:
        watch.moved(source, target, as_link=True)


def _on_make(watch: Watch, arguments: tuple[Any, ...], _frame: FrameType) -> None:
    text = as_text(arguments[0])
    if text and arguments[-1] == -1:
        watch.made(text)


def _on_symbolic_link(watch: Watch, arguments: tuple[Any, ...], _frame: FrameType) -> None:
    text = as_text(arguments[1])
    if text and arguments[-1] == -1:
        watch.made(text)


def _on_process(watch: Watch, arguments: tuple[Any, ...], frame: FrameType) -> None:
    text = next((text for each in arguments if (text := as_text(each))), "")
    watch.sighted("processes", f"starts {program_of(text)}", frame)


def _on_shell(watch: Watch, arguments: tuple[Any, ...], frame: FrameType) -> None:
    command = os.fsdecode(arguments[0]).split()
    watch.sighted("processes", f"starts a shell: {program_of(command[0] if command else '')} …", frame)


def _on_fork(watch: Watch, _arguments: tuple[Any, ...], frame: FrameType) -> None:
    watch.sighted("processes", "forks", frame)


def program_of(path: str) -> str:
    """The program's name alone: its arguments may hold what nobody should keep."""
    return path.rsplit("/", 1)[-1] or "a program"


def _on_connection(watch: Watch, arguments: tuple[Any, ...], frame: FrameType) -> None:
    address = arguments[-1]
    if isinstance(address, tuple) and len(address) > 1:
        watch.sighted("network", f"connects to {address[0]}:{address[1]}", frame)
    elif (path := as_text(address)) is not None and _PIPES_OF_PYTHON not in path:
        watch.sighted("network", f"connects to {path}", frame)


def _on_host_name(watch: Watch, arguments: tuple[Any, ...], frame: FrameType) -> None:
    host = arguments[0]
    if host is not None:
        watch.sighted("network", f"looks up {os.fsdecode(host) if isinstance(host, str | bytes) else host}", frame)


_HANDLERS: Final[dict[str, _Handler]] = {
    "open": _on_open,
    "os.listdir": _on_list,
    "os.scandir": _on_list,
    "sqlite3.connect": _on_sqlite,
    "ctypes.dlopen": _on_library,
    "os.rename": _on_move,
    "os.link": _on_hard_link,
    "os.symlink": _on_symbolic_link,
    "os.mkdir": _on_make,
    "subprocess.Popen": _on_process,
    "os.posix_spawn": _on_process,
    "os.exec": _on_process,
    "os.system": _on_shell,
    "os.fork": _on_fork,
    "os.forkpty": _on_fork,
    "socket.connect": _on_connection,
    "socket.sendto": _on_connection,
    "socket.getaddrinfo": _on_host_name,
    "socket.gethostbyname": _on_host_name,
}
