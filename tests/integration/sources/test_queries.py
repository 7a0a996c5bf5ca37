"""Tables that a SQL query gives: a real SQLite file, and a PostgreSQL that the tests start for themselves."""

from __future__ import annotations

import functools
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from trimtab.base.errors import DriverError, ProblemsError
from trimtab.data.scan import Scan
from trimtab.drivers.sources.batching import MOST_ROWS
from trimtab.drivers.sources.problems import SourceError
from trimtab.drivers.sources.queries import open_query
from trimtab.spec.problems import ReferenceProblemError

PASSWORD = "p@ss/w:rd?x=1"  # every sign that means something in a URL
QUOTED = "p%40ss%2Fw%3Ard%3Fx%3D1"


def whole(scan: Scan) -> pl.DataFrame:
    return pl.concat(scan.batches())


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A SQLite file with a table ``sales`` of three rows."""
    path = tmp_path / "shop.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE sales (id INTEGER, amount REAL, shop TEXT, photo BLOB, unset, mixed)")
        rows = [(1, 1.5, "a", b"\x00", None, 1), (2, 2, None, None, None, "n/a"), (None, 3.25, "c", b"", None, 3)]
        connection.executemany("INSERT INTO sales VALUES (?, ?, ?, ?, ?, ?)", rows)
    return path


@pytest.mark.parametrize("form", ["shop.db", "sqlite:///shop.db", "sqlite:///{absolute}", "${{env:SHOP}}"])
def test_sqlite_is_named_by_path_by_url_or_by_reference(shop: Path, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP", f"sqlite:///{shop}")
    scan = open_query("SELECT id FROM sales", form.format(absolute=shop), root=shop.parent)
    assert whole(scan)["id"].to_list() == [1, 2, None]
    assert scan.rows == 3


def test_types_of_sqlite_are_those_of_all_its_values(shop: Path) -> None:
    query = "SELECT id, amount, shop, photo, unset, id + 0.5 * (id = 2) AS either FROM sales;"
    read = whole(open_query(query, str(shop)))
    assert read.schema == pl.Schema(
        {
            "id": pl.Int64(),
            "amount": pl.Float64(),
            "shop": pl.String(),
            "photo": pl.Binary(),
            "unset": pl.Null(),
            "either": pl.Float64(),
        }
    )
    assert read["shop"].to_list() == ["a", None, "c"]
    assert read["either"].to_list() == [1.0, 2.5, None]


def test_a_query_is_read_again_and_by_columns_in_the_order_that_is_asked_for(shop: Path) -> None:
    scan = open_query("SELECT * FROM (SELECT id, shop FROM sales ORDER BY id DESC) -- the last first", str(shop))
    assert whole(scan).equals(whole(scan))
    assert [batch.columns for batch in scan.batches(["shop", "id"])] == [["shop", "id"]]
    with pytest.raises(SourceError, match=r"has no column 'shopp' \[TT1331\]\n  did you mean 'shop'\?"):
        list(scan.batches(["shopp"]))


def test_a_mixed_column_of_sqlite_is_refused_by_name_and_all_of_them_together(shop: Path) -> None:
    sentence = r"the column 'mixed' of a query of shop\.db has values of several types: 2 integer, 1 text \(for example"
    with pytest.raises(SourceError, match=rf"{sentence} the text 'n/a'\)"):
        open_query("SELECT mixed FROM sales", "shop.db", root=shop.parent)
    with pytest.raises(ProblemsError, match=r"'mixed'(.|\n)*'again'"):
        open_query("SELECT mixed, id, mixed AS again FROM sales", str(shop))


def test_a_text_after_many_numbers_is_found_before_the_first_batch(tmp_path: Path) -> None:
    path = tmp_path / "long.sqlite"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE t (x)")
        connection.executemany("INSERT INTO t VALUES (?)", ((n,) for n in range(200_000)))
        connection.execute("INSERT INTO t VALUES ('late')")
    with pytest.raises(SourceError, match=r"200,000 integer, 1 text \(for example the text 'late'\)"):
        open_query("SELECT x FROM t", str(path))
    scan = open_query("SELECT x FROM t WHERE typeof(x) = 'integer'", str(path))
    assert [batch.height for batch in scan.batches()] == [MOST_ROWS, 200_000 - MOST_ROWS]
    assert whole(scan)["x"].to_list() == list(range(200_000))


def test_a_query_without_rows_has_a_schema_and_no_batches(shop: Path) -> None:
    scan = open_query("SELECT id, shop FROM sales WHERE 0", str(shop))
    assert (scan.schema.names(), scan.rows, list(scan.batches())) == (["id", "shop"], 0, [])


def test_more_columns_than_one_statement_counts_are_read(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "wide.db")) as connection, connection:
        connection.execute("CREATE TABLE t (id)")
        connection.execute("INSERT INTO t VALUES (7)")
    names = ", ".join(f"id + {n} AS c{n}" for n in range(700))
    read = whole(open_query(f"SELECT {names} FROM t", "wide.db", root=tmp_path))
    assert read.row(0) == tuple(range(7, 707))


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("SELECT idd FROM sales", "the query of shop.db cannot be run: no such column: idd"),
        ("SELECT id, shop AS id FROM sales", "columns 1 and 2 of a query of shop.db are both called 'id'"),
        ("SELECT 1; SELECT 2", "You can only execute one statement at a time"),
        ("DELETE FROM sales", "attempt to write a readonly database"),
        (" ; ", "the query is empty"),
        ("SELECT CAST(x'ff' AS TEXT) AS t", "Could not decode to UTF-8"),
    ],
)
def test_a_query_that_cannot_be_run_on_sqlite_is_refused(shop: Path, query: str, sentence: str) -> None:
    with pytest.raises(SourceError, match=re.escape(sentence)):
        list(open_query(query, "shop.db", root=shop.parent).batches())
    assert whole(open_query("SELECT count(*) AS n FROM sales", str(shop)))["n"].to_list() == [3]


@pytest.mark.parametrize(
    ("url", "sentence", "fix"),
    [
        ("shopp.db", "no file shopp.db", "Did you mean shop.db?"),
        ("text.db", "text.db is not a SQLite database, or a damaged one", "Name the database's file"),
        ("sqlite://shop.db", "names no file", "three slashes"),
        ("mysql://me:secret@host/db", "mysql:// is not a database that this Trimtab reads", "postgresql://"),
        ("shop.parquet", "shop.parquet does not say which database it is", "sqlite:///PATH"),
    ],
)
def test_a_url_that_leads_nowhere_is_named(shop: Path, url: str, sentence: str, fix: str) -> None:
    (shop.parent / "text.db").write_text("This is no database. " * 100, encoding="utf-8")
    with pytest.raises(SourceError, match=re.escape(sentence)) as caught:
        open_query("SELECT 1", url, root=shop.parent)
    assert fix in caught.value.fix
    assert "secret" not in str(caught.value)


def test_a_locked_sqlite_is_a_drivers_error(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(sqlite3.connect(shop, isolation_level=None)) as writer:
        writer.execute("BEGIN EXCLUSIVE")
        monkeypatch.setattr(sqlite3, "connect", functools.partial(sqlite3.connect, timeout=0))
        with pytest.raises(DriverError, match=r"shop\.db cannot be read now: database is locked"):
            open_query("SELECT id FROM sales", "shop.db", root=shop.parent)


def test_a_reference_that_leads_nowhere_is_named(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_SHOP", raising=False)
    with pytest.raises(ReferenceProblemError, match="the environment variable NO_SHOP is not set"):
        open_query("SELECT 1", "${env:NO_SHOP}", root=shop.parent)


def test_without_psycopg_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(SourceError, match=r"needs psycopg, which is not installed") as caught:
        open_query("SELECT 1", "postgresql://me@localhost/db")
    assert caught.value.fix == "pip install 'trimtab[postgres]'"


@pytest.mark.parametrize("password", ["secret", "sec ret", "se/cret", "se?cret", "se%cret"])
def test_a_server_that_does_not_answer_is_told_without_the_password(password: str) -> None:
    with pytest.raises((DriverError, SourceError), match=r"127\.0\.0\.1:9/db") as caught:
        open_query("SELECT 1", f"postgresql://me:{password}@127.0.0.1:9/db?application_name=x")
    assert str(caught.value).startswith("postgresql://127.0.0.1:9/db ")
    assert password not in f"{caught.value!s} {caught.value.__cause__} {caught.value.__context__}"


def test_a_refused_connection_is_a_drivers_error() -> None:
    with pytest.raises(DriverError, match=r"postgresql://127\.0\.0\.1:9/db cannot be reached: .*Connection refused"):
        open_query("SELECT 1", "postgresql://me:secret@127.0.0.1:9/db")


def _programs() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).parent if on_path else None


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The start of the URL of a private PostgreSQL whose user ``postgres`` has `PASSWORD`."""
    programs = _programs()
    if programs is None:
        pytest.skip("PostgreSQL's initdb is not on this machine: apt-get install postgresql")
    with tempfile.TemporaryDirectory(prefix="tt-pg-") as name, socket.socket() as free:
        folder = Path(name)
        (folder / "password").write_text(PASSWORD, encoding="utf-8")
        as_user: list[str] = []
        if os.geteuid() == 0:  # PostgreSQL refuses to be root
            as_user = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
            for path in (folder, folder / "password"):
                shutil.chown(path, "nobody", "nogroup")
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        options = f"-c listen_addresses=127.0.0.1 -p {port} -k {folder} -c fsync=off"
        make = ["initdb", "-D", f"{folder}/data", "-U", "postgres", "-A", "scram-sha-256", "-E", "UTF8"]
        begin = ["pg_ctl", "-D", f"{folder}/data", "-l", f"{folder}/log", "-w", "-o", options, "start"]
        end = ["pg_ctl", "-D", f"{folder}/data", "-m", "immediate", "-w", "stop"]

        def run(program: str, *arguments: str) -> None:
            command = [*as_user, str(programs / program), *arguments]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder)

        run(*make, "--locale=C", f"--pwfile={folder}/password")
        run(*begin)
        try:
            yield f"postgresql://postgres:{QUOTED}@127.0.0.1:{port}/postgres"
        finally:
            run(*end)


