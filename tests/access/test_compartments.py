"""Without a clearance the evidence of a compartment does not exist: no page, count, file, error or word tells of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from evaluations.models import EvaluationRun, Job
from scorecard.models import Clearance, Compartment, Scorecard, User
from scorecard.queries import working_snapshot
from scorecard.snapshot import canonical
from tests.access.conftest import a_report, page_of
from tests.access.world import OPEN, PROBE
from tests.conftest import drain

Visit = Callable[[User | str], Client]
Clear = Callable[..., Clearance]


def pages_of(card: Scorecard) -> list[str]:
    base = f"/scorecards/{card.number}/v{card.version}/"
    return [
        "/", "/runs/", "/runs/?format=csv", "/logs/", "/jobs/", "/jobs/live/", "/models/", "/models/atlas-2-rc1/",
        "/sources/", "/evidence/", "/ledger/", "/ledger/entries.jsonl", "/reviews/", base, f"{base}live/",
        f"{base}history/", f"{base}review/",
    ]  # fmt: skip


def body_of(answer: Any) -> str:
    return (b"".join(answer.streaming_content) if answer.streaming else answer.content).decode()


def test_no_page_tells_an_uncleared_reader_of_the_run(
    cbrn: Compartment, probe: EvaluationRun, card: Scorecard, visit: Visit
) -> None:
    for path in pages_of(card):
        text = body_of(visit("faye").get(path))
        assert probe.id not in text, path
        assert probe.id[:14] not in text, path
        assert PROBE not in text, path
        assert probe.digest not in text, path


def test_what_names_the_run_answers_as_if_there_were_none(
    cbrn: Compartment, probe: EvaluationRun, open_run: EvaluationRun, card: Scorecard, visit: Visit
) -> None:
    client, base = visit("faye"), f"/scorecards/{card.number}/v{card.version}/"
    nothing = probe.id[:-1] + ("0" if probe.id[-1] != "0" else "1")
    for path in (
        "/runs/{}/",
        "/runs/{}/raw",
        "/runs/{}/samples/",
        "/runs/{}/sample/?id=a",
        f"/runs/compare/?a={{}}&b={open_run.id}",
    ):
        hidden, missing = client.get(path.format(probe.id)), client.get(path.format(nothing))
        assert (hidden.status_code, missing.status_code) == (404, 404), path
        assert page_of(hidden) == page_of(missing), path
    assert page_of(client.get(f"{base}cbrn/")) == page_of(client.get(f"{base}no-such-category/"))
    for path in ("document.pdf", "bundle.zip", "scorecard.json", "evidence.csv"):
        assert client.get(f"{base}{path}").status_code == 404, path


def test_counts_leave_the_compartment_out(
    cbrn: Compartment, probe: EvaluationRun, open_run: EvaluationRun, visit: Visit, cleared: Clear
) -> None:
    assert "1 runs." in visit("faye").get("/runs/").content.decode()
    jobs = visit("faye").get("/jobs/").context["counts"]
    cleared("faye")
    assert "2 runs." in visit("faye").get("/runs/").content.decode()
    more = visit("faye").get("/jobs/").context["counts"]
    assert dict(more)["Done"] > dict(jobs)["Done"]


def test_a_cleared_reader_sees_everything_and_only_until_the_clearance_ends(
    cbrn: Compartment, probe: EvaluationRun, card: Scorecard, visit: Visit, cleared: Clear
) -> None:
    clearance = cleared("faye")
    page, category = f"/runs/{probe.id}/", f"/scorecards/{card.number}/v{card.version}/cbrn/"
    client = visit("faye")
    assert client.get(page).status_code == client.get(category).status_code == 200
    Clearance.objects.filter(id=clearance.id).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert client.get(page).status_code == client.get(category).status_code == 404


def test_a_revoked_clearance_acts_on_the_next_request(
    cbrn: Compartment, probe: EvaluationRun, visit: Visit, cleared: Clear
) -> None:
    clearance = cleared("faye")
    assert visit("faye").get(f"/runs/{probe.id}/").status_code == 200
    assert visit("gil").post(f"/access/clearances/{clearance.id}/end/", {"reason": "left the team"}).status_code == 302
    assert visit("faye").get(f"/runs/{probe.id}/").status_code == 404


def test_the_card_keeps_its_levels_and_says_that_evidence_is_withheld(
    cbrn: Compartment, probe: EvaluationRun, card: Scorecard, visit: Visit
) -> None:
    text = visit("faye").get(f"/scorecards/{card.number}/v{card.version}/").content.decode()
    assert "in a compartment that you are not cleared for" in text
    assert f"/scorecards/{card.number}/v{card.version}/cbrn/" not in text
    assert f"/scorecards/{card.number}/v{card.version}/cybersecurity/" in text


def test_a_token_sees_no_compartment_even_of_a_cleared_person(
    cbrn: Compartment, probe: EvaluationRun, open_run: EvaluationRun, card: Scorecard, cleared: Clear,
    api: Callable[..., Any], cast: dict[str, User],
) -> None:  # fmt: skip
    cleared("faye")
    call = api(cast["faye"], "evidence:read", "scorecards:read")
    assert [row["id"] for row in call("GET", "runs/").json()["results"]] == [open_run.id]
    for path in (
        f"runs/{probe.id}/",
        f"runs/{probe.id}/raw",
        f"runs/{probe.id}/samples/",
        f"scorecards/{card.id}/bundle.zip",
    ):
        assert call("GET", path).status_code == 404, path
    document = call("GET", f"scorecards/{card.id}/").json()
    sides = {row["category"]: row["post_mitigation"] for row in document["categories"]}
    assert sides["cbrn"]["levels"] == sides["cbrn"]["derivation"] == []
    assert sides["cybersecurity"]["levels"]
    assert PROBE not in json.dumps(document)
    assert PROBE not in [row["slug"] for row in call("GET", "evaluations/").json()["results"]]
    text = call("GET", "ledger/entries/?format=jsonl").content.decode() + call("GET", "jobs/").content.decode()
    assert PROBE not in text
    assert probe.id not in text


def test_a_pipeline_posts_into_the_compartment_and_follows_its_own_job_only(
    cbrn: Compartment, card: Scorecard, api: Callable[..., Any], cast: dict[str, User]
) -> None:
    mine, others = api(cast["ada"], "runs:write"), api(cast["ada"], "runs:write", "evidence:read")
    answer = mine("POST", "runs/", a_report(PROBE))
    assert answer.status_code == 202
    drain()
    assert mine("GET", answer.json()["job"].removeprefix("/api/v1/")).json()["state"] == "done"
    assert others("GET", answer.json()["job"].removeprefix("/api/v1/")).status_code == 404
    assert others("GET", f"runs/{answer.json()['id']}/").status_code == 404


def test_an_evaluation_that_no_framework_places_is_hidden_until_one_does(
    cbrn: Compartment, card: Scorecard, post: Callable[[bytes], EvaluationRun], visit: Visit, cleared: Clear
) -> None:
    run = post(a_report("toxin-synthesis-draft"))
    assert visit("faye").get(f"/runs/{run.id}/").status_code == 404
    cleared("faye")
    assert visit("faye").get(f"/runs/{run.id}/").status_code == 200


def test_without_a_compartment_every_reader_sees_the_same_runs(
    probe: EvaluationRun, open_run: EvaluationRun, visit: Visit
) -> None:
    for name in ("ada", "bo", "chen", "dana", "eli", "faye", "gil"):
        assert visit(name).get(f"/runs/{probe.id}/").status_code == 200, name


def test_nobody_signs_or_determines_what_they_may_not_see(
    cbrn: Compartment, probe: EvaluationRun, card: Scorecard, api: Callable[..., Any], cast: dict[str, User]
) -> None:
    newest = card.assessments.filter(category="cbrn", mitigation="post_mitigation").latest("id")
    body = {
        "category": "cbrn",
        "mitigation": "post_mitigation",
        "level": "medium",
        "rationale": "Judged on the whole of the evidence.",
        "seen": newest.digest,
    }
    answer = api(cast["ada"], "signoff:write")(
        "POST", f"scorecards/{card.id}/determinations/", json.dumps(body).encode()
    )
    assert answer.status_code == 404
    assert not card.determinations.exists()


def test_a_stale_reason_names_no_hidden_run(
    cbrn: Compartment, probe: EvaluationRun, card: Scorecard, visit: Visit, cleared: Clear
) -> None:
    snapshot, _ = canonical(working_snapshot(card))
    card.stale, card.state, card.digest, card.snapshot = True, "sealed", "sha256:x", snapshot
    card.stale_reasons = [{"at": "2026-01-01T00:00:00Z", "run": probe.id, "words": f"New evidence: {PROBE}."}]
    card.save()
    path = f"/scorecards/{card.number}/v{card.version}/"
    assert "Evidence in a compartment changed." in visit("faye").get(path).content.decode()
    cleared("chen")
    assert f"New evidence: {PROBE}." in visit("chen").get(path).content.decode()


def test_a_job_about_a_hidden_run_is_nobodys_to_retry(
    cbrn: Compartment, probe: EvaluationRun, visit: Visit, cleared: Clear
) -> None:
    job = Job.objects.get(kind="measure", about=probe.id)
    Job.objects.filter(id=job.id).update(state="failed")
    assert visit("ada").post(f"/jobs/{job.id}/retry/").status_code == 404
    cleared("ada")
    assert visit("ada").post(f"/jobs/{job.id}/retry/").status_code == 302


@pytest.mark.parametrize("mode", ["page", "api"])
def test_hidden_ledger_entries_keep_place_and_hash_and_a_filter_does_not_find_them(
    cbrn: Compartment, probe: EvaluationRun, open_run: EvaluationRun, visit: Visit, api: Callable[..., Any],
    cast: dict[str, User], mode: str,
) -> None:  # fmt: skip
    if mode == "page":
        rows = [json.loads(line) for line in body_of(visit("faye").get("/ledger/entries.jsonl")).splitlines()]
        hidden = [row for row in rows if sorted(row) == ["leaf", "seq"]]
        found = body_of(visit("faye").get(f"/ledger/entries.jsonl?subject={probe.id}"))
    else:
        call = api(cast["faye"], "scorecards:read")
        rows = call("GET", "ledger/entries/?limit=200").json()["results"]
        hidden = [row for row in rows if "withheld" in row]
        found = "".join(json.dumps(row) for row in call("GET", f"ledger/entries/?subject={probe.id}").json()["results"])
    assert hidden
    assert found == ""
    assert len(rows) > len(hidden)
    assert OPEN in json.dumps(rows)
