"""The sixty rules that every checker is asked: of each column of the bank table, gaps and limits (or a list).

Plain Python without an import beside the standard library's, because each peer reads it in an environment of its own.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Rules(NamedTuple):
    """The two rules of one column.

    ``kind``: float, integer, boolean, text or time. ``present``: the least share of values that are not null.
    ``limits``: both included; of a text its length. ``allowed``: the known values, where there are no limits.
    """

    kind: str
    present: float = 1.0
    limits: tuple[float, float] | tuple[str, str] | None = None
    allowed: tuple[str, ...] | tuple[bool, ...] = ()


_YEARS: Final = ("2025-12-31T00:00:00Z", "2031-01-01T00:00:00Z")

SIXTY: Final[dict[str, Rules]] = {
    "tx_id": Rules("text", limits=(14, 14)),
    "booked_at": Rules("time", limits=_YEARS),
    "value_date": Rules("time", limits=_YEARS),
    "amount": Rules("float", limits=(0.0, 100_000.0)),
    "fee": Rules("float", limits=(0.0, 1_000.0)),
    "balance": Rules("float", limits=(-20_000.0, 20_000.0)),
    "credit_limit": Rules("float", limits=(0.0, 2_000_000.0)),
    "score": Rules("float", limits=(0.0, 1_200.0)),
    "fx_change": Rules("float", limits=(-0.01, 0.01)),
    "surplus": Rules("float", limits=(-10.0, 10.0)),
    "signal": Rules("float", limits=(-10.0, 10.0)),
    "risk": Rules("float", limits=(0.0, 1.0)),
    "rate": Rules("float", limits=(1.0, 5.0)),
    "since_last": Rules("float", limits=(0.0, 1_000_000.0)),
    "yield": Rules("float", limits=(-10_000.0, 10_000.0)),
    "distance_km": Rules("float", limits=(0.0, 10_000.0)),
    "inflow": Rules("float", limits=(-40.0, 80.0)),
    "outflow": Rules("float", limits=(-40.0, 120.0)),
    "items": Rules("integer", limits=(0, 9)),
    "points": Rules("integer", limits=(0, 1_000)),
    "terminal": Rules("integer", limits=(1_000_000_000, 2_000_000_000_000)),
    "dependents": Rules("integer", present=0.95, limits=(0, 6)),
    "income": Rules("float", present=0.95, limits=(0.0, 1_000_000.0)),
    "rating": Rules("float", present=0.95, limits=(-10.0, 20.0)),
    "online": Rules("boolean", allowed=(False, True)),
    "foreign": Rules("boolean", allowed=(False, True)),
    "channel": Rules("text", allowed=("app", "branch", "phone", "web")),
    "country": Rules("text", allowed=tuple(f"{one}{two}" for one in "ABCDE" for two in "KLMNOPQRST")),
    "merchant": Rules("text", allowed=tuple(f"merchant {place:04d}" for place in range(2_000))),
    "memo": Rules("text", limits=(1, 200)),
}


def contract() -> str:
    """The same rules as a contract of Trimtab's; a boolean has no values but its type's, and dates are days of UTC."""
    lines = ['schema = "trimtab.contract/3"', 'key = "tx_id"', 'zone = "UTC"']
    for name, rules in SIXTY.items():
        lines += ["", f"[columns.{name}]", f'type = "{rules.kind}"']
        if rules.present < 1.0:
            lines += ["nullable = true", f'nulls = {{ share = {1.0 - rules.present:.2f}, outside = "refuse" }}']
        if rules.limits is not None:
            low, high = (f'"{end}"' if isinstance(end, str) else f"{end}" for end in rules.limits)
            what = "length" if rules.kind == "text" else "range"
            lines.append(f'{what} = {{ min = {low}, max = {high}, outside = "refuse" }}')
        elif rules.kind == "text":
            known = ", ".join(f'"{value}"' for value in rules.allowed)
            lines.append(f'values = {{ allowed = [{known}], outside = "refuse" }}')
    return "\n".join(lines) + "\n"