def test_types_of_postgres_are_those_that_the_server_tells(server: str) -> None:
    query = """
        SELECT i, i::bigint AS big, (i * 1.25)::numeric(10, 2) AS price, i * 1.25 AS free, i / 2.0::real AS real,
            i = 1 AS truth, 'a' || i AS text, DATE '2026-03-01' + i AS day,
            TIMESTAMPTZ '2026-03-01 12:00+02' AS at, TIMESTAMP '2026-03-01 12:00' AS naive,
            '{"a": 1}'::jsonb AS json, INTERVAL '1 month' AS span, ARRAY[1, 2] AS list, '\\x00ff'::bytea AS bytes
        FROM (VALUES (1), (NULL), (3)) AS t (i)"""
    scan = open_query(query, server)
    read = whole(scan)
    assert (scan.rows, read.schema) == (None, scan.schema)
    text = dict.fromkeys(("text", "json", "span", "list"), pl.String())
    assert {name: read.schema[name] for name in text} == text
    assert read.select("i", "big").rows() == [(1, 1), (None, None), (3, 3)]
    assert read.schema["i"] == pl.Int64()
    assert read["price"].to_list() == [Decimal("1.25"), None, Decimal("3.75")]
    assert read["free"].to_list() == [1.25, None, 3.75]
    assert read["real"].to_list() == [0.5, None, 1.5]
    assert read["truth"].to_list() == [True, None, False]
    assert read["day"].to_list() == [date(2026, 3, 2), None, date(2026, 3, 4)]
    assert read.schema["at"] == pl.Datetime("us", "UTC")
    assert read["at"][0] == datetime(2026, 3, 1, 10, tzinfo=UTC)
    assert read["naive"][0] == datetime(2026, 3, 1, 12)  # noqa: DTZ001 - a time without a zone is what is asked for
    assert read.row(0, named=True)["span"] == "1 mon"
    assert read["list"][0] == "{1,2}"
    assert read["bytes"][0] == b"\x00\xff"


