"""A tree of names: each thing has its branches once, no circle is walked, and what is left out is counted."""

from __future__ import annotations

from trimtab.records.lineage import MOST, Branch, Node, NodeKind, grow, walk


def run(name: str) -> Node:
    return Node(kind=NodeKind.RUN, id=name)


def tree(edges: dict[str, list[str]], root: str) -> Branch:
    return grow(run(root), lambda node: [run(name) for name in edges.get(node.id, [])])


def test_a_thing_that_is_reached_twice_has_its_branches_once() -> None:
    found = tree({"a": ["b", "c"], "b": ["d"], "c": ["d"], "d": ["e"]}, "a")
    first, second = (branch.branches[0] for branch in found.branches)
    assert [first.again, second.again] == [False, True]
    assert [node.id for node in walk(found)] == ["a", "b", "d", "e", "c", "d"]


def test_the_branches_of_a_thing_stand_where_it_is_read_first() -> None:
    found = tree({"a": ["b", "c"], "b": ["c"], "c": ["d"]}, "a")
    assert [branch.again for branch in found.branches] == [False, True]
    assert found.branches[0].branches[0].branches[0].node.id == "d"
    assert found.branches[1].branches == ()


def test_a_circle_ends() -> None:
    found = tree({"a": ["b"], "b": ["a", "b"]}, "a")
    assert [node.id for node in walk(found)] == ["a", "b", "a"]
    assert found.branches[0].branches[0].again


def test_what_is_too_much_is_counted() -> None:
    found = tree({"a": [str(number) for number in range(MOST + 7)]}, "a")
    assert len(found.branches) == MOST
    assert found.more == 7


def test_a_long_line_is_cut_and_does_not_overflow() -> None:
    assert len(list(walk(tree({str(number): [str(number + 1)] for number in range(5_000)}, "0")))) < 50


def test_one_path_with_two_contents_is_two_things() -> None:
    one, other = (Node(kind=NodeKind.FILE, id="a.csv", content=content) for content in ("x", "y"))
    assert one.key != other.key
