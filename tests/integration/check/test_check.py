"""All mistakes of a project at once, each with its file and line."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from trimtab.app.check import NotKeptError, check_project
from trimtab.app.new import create_project
from trimtab.app.own_contract import ContractDisagreesError, contract_disagreements
from trimtab.base.errors import EnvironmentMismatchError, InputError, UserCodeError
from trimtab.data.contract import format_contract
from trimtab.data.infer import infer
from trimtab.drivers.project_file import read_project
from trimtab.drivers.source_snapshot import CredentialInSourceError
from trimtab.drivers.sources import SourceColumnError, SourceError
from trimtab.drivers.user_code import ModuleProblemError
from trimtab.pipeline.problems import LabelLeakError, UnknownInputError, UnknownParameterError
from trimtab.spec.problems import ConflictError, UnknownSettingError, WrongValueError


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return create_project("demo", tmp_path_factory.mktemp("sample"))


@pytest.fixture
def project(sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the sample project; what a check imports from it is forgotten afterwards."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(sys.modules)
    folder = tmp_path / "demo"
    shutil.copytree(sample, folder)
    yield folder
    for name in set(sys.modules) - before:
        if str(tmp_path) in f"{getattr(sys.modules[name], '__file__', '')}{getattr(sys.modules[name], '__path__', '')}":
            del sys.modules[name]


def edit(project: Path, name: str, old: str, new: str) -> str:
    """Replaces a text in a file of the project; returns the place of the change as errors show it."""
    path = project / name
    before, found, after = path.read_text(encoding="utf-8").partition(old)
    assert found
    path.write_text(before + new + after, encoding="utf-8")
    return f"{name}:{before.count(chr(10)) + 1}"


def write_contract(project: Path, *, zone: str | None = None) -> None:
    table = pl.read_parquet(project / "data" / "payments.parquet")
    contract = infer(table, time="ts", label="is_fraud", key="tx_id", zone=zone)
    (project / "contract.toml").write_text(format_contract(contract), encoding="utf-8")


def test_a_new_project_has_no_mistake_with_and_without_its_contract(project: Path) -> None:
    assert check_project(project) == ()
    write_contract(project)
    assert check_project(project) == ()
    assert not (project / ".trimtab").exists()


def test_mistakes_of_every_station_come_together(project: Path) -> None:
    gate = edit(project, "trimtab.toml", "roc_auc =", "rocauc =")
    port = edit(project, "trimtab.toml", "min_requests = 30", "min_requests = -1")
    parameter = edit(project, "trimtab.toml", "learning_rate = 0.05", "learning_rat = 0.05")
    label = edit(project, "trimtab.toml", 'label = "is_fraud"', 'label = "fraud"')
    train = edit(project, "pipeline.py", "def train(\n    features", "def train(\n    X")
    (project / ".env").write_text("PASSWORD=hunter2\n")
    (project / ".gitignore").unlink()
    assert {(type(problem), problem.at) for problem in check_project(project)} == {
        (UnknownSettingError, gate),
        (WrongValueError, port),
        (UnknownParameterError, parameter),
        (SourceColumnError, label),
        (UnknownInputError, train),
        (CredentialInSourceError, ".env"),
    }


def test_without_a_project_file_there_is_nothing_to_check(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"there is no trimtab\.toml in"):
        check_project(tmp_path)


@pytest.mark.parametrize("content", [b"[project\n", b'name = "\xff"\n'])
def test_a_file_that_cannot_be_read_as_toml_is_the_only_mistake(project: Path, content: bytes) -> None:
    (project / "trimtab.toml").write_bytes(content)
    (problem,) = check_project(project)
    assert problem.at == "trimtab.toml:1"


def test_a_module_that_cannot_be_imported_is_still_looked_at(project: Path) -> None:
    missing = edit(project, "pipeline.py", "import polars as pl\n", "import polars as pl\nimport no_such_package\n")
    leak = edit(project, "pipeline.py", "def features(payments: pl.DataFrame)", "def features(payments, label)")
    line = int(missing.partition(":")[2]) + 1
    assert [(type(problem), problem.at) for problem in check_project(project)] == [
        (UserCodeError, f"pipeline.py:{line}"),
        (LabelLeakError, leak),
    ]


def test_a_syntax_error_is_one_mistake(project: Path) -> None:
    place = edit(project, "pipeline.py", "def train(", "def train)(")
    (problem,) = check_project(project)
    assert isinstance(problem, UserCodeError)
    assert problem.at == place


def test_a_module_that_is_not_there_is_placed_where_it_is_named(project: Path) -> None:
    place = edit(project, "trimtab.toml", 'module = "pipeline"', 'module = "pipelin"')
    (problem,) = check_project(project)
    assert isinstance(problem, ModuleProblemError)
    assert problem.at == place
    assert "Did you mean pipeline" in problem.fix


def test_a_module_that_git_ignores_would_be_missed_by_a_later_training(project: Path) -> None:
    (project / "lib").mkdir()
    (project / "lib" / "words.py").write_text("NAME = 1\n")
    edit(project, "pipeline.py", "import polars as pl\n", "import polars as pl\n\nfrom lib.words import NAME\n")
    assert check_project(project) == ()
    edit(project, ".gitignore", ".venv/", "lib/")
    (problem,) = check_project(project)
    assert isinstance(problem, NotKeptError)
    assert problem.at == "lib/words.py"


@pytest.mark.parametrize(
    ("old", "new", "kind", "words"),
    [
        ("data/payments.parquet", "data/payment.parquet", SourceError, "data/payment.parquet"),
        ('time = "ts"', 'time = "tss"', SourceColumnError, "tss"),
        ('key = "tx_id"', 'key = "id"', SourceColumnError, "id"),
        ('judge_on = "20%"', 'judge_on = "60d"', ConflictError, "leaves nothing of the table's 59d"),
        ('module = "pipeline"', 'module = "pipeline"\nlock = "lock.txt"', InputError, "the lock lock.txt is not there"),
    ],
)
def test_what_the_data_say_against_a_setting_is_placed_at_it(
    project: Path, old: str, new: str, kind: type[InputError], words: str
) -> None:
    place = edit(project, "trimtab.toml", old, new)
    file, _, line = place.partition(":")
    (problem,) = check_project(project)
    assert type(problem) is kind
    assert problem.at == f"{file}:{int(line) + new.count(chr(10))}"
    assert words in problem.problem


def test_a_lock_that_differs_from_what_is_installed_is_named_before_a_run(project: Path) -> None:
    edit(project, "trimtab.toml", 'module = "pipeline"', 'module = "pipeline"\nlock = "lock.txt"')
    (project / "lock.txt").write_text("polars==0.0.1\n")
    (problem,) = check_project(project)
    assert isinstance(problem, EnvironmentMismatchError)
    assert "polars" in problem.problem


def test_metrics_are_held_against_the_task_that_the_label_shows(project: Path) -> None:
    edit(project, "trimtab.toml", 'task = "binary"', "")
    assert check_project(project) == ()
    table = pl.read_parquet(project / "data" / "payments.parquet").with_columns(is_fraud=pl.col("amount"))
    table.write_parquet(project / "data" / "payments.parquet")
    found = check_project(project)
    assert {type(problem) for problem in found} == {ConflictError}
    assert ["regression task" in problem.problem for problem in found] == [True] * 3


def test_a_contract_with_mistakes_is_checked_too(project: Path) -> None:
    write_contract(project)
    place = edit(project, "contract.toml", 'type = "float"', 'type = "flaot"')
    found = check_project(project)
    assert [problem.at for problem in found] == [place]


def test_rows_that_break_the_contract_are_named_at_the_rule_of_the_contract(project: Path) -> None:
    write_contract(project)
    lines = (project / "contract.toml").read_text().splitlines()
    table = pl.read_parquet(project / "data" / "payments.parquet").with_columns(amount=pl.lit("many"))
    table.write_parquet(project / "data" / "payments.parquet")
    (problem,) = check_project(project)
    assert isinstance(problem, ContractDisagreesError)
    assert problem.at == f"contract.toml:{lines.index('[columns.amount]') + 2}"


def test_a_contract_of_another_time_key_label_or_task_is_a_disagreement(project: Path) -> None:
    write_contract(project, zone="UTC")
    edit(project, "contract.toml", 'key = "tx_id"\n', "")
    edit(project, "contract.toml", 'task = "binary"', 'task = "regression"')
    found = check_project(project)
    assert [problem.problem.split(",")[0] for problem in found if isinstance(problem, ContractDisagreesError)] == [
        "the contract's key is not said",
        "the contract's zone is UTC",
        "the contract's task is regression",
    ]


def test_a_contract_inferred_from_the_projects_own_settings_agrees_with_them(project: Path) -> None:
    read = read_project(project)
    table = pl.read_parquet(project / "data" / "payments.parquet")
    contract = infer(table, time="ts", label="is_fraud", key="tx_id", task=read.task)
    assert contract_disagreements(read, contract) == ()


def test_rules_over_rows_together_and_over_columns_are_checked_too(project: Path) -> None:
    write_contract(project)
    table = '[table]\nrows = { max = 10, outside = "refuse" }\nfresh = { within = "1s", outside = "refuse" }\n'
    table += 'unique = [\n  { columns = ["channel"] },\n]\nquarantine = "0%"\n\n[columns.ts]'
    before, inferred, _ = (project / "contract.toml").read_text().partition("\n[table]\n")
    assert inferred, "the key's uniqueness was inferred"
    columns = (project / "contract.toml").read_text().partition("\n[columns.")[2]
    (project / "contract.toml").write_text(before + "\n" + table.removesuffix("[columns.ts]") + "[columns." + columns)
    rule = "\n[[conditions]]\nthen = 'amount > 0'\n\n[[conditions]]\nthen = 'amount < 0'\noutside = \"quarantine\"\n"
    path = project / "contract.toml"
    path.write_text(path.read_text() + rule)
    lines = path.read_text().splitlines()
    places = {problem.at for problem in check_project(project)}
    told = ("rows =", "fresh =", "unique =", "quarantine =")
    assert places == {
        f"contract.toml:{next(place for place, line in enumerate(lines, 1) if line.startswith(key))}" for key in told
    }
