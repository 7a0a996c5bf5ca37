"""A scaffolded project with runs that were recorded without being run: each differs from the others in known ways."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import msgspec

from trimtab.app.doors import open_home
from trimtab.app.home import Home
from trimtab.app.new import create_project
from trimtab.base.digest import Digest, digest_bytes
from trimtab.base.instants import HOUR, Instant, parse_instant
from trimtab.base.verdict import Evidence, Verdict
from trimtab.records.environment import Environment
from trimtab.records.journal import Actor
from trimtab.records.run import Code, Data, FileRead, Place, Run, RunState, StepRun, StepState
from trimtab.records.series import Series, pack_series
from trimtab.records.source import SourceFile, SourceTree
from trimtab.records.versioned import encode

FIRST = parse_instant("2026-03-01T12:00:00Z")
CODE = """\
def features(payments):
    return payments


def train(features, label, *, depth: int = 6):
    return depth
"""
ENVIRONMENT = Environment(
    python="3.11.7", implementation="CPython", platform="Linux 6.1.0", libc="glibc 2.36", machine="x86_64",
    processor="Xeon", threads=8, packages={"numpy": "2.1.0", "polars": "1.30.0"},
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """The project and its runs by number: run 1 is the oldest."""

    home: Home

    @property
    def folder(self) -> Path:
        return self.home.root

    def put(self, number: int, **changed: object) -> Run:
        """Record run ``number``; all else is as in every other run."""
        started = Instant(FIRST + number * HOUR)
        own = f"{number}".encode()
        plain = Run(
            run_id=f"run-2026030{number}-aa{number:02}",
            project="card-fraud",
            kind="run",
            state=RunState.FINISHED,
            actor=Actor(kind="person", name="ada", authenticated="operating system user"),
            started_at=started,
            as_of=started,
            place=Place(host="tower", user="ada", folder="/home/ada/card-fraud", command=("trimtab", "run")),
            code=Code(source=self.source(CODE), commit=f"{number}" * 40, branch="main"),
            environment=ENVIRONMENT,
            data=Data(
                table=digest_bytes(b"table"), rows=5_174, judged_rows=1_035, origin={"source": 5_174}, left_out=0,
                first_event=FIRST, last_event=FIRST,
            ),
            files={"data/payments.parquet": FileRead(content=digest_bytes(b"file"), size=1_200_000, kept=True)},
            parameters={"depth": 6},
            steps=(
                StepRun(
                    step="train", state=StepState.RAN, because="it never ran", key=digest_bytes(b"k" + own),
                    output=digest_bytes(b"o"), seconds=1.5,
                ),
            ),
            metrics={"auc": 0.8 + number / 100},
            verdict=Verdict.PASS,
            evidence=(Evidence(check="quality", verdict=Verdict.PASS, reason="auc is at least 0.8"),),
            outputs={"release": digest_bytes(b"r" + own), "train": digest_bytes(b"o")},
            finished_at=Instant(started + 2_000_000),
            seconds=2.0,
            peak_bytes=240_000_000,
        )  # fmt: skip
        run = msgspec.structs.replace(plain, **changed)
        self.home.records.put_run(run)
        return run

    def source(self, code: str, **more: str) -> Digest:
        """The digest of a kept source tree of ``pipeline.py`` and other files."""
        files = {"pipeline.py": code, **{f"{name}.py": text for name, text in more.items()}}
        put = self.home.blobs.put
        return put(encode(SourceTree(files={name: SourceFile(content=put(t.encode())) for name, t in files.items()})))

    def curves(self, **ends: float) -> Digest:
        """The digest of kept series of 1,000 values that fall from 1 to an end."""
        named = {}
        for name, end in ends.items():
            named[name] = Series()
            for step in range(1_000):
                named[name].add(end + (1 - end) * math.exp(-step / 100), step, Instant(FIRST + step))
        return self.home.blobs.put(pack_series(named))


def recorded(folder: Path) -> Recorded:
    """A new project without a run."""
    return Recorded(home=open_home(create_project("card-fraud", folder)))
