"""A scorecard as every door shows it: one document for screen, API and print."""

from __future__ import annotations

import json
from typing import Any

from django.utils import timezone

from evaluations.models import EvaluationRun, EvidenceDocument
from scorecard.ledger.canonical import digest
from scorecard.models import ApiToken, Assessment, Determination, Scorecard, State
from scorecard.moments import rfc3339
from scorecard.queries.credits import pairs_of_card, safeguards_of_card
from scorecard.queries.evidence import applicabilities_of, evidence_of, validity_of
from scorecard.queries.expectations import exceptions_of, forecasts_of
from scorecard.queries.informing import informing_of
from scorecard.queries.plans import plan_of, plan_versions, version_row
from scorecard.queries.signoff import signoff_of
from scorecard.queries.thresholds import late_thresholds
from scorecard.snapshot import SIDES, Determined, Parts, build
from scorecard.version import VERSION

SOFTWARE = {"name": "preparedness-scorecard", "version": VERSION}


def newest_assessments(card: Scorecard) -> dict[tuple[str, str], Assessment]:
    """Return the newest assessment of each category and side."""
    return {(row.category, row.mitigation): row for row in card.assessments.order_by("id")}


def _rank(card: Scorecard, level: str | None) -> int:
    order = [entry["slug"] for entry in card.framework.document["levels"]]
    return order.index(level) if level in order else -1


def overtaken(card: Scorecard, determination: Determination, now: Assessment) -> bool:
    """Whether evidence that came after the determination reaches a higher level than was determined."""
    if determination.seen == now.digest:
        return False
    seen = Assessment.objects.filter(digest=determination.seen).first()
    reached = _rank(card, now.result["reached_level"])
    before = _rank(card, seen.result["reached_level"]) if seen else -1
    return reached > before and reached > _rank(card, determination.level)


def _determined(card: Scorecard, assessments: dict[tuple[str, str], Assessment]) -> dict[tuple[str, str], Determined]:
    newest = {(row.category, row.mitigation): row for row in card.determinations.order_by("id")}
    return {
        key: Determined(
            level=row.level,
            rationale=row.rationale,
            by={"id": row.actor_id, "name": row.actor_name, "role": row.actor_role},
            at=rfc3339(row.determined_at),
            seen=row.seen,
            kind=row.kind,
            argument=row.argument,
            safeguards=tuple(row.safeguards),
            overtaken=overtaken(card, row, assessments[key]),
        )
        for key, row in newest.items()
    }


def _token_owners(token_ids: set[str]) -> dict[str, dict[str, str]]:
    tokens = ApiToken.objects.filter(id__in=token_ids).select_related("person")
    return {row.id: {"id": row.person.person_id, "name": row.person.display_name} for row in tokens}


def _posters(evidence: list[dict[str, Any]], informing: list[dict[str, Any]]) -> set[tuple[str, str, str]]:
    """Return (kind, id, name) of everybody who posted a cited run or a document that informs the card."""
    actor = ("actor_kind", "actor_id", "actor_name")
    runs = EvaluationRun.objects.filter(id__in=[item["run"] for item in evidence])
    documents = EvidenceDocument.objects.filter(id__in=[row["id"] for row in informing])
    posted = set(runs.exclude(actor_kind="system").values_list(*actor))
    return posted | set(documents.exclude(actor_kind="system").values_list(*actor))


def _authors(
    card: Scorecard,
    evidence: list[dict[str, Any]],
    informing: list[dict[str, Any]],
    requester: dict[str, str] | None,
) -> list[dict[str, str]]:
    """Everybody who made a part of the card: determinations, applicability, cited evidence, the request for review."""
    rows = [{"id": row.actor_id, "name": row.actor_name, "role": row.actor_role} for row in card.determinations.all()]
    rows += [{"id": row.actor_id, "name": row.actor_name, "role": row.actor_role} for row in applicabilities_of(card)]
    rows += [row["by"] for row in (*forecasts_of(card), *exceptions_of(card), *map(version_row, plan_versions(card)))]
    actors = _posters(evidence, informing)
    owners = _token_owners({identifier for kind, identifier, _ in actors if kind == "token"})
    for kind, identifier, name in actors:
        person = owners.get(identifier) if kind == "token" else {"id": identifier, "name": name}
        if person:
            rows.append({**person, "role": "posted evidence"})
    if requester:
        rows.append(requester)
    return list({(row["id"], row["role"]): row for row in rows}.values())


def working_snapshot(card: Scorecard, *, requester: dict[str, str] | None = None) -> dict[str, Any]:
    """Build the snapshot afresh from the newest assessments and determinations."""
    validity = validity_of(card)
    evidence, informing = evidence_of(card, validity), informing_of(card)
    assessments = newest_assessments(card)
    results, determined = {key: row.result for key, row in assessments.items()}, _determined(card, assessments)
    received = EvaluationRun.objects.filter(id__in=[item["run"] for item in evidence]).order_by("-received_at").first()
    return build(
        Parts(
            number=card.number,
            version=card.version,
            title=card.title,
            subject={"slug": card.checkpoint.subject.slug, "name": card.checkpoint.subject.name},
            checkpoint=card.checkpoint.name,
            framework_digest=card.framework.digest,
            document=card.framework.document,
            data_cutoff=rfc3339(received.received_at) if received else None,
            replaces=None
            if card.replaces is None
            else {"number": card.replaces.number, "version": card.replaces.version, "digest": card.replaces.digest},
            authors=_authors(card, evidence, informing, requester),
            applicability=validity["applicability"],
            system_changes=validity["changes"],
            as_of=validity["as_of"],
            plan=plan_of(card, evidence),
            late=late_thresholds(card, evidence),
            evidence=evidence,
            assessments=results,
            determinations=determined,
            pairs=pairs_of_card(card, evidence, results, determined),
            safeguards=safeguards_of_card(card, determined),
            software=SOFTWARE,
            former=json.loads(card.replaces.snapshot) if card.replaces and card.replaces.snapshot else None,
            informing=informing,
            forecasts=forecasts_of(card),
            exceptions=exceptions_of(card),
        )
    )


