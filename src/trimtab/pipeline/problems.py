"""What can be wrong with a project's functions; each kind has a code that stays."""

from __future__ import annotations

from trimtab.base.errors import InputError


class PipelineError(InputError):
    """A mistake in how the project's functions fit together."""

    code = "TT1200"


class MissingFunctionError(PipelineError):
    """``features`` or ``train`` is not there."""

    code = "TT1201"


class UnknownInputError(PipelineError):
    """A parameter that is no step, no label, and has no default."""

    code = "TT1202"


class CycleError(PipelineError):
    """Steps that need each other's results."""

    code = "TT1203"


class LabelLeakError(PipelineError):
    """The label reaches the features, which exist before it does when a request is answered."""

    code = "TT1204"


class UnknownParameterError(PipelineError):
    """A hyper-parameter is set that no function has."""

    code = "TT1205"


class SignatureProblemError(PipelineError):
    """A parameter of a form that cannot be filled in: ``*args``, an input after the hyper-parameters …"""

    code = "TT1206"


class RowKindError(PipelineError):
    """The rows are asked for as something that Trimtab does not hand out, or as two different things."""

    code = "TT1207"
