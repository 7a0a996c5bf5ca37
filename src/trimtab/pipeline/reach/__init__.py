"""Reach: which code of the project a function depends on, found in its text without running it."""

from trimtab.pipeline.reach.program import Program as Program
from trimtab.pipeline.reach.values import Hint as Hint
from trimtab.pipeline.reach.values import HintKind as HintKind
from trimtab.pipeline.reach.values import Reach as Reach
from trimtab.pipeline.reach.values import Unfollowed as Unfollowed
from trimtab.pipeline.reach.values import Unit as Unit
from trimtab.pipeline.reach.values import UnitKind as UnitKind
from trimtab.pipeline.reach.values import digest_of as digest_of
