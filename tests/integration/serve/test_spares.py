"""A spare worker takes over in a moment, changes nothing else, and may be killed at any time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import msgspec

from tests.conftest import Eventually
from tests.integration.serve.conftest import Place
from tests.integration.serve.releases import Recipe, row
from tests.integration.serve.service import Load, Service, running
from tests.integration.serve.test_supervisor import alive
from trimtab.release.manifest import MANIFEST_FILE
from trimtab.release.verify import read_manifest
from trimtab.serve.programs import PROGRAM_WORDS, spare_command
from trimtab.serve.spare import Assignment, modules_for


def spare_of(service: Service, eventually: Eventually, *, other_than: int = 0) -> int:
    """The process of a spare; it may be importing still: then its assignment waits for it in the pipe."""
    spare = service.supervisor.pid
    eventually(lambda: spare("spare") not in (0, other_than), within=30, what="a spare is begun")
    return spare("spare")


def test_the_spare_becomes_the_new_releases_worker_and_another_is_begun(
    state: Path, place: Place, eventually: Eventually
) -> None:
    old, new = place(), place(Recipe(scale=2.0))
    service = Service(state, spare=True)
    service.route((old, 10_000))
    with running(service):
        spare = spare_of(service, eventually)
        version = service.route((new, 10_000)).version
        eventually(lambda: service.applied() == version, what="the new release answers")
        assert service.supervisor.pid(new) == spare
        assert service.client().predict(row()).body["release"] == new.removeprefix("sha256:")[:12]
        next_spare = spare_of(service, eventually, other_than=spare)
        eventually(lambda: service.supervisor.pid(old) == 0, what="the old worker is retired")
        service.route((old, 10_000))
        eventually(lambda: service.supervisor.pid(old) == next_spare, what="a retired release comes back warm")
        log = state / "logs" / f"worker-{new.removeprefix('sha256:')[:12]}.log"
        eventually(lambda: "print goes to the log" in log.read_text(), what="it writes where its worker would")


def test_no_spare_is_begun_before_the_first_worker_is_ready(state: Path, place: Place) -> None:
    service = Service(state, spare=True)
    service.route((place(), 10_000))
    service.supervisor.start()
    try:
        while not service.files.worker(place()).exists() or b"ready" not in service.files.worker(place()).read_bytes():
            assert service.supervisor.pid("spare") == 0
            service.supervisor.tick()
    finally:
        service.supervisor.stop()


def test_swaps_by_spares_under_load_lose_no_request(state: Path, place: Place, eventually: Eventually) -> None:
    old, new = place(), place(Recipe(scale=2.0))
    service = Service(state, spare=True)
    service.route((old, 10_000))
    taken = [0]
    with running(service):
        with Load(service, row(), connections=2) as load:
            for turn in range(3):
                spare = spare_of(service, eventually, other_than=taken[-1])
                release, before = (new, old) if turn % 2 == 0 else (old, new)
                version = service.route((release, 10_000)).version
                eventually(lambda version=version: service.applied() == version, within=30, what=f"{version} answers")
                assert service.supervisor.pid(release) == spare
                eventually(lambda before=before: service.supervisor.pid(before) == 0, what="the old one is retired")
                taken.append(spare)
        logged = service.predictions()

    assert load.failed == []
    assert load.broken == 0
    assert Counter(record.prediction_id for record in logged) == Counter(load.answered)
    assert {record.release for record in logged} == {old, new}


def test_a_killed_spare_is_replaced_and_nobody_notices(state: Path, place: Place, eventually: Eventually) -> None:
    service = Service(state, spare=True)
    service.route((place(), 10_000))
    with running(service):
        worker = service.supervisor.pid(place())
        spare = spare_of(service, eventually)
        os.kill(spare, signal.SIGKILL)
        assert service.client().predict(row()).status == 200
        assert spare_of(service, eventually, other_than=spare) != spare
        assert service.supervisor.pid(place()) == worker
        assert service.supervisor.troubles == {}


def test_a_crashed_worker_is_followed_by_the_spare(state: Path, place: Place, eventually: Eventually) -> None:
    release = place()
    service = Service(state, spare=True)
    service.route((release, 10_000))
    with running(service):
        spare = spare_of(service, eventually)
        service.kill(release)
        eventually(lambda: service.supervisor.pid(release) == spare, what="the spare is the worker")
        assert service.client().predict(row()).status == 200
        assert service.status()["workers"][0]["restarts"] == 1


def test_a_release_that_is_refused_is_refused_by_a_spare_too(state: Path, place: Place, eventually: Eventually) -> None:
    good, bad = place(), place(Recipe(golden_shift=0.1))
    service = Service(state, spare=True)
    service.route((good, 10_000))
    with running(service):
        spare_of(service, eventually)
        service.route((bad, 10_000))
        state_of_bad = service.files.worker(bad)
        eventually(lambda: state_of_bad.exists() and "golden" in state_of_bad.read_text(), what="it is refused")
        assert "refused" in state_of_bad.read_text()
        assert service.client().predict(row()).status == 200


def test_stopping_the_supervisor_ends_the_spare(state: Path, place: Place, eventually: Eventually) -> None:
    service = Service(state, spare=True)
    service.route((place(), 10_000))
    with running(service):
        spare = spare_of(service, eventually)
    assert not alive(spare)


def test_a_spare_without_a_supervisor_ends() -> None:
    spare = subprocess.run(spare_command(("json",)), input=b"", timeout=60)
    assert spare.returncode == 0


def test_a_spare_that_imported_what_the_release_has_no_use_for_starts_over(state: Path, place: Place) -> None:
    release = place()
    folder = state / "releases" / release.removeprefix("sha256:")
    modules = state / "modules.txt"
    assert become(folder, ("numpy", "polars"), state, modules) == 0
    assert "polars" not in modules.read_text().split()


def test_a_spare_from_before_a_package_was_installed_starts_over(state: Path, place: Place, tmp_path: Path) -> None:
    release = place()
    folder = state / "releases" / release.removeprefix("sha256:")
    packages = tmp_path / "site"
    packages.mkdir()
    (packages / "slow.py").write_text(
        f"import pathlib\npathlib.Path({str(packages)!r}, 'installed').mkdir()\n"  # while the spare imports
    )
    modules = state / "modules.txt"
    assert become(folder, ("numpy", "slow"), state, modules, PYTHONPATH=str(packages)) == 0
    assert "slow" not in modules.read_text().split()


def test_what_a_spare_imports_is_what_its_releases_need(state: Path, place: Place) -> None:
    for kind, named in (("numpy", {"numpy", "skops.io"}), ("polars", {"numpy", "polars", "skops.io"})):
        release = place(Recipe(rows_as=kind))
        manifest = (state / "releases" / release.removeprefix("sha256:") / MANIFEST_FILE).read_bytes()
        assert set(modules_for(read_manifest(manifest))) == named


def become(folder: Path, warm: tuple[str, ...], state: Path, modules: Path, **environment: str) -> int:
    """Give a spare its assignment and close its pipe, so that the worker ends; returns its exit code."""
    with tempfile.TemporaryDirectory(prefix="trimtab-") as sockets:
        argv = [sys.executable, "-P", "-m", "trimtab.serve", "worker", "--release", str(folder)]
        argv += ["--socket", f"{sockets}/s", "--report", str(state / "report.json"), "--list-modules", str(modules)]
        line = msgspec.json.encode(Assignment(argv=tuple(argv), program=PROGRAM_WORDS, release=str(folder))) + b"\n"
        done = subprocess.run(spare_command(warm), input=line, env={**os.environ, **environment}, timeout=60)
    assert b"ready" in (state / "report.json").read_bytes()
    return done.returncode
