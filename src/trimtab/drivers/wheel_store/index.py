"""Wheels from the index that pip is set to use, and wheels built of working folders: what pip can and we cannot.

pip's own settings hold (index, credentials, constraints): the index of a team is known to its pip. What comes is
compared by the caller, by hash or file by file.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from trimtab.disk.temporary import temporary_folder
from trimtab.drivers.wheel_store.repack import NotLockableError
from trimtab.release.requirements import normalised
from trimtab.release.wheel_name import parse_wheel_name

_NOT_THERE: Final = re.compile(r"No matching distribution found for ([A-Za-z0-9._-]+)")
_UNREACHABLE: Final = re.compile(
    r"NewConnectionError|ConnectTimeout|NameResolutionError|ProxyError|Max retries exceeded"
    r"|Connection (?:refused|broken)|Failed to establish|Temporary failure in name resolution|Network is unreachable"
)
_PATIENCE: Final = 1_800  # seconds: a wheel may have gigabytes, and a line may be slow
_LATE: Final = "pip did not end in time, and was stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A wheel to be fetched: the package, its version, and the hashes of which it must have one (none: any)."""

    name: str
    version: str
    hashes: tuple[str, ...] = ()
    url: str = ""

    @property
    def line(self) -> str:
        """The requirement."""
        named = f"{self.name} @ {self.url}" if self.url else f"{self.name}=={self.version}"
        return " ".join([named, *(f"--hash={hash_}" for hash_ in self.hashes)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Downloaded:
    """What an index gave: name → address of each wheel that came (empty where it said none that others can use), and
    why it could not be asked, where it could not."""

    addresses: dict[str, str]
    problem: str = ""


def pip_for(python: Path) -> list[str] | None:
    """The command of a pip that works for an interpreter; None if there is none."""
    own = Path(sys.executable)
    base = Path(getattr(sys, "_base_executable", sys.executable))
    for runner in dict.fromkeys((python, own, base)):
        command = [str(runner), "-m", "pip"]
        if _succeeds([*command, "--version"]):
            return command if runner == python else [*command, "--python", str(python)]
    return None


def download(wanted: Sequence[Wanted], into: Path, *, python: Path) -> Downloaded:
    """Fetch wheels from the index; each that comes is then a file in ``into``. What it does not have is left out.

    Args:
        wanted: all with hashes, or all without.
    """
    pip = pip_for(python)
    if pip is None:
        return Downloaded(addresses={}, problem="there is no pip here to ask an index with")
    left = list(wanted)
    while left:
        done = _pip_download(pip, left, into)
        if done.returncode == 0:
            break
        if _UNREACHABLE.search(done.stderr) or done.stderr == _LATE:
            return Downloaded(addresses={}, problem="the index does not answer")
        gone = {normalised(name) for name in _NOT_THERE.findall(done.stderr)} & {each.name for each in left}
        if not gone:
            # one that is refused for another reason (a hash, a damaged file) must not cost the others
            left = [each for each in left if _pip_download(pip, [each], into).returncode == 0]
            break
        left = [each for each in left if each.name not in gone]
    came = {parsed.name for path in into.glob("*.whl") if (parsed := parse_wheel_name(path.name))}
    addresses = _addresses(pip, [each for each in left if each.name in came])
    return Downloaded(addresses={name: addresses.get(name, "") for name in sorted(came)})


def build_wheel(folder: Path, name: str, into: Path, *, python: Path) -> Path:
    """The wheel of a working folder, built with what is installed; raises `NotLockableError` if that fails."""
    pip = pip_for(python)
    fix = f"Build a wheel of {folder} with its own tool, install that, and freeze again."
    if pip is None:
        raise NotLockableError(f"{name} is an editable install, and there is no pip to build it", fix=fix)
    before = set(into.glob("*.whl"))
    command = [
        *pip,
        "wheel",
        "--no-deps",
        "--no-build-isolation",
        "--no-index",
        "--quiet",
        "-w",
        str(into),
        str(folder),
    ]
    done = _finished(command)
    made = sorted(set(into.glob("*.whl")) - before)
    if done.returncode or len(made) != 1:
        raise NotLockableError(
            f"{name} is an editable install of {folder}, and no wheel can be built of it: {_last(done.stderr)}",
            fix=fix,
            at=str(folder),
        )
    return made[0]


def _pip_download(pip: list[str], wanted: Iterable[Wanted], into: Path) -> subprocess.CompletedProcess[str]:
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
        file.write("".join(f"{each.line}\n" for each in wanted))
        file.flush()
        command = [
            *pip, "--disable-pip-version-check", "--retries", "1", "download", "--no-deps", "--only-binary", ":all:",
            "--quiet", "--dest", str(into), "-r", file.name,
        ]  # fmt: skip
        return _finished(command)


def _addresses(pip: list[str], wanted: Collection[Wanted]) -> dict[str, str]:
    """Where the index has the files: without credentials, and only where it is an address that others can use."""
    if not wanted:
        return {}
    with temporary_folder("wanted") as folder:
        report, lines = folder / "report.json", folder / "wanted.txt"
        lines.write_text("".join(f"{each.line}\n" for each in wanted), encoding="utf-8")
        command = [
            *pip, "--disable-pip-version-check", "--retries", "1", "install", "--dry-run", "--ignore-installed",
            "--no-deps", "--only-binary", ":all:", "--quiet", "--report", str(report), "-r", str(lines),
        ]  # fmt: skip
        done = _finished(command)
        if done.returncode:
            return {}
        found = {}
        for entry in json.loads(report.read_bytes())["install"]:
            url = str(entry["download_info"]["url"])
            if url.startswith("https://") and "@" not in url.split("/")[2]:
                found[normalised(str(entry["metadata"]["name"]))] = url
        return found


def _finished(command: list[str]) -> subprocess.CompletedProcess[str]:
    """What came of pip; one that does not end is stopped, and has failed."""
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=_PATIENCE)
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 1, "", _LATE)


def _succeeds(command: list[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False, timeout=60).returncode == 0
    except (OSError, subprocess.SubprocessError):
        return False


def _last(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "the build tool said nothing"
