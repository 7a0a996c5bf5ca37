"""Calls of a command on one piece of the interpreter's stack."""

from __future__ import annotations

import resource

import pytest

from trimtab.cli.room import with_room


def test_no_depth_of_calls_costs_a_page_for_each_call() -> None:
    worst: list[int] = []
    with_room(lambda: worst.extend(pages_of_calls_at(depth) for depth in range(200)))()
    assert max(worst) < 200


def test_what_is_raised_comes_through() -> None:
    def broken() -> None:
        raise ValueError("as it is")

    with pytest.raises(ValueError, match="as it is"):
        with_room(broken)()


def pages_of_calls_at(depth: int) -> int:
    """Pages that the kernel gave while 2,000 calls were made so deep down: one for each new piece of stack."""
    if depth:
        return pages_of_calls_at(depth - 1)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(2_000):
        deeper()
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


def deeper() -> None:
    """Together with the next two larger than a step of `pages_of_calls_at`, so that some depth ends within them."""
    still_deeper()


def still_deeper() -> None:
    leaf()


def leaf() -> None:
    """The end."""
