"""Single values of pandas as nodes, and back: moments, spans, periods, intervals, and its two words for missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from trimtab.drivers.step_values.nodes import Node
from trimtab.drivers.step_values.problems import RefusedError

if TYPE_CHECKING:
    from trimtab.drivers.step_values.tree import Decoder, Encoder


def node(value: Any, encoder: Encoder) -> Node | None:
    """The node of a single value of pandas; None for anything else."""
    if value is pd.NA:
        return {"pandas.NA": None}
    if value is pd.NaT:
        return {"pandas.NaT": None}
    kind = type(value)
    if kind is pd.Timestamp:
        moment = int(value.asm8.view("int64"))
        return {"pandas.Timestamp": [moment, value.unit, zone_node(value.tz, encoder), value.fold]}
    if kind is pd.Timedelta:
        return {"pandas.Timedelta": [int(value.asm8.view("int64")), value.unit]}
    if kind is pd.Period:
        return {"pandas.Period": [value.ordinal, value.freqstr]}
    if kind is pd.Interval:
        return {"pandas.Interval": [encoder.node(value.left), encoder.node(value.right), value.closed]}
    return None


def value(tag: str, payload: Any, decoder: Decoder) -> Any:
    """The single value of a node."""
    import numpy as np

    match tag:
        case "pandas.NA":
            return pd.NA
        case "pandas.NaT":
            return pd.NaT
        case "pandas.Timestamp":
            moment, unit, zone_part, fold = payload
            naive = pd.Timestamp(np.datetime64(moment, unit))
            zone = opened_zone(zone_part, decoder)
            made = naive if zone is None else naive.tz_localize("UTC").tz_convert(zone)
            return made.replace(fold=fold) if fold != made.fold else made
        case "pandas.Timedelta":
            return pd.Timedelta(np.timedelta64(payload[0], payload[1]))
        case "pandas.Period":
            return pd.Period(ordinal=payload[0], freq=payload[1])
        case _:
            return pd.Interval(decoder.value(payload[0]), decoder.value(payload[1]), closed=payload[2])


def zone_node(zone: Any, encoder: Encoder) -> Node:
    """The node of a time zone: by its name where pandas makes the same object of it, else as a plain value."""
    if zone is None:
        return None
    named = str(zone)
    try:
        again = pd.DatetimeTZDtype("ns", named).tz
    except (TypeError, ValueError, KeyError):
        again = None
    if type(again) is type(zone) and str(again) == named:  # pytz has several objects for one zone, all of one type
        return named
    return encoder.node(zone)


def opened_zone(part: Node, decoder: Decoder) -> Any:
    """The time zone of its node."""
    return pd.DatetimeTZDtype("ns", part).tz if isinstance(part, str) else decoder.value(part)


def freq_text(freq: Any) -> str | None:
    """The text of an index's frequency, from which pandas makes the same; raises `RefusedError` where it does not."""
    if freq is None:
        return None
    text = str(freq.freqstr)
    try:
        same = pd.tseries.frequencies.to_offset(text) == freq
    except ValueError:
        same = False
    if not same:
        raise RefusedError(
            f"an index of the frequency {text!r}", fix="Drop it: index.freq = None; the times themselves are kept."
        )
    return text
