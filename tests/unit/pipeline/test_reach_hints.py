# ruff: noqa: E501 - a program in one line each
"""Reads of the clock, of chance and of the surroundings are told where the text shows them, and nothing else is."""

from __future__ import annotations

import pytest

from tests.unit.pipeline.reach_edits import reach
from trimtab.pipeline.reach.values import HintKind

CLOCK, CHANCE, VARIABLE, FILE, NETWORK, PROCESS = HintKind

SHOWN = [
    ("import time", "time.time()", CLOCK, "time.time()", ""),
    ("from time import time as now", "now()", CLOCK, "time.time()", ""),
    ("import time", "time.time_ns()", CLOCK, "time.time_ns()", ""),
    ("import time", "time.localtime()", CLOCK, "time.localtime()", ""),
    ("import time", "time.strftime('%Y')", CLOCK, "time.strftime()", ""),
    ("import datetime", "datetime.datetime.now()", CLOCK, "datetime.datetime.now()", ""),
    ("import datetime as d", "d.datetime.utcnow()", CLOCK, "datetime.datetime.utcnow()", ""),
    ("from datetime import datetime as dt", "dt.today()", CLOCK, "datetime.datetime.today()", ""),
    ("from datetime import date", "date.today()", CLOCK, "datetime.date.today()", ""),
    ("from datetime import datetime", "map(datetime.now, x)", CLOCK, "datetime.datetime.now()", ""),
    ("import pandas as pd", "pd.Timestamp.now()", CLOCK, "pandas.Timestamp.now()", ""),
    ("import numpy as np", "np.datetime64('now')", CLOCK, "np.datetime64('now')", ""),
    ("import numpy as np", "np.datetime64('now', 'us')", CLOCK, "np.datetime64('now', 'us')", ""),
    ("import pandas as pd", "pd.to_datetime('now')", CLOCK, "pd.to_datetime('now')", ""),
    ("import pandas as pd", "pd.to_datetime(['2020', 'today'])", CLOCK, "pd.to_datetime(['2020', 'today'])", ""),
    ("import pandas as pd", "pd.Timestamp('Now', tz='UTC')", CLOCK, "pd.Timestamp('Now', tz='UTC')", ""),
    ("import pandas as pd", "pd.date_range(end='today', periods=3)", CLOCK, "pd.date_range(end='today', periods=3)", ""),
    ("from email.utils import localtime", "localtime()", CLOCK, "email.utils.localtime()", ""),
    ("import email.utils", "email.utils.formatdate()", CLOCK, "email.utils.formatdate()", ""),
    ("import logging", "logging.LogRecord('x', 1, 'p', 1, 'm', (), None).created", CLOCK, "logging.LogRecord()", ""),
    ("import time", "time.perf_counter()", CLOCK, "time.perf_counter() in what it returns", ""),
    ("import time", "[x, time.monotonic_ns() - x]", CLOCK, "time.monotonic_ns() in what it returns", ""),
    ("from timeit import default_timer as now", "{'took': now() - x}", CLOCK, "timeit.default_timer() in what it returns", ""),
    ("import os", "os.getpid()", CHANCE, "os.getpid() in what it returns", ""),
    ("import os", "f'{x}-{os.getppid()}'", CHANCE, "os.getppid() in what it returns", ""),
    ("import threading", "threading.get_ident()", CHANCE, "threading.get_ident() in what it returns", ""),
    ("import os", "x(default_factory=os.getpid)", CHANCE, "os.getpid", ""),
    ("", "[id(y) for y in x]", CHANCE, "id(y) in what it returns", ""),
    ("", "sorted(x, key=id)", CHANCE, "id", ""),
    ("", "hash(x)", CHANCE, "hash(x)", ""),
    ("", "x.map(hash)", CHANCE, "hash", ""),
    ("import time", "time.localtime(x)", VARIABLE, "TZ (by time.localtime(x))", "TZ"),
    ("import time", "time.strftime('%Y', x)", VARIABLE, "TZ (by time.strftime('%Y', x))", "TZ"),
    ("import time", "time.mktime(x)", VARIABLE, "TZ (by time.mktime(x))", "TZ"),
    ("import time", "time.tzname", VARIABLE, "TZ (by time.tzname)", "TZ"),
    ("from datetime import datetime", "datetime.fromtimestamp(0)", VARIABLE, "TZ (by datetime.fromtimestamp(0))", "TZ"),
    ("import datetime as d", "d.date.fromtimestamp(0)", VARIABLE, "TZ (by d.date.fromtimestamp(0))", "TZ"),
    ("", "x.astimezone()", VARIABLE, "TZ (by x.astimezone())", "TZ"),
    ("", "x.timestamp()", VARIABLE, "TZ (by x.timestamp())", "TZ"),
    ("", "x.dt.tz_convert('tzlocal()')", VARIABLE, "TZ (by x.dt.tz_convert('tzlocal()'))", "TZ"),
    ("import pandas as pd", "pd.Timestamp(x, tz='tzlocal()')", VARIABLE, "TZ (by pd.Timestamp(x, tz='tzlocal()'))", "TZ"),
    ("import dateutil.tz", "dateutil.tz.tzlocal()", VARIABLE, "TZ (by dateutil.tz.tzlocal())", "TZ"),
    ("import random", "random.random()", CHANCE, "random.random()", ""),
    ("from random import shuffle", "shuffle(x)", CHANCE, "random.shuffle()", ""),
    ("import random", "sorted(x, key=random.choice)", CHANCE, "random.choice()", ""),
    ("import random", "random.Random()", CHANCE, "a generator without a seed, random.Random()", ""),
    ("import random", "random.SystemRandom()", CHANCE, "the system's generator, random.SystemRandom()", ""),
    ("import numpy as np", "np.random.rand(3)", CHANCE, "numpy.random.rand()", ""),
    ("from numpy import random as r", "r.permutation(x)", CHANCE, "numpy.random.permutation()", ""),
    ("import numpy as np", "np.random.default_rng()", CHANCE, "a generator without a seed, numpy.random.default_rng()", ""),
    ("import numpy as np", "np.random.default_rng(None)", CHANCE, "a generator without a seed, numpy.random.default_rng()", ""),
    ("import numpy as np", "np.random.RandomState()", CHANCE, "a generator without a seed, numpy.random.RandomState()", ""),
    ("import uuid", "uuid.uuid1()", CHANCE, "uuid.uuid1()", ""),
    ("from uuid import uuid4", "[uuid4() for _ in x]", CHANCE, "uuid.uuid4()", ""),
    ("import secrets", "secrets.token_hex()", CHANCE, "secrets.token_hex()", ""),
    ("from os import urandom", "urandom(3)", CHANCE, "os.urandom()", ""),
    ("import torch", "torch.randn(3)", CHANCE, "torch.randn()", ""),
    ("import os", "os.environ['REGION']", VARIABLE, "os.environ['REGION']", "REGION"),
    ("import os", "os.environ.get('REGION', 'eu')", VARIABLE, "os.environ.get('REGION', 'eu')", "REGION"),
    ("import os", "os.getenv('REGION')", VARIABLE, "os.getenv('REGION')", "REGION"),
    ("from os import environ as env", "env['REGION']", VARIABLE, "env['REGION']", "REGION"),
    ("from os import getenv", "getenv('REGION')", VARIABLE, "getenv('REGION')", "REGION"),
    ("import os", "os.environ[x]", VARIABLE, "os.environ[x]", ""),
    ("import os", "'REGION' in os.environ", VARIABLE, "os.environ", ""),
    ("import os", "os.path.expandvars(x)", VARIABLE, "os.path.expandvars(x)", ""),
    ("", "open('data/x.csv')", FILE, "open('data/x.csv')", "data/x.csv"),
    ("", "open(x)", FILE, "open(x)", ""),
    ("", "open('x', 'r+')", FILE, "open('x', 'r+')", "x"),
    ("", "open(file='x')", FILE, "open(file='x')", "x"),
    ("from pathlib import Path", "Path('x.json').read_text()", FILE, "Path('x.json').read_text()", "x.json"),
    ("", "x.read_bytes()", FILE, "x.read_bytes()", ""),
    ("import gzip", "gzip.open('x.gz')", FILE, "gzip.open('x.gz')", "x.gz"),
    ("import polars as pl", "pl.read_csv('x.csv')", FILE, "pl.read_csv('x.csv')", "x.csv"),
    ("import polars as pl", "pl.scan_parquet(source='x')", FILE, "pl.scan_parquet(source='x')", "x"),
    ("from pandas import read_csv", "read_csv('x.csv')", FILE, "read_csv('x.csv')", "x.csv"),
    ("import numpy as np", "np.load('x.npy')", FILE, "np.load('x.npy')", "x.npy"),
    ("import os", "os.listdir('data')", FILE, "os.listdir('data')", "data"),
    ("import glob", "glob.glob('data/*.csv')", FILE, "glob.glob('data/*.csv')", "data/*.csv"),
    ("import sqlite3", "sqlite3.connect('x.db')", FILE, "sqlite3.connect('x.db')", "x.db"),
    ("import socket", "socket.create_connection(x)", NETWORK, "socket.create_connection()", ""),
    ("import requests", "requests.get(x)", NETWORK, "requests.get()", ""),
    ("from urllib.request import urlopen", "urlopen(x)", NETWORK, "urllib.request.urlopen()", ""),
    ("import httpx as h", "h.Client()", NETWORK, "httpx.Client()", ""),
    ("import boto3", "boto3.client('s3')", NETWORK, "boto3.client()", ""),
    ("import subprocess", "subprocess.run(x)", PROCESS, "subprocess.run()", ""),
    ("from subprocess import Popen", "Popen(x)", PROCESS, "subprocess.Popen()", ""),
    ("import os", "os.system(x)", PROCESS, "os.system()", ""),
]  # fmt: skip
SILENT = [
    ("import time", "time.sleep(1)"),
    ("import time", "time.gmtime(x)"),
    ("import datetime as d", "d.datetime.fromtimestamp(x, d.UTC), d.datetime.fromtimestamp(x, tz=d.UTC)"),
    ("", "x.astimezone(x), x.timestamp, x.to('UTC'), x.tz_convert('Europe/Paris'), x.to('local.csv')"),
    ("import pandas as pd", "pd.to_datetime(x), pd.Timestamp('2020'), pd.to_datetime('nowhere')"),
    ("import email.utils", "email.utils.formatdate(x), email.utils.parsedate(x)"),
    ("", "x[id(x)], x.id(x), x.hash(x), x(id=3)"),
    ("import os", "os.kill(x, 3)"),
    ("from datetime import datetime", "datetime(2020, 1, 1), datetime.fromisoformat(x), datetime.now.__name__"),
    ("import random", "random.Random(3).random()"),
    ("import random", "random.seed(3)"),
    ("import numpy as np", "np.random.default_rng(3).random()"),
    ("import numpy as np", "np.random.default_rng(seed=x), np.random.Generator(np.random.PCG64(x)), np.random.seed(x)"),
    ("import uuid", "uuid.uuid5(x, 'a'), uuid.UUID(x)"),
    ("import secrets", "secrets.compare_digest(x, x)"),
    ("import os", "os.path.join(x, 'a'), os.sep"),
    ("", "open(x, 'w'), open('y', mode='ab')"),
    ("from pathlib import Path", "Path(x).write_text('a'), Path('a') / 'b'"),
    ("import polars as pl", "pl.DataFrame(x).write_csv('a.csv')"),
    ("import urllib.parse", "urllib.parse.quote(x)"),
    ("import requests", "x.get(requests.codes)"),
    ("import subprocess", "subprocess.PIPE, subprocess.CalledProcessError"),
    ("", "x.time(), x.now(), x.random(), x.environ['A'], x.open('a'), x.load('a')"),
]


