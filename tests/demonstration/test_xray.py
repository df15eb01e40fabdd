"""The x-ray of the demonstration: it finds what is wrong in the published o1 card, and leaves the right rows alone."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from evaluations.models import EvaluationRun
from scorecard.access import reader_of
from scorecard.models import Scorecard, User
from scorecard.queries import snapshot_of
from scorecard.queries.xray import blocking_words, xray_for
from scorecard.xray.finding import Finding
from tests.web.test_every_page import HEAVIEST, looked_at

pytestmark = pytest.mark.django_db
COMPARING = (
    "impossible-fraction", "value-out-of-range", "count-beyond-n", "fraction-as-percent", "pass-at-k-as-rate",
    "average-does-not-reproduce", "average-beyond-rows", "share-against-count", "parts-do-not-sum",
    "ratings-do-not-sum", "shares-do-not-sum", "effect-does-not-reproduce", "headline-against-total", "printed-twice",
    "text-against-table", "identical-rows", "mixed-data", "comparison-of-another-n", "missing-row",
)  # fmt: skip
"""Checks that compare printed figures with each other or with their n: where they speak, the document is wrong."""


@pytest.fixture
def found(published_card: Scorecard) -> list[Finding]:
    """What the x-ray says of the published card to somebody who may see all of it."""
    reader = reader_of(User.objects.get(username="ada"))
    return xray_for(reader, published_card, at=timezone.now())


def lines(found: list[Finding], *codes: str) -> dict[str, list[str]]:
    """Code -> lines of the CSV that the findings are about."""
    runs = {run.id: run.native_id for run in EvaluationRun.objects.filter(native_id__startswith="o1-system-card")}
    about: dict[str, list[str]] = {}
    for row in found:
        if row.code in codes:
            about.setdefault(row.code, []).extend(runs[run].rpartition("-")[2] for run in row.runs)
    return about


def test_the_listed_faults_of_the_o1_card_are_found(found: list[Finding]) -> None:
    said = {row.code: row.reason for row in found}
    assert "is printed as 0.936; the mean of its 10 rows is 0.94" in said["average-does-not-reproduce"]
    assert "180 of 102443 is 0.1757, so 0.18" in said["share-against-count"]
    assert (
        "is printed as 0.319; the nearest reading, with ties split, against one half, gives 0.318"
        in said["effect-does-not-reproduce"]
    )
    assert "miss one whole by -0.01" in said["shares-off-by-rounding"]
    assert any("0.713; the plain mean of its 5 rows is 0.7002" in row.reason for row in found)


def test_further_faults_of_the_o1_card_are_found(found: list[Finding]) -> None:
    counts = Counter(row.code for row in found)
    assert counts["impossible-fraction"] == 6
    assert counts["post-above-pre"] == 7
    said = {row.code: row.reason for row in found}
    assert "102443 of the 100000" in said["count-beyond-n"]
    assert "Formulation, Release" in said["missing-row"]
    assert "developer-user-message-conflict" in said["identical-rows"]
    assert "is 100, riskier than 0 before mitigation" in said["post-riskier-than-pre"]
    assert "all 21 figures are of o1-near-final" in said["everything-applied"]
    assert said["pass-at-k-as-rate"].startswith("36 figures")


def test_the_checks_that_compare_figures_are_silent_on_the_rows_that_are_right(found: list[Finding]) -> None:
    spoken = Counter(row.code for row in found if row.code in COMPARING)
    assert spoken == {
        "impossible-fraction": 6, "count-beyond-n": 1, "pass-at-k-as-rate": 1, "average-does-not-reproduce": 1,
        "share-against-count": 1, "effect-does-not-reproduce": 1, "identical-rows": 1, "missing-row": 1,
    }  # fmt: skip


def test_alarms_on_rows_that_are_right_are_those_that_the_reference_names(found: list[Finding]) -> None:
    about = lines(found, "uneven-digits", "n-in-words")
    assert len(about["uneven-digits"]) == 2
    wildchat = EvaluationRun.objects.filter(evaluation__slug="wildchat", checkpoint__subject__slug="o1")
    assert {run.native_id.rpartition("-")[2] for run in wildchat} <= set(about["n-in-words"])


def test_a_publications_faults_are_no_errors_of_our_record(published_card: Scorecard, found: list[Finding]) -> None:
    assert {row.severity for row in found} == {"warning", "notice"}
    assert blocking_words(published_card, snapshot_of(published_card), at=timezone.now()) == []


def test_an_attempt_that_came_after_sealing_is_told_with_its_place(loaded: Any) -> None:
    card = Scorecard.objects.get(number="PSC-2026-0001", version=1)
    reader = reader_of(User.objects.get(username="ada"))
    said = {row.code: row.reason for row in xray_for(reader, card, at=timezone.now())}
    assert "attempt 1 of 2 is cited, and a riskier one is not" in said["favourable-attempt"]
    assert said["errors-not-the-models"].endswith("of 10 errors 10 by the system, not by the model.")
    assert "worst-case-crosses" in said


def test_the_page_of_the_o1_card_shows_every_finding_and_stays_light(
    published_card: Scorecard, found: list[Finding]
) -> None:
    client = Client()
    client.force_login(User.objects.get(username="ada"))
    text = client.get(f"/scorecards/{published_card.number}/v1/x-ray/").content.decode()
    assert text.count("<tr><td>") == len(found)
    assert len(text.encode()) < HEAVIEST
    assert looked_at(text).inline == []
    assert 'href="/scorecards/PSC-2024-0001/v1/#t-xstest"' in text
