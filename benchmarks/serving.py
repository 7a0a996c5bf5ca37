"""Requests a second and latency of an endpoint: ``python benchmarks/serving.py``.

Single-row JSON, 30 features, one worker, client and server on the same machine: LightGBM (100 trees) and scikit-learn's
HistGradientBoosting (100 iterations), behind Trimtab and behind what a good engineer writes by hand in an afternoon
(FastAPI and NumPy on uvicorn: no contract, no log, no swap). The load is wrk's if it is installed, else our own.

``--peer PYTHON`` names an interpreter that has fastapi, uvicorn, lightgbm and scikit-learn; without it, or where
something is missing, the table says that the peer is absent. Figures on a shared machine are noisy: compare ratios.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from trimtab.base.digest import Digest, digest_bytes
from trimtab.base.instants import Instant
from trimtab.data.contract import format_contract
from trimtab.data.infer import infer
from trimtab.data.table import to_columns
from trimtab.disk.atomic import write_bytes
from trimtab.drivers.bundles import Bundles
from trimtab.drivers.environment import Libraries
from trimtab.drivers.model_files import save_model
from trimtab.records.prediction import Role
from trimtab.records.route import WHOLE, RouteTable, Variant
from trimtab.records.versioned import encode
from trimtab.release.golden import Golden, golden_rows, pick_golden
from trimtab.release.manifest import CONTRACT_FILE, GOLDEN_FILE, ROWS, SOURCE_FOLDER, Manifest, ServingStep
from trimtab.release.rows import take_columns
from trimtab.release.scoring import answers, raw_scores
from trimtab.release.signature import key_id, public_key_of
from trimtab.serve.supervisor import Serving, Supervisor
from trimtab.spec.project import Task

PRIVATE = bytes(range(32))
NAMES = tuple(f"f{place}" for place in range(30))
CONNECTIONS = (1, 16, 64)
SOURCE = f"""
import numpy as np

NAMES = {NAMES!r}


def features(rows):
    return np.column_stack([rows[name] for name in NAMES])
"""
PEER = """
import os, sys
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = "1"
import numpy as np
from fastapi import FastAPI, Request

kind, names = sys.argv[1], sys.argv[2].split(",")
chance = np.random.default_rng(0)
X = chance.normal(size=(20_000, 30))
y = X[:, :5].sum(axis=1) + chance.normal(size=20_000) > 0
if kind == "lightgbm":
    import lightgbm
    booster = lightgbm.LGBMClassifier(n_estimators=100, n_jobs=1, verbose=-1).fit(X, y).booster_
    score = lambda rows: float(booster.predict(rows, num_threads=1)[0])
else:
    from sklearn.ensemble import HistGradientBoostingClassifier
    model = HistGradientBoostingClassifier(max_iter=100).fit(X, y)
    score = lambda rows: float(model.predict_proba(rows)[0, 1])
app = FastAPI()

@app.post("/predict")
async def predict(request: Request):
    row = await request.json()
    return {"score": score(np.array([[row[name] for name in names]], dtype=np.float64))}

