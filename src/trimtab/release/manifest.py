"""Release manifest v1: what a release is made of, and what it must do again wherever it goes.

The release's identity is the digest of the manifest's canonical JSON, and the manifest names every file by its
digest: one signature over it covers all of them. Times and machine names stay out of it, so that packing the same
model twice gives the same release.
"""

from __future__ import annotations

import msgspec

from trimtab.base.digest import Digest
from trimtab.spec.project import Task

MANIFEST_FILE = "manifest.json"
SIGNATURE_FILE = "signature.json"
CONTRACT_FILE = "contract.toml"
GOLDEN_FILE = "golden.json"
PROFILE_FILE = "profile.json"
SCORES_FILE = "scores.json"
SOURCE_FOLDER = "source"
MODEL_FOLDER = "model"
ROWS = "rows"


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """The estimator's file and how to open it.

    ``format`` is ``skops`` (scikit-learn) or ``lightgbm`` (the booster's text); neither can run code when opened.
    ``classes`` are the label's values in the order of the probabilities; empty for a regression. For a binary task
    the last class is the positive one.
    """

    format: str
    file: str
    task: Task
    classes: tuple[bool | int | str, ...]
    features: tuple[str, ...]


class ServingStep(msgspec.Struct, frozen=True, kw_only=True):
    """A function of the project on the way from rows to features.

    ``inputs`` are the names of earlier steps, in the order of the function's parameters; ``ROWS`` names the request's
    rows. ``params`` are the hyper-parameters that it had at training.
    """

    function: str
    inputs: tuple[str, ...]
    params: dict[str, str | int | float | bool | None] = {}


class Manifest(msgspec.Struct, frozen=True, kw_only=True, tag_field="schema", tag="trimtab.release/1"):
    """What a release contains.

    Attributes:
        project: the project's name.
        source: the source snapshot that was executed. With ``data``, it says what the release was made of; the run is
            found by the release's digest, and its id stays out, so that equal runs make one release.
        data: the rows that were trained on and judged by, as a digest of schema and values.
        module: the module in ``source/`` that holds the feature function.
        rows_as: what the first function receives: ``polars``, ``pandas`` or ``numpy`` (a structured array).
        steps: the functions from rows to features, in order; the last one's result is what the model is given.
        python: the interpreter's minor version, e.g. ``3.11``.
        packages: exact versions of the distributions that the user's code loads; a difference refuses.
        files: path within the release → digest, of every file but the manifest and the signature.
        expected: figures on the judged rows: what the champion is held to in production.
        trained_rows: rows that the model was fitted on.
    """

    project: str
    source: Digest
    data: Digest
    module: str
    rows_as: str
    steps: tuple[ServingStep, ...]
    python: str
    packages: dict[str, str]
    model: Model
    files: dict[str, Digest]
    expected: dict[str, float]
    trained_rows: int


class Signature(msgspec.Struct, frozen=True, kw_only=True, tag_field="schema", tag="trimtab.signature/1"):
    """An Ed25519 signature (RFC 8032) over the manifest's canonical JSON.

    ``key_id`` is the digest of the public key; the key itself is never in the release, since whoever swaps the
    model could swap it too. ``value`` is hexadecimal.
    """

    key_id: Digest
    value: str
