"""Opens the model of a release: never by pickle, never a type that nobody reviewed, never other bytes than packed.

The bytes are read once, held against the manifest's digest, and those very bytes are opened. The types that a skops
file names are checked again here although packing checked them: a release may come from elsewhere.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from trimtab.base.digest import Digest, digest_bytes
from trimtab.base.errors import IntegrityError, TrimtabError
from trimtab.release.manifest import Model
from trimtab.release.model_types import unreviewed
from trimtab.release.scoring import LIGHTGBM, SKOPS


class RefusedModelError(TrimtabError):
    """The model's file is intact, but opening it could run code, or nothing here opens its format."""

    code = "TT1604"


def open_model(folder: Path, model: Model, *, digest: Digest | None = None) -> Any:
    """The estimator of the release in ``folder``, as `trimtab.release.scoring.Scorer` takes it.

    Args:
        digest: what the manifest says of ``model.file``; None only for a model that this process has just written.

    Raises:
        IntegrityError: the file is missing, is not what the digest says, or cannot be read as its format.
        RefusedModelError: it names a type that is not reviewed, or its format is unknown.
    """
    path = folder / model.file
    try:
        content = path.read_bytes()
    except OSError as missing:
        raise IntegrityError(
            f"the release's model cannot be read: {missing.strerror}",
            fix="Pack or copy the release again.",
            at=str(path),
        ) from missing
    found = digest_bytes(content)
    if digest is not None and found != digest:
        raise IntegrityError(
            f"{model.file} has the digest {found}, and the manifest says {digest}",
            fix="The file was changed after packing; copy the release again.",
            at=str(path),
        )
    if model.format == SKOPS:
        return _open_skops(content, path)
    if model.format == LIGHTGBM:
        return _open_lightgbm(content, path)
    raise RefusedModelError(
        f"the model has the format {model.format!r}, which this Trimtab does not open",
        fix=f"Pack it again with this Trimtab, which writes {SKOPS} and {LIGHTGBM}.",
        at=str(path),
    )


def _open_skops(content: bytes, path: Path) -> Any:
    import skops.io

    try:
        reported = skops.io.get_untrusted_types(data=content)
    except Exception as error:  # a damaged file makes skops raise anything: KeyError, BadZipFile, TypeError
        raise _damaged(path, error) from error
    refused = unreviewed(reported)
    if refused:
        raise RefusedModelError(
            f"the model names {', '.join(refused)}, and opening that could run code",
            fix="Find out who made this release; pack the model again with scikit-learn's own types only.",
            at=str(path),
        )
    try:
        estimator = skops.io.loads(content, trusted=reported)
    except Exception as error:  # as above
        raise _damaged(path, error) from error
    _calm(estimator, set())
    return estimator


def _open_lightgbm(content: bytes, path: Path) -> Any:
    import lightgbm

    try:
        return lightgbm.Booster(model_str=content.decode())
    except (lightgbm.basic.LightGBMError, UnicodeDecodeError) as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> IntegrityError:
    return IntegrityError(
        f"the model cannot be opened: {type(error).__name__}: {error}",
        fix="The file is damaged, or was written by other versions than are installed; pack the release again.",
        at=str(path),
    )


def _calm(part: Any, seen: set[int]) -> None:
    """Set every ``n_jobs`` in a composition to 1.

    A forest that was fitted on all processors also predicts on all of them, and adds up its trees in the order in
    which threads end: slower for a few rows, and not the same bits twice.
    """
    if id(part) in seen:
        return
    seen.add(id(part))
    if isinstance(part, dict):
        inner = list(part.values())
    elif isinstance(part, list | tuple):
        inner = list(part)
    elif type(part).__module__.startswith("sklearn.") and hasattr(part, "__dict__"):
        if getattr(part, "n_jobs", None) is not None:
            part.n_jobs = 1
        inner = list(vars(part).values())
    else:
        return
    for each in inner:
        _calm(each, seen)