@pytest.mark.parametrize(("imports", "code", "kind", "what", "name"), SHOWN)
def test_a_read_beside_the_inputs_is_told(imports: str, code: str, kind: HintKind, what: str, name: str) -> None:
    found = reach(f"{imports}\ndef step(x):\n    return {code}\n")
    assert [(hint.kind, hint.what, hint.at, hint.name) for hint in found.hints] == [(kind, what, "main.py:3", name)]


@pytest.mark.parametrize(("imports", "code"), SILENT)
def test_what_reads_nothing_is_not_told(imports: str, code: str) -> None:
    assert reach(f"{imports}\ndef step(x):\n    return {code}\n").hints == ()


@pytest.mark.parametrize(
    "text",
    [
        "import time\ndef step(x): return x\ndef other(x): return time.time()",
        "def step(x):\n    time = x\n    return time.time()",
        "import time\ndef step(time): return time.time()",
        "import random\ndef step(x, random): return random.random()",
        "import datetime\ndef step(x: datetime.datetime, now=None) -> datetime.date: return x",
        "import requests\ndef step(x):\n    try: return x\n    except requests.RequestException: return None",
        "def open(x): return x\ndef step(x): return open('a')",
        "if __name__ == '__main__':\n    import time\n    print(time.time())\ndef step(x): return x",
        "import os\ndef step(x): os.environ['A'] = '1'",
    ],
)
def test_names_that_only_look_like_it_are_not_told(text: str) -> None:
    assert reach(text).hints == ()


