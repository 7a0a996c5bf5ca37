"""The project's code as it is imported, called, and shown when it fails."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from trimtab.base.errors import InputError, UserCodeError
from trimtab.drivers.user_code import (
    ModuleProblemError,
    load_functions,
    load_module,
    loaded_files,
    module_file,
    user_errors,
)

WriteProject = Callable[..., Path]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[WriteProject]:
    """Writes a project's files into a folder of its own; modules and import path are put back at the end."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(sys.modules)

    def write(others: Mapping[str, str] | None = None, *, folder: str = "project", **modules: str) -> Path:
        root = tmp_path / folder
        files = {"trimtab.toml": "", **{f"{name}.py": text for name, text in modules.items()}, **(others or {})}
        for name, text in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text), encoding="utf-8")
        return root

    yield write
    for name in set(sys.modules) - before:
        if str(tmp_path) in f"{getattr(sys.modules[name], '__file__', '')}{getattr(sys.modules[name], '__path__', '')}":
            del sys.modules[name]


def call(root: Path, function: Callable[..., object], *inputs: object) -> object:
    """What a function of the project returns, called as a run calls it."""
    with user_errors(root, doing="in a test"):
        return function(*inputs)


def test_functions_come_with_their_places_and_import_their_neighbours(project: WriteProject) -> None:
    root = project(
        pipeline="import words\n\ndef features(rows):\n    from later import one\n    return words.X * rows + one\n",
        words="X = 3\n",
        later="one = 1\n",
    )
    functions = load_functions(root, "pipeline")
    assert functions.callables["features"](2) == 7
    assert [(each.name, each.at) for each in functions.described] == [("features", "pipeline.py:3")]
    assert loaded_files(root) == ("later.py", "pipeline.py", "words.py")


def test_a_module_in_a_package_is_found(project: WriteProject) -> None:
    source = "from fraud.deep import x\ndef features(rows): ..."
    root = project({"fraud/__init__.py": "", "fraud/pipeline.py": source, "fraud/deep.py": "x = 1"})
    assert load_module(root, "fraud.pipeline").__name__ == "fraud.pipeline"
    assert module_file(root, "fraud.pipeline") == Path("fraud/pipeline.py")


def test_a_second_project_with_the_same_names_gets_its_own_modules(project: WriteProject) -> None:
    source = "import words\ndef features(rows): return words.NAME"
    first = project(folder="first", pipeline=source, words="NAME = 'first'")
    second = project(folder="second", pipeline=source, words="NAME = 'second'")
    one = load_functions(first, "pipeline").callables["features"]
    other = load_functions(second, "pipeline").callables["features"]
    assert (one(None), other(None)) == ("first", "second")
    assert load_functions(first, "pipeline").callables["features"](None) == "first"


def test_a_folder_without_init_of_another_project_does_not_hide_this_ones(project: WriteProject) -> None:
    first = project({"lib/words.py": "NAME = 'first'"}, folder="first", pipeline="import lib.words\n")
    second = project(folder="second", pipeline="import lib\nNAME = lib.NAME\n", lib="NAME = 'second'\n")
    load_module(first, "pipeline")
    assert load_module(second, "pipeline").NAME == "second"


def test_an_error_in_a_step_shows_the_users_file_line_and_source_first(project: WriteProject) -> None:
    root = project(
        pipeline="""\
        from words import ratio

        def features(rows):
            return ratio(rows, 0)
        """,
        words="def ratio(a, b):\n    return a / b\n",
    )
    functions = load_functions(root, "pipeline")
    with pytest.raises(UserCodeError, match="division by zero") as caught:
        call(root, functions.callables["features"], 1)
    lines = str(caught.value).splitlines()
    assert lines[0] == "words.py:2: ZeroDivisionError: division by zero [TT1008]"
    assert lines[1].strip() == "return a / b"
    assert lines[2].strip() == "called from pipeline.py:4: return ratio(rows, 0)"
    assert "user_code" not in str(caught.value)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_an_error_inside_a_library_names_the_users_line_and_then_the_librarys(project: WriteProject) -> None:
    root = project(pipeline="import json\ndef features(rows):\n    return json.loads('{')\n")
    function = load_functions(root, "pipeline").callables["features"]
    with pytest.raises(UserCodeError, match="JSONDecodeError") as caught:
        call(root, function, 1)
    assert caught.value.at == "pipeline.py:3"
    assert "raised in json/decoder.py:" in caught.value.fix


def test_a_long_message_is_cut_and_a_deep_recursion_is_not_listed_whole(project: WriteProject) -> None:
    root = project(
        pipeline="""\
        def features(rows):
            raise ValueError("\\n".join(f"line {n}" for n in range(50)))

        def train(features):
            return train(features)
        """
    )
    functions = load_functions(root, "pipeline").callables
    with pytest.raises(UserCodeError, match=r"ValueError: line 0") as caught:
        call(root, functions["features"], 1)
    assert "… and 38 more lines" in caught.value.fix
    with pytest.raises(UserCodeError, match="RecursionError") as deep:
        call(root, functions["train"], 1)
    assert len(str(deep.value).splitlines()) < 15