import uvicorn
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[3]), log_level="error")
"""


@dataclass(frozen=True)
class Figures:
    """What one load gave."""

    per_second: float
    p50_ms: float
    p99_ms: float


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=int, default=5, help="of each load")
    parser.add_argument("--peer", help="a Python that has fastapi, uvicorn, lightgbm and scikit-learn")
    parser.add_argument("--fsync", action="store_true", help="answers survive a power cut")
    options = parser.parse_args()
    tool = "wrk" if shutil.which("wrk") else "our own load generator, which is the slower side"
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors"
    print(f"{machine}, Python {platform.python_version()}, {tool}")
    print(f"{'':28}" + "".join(f"{f'{count} connections':>26}" for count in CONNECTIONS))
    print(f"{'':28}" + f"{'1/s':>10}{'p50 ms':>8}{'p99 ms':>8}" * len(CONNECTIONS))
    for kind in ("lightgbm", "hgb"):
        with tempfile.TemporaryDirectory() as folder, served(Path(folder), kind, sync=options.fsync) as address:
            report(f"trimtab, {kind}", address, "/v1/endpoints/main/predict", options.seconds)
        if missing := lacks(options.peer):
            print(f"{f'fastapi + numpy, {kind}':28}absent: {missing}")
            continue
        with peer(options.peer, kind) as address:
            report(f"fastapi + numpy, {kind}", address, "/predict", options.seconds)


def report(name: str, address: tuple[str, int], path: str, seconds: int) -> None:
    """One line of the table."""
    found = [load(address, path, connections, seconds) for connections in CONNECTIONS]
    cells = "".join(f"{one.per_second:>10,.0f}{one.p50_ms:>8.2f}{one.p99_ms:>8.2f}" for one in found)
    print(f"{name:28}{cells}", flush=True)


def row() -> bytes:
    """A request's body."""
    chance = np.random.default_rng(1)
    values = {name: round(float(value), 6) for name, value in zip(NAMES, chance.normal(size=30), strict=True)}
    return json.dumps({"ts": "2026-02-01T00:00:00Z", **values}).encode()


@contextmanager
def served(folder: Path, kind: str, *, sync: bool) -> Iterator[tuple[str, int]]:
    """A release of that kind behind a running endpoint."""
    state = folder / ".trimtab"
    release = make_release(state, folder / "contents", kind)
    table = RouteTable(
        endpoint="main", version=1, effective_at=Instant(0), salt="", cause="benchmark",
        variants=(Variant(name="champion", release=release, role=Role.CHAMPION, weight=WHOLE),),
    )  # fmt: skip
    (state / "endpoints" / "main").mkdir(parents=True)
    write_bytes(state / "endpoints" / "main" / "route.json", encode(table))
    public = public_key_of(PRIVATE)
    supervisor = Supervisor(
        Serving(state=state, endpoint="main", trusted={key_id(public): public}, sync=sync, logs=folder / "logs")
    )
    supervisor.start()
    supervisor.ready()
    running = threading.Thread(target=supervisor.run)
    running.start()
    try:
        yield supervisor.address
    finally:
        supervisor.ask_to_stop()
        running.join()


def make_release(state: Path, contents: Path, kind: str, data: str = "benchmark") -> Digest:
    """A signed release of a model with 30 features; another name of its data makes another release."""
    chance = np.random.default_rng(0)
    features = chance.normal(size=(20_000, 30))
    label = features[:, :5].sum(axis=1) + chance.normal(size=20_000) > 0
    moments = pl.Series(np.arange(20_000) * 1_000_000 + 1_767_225_600_000_000).cast(pl.Datetime("us", "UTC"))
    rows = pl.DataFrame({"ts": moments, **dict(zip(NAMES, features.T, strict=True)), "y": label})
    contract = infer(rows, time="ts", label="y")
    (contents / SOURCE_FOLDER).mkdir(parents=True)
    (contents / SOURCE_FOLDER / "pipeline.py").write_text(SOURCE)
    estimator = fitted(kind, features, label)
    model = save_model(estimator, contents, task=Task.BINARY, features=NAMES)
    columns = to_columns(rows, contract)
    places = pick_golden(columns)
    scorer = estimator.booster_ if kind == "lightgbm" else estimator
    golden = Golden(
        rows=golden_rows(take_columns(columns, places), contract.features),
        outputs=tuple(answers(model, raw_scores(model, scorer, features[places]))),
    )
    (contents / CONTRACT_FILE).write_text(format_contract(contract))
    (contents / GOLDEN_FILE).write_bytes(encode(golden))
    draft = Manifest(
        project="benchmark", source=digest_bytes(SOURCE.encode()), data=digest_bytes(data.encode()), module="pipeline",
        rows_as="numpy", steps=(ServingStep(function="features", inputs=(ROWS,)),), model=model, files={}, expected={},
        python=".".join(platform.python_version_tuple()[:2]), trained_rows=20_000,
        packages={name: each.version for name, each in Libraries(None).behind(["numpy"]).items()},
    )  # fmt: skip
    return Bundles(state / "releases").pack(draft, contents, PRIVATE)


