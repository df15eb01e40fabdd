"""The pages of sources: what was pulled when, why something was not, and the button."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.utils import timezone

from evaluations.models import Job, Source
from evaluations.pulling.taking import pull
from scorecard import tasks
from scorecard.models import Programme
from tests.pulling.conftest import MakeSource
from tests.web.conftest import Visit, _plain_pages, visit

__all__ = ["_plain_pages", "visit"]
NOW = timezone.now()


@pytest.fixture
def source(source_of: MakeSource, programme: Programme, tmp_path_factory: pytest.TempPathFactory) -> Source:
    place: Path = tmp_path_factory.mktemp("logs")
    (place / "<b>a.eval").write_text("x")
    (place / "empty.eval").write_text("")
    made = source_of("folder", str(place), settle_seconds=0, schedule_seconds=60, slug="nightly")
    Source.objects.filter(id=made.id).update(programme=programme.id)
    return Source.objects.get(id=made.id)


def test_the_list_shows_each_source_and_how_its_last_pull_went(visit: Visit, source: Source) -> None:
    before = visit("faye").get("/sources/").content.decode()
    assert "nightly" in before
    pull(source, at=timezone.now(), asked_by="Ada")
    after = visit("faye").get("/sources/").content.decode()
    assert "1 new, 1 not taken" in after
    assert '<a href="/sources/" aria-current="true">' in after


def test_the_list_without_a_source_says_how_to_make_one(visit: Visit) -> None:
    assert "POST /api/v1/sources/" in visit("faye").get("/sources/").content.decode()


def test_a_source_shows_what_was_taken_and_why_something_was_not(visit: Visit, source: Source) -> None:
    pull(source, at=timezone.now(), asked_by="Ada")
    html = visit("faye").get("/sources/nightly/").content.decode()
    assert "&lt;b&gt;a.eval" in html
    assert "<b>a.eval" not in html
    assert "It has no byte." in html
    assert "asked for by Ada" in html


def test_a_failing_source_says_when_it_is_tried_again(visit: Visit, source: Source) -> None:
    Source.objects.update(address=f"{source.address}/gone")
    source.refresh_from_db()
    pull(source, at=timezone.now())
    html = visit("faye").get("/sources/nightly/").content.decode()
    assert "The last 1 pull failed." in html
    assert "The folder cannot be opened" in html


def test_a_missing_secret_is_shown_by_its_name_only(visit: Visit, source: Source, monkeypatch) -> None:
    Source.objects.update(secret_env="SCORECARD_SECRET_X")
    monkeypatch.delenv("SCORECARD_SECRET_X", raising=False)
    assert "which is not set here" in visit("faye").get("/sources/nightly/").content.decode()
    monkeypatch.setenv("SCORECARD_SECRET_X", "hidden-value")
    html = visit("faye").get("/sources/nightly/").content.decode()
    assert "SCORECARD_SECRET_X" in html
    assert "hidden-value" not in html


def test_the_button_asks_for_a_pull_in_the_persons_name(visit: Visit, source: Source) -> None:
    answer = visit("ada").post("/sources/nightly/pull/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/sources/nightly/")
    job = Job.objects.get(kind="pull")
    tasks.pull_source(job.id)
    assert source.attempts.get().asked_by == job.payload["asked_by"] != ""


def test_who_may_not_pull_is_told_so(visit: Visit, source: Source) -> None:
    client = visit("faye")
    assert "<button disabled>Pull now</button>" in client.get("/sources/nightly/").content.decode()
    assert client.post("/sources/nightly/pull/").status_code == 403
    assert not Job.objects.filter(kind="pull").exists()


def test_a_disabled_source_cannot_be_pulled_from(visit: Visit, source: Source) -> None:
    Source.objects.update(enabled=False)
    assert visit("ada").post("/sources/nightly/pull/").status_code == 409


def test_an_unknown_source_is_not_found_and_a_visitor_signs_in_first(visit: Visit, client) -> None:
    assert visit("ada").get("/sources/nothing/").status_code == 404
    assert client.get("/sources/").headers["Location"].startswith("/sign-in/")
    assert visit("ada").get("/sources/nothing/pull/").status_code == 404