def test_an_error_at_import_names_its_line(project: WriteProject) -> None:
    root = project(pipeline="import words\n", words="LIMIT = int('many')\n")
    with pytest.raises(UserCodeError, match="invalid literal") as caught:
        load_module(root, "pipeline")
    assert caught.value.at == "words.py:1"
    assert "called from pipeline.py:1: import words" in caught.value.fix


def test_a_syntax_error_shows_the_line_and_the_place_in_it(project: WriteProject) -> None:
    root = project(pipeline="def features(rows):\n    return rows +\n")
    with pytest.raises(UserCodeError, match="SyntaxError: invalid syntax") as caught:
        load_module(root, "pipeline")
    assert caught.value.at == "pipeline.py:2"
    source, pointer = caught.value.fix.splitlines()[:2]
    assert source.strip() == "return rows +"
    assert pointer.strip() == "^"


@pytest.mark.parametrize(
    ("module", "wanted"), [("no_such_package", "pip install no_such_package"), ("cv2.x", "opencv-python")]
)
def test_a_package_that_is_not_installed_is_named_with_how_to_get_it(
    project: WriteProject, module: str, wanted: str
) -> None:
    root = project(pipeline=f"import math\nimport {module}\n")
    with pytest.raises(UserCodeError, match="is not installed here") as caught:
        load_module(root, "pipeline")
    assert caught.value.at == "pipeline.py:2"
    assert wanted in caught.value.fix


def test_a_misspelt_module_of_the_project_gets_the_name_that_was_meant(project: WriteProject) -> None:
    root = project(pipeline="import wrods\n", words="")
    with pytest.raises(UserCodeError, match="the project's own words"):
        load_module(root, "pipeline")
    with pytest.raises(ModuleProblemError, match="Did you mean pipeline"):
        load_module(root, "pipelin")


def test_a_name_that_the_standard_library_has_is_refused_instead_of_running_the_wrong_module(
    project: WriteProject,
) -> None:
    root = project(queue="def features(rows): ...")
    __import__("queue")
    with pytest.raises(ModuleProblemError, match="belongs to another module"):
        load_module(root, "queue")


def test_our_own_errors_and_the_keyboard_pass_through(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="ours"), user_errors(tmp_path, doing="in a test"):
        raise InputError("ours")
    with pytest.raises(KeyboardInterrupt, match="^stop$"), user_errors(tmp_path, doing="in a test"):
        raise KeyboardInterrupt("stop")


def test_code_that_exits_is_an_error_of_the_users(project: WriteProject) -> None:
    root = project(pipeline="def features(rows):\n    exit(3)\n")
    with pytest.raises(UserCodeError, match=r"called exit\(3\)") as caught:
        call(root, load_functions(root, "pipeline").callables["features"], 1)
    assert caught.value.at == "pipeline.py:2"


def test_code_in_an_environment_inside_the_project_is_not_the_users(project: WriteProject) -> None:
    root = project({".venv/site-packages/lib.py": "def fail():\n    raise ValueError('deep')\n"})
    (root / "pipeline.py").write_text(
        "import sys\nsys.path.append(__file__.replace('pipeline.py', '.venv/site-packages'))\nimport lib\n"
        "def features(rows):\n    lib.fail()\n"
    )
    with pytest.raises(UserCodeError, match="deep") as caught:
        call(root, load_functions(root, "pipeline").callables["features"], 1)
    assert caught.value.at == "pipeline.py:5"


def test_a_breakpoint_in_a_step_opens_the_debugger_on_the_users_terminal(project: WriteProject) -> None:
    root = project(pipeline="def features(rows):\n    breakpoint()\n    return rows\n")
    program = (
        "import sys; from pathlib import Path; from trimtab.drivers.user_code import *\nroot = Path(sys.argv[1])\n"
        "try:\n"
        "  with user_errors(root, doing='x'): load_functions(root, 'pipeline').callables['features'](41)\n"
        "except KeyboardInterrupt: sys.exit(130)\n"
    )
    keyboard, terminal = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(root)], stdin=terminal, stdout=terminal, stderr=terminal
    )
    os.close(terminal)
    try:
        assert "(Pdb)" in read_until(keyboard, "(Pdb)")
        os.write(keyboard, b"p rows + 1\n")
        assert "42" in read_until(keyboard, "(Pdb)")
        os.write(keyboard, b"q\n")
        read_until(keyboard, "(Pdb) will not come again")
        assert process.wait(timeout=20) == 130
    finally:
        process.kill()
        process.wait()
        os.close(keyboard)


def read_until(keyboard: int, text: str) -> str:
    """What the terminal shows up to ``text``, or all of it if the process ends first."""
    shown = ""
    while text not in shown and select.select([keyboard], [], [], 20)[0]:
        try:
            part = os.read(keyboard, 4096)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        shown += part.decode(errors="replace")
    return shown
