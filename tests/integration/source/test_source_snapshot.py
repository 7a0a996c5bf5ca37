"""The project's source as it is kept and laid out again."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.integration.source.projects import commit_all, git, write
from trimtab.base.digest import Digest
from trimtab.base.errors import DriverError, InputError, IntegrityError, NotFoundError, ProblemsError
from trimtab.drivers.local_blobs import LocalBlobs
from trimtab.drivers.source_snapshot import (
    CredentialInSourceError,
    SourceTooLargeError,
    extract,
    look_at_source,
    take_snapshot,
    told_left_out,
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


def test_what_was_kept_is_laid_out_byte_for_byte(project: Path, blobs: LocalBlobs, tmp_path: Path) -> None:
    write(project, "run.sh", "#!/bin/sh\n").chmod(0o755)
    write(project, "table.bin", bytes(range(256)))
    kept = take_snapshot(project, blobs)
    shutil.rmtree(project)
    laid_out = extract(kept.digest, tmp_path / "again", blobs)
    assert laid_out.digest == kept.digest
    assert (
        tuple(laid_out.files)
        == tuple(kept.files)
        == ("lib/words.py", "pipeline.py", "run.sh", "table.bin", "trimtab.toml")
    )
    assert (tmp_path / "again" / "table.bin").read_bytes() == bytes(range(256))
    assert (tmp_path / "again" / "run.sh").stat().st_mode & 0o100
    assert take_snapshot(tmp_path / "again", blobs).digest == kept.digest


def test_equal_files_have_an_equal_digest_with_and_without_git(project: Path, blobs: LocalBlobs) -> None:
    plain = take_snapshot(project, blobs)
    commit = commit_all(project)
    kept = take_snapshot(project, blobs)
    assert (plain.commit, plain.uncommitted) == (None, None)
    assert (kept.commit, kept.uncommitted) == (commit, None)
    assert kept.digest == plain.digest


def test_uncommitted_changes_are_kept_as_a_patch_that_makes_them_again(
    project: Path, blobs: LocalBlobs, tmp_path: Path
) -> None:
    write(project, "table.bin", bytes(range(256)))
    commit = commit_all(project)
    git(tmp_path, "clone", "--quiet", str(project), "clone")
    write(project, "pipeline.py", "def features(rows): return rows\n")
    write(project, "table.bin", bytes(range(255, -1, -1)))
    write(project, "new.py", "Y = 2\n")
    (project / "lib/words.py").unlink()
    changed = take_snapshot(project, blobs)
    assert changed.commit == commit
    assert tuple(changed.files) == ("new.py", "pipeline.py", "table.bin", "trimtab.toml")
    assert changed.uncommitted is not None
    assert changed.left_out == {}
    write(tmp_path, "patch", blobs.get(changed.uncommitted))
    git(tmp_path / "clone", "apply", str(tmp_path / "patch"))
    git(tmp_path / "clone", "add", "--all")
    write(tmp_path / "clone", "new.py", "Y = 2\n")
    assert take_snapshot(tmp_path / "clone", blobs).digest == changed.digest


def test_one_difference_has_one_digest_whatever_a_person_has_set(
    project: Path, blobs: LocalBlobs, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    write(project, "long.py", "".join(f"x{number} = {number}\n" for number in range(50)))
    commit_all(project)
    write(project, "long.py", "".join(f"x{number} = {number + (number % 20 == 0)}\n" for number in range(50)))
    (project / "lib/words.py").rename(project / "lib/names.py")
    git(project, "add", "--all")
    expected = take_snapshot(project, blobs).uncommitted
    assert expected is not None
    config = write(
        tmp_path,
        "config",
        "[diff]\nnoprefix = true\nmnemonicPrefix = true\ncontext = 9\nrenames = copies\nalgorithm = patience\n"
        "orderFile = order\ninterHunkContext = 30\nrelative = false\nexternal = false\ncolorMoved = zebra\n"
        "[color]\nui = always\n[core]\nabbrev = 5\nquotePath = false\npager = false\n",
    )
    write(project, ".git/order", "")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    assert take_snapshot(project, blobs).uncommitted == expected


@pytest.mark.parametrize("how", ["large", "credential", "data", "ignored"])
def test_a_patch_that_holds_what_the_source_does_not_is_recorded_by_its_digest_alone(
    project: Path, blobs: LocalBlobs, how: str
) -> None:
    write(project, "rows.csv", "a,b\n")
    write(project, "notes.txt", "a\n")
    write(project, "old.py", "token = '" + "ghp_" + "a1" * 18 + "'\n")
    commit_all(project)
    write(project, "old.py", "token = None\n")
    git(project, "commit", "--quiet", "--all", "--message", "second")
    if how == "large":
        for number in range(3):
            write(project, f"{number}.py", "# a comment\n" * 50_000)
        git(project, "add", "--all")
    elif how == "credential":
        write(project, "old.py", "token = '" + "ghp_" + "a1" * 18 + "'\n")
        git(project, "commit", "--quiet", "--all", "--message", "third")
        write(project, "old.py", "token = None\n")
    elif how == "data":
        write(project, "rows.csv", "a,b\n1,2\n")
    else:
        write(project, "notes.txt", "what only I know\n")
        write(project, ".trimtabignore", "notes.txt\n")
    kept = take_snapshot(project, blobs, data="*.csv")
    assert kept.uncommitted is not None
    assert not blobs.has(kept.uncommitted)
    assert kept.left_out["git diff"].endswith("its digest alone is recorded")


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
    assert tuple(kept.files) == ("lib/words.py", "pipeline.py", "trimtab.toml")
    write(tmp_path, "elsewhere.py", "changed = True\n")
    assert take_snapshot(project, blobs).uncommitted is None


def test_a_project_that_its_surrounding_repository_ignores_is_walked(
    tmp_path: Path, project: Path, blobs: LocalBlobs
) -> None:
    write(tmp_path, ".gitignore", "project/\nblobs/\n")
    commit_all(tmp_path)
    kept = take_snapshot(project, blobs)
    assert kept.commit is None
    assert tuple(kept.files) == ("lib/words.py", "pipeline.py", "trimtab.toml")


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
    assert tuple(kept.files) == (".gitignore", "lib/words.py", "notes/public.txt", "pipeline.py", "trimtab.toml")


@pytest.mark.parametrize("in_git", [True, False])
def test_the_projects_own_ignore_files_take_away_what_git_has(project: Path, blobs: LocalBlobs, in_git: bool) -> None:
    for name in ("notes/a.md", "notes/keep.md", "lib/drafts/x.py", "lib/x.tmp", "x.tmp", "reports/y.html"):
        write(project, name, "x")
    write(project, ".trimtabignore", "notes/*\n!notes/keep.md\n/reports/\n")
    write(project, "lib/.trimtabignore", "drafts/\n*.tmp\n")
    write(project, "lib/nothing/.trimtabignore", "")
    if in_git:
        commit_all(project)
    kept = take_snapshot(project, blobs)
    own = {".trimtabignore", "lib/.trimtabignore", "lib/nothing/.trimtabignore"}
    assert set(kept.files) - own == {"lib/words.py", "notes/keep.md", "pipeline.py", "trimtab.toml", "x.tmp"}
    assert look_at_source(project)[0] == set(kept.files)


def test_an_ignore_file_cannot_bring_back_what_git_ignores(project: Path, blobs: LocalBlobs) -> None:
    write(project, ".gitignore", "*.log\n")
    write(project, ".trimtabignore", "!run.log\n")
    write(project, "run.log", "x")
    assert "run.log" not in take_snapshot(project, blobs).files
    git(project, "init", "--quiet")
    assert "run.log" not in take_snapshot(project, blobs).files


@pytest.mark.parametrize("in_git", [True, False])
def test_an_environment_under_any_name_is_no_source(project: Path, blobs: LocalBlobs, in_git: bool) -> None:
    for name in ("env311/pyvenv.cfg", "env311/bin/activate", "env311/lib/python3.11/site-packages/x.py"):
        write(project, name, "x")
    if in_git:
        git(project, "init", "--quiet")
    assert tuple(take_snapshot(project, blobs).files) == ("lib/words.py", "pipeline.py", "trimtab.toml")


@pytest.mark.parametrize("in_git", [True, False])
def test_what_is_no_file_is_not_read(project: Path, blobs: LocalBlobs, in_git: bool) -> None:
    os.mkfifo(project / "pipe")
    (project / "nowhere.py").symlink_to("not/there")
    (project / "round.py").symlink_to("round.py")
    (project / "folder").symlink_to("lib")
    if in_git:
        git(project, "init", "--quiet")
    kept = take_snapshot(project, blobs)
    assert tuple(kept.files) == ("lib/words.py", "pipeline.py", "trimtab.toml")
    assert kept.left_out["folder"] == "a repository of its own, or a link to a folder"
    assert kept.left_out["nowhere.py"] == kept.left_out["round.py"] == "a link that leads nowhere"


def test_names_that_are_not_text_to_git_are_files_as_any_other(project: Path, blobs: LocalBlobs) -> None:
    for name in ('quo"te.py', "tab\there.py", "ümlaut.py", "-n.py", "sp ace.py"):
        write(project, name, "x = 1\n")
    commit_all(project)
    write(project, 'quo"te.py', "x = 2\n")
    write(project, "ümlaut.py", "x = 2\n")
    kept = take_snapshot(project, blobs)
    assert {'quo"te.py', "tab\there.py", "ümlaut.py", "-n.py", "sp ace.py"} < set(kept.files)
    assert kept.uncommitted is not None
    assert blobs.has(kept.uncommitted)


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
    assert told_left_out(kept) == (
        "notes.bin is not kept with the source: 1.0 MiB; over 1 MiB counts as data",
        "outside.py is not kept with the source: a link that leads out of the project",
    )


def test_a_source_that_is_kept_whole_leaves_nothing_to_be_told(project: Path, blobs: LocalBlobs) -> None:
    assert told_left_out(take_snapshot(project, blobs)) == ()


def test_of_many_files_that_are_left_out_the_first_are_named_and_the_rest_counted(
    project: Path, blobs: LocalBlobs, tmp_path: Path
) -> None:
    for number in range(7):
        (project / f"link-{number}").symlink_to(tmp_path / "nowhere")
    lines = told_left_out(take_snapshot(project, blobs))
    assert [line.split()[0] for line in lines[:5]] == [f"link-{number}" for number in range(5)]
    assert lines[5:] == ("2 more files are not kept with the source",)


def test_a_patch_that_is_not_kept_is_told(project: Path, blobs: LocalBlobs) -> None:
    write(project, "rows.csv", "a\n1\n")
    commit_all(project)
    write(project, "rows.csv", "a\n2\n")
    (line,) = told_left_out(take_snapshot(project, blobs, data="*.csv"))
    why = "it has changes of rows.csv, which is not part of the source; its digest alone is recorded"
    assert line == f"the difference from the commit is not kept: {why}"


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
        ("query.py", "url = 'postgresql://" + "user:secret@host/db'\n", "query.py:1"),
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


def test_what_an_earlier_snapshot_holds_is_not_looked_through_again_and_all_else_is(
    project: Path, blobs: LocalBlobs
) -> None:
    line = "token = '" + "ghp_" + "a1" * 18 + "'"
    write(project, "settings.py", f"{line}  # trimtab: not a secret\n")
    before = take_snapshot(project, blobs).digest
    assert take_snapshot(project, blobs, before=before).digest == before
    for nothing in (Digest("sha256:" + "0" * 64), blobs.put(b"no tree")):
        assert take_snapshot(project, blobs, before=nothing).digest == before
    write(project, "settings.py", f"{line}\n")
    with pytest.raises(CredentialInSourceError, match="a GitHub token"):
        take_snapshot(project, blobs, before=before)
    write(project, "settings.py", "")
    write(project, ".env", (project / "pipeline.py").read_bytes())
    with pytest.raises(CredentialInSourceError, match="environment variables"):
        take_snapshot(project, blobs, before=before)


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
