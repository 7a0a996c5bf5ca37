"""Every stored shape names its schema; an unknown one is refused with a sentence."""

import msgspec
import pytest

from trimtab.base.errors import IntegrityError, UnknownVersionError
from trimtab.base.instants import Instant
from trimtab.monitor.window import ReleaseWindow, WindowSummary
from trimtab.records.action import Action
from trimtab.records.label import Label
from trimtab.records.prediction import Prediction
from trimtab.records.route import RouteTable
from trimtab.records.run import Run
from trimtab.records.series import PackedSeries
from trimtab.records.versioned import decode, digest_of, encode, schema_of

LABEL = Label(label_id="1", prediction_id="p", key=None, value=True, event_time=None, arrived_at=Instant(5))


@pytest.mark.parametrize(
    ("kind", "schema"),
    [
        (Action, "trimtab.action/1"),
        (Label, "trimtab.label/1"),
        (Prediction, "trimtab.prediction/1"),
        (RouteTable, "trimtab.route/1"),
        (Run, "trimtab.run/2"),
        (PackedSeries, "trimtab.series/1"),
    ],
)
def test_a_record_names_its_schema_and_version(kind: type[msgspec.Struct], schema: str) -> None:
    assert schema_of(kind) == schema


def test_a_record_reads_back_as_it_was() -> None:
    assert decode(Label, encode(LABEL)) == LABEL
    assert b'"schema":"trimtab.label/1"' in encode(LABEL)


def test_another_version_is_refused_by_name() -> None:
    newer = encode(LABEL).replace(b"label/1", b"label/2")
    with pytest.raises(UnknownVersionError, match=r"says 'trimtab.label/2', and this Trimtab reads 'trimtab.label/1'"):
        decode(Label, newer)


def test_another_version_of_a_record_within_a_record_is_refused_by_name() -> None:
    parts = (ReleaseWindow(release="r"),)
    window = WindowSummary(endpoint="e", start=Instant(0), end=Instant(1), metric="m", releases=parts)
    older = encode(window).replace(b"trimtab.profile/", b"trimtab.profile/0")
    with pytest.raises(UnknownVersionError, match=r"this trimtab.window/1 record holds 'trimtab.profile/04'"):
        decode(WindowSummary, older)


def test_a_cut_record_is_refused() -> None:
    with pytest.raises(IntegrityError, match="is not a trimtab.label/1 record"):
        decode(Label, encode(LABEL)[:-3], at="x")


def test_the_digest_depends_on_content_alone() -> None:
    assert digest_of(LABEL) == digest_of(msgspec.structs.replace(LABEL))
    assert digest_of(LABEL) != digest_of(msgspec.structs.replace(LABEL, value=False))
