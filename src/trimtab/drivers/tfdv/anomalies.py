"""What TFDV found in a table, in the words of a contract's rules, so that the two can be laid side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from trimtab.data.kinds import Rule
from trimtab.drivers.tfdv.messages import definitions, parsed

RULES: Final[Mapping[str, Rule]] = {
    "SCHEMA_NEW_COLUMN": Rule.UNEXPECTED,
    "SCHEMA_MISSING_COLUMN": Rule.MISSING,
    "FEATURE_TYPE_NOT_PRESENT": Rule.MISSING,
    "FEATURE_TYPE_LOW_FRACTION_PRESENT": Rule.NULL,
    "FEATURE_TYPE_LOW_NUMBER_PRESENT": Rule.NULL,
    "INVALID_FEATURE_SHAPE": Rule.NULL,
    "UNEXPECTED_DATA_TYPE": Rule.TYPE,
    "ENUM_TYPE_UNEXPECTED_STRING_VALUES": Rule.VALUES,
    "BOOL_TYPE_UNEXPECTED_STRING": Rule.VALUES,
    "BOOL_TYPE_BIG_INT": Rule.VALUES,
    "BOOL_TYPE_SMALL_INT": Rule.VALUES,
    "INT_TYPE_BIG_INT": Rule.RANGE,
    "INT_TYPE_SMALL_INT": Rule.RANGE,
    "FLOAT_TYPE_BIG_FLOAT": Rule.RANGE,
    "FLOAT_TYPE_SMALL_FLOAT": Rule.RANGE,
    "FLOAT_TYPE_HAS_NAN": Rule.NULL,
    "FLOAT_TYPE_HAS_INF": Rule.IMPOSSIBLE,
    "DATASET_LOW_NUM_EXAMPLES": Rule.ROWS,
    "DATASET_HIGH_NUM_EXAMPLES": Rule.ROWS,
    "COMPARATOR_L_INFTY_HIGH": Rule.DRIFT,
    "COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH": Rule.DRIFT,
    "COMPARATOR_NORMALIZED_ABSOLUTE_DIFFERENCE_HIGH": Rule.DRIFT,
}
"""TFDV's kinds of anomaly and the rule that a contract breaks in such a table; the others have no equivalent."""


def read_anomalies(text: str) -> dict[str, frozenset[Rule | str]]:
    """The columns of an ``anomalies.pbtxt`` with the rules they break; a kind without an equivalent by TFDV's name.

    Raises:
        NoTensorflowMetadataError: tensorflow-metadata is not installed.
        TfdvSchemaError: the text is none of anomalies.
    """
    messages = definitions("anomalies_pb2")
    found = parsed(text, messages.Anomalies())
    kinds = messages.AnomalyInfo.Type
    return {
        name: frozenset(RULES.get(kinds.Name(reason.type), kinds.Name(reason.type)) for reason in anomaly.reason)
        for name, anomaly in found.anomaly_info.items()
    }
