"""Doors to what opens other doors: memberships, compartments, clearances, proposals, tokens and determinations."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from scorecard.access.readers import Reader
from scorecard.models import (
    ApiToken,
    Applicability,
    Clearance,
    Compartment,
    Membership,
    Proposal,
    Role,
    SystemChange,
)


def visible_memberships(reader: Reader) -> QuerySet[Membership]:
    """Return who holds which role in the reader's programmes."""
    return Membership.objects.filter(programme__in=reader.programmes).select_related("person", "programme")


def visible_compartments(reader: Reader) -> QuerySet[Compartment]:
    """Return the compartments of the reader's programmes: that there is one is told, never what is in it."""
    return Compartment.objects.filter(programme__in=reader.programmes)


def visible_clearances(reader: Reader) -> QuerySet[Clearance]:
    """Return who is, or was, cleared for a compartment of the reader's programmes."""
    rows = Clearance.objects.filter(compartment__programme__in=reader.programmes)
    return rows.select_related("person", "compartment")


def visible_proposals(reader: Reader) -> QuerySet[Proposal]:
    """Return what was proposed in the reader's programmes."""
    rows = Proposal.objects.filter(programme__in=reader.programmes)
    return rows.select_related("programme", "proposed_by", "decided_by")


def visible_tokens(reader: Reader) -> QuerySet[ApiToken]:
    """Return the reader's own tokens, and all those of the programmes that they administer."""
    administered = [one.programme for one in reader.people() if one.has(Role.ADMINISTRATOR)]
    rows = ApiToken.objects.filter(Q(person=reader.user) | Q(programme__in=administered))
    return rows.filter(programme__in=reader.programmes).select_related("person", "programme", "rotates")


def visible_changes(reader: Reader) -> QuerySet[SystemChange]:
    """Return the reported changes of checkpoints, in the reader's programmes."""
    return SystemChange.objects.filter(programme__in=reader.programmes).select_related("checkpoint")


def visible_applicability(reader: Reader) -> QuerySet[Applicability]:
    """Return the determinations, in the reader's programmes, that results on one checkpoint hold for another."""
    rows = Applicability.objects.filter(programme__in=reader.programmes)
    return rows.select_related("from_checkpoint", "to_checkpoint")
