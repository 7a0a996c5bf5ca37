"""From the answers of a rollout to what they show: counts, and the distance of the scores at the last planned look."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trimtab.base.instants import Instant, Span
from trimtab.base.verdict import Evidence
from trimtab.data.array_profile import profile_scores
from trimtab.data.column_profile import NumberColumn
from trimtab.data.distance import number_distance
from trimtab.records.prediction import Status
from trimtab.rollout.state import Compared, Counts, ScoreShift, StepEvidence
from trimtab.stats.arrays import Array, Floats
from trimtab.stats.distance import look_at

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """The answers of both variants since the rollout began, in the order of their arrival; one element per answer.

    Attributes:
        arrived_at: UTC microseconds, by the endpoint's clock.
        by_challenger: whether it is the challenger's (heard or not); the others are the champion's.
        status: `trimtab.records.prediction.Status` values.
        score: what the model answered, as one number: the positive class's probability, the likeliest class's
            probability, or the value; NaN where it did not answer.
        latency_us: microseconds.
    """

    arrived_at: npt.NDArray[np.int64]
    by_challenger: Mask
    status: Array
    score: Floats
    latency_us: npt.NDArray[np.int64]


def one_number(scores: Floats) -> Floats:
    """Raw scores as one number each: a score or a value as it is, of several probabilities the likeliest one's."""
    return scores if scores.ndim == 1 else scores.max(axis=1, initial=0.0)


def step_evidence(
    answers: Answers,
    *,
    step_since: Instant,
    min_requests: int,
    judged: NumberColumn,
    slow_beyond: Span | None = None,
    quality: Evidence | None = None,
) -> StepEvidence:
    """What a rollout's answers show of its present step; the same answers always show the same.

    ``judged`` is the profile of the challenger's own scores on the rows that it was judged on (one number each, as in
    ``answers.score``). ``slow_beyond`` is the latency that the gates allow the slowest hundredth, None in a replay;
    ``quality`` is passed on.
    """
    return StepEvidence(
        step=_compared(answers, answers.arrived_at >= step_since, slow_beyond),
        rollout=_compared(answers, np.ones(len(answers.status), dtype=np.bool_), slow_beyond),
        shift=_shift(answers, max(1, min_requests), judged),
        quality=quality,
    )


def _compared(answers: Answers, within: Mask, slow_beyond: Span | None) -> Compared:
    return Compared(
        challenger=_counts(answers, within & answers.by_challenger, slow_beyond),
        champion=_counts(answers, within & ~answers.by_challenger, slow_beyond),
    )


def _counts(answers: Answers, chosen: Mask, slow_beyond: Span | None) -> Counts:
    status = answers.status[chosen]
    return Counts(
        requests=int(np.count_nonzero(chosen)),
        failed=int(np.count_nonzero(status == Status.FAILED)),
        refused=int(np.count_nonzero(status == Status.REFUSED)),
        slow=None if slow_beyond is None else int(np.count_nonzero(answers.latency_us[chosen] > slow_beyond)),
    )


def _shift(answers: Answers, first: int, judged: NumberColumn) -> ScoreShift | None:
    """The distance at the last planned number of the challenger's scores."""
    scores = answers.score[answers.by_challenger & np.isfinite(answers.score)]
    look = look_at(len(scores), first)
    if look is None or not judged.rows:
        return None
    number, size = look
    live = profile_scores(scores[:size]).columns["score"]
    assert isinstance(live, NumberColumn), "one score for each answer"
    return ScoreShift(distance=number_distance(judged, live).size, live=size, judged=judged.rows, look=number)
