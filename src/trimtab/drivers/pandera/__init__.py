"""Pandera: its schemas read into contracts, and contracts written as Python that validates the same way.

A schema is read from the object, which the user's own environment made; so Pandera itself is imported by nobody here.
"""

from __future__ import annotations

from trimtab.drivers.pandera.schema_reader import read_pandera
from trimtab.drivers.pandera.schema_writer import write_pandera

__all__ = ["read_pandera", "write_pandera"]
