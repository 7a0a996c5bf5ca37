"""In which type the functions want the table's rows: said by the annotation, or by `step`, or Polars."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from trimtab.base.errors import TrimtabError
from trimtab.pipeline.problems import RowKindError
from trimtab.pipeline.signature import Function
from trimtab.pipeline.step import ROW_KINDS, RowKind

_DEFAULT: Final[RowKind] = "polars"
_KINDS: Final[dict[tuple[str, str], RowKind]] = {
    ("polars", "DataFrame"): "polars",
    ("pandas", "DataFrame"): "pandas",
    ("numpy", "ndarray"): "numpy",
    ("numpy", "NDArray"): "numpy",
}
_SAYS_NOTHING: Final = frozenset({"", "object", "builtins.object", "Any", "typing.Any"})


def rows_kind(functions: Sequence[Function]) -> tuple[RowKind, tuple[TrimtabError, ...]]:
    """The type for the functions whose first parameter is the rows, and what is wrong with their wishes."""
    problems: list[TrimtabError] = []
    said: dict[RowKind, Function] = {}
    for function in functions:
        if function.mark is not None and function.mark.rows is not None:
            said.setdefault(function.mark.rows, function)
            continue
        annotation = function.parameters[0].annotation
        if annotation in _SAYS_NOTHING:
            continue
        kind = _KINDS.get((annotation.partition(".")[0], annotation.rpartition(".")[2]))
        if kind is None:
            problems.append(_unknown(function, annotation))
        else:
            said.setdefault(kind, function)
    if len(said) > 1:
        listed = ", ".join(f"{function.name}() as {kind}" for kind, function in said.items())
        fix = "A release hands its rows over in one type; convert in the other function."
        problems.append(
            RowKindError(f"the rows are wanted in different types: {listed}", fix=fix, at=[*said.values()][-1].at)
        )
    return next(iter(said), _DEFAULT), tuple(problems)


def _unknown(function: Function, annotation: str) -> TrimtabError:
    lazy = annotation.startswith("polars") and annotation.endswith("LazyFrame")
    fix = "Annotate it with pl.DataFrame, pd.DataFrame or np.ndarray, or with nothing for Polars."
    kinds = f"{', '.join(ROW_KINDS[:-1])} or {ROW_KINDS[-1]}"
    return RowKindError(
        f"{function.name}() wants its rows as {annotation}, and they come as {kinds}",
        fix=f"Take a pl.DataFrame and call .lazy() on it. {fix}" if lazy else fix,
        at=function.at,
    )
