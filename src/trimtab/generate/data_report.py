"""What is told about a table, as one value that every rendering shows: its profile, its check, how it differs.

Any part may be absent. The terminal, the JSON document, JUnit, Markdown and the page read this value and nothing else,
so that they cannot disagree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from trimtab.base.verdict import Verdict
from trimtab.data.differences import Differences
from trimtab.data.profile import Profile, hidden_in
from trimtab.data.violation import CheckReport

if TYPE_CHECKING:
    from trimtab.data.schema import Contract


class DataReport(msgspec.Struct, frozen=True, kw_only=True):
    """What is known about a table.

    Attributes:
        source: the table's name.
        reference: the name of what it is compared with; empty without one.
        profile: what is in it.
        reference_profile: what was in the reference; for histograms beside each other.
        check: what its contract says to it.
        differences: how it differs from the reference.
        contract: for reasons and sensitive columns.
        notes: what the reader of the table noticed.
        title: the headline; empty: the source's name.
        sensitive: columns whose values are shown nowhere, beside those that the contract or a profile names.
    """

    source: str
    reference: str = ""
    profile: Profile | None = None
    reference_profile: Profile | None = None
    check: CheckReport | None = None
    differences: Differences | None = None
    contract: Contract | None = None
    notes: tuple[str, ...] = ()
    title: str = ""
    sensitive: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """The check's where there is one, since drift counts in it as the contract says; else that of the differences;
        PASS where nothing was judged."""
        judged = self.check or self.differences
        return judged.verdict if judged is not None else Verdict.PASS

    @property
    def is_judged(self) -> bool:
        """Whether there is anything that the verdict rests on."""
        return self.check is not None or self.differences is not None

    @property
    def rows(self) -> int | None:
        """The table's rows; None where no part says."""
        for part in (self.check, self.profile, self.differences):
            if part is not None:
                return part.rows
        return None

    @property
    def hidden(self) -> frozenset[str]:
        """The columns whose values are shown nowhere."""
        named = [column.name for column in self.contract.columns if column.sensitive] if self.contract else []
        profiles = [profile for profile in (self.profile, self.reference_profile) if profile is not None]
        return frozenset([*self.sensitive, *named]).union(*map(hidden_in, profiles))
