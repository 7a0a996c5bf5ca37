"""Opens a release in a worker, or refuses to: files, environment, code, model and golden rows, in this order.

Each check comes before what it protects: digests before a file is used, package versions before the packages are
imported, golden rows before the first request. A difference refuses, with the difference shown: the field's commonest
complaint is a server that logged it as a warning and predicted something else.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import platform
import sys
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from trimtab.base.digest import Digest, digest_bytes
from trimtab.base.errors import IntegrityError, UserCodeError
from trimtab.data.contract import parse_contract
from trimtab.data.request import Refusal, RowChecker
from trimtab.data.schema import Column
from trimtab.data.table import array_of
from trimtab.disk.tree import digest_tree
from trimtab.records.prediction import Output, Scalar
from trimtab.records.versioned import decode
from trimtab.release.golden import Golden, GoldenMismatchError, replay
from trimtab.release.manifest import CONTRACT_FILE, GOLDEN_FILE, MANIFEST_FILE, SOURCE_FOLDER, Manifest
from trimtab.release.scoring import RowScorer, scorer_of
from trimtab.release.verify import check_environment, read_manifest, verify_files
from trimtab.serve import wire
from trimtab.serve.worker_models import open_model


class Opened:
    """A release that may be served: its columns and what scores them."""

    def __init__(self, release: Digest, columns: tuple[Column, ...], scorer: RowScorer, source: Path) -> None:
        self.release = release
        self.columns = columns
        self._scorer = scorer
        self._source = str(source.resolve())

    def answer(self, payload: bytes) -> bytes:
        """The result frame's payload for a score frame's: each row's output, or why that row has none.

        If the whole batch raises, its rows are tried singly, so that only the guilty one fails.
        """
        began = time.perf_counter_ns()
        batch = wire.decode(payload)
        lists, count = batch["columns"], batch["rows"]
        problems: dict[str, str] = {}
        outputs: list[Output | None]
        try:
            outputs = list(self._score(lists))
        except Exception as error:  # noqa: BLE001  # the process edge: user code raises whatever it likes
            outputs = [None] * count
            if count == 1:
                problems["0"] = self._explain(error)
            else:
                for place in range(count):
                    outputs[place] = self._single([[values[place]] for values in lists], place, problems)
        took = (time.perf_counter_ns() - began) // 1000
        return wire.encode({"outputs": outputs, "problems": problems, "microseconds": took})

    def _single(self, lists: list[list[Any]], place: int, problems: dict[str, str]) -> Output | None:
        try:
            return self._score(lists)[0]
        except Exception as error:  # noqa: BLE001  # as above
            problems[str(place)] = self._explain(error)
            return None

    def _score(self, lists: list[list[Any]]) -> list[Output]:
        arrays = {
            column.name: array_of(column.type, nullable=column.nullable, values=values)
            for column, values in zip(self.columns, lists, strict=True)
        }
        return self._scorer.score(arrays)

    def _explain(self, error: Exception) -> str:
        return explain(error, self._source)


def open_release(folder: Path) -> Opened:
    """The release in ``folder``, checked in every way that there is.

    Raises:
        IntegrityError: a file is missing, changed or not in the manifest, or the model cannot be opened.
        EnvironmentMismatchError: Python or a package is not the one of the manifest.
        UserCodeError: the project's module cannot be imported, or lacks a function.
        GoldenMismatchError: the golden rows get other answers than they had.
    """
    content = (folder / MANIFEST_FILE).read_bytes()
    manifest = read_manifest(content)
    verify_files(manifest, digest_tree(folder))
    check_environment(manifest, _installed(manifest), ".".join(platform.python_version_tuple()[:2]))
    contract = parse_contract((folder / CONTRACT_FILE).read_text(encoding="utf-8"), at=CONTRACT_FILE)
    functions = _functions(manifest, folder / SOURCE_FOLDER)
    estimator = open_model(folder, manifest.model, digest=manifest.files[manifest.model.file])
    scorer = scorer_of(manifest, functions, estimator)
    opened = Opened(digest_bytes(content), contract.features, scorer, folder / SOURCE_FOLDER)
    golden = decode(Golden, (folder / GOLDEN_FILE).read_bytes(), at=GOLDEN_FILE)
    checker = RowChecker(contract)
    replay(golden, lambda rows: _as_a_client(rows, checker, opened))
    return opened


def explain(error: BaseException, source: str) -> str:
    """What went wrong, in a line, with the user's own file and line if it happened in or below their code."""
    said = f"{type(error).__name__}: {error}".strip().splitlines()
    text = said[0] if said else type(error).__name__
    for place in reversed(traceback.extract_tb(error.__traceback__)):
        if Path(place.filename).resolve().is_relative_to(source):
            name = Path(place.filename).resolve().relative_to(source)
            return f"{text} ({name}:{place.lineno}, in {place.name})"
    return text


def _installed(manifest: Manifest) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for name in manifest.packages:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = None
    return found


def _functions(manifest: Manifest, source: Path) -> Mapping[str, Callable[..., Any]]:
    """The project's functions, from the release's own copy of its code."""
    sys.dont_write_bytecode = True  # a release is immutable
    sys.path.insert(0, str(source))
    try:
        module = importlib.import_module(manifest.module)
    except Exception as error:
        raise UserCodeError(
            f"the project's module {manifest.module!r} cannot be imported: {explain(error, str(source.resolve()))}",
            fix="Put right what it needs at import time, then pack a release again.",
        ) from error
    _check_home(module, source)
    return {step.function: _function(module, step.function) for step in manifest.steps}


def _check_home(module: ModuleType, source: Path) -> None:
    home = Path(module.__file__ or "").resolve()
    if not home.is_relative_to(source.resolve()):
        raise IntegrityError(
            f"the module {module.__name__!r} was loaded from {home}, not from the release",
            fix="An installed package has the name of the project's module; rename one of them.",
        )


def _function(module: ModuleType, name: str) -> Callable[..., Any]:
    found = getattr(module, name, None)
    if not callable(found):
        raise UserCodeError(
            f"the project's module {module.__name__!r} has no function {name!r}", fix="Pack the release again."
        )
    function: Callable[..., Any] = found
    return function


def _as_a_client(rows: Sequence[Mapping[str, Scalar]], checker: RowChecker, opened: Opened) -> list[Output]:
    """The answers to rows that take the whole way of a request, the wire's encoding included."""
    values = []
    for place, row in enumerate(rows):
        checked = checker.mapping(row)
        if isinstance(checked, Refusal):
            raise GoldenMismatchError(
                f"the release's contract refuses its own golden row {place}: {checked}", fix="Pack the release again."
            )
        values.append(checked.values)
    payload = wire.encode({"rows": len(values), "columns": list(zip(*values, strict=True))})
    result = wire.decode(opened.answer(payload))
    for place, text in result["problems"].items():
        raise GoldenMismatchError(
            f"golden row {place} fails here: {text}", fix="Train and pack a release in this environment."
        )
    outputs: list[Output] = result["outputs"]
    return outputs
