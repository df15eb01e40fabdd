"""What a card rests on beside its evidence is printed: plan, ends, changes, forecasts, safeguards, credits."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from pypdf import PdfReader

from evaluations.models import EvaluationRun
from scorecard import applying, changing, forecasting, planning
from scorecard.access import Person
from scorecard.adopting import publish
from scorecard.assessing import assess
from scorecard.bundling import bundle_without_pdf
from scorecard.demonstration.story import FRAMEWORK
from scorecard.determining import Grounds, determine, newest_assessment
from scorecard.models import Programme, Safeguard, Scorecard, User
from scorecard.opening import open_scorecard
from scorecard.pdf.child import render_in_child
from scorecard.queries import snapshot_of
from scorecard.signing_key import load_key
from tests.conftest import drain
from tests.credit.conftest import classifier as classifier
from tests.credit.test_credit import ARGUMENT, others, sealed
from tests.pdf.cards import VERIFY_URL
from tests.web.journeys import REASON

pytestmark = pytest.mark.django_db
Cast = Callable[[str], Person]


def _surrounded(card: Scorecard, person: Cast, post_as: Callable[..., EvaluationRun], kept: Safeguard) -> Scorecard:
    """Plan, measure, apply, change, forecast and credit, then seal."""
    by, now = person("ada"), timezone.now()
    item = {"evaluation": "ctf-professional", "metric": "pass@12", "mitigation": "post_mitigation"}
    planning.lock(card.checkpoint, card.framework, items=[{**item, "planned_samples": 200}], stopping_rule=REASON,
                  reason=REASON, by=by, at=now)  # fmt: skip
    earlier = card.checkpoint.subject.checkpoints.create(name="atlas-2-rc0")
    applying.declare_applicable(programme=card.programme, from_checkpoint=earlier, to_checkpoint=card.checkpoint,
                                rationale=REASON, limits=REASON, compute_multiple=3.0, by=by, at=now)  # fmt: skip
    post_as("gil", successes=2)
    post_as("gil", successes=3, run_id="elsewhere", checkpoint="atlas-2-rc0")
    changing.report_change(programme=card.programme, checkpoint=card.checkpoint, kind="tools", happened_at=now,
                           words="It can use a browser now.", by=by, at=now)  # fmt: skip
    forecasting.forecast(card, category="persuasion", level="high", post_level="medium", basis="The trend is steep.",
                         by_day=(now + timedelta(days=90)).date(), by=by, at=now)  # fmt: skip
    drain()
    others(card, person)
    for side, level, grounds in (
        ("pre_mitigation", "medium", Grounds()),
        ("post_mitigation", "low", Grounds(argument=ARGUMENT, safeguards=[kept.id])),
    ):
        seen = newest_assessment(card, "cybersecurity", side).digest
        determine(card, category="cybersecurity", mitigation=side, level=level, rationale=REASON, seen=seen,
                  grounds=grounds, by=by, at=now)  # fmt: skip
    card.refresh_from_db()
    return sealed(card, person)


def test_all_of_it_is_printed(
    card: Scorecard, person: Cast, post_as: Callable[..., EvaluationRun], classifier: Safeguard, pango: None
) -> None:
    done = _surrounded(card, person, post_as, classifier)
    key = load_key(settings.LEDGER_KEY_FILE, name=settings.LEDGER_ORIGIN).verification_key
    pdf = render_in_child(
        json.loads(done.sealed_card.canonical), framework=done.framework.document,
        attachments={"bundle.zip": bundle_without_pdf(done)}, verify_url=VERIFY_URL, verification_key=key,
    )  # fmt: skip
    text = " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())
    for words in (
        "Evaluation plan", "200 samples were planned, and 100 were scored", "attempt 1 of 1",
        "Evidence that has ended", "effective compute grew 3 times", "3 times the effective compute",
        "Forecasts", "The trend is steep.", "Safeguards that levels credit", "Exploit classifier v1",
        "Why it is lower after mitigation", "stops every known way",
    ):  # fmt: skip
        assert words in text, words


def test_a_threshold_that_was_edited_after_the_results_says_so(
    programme: Programme, card: Scorecard, person: Cast, post_as: Callable[..., EvaluationRun], cast: dict[str, User]
) -> None:
    post_as("gil", successes=20)
    text = FRAMEWORK.read_text(encoding="utf-8").replace('version = "2023-12-18"', 'version = "edited"', 1)
    place = text.index('id = "cyber-professional-medium"')
    edited = text[:place] + text[place:].replace("value = 0.25", "value = 0.35", 1)
    version = publish(edited.encode(), by=person("ada").actor, at=timezone.now())
    other = card.checkpoint.subject.checkpoints.create(name="atlas-2-rc9")
    made = open_scorecard(programme=programme, checkpoint=other, framework=version, title="t", by=person("ada"),
                          at=timezone.now())  # fmt: skip
    applying.declare_applicable(programme=programme, from_checkpoint=card.checkpoint, to_checkpoint=other,
                                rationale=REASON, limits=REASON, by=person("ada"), at=timezone.now())  # fmt: skip
    drain()
    assess(made, cause="test", at=timezone.now())
    late = [row["message"] for row in snapshot_of(made)["lint"] if row["code"] == "threshold-late"]
    assert len(late) == 1
    assert "cyber-professional-medium (Medium)" in late[0]
    assert "cyber-professional-high" not in late[0]
    client = Client()
    client.force_login(cast["ada"])
    for page in ("", "cybersecurity/"):
        shown = client.get(f"/scorecards/{made.number}/v{made.version}/{page}").content.decode()
        assert 'class="late">Thresholds were set after the first result' in shown
    assert not [row for row in snapshot_of(card)["lint"] if row["code"] == "threshold-late"]
