"""The habits that a linter does not know: sizes, names, what tests may not do. Each failure lists every place."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from tests.integration.house.tree import calls, functions, modules, parsed, source, tracked

SAYS_NOTHING = {"common", "helper", "helpers", "manager", "misc", "util", "utils"}
CORE = {
    "base", "data", "gates", "generate", "loop", "monitor",
    "pipeline", "records", "release", "rollout", "spec", "stats",
}  # fmt: skip
# Methods of Path and file objects that reach the disk: names that neither import contracts nor ruff can see.
REACHES_THE_DISK = {
    "chmod", "exists", "expanduser", "glob", "hardlink_to", "is_dir", "is_file", "is_symlink", "iterdir", "lstat",
    "mkdir", "open", "read_bytes", "read_text", "rglob", "rmdir", "samefile", "symlink_to", "touch", "unlink",
    "write_bytes", "write_parquet", "write_text",
}  # fmt: skip
# What asyncio and httptools call: their protocols, not our face.
CALLBACK = re.compile(r"on_|connection_(made|lost)$|(data|eof)_received$|(pause|resume)_writing$")


def core() -> list[Path]:
    """The modules of the pure core."""
    return [path for path in modules("src") if len(path.parts) > 3 and path.parts[2] in CORE]


def test_no_module_is_longer_than_600_lines() -> None:
    lengths = {str(path): source(path).count("\n") for path in modules("src", "tests", "tools", "examples")}
    assert {path: length for path, length in lengths.items() if length > 600} == {}


def test_no_function_is_longer_than_70_lines() -> None:
    long = [
        f"{path}:{function.lineno} {function.name}"
        for path in modules("src", "tests", "tools", "examples")
        for function in functions(path)
        if (function.end_lineno or function.lineno) - function.lineno >= 70
    ]
    assert long == []


def test_no_file_or_folder_has_a_name_that_says_nothing() -> None:
    named = [str(path) for path in tracked() if SAYS_NOTHING & set(re.split(r"[/_.]", str(path).lower()))]
    assert named == []


def test_no_class_has_more_than_12_public_methods() -> None:
    wide = []
    for path in modules("src"):
        if path.parts[2] == "testing":
            continue  # a conformance suite's methods are its tests
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.ClassDef):
                methods = [part for part in node.body if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef)]
                own = [
                    method for method in methods if not method.name.startswith("_") and not CALLBACK.match(method.name)
                ]
                if len(own) > 12:
                    wide.append(f"{path}:{node.lineno} {node.name}")
    assert wide == []


def test_every_module_says_why_it_is_so() -> None:
    silent = [
        str(path)
        for path in modules("src", "tests", "tools", "examples")
        if source(path).strip() and not ast.get_docstring(parsed(path))
    ]
    assert silent == []


def test_the_core_calls_nothing_that_reaches_the_disk() -> None:
    reached = [
        f"{path}:{call.lineno} {name}" for path in core() for call, name in calls(path) if name in REACHES_THE_DISK
    ]
    assert reached == []


def test_the_core_draws_no_chance_without_a_seed() -> None:
    drawn = [
        f"{path}:{call.lineno}"
        for path in core()
        for call, name in calls(path)
        if name in {"default_rng", "SeedSequence", "PCG64"} and not (call.args or call.keywords)
    ]
    assert drawn == []


def test_every_raises_says_which_error_it_expects() -> None:
    loose = [
        f"{path}:{call.lineno}"
        for path in modules("tests")
        for call, name in calls(path)
        if name in {"raises", "warns"} and not any(keyword.arg == "match" for keyword in call.keywords)
    ]
    assert loose == []


def test_the_name_of_every_test_is_a_sentence() -> None:
    terse = [
        f"{path}:{function.lineno} {function.name}"
        for path in modules("tests")
        for function in functions(path)
        if function.name.startswith("test_") and function.name.count("_") < 3
    ]
    assert terse == []


def test_no_unit_test_uses_a_mock() -> None:
    mocked = [str(path) for path in modules("tests") if re.search(r"unittest\.mock|\bMagicMock\b|mocker", _code(path))]
    assert mocked == []


def test_no_file_names_a_place_of_one_machine_or_a_package_registry() -> None:
    words = [
        "/" + "root/", "/" + "work/", "/" + "tmp/tt", "/" + "opt/pypi",
        "pypi" + r"\.org", "python" + r"hosted\.org", "npm" + r"js\.", "deb" + r"ian\.org",
    ]  # fmt: skip
    place = re.compile("|".join(words))
    told = []
    for path in tracked():
        try:
            text = source(path)
        except UnicodeDecodeError:
            continue
        told += [
            f"{path}:{number} {found[0]}"
            for number, line in enumerate(text.splitlines(), 1)
            if (found := place.search(line))
        ]
    assert told == []


def _code(path: Path) -> str:
    return "" if path.parts[-2] == "house" else source(path)
