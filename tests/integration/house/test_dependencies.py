"""Every dependency has its reason, its weight and its lock; importing the package loads none of them."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest

from tests.integration.house.tree import source

# Larger than a test of its driver is worth: not in the dev lock (docs/dependencies.md says how it is tested).
NOT_LOCKED = {"ray"}
ROW = re.compile(r"^\| `([a-z0-9-]+)` \| [^|]+ \| ([\d.]+) \|", re.MULTILINE)


def project() -> dict[str, Any]:
    """pyproject.toml as it stands."""
    return tomllib.loads(source(Path("pyproject.toml")))


def names(requirements: list[Any]) -> set[str]:
    """The distributions that a list of requirements names; references to other groups are left out."""
    return {re.split(r"[<>=!~; \[]", one, maxsplit=1)[0] for one in requirements if isinstance(one, str)}


def declared() -> set[str]:
    """Every distribution that pyproject.toml names, whatever for."""
    settings = project()
    lists = [settings["project"]["dependencies"], *settings["project"]["optional-dependencies"].values()]
    return set.union(*(names(one) for one in [*lists, *settings["dependency-groups"].values()]))


def locked(kind: str) -> dict[str, str]:
    """Name to version of every distribution in a lock."""
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", source(Path(f"requirements/{kind}.txt")), re.MULTILINE))


def test_every_dependency_has_one_line_that_says_why_and_no_line_is_left_over() -> None:
    rows = [name for name, _ in ROW.findall(source(Path("docs/dependencies.md")))]
    assert sorted(rows) == sorted(declared())


@pytest.mark.skipif(sys.platform != "linux", reason="the weights in docs/dependencies.md are those of the Linux wheels")
def test_the_weights_in_the_page_are_those_of_the_installed_files() -> None:
    wrong = {}
    for name, stated in ROW.findall(source(Path("docs/dependencies.md"))):
        if name in NOT_LOCKED:
            continue
        files = distribution(name).files or []
        measured = sum(file.size or 0 for file in files if file.suffix != ".pyc") / 1e6
        if abs(measured - float(stated)) > 0.3 * measured + 0.1:
            wrong[name] = (stated, round(measured, 1))
    assert wrong == {}


def test_the_dev_lock_holds_what_is_declared_and_the_demo_lock_is_a_part_of_it() -> None:
    assert declared() - set(locked("dev")) == NOT_LOCKED
    assert locked("demo").items() - locked("dev").items() == set()
    settings = project()
    needed = names(settings["project"]["dependencies"]) | names(settings["project"]["optional-dependencies"]["sklearn"])
    assert (needed | names(settings["dependency-groups"]["demo"])) - set(locked("demo")) == set()


@pytest.mark.parametrize("kind", ["demo", "dev"])
def test_every_locked_distribution_has_a_hash_and_none_names_an_index(kind: str) -> None:
    text = source(Path(f"requirements/{kind}.txt"))
    blocks = re.split(r"^(?=[a-z])", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE), flags=re.MULTILINE)[1:]
    assert len(blocks) == len(locked(kind))
    assert [block.split()[0] for block in blocks if "--hash=sha256:" not in block] == []
    assert re.findall(r"://|--index|--find-links| @ ", text) == []


def loaded_by(code: str) -> set[str]:
    """The top-level names of modules outside the standard library that a fresh interpreter has after running code."""
    ask = f"import sys\n{code}\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True)
    return set(done.stdout.split()) - set(sys.stdlib_module_names) - {"__mp_main__"}


def test_importing_trimtab_loads_nothing_but_trimtab() -> None:
    assert loaded_by("import trimtab") - loaded_by("") == {"trimtab"}


def test_the_help_of_the_command_loads_no_table_model_or_signature_library() -> None:
    asked = "from trimtab.cli.main import main\ntry:\n    main(['--help'])\nexcept SystemExit:\n    pass"
    heavy = {
        "cryptography",
        "google",
        "great_expectations",
        "httptools",
        "jinja2",
        "lightgbm",
        "numpy",
        "pandas",
        "pandera",
        "polars",
        "psycopg",
        "pyarrow",
        "skops",
        "sklearn",
        "uvloop",
    }
    assert loaded_by(asked) & heavy == set()
