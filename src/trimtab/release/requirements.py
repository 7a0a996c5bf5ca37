"""Requirement lines and lock files: which pins hold for an interpreter, and what differs from them.

As much of PEP 508 as metadata and locks use: names, extras, exact pins and environment markers. The reference
implementation (``packaging``) would be one more distribution in every environment that serves a model, and pins
decide whether one may; so the base install stays free of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from trimtab.base.errors import InputError

_LINE: Final = re.compile(
    r"(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[(?P<extras>[^\]]*)\])?\s*(?P<spec>[^;]*?)\s*(?:;\s*(?P<marker>.*))?"
)
_PIN: Final = re.compile(r"===?\s*(?P<version>[A-Za-z0-9.!+_-]+)")
_TOKEN: Final = re.compile(
    r"""\s*(?:(?P<text>'[^']*'|"[^"]*")|(?P<op>===|==|~=|!=|<=|>=|<|>|not\s+in\b|in\b)|(?P<word>[A-Za-z_.]+)|(?P<bracket>[()]))"""
)
_VERSION: Final = re.compile(r"\d+(?:\.\d+)*")
_ELSEWHERE: Final = ("-r", "--requirement", "-c", "--constraint", "-e", "--editable")


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """One requirement: a normalised name, what it pins the version to (empty if to nothing exact), and its marker."""

    name: str
    extras: tuple[str, ...]
    pin: str
    marker: str


def normalised(name: str) -> str:
    """A distribution's name in the one form in which names are compared (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def parse_requirement(line: str, *, at: str = "") -> Requirement:
    """One requirement from its line; raises `InputError` if it is none."""
    found = _LINE.fullmatch(line.strip())
    if found is None:
        raise InputError(f"{line.strip()!r} is not a requirement", fix="Write name==version.", at=at)
    pin = _PIN.fullmatch(found["spec"].strip("() "))
    extras = tuple(normalised(extra.strip()) for extra in (found["extras"] or "").split(",") if extra.strip())
    version = pin["version"] if pin else ""
    return Requirement(
        name=normalised(found["name"]), extras=extras, pin=version, marker=(found["marker"] or "").strip()
    )


def holds(marker: str, variables: Mapping[str, str]) -> bool:
    """Whether an environment marker is true; an empty one is.

    Args:
        variables: ``python_version``, ``sys_platform`` … as PEP 508 names them, and ``extra`` where one was asked for.

    Raises:
        InputError: it is no marker.
    """
    if not marker:
        return True
    parser = _Marker(marker, variables)
    value = parser.either()
    if not parser.done:
        raise parser.wrong()
    return value


def lock_difference(
    text: str,
    installed: Mapping[str, str],
    variables: Mapping[str, str],
    *,
    used: Mapping[str, str] | None = None,
    at: str = "",
) -> tuple[str, ...]:
    """How what is installed differs from a requirements lock, a sentence for each difference; empty if it does not.

    Args:
        text: the lock file: ``name==version`` lines, with markers, hashes and comments.
        installed: distribution → version of this environment.
        variables: this environment's marker variables.
        used: distributions that the project's code loads; one that the lock does not pin is a difference too.

    Raises:
        InputError: a line does not pin an exact version, or refers to another file.
    """
    pins: dict[str, str] = {}
    for place, line in _lines(text):
        requirement = parse_requirement(line, at=f"{at}:{place}" if at else f"line {place}")
        if not requirement.pin:
            raise InputError(
                f"{requirement.name} is not pinned to one version",
                fix="Lock with a tool that pins everything, for example uv pip compile or pip-compile.",
                at=f"{at}:{place}" if at else f"line {place}",
            )
        if holds(requirement.marker, variables):
            pins[requirement.name] = requirement.pin
    differences = []
    for name, version in sorted(pins.items()):
        here = installed.get(name)
        if here is None:
            differences.append(f"{name} is not installed, {version} in the lock")
        elif not same_version(here, version):
            differences.append(f"{name} {here} is installed, {version} in the lock")
    differences += [
        f"{name} {version} is used and not in the lock"
        for name, version in sorted((used or {}).items())
        if name not in pins
    ]
    return tuple(differences)


def same_version(installed: str, pinned: str) -> bool:
    """Whether an installed version is the pinned one; a pin without a local part (``+cpu``) takes any local part."""
    if "+" not in pinned:
        installed = installed.partition("+")[0]
    if _VERSION.fullmatch(installed) and _VERSION.fullmatch(pinned):
        return _numbers(installed) == _numbers(pinned)
    return installed == pinned


def _numbers(version: str) -> tuple[int, ...]:
    numbers = [int(part) for part in version.split(".")]
    while len(numbers) > 1 and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Line number and requirement of each line of a lock, without hashes, comments and the installer's options."""
    whole, start = "", 0
    for place, line in enumerate(text.splitlines(), start=1):
        bare = re.sub(r"(^|\s)#.*$", "", line).strip()
        start = start if whole else place
        whole += bare.removesuffix("\\") + " "
        if bare.endswith("\\"):
            continue
        requirement = re.split(r"\s--(?:hash|config-settings)\b", whole)[0].strip()
        whole = ""
        if requirement.startswith(_ELSEWHERE):
            raise InputError(
                f"the lock refers to another file or folder: {requirement!r}",
                fix="Compile one flat lock that names every version.",
                at=f"line {start}",
            )
        if requirement and not requirement.startswith("-"):
            yield start, requirement


