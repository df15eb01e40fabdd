"""Runs, models, frameworks, ledger, jobs and the overview: each says what it holds, and what to do when it is empty."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from html import unescape

import pytest
from django.utils import timezone

from evaluations.models import EvaluationRun, Job, JobState, WorkerBeat
from scorecard.access import Person
from scorecard.models import Scorecard
from tests.web.conftest import Visit, a_report
from tests.web.journeys import in_review, sealed
from tests.web.test_scorecard_page import words

pytestmark = pytest.mark.django_db
Post = Callable[[bytes], EvaluationRun]


def test_an_empty_overview_gives_the_one_command_that_fills_it(visit: Visit) -> None:
    text = words(visit("ada").get("/").content.decode())
    assert "There is no scorecard yet." in text
    assert "python manage.py demo" in text
    assert "curl -sS $SCORECARD_URL/api/v1/runs/" in text


def test_the_overview_shows_levels_state_gaps_and_what_waits(
    visit: Visit, card: Scorecard, run: EvaluationRun, person: Callable[[str], Person]
) -> None:
    in_review(card, person)
    text = words(visit("chen").get("/").content.decode())
    assert "In review" in text
    assert "sign-off, requested" in text
    assert "not run after mitigation" in text


def test_the_overview_marks_a_stale_card(
    visit: Visit, card: Scorecard, run: EvaluationRun, person: Callable[[str], Person], post: Post
) -> None:
    sealed(card, person)
    post(a_report(run_id="tour", tally={"successes": 40, "trials": 100}))
    text = words(visit("ada").get("/").content.decode())
    assert "Sealed, stale" in text
    assert "evidence now, was Low" in text


def test_a_run_tells_who_posted_it_and_what_was_computed(visit: Visit, run: EvaluationRun, card: Scorecard) -> None:
    text = words(visit("faye").get(f"/runs/{run.id}/").content.decode())
    for part in (run.digest, run.raw_digest, "nightly pipeline", "declared adequate", "13 of 100", str(card)):
        assert part in text
    assert "Worst-case upper bound" in text


def test_a_revision_and_its_former_name_each_other(visit: Visit, run: EvaluationRun, post: Post) -> None:
    newer = post(a_report(tally={"successes": 14, "trials": 100}))
    client = visit("ada")
    assert "Superseded by revision 2" in words(client.get(f"/runs/{run.id}/").content.decode())
    assert "revision 2, supersedes revision 1" in words(client.get(f"/runs/{newer.id}/").content.decode())
    assert run.id not in client.get("/runs/").content.decode()
    assert run.id in client.get("/runs/?superseded=yes").content.decode()


def test_a_run_shows_its_first_samples_and_leads_to_the_others(visit: Visit, card: Scorecard, post: Post) -> None:
    samples = [{"id": f"s{place:03}", "attempt": 1, "score": 1, "status": "scored"} for place in range(120)]
    report = json.loads(a_report(samples=samples, planned_samples=120))
    del report["tally"]
    run = post(json.dumps(report).encode())
    client = visit("ada")
    first = client.get(f"/runs/{run.id}/").content.decode()
    assert "The first 20 of 120 samples." in first
    assert "s019" in first
    assert "s020" not in first
    assert "s119" in client.get(f"/runs/{run.id}/samples/?cursor=100").content.decode()


def test_a_figure_without_n_says_so(visit: Visit, card: Scorecard, post: Post) -> None:
    report = json.loads(a_report(estimate={"value": 0.13}))
    del report["tally"]
    text = words(visit("ada").get(f"/runs/{post(json.dumps(report).encode()).id}/").content.decode())
    assert "n not published" in text
    assert "informs and can never decide" in text


@pytest.mark.parametrize("page", ["0", "-1", "10000000000", "x", "%00"])
def test_a_page_that_does_not_exist_is_the_nearest_that_does(page: str, visit: Visit, run: EvaluationRun) -> None:
    assert visit("ada").get(f"/runs/?page={page}").status_code == 200


def test_runs_are_filtered_by_the_address_and_come_as_csv(visit: Visit, run: EvaluationRun) -> None:
    client = visit("ada")
    assert run.id in client.get("/runs/?checkpoint=atlas-2-rc1").content.decode()
    assert run.id not in client.get("/runs/?checkpoint=elsewhere").content.decode()
    table = client.get("/runs/?format=csv&evaluation=ctf-professional").content.decode()
    assert table.splitlines()[0].startswith("id,checkpoint,evaluation")
    assert run.id in table


@pytest.mark.parametrize("path", ["/runs/run_01J/", "/runs/run_01J/raw", "/models/nobody/", "/frameworks/x/1/"])
def test_what_is_not_there_answers_404(path: str, visit: Visit) -> None:
    assert visit("ada").get(path).status_code == 404


def test_the_framework_reads_as_a_document_with_its_thresholds_marked(visit: Visit, card: Scorecard) -> None:
    text = words(visit("faye").get("/frameworks/preparedness-framework-beta/2023-12-18/").content.decode())
    assert "All numeric thresholds are illustrative." in text
    assert "May be deployed only if the post-mitigation level is Medium or below" in text
    assert card.framework.digest in text


def test_a_checkpoint_shows_its_scorecards_and_what_was_run(visit: Visit, card: Scorecard, run: EvaluationRun) -> None:
    text = words(visit("ada").get("/models/atlas-2-rc1/").content.decode())
    assert str(card) in text
    assert "Post-mitigation" in text


def test_the_audit_log_filters_by_the_address_and_states_the_chain(
    visit: Visit, card: Scorecard, run: EvaluationRun
) -> None:
    client = visit("faye")
    text = words(client.get("/ledger/?kind=run.received").content.decode())
    assert "Chain intact to #" in text
    assert "run.received" in text
    assert "scorecard.opened" not in text
    assert client.get("/ledger/?before=x").status_code == 422


def test_the_audit_log_downloads_its_canonical_envelopes(visit: Visit, run: EvaluationRun) -> None:
    answer = visit("faye").get("/ledger/entries.jsonl?kind=run.received")
    lines = [json.loads(line) for line in b"".join(answer.streaming_content).splitlines()]  # type: ignore[attr-defined]
    assert [line["envelope"]["kind"] for line in lines] == ["run.received"]


def test_jobs_say_that_no_worker_is_running_and_how_to_start_one(visit: Visit) -> None:
    client = visit("ada")
    assert "No worker is running – start one with" in words(client.get("/jobs/").content.decode())
    WorkerBeat.objects.create(name="worker@one", at=timezone.now() - timedelta(seconds=1))
    assert "No worker is running" not in client.get("/jobs/").content.decode()


def test_a_failed_job_shows_its_error_and_can_be_retried_by_the_team(visit: Visit, run: EvaluationRun) -> None:
    job = Job.objects.create(key="broken", kind="measure", payload={"run": run.id})
    Job.objects.filter(id=job.id).update(state=JobState.FAILED, error="ValueError: <b>no</b>", attempts=3)
    text = visit("faye").get("/jobs/").content.decode()
    assert "ValueError: &lt;b&gt;no&lt;/b&gt;" in text
    assert visit("faye").post(f"/jobs/{job.id}/retry/").status_code == 403
    assert visit("ada").get(f"/jobs/{job.id}/retry/").status_code == 302
    assert visit("ada").post(f"/jobs/{job.id}/retry/", follow=True).status_code == 200
    job.refresh_from_db()
    assert job.state == JobState.QUEUED
    assert visit("ada").post(f"/jobs/{job.id}/retry/").status_code == 409
    assert visit("ada").post("/jobs/job_none/retry/").status_code == 404


def test_an_evaluation_that_no_framework_lists_is_named_on_its_run_with_the_nearest_one(
    card: Scorecard, visit: Visit, post: Callable[[bytes], EvaluationRun]
) -> None:
    run = post(a_report(evaluation={"slug": "ctf-profesional"}))
    text = words(visit("ada").get(f"/runs/{run.id}/").content.decode())
    assert "Sets no level. No framework lists the evaluation" in text
    assert "Did you mean 'ctf-professional'?" in unescape(text)
    known = post(a_report(run_id="other"))
    assert "Sets no level" not in words(visit("ada").get(f"/runs/{known.id}/").content.decode())


def test_a_published_share_that_no_count_gives_is_named_beside_its_interval(
    card: Scorecard, visit: Visit, post: Callable[[bytes], EvaluationRun]
) -> None:
    figure = {
        "unit": "percent",
        "estimate": {"value": 17, "trials": 10},
        "reported": {"value": "17", "unit": "percent"},
    }
    report = json.loads(a_report(**figure))
    for name in ("tally", "planned_samples"):
        del report[name]
    run = post(json.dumps(report).encode())
    text = words(visit("ada").get(f"/runs/{run.id}/").content.decode())
    assert "No whole number of 10 gives 17" in text
    assert "17 percent, n = 10" in text


def test_longer_addresses_of_a_model_and_a_card_lead_to_their_pages(card: Scorecard, visit: Visit) -> None:
    client = visit("ada")
    assert client.get("/models/atlas-2/atlas-2-rc1/").headers["Location"] == "/models/atlas-2-rc1/"
    assert client.get("/models/atlas-2/").headers["Location"] == "/models/?subject=atlas-2"
    assert client.get("/models/atlas-2/nothing/").status_code == 404
    assert client.get(f"/scorecards/{card.number}/").headers["Location"] == f"/scorecards/{card.number}/v1/"
