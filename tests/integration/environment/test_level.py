"""A lock holds the environment, refuses it, or is not there; nothing in between."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from tests.integration.environment.small import SmallEnvironment, make_project, make_wheel, new_environment, sha256
from trimtab.base.digest import digest_bytes
from trimtab.base.errors import EnvironmentMismatchError, InputError
from trimtab.drivers.environment import Libraries, environment_level, find_locks
from trimtab.records.environment import Level, Lock
from trimtab.release.locks.value import LockFileError

HASH = "0" * 64


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> SmallEnvironment:
    folder = tmp_path_factory.mktemp("environment")
    made = new_environment(folder / "environment")
    made.install(
        make_wheel(folder / "wheels", "Upper.Case", "1.0", requires=["lower>=1"], files={"upper.py": ""}),
        make_wheel(folder / "wheels", "lower", "1.0rc1"),
    )
    return made


def pylock(*entries: tuple[str, str], head: str = "", hashes: str = f'sha256 = "{HASH}"') -> str:
    packages = "".join(
        f'[[packages]]\nname = "{name}"\nversion = "{version}"\n'
        f'wheels = [{{ url = "https://files.example/{name.replace("-", "_")}-{version}-py3-none-any.whl", '
        f"hashes = {{ {hashes} }} }}]\n"
        for name, version in entries
    )
    return f'lock-version = "1.0"\ncreated-by = "test"\n{head}\n{packages}'


def level(
    environment: SmallEnvironment, root: Path, *, named: str | None = None, libraries: Libraries | None = None
) -> tuple[Level, Lock | None]:
    asked = libraries or environment.libraries()
    path = PurePosixPath(named) if named else None
    return environment_level(root, asked.behind(["upper"]), libraries=asked, named=path)


def test_without_a_lock_the_environment_is_observed(environment: SmallEnvironment, tmp_path: Path) -> None:
    assert level(environment, tmp_path) == (Level.OBSERVED, None)


def test_a_lock_that_agrees_is_in_the_record(environment: SmallEnvironment, tmp_path: Path) -> None:
    text = pylock(("upper-case", "1.0"), ("lower", "1.0.RC1"), ("unused", "3"))
    (tmp_path / "pylock.toml").write_text(text)
    lock = Lock(kind="pylock.toml", path="pylock.toml", content=digest_bytes(text.encode()))
    assert level(environment, tmp_path) == (Level.LOCKED, lock)


def test_every_difference_is_named_with_the_command_that_repairs(environment: SmallEnvironment, tmp_path: Path) -> None:
    (tmp_path / "pylock.toml").write_text(pylock(("upper-case", "1.1")))
    with pytest.raises(
        EnvironmentMismatchError,
        match=r"lower 1\.0rc1 is used and not in the lock; upper-case 1\.0 is installed, 1\.1 in the lock"
        r"(.|\n)*uv pip sync pylock\.toml(.|\n)*trimtab env freeze",
    ):
        level(environment, tmp_path)


@pytest.mark.parametrize("hashes", ["", f'md5 = "{HASH}"'])
def test_a_lock_without_strong_hashes_holds_nothing(environment: SmallEnvironment, tmp_path: Path, hashes: str) -> None:
    (tmp_path / "pylock.toml").write_text(pylock(("upper-case", "1.0"), ("lower", "1.0rc1"), hashes=hashes))
    with pytest.raises(EnvironmentMismatchError, match="lower has no hash in the lock; upper-case has no hash"):
        level(environment, tmp_path)


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ('requires-python = ">=4"', "the lock is for Python >=4, and this is 3"),
        ("environments = [\"sys_platform == 'none'\"]", "none of its environments is this one"),
    ],
)
def test_a_lock_for_elsewhere_refuses(environment: SmallEnvironment, tmp_path: Path, head: str, said: str) -> None:
    (tmp_path / "pylock.toml").write_text(pylock(("upper-case", "1.0"), ("lower", "1.0rc1"), head=head))
    with pytest.raises(EnvironmentMismatchError, match=said):
        level(environment, tmp_path)


def test_a_lock_without_a_wheel_for_this_machine_refuses(environment: SmallEnvironment, tmp_path: Path) -> None:
    text = pylock(("upper-case", "1.0"), ("lower", "1.0rc1")).replace(
        "lower-1.0rc1-py3-none-any", "lower-1.0rc1-cp27-cp27m-win32"
    )
    (tmp_path / "pylock.toml").write_text(text)
    with pytest.raises(EnvironmentMismatchError, match="no file of lower for this machine"):
        level(environment, tmp_path)


def test_the_first_lock_found_counts_and_the_others_are_told(environment: SmallEnvironment, tmp_path: Path) -> None:
    hashed = f"upper-case==1.0 --hash=sha256:{HASH}\nlower==1.0rc1 \\\n    --hash=sha256:{HASH}\n"
    (tmp_path / "requirements.txt").write_text(hashed)
    (tmp_path / "requirements-dev.txt").write_text("pytest\n")
    found = level(environment, tmp_path)[1]
    assert found is not None
    assert (found.kind, found.path) == ("requirements", "requirements.txt")
    uv = "".join(
        f'[[package]]\nname = "{name}"\nversion = "{version}"\nsource = {{ registry = "https://index.example" }}\n'
        f'wheels = [{{ url = "https://files.example/{name}-{version}-py3-none-any.whl", hash = "sha256:{HASH}" }}]\n'
        for name, version in (("upper-case", "1.0"), ("lower", "1.0rc1"))
    )
    (tmp_path / "uv.lock").write_text(f'version = 1\nrequires-python = ">=3.11"\n{uv}')
    found = level(environment, tmp_path)[1]
    assert found is not None
    assert found.path == "uv.lock"
    (tmp_path / "pylock.toml").write_text(pylock(head="packages = []"))
    assert [lock.path for lock in find_locks(tmp_path)] == ["pylock.toml", "uv.lock", "requirements.txt"]
    with pytest.raises(EnvironmentMismatchError, match=r"differs from pylock\.toml"):
        level(environment, tmp_path)
    found = level(environment, tmp_path, named="requirements.txt")[1]
    assert found is not None
    assert found.path == "requirements.txt"


def test_several_hashed_requirements_files_have_to_be_chosen_from(
    environment: SmallEnvironment, tmp_path: Path
) -> None:
    for name in ("requirements-a.txt", "requirements-b.txt"):
        (tmp_path / name).write_text(f"lower==1.0rc1 --hash=sha256:{HASH}\n")
    with pytest.raises(InputError, match=r"several locks: requirements-a\.txt, requirements-b\.txt"):
        level(environment, tmp_path)


def test_requirements_without_hashes_are_no_lock(environment: SmallEnvironment, tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("upper-case==7\n")
    assert level(environment, tmp_path) == (Level.OBSERVED, None)


def test_pins_without_hashes_hold_where_the_project_names_them(environment: SmallEnvironment, tmp_path: Path) -> None:
    (tmp_path / "pins.txt").write_text("upper-case==1.0\nlower==1.0rc1\n")
    assert level(environment, tmp_path, named="pins.txt") == (Level.OBSERVED, None)
    (tmp_path / "pins.txt").write_text("upper-case==7\nlower==1.0rc1\n")
    with pytest.raises(EnvironmentMismatchError, match=r"upper-case 1\.0 is installed, 7 in the lock"):
        level(environment, tmp_path, named="pins.txt")


def test_half_hashed_requirements_are_refused_line_by_line(environment: SmallEnvironment, tmp_path: Path) -> None:
    text = f"upper-case==1.0 --hash=sha256:{HASH}\nlower==1.0rc1\n-e ./mine\nother>=2 --hash=sha256:{HASH}\n"
    (tmp_path / "requirements.txt").write_text(text)
    with pytest.raises(
        LockFileError, match=r"line 2: lower has no hash; line 3: '-e \./mine' is a folder.*line 4: other"
    ):
        level(environment, tmp_path)


def test_a_named_lock_that_is_not_there_is_refused(environment: SmallEnvironment, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot be read(.|\n)*\[pipeline\] lock"):
        level(environment, tmp_path, named="gone.toml")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("not toml", "not TOML"),
        ('lock-version = "2.0"\ncreated-by = "x"\npackages = []', r"of version 2\.0"),
        ('lock-version = "1.0"\ncreated-by = "x"', "packages must be there"),
        ('lock-version = "1.0"\n[[packages]]\nversion = "1"', "name must be a text"),
        ('lock-version = "1.0"\n[[packages]]\nname = "lower"\nversion = "1"', "must come from one of"),
        ('lock-version = "1.0"\n[[packages]]\nname = "lower"\nmarker = 5\nvcs = {}', "marker must be a text"),
    ],
)
def test_a_broken_lock_is_refused_and_never_passed_over(
    environment: SmallEnvironment, tmp_path: Path, text: str, said: str
) -> None:
    (tmp_path / "pylock.toml").write_text(text)
    with pytest.raises(LockFileError, match=said):
        level(environment, tmp_path)


def test_an_editable_install_is_held_by_no_hash_of_a_wheel(tmp_path: Path) -> None:
    environment = new_environment(tmp_path / "environment")
    environment.install_editable(make_project(tmp_path / "mine", "mine", "0.1", "A = 1\n"))
    libraries = environment.libraries()
    (tmp_path / "pylock.toml").write_text(pylock(("mine", "0.1")))
    with pytest.raises(EnvironmentMismatchError, match="mine is an editable install, whose files the lock does not"):
        environment_level(tmp_path, libraries.behind(["mine"]), libraries=libraries)


def test_a_path_in_a_lock_has_no_hash(environment: SmallEnvironment, tmp_path: Path) -> None:
    text = (
        pylock(("upper-case", "1.0"))
        + '[[packages]]\nname = "lower"\ndirectory = { path = "../lower", editable = true }\n'
    )
    (tmp_path / "pylock.toml").write_text(text)
    with pytest.raises(EnvironmentMismatchError, match=r"lower comes from the folder \.\./lower in the lock"):
        level(environment, tmp_path)


def test_files_other_than_those_that_were_locked_refuse(environment: SmallEnvironment, tmp_path: Path) -> None:
    used = environment.libraries().behind(["upper"])
    tool = f'[packages.tool.trimtab]\nrecords = ["{used["lower"].record}"]\n'
    (tmp_path / "pylock.toml").write_text(pylock(("upper-case", "1.0"), ("lower", "1.0rc1")) + tool)
    assert level(environment, tmp_path)[0] is Level.LOCKED
    other = tool.replace(str(used["lower"].record), f"sha256:{HASH}")
    (tmp_path / "pylock.toml").write_text(pylock(("upper-case", "1.0"), ("lower", "1.0rc1")) + other)
    with pytest.raises(EnvironmentMismatchError, match=r"lower 1\.0rc1 is installed, but its files are not those"):
        level(environment, tmp_path)


def test_what_agreed_is_remembered_until_anything_changes(environment: SmallEnvironment, tmp_path: Path) -> None:
    index, lock = tmp_path / "libraries", tmp_path / "pylock.toml"
    text = pylock(("upper-case", "1.0"), ("lower", "1.0rc1"))
    lock.write_text(text)
    assert level(environment, tmp_path, libraries=environment.libraries(index))[0] is Level.LOCKED
    again = environment.libraries(index)
    assert level(environment, tmp_path, libraries=again)[0] is Level.LOCKED
    lock.write_text(text.replace("1.0rc1", "1.0rc2"))
    with pytest.raises(EnvironmentMismatchError, match=r"lower 1\.0rc1 is installed, 1\.0rc2 in the lock"):
        level(environment, tmp_path, libraries=environment.libraries(index))


def test_a_real_wheel_and_its_hash_agree(environment: SmallEnvironment, tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path, "lower", "1.0rc1")
    (tmp_path / "requirements.txt").write_text(f"lower==1.0rc1 --hash=sha256:{sha256(wheel)}\n")
    libraries = environment.libraries()
    assert environment_level(tmp_path, libraries.behind(["lower"]), libraries=libraries)[0] is Level.LOCKED
