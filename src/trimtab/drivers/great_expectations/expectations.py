"""Every expectation of Great Expectations 1.x that we know, and what a contract makes of it.

One table for all: the reader asks it before it tries, the runner takes the rule from it under which a failure is shown,
docs/exchange.md prints it (a test compares the two), and whoever wonders finds each name once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from trimtab.data.kinds import Rule


class Support(StrEnum):
    """How much of an expectation a contract can say.

    SUPPORTED: all of it, but for arguments that are named. PARTLY: in some forms only, or a little less of it, and that
    is named. REFUSED: nothing.
    """

    SUPPORTED = "supported"
    PARTLY = "partly"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Known:
    """An expectation: how far it is supported, what it becomes (or why it does not), and the rule nearest to it."""

    support: Support
    becomes: str
    rule: Rule


def known(expectation: str) -> Known | None:
    """What is known of an expectation type; None for one of somebody's own."""
    return EXPECTATIONS.get(expectation)


_S, _P, _R = Support.SUPPORTED, Support.PARTLY, Support.REFUSED
EXPECTATIONS: Final[Mapping[str, Known]] = {
    "expect_column_values_to_be_between": Known(
        _S, "`range`; with `strict_min` or `strict_max`, or for text, a condition", Rule.RANGE
    ),
    "expect_column_values_to_be_in_set": Known(
        _S, "`values` for integers, booleans and text; a condition for floats and times", Rule.VALUES
    ),
    "expect_column_values_to_not_be_in_set": Known(_S, "a condition, `x not in […]`", Rule.CONDITION),
    "expect_column_values_to_not_be_null": Known(
        _S, "`nullable = false`; with `mostly`, or where it only notes, `nulls`", Rule.NULL
    ),
    "expect_column_values_to_be_null": Known(_S, "a condition, `x is null`", Rule.CONDITION),
    "expect_column_values_to_be_unique": Known(
        _S, "`unique`, if every row must be; `mostly` below 1 is left out", Rule.UNIQUE
    ),
    "expect_column_values_to_be_increasing": Known(
        _S, "`order`, if every row must keep it; `mostly` below 1 is left out", Rule.ORDER
    ),
    "expect_column_values_to_be_decreasing": Known(
        _S, "`order`, if every row must keep it; `mostly` below 1 is left out", Rule.ORDER
    ),
    "expect_column_value_lengths_to_be_between": Known(
        _S, "`length`; a strict end becomes the next whole number", Rule.LENGTH
    ),
    "expect_column_value_lengths_to_equal": Known(_S, "`length`", Rule.LENGTH),
    "expect_column_values_to_match_regex": Known(_S, "`pattern`", Rule.PATTERN),
    "expect_column_values_to_not_match_regex": Known(_S, "`pattern`, as a negative look-ahead", Rule.PATTERN),
    "expect_column_values_to_match_regex_list": Known(
        _S, "`pattern`, as one expression for all of them or any of them", Rule.PATTERN
    ),
    "expect_column_values_to_not_match_regex_list": Known(_S, "`pattern`, as a negative look-ahead", Rule.PATTERN),
    "expect_column_distinct_values_to_be_in_set": Known(
        _S, "what `expect_column_values_to_be_in_set` becomes", Rule.VALUES
    ),
    "expect_column_pair_values_a_to_be_greater_than_b": Known(
        _S, "a condition, with the nulls that `ignore_row_if` means", Rule.CONDITION
    ),
    "expect_column_pair_values_to_be_equal": Known(
        _S, "a condition, with the nulls that `ignore_row_if` means", Rule.CONDITION
    ),
    "expect_column_pair_values_to_be_in_set": Known(
        _S, "a condition; a pair with a null in it is left out", Rule.CONDITION
    ),
    "expect_multicolumn_sum_to_equal": Known(
        _S, "a condition, with the nulls that `ignore_row_if` means", Rule.CONDITION
    ),
    "expect_multicolumn_values_to_be_equal": Known(
        _S, "a condition, with the nulls that `ignore_row_if` means", Rule.CONDITION
    ),
    "expect_select_column_values_to_be_unique_within_record": Known(
        _S, "a condition, if rows with a null are ignored", Rule.CONDITION
    ),
    "expect_multicolumn_values_to_be_unique": Known(
        _S, "what `expect_select_column_values_to_be_unique_within_record` becomes", Rule.CONDITION
    ),
    "expect_table_row_count_to_be_between": Known(_S, "`rows`; a strict end becomes the next whole number", Rule.ROWS),
    "expect_table_row_count_to_equal": Known(_S, "`rows`", Rule.ROWS),
    "expect_column_to_exist": Known(
        _S, "a column of the contract; its place (`column_index`) is left out", Rule.MISSING
    ),
    "expect_table_columns_to_match_set": Known(
        _S, "the contract's columns; an exact match makes `unexpected` refuse", Rule.UNEXPECTED
    ),
    "expect_column_values_to_be_of_type": Known(_P, "`type`; a contract knows five types and no widths", Rule.TYPE),
    "expect_column_values_to_be_in_type_list": Known(
        _P, "`type`, if all names in the list are of one; a contract knows no widths", Rule.TYPE
    ),
    "expect_column_type_to_be": Known(_P, "`type`; a contract knows five types and no widths", Rule.TYPE),
    "expect_compound_columns_to_be_unique": Known(
        _P, "`unique`; rows with a null among the columns are never compared", Rule.UNIQUE
    ),
    "expect_table_columns_to_match_ordered_list": Known(
        _P, "the contract's columns; their order is not checked", Rule.UNEXPECTED
    ),
    "expect_column_distinct_values_to_equal_set": Known(
        _P, "`values`; that each of them occurs is left out", Rule.VALUES
    ),
    "expect_column_min_to_be_between": Known(
        _P, "`min_value` becomes the range's `min`; that the least is low enough is left out", Rule.RANGE
    ),
    "expect_column_max_to_be_between": Known(
        _P, "`max_value` becomes the range's `max`; that the greatest is high enough is left out", Rule.RANGE
    ),
    "expect_column_proportion_of_non_null_values_to_be_between": Known(
        _P, "`min_value` becomes `nulls`; `max_value` is left out", Rule.NULLS
    ),
    "expect_column_proportion_of_unique_values_to_be_between": Known(
        _P, "`unique` where `min_value` is 1; other proportions are left out", Rule.UNIQUE
    ),
    "expect_column_values_to_match_like_pattern": Known(
        _P, "`pattern`; SQL's own collation may ignore case, a pattern does not", Rule.PATTERN
    ),
    "expect_column_values_to_not_match_like_pattern": Known(
        _P, "`pattern`, as a negative look-ahead; case as above", Rule.PATTERN
    ),
    "expect_column_values_to_match_like_pattern_list": Known(_P, "`pattern`; case as above", Rule.PATTERN),
    "expect_column_values_to_not_match_like_pattern_list": Known(
        _P, "`pattern`, as a negative look-ahead; case as above", Rule.PATTERN
    ),
    "expect_column_mean_to_be_between": Known(
        _R, "a contract has no limit for a mean; drift judges it against a reference", Rule.CONDITION
    ),
    "expect_column_median_to_be_between": Known(
        _R, "a contract has no limit for a median; drift judges the shape against a reference", Rule.CONDITION
    ),
    "expect_column_stdev_to_be_between": Known(
        _R, "a contract has no limit for a standard deviation; drift judges it against a reference", Rule.CONDITION
    ),
    "expect_column_quantile_values_to_be_between": Known(
        _R, "a contract has no limit for quantiles; drift judges the shape against a reference", Rule.CONDITION
    ),
    "expect_column_sum_to_be_between": Known(
        _R, "a contract has no limit for a sum, which grows with the table", Rule.CONDITION
    ),
    "expect_column_kl_divergence_to_be_less_than": Known(
        _R, "drift is measured otherwise, against a reference's profile", Rule.DRIFT
    ),
    "expect_column_chisquare_test_p_value_to_be_greater_than": Known(
        _R, "a p-value falls with the number of rows; drift is judged by its size", Rule.DRIFT
    ),
    "expect_column_bootstrapped_ks_test_p_value_to_be_greater_than": Known(
        _R, "a p-value falls with the number of rows; drift is judged by its size", Rule.DRIFT
    ),
    "expect_column_parameterized_distribution_ks_test_p_value_to_be_greater_than": Known(
        _R, "a p-value falls with the number of rows; drift is judged by its size", Rule.DRIFT
    ),
    "expect_column_pair_cramers_phi_value_to_be_less_than": Known(
        _R, "a contract has no rule for how two columns go together", Rule.CONDITION
    ),
    "expect_column_most_common_value_to_be_in_set": Known(
        _R, "a contract has no rule for the most frequent value", Rule.CONDITION
    ),
    "expect_column_distinct_values_to_contain_set": Known(
        _R, "a contract says which values may occur, not which must", Rule.CONDITION
    ),
    "expect_column_unique_value_count_to_be_between": Known(
        _R, "a contract has no rule for how many different values there are", Rule.CONDITION
    ),
    "expect_column_value_z_scores_to_be_less_than": Known(
        _R, "the limit depends on the table itself; write a range", Rule.CONDITION
    ),
    "expect_column_values_to_not_be_outliers": Known(
        _R, "the limit depends on the table itself; write a range", Rule.CONDITION
    ),
    "expect_column_values_to_be_dateutil_parseable": Known(
        _R, "a time is ISO 8601 or stored as one; dateutil guesses", Rule.TYPE
    ),
    "expect_column_values_to_match_strftime_format": Known(
        _R, "a contract has no date formats; write a pattern", Rule.PATTERN
    ),
    "expect_column_values_to_be_json_parseable": Known(_R, "a contract does not look into JSON", Rule.CONDITION),
    "expect_column_values_to_match_json_schema": Known(_R, "a contract does not look into JSON", Rule.CONDITION),
    "expect_table_column_count_to_be_between": Known(
        _R, "a contract names its columns and does not count them", Rule.UNEXPECTED
    ),
    "expect_table_column_count_to_equal": Known(
        _R, "a contract names its columns and does not count them", Rule.UNEXPECTED
    ),
    "expect_table_row_count_to_equal_other_table": Known(_R, "a contract sees one table", Rule.ROWS),
    "expect_query_results_to_match_comparison": Known(_R, "a contract runs no SQL", Rule.CONDITION),
    "unexpected_rows_expectation": Known(_R, "a contract runs no SQL", Rule.CONDITION),
}
