"""Signing: review is asked for, people sign exactly the digest that they saw, or decline; authors never sign."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from scorecard.access import Person, reader_of, refuse_unless_cleared
from scorecard.ledger.canonical import digest
from scorecard.models import Meaning, Role, Scorecard, Signature, State
from scorecard.models.signoff import signature_id
from scorecard.moments import rfc3339
from scorecard.queries import author_ids, card_digest, steps_of, working_snapshot
from scorecard.queries.validity import refuse_if_ended
from scorecard.queries.xray import blocking_words
from scorecard.reauthenticating import Proof, reauthenticate, refuse_if_held
from scorecard.recording import record
from scorecard.refusals import Refused
from scorecard.snapshot import canonical

FREE_MEANINGS = {Meaning.REVIEWED, Meaning.DISSENTS}
SIGNERS = (Role.ADVISORY_MEMBER, Role.ADVISORY_CHAIR, Role.LEADERSHIP, Role.BOARD)


def _moved_on(card: Scorecard) -> Refused:
    return Refused(
        "content-moved-on",
        f"{card} changed since you looked at it: the digest that you saw is no longer its digest.",
        remedy="Read the card as it is now and do it again.",
    )


def _blocking(snapshot: dict[str, Any]) -> list[str]:
    return [f"{row['where']}: {row['message']}" for row in snapshot["lint"] if row["severity"] == "error"]


def request(card: Scorecard, *, seen: str, by: Person, at: datetime) -> Scorecard:
    """Freeze a draft and send it to review; from now on its digest is what people sign.

    Raises Refused: 403 without the preparedness role, 409 when the card is no draft, moved on, or has errors.
    """
    role = by.acting_as(Role.PREPAREDNESS)
    with transaction.atomic():
        card = Scorecard.objects.select_for_update().get(id=card.id)
        if card.state != State.DRAFT:
            raise Refused("not-a-draft", f"{card} is {card.get_state_display().lower()}.", remedy="Reload the page.")
        if seen != card_digest(card):
            raise _moved_on(card)
        requester = {"id": by.actor.id, "name": by.actor.name, "role": role}
        snapshot = working_snapshot(card, requester=requester)
        refuse_if_ended(card, snapshot, at=at)
        errors = [*_blocking(snapshot), *blocking_words(card, snapshot, at=at)]
        if errors:
            raise Refused(
                "errors-open", f"Review cannot start: {'; '.join(errors)}", remedy="Mend what is listed, then request."
            )
        card.snapshot, card.digest = canonical(snapshot)
        card.state, card.requested_at = State.IN_REVIEW, at
        card.save()
        record(
            "signoff.requested",
            subject=("scorecard", card.id),
            data={"number": card.number, "version": card.version, "digest": card.digest, "role": role},
            by=by.actor,
            at=at,
        )
    return card


def _open_for_signing(card: Scorecard, seen: str) -> Scorecard:
    card = Scorecard.objects.select_for_update().get(id=card.id)
    if card.state != State.IN_REVIEW:
        raise Refused(
            "not-in-review",
            f"{card} is {card.get_state_display().lower()}; only a card in review can be signed or declined.",
            remedy="Ask the preparedness team to request review.",
        )
    if seen != card.digest:
        raise _moved_on(card)
    return card


def _check_person(card: Scorecard, by: Person, at: datetime) -> None:
    if by.actor.id in author_ids(card):
        raise Refused(
            "own-work",
            f"{by.actor.name} authored a part of {card} (a run, a determination, an applicability or the request) "
            "and so may not sign it.",
            remedy="Ask a person who had no part in it.",
            status=403,
        )
    refuse_unless_cleared(reader_of(by.user), card)
    refuse_if_held(by.user, at=at)


def _proved(card: Scorecard, proof: Mapping[str, Any], *, seen: str, by: Person, at: datetime) -> Proof:
    """Return a fresh proof of who signs, asked only when nothing else forbids the deed.

    It is asked before the transaction of the deed, so that a refusal does not undo the count of wrong proofs; the
    same checks are made again inside, with the card locked.
    """
    with transaction.atomic():
        _check_person(_open_for_signing(card, seen), by, at)
    return reauthenticate(by.user, **proof, at=at)


def _check_step(card: Scorecard, role: str, meaning: str) -> None:
    """Refuse a signature that the framework's steps do not ask for now; review and dissent are always welcome."""
    if meaning in FREE_MEANINGS:
        return
    for step in steps_of(card):
        if step["role"] == role and step["meaning"] == meaning:
            return
        if not step["satisfied"]:
            raise Refused(
                "not-your-step",
                f"The next step is: {step['role_name']} {step['meaning']}.",
                remedy="Wait for that step, or sign as reviewed or with dissent.",
            )
    raise Refused(
        "no-such-step",
        f"The framework asks for no signature '{meaning}' by the role {role}.",
        remedy="Choose a meaning that belongs to your role.",
        status=422,
        pointer="/meaning",
    )


def attestation(card: Scorecard, *, name: str, role: str, meaning: str) -> str:
    """Return the sentence a signer puts their name to."""
    says = {
        Meaning.RECOMMENDS: "recommend the levels and decisions of",
        Meaning.APPROVES: "approve the levels and decisions of",
        Meaning.REVIEWED: "have reviewed",
        Meaning.DISSENTS: "dissent from",
    }.get(Meaning(meaning), f"sign as '{meaning}'")
    return f"I, {name}, {Role(role).label}, {says} {card} exactly as named by its digest."


