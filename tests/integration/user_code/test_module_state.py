"""What a step changes in the project's modules is put back, so that the next step finds them as they were imported."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import ModuleType

import pytest

from trimtab.drivers.module_state import ModuleState
from trimtab.drivers.user_code import load_module, own_modules

SOURCE = """
import functools
import itertools
import random
from collections import Counter, OrderedDict, defaultdict, deque

import numpy as np

TABLE = {"a": [1, {2}]}
NAMES = ["x"]
SEEN = set()
COUNTED, GROUPED, ORDERED, LAST = Counter("aab"), defaultdict(list, a=[1]), OrderedDict(a=1, b=2), deque([1], maxlen=2)
BYTES = bytearray(b"ab")
COUNT = itertools.count(3, 2)
RNG, OLD, PLAIN = np.random.default_rng(0), np.random.RandomState(0), random.Random(0)
ARRAY = np.zeros(3)
REMEMBERED = None
PAIR = ([1], 2)


class Thing:
    made = 0
    known = []

    def __init__(self):
        self.size = 1
        self.parts = [1]


THING = Thing()


def accumulate(x, total=[]):
    total.append(x)
    return sum(total)


def counter():
    n = 0

    def count():
        nonlocal n
        n += 1
        return n

    return count


COUNT_UP = counter()


@functools.cache
def remembered(x):
    SEEN.add(x)
    return x


def state():
    return repr([
        TABLE, NAMES, SEEN, COUNTED, GROUPED, ORDERED, LAST, BYTES, COUNT, RNG.bit_generator.state,
        OLD.get_state(legacy=False)["state"]["pos"], PLAIN.getstate()[1][-1], ARRAY, REMEMBERED, PAIR,
        vars(THING), Thing.made, Thing.known, accumulate.__defaults__, remembered.cache_info().currsize,
        COUNT_UP.__closure__[0].cell_contents, "NEW" in globals(), hasattr(Thing, "new"),
    ])


def step():
    global REMEMBERED, NEW
    TABLE["b"] = TABLE["a"].append(5)
    REMEMBERED, NEW = "text", 1
    COUNTED.update("a"), GROUPED["b"].append(1), ORDERED.move_to_end("a"), LAST.extend([2, 3]), BYTES.extend(b"c")
    NAMES[0] = "y"
    next(COUNT), RNG.normal(), OLD.normal(), PLAIN.random()
    ARRAY[1] = 9
    PAIR[0].clear()
    THING.size, THING.more = 2, 3
    THING.parts.append(2)
    Thing.made += 1
    Thing.new = 1
    Thing.known.append(1)
    accumulate(4), COUNT_UP(), remembered(7)
    import lazy

    lazy.LIST.append(1)
    return lazy.LIST
"""


@pytest.fixture
def module(tmp_path: Path) -> Iterator[ModuleType]:
    (tmp_path / "trimtab.toml").write_text("")
    (tmp_path / "stateful.py").write_text(SOURCE)
    (tmp_path / "lazy.py").write_text("LIST = []\n")
    yield load_module(tmp_path, "stateful")
    for name in ("stateful", "lazy"):
        sys.modules.pop(name, None)
    sys.path.remove(str(tmp_path.resolve()))


def test_a_step_finds_the_modules_as_they_were_imported(module: ModuleType) -> None:
    state = ModuleState(partial(own_modules, Path(str(module.__file__)).parent))
    before = module.state()
    for _ in range(3):
        assert module.step() == [1]
        assert module.state() != before
        state.put_back()
        assert module.state() == before


def test_what_was_changed_is_told_and_generators_and_caches_are_not(module: ModuleType) -> None:
    state = ModuleState(partial(own_modules, Path(str(module.__file__)).parent))
    module.RNG.normal()
    module.remembered(1)
    module.SEEN.clear()
    assert state.put_back() == ()
    module.step()
    told = set(state.put_back())
    assert {"stateful.TABLE", "stateful.REMEMBERED", "stateful.COUNT", "stateful.Thing", "stateful.THING"} <= told
    assert not told & {"stateful.RNG", "stateful.OLD", "stateful.PLAIN", "stateful.remembered"}


def test_names_that_were_put_back_are_the_same_objects(module: ModuleType) -> None:
    state = ModuleState(partial(own_modules, Path(str(module.__file__)).parent))
    table, inner = module.TABLE, module.TABLE["a"]
    module.step()
    state.put_back()
    assert module.TABLE is table
    assert module.TABLE["a"] is inner


def test_a_large_table_is_left_alone(module: ModuleType) -> None:
    module.__dict__["LARGE"] = list(range(200_000))
    state = ModuleState(partial(own_modules, Path(str(module.__file__)).parent))
    module.LARGE.append(1)
    state.put_back()
    assert len(module.LARGE) == 200_001


def test_what_a_library_adds_to_a_class_stays(module: ModuleType) -> None:
    state = ModuleState(partial(own_modules, Path(str(module.__file__)).parent))
    added = property(lambda _: 1)
    module.Thing.mapped = added
    module.Thing.new = 1
    state.put_back()
    assert module.Thing.mapped is added
    assert not hasattr(module.Thing, "new")
