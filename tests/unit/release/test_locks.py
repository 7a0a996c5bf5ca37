"""Locks of three kinds are read as one value, and what of them is for an interpreter is chosen."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping

import pytest
from packaging.pylock import Pylock

from trimtab.base.digest import Digest
from trimtab.records.environment import Package
from trimtab.release.locks.agreement import lock_differences
from trimtab.release.locks.choosing import Choice, choose
from trimtab.release.locks.hashed import read_hashed
from trimtab.release.locks.pylock import name_in, read_pylock, write_pylock
from trimtab.release.locks.reading import kind_of, read_lock
from trimtab.release.locks.uv_lock import read_uv_lock
from trimtab.release.locks.value import LockedFile, LockedPackage, LockFileError
from trimtab.release.wheel_name import Interpreter

A, B = "a" * 64, "b" * 64
LINUX = Interpreter(implementation="cpython", major=3, minor=11, system="linux", machine="x86_64")
VARIABLES = {
    "extra": "", "implementation_name": "cpython", "implementation_version": "3.11.7", "os_name": "posix",
    "platform_machine": "x86_64", "platform_python_implementation": "CPython", "platform_release": "6.1",
    "platform_system": "Linux", "platform_version": "1", "python_full_version": "3.11.7", "python_version": "3.11",
    "sys_platform": "linux",
}  # fmt: skip
HEAD = 'lock-version = "1.0"\ncreated-by = "test"\n'


def entry(name: str, version: str, more: str = "") -> str:
    file = f'name = "{name}-{version}-py3-none-any.whl", url = "https://files.example/x"'
    wheel = f'{{ {file}, hashes = {{ sha256 = "{A}" }} }}'
    return f'[[packages]]\nname = "{name}"\nversion = "{version}"\n{more}\nwheels = [{wheel}]\n'


def pylock(text: str, head: str = "") -> Choice:
    return choose(read_pylock((HEAD + head + "\n" + text).encode()), VARIABLES)


def versions(choice: Choice) -> Mapping[str, str]:
    return {name: package.version for name, package in choice.packages.items()}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("pylock.toml", "pylock.toml"), ("pylock.prod.toml", "pylock.toml"), ("pylock.a.b.toml", "requirements"),
        ("uv.lock", "uv.lock"), ("requirements.txt", "requirements"), ("deps.lock", "requirements"),
    ],
)  # fmt: skip
def test_the_kind_of_a_lock_is_told_by_its_name(name: str, kind: str) -> None:
    assert kind_of(name) == kind


# ── pylock.toml ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_entries_whose_marker_does_not_hold_are_not_for_this_interpreter() -> None:
    text = entry("one", "1", "marker = \"sys_platform == 'win32'\"") + entry(
        "One.B", "2", "marker = \"python_version > '3'\""
    )
    assert versions(pylock(text)) == {"one-b": "2"}


def test_one_package_in_two_versions_is_told_apart_by_markers_or_refused() -> None:
    old, new = "marker = \"python_version < '3.10'\"", "marker = \"python_version >= '3.10'\""
    assert versions(pylock(entry("one", "1", old) + entry("one", "2", new))) == {"one": "2"}
    assert pylock(entry("one", "1") + entry("one", "2")).problems == ("the lock has one in two versions here: 1 and 2",)


def test_extras_and_groups_are_sets_of_which_the_default_ones_are_installed() -> None:
    text = (
        entry("group-default", "1", "marker = \"'main' in dependency_groups\"")
        + entry("group-other", "1", "marker = \"'dev' in dependency_groups\"")
        + entry("with-extra", "1", "marker = \"'x' in extras and python_version > '3'\"")
        + entry("without-extra", "1", "marker = \"'x' not in extras\"")
    )
    head = 'default-groups = ["main", "dev-more"]\nextras = ["x"]\ndependency-groups = ["main", "dev"]'
    assert versions(pylock(text, head)) == {"group-default": "1", "without-extra": "1"}


def test_a_lock_or_an_entry_for_another_python_or_machine_says_so() -> None:
    assert pylock(entry("one", "1"), 'requires-python = ">=3.12"').problems == (
        "the lock is for Python >=3.12, and this is 3.11.7",
    )
    assert pylock(entry("one", "1"), "environments = [\"sys_platform == 'win32'\"]").problems == (
        "the lock is for other machines: none of its environments is this one",
    )
    assert pylock(entry("one", "1", 'requires-python = "<3"')).problems == ("one in the lock is for Python <3",)


def test_what_is_written_is_read_again_and_valid_by_the_reference() -> None:
    file = LockedFile(name='o"ne-1-py3-none-any.whl', hashes=(f"sha256:{A}",), path=".trimtab/wheels/ö.whl", size=5)
    packages = [
        LockedPackage(
            name="two",
            version="2",
            files=(
                LockedFile(
                    name="two-2-py3-none-any.whl",
                    hashes=(f"sha256:{B}",),
                    url="https://files.example/two-2-py3-none-any.whl",
                    size=7,
                ),
            ),
        ),
        LockedPackage(name="one", version="1", files=(file,), records=(Digest(f"sha256:{B}"),)),
    ]
    content = write_pylock(packages, python="3.11")
    assert content == write_pylock(reversed(packages), python="3.11")
    read = read_pylock(content)
    assert [package.name for package in read.packages] == ["one", "two"]
    assert read.packages[0].files == (file,)
    assert read.packages[0].records == (f"sha256:{B}",)
    assert read.requires_python == "==3.11.*"
    content = write_pylock(packages[:1], python="3.11")
    Pylock.from_dict(tomllib.loads(content.decode())).validate()


@pytest.mark.parametrize(
    ("place", "name"),
    [
        ("https://files.example/a/b-1%2Bcpu-py3-none-any.whl?x=1#sha256=2", "b-1+cpu-py3-none-any.whl"),
        (".trimtab/wheels/b-1-py3-none-any.whl", "b-1-py3-none-any.whl"),
        ("wheels\\b.whl", "b.whl"),
    ],
)
def test_a_files_name_is_the_end_of_its_address(place: str, name: str) -> None:
    assert name_in(place) == name


# ── uv.lock ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def uv_package(name: str, version: str, *more: str) -> str:
    wheel = f'url = "https://files.example/{name}-{version}-py3-none-any.whl", hash = "sha256:{A}", size = 1'
    head = [
        "[[package]]",
        f'name = "{name}"',
        f'version = "{version}"',
        'source = { registry = "https://index.example" }',
    ]
    return "\n".join([*head, f"wheels = [{{ {wheel} }}]", *more, ""])


UPPER = uv_package(
    "upper",
    "1",
    'dependencies = [{ name = "lower" }]',
    "[package.optional-dependencies]",
    'fast = [{ name = "speed" }]',
    'slow = [{ name = "nobody" }]',
)
FORKED = (
    uv_package("forked", "1.0", "resolution-markers = [\"python_full_version < '3.12'\"]"),
    uv_package("forked", "2.0", "resolution-markers = [\"python_full_version >= '3.12'\"]"),
)
UV = f"""\
version = 1
revision = 3
requires-python = ">=3.11"

