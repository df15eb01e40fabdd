"""What the evidence tests share: reading a document without a database, and filing one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from evaluations.actors import Actor
from evaluations.evidence import kind_of, parse_evidence
from evaluations.filing import Filed
from evaluations.models import EvaluationRun
from evaluations.reach import EVERYWHERE, Reach
from scorecard.filing import file
from scorecard.models import Programme
from tests.evaluations.conftest import shared_database
from tests.evidence.documents import posted
from tests.web.conftest import a_report

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
LEVELS = [{"slug": slug, "name": slug.capitalize()} for slug in ("low", "medium", "high", "critical")]
PARTNER = Actor(kind="token", id="tok_1", name="partner")

Document = dict[str, Any]

__all__ = ["shared_database"]


@pytest.fixture(autouse=True)
def _plain_pages(settings: Any) -> None:
    """No demonstration banner, and nobody is limited by an earlier test."""
    settings.DEMO = False
    cache.clear()


def read(document: Document, **bound: Any) -> dict[str, Any]:
    """Return what is computed from a document that never was in a database."""
    checked = parse_evidence(posted(document), now=NOW)
    return kind_of(checked).read(checked, {"levels": LEVELS, **bound})


def filed_bytes(raw: bytes, *, at: datetime = NOW) -> Filed:
    """File bytes as a partner's token does, in the programme of the cast where there is one."""
    programme = Programme.objects.first()
    within = EVERYWHERE if programme is None else Reach(programme=programme.id)
    return file(raw, by=PARTNER, at=at, within=within)


def filed(document: Document, *, at: datetime = NOW) -> Filed:
    """File a document as a partner's token does."""
    return filed_bytes(posted(document), at=at)


@pytest.fixture
def visit(cast: dict[str, Any]) -> Callable[[str], Client]:
    """Return a browser in which the named person is signed in."""

    def signed_in(username: str) -> Client:
        client = Client()
        client.force_login(cast[username])
        return client

    return signed_in


@pytest.fixture
def samples_run(card: Any, post: Callable[[bytes], EvaluationRun]) -> EvaluationRun:
    """A run of five samples of the fictional checkpoint."""
    samples = [{"id": f"s{number}", "score": 1.0} for number in range(5)]
    return post(a_report(run_id="judged", tally=None, planned_samples=5, samples=samples))
