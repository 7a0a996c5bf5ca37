"""What can be wrong with a project's functions; each kind has a code that stays."""

from __future__ import annotations

from trimtab.base.errors import InputError


class PipelineError(InputError):
    """A mistake in how the project's functions fit together."""

    code = "TT1300"


class MissingFunctionError(PipelineError):
    """``features`` or ``train`` is not there."""

    code = "TT1301"


class UnknownInputError(PipelineError):
    """A parameter that is no step, no label, and has no default."""

    code = "TT1302"


class CycleError(PipelineError):
    """Steps that need each other's results."""

    code = "TT1303"


class LabelLeakError(PipelineError):
    """The label reaches the features, which exist before it does when a request is answered."""

    code = "TT1304"


class UnknownParameterError(PipelineError):
    """A hyper-parameter is set that no function has, or with a value of another type than its default's."""

    code = "TT1305"


class SignatureProblemError(PipelineError):
    """A parameter of a form that cannot be filled in: ``*args``, an input after the hyper-parameters …"""

    code = "TT1306"


class RowKindError(PipelineError):
    """The rows are asked for as something that Trimtab does not hand out, or as two different things."""

    code = "TT1307"
