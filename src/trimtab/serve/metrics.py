"""Counters and histograms in Prometheus' text format, without its client library.

The router is one thread, so a number is a plain number. What is counted is what a person asks at night: how many
requests and how they ended, how long they took, what the contract refused or noted, how large the batches were, what
a shadow had to drop, which route table answers, how often a worker was started again.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from typing import Final

TEXT: Final = b"text/plain; version=0.0.4; charset=utf-8"

LATENCY_BOUNDS: Final = (
    0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0,
)  # fmt: skip
"""Seconds; from the floor of a local call to the longest wait for a restarted worker."""

BATCH_BOUNDS: Final = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0)
"""Rows."""


class Counter:
    """A number per set of label values; it only grows."""

    def __init__(self, name: str, text: str, *labels: str) -> None:
        self.name, self.text, self.labels = name, text, labels
        self.values: defaultdict[tuple[str, ...], float] = defaultdict(float)

    def add(self, *values: str, by: float = 1) -> None:
        self.values[values] += by

    def lines(self, base: str) -> list[str]:
        return _lines(
            self.name,
            self.text,
            "counter",
            [(self.name, _render(self.labels, k, base), v) for k, v in sorted(self.values.items())],
        )


class Gauge:
    """A number per set of label values, as it is now."""

    def __init__(self, name: str, text: str, *labels: str) -> None:
        self.name, self.text, self.labels = name, text, labels
        self.values: dict[tuple[str, ...], float] = {}

    def set(self, value: float, *values: str) -> None:
        self.values[values] = value

    def lines(self, base: str) -> list[str]:
        return _lines(
            self.name,
            self.text,
            "gauge",
            [(self.name, _render(self.labels, k, base), v) for k, v in sorted(self.values.items())],
        )


class Histogram:
    """Counts of values by upper bound, per set of label values."""

    def __init__(self, name: str, text: str, bounds: tuple[float, ...], *labels: str) -> None:
        self.name, self.text, self.bounds, self.labels = name, text, bounds, labels
        self._counts: dict[tuple[str, ...], list[int]] = {}
        self._sums: defaultdict[tuple[str, ...], float] = defaultdict(float)

    def observe(self, value: float, *values: str) -> None:
        counts = self._counts.get(values)
        if counts is None:
            counts = self._counts[values] = [0] * (len(self.bounds) + 1)
        counts[bisect_left(self.bounds, value)] += 1
        self._sums[values] += value

    def lines(self, base: str) -> list[str]:
        rows: list[tuple[str, str, float]] = []
        for key, counts in sorted(self._counts.items()):
            total = 0
            for bound, count in zip((*(f"{b:g}" for b in self.bounds), "+Inf"), counts, strict=True):
                total += count
                rows.append((f"{self.name}_bucket", _render((*self.labels, "le"), (*key, bound), base), total))
            rows.append((f"{self.name}_sum", _render(self.labels, key, base), self._sums[key]))
            rows.append((f"{self.name}_count", _render(self.labels, key, base), total))
        return _lines(self.name, self.text, "histogram", rows)


class Metrics:
    """Everything that the router counts; ``text`` is what ``GET /metrics`` answers."""

    def __init__(self, endpoint: str) -> None:
        self._base = _render(("endpoint",), (endpoint,), "")
        self.rows = Counter(
            "trimtab_predictions_total", "Rows by variant, role and how they ended.", "variant", "role", "status"
        )
        self.http = Counter("trimtab_http_answers_total", "HTTP answers by route and status.", "route", "code")
        self.latency = Histogram(
            "trimtab_latency_seconds", "From a request's last byte to its answer's record.", LATENCY_BOUNDS, "variant"
        )
        self.batch = Histogram("trimtab_batch_rows", "Rows handed to a worker at once.", BATCH_BOUNDS, "release")
        self.notes = Counter("trimtab_notes_total", "Values that the contract noted without refusing.", "column")
        self.dropped = Counter("trimtab_shadow_dropped_total", "Rows that a shadow was too slow for.", "variant")
        self.labels = Counter("trimtab_labels_total", "True outcomes that arrived.")
        self.resent = Counter("trimtab_resent_total", "Requests that got the first answer to their key.")
        self.retried = Counter("trimtab_retried_total", "Rows sent again because their worker died.", "release")
        self.restarts = Gauge("trimtab_worker_restarts", "Times that a worker was started again.", "release")
        self.ready = Gauge("trimtab_worker_ready", "1 if the release's worker answers.", "release")
        self.version = Gauge("trimtab_route_version", "Version of the route table that answers.")

    def text(self) -> bytes:
        lines: list[str] = []
        for value in vars(self).values():
            if isinstance(value, Counter | Gauge | Histogram):
                lines += value.lines(self._base)
        return ("\n".join(lines) + "\n").encode()


def _lines(name: str, text: str, kind: str, rows: list[tuple[str, str, float]]) -> list[str]:
    samples = [f"{row}{{{labels}}} {value:.17g}" for row, labels, value in rows]
    return [f"# HELP {name} {text}", f"# TYPE {name} {kind}", *samples]


def _render(names: tuple[str, ...], values: tuple[str, ...], base: str) -> str:
    own = [f'{name}="{_escape(value)}"' for name, value in zip(names, values, strict=True)]
    return ",".join([base, *own] if base else own)


def _escape(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
