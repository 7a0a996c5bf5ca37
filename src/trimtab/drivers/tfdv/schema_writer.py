"""A contract as a TFDV schema."""

from __future__ import annotations

from typing import Any, Final

from trimtab.data.exchange import LeftOut, share_beyond
from trimtab.data.kinds import ColumnType, DriftLimits, Of, Severity
from trimtab.data.schema import Column, Contract, Range
from trimtab.drivers.tfdv.float_ends import outward, shortest
from trimtab.drivers.tfdv.messages import definitions, formatted

_TYPES: Final = {
    ColumnType.TEXT: "BYTES",
    ColumnType.INTEGER: "INT",
    ColumnType.BOOLEAN: "INT",
    ColumnType.FLOAT: "FLOAT",
    ColumnType.TIME: "INT",
}
_UNJUDGED: Final = DriftLimits(location=None, scale=None, shape=None, share=None)
_SERVING, _TRAINING = "SERVING", "TRAINING"
_ROLES: Final = ("time", "key", "task", "zone", "fresh", "reference")


def write_tfdv_schema(contract: Contract) -> tuple[str, tuple[LeftOut, ...]]:
    """The ``schema.pbtxt``, and what of the contract TFDV cannot say.

    Raises:
        NoTensorflowMetadataError: tensorflow-metadata is not installed.
    """
    writer = _Writer(contract)
    return formatted(writer.schema()), tuple(writer.left)


class _Writer:
    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._messages = definitions("schema_pb2")
        self.left: list[LeftOut] = []

    def schema(self) -> Any:
        contract, schema = self._contract, self._messages.Schema()
        for column in contract.columns:
            self._feature(schema.feature.add(), column)
        if contract.label is not None:
            schema.default_environment.extend([_TRAINING, _SERVING])
        if contract.rows is not None:
            schema.dataset_constraints.min_examples_count = contract.rows.minimum or 0
            if contract.rows.maximum is not None:
                schema.dataset_constraints.max_examples_count = contract.rows.maximum
        self._leave_the_rest()
        return schema

    def _feature(self, feature: Any, column: Column) -> None:
        feature.name = column.name
        feature.type = self._messages.FeatureType.Value(_TYPES[column.type])
        feature.presence.min_count = 1
        share = column.nulls.share if column.nulls is not None else None
        if not column.nullable:
            feature.presence.min_fraction = 1.0
            feature.shape.dim.add().size = 1
        else:
            feature.presence.min_fraction = 0.0 if share is None else share_beyond(share)
            feature.value_count.min = feature.value_count.max = 1
        if column.name == self._contract.label:
            feature.not_in_environment.append(_SERVING)
        self._domain(feature, column)
        self._drift(feature, column)
        for name in ("pattern", "length", "order"):
            if getattr(column, name) is not None:
                self._leave(name, column.name, "TFDV knows types, ranges and lists of values")
        for name in ("nulls", "range", "values"):
            rule = getattr(column, name)
            if rule is not None and rule.outside is not Severity.REFUSE:
                self._leave(f"outside of {name}", column.name, f"TFDV knows no {rule.outside}; there it is an anomaly")
        if column.outside is not Severity.REFUSE:
            self._leave("outside", column.name, "TFDV sets no rows aside")
        if column.sensitive:
            self._leave("sensitive", column.name, "TFDV shows values that break a domain")

    def _domain(self, feature: Any, column: Column) -> None:
        known, limits = column.values, column.range
        if column.type is ColumnType.TIME:
            feature.time_domain.integer_format = self._messages.TimeDomain.UNIX_MICROSECONDS
            if limits is not None:
                self._leave("range", column.name, "TFDV limits no times")
            return
        if known is not None:
            self._values(feature, column)
            if limits is not None:
                self._leave("range", column.name, "a feature has one domain, and the list of values is it")
        elif column.type is ColumnType.BOOLEAN:
            feature.bool_domain.SetInParent()
        elif limits is not None:
            self._range(feature, column, limits)
            if limits.share:
                self._leave("share of range", column.name, "TFDV tolerates no share outside a range")

    def _range(self, feature: Any, column: Column, limits: Range) -> None:
        """The ends; those of floats, which are of 32 bits there, are rounded outward."""
        for name, said, end in (("min", "minimum", limits.minimum), ("max", "maximum", limits.maximum)):
            if end is None:
                continue
            if column.type is ColumnType.INTEGER:
                setattr(feature.int_domain, name, end)
                continue
            stored = outward(end, least=name == "min")
            if stored is not None:
                setattr(feature.float_domain, name, stored)
            if stored != end:
                becomes = "none" if stored is None else repr(shortest(stored))
                why = f"TFDV's ends are 32-bit floats; {end!r} becomes {becomes}, so that no more is refused"
                self._leave(f"exact {said} of range", column.name, why)

    def _values(self, feature: Any, column: Column) -> None:
        known = column.values
        assert known is not None, "the caller asked"
        numbers = sorted(int(value) for value in known.allowed if not isinstance(value, str))
        if column.type is ColumnType.TEXT:
            feature.string_domain.name = column.name
            feature.string_domain.value.extend(str(value) for value in known.allowed)
            if known.share:
                feature.distribution_constraints.min_domain_mass = share_beyond(known.share)
                if known.of is Of.ROWS and column.nullable:
                    why = "TFDV's is one of the values that are there, and this one of all rows"
                    self._leave("share of values", column.name, why)
            return
        if numbers == [0, 1]:
            feature.bool_domain.SetInParent()
        elif numbers == list(range(numbers[0], numbers[-1] + 1)):
            feature.int_domain.min, feature.int_domain.max = numbers[0], numbers[-1]
        else:
            self._leave("values", column.name, "TFDV lists texts, and of numbers knows ranges")
            return
        if known.share:
            self._leave("share of values", column.name, "TFDV tolerates no share of numbers outside")

    def _drift(self, feature: Any, column: Column) -> None:
        limits = column.drift or (self._contract.drift if self._contract.reference else _UNJUDGED)
        if limits.share is not None and column.type in (ColumnType.TEXT, ColumnType.BOOLEAN):
            feature.drift_comparator.infinity_norm.threshold = limits.share
        elif column.drift is not None and limits.share is not None:
            self._leave("drift.share", column.name, "TFDV asks for the change of a share among texts only")
        if column.drift is not None:
            for name in ("location", "scale", "shape"):
                if getattr(limits, name) is not None:
                    self._leave(
                        f"drift.{name}", column.name, "TFDV measures it by a divergence over bins, or not at all"
                    )

    def _leave_the_rest(self) -> None:
        contract = self._contract
        for name in _ROLES:
            if getattr(contract, name) not in (None, ""):
                self._leave(name, "", "a schema knows no roles of columns, no clock and no reference")
        for unique in contract.unique:
            self._leave("unique", ", ".join(unique.columns), "TFDV compares no rows with each other")
        for condition in contract.conditions:
            self._leave("condition", "", f"TFDV has no rules over several columns: {condition.then}")
        if contract.rows is not None and contract.rows.outside is not Severity.REFUSE:
            self._leave("outside of rows", "", f"TFDV knows no {contract.rows.outside}; there it is an anomaly")
        if not contract.is_closed:
            self._leave("unexpected", "", "a new column is always an anomaly to TFDV")
        for name in ("location", "scale", "shape"):
            if getattr(contract.drift, name) is not None and contract.reference:
                self._leave(f"drift.{name}", "", "TFDV measures it by a divergence over bins, or not at all")

    def _leave(self, what: str, column: str, why: str) -> None:
        self.left.append(LeftOut(what=what, column=column, why=why))
