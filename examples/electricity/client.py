"""Send a table's rows to an endpoint as live requests, and tell it the truth about them later.

It talks HTTP and knows a time column, a label column and a key; it knows nothing of the server's insides. The table's
own times are the clock: before each step of event time it moves the endpoint's clock, delivers the labels that have
become known, and sends the rows of the step over several connections.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import local
from typing import Any
from urllib.parse import urlsplit

import polars as pl

RETRIES = 40  # at 0.25 s: a server that is restarted in between is waited for, and the same key gets the same answer


class Endpoint:
    """A keep-alive connection per thread; a broken one is opened again and the request sent again."""

    def __init__(self, url: str, token: str) -> None:
        self.host = urlsplit(url).netloc
        self.token = token
        self.retries = 0
        self._threads = local()

    def post(self, path: str, body: object, *, key: str = "") -> tuple[int, Any]:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"}
        if key:
            headers["Idempotency-Key"] = key
        for attempt in range(RETRIES):
            try:
                connection = self._connection()
                connection.request("POST", path, json.dumps(body).encode(), headers)
                answer = connection.getresponse()
                content = answer.read()
                if answer.status != 503 or attempt == RETRIES - 1:
                    return answer.status, json.loads(content)
            except (OSError, http.client.HTTPException):
                self._threads.connection = None
            self.retries += 1
            time.sleep(0.25)
        return 0, {"problem": f"no answer after {RETRIES} tries"}

    def _connection(self) -> http.client.HTTPConnection:
        if getattr(self._threads, "connection", None) is None:
            self._threads.connection = http.client.HTTPConnection(self.host, timeout=600)
        connection: http.client.HTTPConnection = self._threads.connection
        return connection


def rows_of(path: Path, time_column: str) -> list[dict[str, Any]]:
    """The table's rows in the order of their time, each time as ISO 8601 text in UTC."""
    table = pl.read_parquet(path).sort(time_column, maintain_order=True)
    rows = table.to_dicts()
    for row in rows:
        row["_at"] = row[time_column].replace(tzinfo=UTC) if row[time_column].tzinfo is None else row[time_column]
        for name, value in row.items():
            if isinstance(value, datetime) and name != "_at":
                row[name] = (value.replace(tzinfo=UTC) if value.tzinfo is None else value).isoformat()
    return rows


def replay(endpoint: Endpoint, rows: list[dict[str, Any]], options: argparse.Namespace) -> dict[str, Any]:
    """Send every row once and its label when it is due; returns the counts of what was sent and what failed."""
    step, delay = timedelta(hours=options.step_hours), timedelta(hours=options.label_delay_hours)
    predict = f"/v1/endpoints/{options.endpoint}/predict"
    sent, failures, due, began = 0, [], 0, time.monotonic()
    now = rows[0]["_at"].replace(minute=0, second=0, microsecond=0)

    def ask(row: dict[str, Any]) -> tuple[int, Any]:
        body = {name: value for name, value in row.items() if name not in ("_at", options.label)}
        return endpoint.post(predict, body, key=str(row[options.key]))

    with ThreadPoolExecutor(options.connections) as pool:
        while due < len(rows):
            must(endpoint.post("/v1/clock", {"now": now.isoformat()}), "the clock was not moved")
            known = due
            while known < sent and rows[known]["_at"] + delay <= now:
                known += 1
            if known > due:
                labels = [{"key": str(row[options.key]), "value": row[options.label]} for row in rows[due:known]]
                must(endpoint.post("/v1/labels", {"labels": labels}), "the labels were not taken")
                due = known
            until = sent
            while until < len(rows) and rows[until]["_at"] < now + step:
                until += 1
            for row, (status, answer) in zip(rows[sent:until], pool.map(ask, rows[sent:until]), strict=True):
                if status != 200:
                    failures.append({"key": row[options.key], "status": status, "answer": answer})
            if until // 48 > sent // 48:
                text = f"{now:%Y-%m-%d}  {until:,} of {len(rows):,} requests sent, {len(failures)} failed"
                tell(text, milestone=until // 4800 > sent // 4800)
            sent, now = until, now + step
    must(endpoint.post("/v1/clock", {"now": now.isoformat()}), "the clock was not moved")
    return {
        "requests": sent, "failed": len(failures), "labels": due, "resent": endpoint.retries,
        "seconds": round(time.monotonic() - began, 1), "first_failures": failures[:5],
    }  # fmt: skip


def tell(text: str, *, milestone: bool) -> None:
    """Show progress: in place on a terminal, else a line now and then."""
    if sys.stderr.isatty():
        print(f"\r\033[K  {text}", end="", file=sys.stderr, flush=True)
    elif milestone:
        print(f"  {text}", file=sys.stderr, flush=True)


def must(reply: tuple[int, Any], otherwise: str) -> None:
    """Stop with a sentence unless the reply is 200."""
    status, answer = reply
    if status != 200:
        sys.exit(f"{otherwise}: {status} {answer}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("table", type=Path, help="a Parquet file with the rows and their labels")
    parser.add_argument("--url", default="http://127.0.0.1:8420")
    parser.add_argument("--endpoint", default="main")
    parser.add_argument("--time", required=True, help="the column with the row's time (UTC)")
    parser.add_argument("--label", required=True, help="the column with the truth; it is not sent with the row")
    parser.add_argument("--key", required=True, help="the column by which a label finds its row")
    parser.add_argument("--label-delay-hours", type=float, default=24)
    parser.add_argument("--step-hours", type=float, default=3, help="how far the clock is moved at once")
    parser.add_argument("--connections", type=int, default=6)
    options = parser.parse_args()
    endpoint = Endpoint(options.url, os.environ.get("TRIMTAB_TOKEN", ""))
    result = replay(endpoint, rows_of(options.table, options.time), options)
    print(json.dumps(result))
    sys.exit(1 if result["failed"] else 0)


if __name__ == "__main__":
    main()
