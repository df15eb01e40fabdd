"""The pages: every kind renders for a reader, foreign text stays text, lists are filtered, tables are labelled."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from evaluations.evidence import KINDS
from evaluations.models import Checkpoint, EvaluationRun, EvidenceDocument
from evaluations.statistics.safety import g_mean
from scorecard.models import Scorecard
from scorecard.web.evidence_kinds import TEMPLATES
from tests.evidence import documents as d
from tests.evidence.conftest import NOW, filed
from tests.house.places import ROOT
from tests.web.conftest import a_report, address
from tests.web.sample_runs import WHY, entries

pytestmark = pytest.mark.django_db
Visit = Callable[[str], Client]
HEAVIEST = 150 * 1024


@pytest.fixture
def everything(samples_run: EvaluationRun) -> dict[str, EvidenceDocument]:
    """One document of every kind."""
    rows = [(f"s{number}", "1", "violates" if number else "unclear", "ann") for number in range(3)]
    posted = [
        d.policy(), d.judgements(samples_run.id, rows), d.breakdown(d.XSTEST, d.XSTEST_TOTALS, n=25),
        d.refusals(not_unsafe={"run": samples_run.id}), d.jailbreaks(), d.comparison(), d.arena(), d.probing(),
        d.partner_report(),
    ]  # fmt: skip
    found = [filed(document).document for document in posted]
    return {row.kind: row for row in found}


def text(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, path
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_every_kind_has_a_page_of_its_own(visit: Visit, everything: dict[str, EvidenceDocument]) -> None:
    assert set(everything) == set(KINDS)
    for row in everything.values():
        answer = visit("faye").get(f"/evidence/{row.id}/")
        html = answer.content.decode()
        assert html.count("<h1") == 1
        assert " style=" not in html
        assert "<script>" not in html
        assert len(answer.content) <= HEAVIEST
        assert "never sets a level" in html
        assert row.digest in html


def test_every_kind_has_a_template() -> None:
    assert all((ROOT / "templates" / name).is_file() for name in TEMPLATES.values())


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("policy/1", "Give no working exploit for a named system."),
        ("policy-judgements/1", "Usage policy"),
        ("breakdown/1", "That is 1 of 250 samples."),
        ("refusals/1", "g-mean"),
        ("jailbreaks/1", "technique 3"),
        ("comparison/1", "Printed 0.319; ties split half gives 0.3181, 0.0009 off, beyond rounding."),
        ("arena/1", "Judge: moderation API; success: score &gt;= 0.8"),
        ("probing/1", "Initial and second rating agree in 0 of 4 conversations"),
        ("partner-report/1", "not adopted"),
    ],
)
def test_a_page_says_what_its_kind_is_about(
    visit: Visit, everything: dict[str, EvidenceDocument], kind: str, words: str
) -> None:
    assert words in text(visit("faye"), f"/evidence/{everything[kind].id}/")


def test_the_list_is_filtered_and_asks_the_database_few_times(
    visit: Visit, everything: dict[str, EvidenceDocument]
) -> None:
    client = visit("faye")
    client.get("/evidence/")
    with CaptureQueriesContext(connection) as asked:
        assert "9 documents" in text(client, "/evidence/")
    assert len(asked) <= 12
    assert "1 document." in text(client, "/evidence/?kind=arena/1")
    assert "4 documents." in text(client, "/evidence/?section=safety&checkpoint=atlas-2-rc1")
    assert "No document matches." in text(client, "/evidence/?checkpoint=nobody&page=9")


def test_the_card_lists_documents_by_category_and_section(
    visit: Visit, card: Scorecard, everything: dict[str, EvidenceDocument]
) -> None:
    shown = text(visit("faye"), address(card)).partition("Other evidence")[2]
    order = [shown.index(words) for words in ("CBRN", "Safety evaluations", "External red teaming")]
    assert order == sorted(order)
    assert everything["probing/1"].summary in shown


def test_runs_of_one_suite_stand_as_a_pair_on_the_card(
    visit: Visit, card: Scorecard, post: Callable[[bytes], EvaluationRun]
) -> None:
    rates = {"not_unsafe": (196, 200), "not_overrefuse": (234, 250)}
    for metric, (k, n) in rates.items():
        for side in ("post_mitigation", "pre_mitigation")[: 1 if metric == "not_unsafe" else 2]:
            tally = {"successes": k, "trials": n}
            post(
                a_report(run_id=metric, evaluation={"slug": "refusal"}, metric=metric, tally=tally, mitigation=side,
                         planned_samples=n)
            )  # fmt: skip
    shown = text(visit("faye"), address(card)).partition("Other evidence")[2]
    expected = g_mean((196, 200), (234, 250)).point
    assert expected is not None
    assert f"{expected:.1%}"[:-1] in shown
    assert shown.count("n = 250") == 1


def test_a_superseded_document_says_so_and_leads_to_the_newer_one(visit: Visit, atlas: Checkpoint, cast: Any) -> None:
    first = filed(d.arena()).document
    second = filed(d.arena(title="Corrected arena"), at=NOW + timedelta(hours=1)).document
    html = visit("faye").get(f"/evidence/{first.id}/").content.decode()
    assert "Superseded" in html
    assert f'href="/evidence/{second.id}/"' in html


def test_foreign_text_stays_text_on_every_page(visit: Visit, atlas: Checkpoint, card: Scorecard) -> None:
    evil = "<script>alert(1)</script>\u202e"
    document = d.partner_report(
        title="<b>bold</b>", methods=[evil],
        findings=[{"id": "F1", "title": "<i>x</i>", "severity": "low", "detail": evil}],
        recommendations=[{"id": "R1", "text": evil, "adopted": False, "reason": evil}],
    )  # fmt: skip
    row = filed(document).document
    for path in (f"/evidence/{row.id}/", "/evidence/", address(card)):
        html = visit("faye").get(path).content.decode()
        assert "<script>alert" not in html
        assert "<b>bold" not in html
        assert "\u202e" not in html


def test_the_raw_document_is_a_download_that_no_browser_opens_and_leaves_its_entry(
    visit: Visit, atlas: Checkpoint, cast: Any
) -> None:
    row = filed(d.arena()).document
    answer = visit("faye").post(f"/evidence/{row.id}/raw", {"reason": WHY})
    assert b"".join(answer.streaming_content) == d.posted(d.arena())  # type: ignore[attr-defined]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    [entry] = entries("content.downloaded")
    assert entry["subject"] == {"type": "evidence", "id": row.id}
    assert (entry["data"]["bytes"], entry["data"]["reason"]) == (row.raw_digest, WHY)
    assert WHY in text(visit("gil"), f"/evidence/{row.id}/")


def test_no_document_is_handed_out_without_a_reason_or_by_an_address_alone(
    visit: Visit, atlas: Checkpoint, cast: Any
) -> None:
    address = f"/evidence/{filed(d.arena()).document.id}/raw"
    assert visit("faye").get(address).status_code == 302
    assert visit("faye").post(address, {"reason": "so"}).status_code == 422
    assert entries("content.downloaded") == []


def test_a_document_that_is_not_there_is_a_page_with_404(visit: Visit) -> None:
    assert visit("faye").get("/evidence/evd_nothing/").status_code == 404


def test_a_visitor_who_is_not_signed_in_is_sent_to_sign_in() -> None:
    for path in ("/evidence/", "/evidence/evd_1/", "/evidence/evd_1/raw"):
        assert Client().get(path).status_code == 302
