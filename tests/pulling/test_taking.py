"""One pull as a job: claimed once, fenced at every item, taken once however often or by however many it is done."""

from __future__ import annotations

import threading
from collections.abc import Generator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from evaluations import jobs
from evaluations.models import Checkpoint, Job, LogFile, Pull, PulledItem, Source, Subject
from evaluations.pulling import kinds, scheduling, taking
from evaluations.pulling.offers import Item, PassedOver, PullFailed, at_once
from evaluations.pulling.registering import Settings, change, register
from evaluations.pulling.taking import pull
from scorecard import tasks
from scorecard.models.ledger import LedgerEntry
from tests.pulling.conftest import MakeSource

NOW = timezone.now()


def item(key: str, data: bytes = b"log", fingerprint: str = "v1", **facts: Any) -> Item:
    return Item(key, fingerprint, f"{key}.json", lambda: at_once(data), **facts)


def broken(key: str, failure: Exception) -> Item:
    def fetch():
        yield b"half"
        raise failure

    return Item(key, "v1", key, fetch)


@pytest.fixture
def offering(source_of: MakeSource, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch):
    """Describe a source that offers what is given: `offering(item("a"), item("b"))`."""

    def described(*offers: Any, **said: Any) -> Source:
        def items(visit: Any) -> Generator[Any, None, None]:
            for offer in offers:
                if isinstance(offer, Exception):
                    raise offer
                yield offer

        kind = kinds.KINDS["folder"]
        monkeypatch.setitem(kinds.KINDS, "folder", kinds.Kind(kind.options, items, kind.refused))
        place = str(tmp_path_factory.getbasetemp())
        known = Source.objects.filter(slug="given").first()
        return known or source_of("folder", f"{place}/nothing", slug="given", **said)

    return described


def run_the_job(job: Job) -> Job:
    tasks.pull_source(job.id)
    job.refresh_from_db()
    return job


def test_a_pull_by_a_job_is_written_down_with_who_asked(offering) -> None:
    source = offering(item("a", b"a"), PassedOver("b", "not-settled", "later"))
    job = run_the_job(scheduling.ask(source, cause="demand", asked_by="Ada"))
    done = Pull.objects.get()
    assert (job.state, done.state, done.job, done.asked_by) == ("done", "done", job.id, "Ada")
    assert (done.found, done.new, done.skipped) == (2, 1, 1)
    assert (job.done, job.total) == (1, 1)
    source.refresh_from_db()
    assert (source.pulls, source.failures, source.last_pull_at) == (1, 0, done.finished_at)


def test_a_job_delivered_twice_pulls_once(offering) -> None:
    source = offering(item("a"))
    job = scheduling.ask(source, cause="demand")
    run_the_job(job)
    run_the_job(job)
    assert (Pull.objects.count(), LogFile.objects.count()) == (1, 1)


def test_two_who_ask_get_the_same_job_until_it_is_done(offering) -> None:
    source = offering(item("a"))
    first, second = scheduling.ask(source, cause="schedule"), scheduling.ask(source, cause="demand", asked_by="Ada")
    assert first.id == second.id
    first.refresh_from_db()
    assert first.payload["asked_by"] == "Ada"
    run_the_job(first)
    assert scheduling.ask(source, cause="demand").id != first.id


def test_the_failure_of_one_item_stops_no_other_and_is_kept_with_its_reason(offering, data_dir: Path) -> None:
    failure = PullFailed("unreachable", "The connection failed.", remedy="Check the server.")
    done = pull(offering(item("a", b"a"), broken("b", failure), item("c", b"c")), at=NOW)
    assert (done.state, done.new, done.failed) == ("partly", 2, 1)
    row = PulledItem.objects.get(state="failed")
    assert (row.key, row.error, row.remedy, row.tries) == ("b", failure.detail, failure.remedy, 1)
    assert not list((data_dir / "blobs").glob("incoming-*"))


def test_what_was_offered_before_the_source_failed_is_taken(offering) -> None:
    done = pull(offering(item("a"), PullFailed("unreachable", "It broke off.")), at=NOW)
    assert (done.state, done.error, done.new) == ("failed", "It broke off.", 1)


