"""What must not be served is not: the difference is shown, and what was in service goes on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Eventually
from tests.integration.serve.conftest import Place
from tests.integration.serve.releases import SOURCE, Recipe, make_release, row
from tests.integration.serve.service import Service, running
from trimtab.base.digest import short
from trimtab.base.errors import DriverError
from trimtab.disk.atomic import write_bytes
from trimtab.records.route import RouteTable

STRANGER = bytes(range(1, 33))


def problem(service: Service) -> str:
    found: str = service.status()["problem"]
    return found


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    workshop = tmp_path_factory.mktemp("shared")
    service = Service(workshop / ".trimtab")
    service.route((make_release(service.serving.state, workshop), 10_000))
    with running(service):
        yield service


@pytest.fixture
def service(shared: Service, eventually: Eventually) -> Iterator[Service]:
    """A service that answers; put right again after the test."""
    (good,) = (variant.release for variant in applied(shared).variants)
    yield shared
    version = shared.route((good, 10_000)).version
    eventually(lambda: shared.applied() == version and not problem(shared), within=30, what="it is put right")


def applied(service: Service) -> RouteTable:
    table = service.observed().applied
    assert table is not None
    return table


@pytest.mark.parametrize(
    ("recipe", "said"),
    [
        (Recipe(packages=(("numpy", "1.0.0"),)), "1.0.0 in the release"),
        (Recipe(packages=(("not-installed", "1.0"),)), "not-installed is not installed here"),
        (Recipe(python="3.5"), "3.5 in the release"),
        (Recipe(key=STRANGER, scale=3.0), "is not trusted here"),
        (Recipe(golden_shift=0.01), "golden row"),
        (Recipe(source="import nowhere_to_be_found"), "pipeline.py:1, in <module>"),
        (Recipe(source="answer = 42"), "has no function 'features'"),
    ],
)
def test_a_release_that_differs_is_refused_with_the_difference_shown(
    service: Service, tmp_path: Path, eventually: Eventually, recipe: Recipe, said: str
) -> None:
    before = service.applied()
    bad = make_release(service.serving.state, tmp_path, recipe)
    service.route((bad, 10_000))
    eventually(lambda: problem(service), within=30, what="the refusal is reported")

    assert said in problem(service)
    assert short(bad) in problem(service)
    assert service.client().predict(row()).status == 200
    assert service.applied() == before


def test_a_release_changed_by_one_byte_is_not_started(state: Path, place: Place) -> None:
    release = place()
    service = Service(state)
    source = service.files.bundle(release) / "source" / "pipeline.py"
    source.write_text(SOURCE + "\n")
    service.route((release, 10_000))

    with pytest.raises(DriverError, match=r"source/pipeline\.py has the digest"), running(service):
        pytest.fail("a changed release was started")


def test_a_refused_release_can_be_put_right_by_a_new_table(state: Path, place: Place, eventually: Eventually) -> None:
    good, bad = place(), place(Recipe(packages=(("numpy", "1.0.0"),)))
    service = Service(state)
    service.route((good, 10_000))
    with running(service):
        service.route((bad, 10_000))
        eventually(lambda: problem(service), within=30, what="the refusal is reported")
        service.route((good, 10_000))
        eventually(lambda: service.applied() == 3, what="the newer table is applied")
        assert problem(service) == ""


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{", "is not a trimtab.route/1 record"),
        (b'{"schema": "trimtab.route/9"}', "this Trimtab reads 'trimtab.route/1'"),
        (b'{"schema":"trimtab.route/1","endpoint":"main","version":9,"effective_at":0,"variants":[],"salt":"","cause":""}',
         "does not share out exactly 100 %"),
    ],
)  # fmt: skip
def test_a_damaged_route_table_changes_nothing(
    service: Service, eventually: Eventually, content: bytes, said: str
) -> None:
    write_bytes(service.files.route, content, sync=False)
    eventually(lambda: problem(service), what="the damage is reported")

    assert said in problem(service)
    assert service.client().predict(row()).status == 200
    service.kill("router")
    assert service.client().predict(row()).status == 200, "the last known good state outlives the router"


def test_an_older_table_or_a_strangers_is_not_applied(state: Path, place: Place, eventually: Eventually) -> None:
    service = Service(state)
    first, second = place(), place(Recipe(scale=2.0))
    service.route((first, 10_000))
    old = service.files.route.read_bytes()
    with running(service):
        service.route((second, 10_000))
        eventually(lambda: service.applied() == 2, within=30, what="the second table is applied")
        service.files.route.write_bytes(old)
        eventually(lambda: "is lower than 2" in problem(service), what="the old version is reported")
        service.files.route.write_bytes(old.replace(b'"main"', b'"other"').replace(b'"version":1', b'"version":7'))
        eventually(lambda: "endpoint 'other'" in problem(service), what="the stranger is reported")
        assert service.client().predict(row()).body["release"] == short(second)
