"""An error of a step reads the same in the process that tells it, and what goes wrong first is what is told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from trimtab.app.hooks import PlainHooks
from trimtab.app.step_job import Job, StepCode, Tools
from trimtab.app.step_outcome import Ran, error_of, lost, problem_of, said_last, timed_out
from trimtab.app.step_runner import StepRunner
from trimtab.base.errors import InputError, IntegrityError, ProblemsError, TrimtabError, UserCodeError
from trimtab.drivers.file_index import FileIndex
from trimtab.drivers.local_blobs import LocalBlobs
from trimtab.drivers.module_state import ModuleState
from trimtab.drivers.observation import Observer
from trimtab.drivers.project_file import read_project
from trimtab.drivers.step_values import StepValues, UnkeepableValueError
from trimtab.pipeline.described import describe_project
from trimtab.pipeline.graph import Shape, build_graph

ERRORS = [
    TrimtabError("it is wrong"),
    InputError("it is wrong", fix="Put it right.", at="trimtab.toml:41"),
    UserCodeError("ValueError: no", fix="    raise ValueError", at="pipeline.py:3"),
    UnkeepableValueError("it cannot be kept", fix="Return a list."),
    ProblemsError((InputError("one", fix="Mend it."), IntegrityError("two"))),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.code)
def test_an_error_from_another_process_reads_and_ends_the_command_as_it_did_there(error: TrimtabError) -> None:
    told = error_of(problem_of(error))
    assert (told.problem, told.at, told.code, told.exit_code) == (error.problem, error.at, error.code, error.exit_code)
    assert all(line.strip() in str(told) for line in str(error).splitlines())


def test_an_error_whose_class_is_not_loaded_here_keeps_its_code() -> None:
    problem = problem_of(InputError("it is wrong"))
    told = error_of(type(problem)(problem="it is new", fix="", at="", code="TT9999", exit_code=7))
    assert str(told) == "it is new [TT9999]"
    assert told.exit_code == 7


def test_a_lost_and_a_late_step_tell_what_they_said_last() -> None:
    assert str(error_of(lost("fit", -9, "epoch 1\nepoch 2"))).endswith("It said last:\n    epoch 1\n    epoch 2")
    assert "the process of the step fit was ended by signal 9" in str(error_of(lost("fit", -9, "")))
    assert str(error_of(timed_out("fit", "1m", "epoch 1"))).endswith("\n  It said last:\n    epoch 1")
    assert said_last("") == ""


def run(folder: Path, function: Callable[[], Any]) -> Ran:
    """What comes of a function as a step of a project that is nothing else."""
    (folder / "trimtab.toml").write_text('[project]\nname = "one"\n\n[pipeline]\n')
    project, cache = read_project(folder), folder / "cache"
    described = describe_project({"pipeline.py": "def fit() -> int:\n    return 1\n"}, "pipeline")
    assert described is not None
    (step,) = build_graph(described, params={}, seed=0, shape=Shape(model=False, commands=())).steps
    tools = Tools(
        values=StepValues(cache), index=FileIndex(cache / "files.index"), files=LocalBlobs(cache / "files"),
        observer=Observer(folder), hooks=PlainHooks(),
    )  # fmt: skip
    code = StepCode(functions=lambda: {"fit": function}, contents={})
    runner = StepRunner(folder, project, code, tools, logs=folder / "logs", cache=None)
    nothing: frozenset[str] = frozenset()
    return runner.run_here(
        Job(step=step, opened={}, kept={}, declared=nothing, named=nothing, reached=None, limit=None)
    )


def fails() -> int:
    raise ValueError("the step's own")


def test_an_error_in_putting_modules_back_does_not_hide_that_of_the_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(self: ModuleState) -> tuple[str, ...]:
        raise RuntimeError("cannot be compared")

    monkeypatch.setattr(ModuleState, "put_back", refuses)
    failed, behind = run(tmp_path, fails), run(tmp_path, lambda: 1)
    assert failed.problem is not None
    assert failed.problem.problem == "ValueError: the step's own"
    assert behind.problem is not None  # where nothing else went wrong, it is told itself
    assert behind.problem.problem == "RuntimeError: cannot be compared"
    assert "putting back what the step changed in its modules" in behind.problem.fix
    assert behind.kept is None


def test_an_error_in_reading_the_log_does_not_hide_that_of_the_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    read = Path.read_bytes

    def refuses(path: Path) -> bytes:
        if path.parent == logs:
            raise PermissionError(13, "not for you")
        return read(path)

    def logs_and(then: Callable[[], int]) -> Callable[[], int]:
        def step() -> int:
            (logs / "fit.log").write_text("{}")
            return then()

        return step

    monkeypatch.setattr(Path, "read_bytes", refuses)
    failed, behind = run(tmp_path, logs_and(fails)), run(tmp_path, logs_and(lambda: 1))
    assert failed.problem is not None
    assert failed.problem.problem == "ValueError: the step's own"
    assert behind.problem is not None
    assert behind.problem.problem.startswith("cannot read what a step logged")


def test_only_what_the_steps_own_code_raised_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(tmp_path, fails).again
    assert not run(tmp_path, lambda: iter(())).again  # which cannot be kept

    def refuses() -> int:
        raise InputError("a refusal of Trimtab's own")

    assert not run(tmp_path, refuses).again


def test_an_interrupt_is_not_hidden_by_what_goes_wrong_behind_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted() -> int:
        raise KeyboardInterrupt("by hand")

    def refuses(*_: object) -> tuple[str, ...]:
        raise RuntimeError("cannot be compared")

    monkeypatch.setattr(ModuleState, "put_back", refuses)
    with pytest.raises(KeyboardInterrupt, match="^by hand$"):
        run(tmp_path, interrupted)
