"""scikit-learn's objects as skops files, and back: canonical bytes, and never a type that nobody reviewed.

Releases and the results of steps are written by the same rules, so that what passes between two steps can be packed.
"""

from __future__ import annotations

from typing import Any

from trimtab.base.errors import TrimtabError
from trimtab.release.canonical_model import canonical_skops
from trimtab.release.model_types import REVIEWED, unreviewed
from trimtab.release.search_times import without_times


class UnopenableError(TrimtabError):
    """An object cannot be written so that opening it runs no code."""

    code = "TT1356"
    exit_code = 2


def write_skops(estimator: Any) -> bytes:
    """The canonical skops file of an estimator or another object of scikit-learn.

    Raises:
        UnopenableError: skops is not installed, cannot write it, or would have to name a type that is not reviewed;
            its sentence reads behind "which" or "that".
    """
    try:
        import skops.io
    except ImportError as missing:
        raise UnopenableError(
            "needs skops to be written, which is not installed", fix="Install it: pip install 'trimtab[sklearn]'."
        ) from missing
    try:
        with without_times(estimator):
            content = skops.io.dumps(estimator)
        refused = unreviewed(skops.io.get_untrusted_types(data=content))
    except Exception as error:  # skops raises whatever the estimator's parts raise; the cause is kept
        raise UnopenableError(
            f"cannot be written in a format that runs no code: {error}",
            fix="Look for lambdas or objects of your own inside it; put what they do into features() or another step.",
        ) from error
    if refused:
        fix = "Put what your own classes and functions do into features(), and keep scikit-learn's in the estimator."
        if any(name.startswith("lightgbm.") for name in refused):
            fix = "Return the LightGBM model by itself, and put the steps before it into features()."
        raise UnopenableError(f"contains {', '.join(refused)}, and opening that could run code", fix=fix)
    return canonical_skops(content)


def open_skops(content: bytes) -> Any:
    """The object that `write_skops` wrote; raises `UnopenableError` if the file names a type that is not reviewed."""
    import skops.io

    try:
        return skops.io.loads(content, trusted=sorted(REVIEWED))
    except skops.io.exceptions.UntrustedTypesFoundException as refused:
        raise UnopenableError(
            f"holds types that nobody reviewed, and opening them could run code: {refused}",
            fix="Make it again: what is written now holds none of them.",
        ) from refused