def test_an_unforeseen_error_of_one_pull_is_the_jobs_and_leaves_what_was_taken(offering) -> None:
    source = offering(item("a", b"a"), broken("b", OSError(28, "No space left on device")), item("c", b"c"))
    job = run_the_job(scheduling.ask(source, cause="demand"))
    assert (job.state, LogFile.objects.count()) == ("queued", 1)
    assert "No space left" in job.error
    offering(item("a", b"a"), item("b", b"b"), item("c", b"c"))
    job = run_the_job(job)
    assert (job.state, LogFile.objects.count()) == ("done", 3)
    assert list(Pull.objects.order_by("id").values_list("state", "new")) == [("interrupted", 0), ("done", 2)]


def test_who_lost_the_lease_can_take_nothing_more(offering) -> None:
    source = offering()
    job = scheduling.ask(source, cause="demand")

    def stolen():
        Job.objects.filter(id=job.id).update(lease_token="lease_of_another")
        yield b"late"

    offering(item("a", b"a"), Item("b", "v1", "b", stolen), item("c", b"c"))
    run_the_job(job)
    assert set(PulledItem.objects.values_list("key", flat=True)) == {"a"}
    assert LogFile.objects.count() == 1
    assert Job.objects.get(id=job.id).lease_token == "lease_of_another"
    assert not LedgerEntry.objects.filter(kind="source.pulled").exists()


def test_an_item_that_is_offered_twice_is_taken_once(offering) -> None:
    done = pull(offering(item("a"), item("a"), item("b")), at=NOW)
    assert (done.found, done.new, done.unchanged) == (3, 1, 2)
    assert PulledItem.objects.count() == 2
    assert LogFile.objects.count() == 1


def test_bytes_of_another_digest_than_promised_are_not_taken(offering) -> None:
    done = pull(offering(item("a", digest=f"sha256:{'0' * 64}")), at=NOW)
    assert (done.failed, PulledItem.objects.get().error_code) == (1, "digest-differs")


def test_an_item_that_keeps_failing_is_tried_by_the_schedule_five_times_and_by_people_again(offering) -> None:
    source = offering(broken("b", PullFailed("file-unreadable", "It cannot be read.")))
    for _ in range(taking.MOST_TRIES + 2):
        last = pull(source, at=NOW, cause="schedule")
    assert PulledItem.objects.get().tries == taking.MOST_TRIES
    assert (last.state, last.failed, last.skipped) == ("done", 0, 1)
    assert "tried 5 times" in last.notes[0]["reason"]
    offering(item("b"))
    assert pull(source, at=NOW, cause="demand").new == 1
    row = PulledItem.objects.get()
    assert (row.state, row.error, row.log_id) == ("pulled", "", LogFile.objects.get().id)


def test_a_refused_item_is_looked_at_again_only_on_demand(offering) -> None:
    source = offering(broken("b", PullFailed("too-large", "It is too large.", lasting=True)))
    assert pull(source, at=NOW, cause="schedule").failed == 1
    assert pull(source, at=NOW, cause="schedule").skipped == 1
    assert pull(source, at=NOW, cause="demand").failed == 1


def test_a_source_whose_items_are_all_out_of_reach_has_failed_itself(offering) -> None:
    failure = PullFailed("timeout", "The server did not answer.")
    done = pull(offering(*(broken(f"b{at}", failure) for at in range(30)), item("z")), at=NOW)
    assert (done.state, done.failed, done.new) == ("failed", taking.MOST_UNREACHABLE, 0)


