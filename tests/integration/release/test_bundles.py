"""A release is on disk whole or not at all, is made once, and shows every change that is made to it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from trimtab.base.digest import digest_bytes, short
from trimtab.base.errors import DriverError, InputError, IntegrityError, NotFoundError
from trimtab.drivers.bundles import Bundles, verify_release
from trimtab.drivers.signing_keys import signing_key, trusted_folder, trusted_keys
from trimtab.release.manifest import MANIFEST_FILE, ROWS, SIGNATURE_FILE, Manifest, Model, ServingStep
from trimtab.release.signature import SignatureError, format_public_key, public_key_of
from trimtab.spec.project import Task

DRAFT = Manifest(
    project="p",
    source=digest_bytes(b"source"),
    data=digest_bytes(b"data"),
    module="pipeline",
    rows_as="polars",
    steps=(ServingStep(function="features", inputs=(ROWS,)),),
    python=f"{sys.version_info.major}.{sys.version_info.minor}",
    packages={},
    model=Model(format="skops", file="model/m.skops", task=Task.BINARY, classes=(0, 1), features=("a",)),
    files={},
    expected={},
    trained_rows=10,
)
STRANGER = bytes(range(32))


@pytest.fixture
def contents(tmp_path: Path) -> Path:
    folder = tmp_path / "contents"
    (folder / "model").mkdir(parents=True)
    (folder / "source" / "inner").mkdir(parents=True)
    (folder / "model" / "m.skops").write_bytes(b"model")
    (folder / "source" / "pipeline.py").write_text("def features(rows): return rows\n")
    (folder / "source" / "inner" / "empty.py").write_bytes(b"")
    return folder


@pytest.fixture
def bundles(tmp_path: Path) -> Bundles:
    return Bundles(tmp_path / "releases")


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_a_packed_release_is_verified_and_named_by_its_manifest(bundles: Bundles, contents: Path) -> None:
    release = bundles.pack(DRAFT, contents, signing_key())
    folder = bundles.path(release)
    assert folder.name == short(digest_bytes((folder / MANIFEST_FILE).read_bytes()), length=64)
    assert files(folder) == [
        MANIFEST_FILE,
        "model/m.skops",
        SIGNATURE_FILE,
        "source/inner/empty.py",
        "source/pipeline.py",
    ]
    manifest = bundles.verify(release, trusted_keys())
    assert manifest.files["model/m.skops"] == digest_bytes(b"model")
    assert bundles.read(release, "model/m.skops") == b"model"
    assert bundles.all() == (release,)


def test_packing_twice_is_packing_once(bundles: Bundles, contents: Path) -> None:
    release = bundles.pack(DRAFT, contents, signing_key())
    before = (bundles.path(release) / SIGNATURE_FILE).stat()
    assert bundles.pack(DRAFT, contents, signing_key()) == release
    assert (bundles.path(release) / SIGNATURE_FILE).stat() == before
    (contents / "source" / "pipeline.py").write_text("def features(rows): return rows[['a']]\n")
    assert bundles.pack(DRAFT, contents, signing_key()) != release
    assert len(bundles.all()) == 2


def test_the_private_key_is_nowhere_in_the_release(bundles: Bundles, contents: Path) -> None:
    key = signing_key()
    folder = bundles.path(bundles.pack(DRAFT, contents, key))
    for path in folder.rglob("*"):
        if path.is_file():
            assert key not in path.read_bytes()
            assert key.hex() not in path.read_text()
            assert public_key_of(key).hex() not in path.read_text()


def change(name: str, content: bytes = b"evil") -> Callable[[Path], None]:
    def act(folder: Path) -> None:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)

    return act


def link(folder: Path) -> None:
    (folder / "model" / "m.skops").unlink()
    (folder / "model" / "m.skops").symlink_to("/dev/null")


def link_of_a_folder(folder: Path) -> None:
    shutil.move(folder / "source", folder.parent / "elsewhere")
    (folder / "source").symlink_to(folder.parent / "elsewhere")


def pipe(folder: Path) -> None:
    os.mkfifo(folder / "source" / "pipe")


@pytest.mark.parametrize(
    ("act", "sentence"),
    [
        (change("model/m.skops"), r"model/m\.skops has the digest sha256:[0-9a-f]{64} where the manifest says sha256:"),
        (
            change("source/__pycache__/pipeline.cpython-311.pyc"),
            r"source/__pycache__/pipeline.cpython-311.pyc is not in",
        ),
        (change("sitecustomize.py"), r"sitecustomize\.py is not in the manifest"),
        (lambda folder: (folder / "source" / "pipeline.py").unlink(), r"source/pipeline\.py is missing"),
        (lambda folder: (folder / SIGNATURE_FILE).unlink(), r"the release has no signature\.json"),
        (lambda folder: (folder / MANIFEST_FILE).unlink(), r"there is no manifest\.json here"),
        (change(SIGNATURE_FILE, b"{}"), "this is not a trimtab.signature/1 record"),
        (link, r"m\.skops is a link"),
        (link_of_a_folder, "source is a link"),
        (pipe, "pipe is neither a file nor a folder"),
    ],
)
def test_every_change_of_a_release_is_seen(
    act: Callable[[Path], None], sentence: str, bundles: Bundles, contents: Path
) -> None:
    folder = bundles.path(bundles.pack(DRAFT, contents, signing_key()))
    verify_release(folder, trusted_keys())
    act(folder)
    with pytest.raises(IntegrityError, match=sentence):
        verify_release(folder, trusted_keys())


def test_an_edited_manifest_is_seen_by_its_name_and_by_its_signature(bundles: Bundles, contents: Path) -> None:
    release = bundles.pack(DRAFT, contents, signing_key())
    path = bundles.path(release) / MANIFEST_FILE
    path.write_bytes(path.read_bytes().replace(b'"trained_rows":10', b'"trained_rows":99'))
    with pytest.raises(IntegrityError, match="and its name says sha256:"):
        bundles.manifest(release)
    with pytest.raises(SignatureError, match="does not hold"):
        verify_release(bundles.path(release), trusted_keys())


def test_a_strangers_release_is_refused_until_their_key_is_trusted(bundles: Bundles, contents: Path) -> None:
    release = bundles.pack(DRAFT, contents, STRANGER)
    signing_key()
    with pytest.raises(SignatureError, match=r"is not trusted here.*\n.*NAME\.pub.*trusted/"):
        bundles.verify(release, trusted_keys())
    (trusted_folder() / "stranger.pub").write_bytes(format_public_key(public_key_of(STRANGER)))
    assert bundles.verify(release, trusted_keys()).project == "p"


def test_one_good_release_in_the_place_of_another_is_refused(bundles: Bundles, contents: Path) -> None:
    old = bundles.pack(DRAFT, contents, signing_key())
    (contents / "model" / "m.skops").write_bytes(b"newer")
    new = bundles.pack(DRAFT, contents, signing_key())
    shutil.rmtree(bundles.path(new))
    shutil.copytree(bundles.path(old), bundles.path(new))
    with pytest.raises(IntegrityError, match="and its name says"):
        bundles.verify(new, trusted_keys())


def test_what_does_not_belong_into_a_release_is_not_packed(bundles: Bundles, contents: Path) -> None:
    def refuse(act: Callable[[Path], None], kind: type[Exception], sentence: str) -> None:
        copy = contents.parent / f"copy-{len(list(contents.parent.iterdir()))}"
        shutil.copytree(contents, copy)
        act(copy)
        with pytest.raises(kind, match=sentence):
            bundles.pack(DRAFT, copy, signing_key())
        assert bundles.all() == ()

    refuse(link, IntegrityError, r"m\.skops is a link")
    refuse(change(MANIFEST_FILE), InputError, r"manifest\.json does not belong into a release")
    refuse(change("source/__pycache__/a.pyc"), InputError, r"a\.pyc does not belong into a release")
    refuse(lambda folder: (folder / "model" / "m.skops").unlink(), IntegrityError, "and no digest for it")
    refuse(change("source/a\\b.py"), IntegrityError, "is not a path inside the release")


def test_a_release_that_is_not_there_is_a_sentence(bundles: Bundles, contents: Path) -> None:
    missing = digest_bytes(b"nothing")
    assert not bundles.has(missing)
    with pytest.raises(NotFoundError, match=f"there is no release {short(missing)} here"):
        bundles.verify(missing, {})
    release = bundles.pack(DRAFT, contents, signing_key())
    with pytest.raises(NotFoundError, match=r"has no golden\.json"):
        bundles.read(release, "golden.json")
    (bundles.path(release) / "model" / "m.skops").write_bytes(b"evil")
    with pytest.raises(IntegrityError, match=r"m\.skops of the release .* has the digest"):
        bundles.read(release, "model/m.skops")


def test_a_disk_that_refuses_is_a_sentence(tmp_path: Path, contents: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(
        DriverError, match="cannot make the folder for releases: a file stands where a folder should be"
    ):
        Bundles(tmp_path / "file" / "releases").pack(DRAFT, contents, STRANGER)


PACKER = """
import os, shutil, signal, sys
from pathlib import Path
from tests.integration.release.test_bundles import DRAFT, STRANGER
from trimtab.drivers.bundles import Bundles

copies = 0
copy = shutil.copyfile
def dying(*args, **options):
    global copies
    copies += 1
    if copies == int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)
    return copy(*args, **options)
shutil.copyfile = dying
Bundles(Path(sys.argv[1])).pack(DRAFT, Path(sys.argv[2]), STRANGER)
"""


@pytest.mark.parametrize("copies", [1, 2, 3])
def test_a_kill_while_packing_leaves_nothing_that_counts(copies: int, bundles: Bundles, contents: Path) -> None:
    releases = contents.parent / "releases"
    command = [sys.executable, "-c", PACKER, str(releases), str(contents), str(copies)]
    root = Path(__file__).parents[3]
    killed = subprocess.run(command, cwd=root, env=os.environ | {"PYTHONPATH": str(root)}, capture_output=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    assert bundles.all() == ()
    assert len(list(releases.iterdir())) == 1
    release = bundles.pack(DRAFT, contents, STRANGER)
    assert [path.name for path in releases.iterdir()] == [bundles.path(release).name]
    verify_release(bundles.path(release), {digest_bytes(public_key_of(STRANGER)): public_key_of(STRANGER)})