def snapshot_of(card: Scorecard) -> dict[str, Any]:
    """Return the frozen snapshot of a reviewed or sealed card, or the draft's as it is now."""
    if card.snapshot:
        frozen: dict[str, Any] = json.loads(card.snapshot)
        return frozen
    return working_snapshot(card)


def card_digest(card: Scorecard) -> str:
    """Return the digest of the card as it is now."""
    return card.digest or digest(working_snapshot(card))


def author_ids(card: Scorecard) -> set[str]:
    """Return the ids of the people who authored a part of the card and so may not sign it."""
    return {row["id"] for row in snapshot_of(card)["authors"]}


def _now_words(card: Scorecard, name: str, sealed: str | None, now: str | None) -> str:
    names = {level["slug"]: level["name"] for level in card.framework.document["levels"]}
    before, after = names.get(sealed or "", "not determined"), names.get(now or "", "not assessed")
    return f"{name}: {before} \N{RIGHTWARDS ARROW} {after}"


def _overtaken_words(card: Scorecard, held: str, now: str) -> str:
    names = {level["slug"]: level["name"] for level in card.framework.document["levels"]}
    return (
        f"{names.get(held, held)} was determined on earlier evidence, which now reaches {names.get(now, now)}: "
        "the determination no longer counts until people determine again."
    )


def _followers(card: Scorecard) -> dict[tuple[str, str], Assessment]:
    following = Scorecard.objects.filter(number=card.number, version__gt=card.version).order_by("version").first()
    return newest_assessments(following if following is not None else card)


def changes_since(card: Scorecard, snapshot: dict[str, Any]) -> list[dict[str, Any]]:
    """Return where evidence now reaches a higher level than the card determined, newest first."""
    now = _followers(card)
    rows = []
    for category in snapshot["categories"]:
        for side in SIDES:
            assessment = now.get((category["category"], side))
            held = category[side]["determined_level"] or (category[side]["determination"] or {}).get("level")
            if assessment is None or held is None:
                continue
            reached = assessment.result["reached_level"]
            if _rank(card, reached) <= max(_rank(card, held), _rank(card, category[side]["reached_level"])) and (
                card.state != State.DRAFT or category[side]["determined_level"] is not None
            ):
                continue
            rows.append(
                {
                    "category": category["category"],
                    "name": category["name"],
                    "mitigation": side,
                    "sealed_level": held,
                    "now_level": reached,
                    "run": assessment.cause,
                    "at": rfc3339(assessment.assessed_at),
                    "words": _now_words(card, category["name"], held, reached),
                    "statement": _overtaken_words(card, held, reached),
                }
            )
    return sorted(rows, key=lambda row: row["at"], reverse=True)


def lapsed(card: Scorecard) -> bool:
    """Whether the sealed card's validity is over."""
    return card.expires_at is not None and card.expires_at <= timezone.now()


def _with_live_sides(card: Scorecard, snapshot: dict[str, Any], changes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    assessments = newest_assessments(card)
    moved = {(row["category"], row["mitigation"]): row for row in changes}
    return [
        {
            **category,
            **{
                side: {
                    **category[side],
                    "assessment_digest": assessments[category["category"], side].digest,
                    "overtaken": moved.get((category["category"], side)),
                }
                for side in SIDES
            },
        }
        for category in snapshot["categories"]
    ]


def card_document(card: Scorecard) -> dict[str, Any]:
    """Return the card with its live state: snapshot, flags, sign-off, and what changed since it was frozen."""
    snapshot = snapshot_of(card)
    changes = changes_since(card, snapshot)
    signoff = signoff_of(card)
    following = Scorecard.objects.filter(number=card.number, version__gt=card.version).order_by("-version").first()
    base = f"/scorecards/{card.number}/v{card.version}/"
    return {
        **snapshot,
        "categories": _with_live_sides(card, snapshot, changes),
        "id": card.id,
        "state": card.state,
        "stale": card.stale,
        "stale_reasons": card.stale_reasons,
        "contested": bool(signoff["dissent"]),
        "lapsed": lapsed(card),
        "opened_at": rfc3339(card.opened_at),
        "sealed_at": rfc3339(card.sealed_at) if card.sealed_at else None,
        "expires_at": rfc3339(card.expires_at) if card.expires_at else None,
        "revoke_reason": card.revoke_reason,
        "digest": card.digest or digest(snapshot),
        "signoff": signoff,
        "changes": changes,
        "newest_version": following.version if following else card.version,
        "newest_state": following.state if following else card.state,
        "links": {
            "self": f"/api/v1/scorecards/{card.id}/",
            "html": base,
            "pdf": f"{base}document.pdf",
            "bundle": f"{base}bundle.zip",
            "evidence": f"{base}evidence.csv",
        },
    }
