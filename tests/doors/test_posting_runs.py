"""Posting runs: the answers that the contract promises to pipelines, hostile bodies included."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest
import zstandard
from django.conf import settings

from evaluations import blobs
from evaluations.models import EvaluationRun, IdempotencyRecord, Job
from scorecard.models.ledger import LedgerEntry
from tests.conftest import drain

Call = Callable[..., Any]
Report = Callable[..., bytes]


def counts() -> tuple[int, int, int]:
    """Return how many runs, jobs and ledger entries there are."""
    return EvaluationRun.objects.count(), Job.objects.count(), LedgerEntry.objects.count()


def test_a_new_run_is_accepted_with_the_address_of_its_job(call: Call, ingest: str, ctf_report: Report) -> None:
    answer = call("POST", "runs/", ingest, ctf_report())
    body = answer.json()
    assert answer.status_code == 202
    assert body["id"].startswith("run_")
    assert (body["digest"][:7], body["revision"]) == ("sha256:", 1)
    assert call("GET", body["job"].removeprefix("/api/v1/"), ingest).json()["state"] == "queued"


def test_the_same_report_five_times_changes_nothing_after_the_first(
    call: Call, ingest: str, ctf_report: Report
) -> None:
    first = call("POST", "runs/", ingest, ctf_report()).json()
    before = counts()
    for _ in range(4):
        answer = call("POST", "runs", ingest, ctf_report())
        assert (answer.status_code, answer.json()["id"]) == (200, first["id"])
    spaced = json.dumps(json.loads(ctf_report()), indent=2).encode()
    assert call("POST", "runs/", ingest, spaced).json()["id"] == first["id"]
    assert counts() == before


def test_other_content_under_the_same_run_id_is_a_revision(call: Call, ingest: str, ctf_report: Report) -> None:
    first = call("POST", "runs/", ingest, ctf_report(successes=20)).json()
    second = call("POST", "runs/", ingest, ctf_report(successes=21))
    assert (second.status_code, second.json()["revision"]) == (202, 2)
    assert second.json()["supersedes"] == first["id"]
    assert EvaluationRun.objects.get(id=first["id"]).superseded_by_id == second.json()["id"]


def test_a_replayed_key_gets_the_first_answer_and_another_body_is_refused(
    call: Call, ingest: str, ctf_report: Report
) -> None:
    first = call("POST", "runs/", ingest, ctf_report(), Idempotency_Key="nightly-1")
    again = call("POST", "runs/", ingest, ctf_report(), Idempotency_Key="nightly-1")
    assert (again.status_code, again.json()) == (202, first.json())
    assert again["Idempotency-Replayed"] == "true"
    other = call("POST", "runs/", ingest, ctf_report(successes=1), Idempotency_Key="nightly-1")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    assert EvaluationRun.objects.count() == 1


def test_a_key_in_flight_is_a_conflict(call: Call, ingest: str, ctf_report: Report) -> None:
    call("POST", "runs/", ingest, ctf_report(), Idempotency_Key="k")
    IdempotencyRecord.objects.update(state="in_flight")
    answer = call("POST", "runs/", ingest, ctf_report(), Idempotency_Key="k")
    assert (answer.status_code, answer.json()["code"]) == (409, "request-in-flight")


def test_a_refused_body_does_not_use_its_key_up(call: Call, ingest: str, ctf_report: Report) -> None:
    assert call("POST", "runs/", ingest, ctf_report(successes=101), Idempotency_Key="k").status_code == 422
    assert call("POST", "runs/", ingest, ctf_report(), Idempotency_Key="k").status_code == 202


@pytest.mark.parametrize("key", ["", "a b", "x" * 256])
def test_a_malformed_key_is_refused(call: Call, ingest: str, ctf_report: Report, key: str) -> None:
    assert call("POST", "runs/", ingest, ctf_report(), Idempotency_Key=key).status_code == 400


@pytest.mark.parametrize(("successes", "trials", "interval"), [
    (0, 10, (0.0, 0.277533)), (10, 10, (0.722467, 1.0)), (1, 1, (0.206549, 1.0)),
])  # fmt: skip
def test_small_samples_never_get_a_zero_width(
    call: Call, ingest: str, reader: str, ctf_report: Report, successes: int, trials: int, interval: tuple[float, float]
) -> None:
    run = call("POST", "runs/", ingest, ctf_report(successes=successes, trials=trials)).json()["id"]
    drain()
    estimate = call("GET", f"runs/{run}/", reader).json()["measurement"]["estimate"]
    assert (round(estimate["low"], 6), round(estimate["high"], 6)) == interval


@pytest.mark.parametrize(("change", "pointer"), [
    ({"level": "low"}, "/level"),
    ({"tally": {"successes": False, "trials": 10}}, "/tally/successes"),
    ({"tally": {"successes": 11, "trials": 10}}, "/tally/successes"),
    ({"tally": {"successes": 1, "trials": "10"}}, "/tally/trials"),
    ({"checkpoint": "atlas-9"}, "/checkpoint"),
    ({"subject": "o9"}, "/subject"),
    ({"started_at": "2026-01-01T00:00:00"}, "/started_at"),
])  # fmt: skip
def test_what_is_wrong_is_named_by_its_pointer_with_the_remedy(
    call: Call, ingest: str, ctf_report: Report, change: dict[str, Any], pointer: str
) -> None:
    before = counts()
    answer = call("POST", "runs/", ingest, ctf_report(**change))
    assert answer.status_code == 422
    assert answer["Content-Type"] == "application/problem+json"
    assert pointer in [row["pointer"] for row in answer.json()["errors"]]
    assert answer.json()["remedy"]
    assert counts() == before


@pytest.mark.parametrize(("body", "status"), [
    (b"", 400), (b"[]", 400), (b"null", 400), (b'{"a":1}{"b":2}', 400), (b'{"a":NaN}', 400), (b'{"a":1,"a":2}', 400),
    (b"\xff\xfe{}", 400), (b'{"a":"\\ud800"}', 400), (b'{"a":"\\u0000"}', 400), (b"[" * 100_000, 400),
])  # fmt: skip
def test_a_body_that_readers_could_understand_differently_is_refused(
    call: Call, ingest: str, framework: Any, body: bytes, status: int
) -> None:
    answer = call("POST", "runs/", ingest, body)
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(("encoding", "pack"), [("gzip", gzip.compress), ("zstd", zstandard.compress)])
def test_compressed_bodies_are_read_within_the_limit(
    call: Call, ingest: str, ctf_report: Report, settings: Any, encoding: str, pack: Callable[[bytes], bytes]
) -> None:
    assert call("POST", "runs/", ingest, pack(ctf_report()), Content_Encoding=encoding).status_code == 202
    settings.MAX_BODY_BYTES = 10_000
    bomb = pack(b" " * 5_000_000)
    assert call("POST", "runs/", ingest, bomb, Content_Encoding=encoding).status_code == 413
    assert call("POST", "runs/", ingest, bomb[:-9], Content_Encoding=encoding).status_code in (400, 413)


def test_an_unknown_encoding_charset_or_type_is_refused(call: Call, ingest: str, ctf_report: Report) -> None:
    assert call("POST", "runs/", ingest, ctf_report(), Content_Encoding="br").status_code == 415
    utf16 = "application/json; charset=utf-16"
    assert call("POST", "runs/", ingest, ctf_report(), Content_Type=utf16).status_code == 415
    assert call("POST", "runs/", ingest, ctf_report(), Content_Type="text/plain").status_code == 415


def test_too_large_a_body_is_refused_and_the_next_request_works(
    call: Call, ingest: str, ctf_report: Report, settings: Any
) -> None:
    settings.MAX_BODY_BYTES = 1000
    assert call("POST", "runs/", ingest, ctf_report(operator="x" * 2000)).status_code == 413
    assert call("POST", "runs/", ingest, ctf_report()).status_code == 202


def test_a_report_too_large_for_memory_is_read_from_a_file(
    call: Call, ingest: str, ctf_report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scorecard.api.parsing.MOST_IN_MEMORY", 10)
    raw = ctf_report()
    for _ in range(2):
        answer = call("POST", "runs/", ingest, gzip.compress(raw), Content_Encoding="gzip", Idempotency_Key="large")
        assert answer.status_code == 202
    run = EvaluationRun.objects.get(id=answer.json()["id"])
    assert (run.raw_bytes, blobs.get(run.raw_digest)) == (len(raw), raw)
    assert not list((settings.DATA_DIR / "blobs").glob("tmp*"))


def test_a_post_without_a_body_is_refused(call: Call, ingest: str) -> None:
    answer = call("POST", "runs/", ingest, b"")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "empty")


def test_the_raw_bytes_come_back_as_a_download(call: Call, ingest: str, reader: str, ctf_report: Report) -> None:
    run = call("POST", "runs/", ingest, ctf_report()).json()["id"]
    answer = call("GET", f"runs/{run}/raw", reader)
    assert b"".join(answer.streaming_content) == ctf_report()
    answer.close()
    assert answer["Content-Disposition"].startswith("attachment")
    assert settings.DATA_DIR.joinpath("blobs").exists()


def test_samples_are_listed_filtered_and_exported(call: Call, ingest: str, reader: str, ctf_report: Report) -> None:
    report = json.loads(ctf_report())
    del report["tally"]
    report["samples"] = [{"id": "=a", "score": 1.0}, {"id": "b", "status": "error"}]
    run = call("POST", "runs/", ingest, report).json()["id"]
    listed = call("GET", f"runs/{run}/samples/?status=error", reader).json()
    assert [row["id"] for row in listed["results"]] == ["b"]
    assert "'=a" in call("GET", f"runs/{run}/samples/?format=csv", reader).content.decode()
