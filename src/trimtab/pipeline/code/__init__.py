"""What code a step reaches: which statements of the project's modules its result can follow from."""

from trimtab.pipeline.code.program import Program as Program
from trimtab.pipeline.code.values import Hint as Hint
from trimtab.pipeline.code.values import HintKind as HintKind
from trimtab.pipeline.code.values import Reach as Reach
from trimtab.pipeline.code.values import Unfollowed as Unfollowed
from trimtab.pipeline.code.values import Unit as Unit
from trimtab.pipeline.code.values import UnitKind as UnitKind
from trimtab.pipeline.code.values import digest_of as digest_of
