"""Source text without what cannot matter: layout, comments, quotes, docstrings, ``pass``.

The form is written from the syntax tree, so every way to write the same tree has the same bytes. Rejected: `ast.dump`
and `ast.unparse`, which take five times as long and change their output between Python's versions; byte code, which
depends on the interpreter, leaves out ``assert`` or keeps docstrings.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import Any, Final

from trimtab.base.digest import Digest, digest_bytes

_LEFT_OUT: Final = frozenset({"ctx", "kind", "type_comment"})
_BLOCKS: Final = frozenset({"body", "orelse", "finalbody"})
_YOUNG: Final = frozenset({"type_params", "default_value"})
"""Fields that older Pythons do not have; left out where they are empty, so that both write the same."""

_FIELDS: Final[dict[type, tuple[str, ...]]] = {}
_LONG_NUMBER: Final = 4_000
_FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef)


def normal_digest(node: ast.AST, *, docstrings: bool = False) -> Digest:
    """The digest of a statement's normal form; ``docstrings`` keeps texts that stand for themselves."""
    out: list[object] = []
    _write([node], out, docstrings=docstrings, local=False)
    return digest_bytes(ascii(out).encode())


def is_no_op(node: ast.AST, *, docstrings: bool = False) -> bool:
    """Whether a statement does nothing: ``pass``, ``...``, a text that stands for itself."""
    if node.__class__ is ast.Pass:
        return True
    if not isinstance(node, ast.Expr) or not isinstance(node.value, ast.Constant):
        return False
    return not (docstrings and isinstance(node.value.value, str))


def _write(nodes: Iterable[ast.AST], out: list[object], *, docstrings: bool, local: bool) -> None:
    """Appends the form in one order that never varies: a node's class and plain fields, then its children."""
    stack: list[Any] = list(nodes)
    while stack:
        node = stack.pop()
        kind = node.__class__
        if kind is list:
            out.append(len(node))
            stack.extend(node)
            continue
        if node is None or kind is str:
            out.append(node)
            continue
        out.append(kind.__name__)
        if kind in _FUNCTIONS:
            block = [each for each in node.body if not is_no_op(each, docstrings=docstrings)]
            out.append(len(block))
            _write(block, out, docstrings=docstrings, local=True)
        for field in _FIELDS[kind] if kind in _FIELDS else _fields(kind):
            value = getattr(node, field, None)
            if value.__class__ is list:
                if field in _BLOCKS:
                    value = [each for each in value if not is_no_op(each, docstrings=docstrings)]
                elif not value and field in _YOUNG:
                    continue
                if kind is ast.ClassDef and field == "body":
                    out.append(len(value))
                    _write(value, out, docstrings=docstrings, local=False)
                else:
                    stack.append(value)
            elif isinstance(value, ast.AST):
                if local and field == "annotation" and kind is ast.AnnAssign:
                    continue  # the annotation of a local variable is never evaluated
                out.append(".")
                stack.append(value)
            elif value is not None or field not in _YOUNG:
                out.append(_plain(value))


def _plain(value: object) -> object:
    if value.__class__ is int and int.bit_length(value) > _LONG_NUMBER:
        return hex(value)  # decimal digits of long numbers are refused
    return value


def _fields(kind: type[ast.AST]) -> tuple[str, ...]:
    left_out = _LEFT_OUT | {"body"} if issubclass(kind, _FUNCTIONS) else _LEFT_OUT
    found = tuple(field for field in kind._fields if field not in left_out)
    _FIELDS[kind] = found
    return found
