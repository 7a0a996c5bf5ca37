"""The packages that a project's code loads are found, pinned and held against a lock."""

from __future__ import annotations

import sys
from importlib import metadata
from pathlib import Path, PurePosixPath

import pytest

from trimtab.base.errors import EnvironmentMismatchError, InputError
from trimtab.drivers.environment import (
    Libraries,
    environment_level,
    imported_modules,
    installed_packages,
    marker_variables,
    observe_packages,
)
from trimtab.records.environment import Environment, Level
from trimtab.records.versioned import encode
from trimtab.release.requirements import lock_difference

PIPELINE = """
from __future__ import annotations
import os, polars as pl
from sklearn.linear_model import Ridge
import shared
from . import beside
from inner.deep import thing
import trimtab
"""
SHARED = """
def late():
    try:
        import lightgbm.basic
    except ImportError:
        import not_installed
"""
SOURCES = {"pipeline.py": PIPELINE, "shared.py": SHARED, "inner/deep.py": "import json"}


def test_imports_are_found_wherever_they_stand() -> None:
    assert imported_modules(SOURCES) == {"polars", "sklearn", "lightgbm", "not_installed"}


def test_a_source_that_is_not_python_is_named_with_its_line() -> None:
    with pytest.raises(InputError, match=r"pipeline\.py:2: this is not Python"):
        imported_modules({"pipeline.py": "import os\ndef ("})


def test_the_closure_holds_what_is_required_and_neither_tools_nor_trimtab() -> None:
    found = Libraries(None).behind(["sklearn", "not_installed", "os"])
    assert {"scikit-learn", "numpy", "scipy", "joblib", "threadpoolctl"} <= set(found)
    assert found["scikit-learn"].version == metadata.version("scikit-learn")
    assert not {"pytest", "polars", "trimtab", "msgspec", "mypy", "ruff", "hypothesis"} & set(found)


def test_extras_that_nobody_asked_for_stay_out() -> None:
    found = Libraries(None).behind(["pandas"])
    assert "python-dateutil" in found
    assert "pytest" not in found  # an extra of pandas, and loaded here


def test_a_tool_that_the_project_itself_imports_is_pinned() -> None:
    assert "pytest" in Libraries(None).behind(["pytest"])


def test_the_environment_is_a_record() -> None:
    used = Libraries(None).behind(["numpy"])
    found = observe_packages(used)
    assert found.packages == {"numpy": metadata.version("numpy")}
    assert found.threads >= 1
    assert found.processor
    assert found.python.startswith(f"{sys.version_info.major}.{sys.version_info.minor}.")
    assert encode(found) == encode(observe_packages(used))
    assert isinstance(found, Environment)


def test_marker_variables_are_those_of_the_reference_implementation() -> None:
    from packaging.markers import default_environment

    assert marker_variables() == {"extra": ""} | dict(default_environment())


def test_a_lock_that_agrees_passes_and_one_that_differs_refuses(tmp_path: Path) -> None:
    libraries = Libraries(None)
    used = libraries.behind(["numpy", "polars"])

    def level(named: str) -> Level:
        return environment_level(tmp_path, used, libraries=libraries, named=PurePosixPath(named))[0]

    lock = tmp_path / "requirements.txt"
    lock.write_text("".join(f"{name}=={package.version}\n" for name, package in used.items()))
    assert level("requirements.txt") is Level.OBSERVED  # it agrees, and has no hashes
    lock.write_text(f"numpy=={used['numpy'].version}.1\n")
    with pytest.raises(
        EnvironmentMismatchError, match=r"numpy .* is installed, .*\.1 in the lock; polars .* not in the lock"
    ):
        level("requirements.txt")
    with pytest.raises(InputError, match=r"the lock cannot be read.*\n.*\[pipeline\] lock"):
        level("missing.txt")


def test_this_repositorys_own_lock_is_read() -> None:
    text = (Path(__file__).parents[3] / "requirements" / "dev.txt").read_text()
    installed = installed_packages()
    # a machine may have upgraded a tool, but every line has to be understood
    found = lock_difference(text, installed, marker_variables())
    assert all(" in the lock" in difference for difference in found)
    assert f"numpy=={installed['numpy']} " in text
