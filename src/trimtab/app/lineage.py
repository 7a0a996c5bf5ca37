"""Where anything came from and what came of it: files → run → release → decision → endpoint → answers.

Nothing is stored for it. Runs name what they read and made by digest, the journal names releases and runs, the log
names the release that answered; this walks along these names in either direction. What a name leads to on another
machine is shown by its name alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from trimtab.app.home import Home
from trimtab.app.lineage_sources import Sources
from trimtab.app.runs import as_it_is, find_run
from trimtab.base.digest import short
from trimtab.base.errors import InputError, NotFoundError
from trimtab.base.instants import format_instant
from trimtab.records.journal import Entry, Phase
from trimtab.records.lineage import LOOKED_AT, Lineage, Node, NodeKind, grow
from trimtab.records.run import Run, retraining_id
from trimtab.records.run_fields import Field
from trimtab.records.where import Compare, Op, RunQuery

_HEX: Final = re.compile(r"(?:sha256:)?[0-9a-f]{4,64}")
_UUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_SEQUENCE: Final = re.compile(r"#?(\d{1,9})")
_FIELDS: Final = {
    NodeKind.RELEASE: Field("release"),
    NodeKind.TABLE: Field("data.table"),
    NodeKind.SOURCE: Field("code.source"),
}


def trace(home: Home, what: str) -> Lineage:
    """The lineage of what is named.

    Args:
        what: a run's id, the beginning of one, or ``latest``; a digest of a release, a table, a source or a run's
            output, or the beginning of one; an endpoint's name; the path of a file that runs read; the id of a
            prediction; the number of an entry of the journal.

    Raises:
        NotFoundError: nothing here has that name.
        InputError: several things have it; says which.
    """
    graph = _Graph(home)
    node = _resolve(home, graph, what)
    came_from, led_to = grow(node, graph.before), grow(node, graph.after)
    return Lineage(what=node, came_from=came_from, led_to=led_to, notes=tuple(dict.fromkeys(graph.sources.notes)))


class _Graph:
    """The things of a project and what connects them."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self.sources = Sources(home)

    # ── the two directions ──────────────────────────────────────────────────────────────────────────────────────────

    def before(self, node: Node) -> Iterator[Node]:
        """What a thing came from."""
        match node.kind:
            case NodeKind.RUN:
                yield from self._before_run(node.id)
            case NodeKind.RELEASE:
                yield from self._before_release(node)
            case NodeKind.OUTPUT:
                yield from self.runs_with(node)
            case NodeKind.DECISION:
                yield from self._named_by(int(node.id))
            case NodeKind.ENDPOINT:
                desired = self.sources.endpoints.get(node.id)
                if desired is not None:
                    yield from (self.release(each) for each in (desired.champion, desired.previous) if each)
                    yield from (self.release(variant.release) for variant in desired.table.variants)
            case NodeKind.PREDICTION:
                answered = self.sources.answered(node.id)
                if answered is not None and answered.release:
                    yield self.release(answered.release)
            case _:
                return

    def after(self, node: Node) -> Iterator[Node]:
        """What came of a thing."""
        match node.kind:
            case NodeKind.FILE | NodeKind.TABLE | NodeKind.SOURCE:
                yield from self.runs_with(node)
            case NodeKind.RUN:
                yield from self._after_run(node.id)
            case NodeKind.RELEASE:
                yield from self._after_release(node.id)
            case NodeKind.DECISION:
                yield from self._done_by(int(node.id))
            case NodeKind.ENDPOINT:
                for (endpoint, release), answers in self.sources.answers.items():
                    if endpoint == node.id:
                        yield answers.node(endpoint, release)
            case NodeKind.PREDICTION:
                answered = self.sources.answered(node.id)
                if answered is not None:
                    yield from answered.labels
            case _:
                return

    def _before_run(self, run_id: str) -> Iterator[Node]:
        run = self._home.records.run(run_id)
        if run is None:
            return
        if run.code is not None:
            commit = f"commit {run.code.commit[:10]}" if run.code.commit else "outside Git"
            changed = ", with uncommitted changes" if run.code.uncommitted else ""
            yield Node(kind=NodeKind.SOURCE, id=run.code.source, words=commit + changed)
        if run.data is not None:
            yield Node(kind=NodeKind.TABLE, id=run.data.table, words=f"{run.data.rows:,} rows")
            for path, digest in run.data.sources.items():
                yield Node(kind=NodeKind.FILE, id=path, content=digest)
        for path, file in sorted(run.files.items()):
            yield Node(kind=NodeKind.FILE, id=path, content=file.content)
        for entry in self.sources.entries:
            draft = entry.draft
            if draft.kind == "train" and draft.phase is Phase.INTENT and run_id in self._retrainings(draft.action_key):
                yield self.decision(entry)
        makers = {step.made_by for step in run.steps if step.made_by}
        for other in dict.fromkeys([*([run.parent] if run.parent else []), *sorted(makers - {run_id})]):
            yield self.run(other)

    def _before_release(self, release: Node) -> Iterator[Node]:
        made = list(self.runs_with(release))
        yield from made
        if not made and self._home.bundles.has(release.id):
            manifest = self._home.bundles.manifest(release.id)
            yield Node(kind=NodeKind.SOURCE, id=manifest.source)
            yield Node(kind=NodeKind.TABLE, id=manifest.data)

    def _after_run(self, run_id: str) -> Iterator[Node]:
        run = self._home.records.run(run_id)
        release = run.outputs.get("release") if run is not None else None
        if release:
            yield self.release(release)
        yield from self._found(
            Compare(field=Field("parent"), op=Op.EQUAL, values=(run_id,)), exactly=("parent", run_id)
        )

    def _after_release(self, release: str) -> Iterator[Node]:
        for entry in self.sources.entries:
            if entry.draft.kind != "train" and entry.draft.phase is not Phase.DONE and release in self._text(entry):
                yield self.decision(entry)
        for name, desired in self.sources.endpoints.items():
            if release in (desired.champion, desired.previous):
                yield self.endpoint(name)
        for (endpoint, answering), answers in self.sources.answers.items():
            if answering == release:
                yield answers.node(endpoint, release)

    def _named_by(self, sequence: int) -> Iterator[Node]:
        """What a decision rests on: the releases and runs that it names, and what it was about."""
        entry = self.sources.entry(sequence)
        if entry is None:
            return
        text = self._text(entry)
        training = entry.draft.kind == "train"
        for release in dict.fromkeys(re.findall(r"sha256:[0-9a-f]{64}", text)):
            if self._home.bundles.has(release):
                yield self.release(release)
        if not training and isinstance(entry.draft.detail.get("run"), str):
            yield self.run(str(entry.draft.detail["run"]))

    def _done_by(self, sequence: int) -> Iterator[Node]:
        """What a decision led to: a training's run, else the endpoint that it changed."""
        entry = self.sources.entry(sequence)
        if entry is None:
            return
        if entry.draft.kind == "train":
            for run_id in self._retrainings(entry.draft.action_key):
                if self._home.records.run(run_id) is not None:
                    yield self.run(run_id)
        elif isinstance(entry.draft.detail.get("endpoint"), str):
            yield self.endpoint(str(entry.draft.detail["endpoint"]))

    # ── things ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def run(self, run_id: str) -> Node:
        found = self._home.records.run(run_id)
        return Node(
            kind=NodeKind.RUN, id=run_id, words=_of_run(as_it_is(self._home, found)) if found else "not kept here"
        )

    def release(self, release: str) -> Node:
        words = "" if self._home.bundles.has(release) else "not kept here"
        return Node(kind=NodeKind.RELEASE, id=release, words=words)

    def endpoint(self, name: str) -> Node:
        desired = self.sources.endpoints.get(name)
        words = f"its champion is {short(desired.champion)}" if desired is not None else "not kept here"
        return Node(kind=NodeKind.ENDPOINT, id=name, words=words)

    def decision(self, entry: Entry) -> Node:
        draft = entry.draft
        when = f"{format_instant(draft.at)[:19]}Z" if draft.at else "from the start"
        phase = "" if draft.phase is Phase.DECISION else f" {draft.phase.value}"
        return Node(
            kind=NodeKind.DECISION, id=str(entry.sequence), words=f"{draft.kind}{phase}, {when}: {draft.reason}"
        )

    def runs_with(self, node: Node) -> Iterator[Node]:
        """The runs that read, or made, a thing; the newest first."""
        if node.kind is NodeKind.FILE:
            op, value = (Op.EQUAL, node.content) if node.content else (Op.OTHER, None)
            yield from self._found(Compare(field=Field("files", node.id), op=op, values=(value,)))
        elif node.kind is NodeKind.OUTPUT:
            for key in self._home.records.run_fields():
                if key.startswith("outputs."):
                    output = Field("outputs", key.removeprefix("outputs."))
                    yield from self._found(Compare(field=output, op=Op.EQUAL, values=(node.id,)))
        else:
            yield from self._found(Compare(field=_FIELDS[node.kind], op=Op.EQUAL, values=(node.id,)))

    def _found(self, where: Compare, exactly: tuple[str, str] | None = None) -> Iterator[Node]:
        """The runs that a comparison finds; ids are compared by their beginning, so these are looked at again."""
        columns = (Field(exactly[0]),) if exactly else ()
        for row in self._home.records.find_runs(RunQuery(where=where, columns=columns, limit=LOOKED_AT)):
            if exactly is None or row.values[0] == exactly[1]:
                yield self.run(row.run_id)

    def _retrainings(self, key: str) -> set[str]:
        return {retraining_id(name, key) for name in {*self.sources.endpoints, self._home.endpoint}}

    def _text(self, entry: Entry) -> str:
        """Everything that an entry names: its own detail, and its action's payload and outcome."""
        action = self.sources.actions.get(entry.draft.action_key)
        named = [
            *entry.draft.detail.values(),
            *([*action.payload.values(), *action.outcome.values()] if action else []),
        ]
        return " ".join(map(str, named))


