"""What every runner of processes must do."""

from __future__ import annotations

import sys
from pathlib import Path

from trimtab.base.errors import BusyError
from trimtab.base.instants import SECOND, Span
from trimtab.records.ports import ProcessRunner
from trimtab.records.process import Command, Preparation, ProcessState, ProcessStatus
from trimtab.testing.refusals import Refused

LONG = Span(60 * SECOND)
NEVER_STARTED = ProcessStatus(state=ProcessState.UNKNOWN)
RUNNING = ProcessStatus(state=ProcessState.RUNNING)


def ended(code: int) -> ProcessStatus:
    """The status of a process that ended with ``code``."""
    return ProcessStatus(state=ProcessState.EXITED, code=code)


class ProcessesConformance:
    """Subclass it, and say how to make the runner, and how to make it anew as a restarted controller would.

    The commands end with the number that is their last argument, or never if that is ``endless``.
    """

    def make(self, folder: Path) -> ProcessRunner:
        """A runner without processes; ``folder`` is the test's own."""
        raise NotImplementedError

    def restarted(self, runner: ProcessRunner, folder: Path) -> ProcessRunner:
        """Another runner that looks after the same processes."""
        raise NotImplementedError

    def ending(self, folder: Path, code: int) -> Command:
        """A command that ends at once with ``code``."""
        return self._command(folder, "import sys; sys.exit(int(sys.argv[1]))", str(code))

    def endless(self, folder: Path) -> Command:
        """A command that ends when it is stopped."""
        return self._command(folder, "import time; time.sleep(600)", "endless")

    def prepared(self, folder: Path) -> Preparation:
        """What can be prepared of the commands of `like`."""
        (folder / "ends.py").write_text("import sys\nsys.exit(int(sys.argv[1]))\n")
        program = (sys.executable, "-P", "-m", "ends")
        return Preparation(program=program, imports=("json", "not_there"), environment={"PYTHONPATH": str(folder)})

    def like(self, preparation: Preparation, folder: Path, code: int) -> Command:
        """A command that was prepared for, and that ends at once with ``code``."""
        return Command(
            argv=(*preparation.program, str(code)), folder=folder, log=folder / "logs" / "child.log",
            environment=preparation.environment,
        )  # fmt: skip

    def _command(self, folder: Path, program: str, argument: str) -> Command:
        return Command(argv=(sys.executable, "-c", program, argument), folder=folder, log=folder / "logs" / "child.log")

    def test_how_a_process_ended_is_known(self, tmp_path: Path) -> None:
        runner = self.make(tmp_path)
        for code in (0, 3, 255):
            key = f"train/{code}"
            assert runner.status(key) == NEVER_STARTED
            assert runner.start(key, self.ending(tmp_path, code)) in (RUNNING, ended(code))
            assert runner.wait(key, timeout=LONG) == ended(code)
            assert runner.status(key) == ended(code)

    def test_starting_what_has_ended_does_nothing(self, tmp_path: Path) -> None:
        runner = self.make(tmp_path)
        runner.start("train", self.ending(tmp_path, 3))
        runner.wait("train", timeout=LONG)
        assert runner.start("train", self.ending(tmp_path, 4)) == ended(3)
        assert runner.wait("train", timeout=LONG) == ended(3)

    def test_starting_what_runs_does_nothing(self, tmp_path: Path) -> None:
        runner = self.make(tmp_path)
        assert runner.start("train", self.endless(tmp_path)) == RUNNING
        try:
            assert runner.start("train", self.ending(tmp_path, 3)) == RUNNING
            assert runner.wait("train", timeout=Span(SECOND // 10)) == RUNNING
        finally:
            runner.stop("train", grace=LONG)

    def test_a_stopped_process_has_ended_by_a_signal(self, tmp_path: Path) -> None:
        runner = self.make(tmp_path)
        runner.start("train", self.endless(tmp_path))
        stopped = runner.stop("train", grace=LONG)
        assert stopped.state is ProcessState.EXITED
        assert stopped.code is not None
        assert stopped.code < 0
        assert runner.stop("train", grace=LONG) == stopped

    def test_stopping_what_does_not_run_changes_nothing(self, tmp_path: Path) -> None:
        runner = self.make(tmp_path)
        assert runner.stop("train", grace=LONG) == NEVER_STARTED
        runner.start("train", self.ending(tmp_path, 0))
        runner.wait("train", timeout=LONG)
        assert runner.stop("train", grace=LONG) == ended(0)

    def test_what_is_forgotten_can_be_started_anew(self, tmp_path: Path) -> None:
        runner = self.make(tmp_path)
        runner.forget("train")
        runner.start("train", self.ending(tmp_path, 1))
        runner.wait("train", timeout=LONG)
        runner.forget("train")
        assert runner.status("train") == NEVER_STARTED
        runner.start("train", self.ending(tmp_path, 0))
        assert runner.wait("train", timeout=LONG) == ended(0)

    def test_what_runs_cannot_be_forgotten(self, tmp_path: Path) -> None:
        runner = self.make(tmp_path)
        runner.start("train", self.endless(tmp_path))
        try:
            with Refused(BusyError, "train is running"):
                runner.forget("train")
            assert runner.status("train") == RUNNING
        finally:
            runner.stop("train", grace=LONG)

    def test_keys_are_kept_apart_whatever_they_are_made_of(self, tmp_path: Path) -> None:
        runner = self.make(tmp_path)
        for code, key in enumerate(("a", "a/b", "../a", "ä", "A", "a" * 1_000, "")):
            runner.start(key, self.ending(tmp_path, code))
        for code, key in enumerate(("a", "a/b", "../a", "ä", "A", "a" * 1_000, "")):
            assert runner.wait(key, timeout=LONG) == ended(code)

    def test_a_restarted_controller_finds_what_runs_and_what_has_ended(self, tmp_path: Path) -> None:
        first = self.make(tmp_path)
        first.start("running", self.endless(tmp_path))
        first.start("ended", self.ending(tmp_path, 7))
        first.wait("ended", timeout=LONG)
        second = self.restarted(first, tmp_path)
        try:
            assert second.status("running") == RUNNING
            assert second.start("running", self.ending(tmp_path, 0)) == RUNNING
            assert second.start("ended", self.ending(tmp_path, 0)) == ended(7)
        finally:
            stopped = second.stop("running", grace=LONG)
        assert first.status("running") == stopped

    def test_what_was_prepared_ends_as_it_would_have_unprepared(self, tmp_path: Path) -> None:
        runner, preparation = self.make(tmp_path), self.prepared(tmp_path)
        runner.start("before", self.like(preparation, tmp_path, 2))
        for code in (0, 3):
            runner.prepare(preparation)
            runner.prepare(preparation)
            key = f"train/{code}"
            assert runner.status(key) == NEVER_STARTED
            assert runner.start(key, self.like(preparation, tmp_path, code)) in (RUNNING, ended(code))
            assert runner.start(key, self.like(preparation, tmp_path, 9)) in (RUNNING, ended(code))
            assert runner.wait(key, timeout=LONG) == ended(code)
        assert runner.wait("before", timeout=LONG) == ended(2)

    def test_preparing_changes_nothing_for_other_commands(self, tmp_path: Path) -> None:
        runner, preparation = self.make(tmp_path), self.prepared(tmp_path)
        runner.prepare(preparation)
        runner.start("other", self.ending(tmp_path, 4))
        assert runner.wait("other", timeout=LONG) == ended(4)
        runner.prepare(Preparation(program=("true",), imports=()))
        runner.start("train", self.like(preparation, tmp_path, 5))
        assert runner.wait("train", timeout=LONG) == ended(5)
