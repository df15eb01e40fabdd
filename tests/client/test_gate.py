"""`scorecard gate`: denied unless the laboratory's own answer allows, and that answer can be checked."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from scorecard_client import offline_verifier

from tests.client.api import Api

PRIVATE = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
KEY = offline_verifier.vkey("lab/ledger", PRIVATE.public_key().public_bytes_raw())
ASK = ("gate", "atlas-2-rc1", "--action", "deploy")


def answer(decision: str = "allow", *, lasts: int = 900, **changes: Any) -> dict[str, Any]:
    """The gate's answer, signed."""
    now = datetime.now(UTC)
    document = {
        "checkpoint": "atlas-2-rc1", "action": "deploy", "decision": decision, "reasons": ["The rule: at most medium."],
        "scorecard": "PSC-2026-0001 v1", "digest": "sha256:d", "issued_at": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "expires_at": (now + timedelta(seconds=lasts)).strftime("%Y-%m-%dT%H:%M:%SZ"), **changes,
    }  # fmt: skip
    signature = PRIVATE.sign(b"gate/1\n" + offline_verifier.canonical_bytes(document))
    return {**document, "signature": {"key": KEY, "value": base64.b64encode(signature).decode()}}


def test_allowed_exits_0_with_the_reasons(scorecard: Any, api: Api) -> None:
    api.gate = answer()
    result = scorecard(*ASK)
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "allow  deploy  atlas-2-rc1  PSC-2026-0001 v1", "  The rule: at most medium.",
    ]  # fmt: skip
    assert "The signature was not checked" in result.stderr


def test_denied_exits_3_with_the_reasons(scorecard: Any, api: Api) -> None:
    api.gate = answer("deny", reasons=["PSC-2026-0001 v1 is stale.", "It lapsed."])
    result = scorecard(*ASK, "--json")
    assert result.exit_code == 3
    assert json.loads(result.stdout)["reasons"] == ["PSC-2026-0001 v1 is stale.", "It lapsed."]


@pytest.mark.parametrize("decision", ["ALLOW", "", "yes", "allow "])
def test_anything_but_allow_denies(scorecard: Any, api: Api, decision: str) -> None:
    api.gate = answer(decision)
    assert scorecard(*ASK).exit_code == 3


@pytest.mark.parametrize("changes", [{"checkpoint": "atlas-2-rc0"}, {"action": "develop"}])
def test_an_answer_to_another_question_does_not_count(scorecard: Any, api: Api, changes: dict[str, Any]) -> None:
    api.gate = answer(**changes)
    assert scorecard(*ASK).exit_code == 1


def test_with_the_key_a_signed_answer_counts(scorecard: Any, api: Api) -> None:
    api.gate = answer()
    result = scorecard(*ASK, "--key", KEY)
    assert result.exit_code == 0
    assert "not checked" not in result.stderr
    assert scorecard(*ASK, env={"SCORECARD_LEDGER_KEY": KEY}).exit_code == 0


def test_with_the_key_a_changed_or_outdated_answer_is_not_trusted(scorecard: Any, api: Api) -> None:
    api.gate = {**answer("deny"), "decision": "allow"}
    result = scorecard(*ASK, "--key", KEY)
    assert result.exit_code == 1
    assert "not signed by the key" in result.stderr
    api.gate = answer(lasts=-1)
    assert "it was valid until" in scorecard(*ASK, "--key", KEY).stderr
    api.gate = {**answer(), "signature": {}}
    assert scorecard(*ASK, "--key", KEY).exit_code == 1


def test_a_malformed_key_and_a_missing_action_are_wrong_usage(scorecard: Any, api: Api) -> None:
    api.gate = answer()
    assert scorecard(*ASK, "--key", "nonsense").exit_code == 2
    assert scorecard("gate", "atlas-2-rc1").exit_code == 2


def test_a_server_that_is_away_does_not_allow(scorecard: Any, api: Api) -> None:
    api.failures.extend([None] * 5)
    assert scorecard(*ASK).exit_code == 4
