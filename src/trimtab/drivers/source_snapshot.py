"""The project's source at one moment, kept by content, so that any run can be laid out and executed again.

Where there is Git, its list of files is taken (tracked, and new ones that are not ignored), and the commit with the
digest of what differs from it is recorded beside; elsewhere the folder is walked. Data does not belong to the source
and has a digest of its own, so large files are left out, and said to be. A file that looks like a credential stops
the snapshot: what is kept by content is kept for good.
"""

from __future__ import annotations

import os
import re
import stat
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath
from typing import Final

from trimtab.base.digest import Digest, digest_bytes
from trimtab.base.errors import DriverError, InputError, IntegrityError, ProblemsError, TrimtabError
from trimtab.records.ports import Blobs
from trimtab.records.source import SourceFile, SourceTree
from trimtab.records.versioned import decode, encode
from trimtab.spec.parse import PROJECT_FILE

LARGEST_FILE: Final = 1 << 20
"""Bytes; a larger file is data or a product, and is left out."""

LARGEST_TREE: Final = 64 << 20
"""Bytes of all files together; more is refused, since every run would keep them."""

_NEVER: Final = frozenset(
    {
        ".git",
        ".hg",
        ".trimtab",
        ".venv",
        "venv",
        "__pycache__",
        ".mypy_cache",
        ".pytest_cache",
        ".ruff_cache",
        "node_modules",
    }
)
_ENVIRONMENT_FILES: Final = re.compile(r"\.env(\.(?!example$|sample$|template$|dist$).*)?")
_KEY_FILES: Final = frozenset({"id_rsa", "id_dsa", "id_ecdsa", "id_ed25519"})
_CREDENTIALS: Final = (
    ("a private key", re.compile(rb"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----")),
    ("an AWS access key", re.compile(rb"(?<![A-Z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Z0-9])")),
    ("a GitHub token", re.compile(rb"(?<![A-Za-z0-9_])(?:gh[oprsu]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{60,})")),
    ("a Slack token", re.compile(rb"(?<![A-Za-z0-9])xox[abprs]-[A-Za-z0-9-]{20,}")),
    ("a Google API key", re.compile(rb"(?<![A-Za-z0-9_-])AIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])")),
)


class CredentialInSourceError(InputError):
    """A file of the project looks like a credential, and a snapshot would keep it for good."""

    code = "TT1321"


