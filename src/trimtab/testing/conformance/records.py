"""What every store of records must do."""

from __future__ import annotations

import threading
from pathlib import Path
from random import Random

import msgspec
from msgspec.structs import replace

from trimtab.base.digest import digest_bytes
from trimtab.base.errors import InputError, IntegrityError, NotFoundError, UnknownVersionError
from trimtab.base.instants import Instant
from trimtab.records.action import Action, ActionState
from trimtab.records.journal import GENESIS, Actor, Draft, Entry, Phase, verify
from trimtab.records.ports import Records
from trimtab.records.run import Run, RunState
from trimtab.records.run_fields import Field, UnrecordableRunError
from trimtab.records.where import Compare, Op, RunQuery, RunRow, search
from trimtab.testing.conformance.run_queries import random_query, random_run
from trimtab.testing.refusals import Refused

CONTROLLER = Actor(kind="controller", name="loop", authenticated="this process")


class Note(msgspec.Struct, frozen=True, kw_only=True, tag_field="schema", tag="trimtab.note/1"):
    """A document of the suite's own."""

    text: str


class OtherNote(msgspec.Struct, frozen=True, kw_only=True, tag_field="schema", tag="trimtab.note/2"):
    """The same document in another version."""

    text: str


def draft(reason: str) -> Draft:
    """Something to put into the journal."""
    return Draft(
        at=Instant(1_700_000_000_000_000),
        action_key="",
        kind="nothing",
        phase=Phase.DECISION,
        actor=CONTROLLER,
        reason=reason,
    )


def action(key: str, *, kind: str = "train", decided_at: int = 0) -> Action:
    """An intended action."""
    moment = Instant(decided_at)
    return Action(key=key, kind=kind, endpoint="main", decided_at=moment, effect_at=moment, payload={"step": 1})


def run(run_id: str, *, started_at: int = 0, state: RunState = RunState.RUNNING) -> Run:
    """A run, just begun."""
    moment = Instant(started_at)
    return Run(
        run_id=run_id,
        project="card-fraud",
        kind="run",
        state=state,
        actor=CONTROLLER,
        started_at=moment,
        as_of=moment,
        metrics={"roc_auc": 0.1 + 0.2},
    )


