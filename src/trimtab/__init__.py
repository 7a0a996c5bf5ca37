"""Trimtab keeps a machine-learning model on course, from the notebook through production and back.

Public names are resolved on first use, so that ``import trimtab`` loads nothing heavy: user code imports this
package inside every step, and a command line that answers in a tenth of a second is used more often.
"""

from __future__ import annotations

TYPE_CHECKING = False  # as type checkers know it; `typing` alone takes longer to import than the rest of Python
if TYPE_CHECKING:
    from typing import Any

    from trimtab.app.data_api import check as check
    from trimtab.app.data_api import diff as diff
    from trimtab.app.data_api import drift as drift
    from trimtab.app.data_api import infer as infer
    from trimtab.app.data_api import profile as profile
    from trimtab.app.data_api import report as report
    from trimtab.app.tracking import log_metric as log_metric
    from trimtab.app.tracking import log_param as log_param
    from trimtab.base.errors import TrimtabError as TrimtabError
    from trimtab.base.verdict import Verdict as Verdict
    from trimtab.pipeline.step import step as step

__version__ = "0.0.1"
__all__ = [
    "TrimtabError",
    "Verdict",
    "__version__",
    "check",
    "diff",
    "drift",
    "infer",
    "log_metric",
    "log_param",
    "profile",
    "report",
    "step",
]

_HOMES = {
    **dict.fromkeys(("check", "diff", "drift", "infer", "profile", "report"), "trimtab.app.data_api"),
    **dict.fromkeys(("log_metric", "log_param"), "trimtab.app.tracking"),
    "TrimtabError": "trimtab.base.errors",
    "Verdict": "trimtab.base.verdict",
    "step": "trimtab.pipeline.step",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'trimtab' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
