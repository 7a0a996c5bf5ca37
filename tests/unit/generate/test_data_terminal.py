"""What a person sees at a terminal: no line too long, no code that turns it red, the verdict last."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import polars as pl
import pytest

from tests.unit.generate.data_reports import check, effect, hostile, ordinary, profile, table, wide
from trimtab.base.verdict import Verdict
from trimtab.data.differences import PairDifference, Statistic
from trimtab.data.profiler import Depth, profile_frame
from trimtab.generate.data_figures import cut, number, one_line, share, span, width_of
from trimtab.generate.data_report import DataReport
from trimtab.generate.data_terminal import COLUMNS_MAX, Look, terminal


def test_the_verdict_is_the_last_line_and_says_why() -> None:
    last = terminal(ordinary(), Look(width=400)).rstrip("\n").split("\n")[-1]
    assert last.startswith("FAIL: 3 of 9 rules are broken, 1 of them refuses the table, and 2 rows are set aside;")


def test_a_broken_rule_has_its_rows_share_and_examples_on_one_line() -> None:
    text = terminal(DataReport(source="t", check=check()), Look(width=200))
    assert "refuse     range      age: 12 rows (0.30 %): 12 values are above 90 (row 0: 91, row 1: 92" in text
    assert text.index("refuse") < text.index("quarantine") < text.index("note")


def test_the_reason_of_a_broken_rule_is_on_one_dimmed_line_below_it() -> None:
    lines = terminal(DataReport(source="t", check=check()), Look(width=200)).split("\n")
    (place,) = [place for place, line in enumerate(lines) if "age: 12 rows" in line]
    assert lines[place + 1] == " " * 15 + "because nobody is"
    assert sum("because" in line for line in lines) == 1  # the other rules have none
    assert "\x1b[2mbecause nobody is\x1b[0m" in terminal(ordinary(), Look(colour=True))
    text = terminal(wide(3), Look(width=100))
    assert text.count(" " * 15 + "because &&&") == 3
    assert max(map(len, text.split("\n"))) <= 100


def test_what_changed_is_told_in_words_with_its_band_and_tolerance() -> None:
    text = terminal(ordinary(), Look(width=400))
    assert "FAIL       age: the mean is" in text
    assert "tolerance 0.10 sd" in text
    assert "at:" not in text.split("What changed most")[1].split("column ")[0]


def test_columns_that_stayed_are_listed_when_asked() -> None:
    text = terminal(ordinary(), Look(width=200, all_columns=True))
    assert "PASS" in text


@pytest.mark.parametrize("width", [60, 100, 173])
@pytest.mark.parametrize("make", [ordinary, hostile])
def test_no_line_is_wider_than_the_terminal(make: object, width: int) -> None:
    assert callable(make)
    text = terminal(make(), Look(width=width))
    assert max(width_of(line) for line in text.split("\n")) <= width


def test_there_is_no_control_character_unless_colour_is_asked_for() -> None:
    text = terminal(hostile())
    assert not [char for char in text if char != "\n" and not char.isprintable()]
    assert "\x1b[1;31m" in terminal(ordinary(), Look(colour=True))
    assert "\x1b[31mred" not in terminal(hostile(), Look(colour=True))


def test_very_many_columns_do_not_flood_the_terminal() -> None:
    text = terminal(wide(), Look(all_columns=True))
    assert "and 4,960 more columns: see --json or the report" in text
    assert text.count("\n") < 12 * COLUMNS_MAX


def test_the_pairs_that_are_not_listed_are_told_by_their_verdicts() -> None:
    def pairs(failed: int, unsure: int) -> str:
        verdicts = [Verdict.FAIL] * failed + [Verdict.UNSURE] * unsure
        found = tuple(
            PairDifference(columns=(f"a{place}", f"b{place}"), effect=effect(verdict, statistic=Statistic.DEPENDENCE))
            for place, verdict in enumerate(verdicts)
        )
        report = wide(3)
        assert report.differences is not None
        differences = msgspec.structs.replace(report.differences, pairs=found, pairs_compared=len(found))
        return terminal(msgspec.structs.replace(report, differences=differences))

    assert "  and 19 more undecided pairs: see" in pairs(1, 19)
    assert "drifted pair" not in pairs(1, 19)
    assert "  and 1 more undecided pair: see" in pairs(0, 2)
    assert "  and 1 more drifted pair: see" in pairs(COLUMNS_MAX + 1, 1)
    assert "  and 1 more undecided pair: see" in pairs(COLUMNS_MAX + 1, 1)
    assert "more" not in pairs(2, 0)


def test_the_type_of_a_column_that_no_contract_has_is_its_short_name() -> None:
    frame = pl.DataFrame(
        {"took": [timedelta(seconds=1)], "words": [["a"]], "both": [{"x": 1}], "raw": [b"x"], "none": [None]}
    )
    text = terminal(DataReport(source="t", profile=profile_frame(frame, Depth())))
    types = dict(line.split()[:2] for line in text.split("\n")[3:] if line)
    assert types == {"took": "duration", "words": "list", "both": "struct", "raw": "binary", "none": "null"}


def test_a_profile_alone_has_no_verdict_and_shows_each_kind_of_column() -> None:
    text = terminal(DataReport(source="loans.csv", profile=profile(table(0))))
    assert "FAIL" not in text
    assert "PASS" not in text
    assert "2026-03-01 to 2026-03-05 18:39" in text
    assert "longest gap in at: 2 d from 2026-03-02 09:19 (usual step 1 min)" in text
    assert "strongest correlations: age and double +1.00" in text
    assert "rows by at are in order" in text


def test_a_sensitive_column_shows_no_value_of_a_row() -> None:
    report = ordinary()
    text = terminal(report, Look(width=200, all_columns=True))
    (line,) = [line for line in text.split("\n") if line.startswith("salary")]
    assert line.split()[-4:-1:2] == ["hidden", "hidden"]
    assert "DE1" not in text


def test_nothing_known_is_a_line_and_no_verdict() -> None:
    report = DataReport(source="nothing.csv")
    assert terminal(report) == "nothing.csv\n"
    assert report.verdict is Verdict.PASS
    assert not report.is_judged


def test_an_undecided_drift_is_unsure_and_says_what_would_decide() -> None:
    report = msgspec.structs.replace(wide(3, verdict=Verdict.UNSURE), check=None)
    assert report.verdict is Verdict.UNSURE
    assert "needs about 40 more rows" in terminal(report, Look(width=200))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (12345.678, "12,346"),
        (0.0418, "0.0418"),
        (1.2e-7, "1.2e-07"),
        (7, "7"),
        (None, "–"),
        (1e300, "1e+300"),
    ],
)
def test_numbers_have_the_digits_that_matter(value: float | None, text: str) -> None:
    assert number(value) == text


def test_a_share_is_never_rounded_to_none_or_all() -> None:
    assert [share(value) for value in (0.0, 1e-9, 0.004, 0.31, 0.99999, 1.0)] == [
        "0 %", "< 0.01 %", "0.40 %", "31 %", "99.99 %", "100 %",
    ]  # fmt: skip


def test_long_and_wide_texts_are_cut_by_the_cells_they_take() -> None:
    assert cut("漢字漢字", 5) == "漢字…"
    assert one_line("a\nb\u202e", 10) == "a\\nb\\u202e"
    assert one_line("y" * 20, 5) == "yyyyy… (20 characters)"
    assert span(90_061_000_000) == "1 d 1 h"
