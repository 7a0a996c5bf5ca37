"""What texts (and codes in numbers) keep to: a list, a length, a form.

A list is proposed where the values that were not seen are few: how few, Good and Turing's estimate says, by the values
that were seen once or twice (Esty, Annals of Statistics 11, 1983). Forms are proposed where every text that is known
has the same one, and a thousand rows at least say so.
"""

from __future__ import annotations

import math
import re
from typing import Final

import numpy as np

from trimtab.data.column_profile import CategoryColumn, NumberColumn
from trimtab.data.infer_chance import most_later
from trimtab.data.kinds import ColumnType
from trimtab.data.profile import Profile
from trimtab.data.sample import GAP, Sample
from trimtab.data.schema import Length, Pattern, Values
from trimtab.data.sketch import values_of
from trimtab.data.wording import counted

LISTED_MAX: Final = 300
"""More different texts than this are not a list that a person reviews; all countries and currencies are fewer."""
REPEATED: Final = 20
"""A text is a category when it is seen this often on average; names and free text are not."""
UNSEEN_MAX: Final = 0.01
"""Where more rows than this may hold values that were not seen, a list says little."""
CODES_MAX: Final = 20
"""Whole numbers of more different values are measured or counted, not codes."""
AGREED: Final = 1_000
"""So many rows say of a text's length or form that it is no accident."""
SHOWN_MAX: Final = 80
"""A profile cuts longer texts."""
_DIGITS: Final = "[0-9]"
_CLASSES: Final = (
    _DIGITS,
    "[A-Z]",
    "[a-z]",
    "[0-9a-f]",
    "[0-9A-F]",
    "[0-9A-Z]",
    "[0-9a-z]",
    "[A-Za-z]",
    "[0-9A-Za-z]",
)
_SIGNS: Final = frozenset(".^$*+?{}[]\\|()")
"""What means something else in a regular expression."""
_RUNS: Final = re.compile(r"[0-9]+|[A-Z]+|[a-z]+|[^0-9A-Za-z]")


def values_for(column: CategoryColumn) -> Values | None:
    """The list of a text column's values; None where it is open, or longer than a person reads."""
    different, rows = len(column.values), column.count
    if not 2 <= different <= min(LISTED_MAX, rows / REPEATED) or not _is_uncut(column):
        return None
    share = unseen_share(np.array(column.counts), rows)
    if share > UNSEEN_MAX:
        return None
    return Values(allowed=column.values, share=share, because=_listed_because(column.counts, rows, share))


def codes_for(column: NumberColumn) -> Values | None:
    """The list of whole numbers that are codes: few, each seen often, and not simply one after the other."""
    if column.type is not ColumnType.INTEGER or not column.sketch.exact:
        return None
    keys, counts = column.sketch.unpacked
    numbers = [int(number) for number in values_of(keys)]
    if not 2 <= len(numbers) <= CODES_MAX or counts.min() < REPEATED or max(map(abs, numbers)) > 2**53:
        return None
    if numbers[-1] - numbers[0] + 1 == len(numbers):
        return None  # a range says the same
    return Values(allowed=tuple(numbers), because=_listed_because(tuple(counts.tolist()), column.count, 0.0))


def unseen_share(counts: np.ndarray[tuple[int], np.dtype[np.int64]], rows: int) -> float:
    """The share of later rows that may hold values that were not seen: 0 where each was seen three times or more."""
    once, twice = int((counts == 1).sum()), int((counts == 2).sum())
    if not once and not twice:
        return 0.0
    return most_later(once, rows, rows, spread=3.0 * math.sqrt(2.0 * twice) / rows)


def length_for(column: CategoryColumn) -> Length | None:
    """The one length that all texts have, if it is the same in every one of a thousand rows or more."""
    lengths = column.lengths
    if lengths is None or column.count < AGREED or lengths.minimum != lengths.maximum or not lengths.maximum:
        return None
    because = f"{counted(lengths.maximum, 'character')} in all {counted(column.count, 'row')}"
    return Length(minimum=lengths.minimum, maximum=lengths.maximum, because=because)


