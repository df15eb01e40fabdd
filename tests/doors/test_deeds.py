"""The deeds of sign-off through the API, by people and by a hostile client; the gate and the ledger for outsiders."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.test import Client

from scorecard.ledger.canonical import canonical_bytes, digest
from scorecard.ledger.merkle import inclusion_holds
from scorecard.ledger.note import parse_head, parse_note, parse_vkey
from scorecard.models import Scorecard, Signature
from tests.conftest import PASSWORD

Call = Callable[..., Any]
REASON = "Judged on the whole of the evidence."


@pytest.fixture
def deeds(token_for: Callable[..., str]) -> Callable[[str], str]:
    """Return the named person's own token for sign-off: one for each person."""
    known: dict[str, str] = {}

    def of(username: str) -> str:
        return known.setdefault(username, token_for(username, "signoff:write", "scorecards:read"))

    return of


@pytest.fixture
def reviewed(call: Call, card: Scorecard, deeds: Callable[[str], str]) -> str:
    """Determine every side and request review as ada; return the digest to sign."""
    document = call("GET", f"scorecards/{card.id}/", deeds("ada")).json()
    for category in document["categories"]:
        for side in ("pre_mitigation", "post_mitigation"):
            body = {
                "category": category["category"], "mitigation": side, "level": "low", "rationale": REASON,
                "seen": category[side]["assessment_digest"],
            }  # fmt: skip
            answer = call("POST", f"scorecards/{card.id}/determinations/", deeds("ada"), body)
            assert answer.status_code == 201, answer.json()
    answer = call("POST", f"scorecards/{card.id}/request", deeds("ada"), {"seen": answer.json()["digest"]})
    assert (answer.status_code, answer.json()["state"]) == (200, "in_review")
    found: str = answer.json()["digest"]
    return found


def signature(seen: str, /, **changes: str) -> dict[str, str]:
    """Return the chair's signature."""
    return {
        "role": "advisory_chair", "meaning": "recommends", "seen": seen, "reason": REASON, "password": PASSWORD,
    } | changes  # fmt: skip


def test_people_sign_and_seal_through_the_api(
    call: Call, card: Scorecard, reviewed: str, deeds: Callable[[str], str]
) -> None:
    path = f"scorecards/{card.number}"
    first = call("POST", f"{path}/signatures/", deeds("chen"), signature(reviewed))
    assert (first.status_code, first.json()["digest"]) == (201, reviewed)
    second = signature(reviewed, role="leadership", meaning="approves")
    assert call("POST", f"{path}/signatures/", deeds("dana"), second).status_code == 201
    sealed = call("POST", f"{path}/seal/", deeds("ada"), {"seen": reviewed}).json()
    assert (sealed["state"], sealed["digest"], sealed["signoff"]["state"]) == ("sealed", reviewed, "complete")
    record = call("GET", f"{path}/scorecard.json", deeds("ada")).content
    assert digest(json.loads(record)) == reviewed
    assert call("GET", f"{path}/bundle.zip", deeds("ada")).content[:4] == b"PK\x03\x04"
    assert call("GET", f"{path}/document.pdf", deeds("ada")).status_code == 503
    allowed = call("GET", "gate/?checkpoint=atlas-2-rc1&action=deploy", deeds("ada")).json()
    assert (allowed["decision"], allowed["digest"]) == ("allow", reviewed)


@pytest.mark.parametrize(("username", "changes", "status", "code"), [
    ("ada", {}, 403, "role-missing"),
    ("chen", {"password": "guess"}, 403, "password-wrong"),
    ("chen", {"seen": "sha256:" + "0" * 64}, 409, "content-moved-on"),
    ("chen", {"role": "leadership", "meaning": "approves"}, 403, "role-missing"),
    ("dana", {"role": "leadership", "meaning": "approves"}, 409, "not-your-step"),
    ("chen", {"state": "sealed"}, 422, "body-refused"),
    ("chen", {"signer": "dana"}, 422, "body-refused"),
])  # fmt: skip
def test_a_hostile_client_is_refused_whatever_it_sends(
    call: Call, card: Scorecard, reviewed: str, deeds: Callable[[str], str],
    username: str, changes: dict[str, str], status: int, code: str,
) -> None:  # fmt: skip
    answer = call("POST", f"scorecards/{card.id}/signatures/", deeds(username), signature(reviewed, **changes))
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert Signature.objects.count() == 0


