"""The parts of one router, put together once and handed to whatever answers requests."""

from __future__ import annotations

from dataclasses import dataclass

from trimtab.serve.answer_log import AnswerLog
from trimtab.serve.clock import EndpointClock, Turnstile
from trimtab.serve.first_answers import FirstAnswers
from trimtab.serve.follower import RouteFollower
from trimtab.serve.ids import TimeOrderedIds
from trimtab.serve.layout import EndpointFiles
from trimtab.serve.metrics import Metrics
from trimtab.serve.served import Releases, Served


@dataclass(frozen=True, slots=True, kw_only=True)
class Plane:
    """One endpoint's data plane."""

    files: EndpointFiles
    ids: TimeOrderedIds
    log: AnswerLog
    releases: Releases
    follower: RouteFollower
    firsts: FirstAnswers
    turnstile: Turnstile
    metrics: Metrics
    clock: EndpointClock

    @property
    def endpoint(self) -> str:
        """The endpoint's name."""
        return self.files.endpoint

    @property
    def champion(self) -> Served | None:
        """The release that is champion in the applied table; None before the first table."""
        table = self.follower.applied
        return None if table is None else self.releases.open(table.champion.release)

    @property
    def ready(self) -> bool:
        """Whether every variant that answers has a worker."""
        table = self.follower.applied
        if table is None:
            return False
        return all(self.releases.open(variant.release).link.ready for variant in table.variants if variant.weight)
