"""Runs with samples for the page tests, and short ways to their pages and to the ledger's word on them."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from evaluations import blobs, reading_logs
from evaluations.actors import SYSTEM
from evaluations.binding import Binding
from evaluations.models import EvaluationRun, Subject
from evaluations.reach import Reach
from scorecard import tasks
from scorecard.models.ledger import LedgerEntry
from tests.adapters import inspect_logs
from tests.conftest import drain

WHY = "Checking a score that looks wrong"
SECRET = "the hazardous answer"
"""What must not be seen before it is opened."""


def of_atlas() -> Reach:
    """The reach of whoever sends evidence of the fictional subject's programme."""
    return Reach(Subject.objects.get(slug="atlas-2").programme)


def in_log(*samples: dict[str, Any], name: str = "night.eval") -> EvaluationRun:
    """Read an Inspect log of these samples as the worker would, and return its run."""
    raw = inspect_logs.as_zip(inspect_logs.log(*samples))
    binding = Binding(checkpoint="atlas-2-rc1", mitigation="post_mitigation", evaluation="ctf-professional")
    receipt = reading_logs.receive_log(
        blobs.put(raw), len(raw), name=name, format="auto", binding=binding, by=SYSTEM, at=timezone.now(),
        within=of_atlas(),
    )  # fmt: skip
    tasks.read_log(receipt.job.id)
    drain()
    receipt.log.refresh_from_db()
    return EvaluationRun.objects.get(id=receipt.log.outcomes[0]["id"])


def answered(sample_id: str, value: str = "C", text: str = SECRET, **more: Any) -> dict[str, Any]:
    return inspect_logs.sample(sample_id, value, messages=[{"role": "assistant", "content": text}], **more)


def page_of(run: EvaluationRun, **said: object) -> str:
    return f"/runs/{run.id}/sample/?{urlencode(said)}"


def list_of(run: EvaluationRun, **said: object) -> str:
    return f"/runs/{run.id}/samples/?{urlencode(said)}"


def opening(client: Client, run: EvaluationRun, sample: str = "alpha", reason: str = WHY, **more: Any) -> HttpResponse:
    data = {"id": sample, "attempt": 1, "reason": reason, **more}
    return client.post(f"/runs/{run.id}/sample/", data)  # type: ignore[return-value]


def entries(kind: str = "content.opened") -> list[dict[str, Any]]:
    return [json.loads(entry.envelope) for entry in LedgerEntry.objects.filter(kind=kind).order_by("seq")]


def looked_into(html: str) -> str:
    """The part of a page that is marked as foreign."""
    return html.partition('<div class="foreign">')[2].partition("</div>")[0]
