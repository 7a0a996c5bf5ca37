"""Texts that a library evaluates with the names of its caller: ``df.query("x > @LIMIT")``, ``pd.eval``, SQL, formulas.

pandas, numexpr, Polars, DuckDB and formula libraries look names up in the frame that calls them, so a constant, a
function or a table of the module is used without standing in its code. The names in such a text count as if they stood
there. Where the text is put together while the code runs, any name of the module may be in it.
"""

from __future__ import annotations

import ast
import keyword
import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from trimtab.pipeline.reach.facts import Query, named
from trimtab.pipeline.reach.modules import Module
from trimtab.pipeline.reach.resolve import Resolver
from trimtab.pipeline.reach.scopes import Scope, ScopeKind
from trimtab.pipeline.reach.values import UnitKind

_WITH_CALLERS_NAMES: Final = frozenset({"eval", "execute_global", "query", "sql"})
"""Methods whose text may name anything of the caller's."""

_OF_DUCKDB: Final = frozenset({"execute", "executemany", "from_query"})
"""Methods of many libraries, of which DuckDB's alone looks at the caller."""

_KEYWORDS: Final = frozenset({"ex", "expr", "formula", "query", "sql", "statement"})
_OF_TEXTS: Final = frozenset({
    "capitalize", "casefold", "cleandoc", "dedent", "format", "join", "lower", "lstrip", "replace", "rstrip", "strip",
    "text", "upper",
})  # fmt: skip
"""Functions and methods that make a text of texts."""

_NAMES: Final = re.compile(r"(?<![\w.])[^\W\d]\w*(?:\s*\.\s*[^\W\d]\w*)*")
_AT: Final = re.compile(r"@\s*([^\W\d]\w*(?:\.[^\W\d]\w*)*)")
_FORMULA: Final = re.compile(r"[\s\w.()+*:/-]*~")
_QUOTED: Final = re.compile(r"'((?:[^']|'')+)'|\"((?:[^\"]|\"\")+)\"")
_NUMBER: Final = re.compile(r".*[bcdeEfFgGnoxX%]$")
_DEEPEST: Final = 8


class Written(NamedTuple):
    """What is known of a query's text: its constant parts, and whether it has others."""

    texts: tuple[str, ...]
    computed: bool


class _Computed(NamedTuple):
    """A part of a text that has to be looked for elsewhere; ``quoted`` if it stands in double quotes."""

    node: ast.expr
    scope: Scope
    quoted: bool = False


def written(query: Query, module: Module, resolver: Resolver, *, duckdb: bool) -> Written:
    """The text of a call that evaluates one; parts that are constants of a module are followed.

    What stands in double quotes is a name in SQL, and a value in pandas; where the project uses DuckDB (``duckdb``),
    a call of ``query`` may be either's.
    """
    given = _given(query.node)
    found = [] if given is None else list(_followed(_parts(given, query.scope, 0), module, resolver, 0))
    texts = tuple(each for each in found if isinstance(each, str))
    names = duckdb or query.method not in ("eval", "query")
    computed = [each for each in found if isinstance(each, _Computed) and (names or not each.quoted)]
    return Written(texts=texts, computed=bool(computed))


def may_name_anything(query: Query, *, duckdb: bool) -> bool:
    """Whether a computed text may name things of the module; ``duckdb``: the project uses DuckDB somewhere."""
    return query.method in _WITH_CALLERS_NAMES or (duckdb and query.method in _OF_DUCKDB)


def names_in(text: str) -> Iterator[tuple[str, ...]]:
    """The dotted names in a text that is evaluated."""
    for found in _NAMES.finditer(text.replace("@", " ")):
        parts = tuple(each.strip() for each in found[0].split("."))
        if not keyword.iskeyword(parts[0]):
            yield parts


def names_marked(text: str) -> Iterator[tuple[str, ...]]:
    """The dotted names in a text that looks as if it were evaluated somewhere: ``@NAME``, and those of a formula."""
    if "@" in text:
        yield from (tuple(found[1].split(".")) for found in _AT.finditer(text))
    if "~" in text and _FORMULA.match(text):
        yield from names_in(text)


def quoted_in(text: str) -> Iterator[str]:
    """What stands in quotes in a query: it may be the name of a file."""
    for found in _QUOTED.finditer(text):
        yield (found[1] or found[2]).replace("''", "'")


def asks_callers(node: ast.Call) -> bool:
    """Whether a query looks at its caller's callers as well."""
    return any(word.arg == "level" for word in node.keywords)


def _given(node: ast.Call) -> ast.expr | None:
    given = (*node.args, *(word.value for word in node.keywords if word.arg in _KEYWORDS))
    return given[0] if given else None


