"""Tables of one's own, from the command line: what a data engineer does with a file on a good day and on a bad one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

ROWS = 20_000


def trimtab(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """The command, as a person runs it."""
    return subprocess.run(
        [sys.executable, "-m", "trimtab", *arguments], capture_output=True, text=True, cwd=cwd, timeout=120, check=False
    )


def told(*arguments: str, cwd: Path) -> tuple[int, dict[str, Any]]:
    """The exit code and the JSON document of a command."""
    done = trimtab(*arguments, "--json", cwd=cwd)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def payments(seed: int, rows: int = ROWS) -> pl.DataFrame:
    """Payments of a small bank."""
    chance = np.random.default_rng(seed)
    started = 1_767_225_600_000_000
    return pl.DataFrame(
        {
            "tx_id": np.arange(rows) + 1_000 * seed,
            "ts": pl.Series(started + np.sort(chance.integers(0, 30 * 86_400, rows)) * 1_000_000).cast(
                pl.Datetime("us", "UTC")
            ),
            "amount": np.round(chance.lognormal(3, 1, rows), 2),
            "distance": chance.normal(20, 4, rows),
            "channel": chance.choice(["atm", "chip", "online", "tap"], rows, p=[0.1, 0.2, 0.3, 0.4]),
            "age": pl.Series(chance.integers(18, 90, rows))
            .to_frame("age")
            .with_columns(
                pl.when(pl.Series(chance.random(rows) < 0.02)).then(None).otherwise(pl.col("age")).alias("age")
            )["age"],
            "new_device": chance.random(rows) < 0.1,
        }
    )


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with last month's file, its contract and its profile, and this month's file."""
    folder = tmp_path_factory.mktemp("desk")
    payments(1).write_parquet(folder / "march.parquet")
    payments(2).write_parquet(folder / "april.parquet")
    done = trimtab(
        "data", "infer", "march.parquet", "-o", "payments.toml", "--key", "tx_id", "--time", "ts", cwd=folder
    )
    assert done.returncode == 0, done.stderr
    return folder


def broken(document: dict[str, Any], column: str) -> list[tuple[str, int]]:
    """The rules that a column breaks, with how many rows."""
    return [
        (found["rule"], found["count"])
        for found in document["findings"]
        if found["column"] == column and "rule" in found
    ]


def test_a_profile_says_what_is_in_a_file_and_is_stored_to_compare_with(desk: Path) -> None:
    done = trimtab("data", "profile", "march.parquet", "-o", "march.profile", "--key", "tx_id", cwd=desk)
    assert done.returncode == 0, done.stderr
    assert "20,000 rows" in done.stdout
    assert "channel" in done.stdout
    code, again = told("data", "profile", "march.profile", cwd=desk)
    assert code == 0
    assert again["rows"] == ROWS
    code, compared = told("data", "drift", "march.profile", "april.parquet", cwd=desk)
    assert code in (0, 3)
    assert compared["verdict"] in ("PASS", "UNSURE")


def test_next_months_file_keeps_the_contract_of_last_months(desk: Path) -> None:
    code, document = told("data", "check", "april.parquet", "--contract", "payments.toml", cwd=desk)
    assert (code, document["verdict"]) == (0, "PASS")
    assert [found for found in document["findings"] if found.get("severity") == "refuse"] == []


