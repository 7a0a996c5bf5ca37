"""Reads of the clock, of chance and of the surroundings, by the full names of what is called.

Only names that are resolved through imports count, so a variable called ``time`` is nothing. What is drawn from a
generator with a seed of its own is no chance. A clock that only measures how long something took is a clock where the
step returns what it measured, and the number of a process is chance where the step returns it: see
`trimtab.pipeline.reach.fleeting`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Final

from trimtab.pipeline.reach.values import Hint, HintKind

_CLOCK: Final = frozenset({
    "time.time", "time.time_ns", "time.clock_gettime", "time.clock_gettime_ns", "datetime.datetime.now",
    "datetime.datetime.utcnow", "datetime.datetime.today", "datetime.date.today", "pandas.Timestamp.now",
    "pandas.Timestamp.today", "pandas.Timestamp.utcnow", "pandas.Period.now", "arrow.now", "arrow.utcnow",
    "pendulum.now", "pendulum.today", "pendulum.yesterday", "pendulum.tomorrow", "django.utils.timezone.now",
    "dateutil.utils.today", "astropy.time.Time.now", "logging.LogRecord", "logging.makeLogRecord",
    "email.utils.make_msgid",
})  # fmt: skip
_CLOCK_UNLESS_GIVEN: Final = {
    "time.localtime": 1, "time.gmtime": 1, "time.ctime": 1, "time.asctime": 1, "time.strftime": 2,
    "email.utils.localtime": 1, "email.utils.formatdate": 1, "arrow.get": 1, "django.utils.timezone.localtime": 1,
    "django.utils.timezone.localdate": 1,
}  # fmt: skip
"""Functions that read the clock if they have fewer arguments."""
_NOW_BY_TEXT: Final = frozenset({
    "numpy.datetime64", "pandas.DatetimeIndex", "pandas.Period", "pandas.PeriodIndex", "pandas.Timestamp",
    "pandas.bdate_range", "pandas.date_range", "pandas.period_range", "pandas.to_datetime",
})  # fmt: skip
"""Functions that read the clock if they are given "now" or "today"."""

NOW: Final = frozenset({"now", "today", "utcnow"})
_OF_TIME: Final = frozenset({"asctime", "ctime", "gmtime", "localtime", "strftime", "time", "time_ns"})
HANDED_CLOCKS: Final = {
    **dict.fromkeys(
        ("arrow", "datetime", "datetime.date", "datetime.datetime", "pandas", "pandas.Timestamp", "pendulum"), NOW
    ),
    "time": _OF_TIME,
}
"""Modules and classes that tell the time, with the methods by which they do: whoever is handed one may ask it."""

ASKING: Final = NOW | _OF_TIME

_ZONE: Final = re.compile(
    r"time\.(ctime|localtime|mktime|strftime|tzset|tzname|timezone|altzone|daylight)$|datetime\.date\.fromtimestamp$"
    r"|email\.utils\.localtime$|dateutil\.tz\.(tzlocal|gettz)$|tzlocal\.\w+$|pendulum\.(local|local_timezone)$"
    r"|locale\.nl_langinfo$"
)
_ZONE_UNLESS_GIVEN: Final = {"datetime.datetime.fromtimestamp": 2, "pandas.Timestamp.fromtimestamp": 2}
"""Functions that take the machine's time zone if they have fewer arguments."""

_ZONE_METHODS: Final = frozenset({"astimezone", "timestamp"})
_ZONE_TEXTS: Final = frozenset({"dateutil/:local", "local", "tzlocal()"})
_TAKES_ZONE: Final = frozenset({"in_timezone", "in_tz", "to", "tz_convert", "tz_localize"})
_ZONE_WORDS: Final = frozenset({"time_zone", "timezone", "tz", "tzinfo"})

_MEASURES: Final = re.compile(
    r"time\.(perf_counter|monotonic|process_time|thread_time)(_ns)?$|timeit\.(default_timer|timeit|repeat)$|os\.times$"
)
_OF_PROCESS: Final = re.compile(
    r"os\.(getpid|getppid|getpgrp|getpgid|getsid)$|threading\.(get_ident|get_native_id)$|_thread\.get_ident$"
    r"|multiprocessing\.current_process$|multiprocessing\.process\.current_process$|builtins\.id$"
)

