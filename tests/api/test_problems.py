"""Whatever goes wrong, the answer is a problem document, and every code stands in docs/reference/problems.md."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from rest_framework import exceptions

from evaluations.models import EvaluationRun
from evaluations.report.reading import CODES
from tests.api.conftest import Caller, problem_of
from tests.house.places import ROOT

PAGE = (ROOT / "docs/reference/problems.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| ((?:`[a-z0-9-]+`(?:, )?)+) \| (\d{3}|–) \| (.+) \|$", PAGE, flags=re.MULTILINE)
DOCUMENTED = [(code, status, words) for codes, status, words in ROWS for code in re.findall(r"`([a-z0-9-]+)`", codes)]
RAISED = re.compile(
    r'(?<![A-Za-z])(?:Refused|StrictJSONError|_Faulty|PydanticCustomError|problem)\(\s*(?:\d+, )?"([a-z0-9-]+)"'
)
FAULT = re.compile(r'Fault\(\s*[^,]+,\s*"([a-z0-9-]+)"')
OF_THE_FRAMEWORK = {
    str(kind.default_code).replace("_", "-")
    for kind in (
        exceptions.ParseError, exceptions.NotAuthenticated, exceptions.AuthenticationFailed,
        exceptions.PermissionDenied, exceptions.MethodNotAllowed, exceptions.NotAcceptable,
        exceptions.UnsupportedMediaType, exceptions.Throttled,
    )
}  # fmt: skip


def codes_of_the_product() -> set[str]:
    """Return every code that the product's own code names, but for what only pages answer."""
    found = {*CODES.values(), *OF_THE_FRAMEWORK, "body-refused"}
    for folder in ("scorecard", "evaluations"):
        for path in (ROOT / folder).rglob("*.py"):
            if "web" not in path.parts:
                text = path.read_text(encoding="utf-8")
                found |= {*RAISED.findall(text), *FAULT.findall(text)}
    return found


def test_every_code_stands_in_the_reference_and_no_other() -> None:
    documented, product = {row[0] for row in DOCUMENTED}, codes_of_the_product()
    assert product - documented == set()
    literals = "".join(
        path.read_text(encoding="utf-8") for folder in ("scorecard", "evaluations")
        for path in (ROOT / folder).rglob("*.py")
    )  # fmt: skip
    assert {code for code in documented - product if f'"{code}"' not in literals} == set()


def test_every_code_stands_there_once() -> None:
    assert len({row[0] for row in DOCUMENTED}) == len(DOCUMENTED)


def test_a_fault_is_named_with_pointer_code_detail_and_remedy(
    pipeline: Caller, ctf_report: Callable[..., bytes]
) -> None:
    problem = problem_of(pipeline.post("runs/", ctf_report(successes=14, trials=13)), 422)
    assert problem["type"] == "/problems/more-successes-than-trials"
    assert problem["remedy"] == "Check both counts."
    assert problem["errors"] == [
        {
            "pointer": "/tally/successes",
            "code": "more-successes-than-trials",
            "detail": "There are more successes (14) than trials (13).",
            "remedy": "Check both counts.",
        }
    ]


def test_the_body_of_a_deed_is_held_to_its_fields(caller: Callable[..., Caller], card: Any) -> None:
    asking = caller("ada", "signoff:write")
    body = {"category": "cbrn", "mitigation": "after", "level": 1, "rationale": "x", "seen": "y", "approved_by": "me"}
    problem = problem_of(asking.post(f"scorecards/{card.id}/determinations/", body), 422)
    assert {row["pointer"] for row in problem["errors"]} == {"/mitigation", "/level", "/approved_by"}