def test_a_pipelines_token_never_signs(call: Call, card: Scorecard, reviewed: str, ingest: str) -> None:
    answer = call("POST", f"scorecards/{card.id}/signatures/", ingest, signature(reviewed))
    assert (answer.status_code, Signature.objects.count()) == (403, 0)


def test_states_are_changed_by_deeds_only(call: Call, card: Scorecard, deeds: Callable[[str], str]) -> None:
    for method in ("PUT", "PATCH", "DELETE"):
        answer = call(method, f"scorecards/{card.id}/", deeds("ada"), {"state": "sealed"})
        assert answer.status_code in (403, 405)
    assert call("POST", f"scorecards/{card.id}/seal/", deeds("ada"), {"seen": ""}).status_code == 409
    card.refresh_from_db()
    assert card.state == "draft"


def test_a_declined_card_is_a_draft_again(
    call: Call, card: Scorecard, reviewed: str, deeds: Callable[[str], str]
) -> None:
    body = {"seen": reviewed, "reason": "Numbers look off.", "password": PASSWORD}
    answer = call("POST", f"scorecards/{card.id}/decline/", deeds("dana"), body)
    assert (answer.status_code, answer.json()["state"]) == (200, "draft")


def test_the_gates_answer_is_signed_and_denies_what_it_does_not_know(call: Call, card: Scorecard, reader: str) -> None:
    answer = call("GET", "gate/?checkpoint=nobody&action=deploy", reader)
    document = answer.json()
    assert (answer.status_code, document["decision"]) == (200, "deny")
    signed = document.pop("signature")
    _, _, key = parse_vkey(signed["key"])
    value = base64.b64decode(signed["value"])
    Ed25519PublicKey.from_public_bytes(key).verify(value, b"gate/1\n" + canonical_bytes(document))


def test_an_outsider_can_follow_the_ledger(
    call: Call, card: Scorecard, reader: str, token_for: Callable[..., str]
) -> None:
    note = call("POST", "ledger/head/sign/", token_for("gil", "admin"), {}).json()["note"]
    assert call("GET", "ledger/head/?format=note", reader).content.decode() == note
    _, size, root = parse_head(parse_note(note).text)
    entry = call("GET", "ledger/entries/?limit=1&start=1", reader).json()["results"][0]
    proof = call("GET", f"ledger/proof/?seq=1&size={size}", reader).json()["proof"]
    parts = [bytes.fromhex(part) for part in proof]
    assert inclusion_holds(bytes.fromhex(entry["leaf"]), 1, size, parts, root)
    lines = call("GET", f"ledger/entries/?format=jsonl&end={size}", reader).content.decode().splitlines()
    assert len(lines) == size
    assert call("GET", f"ledger/proof/?old=1&size={size}", reader).json()["proof"]


def test_the_catalogue_is_described_by_administrators(
    call: Call, card: Scorecard, token_for: Callable[..., str]
) -> None:
    admin = token_for("gil", "admin")
    assert call("POST", "subjects/", admin, {"slug": "nova", "name": "Nova"}).status_code == 201
    body = {"subject": "nova", "name": "nova-1"}
    assert [call("POST", "checkpoints/", admin, body).status_code for _ in range(2)] == [201, 200]
    taken = call("POST", "checkpoints/", admin, {"subject": "atlas-2", "name": "nova-1"})
    assert (taken.status_code, taken.json()["code"]) == (409, "checkpoint-name-taken")
    described = {"slug": "ctf-professional", "title": "CTF", "polarity": "higher_is_riskier"}
    assert call("POST", "evaluations/", admin, described).status_code == 200


def test_lists_are_paged_by_cursor_and_come_as_csv(call: Call, card: Scorecard, reader: str) -> None:
    seen: list[str] = []
    cursor = ""
    while True:
        page = call("GET", f"evaluations/?limit=20&cursor={cursor}", reader).json()
        seen += [row["slug"] for row in page["results"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 62
    table = call("GET", "evaluations/?format=csv&slug=xstest", reader).content.decode().splitlines()
    assert (table[0].split(",")[:2], len(table)) == (["id", "slug"], 2)


def test_the_api_describes_itself_and_says_when_it_is_ready(client: Client, card: Scorecard) -> None:
    schema = json.loads(client.get("/api/schema/", headers={"Accept": "application/vnd.oai.openapi+json"}).content)
    assert schema["openapi"].startswith("3.1")
    assert "/api/v1/runs" in {path.rstrip("/") for path in schema["paths"]}
    ready = client.get("/readyz").json()
    assert (ready["status"], ready["checks"]["triggers"]) == ("degraded", "ok")
    assert client.get("/livez").json() == {"status": "ok"}
