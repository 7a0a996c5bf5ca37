"""A release is opened only if it is signed, whole, and where it belongs."""

from __future__ import annotations

import re

import msgspec
import pytest

from trimtab.base.digest import Digest, digest_bytes
from trimtab.base.errors import EnvironmentMismatchError, IntegrityError, UnknownVersionError
from trimtab.records.versioned import encode
from trimtab.release.manifest import MANIFEST_FILE, ROWS, SIGNATURE_FILE, Manifest, Model, ServingStep
from trimtab.release.signature import SignatureError, TrustedKeys, key_id, public_key_of, sign
from trimtab.release.verify import (
    check_environment,
    check_release,
    environment_difference,
    is_inside,
    read_manifest,
    release_digest,
)
from trimtab.spec.project import Task

SECRET = bytes(range(32))
TRUSTED = {key_id(public_key_of(SECRET)): public_key_of(SECRET)}
FILES = {"model/m.txt": digest_bytes(b"model"), "source/pipeline.py": digest_bytes(b"source")}
MANIFEST = Manifest(
    project="p",
    source=digest_bytes(b"source"),
    data=digest_bytes(b"rows"),
    module="pipeline",
    rows_as="polars",
    steps=(ServingStep(function="features", inputs=(ROWS,)),),
    python="3.12",
    packages={"scikit-learn": "1.8.0", "numpy": "2.4.6"},
    model=Model(format="lightgbm", file="model/m.txt", task=Task.BINARY, classes=(0, 1), features=("a",)),
    files=FILES,
    expected={"roc_auc": 0.8},
    trained_rows=10,
)


def check(manifest: Manifest = MANIFEST, found: dict[str, Digest] = FILES, trusted: TrustedKeys = TRUSTED) -> Manifest:
    content = encode(manifest)
    whole = found | {MANIFEST_FILE: digest_bytes(content), SIGNATURE_FILE: digest_bytes(b"")}
    return check_release(whole, content, encode(sign(content, SECRET)), trusted)


def test_a_whole_signed_release_is_its_manifest() -> None:
    assert check() == MANIFEST
    assert release_digest(MANIFEST) == digest_bytes(encode(MANIFEST))


def test_an_unsigned_release_is_refused() -> None:
    with pytest.raises(SignatureError, match=r"the release has no signature\.json"):
        check_release(FILES, encode(MANIFEST), None, TRUSTED)


def test_a_release_of_a_stranger_is_refused() -> None:
    with pytest.raises(SignatureError, match="is not trusted here"):
        check(trusted={})


def test_a_manifest_that_was_edited_after_signing_is_refused() -> None:
    edited = encode(msgspec.structs.replace(MANIFEST, trained_rows=1_000_000))
    with pytest.raises(SignatureError, match="does not hold"):
        check_release(FILES, edited, encode(sign(encode(MANIFEST), SECRET)), TRUSTED)


def test_every_changed_missing_and_foreign_file_is_named_with_both_digests() -> None:
    evil = digest_bytes(b"evil")
    found = {"model/m.txt": evil, "source/__pycache__/pipeline.pyc": evil}
    changed = f"model/m.txt has the digest {evil} where the manifest says {FILES['model/m.txt']}"
    rest = "source/pipeline.py is missing; source/__pycache__/pipeline.pyc is not in the manifest"
    with pytest.raises(IntegrityError, match=re.escape(f"{changed}; {rest}")):
        check(found=found)


def test_many_differences_are_counted_and_not_all_shown() -> None:
    with pytest.raises(IntegrityError, match="x0 is not in the manifest.*; and 15 more"):
        check(found=FILES | {f"x{place}": digest_bytes(b"") for place in range(20)})


@pytest.mark.parametrize(
    "path",
    [
        "../evil",
        "/etc/passwd",
        "a/../../b",
        "a//b",
        "./a",
        "a/.",
        "",
        "a\\..\\b",
        "c:/x",
        "a\x00b",
        "a\nb",
        MANIFEST_FILE,
    ],
)
def test_a_path_that_leads_outside_is_refused_even_when_it_is_signed(path: str) -> None:
    assert not is_inside(path)
    for manifest in (
        msgspec.structs.replace(MANIFEST, files=FILES | {path: digest_bytes(b"")}),
        msgspec.structs.replace(MANIFEST, model=msgspec.structs.replace(MANIFEST.model, file=path)),
    ):
        with pytest.raises(IntegrityError, match="which is not a path inside the release"):
            check(manifest=manifest, found=manifest.files)


def test_ordinary_names_are_inside() -> None:
    for path in ("model/estimator.skops", "source/a b/ü.py", "a..b", "...", ".hidden/x"):
        assert is_inside(path)


def test_a_model_without_a_digest_is_refused() -> None:
    with pytest.raises(IntegrityError, match=r"names the model 'model/m\.txt' and no digest"):
        check(manifest=msgspec.structs.replace(MANIFEST, files={}), found={})


def test_a_manifest_in_another_form_has_another_name_and_is_refused() -> None:
    loose = encode(MANIFEST).replace(b'"project":"p"', b'"project": "p"')
    with pytest.raises(IntegrityError, match="not in its canonical form"):
        read_manifest(loose)


def test_a_manifest_of_another_version_is_refused() -> None:
    newer = encode(MANIFEST).replace(b"trimtab.release/1", b"trimtab.release/2")
    with pytest.raises(UnknownVersionError, match=r"'trimtab\.release/2'"):
        read_manifest(newer)


def test_every_difference_of_the_environment_is_a_sentence() -> None:
    assert environment_difference(MANIFEST, MANIFEST.packages, "3.12") == ()
    found = environment_difference(MANIFEST, {"scikit-learn": "1.9.1", "other": "1"}, "3.11")
    assert found == (
        "Python 3.11 here, 3.12 in the release",
        "numpy is not installed here, 2.4.6 in the release",
        "scikit-learn 1.9.1 here, 1.8.0 in the release",
    )


def test_another_environment_refuses_and_says_what_to_install() -> None:
    check_environment(MANIFEST, MANIFEST.packages, "3.12")
    with pytest.raises(
        EnvironmentMismatchError,
        match=r"scikit-learn 1\.9\.1 here.*\n.*pip install numpy==2\.4\.6 scikit-learn==1\.8\.0",
    ):
        check_environment(MANIFEST, MANIFEST.packages | {"scikit-learn": "1.9.1"}, "3.12")
