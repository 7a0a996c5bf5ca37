"""Versions and what is asked of them: PEP 440's order, its one spelling of a version, and its specifiers.

Locks spell a version as their tool likes (``1.0.RC1``, ``1.0rc1``), and a lock is only worth something if the two are
one. The reference implementation (``packaging``) would be one more distribution in every environment that is rebuilt.
"""

from __future__ import annotations

import re
from typing import Final

_VERSION: Final = re.compile(
    r"""\s*v?(?:(?P<epoch>\d+)!)?(?P<release>\d+(?:\.\d+)*)
    (?:[-_.]?(?P<pre>alpha|beta|preview|pre|rc|a|b|c)[-_.]?(?P<pre_n>\d*))?
    (?:-(?P<post_bare>\d+)|[-_.]?(?P<post>post|rev|r)[-_.]?(?P<post_n>\d*))?
    (?:[-_.]?(?P<dev>dev)[-_.]?(?P<dev_n>\d*))?
    (?:\+(?P<local>[a-z0-9]+(?:[-_.][a-z0-9]+)*))?\s*""",
    re.VERBOSE | re.IGNORECASE,
)
_CLAUSE: Final = re.compile(r"\s*(===|==|~=|!=|<=|>=|<|>)\s*([^\s,]+)\s*")
_PRE: Final = {"alpha": "a", "beta": "b", "c": "rc", "pre": "rc", "preview": "rc"}

_Key = tuple[int, tuple[int, ...], tuple[int, str, int], int, tuple[int, int], tuple[tuple[int, int, str], ...]]


def canonical_version(text: str) -> str:
    """A version in the one spelling that PEP 440 gives it, without trailing zeros; as it is where it is no version."""
    found = _VERSION.fullmatch(text)
    if found is None:
        return text.strip()
    release = [int(part) for part in found["release"].split(".")]
    while len(release) > 1 and release[-1] == 0:
        release.pop()
    said = f"{int(found['epoch'])}!" if found["epoch"] and int(found["epoch"]) else ""
    said += ".".join(map(str, release))
    if found["pre"]:
        said += f"{_PRE.get(found['pre'].lower(), found['pre'].lower())}{int(found['pre_n'] or 0)}"
    if found["post_bare"] or found["post"]:
        said += f".post{int(found['post_bare'] or found['post_n'] or 0)}"
    if found["dev"]:
        said += f".dev{int(found['dev_n'] or 0)}"
    if found["local"]:
        said += "+" + re.sub("[-_]", ".", found["local"].lower())
    return said


def is_version(installed: str, locked: str, *, any_local: bool = False) -> bool:
    """Whether two spellings are of one version.

    Args:
        any_local: ``locked`` without a local part (``+cpu``) takes any, as ``==`` in a requirement does.
    """
    mine, other = canonical_version(installed), canonical_version(locked)
    if any_local and "+" not in other:
        mine = mine.partition("+")[0]
    return mine == other


def satisfies(version: str, specifiers: str) -> bool:
    """Whether a version is one of those that specifiers (``>=2.1,<3``) name; without any, each is.

    A pre-release counts like any other: what is asked about is installed or locked already, and somebody chose it.
    A specifier that is none is not satisfied.
    """
    for clause in specifiers.strip().strip("()").split(","):
        if not clause.strip():
            continue
        found = _CLAUSE.fullmatch(clause)
        if found is None or not _holds(version, found[1], found[2]):
            return False
    return True


def specifiers_of(requirement: str) -> str:
    """The specifiers of a requirement line: ``>=2.1,<3`` of ``numpy[x] >=2.1,<3; python_version > "3"``."""
    found = re.match(r"\s*[A-Za-z0-9._-]+\s*(?:\[[^\]]*\])?\s*([^;]*)", requirement)
    return found[1].strip().strip("()") if found else ""


def _holds(version: str, operator: str, wanted: str) -> bool:
    if operator == "===":
        return version.strip().lower() == wanted.lower()
    if wanted.endswith(".*") and operator in ("==", "!="):
        return _starts(version, wanted[:-2]) == (operator == "==")
    mine, other = _key(version.partition("+")[0] if "+" not in wanted else version), _key(wanted)
    if mine is None or other is None:
        return False
    if operator == "~=":
        numbers = wanted.rpartition("!")
        release = ".".join(_numbers(wanted)[:-1])
        return mine >= other and bool(release) and _starts(version, numbers[0] + numbers[1] + release)
    if operator == "<":
        # 2.0rc1 is before 2.0, and is not what somebody means who wants less than 2.0
        return mine < (other if other[2][0] == 0 or other[4][0] == 0 else _first(other))
    if operator == ">":
        return mine > other and not (mine[:3] == other[:3] and mine[3] >= 0 > other[3])
    return {"==": mine == other, "!=": mine != other, "<=": mine <= other, ">=": mine >= other}[operator]


def _starts(version: str, prefix: str) -> bool:
    mine, other = _key(version), _key(prefix)
    if mine is None or other is None:
        return False
    wanted = [int(part) for part in _numbers(prefix)]
    numbers = [int(part) for part in _numbers(version)]
    numbers += [0] * (len(wanted) - len(numbers))
    return mine[0] == other[0] and numbers[: len(wanted)] == wanted


def _numbers(version: str) -> list[str]:
    """The release's numbers, as written."""
    found = _VERSION.fullmatch(version)
    return found["release"].split(".") if found else []


def _first(key: _Key) -> _Key:
    """The first development version of a release: what is below it is below the release and all that led to it."""
    epoch, numbers, pre, post, _, _ = key
    return epoch, numbers, (-1, "", 0) if post < 0 else pre, post, (0, 0), ()


def _key(text: str) -> _Key | None:
    """What versions are ordered by; None for what is no version."""
    found = _VERSION.fullmatch(text)
    if found is None:
        return None
    numbers = [int(part) for part in found["release"].split(".")]
    while len(numbers) > 1 and numbers[-1] == 0:
        numbers.pop()
    post = int(found["post_bare"] or found["post_n"] or 0) if found["post_bare"] or found["post"] else -1
    if found["pre"]:
        pre = (0, _PRE.get(found["pre"].lower(), found["pre"].lower()), int(found["pre_n"] or 0))
    else:
        # a development version of 1.0 itself is before 1.0's pre-releases; 1.0 is behind them
        pre = (-1, "", 0) if found["dev"] and post < 0 else (1, "", 0)
    dev = (0, int(found["dev_n"] or 0)) if found["dev"] else (1, 0)
    local = tuple(
        (1, int(part), "") if part.isdigit() else (0, 0, part.lower())
        for part in re.split("[-_.]", found["local"] or "")
        if part
    )
    return int(found["epoch"] or 0), tuple(numbers), pre, post, dev, local