@pytest.mark.parametrize(
    "text",
    [
        "from helpers import f\ndef step(x): return f(x)\n# file: helpers.py\nimport time\ndef f(x): return time.time()",
        "import time\nSTART = time.time()\ndef step(x): return START",
        "import time\ndef step(x, at=time.time()): return at",
        "import time\nclass A:\n    at = time.time()\ndef step(x): return A.at",
        "def step(x):\n    import time\n    return time.time()",
        "def step(x):\n    from time import time\n    return time()",
        "import time as t\nnow = t.time\ndef step(x): return now()",
        "import helpers\ndef step(x): return helpers.time.time()\n# file: helpers.py\nimport time\n",
        "import helpers\ndef step(x): return helpers.now()\n# file: helpers.py\nfrom time import time as now\n",
        "from helpers import *\ndef step(x): return time.time()\n# file: helpers.py\nimport time\n",
        "import time\nT = {}\nT['a'] = time.time()\ndef step(x): return T",
        (
            "from dataclasses import dataclass, field\nimport time\n@dataclass\nclass A:\n"
            "    at: float = field(default_factory=time.time)\ndef step(x): return A()"
        ),
        "def step(x): return __import__('time').time()",
        "import importlib\ndef step(x): return importlib.import_module('time').time()",
    ],
)
def test_a_clock_is_found_wherever_it_is_reached(text: str) -> None:
    assert {hint.kind for hint in reach(text).hints} == {HintKind.CLOCK}


