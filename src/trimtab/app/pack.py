"""Make a release of a candidate that passed: its proofs, its reference, its signature."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import polars as pl

from trimtab.base.digest import Digest
from trimtab.data.array_profile import profile_columns, profile_scores
from trimtab.data.contract import format_contract
from trimtab.data.schema import Contract
from trimtab.data.table import to_columns
from trimtab.drivers.bundles import Bundles
from trimtab.drivers.signing_keys import signing_key
from trimtab.drivers.user_code import user_errors
from trimtab.records.versioned import encode
from trimtab.release.golden import Golden, golden_rows, pick_golden, prove_row_local
from trimtab.release.manifest import (
    CONTRACT_FILE,
    GOLDEN_FILE,
    PROFILE_FILE,
    SCORES_FILE,
    SOURCE_FOLDER,
    Manifest,
)
from trimtab.release.rows import Columns, take, take_columns
from trimtab.release.scoring import Scorer
from trimtab.rollout.evidence import one_number
from trimtab.stats.arrays import Floats


class Packed(Protocol):
    """A candidate, as far as packing looks at it."""

    @property
    def scorer(self) -> Scorer: ...

    @property
    def train_columns(self) -> Columns: ...

    @property
    def features(self) -> Any: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The project's source: the folder in which it lies, and path → content of what a release has of it."""

    folder: Path
    contents: Mapping[str, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """What production will be compared with: the rows, training and judged, and the answers to the judged ones."""

    rows: pl.DataFrame
    scores: Floats
    contract: Contract


def pack_release(
    bundles: Bundles,
    draft: Manifest,
    candidate: Packed,
    *,
    reference: Reference,
    source: Source,
    folder: Path,
) -> Digest:
    """The digest of the signed release; packing the same candidate twice makes one release.

    Args:
        draft: the manifest but for its files.
        folder: where the candidate's model was written; the rest is added to it.

    Raises:
        RowDependenceError, UnstableError: the features of a row depend on more than the row.
    """
    contract = reference.contract
    places = pick_golden(candidate.train_columns)
    golden = take_columns(candidate.train_columns, places)
    with user_errors(source.folder, doing="proving that features are row-local"):
        outputs = prove_row_local(candidate.scorer, golden, trained=take(candidate.features, places))
    proofs = Golden(rows=golden_rows(golden, contract.features), outputs=tuple(outputs))
    profile = profile_columns(to_columns(reference.rows, contract), contract)
    contents: Mapping[str, bytes] = {
        CONTRACT_FILE: format_contract(contract).encode(),
        GOLDEN_FILE: encode(proofs),
        PROFILE_FILE: encode(profile),
        SCORES_FILE: encode(profile_scores(one_number(reference.scores))),
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    for name, content in source.contents.items():
        target = folder / SOURCE_FOLDER / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    return bundles.pack(draft, folder, signing_key())


def python_minor() -> str:
    """This interpreter's minor version, as manifests name it."""
    return ".".join(platform.python_version_tuple()[:2])
