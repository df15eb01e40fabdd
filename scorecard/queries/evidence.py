"""The evidence under a scorecard: its own checkpoint's runs and those determined to hold for it."""

from __future__ import annotations

from collections import defaultdict
from difflib import get_close_matches
from functools import cache
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from evaluations.models import EvaluationRun, Measurement
from evaluations.queries import current_runs, evidence_item, newest_measurements
from scorecard.models import Applicability, FrameworkVersion, Scorecard
from scorecard.queries.evidence_tables import evidence_table


@cache
def _listed_in(framework: str) -> frozenset[str]:
    # Kept for the life of the process, because a published version never changes and every post asks.
    document = FrameworkVersion.objects.values_list("document", flat=True).get(id=framework)
    return frozenset(entry["slug"] for entry in document["evaluations"])


def unlisted_words(evaluation: str) -> str:
    """Say that no published framework lists an evaluation, with the nearest one that is; empty for a listed one."""
    listed = {slug for row in FrameworkVersion.objects.values_list("id", flat=True) for slug in _listed_in(row)}
    if evaluation in listed:
        return ""
    near = get_close_matches(evaluation, sorted(listed), n=1)
    return f"No framework lists the evaluation {evaluation!r}: this run is kept and shown, and sets no level." + (
        f" Did you mean {near[0]!r}?" if near else ""
    )


def applicabilities_of(card: Scorecard) -> list[Applicability]:
    """Return the unexpired determinations that results on other checkpoints hold for this one, oldest first."""
    rows = Applicability.objects.filter(programme=card.programme, to_checkpoint=card.checkpoint)
    live = rows.filter(Q(expires_at=None) | Q(expires_at__gt=timezone.now()))
    return list(live.select_related("from_checkpoint", "to_checkpoint").order_by("determined_at", "id"))


def sources_of(card: Scorecard) -> dict[str, str]:
    """Return checkpoint id -> `direct` or the id of the applicability that lets its results count."""
    applied = {row.from_checkpoint_id: row.id for row in applicabilities_of(card)}
    return {**applied, card.checkpoint_id: "direct"}


def measured_runs(checkpoints: list[str]) -> list[tuple[EvaluationRun, Measurement]]:
    """Return the current, measured runs of the checkpoints, each with its newest measurement."""
    runs = list(current_runs(checkpoints))
    newest = {
        measurement.run_id: measurement
        for measurement in Measurement.objects.filter(run__in=[run.id for run in runs]).order_by("measured_at")
    }
    return [(run, newest[run.id]) for run in runs if run.id in newest]


def evidence_of(card: Scorecard) -> list[dict[str, Any]]:
    """Return the evidence items of a scorecard, sorted by run id."""
    sources = sources_of(card)
    items = [
        evidence_item(run, measurement, applies=sources[run.checkpoint_id])
        for run, measurement in measured_runs(list(sources))
    ]
    return sorted(items, key=lambda item: item["run"])


def _catalogue(card: Scorecard) -> dict[str, dict[str, Any]]:
    return {entry["slug"]: entry for entry in card.framework.document["evaluations"]}


def evidence_sections(card: Scorecard, seen: QuerySet[EvaluationRun] | None = None) -> dict[str, list[dict[str, Any]]]:
    """Return the card's evidence as tables by section and evaluation, comparison subjects as further columns.

    With `seen`, the runs that a reader may see, nothing else is among them.

    A comparison is shown beside the card's own figures of the same evaluation, and wherever the publication that the
    card rests on prints it. Evaluations that the framework does not list stand under `preparedness`, `unlisted`.
    """
    catalogue = _catalogue(card)
    own = [run for run, _ in measured_runs(list(sources_of(card)))]
    groups: dict[str, list[EvaluationRun]] = defaultdict(list)
    shown = [*own, *comparison_runs(own)]
    if seen is not None:
        allowed = set(seen.filter(id__in=[run.id for run in shown]).values_list("id", flat=True))
        shown = [run for run in shown if run.id in allowed]
    for run in shown:
        groups[run.evaluation.slug].append(run)
    sections: dict[str, list[dict[str, Any]]] = {"safety": [], "red_teaming": [], "preparedness": []}
    for slug, runs in sorted(groups.items()):
        entry = catalogue.get(slug)
        section = entry["section"] if entry else "preparedness"
        sections[section].append(evidence_table(slug, entry, runs))
    return sections


def comparisons_of(card: Scorecard) -> list[dict[str, Any]]:
    """Return the figures of other models that the card's page shows beside its own, as evidence items, by run id."""
    runs = comparison_runs([run for run, _ in measured_runs(list(sources_of(card)))])
    newest = newest_measurements(runs)
    return [evidence_item(run, newest[run.id], applies="comparison") for run in runs if run.id in newest]


def comparison_runs(own: list[EvaluationRun]) -> list[EvaluationRun]:
    """Return the current runs of other models that belong beside these: of their evaluations, or from their sources."""
    beside = Q(evaluation__in={run.evaluation_id for run in own})
    sources = {run.report["provenance"]["source"] for run in own}
    found = EvaluationRun.objects.filter(
        beside | Q(report__provenance__source__in=sources), checkpoint__subject__kind="comparison", superseded_by=None
    )
    return list(found.select_related("evaluation", "checkpoint__subject").order_by("id"))