[[package]]
name = "project"
version = "0.1"
source = {{ editable = "." }}
dependencies = [
    {{ name = "upper", extra = ["fast"] }},
    {{ name = "windows", marker = "sys_platform == 'win32'" }},
    {{ name = "forked", version = "1.0", marker = "python_full_version < '3.12'" }},
    {{ name = "forked", version = "2.0", marker = "python_full_version >= '3.12'" }},
    {{ name = "folder" }},
]

[package.optional-dependencies]
x = [{{ name = "of-extra" }}]

[package.dev-dependencies]
dev = [{{ name = "of-group" }}]

[[package]]
name = "folder"
version = "3"
source = {{ directory = "../folder" }}

{UPPER}{"".join(FORKED)}
{uv_package("lower", "1")}{uv_package("speed", "1")}{uv_package("nobody", "1")}{uv_package("windows", "1")}
{uv_package("of-extra", "1")}{uv_package("of-group", "1")}
"""


def test_a_graph_is_walked_from_the_project_with_its_extras_and_groups() -> None:
    choice = choose(read_uv_lock(UV.encode()), VARIABLES)
    assert choice.problems == ()
    assert versions(choice) == {
        "upper": "1", "lower": "1", "speed": "1", "forked": "1.0", "folder": "3", "of-extra": "1", "of-group": "1",
    }  # fmt: skip
    assert choice.packages["folder"].unhashed == "the folder ../folder"
    later = choose(read_uv_lock(UV.encode()), VARIABLES | {"python_full_version": "3.13.0", "python_version": "3.13"})
    assert versions(later)["forked"] == "2.0"


def test_a_repository_has_no_hash_and_an_address_is_kept() -> None:
    text = (
        'version = 1\n[[package]]\nname = "one"\nversion = "1"\nsource = { git = "https://git.example/one#abc" }\n'
        '[[package]]\nname = "two"\nversion = "1"\nsource = { url = "https://files.example/two-1-py3-none-any.whl" }\n'
        f'wheels = [{{ url = "https://files.example/two-1-py3-none-any.whl", hash = "sha256:{A}" }}]\n'
    )
    packages = choose(read_uv_lock(text.encode()), VARIABLES).packages
    assert packages["one"].unhashed == "a repository"
    assert packages["two"].direct == "https://files.example/two-1-py3-none-any.whl"
    assert packages["two"].hashes == {f"sha256:{A}"}


def test_an_unknown_version_of_the_format_is_refused() -> None:
    with pytest.raises(LockFileError, match=r"of version 2; known is 1"):
        read_uv_lock(b"version = 2\n")


# ── requirements with hashes ─────────────────────────────────────────────────────────────────────────────────────────


HASHED = f"""\
# made by a tool
--index-url https://index.example/simple
One.Package[extra]==1.0 ; python_version >= "3" \\
    --hash=sha256:{A} \\
    --hash=sha256:{B}
    # via something
