"""What a token may do: never more than its scopes say, and never more than its owner's roles allow right now."""

from __future__ import annotations

from collections.abc import Iterable

from scorecard.access.people import held_memberships
from scorecard.models import ApiToken, Role, Scope

READ = frozenset({Scope.EVIDENCE_READ, Scope.SCORECARDS_READ})
ALLOWED: dict[str, frozenset[Scope]] = {
    Role.PREPAREDNESS: READ | {Scope.RUNS_WRITE, Scope.SIGNOFF_WRITE},
    Role.ADVISORY_MEMBER: READ | {Scope.SIGNOFF_WRITE},
    Role.ADVISORY_CHAIR: READ | {Scope.SIGNOFF_WRITE},
    Role.LEADERSHIP: READ | {Scope.SIGNOFF_WRITE},
    Role.BOARD: READ | {Scope.SIGNOFF_WRITE},
    Role.AUDITOR: READ,
    Role.PIPELINE: frozenset({Scope.RUNS_WRITE}),
    Role.ADMINISTRATOR: READ | {Scope.RUNS_WRITE, Scope.ADMIN},
}
"""Role -> the scopes that a token of its holder may have."""


def allowed_scopes(roles: Iterable[str]) -> frozenset[str]:
    """Return the scopes that any of the roles allows."""
    return frozenset(scope.value for role in roles for scope in ALLOWED.get(role, frozenset()))


def live_scopes(token: ApiToken) -> frozenset[str]:
    """Return what the token may do at this moment: its scopes, as far as its owner's roles allow them."""
    roles = held_memberships(token.person).filter(programme=token.programme_id).values_list("role", flat=True)
    return allowed_scopes(roles) & frozenset(token.scopes)
