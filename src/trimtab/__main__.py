"""The ``trimtab`` command, also as ``python -m trimtab``.

Sets of texts have an order that Python draws anew for every process, unless it is told otherwise before it starts. A
run whose result follows such an order could never be repeated, so the commands that run a project's code start the
interpreter once more with the order fixed: 10 ms, before anything is imported. A retraining is begun with it fixed.
"""

from __future__ import annotations

import os
import sys

_RUN_CODE = ("run", "reproduce", "--debug")


def main() -> None:
    """Run the command line."""
    if len(sys.argv) > 1 and sys.argv[1] in _RUN_CODE and "PYTHONHASHSEED" not in os.environ:
        os.environ["PYTHONHASHSEED"] = "0"
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])
    from trimtab.cli.main import main as command

    command()


if __name__ == "__main__":
    main()
