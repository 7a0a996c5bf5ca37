"""Values that must not be seen: references to them, and what they turn into for the moment of their use.

A `Project` only ever holds a reference as it was written, so it can be printed, compared and recorded. Whoever
needs the value (the driver that opens the connection) asks for it there and then, and gets it in a wrapper that
shows the reference instead.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from trimtab.spec.problems import ReferenceProblemError, did_you_mean

_REFERENCE: Final = re.compile(r"\$\{(?P<kind>env|file):(?P<name>[^{}]+)\}")
_OPENING: Final = re.compile(r"\$\{")
_CREDENTIALS: Final = re.compile(
    r"(?P<head>[A-Za-z][A-Za-z0-9+.-]*://[^/\s:@]*:)(?P<password>(?:\$\{[^{}]*\}|[^/\s@])+)@"
)
_SECRET_NAME: Final = re.compile(
    r"(.*[_-])?(password|passwd|passphrase|pwd|secret|credentials?)"
    r"|((.*[_-])?(auth|access|api|bearer|session)[_-]?)?token"
    r"|(.*[_-])?(api|access|private|secret|account)[_-]?key",
    re.IGNORECASE,
)
_FORM_OF_A_REFERENCE: Final = "Write ${env:NAME} for an environment variable or ${file:PATH} for a file's content."


class Secret:
    """A resolved value that nothing prints by accident: its text is the reference that it came from."""

    __slots__ = ("_value", "_written")

    def __init__(self, value: str, *, written: str) -> None:
        self._value = value
        self._written = written

    def reveal(self) -> str:
        """The value itself, for the one call that needs it."""
        return self._value

    def __str__(self) -> str:
        return self._written

    def __repr__(self) -> str:
        return f"Secret({self._written!r})"

    def __reduce__(self) -> str:
        raise TypeError("a secret is not pickled: hand on the reference, and resolve it where it is used")


def has_reference(text: str) -> bool:
    """Whether a text has, or was meant to have, a reference in it."""
    return _OPENING.search(text) is not None


def resolve(text: str, *, env: Mapping[str, str], files: Callable[[str], str], at: str = "") -> Secret:
    """What a text says once its references are filled in; a file's last line break does not count.

    Raises:
        ReferenceProblemError: a reference is malformed, its variable is not set, or its file cannot be read.
    """
    if len(_OPENING.findall(text)) != len(_REFERENCE.findall(text)):
        raise ReferenceProblemError(f'"{redact(text)}" has a malformed reference', fix=_FORM_OF_A_REFERENCE, at=at)
    return Secret(_REFERENCE.sub(lambda match: _look_up(match, env, files, at), text), written=redact(text))


def _look_up(match: re.Match[str], env: Mapping[str, str], files: Callable[[str], str], at: str) -> str:
    name = match["name"].strip()
    if match["kind"] == "env":
        if name in env:
            return env[name]
        near = did_you_mean(name, env) if env else ""
        meant = near.split("?")[0] + "? " if near.startswith("Did") else ""
        raise ReferenceProblemError(
            f"the environment variable {name} is not set", fix=f"{meant}Set it, or correct its name.", at=at
        )
    try:
        return files(name).removesuffix("\n").removesuffix("\r")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise ReferenceProblemError(
            f"the file {name} that a reference names cannot be read ({reason})",
            fix="Its path is relative to trimtab.toml; make the file there, readable by you alone.", at=at,
        ) from error  # fmt: skip


def holds_password(text: str) -> bool:
    """Whether a text is a URL with a password written out, e.g. ``postgresql://me:pw@host/db``."""
    return any(not _REFERENCE.fullmatch(match["password"]) for match in _CREDENTIALS.finditer(text))


def names_secret(key: str) -> bool:
    """Whether a setting of this name holds something that must not be read by others."""
    return _SECRET_NAME.fullmatch(key) is not None


def redact(text: str) -> str:
    """The text with the password of every URL in it hidden; a reference stays, since it shows nothing."""
    return _CREDENTIALS.sub(
        lambda found: found.group() if _REFERENCE.fullmatch(found["password"]) else f"{found['head']}…@", text
    )
