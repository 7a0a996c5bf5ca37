"""A TFDV schema as a contract.

Every anomaly of TFDV is an error to it, so every rule made here refuses. A feature that may be absent, holds lists, or
is not in production yet has no place in a contract, whose columns are always there; it is left out by name.
"""

from __future__ import annotations

from typing import Any, Final

from trimtab.data.exchange import Carried, Draft, share_beyond
from trimtab.data.kinds import INTEGER_MAX, INTEGER_MIN, ColumnType, DriftLimits, Of, Severity
from trimtab.data.schema import Nulls, Range, RowCount, Values
from trimtab.drivers.tfdv.float_ends import shown
from trimtab.drivers.tfdv.messages import definitions, parsed

_UNJUDGED: Final = DriftLimits(location=None, scale=None, shape=None, share=None)
_KINDS: Final = {"BYTES": ColumnType.TEXT, "INT": ColumnType.INTEGER, "FLOAT": ColumnType.FLOAT}
_IDLE: Final = ("PLANNED", "ALPHA", "DEPRECATED", "DEBUG_ONLY", "DISABLED", "VALIDATION_DERIVED")
_PLAIN: Final = ("domain", "int_domain", "float_domain", "string_domain", "bool_domain", "time_domain")
_TABLES: Final = ("sparse_feature", "weighted_feature", "annotation", "tensor_representation_group")
_REFUSE: Final = Severity.REFUSE


def read_tfdv_schema(text: str) -> Carried:
    """The contract that a ``schema.pbtxt`` says, and what of it no contract can say.

    Raises:
        NoTensorflowMetadataError: tensorflow-metadata is not installed.
        TfdvSchemaError: it is no schema's text.
    """
    return _Reader(parsed(text, definitions("schema_pb2").Schema())).carried()


