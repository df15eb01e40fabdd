"""Sealing: snapshot and signatures become one immutable record under a signed ledger head; revoking takes it back."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction

from evaluations.blobs import put
from evaluations.jobs import enqueue
from scorecard.access import Person
from scorecard.ledger.canonical import canonical_bytes, digest
from scorecard.models import Role, Scorecard, SealedCard, State
from scorecard.moments import rfc3339
from scorecard.proving import proof_of
from scorecard.queries import signoff_of, snapshot_of
from scorecard.queries.validity import end_of_evidence, refuse_if_ended
from scorecard.queries.xray import blocking_words
from scorecard.reauthenticating import reauthenticate, refuse_if_held
from scorecard.recording import record, sign_head
from scorecard.refusals import Refused
from scorecard.signing_key import load_key
from scorecard.verifier.build import source

if TYPE_CHECKING:
    from scorecard.models.ledger import LedgerEntry

SEALERS = (Role.PREPAREDNESS, Role.ADVISORY_CHAIR, Role.LEADERSHIP)
REVOKERS = (Role.LEADERSHIP, Role.BOARD)


def _ready(card: Scorecard, seen: str, *, at: datetime) -> Scorecard:
    card = Scorecard.objects.select_for_update().get(id=card.id)
    if card.state != State.IN_REVIEW:
        raise Refused(
            "not-in-review",
            f"{card} is {card.get_state_display().lower()}; only a reviewed card can be sealed.",
            remedy="Request review and gather the signatures first.",
        )
    snapshot = snapshot_of(card)
    if seen != card.digest or digest(snapshot) != card.digest:
        raise Refused(
            "content-moved-on",
            f"{card} is not what you looked at any more.",
            remedy="Read the card as it is now.",
        )
    refuse_if_ended(card, snapshot, at=at)
    missing = signoff_of(card)["missing"]
    if missing:
        raise Refused(
            "signatures-missing", f"Signatures are missing: {'; '.join(missing)}.", remedy="Gather them, then seal."
        )
    errors = [row["message"] for row in snapshot["lint"] if row["severity"] == "error"]
    errors += blocking_words(card, snapshot, at=at)
    if errors:
        raise Refused("errors-open", f"Sealing is blocked: {'; '.join(errors)}", remedy="Mend them in a new draft.")
    return card


def seal(card: Scorecard, *, seen: str, by: Person, at: datetime) -> SealedCard:
    """Seal a reviewed card whose signatures are complete, superseding the version it replaces.

    Raises Refused: 403 without a sealing role, 409 when the digest moved on, signatures are missing or errors stand.
    """
    role = by.acting_as(*SEALERS)
    verifier = put(source().encode())  # kept, because the bundle carries this very file after any upgrade
    with transaction.atomic():
        card = _ready(card, seen, at=at)
        _supersede(card, by=by, at=at)
        card.state, card.sealed_at = State.SEALED, at
        card.expires_at = _end_of(card, at)
        card.save()
        entry = record(
            "scorecard.sealed",
            subject=("scorecard", card.id),
            data={
                "number": card.number,
                "version": card.version,
                "digest": card.digest,
                "framework": card.framework.digest,
                "signatures": [row.record_digest for row in _counted(card)],
                "expires_at": rfc3339(card.expires_at),
                "verifier": verifier,
                "role": role,
            },
            by=by.actor,
            at=at,
        )
        sealed = _sealed_document(card, entry, by=by, role=role, at=at)
        row = SealedCard.objects.create(
            scorecard=card,
            canonical=canonical_bytes(sealed).decode(),
            digest=digest(sealed),
            ledger_seq=entry.seq,
            sealed_at=at,
        )
        enqueue("render", key=f"render:{card.id}:pdf", payload={"scorecard": card.id})
    return row


def _end_of(card: Scorecard, at: datetime) -> datetime:
    """Return when the card ends: with the framework's validity, or with the first evidence that it rests on."""
    validity = at + timedelta(days=card.framework.document["signoff"]["validity_days"])
    end = end_of_evidence(card.framework.document, snapshot_of(card))
    return validity if end is None else min(validity, datetime.combine(end + timedelta(days=1), time(), tzinfo=UTC))


def _counted(card: Scorecard) -> list[Any]:
    return list(card.signatures.filter(stale_at=None, digest=card.digest).order_by("signed_at", "id"))


def _sealed_document(card: Scorecard, entry: LedgerEntry, *, by: Person, role: str, at: datetime) -> dict[str, Any]:
    head = sign_head(key=load_key(settings.LEDGER_KEY_FILE, name=settings.LEDGER_ORIGIN), at=at)
    assert card.expires_at is not None
    return {
        "schema": "sealed-card/1",
        "snapshot": snapshot_of(card),
        "digest": card.digest,
        "signatures": [row.record for row in _counted(card)],
        "sealed": {
            "by": {"id": by.actor.id, "name": by.actor.name, "role": role},
            "at": rfc3339(at),
            "expires_at": rfc3339(card.expires_at),
        },
        "ledger": {
            "seq": entry.seq,
            "leaf": entry.leaf_hash,
            "proof": proof_of(entry.seq, head.size),
            "size": head.size,
            "head": head.note,
        },
    }


def _supersede(card: Scorecard, *, by: Person, at: datetime) -> None:
    former = card.replaces
    if former is None or former.state != State.SEALED:
        return
    former.state = State.SUPERSEDED
    former.save(update_fields=["state"])
    record(
        "scorecard.superseded",
        subject=("scorecard", former.id),
        data={"number": former.number, "version": former.version, "digest": former.digest, "by": card.digest},
        by=by.actor,
        at=at,
    )


def revoke(
    card: Scorecard,
    *,
    reason: str,
    password: str = "",
    code: str = "",
    address: str = "",
    by: Person,
    at: datetime,
) -> Scorecard:
    """Revoke a sealed card: every gate that rests on it denies from the next request on.

    Raises Refused: 403 without leadership or board, with a wrong proof or for an account that was recovered within a
    day; 429 after too many wrong proofs; 409 when not sealed; 422 without reason.
    """
    role = by.acting_as(*REVOKERS)
    if not reason.strip():
        raise Refused("reason-missing", "A revocation needs its reason.", remedy="Write it.", status=422,
                      pointer="/reason")  # fmt: skip
    refuse_if_held(by.user, at=at)
    reauthenticate(by.user, password=password, code=code, purpose=f"revoke {card}", at=at, address=address)
    with transaction.atomic():
        card = Scorecard.objects.select_for_update().get(id=card.id)
        if card.state != State.SEALED:
            raise Refused("not-sealed", f"{card} is {card.get_state_display().lower()}.", remedy="Nothing to revoke.")
        card.state, card.revoked_at, card.revoke_reason = State.REVOKED, at, reason.strip()
        card.save()
        record(
            "scorecard.revoked",
            subject=("scorecard", card.id),
            data={
                "number": card.number,
                "version": card.version,
                "digest": card.digest,
                "reason": reason.strip(),
                "role": role,
            },
            by=by.actor,
            at=at,
        )
    return card
