"""Listening: runs that report while they go on. What a recorder sends is kept at once, and read when the run is over.

A recorder that dies never says so: a run that falls silent is read as far as it came, as a partial one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from evaluations import blobs
from evaluations.actors import Actor
from evaluations.binding import Binding, faults_of
from evaluations.logs.refusal import LogRefused
from evaluations.logs.values import text_of, tolerant_json, whole_number
from evaluations.models import LiveBatch, LiveRun
from evaluations.reach import EVERYWHERE, Reach
from evaluations.reading_logs import BindingRefused, receive_log

FORMAT = "openai-evals"
SILENT_AFTER = timedelta(minutes=15)
"""A recorder flushes every ten seconds or hundred events; after this it is taken for dead."""
MOST_EVENTS = 10_000


@dataclass(frozen=True)
class Heard:
    """What became of a batch."""

    live: LiveRun
    created: bool
    events: int


def _events(raw: bytes) -> list[dict[str, Any]]:
    events = tolerant_json(raw, place="body")
    if not isinstance(events, list) or not all(isinstance(event, dict) for event in events):
        words = "The body is not a JSON array of events."
        raise LogRefused("not-an-array", words, remedy="Send what the evals recorder sends: [{...}, ...].")
    if not 1 <= len(events) <= MOST_EVENTS:
        raise LogRefused("batch-size", f"A batch has between 1 and {MOST_EVENTS} events.", remedy="Flush more often.")
    return events


def _run_of(events: list[dict[str, Any]]) -> str:
    named = {text_of(event.get("run_id")) for event in events}
    if len(named) != 1 or None in named:
        words = "The events of one batch belong to one run and carry its run_id."
        raise LogRefused("run-id", words, pointer="/0/run_id", remedy="Send each run in batches of its own.")
    return str(named.pop())


def hear(raw: bytes, *, binding: Binding, by: Actor, at: datetime, within: Reach = EVERYWHERE) -> Heard:
    """Take one batch of the evals recorder in; the same batch again changes nothing.

    A batch that comes after the run was read opens it again, so that late events become a new revision. Raises
    LogRefused and BindingRefused.
    """
    events = _events(raw)
    native_id = _run_of(events)
    if faults := faults_of(binding, within):
        raise BindingRefused(faults)
    digest = blobs.put(raw)
    with transaction.atomic():
        live, _ = LiveRun.objects.get_or_create(
            owner=by.id, native_id=native_id, format=FORMAT,
            defaults={
                "binding": binding.to_dict(), "started_at": at, "heard_at": at, "actor_kind": by.kind,
                "actor_name": by.name, "programme": within.programme or "", "suites": list(within.suites),
            },
        )  # fmt: skip
        live = LiveRun.objects.select_for_update().get(id=live.id)
        _, created = live.batches.get_or_create(digest=digest, defaults={"events": len(events), "received_at": at})
        live.heard_at = at
        live.ended = live.ended or any(event.get("type") == "final_report" for event in events)
        if created:
            live.log = None
        live.save(update_fields=["heard_at", "ended", "log"])
    if live.ended and live.log_id is None:
        close(live, at=at)
    return Heard(live, created, len(events))


def _lines(live: LiveRun) -> Iterator[bytes]:
    """Yield the run as the recorder's own log file would stand on a disk."""
    spec = {"run_id": live.native_id, "eval_name": live.binding.get("evaluation") or live.native_id}
    yield json.dumps({"spec": spec}).encode() + b"\n"
    seen: set[int] = set()
    for batch in live.batches.order_by("id"):
        for event in _events(blobs.get(batch.digest)):
            number = whole_number(event.get("event_id"))
            if number is not None and number in seen:
                continue
            seen.update([] if number is None else [number])
            ending = event.get("type") == "final_report"
            yield json.dumps({"final_report": event.get("data")} if ending else event).encode() + b"\n"


def close(live: LiveRun, *, at: datetime) -> None:
    """Make a log of what was heard, and ask for its reading; the former log of the run, if any, stays."""
    size = sum(len(line) for line in _lines(live))
    digest = blobs.put_stream(_lines(live))
    sender = Actor(kind=live.actor_kind, id=live.owner, name=live.actor_name)
    with transaction.atomic():
        receipt = receive_log(
            digest, size, name=f"{live.native_id}.jsonl", format=FORMAT, binding=Binding.of(live.binding), by=sender,
            at=at, within=Reach.of(live.programme, live.suites),
        )  # fmt: skip
        LiveRun.objects.filter(id=live.id, log=None).update(log=receipt.log)


def close_silent(*, now: datetime) -> int:
    """Close every run that nobody has spoken of for a quarter of an hour; return how many."""
    silent = list(LiveRun.objects.filter(log=None, heard_at__lt=now - SILENT_AFTER))
    for live in silent:
        close(live, at=now)
    return len(silent)


def batches_of(live: LiveRun) -> list[LiveBatch]:
    """Return the batches in the order in which they came."""
    return list(live.batches.order_by("id"))
