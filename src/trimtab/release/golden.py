"""Golden rows: a few of the training rows, kept in the release with the answers that they had, and what they prove.

At packing they prove that features are row-local: scored one by one, all together, reversed and shuffled, every row
must get the same features and the same answer. What passes may be served in any batch. In every environment that the
release enters they are replayed, and a difference stops it before the first request.

Rows are kept as a client sends them, so that a replay takes the whole way of a request: the contract's check, the
columns, the functions, the model.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from trimtab.base.errors import TrimtabError
from trimtab.base.instants import format_instant
from trimtab.data.kinds import ColumnType
from trimtab.data.schema import Column
from trimtab.records.prediction import Output, Scalar
from trimtab.release.rows import Columns, Features, count_of, feature_columns, take_columns
from trimtab.release.scoring import RowScorer

FEATURE_TOLERANCE: Final = 1e-9
"""Relative. A sum over several rows' lanes may round differently than over one (1e-16 each); a feature that looks at
other rows moves by far more than this."""

OUTPUT_TOLERANCE: Final = 1e-6
"""Relative above 1, absolute below. Some models score in float32 (1e-7), and linear algebra rounds differently on
another processor; a wrong library version moves scores by far more."""

_RANDOM: Final = 20
_MOST: Final = 48


class RowDependenceError(TrimtabError):
    """A feature or an answer depends on which other rows are scored with it."""

    code = "TT1606"
    exit_code = 1


class UnstableError(TrimtabError):
    """The same rows, scored twice in a row, gave different features or answers."""

    code = "TT1607"
    exit_code = 1


class GoldenMismatchError(TrimtabError):
    """The release answers its golden rows differently here than where it was made."""

    code = "TT1608"


class Golden(msgspec.Struct, frozen=True, kw_only=True, tag_field="schema", tag="trimtab.golden/1"):
    """Rows as a client would send them, and the answers that they had when the release was packed."""

    rows: tuple[dict[str, Scalar], ...]
    outputs: tuple[Output, ...]
    tolerance: float = OUTPUT_TOLERANCE


def pick_golden(columns: Columns, *, most: int = _MOST) -> NDArray[np.int64]:
    """Places of the golden rows, ascending: the same for the same columns.

    They hold, column by column for as long as there is room: a row with a missing value, the least and the greatest
    value, the most and the least frequent text; and 20 rows spread by hash, so that ordinary rows are there too.
    """
    count = count_of(columns)
    if count <= most:
        return np.arange(count)
    picked = dict.fromkeys(_spread(count, min(_RANDOM, most)))
    notable = [_notable(values) for values in columns.values()]
    for rank in range(max(map(len, notable), default=0)):
        for places in notable:
            if rank < len(places) and len(picked) < most:
                picked[places[rank]] = None
    return np.array(sorted(picked), dtype=np.int64)


def golden_rows(columns: Columns, contract: Sequence[Column]) -> tuple[dict[str, Scalar], ...]:
    """Rows as a client sends them, from columns and what the contract says of each; times as ISO 8601 in UTC."""
    lists = {column.name: _sent(columns[column.name], column.type) for column in contract}
    return tuple({name: values[place] for name, values in lists.items()} for place in range(count_of(columns)))


def prove_row_local(scorer: RowScorer, columns: Columns, *, trained: Features | None = None) -> list[Output]:
    """The answers to the rows, proven to depend on each row alone.

    Args:
        columns: the golden rows.
        trained: the features of these very rows as they were computed among all training rows, where they are at
            hand: the model learned from those, so they must be the same too.

    Raises:
        RowDependenceError: a feature or an answer changes with the rows around it; names the feature and a row.
        UnstableError: it changes from one time to the next.
    """
    count = count_of(columns)
    together, outputs = _scored(scorer, columns)
    again, repeated = _scored(scorer, columns)
    everything = np.arange(count)
    _compare(together, again, everything, _unstable)
    _compare_outputs(outputs, repeated, everything, _unstable)
    if trained is not None:
        _compare(feature_columns(trained), together, everything, _dependent("among all training rows"))
    orders = {"in reverse order": everything[::-1], "in another order": np.random.default_rng(0).permutation(count)}
    for how, order in orders.items():
        features, answers = _scored(scorer, take_columns(columns, order))
        _compare(_reordered(together, order), features, order, _dependent(how))
        _compare_outputs([outputs[place] for place in order], answers, order, _dependent(how))
    for place in range(count):
        features, answers = _scored(scorer, take_columns(columns, [place]))
        _compare(_reordered(together, [place]), features, np.array([place]), _dependent("alone"))
        _compare_outputs([outputs[place]], answers, np.array([place]), _dependent("alone"))
    return outputs


def replay(golden: Golden, answer: Callable[[Sequence[Mapping[str, Scalar]]], Sequence[Output]]) -> float:
    """The largest difference between the golden answers and those given here, all together and one by one.

    Args:
        answer: takes rows as a client sends them, through check, columns, functions and model.

    Raises:
        GoldenMismatchError: an answer differs by more than the tolerance.
    """
    found = [*answer(golden.rows), *(answer([row])[0] for row in golden.rows)]
    wanted = [*golden.outputs, *golden.outputs]
    differences = [_distance(old, new) for old, new in zip(wanted, found, strict=True)]
    worst = int(np.argmax(differences)) if differences else 0
    if differences and not differences[worst] <= golden.tolerance:
        wrong = sum(not difference <= golden.tolerance for difference in differences)
        row = worst % len(golden.rows)
        raise GoldenMismatchError(
            f"golden row {row} gets {_show(found[worst])} here and got {_show(wanted[worst])} when the release was "
            f"made ({wrong} of {len(differences)} answers differ by more than {golden.tolerance:g})",
            fix="Something that the release does not name computes differently here; train and pack a release here.",
        )
    return differences[worst] if differences else 0.0


def _sent(values: NDArray[Any], kind: ColumnType) -> list[Scalar]:
    """A column's values as JSON has them; what may be missing is float in memory and gets its own type back."""
    if kind is ColumnType.TEXT:
        return list(values.tolist())
    if kind is ColumnType.TIME:
        moments = values.astype("datetime64[us]").astype(np.int64).tolist()
        missing = np.isnat(values).tolist()
        return [None if none else format_instant(moment) for moment, none in zip(moments, missing, strict=True)]
    plain = {ColumnType.INTEGER: int, ColumnType.BOOLEAN: bool, ColumnType.FLOAT: float}[kind]
    return [None if value != value else plain(value) for value in values.tolist()]


