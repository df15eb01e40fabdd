"""Calls of every address with real objects, each undone afterwards; what the tests of the table share."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from typing import Any

from django.conf import settings as installed
from django.db import transaction
from django.test import Client
from django.utils import timezone

from evaluations.models import LogFile, Upload
from scorecard.models import ApiToken, User
from tests.access.table import Route, Row
from tests.access.world import OPEN, REASON, World
from tests.conftest import PASSWORD

SIGNERS = {"advisory_member", "advisory_chair", "leadership", "board"}
SAFEGUARD = {"name": "Classifier", "summary": "Stops requests.", "threat_actor": "malicious user", "reason": REASON}
SESSIONS: dict[int, str] = {}
"""Person (primary key) -> the cookie of their session."""


def signed_in(who: User) -> str:
    """Return the cookie of a session with a fresh proof of who it is."""
    client = Client()
    client.force_login(who)
    session = client.session
    proof = {"method": "password", "at": time.time(), "reauthenticated": True}
    session["account_authentication_methods"] = [proof]
    session["account_authentication_methods_user"] = str(who.pk)
    session.save()
    return client.cookies[installed.SESSION_COOKIE_NAME].value


def addressed(template: str, world: World) -> str:
    """Return an address of a real object; a card in review for what is done in review."""
    known = world.objects
    card = known["review"] if "/review/" in template else known["card"]
    said = {
        "number": card.number, "version": card.version, "category": known["category"], "run": known["run"],
        "log": known["log"], "document": known["evidence"], "job": known["job"], "clearance": known["clearance"],
        "membership": known["membership"], "proposal": known["proposal"].id, "token": known["token"],
        "pk": known["passkey"], "name": known["checkpoint"], "subject": known["subject"], "slug": known["source_slug"],
        "provider": "none", "evidence": known["evidence"], "source": known["source"], "upload": known["upload"],
        "framework": known["framework"].id, "kind": "scorecard.json", "forecast": known["forecast"],
        "invocation": known["invocation"], "safeguard": known["safeguard"],
        "applicability": known["applicability"], "change": known["change"],
    }  # fmt: skip
    if template.startswith("/frameworks/"):
        said |= {"slug": known["framework"].slug, "version": known["framework"].version}
        said |= {"other": known["framework"].version, "proposal": known["amendment"].id}
    if template.startswith("/account/absent/"):
        said["name"] = "account_signup"
    if template.startswith(("/invitations/", "/recovery/")):
        said["secret"] = world.secrets["invitation" if template.startswith("/inv") else "recovery"]
    if template.startswith("scorecards/"):
        return template.format(**said | {"name": (known["review"] if "sign" in template else card).id})
    if template.startswith("uploads/"):
        said["number"] = 1
    found = template.format(**said)
    if template in ("/runs/{run}/sample/", "runs/{run}/sample"):
        return f"{found}?id=alpha&attempt=1"
    if template.endswith("runs/compare/") or template == "runs/compare":
        return f"{found}?a={known['run']}&b={known['run']}"
    return found


def form_of(row: Row, world: World, name: str) -> dict[str, Any]:
    """Return a form that reaches the rule which decides: it is complete as far as access goes."""
    known = world.objects
    form = {
        "seen": "sha256:x",
        "reason": REASON,
        "person": known["spare"].username,
        "id": "alpha",
        "attempt": "1",
        "identity": known["identities"].get(name, ""),
    }
    if row.path.endswith("/holds/"):
        return {**form, "deed": "withdraw", "id": known["change"]}
    if row.path.startswith("/safeguards/"):
        told = {"name": "Classifier", "summary": "Stops requests.", "threat_actor": "malicious user", "slug": "another"}
        return {**form, **told, "subject": known["subject"]}
    if row.path.endswith("/outlook/forecast/"):
        day = (timezone.now() + timedelta(days=90)).date().isoformat()
        return {"category": known["category"], "level": "high", "by_day": day, "basis": REASON}
    if row.path.endswith("sign/"):
        role = name if name in SIGNERS else "leadership"
        return {**form, "as": f"{role}:reviewed", "seen": known["review"].digest, "password": PASSWORD}
    if row.path.endswith("decline/"):
        return {**form, "seen": known["review"].digest, "password": PASSWORD}
    if row.path.endswith("propose/"):
        more = {"person": known["spare"].person_id, "compartment": "inner", "days": "3", "role": "auditor"}
        return {**form, **more, "username": known["spare"].username}
    if row.path.startswith("/access/proposals/"):
        return {**form, "verdict": "confirm", "seen": known["proposal"].digest}
    if row.path == "/people/revoke/":
        return {"invitation": known["invitation"]}
    return form


def visited(row: Row, world: World, who: User | None, name: str = "") -> Any:
    """Call the row's address as somebody, and undo whatever came of it."""
    client = Client(raise_request_exception=False)
    if who is not None:
        client.cookies[installed.SESSION_COOKIE_NAME] = SESSIONS[who.pk]
    place = addressed(row.path, world)
    with transaction.atomic():
        answer: Any = client.get(place) if row.method == "GET" else client.post(place, form_of(row, world, name))
        b"".join(answer.streaming_content) if answer.streaming else None
        answer.close()
        transaction.set_rollback(True)
    return answer


