"""``python -m trimtab.serve router|worker|spare``: the data plane's programs; a spare is a worker that waits.

They have an entry of their own so that none loads the command line, the project's settings or a database.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one of them; returns the exit code."""
    options = _parser().parse_args(arguments)
    code: int = _PROGRAMS[options.program](options)
    if options.list_modules is not None:
        options.list_modules.write_text("\n".join(sorted(sys.modules)))
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m trimtab.serve", description="Trimtab's data plane.")
    programs = parser.add_subparsers(dest="program", required=True)
    router = programs.add_parser("router", help="answer an endpoint's requests over HTTP")
    router.add_argument("--state", type=Path, required=True, help="the project's state folder (.trimtab)")
    router.add_argument("--endpoint", required=True)
    router.add_argument("--host", default="127.0.0.1", help="any other address than loopback asks for the token always")
    router.add_argument("--port", type=int, default=0, help="0 takes a free one; observed.json says which")
    router.add_argument("--listener", type=int, help="descriptor of a listening socket, instead of a host and a port")
    router.add_argument("--token-file", type=Path, help="file with the token for labels and the clock")
    router.add_argument("--replay", action="store_true", help="the client steps the clock")
    router.add_argument("--fsync", action="store_true", help="answers survive a power cut")
    worker = programs.add_parser("worker", help="score the rows that a router sends")
    worker.add_argument("--release", type=Path, required=True, help="the release's folder")
    worker.add_argument("--socket", type=Path, required=True, help="where to listen")
    worker.add_argument("--report", type=Path, required=True, help="file for the worker's state")
    worker.add_argument("--restarts", type=int, default=0, help="how often it was started before, for the report")
    spare = programs.add_parser("spare", help="import modules, then become the worker that standard input names")
    spare.add_argument("modules", nargs="*")
    for program in (router, worker, spare):
        program.add_argument("--list-modules", type=Path, help="at the end, write the loaded modules into this file")
    return parser


def _router(options: argparse.Namespace) -> int:
    from trimtab.serve.router import RouterOptions, run

    return run(
        RouterOptions(
            state=options.state, endpoint=options.endpoint, host=options.host, port=options.port,
            listener=options.listener, token_file=options.token_file, replay=options.replay, sync=options.fsync,
        )
    )  # fmt: skip


def _worker(options: argparse.Namespace) -> int:
    from trimtab.serve.worker import WorkerOptions, run

    return run(
        WorkerOptions(folder=options.release, socket=options.socket, report=options.report, restarts=options.restarts)
    )


def _spare(options: argparse.Namespace) -> int:
    from trimtab.serve.spare import run

    return run(tuple(options.modules), main)


_PROGRAMS = {"router": _router, "worker": _worker, "spare": _spare}


if __name__ == "__main__":
    sys.exit(main())
