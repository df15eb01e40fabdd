"""Confirming: every kind of deed that needs a second person, by the name that its proposals keep."""

from __future__ import annotations

from datetime import datetime

from scorecard import clearing, enrolling, proposing, publishing
from scorecard.access import Person, Reader, visible_proposals
from scorecard.models import Proposal, ProposalState
from scorecard.proposing import Kind
from scorecard.refusals import Refused

KINDS: dict[str, Kind] = {kind.slug: kind for kind in (clearing.GRANT, enrolling.GRANT, publishing.PUBLISH)}


def proposal_seen(reader: Reader, identifier: str) -> Proposal:
    """Return a proposal of one of the reader's programmes. Raises Refused 404."""
    found = visible_proposals(reader).filter(id=identifier).first()
    if found is None:
        raise Refused("not-found", "There is no such proposal, or it is not visible to you.", status=404)
    return found


def confirm(proposal: Proposal, *, seen: str, by: Person, at: datetime) -> Proposal:
    """Confirm a proposal of any kind. Raises Refused as `proposing.confirm` does."""
    return proposing.confirm(KINDS[proposal.kind], proposal, seen=seen, by=by, at=at)


def refuse(proposal: Proposal, *, reason: str, by: Person, at: datetime) -> Proposal:
    """Refuse a proposal of any kind. Raises Refused as `proposing.refuse` does."""
    return proposing.refuse(KINDS[proposal.kind], proposal, reason=reason, by=by, at=at)


def why_not_confirm(proposal: Proposal, person: Person, *, at: datetime) -> str:
    """Return why the person may not confirm a proposal, in words for the page; empty where they may."""
    kind = KINDS[proposal.kind]
    if proposal.state != ProposalState.OPEN or proposal.expires_at <= at:
        return "It does not wait any more."
    if not person.has(*kind.confirmers):
        return f"A second person confirms it: {' or '.join(role.label for role in kind.confirmers)}."
    if proposal.proposed_by_id == person.user.pk:
        return "You proposed it; another person confirms it."
    if kind.beneficiary(proposal.content) == person.user.person_id:
        return "You gain by it; another person confirms it."
    return ""
