"""Logs through the API: streamed in, in parts, bound later, read again; what was refused says where and why."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.db import OperationalError
from django.test import override_settings

from evaluations.models import EvaluationRun, LogFile
from evaluations.samples import read_block
from scorecard import tasks
from scorecard.ledger.merkle import inclusion_holds
from scorecard.models import Scorecard
from scorecard.models.ledger import LedgerEntry
from tests.evaluations.test_reading_logs import evals_log

Call = Callable[..., Any]
BOUND = "checkpoint=atlas-2-rc1&mitigation=post_mitigation&evaluation=ctf-professional"


def drained() -> None:
    for kind, task in (("read", tasks.read_log), ("measure", tasks.measure_run), ("assess", tasks.assess_scorecard)):
        for job in tasks.queued(kind):
            task(job.id)


def body_of(response: Any) -> bytes:
    """The bytes of a download in pieces; closed, because a file stands behind it."""
    data = b"".join(response.streaming_content)
    response.close()
    return data


def send(call: Call, token: str, raw: bytes, query: str = BOUND, **headers: str) -> Any:
    headers = {"Content-Type": "application/octet-stream", "X-Filename": "run%20one.jsonl", **headers}
    return call("POST", f"logs/?{query}", token, raw, **headers)


def test_a_log_file_is_accepted_read_and_moves_a_level(call: Call, ingest: str, reader: str, card: Scorecard) -> None:
    answer = send(call, ingest, evals_log(*[True] * 40))
    assert answer.status_code == 202, answer.content
    receipt = answer.json()
    drained()
    log = call("GET", f"logs/{receipt['id']}/", ingest).json()
    assert (log["state"], log["format"], log["name"], log["counts"]["created"]) == (
        "read", "openai-evals", "run one.jsonl", 1
    )  # fmt: skip
    assert call("GET", receipt["job"].removeprefix("/api/v1/"), ingest).json()["state"] == "done"
    run = call("GET", f"runs/{log['runs'][0]['id']}/", reader).json()
    assert run["measurement"]["estimate"]["n"] == 40
    assert run["raw_digest"] == receipt["digest"]
    assert body_of(call("GET", f"logs/{receipt['id']}/raw", reader)) == evals_log(*[True] * 40)


def test_the_same_file_five_times_is_one_log(call: Call, ingest: str, card: Scorecard) -> None:
    answers = [send(call, ingest, evals_log(True)) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [202, 200, 200, 200, 200]
    assert len({answer.json()["id"] for answer in answers}) == LogFile.objects.count() == 1


@pytest.mark.parametrize(
    ("query", "status", "pointer"),
    [
        ("format=excel", 422, "/format"),
        ("checkpoint=nobody", 422, "/checkpoint"),
        ("checkpoint=atlas-2-rc1&subject=o1", 422, "/checkpoint"),
        ("mitigation=after", 422, "/mitigation"),
        ("level=low", 400, None),
    ],
)
def test_a_faulty_binding_is_refused_with_its_place(
    call: Call, ingest: str, card: Scorecard, query: str, status: int, pointer: str | None
) -> None:
    answer = send(call, ingest, evals_log(True), query)
    assert answer.status_code == status
    problem = answer.json()
    assert answer["Content-Type"] == "application/problem+json"
    assert pointer is None or problem["errors"][0]["pointer"] == pointer
    assert LogFile.objects.count() == 0


def test_an_empty_body_and_one_beyond_the_limit_are_refused(call: Call, ingest: str, card: Scorecard) -> None:
    assert send(call, ingest, b"").status_code == 400
    with override_settings(MAX_LOG_BYTES=1000):
        assert send(call, ingest, b"x" * 1001).status_code == 413
        bomb = gzip.compress(b"0" * 5_000_000)
        assert send(call, ingest, bomb, Content_Encoding="gzip").status_code == 413
    assert send(call, ingest, evals_log(True)).status_code == 202


def test_a_token_that_only_posts_sees_its_own_logs_and_no_others(
    call: Call, ingest: str, card: Scorecard, token_for: Callable[..., str]
) -> None:
    identifier = send(call, ingest, evals_log(True)).json()["id"]
    other = token_for("gil", "runs:write")
    assert call("GET", f"logs/{identifier}/", ingest).status_code == 200
    for path in (f"logs/{identifier}/bind/", f"logs/{identifier}/retry/"):
        assert call("POST", path, other, {}).status_code == 404
    assert call("GET", f"logs/{identifier}/", other).status_code == 404


def test_an_unbound_log_is_bound_by_model_and_quarantine_is_a_list(
    call: Call, ingest: str, reader: str, card: Scorecard
) -> None:
    raw = evals_log(True, False).replace(b"nova-1", b"endpoint-7")
    identifier = send(call, ingest, raw, "mitigation=post_mitigation").json()["id"]
    send(call, ingest, b"\x7fELF")
    drained()
    log = call("GET", f"logs/{identifier}/", ingest).json()
    assert (log["state"], log["unbound"][0]["model"]) == ("unbound", "endpoint-7")
    body = {"models": {"endpoint-7": {"checkpoint": "atlas-2-rc1", "evaluation": "ctf-professional"}}}
    assert call("POST", f"logs/{identifier}/bind/", ingest, body).status_code == 202
    drained()
    assert call("GET", f"logs/{identifier}/", ingest).json()["state"] == "read"
    assert EvaluationRun.objects.get().mitigation == "post_mitigation"
    quarantined = call("GET", "logs/?state=quarantined", reader).json()["results"]
    assert [row["counts"]["faults"] for row in quarantined] == [1]
    assert call("POST", f"logs/{quarantined[0]['id']}/retry/", ingest).status_code == 202


def test_a_file_in_parts_goes_on_where_it_stopped(
    call: Call, ingest: str, card: Scorecard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("evaluations.uploading.PART_BYTES", 500)
    raw = evals_log(*[True, False] * 5)
    announced = {
        "digest": "sha256:" + hashlib.sha256(raw).hexdigest(), "bytes": len(raw), "filename": "big.jsonl",
        "checkpoint": "atlas-2-rc1", "mitigation": "post_mitigation",
    }  # fmt: skip
    begun = call("POST", "uploads/", ingest, announced)
    assert begun.status_code == 201, begun.content
    upload = begun.json()
    parts = [raw[start : start + upload["part_bytes"]] for start in range(0, len(raw), upload["part_bytes"])]
    assert len(parts) == upload["parts"] > 2
    place = f"uploads/{upload['id']}/"
    assert call("PUT", f"{place}parts/1/", ingest, parts[0]).json()["received"] == [1]
    assert call("PUT", f"{place}parts/2/", ingest, parts[1][:-1]).json()["code"] == "part-length"
    assert call("POST", f"{place}complete/", ingest).status_code == 409
    for number in range(2, len(parts) + 1):
        assert call("PUT", f"{place}parts/{number}/", ingest, parts[number - 1]).status_code == 200
    assert call("GET", place, ingest).json()["received"] == list(range(1, len(parts) + 1))
    done = call("POST", f"{place}complete/", ingest)
    assert done.status_code == 202
    assert call("POST", f"{place}complete/", ingest).json()["id"] == done.json()["id"]
    drained()
    assert call("GET", f"logs/{done.json()['id']}/", ingest).json()["runs"][0]["samples"] == 10


def test_the_evals_recorder_posts_its_bare_arrays(call: Call, ingest: str, card: Scorecard) -> None:
    events = [
        {"run_id": "r9", "event_id": number, "sample_id": f"s{number}", "type": "match", "data": {"correct": True}}
        for number in range(3)
    ]
    end = [{"run_id": "r9", "event_id": 3, "sample_id": None, "type": "final_report", "data": {"accuracy": 1.0}}]
    place = f"recorders/openai-evals/?{BOUND}"
    first = call("POST", place, ingest, json.dumps(events).encode()).json()
    assert (first["created"], first["ended"], first["log"]) == (True, False, None)
    assert call("POST", place, ingest, json.dumps(events).encode()).json()["created"] is False
    assert call("POST", place, ingest, json.dumps(end).encode()).json()["ended"] is True
    assert call("POST", place, ingest, b"{}").status_code == 400
    drained()
    assert EvaluationRun.objects.get().sample_count == 3


@pytest.fixture
def sampled(call: Call, ingest: str, card: Scorecard) -> str:
    """The address of a run with six samples, of which two are lost."""
    identifier = send(call, ingest, evals_log(True, False, None, True, None, False)).json()["id"]
    drained()
    return f"runs/{call('GET', f'logs/{identifier}/', ingest).json()['runs'][0]['id']}/"


@pytest.mark.parametrize(
    ("query", "count"),
    [("", 6), ("status=error", 2), ("score=1", 2), ("score=<1", 2), ("score=none", 2), ("id=dev.3", 1),
     ("attempt=2", 0), ("superseded=false", 6), ("status=scored&score=>=1", 2)],
)  # fmt: skip
def test_samples_are_filtered_paged_and_taken_along(
    call: Call, reader: str, sampled: str, query: str, count: int
) -> None:
    page = call("GET", f"{sampled}samples/?limit=1&{query}", reader).json()
    assert (page["count"], page["total"], len(page["results"])) == (count, 6, min(1, count))
    seen, cursor = [], 0
    while cursor is not None:
        page = call("GET", f"{sampled}samples/?limit=2&cursor={cursor}&{query}", reader).json()
        seen += [row["id"] for row in page["results"]]
        cursor = page["next"]
    assert (len(seen), seen) == (count, sorted(seen))
    lines = body_of(call("GET", f"{sampled}samples/?format=ndjson&{query}", reader)).splitlines()
    assert [json.loads(line)["id"] for line in lines] == seen
    assert call("GET", f"{sampled}samples/?format=csv&{query}", reader).content.count(b"\r\n") == count + 1


@pytest.mark.parametrize("query", ["status=lost", "score=high", "colour=red", "superseded=1", "cursor=x", "format=xml"])
def test_a_filter_that_cannot_be_is_refused_in_words(call: Call, reader: str, sampled: str, query: str) -> None:
    answer = call("GET", f"{sampled}samples/?{query}", reader)
    assert (answer.status_code, answer.json()["code"]) == (400, "parse-error")


def test_samples_come_as_parquet_whole_and_filtered(call: Call, reader: str, sampled: str) -> None:
    whole = call("GET", f"{sampled}samples/?format=parquet", reader)
    assert len(read_block(io.BytesIO(body_of(whole)))) == 6
    part = call("GET", f"{sampled}samples/?format=parquet&status=scored", reader)
    assert [row.score for row in read_block(io.BytesIO(part.content)).rows()] == [1.0, 0.0, 1.0, 0.0]


def test_one_sample_is_proven_to_be_of_the_run_that_the_ledger_names(call: Call, reader: str, sampled: str) -> None:
    run = call("GET", sampled, reader).json()
    found = call("GET", f"{sampled}sample/?id=mini.dev.3", reader).json()
    proof = found["proof"]
    assert (found["status"], found["score"], proof["root"]) == ("scored", 1.0, run["samples_root"])
    bare = [bytes.fromhex(part.removeprefix("sha256:")) for part in (proof["leaf"], proof["root"], *proof["path"])]
    assert inclusion_holds(bare[0], proof["index"], proof["size"], bare[2:], bare[1])
    entry = LedgerEntry.objects.filter(kind="run.received", subject_id=run["id"]).get()
    assert json.loads(entry.envelope)["data"]["samples_root"] == run["samples_root"]
    assert call("GET", f"{sampled}sample/?id=nobody", reader).status_code == 404
    assert call("GET", f"{sampled}sample/", reader).status_code == 400


def test_a_revision_says_what_it_changed_and_makes_signatures_stale(
    call: Call, ingest: str, reader: str, sampled: str
) -> None:
    revised = evals_log(True, True, None, True, True, False, accuracy=0.8)
    identifier = send(call, ingest, revised).json()["id"]
    drained()
    run = call("GET", f"logs/{identifier}/", ingest).json()["runs"][0]
    assert (run["outcome"], run["supersedes"]) == ("superseded", sampled.split("/")[1])
    found = call("GET", f"runs/{run['id']}/changes/", reader).json()
    assert (found["changed"], found["added"], found["removed"]) == (2, 0, 0)
    assert found["first"][0] == {"id": "mini.dev.1", "attempt": 1, "before": "0", "after": "1"}
    assert call("GET", f"{sampled}changes/", reader).status_code == 404


def test_a_token_that_writes_too_often_is_told_when_to_come_back(
    call: Call, ingest: str, card: Scorecard, settings: Any
) -> None:
    cache.clear()
    settings.WRITES_PER_MINUTE = 2
    answers = [send(call, ingest, evals_log(True)) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [202, 200, 429]
    assert 0 < int(answers[-1]["Retry-After"]) <= 60
    assert call("GET", f"logs/{answers[0].json()['id']}/", ingest).status_code == 200


def test_a_database_that_does_not_answer_is_a_503_with_the_time_to_come_back(
    call: Call, ingest: str, card: Scorecard, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*args: object, **kwargs: object) -> None:
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr("evaluations.reading_logs.receive_log", gone)
    answer = send(call, ingest, evals_log(True))
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")


def test_files_that_a_token_takes_along_are_recorded_under_its_name(call: Call, reader: str, sampled: str) -> None:
    body_of(call("GET", f"{sampled}raw", reader))
    entry = LedgerEntry.objects.filter(kind="content.downloaded").get()
    assert (entry.actor_kind, entry.subject_id) == ("token", sampled.split("/")[1])
