"""The rows of a SQL query as a table: from SQLite by the standard library, from PostgreSQL by psycopg.

A query, not a table's name: what a model sees is mostly a join, and the database does it best. The connection only
reads. No password enters a name or an error: of a URL, people are shown the part behind the user and before the query.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from trimtab.data.scan import Scan
from trimtab.drivers.sources.problems import SourceError
from trimtab.spec.secret import has_reference, resolve

_POSTGRES: Final = ("postgresql", "postgres")
_DATABASES: Final = (".db", ".sqlite", ".sqlite3", ".db3")
_FORMS: Final = "Write sqlite:///PATH, the path of a .db or .sqlite file, or postgresql://USER@HOST/DATABASE."


def open_query(query: str, url: str, *, root: Path | None = None) -> Scan:
    """The rows that a query gives, in its order; read in batches, as often as needed.

    Args:
        query: one SELECT (or WITH … SELECT, or VALUES).
        url: ``sqlite:///PATH`` (three slashes; a fourth begins an absolute path), the path of a ``.db`` or ``.sqlite``
            file, or ``postgresql://…``. ``${env:NAME}`` and ``${file:PATH}`` in it are filled in.
        root: the folder that relative paths start from; the current one by default.

    Raises:
        SourceError: the query cannot be run, two of its columns have one name, a column's values have several types, or
            the URL is of no database that is known.
        ReferenceProblemError: a reference in the URL leads nowhere.
        DriverError: the database does not answer.
    """
    folder = root or Path()
    place = resolve(
        url, env=os.environ, files=lambda name: (folder / Path(name).expanduser()).read_text(encoding="utf-8")
    )
    if not query.strip().rstrip(";").strip():
        raise SourceError("the query is empty", fix="Write a SELECT.")
    found = place.reveal()
    scheme, separator, rest = found.partition("://")
    shown = _shown(url) if not has_reference(url) or "://" in url.partition("${")[0] else url
    if separator and scheme.lower() in _POSTGRES:
        from trimtab.drivers.sources.postgres_query import open_postgres

        return open_postgres(query, found, shown)
    if separator and scheme.lower() == "sqlite":
        if not rest.startswith("/") or rest == "/":
            raise SourceError(f"{shown} names no file", fix="A path follows three slashes: sqlite:///rows.db.")
        path, name = rest.removeprefix("/"), shown.partition("://")[2].removeprefix("/") or shown
    elif separator:
        raise SourceError(f"{_scheme(scheme, url)} is not a database that this Trimtab reads", fix=_FORMS)
    elif Path(found).suffix.lower() in _DATABASES:
        path, name = found, shown
    else:
        raise SourceError(f"{shown} does not say which database it is", fix=_FORMS)
    from trimtab.drivers.sources.sqlite_query import open_sqlite

    return open_sqlite(query, folder / Path(path).expanduser(), name)


def _scheme(scheme: str, url: str) -> str:
    return f"{scheme}://" if url.startswith(f"{scheme}://") else url


def _shown(url: str) -> str:
    """The URL without what may be secret: user, password and query. What is not told apart from these is left out."""
    scheme, separator, rest = url.partition("://")
    if not separator:
        return url
    place = rest.rpartition("@")[2].partition("?")[0]
    return f"{scheme}://…" if "=" in place or "&" in place else f"{scheme}://{place}"
