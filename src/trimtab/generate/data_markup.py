"""HTML from values, escaped by type: text that is not `Html` yet cannot become markup.

The data page is mostly drawings whose places are computed, and its names and values come from strangers' files. A
builder that the type checker sees keeps both in Python: what is not `Html` is escaped, and only `tag` and `joined` make
`Html`. Rejected: a template, in which each of some hundred expressions would have to be looked at twice.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Final

from trimtab.generate import data_figures as written

_VOID: Final = frozenset({"meta", "path", "rect", "line", "circle", "use", "br", "i"})


class Html(str):
    """Markup; made by `tag`, `joined` and constants of this package only."""

    __slots__ = ()


def joined(*parts: str) -> Html:
    """The parts one after the other; what is not markup is escaped."""
    return Html("".join(part if isinstance(part, Html) else escape(part) for part in parts))


def tag(element: str, *children: str, **attributes: str | float | None) -> Html:
    """An element; ``class_`` and ``aria_label`` are written as ``class`` and ``aria-label``, None is left out."""
    written_out = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if element in _VOID and not children:
        return Html(f"<{element}{written_out}></i>" if element == "i" else f"<{element}{written_out}/>")
    return Html(f"<{element}{written_out}>{joined(*children)}</{element}>")


def named(text: str, most: int = 60) -> Html:
    """A name from the data: on one line, cut, and kept from turning the direction of what is around it."""
    shown = written.name(text, most)
    return tag("bdi", shown, title=written.one_line(text, 300) if len(text) > most else None)


def icon(kind: str) -> Html:
    """The sign of a verdict or severity, for the eye only: its word stands beside it."""
    return tag("svg", tag("use", href=f"#i-{kind.lower()}"), class_=f"icon {kind.lower()}", aria_hidden="true")


def fitting(pieces: Iterable[Html], room: int) -> list[Html]:
    """The first pieces, as many as take at most so many bytes together; the rest is not even made."""
    kept: list[Html] = []
    for piece in pieces:
        room -= len(piece.encode())
        if room < 0:
            break
        kept.append(piece)
    return kept


SIGNS: Final = Html(
    '<svg width="0" height="0" style="position:absolute" aria-hidden="true">'
    '<symbol id="i-fail" viewBox="0 0 16 16"><circle cx="8" cy="8" r="7.2" fill="currentColor"/>'
    '<path d="M5.4 5.4l5.2 5.2M10.6 5.4l-5.2 5.2" class="cut"/></symbol>'
    '<symbol id="i-refuse" viewBox="0 0 16 16"><path d="M5 1h6l4 4v6l-4 4H5l-4-4V5z" fill="currentColor"/>'
    '<path d="M5.4 5.4l5.2 5.2M10.6 5.4l-5.2 5.2" class="cut"/></symbol>'
    '<symbol id="i-quarantine" viewBox="0 0 16 16"><path d="M8 1.2L15.4 14.6H.6z" fill="currentColor"/>'
    '<path d="M8 6v4M8 12.2v.1" class="cut"/></symbol>'
    '<symbol id="i-unsure" viewBox="0 0 16 16"><circle cx="8" cy="8" r="6.7" class="ring"/>'
    '<path d="M6 6.3a2 2 0 1 1 2.9 1.8c-.6.3-.9.7-.9 1.3M8 11.7v.1" class="draw"/></symbol>'
    '<symbol id="i-note" viewBox="0 0 16 16"><circle cx="8" cy="8" r="6.7" class="ring"/>'
    '<path d="M8 7.4v3.8M8 4.7v.1" class="draw"/></symbol>'
    '<symbol id="i-pass" viewBox="0 0 16 16"><circle cx="8" cy="8" r="7.2" fill="currentColor"/>'
    '<path d="M4.8 8.3l2.2 2.2 4.2-4.6" class="cut"/></symbol>'
    "</svg>"
)
