"""What one function is to be called with: each parameter is the rows, the label, a step or a hyper-parameter."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from types import NoneType
from typing import Final

from trimtab.base.errors import TrimtabError
from trimtab.pipeline.problems import PipelineError, SignatureProblemError, UnknownInputError
from trimtab.pipeline.signature import REQUIRED, UNREAD, Function, Parameter
from trimtab.spec.problems import did_you_mean

FEATURES: Final = "features"
TRAIN: Final = "train"
ROWS: Final = "rows"
LABEL: Final = "label"
SEED: Final = "seed"

_BY_KEYWORD: Final = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
GATHERED: Final = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


@dataclass(slots=True)
class Draft:
    """A step before its hyper-parameters have values."""

    name: str
    at: str
    inputs: list[str] = field(default_factory=list)
    params: dict[str, object] = field(default_factory=dict)
    problems: list[TrimtabError] = field(default_factory=list)

    def refuse(self, kind: type[PipelineError], problem: str, fix: str) -> None:
        self.problems.append(kind(problem, fix=fix, at=self.at))


def draft_of(function: Function, table: Mapping[str, Function], *, model: bool = True) -> Draft:
    """The step that a function is, with its own mistakes; ``table`` has all functions of the module by name.

    ``model`` says that there are rows and a label to hand out; in a pipeline alone there are only steps.
    """
    draft = Draft(function.name, function.at)
    if function.name in (ROWS, LABEL, SEED):
        fix = "Give the function another name."
        draft.refuse(SignatureProblemError, f"no step can be called {function.name}: that name is taken", fix)
    for position, parameter in enumerate(function.parameters):
        _place(draft, parameter, table, rows=model and position == 0 and function.name != TRAIN, label=model)
    if model and function.name == TRAIN and FEATURES not in draft.inputs and not draft.problems:
        fix = "Name its first parameter features: def train(features, label, *, …)."
        draft.refuse(SignatureProblemError, "train() does not take features, so its model could not be served", fix)
    return draft


def _place(draft: Draft, parameter: Parameter, table: Mapping[str, Function], *, rows: bool, label: bool) -> None:
    """Decide what one parameter is given; ``rows`` and ``label`` say whether it may be one of those."""
    name, has_default = parameter.name, parameter.default is not REQUIRED
    shown = f"{draft.name}()'s parameter {name}"
    if parameter.kind in GATHERED:
        fix = "Name each parameter: it decides what it is given, and is recorded with the run."
        draft.refuse(SignatureProblemError, f"{draft.name}() gathers parameters in *{name}", fix)
    elif (name in table and name != draft.name) or (label and name == LABEL and not has_default):
        _place_input(draft, parameter, shown)
    elif name == SEED:
        draft.params[SEED] = SEED
    elif has_default:
        _place_hyper_parameter(draft, parameter, shown)
    elif rows:
        draft.inputs.append(ROWS)
    elif label:
        steps = [each for each in table if each not in (draft.name, TRAIN)]
        fix = f"Name it like its input, or give it a default. {did_you_mean(name, [*steps, LABEL])}"
        draft.refuse(UnknownInputError, f"{shown} is no step, is not label, and has no default", fix)
    else:
        fix = (
            f"Name it like its input, or give it a default. If {draft.name}() is no step, begin its name with _, or "
            f"mark the steps with @step. {did_you_mean(name, [each for each in table if each != draft.name])}"
        )
        draft.refuse(UnknownInputError, f"{shown} is no step and has no default", fix)


def _place_input(draft: Draft, parameter: Parameter, shown: str) -> None:
    if parameter.default is not REQUIRED:
        fix = f"Rename the parameter or the function {parameter.name}(), or take the default away."
        draft.refuse(SignatureProblemError, f"{shown} is named like a function and has a default: which is meant?", fix)
    elif parameter.kind is inspect.Parameter.KEYWORD_ONLY or draft.params:
        fix = "Inputs are handed over by position: put them first, and hyper-parameters behind *."
        draft.refuse(SignatureProblemError, f"{shown} is an input behind hyper-parameters", fix)
    draft.inputs.append(parameter.name)


def _place_hyper_parameter(draft: Draft, parameter: Parameter, shown: str) -> None:
    value = parameter.default
    if parameter.kind not in _BY_KEYWORD:
        fix = "Move it behind the / in the signature: hyper-parameters are handed over by keyword."
        draft.refuse(SignatureProblemError, f"{shown} can only be given by position", fix)
    if value is not UNREAD and not _recordable(value):
        fix = "Use a text, a finite number, True, False or None as the default, and build the object in the function."
        draft.refuse(SignatureProblemError, f"{shown} has a default that cannot be recorded: {value!r:.60}", fix)
    draft.params[parameter.name] = value


def _recordable(value: object) -> bool:
    return type(value) in (NoneType, str, int, bool) or (type(value) is float and isfinite(value))
