"""Hyper-parameters on the command line are read as values of the type that their defaults have."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from trimtab.app.settings import SettingProblemError, read_settings, with_settings
from trimtab.base.digest import digest_bytes
from trimtab.drivers.project_file import read_project

Read = Callable[..., dict[str, object]]
SOURCE = """
def step(*, code: str = "1.0", trees: int = 5, rate: float = 0.1, deep: bool = False, free=None, seed: int = 0):
    return 1
"""


@pytest.fixture
def read(tmp_path: Path) -> Read:
    (tmp_path / "trimtab.toml").write_text('[project]\nname = "one"\n\n[pipeline]\n\n[pipeline.params]\ntrees = 6\n')
    (tmp_path / "pipeline.py").write_text(SOURCE)
    files = {name: digest_bytes((tmp_path / name).read_bytes()) for name in ("pipeline.py", "trimtab.toml")}
    project = read_project(tmp_path)

    def read(*settings: str) -> dict[str, object]:
        return dict(with_settings(tmp_path, project, files, read_settings(settings)).pipeline.params)

    return read


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("code=1.10", "1.10"), ("code=007", "007"), ("code=true", "true"), ("code=a=b", "a=b"), ("code=", ""),
        ("trees=7", 7), ("trees=-1", -1), ("rate=1", 1.0), ("rate=1e-3", 0.001), ("deep=true", True),
        ("deep=False", False), ("free=3", 3), ("free=0.5", 0.5), ("free=true", True), ("free=word", "word"),
    ],
)  # fmt: skip
def test_a_setting_is_of_its_defaults_type(read: Read, setting: str, value: object) -> None:
    found = read(setting)[setting.partition("=")[0]]
    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("trees=1.5", "--set trees is to be a whole number"), ("trees=many", "--set trees is to be a whole number"),
        ("rate=nan", "--set rate is to be a finite number"), ("rate=1e999", "--set rate is to be a finite number"),
        ("deep=1", "--set deep is to be true or false"), ("treees=5", "--set: no step has a hyper-parameter treees"),
        ("seed=5", "--set: no step has a hyper-parameter seed"), ("trees", "--set trees has no value"),
        ("=5", "--set =5 has no name"),
    ],
)  # fmt: skip
def test_a_setting_that_is_no_such_value_is_refused(read: Read, setting: str, said: str) -> None:
    with pytest.raises(SettingProblemError, match=said):
        read(setting)
    if setting.startswith("tree"):
        assert read()["trees"] == 6
