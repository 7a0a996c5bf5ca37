"""TensorFlow Data Validation: its ``schema.pbtxt`` read into contracts and written from them.

Through ``tensorflow-metadata`` (``trimtab[tfdv]``), which defines the format and nothing else; TFDV itself wants an old
Python and two gigabytes, and is not needed to exchange what it says.
"""

from __future__ import annotations

from trimtab.drivers.tfdv.anomalies import read_anomalies
from trimtab.drivers.tfdv.schema_reader import read_tfdv_schema
from trimtab.drivers.tfdv.schema_writer import write_tfdv_schema

__all__ = ["read_anomalies", "read_tfdv_schema", "write_tfdv_schema"]