def _spread(count: int, wanted: int) -> list[int]:
    """``wanted`` different places below ``count``, chosen by hash: no seed, no order of the rows' making."""
    places: dict[int, None] = {}
    draw = 0
    while len(places) < wanted:
        digest = hashlib.blake2b(f"golden\x1f{count}\x1f{draw}".encode(), digest_size=8).digest()
        places[int.from_bytes(digest) % count] = None
        draw += 1
    return list(places)


def _notable(values: NDArray[Any]) -> list[int]:
    """Places of a column's missing, least and greatest value, or of its most and least frequent text."""
    if values.dtype == object:
        return _notable_texts(values.tolist())
    missing = np.isnat(values) if values.dtype.kind == "M" else np.isnan(values.astype(np.float64))
    known = np.flatnonzero(~missing)
    extremes = [int(known[values[known].argmin()]), int(known[values[known].argmax()])] if len(known) else []
    return [int(place) for place in np.flatnonzero(missing)[:1]] + extremes


def _notable_texts(values: list[str | None]) -> list[int]:
    times = Counter(values)
    gap = [values.index(None)] if times.pop(None, 0) else []
    if not times:
        return gap
    # of several equally frequent ones the first in the table, as Counter keeps their order
    return [*gap, values.index(min(times, key=times.__getitem__)), values.index(max(times, key=times.__getitem__))]


