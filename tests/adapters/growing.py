"""Logs of any size in the formats whose adapters hold something of every sample."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable, Iterator
from typing import Any


def _lines(records: Iterator[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def csv_table(samples: int) -> bytes:
    """A table whose attempts are numbered, so that each is looked for among the others."""
    rows = (f"task-{index:07d},1,{index % 2}\n" for index in range(samples))
    return ("id,attempt,score\n" + "".join(rows)).encode()


def openai_evals(samples: int) -> bytes:
    """A recorder's log with a match and a metrics event for each sample."""

    def events() -> Iterator[dict[str, Any]]:
        yield {"spec": {"completion_fns": ["m"], "eval_name": "e", "base_eval": "e", "run_id": "r"}}
        for index in range(samples):
            for half, (kind, data) in enumerate((("match", {"correct": True}), ("metrics", {"f1": index / samples}))):
                sample = {"event_id": 2 * index + half, "sample_id": f"task-{index:07d}"}
                yield {"run_id": "r", **sample, "type": kind, "data": data}

    return _lines(events())


def nanoeval(samples: int) -> bytes:
    """Records with an id and a group for each attempt."""

    def events() -> Iterator[dict[str, Any]]:
        yield {"record_type": "run_started", "run_spec": {"run_id": "r"}}
        for index in range(samples):
            named = {"sample_id": f"task-{index:07d}", "group_id": "g.0.0"}
            yield {"record_type": "match", "correct": index % 2 == 0, **named}

    return _lines(events())


def metr(samples: int) -> bytes:
    """Attempts of one model, each under a run id of its own."""
    facts = {"alias": "m", "task_family": "f", "score_binarized": 1, "human_minutes": 5.0, "score": 1.0}
    return _lines({"task_id": f"f/{index % 200}", "run_id": index, **facts} for index in range(samples))


def junit(samples: int) -> bytes:
    """One suite of passed tests."""
    cases = (f'<testcase classname="c" name="task-{index:07d}"/>' for index in range(samples))
    return ('<testsuite name="s">' + "".join(cases) + "</testsuite>").encode()


def lm_eval(samples: int) -> bytes:
    """A samples file with one metric."""
    facts = {"doc": {}, "filter": "none", "metrics": ["acc"]}
    return _lines({"doc_id": index, **facts, "acc": index % 2} for index in range(samples))


def every_eval_ever(samples: int) -> bytes:
    """Instance rows of one result."""
    facts = {"schema_version": "0.3.0", "evaluation_id": "e", "model_id": "m", "evaluation": {"score": 1.0}}
    return _lines({"sample_id": f"task-{index:07d}", **facts} for index in range(samples))


def helm(samples: int) -> bytes:
    """A run folder, packed, with a statistic for each instance."""
    rows = [
        {
            "instance_id": f"id{index:07d}",
            "train_trial_index": 0,
            "stats": [{"name": {"name": "exact_match", "split": "test"}, "count": 1, "sum": 1.0, "mean": 1.0}],
        }
        for index in range(samples)
    ]
    spec = {"name": "mmlu:subject=x,model=m", "adapter_spec": {"model": "m"}}
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, document in (("run_spec.json", spec), ("per_instance_stats.json", rows)):
            data = json.dumps(document).encode()
            member = tarfile.TarInfo(f"r/{name}")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return packed.getvalue()


GROWING: dict[str, tuple[str, Callable[[int], bytes]]] = {
    "csv_table": ("t.csv", csv_table),
    "openai_evals": ("e.jsonl", openai_evals),
    "nanoeval": ("n.jsonl", nanoeval),
    "metr": ("runs.jsonl", metr),
    "junit": ("j.xml", junit),
    "lm_eval": ("samples_t.jsonl", lm_eval),
    "every_eval_ever": ("i.jsonl", every_eval_ever),
    "helm": ("h.tar", helm),
}
"""Module of the adapter -> name of a log and what makes one of so many samples."""
