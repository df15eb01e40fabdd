"""What taking evidence in and assessing it may read: nothing that grows with the age of an installation."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from evaluations.actors import SYSTEM
from evaluations.intake import receive
from evaluations.models import EvaluationRun
from scorecard.assessing import assess
from scorecard.models import Assessment, Scorecard
from scorecard.queries import unlisted_words
from scorecard.staling import affected_cards


def test_a_post_reads_neither_snapshots_nor_framework_documents(
    card: Scorecard, ctf_report: Callable[..., bytes]
) -> None:
    unlisted_words("ctf-professional")
    with CaptureQueriesContext(connection) as asked:
        run = receive(ctf_report(), by=SYSTEM, at=timezone.now()).run
        assert [found.id for found in affected_cards(run.checkpoint)] == [card.id]
        assert unlisted_words(run.evaluation.slug) == ""
    statements = [row["sql"] for row in asked]
    assert any("scorecard_scorecard" in sql for sql in statements)
    assert not [sql for sql in statements if '"snapshot"' in sql or '"document"' in sql]


def test_an_evaluation_is_listed_from_the_moment_a_framework_that_lists_it_is_published(
    db: None, request: pytest.FixtureRequest
) -> None:
    assert "No framework lists" in unlisted_words("ctf-professional")
    request.getfixturevalue("framework")
    assert unlisted_words("ctf-professional") == ""


def test_assessing_asks_once_for_all_former_assessments(
    card: Scorecard, post: Callable[[bytes], EvaluationRun], ctf_report: Callable[..., bytes]
) -> None:
    for number in range(3):
        post(ctf_report(successes=20 + number * 20, run_id=f"ctf-{number}"))
    before = Assessment.objects.count()
    with CaptureQueriesContext(connection) as asked:
        assert assess(card, cause="again", at=timezone.now()) == []
    assert Assessment.objects.count() == before
    assert sum('FROM "scorecard_assessment"' in row["sql"] for row in asked) == 1
