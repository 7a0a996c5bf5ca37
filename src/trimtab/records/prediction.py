"""Prediction v1: one answer to one row, or one refusal of it.

Refusals and failures are records too: a log of successes alone hides what users complain of. Several variants may
answer one request; a shadow's answer is its own record with the request's ``request_id``.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from trimtab.base.instants import Instant

Scalar = bool | int | float | str | None
"""A value of a request as JSON has it; times are kept as they were sent."""

Output = dict[str, float | int | str | bool | list[float]]
"""What a model answered: ``score`` (the probability of the positive class), ``value``, ``label``, ``probabilities``."""


class Role(StrEnum):
    """What a variant is there for."""

    CHAMPION = "champion"
    CHALLENGER = "challenger"
    SHADOW = "shadow"


class Status(StrEnum):
    """How a request ended: answered, refused by the contract, or failed in the model."""

    OK = "ok"
    REFUSED = "refused"
    FAILED = "failed"


class Prediction(msgspec.Struct, frozen=True, kw_only=True, tag_field="schema", tag="trimtab.prediction/1"):
    """One row's answer by one variant.

    Attributes:
        prediction_id: ours; sorts by time of arrival.
        request_id: shared by the answers of all variants to one row.
        key: the project's own key of the row, as text; not unique. None where the project declares none.
        release: digest of the release that answered; empty for a refusal before a variant was picked.
        event_time: the row's own time. For a row that could not be read, its arrival.
        arrived_at: when the request reached us, by the endpoint's clock.
        inputs: the row as received; None if it could not be read, and then ``received`` holds its text.
        outputs: what was answered; None unless ``status`` is ok.
        notes: soft findings of the contract, ``column: reason``.
        problem: why it was refused or failed.
        latency_us: wall time from the request's last byte to the record, microseconds.
        idempotency_key: as the client sent it.
    """

    prediction_id: str
    request_id: str
    key: str | None
    project: str
    endpoint: str
    release: str
    variant: str
    role: Role
    event_time: Instant
    arrived_at: Instant
    inputs: dict[str, Scalar] | None
    outputs: Output | None
    status: Status
    latency_us: int
    notes: tuple[str, ...] = ()
    problem: str = ""
    received: str = ""
    idempotency_key: str | None = None
