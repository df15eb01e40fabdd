"""A card under a framework that bounds age and names changes, with evidence on its own and another checkpoint."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from evaluations.actors import SYSTEM
from evaluations.intake import receive
from evaluations.models import Checkpoint, EvaluationRun
from scorecard.access import Person
from scorecard.adopting import publish
from scorecard.assessing import assess
from scorecard.demonstration.story import FRAMEWORK
from scorecard.models import FrameworkVersion, Programme, Scorecard, User
from scorecard.moments import rfc3339
from scorecard.opening import open_scorecard
from tests.conftest import drain

EXPIRY = '\n[policy.expiry]\nmax_age_days = 90\ncompute_multiple = 2.0\nchanges = ["fine_tune", "tools", "safeguard"]\n'
BETA_EXPIRY = "\n[policy.expiry]\ncompute_multiple = 2.0\n"


@pytest.fixture
def strict(db: None) -> FrameworkVersion:
    """The Beta framework with every rule of expiry, as a version of its own."""
    text = Path(FRAMEWORK).read_text(encoding="utf-8").replace(BETA_EXPIRY, EXPIRY)
    assert EXPIRY in text
    return publish(text.replace('slug = "preparedness-framework"', 'slug = "strict"', 1).encode(), by=SYSTEM,
                   at=timezone.now())  # fmt: skip


@pytest.fixture
def earlier(atlas: Checkpoint) -> Checkpoint:
    """An earlier checkpoint of the same subject."""
    return Checkpoint.objects.create(subject=atlas.subject, name="atlas-2-rc0")


@pytest.fixture
def strict_card(
    programme: Programme, strict: FrameworkVersion, atlas: Checkpoint, person: Callable[[str], Person]
) -> Scorecard:
    """An assessed draft under it."""
    made = open_scorecard(programme=programme, checkpoint=atlas, framework=strict, title="t", by=person("ada"),
                          at=timezone.now())  # fmt: skip
    assess(made, cause="test", at=timezone.now())
    return made


@pytest.fixture
def run(strict_card: Scorecard) -> Callable[..., EvaluationRun]:
    """Post a run that rules Medium out: `run(days_ago=10, checkpoint="atlas-2-rc0")`."""

    def taken_in(
        *, days_ago: int = 1, checkpoint: str = "atlas-2-rc1", solved: int = 2, **changes: Any
    ) -> EvaluationRun:
        tested = rfc3339(timezone.now() - timedelta(days=days_ago))
        report = {
            "schema": "run-report/1", "run_id": f"ctf-{days_ago}-{solved}", "subject": "atlas-2",
            "checkpoint": checkpoint, "mitigation": "post_mitigation", "evaluation": {"slug": "ctf-professional"},
            "metric": "pass@12", "tally": {"successes": solved, "trials": 200}, "completed_at": tested,
            "provenance": {"source": "tests"}, "elicitation": {"adequate": True, "declared_by": "tests"}, **changes,
        }  # fmt: skip
        receipt = receive(json.dumps(report).encode(), by=SYSTEM, at=timezone.now())
        drain()
        return receipt.run

    return taken_in


@pytest.fixture
def visit(cast: dict[str, User]) -> Callable[[str], Client]:
    """Return a browser in which the named person is signed in."""

    def signed_in(username: str) -> Client:
        client = Client()
        client.force_login(cast[username])
        return client

    return signed_in
