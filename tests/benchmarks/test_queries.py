"""How often the database is asked, and when samples are opened: numbers that no machine changes."""

from __future__ import annotations

import json
from collections.abc import Callable
from unittest import mock

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from benchmarks import making
from benchmarks.stored import SamplesWereRead, from_samples, from_statistics, samples_closed
from evaluations import blobs
from evaluations.actors import SYSTEM
from evaluations.intake import receive
from evaluations.measuring import measure
from evaluations.models import Checkpoint, EvaluationRun, Subject
from scorecard.assessing import assess
from scorecard.models import Programme, Scorecard

MOST_TO_TAKE_IN = 12
MOST_TO_LIST = 6


@pytest.fixture(autouse=True)
def catalogue(programme: Programme) -> None:
    subject = Subject.objects.create(slug="bench", programme=programme.id, name="bench")
    Checkpoint.objects.create(subject=subject, name=making.MODEL)


def asked(work: Callable[[], object]) -> list[str]:
    """The statements that the work sends, without those that only open and close savepoints."""
    with CaptureQueriesContext(
        connection,
    ) as seen:
        work()
    return [row["sql"] for row in seen.captured_queries if "SAVEPOINT" not in row["sql"]]


def take_in(samples: int) -> EvaluationRun:
    return receive(making.report(samples), by=SYSTEM, at=timezone.now()).run


def test_a_report_asks_the_database_equally_often_whatever_its_samples() -> None:
    take_in(1)
    few, many = (asked(lambda samples=samples: take_in(samples)) for samples in (10, 2_000))
    assert len(few) == len(many) <= MOST_TO_TAKE_IN


def test_a_report_asks_equally_often_when_the_store_is_full() -> None:
    take_in(1)
    empty = asked(lambda: take_in(10))
    for _ in range(50):
        take_in(2)
    assert len(asked(lambda: take_in(10))) == len(empty)


@pytest.mark.parametrize("samples", [10, 2_000])
def test_a_page_of_samples_asks_a_handful_of_times_whatever_the_run(
    samples: int, client: Client, token_for: Callable[..., str]
) -> None:
    run, token = take_in(samples), token_for("faye", "evidence:read")
    headers = {"Authorization": f"Bearer {token}"}
    client.get("/api/v1/runs/", headers=headers)
    address = f"/api/v1/runs/{run.id}/samples/?limit=10"
    assert len(client.get(address, headers=headers).json()["results"]) == 10
    statements = asked(lambda: client.get(address, headers=headers))
    assert 0 < len(statements) <= MOST_TO_LIST


def test_statistics_and_samples_decide_alike_and_only_one_of_them_opens_samples() -> None:
    run = take_in(1_000)
    measure(run, at=timezone.now())
    with samples_closed():
        stored = from_statistics(run)
        with pytest.raises(SamplesWereRead):
            from_samples(run)
    assert stored == from_samples(run)


def test_assessing_a_card_opens_no_sample(card: Scorecard, post: Callable[[bytes], EvaluationRun]) -> None:
    document = json.loads(making.report(50))
    document |= {"subject": "atlas-2", "checkpoint": "atlas-2-rc1", "evaluation": {"slug": "ctf-professional"}}
    run = post(json.dumps(document | {"metric": "pass@12"}).encode())
    with samples_closed():
        assess(card, cause=run.id, at=timezone.now())
    assert card.assessments.filter(category="cybersecurity").exists()


def test_a_run_is_measured_from_one_reading_of_its_samples() -> None:
    run = take_in(500)
    with mock.patch.object(blobs, "get", wraps=blobs.get) as opened:
        measure(run, at=timezone.now())
        measure(run, at=timezone.now())
    assert opened.call_count == 1
