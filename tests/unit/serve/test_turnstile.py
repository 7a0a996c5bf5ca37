"""A step of the clock waits for the rows that came before it, and for no others."""

from __future__ import annotations

from trimtab.serve.clock import Turnstile


def test_a_step_waits_for_rows_that_came_before_it_and_their_shadows() -> None:
    turnstile = Turnstile()
    row = turnstile.enter()
    before = turnstile.turn()
    assert not turnstile.quiet(before)

    turnstile.enter_again(row)
    turnstile.leave(row)
    assert not turnstile.quiet(before), "the shadow is still under way"
    turnstile.leave(row)
    assert turnstile.quiet(before)


def test_a_client_that_never_pauses_does_not_stop_the_clock() -> None:
    turnstile = Turnstile()
    turnstile.enter()
    before = turnstile.turn()
    later = turnstile.enter()
    assert later > before

    turnstile.leave(before)
    assert turnstile.quiet(before)
    assert not turnstile.quiet(later)
