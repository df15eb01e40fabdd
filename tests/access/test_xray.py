"""The doors of the x-ray: what a reader may not see is no part of what it says."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from evaluations.models import EvaluationRun
from scorecard.models import Compartment, Scorecard, User
from scorecard.queries import working_snapshot
from scorecard.queries.xray import blocking_words
from tests.access.conftest import a_report
from tests.access.world import OPEN, PROBE

pytestmark = pytest.mark.django_db
Visit = Callable[[User | str], Client]
READ = ("evidence:read", "scorecards:read")


def page(card: Scorecard) -> str:
    return f"/scorecards/{card.number}/v{card.version}/x-ray/"


def test_the_page_groups_findings_by_severity_with_place_remedy_and_run(
    card: Scorecard, open_run: EvaluationRun, visit: Visit
) -> None:
    text = visit("faye").get(page(card)).content.decode()
    for heading in ("Errors (", "Warnings (", "Notices ("):
        assert heading in text
    assert "No level was determined" in text
    assert "Elicitation is not declared adequate" in text
    assert f'href="/runs/{open_run.id}/"' in text
    assert f'href="/scorecards/{card.number}/v{card.version}/cybersecurity/"' in text


def test_the_card_leads_to_its_x_ray(card: Scorecard, visit: Visit) -> None:
    text = visit("faye").get(f"/scorecards/{card.number}/v{card.version}/").content.decode()
    assert f'href="{page(card)}"' in text


def test_the_api_says_the_same_as_data(
    card: Scorecard, open_run: EvaluationRun, api: Callable[..., Any], cast: dict[str, User]
) -> None:
    call = api(cast["faye"], *READ)
    said = call("GET", f"scorecards/{card.number}/xray/").json()
    assert (said["number"], said["version"], said["scorecard"]) == (card.number, card.version, card.id)
    assert sum(said["counts"].values()) == len(said["findings"])
    (finding,) = [row for row in said["findings"] if row["code"] == "elicitation-not-adequate"]
    assert finding["severity"] == "warning"
    assert finding["where"] == f"/evaluations/{OPEN}"
    assert finding["runs"] == [open_run.id]
    assert finding["remedy"].startswith("Declare it")


def test_without_a_clearance_the_x_ray_knows_nothing_of_the_compartment(
    cbrn: Compartment, probe: EvaluationRun, open_run: EvaluationRun, card: Scorecard, visit: Visit, api: Any,
    cast: dict[str, User], cleared: Callable[..., Any],
) -> None:  # fmt: skip
    text = visit("faye").get(page(card)).content.decode()
    data = json.dumps(api(cast["faye"], *READ)("GET", f"scorecards/{card.id}/xray/").json())
    for said in (text, data):
        assert open_run.id in said
        assert PROBE not in said
        assert probe.id not in said
    cleared("faye")
    assert probe.id in visit("faye").get(page(card)).content.decode()
    assert probe.id not in json.dumps(api(cast["faye"], *READ)("GET", f"scorecards/{card.id}/xray/").json())


def test_a_stranger_sees_no_x_ray(card: Scorecard, stranger: User, visit: Visit, api: Any) -> None:
    assert visit(stranger).get(page(card)).status_code == 404
    assert api(stranger, *READ)("GET", f"scorecards/{card.id}/xray/").status_code == 404


def test_a_refusal_names_the_check_and_not_the_evidence_of_a_compartment(
    card: Scorecard, post: Callable[[bytes], EvaluationRun], programme: Any, request: pytest.FixtureRequest
) -> None:
    estimate = {"value": 0.5, "trials": 10, "interval": {"low": 0.6, "high": 0.7}}
    report = json.loads(a_report(PROBE))
    del report["tally"]
    post(json.dumps({**report, "estimate": estimate}).encode())
    now = timezone.now()
    told = blocking_words(card, working_snapshot(card), at=now)
    assert any(PROBE in words for words in told)
    request.getfixturevalue("cbrn")
    hidden = blocking_words(card, working_snapshot(card), at=now)
    assert hidden == ["An interval that does not contain its value"]
