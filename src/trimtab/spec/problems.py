"""What can be wrong in a ``trimtab.toml``; each kind has a code that stays, so that a search finds its page.

They are classes and not strings, because a caller (the editor of a page, a test) asks for the kind and never for
the sentence.
"""

from __future__ import annotations

from collections.abc import Iterable

from trimtab.base.errors import InputError


class SpecError(InputError):
    """A mistake in the project file."""

    code = "TT1100"


class TomlSyntaxError(SpecError):
    """The file is not TOML."""

    code = "TT1101"


class UnknownSettingError(SpecError):
    """A key or a table that Trimtab does not know; it is refused, since a misspelt limit guards nothing."""

    code = "TT1102"


class MissingSettingError(SpecError):
    """A setting without a default is not there."""

    code = "TT1103"


class WrongTypeError(SpecError):
    """A value of another TOML type than the setting has."""

    code = "TT1104"


class WrongValueError(SpecError):
    """A value of the right type that is malformed or out of range."""

    code = "TT1105"


class UnknownChoiceError(SpecError):
    """A name that is none of those to choose from: a metric, a task, a signal."""

    code = "TT1106"


class ConflictError(SpecError):
    """Two settings that cannot both hold."""

    code = "TT1107"


class WrittenSecretError(SpecError):
    """A password, token or key stands in the file itself."""

    code = "TT1108"


class ReferenceProblemError(SpecError):
    """A ``${env:…}`` or ``${file:…}`` that is malformed, leads nowhere, or stands where none may."""

    code = "TT1109"


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A sentence with the nearest known name and all others, for the fix of an error."""
    names = list(known)
    from difflib import get_close_matches

    near = get_close_matches(name.lower(), [each.lower() for each in names], n=1, cutoff=0.6)
    listed = ", ".join(names)
    if not near:
        return f"Known: {listed}."
    meant = next(each for each in names if each.lower() == near[0])
    return f'Did you mean "{meant}"? Known: {listed}.'
