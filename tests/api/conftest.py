"""What the API's tests share: a caller with a token, a reviewed card, and the check that an answer is a problem."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from scorecard.access import Person
from scorecard.determining import determine
from scorecard.models import Scorecard
from scorecard.queries import card_digest
from scorecard.signing import request
from tests.conftest import NOW
from tests.replaying import replayed

Call = Callable[..., Any]
REASON = "Judged on the whole of the evidence."


class Caller:
    """An outside client that holds one token, or none."""

    def __init__(self, secret: str = "") -> None:
        self.client = Client(raise_request_exception=False)
        self.headers = {"Authorization": f"Bearer {secret}"} if secret else {}

    def get(self, path: str, **query: str) -> Any:
        return self.client.get(f"/api/v1/{path}", query, headers=self.headers)

    def send(self, method: str, path: str, body: bytes = b"", **headers: str) -> Any:
        content_type = headers.pop("Content_Type", "application/json")
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.generic(
            method, f"/api/v1/{path}", body, content_type=content_type, headers={**self.headers, **named}
        )

    def post(self, path: str, document: Any = None, **headers: str) -> Any:
        body = document if isinstance(document, bytes) else json.dumps({} if document is None else document).encode()
        return self.send("POST", path, body, **headers)


@pytest.fixture
def caller(token_for: Callable[..., str]) -> Callable[..., Caller]:
    """Return a client with a fresh token: `caller("ada", "runs:write")`; without a name it holds none."""
    return lambda *who: Caller(token_for(*who) if who else "")


@pytest.fixture
def pipeline(caller: Callable[..., Caller]) -> Caller:
    """A pipeline that may post runs and nothing else."""
    return caller("ada", "runs:write")


@pytest.fixture
def reader(caller: Callable[..., Caller]) -> Caller:
    """Somebody who may read everything."""
    return caller("faye", "evidence:read", "scorecards:read")


@pytest.fixture
def reviewed(card: Scorecard, person: Callable[[str], Person]) -> Scorecard:
    """A card in review, determined and requested by ada."""

    def requested() -> str:
        for row in card.assessments.all():
            determine(
                card, category=row.category, mitigation=row.mitigation, level="low", rationale=REASON, seen=row.digest,
                by=person("ada"), at=NOW,
            )  # fmt: skip
        return request(card, seen=card_digest(card), by=person("ada"), at=NOW).id

    return Scorecard.objects.get(id=replayed(requested, card))


def problem_of(response: Any, status: int) -> dict[str, Any]:
    """Return the problem document of an answer, after checking that it is a whole one."""
    assert response.status_code == status, response.content[:500]
    assert response["Content-Type"] == "application/problem+json"
    document: dict[str, Any] = json.loads(response.content)
    assert document["status"] == status
    assert document["type"] == f"/problems/{document['code']}"
    assert document["title"] not in ("", "Error")
    assert document["detail"]
    return document
