"""What is told of a step that is to run, and what running it needs: values and tools, for `trimtab.app.step_runner`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from trimtab.base.instants import Span
from trimtab.drivers.file_index import FileIndex
from trimtab.drivers.local_blobs import LocalBlobs
from trimtab.drivers.observation import Observer
from trimtab.drivers.step_values import StepValues
from trimtab.pipeline.graph import Step
from trimtab.records.kept import Kept


class Hooks(Protocol):
    """What a kind of project adds to the running of its steps."""

    def to_keep(self, step: str, value: Any, inputs: Mapping[str, Any]) -> Any:
        """What is kept of a step's result; raises for a result that a release could not use."""
        ...

    def to_hand(self, step: str, kept: Any) -> Any:
        """What a consumer is given of what was kept."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A step that is to run: its inputs as openers or as kept values, the files that it declares, its time limit.

    ``reached`` are the project's files that its code was followed into, where it could not be followed everywhere: what
    it loads beside them counts as a file that it reads.
    """

    step: Step
    opened: Mapping[str, Callable[[], Any]]
    kept: Mapping[str, Kept]
    declared: frozenset[str]
    named: frozenset[str]
    reached: frozenset[str] | None
    limit: Span | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What running a step needs beside its code: see the drivers.

    ``files`` keeps what commands write; ``task`` and ``rows`` are those of the training table, if there is one.
    """

    values: StepValues
    index: FileIndex
    files: LocalBlobs
    observer: Observer
    hooks: Hooks
    task: str = ""
    rows: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StepCode:
    """The project's code: its ``functions``, imported when the first step runs, since that costs; and the ``contents``
    of its Python files by path, as the run recorded them."""

    functions: Callable[[], Mapping[str, Callable[..., Any]]]
    contents: Mapping[str, bytes]