MEASURED = [
    "began = perf_counter()\n    x = x + 1\n    print(perf_counter() - began)\n    return x",
    "began = perf_counter()\n    took = perf_counter() - began\n    log.info('took %s', took)\n    return x",
    "until = perf_counter() + 3\n    while perf_counter() < until: x += 1\n    return x",
    "times = []\n    times.append(perf_counter())\n    print(times)\n    return x",
    "memo = {}\n    memo[id(x)] = 3\n    return memo[id(x)]",
    "name = f'{os.getpid()}.tmp'\n    open(name, 'w').write(x)\n    os.rename(name, 'x')\n    return x",
    "return [lambda: perf_counter()][:0]",
]
TIMER = """
import time
class Timer:
    def __enter__(self):
        self.began = time.perf_counter()
        return self
    def __exit__(self, *_): self.took = time.perf_counter() - self.began
    def stop(self): return time.perf_counter() - self.began
    def __hash__(self): return hash((self.began, id(self)))
def timed(f):
    def inner(*a):
        began = time.perf_counter()
        result = f(*a)
        print(time.perf_counter() - began)
        return result
    return inner
"""


@pytest.mark.parametrize("body", MEASURED)
def test_what_is_only_measured_or_named_after_the_process_is_not_told(body: str) -> None:
    head = "from time import perf_counter\nimport logging, os\nlog = logging.getLogger()\n"
    assert reach(f"{head}def step(x):\n    {body}\n").hints == ()


