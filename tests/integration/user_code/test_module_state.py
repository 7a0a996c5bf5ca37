"""What a step changes in the project's modules is put back, so that the next step finds them as they were imported."""

from __future__ import annotations

import os
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


ODD = """
from random import Random
from types import SimpleNamespace


class AttrDict(dict):
    __getattr__ = dict.__getitem__

    def items(self):
        raise TypeError("not like this")


class Numbers(list):
    def __iter__(self):
        raise TypeError("nor like this")


class Lazy:
    @property
    def __class__(self):
        raise RuntimeError("not connected")

    def __getattr__(self, name):
        raise RuntimeError("not connected")


class Slots:
    __slots__ = ("number",)

    def __getattr__(self, name):
        raise KeyError(name)


class Counted(Random):
    def getstate(self):
        raise NotImplementedError


SETTINGS, NUMBERS, LAZY, SLOTS, DICE = AttrDict(rate=1), Numbers([1]), Lazy(), Slots(), Counted(1)
PLACE = SimpleNamespace(city="Bern")


def step():
    SETTINGS["rate"] += 1
    NUMBERS.append(2)
    PLACE.city = "Basel"
    return DICE.random(), dict.copy(SETTINGS), list.__len__(NUMBERS), PLACE.city
"""


def test_objects_that_answer_as_they_like_are_put_back_and_not_asked(tmp_path: Path) -> None:
    (tmp_path / "trimtab.toml").write_text("")
    (tmp_path / "stateful.py").write_text(ODD)
    module = load_module(tmp_path, "stateful")
    try:
        state = ModuleState(partial(own_modules, tmp_path.resolve()))
        first = module.step()
        assert set(state.put_back()) == {"stateful.SETTINGS", "stateful.NUMBERS", "stateful.PLACE"}
        assert module.step() == first
        state.put_back()
    finally:
        sys.modules.pop("stateful", None)
        sys.path.remove(str(tmp_path.resolve()))


def test_another_import_path_and_a_removed_working_folder_are_put_back(
    module: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    state = ModuleState(partial(own_modules, tmp_path))
    path, entries = sys.path, list(sys.path)
    (tmp_path / "gone").mkdir()
    os.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    sys.path = [*entries, "elsewhere"]
    assert set(state.put_back()) == {"sys.path", "the working folder"}
    assert sys.path is path
    assert sys.path == entries
    assert Path.cwd() == tmp_path
