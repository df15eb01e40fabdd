"""Two checkpoints of one model beside each other: paired where samples are shared, refused where data differ."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from evaluations.actors import SYSTEM
from evaluations.intake import receive
from evaluations.models import Checkpoint
from scorecard.access import Person
from scorecard.assessing import assess
from scorecard.models import FrameworkVersion, Programme, Scorecard, User
from scorecard.opening import open_scorecard
from tests.conftest import drain
from tests.web.journeys import determined

pytestmark = pytest.mark.django_db
DATASET = "sha256:" + "ab" * 32


def samples(checkpoint: str, slug: str, metric: str, solved: int, *, dataset: str | None = DATASET) -> None:
    named: dict[str, Any] = {"slug": slug} | ({"dataset_digest": dataset} if dataset else {})
    report = {
        "schema": "run-report/1", "run_id": f"{checkpoint}-{slug}", "subject": "atlas-2", "checkpoint": checkpoint,
        "mitigation": "post_mitigation", "evaluation": named, "metric": metric,
        "samples": [{"id": f"task-{n:03d}", "score": float(n < solved)} for n in range(60)],
        "provenance": {"source": "tests"}, "elicitation": {"adequate": True, "declared_by": "tests"},
    }  # fmt: skip
    receive(json.dumps(report).encode(), by=SYSTEM, at=timezone.now())
    drain()


@pytest.fixture
def two(
    card: Scorecard,
    programme: Programme,
    framework: FrameworkVersion,
    atlas: Checkpoint,
    person: Callable[[str], Person],
) -> list[str]:
    """The names of two cards, each with evidence."""
    later = Checkpoint.objects.create(subject=atlas.subject, name="atlas-2-rc2")
    other = open_scorecard(programme=programme, checkpoint=later, framework=framework, title="rc2", by=person("ada"),
                           at=timezone.now())  # fmt: skip
    assess(other, cause="test", at=timezone.now())
    for name, solved in (("atlas-2-rc1", 10), ("atlas-2-rc2", 40)):
        samples(name, "ctf-professional", "pass@12", solved)
        samples(name, "ctf-collegiate", "pass@12", solved, dataset="sha256:" + name[-1] * 64)
    samples("atlas-2-rc1", "swe-bench-verified", "pass@1", 10)
    determined(other, person, "medium")
    return [f"{row.number}-v{row.version}" for row in (card, other)]  # fmt: skip


def test_the_page_shows_paired_differences_and_refuses_other_data(two: list[str], cast: dict[str, User]) -> None:
    client = Client()
    client.force_login(cast["ada"])
    shown = client.get("/scorecards/compare/", {"card": two}).content.decode()
    assert "+50.0 points" in shown
    assert "not comparable" in shown
    assert "the dataset digests differ" in shown
    assert "not run" in shown
    assert "Findings that differ" in shown
    assert client.get("/scorecards/compare/").status_code == 200
    assert client.get("/scorecards/compare/", {"card": [two[0], "PSC-2020-0009-v1"]}).status_code == 404
    history = client.get("/models/?subject=atlas-2").content.decode()
    assert "/scorecards/compare/?card=PSC-" in history


def test_the_api_says_the_same(two: list[str], token_for: Callable[..., str]) -> None:
    client = Client(headers={"Authorization": f"Bearer {token_for('ada', 'scorecards:read')}"})
    found = client.get("/api/v1/scorecards/compare/", {"card": two}).json()
    cells = {row["evaluation"]: row["cells"][1] for row in found["evidence"]}
    professional = cells["ctf-professional"]["difference"]
    assert (professional["state"], professional["point"], professional["flags"]) == ("paired", 0.5, [])
    assert professional["low"] < 0.5 < professional["high"]
    assert cells["ctf-collegiate"]["difference"]["state"] == "refused"
    assert cells["swe-bench-verified"] is None
    assert {row["indicator"] for row in found["findings"]} >= {"cyber-professional-medium"}
    assert client.get("/api/v1/scorecards/compare/", {"card": two[:1]}).status_code == 400
