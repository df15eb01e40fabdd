"""Pages of work that goes on say how far it is, in counts and bytes, and ask again until it is over."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.utils import timezone

from evaluations import blobs, reading_logs
from evaluations.actors import SYSTEM
from evaluations.binding import Binding
from evaluations.models import Checkpoint, EvaluationRun, Job, JobState, LogFile
from scorecard import tasks
from scorecard.models import Scorecard
from tests.adapters import inspect_logs
from tests.web.conftest import Visit
from tests.web.sample_runs import answered, of_atlas

pytestmark = pytest.mark.django_db


def test_a_running_job_shows_its_bytes_and_the_page_asks_again(visit: Visit, logged: EvaluationRun) -> None:
    client = visit("ada")
    assert "every 3s" not in client.get("/jobs/").content.decode()
    job = Job.objects.get(kind="read")
    Job.objects.filter(id=job.id).update(state=JobState.RUNNING, done=312 * 1024, total=500 * 1024)
    Job.objects.create(key="m", kind="measure", state=JobState.RUNNING, done=312, total=500, payload={"run": logged.id})
    html = client.get("/jobs/").content.decode()
    assert "312.0\xa0KB of 500.0\xa0KB read" in html
    assert "312 of 500 samples" in html
    assert f'href="/logs/{logged.log_id}/"' in html
    address = re.search(r'hx-get="([^"]+)" hx-trigger="every 3s"', html)
    assert address is not None
    part = client.get(address[1], headers={"HX-Request": "true"}).content.decode()
    assert "312 of 500 samples" in part
    assert "hx-swap-oob" not in part
    Job.objects.filter(id=job.id).update(state=JobState.FAILED, error="it broke", finished_at=timezone.now())
    part = client.get(address[1]).content.decode()
    assert 'id="jobs-finished" hx-swap-oob="true"' in part
    assert "it broke" in part
    assert Client().get(address[1], headers={"HX-Request": "true"}).status_code == 401


def test_a_log_that_is_being_read_shows_how_far_and_then_what_came_of_it(visit: Visit, card: Scorecard) -> None:
    raw = inspect_logs.as_zip(inspect_logs.log(answered("alpha")))
    binding = Binding(checkpoint="atlas-2-rc1", mitigation="post_mitigation", evaluation="ctf-professional")
    receipt = reading_logs.receive_log(
        blobs.put(raw), len(raw), name="n.eval", format="auto", binding=binding, by=SYSTEM, at=timezone.now(),
        within=of_atlas(),
    )  # fmt: skip
    Job.objects.filter(id=receipt.job.id).update(done=1024, total=2048)
    client = visit("ada")
    html = client.get(f"/logs/{receipt.log.id}/").content.decode()
    assert "1.0\xa0KB of 2.0\xa0KB read." in html
    address = re.search(r'hx-get="([^"]+)" hx-trigger="every 3s"', html)
    assert address is not None
    assert "log-body" not in client.get(address[1]).content.decode()
    tasks.read_log(receipt.job.id)
    assert LogFile.objects.get(id=receipt.log.id).outcomes
    part = client.get(address[1]).content.decode()
    assert 'id="log-body" hx-swap-oob="true"' in part
    assert "The log was read: read." in part
    assert "every 3s" not in part


def test_a_log_of_nobodys_checkpoint_has_a_page_that_does_not_ask_again(visit: Visit, card: Scorecard) -> None:
    assert Checkpoint.objects.count() == 1
    raw = inspect_logs.as_zip(inspect_logs.log(answered("alpha")))
    receipt = reading_logs.receive_log(
        blobs.put(raw), len(raw), name="n.eval", format="auto", binding=Binding(), by=SYSTEM, at=timezone.now(),
        within=of_atlas(),
    )  # fmt: skip
    tasks.read_log(receipt.job.id)
    assert "every 3s" not in visit("ada").get(f"/logs/{receipt.log.id}/").content.decode()
