"""How many threads a training may use: said before a numeric library is imported, since they read it then."""

from __future__ import annotations

import os


def one_thread() -> None:
    """One thread, unless the environment says otherwise.

    Sums that several threads share are added up in the order in which they end, so a model would not be the same bits
    twice; serving needs the other processors; and the gate on latency must measure what a worker does, which has one.
    """
    from trimtab.serve.threads import THREADS

    for name in THREADS:
        os.environ.setdefault(name, "1")