class SourceTooLargeError(InputError):
    """The files beside the project's code are too large to be kept with every run."""

    code = "TT1322"


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A kept source tree.

    Attributes:
        digest: names the tree; equal files give an equal digest, on any machine.
        files: their paths relative to the project, sorted.
        commit: the commit that was checked out; None outside Git and before the first commit.
        uncommitted: the digest of ``git diff HEAD`` below the project; None if there is no difference.
        left_out: path → why it is not part of the source: its size, or a link that leads out.
    """

    digest: Digest
    files: tuple[str, ...]
    commit: str | None = None
    uncommitted: Digest | None = None
    left_out: dict[str, str]

    def python_files(self, folder: Path) -> tuple[Path, ...]:
        """The Python files, below the folder where the tree is."""
        return tuple(folder / name for name in self.files if name.endswith(".py"))


def take_snapshot(folder: Path, blobs: Blobs, *, data: str = "") -> Snapshot:
    """The project's source as it is now, kept in ``blobs``.

    Args:
        data: the project's ``[data] source``; what it matches is not source, whatever its size.

    Raises:
        CredentialInSourceError: a file looks like a credential; a `ProblemsError` names them all if there are several.
        SourceTooLargeError: more than 64 MiB of files that are not left out.
        InputError: ``trimtab.toml`` itself is not among the files.
        DriverError: Git has a repository here and refuses to read it.
    """
    root = folder.resolve()
    listed, commit, uncommitted = _from_git(root) or (_walk(root), None, None)
    contents, left_out = _read(root, listed, data)
    _refuse(_problems(contents))
    files = {
        name: SourceFile(content=blobs.put(content), executable=os.access(root / name, os.X_OK))
        for name, content in sorted(contents.items())
    }
    digest = blobs.put(encode(SourceTree(files=files)))
    return Snapshot(digest=digest, files=tuple(files), commit=commit, uncommitted=uncommitted, left_out=left_out)


def look_at_source(folder: Path, *, data: str = "") -> tuple[frozenset[str], tuple[TrimtabError, ...]]:
    """The files that a snapshot would keep, and what would stop it; nothing is kept.

    Raises:
        DriverError: Git has a repository here and refuses to read it.
    """
    root = folder.resolve()
    found = _from_git(root)
    contents, _ = _read(root, found[0] if found else _walk(root), data)
    return frozenset(contents), tuple(_problems(contents))


def extract(digest: Digest, folder: Path, blobs: Blobs) -> Snapshot:
    """Lays a kept tree out in ``folder``, which must be empty or not there yet.

    Raises:
        NotFoundError, IntegrityError: the tree or a file of it is not kept here, or damaged, or leads outside.
        InputError: the folder holds something already.
    """
    tree = decode(SourceTree, blobs.get(digest), at=digest)
    if folder.exists() and any(folder.iterdir()):
        raise InputError(f"{folder} is not empty", fix="Lay the source out in a new folder.")
    for name, file in tree.files.items():
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts:
            raise IntegrityError(f"the source tree names a file outside itself: {name}", at=digest)
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(blobs.get(file.content))
        if file.executable:
            target.chmod(target.stat().st_mode | stat.S_IXUSR)
    return Snapshot(digest=digest, files=tuple(tree.files), left_out={})


# ── which files ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _from_git(root: Path) -> tuple[list[str], str | None, Digest | None] | None:
    """Files, commit and difference by Git; None without Git or a repository, or where that ignores the folder."""
    if not any((parent / ".git").exists() for parent in (root, *root.parents)):
        return None
    try:
        listed = _git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    except FileNotFoundError:
        return None
    names = [os.fsdecode(name) for name in listed.split(b"\0") if name]
    if not names:  # a folder that a surrounding repository ignores is nobody's source but the project's own
        return None
    if _git(root, "rev-parse", "--verify", "--quiet", "HEAD", may_fail=True) == b"":
        return sorted(set(names)), None, None
    commit = _git(root, "rev-parse", "HEAD").decode().strip()
    difference = _git(root, "diff", "HEAD", "--binary", "--no-color", "--no-ext-diff", "--no-textconv", "--", ".")
    return sorted(set(names)), commit, digest_bytes(difference) if difference else None


def _git(root: Path, *arguments: str, may_fail: bool = False) -> bytes:
    surroundings = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    done = subprocess.run(
        ["git", "-C", str(root), *arguments],
        env=surroundings,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    if done.returncode and not may_fail:
        said = done.stderr.decode(errors="replace").strip().partition("\n")[0] or f"exit code {done.returncode}"
        raise DriverError(
            f"Git does not say which files belong to the project: {said}",
            fix=f"`git -C {root} status` must work; correct what it says.",
        )
    return done.stdout


def _walk(root: Path) -> list[str]:
    """All files below, but for what no source is made of and what the project's own ``.gitignore`` names."""
    ignored = _ignored_by(root / ".gitignore")
    found = []
    for folder, folders, names in os.walk(root):
        inside = Path(folder).relative_to(root)
        folders[:] = sorted(
            name for name in folders if name not in _NEVER and not ignored((inside / name).as_posix(), folder=True)
        )
        found += [path for name in names if not ignored(path := (inside / name).as_posix(), folder=False)]
    return sorted(found)


