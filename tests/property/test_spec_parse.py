"""Whatever the file says, the answer is a project or sentences, never a traceback."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from trimtab.spec.parse import examine
from trimtab.spec.sections import SECTIONS

KEYS = st.sampled_from(
    [
        "name", "task", "source", "time", "label", "key", "label_delay", "zone", "contract", "module", "seed", "lock",
        "params", "judge_on", "level", "block", "latency_p99", "roc_auc", "mae", "rollout", "port", "window", "memory",
        "metric", "drift", "when", "data", "needs", "cooldown", "budget", "promote", "lag", "nonsense",
    ]
)  # fmt: skip
WORDS = st.sampled_from(
    ["7d", "20%", "shadow 1d", "100%", "6 per 90d", "last 5d", "every 9d", "decay", "auto", "${env:X}", "", "é", "0d"]
)
SCALARS = st.one_of(WORDS, st.text(max_size=8), st.integers(), st.floats(), st.booleans())
ENTRIES = st.dictionaries(st.sampled_from(["min", "max", "against_champion", "labels", "x"]), SCALARS, max_size=3)
VALUES = st.one_of(SCALARS, st.lists(SCALARS, max_size=4), ENTRIES)
CONTENTS = st.dictionaries(st.sampled_from(SECTIONS), st.dictionaries(KEYS, VALUES, max_size=8))


def toml(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {toml(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(toml(each) for each in value) + "]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=True).replace("\\ud", "\\ue")
    return str(value).lower()


@given(CONTENTS)
def test_any_values_are_a_project_or_problems_with_places(content: dict[str, dict[str, object]]) -> None:
    text = "".join(
        f"[{section}]\n" + "".join(f"{key} = {toml(value)}\n" for key, value in table.items())
        for section, table in content.items()
    )
    examined = examine(text, env={"X": "x"}, files=str)
    assert examined.project is not None
    last = max(1, len(text.splitlines()))
    for problem in examined.problems:
        file, _, line = problem.at.partition(":")
        assert file == "trimtab.toml"
        assert 1 <= int(line) <= last
        assert problem.problem


@given(st.text(max_size=60))
def test_any_text_is_examined_without_raising(text: str) -> None:
    assert examine(text, env={}, files=str).problems
