"""What kind of object a name is bound to, as far as that decides what can change it.

Containers that the module makes itself are changed by what is stored into them and by their own methods; numbers and
texts by nothing. Anything else may be another name for something that is known elsewhere too.
"""

from __future__ import annotations

import ast
from typing import Final

from trimtab.pipeline.reach.modules import Module
from trimtab.pipeline.reach.units import Statement
from trimtab.pipeline.reach.values import UnitKind

GROWING: Final = frozenset({"add", "append", "appendleft", "extend", "extendleft", "insert", "setdefault", "update"})
_SHRINKING: Final = frozenset({"clear", "discard", "pop", "popitem", "popleft", "remove", "reverse", "rotate", "sort"})
CHANGING: Final = GROWING | _SHRINKING | {"difference_update", "intersection_update", "subtract", "__setitem__"}
"""Methods of containers that change them."""

READING: Final = frozenset({
    "absolute", "agg", "as_posix", "astype", "capitalize", "casefold", "copy", "count", "critical", "debug", "decode",
    "difference", "encode", "endswith", "error", "exception", "exists", "filter", "find", "findall", "finditer",
    "format", "fullmatch", "get", "group_by", "groupby", "head", "index", "info", "intersection", "is_dir", "is_file",
    "isdigit", "isdisjoint", "issubset", "issuperset", "items", "join", "joinpath", "keys", "log", "lower", "lstrip",
    "match", "max", "mean", "median", "min", "partition", "predict", "relative_to", "rename_columns", "replace",
    "resolve", "rfind", "rpartition", "rsplit", "rstrip", "search", "select", "split", "splitlines", "startswith",
    "std",
    "strip", "sub", "subn", "sum", "tail", "title", "to_dict", "to_list", "to_numpy", "tolist", "translate", "union",
    "upper", "values", "warning", "with_columns", "with_name", "with_suffix", "zfill",
})  # fmt: skip
"""Methods that change nothing of what they are called of."""

_MAKERS: Final = frozenset({
    "Counter", "OrderedDict", "bytearray", "defaultdict", "deepcopy", "deque", "dict", "list", "set", "sorted",
})  # fmt: skip
_PLAIN_MAKERS: Final = frozenset({
    "Decimal", "Fraction", "NewType", "Path", "PurePath", "PurePosixPath", "TypeVar", "ZoneInfo", "bool", "bytes",
    "complex", "date", "datetime", "float", "frozenset", "int", "len", "namedtuple", "range", "round", "str", "time",
    "timedelta", "timezone",
})  # fmt: skip
_DISPLAYS: Final = (ast.Dict, ast.List, ast.Set, ast.ListComp, ast.SetComp, ast.DictComp)


def is_container(module: Module, name: str) -> bool:
    """Whether a name is bound to one container that its module makes, and to nothing else."""
    statements = module.bindings.get(name, ())
    return (
        bool(statements)
        and name not in module.writers
        and all(isinstance(value, ast.expr) and makes_container(value) for value in map(_value, statements))
    )


def is_unchangeable(module: Module, name: str) -> bool:
    """Whether a name is bound to numbers, texts and the like alone."""
    statements = module.bindings.get(name, ())
    return bool(statements) and all(
        isinstance(value, ast.expr) and _is_plain(value) for value in map(_value, statements)
    )


def _value(statement: Statement) -> ast.expr | None:
    if statement.kind is not UnitKind.CONSTANT or len(statement.binds) != 1:
        return None
    value = getattr(statement.node, "value", None)
    return value if isinstance(value, ast.expr) else None


def makes_container(value: ast.expr) -> bool:
    """Whether an expression makes a new container of Python's own."""
    return isinstance(value, _DISPLAYS) or (isinstance(value, ast.Call) and last_name(value.func) in _MAKERS)


def makes_new(value: ast.expr | None) -> bool:
    """Whether an expression surely gives an object that nobody else knows."""
    if value is None:
        return False
    if isinstance(value, ast.Constant | ast.JoinedStr | ast.BinOp | ast.Compare | ast.GeneratorExp | ast.UnaryOp):
        return True
    return makes_container(value) or (isinstance(value, ast.Call) and last_name(value.func) in ("copy", *_PLAIN_MAKERS))


def _is_plain(value: ast.expr) -> bool:
    if isinstance(value, ast.Constant | ast.JoinedStr | ast.Compare):
        return True
    if isinstance(value, ast.Tuple):
        return all(_is_plain(each) for each in value.elts)
    if isinstance(value, ast.BinOp):
        return _is_plain(value.left) or _is_plain(value.right)
    if isinstance(value, ast.UnaryOp):
        return _is_plain(value.operand)
    return isinstance(value, ast.Call) and last_name(value.func) in _PLAIN_MAKERS


def last_name(node: ast.expr) -> str:
    """``c`` of ``a.b.c``."""
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
