"""Other evidence goes along with a sealed card: named in the record, carried in the bundle, printed, and verified."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client

from evaluations import blobs
from evaluations.actors import SYSTEM
from evaluations.models import EvaluationRun, EvidenceDocument
from scorecard import clearing
from scorecard.access import Person, reader_of
from scorecard.bundling import bundle
from scorecard.ledger.canonical import digest_bytes
from scorecard.models import Programme, Scorecard
from scorecard.pdf.arranging import context
from scorecard.queries import author_ids, card_document_for, working_snapshot
from scorecard.verifier.archive import unpack_stored
from scorecard.web.pulse import pulse
from tests.conftest import drain
from tests.evidence import documents as d
from tests.evidence.conftest import NOW, filed
from tests.verifier.running import checked_file
from tests.web.conftest import address
from tests.web.journeys import sealed

pytestmark = pytest.mark.django_db
CATEGORIES = ("cbrn", "cybersecurity")
BEFORE = NOW - timedelta(hours=1)


@pytest.fixture
def documents(samples_run: EvaluationRun) -> list[EvidenceDocument]:
    """A policy, judgements against it, a pair of refusals and an arena, filed before the card is sealed."""
    rows = [(f"s{number}", "1", "violates", "ann") for number in range(2)]
    posted = [d.policy(), d.judgements(samples_run.id, rows), d.refusals(), d.arena()]
    return [filed(document, at=BEFORE).document for document in posted]


@pytest.fixture
def informed(card: Scorecard, documents: list[EvidenceDocument], person: Callable[[str], Person]) -> Scorecard:
    """The card, sealed with those documents known."""
    return sealed(card, person)


def test_the_record_names_them_with_figures_and_digests_and_the_bundle_carries_them_as_received(
    informed: Scorecard, documents: list[EvidenceDocument]
) -> None:
    record = json.loads(informed.sealed_card.canonical)["snapshot"]
    assert [row["id"] for row in record["informing"]] == sorted(row.id for row in documents)
    members = unpack_stored(bundle(informed, None))
    listed = {row["path"]: row["sha256"] for row in json.loads(members["MANIFEST.json"])["members"]}
    for row in documents:
        path = f"informing/{row.id}.json"
        assert digest_bytes(members[path]) == row.raw_digest == listed[path]
    [pair] = [row for row in record["informing"] if row["kind"] == "refusals/1"]
    assert pair["figures"][0]["n"] == "196 of 200"


def test_the_verifier_passes_and_says_that_they_are_not_recomputed(informed: Scorecard, tmp_path: Path) -> None:
    (tmp_path / "card.zip").write_bytes(bundle(informed, None))
    code, said = checked_file(tmp_path / "card.zip", None)
    assert code == 2, said
    [line] = [line for line in said if "informing" in line]
    assert "4 documents inform and decide nothing, each as recorded" in line
    assert "policy/1 (1)" in line


def test_what_is_filed_after_the_seal_changes_no_byte_of_the_bundle(informed: Scorecard) -> None:
    before = bundle(informed, None)
    filed(d.arena(title="Corrected arena"), at=NOW + timedelta(hours=3))
    filed(d.partner_report(), at=NOW + timedelta(hours=3))
    assert bundle(informed, None) == before


def test_the_printed_card_has_a_section_of_them(informed: Scorecard, documents: list[EvidenceDocument]) -> None:
    sealed_card = json.loads(informed.sealed_card.canonical)
    printed = context(sealed_card, framework=informed.framework.document, verify_url="", verification_key="")
    rows = {row["id"]: row for row in printed["informing"]["rows"]}
    assert set(rows) == {row.id for row in documents}
    arena = next(row for row in documents if row.kind == "arena/1")
    assert rows[arena.id]["digest"] == arena.raw_digest.removeprefix("sha256:")
    assert rows[arena.id]["kind"] == "Attack arena"


def test_whoever_filed_a_document_is_an_author_and_cannot_sign(
    card: Scorecard, person: Callable[[str], Person], token_for: Callable[..., str]
) -> None:
    ada = person("ada").user.person_id
    assert ada not in author_ids(card)
    headers = {"Authorization": f"Bearer {token_for('ada', 'runs:write')}"}
    answer = Client().post("/api/v1/evidence/", d.posted(d.arena()), content_type="application/json", headers=headers)
    assert answer.status_code == 201, answer.content
    assert ada in author_ids(card)


def test_a_document_moves_the_pulse_and_the_open_page_shows_it(card: Scorecard, visit: Callable[[str], Client]) -> None:
    client, before = visit("faye"), pulse(card)
    assert client.get(address(card, "live/"), {"seen": before}).status_code == 204
    filed(d.arena())
    drain()
    answer = client.get(address(card, "live/"), {"seen": before})
    assert answer.status_code == 200
    assert "Jailbreak arena" in answer.content.decode()
    assert "1 other document" in client.get("/").content.decode()


def test_a_card_opens_while_the_bytes_of_a_document_are_gone(
    card: Scorecard, monkeypatch: pytest.MonkeyPatch, visit: Callable[[str], Client]
) -> None:
    row = filed(d.refusals(title="Lost")).document

    def gone(digest: str) -> bytes:
        raise blobs.BlobMissing(digest)

    monkeypatch.setattr("evaluations.evidence_queries.blobs.get", gone)
    [shown] = working_snapshot(card)["informing"]
    assert (shown["id"], shown["figures"], shown["summary"]) == (row.id, [], row.summary)
    assert visit("faye").get(address(card)).status_code == 200


def test_a_reader_who_is_not_cleared_is_told_of_no_document_in_a_compartment(
    card: Scorecard, programme: Programme, person: Callable[[str], Person]
) -> None:
    placed = {category: filed(d.arena(id=category, category=category)).document.id for category in CATEGORIES}
    nowhere = filed(d.refusals()).document.id
    reader = reader_of(person("faye").user)
    whole = {row["id"] for row in card_document_for(reader, card)["informing"]}
    assert whole == {*placed.values(), nowhere}
    clearing.declare(programme, "cbrn", name="CBRN", categories=["cbrn"], evaluations=[], by=SYSTEM, at=NOW)
    told = card_document_for(reader_of(person("faye").user), card)["informing"]
    assert [row["id"] for row in told] == [placed["cybersecurity"]]
