"""Locking a plan: its versions, what the card shows of it, who may, and what an auditor recomputes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from evaluations.models import EvaluationRun
from scorecard import planning
from scorecard.access import Person
from scorecard.bundling import bundle_without_pdf
from scorecard.models import EvaluationPlan, Scorecard, User
from scorecard.queries import snapshot_of
from scorecard.refusals import Refused
from scorecard.verifier.build import source
from tests.credit.test_credit import sealed
from tests.web.conftest import address
from tests.web.journeys import REASON, determined

pytestmark = pytest.mark.django_db
Cast = Callable[[str], Person]
ITEM = {"evaluation": "ctf-professional", "metric": "pass@12", "mitigation": "post_mitigation"}
RULE = "One run of all challenges; runs that fail are repeated once."


def lock(card: Scorecard, person: Cast, *items: dict[str, Any], seen: int = 0, by: str = "ada") -> EvaluationPlan:
    return planning.lock(
        card.checkpoint, card.framework, items=items or [{**ITEM, "planned_samples": 100}], stopping_rule=RULE,
        reason=REASON, seen=seen, by=person(by), at=timezone.now(),
    )  # fmt: skip


def test_the_card_shows_planned_against_done_with_every_attempt(
    card: Scorecard, person: Cast, post_as: Callable[..., EvaluationRun]
) -> None:
    lock(card, person, {**ITEM, "planned_samples": 100}, {**ITEM, "mitigation": "pre_mitigation"})
    for run_id, trials in (("first", 40), ("second", 100)):
        post_as("gil", run_id=run_id, trials=trials, successes=20)
    plan = snapshot_of(card)["plan"]
    rows = {row["mitigation"]: row for row in plan["rows"]}
    assert (rows["pre_mitigation"]["state"], rows["post_mitigation"]["state"]) == ("not_done", "done")
    assert len(rows["post_mitigation"]["attempts"]) == 2
    told = [row["deviations"] for row in rows["post_mitigation"]["runs"]]
    assert sorted(told) == [[], ["100 samples were planned, and 40 were scored"]]
    assert plan["unplanned"] == []


def test_a_plan_after_the_results_says_so(card: Scorecard, person: Cast, post_as: Callable[..., EvaluationRun]) -> None:
    post_as("gil", successes=20)
    lock(card, person, ITEM)
    (row,) = snapshot_of(card)["plan"]["rows"]
    assert row["state"] == "deviates"
    assert "the plan was locked on" in row["runs"][0]["deviations"][0]


@pytest.mark.parametrize(
    ("items", "code", "pointer"),
    [
        ([ITEM, ITEM], "plan-repeats", "/items/1"),
        ([{**ITEM, "evaluation": "nothing"}], "evaluation-unlisted", "/items/0/evaluation"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(
    card: Scorecard, person: Cast, items: list[dict[str, Any]], code: str, pointer: str
) -> None:
    with pytest.raises(Refused) as refusal:
        lock(card, person, *items)
    assert (refusal.value.code, refusal.value.pointer) == (code, pointer)


def test_two_people_do_not_amend_the_same_version(card: Scorecard, person: Cast) -> None:
    lock(card, person)
    assert lock(card, person, ITEM, seen=1).version == 2
    with pytest.raises(Refused) as refusal:
        lock(card, person, ITEM, seen=1)
    assert refusal.value.code == "plan-moved-on"
    with pytest.raises(Refused) as refusal:
        lock(card, person, ITEM, seen=2, by="dana")
    assert refusal.value.status == 403


def test_an_amended_plan_makes_a_signed_card_stale_and_an_auditor_recomputes_it(
    card: Scorecard, person: Cast, post_as: Callable[..., EvaluationRun], tmp_path: Path
) -> None:
    lock(card, person)
    post_as("gil", successes=2)
    card = sealed(determined(card, person), person)
    (tmp_path / "verify.py").write_text(source(), encoding="utf-8")
    (tmp_path / "bundle.zip").write_bytes(bundle_without_pdf(card))
    asked = [sys.executable, "-I", "verify.py", "bundle.zip"]
    done = subprocess.run(asked, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stdout
    assert "1 of 1 planned measurements done as planned, 1 attempts as recorded" in done.stdout
    lock(card, person, ITEM, seen=1)
    card.refresh_from_db()
    assert "Version 2 of the evaluation plan was locked." in card.stale_reasons[-1]["words"]


def test_the_page_locks_amends_and_shows(card: Scorecard, cast: dict[str, User]) -> None:
    client, page = Client(), address(card, "plan/")
    client.force_login(cast["ada"])
    assert "No plan was locked" in client.get(page).content.decode()
    name = "ctf-professional||pass@12|post_mitigation"
    form = {"item": name, f"samples:{name}": "120", "stopping_rule": RULE, "reason": REASON, "seen": "0"}
    assert client.post(page, {**form, f"samples:{name}": "many"}).status_code == 422
    assert client.post(page, form).status_code == 302
    shown = client.get(page).content.decode()
    assert "120 samples" in shown
    assert "not done" in shown
    assert client.post(page, form).status_code == 409
    assert client.post(page, {**form, "seen": "1", f"samples:{name}": "240"}).status_code == 302
    assert "240 samples" in client.get(page).content.decode()


def test_the_api_locks_and_lists(card: Scorecard, token_for: Callable[..., str]) -> None:
    headers = {"Authorization": f"Bearer {token_for('ada', 'signoff:write', 'scorecards:read')}"}
    client = Client(headers=headers)
    body = {
        "checkpoint": "atlas-2-rc1", "framework": card.framework.slug, "stopping_rule": RULE, "reason": REASON,
        "items": [{**ITEM, "planned_samples": 100, "elicitation": {"tools": True, "attempts": 12}}],
    }  # fmt: skip
    made = client.post("/api/v1/plans/", body, content_type="application/json")
    assert made.status_code == 201, made.content
    assert made.json()["items"][0]["elicitation"] == {"tools": True, "attempts": 12}
    assert client.post("/api/v1/plans/", body, content_type="application/json").status_code == 409
    listed = client.get("/api/v1/plans/?checkpoint=atlas-2-rc1").json()["results"]
    assert [row["id"] for row in listed] == [made.json()["id"]]