# ── what is meant ────────────────────────────────────────────────────────────────────────────────────────────────────


def _resolve(home: Home, graph: _Graph, what: str) -> Node:
    found = {node.key: node for node in _candidates(home, graph, what)}
    if not found:
        raise NotFoundError(
            f"nothing here is named {what!r}",
            fix="Name a run, a digest, an endpoint, a file that a run read, a prediction or a number of the journal.",
        )
    if len(found) > 1:
        shown = ", ".join(f"{kind} {short(name)}" for kind, name, _ in list(found)[:6]) + (
            "" if len(found) <= 6 else " …"
        )
        raise InputError(f"{what!r} may be several things: {shown}", fix="Write more of the one that you mean.")
    return next(iter(found.values()))


def _candidates(home: Home, graph: _Graph, what: str) -> Iterator[Node]:
    """What the name may mean; a whole name first, and the beginning of one only if nothing has it whole."""
    exact = list(_exact(home, graph, what))
    if exact:
        yield from exact
        return
    digest = what.strip().lower()
    if _HEX.fullmatch(digest):
        yield from _by_digest(home, graph, f"sha256:{digest.removeprefix('sha256:')}")
    try:
        yield graph.run(find_run(home, what).run_id)
    except NotFoundError:
        return


def _exact(home: Home, graph: _Graph, what: str) -> Iterator[Node]:
    if home.records.run(what) is not None:
        yield graph.run(what)
    if what in graph.sources.endpoints:
        yield graph.endpoint(what)
    sequence = _SEQUENCE.fullmatch(what)
    if sequence and (entry := graph.sources.entry(int(sequence[1]))) is not None:
        yield graph.decision(entry)
    for path in dict.fromkeys((what, _inside(home, what))):
        file = Node(kind=NodeKind.FILE, id=path)
        if next(graph.runs_with(file), None) is not None:
            yield file
            return
    if _UUID.fullmatch(what):
        answered = graph.sources.answered(what)
        if answered is not None:
            yield Node(kind=NodeKind.PREDICTION, id=what, words=answered.words)


