"""What a project registers: its own types by its own code, held to writing the same bytes for the same value."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.integration.docs.pages import blocks
from trimtab.base.errors import InputError
from trimtab.drivers.step_values import StepValues, UnkeepableValueError, UnstableSerialiserError


class Graph:
    """A type that nobody else knows."""

    def __init__(self, edges: list[tuple[int, int]]) -> None:
        self.edges = edges


class Graphs:
    """A serialiser of graphs as two files, one of them in a folder."""

    name = "graph"
    type: type | Callable[[Any], bool] = Graph

    def save(self, value: Any, folder: Path) -> None:
        (folder / "parts").mkdir()
        (folder / "parts" / "edges.json").write_text(json.dumps(value.edges))
        (folder / "about.txt").write_text(f"{len(value.edges)} edges")

    def load(self, folder: Path) -> Any:
        edges = json.loads((folder / "parts" / "edges.json").read_text())
        (folder / "parts" / "edges.json").write_text("spoiled")
        return Graph([tuple(edge) for edge in edges])


class Unstable(Graphs):
    """One that writes how often it has written."""

    count = 0

    def save(self, value: Any, folder: Path) -> None:
        super().save(value, folder)
        self.count += 1
        (folder / "when.txt").write_text(str(self.count))


class Silent(Graphs):
    def save(self, value: Any, folder: Path) -> None:
        pass


class Failing(Graphs):
    def save(self, value: Any, folder: Path) -> None:
        raise FileNotFoundError("the project's own mistake")


class Linking(Graphs):
    def save(self, value: Any, folder: Path) -> None:
        (folder / "link").symlink_to("/etc/hostname")


class ByPredicate(Graphs):
    name = "by predicate"
    type = staticmethod(lambda value: hasattr(value, "edges"))


GRAPH = Graph([(1, 2), (2, 3)])


def test_a_value_of_a_registered_type_is_opened_anywhere_within_a_value(tmp_path: Path) -> None:
    values = StepValues(tmp_path, [Graphs()])
    kept = values.keep({"graphs": [GRAPH, Graph([])]}, step="build")
    for _ in range(2):  # the first load spoiled its own copy
        opened = values.open(kept)
        assert [graph.edges for graph in opened["graphs"]] == [GRAPH.edges, []]
    assert values.intact(kept)
    assert list(tmp_path.rglob("*.partial")) == []


def test_large_files_of_a_serialiser_are_copied_too(tmp_path: Path) -> None:
    values = StepValues(tmp_path, [Graphs()])
    large = Graph([(place, place) for place in range(500_000)])
    kept = values.keep(large, step="build")
    assert values.open(kept).edges == large.edges
    assert values.open(kept).edges == large.edges


def test_the_digest_is_of_what_it_wrote(tmp_path: Path) -> None:
    values = StepValues(tmp_path, [Graphs()])
    same, other = Graph([(1, 2), (2, 3)]), Graph([(1, 2), (2, 4)])
    assert values.keep(GRAPH, step="a").digest == values.keep(same, step="b").digest
    assert values.keep(GRAPH, step="a").digest != values.keep(other, step="a").digest


def test_a_predicate_says_which_values_are_meant(tmp_path: Path) -> None:
    values = StepValues(tmp_path, [ByPredicate()])
    assert values.open(values.keep(GRAPH, step="build")).edges == GRAPH.edges


def test_the_first_serialiser_that_takes_a_value_has_it(tmp_path: Path) -> None:
    values = StepValues(tmp_path, [ByPredicate(), Graphs()])
    kept = values.keep(GRAPH, step="build")
    assert StepValues(tmp_path, [ByPredicate()]).open(kept).edges == GRAPH.edges


def test_one_that_writes_the_same_value_in_two_ways_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnstableSerialiserError, match=r"the serialiser graph wrote a Graph .* in two ways: when\.txt"):
        StepValues(tmp_path, [Unstable()]).keep(GRAPH, step="build")


def test_it_is_tried_once_and_not_for_every_value(tmp_path: Path) -> None:
    class Counting(Graphs):
        def save(self, value: Any, folder: Path) -> None:
            calls.append(value)
            super().save(value, folder)

    calls: list[Any] = []
    values = StepValues(tmp_path, [Counting()])
    for edges in ([(1, 2)], [(2, 3)], [(3, 4)]):
        values.keep(Graph(edges), step="build")
    assert len(calls) == 4


def test_one_that_writes_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnkeepableValueError, match="of which the serialiser graph wrote nothing"):
        StepValues(tmp_path, [Silent()]).keep(GRAPH, step="build")


def test_one_that_writes_a_link_is_refused(tmp_path: Path) -> None:
    from trimtab.base.errors import IntegrityError

    with pytest.raises(IntegrityError, match="link is a link"):
        StepValues(tmp_path, [Linking()]).keep(GRAPH, step="build")


def test_what_its_code_raises_is_the_projects_own_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="the project's own mistake"):
        StepValues(tmp_path, [Failing()]).keep(GRAPH, step="build")
    assert list(tmp_path.rglob("*.partial")) == []


def test_a_value_whose_serialiser_is_gone_says_so(tmp_path: Path) -> None:
    kept = StepValues(tmp_path, [Graphs()]).keep(GRAPH, step="build")
    with pytest.raises(InputError, match="kept by the serialiser graph, which is not registered"):
        StepValues(tmp_path).open(kept)


def test_two_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="two serialisers have the same name"):
        StepValues(tmp_path, [Graphs(), Graphs()])


def test_the_page_on_values_shows_one_that_works(tmp_path: Path) -> None:
    (example,) = blocks(Path("docs/values.md"), "python")
    names: dict[str, Any] = {}
    exec(example, names)
    values = StepValues(tmp_path, [names["GRAPHS"]])
    kept = values.keep({"graph": names["Graph"]([(1, 2)])}, step="build")
    assert values.open(kept)["graph"].edges == [[1, 2]]


def test_the_refusal_on_the_page_on_values_is_the_real_one(tmp_path: Path) -> None:
    shown = next(block for block in blocks(Path("docs/values.md")) if "TT1353" in block)
    with pytest.raises(UnkeepableValueError, match="is a generator") as refused:
        StepValues(tmp_path).keep({"folds": [1, (place for place in [1])]}, step="train")
    assert f"{refused.value}\n" == shown


def test_plain_values_are_never_asked_of_a_serialiser(tmp_path: Path) -> None:
    class Greedy(Graphs):
        name = "greedy"
        type = staticmethod(lambda value: True)

    values = StepValues(tmp_path, [Greedy()])
    assert values.open(values.keep([1, "x", {"a": 2.5}], step="s")) == [1, "x", {"a": 2.5}]
