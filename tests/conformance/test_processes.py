"""One suite, two runners."""

from __future__ import annotations

from pathlib import Path

from trimtab.drivers.processes import LocalProcesses
from trimtab.records.ports import ProcessRunner
from trimtab.testing import FakeProcesses
from trimtab.testing.conformance import ProcessesConformance


class TestLocalProcesses(ProcessesConformance):
    def make(self, folder: Path) -> ProcessRunner:
        return LocalProcesses(folder / "processes")

    def restarted(self, runner: ProcessRunner, folder: Path) -> ProcessRunner:
        return LocalProcesses(folder / "processes")


class TestFakeProcesses(ProcessesConformance):
    def make(self, folder: Path) -> ProcessRunner:
        return FakeProcesses(lambda command: None if command.argv[-1] == "endless" else int(command.argv[-1]))

    def restarted(self, runner: ProcessRunner, folder: Path) -> ProcessRunner:
        return runner
