"""Three verdicts together."""

from trimtab.base.verdict import Interval, Verdict, combine


def test_one_failure_fails_the_whole() -> None:
    assert combine([Verdict.PASS, Verdict.UNSURE, Verdict.FAIL]) is Verdict.FAIL


def test_one_unsure_check_leaves_the_whole_unsure() -> None:
    assert combine([Verdict.PASS, Verdict.UNSURE]) is Verdict.UNSURE


def test_no_checks_at_all_is_not_a_pass() -> None:
    assert combine([]) is Verdict.UNSURE


def test_an_interval_reads_as_an_estimate_with_its_bounds() -> None:
    assert str(Interval(estimate=0.8123, low=0.79, high=0.83, level=0.9, n=100)) == "0.8123 [0.79, 0.83]"
