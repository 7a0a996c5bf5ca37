"""What something came from and what came of it, as a tree of named things."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from typing import Final

import msgspec

MOST: Final = 20
"""Branches that one thing has in a tree; the rest is counted."""

DEEPEST: Final = 12
LOOKED_AT: Final = 1_000
"""Runs that are looked at behind one thing; where there are as many, there may be more."""


class NodeKind(StrEnum):
    """What can be asked about, from the data to its use."""

    FILE = "file"
    TABLE = "table"
    SOURCE = "source"
    RUN = "run"
    OUTPUT = "output"
    RELEASE = "release"
    DECISION = "decision"
    ENDPOINT = "endpoint"
    PREDICTIONS = "predictions"
    PREDICTION = "prediction"
    LABEL = "label"


class Node(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A thing: its kind, its id (a digest, a run's id, a journal's sequence, a path), and one line about it.

    ``content`` is a file's digest; empty for the file of that path whatever is in it.
    """

    kind: NodeKind
    id: str
    words: str = ""
    content: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        return self.kind.value, self.id, self.content


class Branch(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A thing with what lies behind it.

    ``again`` says that it is in the tree above, with its branches; ``more`` counts branches that are left out.
    """

    node: Node
    branches: tuple[Branch, ...] = ()
    again: bool = False
    more: int = 0


class Lineage(msgspec.Struct, frozen=True, kw_only=True):
    """Where something came from and what came of it; ``notes`` say what could not be followed."""

    what: Node
    came_from: Branch
    led_to: Branch
    notes: tuple[str, ...] = ()


def grow(node: Node, step: Callable[[Node], Iterable[Node]]) -> Branch:
    """The tree behind a thing, one direction; each thing has its branches once, and no circle is walked."""
    return _grow(node, step, {node.key}, DEEPEST)


def walk(branch: Branch) -> Iterator[Node]:
    """All things of a tree, its own first."""
    yield branch.node
    for each in branch.branches:
        yield from walk(each)


def _grow(node: Node, step: Callable[[Node], Iterable[Node]], seen: set[tuple[str, str, str]], depth: int) -> Branch:
    if not depth:
        return Branch(node=node)
    found = list({each.key: each for each in step(node) if each.key != node.key}.values())
    branches = []
    for each in found[:MOST]:
        if each.key in seen:
            branches.append(Branch(node=each, again=True))
        else:
            seen.add(each.key)
            branches.append(_grow(each, step, seen, depth - 1))
    return Branch(node=node, branches=tuple(branches), more=len(found) - len(branches))