@pytest.mark.parametrize("body", [b"[]", b"null", b'"x"', b"1"])
def test_the_body_of_a_deed_is_an_object(caller: Callable[..., Caller], card: Any, body: bytes) -> None:
    problem_of(caller("ada", "signoff:write").post(f"scorecards/{card.id}/request/", body), 422)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"seen": "a", "seen": "b"}', "duplicate-key"),
        (b"\xff", "not-utf-8"),
        (b'{"seen": NaN}', "number-not-finite"),
        (b'{"seen": "\\u0000"}', "nul-character"),
        (b'{"seen": "\\ud800"}', "lone-surrogate"),
        (b"[" * 100_000, "too-deep"),
        (b"{", "not-json"),
    ],
)
def test_the_body_of_a_deed_is_parsed_as_strictly_as_a_report(
    caller: Callable[..., Caller], card: Any, body: bytes, code: str
) -> None:
    problem = problem_of(caller("ada", "signoff:write").post(f"scorecards/{card.id}/request/", body), 400)
    assert (problem["code"], problem["errors"][0]["code"]) == (code, code)


@pytest.mark.parametrize("path", ["nothing/", "runs/run_1/", "scorecards/../runs/x/", "jobs/none/retry/"])
def test_a_route_that_does_not_exist_is_a_problem_too(reader: Caller, path: str) -> None:
    assert problem_of(reader.get(path), 404)["remedy"]


def test_an_answer_in_a_form_that_is_not_spoken_is_406(reader: Caller) -> None:
    problem_of(reader.client.get("/api/v1/runs/", headers={**reader.headers, "Accept": "text/html"}), 406)


def test_a_crash_is_answered_without_a_word_of_its_inside(
    pipeline: Caller, ctf_report: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*args: object, **kwargs: object) -> None:
        raise RuntimeError("secret inside")

    monkeypatch.setattr("scorecard.api.views.runs.receive", crash)
    answer = pipeline.post("runs/", ctf_report(), Idempotency_Key="once")
    assert problem_of(answer, 500)["code"] == "server-failed"
    assert b"secret" not in answer.content
    monkeypatch.undo()
    assert pipeline.post("runs/", ctf_report(), Idempotency_Key="once").status_code == 202
    assert EvaluationRun.objects.count() == 1


@pytest.mark.django_db
def test_outside_the_api_an_error_is_a_page() -> None:
    answer = Client().get("/nothing-here/")
    assert (answer.status_code, answer["Content-Type"]) == (404, "text/html; charset=utf-8")


@pytest.mark.parametrize("path", ["runs/", "scorecards/PSC-1999-0001/", "jobs/job_nope/", "gate/", "nothing/"])
@pytest.mark.parametrize("token", ["", "psc_no_such_token"])
def test_every_error_says_what_to_do_and_lists_at_least_itself(
    caller: Callable[..., Caller], path: str, token: str
) -> None:
    for who in (Caller(token), caller("ada", "scorecards:read")):
        answer = who.get(path)
        if answer.status_code >= 400:
            problem = problem_of(answer, answer.status_code)
            assert problem["remedy"]
            assert [row["code"] for row in problem["errors"]] == [problem["code"]]


def test_a_job_that_is_not_there_is_no_missing_route(reader: Caller) -> None:
    problem = problem_of(reader.get("jobs/job_nope/"), 404)
    assert problem["detail"] == "There is no job 'job_nope'."


def test_an_evaluation_that_no_framework_lists_is_accepted_with_a_warning(
    pipeline: Caller, ctf_report: Callable[..., bytes], card: Any
) -> None:
    report = json.loads(ctf_report(successes=1, trials=13))
    assert "warnings" not in pipeline.send("POST", "runs/", json.dumps(report).encode()).json()
    report["evaluation"] = {"slug": "ctf-profesional"}
    answer = pipeline.send("POST", "runs/", json.dumps(report).encode())
    assert answer.status_code == 202
    assert "Did you mean 'ctf-professional'?" in answer.json()["warnings"][0]


def test_the_csv_of_a_list_holds_no_nested_values(
    reader: Caller, pipeline: Caller, ctf_report: Callable[..., bytes]
) -> None:
    pipeline.send("POST", "runs/", ctf_report(successes=1, trials=13))
    text = reader.get("runs/", format="csv").content.decode()
    assert "posted_by.kind,posted_by.id,posted_by.name" in text
    assert "{" not in text
