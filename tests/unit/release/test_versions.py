"""Versions have one spelling and one order; they are those of the reference implementation."""

from __future__ import annotations

import pytest
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_version
from packaging.version import Version

from trimtab.release.versions import canonical_version, is_version, satisfies, specifiers_of

VERSIONS = [
    "1", "1.0", "1.0.0", "1.0a1", "1.0.dev1", "1.0a1.dev2", "1.0rc1", "1.0.post1", "1.0.post1.dev3", "1!0.5", "2.0",
    "2.0+cpu", "2.0+cpu.1", "1.10", "1.9", "2.0.1", "3.11.7", "1.0-1", "v1.0", "1.0.RC2", "1.0b2.post1",
    "2026.10.19.post1", "0.0.1.dev20240101",
]  # fmt: skip


@pytest.mark.parametrize("version", VERSIONS)
def test_a_version_is_spelt_as_the_reference_spells_it(version: str) -> None:
    assert canonical_version(version) == canonicalize_version(version)


def test_what_is_no_version_is_left_as_it_is() -> None:
    assert canonical_version(" weird-1 ") == "weird-1"


@pytest.mark.parametrize("operator", ["==", "!=", "<=", ">=", "<", ">", "~="])
@pytest.mark.parametrize("version", VERSIONS)
def test_specifiers_hold_where_the_reference_says_so(version: str, operator: str) -> None:
    for other in VERSIONS:
        try:
            reference = SpecifierSet(operator + other, prereleases=True)
        except InvalidSpecifier:
            continue
        if operator == "~=" and len(Version(other).release) < 2:
            continue
        assert satisfies(version, operator + other) == (Version(version) in reference), (version, operator, other)


@pytest.mark.parametrize("wild", ["==1.*", "!=1.0.*", "==3.11.*", "==1.0.*", "==1.0.0.*"])
@pytest.mark.parametrize("version", VERSIONS)
def test_wildcards_hold_where_the_reference_says_so(version: str, wild: str) -> None:
    assert satisfies(version, wild) == (Version(version) in SpecifierSet(wild, prereleases=True))


def test_several_specifiers_have_to_hold_together() -> None:
    assert satisfies("2.4", ">=2.1, <3")
    assert satisfies("2.4", "(>=2.1,<3)")
    assert satisfies("2.4", "")
    assert not satisfies("3.0", ">=2.1,<3")
    assert not satisfies("2.4", "about 2")


@pytest.mark.parametrize(
    ("line", "specifiers"),
    [
        ("numpy>=2.1", ">=2.1"),
        ('uvloop >=0.21,<1 ; sys_platform != "win32"', ">=0.21,<1"),
        ("pandera[polars, io] (>=0.24)", ">=0.24"),
        ("plain", ""),
    ],
)
def test_a_requirements_specifiers_are_taken_out_of_its_line(line: str, specifiers: str) -> None:
    assert specifiers_of(line) == specifiers


def test_a_local_part_counts_unless_it_was_left_open() -> None:
    assert is_version("2.0+cpu", "2.0", any_local=True)
    assert not is_version("2.0+cpu", "2.0")
    assert not is_version("2.0+cpu", "2.0+cu126", any_local=True)
    assert is_version("1.0.0-RC1", "1.0rc1")
