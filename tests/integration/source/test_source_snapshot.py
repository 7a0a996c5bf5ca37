"""The project's source as it is kept and laid out again."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from trimtab.base.digest import Digest
from trimtab.base.errors import DriverError, InputError, IntegrityError, NotFoundError, ProblemsError
from trimtab.drivers.local_blobs import LocalBlobs
from trimtab.drivers.source_snapshot import (
    CredentialInSourceError,
    SourceTooLargeError,
    extract,
    look_at_source,
    take_snapshot,
)
from trimtab.records.source import SourceFile, SourceTree
from trimtab.records.versioned import encode


@pytest.fixture
def blobs(tmp_path: Path) -> LocalBlobs:
    return LocalBlobs(tmp_path / "blobs")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    write(root, "trimtab.toml", "[project]\n")
    write(root, "pipeline.py", "def features(rows): ...\n")
    write(root, "lib/words.py", "X = 1\n")
    return root


def write(root: Path, name: str, content: str | bytes) -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def git(root: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false"]
    return subprocess.run(["git", *identity, *arguments], cwd=root, check=True, capture_output=True, text=True).stdout


def commit_all(root: Path) -> str:
    git(root, "init", "--quiet")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "first")
    return git(root, "rev-parse", "HEAD").strip()


def test_what_was_kept_is_laid_out_byte_for_byte(project: Path, blobs: LocalBlobs, tmp_path: Path) -> None:
    write(project, "run.sh", "#!/bin/sh\n").chmod(0o755)
    write(project, "table.bin", bytes(range(256)))
    kept = take_snapshot(project, blobs)
    shutil.rmtree(project)
    laid_out = extract(kept.digest, tmp_path / "again", blobs)
    assert laid_out.digest == kept.digest
    assert laid_out.files == kept.files == ("lib/words.py", "pipeline.py", "run.sh", "table.bin", "trimtab.toml")
    assert (tmp_path / "again" / "table.bin").read_bytes() == bytes(range(256))
    assert (tmp_path / "again" / "run.sh").stat().st_mode & 0o100
    assert take_snapshot(tmp_path / "again", blobs).digest == kept.digest
    assert [path.name for path in kept.python_files(tmp_path / "again")] == ["words.py", "pipeline.py"]


def test_equal_files_have_an_equal_digest_with_and_without_git(project: Path, blobs: LocalBlobs) -> None:
    plain = take_snapshot(project, blobs)
    commit = commit_all(project)
    kept = take_snapshot(project, blobs)
    assert (plain.commit, plain.uncommitted) == (None, None)
    assert (kept.commit, kept.uncommitted) == (commit, None)
    assert kept.digest == plain.digest


def test_uncommitted_changes_have_a_digest_of_their_own(project: Path, blobs: LocalBlobs) -> None:
    commit = commit_all(project)
    write(project, "pipeline.py", "def features(rows): return rows\n")
    write(project, "new.py", "Y = 2\n")
    (project / "lib/words.py").unlink()
    changed = take_snapshot(project, blobs)
    assert changed.commit == commit
    assert changed.uncommitted is not None
    assert changed.files == ("new.py", "pipeline.py", "trimtab.toml")


def test_a_repository_without_a_commit_has_files_and_no_commit(project: Path, blobs: LocalBlobs) -> None:
    git(project, "init", "--quiet")
    kept = take_snapshot(project, blobs)
    assert kept.commit is None
    assert "pipeline.py" in kept.files


def test_a_project_inside_a_larger_repository_is_a_tree_of_its_own(
    tmp_path: Path, project: Path, blobs: LocalBlobs
) -> None:
    write(tmp_path, "elsewhere.py", "")
    write(tmp_path, ".gitignore", "blobs/\n")
    commit = commit_all(tmp_path)
    kept = take_snapshot(project, blobs)
    assert kept.commit == commit
    assert kept.files == ("lib/words.py", "pipeline.py", "trimtab.toml")
    write(tmp_path, "elsewhere.py", "changed = True\n")
    assert take_snapshot(project, blobs).uncommitted is None


def test_a_project_that_its_surrounding_repository_ignores_is_walked(
    tmp_path: Path, project: Path, blobs: LocalBlobs
) -> None:
    write(tmp_path, ".gitignore", "project/\nblobs/\n")
    commit_all(tmp_path)
    kept = take_snapshot(project, blobs)
    assert kept.commit is None
    assert kept.files == ("lib/words.py", "pipeline.py", "trimtab.toml")


@pytest.mark.parametrize("in_git", [True, False])
def test_state_environments_caches_and_ignored_files_are_no_source(
    project: Path, blobs: LocalBlobs, in_git: bool
) -> None:
    write(project, ".gitignore", "# products\n*.log\n/build/\nnotes/private.txt\nscratch\n")
    for name in (
        ".trimtab/state.db", ".venv/lib/x.py", "__pycache__/pipeline.cpython-311.pyc", "run.log", "deep/er/run.log",
        "build/x.py", "notes/private.txt", "lib/scratch/y.py", "lib/words.pyc",
    ):  # fmt: skip
        write(project, name, "x")
    write(project, "notes/public.txt", "x")
    if in_git:
        git(project, "init", "--quiet")
    kept = take_snapshot(project, blobs)
    assert kept.files == (".gitignore", "lib/words.py", "notes/public.txt", "pipeline.py", "trimtab.toml")


def test_data_large_files_and_links_outside_are_left_out_and_said_to_be(
    tmp_path: Path, project: Path, blobs: LocalBlobs
) -> None:
    write(project, "data/rows.parquet", b"small")
    write(project, "notes.bin", b"0" * ((1 << 20) + 1))
    write(tmp_path, "secret.py", "PASSWORD = 1\n")
    (project / "outside.py").symlink_to(tmp_path / "secret.py")
    (project / "inside.py").symlink_to("pipeline.py")
    kept = take_snapshot(project, blobs, data="data/*.parquet")
    assert set(kept.left_out) == {"data/rows.parquet", "notes.bin", "outside.py"}
    assert "over 1 MiB counts as data" in kept.left_out["notes.bin"]
    assert "inside.py" in kept.files


@pytest.mark.parametrize(
    ("name", "content", "place"),
    [
        (".env", "X=1\n", ".env"),
        ("deploy/.env.production", "X=1\n", "deploy/.env.production"),
        ("keys/id_ed25519", "x", "keys/id_ed25519"),
        ("cert.txt", "a\n-----BEGIN RSA PRIVATE KEY-----\nx\n", "cert.txt:2"),
        ("cert.pem", "-----BEGIN PRIVATE KEY-----\nx\n", "cert.pem:1"),
        ("settings.py", "\n\nkey = '" + "AKIA" + "Z" * 16 + "'\n", "settings.py:3"),
        ("settings.py", "token = '" + "ghp_" + "a1" * 18 + "'\n", "settings.py:1"),
        ("note.md", "use " + "xoxb-" + "1234567890-abcdefghij" + " for it\n", "note.md:1"),
    ],
)
def test_a_file_that_looks_like_a_credential_stops_the_run_by_name(
    project: Path, blobs: LocalBlobs, name: str, content: str, place: str
) -> None:
    write(project, name, content)
    with pytest.raises(CredentialInSourceError, match="this looks like") as caught:
        take_snapshot(project, blobs)
    assert caught.value.at == place
    assert "AKIA" not in str(caught.value)
    assert not blobs.folder.exists()


def test_all_that_stops_a_snapshot_is_named_at_once_and_can_be_asked_before(project: Path, blobs: LocalBlobs) -> None:
    write(project, ".env", "X=1\n")
    write(project, "deploy/id_rsa", "x")
    with pytest.raises(ProblemsError, match="this looks like"):
        take_snapshot(project, blobs)
    files, problems = look_at_source(project)
    assert [problem.at for problem in problems] == [".env", "deploy/id_rsa"]
    assert "pipeline.py" in files


def test_an_example_of_an_environment_file_and_an_ignored_one_stop_nothing(project: Path, blobs: LocalBlobs) -> None:
    write(project, ".env.example", "PASSWORD=\n")
    write(project, ".env", "PASSWORD=hunter2\n")
    write(project, ".gitignore", ".env\n")
    assert ".env.example" in take_snapshot(project, blobs).files
    git(project, "init", "--quiet")
    assert ".env" not in take_snapshot(project, blobs).files


def test_more_than_can_be_kept_with_every_run_names_the_heaviest_folder(project: Path, blobs: LocalBlobs) -> None:
    for number in range(65):
        os.truncate(write(project, f"pictures/{number}.bin", b""), 1 << 20)
    with pytest.raises(SourceTooLargeError, match="most of it in pictures"):
        take_snapshot(project, blobs)


def test_a_project_file_that_is_ignored_is_refused_now_and_not_when_it_is_needed(
    project: Path, blobs: LocalBlobs
) -> None:
    write(project, ".gitignore", "*.toml\n")
    with pytest.raises(InputError, match=r"trimtab\.toml is not part of the project's source"):
        take_snapshot(project, blobs)


def test_a_repository_that_git_refuses_is_an_error_and_not_a_walk(project: Path, blobs: LocalBlobs) -> None:
    write(project, ".git", "gitdir: /nowhere\n")
    with pytest.raises(DriverError, match="Git does not say"):
        take_snapshot(project, blobs)


def test_a_tree_is_laid_out_in_an_empty_folder_only(project: Path, blobs: LocalBlobs, tmp_path: Path) -> None:
    kept = take_snapshot(project, blobs)
    with pytest.raises(InputError, match="is not empty"):
        extract(kept.digest, project, blobs)
    with pytest.raises(NotFoundError, match="nothing is kept"):
        extract(Digest("sha256:" + "0" * 64), tmp_path / "new", blobs)


@pytest.mark.parametrize("name", ["../outside.py", "/outside.py", "a/../../outside.py"])
def test_a_tree_that_leads_outside_is_refused(blobs: LocalBlobs, tmp_path: Path, name: str) -> None:
    tree = SourceTree(files={name: SourceFile(content=blobs.put(b"x"))})
    with pytest.raises(IntegrityError, match="outside itself"):
        extract(blobs.put(encode(tree)), tmp_path / "a" / "b", blobs)
    assert not list(tmp_path.rglob("outside.py"))
