"""Markers mean here what they mean to the reference implementation (`packaging`, which the tests' tools bring)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from packaging.markers import Marker

from trimtab.release.requirements import holds

VERSIONS = st.sampled_from(["2.7", "3.9", "3.11", "3.12", "3.12.4", "3.14", "4"])
COMPARISONS = st.one_of(
    st.tuples(
        st.sampled_from(["python_version", "python_full_version"]),
        st.sampled_from(["<", "<=", ">", ">=", "==", "!="]),
        VERSIONS,
    ),
    st.tuples(st.just("python_full_version"), st.just("~="), st.sampled_from(["3.9", "3.12.1", "3.12.9"])),
    st.tuples(st.just("python_full_version"), st.sampled_from(["==", "!="]), st.sampled_from(["3.12.*", "3.*", "2.*"])),
    st.tuples(
        st.sampled_from(["sys_platform", "platform_system", "extra"]),
        st.sampled_from(["==", "!=", "in", "not in"]),
        st.sampled_from(["linux", "Linux", "win32", "linux darwin", "test"]),
    ),
).map(lambda parts: f"{parts[0]} {parts[1]} '{parts[2]}'")
MARKERS = st.recursive(
    COMPARISONS,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(" ".join), inner.map(lambda marker: f"({marker})")
    ),
    max_leaves=6,
)
ENVIRONMENT = {
    "python_version": "3.12",
    "python_full_version": "3.12.4",
    "sys_platform": "linux",
    "platform_system": "Linux",
}


@given(MARKERS, st.sampled_from(["", "test", "linux"]))
def test_a_marker_is_as_true_as_packaging_says(marker: str, extra: str) -> None:
    variables = ENVIRONMENT | {"extra": extra}
    assert holds(marker, variables) == Marker(marker).evaluate(variables)
