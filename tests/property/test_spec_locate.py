"""The walk over a TOML text finds the keys that tomllib finds, on the lines where they were written."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from trimtab.spec.locate import KeyPath, locate

WORDS = st.text("abcAB1_-", min_size=1, max_size=4)
ODD = st.text("a.\"'#=[]{} \\é\n", min_size=1, max_size=4)
KEYS = st.one_of(WORDS, ODD)
SCALARS = st.sampled_from(
    [
        "1", "-2.5", "true", "inf", "1979-05-27 07:32:00", "07:32:00",
        '"a # b"', "'it, is ] fine }'", '"\\" = \\\\"', '""',
        '"""one\ntwo # no = [comment]\n\\"""\nthree"""',
        "'''\nx = 1\n[table]\n'''", '"""ends in quotes"""""', "''''quoted'''",
    ]
)  # fmt: skip
BETWEEN = st.sampled_from(["", "\n", "# a = 1\n", "  # [x]\n\n"])


def written(key: str) -> str:
    bare = bool(key) and all(letter.isascii() and (letter.isalnum() or letter in "_-") for letter in key)
    return key if bare else json.dumps(key, ensure_ascii=False)


@st.composite
def values(draw: st.DrawFn, depth: int = 2) -> str:
    kind = draw(st.sampled_from(["scalar", "array", "table"] if depth else ["scalar"]))
    if kind == "array":
        gap = draw(st.sampled_from([" ", "\n  ", " # ] comment\n"]))
        items = draw(st.lists(values(depth=depth - 1), max_size=3))
        return f"[{gap}" + f",{gap}".join(items) + gap + "]"
    if kind == "table":
        keys = draw(st.lists(KEYS, max_size=3, unique=True))
        return "{ " + ", ".join(f"{written(key)} = {draw(values(depth=depth - 1))}" for key in keys) + " }"
    return draw(SCALARS)


@st.composite
def documents(draw: st.DrawFn) -> tuple[str, dict[KeyPath, int]]:
    """A TOML text, and the line of every key that stands at the beginning of one."""
    text, lines = "", {}

    def pairs(table: KeyPath) -> None:
        nonlocal text
        for key in draw(st.lists(KEYS, max_size=3, unique=True)):
            text += draw(BETWEEN)
            inner = draw(st.none() | KEYS)
            path = (*table, key) if inner is None else (*table, key, inner)
            lines[path] = text.count("\n") + 1
            dotted = ".".join(written(str(part)) for part in path[len(table) :])
            text += f"{dotted} = {draw(values())}{draw(st.sampled_from(['', ' # end']))}\n"

    pairs(())
    taken = {path[0] for path in lines}
    for name in draw(st.lists(KEYS.filter(lambda key: key not in taken), max_size=3, unique=True)):
        repeats = draw(st.integers(0, 2))
        for position in range(max(repeats, 1)):
            path: KeyPath = (name, position) if repeats else (name,)
            lines[path] = text.count("\n") + 1
            text += f"[[{written(name)}]]\n" if repeats else f"[{written(name)}]\n"
            pairs(path)
            inner = draw(st.none() | KEYS)
            if inner is not None and not any(each[: len(path) + 1] == (*path, inner) for each in lines):
                text += draw(BETWEEN)
                lines[(*path, inner)] = text.count("\n") + 1
                text += f"[ {written(name)} . {written(inner)} ]\n"
                pairs((*path, inner))
    return text, lines


def paths(value: object, at: KeyPath = ()) -> Iterator[KeyPath]:
    entries: Iterator[tuple[str | int, object]]
    if isinstance(value, dict):
        entries = iter(value.items())
    elif isinstance(value, list):
        entries = enumerate(value)
    else:
        return
    for part, inner in entries:
        yield (*at, part)
        yield from paths(inner, (*at, part))


@given(documents())
def test_every_key_of_a_text_is_found_on_its_line(document: tuple[str, dict[KeyPath, int]]) -> None:
    text, expected = document
    found = locate(text)
    assert set(found) == set(paths(tomllib.loads(text)))
    assert {path: found[path] for path in expected} == expected
    assert locate(text.replace("\n", "\r\n")).keys() == found.keys()


@given(documents())
def test_what_is_inside_stands_at_or_after_what_it_is_in(document: tuple[str, dict[KeyPath, int]]) -> None:
    found = locate(document[0])
    for path, line in found.items():
        if len(path) > 1 and path[:-1] in document[1]:
            assert line >= found[path[:-1]]
