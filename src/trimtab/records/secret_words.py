"""Values that look like secrets, turned into digests before they enter a record.

A record is kept for good, copied and shown; a password in it is a password published. The digest still says whether two
runs were given the same one. It hides a long random key; a short password can be guessed from its digest, so secrets
belong in references (``${env:NAME}``), and this is the net below. Nothing heavy is imported: the logging of metrics
goes through here.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator
from hashlib import sha256
from typing import Final

from trimtab.spec.secret import holds_password, names_secret, redact

Scalar = str | int | float | bool | None

_TOKEN_NAME: Final = re.compile(r"(.*[_.-])?token", re.IGNORECASE)
_MODEL_TOKEN: Final = re.compile(
    r"(.*[_.-])?(max|min|num|n|no|pad|eos|bos|unk|mask|sep|cls|start|end|stop|special|image|first|last|next)[_.-]token",
    re.IGNORECASE,
)
"""What language models call their vocabulary's entries."""

_FORMS: Final = re.compile(
    r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----"
    r"|(?<![A-Z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Z0-9])"  # AWS
    r"|(?<![A-Za-z0-9_])(?:gh[oprsu]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{60,})"
    r"|(?<![A-Za-z0-9])glpat-[A-Za-z0-9_-]{20,}"  # GitLab
    r"|(?<![A-Za-z0-9])xox[abeoprs]-[A-Za-z0-9-]{20,}"  # Slack
    r"|(?<![A-Za-z0-9_-])AIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])"  # Google
    r"|(?<![A-Za-z0-9])sk-(?:[a-z]+-)*[A-Za-z0-9_-]{20,}"  # OpenAI, Anthropic
    r"|(?<![A-Za-z0-9])sk_(?:live|test)_[A-Za-z0-9]{16,}"  # Stripe
    r"|(?<![A-Za-z0-9])hf_[A-Za-z0-9]{30,}"  # Hugging Face
    r"|(?<![A-Za-z0-9])pypi-[A-Za-z0-9_-]{40,}"
    r"|(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*"  # a JSON web token
)
_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
_OPTION: Final = re.compile(r"(?P<name>-{0,2}[A-Za-z_][\w.-]*)(?P<sign>[=:])(?P<value>.+)", re.DOTALL)
_BEARER: Final = re.compile(r"(?:Authorization\s*:\s*)?(?:Bearer|Basic)\s+\S+", re.IGNORECASE)


def hide(name: str, value: Scalar) -> Scalar:
    """The value as a record may hold it: its digest if the name or the value looks like a secret's, else itself.

    Args:
        name: a parameter's or a variable's: ``db_password``, ``HF_TOKEN``.
    """
    if value is None or isinstance(value, bool):
        return value
    if not isinstance(value, str):
        return _digest(repr(value)) if names_secret(_last(name)) else value
    if not value or _DIGEST.fullmatch(value):
        return value
    if is_secret_name(name) or _looks_secret(value):
        return _digest(value)
    return value


def is_secret_name(name: str) -> bool:
    """Whether what has this name must not be read by others: a password, a token, a key; not a model's tokens."""
    last = _last(name)
    if names_secret(last):
        return True
    return _TOKEN_NAME.fullmatch(last) is not None and _MODEL_TOKEN.fullmatch(last) is None


def hide_words(command: Iterable[str], declared: Container[str] = ()) -> tuple[str, ...]:
    """A command line's words, those that look like secrets as digests: ``--password X``, ``--set api_key=X``, ``X``.

    Args:
        declared: names that the project declares to be secrets', whatever they look like.
    """
    return tuple(_words(command, declared))


def _words(command: Iterable[str], declared: Container[str]) -> Iterator[str]:
    secret_follows = False
    for word in command:
        option = _OPTION.fullmatch(word)
        if secret_follows and not word.startswith("--"):
            yield _digest(word)
        elif option is not None and not holds_password(word):
            yield f"{option['name']}{option['sign']}{_option_value(option, declared)}"
        elif _BEARER.fullmatch(word) or _FORMS.search(word):
            yield _digest(word)
        else:
            yield redact(word)
        secret_follows = option is None and word.startswith("-") and is_secret_name(word.lstrip("-"))


def _option_value(option: re.Match[str], declared: Container[str]) -> str:
    """What follows an option's name: itself, its digest, or in ``--set=NAME=VALUE`` an option with its value again."""
    name, value = option["name"].lstrip("-"), option["value"]
    hidden = _digest(value) if name in declared else str(hide(name, value))
    inner = _OPTION.fullmatch(value) if option["name"].startswith("-") and hidden == value else None
    return hidden if inner is None else f"{inner['name']}{inner['sign']}{_option_value(inner, declared)}"


def _looks_secret(value: str) -> bool:
    return _FORMS.search(value) is not None or holds_password(value) or _BEARER.fullmatch(value) is not None


def _last(name: str) -> str:
    """The part of a dotted or slashed name that names the value: ``db.password``."""
    return re.split(r"[./]", name.strip())[-1].replace(" ", "_")


def _digest(value: str) -> str:
    return "sha256:" + sha256(value.encode("utf-8", "surrogatepass")).hexdigest()
