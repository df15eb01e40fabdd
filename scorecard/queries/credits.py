"""The tables of pairs and the safeguards on which lower levels after mitigation rest."""

from __future__ import annotations

from typing import Any

from django.core.cache import cache
from django.db.models import QuerySet

from evaluations.estimates.paired_table import paired_table
from evaluations.measuring import samples_of
from evaluations.models import EvaluationRun
from scorecard.framework.credit import lowered_levels, wanted_pairs
from scorecard.ledger.canonical import digest
from scorecard.models import FrameworkVersion, Safeguard, SafeguardState, Scorecard
from scorecard.snapshot import SIDES, Determined

Record = dict[str, Any]
Pair = tuple[str, str, bool]
KEPT_SECONDS = 24 * 3600


def attempts_of(pre: Record, post: Record) -> int | None:
    """Return how many attempts each sample of either report was planned to have; None where neither says."""
    told = [report["attempts_per_sample"] for report in (pre, post) if report.get("attempts_per_sample")]
    return max(told, default=None)


def _table(pre: EvaluationRun, post: EvaluationRun, policy: Record, mirrored: bool) -> Record:
    attempts, missing = attempts_of(pre.report, post.report), sorted(policy["missing_statuses"])
    excluded = sorted(policy.get("excluded_statuses") or [])
    key = "pairs:" + digest([pre.digest, post.digest, missing, excluded, mirrored, attempts]).removeprefix("sha256:")
    kept: Record | None = cache.get(key)
    if kept is None:
        before, after = samples_of(pre), samples_of(post)
        assert before is not None, f"{pre.id} is a run of samples without a block"
        assert after is not None, f"{post.id} is a run of samples without a block"
        kept = paired_table(before.rows(), after.rows(), frozenset(missing), mirrored, attempts, frozenset(excluded))
        cache.set(key, kept, KEPT_SECONDS)
    return kept


def _wanted(
    card: Scorecard, evidence: list[Record], results: dict[tuple[str, str], Record],
    determined: dict[tuple[str, str], Determined],
) -> set[Pair]:  # fmt: skip
    """Return the pairs that the lowered levels of the card want and that have samples on both sides."""
    document, found = card.framework.document, set()
    for category in document["categories"]:
        slug = category["slug"]
        held = [determined.get((slug, side)) for side in SIDES]
        before, after = (row.level if row is not None and not row.overtaken else None for row in held)
        levels = lowered_levels(document, slug, before, after)
        row = {side: results[slug, side] for side in SIDES if (slug, side) in results}
        for pair in wanted_pairs(document, row, levels, evidence) if levels else []:
            if not pair["unpaired"]:
                found.add((pair["pre_run"], pair["post_run"], pair["mirrored"]))
    return found


def pairs_of_card(
    card: Scorecard, evidence: list[Record], results: dict[tuple[str, str], Record],
    determined: dict[tuple[str, str], Determined],
) -> dict[Pair, Record]:  # fmt: skip
    """Return the tables of pairs that the card's lowered levels rest on; nothing is read where no level is lowered."""
    wanted = _wanted(card, evidence, results, determined)
    named = EvaluationRun.objects.in_bulk({run for pre, post, _ in wanted for run in (pre, post)})
    policy = card.framework.document["policy"]
    return {pair: _table(named[pair[0]], named[pair[1]], policy, pair[2]) for pair in wanted}


def safeguard_row(row: Safeguard, *, in_force: bool) -> Record:
    """Return a safeguard version as records show it."""
    return {
        "id": row.id, "slug": row.slug, "version": row.version, "name": row.name, "summary": row.summary,
        "claim": row.claim or None, "threat_actor": row.threat_actor, "categories": row.categories,
        "pathways": row.pathways, "evaluations": row.evaluations, "in_force": in_force,
    }  # fmt: skip


def newest_safeguards(subject_id: str) -> list[Safeguard]:
    """Return the newest version of each safeguard of a subject, by slug."""
    return list({row.slug: row for row in Safeguard.objects.filter(subject=subject_id)}.values())


def frameworks_in_use(cards: QuerySet[Scorecard]) -> list[FrameworkVersion]:
    """Return the framework versions under which the cards stand, or every one where there is no card."""
    used = set(cards.values_list("framework", flat=True))
    found = FrameworkVersion.objects.filter(id__in=used) if used else FrameworkVersion.objects.all()
    return list(found.order_by("slug", "version"))


def safeguards_of_card(card: Scorecard, determined: dict[tuple[str, str], Determined]) -> list[Record]:
    """Return the safeguards that the standing determinations credit; one is in force while no later version stands."""
    credited = {one for row in determined.values() for one in row.safeguards}
    if not credited:
        return []
    newest = {row.id: row for row in newest_safeguards(card.checkpoint.subject_id)}
    rows = Safeguard.objects.filter(id__in=credited)
    return [safeguard_row(row, in_force=row.id in newest and row.state == SafeguardState.IN_FORCE) for row in rows]
