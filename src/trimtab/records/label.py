"""Label v1: a true outcome, when it happened and when it reached us. Append-only; a correction supersedes."""

from __future__ import annotations

import msgspec

from trimtab.base.instants import Instant


class Label(msgspec.Struct, frozen=True, kw_only=True, tag_field="schema", tag="trimtab.label/1"):
    """The truth about one prediction.

    Attributes:
        label_id: ours; sorts by time of arrival.
        prediction_id: the prediction that it is about; or None, and then ``key`` names the row.
        key: the project's own key, as text.
        value: the outcome: a class or a number.
        event_time: when the outcome happened, if the sender knows.
        arrived_at: when it reached us; what was known at time t is what had arrived before t.
        supersedes: the ``label_id`` that this one corrects; the newest arrival wins in any case.
    """

    label_id: str
    prediction_id: str | None
    key: str | None
    value: bool | int | float | str
    event_time: Instant | None
    arrived_at: Instant
    supersedes: str | None = None
