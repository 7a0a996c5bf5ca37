"""What looks like a secret is recorded as its digest; what does not, as it is."""

from __future__ import annotations

import pytest

from trimtab.base.digest import digest_bytes
from trimtab.records.secret_words import Scalar, hide, hide_words

TOKEN = "ghp_" + "a1B2" * 9


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("password", "hunter2"),
        ("db_password", "hunter2"),
        ("db.password", "hunter2"),
        ("DB PASSWORD", "x"),
        ("HF_TOKEN", "x"),
        ("github-token", "x"),
        ("AWS_SECRET_ACCESS_KEY", "x"),
        ("api_key", "x"),
        ("note", TOKEN),
        ("note", f"see {TOKEN} there"),
        ("url", "postgresql://ada:pw@host/db"),
        ("header", "Authorization: Bearer abc"),
        ("key", "-----BEGIN RSA PRIVATE KEY-----\nMII"),
        ("x", "AKIA" + "A1B2C3D4E5F6G7H8"),
        ("x", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc"),
        ("x", "sk-proj-" + "a1B2" * 8),
    ],
)
def test_a_secret_is_its_digest(name: str, value: str) -> None:
    hidden = hide(name, value)
    assert hidden == digest_bytes(value.encode())
    assert hide(name, hidden) == hidden


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("max_depth", 6),
        ("max_token", "512"),
        ("pad_token", "[PAD]"),
        ("tokenizer", "bpe"),
        ("tokens", 5),
        ("token", True),
        ("key", "customer_id"),
        ("password", None),
        ("password", ""),
        ("path", "/data/sk-learn"),
        ("url", "https://host/path"),
        ("rate", 0.1),
        ("task", "sk-short"),
        ("commit", "ab" * 20),
        ("data", str(digest_bytes(b"x"))),
    ],
)
def test_what_is_none_stays_as_it_is(name: str, value: Scalar) -> None:
    assert hide(name, value) is value


def test_a_number_of_a_secret_name_is_hidden_too() -> None:
    assert hide("password", 1234) == digest_bytes(b"1234")


def test_a_command_keeps_its_words_and_hides_its_secrets() -> None:
    words = ["train.py", "--epochs", "5", "--password", "hunter2", "--set", "api_key=abc", "lr=0.1", TOKEN, "--token"]
    words += ["--db=postgresql://ada:pw@host/db", "postgresql://ada:pw@host/db"]
    hidden = hide_words(words)
    assert hidden[:4] == ("train.py", "--epochs", "5", "--password")
    assert hidden[4] == digest_bytes(b"hunter2")
    assert hidden[5:8] == ("--set", f"api_key={digest_bytes(b'abc')}", "lr=0.1")
    assert hidden[8] == digest_bytes(TOKEN.encode())
    assert hidden[9] == "--token"
    assert not any("pw" in word or "hunter2" in word or TOKEN in word for word in hidden)
    assert "ada" in hidden[10]


@pytest.mark.parametrize(
    ("word", "shown"),
    [
        ("--set=password=x", f"--set=password={digest_bytes(b'x')}"),
        ("--set=pin=7", f"--set=pin={digest_bytes(b'7')}"),
        ("pin=7", f"pin={digest_bytes(b'7')}"),
        ("--password=x:y", f"--password={digest_bytes(b'x:y')}"),
        ("--set=rate=0.1", "--set=rate=0.1"),
    ],
)
def test_a_setting_in_one_word_and_a_declared_name_are_hidden_too(word: str, shown: str) -> None:
    assert hide_words([word], {"pin"}) == (shown,)


def test_an_option_behind_a_secret_one_is_not_taken_for_its_value() -> None:
    assert hide_words(["--token", "--epochs", "5"]) == ("--token", "--epochs", "5")
