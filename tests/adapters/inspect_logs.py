"""Small Inspect logs for the tests: the document, and its two containers."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import zstandard

from evaluations.adapters.inspect_log import ADAPTER
from evaluations.logs.found import FoundRun
from evaluations.logs.source import LogSource
from evaluations.logs.values import slug_of
from evaluations.report.coherence import incoherences
from evaluations.report.document import RunReport
from tests.adapters.sources import source_of

STORED, DEFLATED, ZSTANDARD = 0, 8, 93
LOCAL, CENTRAL, END = "<4sHHHHHIIIHH", "<4sHHHHHHIIIHHHHHII", "<4sHHHHIIH"


def sample(sample_id: Any, value: Any = "C", *, epoch: int = 1, **more: Any) -> dict[str, Any]:
    """One sample that the scorer `match` gave a value."""
    return {
        "id": sample_id, "epoch": epoch, "input": "?", "target": "A", "uuid": f"u-{sample_id}-{epoch}",
        "messages": [{"role": "user", "content": 'a "quoted" {bracket]'}],
        "output": {"model": "m", "choices": [{"message": {"content": "A"}, "stop_reason": "stop"}]},
        "scores": {"match": {"value": value, "answer": "A"}}, "metadata": {"passage": "p1"},
    } | more  # fmt: skip


def failed(sample_id: Any, message: str = "RuntimeError('sandbox died')", *, epoch: int = 1) -> dict[str, Any]:
    """One sample that an exception ended."""
    return sample(sample_id, epoch=epoch, scores={}, error={"message": message, "traceback": "..."}, output={})


def log(*samples: dict[str, Any], planned: Iterable[Any] | None = None, epochs: int = 1, **more: Any) -> dict[str, Any]:
    """A complete log of version 2 of these samples; `more` replaces parts of it."""
    ids = list(dict.fromkeys(item["id"] for item in samples)) if planned is None else list(planned)
    return {
        "version": 2, "status": "success",
        "eval": {
            "eval_id": "E1", "run_id": "R1", "task_id": "T1", "task": "inspect_evals/ctf", "task_version": "1-B",
            "created": "2026-03-01T11:00:00+00:00", "model": "lab/model-1", "tags": ["nightly"],
            "dataset": {"name": "ctf", "samples": len(ids), "sample_ids": ids},
            "config": {"epochs": epochs, "message_limit": 50}, "packages": {"inspect_ai": "0.3.285"},
            "revision": {"type": "git", "origin": "https://me:secret@example.org/evals.git", "commit": "abc1234"},
            "model_roles": {"grader": {"model": "lab/judge"}}, "model_generate_config": {"temperature": 0.5},
            "scorers": [{"name": "match", "options": {}, "metrics": [{"name": "inspect_ai/accuracy"}]}],
        },
        "plan": {"steps": [{"solver": "react", "params": {}}], "config": {"max_tokens": 100}},
        "results": {
            "total_samples": len(ids) * epochs, "completed_samples": len(samples),
            "scores": [{
                "name": "match", "scorer": "match", "scored_samples": len(ids), "params": {"location": "end"},
                "metrics": {"accuracy": {"name": "accuracy", "value": 0.5, "params": {}},
                            "stderr": {"name": "stderr", "value": 0.1, "params": {"cluster": "passage"}}},
            }],
        },
        "stats": {
            "started_at": "2026-03-01T11:00:00+00:00", "completed_at": "2026-03-01T12:00:00+02:00",
            "model_usage": {"lab/model-1": {"input_tokens": 10, "total_tokens": 15}},
        },
        "samples": list(samples),
    } | more  # fmt: skip


def as_json(document: Any) -> bytes:
    """The `.json` form; NaN and Infinity stand bare, as Inspect writes them."""
    return json.dumps(document).encode()


def as_zip(document: dict[str, Any], *, method: int = ZSTANDARD, killed: bool = False, summaries: bool = True) -> bytes:
    """The `.eval` form; a killed run has a journal and no header."""
    beside = {key: value for key, value in document.items() if key not in ("samples", "reductions")}
    members: dict[str, Any] = {
        "_journal/start.json": {key: beside[key] for key in ("version", "eval", "plan") if key in beside}
    }
    for item in document.get("samples") or []:
        members[f"samples/{item['id']}_epoch_{item['epoch']}.json"] = item
    short = [summary(item) for item in document.get("samples") or []]
    if killed:
        members["_journal/summaries/1.json"] = short
    else:
        members |= {"summaries.json": short} if summaries else {}
        members |= {"reductions.json": document["reductions"]} if "reductions" in document else {}
        members["header.json"] = beside
    return packed({name: as_json(value) for name, value in members.items()}, method=method)


def summary(item: dict[str, Any]) -> dict[str, Any]:
    """What Inspect keeps of a sample in its summaries: no history of scores, the error as a text, no stop reason."""
    kept = {key: item[key] for key in ("id", "epoch", "input", "target", "metadata", "uuid") if key in item}
    scores = {name: {**score, "history": []} for name, score in (item.get("scores") or {}).items()}
    error = item.get("error")
    return kept | {"scores": scores} | ({"error": error["message"]} if error else {})


def packed(members: dict[str, bytes], *, method: int) -> bytes:
    """A zip file of these members; Python 3.11's zipfile writes no Zstandard."""
    body, directory = b"", b""
    for name, data in members.items():
        inside, crc, plain = squeezed(data, method), zlib.crc32(data), name.encode()
        sizes = (method, 0, 33, crc, len(inside), len(data), len(plain))
        directory += struct.pack(CENTRAL, b"PK\1\2", 63, 63, 0, *sizes, 0, 0, 0, 0, 0, len(body)) + plain
        body += struct.pack(LOCAL, b"PK\3\4", 63, 0, *sizes, 0) + plain + inside
    end = struct.pack(END, b"PK\5\6", 0, 0, len(members), len(members), len(directory), len(body), 0)
    return body + directory + end


