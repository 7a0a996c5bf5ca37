# ruff: noqa: E501 - a program in one line each
"""What code a function reaches: however it is imported, bound or registered, and nothing beside it."""

from __future__ import annotations

import pytest

from trimtab.pipeline.reach.program import Program
from trimtab.pipeline.reach.values import HintKind, Reach, digest_of

MAIN = '''
import numpy as np
from helpers import clip

LIMIT = 3
UNUSED = 4


def step(rows):
    """What it does."""
    UNUSED = rows
    return clip(UNUSED, LIMIT)
'''
HELPERS = "LOW = 0\n\n\ndef clip(x, high):\n    return max(LOW, min(x, high))\n\n\ndef other(x):\n    return x\n"


def reach(main: str, name: str = "step", **files: str) -> Reach:
    return Program({"main.py": main, "helpers.py": HELPERS, **{f"{k}.py": v for k, v in files.items()}}).reach(
        "main", name
    )


def names(found: Reach) -> set[str]:
    return {f"{unit.module}.{unit.name}" for unit in found.units}


def test_a_function_reaches_its_helpers_and_their_constants_and_nothing_else() -> None:
    found = reach(MAIN)
    assert found.units[0].name == "step"
    assert names(found) == {"main.step", "main.LIMIT", "helpers.clip", "helpers.LOW"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("LIMIT = 3", "LIMIT = 3  # three"),
        ('    """What it does."""\n', '    """Another text."""\n'),
        ('    """What it does."""\n', ""),
        ("def step(rows):", "\n\n\ndef step(  rows ):"),
        ("clip(UNUSED, LIMIT)", "(clip(\n        UNUSED,\n        LIMIT,\n    ))"),
        ("UNUSED = 4", "UNUSED = 5"),
    ],
)
def test_what_changes_nothing_that_is_done_leaves_the_digest(old: str, new: str) -> None:
    assert old in MAIN
    assert digest_of(reach(MAIN.replace(old, new))) == digest_of(reach(MAIN))


@pytest.mark.parametrize(
    "source",
    [
        "import helpers\n\n\ndef step(x):\n    return helpers.clip(x, 1)\n",
        "import helpers as h\n\n\ndef step(x):\n    return h.clip(x, 1)\n",
        "from helpers import clip as c\n\n\ndef step(x):\n    return c(x, 1)\n",
        "from helpers import *\n\n\ndef step(x):\n    return clip(x, 1)\n",
        "def step(x):\n    from helpers import clip\n    return clip(x, 1)\n",
        "def step(x):\n    import helpers\n    return helpers.clip(x, 1)\n",
        "import helpers\n\n\ndef step(x):\n    return getattr(helpers, 'clip')(x, 1)\n",
        "import helpers\nf = helpers.clip\n\n\ndef step(x):\n    return f(x, 1)\n",
        "from functools import partial\nfrom helpers import clip\nf = partial(clip, high=1)\n\n\ndef step(x):\n    return f(x)\n",
        "from helpers import clip\n\n\ndef step(x, by=clip):\n    return by(x, 1)\n",
        "from helpers import clip\n\n\ndef step(x):\n    return [(lambda: clip(y, 1))() for y in x]\n",
        "import importlib\n\n\ndef step(x):\n    return importlib.import_module('helpers').clip(x, 1)\n",
        "from helpers import clip\n\n\nclass A:\n    def do(self, x):\n        return clip(x, 1)\n\n\ndef step(x):\n    return A().do(x)\n",
        "from helpers import clip\n\n\nclass A:\n    do = staticmethod(clip)\n\n\nclass B(A):\n    pass\n\n\ndef step(x):\n    return B.do(x, 1)\n",
        "from helpers import clip\nTABLE = {}\nTABLE['c'] = clip\n\n\ndef step(x):\n    return TABLE['c'](x, 1)\n",
        "import registry\nimport plugin\n\n\ndef step(x):\n    return registry.FOUND['clip'](x, 1)\n",
        "try:\n    from fast import clip\nexcept ImportError:\n    from helpers import clip\n\n\ndef step(x):\n    return clip(x, 1)\n",
        "import sys\nif sys.version_info > (3,):\n    from helpers import clip as c\nelse:\n    c = None\n\n\ndef step(x):\n    return c(x, 1)\n",
    ],
)  # fmt: skip
def test_a_changed_helper_is_noticed_however_it_is_reached(source: str) -> None:
    files = {
        "registry": "FOUND = {}\n\n\ndef register(name):\n    def put(f):\n        FOUND[name] = f\n        return f\n    return put\n",
        "plugin": "from registry import register\nfrom helpers import clip as inner\n\n\n@register('clip')\ndef plugged(x, high):\n    return inner(x, high)\n",
    }  # fmt: skip
    before = Program({"main.py": source, "helpers.py": HELPERS, **{f"{k}.py": v for k, v in files.items()}})
    changed = HELPERS.replace("LOW = 0", "LOW = 1")
    after = Program({"main.py": source, "helpers.py": changed, **{f"{k}.py": v for k, v in files.items()}})
    assert digest_of(before.reach("main", "step")) != digest_of(after.reach("main", "step"))