def _check_choice(role: str, meaning: str) -> None:
    if role not in SIGNERS or meaning not in Meaning.values:
        pointer = "/meaning" if role in SIGNERS else "/role"
        choices = ", ".join(Meaning.values if role in SIGNERS else SIGNERS)
        raise Refused("unknown-choice", "This role or meaning cannot sign.", remedy=f"Use one of: {choices}.",
                      status=422, pointer=pointer)  # fmt: skip


def _kept(card: Scorecard, written: dict[str, Any], *, by: Person, at: datetime) -> Signature:
    """Keep the signature's record; of two at once by one person the database lets one through."""
    try:
        with transaction.atomic():
            return Signature.objects.create(
                id=written["id"], scorecard=card, signer=by.user, digest=card.digest, meaning=written["meaning"],
                role=written["role"], record=written, record_digest=digest(written), signed_at=at,
            )  # fmt: skip
    except IntegrityError:
        raise Refused(
            "signed-already", f"{by.actor.name} has signed this digest already.", remedy="One signature is enough."
        ) from None


def _written(card: Scorecard, *, role: str, meaning: str, by: Person, proof: Proof) -> dict[str, Any]:
    """Return what a signature says, but for its reason."""
    return {
        "id": signature_id(),
        "number": card.number,
        "version": card.version,
        "digest": card.digest,
        "signer": {"id": by.actor.id, "name": by.actor.name},
        "role": role,
        "meaning": meaning,
        "at": rfc3339(proof.at),
        "authentication": proof.method,
        "attestation": attestation(card, name=by.actor.name, role=role, meaning=meaning),
    }


def sign(
    card: Scorecard,
    *,
    role: str,
    meaning: str,
    seen: str,
    reason: str,
    password: str = "",
    code: str = "",
    address: str = "",
    by: Person,
    at: datetime,
) -> Signature:
    """Sign the digest `seen` with a meaning and a fresh proof: the password, or a code of the authenticator app.

    Raises Refused: 403 for authors, a role not held, a wrong proof or an account that was recovered within a day; 429
    after too many wrong proofs; 409 when the content moved on, the card is not in review, another step comes first or
    this person signed already; 422 for an unknown role or meaning.
    """
    _check_choice(role, meaning)
    by.acting_as(role)
    given = {"password": password, "code": code, "address": address, "purpose": f"sign {card}"}
    proof = _proved(card, given, seen=seen, by=by, at=at)
    with transaction.atomic():
        card = _open_for_signing(card, seen)
        _check_person(card, by, at)
        _check_step(card, role, meaning)
        written = {**_written(card, role=role, meaning=meaning, by=by, proof=proof), "reason": reason.strip()}
        signature = _kept(card, written, by=by, at=at)
        record(
            "signoff.signed",
            subject=("scorecard", card.id),
            data={
                "number": card.number, "version": card.version, "digest": card.digest,
                "signature": signature.record_digest, "id": signature.id, "role": role, "meaning": meaning,
            },
            by=by.actor,
            at=at,
        )  # fmt: skip
    return signature


def _back_to_draft(card: Scorecard, *, words: str, at: datetime) -> str:
    former = card.digest
    for signature in card.signatures.filter(stale_at=None):
        signature.stale_at, signature.stale_reason = at, words
        signature.save(update_fields=["stale_at", "stale_reason"])
    card.state, card.snapshot, card.digest, card.requested_at = State.DRAFT, "", "", None
    card.save()
    return former


def decline(
    card: Scorecard,
    *,
    seen: str,
    reason: str,
    password: str = "",
    code: str = "",
    address: str = "",
    by: Person,
    at: datetime,
) -> Scorecard:
    """Decline to sign, with a reason; the card goes back to draft and standing signatures no longer count.

    Raises Refused like `sign`, and 422 without a reason.
    """
    role = by.acting_as(*SIGNERS)
    if not reason.strip():
        raise Refused("reason-missing", "Say why you decline.", remedy="Write the reason.", status=422,
                      pointer="/reason")  # fmt: skip
    given = {"password": password, "code": code, "address": address, "purpose": f"decline {card}"}
    _proved(card, given, seen=seen, by=by, at=at)
    with transaction.atomic():
        card = _open_for_signing(card, seen)
        _check_person(card, by, at)
        former = _back_to_draft(card, words=f"{by.actor.name} declined: {reason.strip()}", at=at)
        record(
            "signoff.declined",
            subject=("scorecard", card.id),
            data={
                "number": card.number, "version": card.version, "digest": former, "role": role,
                "reason": reason.strip(),
            },
            by=by.actor,
            at=at,
        )  # fmt: skip
    return card


def reopen(card: Scorecard, *, reason: str, by: Person, at: datetime) -> Scorecard:
    """Take a card in review back to draft. Raises Refused 403, 409 when it is not in review, 422 without a reason."""
    by.acting_as(Role.PREPAREDNESS)
    if not reason.strip():
        raise Refused("reason-missing", "Say why.", remedy="Write the reason.", status=422, pointer="/reason")
    with transaction.atomic():
        card = _open_for_signing(card, card.digest)
        former = _back_to_draft(card, words=f"{by.actor.name} reopened the draft: {reason.strip()}", at=at)
        record(
            "signoff.reopened",
            subject=("scorecard", card.id),
            data={"number": card.number, "version": card.version, "digest": former, "reason": reason.strip()},
            by=by.actor,
            at=at,
        )
    return card
