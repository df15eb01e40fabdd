"""The ledger's only writer: one entry per deed, in the deed's own transaction, and the signed heads over them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from evaluations.actors import Actor
from scorecard.ledger.canonical import canonical_bytes
from scorecard.ledger.entry import build_envelope, leaf_hash
from scorecard.ledger.merkle import Frontier
from scorecard.models.ledger import LedgerEntry, LedgerFrontier, LedgerHead
from scorecard.moments import rfc3339
from scorecard.signing_key import LedgerKey

EVENTS = {
    "framework.published": "A framework version was published and is immutable from now on.",
    "run.received": "An evaluation run was received; its raw bytes are kept under their digest.",
    "run.superseded": "A run was superseded by a later revision of the same native run.",
    "evidence.received": "An evidence document of another kind was filed; its raw bytes are kept under their digest.",
    "evidence.superseded": "An evidence document was superseded by a later version of the same native id.",
    "category.assessed": "The machine assessed one category and side; the inputs and the verdict are named by digest.",
    "category.determined": "People determined the level of one category and side.",
    "applicability.determined": "Results on one checkpoint were determined to hold for another.",
    "forecast.made": "People forecast that a subject reaches a level by a day; it counts like one that is reached.",
    "forecast.withdrawn": "A forecast was withdrawn, with its reason.",
    "exception.invoked": "A draft invokes an exception clause; every statement is attested with its grounds.",
    "exception.withdrawn": "An exception clause was withdrawn from a draft, with its reason.",
    "safeguard.written": "A version of a safeguard was registered, revised or withdrawn, with its reason.",
    "scorecard.opened": "A scorecard version was opened as a draft.",
    "applicability.withdrawn": "A determination that results hold for another checkpoint was withdrawn.",
    "plan.locked": "A version of an evaluation plan was locked: what will be measured, and how much of it.",
    "change.reported": "A change of a checkpoint was reported, after which earlier evidence may not hold.",
    "change.withdrawn": "A reported change was withdrawn, because it was reported by mistake.",
    "scorecard.staled": "New evidence or a new applicability made a scorecard or its signatures stale.",
    "signoff.requested": "A draft was frozen and sent to review; the digest names what will be signed.",
    "signoff.signed": "A person signed exactly this digest.",
    "signoff.declined": "A person declined to sign; the scorecard went back to draft.",
    "signoff.reopened": "A scorecard in review was taken back to draft.",
    "scorecard.sealed": "Snapshot and signatures were sealed.",
    "scorecard.superseded": "A sealed scorecard was superseded by a later version.",
    "scorecard.revoked": "A sealed scorecard was revoked, with its reason.",
    "scorecard.rendered": "A document of a sealed scorecard was rendered; its bytes are named by digest.",
    "source.changed": "A source that evidence is pulled from was described or changed; no secret is recorded.",
    "source.pulled": "A pull from a source brought something new, or failed; the counts say what became of its items.",
    "content.opened": "A person opened the content of a sample or a payload; why is recorded, the content never is.",
    "content.downloaded": "A person downloaded a payload or a log as received; why is recorded, the content never is.",
    "programme.opened": "A programme was opened.",
    "person.invited": "A person was invited; the account is made when they accept.",
    "person.joined": "An invited person accepted and has an account.",
    "invitation.revoked": "An open invitation was revoked.",
    "account.recovery_offered": "An administrator made a recovery link for a member's account.",
    "account.recovered": "An account was recovered with such a link; it cannot sign for a day.",
    "account.disabled": "An account was disabled, with its reason; what it signed stays.",
    "account.enabled": "A disabled account was enabled again, with its reason.",
    "role.granted": "A person was given a role in a programme.",
    "role.revoked": "A role was taken away from a person.",
    "compartment.declared": "Evidence of some risk categories was put into a compartment, or a compartment grew.",
    "clearance.granted": "A person was cleared for a compartment by two people, until a day.",
    "clearance.revoked": "A clearance was ended before its day.",
    "proposal.made": "A person proposed a deed that needs a second person; nothing of it happened yet.",
    "proposal.confirmed": "A second person confirmed a proposal, and the deed was done.",
    "proposal.refused": "A second person refused a proposal.",
    "proposal.withdrawn": "A proposal was taken back by the person who made it.",
    "proposal.expired": "A proposal was not confirmed in time.",
    "token.issued": "An API token was issued; only its prefix and scopes are recorded.",
    "token.rotated": "An API token got a successor; it goes on until the end of a grace period.",
    "token.revoked": "An API token was revoked; where it was seen in an address, the reason says so.",
}


class UnknownEvent(ValueError):
    """An event name that is not registered in `EVENTS`."""


def _locked_frontier() -> LedgerFrontier:
    locked = LedgerFrontier.objects.select_for_update().filter(id=1)
    frontier = locked.first()
    if frontier is None:
        LedgerFrontier.objects.get_or_create(id=1)
        frontier = locked.get()
    return frontier


def record(kind: str, *, subject: tuple[str, str], data: dict[str, Any], by: Actor, at: datetime) -> LedgerEntry:
    """Append one entry inside the caller's transaction and return it.

    `subject` is (type, id); `data` holds no floats. Raises UnknownEvent for an unregistered kind and RuntimeError
    outside a transaction, because an entry must stand or fall with the change that it describes.
    """
    if kind not in EVENTS:
        raise UnknownEvent(f"{kind!r} is not a registered event; add it to scorecard.recording.EVENTS")
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("a ledger entry is written only inside the transaction of its change")
    frontier_row = _locked_frontier()
    envelope = build_envelope(
        log=settings.LEDGER_ORIGIN,
        seq=frontier_row.size,
        prev=f"sha256:{frontier_row.last_leaf}" if frontier_row.last_leaf else None,
        at=rfc3339(at),
        actor={"kind": by.kind, "id": by.id, "name": by.name},
        kind=kind,
        subject={"type": subject[0], "id": subject[1]},
        data=data,
    )
    leaf = leaf_hash(envelope)
    entry = LedgerEntry.objects.create(
        seq=frontier_row.size,
        at=at,
        kind=kind,
        actor_kind=by.kind,
        actor_id=by.id,
        actor_name=by.name,
        subject_type=subject[0],
        subject_id=subject[1],
        envelope=canonical_bytes(envelope).decode(),
        leaf_hash=leaf.hex(),
    )
    frontier = Frontier(frontier_row.size, [bytes.fromhex(part) for part in frontier_row.hashes]).append(leaf)
    frontier_row.size, frontier_row.last_leaf = frontier.size, leaf.hex()
    frontier_row.hashes = [part.hex() for part in frontier.hashes]
    frontier_row.save()
    return entry


def sign_head(*, key: LedgerKey, at: datetime) -> LedgerHead:
    """Sign the present size and root, once per size, inside the caller's transaction."""
    frontier_row = _locked_frontier()
    existing = LedgerHead.objects.filter(size=frontier_row.size).first()
    if existing is not None:
        return existing
    root = Frontier(frontier_row.size, [bytes.fromhex(part) for part in frontier_row.hashes]).root()
    return LedgerHead.objects.create(
        size=frontier_row.size, root=root.hex(), note=key.sign_head(frontier_row.size, root), signed_at=at
    )
