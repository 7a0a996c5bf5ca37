"""What a ``trimtab.toml`` says, and what is said of one that is wrong."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from trimtab.base.errors import ProblemsError, TrimtabError
from trimtab.base.instants import DAY, HOUR, MILLISECOND, Span
from trimtab.spec.parse import examine, parse_project
from trimtab.spec.problems import (
    ConflictError,
    MissingSettingError,
    TomlSyntaxError,
    UnknownChoiceError,
    UnknownSettingError,
    WrongTypeError,
    WrongValueError,
)
from trimtab.spec.project import Budget, Durability, Judging, MetricGate, Project, Promote, Step, Task

SMALLEST = """\
[project]
name = "card-fraud"

[data]
source = "data/payments.parquet"
time = "ts"
label = "is_fraud"
"""


WHOLE = """\
[project]
name = "rides"
task = "regression"
[data]
source = "rides/*.parquet"
time = "start"
key = "ride"
label = "minutes"
label_delay = "2h"
zone = "Europe/Zurich"
contract = "rides/contract.toml"
[pipeline]
module = "rides.pipeline"
seed = 7
lock = "requirements.txt"
params = { depth = 6, rate = 0.1, kind = "l1", fast = true }
[gates]
judge_on = "14d"
level = 0.95
block = "12h"
latency_p99 = "5ms"
rmse = { max = 12, against_champion = "not worse by 0.5" }
r2 = { min = -1.5, against_champion = "better by 0.01" }
[serve]
endpoint = "rides-eu"
host = "localhost"
port = 0
rollout = ["shadow 1d", "0.5% 6h", "25 % 1d 12h", "100% 1h"]
min_requests = 10
max_failures = 0.01
max_score_shift = 0.2
durability = "fsync"
[watch]
window = "6h"
memory = "7d"
metric = "mae"
decay = 0.1
drift = 0.2
false_alarms = 0.01
[retrain]
when = ["drift", "every 30d"]
data = "last 56d"
needs = { labels = 500 }
cooldown = "3d"
budget = "12 per 365d"
promote = "auto"
lag = "6h"
route_lag = "10m"
"""


def parse(text: str) -> Project:
    return parse_project(text, env={}, files=str)


def problems_of(text: str) -> tuple[TrimtabError, ...]:
    return examine(text, env={}, files=str).problems


def the_problem(addition: str) -> TrimtabError:
    """The one mistake that a right project has with ``addition`` below it; it is on the last line."""
    text = f"{SMALLEST}\n{addition}"
    (problem,) = problems_of(text)
    assert problem.at == f"trimtab.toml:{len(text.splitlines())}"
    return problem


def test_two_tables_are_a_project_and_all_else_has_its_default() -> None:
    project = parse(SMALLEST)
    assert project.name == "card-fraud"
    assert project.task is None
    assert project.source.path == "data/payments.parquet"
    assert project == Project(name="card-fraud", data=project.source)


def test_every_setting_is_read() -> None:
    project = parse(WHOLE)
    assert project.task is Task.REGRESSION
    assert project.source.label_delay == 2 * HOUR
    assert project.source.zone == "Europe/Zurich"
    assert project.source.contract == PurePosixPath("rides/contract.toml")
    assert project.pipeline.lock == PurePosixPath("requirements.txt")
    assert project.pipeline.params == {"depth": 6, "rate": 0.1, "kind": "l1", "fast": True}
    assert project.gates.judging == Judging(share=None, span=Span(14 * DAY))
    assert project.gates.metrics == (
        MetricGate(metric="rmse", floor=12, tolerance=0.5),
        MetricGate(metric="r2", floor=-1.5, tolerance=-0.01),
    )
    assert project.gates.latency_p99 == 5 * MILLISECOND
    assert project.serve.rollout == (
        Step(share=0.0, least=DAY),
        Step(share=0.005, least=Span(6 * HOUR)),
        Step(share=0.25, least=Span(36 * HOUR)),
        Step(share=1.0, least=HOUR),
    )
    assert project.serve.durability is Durability.FSYNC
    assert project.watch.metric == "mae"
    retrain = project.retrain
    assert (retrain.on_decay, retrain.on_drift, retrain.every, retrain.span) == (False, True, 30 * DAY, 56 * DAY)
    assert retrain.budget == Budget(trainings=12, per=Span(365 * DAY))
    assert retrain.promote is Promote.AUTO
    assert retrain.min_labels == 500


def test_all_mistakes_come_at_once_in_the_order_of_their_lines() -> None:
    text = '[data]\ntime = 3\nlabl = "x"\n[gates]\nrocauc = {}\n[retrain]\nbudget = "often"\n'
    with pytest.raises(ProblemsError, match="budget must be a number of trainings") as caught:
        parse(text)
    assert [problem.at.rpartition(":")[2] for problem in caught.value.problems] == ["1", "1", "1", "2", "3", "5", "7"]


def test_a_file_that_is_not_toml_is_one_problem_at_its_line() -> None:
    (problem,) = problems_of("[project]\nname = card-fraud\n")
    assert isinstance(problem, TomlSyntaxError)
    assert problem.at == "trimtab.toml:2"
    (at_end,) = problems_of('[project]\nname = "card')
    assert at_end.at in ("trimtab.toml:2", "trimtab.toml:3")


def test_an_empty_file_names_the_four_settings_that_have_no_default() -> None:
    found = problems_of("")
    assert [type(problem) for problem in found] == [MissingSettingError] * 4
    assert {"name", "source", "time", "label"} == {problem.problem.split()[1] for problem in found}


@pytest.mark.parametrize(
    ("addition", "kind", "words"),
    [
        ("[wacth]", UnknownSettingError, 'Did you mean "watch"'),
        ("[watch]\nwindw = '1d'", UnknownSettingError, 'Did you mean "window"'),
        ("[gates]\nrocauc = { min = 0.6 }", UnknownSettingError, 'Did you mean "roc_auc"'),
        ("[gates]\nroc_auc = { mni = 0.6 }", UnknownSettingError, 'Did you mean "min"'),
        ("[gates]\nroc_auc = { max = 0.6 }", UnknownSettingError, "a higher roc_auc is better"),
        ("[gates]\nbrier = { min = 0.6 }", UnknownSettingError, "a lower brier is better"),
        ("[gates]\nroc_auc = {}", ConflictError, "limits nothing"),
        ("[gates]\nroc_auc = 0.6", WrongTypeError, "must be a table"),
        ("[gates]\nroc_auc = { min = 1.2 }", WrongValueError, "from 0 to 1"),
        ("[gates]\nr2 = { min = 1.2 }", WrongValueError, "up to 1"),
        ("[gates]\nmae = { max = -1 }", WrongValueError, "from 0 on"),
        ("[gates]\nroc_auc = { min = nan }", WrongValueError, "from 0 to 1"),
        ("[gates]\nroc_auc = { against_champion = 'as good' }", WrongValueError, "not worse by 0.02"),
        ("[gates]\nlevel = 1", WrongValueError, "above 0.5 and below 1"),
        ("[gates]\nlevel = true", WrongTypeError, "above 0.5 and below 1"),
        ("[gates]\njudge_on = '100%'", WrongValueError, "leave rows to train on"),
        ("[gates]\njudge_on = 0.2", WrongValueError, "share of the rows"),
        ("[gates]\nblock = '0d'", WrongValueError, "longer than nothing"),
        ("[gates]\nlatency_p99 = 5", WrongTypeError, "in quotes"),
        ("[serve]\nrollout = []", WrongTypeError, "list of steps"),
        ("[serve]\nrollout = '100%'", WrongTypeError, "list of steps"),
        ("[serve]\nrollout = ['5% 1h']", WrongValueError, 'end with "100%"'),
        ("[serve]\nrollout = ['25% 1h', '5% 1h', '100%']", WrongValueError, "5% follows 25%"),
        ("[serve]\nrollout = ['5% 1h', 'shadow 1h', '100%']", WrongValueError, "shadow follows 5%"),
        ("[serve]\nrollout = ['5%', '100%']", WrongValueError, "how long it lasts"),
        ("[serve]\nrollout = ['0% 1h', '100%']", WrongValueError, "from 0.01% to 100%"),
        ("[serve]\nrollout = ['0.015% 1h', '100%']", WrongValueError, "steps of 0.01%"),
        ("[serve]\nrollout = ['half 1h', '100%']", WrongValueError, "be a step"),
        ("[serve]\nport = 70000", WrongValueError, "65,535"),
        ("[serve]\nport = '8420'", WrongTypeError, "65,535"),
        ("[serve]\nmax_failures = 0", WrongValueError, "above 0 and below 1"),
        ("[serve]\nendpoint = 'a/b'", WrongValueError, "be a name"),
        ("[serve]\ndurability = 'fsnc'", UnknownChoiceError, 'Did you mean "fsync"'),
        ("[watch]\nmetric = 'auc'", UnknownChoiceError, 'Did you mean "roc_auc"'),
        ("[watch]\nmemory = '1h'", ConflictError, "shorter than window"),
        ("[watch]\ndrift = 1", WrongValueError, "above 0 and below 1"),
        ("[retrain]\nwhen = ['decline']", UnknownChoiceError, "which is no occasion"),
        ("[retrain]\nwhen = ['decay', 'decay']", WrongValueError, "each occasion once"),
        ("[retrain]\nwhen = 'decay'", WrongTypeError, "be a list"),
        ("[retrain]\nwhen = ['every 3d']", ConflictError, "can never be kept"),
        ("[retrain]\ndata = '56d'", WrongValueError, "last 56d"),
        ("[retrain]\nbudget = '0 per 90d'", WrongValueError, "6 per 90d"),
        ("[retrain]\ncooldown = '-7d'", WrongValueError, "length of time"),
        ("[retrain]\npromote = 'Auto'", UnknownChoiceError, 'Did you mean "auto"'),
        ("[retrain]\nneeds = { labels = 0 }", WrongValueError, "from 1"),
        ("[retrain]\nneeds = { label = 3 }", UnknownSettingError, 'Did you mean "labels"'),
        ("[pipeline]\nmodule = 'pipeline.py-x'", WrongValueError, "module's name"),
        ("[pipeline]\nseed = -1", WrongValueError, "from 0"),
        ("[pipeline]\nlock = '/etc/passwd'", WrongValueError, "in the project"),
        ("[pipeline]\nparams = { depth = [1] }", WrongTypeError, "a text, a number"),
        ("[pipeline]\nparams = { depth = 2020-01-01 }", WrongTypeError, "the date or time 2020-01-01"),
    ],
)
def test_each_mistake_is_named_with_its_line(addition: str, kind: type[TrimtabError], words: str) -> None:
    problem = the_problem(addition)
    assert type(problem) is kind
    assert words in f"{problem.problem} {problem.fix}"


def test_a_key_in_no_table_is_told_where_keys_stand() -> None:
    (problem,) = problems_of(f"seed = 3\n{SMALLEST}")
    assert problem.at == "trimtab.toml:1"
    assert "in no table" in problem.problem


def test_a_section_that_is_no_table_is_named_once() -> None:
    (problem,) = problems_of(f"gates = 3\n{SMALLEST}")
    assert problem.problem == "[gates] must be a table, and is 3"


def test_the_label_cannot_be_the_time_or_the_key_of_its_own_row() -> None:
    (problem,) = problems_of(SMALLEST.replace('"is_fraud"', '"ts"'))
    assert problem.problem == '[data] time and label both name the column "ts"'
    assert problem.at == "trimtab.toml:7"


def test_what_happens_once_at_a_time_may_have_its_time_as_its_key() -> None:
    assert parse(SMALLEST + 'key = "ts"\n').source.key == "ts"


def test_a_metric_must_fit_the_task_that_the_project_names() -> None:
    text = (
        SMALLEST.replace("[data]", 'task = "regression"\n[data]')
        + '[gates]\nroc_auc = {min = 0.6}\n[watch]\nmetric = "brier"'
    )
    found = problems_of(text)
    assert [problem.at for problem in found] == ["trimtab.toml:10", "trimtab.toml:12"]
    assert all("not defined for a regression task" in problem.problem for problem in found)
    assert "mae, rmse, r2" in found[0].fix


def test_a_judging_span_must_leave_something_to_train_on() -> None:
    found = problems_of(f"{SMALLEST}\n[gates]\njudge_on = '56d'\n[retrain]\ndata = 'last 56d'")
    assert [type(problem) for problem in found] == [ConflictError]
    assert found[0].at == "trimtab.toml:10"


def test_an_examined_text_says_where_its_keys_are() -> None:
    examined = examine(SMALLEST, at="project/trimtab.toml", env={}, files=str)
    assert examined.place("data", "time") == "project/trimtab.toml:6"
    assert examined.place("data", "zone") == "project/trimtab.toml:4"


def test_the_problems_of_one_file_have_different_codes_by_kind() -> None:
    kinds = (
        TomlSyntaxError, UnknownSettingError, MissingSettingError, WrongTypeError, WrongValueError, UnknownChoiceError,
        ConflictError,
    )  # fmt: skip
    assert len({kind.code for kind in kinds}) == len(kinds)
