# ruff: noqa: E501 - a program in one line each
"""Statements that change something beside what they bind count for those who see it, and for nobody else."""

from __future__ import annotations

import pytest

from tests.unit.pipeline.reach_edits import counts, names, reach

SEEN = {
    "an item that is set later": "C = {}\nC['a'] = ⟦1→2⟧\ndef step(x): return C",
    "an item of an item": "C = {'a': {}}\nC['a']['b'] = ⟦1→2⟧\ndef step(x): return C",
    "an item that is deleted": "C = {'a': 1, 'b': 2}\ndel C['⟦a→b⟧']\ndef step(x): return C",
    "an item that is increased": "C = {'a': 1}\nC['a'] += ⟦1→2⟧\ndef step(x): return C",
    "an item that is set by unpacking": "C = {}\nC['a'], b = ⟦1→2⟧, 3\ndef step(x): return C",
    "an item that a loop sets": "C = {}\nfor C['a'] in range(⟦1→2⟧): pass\ndef step(x): return C",
    "an item that a with sets": "import io\nC = {}\nwith io.StringIO('⟦1→2⟧') as C['a']: pass\ndef step(x): return C",
    "an attribute that is set later": "class A: pass\nA.n = ⟦1→2⟧\ndef step(x): return A.n",
    "a function's attribute": "def f(x): return f.n\nf.n = ⟦1→2⟧\ndef step(x): return f(x)",
    "a method that is replaced": "class A:\n    def f(self): return 1\ndef g(self): return ⟦1→2⟧\nA.f = g\ndef step(x): return A().f()",
    "an append": "C = []\nC.append(⟦1→2⟧)\ndef step(x): return C",
    "an update": "C = {}\nC.update(a=⟦1→2⟧)\ndef step(x): return C",
    "an update whose result is kept": "C = {}\n_ = C.update(a=⟦1→2⟧)\ndef step(x): return C",
    "a setdefault whose result is kept": "C = {}\nD = C.setdefault('a', ⟦1→2⟧)\ndef step(x): return C",
    "a pop whose result is kept": "C = {'a': 1, 'b': 2}\nD = C.pop('⟦a→b⟧')\ndef step(x): return C",
    "a call in a comprehension": "C = []\n[C.append(i) for i in range(⟦1→2⟧)]\ndef step(x): return C",
    "a call in a condition": "C = []\nif C.append(⟦1→2⟧): pass\ndef step(x): return C",
    "a call in a class body": "C = []\nclass A:\n    n = C.append(⟦1→2⟧)\ndef step(x): return C",
    "a call in a default": "C = []\ndef f(a=C.append(⟦1→2⟧)): pass\ndef step(x): return C",
    "a call in an f-string": "C = []\nS = f'{C.append(⟦1→2⟧)}'\ndef step(x): return C",
    "a call behind and": "C = []\nC or C.append(⟦1→2⟧)\ndef step(x): return C",
    "a method of an object": "class R:\n    def __init__(self): self.d = {}\n    def put(self, k): self.d[k] = 1\nR1 = R()\nR1.put('⟦a→b⟧')\ndef step(x): return R1.d",
    "a shared attribute of a class by one of its objects": "class R:\n    d = []\n    def put(self, k): self.d.append(k)\nR1, R2 = R(), R()\nR1.put('⟦a→b⟧')\ndef step(x): return R2.d",
    "a built-in function on it": "import random\nC = [1, 2]\nrandom.Random(⟦1→2⟧).shuffle(C)\ndef step(x): return C",
    "a library's function on it": "import heapq\nC = [2, 1]\nheapq.heap⟦ify→push⟧(C)\ndef step(x): return C",
    "a library's function on it whose result is kept": "import heapq\nC = [2, 1]\nD = heapq.heappop(C), ⟦1→2⟧\ndef step(x): return C",
    "next": "C = iter([1, 2])\nD = next(C), ⟦1→2⟧\ndef step(x): return next(C)",
    "the project's function on it": "def put(d, v): d['a'] = v\nC = {}\nput(C, ⟦1→2⟧)\ndef step(x): return C",
    "the project's function on it, through another": "def put(d, v): d['a'] = v\ndef go(e, v): put(e, v)\nC = {}\nD = go(C, ⟦1→2⟧)\ndef step(x): return C",
    "the project's function that gives it back": "C = {}\ndef get(): return C\nget()['a'] = ⟦1→2⟧\ndef step(x): return C",
    "the project's function that changes it by itself": "C = {}\ndef put(v): C['a'] = v\nput(⟦1→2⟧)\ndef step(x): return C",
    "the project's function that changes it under another name": "C = {}\ndef put(v):\n    d = C\n    d['a'] = v\nput(⟦1→2⟧)\ndef step(x): return C",
    "the project's function that sets it": "C = 1\ndef put(v):\n    global C\n    C = v\nput(⟦1→2⟧)\ndef step(x): return C",
    "another name for it": "C = {}\nD = C\nD['a'] = ⟦1→2⟧\ndef step(x): return C",
    "another name for it in a table": "C = {}\nT = {'c': C}\nT['c']['a'] = ⟦1→2⟧\ndef step(x): return C",
    "another name for it that a function gives": "C = {}\ndef same(x): return x\nD = same(C)\nD['a'] = ⟦1→2⟧\ndef step(x): return C",
    "another name for it in a loop": "def f(x): return f.n\ndef g(x): return g.n\nfor h in (f, g): h.n = ⟦1→2⟧\ndef step(x): return f(x)",
    "another name for it in a loop below": "C = {}\nfor d in [C]:\n    d['a'] = ⟦1→2⟧\ndef step(x): return C",
    "a registration": "R = {}\ndef register(n):\n    def put(f):\n        R[n] = f\n        return f\n    return put\ndef f(x): return ⟦1→2⟧\nregister('f')(f)\ndef step(x): return R['f'](x)",
    "a decorator that registers": "R = {}\ndef register(f):\n    R[f.__name__] = f\n    return f\n@register\ndef f(x): return ⟦1→2⟧\ndef step(x): return R['f'](x)",
    "a decorator's argument": "R = {}\ndef register(n):\n    def put(f):\n        R[n] = f\n        return f\n    return put\n@register('⟦a→b⟧')\ndef f(x): return 1\ndef step(x): return list(R)",
    "a decorator that is a method": "class Registry:\n    def __init__(self): self.all = {}\n    def add(self, f):\n        self.all[f.__name__] = f\n        return f\nR = Registry()\n@R.add\ndef f(x): return ⟦1→2⟧\ndef step(x): return R.all['f'](x)",
    "a decorator that calls what it decorates": "C = []\ndef now(f):\n    f()\n    return f\n@now\ndef fill(): C.append(⟦1→2⟧)\ndef step(x): return C",
    "a decorator elsewhere": "import core, plugin\ndef step(x): return core.R['f'](x)\n# file: core.py\nR = {}\ndef register(f):\n    R[f.__name__] = f\n    return f\n# file: plugin.py\nfrom core import register\n@register\ndef f(x): return ⟦1→2⟧",
    "a decorator elsewhere by an import in between": "import core, plugins\ndef step(x): return core.R['f'](x)\n# file: core.py\nR = {}\ndef register(f):\n    R[f.__name__] = f\n    return f\n# file: plugins/__init__.py\nfrom . import one\n# file: plugins/one.py\nfrom core import register\n@register\ndef f(x): return ⟦1→2⟧",
    "an import that brings a registration": "import core\n⟦import plugin→⟧\ndef step(x): return core.R\n# file: core.py\nR = []\n# file: plugin.py\nimport core\ncore.R.append(1)",
    "the order of imports that bring registrations": "import core\n⟦import a→import b⟧\n⟦import b→import a⟧\ndef step(x): return core.R\n# file: core.py\nR = []\n# file: a.py\nimport core\ncore.R.append(1)\n# file: b.py\nimport core\ncore.R.append(2)",
    "a condition on an import that brings a registration": "import core\nFAST = ⟦True→False⟧\nif FAST:\n    import plugin\ndef step(x): return core.R\n# file: core.py\nR = []\n# file: plugin.py\nimport core\ncore.R.append(1)",
    "a function's import that brings a registration": "import core\ndef load():\n    import plugin\n⟦load()→⟧\ndef step(x): return core.R\n# file: core.py\nR = []\n# file: plugin.py\nimport core\ncore.R.append(1)",
    "what a computed import brings": "import core, plugins\ndef step(x): return core.R\n# file: core.py\nR = []\n# file: plugins/__init__.py\nimport importlib, pkgutil\nfor m in pkgutil.iter_modules(__path__):\n    importlib.import_module(f'plugins.{m.name}')\n# file: plugins/one.py\nimport core\ncore.R.append(⟦1→2⟧)",
    "which modules a computed import takes": "import core, plugins\ndef step(x): return core.R\n# file: core.py\nR = []\n# file: plugins/__init__.py\nimport importlib\nfor m in ['⟦one→two⟧']: importlib.import_module(f'plugins.{m}')\n# file: plugins/one.py\nimport core\ncore.R.append(1)\n# file: plugins/two.py\nimport core\ncore.R.append(2)",
    "the order of registrations": "R = []\n⟦R.append(1)→R.append(2)⟧\n⟦R.append(2)→R.append(1)⟧\ndef step(x): return R",
    "the order of decorated functions": "R = {}\ndef register(f):\n    R[f.__name__] = f\n    return f\n⟦@register\ndef a(x): return x→@register\ndef b(x): return -x⟧\n⟦@register\ndef b(x): return -x→@register\ndef a(x): return x⟧\ndef step(x): return list(R)",
    "what a table was when it was read": "R = [1]\n⟦K = sum(R)→R.append(2)⟧\n⟦R.append(2)→K = sum(R)⟧\ndef step(x): return K, R",
    "a subclass that its base hears of": "class B:\n    all = []\n    def __init_subclass__(cls): B.all.append(cls)\nclass A(B):\n    n = ⟦1→2⟧\ndef step(x): return [c.n for c in B.all]",
    "a subclass that its base's table hears of": "ALL = {}\nclass B:\n    def __init_subclass__(cls, **kw): ALL[cls.__name__] = cls\nclass M(B): pass\nclass A(M):\n    n = ⟦1→2⟧\ndef step(x): return ALL['A'].n",
    "a class that its metaclass hears of": "class M(type):\n    all = []\n    def __init__(cls, *a): M.all.append(cls)\nclass B(metaclass=M): pass\nclass A(B):\n    n = ⟦1→2⟧\ndef step(x): return [c.n for c in M.all[1:]]",
    "a class that its base, an object of a library, hears of": "from sqlalchemy.orm import declarative_base\nBase = declarative_base()\nclass A(Base):\n    n = ⟦1→2⟧\ndef step(x): return Base.metadata",
    "all subclasses": "from helpers import B\ndef step(x): return [c.n for c in B.__subclasses__()]\n# file: helpers.py\nclass B: pass\n# file: other.py\nfrom helpers import B\nclass A(B):\n    n = ⟦1→2⟧",
    "an overload of a single dispatch": "from functools import singledispatch\n@singledispatch\ndef f(x): return 1\n@f.register\ndef _(x: int): return ⟦1→2⟧\n@f.register\ndef _(x: str): return 3\ndef step(x): return f(x)",
    "a module's attribute": "import helpers\nhelpers.K = ⟦1→2⟧\ndef step(x): return helpers.f(x)\n# file: helpers.py\nK = 1\ndef f(x): return K",
    "a module's attribute that another module sets": "import helpers, setup\ndef step(x): return helpers.f(x)\n# file: helpers.py\nK = 1\ndef f(x): return K\n# file: setup.py\nimport helpers as h\nh.K = ⟦1→2⟧",
    "a module's function that is replaced": "import helpers\nhelpers.f = lambda x: ⟦1→2⟧\ndef step(x): return helpers.g(x)\n# file: helpers.py\ndef f(x): return 1\ndef g(x): return f(x)",
    "setattr on a module": "import helpers\nsetattr(helpers, 'K', ⟦1→2⟧)\ndef step(x): return helpers.K\n# file: helpers.py\nK = 1",
    "setattr on a module by a computed name": "import helpers\nfor n in ['K']: setattr(helpers, n, ⟦1→2⟧)\ndef step(x): return helpers.K\n# file: helpers.py\nK = 1",
    "globals": "globals()['K'] = ⟦1→2⟧\ndef step(x): return K",
    "an update of globals": "globals().update(K=⟦1→2⟧)\ndef step(x): return K",
    "an update of vars and locals": "vars()['K'] = ⟦1→2⟧\nlocals()['L'] = ⟦1→2⟧\ndef step(x): return K, L",
    "exec": "exec('K = ⟦1→2⟧')\ndef step(x): return K",
    "a library's seed": "import numpy as np\nnp.random.seed(⟦1→2⟧)\ndef step(x): return np.random.rand()",
    "a library's seed by name": "from numpy.random import seed, rand\nseed(⟦1→2⟧)\ndef step(x): return rand()",
    "a library's seed whose result is kept": "import numpy as np\nOLD = np.seterr(all='⟦raise→warn⟧')\ndef step(x): return np.log(x)",
    "a library's setting elsewhere": "import setup\nimport polars as pl\ndef step(x): return pl.col('a')\n# file: setup.py\nimport polars\npolars.Config.set_fmt_str_lengths(⟦1→2⟧)",
    "a library's attribute": "import numpy as np\nnp.pi = ⟦3→4⟧\ndef step(x): return np.pi",
    "what a library's function gives": "import decimal\ndecimal.getcontext().prec = ⟦3→4⟧\ndef step(x): return decimal.Decimal(x)",
    "a registration with a library": "import polars as pl\n@pl.api.register_expr_namespace('own')\nclass Own:\n    def f(self): return ⟦1→2⟧\ndef step(x): return x.select(pl.col('a').own.f())",
    "a patched library": "import sklearnex\nsklearnex.patch_sklearn(⟦1→2⟧)\nfrom sklearn.svm import SVC\ndef step(x): return SVC()",
    "the surroundings": "import os\nos.environ['OMP_NUM_THREADS'] = '⟦1→2⟧'\ndef step(x): return x",
    "the surroundings elsewhere": "import setup\ndef step(x): return x\n# file: setup.py\nimport os\nos.environ.setdefault('A', '⟦1→2⟧')",
    "warnings": "import warnings\nwarnings.filterwarnings('⟦error→ignore⟧')\ndef step(x): return x",
    "a built-in function that is replaced": "import builtins\nbuiltins.abs = lambda x: ⟦1→2⟧\ndef step(x): return abs(x)",
    "a function that fills it while the step runs": "C = {}\ndef load(k):\n    C[k] = ⟦1→2⟧\ndef step(x): return C",
    "a function elsewhere that fills it while the step runs": "import helpers\ndef load(): helpers.C.append(⟦1→2⟧)\ndef step(x): return helpers.f()\n# file: helpers.py\nC = []\ndef f(): return C",
    "a function that sets it elsewhere while the step runs": "import helpers as h\nfrom helpers import f\ndef load(): h.K = ⟦1→2⟧\ndef step(x): return f()\n# file: helpers.py\nK = 1\ndef f(): return K",
    "a function that fills it under another name": "from helpers import C as D, f\ndef load(): D.append(⟦1→2⟧)\ndef step(x): return f()\n# file: helpers.py\nC = []\ndef f(): return C",
    "a method that fills a class's table": "class A:\n    seen = {}\ndef load(k): A.seen[k] = ⟦1→2⟧\ndef step(x): return A.seen",
    "a try that fills it": "C = []\ntry:\n    C.append(⟦1→2⟧)\nexcept ValueError: pass\ndef step(x): return C",
}
UNSEEN = {
    "another table's item": "C, D = {}, {}\nD['a'] = ⟦1→2⟧\ndef step(x): return C",
    "another table's registration": "R, S = {}, {}\ndef put(t, f): t[f.__name__] = f\ndef f(x): return ⟦1→2⟧\nS['f'] = f\ndef step(x): return R",
    "a registration, for what is registered": "R = {}\ndef register(f):\n    R[f.__name__] = f\n    return f\n@register\ndef step(x): return x\n@register\ndef other(x): return ⟦1→2⟧",
    "a registration by a call, for what is registered": "R = {}\ndef register(n):\n    def put(f):\n        R[n] = f\n        return f\n    return put\ndef step(x): return x\ndef other(x): return ⟦1→2⟧\nregister('step')(step)\nregister('other')(other)",
    "a list of steps, for its steps": "R = []\ndef step(x): return x\ndef other(x): return ⟦1→2⟧\nR.append(step)\nR.append(other)\nALL = [step, other]",
    "a library's setting, for those who do not use it": "import numpy as np\nnp.random.seed(⟦1→2⟧)\ndef step(x): return x",
    "logging, for those who do not log": "import logging\nlogging.basicConfig(level='⟦A→B⟧')\ndef step(x): return x",
    "what others log": "import logging\nLOG = logging.getLogger(__name__)\ndef other(x): LOG.info('⟦a→b⟧')\nLOG.info('⟦a→b⟧')\ndef step(x): LOG.info(x)",
    "what is printed": "def step(x): return x\nprint('⟦a→b⟧')",
    "a module that is not imported": "import core\ndef step(x): return core.R\n# file: core.py\nR = []\n# file: plugin.py\nimport core\ncore.R.append(⟦1→2⟧)",
    "reading it": "C = {'a': 1}\nfor k in C.items(): print(k, ⟦1→2⟧)\nD = C.get('a', ⟦1→2⟧)\ndef step(x): return C",
    "a number's methods": "K = 3\nL = K.bit_length() + ⟦1→2⟧\nS = 'a'\nT = S.center(⟦1→2⟧)\ndef step(x): return K, S",
    "a function that empties another table": "C, D = {}, {}\ndef clear():\n    D.clear()\n    return ⟦1→2⟧\ndef step(x): return C",
    "a function that only reads it": "C = {}\ndef show(): return C['a'], C.get('b'), len(C), ⟦1→2⟧\ndef step(x): return C",
    "a subclass, where nobody hears of it": "class B: pass\nclass A(B):\n    n = ⟦1→2⟧\ndef step(x): return B()",
    "a subclass of a library's class": "from sklearn.base import BaseEstimator\nclass A(BaseEstimator):\n    n = ⟦1→2⟧\nclass B(BaseEstimator): pass\ndef step(x): return B()",
    "another object of the same class": "class R:\n    def __init__(self): self.d = {}\n    def put(self, k): self.d[k] = 1\nR1, R2 = R(), R()\nR3 = R()\nR3.put('⟦a→b⟧')\ndef step(x): return R()",
}


