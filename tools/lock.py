"""Writes requirements/demo.txt and requirements/dev.txt: every distribution with its hashes, for all Pythons at once.

Universal locks (environment markers instead of a file per platform) need a resolver that pip is not; so this one tool
wants `uv` (any recent one, on PATH or in $UV). Whoever only installs never runs it. The demo's lock is resolved under
the dev lock's versions, so that the dev environment contains the demo's: tools/bootstrap.py relies on it.

    make lock                       keep the locked versions, follow pyproject.toml
    make lock ARGS=--upgrade        take the newest that pyproject.toml allows
    make lock ARGS='--upgrade-package polars'
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TESTED = ("sklearn", "lightgbm", "great-expectations", "pandera", "postgres", "tfdv")
WANTED = {
    "dev": [*(word for extra in TESTED for word in ("--extra", extra)), "--group", "dev"],
    "demo": ["--extra", "sklearn", "--group", "demo", "--constraint", "requirements/dev.txt"],
}
HEADER = """\
# What `make {kind}` installs: written by `make lock` from pyproject.toml, for Python 3.11 to 3.14, on any platform.
# Hashes are checked on every install; the index is the installer's own.
"""


def resolve(uv: str, kind: str, options: list[str]) -> None:
    """Writes one lock. Settings of this machine (index, find-links) stay out: it is the same wherever it is made."""
    target = ROOT / "requirements" / f"{kind}.txt"
    command = [uv, "pip", "compile", "pyproject.toml", *WANTED[kind], "--output-file", str(target), "--no-config"]
    # One version of each distribution for all Pythons where there is one: the same figures everywhere.
    command += ["--universal", "--python-version", "3.11", "--fork-strategy", "fewest"]
    command += ["--generate-hashes", "--no-header", "--no-annotate", "--no-emit-index-url", *options]
    local = ("UV_FIND_LINKS", "UV_EXTRA_INDEX_URL", "UV_INDEX")
    surroundings = {name: value for name, value in os.environ.items() if name not in local}
    subprocess.run(command, cwd=ROOT, env=surroundings, check=True, stdout=subprocess.DEVNULL)
    kept = [line for line in target.read_text().splitlines(keepends=True) if not line.startswith("#")]
    purpose = {"demo": "demo", "dev": "test` and `make check"}[kind]
    target.write_text(HEADER.format(kind=purpose) + "".join(kept))


def main(options: list[str]) -> int:
    """Both locks, the larger first."""
    uv = os.environ.get("UV") or shutil.which("uv")
    if uv is None:
        print("make lock: uv is not on PATH.\n    install uv, or name it: UV=/path/to/uv make lock", file=sys.stderr)
        return 4
    for kind in WANTED:
        resolve(uv, kind, options)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
