"""The global generators that code draws from without saying so, seeded before the project is imported and before each
step."""

from __future__ import annotations

import random
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any, Final

_NUMPY_SEEDS: Final = 2**32


def seed_all(seed: int) -> None:
    """Seed Python's generator, and NumPy's: now where it is loaded, else as soon as it is."""
    random.seed(seed)
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, _SeedNumpy)]
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed(seed % _NUMPY_SEEDS)
    else:
        sys.meta_path.insert(0, _SeedNumpy(seed))


class _SeedNumpy:
    """A finder of modules that seeds NumPy's generator when it is imported: who draws from it may be who imports it."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002 - the form of a finder
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        """The usual spec of NumPy, whose loader seeds it; None for every other module."""
        if fullname != "numpy":
            return None
        sys.meta_path.remove(self)
        spec = find_spec("numpy")
        if spec is None or spec.loader is None:
            return spec
        loader: Any = spec.loader
        execute = loader.exec_module

        def execute_and_seed(module: ModuleType) -> None:
            execute(module)
            module.random.seed(self._seed % _NUMPY_SEEDS)

        loader.exec_module = execute_and_seed
        return spec