def pattern_for(name: str, column: CategoryColumn, profile: Profile) -> Pattern | None:
    """The form that all texts have that a profile knows, if it is a regular one."""
    texts, rows = known_texts(name, column, profile.sample)
    if rows < AGREED or not texts:
        return None
    form = form_of(texts)
    return Pattern(matches=form, because=f"so are all {texts_said(texts, rows, column)}") if form else None


def known_texts(name: str, column: CategoryColumn, sample: Sample | None) -> tuple[tuple[str, ...], int]:
    """The texts that a profile holds, uncut, and the rows that they are of: all different ones, or a sample's."""
    if not _is_uncut(column):
        return (), 0
    if column.values:
        return column.values, column.count
    if sample is None or name not in sample.columns or sample.columns[name].is_number:
        return (), 0
    sampled = sample.columns[name]
    there = sampled.places != GAP
    return sampled.values, int(np.array(sample.counts)[there].sum())


def texts_said(texts: tuple[str, ...], rows: int, column: CategoryColumn) -> str:
    """On what a form rests."""
    if rows == column.count:
        return f"{counted(len(texts), 'different text')} of {counted(rows, 'row')}"
    return f"{counted(rows, 'sampled row')} of {column.count:,}"


def form_of(texts: tuple[str, ...]) -> str | None:
    """A regular expression that all texts have in common; None where they have no regular form."""
    if not all(texts):
        return None
    if len({len(text) for text in texts}) == 1:
        form = _by_place(texts)
        if form is not None:
            return form
    return _by_run(texts)


def _by_place(texts: tuple[str, ...]) -> str | None:
    """A form for texts of one length, place by place."""
    pieces = [_piece(set(place)) for place in zip(*texts, strict=True)]
    if any(piece is None for piece in pieces) or all(not (piece or "").startswith("[") for piece in pieces):
        return None
    return f"^{_together([piece or '' for piece in pieces])}$"


def _piece(seen: set[str]) -> str | None:
    """What stands at one place: the narrowest class of letters and digits, or one and the same sign."""
    if len(seen) == 1 and not next(iter(seen)).isalnum():
        return _itself(next(iter(seen)))
    return next((each for each in _CLASSES if all(re.fullmatch(each, letter) for letter in seen)), None)


def _by_run(texts: tuple[str, ...]) -> str | None:
    """A form for texts that differ in how many digits they have and in nothing else, as ``INV-99`` and ``INV-100``."""
    forms = {_run_form(text) for text in texts}
    if len(forms) != 1:
        return None
    form = forms.pop()
    return f"^{form}$" if form is not None and f"{_DIGITS}+" in form and form != f"{_DIGITS}+" else None


def _run_form(text: str) -> str | None:
    pieces = []
    for run in _RUNS.findall(text):
        if run[0].isdigit():
            pieces.append(f"{_DIGITS}+")
        elif run[0].isascii() and run[0].isalpha():
            pieces.append(_together(["[A-Z]" if run[0].isupper() else "[a-z]"] * len(run)))
        elif run.isalnum():
            return None
        else:
            pieces.append(_itself(run))
    return "".join(pieces)


def _itself(sign: str) -> str:
    """A sign that stands for itself."""
    return f"\\{sign}" if sign in _SIGNS else sign


def _together(pieces: list[str]) -> str:
    """Equal neighbours counted: ``[0-9]{6}``."""
    form, start = "", 0
    for place in range(1, len(pieces) + 1):
        if place == len(pieces) or pieces[place] != pieces[start]:
            times = place - start
            form += pieces[start] if times == 1 else f"{pieces[start]}{{{times}}}"
            start = place
    return form


def _is_uncut(column: CategoryColumn) -> bool:
    return column.lengths is not None and column.lengths.maximum <= SHOWN_MAX


def _listed_because(counts: tuple[int, ...], rows: int, share: float) -> str:
    seen = f"{counted(len(counts), 'value')} seen in {counted(rows, 'row')}"
    if not share:
        return f"{seen}, each {min(counts):,} times at least"
    rare = sum(count <= 2 for count in counts)
    return f"{seen}, {rare} of them once or twice, so there may be a few more"
