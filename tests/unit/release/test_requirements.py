"""Locks are read as installers read them, and every difference is named."""

from __future__ import annotations

import pytest

from trimtab.base.errors import InputError
from trimtab.release.requirements import holds, lock_difference, normalised, parse_requirement, same_version

LINUX = {"python_version": "3.12", "python_full_version": "3.12.4", "sys_platform": "linux", "extra": ""}
LOCK = """\
# made by uv
--index-url https://packages.example/simple
numpy==2.4.6 \\
    --hash=sha256:aa \\
    --hash=sha256:bb
    # via scikit-learn
Scikit_Learn==1.9.1 ; python_version >= "3.12"  # the model
scikit-learn==1.7.0 ; python_version < "3.12"
colorama==0.4.6 ; sys_platform == 'win32'
"""


def test_a_matching_environment_has_no_difference() -> None:
    assert lock_difference(LOCK, {"numpy": "2.4.6", "scikit-learn": "1.9.1", "ruff": "1"}, LINUX) == ()


def test_every_difference_is_a_sentence() -> None:
    found = lock_difference(LOCK, {"scikit-learn": "1.9.0"}, LINUX, used={"scikit-learn": "1.9.0", "lightgbm": "4.7.0"})
    assert found == (
        "numpy is not installed, 2.4.6 in the lock",
        "scikit-learn 1.9.0 is installed, 1.9.1 in the lock",
        "lightgbm 4.7.0 is used and not in the lock",
    )


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("numpy>=2", r"lock\.txt:3: numpy is not pinned to one version"),
        ("numpy", "numpy is not pinned"),
        ("numpy==2.*", "numpy is not pinned"),
        ("-r base.txt", "refers to another file or folder: '-r base.txt'"),
        ("-e .", "refers to another file or folder"),
        ("== 3", "'== 3' is not a requirement"),
        ("a==1; python_version", "'python_version' is not an environment marker"),
        ("a==1; weather == 'sunny'", "is not an environment marker"),
        ("a==1; python_version > '3' or", "is not an environment marker"),
        ("a==1; (python_version > '3'", "is not an environment marker"),
        ("a==1; python_version > '3' '4'", "is not an environment marker"),
    ],
)
def test_what_is_no_lock_is_refused_with_its_line(line: str, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        lock_difference(f"# one\npolars==2.1.0\n{line}\n", {}, LINUX, at="lock.txt")


def test_requirements_are_read_with_extras_and_markers() -> None:
    read = parse_requirement("Narwhals[Pandas, dask] (==2.29.0) ; extra == 'x'")
    assert (read.name, read.extras, read.pin, read.marker) == ("narwhals", ("pandas", "dask"), "2.29.0", "extra == 'x'")
    assert parse_requirement("thing @ https://example.org/thing.whl ; python_version > '3'").pin == ""
    assert normalised("Foo._-Bar") == "foo-bar"


@pytest.mark.parametrize(
    ("marker", "value"),
    [
        ("", True),
        ("python_version >= '3.9'", True),
        ("python_version < '3.9'", False),
        ("'3.9' <= python_version", True),
        ("python_full_version == '3.12.*'", True),
        ("python_full_version != '3.11.*'", True),
        ("python_full_version ~= '3.12.1'", True),
        ("python_version ~= '3.13'", False),
        ("sys_platform in 'linux darwin'", True),
        ("sys_platform not   in 'win32'", True),
        ("extra == 'test'", False),
        ("python_version < '3' and sys_platform == 'linux' or sys_platform == 'linux'", True),
        ("python_version < '3' and (sys_platform == 'linux' or sys_platform == 'linux')", False),
        ("sys_platform === 'linux'", True),
        ("sys_platform ~= 'linux'", False),
    ],
)
def test_markers_are_evaluated(marker: str, value: bool) -> None:
    assert holds(marker, LINUX) is value


def test_versions_are_the_same_across_trailing_zeros_and_local_builds() -> None:
    assert same_version("2.0", "2.0.0")
    assert same_version("2.1.0+cpu", "2.1.0")
    assert not same_version("2.1.0", "2.1.0+cpu")
    assert not same_version("2.10", "2.1")
    assert same_version("1.0rc1", "1.0rc1")
    assert not same_version("1.0rc1", "1.0")
