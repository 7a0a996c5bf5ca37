"""The small languages in the file: "20%", "shadow 1d", "6 per 90d", "last 56d", "not worse by 0.02".

They are words and not tables because they are read more often than written, and in a review most of all.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final

from trimtab.base.instants import Span
from trimtab.spec.problems import UnknownChoiceError, WrongTypeError, did_you_mean
from trimtab.spec.project import Budget, Judging, Step
from trimtab.spec.values import Unfit, quoted, span, span_or_zero, text

_PERCENT: Final = re.compile(r"(\d+(?:\.\d+)?)\s*%")
_STEP: Final = re.compile(r"(?P<share>shadow|\d+(?:\.\d+)?\s*%)(?:\s+(?P<least>\S.*))?")
_BUDGET: Final = re.compile(r"(\d+)\s+per\s+(\S.*)")
_LAST: Final = re.compile(r"last\s+(\S.*)")
_COMPARISON: Final = re.compile(r"(not worse|better)\s+by\s+(\d+(?:\.\d+)?)")
_SIGNALS: Final = ("decay", "drift")
_BASIS_POINT: Final = 0.0001
_NOISE: Final = 1e-6
"""What a division by a basis point leaves of a decimal fraction that binary floats cannot hold."""


def judging(raw: object) -> Judging:
    """``"20%"`` of the rows or the newest ``"14d"``."""
    if isinstance(raw, str) and (percent := _PERCENT.fullmatch(raw.strip())):
        share = float(percent[1]) / 100
        if not 0 < share < 1:
            raise Unfit("leave rows to train on and rows to judge on: above 0% and below 100%")
        return Judging(share=share, span=None)
    if isinstance(raw, str) and "%" not in raw:
        return Judging(share=None, span=span(raw))
    raise Unfit('be a share of the rows such as "20%", or a length of time such as "14d"')


def rollout_step(raw: object) -> Step:
    """``"shadow 1d"``, ``"25% 1d"`` or ``"100%"``."""
    found = _STEP.fullmatch(raw.strip()) if isinstance(raw, str) else None
    if found is None:
        raise Unfit('be a step: "shadow 1d", "25% 1d" or "100%"')
    share = 0.0 if found["share"] == "shadow" else float(found["share"].rstrip("% ")) / 100
    if found["share"] != "shadow" and not _BASIS_POINT <= share <= 1.0:
        raise Unfit("give a share from 0.01% to 100%; a challenger without a share is a shadow")
    if abs(share / _BASIS_POINT - round(share / _BASIS_POINT)) > _NOISE:
        raise Unfit("give its share in steps of 0.01%")
    if found["least"] is None and share < 1.0:
        raise Unfit('say how long it lasts at least, e.g. "25% 1d"; only the last step, "100%", needs no time')
    return Step(share=share, least=Span(0) if found["least"] is None else span_or_zero(found["least"]))


def steps(raw: object) -> tuple[Step, ...]:
    """A rollout: shares that rise to the whole."""
    if not isinstance(raw, list) or not raw:
        raise Unfit('be a list of steps, such as ["shadow 1d", "25% 1d", "100%"]', kind=WrongTypeError)
    found = tuple(rollout_step(each) for each in raw)
    if found[-1].share != 1.0:
        raise Unfit('end with "100%": a rollout that stops below it leaves two releases in service for good')
    for before, after in pairwise(found):
        if after.share <= before.share:
            raise Unfit(f"only rise: {_share_text(after)} follows {_share_text(before)}")
    return found


def _share_text(step: Step) -> str:
    return "shadow" if step.shadow else f"{step.share * 100:g}%"


def budget(raw: object) -> Budget:
    """``"6 per 90d"``."""
    found = _BUDGET.fullmatch(raw.strip()) if isinstance(raw, str) else None
    if found is None or int(found[1]) < 1:
        must = 'be a number of trainings and a time, such as "6 per 90d"'
        raise Unfit(must, fix="For no automatic training at all, say when = [].")
    return Budget(trainings=int(found[1]), per=span(found[2]))


def training_span(raw: object) -> Span | None:
    """``"all"`` or ``"last 56d"``."""
    if raw == "all":
        return None
    found = _LAST.fullmatch(raw.strip()) if isinstance(raw, str) else None
    if found is None:
        raise Unfit('be "all" or a span such as "last 56d"')
    return span(found[1])


def comparison(raw: object) -> float:
    """The tolerance in ``"not worse by 0.02"``; negative for ``"better by 0.01"``."""
    found = _COMPARISON.fullmatch(raw.strip()) if isinstance(raw, str) else None
    if found is None:
        raise Unfit('be "not worse by 0.02" or "better by 0.01"', fix="The number is in the metric's own unit.")
    amount = float(found[2])
    return amount if found[1] == "not worse" else -amount


def occasions(raw: object) -> tuple[bool, bool, Span | None]:
    """``["decay", "drift", "every 30d"]``, each at most once; an empty list means never."""
    if not isinstance(raw, list):
        must = 'be a list, such as ["decay", "every 30d"]'
        raise Unfit(must, kind=WrongTypeError, fix="For never, say when = [].")
    named: set[str] = set()
    every: Span | None = None
    for each in raw:
        said = text(each)
        if said in named or (said.startswith("every ") and every is not None):
            raise Unfit("name each occasion once")
        if said.startswith("every "):
            every = span(said.removeprefix("every "))
        elif said in _SIGNALS:
            named.add(said)
        else:
            fix = did_you_mean(said, (*_SIGNALS, "every 30d"))
            raise Unfit(f"not hold {quoted(said)}, which is no occasion", kind=UnknownChoiceError, fix=fix)
    return "decay" in named, "drift" in named, every
