"""The evidence under a scorecard: its own checkpoint's runs and those determined to hold for it."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from difflib import get_close_matches
from functools import cache
from typing import Any

from django.core.cache import cache as cache_of_tallies
from django.db.models import Q, QuerySet
from django.utils import timezone

from evaluations.measuring import MISSING_STATUSES, under_policy
from evaluations.models import EvaluationRun, Form, Measurement
from evaluations.queries import current_runs, evidence_item, newest_measurements
from scorecard.framework.decay import depends_on_time, expired_by
from scorecard.ledger.canonical import digest
from scorecard.models import Applicability, FrameworkVersion, Scorecard, SystemChange
from scorecard.moments import rfc3339
from scorecard.queries.evidence_tables import evidence_table

KEPT_SECONDS = 24 * 3600


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
    """Return the determinations by which results on other checkpoints count for this one: one for each of them.

    It is the newest one that stands; where none does, the newest that ended, because results that were applied once
    stay on the card as expired evidence and do not vanish from it.
    """
    rows = Applicability.objects.filter(programme=card.programme, to_checkpoint=card.checkpoint)
    by_source: dict[str, list[Applicability]] = defaultdict(list)
    for row in rows.select_related("from_checkpoint", "to_checkpoint").order_by("determined_at", "id"):
        by_source[row.from_checkpoint_id].append(row)
    day = as_of(card)
    chosen = [
        max(found, key=lambda row: (row.withdrawn_at is None and not _over(row, day), row.determined_at, row.id))
        for found in by_source.values()
    ]
    return sorted(chosen, key=lambda row: (row.determined_at, row.id))


def as_of(card: Scorecard) -> date:
    """Return the day on which the card's evidence was last read, which decides what had expired by then."""
    return card.as_of or timezone.now().date()


def _over(row: Applicability, day: date) -> bool:
    return row.expires_at is not None and row.expires_at.date() <= day


def _sources(card: Scorecard, applied: list[Applicability]) -> dict[str, str]:
    return {**{row.from_checkpoint_id: row.id for row in applied}, card.checkpoint_id: "direct"}


def sources_of(card: Scorecard) -> dict[str, str]:
    """Return checkpoint id -> `direct` or the id of the applicability that lets its results count."""
    return _sources(card, applicabilities_of(card))


def applicability_rows(applied: list[Applicability]) -> list[dict[str, Any]]:
    """Return these determinations as the snapshot carries them; members that say nothing are left out."""
    return [
        {
            "id": row.id,
            "from_checkpoint": row.from_checkpoint.name,
            "to_checkpoint": row.to_checkpoint.name,
            "rationale": row.rationale,
            "limits": row.limits,
            "by": {"id": row.actor_id, "name": row.actor_name, "role": row.actor_role},
            "at": rfc3339(row.determined_at),
            **({"compute_multiple": row.compute_multiple} if row.compute_multiple is not None else {}),
            **({"expires_at": rfc3339(row.expires_at)} if row.expires_at else {}),
            **({"withdrawn_at": rfc3339(row.withdrawn_at)} if row.withdrawn_at else {}),
        }
        for row in applied
    ]


def changes_of(card: Scorecard) -> list[dict[str, Any]]:
    """Return the changes of the checkpoint by which the card's framework ends evidence, as the snapshot has them."""
    ending = (card.framework.document["policy"].get("expiry") or {}).get("changes") or []
    rows = SystemChange.objects.filter(
        programme=card.programme, checkpoint=card.checkpoint, withdrawn_at=None, kind__in=ending
    )
    return [
        {
            "id": row.id, "kind": row.kind, "words": row.words, "happened_at": rfc3339(row.happened_at),
            "by": {"id": row.actor_id, "name": row.actor_name, "role": row.actor_role},
        }
        for row in rows
    ]  # fmt: skip


def validity_of(card: Scorecard) -> dict[str, Any]:
    """Return what decides which evidence counts and how long: `sources`, `applicability`, `changes`, the day `as_of`.

    `sources` is what `sources_of` returns. The day is None where it decides nothing.
    """
    applied = applicabilities_of(card)
    applicability, sources = applicability_rows(applied), _sources(card, applied)
    timed = depends_on_time(card.framework.document, applicability)
    day = as_of(card).isoformat() if timed else None
    return {"sources": sources, "applicability": applicability, "changes": changes_of(card), "as_of": day}


def measured_runs(checkpoints: list[str]) -> list[tuple[EvaluationRun, Measurement]]:
    """Return the current, measured runs of the checkpoints, each with its newest measurement."""
    runs = list(current_runs(checkpoints))
    newest = {
        measurement.run_id: measurement
        for measurement in Measurement.objects.filter(run__in=[run.id for run in runs]).order_by("measured_at")
    }
    return [(run, newest[run.id]) for run in runs if run.id in newest]


def _policy_of(card: Scorecard) -> tuple[list[str], list[str]]:
    """Return the statuses that the card's framework counts as missing, and those that it leaves out."""
    policy = card.framework.document["policy"]
    return sorted(policy["missing_statuses"]), sorted(policy.get("excluded_statuses") or [])


def _under_policy(run: EvaluationRun, item: dict[str, Any], missing: list[str], excluded: list[str]) -> dict[str, Any]:
    """Return an item whose tally is counted as the framework counts; measurements are kept for the default policy."""
    if run.form != Form.SAMPLES or (missing == sorted(MISSING_STATUSES) and not excluded):
        return item
    key = "tally:" + digest([run.digest, missing, excluded]).removeprefix("sha256:")
    kept: tuple[dict[str, Any] | None, float | None] | None = cache_of_tallies.get(key)
    if kept is None:
        kept = under_policy(run, missing_statuses=missing, excluded_statuses=excluded)
        cache_of_tallies.set(key, kept, KEPT_SECONDS)
    return {**item, "tally": kept[0], "value": kept[1]}


def evidence_of(card: Scorecard, validity: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """Return the evidence items of a scorecard, sorted by run id; what has ended says why in `expired`."""
    validity = validity or validity_of(card)
    sources = validity["sources"]
    policy = _policy_of(card)
    items = [
        _under_policy(run, evidence_item(run, measurement, applies=sources[run.checkpoint_id]), *policy)
        for run, measurement in measured_runs(list(sources))
    ]
    return sorted(
        (with_expiry(card.framework.document, item, validity) for item in items), key=lambda item: item["run"]
    )


def with_expiry(document: dict[str, Any], item: dict[str, Any], validity: dict[str, Any]) -> dict[str, Any]:
    """Return the item with `expired`, why it has ended; as it is while it stands."""
    found = expired_by(document, item, validity["applicability"], validity["changes"], validity["as_of"])
    return {**item, "expired": found} if found else item


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
