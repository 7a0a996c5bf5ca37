"""Answers are made of the log's records alone."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from trimtab.base.instants import Instant
from trimtab.records.prediction import Prediction, Role, Status
from trimtab.serve import problems
from trimtab.serve.answers import many_rows, one_row, open_inference
from trimtab.serve.first_answers import place_of, request_id

ANSWERED = Prediction(
    prediction_id="p-1", request_id="r-1", key="k", project="card-fraud", endpoint="main", release="sha256:" + "a" * 64,
    variant="champion", role=Role.CHAMPION, event_time=Instant(1), arrived_at=Instant(2), inputs={"amount": 1.0},
    outputs={"score": 0.25}, status=Status.OK, latency_us=100, notes=("amount: 1.0 is below 2",),
)  # fmt: skip
REFUSED = msgspec.structs.replace(ANSWERED, prediction_id="p-2", outputs=None, status=Status.REFUSED, problem="age: no")
FAILED = msgspec.structs.replace(ANSWERED, prediction_id="p-3", outputs=None, status=Status.FAILED, problem="raised")


def body(answer: problems.Answer) -> Any:
    return json.loads(answer.body)


def test_an_answer_names_its_prediction_its_release_and_its_notes() -> None:
    answer = one_row([ANSWERED], [None])

    assert answer.status == 200
    assert body(answer) == {
        "prediction_id": "p-1", "outputs": {"score": 0.25}, "release": "a" * 12, "variant": "champion",
        "notes": ["amount: 1.0 is below 2"],
    }  # fmt: skip


def test_the_answer_from_the_log_is_the_first_answer() -> None:
    problem = problems.refused(("age: no",))
    for records, found in (([ANSWERED], [None]), ([REFUSED], [problem])):
        assert one_row(records, []) == one_row(records, list(found))
    assert many_rows([ANSWERED, REFUSED], []) == many_rows([ANSWERED, REFUSED], [None, problem])


@pytest.mark.parametrize(
    ("records", "status"),
    [([ANSWERED, ANSWERED], 200), ([ANSWERED, REFUSED], 422), ([REFUSED, FAILED, ANSWERED], 500)],
)
def test_a_list_has_the_status_of_its_worst_row_and_an_entry_for_each(records: list[Prediction], status: int) -> None:
    answer = many_rows(records, [])

    assert answer.status == status
    assert [one["prediction_id"] for one in body(answer)["predictions"]] == [one.prediction_id for one in records]


def test_tensors_have_one_value_for_each_row() -> None:
    classes = msgspec.structs.replace(ANSWERED, outputs={"label": "red", "probabilities": [0.75, 0.25]})
    answer = body(open_inference([classes, classes], [], model="main", request="mine"))

    assert answer["outputs"] == [
        {"name": "label", "datatype": "BYTES", "shape": [2], "data": ["red", "red"]},
        {"name": "probabilities", "datatype": "FP64", "shape": [2, 2], "data": [0.75, 0.25, 0.75, 0.25]},
    ]
    assert (answer["id"], answer["parameters"]["prediction_ids"]) == ("mine", ["p-1", "p-1"])


def test_tensors_of_which_a_row_was_refused_say_which() -> None:
    answer = open_inference([ANSWERED, REFUSED], [], model="main", request=None)

    assert answer.status == 422
    assert body(answer)["error"] == "row 1: age: no"


def test_a_rows_place_in_its_request_is_in_its_request_id() -> None:
    assert place_of(request_id("r", 0, None)) == (0, 1)
    assert place_of(request_id("r", 2, 5)) == (2, 5)