def test_a_pull_that_reaches_its_limit_goes_on_in_the_next_one(offering, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(taking, "MOST_TAKEN", 2)
    monkeypatch.setattr(taking, "BATCH", 3)
    source = offering(*(item(f"i{at}", b"%d" % at) for at in range(5)))
    run_the_job(scheduling.ask(source, cause="demand", asked_by="Ada"))
    done = Pull.objects.get()
    assert (done.state, done.more, done.new, done.found) == ("partly", True, 2, 2)
    while waiting := tasks.queued("pull"):
        run_the_job(waiting[0])
    assert LogFile.objects.count() == 5
    assert Pull.objects.count() == 3


def test_a_pull_without_progress_does_not_go_on_for_ever(offering, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(taking, "MOST_TAKEN", 1)
    lasting = PullFailed("too-large", "It is too large.", lasting=True)
    run_the_job(scheduling.ask(offering(broken("a", lasting), broken("b", lasting)), cause="demand"))
    assert Pull.objects.get().more
    assert tasks.queued("pull") == []


def test_a_disabled_source_is_not_pulled_from_even_by_a_job_that_waits(offering) -> None:
    source = offering(item("a"))
    job = scheduling.ask(source, cause="demand")
    change(source, Settings(**{**Settings.of(source).to_dict(), "enabled": False}), at=NOW)
    run_the_job(job)
    assert Pull.objects.get().error_code == "source-disabled"
    source.refresh_from_db()
    with pytest.raises(scheduling.SourceDisabled):
        scheduling.ask(source, cause="demand")


def test_a_binding_that_no_longer_holds_fails_each_item_in_words(offering) -> None:
    checkpoint = Checkpoint.objects.create(subject=Subject.objects.create(slug="s", name="S"), name="c-1")
    source = offering(item("a"), binding={"checkpoint": "c-1"})
    checkpoint.delete()
    done = pull(source, at=NOW)
    assert (done.state, done.failed) == ("partly", 1)
    assert "There is no checkpoint 'c-1'" in PulledItem.objects.get().error


def test_settings_changed_during_a_pull_win_over_what_it_learned(offering) -> None:
    source = offering(item("a"))
    gathering = taking.gather(source, at=NOW)
    assert gathering.visit is not None
    gathering.visit.learned = {"etag": "old"}
    later = NOW + timedelta(seconds=1)
    change(source, Settings(**{**Settings.of(source).to_dict(), "schedule_seconds": 60}), at=later)
    taking.settle(gathering, at=later)
    source.refresh_from_db()
    assert (source.state, source.next_pull_at) == ({}, later)


def test_pulls_and_jobs_that_found_nothing_are_forgotten_after_a_month(offering) -> None:
    source = offering(item("a"))
    long_ago = NOW - timedelta(days=40)
    run_the_job(scheduling.ask(source, cause="demand"))
    run_the_job(scheduling.ask(source, cause="demand"))
    Pull.objects.update(finished_at=long_ago)
    Job.objects.filter(kind="pull").update(finished_at=long_ago)
    run_the_job(scheduling.ask(source, cause="demand"))
    assert list(Pull.objects.order_by("id").values_list("new", flat=True)) == [1, 0]
    assert Job.objects.filter(kind="pull").count() == 1


def test_the_ledger_tells_of_pulls_that_brought_something_or_failed(offering) -> None:
    source = offering(item("a"))
    for _ in range(2):
        run_the_job(scheduling.ask(source, cause="demand"))
    offering(PullFailed("unreachable", "It broke off."))
    run_the_job(scheduling.ask(source, cause="demand"))
    entries = LedgerEntry.objects.filter(kind="source.pulled").order_by("seq")
    assert [entry.actor_kind for entry in entries] == ["source", "source"]
    assert '"new":1' in entries[0].envelope
    assert '"error":"unreachable"' in entries[1].envelope


@pytest.mark.usefixtures("shared_database")
def test_two_workers_at_once_take_every_item_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    together = threading.Barrier(2, timeout=20)
    place = tmp_path_factory.mktemp("logs")

    def items(visit: Any) -> Generator[Any, None, None]:
        together.wait()
        yield from (item(f"i{at}", b"%d" % (at // 2)) for at in range(20))

    kind = kinds.KINDS["folder"]
    monkeypatch.setitem(kinds.KINDS, "folder", kinds.Kind(kind.options, items, kind.refused))
    source, _ = register("raced", Settings("folder", str(place)), at=NOW)
    faults: list[BaseException] = []

    def work() -> None:
        try:
            pull(source, at=NOW)
        except BaseException as error:
            faults.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert faults == []
    assert (LogFile.objects.count(), PulledItem.objects.count()) == (10, 20)
    assert Job.objects.filter(kind="read").count() == 10
    assert sum(Pull.objects.values_list("new", flat=True)) == 10


def test_only_one_of_two_workers_gets_the_job(offering) -> None:
    job = scheduling.ask(offering(item("a")), cause="demand")
    assert jobs.claim(job.id, now=timezone.now()) is not None
    tasks.pull_source(job.id)
    assert not Pull.objects.exists()
