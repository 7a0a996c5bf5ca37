"""What Git says of a project: its files, the commit, the branch, and how the working tree differs from the commit.

A command of Git costs 2 ms, most of it to start. Two are needed, the list and the difference, and they run at the same
time. The commit and the branch are read from ``HEAD`` and the file that it names, where that is a plain case; Git is
asked in every other (no commit yet, another form of storage).

The variables by which Git is pointed at another repository (``GIT_DIR``, set in its hooks) are not handed on: the
repository is the one that the project lies in. Nothing is locked, so that a commit made meanwhile does not fail.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from trimtab.base.digest import Digest
from trimtab.base.errors import DriverError

LARGEST_DIFFERENCE: Final = 1 << 20
"""Bytes; of a larger one the digest alone is kept."""

_CHUNK: Final = 1 << 16
_OBJECT: Final = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_BRANCH: Final = "refs/heads/"
_HANDED_ON: Final = re.compile(r"GIT_CONFIG_(GLOBAL|SYSTEM|NOSYSTEM|COUNT|KEY_\d+|VALUE_\d+)")
_LIST: Final = ("ls-files", "-z", "--cached", "--others", "--exclude-standard")
_DIFF: Final = (
    "-c", "core.quotePath=true", "-c", "core.compression=-1", "-c", "diff.interHunkContext=0",
    "diff", "--raw", "-z", "--patch", "--relative", "--binary", "--full-index", "--unified=3", "--no-renames",
    "--diff-algorithm=myers", "--indent-heuristic", "--src-prefix=a/", "--dst-prefix=b/", "--submodule=short",
    "--ignore-submodules=untracked", "-O/dev/null", "--no-color", "--no-ext-diff", "--no-textconv",
)  # fmt: skip
"""All that a person's settings could change is said, so that one difference has one digest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What is checked out; no commit before the first one, no branch where HEAD is detached."""

    commit: str | None
    branch: str | None


