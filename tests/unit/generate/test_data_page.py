"""The page is whole, escaped, below 2 MB, and says what it leaves out."""

from __future__ import annotations

import math
import re
from html.parser import HTMLParser
from itertools import pairwise

import msgspec
import pytest

from tests.unit.generate.data_reports import HOSTILE, effect, hostile, ordinary, profile, table, wide
from trimtab.base.verdict import Verdict
from trimtab.generate.data_charts import band_chart, histogram_chart
from trimtab.generate.data_markup import Html, joined, tag
from trimtab.generate.data_page import page
from trimtab.generate.data_report import DataReport

VOID = {"meta", "br"}
ELEMENTS = {
    "html", "head", "meta", "title", "style", "body", "header", "nav", "main", "section", "article", "footer",
    "h1", "h2", "h3", "p", "a", "div", "span", "bdi", "strong", "b", "i", "em", "ul", "ol", "li", "dl", "dt",
    "dd", "table", "thead", "tbody", "tr", "th", "td", "figure", "figcaption", "details", "summary", "svg",
    "symbol", "use", "path", "rect", "line", "circle",
}  # fmt: skip


class Reader(HTMLParser):
    """Checks that elements are nested, and gathers what is in them."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def read(report: DataReport) -> Reader:
    reader = Reader()
    reader.feed(page(report))
    reader.close()
    assert reader.open == []
    return reader


@pytest.mark.parametrize("make", [ordinary, hostile, lambda: wide(30), lambda: DataReport(source="x")])
def test_it_is_made_of_known_elements_without_handlers_and_fetches_nothing(make: object) -> None:
    assert callable(make)
    reader = read(make())
    assert {element for element, _ in reader.seen} <= ELEMENTS
    for _, attributes in reader.seen:
        assert not [name for name in attributes if name.startswith("on") or name in ("src", "srcset", "action")]
        assert str(attributes.get("href", "#")).startswith("#")
    style = re.search(r"<style>(.*?)</style>", page(make()), re.DOTALL)
    assert style is not None
    assert not re.search(r"url\(|@import|https?:", style[1])


def test_every_link_and_label_leads_somewhere_and_no_name_is_given_twice() -> None:
    seen = read(ordinary()).seen
    names = [attributes["id"] for _, attributes in seen if "id" in attributes]
    assert len(names) == len(set(names))
    targets = {str(attributes["href"])[1:] for _, attributes in seen if "href" in attributes}
    labels = {str(attributes["aria-labelledby"]) for _, attributes in seen if "aria-labelledby" in attributes}
    assert targets | labels <= set(names)


def test_hostile_names_and_values_are_text() -> None:
    text = page(hostile())
    assert "<script" not in text
    assert "<img" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert not [char for char in text if char != "\n" and not char.isprintable()]
    assert HOSTILE[1] not in text
    assert "(10,000 characters)" in text
    assert f"<bdi>{HOSTILE[2]}</bdi>" in text


def test_drawings_have_words_for_those_who_cannot_see_them() -> None:
    drawn = [attributes for element, attributes in read(ordinary()).seen if element == "svg"]
    assert all(
        one.get("aria-hidden") == "true" or (one.get("role") == "img" and one.get("aria-label")) for one in drawn
    )
    assert any("beside the reference" in str(one.get("aria-label")) for one in drawn)


def test_headings_go_down_one_level_at_a_time_and_tables_have_headings() -> None:
    seen = read(ordinary()).seen
    levels = [int(element[1]) for element, _ in seen if re.fullmatch("h[1-6]", element)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    elements = [element for element, _ in seen]
    assert elements.count("th") > elements.count("table")
    assert all("scope" in attributes for element, attributes in seen if element == "th")


def test_the_order_is_verdict_rules_changes_pairs_table_columns() -> None:
    text = page(ordinary())
    places = [text.index(part) for part in ('role="status"', 'id="rules"', 'id="drift"', 'id="table"', 'id="columns"')]
    assert places == sorted(places)
    for part in ("12 values are above 90", "nobody is", "farthest outside: 99, 97", "boat", "a byte order mark"):
        assert part in text


@pytest.mark.parametrize("long", [0, 2_000])
@pytest.mark.parametrize("columns", [5_000, 40_000])
def test_it_is_below_two_megabytes_whatever_the_table_is(columns: int, long: int) -> None:
    text = page(wide(columns, long=long))
    assert len(text.encode()) < 2_000_000
    assert "are in one table below" in text


def test_each_part_may_be_absent() -> None:
    whole = ordinary()
    for part in ("profile", "reference_profile", "check", "differences", "contract"):
        read(msgspec.structs.replace(whole, **{part: None}))
    alone = page(DataReport(source="x", profile=profile(table(0))))
    assert "Nothing was judged" in alone
    assert 'id="rules"' not in alone
    assert "the reference" not in alone


def test_a_pass_is_said_too() -> None:
    then = profile(table(0))
    report = msgspec.structs.replace(wide(3, verdict=Verdict.PASS), check=None, profile=then, reference_profile=then)
    text = page(report)
    assert "No column changed beyond its tolerance." in text
    assert '<div class="verdict pass"' in text


def test_a_sensitive_column_shows_no_value_of_a_row() -> None:
    text = page(ordinary())
    assert "sensitive" in text
    assert not re.search(r"DE\d{6}", text)


def test_text_is_escaped_unless_it_is_markup() -> None:
    assert tag("p", "<b>", Html("<i>"), title='"') == '<p title="&quot;">&lt;b&gt;<i></p>'
    assert joined("&", Html("&amp;")) == "&amp;&amp;"


def test_nothing_to_draw_is_said() -> None:
    assert "no values" in histogram_chart(None, None, "x")
    assert band_chart(effect(Verdict.FAIL, math.nan)) == ""


def test_a_band_beyond_the_tolerance_lies_outside_the_zone() -> None:
    drawn = band_chart(effect(Verdict.FAIL))
    zone = re.search(r'class="zone" x="([\d.]+)" y="1" width="([\d.]+)"', drawn)
    reach = re.search(r'd="M([\d.]+) 8H([\d.]+)', drawn)
    assert zone is not None
    assert reach is not None
    assert float(reach[1]) > float(zone[1]) + float(zone[2])
    assert float(reach[2]) <= 240
