"""Random projects, random edits: a change that a step's result shows is a change of its code's digest."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from trimtab.pipeline.reach.program import Program
from trimtab.pipeline.reach.values import digest_of

MODULES = ("main", "first", "second")
FUNCTIONS = ("f", "g", "h")


@st.composite
def bodies(draw: st.DrawFn, module: str, place: int) -> str:
    """A function's body that uses constants, later functions of its module, and those of later modules."""
    parts = ["x", str(draw(st.integers(0, 9)))]
    later = FUNCTIONS[place + 1 :]
    if later:
        parts.append(f"{draw(st.sampled_from(later))}(x)")
    elsewhere = MODULES[MODULES.index(module) + 1 :]
    if elsewhere:
        home, name = draw(st.sampled_from(elsewhere)), draw(st.sampled_from(FUNCTIONS))
        parts.append(
            draw(
                st.sampled_from([
                    f"{home}.{name}(x)", f"as_{home}.{name}(x)", f"{home}_{name}(x)", f"getattr({home}, '{name}')(x)",
                    f"{home}.Thing(x).value()", f"{home}.TABLE['{name}'](x)", f"{home}.LEVEL", f"{home}.made(x)",
                    f"getattr({home}, ''.join(['{name}']))(x)",
                ])
            )
        )  # fmt: skip
    parts.append(
        draw(st.sampled_from(["LEVEL", "OTHER", "made(x)", "Thing(x).value()", "TABLE['h'](x)", "(lambda y: y)(x)"]))
    )
    used = draw(st.lists(st.sampled_from(parts), min_size=1, max_size=3))
    return " + ".join(used)


@st.composite
def modules(draw: st.DrawFn, name: str) -> str:
    lines = [f"import {other}\nimport {other} as as_{other}" for other in MODULES[MODULES.index(name) + 1 :]]
    lines += [
        f"from {other} import {function} as {other}_{function}"
        for other in MODULES[MODULES.index(name) + 1 :]
        for function in FUNCTIONS
    ]
    lines.append(f"LEVEL = {draw(st.integers(0, 9))}\nOTHER = abs({draw(st.integers(0, 9))})\nTABLE = {{}}")
    lines.append(f"def register(f):\n    TABLE[f.__name__] = lambda x: f(x) + {draw(st.integers(0, 9))}\n    return f")
    lines.append(
        f"class Base:\n    size = {draw(st.integers(0, 9))}\n\n    def value(self):\n        return self.size + self.x"
    )
    lines.append("class Thing(Base):\n    def __init__(self, x):\n        self.x = x")
    lines.append(
        f"def factory(by):\n    def inner(x):\n        return x * by + {draw(st.integers(0, 9))}\n    return inner"
    )
    lines.append(f"made = factory({draw(st.integers(0, 9))})")
    for place in reversed(range(len(FUNCTIONS))):
        decorator = "@register\n" if FUNCTIONS[place] == "h" or draw(st.booleans()) else ""
        lines.append(f"{decorator}def {FUNCTIONS[place]}(x):\n    return {draw(bodies(name, place))}")
    lines.append(f"TABLE.setdefault('f', h)\nTABLE.setdefault('g', h)\nOTHER += {draw(st.integers(0, 9))}")
    lines.append(f"def nobody(x):\n    return {draw(st.integers(0, 9))}")
    return "\n\n\n".join(lines) + "\n"


@st.composite
def projects(draw: st.DrawFn) -> dict[str, str]:
    return {f"{name}.py": draw(modules(name)) for name in MODULES}


def outcome(files: Mapping[str, str]) -> Any:
    """What the step gives, from modules that are made anew."""
    before = {name: sys.modules.pop(name, None) for name in MODULES}
    try:
        for name in reversed(MODULES):
            module = ModuleType(name)
            sys.modules[name] = module
            exec(compile(files[f"{name}.py"], "<string>", "exec"), module.__dict__)
        try:
            return sys.modules["main"].f(3)
        except RecursionError:
            return "too deep"
    finally:
        for name, known in before.items():
            sys.modules.pop(name, None)
            if known is not None:
                sys.modules[name] = known


@given(projects(), st.data())
@settings(max_examples=60, deadline=None)
def test_an_edit_that_changes_the_result_changes_the_digest(files: dict[str, str], data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(sorted(files)))
    digits = [place for place, sign in enumerate(files[path]) if sign.isdigit()]
    place = data.draw(st.sampled_from(digits))
    changed = str((int(files[path][place]) + data.draw(st.integers(1, 9))) % 10)
    edited = {**files, path: files[path][:place] + changed + files[path][place + 1 :]}
    before, after = Program(files).reach("main", "f"), Program(edited).reach("main", "f")
    if outcome(files) != outcome(edited):
        assert digest_of(before) != digest_of(after)
    if digest_of(before) == digest_of(after):
        assert outcome(files) == outcome(edited)


@given(projects())
@settings(max_examples=25, deadline=None)
def test_a_function_that_nobody_uses_counts_only_where_dispatch_cannot_be_followed(files: dict[str, str]) -> None:
    edited = {
        path: text.replace("def nobody(x):\n    return ", "def nobody(x):\n    return 1")
        for path, text in files.items()
    }
    before, after = Program(files).reach("main", "f"), Program(edited).reach("main", "f")
    assert before.unfollowed or digest_of(before) == digest_of(after)


@given(projects())
@settings(max_examples=25, deadline=None)
def test_comments_and_blank_lines_never_count(files: dict[str, str]) -> None:
    edited = {path: "# a comment\n\n" + text.replace("\n\n\n", "\n\n# another\n\n\n") for path, text in files.items()}
    assert digest_of(Program(files).reach("main", "f")) == digest_of(Program(edited).reach("main", "f"))