def _scored(scorer: RowScorer, columns: Columns) -> tuple[dict[str, NDArray[Any]], list[Output]]:
    return feature_columns(scorer.features(columns)), scorer.score(columns)


def _reordered(features: Mapping[str, NDArray[Any]], order: Any) -> dict[str, NDArray[Any]]:
    return {name: values[order] for name, values in features.items()}


_Complaint = Callable[[str, int, str, str], TrimtabError]
"""Subject, row, its value among all golden rows, and the other value → the error that says so."""


def _unstable(subject: str, row: int, first: str, second: str) -> TrimtabError:
    return UnstableError(
        f"{subject} is not a function of its row: golden row {row} gave {first}, and a moment later {second}",
        fix="Look for chance, clocks, counters and caches in the feature function; give chance a fixed seed per row.",
    )


def _dependent(how: str) -> _Complaint:
    def complain(subject: str, row: int, together: str, otherwise: str) -> TrimtabError:
        return RowDependenceError(
            f"{subject} depends on the other rows of the table: golden row {row} gives {together} together with the "
            f"others and {otherwise} {how}",
            fix="Compute it from the row's own columns; learn means, scales and categories in train(), for example "
            "with a scikit-learn transformer.",
        )

    return complain


def _compare(
    first: Mapping[str, NDArray[Any]], second: Mapping[str, NDArray[Any]], rows: NDArray[np.int64], complain: _Complaint
) -> None:
    for name in (*first, *second):
        if name not in first or name not in second:
            sides = ("no such column", "a column") if name not in first else ("a column", "no such column")
            raise complain(f"feature `{name}`", int(rows[0]), *sides)
    for name, values in first.items():
        differ = _differ(values, second[name])
        if differ.any():
            place = int(np.flatnonzero(differ)[0])
            raise complain(f"feature `{name}`", int(rows[place]), _text(values[place]), _text(second[name][place]))


def _differ(first: NDArray[Any], second: NDArray[Any]) -> NDArray[np.bool_]:
    if first.dtype == object or second.dtype == object:
        pairs = zip(first.tolist(), second.tolist(), strict=True)
        return np.array(
            [not (a == b or (a is None and b is None) or (a != a and b != b)) for a, b in pairs], dtype=bool
        )
    return np.asarray(~np.isclose(first, second, rtol=FEATURE_TOLERANCE, atol=1e-12, equal_nan=True))


def _compare_outputs(
    first: Sequence[Output], second: Sequence[Output], rows: NDArray[np.int64], complain: _Complaint
) -> None:
    for place, (one, other) in enumerate(zip(first, second, strict=True)):
        if not _distance(one, other) <= OUTPUT_TOLERANCE:
            raise complain("the model's answer", int(rows[place]), _show(one), _show(other))


def _distance(first: Output, second: Output) -> float:
    """The largest difference between two answers: relative above 1, absolute below; infinite for another label."""
    if first.keys() != second.keys():
        return float("inf")
    worst = 0.0
    for name, one in first.items():
        other = second[name]
        if isinstance(one, str | bool) or isinstance(other, str | bool):
            worst = max(worst, 0.0 if one == other else float("inf"))
            continue
        a, b = np.atleast_1d(np.asarray(one, dtype=float)), np.atleast_1d(np.asarray(other, dtype=float))
        if a.shape != b.shape:
            return float("inf")
        distance = float(np.max(np.abs(a - b) / np.maximum(1.0, np.abs(a)), initial=0.0))
        worst = max(worst, float("inf") if np.isnan(distance) else distance)
    return worst


def _show(output: Output) -> str:
    return ", ".join(f"{name} {_text(value)}" for name, value in output.items())


def _text(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(_text(each) for each in value) + "]"
    if value is None or value != value:
        return "a missing value"
    return f"{value:.9g}" if isinstance(value, float) else repr(value)
