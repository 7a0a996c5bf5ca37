"""Moments, days and spans of Python as nodes, and back, with the zone and the fold that they have."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Final

from trimtab.drivers.step_values.nodes import Decode, Encode, Node
from trimtab.drivers.step_values.problems import RefusedError

if TYPE_CHECKING:
    from trimtab.drivers.step_values.tree import Decoder, Encoder


def _datetime(value: dt.datetime, encoder: Encoder) -> Node:
    return {"datetime": [value.replace(tzinfo=None, fold=0).isoformat(), value.fold, encoder.node(value.tzinfo)]}


def _time(value: dt.time, encoder: Encoder) -> Node:
    return {"time": [value.replace(tzinfo=None, fold=0).isoformat(), value.fold, encoder.node(value.tzinfo)]}


def _opened_datetime(payload: list[Node], decoder: Decoder) -> dt.datetime:
    text, fold, zone = payload
    return dt.datetime.fromisoformat(text).replace(tzinfo=decoder.value(zone), fold=fold)


def _opened_time(payload: list[Node], decoder: Decoder) -> dt.time:
    text, fold, zone = payload
    return dt.time.fromisoformat(text).replace(tzinfo=decoder.value(zone), fold=fold)


def _timedelta(value: dt.timedelta, _: Encoder) -> Node:
    return {"timedelta": [value.days, value.seconds, value.microseconds]}


def _timezone(value: dt.timezone, encoder: Encoder) -> Node:
    # what it was made from: an offset, and a name only where it was given one
    return {"timezone": [encoder.node(part) for part in value.__reduce__()[1]]}


def _opened_timezone(payload: list[Node], decoder: Decoder) -> dt.timezone:
    return dt.timezone(*map(decoder.value, payload))


def _zone(value: Any, _: Encoder) -> Node:
    if value.key is None:
        raise RefusedError("a time zone without a name", fix="Use zoneinfo.ZoneInfo with a name.")
    return {"ZoneInfo": value.key}


def _opened_zone(payload: str, _: Decoder) -> Any:
    from zoneinfo import ZoneInfo

    return ZoneInfo(payload)


ENCODERS: Final[dict[type, Encode]] = {
    dt.datetime: _datetime,
    dt.date: lambda value, _: {"date": value.isoformat()},
    dt.time: _time,
    dt.timedelta: _timedelta,
    dt.timezone: _timezone,
}
BY_NAME: Final[dict[tuple[str, str], Encode]] = {("zoneinfo", "ZoneInfo"): _zone}
DECODERS: Final[dict[str, Decode]] = {
    "datetime": _opened_datetime,
    "date": lambda payload, _: dt.date.fromisoformat(payload),
    "time": _opened_time,
    "timedelta": lambda payload, _: dt.timedelta(*payload),
    "timezone": _opened_timezone,
    "ZoneInfo": _opened_zone,
}
