"""Code that is no Python; here and not among the unit tests, since Python looks for its file to show the line."""

from __future__ import annotations

import pytest

from trimtab.pipeline.reach.program import Program
from trimtab.pipeline.reach.values import UnreadableCodeError

FILES = {
    "main.py": "import broken\n\n\ndef step(x):\n    return broken.f(x)\n\n\ndef other(x):\n    return x\n",
    "broken.py": "def (",
}


def test_a_file_that_is_not_python_is_refused_where_it_is_reached() -> None:
    with pytest.raises(UnreadableCodeError, match=r"broken\.py:1: this is not Python"):
        Program(FILES).reach("main", "step")
    unrelated = {**FILES, "main.py": "def step(x):\n    return x\n"}
    assert len(Program(unrelated).reach("main", "step").units) == 1