def test_postgres_gives_batches_and_the_same_rows_again(server: str) -> None:
    scan = open_query("SELECT n, n % 7 AS seven FROM generate_series(1, 300000) AS n", server)
    assert [batch.height for batch in scan.batches()] == [MOST_ROWS, 300_000 - MOST_ROWS]
    assert whole(scan).equals(whole(scan))
    assert pl.concat(scan.batches(["seven"]))["seven"].sum() == sum(n % 7 for n in range(1, 300_001))
    assert next(iter(scan.batches())).height == MOST_ROWS  # left in the middle: the connection is closed, none is kept
    assert list(open_query("SELECT 1 AS n WHERE false", server).batches()) == []


def test_the_password_of_postgres_is_in_no_name_and_no_error(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    place = server.rpartition("@")[2]
    assert open_query("SELECT 1 AS n", server).name == f"a query of postgresql://{place}"
    monkeypatch.setenv("PG_PASSWORD", QUOTED)
    by_reference = open_query("SELECT 1 AS n", f"postgresql://postgres:${{env:PG_PASSWORD}}@{place}")
    assert by_reference.name == f"a query of postgresql://{place}"
    monkeypatch.setenv("PG_URL", server)
    assert open_query("SELECT 1 AS n", "${env:PG_URL}").name == "a query of ${env:PG_URL}"
    with pytest.raises(DriverError, match="password authentication failed") as caught:
        open_query("SELECT 1", server.replace(QUOTED, "wr0ng"))
    assert "wr0ng" not in str(caught.value)


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("SELECT nothing FROM pg_class", 'cannot be run: column "nothing" does not exist'),
        ("SELECT 1 AS a, 2 AS a", "columns 1 and 2 of a query of postgresql://"),
        ("CREATE TABLE t (n int)", "cannot be run: syntax error"),
        ("WITH made AS (DELETE FROM pg_class RETURNING 1) SELECT 1", "cannot be run: "),
        ("SELECT '%s' AS n, 1 / 0 AS m", "division by zero"),
        ("SELECT 'infinity'::timestamptz AS n", "cannot be read: timestamp too large"),
    ],
)
def test_a_query_that_cannot_be_run_on_postgres_is_refused(server: str, query: str, sentence: str) -> None:
    with pytest.raises(SourceError, match=re.escape(sentence)):
        list(open_query(query, server).batches())