def _followed(
    parts: Iterable[str | _Computed], module: Module, resolver: Resolver, depth: int
) -> Iterator[str | _Computed]:
    """The parts, with constants of a module as their texts; things that are no texts are left out."""
    for part in parts:
        ref = named(part.node, part.scope) if isinstance(part, _Computed) else None
        found = resolver.ref(module, ref) if ref is not None else None
        if found is None or found.outside or not found.slots or depth > _DEEPEST:
            yield part
            continue
        for slot, rest in found.slots:
            home = resolver.modules.get(slot.module)
            statements = home.bindings.get(slot.name, ()) if home is not None else ()
            if home is None or not statements or slot.name in home.writers:
                yield part
                continue
            for statement in statements:
                value = getattr(statement.node, "value", None)
                if statement.kind is UnitKind.CONSTANT and len(statement.binds) == 1 and not rest:
                    inner = _parts(value, Scope(ScopeKind.MODULE, None), 0) if isinstance(value, ast.expr) else ()
                    yield from _followed(inner, home, resolver, depth + 1)
                elif statement.kind not in (UnitKind.FUNCTION, UnitKind.CLASS):
                    yield part


def _parts(node: ast.expr, scope: Scope, depth: int) -> Iterator[str | _Computed]:
    """The constant texts that an expression is made of, and what is not constant."""
    if isinstance(node, ast.Constant):
        yield from [node.value] if isinstance(node.value, str) else []
    elif isinstance(node, ast.JoinedStr):
        yield from _joined(node, scope, depth)
    elif isinstance(node, ast.BinOp):
        if isinstance(node.op, ast.Add | ast.Mod | ast.Mult):
            yield from _parts(node.left, scope, depth)
            yield from _parts(node.right, scope, depth)
    elif isinstance(node, ast.IfExp):
        yield from _parts(node.body, scope, depth)
        yield from _parts(node.orelse, scope, depth)
    elif isinstance(node, ast.BoolOp):
        for each in node.values:
            yield from _parts(each, scope, depth)
    elif isinstance(node, ast.List | ast.Tuple):
        for each in node.elts:
            yield from _parts(each, scope, depth)
    elif isinstance(node, ast.Name):
        yield from _local(node, scope, depth)
    elif isinstance(node, ast.Call) and _last(node.func) in _OF_TEXTS:
        heads = [node.func.value] if isinstance(node.func, ast.Attribute) and _is_texts(node.func.value) else []
        for each in (*heads, *node.args, *(word.value for word in node.keywords)):
            yield from _parts(each, scope, depth)
    elif not isinstance(node, ast.Dict | ast.Set | ast.Lambda | ast.Compare | ast.UnaryOp):
        yield _Computed(node, scope)


def _joined(node: ast.JoinedStr, scope: Scope, depth: int) -> Iterator[str | _Computed]:
    for place, each in enumerate(node.values):
        if isinstance(each, ast.Constant):
            yield str(each.value)
        elif isinstance(each, ast.FormattedValue) and not (_is_value(each) or _is_between("'", node.values, place)):
            quoted = _is_between('"', node.values, place)
            for part in _parts(each.value, scope, depth):
                yield part._replace(quoted=True) if quoted and isinstance(part, _Computed) else part


def _is_value(part: ast.FormattedValue) -> bool:
    """Whether what is filled in is a number, or a text in quotes: neither has names."""
    spec = part.format_spec
    fixed = spec.values if isinstance(spec, ast.JoinedStr) else []
    last = fixed[-1].value if fixed and isinstance(fixed[-1], ast.Constant) else ""
    return part.conversion == ord("r") or bool(_NUMBER.match(str(last)))


def _is_between(quote: str, values: list[ast.expr], place: int) -> bool:
    around = [values[each] for each in (place - 1, place + 1) if 0 <= each < len(values)]
    texts = [str(each.value) for each in around if isinstance(each, ast.Constant)]
    return len(texts) == 2 and texts[0][-1:] == quote == texts[1][:1]


def _local(node: ast.Name, scope: Scope, depth: int) -> Iterator[str | _Computed]:
    home = scope.holder(node.id)
    values = home.bindings.get(node.id, [None]) if home is not None and node.id not in home.imports else [None]
    for value in values if depth <= _DEEPEST else [None]:
        yield from [_Computed(node, scope)] if value is None else _parts(value, scope, depth + 1)


def _is_texts(node: ast.expr) -> bool:
    """Whether a method is one of a text, and not a function of a module such as ``textwrap``."""
    return not isinstance(node, ast.Name) or node.id not in ("inspect", "sqlalchemy", "textwrap")


def _last(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
