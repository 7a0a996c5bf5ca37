"""One code is one kind of error, and every code is explained: by the class, by `trimtab explain` and by the page."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from collections import Counter
from pathlib import Path

import pytest

import trimtab
from tests.integration.house.tree import modules, parsed, source
from tools.error_page import PARTS, render
from trimtab.app.explain import Explanation, explain_code, explanations
from trimtab.base.errors import InputError, TrimtabError

CODE = re.compile(r"TT\d{4}")


def assigned_codes() -> list[tuple[str, str]]:
    """Code and place of every class body in the tree that sets ``code``."""
    found = []
    for path in modules("src"):
        for node in ast.walk(parsed(path)):
            if not isinstance(node, ast.ClassDef):
                continue
            for line in node.body:
                target = line.targets[0] if isinstance(line, ast.Assign) else getattr(line, "target", None)
                value = getattr(line, "value", None)
                code = str(value.value) if isinstance(value, ast.Constant) else ""
                if isinstance(target, ast.Name) and target.id == "code" and CODE.fullmatch(code):
                    found.append((code, f"{path}:{node.lineno} {node.name}"))
    return found


def answered() -> dict[str, set[str]]:
    """The codes of the router's answers with their HTTP statuses."""
    found: dict[str, set[str]] = {}
    for path in modules("src"):
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.Call):
                said = {word.arg: word.value for word in node.keywords}
                code, status = said.get("code"), said.get("status")
                if isinstance(code, ast.Constant) and isinstance(status, ast.Constant | ast.Name):
                    statuses = found.setdefault(str(code.value), set())
                    statuses |= {str(status.value)} if isinstance(status, ast.Constant) else set()
    return found


def error_classes() -> list[type[TrimtabError]]:
    """Every error class of the tree."""
    for module in pkgutil.walk_packages(trimtab.__path__, "trimtab."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    found, waiting = [], [TrimtabError]
    while waiting:
        found.append(waiting.pop())
        waiting += [each for each in found[-1].__subclasses__() if each.__module__.startswith("trimtab.")]
    return found


def explained() -> dict[str, Explanation]:
    return {each.code: each for each in explanations()}


def test_no_code_is_the_code_of_two_errors() -> None:
    codes = assigned_codes()
    shared = {code for code, count in Counter(code for code, _ in codes).items() if count > 1}
    assert [place for code, place in codes if code in shared] == []


def test_every_error_class_has_a_code_of_its_own() -> None:
    assert [each.__qualname__ for each in error_classes() if "code" not in vars(each)] == []


def test_the_router_and_the_classes_share_no_code() -> None:
    assert set(answered()) & {code for code, _ in assigned_codes()} == set()


def test_every_code_of_the_tree_is_explained_and_no_other() -> None:
    used = {code for path in modules("src") for code in CODE.findall(source(path))}
    assert set(explained()) == used == {code for code, _ in assigned_codes()} | set(answered())


def test_an_explanation_says_what_its_class_says() -> None:
    texts = explained()
    for each in error_classes():
        if each is TrimtabError:  # its code is shown for what nobody foresaw
            continue
        said = texts[each.code]
        first = " ".join((each.__doc__ or "").split("\n\n")[0].split()).replace("``", "`")
        assert (said.name, said.exit, said.means) == (each.__name__, each.exit_code, first)


def test_an_explanation_of_an_answer_names_its_status() -> None:
    texts = explained()
    for code, statuses in answered().items():
        assert {texts[code].status} == statuses, code
        assert texts[code].exit is None


def test_the_page_is_what_the_tool_writes() -> None:
    page = source(Path("docs/errors.md"))
    assert page == render(explanations()), "write it with `python -m tools.error_page`"
    assert set(explained()) == set(re.findall(r"^\| (TT\d{4}) \|", page, re.MULTILINE))
    assert {code[:4] for code in explained()} == set(PARTS)


def test_every_explanation_says_what_to_do_in_whole_sentences() -> None:
    for each in explanations():
        assert re.match("[A-Z`]", each.means), each.code
        assert re.match("[A-Z`]|docs/", each.do), each.code
        assert each.do.endswith("."), each.code


@pytest.mark.parametrize("written", ["TT1305", "tt1305", "1305", "[TT1305]"])
def test_a_code_is_found_however_it_is_copied(written: str) -> None:
    assert explain_code(written).name == "UnknownParameterError"


@pytest.mark.parametrize(("written", "hint"), [("TT13O5", "Did you mean TT1305?"), ("xyz", "`trimtab explain` lists")])
def test_an_unknown_code_is_said_to_be_one(written: str, hint: str) -> None:
    with pytest.raises(InputError, match="there is no error code") as caught:
        explain_code(written)
    assert caught.value.fix.startswith(hint)
