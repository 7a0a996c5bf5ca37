"""What lineage is read from: the journal, actions, endpoints and their logs, each once, when it is first needed."""

from __future__ import annotations

from functools import cached_property

import msgspec

from trimtab.app.home import Home
from trimtab.app.journal import read_journal
from trimtab.app.lineage_log import Answered, Answers, find_prediction, read_answers
from trimtab.base.errors import TrimtabError
from trimtab.records.action import Action
from trimtab.records.endpoint import Desired
from trimtab.records.journal import Entry
from trimtab.serve.layout import EndpointFiles


class Sources:
    """A project's records other than its runs; ``notes`` say what could not be read."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self.notes: list[str] = []
        self._asked: dict[str, Answered | None] = {}

    @cached_property
    def entries(self) -> list[Entry]:
        """The journal, without the decisions to do nothing."""
        return [entry for entry in read_journal(self._home) if entry.draft.kind not in ("nothing", "run")]

    @cached_property
    def actions(self) -> dict[str, Action]:
        return {action.key: action for action in self._home.records.actions()}

    @cached_property
    def endpoints(self) -> dict[str, Desired]:
        return {each.endpoint: each for each in self._home.records.documents("endpoint/", Desired)}

    @cached_property
    def answers(self) -> dict[tuple[str, str], Answers]:
        """Endpoint and release → what it answered."""
        found: dict[tuple[str, str], Answers] = {}
        for name in self.endpoints:
            try:
                counted = read_answers(EndpointFiles(state=self._home.state, endpoint=name).log)
            except TrimtabError as error:
                self.notes.append(f"the log of the endpoint {name!r} cannot be read whole: {error.problem}")
                continue
            found |= {(name, release): answers for release, answers in counted.items()}
        return found

    def entry(self, sequence: int) -> Entry | None:
        """The journal's entry of that number, those about nothing included."""
        for content in self._home.records.journal(after=sequence - 1):
            entry = msgspec.json.decode(content, type=Entry)
            return entry if entry.sequence == sequence else None
        return None

    def answered(self, prediction_id: str) -> Answered | None:
        """The answer of that id; None if no log here has it."""
        if prediction_id not in self._asked:
            self._asked[prediction_id] = find_prediction(self._home, prediction_id)
        return self._asked[prediction_id]
