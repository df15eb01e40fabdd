"""Input of any size: run reports, logs of other tools, and Inspect archives with samples as heavy as real ones."""

from __future__ import annotations

import itertools
import json
import os
import random
import struct
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import zstandard

NUMBERS = itertools.count()
"""Makes every document different from those before, because the same bytes again are no work."""
MODEL = "bench-1"
LOCAL, CENTRAL = "<4sHHHHHIIIHH", "<4sHHHHHHIIIHHHHHII"
END = "<4sHHHHIIH"
ZSTANDARD = 93


def report(samples: int) -> bytes:
    """Return a run-report/1 of so many samples."""
    number = next(NUMBERS)
    rows = [{"id": f"task-{index:07d}", "score": float((index * 7 + number) % 3 == 0)} for index in range(samples)]
    return json.dumps(
        {
            "schema": "run-report/1", "run_id": f"bench-{number}", "subject": "bench", "checkpoint": MODEL,
            "mitigation": "post_mitigation", "evaluation": {"slug": "bench-tasks"}, "metric": "pass@1",
            "samples": rows, "provenance": {"source": "benchmark"},
        }
    ).encode()  # fmt: skip


def events(samples: int) -> Iterator[bytes]:
    """Yield the lines of an OpenAI evals log."""
    run = f"bench{next(NUMBERS)}"
    spec = {
        "completion_fns": [MODEL], "eval_name": "bench-tasks", "base_eval": "bench", "split": "dev",
        "run_config": {}, "created_by": "", "run_id": run, "created_at": "2026-03-01 12:00:00.000000",
    }  # fmt: skip
    yield json.dumps({"spec": spec}).encode() + b"\n"
    for index in range(samples):
        data = {"correct": index % 3 == 0, "expected": "a", "picked": "a", "sampled": "a"}
        event = {"run_id": run, "event_id": index, "sample_id": f"bench.dev.{index}", "type": "match", "data": data}
        yield json.dumps({**event, "created_by": "", "created_at": "2026-03-01 12:00:00.000000+00:00"}).encode() + b"\n"
    yield json.dumps({"final_report": {"accuracy": 0.333}}).encode() + b"\n"


def table(samples: int) -> Iterator[bytes]:
    """Yield the lines of a CSV table."""
    run = next(NUMBERS)
    yield b"id,score,model,evaluation,run_id\n"
    for index in range(samples):
        yield b"task-%07d,%d,bench-1,bench-tasks,bench-%d\n" % (index, index % 3 == 0, run)


def written(pieces: Iterable[bytes], path: Path) -> Path:
    """Write pieces to a file and return it; durably, so that no later fsync pays for these bytes too."""
    with path.open("wb") as file:
        file.writelines(pieces)
        file.flush()
        os.fsync(file.fileno())
    return path


def inspect_archive(path: Path, *, samples: int, sample_bytes: int) -> Path:
    """Write an Inspect `.eval` log, its members in Zstandard as Inspect writes them today, and return it."""
    filler = random.Random(7)
    words = [filler.randbytes(3).hex() for _ in range(4000)]
    with path.open("wb") as file:
        archive = _Archive(file)
        archive.add("_journal/start.json", _header(samples, done=False))
        for index in range(1, samples + 1):
            archive.add(f"samples/{index}_epoch_1.json", _sample(index, sample_bytes, filler, words))
        archive.add("summaries.json", [_summary(index) for index in range(1, samples + 1)])
        archive.add("header.json", _header(samples, done=True))
        archive.close()
    return path


def _score(index: int) -> dict[str, Any]:
    return {"match": {"value": "C" if index % 3 == 0 else "I", "answer": "a", "history": []}}


def _summary(index: int) -> dict[str, Any]:
    return {
        "id": index, "epoch": 1, "input": "?", "target": "a", "metadata": {}, "uuid": f"uuid{index:018d}",
        "scores": _score(index), "model_usage": {}, "completed": True, "message_count": 8,
    }  # fmt: skip


def _sample(index: int, size: int, filler: random.Random, words: list[str]) -> dict[str, Any]:
    messages = [
        {
            "id": f"m{index}-{turn}",
            "role": "assistant" if turn % 2 else "user",
            "content": " ".join(filler.choices(words, k=max(1, size // 8 // 7))),
        }
        for turn in range(8)
    ]
    choice = {"message": {"role": "assistant", "content": "a", "source": "generate"}, "stop_reason": "stop"}
    return {
        "id": index, "epoch": 1, "input": "?", "target": "a", "messages": messages, "uuid": f"uuid{index:018d}",
        "output": {"model": MODEL, "choices": [choice], "completion": "a"}, "scores": _score(index), "metadata": {},
        "store": {}, "events": [], "model_usage": {}, "attachments": {},
    }  # fmt: skip


def _header(samples: int, *, done: bool) -> dict[str, Any]:
    number = next(NUMBERS)
    document: dict[str, Any] = {
        "version": 2, "status": "success" if done else "started",
        "eval": {
            "eval_id": f"E{number}", "run_id": f"R{number}", "task_id": f"T{number}", "task": "bench-tasks",
            "task_version": 0, "created": "2026-03-01T11:00:00+00:00", "model": MODEL, "task_args": {},
            "dataset": {"name": "bench", "samples": samples, "sample_ids": list(range(1, samples + 1))},
            "config": {"epochs": 1}, "packages": {"inspect_ai": "0.3.285"}, "model_args": {},
        },
        "plan": {"name": "plan", "steps": [{"solver": "generate", "params": {}}], "config": {}},
    }  # fmt: skip
    if done:
        metrics = {"accuracy": {"name": "accuracy", "value": 0.33, "params": {}}}
        score = {"name": "match", "scorer": "match", "scored_samples": samples, "params": {}, "metrics": metrics}
        document["results"] = {"total_samples": samples, "completed_samples": samples, "scores": [score]}
        document["stats"] = {"started_at": "2026-03-01T11:00:00+00:00", "completed_at": "2026-03-01T12:00:00+00:00"}
    return document


class _Archive:
    """A zip file with Zstandard members, which Python 3.11's zipfile cannot write."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._directory, self._count = file, bytearray(), 0
        self._packer = zstandard.ZstdCompressor()

    def add(self, name: str, document: Any) -> None:
        """Add one member."""
        data, plain = json.dumps(document).encode(), name.encode()
        body, offset = self._packer.compress(data), self._file.tell()
        facts = (ZSTANDARD, 0, 0x21, zlib.crc32(data), len(body), len(data), len(plain), 0)
        self._file.write(struct.pack(LOCAL, b"PK\x03\x04", 63, 0, *facts) + plain + body)
        self._directory += struct.pack(CENTRAL, b"PK\x01\x02", 63, 63, 0, *facts, 0, 0, 0, 0, offset) + plain
        self._count += 1

    def close(self) -> None:
        """Write the directory."""
        start, size = self._file.tell(), len(self._directory)
        self._file.write(self._directory)
        self._file.write(struct.pack(END, b"PK\x05\x06", 0, 0, self._count, self._count, size, start, 0))