@pytest.mark.parametrize("text", SEEN.values(), ids=SEEN)
def test_what_changes_something_counts_for_those_who_see_it(text: str) -> None:
    assert counts(text)


@pytest.mark.parametrize("text", UNSEEN.values(), ids=UNSEEN)
def test_what_changes_something_else_does_not_count(text: str) -> None:
    assert not counts(text)


def test_what_is_imported_for_its_effect_counts_for_every_function_of_the_module() -> None:
    text = "import effects\nimport pandas as pd\ndef step(x): return x\ndef other(x): return pd.DataFrame(x)\n# file: a.py\n"
    assert reach(text).externals == {"effects"}
    assert reach(text, "other").externals == {"effects", "pandas"}


def test_what_an_unused_module_of_the_project_is_imported_for_counts_too() -> None:
    text = "import plugins\ndef step(x): return x\n# file: plugins/__init__.py\nfrom . import one\n# file: plugins/one.py\nimport polars_ds\nimport pandas\ndef f(): return pandas\n"
    assert reach(text).externals == {"polars_ds"}


def test_an_import_that_is_used_for_another_function_is_not_this_ones() -> None:
    text = "from report import plot\ndef step(x): return x\ndef show(x): return plot(x)\n# file: report.py\nimport matplotlib\nimport side_effects\ndef plot(x): return matplotlib"
    assert reach(text).externals == frozenset()
    assert reach(text, "show").externals == {"matplotlib", "side_effects"}


def test_the_statement_that_fills_a_table_is_told_with_its_text() -> None:
    found = reach("C = {}\nC['a'] = 1\ndef step(x): return C")
    assert names(found) == {"main.step", "main.C", "main.C['a'] = 1"}


def test_each_name_of_a_module_is_told_once() -> None:
    found = reach("def _(x): return 1\nR = []\nR.append(_)\ndef _(x): return 2\nR.append(_)\ndef step(x): return R")
    told = [(unit.kind, unit.module, unit.name) for unit in found.units]
    assert len(told) == len(set(told)) == 8
    assert {"main._", "main._ (2)", "main.R.append(_)", "main.R.append(_) (2)"} <= names(found)
