"""A client that speaks to the API as a pipeline does: bearer token, raw bytes."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

Call = Callable[..., Any]


@pytest.fixture
def call(client: Client) -> Call:
    """Send a request: `call("POST", "runs/", token, body)`; a dictionary or bytes as the body."""

    def send(method: str, path: str, token: str | None = None, body: Any = None, **headers: str) -> Any:
        data = body if isinstance(body, bytes) else (b"" if body is None else json.dumps(body).encode())
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        content_type = given.pop("Content-Type", "application/json")
        if token:
            given["Authorization"] = f"Bearer {token}"
        return client.generic(method, f"/api/v1/{path}", data, content_type=content_type, headers=given)

    return send


@pytest.fixture
def ingest(token_for: Callable[..., str]) -> str:
    """A pipeline's token: it may post runs and nothing else."""
    return token_for("ada", "runs:write")


@pytest.fixture
def reader(token_for: Callable[..., str]) -> str:
    """A token that reads evidence and scorecards."""
    return token_for("faye", "evidence:read", "scorecards:read")
