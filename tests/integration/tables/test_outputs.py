"""What a command writes replaces nothing that it reads, and can be written: told before a row is read."""

from __future__ import annotations

import json
import os
import shlex
import sqlite3
from pathlib import Path

import click
import polars as pl
import pytest
from click.testing import CliRunner, Result

from trimtab.app.data import profile
from trimtab.app.data_opening import Stored
from trimtab.app.data_outputs import ready_to_write
from trimtab.base.errors import InputError
from trimtab.cli.data_commands import data
from trimtab.drivers.sources import open_table
from trimtab.drivers.sources.file_scan import FilesScan

SUITE = {"name": "s", "expectations": [{"type": "expect_column_to_exist", "kwargs": {"column": "x"}}], "meta": {}}
PANDERA = "import pandera.polars as pa\nSchema = pa.DataFrameSchema({'x': pa.Column(int)})\n"


def run(words: str) -> Result:
    return CliRunner().invoke(data, shlex.split(words), standalone_mode=False)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with each kind of thing that a command reads."""
    monkeypatch.chdir(tmp_path)
    rows = pl.DataFrame({"x": list(range(200)), "y": [place % 7 / 3 for place in range(200)]})
    rows.write_parquet("rows.parquet")
    rows.write_parquet("then.parquet")
    rows.write_csv("rows.csv")
    with sqlite3.connect("rows.db") as connection:
        connection.execute("CREATE TABLE t AS SELECT 1 AS x, 2.5 AS y")
    Path("suite.json").write_text(json.dumps(SUITE), encoding="utf-8")
    Path("checks_of_x.py").write_text(PANDERA, encoding="utf-8")
    for words in ("infer rows.parquet -o rules.toml", "profile rows.parquet -o march.profile"):
        done = run(words)
        assert done.exit_code == 0, done
    Path("link.parquet").symlink_to("rows.parquet")
    Path("twin.parquet").hardlink_to("rows.parquet")
    return tmp_path


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def refused(words: str, folder: Path, match: str) -> None:
    """The command is refused with that sentence, and every file is as it was."""
    before = contents(folder)
    done = run(words)
    told = str(done.exception) + done.output
    assert isinstance(done.exception, InputError | click.UsageError), told
    assert match in told
    assert contents(folder) == before


READ = "is read by this command, and would be replaced"


@pytest.mark.parametrize(
    "words",
    [
        "profile rows.parquet -o rows.parquet",
        "profile rows.parquet -o ./../{here}/rows.parquet",
        "profile link.parquet -o rows.parquet",
        "profile twin.parquet -o rows.parquet",
        "profile '*.parquet' -o then.parquet",
        "profile march.profile -o march.profile",
        "profile rows.csv --html rows.csv",
        "profile rows.db --query 'SELECT * FROM t' -o rows.db",
        "profile sqlite:///rows.db --query 'SELECT * FROM t' --html rows.db",
        "profile rows.parquet --time x --season hour -o rows.parquet",
        "infer rows.parquet -o rows.parquet",
        "infer rows.parquet -o rows.parquet --force",
        "infer march.profile -o march.toml",
        "infer march.profile -o march.toml --force",
        "check rows.parquet --contract rules.toml --html rows.parquet",
        "check rows.parquet --contract rules.toml --markdown rules.toml",
        "check rows.parquet --contract rules.toml --junit rules.profile",
        "check rows.parquet --contract rules.toml --reference then.parquet --kept then.parquet",
        "check rows.parquet --contract rules.toml --aside link.parquet",
        "check rows.parquet --engine great-expectations --suite suite.json --html suite.json",
        "check rows.parquet --engine great-expectations --suite suite.json --html rows.parquet",
        "drift then.parquet rows.parquet --html then.parquet",
        "drift then.parquet rows.parquet --markdown twin.parquet",
        "drift march.profile rows.parquet --junit march.profile",
        "drift then.parquet rows.parquet --contract rules.toml --html rules.toml",
        "report rows.parquet -o rows.parquet",
        "report rows.parquet --contract rules.toml -o rules.profile",
        "report rows.parquet --contract rules.toml -o rules.toml",
        "report rows.parquet --reference march.profile -o march.profile",
        "import suite.json -o suite.json --force",
        "import checks_of_x:Schema -o checks_of_x.py --force",
        "export rules.toml --to great-expectations -o rules.toml",
        "export rules.toml --to tfdv -o rules.profile",
    ],
)
def test_no_command_replaces_what_it_reads(desk: Path, words: str) -> None:
    if "pandera" in words or "checks_of_x" in words:
        pytest.importorskip("pandera.polars", reason="needs Pandera: install the extra pandera")
    refused(words.replace("{here}", desk.name), desk, READ)


def test_a_contract_takes_not_the_name_of_its_own_reference(desk: Path) -> None:
    refused("infer rows.parquet -o new.profile", desk, "is the name that the contract's reference is to have")


def test_two_outputs_are_not_one_file(desk: Path) -> None:
    refused("profile rows.parquet -o new.profile --html ./new.profile", desk, "two things cannot both be written to")
    refused("report rows.parquet -o a.html --markdown a.html", desk, "two things cannot both be written to")


PLACES = [
    "profile rows.parquet -o {}/x.profile",
    "profile rows.parquet --html {}/x.html",
    "infer rows.parquet -o {}/x.toml",
    "check rows.parquet --contract rules.toml --html {}/x.html",
    "check rows.parquet --contract rules.toml --junit {}/x.xml",
    "check rows.parquet --contract rules.toml --aside {}/x.parquet",
    "check rows.parquet --engine great-expectations --suite suite.json --markdown {}/x.md",
    "drift then.parquet rows.parquet --markdown {}/x.md",
    "report rows.parquet -o {}/x.html",
    "import suite.json -o {}/x.toml",
    "export rules.toml --to great-expectations -o {}/x.json",
]


@pytest.mark.parametrize("words", PLACES)
def test_a_folder_that_is_not_there_is_told_before_the_table_is_read(
    desk: Path, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(*_: object) -> None:
        pytest.fail("a row was read")

    for way in ("batches", "pieces"):
        monkeypatch.setattr(FilesScan, way, read)
    refused(words.format("nowhere"), desk, "there is no folder nowhere")
    refused(words.format("rows.csv"), desk, "there is no folder rows.csv")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
@pytest.mark.parametrize("words", PLACES)
def test_a_folder_that_may_not_be_written_to_is_told_before_the_table_is_read(desk: Path, words: str) -> None:
    (desk / "shut").mkdir(mode=0o500)
    refused(words.format("shut"), desk, "the folder shut may not be written to")


def test_a_folder_that_may_not_be_written_to_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)  # whoever runs this
    with pytest.raises(InputError, match=r"may not be written to, and x.html was to be put there"):
        ready_to_write((tmp_path / "x.html",))
    with pytest.raises(InputError, match=r"is a folder"):
        ready_to_write((tmp_path,))


def test_what_is_open_tells_the_files_that_it_is_read_from(desk: Path) -> None:
    stored = Stored(name="march", content=profile("rows.csv").profile, file=desk / "march.profile")
    for what, file in ((open_table("r*.parquet"), "link.parquet"), (stored, "march.profile"), ("rows.csv", "rows.csv")):
        with pytest.raises(InputError, match=READ):
            ready_to_write((Path(file),), None, what)
    ready_to_write((Path("new.html"), None), open_table("rows.csv"), pl.DataFrame({"files": [1]}))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("check rows.parquet --contract rules.toml --suite suite.json", "--suite is for --engine great-expectations"),
        ("check rows.parquet --engine great-expectations --suite suite.json --kept k.csv", "--kept is for our own"),
        ("check rows.parquet --engine great-expectations --suite suite.json --no-reference", "--no-reference is for"),
        ("drift then.parquet rows.parquet --time x", "--time tells the seasons apart, for --season"),
        ("drift then.parquet rows.parquet --zone UTC", "--zone is that of hours and days, for --season"),
        ("profile rows.parquet --zone UTC", "--zone is that of hours and days, for --season"),
        ("profile rows.parquet --address head:6379", "--address is the cluster's, for --engine ray"),
        ("profile rows.parquet --time x", "'x' is stored as Int64, which holds no times"),
        ("report rows.parquet -o x.html --time y", "'y' is stored as Float64, which holds no times"),
        ("check rows.parquet --contract rules.toml --sensitive z", "has no column 'z'"),
        ("check rows.parquet --engine great-expectations --suite suite.json --sensitive z", "has no column 'z'"),
        ("drift then.parquet rows.parquet --sensitive z", "neither table has a column 'z'"),
        ("drift then.parquet rows.parquet --without z", "neither table has a column 'z'"),
        ("report rows.parquet -o x.html --sensitive z", "has no column 'z'"),
        ("infer rows.parquet --label z", "has no column 'z'"),
        ("profile march.profile --key x", "does not say whether x repeats"),
    ],
)
def test_no_option_is_passed_over_in_silence(desk: Path, words: str, told: str) -> None:
    refused(words, desk, told)