def _by_digest(home: Home, graph: _Graph, begins: str) -> Iterator[Node]:
    found = False
    for release in home.bundles.all():
        if release.startswith(begins):
            found = True
            yield graph.release(release)
    for kind, field in _FIELDS.items():
        for digest in _digests(home, field, begins):
            found = True
            yield Node(kind=kind, id=digest) if kind is not NodeKind.RELEASE else graph.release(digest)
    for key in home.records.run_fields() if not found else ():
        section, _, name = key.partition(".")
        if section in ("outputs", "files"):
            for digest in _digests(home, Field(section, name), begins):
                file = section == "files"
                yield (
                    Node(kind=NodeKind.FILE, id=name, content=digest) if file else Node(kind=NodeKind.OUTPUT, id=digest)
                )


def _digests(home: Home, field: Field, begins: str) -> Iterator[str]:
    """The digests that runs have in a field, of those that begin so."""
    where = Compare(field=field, op=Op.EQUAL, values=(begins,))
    rows = home.records.find_runs(RunQuery(where=where, columns=(field,)))
    yield from dict.fromkeys(str(row.values[0]) for row in rows)


def _inside(home: Home, path: str) -> str:
    """The path as runs name it: relative to the project if it leads there."""
    absolute = (home.root / path).absolute() if not path.startswith("/") else home.root.joinpath(path)
    return absolute.relative_to(home.root).as_posix() if absolute.is_relative_to(home.root) else path


def _of_run(run: Run) -> str:
    verdict = f", {run.verdict.value}" if run.verdict is not None else ""
    return f"{run.kind}, {run.state.value}{verdict}, {format_instant(run.started_at)[:19]}Z"
