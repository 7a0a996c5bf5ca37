"""Lineage on a terminal: two trees, what something came from and what came of it."""

from __future__ import annotations

from collections.abc import Iterator

from trimtab.base.digest import short
from trimtab.generate.data_figures import cut, one_line
from trimtab.records.lineage import LOOKED_AT, Branch, Lineage, Node, NodeKind

_WIDTH = 160


def lineage(found: Lineage) -> str:
    """The two trees as lines; a thing that is there twice has its branches the first time."""
    lines = [_name(found.what)]
    for title, branch in (("came from", found.came_from), ("led to", found.led_to)):
        lines += ["", title]
        lines += list(_branches(branch, "  ")) or ["  nothing that is recorded here"]
    return "\n".join([*lines, *(f"note: {note}" for note in found.notes)])


def _branches(branch: Branch, indent: str) -> Iterator[str]:
    for each in branch.branches:
        yield cut(indent + _name(each.node) + (" (as above)" if each.again else ""), _WIDTH)
        yield from _branches(each, indent + "  ")
    if branch.more:
        least = "at least " if branch.more + len(branch.branches) >= LOOKED_AT else ""
        yield f"{indent}and {least}{branch.more:,} more"


def _name(node: Node) -> str:
    shown = one_line(short(node.id) if node.id.startswith("sha256:") else node.id)
    if node.kind is NodeKind.PREDICTIONS:
        return f"predictions: {one_line(node.words)}"
    if node.content:
        return f"{node.kind.value} {shown} ({short(node.content)})"
    return f"{node.kind.value} {shown}" + (f": {one_line(node.words)}" if node.words else "")