NO_HEAD: Final = Head(commit=None, branch=None)
"""Where there is no Git."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """How the working tree differs from the commit, as a patch of files below the project.

    Attributes:
        names: the files that differ, relative to the project.
        patch: the patch; None if it is larger than 1 MiB.
    """

    digest: Digest
    size: int
    names: tuple[str, ...]
    patch: bytes | None


class Repository:
    """The repository around a project, being read; use it as a context manager, which ends what it started.

    Args:
        root: the project's folder, resolved.
        head: what is checked out.
        difference: whether `difference` is going to be asked for.
    """

    def __init__(self, root: Path, head: Head, *, difference: bool) -> None:
        self.root = root
        self.head = head
        self._list = _Git(root, _LIST)
        self._diff = _Git(root, (*_DIFF, head.commit, "--", ".")) if difference and head.commit else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._list.end()
        if self._diff is not None:
            self._diff.end()

    def files(self) -> list[str]:
        """Paths of tracked files, and of new ones that are not ignored, relative to the project, sorted.

        Raises:
            DriverError: Git refuses.
        """
        listed = b"".join(self._list.pieces())
        return sorted({os.fsdecode(name) for name in listed.split(b"\0") if name})

    def difference(self) -> Difference | None:
        """How the working tree differs from the commit; None if it does not, or there is no commit.

        Raises:
            DriverError: Git refuses.
        """
        if self._diff is None:
            return None
        head, patch, state, size = b"", bytearray(), hashlib.sha256(), 0
        begun = False
        for piece in self._diff.pieces():
            head, middle, rest = (head, b"", piece) if begun else (head + piece).partition(b"\0\0")
            begun = begun or bool(middle)  # behind the last name; what follows is the patch
            state.update(rest)
            size += len(rest)
            if size <= LARGEST_DIFFERENCE:
                patch += rest
        if not head:
            return None
        names = tuple(os.fsdecode(name) for name in head.split(b"\0")[1::2])
        kept = bytes(patch) if size <= LARGEST_DIFFERENCE else None
        return Difference(digest=Digest("sha256:" + state.hexdigest()), size=size, names=names, patch=kept)


def open_repository(root: Path, *, difference: bool) -> Repository | None:
    """The repository that the project (its folder, resolved) lies in; None if there is none, or no Git.

    Raises:
        DriverError: Git refuses.
    """
    marks = (parent / ".git" for parent in (root, *root.parents))
    mark = next((mark for mark in marks if os.path.lexists(mark)), None)
    if mark is None:
        return None
    try:
        return Repository(root, _read_head(mark) or _ask_for_head(root), difference=difference)
    except FileNotFoundError:
        return None


# ── what is checked out ──────────────────────────────────────────────────────────────────────────────────────────────


def _read_head(mark: Path) -> Head | None:
    """What ``.git`` says is checked out, where that is plain to see; None where Git has to be asked."""
    try:
        folder = mark if mark.is_dir() else mark.parent / _text(mark).removeprefix("gitdir: ")
        common = folder / _text(folder / "commondir") if (folder / "commondir").exists() else folder
        if not ((common / "objects").is_dir() and (common / "refs").is_dir()) or (folder / "HEAD").is_symlink():
            return None
        said = _text(folder / "HEAD")
        if _OBJECT.fullmatch(said):
            return Head(commit=said, branch=None)
        reference = said.removeprefix("ref: ")
        if not reference.startswith(_BRANCH):
            return None
        commit = _commit_of(common, reference)
    except (OSError, UnicodeDecodeError):
        return None
    return Head(commit=commit, branch=reference.removeprefix(_BRANCH)) if _OBJECT.fullmatch(commit) else None


def _commit_of(common: Path, reference: str) -> str:
    """The object that a reference names, in its own file or among the packed ones; empty if it is in neither."""
    try:
        return _text(common / reference)
    except FileNotFoundError:
        ending = f" {reference}"
        packed = (common / "packed-refs").read_text(encoding="utf-8").splitlines()
        return next((line.removesuffix(ending) for line in packed if line.endswith(ending)), "")


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8").strip()


def _ask_for_head(root: Path) -> Head:
    reference = _answer(root, "symbolic-ref", "--quiet", "HEAD")
    return Head(
        commit=_answer(root, "rev-parse", "--verify", "--quiet", "HEAD") or None,
        branch=reference.removeprefix(_BRANCH) or None,
    )


def _answer(root: Path, *arguments: str) -> str:
    """What Git says in one line; empty if it has nothing to say."""
    command = ["git", "-C", str(root), *arguments]
    done = subprocess.run(command, env=_surroundings(), stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return os.fsdecode(done.stdout).strip()


# ── commands ─────────────────────────────────────────────────────────────────────────────────────────────────────────


class _Git:
    """One command of Git, started at once and read later."""

    def __init__(self, root: Path, arguments: tuple[str, ...]) -> None:
        self._root = root
        self._command = ["git", "-C", str(root), *arguments]
        self._process = subprocess.Popen(
            self._command,
            env=_surroundings(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,  # a read gives what is there
        )

    def pieces(self) -> Iterator[bytes]:
        """What it writes, as it comes; raises `DriverError` behind the last piece if it failed."""
        output = self._process.stdout
        while output is not None and (piece := output.read(_CHUNK)):
            yield piece
        if self._process.wait():
            self._refuse()

    def end(self) -> None:
        """Ends it, if nobody waited for it."""
        if self._process.stdout is not None:
            self._process.stdout.close()
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def _refuse(self) -> None:
        """Raises what Git says, which it is asked for once more."""
        done = subprocess.run(
            self._command, env=_surroundings(), stdin=subprocess.DEVNULL, capture_output=True, check=False
        )
        said = done.stderr.decode(errors="replace").strip().partition("\n")[0] or f"exit code {done.returncode}"
        raise DriverError(
            f"Git does not say which files belong to the project: {said}",
            fix=f"`git -C {self._root} status` must work; correct what it says.",
        )


def _surroundings() -> dict[str, str]:
    """The environment of a command of Git."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith("GIT_") or _HANDED_ON.fullmatch(name)
    }
    return kept | {"GIT_OPTIONAL_LOCKS": "0"}
