"""Route table v1: who answers an endpoint's requests, from which moment on.

It is desired state, written whole: the router compares it with what it serves and moves there once every worker
that it names is ready. ``effective_at`` makes a change a fact of the endpoint's clock, so that a replay changes
models at the same row whatever the processor's speed.
"""

from __future__ import annotations

import hashlib

import msgspec

from trimtab.base.errors import InputError
from trimtab.base.instants import Instant
from trimtab.records.prediction import Role

WHOLE = 10_000
"""All of an endpoint's traffic, in basis points."""


class Variant(msgspec.Struct, frozen=True, kw_only=True):
    """A release behind an endpoint. ``weight`` is its share of answers in basis points; a shadow has none."""

    name: str
    release: str
    role: Role
    weight: int


class RouteTable(msgspec.Struct, frozen=True, kw_only=True, tag_field="schema", tag="trimtab.route/1"):
    """An endpoint's variants.

    Attributes:
        version: grows by one with every change; a lower version is never applied over a higher.
        effective_at: requests that arrive from this moment on are answered by these variants.
        salt: mixed into the choice of variant, so that two rollouts do not pick the same customers.
        cause: key of the action that wrote it.
    """

    endpoint: str
    version: int
    effective_at: Instant
    variants: tuple[Variant, ...]
    salt: str
    cause: str

    def __post_init__(self) -> None:
        if sum(variant.weight for variant in self.variants) != WHOLE:
            raise InputError(f"the route table of {self.endpoint!r} does not share out exactly 100 % of its requests")
        if any(variant.role is Role.SHADOW and variant.weight for variant in self.variants):
            raise InputError(f"the route table of {self.endpoint!r} gives a shadow a share of the answers")
        if len({variant.release for variant in self.variants}) != len(self.variants):
            raise InputError(f"the route table of {self.endpoint!r} names one release twice")

    @property
    def champion(self) -> Variant:
        """The variant whose role is champion."""
        return next(variant for variant in self.variants if variant.role is Role.CHAMPION)

    @property
    def shadows(self) -> tuple[Variant, ...]:
        """The variants that answer beside the one that is asked, and are not heard."""
        return tuple(variant for variant in self.variants if variant.role is Role.SHADOW)


def pick(table: RouteTable, unit: str) -> Variant:
    """The variant that answers ``unit`` (a key or a request id): the same unit always gets the same one."""
    place = int.from_bytes(hashlib.blake2b(f"{table.salt}\x1f{unit}".encode(), digest_size=8).digest()) % WHOLE
    for variant in table.variants:
        if place < variant.weight:
            return variant
        place -= variant.weight
    raise AssertionError("weights add up to the whole, so a variant was found")