windows==2.0 ; sys_platform == "win32" --hash=sha256:{A}
direct @ https://files.example/direct-3.0-py3-none-any.whl --hash=sha256:{A}
within @ https://files.example/within-4.0-py3-none-any.whl#sha256={B}
"""


def test_hashed_lines_are_pins_with_their_hashes() -> None:
    locked = read_hashed(HASHED.encode())
    assert locked is not None
    packages = choose(locked, VARIABLES).packages
    assert {name: (each.version, sorted(each.hashes)) for name, each in packages.items()} == {
        "one-package": ("1.0", [f"sha256:{A}", f"sha256:{B}"]),
        "direct": ("3.0", [f"sha256:{A}"]),
        "within": ("4.0", [f"sha256:{B}"]),
    }
    assert packages["within"].direct == "https://files.example/within-4.0-py3-none-any.whl"


@pytest.mark.parametrize("text", ["", "# nothing\n", "one==1.0\n", "-r other.txt\none\n"])
def test_requirements_without_any_hash_are_no_lock(text: str) -> None:
    assert read_lock(text.encode(), "requirements") is None


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("two==2", "line 2: two has no hash"),
        (f"two --hash=sha256:{A}", "line 2: two is not pinned"),
        (f"two>=1 --hash=sha256:{A}", "line 2: two is not pinned"),
        ("two==2 --hash=md5:abc", "line 2: two has no hash"),
        ("./two", "line 2: './two' is a folder"),
        ("two @ https://files.example/two.whl", "line 2: two comes from an address and has no hash"),
        ("???", "line 2: '[?]{3}' is not a requirement"),
        ("-r other.txt", "refers to another file"),
    ],
)
def test_a_line_without_a_pin_or_a_hash_is_named(line: str, said: str) -> None:
    with pytest.raises(LockFileError, match=said):
        read_hashed(f"one==1 --hash=sha256:{A}\n{line}\n".encode())


# ── agreement ────────────────────────────────────────────────────────────────────────────────────────────────────────


def differences(package: LockedPackage, version: str = "1.0", *, editable: bool = False) -> tuple[str, ...]:
    choice = Choice(packages={"one": package}, problems=())
    used = {"one": Package(version=version, record=Digest(f"sha256:{A}"))}
    return lock_differences(choice, used, LINUX, editable=["one"] if editable else [])


def locked(version: str = "1.0", name: str = "one-1.0-py3-none-any.whl", **more: object) -> LockedPackage:
    file = LockedFile(name=name, hashes=(f"sha256:{A}",))
    return LockedPackage(name="one", version=version, files=(file,), **more)  # type: ignore[arg-type]


def test_a_package_agrees_by_version_hash_and_content() -> None:
    assert differences(locked()) == ()
    assert differences(locked("1.0.0")) == ()
    assert differences(locked("1.1")) == ("one 1.0 is installed, 1.1 in the lock",)
    assert differences(locked("1.0"), "1.0+cpu") == ("one 1.0+cpu is installed, 1.0 in the lock",)
    assert differences(locked("1.0", any_local=True), "1.0+cpu") == ()
    assert differences(locked(""))[0] == "the lock does not say the version of one"
    assert differences(LockedPackage(name="one", version="1.0")) == ("one has no hash in the lock",)
    assert differences(locked(records=(Digest(f"sha256:{A}"),))) == ()
    assert differences(locked(records=(Digest(f"sha256:{B}"),)))[0].endswith("its files are not those that were locked")
    assert differences(locked(name="one-1.0-cp311-cp311-win_amd64.whl"))[0].startswith("the lock has no file of one")
    assert differences(locked(name="one-1.0.tar.gz")) == ()


def test_an_editable_install_agrees_by_content_alone() -> None:
    assert differences(locked(), editable=True) == ("one is an editable install, whose files the lock does not hold",)
    assert differences(locked(records=(Digest(f"sha256:{A}"),)), editable=True) == ()
    assert differences(locked(records=(Digest(f"sha256:{B}"),)), editable=True)[0].endswith(
        "source is not what was locked"
    )


def test_a_folder_on_the_import_path_is_held_by_no_lock() -> None:
    choice = Choice(packages={}, problems=())
    assert lock_differences(choice, {"helper": Package(version="")}, LINUX) == (
        "helper is a folder on the import path and no package, which no lock can hold",
    )
