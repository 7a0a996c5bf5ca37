"""Which paths the ignore files of a tree name, as Git understands them: nested files, ``!``, ``**``, folders.

Git is compared with on random trees. Its rules, in short: of one file the last pattern that matches decides; a file in
a deeper folder decides before one above; what is in an ignored folder is ignored, whatever else is said of it. A
pattern with a slash before its end stands for a path from the file's own folder on, one without for a name at any
depth; with one at its end it stands for folders only. Paths are bytes to Git, and so they are here: ``?`` is one byte.

Written here, since the libraries that do it (pathspec) are one more dependency for a hundred lines, and none reads
nested files.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

_CLASSES: Final = {
    b"alnum": rb"a-zA-Z0-9",
    b"alpha": rb"a-zA-Z",
    b"blank": rb" \t",
    b"cntrl": rb"\x00-\x1f\x7f",
    b"digit": rb"0-9",
    b"graph": rb"\x21-\x7e",
    b"lower": rb"a-z",
    b"print": rb"\x20-\x7e",
    b"punct": rb"\x21-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e",
    b"space": rb" \t\n\r",
    b"upper": rb"A-Z",
    b"xdigit": rb"0-9a-fA-F",
}
_SPECIAL: Final = re.compile(rb"[*?\[\\]")
_NOTHING: Final = rb"(?!)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One pattern of an ignore file.

    ``path`` says whether it is matched against the path from the file's folder on, or against the name alone.
    """

    pattern: re.Pattern[bytes]
    path: bool
    folders_only: bool
    takes_back: bool


class Ignored:
    """Whether a path of a tree is ignored.

    Args:
        read: the content of the ignore file in a folder, given relative to the tree's root (``""`` is the root);
            empty where there is none. It is asked once for each folder.
    """

    def __init__(self, read: Callable[[str], bytes]) -> None:
        self._read = read
        self._rules: dict[str, tuple[Rule, ...]] = {}
        self._folders: dict[str, bool] = {"": False}

    def __call__(self, path: str, *, folder: bool) -> bool:
        """Whether ``path``, relative to the root and with ``/``, is ignored, by itself or with a folder above it."""
        if folder:
            return self._folder(path)
        return self._folder(path.rpartition("/")[0]) or self._is_named(path, folder=False)

    def _folder(self, path: str) -> bool:
        known = self._folders.get(path)
        if known is None:
            known = self._folder(path.rpartition("/")[0]) or self._is_named(path, folder=True)
            self._folders[path] = known
        return known

    def _is_named(self, path: str, *, folder: bool) -> bool:
        above = path
        name = os.fsencode(path.rpartition("/")[2])
        while above:
            above = above.rpartition("/")[0]
            rules = self._rules.get(above)
            if rules is None:
                rules = self._rules[above] = parse_rules(self._read(above))
            if rules:
                inside = os.fsencode(path[len(above) + 1 :] if above else path)
                for rule in reversed(rules):
                    if (folder or not rule.folders_only) and rule.pattern.fullmatch(inside if rule.path else name):
                        return not rule.takes_back
        return False


def parse_rules(content: bytes) -> tuple[Rule, ...]:
    """The patterns of an ignore file, in order."""
    lines = content.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    return tuple(rule for line in lines if (rule := _parse(line.removesuffix(b"\r"))))


def _parse(line: bytes) -> Rule | None:
    text = _without_trailing_spaces(line)
    if not text or text.startswith(b"#"):
        return None
    takes_back = text.startswith(b"!")
    text = text[1:] if takes_back else text
    folders_only = text.endswith(b"/")
    text = text[:-1] if folders_only else text
    path = b"/" in text
    return Rule(
        pattern=re.compile(_translated(text.removeprefix(b"/") if path else text, path=path), re.DOTALL),
        path=path,
        folders_only=folders_only,
        takes_back=takes_back,
    )


def _without_trailing_spaces(line: bytes) -> bytes:
    """The line without the spaces at its end; one behind a backslash stays, and all before it."""
    end = len(line)
    while end and line[end - 1 : end] == b" ":
        end -= 1
    backslashes = end - len(line[:end].rstrip(b"\\"))
    return line[: end + 1] if backslashes % 2 and end < len(line) else line[:end]


def _translated(text: bytes, *, path: bool) -> bytes:
    """A glob as a regular expression; one that is malformed matches nothing, as with Git."""
    try:
        return b"".join(_pieces(text, path=path)) if text else _NOTHING
    except ValueError:
        return _NOTHING


def _pieces(text: bytes, *, path: bool) -> Iterator[bytes]:
    at = 0
    while at < len(text):
        character = text[at : at + 1]
        if character == b"*":
            stars = len(text[at:]) - len(text[at:].lstrip(b"*"))
            piece, taken = _stars(text, at, stars, path=path)
            yield piece
            at += taken
        elif character == b"?":
            yield rb"[^/]"
            at += 1
        elif character == b"[":
            piece, at = _bracket(text, at)
            yield piece
        elif character == b"\\":
            if at + 1 == len(text):
                raise ValueError("a backslash at the end")
            yield re.escape(text[at + 1 : at + 2])
            at += 2
        else:
            yield re.escape(character)
            at += 1


def _stars(text: bytes, at: int, stars: int, *, path: bool) -> tuple[bytes, int]:
    """The expression for some stars, and how much of the text it stands for."""
    behind = text[at + stars :]
    # Git cuts off what is plain before it looks at the rest, so ``foo**/bar`` begins with two stars to it.
    begins = at == 0 or text[at - 1 : at] == b"/" or not _SPECIAL.search(text[:at])
    if not (path and stars > 1 and begins and (not behind or behind.startswith((b"/", rb"\/")))):
        return rb"[^/]*", stars
    if behind.startswith(b"/"):
        return rb"(?:.*/)?", stars + 1
    return rb".*", stars


def _bracket(text: bytes, at: int) -> tuple[bytes, int]:
    """The expression for a ``[…]`` that starts at ``at``, and where it ends; raises `ValueError` if it does not."""
    at += 1
    negated = text[at : at + 1] in (b"!", b"^")
    at += negated
    ranges: list[bytes] = []
    previous: int | None = None
    first = True
    while first or text[at : at + 1] != b"]":
        first = False
        if at >= len(text):
            raise ValueError("a bracket that does not end")
        if text.startswith(b"[:", at) and (end := text.find(b"]", at + 3)) != -1 and text[end - 1 : end] == b":":
            name = text[at + 2 : end - 1]
            if name not in _CLASSES:
                raise ValueError("a class that there is not")
            ranges.append(_CLASSES[name])
            previous, at = None, end + 1
        elif text[at : at + 1] == b"-" and previous is not None and text[at + 1 : at + 2] not in (b"", b"]"):
            last, at = _member(text, at + 1)
            if previous <= last:
                ranges.append(b"\\x%02x-\\x%02x" % (previous, last))
            previous = None
        else:
            previous, at = _member(text, at)
            ranges.append(b"\\x%02x" % previous)
    return rb"(?!/)[%s%s]" % (b"^" if negated else b"", b"".join(ranges)), at + 1


def _member(text: bytes, at: int) -> tuple[int, int]:
    """A character of a bracket, and where the next begins."""
    if text[at : at + 1] == b"\\":
        at += 1
    if at >= len(text):
        raise ValueError("a bracket that does not end")
    return text[at], at + 1