def test_packages_relative_imports_and_re_exports_are_followed() -> None:
    files = {
        "bank/__init__.py": "from .inner.deep import scale\n",
        "bank/inner/__init__.py": "",
        "bank/inner/deep.py": "from ..limits import TOP\n\n\ndef scale(x):\n    return x * TOP\n",
        "bank/limits.py": "TOP = 2\nLOW = 1\n",
        "bank/main.py": "from . import scale\n\n\ndef step(x):\n    return scale(x)\n",
    }
    found = Program(files).reach("bank.main", "step")
    assert names(found) == {"bank.main.step", "bank.inner.deep.scale", "bank.limits.TOP"}


def test_a_modules_attribute_that_another_sets_counts() -> None:
    source = "import helpers\nhelpers.LOW = 5\n\n\ndef step(x):\n    return helpers.clip(x, 1)\n"
    assert any("helpers.LOW = 5" in unit.name for unit in reach(source).units)


def test_a_librarys_own_state_that_is_set_for_its_effect_counts_for_its_users() -> None:
    source = "import numpy as np\nnp.random.seed(3)\n\n\ndef step(x):\n    return np.mean(x)\n\n\ndef other(x):\n    return x\n"
    assert any("seed" in unit.name for unit in reach(source).units)
    assert not any("seed" in unit.name for unit in reach(source, "other").units)


def test_decorators_of_libraries_bind_nobody_together() -> None:
    source = (
        "from functools import lru_cache\nfrom trimtab import step as mark\n\n\n@mark\ndef step(x):\n    return x\n\n\n"
        "@mark\n@lru_cache\ndef other(x):\n    return x\n"
    )
    assert "main.other" not in names(reach(source))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("getattr(helpers, x)(x)", "getattr(helpers, x)"),
        ("globals()[x](x)", "globals()"),
        ("eval(x)", "eval(x)"),
        ("vars(helpers)[x]", "vars(helpers)"),
        ("importlib.import_module(x).run()", "importlib.import_module(x)"),
        ("x.__subclasses__()", "x.__subclasses__()"),
    ],
)
def test_dispatch_that_cannot_be_followed_counts_more_and_is_said(body: str, said: str) -> None:
    source = f"import helpers\nimport importlib\n\n\ndef other(x):\n    return x\n\n\ndef step(x):\n    return {body}\n"
    found = reach(source)
    assert said in [lost.what for lost in found.unfollowed]
    assert "helpers.other" in names(found) or "main.other" in names(found)
    assert "main.py:10" in [lost.at for lost in found.unfollowed]


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("time.time()", HintKind.CLOCK),
        ("dt.datetime.now()", HintKind.CLOCK),
        ("now.today()", HintKind.CLOCK),
        ("uuid.uuid4()", HintKind.CHANCE),
        ("np.random.default_rng()", HintKind.CHANCE),
        ("random.random()", HintKind.CHANCE),
        ("os.urandom(3)", HintKind.CHANCE),
        ("os.environ['REGION']", HintKind.VARIABLE),
        ("os.getenv('REGION')", HintKind.VARIABLE),
        ("subprocess.run(['ls'])", HintKind.PROCESS),
        ("requests.get('x')", HintKind.NETWORK),
        ("pl.read_csv('data/x.csv')", HintKind.FILE),
    ],
)
def test_what_code_reads_beside_its_inputs_is_hinted_at(line: str, kind: HintKind) -> None:
    head = (
        "import datetime as dt\nimport os\nimport random\nimport subprocess\nimport time\nimport uuid\n"
        "from datetime import date as now\nimport numpy as np\nimport polars as pl\nimport requests\n"
    )
    found = reach(f"{head}\n\ndef step(x):\n    return {line}\n")
    assert [hint.kind for hint in found.hints] == [kind]


@pytest.mark.parametrize(
    "line", ["[] or print(time.perf_counter)", "np.random.default_rng(3)", "random.Random(3)", "x.time()", "x.random()"]
)
def test_durations_and_seeded_generators_are_no_hints(line: str) -> None:
    found = reach(f"import random\nimport time\nimport numpy as np\n\n\ndef step(x):\n    return {line}\n")
    assert not found.hints


def test_libraries_are_those_that_reached_code_imports() -> None:
    source = (
        "import numpy as np\nimport pandas as pd\nimport sklearn.linear_model\nimport os\nimport effects_only\n\n\n"
        "def step(x):\n    import lightgbm\n    return np.mean(x)\n\n\ndef other(x):\n    return pd.DataFrame(x)\n\n\n"
        "def third(x):\n    return sklearn.linear_model.Ridge()\n"
    )
    assert reach(source).externals == {"numpy", "lightgbm", "effects_only"}
    assert reach(source, "third").externals == {"sklearn", "effects_only"}


def test_docstrings_count_for_code_that_reads_them() -> None:
    source = 'def step(x):\n    """One."""\n    return step.__doc__\n'
    assert digest_of(reach(source)) != digest_of(reach(source.replace("One", "Two")))


def test_a_scripts_main_block_is_part_of_the_script_alone() -> None:
    script = (
        "import helpers\n\n\ndef f():\n    return 1\n\n\nif __name__ == '__main__':\n    print(helpers.clip(3, 4))\n"
    )
    program = Program({"main.py": script, "helpers.py": HELPERS})
    other = Program({"main.py": script.replace("(3, 4)", "(3, 5)"), "helpers.py": HELPERS})
    assert digest_of(program.reach("main", "f")) == digest_of(other.reach("main", "f"))
    assert digest_of(program.reach_file("main.py")) != digest_of(other.reach_file("main.py"))
