"""Passwords: never written in the file, never shown after they were looked up."""

from __future__ import annotations

import pickle

import pytest

from trimtab.base.errors import ProblemsError
from trimtab.spec.parse import examine, parse_project
from trimtab.spec.problems import ReferenceProblemError, WrittenSecretError
from trimtab.spec.secret import redact, resolve

PROJECT = '[project]\nname = "demo"\n[data]\nsource = "{source}"\ntime = "ts"\nlabel = "y"\n'


def no_files(path: str) -> str:
    raise FileNotFoundError(2, "No such file or directory", path)


def test_a_project_holds_the_reference_and_not_the_value() -> None:
    text = PROJECT.format(source="postgresql://me:${env:DB_PASSWORD}@host/db")
    project = parse_project(text, env={"DB_PASSWORD": "hunter2"}, files=no_files)
    assert project.source.path == "postgresql://me:${env:DB_PASSWORD}@host/db"
    assert "hunter2" not in repr(project)


def test_a_secret_is_revealed_only_on_demand() -> None:
    secret = resolve("postgresql://me:${env:PW}@host", env={"PW": "hunter2"}, files=no_files)
    assert secret.reveal() == "postgresql://me:hunter2@host"
    assert "hunter2" not in f"{secret} {secret!r}"
    assert not hasattr(secret, "__dict__")
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(secret)


def test_a_file_gives_its_text_without_the_last_line_break() -> None:
    assert resolve("${file:secrets/pw}", env={}, files={"secrets/pw": "hunter2\n"}.__getitem__).reveal() == "hunter2"


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("${env:DB_PASSWRD}", "DB_PASSWRD is not set"),
        ("${file:secrets/pw}", "secrets/pw that a reference names cannot be read (No such file or directory)"),
        ("${DB_PASSWORD}", "malformed reference"),
        ("${env:}", "malformed reference"),
        ("${vault:x}", "malformed reference"),
    ],
)
def test_a_reference_that_leads_nowhere_is_named_with_its_line(source: str, words: str) -> None:
    (problem,) = examine(PROJECT.format(source=source), env={"DB_PASSWORD": "hunter2"}, files=no_files).problems
    assert isinstance(problem, ReferenceProblemError)
    assert problem.at == "trimtab.toml:4"
    assert words in problem.problem
    assert "hunter2" not in str(problem)


def test_a_misspelt_variable_gets_the_name_that_was_meant() -> None:
    with pytest.raises(ReferenceProblemError, match='Did you mean "DB_PASSWORD"'):
        resolve("${env:DB_PASSWRD}", env={"DB_PASSWORD": "hunter2"}, files=no_files)


@pytest.mark.parametrize(
    "line",
    [
        'source = "postgresql://me:hunter2@host/db"',
        'password = "hunter2"',
        'db_password = "hunter2"',
        'api_key = "hunter2"',
        'token = "hunter2"',
        'nested = { client_secret = "hunter2" }',
    ],
)
def test_a_secret_written_out_is_an_error_that_does_not_repeat_it(line: str) -> None:
    with pytest.raises(ProblemsError, match="secret written out") as caught:
        parse_project(f"{PROJECT.format(source='rows.parquet')}[pipeline.params]\n{line}\n", env={}, files=no_files)
    assert any(isinstance(problem, WrittenSecretError) for problem in caught.value.problems)
    assert "hunter2" not in str(caught.value)


def test_a_number_is_no_secret_whatever_its_name() -> None:
    project = parse_project(
        PROJECT.format(source="rows.parquet") + "[pipeline.params]\ntoken = 3\n", env={}, files=no_files
    )
    assert project.pipeline.params == {"token": 3}


def test_a_reference_may_not_stand_where_its_value_would_be_recorded() -> None:
    text = PROJECT.format(source="rows.parquet") + '[pipeline.params]\nkind = "${env:KIND}"\n'
    (problem,) = examine(text, env={"KIND": "l1"}, files=no_files).problems
    assert isinstance(problem, ReferenceProblemError)
    assert problem.at == "trimtab.toml:8"


def test_the_password_of_a_url_is_hidden_in_any_text() -> None:
    assert redact("see mysql://a:b@c and http://d/e:f@g") == "see mysql://a:…@c and http://d/e:f@g"
