"""What a supervisor is asked to serve, and the command lines of the programs that serve it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from trimtab.release.signature import TrustedKeys
from trimtab.serve.layout import EndpointFiles, hexadecimal

_PROGRAM: Final = (sys.executable, "-P", "-m", "trimtab.serve")

PROGRAM_WORDS: Final = len(_PROGRAM)
"""How many words of a command line below name the interpreter and the program; its arguments follow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """What a supervisor serves.

    Attributes:
        children: further programs to keep running, by name (the controller). Their standard input closes when the
            supervisor dies: see `trimtab.serve.lifeline`.
        trusted: keys whose releases may be started.
        logs: folder for the children's output; None leaves it on this process's standard error.
        spare: whether a worker is kept ready for the next release: a second or two less for each swap, for the memory
            of one more process.
    """

    state: Path
    endpoint: str
    trusted: TrustedKeys
    host: str = "127.0.0.1"
    port: int = 0
    token_file: Path | None = None
    replay: bool = False
    sync: bool = False
    children: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    logs: Path | None = None
    list_modules: Path | None = None
    spare: bool = True

    @property
    def files(self) -> EndpointFiles:
        """Where the endpoint's files are."""
        return EndpointFiles(state=self.state, endpoint=self.endpoint)

    def program(self, name: str, label: str) -> list[str]:
        """The beginning of a command line of `trimtab.serve`; ``label`` names its list of modules, if one is wanted.

        ``-P`` keeps the folder that it is started in off the module path: a project's files must not stand in for ours.
        """
        argv = [*_PROGRAM, name]
        return argv if self.list_modules is None else [*argv, "--list-modules", str(self.list_modules / f"{label}.txt")]


def router_command(serving: Serving, listener: int) -> tuple[str, ...]:
    """The router's command line; ``listener`` is the descriptor of the listening socket that it inherits."""
    argv = serving.program("router", "router")
    argv += ["--state", str(serving.state), "--endpoint", serving.endpoint, "--listener", str(listener)]
    argv += ["--token-file", str(serving.token_file)] if serving.token_file is not None else []
    argv += ["--replay"] if serving.replay else []
    argv += ["--fsync"] if serving.sync else []
    return tuple(argv)


def worker_command(serving: Serving, release: str, address: Path, *, restarts: int) -> tuple[str, ...]:
    """The command line of a release's worker, which listens on the local socket ``address``."""
    files = serving.files
    argv = serving.program("worker", f"worker-{hexadecimal(release)}")
    argv += ["--release", str(files.bundle(release)), "--socket", str(address)]
    argv += ["--report", str(files.worker(release)), "--restarts", str(restarts)]
    return tuple(argv)


def spare_command(modules: tuple[str, ...]) -> tuple[str, ...]:
    """The command line of a spare worker, which imports ``modules`` and waits for its assignment."""
    return (*_PROGRAM, "spare", *modules)