_SEEDED_BY: Final = frozenset({
    "random.Random", "numpy.random.default_rng", "numpy.random.RandomState", "numpy.random.SeedSequence",
    "numpy.random.PCG64", "numpy.random.PCG64DXSM", "numpy.random.MT19937", "numpy.random.Philox",
    "numpy.random.SFC64",
})  # fmt: skip
_NO_CHANCE: Final = frozenset({
    "random.seed", "random.getstate", "random.setstate", "numpy.random.seed", "numpy.random.get_state",
    "numpy.random.set_state", "numpy.random.Generator", "numpy.random.BitGenerator", "secrets.compare_digest",
})  # fmt: skip
_CHANCE: Final = re.compile(
    r"random\.\w+$|numpy\.random\.\w+$|secrets\.\w+$|uuid\.(uuid1|uuid4|uuid6|uuid7)$|os\.(urandom|getrandom)$"
    r"|torch\.(rand|randn|randint|randperm|rand_like|randn_like|bernoulli|multinomial|normal)$"
)
_NETWORK: Final = re.compile(
    r"(socket|requests|httpx|aiohttp|urllib3|ftplib|smtplib|imaplib|poplib|telnetlib|xmlrpc|websockets|websocket|grpc"
    r"|boto3|botocore|s3fs|gcsfs|adlfs|paramiko|pymongo|redis|psycopg|psycopg2|pymysql|mysql|snowflake"
    r"|urllib\.request|http\.client|google\.cloud|azure)(\.|$)"
)
_NO_NETWORK: Final = re.compile(r"\.(\w*(Error|Exception|Timeout|Warning)|codes|exceptions(\.\w+)*)$")
_PROCESS: Final = re.compile(
    r"subprocess\.(run|call|check_call|check_output|Popen|getoutput|getstatusoutput)$"
    r"|os\.(system|popen|exec\w+|spawn\w+|posix_spawnp?|startfile)$|pty\.spawn$|asyncio\.create_subprocess_\w+$"
)
_FILE: Final = re.compile(
    r"(io\.|gzip\.|bz2\.|lzma\.|tarfile\.|codecs\.|PIL\.Image\.|os\.|dbm\.|shelve\.|wave\.)?open$"
    r"|(polars|pandas|geopandas|dask\.dataframe)\.(read|scan)_\w+$|numpy\.(load|loadtxt|genfromtxt|fromfile|memmap)$"
    r"|(joblib|torch|skops\.io)\.load$|pyarrow\.(parquet|csv|feather|orc|json)\.(read_\w+|open_\w+|ParquetFile)$"
    r"|pyarrow\.dataset\.dataset$|os\.(listdir|scandir|walk|fwalk)$|glob\.(glob|iglob)$|fileinput\.\w+$"
    r"|xarray\.open_\w+$|h5py\.File$|zipfile\.ZipFile$|sqlite3\.connect$|duckdb\.\w+$|cv2\.imread$|imageio\.\w*read\w*$"
    r"|linecache\.\w+$|pkgutil\.get_data$|importlib\.resources\.\w+$|scipy\.io\.(loadmat|mmread)$|soundfile\.read$"
    r"|lightgbm\.Booster$|mmap\.mmap$|numpy\.DataSource$|configparser\.ConfigParser\.read$"
)
_VARIABLES: Final = re.compile(r"os\.(environ|environb|getenv|getenvb)(\.|$)|os\.path\.(expandvars|expanduser)$")
_WRITING: Final = re.compile(r"[rwaxbt]*[wax][rwaxbt]*\+?$")
_SHOWN: Final = 60


def hint_of(full: str, node: ast.expr, around: ast.Call | ast.Subscript | None, at: str) -> Iterator[Hint]:
    """What the use of a thing outside the project reads.

    Args:
        full: its dotted name, imports and aliases resolved.
        around: the call or subscript that it is the head of.
    """
    call = around if isinstance(around, ast.Call) else None
    if full in _CLOCK or _lacks(full, call):
        yield Hint(kind=HintKind.CLOCK, what=f"{full}()", at=at)
    elif full in _SEEDED_BY:
        if call is not None and not _seeded(call):
            yield Hint(kind=HintKind.CHANCE, what=f"a generator without a seed, {full}()", at=at)
    elif full in ("random.SystemRandom", "secrets.SystemRandom"):
        yield Hint(kind=HintKind.CHANCE, what=f"the system's generator, {full}()", at=at)
    elif _CHANCE.match(full) and full not in _NO_CHANCE:
        yield Hint(kind=HintKind.CHANCE, what=f"{full}()", at=at)
    elif full in _NOW_BY_TEXT and call is not None and _says_now(call):
        yield Hint(kind=HintKind.CLOCK, what=shown(call), at=at)
    elif _ZONE.match(full) or (call is not None and _lacks_zone(full, call)):
        yield _zone(call or node, at)
    elif call is None and _OF_PROCESS.match(full):
        yield Hint(kind=HintKind.CHANCE, what=full, at=at)
    elif _VARIABLES.match(full):
        yield from _variable(full, node, around, at)
    elif _PROCESS.match(full):
        yield Hint(kind=HintKind.PROCESS, what=f"{full}()", at=at)
    elif _NETWORK.match(full):
        if call is not None and not _NO_NETWORK.search(full):
            yield Hint(kind=HintKind.NETWORK, what=f"{full}()", at=at)
    elif _FILE.match(full) and call is not None and not _writes(full, call):
        yield Hint(kind=HintKind.FILE, what=shown(call), at=at, name=_text([*call.args, *_values(call)]))


