"""A query's rows from PostgreSQL, through a cursor on the server, so that a result of any size passes.

psycopg is imported here only: it is the extra ``trimtab[postgres]``. A column's type is what the server says of it.
Numbers of a declared precision stay exact; a NUMERIC without one (a sum, an average) has no bound that a column could
be made for, and becomes a float. What is neither number, text, truth, time nor bytes comes as the server writes it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from trimtab.base.errors import DriverError
from trimtab.drivers.sources.problems import SourceError, refuse_patterns
from trimtab.drivers.sources.query_rows import QueryScan, Row, refuse_repeated

if TYPE_CHECKING:
    import psycopg

_CONNECT_S: Final = 10
_NUMERIC: Final = 1700
_DIGITS: Final = 38
"""Of the largest decimal that Polars has."""
_TYPES: Final[dict[int, pl.DataType]] = {
    16: pl.Boolean(), 17: pl.Binary(), 20: pl.Int64(), 21: pl.Int64(), 23: pl.Int64(), 26: pl.Int64(),
    700: pl.Float64(), 701: pl.Float64(), 1082: pl.Date(), 1083: pl.Time(),
    1114: pl.Datetime("us"), 1184: pl.Datetime("us", "UTC"),
}  # fmt: skip
"""By the number of the type in pg_type, which is fixed for those that PostgreSQL brings."""


def open_postgres(query: str, url: str, shown: str) -> QueryScan:
    """The query's rows; ``shown`` is the URL as people may see it.

    Raises:
        SourceError: psycopg is not installed, or the query cannot be run.
        DriverError: the server does not answer, or refuses the user.
    """
    query = query.strip().rstrip(";").rstrip()
    name = f"a query of {shown}"
    with _cursor(url, query, shown) as cursor:
        columns = list(cursor.description or ())
        names = [column.name for column in columns]
        refuse_repeated(names, name)
        refuse_patterns(names, name)
        schema = pl.Schema({column.name: _type(column) for column in columns})
        opaque = frozenset(column.type_code for column in columns) - set(_TYPES) - {_NUMERIC}

    def fetch(most: int) -> Iterator[list[Row]]:
        with _cursor(url, query, shown, opaque) as cursor:
            while found := cursor.fetchmany(most):
                yield found

    return QueryScan(name=name, schema=schema, fetch=fetch)


def _type(column: psycopg.Column) -> pl.DataType:
    if column.type_code != _NUMERIC:
        return _TYPES.get(column.type_code, pl.String())
    digits, scale = column.precision, column.scale
    if digits is None or scale is None or digits > _DIGITS or not 0 <= scale <= digits:
        return pl.Float64()
    return pl.Decimal(digits, scale)


@contextmanager
def _cursor(
    url: str, query: str, shown: str, opaque: frozenset[int] = frozenset()
) -> Iterator[psycopg.ServerCursor[Row]]:
    """The query, running, in a transaction that only reads; types in ``opaque`` come as text."""
    psycopg = _imported()
    with _connected(url, shown) as connection:
        try:
            connection.read_only = True
            connection.execute("SET TIME ZONE 'UTC'")
            for oid in opaque:
                connection.adapters.register_loader(oid, psycopg.types.string.TextLoader)
            with connection.cursor(name="trimtab") as cursor:
                cursor.execute(query)
                yield cursor
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            raise DriverError(f"{shown} broke off: {_said(error)}", fix="Try again.") from error
        except psycopg.DataError as error:
            fix = "Cast that column to text in the query (column::text), or leave such rows out."
            raise SourceError(f"a value in the query of {shown} cannot be read: {_said(error)}", fix=fix) from error
        except psycopg.Error as error:
            fix = "Correct the query: one SELECT (or WITH … SELECT, or VALUES) that only reads."
            raise SourceError(f"the query of {shown} cannot be run: {_said(error)}", fix=fix) from error


@contextmanager
def _connected(url: str, shown: str) -> Iterator[psycopg.Connection[Row]]:
    """A connection. What libpq says of a URL may quote a piece of it, so only what it says of the server is told."""
    psycopg = _imported()
    timeout: dict[str, Any] = {} if "connect_timeout" in url else {"connect_timeout": _CONNECT_S}
    try:
        connection = psycopg.connect(url, **timeout)
    except psycopg.OperationalError as error:
        said = _said(error)
        problem = f"{shown} cannot be reached: {said}"
    except psycopg.Error:
        problem = ""
    else:
        with connection:
            yield connection
        return
    if not problem:
        fix = "Write postgresql://USER:PASSWORD@HOST/DATABASE; a special character is written as %XX."
        raise SourceError(f"{shown} is not a URL of a PostgreSQL database", fix=fix)
    raise DriverError(_without_password(problem, url), fix="Check the address, the user and the server; try again.")


def _without_password(text: str, url: str) -> str:
    from urllib.parse import unquote

    password = url.partition("://")[2].rpartition("@")[0].partition(":")[2]
    for secret in {password, unquote(password)} - {""}:
        text = text.replace(secret, "…")
    return text


def _said(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]


def _imported() -> Any:
    try:
        import psycopg
        import psycopg.types.string
    except ImportError as error:
        raise SourceError(
            "reading from PostgreSQL needs psycopg, which is not installed", fix="pip install 'trimtab[postgres]'"
        ) from error
    return psycopg
