"""Pulling from an HTTP feed: only when it changed, whole or in pieces, within limits and on one host."""

from __future__ import annotations

import gzip
import json
import time
from datetime import timedelta
from typing import Any

import httpx
import pytest
from django.utils import timezone

from evaluations import blobs
from evaluations.models import LogFile, PulledItem, Source
from evaluations.pulling import web
from evaluations.pulling.offers import PullFailed
from evaluations.pulling.taking import pull
from tests.pulling.conftest import MakeSource
from tests.pulling.servers import Answer, Feed, serving

NOW = timezone.now()


@pytest.fixture
def feed_at(source_of: MakeSource):
    """Describe a feed on this machine."""

    def described(url: str, **said: Any) -> Source:
        return source_of("feed", url, allow_private=True, **said)

    return described


def test_a_feed_that_has_not_changed_is_not_sent_again(feed_at) -> None:
    feed = Feed(b'{"a": 1}')
    with serving(feed) as server:
        source = feed_at(f"{server.url}/latest.json")
        first = pull(source, at=NOW)
        source.refresh_from_db()
        second = pull(source, at=NOW)
        feed.body = b'{"a": 2}'
        source.refresh_from_db()
        third = pull(source, at=NOW)
    assert [(one.found, one.new) for one in (first, second, third)] == [(1, 1), (0, 0), (1, 1)]
    assert feed.full_answers == 2
    assert "if-none-match" in server.asked[1].headers
    assert LogFile.objects.filter(name="latest.json").count() == 2


def test_a_feed_without_an_etag_is_asked_by_its_date(feed_at) -> None:
    feed = Feed(b"{}", last_modified="Wed, 25 Nov 2026 10:00:00 GMT", etag=False)
    with serving(feed) as server:
        source = feed_at(server.url)
        pull(source, at=NOW)
        source.refresh_from_db()
        assert pull(source, at=NOW).found == 0
    assert server.asked[1].headers["if-modified-since"] == feed.last_modified


def test_a_feed_with_neither_is_told_apart_by_its_digest(feed_at) -> None:
    with serving(Feed(b"[]", etag=False)) as server:
        source = feed_at(server.url)
        assert (pull(source, at=NOW).new, pull(source, at=NOW).unchanged) == (1, 1)


def test_each_line_of_an_ndjson_feed_is_a_log_of_its_own(feed_at) -> None:
    lines = [json.dumps({"run_id": name, "n": n}) for name, n in (("a", 1), ("b", 2))]
    feed = Feed("\n".join(lines).encode() + b"\n\n")
    with serving(feed) as server:
        source = feed_at(server.url, split="lines", key="run_id")
        assert pull(source, at=NOW).new == 2
        feed.body = "\n".join([lines[0], json.dumps({"run_id": "b", "n": 3}), '{"nameless": 1}', "{broken"]).encode()
        source.refresh_from_db()
        done = pull(source, at=NOW)
    assert (done.found, done.new, done.unchanged, done.skipped) == (4, 1, 1, 2)
    assert {note["code"] for note in done.notes} == {"entry-without-key", "entry-unreadable"}
    assert PulledItem.objects.filter(key="b").count() == 2
    assert blobs.get(LogFile.objects.get(pulled_items__key="a").digest) == lines[0].encode()


def test_each_item_of_an_array_is_a_log_of_its_own(feed_at) -> None:
    document = {"data": {"runs": [{"id": "a", "score": 0.1}, {"id": "b", "score": 1e-7}]}}
    with serving(Feed(json.dumps(document).encode())) as server:
        done = pull(feed_at(server.url, split="items", array="data.runs"), at=NOW)
    assert done.new == 2
    kept = [json.loads(blobs.get(log.digest)) for log in LogFile.objects.order_by("id")]
    assert kept == document["data"]["runs"]


def test_an_array_that_is_the_answer_needs_no_name(feed_at) -> None:
    with serving(Feed(b'[{"a": 1}, {"a": 1}]')) as server:
        done = pull(feed_at(server.url, split="items"), at=NOW)
    assert (done.found, done.new, done.unchanged) == (2, 1, 1)


def test_a_feed_cut_in_the_middle_fails_and_what_came_before_is_kept(feed_at) -> None:
    feed = Feed(b'[{"a": 1}, {"a": 2}, {"a')
    with serving(feed) as server:
        source = feed_at(server.url, split="items")
        done = pull(source, at=NOW)
        source.refresh_from_db()
    assert (done.state, done.new, done.error_code) == ("failed", 2, "answer-unexpected")
    assert source.state == {}


def test_a_connection_that_breaks_off_is_no_log(feed_at) -> None:
    with serving(lambda asked: Answer(200, b"x" * 1000, cut=500)) as server:
        done = pull(feed_at(server.url), at=NOW)
    assert (done.state, done.error_code) == ("failed", "unreachable")
    assert not LogFile.objects.exists()


def test_the_etag_is_not_remembered_while_something_was_not_taken(feed_at, monkeypatch: pytest.MonkeyPatch) -> None:
    feed = Feed(b'{"run_id": "a"}\n{"run_id": "b"}')
    kept = blobs.put_stream

    def full(chunks: Any) -> str:
        data = b"".join(chunks)
        if b'"b"' in data:
            raise PullFailed("unreachable", "The connection failed.")
        return kept([data])

    with serving(feed) as server:
        source = feed_at(server.url, split="lines")
        monkeypatch.setattr(blobs, "put_stream", full)
        assert (pull(source, at=NOW).state, LogFile.objects.count()) == ("partly", 1)
        monkeypatch.setattr(blobs, "put_stream", kept)
        source.refresh_from_db()
        assert source.state == {}
        done = pull(source, at=NOW)
    assert (done.new, done.unchanged) == (1, 1)


