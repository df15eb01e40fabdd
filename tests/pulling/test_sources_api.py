"""Sources over the API: described and changed by administrators, read by readers, never with a secret."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evaluations.models import Job, Source
from scorecard import tasks
from scorecard.models.ledger import LedgerEntry
from tests.doors.conftest import Call, call

__all__ = ["call"]


@pytest.fixture
def admin(token_for: Callable[..., str]) -> str:
    return token_for("gil", "admin", "evidence:read")


@pytest.fixture
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("logs")
    (place / "a.eval").write_text("x")
    return place


@pytest.fixture
def described(call: Call, admin: str, logs: Path) -> dict[str, Any]:
    body = {"slug": "nightly", "kind": "folder", "address": str(logs), "options": {"settle_seconds": 0}}
    answer = call("POST", "sources/", admin, body)
    assert answer.status_code == 201, answer.content
    return answer.json()


def test_a_source_is_described_once_and_the_same_again_changes_nothing(
    call: Call, admin: str, described: dict[str, Any], logs: Path
) -> None:
    body = {"slug": "nightly", "kind": "folder", "address": str(logs), "options": {"settle_seconds": 0}}
    again = call("POST", "sources/", admin, body)
    assert (again.status_code, again.json()["id"]) == (200, described["id"])
    other = call("POST", "sources/", admin, {**body, "schedule_seconds": 60})
    assert (other.status_code, other.json()["code"]) == (409, "source-exists")
    assert LedgerEntry.objects.filter(kind="source.changed").count() == 1


def test_a_pull_is_asked_for_and_its_outcome_is_shown(call: Call, admin: str, described: dict[str, Any]) -> None:
    asked = call("POST", f"sources/{described['id']}/pull/", admin)
    assert (asked.status_code, asked.json()["state"]) == (202, "queued")
    assert call("POST", f"sources/{described['id']}/pull/", admin).json()["job"] == asked.json()["job"]
    tasks.pull_source(Job.objects.get(kind="pull").id)
    shown = call("GET", f"sources/{described['id']}/", admin).json()
    assert shown["logs"] == 1
    (pulled,) = shown["pulls"]
    assert (pulled["state"], pulled["new"], pulled["cause"], pulled["error"]) == ("done", 1, "demand", None)
    assert pulled["asked_by"].startswith("gil test")


def test_what_was_not_pulled_is_shown_with_its_reason(
    call: Call, admin: str, described: dict[str, Any], logs: Path, settings
) -> None:
    (logs / "b.eval").write_text("")
    call("POST", f"sources/{described['id']}/pull/", admin)
    tasks.pull_source(Job.objects.get(kind="pull").id)
    (row,) = call("GET", f"sources/{described['id']}/", admin).json()["not_pulled"]
    assert (row["key"], row["code"], row["state"]) == ("b.eval", "empty", "refused")
    assert row["remedy"]


def test_settings_are_changed_one_by_one_and_the_ledger_names_them(
    call: Call, admin: str, described: dict[str, Any]
) -> None:
    path = f"sources/{described['id']}/settings/"
    answer = call("POST", path, admin, {"schedule_seconds": 600, "enabled": True})
    assert answer.status_code == 200, answer.content
    assert answer.json()["schedule_seconds"] == 600
    assert answer.json()["options"] == {"settle_seconds": 0}
    envelope = json.loads(LedgerEntry.objects.filter(kind="source.changed").latest("seq").envelope)
    assert envelope["data"]["changed"] == ["schedule_seconds"]
    call("POST", path, admin, {"schedule_seconds": 600})
    assert LedgerEntry.objects.filter(kind="source.changed").count() == 2
    assert call("POST", path, admin, {}).status_code == 422


def test_a_disabled_source_is_not_pulled_from(call: Call, admin: str, described: dict[str, Any]) -> None:
    call("POST", f"sources/{described['id']}/settings/", admin, {"enabled": False})
    answer = call("POST", f"sources/{described['id']}/pull/", admin)
    assert (answer.status_code, answer.json()["code"]) == (409, "source-disabled")


@pytest.mark.parametrize(
    ("said", "pointer"),
    [
        ({"slug": "No Slug"}, "/slug"), ({"kind": "carrier-pigeon"}, "/kind"), ({"address": "/etc"}, "/address"),
        ({"address": ""}, "/address"), ({"address": "/logs\u0000x"}, None), ({"address": "/lo\u202egs"}, "/address"),
        ({"options": {"unknown": 1}}, "/options/unknown"), ({"schedule_seconds": 5}, "/schedule_seconds"),
        ({"options": {"settle_seconds": "30"}}, "/options/settle_seconds"),
        ({"options": {"settle_seconds": -1}}, "/options/settle_seconds"),
        ({"schedule_seconds": 10**9}, "/schedule_seconds"), ({"secret_env": "PATH"}, "/secret_env"),
        ({"secret_env": "SCORECARD_SECRET_lower"}, "/secret_env"), ({"secret_env": "SECRET_KEY"}, "/secret_env"),
        ({"format": "nonsense"}, "/format"), ({"binding": {"checkpoint": "nobody"}}, "/binding/checkpoint"),
        ({"binding": {"colour": "red"}}, None), ({"secret": "hunter2"}, None), ({"enabled": "yes"}, None),
        ({"kind": "feed", "address": "https://u:p@example.org/"}, "/address"),
        ({"kind": "feed", "address": "http://169.254.169.254/latest/meta-data/"}, "/address"),
        ({"kind": "feed", "address": "http://localhost:8000/"}, "/address"),
        ({"kind": "feed", "address": "file:///etc/passwd"}, "/address"),
        ({"kind": "bucket", "address": "https://bucket"}, "/address"),
        ({"kind": "mlflow", "address": "http://example.org", "secret_env": "SCORECARD_SECRET_X"}, "/address"),
    ],
)  # fmt: skip
def test_settings_that_cannot_be_are_refused_at_their_place(
    said: dict[str, Any], pointer: str | None, call: Call, admin: str, logs: Path
) -> None:
    answer = call("POST", "sources/", admin, {"slug": "x", "kind": "folder", "address": str(logs), **said})
    assert answer.status_code in (400, 422), answer.content
    document = answer.json()
    assert document["remedy"] or document["detail"]
    if pointer is not None:
        assert pointer in [row["pointer"] for row in document["errors"]]
    assert "hunter2" not in json.dumps(document)
    assert not Source.objects.exists()


def test_a_secret_is_known_by_its_name_only(call: Call, admin: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCORECARD_SECRET_FEED", "s3cr3t-value")
    body = {"slug": "feed", "kind": "feed", "address": "https://example.org/x", "secret_env": "SCORECARD_SECRET_FEED"}
    answer = call("POST", "sources/", admin, body)
    assert answer.status_code == 201
    assert answer.json()["secret_env"] == "SCORECARD_SECRET_FEED"
    stored = json.dumps(list(Source.objects.values()), default=str) + "".join(
        LedgerEntry.objects.values_list("envelope", flat=True)
    )
    assert "s3cr3t" not in stored + answer.content.decode()


def test_sources_are_listed_and_an_unknown_one_is_not_found(call: Call, admin: str, described: dict[str, Any]) -> None:
    assert [row["slug"] for row in call("GET", "sources/", admin).json()["results"]] == ["nightly"]
    assert call("GET", "sources/?kind=feed", admin).json()["results"] == []
    assert "nightly" in call("GET", "sources/?format=csv", admin).content.decode()
    assert call("GET", f"sources/source_{'0' * 26}/", admin).status_code == 404


@pytest.mark.parametrize("scope", ["runs:write", "evidence:read", "scorecards:read", "signoff:write"])
def test_only_an_administrators_token_describes_changes_and_pulls(
    scope: str, call: Call, token_for: Callable[..., str], described: dict[str, Any], logs: Path
) -> None:
    token = token_for("ada", scope)
    body = {"slug": "mine", "kind": "folder", "address": str(logs)}
    assert call("POST", "sources/", token, body).status_code == 403
    assert call("POST", f"sources/{described['id']}/settings/", token, {"enabled": False}).status_code == 403
    assert call("POST", f"sources/{described['id']}/pull/", token).status_code == 403
    assert call("GET", "sources/", token).status_code == (200 if scope == "evidence:read" else 403)
