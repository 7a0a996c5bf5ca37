"""``GET /v1/status``: what answers, what waits and why, as one versioned document."""

from __future__ import annotations

from typing import Any

from trimtab.base.digest import short
from trimtab.base.errors import TrimtabError
from trimtab.base.instants import format_instant
from trimtab.records.route import RouteTable
from trimtab.serve.clock import ReplayTime
from trimtab.serve.plane import Plane
from trimtab.serve.worker_state import read_worker


def status_of(plane: Plane) -> dict[str, Any]:
    """The endpoint as it is now."""
    follower, clock, metrics = plane.follower, plane.clock, plane.metrics
    return {
        "schema": "trimtab.status/1",
        "endpoint": plane.endpoint,
        "ready": plane.ready,
        "now": format_instant(clock.now()),
        "replayed": clock.replayed,
        "waits_for": clock.waits_for if isinstance(clock, ReplayTime) else "",
        "applied": _table(follower.applied),
        "pending": [_table(table) for table in follower.pending],
        "problem": follower.problem,
        "workers": [_worker(plane, release) for release in sorted(follower.needed())],
        "predictions": _sums(metrics.rows.values),
        "shadow_dropped": {variant[0]: int(count) for variant, count in metrics.dropped.values.items()},
        "labels": int(metrics.labels.values.get((), 0)),
    }


def _table(table: RouteTable | None) -> dict[str, Any] | None:
    if table is None:
        return None
    return {
        "version": table.version,
        "effective_at": format_instant(table.effective_at),
        "cause": table.cause,
        "variants": [
            {"name": v.name, "release": short(v.release), "role": v.role.value, "share": v.weight / 10_000}
            for v in table.variants
        ],
    }


def _worker(plane: Plane, release: str) -> dict[str, Any]:
    try:
        state = read_worker(plane.files.worker(release))
    except TrimtabError as error:
        return {"release": short(release), "phase": "unknown", "problem": str(error)}
    served = plane.releases.opened.get(release)
    link = served.link if served else None
    return {
        "release": short(release),
        "phase": state.phase.value if state else "absent",
        "answers": bool(link and link.ready),
        "waiting": link.waiting if link else 0,
        "restarts": state.restarts if state else 0,
        "problem": (state.problem if state else "") or (link.problem if link else ""),
    }


def _sums(values: dict[tuple[str, ...], float]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for (variant, _, status), count in sorted(values.items()):
        found.setdefault(variant, {})[status] = int(count)
    return found
