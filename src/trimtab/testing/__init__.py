"""What a team needs to write a driver of its own: a fake of every port, and the suites that a driver must pass.

The fakes keep everything in memory and behave as the ports promise; use them to test code that takes a port. A suite
is a class whose methods pytest collects once it is subclassed: say how to make the driver, and inherit the tests ::

    from trimtab.testing.conformance import RecordsConformance

    class TestOurRecords(RecordsConformance):
        def make(self, folder):
            return OurRecords(folder / "state")

Nothing here imports pytest; the tests ask for its ``tmp_path`` fixture only.
"""

from trimtab.testing.fakes import FakeBlobs, FakeClock, FakeProcesses, FakeRecords

__all__ = ["FakeBlobs", "FakeClock", "FakeProcesses", "FakeRecords"]
