"""The only doors from a person or a token to an object: everything is denied unless a membership opens it.

`people` says who somebody is in a programme, `readers` what they may see there, and the others are the doors
themselves: each returns only rows that the reader may see, so that what is withheld does not exist for them.
"""

from scorecard.access.cards import (
    refuse_unless_cleared,
    refuse_unless_whole,
    told_categories,
    visible_scorecard,
    visible_scorecards,
    withheld_categories,
)
from scorecard.access.entries import visible_entries
from scorecard.access.evidence import (
    jobs_of,
    logs_of,
    own_evaluations,
    uploads_of,
    visible_checkpoints,
    visible_documents,
    visible_evaluations,
    visible_jobs,
    visible_logs,
    visible_runs,
    visible_sources,
    visible_subjects,
)
from scorecard.access.expectations import (
    untold_evaluations,
    visible_forecasts,
    visible_invocations,
    visible_plans,
    visible_safeguards,
)
from scorecard.access.people import Person, held_memberships, person_for
from scorecard.access.readers import Reader, Sight, reader_of, reader_with, refuse_unless_reader
from scorecard.access.rights import (
    visible_applicability,
    visible_changes,
    visible_clearances,
    visible_compartments,
    visible_memberships,
    visible_proposals,
    visible_tokens,
)
from scorecard.access.tokens import ALLOWED, allowed_scopes, live_scopes

__all__ = [
    "ALLOWED",
    "Person",
    "Reader",
    "Sight",
    "allowed_scopes",
    "held_memberships",
    "jobs_of",
    "live_scopes",
    "logs_of",
    "own_evaluations",
    "person_for",
    "reader_of",
    "reader_with",
    "refuse_unless_cleared",
    "refuse_unless_reader",
    "refuse_unless_whole",
    "told_categories",
    "untold_evaluations",
    "uploads_of",
    "visible_applicability",
    "visible_changes",
    "visible_checkpoints",
    "visible_clearances",
    "visible_compartments",
    "visible_documents",
    "visible_entries",
    "visible_evaluations",
    "visible_forecasts",
    "visible_invocations",
    "visible_jobs",
    "visible_logs",
    "visible_memberships",
    "visible_plans",
    "visible_proposals",
    "visible_runs",
    "visible_safeguards",
    "visible_scorecard",
    "visible_scorecards",
    "visible_sources",
    "visible_subjects",
    "visible_tokens",
    "withheld_categories",
]
