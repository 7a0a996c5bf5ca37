"""What holds of profiles on Ray where Ray is not installed."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner, Result

from trimtab.app.data_lake import profile_on_ray
from trimtab.app.data_opening import NotATableError
from trimtab.base.errors import InputError
from trimtab.cli.data_commands import data
from trimtab.data.profile import merge_all
from trimtab.data.profiler import profile_frame
from trimtab.drivers.profile_files import write_profile
from trimtab.drivers.ray_profiles import Blocks, NoRayError


def run(*words: str) -> Result:
    return CliRunner().invoke(data, ["profile", *words])


def test_ray_that_is_not_installed_is_said_with_what_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    pl.DataFrame({"a": [1, 2]}).write_parquet(tmp_path / "a.parquet")
    with pytest.raises(NoRayError, match="Ray is not installed") as caught:
        profile_on_ray(str(tmp_path / "*.parquet"))
    assert "pip install 'trimtab[ray]'" in caught.value.fix


def test_what_ray_has_no_part_in_is_refused_before_ray_is_asked_for(tmp_path: Path) -> None:
    stored = tmp_path / "stored.json"
    write_profile(stored, profile_frame(pl.DataFrame({"a": [1, 2]})))
    with pytest.raises(NotATableError, match="is a stored profile"):
        profile_on_ray(str(stored))
    with pytest.raises(InputError, match="no file matches"):
        profile_on_ray(str(tmp_path / "*.parquet"))
    with pytest.raises(InputError, match="is one file elsewhere"):
        profile_on_ray("https://example.org/table.parquet")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--engine", "ray"), "name them as FILE"),
        (("a.db", "--query", "select 1", "--engine", "ray"), "name them as FILE"),
        (("a.parquet", "--engine", "ray", "--season", "hour"), "no profiles by season"),
        (("a.parquet", "--address", "127.0.0.1:6379"), "for --engine ray"),
    ],
)
def test_options_that_do_not_go_together_are_refused(words: tuple[str, ...], said: str) -> None:
    done = run(*words)
    assert done.exit_code == 2
    assert said in " ".join(done.output.split())


def test_files_that_come_in_any_order_are_one_profile_to_the_last_bit() -> None:
    chance = np.random.default_rng(1)
    frames = [pl.DataFrame({"a": chance.normal(1e3, 1, 50), "b": chance.lognormal(size=50)}) for _ in range(13)]
    parts = [profile_frame(frame) for frame in frames]
    found = []
    for order in (range(13), reversed(range(13)), chance.permutation(13).tolist()):
        blocks = Blocks()
        for place in order:
            blocks.add(place, frames[place].schema, parts[place])
        found.append(blocks.profile())
    assert found[0] == found[1] == found[2]
    assert found[0].sample == merge_all(parts).sample


def test_files_that_were_read_too_narrowly_are_taken_out_to_be_read_again() -> None:
    narrow, wide = (pl.DataFrame({"a": pl.Series([1, 2], dtype=kind)}) for kind in (pl.Int64, pl.Float64))
    blocks = Blocks()
    for place in range(7):
        frame = wide if place in (2, 3) else narrow
        blocks.add(place, frame.schema, profile_frame(frame))
    assert blocks.without(wide.schema) == [0, 1, 4, 5, 6]
    assert blocks.profile().rows == 4
    for place in (5, 0, 6, 4, 1):
        blocks.add(place, wide.schema, profile_frame(wide))
    assert blocks.profile().columns == merge_all([profile_frame(wide)] * 7).columns
