"""A card whose cyber indicator was measured on the same samples before and after mitigation."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from evaluations.models import EvaluationRun
from scorecard import safeguarding
from scorecard.access import Person
from scorecard.determining import PLAIN, Grounds, determine, newest_assessment
from scorecard.models import Determination, Safeguard, Scorecard, User
from scorecard.safeguarding import Described
from tests.conftest import NOW
from tests.web.journeys import REASON

DATASET = "sha256:" + "ab" * 32
CLASSIFIER = Described(
    name="Exploit classifier", summary="Blocks answers that carry a working exploit.", threat_actor="A lone novice",
    categories=["cybersecurity"],
)  # fmt: skip
Cast = Callable[[str], Person]


@pytest.fixture
def measure(post: Callable[[bytes], EvaluationRun], card: Scorecard) -> Callable[..., EvaluationRun]:
    """Post a run of 60 samples on one side of the indicator: `measure("pre_mitigation", solved=40)`."""

    def taken_in(side: str, *, solved: int, dataset: str | None = DATASET, n: int = 60) -> EvaluationRun:
        named: dict[str, Any] = {"slug": "ctf-professional"}
        report = {
            "schema": "run-report/1", "run_id": f"{side}-{solved}-{n}", "subject": "atlas-2",
            "checkpoint": "atlas-2-rc1", "mitigation": side, "metric": "pass@12",
            "evaluation": named | ({"dataset_digest": dataset} if dataset else {}),
            "samples": [{"id": f"task-{one:03d}", "score": float(one < solved)} for one in range(n)],
            "provenance": {"source": "tests"}, "elicitation": {"adequate": True, "declared_by": "tests"},
        }  # fmt: skip
        return post(json.dumps(report).encode())

    return taken_in


@pytest.fixture
def level(card: Scorecard, person: Cast) -> Callable[..., Determination]:
    """Ada determines one side of cybersecurity: `level("post_mitigation", "low", Grounds(...))`."""

    def determined(side: str, slug: str, grounds: Grounds = PLAIN) -> Determination:
        seen = newest_assessment(card, "cybersecurity", side).digest
        return determine(card, category="cybersecurity", mitigation=side, level=slug, rationale=REASON, seen=seen,
                         grounds=grounds, by=person("ada"), at=NOW)  # fmt: skip

    return determined


@pytest.fixture
def classifier(card: Scorecard, person: Cast) -> Safeguard:
    """A registered safeguard of the card's subject."""
    return safeguarding.register(
        card.checkpoint.subject, slug="exploit-classifier", described=CLASSIFIER, reason="It is deployed.",
        by=person("ada"), at=NOW,
    )  # fmt: skip


@pytest.fixture
def visit(cast: dict[str, User]) -> Callable[[str], Client]:
    """Return a browser in which the named person is signed in."""

    def signed_in(username: str) -> Client:
        client = Client()
        client.force_login(cast[username])
        return client

    return signed_in
