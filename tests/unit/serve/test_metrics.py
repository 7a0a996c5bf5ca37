"""The text that Prometheus scrapes."""

from __future__ import annotations

from trimtab.serve.metrics import Counter, Histogram, Metrics


def test_counters_carry_the_endpoint_and_their_own_labels() -> None:
    metrics = Metrics("main")
    metrics.rows.add("champion", "champion", "ok")
    metrics.rows.add("champion", "champion", "ok", by=2)
    text = metrics.text().decode()

    assert "# TYPE trimtab_predictions_total counter" in text
    assert 'trimtab_predictions_total{endpoint="main",variant="champion",role="champion",status="ok"} 3\n' in text


def test_a_histogram_counts_up_to_each_bound_and_sums() -> None:
    histogram = Histogram("seconds", "Time.", (0.1, 1.0), "variant")
    for value in (0.05, 0.1, 0.5, 7.0):
        histogram.observe(value, "a")

    assert histogram.lines('endpoint="e"')[2:] == [
        'seconds_bucket{endpoint="e",variant="a",le="0.1"} 2',
        'seconds_bucket{endpoint="e",variant="a",le="1"} 3',
        'seconds_bucket{endpoint="e",variant="a",le="+Inf"} 4',
        'seconds_sum{endpoint="e",variant="a"} 7.6500000000000004',
        'seconds_count{endpoint="e",variant="a"} 4',
    ]


def test_a_label_with_quotes_and_breaks_cannot_forge_a_line() -> None:
    counter = Counter("notes", "Notes.", "column")
    counter.add('a"} 9\nforged{x="')

    (line,) = counter.lines("")[2:]
    assert line == 'notes{column="a\\"} 9\\nforged{x=\\""} 1'
