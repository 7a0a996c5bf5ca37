# ruff: noqa: E501 - a program in one line each
"""Names in a text that a library evaluates in its caller's frame count as if they stood in the code."""

from __future__ import annotations

import pytest

from tests.unit.pipeline.reach_edits import counts, reach

HEAD = "import pandas as pd\n"
COUNTS = {
    "a constant": "LIM = ⟦1→2⟧\ndef step(x): return x.query('x > @LIM')",
    "a constant in a text by keyword": "LIM = ⟦1→2⟧\ndef step(x): return x.query(expr='x > @LIM')",
    "a constant with a space": "LIM = ⟦1→2⟧\ndef step(x): return x.query('x > @ LIM')",
    "an imported constant": "from limits import LIM\ndef step(x): return x.query('x > @LIM')\n# file: limits.py\nLIM = ⟦1→2⟧",
    "a constant of a module": "import limits\ndef step(x): return x.query('x > @limits.LIM')\n# file: limits.py\nLIM = ⟦1→2⟧",
    "a name imported in the function": "def step(x):\n    from limits import LIM\n    return x.query('x > @LIM')\n# file: limits.py\nLIM = ⟦1→2⟧",
    "a name imported with all others": "from limits import *\ndef step(x): return x.query('x > @LIM')\n# file: limits.py\nLIM = ⟦1→2⟧",
    "a constant of a helper": "from h import f\ndef step(x): return f(x)\n# file: h.py\nLIM = ⟦1→2⟧\ndef f(x): return x.query('x > @LIM')",
    "a function": "def _ok(s): return s > ⟦1→2⟧\ndef step(x): return x.query('@_ok(x)')",
    "what a function reaches": "K = ⟦1→2⟧\ndef _ok(s): return s > K\ndef step(x): return x.query('@_ok(x)')",
    "pandas.eval": HEAD + "K = ⟦1→2⟧\ndef step(x): return pd.eval('K * 3')",
    "eval of a table": "K = ⟦1→2⟧\ndef step(x): return x.eval('y = x * @K')",
    "eval by name": "from pandas import eval\nK = ⟦1→2⟧\ndef step(x): return eval('K')",
    "in a try": "K = ⟦1→2⟧\ntry:\n    def step(x): return x.query('x > @K')\nfinally: pass",
    "an f-string": "LIM = ⟦1→2⟧\ndef step(x, c=3): return x.query(f'x > @LIM and y == {c!r}')",
    "an f-string in an f-string": "LIM = ⟦1→2⟧\ndef step(x):\n    name = 'LIM'\n    return x.query(f'x > @{name}')",
    "a text of the function": "LIM = ⟦1→2⟧\ndef step(x):\n    q = 'x > @LIM'\n    return x.query(q)",
    "a text of the module": "LIM = ⟦1→2⟧\nQ = 'x > @' + 'LIM'\ndef step(x): return x.query(Q)",
    "a text of another module": "from texts import Q\nLIM = ⟦1→2⟧\ndef step(x): return x.query(Q)\n# file: texts.py\nQ = 'x > @LIM'",
    "one text or another": "LIM = ⟦1→2⟧\ndef step(x, q=''): return x.query('' or 'x > @LIM')",
    "joined texts": "LIM = ⟦1→2⟧\ndef step(x): return x.query(' and '.join(['x > @', 'LIM']))",
    "a table in SQL": "import polars as pl\nRATES = ⟦1→2⟧\ndef step(x): return pl.sql('select * from RATES')",
    "a table in SQL of a connection": "import duckdb\nRATES = ⟦1→2⟧\ndef step(x): return duckdb.connect().execute('select * from RATES').fetchall()",
    "numexpr": "import numexpr as ne\nK = ⟦1→2⟧\ndef step(x): return ne.evaluate('K * 2')",
    "a function in a formula": "import statsmodels.formula.api as smf\ndef scaled(x): return x * ⟦1→2⟧\ndef step(x): return smf.ols('y ~ scaled(a) + b', x).fit()",
}  # fmt: skip


@pytest.mark.parametrize("text", COUNTS.values(), ids=COUNTS)
def test_a_name_in_a_text_that_is_evaluated_counts(text: str) -> None:
    assert counts(text)