def body_of(route: Route, world: World, name: str) -> bytes:
    """Return a body that reaches the rule which decides."""
    known = world.objects
    seen, proof = {"seen": known["review"].digest}, {"password": PASSWORD}
    bodies: dict[str, dict[str, Any]] = {
        "determinations": {
            "category": known["category"], "mitigation": "post_mitigation", "level": "low", "rationale": REASON,
            "seen": "x",
        },
        "request": seen, "seal": seen, "reopen": {"reason": REASON}, "revoke": {"reason": REASON, **proof},
        "decline": {**seen, **proof, "reason": REASON},
        "signatures": {**seen, **proof, "role": name if name in SIGNERS else "leadership", "meaning": "reviewed"},
        "applicability": {
            "from_checkpoint": known["checkpoint"], "to_checkpoint": known["checkpoint"], "rationale": REASON,
            "limits": REASON,
        },
        "plans": {
            "checkpoint": known["checkpoint"], "framework": known["framework"].slug, "stopping_rule": REASON,
            "reason": REASON, "items": [{"evaluation": OPEN, "metric": "m", "mitigation": "post_mitigation"}],
        },
        "changes": {
            "checkpoint": known["checkpoint"], "kind": "tools", "happened_at": "2026-03-01T12:00:00Z", "words": REASON,
        },
        "forecasts": {
            "category": known["category"], "level": "high", "basis": REASON,
            "by_day": (timezone.now() + timedelta(days=90)).date().isoformat(),
        },
        "mitigations": {**SAFEGUARD, "subject": known["subject"], "slug": "another"}, "versions": SAFEGUARD,
        "withdraw": {"reason": REASON}, "exceptions": {"clause": "marginal_risk", "grounds": {}},
        "scorecards": {"checkpoint": known["checkpoint"], "framework": known["framework"].slug, "title": "Another"},
    }  # fmt: skip
    return b"" if route.method == "GET" else json.dumps(bodies.get(route.path.rsplit("/", 1)[-1], {})).encode()


def called(route: Route, world: World, name: str, secret: str, *, own: bool = True) -> Any:
    """Call a route with a token, as what it posted itself if `own`, and undo whatever came of it."""
    with transaction.atomic():
        if route.which and own:
            token = ApiToken.objects.get(prefix=secret.split("_")[1])
            Upload.objects.filter(id=world.objects["upload"]).update(owner=token.id)
            LogFile.objects.filter(id=world.objects["log"]).update(actor_id=token.id)
        client = Client(raise_request_exception=False, headers={"Authorization": f"Bearer {secret}"})
        place = f"/api/v1/{addressed(route.path, world)}"
        answer: Any = client.generic(route.method, place, body_of(route, world, name), content_type="application/json")
        b"".join(answer.streaming_content) if answer.streaming else None
        transaction.set_rollback(True)
    assert answer.status_code < 500 or answer.status_code == 503, answer.content
    return answer


def browser(person: User | None) -> Client:
    """Return a browser in which the person is signed in."""
    client = Client(raise_request_exception=False)
    if person is not None:
        client.cookies[installed.SESSION_COOKIE_NAME] = SESSIONS[person.pk]
    return client


def pipe(secret: str) -> Client:
    """Return a client that sends the token."""
    return Client(raise_request_exception=False, headers={"Authorization": f"Bearer {secret}"})
