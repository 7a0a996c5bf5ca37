"""A package's list of files is read, and its digest is of what came with its wheel."""

from __future__ import annotations

import pytest

from trimtab.release.installed_files import Row, record_digest, record_rows, wheel_place
from trimtab.release.wheel_name import Interpreter, file_name, fits, parse_wheel_name

LINUX = Interpreter(implementation="cpython", major=3, minor=11, system="linux", machine="x86_64")
MAC = Interpreter(implementation="cpython", major=3, minor=11, system="darwin", machine="arm64")


def test_rows_are_read_with_quoted_commas() -> None:
    plain = "a.py,sha256=x,1\na-1.dist-info/RECORD,,\n"
    assert record_rows(plain) == [Row("a.py", "sha256=x", "1"), Row("a-1.dist-info/RECORD", "", "")]
    assert record_rows('"a, b.py",sha256=x,1\n') == [Row("a, b.py", "sha256=x", "1")]
    assert record_rows("not a row\n\n") == []


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("a/b.py", ("root", "a/b.py")),
        ("a-1.data/purelib/b.py", ("root", "b.py")),
        ("a-1.data/platlib/b.so", ("root", "b.so")),
        ("a-1.data/data/share/x", ("data", "share/x")),
        ("../../../share/x", ("data", "share/x")),
        ("a-1.data/headers/x.h", ("headers", "x.h")),
        ("../../../include/site/python3.11/a/x.h", ("headers", "x.h")),
        ("../../../include/site/python3.11/other/x.h", ("data", "include/site/python3.11/other/x.h")),
        ("a-1.data/scripts/run", ("scripts", "run")),
        ("../../../bin/run", ("scripts", "run")),
        ("a-1.data/data/bin/run", ("scripts", "run")),
        ("a-1.dist-info/METADATA", ("root", "a-1.dist-info/METADATA")),
        ("a-1.dist-info/licenses/RECORD", ("root", "a-1.dist-info/licenses/RECORD")),
    ],
)
def test_a_file_has_one_place_in_a_wheel_however_it_is_installed(path: str, place: tuple[str, str]) -> None:
    assert wheel_place(path, "a") == place


@pytest.mark.parametrize(
    "path",
    ["a/__pycache__/b.pyc", "a-1.dist-info/RECORD", "a-1.dist-info/INSTALLER", "a-1.dist-info/direct_url.json", "/x"],
)
def test_what_an_installer_makes_has_no_place_in_a_wheel(path: str) -> None:
    assert wheel_place(path, "a") is None


def test_the_digest_does_not_depend_on_order_and_installer_and_depends_on_content() -> None:
    wheel = [Row("a.py", "sha256=1", "1"), Row("a-1.data/data/share/x", "sha256=2", "1")]
    installed = [
        Row("../../../bin/a", "sha256=9", "1"), Row("../../../share/x", "sha256=2", "1"), Row("a.py", "sha256=1", "1"),
        Row("a-1.dist-info/INSTALLER", "sha256=3", "4"), Row("__pycache__/a.cpython-311.pyc", "", ""),
    ]  # fmt: skip
    assert record_digest(wheel, "a") == record_digest(installed, "a")
    assert record_digest(wheel, "a") != record_digest([wheel[0]], "a")
    assert record_digest(wheel, "a") != record_digest([Row("a.py", "sha256=7", "1"), wheel[1]], "a")


@pytest.mark.parametrize(
    ("name", "here"),
    [
        ("a-1-py3-none-any.whl", True),
        ("a-1-py2.py3-none-any.whl", True),
        ("a-1-py2-none-any.whl", False),
        ("a-1-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl", True),
        ("a-1-cp311-cp311-musllinux_1_2_x86_64.whl", True),
        ("a-1-cp311-cp311-manylinux_2_17_aarch64.whl", False),
        ("a-1-cp312-cp312-manylinux_2_17_x86_64.whl", False),
        ("a-1-cp38-abi3-manylinux_2_17_x86_64.whl", True),
        ("a-1-cp312-abi3-manylinux_2_17_x86_64.whl", False),
        ("a-1-pp311-pypy311_pp73-manylinux_2_17_x86_64.whl", True),  # leniently: the installer has the last word
        ("a-1-cp311-cp311-macosx_11_0_arm64.whl", False),
        ("a-1-cp311-cp311-win_amd64.whl", False),
    ],
)
def test_whether_a_wheel_may_be_for_linux_is_told_by_its_name(name: str, here: bool) -> None:
    wheel = parse_wheel_name(name)
    assert wheel is not None
    assert fits(wheel, LINUX) is here


@pytest.mark.parametrize(
    ("name", "here"),
    [
        ("a-1-cp311-cp311-macosx_11_0_arm64.whl", True),
        ("a-1-cp311-cp311-macosx_10_9_universal2.whl", True),
        ("a-1-cp311-cp311-macosx_10_9_x86_64.whl", False),
        ("a-1-cp311-cp311-manylinux_2_17_aarch64.whl", False),
    ],
)
def test_whether_a_wheel_may_be_for_macos_is_told_by_its_name(name: str, here: bool) -> None:
    wheel = parse_wheel_name(name)
    assert wheel is not None
    assert fits(wheel, MAC) is here


def test_a_wheels_name_is_written_as_it_is_read() -> None:
    tags = ("cp311-cp311-manylinux_2_17_x86_64", "cp311-cp311-manylinux2014_x86_64")
    name = file_name("Some.Package-x", "1.0", tags, build="0_ab")
    assert name == "some_package_x-1.0-0_ab-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl"
    parsed = parse_wheel_name(name)
    assert parsed is not None
    assert (parsed.name, parsed.version, parsed.build) == ("some-package-x", "1.0", "0_ab")
    assert parse_wheel_name("some.zip") is None
    assert parse_wheel_name("a-1.tar.gz") is None
