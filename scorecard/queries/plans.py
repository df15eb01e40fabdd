"""The evaluation plan of a scorecard against what was done, with every attempt that the server counted."""

from __future__ import annotations

from typing import Any

from evaluations.models import EvaluationRun
from scorecard.framework.planned import KEYS, locked_since, planned_against_done, unplanned
from scorecard.models import EvaluationPlan, FrameworkVersion, Scorecard
from scorecard.moments import rfc3339

Record = dict[str, Any]


def framework_named(name: str) -> FrameworkVersion | None:
    """Return the version that `slug@version` names, the newest one for a slug alone; None for an unknown one."""
    slug, _, version = name.partition("@")
    named = FrameworkVersion.objects.filter(slug=slug, **({"version": version} if version else {}))
    return named.order_by("-published_at", "-id").first()


def plan_versions(card: Scorecard) -> list[EvaluationPlan]:
    """Return every version of the plan for the card's checkpoint under its framework version, oldest first."""
    rows = EvaluationPlan.objects.filter(programme=card.programme, checkpoint=card.checkpoint, framework=card.framework)
    return list(rows.select_related("checkpoint", "framework").order_by("version"))


def version_row(plan: EvaluationPlan) -> Record:
    """Return one version as records show it."""
    return {
        "id": plan.id, "version": plan.version, "digest": plan.digest, "locked_at": rfc3339(plan.locked_at),
        "items": plan.items, "stopping_rule": plan.stopping_rule, "reason": plan.reason,
        "by": {"id": plan.actor_id, "name": plan.actor_name, "role": plan.actor_role},
    }  # fmt: skip


def _attempts(card: Scorecard, items: list[Record]) -> dict[tuple[str, ...], list[str]]:
    """Return the ids of all runs that the server received for each item on the card's checkpoint, in their order."""
    found: dict[tuple[str, ...], list[str]] = {tuple(str(item[name] or "") for name in KEYS): [] for item in items}
    runs = EvaluationRun.objects.filter(
        checkpoint=card.checkpoint, evaluation__slug__in={item["evaluation"] for item in items}
    ).order_by("received_at", "id")
    for run, *key in runs.values_list("id", "evaluation__slug", "stratum", "metric", "mitigation"):
        if tuple(key) in found:
            found[tuple(key)].append(run)
    return found


def plan_of(card: Scorecard, evidence: list[Record]) -> Record | None:
    """Return the plan as the snapshot carries it: versions, planned against done, attempts; None without one."""
    versions = [version_row(plan) for plan in plan_versions(card)]
    if not versions:
        return None
    items = locked_since(versions)
    attempts = _attempts(card, items)
    rows = planned_against_done(items, evidence)
    return {
        "versions": versions,
        "rows": [{**row, "attempts": attempts[tuple(str(row[name] or "") for name in KEYS)]} for row in rows],
        "unplanned": unplanned(card.framework.document, items, evidence),
    }
