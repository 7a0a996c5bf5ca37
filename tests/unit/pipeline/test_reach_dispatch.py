# ruff: noqa: E501 - a program in one line each
"""Where the text does not say which code runs, more counts than must, and it is told where and why."""

from __future__ import annotations

import pytest

from tests.unit.pipeline.reach_edits import counts, reach

HELPERS = "\n# file: helpers.py\nimport deeper\ndef a(x): return x\ndef b(x): return deeper.c(x) + ⟦1→2⟧\n# file: deeper.py\ndef c(x): return x\n"
LOST = {
    "getattr on a module": ("import helpers\ndef step(x): return getattr(helpers, x)(x)" + HELPERS, "getattr(helpers, x)", "all of helpers.py"),
    "getattr on a module from a package": ("from pkg import helpers\ndef step(x): return getattr(helpers, 'a' + x)(x)\n# file: pkg/__init__.py\n# file: pkg/helpers.py\ndef f(x): return ⟦1→2⟧", "getattr(helpers, 'a' + x)", "all of pkg/helpers.py"),
    "getattr on a parameter": ("def step(df, name): return getattr(df, name)()\ndef other(x): return ⟦1→2⟧", "getattr(df, name)", "all of main.py"),
    "getattr on a result": ("def step(x): return getattr(x(), x)\ndef other(x): return ⟦1→2⟧", "getattr(x(), x)", "all of main.py"),
    "getattr as a value": ("from functools import reduce\ndef step(x): return reduce(getattr, x)\ndef other(x): return ⟦1→2⟧", "getattr", "all of main.py"),
    "getattr on its own module": ("import sys\ndef step(x): return getattr(sys.modules[__name__], x)(x)\ndef other(x): return ⟦1→2⟧", "sys.modules[__name__]", "all of main.py"),
    "another module of sys.modules": ("import sys\ndef step(x): return sys.modules[x].a(x)" + HELPERS, "sys.modules[x]", "every module of the project"),
    "sys.modules under another name": ("from sys import modules as m\ndef step(x): return m[x].a(x)" + HELPERS, "m[x]", "every module of the project"),
    "a module as an argument": ("import helpers\ndef step(x): return use(helpers, x)\ndef use(m, x): return m.a(x)" + HELPERS, "helpers", "all of helpers.py"),
    "a module in a list": ("import helpers\nALL = [helpers]\ndef step(x): return ALL[0].a(x)" + HELPERS, "helpers", "all of helpers.py"),
    "a module that is returned": ("import helpers\ndef get(): return helpers\ndef step(x): return get().a(x)" + HELPERS, "helpers", "all of helpers.py"),
    "a module's names": ("import helpers\ndef step(x): return vars(helpers)[x](x)" + HELPERS, "vars(helpers)", "all of helpers.py"),
    "a module's dictionary": ("import helpers\ndef step(x): return helpers.__dict__[x](x)" + HELPERS, "helpers.__dict__[x]", "all of helpers.py"),
    "the names in a module": ("import helpers\ndef step(x): return [n for n in dir(helpers)]" + HELPERS, "dir(helpers)", "all of helpers.py"),
    "a module's members": ("import helpers, inspect\ndef step(x): return inspect.getmembers(helpers)" + HELPERS, "helpers", "all of helpers.py"),
    "a module that is loaded again": ("import helpers, importlib\ndef step(x): return importlib.reload(helpers).a(x)" + HELPERS, "helpers", "all of helpers.py"),
    "globals": ("def step(x): return globals()[x](x)\ndef other(x): return ⟦1→2⟧", "globals()", "all of main.py"),
    "globals, and a module among them": ("import helpers\ndef step(x): return globals()[x].b(x)" + HELPERS, "globals()", "all of main.py"),
    "eval": ("def step(x): return eval(x)\ndef other(x): return ⟦1→2⟧", "eval(x)", "all of main.py"),
    "eval as a value": ("def step(x): return list(map(eval, x))\ndef other(x): return ⟦1→2⟧", "eval", "all of main.py"),
    "exec": ("def step(x): exec(x)\ndef other(x): return ⟦1→2⟧", "exec(x)", "all of main.py"),
    "a computed import": ("import importlib\ndef step(x): return importlib.import_module(x).a(x)" + HELPERS, "importlib.import_module(x)", "every module of the project"),
    "a computed import by name": ("from importlib import import_module as load\ndef step(x): return load('help' + x).a(x)" + HELPERS, "load('help' + x)", "every module of the project"),
    "a computed __import__": ("def step(x): return __import__(x).a(x)" + HELPERS, "__import__(x)", "every module of the project"),
    "a module from a path": ("import importlib.util\ndef step(x): return importlib.util.spec_from_file_location('m', x)" + HELPERS, "importlib.util.spec_from_file_location('m', x)", "every module of the project"),
    "a script": ("import runpy\ndef step(x): return runpy.run_path(x)" + HELPERS, "runpy.run_path(x)", "every module of the project"),
    "all subclasses": ("class B: pass\ndef step(x): return B.__subclasses__()" + HELPERS, "B.__subclasses__()", "every module of the project"),
    "a function's own globals": ("from helpers import a\ndef step(x): return a.__globals__[x](x)" + HELPERS, "a.__globals__", "all of main.py"),
    "the caller's names": ("import inspect\ndef step(x): return inspect.currentframe().f_back.f_globals[x]\ndef other(x): return ⟦1→2⟧", "inspect.currentframe()", "all of main.py"),
    "a computed attribute of what comes": ("from operator import attrgetter\ndef step(x): return attrgetter(x)(x)\ndef other(x): return ⟦1→2⟧", "attrgetter(x)", "all of main.py"),
    "a computed method of what comes": ("import operator as op\ndef step(x): return op.methodcaller(x)(x)\ndef other(x): return ⟦1→2⟧", "op.methodcaller(x)", "all of main.py"),
    "an object of any class": ("import joblib\ndef step(x): return joblib.load('model.joblib').predict(x)" + HELPERS, "joblib.load('model.joblib')", "every module of the project, since what is opened may be of any class"),
    "setattr": ("def step(x): setattr(x, x, 1)\ndef other(x): return ⟦1→2⟧", "setattr(x, x, 1)", "all of main.py"),
    "getattr in a helper": ("import helpers2\ndef step(x): return helpers2.f(x)\n# file: helpers2.py\ndef f(x): return getattr(x, x)\ndef g(x): return ⟦1→2⟧", "getattr(x, x)", "all of helpers2.py"),
    "getattr in a method, of what comes": ("class A:\n    def f(self, o, n): return getattr(o, n)\ndef step(x): return A().f(x, x)\ndef g(x): return ⟦1→2⟧", "getattr(o, n)", "all of main.py"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "what", "counted"), LOST.values(), ids=LOST)
