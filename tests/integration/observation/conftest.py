"""A project whose steps are written in the tests and watched as real ones are."""

from __future__ import annotations

import gc
import importlib.util
import itertools
import sys
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from trimtab.drivers.observation import Observed, Observer
from trimtab.drivers.observation.kernel import Kernel

_NUMBERS = itertools.count()


@dataclass(slots=True)
class Project:
    """A folder with data, and what watches its steps."""

    folder: Path
    observer: Observer
    loaded: list[str] = field(default_factory=list)

    def module(self, source: str, name: str = "") -> ModuleType:
        """A module of the project with this source, imported."""
        name = name or f"steps_{next(_NUMBERS)}"
        path = self.folder / f"{name}.py"
        path.write_text(textwrap.dedent(source), encoding="utf-8")
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        self.loaded.append(name)
        spec.loader.exec_module(module)
        return module

    def step(self, body: str, head: str = "") -> Callable[[], Any]:
        """A function of the project with this body, not yet called."""
        lines = textwrap.indent(textwrap.dedent(body).strip(), "    ")
        step: Callable[[], Any] = self.module(f"{textwrap.dedent(head)}\n\ndef step():\n{lines}\n").step
        return step

    def seen(self, body: str, head: str = "") -> Observed:
        """What is seen of a step with this body."""
        step = self.step(body, head)
        with self.observer.watch() as watch:
            step()
        return watch.observed

    def seen_by_python(self, body: str, head: str = "") -> Observed:
        """What is seen of a step with this body where the kernel tells nothing."""
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(Kernel, "drain", lambda _: [])
            return self.seen(body, head)

    def inside(self, paths: frozenset[Path]) -> set[str]:
        """Paths relative to the project; those elsewhere as they are."""
        return {str(path.relative_to(self.folder)) if path.is_relative_to(self.folder) else str(path) for path in paths}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """A project that is the working folder, with ``data/a.csv`` and ``data/b.csv``; ``.trimtab`` is ignored."""
    folder = (tmp_path / "project").resolve()
    (folder / "data").mkdir(parents=True)
    (folder / ".trimtab").mkdir()
    (folder / ".trimtab" / "kept").write_text("kept")
    for name in ("a", "b"):
        (folder / "data" / f"{name}.csv").write_text("x,y\n1,2\n")
    monkeypatch.chdir(folder)
    observer = Observer(folder, ignore=[folder / ".trimtab"])
    made = Project(folder, observer)
    yield made
    for name in made.loaded:
        sys.modules.pop(name, None)
    gc.collect()  # what a step left open is closed here, and not in a later test
