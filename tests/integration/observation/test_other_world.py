"""Another world has another clock and another order of names, and nothing else: real libraries work in it as ever."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

ENTER = "from trimtab.drivers.observation.world import enter_other_world; enter_other_world()"


def run(code: str, *, other: bool, seed: str = "0", folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    """A script in a fresh interpreter, in the other world or in this."""
    text = f"{ENTER if other else ''}\n{textwrap.dedent(code)}"
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", text], capture_output=True, text=True, env=environment, cwd=folder
    )


def told(code: str, *, other: bool, seed: str = "0", folder: Path | None = None) -> Any:
    """What such a script prints as JSON."""
    done = run(code, other=other, seed=seed, folder=folder)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


CLOCKS = """
    import datetime, json, time
    from datetime import date, datetime as when
    import warnings
    def utcnow():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return when.utcnow().replace(tzinfo=datetime.UTC).timestamp()
    epoch = lambda day: when(day.year, day.month, day.day, 12).timestamp()
    print(json.dumps({
        "time": time.time(),
        "time_ns": time.time_ns() / 1e9,
        "clock_gettime": time.clock_gettime(time.CLOCK_REALTIME),
        "clock_gettime_ns": time.clock_gettime_ns(time.CLOCK_REALTIME) / 1e9,
        "localtime": time.mktime(time.localtime()),
        "localtime of None": time.mktime(time.localtime(None)),
        "gmtime": datetime.datetime(*time.gmtime()[:6], tzinfo=datetime.UTC).timestamp(),
        "ctime": time.mktime(time.strptime(time.ctime())),
        "asctime": time.mktime(time.strptime(time.asctime())),
        "strftime": time.mktime(time.strptime(time.strftime("%Y-%m-%d %H:%M:%S"), "%Y-%m-%d %H:%M:%S")),
        "now": when.now().timestamp(),
        "now with a zone": when.now(datetime.timezone(datetime.timedelta(hours=3))).timestamp(),
        "now by keyword": when.now(tz=datetime.UTC).timestamp(),
        "utcnow": utcnow(),
        "datetime.today": when.today().timestamp(),
    }))
"""


def test_every_clock_of_python_is_ahead_by_the_same() -> None:
    ahead = told(CLOCKS, other=True)
    here = told(CLOCKS, other=False)
    shift = 401 * 86_400 + 7 * 3_600 + 13 * 60 + 17
    off = {name: ahead[name] - here[name] - shift for name in here}
    assert {name: by for name, by in off.items() if abs(by) > 60} == {}  # the time between the two runs


def test_today_is_another_day_too() -> None:
    code = """
        import json, pandas
        from datetime import date
        print(json.dumps([date.today().toordinal(), pandas.Timestamp.now().toordinal()]))
    """
    for here, there in zip(told(code, other=False), told(code, other=True), strict=True):
        assert there - here in (401, 402)


UNMOVED = """
    import json, os, time, threading, subprocess, sys, tempfile, logging, queue, ssl, concurrent.futures
    begin, wall = time.monotonic(), time.time()
    assert not threading.Event().wait(0.05)
    try: queue.Queue().get(timeout=0.05)
    except queue.Empty: pass
    try: subprocess.run([sys.executable, "-c", "import time; time.sleep(30)"], timeout=0.2)
    except subprocess.TimeoutExpired: pass
    with concurrent.futures.ThreadPoolExecutor() as pool:
        try: pool.submit(time.sleep, 0.2).result(timeout=0.01)
        except concurrent.futures.TimeoutError: pass
    with tempfile.NamedTemporaryFile() as file:
        assert time.time() - os.stat(file.name).st_mtime > 86400
    ssl.create_default_context()
    logging.basicConfig(); logging.getLogger().warning("x")
    assert time.gmtime(0)[0] == 1970 and time.strftime("%Y", time.gmtime(0)) == "1970"
    assert abs((time.monotonic() - begin) - (time.time() - wall)) < 1
    print(json.dumps(time.monotonic() - begin < 20))
