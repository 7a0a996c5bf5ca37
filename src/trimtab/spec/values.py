"""One TOML value → one value of the project, or `Unfit` with what it must be.

These readers know neither the setting's name nor its place: the sentence is completed where both are known.
"""

from __future__ import annotations

import datetime
import json
import math
import re
import shlex
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Final, TypeVar

from trimtab.base.errors import InputError
from trimtab.base.instants import DAY, Span, parse_span
from trimtab.spec.problems import SpecError, UnknownChoiceError, WrongTypeError, WrongValueError, did_you_mean
from trimtab.spec.secret import redact

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)
Read = Callable[[object], T]

_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,62}")
_MODULE: Final = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", re.ASCII)
_ZONE: Final = re.compile(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*")
_LONGEST: Final = Span(36_500 * DAY)
_SHOWN: Final = 60
_FIRST: Final = 5

_NO_PRODUCT: Final = frozenset({".git", ".hg", ".svn", ".trimtab"})


class Unfit(Exception):  # noqa: N818 - it never leaves this package: the table reader makes a SpecError of it
    """A value that a setting cannot have; ``must`` completes the sentence "[section] key must …"."""

    def __init__(self, must: str, *, kind: type[SpecError] = WrongValueError, fix: str = "") -> None:
        super().__init__(must)
        self.must = must
        self.kind = kind
        self.fix = fix


def text(raw: object) -> str:
    """A text that is not empty."""
    if not isinstance(raw, str):
        raise Unfit("be a text in quotes", kind=WrongTypeError)
    if not raw.strip():
        raise Unfit("not be empty")
    return raw


def name(raw: object) -> str:
    """A name that can stand in a URL and as a folder."""
    if not _NAME.fullmatch(text(raw)):
        raise Unfit("be a name: a letter, then letters, digits, - or _, at most 63 in all")
    return str(raw)


def module(raw: object) -> str:
    """A dotted module name."""
    if not _MODULE.fullmatch(text(raw)):
        must = 'be a module\'s name as in an import, such as "pipeline" or "card_fraud.pipeline"'
        raise Unfit(must, fix="No .py, no slashes.")
    return str(raw)


def zone(raw: object) -> str:
    """A time zone's name by its form; whether it exists is for whoever may read the zone database."""
    if not _ZONE.fullmatch(text(raw)):
        raise Unfit('be a time zone\'s name, such as "Europe/Zurich" or "UTC"')
    return str(raw)


def file_within(raw: object) -> PurePosixPath:
    """A relative path that stays in the project."""
    path = PurePosixPath(text(raw))
    if path.is_absolute() or ".." in path.parts or path == PurePosixPath():
        must = "be the path of a file in the project, relative to trimtab.toml"
        raise Unfit(must, fix="Without a leading / and without .. in it.")
    return path


def product_within(raw: object) -> PurePosixPath:
    """A relative path in the project that a command may write."""
    path = file_within(raw)
    if not _NO_PRODUCT.isdisjoint(path.parts):
        raise Unfit(
            "be the path of a file that a command makes; Git's folder and Trimtab's own are none",
            fix="Let it write somewhere else.",
        )
    return path


def glob_within(raw: object) -> str:
    """A relative path or glob that stays in the project."""
    return str(file_within(raw))


def command(raw: object) -> str:
    """A command line that splits into words."""
    try:
        words = shlex.split(text(raw))
    except ValueError as error:
        raise Unfit(f"be a command line: {error}", fix="Close each quote.") from error
    if not words:
        raise Unfit("be a command line with at least one word")
    return str(raw)


def place_in_module(raw: object) -> str:
    """An object in a module: ``card_fraud.formats:SCALER``."""
    home, colon, name_ = text(raw).partition(":")
    if not colon or not _MODULE.fullmatch(home) or not name_.isidentifier():
        raise Unfit('be the place of an object, such as "card_fraud.formats:SCALER"')
    return str(raw)


def several(read: Read[T]) -> Read[tuple[T, ...]]:
    """A reader of a list of what ``read`` reads."""

    def read_all(raw: object) -> tuple[T, ...]:
        if not isinstance(raw, list):
            raise Unfit("be a list in [brackets]", kind=WrongTypeError)
        return tuple(read(each) for each in raw)

    return read_all


def span(raw: object) -> Span:
    """A length of time above zero."""
    if not isinstance(raw, str):
        raise Unfit('be a length of time in quotes, such as "7d" or "90s"', kind=WrongTypeError)
    try:
        length = parse_span(raw)
    except (InputError, OverflowError) as error:
        must = 'be a length of time, such as "7d", "90s" or "1d 12h"'
        raise Unfit(must, fix="Units: us, ms, s, m, h, d, w.") from error
    if not 0 < length <= _LONGEST:
        raise Unfit("be longer than nothing and at most 100 years")
    return length


def span_or_zero(raw: object) -> Span:
    """A length of time, ``0s`` allowed."""
    if isinstance(raw, str) and re.fullmatch(r"\s*0+(\.0+)?\s*[a-z]+\s*", raw):
        return _span_of(raw)
    return span(raw)


def _span_of(raw: str) -> Span:
    try:
        return parse_span(raw)
    except InputError as error:
        raise Unfit('be a length of time, such as "7d" or "0s"') from error


def number(low: float = -math.inf, high: float = math.inf, *, inclusive: bool = True) -> Read[float]:
    """A reader of finite numbers from ``low`` to ``high``, the ends included or not."""

    def read(raw: object) -> float:
        if isinstance(raw, bool) or not isinstance(raw, int | float):
            raise Unfit(f"be {_range_text(low, high, inclusive)}", kind=WrongTypeError, fix="Write it without quotes.")
        inside = low <= raw <= high if inclusive else low < raw < high
        if not math.isfinite(raw) or not inside:
            raise Unfit(f"be {_range_text(low, high, inclusive)}")
        return float(raw)

    return read


def whole(low: int, high: int) -> Read[int]:
    """A reader of whole numbers from ``low`` to ``high``, both included."""

    def read(raw: object) -> int:
        must = f"be a whole number from {low:,} to {high:,}"
        if isinstance(raw, bool) or not isinstance(raw, int):
            raise Unfit(must, kind=WrongTypeError)
        if not low <= raw <= high:
            raise Unfit(must)
        return raw

    return read


def _range_text(low: float, high: float, inclusive: bool) -> str:
    if math.isinf(low) and math.isinf(high):
        return "a number"
    if math.isinf(high):
        return f"a number {'from' if inclusive else 'above'} {low:g}{' on' if inclusive else ''}"
    if math.isinf(low):
        return f"a number {'up to' if inclusive else 'below'} {high:g}"
    return f"a number from {low:g} to {high:g}" if inclusive else f"a number above {low:g} and below {high:g}"


def choice(kind: type[E]) -> Read[E]:
    """A reader of one of an enumeration's values."""

    def read(raw: object) -> E:
        values = [each.value for each in kind]
        if text(raw) not in values:
            must = f"be one of {', '.join(quoted(value) for value in values)}"
            raise Unfit(must, kind=UnknownChoiceError, fix=did_you_mean(str(raw), values))
        return kind(str(raw))

    return read


def scalar(raw: object) -> str | int | float | bool:
    """A hyper-parameter's value: what can be recorded and compared exactly."""
    if isinstance(raw, float) and not math.isfinite(raw):
        raise Unfit("be a finite number")
    if not isinstance(raw, str | int | float | bool):
        raise Unfit("be a text, a number, true or false", kind=WrongTypeError)
    return raw


def table_of(raw: object) -> Mapping[str, object]:
    """A table's entries."""
    if not isinstance(raw, dict):
        raise Unfit("be a table", kind=WrongTypeError)
    return raw


def quoted(value: str) -> str:
    """A text in double quotes, as TOML writes it."""
    return json.dumps(value, ensure_ascii=False)


def show(raw: object) -> str:
    """A value as an error may show it: short, and without any password in it."""
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, str):
        clean = redact(raw)
        return quoted(clean if len(clean) <= _SHOWN else clean[:_SHOWN] + "…")
    if isinstance(raw, list):
        return "[" + ", ".join(show(each) for each in raw[:_FIRST]) + (", …]" if len(raw) > _FIRST else "]")
    if isinstance(raw, dict):
        return "a table"
    if isinstance(raw, datetime.date | datetime.time):
        return f"the date or time {raw.isoformat()}"
    return repr(raw)
