"""What the prediction log's segments are called and what their frames hold."""

from __future__ import annotations

from typing import Final

SEGMENT_SUFFIX: Final = ".seg"
"""A segment is ``<time-ordered id>.seg``: the order of the names is the order of time."""

PREDICTION: Final = b"P"
"""The kind of a frame that holds a `Prediction` as MessagePack."""

LABEL: Final = b"L"
"""The kind of a frame that holds a `Label` as MessagePack."""
