"""Pulling from an Every Eval Ever datastore: in a folder, in a bucket, and on a server by its index."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from evaluations.adapters.registry import adapters
from evaluations.models import LogFile, PulledItem
from evaluations.pulling.kinds import KINDS
from evaluations.pulling.taking import pull
from scorecard import tasks
from tests.pulling.conftest import MakeSource
from tests.pulling.servers import Answer, Bucket, serving

NOW = timezone.now()
FIRST, SECOND = "676f4465-ce78-411a-9f5a-c97b3d2eac4f", "12ab0000-0000-4000-8000-000000000001"


def place(uuid: str) -> str:
    return f"flat/objects/{uuid[:2]}/{uuid[2:4]}/{uuid}.json"


OBJECTS = {
    place(uuid): json.dumps({"schema_version": "0.3.0", "evaluation_id": uuid}).encode() for uuid in (FIRST, SECOND)
}


def index(objects: dict[str, bytes], **changes: Any) -> bytes:
    rows = [
        {"object_path": path, "sha256": hashlib.sha256(data).hexdigest(), "size_bytes": len(data), **changes}
        for path, data in objects.items()
    ]
    return "\n".join(json.dumps(row) for row in rows).encode()


def on_server(files: dict[str, bytes]):
    def respond(asked):
        data = files.get(asked.path.removeprefix("/store/"))
        return Answer(404) if data is None else Answer(200, data)

    return respond


def test_a_folder_is_pulled_by_its_layout(source_of: MakeSource, tmp_path_factory: pytest.TempPathFactory) -> None:
    root = tmp_path_factory.mktemp("store")
    wrong = {
        "flat/objects/aa/bb/" + FIRST + ".json": b"{}",
        "flat/indexes/aggregate.jsonl": b"{}",
        "README.json": b"{}",
    }
    for path, data in {**OBJECTS, **wrong}.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data)
        os.utime(root / path, (1, 1))
    done = pull(source_of("every_eval_ever", str(root)), at=NOW)
    assert (done.found, done.new) == (2, 2)
    assert set(LogFile.objects.values_list("format", flat=True)) == {"every-eval-ever"}
    assert set(PulledItem.objects.values_list("key", flat=True)) == set(OBJECTS)


def test_a_server_is_pulled_by_its_index(source_of: MakeSource) -> None:
    files = {**OBJECTS, "flat/indexes/aggregate.jsonl": index(OBJECTS)}
    with serving(on_server(files)) as server:
        source = source_of("every_eval_ever", f"{server.url}/store/", allow_private=True)
        assert (pull(source, at=NOW).new, pull(source, at=NOW).unchanged) == (2, 2)
    assert len(server.asked) == 4


def test_an_object_with_other_bytes_than_the_index_says_is_not_taken(source_of: MakeSource) -> None:
    files = {**OBJECTS, place(FIRST): b"tampered", "flat/indexes/aggregate.jsonl": index(OBJECTS)}
    with serving(on_server(files)) as server:
        done = pull(source_of("every_eval_ever", f"{server.url}/store", allow_private=True), at=NOW)
    assert (done.state, done.new, done.failed) == ("partly", 1, 1)
    assert PulledItem.objects.get(key=place(FIRST)).error_code == "digest-differs"


def test_a_missing_object_does_not_stop_the_others(source_of: MakeSource) -> None:
    files = {place(SECOND): OBJECTS[place(SECOND)], "flat/indexes/aggregate.jsonl": index(OBJECTS)}
    with serving(on_server(files)) as server:
        done = pull(source_of("every_eval_ever", f"{server.url}/store", allow_private=True), at=NOW)
    assert (done.new, done.failed) == (1, 1)
    assert PulledItem.objects.get(state="failed").error_code == "not-found"


@pytest.mark.parametrize(
    "path",
    [
        "../../etc/passwd",
        "flat/objects/aa/bb/x.json",
        f"flat/objects/67/6f/../{FIRST}.json",
        f"https://evil.example.org/objects/67/6f/{FIRST}.json",
    ],
)
def test_an_index_leads_only_to_objects(path: str, source_of: MakeSource) -> None:
    with serving(on_server({"flat/indexes/aggregate.jsonl": index({path: b"x"})})) as server:
        done = pull(source_of("every_eval_ever", f"{server.url}/store", allow_private=True), at=NOW)
    assert (done.found, done.skipped, done.new) == (1, 1, 0)
    assert done.notes[0]["code"] == "path-unexpected"
    assert len(server.asked) == 1


def test_a_tree_in_pages_serves_as_an_index(source_of: MakeSource) -> None:
    rows = [{"type": "file", "path": path, "oid": "0" * 40, "size": len(data)} for path, data in OBJECTS.items()]

    def respond(asked):
        if asked.path == "/api/tree":
            at = int(asked.query.get("cursor", "0"))
            more = {"Link": '</api/tree?cursor=1>; rel="next"'} if at == 0 else {}
            listed = [rows[at], {"type": "directory", "path": "flat/objects"}, {"type": "file", "path": "README.md"}]
            return Answer(200, json.dumps(listed).encode(), more)
        return on_server(OBJECTS)(asked)

    with serving(respond) as server:
        index_at = [f"{server.url}/api/tree"]
        source = source_of("every_eval_ever", f"{server.url}/store", allow_private=True, index=index_at)
        done = pull(source, at=NOW)
    assert (done.state, done.found, done.new) == ("done", 2, 2)


def test_an_index_on_another_host_is_refused(source_of: MakeSource) -> None:
    with serving(on_server(OBJECTS)) as server, serving(on_server({"x": index(OBJECTS)})) as other:
        index_at = [f"{other.url}/store/x"]
        source = source_of("every_eval_ever", f"{server.url}/store", allow_private=True, index=index_at)
        assert pull(source, at=NOW).error_code == "redirected-elsewhere"
    assert other.asked == []


@pytest.mark.parametrize("body", [b"<html>", b"[1, 2]", b'{"object_path": 3}', b"\xff\xfe", b'{"a":' * 100])
def test_an_index_of_another_kind_is_no_traceback(body: bytes, source_of: MakeSource) -> None:
    with serving(on_server({"flat/indexes/aggregate.jsonl": body})) as server:
        done = pull(source_of("every_eval_ever", f"{server.url}/store", allow_private=True), at=NOW)
    assert done.new == 0
    assert done.error_code in ("", "answer-unexpected")


def test_a_bucket_is_pulled_by_its_layout(source_of: MakeSource, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("boto3", reason="the extra s3 is not installed")
    monkeypatch.setenv("SCORECARD_SECRET_STORE", "ID:KEY")
    with serving(Bucket("eee", {**OBJECTS, "flat/README.json": b"{}"})) as server:
        source = source_of(
            "every_eval_ever", "s3://eee/flat", allow_private=True, endpoint=server.url, region="x-1",
            secret_env="SCORECARD_SECRET_STORE",
        )  # fmt: skip
        assert pull(source, at=NOW).new == 2


def test_the_store_of_the_corpus_is_pulled(source_of: MakeSource, corpus: Path) -> None:
    root = corpus / "eee" / "community_evals_converter" / "datastore"
    done = pull(source_of("every_eval_ever", str(root)), at=NOW)
    assert (done.found, done.new) == (1, 1)
    rows = (corpus / "eee" / "community_evals_converter" / "aggregate.jsonl").read_text().splitlines()
    row = next(json.loads(line) for line in rows if FIRST in line)
    item = PulledItem.objects.get()
    assert item.log is not None
    assert (item.key, item.bytes) == (row["object_path"], row["size_bytes"])
    assert item.log.digest == f"sha256:{row['sha256']}"


def test_a_pulled_record_is_read_by_its_adapter(source_of: MakeSource, corpus: Path) -> None:
    root = corpus / "eee" / "community_evals_converter" / "datastore"
    pull(source_of("every_eval_ever", str(root)), at=NOW)
    for job in tasks.queued("read"):
        tasks.read_log(job.id)
    log = LogFile.objects.get()
    assert (log.recognised, log.state) == ("every-eval-ever", "unbound")
    assert log.unbound


def test_every_kind_of_source_names_a_format_that_there_is() -> None:
    assert {kind.format for kind in KINDS.values()} <= {"auto", *adapters()}
