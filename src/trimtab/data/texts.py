"""How texts are named in a profile: as they are while they are short, and by their hash where nobody may read them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import polars as pl

SHORT_MAX: Final = 80
"""Characters of a text that is named as it is."""


def short_text(text: str) -> str:
    """The text, or its beginning with a hash of the whole where it is longer than 80 characters."""
    return text if len(text) <= SHORT_MAX else f"{text[:SHORT_MAX]}… {_hash(text)[:8]}"


def shortened(texts: pl.Series) -> pl.Series:
    """A series of texts as `short_text` names them; what is null stays so."""
    import polars as pl

    if (texts.str.len_chars().max() or 0) <= SHORT_MAX:  # type: ignore[operator]  # a number or None
        return texts
    named = [None if text is None else short_text(text) for text in texts.to_list()]
    return pl.Series(texts.name, named, dtype=pl.String)


def hidden_text(text: str) -> str:
    """A name for the text that does not show it: equal texts have equal names.

    It hides a value from a reader of reports. It is no secret: whoever can guess the value can make its name.
    """
    return f"hidden {_hash(text)}"


def _hash(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()
