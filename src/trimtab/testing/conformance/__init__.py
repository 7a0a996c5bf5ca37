"""One suite per port; every driver of that port, and its fake, passes it."""

from trimtab.testing.conformance.blobs import BlobsConformance
from trimtab.testing.conformance.clock import ClockConformance
from trimtab.testing.conformance.processes import ProcessesConformance
from trimtab.testing.conformance.records import RecordsConformance

__all__ = ["BlobsConformance", "ClockConformance", "ProcessesConformance", "RecordsConformance"]
