"""The ignore files of a tree mean to us what they mean to Git."""

from __future__ import annotations

import os
import random
import subprocess
from pathlib import Path

import pytest

from tests.integration.source.projects import git, write
from trimtab.base.errors import DriverError
from trimtab.drivers.source_snapshot.walking import ignored_by, walk

NAMES = (
    "a",
    "b",
    "ab",
    "foo",
    "foobar",
    "bar",
    "x.py",
    "y.log",
    "[z]",
    "a b",
    "q ",
    "ü",
    "!n",
    "#h",
    "back\\slash",
    ".d",
)
PIECES = (
    "a", "b", "foo", "bar", "*", "**", "?", "*.py", "*.log", "[ab]", "[!a]*", "[^b]", "[a-f]*", "[]]", "[[:alpha:]]*",
    "[[:upper:]]", "[[:digit:][:alpha:]]b", "[z", "[z-a]", "[a-]", "[[:no:]]", "[[:]", "\\*", "\\[z\\]", "a*b", "fo*",
    "*o*", "**bar", "a**b", "***", "\\", "q\\ ", "ü", "??", ".*", "x.??", "!", "[\\a]*", "f[!/]o", "[a/]b", "a\\b",
    "foo**",
)  # fmt: skip


def pattern(chance: random.Random) -> str:
    parts = chance.choices(PIECES, k=chance.choice((1, 1, 1, 2, 2, 3)))
    head = chance.choice(("", "", "", "!", "!", "/", "!/", "\\!", "\\#", "#"))
    return head + "/".join(parts) + chance.choice(("", "", "", "/", "/", " ", "  ", "\\ ", "\\\\ ", "\r", "/**", "\t"))


def tree(root: Path, chance: random.Random, depth: int = 0) -> None:
    root.mkdir(exist_ok=True)
    for name in chance.sample(NAMES, chance.randint(2, 7)):
        if depth < 3 and chance.random() < 0.5:
            tree(root / name, chance, depth + 1)
        else:
            write(root, name, "x")
    if depth == 0 or chance.random() < 0.4:
        lines = [pattern(chance) for _ in range(chance.randint(1, 6))]
        bom = chance.choice(("", "", "\ufeff"))
        write(root, ".gitignore", bom + "\n".join(lines) + chance.choice(("", "\n")))


def ignored_by_git(root: Path, paths: list[str]) -> set[str]:
    """Those of the paths that `git check-ignore` names, in a repository without any files of its own."""
    done = subprocess.run(
        ["git", "-c", "core.excludesFile=/dev/null", "check-ignore", "-z", "--no-index", "--stdin"],
        cwd=root,
        input=b"\0".join(os.fsencode(path) for path in paths),
        capture_output=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    return {os.fsdecode(path) for path in done.stdout.split(b"\0") if path}


@pytest.mark.parametrize("seed", range(60))
def test_random_trees_are_ignored_as_git_ignores_them(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    root = tmp_path / "tree"
    tree(root, chance)
    git(root, "init", "--quiet")
    paths = [path.relative_to(root).as_posix() for path in root.rglob("*") if ".git" not in path.parts]
    ignored = ignored_by(root, ".gitignore")
    ours = {path for path in paths if ignored(path, folder=(root / path).is_dir())}
    assert ours == ignored_by_git(root, paths), {
        str(file.relative_to(root)): file.read_text().splitlines() for file in root.rglob(".gitignore")
    }


@pytest.mark.parametrize("seed", range(20))
def test_the_walk_finds_the_files_that_git_would_add(tmp_path: Path, seed: int) -> None:
    root = tmp_path / "tree"
    tree(root, random.Random(1_000 + seed))
    found = walk(root)
    git(root, "init", "--quiet")
    listed = git(root, "-c", "core.excludesFile=/dev/null", "ls-files", "-z", "--others", "--exclude-standard")
    assert found == sorted(name for name in listed.split("\0") if name)


def test_an_ignore_file_that_is_a_link_is_none(tmp_path: Path) -> None:
    write(tmp_path, "rules", "*.py\n")
    write(tmp_path, "tree/a.py", "")
    (tmp_path / "tree/.gitignore").symlink_to(tmp_path / "rules")
    assert walk(tmp_path / "tree") == [".gitignore", "a.py"]


def test_a_folder_that_cannot_be_read_is_an_error_and_not_an_empty_one(tmp_path: Path) -> None:
    with pytest.raises(DriverError, match="cannot read"):
        walk(tmp_path / "missing")
