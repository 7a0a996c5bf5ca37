"""The ``trimtab`` command, also as ``python -m trimtab``.

Sets of texts have an order that Python draws anew for every process, and texts are sorted and written as the
terminal's locale says, unless Python is told otherwise before it starts. A run whose result follows either could never
be repeated, so the commands that run a project's code start the interpreter once more with both fixed, unless the user
has set them: 10 ms, before anything is imported. A retraining is begun with them fixed.
"""

from __future__ import annotations

import gc
import os
import sys

from trimtab.app.fixed import to_fix

_RUN_CODE = ("run", "reproduce", "--debug")
_OBJECTS = 100_000
"""Importing makes nearly as many objects, which all stay; a command on a table makes few more, since batches are
arrays."""


def main() -> None:
    """Run the command line."""
    on_tables = sys.argv[1:2] == ["data"]
    if on_tables:
        gc.set_threshold(_OBJECTS)  # looking through what was imported for garbage takes a thirtieth of a comparison
    if len(sys.argv) > 1 and sys.argv[1] in _RUN_CODE:
        fixed = to_fix()
        if fixed:
            os.environ.update(fixed)
            os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])
    from trimtab.cli.main import main as command
    from trimtab.cli.room import with_room

    try:
        with_room(command)()
    except SystemExit as ended:
        if on_tables and isinstance(ended.code, int):
            from trimtab.cli.ending import end_at_once

            end_at_once(ended.code)
        raise


if __name__ == "__main__":
    main()
