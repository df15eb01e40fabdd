"""Rows of the judgement. The ledger's models are imported by their own path, so that only `recording` reaches them."""

from scorecard.models import ledger as _ledger  # noqa: F401 - Django must see the tables
from scorecard.models.accounts import LinkPurpose, OneTimeLink, SecurityEvent
from scorecard.models.compartments import Clearance, Compartment
from scorecard.models.expectations import Forecast, Invocation
from scorecard.models.framework import FrameworkVersion
from scorecard.models.people import Membership, Programme, Role, User
from scorecard.models.plans import EvaluationPlan
from scorecard.models.proposals import Proposal, ProposalState
from scorecard.models.safeguards import Safeguard, SafeguardState
from scorecard.models.scorecards import Assessment, Determination, Kind, Scorecard, Side, State
from scorecard.models.signoff import Meaning, Rendering, SealedCard, Signature
from scorecard.models.tokens import ApiToken, Scope
from scorecard.models.validity import Applicability, ChangeKind, SystemChange

__all__ = [
    "ApiToken",
    "Applicability",
    "Assessment",
    "ChangeKind",
    "Clearance",
    "Compartment",
    "Determination",
    "EvaluationPlan",
    "Forecast",
    "FrameworkVersion",
    "Invocation",
    "Kind",
    "LinkPurpose",
    "Meaning",
    "Membership",
    "OneTimeLink",
    "Programme",
    "Proposal",
    "ProposalState",
    "Rendering",
    "Role",
    "Safeguard",
    "SafeguardState",
    "Scope",
    "Scorecard",
    "SealedCard",
    "SecurityEvent",
    "Side",
    "Signature",
    "State",
    "SystemChange",
    "User",
]
