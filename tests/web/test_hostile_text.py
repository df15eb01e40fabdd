"""Text from outside is shown as text: it cannot run, link, style, or pass for the product's own words."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from evaluations.models import EvaluationRun
from scorecard.access import Person
from scorecard.determining import determine, newest_assessment
from scorecard.models import Scorecard
from tests.conftest import NOW
from tests.web.conftest import Visit, a_report, address
from tests.web.test_every_page import looked_at

pytestmark = pytest.mark.django_db
HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "</script><script>alert(1)</script>",
    "{{7*7}}{% include 'base.html' %}",
    "[x](javascript:alert(1))",
    "<form action=https://evil.example><button>",
    "<base href=https://evil.example>",
    "<meta http-equiv=refresh content=0>",
    "<div hx-get=/sign-out/ hx-trigger=load>",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_run_is_shown_as_text_on_every_page(
    text: str, visit: Visit, card: Scorecard, post: Callable[[bytes], EvaluationRun]
) -> None:
    run = post(
        a_report(
            run_id=text,
            provenance={"source": text},
            reported={"note": text},
            elicitation={"adequate": True, "declared_by": text, "notes": text},
        )
    )
    client = visit("ada")
    pages = ("/", "/runs/", f"/runs/{run.id}/", "/ledger/", address(card), address(card, "cybersecurity/"))
    for path in pages:
        html = client.get(path).content.decode()
        seen = looked_at(html)
        assert not seen.inline, path
        assert text not in html or "<" not in text, path
        assert not [one for one in seen.addresses if "evil" in one or "javascript" in one], path
        assert seen.tags.count("base") == 0
    if "{{" in text:
        assert "{{7*7}}{% include" in client.get(f"/runs/{run.id}/").content.decode()


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_rationale_is_shown_as_text(
    text: str, visit: Visit, card: Scorecard, person: Callable[[str], Person]
) -> None:
    seen = newest_assessment(card, "cybersecurity", "post_mitigation").digest
    determine(
        card,
        category="cybersecurity",
        mitigation="post_mitigation",
        level="low",
        rationale=f"{text} and more words",
        seen=seen,
        by=person("ada"),
        at=NOW,
    )
    html = visit("ada").get(address(card, "cybersecurity/")).content.decode()
    assert not looked_at(html).inline
    assert text not in html or "<" not in text
    assert "Reason given by Ada Lind" in html


def test_terminal_codes_and_direction_marks_are_shown_as_codes(
    visit: Visit, card: Scorecard, post: Callable[[bytes], EvaluationRun]
) -> None:
    run = post(a_report(reported={"note": "ok\u202egpj.exe\u200b"}))
    html = visit("ada").get(f"/runs/{run.id}/").content.decode()
    assert "\\u202e" in html
    assert "\u202e" not in html


def test_a_payload_stays_closed_until_it_is_asked_for_and_is_marked_as_foreign(
    visit: Visit, run: EvaluationRun
) -> None:
    client = visit("ada")
    html = client.get(f"/runs/{run.id}/").content.decode()
    assert "Show content (may be hazardous)" in html
    assert "declared_by" not in html
    html = client.post(f"/runs/{run.id}/", {"reason": "To see who declared it"}).content.decode()
    assert "declared_by" in html
    assert "Nothing in it speaks for this product." in html


def test_a_raw_payload_is_a_download_that_no_browser_opens_as_a_page(visit: Visit, run: EvaluationRun) -> None:
    answer = visit("ada").post(f"/runs/{run.id}/raw", {"reason": "To compare the bytes"})
    assert answer.getvalue() == a_report()
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