"""


def test_what_measures_time_and_times_of_files_are_not_moved() -> None:
    assert told(UNMOVED, other=True) is True


TYPES = """
    import copy, datetime, functools, json, pickle, time
    from datetime import date, datetime as when
    import msgspec, numpy, pandas, polars
    now = when.now(datetime.UTC)
    assert type(now) is when is datetime.datetime and isinstance(now, date) and issubclass(pandas.Timestamp, when)
    assert pickle.loads(pickle.dumps(now)) == copy.deepcopy(now) == now and pickle.loads(pickle.dumps(when)) is when
    assert pickle.loads(pickle.dumps(time.time)) is time.time

    class Event(msgspec.Struct):
        at: when
        day: date
    event = Event(now, date.today())
    assert msgspec.json.decode(msgspec.json.encode(event), type=Event) == event
    assert polars.Series([now]).dtype == polars.Datetime("us", "UTC")
    assert polars.Series([date.today()]).dtype == polars.Date
    assert polars.DataFrame({"at": [now]}).filter(polars.col("at") == now).height == 1
    assert polars.select(polars.lit(now)).item() == now
    assert pandas.Series([now]).dt.year[0] == now.year and pandas.Timestamp(now).to_pydatetime() == now
    assert numpy.datetime64(now.replace(tzinfo=None)).astype(object) == now.replace(tzinfo=None)
    @functools.singledispatch
    def kind(value): return "other"
    @kind.register
    def _(value: when): return "time"
    assert kind(now) == "time"
    class Own(when): pass
    assert type(Own.now()) is Own and Own.now() > now.replace(tzinfo=None).replace(year=2000)
    try: when.now("no zone")
    except TypeError: pass
    else: raise AssertionError
    print(json.dumps(now.year))
"""


def test_its_times_are_times_to_every_library() -> None:
    assert told(TYPES, other=True) - told(TYPES, other=False) in (1, 2)


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    """A folder with files and folders in it."""
    for name in ("a", "b", "c"):
        (tmp_path / name).mkdir()
        (tmp_path / f"{name}.csv").write_text("x\n1\n")
        (tmp_path / name / "deep.csv").write_text("x\n1\n")
    return tmp_path


@pytest.mark.parametrize(
    "call",
    [
        "os.listdir()",
        "os.listdir(b'.')",
        "[entry.name for entry in os.scandir()]",
        "glob.glob('*.csv')",
        "glob.glob('*/*.csv')",
        "[str(path) for path in pathlib.Path().glob('*.csv')]",
        "[str(path) for path in pathlib.Path().iterdir()]",
        "next(os.walk('.'))[1]",
    ],
)
def test_names_come_in_reverse_order(listed: Path, call: str) -> None:
    code = f"import glob, json, os, pathlib; print(json.dumps([str(each) for each in {call}]))"
    here, there = told(code, other=False, folder=listed), told(code, other=True, folder=listed)
    assert len(here) >= 3
    assert there == here[::-1]


def test_folders_are_copied_walked_and_removed_as_ever(listed: Path) -> None:
    code = """
        import json, os, shutil, tempfile
        shutil.copytree("a", "copied")
        with os.scandir("copied") as entries:
            assert [next(entries).name] == ["deep.csv"] and next(entries, None) is None
        shutil.rmtree("copied")
        with tempfile.TemporaryDirectory() as folder:
            os.mkdir(os.path.join(folder, "x"))
        assert not os.path.exists(folder)
        try: os.listdir("nowhere")
        except FileNotFoundError: pass
        print(json.dumps([sorted(names) for _, _, names, _ in os.fwalk("b")]))
    """
    assert told(code, other=True, folder=listed) == [["deep.csv"]]


FITS = """
    import json, time
    import numpy as np, pandas as pd, polars as pl
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    rng = np.random.default_rng(7)
    table = pl.DataFrame({"a": rng.normal(size=400), "b": rng.normal(size=400), "day": pl.datetime_range(
        pl.datetime(2024, 1, 1), pl.datetime(2024, 1, 1) + pl.duration(hours=399), "1h", eager=True)})
    table = table.with_columns(hour=pl.col("day").dt.hour(), label=(pl.col("a") + pl.col("b") > 0).cast(pl.Int8))
    frame = table.to_pandas()
    daily = frame.groupby(frame["day"].dt.date)["a"].mean()
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(frame[["a", "b", "hour"]], frame["label"])
    forest = RandomForestClassifier(10, random_state=1, n_jobs=2).fit(frame[["a", "b"]], frame["label"])
    scores = cross_val_score(model, frame[["a", "b", "hour"]], frame["label"])
    result = [model[-1].coef_.tolist(), forest.predict_proba(frame[["a", "b"]]).sum(0).tolist(), scores.tolist(),
              daily.tolist(), table.group_by("hour", maintain_order=True).agg(pl.col("a").sum())["a"].to_list()]
    DEPENDS
    print(json.dumps(result))
