"""What looks like a credential is found, and what only reads like one is not."""

from __future__ import annotations

import time

import pytest

from trimtab.drivers.source_snapshot.credentials import credentials_in


def found(content: str, name: str = "settings.py") -> list[str]:
    return [what for what, _ in credentials_in(name, content.encode())]


HEX = "9f86d081884c7d65" * 4
MIXED = "aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3zA5bC7d"


# Each is put together here, so that this file itself has no credential in it.
@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("-----BEGIN " + "OPENSSH PRIVATE KEY-----\nb3Bl", "a private key"),
        ("-----BEGIN " + "PGP PRIVATE KEY BLOCK-----\n\nlQ", "a private key"),
        ('{"private_key": "-----BEGIN ' + 'PRIVATE KEY-----\\nMIIE"}', "a private key"),
        ("AKIA" + "Z" * 16, "an AWS access key"),
        ("gho_" + "a1" * 18, "a GitHub token"),
        ("github_pat_" + "a1" * 35, "a GitHub token"),
        ("glpat-" + MIXED[:20], "a GitLab token"),
        ("xoxb-" + "1234567890-abcdefghij", "a Slack token"),
        ("https://hooks.slack.com/" + "services/T00000000/B00000000/" + MIXED[:24], "a Slack webhook"),
        ("AIza" + MIXED[:35], "a Google API key"),
        ("GOCSPX-" + MIXED[:28], "a Google OAuth secret"),
        ("DefaultEndpointsProtocol=https;AccountName=x;AccountKey=" + "aB3/" * 21 + "aB==", "an Azure storage key"),
        ("sk-proj-" + MIXED[:30] + "T3BlbkFJ" + MIXED[:30], "an OpenAI key"),
        ("sk-ant-" + "api03-" + MIXED * 2 + "-x" * 6, "an Anthropic key"),
        ("hf_" + "aBcDeFgHiJkLmNoPqRsTuVwXyZaBcDeFgH", "a Hugging Face token"),
        ("dapi" + HEX[:32], "a Databricks token"),
        ("sk_live_" + MIXED[:24], "a Stripe key"),
        ("SG." + MIXED[:22] + "." + (MIXED * 2)[:43], "a SendGrid key"),
        ("pypi-" + "AgEIcHlwaS5vcmc" + MIXED * 2, "a PyPI token"),
        ("npm_" + MIXED[:36], "an npm token"),
        ('engine = create_engine("postgresql://user:' + 'secret@host")', "a URL with a password in it"),
        ("url: mysql+pymysql://ada:" + "hunter2@db.internal:3306/shop", "a URL with a password in it"),
        ("https://x-access-token:" + MIXED[:20] + "@git.internal/x.git", "a URL with a password in it"),
        ("redis://:" + "p4ss-w%2Frd@cache.internal:6379/0", "a URL with a password in it"),
        ('password = "' + 'Tr0ub4dor&3"', "a password or token that is written out"),
        ('DB_PASSWORD: str = "' + 'x9#Kd2!mQ7"', "a password or token that is written out"),
        ("connect(user='ada', password='" + "x9#Kd2!mQ7')", "a password or token that is written out"),
        ('{"api_key": "' + MIXED[:24] + '"}', "a password or token that is written out"),
        ('   "api_key = \\"' + MIXED[:24] + '\\"\\n",', "a password or token that is written out"),
        ('access_token = "' + HEX[:40] + '"', "a password or token that is written out"),
        ('SECRET_KEY = "' + MIXED[:32] + '"', "a password or token that is written out"),
        ("client-secret: '" + MIXED[:32] + "'", "a password or token that is written out"),
    ],
)
def test_what_looks_like_a_credential_is_found(content: str, what: str) -> None:
    assert found(content) == [what]
    assert found("x = 1\n" * 100 + content + "\ny = 2\n") == [what]


