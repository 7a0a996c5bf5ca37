"""The language of ``trimtab runs --where``, read into a condition: ``metrics.auc > .8 and params.max_depth = 6``.

What SQL users and MLflow users write is understood alike: ``=`` and ``==``, ``!=`` and ``<>``, quotes of both kinds,
names in backticks. A field that there is not is refused, with the nearest that there is; whether any run has a metric
of that name is the store's to say. Nothing of the text reaches a database: a store gets values.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import ClassVar, Final

from trimtab.base.errors import InputError
from trimtab.base.instants import DAY, Instant, parse_instant, parse_span
from trimtab.records.run import Scalar
from trimtab.records.run_fields import FIXED, OPEN, Field, Kind, comparable
from trimtab.records.where import AllOf, AnyOf, Compare, Not, Op, Order, Where

LONGEST: Final = 20_000
"""Characters of a condition."""

MOST: Final = 500
"""Values that a condition compares with, and parts that it has."""

DEEPEST: Final = 50
"""Parentheses and ``not`` within each other."""

_DIGEST: Final = "sha256:"
_TOKEN: Final = re.compile(
    r"""\s*(?:
        (?P<sign>==|!=|<>|<=|>=|[=<>~(),])
      | (?P<text>"(?:[^"]|"")*"|'(?:[^']|'')*')
      | (?P<word>(?:[^\s()=<>!~,'"`]+(?:`(?:[^`]|``)*`|(?<=\.)"(?:[^"]|"")*")?|`(?:[^`]|``)*`))
    )""",
    re.VERBOSE,
)
_NUMBER: Final = re.compile(r"[+-]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_SIGNS: Final = {op.value: op for op in Op} | {"==": Op.EQUAL, "<>": Op.OTHER}
_CONSTANTS: Final[dict[str, Scalar]] = {"true": True, "false": False, "null": None, "none": None}
_RESERVED: Final = frozenset({"and", "or", "not", "in", "like"})
_ALIASES: Final = {
    "metric": "metrics", "param": "params", "parameter": "params", "parameters": "params", "output": "outputs",
    "file": "files", "environment": "env", "run_id": "run", "id": "run", "started_at": "started", "packages":
    "env.packages", "finished_at": "finished", "commit": "code.commit", "branch": "code.branch",
    "env.package": "env.packages",
}  # fmt: skip
_KINDS_OF_OP: Final = {
    Op.LESS: (Kind.NUMBER, Kind.TEXT, Kind.TIME, Kind.VERSION, Kind.ANY),
    Op.LIKE: (Kind.TEXT, Kind.VERSION, Kind.ANY),
}


class WhereError(InputError):
    """A condition, a field or an order of runs that cannot be read; the place in it is shown."""

    code: ClassVar[str] = "TT1375"


@dataclass(frozen=True, slots=True)
class _Token:
    """A sign, a text in quotes, a word, or the end; where it begins and how long it is."""

    kind: str
    text: str
    place: int
    length: int


def read_where(text: str, *, now: Instant) -> Where:
    """The condition that the text says.

    Args:
        now: what ``started > 7d ago`` counts from.

    Raises:
        WhereError: it is no condition, or asks about a field that no run can have.
    """
    return _Reader(text, now).whole()


def read_field(text: str) -> Field:
    """The field of that name: ``metrics.auc``, ``seconds``; raises `WhereError` if no run can have it."""
    return _field(text, lambda problem, fix: WhereError(problem, fix=fix))


def read_order(text: str) -> tuple[Order, ...]:
    """Fields to sort by, separated by commas, with ``-`` before one for the largest first: ``-metrics.auc,started``.

    Raises:
        WhereError: one is no field.
    """
    parts = [part.strip() for part in re.findall(r"(?:`[^`]*`|[^,`])+", text)]
    return tuple(
        Order(field=read_field(part.lstrip("-+").strip()), descending=part.startswith("-")) for part in parts if part
    )


class _Reader:
    """A descent over the tokens: or, and, not, a comparison."""

    def __init__(self, text: str, now: Instant) -> None:
        self._text = text
        self._now = now
        self._depth = 0
        self._values = 0
        if len(text) > LONGEST:
            raise WhereError(f"the condition has {len(text):,} characters", fix=f"At most {LONGEST:,} are read.")
        self._tokens = self._split()
        self._next = 0

    def whole(self) -> Where:
        if self._peek().kind == "end":
            raise self._problem(self._peek(), "the condition is empty", 'For example: "metrics.auc > .8".')
        where = self._either()
        if self._peek().kind != "end":
            token = self._peek()
            raise self._problem(token, f"{token.text!r} is not expected here", 'Join comparisons by "and" or "or".')
        return where

    def _split(self) -> list[_Token]:
        tokens, place, end = [], 0, len(self._text.rstrip())
        while place < end:
            found = _TOKEN.match(self._text, place)
            if found is None:
                begin = place + len(self._text[place:]) - len(self._text[place:].lstrip())
                token = _Token("?", self._text[begin], begin, 1)
                if token.text in "'\"`":
                    raise self._problem(token, "this quote is not closed", f"Close it with {token.text}.")
                raise self._problem(token, f"{token.text!r} means nothing here", "Put texts and odd names in quotes.")
            kind = str(found.lastgroup)
            tokens.append(_Token(kind, found[kind], found.start(kind), len(found[kind])))
            place = found.end()
        return [*tokens, _Token("end", "", end, 1)]

    # ── the grammar ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _either(self) -> Where:
        parts = [self._both()]
        while self._take_word("or"):
            parts.append(self._both())
        return AnyOf(parts=tuple(parts)) if len(parts) > 1 else parts[0]

    def _both(self) -> Where:
        parts = [self._one()]
        while self._take_word("and"):
            parts.append(self._one())
        return AllOf(parts=tuple(parts)) if len(parts) > 1 else parts[0]

    def _one(self) -> Where:
        token = self._peek()
        self._depth += 1
        if self._depth > DEEPEST:
            raise self._problem(token, "the condition is nested too deep", f"At most {DEEPEST} levels are read.")
        try:
            if self._take_word("not"):
                return Not(part=self._one())
            if self._take_sign("("):
                where = self._either()
                self._close()
                return where
            return self._comparison()
        finally:
            self._depth -= 1

    def _comparison(self) -> Where:
        token = self._advance()
        word = token.text.lower()
        if token.kind not in ("word", "text") or word in _RESERVED:
            shown = f"before {token.text!r}" if token.text else "here"
            raise self._problem(token, f"a field is missing {shown}", "A comparison begins with a field: metrics.auc.")
        field = _field(token.text, lambda problem, fix: self._problem(token, problem, fix))
        operator = self._peek()
        op = self._operator(token)
        self._allow(field, op, operator)
        if op in (Op.IN, Op.NOT_IN):
            return Compare(field=field, op=op, values=self._list(field))
        value = self._value(field, op)
        if field.kind is Kind.TIME and op in (Op.EQUAL, Op.OTHER) and isinstance(value, int):
            return self._moment(field, op, value)
        return Compare(field=field, op=op, values=(value,))

    def _operator(self, field: _Token) -> Op:
        if self._take_word("is"):
            return Op.OTHER if self._take_word("not") else Op.EQUAL
        if self._take_word("not"):
            token = self._advance()
            op = {"in": Op.NOT_IN, "like": Op.NOT_LIKE}.get(token.text.lower())
            if op is None:
                raise self._problem(token, '"not" behind a field is followed by "in" or "like"', _OPERATORS)
            return op
        token = self._advance()
        op = _SIGNS.get(token.text.lower()) if token.kind in ("sign", "word") else None
        if op is None:
            shown = f"and not {token.text!r}" if token.text else "and here it ends"
            raise self._problem(token, f"behind {field.text} an operator is expected, {shown}", _OPERATORS)
        return op

    def _allow(self, field: Field, op: Op, token: _Token) -> None:
        if op in (Op.LIKE, Op.NOT_LIKE, Op.HAS):
            allowed = _KINDS_OF_OP[Op.LIKE]
        elif op in (Op.LESS, Op.AT_MOST, Op.MORE, Op.AT_LEAST):
            allowed = _KINDS_OF_OP[Op.LESS]
        else:
            return
        if field.kind in allowed:
            return
        hint = {
            Kind.NAMED: f"Use =, which takes the beginning of it, too: {field.key} = 3f2a.",
            Kind.CHOICE: f"Use =, != or in: {field.key} in ({', '.join(_choices(field))}).",
        }.get(field.kind, "It is no text: use =, !=, <, <=, > or >=.")
        raise self._problem(token, f"{field.key} cannot be compared by {op.value!r}", hint)

    def _list(self, field: Field) -> tuple[Scalar, ...]:
        if not self._take_sign("("):
            raise self._problem(
                self._peek(), "a list in parentheses is expected", f"For example: {field.key} in (1, 2)."
            )
        values = [self._value(field, Op.IN)]
        while self._take_sign(","):
            values.append(self._value(field, Op.IN))
        self._close()
        return tuple(values)

    # ── values ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _value(self, field: Field, op: Op) -> Scalar:
        token = self._advance()
        self._values += 1
        if self._values > MOST:
            raise self._problem(token, "the condition compares with too many values", f"At most {MOST} are read.")
        word = token.text.lower()
        if token.kind not in ("word", "text") or (token.kind == "word" and word in _RESERVED):
            shown = f"before {token.text!r}" if token.text else "at the end"
            raise self._problem(token, f"a value is missing {shown}", "Put texts with spaces or signs in quotes.")
        written = _unquoted(token)
        if token.kind == "word" and word in _CONSTANTS and _CONSTANTS[word] is None:
            if op not in (Op.EQUAL, Op.OTHER):
                raise self._problem(token, f"null is not compared by {op.value!r}", "Write = null or != null.")
            return None
        if op in (Op.LIKE, Op.NOT_LIKE, Op.HAS):
            return written
        return self._of_kind(field, token, written)

    def _of_kind(self, field: Field, token: _Token, written: str) -> Scalar:
        quoted = token.kind == "text"
        match field.kind:
            case Kind.NUMBER:
                number = None if quoted else self._number(token)
                if number is None:
                    raise self._problem(token, f"{field.key} is a number, and this is not", "For example: > 0.8.")
                return number
            case Kind.TIME:
                return self._time(token, written)
            case Kind.CHOICE:
                return self._choice(field, token, written)
            case Kind.NAMED:
                if not written.removeprefix(_DIGEST):
                    raise self._problem(token, f"{field.key} is compared with nothing", "Write the beginning of it.")
                return _beginning(field, written)
            case Kind.TEXT | Kind.VERSION:
                return written
            case Kind.ANY:
                if quoted:
                    return written
                if written.lower() in _CONSTANTS:
                    return _CONSTANTS[written.lower()]
                number = self._number(token)
                return written if number is None else number

    def _number(self, token: _Token) -> float | None:
        if not _NUMBER.fullmatch(token.text):
            return None
        plain = token.text.replace("_", "")
        if plain.lstrip("+-").isdecimal():
            if len(plain) > 300:
                raise self._problem(token, "this number is too large", "No run has one like it.")
            whole = comparable(int(plain))
            assert isinstance(whole, int | float), "a number stays one"
            return whole
        number = float(plain)
        if not math.isfinite(number):
            raise self._problem(token, "this number is too large", "No run has one like it.")
        return number

    def _time(self, token: _Token, written: str) -> Instant:
        following = self._peek()
        try:
            if following.kind == "word" and following.text.lower() == "ago":
                self._advance()
                return Instant(self._now - parse_span(written))
            if written.lower() == "now":
                return self._now
            return parse_instant(written, zone="UTC")
        except (InputError, OverflowError, ValueError):
            fix = "Write 2026-03-01, 2026-03-01T14:30:00Z or 7d ago; without a zone it is UTC."
            raise self._problem(token, f"{written!r} is not a time", fix) from None

    def _moment(self, field: Field, op: Op, value: int) -> Where:
        """A day is all of its moments: ``started = 2026-03-01``."""
        if not _DATE.fullmatch(_unquoted(self._tokens[self._next - 1])):
            return Compare(field=field, op=op, values=(value,))
        begin = Compare(field=field, op=Op.AT_LEAST, values=(value,))
        end = Compare(field=field, op=Op.LESS, values=(value + DAY,))
        day = AllOf(parts=(begin, end))
        absent = Compare(field=field, op=Op.OTHER, values=(None,))
        return day if op is Op.EQUAL else AllOf(parts=(absent, Not(part=day)))

    def _choice(self, field: Field, token: _Token, written: str) -> str:
        choices = _choices(field)
        found = {choice.lower(): choice for choice in choices}.get(written.lower())
        if found is None:
            known = f"It is one of {', '.join(choices)}."
            raise self._problem(token, f"no run has the {field.key} {written!r}", f"{_meant(written, choices)}{known}")
        return found

    # ── tokens ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _peek(self) -> _Token:
        return self._tokens[self._next]

    def _advance(self) -> _Token:
        token = self._tokens[self._next]
        self._next = min(self._next + 1, len(self._tokens) - 1)
        return token

    def _take_word(self, word: str) -> bool:
        token = self._peek()
        if token.kind == "word" and token.text.lower() == word:
            self._next += 1
            return True
        return False

    def _take_sign(self, sign: str) -> bool:
        token = self._peek()
        if token.kind == "sign" and token.text == sign:
            self._next += 1
            return True
        return False

    def _close(self) -> None:
        if not self._take_sign(")"):
            raise self._problem(self._peek(), "a closing parenthesis is missing", 'Add ")" here.')

    def _problem(self, token: _Token, problem: str, fix: str) -> WhereError:
        line = re.sub(r"\s", " ", self._text)
        begin = max(0, token.place - 60)
        shown = ("…" if begin else "") + line[begin : token.place + 60] + ("…" if len(line) > token.place + 60 else "")
        caret = " " * (token.place - begin + bool(begin)) + "^" * max(1, min(token.length, 59))
        return WhereError(problem, fix=f"{shown}\n  {caret}\n  {fix}", at=f"--where, column {token.place + 1}")


_OPERATORS: Final = "Operators: = != < <= > >= ~ like in, and not before the last two."


def _unquoted(token: _Token) -> str:
    if token.kind != "text":
        return token.text
    quote = token.text[0]
    return token.text[1:-1].replace(quote * 2, quote)


def _beginning(field: Field, written: str) -> str:
    """What a value must begin with to be the one that is meant: digests are written without ``sha256:``."""
    if field.section in ("run", "parent"):
        return written
    bare = written.removeprefix(_DIGEST).lower()
    return bare if field.section == "code.commit" else _DIGEST + bare


def _field(text: str, problem: Callable[[str, str], WhereError]) -> Field:
    """The field of a name as it is written, alone or in quotes as a whole, or its last part in quotes."""
    path, quoted = _parts(text)
    first, _, rest = path.partition(".")
    first = first.lower()
    path = _ALIASES.get(first, first) + (f".{rest}" if rest else "")
    if path.startswith("env.package.") or path == "env.package":
        path = "env.packages" + path.removeprefix("env.package")
    if quoted is None and path.lower() in FIXED:
        return Field(path.lower())
    for section in OPEN:
        if path == section and quoted:
            return Field(section, quoted)
        if path.startswith(f"{section}.") and (name := path.removeprefix(f"{section}.") + (quoted or "")):
            return Field(section, name)
    written = re.sub(r"[`\"]", "", text)
    if path.lower() in OPEN or path.lower().rstrip(".") in OPEN:
        raise problem(f"{written} is a group of fields", f"Name one of them, for example {path.rstrip('.')}.NAME.")
    hint = _meant(written, [*FIXED, *OPEN, *(f"{section}.{rest}" for section in OPEN if rest)])
    known = ", ".join([*FIXED, *(f"{section}.NAME" for section in OPEN)])
    raise problem(f"runs have no field {written!r}", hint.strip() or f"Fields: {known}.")


def _parts(text: str) -> tuple[str, str | None]:
    """What is written outside of quotes, without the point before them, and the quoted rest of the name."""
    for quote in "`\"'":
        if text.endswith(quote) and len(text) > 1 and quote in text[:-1]:
            head, _, inside = text[:-1].partition(quote)
            name = inside.replace(quote * 2, quote)
            return (head.rstrip("."), name) if head else (name, None)
    return text, None


def _choices(field: Field) -> tuple[str, ...]:
    return FIXED[field.section].choices


def _meant(written: str, known: list[str] | tuple[str, ...]) -> str:
    near = get_close_matches(written.lower(), {each.lower(): each for each in known}, n=1)
    found = {each.lower(): each for each in known}.get(near[0]) if near else None
    return f"Did you mean {found}? " if found else ""