class RecordsConformance:
    """Subclass it, and say how to make the store."""

    def make(self, folder: Path) -> Records:
        """An empty store; ``folder`` is the test's own."""
        raise NotImplementedError

    def test_an_empty_store_has_nothing(self, tmp_path: Path) -> None:
        records = self.make(tmp_path)
        assert list(records.journal()) == []
        assert list(records.runs()) == []
        assert list(records.actions()) == []
        assert list(records.documents("", Note)) == []
        assert records.run("r") is None
        assert records.document("d", Note) is None

    def test_the_journal_is_an_unbroken_chain_in_the_order_of_writing(self, tmp_path: Path) -> None:
        records = self.make(tmp_path)
        entries = [records.append(draft(f"because {number}")) for number in range(5)]
        assert [entry.sequence for entry in entries] == [1, 2, 3, 4, 5]
        assert entries[0].previous == GENESIS
        stored = [msgspec.json.decode(content, type=Entry) for content in records.journal()]
        assert stored == entries
        assert verify(records.journal(), msgspec.json.Decoder(Entry))[0] == 5

    def test_the_journal_can_be_read_from_any_entry_on(self, tmp_path: Path) -> None:
        records = self.make(tmp_path)
        for number in range(1_100):
            with records.transaction():
                records.append(draft(f"because {number}"))
        everything = list(records.journal())
        assert len(everything) == 1_100
        assert list(records.journal(after=1_098)) == everything[1_098:]
        assert list(records.journal(after=5_000)) == []

    def test_a_run_is_replaced_by_its_newer_state(self, tmp_path: Path) -> None:
        records = self.make(tmp_path)
        records.put_run(run("r1"))
        records.put_run(run("r1", state=RunState.FINISHED))
        assert records.run("r1") == run("r1", state=RunState.FINISHED)
        assert len(records.runs()) == 1

    def test_runs_come_with_the_newest_start_first(self, tmp_path: Path) -> None:
        records = self.make(tmp_path)
        for run_id, started_at in (("b", 20), ("a", 30), ("c", 10), ("d", 20)):
            records.put_run(run(run_id, started_at=started_at))
        records.put_run(run("b", started_at=20, state=RunState.FAILED))
        assert [found.run_id for found in records.runs()] == ["a", "d", "b", "c"]

    def test_a_run_with_a_figure_that_no_record_can_hold_is_refused(self, tmp_path: Path) -> None:
        records = self.make(tmp_path)
        with Refused(UnrecordableRunError, "the metric 'loss' of r is nan, which no record can hold"):
            records.put_run(msgspec.structs.replace(run("r"), metrics={"loss": float("nan")}))
        with Refused(UnrecordableRunError, "the parameter 'rate' of r is inf"):
            records.put_run(msgspec.structs.replace(run("r"), parameters={"rate": float("inf")}))
        assert list(records.runs()) == []

    def test_runs_are_found_by_what_they_are_now(self, tmp_path: Path) -> None:
        records = self.make(tmp_path)
        depth, auc = Field("params", "depth"), Field("metrics", "auc")
        first = msgspec.structs.replace(run("r1"), parameters={"depth": 6, "gone": "x"}, metrics={"auc": 0.5})
        records.put_run(first)
        records.put_run(msgspec.structs.replace(first, parameters={"depth": 6.0, "new": True}, metrics={"auc": 0.7}))
        deep = Compare(field=depth, op=Op.EQUAL, values=(6,))
        assert records.find_runs(RunQuery(where=deep, columns=(auc, depth))) == [RunRow("r1", (0.7, 6.0))]
        gone = Compare(field=Field("params", "gone"), op=Op.OTHER, values=(None,))
        assert records.find_runs(RunQuery(where=gone)) == []
        assert records.count_runs(RunQuery(where=gone)) == 0

    def test_a_run_that_was_undone_is_not_found(self, tmp_path: Path) -> None:
        records = self.make(tmp_path)
        with Refused(IntegrityError, "on purpose"), records.transaction():
            records.put_run(msgspec.structs.replace(run("r"), metrics={"auc": 0.5}))
            assert records.count_runs(RunQuery()) == 1
            raise IntegrityError("on purpose")
        assert records.find_runs(RunQuery()) == []
        assert list(records.run_fields()) == []

    def test_the_names_of_what_runs_have_are_known(self, tmp_path: Path) -> None:
        records = self.make(tmp_path)
        records.put_run(msgspec.structs.replace(run("r1"), parameters={"depth": 6, "none": None}))
        records.put_run(msgspec.structs.replace(run("r2"), metrics={}, outputs={"model": digest_bytes(b"m")}))
        assert list(records.run_fields()) == ["metrics.roc_auc", "outputs.model", "params.depth"]

    def test_random_queries_find_what_plain_python_finds(self, tmp_path: Path) -> None:
        for seed in range(4):
            chance = Random(seed)
            records = self.make(tmp_path / str(seed))
            for number in range(40):
                records.put_run(random_run(chance, number))
            for number in range(10):  # replaced: what was found by the old record is not found by the new one
                kept = records.runs()[number]
                records.put_run(msgspec.structs.replace(random_run(chance, number), run_id=kept.run_id))
            runs = tuple(records.runs())
            for _ in range(250):
                query = random_query(chance, runs)
                assert list(records.find_runs(query)) == search(query, runs), query
                assert records.count_runs(query) == len(search(replace(query, limit=None), runs)), query

    def test_an_action_is_put_once(self, tmp_path: Path) -> None:
        records = self.make(tmp_path)
        assert records.put_action(action("k", decided_at=1))
        assert not records.put_action(action("k", decided_at=2))
        assert list(records.actions()) == [action("k", decided_at=1)]

    def test_an_action_is_closed_once(self, tmp_path: Path) -> None:
        records = self.make(tmp_path)
        records.put_action(action("k"))
        assert records.end_action("k", ActionState.DONE, {"run": "r1"})
        assert not records.end_action("k", ActionState.FAILED, {})
        assert not records.put_action(action("k"))
        (closed,) = records.actions()
        assert closed == msgspec.structs.replace(action("k"), state=ActionState.DONE, outcome={"run": "r1"})

    def test_what_was_never_intended_cannot_be_closed_and_nothing_ends_as_intended(self, tmp_path: Path) -> None:
        records = self.make(tmp_path)
        with Refused(NotFoundError, "there is no action 'k'"):
            records.end_action("k", ActionState.DONE, {})
        records.put_action(action("k"))
        with Refused(InputError, "cannot end as intended"):
            records.end_action("k", ActionState.INTENDED, {})

    def test_actions_come_in_the_order_of_decision_and_by_kind(self, tmp_path: Path) -> None:
        records = self.make(tmp_path)
        for key, kind in (("z", "train"), ("a", "route"), ("m", "train")):
            records.put_action(action(key, kind=kind))
        records.end_action("z", ActionState.DONE, {})
        assert [found.key for found in records.actions()] == ["z", "a", "m"]
        assert [found.key for found in records.actions(kind="train")] == ["z", "m"]
        assert list(records.actions(kind="nothing")) == []

    def test_a_document_is_replaced(self, tmp_path: Path) -> None:
        records = self.make(tmp_path)
        records.put_document("endpoint/main", Note(text="old"))
        records.put_document("endpoint/main", Note(text="new ✓"))
        assert records.document("endpoint/main", Note) == Note(text="new ✓")

    def test_documents_are_found_by_prefix_in_the_order_of_their_names(self, tmp_path: Path) -> None:
        records = self.make(tmp_path)
        for name in ("window/main/2", "window/main/10", "window/m%", "window", "Window/main/1", "window/main/1", "x"):
            records.put_document(name, Note(text=name))
        found = [note.text for note in records.documents("window/main/", Note)]
        assert found == ["window/main/1", "window/main/10", "window/main/2"]
        assert [note.text for note in records.documents("window/m%", Note)] == ["window/m%"]
        assert len(records.documents("", Note)) == 7

    def test_a_record_of_another_version_or_another_kind_is_refused(self, tmp_path: Path) -> None:
        records = self.make(tmp_path)
        records.put_document("d", Note(text="one"))
        with Refused(UnknownVersionError, "this record says 'trimtab.note/1', and this Trimtab reads 'trimtab.note/2'"):
            records.document("d", OtherNote)
        with Refused(UnknownVersionError, "reads 'trimtab.note/2'"):
            records.documents("", OtherNote)

    def test_a_transaction_takes_place_whole(self, tmp_path: Path) -> None:
        records = self.make(tmp_path)
        with records.transaction():
            records.put_action(action("k"))
            records.append(draft("because"))
            records.put_run(run("r"))
            records.put_document("d", Note(text="one"))
            assert records.document("d", Note) is not None
            assert len(list(records.journal())) == 1
        assert_holds(records, count=1)

    def test_a_transaction_that_fails_leaves_nothing(self, tmp_path: Path) -> None:
        records = self.make(tmp_path)
        with Refused(IntegrityError, "on purpose"), records.transaction():
            records.put_action(action("k"))
            records.append(draft("because"))
            records.put_run(run("r"))
            records.put_document("d", Note(text="one"))
            raise IntegrityError("on purpose")
        assert_holds(records, count=0)
        assert records.append(draft("first")).sequence == 1

    def test_an_inner_transaction_is_part_of_the_outer_one(self, tmp_path: Path) -> None:
        records = self.make(tmp_path)
        with Refused(IntegrityError, "on purpose"), records.transaction():
            with records.transaction():
                records.append(draft("inner"))
            raise IntegrityError("on purpose")
        assert list(records.journal()) == []

    def test_an_inner_transaction_that_fails_leaves_nothing_of_itself_only(self, tmp_path: Path) -> None:
        records = self.make(tmp_path)
        with records.transaction():
            records.append(draft("outer"))
            with Refused(IntegrityError, "on purpose"), records.transaction():
                records.append(draft("inner"))
                with records.transaction():
                    records.append(draft("innermost"))
                raise IntegrityError("on purpose")
            records.append(draft("after"))
        reasons = [msgspec.json.decode(content, type=Entry).draft.reason for content in records.journal()]
        assert reasons == ["outer", "after"]
        verify(records.journal(), msgspec.json.Decoder(Entry))

    def test_writers_of_several_threads_take_turns(self, tmp_path: Path) -> None:
        records = self.make(tmp_path)

        def write(name: str) -> None:
            for number in range(20):
                with records.transaction():
                    records.append(draft(f"{name} {number} intends"))
                    records.append(draft(f"{name} {number} is done"))

        threads = [threading.Thread(target=write, args=(name,)) for name in "abc"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        reasons = [msgspec.json.decode(content, type=Entry).draft.reason for content in records.journal()]
        assert verify(records.journal(), msgspec.json.Decoder(Entry))[0] == 120
        for first, second in zip(reasons[::2], reasons[1::2], strict=True):
            assert first.removesuffix(" intends") == second.removesuffix(" is done")

    def test_a_reader_neither_waits_for_a_writer_nor_sees_what_is_not_committed(self, tmp_path: Path) -> None:
        records = self.make(tmp_path)
        records.put_document("d", Note(text="old"))
        seen: list[Note | None] = []
        with records.transaction():
            records.put_document("d", Note(text="new"))
            reader = threading.Thread(target=lambda: seen.append(records.document("d", Note)))
            reader.start()
            reader.join(timeout=20)
            assert seen == [Note(text="old")]
        assert records.document("d", Note) == Note(text="new")


def assert_holds(records: Records, *, count: int) -> None:
    """Each kind of record is there ``count`` times."""
    assert len(list(records.journal())) == count
    assert len(records.actions()) == count
    assert len(records.runs()) == count
    assert len(records.documents("", Note)) == count
