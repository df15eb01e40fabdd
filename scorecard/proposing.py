"""The second-person rule: one person proposes a deed, another one confirms it, and only then it happens.

A deed that needs it describes itself as a `Kind`; this module knows what every kind has in common. The confirming
person is never the one who proposed and never the one who gains by it, holds one of the kind's roles at that moment,
and repeats the digest of what they saw. A proposal that nobody confirmed in time is over.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from evaluations.actors import SYSTEM, Actor
from scorecard.access import Person, person_for
from scorecard.ledger.canonical import digest
from scorecard.models import Proposal, ProposalState, Role
from scorecard.recording import record
from scorecard.refusals import Refused

Content = dict[str, Any]


@dataclass(frozen=True)
class Kind:
    """What a deed that needs two people says of itself."""

    slug: str
    """Dotted name, kept in the proposal: `clearance.grant`."""
    title: str
    proposers: tuple[Role, ...]
    confirmers: tuple[Role, ...]
    lasts: timedelta
    """How long a proposal waits for its second person."""
    check: Callable[[Person, Content, datetime], str]
    """Return the summary of a content in words, or raise Refused; asked at the proposal and at its confirmation."""
    carry_out: Callable[[Person, Content, Proposal, Actor, datetime], Content]
    """Do the deed inside the confirming transaction, and return what it made."""
    beneficiary: Callable[[Content], str | None] = lambda content: None
    """The person (by person id) who gains by it and so may not confirm."""


def _recorded(event: str, proposal: Proposal, more: Content, *, by: Actor, at: datetime) -> None:
    programme = proposal.programme.slug if proposal.programme is not None else None
    data = {"kind": proposal.kind, "digest": proposal.digest, "summary": proposal.summary, "programme": programme}
    record(event, subject=("proposal", proposal.id), data={**data, **more}, by=by, at=at)


def propose(kind: Kind, content: Content, *, reason: str, by: Person, at: datetime) -> Proposal:
    """Propose a deed in the person's programme and return what waits for a second one.

    Raises Refused: 403 without a proposing role, 422 without a reason, and whatever the kind refuses.
    """
    role = by.acting_as(*kind.proposers)
    if not reason.strip():
        raise Refused("reason-missing", "Say why.", remedy="Write the reason.", status=422, pointer="/reason")
    with transaction.atomic():
        proposal = Proposal.objects.create(
            kind=kind.slug, programme=by.programme, summary=kind.check(by, content, at), content=content,
            digest=digest({"kind": kind.slug, "programme": by.programme.id, "content": content}),
            reason=reason.strip(), proposed_by=by.user, proposed_at=at, expires_at=at + kind.lasts,
        )  # fmt: skip
        _recorded("proposal.made", proposal, {"role": role}, by=by.actor, at=at)
    return proposal


def _open(proposal: Proposal, at: datetime) -> Proposal:
    """Return the locked row of a proposal that still waits. Raises Refused 409."""
    proposal = Proposal.objects.select_for_update().get(id=proposal.id)
    over = proposal.expires_at <= at
    if proposal.state != ProposalState.OPEN or over:
        words = "its time is over" if over and proposal.state == ProposalState.OPEN else proposal.get_state_display()
        raise Refused(
            "proposal-not-open", f"This proposal does not wait any more: {words.lower()}.", remedy="Propose it again."
        )
    return proposal


def _refuse_own(kind: Kind, proposal: Proposal, by: Person) -> None:
    if proposal.proposed_by_id == by.user.pk:
        words, remedy = "Who proposed a deed cannot confirm it.", "Ask another person who may confirm it."
        raise Refused("second-person-needed", words, remedy=remedy, status=403)
    if kind.beneficiary(proposal.content) == by.user.person_id:
        words, remedy = "Nobody confirms what they gain by.", "Ask another person who may confirm it."
        raise Refused("second-person-needed", words, remedy=remedy, status=403)


def _refuse_lost_proposer(kind: Kind, proposal: Proposal, by: Person) -> None:
    proposer = person_for(proposal.proposed_by, by.programme)
    if not proposer.has(*kind.proposers):
        words = f"{proposal.proposed_by.display_name} may not propose this any more."
        raise Refused("proposer-not-eligible", words, remedy="Propose it again, by somebody who may.")


def confirm(kind: Kind, proposal: Proposal, *, seen: str, by: Person, at: datetime) -> Proposal:
    """Confirm a proposal as its second person, and carry the deed out in the same transaction.

    Raises Refused: 403 for the proposer, the one who gains, or a role not held; 409 when the proposal does not wait
    any more, is not what was seen, or its proposer lost the role; and whatever the kind refuses by now.
    """
    role = by.acting_as(*kind.confirmers)
    with transaction.atomic():
        proposal = _open(proposal, at)
        _refuse_own(kind, proposal, by)
        if seen != proposal.digest:
            raise Refused("moved-on", "This is not the proposal that was shown.", remedy="Reload the page.")
        _refuse_lost_proposer(kind, proposal, by)
        kind.check(person_for(proposal.proposed_by, by.programme), proposal.content, at)
        proposal.outcome = kind.carry_out(by, proposal.content, proposal, by.actor, at)
        proposal.state, proposal.decided_by, proposal.decided_at = ProposalState.CONFIRMED, by.user, at
        proposal.save(update_fields=["outcome", "state", "decided_by", "decided_at"])
        _recorded("proposal.confirmed", proposal, {"role": role, "outcome": proposal.outcome}, by=by.actor, at=at)
    return proposal


def _closed(proposal: Proposal, state: ProposalState, event: str, *, reason: str, by: Person, at: datetime) -> Proposal:
    proposal.state, proposal.decided_by, proposal.decided_at = state, by.user, at
    proposal.decision_reason = reason.strip()
    proposal.save(update_fields=["state", "decided_by", "decided_at", "decision_reason"])
    _recorded(event, proposal, {"reason": reason.strip()}, by=by.actor, at=at)
    return proposal


def refuse(kind: Kind, proposal: Proposal, *, reason: str, by: Person, at: datetime) -> Proposal:
    """Refuse a proposal for good. Raises Refused: 403 without a confirming role, 409 when it is over, 422 without a
    reason.
    """
    by.acting_as(*kind.confirmers)
    if not reason.strip():
        raise Refused("reason-missing", "Say why.", remedy="Write the reason.", status=422, pointer="/reason")
    with transaction.atomic():
        found = _open(proposal, at)
        return _closed(found, ProposalState.REFUSED, "proposal.refused", reason=reason, by=by, at=at)


def withdraw(proposal: Proposal, *, by: Person, at: datetime) -> Proposal:
    """Take a proposal back. Raises Refused: 403 for anybody but its proposer, 409 when it is over."""
    if proposal.proposed_by_id != by.user.pk:
        words = "Only who proposed it can take it back."
        raise Refused("not-yours", words, remedy="Refuse it, if you may confirm it.", status=403)
    with transaction.atomic():
        found = _open(proposal, at)
        return _closed(found, ProposalState.WITHDRAWN, "proposal.withdrawn", reason="", by=by, at=at)


def expire_due(*, at: datetime) -> int:
    """Close every proposal that nobody confirmed in time, and return how many."""
    due = list(Proposal.objects.filter(state=ProposalState.OPEN, expires_at__lte=at).order_by("id"))
    closed = 0
    for proposal in due:
        with transaction.atomic():
            row = Proposal.objects.select_for_update().filter(id=proposal.id, state=ProposalState.OPEN).first()
            if row is None:
                continue
            row.state, row.decided_at = ProposalState.EXPIRED, at
            row.save(update_fields=["state", "decided_at"])
            _recorded("proposal.expired", row, {}, by=SYSTEM, at=at)
            closed += 1
    return closed
