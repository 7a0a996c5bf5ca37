"""The commit and the branch that are read are those that Git says, in every form that a repository has."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.integration.source.projects import commit_all, git, write
from trimtab.base.errors import DriverError
from trimtab.drivers.local_blobs import LocalBlobs
from trimtab.drivers.source_snapshot import Snapshot, take_snapshot


@pytest.fixture
def blobs(tmp_path: Path) -> LocalBlobs:
    return LocalBlobs(tmp_path / "blobs")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    write(root, "trimtab.toml", "[project]\n")
    write(root, "pipeline.py", "def features(rows): ...\n")
    return root


def head(kept: Snapshot) -> tuple[str | None, str | None]:
    return kept.commit, kept.branch


def test_a_branch_and_its_commit_are_recorded(project: Path, blobs: LocalBlobs) -> None:
    commit = commit_all(project, branch="feature/some-thing")
    assert head(take_snapshot(project, blobs)) == (commit, "feature/some-thing")


def test_a_commit_that_is_checked_out_without_a_branch_has_none(project: Path, blobs: LocalBlobs) -> None:
    commit = commit_all(project)
    git(project, "checkout", "--quiet", "--detach")
    assert head(take_snapshot(project, blobs)) == (commit, None)


def test_before_the_first_commit_there_is_a_branch_and_no_commit(project: Path, blobs: LocalBlobs) -> None:
    git(project, "init", "--quiet", "--initial-branch=start")
    assert head(take_snapshot(project, blobs)) == (None, "start")
    git(project, "add", "--all")
    assert take_snapshot(project, blobs).uncommitted is None


def test_packed_references_are_found_by_their_whole_names(project: Path, blobs: LocalBlobs) -> None:
    first = commit_all(project)
    git(project, "branch", "xmain")
    git(project, "tag", "main")
    git(project, "pack-refs", "--all")
    assert not (project / ".git/refs/heads/main").exists()
    assert head(take_snapshot(project, blobs)) == (first, "main")
    write(project, "more.py", "X = 1\n")
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--message", "second")
    assert head(take_snapshot(project, blobs)) == (git(project, "rev-parse", "HEAD").strip(), "main")
    assert first != git(project, "rev-parse", "HEAD").strip()


@pytest.mark.parametrize("packed", [False, True])
def test_a_worktree_has_a_head_of_its_own(project: Path, blobs: LocalBlobs, tmp_path: Path, packed: bool) -> None:
    commit_all(project)
    git(project, "worktree", "add", "--quiet", "-b", "other", str(tmp_path / "other"))
    write(tmp_path / "other", "more.py", "X = 1\n")
    git(tmp_path / "other", "add", "--all")
    git(tmp_path / "other", "commit", "--quiet", "--message", "second")
    if packed:
        git(project, "pack-refs", "--all")
    kept = take_snapshot(tmp_path / "other", blobs)
    assert head(kept) == (git(tmp_path / "other", "rev-parse", "HEAD").strip(), "other")
    assert "more.py" in kept.files
    assert head(take_snapshot(project, blobs)) == (git(project, "rev-parse", "HEAD").strip(), "main")


def test_a_submodule_is_a_repository_and_to_the_one_around_it_a_thing_left_out(
    project: Path, blobs: LocalBlobs, tmp_path: Path
) -> None:
    inner = commit_all(project, branch="inner")
    outer = tmp_path / "outer"
    write(outer, "trimtab.toml", "[project]\n")
    commit_all(outer)
    git(outer, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(project), "models")
    git(outer, "commit", "--quiet", "--message", "with a module")
    assert head(take_snapshot(outer / "models", blobs)) == (inner, "inner")
    kept = take_snapshot(outer, blobs)
    assert kept.left_out == {"models": "a repository of its own, or a link to a folder"}
    assert kept.uncommitted is None


def test_a_symbolic_reference_is_followed(project: Path, blobs: LocalBlobs) -> None:
    commit = commit_all(project)
    git(project, "symbolic-ref", "refs/heads/alias", "refs/heads/main")
    git(project, "symbolic-ref", "HEAD", "refs/heads/alias")
    assert take_snapshot(project, blobs).commit == commit


def test_a_head_that_is_no_branch_is_asked_for(project: Path, blobs: LocalBlobs) -> None:
    commit = commit_all(project)
    git(project, "update-ref", "refs/elsewhere/x", commit)
    (project / ".git/HEAD").write_text("ref: refs/elsewhere/x\n")
    assert head(take_snapshot(project, blobs)) == (commit, "refs/elsewhere/x")


def test_a_folder_that_is_called_like_a_repository_and_is_none_is_an_error(project: Path, blobs: LocalBlobs) -> None:
    (project / ".git").mkdir()
    with pytest.raises(DriverError, match="not a git repository"):
        take_snapshot(project, blobs)


def test_an_empty_folder_of_that_name_does_not_hide_the_repository_around_it(
    project: Path, blobs: LocalBlobs, tmp_path: Path
) -> None:
    write(tmp_path, ".gitignore", "blobs/\n")
    commit = commit_all(tmp_path)
    (project / ".git").mkdir()
    assert head(take_snapshot(project, blobs)) == (commit, "main")


def test_the_variables_of_a_hook_do_not_lead_to_another_repository(
    project: Path, blobs: LocalBlobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = commit_all(project)
    write(tmp_path / "elsewhere", "x.py", "X = 1\n")
    commit_all(tmp_path / "elsewhere", branch="wrong")
    for name, place in (("GIT_DIR", ".git"), ("GIT_WORK_TREE", ""), ("GIT_INDEX_FILE", ".git/index")):
        monkeypatch.setenv(name, str(tmp_path / "elsewhere" / place))
    kept = take_snapshot(project, blobs)
    assert head(kept) == (commit, "main")
    assert tuple(kept.files) == ("pipeline.py", "trimtab.toml")


@pytest.mark.skipif(os.geteuid() != 0, reason="giving files to another user needs root")
def test_a_repository_of_another_user_is_refused_with_gits_own_words(project: Path, blobs: LocalBlobs) -> None:
    commit_all(project)
    for path in (project, *project.rglob("*")):
        os.chown(path, 12345, 12345)
    with pytest.raises(DriverError, match="dubious ownership"):
        take_snapshot(project, blobs)


def test_without_git_on_this_machine_the_folder_is_walked(
    project: Path, blobs: LocalBlobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit_all(project)
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    kept = take_snapshot(project, blobs)
    assert head(kept) == (None, None)
    assert tuple(kept.files) == ("pipeline.py", "trimtab.toml")


def test_a_reference_that_leads_to_no_commit_is_refused(project: Path, blobs: LocalBlobs) -> None:
    commit_all(project)
    (project / ".git/refs/heads/main").write_text("0123456789" * 4 + "\n")
    with pytest.raises(DriverError, match="0123456789"):
        take_snapshot(project, blobs)


def test_nothing_is_locked_or_written_in_the_repository(project: Path, blobs: LocalBlobs) -> None:
    commit_all(project)
    write(project, "pipeline.py", "def features(rows): ...\n").touch()
    before = {path: path.stat().st_mtime_ns for path in (project / ".git").rglob("*")}
    write(project, ".git/index.lock", "another command is at work")
    assert take_snapshot(project, blobs).uncommitted is None
    (project / ".git/index.lock").unlink()
    shutil.rmtree(project / ".git/nothing", ignore_errors=True)
    assert {path: path.stat().st_mtime_ns for path in before if path != project / ".git"} == {
        path: time for path, time in before.items() if path != project / ".git"
    }


def test_no_process_stays_behind_a_refusal(project: Path, blobs: LocalBlobs) -> None:
    commit_all(project)
    write(project, ".env", "X=1\n")
    for number in range(40):
        write(project, f"{number}.py", "# a line\n" * 10_000)
    git(project, "add", "--all")
    with pytest.raises(Exception, match="looks like a file of environment variables"):
        take_snapshot(project, blobs)
    children = subprocess.run(["ps", "--ppid", str(os.getpid()), "-o", "comm="], capture_output=True, text=True)
    assert "git" not in children.stdout.split()