def test_every_fault_of_a_bad_file_is_told_at_once_with_its_column_and_count(desk: Path) -> None:
    bad = (
        payments(3)
        .with_columns(
            pl.when(pl.int_range(pl.len()) < 1_000).then(None).otherwise(pl.col("distance")).alias("distance"),
            pl.when(pl.int_range(pl.len()) < 10).then(pl.lit("fax")).otherwise(pl.col("channel")).alias("channel"),
            pl.when(pl.int_range(pl.len()) < 20).then(pl.lit(3_000)).otherwise(pl.col("tx_id")).alias("tx_id"),
            pl.col("new_device").cast(pl.String),
            pl.lit(1).alias("surprise"),
        )
        .drop("age")
    )
    bad.write_parquet(desk / "bad.parquet")
    code, document = told("data", "check", "bad.parquet", "--contract", "payments.toml", cwd=desk)
    assert (code, document["verdict"]) == (1, "FAIL")
    assert ("null", 1_000) in broken(document, "distance")
    assert ("values", 10) in broken(document, "channel")
    assert ("unique", 19) in broken(document, "tx_id")
    assert ("type", ROWS) in broken(document, "new_device")
    assert ("missing", ROWS) in broken(document, "age")
    assert ("unexpected", ROWS) in broken(document, "surprise")


def test_what_drifted_is_named_in_words_and_ends_with_one(desk: Path) -> None:
    payments(4).with_columns(pl.col("distance") + 0.8).write_parquet(desk / "moved.parquet")
    done = trimtab("data", "drift", "march.parquet", "moved.parquet", cwd=desk)
    assert done.returncode == 1
    assert "distance" in done.stdout
    assert "standard deviations" in " ".join(done.stdout.split())
    code, document = told("data", "drift", "march.parquet", "moved.parquet", cwd=desk)
    assert code == 1
    assert {found["column"] for found in document["findings"] if found["verdict"] == "FAIL"} == {"distance"}


