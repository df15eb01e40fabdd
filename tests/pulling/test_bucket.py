"""Pulling from an S3-compatible bucket, over a small server that answers as S3 does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from evaluations import blobs
from evaluations.models import LogFile, PulledItem, Source
from evaluations.pulling.taking import pull
from tests.pulling.conftest import MakeSource
from tests.pulling.servers import Answer, Bucket, Server, serving

pytest.importorskip("boto3", reason="the extra s3 is not installed")
NOW = timezone.now()


@pytest.fixture
def bucket() -> Bucket:
    return Bucket("evals", {f"logs/{name}": name.encode() * 50 for name in ("a.eval", "b c+ü.eval", "d/e.eval")})


@pytest.fixture
def server(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("SCORECARD_SECRET_BUCKET", "KEYID:topsecretkey")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with serving(bucket) as running:
        yield running


@pytest.fixture
def source_at(server: Server, source_of: MakeSource):
    def described(address: str = "s3://evals/logs/", **said: Any) -> Source:
        given = {"secret_env": "SCORECARD_SECRET_BUCKET", "endpoint": server.url, "region": "eu-west-1", **said}
        return source_of("bucket", address, allow_private=True, **given)

    return described


def test_every_object_under_the_prefix_becomes_one_log(source_at, bucket: Bucket, server: Server) -> None:
    bucket.objects["other/x.eval"] = b"not under the prefix"
    done = pull(source_at(), at=NOW)
    assert (done.state, done.found, done.new) == ("done", 3, 3)
    for key, data in bucket.objects.items():
        if key.startswith("logs/"):
            assert blobs.get(LogFile.objects.get(pulled_items__key=key).digest) == data
    assert sum("list-type" in one.query for one in server.asked) == 2
    assert "topsecretkey" not in "".join(str(one.headers) for one in server.asked)


def test_only_what_changed_is_got_again(source_at, bucket: Bucket, server: Server) -> None:
    source = source_at()
    pull(source, at=NOW)
    bucket.objects["logs/a.eval"] = b"another version"
    done = pull(source, at=NOW)
    assert (done.new, done.unchanged) == (1, 2)
    assert [path for path in server.paths() if path.endswith("a.eval")] == ["/evals/logs/a.eval"] * 2
    assert len([path for path in server.paths() if "eval" in path.rsplit("/", 1)[-1]]) >= 4


def test_an_object_that_breaks_off_does_not_stop_the_others(source_at, bucket: Bucket) -> None:
    bucket.broken = {"logs/a.eval"}
    source = source_at()
    done = pull(source, at=NOW)
    assert (done.state, done.new, done.failed) == ("partly", 2, 1)
    item = PulledItem.objects.get(state="failed")
    assert (item.key, item.log) == ("logs/a.eval", None)
    bucket.broken = set()
    assert pull(source, at=NOW).new == 1


def test_an_object_that_changes_after_the_listing_is_taken_the_next_time(source_at, bucket: Bucket) -> None:
    respond = Bucket._get

    def changing(self: Bucket, key: str, wanted: str | None) -> Answer:
        if key == "logs/a.eval" and self.objects[key] != b"new":
            self.objects[key] = b"new"
        return respond(self, key, wanted)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Bucket, "_get", changing)
        source = source_at()
        done = pull(source, at=NOW)
        assert PulledItem.objects.get(state="failed").error_code == "changed-meanwhile"
        assert done.failed == 1
        assert pull(source, at=NOW).new == 1


def test_a_pattern_chooses_objects_and_large_ones_are_refused_unread(
    source_at, bucket: Bucket, server: Server, settings
) -> None:
    settings.MAX_LOG_BYTES = 1024
    bucket.objects["logs/huge.eval"] = b"x" * 5000
    done = pull(source_at(pattern="[ah]*.eval"), at=NOW)
    assert (done.found, done.new, done.failed) == (2, 1, 1)
    assert PulledItem.objects.get(state="refused").error_code == "too-large"
    assert "/evals/logs/huge.eval" not in server.paths()


def test_refusals_of_the_bucket_are_told_in_words_without_the_secret(source_at, monkeypatch) -> None:
    unknown = pull(source_at("s3://nothing/", slug="unknown"), at=NOW)
    assert unknown.error_code == "bucket-unknown"
    refused = pull(source_at(anonymous=True, secret_env="", slug="anonymous"), at=NOW)
    assert refused.error_code == "not-authorised"
    monkeypatch.setenv("SCORECARD_SECRET_BUCKET", "onlyonepart")
    assert pull(source_at(slug="malformed"), at=NOW).error_code == "secret-malformed"
    assert not LogFile.objects.exists()


def test_a_bucket_inside_the_own_network_needs_an_administrators_word(source_at, server: Server) -> None:
    source = source_at()
    source.options = {**source.options, "allow_private": False, "endpoint": server.url.replace("127.0.0.1", "127.1")}
    source.save()
    done = pull(source, at=NOW)
    assert done.error_code in ("address-refused", "unreachable")
    assert server.asked == []


def test_a_server_that_is_not_there_fails_the_pull(source_at) -> None:
    done = pull(source_at(endpoint="http://127.0.0.1:9"), at=NOW)
    assert (done.state, done.error_code) == ("failed", "unreachable")


def test_a_bucket_that_points_elsewhere_is_not_followed(source_of: MakeSource, monkeypatch) -> None:
    monkeypatch.setenv("SCORECARD_SECRET_BUCKET", "KEYID:topsecretkey")
    with (
        serving(lambda asked: Answer(200, b"{}")) as other,
        serving(lambda asked: Answer(307, headers={"Location": other.url})) as server,
    ):
        source = source_of(
            "bucket", "s3://evals/", allow_private=True, endpoint=server.url, region="eu-west-1",
            secret_env="SCORECARD_SECRET_BUCKET",
        )  # fmt: skip
        assert pull(source, at=NOW).state == "failed"
    assert other.asked == []
