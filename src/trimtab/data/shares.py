"""The shares of a column's values in two profiles: of each value, and of those that were rare or are new together.

All are between 0 and 1 and are not biased by how many values there are. They are shares, not counts, so that a
reference may be a mixture of seasons (`trimtab.data.seasons`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import msgspec

from trimtab.data.column_profile import CategoryColumn, ColumnProfile, NumberColumn, group_counts
from trimtab.data.distance import different_keys, numbers_of
from trimtab.data.wording import percent, share_said, show

_COMMON: Final = 0.002
"""Values with a smaller share of the reference are also judged together, and new ones with them."""


class ShareChange(msgspec.Struct, frozen=True, kw_only=True):
    """The change of one event's share; ``name`` says the event as in ``are null``.

    ``told`` is the sentence where that of this share would tell one side of a change only.
    ``among`` is of how many events this one was chosen because its change is the greatest. ``known`` is how much each
    row of the reference counts for: 1 where its share was counted, less where it was estimated. ``of`` is what the
    shares are of. One that ``expects`` has an estimate for ``then``, and only more than that is a change.
    """

    name: str
    then: float
    now: float
    among: int = 1
    known: float = 1.0
    of: str = "rows"
    expects: bool = False
    told: str = ""

    @property
    def words(self) -> str:
        """The sentence for a person."""
        if self.told:
            return self.told
        if self.expects:
            return f"{percent(self.now)} of {self.of} {self.name}; {percent(self.then)} were to be expected"
        return share_said(self.name, (self.then, self.now), self.of)


def share_changes(
    reference: Sequence[tuple[float, CategoryColumn]], current: CategoryColumn, *, tolerance: float = 1.0
) -> tuple[ShareChange, ...]:
    """The changes of values' shares of the rows that hold one: of each common one, of the rare and new ones together,
    of the one among these that rose most, since a single one that swallows all others leaves their sum as it was, and
    of the new ones alone, since those that replace as many rare ones do, too.

    The values that were rare are chosen by the very rows that their share is then taken of, which makes it look
    smaller than it is. So each row is asked whether its value would be rare without it: the estimate of Good and
    Turing (Biometrika 40, 1953), of which the share of unseen values is the best known case. It supposes that rows are
    drawn anew. Where the same customers come again there are fewer new ones than that, which is no change; more are.

    The ``tolerance`` is for the sentences alone: where one value rose by more and another fell by more, both are named.
    """
    of = of_what(reference, current)
    grouped = bool(current.groups) or any(part.groups for _, part in reference)
    total = sum(weight for weight, part in reference if part.count)
    rows = sum(part.count for _, part in reference)
    then: dict[str, float] = {}
    counted: dict[str, int] = {}
    for weight, part in reference:
        share = weight / total / max(part.count, 1)
        for value, count in _counts(part, grouped=grouped):
            then[value] = then.get(value, 0.0) + share * count
            counted[value] = counted.get(value, 0) + count
    rare = max(1, round(_COMMON * rows))
    rare_then = sum(then[value] for value, count in counted.items() if count <= rare)
    today = current.count
    now = {value: count / today for value, count in _counts(current, grouped=grouped)}
    common = [value for value, count in counted.items() if count > rare]
    two = len(common) == 2 and counted.keys() | now.keys() == {*common}
    if two:
        del common[0]  # of two values each says what the other says
    changes = [
        ShareChange(name=_name(value, grouped=grouped), then=then[value], now=now.get(value, 0.0), of=of)
        for value in common
    ]
    others = {value: share for value, share in now.items() if counted.get(value, 0) < rare}
    most = _greatest(others)
    name = "hold a value that was rare or is new" + (f" (most of all {show(most)})" if most and not grouped else "")
    changes.append(ShareChange(name=name, then=rare_then, now=sum(others.values()), of=of, expects=True))
    risen = {value: now[value] - then.get(value, 0.0) for value in now if counted.get(value, 0) <= rare}
    unseen = [share for value, share in now.items() if value not in counted]
    if risen:
        value = _greatest(risen)
        among = len(counted) + len(unseen) - len(common)
        name = _name(value, grouped=grouped)
        changes.append(ShareChange(name=name, then=then.get(value, 0.0), now=now[value], among=among, of=of))
    if not grouped:
        changes += _unseen(counted, then, rows, sum(unseen), of)
    return tuple(changes if two else _both_told(changes, (then, now), tolerance, grouped=grouped))


def _greatest(sizes: Mapping[str, float]) -> str:
    """The value with the greatest size, of several the last one; of none the empty text."""
    most = max(sizes.values(), default=0.0)
    return max((value for value, size in sizes.items() if size == most), default="")


def _both_told(
    changes: Sequence[ShareChange],
    shares: tuple[Mapping[str, float], Mapping[str, float]],
    tolerance: float,
    *,
    grouped: bool,
) -> Iterator[ShareChange]:
    """The changes, of which each that tells one side of an exchange of values tells the other side too."""
    old, new = shares
    moved = {value: new.get(value, 0.0) - old.get(value, 0.0) for value in {**old, **new}}
    if not moved or min(max(moved.values()), -min(moved.values())) <= tolerance:
        yield from changes
        return
    rose, fell = _greatest(moved), min(moved, key=lambda value: (moved[value], value))
    both = {_name(rose, grouped=grouped), _name(fell, grouped=grouped)}
    up, down = (
        f"{_shown(value, grouped=grouped)} {verb} from {percent(old.get(value, 0.0))} to {percent(new.get(value, 0.0))}"
        for value, verb in ((rose, "rose"), (fell, "fell"))
    )
    for change in changes:
        size, told = change.now - change.then, ""
        if change.name in both:
            told = f"{up} of {change.of}, {down}"
        elif size > tolerance or (size < -tolerance and not change.expects):
            told = f"{change.words}; {down if size > 0.0 else up}"
        yield msgspec.structs.replace(change, told=told)


def _unseen(
    counted: Mapping[str, int], then: Mapping[str, float], rows: int, unseen: float, of: str
) -> Iterator[ShareChange]:
    """The share of rows whose value the reference does not have. As many were to be expected as the reference has rows
    whose value no other row of it has (Good and Turing, Biometrika 40, 1953).

    The error of that estimate has the variance (n₁ + 2 n₂) / n² - n₁² / n³, by the values that are there once and twice
    (Esty, "A normal limit law for a nonparametric estimator of the coverage of a random sample", Annals of Statistics
    11(3), 1983), which is more than that of a share that is counted.
    """
    once = [value for value, count in counted.items() if count == 1]
    expected, twice = sum(then[value] for value in once), sum(count == 2 for count in counted.values())
    if not once and unseen == 0.0:
        return
    share = len(once) / rows
    counts, estimate = share * (1.0 - share) + 1.0 / rows, share * (1.0 - share) + (2.0 * twice + 1.0) / rows
    name = "hold a value that the reference does not have"
    yield ShareChange(name=name, then=expected, now=unseen, known=counts / estimate, of=of, expects=True)


def two_valued(reference: Sequence[tuple[float, NumberColumn]], current: NumberColumn) -> ShareChange | None:
    """The change of the share of the greater number, where both sides hold the same two numbers and no other, as a
    flag does; None elsewhere."""
    if not all(part.sketch.exact for part in (current, *(part for _, part in reference))):
        return None
    then, now = numbers_of(reference), numbers_of([(1.0, current)])
    keys = different_keys(then.keys, now.keys)
    if then.dropped or now.dropped or len(keys) != 2 or len(then.keys) != 2:
        return None
    greater = keys[1]
    shares = [float(side.shares[side.keys == greater].sum()) for side in (then, now)]
    name = f"are {float(then.middles[1]):.6g}"
    return ShareChange(name=name, then=shares[0], now=shares[1], of=of_what(reference, current))


def of_what(reference: Sequence[tuple[float, ColumnProfile]], current: ColumnProfile) -> str:
    """What the shares of a column's values are of: all rows, or where some hold none, the values that are there."""
    whole = all(part.count == part.rows for part in (current, *(part for _, part in reference)))
    return "rows" if whole else "values"


def _counts(part: CategoryColumn, *, grouped: bool) -> Iterable[tuple[str, int]]:
    if not grouped:
        return zip(part.values, part.counts, strict=True)
    counts = part.groups or group_counts(part.values, part.counts)
    return ((str(group), count) for group, count in enumerate(counts) if count)


def _name(value: str, *, grouped: bool) -> str:
    return f"hold a value of hash group {value}" if grouped else f"are {show(value)}"


def _shown(value: str, *, grouped: bool) -> str:
    return f"hash group {value}" if grouped else show(value)
