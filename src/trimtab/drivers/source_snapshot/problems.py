"""What stops a snapshot of the project's source, each with its code."""

from __future__ import annotations

from trimtab.base.errors import InputError


class CredentialInSourceError(InputError):
    """A file of the project looks like a credential, and a snapshot would keep it for good."""

    code = "TT1321"


class SourceTooLargeError(InputError):
    """The files beside the project's code are too large to be kept with every run."""

    code = "TT1322"