def test_dispatch_that_cannot_be_followed_counts_more_and_is_told(text: str, what: str, counted: str) -> None:
    assert counts(text)
    told = {(each.what, each.counted) for each in reach(text.replace("⟦1→2⟧", "1")).unfollowed}
    assert (what, counted) in told


def test_the_place_of_lost_dispatch_is_told_with_its_line() -> None:
    found = reach(
        "import helpers\n\n\ndef step(x):\n    y = x\n    return getattr(helpers, x)(y)\n# file: helpers.py\n"
    )
    assert [each.at for each in found.unfollowed] == ["main.py:6"]


def test_a_module_that_counts_as_a_whole_is_a_unit_beside_what_is_in_it() -> None:
    found = reach(
        "import helpers\ndef step(x): return getattr(helpers, x)(x)\n# file: helpers.py\ndef f(x): return x\n"
    )
    assert [(unit.kind, unit.module, unit.name) for unit in found.units] == [
        ("function", "main", "step"), ("function", "helpers", "f"), ("module", "helpers", "helpers"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "import helpers\ndef step(x): return getattr(helpers, 'a')(x)",
        "import helpers\ndef step(x): return getattr(helpers, 'a', None)(x)",
        "import importlib\ndef step(x): return importlib.import_module('helpers').a(x)",
        "import importlib\nh = importlib.import_module('helpers')\ndef step(x): return h.a(x)",
        "import helpers as h\ng = h.a\ndef step(x): return g(x)",
        "from operator import attrgetter\ndef step(x): return attrgetter('a')(x)",
        "import polars as pl\ndef step(x): return getattr(pl, x)",
        "def step(x): return getattr(str, x)",
        "def step(x): return vars(x), dir(x), hasattr(x, x), x.__dict__, locals()",
        "def step(x): return x.eval('a'), x.exec(), x.compile(), x.globals()",
        "import re\ndef step(x): return re.compile(x)",
        "import helpers\ndef step(x): return helpers.__name__, helpers.__file__",
        "def eval(x): return x\ndef step(x): return eval(x)",
        "def step(x, getattr, eval): return getattr(x, x), eval(x)",
    ],
)
def test_dispatch_that_the_text_tells_is_followed_and_counts_no_more(text: str) -> None:
    assert not counts(text + HELPERS)
    assert reach(text + HELPERS.replace("⟦1→2⟧", "1")).unfollowed == ()


def test_a_missing_module_of_the_project_is_told() -> None:
    found = reach("from pkg import fast\ndef step(x): return fast.f(x)\n# file: pkg/__init__.py\n")
    assert [(each.what, each.at) for each in found.unfollowed] == [("import pkg.fast", "main.py:2")]


def test_a_step_that_the_text_does_not_define_counts_as_its_whole_module() -> None:
    text = "globals()['step'] = lambda x: x\ndef other(x): return ⟦1→2⟧"
    assert counts(text)
    assert reach(text.replace("⟦1→2⟧", "1")).unfollowed[0].counted == "all of main.py"


def test_a_module_of_a_library_is_no_code_of_the_project() -> None:
    found = reach("def step(x): return x", "Ridge", "sklearn.linear_model")
    assert found.units == ()
    assert found.externals == {"sklearn"}


def test_a_library_that_may_be_in_a_folder_of_the_project_counts_as_both() -> None:
    text = "import rates\ndef step(x): return rates.f(x)\n# file: libs/rates/__init__.py\ndef f(x): return ⟦1→2⟧"
    assert counts(text)
    assert reach(text.replace("⟦1→2⟧", "1")).externals == {"rates"}


def test_a_file_of_the_project_comes_before_a_library_of_its_name() -> None:
    found = reach("import rates\ndef step(x): return rates.f(x)\n# file: rates.py\ndef f(x): return x\n")
    assert found.externals == frozenset()


def test_adapters_named_after_a_library_do_not_hide_it() -> None:
    text = "from loaders.polars import f\ndef step(x): return f(x)\n# file: loaders/__init__.py\n# file: loaders/polars.py\nimport polars as pl\ndef f(x): return pl.col(x)\ndef col(x): return ⟦1→2⟧"
    assert not counts(text)
    assert reach(text.replace("⟦1→2⟧", "1")).externals == {"polars"}
