"""What a file holds that looks like a credential: keys and tokens of known forms, and passwords that are written out.

A pattern that is wrong once in a hundred projects would stop a hundredth of all runs, so each is either a form that a
provider gives to its own secrets, or a password or token by its name *and* by its looks: long, mixed, no placeholder.
What stands for a secret (``${…}``, ``os.environ[…]``, ``<password>``), what is everybody's (``password``, a server of
one's own machine) and what is short or a plain word passes. Where a pattern errs, `ALLOWED` on its line says so.

Plain search for a few fixed bytes comes first: most files have none of them, and need no pattern at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Final

ALLOWED: Final = b"trimtab: not a secret"
"""Written on a line, in a comment, it lets the line pass."""

_ENVIRONMENT_FILES: Final = re.compile(r"\.env(\.(?!example$|sample$|template$|dist$).*)?")
_KEY_FILES: Final = frozenset({"id_rsa", "id_dsa", "id_ecdsa", "id_ed25519"})
_OWN_FILES: Final = {
    ".pgpass": "a file of database passwords",
    ".netrc": "a file of passwords",
    ".pypirc": "a file of passwords",
    ".git-credentials": "a file of passwords",
}
_FORMS: Final = (
    ("a private key", (b"PRIVATE KEY",), rb"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----(?![\"'`])"),
    ("an AWS access key", (b"AKIA", b"ASIA"), rb"(?<![A-Z0-9])(?:AKIA|ASIA)(?!\w*EXAMPLE)[A-Z0-9]{16}(?![A-Z0-9])"),
    ("a GitHub token", (b"ghp_", b"gho_", b"ghr_", b"ghs_", b"ghu_"), rb"(?<!\w)gh[oprsu]_[A-Za-z0-9]{36}"),
    ("a GitHub token", (b"github_pat_",), rb"(?<!\w)github_pat_\w{60,}"),
    ("a GitLab token", (b"glpat-",), rb"(?<!\w)glpat-[\w-]{20,}"),
    ("a Slack token", (b"xox",), rb"(?<![A-Za-z0-9])xox[abeoprs]-[A-Za-z0-9-]{20,}"),
    ("a Slack webhook", (b"hooks.slack.com/",), rb"hooks\.slack\.com/services/T\w{6,}/B\w{6,}/\w{20,}"),
    ("a Google API key", (b"AIza",), rb"(?<![\w-])AIza[\w-]{35}(?![\w-])"),
    ("a Google OAuth secret", (b"GOCSPX-",), rb"(?<!\w)GOCSPX-[\w-]{28}"),
    ("an Azure storage key", (b"AccountKey=",), rb"AccountKey=[A-Za-z0-9+/]{80,}=="),
    ("an OpenAI key", (b"T3BlbkFJ",), rb"(?<!\w)sk-[\w-]{20,}T3BlbkFJ[\w-]{20,}"),
    ("an Anthropic key", (b"sk-ant-",), rb"(?<!\w)sk-ant-[\w-]{80,}"),
    ("a Hugging Face token", (b"hf_",), rb"(?<!\w)hf_[A-Za-z]{34}(?!\w)"),
    ("a Databricks token", (b"dapi",), rb"(?<!\w)dapi[0-9a-f]{32}(?!\w)"),
    ("a Stripe key", (b"k_live_",), rb"(?<!\w)[sr]k_live_[A-Za-z0-9]{20,}"),
    ("a SendGrid key", (b"SG.",), rb"(?<!\w)SG\.[\w-]{22}\.[\w-]{43}"),
    ("a PyPI token", (b"pypi-AgE",), rb"(?<!\w)pypi-AgE[\w-]{50,}"),
    ("an npm token", (b"npm_",), rb"(?<!\w)npm_[A-Za-z0-9]{36}(?!\w)"),
)

_URL: Final = re.compile(
    rb"://[^\s:@/\"'`<>\[\](){}|\\]{0,80}:(?P<password>[\w.~%!$&*+,;=:\x80-\xff-]{1,200})@(?P<host>[\w.\[\]:-]+)"
)
_OWN_MACHINE: Final = re.compile(
    rb"(localhost|127(\.\d+){3}|\[::1\]|0\.0\.0\.0|host\.docker\.internal|(.*\.)?example\.(com|net|org)"
    rb"|.*\.(example|invalid|test))(:.*)?"
)
_EVERYBODYS: Final = re.compile(
    rb"(?i:pass|passwd|password|pwd|pw|token|changeme|(your|my|the|some|db)[_-]?\w*|x+)|\*+|\.+|%s|[A-Z_]{4,}"
)
_STANDS_FOR: Final = re.compile(rb"\$\{|\$\(|\{\w*\}|\{\{|<[^>]*>|^\$\w+$|\xe2\x80\xa6|\.\.\.")

_NAMES: Final = (b"passw", b"passphrase", b"pwd", b"secret", b"token", b"credential", b"key")
_ASSIGNED: Final = re.compile(
    rb"""(?<![\w-])(?P<name>[\w-]{0,40}(?:password|passwd|passphrase|pwd|secret|token|credentials?
            |(?:api|access|private|secret|account|auth)[_-]?key))
        \\?["']?\s{0,4}(?::\s?[A-Za-z][\w. |\[\]]{0,40})?\s{0,4}(?:=|:)\s{0,4}[rbfu]{0,2}
        \\?["'](?P<value>[^\s"'\\]{8,200})\\?["']""",
    re.IGNORECASE | re.VERBOSE,
)
_NO_SECRET_NAME: Final = re.compile(
    rb".*(public[_-]?key|next|page|continuation|client|request|lock|change|update|idempotency)[_-]?token", re.IGNORECASE
)
_CLASSES: Final = tuple(re.compile(each) for each in (rb"[a-z]", rb"[A-Z]", rb"[0-9]", rb"[^A-Za-z0-9_-]"))
_TURNS: Final = re.compile(rb"(?<=[A-Za-z])(?=[0-9])|(?<=[0-9])(?=[A-Za-z])")
_NO_SECRET: Final = re.compile(
    rb"[A-Z][A-Z0-9_]*|[./~].*|.*://.*|(?i:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})"
    rb"|(?i:.*(passw|secret|example|placeholder|change|your|dummy|fake|sample|test|redacted|xxx).*)"
)


def credentials_in(name: str, content: bytes) -> Iterator[tuple[str, str]]:
    """What a file holds that looks like a credential, with ``file:line``; the credential itself is not repeated."""
    bare = PurePosixPath(name).name
    if _ENVIRONMENT_FILES.fullmatch(bare):
        yield "a file of environment variables, which is where secrets are kept", name
    elif bare in _KEY_FILES:
        yield "a private key", name
    elif bare in _OWN_FILES:
        yield _OWN_FILES[bare], name
    lines: dict[int, str] = {}
    for what, place in _found_in(content):
        lines.setdefault(content.count(b"\n", 0, place) + 1, what)  # the form that is known says more than the name
    for line, what in sorted(lines.items()):
        yield what, f"{name}:{line}"


def _found_in(content: bytes) -> Iterator[tuple[str, int]]:
    """Kind and place of the first credential of each kind."""
    for what, needles, pattern in _FORMS:
        for needle in needles:
            if needle in content:
                yield from _first(what, content, re.finditer(pattern, content))  # compiled when it is needed
                break
    if b"://" in content:
        urls = (match for match in _URL.finditer(content) if _holds_password(match))
        yield from _first("a URL with a password in it", content, urls)
    yield from _first("a password or token that is written out", content, _assigned(content, content.lower()))


def _first(what: str, content: bytes, matches: Iterator[re.Match[bytes]]) -> Iterator[tuple[str, int]]:
    for match in matches:
        if ALLOWED not in content[_line_start(content, match.start()) : _line_end(content, match.start())]:
            yield what, match.start()
            return


def _holds_password(match: re.Match[bytes]) -> bool:
    password = match["password"]
    everybodys = _EVERYBODYS.fullmatch(password) or _OWN_MACHINE.fullmatch(match["host"])
    return not (everybodys or _STANDS_FOR.search(password))


def _assigned(content: bytes, lowered: bytes) -> Iterator[re.Match[bytes]]:
    """Names of secrets that are given a text that looks like one; only lines that have such a name are looked at."""
    starts = sorted({_line_start(content, place) for name in _NAMES for place in _places(lowered, name)})
    for start in starts:
        for match in _ASSIGNED.finditer(content, start, _line_end(content, start)):
            if _looks_secret(match["name"].lower(), match["value"]):
                yield match


def _places(content: bytes, needle: bytes) -> Iterator[int]:
    """Where a needle is; once for each line that has it."""
    place = content.find(needle)
    while place >= 0:
        yield place
        place = content.find(needle, _line_end(content, place))


def _looks_secret(name: bytes, value: bytes) -> bool:
    """Whether a text is no word, path, variable's name or placeholder, but drawn by chance, or a strong password."""
    if _NO_SECRET_NAME.fullmatch(name) or _NO_SECRET.fullmatch(value) or _STANDS_FOR.search(value):
        return False
    drawn = len(value) >= 16 and len(_TURNS.findall(value)) >= 4
    if name.endswith((b"password", b"passwd", b"passphrase", b"pwd")):
        return drawn or sum(1 for kind in _CLASSES if kind.search(value)) >= 3
    return drawn


def _line_start(content: bytes, place: int) -> int:
    return content.rfind(b"\n", 0, place) + 1


def _line_end(content: bytes, place: int) -> int:
    end = content.find(b"\n", place)
    return end if end >= 0 else len(content)
