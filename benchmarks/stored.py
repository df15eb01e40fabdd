"""What decides rests on stored statistics (W2): one run, a whole scorecard, and a threshold that changes."""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

from django.db import transaction
from django.utils import timezone

from benchmarks import making
from benchmarks.timing import Line, cpu
from evaluations import blobs
from evaluations.actors import SYSTEM
from evaluations.estimates.deciding import decide
from evaluations.estimates.tally import tally_from_dict
from evaluations.intake import receive
from evaluations.measuring import MISSING_STATUSES, measure, samples_of
from evaluations.models import EvaluationRun, Measurement
from evaluations.samples import tally_of_columns
from scorecard.adopting import publish
from scorecard.assessing import assess
from scorecard.demonstration.story import FRAMEWORK
from scorecard.models import Scorecard

DRAFT = "atlas-2-rc1"
"""A fictional checkpoint of the demonstration whose card is a draft."""
THRESHOLD = re.compile(r"^value = (0\.[0-9]+)$", re.MULTILINE)


class SamplesWereRead(AssertionError):
    """Something that must rest on stored statistics opened the samples."""


@contextmanager
def samples_closed() -> Iterator[None]:
    """Inside, whoever opens kept bytes fails."""
    refuse = mock.Mock(side_effect=SamplesWereRead)
    with mock.patch.object(blobs, "get", refuse), mock.patch.object(blobs, "opened", refuse):
        yield


def from_statistics(run: EvaluationRun) -> object:
    """Decide one run from its stored statistics."""
    row = Measurement.objects.filter(run=run).values_list("tally", flat=True).get()
    return decide(tally_from_dict(row or {}), "proportion", "wilson")


def from_samples(run: EvaluationRun) -> object:
    """Decide one run by reading every sample of it."""
    columns = samples_of(run)
    if columns is None:
        raise ValueError(f"{run.id} has no samples")
    tally = tally_of_columns(columns, planned=None, attempts_per_sample=None, missing_statuses=MISSING_STATUSES)
    return decide(tally, "proportion", "wilson")


def lines(folder: Path, *, largest: int) -> Iterator[Line]:
    """Measure for runs of several sizes, then for the demonstration's card."""
    for samples in (size for size in (10_000, 100_000, 1_000_000) if size <= largest):
        run = receive(making.report(samples), by=SYSTEM, at=timezone.now()).run
        measured = cpu(lambda run=run: measure(run, at=timezone.now()), rounds=1)
        with samples_closed():
            stored = cpu(lambda run=run: [from_statistics(run) for _ in range(20)], rounds=5) / 20
        read = cpu(lambda run=run: from_samples(run))
        yield Line(f"measure a run of {samples:,} samples, once", measured)
        yield Line(f"decide it from its stored statistics ({samples:,})", stored, "reading all its samples", read)
    yield from _threshold()


def _threshold() -> Iterator[Line]:
    card = Scorecard.objects.filter(checkpoint__name=DRAFT).latest("version")
    runs = EvaluationRun.objects.filter(checkpoint=card.checkpoint).count()
    cost = statistics.median(_reassessed(card, number) for number in range(5))
    yield Line(f"assess a card of {runs} runs after every threshold changed; no sample is read", cost, unit="s")


def _reassessed(card: Scorecard, number: int) -> float:
    """Return the CPU seconds of assessing the card under changed thresholds; nothing of it stays."""
    source = FRAMEWORK.read_text(encoding="utf-8").replace('version = "2023-12-18"', f'version = "bench-{number}"', 1)
    changed = THRESHOLD.sub(lambda found: f"value = {found[1]}{number + 1}", source)
    with transaction.atomic(), samples_closed():
        version = publish(changed.encode(), by=SYSTEM, at=timezone.now())
        Scorecard.objects.filter(id=card.id).update(framework=version)
        cost = cpu(lambda: assess(card, cause="benchmark", at=timezone.now()), rounds=1)
        transaction.set_rollback(True)
    return cost
