"""Releases are packed once per process and copied into each test's own state."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.serve.releases import Recipe, make_release
from trimtab.base.digest import Digest, short

Place = Callable[..., Digest]


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> dict[Recipe, tuple[Path, Digest]]:
    return {}


@pytest.fixture
def place(shelf: dict[Recipe, tuple[Path, Digest]], tmp_path_factory: pytest.TempPathFactory, state: Path) -> Place:
    """``place(Recipe(...))``: the release is in this test's state; returns its digest."""

    def put(recipe: Recipe | None = None) -> Digest:
        recipe = recipe or Recipe()
        if recipe not in shelf:
            workshop = tmp_path_factory.mktemp("workshop")
            shelf[recipe] = (workshop, make_release(workshop, workshop, recipe))
        workshop, release = shelf[recipe]
        name = short(release, length=64)
        if not (state / "releases" / name).exists():
            shutil.copytree(workshop / "releases" / name, state / "releases" / name)
        return release

    return put


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / ".trimtab"