def fitted(kind: str, features: Any, label: Any) -> Any:
    """The model of that kind."""
    if kind == "lightgbm":
        import lightgbm

        return lightgbm.LGBMClassifier(n_estimators=100, n_jobs=1, verbose=-1).fit(features, label)
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(max_iter=100).fit(features, label)


def lacks(python: str | None) -> str:
    """Why the peer cannot be measured; empty if it can."""
    if python is None:
        return "no --peer was named"
    found = subprocess.run(
        [python, "-c", "import fastapi, uvicorn, lightgbm, sklearn"], capture_output=True, text=True, check=False
    )
    return found.stderr.strip().splitlines()[-1] if found.returncode else ""


@contextmanager
def peer(python: str, kind: str) -> Iterator[tuple[str, int]]:
    """FastAPI with the same model, on a port of its own."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen([python, "-c", PEER, kind, ",".join(NAMES), str(port)])
    try:
        for _ in range(600):
            with socket.socket() as trial:
                if trial.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield "127.0.0.1", port
    finally:
        process.terminate()
        process.wait()


def load(address: tuple[str, int], path: str, connections: int, seconds: int) -> Figures:
    """Ask without a pause over some connections."""
    if shutil.which("wrk"):
        return with_wrk(address, path, connections, seconds)
    return asyncio.run(with_our_own(address, path, connections, seconds))


def with_wrk(address: tuple[str, int], path: str, connections: int, seconds: int) -> Figures:
    """The load by wrk; a request that is not answered with 200 ends the benchmark."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        body = row().decode().replace("'", "\\'")
        script.write(f"wrk.method = 'POST'\nwrk.headers['Content-Type'] = 'application/json'\nwrk.body = '{body}'\n")
        script.flush()
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}", "--latency", "-s", script.name]
        told = subprocess.run(
            [*command, f"http://{address[0]}:{address[1]}{path}"], capture_output=True, text=True, check=True
        ).stdout
    if "Non-2xx" in told:
        sys.exit(f"some requests failed:\n{told}")
    rate = re.search(r"Requests/sec:\s+([\d.]+)", told)
    assert rate is not None, told
    return Figures(float(rate[1]), _wrk_ms(told, "50%"), _wrk_ms(told, "99%"))


def _wrk_ms(told: str, share: str) -> float:
    found = re.search(rf"{share}\s+([\d.]+)(us|ms|s)", told)
    assert found is not None, told
    return float(found[1]) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[found[2]]


async def with_our_own(address: tuple[str, int], path: str, connections: int, seconds: int) -> Figures:
    """The load without any tool: one coroutine for each connection."""
    body = row()
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    request, taken, end = head.encode() + body, [], time.perf_counter() + seconds

    async def ask() -> None:
        reader, writer = await asyncio.open_connection(*address)
        while (began := time.perf_counter()) < end:
            writer.write(request)
            answer = await reader.readuntil(b"\r\n\r\n")
            if not answer.startswith(b"HTTP/1.1 200"):
                sys.exit(f"a request failed: {answer!r}")
            length = re.search(rb"(?i)content-length: (\d+)", answer)
            assert length is not None, answer
            await reader.readexactly(int(length[1]))
            taken.append(time.perf_counter() - began)
        writer.close()

    await asyncio.gather(*(ask() for _ in range(connections)))
    p50, p99 = np.quantile(taken, [0.5, 0.99]) * 1000
    return Figures(len(taken) / seconds, float(p50), float(p99))


if __name__ == "__main__":
    main()