def squeezed(data: bytes, method: int) -> bytes:
    """The data in that method; Zstandard in two frames, as Inspect writes large members."""
    if method == ZSTANDARD:
        half = len(data) // 2
        return b"".join(zstandard.ZstdCompressor().compress(part) for part in (data[:half], data[half:]))
    if method == DEFLATED:
        squeezer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        return squeezer.compress(data) + squeezer.flush()
    return data


def runs_in(source: LogSource) -> list[FoundRun]:
    """All runs of a log, their samples as lists."""
    runs = list(ADAPTER.read(source))
    for run in runs:
        run.samples = list(run.samples) if run.samples is not None else None
    return runs


def only_run(document: dict[str, Any], *, as_eval: bool = False) -> FoundRun:
    """The one run of a log."""
    data = as_zip(document) if as_eval else as_json(document)
    (run,) = runs_in(source_of(data, "log.eval" if as_eval else "log.json"))
    return run


def listed(run: FoundRun) -> list[Any]:
    """The run's samples; none for a figure."""
    return list(run.samples or [])


def statuses(run: FoundRun) -> list[str]:
    """The statuses of a run's samples in order."""
    return [item["status"] for item in listed(run)]


def mean(run: FoundRun) -> float | None:
    """The plain mean over samples of the mean over their scored, live attempts, in the naive way."""
    by_id: dict[str, list[float]] = {}
    for item in listed(run):
        if item["status"] == "scored" and not item.get("superseded"):
            by_id.setdefault(item["id"], []).append(item["score"])
    means = [sum(scores) / len(scores) for scores in by_id.values()]
    return sum(means) / len(means) if means else None


def report_of(run: FoundRun) -> RunReport:
    """The report that a found run becomes once the poster has said the rest; every fault of it raises."""
    document = {
        "schema": "run-report/1", "subject": "s", "checkpoint": "c", "mitigation": "unspecified",
        "evaluation": {"slug": slug_of(run.evaluation), "version": run.version}, "metric": run.metric,
        "unit": run.unit, "run_id": run.native_id, "planned_samples": run.planned_samples,
        "attempts_per_sample": run.attempts_per_sample, "started_at": run.started_at,
        "completed_at": run.completed_at, "samples": run.samples, "estimate": run.estimate, "tags": run.tags,
        "grader": run.grader, "code": run.code, "packages": run.packages, "sampling": run.sampling, "cost": run.cost,
        "reported": {str(place): asdict(line) for place, line in enumerate(run.reported)},
        "provenance": {"source": run.source, "locator": run.locator},
    }  # fmt: skip
    report = RunReport.model_validate({key: value for key, value in document.items() if value is not None})
    assert list(incoherences(report)) == []
    json.dumps(report.model_dump(mode="json"), allow_nan=False, ensure_ascii=False).encode("utf-8")
    return report