class _Marker:
    """A recursive descent through PEP 508's marker grammar, evaluating as it goes."""

    def __init__(self, text: str, variables: Mapping[str, str]) -> None:
        self._text = text
        self._place = 0
        self._variables = variables

    @property
    def done(self) -> bool:
        return not self._text[self._place :].strip()

    def either(self) -> bool:
        value = self._both()
        while self._word("or"):
            # no short cut: the rest has to be read in any case
            value = self._both() or value
        return value

    def _both(self) -> bool:
        value = self._one()
        while self._word("and"):
            value = self._one() and value
        return value

    def _one(self) -> bool:
        if self._next("bracket", "("):
            value = self.either()
            if not self._next("bracket", ")"):
                raise self.wrong()
            return value
        left, extra = self._operand()
        operator = self._next("op")
        if operator is None:
            raise self.wrong()
        right, other = self._operand()
        if extra or other:  # the names of extras are names of packages: case and signs between words do not count
            left, right = normalised(left), normalised(right)
        return _compare(left, " ".join(operator.split()), right)

    def _operand(self) -> tuple[str, bool]:
        """A text or a variable's value, and whether it is ``extra``."""
        text = self._next("text")
        if text is not None:
            return text[1:-1], False
        name = self._next("word")
        if name is None or name not in self._variables:
            raise self.wrong()
        return self._variables[name], name == "extra"

    def _word(self, word: str) -> bool:
        return self._next("word", word) is not None

    def _next(self, kind: str, value: str | None = None) -> str | None:
        found = _TOKEN.match(self._text, self._place)
        if found is None or found[kind] is None or (value is not None and found[kind] != value):
            return None
        self._place = found.end()
        return str(found[kind])

    def wrong(self) -> InputError:
        return InputError(f"{self._text!r} is not an environment marker", fix="See PEP 508 for what may stand there.")


def _compare(left: str, operator: str, right: str) -> bool:
    if operator == "in":
        return left in right
    if operator == "not in":
        return left not in right
    wild = right.removesuffix(".*")
    if wild != right and operator in {"==", "!="}:
        return (_numbers_of(left)[: wild.count(".") + 1] == _numbers_of(wild)) == (operator == "==")
    if _VERSION.match(left) and _VERSION.fullmatch(right):
        mine, other = _padded(_numbers_of(left), _numbers_of(right))
        below, same = mine < other, mine == other
        compatible = mine >= other and mine[: right.count(".")] == other[: right.count(".")]
    else:
        below, same, compatible = left < right, left == right, False
    return {
        "==": same, "===": left == right, "!=": not same, "<": below, "<=": below or same,
        ">": not below and not same, ">=": not below, "~=": compatible,
    }[operator]  # fmt: skip


def _numbers_of(version: str) -> tuple[int, ...]:
    found = _VERSION.match(version)  # of 3.14.0rc2, the numbers decide
    return tuple(int(part) for part in found[0].split(".")) if found else ()


def _padded(first: tuple[int, ...], second: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    length = max(len(first), len(second))
    return first + (0,) * (length - len(first)), second + (0,) * (length - len(second))
