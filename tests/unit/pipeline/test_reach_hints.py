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
    ("import random", "random.random()", CHANCE, "random.random()", ""),
    ("from random import shuffle", "shuffle(x)", CHANCE, "random.shuffle()", ""),
    ("import random", "sorted(x, key=random.choice)", CHANCE, "random.choice()", ""),
    ("import random", "random.Random()", CHANCE, "random.Random() without a seed", ""),
    ("import random", "random.SystemRandom()", CHANCE, "random.SystemRandom()", ""),
    ("import numpy as np", "np.random.rand(3)", CHANCE, "numpy.random.rand()", ""),
    ("from numpy import random as r", "r.permutation(x)", CHANCE, "numpy.random.permutation()", ""),
    ("import numpy as np", "np.random.default_rng()", CHANCE, "numpy.random.default_rng() without a seed", ""),
    ("import numpy as np", "np.random.default_rng(None)", CHANCE, "numpy.random.default_rng() without a seed", ""),
    ("import numpy as np", "np.random.RandomState()", CHANCE, "numpy.random.RandomState() without a seed", ""),
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
    ("import time", "time.perf_counter() - time.monotonic() + time.process_time()"),
    ("import time", "time.sleep(1)"),
    ("import time", "time.localtime(x), time.gmtime(x), time.strftime('%Y', x), time.ctime(x)"),
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
