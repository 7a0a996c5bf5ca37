"""The page in a real browser: it asks for nothing, complains of nothing, and fits a phone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.pages.browser import Browser, browser, find
from tests.unit.generate.data_reports import hostile, ordinary, wide
from trimtab.generate.data_page import page
from trimtab.generate.data_report import DataReport

MADE: dict[str, Callable[[], DataReport]] = {
    "ordinary": ordinary,
    "hostile": hostile,
    "wide": lambda: wide(1_000),
    "empty": lambda: DataReport(source="x"),
}

WIDER = """Array.from(document.querySelectorAll('main *, header *, footer *')).filter(e =>
  !e.closest('.scroll, nav, svg') && getComputedStyle(e).position != 'absolute'
  && e.getBoundingClientRect().right > innerWidth + 1)
  .map(e => e.outerHTML.slice(0, 90)).slice(0, 5)"""

CONTRAST = """(() => { const f = c => { const p = c.match(/[\\d.]+/g).map(Number).slice(0, 3);
    const v = c.startsWith('color') ? p : p.map(x => x / 255);
    return v.map(x => x <= .04045 ? x / 12.92 : ((x + .055) / 1.055) ** 2.4); };
  const l = c => { const [r, g, b] = f(c); return .2126 * r + .7152 * g + .0722 * b; };
  const under = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor;
    if (c != 'rgba(0, 0, 0, 0)') return c; } return 'rgb(255, 255, 255)'; };
  return Array.from(document.querySelectorAll('main *, header *, nav *, footer *')).filter(e => Array.from(e.childNodes)
    .some(n => n.nodeType == 3 && n.data.trim())).map(e => { const a = l(getComputedStyle(e).color), b = l(under(e));
    return [(Math.max(a, b) + .05) / (Math.min(a, b) + .05), e.outerHTML.slice(0, 80)]; })
    .filter(([ratio]) => ratio < 4.5).slice(0, 5); })()"""


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    path = find()
    if path is None:
        pytest.skip("no chromium on this machine, so that no page was looked at: apt-get install chromium")
    with browser(path, tmp_path_factory.mktemp("chromium")) as started:
        yield started


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    written = {}
    for name, make in MADE.items():
        written[name] = folder / f"{name}.html"
        written[name].write_text(page(make()), encoding="utf-8")
    return written


@pytest.mark.parametrize("width", [320, 768, 1280])
@pytest.mark.parametrize("name", list(MADE))
def test_it_fits_the_window_asks_for_nothing_and_complains_of_nothing(
    chromium: Browser, pages: dict[str, Path], name: str, width: int
) -> None:
    chromium.open(pages[name], width=width)
    assert chromium.evaluate("document.documentElement.scrollWidth") == width
    assert chromium.evaluate(WIDER) == []
    assert chromium.requests() == [pages[name].as_uri()]
    assert chromium.complaints() == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_all_text_stands_out_from_what_is_behind_it(chromium: Browser, pages: dict[str, Path], dark: bool) -> None:
    chromium.open(pages["ordinary"], width=1280, dark=dark)
    assert chromium.evaluate("matchMedia('(prefers-color-scheme: dark)').matches") is dark
    assert chromium.evaluate(CONTRAST) == []


def test_a_link_of_the_index_shows_its_card_below_the_index(chromium: Browser, pages: dict[str, Path]) -> None:
    chromium.open(pages["ordinary"], width=375)
    chromium.evaluate("document.querySelector('nav li:not(.part) a').click()")
    top, bottom = chromium.evaluate(
        "[document.querySelector(location.hash).getBoundingClientRect().top,"
        " document.querySelector('nav').getBoundingClientRect().bottom]"
    )
    assert top >= bottom
    assert top < 300