def test_a_timer_is_not_told_where_its_time_is_only_printed() -> None:
    step = "@timed\ndef step(x):\n    with Timer() as t: x += 1\n    print(t.stop())\n    return x\n"
    assert reach(TIMER + step).hints == ()


RETURNED = [
    "def step(x):\n    began = perf_counter()\n    took = perf_counter() - began\n    return x, took",
    "def step(x):\n    began = perf_counter()\n    x['took'] = perf_counter() - began\n    return x",
    "def step(x):\n    times = []\n    for _ in x: times.append(perf_counter())\n    return sum(times)",
    "def step(x):\n    if (now := perf_counter()): x = [now]\n    yield from x",
    "def run(x):\n    began = perf_counter()\n    return x, perf_counter() - began\ndef step(x):\n    y, took = run(x)\n    return took",
    "from h import run\ndef step(x): return run(x)\n# file: h.py\nfrom time import perf_counter\ndef run(x): return perf_counter() - x",
    "START = perf_counter()\ndef step(x): return START",
    "class T:\n    def stop(self): return perf_counter() - self.began\ndef step(x):\n    t = T()\n    return t.stop()",
    "def timed(f):\n    def inner(x): return f(x), perf_counter()\n    return inner\n@timed\ndef step(x): return x",
]


@pytest.mark.parametrize("text", RETURNED)
def test_a_measured_time_that_is_returned_is_the_clock(text: str) -> None:
    found = reach(f"from time import perf_counter\n{text}\n")
    assert [(hint.kind, hint.what) for hint in found.hints] == [(CLOCK, "time.perf_counter() in what it returns")]


def test_a_generator_that_is_seeded_by_the_process_is_chance() -> None:
    found = reach(
        "import os, random\ndef step(x):\n    n = os.getpid()\n    random.seed(n)\n    return random.random()\n"
    )
    assert "os.getpid() in what it returns" in {hint.what for hint in found.hints}


HANDED = [
    "from h import f\nfrom datetime import datetime\ndef step(x): return f(datetime)\n# file: h.py\ndef f(c): return c.now()",
    "from h import f\nimport datetime\ndef step(x): return f(datetime)\n# file: h.py\ndef f(c): return c.datetime.now()",
    "from h import f\nimport time\ndef step(x): return f(time)\n# file: h.py\ndef f(c): return c.time()",
    "import datetime\nclass D(datetime.datetime): pass\ndef step(x): return D.now()",
    "from datetime import date\nKINDS = {'date': date}\ndef step(x): return KINDS[x].today()",
    "from datetime import datetime\ndef step(x):\n    d = datetime\n    return d.utcnow()",
]


@pytest.mark.parametrize("text", HANDED)
def test_a_clock_that_is_handed_on_as_an_object_is_told_where_it_is_asked(text: str) -> None:
    assert [hint.kind for hint in reach(text).hints] == [CLOCK]


def test_a_method_called_now_is_no_clock_where_no_clock_is_handed_on() -> None:
    text = "from datetime import datetime\ndef step(x: datetime): return x.now(), datetime(2020, 1, 1)\n"
    assert reach(text).hints == ()


def test_texts_are_told_without_docstrings_and_without_long_ones() -> None:
    text = f"""'''Module.'''
K = 'data/rates.csv'
U = 'unused'
def step(x):
    '''Doc.'''
    return K, f'{{x}}/part', b'bytes', {"a" * 1024!r}, {"b" * 1025!r}
"""
    assert reach(text).literals == {"data/rates.csv", "/part", "a" * 1024}


def test_libraries_are_told_by_the_top_of_their_name_and_only_where_reached() -> None:
    text = """
    import os, json
    import numpy as np
    import sklearn.linear_model as lm
    from google.cloud import storage
    import pandas as pd
    try:
        import fast
    except ImportError:
        fast = None
    def step(x):
        import lightgbm
        return np.mean(lm.Ridge()), fast
    def other(x): return storage, pd
    """
    assert reach(text).externals == {"numpy", "sklearn", "lightgbm", "fast"}
    assert reach(text, "other").externals == {"google", "pandas"}
