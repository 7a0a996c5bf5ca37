# ruff: noqa: E501 - a program in one line each
"""Edits that a step's result cannot follow from: none changes the digest of what the step reaches."""

from __future__ import annotations

import pytest

from tests.unit.pipeline.reach_edits import counts, reach

FORM = {
    "a comment": "def step(x):\n    ⟦→# why⟧\n    return x",
    "blank lines": "⟦→\n\n\n⟧def step(x):\n⟦→\n\n⟧    return x",
    "spaces": "def step( x ⟦→,⟧ ):\n    return f(x,y⟦→ , ⟧)\ndef f(x,y = None): return x",
    "parentheses": "def step(x): return ⟦x + 1→(x + 1)⟧",
    "lines": "def step(x): return f(⟦x, 1→\n    x,\n    1,\n⟧)\ndef f(x, y): return x",
    "quotes": "def step(x): return x[⟦'a'→\"a\"⟧]",
    "quotes of many lines": "def step(x): return ⟦'a\\nb'→'''a\nb'''⟧",
    "a prefix of a text": "def step(x): return ⟦'a'→u'a'⟧",
    "a text in two pieces": "def step(x): return ⟦'ab'→'a' 'b'⟧",
    "a number's writing": "def step(x): return x * ⟦1000→1_000⟧",
    "a continuation": "def step(x):\n    return x + ⟦1→\\\n    1⟧",
    "a semicolon": "def step(x):\n    y = x⟦\n    →; ⟧return y",
    "a docstring": "def step(x):\n    '''⟦One.→Two.⟧'''\n    return x",
    "a docstring that is new": "def step(x):\n    ⟦→'''Two.'''⟧\n    return x",
    "a docstring in place of pass": "class A:\n    ⟦pass→'''Nothing.'''⟧\ndef step(x): return A()",
    "a module's docstring": "'''⟦One→Two⟧'''\ndef step(x): return x",
    "a class's and a method's docstring": "class A:\n    '''⟦One→Two⟧'''\n    def f(self):\n        '''⟦One→Two⟧'''\n        return 1\ndef step(x): return A().f()",
    "a text below a constant": "K = 1\n'''⟦One→Two⟧'''\ndef step(x): return K",
    "a name in a comment": "import helpers\ndef step(x): return helpers.f(x)⟦→ # and other, helpers[K] = 3, global K⟧\n# file: helpers.py\nK = 1\ndef f(x): return K",
    "a name in a docstring": "K = []\ndef step(x): return K\ndef other(x):\n    '''⟦→K.append(1), or import helpers⟧'''\n# file: helpers.py\n",
    "an import in a docstring": "def step(x): return x\ndef other(x):\n    '''\n    ⟦→import helpers⟧\n    '''\n# file: helpers.py\nimport os\nos.environ['A'] = '1'",
    "an annotation of a local variable": "def step(x):\n    y: ⟦int→float⟧ = x\n    return y",
    "elif for else and if": "def step(x):\n    if x: return 1\n    ⟦elif x.y: return 2→else:\n        if x.y: return 2⟧",
    "a byte order mark": "⟦→\ufeff⟧def step(x): return x",
    "an invalid escape elsewhere": "def step(x): return x\ndef other(x): return '⟦→\\d⟧'",
    "one import line for two": "⟦from math import floor, ceil→from math import ceil\nfrom math import floor⟧\ndef step(x): return floor(ceil(x))",
}
PLACE = {
    "where a function stands": "⟦def f(x): return x→⟧\ndef step(x): return f(x)\n⟦→def f(x): return x⟧",
    "where a function stands beside a constant": "⟦def f(x): return K→⟧\nK = 1\ndef step(x): return f(x)\n⟦→def f(x): return K⟧",
    "the order of functions": "⟦def a(x): return x→def b(x): return -x⟧\n⟦def b(x): return -x→def a(x): return x⟧\ndef step(x): return a(b(x))",
    "the order of constants": "⟦A = 1→B = 2⟧\n⟦B = 2→A = 1⟧\ndef step(x): return A * B",
    "the order of computed constants": "import numpy as np\n⟦A = np.log(1)→B = np.log(2)⟧\n⟦B = np.log(2)→A = np.log(1)⟧\ndef step(x): return A * B",
    "the order of classes": "⟦class A: n = 1→class B: n = 2⟧\n⟦class B: n = 2→class A: n = 1⟧\ndef step(x): return A.n * B.n",
    "the order of imports": "⟦import numpy as np→import polars as pl⟧\n⟦import polars as pl→import numpy as np⟧\ndef step(x): return np.mean(pl.col(x))",
    "the order of imports of the project": "⟦from a import f→from b import g⟧\n⟦from b import g→from a import f⟧\ndef step(x): return f(g(x))\n# file: a.py\ndef f(x): return x\n# file: b.py\ndef g(x): return x",
    "where a helper of a default stands": "⟦def f(): return 1→A = 2⟧\n⟦A = 2→def f(): return 1⟧\nK = f()\ndef step(x): return K * A",
    "the order of two registered steps": "T = {}\ndef register(f):\n    T[f.__name__] = f\n    return f\n⟦@register\ndef step(x): return x→@register\ndef other(x): return -x⟧\n⟦@register\ndef other(x): return -x→@register\ndef step(x): return x⟧",
    "the order of functions that a computed name chooses from": "import helpers\ndef step(x): return getattr(helpers, x)(x)\n# file: helpers.py\n⟦def a(x): return x→def b(x): return -x⟧\n⟦def b(x): return -x→def a(x): return x⟧",
}
UNRELATED = {
    "a function": "def step(x): return x\ndef other(x): return ⟦1→2⟧",
    "a function of the same module that the step's module imports": "from helpers import f\ndef step(x): return f(x)\n# file: helpers.py\ndef f(x): return x\ndef other(x): return ⟦1→2⟧",
    "a constant": "K = ⟦1→2⟧\ndef step(x): return x",
    "a computed constant": "import numpy as np\nK = np.log(⟦1→2⟧)\nimport re\nR = re.compile('⟦a→b⟧')\nimport logging\nLOG = logging.getLogger('⟦a→b⟧')\ndef step(x): return np.mean(re.sub(logging.root, x))",
    "a constant that is computed from one in use": "A = {'a': 1}\nB = {k: v for k, v in A.items() if v > ⟦1→2⟧}\nC = sorted(A)[⟦0→1⟧]\nD = A['⟦a→b⟧'] + len(A)\ndef step(x): return A",
    "an object that the project's class makes of one in use": "A = {'a': 1}\nclass C:\n    def __init__(self, d): self.d = d\nB = C(A)\nE = C(⟦1→2⟧)\ndef step(x): return C(x)",
    "a constant that the project's function computes from one in use": "A = {'a': 1}\ndef f(d):\n    out = {}\n    for k in d: out[k] = 1\n    return out\nB = f(A), ⟦1→2⟧\ndef step(x): return A",
    "a module that is imported for another": "import helpers, other\ndef step(x): return helpers.f(x)\ndef g(x): return other.f(x)\n# file: helpers.py\ndef f(x): return x\n# file: other.py\ndef f(x): return ⟦1→2⟧",
    "a module of the same name elsewhere": "import helpers\ndef step(x): return helpers.f(x)\n# file: helpers.py\ndef f(x): return x\n# file: tests/helpers.py\ndef f(x): return ⟦1→2⟧",
    "a class": "class A:\n    def f(self): return 1\nclass B(A):\n    def f(self): return ⟦1→2⟧\ndef step(x): return A().f()",
    "a subclass elsewhere": "from helpers import A\ndef step(x): return A().f()\n# file: helpers.py\nclass A:\n    def f(self): return 1\nclass B(A):\n    n = A()\n    def f(self): return ⟦1→2⟧",
    "a type alias": "from typing import TypeVar\nT = TypeVar('⟦T→S⟧')\ndef step(x): return x",
    "a local variable called like a constant": "K = ⟦1→2⟧\ndef step(x):\n    K = x\n    return K",
    "a parameter called like a constant": "K = ⟦1→2⟧\ndef step(x, *, K=None, **L): return K\nL = ⟦1→2⟧",
    "a lambda's parameter": "K = ⟦1→2⟧\ndef step(x): return (lambda K: K)(x)",
    "a comprehension's variable": "K = ⟦1→2⟧\ndef step(x): return [K for K in x], {K: K for K in x}",
    "a loop's, a with's, an except's and a walrus's variable": "A = B = C = D = E = ⟦1→2⟧\ndef step(x):\n    for A in x: A\n    with x as B: B\n    try: x\n    except ValueError as C: C\n    if (D := x): D\n    [E := y for y in x]\n    return E",
    "a match's variables": "A = B = C = ⟦1→2⟧\ndef step(x):\n    match x:\n        case [A, *B]: return A, B\n        case {'a': 1, **C}: return C",
    "a local import": "K = ⟦1→2⟧\ndef step(x):\n    from math import pi as K\n    return K",
    "a local function and class": "f = C = ⟦1→2⟧\ndef step(x):\n    def f(): pass\n    class C: pass\n    return f, C",
    "a variable of a function around": "K = ⟦1→2⟧\ndef step(K):\n    def inner(): return K\n    return inner",
    "a nonlocal variable": "K = ⟦1→2⟧\ndef step(x):\n    K = 1\n    def inner():\n        nonlocal K\n        K += 1\n    return inner",
    "a class's own name": "K = ⟦1→2⟧\nclass A:\n    K = 5\n    L = K\ndef step(x): return A.L",
    "a variable that is deleted": "K = ⟦1→2⟧\ndef step(x):\n    K = x\n    del K",
    "an attribute called like a function": "def f(x): return ⟦1→2⟧\ndef step(x): return x.f(x).f",
    "a method called like a function": "def f(x): return ⟦1→2⟧\nclass A:\n    def f(self): return self.f()\ndef step(x): return A().f()",
    "a keyword called like a constant": "K = ⟦1→2⟧\ndef step(x): return dict(K=x)",
    "a column called like a function": "def f(x): return ⟦1→2⟧\ndef step(x): return x['f'], x.helpers, 'helpers'\n# file: helpers.py\nK = ⟦1→2⟧",
    "a main block": "def step(x): return x\nif __name__ == '__main__':\n    step.y = ⟦1→2⟧\n    import other\n# file: other.py\n",
    "a main block the other way round": "def step(x): return x\nif '__main__' == __name__ and True:\n    K = ⟦1→2⟧",
    "a main block of a helper": "import helpers\ndef step(x): return helpers.f(x)\n# file: helpers.py\ndef f(x): return x\nif __name__ == '__main__': f.n = ⟦1→2⟧",
    "another branch's function": "import sys\nif sys.a:\n    def f(x): return x\n    def g(x): return ⟦1→2⟧\ndef step(x): return f(x)",
    "another name of an import": "from math import floor⟦→, ceil⟧\ndef step(x): return floor(x)",
    "another import": "⟦→import math⟧\nfrom helpers import f\ndef step(x): return f(x)\n# file: helpers.py\ndef f(x): return x",
    "another module of the same library": "import sklearn.svm\n⟦→import sklearn.linear_model\n⟧def step(x): return sklearn.svm.SVC()",
    "what a star import does not give": "from helpers import *\ndef step(x): return f(x)\n# file: helpers.py\n__all__ = ['f']\ndef f(x): return x\ndef g(x): return ⟦1→2⟧",
    "a name that a star import hides nothing with": "from helpers import *\ndef f(x): return x\ndef step(x): return f(x)\n# file: helpers.py\ndef f(x): return ⟦1→2⟧",
    "a type checker's import": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import os\n    ⟦→from helpers import Rows⟧\ndef step(x): return x\n# file: helpers.py\nclass Rows: pass",
    "a package's other module": "from a.b import f\ndef step(x): return f(x)\n# file: a/__init__.py\nfrom . import c\n# file: a/b.py\ndef f(x): return x\n# file: a/c.py\ndef g(x): return ⟦1→2⟧",
    "a test": "def step(x): return x\n# file: tests/test_main.py\nimport main\ndef test_step(): assert main.step(1) == ⟦1→2⟧",
    "a file that is no Python": "def step(x): return x\n# file: broken.py\ndef (⟦1→2⟧",
    "a text in Literal": "from typing import Literal\ndef f(x): return ⟦1→2⟧\ndef step(x: Literal['f']): return x",
    "an overridden method's user": "class A:\n    def f(self): return getattr(self, 'g')()\n    def g(self): return 1\ndef step(x): return A().f()\ndef g(x): return ⟦1→2⟧",
    "an object's own look-up by name": "class A:\n    def f(self, n): return getattr(self, n)()\ndef step(x): return A().f(x)\ndef g(x): return ⟦1→2⟧",
    "a look-up in a library": "import numpy as np\ndef step(x): return getattr(np, x)(x)\ndef g(x): return ⟦1→2⟧",
    "another step that decorates the same way": "from trimtab import step as mark\n@mark(cache=True)\ndef step(x): return x\n@mark\ndef other(x): return ⟦1→2⟧",
}


