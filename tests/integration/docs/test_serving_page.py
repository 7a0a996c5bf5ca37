"""The page on serving names every metric, and every route that the router answers."""

from __future__ import annotations

import re
from pathlib import Path

from tests.integration.house.tree import source
from trimtab.serve.metrics import Counter, Gauge, Histogram, Metrics

PAGE = source(Path("docs/serving.md"))


def test_every_metric_is_on_the_page_with_its_labels() -> None:
    listed: dict[str, tuple[str, ...]] = {}
    for named, labels in re.findall(r"^\| ((?:`trimtab_\w+`,? ?)+) \|([\w, ]*)\|", PAGE, re.MULTILINE):
        for name in re.findall(r"`(\w+)`", named):
            listed[name] = tuple(labels.replace(",", " ").split())
    counted = [value for value in vars(Metrics("main")).values() if isinstance(value, Counter | Gauge | Histogram)]
    assert listed == {value.name: value.labels for value in counted}


def test_every_route_is_on_the_page_with_its_method() -> None:
    routes = source(Path("src/trimtab/serve/routes.py"))
    fixed = re.findall(r"^ +\"(/[\w/]+)\": _Route\(\"\w+\", _(GET|POST)", routes, re.MULTILINE)
    named = re.findall(r"case \[(.+)\]:\n +found = _Route\(\"\w+\", _(GET|POST)", routes)
    paths = {(path, method) for path, method in fixed}
    for words, method in named:
        parts = ["NAME" if word == "name" else word.strip('"') for word in words.split(", ")]
        paths.add(("/" + "/".join(parts), method))
    told: set[tuple[str, str]] = set()
    for cell in re.findall(r"^\| (`(?:GET|POST) /.*?) \|", PAGE, re.MULTILINE):
        method = cell[1:].split()[0]
        told |= {(path, method) for path in re.findall(r"`(?:GET |POST )?(/[\w/]+)`", cell)}
    assert len(paths) > 8
    assert told == paths