def test_rows_of_quarantine_go_to_their_own_file_and_the_rest_goes_on(desk: Path) -> None:
    contract = (desk / "payments.toml").read_text().replace("[columns.age]", '[columns.age]\noutside = "quarantine"')
    (desk / "strict.toml").write_text(contract)
    mixed = payments(5).with_columns(
        pl.when(pl.int_range(pl.len()) < 30).then(pl.lit(40.5)).otherwise(pl.col("age").cast(pl.Float64)).alias("age")
    )
    mixed.write_parquet(desk / "mixed.parquet")
    done = trimtab(
        *("data", "check", "mixed.parquet", "--contract", "strict.toml", "--no-reference"),
        *("--aside", "aside.parquet", "--kept", "kept.parquet"),
        cwd=desk,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    aside, kept = pl.read_parquet(desk / "aside.parquet"), pl.read_parquet(desk / "kept.parquet")
    assert (aside.height, kept.height) == (30, ROWS - 30)
    assert aside["_row"].to_list() == list(range(30))
    assert all("age" in reason for reason in aside["_reasons"])
    assert sorted(path.name for path in desk.iterdir() if path.name.startswith(".")) == []


def test_the_page_needs_nothing_else_and_shows_the_violations(desk: Path) -> None:
    payments(3).drop("age").write_parquet(desk / "short.parquet")
    done = trimtab("data", "report", "short.parquet", "--contract", "payments.toml", "-o", "page.html", cwd=desk)
    assert done.returncode == 1
    page = (desk / "page.html").read_text()
    assert len(page) < 2_000_000
    assert "age" in page
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert "https://" not in page


def test_files_for_ci_are_written_beside_the_terminal(desk: Path) -> None:
    done = trimtab(
        *("data", "check", "april.parquet", "--contract", "payments.toml"),
        *("--junit", "junit.xml", "--markdown", "comment.md", "--html", "check.html"),
        cwd=desk,
    )
    assert done.returncode == 0
    assert (desk / "junit.xml").read_text().startswith("<?xml")
    assert "PASS" in (desk / "comment.md").read_text()
    assert (desk / "check.html").read_text().lstrip().lower().startswith("<!doctype html>")


def test_a_contract_is_maintained_and_not_overwritten(desk: Path) -> None:
    before = (desk / "payments.toml").read_text()
    refused = trimtab("data", "infer", "april.parquet", "-o", "payments.toml", cwd=desk)
    assert refused.returncode == 2
    assert "is there already" in refused.stderr
    assert "trimtab data diff" in refused.stderr
    assert (desk / "payments.toml").read_text() == before
    same = trimtab("data", "diff", "payments.toml", "payments.toml", cwd=desk)
    assert (same.returncode, "says the same" in same.stdout) == (0, True)
    grown = payments(6).with_columns(pl.lit("x").alias("branch"))
    grown.write_parquet(desk / "grown.parquet")
    differs = trimtab("data", "diff", "payments.toml", "grown.parquet", cwd=desk)
    assert differs.returncode == 1
    assert "branch" in differs.stdout


def test_a_weekend_is_no_drift_when_weekends_are_compared_with_weekends(desk: Path) -> None:
    def month(seed: int) -> pl.DataFrame:
        return payments(seed).with_columns(
            (pl.col("distance") + 8.0 * (pl.col("ts").dt.weekday() >= 6).cast(pl.Float64)).alias("distance")
        )

    month(7).write_parquet(desk / "seasonal.parquet")
    month(8).filter(pl.col("ts").dt.weekday() >= 6).write_parquet(desk / "weekend.parquet")
    plain, _ = told("data", "drift", "seasonal.parquet", "weekend.parquet", "--only", "distance", cwd=desk)
    assert plain == 1
    seasons, document = told(
        *("data", "drift", "seasonal.parquet", "weekend.parquet", "--only", "distance"),
        *("--season", "weekday", "--time", "ts"),
        cwd=desk,
    )
    assert seasons in (0, 3)
    assert "FAIL" not in {found["verdict"] for found in document["findings"]}


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("empty.csv", b"", "empty"),
        ("ragged.csv", b"a,b\n1,2\n3\n", "ragged.csv:3"),
        ("twice.csv", b"a,b,a\n1,2,3\n", "'a'"),
        ("latin.csv", "name\nM\xfcller\n".encode("latin-1"), "UTF-8"),
        ("cut.parquet", b"PAR1 and then nothing", "cut.parquet"),
        ("notes.docx", b"rows", "how its rows are written"),
    ],
)
def test_a_file_that_cannot_be_read_is_a_sentence_and_ends_with_two(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    (tmp_path / name).write_bytes(content)
    done = trimtab("data", "profile", name, cwd=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_file_with_a_mark_one_row_or_none_is_read(tmp_path: Path) -> None:
    (tmp_path / "bom.csv").write_bytes(b"\xef\xbb\xbfamount,country\n1,DE\n2,FR\n")
    code, document = told("data", "profile", "bom.csv", cwd=tmp_path)
    assert (code, list(document["profile"]["columns"])) == (0, ["amount", "country"])
    (tmp_path / "one.csv").write_text("amount,country\n1,DE\n")
    assert told("data", "profile", "one.csv", cwd=tmp_path)[1]["rows"] == 1
    (tmp_path / "none.csv").write_text("amount,country\n")
    code, document = told("data", "profile", "none.csv", cwd=tmp_path)
    assert (code, document["rows"]) == (0, 0)
    nulls = pl.DataFrame({"x": [None, None], "y": [1, 2]})
    nulls.write_parquet(tmp_path / "nulls.parquet")
    assert told("data", "profile", "nulls.parquet", cwd=tmp_path)[0] == 0


def test_five_thousand_columns_do_not_flood_the_terminal(tmp_path: Path) -> None:
    pl.DataFrame({f"c{place}": [1.0, 2.0, 3.0] for place in range(5_000)}).write_parquet(tmp_path / "wide.parquet")
    done = trimtab("data", "profile", "wide.parquet", "--html", "wide.html", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) < 120
    assert (tmp_path / "wide.html").stat().st_size < 2_000_000


def test_a_missing_contract_reference_or_file_says_what_to_do(desk: Path, tmp_path: Path) -> None:
    for arguments, said in (
        (("data", "check", "april.parquet"), "no contract is named"),
        (("data", "check", "april.parquet", "--contract", "paiments.toml"), "there is no contract"),
        (
            (
                "data",
                "profile",
            ),
            "no table is named",
        ),
        (("data", "profile", "aprl.parquet"), "april.parquet"),
        (("data", "drift", "march.parquet", "april.parquet", "--tolerance", "shap=1"), "shape"),
    ):
        done = trimtab(*arguments, cwd=desk)
        assert done.returncode == 2, arguments
        assert said in done.stderr, (arguments, done.stderr)
    text = (desk / "payments.toml").read_text()
    (tmp_path / "alone.toml").write_text(text)
    payments(2).write_parquet(tmp_path / "april.parquet")
    done = trimtab("data", "check", "april.parquet", "--contract", "alone.toml", cwd=tmp_path)
    assert done.returncode == 2
    assert "--no-reference" in done.stderr


def test_with_nothing_to_set_aside_the_file_has_its_columns_and_no_rows(desk: Path) -> None:
    done = trimtab(
        *("data", "check", "april.parquet", "--contract", "payments.toml", "--no-reference", "--aside", "none.parquet"),
        cwd=desk,
    )
    assert done.returncode == 0, done.stderr
    empty = pl.read_parquet(desk / "none.parquet")
    assert empty.height == 0
    assert empty.columns[-2:] == ["_row", "_reasons"]


def test_drift_that_would_refuse_and_cannot_be_told_yet_ends_with_three(desk: Path) -> None:
    contract = (desk / "payments.toml").read_text()
    limits = '[table]\ndrift = { location = 0.1, scale = 0.1, shape = 0.05, share = "2%", outside = "refuse" }\n'
    (desk / "drifting.toml").write_text(contract.replace("[table]\n", limits))
    payments(9, rows=300).write_parquet(desk / "few.parquet")
    code, document = told("data", "check", "few.parquet", "--contract", "drifting.toml", cwd=desk)
    assert (code, document["verdict"]) == (3, "UNSURE")


def test_a_report_ends_as_the_check_does_and_tells_of_pairs_beside_it(tmp_path: Path) -> None:
    def table(seed: int, *, share: float, alike: bool) -> pl.DataFrame:
        chance = np.random.default_rng(seed)
        one = chance.random(20_000) < share
        return pl.DataFrame({"one": one, "two": one if alike else chance.permutation(one)})

    limits = '\n[table]\ndrift = { share = "2%", outside = "refuse" }\n'
    table(1, share=0.3, alike=True).write_parquet(tmp_path / "then.parquet")
    trimtab("data", "infer", "then.parquet", "-o", "contract.toml", cwd=tmp_path)
    with (tmp_path / "contract.toml").open("a") as contract:
        contract.write(limits)
    page = ("--contract", "contract.toml", "-o", "page.html")
    for place, share in enumerate(np.linspace(0.3, 0.36, 7)):
        table(place + 2, share=share, alike=True).write_parquet(tmp_path / "now.parquet")
        checked, _ = told("data", "check", "now.parquet", "--contract", "contract.toml", cwd=tmp_path)
        reported, _ = told("data", "report", "now.parquet", *page, cwd=tmp_path)
        assert checked == reported
    table(9, share=0.3, alike=False).write_parquet(tmp_path / "now.parquet")
    told_of = trimtab("data", "report", "now.parquet", *page, cwd=tmp_path)
    assert told_of.returncode == 0
    assert "1 pair of columns drifted, for which a contract has no rule" in told_of.stdout + told_of.stderr
    assert trimtab("data", "drift", "then.parquet", "now.parquet", cwd=tmp_path).returncode == 1


def test_a_contract_that_is_made_anew_keeps_hidden_what_was_hidden(desk: Path) -> None:
    first = trimtab("data", "infer", "march.parquet", "-o", "private.toml", "--sensitive", "channel", cwd=desk)
    again = trimtab("data", "infer", "april.parquet", "-o", "private.toml", "--force", cwd=desk)
    assert (first.returncode, again.returncode) == (0, 0), again.stderr
    assert "sensitive = true" in (desk / "private.toml").read_text()
    assert '"atm"' not in (desk / "private.toml").read_text()