@pytest.mark.parametrize("text", FORM.values(), ids=FORM)
def test_how_code_is_written_does_not_count(text: str) -> None:
    assert not counts(text)


@pytest.mark.parametrize("text", PLACE.values(), ids=PLACE)
def test_where_code_stands_does_not_count_where_it_decides_nothing(text: str) -> None:
    assert not counts(text)


@pytest.mark.parametrize("text", UNRELATED.values(), ids=UNRELATED)
def test_what_is_not_reached_does_not_count(text: str) -> None:
    assert not counts(text)


def test_docstrings_count_where_code_reads_them() -> None:
    for reading in ("f.__doc__", "getattr(f, '__doc__')", "inspect.getdoc(f)", "__doc__"):
        text = f"'''⟦One→Two⟧'''\nimport inspect\ndef f(x):\n    '''⟦One→Two⟧'''\ndef step(x): return {reading}"
        assert counts(text), reading


def test_docstrings_count_for_libraries_that_act_by_them() -> None:
    assert counts("import dspy\nclass A(dspy.Signature):\n    '''⟦One→Two⟧'''\ndef step(x): return A(x)")


def test_comments_count_where_code_reads_its_own_text() -> None:
    assert counts("import inspect\ndef f(x): return x ⟦→# why⟧\ndef step(x): return inspect.getsource(f)")


def test_a_chain_of_a_thousand_calls_and_a_sum_of_a_thousand_terms_are_read() -> None:
    text = (
        "import polars as pl\nK = 1\ndef step(x): return pl" + ".col('a')" * 1000 + "\nL = " + " + ".join(["K"] * 900)
    )
    assert [unit.name for unit in reach(text).units] == ["step", "import polars as pl"]
    assert {unit.name for unit in reach(text, "L").units} == {"L", "K"}
