"""The documentation as a value: pages, their links, their code blocks."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from tests.integration.house.tree import ROOT, source, tracked

DOCS = Path("docs")


@cache
def pages() -> tuple[Path, ...]:
    """Every Markdown page of the repository, relative to the root."""
    return tuple(path for path in tracked() if path.suffix == ".md")


def blocks(page: Path, language: str = "") -> list[str]:
    """The code blocks of a language on a page; by default those of none."""
    return re.findall(rf"^```{language}\n(.*?)^```$", source(page), re.MULTILINE | re.DOTALL)


def links(page: Path) -> list[str]:
    """Where a page's links lead, those to other sites left out."""
    text = re.sub(r"^```.*?^```$", "", source(page), flags=re.MULTILINE | re.DOTALL)
    return [to for to in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in to]


def anchors(page: Path) -> set[str]:
    """What a link may name behind ``#``, by the rule that code hosts use."""
    headings = re.findall(r"^#+ (.+)$", source(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def exists(link: str, page: Path) -> bool:
    """Whether a relative link of a page leads to a file or folder, and to a heading of it if it names one."""
    place, _, anchor = link.partition("#")
    target = (ROOT / page).parent / place if place else ROOT / page
    if not target.exists():
        return False
    return not anchor or anchor in anchors(target.resolve().relative_to(ROOT))
