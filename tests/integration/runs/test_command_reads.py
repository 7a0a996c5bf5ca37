"""The order of commands agrees with the files that pathlib finds for what they read."""

from __future__ import annotations

from itertools import product
from pathlib import Path

from tests.property.test_command_order import NAMES, SIGNS, hang_together, is_read

PATHS = ["/".join(names) for depth in (1, 2) for names in product(NAMES, repeat=depth)]
PATTERNS = ["/".join(parts) for depth in (1, 2) for parts in product(NAMES + SIGNS, repeat=depth)]


def found(root: Path, pattern: str) -> set[str]:
    """The files that are read for a pattern: those that it matches, and those in folders that it matches."""
    read = [path for each in root.glob(pattern) for path in ([each] if each.is_file() else each.rglob("*"))]
    return {path.relative_to(root).as_posix() for path in read if path.is_file()}


def test_what_pathlib_finds_is_what_makes_an_order(tmp_path: Path) -> None:
    for path in PATHS:
        root = tmp_path / path.replace("/", "-")
        (root / path).parent.mkdir(parents=True)
        (root / path).write_text("")
        for pattern in PATTERNS:
            is_found = path in found(root, pattern)
            assert is_found == is_read(pattern, path), (pattern, path)
            assert hang_together(pattern, path) or not is_found, (pattern, path)