def test_a_feed_that_is_too_large_is_refused_before_and_while_it_comes(feed_at, settings) -> None:
    settings.MAX_LOG_BYTES = 1024
    stated = serving(Feed(b"x" * 5000))
    packed = serving(lambda asked: Answer(200, gzip.compress(b"x" * 500_000), {"Content-Encoding": "gzip"}))
    for place, (name, server) in enumerate((("stated", stated), ("packed", packed))):
        with server as running:
            done = pull(feed_at(running.url, slug=f"{name}{place}"), at=NOW)
        assert (done.state, done.error_code) == ("failed", "too-large")
    assert not LogFile.objects.exists()


def test_an_empty_answer_is_no_log(feed_at) -> None:
    with serving(lambda asked: Answer(200)) as server:
        assert pull(feed_at(server.url), at=NOW).error_code == "answer-empty"


def test_a_redirect_to_another_host_is_not_followed_and_no_secret_goes_there(
    feed_at, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCORECARD_SECRET_FEED", "s3cr3t-value")
    with serving(Feed(b"{}")) as other, serving(lambda asked: Answer(302, headers={"Location": other.url})) as server:
        done = pull(feed_at(server.url, secret_env="SCORECARD_SECRET_FEED"), at=NOW)
    assert done.error_code == "redirected-elsewhere"
    assert server.asked[0].headers["authorization"] == "Bearer s3cr3t-value"
    assert other.asked == []
    assert "s3cr3t" not in done.error + done.remedy


@pytest.mark.parametrize("place", ["file:///etc/passwd", "//evil.example.org/", "gopher://127.0.0.1:1/"])
def test_a_redirect_to_another_scheme_or_host_is_refused(place: str, feed_at) -> None:
    with serving(lambda asked: Answer(307, headers={"Location": place})) as server:
        assert pull(feed_at(server.url), at=NOW).error_code == "redirected-elsewhere"


def test_a_redirect_on_the_same_host_is_followed_and_one_without_end_is_not(feed_at) -> None:
    def respond(asked):
        if asked.path == "/new":
            return Answer(200, b"{}")
        return Answer(302, headers={"Location": "/new" if asked.path == "/old" else "/round"})

    with serving(respond) as server:
        assert pull(feed_at(f"{server.url}/old"), at=NOW).new == 1
        done = pull(feed_at(f"{server.url}/round", slug="round"), at=NOW)
    assert done.error_code == "redirected-too-often"


@pytest.mark.parametrize(
    ("status", "code"),
    [(401, "not-authorised"), (403, "not-authorised"), (404, "not-found"), (418, "answer-unexpected")],
)
def test_a_refusal_of_the_server_is_told_in_words(status: int, code: str, feed_at) -> None:
    with serving(lambda asked: Answer(status)) as server:
        done = pull(feed_at(server.url), at=NOW)
    assert (done.state, done.error_code) == ("failed", code)
    assert str(status) in done.error
    assert done.remedy


def test_a_busy_server_is_left_alone_as_long_as_it_says(feed_at) -> None:
    with serving(lambda asked: Answer(503, headers={"Retry-After": "7200"})) as server:
        source = feed_at(server.url, schedule_seconds=60)
        pull(source, at=NOW)
    source.refresh_from_db()
    assert source.next_pull_at == NOW + timedelta(hours=2)


def test_a_server_that_is_slow_is_given_up(feed_at, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "TIMEOUTS", httpx.Timeout(0.2))

    def respond(asked):
        time.sleep(0.6)
        return Answer(200, b"{}")

    with serving(respond) as server:
        assert pull(feed_at(server.url), at=NOW).error_code == "timeout"


def test_an_answer_that_drips_is_given_up(feed_at, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evaluations.pulling.feed.DOWNLOAD_SECONDS", -1.0)
    with serving(Feed(b"{}")) as server:
        assert pull(feed_at(server.url), at=NOW).error_code == "too-slow"


@pytest.mark.parametrize(
    ("said", "sent"),
    [
        ({}, ("authorization", "Bearer user:word")),
        ({"auth": "basic"}, ("authorization", "Basic dXNlcjp3b3Jk")),
        ({"header": "X-Api-Key"}, ("x-api-key", "user:word")),
    ],
)
def test_the_secret_is_sent_as_the_source_says(
    said: dict[str, str], sent: tuple[str, str], feed_at, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCORECARD_SECRET_FEED", "user:word")
    with serving(Feed(b"{}")) as server:
        assert pull(feed_at(server.url, secret_env="SCORECARD_SECRET_FEED", **said), at=NOW).new == 1
    assert server.asked[0].headers[sent[0]] == sent[1]


@pytest.mark.parametrize(("value", "code"), [(None, "secret-missing"), ("two\nlines", "secret-malformed")])
def test_a_secret_that_is_missing_or_no_header_is_told_without_showing_it(
    value: str | None, code: str, feed_at, monkeypatch: pytest.MonkeyPatch, caplog
) -> None:
    monkeypatch.delenv("SCORECARD_SECRET_FEED", raising=False)
    if value:
        monkeypatch.setenv("SCORECARD_SECRET_FEED", value)
    with serving(Feed(b"{}")) as server:
        done = pull(feed_at(server.url, secret_env="SCORECARD_SECRET_FEED"), at=NOW)
    assert (done.error_code, server.asked) == (code, [])
    assert "lines" not in done.error + done.remedy + caplog.text