class _Reader:
    def __init__(self, schema: Any) -> None:
        self._schema = schema
        self._messages = definitions("schema_pb2")
        self._why_not = {feature.name: self._unfit(feature) for feature in schema.feature}
        self._features = [feature for feature in schema.feature if not self._why_not[feature.name]]
        self._draft = Draft({feature.name: self._kind(feature) for feature in self._features})
        self._domains = {
            (of, domain.name): domain
            for of in ("string_domain", "int_domain", "float_domain")
            for domain in getattr(schema, of)
        }

    def carried(self) -> Carried:
        draft, schema = self._draft, self._schema
        for name, why in self._why_not.items():
            if why:
                draft.leave("feature", name, why)
        for field in _TABLES:
            if (field == "annotation" and schema.HasField(field)) or (field != "annotation" and getattr(schema, field)):
                draft.leave(field, "", "a contract has nothing of the kind")
        # A feature that is left out would be a stranger in every table.
        draft.unexpected = Severity.NOTE if any(self._why_not.values()) else _REFUSE
        for feature in self._features:
            self._presence(feature)
            self._domain(feature)
            self._comparators(feature)
            self._rest(feature)
        self._row_count()
        times = [column for column in draft.kinds.values() if column is ColumnType.TIME]
        return draft.carried(label=self._label(), drift=_UNJUDGED, zone="UTC" if times else None)

    def _unfit(self, feature: Any) -> str:
        """Why a contract cannot have such a column; empty if it can."""
        stage = self._messages.LifecycleStage.Name(feature.lifecycle_stage)
        if feature.deprecated or stage in _IDLE:
            return f"TFDV does not validate it ({stage.lower() if stage in _IDLE else 'deprecated'})"
        kind = self._messages.FeatureType.Name(feature.type)
        if kind not in _KINDS:
            return f"its type is {kind}, and a contract's columns hold single values"
        sizes = [dim.size for dim in feature.shape.dim] if feature.HasField("shape") else []
        count = feature.value_count if feature.HasField("value_count") else None
        if any(size != 1 for size in sizes) or feature.HasField("value_counts") or (count and count.max != 1):
            return "it holds lists, and a contract's columns hold single values"
        return ""

    def _kind(self, feature: Any) -> ColumnType:
        moments = self._messages.TimeDomain.UNIX_MICROSECONDS
        if feature.HasField("time_domain") and feature.time_domain.integer_format == moments:
            return ColumnType.TIME
        return _KINDS[self._messages.FeatureType.Name(feature.type)]

    # ── one feature ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _presence(self, feature: Any) -> None:
        name, presence, draft = feature.name, feature.presence, self._draft
        if feature.HasField("group_presence"):
            draft.leave("group_presence", name, "a contract's columns are in no groups")
        if presence.min_count > 1:
            draft.leave("presence.min_count", name, "a contract counts rows, and not the values of a column")
        if not presence.min_fraction and not presence.min_count:
            draft.leave("presence", name, "the feature may be absent from a table, and a contract's column may not")
        if presence.min_fraction == 1 or feature.HasField("shape"):
            draft.set(name, nullable=False)
        elif presence.min_fraction:
            draft.set(name, nulls=Nulls(share=share_beyond(presence.min_fraction), outside=_REFUSE))

    def _domain(self, feature: Any) -> None:
        kind = feature.WhichOneof("domain_info")
        if kind is None:
            return
        if kind not in _PLAIN:
            self._draft.leave(kind, feature.name, "a contract does not look into such values")
        elif kind == "domain":
            self._named_domain(feature)
        elif kind == "string_domain":
            self._words(feature, list(feature.string_domain.value))
        elif kind in ("int_domain", "float_domain"):
            self._ends(feature, getattr(feature, kind))
        elif kind == "bool_domain":
            self._truths(feature)
        elif self._kind(feature) is not ColumnType.TIME:
            self._draft.leave(kind, feature.name, "a time is ISO 8601 or microseconds, in no other form")

    def _named_domain(self, feature: Any) -> None:
        for of in ("string_domain", "int_domain", "float_domain"):
            domain = self._domains.get((of, feature.domain))
            if domain is not None:
                if of == "string_domain":
                    return self._words(feature, list(domain.value))
                return self._ends(feature, domain)
        return self._draft.leave("domain", feature.name, f"the schema has no domain {feature.domain!r}")

    def _words(self, feature: Any, words: list[str]) -> None:
        if not words or self._draft.kinds[feature.name] is not ColumnType.TEXT:
            return self._draft.leave("string_domain", feature.name, "it lists no values, or the column is not text")
        constraints = feature.distribution_constraints
        mass = constraints.min_domain_mass if feature.HasField("distribution_constraints") else 1.0
        share, allowed = share_beyond(mass), tuple(dict.fromkeys(words))
        of = Of.VALUES if share else Of.ROWS
        return self._draft.set(feature.name, values=Values(allowed=allowed, share=share, of=of, outside=_REFUSE))

    def _ends(self, feature: Any, domain: Any) -> None:
        name, kind = feature.name, self._draft.kinds[feature.name]
        low = domain.min if domain.HasField("min") else None
        high = domain.max if domain.HasField("max") else None
        if isinstance(domain, self._messages.FloatDomain):
            low = None if low is None else shown(low, least=True)
            high = None if high is None else shown(high, least=False)
        if kind is ColumnType.INTEGER:  # TFDV writes the ends of 64 bits for an open side
            low, high = (None if end in (INTEGER_MIN, INTEGER_MAX) else end for end in (low, high))
        if low is None and high is None:
            return None
        if kind not in (ColumnType.INTEGER, ColumnType.FLOAT):
            return self._draft.leave(type(domain).__name__, name, f"a column of type {kind} has no range of numbers")
        return self._draft.set(name, range=Range(minimum=low, maximum=high, outside=_REFUSE))

    def _truths(self, feature: Any) -> None:
        name, domain, kind = feature.name, feature.bool_domain, self._draft.kinds[feature.name]
        words = tuple(dict.fromkeys(word for word in (domain.true_value, domain.false_value) if word))
        if kind is ColumnType.INTEGER:
            self._draft.set(name, values=Values(allowed=(0, 1), outside=_REFUSE))
        elif kind is ColumnType.TEXT and words:
            self._draft.set(name, values=Values(allowed=words, outside=_REFUSE))
        else:
            self._draft.leave("bool_domain", name, f"a column of type {kind} has no two values of truth")

    def _comparators(self, feature: Any) -> None:
        if feature.HasField("skew_comparator"):
            why = "features are made by one function here, for training and serving"
            self._draft.leave("skew_comparator", feature.name, why)
        if not feature.HasField("drift_comparator"):
            return
        comparator, share, shape = feature.drift_comparator, None, None
        if comparator.HasField("infinity_norm"):
            share = comparator.infinity_norm.threshold
        if comparator.HasField("jensen_shannon_divergence"):
            shape = DriftLimits().shape
            threshold = comparator.jensen_shannon_divergence.threshold
            why = f"the divergence ({threshold:g}) depends on bins; the usual limit of the shape ({shape:g}) stands in"
            self._draft.leave("drift_comparator.jensen_shannon_divergence", feature.name, why)
        if comparator.HasField("normalized_abs_difference"):
            why = "a contract has no such measure of counts"
            self._draft.leave("drift_comparator.normalized_abs_difference", feature.name, why)
        limits = DriftLimits(location=None, scale=None, shape=shape, share=share, outside=_REFUSE)
        self._draft.set(feature.name, drift=limits)

    def _rest(self, feature: Any) -> None:
        name = feature.name
        if feature.HasField("unique_constraints"):
            why = "a contract has no rule for how many different values there are"
            self._draft.leave("unique_constraints", name, why)
        if feature.HasField("distribution_constraints") and self._draft.column(name).values is None:
            self._draft.leave("distribution_constraints", name, "it needs a list of known texts")
        for field in ("annotation", "sequence_metadata", "validation_derived_source"):
            if feature.HasField(field):
                self._draft.leave(field, name, "a contract has nothing of the kind")

    # ── the table ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _label(self) -> str | None:
        """The one column that some environment does without."""
        absent = [feature.name for feature in self._features if feature.not_in_environment]
        for name in absent if len(absent) > 1 else ():
            self._draft.leave("not_in_environment", name, "a contract has one label, and several features are absent")
        for feature in self._features:
            if feature.in_environment:
                why = "a contract has no environments; its label alone is absent from requests"
                self._draft.leave("in_environment", feature.name, why)
        return absent[0] if len(absent) == 1 else None

    def _row_count(self) -> None:
        limits = self._schema.dataset_constraints
        least, greatest = limits.min_examples_count or None, limits.max_examples_count or None
        if least or greatest:
            self._draft.rows = RowCount(minimum=least, maximum=greatest, outside=_REFUSE)
        for field in ("num_examples_drift_comparator", "num_examples_version_comparator"):
            if limits.HasField(field):
                self._draft.leave(field, "", "a contract limits a table's rows, not their change")
