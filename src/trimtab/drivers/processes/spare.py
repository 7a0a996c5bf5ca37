"""A process that imports modules, waits for a command, and then is that command.

``python -m trimtab.drivers.processes.spare CHANNEL MODULE…``, a child of `trimtab.drivers.processes.wrapper`. It holds
the work's lock like any child of the wrapper, and ends if the wrapper is gone before it has work.
"""

from __future__ import annotations

import importlib
import runpy
import socket
import sys
from contextlib import suppress

from trimtab.drivers.processes.handover import take


def main() -> None:
    """Import, wait, run; ends as the command's module does."""
    descriptor, *modules = sys.argv[1:]
    with socket.socket(fileno=int(descriptor)) as channel:
        for name in modules:
            with suppress(ImportError):  # the command will say so itself, where somebody reads it
                importlib.import_module(name)
        given = take(channel)
    if given is None:
        return
    given.enter()
    *_, module = given.work.argv[: given.work.program]
    sys.argv = [module, *given.work.argv[given.work.program :]]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