class _Ignored:
    """The patterns of one ``.gitignore``, without those that take others back: enough where Git is not used."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._patterns = [line.strip() for line in lines if line.strip() and not line.startswith(("#", "!"))]

    def __call__(self, path: str, *, folder: bool) -> bool:
        return any(self._matches(pattern, path, folder=folder) for pattern in self._patterns)

    def _matches(self, pattern: str, path: str, *, folder: bool) -> bool:
        if pattern.endswith("/") and not folder:
            return False
        bare = pattern.rstrip("/")
        if "/" in bare:
            return fnmatch(path, bare.lstrip("/"))
        return fnmatch(PurePosixPath(path).name, bare)


def _ignored_by(file: Path) -> _Ignored:
    return _Ignored(file.read_text(encoding="utf-8").splitlines() if file.is_file() else ())


def _read(root: Path, listed: Iterable[str], data: str) -> tuple[dict[str, bytes], dict[str, str]]:
    """The content of each file, and why the others have none."""
    contents: dict[str, bytes] = {}
    left_out: dict[str, str] = {}
    for name in listed:
        path = root / name
        if not _NEVER.isdisjoint(PurePosixPath(name).parts) or name.endswith(".pyc"):
            continue
        if data and fnmatch(name, data):
            left_out[name] = "the project's data, which has a digest of its own"
        elif path.is_symlink() and not path.resolve().is_relative_to(root):
            left_out[name] = "a link that leads out of the project"
        elif path.is_dir():
            left_out[name] = "a repository of its own, or a link to a folder"
        elif path.is_file():  # a file that Git knows may have been deleted
            size = path.stat().st_size
            if size > LARGEST_FILE:
                left_out[name] = f"{size / (1 << 20):.1f} MiB; over 1 MiB counts as data"
            else:
                contents[name] = path.read_bytes()
    return contents, left_out


# ── what stops a snapshot ────────────────────────────────────────────────────────────────────────────────────────────


def _refuse(problems: list[TrimtabError]) -> None:
    if len(problems) == 1:
        raise problems[0]
    if problems:
        raise ProblemsError(tuple(problems), fix="Every run keeps the source.")


def _problems(contents: dict[str, bytes]) -> list[TrimtabError]:
    found: list[TrimtabError] = []
    for name, content in contents.items():
        for what, place in _credentials_in(name, content):
            fix = "Take it out of the project, or name it in .gitignore; if it was ever shared, replace the credential."
            found.append(CredentialInSourceError(f"this looks like {what}", fix=fix, at=place))
    if PROJECT_FILE not in contents:
        fix = "Without it the source cannot be run again: make sure that it is there and not named in .gitignore."
        found.append(InputError(f"{PROJECT_FILE} is not part of the project's source", fix=fix))
    return [*found, *_bulk(contents)]


def _credentials_in(name: str, content: bytes) -> Iterator[tuple[str, str]]:
    """What a file holds that looks like a credential, with ``file:line``; the credential itself is not repeated."""
    bare = PurePosixPath(name).name
    if _ENVIRONMENT_FILES.fullmatch(bare):
        yield "a file of environment variables, which is where secrets are kept", name
    elif bare in _KEY_FILES:
        yield "a private key", name
    for what, pattern in _CREDENTIALS:
        if match := pattern.search(content):
            line = content.count(b"\n", 0, match.start()) + 1
            yield what, f"{name}:{line}"


def _bulk(contents: dict[str, bytes]) -> Iterator[TrimtabError]:
    total = sum(len(content) for content in contents.values())
    if total <= LARGEST_TREE:
        return
    weights: dict[str, int] = {}
    for name, content in contents.items():
        top = PurePosixPath(name).parts[0]
        weights[top] = weights.get(top, 0) + len(content)
    heaviest = max(weights, key=lambda top: weights[top])
    yield SourceTooLargeError(
        f"the project's source is {total >> 20} MiB, most of it in {heaviest}, and every run would keep it",
        fix=f"Name what is not source in .gitignore, for example {heaviest}/.",
    )
