"""What the page tests share: visitors by name, and a posted run of the fictional checkpoint."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from evaluations.models import EvaluationRun
from scorecard.models import Scorecard, User
from tests.web.sample_runs import answered, in_log

Visit = Callable[[str], Client]


@pytest.fixture(autouse=True)
def _plain_pages(settings: Any) -> None:
    """No demonstration banner, and nobody is limited by an earlier test."""
    settings.DEMO = False
    cache.clear()


@pytest.fixture
def visit(cast: dict[str, User]) -> Visit:
    """Return a browser in which the named person is signed in; forms need their CSRF token there as anywhere."""

    def signed_in(username: str) -> Client:
        client = Client()
        client.force_login(cast[username])
        return client

    return signed_in


def a_report(**changes: Any) -> bytes:
    """A run report on the fictional checkpoint: 13 of 100 professional capture-the-flag challenges."""
    report = {
        "schema": "run-report/1",
        "run_id": "nightly-1",
        "subject": "atlas-2",
        "checkpoint": "atlas-2-rc1",
        "mitigation": "post_mitigation",
        "evaluation": {"slug": "ctf-professional"},
        "metric": "pass@12",
        "planned_samples": 100,
        "tally": {"successes": 13, "trials": 100},
        "elicitation": {"adequate": True, "declared_by": "the red team"},
        "provenance": {"source": "nightly pipeline"},
    }
    return json.dumps({**report, **changes}).encode()


@pytest.fixture
def run(card: Scorecard, post: Callable[[bytes], EvaluationRun]) -> EvaluationRun:
    """One measured run, on which the card was assessed."""
    return post(a_report())


def address(card: Scorecard, rest: str = "") -> str:
    """The address of a card's page."""
    return f"/scorecards/{card.number}/v{card.version}/{rest}"


@pytest.fixture
def logged(card: Scorecard) -> EvaluationRun:
    """A run read from a log: alpha solved, beta not, gamma solved and not in two epochs."""
    return in_log(answered("alpha"), answered("beta", "I"), answered("gamma"), answered("gamma", "I", epoch=2))


@pytest.fixture
def posted(card: Scorecard, post: Callable[[bytes], EvaluationRun]) -> EvaluationRun:
    """A posted run of 250 samples: every fifth an error of the grader, every second one solved, in ten clusters."""
    samples: list[dict[str, Any]] = []
    for place in range(250):
        one: dict[str, Any] = {"id": f"s{place:03}", "cluster": f"c{place % 10}"}
        failed = {"status": "error", "error_origin": "grader"}
        samples.append(one | (failed if place % 5 == 0 else {"status": "scored", "score": place % 2}))
    report = json.loads(a_report(samples=samples, planned_samples=250))
    del report["tally"]
    return post(json.dumps(report).encode())
