# ruff: noqa: E501 - odd code, one case in a line
"""Which names are the module's is what Python's own compiler says, over the standard library and over odd cases."""

from __future__ import annotations

import ast
import symtable
import sys
import sysconfig
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from trimtab.pipeline.reach.names import facts_of
from trimtab.pipeline.reach.units import imported_by, parsed

LIBRARY = Path(sysconfig.get_paths()["stdlib"])
NAMES = (
    "abc", "argparse", "ast", "asyncio/base_events", "asyncio/tasks", "bdb", "collections/__init__", "configparser",
    "contextlib", "copy", "dataclasses", "datetime", "decimal", "difflib", "doctest", "email/message", "enum", "functools",
    "http/client", "importlib/_bootstrap", "inspect", "logging/__init__", "multiprocessing/pool", "pathlib", "pdb",
    "pickle", "random", "shutil", "ssl", "statistics", "subprocess", "symtable", "tarfile", "threading", "traceback",
    "turtle", "typing", "unittest/mock", "uuid", "xml/etree/ElementTree", "zipfile",
)  # fmt: skip
# Read here, when the tests are collected: while they run, nothing may be opened.
SOURCES = {name: path.read_text(encoding="utf-8") for name in NAMES if (path := LIBRARY / f"{name}.py").is_file()}
ODD = {
    "class bodies": "def f():\n    x = 1\n    class A:\n        x = x\n        y = x\n        def g(self): return x, y\n",
    "comprehensions in classes": "class A:\n    a = 1\n    b = [a for _ in a]\n    c = [d for d in b if a]\n",
    "global in nested functions": "def f():\n    global x\n    def g(): return x\n    x = 1\n",
    "nonlocal": "def f():\n    x = 1\n    def g():\n        nonlocal x\n        x = 2\n        return y\n",
    "walrus in comprehensions": "def f(z): return [y := x for x in z], y, x\n[w := v for v in u]\n",
    "nested lambdas": "f = lambda x: lambda y, x=x: (x, y, z)\n",
    "mangling": "class __A:\n    def f(self): return __x, self.__y, __z__\n    class _B:\n        __w = __v\n",
    "exceptions": "def f():\n    try: a\n    except b as c: c\n    else: c\n",
    "patterns": "def f(x):\n    match x:\n        case A(b, c=d) | [*d, {'a': b, **c}]: return b\n        case e.f: return g\n",
    "decorators and defaults": "@a\ndef f(b=c, *d: e, **g: h) -> i:\n    @b\n    class J(d, metaclass=g): pass\n",
    "deletions": "def f():\n    x = 1\n    del x, y[z]\n",
    "imports": "def f():\n    import a.b\n    import a.b as c\n    from d import e as g\n    return a, b, c, d, e, g\n",
    "generators": "def f(x): return (y for y in z for z in y if w)\n",
    "class and its own global": "x = 1\nclass A:\n    global x\n    x = 2\n    def f(self): return x\n",
    "super": "class A:\n    def f(self): return super().f(), __class__\n",
}  # fmt: skip


BINDING = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import,
           ast.ImportFrom, ast.If, ast.Try, ast.For, ast.While, ast.With, ast.Delete)  # fmt: skip


def told(source: str) -> set[str]:
    """The module's names that our own walk finds."""
    reader = partial(imported_by, home="m", is_package=False)
    found: set[str] = set()
    for node in parsed(source).body:
        facts = facts_of(node, bound=lambda name: False, imports=reader)
        found |= {ref.root for ref in facts.refs if not ref.imported and ref.root}
        found |= {lookup.name for lookup in facts.lookups} | facts.writes
        found |= {lookup.subject.root for lookup in facts.lookups if lookup.subject and not lookup.subject.imported}
        found |= {each for each in facts.bound if not isinstance(node, BINDING)}  # by `:=` in a comprehension
    return found


def expected(source: str) -> set[str]:
    """The module's names that the compiler finds, loads and declared stores."""
    top = symtable.symtable(source, "<text>", "exec")
    return {name for table in tables(top) for name in used(table, top)}


def tables(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    yield table
    for each in table.get_children():
        yield from tables(each)


def used(table: symtable.SymbolTable, top: symtable.SymbolTable) -> Iterator[str]:
    for symbol in table.get_symbols():
        ours = table is top or symbol.is_global()
        if ours and (symbol.is_referenced() or (symbol.is_declared_global() and symbol.is_assigned())):
            yield symbol.get_name()


@pytest.mark.parametrize("name", SOURCES)
def test_the_names_of_a_module_of_the_standard_library_are_those_of_the_compiler(name: str) -> None:
    compare(SOURCES[name])


@pytest.mark.parametrize("source", ODD.values(), ids=ODD)
def test_the_names_of_odd_code_are_those_of_the_compiler(source: str) -> None:
    compare(source)


def compare(source: str) -> None:
    """We find all that the compiler finds; more only where a class's body may mean the module's name."""
    ours, theirs = told(source), expected(source)
    # An annotation of a local variable is never evaluated, so its names are left out on purpose.
    unevaluated = {
        inner.id
        for function in ast.walk(parsed(source))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for each in ast.walk(function)
        if isinstance(each, ast.AnnAssign)
        for inner in ast.walk(each.annotation)
        if isinstance(inner, ast.Name)
    }
    assert theirs - ours <= unevaluated | {"__class__"}
    texts = {inner for each in ast.walk(parsed(source)) if isinstance(each, ast.Constant) for inner in words(each)}
    in_classes = {
        symbol.get_name()
        for table in tables(symtable.symtable(source, "<text>", "exec"))
        if table.get_type() == "class"
        for symbol in table.get_symbols()
    }
    assert ours - theirs <= in_classes | texts | {"__class__"}


def words(node: ast.Constant) -> set[str]:
    """The words of a text: an annotation may be written as one."""
    if not isinstance(node.value, str) or sys.getsizeof(node.value) > 500:
        return set()
    return set("".join(sign if sign.isalnum() or sign == "_" else " " for sign in node.value).split())
