"""Records as HTTP answers, for the plain JSON route and for the Open Inference Protocol.

An answer is made of the log's records alone, so that a resent request gets the same one after a restart.
"""

from __future__ import annotations

from typing import Any

from trimtab.base.digest import short
from trimtab.records.prediction import Prediction, Status
from trimtab.serve.problems import Answer, Problem, failed_row, json_answer, refused


def one_row(records: list[Prediction], found: list[Problem | None]) -> Answer:
    """The answer to a single row: an object."""
    record = records[0]
    problem = _problem(record, found[0] if found else None)
    return json_answer(_fields(record, problem), status=200) if problem is None else _refused(record, problem)


def many_rows(records: list[Prediction], found: list[Problem | None]) -> Answer:
    """The answer to a list of rows: each row has its own answer or problem; the status is that of the worst."""
    each = [_problem(record, found[place] if found else None) for place, record in enumerate(records)]
    worst = max((problem for problem in each if problem is not None), key=_severity, default=None)
    predictions = [_fields(record, problem) for record, problem in zip(records, each, strict=True)]
    if worst is None:
        return json_answer({"predictions": predictions})
    bad = sum(problem is not None for problem in each)
    body = {**worst.fields(), "problem": f"{bad} of {len(each)} rows were not answered", "predictions": predictions}
    answer = json_answer(body, status=worst.status)
    return Answer(answer.status, answer.body, headers=worst.headers)


def open_inference(
    records: list[Prediction], found: list[Problem | None], *, model: str, request: str | None
) -> Answer:
    """The answer in the form of the Open Inference Protocol v2: one tensor for each output."""
    each = [_problem(record, found[place] if found else None) for place, record in enumerate(records)]
    bad = [(place, problem) for place, problem in enumerate(each) if problem is not None]
    if bad:
        worst = max((problem for _, problem in bad), key=_severity)
        text = "; ".join(f"row {place}: {problem.problem}" for place, problem in bad)
        body: dict[str, Any] = {"error": text, **worst.fields(), "problem": text}
        answer = json_answer(body, status=worst.status)
        return Answer(answer.status, answer.body, headers=worst.headers)
    outputs = [record.outputs or {} for record in records]
    body = {
        "model_name": model,
        "model_version": short(records[0].release),
        "outputs": [_tensor(name, [output[name] for output in outputs]) for name in outputs[0]],
        "parameters": {
            "prediction_ids": [record.prediction_id for record in records],
            "variants": [record.variant for record in records],
            "notes": [list(record.notes) for record in records],
        },
    }
    if request is not None:
        body["id"] = request
    return json_answer(body)


def _fields(record: Prediction, problem: Problem | None) -> dict[str, Any]:
    if problem is not None:
        return {"prediction_id": record.prediction_id, **problem.fields()}
    return {
        "prediction_id": record.prediction_id, "outputs": record.outputs, "release": short(record.release),
        "variant": record.variant, "notes": record.notes,
    }  # fmt: skip


def _refused(record: Prediction, problem: Problem) -> Answer:
    return problem.answer(prediction_id=record.prediction_id)


def _problem(record: Prediction, known: Problem | None) -> Problem | None:
    """Why the row was not answered; from the log's record alone, only answers and refusals are asked for."""
    if record.status is Status.OK:
        return None
    if known is not None:
        return known
    return refused((record.problem,)) if record.status is Status.REFUSED else failed_row(record.problem)


def _severity(problem: Problem) -> int:
    """An outage before a failure before a refusal: the client should do about it what helps most."""
    return {503: 3, 500: 2}.get(problem.status, 1)


def _tensor(name: str, values: list[Any]) -> dict[str, Any]:
    if isinstance(values[0], list):
        flat = [item for value in values for item in value]
        return {"name": name, "datatype": "FP64", "shape": [len(values), len(values[0])], "data": flat}
    kind = "BOOL" if isinstance(values[0], bool) else "INT64" if isinstance(values[0], int) else "FP64"
    if isinstance(values[0], str):
        kind = "BYTES"
    return {"name": name, "datatype": kind, "shape": [len(values)], "data": values}