def fleeting_hint(full: str, node: ast.expr, at: str) -> Hint | None:
    """What a call gives that is another value in every process; None for other functions."""
    if _MEASURES.match(full):
        return Hint(kind=HintKind.CLOCK, what=f"{full}() in what it returns", at=at)
    if _OF_PROCESS.match(full):
        return Hint(kind=HintKind.CHANCE, what=f"{shown(node)} in what it returns", at=at)
    return None


def builtin_hint(name: str, node: ast.expr, around: ast.Call | ast.Subscript | None, at: str) -> Iterator[Hint]:
    """What the use of a built-in function reads: ``open``, ``hash``, and ``id`` where it is handed on."""
    if name == "open":
        yield from hint_of(name, node, around, at)
    elif name == "hash" or (name == "id" and not isinstance(around, ast.Call)):
        yield Hint(kind=HintKind.CHANCE, what=shown(around or node), at=at)


def zone_hint(call: ast.Call, at: str) -> Hint | None:
    """The machine's time zone, where a method takes it, whatever it is called of."""
    method = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    bare = method in _ZONE_METHODS and not call.args and not call.keywords
    texts = [word.value for word in call.keywords if word.arg in _ZONE_WORDS]
    texts += call.args[:1] if method in _TAKES_ZONE else []
    return _zone(call, at) if bare or any(_text([each]) in _ZONE_TEXTS for each in texts) else None


def _zone(node: ast.AST, at: str) -> Hint:
    return Hint(kind=HintKind.VARIABLE, what=f"TZ (by {shown(node)})", at=at, name="TZ")


def _lacks_zone(full: str, call: ast.Call) -> bool:
    wanted = _ZONE_UNLESS_GIVEN.get(full)
    return wanted is not None and len(call.args) + len(call.keywords) < wanted


def _says_now(call: ast.Call) -> bool:
    given = [*call.args, *(word.value for word in call.keywords)]
    inner = [each for one in given if isinstance(one, ast.List | ast.Tuple) for each in one.elts]
    return any(_text([each]).strip().lower() in ("now", "today") for each in (*given, *inner))


def method_hint(node: ast.Attribute, at: str) -> Hint:
    """``read_text`` and ``read_bytes`` read a file, whatever they are called of."""
    inner = node.value
    path = _text(inner.args) if isinstance(inner, ast.Call) else ""
    return Hint(kind=HintKind.FILE, what=f"{shown(node)}()", at=at, name=path)


def _lacks(full: str, call: ast.Call | None) -> bool:
    wanted = _CLOCK_UNLESS_GIVEN.get(full)
    return wanted is not None and call is not None and len(call.args) + len(call.keywords) < wanted


def _seeded(call: ast.Call) -> bool:
    given = [*call.args, *(word.value for word in call.keywords)]
    return bool(given) and not (isinstance(given[0], ast.Constant) and given[0].value is None)


def _variable(full: str, node: ast.expr, around: ast.Call | ast.Subscript | None, at: str) -> Iterator[Hint]:
    name, what = "", shown(node)
    if isinstance(around, ast.Subscript):
        if not isinstance(around.ctx, ast.Load):
            return
        name, what = _text([around.slice]), shown(around)
    elif isinstance(around, ast.Call):
        name, what = "" if full.startswith("os.path") else _text(around.args[:1]), shown(around)
    yield Hint(kind=HintKind.VARIABLE, what=what, at=at, name=name)


def _values(call: ast.Call) -> list[ast.expr]:
    return [word.value for word in call.keywords if word.arg in ("file", "path", "source", "model_file", "fname")]


def _writes(full: str, call: ast.Call) -> bool:
    """Whether a file is opened for writing alone."""
    if not full.endswith("open"):
        return False
    mode = call.args[1] if len(call.args) > 1 else next((w.value for w in call.keywords if w.arg == "mode"), None)
    said = mode.value if isinstance(mode, ast.Constant) else None
    return isinstance(said, str) and "+" not in said and bool(_WRITING.match(said))


def _text(nodes: list[ast.expr]) -> str:
    """The first of some expressions, if it is a text."""
    first = nodes[0] if nodes else None
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else ""


def shown(node: ast.AST) -> str:
    """A short form of an expression."""
    text = ast.unparse(node).partition("\n")[0]
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
