# ruff: noqa: E501 - a program in one line each
"""Edits that a step's result can follow from: each changes the digest of what the step reaches."""

from __future__ import annotations

import sys

import pytest

from tests.unit.pipeline.reach_edits import counts

OWN = {
    "its body": "def step(x): return x + ⟦1→2⟧",
    "a default": "def step(x, by=⟦1→2⟧): return x * by",
    "a decorator": "from functools import cache, wraps\n@⟦cache→wraps⟧\ndef step(x): return x",
    "a decorator's arguments": "from functools import lru_cache\n@lru_cache(⟦1→2⟧)\ndef step(x): return x",
    "an assertion": "def step(x):\n    assert x > ⟦0→1⟧\n    return x",
    "a format": "def step(x): return f'{x:.⟦1→2⟧f}'",
    "an annotation that says how rows come": "import polars as pl\nimport pandas as pd\ndef step(x: ⟦pl→pd⟧.DataFrame): return x",
    "the type of a number": "def step(x): return x * ⟦1→1.0⟧",
    "what is left out of a slice": "def step(x): return x[⟦1:→:1⟧]",
    "a number too long for decimal digits": "def step(x): return x + 0x" + "f" * 5000 + "⟦1→2⟧",
    "a text that is no valid Unicode": "def step(x): return x + '\\ud800⟦a→b⟧'",
    "async for sync": "⟦→async ⟧def step(x): return x",
    "a keyword for a position": "def step(x, ⟦→*, ⟧y=1): return x",
}
HELPERS = {
    "a helper": "def step(x): return helper(x)\ndef helper(x): return x + ⟦1→2⟧",
    "a helper five calls away": "def step(x): return a(x)\ndef a(x): return b(x)\ndef b(x): return c(x)\ndef c(x): return d(x)\ndef d(x): return ⟦x→-x⟧",
    "a helper that calls back": "def step(x): return even(x)\ndef even(x): return x == 0 or odd(x - 1)\ndef odd(x): return x != ⟦0→9⟧ and even(x - 1)",
    "another module": "import helpers\ndef step(x): return helpers.f(x)\n# file: helpers.py\ndef f(x): return ⟦x→-x⟧",
    "an alias of a module": "import helpers as h\ndef step(x): return h.f(x)\n# file: helpers.py\ndef f(x): return ⟦x→-x⟧",
    "an alias of a function": "from helpers import f as g\ndef step(x): return g(x)\n# file: helpers.py\ndef f(x): return ⟦x→-x⟧",
    "a module in a package": "import a.b.c\ndef step(x): return a.b.c.f(x)\n# file: a/__init__.py\n# file: a/b/__init__.py\n# file: a/b/c.py\ndef f(x): return ⟦x→-x⟧",
    "a module in a package by alias": "import a.b as c\ndef step(x): return c.f(x)\n# file: a/__init__.py\n# file: a/b.py\ndef f(x): return ⟦x→-x⟧",
    "a folder without __init__": "from a.b import f\ndef step(x): return f(x)\n# file: a/b.py\ndef f(x): return ⟦x→-x⟧",
    "a module from a package": "from a import b\ndef step(x): return b.f(x)\n# file: a/__init__.py\n# file: a/b.py\ndef f(x): return ⟦x→-x⟧",
    "a package's attribute that another import loads": "import a\nimport a.b\ndef step(x): return a.b.f(x)\n# file: a/__init__.py\n# file: a/b.py\ndef f(x): return ⟦x→-x⟧",
    "a re-export": "from a import f\ndef step(x): return f(x)\n# file: a/__init__.py\nfrom .b import f\n# file: a/b.py\nfrom .c import g as f\n# file: a/c.py\ndef g(x): return ⟦x→-x⟧",
    "a name that hides a module": "from a import b\ndef step(x): return b(x)\n# file: a/__init__.py\nfrom .b import b\n# file: a/b.py\ndef b(x): return ⟦x→-x⟧",
    "all names": "from helpers import *\ndef step(x): return f(x)\n# file: helpers.py\ndef f(x): return ⟦x→-x⟧",
    "all names of all names": "from a import *\ndef step(x): return f(x)\n# file: a/__init__.py\nfrom .b import *\n# file: a/b.py\n__all__ = ['f']\ndef f(x): return ⟦x→-x⟧",
    "all names, which hide a built-in one": "from helpers import *\ndef step(x): return abs(x)\n# file: helpers.py\ndef abs(x): return ⟦x→-x⟧",
    "what __all__ has": "from helpers import *\ndef f(x): return x\ndef step(x): return g(x)\n# file: helpers.py\n__all__ = [⟦'g'→'f'⟧]\ndef g(x): return x\ndef f(x): return x",
    "all names after a definition": "def f(x): return x\nfrom helpers import *\ndef step(x): return f(x)\n# file: helpers.py\ndef f(x): return ⟦x→-x⟧",
    "an import in a function": "def step(x):\n    from helpers import f\n    return f(x)\n# file: helpers.py\ndef f(x): return ⟦x→-x⟧",
    "an aliased import in a function": "def step(x):\n    import helpers as h\n    return h.f(x)\n# file: helpers.py\ndef f(x): return ⟦x→-x⟧",
    "an import in a function around": "def step(x):\n    import helpers as h\n    return [(lambda: h.f(y))() for y in x]\n# file: helpers.py\ndef f(x): return ⟦x→-x⟧",
    "a package's import in a function": "def step(x):\n    import a.b\n    return a.b.f(x)\n# file: a/b.py\ndef f(x): return ⟦x→-x⟧",
    "the alternative of an import": "try:\n    from fast import f\nexcept ImportError:\n    from slow import f\ndef step(x): return f(x)\n# file: slow.py\ndef f(x): return ⟦x→-x⟧",
    "the other alternative": "try:\n    from fast import f\nexcept ImportError:\n    from slow import f\ndef step(x): return f(x)\n# file: slow.py\ndef f(x): return x\n# file: fast.py\ndef f(x): return ⟦x→-x⟧",
    "an alternative that is defined": "try:\n    from fast import f\nexcept ImportError:\n    def f(x): return ⟦x→-x⟧\ndef step(x): return f(x)",
    "a branch": "import sys\nif sys.version_info > (3,):\n    def f(x): return x\nelse:\n    def f(x): return ⟦x→-x⟧\ndef step(x): return f(x)",
    "a branch's condition": "import sys\nif sys.version_info > (3, ⟦1→99⟧):\n    def f(x): return x\nelse:\n    def f(x): return -x\ndef step(x): return f(x)",
    "a constant in a branch's condition": "FAST = ⟦True→False⟧\nif FAST:\n    from a import f\nelse:\n    from b import f\ndef step(x): return f(x)\n# file: a.py\ndef f(x): return x\n# file: b.py\ndef f(x): return x",
    "which branch it stands in": "import sys\nif sys.a:\n    K = ⟦1→2⟧\nelse:\n    K = ⟦2→1⟧\ndef step(x): return K",
    "an import of the standard library": "from math import ⟦floor→ceil⟧ as r\ndef step(x): return r(x)",
    "a library under the same name": "import ⟦numpy→cupy⟧ as np\ndef step(x): return np.mean(x)",
    "a default that is a function": "def f(x): return ⟦x→-x⟧\ndef step(x, by=f): return by(x)",
    "partial": "from functools import partial\ndef f(y, x): return ⟦x→-x⟧\ng = partial(f, 1)\ndef step(x): return g(x)",
    "a factory": "def make(n):\n    def inner(x): return x * n + ⟦1→2⟧\n    return inner\nf = make(3)\ndef step(x): return f(x)",
    "what a factory is given": "def make(n):\n    return lambda x: x * n\nf = make(⟦3→4⟧)\ndef step(x): return f(x)",
    "a table of functions": "def f(x): return ⟦x→-x⟧\nT = {'f': f}\ndef step(x): return T['f'](x)",
    "another name for a function": "def f(x): return ⟦x→-x⟧\ng = f\ndef step(x): return g(x)",
    "another name for a module": "import helpers\nh = helpers\ndef step(x): return h.f(x)\n# file: helpers.py\ndef f(x): return ⟦x→-x⟧",
    "a project's decorator": "def twice(f):\n    return lambda x: f(f(x)) + ⟦0→1⟧\n@twice\ndef step(x): return x",
    "a lambda's helper": "def f(x): return ⟦x→-x⟧\ndef step(x): return list(map(lambda y: f(y), x))",
    "a comprehension's helper": "def f(x): return ⟦x→-x⟧\ndef step(x): return {k: v for k, v in f(x) if v}",
    "a nested function's helper": "def f(x): return ⟦x→-x⟧\ndef step(x):\n    def inner(y):\n        class C:\n            z = f(y)\n        return C.z\n    return inner(x)",
    "a match pattern's class": "class P:\n    __match_args__ = ('⟦a→b⟧',)\ndef step(x):\n    match x:\n        case P(1): return 1",
    "a helper in an f-string": "def f(x): return ⟦x→-x⟧\ndef step(x): return f'{f(x)!r:>{f(x)}}'",
    "a caught exception": "class E(Exception):\n    n = ⟦1→2⟧\ndef step(x):\n    try: return x()\n    except E as e: return e.n",
    "getattr by a literal": "import helpers\ndef step(x): return getattr(helpers, 'f')(x)\n# file: helpers.py\ndef f(x): return ⟦x→-x⟧",
    "import_module by a literal": "import importlib\ndef step(x): return importlib.import_module('a.b').f(x)\n# file: a/b.py\ndef f(x): return ⟦x→-x⟧",
    "import_module by a literal, kept": "from importlib import import_module\nm = import_module('a.b')\ndef step(x): return m.f(x)\n# file: a/b.py\ndef f(x): return ⟦x→-x⟧",
    "import_module of a relative name": "import importlib\ndef step(x): return importlib.import_module('.b', 'a').f(x)\n# file: a/__init__.py\n# file: a/b.py\ndef f(x): return ⟦x→-x⟧",
    "import_module of a relative name in its own package": "from a.c import step\n# file: a/__init__.py\n# file: a/b.py\ndef f(x): return ⟦x→-x⟧\n# file: a/c.py\nfrom importlib import import_module\ndef step(x): return import_module('.b', package=__package__).f(x)",
    "__import__ by a literal": "def step(x): return __import__('helpers').f(x)\n# file: helpers.py\ndef f(x): return ⟦x→-x⟧",
    "a name in a text": "import hydra\ndef step(x): return hydra.call({'_target_': 'a.b.f'}, x)\n# file: a/b.py\ndef f(x): return ⟦x→-x⟧",
    "a module's own __getattr__": "import helpers\ndef step(x): return helpers.anything\n# file: helpers.py\ndef __getattr__(name): return ⟦1→2⟧",
    "a definition that replaces another": "def f(x): return ⟦x→-x⟧\ndef g(x): return f(x)\ndef f(x): return x\ndef step(x): return g(f(x))",
    "the order of two definitions": "⟦def f(x): return x→def f(x): return -x⟧\n⟦def f(x): return -x→def f(x): return x⟧\ndef step(x): return f(x)",
    "a source folder": "from bank.rates import f\ndef step(x): return f(x)\n# file: src/bank/rates.py\ndef f(x): return ⟦x→-x⟧",
    "a folder that is put on the path": "import sys\nsys.path.insert(0, 'lib')\nfrom rates import f\ndef step(x): return f(x)\n# file: lib/__init__.py\n# file: lib/rates.py\ndef f(x): return ⟦x→-x⟧",
    "a mangled name": "def _A__f(x): return ⟦x→-x⟧\nclass A:\n    def go(self, x): return __f(x)\ndef step(x): return A().go(x)",
    "a class body that falls back to the module": "def f(x): return ⟦x→-x⟧\nclass A:\n    f = staticmethod(f)\ndef step(x): return A.f(x)",
    "a type checker's import in an annotation": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from helpers import Rows\ndef step(x: 'Rows'): return x\n# file: helpers.py\nclass Rows:\n    n: ⟦int→str⟧",
    "code that is imported under a future statement": "⟦→from __future__ import annotations⟧\ndef step(x: int): return step.__annotations__",
}
CONSTANTS = {
    "a constant": "K = ⟦1→2⟧\ndef step(x): return x * K",
    "a constant's constant": "B = ⟦1→2⟧\nK = B * 2\ndef step(x): return x * K",
    "a module's constant": "import helpers\ndef step(x): return x * helpers.K\n# file: helpers.py\nK = ⟦1→2⟧",
    "a constant of a package": "from a import K\ndef step(x): return x * K\n# file: a/__init__.py\nK = ⟦1→2⟧",
    "what is added to it": "K = 1\nK += ⟦1→2⟧\ndef step(x): return x * K",
    "a constant that is set again": "K = ⟦1→2⟧\nK = 3\ndef step(x): return x * K",
    "the order of two settings": "K = ⟦1→2⟧\nK = ⟦2→1⟧\ndef step(x): return x * K",
    "what it was when it was read": "A = 1\n⟦B = A→A = 2⟧\n⟦A = 2→B = A⟧\ndef step(x): return A * B",
    "what a function read while it was made": "A = 1\ndef f(): return A\n⟦B = f()→A = 2⟧\n⟦A = 2→B = f()⟧\ndef step(x): return A * B",
    "an unpacked constant": "A, (B, *C) = 1, (2, ⟦3→4⟧)\ndef step(x): return C",
    "an annotated constant": "K: int = ⟦1→2⟧\ndef step(x): return K",
    "a walrus": "L = [K := ⟦1→2⟧]\ndef step(x): return K",
    "a walrus in a default": "def g(a=(K := ⟦1→2⟧)): return a\ndef step(x): return K",
    "a loop": "K = {}\nfor i in range(⟦1→2⟧):\n    K[i] = i\ndef step(x): return K",
    "a loop's variable": "for K in range(⟦1→2⟧): pass\ndef step(x): return K",
    "a with block": "import contextlib\nwith contextlib.suppress(KeyError):\n    K = ⟦1→2⟧\ndef step(x): return K",
    "a match block": "match 1:\n    case K: pass\n    case _: K = ⟦1→2⟧\ndef step(x): return K",
    "a while block": "K = 0\nwhile K < ⟦5→6⟧: K += 1\ndef step(x): return K",
    "a deletion": "K = 1\n⟦→del K⟧\ndef step(x): return K",
    "a deletion in between": "from helpers import *\n⟦→del max⟧\ndef step(x): return max(x)\n# file: helpers.py\ndef max(x): return 1",
    "a global statement": "K = 1\ndef write():\n    global K\n    K = ⟦1→2⟧\ndef step(x):\n    return K",
    "a global statement in a class": "class W:\n    global K\n    K = ⟦1→2⟧\ndef step(x):\n    return K",
    "a module-level lambda": "f = lambda x: x + ⟦1→2⟧\ndef step(x): return f(x)",
    "a conditional constant": "import sys\nK = ⟦1→2⟧ if sys else 3\ndef step(x): return K",
    "an enum": "from enum import Enum\nclass E(Enum):\n    A = ⟦1→2⟧\ndef step(x): return E.A.value",
    "a named tuple": "from collections import namedtuple\nP = namedtuple('P', '⟦a→b⟧')\ndef step(x): return P(x)",
    "a base's list of fields": "from collections import namedtuple\nFIELDS = ['⟦a→b⟧']\nclass P(namedtuple('P', FIELDS)): pass\ndef step(x): return P(x)",
    "which of two imports is last": "⟦from a import f→from b import f⟧\n⟦from b import f→from a import f⟧\ndef step(x): return f(x)\n# file: a.py\ndef f(x): return x\n# file: b.py\ndef f(x): return -x",
    "a star import that gives a constant": "from helpers import *\nK2 = K * 2\ndef step(x): return K2\n# file: helpers.py\nK = ⟦1→2⟧",
}
CLASSES = {
    "a method": "class A:\n    def go(self): return ⟦1→2⟧\ndef step(x): return A().go()",
    "a class attribute": "class A:\n    n = ⟦1→2⟧\ndef step(x): return A.n",
    "a base": "class B:\n    n = ⟦1→2⟧\nclass A(B): pass\ndef step(x): return A.n",
    "a base's base elsewhere": "from helpers import B\nclass A(B): pass\ndef step(x): return A.n\n# file: helpers.py\nfrom deeper import C\nclass B(C): pass\n# file: deeper.py\nclass C:\n    n = ⟦1→2⟧",
    "which base": "class B:\n    n = 1\nclass C:\n    n = 2\nclass A(⟦B, C→C, B⟧): pass\ndef step(x): return A.n",
    "a metaclass": "class M(type):\n    n = ⟦1→2⟧\nclass A(metaclass=M): pass\ndef step(x): return A.n",
    "a nested class": "class A:\n    class B:\n        n = ⟦1→2⟧\ndef step(x): return A.B.n",
    "a decorator of a class": "def mark(c):\n    c.n = ⟦1→2⟧\n    return c\n@mark\nclass A: pass\ndef step(x): return A.n",
    "a property": "class A:\n    @property\n    def n(self): return ⟦1→2⟧\ndef step(x): return A().n",
    "a dataclass's default": "from dataclasses import dataclass, field\n@dataclass\nclass A:\n    n: list = field(default_factory=lambda: [⟦1→2⟧])\ndef step(x): return A().n",
    "a dataclass's order of fields": "from dataclasses import dataclass\n@dataclass\nclass A:\n    ⟦a: int→b: int⟧\n    ⟦b: int→a: int⟧\ndef step(x): return A(1, 2)",
    "what a method calls": "def f(): return ⟦1→2⟧\nclass A:\n    def go(self): return f()\ndef step(x): return A().go()",
    "a method's default": "K = ⟦1→2⟧\nclass A:\n    def go(self, n=K): return n\ndef step(x): return A().go()",
    "a descriptor": "class D:\n    def __get__(self, *a): return ⟦1→2⟧\nclass A:\n    n = D()\ndef step(x): return A().n",
    "a class that is set up by another": "class A: pass\nclass B(A):\n    n = ⟦1→2⟧\nMADE = B()\ndef step(x): return MADE.n",
    "an operator": "class A:\n    def __add__(self, o): return ⟦1→2⟧\nZ = A()\ndef step(x): return Z + x",
    "slots, private names and super": "class B:\n    def _go(self): return ⟦1→2⟧\nclass A(B):\n    def go(self): return super()._go()\ndef step(x): return A().go()",
    "a generic's parameter": "from typing import Generic, TypeVar\nT = TypeVar('T', bound='⟦int→str⟧')\nclass A(Generic[T]): pass\ndef step(x): return A.__parameters__",
    "a class in an annotation": "class A:\n    n: int = ⟦1→2⟧\ndef step(x: A): return x",
}


@pytest.mark.parametrize("text", OWN.values(), ids=OWN)
def test_an_edit_of_the_function_itself_counts(text: str) -> None:
    assert counts(text)


@pytest.mark.parametrize("text", HELPERS.values(), ids=HELPERS)
def test_an_edit_of_a_helper_counts_however_it_is_reached(text: str) -> None:
    assert counts(text)


@pytest.mark.parametrize("text", CONSTANTS.values(), ids=CONSTANTS)
def test_an_edit_of_a_constant_counts_however_it_is_made(text: str) -> None:
    assert counts(text)


@pytest.mark.parametrize("text", CLASSES.values(), ids=CLASSES)
def test_an_edit_of_a_class_counts(text: str) -> None:
    assert counts(text)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="this syntax is Python 3.12's")
@pytest.mark.parametrize(
    "text",
    [
        "type K = ⟦int→str⟧\ndef step(x): return K.__value__",
        "K = ⟦int→str⟧\ndef step[T: K](x: T): return step.__type_params__",
        "class B:\n    n = ⟦1→2⟧\nclass A[T](B): pass\ndef step(x): return A.n",
    ],
)
def test_an_edit_of_a_type_alias_or_a_type_parameter_counts(text: str) -> None:
    assert counts(text)