"""


def fits(depends: str, *, other: bool, folder: Path, seed: str = "0") -> Any:
    return told(FITS.replace("DEPENDS", depends), other=other, folder=folder, seed=seed)


def test_a_script_of_sklearn_polars_and_pandas_has_the_same_results(listed: Path) -> None:
    assert fits("", other=True, folder=listed, seed="1") == fits("", other=False, folder=listed)


@pytest.mark.parametrize(
    "depends",
    [
        "result.append(pd.Timestamp.now().year)",
        "from datetime import datetime; result.append(datetime.now().isoformat()[:10])",
        "result.append(int(time.time()) // 86400)",
        "import os; result.append(os.listdir())",
        "import glob; result.append(pd.concat([pd.Series([p]) for p in glob.glob('*.csv')]).tolist())",
        "result.append(list({'a', 'b', 'c', 'd', 'e', 'f', 'g'}))",
    ],
    ids=["pandas' clock", "datetime", "time", "listing", "glob", "hash order"],
)
def test_a_script_that_depends_on_clock_order_or_hashes_has_another_result(listed: Path, depends: str) -> None:
    small = f"import json, time\nimport pandas as pd\nresult = []\n{depends}\nprint(json.dumps(result))"
    assert told(small, other=True, folder=listed, seed="1") != told(small, other=False, folder=listed)


@pytest.mark.lightgbm
def test_lightgbm_learns_the_same_there(tmp_path: Path) -> None:
    code = """
        import json, lightgbm, numpy
        rng = numpy.random.default_rng(3)
        rows = rng.normal(size=(300, 4))
        model = lightgbm.LGBMRegressor(n_estimators=5, verbose=-1, random_state=1, n_jobs=1).fit(rows, rows[:, 0])
        print(json.dumps(model.predict(rows).tolist()))
    """
    assert told(code, other=True, seed="1") == told(code, other=False)


def test_a_clock_that_was_taken_by_name_before_is_moved_too(tmp_path: Path) -> None:
    code = f"""
        import json, os, time
        from datetime import datetime
        from time import time as early
        real = time.perf_counter(), early()
        for _ in range(100): datetime.now()
        {ENTER}
        print(json.dumps([early() - real[1] > 86400 * 400, datetime.now().timestamp() - real[1] > 86400 * 400]))
    """
    assert told(code, other=False) == [True, True]


def test_the_shift_is_the_callers_to_choose(tmp_path: Path) -> None:
    code = """
        import json, time
        before = time.time()
        from trimtab.base.instants import Span
        from trimtab.drivers.observation.world import enter_other_world
        enter_other_world(Span(-3_600_000_000))
        print(json.dumps(round((time.time() - before) / 60)))
    """
    assert told(code, other=False) == -60


def test_no_process_enters_a_second_world(tmp_path: Path) -> None:
    done = run(ENTER, other=True)
    assert "this process is in another world already [TT1381]" in done.stderr
