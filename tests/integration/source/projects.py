"""Projects on the disk, with Git and without."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path


def write(root: Path, name: str, content: str | bytes = "") -> Path:
    """A file below ``root``, with its folders."""
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def git(root: Path, *arguments: str) -> str:
    """What a command of Git prints, by a person who is not the one that runs the tests."""
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false"]
    surroundings = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    command = ["git", *identity, *arguments]
    return subprocess.run(command, cwd=root, env=surroundings, check=True, capture_output=True, text=True).stdout


def commit_all(root: Path, *, branch: str = "main") -> str:
    """The commit of all files of a new repository."""
    git(root, "init", "--quiet", f"--initial-branch={branch}")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "first")
    return git(root, "rev-parse", "HEAD").strip()
