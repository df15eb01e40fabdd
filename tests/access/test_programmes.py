"""Who has no role in a programme finds nothing of it, whatever they hold elsewhere, and cannot write into it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django.test import Client

from evaluations.models import Checkpoint, EvaluationRun, LogFile, Source, Subject
from scorecard.models import Applicability, Membership, Scorecard, User
from tests.access.conftest import a_report, page_of
from tests.access.test_compartments import body_of, pages_of
from tests.access.world import OPEN

Visit = Callable[[User | str], Client]


def test_a_stranger_finds_nothing_on_any_page(
    stranger: User, open_run: EvaluationRun, card: Scorecard, visit: Visit
) -> None:
    client = visit(stranger)
    for path in pages_of(card):
        text = body_of(client.get(path))
        for word in (open_run.id, "atlas-2", card.id, card.title):
            assert word not in text, (path, word)


def test_an_object_of_another_programme_is_as_missing_as_one_that_never_was(
    stranger: User, open_run: EvaluationRun, card: Scorecard, visit: Visit
) -> None:
    client = visit(stranger)
    base = f"/scorecards/{card.number}/v{card.version}/"
    never = f"/scorecards/PSC-1999-9999/v{card.version}/"
    assert page_of(client.get(base)) == page_of(client.get(never))
    assert page_of(client.get("/models/atlas-2-rc1/")) == page_of(client.get("/models/nothing/"))
    assert client.get(f"/runs/{open_run.id}/").status_code == 404
    for path in ("review/sign/", "review/seal/", "review/request/", "cybersecurity/determine/"):
        assert client.post(f"{base}{path}", {"seen": "x"}).status_code == 404, path


def test_a_strangers_token_reads_nothing_of_it(
    stranger: User, open_run: EvaluationRun, card: Scorecard, api: Callable[..., Any]
) -> None:
    call = api(stranger, "evidence:read", "scorecards:read")
    for path in ("runs/", "logs/", "jobs/", "scorecards/", "sources/", "evidence/"):
        assert call("GET", path).json()["results"] == [], path
    assert [row["slug"] for row in call("GET", "subjects/").json()["results"]] == ["zenith"]
    assert [row["name"] for row in call("GET", "checkpoints/").json()["results"]] == ["zenith-1"]
    for path in (f"runs/{open_run.id}/", f"scorecards/{card.id}/", f"scorecards/{card.number}/bundle.zip"):
        assert call("GET", path).status_code == 404, path
    known, unknown = (
        call("GET", f"gate/?checkpoint={name}&action=deploy").json() for name in ("atlas-2-rc1", "nothing")
    )
    assert known["reasons"] == ["The checkpoint 'atlas-2-rc1' is not known here."]
    assert known["decision"] == unknown["decision"] == "deny"


def test_a_stranger_posts_nothing_onto_a_checkpoint_of_another_programme(
    stranger: User, card: Scorecard, api: Callable[..., Any]
) -> None:
    call = api(stranger, "runs:write")
    answer = call("POST", "runs/", a_report(OPEN))
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["code"] == "unknown-subject"
    assert not EvaluationRun.objects.exists()
    bound = call("POST", "logs/?checkpoint=atlas-2-rc1", b"anything")
    assert bound.status_code == 422
    assert not LogFile.objects.exists()
    unsaid = call(
        "POST",
        "uploads/",
        json.dumps({"digest": f"sha256:{'0' * 64}", "bytes": 5, "checkpoint": "atlas-2-rc1"}).encode(),
    )
    assert unsaid.status_code == 422


def test_a_log_of_another_programme_binds_to_no_checkpoint_here(stranger: User, card: Scorecard) -> None:
    from evaluations.binding import checkpoint_for
    from evaluations.logs.found import FoundRun
    from evaluations.reach import EVERYWHERE, Reach

    found = FoundRun(model="atlas-2-rc1", evaluation="x", metric="accuracy", source="test")
    theirs = stranger.memberships.first()
    assert theirs is not None
    assert checkpoint_for(found, {}, Reach(theirs.programme_id)) is None
    assert checkpoint_for(found, {}, EVERYWHERE) is not None


def test_a_taken_name_is_refused_without_saying_whose_it_is(
    stranger: User, card: Scorecard, api: Callable[..., Any]
) -> None:
    call = api(stranger, "admin")
    answers = [
        call("POST", "subjects/", json.dumps({"slug": "atlas-2", "name": "Mine"}).encode()),
        call("POST", "checkpoints/", json.dumps({"subject": "zenith", "name": "atlas-2-rc1"}).encode()),
    ]
    for answer in answers:
        assert answer.status_code == 409
        assert "taken" in answer.json()["detail"]
        assert "Atlas 2" not in answer.content.decode()
    assert call("POST", "checkpoints/", json.dumps({"subject": "atlas-2", "name": "new"}).encode()).status_code == 404
    assert Subject.objects.get(slug="atlas-2").name == "Atlas 2 (fictional)"
    assert Checkpoint.objects.count() == 2


def test_a_source_belongs_to_the_programme_that_described_it(
    stranger: User, cast: dict[str, User], card: Scorecard, api: Callable[..., Any], visit: Visit
) -> None:
    body = json.dumps({"slug": "nightly", "kind": "feed", "address": "https://example.org/feed.json"}).encode()
    mine, theirs = api(cast["gil"], "admin", "evidence:read"), api(stranger, "admin", "evidence:read")
    made = mine("POST", "sources/", body)
    assert made.status_code == 201
    assert theirs("GET", f"sources/{made.json()['id']}/").status_code == 404
    assert theirs("POST", f"sources/{made.json()['id']}/pull/").status_code == 404
    assert theirs("POST", "sources/", body).status_code == 422
    assert visit(stranger).get("/sources/nightly/").status_code == 404
    assert visit("gil").get("/sources/nightly/").status_code == 200
    assert Source.objects.get().programme == card.programme_id


def test_a_role_counts_only_in_its_programme(stranger: User, card: Scorecard, visit: Visit) -> None:
    Membership.objects.create(person=stranger, programme=card.programme, role="auditor")
    client = visit(stranger)
    base = f"/scorecards/{card.number}/v{card.version}/"
    assert client.get(base).status_code == 200
    answer = client.post(f"{base}review/request/", {"seen": "x"})
    assert answer.status_code == 403
    assert not Applicability.objects.exists()


def test_a_role_that_ended_by_itself_opens_nothing(card: Scorecard, cast: dict[str, User], visit: Visit) -> None:
    from datetime import timedelta

    from django.utils import timezone

    page = f"/scorecards/{card.number}/v{card.version}/"
    assert visit("faye").get(page).status_code == 200
    Membership.objects.filter(person=cast["faye"]).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert visit("faye").get(page).status_code == 404
