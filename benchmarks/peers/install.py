"""Make the peers' environments: ``python benchmarks/peers/install.py [PEER …]``, one after the other.

Each peer has its own, in ``benchmarks/.venvs`` or the folder that ``--into`` names, from the pinned requirements in
``benchmarks/peers/PEER.txt``: several do not run beside one another, nor beside a current NumPy, pandas or Arrow. One
that is there and has the same requirements is kept. What cannot be installed is said at the end, and `know_the_data`
names it as skipped.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).resolve().parent
VENVS: Final = HERE.parent / ".venvs"
OLD_PYTHON: Final = ("tfdv", "whylogs", "evidently", "nannyml")
"""Peers that have no wheels for the newest Python."""


def main() -> None:
    peers = sorted(path.stem for path in HERE.glob("*.txt"))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("peers", nargs="*", help=f"of {', '.join(peers)}; none: all")
    parser.add_argument("--into", type=Path, default=VENVS, help="the folder of the environments")
    parser.add_argument("--freeze", action="store_true", help="print what is installed, to pin it")
    asked = parser.parse_args()
    failed = [peer for peer in asked.peers or peers if not install(peer, asked.into)]
    if asked.freeze:
        for peer in asked.peers or peers:
            print(f"# {peer}", flush=True)
            subprocess.run([python_of(peer, asked.into), "-m", "pip", "freeze"], check=False)
    if failed:
        sys.exit(f"NOT INSTALLED: {', '.join(failed)}")


def python_of(peer: str, into: Path) -> Path:
    """The interpreter of a peer's environment; it may not be there."""
    return into / peer / "bin" / "python"


def is_installed(peer: str, into: Path) -> bool:
    """Whether a peer's environment is whole and has today's requirements."""
    stamp = into / peer / "requirements.sha256"
    return stamp.is_file() and stamp.read_text() == _digest(peer)


def install(peer: str, into: Path) -> bool:
    """Make a peer's environment; false where that fails, with pip's own words on standard error."""
    if is_installed(peer, into):
        print(f"{peer}: there", flush=True)
        return True
    python = interpreter(peer)
    if python is None:
        print(f"{peer}: needs Python 3.10 or 3.11, and there is none", flush=True)
        return False
    folder = into.absolute() / peer
    shutil.rmtree(folder, ignore_errors=True)
    pip = [str(python_of(peer, into)), "-m", "pip", "install", "--quiet", "--requirement", str(HERE / f"{peer}.txt")]
    for command in ([python, "-m", "venv", str(folder)], pip):
        if subprocess.run(command, check=False).returncode != 0:
            print(f"{peer}: could not be installed", flush=True)
            return False
    (folder / "requirements.sha256").write_text(_digest(peer))
    print(f"{peer}: installed", flush=True)
    return True


def interpreter(peer: str) -> str | None:
    """The Python to make an environment with."""
    if peer not in OLD_PYTHON or sys.version_info[:2] in ((3, 10), (3, 11)):
        return sys.executable
    return next((found for name in ("python3.11", "python3.10") if (found := shutil.which(name))), None)


def _digest(peer: str) -> str:
    return hashlib.sha256((HERE / f"{peer}.txt").read_bytes()).hexdigest()


if __name__ == "__main__":
    main()
