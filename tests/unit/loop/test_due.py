"""The loop looks at fixed moments of the endpoint's time."""

from trimtab.base.instants import DAY, HOUR, Instant, parse_instant
from trimtab.loop.due import next_due

NOON = parse_instant("2026-03-01T12:00:00Z")
MIDNIGHT = Instant(NOON + 12 * HOUR)


def test_without_anything_else_it_is_the_end_of_the_window() -> None:
    assert next_due(NOON, DAY, []) == MIDNIGHT


def test_a_window_s_end_that_was_reached_is_not_due_again() -> None:
    assert next_due(MIDNIGHT, DAY, []) == MIDNIGHT + DAY


def test_an_earlier_moment_comes_first_and_a_past_one_not_at_all() -> None:
    effect = Instant(NOON + HOUR)
    assert next_due(NOON, DAY, [effect, Instant(NOON - HOUR), NOON]) == effect