@pytest.mark.parametrize(
    "content",
    [
        'password = os.environ["DB_PASSWORD"]',
        'password = "${env:DB_PASSWORD}"',
        'password = "password"',
        'password = "hunter2"',
        'password = "changeme-Now1"',
        'password = "<your Password1!>"',
        'password="{{ db_password }}"',
        'password = f"{user}{SALT_1}"',
        'PASSWORD_ENV = "DB_PASSWORD_1"',
        'password = "DB_PASSWORD_1"',
        'password = "/run/secrets/DB_password1"',
        "help=\"the password: 'at least 8 characters, 1 Digit'\"",
        'pad_token = "<|endoftext|>"',
        'token = "bert-base-uncased-2018"',
        'tokenizer = "BAAI/bge-small-en-v1.5"',
        'mask_token: str = "[MASK]"',
        'token = "550e8400-e29b-41d4-a716-446655440000"',
        'next_token = "' + MIXED + '"',
        'publicKeyToken="1fc8b3b9a1e18e3b"',
        'key = "' + MIXED + '"',
        'primary_key = "customer_id_2023_v2"',
        'sort_key="a1b2c3d4e5f6g7h8"',
        'digest = "sha256:' + HEX + '"',
        'secret_name = "projects/12/secrets/a1b2c3d4e5f6g7h8"',
        'password_hash = "' + HEX + '"',
        "postgresql://user:password@host/db",
        "postgresql://user:pass@host/db",
        "postgresql://${USER}:${PASSWORD}@host/db",
        "postgresql://$USER:$PASSWORD@host/db",
        "postgresql://{user}:{password}@{host}/db",
        "postgresql://user:<password>@host/db",
        "postgresql://user:****@host/db",
        "postgresql://user:...@host/db",
        "postgresql://%s:%s@%s/%s",
        "postgresql://USER:PASSWORD@HOST/DB",
        "postgresql://user:your_password@db.internal/db",
        "postgresql://postgres:postgres@localhost:5432/test",
        "postgresql://postgres:postgres@127.0.0.1/test",
        "https://ada:hunter2@example.com/",
        "https://ada@db.internal/",
        "http://db.internal:8080/path@2x.png",
        "https://github.com/org/repo/blob/main/a:b@c",
        "git+ssh://git@github.com:org/repo.git",
        r'URL = re.compile("://[^:]+:[^@]+@[^/]+")',
        'START = b"-----BEGIN ' + 'OPENSSH PRIVATE KEY-----"',
        "-----BEGIN PUBLIC KEY-----\nMIIB",
        "-----BEGIN CERTIFICATE-----\nMIIB",
        "AKIAIOSFODNN7EXAMPLE",
        "MAKIA" + "Z" * 16,
        "hf_hub_download",
        "ghp_" + "short",
        "task-ant-colony",
    ],
)
def test_what_only_reads_like_a_credential_is_not(content: str) -> None:
    assert found(content) == []


@pytest.mark.parametrize(
    ("name", "count"),
    [(".env", 1), (".env.production", 1), (".env.example", 0), (".envrc", 0), ("id_rsa", 1), ("id_rsa.pub", 0),
     (".netrc", 1), (".pypirc", 1), (".pgpass", 1), (".git-credentials", 1), ("env.py", 0)],
)  # fmt: skip
def test_files_that_are_made_for_secrets_are_known_by_their_names(name: str, count: int) -> None:
    assert len(found("", f"deploy/{name}")) == count


def test_a_line_that_says_that_it_is_none_passes_and_the_next_does_not() -> None:
    line = 'password = "' + 'Tr0ub4dor&3"'
    assert found(f"{line}  # trimtab: not a secret\n") == []
    both = f"{line}  # trimtab: not a secret\nx = 1\n{line}\n"
    assert [place for _, place in credentials_in("a.py", both.encode())] == ["a.py:3"]


def test_a_line_is_told_of_once() -> None:
    content = "api_key = 'ghp_" + "a1" * 18 + "'\n"
    assert list(credentials_in("a.py", content.encode())) == [("a GitHub token", "a.py:1")]


@pytest.mark.parametrize(
    "content",
    [
        b'"token": 1, ' * 87_000,
        b"token " * 170_000,
        b"://" * 340_000,
        b"://a:" * 200_000,
        b"://" + b"a:" * 500_000,
        b'password = "' * 87_000,
        b"password" * 130_000,
        b"_" * (1 << 20) + b"token",
        b"token:" + b" a" * 500_000,
        bytes(1 << 20),
    ],
)
def test_no_file_of_a_mebibyte_takes_long(content: bytes) -> None:
    began = time.process_time()
    list(credentials_in("a.json", content[: 1 << 20]))
    assert time.process_time() - began < 5.0