SILENT = {
    "a name that the text does not have": "LIM = ⟦1→2⟧\ndef step(x): return x.query('x > 3')",
    "part of a name": "LIM = ⟦1→2⟧\ndef step(x): return x.query('LIMIT > x.LIM')",
    "a value that is written as a number": "LIM = ⟦1→2⟧\ndef step(x, n=3): return x.query(f'x > {n:d} and y > {n:.3f}')",
    "a value in quotes": "LIM = ⟦1→2⟧\ndef step(x, c=3): return x.query(f\"x == '{c}'\")",
    "a value in double quotes": "LIM = ⟦1→2⟧\ndef step(x, c=3): return x.query(f'x == \"{c}\"')",
    "a text of the function": "LIM = ⟦1→2⟧\ndef step(x):\n    q = 'x > 3'\n    return x.query(q)",
    "a text of the module": "LIM = ⟦1→2⟧\nQ = 'x > 3'\ndef step(x): return x.query(Q)",
    "a class of the project": "LIM = ⟦1→2⟧\nclass User: id = 3\ndef step(x): return x.query(User, User.id).filter(User.id == 3)",
    "no text": "LIM = ⟦1→2⟧\ndef step(x): return x.eval(), x.query({'a': 1}), x.query(x.a > 3)",
    "a function of the project": "LIM = ⟦1→2⟧\ndef query(q): return q\ndef step(x, q): return query(q)",
    "a function of a module of the project": "import db\nLIM = ⟦1→2⟧\ndef step(x, q): return db.query(q)\n# file: db.py\ndef query(q): return q",
    "SQL of a database": "LIM = ⟦1→2⟧\ndef step(x, q): return x.execute(q, [1])",
}  # fmt: skip


@pytest.mark.parametrize("text", SILENT.values(), ids=SILENT)
def test_a_text_that_does_not_have_a_name_leaves_it_out(text: str) -> None:
    assert not counts(text)
    assert reach(text.replace("⟦1→2⟧", "1")).unfollowed == ()


LOST = {
    "a parameter": ("def step(x, q): return x.query(q)\ndef other(x): return ⟦1→2⟧", "x.query(q)"),
    "a filled-in text": ("def step(x, q): return x.query(f'x > 3 and {q}')\ndef other(x): return ⟦1→2⟧", "x.query(f'x > 3 and {q}')"),
    "a computed text": ("def step(x): return x.eval(x.texts['a'])\ndef other(x): return ⟦1→2⟧", "x.eval(x.texts['a'])"),
    "a text that grows": ("def step(x):\n    q = 'a'\n    q += x.b\n    return x.query(q)\ndef other(x): return ⟦1→2⟧", "x.query(q)"),
    "SQL": ("import polars as pl\ndef step(x, q): return pl.sql(q)\ndef other(x): return ⟦1→2⟧", "pl.sql(q)"),
    "a parameter or a text": ("def step(x, q): return x.query(q or 'x > 3')\ndef other(x): return ⟦1→2⟧", "x.query(q or 'x > 3')"),
    "a name in SQL": ("import polars as pl\ndef step(x, t): return pl.sql(f'select * from \"{t}\"')\ndef other(x): return ⟦1→2⟧", "pl.sql(f'select * from \"{t}\"')"),
    "SQL of DuckDB": ("def step(con, q): return con.execute(q)\ndef other(x): import duckdb; return ⟦1→2⟧", "con.execute(q)"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "what"), LOST.values(), ids=LOST)
def test_where_the_text_is_computed_the_module_counts_whole_and_it_is_told(text: str, what: str) -> None:
    assert counts(text)
    found = reach(text.replace("⟦1→2⟧", "1")).unfollowed
    assert [(each.what, each.counted) for each in found] == [(what, "all of main.py")]


def test_a_query_that_looks_at_its_callers_caller_counts_everything() -> None:
    found = reach("def step(x): return x.query('x > @LIM', level=1)")
    assert [each.counted for each in found.unfollowed] == ["every module of the project"]


def test_a_file_in_the_quotes_of_a_query_is_told_as_a_text() -> None:
    found = reach("import duckdb\ndef step(x): return duckdb.sql(\"select * from '/mnt/x.parquet' where a = 1\")")
    assert "/mnt/x.parquet" in found.literals
