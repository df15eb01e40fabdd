"""Evidence of a card ends: the level rises to what cannot be ruled out, signatures go stale, and auditors see it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from evaluations.models import Checkpoint, EvaluationRun
from scorecard import applying, changing, expiring
from scorecard.access import Person
from scorecard.assessing import assess
from scorecard.bundling import bundle_without_pdf
from scorecard.determining import determine, newest_assessment
from scorecard.models import Applicability, Scorecard, State
from scorecard.queries import card_digest, snapshot_of
from scorecard.queries.validity import due_of
from scorecard.refusals import Refused
from scorecard.sealing import seal
from scorecard.signing import request, sign
from scorecard.verifier.build import source
from tests.conftest import PASSWORD, drain
from tests.web.journeys import REASON

pytestmark = pytest.mark.django_db
Cast = Callable[[str], Person]
Run = Callable[..., EvaluationRun]


def level(card: Scorecard) -> str:
    found: str = newest_assessment(card, "cybersecurity", "post_mitigation").result["indicated_level"]
    return found


def ended(card: Scorecard) -> list[list[str]]:
    card.refresh_from_db()
    return [[row["kind"] for row in item.get("expired", [])] for item in snapshot_of(card)["evidence"]]


def apply(card: Scorecard, earlier: Checkpoint, person: Cast, **changes: Any) -> Applicability:
    made = applying.declare_applicable(
        programme=card.programme, from_checkpoint=earlier, to_checkpoint=card.checkpoint, rationale=REASON,
        limits="Only until the next fine-tune.", by=person("ada"), at=timezone.now(), **changes,
    )  # fmt: skip
    drain()
    return made


def sealed(card: Scorecard, person: Cast) -> Scorecard:
    now = timezone.now()
    for category in card.framework.document["categories"]:
        for side in ("pre_mitigation", "post_mitigation"):
            seen = newest_assessment(card, category["slug"], side).digest
            determine(card, category=category["slug"], mitigation=side, level="low", rationale=REASON, seen=seen,
                      by=person("ada"), at=now)  # fmt: skip
    card.refresh_from_db()
    request(card, seen=card_digest(card), by=person("ada"), at=now)
    card.refresh_from_db()
    for name, role, meaning in (("chen", "advisory_chair", "recommends"), ("dana", "leadership", "approves")):
        sign(card, role=role, meaning=meaning, seen=card.digest, reason="Agreed.", password=PASSWORD, by=person(name),
             at=now)  # fmt: skip
    seal(card, seen=card.digest, by=person("ada"), at=now)
    card.refresh_from_db()
    return card


def test_old_evidence_rules_nothing_out(strict_card: Scorecard, run: Run) -> None:
    run(days_ago=89)
    assert (level(strict_card), ended(strict_card)) == ("medium", [[]])
    run(days_ago=91, run_id="ctf-89-2")
    assert (level(strict_card), ended(strict_card)) == ("high", [["age"]])


def test_running_it_again_renews_it(strict_card: Scorecard, run: Run) -> None:
    run(days_ago=120)
    assert level(strict_card) == "high"
    run(days_ago=1, solved=3)
    assert (level(strict_card), sorted(ended(strict_card))) == ("medium", [[], ["age"]])
    due = due_of(strict_card, within=timezone.now().date())
    assert (due["items"], due["renewals"]) == ([], [])


def test_the_page_says_what_changed_a_level_that_no_run_changed(
    strict_card: Scorecard, run: Run, earlier: Checkpoint, person: Cast, visit: Callable[[str], Client]
) -> None:
    run(checkpoint=earlier.name, solved=150)
    seen = newest_assessment(strict_card, "cybersecurity", "post_mitigation").digest
    determine(strict_card, category="cybersecurity", mitigation="post_mitigation", level="low", rationale=REASON,
              seen=seen, by=person("ada"), at=timezone.now())  # fmt: skip
    apply(strict_card, earlier, person)
    shown = visit("ada").get(f"/scorecards/{strict_card.number}/v1/").content.decode()
    assert "changed by results of another checkpoint that count now" in shown
    assert "applicability-determined:" not in shown


def test_what_old_evidence_reached_stays_reached(strict_card: Scorecard, run: Run) -> None:
    run(days_ago=400, solved=150)
    assert newest_assessment(strict_card, "cybersecurity", "post_mitigation").result["reached_level"] == "high"


def test_a_reported_change_ends_evidence_until_it_is_withdrawn(strict_card: Scorecard, run: Run, person: Cast) -> None:
    run()
    by, now = person("ada"), timezone.now()
    made = changing.report_change(
        programme=strict_card.programme, checkpoint=strict_card.checkpoint, kind="tools", happened_at=now,
        words="It can use a browser now.", by=by, at=now,
    )  # fmt: skip
    drain()
    assert (level(strict_card), ended(strict_card)) == ("high", [["tools"]])
    assert snapshot_of(strict_card)["system_changes"][0]["words"] == "It can use a browser now."
    changing.withdraw(made, reason="It was another model.", by=by, at=timezone.now())
    drain()
    assert (level(strict_card), ended(strict_card)) == ("medium", [[]])


def test_results_of_another_checkpoint_end_with_the_growth_of_compute(
    strict_card: Scorecard, run: Run, earlier: Checkpoint, person: Cast
) -> None:
    run(checkpoint=earlier.name)
    first = apply(strict_card, earlier, person, compute_multiple=1.5)
    assert (level(strict_card), ended(strict_card)) == ("medium", [[]])
    apply(strict_card, earlier, person, compute_multiple=3.0)
    assert (level(strict_card), ended(strict_card)) == ("high", [["compute"]])
    assert first.withdrawn_at is None


def test_withdrawing_that_results_hold_never_lowers(
    strict_card: Scorecard, run: Run, earlier: Checkpoint, person: Cast
) -> None:
    run(checkpoint=earlier.name, solved=150)
    made = apply(strict_card, earlier, person)
    reached = newest_assessment(strict_card, "cybersecurity", "post_mitigation").result["reached_level"]
    applying.withdraw(made, reason="They are not the same model.", by=person("ada"), at=timezone.now())
    drain()
    now = newest_assessment(strict_card, "cybersecurity", "post_mitigation").result["reached_level"]
    assert (reached, now, ended(strict_card)) == ("high", "high", [["withdrawn"]])


def test_a_seal_ends_with_the_first_evidence_and_the_sweep_makes_it_stale(
    strict_card: Scorecard, run: Run, person: Cast
) -> None:
    run(days_ago=80)
    card = sealed(strict_card, person)
    tested = (timezone.now() - timedelta(days=80)).date()
    assert card.expires_at == datetime.combine(tested + timedelta(days=90), time(), tzinfo=UTC)
    cache.clear()
    assert expiring.expire_due(at=timezone.now()) == 0
    later = timezone.now() + timedelta(days=11)
    assert expiring.expire_due(at=later) == 1
    card.refresh_from_db()
    assert card.stale
    assert "Evidence that it rests on ended on" in card.stale_reasons[-1]["words"]
    assert expiring.expire_due(at=later) == 0
    drain()
    following = Scorecard.objects.get(number=card.number, version=2)
    assert following.state == State.DRAFT


def test_a_card_that_cannot_be_read_holds_up_no_other(
    strict_card: Scorecard, run: Run, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    run(days_ago=80)
    cache.clear()
    later = timezone.now() + timedelta(days=11)

    def broken(card: Scorecard, *, at: datetime) -> bool:
        raise OSError("the block is gone")

    with monkeypatch.context() as patched:
        patched.setattr(expiring, "expire_evidence", broken)
        assert expiring.expire_due(at=later) == 0
    assert "could not be found out" in caplog.text
    cache.clear()
    assert expiring.expire_due(at=later) == 1


def test_review_and_seal_wait_for_a_fresh_assessment(strict_card: Scorecard, run: Run, person: Cast) -> None:
    run(days_ago=80)
    for category in strict_card.framework.document["categories"]:
        for side in ("pre_mitigation", "post_mitigation"):
            seen = newest_assessment(strict_card, category["slug"], side).digest
            determine(strict_card, category=category["slug"], mitigation=side, level="low", rationale=REASON,
                      seen=seen, by=person("ada"), at=timezone.now())  # fmt: skip
    strict_card.refresh_from_db()
    later = timezone.now() + timedelta(days=11)
    with pytest.raises(Refused) as refusal:
        request(strict_card, seen=card_digest(strict_card), by=person("ada"), at=later)
    assert refusal.value.code == "evidence-ended"
    assess(strict_card, cause="test", at=later)
    assert (level(strict_card), ended(strict_card)) == ("high", [["age"]])


def test_an_auditor_recomputes_what_has_ended(
    strict_card: Scorecard, run: Run, person: Cast, earlier: Checkpoint, tmp_path: Path
) -> None:
    run(days_ago=10)
    run(days_ago=100, checkpoint=earlier.name, run_id="another")
    day = timezone.now().date() + timedelta(days=30)
    apply(strict_card, earlier, person, compute_multiple=1.0, last_day=day)
    changing.report_change(
        programme=strict_card.programme, checkpoint=strict_card.checkpoint, kind="safeguard",
        happened_at=timezone.now() - timedelta(days=50), words="A new classifier.", by=person("ada"),
        at=timezone.now(),
    )  # fmt: skip
    drain()
    card = sealed(strict_card, person)
    (tmp_path / "verify.py").write_text(source(), encoding="utf-8")
    (tmp_path / "bundle.zip").write_bytes(bundle_without_pdf(card))
    asked = [sys.executable, "-I", "verify.py", "bundle.zip"]
    done = subprocess.run(asked, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stdout
    assert "ended recomputed: 1 of 2 runs, 1 determinations that results hold, 1 changes" in done.stdout


def test_the_pages_show_what_is_due_and_take_determinations_changes_and_withdrawals(
    strict_card: Scorecard, run: Run, earlier: Checkpoint, visit: Callable[[str], Client]
) -> None:
    run(days_ago=50)
    client, page = visit("ada"), f"/models/{strict_card.checkpoint.name}/"
    due = client.get("/due/").content.decode()
    assert "ctf-professional" in due
    assert "The cheapest way to renew it" in due
    assert "Nothing on 1 scorecard" in client.get("/due/?days=30").content.decode()
    form = {"deed": "apply", "from_checkpoint": earlier.name, "rationale": REASON, "limits": "Until the next change."}
    assert client.post(f"{page}holds/", {**form, "compute_multiple": "much"}).status_code == 422
    assert client.post(f"{page}holds/", {**form, "compute_multiple": "1.5"}).status_code == 302
    today = timezone.now().date().isoformat()
    told = {"deed": "change", "kind": "tools", "happened_on": today, "words": "It can use a browser now."}
    assert client.post(f"{page}holds/", told).status_code == 302
    shown = client.get(page).content.decode()
    assert "Effective compute: 1.5 times" in shown
    assert "It can use a browser now." in shown
    named = Applicability.objects.get().id
    withdrawn = {"deed": "withdraw", "id": named, "reason": "They are different models."}
    assert client.post(f"{page}holds/", withdrawn).status_code == 302
    assert "They are different models." in client.get(page).content.decode()
    assert visit("dana").post(f"{page}holds/", told).status_code == 403


def test_the_api_says_what_is_due(strict_card: Scorecard, run: Run, token_for: Callable[..., str]) -> None:
    run(days_ago=80)
    headers = {"Authorization": f"Bearer {token_for('ada', 'signoff:write', 'scorecards:read')}"}
    client = Client(headers=headers)
    found = client.get(f"/api/v1/scorecards/{strict_card.id}/due/").json()
    assert [(row["evaluation"], row["ended"]) for row in found["items"]] == [("ctf-professional", False)]
    (renewal,) = found["renewals"]
    assert (renewal["level"], renewal["renewed_level"], renewal["evaluations"], renewal["samples"]) == (
        "high", "medium", ["ctf-professional"], 200
    )  # fmt: skip
    assert client.get(f"/api/v1/scorecards/{strict_card.id}/due/?days=1").json()["items"] == []
    assert client.get(f"/api/v1/scorecards/{strict_card.id}/due/?days=x").status_code == 400
    body = {"checkpoint": "atlas-2-rc1", "kind": "tools", "happened_at": "2026-03-01", "words": "It browses now."}
    answer = client.post("/api/v1/changes/", body, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (422, "moment-unreadable")
    made = client.post("/api/v1/changes/", {**body, "happened_at": "2026-03-01T12:00:00Z"},
                       content_type="application/json")  # fmt: skip
    assert made.status_code == 201
    assert [row["id"] for row in client.get("/api/v1/changes/?kind=tools").json()["results"]] == [made.json()["id"]]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"last_day": datetime(2020, 1, 1, tzinfo=UTC).date()}, "day-passed"),
        ({"compute_multiple": 0.0}, "compute-unusable"),
    ],
)
def test_a_determination_that_makes_no_sense_is_refused(
    strict_card: Scorecard, earlier: Checkpoint, person: Cast, changes: dict[str, Any], code: str
) -> None:
    with pytest.raises(Refused) as refusal:
        apply(strict_card, earlier, person, **changes)
    assert refusal.value.code == code
