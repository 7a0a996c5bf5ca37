"""Where the text of a module may hide a step, it does not say which steps there are: the loaded module does."""

from __future__ import annotations

import pytest

from trimtab.pipeline.described import describe_project

OWN = """
import logging
from trimtab import step


def _make(n):
    return lambda: n


def read():
    return 1


"""
CERTAIN = (
    "LIMIT = _make(3)",
    "_hidden = _make(3)",
    "log = logging.getLogger(__name__)",
    "rates = {'a': [1, 2]}",
    "total: int = 3 * 4",
    "class Shape:\n    def area(self): return 1",
    "if __name__ == '__main__':\n    report = _make(3)",
    "for _n in range(3):\n    _made = _make(_n)",
)
HIDING = (
    "report = _make(3)",
    "report = lambda: 1",
    "report = read",
    "one, two = _make(1), 2",
    "report: object = _make(3)",
    "if LIMIT:\n    def report(): return 1",
    "try:\n    report = _make(3)\nexcept ValueError:\n    pass",
    "for n in range(3):\n    report = _make(n)",
    "globals()['report'] = _make(3)",
    "exec('def report(): return 1')",
    "setattr(read, 'x', 1)",
    "(report := _make(3))",
)


@pytest.mark.parametrize("statement", CERTAIN)
def test_a_statement_that_makes_no_step_leaves_the_text_in_charge(statement: str) -> None:
    found = describe_project({"pipeline.py": OWN + statement}, "pipeline", alone=True)
    assert found is not None
    assert [each.name for each in found] == ["read"]


@pytest.mark.parametrize("statement", HIDING)
def test_a_statement_that_may_make_a_step_leaves_it_to_the_loaded_module(statement: str) -> None:
    assert describe_project({"pipeline.py": OWN + statement}, "pipeline", alone=True) is None


@pytest.mark.parametrize("statement", ["report = step()(_make(3))", "report = step(_make(3))"])
def test_a_marked_step_that_is_made_is_found_in_a_project_with_a_model_too(statement: str) -> None:
    assert describe_project({"pipeline.py": OWN + statement}, "pipeline") is None
    assert describe_project({"pipeline.py": OWN + "report = _make(3)"}, "pipeline") is not None
